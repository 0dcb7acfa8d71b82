//! Writes `tests/data/recordings` and `tests/data/recordings-ssl2`: conversations of OpenSSL with
//! itself, and with JSSE, as vectors; and `tests/data/replays`: ours with all peers. What is there
//! stays: delete a file to have it made anew.

#![forbid(unsafe_code)]

#[path = "record/pairs.rs"]
mod pairs;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::matrix;
use interop::peer::Version;
use interop::recording::{ENCRYPT_THEN_MAC, EXTENDED_MASTER_SECRET, Recording};
use interop::replays;
use pairs::{jsse_server_and_node_client, node_pair, openssl_pair, ssl2_node_pair};

/// Writes conversations into tests/data: peers among themselves, and ours with them.
///
/// What is there stays: to have a file made anew, delete it. Peers that are missing are installed
/// where that can be done.
#[derive(Parser)]
struct Options {}

fn main() -> ExitCode {
    let Options {} = Options::parse();
    interop::conclude("record", record().map(|()| ExitCode::SUCCESS))
}

fn record() -> Result<(), Error> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    let directory = data.join("recordings");
    fs::create_dir_all(&directory)?;
    let identity = Identity::self_signed("localhost", 1024, Hash::Sha256)?;

    for version in Version::ALL {
        let last = if version == Version::Tls1_2 {
            &TLS1_2_ONLY[..]
        } else {
            &[]
        };
        for &suite in ANY_VERSION.iter().chain(last) {
            write(&directory, version, suite, &[], || {
                openssl_pair(&identity, version, suite, &[])
            })?;
        }
    }
    for &(version, suite, extras) in EXTRAS {
        write(&directory, version, suite, extras, || {
            openssl_pair(&identity, version, suite, extras)
        })?;
    }
    // OpenSSL 3 has single DES no longer.
    for version in [Version::Ssl3, Version::Tls1_0, Version::Tls1_1] {
        write(&directory, version, DES, &[], || {
            node_pair(&identity, version, DES)
        })?;
    }
    all_of_export(&directory, &identity)?;
    all_of_ssl2(&data.join("recordings-ssl2"), &identity)?;
    replays::write_missing(&data.join("replays"))
}

/// With a short key of the server's; with an ephemeral one, which of all these stacks JSSE alone
/// makes, but not for RC2.
fn all_of_export(directory: &Path, identity: &Identity) -> Result<(), Error> {
    let short = Identity::self_signed("localhost", 512, Hash::Sha1)?;
    for case in matrix::export() {
        let suite = (case.specified, case.name);
        write(directory, case.version, suite, &[], || {
            node_pair(&short, case.version, suite)
        })?;
        if let Some(name) = case.jsse {
            write(directory, case.version, suite, &[EphemeralKey], || {
                jsse_server_and_node_client(identity, case, name)
            })?;
        }
    }
    Ok(())
}

fn all_of_ssl2(directory: &Path, identity: &Identity) -> Result<(), Error> {
    fs::create_dir_all(directory)?;
    for cipher in matrix::SSL2 {
        let path = directory.join(format!("{}.txt", cipher.specified));
        write_unless_there(&path, || ssl2_node_pair(identity, cipher, None)?.to_text())?;
    }
    let [rc4, ..] = matrix::SSL2;
    let path = directory.join(format!("{}-clientauth.txt", rc4.specified));
    write_unless_there(&path, || {
        let client = identity.renamed("client", Hash::Md5)?;
        ssl2_node_pair(identity, rc4, Some(client))?.to_text()
    })
}

fn write_unless_there(
    path: &Path,
    text: impl FnOnce() -> Result<String, Error>,
) -> Result<(), Error> {
    if !path.exists() {
        fs::write(path, text()?)?;
    }
    Ok(())
}

fn write(
    directory: &Path,
    version: Version,
    (name, _): Suite,
    extras: &[Extra],
    record: impl FnOnce() -> Result<Recording, Error>,
) -> Result<(), Error> {
    let mut file = match version {
        Version::Ssl3 => "ssl3",
        Version::Tls1_0 => "tls1.0",
        Version::Tls1_1 => "tls1.1",
        Version::Tls1_2 => "tls1.2",
    }
    .to_owned();
    file += "-";
    file += name;
    for extra in extras {
        file += match extra {
            EncryptThenMac => "-etm",
            ExtendedMasterSecret => "-ems",
            ClientCertificate => "-clientauth",
            EmptyFragments => "-empty-fragments",
            EphemeralKey => "-ephemeral",
        };
    }
    write_unless_there(&directory.join(file + ".txt"), || {
        let recording = record()?;
        check(&recording, version, extras)?;
        recording.to_text()
    })
}

