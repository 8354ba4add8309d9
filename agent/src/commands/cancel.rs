//! `cancel SERVICE`: stops its running deployment, wherever it runs.

use crate::agent::Agent;
use crate::error::Error;
use crate::pass::Pass;
use crate::reply::Reply;

use super::names::find_service;

pub(crate) async fn run(agent: &Agent, pass: &Pass, service: &str) -> Result<Reply, Error> {
    let service = find_service(&agent.store().services().await?, service)?;
    // The Fjord that runs it looks for this mark twice a second.
    match agent.store().request_cancel(service.id, pass.at()).await? {
        Some(deployment) => Ok(Reply::Cancelling {
            service: service.full_name(),
            deployment,
        }),
        None => Err(Error::conflict(format!(
            "nothing is being deployed to `{}`",
            service.full_name()
        ))),
    }
}
