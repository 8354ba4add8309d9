//! What a deploy or roll back would do, and what speaks against it.

use std::path::Path;

use chrono::TimeDelta;

use super::is_local;
use crate::agent::Agent;
use crate::commands::names::find_service;
use crate::error::Error;
use crate::inventory::check_version;
use crate::reply::DeployPlan;
use crate::store::rows::{Deployment, DeploymentStatus, HealthStatus, Server, ServerRole, Service};

/// A plan, and the rows it was made from.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What would be done.
    pub plan: DeployPlan,
    /// The service as it is now.
    pub service: Service,
}

/// Plans a deploy. No version: refused, with the last ones listed.
pub(crate) async fn plan_deploy(
    agent: &Agent,
    name: &str,
    version: Option<&str>,
) -> Result<Wanted, Error> {
    let service = find_service(&agent.store().services().await?, name)?;
    let history = agent.store().deployments_of(service.id, 50).await?;
    let Some(version) = version else {
        let known = versions(&history, None);
        let listed = if known.is_empty() {
            "nothing was deployed yet".to_owned()
        } else {
            format!("the last were {}", known.join(", "))
        };
        return Err(Error::invalid(format!(
            "name the version to deploy: `deploy {} VERSION`; {listed}",
            service.name
        )));
    };
    check_version(version)?;
    let rollback_to = agent
        .config()
        .deploy
        .auto_rollback
        .then(|| way_back(&service, &history, version))
        .flatten();
    finish(agent, service, &history, ("deploy", version, rollback_to)).await
}

/// Plans a roll back to a version, or to the one before the current.
pub(crate) async fn plan_rollback(
    agent: &Agent,
    name: &str,
    to: Option<&str>,
) -> Result<Wanted, Error> {
    let service = find_service(&agent.store().services().await?, name)?;
    let history = agent.store().deployments_of(service.id, 200).await?;
    let keep = usize::try_from(agent.config().deploy.keep_versions).unwrap_or(5);
    let mut known = versions(&history, service.current_version.as_deref());
    known.truncate(keep);
    let target = match to {
        Some(version) => {
            check_version(version)?;
            if !known.iter().any(|known| known == version)
                && service.current_version.as_deref() != Some(version)
            {
                let listed = if known.is_empty() {
                    "there is none".to_owned()
                } else {
                    known.join(", ")
                };
                return Err(Error::not_found(format!(
                    "`{version}` is not among the versions to go back to: {listed}"
                )));
            }
            version.to_owned()
        }
        None => known.first().cloned().ok_or_else(|| {
            Error::conflict(format!(
                "`{}` has no earlier version that worked; deploy one by name",
                service.full_name()
            ))
        })?,
    };
    finish(agent, service, &history, ("rollback", &target, None)).await
}

/// Versions that worked, the newest first, without `except`.
fn versions(history: &[Deployment], except: Option<&str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for row in history
        .iter()
        .filter(|row| row.status == DeploymentStatus::Success)
    {
        if Some(row.version.as_str()) != except && !out.contains(&row.version) {
            out.push(row.version.clone());
        }
    }
    out
}

/// The version to go back to when `version` fails: what runs now, else the last other one that worked.
fn way_back(service: &Service, history: &[Deployment], version: &str) -> Option<String> {
    match &service.current_version {
        Some(current) if current != version => Some(current.clone()),
        Some(_) => versions(history, Some(version)).into_iter().next(),
        None => None,
    }
}

async fn finish(
    agent: &Agent,
    service: Service,
    history: &[Deployment],
    (action, to, rollback_to): (&str, &str, Option<String>),
) -> Result<Wanted, Error> {
    let servers = agent.store().servers().await?;
    let server = servers
        .iter()
        .find(|server| server.id == service.server_id)
        .ok_or_else(|| Error::internal("a service without its server"))?;
    if !is_local(server) {
        return Err(Error::conflict(format!(
            "`{}` is another machine (`{}`); this version of Fjord deploys on its own machine only, run Fjord there",
            server.name, server.hostname
        )));
    }
    let command = service.deploy_command.clone().ok_or_else(|| {
        Error::conflict(format!(
            "`{0}` has no deploy command; set one with `fjord service set {0} --deploy-command …`",
            service.full_name()
        ))
    })?;
    let folder = service.project_path.clone().ok_or_else(|| {
        Error::conflict(format!(
            "`{0}` has no project path; set one with `fjord service set {0} --project-path …`",
            service.full_name()
        ))
    })?;
    if !Path::new(&folder).is_dir() {
        return Err(Error::conflict(format!(
            "the project path `{folder}` of `{}` is not a folder on this machine",
            service.full_name()
        )));
    }
    let dependencies = agent.store().dependencies().await?;
    let services = agent.store().services().await?;
    let dependents: Vec<String> = dependencies
        .iter()
        .filter(|row| row.depends_on_service_id == Some(service.id))
        .map(|row| row.service.clone())
        .collect();
    let mut risks = Vec::new();
    for dependency in dependencies
        .iter()
        .filter(|row| row.service_id == service.id && row.required)
    {
        let failing = services
            .iter()
            .find(|row| Some(row.id) == dependency.depends_on_service_id)
            .filter(|row| {
                matches!(
                    row.health_status,
                    HealthStatus::Unhealthy | HealthStatus::Degraded
                )
            });
        if let Some(failing) = failing {
            risks.push(format!(
                "it needs `{}`, which is {}",
                failing.full_name(),
                failing.health_status
            ));
        }
    }
    risks.extend(risks_of(
        agent,
        (server, &service),
        history,
        (action, &rollback_to),
    ));
    let plan = DeployPlan {
        action: action.to_owned(),
        service: service.full_name(),
        role: server.role.to_string(),
        from: service.current_version.clone(),
        to: to.to_owned(),
        deploy_command: guard::redact::redact(&command).text.into_owned(),
        project_path: folder,
        health_endpoint: service
            .health_endpoint
            .as_ref()
            .map(|endpoint| guard::redact::redact(endpoint).text.into_owned()),
        rollback_to,
        dependents,
        risks,
    };
    Ok(Wanted { plan, service })
}

fn risks_of(
    agent: &Agent,
    (server, service): (&Server, &Service),
    history: &[Deployment],
    (action, rollback_to): (&str, &Option<String>),
) -> Vec<String> {
    let mut risks = Vec::new();
    if server.role == ServerRole::Production {
        risks.push(format!("`{}` is production", server.name));
    }
    if let Some(last) = history.first() {
        if agent.now() - last.started_at < TimeDelta::hours(1) {
            risks.push(format!(
                "the last deployment ({}, {}) was less than an hour ago",
                last.version, last.status
            ));
        } else if last.status != DeploymentStatus::Success {
            risks.push(format!(
                "the last deployment ({}) ended {}",
                last.version, last.status
            ));
        }
    }
    if service.health_endpoint.is_none() {
        risks.push("no health endpoint: nothing checks the result".to_owned());
    }
    if rollback_to.is_none() && action == "deploy" {
        let why = if agent.config().deploy.auto_rollback {
            "there is no version to go back to"
        } else {
            "automatic roll back is off"
        };
        risks.push(format!("{why} if it fails"));
    }
    risks
}
