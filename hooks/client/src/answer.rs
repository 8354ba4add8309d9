//! What is said on stdout: the stricter of the guard's own word and the daemon's.

use config::Environment;
use config::hook::HookConfig;
use guard::{Assessment, Project, Settings, ToolCall, Verdict, assess};
use serde_json::{Value, json};

use crate::event::Event;
use crate::{identity, known};

/// The program's own judgement of an event.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    assessment: Assessment,
}

impl Answer {
    /// Judges a tool call that is about to run; every other event has no judgement.
    pub(crate) fn own(
        event: &Event,
        project: Option<Project>,
        configuration: &HookConfig,
        environment: &Environment,
    ) -> Self {
        if event.name != "PreToolUse" {
            return Self::default();
        }
        let tool = event
            .value
            .get("tool_name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let input = event.value.get("tool_input").unwrap_or(&Value::Null);
        let settings = Settings::of_person(&configuration.guard, &[], identity::today());
        let facts = known::facts(project, configuration, environment);
        let call = ToolCall {
            tool,
            input,
            cwd: &event.cwd,
        };
        // Should the guard ever fail, a person looks instead of nobody.
        let judged = std::panic::catch_unwind(|| {
            let assessment = assess(&call, &facts, &settings);
            if assessment.verdict == Verdict::None {
                return assessment;
            }
            // Only what is answered can be let through, so a silent call never reads this file.
            let (allowed, problems) = config::allowed::read(&configuration.paths.allowed);
            for problem in problems {
                crate::complain(&format!("exceptions: {problem}"));
            }
            if allowed.is_empty() {
                return assessment;
            }
            let settings = Settings::of_person(&configuration.guard, &allowed, identity::today());
            assess(&call, &facts, &settings)
        });
        let assessment = judged.unwrap_or_else(|_| Assessment {
            verdict: Verdict::Ask,
            reason: "Fjord's guard could not judge this call.".to_owned(),
            ..Assessment::default()
        });
        Self { assessment }
    }

    /// Whether nobody needs to be asked.
    pub(crate) fn denies(&self) -> bool {
        self.assessment.verdict == Verdict::Deny
    }

    /// What the daemon is told of it.
    pub(crate) fn verdict_and_rule(&self) -> Option<(Verdict, String)> {
        let Assessment { verdict, rule, .. } = &self.assessment;
        (*verdict > Verdict::None).then(|| (*verdict, rule.clone().unwrap_or_default()))
    }

    /// The one object to print, if there is anything to say.
    pub(crate) fn merged(&self, event: &str, daemon: Option<Value>) -> Option<Value> {
        let daemon = daemon
            .filter(|answer| fits(answer, event))
            .map(without_allow);
        let theirs = daemon.as_ref().map_or(Verdict::None, verdict);
        if self.assessment.verdict > theirs {
            let reason = self.assessment.sentence();
            return Some(json!({"hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": self.assessment.verdict.as_str(),
                "permissionDecisionReason": reason,
            }}));
        }
        daemon
    }
}

/// Lets a person look at a call that could not be read: the client may read it otherwise and run it.
pub(crate) fn unjudged(why: &str) -> Value {
    json!({"hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": Verdict::Ask.as_str(),
        "permissionDecisionReason": format!("Fjord could not judge this call: {why}."),
    }})
}

/// Whether an answer is an object for this event.
fn fits(answer: &Value, event: &str) -> bool {
    let Some(fields) = answer.as_object() else {
        return false;
    };
    !fields.is_empty()
        && fields.get("hookSpecificOutput").is_none_or(|specific| {
            specific.get("hookEventName").and_then(Value::as_str) == Some(event)
        })
}

/// The guard never allows by itself: an allow is no word of its own.
fn without_allow(mut answer: Value) -> Value {
    if let Some(specific) = answer
        .get_mut("hookSpecificOutput")
        .and_then(Value::as_object_mut)
        && specific
            .get("permissionDecision")
            .is_some_and(|decision| !matches!(decision.as_str(), Some("ask" | "deny")))
    {
        specific.remove("permissionDecision");
        specific.remove("permissionDecisionReason");
    }
    answer
}

fn verdict(answer: &Value) -> Verdict {
    match answer
        .pointer("/hookSpecificOutput/permissionDecision")
        .and_then(Value::as_str)
    {
        Some("deny") => Verdict::Deny,
        Some("ask") => Verdict::Ask,
        _ => Verdict::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(verdict: Verdict) -> Answer {
        Answer {
            assessment: Assessment {
                verdict,
                reason: "Own.".to_owned(),
                ..Assessment::default()
            },
        }
    }

    fn theirs(decision: &str) -> Value {
        json!({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": decision, "permissionDecisionReason": "Theirs."}})
    }

    fn said(answer: Option<&Value>) -> &str {
        answer
            .and_then(|answer| answer.pointer("/hookSpecificOutput/permissionDecisionReason"))
            .and_then(Value::as_str)
            .unwrap_or("nothing")
    }

    #[test]
    fn the_stricter_word_wins() {
        assert_eq!(
            said(
                own(Verdict::Deny)
                    .merged("PreToolUse", Some(theirs("ask")))
                    .as_ref()
            ),
            "Own."
        );
        assert_eq!(
            said(
                own(Verdict::Ask)
                    .merged("PreToolUse", Some(theirs("deny")))
                    .as_ref()
            ),
            "Theirs."
        );
        assert_eq!(
            said(own(Verdict::Deny).merged("PreToolUse", None).as_ref()),
            "Own."
        );
        assert_eq!(
            said(own(Verdict::None).merged("PreToolUse", None).as_ref()),
            "nothing"
        );
    }

    #[test]
    fn an_allow_of_the_daemon_is_not_passed_on() {
        assert_eq!(
            said(
                own(Verdict::Ask)
                    .merged("PreToolUse", Some(theirs("allow")))
                    .as_ref()
            ),
            "Own."
        );
        assert_eq!(
            said(
                own(Verdict::None)
                    .merged("PreToolUse", Some(theirs("allow")))
                    .as_ref()
            ),
            "nothing"
        );
    }

    #[test]
    fn an_answer_for_another_event_is_dropped() {
        assert!(
            own(Verdict::None)
                .merged("Stop", Some(theirs("deny")))
                .is_none()
        );
        assert!(
            own(Verdict::None)
                .merged("PreToolUse", Some(json!([1])))
                .is_none()
        );
    }
}
