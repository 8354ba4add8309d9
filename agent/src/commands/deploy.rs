//! `deploy SERVICE VERSION`: planned, asked, then run.

use chrono::TimeDelta;
use serde_json::json;

use crate::agent::Agent;
use crate::command::Command;
use crate::deploy::{Wanted, plan_deploy};
use crate::error::Error;
use crate::ids;
use crate::pass::Pass;
use crate::reply::{Question, Reply};
use crate::store::rows::{Confirmation, Json};

/// How long a question may be answered.
pub(super) const QUESTION_LASTS: TimeDelta = TimeDelta::seconds(60);

pub(crate) async fn plan(
    agent: &Agent,
    service: &str,
    version: Option<&str>,
) -> Result<Reply, Error> {
    Ok(Reply::Plan(
        plan_deploy(agent, service, version).await?.plan,
    ))
}

pub(crate) async fn ask(
    agent: &Agent,
    pass: &Pass,
    (service, version): (&str, Option<&str>),
) -> Result<Reply, Error> {
    let wanted = plan_deploy(agent, service, version).await?;
    let command = Command::Deploy {
        service: wanted.plan.service.clone(),
        version: Some(wanted.plan.to.clone()),
    };
    put_question(agent, pass, command, &wanted).await
}

/// Stores the question together with the plan that is shown.
pub(super) async fn put_question(
    agent: &Agent,
    pass: &Pass,
    command: Command,
    wanted: &Wanted,
) -> Result<Reply, Error> {
    let plan = &wanted.plan;
    let text = format!(
        "{} `{}` {} -> {}",
        plan.action,
        plan.service,
        plan.from.as_deref().unwrap_or("nothing"),
        plan.to
    );
    let question = Question {
        ticket: ids::ticket(),
        text,
        plan: Some(plan.clone()),
        expires_at: pass.at() + QUESTION_LASTS,
    };
    store_question(agent, pass, &command, &question).await?;
    Ok(Reply::Confirm(question))
}

/// Keeps a question until it is answered or void.
pub(super) async fn store_question(
    agent: &Agent,
    pass: &Pass,
    command: &Command,
    question: &Question,
) -> Result<(), Error> {
    let as_json = |error: serde_json::Error| Error::internal(error.to_string());
    let row = Confirmation {
        ticket: question.ticket.clone(),
        actor: pass.actor().id.clone(),
        command: Json(serde_json::to_value(command).map_err(as_json)?),
        plan: Json(
            question
                .plan
                .as_ref()
                .map_or(Ok(json!(null)), serde_json::to_value)
                .map_err(as_json)?,
        ),
        created_at: pass.at(),
        expires_at: question.expires_at,
    };
    agent.store().insert_confirmation(&row).await?;
    Ok(())
}
