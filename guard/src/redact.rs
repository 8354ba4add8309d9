//! Masks secrets in text before it is stored, embedded or sent. Linear time, no regular expressions.
//!
//! Two kinds of sign are used: the form of a token itself (`AKIA…`, a JSON web token, a key block),
//! and a telling name beside a value (`PASSWORD=…`, `Authorization: …`, `user:password@host`).

mod forms;
mod names;

use std::borrow::Cow;

/// What kind of secret was masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A cloud provider's access key.
    CloudKey,
    /// A token of a code forge or a package registry.
    ForgeToken,
    /// A token of a chat service: Slack, Telegram.
    ChatToken,
    /// A key of a payment or mail service.
    PaymentKey,
    /// A key of a model provider.
    ModelKey,
    /// A JSON web token.
    Jwt,
    /// A private key block.
    PrivateKey,
    /// A password inside a URL or connection string.
    UrlPassword,
    /// A value assigned to a telling name.
    Assignment,
    /// An authorization header.
    Header,
}

const KINDS: [Kind; 10] = [
    Kind::CloudKey,
    Kind::ForgeToken,
    Kind::ChatToken,
    Kind::PaymentKey,
    Kind::ModelKey,
    Kind::Jwt,
    Kind::PrivateKey,
    Kind::UrlPassword,
    Kind::Assignment,
    Kind::Header,
];

impl Kind {
    /// The word that stands in the masked text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CloudKey => "cloud key",
            Self::ForgeToken => "forge token",
            Self::ChatToken => "chat token",
            Self::PaymentKey => "payment key",
            Self::ModelKey => "model key",
            Self::Jwt => "jwt",
            Self::PrivateKey => "private key",
            Self::UrlPassword => "password",
            Self::Assignment => "secret",
            Self::Header => "authorization",
        }
    }
}

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

/// How a mark begins.
const MARK: &str = "[masked: ";

/// The length of the mark that stands here, if one does. Its own words are no names.
fn mark(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?.strip_prefix(MARK.as_bytes())?;
    let kind = KINDS.iter().find(|kind| {
        rest.strip_prefix(kind.as_str().as_bytes())
            .is_some_and(|rest| rest.starts_with(b"]"))
    })?;
    Some(MARK.len() + kind.as_str().len() + 1)
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
                serde_json::Value::String(text) if names::holds_secret(name, text) => {
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
    ends: names::Ends,
    runs: forms::Runs,
}

/// Goes over the text once. Every look ahead is bounded, consumed or remembered.
fn spans(text: &str, looks: &mut Looks) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut found: Vec<Span> = Vec::new();
    let mut at = 0;
    let mut name_start = None;
    while at < bytes.len() {
        let byte = bytes[at];
        if let Some(length) = mark(bytes, at) {
            at += length;
            name_start = None;
            continue;
        }
        // Behind a secret a word starts: its mark will stand there.
        let starts_word = found.last().map_or(0, |span| span.end) == at
            || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if starts_word && let Some(span) = forms::token(text, at, &mut looks.runs) {
            at = span.end;
            found.push(span);
            name_start = None;
            continue;
        }
        if byte == b':'
            && let Some(span) = forms::url_password(bytes, at)
        {
            at = span.end;
            found.push(span);
            name_start = None;
            continue;
        }
        if byte == b':'
            && let Some(end) = forms::masked_password(bytes, at)
        {
            at = end;
            name_start = None;
            continue;
        }
        if names::is_name_byte(byte) {
            name_start.get_or_insert(at);
            at += 1;
            continue;
        }
        if let Some(start) = name_start.take()
            && let Some(span) = names::value(text, start, at, &mut looks.ends)
        {
            at = span.end;
            found.push(span);
            continue;
        }
        at += 1;
    }
    found
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
            "x\n",
            "a ",
        ];
        for piece in pieces {
            let text = piece.repeat((1 << 18) / piece.len());
            let mut looks = Looks::default();
            spans(&text, &mut looks);
            let steps = looks.ends.steps + looks.runs.steps;
            assert!(steps <= 8 * text.len(), "{piece:?} took {steps}");
        }
    }

    #[test]
    fn what_is_remembered_does_not_change_where_a_value_ends() {
        let text = "password=aaaa(token=bbbb(secret=realvalue1 token=\"two words\" pwd=abcd1234";
        assert_eq!(
            redact(text).text,
            "password=aaaa(token=bbbb(secret=[masked: secret] token=\"[masked: secret]\" pwd=[masked: secret]"
        );
    }
}
