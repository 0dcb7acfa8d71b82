//! The example programs as child processes.

#![allow(dead_code, reason = "each test crate uses a part of it")]

pub mod files;

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs};

pub fn run(program: &str, args: &str) -> Finished {
    Running::start(program, args, Stdio::piped(), Stdio::piped()).finish()
}

/// A pipe that nobody reads.
pub fn nobody() -> Stdio {
    let (_, writer) = io::pipe().unwrap();
    writer.into()
}

/// A program that runs, and is ended with this.
pub struct Running(Child);

pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Running {
    /// `args` are separated by spaces.
    pub fn start(program: &str, args: &str, stdout: Stdio, stderr: Stdio) -> Self {
        let child = Command::new(path_of(program))
            .args(args.split_whitespace())
            .current_dir(files::folder())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn();
        Self(child.unwrap())
    }

    pub fn finish(mut self) -> Finished {
        let stdout = all_of(self.0.stdout.take());
        let stderr = all_of(self.0.stderr.take());
        assert!(self.ends_within(PATIENCE), "{:?} does not end", self.0);
        Finished {
            code: self.0.wait().unwrap().code(),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
        }
    }

    pub fn ends_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if self.0.try_wait().unwrap().is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
        false
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Finished {
    /// What it printed, with each of `expected` in it.
    pub fn succeeded(self, expected: &[&str]) -> String {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{expected:?}");
        contains_all(self.stdout, expected)
    }

    /// What it complained of, with each of `expected` in it.
    pub fn failed(self, expected: &[&str]) -> String {
        assert!(
            matches!(self.code, Some(1 | 2)),
            "{expected:?}: {:?}",
            self.code
        );
        assert_eq!(self.stdout, "", "{expected:?}");
        contains_all(self.stderr, expected)
    }
}

fn contains_all(text: String, expected: &[&str]) -> String {
    let missing = expected.iter().find(|it| !text.contains(**it));
    assert_eq!(missing, None, "{text}");
    text
}

/// Read while the program runs, so that it never waits for that.
fn all_of(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(|| {
        let mut text = String::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_string(&mut text).unwrap();
        }
        text
    })
}

/// The server, listening.
pub struct Server {
    _running: Running,
    pub port: u16,
    /// What it printed before the line with its address.
    pub before: String,
    lines: mpsc::Receiver<String>,
}

impl Server {
    pub fn start(args: &str) -> Self {
        let args = format!("--listen 127.0.0.1:0 {args}");
        let mut running = Running::start("server", &args, Stdio::piped(), Stdio::inherit());
        let stdout = BufReader::new(running.0.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = stdout.lines().map_while(Result::ok);
            lines.all(|line| sender.send(line).is_ok())
        });
        let mut server = Self {
            _running: running,
            port: 0,
            before: String::new(),
            lines,
        };
        while server.port == 0 {
            let line = server.line();
            match line.strip_prefix("listening on 127.0.0.1:") {
                Some(port) => server.port = port.parse().unwrap(),
                None => server.before += &format!("{line}\n"),
            }
        }
        server
    }

    pub fn line(&self) -> String {
        self.lines
            .recv_timeout(PATIENCE)
            .expect("a line of the server's")
    }

    /// A client for this server; `:PORT` in `args` is its port.
    pub fn client(&self, args: &str) -> Finished {
        run("client", &args.replace(":PORT", &format!(":{}", self.port)))
    }
}

/// Where Cargo puts the program; one that is older than its sources would test something else.
fn path_of(program: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    let path = folder.join(format!("{program}{}", env::consts::EXE_SUFFIX));
    let age = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    let built = age(&path);
    let sources = fs::read_to_string(folder.join(format!("{program}.d"))).unwrap_or_default();
    let sources = sources.split_once(": ").map_or("", |(_, sources)| sources);
    let is_current = sources
        .replace("\\ ", "\0")
        .split_whitespace()
        .map(|source| age(source.replace('\0', " ").as_ref()))
        .all(|changed| changed.is_some() && changed <= built);
    assert!(
        built.is_some() && is_current,
        "{} is missing or older than its sources: `cargo build --examples` builds it, and so does \
         `cargo test` without `--test`",
        path.display()
    );
    path
}

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);
