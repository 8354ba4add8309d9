//! The small program Claude Code calls for each hook event.
//!
//! It reads one event on stdin, prints one JSON object or nothing, and always exits 0. It judges tool
//! calls by itself, so that it needs no daemon, and hands every event to the daemon or to the spool.

mod answer;
mod approval;
mod daemon;
mod event;
mod identity;
mod known;
mod settings;
mod spool;

// The rules of the client's settings, which the installer knows too.
#[expect(
    unreachable_pub,
    reason = "the installer shows them to `fjord hooks status`"
)]
#[path = "../../src/install/check.rs"]
mod check;

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use answer::Answer;
use config::Environment;
use config::hook::HookConfig;
use daemon::{About, Heard, Word};
use event::Event;
use serde_json::Value;

/// The client gives all hooks little time when a session ends, milliseconds.
const AT_THE_END_MS: u64 = 700;
/// How long is looked whether the daemon is there.
const A_LOOK: Duration = Duration::from_millis(50);
/// What a person is told when the daemon is not there.
const NOT_RUNNING: &str = "Fjord is not running: calls are still judged, but nobody can approve them from afar and prompts get no facts. Start it with `fjord up`.";

/// Reads one event on stdin and answers it on stdout. The exit code is always 0.
pub fn run() -> ExitCode {
    let start = Instant::now();
    // Claude Code passes no argument; a person who asks gets an answer in place of a silent wait.
    if let Some(text) = std::env::args_os()
        .nth(1)
        .and_then(|word| about(&word.to_string_lossy()))
    {
        say(&text);
        return ExitCode::SUCCESS;
    }
    // Whatever goes wrong here must not speak on stdout nor block the coder.
    std::panic::set_hook(Box::new(|_| {}));
    let _ = std::panic::catch_unwind(|| handle(start));
    ExitCode::SUCCESS
}

/// What is said to a person who tries the program by hand.
fn about(word: &str) -> Option<String> {
    match word {
        "--version" | "-V" => Some(concat!("fjord-hook ", env!("CARGO_PKG_VERSION")).to_owned()),
        "--help" | "-h" | "help" => Some(
            "fjord-hook reads one hook event of Claude Code on stdin; `fjord hooks install` sets it up".to_owned(),
        ),
        _ => None,
    }
}

