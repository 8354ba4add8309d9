//! Messages that must reach a chat, also after a restart: kept as replies, rendered when sent.

use chrono::TimeDelta;
use config::ExposeSecret;

use crate::agent::Agent;
use crate::error::Error;
use crate::reply::Reply;

/// Leaves a reply to be delivered to a chat; once, whatever happens, for each key.
///
/// Keys say what the message is about: `deployment:7:123`, `brief:2026-01-31:123`.
pub async fn put(agent: &Agent, dedupe: &str, chat: i64, reply: &Reply) -> Result<(), Error> {
    let body = body(reply)?;
    agent
        .store()
        .insert_outbox(dedupe, (chat, &body), agent.now())
        .await?;
    Ok(())
}

/// Leaves a reply that `owner` is about to show itself; any Fjord delivers it when the lease ends.
///
/// Returns the message's number for [`crate::store::Store::finish_outbox`]; `None` when there is one
/// with that key already.
pub async fn hold(
    agent: &Agent,
    (dedupe, chat): (&str, i64),
    reply: &Reply,
    (owner, lease): (&str, TimeDelta),
) -> Result<Option<i64>, Error> {
    let body = body(reply)?;
    let now = agent.now();
    Ok(agent
        .store()
        .insert_held_outbox(dedupe, (chat, &body), owner, (now, now + lease))
        .await?)
}

/// Returns the chats that are told what nobody asked for; none without a bot.
pub(crate) fn chats(agent: &Agent) -> Vec<i64> {
    let telegram = &agent.config().telegram;
    if telegram.token.expose_secret().is_empty() {
        return Vec::new();
    }
    if !telegram.chats.is_empty() {
        return telegram.chats.clone();
    }
    telegram
        .admins
        .iter()
        .filter_map(|admin| i64::try_from(*admin).ok())
        .collect()
}

fn body(reply: &Reply) -> Result<serde_json::Value, Error> {
    serde_json::to_value(reply)
        .map_err(|error| Error::internal(format!("a reply cannot be stored: {error}")))
}
