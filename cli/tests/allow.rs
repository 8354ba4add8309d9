//! Exceptions are for a person at a terminal, which is real here: a pseudo terminal.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::home::{Home, Ran, finish};

/// Runs a program with both streams at a terminal; what it printed comes as the terminal shows it.
fn at_terminal(mut command: Command) -> Ran {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = || -> OwnedFd {
        rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap()
    };
    let mut child = command
        .stdin(theirs())
        .stdout(theirs())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The command holds the other ends; the terminal closes with the last of them.
    drop(command);
    let mut out = Vec::new();
    let _hung_up = std::fs::File::from(ours).read_to_end(&mut out);
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    Ran {
        code: child.wait().unwrap().code().unwrap_or(-1),
        out: String::from_utf8_lossy(&out).into_owned(),
        err,
    }
}

/// Types a command of `fjord guard` at a terminal, with no process above that could be a coding agent.
fn typed(home: &Home, arguments: &[&str]) -> Ran {
    let mut command = home.command_alone();
    command.arg("guard").args(arguments);
    at_terminal(command)
}

fn verdict(home: &Home, command: &str) -> String {
    let explained = home.json(["guard", "explain", command]);
    explained["assessment"]["verdict"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn what_a_person_allows_passes_until_it_is_ended() {
    let home = Home::new();
    let pattern = "docker volume rm scratch-*";
    let allow = [
        "allow",
        pattern,
        "--for",
        "2h",
        "--reason",
        "rebuilt every night",
    ];
    let ran = typed(&home, &allow).expect(0);
    assert!(
        ran.out.contains("let through") && ran.out.contains("fjord guard disallow"),
        "{ran:?}"
    );
    assert_eq!(verdict(&home, "docker volume rm scratch-1"), "none");
    assert_eq!(verdict(&home, "docker volume rm orders"), "deny");
    assert_eq!(
        verdict(&home, "ssh web-1 docker volume rm scratch-1"),
        "deny"
    );
    assert_eq!(
        verdict(&home, "docker volume rm scratch-1 && dropdb shop"),
        "deny"
    );
    let listed = home.json(["guard", "allowed"]);
    let one = &listed[0];
    assert_eq!(one["command"], pattern);
    assert_eq!(
        one["rules"],
        serde_json::json!(["containers.volume-remove"])
    );
    assert_eq!(one["reason"], "rebuilt every night");
    assert_eq!(
        (&one["up_to"], &one["audited"]),
        (&"deny".into(), &true.into())
    );
    assert!(
        one["remaining_s"]
            .as_i64()
            .is_some_and(|left| (7_000..=7_200).contains(&left))
    );
    assert!(one["who"].as_str().unwrap().contains('@'));
    let id = one["id"].as_str().unwrap();
    typed(&home, &["disallow", id]).expect(0);
    typed(&home, &["disallow", id]).expect(1);
    assert_eq!(verdict(&home, "docker volume rm scratch-1"), "deny");
    assert_eq!(home.json(["guard", "allowed"]), serde_json::json!([]));
    assert_eq!(
        home.json(["guard", "allowed", "--all"])[0]["ended_by"],
        one["who"]
    );
}

#[test]
fn an_exception_is_as_wide_as_what_was_answered_and_no_wider() {
    let home = Home::new();
    let refused = |arguments: &[&str], code: i32, word: &str| {
        let ran = typed(&home, arguments).expect(code);
        assert!(ran.err.contains(word), "{ran:?}");
    };
    let why = ["--for", "1h", "--reason", "because"];
    let with = |command: &'static str| [&["allow", command][..], &why].concat();
    refused(&with("git status"), 64, "says nothing about this command");
    refused(&with("fjord hooks uninstall"), 77, "own protection");
    refused(&with("echo x > /etc/hosts"), 64, "no exception can name");
    refused(
        &["allow", "dropdb shop", "--for", "31d", "--reason", "x"],
        64,
        "30 days",
    );
    refused(
        &["allow", "dropdb shop", "--for", "1h", "--reason", " "],
        64,
        "--reason",
    );
    refused(&["allow", "dropdb shop", "--reason", "x"], 64, "--for");
    refused(
        &[&with("dropdb shop")[..], &["--rule", "git"]].concat(),
        64,
        "`git` says nothing",
    );
    refused(
        &[&with("dropdb shop")[..], &["--project"]].concat(),
        64,
        "version control",
    );
    assert!(!home.path().join("data/allowed.jsonl").exists());

    std::fs::create_dir_all(home.path().join("shop/.git")).unwrap();
    let mut command = home.command_alone();
    command
        .current_dir(home.path().join("shop"))
        .arg("guard")
        .args(with("dropdb shop"))
        .arg("--project");
    at_terminal(command).expect(0);
    let cwd = home.path().join("shop");
    let explain = [
        "guard",
        "explain",
        "--cwd",
        cwd.to_str().unwrap(),
        "dropdb shop",
    ];
    assert!(home.run(explain).expect(0).out.contains("let by"));
    assert_eq!(verdict(&home, "dropdb shop"), "deny");
}

#[test]
fn a_pipe_is_no_person() {
    let home = Home::new();
    let mut command = home.command_alone();
    command.args([
        "guard",
        "allow",
        "dropdb shop",
        "--for",
        "1h",
        "--reason",
        "x",
        "--json",
    ]);
    let ran = finish(command).expect(77);
    assert_eq!(ran.document()["error"]["kind"], "forbidden");
    assert!(ran.err.contains("for a person at a terminal"), "{ran:?}");
}

/// A program of this name that runs `fjord`, as a coding agent's shell would.
fn named(home: &Home, name: &str) -> PathBuf {
    let program = home.path().join(name);
    std::fs::copy("/bin/sh", &program).unwrap();
    program
}

fn below(program: &Path, home: &Home, line: &str) -> Command {
    let mut command = home.alone(program);
    // The shell must stay the parent: the last command of a line would take its place.
    let script = format!("{} {line}; exit $?", env!("CARGO_BIN_EXE_fjord"));
    command.args(["-c", &script]);
    command
}

#[test]
fn below_a_coding_agent_nothing_meant_for_a_person_is_done() {
    let home = Home::with_service("true");
    let agent = named(&home, "claude");
    for line in [
        "guard allow 'dropdb shop' --for 1h --reason x",
        "guard disallow abc",
        "deploy api --version v1 --yes",
        "hooks uninstall",
    ] {
        let ran = at_terminal(below(&agent, &home, line)).expect(77);
        assert!(ran.err.contains("is `claude`"), "{line}: {ran:?}");
    }
    let person = named(&home, "zsh");
    at_terminal(below(&person, &home, "deploy api --version v1 --yes")).expect(0);
    at_terminal(below(
        &person,
        &home,
        "guard allow 'dropdb shop' --for 1h --reason x",
    ))
    .expect(0);
}
