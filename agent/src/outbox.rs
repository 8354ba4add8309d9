//! Puts messages into the outbox, from where the bot delivers them, also after a restart.

use crate::agent::Agent;
use crate::error::Error;
use crate::reply::Reply;

/// Puts a reply into the outbox for a chat; one with the same key is there once.
pub async fn put(agent: &Agent, dedupe: &str, chat: i64, reply: &Reply) -> Result<(), Error> {
    let body = serde_json::to_value(reply).map_err(|error| Error::internal(error.to_string()))?;
    agent
        .store()
        .insert_outbox(dedupe, (chat, &body), agent.now())
        .await?;
    Ok(())
}
