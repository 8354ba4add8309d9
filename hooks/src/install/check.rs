//! What the client makes of the hooks in a settings file, as measured on 2.1.329: one bad entry before a tool call
//! makes it drop the whole file, the person's deny rules included, and in `-p` it says so only in a log.

use serde_json::{Map, Value};

/// Events of which one bad entry drops the whole file. (Up to 2.1.197 any event does.)
const FATAL: &[&str] = &["PreToolUse", "PermissionRequest"];
/// The events of the client; other names are ignored with all that stands under them.
const EVENTS: &[&str] = &[
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "Notification",
    "UserPromptSubmit",
    "UserPromptExpansion",
    "SessionStart",
    "SessionEnd",
    "Stop",
    "StopFailure",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "PostCompact",
    "PreModelSwitch",
    "PostModelSwitch",
    "PermissionRequest",
    "PermissionDenied",
    "Setup",
    "TeammateIdle",
    "TaskCreated",
    "TaskCompleted",
    "Elicitation",
    "ElicitationResult",
    "ConfigChange",
    "WorktreeCreate",
    "WorktreeRemove",
    "InstructionsLoaded",
    "CwdChanged",
    "FileChanged",
    "DirectoryAdded",
    "MessageDisplay",
];
/// At most this many problems are named.
const MOST: usize = 20;

/// An entry that the client does not take.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where it stands, for instance `hooks.PreToolUse[1].hooks[0].timeout`.
    pub place: String,
    /// What is wrong.
    pub why: String,
    /// Whether the client drops the whole file for it.
    pub drops_file: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let loss = if self.drops_file {
            "the client drops the whole file for it, deny rules included"
        } else {
            "the client drops this entry, and up to version 2.1.197 the whole file"
        };
        write!(formatter, "`{}` {} ({loss})", self.place, self.why)
    }
}

/// Names the entries that the client does not take, those first that cost the whole file.
pub(super) fn problems(settings: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    let Some(hooks) = settings.get("hooks").and_then(Value::as_object) else {
        return found;
    };
    for (event, groups) in hooks {
        if !EVENTS.contains(&event.as_str()) {
            continue;
        }
        let mut tell = |place: String, why: &str| {
            found.push(Problem {
                place,
                why: why.to_owned(),
                drops_file: FATAL.contains(&event.as_str()),
            });
        };
        let place = format!("hooks.{event}");
        let Some(groups) = groups.as_array() else {
            tell(place, "is no array");
            continue;
        };
        for (number, group) in groups.iter().enumerate() {
            group_problems(&format!("{place}[{number}]"), group, &mut tell);
        }
    }
    found.sort_by_key(|problem| !problem.drops_file);
    found.truncate(MOST);
    found
}

fn group_problems(place: &str, group: &Value, tell: &mut impl FnMut(String, &str)) {
    let Some(group) = group.as_object() else {
        return tell(place.to_owned(), "is no object");
    };
    if group
        .get("matcher")
        .is_some_and(|matcher| !matcher.is_string())
    {
        tell(format!("{place}.matcher"), "is no text");
    }
    let Some(hooks) = group.get("hooks").and_then(Value::as_array) else {
        return tell(format!("{place}.hooks"), "is missing or no array");
    };
    for (number, hook) in hooks.iter().enumerate() {
        let place = format!("{place}.hooks[{number}]");
        match hook.as_object() {
            Some(hook) => hook_problems(&place, hook, tell),
            None => tell(place, "is no object"),
        }
    }
}

