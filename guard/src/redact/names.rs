//! Values known by the name beside them.

use super::{Kind, MARK, Span};

/// How names end that hold secrets, in lower case and without `_`, `-` and `.`.
const TELLING: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "appkey",
    "accesskey",
    "secretkey",
    "privatekey",
    "secretaccesskey",
    "authkey",
    "signingkey",
    "encryptionkey",
    "credential",
    "credentials",
    "connectionstring",
    "masterkey",
    "sharedkey",
    "accountkey",
    "secretkeybase",
    "pgpass",
    "dbpass",
    "userpass",
    "smtppass",
];

/// Values that are types, booleans or places for a value.
const HARMLESS: &[&str] = &[
    "string",
    "number",
    "boolean",
    "bool",
    "str",
    "any",
    "bytes",
    "null",
    "none",
    "nil",
    "true",
    "false",
    "undefined",
    "required",
    "optional",
    "changeme",
    "xxx",
    "option",
    "secretstring",
    "unknown",
    "object",
    "int",
    "text",
    "varchar",
    "redacted",
    "masked",
    "hidden",
    "include",
    "omit",
    "same-origin",
];

/// How long a value may be before it is taken for text.
const MOST: usize = 4_096;

/// How much of a value is searched for signs of code.
const MAX_LOOK: usize = 256;

/// Where values end, remembered so that no stretch of text is searched twice.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// For no quote and for each quote: the last stretch without an end, and where it ended.
    known: [std::ops::Range<usize>; 4],
    /// How many bytes were searched.
    pub(super) steps: usize,
}

impl Ends {
    fn of(&mut self, bytes: &[u8], from: usize, quote: Option<u8>) -> usize {
        let slot = match quote {
            None => 0,
            Some(b'"') => 1,
            Some(b'\'') => 2,
            Some(_) => 3,
        };
        let known = &mut self.known[slot];
        if !known.contains(&from) || known.end < bytes.len().min(from + MOST) {
            // What is known already is not looked at again.
            let start = if known.contains(&from) {
                known.end
            } else {
                from
            };
            let ends = |byte: &u8| is_end(*byte, quote);
            // A stop that is known stays one.
            let rest = bytes.get(start..).unwrap_or_default();
            let length = rest.iter().take(MOST).position(ends);
            let length = length.unwrap_or(rest.len().min(MOST));
            self.steps += length;
            *known = from..start + length;
        }
        // A value longer than any secret is cut where a character begins.
        let mut to = known.end.min(from + MOST);
        while to < bytes.len() && bytes[to] & 0xC0 == 0x80 {
            to += 1;
        }
        to
    }
}

/// Whether a byte may stand in a name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Whether a text under this name is a secret.
pub(super) fn holds_secret(name: &str, value: &str) -> bool {
    name.len() <= 128
        && (4..=MOST).contains(&value.len())
        && !value.contains(char::is_whitespace)
        && is_telling(&plain(name))
        && is_secret(value)
}

fn is_telling(plain: &str) -> bool {
    TELLING.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a name can be telling at all: a glance at its end, before anything is copied.
fn may_tell(name: &str) -> bool {
    let last = name.bytes().rev().find(u8::is_ascii_alphanumeric);
    name.len() >= 3
        && last.is_some_and(|last| {
            matches!(
                last.to_ascii_lowercase(),
                b'd' | b'e' | b'g' | b'l' | b'n' | b'r' | b's' | b't' | b'y'
            )
        })
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|one| one.to_ascii_lowercase())
        .collect()
}

