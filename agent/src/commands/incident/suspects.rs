//! Orders the suspects, in code: a failing dependency that is required, then a fresh deployment,
//! then the rest. The model never decides this.

use chrono::TimeDelta;

use crate::commands::brief::facts::ago;
use crate::reply::Suspect;
use crate::store::rows::{DeploymentStatus, HealthStatus, Time};

/// A deployment is fresh for this long, and as long as no check was good since.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// What was found out about one service, with the numbers of the evidence.
#[derive(Clone, Debug)]
pub(super) struct Signs {
    /// As `service@server`.
    pub(super) service: String,
    pub(super) health: HealthStatus,
    pub(super) health_text: String,
    pub(super) health_evidence: usize,
    pub(super) needs: Vec<NeedSign>,
    /// The newest first.
    pub(super) deployments: Vec<DeploymentSign>,
    /// What coding agents changed, the newest first.
    pub(super) changes: Vec<ChangeSign>,
    /// When a check was good for the last time, before now.
    pub(super) last_healthy: Option<Time>,
    /// Log lines that tell of errors.
    pub(super) log_errors: Vec<usize>,
}

/// Something the service depends on.
#[derive(Clone, Debug)]
pub(super) struct NeedSign {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) status: HealthStatus,
    pub(super) text: String,
    pub(super) evidence: usize,
}

/// A deployment of the service.
#[derive(Clone, Debug)]
pub(super) struct DeploymentSign {
    pub(super) id: i64,
    pub(super) version: String,
    pub(super) status: DeploymentStatus,
    pub(super) started_at: Time,
    pub(super) evidence: usize,
}

/// A command of a coding agent that changed the service or its server.
#[derive(Clone, Debug)]
pub(super) struct ChangeSign {
    pub(super) title: String,
    pub(super) at: Time,
    pub(super) evidence: usize,
}

/// The order of suspicion, the likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    RequiredDown,
    RequiredDegraded,
    Deployment,
    Change,
    Service,
    Optional,
    LogOnly,
}

/// Makes the suspects, the likeliest first, and the verdict in one sentence.
pub(super) fn judge(signs: &[Signs], now: Time) -> (Vec<Suspect>, String) {
    let mut ranked: Vec<(Rank, Suspect)> = Vec::new();
    for sign in signs {
        let mut found = Vec::new();
        needs(sign, &mut found);
        deployments(sign, now, &mut found);
        changes(sign, now, &mut found);
        itself(sign, &mut found);
        for (rank, suspect) in found {
            add(&mut ranked, rank, suspect);
        }
    }
    // Stable: within a rank the order of the evidence stands.
    ranked.sort_by_key(|(rank, _)| *rank);
    let verdict = verdict(signs, &ranked);
    (
        ranked.into_iter().map(|(_, suspect)| suspect).collect(),
        verdict,
    )
}

/// Two services may need the same thing: one suspect, with the evidence of both.
fn add(ranked: &mut Vec<(Rank, Suspect)>, rank: Rank, suspect: Suspect) {
    let known = ranked
        .iter_mut()
        .find(|(_, known)| known.name == suspect.name);
    match known {
        Some((known_rank, known)) => {
            if rank < *known_rank {
                *known_rank = rank;
                known.kind = suspect.kind;
                known.why = suspect.why;
            }
            known.evidence.extend(suspect.evidence);
            known.evidence.sort_unstable();
            known.evidence.dedup();
        }
        None => ranked.push((rank, suspect)),
    }
}

fn needs(sign: &Signs, found: &mut Vec<(Rank, Suspect)>) {
    for need in sign.needs.iter().filter(|need| is_bad(need.status)) {
        let (rank, how) = match (need.required, need.status) {
            (true, HealthStatus::Unhealthy) => (Rank::RequiredDown, "needs it"),
            (true, _) => (Rank::RequiredDegraded, "needs it"),
            (false, _) => (Rank::Optional, "uses it, though it can do without,"),
        };
        found.push((
            rank,
            Suspect {
                kind: "dependency".to_owned(),
                name: need.name.clone(),
                why: format!(
                    "{} {how} and it is {} ({})",
                    sign.service, need.status, need.text
                ),
                evidence: vec![need.evidence],
            },
        ));
    }
}

fn deployments(sign: &Signs, now: Time, found: &mut Vec<(Rank, Suspect)>) {
    if sign.health == HealthStatus::Healthy && sign.log_errors.is_empty() {
        return;
    }
    let rank = if sign.health == HealthStatus::Healthy {
        Rank::LogOnly
    } else {
        Rank::Deployment
    };
    // What came before the last one does not run any more: it is evidence at most.
    if let Some(deployment) = sign.deployments.first() {
        let never_good_since = sign
            .last_healthy
            .is_some_and(|at| at < deployment.started_at);
        let is_fresh = now - deployment.started_at <= FRESH;
        if !is_fresh && !never_good_since {
            return;
        }
        let ended = match deployment.status {
            DeploymentStatus::Pending | DeploymentStatus::InProgress => " and is still running",
            DeploymentStatus::Failed => " and failed",
            DeploymentStatus::RolledBack => " and was rolled back",
            DeploymentStatus::RollbackFailed => ", failed, and so did going back",
            DeploymentStatus::Cancelled => " and was cancelled",
            DeploymentStatus::Interrupted => " and was interrupted",
            DeploymentStatus::Success => "",
        };
        let since = if never_good_since {
            format!("; {} was not healthy since", sign.service)
        } else {
            String::new()
        };
        found.push((
            rank,
            Suspect {
                kind: "deployment".to_owned(),
                name: format!(
                    "{} of {} ({})",
                    deployment.id, sign.service, deployment.version
                ),
                why: format!("it began {}{ended}{since}", ago(deployment.started_at, now)),
                evidence: vec![sign.health_evidence, deployment.evidence],
            },
        ));
    }
}

