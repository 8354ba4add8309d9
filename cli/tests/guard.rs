//! `fjord guard` needs neither daemon nor store.

use crate::home::Home;

#[test]
fn check_answers_each_row_with_one_line() {
    let home = Home::new();
    let rows = "{\"command\": \"git push --force origin main\"}\n\n{\"command\": \"ls\", \"cwd\": \"/home/ann/shop\", \"more\": 1}\n";
    let ran = home.run_with_input(["guard", "check"], rows).expect(0);
    let answers = ran.documents();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["command"], "git push --force origin main");
    assert_eq!(
        (&answers[0]["verdict"], &answers[0]["rule"]),
        (&"deny".into(), &"git.push-force".into())
    );
    assert!(
        answers[0]["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    );
    assert_eq!(
        answers[1],
        serde_json::json!({"command": "ls", "verdict": "none", "rule": null, "reason": ""})
    );
    assert!(!home.path().join("data").exists(), "the guard made files");
}

#[test]
fn a_row_that_is_none_is_told_and_the_others_are_judged() {
    let home = Home::new();
    let ran = home
        .run_with_input(
            ["guard", "check"],
            "not json\n{\"command\": 7}\n{\"command\": \"ls\"}",
        )
        .expect(1);
    let answers = ran.documents();
    assert!(
        answers[0]["error"].as_str().unwrap().starts_with("line 1 "),
        "{answers:?}"
    );
    assert!(
        answers[1]["error"].as_str().unwrap().starts_with("line 2 "),
        "{answers:?}"
    );
    assert_eq!(answers[2]["verdict"], "none");
    home.run(["guard", "check", "--inventory", "missing.json"])
        .expect(64);
}

#[test]
fn explain_shows_each_part() {
    let home = Home::new();
    let text = home
        .run([
            "guard",
            "explain",
            "cd /tmp && sudo rm -rf /var/lib/postgresql",
        ])
        .expect(0)
        .out;
    assert!(
        text.contains("└─ sudo\n   └─ rm -rf /var/lib/postgresql\n"),
        "{text}"
    );
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.starts_with("deny (filesystem.")),
        "{text}"
    );
    let explained = home.json(["guard", "explain", "ls"]);
    assert_eq!(explained["assessment"]["verdict"], "none");
}

#[test]
fn explain_takes_a_command_without_quotes() {
    let home = Home::new();
    let text = home
        .run(["guard", "explain", "docker", "volume", "rm", "-f", "data"])
        .expect(0)
        .out;
    assert!(text.contains("docker volume rm -f data"), "{text}");
}

#[test]
fn rules_are_listed() {
    let home = Home::new();
    assert!(
        home.json(["guard", "rules"])
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule["id"] == "git.push-force")
    );
    assert!(
        home.run(["guard", "rules"])
            .expect(0)
            .out
            .contains("git.push-force")
    );
}

#[test]
fn explain_takes_the_call_of_another_tool() {
    let home = Home::new();
    let file = home.path().join("config/fjord.toml");
    let input = serde_json::json!({ "file_path": file }).to_string();
    let explained = home.json(["guard", "explain", "--tool", "Write", "--input", &input]);
    assert_eq!(explained["assessment"]["rule"], "own.files");
    assert_eq!(explained["parts"][0]["rules"][0], "own.files");
    home.run(["guard", "explain", "--tool", "Write", "--input", "{"])
        .expect(64);
    home.run(["guard", "explain"]).expect(64);
}

#[test]
fn check_takes_other_tools_and_half_a_surrogate_pair_and_names_the_line_of_a_bad_row() {
    let home = Home::new();
    let rows = concat!(
        r#"{"tool": "mcp__db__query", "input": {"sql": "drop table users"}}"#,
        "\n",
        r#"{"command": "dropdb x \ud83d"}"#,
        "\n\n",
        r#"{"cwd": "/srv"}"#,
        "\n",
        r#"{"command": "ls"}"#,
    );
    let ran = home.run_with_input(["guard", "check"], rows).expect(1);
    let answers = ran.documents();
    assert_eq!(answers[0]["verdict"], "deny", "{answers:?}");
    assert_eq!(answers[1]["rule"], "databases.drop", "{answers:?}");
    assert_eq!(answers[2]["line"], 4, "{answers:?}");
    assert_eq!(answers[3]["verdict"], "none", "{answers:?}");
}

#[test]
fn check_reads_rows_of_ten_megabytes_and_passes_over_what_is_no_text() {
    let home = Home::new();
    let long = "x".repeat(10_000_000);
    let rows = format!("{{\"command\": \"echo {long}\"}}\n{{\"command\": \"dropdb shop\"}}\n");
    let mut child = home
        .command()
        .args(["guard", "check"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        stdin.write_all(rows.as_bytes()).unwrap();
        stdin
            .write_all(b"{\"command\": \"\xff\"}\n{\"command\": \"ls\"}\n")
            .unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(answers[1]["rule"], "databases.drop");
    assert_eq!(answers[2]["line"], 3);
    assert_eq!(answers[3]["verdict"], "none");
}

#[test]
fn rules_say_what_the_configuration_makes_of_them_and_where() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("config")).unwrap();
    std::fs::write(
        home.path().join("config/fjord.toml"),
        "[guard.rules]\n\"git.clean\" = \"off\"\ngit = \"ask\"\nnonsense = \"off\"\nbroken = 1\n",
    )
    .unwrap();
    let rows = home.json(["guard", "rules", "git"]);
    let of = |id: &str| {
        rows.as_array()
            .unwrap()
            .iter()
            .find(|rule| rule["id"] == id)
            .unwrap()
            .clone()
    };
    assert!(
        rows.as_array()
            .unwrap()
            .iter()
            .all(|rule| rule["field"] == "git")
    );
    assert_eq!(of("git.clean")["verdict"], "none");
    assert_eq!(of("git.push-force")["verdict"], "ask");
    assert_eq!(of("git.push-force")["severity"], "deny");
    let ran = home.run(["guard", "rules", "git.clean"]).expect(0);
    assert!(
        ran.out.contains("config/fjord.toml:2; else deny"),
        "{ran:?}"
    );
    assert!(ran.err.contains("sets `nonsense`"), "{ran:?}");
    assert!(
        ran.err.contains("fjord.toml:5: `guard.rules.broken`"),
        "{ran:?}"
    );
    home.run(["guard", "rules", "nothing"]).expect(1);
}