/// The value beside the name that stands from `start` to `end`, if the name is telling.
pub(super) fn value(text: &str, start: usize, end: usize, ends: &mut Ends) -> Option<Span> {
    let name = text.get(start..end)?;
    if name.len() > 128 || !may_tell(name) {
        return None;
    }
    let plain = plain(name);
    if plain == "authorization" || plain == "proxyauthorization" {
        return header(text, end, ends);
    }
    if matches!(plain.as_str(), "bearer") {
        let value = text.as_bytes().get(end..)?;
        let blanks = value
            .iter()
            .take(4)
            .take_while(|byte| **byte == b' ')
            .count();
        let from = end + blanks;
        let to = ends.of(text.as_bytes(), from, None);
        return (blanks > 0 && to - from >= 16 && is_secret(text.get(from..to)?)).then_some(Span {
            start: from,
            end: to,
            kind: Kind::Header,
        });
    }
    if !is_telling(&plain) {
        return None;
    }
    let bytes = text.as_bytes();
    let mut at = skip(bytes, end, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\' | b']')
    });
    at = skip(bytes, at, |byte| byte == b' ');
    let is_flag = name.starts_with("--");
    match bytes.get(at) {
        Some(b'=') => at = skip(bytes, at, |byte| matches!(byte, b'=' | b'>')),
        Some(b':') if bytes.get(at + 1) != Some(&b':') && bytes.get(at + 1) != Some(&b'/') => {
            at = skip(bytes, at, |byte| matches!(byte, b':' | b'='));
        }
        Some(_) if is_flag && at > end => {}
        _ => return None,
    }
    at = skip(bytes, at, |byte| byte == b' ');
    at = skip(bytes, at, |byte| byte == b'\\');
    let quote = bytes
        .get(at)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let from = at + usize::from(quote.is_some());
    let to = ends.of(bytes, from, quote);
    let value = text.get(from..to)?;
    let is_value = value.len() >= 4 && is_secret(value) && !is_variable(&plain, value);
    (is_value && !(is_flag && value.starts_with('-'))).then_some(Span {
        start: from,
        end: to,
        kind: Kind::Assignment,
    })
}

/// Whether code names a variable here: `password=password`, `token = config.token`.
fn is_variable(name: &str, value: &str) -> bool {
    let is_path = value.len() <= 128
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'));
    is_path && (plain(value) == name || value.contains('.') && is_telling(&plain(value)))
}

/// `Authorization: Bearer …`, with or without quotes.
fn header(text: &str, end: usize, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let mut at = skip(bytes, end, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\' | b' ')
    });
    if !matches!(bytes.get(at), Some(b':' | b'=')) {
        return None;
    }
    at = skip(bytes, at + 1, |byte| {
        matches!(byte, b' ' | b'"' | b'\'' | b'\\')
    });
    for scheme in ["bearer ", "basic ", "token ", "digest ", "apikey "] {
        if bytes
            .get(at..at + scheme.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes()))
        {
            at = skip(bytes, at + scheme.len(), |byte| byte == b' ');
            break;
        }
    }
    let to = ends.of(bytes, at, None);
    let value = text.get(at..to)?;
    (value.len() >= 6 && is_secret(value)).then_some(Span {
        start: at,
        end: to,
        kind: Kind::Header,
    })
}

fn skip(bytes: &[u8], at: usize, skips: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take(16)
        .take_while(|byte| skips(**byte))
        .count()
}

fn is_end(byte: u8, quote: Option<u8>) -> bool {
    match quote {
        Some(quote) => byte == quote || matches!(byte, b'\\' | b'\n'),
        None => {
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
    }
}

/// Whether a part of the value was masked before. The mark may begin where the look ends.
fn has_mark(value: &str, look: usize) -> bool {
    value[..look]
        .match_indices('[')
        .any(|(at, _)| value[at..].starts_with(MARK.trim_end()))
}

/// Whether a value is a secret and not a place for one.
fn is_secret(value: &str) -> bool {
    // Code says early that it is code; the look is bounded, so that many names stay linear.
    let mut look = value.len().min(MAX_LOOK);
    while !value.is_char_boundary(look) {
        look -= 1;
    }
    let start = &value[..look];
    let placeholder = value.starts_with(['$', '<', '{', '*', '[', '(', '%', '/', '.', '!', '='])
        || start.contains("process.env")
        || start.contains('(')
        || has_mark(value, look)
        || value.starts_with("os.");
    let word = value.trim_end_matches(['.', ',', ';']);
    !placeholder
        && !HARMLESS
            .iter()
            .any(|harmless| harmless.eq_ignore_ascii_case(word))
        && !value
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-'))
}
