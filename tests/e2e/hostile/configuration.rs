//! Configuration that cannot be what anybody meant.

use serde_json::json;
use tests::Home;

use super::{event, fjord, is_clean, refused, watched};

/// `fjord` refuses it with what is wrong and where; `fjord-hook` says so and judges with the defaults.
#[track_caller]
fn check(home: &Home, expected: &str) {
    let message = refused(home, &["status"], (64, "invalid"));
    assert!(
        message.contains(expected) && message.contains("fjord.toml"),
        "{message}"
    );
    for more in [&["up"][..], &["doctor"], &["chat"], &["config", "show"]] {
        refused(home, more, (64, "invalid"));
    }
    assert!(!home.paths().socket.exists());
    let input = json!({ "tool_input": { "command": "rm -rf /" } });
    let output = home.hook(event("PreToolUse", &input).to_string().as_bytes());
    is_clean(&output);
    output.expect_code(0);
    assert!(output.stdout.contains("\"deny\""), "{output:?}");
    assert!(output.stderr.contains("configuration: "), "{output:?}");
    assert!(output.stderr.len() < 2_000, "{}", output.stderr.len());
}

#[test]
fn half_written() {
    check(&Home::with_config("[store]\nurl = \"sqli"), ".toml:2: ");
    check(&Home::with_config("[store]\nurl = \n[hea"), ".toml:");
    check(&Home::with_config("[hooks"), ".toml:1: ");
}

#[test]
fn unknown_keys_are_answered_with_the_nearest() {
    check(&Home::with_config("[deploy]\ntimeout = 5\n"), "timeout_s");
    check(&Home::with_config("[stoer]\nurl = \"\"\n"), "store");
    check(&Home::with_config("url = \"\"\n"), "url");
}

#[test]
fn a_folder_in_its_place() {
    let home = Home::new();
    std::fs::create_dir_all(home.paths().config_file).unwrap();
    check(&home, "");
}

#[test]
fn bytes_that_are_no_text() {
    let home = Home::with_config("");
    std::fs::write(home.paths().config_file, b"[store]\nurl = \"\xff\xfe\"\n").unwrap();
    check(&home, "UTF-8");
    std::fs::write(home.paths().config_file, b"[store]\nurl = \"a\0b\"\n").unwrap();
    check(&home, ".toml:2: ");
}

#[test]
fn five_megabytes_and_deep_nesting() {
    let home = Home::with_config(&format!(
        "[hooks]\nignore = [{}]\n",
        "\"/some/where\",\n".repeat(5 << 16)
    ));
    let (output, peak, took) = watched(fjord(&home, &["status"]), Vec::new());
    is_clean(&output);
    assert!(
        peak < 200 << 10 && took.as_secs() < 20,
        "{peak} KB, {took:?}"
    );
    let home = Home::with_config(&format!("[hooks]\nignore = {}\n", "[".repeat(100_000)));
    check(&home, ".toml:2: ");
    let home = Home::with_config(&format!("[store]\nurl = \"{}\"\n", "x".repeat(5 << 20)));
    let output = home.fjord(["status"]);
    is_clean(&output);
    assert!(
        output.stderr.len() < 4_000,
        "the value is not repeated in full: {} bytes",
        output.stderr.len()
    );
}

#[test]
fn a_file_named_that_is_not_there_or_endless() {
    let home = Home::new();
    refused(
        &home,
        &["--config", "/no/such/file", "status"],
        (64, "invalid"),
    );
    let (output, peak, _) = watched(
        fjord(&home, &["--config", "/dev/zero", "status"]),
        Vec::new(),
    );
    is_clean(&output);
    output.expect_code(64);
    assert!(peak < 200 << 10, "{peak} KB");
}

#[test]
fn variables_with_nonsense() {
    let mut home = Home::new();
    home.set_variable("FJORD_DEPLOY__TIMEOUT_S", "$(touch owned)");
    let message = refused(&home, &["status"], (64, "invalid"));
    assert!(message.contains("FJORD_DEPLOY__TIMEOUT_S"), "{message}");
    let mut home = Home::new();
    home.set_variable("FJORD_DEPLOY__NO_SUCH", "1");
    refused(&home, &["status"], (64, "invalid"));
    let mut home = Home::new();
    home.set_variable("FJORD_STORE__URL", "gopher://x");
    refused(&home, &["status"], (64, "invalid"));
}
