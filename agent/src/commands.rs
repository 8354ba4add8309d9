//! One file a command. Each `run` takes the agent, the pass and what was asked.

use crate::agent::Agent;
use crate::command::Command;
use crate::error::Error;
use crate::pass::Pass;
use crate::progress::Progress;
use crate::reply::Reply;

mod approvals;
mod begin;
mod brief;
mod cancel;
mod change;
mod confirm;
mod dependency;
mod deploy;
mod doctor;
pub(crate) mod enrich;
mod events;
mod health;
mod history;
mod incident;
mod judge;
mod knowledge;
pub(crate) mod names;
mod observe;
mod recall;
mod rollback;
mod route;
mod schedule;
mod secret;
mod server;
mod service;
mod status;

pub(crate) use status::{detail_from, report_from};

/// Runs a command that was admitted.
pub(crate) async fn run(
    agent: &Agent,
    pass: Pass,
    command: Command,
    progress: &Progress,
) -> Result<Reply, Error> {
    if matches!(
        command,
        Command::Status { .. }
            | Command::History { .. }
            | Command::Deploy { .. }
            | Command::Rollback { .. }
            | Command::Cancel { .. }
            | Command::Confirm { .. }
    ) {
        // A Fjord that died in the middle must not read as running; usually this is one read of an empty index.
        crate::deploy::recover(agent).await?;
    }
    match command {
        Command::Status { name } => status::run(agent, name.as_deref()).await,
        Command::Health { service } => health::run(agent, service.as_deref()).await,
        Command::Plan { service, version } => {
            deploy::plan(agent, &service, version.as_deref()).await
        }
        Command::Deploy { service, version } => {
            deploy::ask(agent, &pass, (&service, version.as_deref())).await
        }
        Command::Rollback { service, to } => {
            rollback::ask(agent, &pass, (&service, to.as_deref())).await
        }
        Command::Cancel { service } => cancel::run(agent, &pass, &service).await,
        Command::Confirm { ticket, answer } => {
            confirm::run(agent, pass, (&ticket, answer), progress).await
        }
        Command::History { service, limit } => history::run(agent, &service, limit).await,
        Command::Events(filter) => events::run(agent, &filter).await,
        Command::Brief => brief::run(agent, progress).await,
        Command::Incident { text } => incident::run(agent, &text, progress).await,
        Command::Remember { text } => knowledge::remember(agent, &pass, text).await,
        Command::Learn(learn) => knowledge::learn(agent, learn).await,
        Command::Search(query) => knowledge::search(agent, &query).await,
        Command::Documents => knowledge::documents(agent).await,
        Command::Forget { id } => knowledge::forget(agent, &id).await,
        Command::Server(item) => server::run(agent, &pass, item).await,
        Command::Service(item) => service::run(agent, &pass, item).await,
        Command::Route(item) => route::run(agent, &pass, item).await,
        Command::Dependency(item) => dependency::run(agent, &pass, item).await,
        Command::Secret(item) => secret::run(agent, &pass, item).await,
        Command::Schedule(command) => schedule::run(agent, &pass, command, progress).await,
        Command::Approvals(command) => approvals::run(agent, &pass, command).await,
        Command::Ask(permission) => approvals::ask(agent, permission).await,
        Command::Doctor => doctor::run(agent).await,
        Command::Judge(judge) => judge::run(agent, judge).await,
        Command::Begin(begin) => begin::run(agent, begin).await,
        Command::Enrich(enrich) => enrich::run(agent, enrich).await,
        Command::Observe(observations) => observe::run(agent, observations).await,
        Command::Recall(observation) => recall::run(agent, observation).await,
    }
}

/// Checks the number of rows asked for.
fn check_limit(limit: Option<u32>, (usual, most): (u32, u32)) -> Result<i64, Error> {
    match limit.unwrap_or(usual) {
        limit if (1..=most).contains(&limit) => Ok(i64::from(limit)),
        limit => Err(Error::invalid(format!(
            "{limit} is out of bounds; ask for 1 to {most}"
        ))),
    }
}