fn handle(start: Instant) {
    let program = std::env::current_exe().ok();
    let environment = config::hook::placed(Environment::read(), program.as_deref());
    let (mut configuration, mut problems) = config::hook::load(&environment);
    let mut event = match Event::read(std::io::stdin().lock()) {
        Ok(event) => event,
        Err(problem) => {
            complain(&format!("cannot read this event: {}", problem.why));
            if problem.is_call {
                print(&answer::unjudged(&problem.why));
            }
            return;
        }
    };
    let project = known::project(&environment, &event.cwd);
    let root = project.as_ref().map(|project| Path::new(&project.root));
    for folder in config::hook::project_folders(Path::new(&event.cwd), root) {
        problems.extend(configuration.with_project(&folder));
    }
    if let Some(first) = problems.first() {
        let more = if problems.len() > 1 {
            format!(
                " (and {} more; `fjord config show` lists them)",
                problems.len() - 1
            )
        } else {
            String::new()
        };
        complain(&format!("configuration: {first}{more}"));
    }
    let limit = match event.name.as_str() {
        "UserPromptSubmit" => configuration.hooks.prompt_deadline_ms,
        "SessionEnd" => configuration.hooks.deadline_ms.min(AT_THE_END_MS),
        _ => configuration.hooks.deadline_ms,
    };
    let deadline = start + Duration::from_millis(limit);
    let id = identity::event_id();
    let recorded = !known::is_ignored(&configuration.hooks.ignore, &event.cwd, &environment);
    let refusal = settings::refuse(&mut event, &configuration.paths.data_dir);
    let own = Answer::own(&event, project, &configuration, &environment);
    let is_attended = approval::is_attended(&environment);
    let about = About {
        can_wait_s: approval::wait_for(&event.name, is_attended, &configuration.hooks),
        is_attended,
        own: own.verdict_and_rule(),
    };
    let socket = &configuration.paths.socket;
    let waiting =
        recorded.then(|| daemon::send(socket, (&id, event.take_text()), &about, deadline));
    let heard = waiting.and_then(|waiting| waiting.wait(deadline).ok());
    let is_delivered = heard.is_some();
    match heard {
        _ if refusal.is_some() => print_any(refusal),
        None if recorded && starts(&event) && daemon::is_absent(socket, A_LOOK) => {
            print(&serde_json::json!({ "systemMessage": NOT_RUNNING }));
        }
        Some(Heard::Asked { wait_s }) if !own.denies() => {
            let until = start + Duration::from_secs(wait_s.min(about.can_wait_s));
            let word = daemon::wait_for_person(socket, &id, until);
            print_any(
                approval::answer(&event, &word, (is_attended, wait_s)).or_else(|| {
                    let said = own.merged(&event.name, None)?;
                    Some(approval::with_nobody_to_ask(said, is_attended))
                }),
            );
            if matches!(word, Word::Answered { .. }) {
                daemon::tell_handed_on(socket, &id);
            }
        }
        heard => {
            let theirs = match heard {
                Some(Heard::Object(object)) => Some(object),
                Some(Heard::Nothing | Heard::Asked { .. }) | None => None,
            };
            let said = own.merged(&event.name, theirs);
            print_any(said.map(|object| approval::with_nobody_to_ask(object, is_attended)));
        }
    }
    if recorded && !is_delivered {
        let value = masked(event);
        match spool::keep(&configuration.paths.spool_dir, &id, &value) {
            Ok(true) => {}
            Ok(false) => complain("the spool is full, so this event is not recorded"),
            Err(problem) => complain(&format!("cannot spool this event: {problem}")),
        }
    }
}

/// What would be printed of an event, and what would be spooled, were there no daemon.
pub fn alone(
    input: impl Read,
    configuration: &HookConfig,
    environment: &Environment,
) -> (Option<Value>, Option<Value>) {
    match Event::read(input) {
        Ok(event) => {
            let project = known::project(environment, &event.cwd);
            let own = Answer::own(&event, project, configuration, environment);
            (own.merged(&event.name, None), Some(masked(event)))
        }
        Err(problem) => (
            problem.is_call.then(|| answer::unjudged(&problem.why)),
            None,
        ),
    }
}

/// The event as it may lie on the disk.
fn masked(event: Event) -> Value {
    let mut value = event.value;
    if let Some(Value::String(prompt)) = value.get_mut("prompt") {
        *prompt = guard::without_private(prompt);
    }
    guard::redact::redact_json(&mut value);
    value
}

/// Whether the client begins with a session: only then is a person told that the daemon is not there. Clearing and
/// compacting start it too, again and again.
fn starts(event: &Event) -> bool {
    let source = event.value.get("source").and_then(Value::as_str);
    event.name == "SessionStart" && !matches!(source, Some("clear" | "compact"))
}

fn print_any(object: Option<Value>) {
    if let Some(object) = object {
        print(&object);
    }
}

fn print(object: &Value) {
    say(&object.to_string());
}

fn say(text: &str) {
    let line = format!("{text}\n");
    let mut stdout = std::io::stdout().lock();
    // A reader that is gone is no reason to fail.
    let _ = stdout
        .write_all(line.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Says one line on stderr.
fn complain(text: &str) {
    let line = format!("fjord-hook: {}\n", text.replace('\n', " "));
    let _ = std::io::stderr().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_asks_is_told_what_the_program_is_for() {
        assert!(about("--help").unwrap().contains("`fjord hooks install`"));
        assert!(about("--version").unwrap().starts_with("fjord-hook "));
        assert_eq!(about("anything"), None);
    }
}
