//! The example programs at SSL 2.0, and with cipher suites and kinds by name.

mod pki;
mod programs;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::process::Stdio;

use programs::files::server_certificate;
use programs::{Running, Server, run};
use retrossl::{CipherKind, CipherSuite};

const README: &str = include_str!("../README.md");

/// The certificate of 2048 bits for later versions, the one of 1024 bits for SSL 2.0.
const BOTH: &str =
    "--cert server.pem --key server.key --ssl2-cert client.pem --ssl2-key client.key";
/// The same for SSL 2.0 alone.
const OWN: &str = "--min ssl2 --max ssl2 --ssl2-cert server.pem --ssl2-key server.key";

#[test]
fn a_server_of_everything_needs_nothing_else() {
    let server = Server::start("--policy everything");
    let lines: Vec<_> = server.before.lines().collect();
    let [later, ssl2] = lines[..] else {
        panic!("{lines:?}");
    };
    let later = later.strip_prefix("fresh certificate, to pin: ").unwrap();
    let prefix = "fresh certificate for SSL 2.0, to pin: ";
    let ssl2 = ssl2.strip_prefix(prefix).unwrap();
    assert_ne!(later, ssl2);
    for (pin, other, options, version) in [
        (later, ssl2, "", "TLSv1.2"),
        (ssl2, later, "--min ssl2 --max ssl2", "SSLv2"),
    ] {
        let expected = format!("version={version} ");
        server
            .client(&format!("localhost:PORT --pin {pin} {options}"))
            .succeeded(&[&expected, "subject=\"CN=localhost\""]);
        assert!(server.line().starts_with(&expected));
        server
            .client(&format!("localhost:PORT --pin {other} {options}"))
            .failed(&["it is not pinned", pin]);
        server.line();
    }
}

#[test]
fn only_what_is_allowed_has_a_certificate() {
    for (options, expected) in [
        ("", &["fresh certificate, to pin: "][..]),
        (
            "--min ssl2",
            &[
                "fresh certificate, to pin: ",
                "fresh certificate for SSL 2.0, to pin: ",
            ],
        ),
        (
            "--min ssl2 --max ssl2",
            &["fresh certificate for SSL 2.0, to pin: "],
        ),
        (
            "--suites SSL_CK_RC4_128_WITH_MD5",
            &["fresh certificate for SSL 2.0, to pin: "],
        ),
        (
            "--policy everything --suites TLS_RSA_WITH_RC4_128_MD5",
            &["fresh certificate, to pin: "],
        ),
        (
            "--min ssl2 --cert server.pem --key server.key",
            &["fresh certificate for SSL 2.0, to pin: "],
        ),
        (OWN, &[]),
    ] {
        let server = Server::start(options);
        let lines: Vec<_> = server.before.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{options}: {lines:?}");
        for (line, start) in lines.iter().zip(expected) {
            assert!(line.starts_with(start), "{options}: {line}");
        }
    }
}

