//! A secret cannot be printed.

use super::{Machine, shown};
use crate::mask_url;

const SECRETS: &[(&str, &str)] = &[
    ("FJORD_TELEGRAM__TOKEN", "123:hunter2"),
    ("FJORD_HOOKS__TOKEN", "hunter2"),
    ("FJORD_STORE__URL", "postgres://me:hunter2@db.example/fjord"),
    ("FJORD_THROTTLE__URL", "redis://:hunter2@cache.example:6379"),
    ("FJORD_RAG__URL", "http://me:hunter2@chroma.example:8000"),
];

#[test]
fn debug_and_show_hold_no_secret() {
    let machine = Machine::new();
    let loaded = machine.loaded(SECRETS);
    for text in [
        format!("{:?}", loaded.config),
        format!("{loaded:?}"),
        format!("{:?}", loaded.show()),
        format!("{:?}", machine.environment(SECRETS)),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn show_masks_secrets_and_keeps_hosts() {
    let machine = Machine::new();
    let loaded = machine.loaded(SECRETS);
    assert_eq!(
        shown(&machine, &loaded, "telegram.token"),
        "******** (FJORD_TELEGRAM__TOKEN)"
    );
    assert_eq!(
        shown(&machine, &loaded, "store.url"),
        "\"postgres://********@db.example/fjord\" (FJORD_STORE__URL)"
    );
    assert_eq!(
        shown(&machine, &machine.loaded(&[]), "telegram.token"),
        "\"\" (default)"
    );
    assert_eq!(
        shown(&machine, &machine.loaded(&[]), "llm.url"),
        "\"http://127.0.0.1:11434\" (default)"
    );
}

#[test]
fn problems_do_not_repeat_a_secret() {
    let machine = Machine::new();
    machine.write_user(
        "telegram.token = \"hunter2\"\nhooks.token = \"hunter2 \"\nstore.url = \"me:hunter2@db\"\n\
         throttle.url = \"redis://a b:hunter2@x\"\ntelegram.admins = [\"hunter2\"]\nllm.url = \"http://me:hunter2@x\"\n",
    );
    let (loaded, problems) = machine.load(&[
        ("FJORD_TELEGRAM__CHATS", "hunter2"),
        ("FJORD_LLM__CONTEXT", "hunter2"),
    ]);
    let text = format!("{}\n{loaded:?}", machine.text(&problems));
    assert_eq!(problems.len(), 8, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_file_that_is_no_toml_does_not_give_its_secret_away() {
    for text in [
        "telegram.token = 123:hunter2",
        "telegram.token = \"hunter2",
        "[telegram\ntoken = hunter2",
        "hunter2",
    ] {
        let machine = Machine::new();
        machine.write_user(text);
        let (_, problems) = machine.load(&[]);
        assert_eq!(problems.len(), 1);
        assert!(
            !machine.text(&problems).contains("hunter2"),
            "{}",
            problems[0]
        );
    }
}

#[test]
fn urls_are_masked_whatever_their_password_holds() {
    let check = |url: &str, expected: &str| assert_eq!(mask_url(url), expected);
    check("", "");
    check("sqlite:///data/fjord.db", "sqlite:///data/fjord.db");
    check("redis://cache:6379/0", "redis://cache:6379/0");
    check("redis://:pw@cache:6379/0", "redis://********@cache:6379/0");
    check("postgres://me:p/w@db/fjord", "postgres://********@db/fjord");
    check(
        "postgres://me:p?a@b@db/fjord",
        "postgres://********@db/fjord",
    );
    check(
        "postgres://db/fjord?sslmode=require&password=pw",
        "postgres://db/fjord?sslmode=require&password=********",
    );
    check("host=db password=pw", "********");
}
