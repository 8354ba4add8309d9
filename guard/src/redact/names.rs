//! Values known by the name beside them.

use super::{Kind, Span};

/// How names end that hold secrets, in lower case and without `_`, `-` and `.`.
const TELLING: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
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
];

/// How long a value may be before it is taken for text.
const MOST: usize = 4_096;

/// Whether a byte may stand in a name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Whether a text under this name is a secret.
pub(super) fn holds_secret(name: &str, value: &str) -> bool {
    name.len() <= 128
        && (4..=MOST).contains(&value.len())
        && !value.contains(char::is_whitespace)
        && TELLING.iter().any(|ending| plain(name).ends_with(ending))
        && is_secret(value)
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|one| one.to_ascii_lowercase())
        .collect()
}

/// The value beside the name that stands from `start` to `end`, if the name is telling.
pub(super) fn value(text: &str, start: usize, end: usize) -> Option<Span> {
    let name = text.get(start..end)?;
    if name.len() > 128 {
        return None;
    }
    let plain = plain(name);
    if plain == "authorization" || plain == "proxyauthorization" {
        return header(text, end);
    }
    if matches!(plain.as_str(), "bearer") {
        let value = text.as_bytes().get(end..)?;
        let blanks = value
            .iter()
            .take(4)
            .take_while(|byte| **byte == b' ')
            .count();
        let from = end + blanks;
        let to = value_end(text.as_bytes(), from, None);
        return (blanks > 0 && to - from >= 16 && is_secret(text.get(from..to)?)).then_some(Span {
            start: from,
            end: to,
            kind: Kind::Header,
        });
    }
    if !TELLING.iter().any(|ending| plain.ends_with(ending)) {
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
    let to = value_end(bytes, from, quote);
    let value = text.get(from..to)?;
    (value.len() >= 4 && is_secret(value) && !(is_flag && value.starts_with('-'))).then_some(Span {
        start: from,
        end: to,
        kind: Kind::Assignment,
    })
}

/// `Authorization: Bearer …`, with or without quotes.
fn header(text: &str, end: usize) -> Option<Span> {
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
    let to = value_end(bytes, at, None);
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

fn value_end(bytes: &[u8], from: usize, quote: Option<u8>) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let ends = |byte: &u8| match quote {
        Some(quote) => *byte == quote || matches!(byte, b'\\' | b'\n'),
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
    };
    let length = rest.iter().take(MOST).position(ends);
    // A value longer than any secret is cut where a character begins.
    let mut to = from + length.unwrap_or(rest.len().min(MOST));
    while to < bytes.len() && bytes[to] & 0xC0 == 0x80 {
        to += 1;
    }
    to
}

/// Whether a value is a secret and not a place for one.
fn is_secret(value: &str) -> bool {
    let placeholder = value.starts_with(['$', '<', '{', '*', '[', '(', '%', '/', '.', '!', '='])
        || value.contains("process.env")
        || value.contains("env(")
        || value.contains('(')
        || value.starts_with("os.");
    let lower = value.trim_end_matches(['.', ',', ';']).to_ascii_lowercase();
    !placeholder
        && !HARMLESS.contains(&lower.as_str())
        && !value
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-'))
}
