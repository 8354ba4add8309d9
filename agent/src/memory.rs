//! What is remembered of coding agents: what failed and what solved it, what was changed, where a session stood.
//!
//! An event is looked at once, when it goes from the spool into the store ([`taken`]); what it teaches is written in
//! the same transaction as the event itself, so that a kill in between loses nothing and nothing counts twice.
//! No hook waits for any of it. A hook that tells of a failure may ask whether it was solved before
//! ([`crate::Command::Recall`]); that is one read.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::reply::{Notice, Reply};
use crate::snapshot::Snapshot;
use crate::store::NewEvent;
use crate::store::rows::{CheckpointKind, HookEventRow};

mod checkpoint;
mod error_line;
mod infra;
mod keep;
pub(crate) mod lesson;
mod signature;

pub use checkpoint::CheckpointFacts;
pub(crate) use infra::EVENT_TYPE as CHANGE;
pub use keep::{forget_old, keep};
pub(crate) use signature::{Signature, is_shell};

/// How long a notice of the same kind is not repeated, and an approval counts as the same question.
pub(crate) const REPEATS_AFTER: TimeDelta = TimeDelta::seconds(300);
/// An older notification is not worth a message.
const STALE: TimeDelta = TimeDelta::minutes(10);
/// Longest text that is shown of a command or an error, in characters.
const LONGEST_LINE: usize = 240;
/// Notifications that say that the session waits for a person.
const WAITS_FOR_A_PERSON: &[&str] = &[
    "permission_prompt",
    "worker_permission_prompt",
    "idle_prompt",
    "agent_needs_input",
    "elicitation_dialog",
    "elicitation_url_dialog",
];

/// What is known of the world when an event is looked at.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// The root of the project the event happened in, where that was looked up.
    pub project: Option<String>,
    /// The home directory of the coding agent's user.
    pub home: Option<&'a str>,
    /// The last known inventory.
    pub snapshot: Option<&'a Snapshot>,
    /// Where notices go.
    pub chats: Vec<i64>,
    /// Without a prompt for this long the person counts as away.
    pub away_after: TimeDelta,
    /// The time now, to tell what is stale.
    pub now: Option<crate::store::rows::Time>,
}

/// An event on its way into the store, with all that it teaches.
#[derive(Clone, Debug)]
pub struct Taken {
    pub(crate) row: HookEventRow,
    pub(crate) project: Option<String>,
    pub(crate) change: Option<String>,
    pub(crate) changes: Vec<NewEvent>,
    pub(crate) failure: Option<NewFailure>,
    pub(crate) success: Option<Signature>,
    pub(crate) checkpoint: Option<NewCheckpoint>,
    pub(crate) notice: Option<NewNotice>,
    pub(crate) chats: Vec<i64>,
}

/// A failure that may be learnt from.
#[derive(Clone, Debug)]
pub(crate) struct NewFailure {
    pub(crate) fingerprint: String,
    pub(crate) signature: Signature,
    pub(crate) family: String,
    pub(crate) problem: String,
    pub(crate) command: String,
    pub(crate) project: String,
}

/// A checkpoint to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewCheckpoint {
    pub(crate) kind: CheckpointKind,
    pub(crate) project: Option<String>,
    /// What the coding agent said last.
    pub(crate) last_message: Option<String>,
    /// Why the turn broke off.
    pub(crate) broke_off: Option<String>,
}

/// A notice to the phone.
#[derive(Clone, Debug)]
pub(crate) struct NewNotice {
    pub(crate) kind: String,
    pub(crate) asks_permission: bool,
    pub(crate) away_after: TimeDelta,
    pub(crate) body: Value,
}

impl Taken {
    /// An event that teaches nothing.
    pub fn plain(row: HookEventRow) -> Self {
        Self {
            row,
            project: None,
            change: None,
            changes: Vec::new(),
            failure: None,
            success: None,
            checkpoint: None,
            notice: None,
            chats: Vec::new(),
        }
    }

    /// Whether the event shows that the session waits for nobody.
    pub(crate) fn shows_presence(&self) -> bool {
        let goes_on = matches!(
            self.row.name.as_str(),
            "PostToolUse" | "PostToolUseFailure" | "Stop" | "SessionEnd"
        );
        is_prompt(&self.row) || (goes_on && text(&self.row.detail.0, "agent_type").is_none())
    }
}

/// Looks at an event, of which the row is all that is kept.
pub fn taken(row: HookEventRow, known: &Known<'_>) -> Taken {
    let mut taken = Taken::plain(row);
    taken.project.clone_from(&known.project);
    taken.chats.clone_from(&known.chats);
    match taken.row.name.as_str() {
        "PostToolUse" | "PostToolUseFailure" => tool(&mut taken, known),
        "Stop" | "SubagentStop" | "StopFailure" => {
            taken.checkpoint = Some(checkpoint(&taken.row, CheckpointKind::Turn, known));
        }
        "PreCompact" => {
            taken.checkpoint = Some(checkpoint(&taken.row, CheckpointKind::Compact, known));
        }
        "SessionEnd" => {
            taken.checkpoint = Some(checkpoint(&taken.row, CheckpointKind::End, known));
        }
        "Notification" => taken.notice = notice(&taken.row, known),
        _ => {}
    }
    taken
}

/// Whether a person asked something; the client also tells of its own background tasks as prompts.
pub(crate) fn is_prompt(row: &HookEventRow) -> bool {
    row.name == "UserPromptSubmit"
        && !text(&row.detail.0, "prompt")
            .is_some_and(|prompt| prompt.trim_start().starts_with("<task-notification"))
}

