//! Conversations with real implementations, held again byte for byte (`tests/data/README.md`).

mod replay;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use replay::file::{Flight, Offer, Replay, Scenario};
use replay::{Pieces, replay};
use retrossl::ProtocolVersion::{self, SSLv2, SSLv3, TLSv1_0, TLSv1_1, TLSv1_2};
use retrossl::{Resumption, Side};

#[test]
fn every_conversation_repeats_itself() {
    check_all(Pieces::Whole);
}

#[test]
fn it_does_so_however_the_peers_bytes_are_cut() {
    check_all(Pieces::Bytes);
}

fn check_all(pieces: Pieces) {
    let mut failures = Vec::new();
    for (path, recorded) in all() {
        if let Err(problem) = replay(&recorded, pieces) {
            failures.push(format!("{}: {problem}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_version_and_suite_is_there_in_either_role() {
    let replays = all();
    let missing: Vec<_> = ROLES
        .into_iter()
        .flat_map(|role| ciphers().map(move |(version, cipher)| (role, version, cipher)))
        .filter(|(role, version, cipher)| {
            !replays.values().any(|replay| {
                let scenario = &replay.scenario;
                let of = (scenario.role, scenario.version, scenario.cipher.to_string());
                of == (*role, *version, (*cipher).to_owned()) && is_plain(scenario)
            })
        })
        .collect();
    assert!(missing.is_empty(), "not recorded: {missing:#?}");
}

#[test]
fn each_kind_is_there_at_each_version_in_either_role() {
    let replays = all();
    for (kind, versions) in KINDS {
        for (role, versions) in ROLES.into_iter().zip(versions) {
            for version in *versions {
                let found = replays.values().any(|replay| {
                    let scenario = &replay.scenario;
                    (scenario.role, scenario.version) == (role, *version)
                        && kind_of(scenario) == Some(*kind)
                });
                assert!(found, "{kind:?} at {version}, our side a {role}");
            }
        }
    }
}

/// The certificate's key is too long for the suite, so the server makes another.
#[test]
fn export_suites_are_there_with_ephemeral_keys() {
    let replays = all();
    for role in ROLES {
        for version in [SSLv3, TLSv1_0] {
            let found = replays.values().any(|replay| {
                let scenario = &replay.scenario;
                let is_export = scenario.cipher.to_string().contains("_EXPORT_");
                (scenario.role, scenario.version) == (role, version)
                    && is_export
                    && scenario.server_certificate > 512
            });
            assert!(found, "{version}, our side a {role}");
        }
    }
}

#[test]
fn each_peer_is_there_in_both_roles() {
    let replays = all();
    for peer in PEERS {
        for role in ROLES {
            let found = replays
                .iter()
                .any(|(path, replay)| path.starts_with(peer) && replay.scenario.role == role);
            assert!(found, "{peer}, our side a {role}");
        }
    }
}

#[test]
fn each_file_has_the_name_of_its_scenario() {
    for (path, replay) in all() {
        let peer = path.iter().next().expect("a path has a beginning");
        assert_eq!(path, Path::new(peer).join(replay.scenario.path()));
        let conversations = 1 + usize::from(replay.scenario.resumed_by.is_some());
        assert_eq!(
            replay.conversations.len(),
            conversations,
            "{}",
            path.display()
        );
    }
}

/// Each byte of either side matters, but for versions where any will do.
#[test]
fn a_changed_byte_is_noticed() {
    let replays = all();
    let mut unnoticed = Vec::new();
    for version in ProtocolVersion::all() {
        for role in ROLES {
            let (path, recorded) = replays
                .iter()
                .find(|(_, replay)| {
                    let scenario = &replay.scenario;
                    (scenario.role, scenario.version) == (role, version) && is_plain(scenario)
                })
                .expect("one of each");
            for (flight, record, byte) in places(version, &recorded.conversations[0]) {
                let mut changed = recorded.clone();
                changed.conversations[0][flight].records[record][byte] ^= 0x10;
                if replay(&changed, Pieces::Whole).is_ok() {
                    let path = path.display();
                    unnoticed.push(format!("{path}: {flight}, {record}, {byte}"));
                }
            }
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

/// The places of some bytes of each record.
fn places(
    version: ProtocolVersion,
    flights: &[Flight],
) -> impl Iterator<Item = (usize, usize, usize)> {
    flights.iter().enumerate().flat_map(move |(flight, it)| {
        let records = it.records.iter().enumerate();
        records.flat_map(move |(record, bytes)| {
            let free = match (version, flight, bytes[0]) {
                (SSLv2, 0, _) => 3..5,
                (SSLv2, ..) => 0..0,
                // A hello's record, or an alert's.
                (_, 0, _) | (_, _, 21) => 1..3,
                _ => 0..0,
            };
            let bytes = (0..bytes.len()).step_by(1 + bytes.len() / SAMPLED);
            bytes
                .filter(move |byte| !free.contains(byte))
                .map(move |byte| (flight, record, byte))
        })
    })
}

/// Bytes of a record that are tried, about.
const SAMPLED: usize = 5;

#[test]
fn without_files_there_is_nothing_to_pass() {
    let directory = std::env::temp_dir().join(format!("retrossl-replays-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("below")).unwrap();
    let nothing = Replay::all(&directory);
    std::fs::write(directory.join("below/one.txt"), "role = client\n").unwrap();
    let malformed = Replay::all(&directory);
    std::fs::remove_dir_all(&directory).unwrap();
    let nothing = nothing.expect_err("there are no files");
    assert!(nothing.starts_with("no replays in "), "{nothing}");
    let malformed = malformed.expect_err("there is one, which says nearly nothing");
    assert!(malformed.ends_with(r#"one.txt is not a replay: "" in place of "offer""#));
}

#[test]
fn what_is_malformed_is_refused() {
    let (_, one) = all().pop_first().expect("there are some");
    let text = one.to_text();
    assert_eq!(Replay::parse(&text), Ok(one));
    let lines: Vec<_> = text.lines().collect();
    for without in 0..lines.len() {
        let rest = [&lines[..without], &lines[without + 1..]].concat();
        let may_go = ["#", "client = ", "server = "];
        if !may_go.iter().any(|it| lines[without].starts_with(it)) {
            let parsed = Replay::parse(&(rest.join("\n") + "\n"));
            assert!(parsed.is_err(), "{}", lines[without]);
        }
    }
    for (from, to) in [
        ("\nrole = ", "\nrole = other"),
        ("\noffer = ", "\noffer = other"),
        ("\nversion = ", "\nversion = other"),
        ("\ncipher = ", "\ncipher = other"),
        ("\nserver_certificate = ", "\nserver_certificate = 0"),
        ("\nclient_certificate = ", "\nclient_certificate = other"),
        ("\nresumed_by = ", "\nresumed_by = other"),
        ("\nrenegotiated_by = ", "\nrenegotiated_by = other"),
        ("\nseed = ", "\nseed = -"),
        ("\nnow = ", "\nnow = -"),
        ("\ntext = ", "\ntext = g"),
        ("\nanswer = ", "\nanswer = 0"),
        ("\nprompt = ", "\nprompt = other "),
        ("\ntheir_end = ", "\ntheir_end = other"),
        ("\nclient = ", "\nclient = 0"),
        ("\nserver = ", "\nserver = g"),
        ("\nserver = ", "\nserver = \nserver = "),
        ("\nserver = ", "\nnobody = "),
        ("\n\n", "\n\n\n"),
        ("\n", "\r\n"),
        ("\nrole = ", "\nother = 1\nrole = "),
    ] {
        assert!(text.contains(from), "{from:?}");
        let parsed = Replay::parse(&text.replacen(from, to, 1));
        assert!(parsed.is_err(), "{from:?}, {to:?}");
    }
    let silent = text.lines().map(|line| match line.split_once(" = ") {
        Some((name @ ("text" | "answer"), _)) => format!("{name} = \n"),
        _ => format!("{line}\n"),
    });
    assert!(Replay::parse(&silent.collect::<String>()).is_err());
    assert!(
        Replay::parse(&(text + "\n")).is_err(),
        "an empty conversation"
    );
}

fn all() -> BTreeMap<PathBuf, Replay> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/replays");
    Replay::all(&directory).unwrap_or_else(|problem| panic!("{problem}"))
}

/// A full handshake and nothing more.
fn is_plain(scenario: &Scenario) -> bool {
    kind_of(scenario).is_none()
}

/// What a conversation has beyond a full handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ssl2Hello,
    ResumedById,
    ResumedByTicket,
    ClientCertificate,
    RenegotiatedByUs,
    RenegotiatedByThem,
}

fn kind_of(scenario: &Scenario) -> Option<Kind> {
    match scenario {
        Scenario {
            offer: Offer::Everything,
            ..
        } => Some(Kind::Ssl2Hello),
        Scenario {
            resumed_by: Some(Resumption::SessionId),
            ..
        } => Some(Kind::ResumedById),
        Scenario {
            resumed_by: Some(Resumption::Ticket),
            ..
        } => Some(Kind::ResumedByTicket),
        Scenario {
            client_certificate: Some(_),
            ..
        } => Some(Kind::ClientCertificate),
        Scenario {
            renegotiated_by: Some(side),
            role,
            ..
        } if side == role => Some(Kind::RenegotiatedByUs),
        Scenario {
            renegotiated_by: Some(_),
            ..
        } => Some(Kind::RenegotiatedByThem),
        _ => None,
    }
}

const ROLES: [Side; 2] = [Side::Client, Side::Server];

/// Each version with each suite that a peer has there: 48.
fn ciphers() -> impl Iterator<Item = (ProtocolVersion, &'static str)> {
    SUITES
        .iter()
        .flat_map(|(name, versions)| versions.iter().map(move |it| (*it, *name)))
}

const SINCE_SSL3: &[ProtocolVersion] = &[SSLv3, TLSv1_0, TLSv1_1, TLSv1_2];
const SINCE_TLS1_0: &[ProtocolVersion] = &[TLSv1_0, TLSv1_1, TLSv1_2];
const ALL: &[ProtocolVersion] = &[SSLv2, SSLv3, TLSv1_0, TLSv1_1, TLSv1_2];

/// Written down here, so that no row can be lost in the crate's own table unnoticed.
const SUITES: &[(&str, &[ProtocolVersion])] = &[
    ("SSL_CK_RC4_128_WITH_MD5", &[SSLv2]),
    ("SSL_CK_RC4_128_EXPORT40_WITH_MD5", &[SSLv2]),
    ("SSL_CK_RC2_128_CBC_WITH_MD5", &[SSLv2]),
    ("SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", &[SSLv2]),
    ("SSL_CK_DES_64_CBC_WITH_MD5", &[SSLv2]),
    ("SSL_CK_DES_192_EDE3_CBC_WITH_MD5", &[SSLv2]),
    ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", &[SSLv3, TLSv1_0]),
    ("TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", &[SSLv3, TLSv1_0]),
    ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", &[SSLv3, TLSv1_0]),
    ("TLS_RSA_WITH_NULL_MD5", SINCE_SSL3),
    ("TLS_RSA_WITH_NULL_SHA", SINCE_SSL3),
    ("TLS_RSA_WITH_NULL_SHA256", &[TLSv1_2]),
    ("TLS_RSA_WITH_RC4_128_MD5", SINCE_SSL3),
    ("TLS_RSA_WITH_RC4_128_SHA", SINCE_SSL3),
    ("TLS_RSA_WITH_DES_CBC_SHA", &[SSLv3, TLSv1_0, TLSv1_1]),
    ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", SINCE_SSL3),
    ("TLS_RSA_WITH_AES_128_CBC_SHA", SINCE_SSL3),
    ("TLS_RSA_WITH_AES_256_CBC_SHA", SINCE_SSL3),
    ("TLS_RSA_WITH_AES_128_CBC_SHA256", &[TLSv1_2]),
    ("TLS_RSA_WITH_AES_256_CBC_SHA256", &[TLSv1_2]),
    ("TLS_RSA_WITH_AES_128_GCM_SHA256", &[TLSv1_2]),
    ("TLS_RSA_WITH_AES_256_GCM_SHA384", &[TLSv1_2]),
];

/// The versions at which there is a peer for it: where our side is the client, where it is the
/// server.
const KINDS: &[(Kind, [&[ProtocolVersion]; 2])] = &[
    (Kind::Ssl2Hello, [ALL, ALL]),
    // OpenSSL 1.0.1e's client cannot resume at SSL 2.0 inside Node.js.
    (Kind::ResumedById, [ALL, SINCE_SSL3]),
    (Kind::ResumedByTicket, [SINCE_TLS1_0, SINCE_TLS1_0]),
    (Kind::ClientCertificate, [ALL, ALL]),
    (Kind::RenegotiatedByUs, [SINCE_SSL3, SINCE_SSL3]),
    (Kind::RenegotiatedByThem, [SINCE_SSL3, SINCE_SSL3]),
];

const PEERS: [&str; 9] = [
    "openssl-1.0.1e",
    "openssl-1.0.1j",
    "openssl-1.0.1l",
    "openssl-3.0",
    "openssl-3.6",
    "gnutls",
    "jsse",
    "purecrypto",
    "tlslite-ng",
];