/// That it is what it is to be.
fn check(recording: &Recording, version: Version, extras: &[Extra]) -> Result<(), Error> {
    let hello = recording.tape.server_hello()?;
    assert_eq!(hello.version, version.wire());
    for (extra, extension) in [
        (EncryptThenMac, ENCRYPT_THEN_MAC),
        (ExtendedMasterSecret, EXTENDED_MASTER_SECRET),
    ] {
        assert_eq!(
            hello.extensions.contains(&extension),
            extras.contains(&extra)
        );
    }
    let ephemeral = recording.tape.has_ephemeral_key();
    assert_eq!(ephemeral, extras.contains(&EphemeralKey));
    Ok(())
}

/// What a conversation has beyond the plain one.
#[derive(Clone, Copy, PartialEq)]
enum Extra {
    EncryptThenMac,
    ExtendedMasterSecret,
    ClientCertificate,
    EmptyFragments,
    EphemeralKey,
}
use Extra::{
    ClientCertificate, EmptyFragments, EncryptThenMac, EphemeralKey, ExtendedMasterSecret,
};

const EXTRAS: &[(Version, Suite, &[Extra])] = &[
    (Version::Ssl3, AES_128_SHA, &[EmptyFragments]),
    (Version::Ssl3, AES_128_SHA, &[ClientCertificate]),
    (Version::Tls1_0, AES_128_SHA, &[EmptyFragments]),
    (Version::Tls1_0, AES_128_SHA, &[ClientCertificate]),
    (
        Version::Tls1_0,
        AES_128_SHA,
        &[ExtendedMasterSecret, ClientCertificate],
    ),
    (Version::Tls1_0, AES_128_SHA, &[EncryptThenMac]),
    (Version::Tls1_0, AES_128_SHA, &[ExtendedMasterSecret]),
    (
        Version::Tls1_0,
        AES_128_SHA,
        &[EncryptThenMac, ExtendedMasterSecret],
    ),
    (Version::Tls1_0, TRIPLE_DES, &[EncryptThenMac]),
    (Version::Tls1_1, AES_128_SHA, &[EncryptThenMac]),
    (Version::Tls1_1, AES_128_SHA, &[ExtendedMasterSecret]),
    (
        Version::Tls1_1,
        AES_128_SHA,
        &[EncryptThenMac, ExtendedMasterSecret],
    ),
    (Version::Tls1_1, TRIPLE_DES, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_SHA, &[ClientCertificate]),
    (
        Version::Tls1_2,
        AES_128_SHA,
        &[ExtendedMasterSecret, ClientCertificate],
    ),
    (Version::Tls1_2, AES_128_SHA, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_SHA, &[ExtendedMasterSecret]),
    (
        Version::Tls1_2,
        AES_128_SHA,
        &[EncryptThenMac, ExtendedMasterSecret],
    ),
    (Version::Tls1_2, TRIPLE_DES, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_SHA256, &[EncryptThenMac]),
    (Version::Tls1_2, AES_256_SHA256, &[EncryptThenMac]),
    (Version::Tls1_2, AES_128_GCM, &[ExtendedMasterSecret]),
    (Version::Tls1_2, AES_256_GCM, &[ExtendedMasterSecret]),
];

/// Name, and OpenSSL's name.
type Suite = (&'static str, &'static str);

const DES: Suite = ("TLS_RSA_WITH_DES_CBC_SHA", "DES-CBC-SHA");
const TRIPLE_DES: Suite = ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA");
const AES_128_SHA: Suite = ("TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA");
const AES_128_SHA256: Suite = ("TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256");
const AES_256_SHA256: Suite = ("TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256");
const AES_128_GCM: Suite = ("TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256");
const AES_256_GCM: Suite = ("TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384");

const ANY_VERSION: [Suite; 7] = [
    ("TLS_RSA_WITH_NULL_MD5", "NULL-MD5"),
    ("TLS_RSA_WITH_NULL_SHA", "NULL-SHA"),
    ("TLS_RSA_WITH_RC4_128_MD5", "RC4-MD5"),
    ("TLS_RSA_WITH_RC4_128_SHA", "RC4-SHA"),
    TRIPLE_DES,
    AES_128_SHA,
    ("TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"),
];

const TLS1_2_ONLY: [Suite; 5] = [
    ("TLS_RSA_WITH_NULL_SHA256", "NULL-SHA256"),
    AES_128_SHA256,
    AES_256_SHA256,
    AES_128_GCM,
    AES_256_GCM,
];
