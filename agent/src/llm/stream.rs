//! Reads `/api/chat`'s stream: one JSON object a line, split at `\n` by bytes.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;

use super::ModelError;
use super::words::{Words, one_line};

/// A line longer than this is not one of Ollama's.
const LINE_LIMIT: usize = 256 * 1024;

/// How a stream is read.
#[derive(Debug)]
pub(super) struct Reader {
    /// Longest wait for the next piece.
    pub(super) silence: Duration,
    /// The server's address for people.
    pub(super) place: String,
    /// The most lines of text that are kept.
    pub(super) max_lines: usize,
}

/// What is read of a line; anything else in it does not matter here.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    content: String,
}

impl Reader {
    /// Reads until the model is done, or has written enough.
    pub(super) async fn read(
        &self,
        mut answer: Response,
        mut on_text: impl FnMut(&str),
    ) -> Result<String, ModelError> {
        let mut rest: Vec<u8> = Vec::new();
        let mut words = Words::new(self.max_lines);
        loop {
            let chunk = tokio::time::timeout(self.silence, answer.chunk()).await;
            let chunk = chunk.map_err(|_| ModelError::Late {
                what: "go on with its answer",
                within: self.silence,
            })?;
            let Some(chunk) = chunk.map_err(|_| ModelError::Cut)? else {
                break;
            };
            let searched = rest.len();
            rest.extend_from_slice(&chunk);
            let mut begin = 0;
            let mut from = searched;
            while let Some(found) = rest[from..].iter().position(|&byte| byte == b'\n') {
                let end = from + found;
                let done = self.take(&rest[begin..end], &mut words, &mut on_text)?;
                if done || words.is_full() {
                    return finish(words, on_text);
                }
                begin = end + 1;
                from = begin;
            }
            rest.drain(..begin);
            if rest.len() > LINE_LIMIT {
                return Err(self.nonsense());
            }
        }
        // The last line may lack its newline; half a line is a cut.
        match self.take(&rest, &mut words, &mut on_text) {
            Ok(true) => finish(words, on_text),
            Err(error @ ModelError::Stopped(_)) => Err(error),
            _ => Err(ModelError::Cut),
        }
    }

    /// Takes one line in; true: the model is done.
    fn take(
        &self,
        line: &[u8],
        words: &mut Words,
        on_text: &mut impl FnMut(&str),
    ) -> Result<bool, ModelError> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(false);
        }
        let line: Line = serde_json::from_slice(line).map_err(|_| self.nonsense())?;
        if let Some(error) = &line.error {
            return Err(ModelError::Stopped(one_line(&text_of(error))));
        }
        if let Some(message) = line.message
            && let Some(text) = words.push(&message.content)
        {
            on_text(&text);
        }
        Ok(line.done)
    }

    fn nonsense(&self) -> ModelError {
        ModelError::Nonsense {
            place: self.place.clone(),
        }
    }
}

/// The text of a JSON value: a string as it is, anything else as JSON.
pub(super) fn text_of(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn finish(mut words: Words, mut on_text: impl FnMut(&str)) -> Result<String, ModelError> {
    if let Some(text) = words.flush() {
        on_text(&text);
    }
    let text = words.into_text();
    if text.is_empty() {
        Err(ModelError::Empty)
    } else {
        Ok(text)
    }
}
