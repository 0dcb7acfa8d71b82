//! Programs that are talked to by their standard streams, in processes of their own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Error;
use crate::loopback::{Listener, PATIENCE};
use crate::recording::from_hex;

/// A running program; killed when dropped.
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    said: Arc<Said>,
    /// They end with what the program writes to.
    readers: Vec<JoinHandle<()>>,
    /// How much of what it said was waited for.
    heard: usize,
}

/// What the program wrote to its standard output and its standard error, as it came.
#[derive(Default)]
struct Said {
    text: Mutex<String>,
    more: Condvar,
}

impl Program {
    pub fn start(command: &mut Command) -> Result<Self, Error> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let said = Arc::<Said>::default();
        let stdout = child.stdout.take().ok_or("piped")?;
        let stderr = child.stderr.take().ok_or("piped")?;
        Ok(Self {
            name,
            stdin: child.stdin.take(),
            child,
            readers: vec![read(stdout, said.clone()), read(stderr, said.clone())],
            said,
            heard: 0,
        })
    }

    /// Writes to its standard input.
    pub fn tell(&mut self, text: &str) -> Result<(), Error> {
        let stdin = self.stdin.as_mut().ok_or("its input has ended")?;
        Ok(stdin.write_all(text.as_bytes())?)
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Waits until it says `words`, after those that were waited for before; the line that they
    /// end, or are in, from them on.
    pub fn hear(&mut self, words: &str) -> Result<String, Error> {
        let (_, line) = self.hear_all(words)?;
        Ok(line)
    }

    /// The same, and all that it said before that and after what was waited for before.
    pub fn hear_all(&mut self, words: &str) -> Result<(String, String), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.has_ended()?;
            if ended {
                self.finish_reading();
            }
            if let Some(heard) = self.line_with(words)? {
                return Ok(heard);
            }
            if ended || Instant::now() > deadline {
                return Err(self.failure(&format!("did not say {words:?}")));
            }
        }
    }

    /// Waits a moment for it.
    fn line_with(&mut self, words: &str) -> Result<Option<(String, String)>, Error> {
        let said = self.said.clone();
        let text = said.text.lock().map_err(|_| "poisoned")?;
        let find = |text: &str| {
            let at = self.heard + text[self.heard..].find(words)? + words.len();
            let (line, _) = text[at..].split_once('\n')?;
            Some((at, line.to_owned()))
        };
        // The end of the process wakes nobody.
        let moment = Duration::from_millis(50);
        let unheard = |text: &mut String| find(text).is_none();
        let waited = said.more.wait_timeout_while(text, moment, unheard);
        let (text, _) = waited.map_err(|_| "poisoned")?;
        let found = find(&text);
        Ok(found.map(|(at, line)| {
            let before = text[self.heard..at - words.len()].to_owned();
            self.heard = at;
            (before, line)
        }))
    }

    /// Waits until something listens on `port`.
    pub fn listens(&mut self, port: u16) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if self.has_ended()? || Instant::now() > deadline {
                return Err(self.failure("did not listen"));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Waits for it to connect; if it does not, says why.
    pub fn accept(&mut self, listener: &Listener) -> Result<TcpStream, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(stream) = listener.try_accept()? {
                return Ok(stream);
            }
            if self.has_ended()? || Instant::now() > deadline {
                return Err(self.failure("did not connect"));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for its end: what it said, and whether all was well.
    pub fn conversation(&mut self) -> Result<(String, bool), Error> {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended()? {
            if Instant::now() > deadline {
                return Err(self.failure("did not end"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        let succeeded = self.child.wait()?.success();
        Ok((self.all_said(), succeeded))
    }

    /// Ends it; what it said.
    pub fn stop(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.all_said()
    }

    /// Ends it, too.
    pub fn failure(&mut self, what: &str) -> Error {
        let said = self.stop();
        format!("{} {what}: {said}", self.name).into()
    }

    fn has_ended(&mut self) -> Result<bool, Error> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// After its end.
    fn all_said(&mut self) -> String {
        self.finish_reading();
        let text = self.said.text.lock().expect("nobody panics with it");
        text.clone()
    }

    /// After its end.
    fn finish_reading(&mut self) {
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pipe that nobody reads would stop it.
fn read(mut pipe: impl Read + Send + 'static, said: Arc<Said>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            let mut text = said.text.lock().expect("nobody panics with it");
            text.push_str(&String::from_utf8_lossy(&piece[..length]));
            said.more.notify_all();
        }
    })
}

/// A directory for a program's files; removed when dropped.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../target/peers")
            .join(format!("{name}-{}-{count}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The secrets in a key log in NSS's format, in their order.
    pub fn secrets(&self, name: &str) -> Result<Vec<Vec<u8>>, Error> {
        let log = fs::read_to_string(self.0.join(name))?;
        let lines = log.lines();
        let secrets = lines.filter_map(|line| line.strip_prefix("CLIENT_RANDOM "));
        secrets
            .map(|line| Ok(from_hex(line.split(' ').nth(1).unwrap_or_default())?))
            .collect()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> Result<(), Error> {
        Ok(fs::write(self.0.join(name), text)?)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A port for programs that do not take 0 for any.
pub fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Installs Debian's package unless `present` says that its programs are there.
pub fn install(package: &str, present: impl Fn() -> bool) -> Result<(), String> {
    if present() {
        return Ok(());
    }
    // A new machine has no list of packages to install from.
    let _ = apt_get(&["update"]);
    let output = apt_get(&["install", "--yes", "--no-install-recommends", package]);
    if present() {
        return Ok(());
    }
    let said = match output {
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    Err(format!(
        "cannot get Debian's {package}, a peer of these tests: {said}\n\
         Install it (apt-get install {package})"
    ))
}

/// A directory below `target/peers` of the workspace that `is_whole`, as `make` fills it; what is
/// there already stays.
pub fn made_once(
    name: &str,
    is_whole: impl Fn(&Path) -> bool,
    make: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<PathBuf, Error> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    let home = peers.join(name);
    fs::create_dir_all(&peers)?;
    // Test programs may run in parallel; one of them makes it.
    let lock = File::create(peers.join(format!("{name}.lock")))?;
    lock.lock()?;
    if !is_whole(&home) {
        let unfinished = peers.join(format!("{name}.unfinished"));
        for directory in [&unfinished, &home] {
            if directory.exists() {
                fs::remove_dir_all(directory)?;
            }
        }
        fs::create_dir_all(&unfinished)?;
        make(&unfinished)?;
        fs::rename(&unfinished, &home)?;
    }
    Ok(home)
}

/// Quiet unless it fails.
pub fn run(command: &mut Command) -> Result<(), Error> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{stderr}", output.status).into());
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new("apt-get")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
}
