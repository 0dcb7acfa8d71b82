//! Every reader of what comes from the wire, with what it reads written again.

use super::input::Input;
use crate::connection::Joiner;
use crate::error::Error;
use crate::message::extension;
use crate::message::rewritten::*;
use crate::message::ssl2::rewritten as ssl2;
use crate::message::{Certificate, CertificateRequest, ClientHello, ExtensionType, ServerHello};
use crate::record::{Deframer, Framed, Framing};
use crate::server::Acceptor;
use crate::version::ProtocolVersion;

/// The first byte chooses the reader, the next two a version and the length of a key.
pub fn messages(data: &[u8]) {
    let mut input = Input::new(data);
    let reader = input.byte();
    let version = version(input.byte());
    let modulus_len = usize::from(input.byte());
    let body = input.rest();
    match reader % READERS {
        reader::HANDSHAKE => is_exact(body, rewrite_handshake),
        reader::CLIENT_HELLO => {
            is_exact(body, rewrite_client_hello);
            if let Ok(hello) = ClientHello::read(body) {
                read_extensions(hello.extensions());
                let _ = (format!("{hello:?}"), hello.cipher_suites().count());
                let _ = (hello.cipher_kinds().count(), hello.session_id().len());
            }
        }
        reader::SERVER_HELLO => {
            is_exact(body, rewrite_server_hello);
            if let Ok(hello) = ServerHello::read(body) {
                read_extensions(hello.extensions());
                let _ = format!("{hello:?}");
            }
        }
        reader::CERTIFICATE => {
            is_exact(body, rewrite_certificate);
            if let Ok(message) = Certificate::read(body) {
                let owned = message.to_owned_chain();
                assert_eq!(Certificate::of(&owned), message);
            }
        }
        reader::CERTIFICATE_REQUEST => {
            is_exact(body, |body| rewrite_certificate_request(body, version));
            if let Ok(message) = CertificateRequest::read(body, version) {
                let _ = crate::cert::Authorities::read(&message.certificate_authorities);
            }
        }
        reader::CERTIFICATE_VERIFY => {
            is_exact(body, |body| rewrite_certificate_verify(body, version));
        }
        reader::SERVER_KEY_EXCHANGE => is_exact(body, rewrite_server_key_exchange),
        reader::CLIENT_KEY_EXCHANGE => {
            is_exact(body, |body| {
                rewrite_client_key_exchange(body, version, modulus_len)
            });
        }
        reader::NEW_SESSION_TICKET => is_exact(body, rewrite_new_session_ticket),
        reader::EXTENSIONS => read_each_extension(body),
        reader::SSL2_MESSAGE => is_exact(body, ssl2::rewrite_message),
        reader::SSL2_CLIENT_HELLO => is_exact(body, ssl2::rewrite_client_hello),
        reader::SSL2_SERVER_HELLO => is_exact(body, ssl2::rewrite_server_hello),
        reader::SSL2_CLIENT_MASTER_KEY => is_exact(body, ssl2::rewrite_client_master_key),
        reader::SSL2_FINISHED => {
            is_exact(body, ssl2::rewrite_client_finished);
            is_exact(body, ssl2::rewrite_server_verify);
        }
        reader::SSL2_CLIENT_AUTHENTICATION => {
            is_exact(body, ssl2::rewrite_request_certificate);
            is_exact(body, ssl2::rewrite_client_certificate);
        }
        reader::SSL2_ERROR => is_exact(body, ssl2::rewrite_error),
        reader::RECORDS => deframe(body, Framing::Ssl3(Some(version)), modulus_len),
        reader::FIRST_RECORDS => deframe(body, Framing::Unknown, modulus_len),
        reader::SSL2_RECORDS => deframe(body, Framing::Ssl2, modulus_len),
        reader::JOINER => join(body, modulus_len),
        _ => accept(body, modulus_len),
    }
}

/// What can be read is written again as it was.
fn is_exact(body: &[u8], rewrite: impl Fn(&[u8]) -> Rewritten) {
    if let Ok(rewritten) = rewrite(body) {
        assert_eq!(rewritten, body);
    }
}

fn read_extensions<'a>(extensions: impl Iterator<Item = (ExtensionType, &'a [u8])>) {
    for (_, body) in extensions {
        read_each_extension(body);
    }
}

/// Whatever its type is.
fn read_each_extension(body: &[u8]) {
    is_exact(body, rewrite_protocol_names);
    is_exact(body, rewrite_renegotiated_connection);
    is_exact(body, rewrite_signature_algorithms);
    is_exact(body, rewrite_max_fragment_length);
    is_exact(body, rewrite_record_size_limit);
    if let Ok(Some(name)) = extension::read_server_name(body) {
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()), "{name}");
    }
    if let Ok(name) = extension::read_chosen_protocol(body) {
        assert!(!name.is_empty());
    }
    let flag = extension::read_flag("flag", body);
    assert_eq!(flag.is_ok(), body.is_empty());
}

/// The same records and the same end come out however the bytes are cut, and they are what went in,
/// one right behind the other.
fn deframe(bytes: &[u8], framing: Framing, cut: usize) {
    let whole = deframed(bytes, framing, bytes.len().max(1));
    assert_eq!(whole, deframed(bytes, framing, cut.max(1)));
    let (records, end) = whole;
    let mut came = bytes;
    for (header_len, fragment) in &records {
        let (header, rest) = came.split_at(*header_len);
        let len = match *header {
            [_, _, _, high, low] => [high, low],
            [high, low] => [high & 0x7f, low],
            [high, low, _padding] => [high & 0x3f, low],
            _ => panic!("no header has {header_len} bytes"),
        };
        let (record, rest) = rest.split_at(u16::from_be_bytes(len).into());
        assert_eq!(record, fragment);
        came = rest;
    }
    if let Ok(unread) = end {
        assert_eq!(unread, came);
    }
}

