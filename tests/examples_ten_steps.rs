//! The example program `ten_steps`, run as a user runs it.

mod pki;
mod programs;

use programs::run;
use retrossl::{CipherKind, CipherSuite, ProtocolVersion};

const README: &str = include_str!("../README.md");

#[test]
fn ten_steps_shows_ten_steps() {
    let ten = Vec::from_iter(1..=10);
    for (options, expected) in [
        ("", "ten steps: TLSv1.2, TLS_RSA_WITH_AES_256_GCM_SHA384"),
        (
            "--version ssl3",
            "ten steps: SSLv3, TLS_RSA_WITH_AES_256_CBC_",
        ),
        (
            "--version ssl2",
            "ten steps: SSLv2, SSL_CK_DES_192_EDE3_CBC_WITH_MD5\n",
        ),
        (
            "--suite SSL_CK_RC4_128_WITH_MD5 --no-client-certificate",
            "ten steps: SSLv2, SSL_CK_RC4_128_WITH_MD5\n",
        ),
        ("--suite TLS_RSA_WITH_DES_CBC_SHA", "ten steps: TLSv1.1, "),
        ("--suite TLS_RSA_WITH_NULL_MD5", "ten steps: TLSv1.2, "),
        ("--no-client-certificate", "(not in this handshake)"),
    ] {
        let text = run("ten_steps", options).succeeded(&[expected]);
        assert_eq!(steps_in(&text), ten, "{options}");
        assert!(!text.contains("falls away"), "{options}");
        if options.is_empty() {
            assert!(README.contains(&text), "the README shows it otherwise");
        }
    }
    let suites = ProtocolVersion::all()
        .flat_map(|version| CipherSuite::all().filter(move |suite| suite.exists_at(version)))
        .count();
    let kinds = CipherKind::all().count();
    let is_strong = |kind: &CipherKind| kind.strength_bits() >= Some(112);
    let strong_kinds = CipherKind::all().filter(is_strong).count();
    for (options, count) in [
        ("", suites + kinds),
        ("--renegotiate", suites),
        ("--resume --no-client-certificate", suites + strong_kinds),
    ] {
        let text = run("ten_steps", &format!("--all {options}"))
            .succeeded(&[&format!("{count} of {count} complete")]);
        assert_eq!(text.matches(" result=ok\n").count(), count);
        if options.is_empty() {
            let lines: Vec<_> = text.lines().collect();
            let [first, .., last, sum] = &lines[..] else {
                panic!("{text}");
            };
            let shown = format!("\n{first}\n…\n{last}\n{sum}\n");
            assert!(README.contains(&shown), "the README shows it otherwise");
        }
    }
}

#[test]
fn ten_steps_names_what_does_not_exist() {
    for (options, expected) in [
        (
            "--version ssl3 --suite TLS_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_RSA_WITH_AES_128_GCM_SHA256 does not exist at SSLv3; --all lists what does",
        ),
        (
            "--version ssl3 --suite SSL_CK_DES_64_CBC_WITH_MD5",
            "SSL_CK_DES_64_CBC_WITH_MD5 does not exist at SSLv3; --all lists what does",
        ),
        (
            "--version ssl2 --suite TLS_RSA_WITH_DES_CBC_SHA",
            "TLS_RSA_WITH_DES_CBC_SHA does not exist at SSLv2; --all lists what does",
        ),
        (
            "--suite 0xC02F",
            "the library does not have 0xC02F; --all lists what it has",
        ),
        (
            "--suite 0x050080",
            "the library does not have 0x050080; --all lists what it has",
        ),
        (
            "--version ssl2 --renegotiate",
            "SSL 2.0 has no renegotiation, and so no eleventh step",
        ),
    ] {
        let text = run("ten_steps", options).failed(&[]);
        assert_eq!(text, format!("ten_steps: {expected}\n"));
    }
}

