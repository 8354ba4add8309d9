//! `fjord hooks`: connects the coding agent and disconnects it again.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use agent::store::rows::HookEventRow;
use agent::{Clock, Error};
use chrono::{DateTime, Utc};
use config::Paths;
use hooks::install::{Failure, InstallError, Status};
use hooks::{Installer, Scope};

use crate::argv::{HooksCommand, HooksPlace};
use crate::output::{error_document, mark, marked};
use crate::wire::{Logging, Wire, absolute, own_program};
use crate::{render, session};

/// Every scope, the widest first.
const SCOPES: [&str; 3] = ["user", "project", "local"];
/// How much of a session's id is shown.
const SESSION_LENGTH: usize = 8;
/// How much of a command is shown.
const WHAT_LENGTH: usize = 60;
/// What tells most of an event, in this order.
const DETAILS: [&str; 13] = [
    "command",
    "file_path",
    "notebook_path",
    "path",
    "url",
    "query",
    "pattern",
    "prompt",
    "skill",
    "error",
    "message",
    "reason",
    "source",
];
/// The program that the coding agent runs for each event.
const PROGRAM: &str = "fjord-hook";

/// Runs one of the hooks' commands.
pub(crate) async fn run(wire: &Wire, command: &HooksCommand) -> Result<ExitCode, Error> {
    let now = Clock::system().now();
    match command {
        HooksCommand::Install { place, strict } => {
            let program = own_program()?.with_file_name(PROGRAM);
            if !program.is_file() {
                return Err(Error::not_found(format!(
                    "there is no `{PROGRAM}` beside this program ({}); build both: `cargo build --release --bins`",
                    program.display()
                )));
            }
            let failure = if *strict {
                Failure::Block
            } else {
                Failure::Continue
            };
            let done = installer(wire, &place.scope, place.dir.as_deref())?
                .install(&program, failure, now)
                .map_err(|error| refusal(&error))?;
            let what = if done.changed {
                "installed"
            } else {
                "installed already"
            };
            tell(
                wire,
                &done,
                &format!(
                    "{} in {}, {}; it counts from the coding agent's next session on\nundo it with `{}`",
                    marked(mark::GOOD, what),
                    done.settings.display(),
                    whose(&place.scope),
                    undo(place)
                ),
            );
        }
        HooksCommand::Uninstall { place } => {
            session::refuse_in_session(&wire.environment, "uninstalling")?;
            let done = installer(wire, &place.scope, place.dir.as_deref())?
                .uninstall(now)
                .map_err(|error| refusal(&error))?;
            let what = if done.changed {
                "taken out of"
            } else {
                "nothing of Fjord's was in"
            };
            tell(wire, &done, &format!("{what} {}", done.settings.display()));
        }
        HooksCommand::Status { scope, dir } => match scope {
            Some(scope) => {
                let status = installer(wire, scope, dir.as_deref())?
                    .status()
                    .map_err(|error| refusal(&error))?;
                print_one(wire, scope, &status);
            }
            None => print_all(wire, dir.as_deref()),
        },
        HooksCommand::Log { limit } => log(wire, *limit).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn installer(wire: &Wire, scope: &str, dir: Option<&Path>) -> Result<Installer, Error> {
    let scope: Scope = scope.parse().map_err(Error::invalid)?;
    let project = absolute(dir.unwrap_or(Path::new(".")))?;
    if scope != Scope::User && !project.is_dir() {
        return Err(Error::not_found(format!(
            "there is no folder {}",
            project.display()
        )));
    }
    let wait_s = wire.load()?.config.hooks.approve_wait_s;
    Installer::new(scope, &project, &wire.environment, wait_s).map_err(|error| refusal(&error))
}

fn refusal(error: &InstallError) -> Error {
    match error {
        InstallError::NoHome => Error::invalid(error.to_string()),
        InstallError::Malformed { .. } | InstallError::Io { .. } => {
            Error::conflict(error.to_string())
        }
    }
}

fn tell(wire: &Wire, done: &hooks::install::Done, text: &str) {
    if wire.output.json {
        wire.output.document(done);
        return;
    }
    wire.output.text(text);
    if let Some(backup) = &done.backup {
        wire.output.text(&format!(
            "the file from before is kept as {}",
            backup.display()
        ));
    }
}

/// For whom the settings of a scope count.
fn whose(scope: &str) -> &'static str {
    match scope {
        "project" => "for everybody who works on this project",
        "local" => "for you in this project",
        _ => "for all your projects",
    }
}

fn undo(place: &HooksPlace) -> String {
    let dir = place
        .dir
        .as_ref()
        .filter(|_| place.scope != "user")
        .map_or_else(String::new, |dir| format!(" --dir {}", dir.display()));
    format!("fjord hooks uninstall --scope {}{dir}", place.scope)
}

fn print_one(wire: &Wire, scope: &str, status: &Status) {
    if wire.output.json {
        let mut document = serde_json::to_value(status).unwrap_or_default();
        document["daemon"] = is_served(wire).into();
        wire.output.document(&document);
        return;
    }
    wire.output
        .text(&format!("{}\n{}", state(scope, status), daemon(wire)));
}

/// One scope that cannot be read must not hide the others.
fn print_all(wire: &Wire, dir: Option<&Path>) {
    let mut document = serde_json::json!({ "daemon": is_served(wire) });
    let mut text = String::new();
    let mut any = false;
    for scope in SCOPES {
        let status = installer(wire, scope, dir)
            .and_then(|installer| installer.status().map_err(|error| refusal(&error)));
        let line = match &status {
            Ok(status) => {
                any |= !status.events.is_empty();
                document[scope] = serde_json::to_value(status).unwrap_or_default();
                state(scope, status)
            }
            Err(error) => {
                document[scope] = serde_json::json!({ "error": error_document(error) });
                format!("{}: {error}", marked(mark::BAD, "cannot be read"))
            }
        };
        text.push_str(&format!("{scope:<8} {line}\n"));
    }
    if wire.output.json {
        wire.output.document(&document);
        return;
    }
    if !any {
        text.push_str("`fjord hooks install` connects the coding agent\n");
    }
    wire.output.text(&format!("{text}{}", daemon(wire)));
}

fn state(scope: &str, status: &Status) -> String {
    let settings = status.settings.display();
    let mend = format!("`fjord hooks install --scope {scope}` mends it");
    match (
        status.events.is_empty(),
        status.complete,
        status.program_exists,
    ) {
        (true, _, _) => format!(
            "{}: nothing of Fjord's is in {settings}",
            marked(mark::DIM, "not installed")
        ),
        (false, _, false) => format!(
            "{}: the program that {settings} names is gone; {mend}",
            marked(mark::BAD, "broken")
        ),
        (false, false, true) => format!(
            "{}: {settings} has {} only; {mend}",
            marked(mark::WARN, "incomplete"),
            status.events.join(", ")
        ),
        (false, true, true) => format!("{} in {settings}", marked(mark::GOOD, "installed")),
    }
}

fn is_served(wire: &Wire) -> bool {
    UnixStream::connect(Paths::from(&wire.environment).socket).is_ok()
}

fn daemon(wire: &Wire) -> String {
    if is_served(wire) {
        let socket = Paths::from(&wire.environment).socket;
        format!("`fjord up` serves {}", socket.display())
    } else {
        "`fjord up` does not run: the guard judges alone, events wait on disk".to_owned()
    }
}

/// Prints stored events; secrets were masked when they were stored.
async fn log(wire: &Wire, limit: u16) -> Result<(), Error> {
    let agent = wire.agent(Logging::Warnings)?;
    agent.store().ready().await?;
    let events = agent.store().hook_events(limit.into()).await?;
    if wire.output.json {
        wire.output.document(&events);
        return Ok(());
    }
    if events.is_empty() {
        wire.output.text(
            "no hook event is stored; events of the coding agent come in while `fjord up` runs",
        );
        return Ok(());
    }
    wire.output.text(&listed(&events, agent.now()));
    if !is_served(wire) {
        wire.output.remark(&daemon(wire));
    }
    Ok(())
}

fn listed(events: &[HookEventRow], now: DateTime<Utc>) -> String {
    let rows = events.iter().map(|event| {
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        [
            render::age(event.at, now),
            event.session.chars().take(SESSION_LENGTH).collect(),
            event.name.clone(),
            dash(&event.tool),
            dash(&event.verdict),
            dash(&event.rule),
            what(event),
        ]
    });
    render::table(
        [
            "when", "session", "event", "tool", "verdict", "rule", "what",
        ],
        rows,
    )
}

/// What happened in one short line.
fn what(event: &HookEventRow) -> String {
    let detail = &event.detail.0;
    let text = DETAILS
        .iter()
        .find_map(|key| detail.get(key)?.as_str())
        .unwrap_or_default();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > WHAT_LENGTH {
        let short: String = line.chars().take(WHAT_LENGTH).collect();
        format!("{short}…")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_the_log() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let event: HookEventRow = serde_json::from_value(serde_json::json!({
            "event": "0198", "session": "0123456789", "at": now, "name": "PreToolUse",
            "tool": "Bash", "cwd": "/srv", "verdict": "deny", "rule": "docker.volume-rm",
            "detail": { "command": format!("docker volume rm\n  {}", "x".repeat(80)) },
        }))
        .unwrap();
        let text = listed(&[event], now);
        assert_eq!(text.lines().count(), 2, "{text}");
        for word in [
            "01234567  ",
            "PreToolUse",
            "Bash",
            "deny",
            "docker.volume-rm",
            "docker volume rm xxx",
            "x…",
        ] {
            assert!(text.contains(word), "{word} is missing in {text}");
        }
    }
}
