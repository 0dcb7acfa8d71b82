//! Properties of every wire format, as in [`crate::message::tests`]: what is written reads back,
//! what is cut short is refused, nothing makes a reader panic, and bytes that can be read are the
//! only ones for what they say.
//!
//! Not canonical is SESSION-ID-HIT alone, of which any number but 0 says the same.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;

use crate::cipher_kind::CipherKind;
use crate::message::rewritten::Rewritten;
use crate::message::ssl2::rewritten::*;
use crate::message::ssl2::*;
use crate::suite::CipherSuite;
use crate::testing::vectors::written;

proptest! {
    #[test]
    fn a_message_reads_back(kind: u8, body in bytes(0..100)) {
        let kind = Ssl2MessageType(kind);
        let encoded = encode(kind, |out| out.extend_from_slice(&body));
        let message = Message::read(&encoded).unwrap();
        prop_assert_eq!(message.kind, kind);
        prop_assert_eq!(message.body, body);
        prop_assert_eq!(message.encoded, &encoded);
    }

    #[test]
    fn a_client_hello_reads_back(
        version: u16,
        kinds in vec(any::<[u8; 3]>(), 1..40),
        session_id in session_id(),
        challenge in bytes(16..=32),
        changes in changes(),
    ) {
        let hello = ClientHello {
            version,
            cipher_specs: kinds.as_flattened(),
            session_id: &session_id,
            challenge: &challenge,
        };
        let encoded = written(|out| hello.write(out));
        prop_assert_eq!(ClientHello::read(&encoded), Ok(hello));
        prop_assert!(hello.cipher_kinds().eq(kinds.iter().copied().map(CipherKind)));
        let suites = kinds
            .iter()
            .filter(|kind| kind[0] == 0)
            .map(|kind| CipherSuite(u16::from_be_bytes([kind[1], kind[2]])));
        prop_assert!(crate::message::ClientHello::of_ssl2(&hello).cipher_suites().eq(suites));
        prop_assert!(hello.random().ends_with(&challenge));
        prefixes_are_refused(&encoded, rewrite_client_hello)?;
        changes_are_seen(encoded, &changes, rewrite_client_hello)?;
    }

    #[test]
    fn a_server_hello_reads_back(
        certificate_type: u8,
        version: u16,
        certificate in bytes(0..100),
        kinds in vec(any::<[u8; 3]>(), 0..10),
        connection_id in bytes(16..=32),
        changes in changes(),
    ) {
        let hello = ServerHello {
            session_id_hit: false,
            certificate_type,
            version,
            certificate: &certificate,
            cipher_specs: kinds.as_flattened(),
            connection_id: &connection_id,
        };
        let encoded = written(|out| hello.write(out));
        prop_assert_eq!(ServerHello::read(&encoded), Ok(hello));
        prop_assert!(hello.cipher_kinds().eq(kinds.iter().copied().map(CipherKind)));
        prefixes_are_refused(&encoded, rewrite_server_hello)?;
        changes_are_seen(encoded, &changes, rewrite_server_hello)?;
    }

    #[test]
    fn a_server_hello_with_a_hit_reads_back(
        version: u16,
        connection_id in bytes(16..=32),
        changes in changes(),
    ) {
        let hello = ServerHello {
            session_id_hit: true,
            certificate_type: 0,
            version,
            certificate: &[],
            cipher_specs: &[],
            connection_id: &connection_id,
        };
        let encoded = written(|out| hello.write(out));
        prop_assert_eq!(ServerHello::read(&encoded), Ok(hello));
        prefixes_are_refused(&encoded, rewrite_server_hello)?;
        changes_are_seen(encoded, &changes, rewrite_server_hello)?;
    }

    #[test]
    fn a_client_master_key_reads_back(
        kind in select(CipherKind::all().collect::<Vec<_>>()),
        key in bytes(40..=40),
        encrypted_key in bytes(0..100),
        changes in changes(),
    ) {
        let row = kind.row().unwrap();
        let message = ClientMasterKey {
            cipher_kind: kind,
            clear_key: &key[..row.clear_len],
            encrypted_key: &encrypted_key,
            key_arg: &key[40 - row.key_arg_len()..],
        };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ClientMasterKey::read(&encoded), Ok(message));
        prefixes_are_refused(&encoded, rewrite_client_master_key)?;
        changes_are_seen(encoded, &changes, rewrite_client_master_key)?;
    }

    /// Of kinds that this crate does not have any lengths can be read.
    #[test]
    fn a_client_master_key_of_an_unknown_kind_reads_back(
        clear_key in bytes(0..30),
        encrypted_key in bytes(0..100),
        key_arg in bytes(0..30),
    ) {
        let message = ClientMasterKey {
            cipher_kind: CipherKind([0x05, 0x00, 0x80]),
            clear_key: &clear_key,
            encrypted_key: &encrypted_key,
            key_arg: &key_arg,
        };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ClientMasterKey::read(&encoded), Ok(message));
        prefixes_are_refused(&encoded, rewrite_client_master_key)?;
    }

    #[test]
    fn finished_messages_read_back(id in bytes(16..=32), session_id in bytes(0..40)) {
        let message = ClientFinished { connection_id: &id };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ClientFinished::read(&encoded), Ok(message));
        let message = ServerVerify { challenge: &id };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ServerVerify::read(&encoded), Ok(message));
        let message = ServerFinished { session_id: &session_id };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ServerFinished::read(&encoded), message);
    }

    #[test]
    fn client_authentication_reads_back(
        code: u8,
        challenge in bytes(16..=32),
        certificate in bytes(0..100),
        response in bytes(0..100),
        changes in changes(),
    ) {
        let message = RequestCertificate { authentication_type: code, challenge: &challenge };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(RequestCertificate::read(&encoded), Ok(message));
        let message = ClientCertificate {
            certificate_type: code,
            certificate: &certificate,
            response: &response,
        };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ClientCertificate::read(&encoded), Ok(message));
        prefixes_are_refused(&encoded, rewrite_client_certificate)?;
        changes_are_seen(encoded, &changes, rewrite_client_certificate)?;
    }

    #[test]
    fn an_error_reads_back(code: u16) {
        let message = ErrorMessage { code: Ssl2Error(code) };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ErrorMessage::read(&encoded), Ok(message));
        prefixes_are_refused(&encoded, rewrite_error)?;
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_are_written_back_where_they_can_be_read(
        bytes in vec(prop_oneof![8 => 0..4u8, 1 => Just(16), 1 => any::<u8>()], 0..80),
    ) {
        is_canonical(&bytes, rewrite_message)?;
        is_canonical(&bytes, rewrite_client_hello)?;
        is_canonical(&bytes, rewrite_server_hello)?;
        is_canonical(&bytes, rewrite_client_master_key)?;
        is_canonical(&bytes, rewrite_client_finished)?;
        is_canonical(&bytes, rewrite_server_verify)?;
        is_canonical(&bytes, rewrite_request_certificate)?;
        is_canonical(&bytes, rewrite_client_certificate)?;
        is_canonical(&bytes, rewrite_error)?;
    }
}

