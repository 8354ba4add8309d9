//! The recursive descent over lists, pipelines and commands.

use std::cell::OnceCell;
use std::rc::Rc;

use super::heredoc::Pending;
use super::{Assignment, Command, Item, Part, Redirect, RedirectKind, Script, Simple, Word};

/// How deep brackets, substitutions and compound commands may nest.
pub(super) const MAX_DEPTH: usize = 40;

/// Parses a text as a shell would, leniently.
pub(crate) fn parse(text: &str) -> Script {
    Parser::new(text, 0).whole()
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) position: usize,
    pub(super) depth: usize,
    pub(super) incomplete: bool,
    pub(super) pending: Vec<Pending>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, depth: usize) -> Self {
        Self {
            text,
            position: 0,
            depth,
            incomplete: false,
            pending: Vec::new(),
        }
    }

    pub(super) fn whole(&mut self) -> Script {
        let mut script = self.list(&[], None);
        script.incomplete |= self.incomplete;
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
                self.incomplete = true;
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
                self.incomplete = true;
            }
        }
        script.incomplete = self.incomplete;
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
                return Item { commands };
            }
        }
    }

    fn command(&mut self) -> Option<Command> {
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
            self.incomplete = true;
            return None;
        }
        self.simple()
    }

    fn compound(
        &mut self,
        first: &str,
        variable: Option<(String, Vec<Word>)>,
        stops: &[&str],
        last: &str,
    ) -> Command {
        self.position += first.len();
        let mut parts = Vec::new();
        loop {
            parts.push(self.list(stops, None));
            match self.reserved() {
                Some(word) if word == last => {
                    self.position += word.len();
                    break;
                }
                Some(word) if stops.contains(&word) => self.position += word.len(),
                _ => {
                    self.incomplete = true;
                    break;
                }
            }
        }
        Command::Compound {
            variable,
            parts,
            redirects: self.redirects(),
        }
    }

    fn for_loop(&mut self, keyword: &str) -> Command {
        self.position += keyword.len();
        self.skip_blanks();
        if self.peek() == Some(b'(')
            && let Some(end) = self
                .text
                .get(self.position..)
                .and_then(|rest| rest.find("))"))
        {
            self.position += end + 2;
            self.skip_separators(&[]);
            return self.compound("", None, &["do", "done"], "done");
        }
        let name = self.take_name();
        self.skip_lines();
        let mut values = Vec::new();
        if self.reserved() == Some("in") {
            self.position += 2;
            self.skip_blanks();
            while self
                .peek()
                .is_some_and(|byte| !matches!(byte, b';' | b'\n' | b'&' | b'|' | b')' | b'('))
            {
                let before = self.position;
                values.push(self.word());
                self.skip_blanks();
                if self.position == before {
                    break;
                }
            }
        }
        self.compound("", Some((name, values)), &["do", "done"], "done")
    }

    fn case(&mut self) -> Command {
        self.position += "case".len();
        self.skip_blanks();
        let subject = self.word();
        self.skip_lines();
        if self.reserved() == Some("in") {
            self.position += 2;
        }
        let mut parts = Vec::new();
        loop {
            while matches!(
                self.peek(),
                Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&')
            ) {
                if self.peek() == Some(b'\n') {
                    self.newline();
                } else {
                    self.position += 1;
                }
            }
            if self.reserved() == Some("esac") {
                self.position += "esac".len();
                break;
            }
            // The patterns, up to their bracket.
            while self.peek().is_some_and(|byte| byte != b')') {
                let before = self.position;
                self.word();
                if self.position == before {
                    self.take_char();
                }
            }
            if self.peek().is_none() {
                self.incomplete = true;
                break;
            }
            self.position += 1;
            parts.push(self.list(&["esac"], None));
        }
        Command::Compound {
            variable: Some((String::new(), vec![subject])),
            parts,
            redirects: self.redirects(),
        }
    }

    fn function_keyword(&mut self) -> Option<Command> {
        self.position += "function".len();
        self.skip_blanks();
        let name = self.word().bare().unwrap_or_default().to_owned();
        self.skip_blanks();
        if self.peek() == Some(b'(') && self.at(1) == Some(b')') {
            self.position += 2;
        }
        self.skip_lines();
        let body = self.command()?;
        Some(Command::Function {
            name,
            body: Rc::new(body),
        })
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
                    self.incomplete = true;
                    break;
                }
                Some(_) => {}
            }
            let before = self.position;
            let word = self.word();
            if self.position == before {
                break;
            }
            match (simple.words.is_empty(), assignment(&word)) {
                (true, Some(mut found)) => {
                    if self.peek() == Some(b'(')
                        && found.values.iter().all(|value| value.parts.is_empty())
                    {
                        self.position += 1;
                        found.values = self.array();
                    }
                    simple.assignments.push(found);
                }
                _ => simple.words.push(word),
            }
        }
        let empty =
            simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty();
        (!empty).then_some(Command::Simple(simple))
    }

    fn function(&mut self, word: &Word) -> Option<Command> {
        let name = word.bare().unwrap_or_default().to_owned();
        while self.peek() != Some(b')') {
            self.position += 1;
        }
        self.position += 1;
        self.skip_lines();
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return None;
        }
        self.depth += 1;
        let body = self.command();
        self.depth -= 1;
        Some(Command::Function {
            name,
            body: Rc::new(body?),
        })
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
                    self.incomplete = true;
                    return values;
                }
                Some(_) => {}
            }
            let before = self.position;
            values.push(self.word());
            if self.position == before {
                self.take_char();
            }
        }
    }

    fn redirects(&mut self) -> Vec<Redirect> {
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirect() {
                Some(redirect) => redirects.push(redirect),
                None => return redirects,
            }
        }
    }

    fn redirect(&mut self) -> Option<Redirect> {
        let bytes = self.text.as_bytes();
        let mut at = self.position;
        if bytes.get(at) == Some(&b'{') {
            at += 1;
            while bytes
                .get(at)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            {
                at += 1;
            }
            if bytes.get(at) != Some(&b'}') || at == self.position + 1 {
                return None;
            }
            at += 1;
        } else {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
        }
        if bytes.get(at) == Some(&b'&') && bytes.get(at + 1) == Some(&b'>') && at == self.position {
            at += 1;
        }
        if !matches!(bytes.get(at), Some(b'<' | b'>')) {
            return None;
        }
        let rest = self.text.get(at..).unwrap_or_default();
        // A process substitution is a word, not a redirection.
        if rest.starts_with("<(") || rest.starts_with(">(") {
            return None;
        }
        let (length, kind, strip_tabs) = match rest {
            _ if rest.starts_with("<<<") => (3, RedirectKind::HereString, false),
            _ if rest.starts_with("<<-") => (3, RedirectKind::Heredoc, true),
            _ if rest.starts_with("<<") => (2, RedirectKind::Heredoc, false),
            _ if rest.starts_with("<&") || rest.starts_with(">&") => {
                (2, RedirectKind::Duplicate, false)
            }
            _ if rest.starts_with("<>") => (2, RedirectKind::ReadWrite, false),
            _ if rest.starts_with(">>") => (2, RedirectKind::Append, false),
            _ if rest.starts_with(">|") => (2, RedirectKind::Write, false),
            _ if rest.starts_with('>') => (1, RedirectKind::Write, false),
            _ => (1, RedirectKind::Read, false),
        };
        self.position = at + length;
        self.skip_blanks();
        let target = self.word();
        let body = Rc::new(OnceCell::new());
        if kind == RedirectKind::Heredoc {
            let mut delimiter = String::new();
            let mut is_quoted = false;
            for part in &target.parts {
                if let Part::Literal { text, quoted } = part {
                    delimiter.push_str(text);
                    is_quoted |= quoted;
                }
            }
            self.pending.push(Pending {
                delimiter,
                quoted: is_quoted,
                strip_tabs,
                body: Rc::clone(&body),
            });
        }
        Some(Redirect { kind, target, body })
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
            self.incomplete = true;
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

    fn skip_separators(&mut self, stops: &[&str]) {
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
    fn skip_blanks(&mut self) {
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

    pub(super) fn too_deep(&mut self) {
        self.incomplete = true;
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
        self.incomplete |= length.is_none();
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
        values: vec![rest],
    })
}
