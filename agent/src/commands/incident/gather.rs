//! Asks everything about the services named, all at once, each question with its own deadline.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::log::{self, Picked};
use crate::agent::Agent;
use crate::error::Error;
use crate::store::rows::{
    Dependency, Deployment, Event, HealthCheck, HealthStatus, Route, Server, Service, Time,
};
use crate::store::{EventsWanted, StoreError};

/// How long any one of them is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// How far back events are of interest.
const DAY: TimeDelta = TimeDelta::hours(24);
/// The most dependencies of a service that are asked.
const NEEDS: usize = 12;
const EVENTS: i64 = 5;
const SERVER_EVENTS: i64 = 20;
const DEPLOYMENTS: i64 = 3;
const CHECKS: i64 = 200;

/// The inventory, as far as it matters here.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) servers: Vec<Server>,
    pub(super) services: Vec<Service>,
    pub(super) routes: Vec<Route>,
    pub(super) dependencies: Vec<Dependency>,
}

/// What was found out about one service.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) service: Service,
    pub(super) health: Asked,
    /// The newest first.
    pub(super) events: Vec<Event>,
    /// The newest first.
    pub(super) deployments: Vec<Deployment>,
    /// When a check was good for the last time, before now.
    pub(super) last_healthy: Option<Time>,
    pub(super) needs: Vec<Need>,
    pub(super) log: Vec<Picked>,
}

/// What is known of a service's health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) status: HealthStatus,
    /// How it is known and what was said, for people.
    pub(super) text: String,
}

/// Something a service depends on.
#[derive(Debug)]
pub(super) struct Need {
    /// What it is.
    pub(super) name: String,
    /// False: the service can do without.
    pub(super) required: bool,
    /// Its health; `None`: it is outside of the inventory and is not asked.
    pub(super) asked: Option<Asked>,
}

impl Known {
    /// Reads the inventory; without it there is nothing to look into.
    pub(super) async fn read(agent: &Agent) -> Result<Self, Error> {
        let store = agent.store();
        let (servers, services, routes, dependencies) = tokio::try_join!(
            store.servers(),
            store.services(),
            store.routes(),
            store.dependencies()
        )?;
        Ok(Self {
            servers,
            services,
            routes,
            dependencies,
        })
    }
}

/// Gathers the cases, and says what could not be had in time.
pub(super) async fn gather(
    agent: &Agent,
    known: &Known,
    services: Vec<Service>,
) -> (Vec<Case>, Vec<String>) {
    let gathered = join_all(
        services
            .into_iter()
            .map(|service| case(agent, known, service)),
    );
    let (cases, missing): (Vec<Case>, Vec<Vec<String>>) = gathered.await.into_iter().unzip();
    (cases, missing.concat())
}

async fn case(agent: &Agent, known: &Known, service: Service) -> (Case, Vec<String>) {
    let name = service.full_name();
    let store = agent.store();
    let wanted = EventsWanted {
        service_id: Some(service.id),
        since: Some(agent.now() - DAY),
        limit: EVENTS,
        ..EventsWanted::default()
    };
    let of_the_server = EventsWanted {
        service_id: None,
        server_id: Some(service.server_id),
        limit: SERVER_EVENTS,
        ..wanted.clone()
    };
    let (health, events, server_events, deployments, checks, needs, log) = tokio::join!(
        ask(agent, &service),
        in_time(store.events(&wanted)),
        in_time(store.events(&of_the_server)),
        in_time(store.deployments_of(service.id, DEPLOYMENTS)),
        in_time(store.health_checks(service.id, CHECKS)),
        needs(agent, known, &service),
        log_of(known, &service),
    );
    let mut missing = Vec::new();
    let mut events = or_missing(events, &format!("the events of {name}"), &mut missing);
    // What was done to the whole machine was done to the service as well.
    let to_all = server_events.unwrap_or_default().into_iter();
    events.extend(
        to_all.filter(|event| event.service.is_none() && event.event_type == crate::memory::CHANGE),
    );
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    let deployments = or_missing(
        deployments,
        &format!("the deployments of {name}"),
        &mut missing,
    );
    let checks: Vec<HealthCheck> = or_missing(
        checks,
        &format!("the earlier health checks of {name}"),
        &mut missing,
    );
    let (needs, not_asked) = needs;
    if not_asked > 0 {
        missing.push(format!(
            "{not_asked} more dependencies of {name} were not asked"
        ));
    }
    let log = log.unwrap_or_else(|why| {
        missing.push(format!("the log of {name}: {why}"));
        Vec::new()
    });
    let last_healthy = checks
        .iter()
        .find(|check| check.status == HealthStatus::Healthy)
        .map(|check| check.checked_at);
    let case = Case {
        service,
        health,
        events,
        deployments,
        last_healthy,
        needs,
        log,
    };
    (case, missing)
}

