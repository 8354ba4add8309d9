//! Numbers what was found and notes what it is a sign of.

use super::gather::{Case, Need};
use super::log::{Picked, Weight};
use super::suspects::{DeploymentSign, NeedSign, Signs};
use crate::commands::brief::facts::ago;
use crate::llm::clean;
use crate::reply::Evidence;
use crate::store::rows::{Deployment, HealthStatus, Time};

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
    for event in &case.events {
        let more = event.description.as_ref().map(|more| format!(": {more}"));
        let text = format!(
            "{}: {}{}",
            event.severity,
            event.title,
            more.unwrap_or_default()
        );
        all.add("event", Some(event.at), &text);
    }
    Signs {
        service: name,
        health: case.health.status,
        health_text: case.health.text.clone(),
        health_evidence,
        needs,
        deployments,
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
