//! What only a peer with the keys can do in a renegotiation.

mod identity;
mod triple_handshake;

use std::io::{self, Read, Write};

use super::*;
use crate::connection::Connection;
use crate::connection::tolerated::{
    MAX_PEERS_RENEGOTIATIONS, MAX_RENEGOTIATION_REQUESTS, MAX_UNTAKEN_ANSWERS,
};
use crate::error::PeerMisbehaved;
use crate::handshake::Occasion;
use crate::record::{ContentType, Opener};
use crate::testing::in_memory::wire::{APPLICATION_DATA, bytes, record, records};
use crate::testing::in_memory::{
    Pair, client_config, deliver, each_version_and_suite, only, pin, server_config, take,
    test_identity,
};
use crate::{CipherSuite, Quirk, RenegotiationRefused, Stream};

const AES: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;

/// CVE-2009-3555: an attacker opens a connection, says something, and lets a victim's first
/// handshake through as if it were a renegotiation.
#[test]
fn a_spliced_first_handshake_is_refused() {
    for version in ProtocolVersion::from_ssl3() {
        // Whether the attacker's own connection has RFC 5746.
        for secure in [true, false] {
            let policy = willing(version).renegotiation(Renegotiation::Legacy);
            let mut attack = Pair::under(policy).established();
            attack.server.pump.known.secure_renegotiation = secure;
            attack
                .client
                .writer()
                .write_all(b"GET /pay?to=mallory")
                .unwrap();
            let mut victim = Pair::under(policy);
            let hello = records(&take(&mut victim.client)).remove(0).fragment;
            seal(&mut attack.client, ContentType::Handshake, &hello);
            let error = cross(&mut attack.client, &mut attack.server).unwrap_err();
            assert_eq!(error, PeerMisbehaved::BadRenegotiationInfo.into());
        }
    }
}

/// The other way round: a server that has seen another handshake than the client.
#[test]
fn a_server_that_names_another_handshake_is_refused() {
    for version in ProtocolVersion::from_ssl3() {
        let mut pair = Pair::under(willing(version)).established();
        let completed = pair.client.pump.known.completed.as_mut().unwrap();
        completed.finished.server = completed.finished.client.clone();
        pair.client.renegotiate().unwrap();
        cross(&mut pair.client, &mut pair.server).unwrap();
        assert_eq!(
            cross(&mut pair.server, &mut pair.client),
            Err(PeerMisbehaved::BadRenegotiationInfo.into())
        );
    }
}

/// A peer without RFC 5746, or one that was made to look so (§4.2, §4.4): only where the policy says
/// `Legacy`, and not where it turns out to have it.
#[test]
fn an_old_peer_is_renegotiated_with_only_by_a_legacy_policy() {
    for version in ProtocolVersion::from_ssl3() {
        let old = |renegotiation| {
            let mut pair = Pair::under(willing(version).renegotiation(renegotiation)).established();
            pair.client.pump.known.secure_renegotiation = false;
            pair.server.pump.known.secure_renegotiation = false;
            pair
        };
        let insecure = Err(Error::Renegotiation(RenegotiationRefused::PeerIsInsecure));
        let mut pair = old(Renegotiation::Secure);
        assert_eq!(pair.client.renegotiate(), insecure);
        assert_eq!(pair.server.renegotiate(), insecure);

        // The signal shows that the client has it.
        let has_it = Err(PeerMisbehaved::BadRenegotiationInfo.into());
        let mut pair = old(Renegotiation::Legacy);
        pair.client.renegotiate().unwrap();
        assert_eq!(cross(&mut pair.client, &mut pair.server), has_it);

        // And so it is answered by a server for which this handshake is the first.
        let mut pair = old(Renegotiation::Legacy);
        pair.server.pump.known.completed = None;
        pair.client.renegotiate().unwrap();
        cross(&mut pair.client, &mut pair.server).unwrap();
        assert_eq!(cross(&mut pair.server, &mut pair.client), has_it);

        // A client that does not have it gives no signal, and gets none.
        let mut pair = old(Renegotiation::Legacy);
        let mut other = Pair::under(willing(version));
        let mut hello = records(&take(&mut other.client)).remove(0).fragment;
        let signal = hello.windows(2).position(|it| it == [0, 0xff]).unwrap();
        hello[signal..][..2].copy_from_slice(&[0x0a, 0x0a]);
        seal(&mut pair.client, ContentType::Handshake, &hello);
        cross(&mut pair.client, &mut pair.server).unwrap();
        assert_eq!(pair.server.renegotiation(), RenegotiationState::UnderWay);
        assert!(!pair.server.pump.output().known.secure_renegotiation);
    }
}

