//! The checks that `fjord up` makes by itself, every `health.interval_s`.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::error::Error;
use crate::health::{Probe, probe};
use crate::store::NewEvent;
use crate::store::rows::{
    HealthCheck, HealthStatus, ServerStatus, Service, ServiceStatus, Severity,
};

/// How long single checks are kept.
const KEEP: TimeDelta = TimeDelta::days(7);

/// Checks all services until told to stop. One Fjord of those that share a store does it: the lease is a lock row.
pub async fn watch(agent: Agent, stop: CancellationToken) {
    let interval = Duration::from_secs(agent.config().health.interval_s);
    let mut streaks: HashMap<i64, Streak> = HashMap::new();
    loop {
        if let Err(error) = round(&agent, interval, &mut streaks).await {
            tracing::warn!(%error, "the health checks of this round were not made");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
    }
}

/// Answers of one kind in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Streak {
    good: u32,
    bad: u32,
    open: bool,
}

async fn round(
    agent: &Agent,
    interval: Duration,
    streaks: &mut HashMap<i64, Streak>,
) -> Result<(), Error> {
    let now = agent.now();
    let until = now + TimeDelta::from_std(interval * 2).unwrap_or(TimeDelta::minutes(2));
    let owner = agent.owner().as_text();
    let holder = agent.store().lock_holder("health:checks", now).await?;
    let is_ours = match holder {
        Some(row) if row.owner.as_deref() == Some(&owner) => {
            agent
                .store()
                .renew_lock("health:checks", row.fence, until)
                .await?
        }
        Some(_) => false,
        None => agent
            .store()
            .acquire_lock("health:checks", &owner, "health checks", (now, until))
            .await?
            .is_some(),
    };
    if !is_ours {
        return Ok(());
    }
    let services: Vec<Service> = agent
        .store()
        .services()
        .await?
        .into_iter()
        .filter(|row| row.health_endpoint.is_some() && row.status == ServiceStatus::Active)
        .collect();
    let deadline = Duration::from_secs(agent.config().health.timeout_s);
    let probes: Vec<(Service, Probe)> = stream::iter(services)
        .map(|service| async move {
            let endpoint = service.health_endpoint.clone().unwrap_or_default();
            let answer = probe(agent.http(), &endpoint, deadline).await;
            (service, answer)
        })
        .buffer_unordered(agent.config().health.concurrency.max(1))
        .collect()
        .await;
    streaks.retain(|id, _| probes.iter().any(|(service, _)| service.id == *id));
    for (service, answer) in &probes {
        record(agent, service, answer).await?;
        let streak = streaks.entry(service.id).or_insert_with(|| Streak {
            open: service.health_status == HealthStatus::Unhealthy,
            ..Streak::default()
        });
        tell(agent, service, answer, streak).await?;
    }
    agent.store().forget_health_checks(now - KEEP).await?;
    Ok(())
}

/// Keeps a check's answer; a server whose service answers is online.
pub(crate) async fn record(agent: &Agent, service: &Service, answer: &Probe) -> Result<(), Error> {
    let now = agent.now();
    let check = HealthCheck {
        service_id: service.id,
        checked_at: now,
        status: answer.status,
        http_status: answer.http_status.map(i64::from),
        latency_ms: check_latency(answer),
        error: answer.error.clone(),
    };
    agent.store().record_health(&check).await?;
    if answer.http_status.is_some() {
        agent
            .store()
            .record_server_status(service.server_id, ServerStatus::Online, Some(now))
            .await?;
    }
    Ok(())
}

fn check_latency(answer: &Probe) -> Option<i64> {
    i64::try_from(answer.latency.as_millis()).ok()
}

/// Opens after `health.failures` bad answers in a row and closes after `health.successes` good ones; one event each.
async fn tell(
    agent: &Agent,
    service: &Service,
    answer: &Probe,
    streak: &mut Streak,
) -> Result<(), Error> {
    let settings = &agent.config().health;
    if answer.status == HealthStatus::Healthy {
        streak.good += 1;
        streak.bad = 0;
    } else {
        streak.bad += 1;
        streak.good = 0;
    }
    let (severity, title) = if !streak.open && streak.bad >= settings.failures {
        streak.open = true;
        (
            Severity::Error,
            format!("{} is {}", service.full_name(), answer.status),
        )
    } else if streak.open && streak.good >= settings.successes {
        streak.open = false;
        (
            Severity::Info,
            format!("{} is healthy again", service.full_name()),
        )
    } else {
        return Ok(());
    };
    let event = NewEvent {
        at: agent.now(),
        server: Some((service.server_id, service.server.clone())),
        service: Some((service.id, service.full_name())),
        event_type: "health".to_owned(),
        severity,
        title,
        description: answer.error.clone(),
        metadata: serde_json::json!({ "http_status": answer.http_status, "latency_ms": check_latency(answer) }),
    };
    agent.store().insert_event(&event).await?;
    agent.snapshot().changed();
    Ok(())
}
