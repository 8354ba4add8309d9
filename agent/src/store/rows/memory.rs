//! What is remembered of coding agents: sessions, checkpoints, failures and what solved them.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Object, Time};

/// One session of a coding agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Session {
    /// As the client names it.
    pub session: String,
    /// Where it was last.
    pub cwd: String,
    /// The root of the project it began in, if known.
    pub project: Option<String>,
    /// When its first event came.
    pub started_at: Time,
    /// When its last event came.
    pub seen_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Events kept.
    pub events: i64,
    /// What the person asked.
    pub prompts: i64,
    /// Tool calls that ended.
    pub tools: i64,
    /// Those of them that ran a command.
    pub commands: i64,
    /// Those of them that failed.
    pub failed: i64,
    /// Those of them that changed the infrastructure.
    pub changes: i64,
    /// When the person asked last.
    pub last_prompt_at: Option<Time>,
    /// Facts, once it has ended.
    pub summary: Option<String>,
    /// The same in words, if the model wrote some.
    pub prose: Option<String>,
}

words! {
    /// What made a checkpoint.
    CheckpointKind {
        /// A turn ended; the next turn refreshes it.
        Turn = "turn",
        /// The client is about to forget the middle of the conversation.
        Compact = "compact",
        /// The session ended.
        End = "end",
    }
}

/// Where a session stood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Checkpoint {
    /// Its number.
    pub id: i64,
    /// The session.
    pub session: String,
    /// When.
    pub at: Time,
    /// The root of the project.
    pub project: Option<String>,
    /// What made it.
    pub kind: CheckpointKind,
    /// The facts as text, secrets masked.
    pub summary: String,
    /// The facts, as JSON of [`crate::memory::CheckpointFacts`].
    pub facts: Object,
    /// Prompts and tool calls of the session up to here.
    pub upto: i64,
}

/// A failure that comes again, and what solved it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Pattern {
    /// Tells it from others: the kind of call and the telling line.
    pub fingerprint: String,
    /// The tool.
    pub tool: String,
    /// Program and sub-command.
    pub command: String,
    /// The failure in a line, secrets masked.
    pub problem: String,
    /// What solved it, secrets masked; none: nothing yet, or what did so failed again.
    pub fix: Option<String>,
    /// The project it was solved in.
    pub project: Option<String>,
    /// How often it failed.
    pub seen: i64,
    /// In how many sessions.
    pub sessions: i64,
    /// How often it was solved.
    pub fixed: i64,
    /// How often it failed again after the fix was known.
    pub refuted: i64,
    /// When it failed first.
    pub first_at: Time,
    /// When it failed last.
    pub last_at: Time,
    /// When it was solved last.
    pub fixed_at: Option<Time>,
    /// The session that solved it.
    pub fixed_in: Option<String>,
}

/// A failure of a session that may yet be mended.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Failure {
    /// Its number.
    pub id: i64,
    /// The hook event.
    pub event: String,
    /// When.
    pub at: Time,
    /// The root of the project, or the folder it ran in.
    pub project: String,
    /// Of the pattern.
    pub fingerprint: String,
    /// What the call did, as JSON.
    pub signature: Object,
    /// The failure in a line, secrets masked.
    pub problem: String,
    /// The whole command, secrets masked.
    pub command: String,
    /// Tool calls of the session before it.
    pub tools: i64,
}

/// What a tool call of a session did, in short.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Deed {
    /// The hook event.
    pub event: String,
    /// When.
    pub at: Time,
    /// `PostToolUse` or `PostToolUseFailure`.
    pub name: String,
    /// The tool.
    pub tool: Option<String>,
    /// What is kept of it.
    pub detail: Object,
    /// What it changed in the infrastructure.
    pub change: Option<String>,
}
