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
    assert!(text.starts_with("deny (filesystem."), "{text}");
    assert!(text.contains("sudo > rm -rf /var/lib/postgresql"), "{text}");
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
