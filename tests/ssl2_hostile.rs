//! SSL 2.0's messages skipped, repeated, swapped, injected, cut, changed: each gives a clear error,
//! and nothing completes.

mod in_memory;

use in_memory::ssl2::by_hand::{HandClient, HandServer};
use in_memory::ssl2::messages::{
    CLIENT_CERTIFICATE, CLIENT_HELLO, ERROR, SERVER_FINISHED, SERVER_HELLO, ServerHello, error,
    message,
};
use in_memory::ssl2::states::{
    Awaits, Peer, asking, each_state, malformed, new_client, plain, well_formed,
};
use in_memory::ssl2::{
    certificate, client, connect, either, error_in_clear, expect_it_stays, pair, refused, ssl2,
};
use in_memory::wire::{ALERT, bytes, record};
use in_memory::{deliver, read, take, test_identity};
use retrossl::{
    CipherKind, Error, Fault, InvalidMessage, Malformed, PeerMisbehaved, Policy, ServerConfig,
    Ssl2Error, Ssl2MessageType,
};

/// Skipped, repeated, swapped and early messages alike, the client's hello once more and the
/// server's own among them.
#[test]
fn a_message_out_of_place_is_refused_in_every_state() {
    each_state(|state| {
        for kind in (ERROR..=CLIENT_CERTIFICATE + 1).chain([b'G', 0xff]) {
            let mut peer = Peer::at(state);
            if kind == ERROR || state.expects().contains(&kind) {
                continue;
            }
            let wire = peer.layer.seal(&well_formed(kind));
            let (error, answer) = refused(&mut peer.connection, &wire);
            // Only some types can begin a conversation.
            if state.is_first() && ![CLIENT_HELLO, SERVER_HELLO].contains(&kind) {
                assert_eq!(malformed(&error), Malformed::NotTls);
                continue;
            }
            let sent = Ssl2MessageType(kind).name();
            match error {
                Error::PeerMisbehaved(PeerMisbehaved::UnexpectedMessage { received, expected }) => {
                    assert_eq!(received, sent);
                    assert_ne!(expected, received);
                }
                other => panic!("{state:?} {sent}: {other}"),
            }
            // To whom nothing was said in SSL 2.0 yet, an alert of TLS is.
            let is_silent = answer.is_empty();
            assert_eq!(
                is_silent,
                !state.is_first() || state.is_clients(),
                "{state:?}"
            );
        }
    });
}

#[test]
fn an_error_ends_the_handshake_in_every_state_with_every_code() {
    each_state(|state| {
        for code in (0..=8).chain([0xff, 0x100, 0xffff]) {
            let mut peer = Peer::at(state);
            let wire = peer.layer.seal(&error(code));
            let error = deliver(&wire, &mut peer.connection, || usize::MAX);
            if state == Awaits::Certificate && code == Ssl2Error::NO_CERTIFICATE.0 {
                error.unwrap();
                continue;
            }
            let error = error.unwrap_err();
            if state == Awaits::ClientHello {
                let received = "ERROR";
                let expected = "CLIENT-HELLO";
                let unexpected = PeerMisbehaved::UnexpectedMessage { received, expected };
                assert_eq!(error, unexpected.into());
            } else {
                assert_eq!(error, Error::Ssl2ErrorReceived(Ssl2Error(code)));
                assert_eq!(error.fault(), Fault::Refused);
                assert!(take(&mut peer.connection).is_empty());
            }
            expect_it_stays(&mut peer.connection, &error);
        }
        for len in [0, 1, 3] {
            let mut peer = Peer::at(state);
            let wire = peer.layer.seal(&message(ERROR, &vec![0; len]));
            refused(&mut peer.connection, &wire);
        }
    });
}

#[test]
fn a_message_that_is_cut_short_or_too_long_is_refused() {
    each_state(|state| {
        for kind in state.expects() {
            // Any number of bytes can name a session.
            if *kind == SERVER_FINISHED {
                continue;
            }
            let whole = Peer::at(state).expected(*kind);
            let longer = [&whole[..], &[0; 17]].concat();
            for len in (1..whole.len()).chain([whole.len() + 17]) {
                let mut peer = Peer::at(state);
                let wire = peer.layer.seal(&longer[..len]);
                let (error, _) = refused(&mut peer.connection, &wire);
                match error {
                    Error::InvalidMessage(InvalidMessage { what, .. }) => {
                        assert_eq!(what, Ssl2MessageType(*kind).name());
                    }
                    other => panic!("{state:?} {len}: {other}"),
                }
            }
            let mut peer = Peer::at(state);
            let wire = peer.layer.seal(&whole);
            deliver(&wire, &mut peer.connection, || usize::MAX).unwrap();
        }
    });
}

