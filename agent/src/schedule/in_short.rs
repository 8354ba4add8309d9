//! A run's answer in one line, for the list of runs.

use crate::reply::{Prose, Reply, ServerState, ServiceState, StatusReport};
use crate::store::rows::HealthStatus;

/// The longest line that is kept of a run's answer, in characters.
const IN_SHORT: usize = 500;

/// One line for the list of runs.
pub(crate) fn in_short(reply: &Reply) -> String {
    let text = match reply {
        Reply::Deployed(report) => report.summary.clone(),
        Reply::Brief(brief) => match &brief.prose {
            Prose::Written { text, .. } => text.lines().collect::<Vec<_>>().join(" "),
            Prose::Unavailable { .. } => brief.facts.join("; "),
        },
        Reply::Incident(report) => report.verdict.clone(),
        Reply::Confirm(question) => format!("asked: {}", question.text),
        Reply::Status(report) => status_in_short(report),
        Reply::ServiceDetail(details) => some(details.iter().map(|detail| {
            let service = &detail.service;
            let version = service.current_version.as_deref().unwrap_or("no version");
            format!(
                "{} {}, {version}",
                service.full_name(),
                service.health_status
            )
        })),
        Reply::Health(reports) if reports.is_empty() => {
            "no service has a health endpoint".to_owned()
        }
        Reply::Health(reports) => some(reports.iter().map(|report| {
            let why = report.error.as_ref().map(|why| format!(" ({why})"));
            format!(
                "{} {}{}",
                report.service,
                report.status,
                why.unwrap_or_default()
            )
        })),
        Reply::History {
            service,
            deployments,
        } => match deployments.first() {
            Some(last) => format!("{service}: last {} {}", last.version, last.status),
            None => format!("{service}: never deployed"),
        },
        Reply::Events(events) => match events.first() {
            Some(last) => format!("{} events, last: {}", events.len(), last.title),
            None => "no events".to_owned(),
        },
        Reply::AsOf { at, reply } => {
            format!("as of {}: {}", at.format("%H:%M UTC"), in_short(reply))
        }
        Reply::Ran { reply, .. } => in_short(reply),
        _ => "done".to_owned(),
    };
    match text.char_indices().nth(IN_SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn status_in_short(report: &StatusReport) -> String {
    let services = || {
        let of = |server: &'_ ServerState| server.services.len();
        report.servers.iter().map(of).sum::<usize>()
    };
    let problems: Vec<String> = report
        .servers
        .iter()
        .flat_map(|server| {
            let bad = |service: &&ServiceState| {
                matches!(
                    service.health,
                    HealthStatus::Unhealthy | HealthStatus::Degraded
                ) || service.last_deployment_problem.is_some()
            };
            server.services.iter().filter(bad).map(|service| {
                let problem = service.last_deployment_problem.as_ref();
                let problem = problem.map(|how| format!(", last deployment {how}"));
                format!(
                    "{}@{} {}{}",
                    service.name,
                    server.name,
                    service.health,
                    problem.unwrap_or_default()
                )
            })
        })
        .collect();
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let all = format!(
        "{}, {}",
        count(report.servers.len(), "server"),
        count(services(), "service")
    );
    if problems.is_empty() {
        format!("{all}, no problems known")
    } else {
        format!("{all}; {}", some(problems.into_iter()))
    }
}

/// Names the first few; what has problems comes first.
fn some(mut texts: impl Iterator<Item = String>) -> String {
    let mut named: Vec<String> = texts.by_ref().take(5).collect();
    match texts.count() {
        0 => {}
        more => named.push(format!("{more} more")),
    }
    named.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::rows::Time;

    #[test]
    fn the_list_of_runs_says_what_was_answered() {
        let brief = |facts: &[&str]| {
            in_short(&Reply::Brief(crate::reply::Brief {
                at: Time::default(),
                facts: facts.iter().map(|&fact| fact.to_owned()).collect(),
                prose: Prose::Unavailable { why: String::new() },
            }))
        };
        assert_eq!(
            brief(&["nothing is wrong", "all 2 services are healthy"]),
            "nothing is wrong; all 2 services are healthy"
        );
        assert_eq!(brief(&[&"ä".repeat(600)]).chars().count(), IN_SHORT + 1);
        let state = |name: &str, health, problem: Option<&str>| ServiceState {
            name: name.to_owned(),
            health,
            checked_at: None,
            version: None,
            last_deployment_problem: problem.map(str::to_owned),
        };
        let status = |services| {
            in_short(&Reply::Status(StatusReport {
                servers: vec![ServerState {
                    name: "web1".to_owned(),
                    role: "production".to_owned(),
                    status: crate::store::rows::ServerStatus::Online,
                    services,
                }],
                running: Vec::new(),
            }))
        };
        assert_eq!(
            status(vec![
                state("api", HealthStatus::Unhealthy, Some("failed")),
                state("web", HealthStatus::Healthy, None),
            ]),
            "1 server, 2 services; api@web1 unhealthy, last deployment failed"
        );
        assert_eq!(
            status(vec![state("web", HealthStatus::Healthy, None)]),
            "1 server, 1 service, no problems known"
        );
        assert_eq!(
            in_short(&Reply::History {
                service: "api@web1".to_owned(),
                deployments: Vec::new(),
            }),
            "api@web1: never deployed"
        );
        let health = Reply::Health(vec![crate::reply::HealthReport {
            service: "api@web1".to_owned(),
            status: HealthStatus::Unhealthy,
            http_status: Some(500),
            latency_ms: None,
            error: Some("HTTP 500".to_owned()),
            endpoint: None,
        }]);
        assert_eq!(in_short(&health), "api@web1 unhealthy (HTTP 500)");
    }
}
