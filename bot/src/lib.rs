//! The Telegram face: updates in, commands to the agent, replies out.
//!
//! The bot decides nothing. It parses a message to an `agent::Command`, calls the agent and renders
//! the `agent::Reply`. Updates are recorded before they are acted on and acknowledged afterwards;
//! what must reach a chat goes through the outbox.

mod poll;

mod messages;
mod taps;

mod work;

mod live;

mod deliver;

mod face;
mod limits;
mod wire;

mod render;
mod text;
mod ticket;

mod admin;
mod error;

use std::time::Duration;

use agent::Agent;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use admin::{check, claim_admin};
pub use error::BotError;
pub use poll::POLL_LOCK;

use crate::face::Face;
use crate::wire::Wire;

/// How long work that is going on may take to end when the bot is stopped.
const GRACE: Duration = Duration::from_secs(10);

/// Serves Telegram until `stop`, and goes on trying while Telegram is down.
///
/// Fails when nothing but a person can help: the token is refused, or a stranger polls with it.
/// Work that is going on is finished first.
pub async fn run(agent: Agent, stop: CancellationToken) -> Result<(), BotError> {
    let wire = Wire::new(&agent.config().telegram)?;
    let face = Face::new(agent, wire);
    let loops = stop.child_token();
    let background = TaskTracker::new();
    background.spawn(deliver::run(face.clone(), loops.clone()));
    background.spawn(
        loops
            .clone()
            .run_until_cancelled_owned(face.clone().offer_menu()),
    );
    let outcome = tokio::select! {
        () = stop.cancelled() => Ok(()),
        outcome = poll::run(&face) => outcome,
    };
    if outcome.is_err() {
        tracing::warn!(
            "the bot takes no more messages and stops when the work that is going on has ended"
        );
    }
    loops.cancel();
    background.close();
    face.end_work(&stop, GRACE).await;
    background.wait().await;
    poll::release(&face).await;
    outcome
}
