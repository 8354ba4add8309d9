//! What the inventory knows about the servers, services and domains that a prompt names.

use crate::snapshot::Snapshot;
use crate::store::rows::{
    Deployment, DeploymentStatus, Event, HealthStatus, Server, ServerStatus, Service, ServiceStatus,
};

use super::named::{Mention, Named};
use super::quote::quoted;

/// Most names in a list.
const LISTED: usize = 8;

/// Most events of one thing.
const EVENTS: usize = 3;

/// Returns a quoted block for each thing named, in the order of the prompt, problems within it.
pub(super) fn about(known: &Snapshot, named: &Named, events: &[Event]) -> Vec<String> {
    let services = named.services.iter().map(|mention| {
        let row = &known.services[mention.place];
        let name = row.full_name();
        let of_it = events
            .iter()
            .filter(|event| event.service.as_deref() == Some(name.as_str()));
        with_events(service(known, row), mention, of_it)
    });
    let servers = named.servers.iter().map(|mention| {
        let row = &known.servers[mention.place];
        let of_it = events
            .iter()
            .filter(|event| event.server.as_deref() == Some(row.name.as_str()));
        with_events(server(known, row), mention, of_it)
    });
    services
        .chain(servers)
        .map(|text| quoted(&guard::redact::redact(&text).text))
        .collect()
}

/// Adds how the prompt writes the name, and what happened lately, the newest first.
fn with_events<'e>(
    mut text: String,
    mention: &Mention,
    events: impl Iterator<Item = &'e Event>,
) -> String {
    use std::fmt::Write as _;
    if let Some(written) = &mention.written {
        let _ = write!(text, "\nnearest name to `{written}` of the prompt");
    }
    let mut told: Vec<&str> = Vec::new();
    for event in events {
        if told.len() < EVENTS && !told.contains(&event.title.as_str()) {
            told.push(&event.title);
            let title: String = event.title.chars().take(200).collect();
            let at = event.at.format("%Y-%m-%d %H:%M UTC");
            let _ = write!(text, "\n{} event {at}: {title}", event.severity);
        }
    }
    text
}

fn service(known: &Snapshot, row: &Service) -> String {
    let last = known
        .last_deployments
        .iter()
        .find(|deployment| deployment.service_id == row.id);
    let role = known
        .servers
        .iter()
        .find(|server| server.id == row.server_id)
        .map_or("", |server| server.role.as_str());
    let mut lines = vec![format!(
        "[inventory] service {} ({role}{}): {}, {}",
        row.full_name(),
        row.runtime
            .as_ref()
            .map(|runtime| format!(", {runtime}"))
            .unwrap_or_default(),
        health_words(row.health_status),
        row.current_version
            .as_ref()
            .map_or("version unknown".to_owned(), |version| format!(
                "runs {version}"
            )),
    )];
    lines.extend(
        problems(row, last)
            .into_iter()
            .map(|problem| format!("problem: {problem}")),
    );
    if let Some(last) = last {
        let when = last
            .completed_at
            .unwrap_or(last.started_at)
            .format("%Y-%m-%d %H:%M UTC");
        lines.push(format!(
            "last deployment: {} {}, {when}",
            last.version, last.status
        ));
    }
    let of_it = known
        .dependencies
        .iter()
        .filter(|dependency| dependency.service_id == row.id);
    let needs: Vec<String> = of_it
        .map(|dependency| format!("{} ({})", dependency.target(), dependency.dependency_type))
        .collect();
    lines.extend(listed("needs", &needs));
    let full_name = row.full_name();
    let fact = known
        .inventory
        .services
        .iter()
        .find(|fact| format!("{}@{}", fact.name, fact.server) == full_name);
    lines.extend(listed(
        "needed by",
        fact.map(|fact| fact.dependents.as_slice())
            .unwrap_or_default(),
    ));
    let routes = known
        .routes
        .iter()
        .filter(|route| route.service_id == row.id);
    let answers: Vec<String> = routes
        .map(|route| format!("{}{}", route.domain, route.path))
        .collect();
    lines.extend(listed("answers", &answers));
    lines.join("\n")
}

