//! Taps on buttons: an answer to a question, once, by the person who asked, in time.

use std::time::Duration;

use agent::{Actor, Answer, Command, Error};
use teloxide::types::{CallbackQuery, CallbackQueryId, InlineKeyboardButtonKind};

use crate::face::{Asker, Face, PATIENCE};
use crate::live::Live;
use crate::messages::{actor_of, is_person, place_of, record};
use crate::render;
use crate::text::shorten;
use crate::ticket;
use crate::wire::Place;
use crate::work::{Sign, Work, tell};

/// How long the agent may look at a ticket before the tap is answered without knowing.
const FIRST_LOOK: Duration = Duration::from_millis(400);
/// Telegram's limit of an alert, characters.
const LONGEST_ALERT: usize = 190;

/// A tap that was taken in.
struct Tap {
    id: CallbackQueryId,
    place: Place,
    message: i32,
    /// The question as the person reads it.
    question: String,
}

/// Takes a tap in. Returns once it is recorded; the work goes on beside.
pub(crate) async fn take(face: &Face, update: i64, query: CallbackQuery) {
    let Some(message) = query.message.as_ref() else {
        return;
    };
    let place = query
        .regular_message()
        .map_or_else(|| Place::chat(message.chat().id.0), place_of);
    let tap = Tap {
        id: query.id.clone(),
        place,
        message: message.id().0,
        question: query
            .regular_message()
            .and_then(|message| message.text())
            .unwrap_or_default()
            .to_owned(),
    };
    let actor = actor_of(&query.from, place);
    if !is_person(&query.from) || face.agent().role_of(&actor).is_none() {
        let aloud = face.agent().meet_stranger(&actor).await;
        let face = face.clone();
        face.clone().spawn(async move {
            face.wire()
                .answer_tap(
                    tap.id,
                    aloud.then_some("I only listen to people on my list."),
                )
                .await;
        });
        return;
    }
    let asker = Asker {
        user: query.from.id.0,
        chat: place.chat,
    };
    let Some(recorded) = record(face, update, asker, &title(&tap.question)).await else {
        return;
    };
    let data = query
        .data
        .as_deref()
        .filter(|data| is_offered(&query, data))
        .and_then(ticket::parse)
        .map(|(answer, ticket)| (answer, ticket.to_owned()));
    let worker = face.clone();
    face.spawn(async move {
        match (data, recorded) {
            (None, _) => {
                worker
                    .wire()
                    .answer_tap(tap.id, Some("This button is not one of mine."))
                    .await;
            }
            (_, Err(error)) => worker.wire().answer_tap(tap.id, Some(&alert(&error))).await,
            (Some(answer), Ok(())) => answer_question(&worker, (actor, update), tap, answer).await,
        }
        worker.finish(update).await;
    });
}

/// Tells whether the message has a button with this data. A client of another make may send any.
fn is_offered(query: &CallbackQuery, data: &str) -> bool {
    let buttons = query
        .regular_message()
        .and_then(|message| message.reply_markup());
    // Of a message that is too old, or already without buttons, nothing can be told here.
    buttons.is_none_or(|buttons| {
        buttons.inline_keyboard.iter().flatten().any(
            |button| matches!(&button.kind, InlineKeyboardButtonKind::CallbackData(own) if own == data),
        )
    })
}

async fn answer_question(
    face: &Face,
    (actor, update): (Actor, i64),
    tap: Tap,
    (answer, ticket): (Answer, String),
) {
    let mut work = Work::start(face, actor, Command::Confirm { ticket, answer });
    let sign = tokio::time::timeout(FIRST_LOOK, work.first_sign())
        .await
        .unwrap_or(Sign::Nothing);
    let place = tap.place;
    let heading = match answer {
        Answer::Yes => format!("working: {}", title(&tap.question)),
        Answer::No => title(&tap.question),
    };
    let mut live = Live::of_message(face, place, tap.message, &heading);
    match sign {
        Sign::Ended(outcome) => match *outcome {
            Err(error) => refuse(face, tap, &error).await,
            outcome => {
                face.note_answered(place, tap.message);
                face.wire().answer_tap(tap.id, None).await;
                tell(face, live, (place, update), outcome).await;
            }
        },
        Sign::Step(_) | Sign::Nothing => {
            face.note_answered(place, tap.message);
            face.wire().answer_tap(tap.id, None).await;
            if let Sign::Step(step) = sign {
                live.take(step);
            }
            live.show().await;
            let (live, outcome) = work.follow(live).await;
            tell(face, live, (place, update), outcome).await;
        }
    }
}

/// Says why nothing was done. The question stays where somebody may still answer it.
async fn refuse(face: &Face, tap: Tap, error: &Error) {
    face.wire().answer_tap(tap.id, Some(&alert(error))).await;
    let stays = matches!(error, Error::Forbidden { .. } | Error::Throttled { .. });
    if stays || face.is_answered(tap.place, tap.message) {
        return;
    }
    face.note_answered(tap.place, tap.message);
    let message = render::refused_question(&tap.question, error);
    if let Err(trouble) = face
        .edit_patiently((tap.place, tap.message), &message, PATIENCE)
        .await
    {
        tracing::warn!(?trouble, "a question could not be closed");
    }
}

fn alert(error: &Error) -> String {
    shorten(&error.to_string().replace('`', ""), LONGEST_ALERT)
}

/// Returns the first line of a question as a title.
fn title(question: &str) -> String {
    let line = question
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches('?');
    if line.is_empty() {
        "your answer".to_owned()
    } else {
        shorten(&line.trim_start_matches('/').replace('`', ""), 200)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_short_and_without_markup() {
        let error = Error::conflict(format!("`api` {}", "x".repeat(500)));
        let alert = alert(&error);
        assert!(alert.starts_with("api xxx"), "{alert}");
        assert!(alert.encode_utf16().count() <= LONGEST_ALERT);
    }

    #[test]
    fn the_title_is_the_first_line_without_its_question_mark() {
        assert_eq!(
            title("Deploy api@web1 v1 -> v2?\nwhere: web1"),
            "Deploy api@web1 v1 -> v2"
        );
        assert_eq!(title(""), "your answer");
    }
}
