//! The facts of a brief, in a fixed form: what is wrong first, then what happens, then what is well.

use std::collections::HashMap;

use chrono::TimeDelta;

use crate::llm::clean;
use crate::store::Unfinished;
use crate::store::rows::{
    Deployment, DeploymentStatus, Event, HealthStatus, Secret, Server, ServerStatus, Service,
    ServiceStatus, Severity, Time,
};

/// The most facts of a brief.
const MOST: usize = 20;
/// The longest fact, in characters.
const LONGEST: usize = 240;

/// What was read of the store.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) now: Time,
    pub(super) servers: Vec<Server>,
    pub(super) services: Vec<Service>,
    /// Of the last day, the newest first.
    pub(super) deployments: Vec<Deployment>,
    /// The last of each service.
    pub(super) last: Vec<Deployment>,
    pub(super) unfinished: Vec<Unfinished>,
    /// Of the last day, warnings and worse, the newest first.
    pub(super) events: Vec<Event>,
    pub(super) secrets: Vec<Secret>,
    /// Messages in the outbox.
    pub(super) waiting: i64,
    /// How old the answer of a health endpoint may be.
    pub(super) lately: TimeDelta,
}

/// Makes the facts; the first says that nothing is wrong, if so.
pub(super) fn facts(found: &Found) -> Vec<String> {
    let mut problems = Vec::new();
    problems.extend(few(bad_services(found), 6, "more services are not healthy"));
    problems.extend(few(
        not_asked(found),
        3,
        "more services were not asked since their last deployment",
    ));
    problems.extend(few(bad_servers(found), 3, "more servers are not online"));
    problems.extend(few(
        bad_deployments(found),
        4,
        "more deployments did not go well",
    ));
    problems.extend(few(events(found), 4, "more kinds of warnings"));
    problems.extend(few(
        overdue(found),
        3,
        "more secrets are overdue for rotation",
    ));
    problems.extend(waiting(found));
    let mut facts = problems;
    if facts.is_empty() {
        facts.push("nothing is wrong".to_owned());
    }
    facts.extend(few(running(found), 3, "more deployments are running"));
    facts.extend(successes(found));
    facts.extend(overview(found));
    facts.extend(endpoints(found));
    if facts.len() > MOST {
        let left = facts.len() - (MOST - 1);
        facts.truncate(MOST - 1);
        facts.push(format!("and {left} more facts"));
    }
    facts
        .into_iter()
        .map(|fact| clean(&fact.replace('\n', " "), LONGEST))
        .collect()
}

/// Keeps the first few and counts the rest.
fn few(mut facts: Vec<String>, most: usize, rest: &str) -> Vec<String> {
    if facts.len() > most {
        let left = facts.len() - most;
        facts.truncate(most);
        facts.push(format!("{left} {rest}"));
    }
    facts
}

fn bad_services(found: &Found) -> Vec<String> {
    let mut bad: Vec<&Service> = active(found)
        .filter(|service| is_bad(service.health_status))
        .filter(|service| {
            not_asked_since(found, service).is_none_or(|last| !last.status.is_final())
        })
        .collect();
    bad.sort_by_key(|service| service.health_status != HealthStatus::Unhealthy);
    bad.into_iter()
        .map(|service| {
            let version = service
                .current_version
                .as_ref()
                .map(|version| format!(", version {version}"));
            format!(
                "{} is {}{}{}",
                service.full_name(),
                service.health_status,
                asked(service, found.now),
                version.unwrap_or_default()
            )
        })
        .collect()
}

/// What was said before the last deployment says nothing of what runs now.
fn not_asked(found: &Found) -> Vec<String> {
    active(found)
        .filter(|service| service.health_endpoint.is_some())
        .filter_map(|service| {
            let last = not_asked_since(found, service).filter(|last| last.status.is_final())?;
            Some(format!(
                "{} was not asked since deployment {} ({}) of {}",
                service.full_name(),
                last.id,
                last.status,
                ago(last.started_at, found.now)
            ))
        })
        .collect()
}

/// Returns the last deployment of a service that was not asked after it.
fn not_asked_since<'a>(found: &'a Found, service: &Service) -> Option<&'a Deployment> {
    let last = found
        .last
        .iter()
        .find(|last| last.service_id == service.id)?;
    let since = match last.status {
        // Nobody was there to ask at its end; any other deployment ends with a question.
        DeploymentStatus::Interrupted => last.completed_at.unwrap_or(last.started_at),
        _ => last.started_at,
    };
    let is_asked = service.last_health_check.is_some_and(|at| at >= since);
    (!is_asked).then_some(last)
}

fn bad_servers(found: &Found) -> Vec<String> {
    let bad = |server: &&Server| {
        matches!(
            server.status,
            ServerStatus::Offline | ServerStatus::Degraded
        )
    };
    found
        .servers
        .iter()
        .filter(bad)
        .map(|server| {
            let seen = server
                .last_seen
                .map(|at| format!(", last seen {}", ago(at, found.now)));
            format!(
                "server {} is {}{}",
                server.name,
                server.status,
                seen.unwrap_or_default()
            )
        })
        .collect()
}

