//! Plans, questions, results and history of deployments.

use agent::store::rows::{Deployment, DeploymentStatus};
use agent::{DeployPlan, DeploymentReport, Question};

use super::{counted, dotted, length_of, moment};
use crate::text::{Buttons, Page, code, escape};

/// Renders what a deploy would do.
pub(super) fn plan(plan: &DeployPlan) -> Page {
    let mut page = Page::new("plan").head("plan", &format!("{}; nothing is done", act(plan)));
    plan_lines(&mut page, plan);
    page
}

/// Renders a question with everything that would be done.
pub(super) fn question(question: &Question) -> Page {
    let title = question
        .plan
        .as_ref()
        .map_or_else(|| question.text.clone(), act);
    let mut page = Page::new("question");
    page.html(format!(
        "<b>{}?</b>",
        escape(&capital(&title.replace('`', "")))
    ));
    if let Some(plan) = &question.plan {
        plan_lines(&mut page, plan);
    }
    page.gap().say(&format!(
        "Only you can answer, until {}.",
        question.expires_at.format("%H:%M:%S UTC")
    ));
    page
}

/// Returns the buttons of a question.
pub(super) fn buttons(question: &Question) -> Buttons {
    let yes = match question.plan.as_ref().map(|plan| plan.action.as_str()) {
        Some("rollback") => "Roll back",
        Some(_) => "Deploy",
        None => "Yes",
    };
    Buttons {
        ticket: question.ticket.clone(),
        yes,
    }
}

/// Renders how a deployment ended.
pub(super) fn deployed(report: &DeploymentReport) -> Page {
    let deployment = &report.deployment;
    let mut page = Page::new("deployment").head(word(deployment), &report.summary);
    page.html(dotted([
        Some(code(&deployment.service)),
        Some(escape(&versions(
            deployment.previous_version.as_deref(),
            &deployment.version,
        ))),
        deployment.duration.map(duration),
        Some(format!("number {}", deployment.id)),
    ]));
    if let Some(notes) = deployment
        .notes
        .as_deref()
        .filter(|notes| !report.summary.contains(*notes))
    {
        page.say(notes);
    }
    if !report.log_tail.is_empty() {
        page.gap().say("last lines printed:");
        page.pre(report.log_tail.iter().map(String::as_str));
    }
    if let Some(next) = next_step(deployment) {
        page.gap().say(&next);
    }
    page
}

/// Renders deployments, the newest first.
pub(super) fn history(service: &str, deployments: &[Deployment]) -> Page {
    if deployments.is_empty() {
        return Page::new("history")
            .head("none", &format!("`{service}` was never deployed by Fjord"));
    }
    let mut page = Page::new("history").head(
        &counted(length_of(deployments), "deployment"),
        &format!("of `{service}`, the newest first"),
    );
    for deployment in deployments {
        page.html(line(deployment));
    }
    page
}

/// One deployment in one line.
pub(super) fn line(deployment: &Deployment) -> String {
    dotted([
        Some(escape(&moment(deployment.started_at))),
        Some(format!("<b>{}</b>", word(deployment))),
        Some(escape(&versions(
            deployment.previous_version.as_deref(),
            &deployment.version,
        ))),
        deployment.duration.map(duration),
        deployment
            .rollback_version
            .as_deref()
            .map(|version| format!("back to {}", code(version))),
    ])
}

/// The last deployments of a service in its details.
pub(super) fn recent(page: &mut Page, deployments: &[Deployment]) {
    if deployments.is_empty() {
        return;
    }
    page.gap().say("last deployments:");
    for deployment in deployments {
        page.html(line(deployment));
    }
}

/// Deployments that have not ended.
pub(super) fn running(page: &mut Page, deployments: &[Deployment]) {
    if deployments.is_empty() {
        return;
    }
    page.gap();
    for deployment in deployments {
        let versions = versions(deployment.previous_version.as_deref(), &deployment.version);
        page.html(format!(
            "<b>running</b>: {} {}",
            code(&deployment.service),
            escape(&versions)
        ));
    }
}

fn plan_lines(page: &mut Page, plan: &DeployPlan) {
    page.html(dotted([
        Some(code(&plan.service)),
        Some(escape(&plan.role)),
        Some(escape(&versions(plan.from.as_deref(), &plan.to))),
    ]));
    page.html(format!("runs {}", code(&plan.deploy_command)));
    page.html(format!("in {}", code(&plan.project_path)));
    // What is missing here stands among the risks.
    if let Some(endpoint) = &plan.health_endpoint {
        page.html(format!("then asks {}", code(endpoint)));
    }
    if let Some(version) = &plan.rollback_to {
        page.html(format!("if it fails: back to {}", code(version)));
    }
    if !plan.dependents.is_empty() {
        let names: Vec<String> = plan.dependents.iter().map(|name| code(name)).collect();
        page.html(format!("needed by {}", names.join(", ")));
    }
    for risk in &plan.risks {
        page.say(&format!("risk: {risk}"));
    }
}

fn act(plan: &DeployPlan) -> String {
    let verb = if plan.action == "rollback" {
        "roll back"
    } else {
        "deploy"
    };
    format!(
        "{verb} `{}` {}",
        plan.service,
        versions(plan.from.as_deref(), &plan.to)
    )
}

fn word(deployment: &Deployment) -> &'static str {
    match deployment.status {
        DeploymentStatus::Pending => "waiting",
        DeploymentStatus::InProgress => "running",
        DeploymentStatus::Success if deployment.verified == Some(false) => "ok, unverified",
        DeploymentStatus::Success => "ok",
        DeploymentStatus::Failed => "failed",
        DeploymentStatus::RolledBack => "rolled back",
        DeploymentStatus::RollbackFailed => "failed, and going back failed too",
        DeploymentStatus::Cancelled => "cancelled",
        DeploymentStatus::Interrupted => "interrupted",
    }
}

fn next_step(deployment: &Deployment) -> Option<String> {
    let service = &deployment.service;
    match deployment.status {
        DeploymentStatus::Failed | DeploymentStatus::RollbackFailed => Some(format!(
            "next: `/incident {service} fails` or `/rollback {service}`"
        )),
        DeploymentStatus::RolledBack => Some(format!(
            "next: `/incident {service} {} failed`",
            deployment.version
        )),
        DeploymentStatus::Cancelled | DeploymentStatus::Interrupted => {
            Some(format!("next: `/health {service}` tells what runs now"))
        }
        DeploymentStatus::Pending | DeploymentStatus::InProgress | DeploymentStatus::Success => {
            None
        }
    }
}

fn versions(from: Option<&str>, to: &str) -> String {
    from.map_or_else(|| to.to_owned(), |from| format!("{from} → {to}"))
}

fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        ..1 => format!("{milliseconds} ms"),
        1..120 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