/// What protects the connection is not given up.
#[test]
fn protection_is_not_dropped() {
    type Believe = fn(&mut Connection);
    let beliefs: [(&str, Believe); 2] = [
        ("the extended master secret", |connection| {
            connection.pump.known.extended_master_secret = true;
        }),
        ("encrypt-then-MAC", |connection| {
            connection.pump.known.encrypt_then_mac = true;
        }),
    ];
    let policy = willing(ProtocolVersion::TLSv1_2)
        .quirk(Quirk::NoExtendedMasterSecret)
        .quirk(Quirk::NoEncryptThenMac);
    for (what, believe) in beliefs {
        let dropped = Err(PeerMisbehaved::ProtectionDropped(what).into());
        let mut pair = Pair::under(policy).established();
        believe(&mut pair.server);
        pair.client.renegotiate().unwrap();
        assert_eq!(cross(&mut pair.client, &mut pair.server), dropped);
        let mut pair = Pair::under(policy).established();
        believe(&mut pair.client);
        pair.client.renegotiate().unwrap();
        cross(&mut pair.client, &mut pair.server).unwrap();
        assert_eq!(cross(&mut pair.server, &mut pair.client), dropped);
    }
}

/// RFC 7366 §3.1: once CBC records are encrypted first they always are, also where a suite in
/// between could not have it.
#[test]
fn protection_is_not_dropped_by_way_of_another_suite() {
    const GCM: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
    let both = willing(ProtocolVersion::TLSv1_2).cipher_suites(&[AES, GCM]);
    let without = both.cipher_suites(&[AES]).quirk(Quirk::NoEncryptThenMac);
    for server_forgets in [false, true] {
        let of_server = both.cipher_suites(&[AES]);
        let mut pair = Pair::new(client_config(both), server_config(of_server)).established();
        assert!(pair.client.encrypt_then_mac());
        let between = Arc::new(server_config(both.cipher_suites(&[GCM])));
        pair.server.renegotiate_with(between).unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.client.negotiated_cipher_suite(), Some(GCM));
        pair.server
            .renegotiate_with(Arc::new(server_config(without)))
            .unwrap();
        if server_forgets {
            pair.server.pump.known.occasion = Occasion::First;
        }
        let error = pair.exchange(|| usize::MAX).unwrap_err();
        let dropped = PeerMisbehaved::ProtectionDropped("encrypt-then-MAC");
        assert_eq!(error, dropped.into());
        assert_eq!(pair.client.error().is_some(), server_forgets);
    }
}

/// A client that says no to another config does not come under it later.
#[test]
fn the_config_stays_after_a_refusal() {
    for version in ProtocolVersion::from_ssl3().filter(|it| *it > ProtocolVersion::SSLv3) {
        let policy = willing(version);
        let (chain, key) = test_identity(1024);
        let asking = ServerConfig::builder(policy)
            .certificate(chain, key)
            .client_verifier(pin(2048));
        let mut pair = Pair::under(policy).established();
        pair.client
            .pump
            .tolerated
            .set_peers_renegotiations(MAX_PEERS_RENEGOTIATIONS);
        pair.server
            .renegotiate_with(Arc::new(asking.build().unwrap()))
            .unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.server.renegotiation(), RenegotiationState::Refused);
        assert_eq!(pair.server.handshakes(), 1);
        // Unbidden, and asked for once more: nobody is asked for a certificate.
        pair.client.pump.tolerated.set_peers_renegotiations(0);
        pair.client.renegotiate().unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        pair.server.renegotiate().unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.server.handshakes(), 3);
        pair.echo(b"as before", || usize::MAX);
    }
}

#[test]
fn neither_version_nor_server_name_changes() {
    let mut pair = Pair::under(willing(ProtocolVersion::TLSv1_2)).established();
    pair.server.pump.known.server_name = Some("other".to_owned());
    pair.client.renegotiate().unwrap();
    assert_eq!(
        cross(&mut pair.client, &mut pair.server),
        Err(PeerMisbehaved::ServerNameChanged.into())
    );

    let either = willing(ProtocolVersion::TLSv1_2)
        .versions(ProtocolVersion::TLSv1_1, ProtocolVersion::TLSv1_2);
    let mut pair = Pair::under(either).established();
    pair.client.pump.known.version = Some(ProtocolVersion::TLSv1_1);
    pair.client.renegotiate().unwrap();
    pair.client.pump.known.version = Some(ProtocolVersion::TLSv1_2);
    cross(&mut pair.client, &mut pair.server).unwrap();
    assert_eq!(
        cross(&mut pair.server, &mut pair.client),
        Err(PeerMisbehaved::VersionChanged(0x0303).into())
    );

    let mut pair = Pair::under(willing(ProtocolVersion::TLSv1_2)).established();
    let mut older = Pair::under(willing(ProtocolVersion::TLSv1_1));
    let hello = records(&take(&mut older.client)).remove(0).fragment;
    seal(&mut pair.client, ContentType::Handshake, &hello);
    assert_eq!(
        cross(&mut pair.client, &mut pair.server),
        Err(PeerMisbehaved::VersionChanged(0x0302).into())
    );
}

