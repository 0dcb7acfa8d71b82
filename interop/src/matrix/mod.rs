//! Every live peer in both roles, with every version and suite, in conversations of every
//! [`Kind`].
//!
//! A [`Peer`] says what it cannot do and plays its side on a [`Stage`], a [`conversation`] is ours,
//! a [`verdict`] compares what both sides know afterwards; a [`run`] goes through all cases, and a
//! [`table`] says how they went.

mod case;
mod combinations;
pub mod conversation;
pub mod peers;
pub mod run;
mod stage;
pub mod table;
pub mod verdict;

pub use case::{Absence, Case, Cast, Group, Kind, Setup, Spoken};
pub use combinations::*;
pub use peers::{Client, Peer, Prompt, Report, Server};
pub use stage::Stage;
