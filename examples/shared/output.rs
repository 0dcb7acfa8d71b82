//! Stdout and stderr, whose readers may leave before the end, as `head` does.

use std::error::Error;
use std::io::{self, Write};

use thiserror::Error;

/// Stdout that tells a reader who has left, which is no failure, from other broken pipes.
pub struct Output;

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        io::stdout().write(data).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush().map_err(named)
    }
}

/// Whether nobody reads [`Output`] any more.
pub fn is_reader_gone(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .is_some_and(|cause| cause.is::<ReaderGone>())
}

/// A line on stderr, for who still reads it; `eprintln` would panic.
pub fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[derive(Debug, Error)]
#[error("nobody reads the output any more")]
struct ReaderGone;

fn named(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, ReaderGone),
        _ => error,
    }
}
