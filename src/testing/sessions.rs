//! Sealed sessions, opened and changed by whoever has the keys.

use rustls_pki_types::UnixTime;

use super::in_memory::terms::MapStore;
use crate::config::TicketKeys;
use crate::crypto::random::SystemRandom;
use crate::message::codec::{Reader, put_u16};
use crate::session::Context;

/// Lets a client offer the sessions that it keeps by another ticket or, where that is empty,
/// another ID.
pub(crate) fn rename_sessions(
    store: &MapStore,
    keys: &TicketKeys,
    ticket: &[u8],
    session_id: &[u8],
) {
    let now = UnixTime::now();
    for (key, sealed) in store.0.lock().unwrap().iter_mut() {
        let binding = key.as_slice().try_into().unwrap();
        let context = Context::ClientsSession(binding).encode();
        let encoded = keys.open(sealed, &context, now).unwrap();
        let mut reader = Reader::new("session", &encoded);
        let lifetime_hint: [u8; 4] = reader.array().unwrap();
        reader.vector_u16().unwrap();
        reader.vector_u16().unwrap();
        let mut renamed = lifetime_hint.to_vec();
        put_u16(&mut renamed, |out| out.extend_from_slice(ticket));
        put_u16(&mut renamed, |out| out.extend_from_slice(session_id));
        renamed.extend_from_slice(reader.rest());
        *sealed = keys.seal(&renamed, &context, now, &SystemRandom).unwrap();
    }
}
