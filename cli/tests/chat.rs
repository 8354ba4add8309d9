//! `fjord chat` from a pipe.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::home::Home;

#[test]
fn a_script_does_one_thing_after_the_other() {
    let home = Home::with_service("echo \"$FJORD_VERSION\" >> versions");
    let ran = home
        .run_with_input(
            ["chat"],
            "/deploy api v1\nyes\ndeploy api v2\ny\n/history api\n",
        )
        .expect(0);
    assert_eq!(
        std::fs::read_to_string(home.path().join("versions")).unwrap(),
        "v1\nv2\n"
    );
    let (first, second) = (
        ran.out.find("nothing -> v1").unwrap(),
        ran.out.find("v1 -> v2").unwrap(),
    );
    assert!(
        first < second && ran.out.contains("chat deploy"),
        "{}",
        ran.out
    );
}

#[test]
fn no_leaves_it_and_another_line_leaves_the_question() {
    let home = Home::with_service("touch deployed");
    let ran = home
        .run_with_input(["chat"], "deploy api v1\nno\ndeploy api v1\nstatus\nyes\n")
        .expect(64);
    assert!(ran.out.contains("nothing was done"), "{ran:?}");
    assert!(ran.err.contains("the question before is left"), "{ran:?}");
    assert!(ran.err.contains("nothing is asked"), "{ran:?}");
    assert!(!home.path().join("deployed").exists());
}

#[test]
fn quit_leaves_and_help_lists() {
    let home = Home::new();
    let ran = home
        .run_with_input(["chat"], "/help\n/quit\nnonsense\n")
        .expect(0);
    assert!(
        ran.out.contains("/deploy SERVICE VERSION") && ran.out.contains("/quit"),
        "{ran:?}"
    );
    assert_eq!(ran.err, "");
}

#[test]
fn a_mistake_is_told_and_the_rest_goes_on() {
    let home = Home::new();
    let ran = home.run_with_input(["chat"], "stat\n\nstatus\n").expect(64);
    assert!(ran.err.contains("did you mean `/status`?"), "{ran:?}");
    assert!(ran.out.contains("inventory is empty"), "{ran:?}");
    let long = format!("remember {}\nstatus\n", "x".repeat(200_000));
    assert!(
        home.run_with_input(["chat"], &long)
            .expect(64)
            .out
            .contains("inventory is empty")
    );
}

#[test]
fn cancel_is_heard_while_a_deployment_runs() {
    let home = Home::with_service("echo begun; exec sleep 60");
    let mut child = home
        .command()
        .arg("chat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"deploy api v1\nyes\n").unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("begun")));
    stdin.write_all(b"cancel api\n").unwrap();
    drop(stdin);
    let _rest: Vec<String> = lines.map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("told to stop") && text.contains("cancelled after"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn json_is_one_document_a_line() {
    let home = Home::with_service("true");
    let ran = home
        .run_with_input(["chat", "--json"], "status\ndeploy api v1\nyes\nfoo\n")
        .expect(64);
    let kinds: Vec<String> = ran
        .documents()
        .iter()
        .filter_map(|document| document["reply"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(kinds, ["status", "confirm", "deployed"]);
    assert_eq!(ran.documents().last().unwrap()["error"]["kind"], "invalid");
}
