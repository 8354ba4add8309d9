//! `approvals`: what coding agents wait for, and a person's answer.

use std::time::Duration;

use chrono::TimeDelta;
use guard::Verdict;
use guard::redact::{redact, redact_json};
use serde_json::Value;

use crate::agent::Agent;
use crate::approvals::{Asked, digest};
use crate::command::{ApprovalCommand, Judge, Permission};
use crate::error::Error;
use crate::inventory::shown;
use crate::pass::Pass;
use crate::reply::{Answered, Delivery, Judgement, Reply};
use crate::store::rows::{Approval, ApprovalEnd, Decision};
use crate::store::{NewAnswer, NewApproval};

/// How long the person waits to hear that the session has the answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(50);
/// Longest note, in characters.
const LONGEST_NOTE: usize = 500;
/// Most questions listed.
const LISTED: i64 = 50;
/// Longest text of the input that is kept, in characters.
const LONGEST_TEXT: usize = 2_000;
/// Longest name, path or line, in characters.
const LONGEST_LINE: usize = 1_000;

pub(crate) async fn run(
    agent: &Agent,
    pass: &Pass,
    command: ApprovalCommand,
) -> Result<Reply, Error> {
    let store = agent.store();
    store.expire_approvals(pass.at()).await?;
    match command {
        ApprovalCommand::List { all: false } => {
            Ok(Reply::Approvals(store.open_approvals(pass.at()).await?))
        }
        ApprovalCommand::List { all: true } => Ok(Reply::Approvals(store.approvals(LISTED).await?)),
        ApprovalCommand::Show { id } => Ok(Reply::Approvals(vec![find(agent, id).await?])),
        ApprovalCommand::Answer { id, decision, note } => {
            answer(agent, pass, id, (decision, note.as_deref())).await
        }
    }
}

/// Puts a call before a person; what the guard denies is denied and nobody is asked.
pub(crate) async fn ask(agent: &Agent, mut permission: Permission) -> Result<Reply, Error> {
    let judge = Judge {
        event: permission.event.clone(),
        session: permission.session.clone(),
        cwd: permission.cwd.clone(),
        tool: permission.tool.clone(),
        input: permission.input.clone(),
    };
    let Reply::Judged(mut judgement) = super::judge::run(agent, judge).await? else {
        return Err(Error::internal("the guard gave another answer"));
    };
    // The client's guard may know a project file that changed since, or a newer rule.
    if let Some(own) = permission.judged.take()
        && own.verdict > judgement.verdict
    {
        judgement = own;
    }
    if judgement.verdict == Verdict::Deny {
        return Ok(Reply::Judged(judgement));
    }
    let now = agent.now();
    let wait = TimeDelta::try_seconds(permission.wait_s.into()).unwrap_or_default();
    let asked = asked(&permission, judgement);
    let detail = serde_json::to_value(&asked)
        .map_err(|error| Error::internal(format!("the question cannot be kept: {error}")))?;
    let line = |text: &str| cut(&redact(text).text, LONGEST_LINE);
    let approval = agent
        .store()
        .ask_approval(&NewApproval {
            event: &permission.event,
            session: &line(&permission.session),
            tool: &line(&permission.tool),
            digest: &digest(&permission.tool, &permission.input),
            detail: &detail,
            asked_at: now,
            expires_at: now + wait,
        })
        .await?;
    let reply = Reply::Asked(Box::new(approval));
    tell_the_phone(agent, &reply).await;
    Ok(reply)
}

/// Leaves the question for the chats; answering works with `/approve` and `/deny` there.
async fn tell_the_phone(agent: &Agent, reply: &Reply) {
    let Reply::Asked(approval) = reply else {
        return;
    };
    for chat in crate::outbox::chats(agent) {
        let key = format!("approval:{}:{chat}", approval.id);
        if let Err(error) = crate::outbox::put(agent, &key, chat, reply).await {
            tracing::warn!(%error, "a question could not be left for the phone");
        }
    }
}

