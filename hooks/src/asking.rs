//! Questions to a person: asked when an event comes in, waited for by the client's hook, handed on by it.
//!
//! A hook that waits holds no verdict of ours back: the first request is answered within the deadline with 202 and the
//! question's number, and the waiting is done with requests of its own, which a restart of `fjord up` does not end.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent::store::rows::{Approval, ApprovalEnd};
use agent::{Agent, Judgement, Permission, approvals};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use guard::Verdict;
use serde_json::{Value, json};

use crate::server::Served;
use crate::wire::{Event, HookInput};

/// How long one request waits at most; the client then asks again.
const SLICE_S: i64 = 20;
/// The longest a session may wait, seconds.
const LONGEST_WAIT_S: u32 = 3_600;
/// Longest time that closing a question may take.
const LONGEST_CLOSING: Duration = Duration::from_secs(5);

/// What the client's hook says about itself, beside the event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asker {
    /// How long it can wait for a person, seconds; 0: not at all.
    can_wait_s: u32,
    /// Whether somebody sits before the session.
    is_attended: bool,
    /// The verdict and the rule of its own guard.
    own: Option<(Verdict, String)>,
}

/// The sessions that wait, so that no event of another session costs a look into the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(Arc<Mutex<HashSet<String>>>);

impl Asker {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let own = text("fjord-own-verdict");
        let (verdict, rule) = own.split_once(' ').unwrap_or((own, ""));
        let verdict = match verdict {
            "ask" => Some(Verdict::Ask),
            "deny" => Some(Verdict::Deny),
            _ => None,
        };
        Self {
            can_wait_s: text("fjord-can-wait")
                .parse()
                .unwrap_or(0)
                .min(LONGEST_WAIT_S),
            is_attended: text("fjord-attended") != "0",
            own: verdict.map(|verdict| (verdict, rule.to_owned())),
        }
    }

    /// The client's own judgement, where it is stricter.
    pub(crate) fn stricter(&self, judgement: &mut Judgement) {
        let Some((verdict, rule)) = &self.own else {
            return;
        };
        if *verdict <= judgement.verdict {
            return;
        }
        let known = guard::rules().find(|known| known.id == rule);
        *judgement = Judgement {
            verdict: *verdict,
            rule: known.map(|known| known.id.to_owned()),
            reason: known.map_or_else(
                || "The guard of the session's hook objects.".to_owned(),
                |known| known.reason.to_owned(),
            ),
            alternative: known.map(|known| known.alternative.to_owned()),
        };
    }

    /// Whether a call of this session is put before a person by us, since the client's own dialog cannot.
    pub(crate) fn asks_before(&self, input: &HookInput) -> bool {
        self.can_wait_s > 0 && !self.is_attended && matches!(input.event, Event::PreToolUse(_))
    }

    /// Makes the question of an event, if it is one that a person should answer and the hook can wait.
    pub(crate) fn question(
        &self,
        input: &HookInput,
        (id, host): (&str, &str),
        judgement: Option<&Judgement>,
    ) -> Option<Permission> {
        if self.can_wait_s == 0 {
            return None;
        }
        let (tool, suggestions) = match &input.event {
            Event::PermissionRequest { tool, suggestions } => (tool, suggestions.clone()),
            // The client's own dialog asks those who are there, and the phone with `PermissionRequest`.
            Event::PreToolUse(tool)
                if !self.is_attended
                    && judgement.is_some_and(|judgement| judgement.verdict == Verdict::Ask) =>
            {
                (tool, Vec::new())
            }
            _ => return None,
        };
        let mut own = Judgement {
            verdict: Verdict::None,
            rule: None,
            reason: String::new(),
            alternative: None,
        };
        self.stricter(&mut own);
        Some(Permission {
            event: id.to_owned(),
            session: input.session(),
            cwd: input.cwd.clone(),
            host: host.to_owned(),
            tool: tool.name.clone(),
            input: tool.input.clone(),
            suggestions,
            attended: self.is_attended,
            judged: judgement
                .cloned()
                .or_else(|| (own.verdict > Verdict::None).then_some(own)),
            wait_s: self.can_wait_s,
        })
    }
}

