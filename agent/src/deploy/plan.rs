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
        None => {
            target_of_rollback(service.current_version.as_deref(), &history).ok_or_else(|| {
                let listed = if known.is_empty() {
                    "deploy one by name".to_owned()
                } else {
                    format!("name one: {}", known.join(", "))
                };
                Error::conflict(format!(
                    "`{}` has no version before {} that worked; {listed}",
                    service.full_name(),
                    service.current_version.as_deref().unwrap_or("the first")
                ))
            })?
        }
    };
    finish(agent, service, &history, ("rollback", &target, None)).await
}

/// The version that a plain roll back goes to.
///
/// When the last deployment left open what runs, that is the version before it. Otherwise it is the one before
/// the current, where a version that was gone back from counts as undone, so that two roll backs go two steps.
fn target_of_rollback(current: Option<&str>, history: &[Deployment]) -> Option<String> {
    let current = current?;
    let last = history.iter().find(|row| row.status.is_final())?;
    if !matches!(
        last.status,
        DeploymentStatus::Success | DeploymentStatus::RolledBack
    ) {
        return Some(current.to_owned());
    }
    let mut steps: Vec<&str> = Vec::new();
    for row in history
        .iter()
        .rev()
        .filter(|row| row.status == DeploymentStatus::Success)
    {
        let known = steps.iter().position(|step| *step == row.version);
        match known {
            Some(at) if row.deploy_method.ends_with("rollback") => steps.truncate(at + 1),
            _ if steps.last() == Some(&row.version.as_str()) => {}
            _ => steps.push(&row.version),
        }
    }
    if steps.last() == Some(&current) {
        steps.pop();
    }
    steps.last().map(|step| (*step).to_owned())
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
    let unfinished = agent.store().unfinished_deployments().await?;
    if let Some(running) = unfinished.iter().find(|row| row.service_id == service.id) {
        return Err(Error::conflict(format!(
            "`{}` is locked: deployment {} of {} is running; wait for its end or stop it with `cancel {}`",
            service.full_name(),
            running.id,
            running.version,
            service.name
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
        (action, to, &rollback_to),
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
    (action, to, rollback_to): (&str, &str, &Option<String>),
) -> Vec<String> {
    let mut risks = Vec::new();
    if service.current_version.as_deref() == Some(to) {
        risks.push(format!("{to} is what runs already, as far as is known"));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// History as `FACE ACTION VERSION STATUS`, the oldest first, with what runs now.
    #[track_caller]
    fn check((current, lines): (&str, &[&str]), expected: Option<&str>) {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let history: Vec<Deployment> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                let words: Vec<&str> = line.split(' ').collect();
                Deployment {
                    id: i64::try_from(index).unwrap(),
                    service_id: 1,
                    service: "api@web1".to_owned(),
                    version: words[1].to_owned(),
                    previous_version: None,
                    deployed_by: "local:1".to_owned(),
                    deploy_method: format!("argv {}", words[0]),
                    status: words[2].parse().unwrap(),
                    started_at: at,
                    completed_at: Some(at),
                    duration: Some(1),
                    log: None,
                    rollback_version: None,
                    notes: None,
                    verified: Some(true),
                }
            })
            .rev()
            .collect();
        assert_eq!(
            target_of_rollback(Some(current), &history).as_deref(),
            expected
        );
    }

    #[test]
    fn a_roll_back_goes_to_the_version_before() {
        check(
            (
                "v3",
                &[
                    "deploy v1 success",
                    "deploy v2 success",
                    "deploy v3 success",
                ],
            ),
            Some("v2"),
        );
    }

    #[test]
    fn a_second_roll_back_goes_further_back_and_never_forward() {
        check(
            (
                "v2",
                &[
                    "deploy v1 success",
                    "deploy v2 success",
                    "deploy v3 success",
                    "rollback v2 success",
                ],
            ),
            Some("v1"),
        );
        check(
            (
                "v1",
                &[
                    "deploy v1 success",
                    "deploy v9 success",
                    "rollback v1 success",
                ],
            ),
            None,
        );
    }

    #[test]
    fn after_an_open_end_it_goes_to_what_ran_before() {
        check(
            (
                "v5",
                &[
                    "deploy v2 success",
                    "deploy v5 success",
                    "deploy v6 cancelled",
                ],
            ),
            Some("v5"),
        );
        check(
            ("v5", &["deploy v5 success", "deploy v6 rollback_failed"]),
            Some("v5"),
        );
    }

    #[test]
    fn a_version_that_was_gone_back_from_by_itself_does_not_count() {
        check(
            ("v1", &["deploy v1 success", "deploy v2 rolled_back"]),
            None,
        );
    }
}
