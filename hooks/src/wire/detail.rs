//! What is kept of an event: what, where, how it ended, how long it took.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Event, ToolUse};

/// Longest text kept, in characters. The agent cuts again after it has masked secrets, so this leaves some room.
const LONGEST_TEXT: usize = 4_000;
/// The part of an output that its digest is made of, in bytes.
const DIGESTED: usize = 1 << 20;
/// What a tool is asked to do, in the tools' own words.
const ASKED: &[&str] = &[
    "command",
    "description",
    "file_path",
    "notebook_path",
    "path",
    "pattern",
    "query",
    "url",
    "skill",
    "subagent_type",
    "run_in_background",
    "timeout",
];
/// What is kept of other events. The list is closed, since new fields may hold anything.
const FIELDS: &[&str] = &[
    "source",
    "model",
    "reason",
    "trigger",
    "stop_hook_active",
    "last_assistant_message",
    "error",
    "error_details",
    "message",
    "notification_type",
    "title",
    "tool_name",
    "task_id",
    "task_subject",
    "file_path",
    "event",
    "old_cwd",
    "new_cwd",
    "directory",
    "command_name",
    "expansion_type",
    "from_model",
    "to_model",
    "requested_model",
    "context_tokens",
    "seconds_since_last_response",
    "mcp_server_name",
    "mode",
    "action",
    "name",
    "worktree_path",
    "teammate_name",
    "team_name",
    "memory_type",
    "load_reason",
    super::REFUSED,
];

pub(super) fn of(event: &Event) -> Map<String, Value> {
    match event {
        Event::PreToolUse(tool) | Event::PermissionRequest { tool, .. } => asked(tool),
        Event::PostToolUse {
            tool,
            response,
            duration_ms,
        } => {
            let mut kept = asked(tool);
            kept.insert("ok".to_owned(), json!(true));
            if response.get("interrupted") == Some(&json!(true)) {
                kept.insert("interrupted".to_owned(), json!(true));
            }
            // It goes on by itself: how it ends is not known here.
            if response.get("backgroundTaskId").is_some() {
                kept.insert("background".to_owned(), json!(true));
            }
            insert_duration(&mut kept, *duration_ms);
            // What a file holds is nobody's business here; what a command printed tells how it went.
            let shows_output = is_command(tool) || tool.name.starts_with("mcp__");
            insert_output(&mut kept, &output_of(response), shows_output);
            kept
        }
        Event::PostToolUseFailure {
            tool,
            error,
            is_interrupt,
            duration_ms,
        } => {
            let mut kept = asked(tool);
            kept.insert("ok".to_owned(), json!(false));
            if let Some(code) = exit_code(error) {
                kept.insert("exit".to_owned(), json!(code));
            }
            if *is_interrupt {
                kept.insert("interrupted".to_owned(), json!(true));
            }
            insert_duration(&mut kept, *duration_ms);
            insert_output(&mut kept, error, true);
            kept
        }
        Event::UserPromptSubmit { prompt } => {
            Map::from_iter([("prompt".to_owned(), json!(first(prompt, LONGEST_TEXT)))])
        }
        Event::Other { fields, .. } => other(fields),
    }
}

/// Returns the first characters of a text.
pub(super) fn first(text: &str, longest: usize) -> &str {
    text.char_indices()
        .nth(longest)
        .map_or(text, |(end, _)| &text[..end])
}

fn asked(tool: &ToolUse) -> Map<String, Value> {
    let mut kept = short_fields(&tool.input, ASKED);
    if let Some(id) = &tool.id {
        kept.insert("tool_use_id".to_owned(), json!(first(id, 100)));
    }
    kept
}

fn other(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = short_fields(&Value::Object(fields.clone()), FIELDS);
    if let Some(input) = fields.get("tool_input") {
        kept.extend(short_fields(input, ASKED));
    }
    if let Some(calls) = fields.get("tool_calls").and_then(Value::as_array) {
        let names: Vec<&str> = calls
            .iter()
            .filter_map(|call| call.get("tool_name").and_then(Value::as_str))
            .take(50)
            .collect();
        kept.insert("tools".to_owned(), json!(names));
    }
    kept
}

fn short_fields(from: &Value, names: &[&str]) -> Map<String, Value> {
    names
        .iter()
        .filter_map(|&name| {
            let value = match from.get(name)? {
                Value::String(text) => json!(first(text, LONGEST_TEXT)),
                value @ (Value::Number(_) | Value::Bool(_)) => value.clone(),
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            };
            Some((name.to_owned(), value))
        })
        .collect()
}

fn insert_duration(kept: &mut Map<String, Value>, duration_ms: Option<u64>) {
    if let Some(duration) = duration_ms {
        kept.insert("duration_ms".to_owned(), json!(duration));
    }
}

fn insert_output(kept: &mut Map<String, Value>, output: &str, shows_output: bool) {
    let begin = &output.as_bytes()[..output.len().min(DIGESTED)];
    kept.insert("output_bytes".to_owned(), json!(output.len()));
    kept.insert(
        "output_digest".to_owned(),
        json!(hex(&Sha256::digest(begin)[..8])),
    );
    if shows_output && !output.is_empty() {
        kept.insert("output".to_owned(), json!(first(output, LONGEST_TEXT)));
    }
}

fn output_of(response: &Value) -> String {
    if let Value::String(text) = response {
        return text.clone();
    }
    let field = |name| {
        response
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let printed: Vec<&str> = [field("stdout"), field("stderr")]
        .into_iter()
        .flatten()
        .collect();
    if printed.is_empty() && response.get("stdout").is_none() && !response.is_null() {
        return response.to_string();
    }
    printed.join("\n")
}

fn is_command(tool: &ToolUse) -> bool {
    matches!(tool.name.as_str(), "Bash" | "PowerShell")
}

fn exit_code(error: &str) -> Option<i64> {
    error
        .strip_prefix("Exit code ")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
