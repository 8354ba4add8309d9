//! What people write: who may, what it means, and recorded before it is acted on.

use agent::{Actor, Command};
use teloxide::types::{Message, User};

use crate::face::{Asker, Face};
use crate::live::Live;
use crate::render;
use crate::text::shorten;
use crate::wire::Place;
use crate::work;

/// Commands whose arguments are free text, which may hold anything and is not recorded.
const FREE_TEXT: &[&str] = &["remember", "incident", "search"];

/// What a message asks for.
#[derive(Clone, Debug)]
enum Request {
    Help,
    Command(Box<Command>),
    Mistake(agent::Error),
}

/// Takes a message in. Returns once it is recorded; the work goes on beside.
pub(crate) async fn take(face: &Face, update: i64, message: Message) {
    if let Some(to) = message.migrate_to_chat_id() {
        if let Err(error) = face
            .agent()
            .store()
            .move_chat(message.chat.id.0, to.0, face.agent().now())
            .await
        {
            tracing::warn!(%error, "the new id of a group could not be stored");
        }
        return;
    }
    let Some(user) = message.from.as_ref().filter(|user| is_person(user)) else {
        return;
    };
    let private = message.chat.is_private();
    let text = message.text().unwrap_or_default();
    let Some(request) = understand(text, private, face.name()) else {
        return;
    };
    let place = place_of(&message);
    let actor = actor_of(user, place);
    if face.agent().role_of(&actor).is_none() {
        if face.agent().meet_stranger(&actor).await {
            let (face, refusal) = (face.clone(), render::refusal(user.id.0));
            face.clone()
                .spawn(async move { face.tell(place, &refusal).await });
        }
        return;
    }
    let summary = summary(text);
    let asker = Asker {
        user: user.id.0,
        chat: place.chat,
    };
    let Some(recorded) = record(face, update, asker, &summary).await else {
        return;
    };
    let kind = if private { "private" } else { "group" };
    if let Err(error) = face
        .agent()
        .store()
        .note_chat(place.chat, kind, face.agent().now())
        .await
    {
        tracing::debug!(%error, "a chat could not be noted");
    }
    let work = answer(
        face.clone(),
        (actor, place, update),
        (request, summary),
        recorded,
    );
    face.spawn(work);
}

/// Records an update; `None`: it was taken in before.
pub(crate) async fn record(
    face: &Face,
    update: i64,
    asker: Asker,
    summary: &str,
) -> Option<Result<(), agent::Error>> {
    match face
        .agent()
        .store()
        .receive_update(update, (&asker.text(), summary), face.agent().now())
        .await
    {
        Ok(true) => {
            face.begin(update);
            Some(Ok(()))
        }
        Ok(false) => None,
        Err(error) => face.see_unrecorded(update).then(|| Err(error.into())),
    }
}

async fn answer(
    face: Face,
    (actor, place, update): (Actor, Place, i64),
    (request, summary): (Request, String),
    recorded: Result<(), agent::Error>,
) {
    match (request, recorded) {
        (Request::Help, _) => {
            face.tell(place, &render::help(face.agent().role_of(&actor)))
                .await;
        }
        (Request::Mistake(error), _) => face.tell(place, &render::error(&error)).await,
        // What could not be recorded may come again, so it must be harmless to do twice.
        (Request::Command(command), Err(error)) if !command.is_answered_by_snapshot() => {
            face.tell(place, &render::error(&error)).await;
        }
        (Request::Command(command), _) => {
            let live = Live::new(&face, place, &format!("working on `{summary}`"));
            let work = work::Work::start(&face, actor, *command);
            let (live, outcome) = work.follow(live).await;
            work::tell(&face, live, (place, update), outcome).await;
        }
    }
    face.finish(update).await;
}

