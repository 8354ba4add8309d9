//! Values known by the name beside them.

use super::names::Role;
use super::values::{Place, Telling, is_encoded_login, is_random, is_secret};
use super::{Kind, MARK, Span};

/// How long a value may be before it is taken for text.
const MOST: usize = 4_096;

/// How far a type between a name and its value is followed.
const LONGEST_TYPE: usize = 24;

/// Where values end, remembered so that no stretch of text is searched twice.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// For each way to end: the last stretch without an end, and where it ended.
    known: [std::ops::Range<usize>; 7],
    /// How many bytes were searched.
    pub(super) steps: usize,
    /// How far the last values reached, and how many in a row began inside one before them.
    reached: usize,
    inside: usize,
}

/// How many values that begin inside one another are looked at, where none of them is a secret.
const MAX_INSIDE: usize = 16;

/// What a value ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A blank or a mark of code.
    Mark,
    /// A blank or a quote: the rest of a line of a configuration file.
    Blank,
    /// A quote; `true` where the quote itself is escaped.
    Quote(u8, bool),
    /// `<`
    Tag,
}

impl End {
    fn slot(self) -> usize {
        match self {
            Self::Mark => 0,
            Self::Blank => 1,
            Self::Quote(_, true) => 2,
            Self::Quote(b'"', false) => 3,
            Self::Quote(b'\'', false) => 4,
            Self::Quote(..) => 5,
            Self::Tag => 6,
        }
    }

    fn is_at(self, bytes: &[u8], at: usize) -> bool {
        let byte = bytes[at];
        match self {
            Self::Mark => {
                byte.is_ascii_whitespace()
                    || matches!(
                        byte,
                        b'"' | b'\''
                            | b'`'
                            | b','
                            | b';'
                            | b'&'
                            | b'\\'
                            | b'|'
                            | b')'
                            | b'}'
                            | b'<'
                            | b'>'
                    )
            }
            Self::Blank => {
                byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'&')
            }
            Self::Quote(_, true) => matches!(byte, b'\\' | b'\n'),
            Self::Quote(quote, false) => byte == quote && bytes[at - 1] != b'\\' || byte == b'\n',
            Self::Tag => matches!(byte, b'<' | b'\n'),
        }
    }
}

impl Ends {
    pub(super) fn of(&mut self, bytes: &[u8], from: usize, end: End) -> usize {
        let known = &mut self.known[end.slot()];
        if !known.contains(&from) || known.end < bytes.len().min(from + MOST) {
            // What is known already is not looked at again; a stop that is known stays one.
            let start = if known.contains(&from) {
                known.end
            } else {
                from
            };
            let limit = bytes.len().min(start + MOST);
            let mut to = start.max(from);
            while to < limit && !end.is_at(bytes, to) {
                to += 1;
            }
            self.steps += to - start;
            *known = from..to;
        }
        // A value longer than any secret is cut where a character begins.
        let mut to = known.end.min(from + MOST);
        while to < bytes.len() && bytes[to] & 0xC0 == 0x80 {
            to += 1;
        }
        to
    }
}

impl Ends {
    /// Whether the value from a name to there is looked at: of an endless word without a blank, that holds
    /// nothing but names, the end is not looked at again for each name.
    fn may_look(&mut self, start: usize, to: usize) -> bool {
        self.inside = if start < self.reached {
            self.inside + 1
        } else {
            0
        };
        self.reached = self.reached.max(to);
        self.inside <= MAX_INSIDE
    }

    /// Behind a secret, masked or not, the names begin anew.
    fn look_anew(&mut self) {
        self.reached = 0;
    }
}

/// Whether a text under this name is a secret.
pub(super) fn holds_secret(role: Option<Role>, value: &str) -> bool {
    value.len() <= MOST
        && match role {
            Some(Role::Tells(telling)) => is_secret(value, telling, Place::Quoted),
            Some(Role::Login) => is_encoded_login(value),
            Some(Role::Authorization) => super::headers::scheme(value.as_bytes(), 0).is_some(),
            _ => false,
        }
}

