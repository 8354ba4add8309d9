//! Who asks, and through which face.

use serde::{Deserialize, Serialize};

/// What somebody may do; each role includes those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads: status, history, brief, incident.
    Viewer,
    /// Changes the world: deploys, rollbacks, the inventory, schedules.
    Operator,
    /// Everything, and what is for admins alone.
    Admin,
}

impl Role {
    /// Returns the word used in configuration and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// The way in that an actor used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// `fjord COMMAND` at a terminal.
    Argv,
    /// A line typed into `fjord chat`.
    Chat,
    /// The Telegram bot.
    Telegram,
    /// A coding agent's hook.
    Hook,
    /// A schedule's tick.
    Schedule,
    /// Fjord itself: recovery, health checks.
    System,
}

impl Face {
    /// Returns the word stored in audit rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argv => "argv",
            Self::Chat => "chat",
            Self::Telegram => "telegram",
            Self::Hook => "hook",
            Self::Schedule => "schedule",
            Self::System => "system",
        }
    }
}

/// Somebody who asks for something. The role is not part of it: `admit` looks it up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The way in.
    pub face: Face,
    /// `telegram:123`, `local:1000`, `session:<uuid>`; decides alone, never the name.
    pub id: String,
    /// A name for people, as the face knows it; never decides anything.
    pub name: String,
    /// Where the answer goes when it comes later: a Telegram chat id.
    pub chat: Option<i64>,
}

impl Actor {
    /// Makes the actor of a Telegram user. `chat` is where the answers go.
    pub fn telegram(user: u64, name: impl Into<String>, chat: i64) -> Self {
        Self {
            face: Face::Telegram,
            id: format!("telegram:{user}"),
            name: name.into(),
            chat: Some(chat),
        }
    }

    /// Makes the actor of the local user `uid` at `face` (argv or chat).
    pub fn local(face: Face, uid: u32, name: impl Into<String>) -> Self {
        Self {
            face,
            id: format!("local:{uid}"),
            name: name.into(),
            chat: None,
        }
    }

    /// Makes the actor of a coding agent's session.
    pub fn session(session: &str) -> Self {
        Self {
            face: Face::Hook,
            id: format!("session:{session}"),
            name: "coding agent".to_owned(),
            chat: None,
        }
    }

    /// Makes the actor of a schedule that runs for `maker`, whose role is looked up again.
    pub fn schedule(maker: &Self) -> Self {
        Self {
            face: Face::Schedule,
            ..maker.clone()
        }
    }

    /// Makes the actor that Fjord itself is.
    pub fn system() -> Self {
        Self {
            face: Face::System,
            id: "fjord".to_owned(),
            name: "fjord".to_owned(),
            chat: None,
        }
    }
}
