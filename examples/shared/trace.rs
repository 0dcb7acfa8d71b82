//! Prints every handshake message, ChangeCipherSpec and alert.

use std::io::{self, Write};

use retrossl::{Direction, Event, Observer};

/// Prints to stdout.
pub struct Trace;

impl Observer for Trace {
    fn observe(&mut self, event: Event<'_>) {
        let printed = match event {
            Event::Handshake {
                direction,
                message,
                bytes,
                ..
            } => print(
                direction,
                &format!("handshake {} {message}", message.0),
                bytes,
            ),
            Event::Ssl2Handshake {
                direction,
                message,
                bytes,
                ..
            } => print(
                direction,
                &format!("SSL 2.0 {} {message}", message.0),
                bytes,
            ),
            Event::ChangeCipherSpec { direction, .. } => print(direction, "ChangeCipherSpec", &[1]),
            Event::Alert {
                direction,
                level,
                description,
                ..
            } => print(
                direction,
                &format!("alert {} {description} ({level})", description.0),
                &[level.wire(), description.0],
            ),
            _ => Ok(()),
        };
        // A reader that is gone does not make the connection fail.
        drop(printed);
    }
}

fn print(direction: Direction, what: &str, bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let arrow = match direction {
        Direction::Sent => ">>>",
        Direction::Received => "<<<",
    };
    writeln!(out, "{arrow} {what}, {} bytes", bytes.len())?;
    let shown = &bytes[..bytes.len().min(MAX_SHOWN)];
    for (row, bytes) in shown.chunks(16).enumerate() {
        let hex: String = bytes.iter().map(|byte| format!(" {byte:02x}")).collect();
        let text: String = bytes.iter().map(|byte| graphic(*byte)).collect();
        writeln!(out, "    {:04x} {hex:<48}  {text}", row * 16)?;
    }
    if shown.len() < bytes.len() {
        writeln!(out, "    … {} more bytes", bytes.len() - shown.len())?;
    }
    Ok(())
}

fn graphic(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    }
}

/// Bytes of a message at the most: enough for a hello, and for the start of a chain.
const MAX_SHOWN: usize = 1024;
