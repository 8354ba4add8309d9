//! How fast Telegram may be asked: one message a second and chat, thirty in all; edits count.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

const A_CHAT_PER_SECOND: NonZeroU32 = NonZeroU32::MIN;
const ALL_PER_SECOND: NonZeroU32 = NonZeroU32::new(30).expect("30 is not zero");
const A_GROUP_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");

/// The limits of one process.
#[derive(Debug)]
pub(crate) struct Limits {
    all: DefaultDirectRateLimiter,
    chats: DefaultKeyedRateLimiter<i64>,
    groups: DefaultKeyedRateLimiter<i64>,
    /// Chats that Telegram told us to leave alone for a while.
    pauses: Mutex<HashMap<i64, Instant>>,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            all: RateLimiter::direct(Quota::per_second(ALL_PER_SECOND)),
            chats: RateLimiter::keyed(Quota::per_second(A_CHAT_PER_SECOND)),
            groups: RateLimiter::keyed(Quota::per_minute(A_GROUP_PER_MINUTE)),
            pauses: Mutex::default(),
        }
    }

    /// Waits until a chat may be written to.
    pub(crate) async fn wait(&self, chat: i64) {
        if let Some(until) = self.pause(chat) {
            tokio::time::sleep_until(until.into()).await;
        }
        if chat < 0 {
            self.groups.until_key_ready(&chat).await;
        }
        self.chats.until_key_ready(&chat).await;
        self.all.until_ready().await;
    }

    /// Tells whether a chat may be written to now, and if so counts it.
    pub(crate) fn is_free(&self, chat: i64) -> bool {
        self.pause(chat).is_none()
            && self.chats.check_key(&chat).is_ok()
            && (chat >= 0 || self.groups.check_key(&chat).is_ok())
            && self.all.check().is_ok()
    }

    /// Leaves a chat alone for a while.
    pub(crate) fn pause_for(&self, chat: i64, time: Duration) {
        let now = Instant::now();
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.retain(|_, until| *until > now);
        pauses.insert(chat, now + time);
    }

    /// Forgets chats that were quiet for long.
    pub(crate) fn forget_quiet_chats(&self) {
        self.chats.retain_recent();
        self.groups.retain_recent();
    }

    fn pause(&self, chat: i64) -> Option<Instant> {
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses
            .get(&chat)
            .copied()
            .filter(|until| *until > Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_written_to_once_a_second_and_others_do_not_wait_for_it() {
        let limits = Limits::new();
        assert!(limits.is_free(1));
        assert!(!limits.is_free(1));
        assert!(limits.is_free(2));
        assert!(limits.is_free(-3));
    }

    #[test]
    fn a_chat_that_telegram_wants_left_alone_is_left_alone() {
        let limits = Limits::new();
        limits.pause_for(1, Duration::from_mins(1));
        assert!(!limits.is_free(1));
        assert!(limits.is_free(2));
    }

    #[test]
    fn all_chats_together_get_thirty_a_second() {
        let limits = Limits::new();
        let free = (1..=100).filter(|chat| limits.is_free(*chat)).count();
        assert!((30..=33).contains(&free), "{free}");
    }
}
