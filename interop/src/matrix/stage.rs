//! Where a peer and our side meet.

use std::net::TcpStream;

use retrossl::Side;

use super::conversation::{
    Met, Played, Surroundings, meet_client, meet_server, with_their_client, with_their_server,
};
use super::{Case, Cast, Client, Group, Peer, Server};
use crate::Error;
use crate::loopback::Listener;
use crate::people::People;

/// A peer's side that is up, and whom it is up for.
pub struct Stage<'p> {
    peer: &'p dyn Peer,
    pub people: &'p People,
    theirs: Theirs,
}

enum Theirs {
    Server(Box<dyn Server>),
    Client(Box<dyn Client>, Listener),
}

impl<'p> Stage<'p> {
    /// For the group's cases. After one that failed nobody knows what the peer would do next: for
    /// the rest of them another stage is opened.
    pub fn open(peer: &'p dyn Peer, group: &Group, cast: &'p Cast) -> Result<Self, Error> {
        let people = match group.short_key {
            true => &cast.with_short_key,
            false => &cast.people,
        };
        let theirs = match group.side {
            Side::Client => Theirs::Server(peer.server(group, people)?),
            Side::Server => {
                let listener = Listener::bind()?;
                let client = peer.client(group, people, listener.port())?;
                Theirs::Client(client, listener)
            }
        };
        Ok(Self {
            peer,
            people,
            theirs,
        })
    }

    /// One of the group's, in their order, with `ours` on our side of each connection.
    pub fn meet<T>(
        &mut self,
        case: &Case,
        ours: impl FnMut(TcpStream) -> Result<T, Error>,
    ) -> Met<T> {
        match &mut self.theirs {
            Theirs::Server(server) => meet_server(case, server.as_mut(), ours),
            Theirs::Client(client, listener) => meet_client(case, client.as_mut(), listener, ours),
        }
    }

    /// One of the group's, in their order.
    pub fn play(&mut self, case: &Case, surroundings: &Surroundings) -> Result<Played, Error> {
        let people = self.people;
        match &mut self.theirs {
            Theirs::Server(server) => {
                let prompt = self.peer.prompt();
                with_their_server(case, people, surroundings, server.as_mut(), prompt)
            }
            Theirs::Client(client, listener) => {
                let silent_first = self.peer.is_silent_before_it_resumes();
                let client = client.as_mut();
                with_their_client(case, people, surroundings, client, listener, silent_first)
            }
        }
    }
}
