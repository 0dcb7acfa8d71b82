//! Messages at the edges of what is accepted, byte by byte.

use crate::cipher_kind::CipherKind;
use crate::message::ssl2::*;
use crate::suite::CipherSuite;
use crate::testing::vectors::{hex, written};

const OUT_OF_RANGE: Option<Malformed> = Some(Malformed::LengthOutOfRange);

#[test]
fn message_types_and_errors_have_the_specifications_numbers_and_names() {
    let names = (0..10).map(|number| Ssl2MessageType(number).to_string());
    assert!(names.eq([
        "ERROR",
        "CLIENT-HELLO",
        "CLIENT-MASTER-KEY",
        "CLIENT-FINISHED",
        "SERVER-HELLO",
        "SERVER-VERIFY",
        "SERVER-FINISHED",
        "REQUEST-CERTIFICATE",
        "CLIENT-CERTIFICATE",
        "SSL 2.0 handshake message 9",
    ]));
    let names = (1..7).map(|number| Ssl2Error(number).to_string());
    assert!(names.eq([
        "NO-CIPHER-ERROR",
        "NO-CERTIFICATE-ERROR",
        "SSL 2.0 error 3",
        "BAD-CERTIFICATE-ERROR",
        "SSL 2.0 error 5",
        "UNSUPPORTED-CERTIFICATE-TYPE-ERROR",
    ]));
}

