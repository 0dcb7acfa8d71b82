//! Messages at the edges of what is accepted, and hellos of other implementations.

use crate::error::Malformed;
use crate::message::extension::{self, Extensions, ExtensionsWriter};
use crate::message::*;
use crate::record::HEADER;
use crate::side::Side;
use crate::suite::CipherSuite;
use crate::testing::recordings::Recording;
use crate::testing::vectors::{hex, written};
use crate::version::ProtocolVersion;

#[test]
fn a_session_id_of_33_bytes_is_refused() {
    let read = |session_id: &[u8]| {
        let client = client_hello(|hello| ClientHello {
            session_id,
            ..hello
        });
        let server = server_hello(|hello| ServerHello {
            session_id,
            ..hello
        });
        [
            ClientHello::read(&client).err(),
            ServerHello::read(&server).err(),
        ]
    };
    assert_eq!(read(&[1; 32]), [None; 2]);
    assert_eq!(
        read(&[1; 33]),
        ["ClientHello", "ServerHello"].map(|what| Some(InvalidMessage {
            what,
            problem: Malformed::LengthOutOfRange,
        }))
    );
}

#[test]
fn cipher_suites_are_whole_and_at_least_one() {
    let read = |cipher_suites: &[u8]| {
        let body = client_hello(|hello| ClientHello {
            cipher_suites,
            ..hello
        });
        problem(ClientHello::read(&body))
    };
    assert_eq!(read(&[0, 10]), None);
    for cipher_suites in [&[][..], &[0], &[0, 10, 0]] {
        assert_eq!(read(cipher_suites), Some(Malformed::LengthOutOfRange));
    }
}

#[test]
fn compression_methods_are_at_least_one() {
    let read = |compression_methods: &[u8]| {
        let body = client_hello(|hello| ClientHello {
            compression_methods,
            ..hello
        });
        problem(ClientHello::read(&body))
    };
    assert_eq!(read(&[1, 0]), None);
    assert_eq!(read(&[]), Some(Malformed::LengthOutOfRange));
}

#[test]
fn an_extension_may_not_stand_in_a_hello_twice() {
    assert_eq!(with_extensions([0, 1, 0xff01]), [None; 2]);
    assert_eq!(
        with_extensions([0xff01, 1, 0xff01]),
        [Some(Malformed::DuplicateExtension); 2]
    );
}

#[test]
fn a_hello_has_128_extensions_at_the_most() {
    assert_eq!(with_extensions(0..128), [None; 2]);
    assert_eq!(
        with_extensions(0..129),
        [Some(Malformed::TooManyExtensions); 2]
    );
}

/// RFC 5246 §7.4.1.4 allows it, and it is not the same message as none.
#[test]
fn an_empty_block_of_extensions_is_accepted_and_kept() {
    let mut client = client_hello(|hello| hello);
    client.extend([0, 0]);
    let hello = ClientHello::read(&client).unwrap();
    assert_eq!(hello.extensions().count(), 0);
    assert_eq!(written(|out| hello.write(out)), client);

    let mut server = server_hello(|hello| hello);
    server.extend([0, 0]);
    let hello = ServerHello::read(&server).unwrap();
    assert_eq!(hello.extensions().count(), 0);
    assert_eq!(written(|out| hello.write(out)), server);
}

