//! max_fragment_length. OpenSSL knows no record_size_limit, so the older extension is what it
//! answers.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::fragments::{is_cut_to, is_within, longest_in_clear};
use interop::loopback::{Listener, PATIENCE, Tapped};
use interop::matrix;
use interop::ours;
use interop::peer::{Version, openssl};
use retrossl::{MemorySessionStore, ServerConnection, StreamOwned, TicketKeys};

use crate::pair::{Pair, our_client};

#[test]
fn their_server_answers_our_client() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 2048, Hash::Sha256)?;
    let mut count = 0;
    for case in matrix::openssl() {
        for (limit, expected) in [
            (511, 16_384),
            (512, 512),
            (1500, 1024),
            (2048, 2048),
            (16_383, 4096),
            (16_384, 16_384),
        ] {
            let in_tls = case.version > Version::Ssl3;
            let expected = if in_tls { expected } else { 16_384 };
            let theirs = openssl::Settings {
                chain: vec![identity.certificate.clone(); 2],
                ..openssl::Settings::new(case.version, case.name).with_identity(&identity)
            };
            // At SSL 3.0 the offer is of newer versions.
            let policy = ours::between(Version::Ssl3, Version::Tls1_2);
            let policy = policy.cipher_suites(&[case.suite]);
            let client = ours::client(policy, &identity)?.max_fragment(limit);
            let mut pair = our_client(client, &theirs)?;
            pair.establish()?;
            pair.assert_agreement();
            assert_eq!(pair.ours.peer_record_limit(), expected, "{case}, {limit}");
            pair.converse(&[7; 50_000])?;
            assert!(is_cut_to(expected, &pair.sent_by_us), "{case}, {limit}");
            // They may cut to equal pieces.
            assert!(is_within(expected, &pair.sent_by_them), "{case}, {limit}");
            assert!(longest_in_clear(&pair.sent_by_them) <= expected);
            pair.we_close()?;
            count += 1;
        }
    }
    assert_eq!(count, 144);
    Ok(())
}

/// Their server answers a resumed session with the length that it was made with.
#[test]
fn the_length_comes_with_a_resumed_session() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 2048, Hash::Sha256)?;
    for case in matrix::openssl().filter(|case| case.version > Version::Ssl3) {
        for session_tickets in [false, true] {
            let theirs = openssl::Settings {
                session_tickets,
                ..openssl::Settings::new(case.version, case.name).with_identity(&identity)
            };
            let theirs = openssl::Endpoint::server(&theirs)?;
            let store = Arc::new(MemorySessionStore::new(10));
            let keys = Arc::new(TicketKeys::rotating(Duration::from_secs(3600)));
            for (limit, resumed) in [(512, false), (512, true), (1024, false), (1024, true)] {
                let client = ours::client(ours::only(case.version, case.suite), &identity)?;
                let client = client.session_store(store.clone());
                let client = client.ticket_keys(keys.clone()).max_fragment(limit);
                let mut pair = Pair::new(ours::connection(client)?, theirs.connection()?);
                pair.establish()?;
                assert_eq!(pair.ours.session_resumed(), resumed, "{case}, {limit}");
                assert_eq!(pair.ours.peer_record_limit(), limit, "{case}");
                pair.converse(&[7; 5000])?;
                assert!(is_cut_to(limit, &pair.sent_by_us), "{case}, {limit}");
                pair.we_close()?;
            }
        }
    }
    Ok(())
}

/// Only the program can ask for it: the `openssl` crate does not have it.
#[test]
fn our_server_answers_their_client() -> Result<(), Error> {
    let identity = Identity::self_signed("localhost", 2048, Hash::Sha256)?;
    // What Debian builds has neither SSL 3.0 nor RC4.
    let cases = matrix::openssl().filter(|case| {
        let here = ["AES128-SHA", "AES128-SHA256", "AES128-GCM-SHA256"].contains(&case.name);
        here && case.version > Version::Ssl3
    });
    let mut count = 0;
    for case in cases {
        for limit in [512, 1024, 2048, 4096] {
            // The server's own limit gives way.
            let server = ours::server(ours::only(case.version, case.suite), &identity)?;
            let config = Arc::new(server.max_fragment(64).build()?);
            let listener = Listener::bind()?;
            let mut client = Client::connect(listener.port(), case, limit)?;
            let transport = Tapped::new(client.accept(&listener)?);
            let mut stream = StreamOwned::new(ServerConnection::new(config), transport);
            let mut received = vec![0; TEXT_LEN];
            stream.read_exact(&mut received)?;
            assert!(received == [b'x'; TEXT_LEN]);
            assert_eq!(stream.connection.peer_record_limit(), limit, "{case}");
            stream.write_all(&[b'y'; TEXT_LEN])?;
            stream.flush()?;
            let [sent, received] = [stream.transport.sent(), stream.transport.received()];
            assert!(is_cut_to(limit, &sent), "{case}, {limit}");
            assert!(is_cut_to(limit, &received), "{case}, {limit}");
            assert!(longest_in_clear(&sent) <= limit);
            stream.close()?;
            drop(stream);
            assert!(client.output()? == "y".repeat(TEXT_LEN), "{case}, {limit}");
            count += 1;
        }
    }
    assert_eq!(count, 20);
    Ok(())
}

const TEXT_LEN: usize = 10_000;

/// `openssl s_client`, which sends its text and prints what comes back.
struct Client(Child);

impl Client {
    fn connect(port: u16, case: matrix::Combination, limit: usize) -> Result<Self, Error> {
        let version = match case.version {
            Version::Ssl3 => "-ssl3",
            Version::Tls1_0 => "-tls1",
            Version::Tls1_1 => "-tls1_1",
            Version::Tls1_2 => "-tls1_2",
        };
        let suites = format!("{}:@SECLEVEL=0", case.name);
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", version, "-cipher", &suites])
            .args(["-maxfraglen", &limit.to_string()])
            .args(["-connect", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot run openssl: {error}"))?;
        let mut stdin = child.stdin.take().ok_or("piped")?;
        stdin.write_all(&[b'x'; TEXT_LEN])?;
        // Its end would be taken for the user's wish to close.
        child.stdin = Some(stdin);
        Ok(Self(child))
    }

    fn accept(&mut self, listener: &Listener) -> Result<std::net::TcpStream, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(stream) = listener.try_accept()? {
                return Ok(stream);
            }
            if self.0.try_wait()?.is_some() || Instant::now() > deadline {
                return Err("s_client did not connect".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for its end.
    fn output(mut self) -> Result<String, Error> {
        let mut output = String::new();
        let mut stdout = self.0.stdout.take().ok_or("piped")?;
        stdout.read_to_string(&mut output)?;
        Ok(output)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
