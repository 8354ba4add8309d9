//! Tokens known by their form.

use super::{Kind, MARK, Span, mark};

/// A token that starts with a prefix of its own.
struct Form {
    prefix: &'static str,
    kind: Kind,
    /// How many bytes of the token's alphabet must follow.
    least: usize,
    /// The longest that may follow; longer is something else.
    most: usize,
    letters: fn(u8) -> bool,
}

const ANY: usize = usize::MAX;

/// How far the password of a URL is looked for.
const MOST: usize = 512;

const fn form(
    prefix: &'static str,
    kind: Kind,
    least: usize,
    most: usize,
    letters: fn(u8) -> bool,
) -> Form {
    Form {
        prefix,
        kind,
        least,
        most,
        letters,
    }
}

const FORMS: &[Form] = &[
    form("AKIA", Kind::CloudKey, 16, 16, is_upper),
    form("ASIA", Kind::CloudKey, 16, 16, is_upper),
    form("AIza", Kind::CloudKey, 35, 35, is_url_safe),
    form("ya29.", Kind::CloudKey, 20, ANY, is_url_safe),
    form("dop_v1_", Kind::CloudKey, 40, ANY, is_word),
    form("hvs.", Kind::CloudKey, 20, ANY, is_url_safe),
    form("GOCSPX-", Kind::CloudKey, 28, 28, is_url_safe),
    form("dapi", Kind::CloudKey, 32, 32, is_word),
    form("pscale_tkn_", Kind::CloudKey, 32, ANY, is_url_safe),
    form("sbp_", Kind::CloudKey, 40, ANY, is_word),
    form("dp.pt.", Kind::CloudKey, 40, ANY, is_word),
    form("pul-", Kind::CloudKey, 40, 40, is_word),
    form("glsa_", Kind::CloudKey, 32, ANY, is_word),
    form("sntrys_", Kind::CloudKey, 40, ANY, is_url_safe),
    form("NRAK-", Kind::CloudKey, 27, 27, is_upper),
    form("PMAK-", Kind::CloudKey, 59, 59, is_url_safe),
    form("ghp_", Kind::ForgeToken, 30, ANY, is_word),
    form("gho_", Kind::ForgeToken, 30, ANY, is_word),
    form("ghu_", Kind::ForgeToken, 30, ANY, is_word),
    form("ghs_", Kind::ForgeToken, 30, ANY, is_word),
    form("ghr_", Kind::ForgeToken, 30, ANY, is_word),
    form("github_pat_", Kind::ForgeToken, 30, ANY, is_word),
    form("glpat-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("gldt-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("glrt-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("glptt-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("npm_", Kind::ForgeToken, 36, 36, is_word),
    form("pypi-", Kind::ForgeToken, 50, ANY, is_url_safe),
    form("ops_eyJ", Kind::CloudKey, 40, ANY, is_url_safe),
    form("LTAI", Kind::CloudKey, 20, 20, is_word),
    form("rubygems_", Kind::ForgeToken, 48, 48, is_word),
    form("dckr_pat_", Kind::ForgeToken, 27, 27, is_url_safe),
    form("lin_api_", Kind::ForgeToken, 40, ANY, is_word),
    form("ATATT3", Kind::ForgeToken, 60, ANY, is_url_safe),
    form("AGE-SECRET-KEY-1", Kind::PrivateKey, 58, 58, is_upper),
    form(
        "hooks.slack.com/services/",
        Kind::ChatToken,
        40,
        ANY,
        is_path,
    ),
    form("ABSK", Kind::ModelKey, 90, ANY, is_base64),
    form("CFPAT-", Kind::CloudKey, 40, ANY, is_url_safe),
    form("EAACEdEose0cBA", Kind::ChatToken, 30, ANY, is_word),
    form("ATCTT3", Kind::ForgeToken, 60, ANY, is_url_safe_or_equal),
    form("NRII-", Kind::CloudKey, 32, 32, is_url_safe),
    form("NRJS-", Kind::CloudKey, 19, 19, is_word),
    form("SK", Kind::ChatToken, 32, 32, is_lower_hex),
    form("cio", Kind::ForgeToken, 32, 32, is_word),
    form("dckr_oat_", Kind::ForgeToken, 27, 40, is_url_safe),
    form(
        "discord.com/api/webhooks/",
        Kind::ChatToken,
        60,
        ANY,
        is_path_safe,
    ),
    form(
        "discordapp.com/api/webhooks/",
        Kind::ChatToken,
        60,
        ANY,
        is_path_safe,
    ),
    form("doo_v1_", Kind::CloudKey, 40, ANY, is_word),
    form("dor_v1_", Kind::CloudKey, 40, ANY, is_word),
    form("dp.ct.", Kind::CloudKey, 40, ANY, is_word),
    form("dp.sa.", Kind::CloudKey, 40, ANY, is_word),
    form("dp.scim.", Kind::CloudKey, 40, ANY, is_word),
    form("dp.st.", Kind::CloudKey, 40, ANY, is_word_or_dot),
    form("figd_", Kind::ForgeToken, 32, ANY, is_url_safe),
    form("figdr_", Kind::ForgeToken, 32, ANY, is_url_safe),
    form("fo1_", Kind::CloudKey, 40, ANY, is_url_safe),
    form("FlyV1 fm2_", Kind::CloudKey, 40, ANY, is_base64),
    form("glagent-", Kind::ForgeToken, 40, ANY, is_url_safe),
    form("glcbt-", Kind::ForgeToken, 20, ANY, is_url_safe),
    form("glffct-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("glft-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("glimt-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("gloas-", Kind::ForgeToken, 40, ANY, is_url_safe),
    form("glsoat-", Kind::ForgeToken, 18, ANY, is_url_safe),
    form("glc_", Kind::CloudKey, 32, ANY, is_base64),
    form("hvb.", Kind::CloudKey, 20, ANY, is_url_safe),
    form("hvr.", Kind::CloudKey, 20, ANY, is_url_safe),
    form("key-", Kind::PaymentKey, 32, 32, is_lower_hex),
    form("lin_oauth_", Kind::ForgeToken, 40, ANY, is_word),
    form("nfp_", Kind::CloudKey, 30, ANY, is_word),
    form("ntn_", Kind::ForgeToken, 40, ANY, is_word),
    form("nvapi-", Kind::ModelKey, 40, ANY, is_url_safe),
    form("pat-eu1-", Kind::ForgeToken, 36, 36, is_url_safe),
    form("pat-na1-", Kind::ForgeToken, 36, 36, is_url_safe),
    form("pplx-", Kind::ModelKey, 40, ANY, is_word),
    form("pscale_oauth_", Kind::CloudKey, 32, ANY, is_url_safe),
    form("pscale_pw_", Kind::CloudKey, 32, ANY, is_url_safe),
    form("re_", Kind::PaymentKey, 32, 40, is_word),
    form("rnd_", Kind::CloudKey, 28, 40, is_word),
    form("rzp_live_", Kind::PaymentKey, 14, ANY, is_word),
    form("rzp_test_", Kind::PaymentKey, 14, ANY, is_word),
    form("sb_secret_", Kind::CloudKey, 28, ANY, is_url_safe),
    form("secret_", Kind::ForgeToken, 43, 43, is_word),
    form("shpca_", Kind::PaymentKey, 32, ANY, is_word),
    form("shppa_", Kind::PaymentKey, 32, ANY, is_word),
    form("sk-admin-", Kind::ModelKey, 20, ANY, is_url_safe),
    form("sk-svcacct-", Kind::ModelKey, 20, ANY, is_url_safe),
    form("sl.", Kind::CloudKey, 100, ANY, is_url_safe),
    form("sntryu_", Kind::CloudKey, 40, ANY, is_word),
    form("tfp_", Kind::ForgeToken, 40, ANY, is_word),
    form("tskey-", Kind::CloudKey, 20, ANY, is_url_safe),
    form("xkeysib-", Kind::PaymentKey, 64, ANY, is_url_safe),
    form("xoxc-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxd-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxe-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxe.", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxb-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxp-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxa-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxr-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xoxs-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("xapp-", Kind::ChatToken, 10, ANY, is_url_safe),
    form("sk_live_", Kind::PaymentKey, 16, ANY, is_word),
    form("sk_test_", Kind::PaymentKey, 16, ANY, is_word),
    form("rk_live_", Kind::PaymentKey, 16, ANY, is_word),
    form("rk_test_", Kind::PaymentKey, 16, ANY, is_word),
    form("whsec_", Kind::PaymentKey, 24, ANY, is_word),
    form("SG.", Kind::PaymentKey, 40, ANY, is_url_safe_or_dot),
    form("shpat_", Kind::PaymentKey, 32, ANY, is_word),
    form("sq0atp-", Kind::PaymentKey, 22, 22, is_url_safe),
    form("sq0csp-", Kind::PaymentKey, 43, 43, is_url_safe),
    form("shpss_", Kind::PaymentKey, 32, ANY, is_word),
    form("sk-ant-", Kind::ModelKey, 20, ANY, is_url_safe),
    form("sk-proj-", Kind::ModelKey, 20, ANY, is_url_safe),
    form("sk-or-", Kind::ModelKey, 20, ANY, is_url_safe),
    form("sk-", Kind::ModelKey, 32, ANY, is_word),
    form("hf_", Kind::ModelKey, 30, ANY, is_word),
    form("gsk_", Kind::ModelKey, 40, ANY, is_word),
    form("r8_", Kind::ModelKey, 37, 37, is_word),
    form("xai-", Kind::ModelKey, 60, ANY, is_word),
];

/// For each first letter of a token, a bit for each second: most words are ruled out by one look.
const BEGINS: [u128; 128] = {
    let mut begins = [0; 128];
    let mut at = 0;
    while at < FORMS.len() {
        let prefix = FORMS[at].prefix.as_bytes();
        begins[prefix[0] as usize] |= 1 << prefix[1];
        at += 1;
    }
    begins
};

/// Whether two letters begin one of these words.
pub(super) fn may_begin(begins: &[u128; 128], first: u8, second: u8) -> bool {
    second < 128
        && begins
            .get(usize::from(first))
            .is_some_and(|seconds| seconds >> second & 1 == 1)
}

/// Where the forms that begin with two bytes are listed.
const fn slot(first: u8, second: u8) -> usize {
    first.wrapping_mul(31).wrapping_add(second) as usize
}

/// Stands for no form.
const NONE: u8 = u8::MAX;

/// The first form of each slot, and for each form the next of its slot.
const LISTS: ([u8; 256], [u8; FORMS.len()]) = {
    let mut heads = [NONE; 256];
    let mut nexts = [NONE; FORMS.len()];
    let mut at = FORMS.len();
    while at > 0 {
        at -= 1;
        let prefix = FORMS[at].prefix.as_bytes();
        let slot = slot(prefix[0], prefix[1]);
        nexts[at] = heads[slot];
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer than that")]
        {
            assert!(at < NONE as usize);
            heads[slot] = at as u8;
        }
    }
    (heads, nexts)
};
const HEADS: [u8; 256] = LISTS.0;
const NEXTS: [u8; FORMS.len()] = LISTS.1;

/// The token that starts here, if one does.
pub(super) fn token(text: &str, at: usize, runs: &mut Runs) -> Option<Span> {
    let bytes = text.as_bytes();
    let rest = bytes.get(at..)?;
    if matches!(rest.first()?, b'M' | b'N' | b'O')
        && let Some(span) = discord(bytes, at, runs)
    {
        return Some(span);
    }
    match rest.first()? {
        b'0'..=b'9' => return telegram(bytes, at),
        b'e' if rest.starts_with(b"eyJ") => return jwt(bytes, at, runs),
        byte if may_begin(&BEGINS, *byte, *rest.get(1)?) => {}
        _ => return None,
    }
    let second = *rest.get(1)?;
    let mut index = HEADS[slot(rest[0], second)];
    let form = loop {
        let form = FORMS.get(usize::from(index))?;
        if rest.starts_with(form.prefix.as_bytes()) {
            break form;
        }
        index = NEXTS[usize::from(index)];
    };
    let start = at + form.prefix.len();
    // A bounded look first, so that a text of nothing but prefixes stays linear.
    let enough = bytes
        .get(start..start.checked_add(form.least)?)?
        .iter()
        .all(|byte| (form.letters)(*byte));
    if !enough {
        return None;
    }
    // What is too long is nothing: one byte more than the longest tells.
    let bounded = start.saturating_add(form.most).saturating_add(1);
    let end = run(&bytes[..bytes.len().min(bounded)], start, form.letters);
    runs.steps += end - start;
    // Names of variables have no digits, and the documentation's own keys say that they are examples.
    let token = &bytes[start..end];
    let is_name = !token.iter().any(u8::is_ascii_digit) && token.len() < 40
        || token.ends_with(b"EXAMPLE")
        || token
            .iter()
            .all(|byte| matches!(byte, b'x' | b'X' | b'.' | b'-' | b'_'));
    // What a mark cuts off was longer.
    let fits = end - start <= form.most && (form.most == ANY || mark(bytes, end).is_none());
    (fits && !is_name).then_some(Span {
        start: at,
        end,
        kind: form.kind,
    })
}

/// Discord's token: a number, a time and a digest in base64, with dots between.
fn discord(bytes: &[u8], at: usize, runs: &mut Runs) -> Option<Span> {
    let look = &bytes[at..bytes.len().min(at + 96)];
    let mut pieces = look.split(|byte| !is_url_safe(*byte));
    let (first, second, third) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let end = at + first.len() + second.len() + third.len() + 2;
    let is_token = (23..=28).contains(&first.len())
        && second.len() == 6
        && (27..=40).contains(&third.len())
        && look[first.len()] == b'.'
        && look[first.len() + 7] == b'.';
    runs.steps += first.len().min(8);
    is_token.then_some(Span {
        start: at,
        end,
        kind: Kind::ChatToken,
    })
}

/// A bot's token: its number, a colon, 35 letters.
fn telegram(bytes: &[u8], at: usize) -> Option<Span> {
    let digits = bytes
        .get(at..(at + 13).min(bytes.len()))?
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let start = at + digits + 1;
    if !(6..=12).contains(&digits) || bytes.get(at + digits) != Some(&b':') {
        return None;
    }
    let secret = bytes.get(start..start + 35)?;
    let ends = bytes.get(start + 35).is_none_or(|byte| !is_url_safe(*byte))
        && mark(bytes, start + 35).is_none();
    // A number and a hash of 35 digits do not occur; letters of both cases do.
    let mixed =
        secret.iter().any(u8::is_ascii_uppercase) && secret.iter().any(u8::is_ascii_lowercase);
    (ends && mixed && secret.iter().all(|byte| is_url_safe(*byte))).then_some(Span {
        start: at,
        end: start + 35,
        kind: Kind::ChatToken,
    })
}

/// Where runs of letters end, remembered so that none is searched twice.
#[derive(Debug, Default)]
pub(super) struct Runs {
    first: std::ops::Range<usize>,
    second: std::ops::Range<usize>,
    /// How many bytes were searched.
    pub(super) steps: usize,
}

/// Three pieces of base64 with dots between, the first being an object.
fn jwt(bytes: &[u8], at: usize, runs: &mut Runs) -> Option<Span> {
    let Runs {
        first,
        second,
        steps,
    } = runs;
    let mut end_of = |known: &mut std::ops::Range<usize>, from: usize| {
        if !known.contains(&from) {
            *known = from..run(bytes, from, is_url_safe);
            *steps += known.len();
        }
        known.end
    };
    let first = end_of(first, at);
    if first - at < 10
        || bytes.get(first) != Some(&b'.')
        || !bytes.get(first + 1..)?.starts_with(b"eyJ")
    {
        return None;
    }
    let second = end_of(second, first + 1);
    if bytes.get(second) != Some(&b'.') {
        return None;
    }
    let end = run(bytes, second + 1, is_url_safe);
    *steps += end - second;
    Some(Span {
        start: at,
        end,
        kind: Kind::Jwt,
    })
}

/// Where the mark of a password begins in a URL that was masked before, seen from the colon of `://`.
pub(super) fn masked_password(bytes: &[u8], at: usize) -> Option<usize> {
    let start = at + "://".len();
    if !bytes.get(at..)?.starts_with(b"://") {
        return None;
    }
    let most = bytes.len().min(start + MOST + MARK.len());
    let rest = bytes.get(start..most)?;
    let space = rest
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || is_end_of_authority(*byte))?;
    let found = start + space.checked_sub(MARK.len() - 1)?;
    let after = found + mark(bytes, found)?;
    let is_password =
        bytes[found..after].ends_with(b" password]") && bytes.get(after) == Some(&b'@');
    is_password.then_some(found)
}

/// The password in `scheme://user:password@host`, seen from the colon of `://`.
pub(super) fn url_password(bytes: &[u8], at: usize) -> Option<Span> {
    let start = at + 3;
    if !bytes.get(at..)?.starts_with(b"://") || at == 0 || !bytes[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    let authority = bytes.get(start..(start + MOST).min(bytes.len()))?;
    let length = authority
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || is_end_of_authority(*byte))
        .unwrap_or(authority.len());
    // Where a mark stands, it was read before.
    if authority[..length].ends_with(b"[masked:") {
        return None;
    }
    let host = authority[..length].iter().rposition(|byte| *byte == b'@')?;
    let user = authority[..host].iter().position(|byte| *byte == b':');
    let secret = match user {
        // Where the name itself is a token, both are.
        Some(colon) if colon >= 20 && is_random_piece(&authority[..colon]) => 0..host,
        Some(colon) => colon + 1..host,
        // A name alone that is long enough is a token.
        None if host >= 20 => 0..host,
        None => return None,
    };
    let value = &authority[secret.clone()];
    // Words of documentation stand for a password; those that everyone knows guard nothing.
    let user_name = user.map_or(&authority[..0], |colon| &authority[..colon]);
    let is_default = matches!(value, b"postgres" | b"root" | b"guest" | b"test")
        && user_name == value
        || ["password", "passwd", "pass", "pwd", "pw"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
    let placeholder = value.len() < 3
        || value.contains(&b']')
        || is_default
        || user == Some(0) && value.contains(&b':')
        || value.starts_with(b"$")
        || value.starts_with(b"%s")
        || value.starts_with(b"{")
        || value.starts_with(b"[masked")
        || value.iter().all(|byte| *byte == b'*');
    (!placeholder).then_some(Span {
        start: start + secret.start,
        end: start + secret.end,
        kind: Kind::UrlPassword,
    })
}

fn is_random_piece(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(super::values::is_random)
}

fn is_end_of_authority(byte: u8) -> bool {
    matches!(
        byte,
        b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b','
    )
}

/// Where a run of letters ends.
pub(super) fn run(bytes: &[u8], start: usize, letters: fn(u8) -> bool) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start
        + rest
            .iter()
            .position(|byte| !letters(*byte))
            .unwrap_or(rest.len())
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

pub(super) fn is_url_safe(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

pub(super) fn is_url_safe_or_dot(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'.'
}

fn is_word_or_dot(byte: u8) -> bool {
    is_word(byte) || byte == b'.'
}

fn is_url_safe_or_equal(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'='
}

pub(super) fn is_base64(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'+' | b'/' | b'=' | b'-')
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_path_safe(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'/'
}

fn is_path(byte: u8) -> bool {
    is_word(byte) || byte == b'/'
}