/// Reads a text; `None`: it is not for us.
fn understand(text: &str, private: bool, own_name: Option<&str>) -> Option<Request> {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or_default();
    let Some(word) = first.strip_prefix('/') else {
        if !private {
            return None;
        }
        let request = match agent::line::parse(text) {
            Ok(command) => Request::Command(Box::new(command)),
            Err(_) if text.is_empty() => Request::Mistake(agent::Error::invalid(
                "I read text only; `/help` lists the commands",
            )),
            Err(_) if matches!(text.to_lowercase().as_str(), "help" | "start") => Request::Help,
            Err(error) => Request::Mistake(error),
        };
        return Some(request);
    };
    let (word, addressed) = word
        .split_once('@')
        .map_or((word, None), |(word, name)| (word, Some(name)));
    if let (Some(addressed), Some(own)) = (addressed, own_name)
        && !addressed.eq_ignore_ascii_case(own)
    {
        return None;
    }
    let word = word.to_lowercase();
    if matches!(word.as_str(), "help" | "start") {
        return Some(Request::Help);
    }
    // A group may have other bots with commands of their own.
    let known = agent::line::OFFERS.iter().any(|offer| offer.word == word);
    if !private && !known && addressed.is_none() {
        return None;
    }
    Some(
        agent::line::parse(text).map_or_else(Request::Mistake, |command| {
            Request::Command(Box::new(command))
        }),
    )
}

/// Returns what is recorded of a text: never free text, which may hold a secret.
fn summary(text: &str) -> String {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let word = first
        .trim_start_matches('/')
        .split('@')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    if !agent::line::OFFERS.iter().any(|offer| offer.word == word) {
        return "a message".to_owned();
    }
    if FREE_TEXT.contains(&word.as_str()) || rest.is_empty() {
        return format!("/{word}");
    }
    let rest: Vec<&str> = rest.split_whitespace().collect();
    shorten(&format!("/{word} {}", rest.join(" ")), 200)
}

/// Returns where a message is answered: its chat, and its topic in a forum.
pub(crate) fn place_of(message: &Message) -> Place {
    // The General topic is addressed by leaving the topic out.
    let thread = message.thread_id.filter(|_| message.is_topic_message);
    Place {
        chat: message.chat.id.0,
        thread,
    }
}

/// Returns who a user is to the agent.
pub(crate) fn actor_of(user: &User, place: Place) -> Actor {
    Actor::telegram(user.id.0, shorten(&user.full_name(), 64), place.chat)
}

/// Tells a person from bots and from the shared ids that Telegram uses for anonymous senders.
pub(crate) fn is_person(user: &User) -> bool {
    !user.is_bot && !user.id.is_anonymous() && !user.id.is_channel() && !user.id.is_telegram()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, private: bool, expected: Option<&str>) {
        let understood =
            understand(text, private, Some("fjord_bot")).map(|request| match request {
                Request::Help => "help".to_owned(),
                Request::Command(command) => command.name().to_owned(),
                Request::Mistake(error) => error.to_string(),
            });
        assert_eq!(understood.as_deref(), expected, "{text}");
    }

    #[test]
    fn in_private_everything_is_a_request() {
        check("/status", true, Some("status"));
        check("deploy api v2", true, Some("deploy"));
        check("/start ABCD", true, Some("help"));
        check("help", true, Some("help"));
        check(
            "",
            true,
            Some("I read text only; `/help` lists the commands"),
        );
        check(
            "hello",
            true,
            Some("`hello` is no command; `/help` lists the commands"),
        );
    }

    #[test]
    fn in_a_group_only_commands_for_us_are() {
        check("/status@fjord_bot", false, Some("status"));
        check("/status@Fjord_Bot api", false, Some("status"));
        check("/status", false, Some("status"));
        check("/status@other_bot", false, None);
        check("/weather", false, None);
        check(
            "/weather@fjord_bot",
            false,
            Some("`weather` is no command; `/help` lists the commands"),
        );
        check("deploy api v2", false, None);
        check("good morning", false, None);
    }

    #[test]
    fn free_text_is_not_recorded() {
        assert_eq!(summary("/deploy@fjord_bot  api   v2"), "/deploy api v2");
        assert_eq!(summary("/remember the password is hunter2"), "/remember");
        assert_eq!(summary("my password is hunter2"), "a message");
        assert_eq!(summary("/brief"), "/brief");
    }
}
