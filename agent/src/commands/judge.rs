//! Judges a coding agent's tool call before it runs: no store, no network, only what is known already.

use std::path::Path;

use chrono::SecondsFormat;
use guard::{Assessment, Facts, Settings, ToolCall};

use crate::agent::Agent;
use crate::command::Judge;
use crate::error::Error;
use crate::project::Surroundings;
use crate::reply::{Judgement, Reply};

pub(crate) async fn run(agent: &Agent, judge: Judge) -> Result<Reply, Error> {
    let agent = agent.clone();
    // The disk is read for the project, and a hostile command takes its time: neither may hold up others.
    let assessment = tokio::task::spawn_blocking(move || assess(&agent, &judge))
        .await
        .map_err(|error| Error::internal(format!("the guard did not answer: {error}")))?;
    let Assessment {
        verdict,
        rule,
        reason,
        alternative,
    } = assessment;
    Ok(Reply::Judged(Judgement {
        verdict,
        rule,
        reason,
        alternative,
    }))
}

fn assess(agent: &Agent, judge: &Judge) -> Assessment {
    let surroundings = Surroundings::of(agent, Path::new(&judge.cwd));
    let paths = agent.paths();
    let facts = Facts {
        inventory: agent
            .snapshot()
            .current()
            .map(|known| known.inventory.clone())
            .unwrap_or_default(),
        project: surroundings.project,
        home: paths
            .home
            .as_ref()
            .map(|home| home.to_string_lossy().into_owned()),
        protected_paths: paths.own(),
    };
    let today = agent.now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let (allowed, problems) = config::allowed::read(&paths.allowed);
    for problem in problems {
        tracing::warn!(%problem, "an exception is passed over");
    }
    let settings = Settings::of_person(&surroundings.guard, &allowed, today);
    let call = ToolCall {
        tool: &judge.tool,
        input: &judge.input,
        cwd: &judge.cwd,
    };
    guard::assess(&call, &facts, &settings)
}
