//! How much redaction finds, and how much it takes by mistake, counted on a generated set.
//!
//! Reached: 214 of 218 secrets are masked (recall 0.981), 1 of 240 look-alikes is (precision 0.995).
//! Forms were added for what this set first missed, so unseen forms will do worse:
//! a cookie, `sig=`, `"auth":` and `…_KEY=` with an unknown name before it are neither in the set nor masked.
//! Missed in the set are
//! passwords glued to or behind a short flag (`mysql -p…`, `curl -u user:…`, `sshpass -p …`) and `.netrc` lines;
//! taken by mistake is a type behind a telling name (`token: CancellationToken`).

use guard::redact::redact;

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";
const WORD: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const URL_SAFE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The same letters at every run.
struct Letters(u64);

impl Letters {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).expect("it is below a usize")
    }

    fn of(&mut self, alphabet: &str, length: usize) -> String {
        (0..length)
            .map(|_| char::from(alphabet.as_bytes()[self.below(alphabet.len())]))
            .collect()
    }

    fn uuid(&mut self) -> String {
        [8, 4, 4, 4, 12]
            .map(|length| self.of(HEX, length))
            .join("-")
    }
}

/// Tokens with a form of their own: the two halves of the prefix, the letters, how many.
const TOKENS: &[(&str, &str, &str, usize)] = &[
    ("AK", "IA", UPPER, 16),
    ("AS", "IA", UPPER, 16),
    ("AI", "za", URL_SAFE, 35),
    ("ya", "29.", URL_SAFE, 60),
    ("GOC", "SPX-", URL_SAFE, 28),
    ("dop_", "v1_", HEX, 64),
    ("hv", "s.", URL_SAFE, 24),
    ("gh", "p_", WORD, 36),
    ("gh", "o_", WORD, 36),
    ("gh", "u_", WORD, 36),
    ("gh", "s_", WORD, 36),
    ("gh", "r_", WORD, 36),
    ("github", "_pat_", WORD, 82),
    ("gl", "pat-", URL_SAFE, 20),
    ("gl", "dt-", URL_SAFE, 20),
    ("gl", "rt-", URL_SAFE, 20),
    ("np", "m_", WORD, 36),
    ("py", "pi-", URL_SAFE, 120),
    ("rubygems", "_", HEX, 48),
    ("dckr", "_pat_", URL_SAFE, 27),
    ("xo", "xb-", WORD, 50),
    ("xo", "xp-", WORD, 60),
    ("xa", "pp-", WORD, 60),
    ("sk_", "live_", WORD, 24),
    ("sk_", "test_", WORD, 24),
    ("rk_", "live_", WORD, 24),
    ("wh", "sec_", WORD, 32),
    ("SG", ".", URL_SAFE, 66),
    ("shp", "at_", HEX, 32),
    ("shp", "ss_", HEX, 32),
    ("sk-", "ant-", URL_SAFE, 95),
    ("sk-", "proj-", URL_SAFE, 48),
    ("sk-", "or-", WORD, 64),
    ("sk", "-", WORD, 48),
    ("h", "f_", WORD, 34),
    ("gs", "k_", WORD, 52),
    ("r8", "_", WORD, 37),
    ("xa", "i-", WORD, 80),
    ("lin", "_api_", WORD, 40),
    ("gl", "sa_", WORD, 41),
    ("sntr", "ys_", URL_SAFE, 60),
    ("da", "pi", HEX, 32),
    ("pscale", "_tkn_", URL_SAFE, 43),
    ("sb", "p_", HEX, 40),
    ("dp.", "pt.", WORD, 43),
    ("pu", "l-", HEX, 40),
    ("PM", "AK-", HEX, 59),
    ("NR", "AK-", UPPER, 27),
    ("AT", "ATT3", URL_SAFE, 180),
    ("ops_", "eyJ", URL_SAFE, 200),
    ("LT", "AI", WORD, 20),
    ("sq0", "atp-", URL_SAFE, 22),
    ("sq0", "csp-", URL_SAFE, 43),
    ("hooks.slack", ".com/services/T0/B0/", WORD, 44),
    ("AGE-SECRET", "-KEY-1", UPPER, 58),
];

