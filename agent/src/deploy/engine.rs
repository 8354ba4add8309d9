//! Runs a confirmed plan: lock, record, command, gate, success or roll back, end.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::collect::Collector;
use super::gate::{Verdict, gate};
use super::runner::{End, Job, run_job};
use super::{Wanted, lock_name};
use crate::agent::Agent;
use crate::error::Error;
use crate::pass::Confirmed;
use crate::progress::{Progress, Stage};
use crate::reply::{DeploymentReport, Reply};
use crate::store::rows::{DeploymentStatus, Severity, Time};
use crate::store::{Ending, NewDeployment, NewEvent};

/// How long the lock holds without a sign of life.
const LEASE: TimeDelta = TimeDelta::seconds(15);
/// How often the lease is renewed and a cancel is looked for.
const BEAT: Duration = Duration::from_millis(500);
/// How long the end of a deployment is tried to be written while the store is away.
const WRITE_PATIENCE: Duration = Duration::from_mins(1);

/// Runs a confirmed plan to its end. It goes on when the asker's face goes away.
pub(crate) async fn run(
    agent: &Agent,
    confirmed: Confirmed,
    wanted: Wanted,
    progress: &Progress,
) -> Result<Reply, Error> {
    let (agent, progress) = (agent.clone(), progress.clone());
    let work = tokio::spawn(async move { begin(&agent, &confirmed, wanted, &progress).await });
    work.await
        .map_err(|error| Error::internal(format!("the deployment's task ended: {error}")))?
}

struct Run<'a> {
    agent: &'a Agent,
    wanted: &'a Wanted,
    id: i64,
    fence: i64,
    cancel: CancellationToken,
    started_at: Time,
}

struct Outcome {
    status: DeploymentStatus,
    notes: String,
    verified: Option<bool>,
    current_version: Option<String>,
    rollback_version: Option<String>,
}

async fn begin(
    agent: &Agent,
    confirmed: &Confirmed,
    wanted: Wanted,
    progress: &Progress,
) -> Result<Reply, Error> {
    let (plan, service) = (&wanted.plan, &wanted.service);
    let name = lock_name(&plan.service);
    let now = agent.now();
    progress.stage(
        Stage::Lock,
        format!(
            "{} {} {} -> {}",
            plan.action,
            plan.service,
            plan.from.as_deref().unwrap_or("nothing"),
            plan.to
        ),
    );
    let actor = confirmed.pass().actor();
    let reason = format!("{} {} by {}", plan.action, plan.to, actor.id);
    let fence = agent
        .store()
        .acquire_lock(&name, &agent.owner().as_text(), &reason, (now, now + LEASE))
        .await?;
    let Some(fence) = fence else {
        let holder = agent.store().lock_holder(&name, now).await?;
        let who = holder
            .and_then(|row| row.reason)
            .unwrap_or_else(|| "somebody".to_owned());
        return Err(Error::conflict(format!(
            "`{}` is locked: {who}; wait for its end or `cancel {}`",
            plan.service, service.name
        )));
    };
    let row = NewDeployment {
        service_id: service.id,
        service: plan.service.clone(),
        version: plan.to.clone(),
        previous_version: service.current_version.clone(),
        deployed_by: actor.id.clone(),
        deploy_method: format!("{} {}", actor.face.as_str(), plan.action),
        started_at: now,
        owner: agent.owner().as_text(),
        fence,
        lease_until: now + LEASE,
    };
    let id = match agent.store().insert_deployment(&row).await {
        Ok(id) => id,
        Err(error) => {
            agent.store().release_lock(&name, fence).await?;
            return Err(error.into());
        }
    };
    agent
        .audit(
            actor,
            (&plan.action, Some(&format!("{} {}", plan.service, plan.to))),
            ("began", Some(&format!("deployment {id}"))),
        )
        .await;
    let run = Run {
        agent,
        wanted: &wanted,
        id,
        fence,
        cancel: CancellationToken::new(),
        started_at: now,
    };
    let beat = tokio::spawn(keep_alive(
        agent.clone(),
        (id, fence, name.clone()),
        run.cancel.clone(),
    ));
    let mut collector = Collector::new(progress.clone());
    let outcome = run.to_its_end(&mut collector, progress).await;
    let outcome =
        outcome.unwrap_or_else(|error| Outcome::plain(DeploymentStatus::Failed, error.to_string()));
    let written = run.write_down(&outcome, &collector, progress).await;
    beat.abort();
    agent.snapshot().changed();
    written?;
    let deployment = agent
        .store()
        .deployment(id)
        .await?
        .ok_or_else(|| Error::internal("the deployment's row is gone"))?;
    let log_tail = if deployment.status == DeploymentStatus::Success {
        Vec::new()
    } else {
        collector.tail(20)
    };
    Ok(Reply::Deployed(DeploymentReport {
        summary: outcome.notes,
        deployment,
        log_tail,
    }))
}

