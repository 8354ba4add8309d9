//! A coding agent's wish to run something, put before a person.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Object, Time};

words! {
    /// What a person says to a coding agent's wish.
    Decision {
        /// This once.
        Allow = "allow",
        /// This once, and by the rule that the client suggested from now on.
        Always = "always",
        /// No.
        Deny = "deny",
    }
}

words! {
    /// Why nobody waits for an answer any more, when none was handed on.
    ApprovalEnd {
        /// Answered in the client's own dialog, or the session went on without.
        Desk = "desk",
        /// Nobody answered in time.
        Expired = "expired",
        /// The session that waited ended.
        Gone = "gone",
    }
}

/// A question that a session waits for, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Approval {
    /// Its number, by which people name it.
    pub id: i64,
    /// The hook event that asked, unique.
    pub event: String,
    /// The coding agent's session.
    pub session: String,
    /// The tool, for instance `Bash`.
    pub tool: String,
    /// Tells this call from others of the session.
    pub digest: String,
    /// What is asked, as JSON of [`crate::approvals::Asked`]; secrets masked.
    pub detail: Object,
    /// When it was asked.
    pub asked_at: Time,
    /// How long the session waits.
    pub expires_at: Time,
    /// What the first person to answer said.
    pub answer: Option<Decision>,
    /// Who that was.
    pub answered_by: Option<String>,
    /// When.
    pub answered_at: Option<Time>,
    /// What goes back to the coding agent with a no.
    pub note: Option<String>,
    /// When the hook that waits took the answer.
    pub taken_at: Option<Time>,
    /// When the hook had handed it on to the session.
    pub handed_at: Option<Time>,
    /// Why nobody waits any more.
    pub closed: Option<ApprovalEnd>,
    /// Since when.
    pub closed_at: Option<Time>,
}

impl Approval {
    /// Returns whether a person can still answer.
    pub fn is_open(&self, now: Time) -> bool {
        self.answer.is_none() && self.closed.is_none() && now < self.expires_at
    }
}