fn bad_deployments(found: &Found) -> Vec<String> {
    found
        .deployments
        .iter()
        .filter_map(|deployment| {
            let how = match deployment.status {
                DeploymentStatus::Failed => "failed",
                DeploymentStatus::RolledBack => "failed and was rolled back",
                DeploymentStatus::RollbackFailed => {
                    "failed, and so did going back: what runs is uncertain"
                }
                DeploymentStatus::Interrupted => "was interrupted",
                DeploymentStatus::Cancelled => "was cancelled",
                DeploymentStatus::Success
                | DeploymentStatus::Pending
                | DeploymentStatus::InProgress => {
                    return None;
                }
            };
            let open = matches!(
                deployment.status,
                DeploymentStatus::Interrupted | DeploymentStatus::Cancelled
            );
            let service = found
                .services
                .iter()
                .find(|service| service.id == deployment.service_id);
            let last = service.and_then(|service| not_asked_since(found, service));
            let unknown = if open && last.is_some_and(|last| last.id == deployment.id) {
                "; what runs is unknown"
            } else {
                ""
            };
            let notes = deployment
                .notes
                .as_ref()
                .filter(|notes| !notes.trim().is_empty())
                .map(|notes| format!(": {}", notes.trim()));
            Some(format!(
                "deployment {} of {} to {} {how} {}{unknown}{}",
                deployment.id,
                deployment.service,
                deployment.version,
                ago(deployment.started_at, found.now),
                notes.unwrap_or_default()
            ))
        })
        .collect()
}

/// Events by kind, the worst first; a deployment that went wrong is told above.
fn events(found: &Found) -> Vec<String> {
    let told: Vec<&str> = found
        .deployments
        .iter()
        .filter(|deployment| {
            deployment.status.is_final() && deployment.status != DeploymentStatus::Success
        })
        .map(|deployment| deployment.service.as_str())
        .collect();
    let mut order: Vec<(&Event, usize)> = Vec::new();
    let mut known: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    for event in &found.events {
        let service = event.service.as_deref();
        let is_told =
            event.event_type == "deploy" && service.is_some_and(|name| told.contains(&name));
        if is_told || event.severity < Severity::Warning {
            continue;
        }
        if let Some(&at) = known.get(&(event.title.as_str(), service)) {
            order[at].1 += 1;
        } else {
            known.insert((&event.title, service), order.len());
            order.push((event, 1));
        }
    }
    order.sort_by_key(|(event, _)| std::cmp::Reverse(event.severity));
    order
        .into_iter()
        .map(|(event, count)| {
            let times = if count > 1 {
                format!("{count} times, last ")
            } else {
                String::new()
            };
            let about = event.service.as_ref().or(event.server.as_ref());
            let about = about
                .filter(|name| !event.title.contains(name.as_str()))
                .map(|name| format!("{name}: "));
            format!(
                "{}: {}{} ({times}{})",
                event.severity,
                about.unwrap_or_default(),
                event.title,
                ago(event.at, found.now)
            )
        })
        .collect()
}

fn overdue(found: &Found) -> Vec<String> {
    let mut late: Vec<(TimeDelta, String)> = found
        .secrets
        .iter()
        .filter_map(|secret| {
            let policy = secret.rotation_policy.as_deref()?;
            let every = days_of(policy)?;
            let since = secret.last_rotated.unwrap_or(secret.created_at);
            let by = found.now - since.checked_add_signed(every)?;
            if by <= TimeDelta::zero() {
                return None;
            }
            let rotated = secret.last_rotated.map_or_else(
                || "never rotated".to_owned(),
                |at| format!("last rotated {}", at.format("%Y-%m-%d")),
            );
            let text = format!(
                "secret {} is overdue for rotation by {} ({rotated}, policy {policy})",
                secret.name,
                span(by)
            );
            Some((by, text))
        })
        .collect();
    late.sort_by_key(|(by, _)| std::cmp::Reverse(*by));
    late.into_iter().map(|(_, text)| text).collect()
}

fn waiting(found: &Found) -> Option<String> {
    match found.waiting {
        ..=0 => None,
        1 => Some("1 message waits to be sent".to_owned()),
        count => Some(format!("{count} messages wait to be sent")),
    }
}

fn running(found: &Found) -> Vec<String> {
    found
        .unfinished
        .iter()
        .map(|running| {
            format!(
                "deployment {} of {} to {} is running, begun {}",
                running.id,
                running.service,
                running.version,
                ago(running.started_at, found.now)
            )
        })
        .collect()
}

