//! Which names tell that a secret stands beside them.

use super::values::Telling;

/// How long a name may be.
pub(super) const LONGEST: usize = 128;

/// How much of a name's end is compared.
const COMPARED: usize = 32;

/// What a name says of the value beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The value is, or may be, a secret.
    Tells(Telling),
    /// `Authorization`: a scheme and a secret.
    Authorization,
    /// `Bearer`: a secret behind a blank.
    Bearer,
    /// `Cookie`: pairs up to the end of the line.
    Cookie,
    /// `auth`, `_auth`: a user and a password in base64.
    Login,
    /// `value`: a secret if the name before it was telling.
    Value,
    /// `key`, `name`: what stands there may be a telling name.
    Name,
    /// `data` and `stringData`: of a Kubernetes secret.
    Data,
}

/// How names end, in lower case and without `_`, `-` and `.`.
const ENDINGS: &[(&str, Telling)] = &[
    ("password", Telling::Password),
    ("passwd", Telling::Password),
    ("passphrase", Telling::Password),
    ("pwd", Telling::Password),
    ("pgpass", Telling::Password),
    ("dbpass", Telling::Password),
    ("userpass", Telling::Password),
    ("smtppass", Telling::Password),
    ("requirepass", Telling::Password),
    ("masterauth", Telling::Password),
    ("secret", Telling::Secret),
    ("token", Telling::Secret),
    ("apikey", Telling::Secret),
    ("appkey", Telling::Secret),
    ("accesskey", Telling::Secret),
    ("secretkey", Telling::Secret),
    ("privatekey", Telling::Secret),
    ("secretaccesskey", Telling::Secret),
    ("authkey", Telling::Secret),
    ("signingkey", Telling::Secret),
    ("encryptionkey", Telling::Secret),
    ("credential", Telling::Secret),
    ("credentials", Telling::Secret),
    ("connectionstring", Telling::Secret),
    ("masterkey", Telling::Secret),
    ("sharedkey", Telling::Secret),
    ("presharedkey", Telling::Secret),
    ("sharedaccesskey", Telling::Secret),
    ("accountkey", Telling::Secret),
    ("secretkeybase", Telling::Secret),
    ("accesskeysecret", Telling::Secret),
    ("clientkeydata", Telling::Secret),
    ("licensekey", Telling::Secret),
    ("deploykey", Telling::Secret),
    ("webhookkey", Telling::Secret),
    ("hmackey", Telling::Secret),
    ("jwtkey", Telling::Secret),
    ("signature", Telling::Session),
    ("xamzcredential", Telling::Session),
    ("sessionid", Telling::Session),
    ("sessid", Telling::Session),
    ("session", Telling::Session),
];

/// Names whose end looks telling and whose value is shown everywhere.
const HARMLESS: &[&str] = &[
    "nexttoken",
    "pagetoken",
    "continuetoken",
    "continuationtoken",
    "cancellationtoken",
    "synctoken",
    "oldpwd",
    "invalidtoken",
    "unexpectedtoken",
    "awsaccesskey",
];

/// Pieces of a name that end in `key` and hold no secret.
const PLAIN_KEYS: &[&str] = &[
    "public",
    "pub",
    "cache",
    "sort",
    "primary",
    "foreign",
    "partition",
    "object",
    "host",
    "map",
    "idempotency",
    "dedup",
    "row",
    "group",
    "order",
    "config",
    "registry",
    "publishable",
    "anon",
    "site",
    "storage",
    "hot",
    "routing",
    "shard",
    "index",
    "lookup",
    "unique",
];

/// Other ends of names that say something.
const OTHERS: &[&str] = &[
    "authorization",
    "bearer",
    "cookie",
    "auth",
    "value",
    "key",
    "name",
    "data",
    "sig",
    "hmac",
    "sid",
    "jwt",
    "pass",
    "privatemac",
    "salt",
    "dsn",
];

