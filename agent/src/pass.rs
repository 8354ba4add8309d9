//! The one place that decides who may do what, and how often.
//!
//! A [`Pass`] proves that role and throttle were checked; a [`Confirmed`] proves that the same
//! actor also said yes, in time, to exactly this. Both are made here and nowhere else.

use serde_json::Value;

use crate::actor::{Actor, Face, Role};
use crate::agent::Agent;
use crate::command::{Answer, ApprovalCommand, Command, Item, ScheduleCommand};
use crate::error::Error;
use crate::store::rows::Time;
use crate::throttle::Bucket;

/// Proof that an actor may do something now.
#[derive(Debug)]
pub struct Pass {
    actor: Actor,
    role: Role,
    at: Time,
}

impl Pass {
    /// Returns who it was made for.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Returns the role that was looked up.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns when it was made.
    pub fn at(&self) -> Time {
        self.at
    }
}

/// Proof that the actor of a [`Pass`] said yes to a stored question.
#[derive(Debug)]
pub struct Confirmed {
    pass: Pass,
    command: Command,
    plan: Value,
}

impl Confirmed {
    /// Returns the pass of the one who said yes.
    pub fn pass(&self) -> &Pass {
        &self.pass
    }

    /// Returns the command that was asked about.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// Returns the plan that was shown, as stored.
    pub fn plan(&self) -> &Value {
        &self.plan
    }
}

/// Looks up the role of an actor; `None`: nobody we know.
pub fn role_of(config: &config::Config, actor: &Actor) -> Option<Role> {
    let (kind, rest) = actor.id.split_once(':').unwrap_or((actor.id.as_str(), ""));
    match kind {
        "telegram" => {
            let user: u64 = rest.parse().ok()?;
            let telegram = &config.telegram;
            [
                (Role::Admin, &telegram.admins),
                (Role::Operator, &telegram.operators),
                (Role::Viewer, &telegram.viewers),
            ]
            .into_iter()
            .find(|(_, ids)| ids.contains(&user))
            .map(|(role, _)| role)
        }
        "local" => {
            let uid: u32 = rest.parse().ok()?;
            let local = &config.local;
            let listed = [
                (Role::Admin, &local.admins),
                (Role::Operator, &local.operators),
                (Role::Viewer, &local.viewers),
            ]
            .into_iter()
            .find(|(_, ids)| ids.contains(&uid))
            .map(|(role, _)| role);
            Some(listed.unwrap_or(Role::Operator))
        }
        // A coding agent's session reads; it is never a way to act.
        "session" if actor.face == Face::Hook => Some(Role::Viewer),
        "fjord" if actor.face == Face::System => Some(Role::Admin),
        _ => None,
    }
}

/// Returns the least role that a command needs.
pub fn role_needed(command: &Command) -> Role {
    match command {
        Command::Status { .. }
        | Command::Health { .. }
        | Command::Plan { .. }
        | Command::History { .. }
        | Command::Events(_)
        | Command::Brief
        | Command::Incident { .. }
        | Command::Search(_)
        | Command::Documents
        | Command::Doctor
        | Command::Judge(_)
        | Command::Ask(_)
        | Command::Approvals(ApprovalCommand::List { .. } | ApprovalCommand::Show { .. })
        | Command::Begin(_)
        | Command::Enrich(_)
        | Command::Observe(_)
        | Command::Recall(_)
        | Command::Confirm {
            answer: Answer::No, ..
        }
        | Command::Schedule(ScheduleCommand::List | ScheduleCommand::Show { .. }) => Role::Viewer,
        Command::Server(item) => role_for_item(item),
        Command::Service(item) => role_for_item(item),
        Command::Route(item) => role_for_item(item),
        Command::Dependency(item) => role_for_item(item),
        Command::Secret(item) => role_for_item(item),
        Command::Deploy { .. }
        | Command::Rollback { .. }
        | Command::Cancel { .. }
        | Command::Confirm {
            answer: Answer::Yes,
            ..
        }
        | Command::Remember { .. }
        | Command::Approvals(ApprovalCommand::Answer { .. })
        | Command::Learn(_)
        | Command::Forget { .. }
        | Command::Schedule(
            ScheduleCommand::Add { .. }
            | ScheduleCommand::Cancel { .. }
            | ScheduleCommand::Run { .. },
        ) => Role::Operator,
    }
}

