//! `retrossl` and the program `openssl` (OpenSSL 3.0), over TCP on the loopback interface: what the
//! `openssl` crate has no safe function for.

mod renegotiation;
mod resumption;

use std::net::TcpStream;
use std::sync::Arc;

use interop::Error;
use interop::loopback::Listener;
use interop::peer::Version;
use interop::peer::openssl_command::{Client, VERSIONS};
use retrossl::{CipherSuite, ServerConfig, ServerConnection, StreamOwned};

type ServerStream = StreamOwned<ServerConnection, TcpStream>;

/// All that Debian's build has with RSA key exchange, as we and as they name it.
fn combinations() -> impl Iterator<Item = (Version, CipherSuite, &'static str)> {
    use CipherSuite as Suite;
    let any = [
        (Suite::TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA"),
        (Suite::TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA"),
    ];
    let new = [
        (Suite::TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256"),
        (Suite::TLS_RSA_WITH_AES_256_CBC_SHA256, "AES256-SHA256"),
        (Suite::TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256"),
        (Suite::TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384"),
    ];
    VERSIONS.into_iter().flat_map(move |version| {
        let new = new.into_iter().filter(move |_| version == Version::Tls1_2);
        let all = any.into_iter().chain(new);
        all.map(move |(suite, name)| (version, suite, name))
    })
}

fn accept(
    config: &Arc<ServerConfig>,
    client: &mut Client,
    listener: &Listener,
) -> Result<ServerStream, Error> {
    let transport = client.program.accept(listener)?;
    let mut stream = StreamOwned::new(ServerConnection::new(config.clone()), transport);
    stream.complete_handshake()?;
    Ok(stream)
}
