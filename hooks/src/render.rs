//! What the client is answered: one JSON object, or nothing.

use agent::{Judgement, Reply};
use guard::{Assessment, Verdict};
use serde_json::{Value, json};

/// Makes the answer to an event; `None`: there is nothing to say.
///
/// Never an `allow`: the person's own permission flow goes on.
pub fn render(event: &str, reply: &Reply) -> Option<Value> {
    match reply {
        Reply::Judged(judgement) => decision(event, judgement),
        Reply::Context { text } => context(event, text),
        // An observation is silent, and a coding agent is offered nothing else.
        Reply::Noted { .. }
        | Reply::Notice(_)
        | Reply::Status(_)
        | Reply::ServiceDetail(_)
        | Reply::Health(_)
        | Reply::Plan(_)
        | Reply::Confirm(_)
        | Reply::Declined { .. }
        | Reply::Deployed(_)
        | Reply::Cancelling { .. }
        | Reply::History { .. }
        | Reply::Events(_)
        | Reply::Brief(_)
        | Reply::Incident(_)
        | Reply::Learned(_)
        | Reply::Passages(_)
        | Reply::Documents(_)
        | Reply::Forgotten { .. }
        | Reply::Servers(_)
        | Reply::Services(_)
        | Reply::Routes(_)
        | Reply::Dependencies(_)
        | Reply::Secrets(_)
        | Reply::Changed(_)
        | Reply::Approvals(_)
        | Reply::Answered(_)
        | Reply::Asked(_)
        | Reply::Schedules(_)
        | Reply::ScheduleDetail { .. }
        | Reply::Ran { .. }
        | Reply::NotRun { .. }
        | Reply::Doctor(_)
        | Reply::AsOf { .. } => None,
    }
}

fn decision(event: &str, judgement: &Judgement) -> Option<Value> {
    if judgement.verdict == Verdict::None {
        return None;
    }
    if event == "PermissionRequest" && judgement.verdict == Verdict::Ask {
        // The dialog is open already.
        return None;
    }
    let assessment = Assessment {
        verdict: judgement.verdict,
        rule: judgement.rule.clone(),
        reason: judgement.reason.clone(),
        alternative: judgement.alternative.clone(),
    };
    if event == "PermissionRequest" {
        return Some(json!({ "hookSpecificOutput": {
            "hookEventName": event,
            "decision": { "behavior": "deny", "message": assessment.sentence() },
        }}));
    }
    Some(json!({ "hookSpecificOutput": {
        "hookEventName": event,
        "permissionDecision": judgement.verdict.as_str(),
        "permissionDecisionReason": assessment.sentence(),
    } }))
}

fn context(event: &str, text: &str) -> Option<Value> {
    (!text.is_empty()).then(
        || json!({ "hookSpecificOutput": { "hookEventName": event, "additionalContext": text } }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(verdict: Verdict) -> Reply {
        Reply::Judged(Judgement {
            verdict,
            rule: Some("git.reset-hard".to_owned()),
            reason: "This throws work away.".to_owned(),
            alternative: Some("`git stash`".to_owned()),
        })
    }

    #[test]
    fn a_denial_says_why_and_what_to_do_instead() {
        assert_eq!(
            render("PreToolUse", &judged(Verdict::Deny)).unwrap(),
            json!({ "hookSpecificOutput": { "hookEventName": "PreToolUse", "permissionDecision": "deny",
                "permissionDecisionReason": "This throws work away. Instead: `git stash` (rule git.reset-hard)" } })
        );
    }

    #[test]
    fn no_opinion_and_no_context_are_silence() {
        assert_eq!(render("PreToolUse", &judged(Verdict::None)), None);
        assert_eq!(
            render(
                "UserPromptSubmit",
                &Reply::Context {
                    text: String::new()
                }
            ),
            None
        );
        assert_eq!(render("Stop", &Reply::Noted { new: true }), None);
    }

    #[test]
    fn context_names_its_event() {
        let answer = render(
            "UserPromptSubmit",
            &Reply::Context {
                text: "> api".to_owned(),
            },
        )
        .unwrap();
        assert_eq!(
            answer,
            json!({ "hookSpecificOutput": { "hookEventName": "UserPromptSubmit", "additionalContext": "> api" } })
        );
    }
}