async fn needs(agent: &Agent, known: &Known, service: &Service) -> (Vec<Need>, usize) {
    let mut wanted: Vec<&Dependency> = known
        .dependencies
        .iter()
        .filter(|dependency| dependency.service_id == service.id)
        .collect();
    wanted.sort_by_key(|dependency| !dependency.required);
    let not_asked = wanted.len().saturating_sub(NEEDS);
    let asked = wanted.into_iter().take(NEEDS).map(|dependency| async move {
        let on = dependency
            .depends_on_service_id
            .and_then(|id| known.services.iter().find(|service| service.id == id));
        let asked = match on {
            Some(on) => Some(ask(agent, on).await),
            None => None,
        };
        Need {
            name: dependency.target().to_owned(),
            required: dependency.required,
            asked,
        }
    });
    (join_all(asked).await, not_asked)
}

/// Asks a service's endpoint now; without one the last known state has to do.
async fn ask(agent: &Agent, service: &Service) -> Asked {
    let Some(endpoint) = &service.health_endpoint else {
        let status = service.health_status;
        let text = if status == HealthStatus::Unknown {
            "it has no health endpoint".to_owned()
        } else {
            "as last known; it has no health endpoint".to_owned()
        };
        return Asked { status, text };
    };
    let configured = Duration::from_secs(agent.config().health.timeout_s);
    let probe = crate::health::probe(agent.http(), endpoint, PATIENCE.min(configured)).await;
    let said = match (&probe.error, probe.http_status) {
        (Some(error), _) => error.clone(),
        (None, Some(status)) => format!("HTTP {status}"),
        (None, None) => "it answered".to_owned(),
    };
    Asked {
        status: probe.status,
        text: format!("{said}, asked now, {} ms", probe.latency.as_millis()),
    }
}

async fn log_of(known: &Known, service: &Service) -> Result<Vec<Picked>, String> {
    let path = service.log_path.clone().map(PathBuf::from);
    let path = path.ok_or("no `log_path` is set")?;
    let server = known
        .servers
        .iter()
        .find(|server| server.id == service.server_id);
    let Some(server) = server.cloned() else {
        return Err("its server is not known".to_owned());
    };
    let read = tokio::task::spawn_blocking(move || {
        if !crate::deploy::is_local(&server) {
            return Err("it lies on another machine, which is not asked yet".to_owned());
        }
        log::tail(&path).map(|lines| log::pick(&lines))
    });
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(picked)) => picked,
        Ok(Err(_)) => Err("reading it was cut off".to_owned()),
        Err(_) => Err(late()),
    }
}

async fn in_time<T>(ask: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, ask).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(late()),
    }
}

fn late() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
}

fn or_missing<T>(found: Result<Vec<T>, String>, what: &str, missing: &mut Vec<String>) -> Vec<T> {
    found.unwrap_or_else(|why| {
        missing.push(format!("{what}: {why}"));
        Vec::new()
    })
}
