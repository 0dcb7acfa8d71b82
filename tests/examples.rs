//! The example programs, run as a user runs them.

mod pki;
mod programs;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use programs::files::{folder, server_certificate};
use programs::{Running, Server, nobody, run};
use retrossl::{
    CipherSuite, ClientConfig, ClientConnection, CommonNameFallback, Fingerprint, HashAlgorithm,
    PinnedCertificates, Policy, ProtocolVersion, StreamOwned, Version1Certificates,
};

const README: &str = include_str!("../README.md");

/// Each program, its options, and one of them misspelt.
const PROGRAMS: [(&str, &str, &str); 3] = [
    (
        "ten_steps",
        "--version --suite --no-client-certificate --renegotiate --resume --all --help",
        "--versoin",
    ),
    (
        "client",
        "--name --ca --crl --pin --insecure --cert --key --get --send --reconnect --renegotiate \
         --trace --keylog --max-fragment --timeout --no-tickets --no-session-ids --policy --min \
         --max --suites --renegotiation --help",
        "--insecur",
    ),
    (
        "server",
        "--listen --cert --key --client-ca --client-crl --require-client-cert --www --echo \
         --renegotiate-every --accept-renegotiation --max-fragment --timeout --no-tickets \
         --no-session-ids --policy --min --max --suites --renegotiation --help",
        "--requires-client-cert",
    ),
];

#[test]
fn help_names_every_option() {
    for (program, options, _) in PROGRAMS {
        let help = run(program, "--help");
        assert_eq!((help.code, &*help.stderr), (Some(0), ""), "{program}");
        let found: BTreeSet<_> = help
            .stdout
            .lines()
            .map(|line| line.trim_start().trim_start_matches("-h, "))
            .filter(|line| line.starts_with("--"))
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(found, options.split(' ').collect(), "{program}");
        for line in README.lines() {
            let command = format!("cargo run --example {program} -- ");
            let words = line.strip_prefix(&command).unwrap_or("").split(' ');
            let mut named = words.filter(|word| word.starts_with("--"));
            assert!(named.all(|word| found.contains(word)), "README: {line}");
        }
    }
}

#[test]
fn help_says_what_each_preset_accepts() {
    let help = run("client", "--help").succeeded(&[]);
    for (name, policy) in [
        ("strict", Policy::STRICT),
        ("compatible", Policy::COMPATIBLE),
        ("historic", Policy::HISTORIC),
        ("everything", Policy::EVERYTHING),
    ] {
        let preset = help
            .lines()
            .find(|line| line.contains(&format!("- {name}:")));
        let preset = preset.unwrap_or_else(|| panic!("{name} is missing: {help}"));
        let keys = format!("keys from {} bits", policy.smallest_rsa_key());
        let hashes = match policy.allows_certificate_hash(HashAlgorithm::Md5) {
            true => "MD5 and SHA-1 too",
            false => "SHA-2,",
        };
        let version_1 = match policy.accepted_version_1_certificates() {
            Version1Certificates::Refused => "version 3",
            Version1Certificates::ExceptIntermediates => "version 1 too but not in between",
            _ => "version 1 too wherever it stands",
        };
        let names = match policy.common_names() {
            CommonNameFallback::Never => "names in the subjectAltName",
            _ => "common names where there is no subjectAltName",
        };
        for expected in [&*keys, hashes, version_1, names] {
            assert!(preset.contains(expected), "{expected}: {preset}");
        }
    }
}

#[test]
fn unknown_options_get_a_hint() {
    for (program, options, misspelt) in PROGRAMS {
        let result = run(program, misspelt).failed(&[misspelt, "a similar argument exists"]);
        let (_, hint) = result.split_once("exists: '").unwrap();
        let meant = hint.split('\'').next().unwrap();
        assert!(options.split(' ').any(|it| it == meant), "{result}");
    }
}