fn role_for_item<F>(item: &Item<F>) -> Role {
    match item {
        Item::List | Item::Show { .. } => Role::Viewer,
        Item::Add { .. } | Item::Set { .. } | Item::Remove { .. } => Role::Operator,
    }
}

/// Checks role and throttle.
pub(crate) async fn admit(agent: &Agent, actor: &Actor, command: &Command) -> Result<Pass, Error> {
    let needed = role_needed(command);
    let role = role_of(agent.config(), actor).ok_or_else(|| {
        Error::forbidden(
            "this Fjord does not know you; an admin can add your user id to its configuration",
        )
    })?;
    if role < needed {
        return Err(Error::forbidden(format!(
            "`{}` needs the role {}, you are {}; an admin can change that in the configuration",
            command.name(),
            needed.as_str(),
            role.as_str()
        )));
    }
    let only_for_hooks = matches!(
        command,
        Command::Judge(_)
            | Command::Ask(_)
            | Command::Begin(_)
            | Command::Enrich(_)
            | Command::Observe(_)
            | Command::Recall(_)
    );
    if only_for_hooks != (actor.face == Face::Hook) {
        return Err(Error::forbidden(format!(
            "`{}` is not offered through {}",
            command.name(),
            actor.face.as_str()
        )));
    }
    let now = agent.now();
    if let Some(bucket) = bucket_of(actor.face) {
        match agent.throttle().take(&actor.id, bucket, now).await {
            // Reads go on from the snapshot while the store is down; writes fail at the store itself.
            Ok(None) | Err(Error::Unavailable { .. }) => {}
            Ok(Some(wait)) => {
                return Err(Error::Throttled {
                    retry_after_s: wait.as_secs() + 1,
                });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Pass {
        actor: actor.clone(),
        role,
        at: now,
    })
}

/// Uses a ticket: single use, by the same actor, in time.
pub(crate) async fn confirm(
    agent: &Agent,
    pass: Pass,
    (ticket, answer): (&str, Answer),
) -> Result<Option<Confirmed>, Error> {
    let word = match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
    };
    let used = agent
        .store()
        .use_confirmation(ticket, &pass.actor.id, (pass.at, word))
        .await?;
    let Some(row) = used else {
        return Err(why_not(agent, &pass, ticket).await?);
    };
    if answer == Answer::No {
        return Ok(None);
    }
    let command = serde_json::from_value(row.command.0)
        .map_err(|error| Error::internal(format!("the stored question cannot be read: {error}")))?;
    Ok(Some(Confirmed {
        pass,
        command,
        plan: row.plan.0,
    }))
}

async fn why_not(agent: &Agent, pass: &Pass, ticket: &str) -> Result<Error, Error> {
    Ok(match agent.store().confirmation_state(ticket).await? {
        None => Error::not_found("this question is not known (any more); ask again"),
        Some((actor, _, _)) if actor != pass.actor.id => Error::forbidden(
            "only the person who asked can answer this; ask yourself to get a question of your own",
        ),
        Some((_, true, _)) => {
            Error::conflict("this was answered already; ask again if you want it once more")
        }
        Some((_, false, _)) => Error::conflict(
            "too late: the question is void after 60 s and nothing was done; ask again",
        ),
    })
}

/// The local terminal may be scripted; a chat is a person; a coding agent's hooks are never throttled,
/// since a verdict that waits is a verdict missing.
fn bucket_of(face: Face) -> Option<Bucket> {
    match face {
        Face::Telegram => Some(Bucket {
            capacity: 20,
            per_second: 0.5,
        }),
        Face::Argv | Face::Chat => Some(Bucket {
            capacity: 600,
            per_second: 20.0,
        }),
        Face::Hook | Face::Schedule | Face::System => None,
    }
}