/// Whether the project of an event is worth a look at the disk.
pub(crate) fn needs_project(row: &HookEventRow) -> bool {
    matches!(
        row.name.as_str(),
        "SessionStart"
            | "UserPromptSubmit"
            | "PostToolUseFailure"
            | "Stop"
            | "StopFailure"
            | "SubagentStop"
            | "PreCompact"
            | "SessionEnd"
    )
}

/// Returns the fingerprint of a failure, by which it is known again; `None`: it tells nothing.
pub(crate) fn fingerprint(row: &HookEventRow, home: Option<&str>) -> Option<String> {
    let steps = steps(row, home);
    let tool = row.tool.as_deref().unwrap_or_default();
    let signature = Signature::of(tool, &row.detail.0, &steps)?;
    failure(row, signature, None).map(|failure| failure.fingerprint)
}

/// Names the message of a notice in the outbox.
pub(crate) fn notice_key(event: &str, chat: i64) -> String {
    format!("notice:{event}:{chat}")
}

fn tool(taken: &mut Taken, known: &Known<'_>) {
    let row = &taken.row;
    let steps = steps(row, known.home);
    let failed = row.name == "PostToolUseFailure";
    let (change, changes) = infra::changes(row, &steps, known);
    let tool = row.tool.as_deref().unwrap_or_default();
    let signature = Signature::of(tool, &row.detail.0, &steps);
    if failed {
        let project = known.project.as_deref();
        taken.failure = signature.and_then(|signature| failure(row, signature, project));
    } else if !is_unfinished(row) {
        taken.success = signature;
    }
    (taken.change, taken.changes) = (change, changes);
}

/// `None`: it was interrupted, or says nothing by which it could be known again.
fn failure(row: &HookEventRow, signature: Signature, project: Option<&str>) -> Option<NewFailure> {
    let detail = &row.detail.0;
    if detail.get("interrupted").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let line = error_line::telling(text(detail, "output")?)?;
    let family = signature.family();
    let mut digest = Sha256::new();
    for part in [&signature.tool, &family, &error_line::blanked(&line)] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let command = what(row);
    Some(NewFailure {
        fingerprint: hex(&digest.finalize()[..16]),
        problem: format!("`{}`: {line}", cut(&command, LONGEST_LINE)),
        signature,
        family,
        command,
        project: project.unwrap_or(&row.cwd).to_owned(),
    })
}

fn checkpoint(row: &HookEventRow, kind: CheckpointKind, known: &Known<'_>) -> NewCheckpoint {
    let detail = &row.detail.0;
    // What a subagent said last is no word of the session.
    let own_words = matches!(row.name.as_str(), "Stop" | "StopFailure");
    NewCheckpoint {
        kind,
        project: known.project.clone(),
        last_message: own_words
            .then(|| text(detail, "last_assistant_message").map(|said| line(said, 400)))
            .flatten(),
        broke_off: (row.name == "StopFailure")
            .then(|| text(detail, "error").unwrap_or("unknown").to_owned()),
    }
}

fn notice(row: &HookEventRow, known: &Known<'_>) -> Option<NewNotice> {
    let detail = &row.detail.0;
    let kind = text(detail, "notification_type")?;
    let is_stale = known.now.is_some_and(|now| now - row.at > STALE);
    if known.chats.is_empty() || is_stale || !WAITS_FOR_A_PERSON.contains(&kind) {
        return None;
    }
    let notice = Notice {
        session: row.session.clone(),
        at: row.at,
        kind: kind.to_owned(),
        cwd: row.cwd.clone(),
        title: text(detail, "title").map(|title| line(title, LONGEST_LINE)),
        message: line(text(detail, "message").unwrap_or_default(), LONGEST_LINE),
    };
    Some(NewNotice {
        kind: cut(kind, 60),
        asks_permission: kind.contains("permission"),
        away_after: known.away_after,
        body: serde_json::to_value(Reply::Notice(notice)).ok()?,
    })
}

fn steps(row: &HookEventRow, home: Option<&str>) -> Vec<guard::Step> {
    let tool = row.tool.as_deref().unwrap_or_default();
    match text(&row.detail.0, "command") {
        Some(command) if is_shell(tool) => {
            let call = guard::ToolCall {
                tool,
                input: &json!({ "command": command }),
                cwd: &row.cwd,
            };
            guard::steps(&call, home)
        }
        _ => Vec::new(),
    }
}

/// What a call did, in a line.
fn what(row: &HookEventRow) -> String {
    let detail = &row.detail.0;
    let tool = row.tool.as_deref().unwrap_or_default();
    if let Some(command) = text(detail, "command") {
        return line(command, LONGEST_LINE * 2);
    }
    let names = [
        "file_path",
        "notebook_path",
        "path",
        "url",
        "query",
        "pattern",
        "skill",
    ];
    let on = names.iter().find_map(|name| text(detail, name));
    line(&format!("{tool} {}", on.unwrap_or_default()), LONGEST_LINE)
}

/// Whether how it ended is not known.
fn is_unfinished(row: &HookEventRow) -> bool {
    ["run_in_background", "background", "interrupted"]
        .iter()
        .any(|name| row.detail.0.get(name).and_then(Value::as_bool) == Some(true))
}

fn text<'a>(detail: &'a Value, name: &str) -> Option<&'a str> {
    detail
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// One line of at most so many characters.
fn line(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&words.join(" "), longest)
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A path as people read it: from the root of the project where it lies below.
fn shown_path(path: &str, project: Option<&str>) -> String {
    project
        .and_then(|project| path.strip_prefix(project)?.strip_prefix('/'))
        .unwrap_or(path)
        .to_owned()
}

/// Whether a path is a folder or lies below it.
fn is_within(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