/// The rule for versions where suites and kinds are named, and how the client begins.
#[test]
fn what_is_named_decides_about_ssl2() {
    let server = Server::start(&format!("--policy everything {BOTH}"));
    for (options, version, suite) in [
        ("", "TLSv1.2", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
        (
            "--policy everything",
            "TLSv1.2",
            "TLS_RSA_WITH_AES_256_GCM_SHA384",
        ),
        ("--min ssl2", "TLSv1.2", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
        (
            "--hello ssl2 --max tls1.0",
            "TLSv1.0",
            "TLS_RSA_WITH_AES_256_CBC_SHA",
        ),
        (
            "--policy everything --max ssl2",
            "SSLv2",
            "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
        ),
        (
            "--min ssl2 --max ssl2 --hello ssl3",
            "SSLv2",
            "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
        ),
        (
            "--suites SSL_CK_RC4_128_EXPORT40_WITH_MD5",
            "SSLv2",
            "SSL_CK_RC4_128_EXPORT40_WITH_MD5",
        ),
        (
            "--policy strict --suites 0x060040,ssl_ck_rc4_128_with_md5",
            "SSLv2",
            "SSL_CK_DES_64_CBC_WITH_MD5",
        ),
        (
            "--suites SSL_CK_RC4_128_WITH_MD5,TLS_RSA_EXPORT_WITH_RC4_40_MD5",
            "TLSv1.0",
            "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
        ),
        (
            "--max ssl2 --suites SSL_CK_RC4_128_WITH_MD5,TLS_RSA_EXPORT_WITH_RC4_40_MD5",
            "SSLv2",
            "SSL_CK_RC4_128_WITH_MD5",
        ),
        (
            "--policy everything --suites TLS_RSA_WITH_DES_CBC_SHA",
            "TLSv1.1",
            "TLS_RSA_WITH_DES_CBC_SHA",
        ),
        (
            "--suites SSL_RSA_FIPS_WITH_DES_CBC_SHA",
            "SSLv3",
            "SSL_RSA_FIPS_WITH_DES_CBC_SHA",
        ),
    ] {
        let text = server
            .client(&format!("localhost:PORT --insecure {options}"))
            .succeeded(&[]);
        let expected = format!("version={version} suite={suite} ");
        let line = server.line();
        assert!(text.starts_with(&expected), "{options}: {text}");
        assert!(line.starts_with(&expected), "{options}: {line}");
        assert!(line.ends_with(" result=ok"), "{options}: {line}");
        assert_eq!(text.contains(" kinds="), version == "SSLv2", "{text}");
    }
    // A suite that encrypts nothing has to be named by both.
    let null = "--suites TLS_RSA_WITH_NULL_SHA";
    let insecure = format!("localhost:PORT --insecure --get / {null}");
    server
        .client(&insecure)
        .failed(&["alert received: handshake_failure"]);
    Server::start(null).client(&insecure).succeeded(&[
        "version=TLSv1.2 suite=TLS_RSA_WITH_NULL_SHA ",
        "\nstrength                0 bits\n",
    ]);
}

#[test]
fn what_contradicts_itself_is_refused_with_a_way_out() {
    let kinds = "--suites SSL_CK_RC4_128_WITH_MD5";
    let suites = "--suites TLS_RSA_WITH_RC4_128_MD5";
    for (options, expected) in [
        (
            format!("--min tls1.0 {kinds}"),
            "SSL_CK_RC4_128_WITH_MD5 is of SSL 2.0, and --min asks for newer versions; --min ssl2 \
             allows it",
        ),
        (
            format!("--max tls1.0 {kinds}"),
            "--suites names cipher kinds alone, and --max asks for versions after SSL 2.0; name \
             suites for those, too, or --max ssl2",
        ),
        (
            format!("--min ssl2 {suites}"),
            "--suites names no cipher kind, and --min or --max asks for SSL 2.0, which has no \
             other suites; name some (SSL_CK_…), or a newer version",
        ),
        (
            "--max ssl2".to_owned(),
            "--max SSLv2 is older than what is allowed without --min, SSLv3 and later: add --min \
             SSLv2",
        ),
        (
            "--suites 0x050080".to_owned(),
            "the policy names the cipher kind 0x050080, which this crate does not have",
        ),
    ] {
        for program in [
            "client localhost:1 --insecure",
            "server --listen 127.0.0.1:0",
        ] {
            let (program, args) = program.split_once(' ').unwrap();
            let text = run(program, &format!("{args} {options}")).failed(&[]);
            assert_eq!(text, format!("{program}: {expected}\n"));
        }
    }
    for (program, option) in [
        ("client localhost:1 --insecure", "--renegotiate"),
        ("server --listen 127.0.0.1:0", "--renegotiate-every 1000"),
        ("server --listen 127.0.0.1:0", "--accept-renegotiation"),
    ] {
        let (program, args) = program.split_once(' ').unwrap();
        let expected = format!(
            "{program}: only SSL 2.0 is allowed, which has no renegotiation, and {} asks for it; \
             --max allows newer versions\n",
            option.split(' ').next().unwrap()
        );
        let text = run(program, &format!("{args} {option} {kinds}")).failed(&[]);
        assert_eq!(text, expected);
    }
}

#[test]
fn unknown_names_are_named_with_an_example() {
    for (program, option) in [
        ("client", "localhost:1 --insecure --suites"),
        ("server", "--listen 127.0.0.1:0 --suites"),
        ("ten_steps", "--suite"),
    ] {
        for (what, name, example) in [
            (
                "kind",
                "SSL_CK_IDEA_128_CBC_WITH_MD5",
                "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
            ),
            (
                "suite",
                "TLS_RSA_WITH_IDEA_CBC_SHA",
                "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            ),
        ] {
            run(program, &format!("{option} {name}")).failed(&[
                &format!("unknown cipher {what} {name:?}; "),
                example,
                "; --help lists them all",
            ]);
        }
        let help = run(program, "--help").succeeded(&[]);
        let suites = CipherSuite::all().filter_map(CipherSuite::name);
        let kinds = CipherKind::all().filter_map(CipherKind::name);
        for name in suites.chain(kinds) {
            assert!(help.contains(&format!("\n  {name}\n")), "{name}");
        }
    }
}

#[test]
fn a_servers_certificates_are_each_for_its_versions() {
    let ssl2 = "--ssl2-cert client.pem --ssl2-key client.key";
    for (options, expected) in [
        (
            ssl2.to_owned(),
            "--ssl2-cert is given, and SSL 2.0 is not allowed; --min ssl2 or --policy everything \
             allows it, unless --suites names no cipher kind",
        ),
        (
            format!("--policy everything --suites TLS_RSA_WITH_RC4_128_MD5 {ssl2}"),
            "--ssl2-cert is given, and SSL 2.0 is not allowed; --min ssl2 or --policy everything \
             allows it, unless --suites names no cipher kind",
        ),
        (
            format!("--min ssl2 --max ssl2 {ssl2} --cert server.pem --key server.key"),
            "only SSL 2.0 is allowed, which has a certificate of its own: --ssl2-cert and \
             --ssl2-key, in place of --cert and --key, name it",
        ),
        (
            "--min ssl2 --cert server.pem --key server.key --ssl2-cert server.pem --ssl2-key \
             server.key"
                .to_owned(),
            "the certificate for SSL 2.0 has the same key as the one for later versions: who \
             breaks SSL 2.0 could then break those, too (DROWN); give it a key of its own",
        ),
        (
            "--min ssl2 --max ssl2 --ssl2-cert chain.pem --ssl2-key server.key".to_owned(),
            "--ssl2-cert has 2 certificates, and SSL 2.0 sends one: leave the others out; who \
             issued it has to be among the clients' roots",
        ),
    ] {
        let text = run("server", &format!("--listen 127.0.0.1:0 {options}")).failed(&[]);
        assert_eq!(text, format!("server: {expected}\n"));
    }
    for (one, other) in [
        ("--ssl2-cert client.pem", "--ssl2-key <PEM>"),
        ("--ssl2-key client.key", "--ssl2-cert <PEM>"),
    ] {
        let options = format!("--listen 127.0.0.1:0 --min ssl2 {one}");
        run("server", &options).failed(&["required arguments were not provided", other]);
    }
}

#[test]
fn certificates_are_verified_as_at_later_versions() {
    let server = Server::start(OWN);
    let client = |options: &str| {
        let client = server.client(&format!("localhost:PORT --min ssl2 --max ssl2 {options}"));
        (client, server.line())
    };
    let (verified, line) = client("--ca ca.pem --crl clean-crl.pem --get /");
    verified.succeeded(&[
        "version=SSLv2 suite=SSL_CK_DES_192_EDE3_CBC_WITH_MD5 resumed=no renegotiated=0 \
         subject=\"CN=server\" certificate=not-asked kinds=SSL_CK_DES_192_EDE3_CBC_WITH_MD5,\
         SSL_CK_RC4_128_WITH_MD5,SSL_CK_RC2_128_CBC_WITH_MD5,SSL_CK_DES_64_CBC_WITH_MD5\n",
        "\nHTTP/1.0 200 OK\r\n",
        "\nstrength                112 bits\n",
        "</body></html>\n",
    ]);
    assert!(line.ends_with(" sni=- result=ok"), "{line}");
    for (options, problem) in [
        ("--ca strangers.pem", "is neither among the roots nor"),
        (
            "--ca ca.pem --crl revoking-crl.pem",
            "its issuer revoked it on 2024-04-15",
        ),
    ] {
        let (refused, line) = client(options);
        refused.failed(&[problem, "(error sent: BAD-CERTIFICATE-ERROR)"]);
        let received = "(error received: BAD-CERTIFICATE-ERROR)";
        assert!(line.ends_with(received), "{line}");
    }
}

#[test]
fn client_certificates_are_asked_for_and_sent() {
    let identity = "--cert client.pem --key client.key";
    let optional = Server::start(&format!("--echo {OWN} --client-ca ca.pem"));
    let required = Server::start(&format!("{OWN} --client-ca ca.pem --require-client-cert"));
    let ssl2 = "localhost:PORT --ca ca.pem --min ssl2 --max ssl2";
    optional
        .client(&format!("{ssl2} {identity} --reconnect --send text"))
        .succeeded(&[
            " resumed=no renegotiated=0 subject=\"CN=server\" certificate=sent kinds=SSL_CK_",
            " resumed=id renegotiated=0 subject=\"CN=server\" certificate=not-asked kinds=-\ntext",
        ]);
    for resumed in ["no", "id"] {
        let line = optional.line();
        let expected = format!(" resumed={resumed} renegotiated=0 subject=\"CN=somebody\" ");
        assert!(line.contains(&expected), "{line}");
        assert!(line.ends_with(" result=ok"), "{line}");
    }
    optional
        .client(ssl2)
        .succeeded(&[" certificate=not-sent kinds="]);
    assert!(optional.line().contains(" subject=- "));
    required
        .client(&format!("{ssl2} {identity}"))
        .succeeded(&[" certificate=sent kinds="]);
    required.line();
    required
        .client(ssl2)
        .failed(&["(error received: BAD-CERTIFICATE-ERROR)"]);
    let line = required.line();
    let expected = "no certificate, and one is required (error sent: BAD-CERTIFICATE-ERROR)";
    assert!(line.ends_with(expected), "{line}");
}

#[test]
fn a_session_is_not_resumed_where_that_is_switched_off() {
    for (server, client) in [("--no-session-ids", ""), ("", "--no-session-ids")] {
        let server = Server::start(&format!("{OWN} {server}"));
        let options = format!("localhost:PORT --insecure --min ssl2 --reconnect {client}");
        let text = server.client(&options).succeeded(&[]);
        assert_eq!(text.matches(" resumed=no ").count(), 2, "{text}");
    }
}

#[test]
fn a_server_says_why_it_does_not_renegotiate() {
    let server = Server::start(&format!(
        "--policy everything {BOTH} --renegotiate-every 10"
    ));
    server
        .client("localhost:PORT --insecure --min ssl2 --max ssl2 --get /")
        .succeeded(&["</body></html>\n"]);
    let line = server.line();
    let expected = " result=ok (not renegotiated: SSL 2.0 has no renegotiation)";
    assert!(line.ends_with(expected), "{line}");
}

#[test]
fn a_trace_shows_the_messages() {
    let server = Server::start(OWN);
    let text = server
        .client("localhost:PORT --insecure --min ssl2 --trace")
        .succeeded(&[]);
    let shown: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix(">>> ").or(line.strip_prefix("<<< ")))
        .filter_map(|line| line.split(", ").next())
        .collect();
    let expected = [
        "SSL 2.0 1 CLIENT-HELLO",
        "SSL 2.0 4 SERVER-HELLO",
        "SSL 2.0 2 CLIENT-MASTER-KEY",
        "SSL 2.0 3 CLIENT-FINISHED",
        "SSL 2.0 5 SERVER-VERIFY",
        "SSL 2.0 6 SERVER-FINISHED",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn sides_with_nothing_in_common_say_what_to_do() {
    let server = Server::start(OWN);
    server
        .client("localhost:PORT --insecure")
        .failed(&["(alert received: protocol_version)"]);
    server.line();
    server
        .client("localhost:PORT --insecure --suites SSL_CK_RC4_128_EXPORT40_WITH_MD5")
        .failed(&[
            "(error received: NO-CIPHER-ERROR); --suites and --policy offer other cipher kinds\n",
        ]);
    let line = server.line();
    assert!(line.ends_with("(error sent: NO-CIPHER-ERROR)"), "{line}");
    // Other servers list what they have, whatever the client has.
    let kinds = [[0x02, 0x00, 0x80], [0x05, 0x00, 0x80]].concat();
    let allows = "; --min ssl2 --hello ssl2 allows it\n";
    for (options, expected) in [
        (
            "--min ssl2 --max ssl2",
            "(error sent: NO-CIPHER-ERROR); the server lists \
             SSL_CK_RC4_128_EXPORT40_WITH_MD5,0x050080, and --suites names what is wanted\n",
        ),
        ("", allows),
        ("--policy everything", allows),
        ("--min ssl2 --hello ssl3", allows),
    ] {
        let (error, _) = answered(options, &server_hello(&kinds));
        assert!(error.ends_with(expected), "{options}: {error}");
    }
}

#[test]
fn a_client_begins_as_it_is_told() {
    let ssl3 = 0x16;
    for (options, first) in [
        ("", ssl3),
        ("--policy everything", ssl3),
        ("--min ssl2 --hello ssl3", ssl3),
        ("--min ssl2", 0x80),
        ("--hello ssl2", 0x80),
        ("--policy strict --hello ssl2", 0x80),
        (
            "--suites SSL_CK_RC4_128_WITH_MD5,TLS_RSA_WITH_RC4_128_MD5",
            0x80,
        ),
        ("--suites SSL_CK_RC4_128_WITH_MD5 --hello ssl3", 0x80),
    ] {
        let (_, hello) = answered(options, &[]);
        assert_eq!(hello.first(), Some(&first), "{options}");
    }
}

#[test]
fn the_readme_shows_the_status_line() {
    let options = "localhost:PORT --insecure --suites \
                   SSL_CK_RC4_128_WITH_MD5,SSL_CK_DES_64_CBC_WITH_MD5";
    let server = Server::start("--policy everything");
    let status = server.client(options).succeeded(&[]);
    assert!(
        README.contains(&format!("```text\n{status}```")),
        "{status}"
    );
    let command = options.replace("PORT", "4433");
    assert!(README.contains(&format!("--example client -- {command}\n")));
}

/// What a client says that gets `answer` to its hello and then nothing more, and the hello.
fn answered(options: &str, answer: &[u8]) -> (String, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = format!("localhost:{port} --insecure {options}");
    let client = Running::start("client", &options, Stdio::piped(), Stdio::piped());
    let (mut tcp, _) = listener.accept().unwrap();
    let mut hello = vec![0; 1024];
    let len = tcp.read(&mut hello).unwrap();
    hello.truncate(len);
    tcp.write_all(answer).unwrap();
    tcp.shutdown(Shutdown::Write).unwrap();
    let text = client.finish().failed(&[]);
    (text, hello)
}

/// A record with a SERVER-HELLO that lists `kinds`.
fn server_hello(kinds: &[u8]) -> Vec<u8> {
    let certificate = server_certificate();
    let len = |field: &[u8]| (field.len() as u16).to_be_bytes();
    let connection_id = [9; 16];
    let message = [
        &[4, 0, 1, 0, 2][..],
        &len(&certificate),
        &len(kinds),
        &len(&connection_id),
        &certificate,
        kinds,
        &connection_id,
    ]
    .concat();
    let header = 0x8000 | message.len() as u16;
    [&header.to_be_bytes()[..], &message].concat()
}
