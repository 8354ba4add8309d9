//! Plans, questions, deployments.

use agent::store::rows::{Deployment, DeploymentStatus};
use agent::{DeployPlan, DeploymentReport, Question};
use chrono::{DateTime, Utc};

use super::words;
use crate::output::{mark, marked};

/// Renders what a deploy would do.
pub(super) fn plan(plan: &DeployPlan) -> String {
    let check = plan.health_endpoint.as_deref().map_or_else(
        || {
            marked(
                mark::WARN,
                "nothing checks the result: success will read `unverified`",
            )
        },
        |endpoint| format!("asks {}", config::mask_url(endpoint)),
    );
    let mut out = words::fields(
        &format!(
            "{} `{}` {} -> {}",
            plan.action,
            plan.service,
            plan.from.as_deref().unwrap_or("nothing"),
            plan.to
        ),
        &[
            ("server is", plan.role.clone()),
            ("runs", plan.deploy_command.clone()),
            ("in", plan.project_path.clone()),
            ("then", check),
            (
                "if it fails",
                match (&plan.rollback_to, plan.action.as_str()) {
                    (Some(version), _) => format!("goes back to {version}"),
                    (None, "rollback") => "stays as it then is, and says so".to_owned(),
                    (None, _) => marked(mark::WARN, "nothing to go back to"),
                },
            ),
            ("needed by", words::list(&plan.dependents)),
        ],
    );
    for risk in &plan.risks {
        out.push_str(&format!("\n  {} {risk}", marked(mark::WARN, "risk:")));
    }
    out
}

/// Renders a question that waits for yes or no.
pub(crate) fn question(question: &Question, now: DateTime<Utc>) -> String {
    let left = (question.expires_at - now).num_seconds().max(0);
    let note = format!("nothing is done yet; the question is void in {left} s");
    format!("{}\n{}", intent(question), marked(mark::DIM, &note))
}

/// Renders what a question is about.
pub(crate) fn intent(question: &Question) -> String {
    question
        .plan
        .as_ref()
        .map_or_else(|| question.text.clone(), plan)
}

/// Renders how a deployment ended.
pub(super) fn report(report: &DeploymentReport) -> String {
    let deployment = &report.deployment;
    let took = deployment.duration.map_or_else(String::new, |duration| {
        format!(" after {}", words::duration(duration))
    });
    let mut out = format!(
        "{}{took}: {}",
        words::deployment(deployment.status),
        report.summary
    );
    if !report.log_tail.is_empty() && deployment.status != DeploymentStatus::Success {
        out.push_str("\nthe last lines printed:");
        for line in &report.log_tail {
            out.push_str("\n  | ");
            out.push_str(line);
        }
    }
    out
}

/// Renders the deployments of a service.
pub(super) fn history(service: &str, deployments: &[Deployment], now: DateTime<Utc>) -> String {
    if deployments.is_empty() {
        return format!(
            "`{service}` was never deployed by Fjord; `fjord deploy {service} --version V` does"
        );
    }
    format!(
        "{}\n{}",
        marked(mark::BOLD, service),
        list(deployments, now)
    )
}

/// Renders deployments as a table.
pub(super) fn list(deployments: &[Deployment], now: DateTime<Utc>) -> String {
    let rows = deployments.iter().map(|deployment| {
        let unverified =
            deployment.status == DeploymentStatus::Success && deployment.verified == Some(false);
        let status = words::deployment(deployment.status);
        [
            deployment.id.to_string(),
            words::age(deployment.started_at, now),
            deployment.version.clone(),
            if unverified {
                format!("{status} (unverified)")
            } else {
                status
            },
            deployment
                .duration
                .map_or_else(|| "-".to_owned(), words::duration),
            format!("{} ({})", deployment.deployed_by, deployment.deploy_method),
            deployment.notes.clone().unwrap_or_default(),
        ]
    });
    words::table(
        ["id", "when", "version", "status", "took", "by", "notes"],
        rows,
    )
}
