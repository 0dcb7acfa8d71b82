//! `retrossl` and OpenSSL 3.6, in one process, over memory.

mod client_certificates;
mod extensions;
mod fragments;
mod key_extensions;
mod mutual;
mod negotiation;
mod pair;
mod records;
mod renegotiation;
mod resumption;
