//! The gate: a new version holds when its endpoint is good several times running.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::error::Error;
use crate::health::{probe, record};
use crate::progress::{Progress, Stage};
use crate::store::rows::{HealthStatus, Service};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest that nobody is told how it goes.
const SILENCE: Duration = Duration::from_secs(10);

/// What the gate said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Good often enough.
    Holds,
    /// There is nothing to ask.
    Unverified,
    /// The window ended; the last answer in one sentence.
    Fails(String),
    /// A person stopped it.
    Cancelled,
}

/// Asks until the endpoint is good `deploy.gate_successes` times running or the window ends.
pub(super) async fn gate(
    agent: &Agent,
    service: &Service,
    (progress, stage): (&Progress, Stage),
    cancel: &CancellationToken,
) -> Result<Verdict, Error> {
    let Some(endpoint) = &service.health_endpoint else {
        progress.stage(stage, "no health endpoint: the result is not checked");
        return Ok(Verdict::Unverified);
    };
    let settings = &agent.config().deploy;
    let window = Duration::from_secs(settings.health_window_s);
    let until = Instant::now() + window;
    let patience = Duration::from_secs(agent.config().health.timeout_s);
    let mut good = 0;
    let mut last = "it was not asked in time".to_owned();
    progress.stage(
        stage,
        format!(
            "asking the health endpoint, {} good answers needed",
            settings.gate_successes
        ),
    );
    let mut told = Instant::now();
    while Instant::now() < until {
        let left = until
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        let answer = tokio::select! {
            answer = probe(agent.http(), endpoint, patience.min(left)) => answer,
            () = cancel.cancelled() => return Ok(Verdict::Cancelled),
        };
        // The store may be away for a moment; the gate's own judgement does not need it.
        if let Err(error) = record(agent, service, &answer).await {
            tracing::warn!(%error, "a health check was not stored");
        }
        if answer.status == HealthStatus::Healthy {
            good += 1;
            progress.stage(
                stage,
                format!(
                    "healthy {good}/{} ({} ms)",
                    settings.gate_successes,
                    answer.latency.as_millis()
                ),
            );
            if good >= settings.gate_successes {
                return Ok(Verdict::Holds);
            }
        } else {
            good = 0;
            let said = answer.error.unwrap_or_else(|| answer.status.to_string());
            if said != last {
                progress.stage(stage, format!("not healthy: {said}"));
                told = Instant::now();
            } else if told.elapsed() >= SILENCE {
                let left = until.saturating_duration_since(Instant::now()).as_secs();
                progress.stage(stage, format!("still not healthy: {said}; {left} s left"));
                told = Instant::now();
            }
            last = said;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = cancel.cancelled() => return Ok(Verdict::Cancelled),
        }
    }
    Ok(Verdict::Fails(format!(
        "not healthy within {} s: {last}",
        window.as_secs()
    )))
}

/// Asks the service's true health and says it in one sentence.
pub(super) async fn how_it_is(agent: &Agent, service_id: i64) -> String {
    let service = match agent.store().service(service_id).await {
        Ok(Some(service)) => service,
        Ok(None) => return "The service is not in the inventory any more".to_owned(),
        Err(error) => return format!("Its health could not be asked: {error}"),
    };
    let Some(endpoint) = &service.health_endpoint else {
        return "It has no health endpoint, so what runs now is unknown".to_owned();
    };
    let answer = probe(
        agent.http(),
        endpoint,
        Duration::from_secs(agent.config().health.timeout_s),
    )
    .await;
    if let Err(error) = record(agent, &service, &answer).await {
        tracing::warn!(%error, "a health check was not stored");
    }
    let why = answer
        .error
        .map(|error| format!(" ({error})"))
        .unwrap_or_default();
    format!("Its endpoint is {} now{why}", answer.status)
}
