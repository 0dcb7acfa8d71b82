//! The order of an abbreviated handshake, and everything out of it.

mod in_memory;

use std::sync::Arc;

use ProtocolVersion::TLSv1_2;
use in_memory::offers::offers_session;
use in_memory::terms::{BOTH_WAYS, Parties, Terms};
use in_memory::wire::{
    APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, WireRecord, bytes, handshake, record, records,
};
use in_memory::{deliver, only, take};
use retrossl::{CipherSuite, Error, PeerMisbehaved, ProtocolVersion, RandomFailed, SecureRandom};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

/// Steps 3 to 6 fall away, and nothing can be put in their place.
#[test]
fn an_abbreviated_handshake_has_its_own_order() {
    type Change = fn(&mut Vec<WireRecord>);
    let unexpected = |received, expected| {
        Err(Error::from(PeerMisbehaved::UnexpectedMessage {
            received,
            expected,
        }))
    };
    let bad_mac = || Err(PeerMisbehaved::BadRecordMac.into());
    let of_server: [(&str, Change, Result<(), Error>); 14] = [
        ("nothing", |_| (), Ok(())),
        ("no ServerHello", |flight| _ = flight.remove(0), {
            unexpected("ChangeCipherSpec", "ServerHello")
        }),
        ("no ChangeCipherSpec", |flight| _ = flight.remove(1), {
            unexpected("Finished", "ChangeCipherSpec")
        }),
        ("no Finished", |flight| _ = flight.remove(2), Ok(())),
        ("two ServerHellos", |flight| twice(flight, 0), {
            unexpected("ServerHello", "ChangeCipherSpec")
        }),
        ("two key changes", |flight| twice(flight, 1), bad_mac()),
        ("two Finished", |flight| twice(flight, 2), bad_mac()),
        ("0 and 1 swapped", |flight| flight.swap(0, 1), {
            unexpected("ChangeCipherSpec", "ServerHello")
        }),
        ("1 and 2 swapped", |flight| flight.swap(1, 2), {
            unexpected("Finished", "ChangeCipherSpec")
        }),
        ("0 and 2 swapped", |flight| flight.swap(0, 2), {
            unexpected("Finished", "ServerHello")
        }),
        ("a Certificate", |flight| insert(flight, 1, 11, &[0; 3]), {
            unexpected("Certificate", "ChangeCipherSpec")
        }),
        ("a ServerHelloDone", |flight| insert(flight, 1, 14, &[]), {
            unexpected("ServerHelloDone", "ChangeCipherSpec")
        }),
        ("a ticket", |flight| insert(flight, 1, 4, &[0; 6]), {
            unexpected("NewSessionTicket", "ChangeCipherSpec")
        }),
        ("data", |flight| flight.insert(1, data()), {
            unexpected("ApplicationData", "the rest of the handshake")
        }),
    ];
    let of_client: [(&str, Change, Result<(), Error>); 8] = [
        ("nothing", |_| (), Ok(())),
        ("no ChangeCipherSpec", |flight| _ = flight.remove(0), {
            unexpected("Finished", "ChangeCipherSpec")
        }),
        ("no Finished", |flight| _ = flight.remove(1), Ok(())),
        ("two key changes", |flight| twice(flight, 0), bad_mac()),
        ("two Finished", |flight| twice(flight, 1), bad_mac()),
        ("0 and 1 swapped", |flight| flight.swap(0, 1), {
            unexpected("Finished", "ChangeCipherSpec")
        }),
        ("a key", |flight| insert(flight, 0, 16, &[0; 130]), {
            unexpected("ClientKeyExchange", "ChangeCipherSpec")
        }),
        ("data", |flight| flight.insert(0, data()), {
            unexpected("ApplicationData", "the rest of the handshake")
        }),
    ];
    for by in BOTH_WAYS {
        let terms = Terms::new(by, only(TLSv1_2, AES));
        let parties = terms.parties();
        let replayed = Parties {
            client: Arc::new(terms.client().random(SaysFinished).build().unwrap()),
            server: {
                let server = terms.server(terms.server_policy).random(SaysFinished);
                Arc::new(server.build().unwrap())
            },
            ..terms.parties()
        };
        let changed = |flight: &[u8], change: Change| {
            let mut flight = records(flight);
            change(&mut flight);
            bytes(&flight)
        };
        for (what, change, expected) in &of_server {
            parties.connect().established();
            let mut pair = replayed.connect();
            deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
            let flight = take(&mut pair.server);
            let kinds: Vec<_> = records(&flight).iter().map(|it| it.content_type).collect();
            assert_eq!(kinds, [HANDSHAKE, CHANGE_CIPHER_SPEC, HANDSHAKE]);
            let result = deliver(&changed(&flight, *change), &mut pair.client, || usize::MAX);
            assert_eq!(result, *expected, "{by:?} {what}");
            let completes = ["nothing", "two Finished"].contains(what);
            assert_eq!(pair.client.handshakes(), completes.into(), "{by:?} {what}");
            if *what == "no Finished" {
                assert_eq!(pair.client.read_tls(&mut &[][..]).unwrap(), 0);
                let error = pair.client.process_new_packets().unwrap_err();
                assert_eq!(error, Error::TruncatedHandshake);
            }
            // What failed was forgotten.
            let again = take(&mut parties.connect().client);
            assert_eq!(offers_session(&again), *what == "nothing", "{what}");
        }
        for (what, change, expected) in &of_client {
            parties.connect().established();
            let mut pair = replayed.connect();
            deliver(&take(&mut pair.client), &mut pair.server, || usize::MAX).unwrap();
            deliver(&take(&mut pair.server), &mut pair.client, || usize::MAX).unwrap();
            let flight = take(&mut pair.client);
            let kinds: Vec<_> = records(&flight).iter().map(|it| it.content_type).collect();
            assert_eq!(kinds, [CHANGE_CIPHER_SPEC, HANDSHAKE]);
            let result = deliver(&changed(&flight, *change), &mut pair.server, || usize::MAX);
            assert_eq!(result, *expected, "{by:?} {what}");
            let completes = ["nothing", "two Finished"].contains(what);
            assert_eq!(pair.server.handshakes(), completes.into(), "{by:?} {what}");
        }
    }
}

fn twice(flight: &mut Vec<WireRecord>, index: usize) {
    flight.insert(index, flight[index].clone());
}

/// A handshake message in clear.
fn insert(flight: &mut Vec<WireRecord>, index: usize, kind: u8, body: &[u8]) {
    flight.insert(index, handshake(0x0303, kind, body));
}

fn data() -> WireRecord {
    record(APPLICATION_DATA, 0x0303, b"early")
}

/// Randomness whose first 16 bytes, an initialization vector, are a Finished to whoever reads a
/// sealed record as one in clear.
#[derive(Debug)]
struct SaysFinished;

impl SecureRandom for SaysFinished {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomFailed> {
        let header = [20, 0, 0, 12];
        let message = header.into_iter().chain([0x5a; 12]).cycle();
        buffer
            .iter_mut()
            .zip(message)
            .for_each(|(to, from)| *to = from);
        Ok(())
    }
}
