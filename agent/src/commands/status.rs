//! `status`: one line a server, problems first; or one service in detail.

use std::collections::HashMap;

use crate::agent::Agent;
use crate::error::Error;
use crate::reply::{Reply, ServerState, ServiceDetail, ServiceState, StatusReport};
use crate::store::rows::{
    Dependency, Deployment, DeploymentStatus, HealthStatus, Route, Server, ServerStatus, Service,
    ServiceStatus,
};

use super::names::{find_server, find_services};

pub(crate) async fn run(agent: &Agent, name: Option<&str>) -> Result<Reply, Error> {
    let store = agent.store();
    let services = store.services().await?;
    let servers = store.servers().await?;
    let Some(name) = name else {
        let last = store.last_deployments().await?;
        return Ok(Reply::Status(report_from(&servers, &services, &last)));
    };
    match find_services(&services, name) {
        Ok(found) => {
            let (dependencies, routes) = (store.dependencies().await?, store.routes().await?);
            let mut details = Vec::with_capacity(found.len());
            for service in &found {
                let deployments = store.deployments_of(service.id, 5).await?;
                details.push(detail_from(service, &dependencies, &routes, deployments));
            }
            Ok(Reply::ServiceDetail(details))
        }
        Err(not_a_service) => match find_server(&servers, name) {
            Ok(server) => {
                let last = store.last_deployments().await?;
                Ok(Reply::Status(report_from(&[server], &services, &last)))
            }
            Err(Error::NotFound { .. }) => Err(not_a_service),
            Err(error) => Err(error),
        },
    }
}

/// Makes the report of some servers, problems first.
pub(crate) fn report_from(
    servers: &[Server],
    services: &[Service],
    last: &[Deployment],
) -> StatusReport {
    let last_of: HashMap<i64, &Deployment> = last.iter().map(|row| (row.service_id, row)).collect();
    let mut states: Vec<ServerState> = servers
        .iter()
        .map(|server| {
            let mut on_it: Vec<ServiceState> = services
                .iter()
                .filter(|service| {
                    service.server_id == server.id && service.status != ServiceStatus::Retired
                })
                .map(|service| service_state(service, last_of.get(&service.id).copied()))
                .collect();
            on_it.sort_by(|left, right| (rank(left), &left.name).cmp(&(rank(right), &right.name)));
            ServerState {
                name: server.name.clone(),
                role: server.role.to_string(),
                status: server.status,
                services: on_it,
            }
        })
        .collect();
    states.sort_by(|left, right| {
        (server_rank(left), &left.name).cmp(&(server_rank(right), &right.name))
    });
    let shown = |row: &&Deployment| {
        services.iter().any(|service| {
            service.id == row.service_id
                && servers.iter().any(|server| server.id == service.server_id)
        })
    };
    let running = last
        .iter()
        .filter(|row| !row.status.is_final())
        .filter(shown)
        .cloned()
        .collect();
    StatusReport {
        servers: states,
        running,
    }
}

/// Makes the detail of one service.
pub(crate) fn detail_from(
    service: &Service,
    dependencies: &[Dependency],
    routes: &[Route],
    deployments: Vec<Deployment>,
) -> ServiceDetail {
    ServiceDetail {
        service: service.clone(),
        needs: dependencies
            .iter()
            .filter(|row| row.service_id == service.id)
            .cloned()
            .collect(),
        needed_by: dependencies
            .iter()
            .filter(|row| row.depends_on_service_id == Some(service.id))
            .map(|row| row.service.clone())
            .collect(),
        routes: routes
            .iter()
            .filter(|row| row.service_id == service.id)
            .cloned()
            .collect(),
        deployments,
    }
}

fn service_state(service: &Service, last: Option<&Deployment>) -> ServiceState {
    let problem = last.and_then(|row| match row.status {
        DeploymentStatus::Success | DeploymentStatus::Pending | DeploymentStatus::InProgress => {
            None
        }
        bad => Some(format!("{bad} {}", row.version)),
    });
    ServiceState {
        name: service.name.clone(),
        health: service.health_status,
        checked_at: service.last_health_check,
        version: service.current_version.clone(),
        last_deployment_problem: problem,
    }
}

fn rank(state: &ServiceState) -> u8 {
    match (state.health, &state.last_deployment_problem) {
        (HealthStatus::Unhealthy, _) => 0,
        (HealthStatus::Degraded, _) => 1,
        (_, Some(_)) => 2,
        (HealthStatus::Unknown, None) => 3,
        (HealthStatus::Healthy, None) => 4,
    }
}

fn server_rank(state: &ServerState) -> u8 {
    let own = match state.status {
        ServerStatus::Offline => 0,
        ServerStatus::Degraded => 1,
        ServerStatus::Online | ServerStatus::Unknown => 4,
    };
    state.services.iter().map(rank).min().unwrap_or(4).min(own)
}
