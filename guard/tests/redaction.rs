//! What is masked and what is left. The secrets are put together here, so that no scanner takes them for real.

use guard::redact::{Kind, redact, redact_json};

fn kinds(text: &str) -> Vec<Kind> {
    redact(text)
        .masked
        .into_iter()
        .map(|(kind, _)| kind)
        .collect()
}

fn long(piece: &str, length: usize) -> String {
    piece.chars().cycle().take(length).collect()
}

#[test]
fn tokens_are_known_by_their_form() {
    let mixed = "aB3xY7kLm9";
    let cases = [
        (["AK", "IA", &long("Q7R2", 16)].concat(), Kind::CloudKey),
        (["AI", "za", &long(mixed, 35)].concat(), Kind::CloudKey),
        (["gh", "p_", &long(mixed, 36)].concat(), Kind::ForgeToken),
        (
            ["github", "_pat_", &long(mixed, 60)].concat(),
            Kind::ForgeToken,
        ),
        (["gl", "pat-", &long(mixed, 20)].concat(), Kind::ForgeToken),
        (
            ["xo", "xb-", &long("1234567890", 12), "-", &long(mixed, 24)].concat(),
            Kind::ChatToken,
        ),
        (
            ["12345", "67890:", "AA", &long(mixed, 33)].concat(),
            Kind::ChatToken,
        ),
        (
            ["sk_", "live_", &long(mixed, 24)].concat(),
            Kind::PaymentKey,
        ),
        (["sk-", "ant-", &long(mixed, 40)].concat(), Kind::ModelKey),
        (["sk-", "proj-", &long(mixed, 40)].concat(), Kind::ModelKey),
        (["sk-", &long(mixed, 48)].concat(), Kind::ModelKey),
        (
            [
                "ey",
                "JhbGciOiJIUzI1NiJ9.",
                "ey",
                "JzdWIiOiIxIn0.",
                &long(mixed, 43),
            ]
            .concat(),
            Kind::Jwt,
        ),
    ];
    for (secret, kind) in cases {
        for text in [
            secret.clone(),
            format!("curl -H 'X: {secret}' https://example.com"),
            format!("\"{secret}\","),
            format!("({secret})"),
        ] {
            let redacted = redact(&text);
            assert_eq!(redacted.masked, [(kind, 1)], "{text}");
            assert!(!redacted.text.contains(&secret), "{text}");
        }
    }
}

#[test]
fn a_private_key_is_masked_to_its_end() {
    let block = [
        "-----BEGIN ",
        "RSA PRIVATE KEY-----\nabc\ndef\n-----END ",
        "RSA PRIVATE KEY-----",
    ]
    .concat();
    assert_eq!(
        redact(&format!("key:\n{block}\nnext")).text,
        "key:\n[masked: private key]\nnext"
    );
    let cut = ["-----BEGIN ", "PRIVATE KEY-----\nabc"].concat();
    assert_eq!(redact(&cut).text, "[masked: private key]");
    assert!(kinds("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----").is_empty());
}

#[test]
fn passwords_are_known_by_what_stands_beside_them() {
    let secret = ["hunter", "2hunter"].concat();
    let cases = [
        format!("postgres://ann:{secret}@db.example.com/shop"),
        format!("redis://:{secret}@cache:6379"),
        format!("https://ann:{secret}@example.com/x"),
        format!("PASSWORD={secret}"),
        format!("export DB_PASSWORD=\"{secret}\""),
        format!("PGPASSWORD={secret} psql"),
        format!("password: {secret}"),
        format!("{{\"api_key\": \"{secret}\"}}"),
        format!("{{\\\"clientSecret\\\": \\\"{secret}\\\"}}"),
        format!("mysql --password={secret} shop"),
        format!("tool --token {secret}"),
        format!("Authorization: Bearer {secret}"),
        format!("curl -H \"authorization: Basic {secret}\""),
        format!("AWS_SECRET_ACCESS_KEY = {secret}"),
    ];
    for text in cases {
        let redacted = redact(&text);
        assert_eq!(redacted.count(), 1, "{text}");
        assert!(
            !redacted.text.contains(&secret),
            "{text} became {}",
            redacted.text
        );
    }
}

