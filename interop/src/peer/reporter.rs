//! Programs of ours that print a line of JSON for each connection, in processes of their own.

use std::io::{BufRead, BufReader, Read};
use std::marker::PhantomData;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Error;
use crate::loopback::{Listener, PATIENCE};
use crate::recording::from_hex;

/// A server on a port of the loopback interface, which tells `C` of each connection.
pub struct Server<C> {
    process: Reporter,
    port: u16,
    tells: PhantomData<C>,
}

impl<C: Conversation> Server<C> {
    pub(super) fn of(mut process: Reporter) -> Result<Self, Error> {
        let port = process.port()?;
        Ok(Self {
            process,
            port,
            tells: PhantomData,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the end of the next connection; an error if it failed.
    pub fn conversation(&mut self) -> Result<C, Error> {
        C::read(&self.process.report()?)
    }
}

/// A client that sends a text, waits for as many bytes, and closes, and tells `C` of it.
pub struct Client<C> {
    process: Reporter,
    tells: PhantomData<C>,
}

impl<C: Conversation> Client<C> {
    pub(super) fn of(process: Reporter) -> Self {
        Self {
            process,
            tells: PhantomData,
        }
    }

    /// Waits for the client to come; if it does not, says why.
    pub fn accept(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        self.process.accept(listener)
    }

    /// Waits for the end of the next connection; an error if it failed.
    pub fn conversation(&mut self) -> Result<C, Error> {
        C::read(&self.process.report()?)
    }
}

/// What an implementation tells of a connection when it is over.
pub trait Conversation: Sized {
    fn read(report: &Report) -> Result<Self, Error>;
}

/// Killed when dropped.
pub struct Reporter {
    /// Of the implementation.
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
    /// Ends with the process.
    stderr: Option<JoinHandle<String>>,
}

impl Reporter {
    /// It must leave when its standard input ends: that is what the pipe is for.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self, Error> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("piped");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("piped");
        let stderr = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Self {
            name,
            child,
            lines,
            stderr: Some(stderr),
        })
    }

    /// Waits until it listens.
    pub fn port(&mut self) -> Result<u16, Error> {
        let line = self.line()?;
        let port = line.strip_prefix("listening ");
        port.and_then(|port| port.parse().ok())
            .ok_or_else(|| format!("{} server began with {line:?}", self.name).into())
    }

    /// Waits for it to connect; if it does not, says why.
    pub fn accept(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(stream) = listener.try_accept()? {
                return Ok(stream);
            }
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(self.failure("did not connect"));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the end of the next connection; an error if it failed.
    pub fn report(&mut self) -> Result<Report, Error> {
        let line = self.line()?;
        let report = Report(serde_json::from_str(&line)?);
        match report.text("error") {
            Some(error) => Err(format!("{}: {error}", self.name).into()),
            None => Ok(report),
        }
    }

    fn line(&mut self) -> Result<String, Error> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(self.failure("said nothing for too long")),
            Err(RecvTimeoutError::Disconnected) => Err(self.failure("ended")),
        }
    }

    /// Ends the process, too: what it wrote to its standard error is known only then.
    fn failure(&mut self, what: &str) -> Error {
        let _ = self.child.kill();
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let stderr = self.stderr.take().and_then(|stderr| stderr.join().ok());
        let name = self.name;
        format!("{name} {what} ({status}): {}", stderr.unwrap_or_default()).into()
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What it tells of a connection.
pub struct Report(Value);

impl Report {
    pub fn text(&self, name: &str) -> Option<String> {
        self.0[name].as_str().map(str::to_owned)
    }

    /// `false` if it does not say.
    pub fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or(false)
    }

    /// In hexadecimal.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Error> {
        let digits = self.0[name].as_str();
        let digits = digits.ok_or_else(|| format!("no {name} in {}", self.0))?;
        Ok(from_hex(digits)?)
    }
}

/// How long a process may live: it may serve many connections.
pub const LIFE: Duration = Duration::from_secs(300);
