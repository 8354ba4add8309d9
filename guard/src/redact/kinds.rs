//! The kinds of secrets, and the marks that stand for them.

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
    /// A password behind a flag of a command, or as a word of a line (`.netrc`, `.pgpass`).
    CommandPassword,
    /// The hash of a password: `/etc/shadow`, `htpasswd`.
    PasswordHash,
    /// A cookie's value.
    Cookie,
    /// What makes a URL valid for everyone who has it.
    Signature,
}

const KINDS: [Kind; 14] = [
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
    Kind::CommandPassword,
    Kind::PasswordHash,
    Kind::Cookie,
    Kind::Signature,
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
            Self::CommandPassword => "command password",
            Self::PasswordHash => "password hash",
            Self::Cookie => "cookie",
            Self::Signature => "signature",
        }
    }
}

/// How a mark begins.
pub(super) const MARK: &str = "[masked: ";

/// The length of the mark that stands here, if one does. Its own words are no names.
pub(super) fn mark(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?.strip_prefix(MARK.as_bytes())?;
    let kind = KINDS.iter().find(|kind| {
        rest.strip_prefix(kind.as_str().as_bytes())
            .is_some_and(|rest| rest.starts_with(b"]"))
    })?;
    Some(MARK.len() + kind.as_str().len() + 1)
}