fn server(known: &Snapshot, row: &Server) -> String {
    let mut lines = vec![format!(
        "[inventory] server {} ({}): {}, host {}",
        row.name, row.role, row.status, row.hostname
    )];
    if matches!(row.status, ServerStatus::Offline | ServerStatus::Degraded) {
        lines.push(format!("problem: the server is {}", row.status));
    }
    let on_it: Vec<&Service> = known
        .services
        .iter()
        .filter(|service| service.server_id == row.id && service.status != ServiceStatus::Retired)
        .collect();
    for service in &on_it {
        let last = known
            .last_deployments
            .iter()
            .find(|deployment| deployment.service_id == service.id);
        lines.extend(
            problems(service, last)
                .into_iter()
                .map(|problem| format!("problem: {}: {problem}", service.name)),
        );
    }
    lines.extend(listed(
        "runs",
        &on_it
            .iter()
            .map(|service| service.name.clone())
            .collect::<Vec<_>>(),
    ));
    lines.truncate(LISTED * 2);
    lines.join("\n")
}

pub(crate) fn problems(row: &Service, last: Option<&Deployment>) -> Vec<String> {
    let mut problems = Vec::new();
    if matches!(
        row.health_status,
        HealthStatus::Unhealthy | HealthStatus::Degraded
    ) {
        problems.push(format!("the last health check said {}", row.health_status));
    }
    if let Some(last) = last {
        match last.status {
            DeploymentStatus::Pending | DeploymentStatus::InProgress => {
                problems.push(format!("a deployment of {} is running", last.version));
            }
            DeploymentStatus::Failed
            | DeploymentStatus::RolledBack
            | DeploymentStatus::RollbackFailed
            | DeploymentStatus::Interrupted => {
                problems.push(format!(
                    "the deployment of {} ended {}",
                    last.version, last.status
                ));
            }
            DeploymentStatus::Success | DeploymentStatus::Cancelled => {}
        }
    }
    problems
}

pub(crate) fn health_words(health: HealthStatus) -> &'static str {
    match health {
        HealthStatus::Unknown => "health unknown",
        known => known.as_str(),
    }
}

fn listed(what: &str, names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(LISTED);
    let shown = names[..names.len().min(LISTED)].join(", ");
    Some(if more == 0 {
        format!("{what} {shown}")
    } else {
        format!("{what} {shown} and {more} more")
    })
}

#[cfg(test)]
mod tests {
    use super::super::named;
    use super::*;
    use crate::snapshot::example;
    use crate::store::rows::{Json, Severity};

    fn facts(prompt: &str) -> Vec<String> {
        let known = example();
        about(&known, &named::find(&known, prompt), &[])
    }

    #[test]
    fn a_named_service_brings_its_facts() {
        assert_eq!(
            facts("Why is the api slow? See also API."),
            [
                "> [inventory] service api@web1 (production): healthy, runs v1\n> needs postgres@web1 (database)\n> needed by shop@web1"
            ]
        );
    }

    #[test]
    fn nothing_named_brings_nothing() {
        assert_eq!(
            facts("write a poem about apis and webs"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_server_and_one_of_several_are_named_exactly() {
        let facts = facts("restart shop@web1:8080, then look at db1.");
        assert!(
            facts[0].starts_with("> [inventory] service shop@web1"),
            "{facts:?}"
        );
        assert!(
            facts[1].starts_with("> [inventory] server db1"),
            "{facts:?}"
        );
        assert_eq!(facts.len(), 2);
    }

    #[test]
    fn what_happened_to_it_lately_is_told_once() {
        let known = example();
        let event = |title: &str, service: &str| Event {
            id: 1,
            at: chrono::DateTime::default(),
            server: Some("web1".to_owned()),
            service: Some(service.to_owned()),
            event_type: "health".to_owned(),
            severity: Severity::Error,
            title: title.to_owned(),
            description: None,
            metadata: Json(serde_json::json!({})),
        };
        let events = [
            event("api does not answer", "api@web1"),
            event("api does not answer", "api@web1"),
            event("shop does not answer", "shop@web1"),
        ];
        let facts = about(&known, &named::find(&known, "is api down?"), &events);
        assert_eq!(facts.len(), 1);
        assert!(
            facts[0].ends_with("\n> error event 1970-01-01 00:00 UTC: api does not answer"),
            "{facts:?}"
        );
        assert_eq!(facts[0].matches("does not answer").count(), 1);
    }
}