#[test]
fn a_client_hello_is_read_field_by_field() {
    let encoded = hex("01 0002 0006 0010 0010  010080 0700c0
         5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e  c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1");
    let message = Message::read(&encoded).unwrap();
    assert_eq!(message.kind, Ssl2MessageType::CLIENT_HELLO);
    assert_eq!(message.encoded, encoded);
    let hello = ClientHello::read(message.body).unwrap();
    assert_eq!(hello.version, 0x0002);
    assert!(hello.cipher_kinds().eq([
        CipherKind::SSL_CK_RC4_128_WITH_MD5,
        CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5,
    ]));
    assert_eq!(
        crate::message::ClientHello::of_ssl2(&hello)
            .cipher_suites()
            .count(),
        0
    );
    assert_eq!(hello.session_id, [0x5e; 16]);
    assert_eq!(hello.challenge, [0xc1; 16]);
}

/// As clients sent it that spoke TLS 1.0 and SSL 2.0 (RFC 5246 appendix E.2).
#[test]
fn a_client_hello_names_suites_and_a_random_of_ssl_3_0() {
    let body = hex("0301 000c 0000 0010  000004 010080 00000a 0000ff
         000102030405060708090a0b0c0d0e0f");
    let hello = ClientHello::read(&body).unwrap();
    assert_eq!(hello.version, 0x0301);
    assert!(
        crate::message::ClientHello::of_ssl2(&hello)
            .cipher_suites()
            .eq([
                CipherSuite::TLS_RSA_WITH_RC4_128_MD5,
                CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA,
                CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
            ])
    );
    assert_eq!(hello.cipher_kinds().count(), 4);
    assert_eq!(
        hello.random()[..],
        hex("00000000000000000000000000000000 000102030405060708090a0b0c0d0e0f")
    );
    let challenge: Vec<u8> = (1..=32).collect();
    let hello = ClientHello {
        challenge: &challenge,
        ..hello
    };
    assert_eq!(hello.random()[..], challenge);
}

#[test]
fn a_server_hello_is_read_field_by_field() {
    let encoded = hex("04 00 01 0002 0004 0003 0010  30020500 010080
         cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
    let message = Message::read(&encoded).unwrap();
    assert_eq!(message.kind, Ssl2MessageType::SERVER_HELLO);
    let hello = ServerHello::read(message.body).unwrap();
    assert!(!hello.session_id_hit);
    assert_eq!(hello.certificate_type, X509_CERTIFICATE);
    assert_eq!(hello.version, 0x0002);
    assert_eq!(hello.certificate, hex("30020500"));
    let kinds = hello.cipher_kinds();
    assert!(kinds.eq([CipherKind::SSL_CK_RC4_128_WITH_MD5]));
    assert_eq!(hello.connection_id, [0xcd; 16]);
}

#[test]
fn a_client_master_key_is_read_field_by_field() {
    let encoded = hex("02 040080 000b 0004 0008  0101010101010101010101 02020202
         0303030303030303");
    let message = Message::read(&encoded).unwrap();
    assert_eq!(message.kind, Ssl2MessageType::CLIENT_MASTER_KEY);
    let message = ClientMasterKey::read(message.body).unwrap();
    let kind = CipherKind::SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5;
    assert_eq!(message.cipher_kind, kind);
    assert_eq!(message.clear_key, [1; 11]);
    assert_eq!(message.encrypted_key, [2; 4]);
    assert_eq!(message.key_arg, [3; 8]);
}

#[test]
fn client_authentication_and_errors_are_read_field_by_field() {
    let encoded = hex("07 01 cccccccccccccccccccccccccccccccc");
    let message = Message::read(&encoded).unwrap();
    assert_eq!(message.kind, Ssl2MessageType::REQUEST_CERTIFICATE);
    let message = RequestCertificate::read(message.body).unwrap();
    assert_eq!(message.authentication_type, MD5_WITH_RSA_ENCRYPTION);
    assert_eq!(message.challenge, [0xcc; 16]);

    let encoded = hex("08 01 0004 0002  30020500 5151");
    let message = Message::read(&encoded).unwrap();
    assert_eq!(message.kind, Ssl2MessageType::CLIENT_CERTIFICATE);
    let message = ClientCertificate::read(message.body).unwrap();
    assert_eq!(message.certificate_type, X509_CERTIFICATE);
    assert_eq!(message.certificate, hex("30020500"));
    assert_eq!(message.response, hex("5151"));

    let encoded = hex("00 0002");
    let message = Message::read(&encoded).unwrap();
    assert_eq!(message.kind, Ssl2MessageType::ERROR);
    let message = ErrorMessage::read(message.body).unwrap();
    assert_eq!(message.code, Ssl2Error::NO_CERTIFICATE);
}

#[test]
fn a_message_has_a_type() {
    assert_eq!(problem(Message::read(&[])), Some(Malformed::Truncated));
    assert!(Message::read(&[0]).unwrap().body.is_empty());
}

#[test]
fn cipher_specs_are_whole_and_a_client_has_one() {
    for (cipher_specs, of_client, of_server) in [
        (&[][..], OUT_OF_RANGE, None),
        (&[1, 0, 0x80], None, None),
        (&[1], OUT_OF_RANGE, OUT_OF_RANGE),
        (&[1, 0], OUT_OF_RANGE, OUT_OF_RANGE),
        (&[1, 0, 0x80, 0], OUT_OF_RANGE, OUT_OF_RANGE),
    ] {
        let hello = client_hello(|hello| ClientHello {
            cipher_specs,
            ..hello
        });
        assert_eq!(problem(ClientHello::read(&hello)), of_client);
        let hello = server_hello(|hello| ServerHello {
            cipher_specs,
            ..hello
        });
        assert_eq!(problem(ServerHello::read(&hello)), of_server);
    }
}

#[test]
fn a_client_offers_a_session_id_of_16_bytes_or_none() {
    for len in 0..=33 {
        let session_id = vec![7; len];
        let hello = client_hello(|hello| ClientHello {
            session_id: &session_id,
            ..hello
        });
        let expected = OUT_OF_RANGE.filter(|_| ![0, 16].contains(&len));
        assert_eq!(problem(ClientHello::read(&hello)), expected, "{len}");
    }
}

#[test]
fn challenges_and_connection_ids_have_16_to_32_bytes() {
    for len in 0..=34 {
        let field = &vec![7; len][..];
        let client = client_hello(|hello| ClientHello {
            challenge: field,
            ..hello
        });
        let server = server_hello(|hello| ServerHello {
            connection_id: field,
            ..hello
        });
        let request = [&[MD5_WITH_RSA_ENCRYPTION][..], field].concat();
        let problems = [
            problem(ClientHello::read(&client)),
            problem(ServerHello::read(&server)),
            problem(ClientFinished::read(field)),
            problem(ServerVerify::read(field)),
            problem(RequestCertificate::read(&request)),
        ];
        let expected = OUT_OF_RANGE.filter(|_| !(16..=32).contains(&len));
        assert_eq!(problems, [expected; 5], "{len}");
    }
    let truncated = Some(Malformed::Truncated);
    assert_eq!(problem(RequestCertificate::read(&[])), truncated);
}

#[test]
fn a_hit_comes_without_certificate_and_kinds() {
    let read = |certificate_type, certificate: &[u8], cipher_specs: &[u8]| {
        let mut hello = server_hello(|hello| ServerHello {
            session_id_hit: true,
            certificate_type,
            certificate,
            cipher_specs,
            ..hello
        });
        let of_one = problem(ServerHello::read(&hello));
        // Any number but 0 is a hit.
        hello[0] = 0xff;
        assert_eq!(problem(ServerHello::read(&hello)), of_one);
        of_one
    };
    assert_eq!(read(0, &[], &[]), None);
    assert_eq!(read(X509_CERTIFICATE, &[], &[]), None);
    assert_eq!(read(0, &[0x30], &[]), OUT_OF_RANGE);
    assert_eq!(read(0, &[], &[1, 0, 0x80]), OUT_OF_RANGE);
}

#[test]
fn a_client_master_key_has_its_kinds_lengths() {
    for kind in CipherKind::all() {
        let row = kind.row().unwrap();
        for clear_len in 0..=17 {
            for key_arg_len in 0..=17 {
                let message = ClientMasterKey {
                    cipher_kind: kind,
                    clear_key: &vec![1; clear_len],
                    encrypted_key: &[2; 64],
                    key_arg: &vec![3; key_arg_len],
                };
                let body = written(|out| message.write(out));
                let good = clear_len == row.clear_len && key_arg_len == row.key_arg_len();
                let expected = OUT_OF_RANGE.filter(|_| !good);
                let problem = problem(ClientMasterKey::read(&body));
                assert_eq!(problem, expected, "{kind} {clear_len} {key_arg_len}");
            }
        }
    }
}

#[test]
fn bytes_behind_a_message_are_refused() {
    let refused = Some(Malformed::TrailingBytes);
    let behind = |mut body: Vec<u8>| {
        body.push(0);
        body
    };
    let hello = behind(client_hello(|hello| hello));
    assert_eq!(problem(ClientHello::read(&hello)), refused);
    let hello = behind(server_hello(|hello| hello));
    assert_eq!(problem(ServerHello::read(&hello)), refused);
    let message = hex("010080 0000 0001 0000 02  00");
    assert_eq!(problem(ClientMasterKey::read(&message)), refused);
    let message = hex("01 0001 0001 30 51  00");
    assert_eq!(problem(ClientCertificate::read(&message)), refused);
    let message = hex("0001  00");
    assert_eq!(problem(ErrorMessage::read(&message)), refused);
}

/// Each length in turn says more than there is.
#[test]
fn lengths_that_say_too_much_are_refused() {
    let refused = Some(Malformed::Truncated);
    for place in [2, 4, 6] {
        let mut hello = client_hello(|hello| hello);
        hello[place] = 0xff;
        assert_eq!(problem(ClientHello::read(&hello)), refused, "{place}");
    }
    for place in [4, 6, 8] {
        let mut hello = server_hello(|hello| hello);
        hello[place] = 0xff;
        assert_eq!(problem(ServerHello::read(&hello)), refused, "{place}");
    }
    for place in [3, 5, 7] {
        let mut message = hex("010080 0000 0001 0000 02");
        message[place] = 0xff;
        assert_eq!(problem(ClientMasterKey::read(&message)), refused, "{place}");
    }
    for place in [1, 3] {
        let mut message = hex("01 0001 0001 30 51");
        message[place] = 0xff;
        assert_eq!(
            problem(ClientCertificate::read(&message)),
            refused,
            "{place}"
        );
    }
}

/// A good CLIENT-HELLO, changed.
fn client_hello<'a>(change: impl FnOnce(ClientHello<'a>) -> ClientHello<'a>) -> Vec<u8> {
    let hello = change(ClientHello {
        version: 0x0002,
        cipher_specs: &[0x07, 0x00, 0xc0],
        session_id: &[],
        challenge: &[0xc1; 16],
    });
    written(|out| hello.write(out))
}

/// A good SERVER-HELLO, changed.
fn server_hello<'a>(change: impl FnOnce(ServerHello<'a>) -> ServerHello<'a>) -> Vec<u8> {
    let hello = change(ServerHello {
        session_id_hit: false,
        certificate_type: X509_CERTIFICATE,
        version: 0x0002,
        certificate: &[0x30, 0x00],
        cipher_specs: &[0x07, 0x00, 0xc0],
        connection_id: &[0xcd; 16],
    });
    written(|out| hello.write(out))
}

fn problem<T>(read: Result<T, InvalidMessage>) -> Option<Malformed> {
    read.err().map(|invalid| invalid.problem)
}
