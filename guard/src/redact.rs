//! Masks secrets in text before it is stored, embedded or sent. Linear time, no regular expressions.
//!
//! Two kinds of sign are used: the form of a token itself (`AKIA…`, a JSON web token, a key block),
//! and a telling name beside a value (`PASSWORD=…`, `Authorization: …`, `user:password@host`).

mod beside;
mod blocks;
mod commands;
mod forms;
mod headers;
mod kinds;
mod lines;
mod names;
mod pieces;
mod values;

use std::borrow::Cow;

pub use kinds::Kind;
use kinds::{MARK, mark};

/// A text without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted<'a> {
    /// The text; borrowed when nothing was masked.
    pub text: Cow<'a, str>,
    /// How many were masked of each kind, in order of kind.
    pub masked: Vec<(Kind, usize)>,
}

impl Redacted<'_> {
    /// How many secrets were masked.
    pub fn count(&self) -> usize {
        self.masked.iter().map(|(_, count)| count).sum()
    }
}

/// Where a secret is, in bytes.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    kind: Kind,
}

/// Masks every secret it knows the form of as `[masked: kind]`. Masking twice changes nothing.
pub fn redact(text: &str) -> Redacted<'_> {
    let spans = spans(text, &mut Looks::default());
    if spans.is_empty() {
        return Redacted {
            text: Cow::Borrowed(text),
            masked: Vec::new(),
        };
    }
    let mut masked = std::collections::BTreeMap::new();
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    for Span { start, end, kind } in spans {
        result.push_str(text.get(from..start).unwrap_or_default());
        result.push_str(MARK);
        result.push_str(kind.as_str());
        result.push(']');
        *masked.entry(kind).or_insert(0) += 1;
        from = end;
    }
    result.push_str(text.get(from..).unwrap_or_default());
    Redacted {
        text: Cow::Owned(result),
        masked: masked.into_iter().collect(),
    }
}

/// Masks the secrets in every text of a JSON value, in place, and says how many it masked.
///
/// A text under a telling key (`"password": "…"`) is masked as a whole. Depth is what the value has:
/// a value that `serde_json` parsed is never deep.
pub fn redact_json(value: &mut serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => {
            let redacted = redact(text);
            let count = redacted.count();
            if let Cow::Owned(masked) = redacted.text {
                *text = masked;
            }
            count
        }
        serde_json::Value::Array(values) => values.iter_mut().map(redact_json).sum(),
        serde_json::Value::Object(fields) => fields
            .iter_mut()
            .map(|(name, value)| match value {
                serde_json::Value::String(text)
                    if beside::holds_secret(names::role(name.as_bytes()), text) =>
                {
                    "[masked: secret]".clone_into(text);
                    1
                }
                other => redact_json(other),
            })
            .sum(),
        _ => 0,
    }
}

/// What looks ahead have found, so that no stretch is looked at twice.
#[derive(Debug, Default)]
struct Looks {
    ends: beside::Ends,
    runs: forms::Runs,
    document: blocks::Document,
    /// How many bytes other looks have searched.
    steps: usize,
}

/// What the names before this place have said.
#[derive(Debug, Default)]
struct Said {
    /// The program whose command line this is.
    command: Option<commands::Line>,
    /// Where the pairs of a cookie end.
    cookie: usize,
    /// A telling name as a value, for the `value` that follows, and where it stood.
    pair: Option<(values::Telling, usize)>,
    /// Where a name follows as a value: `"name": "DB_PASSWORD"`.
    named: usize,
    /// Where `login` and `machine` last stood.
    login: Option<usize>,
    machine: Option<usize>,
}

/// How far `value` may stand from its name, and `password` from its `login`.
const NEAR: usize = 160;

/// Goes over the text once. Every look ahead is bounded, consumed or remembered.
fn spans(text: &str, looks: &mut Looks) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut found: Vec<Span> = Vec::new();
    let mut said = Said::default();
    let mut at = 0;
    if let Some(span) = lines::pgpass(bytes, 0, &mut looks.steps) {
        at = span.end;
        found.push(span);
    }
    while at < bytes.len() {
        let byte = bytes[at];
        let span = match class(byte) {
            Class::Other => {
                at += 1;
                continue;
            }
            Class::Name => {
                let start = at;
                let (end, token) = name(text, at, looks);
                at = end;
                token.or_else(|| beside_name(text, start, &mut at, &mut said, looks, &mut found))
            }
            Class::Mark => {
                if commands::is_divider(byte) {
                    said.command = None;
                }
                if let Some(length) = mark(bytes, at) {
                    said.command = None;
                    at += length;
                    continue;
                }
                let span = begun_by_sign(bytes, at, looks);
                let masked = (byte == b':' && span.is_none())
                    .then(|| forms::masked_password(bytes, at))
                    .flatten();
                at = masked.unwrap_or(at + 1);
                span
            }
        };
        let Some(span) = span.filter(|span| !begins_in_mark(bytes, span.start)) else {
            continue;
        };
        at = span.end.max(at);
        found.push(span);
    }
    found
}

