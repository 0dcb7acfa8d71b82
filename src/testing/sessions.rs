//! Sealed sessions, opened and changed by whoever has the keys.

use rustls_pki_types::UnixTime;

use super::in_memory::terms::MapStore;
use crate::config::TicketKeys;
use crate::crypto::random::SystemRandom;
use crate::session::{Context, Handle, Resumable};

/// Lets a client offer the sessions that it keeps by another ticket or another ID.
pub(crate) fn rename_sessions(store: &MapStore, keys: &TicketKeys, handle: &Handle) {
    let now = UnixTime::now();
    for (key, sealed) in store.0.lock().unwrap().iter_mut() {
        let binding = key.as_slice().try_into().unwrap();
        let context = Context::ClientsSession(binding).encode();
        let encoded = keys.open(sealed, &context, now).unwrap();
        let renamed = Resumable {
            handle: handle.clone(),
            ..Resumable::read(&encoded).unwrap()
        };
        *sealed = keys
            .seal(&renamed.encode(), &context, now, &SystemRandom)
            .unwrap();
    }
}

/// By this ticket, or, where that is empty, this ID.
pub(crate) fn handle(ticket: &[u8], session_id: &[u8]) -> Handle {
    if ticket.is_empty() {
        return Handle::SessionId(session_id.to_vec());
    }
    Handle::Ticket {
        ticket: ticket.to_vec(),
        lifetime_hint: 0,
    }
}