/// Texts with one secret: the text and what must not be left of it.
fn secrets() -> Vec<(String, String)> {
    let mut letters = Letters(3);
    let mut set = Vec::new();
    for (first, second, alphabet, length) in TOKENS {
        let token = [first, second, letters.of(alphabet, *length).as_str()].concat();
        for text in [
            format!("curl -H 'X-Key: {token}' https://example.com"),
            format!("the old one was {token}, please rotate it"),
        ] {
            set.push((text, token.clone()));
        }
    }
    for _ in 0..6 {
        let number = letters.of("123456789", 10);
        let bot = format!("{number}:AA{}", letters.of(WORD, 33));
        set.push((format!("bot {bot} started"), bot));
        let head = ["ey", "JhbGciOiJIUzI1NiJ9"].concat();
        let web = format!(
            "{head}.ey{}.{}",
            format_args!("J{}", letters.of(WORD, 60)),
            letters.of(WORD, 43)
        );
        set.push((format!("cookie session={web}; path=/"), web));
    }
    for name in ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""] {
        let body = letters.of(BASE64, 64);
        let key = [
            "-----BEGIN ",
            name,
            "PRIVATE KEY-----\n",
            &body,
            "\n-----END ",
            name,
            "PRIVATE KEY-----",
        ];
        set.push((key.concat(), body));
    }
    beside_a_name(&mut letters, &mut set);
    set
}

/// Values without a form, known by what stands before them.
fn beside_a_name(letters: &mut Letters, set: &mut Vec<(String, String)>) {
    for scheme in [
        "postgres",
        "postgresql",
        "mysql",
        "mongodb+srv",
        "redis",
        "rediss",
        "amqp",
        "https",
        "ftp",
        "clickhouse",
    ] {
        for (length, host) in [(12, "db.example.com:5432/shop"), (24, "127.0.0.1")] {
            let word = letters.of(WORD, length);
            set.push((format!("{scheme}://ann:{word}@{host}"), word));
        }
    }
    for name in [
        "DB_PASSWORD",
        "PGPASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "API_KEY",
        "CLIENT_SECRET",
        "SESSION_TOKEN",
        "DJANGO_SECRET_KEY",
        "SECRET_KEY_BASE",
        "ENCRYPTION_KEY",
        "SMTP_PASS",
        "DB_PASS",
        "DD_APP_KEY",
    ] {
        for (open, close) in [("=", ""), ("=\"", "\""), (": ", ""), (": '", "'")] {
            let word = letters.of(WORD, 20);
            set.push((format!("export {name}{open}{word}{close}"), word));
        }
    }
    for open in [
        "\"password\": \"",
        "\"clientSecret\":\"",
        "\"refresh_token\": \"",
        "\"private_key\": \"",
        "{\\\"apiKey\\\": \\\"",
        "\"_authToken\": \"",
    ] {
        let word = letters.of(WORD, 24);
        let close = if open.contains('\\') { "\\\"}" } else { "\"," };
        set.push((format!("{open}{word}{close}"), word));
    }
    for before in [
        "Authorization: Bearer ",
        "authorization: Basic ",
        "Proxy-Authorization: Basic ",
        "Authorization: token ",
        "X-Api-Key: ",
        "X-Auth-Token: ",
        "tool login --token ",
        "tool login --password=",
        "//npm.example.com/:_authToken=",
        "Server=db;User Id=sa;Password=",
        "AccountName=shop;AccountKey=",
        "jdbc:mysql://db/shop?user=ann&password=",
        "https://example.com/hook?access_token=",
        "sshpass -p ",
        "mysql -u ann -p",
        "curl -u ann:",
        "machine example.com login ann password ",
    ] {
        let word = letters.of(WORD, 32);
        set.push((format!("{before}{word}"), word));
    }
}