#[test]
fn bytes_behind_a_message_are_refused() {
    let refused = Some(Malformed::TrailingBytes);
    // Behind an empty block of extensions; without one they would be its length.
    let mut client = client_hello(|hello| hello);
    client.extend([0, 0, 0]);
    assert_eq!(problem(ClientHello::read(&client)), refused);
    let mut server = server_hello(|hello| hello);
    server.extend([0, 0, 0]);
    assert_eq!(problem(ServerHello::read(&server)), refused);

    assert_eq!(problem(Handshake::read(&[14, 0, 0, 0, 0])), refused);
    assert_eq!(problem(Certificate::read(&[0, 0, 0, 0])), refused);
    let exchange = hex("0002 abcd 0001 03 0001 07 00");
    assert_eq!(problem(ServerKeyExchange::read(&exchange)), refused);
    for version in ProtocolVersion::from_ssl3() {
        let (request, verify): (&[u8], &[u8]) = match version {
            ProtocolVersion::TLSv1_2 => (&[1, 1, 0, 2, 4, 1, 0, 0, 0], &[4, 1, 0, 1, 7, 0]),
            _ => (&[1, 1, 0, 0, 0], &[0, 1, 7, 0]),
        };
        assert_eq!(problem(CertificateRequest::read(request, version)), refused);
        assert_eq!(problem(CertificateVerify::read(verify, version)), refused);
        let exchange = problem(ClientKeyExchange::read(&[0, 1, 7, 0], version, 64));
        let has_length = version > ProtocolVersion::SSLv3;
        assert_eq!(exchange, refused.filter(|_| has_length));
    }

    let name = hex("0004 00 0001 61 00");
    assert_eq!(problem(extension::read_server_name(&name)), refused);
    let names = hex("0002 01 61 00");
    assert_eq!(problem(extension::read_protocol_names(&names)), refused);
    let algorithms = hex("0002 0401 00");
    let algorithms = extension::read_signature_algorithms(&algorithms);
    assert_eq!(problem(algorithms), refused);
    let connection = extension::read_renegotiated_connection(&[0, 0]);
    assert_eq!(problem(connection), refused);
    assert_eq!(problem(extension::read_flag("flag", &[0])), refused);
}

#[test]
fn application_protocols_are_at_least_one_and_none_is_empty() {
    let read = |digits| problem(extension::read_protocol_names(&hex(digits)));
    assert_eq!(read("0002 01 61"), None);
    for digits in ["0000", "0001 00", "0003 01 61 00"] {
        assert_eq!(read(digits), Some(Malformed::LengthOutOfRange));
    }
    let chosen = hex("0004 01 61 01 62");
    assert_eq!(
        problem(extension::read_chosen_protocol(&chosen)),
        Some(Malformed::LengthOutOfRange)
    );
}

#[test]
fn server_names_that_could_spoil_a_log_are_refused() {
    for name in [
        "",
        "a\0",
        "a\nb",
        "a\u{1b}[2J",
        "a\u{7f}",
        "a b",
        "b\u{fc}cher",
    ] {
        let body = written(|out| extension::write_server_name(out, name));
        let refused = Some(Malformed::IllegalValue);
        assert_eq!(problem(extension::read_server_name(&body)), refused);
    }
}

#[test]
fn the_first_host_name_counts_and_names_of_other_kinds_do_not() {
    let body = hex("0011 01 0001 78  00 0001 61  00 0001 62  00 0002 0a0a");
    assert_eq!(extension::read_server_name(&body), Ok(Some("a")));
    let body = hex("0004 01 0001 78");
    assert_eq!(extension::read_server_name(&body), Ok(None));
}

#[test]
fn a_finished_has_the_versions_length() {
    let read = |body: &[u8]| problem(Finished::read(body, 12));
    assert_eq!(read(&[7; 12]), None);
    assert_eq!(read(&[7; 13]), Some(Malformed::TrailingBytes));
    for len in 0..12 {
        assert_eq!(read(&vec![7; len]), Some(Malformed::Truncated));
    }
}

#[test]
fn a_chain_has_32_certificates_at_the_most_and_none_is_empty() {
    let read = |certificate_list: Vec<&[u8]>| {
        let body = written(|out| Certificate { certificate_list }.write(out));
        problem(Certificate::read(&body))
    };
    assert_eq!(read(Vec::new()), None);
    assert_eq!(read(vec![&[7]; 32]), None);
    assert_eq!(read(vec![&[7]; 33]), Some(Malformed::TooManyCertificates));
    assert_eq!(
        read(vec![&[7], &[], &[7]]),
        Some(Malformed::LengthOutOfRange)
    );
}

#[test]
fn a_certificate_request_names_a_type_and_at_tls_1_2_an_algorithm() {
    let read = |digits, version| problem(CertificateRequest::read(&hex(digits), version));
    let out_of_range = Some(Malformed::LengthOutOfRange);
    assert_eq!(read("01 01 0000", ProtocolVersion::TLSv1_0), None);
    assert_eq!(read("00 0000", ProtocolVersion::TLSv1_0), out_of_range);
    let tls12 = ProtocolVersion::TLSv1_2;
    assert_eq!(read("01 01 0002 0401 0000", tls12), None);
    assert_eq!(read("01 01 0000 0000", tls12), out_of_range);
    assert_eq!(read("01 01 0003 040104 0000", tls12), out_of_range);
}

