//! What is on record of a deployment while it runs: its lock, its row, the signs of life, its end.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::engine::LEASE;
use super::runs::Entry;
use super::{Wanted, free_from_the_dead};
use crate::actor::Actor;
use crate::agent::Agent;
use crate::error::Error;
use crate::progress::{Progress, Stage};
use crate::store::rows::{Deployment, DeploymentStatus};
use crate::store::{Ending, NewDeployment};

/// How often the lease is renewed and a cancel is looked for.
const BEAT: Duration = Duration::from_millis(500);
/// How long the asker waits for the end to be written while the store is away.
const WRITE_PATIENCE: Duration = Duration::from_mins(1);

/// What keeps a deployment ours; gone, also when its task breaks off, its lease ends and it is recovered.
pub(super) struct Held {
    _entry: Entry,
    beat: tokio::task::JoinHandle<()>,
}

impl Held {
    /// Notes that a deployment is worked on here and begins to renew its lease and its lock.
    pub(super) fn new(
        agent: &Agent,
        (id, fence, lock): (i64, i64, String),
        cancel: CancellationToken,
    ) -> Self {
        Self {
            _entry: agent.runs().enter(id),
            beat: tokio::spawn(keep_alive(agent.clone(), (id, fence, lock), cancel)),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

/// Takes the service's lock, also from a Fjord of this machine that died with it.
pub(super) async fn take_lock(
    agent: &Agent,
    wanted: &Wanted,
    (name, reason): (&str, &str),
) -> Result<i64, Error> {
    let owner = agent.owner().as_text();
    let mut tried = false;
    loop {
        let now = agent.now();
        let fence = agent
            .store()
            .acquire_lock(name, &owner, reason, (now, now + LEASE))
            .await?;
        if let Some(fence) = fence {
            return Ok(fence);
        }
        if tried || !free_from_the_dead(agent, name).await? {
            break;
        }
        tried = true;
    }
    let holder = agent.store().lock_holder(name, agent.now()).await?;
    let who = holder
        .and_then(|row| row.reason)
        .unwrap_or_else(|| "somebody".to_owned());
    Err(Error::conflict(format!(
        "`{}` is locked: {who}; wait for its end or `cancel {}`",
        wanted.plan.service, wanted.service.name
    )))
}

/// Puts the deployment on record, under the lock; what stands in the way frees that again.
pub(super) async fn record(
    agent: &Agent,
    wanted: &Wanted,
    (lock, row): (&str, &NewDeployment),
) -> Result<i64, Error> {
    let recorded = match still_as_planned(agent, wanted).await {
        Ok(()) => agent
            .store()
            .insert_deployment(row)
            .await
            .map_err(Error::from),
        Err(error) => Err(error),
    };
    if recorded.is_err() {
        release(agent, lock, row.fence).await;
    }
    recorded
}

/// Checks under the lock what was checked before it: nothing else runs, and the service is the one that was shown.
async fn still_as_planned(agent: &Agent, wanted: &Wanted) -> Result<(), Error> {
    let shown = &wanted.service;
    let unfinished = agent.store().unfinished_deployments().await?;
    if let Some(row) = unfinished.iter().find(|row| row.service_id == shown.id) {
        return Err(Error::conflict(format!(
            "deployment {} of `{}` to {} has not ended; wait for its end or `cancel {}`",
            row.id, row.service, row.version, shown.name
        )));
    }
    let same = agent.store().service(shown.id).await?.is_some_and(|now| {
        now.full_name() == shown.full_name()
            && now.current_version == shown.current_version
            && now.deploy_command == shown.deploy_command
            && now.project_path == shown.project_path
            && now.health_endpoint == shown.health_endpoint
    });
    if same {
        Ok(())
    } else {
        Err(Error::conflict(
            "things changed since you were asked: the service was changed; nothing was done, ask again",
        ))
    }
}

async fn release(agent: &Agent, name: &str, fence: i64) {
    if let Err(error) = agent.store().release_lock(name, fence).await {
        tracing::warn!(%error, name, "the lock stays until its lease ends");
    }
}

/// The row as it stands once its ending is written.
pub(super) fn as_stored(id: i64, row: &NewDeployment, ending: &Ending) -> Deployment {
    Deployment {
        id,
        service_id: row.service_id,
        service: row.service.clone(),
        version: row.version.clone(),
        previous_version: row.previous_version.clone(),
        deployed_by: row.deployed_by.clone(),
        deploy_method: row.deploy_method.clone(),
        status: ending.status,
        started_at: row.started_at,
        completed_at: Some(ending.completed_at),
        duration: Some(ending.duration),
        log: Some(ending.log.clone()),
        rollback_version: ending.rollback_version.clone(),
        notes: Some(ending.notes.clone()),
        verified: ending.verified,
    }
}

/// Writes the end, which frees the lock. A store that is away is waited for, and the deployment stays ours meanwhile.
pub(super) async fn write_down(
    agent: Agent,
    ending: Ending,
    (actor, action, target): (Actor, String, String),
    progress: Progress,
    held: Held,
) -> Result<(), Error> {
    let mut told = false;
    loop {
        match write_once(&agent, &ending).await {
            Ok(true) => break,
            Ok(false) => {
                return Err(Error::conflict(
                    "another Fjord ended this deployment in the meantime; `history` has its account",
                ));
            }
            Err(Error::Unavailable { service, message }) => {
                if !told {
                    told = true;
                    progress.stage(
                        Stage::Record,
                        format!("{service} is away, writing the result is tried again: {message}"),
                    );
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error),
        }
    }
    drop(held);
    let result = match ending.status {
        DeploymentStatus::Success => "done",
        _ => "failed",
    };
    let detail = format!("deployment {}: {}", ending.id, ending.status);
    agent
        .audit(&actor, (&action, Some(&target)), (result, Some(&detail)))
        .await;
    agent.snapshot().changed();
    Ok(())
}

/// Writes the end; true also when an earlier try was written whose answer got lost.
async fn write_once(agent: &Agent, ending: &Ending) -> Result<bool, Error> {
    if agent.store().end_deployment(ending).await? {
        return Ok(true);
    }
    let row = agent.store().deployment(ending.id).await?;
    Ok(row.is_some_and(|row| {
        row.status == ending.status
            && row.completed_at == Some(ending.completed_at)
            && row.notes.as_deref() == Some(&ending.notes)
    }))
}

/// Waits for the end to be written, though not for ever: the asker is told how it went either way.
pub(super) async fn wait_for(
    writing: tokio::task::JoinHandle<Result<(), Error>>,
    notes: &str,
) -> Result<(), Error> {
    match tokio::time::timeout(WRITE_PATIENCE, writing).await {
        Ok(Ok(written)) => written,
        Ok(Err(error)) => Err(Error::internal(format!(
            "writing the end of the deployment broke off: {error}"
        ))),
        // The task goes on by itself.
        Err(_) => Err(Error::unavailable(
            "store",
            format!(
                "{notes}. This could not be written down; it is tried on for as long as this Fjord runs"
            ),
        )),
    }
}

/// Renews lease and lock, and looks whether somebody asked to cancel. Ends when the deployment is not ours any more.
async fn keep_alive(
    agent: Agent,
    (id, fence, lock): (i64, i64, String),
    cancel: CancellationToken,
) {
    // One line an outage, not two a beat.
    let mut told = false;
    loop {
        tokio::time::sleep(BEAT).await;
        let until = agent.now() + LEASE;
        match agent.store().renew_deployment(id, fence, until).await {
            Ok(Some(true)) => cancel.cancel(),
            Ok(Some(false)) => told = false,
            // Somebody else ended it, so it must not go on here.
            Ok(None) => return cancel.cancel(),
            Err(error) => {
                if !told {
                    told = true;
                    tracing::warn!(%error, id, "the deployment's lease was not renewed");
                }
                continue;
            }
        }
        if let Err(error) = agent.store().renew_lock(&lock, fence, until).await {
            tracing::debug!(%error, id, "the deployment's lock was not renewed");
        }
    }
}
