//! What the client sends: one JSON object an event.

use agent::{Begin, Command, Enrich, Judge, Observation};
use chrono::{DateTime, Utc};
use guard::Verdict;
use serde_json::{Map, Value, json};

mod detail;
mod text;

/// Events that are not taken: too chatty, or a handler would change what the client does.
const NOT_TAKEN: &[&str] = &["MessageDisplay", "InstructionsLoaded", "WorktreeCreate"];
/// What `fjord-hook` adds to a change of settings that it refused.
const REFUSED: &str = "fjord_refused";
/// Stands in the place of a rule where Fjord's own entries were to go.
const OWN_ENTRIES: &str = "own.hooks";
/// The longest name of an event.
const LONGEST_NAME: usize = 64;

/// Why an input is not an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WireError {
    /// It is not JSON, or nested too deep. The text says where, never what.
    #[error("this is no JSON (line {line}, column {column})")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It is JSON that would take far more memory than it has bytes.
    #[error("this JSON holds too many values")]
    Swollen,
    /// It is JSON of another kind.
    #[error("a hook event is a JSON object with the text `hook_event_name`")]
    NoEvent,
}

/// One hook event. What the client did not send, or sent as another type, is `None` or empty.
#[derive(Clone, Debug, PartialEq)]
pub struct HookInput {
    /// The session.
    pub session_id: String,
    /// Where the session is now.
    pub cwd: String,
    /// Where the client keeps the session's transcript.
    pub transcript_path: Option<String>,
    /// The prompt that led here; absent before the first.
    pub prompt_id: Option<String>,
    /// `default`, `acceptEdits`, `bypassPermissions`, `plan`, `dontAsk`, `auto`, or what comes next.
    pub permission_mode: Option<String>,
    /// The subagent it happened in.
    pub agent_id: Option<String>,
    /// The subagent's kind.
    pub agent_type: Option<String>,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A tool is about to run.
    PreToolUse(ToolUse),
    /// A tool ran.
    PostToolUse {
        /// What ran.
        tool: ToolUse,
        /// Its output in the tool's own shape.
        response: Value,
        /// How long it took.
        duration_ms: Option<u64>,
    },
    /// A tool ran and failed.
    PostToolUseFailure {
        /// What ran.
        tool: ToolUse,
        /// What the model was shown, for instance `Exit code 3` and the output.
        error: String,
        /// Whether a person stopped it.
        is_interrupt: bool,
        /// How long it took.
        duration_ms: Option<u64>,
    },
    /// A person should say whether a tool may run.
    PermissionRequest {
        /// What would run.
        tool: ToolUse,
        /// The rules that the client suggests for "always".
        suggestions: Vec<Value>,
    },
    /// A person, or the client itself, asks something.
    UserPromptSubmit {
        /// The text, without its private parts.
        prompt: String,
    },
    /// Any other event, known or not, by its name and its own fields.
    Other {
        /// `hook_event_name`.
        name: String,
        /// All of its fields but those that every event has.
        fields: Map<String, Value>,
    },
}

/// One use of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolUse {
    /// `Bash`, `Write`, `mcp__server__tool`, ...
    pub name: String,
    /// What the tool is given, in the tool's own shape.
    pub input: Value,
    /// Joins the events of one use.
    pub id: Option<String>,
}

