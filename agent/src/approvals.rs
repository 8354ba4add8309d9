//! Approvals: a coding agent's call that a person may allow or deny, from anywhere.
//!
//! The life of one: a hook asks ([`Command::Ask`]); fronts list it ([`ApprovalCommand::List`]) and answer it
//! ([`ApprovalCommand::Answer`], the first answer wins); the hook that waits takes the answer ([`wait`]), hands it
//! on to the session and says so ([`handed_on`]). Only then is the person told that it counted. A question answered
//! at the desk is closed when the session goes on ([`settle_call`], [`settle_session`]).
//!
//! [`Command::Ask`]: crate::Command::Ask
//! [`ApprovalCommand::List`]: crate::ApprovalCommand::List
//! [`ApprovalCommand::Answer`]: crate::ApprovalCommand::Answer

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::agent::Agent;
use crate::error::Error;
use crate::store::rows::{Approval, ApprovalEnd, Decision};

/// How often a waiting hook's row is looked at: answers come from other processes too.
const LOOK: Duration = Duration::from_millis(200);

/// What a person is shown of a question; secrets masked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// What would be done, in short: the command, the file, the address.
    pub what: String,
    /// The whole input of the tool, bounded.
    pub input: Value,
    /// Where the coding agent works.
    pub cwd: String,
    /// The machine it works on.
    pub host: String,
    /// What the guard thinks: `none` or `ask`.
    pub verdict: String,
    /// The guard's rule, if one.
    pub rule: Option<String>,
    /// The guard's reason, if any.
    pub reason: String,
    /// What the guard would do instead.
    pub alternative: Option<String>,
    /// The rules that the client suggested for "always".
    pub suggestions: Vec<Value>,
    /// Whether somebody sits before the session: then its own dialog is open as well.
    pub attended: bool,
}

/// A coding agent's question and a person's answer to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The question with the answer.
    pub approval: Approval,
    /// Whether the answer counted.
    pub delivery: Delivery,
}

impl Answered {
    /// Says in a sentence what was answered and whether it counted.
    pub fn sentence(&self) -> String {
        let id = self.approval.id;
        let said = match self.approval.answer {
            Some(Decision::Allow) => "allowed once",
            Some(Decision::Always) => "allowed, from now on by rule",
            Some(Decision::Deny) => "denied",
            None => "not answered",
        };
        match self.delivery {
            Delivery::HandedOn => format!("request {id}: {said}; the session has the answer"),
            Delivery::Late => {
                format!("request {id}: the session waits no more, your answer changed nothing")
            }
            Delivery::Unknown => format!(
                "request {id}: {said}, but the session did not say that it has the answer; look at the session"
            ),
        }
    }
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The session has it.
    HandedOn,
    /// The session waits no more; it never gets it.
    Late,
    /// The session's hook took it; whether the session got it is not known.
    Unknown,
}

impl Approval {
    /// Returns what is asked.
    pub fn asked(&self) -> Asked {
        serde_json::from_value(self.detail.0.clone()).unwrap_or_default()
    }
}

/// Tells one call of a session from others; the order of the input's names does not matter.
pub fn digest(tool: &str, input: &Value) -> String {
    use std::fmt::Write as _;
    // `serde_json` keeps names in order.
    let text = format!("{tool}\n{input}");
    Sha256::digest(text.as_bytes())
        .iter()
        .take(12)
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// Waits for the answer to what an event asked, and takes it. `None`: not yet at `until`, or nobody waits any more.
pub async fn wait(
    agent: &Agent,
    event: &str,
    until: DateTime<Utc>,
) -> Result<Option<Approval>, Error> {
    let store = agent.store();
    loop {
        let approval = store
            .approval_of(event)
            .await?
            .ok_or_else(|| Error::not_found("nothing was asked with this event"))?;
        if approval.closed.is_some() {
            return Ok(None);
        }
        if approval.answer.is_some() {
            let taken = store.take_answer(event, agent.now()).await?;
            return Ok(taken.then_some(approval));
        }
        let now = agent.now();
        if now >= approval.expires_at {
            store.expire_approvals(now).await?;
            return Ok(None);
        }
        if now >= until {
            return Ok(None);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Notes that the hook has handed the answer on to the session.
pub async fn handed_on(agent: &Agent, event: &str) -> Result<bool, Error> {
    Ok(agent.store().hand_on_answer(event, agent.now()).await?)
}

/// Closes the question about a call that has run, or was refused, without our answer.
pub async fn settle_call(
    agent: &Agent,
    session: &str,
    (tool, input): (&str, &Value),
) -> Result<u64, Error> {
    let digest = digest(tool, input);
    let end = (ApprovalEnd::Desk, agent.now());
    Ok(agent
        .store()
        .close_approvals(session, Some(&digest), end)
        .await?)
}

/// Closes all questions of a session that went on without an answer, or ended.
pub async fn settle_session(agent: &Agent, session: &str, end: ApprovalEnd) -> Result<u64, Error> {
    Ok(agent
        .store()
        .close_approvals(session, None, (end, agent.now()))
        .await?)
}