#[test]
fn ten_steps_shows_ten_steps() {
    let ten = Vec::from_iter(1..=10);
    for (options, expected) in [
        ("", "ten steps: TLSv1.2, TLS_RSA_WITH_AES_256_GCM_SHA384"),
        (
            "--version ssl3",
            "ten steps: SSLv3, TLS_RSA_WITH_AES_256_CBC_",
        ),
        ("--suite TLS_RSA_WITH_DES_CBC_SHA", "ten steps: TLSv1.1, "),
        ("--no-client-certificate", "(not in this handshake)"),
    ] {
        let text = run("ten_steps", options).succeeded(&[expected]);
        assert_eq!(steps_in(&text), ten, "{options}");
        assert!(!text.contains("falls away"), "{options}");
        if options.is_empty() {
            assert!(README.contains(&text), "the README shows it otherwise");
        }
    }
    for options in ["", "--renegotiate", "--resume --no-client-certificate"] {
        let count = ProtocolVersion::all()
            .flat_map(|version| CipherSuite::all().filter(move |suite| suite.exists_at(version)))
            .count();
        let text = run("ten_steps", &format!("--all {options}"))
            .succeeded(&[&format!("{count} of {count} complete")]);
        assert_eq!(text.matches(" result=ok\n").count(), count);
    }
}

#[test]
fn ten_steps_shows_the_eleventh() {
    for options in ["", "--version ssl3", "--no-client-certificate"] {
        let text = run("ten_steps", &format!("{options} --renegotiate")).succeeded(&[]);
        let expected = Vec::from_iter((1..=11).chain([10]));
        assert_eq!(steps_in(&text), expected, "{options}");
        let (_, again) = text.split_once("\n11. ").unwrap();
        let repeated = [
            "HelloRequest ",
            " 1. #",
            " 9. #",
            "ApplicationData",
            "close_notify",
        ];
        let places = repeated.map(|it| again.find(it).expect(it));
        assert!(places.is_sorted(), "{text}");
        for message in ["ClientHello ", "ClientKeyExchange ", "Finished  "] {
            let count = text.matches(message).count() / again.matches(message).count();
            assert_eq!(count, 2, "{message}");
        }
        if options.is_empty() {
            let (step, _) = again.split_once("\n\n").unwrap();
            assert!(README.contains(step), "the README shows it otherwise");
        }
    }
}

#[test]
fn ten_steps_shows_what_falls_away() {
    for options in ["", "--version ssl3", "--suite TLS_RSA_WITH_RC4_128_MD5"] {
        let text = run("ten_steps", &format!("{options} --resume")).succeeded(&[
            "ten steps, abbreviated: ",
            "client resumes the session, by its ID",
        ]);
        assert_eq!(steps_in(&text), Vec::from_iter(1..=10), "{options}");
        assert_eq!(text.matches("(falls away: ").count(), 4, "{options}");
        for (step, next) in [(3, 4), (4, 5), (5, 6), (6, 7)] {
            let (_, text) = text.split_once(&format!("\n {step}. ")).unwrap();
            let (text, _) = text.split_once(&format!("\n {next}. ")).unwrap();
            assert!(text.contains("\n    (falls away: "), "{step}: {text}");
        }
        let (before, after) = text.split_once("\n 9. ").unwrap();
        assert!(before.contains("#5   client → server  ChangeCipherSpec"));
        assert!(after.contains("#3   client ← server  ChangeCipherSpec"));
    }
}

fn steps_in(text: &str) -> Vec<u8> {
    let titles = text.lines().filter_map(|line| line.get(..4));
    titles
        .filter_map(|start| start.strip_suffix(". ")?.trim().parse().ok())
        .collect()
}

/// A client meets a server.
struct Meeting {
    server: &'static str,
    client: &'static str,
    /// On stdout of a client that succeeds, or on stderr of one that fails.
    client_says: Result<&'static [&'static str], &'static [&'static str]>,
    /// In the server's line.
    server_says: &'static [&'static str],
}

const NO_CLIENT_CERTIFICATE: &[&str] = &[
    "resumed=no renegotiated=0 subject=- client=127.0.0.1:",
    " sni=localhost result=ok",
];
const REVOKED: &str = "its issuer revoked it on 2024-04-15";

