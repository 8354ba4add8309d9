//! How things are: status, health, events, doctor.

use agent::store::rows::{Event, HealthStatus};
use agent::{Check, CheckState, HealthReport, ServerState, ServiceDetail, StatusReport};
use chrono::{DateTime, Utc};

use super::words;
use crate::output::{mark, marked};

/// Renders the state of everything, or of one server.
pub(super) fn status(report: &StatusReport, now: DateTime<Utc>) -> String {
    if report.servers.is_empty() {
        return "the inventory is empty; add a server with `fjord server add NAME --hostname HOST`"
            .to_owned();
    }
    let services: Vec<_> = report
        .servers
        .iter()
        .flat_map(|server| &server.services)
        .collect();
    let having = |wanted: &[HealthStatus]| {
        services
            .iter()
            .filter(|service| wanted.contains(&service.health))
            .count()
    };
    let bad = having(&[HealthStatus::Unhealthy, HealthStatus::Degraded]);
    let all = format!(
        "{} on {}",
        counted(services.len(), "service"),
        counted(report.servers.len(), "server")
    );
    let mut lines = vec![match (bad, having(&[HealthStatus::Unknown])) {
        _ if services.is_empty() => format!(
            "{} and no service yet",
            counted(report.servers.len(), "server")
        ),
        (0, 0) => marked(mark::GOOD, &format!("all healthy: {all}")),
        (0, unknown) => format!("no known problem: {all}, {unknown} of unknown health"),
        (bad, _) => marked(mark::BAD, &format!("{bad} not healthy: {all}")),
    }];
    for deployment in &report.running {
        lines.push(format!(
            "{} deployment {} of `{}` to {} since {}",
            marked(mark::WARN, "running:"),
            deployment.id,
            deployment.service,
            deployment.version,
            words::age(deployment.started_at, now)
        ));
    }
    for server in &report.servers {
        lines.push(String::new());
        lines.extend(server_lines(server, now));
    }
    lines.join("\n")
}

fn server_lines(server: &ServerState, now: DateTime<Utc>) -> Vec<String> {
    let head = format!(
        "{} ({}) {}",
        marked(mark::BOLD, &server.name),
        server.role,
        words::server(server.status)
    );
    if server.services.is_empty() {
        return vec![head, "  no services".to_owned()];
    }
    let rows = server.services.iter().map(|service| {
        let problem = service
            .last_deployment_problem
            .as_ref()
            .map_or_else(String::new, |problem| {
                marked(mark::WARN, &format!("last deployment: {problem}"))
            });
        [
            format!("  {}", service.name),
            words::health(service.health),
            words::or_dash(service.version.as_deref()),
            service
                .checked_at
                .map_or_else(|| "never asked".to_owned(), |at| words::age(at, now)),
            problem,
        ]
    });
    let mut table = columns(&rows.collect::<Vec<_>>());
    table.insert(0, head);
    table
}