/// RFC 2246 §7.4.3, §4.7.
#[test]
fn a_server_key_exchange_is_a_modulus_an_exponent_and_a_signature() {
    let body = hex("0002 abcd 0001 03 0004 51673a7e");
    let params = ServerRsaParams {
        modulus: &[0xab, 0xcd],
        exponent: &[3],
    };
    let message = ServerKeyExchange {
        params,
        signature: &[0x51, 0x67, 0x3a, 0x7e],
    };
    assert_eq!(ServerKeyExchange::read(&body), Ok(message));
    assert_eq!(written(|out| message.write(out)), body);
    assert_eq!(written(|out| params.write(out)), hex("0002 abcd 0001 03"));
}

/// Whether its numbers make a key is asked later, and its length by the message's header.
#[test]
fn a_server_key_exchange_is_of_any_length() {
    let read = |digits| problem(ServerKeyExchange::read(&hex(digits)));
    assert_eq!(read("0000 0000 0000"), None);
    assert_eq!(read("0000 0000 00"), Some(Malformed::Truncated));
    assert_eq!(read("0001 0000 0000"), Some(Malformed::Truncated));
    let long = [0x5a; 0xffff];
    let message = ServerKeyExchange {
        params: ServerRsaParams {
            modulus: &long,
            exponent: &long,
        },
        signature: &long,
    };
    let body = written(|out| message.write(out));
    assert_eq!(ServerKeyExchange::read(&body), Ok(message));
}

/// At SSL 3.0, where it should, it may have one that fits the server's key.
#[test]
fn a_client_key_exchange_at_tls_1_0_may_lack_its_length() {
    let bare = vec![0xab; 128];
    let framed = [&[0, 128][..], &bare].concat();
    let read = |body| -> Vec<Option<usize>> {
        let read_at = |version| {
            ClientKeyExchange::read(body, version, 128)
                .ok()
                .map(|message| message.encrypted_pre_master_secret.len())
        };
        ProtocolVersion::from_ssl3().map(read_at).collect()
    };
    assert_eq!(read(&bare), [Some(128), Some(128), None, None]);
    assert_eq!(read(&framed), [Some(128); 4]);
    let of_another_key = [&[0, 127][..], &bare[1..]].concat();
    assert_eq!(
        read(&of_another_key),
        [Some(129), Some(127), Some(127), Some(127)]
    );
    let of_a_wrong_length = [&[0, 127][..], &bare].concat();
    assert_eq!(read(&of_a_wrong_length), [Some(130), None, None, None]);
}

/// OpenSSL 3.6 with the extensions of TLS 1.2.
#[test]
fn hellos_of_openssl_3_are_read() {
    let recording = Recording::named("tls1.2-TLS_RSA_WITH_AES_128_CBC_SHA-ems-clientauth");

    let record = first_record(&recording, Side::Client);
    let hello = ClientHello::read(Handshake::read(record).unwrap().body).unwrap();
    assert_eq!(hello.client_version(), 0x0303);
    assert_eq!(hello.random()[..4], hex("b67d2124"));
    assert_eq!(hello.session_id(), b"");
    assert!(
        hello
            .cipher_suites()
            .eq([CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA])
    );
    assert_eq!(hello.compression_methods, [0]);
    assert!(hello.extensions().eq([
        (ExtensionType::RENEGOTIATION_INFO, &[0][..]),
        (ExtensionType::SERVER_NAME, b"\0\x0c\0\0\x09localhost"),
        (ExtensionType::EXTENDED_MASTER_SECRET, b""),
        (ExtensionType::SIGNATURE_ALGORITHMS, &[0, 4, 4, 1, 2, 1][..]),
    ]));
    assert_eq!(hello.server_name().as_deref(), Some("localhost"));
    assert_eq!(hello.alpn_protocols().count(), 0);

    let record = first_record(&recording, Side::Server);
    let hello = ServerHello::read(Handshake::read(record).unwrap().body).unwrap();
    assert_eq!(hello.server_version(), 0x0303);
    assert_eq!(hello.random()[..4], hex("2690b1e6"));
    assert_eq!(hello.session_id()[..4], hex("ed85efee"));
    assert_eq!(hello.session_id().len(), 32);
    assert_eq!(
        hello.cipher_suite(),
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA
    );
    assert_eq!(hello.compression_method, 0);
    assert!(hello.extensions().eq([
        (ExtensionType::RENEGOTIATION_INFO, &[0][..]),
        (ExtensionType::EXTENDED_MASTER_SECRET, b""),
    ]));
}

