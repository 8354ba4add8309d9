//! Answers a question: the ticket is used up, the state is checked again, then it is done.

use crate::agent::Agent;
use crate::command::{Answer, Command};
use crate::deploy::{plan_deploy, plan_rollback};
use crate::error::Error;
use crate::pass::{self, Confirmed, Pass};
use crate::progress::Progress;
use crate::reply::{DeployPlan, Reply};

pub(crate) async fn run(
    agent: &Agent,
    pass: Pass,
    (ticket, answer): (&str, Answer),
    progress: &Progress,
) -> Result<Reply, Error> {
    let Some(confirmed) = pass::confirm(agent, pass, (ticket, answer)).await? else {
        return Ok(Reply::Declined {
            text: "nothing was done".to_owned(),
        });
    };
    match confirmed.command().clone() {
        Command::Deploy { service, version } => {
            let wanted = plan_deploy(agent, &service, version.as_deref()).await?;
            same_as_shown(&confirmed, &wanted.plan)?;
            crate::deploy::run(agent, confirmed, wanted, progress).await
        }
        Command::Rollback { service, to } => {
            let wanted = plan_rollback(agent, &service, to.as_deref()).await?;
            same_as_shown(&confirmed, &wanted.plan)?;
            crate::deploy::run(agent, confirmed, wanted, progress).await
        }
        Command::Schedule(command) => super::schedule::confirmed(agent, &confirmed, command).await,
        other => Err(Error::internal(format!(
            "`{}` needs no confirmation",
            other.name()
        ))),
    }
}

/// What is done must be what was shown; risks may have come or gone, the rest may not.
fn same_as_shown(confirmed: &Confirmed, now: &DeployPlan) -> Result<(), Error> {
    let shown: DeployPlan = serde_json::from_value(confirmed.plan().clone())
        .map_err(|error| Error::internal(format!("the stored plan cannot be read: {error}")))?;
    if (DeployPlan {
        risks: Vec::new(),
        ..shown.clone()
    }) == (DeployPlan {
        risks: Vec::new(),
        ..now.clone()
    }) {
        return Ok(());
    }
    let what = if shown.from == now.from {
        "the service was changed".to_owned()
    } else {
        format!(
            "it runs {} now, not {}",
            now.from.as_deref().unwrap_or("nothing"),
            shown.from.as_deref().unwrap_or("nothing")
        )
    };
    Err(Error::conflict(format!(
        "things changed since you were asked: {what}; nothing was done, ask again"
    )))
}