const MEETINGS: &[Meeting] = &[
    Meeting {
        server: "",
        client: "localhost:PORT --ca ca.pem",
        client_says: Ok(&[
            "version=TLSv1.2 suite=TLS_RSA_WITH_AES_256_GCM_SHA384 resumed=no renegotiated=0 \
             subject=\"CN=server\" certificate=not-asked\n",
        ]),
        server_says: NO_CLIENT_CERTIFICATE,
    },
    Meeting {
        server: "--echo",
        client: "localhost:PORT --insecure --max tls1.0 --send hello",
        client_says: Ok(&["version=TLSv1.0 ", "certificate=not-asked\nhello"]),
        server_says: NO_CLIENT_CERTIFICATE,
    },
    Meeting {
        server: "",
        client: "localhost:PORT --ca strangers.pem",
        client_says: Err(&["CN=Root, is neither among the roots nor", "--pin "]),
        server_says: &["subject=- ", "alert received: unknown_ca"],
    },
    Meeting {
        server: "",
        client: "localhost:PORT --ca ca.pem --crl strangers-crl.pem --crl clean-crl.pem",
        client_says: Ok(&["subject=\"CN=server\" certificate=not-asked\n"]),
        server_says: NO_CLIENT_CERTIFICATE,
    },
    Meeting {
        server: "",
        client: "localhost:PORT --ca ca.pem --crl revoking-crl.pem --crl strangers-crl.pem",
        client_says: Err(&[
            "(CN=server): ",
            REVOKED,
            "alert sent: certificate_revoked)\n",
        ]),
        server_says: &["subject=- ", "alert received: certificate_revoked"],
    },
    Meeting {
        server: "--client-ca ca.pem",
        client: "localhost:PORT --ca ca.pem",
        client_says: Ok(&["subject=\"CN=server\" certificate=not-sent\n"]),
        server_says: NO_CLIENT_CERTIFICATE,
    },
    Meeting {
        server: "--client-ca ca.pem --client-crl clean-crl.pem --client-crl strangers-crl.pem",
        client: "localhost:PORT --ca ca.pem --cert client.pem --key client.key --get /",
        client_says: Ok(&[
            " certificate=sent\nHTTP/1.0 200 OK",
            "client's certificate    CN=somebody\n",
        ]),
        server_says: &[
            "subject=\"CN=somebody\" client=127.0.0.1:",
            " sni=localhost result=ok",
        ],
    },
    Meeting {
        server: "--client-ca ca.pem --client-crl revoking-crl.pem --client-crl strangers-crl.pem",
        client: "localhost:PORT --ca ca.pem --cert client.pem --key client.key",
        client_says: Err(&["alert received: certificate_revoked"]),
        server_says: &["subject=\"CN=somebody\"", "(CN=somebody): ", REVOKED],
    },
    Meeting {
        server: "--client-ca ca.pem",
        client: "localhost:PORT --ca ca.pem --max ssl3",
        client_says: Ok(&["version=SSLv3 ", "certificate=not-sent\n"]),
        server_says: &["version=SSLv3 ", "subject=- ", "sni=- result=ok"],
    },
    Meeting {
        server: "--client-ca ca.pem --require-client-cert",
        client: "localhost:PORT --ca ca.pem",
        client_says: Err(&["alert received: handshake_failure"]),
        server_says: &[
            "subject=- ",
            "no certificate, and one is required (alert sent: ",
        ],
    },
    Meeting {
        server: "--client-ca ca.pem --require-client-cert",
        client: "localhost:PORT --ca ca.pem --cert stranger.pem --key client.key",
        client_says: Err(&["alert received: unknown_ca"]),
        server_says: &[
            "subject=\"CN=stranger\"",
            "CN=Strangers, is neither among the roots",
        ],
    },
];

#[test]
fn clients_meet_servers() {
    for meeting in MEETINGS {
        let server = Server::start(&format!(
            "--cert server.pem --key server.key {}",
            meeting.server
        ));
        let client = server.client(meeting.client);
        match meeting.client_says {
            Ok(expected) => client.succeeded(expected),
            Err(expected) => client.failed(expected),
        };
        let line = server.line();
        let missing = meeting.server_says.iter().find(|it| !line.contains(**it));
        assert_eq!(missing, None, "{}: {line}", meeting.client);
    }
}

