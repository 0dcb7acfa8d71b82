//! The example programs, run as a user runs them.

mod pki;
mod programs;

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use programs::files::{folder, server_certificate};
use programs::{Running, Server, nobody, run};
use retrossl::{CipherSuite, Fingerprint, ProtocolVersion};

const README: &str = include_str!("../README.md");

/// Each program, its options, and one of them misspelt.
const PROGRAMS: [(&str, &str, &str); 3] = [
    (
        "ten_steps",
        "--version --suite --no-client-certificate --all --help",
        "--versoin",
    ),
    (
        "client",
        "--name --ca --crl --pin --insecure --cert --key --get --send --trace --keylog --timeout \
         --policy --min --max --suites --help",
        "--insecur",
    ),
    (
        "server",
        "--listen --cert --key --client-ca --client-crl --require-client-cert --www --echo \
         --timeout --policy --min --max --suites --help",
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
    for (options, expected) in [
        ("", "steps: TLSv1.2, TLS_RSA_WITH_AES_256_GCM_SHA384"),
        ("--version ssl3", "steps: SSLv3, TLS_RSA_WITH_AES_256_CBC_"),
        ("--suite TLS_RSA_WITH_DES_CBC_SHA", "steps: TLSv1.1, "),
        ("--no-client-certificate", "(not in this handshake)"),
    ] {
        let text = run("ten_steps", options).succeeded(&[expected]);
        let titles = text.lines().filter_map(|line| line.get(..4));
        let numbers: Vec<_> = titles
            .filter_map(|start| start.strip_suffix(". ")?.trim().parse::<u8>().ok())
            .collect();
        assert_eq!(numbers, Vec::from_iter(1..=10), "{options}");
        if options.is_empty() {
            assert!(README.contains(&text), "the README shows it otherwise");
        }
    }
    let count = ProtocolVersion::all()
        .flat_map(|version| CipherSuite::all().filter(move |suite| suite.exists_at(version)))
        .count();
    let text = run("ten_steps", "--all").succeeded(&[&format!("{count} of {count} complete")]);
    assert_eq!(text.matches(" result=ok\n").count(), count);
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

const NO_CLIENT_CERTIFICATE: &[&str] = &["subject=- ", "sni=localhost result=ok"];
const REVOKED: &str = "its issuer revoked it on 2024-04-15";

const MEETINGS: &[Meeting] = &[
    Meeting {
        server: "",
        client: "localhost:PORT --ca ca.pem",
        client_says: Ok(&[
            "version=TLSv1.2 suite=TLS_RSA_WITH_AES_256_GCM_SHA384 resumed=no peer=CN=server\n",
        ]),
        server_says: NO_CLIENT_CERTIFICATE,
    },
    Meeting {
        server: "--echo",
        client: "localhost:PORT --insecure --max tls1.0 --send hello",
        client_says: Ok(&["version=TLSv1.0 ", "peer=CN=server\nhello"]),
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
        client_says: Ok(&["peer=CN=server\n"]),
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
        client_says: Ok(&["peer=CN=server\n"]),
        server_says: NO_CLIENT_CERTIFICATE,
    },
    Meeting {
        server: "--client-ca ca.pem --client-crl clean-crl.pem --client-crl strangers-crl.pem",
        client: "localhost:PORT --ca ca.pem --cert client.pem --key client.key --get /",
        client_says: Ok(&["HTTP/1.0 200 OK", "client's certificate    CN=somebody\n"]),
        server_says: &["subject=\"CN=somebody\" sni=localhost result=ok"],
    },
    Meeting {
        server: "--client-ca ca.pem --client-crl revoking-crl.pem --client-crl strangers-crl.pem",
        client: "localhost:PORT --ca ca.pem --cert client.pem --key client.key",
        client_says: Err(&["alert received: certificate_revoked"]),
        server_says: &["subject=\"CN=somebody\"", "(CN=somebody): ", REVOKED],
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
fn a_refusal_names_the_fingerprint_that_pins() {
    let server = Server::start("--cert server.pem --key server.key");
    let text = server
        .client("127.0.0.1:PORT --ca ca.pem")
        .failed(&["it is for localhost, not for 127.0.0.1"]);
    let (_, pin) = text.trim_end().split_once("--pin ").expect(&text);
    assert_eq!(pin, Fingerprint::of(&server_certificate()).to_string());
    let pinned = format!("127.0.0.1:PORT --pin {pin}");
    server.client(&pinned).succeeded(&["peer=CN=server\n"]);

    let fresh = Server::start("");
    let pin = fresh.before.strip_prefix("fresh certificate, to pin: ");
    let pinned = format!("127.0.0.1:PORT --pin {}", pin.unwrap().trim_end());
    fresh.client(&pinned).succeeded(&["peer=CN=localhost\n"]);
    server.client(&pinned).failed(&["it is not pinned"]);
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