/// Lines up columns without a heading.
fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |text: &str| {
        text.chars()
            .filter(|character| !(mark::BAD..=mark::END).contains(character))
            .count()
    };
    let mut widths = [0; N];
    for row in rows {
        for (most, cell) in widths.iter_mut().zip(row) {
            *most = (*most).max(width(cell));
        }
    }
    let line = |row: &[String; N]| {
        let mut out = String::new();
        for (cell, most) in row.iter().zip(widths) {
            out.push_str(cell);
            out.push_str(&" ".repeat(most + 2 - width(cell)));
        }
        out.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Renders services in detail.
pub(super) fn services(services: &[ServiceDetail], now: DateTime<Utc>) -> String {
    let parts: Vec<String> = services.iter().map(|detail| service(detail, now)).collect();
    if parts.is_empty() {
        "no service fits".to_owned()
    } else {
        parts.join("\n\n")
    }
}

fn service(detail: &ServiceDetail, now: DateTime<Utc>) -> String {
    let row = &detail.service;
    let checked = row
        .last_health_check
        .map_or_else(|| "never asked".to_owned(), |at| words::age(at, now));
    let needs: Vec<String> = detail
        .needs
        .iter()
        .map(|dependency| {
            format!(
                "{}{}",
                dependency.target(),
                if dependency.required {
                    ""
                } else {
                    " (optional)"
                }
            )
        })
        .collect();
    let routes: Vec<String> = detail
        .routes
        .iter()
        .map(|route| format!("{}{}", route.domain, route.path))
        .collect();
    let mut out = words::fields(
        &row.full_name(),
        &[
            (
                "health",
                format!("{} ({checked})", words::health(row.health_status)),
            ),
            ("version", words::or_dash(row.current_version.as_deref())),
            ("type", kind(row)),
            ("status", row.status.to_string()),
            (
                "endpoint",
                words::or_dash(
                    row.health_endpoint
                        .as_deref()
                        .map(config::mask_url)
                        .as_deref(),
                ),
            ),
            ("deploy", words::or_dash(row.deploy_command.as_deref())),
            ("in", words::or_dash(row.project_path.as_deref())),
            ("needs", words::list(&needs)),
            ("needed by", words::list(&detail.needed_by)),
            ("routes", words::list(&routes)),
        ],
    );
    if !detail.deployments.is_empty() {
        out.push_str("\n  last deployments\n");
        out.push_str("    ");
        out.push_str(&super::deploy::list(&detail.deployments, now).replace('\n', "\n    "));
    }
    out
}

fn kind(row: &agent::store::rows::Service) -> String {
    row.runtime.as_ref().map_or_else(
        || row.kind.to_string(),
        |runtime| format!("{} ({runtime})", row.kind),
    )
}

/// Renders what health endpoints just said.
pub(super) fn health(reports: &[HealthReport]) -> String {
    if reports.is_empty() {
        return "no service has a health endpoint; give one with `fjord service set NAME --health-endpoint URL`".to_owned();
    }
    let mut sorted: Vec<&HealthReport> = reports.iter().collect();
    sorted.sort_by_key(|report| match report.status {
        HealthStatus::Unhealthy => 0,
        HealthStatus::Degraded => 1,
        HealthStatus::Unknown => 2,
        HealthStatus::Healthy => 3,
    });
    let rows = sorted.into_iter().map(|report| {
        [
            report.service.clone(),
            words::health(report.status),
            report
                .http_status
                .map_or_else(|| "-".to_owned(), |status| status.to_string()),
            report
                .latency_ms
                .map_or_else(|| "-".to_owned(), |latency| format!("{latency} ms")),
            report.error.clone().unwrap_or_default(),
        ]
    });
    words::table(["service", "health", "http", "took", "why"], rows)
}

/// Renders events.
pub(super) fn events(events: &[Event], now: DateTime<Utc>) -> String {
    if events.is_empty() {
        return "no events".to_owned();
    }
    let rows = events.iter().map(|event| {
        [
            words::age(event.at, now),
            words::severity(event.severity),
            event.event_type.clone(),
            words::or_dash(event.service.as_deref().or(event.server.as_deref())),
            event.title.clone(),
        ]
    });
    words::table(["when", "severity", "type", "of", "what"], rows)
}

/// Renders Fjord's own dependencies, what is down first.
pub(super) fn doctor(checks: &[Check]) -> String {
    let mut sorted: Vec<&Check> = checks.iter().collect();
    sorted.sort_by_key(|check| check.state != CheckState::Down);
    let rows = sorted.into_iter().map(|check| {
        let state = match check.state {
            CheckState::Ok => marked(mark::GOOD, "ok"),
            CheckState::Embedded => marked(mark::GOOD, "embedded"),
            CheckState::Down => marked(mark::BAD, "down"),
            CheckState::Off => marked(mark::DIM, "off"),
        };
        let version = check
            .version
            .as_ref()
            .map_or_else(String::new, |version| format!(" {version}"));
        [
            check.name.clone(),
            state,
            format!("{}{version}", check.what),
            check
                .latency_ms
                .map_or_else(|| "-".to_owned(), |latency| format!("{latency} ms")),
            check.note.clone(),
        ]
    });
    columns(&rows.collect::<Vec<_>>()).join("\n")
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}