/// As in the first handshake: no data between ChangeCipherSpec and Finished.
#[test]
fn data_before_the_new_finished_is_refused() {
    each_version_and_suite(|version, suite| {
        let policy = only(version, suite).unbidden_renegotiation(UnbiddenRenegotiation::Accepted);
        let mut pair = Pair::under(policy).established();
        pair.client.renegotiate().unwrap();
        cross(&mut pair.client, &mut pair.server).unwrap();
        cross(&mut pair.server, &mut pair.client).unwrap();
        let flight = records(&take(&mut pair.client));
        deliver(&bytes(&flight[..2]), &mut pair.server, || usize::MAX).unwrap();
        // As if it had been encrypted: what counts here is the state.
        pair.server.pump.opener = Opener::unprotected();
        let data = bytes(&[record(APPLICATION_DATA, version.wire(), b"early")]);
        let error = deliver(&data, &mut pair.server, || usize::MAX).unwrap_err();
        assert!(
            matches!(
                error,
                Error::PeerMisbehaved(PeerMisbehaved::UnexpectedMessage { .. })
            ),
            "{error}"
        );
    });
}

/// A server that asks without end is answered so often and no more.
#[test]
fn a_server_asks_so_often_and_no_more() {
    let mut pair = Pair::under(willing(ProtocolVersion::TLSv1_2)).established();
    pair.client
        .pump
        .tolerated
        .set_peers_renegotiations(MAX_PEERS_RENEGOTIATIONS - 1);
    for handshakes in [2, 2] {
        pair.server.renegotiate().unwrap();
        pair.exchange(|| usize::MAX).unwrap();
        assert_eq!(pair.client.handshakes(), handshakes);
        assert!(!pair.server.renegotiation().is_pending());
    }
}

/// A peer that takes no for an offence: the error says what the quarrel was about.
#[test]
fn a_peer_that_insists_is_told_from_others() {
    for asks_server in [true, false] {
        let policy = only(ProtocolVersion::TLSv1_2, AES).renegotiation(Renegotiation::Never);
        let mut pair = Pair::under(policy).established();
        let [refused, refusing]: [&mut Connection; 2] = match asks_server {
            true => [&mut pair.server, &mut pair.client],
            false => [&mut pair.client, &mut pair.server],
        };
        let mut other = Pair::under(willing(ProtocolVersion::TLSv1_2));
        let hello = records(&take(&mut other.client)).remove(0).fragment;
        let request = if asks_server { vec![0; 4] } else { hello };
        seal(refused, ContentType::Handshake, &request);
        cross(refused, refusing).unwrap();
        seal(refused, ContentType::Alert, &[2, 40]);
        let error = cross(refused, refusing).unwrap_err();
        assert_eq!(
            error,
            Error::PeerWantedRenegotiation(AlertDescription::HANDSHAKE_FAILURE)
        );
    }
}

/// Requests that come in the middle of a renegotiation are ignored, but not for ever.
#[test]
fn requests_meanwhile_are_bounded() {
    let mut pair = Pair::under(willing(ProtocolVersion::TLSv1_2)).established();
    pair.client.renegotiate().unwrap();
    for _ in 0..MAX_RENEGOTIATION_REQUESTS {
        seal(&mut pair.server, ContentType::Handshake, &[0; 4]);
    }
    cross(&mut pair.server, &mut pair.client).unwrap();
    seal(&mut pair.server, ContentType::Handshake, &[0; 4]);
    assert_eq!(
        cross(&mut pair.server, &mut pair.client),
        Err(PeerMisbehaved::TooManyRenegotiationRequests.into())
    );
}