/// What was done by hand of a coding agent is as suspect as a deployment, for as long.
fn changes(sign: &Signs, now: Time, found: &mut Vec<(Rank, Suspect)>) {
    if sign.health == HealthStatus::Healthy && sign.log_errors.is_empty() {
        return;
    }
    let rank = if sign.health == HealthStatus::Healthy {
        Rank::LogOnly
    } else {
        Rank::Change
    };
    // The newest one alone: those before it are evidence.
    if let Some(change) = sign.changes.first() {
        let never_good_since = sign.last_healthy.is_some_and(|at| at < change.at);
        if now - change.at > FRESH && !never_good_since {
            return;
        }
        let since = if never_good_since {
            format!("; {} was not healthy since", sign.service)
        } else {
            String::new()
        };
        found.push((
            rank,
            Suspect {
                kind: "change".to_owned(),
                name: change.title.clone(),
                why: format!("it was made {}{since}", ago(change.at, now)),
                evidence: vec![sign.health_evidence, change.evidence],
            },
        ));
    }
}

fn itself(sign: &Signs, found: &mut Vec<(Rank, Suspect)>) {
    let (rank, why) = match sign.health {
        bad if is_bad(bad) => (Rank::Service, format!("it is {bad} ({})", sign.health_text)),
        _ if sign.log_errors.is_empty() => return,
        HealthStatus::Healthy => (
            Rank::LogOnly,
            "its health check is good, but its log tells of errors".to_owned(),
        ),
        _ => (
            Rank::Service,
            format!("{}, and its log tells of errors", sign.health_text),
        ),
    };
    let mut evidence = vec![sign.health_evidence];
    evidence.extend(&sign.log_errors);
    found.push((
        rank,
        Suspect {
            kind: "service".to_owned(),
            name: sign.service.clone(),
            why,
            evidence,
        },
    ));
}

fn verdict(signs: &[Signs], ranked: &[(Rank, Suspect)]) -> String {
    let names = |wanted: HealthStatus| {
        let names: Vec<&str> = signs
            .iter()
            .filter(|sign| sign.health == wanted)
            .map(|sign| sign.service.as_str())
            .collect();
        names.join(" and ")
    };
    if let Some((rank, first)) = ranked.first() {
        return if *rank == Rank::LogOnly {
            format!(
                "nothing is failing its health check; worth a look is {}: {}",
                label(first),
                first.why
            )
        } else {
            format!("the likeliest cause is {}: {}", label(first), first.why)
        };
    }
    if signs
        .iter()
        .all(|sign| sign.health == HealthStatus::Healthy)
    {
        return format!(
            "nothing is failing: {} and what is needed give good answers",
            names(HealthStatus::Healthy)
        );
    }
    format!(
        "nothing is known to be failing, but the health of {} is not known; give it a health endpoint",
        names(HealthStatus::Unknown)
    )
}

/// Names a suspect in a sentence.
pub(super) fn label(suspect: &Suspect) -> String {
    if suspect.kind == "deployment" {
        format!("deployment {}", suspect.name)
    } else {
        suspect.name.clone()
    }
}

