//! Whether a value beside a telling name is a secret, or a word, a type, a call, a path or a place for one.

use super::pieces::{STANDS_FOR, pieces};

/// How much of a value is looked at.
const MAX_LOOK: usize = 128;

/// How telling a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// A person may have chosen the value: any word may be one.
    Password,
    /// A machine made the value.
    Secret,
    /// The name is used for other things as well; the value must look random.
    Perhaps,
    /// The value of a cookie or a signature: letters without a meaning.
    Session,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// What stands there is the value itself: a variable of the environment, a flag, a query, a header.
    Literal,
    /// Between quotes.
    Quoted,
    /// Alone on its line behind its name, as in YAML and INI.
    Line,
    /// Anywhere else; most of it is code.
    Code,
}

/// Values that are types, booleans, ways of work or places for a value, in lower case.
///
/// Well-known defaults (`changeme`) are among them: they guard nothing, and that one is in use is what
/// a diagnosis needs to see.
const HARMLESS: &[&str] = &[
    "admin",
    "always",
    "any",
    "apikey",
    "array",
    "async",
    "await",
    "base64",
    "basic",
    "bearer",
    "bool",
    "boolean",
    "bytes",
    "change-me",
    "change_me",
    "changeit",
    "changeme",
    "char",
    "credentials",
    "data",
    "default",
    "disabled",
    "empty",
    "enabled",
    "encrypted",
    "external",
    "false",
    "file",
    "float",
    "guest",
    "hashed",
    "hidden",
    "include",
    "inherit",
    "input",
    "int",
    "integer",
    "internal",
    "invalid",
    "letmein",
    "match",
    "missing",
    "never",
    "none",
    "null",
    "number",
    "object",
    "omit",
    "option",
    "optional",
    "plain",
    "plaintext",
    "postgres",
    "prompt",
    "qwerty",
    "read",
    "redacted",
    "required",
    "return",
    "same-origin",
    "self",
    "string",
    "symbol",
    "text",
    "true",
    "undefined",
    "unknown",
    "unset",
    "value",
    "varchar",
    "vault",
    "write",
];

/// How long the longest of them is.
const LONGEST_HARMLESS: usize = 11;

/// Names of algorithms: they have digits as secrets do.
const ALGORITHMS: &[&str] = &[
    "sha", "md5", "base64", "argon2", "pbkdf2", "aes", "hs256", "hs512", "rs256", "es256",
    "ed25519", "x25519", "secp", "utf", "oauth", "bcrypt", "scrypt", "scram", "p256", "rsa",
    "hmac", "pkcs", "x509", "tls1", "http", "ipv",
];

/// Whether a value is a secret and not something else.
pub(super) fn is_secret(value: &str, telling: Telling, place: Place) -> bool {
    // The look is bounded, so that many names before one long value stay linear.
    let mut look = value.len().min(MAX_LOOK);
    while !value.is_char_boundary(look) {
        look -= 1;
    }
    let value = &value[..look];
    let sight = Sight::of(value);
    let trimmed = value.trim_end_matches(['.', ',', ';', ':']);
    if trimmed.len() < 4 {
        return false;
    }
    let pieces = pieces(trimmed.as_bytes());
    if pieces & STANDS_FOR != 0 || sight.stands_for_another(trimmed) {
        return false;
    }
    if telling == Telling::Session {
        return place == Place::Literal && value.len() >= 12 && sight.digits > 0
            || is_random(value);
    }
    if sight.blanks > 0 {
        return place == Place::Quoted && telling == Telling::Password && is_passphrase(value);
    }
    if telling == Telling::Perhaps {
        return place != Place::Code && is_random(value) && !is_hash(value);
    }
    if sight.digits == value.len() {
        return telling == Telling::Password && place != Place::Code;
    }
    let is_default = pieces & !STANDS_FOR != 0;
    match place {
        Place::Code => !sight.is_code && !sight.is_path(value) && is_strong(value, &sight, telling),
        Place::Line if sight.is_code || sight.is_path(value) => false,
        _ if sight.is_words(trimmed) => {
            let plain = !is_default && sight.uppers == 0;
            is_random(value)
                || match (telling, place) {
                    (Telling::Password, Place::Line) => plain && value.len() >= 6,
                    (Telling::Password, Place::Quoted) => plain && value.len() >= 5,
                    (Telling::Password, _) => plain,
                    // Words with `-` between may be a pass phrase; with `_`, `.`, `/` or `:` they are a name.
                    (_, Place::Literal) => {
                        plain && !value.contains(['_', '.', '/', ':']) && value.len() >= 10
                    }
                    _ => false,
                }
        }
        _ if starts_with_any(value, ALGORITHMS) && !is_random(value) => false,
        _ if is_default && sight.digits < 3 && sight.uppers == 0 => false,
        Place::Line | Place::Quoted if telling == Telling::Secret => {
            let alone = sight.others == 0 && value.len() >= 6;
            is_random(value) || alone || !is_name(value) && value.len() >= 8 && sight.digits > 0
        }
        _ if telling == Telling::Secret => value.len() >= 6 && sight.digits > 0,
        _ => true,
    }
}