/// OpenSSL 1.0.1e, which signals renegotiation by SCSV and has extensions of its time.
#[test]
fn hellos_of_openssl_1_0_1_are_read() {
    const HEARTBEAT: ExtensionType = ExtensionType(15);
    const NEXT_PROTOCOL_NEGOTIATION: ExtensionType = ExtensionType(0x3374);
    let recording = Recording::named("tls1.1-TLS_RSA_WITH_DES_CBC_SHA");

    let record = first_record(&recording, Side::Client);
    let hello = ClientHello::read(Handshake::read(record).unwrap().body).unwrap();
    assert_eq!(hello.client_version(), 0x0302);
    assert_eq!(hello.random()[..4], hex("6b0317e2"));
    assert_eq!(hello.session_id(), b"");
    assert!(hello.cipher_suites().eq([
        CipherSuite::TLS_RSA_WITH_DES_CBC_SHA,
        CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
    ]));
    assert_eq!(hello.compression_methods, [0]);
    assert!(hello.extensions().eq([
        (ExtensionType::SERVER_NAME, &b"\0\x0c\0\0\x09localhost"[..]),
        (HEARTBEAT, &[1]),
        (NEXT_PROTOCOL_NEGOTIATION, b""),
    ]));
    assert_eq!(hello.server_name().as_deref(), Some("localhost"));

    let record = first_record(&recording, Side::Server);
    let hello = ServerHello::read(Handshake::read(record).unwrap().body).unwrap();
    assert_eq!(hello.server_version(), 0x0302);
    assert_eq!(hello.random()[..4], hex("6b0317e2"));
    assert_eq!(hello.session_id()[..4], hex("46e3264a"));
    assert_eq!(hello.session_id().len(), 32);
    assert_eq!(hello.cipher_suite(), CipherSuite::TLS_RSA_WITH_DES_CBC_SHA);
    assert_eq!(hello.compression_method, 0);
    assert!(hello.extensions().eq([
        (ExtensionType::SERVER_NAME, &[][..]),
        (ExtensionType::RENEGOTIATION_INFO, &[0]),
        (HEARTBEAT, &[1]),
    ]));
}

/// A good ClientHello, changed.
fn client_hello<'a>(change: impl FnOnce(ClientHello<'a>) -> ClientHello<'a>) -> Vec<u8> {
    let hello = change(ClientHello {
        format: HelloFormat::Ssl3,
        client_version: 0x0303,
        random: [0xc1; 32],
        session_id: &[],
        cipher_suites: &[0x00, 0x0a],
        compression_methods: &[0],
        extensions: Extensions::default(),
    });
    written(|out| hello.write(out))
}

/// A good ServerHello, changed.
fn server_hello<'a>(change: impl FnOnce(ServerHello<'a>) -> ServerHello<'a>) -> Vec<u8> {
    let hello = change(ServerHello {
        server_version: 0x0303,
        random: [0x5e; 32],
        session_id: &[],
        cipher_suite: CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA,
        compression_method: 0,
        extensions: Extensions::default(),
    });
    written(|out| hello.write(out))
}

/// What is wrong with a client's and a server's hello that have extensions of these types.
fn with_extensions(kinds: impl IntoIterator<Item = u16>) -> [Option<Malformed>; 2] {
    let mut writer = ExtensionsWriter::default();
    for kind in kinds {
        writer.add(ExtensionType(kind), |_| {});
    }
    let extensions = Extensions::of(&writer);
    let client = client_hello(|hello| ClientHello {
        extensions,
        ..hello
    });
    let server = server_hello(|hello| ServerHello {
        extensions,
        ..hello
    });
    [
        problem(ClientHello::read(&client)),
        problem(ServerHello::read(&server)),
    ]
}

fn problem<T>(read: Result<T, InvalidMessage>) -> Option<Malformed> {
    read.err().map(|invalid| invalid.problem)
}

/// The fragment of the first record that `sender` sent: its hello.
fn first_record(recording: &Recording, sender: Side) -> &[u8] {
    let (_, record) = recording
        .records
        .iter()
        .find(|(side, _)| *side == sender)
        .unwrap();
    &record[HEADER..]
}