/// Who asks on and on, with data between, and takes no answer, does not fill the memory: be the
/// answers refusals, or a client's hellos that a server does not want any more.
#[test]
fn answers_that_are_not_taken_are_bounded() {
    for (asks_client, policy) in [
        (false, only(ProtocolVersion::TLSv1_2, AES)),
        (true, willing(ProtocolVersion::TLSv1_2)),
    ] {
        let mut pair = Pair::under(policy).established();
        let mut other = Pair::under(policy);
        let hello = records(&take(&mut other.client)).remove(0).fragment;
        let sealed_answer = if asks_client { 169 } else { 57 };
        let [asking, asked]: [&mut Connection; 2] = match asks_client {
            true => [&mut pair.server, &mut pair.client],
            false => [&mut pair.client, &mut pair.server],
        };
        for _ in 0..2 {
            while asked.writer().write(&[7; 10_000]).unwrap() > 0 {}
            let before = asked.pump.outgoing.len();
            for asked_times in 1..30 {
                let request = if asks_client { &[0; 4][..] } else { &hello };
                seal(asking, ContentType::Handshake, request);
                seal(asking, ContentType::Alert, &[1, 100]);
                seal(asking, ContentType::ApplicationData, b"and data");
                cross(asking, asked).unwrap();
                let grown = asked.pump.outgoing.len() - before;
                let answers = asked_times.min(MAX_UNTAKEN_ANSWERS.into());
                assert_eq!(grown, answers * sealed_answer);
            }
            take(asked);
        }
    }
}

/// A client that says no, and then begins a handshake of its own, has not done what it was asked.
#[test]
fn a_refusal_is_told_though_another_handshake_follows() {
    let mut pair = Pair::under(willing(ProtocolVersion::TLSv1_2)).established();
    pair.client
        .pump
        .tolerated
        .set_peers_renegotiations(MAX_PEERS_RENEGOTIATIONS);
    pair.server.renegotiate().unwrap();
    let mut transport = Across {
        client: &mut pair.client,
        begins: true,
    };
    let completed = Stream::new(&mut pair.server, &mut transport).complete_handshake();
    let error = Error::of_io(&completed.unwrap_err()).cloned();
    let refused = Error::Renegotiation(RenegotiationRefused::ByPeer);
    assert_eq!(error, Some(refused));
    assert_eq!(pair.server.handshakes(), 2);
}

/// Also where the keys wear out at that moment, and the handshake that brings new ones is not
/// refused.
#[test]
fn a_refusal_is_told_though_new_keys_are_agreed_on() {
    let policy = only(ProtocolVersion::TLSv1_2, AES);
    let server = server_config(policy.max_bytes_per_key(40_000));
    let mut pair = Pair::new(client_config(policy), server).established();
    let tolerated = &mut pair.client.pump.tolerated;
    tolerated.set_peers_renegotiations(MAX_PEERS_RENEGOTIATIONS);
    pair.server.renegotiate().unwrap();
    pair.server.writer().write_all(&[7; 36_000]).unwrap();
    cross(&mut pair.server, &mut pair.client).unwrap();
    pair.client.pump.tolerated.set_peers_renegotiations(0);
    pair.client.writer().write_all(b"no").unwrap();
    let [client, server]: [&mut Connection; 2] = [&mut pair.client, &mut pair.server];
    server.read_tls(&mut &take(client)[..]).unwrap();
    server.process_new_packets().unwrap();
    assert_eq!(server.renegotiation(), RenegotiationState::Requested);
    let begins = false;
    let mut transport = Across { client, begins };
    let completed = Stream::new(server, &mut transport).complete_handshake();
    let error = Error::of_io(&completed.unwrap_err()).cloned();
    let refused = Error::Renegotiation(RenegotiationRefused::ByPeer);
    assert_eq!(error, Some(refused));
    assert_eq!(pair.server.handshakes(), 2);
}

/// A transport with a client at its other end.
struct Across<'c> {
    client: &'c mut Connection,
    /// It begins a handshake of its own after the first thing that it hears.
    begins: bool,
}

impl Read for Across<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.client.write_tls(&mut io::Cursor::new(buffer))
    }
}

impl Write for Across<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        deliver(data, self.client, || usize::MAX)?;
        if core::mem::take(&mut self.begins) {
            self.client.renegotiate()?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn willing(version: ProtocolVersion) -> Policy {
    only(version, AES).unbidden_renegotiation(UnbiddenRenegotiation::Accepted)
}

/// Sends content of any kind under the connection's keys.
fn seal(from: &mut Connection, content_type: ContentType, content: &[u8]) {
    from.inject(content_type, content).unwrap();
}

fn cross(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    deliver(&take(from), to, || usize::MAX)
}