#[test]
fn ten_steps_shows_an_ephemeral_key_where_there_is_one() {
    for (suite, key) in [
        ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", Some(512)),
        ("TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA", Some(1024)),
        ("TLS_RSA_WITH_DES_CBC_SHA", None),
    ] {
        let text = run("ten_steps", &format!("--suite {suite}")).succeeded(&[]);
        let fourth = step_of(&text, 4);
        let shown = fourth.contains("#4   client ← server  ServerKeyExchange  handshake 12 ");
        assert_eq!(shown, key.is_some(), "{text}");
        if let Some(bits) = key {
            let note = format!(" bytes: a key of {bits} bits for it, signed\n");
            assert!(fourth.contains(&note), "{text}");
        }
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
    for options in [
        "",
        "--version ssl2",
        "--version ssl3",
        "--suite TLS_RSA_WITH_RC4_128_MD5",
    ] {
        let text = run("ten_steps", &format!("{options} --resume")).succeeded(&[
            "ten steps, abbreviated: ",
            "client resumes the session, by its ID",
        ]);
        assert_eq!(steps_in(&text), Vec::from_iter(1..=10), "{options}");
        assert_eq!(text.matches("(falls away: ").count(), 4, "{options}");
        for step in 3..=6 {
            let shown = step_of(&text, step);
            assert!(shown.starts_with("    (falls away: "), "{step}: {text}");
        }
        let (client, server) = match options.contains("ssl2") {
            true => (
                "#4   client → server  CLIENT-FINISHED",
                "#3   client ← server  SERVER-VERIFY",
            ),
            false => (
                "#5   client → server  ChangeCipherSpec",
                "#3   client ← server  ChangeCipherSpec",
            ),
        };
        assert!(step_of(&text, 8).contains(client), "{text}");
        assert!(step_of(&text, 9).contains(server), "{text}");
    }
}

#[test]
fn ten_steps_shows_where_ssl2_has_them() {
    let messages = [
        (1, "#1   client → server  CLIENT-HELLO"),
        (2, "#2   client ← server  SERVER-HELLO"),
        (4, "#3   client → server  CLIENT-MASTER-KEY"),
        (8, "#4   client → server  CLIENT-FINISHED"),
        (9, "#5   client ← server  SERVER-VERIFY"),
        (2, "#6   client ← server  REQUEST-CERTIFICATE"),
        (5, "#7   client → server  CLIENT-CERTIFICATE"),
        (9, "#8   client ← server  SERVER-FINISHED"),
        (10, "#9   client → server  data"),
        (10, "#10  client ← server  data"),
    ];
    let deeds = [
        (3, "client accepts the server's certificate"),
        (4, "client makes the master key"),
        (6, "server has decrypted the master key"),
        (6, "server accepts the client's certificate"),
        (7, "client derives the keys for SSLv2, SSL_CK_"),
        (7, "server derives the keys for SSLv2, SSL_CK_"),
        (8, "server has verified the other's Finished"),
        (9, "client has verified the other's proof"),
        (10, "both take the end of the transport for the end"),
    ];
    for kind in CipherKind::all() {
        let text = run("ten_steps", &format!("--suite {kind}")).succeeded(&[]);
        for (step, shown) in messages.into_iter().chain(deeds) {
            assert!(step_of(&text, step).contains(shown), "{shown}: {text}");
        }
        assert_eq!(text.matches("client → server").count(), 5, "{text}");
        assert_eq!(text.matches("client ← server").count(), 5, "{text}");
        let note = " bytes: 11 of the key's 16 are in clear";
        let is_export = kind.to_string().contains("EXPORT");
        assert_eq!(step_of(&text, 4).contains(note), is_export, "{text}");
    }
}

/// A step's lines, without its title.
fn step_of(text: &str, step: u8) -> &str {
    let (_, rest) = text.split_once(&format!("\n{step:>2}. ")).unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("\n\n").map_or(rest, |(lines, _)| lines)
}

fn steps_in(text: &str) -> Vec<u8> {
    let titles = text.lines().filter_map(|line| line.get(..4));
    titles
        .filter_map(|start| start.strip_suffix(". ")?.trim().parse().ok())
        .collect()
}