impl Waiting {
    /// Takes up the sessions that waited before this process began.
    pub(crate) async fn load(&self, agent: &Agent) {
        if let Ok(open) = agent.store().open_approvals(agent.now()).await {
            self.lock()
                .extend(open.into_iter().map(|approval| approval.session));
        }
    }

    /// Answers the hook that asked: it may wait.
    pub(crate) fn asked(&self, approval: &Approval) -> Response {
        self.lock().insert(approval.session.clone());
        let wait = (approval.expires_at - approval.asked_at).num_seconds();
        let body = json!({ "approval": approval.id, "wait_s": wait });
        (StatusCode::ACCEPTED, Json(body)).into_response()
    }

    /// Closes questions that the session has left behind with this event.
    pub(crate) fn follow(&self, agent: &Agent, input: &HookInput) {
        let session = input.session();
        if !self.lock().contains(&session) {
            return;
        }
        let Some(over) = Over::of(&input.event) else {
            return;
        };
        let (agent, waiting) = (agent.clone(), self.clone());
        tokio::spawn(async move {
            let closing = over.close(&agent, &session);
            match tokio::time::timeout(LONGEST_CLOSING, closing).await {
                Ok(Ok(_)) if !matches!(over, Over::Call(..)) => {
                    waiting.lock().remove(&session);
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "an approval could not be closed");
                }
                Err(_) => tracing::warn!("an approval could not be closed in time"),
            }
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an event says about the questions before it.
enum Over {
    /// This call ran or was refused: its question is over.
    Call(String, Value),
    /// The session went on.
    Session,
    /// The session ended.
    Ended,
}

impl Over {
    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::PostToolUse { tool, .. } | Event::PostToolUseFailure { tool, .. } => {
                Some(Self::Call(tool.name.clone(), tool.input.clone()))
            }
            Event::UserPromptSubmit { .. } => Some(Self::Session),
            Event::Other { name, fields } => match name.as_str() {
                "PermissionDenied" => Some(Self::Call(
                    fields.get("tool_name")?.as_str()?.to_owned(),
                    fields.get("tool_input")?.clone(),
                )),
                "Stop" | "StopFailure" => Some(Self::Session),
                "SessionEnd" => Some(Self::Ended),
                _ => None,
            },
            Event::PreToolUse(_) | Event::PermissionRequest { .. } => None,
        }
    }

    async fn close(&self, agent: &Agent, session: &str) -> Result<u64, agent::Error> {
        match self {
            Self::Call(tool, input) => approvals::settle_call(agent, session, (tool, input)).await,
            Self::Session => approvals::settle_session(agent, session, ApprovalEnd::Desk).await,
            Self::Ended => approvals::settle_session(agent, session, ApprovalEnd::Gone).await,
        }
    }
}

/// Waits for an answer: 200 with it, 204 when there is none yet, 410 when nobody should wait any more.
pub(crate) async fn answer(State(served): State<Served>, Path(event): Path<String>) -> Response {
    let agent = served.agent();
    let until = agent.now() + TimeDelta::seconds(SLICE_S);
    match approvals::wait(agent, &event, until).await {
        Ok(Some(approval)) => Json(json!({
            "approval": approval.id,
            "answer": approval.answer,
            "by": approval.answered_by,
            "note": approval.note,
        }))
        .into_response(),
        Ok(None) => match agent.store().approval_of(&event).await {
            Ok(Some(approval)) if approval.is_open(agent.now()) => {
                StatusCode::NO_CONTENT.into_response()
            }
            Ok(row) => {
                let why = row
                    .and_then(|approval| approval.closed)
                    .map_or("expired", ApprovalEnd::as_str);
                (StatusCode::GONE, Json(json!({ "closed": why }))).into_response()
            }
            Err(error) => unavailable(&error.to_string()),
        },
        Err(agent::Error::NotFound { .. }) => {
            (StatusCode::NOT_FOUND, "nothing was asked with this event").into_response()
        }
        Err(error) => unavailable(&error.to_string()),
    }
}

/// Notes that the hook has handed the answer on to the session.
pub(crate) async fn handed(State(served): State<Served>, Path(event): Path<String>) -> Response {
    match approvals::handed_on(served.agent(), &event).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => (StatusCode::GONE, "no answer was taken").into_response(),
        Err(error) => unavailable(&error.to_string()),
    }
}

fn unavailable(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why.to_owned()).into_response()
}