fn successes(found: &Found) -> Option<String> {
    // The newest first, so the first of a service has its last version.
    let mut by_service: Vec<(&Deployment, usize)> = Vec::new();
    for good in &found.deployments {
        if good.status != DeploymentStatus::Success {
            continue;
        }
        match by_service
            .iter_mut()
            .find(|(last, _)| last.service == good.service)
        {
            Some((_, count)) => *count += 1,
            None => by_service.push((good, 1)),
        }
    }
    let total: usize = by_service.iter().map(|(_, count)| count).sum();
    let mut named: Vec<String> = by_service
        .iter()
        .take(3)
        .map(|(last, count)| match count {
            1 => format!("{} {}", last.service, last.version),
            2 => format!("{} twice, last {}", last.service, last.version),
            count => format!("{} {count} times, last {}", last.service, last.version),
        })
        .collect();
    match by_service.len().saturating_sub(named.len()) {
        0 => {}
        1 => named.push("one more service".to_owned()),
        more => named.push(format!("{more} more services")),
    }
    let named = named.join("; ");
    match total {
        0 => None,
        1 => Some(format!("1 deployment succeeded in the last 24 h: {named}")),
        total => Some(format!(
            "{total} deployments succeeded in the last 24 h: {named}"
        )),
    }
}

fn overview(found: &Found) -> Option<String> {
    if found.services.is_empty() {
        return Some("no service is in the inventory".to_owned());
    }
    let (mut total, mut healthy, mut unknown, mut not_asked) = (0, 0, 0, 0);
    for service in active(found) {
        total += 1;
        match service.health_status {
            HealthStatus::Unknown => unknown += 1,
            _ if not_asked_since(found, service).is_some() => not_asked += 1,
            HealthStatus::Healthy => healthy += 1,
            HealthStatus::Unhealthy | HealthStatus::Degraded => {}
        }
    }
    let rest: Vec<String> = [
        (unknown, "of unknown health"),
        (not_asked, "not asked since the last deployment"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, how)| format!("{count} {how}"))
    .collect();
    let rest = rest.join(", ");
    Some(match (total, healthy) {
        (0, _) => "no service is active".to_owned(),
        (1, 1) => "the one service is healthy".to_owned(),
        (1, 0) if unknown == 1 => "the health of the one service is not known".to_owned(),
        // What is wrong with it was told above.
        (1, _) => return None,
        (total, healthy) if total == healthy => format!("all {total} services are healthy"),
        (total, healthy) if rest.is_empty() => format!("{healthy} of {total} services are healthy"),
        (total, healthy) => format!("{healthy} of {total} services are healthy, {rest}"),
    })
}

/// Old answers are worth little: says which endpoints were not asked lately.
fn endpoints(found: &Found) -> Option<String> {
    let asked: Vec<&Service> = active(found)
        .filter(|service| service.health_endpoint.is_some())
        .collect();
    let is_stale = |service: &&&Service| {
        service
            .last_health_check
            .is_none_or(|at| found.now - at > found.lately)
    };
    let stale: Vec<&&Service> = asked.iter().filter(is_stale).collect();
    if asked.is_empty() {
        return None;
    }
    let within = span(found.lately);
    if stale.is_empty() {
        return Some(match asked.len() {
            1 => format!("the one health endpoint was asked within {within}"),
            count => format!("all {count} health endpoints were asked within {within}"),
        });
    }
    if asked.len() == 1 {
        return Some(format!(
            "the one health endpoint was not asked within {within}"
        ));
    }
    let names: Vec<String> = stale
        .iter()
        .take(3)
        .map(|service| service.full_name())
        .collect();
    let dots = if stale.len() > names.len() {
        ", ..."
    } else {
        ""
    };
    Some(format!(
        "{} of {} health endpoints {} not asked within {within}: {}{dots}",
        stale.len(),
        asked.len(),
        if stale.len() == 1 { "was" } else { "were" },
        names.join(", ")
    ))
}

fn active(found: &Found) -> impl Iterator<Item = &Service> {
    found
        .services
        .iter()
        .filter(|service| service.status == ServiceStatus::Active)
}

fn is_bad(health: HealthStatus) -> bool {
    matches!(health, HealthStatus::Unhealthy | HealthStatus::Degraded)
}

fn asked(service: &Service, now: Time) -> String {
    service
        .last_health_check
        .map_or_else(String::new, |at| format!(", asked {}", ago(at, now)))
}

/// Reads `90d`, `12w`, `6m` (of 30 days) or `1y`; anything else is no policy that can be checked.
fn days_of(policy: &str) -> Option<TimeDelta> {
    let policy = policy.trim();
    let digits = policy.trim_end_matches(|character: char| !character.is_ascii_digit());
    let count: i64 = digits.parse().ok().filter(|count| *count > 0)?;
    let days = match policy[digits.len()..].trim().to_lowercase().as_str() {
        "" | "d" | "day" | "days" => 1,
        "w" | "week" | "weeks" => 7,
        "m" | "month" | "months" => 30,
        "y" | "year" | "years" => 365,
        _ => return None,
    };
    TimeDelta::try_days(count.checked_mul(days)?)
}

pub(in crate::commands) fn ago(at: Time, now: Time) -> String {
    let passed = now - at;
    if passed < TimeDelta::minutes(1) {
        return "just now".to_owned();
    }
    format!("{} ago", span(passed))
}

fn span(passed: TimeDelta) -> String {
    match passed.num_minutes() {
        minutes @ ..120 => format!("{} min", minutes.max(1)),
        minutes @ ..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests;
