//! `retrossl` and OpenSSL 1.0.1e in Node.js 0.10.0, over TCP on the loopback interface.

mod client_certificates;
mod matrix;
mod mutual;
mod negotiation;
mod talk;
