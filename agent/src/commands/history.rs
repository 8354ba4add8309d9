//! `history SERVICE`: its deployments, the newest first.

use crate::agent::Agent;
use crate::error::Error;
use crate::reply::Reply;

use super::check_limit;
use super::names::find_service;

pub(crate) async fn run(agent: &Agent, service: &str, limit: u32) -> Result<Reply, Error> {
    let limit = check_limit(Some(limit), (10, 200))?;
    let service = find_service(&agent.store().services().await?, service)?;
    let deployments = agent.store().deployments_of(service.id, limit).await?;
    Ok(Reply::History {
        service: service.full_name(),
        deployments,
    })
}