/// A name in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) telling: Telling,
    /// Inside a `Cookie` header.
    pub(super) in_cookie: bool,
    /// Behind `machine … login …`, or another word that says that a value follows a blank.
    pub(super) takes_word: bool,
}

/// The value beside a name that tells.
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from the sign to the place to the value"
)]
pub(super) fn value(text: &str, name: Name, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let Name { start, end, .. } = name;
    let before = start.checked_sub(1).map_or(b'\n', |at| bytes[at]);
    let shouts = !bytes[start..end].iter().any(u8::is_ascii_lowercase);
    let is_flag = bytes[start] == b'-' && before.is_ascii_whitespace();
    let closes = skip(bytes, end, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\' | b']')
    });
    let quoted_name = closes > end && matches!(before, b'"' | b'\'' | b'[' | b'\\');
    let sign = skip(bytes, closes, is_blank);
    let (mut at, sign_byte) = match bytes.get(sign)? {
        b'=' => match bytes.get(sign + 1) {
            Some(b'=' | b'~') => return None,
            Some(b'>') => (sign + 2, b':'),
            _ => (sign + 1, b'='),
        },
        b':' => match bytes.get(sign + 1) {
            Some(b':' | b'/') => return None,
            Some(b'=') => (sign + 2, b'='),
            _ => (sign + 1, b':'),
        },
        b',' if quoted_name => (sign + 1, b','),
        b'>' if before == b'<' && sign == end || quoted_name => {
            return element(text, sign + 1, name, ends);
        }
        b'(' if name.telling == Telling::Password
            && matches!(bytes.get(sign + 1), Some(b'\''))
            && shouts =>
        {
            (sign + 1, b',')
        }
        _ if sign > closes => (sign, b' '),
        _ => return None,
    };
    let blanks = skip(bytes, at, is_blank) - at;
    at += blanks;
    let escaped = bytes.get(at) == Some(&b'\\');
    at += usize::from(escaped);
    let quote = bytes
        .get(at)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    if let Some(quote) = quote {
        // Prose quotes what it speaks of.
        let has_digit = || {
            let look = bytes[at + 1..].iter().take(32);
            look.take_while(|byte| **byte != quote && **byte != b'\n')
                .any(u8::is_ascii_digit)
        };
        let is_called = match sign_byte {
            b',' => bytes[sign] == b'(' || name.telling != Telling::Session && has_digit(),
            b' ' => {
                is_flag
                    || name.takes_word
                    || !quoted_name && quote != b'`' && (shouts || has_digit())
            }
            _ => true,
        };
        return is_called
            .then(|| quoted(text, at + 1, End::Quote(quote, escaped), name, ends))
            .flatten();
    }
    let begins_line = begins_line(bytes, start);
    let is_query = matches!(before, b'?' | b'&' | b';') && sign_byte == b'=' || before == b';';
    let is_glued = sign_byte == b'=' && sign == end && blanks == 0;
    let is_header = sign_byte == b':'
        && before_is_header(bytes, start)
        && blanks > 0
        && name.telling != Telling::Password;
    let is_word = sign_byte == b' ' && (is_flag || name.takes_word);
    let literal = name.in_cookie
        || is_glued && is_behind_flag(bytes, start)
        || is_query
        || is_word
        || is_glued
            && (is_flag || before == b'=' || shouts && before != b'.' || has_colon(bytes, start))
        || is_header && bytes[start..end].contains(&b'-')
        || sign_byte == b':' && blanks == 0 && is_openssl(bytes, start);
    let end_at = if begins_line && !literal
        || literal && !is_query && !name.in_cookie && (begins_line || is_flag || is_word)
    {
        End::Blank
    } else {
        End::Mark
    };
    let mut to = ends.of(bytes, at, end_at);
    if end_at == End::Blank {
        while to > at && matches!(bytes[to - 1], b',' | b';') {
            to -= 1;
        }
    }
    let ends_line = bytes[to..]
        .iter()
        .take(3)
        .find(|byte| !is_blank(**byte))
        .is_none_or(|byte| matches!(byte, b'\n' | b'\r' | b'#'));
    let place = if literal {
        Place::Literal
    } else if begins_line
        && ends_line
        && sign_byte != b','
        && (sign_byte == b':' || is_glued || sign_byte == b'=')
    {
        Place::Line
    } else {
        Place::Code
    };
    if sign_byte == b':'
        && place != Place::Literal
        && let Some(span) = behind_a_type(text, at, name, ends)
    {
        return Some(span);
    }
    let value = text.get(at..to)?;
    if value.starts_with(MARK.trim_ascii_end()) {
        ends.look_anew();
    } else if !ends.may_look(start, to) {
        return None;
    }
    if sign_byte == b' ' && !is_word {
        // Behind a blank stand words; only what no word looks like is a value.
        return (is_random(value)
            && value.bytes().any(|byte| byte.is_ascii_digit())
            && !value.contains([':', '.'])
            || shouts
                && is_settings_line(bytes, start)
                && is_secret(value, name.telling, Place::Literal))
        .then_some(span(at, to, name));
    }
    let spaced_word = place == Place::Line
        && sign_byte == b'='
        && !is_glued
        && !value
            .bytes()
            .any(|byte| byte.is_ascii_digit() || byte == b'-');
    let flag_value = is_flag && value.starts_with('-');
    // `--token TOKEN` and `--password options` are prose of a manual.
    let metavar = is_flag
        && sign_byte == b' '
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'));
    let found = !spaced_word && !flag_value && !metavar && is_secret(value, name.telling, place);
    if found {
        ends.look_anew();
    }
    found.then_some(span(at, to, name))
}

