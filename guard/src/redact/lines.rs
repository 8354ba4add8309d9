//! Secrets known by the form of what is around them: password hashes and lines of `.pgpass`.

use super::forms::{is_base64, is_url_safe, is_url_safe_or_dot};
use super::{Kind, Span};

/// The hash of a password: `$6$…`, `$2y$…`, `$argon2id$…`, `{SSHA}…`.
pub(super) fn hash(bytes: &[u8], at: usize, steps: &mut usize) -> Option<Span> {
    const PREFIXES: &[(&[u8], usize)] = &[
        (b"$1$", 22),
        (b"$5$", 40),
        (b"$6$", 60),
        (b"$7$", 40),
        (b"$y$", 40),
        (b"$2a$", 50),
        (b"$2b$", 50),
        (b"$2y$", 50),
        (b"$apr1$", 22),
        (b"$argon2i$", 40),
        (b"$argon2id$", 40),
        (b"$scrypt$", 40),
        (b"$pbkdf2-sha256$", 40),
        (b"$pbkdf2-sha512$", 40),
        (b"{SSHA}", 24),
        (b"{SHA}", 24),
        (b"{SSHA512}", 40),
    ];
    let rest = &bytes[at..bytes.len().min(at + 320)];
    let known = PREFIXES.iter().find(|(prefix, _)| rest.starts_with(prefix));
    let is_named = || {
        [&b"pbkdf2_sha256"[..], b"pbkdf2_sha1", b"SCRAM-SHA-256"]
            .iter()
            .any(|name| bytes[..at].ends_with(name))
    };
    let (prefix, least) = match known {
        Some((prefix, least)) => (*prefix, *least),
        None if is_named() => (&b"$"[..], 40),
        None => return None,
    };
    let length = rest[prefix.len()..]
        .iter()
        .position(|byte| !(is_base64(*byte) || matches!(byte, b'$' | b'.' | b',')))
        .unwrap_or(rest.len() - prefix.len());
    *steps += length.min(8);
    (length >= least).then_some(Span {
        start: at,
        end: at + prefix.len() + length,
        kind: Kind::PasswordHash,
    })
}

/// The password of a line of `.pgpass`: `host:port:database:user:password`.
pub(super) fn pgpass(bytes: &[u8], start: usize, steps: &mut usize) -> Option<Span> {
    let host = bytes
        .get(start..)?
        .iter()
        .take(64)
        .position(|byte| !(is_url_safe_or_dot(*byte) || *byte == b'*'))?;
    *steps += host.min(4);
    if host == 0 || bytes[start + host] != b':' {
        return None;
    }
    let line = &bytes[start..bytes.len().min(start + 256)];
    let line = line.split(|byte| *byte == b'\n').next()?;
    let mut fields = line.splitn(5, |byte| *byte == b':');
    let (_, port, database, user, password) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let is_port =
        port == b"*" || (4..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
    let is_name = |name: &[u8]| {
        !name.is_empty() && name.iter().all(|byte| is_url_safe(*byte) || *byte == b'*')
    };
    let has_digit = database.iter().all(u8::is_ascii_digit);
    let is_line = is_port
        && is_name(database)
        && is_name(user)
        && !has_digit
        && password.len() >= 4
        && !password.starts_with(b"[masked")
        && !password.iter().any(u8::is_ascii_whitespace);
    let from = start + line.len() - password.len();
    is_line.then_some(Span {
        start: from,
        end: start + line.len(),
        kind: Kind::CommandPassword,
    })
}
