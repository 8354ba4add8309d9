//! Words: quotes, escapes, expansions.

use super::parse::{MAX_DEPTH, Parser};
use super::{Operation, Part, Script, Word};

/// How far the end of arithmetic is looked for.
pub(super) const MAX_ARITHMETIC: usize = 512;

impl Parser<'_> {
    /// Reads one word. Stops at blanks and operators.
    pub(super) fn word(&mut self) -> Word {
        self.word_until(|byte| {
            matches!(
                byte,
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'
            )
        })
    }

    fn word_until(&mut self, ends: impl Fn(u8) -> bool) -> Word {
        let mut word = Word::default();
        self.count();
        while let Some(byte) = self.peek() {
            match byte {
                b'<' | b'>' if self.at(1) == Some(b'(') => {
                    self.position += 2;
                    let script = self.nested(Some(b')'));
                    word.parts.push(Part::Process {
                        script,
                        reads: byte == b'<',
                    });
                }
                b'\'' => {
                    self.position += 1;
                    let text = self.take_until(b'\'');
                    push(&mut word, &text, true);
                }
                b'"' => {
                    self.position += 1;
                    push(&mut word, "", true);
                    self.double_quoted(&mut word, Some(b'"'));
                }
                b'\\' => {
                    self.position += 1;
                    match self.take_char() {
                        Some('\n') | None => {}
                        Some(character) => {
                            push(&mut word, character.encode_utf8(&mut [0; 4]), true);
                        }
                    }
                }
                b'$' => self.dollar(&mut word, false),
                b'`' => self.backquoted(&mut word, false),
                other if ends(other) => break,
                _ => {
                    let text = self.take_while(|byte| {
                        !ends(byte)
                            && !matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`' | b'<' | b'>')
                    });
                    push(&mut word, text, false);
                }
            }
        }
        word
    }

    /// Reads text in which only `$`, backquotes and some escapes mean something, up to `end`.
    pub(super) fn double_quoted(&mut self, word: &mut Word, end: Option<u8>) {
        loop {
            match self.peek() {
                None => {
                    self.unfinished |= end.is_some();
                    return;
                }
                Some(byte) if Some(byte) == end => {
                    self.position += 1;
                    return;
                }
                Some(b'\\') => {
                    self.position += 1;
                    match self.take_char() {
                        Some('\n') => {}
                        Some(character @ ('$' | '`' | '"' | '\\')) => {
                            push(word, character.encode_utf8(&mut [0; 4]), true);
                        }
                        Some(character) => {
                            push(word, "\\", true);
                            push(word, character.encode_utf8(&mut [0; 4]), true);
                        }
                        None => push(word, "\\", true),
                    }
                }
                Some(b'$') => self.dollar(word, true),
                Some(b'`') => self.backquoted(word, true),
                Some(_) => {
                    let text = self.take_while(|byte| {
                        Some(byte) != end && !matches!(byte, b'\\' | b'$' | b'`')
                    });
                    push(word, text, true);
                }
            }
        }
    }

    /// Takes the first byte and all that follow while `goes_on`. Never ends within a character:
    /// what ends a run is ASCII.
    fn take_while(&mut self, goes_on: impl Fn(u8) -> bool) -> &str {
        let start = self.position;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let more = rest.iter().skip(1).take_while(|byte| goes_on(**byte));
        self.position += rest.len().min(1 + more.count());
        self.text.get(start..self.position).unwrap_or_default()
    }

    fn dollar(&mut self, word: &mut Word, quoted: bool) {
        self.position += 1;
        self.count();
        match self.peek() {
            Some(b'(')
                if self.at(1) == Some(b'(') && self.arithmetic_end(self.position + 2).is_some() =>
            {
                let end = self
                    .arithmetic_end(self.position + 2)
                    .unwrap_or(self.position);
                let inner = self
                    .text
                    .get(self.position + 2..end)
                    .unwrap_or_default()
                    .to_owned();
                self.position = (end + 2).min(self.text.len());
                word.parts.push(Part::Unknown);
                let inner = self.inner_text(&inner);
                // Commands inside arithmetic run too; their output is part of a number.
                word.parts.extend(
                    inner
                        .parts
                        .into_iter()
                        .filter(|part| matches!(part, Part::Substitution { .. })),
                );
            }
            Some(b'(') => {
                self.position += 1;
                let script = self.nested(Some(b')'));
                word.parts.push(Part::Substitution { script, quoted });
            }
            Some(b'{') => self.braced(word, quoted),
            Some(b'\'') if !quoted => {
                self.position += 1;
                let text = self.ansi_c();
                push(word, &text, true);
            }
            Some(b'"') if !quoted => {
                self.position += 1;
                self.double_quoted(word, Some(b'"'));
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.take_name();
                word.parts.push(Part::Variable {
                    name,
                    operation: None,
                    quoted,
                });
            }
            Some(byte)
                if byte.is_ascii_digit()
                    || matches!(byte, b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') =>
            {
                self.position += 1;
                word.parts.push(Part::Variable {
                    name: char::from(byte).to_string(),
                    operation: None,
                    quoted,
                });
            }
            _ => push(word, "$", quoted),
        }
    }

    fn braced(&mut self, word: &mut Word, quoted: bool) {
        self.position += 1;
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return;
        }
        let mark = self
            .peek()
            .filter(|byte| matches!(byte, b'!' | b'#') && self.at(1) != Some(b'}'));
        let indirect = mark.is_some();
        if indirect {
            self.position += 1;
        }
        let mut name = self.take_name();
        if name.is_empty()
            && let Some(character) = self.take_char()
        {
            name.push(character);
        }
        let mut inside = Vec::new();
        if self.peek() == Some(b'[') {
            let start = self.position;
            self.position += 1;
            self.depth += 1;
            let index = self.word_until(|byte| matches!(byte, b']' | b'}' | b'\n'));
            self.depth -= 1;
            if self.peek() == Some(b']') {
                self.position += 1;
            }
            name.push_str(self.text.get(start..self.position).unwrap_or_default());
            // Commands inside an index run too.
            inside = index.parts;
            inside.retain(|part| matches!(part, Part::Substitution { .. }));
        }
        let mut kind = Operation::Other;
        let mut has_operation = indirect;
        if self.peek() != Some(b'}') {
            has_operation = true;
            kind = self.operation();
        } else if mark == Some(b'!') {
            kind = Operation::Indirect;
        }
        self.depth += 1;
        let mut argument = self.word_until(|byte| byte == b'}');
        self.depth -= 1;
        if quoted {
            for part in &mut argument.parts {
                if let Part::Literal { quoted, .. }
                | Part::Variable { quoted, .. }
                | Part::Substitution { quoted, .. } = part
                {
                    *quoted = true;
                }
            }
        }
        if self.peek() == Some(b'}') {
            self.position += 1;
        } else {
            self.unfinished = true;
        }
        word.parts.append(&mut inside);
        let operation = has_operation.then_some((kind, argument));
        word.parts.push(Part::Variable {
            name,
            operation,
            quoted,
        });
    }

    /// Reads what stands between a name and the word of its operation.
    fn operation(&mut self) -> Operation {
        let colon = usize::from(self.peek() == Some(b':'));
        let (kind, length) = match (self.at(colon), self.at(1)) {
            (Some(b'-'), _) => (Operation::Default, colon + 1),
            (Some(b'='), _) => (Operation::Assign, colon + 1),
            (Some(b'+'), _) => (Operation::Alternative, colon + 1),
            (Some(b'?'), _) => (Operation::Other, 0),
            _ if colon > 0 => (Operation::Slice, 1),
            (Some(b'#'), next) => {
                let longest = next == Some(b'#');
                (Operation::Prefix { longest }, 1 + usize::from(longest))
            }
            (Some(b'%'), next) => {
                let longest = next == Some(b'%');
                (Operation::Suffix { longest }, 1 + usize::from(longest))
            }
            // The second slash stays: the word tells all from one.
            (Some(b'/'), _) => (Operation::Replace, 1),
            (Some(b','), next) => (Operation::Lower, 1 + usize::from(next == Some(b','))),
            (Some(b'^'), next) => (Operation::Upper, 1 + usize::from(next == Some(b'^'))),
            (Some(b'@'), Some(b'L')) => (Operation::Lower, 2),
            (Some(b'@'), Some(b'U')) => (Operation::Upper, 2),
            (Some(b'@'), Some(b'Q' | b'E' | b'P')) => (Operation::Slice, 2),
            _ => (Operation::Other, 0),
        };
        self.position += length;
        kind
    }

    fn backquoted(&mut self, word: &mut Word, quoted: bool) {
        self.position += 1;
        self.count();
        let mut inner = String::new();
        let mut closed = false;
        while let Some(character) = self.take_char() {
            match character {
                '`' => {
                    closed = true;
                    break;
                }
                '\\' => match self.take_char() {
                    Some(next @ ('`' | '\\' | '$')) => inner.push(next),
                    Some(next) => {
                        inner.push('\\');
                        inner.push(next);
                    }
                    None => inner.push('\\'),
                },
                other => inner.push(other),
            }
        }
        self.unfinished |= !closed;
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return;
        }
        let mut parser = Parser::new(&inner, self.depth + 1);
        parser.pieces = self.pieces;
        let script = parser.whole();
        self.unfinished |= script.unfinished;
        self.cut |= script.cut;
        self.pieces = parser.pieces;
        word.parts.push(Part::Substitution { script, quoted });
    }

    /// Reads a list inside brackets, up to and with the closing byte.
    pub(super) fn nested(&mut self, close: Option<u8>) -> Script {
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return Script {
                cut: true,
                ..Script::default()
            };
        }
        self.depth += 1;
        let script = self.list(&[], close);
        self.depth -= 1;
        if self.peek() == close {
            self.position += 1;
        } else {
            self.unfinished = true;
        }
        script
    }

    /// Where the arithmetic that starts here ends: the position of its `))`. Looks ahead a little only.
    pub(super) fn arithmetic_end(&self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut open = 0_usize;
        for index in start..bytes.len().min(start + MAX_ARITHMETIC) {
            match bytes[index] {
                b'(' => open += 1,
                b')' if open == 0 => return (bytes.get(index + 1) == Some(&b')')).then_some(index),
                b')' => open -= 1,
                b';' | b'\n' | b'\'' | b'"' => return None,
                _ => {}
            }
        }
        None
    }

    fn ansi_c(&mut self) -> String {
        let mut text = String::new();
        while let Some(character) = self.take_char() {
            match character {
                '\'' => return text,
                '\\' => self.ansi_c_escape(&mut text),
                other => text.push(other),
            }
        }
        self.unfinished = true;
        text
    }

    fn ansi_c_escape(&mut self, text: &mut String) {
        let Some(character) = self.take_char() else {
            return;
        };
        let number = |parser: &mut Self, radix: u32, digits: usize, first: Option<u32>| {
            let mut value = first.unwrap_or(0);
            for _ in 0..digits {
                let Some(digit) = parser
                    .peek()
                    .and_then(|byte| char::from(byte).to_digit(radix))
                else {
                    break;
                };
                value = value.saturating_mul(radix).saturating_add(digit);
                parser.position += 1;
            }
            char::from_u32(value)
        };
        let decoded = match character {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' | 'b' | 'v' | 'f' => Some(' '),
            'e' | 'E' => Some('\u{1b}'),
            'x' => number(self, 16, 2, None),
            'u' => number(self, 16, 4, None),
            'U' => number(self, 16, 8, None),
            '0'..='7' => number(self, 8, 2, character.to_digit(8)),
            other => Some(other),
        };
        text.extend(decoded);
    }
}

/// Appends text to a word, joined to the text before where the quoting is the same.
pub(super) fn push(word: &mut Word, piece: &str, is_quoted: bool) {
    if let Some(Part::Literal { text, quoted }) = word.parts.last_mut()
        && *quoted == is_quoted
    {
        text.push_str(piece);
        return;
    }
    word.parts.push(Part::Literal {
        text: piece.to_owned(),
        quoted: is_quoted,
    });
}
