use serde_json::json;

use super::*;

fn of(command: &str) -> Option<Signature> {
    let detail = json!({ "command": command });
    let call = guard::ToolCall {
        tool: "Bash",
        input: &detail,
        cwd: "/srv/api",
    };
    Signature::of("Bash", &detail, &guard::steps(&call, None))
}

#[track_caller]
fn family(command: &str, expected: &str) {
    let family = of(command).map(|signature| signature.family());
    assert_eq!(family.as_deref().unwrap_or("nothing"), expected);
}

#[test]
fn the_kind_is_program_and_sub_command() {
    family(
        "cd /srv/x && CI=1 npm run build -- --force 2>&1 | tail -20",
        "npm run build",
    );
    family("cargo test -p hooks wire::", "cargo test");
    family("/usr/bin/python3 tools/seed.py --all", "python seed.py");
    family("python -m pytest tests/a.py", "python -m pytest");
    family("docker compose -f dev.yml up -d web", "docker compose up");
    family("sudo systemctl restart api", "systemctl restart");
    family("git fetch && cargo build", "git fetch && cargo build");
    family("bash -c 'make all'", "make all");
}

#[test]
fn looking_teaches_nothing() {
    for command in [
        "ls /nowhere",
        "grep -r foo src",
        "test -f x",
        "diff a b",
        "which jq",
        "git diff --exit-code",
        "cat x | head",
        "curl -f http://127.0.0.1:8080/health",
        "false",
        "echo 'npm test'",
    ] {
        family(command, "nothing");
    }
}

#[track_caller]
fn mends(failed: &str, success: &str, expected: bool) {
    let (failed, success) = (of(failed).unwrap(), of(success).unwrap());
    assert_eq!(success.mends(&failed), expected, "{failed:?} {success:?}");
}

#[test]
fn only_the_same_on_the_same_thing_mends() {
    mends("npm test", "npm test -- --runInBand", true);
    mends("pytest tests/a.py", "pytest tests/a.py -x", true);
    mends("pytest tests/a.py", "pytest tests/b.py", false);
    mends("pytest tests/a.py", "pytest tests/a.py tests/b.py", true);
    mends("cargo build", "cargo test", false);
    mends("cargo build", "cargo build && cargo test", true);
    mends("cargo build && cargo test", "cargo build", false);
    mends("python3 a.py", "python3 b.py", false);
    mends("pip install foo", "pip install foo==1.2", true);
    mends("ssh web1 make", "make", false);
}

#[track_caller]
fn corrects(failed: &str, success: &str, expected: bool) {
    let (failed, success) = (of(failed).unwrap(), of(success).unwrap());
    assert_eq!(
        success.corrects(&failed),
        expected,
        "{failed:?} {success:?}"
    );
}

#[test]
fn one_word_spelled_right_corrects() {
    corrects("git psuh origin", "git push origin", true);
    corrects("cargo build --relase", "cargo build --release", true);
    corrects("pytest tests/test_1.py", "pytest tests/test_2.py", true);
    corrects("make all", "make test", false);
    corrects("psql -c 1", "psql -c 2", false);
    corrects("npm test", "npm test", false);
}
