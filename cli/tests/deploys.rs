//! Deploys at the terminal: the question, the answer, interrupts.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::home::Home;

#[test]
fn without_yes_and_terminal_nothing_is_done() {
    let home = Home::with_service("touch deployed");
    let refused = home.run(["deploy", "api", "--version", "v1"]).expect(77);
    assert!(
        refused.out.contains("touch deployed") && !refused.out.contains("question is void"),
        "{refused:?}"
    );
    assert!(
        refused.err.contains("needs `--yes` or a terminal"),
        "{refused:?}"
    );
    let json = home
        .run(["deploy", "api", "--version", "v1", "--json"])
        .expect(77);
    assert_eq!(json.document()["error"]["kind"], "forbidden");
    assert!(!home.path().join("deployed").exists());
}

#[test]
fn a_coding_agents_session_cannot_say_yes() {
    let home = Home::with_service("touch deployed");
    let mut command = home.command();
    command
        .args(["deploy", "api", "--version", "v1", "--yes"])
        .env("CLAUDECODE", "1");
    let refused = crate::home::finish(command).expect(77);
    assert!(refused.err.contains("coding agent"), "{refused:?}");
    let mut command = home.command();
    command.args(["hooks", "uninstall"]).env("CLAUDECODE", "1");
    crate::home::finish(command).expect(77);
    assert!(!home.path().join("deployed").exists());
}

#[test]
fn yes_deploys_and_shows_each_step_once() {
    let home = Home::with_service("echo \"got $FJORD_VERSION\"");
    let done = home
        .run(["deploy", "api", "--version", "v1;rm", "--yes"])
        .expect(0);
    assert!(done.err.contains("got v1;rm"), "{done:?}");
    assert!(done.out.contains("unverified"), "{done:?}");
    let steps = home
        .run(["deploy", "api", "v2", "--yes", "--json"])
        .expect(0)
        .documents();
    assert!(
        steps
            .iter()
            .any(|step| step["step"] == "line" && step["text"] == "got v2"),
        "{steps:?}"
    );
    let last = steps.last().unwrap();
    assert_eq!(
        (&last["reply"], &last["data"]["deployment"]["status"]),
        (&"deployed".into(), &"success".into())
    );
    let history = home.json(["history", "api"]);
    assert_eq!(history["data"]["deployments"][0]["version"], "v2");
    assert_eq!(history["data"]["deployments"].as_array().unwrap().len(), 2);
}

#[test]
fn a_failed_deploy_exits_1_and_shows_the_last_lines() {
    let home = Home::with_service("echo broken disk; exit 3");
    let failed = home
        .run(["deploy", "api", "--version", "v1", "--yes"])
        .expect(1);
    assert!(
        failed.out.contains("failed") && failed.out.contains("broken disk"),
        "{failed:?}"
    );
}

#[test]
fn a_plan_does_nothing() {
    let home = Home::with_service("touch deployed");
    let plan = home
        .run(["deploy", "api", "--version", "v1", "--plan"])
        .expect(0);
    assert!(plan.out.contains("touch deployed"), "{plan:?}");
    assert!(!home.path().join("deployed").exists());
    home.run(["deploy", "api"]).expect(64);
}

#[test]
fn an_interrupt_stops_the_deployment_and_says_so() {
    let home = Home::with_service("echo begun; exec sleep 60");
    let mut child = home
        .command()
        .args(["deploy", "api", "--version", "v1", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("begun")));
    let pid = rustix::process::Pid::from_child(&child);
    let asked = Instant::now();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{rest:?}");
    assert!(asked.elapsed() < Duration::from_secs(30));
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("cancelled"),
        "{output:?}"
    );
    assert_eq!(
        home.json(["history", "api"])["data"]["deployments"][0]["status"],
        "cancelled"
    );
}
