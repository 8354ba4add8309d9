//! The last known state: in memory for verdicts that wait for nothing, on disk for when the store is down.
//!
//! `inventory.json` is what the guard needs and `fjord-hook` reads; `snapshot.json` is the read
//! model that answers reads while the store is down. Both are written whole or not at all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use guard::{DomainFact, Inventory, ServerFact, ServiceFact};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::command::{Command, Item};
use crate::commands::names::{add_nearest, find_server, find_services, one_of};
use crate::commands::{detail_from, report_from};
use crate::error::Error;
use crate::reply::{HealthReport, Reply};
use crate::store::Store;
use crate::store::rows::{Dependency, Deployment, Route, Secret, Server, Service};

mod file;

pub use file::SnapshotFile;

/// How often the state is read again when nobody says that it changed.
const EVERY: Duration = Duration::from_secs(10);
/// How long a command waits for the files that its change calls for.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was known at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Which store was read, see [`name_of`].
    pub store: String,
    /// When the store was read.
    pub taken_at: DateTime<Utc>,
    /// All servers.
    pub servers: Vec<Server>,
    /// All services.
    pub services: Vec<Service>,
    /// All routes.
    pub routes: Vec<Route>,
    /// All dependencies.
    pub dependencies: Vec<Dependency>,
    /// Where secrets are kept.
    pub secrets: Vec<Secret>,
    /// The last deployment of each service, without its log.
    pub last_deployments: Vec<Deployment>,
    /// The same for the guard; made from the rows, never stored with them.
    #[serde(skip)]
    pub inventory: Inventory,
}

impl Snapshot {
    fn says_the_same_as(&self, other: &Self) -> bool {
        self.servers == other.servers
            && self.services == other.services
            && self.routes == other.routes
            && self.dependencies == other.dependencies
            && self.secrets == other.secrets
            && self.last_deployments == other.last_deployments
    }

    fn with_inventory(mut self) -> Self {
        self.inventory = inventory_of(&self);
        self
    }
}

/// Names a store, so that what one said is never taken for what another says.
pub fn name_of(store: &Store) -> String {
    format!("{} {}", store.kind(), store.place())
}

/// Reads the store, and writes the files when something changed.
pub async fn refresh(agent: &Agent) -> Result<(), Error> {
    let files = agent.snapshot();
    // One at a time: an older reading must not be written over a newer one.
    let _turn = files.turn().await;
    files.take_changed();
    let read = read_store(agent).await;
    let snapshot = Arc::new(read.inspect_err(|_| files.mark_changed())?);
    let written = files.keep(snapshot).await;
    written.map_err(|error| {
        files.mark_changed();
        Error::internal(format!("the snapshot cannot be written: {error}"))
    })
}

async fn read_store(agent: &Agent) -> Result<Snapshot, Error> {
    let (store, taken_at) = (agent.store(), agent.now());
    let mut last_deployments = store.last_deployments().await?;
    for deployment in &mut last_deployments {
        deployment.log = None;
    }
    let snapshot = Snapshot {
        store: name_of(store),
        taken_at,
        servers: store.servers().await?,
        services: store.services().await?,
        routes: store.routes().await?,
        dependencies: store.dependencies().await?,
        secrets: store.secrets().await?,
        last_deployments,
        inventory: Inventory::default(),
    };
    Ok(snapshot.with_inventory())
}

/// Writes the files before a command returns: after a change, and when a read finds none.
///
/// The guard knows a new server from then on, also without a daemon. What goes wrong is logged:
/// the command itself is done.
pub(crate) async fn after(agent: &Agent, read: bool) {
    let files = agent.snapshot();
    let is_due = files.is_changed() || (read && files.is_missing());
    if !is_due {
        return;
    }
    let refreshed = tokio::time::timeout(PATIENCE, refresh(agent)).await;
    let why = match refreshed {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => {
            files.mark_changed();
            format!("no end within {} s", PATIENCE.as_secs())
        }
    };
    // A change of the inventory that the guard does not learn of is worth a warning; a first read is not.
    if read {
        tracing::debug!(why, "the snapshot was not written");
    } else {
        tracing::warn!(why, "the guard does not know of the change yet");
    }
}