impl HookInput {
    /// Reads an event from the bytes the client wrote.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        Self::from_value(text::read(bytes)?)
    }

    /// Reads an event from parsed JSON.
    pub fn from_value(value: Value) -> Result<Self, WireError> {
        let Value::Object(mut fields) = value else {
            return Err(WireError::NoEvent);
        };
        let name = take_text(&mut fields, "hook_event_name")
            .filter(|name| !name.is_empty())
            .ok_or(WireError::NoEvent)?;
        let mut base = |field: &str| take_text(&mut fields, field);
        Ok(Self {
            session_id: base("session_id").unwrap_or_default(),
            cwd: base("cwd").unwrap_or_default(),
            transcript_path: base("transcript_path"),
            prompt_id: base("prompt_id"),
            permission_mode: base("permission_mode"),
            agent_id: base("agent_id"),
            agent_type: base("agent_type"),
            event: Event::from_fields(name.chars().take(LONGEST_NAME).collect(), fields),
        })
    }

    /// Makes the command that the event asks for; `None`: nothing is to be done.
    ///
    /// `at` is when it happened, when that is not now.
    pub fn into_command(self, id: &str, at: Option<DateTime<Utc>>) -> Option<Command> {
        let (event, session, cwd) = (id.to_owned(), self.session(), self.cwd.clone());
        match self.event {
            Event::PreToolUse(tool) => Some(Command::Judge(Judge {
                event,
                session,
                cwd,
                tool: tool.name,
                input: tool.input,
            })),
            Event::UserPromptSubmit { prompt } => Some(Command::Enrich(Enrich {
                event,
                session,
                cwd,
                prompt,
            })),
            Event::Other {
                ref name,
                ref fields,
            } if name == "SessionStart" => Some(Command::Begin(Begin {
                event,
                session,
                cwd,
                source: fields
                    .get("source")
                    .and_then(Value::as_str)
                    .unwrap_or("startup")
                    .to_owned(),
            })),
            Event::PostToolUse { .. }
            | Event::PostToolUseFailure { .. }
            | Event::PermissionRequest { .. }
            | Event::Other { .. } => self
                .observation(id, at)
                .map(|observation| Command::Observe(vec![observation])),
        }
    }

    /// Returns what is kept of the event, in short; `None`: nothing.
    pub fn observation(&self, id: &str, at: Option<DateTime<Utc>>) -> Option<Observation> {
        if NOT_TAKEN.contains(&self.event.name()) {
            return None;
        }
        let tool = self.event.tool().map(|tool| tool.name.clone());
        let mut kept = detail::of(&self.event);
        for (field, value) in [
            ("agent_type", &self.agent_type),
            ("permission_mode", &self.permission_mode),
        ] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                kept.entry(field)
                    .or_insert_with(|| json!(detail::first(value, 100)));
            }
        }
        let is_refused = self.event.name() == "ConfigChange" && kept.contains_key(REFUSED);
        Some(Observation {
            event: id.to_owned(),
            session: self.session(),
            cwd: self.cwd.clone(),
            name: self.event.name().to_owned(),
            tool,
            detail: Value::Object(kept),
            at,
            verdict: is_refused.then(|| Verdict::Deny.as_str().to_owned()),
            rule: is_refused.then(|| OWN_ENTRIES.to_owned()),
        })
    }

    /// Returns the question whether a failure was solved before; `None`: the event tells of none.
    pub fn recall(&self, id: &str) -> Option<Command> {
        let Event::PostToolUseFailure {
            is_interrupt: false,
            ..
        } = self.event
        else {
            return None;
        };
        let mut observation = self.observation(id, None)?;
        // As it is masked on its way into the store: what is masked differently is not known again.
        guard::redact::redact_json(&mut observation.detail);
        Some(Command::Recall(observation))
    }

    /// Returns the paths that decide whether the event is kept at all: where it works, and on what.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = vec![self.cwd.clone()];
        let input = self.event.tool().map(|tool| &tool.input);
        for field in ["file_path", "notebook_path", "path"] {
            paths.extend(
                input
                    .and_then(|input| input.get(field))
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
        }
        if let Event::Other { fields, .. } = &self.event {
            paths.extend(
                fields
                    .get("file_path")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
        }
        paths.retain(|path| !path.is_empty());
        paths
    }

    /// Returns the session, `unknown` when the client did not say.
    pub(crate) fn session(&self) -> String {
        if self.session_id.is_empty() {
            "unknown".to_owned()
        } else {
            self.session_id.clone()
        }
    }
}

impl Event {
    fn from_fields(name: String, mut fields: Map<String, Value>) -> Self {
        match name.as_str() {
            "PreToolUse" => Self::PreToolUse(ToolUse::take(&mut fields)),
            "PostToolUse" => Self::PostToolUse {
                tool: ToolUse::take(&mut fields),
                response: fields.remove("tool_response").unwrap_or_default(),
                duration_ms: fields.get("duration_ms").and_then(Value::as_u64),
            },
            "PostToolUseFailure" => Self::PostToolUseFailure {
                tool: ToolUse::take(&mut fields),
                error: take_text(&mut fields, "error").unwrap_or_default(),
                is_interrupt: fields
                    .get("is_interrupt")
                    .and_then(Value::as_bool)
                    .unwrap_or_default(),
                duration_ms: fields.get("duration_ms").and_then(Value::as_u64),
            },
            "PermissionRequest" => Self::PermissionRequest {
                tool: ToolUse::take(&mut fields),
                suggestions: match fields.remove("permission_suggestions") {
                    Some(Value::Array(suggestions)) => suggestions,
                    _ => Vec::new(),
                },
            },
            "UserPromptSubmit" => Self::UserPromptSubmit {
                prompt: guard::without_private(
                    &take_text(&mut fields, "prompt").unwrap_or_default(),
                ),
            },
            _ => Self::Other { name, fields },
        }
    }

    /// Returns `hook_event_name`.
    pub fn name(&self) -> &str {
        match self {
            Self::PreToolUse(_) => "PreToolUse",
            Self::PostToolUse { .. } => "PostToolUse",
            Self::PostToolUseFailure { .. } => "PostToolUseFailure",
            Self::PermissionRequest { .. } => "PermissionRequest",
            Self::UserPromptSubmit { .. } => "UserPromptSubmit",
            Self::Other { name, .. } => name,
        }
    }

    /// Returns the tool it is about.
    pub fn tool(&self) -> Option<&ToolUse> {
        match self {
            Self::PreToolUse(tool)
            | Self::PostToolUse { tool, .. }
            | Self::PermissionRequest { tool, .. }
            | Self::PostToolUseFailure { tool, .. } => Some(tool),
            Self::UserPromptSubmit { .. } | Self::Other { .. } => None,
        }
    }
}

impl ToolUse {
    fn take(fields: &mut Map<String, Value>) -> Self {
        Self {
            name: take_text(fields, "tool_name").unwrap_or_default(),
            input: fields.remove("tool_input").unwrap_or_default(),
            id: take_text(fields, "tool_use_id"),
        }
    }
}

fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
