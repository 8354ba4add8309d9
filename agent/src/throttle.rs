//! How often: token buckets and once-only marks, in Redis or in rows of the store.
//!
//! Redis never makes a call wait more than 50 ms: then the rows take over, and Redis is tried
//! again a second later.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use config::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::store::rows::{Severity, Time};
use crate::store::{NewEvent, Store};

mod redis;

pub use redis::Redis;

/// The longest that a call waits for Redis.
pub const REDIS_PATIENCE: Duration = Duration::from_millis(50);
/// After a failure, how long Redis is left alone.
const BREAK: Duration = Duration::from_secs(1);
/// How many marks this process keeps in mind itself.
const REMEMBERED_HERE: usize = 10_000;
/// Marks that an outage of Redis was told: each `fjord` at a terminal would tell it again.
const OUTAGE: &str = "fjord:redis:outage";
/// An outage that is longer is told again.
const OUTAGE_LASTS: TimeDelta = TimeDelta::days(1);
/// How long a notice to a coding agent's process is not repeated.
pub const HOOK_NOTICE: Duration = Duration::from_mins(5);

/// A token bucket: `capacity` at once, then `per_second` again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The most tokens it holds.
    pub capacity: u32,
    /// Tokens that come back each second.
    pub per_second: f64,
}

impl Bucket {
    /// Takes a token from a bucket that held `tokens` some time ago: what is left, and how long to wait if there was none.
    pub fn take(self, tokens: f64, elapsed: Duration) -> (f64, Option<Duration>) {
        let now =
            (tokens + elapsed.as_secs_f64() * self.per_second).clamp(0.0, f64::from(self.capacity));
        if now >= 1.0 {
            return (now - 1.0, None);
        }
        let wait = (1.0 - now) / self.per_second;
        (
            now,
            Some(Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_hours(1))),
        )
    }

    /// Returns how long an empty bucket takes to be full.
    pub fn full_after(self) -> TimeDelta {
        let milliseconds = f64::from(self.capacity) / self.per_second * 1_000.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "capacities are small; a float cast saturates"
        )]
        TimeDelta::milliseconds(milliseconds.ceil() as i64 + 1)
    }
}

/// Redis with rows behind it, or rows alone.
#[derive(Clone, Debug)]
pub struct Throttle {
    redis: Option<Redis>,
    store: Store,
    health: Arc<RedisHealth>,
    /// What was marked here lately, for when nothing else can be asked.
    lately: Arc<Mutex<HashMap<String, Time>>>,
}

#[derive(Debug, Default)]
struct RedisHealth {
    failed: Mutex<Option<Instant>>,
    told: AtomicBool,
}

impl Throttle {
    /// Makes the throttle for `throttle.url`; empty: rows only. Does no I/O.
    pub fn new(url: &SecretString, store: Store) -> Result<Self, Error> {
        let url = url.expose_secret();
        let redis = if url.is_empty() {
            None
        } else {
            Some(Redis::new(url)?)
        };
        Ok(Self {
            redis,
            store,
            health: Arc::default(),
            lately: Arc::default(),
        })
    }

    /// Takes one token of `fjord:limit:<actor>`; otherwise tells how long to wait.
    pub async fn take(
        &self,
        actor: &str,
        bucket: Bucket,
        now: Time,
    ) -> Result<Option<Duration>, Error> {
        let key = format!("fjord:limit:{actor}");
        if let Some(answer) = self
            .ask_redis(now, async |redis: &Redis| {
                redis.take(&key, bucket, now).await
            })
            .await
        {
            return Ok(answer);
        }
        Ok(self.store.take_token(&key, bucket, now).await?)
    }

    /// Marks `hooks:throttle:<action>:<ppid>` for 300 s; false: it was marked already.
    pub async fn hook_once(&self, action: &str, ppid: &str, now: Time) -> Result<bool, Error> {
        self.once(&format!("hooks:throttle:{action}:{ppid}"), HOOK_NOTICE, now)
            .await
    }

    /// Marks a key for some time; false: it was marked already.
    pub async fn once(&self, key: &str, lasting: Duration, now: Time) -> Result<bool, Error> {
        if let Some(answer) = self
            .ask_redis(now, async |redis: &Redis| redis.once(key, lasting).await)
            .await
        {
            return Ok(answer);
        }
        let until = now + TimeDelta::from_std(lasting).unwrap_or(TimeDelta::hours(1));
        Ok(self.store.mark_once(key, now, until).await?)
    }