fn hook_problems(place: &str, hook: &Map<String, Value>, tell: &mut impl FnMut(String, &str)) {
    let kind = hook.get("type").and_then(Value::as_str).unwrap_or_default();
    let needed: &[&str] = match kind {
        "command" => &["command"],
        "http" => &["url"],
        "prompt" | "agent" => &["prompt"],
        "mcp_tool" => &["server", "tool"],
        _ => {
            return tell(
                format!("{place}.type"),
                "is none of command, http, prompt, agent, mcp_tool",
            );
        }
    };
    for name in needed {
        if !hook.get(*name).is_some_and(Value::is_string) {
            tell(format!("{place}.{name}"), "is missing or no text");
        }
    }
    let is_url = |text: &str| {
        text.split_once("://")
            .is_some_and(|(_, rest)| !rest.is_empty())
    };
    let is_word = |words: &'static [&str]| {
        move |value: &Value| value.as_str().is_some_and(|word| words.contains(&word))
    };
    let mut must = |name: &str, why: &str, is_right: &dyn Fn(&Value) -> bool| {
        if hook.get(name).is_some_and(|value| !is_right(value)) {
            tell(format!("{place}.{name}"), why);
        }
    };
    must("timeout", "is no number of seconds above 0", &|value| {
        value.as_f64().is_some_and(|seconds| seconds > 0.0)
    });
    must("if", "is no text", &Value::is_string);
    must("statusMessage", "is no text", &Value::is_string);
    must("once", "is neither true nor false", &Value::is_boolean);
    if matches!(kind, "command" | "http" | "mcp_tool") {
        must(
            "onFailure",
            "is neither `continue` nor `block`",
            &is_word(&["continue", "block"]),
        );
    }
    if kind == "command" {
        must("args", "is no list of texts", &|value| {
            value
                .as_array()
                .is_some_and(|words| words.iter().all(Value::is_string))
        });
        must("async", "is neither true nor false", &Value::is_boolean);
        must(
            "shell",
            "is neither `bash` nor `powershell`",
            &is_word(&["bash", "powershell"]),
        );
    }
    if kind == "http" {
        must("url", "is no URL", &|value| {
            value.as_str().is_none_or(is_url)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(event: &str, group: &Value, expected: &[&str]) {
        let settings = json!({ "hooks": { event: [group] } });
        let found: Vec<String> = problems(&settings)
            .into_iter()
            .map(|problem| problem.place.replace(&format!("hooks.{event}"), ""))
            .collect();
        assert_eq!(found, expected, "{group}");
    }

    #[test]
    fn what_the_client_refuses_is_found_with_its_place() {
        let hook = |field: &str, value: Value| {
            let mut hook = json!({ "type": "command", "command": "x" });
            hook[field] = value;
            json!({ "hooks": [hook] })
        };
        for (field, value) in [
            ("timeout", json!(0)),
            ("timeout", json!(-1)),
            ("timeout", json!("5")),
            ("type", json!("nope")),
            ("onFailure", json!("explode")),
            ("command", json!(["x"])),
            ("args", json!("x")),
            ("args", json!([1])),
            ("async", json!("yes")),
            ("shell", json!("zsh")),
            ("if", json!(3)),
            ("once", json!("x")),
            ("statusMessage", json!(3)),
        ] {
            check(
                "PreToolUse",
                &hook(field, value),
                &[&format!("[0].hooks[0].{field}")],
            );
        }
        check("PreToolUse", &json!("x"), &["[0]"]);
        check("PreToolUse", &json!({ "matcher": "Bash" }), &["[0].hooks"]);
        check("PreToolUse", &json!({ "hooks": null }), &["[0].hooks"]);
        check("PreToolUse", &json!({ "hooks": ["x"] }), &["[0].hooks[0]"]);
        check(
            "PreToolUse",
            &json!({ "matcher": 5, "hooks": [] }),
            &["[0].matcher"],
        );
        check(
            "PreToolUse",
            &json!({ "matcher": null, "hooks": [] }),
            &["[0].matcher"],
        );
        check(
            "PreToolUse",
            &json!({ "hooks": [{ "type": "http", "url": "here" }] }),
            &["[0].hooks[0].url"],
        );
    }

    #[test]
    fn what_the_client_takes_is_no_problem() {
        for group in [
            json!({ "hooks": [] }),
            json!({ "matcher": "", "hooks": [{ "type": "command", "command": "", "timeout": 0.5 }], "new": 1 }),
            json!({ "hooks": [{ "type": "http", "url": "http://127.0.0.1:1", "onFailure": "block", "timeout": 1e9 }] }),
            json!({ "hooks": [{ "type": "mcp_tool", "server": "a", "tool": "b", "async": "only for commands" }] }),
        ] {
            check("PreToolUse", &group, &[]);
        }
        check("EventOfTomorrow", &json!("x"), &[]);
    }

    #[test]
    fn only_entries_before_a_call_cost_the_whole_file_and_come_first() {
        let settings = json!({ "hooks": { "PermissionRequest": {}, "ConfigChange": [1] } });
        let found = problems(&settings);
        assert_eq!(found.len(), 2);
        assert!(found[0].drops_file && found[0].place == "hooks.PermissionRequest");
        assert!(!found[1].drops_file);
    }
}
