//! A person's answer, as the client understands it.

use config::Environment;
use config::env::{CLAUDE_CODE_ENTRYPOINT, CLAUDE_CODE_SESSION_ATTENDED};
use serde_json::{Value, json};

use crate::daemon::Word;
use crate::event::Event;

/// Whether somebody sits before the session. Where the client does not say, somebody does.
pub(crate) fn is_attended(environment: &Environment) -> bool {
    match environment.get(CLAUDE_CODE_SESSION_ATTENDED) {
        Some(attended) => attended != "0",
        None => !environment
            .get(CLAUDE_CODE_ENTRYPOINT)
            .is_some_and(|entry| entry.starts_with("sdk")),
    }
}

/// How long a person may be waited for with this event, seconds; 0: not at all.
///
/// Where somebody sits before the session, the client's dialog asks before the tool runs, and `PermissionRequest`
/// comes with it.
pub(crate) fn wait_for(event: &str, is_attended: bool, hooks: &config::Hooks) -> u64 {
    match event {
        "PermissionRequest" => hooks.approve_wait_s,
        "PreToolUse" if !is_attended => hooks.approve_wait_s,
        _ => 0,
    }
}

/// The object to print; `None`: there is nothing to say.
pub(crate) fn answer(
    event: &Event,
    word: &Word,
    (is_attended, waited_s): (bool, u64),
) -> Option<Value> {
    let (allows, reason) = match word {
        Word::Answered { answer, note } => match answer.as_str() {
            "allow" | "always" => (true, "A person allowed this through Fjord.".to_owned()),
            _ => (false, denied(note.as_deref())),
        },
        Word::Nobody if !is_attended => (
            false,
            format!(
                "This needs a person, and nobody answered Fjord's question within {waited_s} s. Go on without it, or end and say what you need."
            ),
        ),
        // The dialog at the desk stays open, or was answered.
        Word::Nobody | Word::Over => return None,
    };
    let specific = if event.name == "PermissionRequest" {
        let always = matches!(word, Word::Answered { answer, .. } if answer == "always");
        let mut decision = if allows {
            json!({ "behavior": "allow" })
        } else {
            json!({ "behavior": "deny", "message": reason })
        };
        let rules = event.value.get("permission_suggestions");
        if always && let Some(rules) = rules.filter(|rules| rules.is_array()) {
            decision["updatedPermissions"] = rules.clone();
        }
        json!({ "hookEventName": event.name, "decision": decision })
    } else {
        json!({
            "hookEventName": event.name,
            "permissionDecision": if allows { "allow" } else { "deny" },
            "permissionDecisionReason": reason,
        })
    };
    Some(json!({ "hookSpecificOutput": specific }))
}

/// Refuses what should be asked where nobody sits and Fjord could not ask by phone either.
///
/// The client turns an `ask` into a refusal there, but not always: a command that writes to the client's own settings
/// runs all the same.
pub(crate) fn with_nobody_to_ask(mut object: Value, is_attended: bool) -> Value {
    let asks = object.pointer("/hookSpecificOutput/permissionDecision") == Some(&json!("ask"));
    if is_attended || !asks {
        return object;
    }
    let specific = &mut object["hookSpecificOutput"];
    let reason = specific["permissionDecisionReason"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    specific["permissionDecision"] = json!("deny");
    specific["permissionDecisionReason"] = json!(format!(
        "{reason} This needs a person; nobody sits before this session, and Fjord could not ask anybody elsewhere."
    ));
    object
}

fn denied(note: Option<&str>) -> String {
    match note.map(str::trim).filter(|note| !note.is_empty()) {
        Some(note) => format!("A person denied this through Fjord and says: {note}"),
        None => "A person denied this through Fjord.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Event {
        let text = json!({
            "hook_event_name": name,
            "permission_suggestions": [{ "type": "addRules", "destination": "localSettings" }],
        });
        Event::read(text.to_string().as_bytes()).unwrap()
    }

    fn answered(answer: &str, note: Option<&str>) -> Word {
        Word::Answered {
            answer: answer.to_owned(),
            note: note.map(str::to_owned),
        }
    }

    #[test]
    fn a_call_before_it_runs_is_allowed_or_denied_with_the_note() {
        let call = event("PreToolUse");
        let said = answer(&call, &answered("allow", None), (false, 120)).unwrap();
        assert_eq!(
            said["hookSpecificOutput"]["permissionDecision"], "allow",
            "{said}"
        );
        let said = answer(&call, &answered("deny", Some("use staging")), (false, 120)).unwrap();
        assert_eq!(
            said["hookSpecificOutput"]["permissionDecisionReason"],
            "A person denied this through Fjord and says: use staging"
        );
    }

    #[test]
    fn always_gives_the_clients_own_rules_back() {
        let asked = event("PermissionRequest");
        let said = answer(&asked, &answered("always", None), (true, 120)).unwrap();
        assert_eq!(
            said["hookSpecificOutput"]["decision"],
            json!({ "behavior": "allow", "updatedPermissions": [{ "type": "addRules", "destination": "localSettings" }] })
        );
        let said = answer(&asked, &answered("allow", None), (true, 120)).unwrap();
        assert_eq!(
            said["hookSpecificOutput"]["decision"],
            json!({ "behavior": "allow" })
        );
    }

    #[test]
    fn without_fjord_an_unattended_question_is_a_refusal() {
        let asks = json!({ "hookSpecificOutput": { "hookEventName": "PreToolUse", "permissionDecision": "ask", "permissionDecisionReason": "Why." } });
        assert_eq!(with_nobody_to_ask(asks.clone(), true), asks);
        let refused = with_nobody_to_ask(asks, false);
        let specific = &refused["hookSpecificOutput"];
        assert_eq!(specific["permissionDecision"], "deny");
        let reason = specific["permissionDecisionReason"].as_str().unwrap();
        assert!(reason.starts_with("Why. This needs a person"), "{reason}");
    }

    #[test]
    fn silence_is_a_refusal_only_where_nobody_sits() {
        let asked = event("PermissionRequest");
        assert_eq!(answer(&asked, &Word::Nobody, (true, 120)), None);
        assert_eq!(answer(&asked, &Word::Over, (false, 120)), None);
        let said = answer(&asked, &Word::Nobody, (false, 5)).unwrap();
        let message = said["hookSpecificOutput"]["decision"]["message"].as_str();
        assert!(message.unwrap().contains("within 5 s"), "{said}");
    }
}
