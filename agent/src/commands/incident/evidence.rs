//! Numbers what was found and notes what it is a sign of.

use super::gather::{Case, Need};
use super::log::{Picked, Weight};
use super::suspects::{ChangeSign, DeploymentSign, NeedSign, Signs};
use crate::commands::brief::facts::ago;
use crate::llm::clean;
use crate::reply::{Evidence, Suspect};
use crate::store::rows::{Deployment, HealthStatus, Time};

/// The most evidence that a tired person reads.
const MOST: usize = 6;
/// The most log lines that come before the rest.
const LOG_LINES: usize = 3;
/// The longest piece of evidence, in characters.
const LONGEST: usize = 400;

/// Turns the cases into numbered evidence and the signs that suspects are made of.
pub(super) fn evidence(cases: &[Case], now: Time) -> (Vec<Evidence>, Vec<Signs>) {
    let mut all = Numbered {
        evidence: Vec::new(),
    };
    let signs = cases
        .iter()
        .map(|case| signs_of(case, now, &mut all))
        .collect();
    (all.evidence, signs)
}

/// Keeps the evidence that says most, failing checks and log lines first, and numbers it anew.
pub(super) fn foremost(
    evidence: Vec<Evidence>,
    signs: &[Signs],
    suspects: &mut [Suspect],
) -> Vec<Evidence> {
    let bad = |status| matches!(status, HealthStatus::Unhealthy | HealthStatus::Degraded);
    let failing: Vec<usize> = signs
        .iter()
        .flat_map(|sign| {
            let itself = bad(sign.health).then_some(sign.health_evidence);
            let needs = sign.needs.iter().filter(|need| bad(need.status));
            itself.into_iter().chain(needs.map(|need| need.evidence))
        })
        .collect();
    let log_lines = |most: usize| {
        let lines = signs.iter().flat_map(|sign| &sign.log_errors);
        lines.copied().take(most).collect::<Vec<usize>>()
    };
    let first = suspects.first().map(|first| first.evidence.clone());
    let (first, told) = (first.unwrap_or_default(), log_lines(LOG_LINES));
    let cited: Vec<usize> = suspects
        .iter()
        .flat_map(|suspect| suspect.evidence.iter().copied())
        .collect();
    let rank = |piece: &Evidence| {
        let is_log = piece.kind == "log";
        match piece.number {
            number if failing.contains(&number) => 0,
            number if first.contains(&number) && !is_log => 0,
            number if told.contains(&number) => 1,
            number if cited.contains(&number) => 2,
            _ if piece.kind == "health" => 3,
            _ if is_log => 4,
            _ => 5,
        }
    };
    let mut kept = evidence;
    kept.sort_by_key(rank);
    kept.truncate(MOST);
    let numbers: Vec<usize> = kept.iter().map(|piece| piece.number).collect();
    for suspect in suspects {
        let new = |old: &usize| numbers.iter().position(|number| number == old);
        suspect.evidence = suspect
            .evidence
            .iter()
            .filter_map(new)
            .map(|at| at + 1)
            .collect();
        suspect.evidence.sort_unstable();
    }
    for (at, piece) in kept.iter_mut().enumerate() {
        piece.number = at + 1;
    }
    kept
}

struct Numbered {
    evidence: Vec<Evidence>,
}

impl Numbered {
    fn add(&mut self, kind: &str, at: Option<Time>, text: &str) -> usize {
        let number = self.evidence.len() + 1;
        self.evidence.push(Evidence {
            number,
            kind: kind.to_owned(),
            at,
            text: clean(&text.replace('\n', " "), LONGEST),
        });
        number
    }
}

fn signs_of(case: &Case, now: Time, all: &mut Numbered) -> Signs {
    let name = case.service.full_name();
    let version = case
        .service
        .current_version
        .as_ref()
        .map(|version| format!("; version {version}"));
    let health = format!(
        "{name} is {} ({}){}",
        case.health.status,
        case.health.text,
        version.unwrap_or_default()
    );
    let health_evidence = all.add("health", Some(now), &health);
    let needs = case
        .needs
        .iter()
        .map(|need| need_sign(need, (&name, now), all))
        .collect();
    let deployments = case
        .deployments
        .iter()
        .map(|deployment| deployment_sign(deployment, (&name, now), all))
        .collect();
    let mut changes = Vec::new();
    for event in &case.events {
        let more = event.description.as_ref().map(|more| format!(": {more}"));
        let text = format!(
            "{}: {}{}",
            event.severity,
            event.title,
            more.unwrap_or_default()
        );
        let evidence = all.add("event", Some(event.at), &text);
        if event.event_type == crate::memory::CHANGE {
            changes.push(ChangeSign {
                title: clean(&event.title, LONGEST),
                at: event.at,
                evidence,
            });
        }
    }
    Signs {
        service: name,
        health: case.health.status,
        health_text: case.health.text.clone(),
        health_evidence,
        needs,
        deployments,
        changes,
        last_healthy: case.last_healthy,
        log_errors: log_errors(&case.log, all),
    }
}

