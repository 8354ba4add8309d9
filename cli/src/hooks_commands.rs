//! `fjord hooks`: connects the coding agent and disconnects it again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use agent::store::rows::HookEventRow;
use agent::{Clock, Error};
use chrono::{DateTime, Utc};
use hooks::install::{Failure, InstallError, Waits};
use hooks::{Installer, Scope};

use crate::argv::{HooksCommand, HooksPlace};
use crate::output::{mark, marked};
use crate::wire::{Logging, Wire, absolute, own_program};
use crate::{render, session};

mod programs;
mod status;

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
            let done = installer(wire, &place.scope, place.dir.as_deref())?
                .install(&hook_program()?, failure(*strict), now)
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
        HooksCommand::Plugin { dir, strict } => plugin(wire, dir, *strict)?,
        HooksCommand::Status { scope, dir } => {
            status::run(wire, scope.as_deref(), dir.as_deref()).await?;
        }
        HooksCommand::Log { limit } => log(wire, *limit).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the folder for the client's plugin manager.
fn plugin(wire: &Wire, dir: &Path, strict: bool) -> Result<(), Error> {
    let folder = absolute(dir)?;
    let files = installer(wire, "user", None)?
        .plugin(&hook_program()?, failure(strict), &folder)
        .map_err(|error| refusal(&error))?;
    if wire.output.json {
        wire.output
            .document(&serde_json::json!({ "folder": folder, "files": files }));
        return Ok(());
    }
    let folder = folder.display();
    wire.output.text(&format!(
        "{} in {folder}\ntry it with `claude --plugin-dir {folder}`, or keep it with `claude plugin marketplace add {folder}` and `claude plugin install fjord@fjord`\nhave either the plugin or `fjord hooks install`: with both, each event comes twice",
        marked(mark::GOOD, "written")
    ));
    Ok(())
}

/// The program that was built beside this one.
fn hook_program() -> Result<PathBuf, Error> {
    let program = own_program()?.with_file_name(PROGRAM);
    if program.is_file() {
        return Ok(program);
    }
    Err(Error::not_found(format!(
        "there is no `{PROGRAM}` beside this program ({}); build both: `cargo build --release --bins`",
        program.display()
    )))
}

fn failure(strict: bool) -> Failure {
    if strict {
        Failure::Block
    } else {
        Failure::Continue
    }
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
    let waits = Waits::from(&wire.load()?.config.hooks);
    Installer::new(scope, &project, &wire.environment, waits).map_err(|error| refusal(&error))
}

fn refusal(error: &InstallError) -> Error {
    match error {
        InstallError::NoHome => Error::invalid(error.to_string()),
        InstallError::Malformed { .. } | InstallError::Changed { .. } | InstallError::Io { .. } => {
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
    for problem in &done.problems {
        wire.output
            .remark(&format!("a bad entry of somebody else: {problem}"));
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
    if let Some(absence) = status::absence(wire) {
        wire.output.remark(&absence);
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
