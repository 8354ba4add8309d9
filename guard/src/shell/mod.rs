//! The shell's grammar as plain data, and the parser that makes it.
//!
//! The parser is our own: it is lenient where a shell is strict (an unfinished quote is still read),
//! linear in the length of the text, and bounded in depth. What it could not read is marked.

mod compound;
mod heredoc;
mod parse;
mod redirect;
mod word;

use std::cell::OnceCell;
use std::rc::Rc;

pub(crate) use parse::{DECLARES, parse};

/// A list of commands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) items: Vec<Item>,
    /// Whether a quote or bracket is never closed. A shell would refuse to run it.
    pub(crate) unfinished: bool,
    /// Whether reading stopped before the end, because of depth or length.
    pub(crate) cut: bool,
    /// The quoted here-document that the text ends in, if it does.
    pub(crate) open: Option<OpenDocument>,
}

/// A quoted here-document whose end was not read.
#[derive(Debug, Clone)]
pub(crate) struct OpenDocument {
    pub(crate) delimiter: String,
    pub(crate) strip_tabs: bool,
}

impl OpenDocument {
    /// Where the text goes on after the line that closes the document.
    pub(crate) fn end_in(&self, text: &str) -> Option<usize> {
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            at += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            let line = if self.strip_tabs {
                line.trim_start_matches('\t')
            } else {
                line
            };
            if line == self.delimiter {
                return Some(at);
            }
        }
        None
    }
}

/// One pipeline of a list.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) commands: Vec<Command>,
    /// Whether the shell does not wait for it: `&`.
    pub(crate) background: bool,
}

/// One stage of a pipeline.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// Assignments, words, redirections.
    Simple(Simple),
    /// `{ …; }` or `( … )`.
    Group {
        body: Script,
        subshell: bool,
        redirects: Vec<Redirect>,
    },
    /// `name() body`.
    Function { name: String, body: Rc<Command> },
    /// `if`, `while`, `until`, `for`, `case`, `select`: every branch may run.
    Compound {
        variable: Option<(String, Vec<Word>)>,
        parts: Vec<Script>,
        redirects: Vec<Redirect>,
        /// Whether it is `while` or `until`.
        repeats: bool,
    },
}

/// A simple command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirects: Vec<Redirect>,
}

/// `name=value` or `name=(values)`.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) append: bool,
    /// Whether it is `name=(values)`.
    pub(crate) array: bool,
    pub(crate) values: Vec<Word>,
}

/// One word before expansion.
#[derive(Debug, Clone, Default)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
}

/// A piece of a word.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Text as it stands; `quoted` text has no globs and no braces.
    Literal { text: String, quoted: bool },
    /// `$name`, `${name}`, `${name:-word}`.
    Variable {
        name: String,
        operation: Option<(Operation, Word)>,
        quoted: bool,
    },
    /// `$(…)` or backquotes.
    Substitution { script: Script, quoted: bool },
    /// `<(…)` or `>(…)`.
    Process { script: Script, reads: bool },
    /// Something only a run could tell, such as arithmetic.
    Unknown,
}

/// What `${name…}` does beside naming a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `:-`, `-`: a word for when it is unset.
    Default,
    /// `:=`, `=`: the same, and the name keeps it.
    Assign,
    /// `:+`, `+`: a word for when it is set.
    Alternative,
    /// `${!name}`: the value of the variable that it names.
    Indirect,
    /// `#`, and `##` for the longest: without this start.
    Prefix { longest: bool },
    /// `%`, and `%%` for the longest: without this end.
    Suffix { longest: bool },
    /// `/`, `//`: with something else in its place.
    Replace,
    /// `:from`, `:from:length`.
    Slice,
    /// `,`, `,,`, `@L`: in small letters.
    Lower,
    /// `^`, `^^`, `@U`: in capitals.
    Upper,
    /// Anything else.
    Other,
}

/// The kind of a redirection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectKind {
    /// `<`
    Read,
    /// `>`, `>|`, `&>`
    Write,
    /// `>>`, `&>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `<&`, `>&`
    Duplicate,
    /// `<<`, `<<-`
    Heredoc,
    /// `<<<`
    HereString,
}

/// One redirection.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) kind: RedirectKind,
    pub(crate) target: Word,
    /// The body, set once the line has ended.
    pub(crate) body: Rc<OnceCell<Word>>,
}

impl Simple {
    /// `time` is a reserved word, and a quoted `"--"` after it is no option of it but the command.
    fn step_over_time(&mut self) {
        let quoted_option = |word: &Word| matches!(word.parts.as_slice(), [Part::Literal { text, quoted: true }] if text.starts_with('-'));
        if self.words.first().and_then(Word::bare) == Some("time")
            && self.words.get(1).is_some_and(quoted_option)
        {
            self.words.remove(0);
        }
    }
}

impl Word {
    /// A word of plain text.
    pub(crate) fn literal(text: &str) -> Self {
        Self {
            parts: vec![Part::Literal {
                text: text.to_owned(),
                quoted: true,
            }],
        }
    }

    /// The text, when the word is nothing but text.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal { text, .. }] => Some(text),
            _ => None,
        }
    }

    /// The text, when the word is nothing but unquoted text.
    pub(crate) fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [
                Part::Literal {
                    text,
                    quoted: false,
                },
            ] => Some(text),
            _ => None,
        }
    }
}
