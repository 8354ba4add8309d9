//! Cuts a text of SQL into statements and words, without comments.

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a number or a name.
    Word(String),
    /// A name in quotes.
    Name(String),
    /// A string value.
    Text(String),
    /// A text between two `$$`.
    Body(String),
    /// Anything else.
    Mark(char),
}

impl Token {
    /// Whether this is the keyword, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        *self == Self::Mark(mark)
    }

    /// The word or name, empty for the rest.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Word(word) | Self::Name(word) => word,
            _ => "",
        }
    }
}

/// Longer statements and texts are cut.
const MAX_TOKENS: usize = 2_000;
const MAX_STATEMENTS: usize = 1_000;

/// The statements of a text.
pub(super) fn statements(text: &str) -> Vec<Vec<Token>> {
    let mut lexer = Lexer {
        rest: text,
        found: vec![Vec::new()],
    };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.found
}

struct Lexer<'a> {
    rest: &'a str,
    found: Vec<Vec<Token>>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let Some(first) = self.rest.chars().next() else {
            return;
        };
        let between = self.found.last().is_none_or(Vec::is_empty);
        match first {
            '\'' => {
                let text = self.quoted('\'');
                self.push(Token::Text(text));
            }
            '"' | '`' => {
                let text = self.quoted(first);
                self.push(Token::Name(text));
            }
            '[' if self.rest[1..].starts_with(|one: char| one.is_alphabetic()) => {
                let inner = &self.rest[1..];
                let end = inner.find(']').unwrap_or(inner.len());
                let name = inner[..end].to_owned();
                self.skip(end + 2);
                self.push(Token::Name(name));
            }
            '-' if self.rest.starts_with("--") => self.skip_line(),
            // A command of the client itself goes to the end of its line.
            '\\' | '.' if between => self.skip_line(),
            '/' if self.rest.starts_with("/*!") => {
                // MySQL runs what is in it.
                let digits = self.rest[3..]
                    .bytes()
                    .take_while(u8::is_ascii_digit)
                    .count();
                self.skip(3 + digits);
            }
            '*' if self.rest.starts_with("*/") => self.skip(2),
            '/' if self.rest.starts_with("/*") => {
                let end = self.rest[2..]
                    .find("*/")
                    .map_or(self.rest.len(), |at| at + 4);
                self.skip(end);
            }
            '$' => self.dollar(),
            ';' => {
                self.skip(1);
                self.part();
            }
            one if is_word(one) => {
                let end = self
                    .rest
                    .find(|next: char| !is_word(next) && next != '.' && next != '$')
                    .unwrap_or(self.rest.len());
                let word = &self.rest[..end];
                self.skip(end);
                if word.eq_ignore_ascii_case("go") {
                    self.part();
                } else {
                    self.push(Token::Word(word.to_owned()));
                }
            }
            one => {
                self.skip(one.len_utf8());
                if !one.is_whitespace() {
                    self.push(Token::Mark(one));
                }
            }
        }
    }

    /// `$tag$ … $tag$`, or a parameter.
    fn dollar(&mut self) {
        let tag_end = self.rest[1..]
            .find(|one: char| !one.is_alphanumeric() && one != '_')
            .map(|at| at + 1);
        if let Some(end) = tag_end
            && self.rest[end..].starts_with('$')
            && end < 64
        {
            let (tag, inner) = self.rest.split_at(end + 1);
            let close = inner.find(tag).unwrap_or(inner.len());
            self.push(Token::Body(inner[..close].to_owned()));
            self.skip(tag.len() + close + tag.len());
        } else {
            self.skip(1);
            self.push(Token::Mark('$'));
        }
    }

    /// A text up to its quote; two quotes stand for one.
    fn quoted(&mut self, quote: char) -> String {
        self.skip(1);
        let mut text = String::new();
        while let Some(end) = self.rest.find(quote) {
            text.push_str(&self.rest[..end]);
            self.skip(end + 1);
            if !self.rest.starts_with(quote) {
                return text;
            }
            text.push(quote);
            self.skip(1);
        }
        text.push_str(self.rest);
        self.rest = "";
        text
    }

    fn skip_line(&mut self) {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        self.skip(end);
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn push(&mut self, token: Token) {
        if let Some(last) = self.found.last_mut()
            && last.len() < MAX_TOKENS
        {
            last.push(token);
        }
    }

    fn part(&mut self) {
        if self.found.len() < MAX_STATEMENTS
            && self.found.last().is_some_and(|last| !last.is_empty())
        {
            self.found.push(Vec::new());
        }
    }
}

fn is_word(one: char) -> bool {
    one.is_alphanumeric() || matches!(one, '_' | '\u{1}')
}
