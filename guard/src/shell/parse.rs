//! The recursive descent over lists, pipelines and commands.

use super::heredoc::Pending;
use super::{Assignment, Command, Item, OpenDocument, Part, Script, Simple, Word};

/// How deep brackets, substitutions and compound commands may nest.
pub(super) const MAX_DEPTH: usize = 40;
/// How many words and parts may be read for one call, programs within programs included:
/// a bound on time and memory.
pub(super) const MAX_PIECES: usize = 16_000;

/// Parses a text as a shell would, leniently. `pieces` counts what was read for this call so far.
pub(crate) fn parse(text: &str, pieces: &mut usize) -> Script {
    let mut parser = Parser::new(text, 0);
    parser.pieces = *pieces;
    let script = parser.whole();
    *pieces = parser.pieces;
    script
}

/// The builtins that name things.
pub(crate) const DECLARES: [&str; 5] = ["declare", "typeset", "local", "export", "readonly"];

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) position: usize,
    pub(super) depth: usize,
    pub(super) unfinished: bool,
    /// Whether reading stopped before the end.
    pub(super) cut: bool,
    /// How many words and parts were read.
    pub(super) pieces: usize,
    pub(super) pending: Vec<Pending>,
    /// The here-document that the text ended in.
    pub(super) open: Option<OpenDocument>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, depth: usize) -> Self {
        Self {
            text,
            position: 0,
            depth,
            unfinished: false,
            cut: false,
            pieces: 0,
            pending: Vec::new(),
            open: None,
        }
    }

    pub(super) fn whole(&mut self) -> Script {
        let mut script = self.list(&[], None);
        script.unfinished |= self.unfinished;
        script.cut |= self.cut;
        script.open = self.open.take();
        script
    }

    /// Reads a list up to one of the reserved words, the closing byte, or the end. Consumes none of them.
    pub(super) fn list(&mut self, stops: &[&str], close: Option<u8>) -> Script {
        let mut script = Script::default();
        loop {
            self.skip_separators(stops);
            let Some(byte) = self.peek() else { break };
            if Some(byte) == close || self.at_case_end(stops) {
                break;
            }
            if byte == b')' {
                self.position += 1;
                self.unfinished = true;
                continue;
            }
            if let Some(word) = self.reserved()
                && stops.contains(&word)
            {
                break;
            }
            let before = self.position;
            let item = self.pipeline();
            if !item.commands.is_empty() {
                script.items.push(item);
            }
            if self.position == before {
                self.take_char();
                self.unfinished = true;
            }
        }
        script.unfinished = self.unfinished;
        script.cut = self.cut;
        script
    }

    fn pipeline(&mut self) -> Item {
        let mut commands = Vec::new();
        loop {
            self.skip_blanks();
            if self.reserved() == Some("!") {
                self.position += 1;
                continue;
            }
            commands.extend(self.command());
            self.skip_blanks();
            if self.peek() == Some(b'|') && self.at(1) != Some(b'|') {
                self.position += if self.at(1) == Some(b'&') { 2 } else { 1 };
                self.skip_lines();
            } else {
                let background =
                    self.peek() == Some(b'&') && !matches!(self.at(1), Some(b'&' | b'>'));
                return Item {
                    commands,
                    background,
                };
            }
        }
    }

    pub(super) fn command(&mut self) -> Option<Command> {
        if self.peek() == Some(b'(') {
            if self.at(1) == Some(b'(')
                && let Some(end) = self.arithmetic_end(self.position + 2)
            {
                let inner = self
                    .text
                    .get(self.position + 2..end)
                    .unwrap_or_default()
                    .to_owned();
                self.position = end + 2;
                let word = self.inner_text(&inner);
                let mut words = vec![Word::literal(":")];
                words.push(word);
                return Some(Command::Simple(Simple {
                    words,
                    ..Simple::default()
                }));
            }
            self.position += 1;
            let body = self.nested(Some(b')'));
            return Some(Command::Group {
                body,
                subshell: true,
                redirects: self.redirects(),
            });
        }
        let reserved = self.reserved();
        if reserved.is_some() && self.depth >= MAX_DEPTH {
            self.too_deep();
            return None;
        }
        self.depth += 1;
        let command = match reserved {
            Some("{") => {
                self.position += 1;
                let body = self.list(&["}"], None);
                self.expect("}");
                Some(Command::Group {
                    body,
                    subshell: false,
                    redirects: self.redirects(),
                })
            }
            Some("if") => Some(self.compound("if", None, &["then", "elif", "else", "fi"], "fi")),
            Some(word @ ("while" | "until")) => {
                Some(self.compound(word, None, &["do", "done"], "done"))
            }
            Some(word @ ("for" | "select")) => Some(self.for_loop(word)),
            Some("case") => Some(self.case()),
            Some("function") => self.function_keyword(),
            Some("coproc") => {
                self.position += "coproc".len();
                self.skip_blanks();
                let start = self.position;
                let name = self.take_name();
                self.skip_blanks();
                if name.is_empty()
                    || !matches!(self.reserved(), Some("{")) && self.peek() != Some(b'(')
                {
                    self.position = start;
                }
                self.command()
            }
            _ => None,
        };
        self.depth -= 1;
        if reserved.is_some_and(|word| {
            matches!(
                word,
                "{" | "if" | "while" | "until" | "for" | "select" | "case" | "function" | "coproc"
            )
        }) {
            return command;
        }
        if let Some(word) = reserved
            && matches!(
                word,
                "then" | "do" | "else" | "elif" | "fi" | "done" | "esac" | "}"
            )
        {
            // Out of place: step over it and read on.
            self.position += word.len();
            self.unfinished = true;
            return None;
        }
        self.simple()
    }

    fn simple(&mut self) -> Option<Command> {
        let mut simple = Simple::default();
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect() {
                simple.redirects.push(redirect);
                continue;
            }
            match self.peek() {
                None | Some(b';' | b'&' | b'|' | b'\n' | b')') => break,
                Some(b'(') => {
                    if simple.words.len() == 1
                        && simple.assignments.is_empty()
                        && self.rest_is_empty_brackets()
                    {
                        return self.function(&simple.words[0]);
                    }
                    // No shell would read on; we do, as a group of its own.
                    self.unfinished = true;
                    break;
                }
                Some(_) => {}
            }
            let before = self.position;
            let word = self.word();
            if self.position == before {
                break;
            }
            if simple.words.is_empty() && word.bare() == Some("[[") {
                simple.words.push(word);
                self.conditional(&mut simple.words);
                continue;
            }
            match (
                simple.words.is_empty() || self.at_declared_array(&simple, before),
                assignment(&word),
            ) {
                (true, Some(mut found)) => {
                    if self.peek() == Some(b'(')
                        && found.values.iter().all(|value| value.parts.is_empty())
                    {
                        self.position += 1;
                        found.values = self.array();
                        found.array = true;
                    }
                    if !simple.words.is_empty() {
                        simple.words.push(Word::literal(&found.name));
                    }
                    simple.assignments.push(found);
                }
                _ => simple.words.push(word),
            }
        }
        simple.step_over_time();
        let empty =
            simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty();
        (!empty).then_some(Command::Simple(simple))
    }

    /// Whether the word just read is `name=` before the bracket of an array, after `declare` or its like.
    fn at_declared_array(&self, simple: &Simple, start: usize) -> bool {
        self.peek() == Some(b'(')
            && self
                .text
                .get(start..self.position)
                .is_some_and(|word| word.ends_with('='))
            && simple
                .words
                .first()
                .and_then(Word::bare)
                .is_some_and(|word| DECLARES.contains(&word))
    }

    fn array(&mut self) -> Vec<Word> {
        let mut values = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                Some(b')') => {
                    self.position += 1;
                    return values;
                }
                None => {
                    self.unfinished = true;
                    return values;
                }
                Some(_) => {}
            }
            let before = self.position;
            let mut value = self.word();
            // `[index]=value`.
            if let Some(Part::Literal {
                text,
                quoted: false,
            }) = value.parts.first_mut()
                && text.starts_with('[')
                && let Some(at) = text.find("]=")
            {
                text.drain(..at + 2);
            }
            values.push(value);
            if self.position == before {
                self.take_char();
            }
        }
    }

    /// The reserved word that stands here as a word of its own.
    pub(super) fn reserved(&self) -> Option<&'static str> {
        const WORDS: [&str; 19] = [
            "if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "case",
            "esac", "select", "function", "in", "coproc", "{", "}", "!",
        ];
        let rest = self.text.as_bytes().get(self.position..)?;
        WORDS.into_iter().find(|word| {
            rest.starts_with(word.as_bytes())
                && rest.get(word.len()).is_none_or(|byte| {
                    matches!(
                        byte,
                        b' ' | b'\t'
                            | b'\r'
                            | b'\n'
                            | b';'
                            | b'&'
                            | b'|'
                            | b'<'
                            | b'>'
                            | b'('
                            | b')'
                    )
                })
        })
    }

    fn expect(&mut self, word: &str) {
        if self.reserved() == Some(word) {
            self.position += word.len();
        } else {
            self.unfinished = true;
        }
    }

    fn at_case_end(&self, stops: &[&str]) -> bool {
        stops == ["esac"] && self.peek() == Some(b';') && matches!(self.at(1), Some(b';' | b'&'))
    }

    fn rest_is_empty_brackets(&self) -> bool {
        let rest = self
            .text
            .as_bytes()
            .get(self.position + 1..)
            .unwrap_or_default();
        rest.iter()
            .take(64)
            .find(|byte| !matches!(byte, b' ' | b'\t'))
            == Some(&b')')
    }

    pub(super) fn skip_separators(&mut self, stops: &[&str]) {
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'\n') => self.newline(),
                Some(b';') if self.at_case_end(stops) => return,
                Some(b'&') if self.at(1) == Some(b'>') => return,
                Some(b';' | b'&' | b'|') => self.position += 1,
                _ => return,
            }
        }
    }

    /// Skips blanks, comments and newlines.
    pub(super) fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.newline();
        }
    }

    /// Skips blanks, continued lines and a comment. Called only where a word would start.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.position += 1,
                Some(b'\\') if self.at(1) == Some(b'\n') => self.position += 2,
                Some(b'#') if self.position == 0 || self.before_is_blank() => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.position += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn before_is_blank(&self) -> bool {
        let before = self.text.as_bytes().get(self.position.wrapping_sub(1));
        matches!(
            before,
            Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')')
        )
    }

    /// Counts a piece; at the end of the budget the rest of the text is left unread.
    pub(super) fn count(&mut self) {
        self.pieces += 1;
        if self.pieces > MAX_PIECES {
            self.too_deep();
        }
    }

    pub(super) fn too_deep(&mut self) {
        self.cut = true;
        self.position = self.text.len();
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.at(0)
    }

    pub(super) fn at(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.position + offset).copied()
    }

    pub(super) fn take_char(&mut self) -> Option<char> {
        let character = self.text.get(self.position..)?.chars().next()?;
        self.position += character.len_utf8();
        Some(character)
    }

    pub(super) fn take_name(&mut self) -> String {
        let start = self.position;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            self.position += 1;
        }
        self.text
            .get(start..self.position)
            .unwrap_or_default()
            .to_owned()
    }

    pub(super) fn take_until(&mut self, end: u8) -> String {
        let start = self.position;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == end);
        self.unfinished |= length.is_none();
        let stop = start + length.unwrap_or(rest.len());
        self.position = (stop + 1).min(self.text.len());
        self.text.get(start..stop).unwrap_or_default().to_owned()
    }
}

/// Reads a word as `name=value`, `name+=value` or `name[index]=value`.
fn assignment(word: &Word) -> Option<Assignment> {
    let Some(Part::Literal {
        text,
        quoted: false,
    }) = word.parts.first()
    else {
        return None;
    };
    let equals = text.find('=')?;
    let (mut name, value) = (&text[..equals], &text[equals + 1..]);
    let append = name.ends_with('+');
    name = name.strip_suffix('+').unwrap_or(name);
    name = name.split('[').next().unwrap_or(name);
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return None;
    }
    let mut rest = Word::default();
    if !value.is_empty() {
        rest.parts.push(Part::Literal {
            text: value.to_owned(),
            quoted: false,
        });
    }
    rest.parts.extend(word.parts.iter().skip(1).cloned());
    Some(Assignment {
        name: name.to_owned(),
        append,
        array: false,
        values: vec![rest],
    })
}
