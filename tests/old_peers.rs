//! What old peers need, seen in conversations with them.

mod in_memory;

use in_memory::{Pair, client_config, deliver, only, server_config, take};
use retrossl::{
    CipherSuite, ClientConnection, Error, PeerMisbehaved, Policy, ProtocolVersion, ServerConnection,
};

const AES128: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const AES256: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA;

/// OpenSSL 1.0.1e reads the version in the header, and nothing else if it is not its own.
#[test]
fn an_alert_in_answer_to_a_client_hello_names_the_version_of_both() {
    for version in in_memory::ssl3_and_later() {
        let client = client_config(only(version, AES128));
        let mut pair = Pair::new(client, server_config(only(version, AES256)));
        let server: &mut ServerConnection = &mut pair.server;
        deliver(&take(&mut pair.client), server, || usize::MAX).unwrap_err();
        let [major, minor] = version.wire().to_be_bytes();
        assert_eq!(take(server), [21, major, minor, 0, 2, 2, 40]);
    }
}

#[test]
fn an_alert_in_answer_to_a_server_hello_names_the_version_of_both() {
    for version in in_memory::ssl3_and_later() {
        let mut client = client_of_all_versions();
        let hello = server_hello(version, CipherSuite(0x1234), &[]);
        let error = deliver(&hello, &mut client, || usize::MAX).unwrap_err();
        let expected = PeerMisbehaved::SuiteNotOffered(CipherSuite(0x1234));
        assert_eq!(error, Error::PeerMisbehaved(expected));
        let [major, minor] = version.wire().to_be_bytes();
        assert_eq!(take(&mut client), [21, major, minor, 0, 2, 2, 47]);
    }
}

/// OpenSSL 1.0.1e does, where it also answers renegotiation_info.
#[test]
fn an_ssl3_server_may_answer_server_name() {
    let mut client = client_of_all_versions();
    let extensions = [0xff, 0x01, 0, 1, 0, 0, 0, 0, 0];
    let hello = server_hello(ProtocolVersion::SSLv3, AES128, &extensions);
    deliver(&hello, &mut client, || usize::MAX).unwrap();
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::SSLv3));
    assert!(client.secure_renegotiation());
}

/// The keys would depend on it.
#[test]
fn an_ssl3_server_may_not_answer_extended_master_secret() {
    let mut client = client_of_all_versions();
    let hello = server_hello(ProtocolVersion::SSLv3, AES128, &[0, 23, 0, 0]);
    let error = deliver(&hello, &mut client, || usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::ExtensionAtSsl3(23).into());
}

/// Its ClientHello is sent already.
fn client_of_all_versions() -> ClientConnection {
    let mut pair = Pair::under(Policy::EVERYTHING);
    take(&mut pair.client);
    pair.client
}

/// A record with a ServerHello.
fn server_hello(version: ProtocolVersion, suite: CipherSuite, extensions: &[u8]) -> Vec<u8> {
    let version = version.wire().to_be_bytes();
    let mut hello = [&version[..], &[7; 32], &[0], &suite.0.to_be_bytes(), &[0]].concat();
    if !extensions.is_empty() {
        hello.extend([0, extensions.len() as u8]);
        hello.extend(extensions);
    }
    let len = hello.len() as u8;
    [&[22], &version[..], &[0, len + 4], &[2, 0, 0, len], &hello].concat()
}