/// Whether a place lies inside `[masked: kind]`: what was masked holds nothing more.
fn begins_in_mark(bytes: &[u8], start: usize) -> bool {
    const LONGEST_MARK: usize = 40;
    let before = &bytes[start.saturating_sub(LONGEST_MARK)..start];
    let open = before
        .windows(kinds::MARK.len() - 1)
        .rposition(|piece| piece == &kinds::MARK.as_bytes()[..kinds::MARK.len() - 1]);
    open.is_some_and(|open| !before[open..].contains(&b']'))
}

/// What a byte may begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Name,
    Mark,
}

fn class(byte: u8) -> Class {
    const CLASSES: [Class; 256] = {
        let mut classes = [Class::Other; 256];
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
            let one = byte as u8;
            if one.is_ascii_alphanumeric() || matches!(one, b'_' | b'-' | b'.') {
                classes[byte] = Class::Name;
            } else if matches!(one, b':' | b'$' | b'{' | b'[' | b'\n' | b'|' | b';' | b'&') {
                classes[byte] = Class::Mark;
            }
            byte += 1;
        }
        classes
    };
    CLASSES[usize::from(byte)]
}

/// Where the name that starts here ends, or the token inside it.
fn name(text: &str, start: usize, looks: &mut Looks) -> (usize, Option<Span>) {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut starts_word = true;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            if starts_word && let Some(span) = forms::token(text, at, &mut looks.runs) {
                return (at, Some(span));
            }
            starts_word = false;
        } else if class(byte) == Class::Name {
            if byte == b'-'
                && at == start
                && let Some(span) = blocks::key_block(bytes, at, &mut looks.steps)
            {
                return (at, Some(span));
            }
            starts_word = true;
        } else {
            break;
        }
        at += 1;
    }
    (at, None)
}

/// The secret that begins with a sign and not with a name.
fn begun_by_sign(bytes: &[u8], at: usize, looks: &mut Looks) -> Option<Span> {
    match bytes[at] {
        b':' => forms::url_password(bytes, at),
        b'$' | b'{' => lines::hash(bytes, at, &mut looks.steps),
        b'\n' => lines::pgpass(bytes, at + 1, &mut looks.steps),
        _ => None,
    }
}

