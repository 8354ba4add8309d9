//! Every recorded event, broken in every way: the hook answers as it should, or not at all, and always ends well.
//!
//! Ten thousand go through the code of `fjord-hook` and of the daemon in this process, a part of them through the
//! real programs. The numbers come from a fixed seed, so that a failure comes back.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use config::Environment;
use hooks::wire::HookInput;
use serde_json::{Value, json};
use tests::Home;

use super::hostile::end;
use super::recorded::{TOP, recorded};

mod breaking;

use breaking::{Random, broken};

/// How many mutations of all recorded events there are.
const MUTATIONS: usize = 10_000;
/// How many of them go through real programs, once with `fjord up` and once without.
const THROUGH_PROGRAMS: usize = 500;
/// How many threads feed programs.
const AT_ONCE: usize = 4;

/// The mutation of a number, always the same.
fn mutation(all: &[(String, Vec<u8>)], number: usize) -> (String, Vec<u8>) {
    let (name, event) = &all[number % all.len()];
    let mut random = Random::new(number as u64);
    let (how, bytes) = broken(event, &mut random);
    (format!("{number}: {name}, {how}"), bytes)
}

/// Checks that an answer is one that the client takes, for this very event.
fn is_allowed(name: &str, event: &[u8], answer: &Value) {
    let object = answer
        .as_object()
        .unwrap_or_else(|| panic!("{name}: {answer}"));
    assert!(
        !object.is_empty() && object.keys().all(|key| TOP.contains(&key.as_str())),
        "{name}: {answer}"
    );
    let Some(own) = object.get("hookSpecificOutput") else {
        return;
    };
    let about = own["hookEventName"].as_str().unwrap();
    // What cannot be read as JSON may still look like a call, which a person then sees.
    let event = serde_json::from_slice::<Value>(event).unwrap_or_default();
    if let Some(asked) = event["hook_event_name"].as_str() {
        assert_eq!(about, asked, "{name}: {answer}");
    }
    let decision = &own["permissionDecision"];
    assert!(
        decision.is_null() || (about == "PreToolUse" && (decision == "ask" || decision == "deny")),
        "{name}: {answer}"
    );
    if !decision.is_null() {
        assert!(
            own["permissionDecisionReason"].is_string(),
            "{name}: {answer}"
        );
    }
    assert!(
        own["additionalContext"].is_null() || own["additionalContext"].is_string(),
        "{name}: {answer}"
    );
    assert_ne!(
        own["decision"]["behavior"], "allow",
        "{name}: nobody allowed it"
    );
}

/// Runs work for each number on a few threads.
fn for_each(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    work(number);
                }
            });
        }
    });
}

#[test]
fn no_mutation_makes_the_code_of_hook_or_daemon_panic_or_say_something_odd() {
    let home = Home::new();
    let environment = Environment::from_pairs([
        ("FJORD_HOME", home.path().as_os_str()),
        ("HOME", "/home/ann".as_ref()),
    ]);
    let (configuration, _) = config::hook::load(&environment);
    let all = recorded();
    let answered = AtomicUsize::new(0);
    for_each(MUTATIONS, |number| {
        let (name, bytes) = mutation(&all, number);
        let by_the_hook =
            catch_unwind(|| fjord_hook::alone(bytes.as_slice(), &configuration, &environment));
        let (answer, spooled) = by_the_hook.unwrap_or_else(|_| panic!("{name}: the hook panicked"));
        if let Some(answer) = answer {
            is_allowed(&name, &bytes, &answer);
            answered.fetch_add(1, Ordering::Relaxed);
        }
        let by_the_daemon = catch_unwind(|| {
            let parsed = HookInput::parse(&bytes);
            if let Ok(input) = &parsed {
                let kept = input.observation("e1", None);
                assert!(input.paths().iter().all(|path| !path.is_empty()));
                if let Some(kept) = kept {
                    // Twice the most that the agent keeps.
                    assert!(kept.detail.to_string().len() < 256 << 10, "{name}");
                }
            }
            parsed.is_ok()
        });
        let is_event = by_the_daemon.unwrap_or_else(|_| panic!("{name}: the daemon panicked"));
        assert!(
            spooled.is_some() || !is_event,
            "{name}: the daemon reads what the hook cannot"
        );
    });
    let answered = answered.into_inner();
    assert!(
        answered > 20,
        "only {answered} mutations were answered: they break too much"
    );
}

#[test]
fn without_fjord_up_a_mutation_ends_well() {
    let home = Home::with_config("[hooks]\napprove_wait_s = 0\n");
    through_programs(&home, 0);
}

#[test]
fn beside_fjord_up_a_mutation_ends_well() {
    let home = Home::with_config("[hooks]\napprove_wait_s = 0\n");
    let up = home.up();
    through_programs(&home, THROUGH_PROGRAMS);
    end(up);
}

/// Feeds a part of the mutations to real programs.
fn through_programs(home: &Home, from: usize) {
    let all = recorded();
    for_each(THROUGH_PROGRAMS, |number| {
        // A step that has no factor in common with the number of kinds and of recorded events.
        let (name, bytes) = mutation(&all, (from + number) * 7 % MUTATIONS);
        check(home, &name, &bytes);
    });
}

fn check(home: &Home, name: &str, bytes: &[u8]) {
    let output = home.hook(bytes);
    assert_eq!(output.code, Some(0), "{name}: {}", output.stderr);
    assert!(
        !output.stderr.contains("panicked") && output.stderr.lines().count() <= 2,
        "{name}: {}",
        output.stderr
    );
    if !output.stdout.is_empty() {
        let answer = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", output.stdout));
        is_allowed(name, bytes, &answer);
    }
}

#[test]
fn a_response_of_thirty_megabytes_ends_well_broken_too() {
    let home = Home::new();
    let up = home.up();
    let stdout = "a line of output\n".repeat((30 << 20) / 17);
    let whole = json!({
        "session_id": "s", "cwd": "/tmp", "hook_event_name": "PostToolUse", "tool_name": "Bash",
        "tool_input": { "command": "cat big" }, "tool_response": { "stdout": stdout },
    })
    .to_string();
    let cut = whole[..whole.len() / 2].to_owned();
    let half_a_pair = whole.replacen("a line", "\\ud83d", 1);
    for (name, text) in [("cut off", cut), ("half a pair", half_a_pair)] {
        check(&home, name, text.as_bytes());
    }
    end(up);
}