/// What one look at a value tells.
struct Sight {
    digits: usize,
    uppers: usize,
    /// Neither letters nor digits.
    others: usize,
    blanks: usize,
    is_code: bool,
    /// Signs of a place for a value, or of an address.
    is_place: bool,
}

impl Sight {
    fn of(value: &str) -> Self {
        let mut sight = Self {
            digits: 0,
            uppers: 0,
            others: 0,
            blanks: 0,
            is_code: false,
            is_place: false,
        };
        let bytes = &value.as_bytes()[..value.len().min(MAX_LOOK)];
        for (at, byte) in bytes.iter().copied().enumerate() {
            match byte {
                b'0'..=b'9' => sight.digits += 1,
                b'A'..=b'Z' => sight.uppers += 1,
                b'a'..=b'z' => {}
                _ => {
                    sight.others += 1;
                    sight.blanks += usize::from(byte.is_ascii_whitespace());
                    let before = &bytes[at.saturating_sub(2)..at];
                    let last = before.last().copied().unwrap_or_default();
                    sight.is_code |=
                        matches!(byte, b'(' | b'[' | b'{' | b']' | b'\'' | b'"' | b'`')
                            || matches!((last, byte), (b':', b':') | (b'-' | b'=', b'>'));
                    sight.is_place |=
                        matches!((last, byte), (b'$' | b'{' | b'#', b'{') | (b'$', b'('))
                            || byte == b'/' && before == b":/"
                            || byte == 0xA6 && before == [0xE2, 0x80];
                }
            }
        }
        sight
    }

    /// `${X}`, `<token>`, `****`, `your-key`, `/run/secrets/x`.
    fn stands_for_another(&self, value: &str) -> bool {
        let first = value.as_bytes().first().copied().unwrap_or_default();
        let opens = matches!(
            first,
            b'$' | b'<' | b'{' | b'[' | b'(' | b'`' | b',' | b';' | b')' | b'|' | b'=' | b'?'
        ) && !(first == b'$'
            && self.digits > 2
            && self.uppers > 0
            && !value.contains(['{', '(']));
        let path = value.starts_with("./")
            || value.starts_with("~/")
            || value.starts_with("../")
            || first == b'/' && (value[1..].contains('/') || !is_random(value));
        let format = first == b'%' && value.len() < 12 && value.ends_with(['s', 'd', '%', 'v']);
        opens
            || value.starts_with("--")
            || path
            || format
            || self.is_place
            || value.starts_with("-----BEGIN")
            || value.starts_with("sha256:")
            || value.len() <= LONGEST_HARMLESS
                && HARMLESS
                    .iter()
                    .any(|harmless| harmless.eq_ignore_ascii_case(value))
            || value
                .bytes()
                .all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-' | b'_' | b'?' | b'#'))
    }

    /// `self.token`, `Kind::Token`, `config.token2`: names with dots between.
    #[expect(clippy::unused_self, reason = "it reads as a question about the look")]
    fn is_path(&self, value: &str) -> bool {
        value.contains('.')
            && value.split('.').all(|piece| {
                (1..=32).contains(&piece.len())
                    && !piece.starts_with(|one: char| one.is_ascii_digit())
                    && is_identifier(piece)
                    && !is_random(piece)
            })
    }

