//! What a deploy command may print.

use std::time::Duration;

use tests::{Home, Output, process};

use super::{add_service, contains, end, fjord, is_clean, store_bytes, watched};

fn stage(command: &str) -> Home {
    let home = Home::with_config("[llm]\nurl = \"\"\n");
    let folder = home.path().join("project");
    std::fs::create_dir(&folder).unwrap();
    add_service(
        &home,
        &[
            "--project-path",
            folder.to_str().unwrap(),
            "--deploy-command",
            command,
        ],
    );
    home
}

fn deploy(home: &Home) -> (Output, u64, Duration) {
    watched(
        fjord(home, &["deploy", "api", "--version", "v1", "--yes"]),
        Vec::new(),
    )
}

#[test]
fn two_hundred_megabytes_without_a_newline_and_many_with() {
    let home = stage(
        "head -c 200000000 /dev/zero | tr '\\0' x; echo; yes 'a line as builds print it' | head -c 3000000; echo the end",
    );
    let (output, peak, took) = deploy(&home);
    is_clean(&output);
    output.expect_code(0);
    assert!(output.stdout.contains("the end") || output.stderr.contains("the end"));
    assert!(peak < 120 << 10, "{peak} KB");
    assert!(took.as_secs() < 40, "{took:?}");
    assert!(store_bytes(&home).len() < 4 << 20);
    let history = home.fjord_json(["history", "api"]);
    assert!(
        history.to_string().len() < 256 << 10,
        "{}",
        history.to_string().len()
    );
}

#[test]
fn bytes_that_are_no_text_and_escape_sequences() {
    let home = stage(
        "printf 'caf\\351 \\000\\001\\002 \\033[2J\\033[31mred\\033[0m \\033]0;title\\007 \\033]52;c;aGk=\\033\\\\ \\342\\200\\256rtl \\r\\b\\n'; \
         head -c 300000 /dev/urandom; echo; echo the end",
    );
    for arguments in [
        &["deploy", "api", "--version", "v1", "--yes"][..],
        &["deploy", "api", "--version", "v2", "--yes", "--json"],
    ] {
        let output = home.fjord(arguments);
        is_clean(&output);
        output.expect_code(0);
        let steers = |character: char| {
            (character.is_control() && !matches!(character, '\n' | '\t')) || character == '\u{202e}'
        };
        if arguments.contains(&"--json") {
            for line in output.stdout.lines() {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
        } else {
            assert!(
                !output.stdout.contains(steers) && !output.stderr.contains(steers),
                "a terminal is not steered"
            );
        }
    }
    home.fjord_json(["history", "api"]);
    let events = home.fjord(["events"]);
    is_clean(&events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_printed_reach_neither_store_nor_log_nor_terminal() {
    let secrets = [
        ["ghp_", &"a1B2c3D4e5F6g7H8i9".repeat(2)].concat(),
        ["AKIA", "IOSFODNN7EXAMPLQ"].concat(),
        ["sk-ant-", "api03-", &"Zq9_x7".repeat(15)].concat(),
        ["postgres://app:", "s3cretPassw0rdX", "@db/x"].concat(),
    ];
    let home = stage("cat secrets; cat secrets >&2; exit 3");
    let lines = format!(
        "{}\nexport TOKEN={}\nAuthorization: Bearer {}\n{}\nPASSWORD=\"{}\"\n",
        secrets[0], secrets[1], secrets[2], secrets[3], "hunter2correct"
    );
    std::fs::write(home.path().join("project/secrets"), &lines).unwrap();
    let up = home.up();
    let output = home.fjord(["deploy", "api", "--version", "v1", "--yes", "--json"]);
    is_clean(&output);
    output.expect_code(1);
    let history = home.fjord(["history", "api", "--json"]);
    let events = home.fjord(["events", "--json"]);
    let log = up.log();
    end(up);
    let bytes = store_bytes(&home);
    for secret in secrets
        .iter()
        .map(|secret| {
            secret
                .trim_start_matches("postgres://app:")
                .trim_end_matches("@db/x")
        })
        .chain(["hunter2correct"])
    {
        for output in [&output, &history, &events] {
            assert!(
                !output.stdout.contains(secret) && !output.stderr.contains(secret),
                "{output:?}"
            );
        }
        assert!(
            !contains(&bytes, secret) && !log.contains(secret),
            "{secret} is kept"
        );
    }
}

#[test]
fn a_secret_across_the_cut_of_a_long_line_is_not_kept() {
    let token = ["ghp_", &"a1B2c3D4e5F6g7H8i9".repeat(2)].concat();
    for before in [8_192 - 38, 8_192 - 30, 8_192 - 20] {
        let home = stage("cat secrets");
        std::fs::write(
            home.path().join("project/secrets"),
            format!("{} {token}\n", "x".repeat(before - 1)),
        )
        .unwrap();
        let (output, _, _) = deploy(&home);
        is_clean(&output);
        assert!(
            !output.stdout.contains(&token[..16]) && !output.stderr.contains(&token[..16]),
            "after {before} bytes"
        );
        assert!(
            !contains(&store_bytes(&home), &token[..16]),
            "after {before} bytes"
        );
    }
}

#[test]
fn a_daemon_that_holds_the_output_open_does_not_hold_the_deploy_up() {
    let home = stage("setsid sh -c 'echo $$ > pid; sleep 300' & sleep 0.2; echo started");
    let (output, _, took) = deploy(&home);
    is_clean(&output);
    output.expect_code(0);
    assert!(took.as_secs() < 15, "{took:?}");
    let pid: u32 = std::fs::read_to_string(home.path().join("project/pid"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let group = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    assert!(
        process::exists(pid),
        "what the command detached on purpose is a service, and lives"
    );
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_command_that_reads_closes_or_floods_both_streams() {
    for command in [
        "cat; read line; echo nothing was typed",
        "exec >&- 2>&-; sleep 0.1; true",
        "(head -c 5000000 /dev/zero | tr '\\0' e >&2) & head -c 5000000 /dev/zero | tr '\\0' o; wait",
    ] {
        let home = stage(command);
        let (output, peak, took) = deploy(&home);
        is_clean(&output);
        output.expect_code(0);
        assert!(
            peak < 120 << 10 && took.as_secs() < 15,
            "{command}: {peak} KB {took:?}"
        );
    }
}