/// In the middle of whatever record the handshake waits for.
#[test]
fn a_handshake_that_stops_anywhere_is_cut_off() {
    each_state(|state| {
        for kind in state.expects() {
            let sealed = || {
                let mut peer = Peer::at(state);
                let wire = peer.layer.seal(&peer.expected(*kind));
                (peer, wire)
            };
            let (mut peer, wire) = sealed();
            for byte in &wire[..wire.len() - 1] {
                deliver(&[*byte], &mut peer.connection, || 1).unwrap();
                assert!(peer.connection.is_handshaking() && peer.connection.wants_read());
            }
            let all_but_some = wire.len() - 3..wire.len();
            for len in (0..20).chain(all_but_some).filter(|len| *len < wire.len()) {
                let (mut peer, wire) = sealed();
                deliver(&wire[..len], &mut peer.connection, || usize::MAX).unwrap();
                assert_eq!(peer.connection.read_tls(&mut &[][..]).unwrap(), 0);
                let error = peer.connection.process_new_packets().unwrap_err();
                assert_eq!(error, Error::TruncatedHandshake, "{state:?}");
                assert_eq!(error.fault(), Fault::Transport);
                expect_it_stays(&mut peer.connection, &error);
                assert!(take(&mut peer.connection).is_empty());
            }
        }
    });
}

/// What both sides say to show that they are the ones who began.
#[test]
fn a_challenge_or_connection_id_that_is_another_one_is_refused() {
    for kind in KINDS {
        let good = HandClient::keyed(&asking(), kind).finished_message();
        for wrong in wrong_echoes(&good) {
            let mut client = HandClient::keyed(&asking(), kind);
            assert_eq!(client.finished_message(), good);
            let wire = client.layer.seal(&wrong);
            let (error, _) = refused(&mut client.server, &wire);
            assert_eq!(error, PeerMisbehaved::BadFinished.into());
        }
        let good = HandServer::keyed(new_client(), kind).verify_message();
        for wrong in wrong_echoes(&good) {
            let mut server = HandServer::keyed(new_client(), kind);
            assert_eq!(server.verify_message(), good);
            let wire = server.layer.seal(&wrong);
            let (error, _) = refused(&mut server.client, &wire);
            assert_eq!(error, PeerMisbehaved::BadFinished.into());
        }
    }
}

/// Each byte changed, and more bytes than were sent.
fn wrong_echoes(good: &[u8]) -> Vec<Vec<u8>> {
    let changed = (1..good.len()).map(|place| {
        let mut wrong = good.to_vec();
        wrong[place] ^= 1;
        wrong
    });
    changed.chain([[good, &[0]].concat()]).collect()
}

#[test]
fn a_server_hello_that_makes_no_sense_is_refused() {
    type Change = fn(&mut ServerHello);
    let unsupported = error_in_clear(Ssl2Error::UNSUPPORTED_CERTIFICATE_TYPE);
    let bad_certificate = error_in_clear(Ssl2Error::BAD_CERTIFICATE);
    let cases: [(&str, Fault, Vec<u8>, Change); 9] = [
        (
            "a session that was not offered",
            Fault::Peer,
            vec![],
            |it| {
                it.session_id_hit = 1;
                it.certificate.clear();
                it.cipher_specs.clear();
            },
        ),
        ("out of range", Fault::Peer, vec![], |it| {
            it.session_id_hit = 1
        }),
        ("no certificate", Fault::Peer, vec![], |it| {
            it.certificate.clear()
        }),
        ("of type 2", Fault::Settings, unsupported, |it| {
            it.certificate_type = 2
        }),
        ("0x0003", Fault::Peer, vec![], |it| it.version = 3),
        ("0x0301", Fault::Peer, vec![], |it| it.version = 0x0301),
        (
            "cannot be read",
            Fault::Peer,
            bad_certificate.clone(),
            |it| {
                it.certificate = vec![0x30, 0x82];
            },
        ),
        ("not pinned", Fault::Settings, bad_certificate, |it| {
            it.certificate = certificate(512).to_vec();
        }),
        ("out of range", Fault::Peer, vec![], |it| {
            it.connection_id = vec![1; 15]
        }),
    ];
    for (text, fault, answer, change) in cases {
        let mut server = HandServer::asked(new_client(), &[RC4]);
        change(&mut server.answer);
        let hello = server.answer.message();
        let error = server.say(&hello).unwrap_err();
        assert!(error.to_string().contains(text), "{text}: {error}");
        assert_eq!(error.fault(), fault, "{error}");
        assert_eq!(take(&mut server.client), answer, "{error}");
        expect_it_stays(&mut server.client, &error);
    }
}