/// Renews lease and lock, and looks whether somebody asked to cancel. Ends when the deployment is not ours any more.
async fn keep_alive(
    agent: Agent,
    (id, fence, lock): (i64, i64, String),
    cancel: CancellationToken,
) {
    loop {
        tokio::time::sleep(BEAT).await;
        let until = agent.now() + LEASE;
        match agent.store().renew_deployment(id, fence, until).await {
            Ok(Some(true)) => cancel.cancel(),
            Ok(Some(false)) => {}
            // Somebody else ended it, so it must not go on here.
            Ok(None) => return cancel.cancel(),
            Err(error) => tracing::warn!(%error, id, "the deployment's lease was not renewed"),
        }
        if let Err(error) = agent.store().renew_lock(&lock, fence, until).await {
            tracing::warn!(%error, id, "the deployment's lock was not renewed");
        }
    }
}

impl Run<'_> {
    async fn to_its_end(
        &self,
        collector: &mut Collector,
        progress: &Progress,
    ) -> Result<Outcome, Error> {
        let plan = &self.wanted.plan;
        progress.stage(
            Stage::Command,
            format!("running the deploy command with {}", plan.to),
        );
        let why = match self.command(&plan.to, collector).await? {
            End::Good => match gate(
                self.agent,
                &self.wanted.service,
                (progress, Stage::Gate),
                &self.cancel,
            )
            .await?
            {
                Verdict::Holds => return Ok(self.success(Some(true), "healthy")),
                Verdict::Unverified => {
                    return Ok(self.success(Some(false), "unverified: there is no health endpoint"));
                }
                Verdict::Cancelled => {
                    return Ok(self.cancelled("its command had finished, so it may run, unchecked"));
                }
                Verdict::Fails(why) => why,
            },
            End::Bad(why) => why,
            End::TimedOut => format!(
                "the command did not end within {} s and was killed",
                self.agent.config().deploy.timeout_s
            ),
            End::Cancelled => return Ok(self.cancelled("its command was killed in the middle")),
        };
        progress.stage(Stage::Command, format!("{} did not work: {why}", plan.to));
        self.go_back(&why, collector, progress).await
    }

    async fn command(&self, version: &str, collector: &mut Collector) -> Result<End, Error> {
        let service = &self.wanted.service;
        let job = Job {
            command: service.deploy_command.as_deref().unwrap_or_default(),
            folder: &self.wanted.plan.project_path,
            version,
            service: &service.name,
            timeout: Duration::from_secs(self.agent.config().deploy.timeout_s),
        };
        run_job(
            self.agent,
            &job,
            (collector, &self.cancel),
            async |runner| {
                let text = serde_json::to_string(&runner)
                    .map_err(|error| Error::internal(error.to_string()))?;
                let ours = self
                    .agent
                    .store()
                    .begin_command(self.id, self.fence, &text)
                    .await?;
                if ours {
                    Ok(())
                } else {
                    Err(Error::conflict("another Fjord ended this deployment"))
                }
            },
        )
        .await
    }

    async fn go_back(
        &self,
        why: &str,
        collector: &mut Collector,
        progress: &Progress,
    ) -> Result<Outcome, Error> {
        let plan = &self.wanted.plan;
        let Some(earlier) = &plan.rollback_to else {
            let reason = if plan.action == "rollback" {
                "this was the roll back itself"
            } else if self.agent.config().deploy.auto_rollback {
                "there is no version to go back to"
            } else {
                "automatic roll back is off"
            };
            return Ok(Outcome::plain(
                DeploymentStatus::Failed,
                format!("{} failed: {why}; {reason}", plan.to),
            ));
        };
        progress.stage(Stage::Rollback, format!("going back to {earlier}"));
        collector.note(&format!("going back to {earlier}"));
        let trouble = match self.command(earlier, collector).await {
            Ok(End::Good) => match gate(
                self.agent,
                &self.wanted.service,
                (progress, Stage::RollbackGate),
                &self.cancel,
            )
            .await?
            {
                Verdict::Holds => {
                    return Ok(self.rolled_back(earlier, (why, Some(true), "healthy")));
                }
                Verdict::Unverified => {
                    return Ok(
                        self.rolled_back(earlier, (why, Some(false), "running again, unverified"))
                    );
                }
                Verdict::Fails(trouble) => trouble,
                Verdict::Cancelled => "it was cancelled before the health was known".to_owned(),
            },
            Ok(End::Bad(trouble)) => trouble,
            Ok(End::TimedOut) => "the command did not end in time and was killed".to_owned(),
            Ok(End::Cancelled) => "it was cancelled".to_owned(),
            Err(error) => error.to_string(),
        };
        Ok(Outcome {
            rollback_version: Some(earlier.clone()),
            ..Outcome::plain(
                DeploymentStatus::RollbackFailed,
                format!(
                    "{} failed: {why}; going back to {earlier} failed too: {trouble}. What runs is unknown, look now",
                    plan.to
                ),
            )
        })
    }

    fn success(&self, verified: Option<bool>, how: &str) -> Outcome {
        let plan = &self.wanted.plan;
        Outcome {
            verified,
            current_version: Some(plan.to.clone()),
            rollback_version: (plan.action == "rollback").then(|| plan.to.clone()),
            ..Outcome::plain(
                DeploymentStatus::Success,
                format!("{} runs {}, {how}", plan.service, plan.to),
            )
        }
    }

    fn rolled_back(
        &self,
        earlier: &str,
        (why, verified, how): (&str, Option<bool>, &str),
    ) -> Outcome {
        Outcome {
            verified,
            current_version: Some(earlier.to_owned()),
            rollback_version: Some(earlier.to_owned()),
            ..Outcome::plain(
                DeploymentStatus::RolledBack,
                format!(
                    "{} failed: {why}; went back to {earlier}, {how}",
                    self.wanted.plan.to
                ),
            )
        }
    }

    fn cancelled(&self, how: &str) -> Outcome {
        let plan = &self.wanted.plan;
        Outcome::plain(
            DeploymentStatus::Cancelled,
            format!(
                "{} {} was cancelled: {how}; before it ran {}",
                plan.action,
                plan.to,
                plan.from.as_deref().unwrap_or("nothing")
            ),
        )
    }

    /// Writes the end and frees the lock; a store that is away for a moment is waited for.
    async fn write_down(
        &self,
        outcome: &Outcome,
        collector: &Collector,
        progress: &Progress,
    ) -> Result<(), Error> {
        progress.stage(Stage::Record, outcome.notes.clone());
        let (plan, service) = (&self.wanted.plan, &self.wanted.service);
        let now = self.agent.now();
        let severity = match outcome.status {
            DeploymentStatus::Success => Severity::Info,
            DeploymentStatus::RollbackFailed => Severity::Critical,
            DeploymentStatus::Cancelled => Severity::Warning,
            _ => Severity::Error,
        };
        let duration = (now - self.started_at).num_milliseconds().max(0);
        let ending = Ending {
            id: self.id,
            fence: self.fence,
            status: outcome.status,
            completed_at: now,
            duration,
            log: collector.text(),
            rollback_version: outcome.rollback_version.clone(),
            notes: outcome.notes.clone(),
            verified: outcome.verified,
            current_version: outcome.current_version.clone(),
            event: NewEvent {
                at: now,
                server: Some((service.server_id, service.server.clone())),
                service: Some((service.id, plan.service.clone())),
                event_type: plan.action.clone(),
                severity,
                title: format!(
                    "{} {} {}: {}",
                    plan.action, plan.service, plan.to, outcome.status
                ),
                description: Some(outcome.notes.clone()),
                metadata: json!({ "deployment": self.id, "version": plan.to, "from": plan.from, "duration_ms": duration }),
            },
        };
        let until = tokio::time::Instant::now() + WRITE_PATIENCE;
        loop {
            match self
                .agent
                .store()
                .end_deployment(&ending)
                .await
                .map_err(Error::from)
            {
                Ok(true) => break,
                Ok(false) => {
                    return Err(Error::conflict(
                        "another Fjord ended this deployment in the meantime; `history` has its account",
                    ));
                }
                Err(Error::Unavailable { service, message })
                    if tokio::time::Instant::now() < until =>
                {
                    progress.stage(
                        Stage::Record,
                        format!("{service} is away, writing the result is tried again: {message}"),
                    );
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(error),
            }
        }
        self.agent
            .store()
            .release_lock(&lock_name(&plan.service), self.fence)
            .await?;
        Ok(())
    }
}

impl Outcome {
    fn plain(status: DeploymentStatus, notes: String) -> Self {
        Self {
            status,
            notes,
            verified: None,
            current_version: None,
            rollback_version: None,
        }
    }
}
