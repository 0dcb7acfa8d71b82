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
use retrossl::{CommonNameFallback, Fingerprint, HashAlgorithm, Policy, Version1Certificates};

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
         --hello --trace --keylog --max-fragment --timeout --no-tickets --no-session-ids --policy --min \
         --max --suites --renegotiation --help",
        "--insecur",
    ),
    (
        "server",
        "--listen --cert --key --ssl2-cert --ssl2-key --client-ca --client-crl --require-client-cert --www --echo \
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

/// In running text, too; some are the interop program's, or Cargo's.
#[test]
fn the_readme_names_no_option_that_there_is_not() {
    let others =
        "--peer --role --version --suite --kind --list --example --bin --release --path --git";
    let programs = PROGRAMS
        .iter()
        .flat_map(|(_, options, _)| options.split(' '));
    let known: BTreeSet<_> = programs.chain(others.split(' ')).collect();
    let code = README
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let words = code.flat_map(|code| code.split([' ', '=', '|']));
    let named: BTreeSet<_> = words
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .collect();
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(named.len() > 20, "{named:?}");
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
fn status_lines_say_what_the_peer_takes() {
    for (server, client, server_takes, client_takes) in [
        ("", "", None, None),
        ("--max-fragment 1000", "", None, None),
        ("", "--max-fragment 600", None, Some(600)),
        (
            "--max-fragment 1000",
            "--max-fragment 600",
            Some(1000),
            Some(600),
        ),
        (
            "--max-fragment 1000",
            "--max-fragment 600 --max ssl3",
            None,
            None,
        ),
    ] {
        let what = format!("server {server}, client {client}");
        let server = Server::start(&format!("--cert server.pem --key server.key {server}"));
        let text = server
            .client(&format!("localhost:PORT --ca ca.pem {client}"))
            .succeeded(&[]);
        for (line, takes) in [(text, server_takes), (server.line(), client_takes)] {
            let shown = takes.map(|bytes: u16| format!(" max_fragment={bytes} "));
            let count = line.matches("max_fragment").count();
            assert_eq!(count, usize::from(takes.is_some()), "{what}: {line}");
            assert!(line.contains(&shown.unwrap_or_default()), "{what}: {line}");
        }
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
fn odd_files_are_named_with_what_is_wrong() {
    let cause = |file: &str| fs::read(folder().join(file)).unwrap_err().to_string();
    let (missing, directory) = (cause("missing"), cause("directory"));
    for (option, rest) in [
        ("server --listen 127.0.0.1:0 --cert", "--key server.key"),
        ("server --listen 127.0.0.1:0 --key", "--cert server.pem"),
        (
            "server --listen 127.0.0.1:0 --min ssl2 --max ssl2 --ssl2-cert",
            "--ssl2-key server.key",
        ),
        (
            "server --listen 127.0.0.1:0 --min ssl2 --max ssl2 --ssl2-key",
            "--ssl2-cert server.pem",
        ),
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
