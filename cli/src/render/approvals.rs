//! What coding agents wait for.

use agent::store::rows::{Approval, ApprovalEnd};
use agent::{Answered, Delivery};
use chrono::{DateTime, Utc};

use super::words::age;
use crate::output::{mark, marked};

/// Renders questions: those that wait in full, the others in a line.
pub(super) fn list(approvals: &[Approval], now: DateTime<Utc>) -> String {
    if approvals.is_empty() {
        return "no coding agent waits for an answer".to_owned();
    }
    let shown: Vec<String> = approvals
        .iter()
        .map(|approval| one(approval, now))
        .collect();
    shown.join("\n")
}

/// Renders one question.
pub(super) fn one(approval: &Approval, now: DateTime<Utc>) -> String {
    let id = approval.id;
    let asked = approval.asked();
    let head = format!(
        "{id}  {} · {} · asked {}",
        approval.tool,
        state(approval, now),
        age(approval.asked_at, now)
    );
    let mut lines = vec![head];
    lines.extend(asked.what.lines().take(12).map(|line| format!("   {line}")));
    lines.push(format!(
        "   in {} on {}, session {}",
        asked.cwd,
        asked.host,
        short(&approval.session)
    ));
    if !asked.reason.is_empty() {
        lines.push(format!("   {}", asked.reason));
    }
    if let Some(alternative) = &asked.alternative {
        lines.push(format!("   instead: {alternative}"));
    }
    if approval.is_open(now) {
        let always = if asked.suggestions.is_empty() {
            ""
        } else {
            " [--always]"
        };
        lines.push(format!(
            "   `fjord approvals allow {id}{always}` or `fjord approvals deny {id} [--note TEXT]`"
        ));
    }
    lines.join("\n")
}

/// Says whether an answer counted.
pub(super) fn answered(answered: &Answered) -> String {
    let sentence = answered.sentence();
    match answered.delivery {
        Delivery::HandedOn => sentence,
        Delivery::Late => marked(mark::WARN, &format!("too late: {sentence}")),
        Delivery::Unknown => marked(mark::WARN, &sentence),
    }
}

fn state(approval: &Approval, now: DateTime<Utc>) -> String {
    if approval.is_open(now) {
        let left = (approval.expires_at - now).num_seconds();
        return marked(mark::WARN, &format!("waits {left} s more"));
    }
    match (approval.answer, approval.closed) {
        (Some(answer), None) => {
            let by = approval.answered_by.as_deref().unwrap_or("somebody");
            let counted = if approval.handed_at.is_some() {
                ""
            } else {
                ", not handed on"
            };
            format!("{answer} by {by}{counted}")
        }
        (Some(answer), Some(_)) => format!("{answer}, too late"),
        (None, Some(ApprovalEnd::Desk)) => "answered at the desk".to_owned(),
        (None, Some(ApprovalEnd::Gone)) => "the session ended".to_owned(),
        (None, _) => "nobody answered".to_owned(),
    }
}

/// The beginning of a session's id, enough to tell sessions apart.
fn short(session: &str) -> String {
    session.chars().take(8).collect()
}