/// The lengths of the headers, and the fragments; and what is left of a record that is not whole.
type Deframed = (Vec<(usize, Vec<u8>)>, Result<Vec<u8>, Error>);

fn deframed(bytes: &[u8], mut framing: Framing, cut: usize) -> Deframed {
    let mut deframer = Deframer::default();
    let mut records = Vec::new();
    for mut piece in bytes.chunks(cut) {
        while !piece.is_empty() {
            deframer.check_room().expect("records were taken out");
            let read = deframer.read(&mut piece).expect("a slice can be read");
            assert!(read > 0, "there was room");
            loop {
                match deframer.next_record(framing) {
                    Ok(None) => break,
                    Ok(Some(Framed::Ssl3(record))) => {
                        records.push((5, record.fragment.to_vec()));
                        if framing == Framing::Unknown {
                            framing = Framing::Ssl3(None);
                        }
                    }
                    Ok(Some(Framed::Ssl2(record))) => {
                        assert!(record.header.padding() <= record.fragment.len());
                        let header_len = record.header.header_len();
                        records.push((header_len, record.fragment.to_vec()));
                        framing = Framing::Ssl2;
                    }
                    Err(error) => return (records, Err(error)),
                }
            }
        }
    }
    assert!(deframer.memory() <= 32_769);
    (records, Ok(deframer.unread().to_vec()))
}

/// The same messages come out however the bytes are cut, and together they are what went in.
fn join(bytes: &[u8], cut: usize) {
    let whole = handshake_messages(bytes, bytes.len().max(1));
    assert_eq!(whole, handshake_messages(bytes, cut.max(1)));
    assert!(bytes.starts_with(&whole.0.concat()));
}

fn handshake_messages(bytes: &[u8], cut: usize) -> (Vec<Vec<u8>>, Option<Error>) {
    let mut joiner = Joiner::default();
    let mut messages = Vec::new();
    for mut piece in bytes.chunks(cut) {
        loop {
            match joiner.next(&mut piece) {
                Ok(Some(message)) => messages.push(message.into_owned()),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        joiner.check_memory();
    }
    (messages, None)
}

/// What is looked at before a config is chosen: the same, however it is cut, and nothing is lost.
fn accept(bytes: &[u8], cut: usize) {
    let whole = accepted(bytes, bytes.len().max(1));
    assert_eq!(whole, accepted(bytes, cut.max(1)));
}

fn accepted(bytes: &[u8], cut: usize) -> Option<Result<String, Error>> {
    let mut acceptor = Acceptor::default();
    let mut fed = 0;
    for mut piece in bytes.chunks(cut) {
        while !piece.is_empty() {
            let before = piece.len();
            acceptor.read_tls(&mut piece).expect("it was processed");
            assert!(piece.len() < before, "there was room");
            fed += before - piece.len();
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => return Some(Ok(format!("{:?}", accepted.client_hello()))),
                Err(error) => {
                    assert_eq!(acceptor.accept().err().as_ref(), Some(&error));
                    assert_eq!(acceptor.into_bytes(), bytes[..fed]);
                    return Some(Err(error));
                }
            }
        }
    }
    assert_eq!(acceptor.into_bytes(), bytes);
    None
}

fn version(byte: u8) -> ProtocolVersion {
    let versions = [
        ProtocolVersion::SSLv3,
        ProtocolVersion::TLSv1_0,
        ProtocolVersion::TLSv1_1,
        ProtocolVersion::TLSv1_2,
    ];
    versions[usize::from(byte) % versions.len()]
}

/// What the first byte says.
pub(super) mod reader {
    pub(in crate::fuzz) const HANDSHAKE: u8 = 0;
    pub(in crate::fuzz) const CLIENT_HELLO: u8 = 1;
    pub(in crate::fuzz) const SERVER_HELLO: u8 = 2;
    pub(in crate::fuzz) const CERTIFICATE: u8 = 3;
    pub(in crate::fuzz) const CERTIFICATE_REQUEST: u8 = 4;
    pub(in crate::fuzz) const CERTIFICATE_VERIFY: u8 = 5;
    pub(in crate::fuzz) const SERVER_KEY_EXCHANGE: u8 = 6;
    pub(in crate::fuzz) const CLIENT_KEY_EXCHANGE: u8 = 7;
    pub(in crate::fuzz) const NEW_SESSION_TICKET: u8 = 8;
    pub(in crate::fuzz) const EXTENSIONS: u8 = 9;
    pub(in crate::fuzz) const SSL2_MESSAGE: u8 = 10;
    pub(in crate::fuzz) const SSL2_CLIENT_HELLO: u8 = 11;
    pub(in crate::fuzz) const SSL2_SERVER_HELLO: u8 = 12;
    pub(in crate::fuzz) const SSL2_CLIENT_MASTER_KEY: u8 = 13;
    pub(in crate::fuzz) const SSL2_FINISHED: u8 = 14;
    pub(in crate::fuzz) const SSL2_CLIENT_AUTHENTICATION: u8 = 15;
    pub(in crate::fuzz) const SSL2_ERROR: u8 = 16;
    pub(in crate::fuzz) const RECORDS: u8 = 17;
    pub(in crate::fuzz) const FIRST_RECORDS: u8 = 18;
    pub(in crate::fuzz) const SSL2_RECORDS: u8 = 19;
    pub(in crate::fuzz) const JOINER: u8 = 20;
    pub(in crate::fuzz) const ACCEPTOR: u8 = 21;
}

const READERS: u8 = reader::ACCEPTOR + 1;