fn is_bad(status: HealthStatus) -> bool {
    matches!(status, HealthStatus::Unhealthy | HealthStatus::Degraded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2025-03-01T12:00:00Z".parse().unwrap()
    }

    fn api(health: HealthStatus) -> Signs {
        Signs {
            service: "api@web1".to_owned(),
            health,
            health_text: "HTTP 500".to_owned(),
            health_evidence: 1,
            needs: Vec::new(),
            deployments: Vec::new(),
            changes: Vec::new(),
            last_healthy: None,
            log_errors: Vec::new(),
        }
    }

    fn need(name: &str, required: bool, status: HealthStatus) -> NeedSign {
        NeedSign {
            name: name.to_owned(),
            required,
            status,
            text: "connection refused".to_owned(),
            evidence: 2,
        }
    }

    fn deployed(minutes_ago: i64, status: DeploymentStatus) -> DeploymentSign {
        DeploymentSign {
            id: 7,
            version: "v2".to_owned(),
            status,
            started_at: now() - TimeDelta::minutes(minutes_ago),
            evidence: 3,
        }
    }

    #[track_caller]
    fn check(signs: &[Signs], names: &[&str], verdict: &str) {
        let (suspects, said) = judge(signs, now());
        let found: Vec<&str> = suspects
            .iter()
            .map(|suspect| suspect.name.as_str())
            .collect();
        assert_eq!(found, names);
        assert_eq!(said, verdict);
    }

    #[test]
    fn a_failing_dependency_comes_before_a_fresh_deployment_before_the_service() {
        let signs = Signs {
            needs: vec![
                need("cache@db1", false, HealthStatus::Unhealthy),
                need("queue@db1", true, HealthStatus::Healthy),
                need("postgres@db1", true, HealthStatus::Unhealthy),
            ],
            deployments: vec![deployed(20, DeploymentStatus::Success)],
            ..api(HealthStatus::Unhealthy)
        };
        check(
            &[signs],
            &[
                "postgres@db1",
                "7 of api@web1 (v2)",
                "api@web1",
                "cache@db1",
            ],
            "the likeliest cause is postgres@db1: api@web1 needs it and it is unhealthy (connection refused)",
        );
    }

    #[test]
    fn what_a_coding_agent_changed_comes_before_the_service_itself() {
        let changed = |minutes_ago| ChangeSign {
            title: "restart by a coding agent: `systemctl restart api` (session 5f6c1e2a)"
                .to_owned(),
            at: now() - TimeDelta::minutes(minutes_ago),
            evidence: 4,
        };
        let signs = Signs {
            changes: vec![changed(5), changed(7)],
            ..api(HealthStatus::Unhealthy)
        };
        check(
            std::slice::from_ref(&signs),
            &[
                "restart by a coding agent: `systemctl restart api` (session 5f6c1e2a)",
                "api@web1",
            ],
            "the likeliest cause is restart by a coding agent: `systemctl restart api` (session 5f6c1e2a): it was made 5 min ago",
        );
        let long_ago = Signs {
            changes: vec![changed(300)],
            last_healthy: Some(now() - TimeDelta::minutes(10)),
            ..signs
        };
        check(
            &[long_ago],
            &["api@web1"],
            "the likeliest cause is api@web1: it is unhealthy (HTTP 500)",
        );
    }

    #[test]
    fn an_old_deployment_is_no_suspect_unless_nothing_was_good_since() {
        let old = Signs {
            deployments: vec![deployed(300, DeploymentStatus::Success)],
            last_healthy: Some(now() - TimeDelta::minutes(10)),
            ..api(HealthStatus::Unhealthy)
        };
        check(
            std::slice::from_ref(&old),
            &["api@web1"],
            "the likeliest cause is api@web1: it is unhealthy (HTTP 500)",
        );
        let never_good_since = Signs {
            last_healthy: Some(now() - TimeDelta::minutes(301)),
            ..old
        };
        check(
            &[never_good_since],
            &["7 of api@web1 (v2)", "api@web1"],
            "the likeliest cause is deployment 7 of api@web1 (v2): it began 5 h ago; api@web1 was not healthy since",
        );
    }

    #[test]
    fn what_the_last_deployment_replaced_is_no_suspect() {
        let mut earlier = deployed(20, DeploymentStatus::Failed);
        earlier.id = 6;
        let signs = Signs {
            deployments: vec![deployed(5, DeploymentStatus::Success), earlier],
            ..api(HealthStatus::Unhealthy)
        };
        check(
            &[signs],
            &["7 of api@web1 (v2)", "api@web1"],
            "the likeliest cause is deployment 7 of api@web1 (v2): it began 5 min ago",
        );
    }

    #[test]
    fn nothing_is_failing_is_an_answer() {
        let well = Signs {
            needs: vec![need("postgres@db1", true, HealthStatus::Healthy)],
            deployments: vec![deployed(20, DeploymentStatus::Success)],
            ..api(HealthStatus::Healthy)
        };
        check(
            &[well],
            &[],
            "nothing is failing: api@web1 and what is needed give good answers",
        );
        check(
            &[api(HealthStatus::Unknown)],
            &[],
            "nothing is known to be failing, but the health of api@web1 is not known; give it a health endpoint",
        );
    }

    #[test]
    fn errors_in_the_log_alone_are_worth_a_look() {
        let noisy = Signs {
            log_errors: vec![4, 5],
            ..api(HealthStatus::Healthy)
        };
        check(
            &[noisy],
            &["api@web1"],
            "nothing is failing its health check; worth a look is api@web1: its health check is good, but its log tells of errors",
        );
    }

    #[test]
    fn what_two_services_need_is_one_suspect_with_the_evidence_of_both() {
        let first = Signs {
            needs: vec![need("postgres@db1", false, HealthStatus::Unhealthy)],
            ..api(HealthStatus::Healthy)
        };
        let mut other = need("postgres@db1", true, HealthStatus::Unhealthy);
        other.evidence = 9;
        let second = Signs {
            service: "web@web1".to_owned(),
            needs: vec![other],
            ..api(HealthStatus::Healthy)
        };
        let (suspects, _) = judge(&[first, second], now());
        assert_eq!(suspects.len(), 1);
        assert_eq!(suspects[0].evidence, [2, 9]);
        assert!(
            suspects[0].why.starts_with("web@web1 needs it"),
            "{}",
            suspects[0].why
        );
    }
}
