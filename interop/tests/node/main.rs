//! `retrossl` and OpenSSL 1.0.1 in Node.js (1.0.1e in 0.10.0, 1.0.1j in 0.10.33, 1.0.1l in 0.12.0),
//! over TCP on the loopback interface.

mod client_certificates;
mod export;
mod mutual;
mod negotiation;
mod releases;
mod renegotiation;
mod resumption;
mod ssl2;
mod ssl2_certificates;
mod ssl2_hellos;
mod ssl2_resumption;
mod texts;
