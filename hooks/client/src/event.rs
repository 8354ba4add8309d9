//! One hook event as read from stdin.

use std::io::Read;

use serde_json::Value;

/// The largest event that is read.
const MOST_BYTES: u64 = 64 << 20;

/// Why an input is no event.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// A fragment for one line; never the text, which may hold secrets.
    pub(crate) why: String,
    /// Whether it looks like a tool call that is about to run.
    pub(crate) is_call: bool,
}

impl Unreadable {
    /// Looks for the sign of a tool call only now: an event that can be read is not searched.
    fn new(why: String, bytes: &[u8]) -> Self {
        let is_call = is_call(bytes);
        Self { why, is_call }
    }
}

/// A parsed event. Missing fields are empty: clients add and drop fields.
#[derive(Debug)]
pub(crate) struct Event {
    /// `PreToolUse`, `UserPromptSubmit` and so on.
    pub(crate) name: String,
    /// The session's current directory.
    pub(crate) cwd: String,
    /// The whole event.
    pub(crate) value: Value,
    text: String,
}

impl Event {
    /// Reads an event to its end.
    pub(crate) fn read(input: impl Read) -> Result<Self, Unreadable> {
        let mut bytes = Vec::new();
        let read = input.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        if let Err(error) = read {
            return Err(Unreadable::new(error.to_string(), &bytes));
        }
        if bytes.len() as u64 > MOST_BYTES {
            let why = format!("it is larger than {} MB", MOST_BYTES >> 20);
            return Err(Unreadable::new(why, &bytes));
        }
        if guard::swells(&bytes) {
            let why = "the JSON holds too many values".to_owned();
            return Err(Unreadable::new(why, &bytes));
        }
        // Bad bytes become U+FFFD, as the client itself does it.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Self::parse(text)
    }

    fn parse(text: String) -> Result<Self, Unreadable> {
        let trimmed = text.trim_start_matches('\u{feff}');
        let (value, text) = match serde_json::from_str::<Value>(trimmed) {
            Ok(value) => (value, text),
            Err(error) => {
                let repaired = guard::without_lone_surrogates(trimmed);
                let value = serde_json::from_str(&repaired)
                    .map_err(|_| Unreadable::new(describe(&error), trimmed.as_bytes()))?;
                (value, repaired)
            }
        };
        if !value.is_object() {
            let why = "it is no JSON object".to_owned();
            return Err(Unreadable::new(why, text.as_bytes()));
        }
        let field = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (name, cwd) = (field("hook_event_name"), field("cwd"));
        Ok(Self {
            name,
            cwd,
            value,
            text,
        })
    }

    /// Adds a field, for the daemon.
    pub(crate) fn note(&mut self, name: &str, text: String) {
        self.value[name] = Value::String(text);
        self.text = self.value.to_string();
    }

    /// The event's text as it goes to the daemon. Taken once.
    pub(crate) fn take_text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

/// Whether the name of the event before a tool call stands there, as the client writes it.
fn is_call(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"\"PreToolUse\"";
    bytes.windows(NAME.len()).any(|window| window == NAME)
}

/// The kind of the error and its place; never the text, which may hold secrets.
fn describe(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the JSON ends too early",
        _ if error.to_string().contains("recursion") => "the JSON nests too deep",
        _ => "this is no JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_read_as_a_replacement() {
        let event = Event::parse(
            r#"{"hook_event_name":"Stop","a":"x\ud83dy","b":"\ud83d\ude00","c":"\\ud83d"}"#
                .to_owned(),
        )
        .unwrap();
        assert_eq!(event.value["a"], "x\u{fffd}y");
        assert_eq!(event.value["b"], "😀");
        assert_eq!(event.value["c"], "\\ud83d");
    }

    #[test]
    fn an_error_tells_the_place_and_not_the_text() {
        let error = Event::parse(r#"{"prompt": "hunter2" oops"#.to_owned()).unwrap_err();
        assert_eq!(error.why, "this is no JSON (line 1, column 22)");
    }
}
