//! `rollback SERVICE [VERSION]`: planned, asked, then run.

use crate::agent::Agent;
use crate::command::Command;
use crate::deploy::plan_rollback;
use crate::error::Error;
use crate::pass::Pass;
use crate::reply::Reply;

use super::deploy::put_question;

pub(crate) async fn ask(
    agent: &Agent,
    pass: &Pass,
    (service, to): (&str, Option<&str>),
) -> Result<Reply, Error> {
    let wanted = plan_rollback(agent, service, to).await?;
    let command = Command::Rollback {
        service: wanted.plan.service.clone(),
        to: Some(wanted.plan.to.clone()),
    };
    put_question(agent, pass, command, &wanted).await
}
