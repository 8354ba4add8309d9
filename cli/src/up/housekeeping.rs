//! What `fjord up` does now and then: forget what is old, send vectors that waited, wait for the store.

use std::time::Duration;

use agent::{Agent, Error};
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::parts::Ended;

/// How often old rows are forgotten.
const EVERY: Duration = Duration::from_hours(1);
/// How often vectors that wait are sent.
const CATCH_UP: Duration = Duration::from_secs(30);
/// How often a store that is down is asked again.
const ASK_STORE: Duration = Duration::from_secs(5);
/// How long answered or void questions are kept: long enough to say "too late".
const KEEP_QUESTIONS: TimeDelta = TimeDelta::days(1);
/// How long the numbers of Telegram's updates are kept; Telegram itself forgets after a day.
const KEEP_UPDATES: TimeDelta = TimeDelta::days(7);

/// Forgets what is old, now and every hour.
pub(super) async fn run(agent: Agent, stop: CancellationToken) -> Ended {
    loop {
        match forget(&agent).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "old rows are forgotten"),
            Err(error) => tracing::debug!(%error, "old rows stay for now"),
        }
        if !pause(&stop, EVERY).await {
            return Ended::Done;
        }
    }
}

async fn forget(agent: &Agent) -> Result<u64, Error> {
    let now = agent.now();
    let store = agent.store();
    let mut rows = store.forget_confirmations(now - KEEP_QUESTIONS).await?;
    rows += store.forget_updates(now - KEEP_UPDATES).await?;
    rows += store.forget_limits(now).await?;
    rows += agent::memory::forget_old(agent).await?;
    Ok(rows)
}

/// Sends vectors to Chroma that could not be sent when their document came.
pub(super) async fn catch_up(agent: Agent, stop: CancellationToken) -> Ended {
    let mut told = false;
    loop {
        match agent.rag().catch_up(agent.now()).await {
            Ok(done) => {
                told = false;
                if done.embedded + done.removed > 0 {
                    tracing::info!(
                        sent = done.embedded,
                        removed = done.removed,
                        "vectors caught up"
                    );
                }
            }
            // One line an outage.
            Err(error) if !told => {
                told = true;
                tracing::warn!(%error, "vectors wait; full text answers meanwhile");
            }
            Err(_) => {}
        }
        if !pause(&stop, CATCH_UP).await {
            return Ended::Done;
        }
    }
}

/// Ends when the store answers.
pub(super) async fn wait_for_store(agent: Agent, stop: CancellationToken) -> Ended {
    while pause(&stop, ASK_STORE).await {
        if agent.store().ready().await.is_ok() {
            tracing::info!("the store is there");
            return Ended::Done;
        }
    }
    Ended::Done
}

/// Waits; false: told to stop.
async fn pause(stop: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}
