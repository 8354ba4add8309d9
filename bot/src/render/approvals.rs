//! What coding agents wait for.

use agent::store::rows::{Approval, ApprovalEnd};
use agent::{Answered, Delivery};

use super::{clock, code, escape, listed};
use crate::text::Page;

pub(super) fn list(approvals: &[Approval]) -> Page {
    let heads = (
        "approvals",
        "request",
        "no coding agent waits for an answer",
    );
    listed(approvals, heads, |approval| {
        let id = approval.id;
        let asked = approval.asked();
        let mut lines = vec![
            format!(
                "<b>{id}</b> · {} · {}",
                escape(&approval.tool),
                escape(&state(approval))
            ),
            code(&asked.what),
            format!("in {} on {}", code(&asked.cwd), escape(&asked.host)),
        ];
        if !asked.reason.is_empty() {
            lines.push(escape(&asked.reason));
        }
        if approval.answer.is_none() && approval.closed.is_none() {
            let always = if asked.suggestions.is_empty() {
                ""
            } else {
                " [always]"
            };
            lines.push(escape(&format!(
                "/approve {id}{always} or /deny {id} [note]"
            )));
        }
        lines.join("\n")
    })
}

pub(super) fn answered(answered: &Answered) -> Page {
    let word = match answered.delivery {
        Delivery::HandedOn => "ok",
        Delivery::Late => "too late",
        Delivery::Unknown => "unknown",
    };
    Page::new("approval").head(word, &answered.sentence())
}

fn state(approval: &Approval) -> String {
    match (approval.answer, approval.closed) {
        (None, None) => format!("waits until {}", clock(approval.expires_at)),
        (Some(answer), None) if approval.handed_at.is_some() => answer.to_string(),
        (Some(answer), _) => format!("{answer}, not handed on"),
        (None, Some(ApprovalEnd::Desk)) => "answered at the desk".to_owned(),
        (None, Some(ApprovalEnd::Gone)) => "the session ended".to_owned(),
        (None, Some(ApprovalEnd::Expired)) => "nobody answered".to_owned(),
    }
}
