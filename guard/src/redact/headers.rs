//! Values behind `Authorization`, `Bearer` and `auth`.

use super::beside::{End, Ends, is_blank, skip};
use super::values::{Place, Telling, is_encoded_login, is_random, is_secret};
use super::{Kind, Span};

/// `Authorization: Bearer …`, with or without quotes.
pub(super) fn header(text: &str, end: usize, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let mut at = skip(bytes, end, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\' | b']') || is_blank(byte)
    });
    let has_sign = matches!(bytes.get(at), Some(b':' | b'=' | b','));
    if !has_sign && at == end || bytes.get(at + 1) == Some(&b':') {
        return None;
    }
    at = skip(bytes, at + usize::from(has_sign), |byte| {
        matches!(byte, b'"' | b'\'' | b'\\') || is_blank(byte)
    });
    let behind = scheme(bytes, at);
    let from = behind.unwrap_or(at);
    let is_digest = behind.is_some() && bytes[at] | 0x20 == b'd';
    let to = if is_digest {
        ends.of(bytes, from, End::Quote(b'\'', false))
    } else {
        ends.of(bytes, from, End::Mark)
    };
    let value = text.get(from..to)?;
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let is_login = behind.is_some() && is_encoded_login(value);
    let is_value = match behind {
        Some(_) if is_digest => value.contains("response="),
        Some(_) => is_login || is_secret(value, Telling::Secret, Place::Literal),
        None => has_sign && has_digit && value.len() >= 16 && is_random(value),
    };
    is_value.then_some(Span {
        start: from,
        end: to,
        kind: Kind::Header,
    })
}

/// Where the value behind a known scheme begins.
pub(super) fn scheme(bytes: &[u8], at: usize) -> Option<usize> {
    [
        "bearer ",
        "basic ",
        "token ",
        "digest ",
        "apikey ",
        "api-key ",
        "key ",
        "splunk ",
        "bot ",
        "genie",
        "klaviyo-api-key ",
    ]
    .iter()
    .find(|scheme| {
        bytes
            .get(at..at + scheme.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes()))
    })
    .map(|scheme| skip(bytes, at + scheme.len(), is_blank))
}

/// `Bearer …` without a header before it.
pub(super) fn bearer(text: &str, end: usize, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let from = skip(bytes, end, is_blank);
    if from == end {
        return None;
    }
    let to = ends.of(bytes, from, End::Mark);
    let value = text.get(from..to)?;
    (value.len() >= 16 && is_secret(value, Telling::Secret, Place::Literal)).then_some(Span {
        start: from,
        end: to,
        kind: Kind::Header,
    })
}

/// `"auth": "…"`, `_auth=…`: base64 of a user and a password.
pub(super) fn login(text: &str, end: usize, ends: &mut Ends) -> Option<Span> {
    let bytes = text.as_bytes();
    let sign = skip(bytes, end, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\') || is_blank(byte)
    });
    if !matches!(bytes.get(sign)?, b':' | b'=') {
        return None;
    }
    let from = skip(bytes, sign + 1, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\') || is_blank(byte)
    });
    let to = ends.of(bytes, from, End::Mark);
    let value = text.get(from..to)?;
    (is_encoded_login(value) || is_random(value) && is_secret(value, Telling::Secret, Place::Line))
        .then_some(Span {
            start: from,
            end: to,
            kind: Kind::Assignment,
        })
}