    /// Letters only, perhaps with `_`, `-`, `.`, `/` between.
    fn is_words(&self, value: &str) -> bool {
        self.digits == 0
            && value.bytes().take(MAX_LOOK).all(|byte| {
                byte.is_ascii_alphabetic()
                    || matches!(byte, b'_' | b'-' | b'.' | b'/' | b':')
                    || !byte.is_ascii()
            })
    }
}

/// In code an unquoted value is a secret only where no name of a variable looks like it.
fn is_strong(value: &str, sight: &Sight, telling: Telling) -> bool {
    let classes = usize::from(sight.digits > 0)
        + usize::from(sight.uppers > 0)
        + usize::from(value.bytes().any(|byte| byte.is_ascii_lowercase()))
        + usize::from(value.bytes().any(|byte| {
            byte.is_ascii_punctuation() && !matches!(byte, b'_' | b'-' | b'.' | b':' | b'/')
        }));
    is_random(value)
        || telling == Telling::Password
            && sight.digits > 0
            && value.len() >= 8
            && (classes >= 3 && !is_name(value) || changes(value) >= 3)
}

/// Whether every piece of the value is a word, or a word with a short number behind it.
fn is_name(value: &str) -> bool {
    value.split(['-', '_', '.', '/', ':']).all(|piece| {
        let word = piece.trim_end_matches(|one: char| one.is_ascii_digit());
        piece.len() - word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic())
            || piece.len() <= 4 && word.is_empty()
    }) && !is_random(value)
}

fn is_identifier(piece: &str) -> bool {
    piece
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
}

/// How often letters and digits take turns.
fn changes(value: &str) -> usize {
    let bytes = &value.as_bytes()[..value.len().min(MAX_LOOK)];
    bytes
        .windows(2)
        .filter(|pair| {
            pair[0].is_ascii_alphanumeric()
                && pair[1].is_ascii_alphanumeric()
                && pair[0].is_ascii_digit() != pair[1].is_ascii_digit()
        })
        .count()
}

/// Whether nobody would have chosen these letters as a name: letters, cases and digits take turns too often.
pub(super) fn is_random(value: &str) -> bool {
    let bytes = &value.as_bytes()[..value.len().min(MAX_LOOK)];
    let odd = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"_-+/=.%~:".contains(byte);
    if bytes.len() < 16 || bytes.iter().any(odd) {
        return false;
    }
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .count();
    // From a capital to a small letter is how a word begins.
    let turns = bytes
        .windows(2)
        .filter(|pair| {
            let class = |byte: u8| match byte {
                b'0'..=b'9' => 1,
                b'A'..=b'Z' => 2,
                b'a'..=b'z' => 3,
                _ => 0,
            };
            let (first, second) = (class(pair[0]), class(pair[1]));
            first != 0 && second != 0 && first != second && (first, second) != (2, 3)
        })
        .count();
    letters >= 14 && turns * 4 >= letters
}

/// A digest, an id or a commit: letters that are shown everywhere.
fn is_hash(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Four lower-case words that make no sentence.
fn is_passphrase(value: &str) -> bool {
    const OF_SENTENCES: &[&str] = &[
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "if",
        "in",
        "is",
        "it",
        "must",
        "not",
        "of",
        "or",
        "the",
        "this",
        "to",
        "used",
        "was",
        "with",
        "you",
        "your",
        "password",
        "passphrase",
        "secret",
        "key",
        "de",
        "le",
        "la",
        "der",
        "die",
        "das",
    ];
    value.len() <= 128
        && value.split(' ').count() >= 4
        && value.split(' ').all(|word| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase())
                && !OF_SENTENCES.contains(&word)
        })
}

fn starts_with_any(value: &str, pieces: &[&str]) -> bool {
    pieces.iter().any(|piece| {
        value
            .as_bytes()
            .get(..piece.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(piece.as_bytes()))
    })
}

/// Whether this is base64 of `user:password`.
pub(super) fn is_encoded_login(value: &str) -> bool {
    let bytes = value.trim_end_matches('=').as_bytes();
    if bytes.len() < 6 || bytes.len() > 512 {
        return false;
    }
    let mut has_colon = false;
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        held = (held << 6 | u32::from(six)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let one = held >> bits & 0xFF;
            if !(0x20..0x7F).contains(&one) {
                return false;
            }
            has_colon |= one == u32::from(b':');
        }
    }
    has_colon
}
