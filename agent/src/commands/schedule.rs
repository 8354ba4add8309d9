//! `schedule add|list|show|cancel|run`.

use chrono::TimeDelta;

use crate::actor::{Actor, Role};
use crate::agent::Agent;
use crate::command::{Command, ScheduleCommand};
use crate::error::Error;
use crate::ids;
use crate::line;
use crate::pass::{Confirmed, Pass, role_needed};
use crate::progress::Progress;
use crate::reply::{Change, Question, Reply};
use crate::schedule::{in_short, next_time};
use crate::store::rows::{ExecutionStatus, Json, Schedule};

use super::deploy::{QUESTION_LASTS, store_question};

pub(crate) async fn run(
    agent: &Agent,
    pass: &Pass,
    command: ScheduleCommand,
    progress: &Progress,
) -> Result<Reply, Error> {
    match command {
        ScheduleCommand::Add {
            cron,
            line,
            timezone,
        } => add(agent, pass, (cron, line, timezone)).await,
        ScheduleCommand::List => Ok(Reply::Schedules(agent.store().schedules().await?)),
        ScheduleCommand::Show { id } => {
            let schedule = find(agent, id).await?;
            let executions = agent.store().executions(id, 10).await?;
            Ok(Reply::ScheduleDetail {
                schedule,
                executions,
            })
        }
        ScheduleCommand::Cancel { id } => {
            find(agent, id).await?;
            if !agent.store().cancel_schedule(id).await? {
                return Err(Error::conflict(format!(
                    "schedule {id} was cancelled already"
                )));
            }
            Ok(change(id, "removed", Vec::new()))
        }
        ScheduleCommand::Run { id } => run_now(agent, pass, id, progress).await,
    }
}

/// Makes a schedule that a person said yes to.
pub(super) async fn confirmed(
    agent: &Agent,
    confirmed: &Confirmed,
    command: ScheduleCommand,
) -> Result<Reply, Error> {
    match command {
        ScheduleCommand::Add {
            cron,
            line,
            timezone,
        } => {
            let zone = timezone.unwrap_or_else(|| agent.config().brief.timezone.clone());
            insert(agent, confirmed.pass(), (cron, line, zone)).await
        }
        _ => Err(Error::internal("only making a schedule is confirmed")),
    }
}

async fn add(
    agent: &Agent,
    pass: &Pass,
    (cron, text, timezone): (String, String, Option<String>),
) -> Result<Reply, Error> {
    let zone = timezone.unwrap_or_else(|| agent.config().brief.timezone.clone());
    let next = next_time(&cron, &zone, pass.at())?;
    let command = line::parse(&text)?;
    check_kind(&command)?;
    if role_needed(&command) == Role::Viewer {
        return insert(agent, pass, (cron, text, zone)).await;
    }
    if let Command::Deploy { service, version } = &command {
        // What can be told now is told now, not at three in the morning.
        crate::deploy::plan_deploy(agent, service, version.as_deref()).await?;
    }
    let question = Question {
        ticket: ids::ticket(),
        text: format!(
            "run `{text}` at `{cron}` ({zone}), first at {}, without asking again",
            next.format("%Y-%m-%d %H:%M UTC")
        ),
        plan: None,
        expires_at: pass.at() + QUESTION_LASTS,
    };
    let command = Command::Schedule(ScheduleCommand::Add {
        cron,
        line: text,
        timezone: Some(zone),
    });
    store_question(agent, pass, &command, &question).await?;
    Ok(Reply::Confirm(question))
}

async fn insert(
    agent: &Agent,
    pass: &Pass,
    (cron, text, zone): (String, String, String),
) -> Result<Reply, Error> {
    let next_at = next_time(&cron, &zone, pass.at())?;
    let maker =
        serde_json::to_value(pass.actor()).map_err(|error| Error::internal(error.to_string()))?;
    let row = Schedule {
        id: 0,
        cron,
        timezone: zone,
        line: text,
        maker: Json(maker),
        next_at,
        last_at: None,
        active: true,
        created_at: pass.at(),
    };
    let id = agent.store().insert_schedule(&row).await?;
    let mut notes = vec![format!("next at {}", next_at.format("%Y-%m-%d %H:%M UTC"))];
    if pass.actor().chat.is_none() && agent.config().telegram.chats.is_empty() {
        notes.push(
            "its result goes nowhere: `telegram.chats` is empty; `fjord schedule show` has it"
                .to_owned(),
        );
    }
    Ok(change(id, "added", notes))
}

async fn run_now(agent: &Agent, pass: &Pass, id: i64, progress: &Progress) -> Result<Reply, Error> {
    let schedule = find(agent, id).await?;
    let command = line::parse(&schedule.line)?;
    let now = pass.at();
    let run = agent
        .store()
        .insert_run(
            id,
            (now, now + TimeDelta::minutes(30)),
            &agent.owner().as_text(),
        )
        .await?;
    let actor: &Actor = pass.actor();
    // What changes the world asks the person who runs it by hand, as it would if typed.
    let outcome = Box::pin(agent.handle(actor, command, progress)).await;
    let (status, text) = match &outcome {
        Ok(reply) if reply.exit_code() == 0 => (ExecutionStatus::Done, in_short(reply)),
        Ok(reply) => (ExecutionStatus::Failed, in_short(reply)),
        Err(error) => (ExecutionStatus::Failed, error.to_string()),
    };
    agent
        .store()
        .finish_run(run, (status, &text), agent.now())
        .await?;
    match outcome? {
        question @ Reply::Confirm(_) => Ok(question),
        reply => Ok(Reply::Ran {
            id,
            reply: Box::new(reply),
        }),
    }
}

async fn find(agent: &Agent, id: i64) -> Result<Schedule, Error> {
    agent.store().schedule(id).await?.ok_or_else(|| {
        Error::not_found(format!(
            "there is no schedule {id}; `fjord schedule list` shows all"
        ))
    })
}

fn change(id: i64, what: &str, notes: Vec<String>) -> Reply {
    Reply::Changed(Change {
        kind: "schedule".to_owned(),
        name: id.to_string(),
        what: what.to_owned(),
        notes,
    })
}

fn check_kind(command: &Command) -> Result<(), Error> {
    match command {
        Command::Brief
        | Command::Status { .. }
        | Command::Health { .. }
        | Command::Deploy { .. }
        | Command::Rollback { .. }
        | Command::History { .. }
        | Command::Events(_)
        | Command::Incident { .. } => Ok(()),
        other => Err(Error::invalid(format!(
            "`{}` cannot be scheduled; brief, status, health, deploy, rollback, history, events and incident can",
            other.name()
        ))),
    }
}
