//! `fjord backup` and `fjord restore`: the whole store in one file, and back.

use std::io::IsTerminal;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use agent::{Agent, Error, Face, Role};

use crate::argv::Consent;
use crate::road::is_yes;
use crate::session;
use crate::wire::{Logging, Wire, absolute};

/// Writes everything in the store to a new file.
pub(crate) async fn backup(wire: &Wire, agent: &Agent, file: &Path) -> Result<ExitCode, Error> {
    allow(wire, agent, "backup")?;
    let file = absolute(file)?;
    if let Some(folder) = file.parent()
        && !folder.is_dir()
    {
        return Err(Error::not_found(format!(
            "there is no folder {}; make it first: `mkdir -p {}`",
            folder.display(),
            folder.display()
        )));
    }
    let rows = agent.store().backup(&file).await?;
    audit(wire, agent, ("backup", &file)).await;
    tell(wire, &file, rows, "written to");
    Ok(ExitCode::SUCCESS)
}

/// Replaces the store by a backup; asks before it acts.
pub(crate) async fn restore(
    wire: &Wire,
    agent: &Agent,
    (file, consent): (&Path, Consent),
) -> Result<ExitCode, Error> {
    allow(wire, agent, "restore")?;
    let file = absolute(file)?;
    if !file.is_file() {
        return Err(Error::not_found(format!(
            "there is no file {}",
            file.display()
        )));
    }
    if UnixStream::connect(&agent.paths().socket).is_ok() {
        return Err(Error::conflict("`fjord up` uses the store; stop it first"));
    }
    session::refuse_in_session(&wire.environment, "restoring")?;
    if !consent.yes && !agrees(wire, agent, &file).await? {
        wire.output.remark("not done");
        return Ok(ExitCode::FAILURE);
    }
    let rows = agent.restore(&file).await?;
    // The store was closed to be replaced; what is there now has no row of this yet.
    let fresh = wire.agent(Logging::Warnings)?;
    audit(wire, &fresh, ("restore", &file)).await;
    tell(wire, &file, rows, "read from");
    Ok(ExitCode::SUCCESS)
}

fn allow(wire: &Wire, agent: &Agent, what: &str) -> Result<(), Error> {
    let role = agent.role_of(&wire.actor(Face::Argv));
    if role.is_some_and(|role| role >= Role::Operator) {
        return Ok(());
    }
    Err(Error::forbidden(format!(
        "`{what}` needs the role {}; an admin can change that in the configuration",
        Role::Operator.as_str()
    )))
}

async fn agrees(wire: &Wire, agent: &Agent, file: &Path) -> Result<bool, Error> {
    if !(std::io::stdin().is_terminal() && wire.output.errors_are_watched()) {
        return Err(Error::forbidden(
            "restoring replaces everything in the store: this needs `--yes` or a terminal to answer on; nothing was done",
        ));
    }
    wire.output.ask(&format!(
        "replace everything in {} by {}? [y/N] ",
        agent.store().place(),
        file.display()
    ));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    Ok(is_yes(
        &line.await.ok().and_then(Result::ok).unwrap_or_default(),
    ))
}

async fn audit(wire: &Wire, agent: &Agent, (action, file): (&str, &Path)) {
    let target = file.display().to_string();
    agent
        .audit(
            &wire.actor(Face::Argv),
            (action, Some(&target)),
            ("done", None),
        )
        .await;
}

fn tell(wire: &Wire, file: &Path, rows: u64, what: &str) {
    if wire.output.json {
        wire.output
            .document(&serde_json::json!({ "file": file, "rows": rows }));
    } else {
        wire.output
            .text(&format!("{rows} rows {what} {}", file.display()));
    }
}