fn need_sign(need: &Need, (service, now): (&str, Time), all: &mut Numbered) -> NeedSign {
    let how = if need.required { "needs" } else { "uses" };
    let state = match &need.asked {
        Some(asked) => format!("is {} ({})", asked.status, asked.text),
        None => "is outside of the inventory and was not asked".to_owned(),
    };
    let text = format!("{service} {how} {}, which {state}", need.name);
    let asked = need.asked.as_ref();
    NeedSign {
        name: need.name.clone(),
        required: need.required,
        status: asked.map_or(HealthStatus::Unknown, |asked| asked.status),
        text: asked.map(|asked| asked.text.clone()).unwrap_or_default(),
        evidence: all.add("dependency", Some(now), &text),
    }
}

fn deployment_sign(
    deployment: &Deployment,
    (service, now): (&str, Time),
    all: &mut Numbered,
) -> DeploymentSign {
    let notes = deployment
        .notes
        .as_ref()
        .filter(|notes| !notes.trim().is_empty())
        .map(|notes| format!(": {notes}"));
    let text = format!(
        "deployment {} of {service} to {} began {}: {}{}",
        deployment.id,
        deployment.version,
        ago(deployment.started_at, now),
        deployment.status,
        notes.unwrap_or_default()
    );
    DeploymentSign {
        id: deployment.id,
        version: deployment.version.clone(),
        status: deployment.status,
        started_at: deployment.started_at,
        evidence: all.add("deployment", Some(deployment.started_at), &text),
    }
}

/// Adds the lines and returns the numbers of those that tell of errors.
fn log_errors(lines: &[Picked], all: &mut Numbered) -> Vec<usize> {
    let mut errors = Vec::new();
    for line in lines {
        let times = if line.count > 1 {
            format!("({} times) ", line.count)
        } else {
            String::new()
        };
        let number = all.add("log", None, &format!("{times}{}", line.text));
        if line.weight <= Weight::Trace {
            errors.push(number);
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::incident::suspects::judge;

    #[test]
    fn six_pieces_are_shown_what_fails_and_the_log_first() {
        let now: Time = "2025-03-01T12:00:00Z".parse().unwrap();
        let mut all = Numbered {
            evidence: Vec::new(),
        };
        let health_evidence = all.add("health", Some(now), "api@web1 is unhealthy (HTTP 500)");
        for number in 1..=3 {
            all.add("deployment", Some(now), &format!("deployment {number}"));
        }
        for number in 1..=5 {
            all.add("event", Some(now), &format!("event {number}"));
        }
        let log_errors = (1..=5)
            .map(|number| all.add("log", None, &format!("ERROR {number}")))
            .collect();
        let signs = [Signs {
            service: "api@web1".to_owned(),
            health: HealthStatus::Unhealthy,
            health_text: "HTTP 500".to_owned(),
            health_evidence,
            needs: Vec::new(),
            deployments: vec![DeploymentSign {
                id: 1,
                version: "v1".to_owned(),
                status: crate::store::rows::DeploymentStatus::Success,
                started_at: now,
                evidence: 2,
            }],
            changes: Vec::new(),
            last_healthy: None,
            log_errors,
        }];
        let (mut suspects, _) = judge(&signs, now);
        let kept = foremost(all.evidence, &signs, &mut suspects);
        let shown: Vec<String> = kept
            .iter()
            .map(|piece| format!("{} {}", piece.number, piece.text))
            .collect();
        assert_eq!(
            shown,
            [
                "1 api@web1 is unhealthy (HTTP 500)",
                "2 deployment 1",
                "3 ERROR 1",
                "4 ERROR 2",
                "5 ERROR 3",
                "6 ERROR 4",
            ]
        );
        let cited: Vec<&[usize]> = suspects
            .iter()
            .map(|suspect| suspect.evidence.as_slice())
            .collect();
        assert_eq!(cited, [&[1, 2][..], &[1, 3, 4, 5, 6][..]]);
    }
}