fn asked(permission: &Permission, judgement: Judgement) -> Asked {
    let mut input = permission.input.clone();
    redact_json(&mut input);
    // For people to read; the client's hook gives the rules back as they came.
    let mut suggestions = Value::Array(permission.suggestions.clone());
    redact_json(&mut suggestions);
    let Value::Array(suggestions) = shortened(suggestions) else {
        return Asked::default();
    };
    let line = |text: &str| cut(&redact(text).text, LONGEST_LINE);
    Asked {
        what: line(&what(&permission.tool, &input)),
        input: shortened(input),
        cwd: line(&permission.cwd),
        host: line(&permission.host),
        verdict: judgement.verdict.as_str().to_owned(),
        rule: judgement.rule,
        reason: judgement.reason,
        alternative: judgement.alternative,
        suggestions,
        attended: permission.attended,
    }
}

/// What a call would do, in a line.
fn what(tool: &str, input: &Value) -> String {
    let names = [
        "command",
        "file_path",
        "notebook_path",
        "url",
        "path",
        "query",
        "sql",
        "prompt",
    ];
    names
        .iter()
        .find_map(|name| input.get(name).and_then(Value::as_str))
        .map_or_else(|| format!("{tool} {input}"), str::to_owned)
}

async fn answer(
    agent: &Agent,
    pass: &Pass,
    id: i64,
    (decision, note): (Decision, Option<&str>),
) -> Result<Reply, Error> {
    let approval = find(agent, id).await?;
    if decision == Decision::Always && approval.asked().suggestions.is_empty() {
        return Err(Error::invalid(format!(
            "the session suggested no rule for request {id}; allow it once"
        )));
    }
    let note = note.map(|note| cut(&redact(note).text, LONGEST_NOTE));
    let new = NewAnswer {
        decision,
        by: &pass.actor().id,
        note: note.as_deref(),
        at: agent.now(),
    };
    if !agent.store().answer_approval(id, new).await? {
        return Err(too_late(&find(agent, id).await?));
    }
    deliver(agent, id).await
}

/// Waits until the session has the answer; what it has not taken by then, it never gets.
async fn deliver(agent: &Agent, id: i64) -> Result<Reply, Error> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let approval = find(agent, id).await?;
        let delivery = if approval.handed_at.is_some() {
            Delivery::HandedOn
        } else if approval.closed.is_some() {
            Delivery::Late
        } else if tokio::time::Instant::now() < until {
            tokio::time::sleep(LOOK).await;
            continue;
        } else if agent
            .store()
            .close_approval(id, ApprovalEnd::Gone, agent.now())
            .await?
        {
            Delivery::Late
        } else {
            Delivery::Unknown
        };
        let approval = find(agent, id).await?;
        return Ok(Reply::Answered(Box::new(Answered { approval, delivery })));
    }
}

fn too_late(approval: &Approval) -> Error {
    let id = approval.id;
    let clock = |at: chrono::DateTime<chrono::Utc>| at.format("%H:%M:%S UTC").to_string();
    Error::conflict(match (approval.answer, approval.closed) {
        (Some(answer), _) => format!(
            "request {id} was answered with {answer} by {} at {}",
            approval.answered_by.as_deref().map_or("somebody", |by| by),
            approval.answered_at.map(clock).unwrap_or_default()
        ),
        (None, Some(ApprovalEnd::Desk)) => {
            format!("too late: request {id} was answered at the desk, or the session went on")
        }
        (None, Some(ApprovalEnd::Gone)) => {
            format!("too late: the session that asked request {id} has ended")
        }
        (None, _) => format!(
            "too late: nobody answered request {id} until {} and it was refused",
            clock(approval.expires_at)
        ),
    })
}

async fn find(agent: &Agent, id: i64) -> Result<Approval, Error> {
    agent.store().approval(id).await?.ok_or_else(|| {
        Error::not_found(format!(
            "there is no request {}; `fjord approvals` lists those that wait",
            shown(&id.to_string())
        ))
    })
}

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(&text, LONGEST_TEXT)),
        Value::Array(items) => Value::Array(items.into_iter().take(50).map(shortened).collect()),
        Value::Object(fields) => fields
            .into_iter()
            .take(50)
            .map(|(name, value)| (cut(&name, 100), shortened(value)))
            .collect(),
        other => other,
    }
}

/// Cuts a text, and takes out the zero bytes that Postgres does not keep.
fn cut(text: &str, longest: usize) -> String {
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    match text.char_indices().nth(longest) {
        None => clean(text),
        Some((end, _)) => format!("{}…", clean(&text[..end])),
    }
}
