//! Compound commands and functions.

use std::rc::Rc;

use super::parse::{MAX_DEPTH, Parser};
use super::word::MAX_ARITHMETIC;
use super::{Command, Part, Word};

impl Parser<'_> {
    pub(super) fn compound(
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
                    self.unfinished = true;
                    break;
                }
            }
        }
        Command::Compound {
            variable,
            parts,
            redirects: self.redirects(),
            repeats: matches!(first, "while" | "until"),
        }
    }

    pub(super) fn for_loop(&mut self, keyword: &str) -> Command {
        self.position += keyword.len();
        self.skip_blanks();
        if self.peek() == Some(b'(')
            && self.at(1) == Some(b'(')
            && let Some(end) = self.brackets_end(self.position + 2)
        {
            self.position = end + 2;
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

    /// Where the `))` of a counting loop stands. Looks ahead a little only.
    fn brackets_end(&self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut open = 0_usize;
        for index in start..bytes.len().min(start + MAX_ARITHMETIC) {
            match bytes[index] {
                b'(' => open += 1,
                b')' if open == 0 => return (bytes.get(index + 1) == Some(&b')')).then_some(index),
                b')' => open -= 1,
                _ => {}
            }
        }
        None
    }

    /// Reads what stands between `[[` and `]]`, where brackets, `<`, `>`, `&&` and `||` start no command.
    /// `;` has no place in it: from there on the text is read as commands, as a shell without `[[` would.
    pub(super) fn conditional(&mut self, words: &mut Vec<Word>) {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\r'))
                || self.peek() == Some(b'\\') && self.at(1) == Some(b'\n')
            {
                self.take_char();
            }
            let (first, second) = (self.peek(), self.at(1));
            match first {
                None | Some(b';') => break,
                Some(b'&') if second != Some(b'&') => break,
                Some(b'\n') => {
                    let goes_on = words
                        .last()
                        .and_then(Word::bare)
                        .is_some_and(|word| matches!(word, "[[" | "&&" | "||" | "(" | "!"));
                    let rest = self.text.get(self.position..).unwrap_or_default();
                    let next = rest.bytes().take(MAX_ARITHMETIC);
                    let next = next.into_iter().find(|byte| !byte.is_ascii_whitespace());
                    if !goes_on && !matches!(next, Some(b']' | b'&' | b'|' | b')')) {
                        break;
                    }
                    self.newline();
                    continue;
                }
                _ => {}
            }
            self.count();
            let operator = match (first, second) {
                (Some(b'&'), _) => "&&",
                (Some(b'|'), Some(b'|')) => "||",
                (Some(b'|'), _) => "|",
                (Some(b'('), _) => "(",
                (Some(b')'), _) => ")",
                (Some(one @ (b'<' | b'>')), next) if next != Some(b'(') => {
                    if one == b'<' {
                        "<"
                    } else {
                        ">"
                    }
                }
                _ => {
                    let before = self.position;
                    let word = self.word();
                    if self.position == before {
                        break;
                    }
                    let ends = word.bare() == Some("]]");
                    words.push(word);
                    if ends {
                        return;
                    }
                    continue;
                }
            };
            self.position += operator.len();
            words.push(Word {
                parts: vec![Part::Literal {
                    text: operator.to_owned(),
                    quoted: false,
                }],
            });
        }
        self.unfinished = true;
    }

    pub(super) fn case(&mut self) -> Command {
        self.position += "case".len();
        self.skip_blanks();
        let subject = self.word();
        self.skip_lines();
        if self.reserved() == Some("in") {
            self.position += 2;
        }
        let mut parts = Vec::new();
        loop {
            self.skip_separators(&[]);
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
                self.unfinished = true;
                break;
            }
            self.position += 1;
            parts.push(self.list(&["esac"], None));
        }
        Command::Compound {
            variable: Some((String::new(), vec![subject])),
            parts,
            redirects: self.redirects(),
            repeats: false,
        }
    }

    pub(super) fn function_keyword(&mut self) -> Option<Command> {
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

    pub(super) fn function(&mut self, word: &Word) -> Option<Command> {
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
}