#[test]
fn a_server_hears_that_its_certificate_is_refused() {
    let client = client(ssl2()).build().unwrap();
    let server =
        ServerConfig::builder(ssl2()).ssl2_certificate(certificate(512), test_identity(512).1);
    let mut pair = in_memory::Pair::new(client, server.build().unwrap());
    let error = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(error.fault(), Fault::Settings);
    assert_eq!(
        pair.client.peer_certificates(),
        Some(&[certificate(512)][..])
    );
    let heard = pair.exchange(|| usize::MAX).unwrap_err();
    assert_eq!(heard, Error::Ssl2ErrorReceived(Ssl2Error::BAD_CERTIFICATE));
}

/// After the handshake there are no messages any more: it is data, whatever it looks like.
#[test]
fn what_follows_the_handshake_is_data() {
    for kind in KINDS {
        let mut client = HandClient::finished(&plain(), kind);
        let mut server = HandServer::finished(new_client(), kind);
        for looks_like in (ERROR..=CLIENT_CERTIFICATE).map(well_formed) {
            client.say(&looks_like).unwrap();
            assert_eq!(read(&mut client.server), looks_like);
            server.say(&looks_like).unwrap();
            assert_eq!(read(&mut server.client), looks_like);
        }
        assert_eq!(
            (client.server.handshakes(), server.client.handshakes()),
            (1, 1)
        );
    }
}

/// A client whose hello is SSL 2.0's takes no answer but SSL 2.0's.
#[test]
fn a_client_of_ssl2_alone_refuses_an_answer_in_tls() {
    let mut tls = pair(either(), either());
    deliver(&take(&mut tls.client), &mut tls.server, || usize::MAX).unwrap();
    let flight = take(&mut tls.server);
    let mut client = new_client();
    take(&mut client);
    let (error, _) = refused(&mut client, &flight);
    let received = "ServerHello";
    let expected = "a message of SSL 2.0";
    let unexpected = PeerMisbehaved::UnexpectedMessage { received, expected };
    assert_eq!(error, unexpected.into());

    let mut client = new_client();
    take(&mut client);
    let alert = bytes(&[record(ALERT, 0x0300, &[2, 70])]);
    let error = deliver(&alert, &mut client, || usize::MAX).unwrap_err();
    assert_eq!(error.fault(), Fault::Refused);
    assert!(take(&mut client).is_empty());
}

/// Who did not ask for SSL 2.0 hears that it is what the server speaks.
#[test]
fn a_client_hears_an_error_of_ssl2_in_answer_to_its_hello() {
    for policy in [Policy::EVERYTHING, Policy::STRICT] {
        let mut client = connect(client(policy).build().unwrap());
        take(&mut client);
        let refusal = error_in_clear(Ssl2Error::NO_CIPHER);
        let error = deliver(&refusal, &mut client, || 1).unwrap_err();
        assert_eq!(error, retrossl::PeerIncompatible::SpeaksSsl2.into());
        expect_it_stays(&mut client, &error);
    }
    for policy in [ssl2(), either()] {
        let mut client = connect(client(policy).build().unwrap());
        take(&mut client);
        let refusal = error_in_clear(Ssl2Error::NO_CIPHER);
        let error = deliver(&refusal, &mut client, || 1).unwrap_err();
        assert_eq!(error, Error::Ssl2ErrorReceived(Ssl2Error::NO_CIPHER));
        assert_eq!(error.fault(), Fault::Refused);
        assert!(take(&mut client).is_empty());
        expect_it_stays(&mut client, &error);
    }
}

const KINDS: [CipherKind; 2] = [RC4, CipherKind::SSL_CK_DES_64_CBC_WITH_MD5];
const RC4: CipherKind = CipherKind::SSL_CK_RC4_128_WITH_MD5;
