//! Input made to hurt: it must be answered, in time, without a panic.

use std::time::{Duration, Instant};

use guard::redact::redact;
use guard::{Facts, Settings, ToolCall, Verdict, assess, facts_needed};
use serde_json::json;

fn verdict(command: &str) -> Verdict {
    let input = json!({"command": command});
    let call = ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/home/ann/app",
    };
    facts_needed(&call);
    assess(&call, &Facts::default(), &Settings::default()).verdict
}

#[test]
fn a_flood_of_anything_is_answered_in_time() {
    let pieces = [
        "(",
        ")",
        "{ ",
        "}",
        "$(",
        "`",
        "\"",
        "'",
        "${x:-",
        "$((",
        "<<E\n",
        "\\",
        "a;",
        "a|",
        "a&",
        "if ",
        "for x in ",
        "case x in ",
        "x() ",
        "$x",
        "x=$x$x;",
        "{a,b}",
        "{{a,b},",
        "<(",
        "\n",
        "#",
        "eval ",
        "sudo ",
        "sh -c '",
        "echo a|sh|",
        "find . -exec ",
        "xargs ",
        "\u{1}",
        "é",
        "sk-",
        "eyJ.",
        "://a@",
        "-----BEGIN PRIVATE KEY",
        "password=",
        "a=1;",
        "cd x;",
        "function ",
        "coproc ",
        "alias a=b;a;",
    ];
    for piece in pieces {
        let text = piece.repeat((1 << 17) / piece.len());
        let start = Instant::now();
        verdict(&text);
        redact(&text);
        // A debug build on a busy machine is some thirty times slower than what is shipped.
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "{piece:?} took {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn what_nests_too_deep_is_asked_about() {
    let deep = format!("{}rm -rf /{}", "$(".repeat(200), ")".repeat(200));
    assert_ne!(verdict(&deep), Verdict::None);
    let groups = format!("{}rm -rf /{}", "{ ".repeat(200), "; }".repeat(200));
    assert_ne!(verdict(&groups), Verdict::None);
    let mut shells = "rm -rf /".to_owned();
    for _ in 0..8 {
        shells = format!("sh -c {}", quoted(&shells));
    }
    assert_eq!(verdict(&shells), Verdict::Deny);
}

#[test]
fn what_stands_behind_more_than_is_followed_is_asked_about() {
    for before in [
        "a;".repeat(3_500),
        format!("a={};{}", "x".repeat(90_000), "b $a;".repeat(40)),
        format!("{}{}", names(1_500), "(y=1);".repeat(100)),
    ] {
        let shown: String = before.chars().take(20).collect();
        assert_ne!(
            verdict(&format!("{before} rm -rf /")),
            Verdict::None,
            "{shown}"
        );
    }
}

/// As many variables.
fn names(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|index| format!("v{index}=a;")).collect();
    names.concat()
}

#[test]
fn a_long_input_and_a_long_name_do_not_hide_what_runs() {
    let long = "x".repeat(100_000);
    for command in [
        format!("{{ {} rm -rf /; }} <<< {long}", "a;".repeat(100)),
        format!("ssh {long} 'rm -rf /'"),
        format!("f{long}() {{ rm -rf /; }}; f{long}"),
        format!(
            "echo {long} | xargs -I{{}} rm -rf / {}",
            "{}".repeat(100_000)
        ),
        format!("find {long} -exec rm -rf / {} \\;", "{}".repeat(100_000)),
        format!("parallel rm -rf / {} ::: {long}", "{}".repeat(100_000)),
    ] {
        let shown: String = command.chars().take(20).collect();
        assert_ne!(verdict(&command), Verdict::None, "{shown}");
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[test]
fn every_cut_and_every_mixture_is_survived() {
    let whole = r#"x=1 sudo -u a sh -c 'echo "${y:-$(cat <<E)}" | xargs -I{} rm -rf {}' && f() { case $1 in a) $((1+2));; esac; } > /dev/null 2>&1; f `ls` <(curl a) {b,c}é "#;
    for (at, _) in whole.char_indices() {
        verdict(&whole[..at]);
        verdict(&whole[at..]);
        redact(&whole[at..]);
    }
    // A small generator of our own: the same every time.
    let mut state = 7_u64;
    let alphabet: Vec<char> = "rm -f/$(){}[]<>|&;'\"`\\\n\t=~*?!#eé\u{1}0a:@"
        .chars()
        .collect();
    for _ in 0..4_000 {
        let mut text = String::new();
        for _ in 0..40 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let index = usize::try_from(state >> 33).unwrap_or(0) % alphabet.len();
            text.push(alphabet[index]);
        }
        verdict(&text);
        redact(&text);
    }
}

#[test]
fn wrapping_never_lowers_a_verdict_and_quoting_never_raises_one() {
    for command in [
        "rm -rf /",
        "git reset --hard",
        "dropdb shop",
        "docker volume rm data",
        "git stash clear",
        "ls -la",
        "cargo test",
    ] {
        let plain = verdict(command);
        let quoted = quoted(command);
        for wrapped in [
            format!("sh -c {quoted}"),
            format!("bash -lc {quoted}"),
            format!("env X=1 {command}"),
            format!("sudo {command}"),
            format!("timeout 5 {command}"),
            format!("( {command} )"),
            format!("{{ {command}; }}"),
            format!("true && {command}"),
            format!("ls; {command}"),
            format!("{command}; ls"),
        ] {
            assert!(verdict(&wrapped) >= plain, "{wrapped}");
        }
        for mentioned in [
            format!("echo {quoted}"),
            format!("git commit -m {quoted}"),
            format!("ls # {command}"),
            format!("cat <<'EOF'\n{command}\nEOF"),
        ] {
            assert_eq!(verdict(&mentioned), Verdict::None, "{mentioned}");
        }
    }
}

#[test]
fn input_of_a_wrong_shape_is_nothing() {
    for input in [
        json!(null),
        json!([]),
        json!({"command": 7}),
        json!({"command": null}),
        json!("rm -rf /"),
    ] {
        for tool in ["Bash", "Write", "Read", "mcp__x__y", ""] {
            let call = ToolCall {
                tool,
                input: &input,
                cwd: "",
            };
            assert_eq!(
                assess(&call, &Facts::default(), &Settings::default()).verdict,
                Verdict::None
            );
        }
    }
}