#[test]
fn the_readme_shows_the_status_lines() {
    let server = Server::start("");
    let page = server
        .client("localhost:PORT --insecure --max tls1.0 --get /")
        .succeeded(&["HTTP/1.0 200 OK\r\n"]);
    let (status, _) = page.split_once("HTTP/1.0").unwrap();
    assert!(README.contains(status), "{status}");

    let reconnecting = "localhost:PORT --insecure --reconnect";
    let status = server.client(reconnecting).succeeded(&[]);
    assert!(README.contains(&status), "{status}");
}

#[test]
fn a_refusal_names_the_fingerprint_that_pins() {
    let server = Server::start("--cert server.pem --key server.key");
    let text = server
        .client("127.0.0.1:PORT --ca ca.pem")
        .failed(&["it is for localhost, not for 127.0.0.1"]);
    let expected = "; if the server's own certificate, \"CN=server\", is the right one: --pin ";
    let (_, pin) = text.trim_end().split_once(expected).expect(&text);
    assert_eq!(pin, Fingerprint::of(&server_certificate()).to_string());
    let pinned = format!("127.0.0.1:PORT --pin {pin}");
    server
        .client(&pinned)
        .succeeded(&["subject=\"CN=server\" "]);

    let fresh = Server::start("");
    let pin = fresh.before.strip_prefix("fresh certificate, to pin: ");
    let pinned = format!("127.0.0.1:PORT --pin {}", pin.unwrap().trim_end());
    fresh
        .client(&pinned)
        .succeeded(&["subject=\"CN=localhost\" "]);
    server.client(&pinned).failed(&["it is not pinned"]);
}

#[test]
fn only_the_servers_own_certificate_is_to_pin() {
    let pin = Fingerprint::of(&server_certificate()).to_string();
    let chain = Server::start("--cert chain.pem --key server.key");
    let fresh = Server::start("");
    for (server, problem, pin) in [
        (
            &chain,
            "certificate 1 of the chain (CN=Root): it is self-signed",
            &*pin,
        ),
        (
            &fresh,
            "certificate 0 of the chain (CN=localhost): it is self-signed",
            fresh.before.trim_end().rsplit_once(' ').unwrap().1,
        ),
    ] {
        let text = server
            .client("localhost:PORT --ca strangers.pem")
            .failed(&[problem]);
        assert_eq!(text.matches("pin").count(), 1, "{text}");
        assert!(
            text.trim_end().ends_with(&format!(": --pin {pin}")),
            "{text}"
        );
    }
}

#[test]
fn a_second_connection_resumes() {
    for (server, client, word) in [
        ("", "", "ticket"),
        ("--no-session-ids", "", "ticket"),
        ("--no-tickets", "", "id"),
        ("", "--no-tickets --max tls1.0", "id"),
        ("", "--max ssl3", "id"),
        ("", "--max ssl3 --no-session-ids", "no"),
        ("--no-session-ids", "--no-tickets", "no"),
        ("--no-tickets", "--no-session-ids", "no"),
        ("--no-tickets --no-session-ids", "", "no"),
        ("", "--no-tickets --no-session-ids", "no"),
    ] {
        let what = format!("server {server}, client {client}");
        let server = Server::start(&format!("--cert server.pem --key server.key {server}"));
        let text = server
            .client(&format!(
                "localhost:PORT --ca ca.pem --reconnect --get / {client}"
            ))
            .succeeded(&[]);
        for (second, word) in ["no", word].into_iter().enumerate() {
            let lines = text.lines().filter(|line| line.starts_with("version="));
            let status = lines.skip(second).collect::<Vec<_>>();
            assert_eq!(status.len(), 2 - second, "{what}: {text}");
            let expected = format!(" resumed={word} renegotiated=0 subject=");
            let line = server.line();
            assert!(status[0].contains(&expected), "{what}: {}", status[0]);
            assert!(line.contains(&expected), "{what}: {line}");
            assert!(line.ends_with(" result=ok"), "{what}: {line}");
            let page = text.split("HTTP/1.0 200 OK").nth(1 + second).unwrap();
            let row = format!("\nresumed{:<17}{word}\n", "");
            assert!(page.contains(&row), "{what}: {page}");
        }
    }
}

