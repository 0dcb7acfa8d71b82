//! Servers in processes of their own that resume each other's sessions through a Redis, and go on
//! without it.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use interop::Error;
use interop::certificate::{Hash, Identity};
use interop::ours::{self, Secrets};
use interop::peer::Version;
use interop::peer::program::{Directory, Program, free_port};
use interop::peer::redis::Redis;
use interop::redis_store::RedisStore;
use redis::Commands;
use retrossl::client::ClientConfigBuilder;
use retrossl::{ClientConfig, Resumption};

#[test]
fn a_session_of_one_server_is_resumed_at_another() -> Result<(), Error> {
    let fleet = Fleet::new()?;
    let redis = Redis::start()?;
    for version in Version::ALL {
        let client = Arc::new(fleet.client(version)?.without_tickets().build()?);
        let first = fleet.server(redis.port())?;
        let second = fleet.server(redis.port())?;
        assert_eq!(talk(&client, &first)?, None, "{version}");
        assert_eq!(talk(&client, &first)?, BY_ID, "{version}");
        drop(first);
        assert_eq!(talk(&client, &second)?, BY_ID, "{version}");
        let third = fleet.server(redis.port())?;
        assert_eq!(talk(&client, &third)?, BY_ID, "{version}");
    }
    Ok(())
}

#[test]
fn the_redis_sees_sealed_sessions_for_their_lifetime() -> Result<(), Error> {
    let fleet = Fleet::new()?;
    let redis = Redis::start()?;
    let secrets = Arc::new(Secrets::default());
    let client = fleet.client(Version::Tls1_2)?.without_tickets();
    let client = Arc::new(client.key_log(secrets.clone()).build()?);
    talk(&client, &fleet.server(redis.port())?)?;
    let mut connection = redis::Client::open(url(redis.port()))?.get_connection()?;
    let keys: Vec<Vec<u8>> = connection.keys("*")?;
    let [key] = keys.as_slice() else {
        panic!("{} sessions", keys.len());
    };
    let session: Vec<u8> = connection.get(key)?;
    let secret = secrets.last();
    assert_eq!(secret.len(), 48);
    assert!(!session.windows(48).any(|window| window == secret));
    let seconds: i64 = connection.ttl(key)?;
    assert!((7100..=7200).contains(&seconds), "{seconds}");
    Ok(())
}

#[test]
fn without_its_redis_a_server_makes_full_handshakes() -> Result<(), Error> {
    let fleet = Fleet::new()?;
    let redis = Redis::start()?;
    let port = redis.port();
    let first = fleet.server(port)?;
    let client = Arc::new(fleet.client(Version::Tls1_2)?.without_tickets().build()?);
    assert_eq!(talk(&client, &first)?, None);
    assert_eq!(talk(&client, &first)?, BY_ID);

    // Started anew, at once: it has forgotten everything, and the servers' connections to it.
    drop(redis);
    let redis = Redis::start_at(port)?;
    assert_eq!(talk(&client, &first)?, None);
    assert_eq!(talk(&client, &first)?, BY_ID);

    drop(redis);
    let alone = fleet.server(port)?;
    for server in [&first, &alone, &first, &alone] {
        assert_eq!(talk(&client, server)?, None);
    }

    let _redis = Redis::start_at(port)?;
    thread::sleep(RedisStore::PAUSE);
    assert_eq!(talk(&client, &alone)?, None);
    assert_eq!(talk(&client, &alone)?, BY_ID);
    drop(alone);
    assert_eq!(talk(&client, &first)?, BY_ID);
    drop(first);
    assert_eq!(talk(&client, &fleet.server(port)?)?, BY_ID);
    Ok(())
}

#[test]
fn a_redis_that_says_nothing_holds_nobody_up() -> Result<(), Error> {
    let fleet = Fleet::new()?;
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let server = fleet.server(silent.local_addr()?.port())?;
    let client = Arc::new(fleet.client(Version::Tls1_2)?.without_tickets().build()?);
    let began = Instant::now();
    for _ in 0..4 {
        assert_eq!(talk(&client, &server)?, None);
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    Ok(())
}

#[test]
fn tickets_need_no_redis() -> Result<(), Error> {
    let fleet = Fleet::new()?;
    let nobody = free_port()?;
    for version in [Version::Tls1_0, Version::Tls1_1, Version::Tls1_2] {
        let client = Arc::new(fleet.client(version)?.build()?);
        let first = fleet.server(nobody)?;
        assert_eq!(talk(&client, &first)?, None, "{version}");
        drop(first);
        let second = fleet.server(nobody)?;
        assert_eq!(talk(&client, &second)?, Some(Resumption::Ticket));
    }
    Ok(())
}

#[test]
fn servers_with_another_key_make_full_handshakes() -> Result<(), Error> {
    let fleet = Fleet::new()?;
    let others = Fleet {
        secret: "17".repeat(32),
        identity: fleet.identity.clone(),
        directory: Directory::new("fleet")?,
    };
    others.write_files()?;
    let redis = Redis::start()?;
    let client = Arc::new(fleet.client(Version::Tls1_2)?.without_tickets().build()?);
    assert_eq!(talk(&client, &fleet.server(redis.port())?)?, None);
    assert_eq!(talk(&client, &others.server(redis.port())?)?, None);
    Ok(())
}

/// Servers of one name with one key.
struct Fleet {
    identity: Identity,
    secret: String,
    directory: Directory,
}

impl Fleet {
    fn new() -> Result<Self, Error> {
        let fleet = Self {
            identity: Identity::self_signed("localhost", 1024, Hash::Sha256)?,
            secret: "42".repeat(32),
            directory: Directory::new("fleet")?,
        };
        fleet.write_files()?;
        Ok(fleet)
    }

    fn write_files(&self) -> Result<(), Error> {
        let identity = &self.identity;
        self.directory
            .write("chain.pem", identity.certificate_pem()?)?;
        self.directory.write("key.pem", identity.key_pem()?)
    }

    /// A server in a process of its own.
    fn server(&self, redis: u16) -> Result<Server, Error> {
        let mut program = Program::start(
            Command::new(env!("CARGO_BIN_EXE_redis_server"))
                .current_dir(self.directory.path())
                .args([&url(redis), "chain.pem", "key.pem"]),
        )?;
        program.tell(&format!("{}\n", self.secret))?;
        let port = program.hear("listening ")?.parse()?;
        Ok(Server {
            _program: program,
            port,
        })
    }

    fn client(&self, version: Version) -> Result<ClientConfigBuilder, Error> {
        ours::client(ours::between(version, version), &self.identity)
    }
}

/// Killed when dropped.
struct Server {
    _program: Program,
    port: u16,
}

/// Says something and closes: how the session was resumed.
fn talk(client: &Arc<ClientConfig>, server: &Server) -> Result<Option<Resumption>, Error> {
    let mut stream = ours::connect(client, server.port)?;
    ours::echo(&mut stream, b"text")?;
    stream.close()?;
    Ok(stream.connection.resumption())
}

fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}/")
}

const BY_ID: Option<Resumption> = Some(Resumption::SessionId);