fn span(start: usize, end: usize, name: Name) -> Span {
    let kind = match name.telling {
        _ if name.in_cookie => Kind::Cookie,
        Telling::Session => Kind::Signature,
        _ => Kind::Assignment,
    };
    Span { start, end, kind }
}

fn quoted(text: &str, from: usize, end: End, name: Name, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let to = ends.of(bytes, from, end);
    let closed = matches!((end, bytes.get(to)), (End::Quote(quote, false), Some(byte)) if *byte == quote)
        || matches!(end, End::Quote(_, true));
    let value = text.get(from..to)?;
    let place = if closed { Place::Quoted } else { Place::Line };
    is_secret(value, name.telling, place).then_some(span(from, to, name))
}

/// `<password>…</password>`, `<entry key="password">…</entry>`.
fn element(text: &str, from: usize, name: Name, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let to = ends.of(bytes, from, End::Tag);
    let value = text.get(from..to)?;
    (bytes.get(to..to + 2) == Some(b"</") && is_secret(value, name.telling, Place::Quoted))
        .then_some(span(from, to, name))
}

/// `const API_KEY: &str = "…"`
fn behind_a_type(text: &str, at: usize, name: Name, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let look = bytes.get(at..bytes.len().min(at + LONGEST_TYPE))?;
    let length = look.iter().position(|byte| {
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'&' | b'\'' | b'_' | b' ' | b'<' | b'>'))
    })?;
    ends.steps += length;
    if look[length] != b'=' || length == 0 {
        return None;
    }
    let from = skip(bytes, at + length + 1, is_blank);
    let quote = bytes
        .get(from)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\''))?;
    quoted(text, from + 1, End::Quote(quote, false), name, ends)
}

