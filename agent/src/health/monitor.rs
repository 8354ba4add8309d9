//! The checks that `fjord up` makes by itself, every `health.interval_s`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::deploy::free_from_the_dead;
use crate::error::Error;
use crate::health::{Probe, probe};
use crate::store::NewEvent;
use crate::store::rows::{
    HealthCheck, HealthStatus, ServerStatus, Service, ServiceStatus, Severity, Time,
};

/// How long single checks are kept.
const KEEP: TimeDelta = TimeDelta::days(7);
/// How often a failure that goes on is told of.
const TELL_AGAIN: TimeDelta = TimeDelta::hours(1);

/// The lock of the one Fjord that checks.
const LOCK: &str = "health:checks";
/// How many stored checks tell where a service stands when this Fjord begins to check it.
const REPLAYED: i64 = 100;

/// Checks all services until told to stop. One Fjord of those that share a store does it: the lease is a lock row.
pub async fn watch(agent: Agent, stop: CancellationToken) {
    let interval = Duration::from_secs(agent.config().health.interval_s);
    let mut streaks: HashMap<i64, Streak> = HashMap::new();
    let mut told: Option<Time> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            outcome = round(&agent, interval, &mut streaks) => match outcome {
                Ok(()) => if told.take().is_some() {
                    tracing::info!("health checks are made again");
                },
                // One line an hour, not one a round, while the store is down.
                Err(error) => if told.is_none_or(|at| agent.now() - at >= TELL_AGAIN) {
                    told = Some(agent.now());
                    tracing::warn!(%error, "health checks are not made; trying again each round");
                },
            },
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(interval) => {}
        }
    }
    // The next one need not wait for the end of the lease.
    if let Err(error) = hand_over(&agent).await {
        tracing::debug!(%error, "the lock of the health checks stays until its lease ends");
    }
}

async fn hand_over(agent: &Agent) -> Result<(), Error> {
    let holder = agent.store().lock_holder(LOCK, agent.now()).await?;
    if let Some(row) = holder.filter(|row| row.owner == Some(agent.owner().as_text())) {
        agent.store().release_lock(LOCK, row.fence).await?;
    }
    Ok(())
}

/// Answers of one kind in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Streak {
    good: u32,
    bad: u32,
    open: bool,
}

impl Streak {
    /// Counts an answer; returns whether the outage opened or closed with it.
    fn count(&mut self, status: HealthStatus, settings: &config::Health) -> Option<bool> {
        if status == HealthStatus::Healthy {
            self.good = self.good.saturating_add(1);
            self.bad = 0;
        } else {
            self.bad = self.bad.saturating_add(1);
            self.good = 0;
        }
        if !self.open && self.bad >= settings.failures {
            self.open = true;
            return Some(true);
        }
        if self.open && self.good >= settings.successes {
            self.open = false;
            return Some(false);
        }
        None
    }

    /// Goes through the checks that are stored, the oldest first.
    fn of(checks: &[HealthCheck], settings: &config::Health) -> Self {
        let mut streak = Self::default();
        for check in checks.iter().rev() {
            streak.count(check.status, settings);
        }
        streak
    }
}

async fn round(
    agent: &Agent,
    interval: Duration,
    streaks: &mut HashMap<i64, Streak>,
) -> Result<(), Error> {
    let now = agent.now();
    let deadline = Duration::from_secs(agent.config().health.timeout_s);
    let lease = (interval + deadline) * 2;
    let until = now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::minutes(2));
    if !is_ours(agent, (now, until)).await? {
        // Somebody else counts meanwhile.
        streaks.clear();
        return Ok(());
    }
    let services: Vec<Service> = agent
        .store()
        .services()
        .await?
        .into_iter()
        .filter(|row| row.health_endpoint.is_some() && row.status == ServiceStatus::Active)
        .collect();
    for service in &services {
        if let Entry::Vacant(place) = streaks.entry(service.id) {
            let checks = agent.store().health_checks(service.id, REPLAYED).await?;
            place.insert(Streak::of(&checks, &agent.config().health));
        }
    }
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
        let streak = streaks.entry(service.id).or_default();
        match note(agent, service, answer, streak).await {
            Ok(()) => {}
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            // What is wrong with one service must not hide the others.
            Err(error) => {
                tracing::warn!(%error, service = service.full_name(), "a health check was not stored");
            }
        }
    }
    forget_silent_servers(agent, &probes, streaks).await?;
    agent.store().forget_health_checks(now - KEEP).await?;
    Ok(())
}