#[test]
fn a_resumed_session_has_its_certificates() {
    let server = Server::start("--echo --cert server.pem --key server.key --client-ca ca.pem");
    let identity = "--cert client.pem --key client.key";
    server
        .client(&format!(
            "localhost:PORT --ca ca.pem {identity} --reconnect --send text"
        ))
        .succeeded(&[
            "resumed=no renegotiated=0 subject=\"CN=server\" certificate=sent\ntext\n",
            "resumed=ticket renegotiated=0 subject=\"CN=server\" certificate=not-asked\ntext\n",
        ]);
    for word in ["no", "ticket"] {
        let expected = format!("resumed={word} renegotiated=0 subject=\"CN=somebody\" ");
        let line = server.line();
        assert!(line.contains(&expected), "{line}");
    }
}

#[test]
fn a_client_renegotiates_before_its_data() {
    let hint = "; many do unless they ask for it themselves; the example `server` accepts it with \
                --accept-renegotiation\n";
    let polite = "refuses to renegotiate (alert received: no_renegotiation)";
    let fatal = "refuses to renegotiate (alert received: handshake_failure)";
    for (server, client, refusal, server_says) in [
        ("--accept-renegotiation", "", None, "result=ok"),
        ("--accept-renegotiation", "--max tls1.0", None, "result=ok"),
        ("--accept-renegotiation", "--max ssl3", None, "result=ok"),
        (
            "--accept-renegotiation --policy strict --renegotiation secure",
            "--policy strict --renegotiation legacy",
            None,
            "result=ok",
        ),
        ("", "", Some(polite), "result=ok"),
        ("", "--max tls1.0", Some(polite), "result=ok"),
        ("--policy strict", "", Some(polite), "result=ok"),
        (
            "",
            "--max ssl3",
            Some(fatal),
            "(alert sent: handshake_failure); --accept-renegotiation allows it",
        ),
    ] {
        let what = format!("server {server}, client {client}");
        let server = Server::start(&format!(
            "--echo --cert server.pem --key server.key {server}"
        ));
        let client = server.client(&format!(
            "localhost:PORT --ca ca.pem --renegotiate --send text {client}"
        ));
        let renegotiated = match refusal {
            None => {
                client.succeeded(&["resumed=no renegotiated=1 ", "\ntext"]);
                " renegotiated=1 "
            }
            Some(refusal) => {
                client.failed(&[refusal, hint]);
                " renegotiated=0 "
            }
        };
        let line = server.line();
        assert!(line.contains(renegotiated), "{what}: {line}");
        assert!(line.ends_with(server_says), "{what}: {line}");
    }
}

#[test]
fn a_session_is_both_resumed_and_renegotiated() {
    let server = Server::start(
        "--echo --accept-renegotiation --cert server.pem --key server.key --client-ca ca.pem",
    );
    let client = "localhost:PORT --ca ca.pem --reconnect --renegotiate --cert client.pem --key \
                  client.key";
    server.client(client).succeeded(&[
        "resumed=no renegotiated=1 ",
        "resumed=ticket renegotiated=1 subject=\"CN=server\" certificate=sent\n",
    ]);
    for word in ["no", "ticket"] {
        let line = server.line();
        let expected = format!(" resumed={word} renegotiated=1 subject=\"CN=somebody\" ");
        assert!(line.contains(&expected), "{line}");
    }
    // At SSL 3.0 nothing ties a resumed session to its first connection.
    let unbound = server.client(&format!("{client} --max ssl3"));
    let lines: Vec<_> = unbound.stdout.lines().collect();
    assert!(
        lines.len() == 1 && lines[0].contains("resumed=no renegotiated=1 "),
        "{lines:?}"
    );
    let cause = "no renegotiation: the connection cannot be renegotiated: the session was resumed";
    assert!(unbound.stderr.contains(cause), "{}", unbound.stderr);
    assert!(
        unbound
            .stderr
            .ends_with("; --renegotiation legacy does it all the same\n")
    );
}

