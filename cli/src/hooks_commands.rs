//! `fjord hooks`: connects the coding agent and disconnects it again.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use agent::{Clock, Error};
use config::Paths;
use hooks::install::{Failure, InstallError, Status};
use hooks::{Installer, Scope};

use crate::argv::{HooksCommand, HooksPlace};
use crate::output::{mark, marked};
use crate::session;
use crate::wire::{Wire, absolute, own_program};

/// The program that the coding agent runs for each event.
const PROGRAM: &str = "fjord-hook";

/// Runs one of the hooks' commands.
pub(crate) fn run(wire: &Wire, command: &HooksCommand) -> Result<ExitCode, Error> {
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
            let done = installer(wire, place)?
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
                    "{} in {}; it counts from the coding agent's next session on",
                    marked(mark::GOOD, what),
                    done.settings.display()
                ),
            );
        }
        HooksCommand::Uninstall { place } => {
            session::refuse_in_session(&wire.environment, "uninstalling")?;
            let done = installer(wire, place)?
                .uninstall(now)
                .map_err(|error| refusal(&error))?;
            let what = if done.changed {
                "taken out of"
            } else {
                "nothing of Fjord's was in"
            };
            tell(wire, &done, &format!("{what} {}", done.settings.display()));
        }
        HooksCommand::Status { place } => {
            let status = installer(wire, place)?
                .status()
                .map_err(|error| refusal(&error))?;
            print(wire, &status);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn installer(wire: &Wire, place: &HooksPlace) -> Result<Installer, Error> {
    let scope: Scope = place.scope.parse().map_err(Error::invalid)?;
    let project = absolute(place.dir.as_deref().unwrap_or(Path::new(".")))?;
    if scope != Scope::User && !project.is_dir() {
        return Err(Error::not_found(format!(
            "there is no folder {}",
            project.display()
        )));
    }
    Installer::new(scope, &project, &wire.environment).map_err(|error| refusal(&error))
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

fn print(wire: &Wire, status: &Status) {
    let socket = Paths::from(&wire.environment).socket;
    let is_served = UnixStream::connect(&socket).is_ok();
    if wire.output.json {
        let mut document = serde_json::to_value(status).unwrap_or_default();
        document["daemon"] = is_served.into();
        wire.output.document(&document);
        return;
    }
    let settings = status.settings.display();
    let state = match (
        status.events.is_empty(),
        status.complete,
        status.program_exists,
    ) {
        (true, _, _) => format!(
            "{}: nothing of Fjord's is in {settings}; `fjord hooks install` connects the coding agent",
            marked(mark::DIM, "not installed")
        ),
        (false, _, false) => format!(
            "{}: the program that {settings} names is gone; `fjord hooks install` mends it",
            marked(mark::BAD, "broken")
        ),
        (false, false, true) => format!(
            "{}: {settings} has {} only; `fjord hooks install` mends it",
            marked(mark::WARN, "incomplete"),
            status.events.join(", ")
        ),
        (false, true, true) => format!("{} in {settings}", marked(mark::GOOD, "installed")),
    };
    let daemon = if is_served {
        format!("`fjord up` serves {}", socket.display())
    } else {
        "`fjord up` does not run: the guard judges alone, events wait on disk".to_owned()
    };
    wire.output.text(&format!("{state}\n{daemon}"));
}
