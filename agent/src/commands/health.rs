//! `health`: asks the endpoints now and keeps what they said.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::agent::Agent;
use crate::error::Error;
use crate::health::record;
use crate::reply::{HealthReport, Reply};
use crate::store::rows::{HealthStatus, Service, ServiceStatus};

use super::names::find_services;

pub(crate) async fn run(agent: &Agent, service: Option<&str>) -> Result<Reply, Error> {
    let services = agent.store().services().await?;
    let asked: Vec<Service> = match service {
        Some(name) => find_services(&services, name)?,
        None => services
            .into_iter()
            .filter(|row| row.health_endpoint.is_some() && row.status == ServiceStatus::Active)
            .collect(),
    };
    let reports: Vec<Result<HealthReport, Error>> = stream::iter(asked)
        .map(|row| async move { ask(agent, &row).await })
        .buffered(agent.config().health.concurrency.max(1))
        .collect()
        .await;
    let mut reports = reports.into_iter().collect::<Result<Vec<_>, _>>()?;
    reports.sort_by_key(|report| report.status == HealthStatus::Healthy);
    Ok(Reply::Health(reports))
}

/// Asks one service's endpoint, keeps the answer, and says it.
pub(crate) async fn ask(agent: &Agent, service: &Service) -> Result<HealthReport, Error> {
    let Some(endpoint) = &service.health_endpoint else {
        return Ok(HealthReport {
            service: service.full_name(),
            status: HealthStatus::Unknown,
            http_status: None,
            latency_ms: None,
            error: Some(format!(
                "no health endpoint; set one with `fjord service set {} --health-endpoint URL`",
                service.full_name()
            )),
            endpoint: None,
        });
    };
    let deadline = Duration::from_secs(agent.config().health.timeout_s);
    let probe = crate::health::probe(agent.http(), endpoint, deadline).await;
    record(agent, service, &probe).await?;
    Ok(HealthReport {
        service: service.full_name(),
        status: probe.status,
        http_status: probe.http_status,
        latency_ms: u64::try_from(probe.latency.as_millis()).ok(),
        error: probe.error,
        endpoint: Some(guard::redact::redact(endpoint).text.into_owned()),
    })
}
