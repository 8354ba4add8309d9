//! What the inventory knows about the servers, services and domains that a prompt names.

use std::collections::BTreeSet;

use crate::snapshot::Snapshot;
use crate::store::rows::{
    Deployment, DeploymentStatus, HealthStatus, Route, Server, ServerStatus, Service, ServiceStatus,
};

use super::quote::quoted;

/// Most services, and most servers, that one prompt gets facts about.
const MOST: usize = 8;
/// Most names in a list.
const LISTED: usize = 8;

/// Returns a quoted block for each thing named, problems within it.
pub(super) fn about(known: &Snapshot, prompt: &str) -> Vec<String> {
    let words = words(prompt);
    let names_route = |row: &Route| words.contains(&row.domain.to_lowercase());
    let named = known.services.iter().filter(|row| {
        words.contains(&row.name.to_lowercase())
            || words.contains(&row.full_name().to_lowercase())
            || known
                .routes
                .iter()
                .any(|route| route.service_id == row.id && names_route(route))
    });
    // `api@web1` means that one, not its namesakes.
    let exact: Vec<&str> = words
        .iter()
        .filter_map(|word| word.split_once('@'))
        .map(|(service, _)| service)
        .collect();
    let services = named
        .filter(|row| {
            !exact.contains(&row.name.to_lowercase().as_str())
                || words.contains(&row.full_name().to_lowercase())
        })
        .take(MOST)
        .map(|row| service(known, row));
    let servers = known
        .servers
        .iter()
        .filter(|row| names_server(&words, row))
        .take(MOST)
        .map(|row| server(known, row));
    services
        .chain(servers)
        .map(|text| quoted(&guard::redact::redact(&text).text))
        .collect()
}

fn names_server(words: &BTreeSet<String>, row: &Server) -> bool {
    let names = [&row.name, &row.hostname]
        .into_iter()
        .chain(&row.ip_addresses.0);
    names
        .filter(|name| !name.is_empty() && *name != "localhost")
        .any(|name| words.contains(&name.to_lowercase()))
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

fn problems(row: &Service, last: Option<&Deployment>) -> Vec<String> {
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

fn health_words(health: HealthStatus) -> &'static str {
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

/// Splits a prompt into words as names are written; `api.` at the end of a sentence is `api`.
fn words(prompt: &str) -> BTreeSet<String> {
    prompt
        .split(|character: char| !(character.is_alphanumeric() || "._-@:".contains(character)))
        .flat_map(|word| [word, word.split(':').next().unwrap_or(word)])
        .map(|word| {
            word.trim_matches(|character: char| "._-@:".contains(character))
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::example;

    #[test]
    fn a_named_service_brings_its_facts() {
        let facts = about(&example(), "Why is the api slow? See also API.");
        assert_eq!(
            facts,
            [
                "> [inventory] service api@web1 (production): healthy, runs v1\n> needs postgres@web1 (database)\n> needed by shop@web1"
            ]
        );
    }

    #[test]
    fn nothing_named_brings_nothing() {
        assert_eq!(
            about(&example(), "write a poem about apis and webs"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_server_and_one_of_several_are_named_exactly() {
        let facts = about(&example(), "restart shop@web1:8080, then look at db1.");
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
}
