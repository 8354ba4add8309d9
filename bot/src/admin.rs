//! For `fjord init` and `fjord doctor`: does the token work, and who is the first admin.

use std::time::Duration;

use teloxide::types::{Update, UpdateKind};
use tokio::time::Instant;

use crate::error::BotError;
use crate::messages::{is_person, place_of};
use crate::text::Page;
use crate::wire::{Place, Trouble, Wire};

/// Asks Telegram who the bot is: its name with the `@`, and how long the answer took.
pub async fn check(telegram: &config::Telegram) -> Result<(String, Duration), BotError> {
    let wire = Wire::new(telegram)?;
    let started = Instant::now();
    let name = wire.own_name().await.map_err(unusable)?;
    Ok((format!("@{name}"), started.elapsed()))
}

/// Waits until somebody sends `/start CODE`, or the code alone, in a private chat; returns the user id.
///
/// No other Fjord may poll with this token meanwhile.
pub async fn claim_admin(
    telegram: &config::Telegram,
    code: &str,
    deadline: Duration,
) -> Result<u64, BotError> {
    let wire = Wire::new(telegram)?;
    let nobody = |_elapsed| BotError::NobodyCame(deadline);
    tokio::time::timeout(deadline, wait_for(&wire, code))
        .await
        .map_err(nobody)?
}

async fn wait_for(wire: &Wire, code: &str) -> Result<u64, BotError> {
    let mut offset = None;
    loop {
        let updates = match wire.updates(offset).await {
            Ok(updates) => updates,
            Err(Trouble::Later(time)) => {
                tokio::time::sleep(time).await;
                continue;
            }
            // The deadline ends this; a network that comes and goes should not.
            Err(Trouble::Down(why)) => {
                tracing::warn!(why, "Telegram does not answer; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            Err(trouble) => return Err(unusable(trouble)),
        };
        for update in updates {
            offset = i32::try_from(update.id.0)
                .ok()
                .and_then(|id| id.checked_add(1))
                .or(offset);
            let Some((user, place)) = claimant(&update, code) else {
                continue;
            };
            // Acknowledges what was read, so that the bot does not take the code for a command.
            let _best_effort = wire.updates_within(offset, 0).await;
            let greeting = Page::new("welcome").head(
                "welcome",
                "you are the first admin of this Fjord; `/help` lists the commands",
            );
            if let Err(trouble) = wire.send(place, &greeting.message().html, None).await {
                tracing::warn!(?trouble, "the first admin could not be greeted");
            }
            return Ok(user);
        }
    }
}

fn claimant(update: &Update, code: &str) -> Option<(u64, Place)> {
    let UpdateKind::Message(message) = &update.kind else {
        return None;
    };
    let user = message.from.as_ref().filter(|user| is_person(user))?;
    let said = message.text()?.trim();
    let said = said.strip_prefix("/start").unwrap_or(said).trim();
    (message.chat.is_private() && !code.is_empty() && is_same(said, code))
        .then(|| (user.id.0, place_of(message)))
}

/// Compares without telling by the time it takes how much was right.
fn is_same(said: &str, code: &str) -> bool {
    let differences = said
        .bytes()
        .zip(code.bytes())
        .fold(0, |differences, (a, b)| differences | (a ^ b));
    said.len() == code.len() && differences == 0
}

fn unusable(trouble: Trouble) -> BotError {
    match trouble {
        Trouble::Token => BotError::Token,
        Trouble::Conflict(why) => BotError::Conflict(why),
        Trouble::Down(why) | Trouble::Refused(why) | Trouble::Gone(why) => {
            BotError::Unreachable(why)
        }
        Trouble::Later(time) => {
            BotError::Unreachable(format!("it asks to wait {} s", time.as_secs()))
        }
        Trouble::Moved(_) | Trouble::Missing => {
            BotError::Unreachable("an answer that does not fit".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_code_is_the_code() {
        assert!(is_same("A1B2C3", "A1B2C3"));
        for said in ["", "A1B2C", "A1B2C3D", "a1b2c3", "A1B2C4"] {
            assert!(!is_same(said, "A1B2C3"), "{said}");
        }
    }
}
