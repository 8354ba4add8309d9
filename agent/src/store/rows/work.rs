//! Confirmations, audit, schedules, the outbox and stored hook events.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Object, Time};

/// A question put to a person before something is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Confirmation {
    /// Single use; nobody can guess it.
    pub ticket: String,
    /// The actor who asked, the only one who may answer.
    pub actor: String,
    /// The command to run, as JSON.
    pub command: Object,
    /// What was shown, as JSON.
    pub plan: Object,
    /// When it was asked.
    pub created_at: Time,
    /// When it is void.
    pub expires_at: Time,
}

/// Who did what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct AuditRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Time,
    /// The actor's id.
    pub actor: String,
    /// Through which face.
    pub face: String,
    /// What: the command's name.
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// `done`, `refused` or `failed`.
    pub result: String,
    /// More, secrets masked.
    pub detail: Option<String>,
}

/// A line run at set times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Schedule {
    /// Its number.
    pub id: i64,
    /// Five cron fields.
    pub cron: String,
    /// A name of the IANA time zone database.
    pub timezone: String,
    /// A line as typed in chat.
    pub line: String,
    /// Who made it, as JSON of [`crate::Actor`].
    pub maker: Object,
    /// When it runs next.
    pub next_at: Time,
    /// When it ran last.
    pub last_at: Option<Time>,
    /// False: cancelled.
    pub active: bool,
    /// When it was made.
    pub created_at: Time,
}

words! {
    /// How a schedule's run stands.
    ExecutionStatus {
        /// Claimed by a Fjord.
        Running = "running",
        /// Done.
        Done = "done",
        /// Not done; the result says why.
        Failed = "failed",
        /// The Fjord that ran it died.
        Interrupted = "interrupted",
    }
}

/// One run of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Execution {
    /// Its number.
    pub id: i64,
    /// The schedule's number.
    pub schedule_id: i64,
    /// The time it was due.
    pub due_at: Time,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// How it stands.
    pub status: ExecutionStatus,
    /// The answer in short.
    pub result: Option<String>,
}

/// A message that must reach a chat, also after a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct OutboxMessage {
    /// Its number.
    pub id: i64,
    /// The Telegram chat.
    pub chat: i64,
    /// The reply to render, as JSON.
    pub body: Object,
    /// When it was put there.
    pub created_at: Time,
    /// How often it was tried.
    pub attempts: i64,
}

/// What is kept of a coding agent's event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct HookEventRow {
    /// Made by the client, unique.
    pub event: String,
    /// The coding agent's session.
    pub session: String,
    /// When it came in.
    pub at: Time,
    /// For instance `PostToolUse`.
    pub name: String,
    /// The tool, if one.
    pub tool: Option<String>,
    /// Where the agent worked.
    pub cwd: String,
    /// `none`, `ask` or `deny`, of judged calls.
    pub verdict: Option<String>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// What happened in short, secrets masked.
    pub detail: Object,
}
