//! Sessions in a Redis, for servers that resume each other's.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, Cmd, Connection, FromRedisValue, RedisResult, cmd};
use retrossl::SessionStore;

use crate::Error;

/// Keeps sessions in a Redis, each for its lifetime. Without the Redis it keeps none, and takes
/// next to no time for that.
pub struct RedisStore {
    client: Client,
    link: Mutex<Link>,
}

enum Link {
    Up(Connection),
    /// Not tried again before this time.
    Down(Instant),
}

impl RedisStore {
    /// For how long a Redis that failed is left alone.
    pub const PAUSE: Duration = Duration::from_millis(300);

    /// `url` is such as `redis://127.0.0.1:6379/`; it is connected to when it is needed.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self {
            client: Client::open(url)?,
            link: Mutex::new(Link::Down(Instant::now())),
        })
    }

    fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let kept = match std::mem::replace(&mut *link, Link::Down(now + Self::PAUSE)) {
            Link::Up(connection) => Some(connection),
            Link::Down(until) if now < until => {
                *link = Link::Down(until);
                return None;
            }
            Link::Down(_) => None,
        };
        let (answer, connection) = kept
            .and_then(|connection| ask(connection, command))
            // The Redis may have been started anew since.
            .or_else(|| ask(self.connect().ok()?, command))?;
        *link = Link::Up(connection);
        answer.ok()
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(TIMEOUT)?;
        connection.set_read_timeout(Some(TIMEOUT))?;
        connection.set_write_timeout(Some(TIMEOUT))?;
        Ok(connection)
    }
}

/// `None` where the connection has failed.
fn ask<T: FromRedisValue>(
    mut connection: Connection,
    command: &Cmd,
) -> Option<(RedisResult<T>, Connection)> {
    let answer = command.query(&mut connection);
    let failed = matches!(&answer, Err(error) if error.is_io_error());
    (!failed).then_some((answer, connection))
}

impl SessionStore for RedisStore {
    fn put(&self, key: &[u8], session: Vec<u8>, lifetime: Duration) {
        let seconds = lifetime.as_secs().max(1);
        let mut command = cmd("SET");
        command.arg(name(key)).arg(session).arg("EX").arg(seconds);
        let _: Option<()> = self.ask(&command);
    }

    fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.ask::<Option<Vec<u8>>>(cmd("GET").arg(name(key)))?
    }

    fn remove(&self, key: &[u8]) {
        let _: Option<()> = self.ask(cmd("DEL").arg(name(key)));
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}

fn name(key: &[u8]) -> Vec<u8> {
    [b"session:", key].concat()
}

/// A handshake waits for the answer: a full one takes less.
const TIMEOUT: Duration = Duration::from_millis(200);
