//! Delivers what waits in the outbox: results and briefs that survive a restart.

use std::time::Duration;

use agent::Reply;
use agent::store::StoreError;
use agent::store::rows::OutboxMessage;
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::face::Face;
use crate::render;
use crate::wire::{Place, Trouble};

/// How often it is looked whether something waits.
const LOOK: Duration = Duration::from_secs(1);
/// How long a message is ours to send.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// Longest wait between two attempts.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(10);
/// A message that failed so often is given up: about three days.
const MOST_ATTEMPTS: i64 = 450;

/// Delivers until `stop`. Every Fjord may: a message is claimed before it is sent.
pub(crate) async fn run(face: Face, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match next(&face).await {
            // Once claimed it is sent and recorded, also when `stop` comes in between.
            Ok(Some(message)) => deliver(&face, message).await,
            Ok(None) => {
                stop.run_until_cancelled(tokio::time::sleep(LOOK)).await;
            }
            Err(error) => {
                tracing::debug!(%error, "the outbox could not be read");
                stop.run_until_cancelled(tokio::time::sleep(5 * LOOK)).await;
            }
        }
    }
}

async fn next(face: &Face) -> Result<Option<OutboxMessage>, StoreError> {
    let store = face.agent().store();
    // A look costs less than a claim, which takes the write lock of an SQLite file.
    if store.waiting_outbox().await? == 0 {
        return Ok(None);
    }
    let now = face.agent().now();
    store.claim_outbox(face.owner(), now, now + LEASE).await
}

async fn deliver(face: &Face, message: OutboxMessage) {
    let (id, attempts) = (message.id, message.attempts);
    let outcome = match serde_json::from_value::<Reply>(message.body.0) {
        Ok(reply) => {
            let chat = face
                .agent()
                .store()
                .current_chat(message.chat)
                .await
                .unwrap_or(message.chat);
            face.send(Place::chat(chat), &render::reply(&reply)).await
        }
        Err(error) => Err(Trouble::Refused(format!(
            "the stored reply cannot be read: {error}"
        ))),
    };
    let recorded = match what_next(outcome, attempts) {
        Next::Done => face
            .agent()
            .store()
            .finish_outbox(id, face.owner(), face.agent().now())
            .await
            .map(|_| ()),
        Next::GiveUp(why) => {
            tracing::warn!(
                chat = message.chat,
                why,
                "a message cannot be delivered and is given up"
            );
            face.agent()
                .store()
                .finish_outbox(id, face.owner(), face.agent().now())
                .await
                .map(|_| ())
        }
        Next::Again(wait, why) => {
            tracing::debug!(
                chat = message.chat,
                why,
                ?wait,
                "a message waits in the outbox"
            );
            face.agent()
                .store()
                .postpone_outbox(id, face.agent().now() + wait, &why)
                .await
        }
    };
    if let Err(error) = recorded {
        tracing::warn!(%error, "a message may be delivered once more");
    }
}

/// What becomes of a message after an attempt.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Done,
    Again(TimeDelta, String),
    GiveUp(String),
}

fn what_next(outcome: Result<(), Trouble>, attempts: i64) -> Next {
    match outcome {
        Ok(()) => Next::Done,
        Err(Trouble::Later(time)) => Next::Again(
            TimeDelta::from_std(time).unwrap_or(LONGEST_WAIT),
            "Telegram asked to wait".to_owned(),
        ),
        Err(Trouble::Gone(why) | Trouble::Refused(why)) => Next::GiveUp(why),
        Err(trouble) if attempts >= MOST_ATTEMPTS => Next::GiveUp(format!("{trouble:?}")),
        Err(trouble) => {
            let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
            let wait = TimeDelta::seconds(2 << doublings).min(LONGEST_WAIT);
            Next::Again(wait, format!("{trouble:?}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_again_while_telegram_is_down() {
        let down = || Err(Trouble::Down("no connection".to_owned()));
        let wait = |attempts| match what_next(down(), attempts) {
            Next::Again(wait, _) => wait.num_seconds(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            [wait(1), wait(2), wait(3), wait(10), wait(449)],
            [2, 4, 8, 600, 600]
        );
        assert!(matches!(what_next(down(), MOST_ATTEMPTS), Next::GiveUp(_)));
    }

    #[test]
    fn telegrams_own_wait_is_kept() {
        let next = what_next(Err(Trouble::Later(Duration::from_secs(137))), 1);
        assert_eq!(
            next,
            Next::Again(TimeDelta::seconds(137), "Telegram asked to wait".to_owned())
        );
    }

    #[test]
    fn a_chat_that_blocked_the_bot_is_given_up() {
        let next = what_next(Err(Trouble::Gone("blocked".to_owned())), 1);
        assert_eq!(next, Next::GiveUp("blocked".to_owned()));
    }
}