#[test]
fn a_policy_that_never_renegotiates_says_so_at_once() {
    for (program, option) in [
        ("client localhost:1 --insecure", "--renegotiate"),
        ("server --listen 127.0.0.1:0", "--renegotiate-every 1000"),
        ("server --listen 127.0.0.1:0", "--accept-renegotiation"),
    ] {
        for never in ["--policy strict", "--renegotiation never"] {
            let (program, args) = program.split_once(' ').unwrap();
            let expected = format!(
                "{program}: the policy never renegotiates, and {} asks for it; --renegotiation \
                 secure allows it\n",
                option.split(' ').next().unwrap()
            );
            let text = run(program, &format!("{args} {option} {never}")).failed(&[]);
            assert_eq!(text, expected);
        }
    }
}

#[test]
fn a_server_asks_for_new_handshakes_amid_data() {
    let server = Server::start(
        "--echo --cert server.pem --key server.key --renegotiate-every 15000 --policy everything",
    );
    for version in [ProtocolVersion::SSLv3, ProtocolVersion::TLSv1_2] {
        let sent: Vec<u8> = (0..105_000_u32).map(|it| (it % 251) as u8).collect();
        let mut stream = connect(&server, Policy::HISTORIC.versions(version, version));
        for piece in sent.chunks(5000) {
            let mut received = vec![0; piece.len()];
            stream.write_all(piece).unwrap();
            stream.read_exact(&mut received).unwrap();
            assert!(received == piece, "the data is damaged");
        }
        stream.close().unwrap();
        assert_eq!(stream.connection.handshakes(), 11);
        let line = server.line();
        assert!(line.contains(&format!("version={version} ")), "{line}");
        assert!(line.contains(" renegotiated=10 "), "{line}");
        assert!(line.ends_with(" result=ok"), "{line}");
    }
}

#[test]
fn a_client_program_lives_through_new_handshakes() {
    let text = "0123456789abcdef".repeat(6400);
    let echo = "--echo --cert server.pem --key server.key --renegotiate-every 10000";
    let echo = Server::start(echo);
    let page = Server::start("--cert server.pem --key server.key --renegotiate-every 100");
    for options in ["", "--max tls1.1", "--max ssl3"] {
        let sent = format!("localhost:PORT --ca ca.pem --send {text} {options}");
        let answer = echo
            .client(&sent)
            .succeeded(&[" resumed=no renegotiated=0 "]);
        assert!(
            answer.ends_with(&format!("\n{text}")),
            "the data is damaged"
        );
        let line = echo.line();
        assert!(
            !line.contains(" renegotiated=0 ") && line.ends_with(" result=ok"),
            "{line}"
        );

        let get = format!("localhost:PORT --ca ca.pem --get / {options}");
        page.client(&get).succeeded(&["</body></html>\n"]);
        let line = page.line();
        assert!(
            line.contains(" renegotiated=5 ") && line.ends_with(" result=ok"),
            "{line}"
        );
    }
    // A client may refuse.
    let refusing = "localhost:PORT --ca ca.pem --renegotiation never";
    let answer = echo
        .client(&format!("{refusing} --send {text}"))
        .succeeded(&[]);
    assert!(
        answer.ends_with(&format!("\n{text}")),
        "the data is damaged"
    );
    page.client(&format!("{refusing} --get /"))
        .succeeded(&["</body></html>\n"]);
    for server in [&echo, &page] {
        let line = server.line();
        assert!(
            line.contains(" renegotiated=0 ") && line.ends_with(" result=ok"),
            "{line}"
        );
    }
    // Where it would not be safe, the page comes all the same.
    let reconnecting = "localhost:PORT --ca ca.pem --get / --max ssl3 --reconnect";
    let pages = page
        .client(reconnecting)
        .succeeded(&[" resumed=id renegotiated=0 "]);
    assert_eq!(pages.matches("</body></html>\n").count(), 2);
    page.line();
    let line = page.line();
    assert!(line.contains("result=the connection cannot be renegotiated: the session was resumed"));
    assert!(
        line.ends_with("; --renegotiation legacy does it all the same"),
        "{line}"
    );
}

