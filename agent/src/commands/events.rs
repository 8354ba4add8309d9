//! `events`: what happened, the newest first.

use crate::agent::Agent;
use crate::command::EventFilter;
use crate::error::Error;
use crate::reply::Reply;
use crate::store::EventsWanted;

use super::check_limit;
use super::names::{find_server, find_service};

pub(crate) async fn run(agent: &Agent, filter: &EventFilter) -> Result<Reply, Error> {
    let store = agent.store();
    let service_id = match &filter.service {
        Some(name) => Some(find_service(&store.services().await?, name)?.id),
        None => None,
    };
    let server_id = match &filter.server {
        Some(name) => Some(find_server(&store.servers().await?, name)?.id),
        None => None,
    };
    let severity = filter
        .severity
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(Error::invalid)?;
    let wanted = EventsWanted {
        service_id,
        server_id,
        severity,
        since: filter.since,
        limit: check_limit(filter.limit, (20, 500))?,
    };
    Ok(Reply::Events(store.events(&wanted).await?))
}