#[test]
fn look_alikes_are_left() {
    for text in [
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "id 123e4567-e89b-12d3-a456-426614174000",
        "/home/ann/.config/app/passwords/list.txt",
        "https://example.com:8080/token/refresh",
        "ann@example.com:/srv/shop",
        "git@github.com:ann/app.git",
        "const token: string = readToken();",
        "password = process.env.PASSWORD",
        "PASSWORD=$PASSWORD",
        "token_count = 1234567",
        "max_tokens: 4096",
        "the password is asked for at the terminal",
        "postgres://ann:$PGPASSWORD@db/shop",
        "sk-learn and sk-image are packages",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB",
        "2026-01-31T10:00:00 12:30:45",
        "std::token::Token",
        "AKIA is a prefix",
    ] {
        let redacted = redact(text);
        assert_eq!(redacted.text, text);
        assert!(redacted.masked.is_empty());
    }
}

#[test]
fn masking_twice_changes_nothing() {
    let secret = ["hunter", "2hunter"].concat();
    let once = redact(&format!(
        "PASSWORD={secret} https://ann:{secret}@example.com Authorization: Bearer {secret}"
    ))
    .text
    .into_owned();
    assert_eq!(redact(&once).text, once);
}

#[test]
fn json_stays_json() {
    let secret = ["hunter", "2hunter"].concat();
    let mut value = serde_json::json!({"password": secret, "token": 12_345_678, "list": [format!("TOKEN={secret}"), "plain"], "prompt": "token"});
    assert_eq!(redact_json(&mut value), 2);
    assert_eq!(
        value,
        serde_json::json!({"password": "[masked: secret]", "token": 12_345_678, "list": ["TOKEN=[masked: secret]", "plain"], "prompt": "token"})
    );
}

#[test]
fn each_kind_of_secret_is_named() {
    let word = ["Tr0ub", "4dorX9"].concat();
    let letters = long("aB3xY7kLm9", 43);
    for (text, kind) in [
        (format!("mysql -uroot -p{word} shop"), Kind::CommandPassword),
        (
            format!("curl -u ann:{word} https://example.com"),
            Kind::CommandPassword,
        ),
        (
            format!("machine example.com login ann password {word}"),
            Kind::Assignment,
        ),
        (
            format!("db.example.com:5432:shop:ann:{word}"),
            Kind::CommandPassword,
        ),
        (format!("Set-Cookie: sid={letters}; Path=/"), Kind::Cookie),
        (
            format!("https://example.com/a?se=2026&sig={letters}"),
            Kind::Signature,
        ),
        (
            format!("ann:{}{letters}{letters}", "$6$salt$"),
            Kind::PasswordHash,
        ),
        (format!("Authorization: Bearer {letters}"), Kind::Header),
        (format!("DB_PASSWORD={word}"), Kind::Assignment),
    ] {
        assert_eq!(kinds(&text), [kind], "{text}");
    }
}

#[test]
fn code_is_left_and_literals_beside_it_are_masked() {
    let word = ["Tr0ub", "4dorX9"].concat();
    for (code, literal) in [
        (
            "let token = &self.token;",
            format!("let token = \"{word}\";"),
        ),
        ("password: String,", format!("password: \"{word}\",")),
        ("password: password_hash", format!("password: {word}")),
        (
            "SECRET_KEY = os.environ[\"X\"]",
            format!("SECRET_KEY = \"{word}\""),
        ),
        ("secret: web-tls", format!("secret: {word}")),
        ("PASSWORD=$PASSWORD", format!("PASSWORD={word}")),
        (
            "mysql -u ann -p shop",
            format!("mysql -u ann -p{word} shop"),
        ),
        ("--password-file /run/x", format!("--password {word}")),
    ] {
        assert_eq!(redact(code).text, code);
        let masked = redact(&literal);
        assert_eq!(masked.count(), 1, "{literal}");
    }
}

#[test]
fn the_data_of_a_kubernetes_secret_is_masked_and_that_of_a_map_is_not() {
    let text = "kind: Secret\ndata:\n  user: YW5uYW5u\ntype: Opaque\n---\nkind: ConfigMap\ndata:\n  mode: YW5uYW5u\n";
    assert_eq!(
        redact(text).text,
        text.replacen("YW5uYW5u", "[masked: secret]", 1)
    );
}
