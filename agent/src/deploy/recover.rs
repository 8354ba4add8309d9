//! After a crash: what was left half-way is ended truthfully, once.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Owner, Runner};
use crate::agent::Agent;
use crate::deploy::gate::how_it_is;
use crate::error::Error;
use crate::reply::{DeploymentReport, Reply};
use crate::store::rows::{DeploymentStatus, Severity};
use crate::store::{Ending, NewEvent, Unfinished};

/// Ends the deployments whose Fjord is gone; returns how many.
///
/// On this machine a dead process is known at once; of another machine's Fjord only the end of its lease is known.
pub async fn recover(agent: &Agent) -> Result<usize, Error> {
    let mut ended = 0;
    for row in agent.store().unfinished_deployments().await? {
        if is_abandoned(agent, &row) && take_over(agent, &row).await? {
            ended += 1;
        }
    }
    Ok(ended)
}

/// Recovers now and every few seconds, until told to stop.
pub async fn keep_recovering(agent: Agent, stop: CancellationToken) {
    loop {
        match recover(&agent).await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "deployments were interrupted by a crash"),
            Err(error) => tracing::debug!(%error, "interrupted deployments were not looked for"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
        }
    }
}

/// Frees a lock whose holder ran on this machine and is dead; false: it did not.
pub(crate) async fn free_from_the_dead(agent: &Agent, lock: &str) -> Result<bool, Error> {
    let Some(holder) = agent.store().lock_holder(lock, agent.now()).await? else {
        return Ok(false);
    };
    let dead = holder
        .owner
        .as_deref()
        .and_then(Owner::from_text)
        .is_some_and(|owner| owner.is_on_the_host_of(agent.owner()) && !owner.is_alive());
    Ok(dead && agent.store().release_lock(lock, holder.fence).await?)
}

fn is_abandoned(agent: &Agent, row: &Unfinished) -> bool {
    match Owner::from_text(&row.owner) {
        // A row of ours that nothing here works on: its insert was answered too late, or its task is gone.
        Some(owner) if owner == *agent.owner() => {
            row.lease_until <= agent.now() && !agent.runs().has(row.id)
        }
        Some(owner) if owner.is_on_the_host_of(agent.owner()) => !owner.is_alive(),
        _ => row.lease_until <= agent.now(),
    }
}

async fn take_over(agent: &Agent, row: &Unfinished) -> Result<bool, Error> {
    let here =
        Owner::from_text(&row.owner).is_some_and(|owner| owner.is_on_the_host_of(agent.owner()));
    // The supervisor has done this already, unless it was killed too.
    if here
        && let Some(runner) = row
            .runner
            .as_deref()
            .and_then(|text| serde_json::from_str::<Runner>(text).ok())
    {
        runner.kill_group();
    }
    let health = how_it_is(agent, row.service_id).await;
    let now = agent.now();
    let notes = format!(
        "Fjord stopped in the middle of {} ({}); before it ran {}. {health}",
        row.version,
        if row.runner.is_some() {
            "its command may have run, in part or whole"
        } else {
            "its command had not begun"
        },
        row.previous_version.as_deref().unwrap_or("nothing"),
    );
    let ending = Ending {
        id: row.id,
        fence: row.fence,
        status: DeploymentStatus::Interrupted,
        completed_at: now,
        duration: (now - row.started_at).num_milliseconds().max(0),
        log: String::new(),
        rollback_version: None,
        notes: notes.clone(),
        verified: None,
        current_version: None,
        event: NewEvent {
            at: now,
            server: None,
            service: Some((row.service_id, row.service.clone())),
            event_type: "deploy".to_owned(),
            severity: Severity::Error,
            title: format!("deploy {} {}: interrupted", row.service, row.version),
            description: Some(notes),
            metadata: json!({ "deployment": row.id, "version": row.version }),
        },
    };
    let won = agent.store().end_deployment(&ending).await?;
    if won {
        let target = format!("{} {}", row.service, row.version);
        agent
            .audit(
                &crate::Actor::system(),
                ("recover", Some(&target)),
                ("done", Some("interrupted")),
            )
            .await;
        agent.snapshot().changed();
        if let Err(error) = tell_the_asker(agent, row.id).await {
            tracing::warn!(%error, id = row.id, "the asker was not told of the interruption");
        }
    }
    Ok(won)
}

/// Who asked by phone learns there how it ended; a private chat has its user's id.
async fn tell_the_asker(agent: &Agent, id: i64) -> Result<(), Error> {
    let Some(deployment) = agent.store().deployment(id).await? else {
        return Ok(());
    };
    let chat = deployment
        .deployed_by
        .strip_prefix("telegram:")
        .and_then(|user| user.parse().ok());
    let Some(chat) = chat else { return Ok(()) };
    let summary = deployment.notes.clone().unwrap_or_default();
    let reply = Reply::Deployed(DeploymentReport {
        deployment,
        summary,
        log_tail: Vec::new(),
    });
    crate::outbox::put(agent, &format!("deployment:{id}:{chat}"), chat, &reply).await
}
