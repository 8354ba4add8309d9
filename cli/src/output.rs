//! What goes to the terminal: text or JSON on standard output, remarks on standard error.
//!
//! Text is built with [`mark`]s in place of colours. They become colours, or nothing, when it is printed,
//! and whatever else could steer a terminal is taken out there, once for all.

use std::io::{IsTerminal, Write};

use agent::Error;
use config::Environment;
use config::env::{NO_COLOR, TERM};
use serde::Serialize;

/// Marks that have no width, so that tables stay straight. Each begins a colour; [`mark::END`] ends it.
pub(crate) mod mark {
    /// Something does not work.
    pub(crate) const BAD: char = '\u{206a}';
    /// Worth a look.
    pub(crate) const WARN: char = '\u{206b}';
    /// As it should be.
    pub(crate) const GOOD: char = '\u{206c}';
    /// Less important.
    pub(crate) const DIM: char = '\u{206d}';
    /// A heading.
    pub(crate) const BOLD: char = '\u{206e}';
    /// Back to plain text.
    pub(crate) const END: char = '\u{206f}';
}

/// Wraps a text in a colour.
pub(crate) fn marked(mark: char, text: &str) -> String {
    format!("{mark}{text}{}", mark::END)
}

/// Both streams of this process and how to write to them.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a stream"
)]
pub(crate) struct Output {
    /// Programs read it.
    pub(crate) json: bool,
    colour_out: bool,
    colour_err: bool,
    out_is_terminal: bool,
    err_is_terminal: bool,
}

impl Output {
    /// Looks at the streams and the environment.
    pub(crate) fn new(environment: &Environment, json: bool) -> Self {
        let wanted = !environment.is_set(NO_COLOR) && environment.get(TERM) != Some("dumb");
        let out_is_terminal = std::io::stdout().is_terminal();
        let err_is_terminal = std::io::stderr().is_terminal();
        Self {
            json,
            colour_out: wanted && out_is_terminal,
            colour_err: wanted && err_is_terminal,
            out_is_terminal,
            err_is_terminal,
        }
    }

    /// Tells whether a person watches standard output as it is written.
    pub(crate) fn is_watched(self) -> bool {
        self.out_is_terminal && !self.json
    }

    /// Tells whether a person watches standard error.
    pub(crate) fn errors_are_watched(self) -> bool {
        self.err_is_terminal
    }

    /// Tells whether standard error takes colours.
    pub(crate) fn errors_are_coloured(self) -> bool {
        self.colour_err
    }

    /// Prints text and a newline to standard output.
    pub(crate) fn text(self, text: &str) {
        let mut printed = finished(text.trim_end_matches('\n'), self.colour_out);
        printed.push('\n');
        write_quietly(std::io::stdout().lock(), &printed);
    }

    /// Prints a piece of text to standard output as it comes.
    pub(crate) fn piece(self, text: &str) {
        write_quietly(std::io::stdout().lock(), &finished(text, self.colour_out));
    }

    /// Prints one JSON document on a line of its own to standard output.
    pub(crate) fn document(self, document: &impl Serialize) {
        match serde_json::to_string(document) {
            Ok(mut text) => {
                text.push('\n');
                write_quietly(std::io::stdout().lock(), &text);
            }
            Err(error) => self.remark(&format!(
                "error: the answer cannot be written as JSON: {error}"
            )),
        }
    }

    /// Prints a line for people to standard error.
    pub(crate) fn remark(self, text: &str) {
        let mut printed = finished(text.trim_end_matches('\n'), self.colour_err);
        printed.push('\n');
        write_quietly(std::io::stderr().lock(), &printed);
    }

    /// Prints a question to standard error and stays on its line.
    pub(crate) fn ask(self, text: &str) {
        write_quietly(std::io::stderr().lock(), &finished(text, self.colour_err));
    }

    /// Tells of an error on standard error, and with `--json` on standard output as well.
    pub(crate) fn error(self, error: &Error) {
        if self.json {
            self.document(&serde_json::json!({ "error": error_document(error) }));
        }
        self.remark(&format!("{} {error}", marked(mark::BAD, "error:")));
    }
}

/// Returns an error as programs read it: its kind, its text, and what belongs to the kind.
pub(crate) fn error_document(error: &Error) -> serde_json::Value {
    let mut document =
        serde_json::to_value(error).unwrap_or_else(|_| serde_json::json!({ "kind": "internal" }));
    document["message"] = serde_json::Value::String(error.to_string());
    document
}

/// A reader that went away, as `head` does, is no error.
fn write_quietly(mut stream: impl Write, text: &str) {
    let _gone = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush());
}

fn finished(text: &str, colour: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(character),
            mark::BAD..=mark::END => {
                if colour {
                    out.push_str(colour_of(character));
                }
            }
            _ if character.is_control() || turns_text(character) => {}
            _ => out.push(character),
        }
    }
    out
}

fn colour_of(mark: char) -> &'static str {
    match mark {
        mark::BAD => "\x1b[31m",
        mark::WARN => "\x1b[33m",
        mark::GOOD => "\x1b[32m",
        mark::DIM => "\x1b[2m",
        mark::BOLD => "\x1b[1m",
        _ => "\x1b[0m",
    }
}

/// Characters that make a line read otherwise than it is written.
fn turns_text(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, plain: &str, coloured: &str) {
        assert_eq!(
            (
                finished(text, false).as_str(),
                finished(text, true).as_str()
            ),
            (plain, coloured)
        );
    }

    #[test]
    fn marks_become_colours_or_nothing() {
        check(&marked(mark::BAD, "down"), "down", "\x1b[31mdown\x1b[0m");
    }

    #[test]
    fn what_would_steer_the_terminal_is_taken_out() {
        check("a\x1b[2Jb\r\u{202e}c\td\n", "a[2Jbc\td\n", "a[2Jbc\td\n");
    }

    #[test]
    fn an_error_is_a_document_with_kind_and_message() {
        let error = Error::Ambiguous {
            name: "a".to_owned(),
            candidates: vec!["a1".to_owned(), "a2".to_owned()],
        };
        let document = error_document(&error);
        assert_eq!(document["kind"], "ambiguous");
        assert_eq!(document["candidates"][1], "a2");
        assert_eq!(
            document["message"],
            "`a` fits several: a1, a2; name one of them"
        );
        assert_eq!(error_document(&Error::invalid("x"))["message"], "x");
    }
}
