//! Exit codes, help, errors, pipes.

use std::io::Read;
use std::process::Stdio;

use crate::home::{Home, finish};

#[test]
fn help_and_version_are_answers() {
    let home = Home::new();
    let help = home.run(["--help"]).expect(0);
    for word in [
        "deploy",
        "status",
        "hooks",
        "guard",
        "Exit codes: 0 done, 1 failed, 64 usage, 69",
        "77 not allowed",
    ] {
        assert!(help.out.contains(word), "{word} is missing in {}", help.out);
    }
    assert!(
        !help.out.contains("demo-service") && !help.out.contains("supervise"),
        "{}",
        help.out
    );
    assert_eq!(
        home.run(["--version"]).expect(0).out,
        concat!("fjord ", env!("CARGO_PKG_VERSION"), "\n")
    );
    for command in ["deploy", "server", "schedule", "init", "rag"] {
        home.run([command, "--help"]).expect(0);
    }
}

#[test]
fn what_cannot_be_read_exits_64() {
    let home = Home::new();
    home.run(["nonsense"]).expect(64);
    home.run(["status", "--bogus"]).expect(64);
    home.run(["server", "add"]).expect(64);
    home.run(["server", "add", "web", "--role", "palace"])
        .expect(64);
    home.run([]).expect(64);
    home.run(["history", "api", "--limit", "many"]).expect(64);
    let refused = home.run(["nonsense", "--json"]).expect(64);
    assert_eq!(refused.document()["error"]["kind"], "invalid");
}

#[test]
fn an_error_is_told_on_standard_error_and_as_json_on_standard_output() {
    let home = Home::new();
    let plain = home.run(["history", "nothing"]).expect(1);
    assert_eq!(plain.out, "");
    assert!(plain.err.starts_with("error: "), "{}", plain.err);
    let json = home.run(["history", "nothing", "--json"]).expect(1);
    assert_eq!(json.document()["error"]["kind"], "not_found");
    assert!(
        json.document()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("nothing")
    );
}

#[test]
fn a_wrong_configuration_is_refused_with_file_line_and_nearest_name() {
    let home = Home::new();
    let file = home.path().join("wrong.toml");
    std::fs::write(&file, "[store]\nurll = \"x\"\n").unwrap();
    let refused = home.run(["status", "--config", "wrong.toml"]).expect(64);
    assert!(refused.err.contains("wrong.toml:2"), "{}", refused.err);
    assert!(
        refused.err.contains("`store.url`") || refused.err.contains("`url`"),
        "{}",
        refused.err
    );
    home.run(["status", "--config", "missing.toml"]).expect(64);
}

#[test]
fn the_configuration_is_shown_with_secrets_masked_and_origins() {
    let home = Home::new();
    std::fs::write(
        home.path().join("mine.toml"),
        "[telegram]\ntoken = \"123:verysecret\"\n",
    )
    .unwrap();
    let shown = home.json(["config", "show", "--config", "mine.toml"]);
    let row = shown
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "telegram.token")
        .unwrap()
        .clone();
    assert_eq!(row["value"], "********");
    assert_eq!(row["origin"], "mine.toml:2");
    let text = home
        .run(["config", "show", "--config", "mine.toml"])
        .expect(0)
        .out;
    assert!(!text.contains("verysecret"), "{text}");
}

#[test]
fn a_store_that_is_down_exits_69() {
    let home = Home::new();
    let mut command = home.command();
    command
        .args(["server", "add", "web", "--hostname", "localhost"])
        .env("FJORD_STORE__URL", "postgres://nobody:pw@127.0.0.1:1/none");
    let refused = finish(command).expect(69);
    assert!(
        refused.err.contains("store is not available"),
        "{}",
        refused.err
    );
    assert!(!refused.err.contains("pw@"), "{}", refused.err);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let mut child = home
        .command()
        .args(["guard", "rules"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut errors)
        .unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), errors.as_str()),
        (Some(0), "")
    );
}

#[test]
fn there_is_no_colour_in_a_pipe() {
    let home = Home::new();
    home.run(["server", "add", "web", "--hostname", "localhost"])
        .expect(0);
    let text = home.run(["server", "show", "web"]).expect(0).out;
    assert!(
        !text.contains('\u{1b}') && text.starts_with("web\n"),
        "{text:?}"
    );
    assert!(
        text.chars()
            .all(|character| !('\u{206a}'..='\u{206f}').contains(&character)),
        "{text:?}"
    );
}

#[test]
fn the_demo_shows_the_road_and_leaves_nothing() {
    let home = Home::new();
    let temporary = home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = home.command();
    command.arg("demo").env("TMPDIR", &temporary);
    let tour = finish(command).expect(0).out;
    for word in [
        "runs v1, healthy",
        "went back to v1",
        "rolled_back",
        "deny (",
        "[inventory]",
        "nothing is left behind",
    ] {
        assert!(tour.contains(word), "{word} is missing in {tour}");
    }
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(
        !home.path().join("data").exists(),
        "the demo touched the user's own Fjord"
    );
}
