//! Fetches updates. Among Fjords that share a store one polls and the others wait.
//!
//! An update is acknowledged by the next poll, which is after it was recorded in the store.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use agent::deploy::Owner;
use chrono::TimeDelta;
use teloxide::types::{Update, UpdateKind};
use tokio::time::Instant;

use crate::error::BotError;
use crate::face::Face;
use crate::wire::Trouble;
use crate::{messages, taps};

/// The lock whose holder polls.
pub const POLL_LOCK: &str = "telegram:poll";

/// How long a Fjord that died on another machine goes on holding the lock.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often the lease is renewed.
const RENEW: Duration = Duration::from_secs(10);
/// How often a waiting Fjord looks whether the lock is free.
const LOOK: Duration = Duration::from_secs(1);
/// How long a poll may be silent; Telegram answers after 10 s even when there is nothing.
const SILENCE: Duration = Duration::from_mins(1);
/// Longest wait between two polls while Telegram is down.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// So many conflicts in [`CONFLICT_WINDOW`] are a stranger, and not a poll that took long to die.
const CONFLICTS: usize = 3;
const CONFLICT_WINDOW: Duration = Duration::from_mins(1);
/// Telegram keeps updates for a day; ours are kept a little longer.
const KEEP_UPDATES: TimeDelta = TimeDelta::hours(48);
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// Polls while it is this Fjord's turn. Returns only what nobody but a person can mend.
pub(crate) async fn run(face: &Face) -> Result<(), BotError> {
    loop {
        wait_for_turn(face).await;
        tokio::select! {
            outcome = poll(face) => return outcome.map(|never| match never {}),
            () = hold_turn(face) => tracing::info!("another Fjord polls Telegram now; this one waits"),
        }
    }
}

/// Lets another Fjord poll.
pub(crate) async fn release(face: &Face) {
    if let Some(fence) = face.lease() {
        face.set_lease(None);
        if let Err(error) = face.agent().store().release_lock(POLL_LOCK, fence).await {
            tracing::debug!(%error, "the polling lock could not be freed; its lease ends by itself");
        }
    }
}

/// What asking for the lock said.
enum Turn {
    Ours,
    Theirs,
    /// The store is down: nobody can hold the lock, and reads can still be answered.
    Unknown,
}

async fn wait_for_turn(face: &Face) {
    let mut told = false;
    loop {
        match ask_for_turn(face).await {
            Turn::Ours | Turn::Unknown => return,
            Turn::Theirs => {
                if free_from_the_dead(face).await {
                    continue;
                }
                if !told {
                    tracing::info!("another Fjord polls Telegram; this one waits");
                    told = true;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

async fn ask_for_turn(face: &Face) -> Turn {
    let now = face.agent().now();
    match face
        .agent()
        .store()
        .acquire_lock(
            POLL_LOCK,
            face.owner(),
            "polling Telegram",
            (now, now + LEASE),
        )
        .await
    {
        Ok(Some(fence)) => {
            face.set_lease(Some(fence));
            face.tell_interrupted().await;
            Turn::Ours
        }
        Ok(None) => Turn::Theirs,
        Err(error) => {
            tracing::warn!(%error, "the polling lock cannot be taken; polling without it");
            Turn::Unknown
        }
    }
}

/// Frees the lock when its holder ran on this machine and is dead, so that a restart serves at once.
async fn free_from_the_dead(face: &Face) -> bool {
    let store = face.agent().store();
    let Ok(Some(holder)) = store.lock_holder(POLL_LOCK, face.agent().now()).await else {
        return false;
    };
    let owner = holder.owner.as_deref().and_then(Owner::from_text);
    let dead = owner
        .is_some_and(|owner| owner.is_on_the_host_of(face.agent().owner()) && !owner.is_alive());
    dead && store
        .release_lock(POLL_LOCK, holder.fence)
        .await
        .unwrap_or(false)
}

/// Renews the lease and returns when it is lost.
async fn hold_turn(face: &Face) {
    loop {
        tokio::time::sleep(RENEW).await;
        let Some(fence) = face.lease() else {
            match ask_for_turn(face).await {
                Turn::Ours | Turn::Unknown => continue,
                Turn::Theirs => return,
            }
        };
        match face
            .agent()
            .store()
            .renew_lock(POLL_LOCK, fence, face.agent().now() + LEASE)
            .await
        {
            Ok(true) => {}
            Ok(false) => {
                face.set_lease(None);
                return;
            }
            // While the store is down nobody else can take the lock either.
            Err(error) => tracing::debug!(%error, "the polling lease could not be renewed"),
        }
    }
}

async fn poll(face: &Face) -> Result<Infallible, BotError> {
    let mut offset = None;
    let mut failures = 0_u32;
    let mut conflicts = VecDeque::new();
    let mut cleaned: Option<Instant> = None;
    loop {
        // A dead socket can stay silent for hours: the whole call is under one deadline.
        let answer = tokio::time::timeout(SILENCE, async {
            face.learn_name().await?;
            face.wire().updates(offset).await
        });
        let answer = answer
            .await
            .unwrap_or_else(|_silent| Err(Trouble::Down("a poll was silent for 60 s".to_owned())));
        match answer {
            Ok(updates) => {
                if failures > 0 {
                    tracing::info!("Telegram answers again");
                    failures = 0;
                }
                for update in updates {
                    let next = i32::try_from(update.id.0)
                        .ok()
                        .and_then(|id| id.checked_add(1));
                    take(face, update).await;
                    offset = next.or(offset);
                }
                if cleaned.is_none_or(|at| at.elapsed() > HOUSEKEEPING) {
                    cleaned = Some(Instant::now());
                    clean(face).await;
                }
            }
            Err(Trouble::Token) => return Err(BotError::Token),
            Err(Trouble::Conflict(_)) if face.lease().is_none() => {
                tokio::time::sleep(LONGEST_WAIT).await;
            }
            Err(Trouble::Conflict(why)) => {
                let now = Instant::now();
                conflicts.push_back(now);
                conflicts.retain(|at| now.duration_since(*at) < CONFLICT_WINDOW);
                if conflicts.len() >= CONFLICTS {
                    return Err(BotError::Conflict(why));
                }
                tracing::warn!(
                    "another program polled Telegram with the same token (409); trying again"
                );
                tokio::time::sleep(LOOK).await;
            }
            Err(Trouble::Later(time)) => tokio::time::sleep(time).await,
            Err(trouble) => {
                if failures == 0 {
                    tracing::warn!(?trouble, "Telegram does not answer; trying again");
                }
                tokio::time::sleep(wait_after(failures)).await;
                failures = failures.saturating_add(1);
            }
        }
    }
}

async fn take(face: &Face, update: Update) {
    let id = i64::from(update.id.0);
    match update.kind {
        UpdateKind::Message(message) => messages::take(face, id, message).await,
        UpdateKind::CallbackQuery(tap) => taps::take(face, id, tap).await,
        _ => {}
    }
}

async fn clean(face: &Face) {
    face.wire().limits().forget_quiet_chats();
    if let Err(error) = face
        .agent()
        .store()
        .forget_updates(face.agent().now() - KEEP_UPDATES)
        .await
    {
        tracing::debug!(%error, "old updates could not be forgotten");
    }
}

fn wait_after(failures: u32) -> Duration {
    Duration::from_millis(500)
        .saturating_mul(1 << failures.min(6))
        .min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_a_minute() {
        let waits: Vec<u128> = (0..8)
            .map(|failures| wait_after(failures).as_millis())
            .collect();
        assert_eq!(
            waits,
            [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        );
    }
}
