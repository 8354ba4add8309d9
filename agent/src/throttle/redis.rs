//! The Redis side of the throttle. Single-key operations only, so a cluster is fine.

use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script, cmd};
use tokio::sync::OnceCell;

use super::Bucket;
use crate::error::Error;
use crate::store::rows::Time;

/// Refills by the time that passed, takes one token, keeps the rest until it would be full anyway.
const TAKE: &str = r"
local state = redis.call('hmget', KEYS[1], 'tokens', 'at')
local capacity, rate, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens = tonumber(state[1]) or capacity
local at = tonumber(state[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate / 1000)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) * 1000 / rate) end
redis.call('hset', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(math.max(now, at)))
redis.call('pexpire', KEYS[1], math.ceil(capacity * 1000 / rate) + 1000)
return wait
";

/// A Redis that connects when it is first needed and reconnects by itself.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    manager: std::sync::Arc<OnceCell<ConnectionManager>>,
    take: std::sync::Arc<Script>,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Redis")
    }
}

impl Redis {
    /// Makes the client of a `redis://` or `rediss://` address. Does no I/O.
    pub fn new(url: &str) -> Result<Self, Error> {
        let client = Client::open(url).map_err(|_| {
            Error::invalid("`throttle.url` is not a Redis address; write `redis://host:6379`")
        })?;
        Ok(Self {
            client,
            manager: std::sync::Arc::default(),
            take: std::sync::Arc::new(Script::new(TAKE)),
        })
    }

    /// Takes a token; otherwise tells how long to wait.
    pub(super) async fn take(
        &self,
        key: &str,
        bucket: Bucket,
        now: Time,
    ) -> Result<Option<Duration>, RedisError> {
        let mut connection = self.connection()?;
        let wait: u64 = self
            .take
            .key(key)
            .arg(bucket.capacity)
            .arg(bucket.per_second)
            .arg(now.timestamp_millis())
            .invoke_async(&mut connection)
            .await?;
        Ok((wait > 0).then(|| Duration::from_millis(wait)))
    }

    /// Marks a key; false: it was marked already.
    pub(super) async fn once(&self, key: &str, lasting: Duration) -> Result<bool, RedisError> {
        let mut connection = self.connection()?;
        let set: Option<String> = cmd("SET")
            .arg(key)
            .arg(1)
            .arg("NX")
            .arg("PX")
            .arg(u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX))
            .query_async(&mut connection)
            .await?;
        Ok(set.is_some())
    }

    /// Marks keys with one round trip; false for each that was marked already.
    pub(super) async fn once_each(
        &self,
        keys: &[String],
        lasting: Duration,
    ) -> Result<Vec<bool>, RedisError> {
        let mut connection = self.connection()?;
        let lasting = u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX);
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline
                .cmd("SET")
                .arg(key)
                .arg(1)
                .arg("NX")
                .arg("PX")
                .arg(lasting);
        }
        let set: Vec<Option<String>> = pipeline.query_async(&mut connection).await?;
        Ok(set.iter().map(Option::is_some).collect())
    }

    /// Asks for version and latency, with a deadline of its own.
    pub async fn version(&self, deadline: Duration) -> Result<(String, Duration), String> {
        let mut connection = self.connection().map_err(|error| error.to_string())?;
        let began = Instant::now();
        let command = cmd("INFO").arg("server").to_owned();
        let info: String = tokio::time::timeout(deadline, command.query_async(&mut connection))
            .await
            .map_err(|_| format!("no answer within {} ms", deadline.as_millis()))?
            .map_err(|error| error.to_string())?;
        let version = info
            .lines()
            .find_map(|line| line.strip_prefix("redis_version:"))
            .unwrap_or("unknown")
            .trim();
        Ok((version.to_owned(), began.elapsed()))
    }

    fn connection(&self) -> Result<ConnectionManager, RedisError> {
        if let Some(manager) = self.manager.get() {
            return Ok(manager.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(2)
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(200))
            .set_connection_timeout(Some(Duration::from_millis(500)))
            .set_response_timeout(Some(Duration::from_millis(500)));
        let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        // Two first calls at once make two; one is kept, the other is dropped.
        drop(self.manager.set(manager.clone()));
        Ok(self.manager.get().cloned().unwrap_or(manager))
    }
}
