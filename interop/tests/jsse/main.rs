//! `retrossl` and Java's own TLS (JSSE, of OpenJDK 17), over TCP on the loopback interface.

mod certificates;
mod export;
mod hellos;
mod sessions;
mod texts;
