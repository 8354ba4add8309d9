//! From what was typed to what is done.

use std::process::ExitCode;

use agent::{Agent, CheckState, Command, Error, Face, Reply, SearchQuery};

use crate::argv::{CliCommand, ConfigCommand, Consent, RagCommand};
use crate::road::Road;
use crate::wire::{Logging, Wire};
use crate::{backup, chat, demo, guard_commands, hooks_commands, init, learn, render, up};

/// Does what was typed.
pub(crate) async fn run(wire: &Wire, command: CliCommand) -> Result<ExitCode, Error> {
    match command {
        CliCommand::Guard(command) => Box::pin(guard_commands::run(wire, &command)).await,
        CliCommand::Config(ConfigCommand::Show) => show_config(wire),
        CliCommand::Init(args) => init::run(wire, args).await,
        CliCommand::Up => up::run(wire).await,
        CliCommand::Demo => Box::pin(demo::run(wire)).await,
        CliCommand::Hooks(command) => Box::pin(hooks_commands::run(wire, &command)).await,
        command => {
            let agent = wire.agent(Logging::Warnings)?;
            Box::pin(with_agent(wire, &agent, command)).await
        }
    }
}

async fn with_agent(wire: &Wire, agent: &Agent, command: CliCommand) -> Result<ExitCode, Error> {
    let mut consent = Consent::default();
    let mut shows_one = false;
    let command = match command {
        CliCommand::Chat => return chat::run(wire, agent).await,
        CliCommand::Backup { file } => return backup::backup(wire, agent, &file).await,
        CliCommand::Restore { file, consent } => {
            return backup::restore(wire, agent, (&file, consent)).await;
        }
        CliCommand::Rag(RagCommand::Add { paths }) => return learn::run(wire, agent, paths).await,
        CliCommand::Doctor { strict, quick } => return doctor(wire, agent, (strict, quick)).await,
        CliCommand::Inventory(inventory) => {
            shows_one = inventory.shows_one();
            consent = inventory.consent();
            inventory.command()?
        }
        CliCommand::Status { name } => Command::Status { name },
        CliCommand::Health { service } => Command::Health { service },
        CliCommand::Events(events) => events.command(agent.now())?,
        CliCommand::History { service, limit } => Command::History { service, limit },
        CliCommand::Deploy {
            service,
            positional,
            version,
            plan,
            consent: given,
        } => {
            consent = given;
            let version = version.or(positional);
            if plan {
                Command::Plan { service, version }
            } else {
                Command::Deploy { service, version }
            }
        }
        CliCommand::Rollback {
            service,
            to,
            consent: given,
        } => {
            consent = given;
            Command::Rollback { service, to }
        }
        CliCommand::Cancel { service } => Command::Cancel { service },
        CliCommand::Brief => Command::Brief,
        CliCommand::Incident { text } => Command::Incident {
            text: text.join(" "),
        },
        CliCommand::Remember { text } => Command::Remember {
            text: text.join(" "),
        },
        CliCommand::Rag(RagCommand::Search { text, limit }) => Command::Search(SearchQuery {
            text: text.join(" "),
            limit,
        }),
        CliCommand::Rag(RagCommand::List) => Command::Documents,
        CliCommand::Rag(RagCommand::Forget(given)) | CliCommand::Forget(given) => {
            consent = given.consent;
            let id = learn::named(wire, agent, given.id).await?;
            Command::Forget { id }
        }
        CliCommand::Approvals(approvals) => approvals.command(),
        CliCommand::Schedule(schedule) => {
            let (command, given) = schedule.command()?;
            consent = given;
            command
        }
        CliCommand::Guard(_)
        | CliCommand::Config(_)
        | CliCommand::Demo
        | CliCommand::Init(_)
        | CliCommand::Up
        | CliCommand::Hooks(_)
        | CliCommand::DemoService { .. } => {
            return Err(Error::internal("this command needs no agent"));
        }
    };
    let road = Road {
        wire,
        agent,
        actor: wire.actor(Face::Argv),
        consent,
        shows_one,
    };
    Ok(Box::pin(road.run(command)).await)
}

/// Prints how the helpers are; `--strict` fails when one that is configured does not answer.
async fn doctor(
    wire: &Wire,
    agent: &Agent,
    (strict, quick): (bool, bool),
) -> Result<ExitCode, Error> {
    if quick {
        agent.store().ready().await.map_err(Error::from)?;
        let version = agent.store().version().await.map_err(Error::from)?;
        let found = format!("store ok: {} {version}", agent.store().kind());
        if wire.output.json {
            wire.output.document(&serde_json::json!({ "store": "ok", "what": agent.store().kind(), "version": version }));
        } else {
            wire.output.text(&found);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let reply = agent
        .handle(
            &wire.actor(Face::Argv),
            Command::Doctor,
            &agent::Progress::none(),
        )
        .await?;
    if wire.output.json {
        wire.output.document(&reply);
    } else {
        wire.output
            .text(&render::reply(&reply, render::Moment::at(agent.now())));
    }
    let is_down = matches!(&reply, Reply::Doctor(checks) if checks.iter().any(|check| check.state == CheckState::Down));
    Ok(ExitCode::from(if strict && is_down {
        69
    } else {
        reply.exit_code()
    }))
}

fn show_config(wire: &Wire) -> Result<ExitCode, Error> {
    let shown = wire.load()?.show();
    if wire.output.json {
        let rows: Vec<_> = shown
            .iter()
            .map(|row| serde_json::json!({ "key": row.key, "value": row.value, "origin": row.origin.to_string() }))
            .collect();
        wire.output.document(&rows);
    } else {
        let rows = shown
            .iter()
            .map(|row| [row.key.clone(), row.value.clone(), row.origin.to_string()]);
        wire.output
            .text(&render::table(["key", "value", "from"], rows));
    }
    Ok(ExitCode::SUCCESS)
}