/// A server on which nothing answers any more does not go on reading as online.
async fn forget_silent_servers(
    agent: &Agent,
    probes: &[(Service, Probe)],
    streaks: &HashMap<i64, Streak>,
) -> Result<(), Error> {
    let is_silent = |(service, answer): &&(Service, Probe)| {
        answer.http_status.is_none() && streaks.get(&service.id).is_some_and(|streak| streak.open)
    };
    let ids: HashSet<i64> = probes
        .iter()
        .map(|(service, _)| service.server_id)
        .collect();
    let silent: Vec<i64> = ids
        .into_iter()
        .filter(|id| {
            let mut on_it = probes
                .iter()
                .filter(|(service, _)| service.server_id == *id);
            on_it.all(|probe| is_silent(&probe))
        })
        .collect();
    if silent.is_empty() {
        return Ok(());
    }
    for server in agent.store().servers().await? {
        if server.status == ServerStatus::Online && silent.contains(&server.id) {
            agent
                .store()
                .record_server_status(server.id, ServerStatus::Unknown, None)
                .await?;
            agent.snapshot().changed();
        }
    }
    Ok(())
}

/// Takes or keeps the lock, also that of a Fjord of this machine that died.
async fn is_ours(agent: &Agent, (now, until): (Time, Time)) -> Result<bool, Error> {
    let store = agent.store();
    let owner = agent.owner().as_text();
    if let Some(row) = store.lock_holder(LOCK, now).await? {
        if row.owner.as_deref() == Some(&owner) {
            return Ok(store.renew_lock(LOCK, row.fence, until).await?);
        }
        if !free_from_the_dead(agent, LOCK).await? {
            return Ok(false);
        }
    }
    let fence = store
        .acquire_lock(LOCK, &owner, "health checks", (now, until))
        .await?;
    Ok(fence.is_some())
}

async fn note(
    agent: &Agent,
    service: &Service,
    answer: &Probe,
    streak: &mut Streak,
) -> Result<(), Error> {
    record(agent, service, answer).await?;
    tell(agent, service, answer, streak).await
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
    let mut after = *streak;
    let (severity, title) = match after.count(answer.status, &agent.config().health) {
        Some(true) => (
            Severity::Error,
            format!("{} is {}", service.full_name(), answer.status),
        ),
        Some(false) => (
            Severity::Info,
            format!("{} is healthy again", service.full_name()),
        ),
        None => {
            *streak = after;
            return Ok(());
        }
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
    // Only now: an event that could not be stored is told with the next answer.
    *streak = after;
    agent.snapshot().changed();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` is bad, `.` is good, the oldest first.
    #[track_caller]
    fn check(answers: &str, open: bool) {
        let settings = config::Config::default().health;
        let mut checks: Vec<HealthCheck> = answers
            .chars()
            .map(|answer| HealthCheck {
                service_id: 1,
                checked_at: Time::default(),
                status: if answer == '.' {
                    HealthStatus::Healthy
                } else {
                    HealthStatus::Unhealthy
                },
                http_status: None,
                latency_ms: None,
                error: None,
            })
            .collect();
        checks.reverse();
        assert_eq!(Streak::of(&checks, &settings).open, open, "{answers}");
    }

    #[test]
    fn a_fjord_that_takes_over_knows_which_outages_were_told() {
        check("", false);
        check("..x", false);
        check("..xx", false);
        check("..xxx", true);
        check("..xxx.", true);
        check("..xxx..", false);
        check("..xxx.xx", true);
    }
}
