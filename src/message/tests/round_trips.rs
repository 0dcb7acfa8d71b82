//! Properties of every wire format: what is written reads back, what is cut short is refused,
//! nothing makes a reader panic, and bytes that can be read are the only ones for what they say.
//!
//! Where a format is not that canonical, its test says why.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;

use crate::message::certificate_verify::write_algorithms;
use crate::message::extension::{self, Extensions, ExtensionsWriter};
use crate::message::rewritten::*;
use crate::message::*;
use crate::suite::CipherSuite;
use crate::testing::vectors::written;
use crate::version::ProtocolVersion;

proptest! {
    #[test]
    fn a_framed_message_reads_back(kind: u8, body in bytes(0..100), changes in changes()) {
        let kind = HandshakeType(kind);
        let encoded = encode(kind, |out| out.extend_from_slice(&body));
        let message = Handshake::read(&encoded).unwrap();
        prop_assert_eq!(message.kind, kind);
        prop_assert_eq!(message.body, body);
        prop_assert_eq!(message.encoded, &encoded);
        prefixes_are_refused(&encoded, None, rewrite_handshake)?;
        changes_are_seen(encoded, &changes, rewrite_handshake)?;
    }

    /// The hello without its extensions is one, too.
    #[test]
    fn a_client_hello_reads_back(
        client_version: u16,
        random: [u8; 32],
        session_id in bytes(0..=32),
        cipher_suites in vec(any::<[u8; 2]>(), 1..40),
        compression_methods in bytes(1..=255),
        extensions in extensions(),
        changes in changes(),
    ) {
        let writer = extensions_writer(&extensions);
        let hello = ClientHello {
            format: HelloFormat::Ssl3,
            client_version,
            random,
            session_id: &session_id,
            cipher_suites: cipher_suites.as_flattened(),
            compression_methods: &compression_methods,
            extensions: Extensions::of(&writer),
        };
        let encoded = written(|out| hello.write(out));
        prop_assert_eq!(ClientHello::read(&encoded), Ok(hello));
        prop_assert!(has_extensions(hello.extensions(), &extensions));
        let bare = encoded.len() - writer.encoded_len();
        prefixes_are_refused(&encoded, Some(bare), rewrite_client_hello)?;
        changes_are_seen(encoded, &changes, rewrite_client_hello)?;
    }

    /// The hello without its extensions is one, too.
    #[test]
    fn a_server_hello_reads_back(
        server_version: u16,
        random: [u8; 32],
        session_id in bytes(0..=32),
        cipher_suite: u16,
        compression_method: u8,
        extensions in extensions(),
        changes in changes(),
    ) {
        let writer = extensions_writer(&extensions);
        let hello = ServerHello {
            server_version,
            random,
            session_id: &session_id,
            cipher_suite: CipherSuite(cipher_suite),
            compression_method,
            extensions: Extensions::of(&writer),
        };
        let encoded = written(|out| hello.write(out));
        prop_assert_eq!(ServerHello::read(&encoded), Ok(hello));
        prop_assert!(has_extensions(hello.extensions(), &extensions));
        let bare = encoded.len() - writer.encoded_len();
        prefixes_are_refused(&encoded, Some(bare), rewrite_server_hello)?;
        changes_are_seen(encoded, &changes, rewrite_server_hello)?;
    }

    #[test]
    fn a_certificate_message_reads_back(
        chain in vec(bytes(1..20), 0..=MAX_CHAIN),
        changes in changes(),
    ) {
        let message = Certificate { certificate_list: slices(&chain) };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(Certificate::read(&encoded), Ok(message.clone()));
        let owned = message.to_owned_chain();
        prop_assert_eq!(Certificate::of(&owned), message);
        prefixes_are_refused(&encoded, None, rewrite_certificate)?;
        changes_are_seen(encoded, &changes, rewrite_certificate)?;
    }

    #[test]
    fn a_certificate_request_reads_back(
        version in version(),
        certificate_types in bytes(1..=255),
        algorithms in vec(any::<[u8; 2]>(), 1..20),
        names in vec(bytes(0..20), 0..10),
        changes in changes(),
    ) {
        let message = CertificateRequest {
            certificate_types: &certificate_types,
            signature_algorithms: from_tls12(version, signature_algorithms(&algorithms))
                .unwrap_or_default(),
            certificate_authorities: slices(&names),
        };
        let rewrite = |body: &[u8]| rewrite_certificate_request(body, version);
        let encoded = written(|out| message.write(out, version));
        prop_assert_eq!(CertificateRequest::read(&encoded, version), Ok(message));
        prefixes_are_refused(&encoded, None, rewrite)?;
        changes_are_seen(encoded, &changes, rewrite)?;
    }

    #[test]
    fn a_certificate_verify_reads_back(
        version in version(),
        algorithm: [u8; 2],
        signature in bytes(0..100),
        changes in changes(),
    ) {
        let message = CertificateVerify {
            algorithm: from_tls12(version, SignatureAlgorithm(algorithm)),
            signature: &signature,
        };
        let rewrite = |body: &[u8]| rewrite_certificate_verify(body, version);
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(CertificateVerify::read(&encoded, version), Ok(message));
        prefixes_are_refused(&encoded, None, rewrite)?;
        changes_are_seen(encoded, &changes, rewrite)?;
    }

    #[test]
    fn a_server_key_exchange_reads_back(
        modulus in bytes(0..100),
        exponent in bytes(0..10),
        signature in bytes(0..100),
        changes in changes(),
    ) {
        let params = ServerRsaParams { modulus: &modulus, exponent: &exponent };
        let message = ServerKeyExchange { params, signature: &signature };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(ServerKeyExchange::read(&encoded), Ok(message));
        // What is signed is what stands in the message.
        let signed = written(|out| params.write(out));
        prop_assert_eq!(&encoded[..4 + modulus.len() + exponent.len()], signed);
        prefixes_are_refused(&encoded, None, rewrite_server_key_exchange)?;
        changes_are_seen(encoded, &changes, rewrite_server_key_exchange)?;
    }

    /// At SSL 3.0 any bytes are a message; at TLS 1.0 those of the modulus's length are.
    #[test]
    fn a_client_key_exchange_reads_back(
        version in version(),
        encrypted in bytes(59..200),
        changes in changes(),
    ) {
        let message = ClientKeyExchange { encrypted_pre_master_secret: &encrypted };
        let modulus_len = encrypted.len();
        let rewrite = |body: &[u8]| rewrite_client_key_exchange(body, version, modulus_len);
        let encoded = written(|out| message.write(out, version));
        prop_assert_eq!(ClientKeyExchange::read(&encoded, version, modulus_len), Ok(message));
        match version {
            ProtocolVersion::SSLv3 => {
                let framed = written(|out| message.write(out, ProtocolVersion::TLSv1_0));
                let framed = ClientKeyExchange::read(&framed, version, modulus_len);
                prop_assert_eq!(framed, Ok(message));
            }
            ProtocolVersion::TLSv1_0 => {
                let bare = ClientKeyExchange::read(&encrypted, version, modulus_len);
                prop_assert_eq!(bare, Ok(message));
                prefixes_are_refused(&encoded, Some(modulus_len), rewrite)?;
            }
            _ => prefixes_are_refused(&encoded, None, rewrite)?,
        }
        changes_are_seen(encoded, &changes, rewrite)?;
    }

    #[test]
    fn a_new_session_ticket_reads_back(
        lifetime_hint: u32,
        ticket in bytes(0..100),
        changes in changes(),
    ) {
        let message = NewSessionTicket { lifetime_hint, ticket: &ticket };
        let encoded = written(|out| message.write(out));
        prop_assert_eq!(NewSessionTicket::read(&encoded), Ok(message));
        prefixes_are_refused(&encoded, None, rewrite_new_session_ticket)?;
        changes_are_seen(encoded, &changes, rewrite_new_session_ticket)?;
    }

    /// Not canonical: names of other kinds, and those behind the first, are passed over.
    #[test]
    fn a_server_name_reads_back(name in "[!-~]{1,255}", changes in changes()) {
        let body = written(|out| extension::write_server_name(out, &name));
        prop_assert_eq!(extension::read_server_name(&body), Ok(Some(&*name)));
        let read = |body: &[u8]| extension::read_server_name(body).map(|_| Vec::new());
        prefixes_are_refused(&body, None, read)?;
        let body = changed(body, &changes);
        if let Ok(Some(name)) = extension::read_server_name(&body) {
            prop_assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn protocol_names_read_back(names in vec(bytes(1..=255), 1..5), changes in changes()) {
        let body = written(|out| extension::write_protocol_names(out, slices(&names)));
        let read: Vec<_> = extension::read_protocol_names(&body).unwrap().collect();
        prop_assert_eq!(&read, &names);
        match extension::read_chosen_protocol(&body) {
            Ok(name) => prop_assert_eq!([name], &names[..]),
            Err(_) => prop_assert!(names.len() > 1),
        }
        prefixes_are_refused(&body, None, rewrite_protocol_names)?;
        changes_are_seen(body, &changes, rewrite_protocol_names)?;
    }

    #[test]
    fn a_renegotiated_connection_reads_back(verify_data in bytes(0..=72), changes in changes()) {
        let body = written(|out| extension::write_renegotiated_connection(out, &verify_data));
        prop_assert_eq!(extension::read_renegotiated_connection(&body), Ok(&verify_data[..]));
        prefixes_are_refused(&body, None, rewrite_renegotiated_connection)?;
        changes_are_seen(body, &changes, rewrite_renegotiated_connection)?;
    }

    #[test]
    fn signature_algorithms_read_back(
        algorithms in vec(any::<[u8; 2]>(), 1..30),
        changes in changes(),
    ) {
        let algorithms = signature_algorithms(&algorithms);
        let body = written(|out| write_algorithms(out, &algorithms));
        let read: Vec<_> = extension::read_signature_algorithms(&body).unwrap().collect();
        prop_assert_eq!(read, algorithms);
        prefixes_are_refused(&body, None, rewrite_signature_algorithms)?;
        changes_are_seen(body, &changes, rewrite_signature_algorithms)?;
    }

    #[test]
    fn limits_on_records_read_back(code: u8, limit: u16) {
        let body = written(|out| extension::write_max_fragment_length(out, code));
        prop_assert_eq!(extension::read_max_fragment_length(&body), Ok(code));
        prefixes_are_refused(&body, None, rewrite_max_fragment_length)?;
        let body = written(|out| extension::write_record_size_limit(out, limit));
        prop_assert_eq!(extension::read_record_size_limit(&body), Ok(limit));
        prefixes_are_refused(&body, None, rewrite_record_size_limit)?;
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_are_written_back_where_they_can_be_read(
        bytes in vec(prop_oneof![8 => 0..4u8, 1 => any::<u8>()], 0..80),
        version in version(),
        modulus_len in 0..80usize,
    ) {
        is_canonical(&bytes, rewrite_handshake)?;
        is_canonical(&bytes, rewrite_client_hello)?;
        is_canonical(&bytes, rewrite_server_hello)?;
        is_canonical(&bytes, rewrite_certificate)?;
        is_canonical(&bytes, |body| rewrite_certificate_request(body, version))?;
        is_canonical(&bytes, |body| rewrite_certificate_verify(body, version))?;
        is_canonical(&bytes, rewrite_server_key_exchange)?;
        is_canonical(&bytes, |body| rewrite_client_key_exchange(body, version, modulus_len))?;
        is_canonical(&bytes, rewrite_new_session_ticket)?;
        is_canonical(&bytes, rewrite_protocol_names)?;
        is_canonical(&bytes, rewrite_renegotiated_connection)?;
        is_canonical(&bytes, rewrite_signature_algorithms)?;
        is_canonical(&bytes, rewrite_max_fragment_length)?;
        is_canonical(&bytes, rewrite_record_size_limit)?;
        let _ = extension::read_server_name(&bytes);
        let _ = extension::read_chosen_protocol(&bytes);
        prop_assert_eq!(extension::read_flag("flag", &bytes).is_ok(), bytes.is_empty());
    }
}

/// No prefix of `encoded` can be read, but the one of `exception` bytes.
fn prefixes_are_refused(
    encoded: &[u8],
    exception: Option<usize>,
    rewrite: impl Fn(&[u8]) -> Rewritten,
) -> Result<(), TestCaseError> {
    for len in 0..encoded.len() {
        let read = rewrite(&encoded[..len]).is_ok();
        prop_assert_eq!(read, exception == Some(len), "{} bytes", len);
    }
    Ok(())
}

/// No change goes unseen: what `encoded` becomes cannot be read, or says just what was changed.
fn changes_are_seen(
    encoded: Vec<u8>,
    changes: &[(Index, u8)],
    rewrite: impl Fn(&[u8]) -> Rewritten,
) -> Result<(), TestCaseError> {
    is_canonical(&changed(encoded, changes), rewrite)
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

fn version() -> impl Strategy<Value = ProtocolVersion> {
    proptest::sample::select(ProtocolVersion::from_ssl3().collect::<Vec<_>>())
}

/// By type, with those that a hello looks into more often than by chance.
fn extensions() -> impl Strategy<Value = BTreeMap<u16, Vec<u8>>> {
    let kind = prop_oneof![
        Just(ExtensionType::SERVER_NAME.0),
        Just(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION.0),
        any::<u16>(),
    ];
    btree_map(kind, bytes(0..10), 0..6)
}

/// Bytes to be overwritten, and with what: small numbers more often, because lengths are small.
fn changes() -> impl Strategy<Value = Vec<(Index, u8)>> {
    let value = prop_oneof![0..4u8, any::<u8>()];
    vec((any::<Index>(), value), 1..4)
}

fn changed(mut encoded: Vec<u8>, changes: &[(Index, u8)]) -> Vec<u8> {
    for (place, value) in changes {
        let place = place.index(encoded.len());
        encoded[place] = *value;
    }
    encoded
}

fn extensions_writer(extensions: &BTreeMap<u16, Vec<u8>>) -> ExtensionsWriter {
    let mut writer = ExtensionsWriter::default();
    for (kind, body) in extensions {
        writer.add(ExtensionType(*kind), |out| out.extend_from_slice(body));
    }
    writer
}

fn has_extensions<'a>(
    read: impl Iterator<Item = (ExtensionType, &'a [u8])>,
    written: &'a BTreeMap<u16, Vec<u8>>,
) -> bool {
    read.eq(written
        .iter()
        .map(|(kind, body)| (ExtensionType(*kind), &body[..])))
}

fn signature_algorithms(pairs: &[[u8; 2]]) -> Vec<SignatureAlgorithm> {
    pairs.iter().copied().map(SignatureAlgorithm).collect()
}

fn from_tls12<T>(version: ProtocolVersion, value: T) -> Option<T> {
    (version >= ProtocolVersion::TLSv1_2).then_some(value)
}

fn slices(owned: &[Vec<u8>]) -> Vec<&[u8]> {
    owned.iter().map(Vec::as_slice).collect()
}
