//! Stores what a coding agent did: in short, secrets masked, once.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use guard::redact::{redact, redact_json};
use serde_json::{Value, json};

use crate::actor::Actor;
use crate::agent::Agent;
use crate::command::Observation;
use crate::error::Error;
use crate::memory::{self, Known, Taken};
use crate::reply::Reply;
use crate::store::rows::{HookEventRow, Json};

/// Longest text of the detail, in characters.
const LONGEST_TEXT: usize = 2_000;
/// Longest detail, in bytes of JSON.
const LONGEST_DETAIL: usize = 16 * 1024;
/// Longest id, name or path, in characters.
const LONGEST_NAME: usize = 500;
/// The longest look at a project's folders.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

pub(crate) async fn run(agent: &Agent, observations: Vec<Observation>) -> Result<Reply, Error> {
    let mut projects = HashMap::new();
    let mut events = Vec::with_capacity(observations.len());
    for observation in observations {
        events.push(taken(agent, observation, &mut projects).await);
    }
    let new = agent.store().take_in(&events).await?;
    for (event, _) in events.iter().zip(&new).filter(|(_, new)| **new) {
        if event.row.name == "ConfigChange" && event.row.verdict.is_some() {
            report(agent, &event.row).await;
        }
    }
    Ok(Reply::Noted {
        new: new.contains(&true),
    })
}

/// A session tried to take Fjord's own entries out of the coding agent's settings: this is for the audit.
async fn report(agent: &Agent, row: &HookEventRow) {
    let text = |name: &str| row.detail.0.get(name).and_then(Value::as_str);
    let actor = Actor::session(&row.session);
    agent
        .audit(
            &actor,
            ("hooks", text("file_path")),
            ("refused", text("fjord_refused")),
        )
        .await;
}

/// Looks at an event on its way into the store: what is kept of it, and what it teaches.
///
/// `projects` keeps what was looked up for the events before it.
async fn taken(
    agent: &Agent,
    observation: Observation,
    projects: &mut HashMap<String, Option<String>>,
) -> Taken {
    let now = agent.now();
    let row = row(observation, now);
    let project = if memory::needs_project(&row) {
        if let Some(known) = projects.get(&row.cwd) {
            known.clone()
        } else {
            let found = project_of(&row.cwd).await;
            projects.insert(row.cwd.clone(), found.clone());
            found
        }
    } else {
        None
    };
    let home = agent
        .paths()
        .home
        .as_ref()
        .map(|home| home.to_string_lossy());
    let runs_command = row.tool.as_deref().is_some_and(memory::is_shell);
    let snapshot = runs_command.then(|| agent.snapshot().current()).flatten();
    let known = Known {
        project,
        home: home.as_deref(),
        snapshot: snapshot.as_deref(),
        chats: crate::outbox::chats(agent),
        away_after: TimeDelta::seconds(
            i64::try_from(agent.config().hooks.away_after_s).unwrap_or(86_400),
        ),
        now: Some(now),
    };
    memory::taken(row, &known)
}

/// Finds the root of the project; a file system that hangs must not stop all recording.
async fn project_of(cwd: &str) -> Option<String> {
    let cwd = std::path::PathBuf::from(cwd);
    let look = tokio::task::spawn_blocking(move || crate::project::root_of(&cwd));
    let root = tokio::time::timeout(LONGEST_LOOK, look)
        .await
        .ok()?
        .ok()??;
    Some(cut(&redact(&root.to_string_lossy()).text, LONGEST_NAME))
}

pub(crate) fn row(observation: Observation, now: crate::store::rows::Time) -> HookEventRow {
    let text = |text: &str| cut(&redact(text).text, LONGEST_NAME);
    HookEventRow {
        event: cut(&observation.event, LONGEST_NAME),
        session: cut(&observation.session, LONGEST_NAME),
        // What comes later than now comes from a clock that is wrong.
        at: observation.at.map_or(now, |at| at.min(now)),
        name: cut(&observation.name, LONGEST_NAME),
        tool: observation.tool.as_deref().map(text),
        cwd: text(&observation.cwd),
        verdict: observation.verdict,
        rule: observation.rule.as_deref().map(text),
        detail: Json(bounded(&observation.detail)),
    }
}

/// Masks secrets and cuts long texts, shorter and shorter until the whole fits.
fn bounded(detail: &Value) -> Value {
    let mut masked = detail.clone();
    redact_json(&mut masked);
    for longest in [LONGEST_TEXT, 500, 100] {
        let shorter = shortened(&masked, longest);
        if size(&shorter) <= LONGEST_DETAIL {
            return shorter;
        }
    }
    json!({ "left_out": "too large to be kept", "bytes": size(detail) })
}

fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

/// Postgres keeps no NUL in a text.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn shortened(value: &Value, longest: usize) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, longest)),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| shortened(item, longest)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| (cut(key, longest), shortened(value, longest)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => clean(text),
        Some((end, _)) => format!("{}…", clean(&text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_a_huge_detail_is_left_out() {
        let kept = bounded(&json!({ "output": "ä".repeat(3_000) }));
        assert_eq!(
            kept["output"].as_str().unwrap().chars().count(),
            LONGEST_TEXT + 1
        );
        let many: Vec<String> = (0..1_000).map(|_| "x".repeat(1_000)).collect();
        assert_eq!(bounded(&json!(many))["left_out"], "too large to be kept");
    }

    #[test]
    fn a_secret_in_any_place_is_masked() {
        let token = concat!("ghp", "_", "0123456789abcdefghijABCDEFGHIJ012345");
        let kept = bounded(
            &json!({ "command": format!("curl -H 'Authorization: Bearer {token}'"), "list": [{ "deep": token }], "password": "tree-house-9" }),
        );
        let text = kept.to_string();
        assert!(
            !text.contains(token) && !text.contains("tree-house-9"),
            "{text}"
        );
    }

    #[test]
    fn an_event_from_a_wrong_clock_is_not_later_than_now() {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let observation = Observation {
            event: "e1".to_owned(),
            session: "s1".to_owned(),
            cwd: "/srv/a\0b".to_owned(),
            name: "Stop".to_owned(),
            tool: None,
            detail: json!({}),
            at: Some(now + chrono::TimeDelta::days(1)),
            verdict: None,
            rule: None,
        };
        let row = row(observation, now);
        assert_eq!((row.at, row.cwd.as_str()), (now, "/srv/a\u{fffd}b"));
    }
}