/// For each last letter of a name that says something, a bit for each letter before it.
const LASTS: [u128; 26] = {
    let mut lasts = [0; 26];
    let mut at = 0;
    while at < ENDINGS.len() + OTHERS.len() {
        let word = if at < ENDINGS.len() {
            ENDINGS[at].0.as_bytes()
        } else {
            OTHERS[at - ENDINGS.len()].as_bytes()
        };
        lasts[(word[word.len() - 1] - b'a') as usize] |= 1 << word[word.len() - 2];
        at += 1;
    }
    lasts
};

/// What this name says; most names say nothing and cost a look at their last letter.
pub(super) fn role(name: &[u8]) -> Option<Role> {
    if name.len() < 3 || name.len() > LONGEST {
        return None;
    }
    let last = name[name.len() - 1] | 0x20;
    let before = name[name.len() - 2] | 0x20;
    if !last.is_ascii_lowercase()
        || before >= 128
        || LASTS[usize::from(last - b'a')] >> before & 1 == 0
    {
        return None;
    }
    let mut letters = [0_u8; COMPARED];
    let mut from = COMPARED;
    for byte in name
        .iter()
        .rev()
        .filter(|byte| byte.is_ascii_alphanumeric())
    {
        if from == 0 {
            break;
        }
        from -= 1;
        letters[from] = byte.to_ascii_lowercase();
    }
    let plain = &letters[from..];
    let tells = |telling| Some(Role::Tells(telling));
    match plain {
        b"authorization" | b"proxyauthorization" => return Some(Role::Authorization),
        b"bearer" => return Some(Role::Bearer),
        b"cookie" | b"setcookie" => return Some(Role::Cookie),
        b"privatemac" => return tells(Telling::Secret),
        b"auth" => return Some(Role::Login),
        b"value" | b"newvalue" => return Some(Role::Value),
        b"key" | b"name" => return Some(Role::Name),
        b"data" | b"stringdata" => return Some(Role::Data),
        b"sig" | b"hmac" | b"sid" | b"connectsid" | b"jwt" => return tells(Telling::Session),
        // In capitals they are the outcome of a test and the shell's folder.
        b"pass" | b"pwd" if matches!(name, b"PASS" | b"PWD") => return None,
        b"pass" => return tells(Telling::Password),
        _ => {}
    }
    if let Some((_, telling)) = ENDINGS
        .iter()
        .filter(|(ending, _)| {
            let ending = ending.as_bytes();
            ending[ending.len() - 1] == last && plain.len() >= ending.len()
        })
        .find(|(ending, _)| plain.ends_with(ending.as_bytes()))
    {
        // Each of them ends as a telling name does.
        let is_harmless = HARMLESS
            .iter()
            .any(|ending| plain.ends_with(ending.as_bytes()));
        return if is_harmless { None } else { tells(*telling) };
    }
    if has_last_piece(name, b"pass") {
        let plain_pass = [
            &b"bypass"[..],
            b"compass",
            b"renderpass",
            b"firstpass",
            b"secondpass",
        ];
        return (!plain_pass.iter().any(|ending| plain.ends_with(ending)))
            .then_some(Role::Tells(Telling::Password));
    }
    let is_key = has_last_piece(name, b"key")
        || has_last_piece(name, b"salt")
        || has_last_piece(name, b"dsn");
    let is_plain = || {
        PLAIN_KEYS
            .iter()
            .any(|piece| contains(plain, piece.as_bytes()))
    };
    (is_key && !is_plain()).then_some(Role::Tells(Telling::Perhaps))
}

/// `STRIPE_KEY`, `stripeKey`, `stripe-key`: the piece stands alone at the end.
fn has_last_piece(name: &[u8], piece: &[u8]) -> bool {
    let Some(at) = name.len().checked_sub(piece.len()) else {
        return false;
    };
    let (before, end) = name.split_at(at);
    end.eq_ignore_ascii_case(piece)
        && before.last().is_some_and(|last| {
            !last.is_ascii_alphanumeric()
                || last.is_ascii_lowercase() && end[0].is_ascii_uppercase()
        })
}

fn contains(letters: &[u8], piece: &[u8]) -> bool {
    letters.windows(piece.len()).any(|window| window == piece)
}