    /// Marks keys for some time, all with one question; false for each that was marked already.
    ///
    /// When nobody answers in time, the memory of this process does, so that it is never too late.
    pub async fn once_each(
        &self,
        keys: &[String],
        lasting: Duration,
        now: Time,
        deadline: tokio::time::Instant,
    ) -> Vec<bool> {
        let until = now + TimeDelta::from_std(lasting).unwrap_or(TimeDelta::hours(1));
        let here: Vec<bool> = self.mark_here(keys, now, until);
        let asked: Vec<String> = keys
            .iter()
            .zip(&here)
            .filter(|(_, new)| **new)
            .map(|(key, _)| key.clone())
            .collect();
        if asked.is_empty() {
            return here;
        }
        // A task of its own: what was asked is marked also when the answer comes too late to be used, and a store
        // that is down is noticed.
        let throttle = self.clone();
        let (wanted, count) = (asked.clone(), asked.len());
        let asking =
            tokio::spawn(async move { throttle.mark_each(&wanted, lasting, (now, until)).await });
        let known = match tokio::time::timeout_at(deadline, asking).await {
            Ok(Ok(Ok(new))) => new,
            Ok(Ok(Err(_)) | Err(_)) | Err(_) => vec![true; count],
        };
        let mut known = known.into_iter();
        here.into_iter()
            .map(|new| new && known.next().unwrap_or(true))
            .collect()
    }

    async fn mark_each(
        &self,
        keys: &[String],
        lasting: Duration,
        (now, until): (Time, Time),
    ) -> Result<Vec<bool>, Error> {
        if let Some(answer) = self
            .ask_redis(now, async |redis: &Redis| {
                redis.once_each(keys, lasting).await
            })
            .await
        {
            return Ok(answer);
        }
        Ok(self.store.mark_each_once(keys, now, until).await?)
    }

    fn mark_here(&self, keys: &[String], now: Time, until: Time) -> Vec<bool> {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() + keys.len() > REMEMBERED_HERE {
            lately.retain(|_, until| *until > now);
            if lately.len() + keys.len() > REMEMBERED_HERE {
                lately.clear();
            }
        }
        keys.iter()
            .map(|key| match lately.get(key) {
                Some(marked) if *marked > now => false,
                _ => {
                    lately.insert(key.clone(), until);
                    true
                }
            })
            .collect()
    }

    /// Returns Redis, if it is configured, for `doctor`.
    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// Asks Redis under the deadline; `None`: it is not there, ask the rows.
    async fn ask_redis<T>(
        &self,
        now: Time,
        ask: impl AsyncFnOnce(&Redis) -> Result<T, ::redis::RedisError>,
    ) -> Option<T> {
        let redis = self.redis.as_ref()?;
        if self.is_broken() {
            return None;
        }
        let why = match tokio::time::timeout(REDIS_PATIENCE, ask(redis)).await {
            Ok(Ok(answer)) => {
                self.recovered(now).await;
                return Some(answer);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} ms", REDIS_PATIENCE.as_millis()),
        };
        self.failed(&why, now).await;
        None
    }

    fn is_broken(&self) -> bool {
        let failed = self
            .health
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|since| since.elapsed() < BREAK)
    }

    async fn failed(&self, why: &str, now: Time) {
        *self
            .health
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if !self.health.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(why, "redis is not available, throttle rows take over");
            self.tell(
                "redis is not available; the throttle uses rows of the store",
                Severity::Warning,
                now,
            )
            .await;
        }
    }

    async fn recovered(&self, now: Time) {
        if self.health.told.swap(false, Ordering::Relaxed) {
            tracing::info!("redis is back");
            self.tell(
                "redis is back; the throttle uses it again",
                Severity::Info,
                now,
            )
            .await;
        }
    }

    /// One event a change, not one a call and not one a process; the call that noticed does not wait for a slow store.
    async fn tell(&self, title: &'static str, severity: Severity, now: Time) {
        let throttle = self.clone();
        let telling = tokio::spawn(async move { throttle.write(title, severity, now).await });
        let _goes_on = tokio::time::timeout(REDIS_PATIENCE, telling).await;
    }

    async fn write(&self, title: &str, severity: Severity, now: Time) {
        let new = if severity == Severity::Info {
            self.store.unmark(OUTAGE).await
        } else {
            self.store.mark_once(OUTAGE, now, now + OUTAGE_LASTS).await
        };
        match new {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return tracing::warn!(%error, "the event could not be stored"),
        }
        let event = NewEvent {
            at: now,
            server: None,
            service: None,
            event_type: "throttle".to_owned(),
            severity,
            title: title.to_owned(),
            description: None,
            metadata: serde_json::json!({}),
        };
        if let Err(error) = self.store.insert_event(&event).await {
            tracing::warn!(%error, "the event could not be stored");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check((tokens, seconds): (f64, f64), expected: (f64, Option<f64>)) {
        let bucket = Bucket {
            capacity: 3,
            per_second: 0.5,
        };
        let (left, wait) = bucket.take(tokens, Duration::from_secs_f64(seconds));
        assert_eq!((left, wait.map(|wait| wait.as_secs_f64())), expected);
    }

    #[test]
    fn a_full_bucket_gives_a_token() {
        check((3.0, 0.0), (2.0, None));
    }

    #[test]
    fn an_empty_bucket_says_how_long_to_wait() {
        check((0.0, 1.0), (0.5, Some(1.0)));
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_capacity() {
        check((2.0, 1_000.0), (2.0, None));
    }
}
