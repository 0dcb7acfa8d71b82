//! The longest fragments, where both sides verify chains of three.

use std::io::{Read, Write};
use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::fragments::{is_cut_to, longest_in_clear};
use interop::loopback::{self, Listener, Tapped};
use interop::ours;
use interop::peer::Version;
use interop::peer::gnutls::{Client, Server};
use interop::people::People;
use retrossl::{CipherSuite, ServerConnection, StreamOwned};

use crate::protections;

fn each_protection(
    check: impl Fn(&People, Version, CipherSuite, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let people = People::new(2048, Hash::Sha256)?;
    let mut count = 0;
    for (version, suite, name) in protections() {
        check(&people, version, suite, name)
            .map_err(|error| format!("{version}, {suite}: {error}"))?;
        count += 1;
    }
    assert_eq!(count, 7);
    Ok(())
}

/// It holds its peer to a record_size_limit in clear, too. Of less than 512 bytes it wants to
/// hear only if it is told to: else its server ignores the offer, and its client refuses the
/// answer.
#[test]
fn their_server_and_our_client_keep_to_record_size_limits() -> Result<(), Error> {
    each_protection(|people, version, suite, name| {
        for (ours, theirs) in [
            (512, 16_384),
            (1000, 600),
            (4096, 512),
            (64, 200),
            (700, 65),
        ] {
            let ciphers = format!("{name}:%ALLOW_SMALL_RECORDS");
            let option = format!("--recordsize={theirs}");
            let server = Server::start(people, version, &ciphers, &[&option])?;
            let client = people.our_client(ours::only(version, suite))?;
            let connection = ours::connection(client.max_fragment(ours))?;
            let transport = Tapped::new(loopback::connect(server.port())?);
            let mut stream = StreamOwned::new(connection, transport);
            let mut line = vec![b'x'; 6000];
            line[5999] = b'\n';
            stream.write_all(&line)?;
            let mut echo = vec![0; line.len()];
            if let Err(error) = stream.read_exact(&mut echo) {
                return Err(format!("{ours}, {theirs}: {error}; {}", server.stop()).into());
            }
            assert!(echo == line);
            assert_eq!(stream.connection.peer_record_limit(), theirs);
            let [sent, received] = [stream.transport.sent(), stream.transport.received()];
            assert!(is_cut_to(theirs, &sent) || theirs > line.len(), "{theirs}");
            assert!(is_cut_to(ours, &received), "{ours}");
            assert!(longest_in_clear(&sent) <= theirs.max(CLIENT_HELLO));
            stream.close()?;
        }
        Ok(())
    })
}

/// The longest that ours are here.
const CLIENT_HELLO: usize = 200;

/// Only the data that we send is long: their program loses what does not fit into one record.
/// (And at 64 bytes it fails over its own chain.)
#[test]
fn their_client_and_our_server_keep_to_record_size_limits() -> Result<(), Error> {
    each_protection(|people, version, suite, name| {
        for (theirs, ours) in [(512, 16_384), (600, 1000), (4096, 200)] {
            let server = people.our_server(ours::only(version, suite))?;
            let config = Arc::new(server.max_fragment(ours).build()?);
            let listener = Listener::bind()?;
            let ciphers = format!("{name}:%ALLOW_SMALL_RECORDS");
            let option = format!("--recordsize={theirs}");
            let port = listener.port();
            let mut client = Client::connect(port, people, version, &ciphers, &[&option])?;
            let transport = Tapped::new(client.accept(&listener)?);
            let mut stream = StreamOwned::new(ServerConnection::new(config), transport);
            let mut line = [0; 7];
            if let Err(error) = stream.read_exact(&mut line) {
                return Err(format!("{ours}, {theirs}: {error}; {}", client.stop()).into());
            }
            assert_eq!(stream.connection.peer_record_limit(), theirs);
            let text = format!("{}\n", "long ".repeat(2000));
            stream.write_all(text.as_bytes())?;
            stream.flush()?;
            let [sent, received] = [stream.transport.sent(), stream.transport.received()];
            assert!(is_cut_to(theirs, &sent), "{theirs}");
            assert!(longest_in_clear(&sent) <= theirs);
            assert!(longest_in_clear(&received) <= ours);
            stream.close()?;
            drop(stream);
            let (output, succeeded) = client.conversation()?;
            assert!(output.contains(text.trim_end()), "{output}");
            assert!(succeeded, "{output}");
        }
        Ok(())
    })
}
