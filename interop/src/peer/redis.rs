//! A Redis without a file, in a process of its own.
//!
//! It is in Debian's package `redis-tools`, which is installed if it is missing and this may be
//! done: `redis-check-rdb` is the server's program, too, and does what it is called by. (The
//! package `redis-server` would set up a service.)

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;

use super::program::{Directory, Program, free_port, install};
use crate::Error;

/// Ends, and forgets everything, when dropped.
pub struct Redis {
    _program: Program,
    port: u16,
    _directory: Directory,
}

impl Redis {
    pub fn start() -> Result<Self, Error> {
        Self::start_at(free_port()?)
    }

    pub fn start_at(port: u16) -> Result<Self, Error> {
        installed()?;
        let directory = Directory::new("redis")?;
        let mut program = Program::start(
            Command::new(PROGRAM)
                .arg0("redis-server")
                .current_dir(directory.path())
                .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
                .args(["--save", "", "--appendonly", "no"]),
        )?;
        program.listens(port)?;
        Ok(Self {
            _program: program,
            port,
            _directory: directory,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Tried once, however many tests ask.
fn installed() -> Result<(), Error> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let present = || Command::new(PROGRAM).arg("--version").output().is_ok();
    INSTALLED
        .get_or_init(|| install("redis-tools", present))
        .clone()
        .map_err(Into::into)
}

const PROGRAM: &str = "redis-check-rdb";