fn connect(server: &Server, policy: Policy) -> StreamOwned<ClientConnection, TcpStream> {
    let pin = Fingerprint::of(&server_certificate());
    let config = ClientConfig::builder(policy)
        .verifier(PinnedCertificates::new([pin]))
        .build()
        .unwrap();
    let name = "localhost".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let tcp = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    StreamOwned::new(connection, tcp)
}

#[test]
fn odd_files_are_named_with_what_is_wrong() {
    let cause = |file: &str| fs::read(folder().join(file)).unwrap_err().to_string();
    let (missing, directory) = (cause("missing"), cause("directory"));
    for (option, rest) in [
        ("server --listen 127.0.0.1:0 --cert", "--key server.key"),
        ("server --listen 127.0.0.1:0 --key", "--cert server.pem"),
        ("server --listen 127.0.0.1:0 --client-ca", ""),
        (
            "server --listen 127.0.0.1:0 --client-ca ca.pem --client-crl",
            "",
        ),
        ("client localhost:1 --ca", ""),
        ("client localhost:1 --ca ca.pem --crl", ""),
        ("client localhost:1 --insecure --cert", "--key client.key"),
        ("client localhost:1 --insecure --key", "--cert client.pem"),
    ] {
        let (is_key, is_list) = (option.ends_with("key"), option.ends_with("crl"));
        let mut odd = vec![
            ("missing", &*missing),
            ("directory", &*directory),
            ("empty", "is empty"),
            ("text", "is not PEM"),
            ("server.der", "is DER, not PEM; `openssl"),
        ];
        odd.extend(match (is_key, is_list) {
            (true, _) => vec![
                ("server.pem", "holds no private key"),
                ("stranger.key", "the private key is not that of"),
                ("pkcs8.key", "openssl rsa -in pkcs8.key -out "),
                ("pkcs1.key", "openssl rsa -in pkcs1.key -out "),
            ],
            (_, true) => vec![("ca.pem", "holds no revocation list")],
            _ => vec![("server.key", "holds no certificate")],
        });
        let (program, option) = option.split_once(' ').unwrap();
        for (file, cause) in odd {
            run(program, &format!("{option} {file} {rest}")).failed(&[file, cause]);
        }
    }
}

#[test]
fn a_busy_port_is_an_error_before_all_else() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let cause = TcpListener::bind(&address).unwrap_err().to_string();
    run("server", &format!("--listen {address}")).failed(&["cannot listen on", &address, &cause]);
}

#[test]
fn a_reader_that_has_left_is_no_error() {
    let server = Server::start("");
    let get = format!("localhost:{} --insecure --get /", server.port);
    for (program, args) in [
        ("ten_steps", ""),
        ("ten_steps", "--all"),
        ("ten_steps", "--help"),
        ("client", "--help"),
        ("client", &get),
        ("server", "--help"),
    ] {
        let result = Running::start(program, args, nobody(), Stdio::piped()).finish();
        let what = (result.code, &*result.stderr);
        assert_eq!(what, (Some(0), ""), "{program} {args}");
    }
    // A server has others to serve.
    let args = "--listen 127.0.0.1:0 --cert server.pem --key server.key";
    let mut server = Running::start("server", args, nobody(), Stdio::piped());
    assert!(!server.ends_within(Duration::from_millis(300)));
    // Nor is one of stderr a reason to panic.
    let impossible = "--version ssl3 --suite TLS_RSA_WITH_AES_128_GCM_SHA256";
    for (program, args) in [("ten_steps", impossible), ("client", "nowhere")] {
        let result = Running::start(program, args, Stdio::piped(), nobody()).finish();
        assert_eq!(result.code, Some(1), "{program} {args}");
    }
}
