//! Lines on standard input: `fjord guard check` and `fjord chat`.

use serde_json::{Value, json};
use tests::Home;

use super::{add_service, fjord, is_clean, watched};

#[test]
fn guard_check_answers_every_line_and_goes_on() {
    let home = Home::new();
    let large =
        json!({ "command": format!("echo {}; rm -rf /", "a ".repeat(1 << 19)) }).to_string();
    let quoted = json!({ "command": format!("echo '{}", "x".repeat(1 << 20)) }).to_string();
    let nested =
        json!({ "command": format!("{}rm -rf /{}", "$(".repeat(5_000), ")".repeat(5_000)) })
            .to_string();
    let braces = json!({ "command": "echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}; rm -rf /" }).to_string();
    let deep = "[".repeat(100_000);
    let lines: Vec<(&[u8], bool)> = vec![
        (b"{\"command\": \"rm -rf /\"}", true),
        (b"not json", false),
        (b"{\"command\": 7}", false),
        (b"{\"cwd\": \"/\"}", false),
        (b"[]", false),
        (b"\xff\xfe\0\x01", false),
        (b"{\"command\": \"\\ud800\"}", true),
        (b"{\"command\": \"a\\u0000b\"}", true),
        (b"{\"command\": \"\", \"cwd\": \"../../..\"}", true),
        (deep.as_bytes(), false),
        (large.as_bytes(), true),
        (quoted.as_bytes(), true),
        (nested.as_bytes(), true),
        (braces.as_bytes(), true),
        (b"{\"command\": \"ls\"}", true),
    ];
    let input = lines
        .iter()
        .flat_map(|(line, _)| [line, &b"\n"[..]].concat())
        .collect();
    let (output, peak, took) = watched(fjord(&home, &["guard", "check"]), input);
    is_clean(&output);
    output.expect_code(1);
    assert!(
        peak < 200 << 10 && took.as_secs() < 30,
        "{peak} KB {took:?}"
    );
    let answers: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len(), "one answer a line");
    for (answer, (line, good)) in answers.iter().zip(&lines) {
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]);
        assert_eq!(answer.get("verdict").is_some(), *good, "{shown}");
        if shown.contains("rm -rf")
            || line.ends_with(b"rm -rf /\"}")
            || answer["command"]
                .as_str()
                .is_some_and(|command| command.contains("rm -rf /"))
        {
            assert_ne!(answer["verdict"], "none", "{shown}");
        }
    }
    assert_eq!(answers.last().unwrap()["verdict"], "none");
}

#[test]
fn a_row_longer_than_the_bound_is_one_error() {
    let home = Home::new();
    let mut input = json!({ "command": "x".repeat(25 << 20) })
        .to_string()
        .into_bytes();
    input.extend(b"\n{\"command\": \"ls\"}\n");
    let (output, peak, took) = watched(fjord(&home, &["guard", "check"]), input);
    is_clean(&output);
    output.expect_code(1);
    let answers: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(answers.len(), 2, "{:?}", output.stdout.get(..600));
    assert!(
        answers[0].contains("error") && answers[1].contains("\"ls\""),
        "{answers:?}"
    );
    assert!(
        peak < 200 << 10 && took.as_secs() < 30,
        "{peak} KB {took:?}"
    );
}

#[test]
fn chat_takes_binary_and_endless_lines_for_what_they_are() {
    let home = Home::with_config("[llm]\nurl = \"\"\n");
    add_service(&home, &[]);
    let mut input = b"\xff\xfe\x00\x01\x02\n/status \xff\n\x1b[2J\n/".to_vec();
    input.extend(vec![b'x'; 10 << 20]);
    input.extend(b"\n/remember ");
    input.extend(vec![b'y'; 10 << 20]);
    input.extend(
        b"\n/deploy api '; touch owned; '\n/deploy api $(touch${IFS}owned)\nno\nyes\n/status\n",
    );
    for json in [&["chat"][..], &["chat", "--json"]] {
        let (output, peak, took) = watched(fjord(&home, json), input.clone());
        is_clean(&output);
        assert!(
            matches!(output.code, Some(1 | 64)),
            "the first failure is told: {:?}",
            output.code
        );
        assert!(
            peak < 150 << 10 && took.as_secs() < 20,
            "{peak} KB {took:?}"
        );
        assert!(
            output.stdout.contains("api"),
            "the last line is still answered"
        );
        assert!(
            output.stdout.len() + output.stderr.len() < 64 << 10,
            "the long lines are not repeated"
        );
        assert!(!output.stdout.contains('\x1b') && !output.stderr.contains('\x1b'));
        if json.len() > 1 {
            for line in output.stdout.lines() {
                serde_json::from_str::<Value>(line).unwrap();
            }
        }
    }
    assert!(!home.path().join("owned").exists());
}
