//! A server of a fleet: keeps its sessions in a Redis and seals them with the fleet's key.
//!
//! `redis_server REDIS_URL CHAIN_PEM KEY_PEM`; the sealing key, 64 hexadecimal digits, is the first
//! line of its standard input, with the end of which it ends. Prints `listening PORT`, sends back
//! what comes in.

use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use interop::Error;
use interop::recording::from_hex;
use interop::redis_store::RedisStore;
use retrossl::pki_types::pem::PemObject;
use retrossl::pki_types::{CertificateDer, PrivateKeyDer};
use retrossl::{
    Policy, ProtocolVersion, RsaPrivateKey, ServerConfig, ServerConnection, StreamOwned, TicketKey,
    TicketKeys,
};

fn main() -> ExitCode {
    interop::conclude("redis_server", serve_all().map(|()| ExitCode::SUCCESS))
}

fn serve_all() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [redis, chain, key] = arguments.as_slice() else {
        return Err("usage: redis_server REDIS_URL CHAIN_PEM KEY_PEM".into());
    };
    let mut secret = String::new();
    io::stdin().lock().read_line(&mut secret)?;
    let secret = from_hex(secret.trim())?;
    let secret = secret.try_into().map_err(|_| "a key of 32 bytes")?;
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<_, _>>()?;
    let key = RsaPrivateKey::from_der(&PrivateKeyDer::from_pem_file(key)?)?;
    let policy = Policy::EVERYTHING.versions(ProtocolVersion::SSLv3, ProtocolVersion::TLSv1_2);
    let config = ServerConfig::builder(policy)
        .certificate(chain, Arc::new(key))
        .session_store(Arc::new(RedisStore::new(redis)?))
        .ticket_keys(Arc::new(TicketKeys::given([TicketKey::new(secret)])?))
        .build()?;
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("listening {}", listener.local_addr()?.port());
    thread::spawn(move || {
        for transport in listener.incoming().map_while(Result::ok) {
            let config = config.clone();
            thread::spawn(move || serve(config, transport).unwrap_or_else(|e| eprintln!("{e}")));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn serve(config: Arc<ServerConfig>, transport: TcpStream) -> Result<(), Error> {
    transport.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(ServerConnection::new(config), transport);
    let mut piece = [0; 1000];
    loop {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok(stream.close()?);
        }
        stream.write_all(&piece[..length])?;
    }
}
