//! Every legal conversation with something wrong in it, sent by a peer that has the keys.
//!
//! A [conversation](conversation) is written down once, in clear. The [peer](peer) plays its side
//! of it again to a real connection, the victim, with one thing changed, and seals what it says
//! under the keys that it has by then. The [model](model) says what the specifications want the
//! victim to do.

mod conversation;
mod messages;
mod model;
mod peer;
mod records;
mod setup;
mod splits;
mod spoilt_records;