/// Keeps the snapshot fresh until told to stop: every 10 s, and when something changed.
pub async fn keep(agent: Agent, stop: CancellationToken) {
    let mut told = false;
    loop {
        match refresh(&agent).await {
            Ok(()) => told = false,
            // One line an outage, not one every ten seconds.
            Err(error) if !told => {
                told = true;
                tracing::warn!(%error, "the snapshot stays as it is");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = agent.snapshot().told() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Answers a read from the last snapshot; `why` says why the store cannot.
pub fn answer(agent: &Agent, command: &Command, why: &str) -> Result<Reply, Error> {
    let Some(snapshot) = agent.snapshot().current() else {
        return Err(Error::unavailable("store", why));
    };
    match answer_from(&snapshot, command)? {
        Some(reply) => Ok(Reply::AsOf {
            at: snapshot.taken_at,
            reply: Box::new(reply),
        }),
        None => Err(Error::unavailable("store", why)),
    }
}

/// `None`: the snapshot does not hold the answer.
fn answer_from(snapshot: &Snapshot, command: &Command) -> Result<Option<Reply>, Error> {
    let known = snapshot;
    Ok(Some(match command {
        Command::Status { name } => status(known, name.as_deref())?,
        Command::Health {
            service: Some(name),
        } => Reply::Health(
            find_services(&known.services, name)?
                .iter()
                .map(last_health)
                .collect(),
        ),
        Command::Server(Item::List) => Reply::Servers(known.servers.clone()),
        Command::Server(Item::Show { name }) => {
            Reply::Servers(vec![find_server(&known.servers, name)?])
        }
        Command::Service(Item::List) => Reply::Services(known.services.clone()),
        Command::Service(Item::Show { name }) => {
            Reply::ServiceDetail(details(known, &find_services(&known.services, name)?))
        }
        Command::Route(Item::List) => Reply::Routes(known.routes.clone()),
        Command::Route(Item::Show { name }) => Reply::Routes(routes(known, name)?),
        Command::Dependency(Item::List) => Reply::Dependencies(known.dependencies.clone()),
        Command::Dependency(Item::Show { name }) => Reply::Dependencies(dependencies(known, name)?),
        Command::Secret(Item::List) => Reply::Secrets(known.secrets.clone()),
        Command::Secret(Item::Show { name }) => Reply::Secrets(vec![secret(known, name)?]),
        _ => return Ok(None),
    }))
}

fn status(known: &Snapshot, name: Option<&str>) -> Result<Reply, Error> {
    let Some(name) = name else {
        return Ok(Reply::Status(report_from(
            &known.servers,
            &known.services,
            &known.last_deployments,
        )));
    };
    match find_services(&known.services, name) {
        Ok(found) => Ok(Reply::ServiceDetail(details(known, &found))),
        Err(not_a_service) => match find_server(&known.servers, name) {
            Ok(server) => Ok(Reply::Status(report_from(
                &[server],
                &known.services,
                &known.last_deployments,
            ))),
            Err(Error::NotFound { .. }) => Err(not_a_service),
            Err(error) => Err(error),
        },
    }
}

fn details(known: &Snapshot, services: &[Service]) -> Vec<crate::reply::ServiceDetail> {
    services
        .iter()
        .map(|service| {
            let last = known
                .last_deployments
                .iter()
                .filter(|row| row.service_id == service.id)
                .cloned()
                .collect();
            detail_from(service, &known.dependencies, &known.routes, last)
        })
        .collect()
}

fn last_health(service: &Service) -> HealthReport {
    HealthReport {
        service: service.full_name(),
        status: service.health_status,
        http_status: None,
        latency_ms: None,
        error: Some("not asked now: the store is down, this is the last check".to_owned()),
        endpoint: service
            .health_endpoint
            .as_deref()
            .map(|endpoint| guard::redact::redact(endpoint).text.into_owned()),
    }
}

fn routes(known: &Snapshot, name: &str) -> Result<Vec<Route>, Error> {
    let full = |row: &Route| format!("{}{}", row.domain, row.path);
    let exact: Vec<Route> = known
        .routes
        .iter()
        .filter(|row| row.domain == name || full(row) == name)
        .cloned()
        .collect();
    if !exact.is_empty() {
        return Ok(exact);
    }
    let partial: Vec<&Route> = known
        .routes
        .iter()
        .filter(|row| !name.is_empty() && full(row).contains(name))
        .collect();
    let known_names: Vec<String> = known.routes.iter().map(full).collect();
    one_of("route", name, &partial, full)
        .map(|row| vec![row])
        .map_err(|error| add_nearest(error, "route", name, known_names.iter().map(String::as_str)))
}

fn dependencies(known: &Snapshot, name: &str) -> Result<Vec<Dependency>, Error> {
    if let Some(one) = name
        .parse()
        .ok()
        .and_then(|id: i64| known.dependencies.iter().find(|row| row.id == id))
    {
        return Ok(vec![one.clone()]);
    }
    let services = find_services(&known.services, name)?;
    Ok(known
        .dependencies
        .iter()
        .filter(|row| services.iter().any(|service| service.id == row.service_id))
        .cloned()
        .collect())
}

fn secret(known: &Snapshot, name: &str) -> Result<Secret, Error> {
    if let Some(exact) = known.secrets.iter().find(|row| row.name == name) {
        return Ok(exact.clone());
    }
    let partial: Vec<&Secret> = known
        .secrets
        .iter()
        .filter(|row| !name.is_empty() && row.name.contains(name))
        .collect();
    one_of("secret", name, &partial, |row| row.name.clone()).map_err(|error| {
        add_nearest(
            error,
            "secret",
            name,
            known.secrets.iter().map(|row| row.name.as_str()),
        )
    })
}

/// Makes what the guard needs of the rows.
fn inventory_of(known: &Snapshot) -> Inventory {
    let dependents = dependents_of(&known.dependencies, &known.services);
    Inventory {
        taken_at: known.taken_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        servers: known
            .servers
            .iter()
            .map(|row| ServerFact {
                name: row.name.clone(),
                hostname: row.hostname.clone(),
                ip_addresses: row.ip_addresses.0.clone(),
                role: row.role.to_string(),
                local: crate::deploy::is_local(row),
            })
            .collect(),
        services: known
            .services
            .iter()
            .map(|row| ServiceFact {
                name: row.name.clone(),
                server: row.server.clone(),
                kind: row.kind.to_string(),
                runtime: row.runtime.clone().unwrap_or_default(),
                project_path: row.project_path.clone(),
                dependents: dependents.get(&row.id).cloned().unwrap_or_default(),
            })
            .collect(),
        domains: known
            .routes
            .iter()
            .map(|row| DomainFact {
                domain: row.domain.clone(),
                service: row.service.clone(),
            })
            .collect(),
    }
}

/// Finds what needs each service, directly or through others, as `service@server`.
fn dependents_of(dependencies: &[Dependency], services: &[Service]) -> HashMap<i64, Vec<String>> {
    let mut direct: HashMap<i64, Vec<i64>> = HashMap::new();
    for row in dependencies {
        if let Some(target) = row.depends_on_service_id {
            direct.entry(target).or_default().push(row.service_id);
        }
    }
    let names: HashMap<i64, String> = services
        .iter()
        .map(|row| (row.id, row.full_name()))
        .collect();
    direct
        .keys()
        .map(|&service| {
            let (mut seen, mut open) = (HashSet::from([service]), vec![service]);
            let mut found = Vec::new();
            while let Some(next) = open.pop() {
                for &dependent in direct.get(&next).into_iter().flatten() {
                    if seen.insert(dependent) {
                        open.push(dependent);
                        found.extend(names.get(&dependent).cloned());
                    }
                }
            }
            found.sort();
            (service, found)
        })
        .collect()
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use example::example;