/// A value by itself: behind `"value":`, where the name stood before.
pub(super) fn paired(text: &str, end: usize, telling: Telling, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let mut at = skip(bytes, end, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\') || is_blank(byte)
    });
    if !matches!(bytes.get(at)?, b':' | b'=') {
        return None;
    }
    at = skip(bytes, at + 1, is_blank);
    let escaped = bytes.get(at) == Some(&b'\\');
    at += usize::from(escaped);
    let name = Name {
        start: end,
        end,
        telling,
        in_cookie: false,
        takes_word: false,
    };
    if let quote @ (b'"' | b'\'') = bytes.get(at).copied()? {
        quoted(text, at + 1, End::Quote(quote, escaped), name, ends)
    } else {
        let to = ends.of(bytes, at, End::Blank);
        let value = text.get(at..to)?;
        is_secret(value, telling, Place::Line).then_some(span(at, to, name))
    }
}

/// `… IDENTIFIED BY '…'`: where the word `BY` ends.
pub(super) fn identified_by(text: &str, start: usize, end: usize, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let look = &bytes[start.saturating_sub(48)..start];
    let is_sql = look
        .windows(10)
        .any(|word| word.eq_ignore_ascii_case(b"IDENTIFIED"));
    let quote = bytes
        .get(end + 1)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\''))?;
    let name = Name {
        start,
        end,
        telling: Telling::Password,
        in_cookie: false,
        takes_word: true,
    };
    is_sql
        .then(|| quoted(text, end + 2, End::Quote(quote, false), name, ends))
        .flatten()
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn skip(bytes: &[u8], at: usize, skips: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take(24)
        .take_while(|byte| skips(**byte))
        .count()
}

/// Whether nothing but blanks, a mark of a list or a diff, or `export` stands before the name on its line.
fn begins_line(bytes: &[u8], start: usize) -> bool {
    const FARTHEST: usize = 48;
    let look = &bytes[start.saturating_sub(FARTHEST)..start];
    let line = match look.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => &look[at + 1..],
        None if start <= FARTHEST => look,
        None => return false,
    };
    line.iter()
        .all(|byte| is_blank(*byte) || matches!(byte, b'-' | b'+' | b'#' | b'>' | b'0'..=b'9'))
        || line.trim_ascii() == b"export"
        || line.trim_ascii() == b"set"
}

/// `ENV`, `SetEnv`, `setx`, `set -x`: a name, a blank and a value follow.
fn is_settings_line(bytes: &[u8], start: usize) -> bool {
    let look = bytes[start.saturating_sub(16)..start].trim_ascii();
    [
        &b"ENV"[..],
        b"SetEnv",
        b"setenv",
        b"setx",
        b"set -x",
        b"set -gx",
        b"set -Ux",
    ]
    .iter()
    .any(|word| look.ends_with(word))
}

/// `X-Api-Key: …` at the beginning of a line or of a quoted text.
fn before_is_header(bytes: &[u8], start: usize) -> bool {
    let look = &bytes[start.saturating_sub(2)..start];
    !look.ends_with(b"- ")
        && (look.is_empty()
            || look.ends_with(b"\n")
            || look.ends_with(b"> ")
            || look.ends_with(b"< ")
            || matches!(look.last(), Some(b'"' | b'\'')))
}

/// `--set db.password=…`: the word before is a flag.
fn is_behind_flag(bytes: &[u8], start: usize) -> bool {
    let look = &bytes[start.saturating_sub(24)..start];
    look.strip_suffix(b" ").is_some_and(|look| {
        let mut words = look.rsplit(u8::is_ascii_whitespace);
        words
            .next()
            .is_some_and(|word| word.starts_with(b"-") && word.len() > 1)
    })
}

/// `-passin pass:…`
fn is_openssl(bytes: &[u8], start: usize) -> bool {
    let look = bytes[start.saturating_sub(12)..start].trim_ascii_end();
    [&b"-pass"[..], b"-passin", b"-passout"]
        .iter()
        .any(|flag| look.ends_with(flag))
}

/// `//registry.example.com/:_authToken=…`
fn has_colon(bytes: &[u8], start: usize) -> bool {
    bytes[..start].ends_with(b"/:") || bytes[start] == b'_'
}