fn prefixes_are_refused(
    encoded: &[u8],
    rewrite: impl Fn(&[u8]) -> Rewritten,
) -> Result<(), TestCaseError> {
    for len in 0..encoded.len() {
        prop_assert!(rewrite(&encoded[..len]).is_err(), "{} bytes", len);
    }
    Ok(())
}

/// No change goes unseen: what `encoded` becomes cannot be read, or says just what was changed.
fn changes_are_seen(
    mut encoded: Vec<u8>,
    changes: &[(Index, u8)],
    rewrite: impl Fn(&[u8]) -> Rewritten,
) -> Result<(), TestCaseError> {
    for (place, value) in changes {
        let place = place.index(encoded.len());
        encoded[place] = *value;
    }
    is_canonical(&encoded, rewrite)
}

fn is_canonical(encoded: &[u8], rewrite: impl Fn(&[u8]) -> Rewritten) -> Result<(), TestCaseError> {
    if let Ok(rewritten) = rewrite(encoded) {
        prop_assert_eq!(rewritten, encoded);
    }
    Ok(())
}

fn bytes(len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), len)
}

fn session_id() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![bytes(0..=0), bytes(16..=16)]
}

/// Bytes to be overwritten, and with what: small numbers more often, because lengths are small.
fn changes() -> impl Strategy<Value = Vec<(Index, u8)>> {
    let value = prop_oneof![0..4u8, any::<u8>()];
    vec((any::<Index>(), value), 1..4)
}