/// Texts that look like secrets and are none.
fn look_alikes() -> Vec<String> {
    let mut letters = Letters(5);
    let mut set = Vec::new();
    for _ in 0..10 {
        let commit = letters.of(HEX, 40);
        let digest = letters.of(HEX, 64);
        let md5 = letters.of(HEX, 32);
        let uuid = letters.uuid();
        let image = letters.of(BASE64, 400);
        let integrity = letters.of(BASE64, 86);
        let short = letters.of(HEX, 7);
        let number = letters.of("123456789", 4);
        set.extend([
            format!("commit {commit}"),
            format!("git checkout {short} && git show {commit}"),
            format!("Merge: {short} {commit}"),
            format!("id: {uuid}"),
            format!("GET /v1/orders/{uuid}/items?page={number}"),
            format!("postgres@sha256:{digest}"),
            format!("image: ghcr.io/ann/app:v1.{number}.0@sha256:{digest}"),
            format!("checksum = \"{digest}\""),
            format!("ETag: \"{md5}\""),
            format!("\"integrity\": \"sha512-{integrity}==\","),
            format!(
                "golang.org/x/net v0.{number}.0 h1:{}=",
                letters.of(BASE64, 43)
            ),
            format!("data:image/png;base64,iVBORw0KGgo{image}"),
            format!("src=\"data:font/woff2;base64,{image}\""),
            format!("/home/ann/.cache/tokens/{md5}/passwords-{number}.json"),
            format!("target/debug/deps/guard-{}.rlib", letters.of(HEX, 16)),
            format!(
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{} ann@example.com",
                letters.of(BASE64, 44)
            ),
            format!("max_tokens: {number}"),
            format!("token_count = {number}, password_length = {number}"),
            format!(
                "pod/api-{}-{} restarted",
                letters.of(HEX, 10),
                letters.of("bcdfghjklm", 5)
            ),
            format!("https://example.com:{number}/password/reset?step=2"),
            format!(
                "2026-01-31T10:{}:45Z 203.0.113.{}:5432",
                letters.of(DIGITS, 2),
                letters.of("12", 2)
            ),
        ]);
    }
    set.extend(
        [
            "the token is read from the environment, never from the line",
            "every password is hashed before it is stored",
            "which secret: the one of the bot or the one of the store?",
            "const token: string = readToken();",
            "let password = prompt(\"Password\");",
            "pub password: SecretString,",
            "token: Token,",
            "token: CancellationToken,",
            "connect(user=user, password=password)",
            "self.token = config.token",
            "password = process.env.DB_PASSWORD",
            "token = os.environ['TOKEN']",
            "PASSWORD=$PASSWORD docker compose up",
            "token: ${{ secrets.GITHUB_TOKEN }}",
            "password: {{ vault_password }}",
            "fetch(url, { credentials: 'include' })",
            "fetch(url, { credentials: \"same-origin\" })",
            "DB_PASSWORD_FILE=/run/secrets/db",
            "secret_key: null, api_key: undefined",
            "password varchar(255) not null",
            "tokenizer: bert-base-uncased",
            "token_type: bearer",
            "secretName: shop-tls",
            "use std::token::Token;",
            "postgres://ann@db.example.com/shop",
            "postgres://ann:$PGPASSWORD@db/shop",
            "git@github.com:ann/app.git",
            "ssh://git@example.com:2222/ann/app.git",
            "sk-learn, sk-image, hf_hub and npm_config_cache",
            "arn:aws:iam::123456789012:role/deploy",
        ]
        .map(str::to_owned),
    );
    set
}

/// Whether no telling piece of the secret is left.
fn is_masked(text: &str, secret: &str) -> bool {
    let left = redact(text).text;
    !secret
        .as_bytes()
        .windows(8)
        .filter_map(|piece| std::str::from_utf8(piece).ok())
        .any(|piece| left.contains(piece))
}

#[test]
fn of_the_secrets_at_least_98_of_100_are_masked() {
    let set = secrets();
    assert!(set.len() >= 200, "{}", set.len());
    let missed: Vec<&str> = set
        .iter()
        .filter(|(text, secret)| !is_masked(text, secret))
        .map(|(text, _)| text.as_str())
        .collect();
    let found = set.len() - missed.len();
    assert!(
        found * 1_000 >= set.len() * 980,
        "{found} of {} are masked; missed:\n{}",
        set.len(),
        missed.join("\n")
    );
}

#[test]
fn of_what_is_masked_at_least_99_of_100_are_secrets() {
    let set = look_alikes();
    assert!(set.len() >= 200, "{}", set.len());
    let taken: Vec<String> = set
        .iter()
        .filter_map(|text| {
            let redacted = redact(text);
            (redacted.count() > 0).then(|| format!("{text}\n    {}", redacted.text))
        })
        .collect();
    let found = secrets()
        .iter()
        .filter(|(text, secret)| is_masked(text, secret))
        .count();
    assert!(
        found * 1_000 >= (found + taken.len()) * 990,
        "{} of {} look-alikes are masked:\n{}",
        taken.len(),
        set.len(),
        taken.join("\n")
    );
}