/// The secret beside the name that stands from `start` to `at`.
#[expect(
    clippy::too_many_lines,
    reason = "a row for each thing that a name can say"
)]
fn beside_name(
    text: &str,
    start: usize,
    at: &mut usize,
    said: &mut Said,
    looks: &mut Looks,
    found: &mut Vec<Span>,
) -> Option<Span> {
    let bytes = text.as_bytes();
    let end = *at;
    let name = &bytes[start..end];
    let starts_word = start == 0 || bytes[start - 1].is_ascii_whitespace();
    if starts_word {
        if let Some(line) = said.command.as_mut()
            && let Some(span) = line.word(bytes, start, &mut looks.steps)
        {
            return Some(span);
        }
        match name {
            b"login" => said.login = Some(end),
            b"machine" | b"default" => said.machine = Some(end),
            b"chpasswd" => {
                let last = found.last().map_or(0, |span| span.end);
                return commands::piped(bytes, start).filter(|span| span.start >= last);
            }
            b"BY" | b"by" => {
                return beside::identified_by(text, start, end, &mut looks.ends);
            }
            b"Private-Lines" => return blocks::putty_lines(bytes, end, &mut looks.steps),
            _ => {}
        }
    } else if let Some(line) = said.command.as_mut()
        && matches!(bytes[start - 1], b'"' | b'\'')
        && start >= 2
        && bytes[start - 2].is_ascii_whitespace()
        && let Some(span) = line.word(bytes, start - 1, &mut looks.steps)
    {
        return Some(span);
    }
    if (starts_word
        || said.command.is_none() && matches!(bytes[start - 1], b'/' | b'(' | b'`' | b'\'' | b'"'))
        && let Some(line) = commands::Line::begun_by(name)
        && bytes.get(end).is_some_and(|byte| *byte == b' ')
    {
        said.command = Some(line);
        return None;
    }
    let role = names::role(name)?;
    let is_near = |place: usize| start.saturating_sub(place) <= NEAR;
    if said.named == start
        && said.named > 0
        && let names::Role::Tells(telling) = role
    {
        said.pair = Some((telling, end));
    }
    match role {
        names::Role::Authorization => headers::header(text, end, &mut looks.ends),
        names::Role::Bearer => headers::bearer(text, end, &mut looks.ends),
        names::Role::Login => headers::login(text, end, &mut looks.ends),
        names::Role::Cookie => {
            if end >= said.cookie && matches!(bytes.get(end), Some(b':')) {
                let rest = &bytes[end..bytes.len().min(end + 4_096)];
                let line = rest
                    .iter()
                    .position(|byte| matches!(byte, b'\n' | b'"' | b'\''));
                looks.steps += line.unwrap_or(rest.len());
                said.cookie = end + line.unwrap_or(rest.len());
            }
            None
        }
        names::Role::Name if start > 0 && matches!(bytes[start - 1], b'?' | b'&') => {
            let telling = values::Telling::Perhaps;
            let name = beside::Name {
                start,
                end,
                telling,
                in_cookie: false,
                takes_word: false,
            };
            beside::value(text, name, &mut looks.ends)
        }
        names::Role::Name => {
            let skipped = bytes[end..]
                .iter()
                .take(8)
                .position(|byte| !matches!(byte, b':' | b'=' | b'"' | b'\'' | b' ' | b'\\'))?;
            said.named = end + skipped;
            None
        }
        names::Role::Value => {
            let (telling, place) = said.pair.take()?;
            is_near(place)
                .then(|| beside::paired(text, end, telling, &mut looks.ends))
                .flatten()
        }
        names::Role::Data => {
            *at = looks
                .document
                .data(bytes, start, end, found, &mut looks.steps);
            None
        }
        names::Role::Tells(telling) => {
            let takes_word = said.login.is_some_and(is_near) && said.machine.is_some_and(is_near)
                || matches!(name, b"requirepass" | b"masterauth");
            beside::value(
                text,
                beside::Name {
                    start,
                    end,
                    telling,
                    in_cookie: start < said.cookie,
                    takes_word,
                },
                &mut looks.ends,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_ahead_is_linear_in_the_text() {
        let pieces = [
            "password={{",
            "password=a(",
            "password=",
            "password=\"",
            "token:'",
            "pwd=x",
            "pwd=process.env.",
            "Authorization: Bearer ",
            "authorization=",
            "AIza-",
            "AIzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-",
            "eyJ",
            "eyJ.",
            "eyJaaaaaaaaaaaa-",
            "eyJaaaaaaaaaaaa.",
            "eyJaaaaaaaaaaaa.eyJ-",
            "npm_",
            "AKIA-",
            "sk-",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY",
            "a://b",
            "a://b:c",
            "123456:",
            "password: ",
            "password: a ",
            "password:a\n",
            "Private-Lines: 1\n",
            "-----BEGIN PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nabcd",
            "data:\n",
            "data:\n a: b\n",
            "kind: Secret\n---\ndata:\n",
            "a:1234:",
            "curl -u a",
            "curl ",
            "mysql -p",
            "Cookie: a",
            "Cookie: ",
            "$6$",
            "{SSHA}",
            "<password>",
            "key=token ",
            "x\n",
            "a ",
        ];
        for piece in pieces {
            let text = piece.repeat((1 << 16) / piece.len());
            let mut looks = Looks::default();
            spans(&text, &mut looks);
            let steps = looks.steps + looks.ends.steps + looks.runs.steps;
            assert!(steps <= 8 * text.len(), "{piece:?} took {steps}");
        }
    }

    #[test]
    fn what_is_remembered_does_not_change_where_a_value_ends() {
        let text =
            "password=aaaa(token=bbbb(secret=aB3cD4eF5gH6iJ7k token=\"two1words\" pwd=ab12cd34";
        assert_eq!(
            redact(text).text,
            "password=aaaa(token=bbbb(secret=[masked: secret] token=\"[masked: secret]\" pwd=[masked: secret]"
        );
    }
}
