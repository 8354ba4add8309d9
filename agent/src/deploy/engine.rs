//! Runs a confirmed plan: lock, record, command, gate, success or roll back, end.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::collect::Collector;
use super::gate::{Verdict, gate, how_it_is};
use super::record::{Held, as_stored, record, take_lock, wait_for, write_down};
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
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(15);

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
    let fence = take_lock(agent, &wanted, (&name, &reason)).await?;
    let now = agent.now();
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
    let id = record(agent, &wanted, (&name, &row)).await?;
    let run = Run {
        agent,
        wanted: &wanted,
        id,
        fence,
        cancel: CancellationToken::new(),
        started_at: now,
    };
    let held = Held::new(agent, (id, fence, name), run.cancel.clone());
    let target = format!("{} {}", plan.service, plan.to);
    agent
        .audit(
            actor,
            (&plan.action, Some(&target)),
            ("began", Some(&format!("deployment {id}"))),
        )
        .await;
    let mut collector = Collector::new(progress.clone());
    let outcome = run.to_its_end(&mut collector, progress).await;
    let outcome =
        outcome.unwrap_or_else(|error| Outcome::plain(DeploymentStatus::Failed, error.to_string()));
    let outcome = outcome.with_health(&run).await;
    progress.stage(Stage::Record, outcome.notes.clone());
    let ending = run.ending(&outcome, &collector);
    let deployment = as_stored(id, &row, &ending);
    let writing = write_down(
        agent.clone(),
        ending,
        (actor.clone(), plan.action.clone(), target),
        progress.clone(),
        held,
    );
    wait_for(tokio::spawn(writing), &outcome.notes).await?;
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
        let why = match self.command((&plan.to, false), collector).await? {
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

    async fn command(
        &self,
        (version, going_back): (&str, bool),
        collector: &mut Collector,
    ) -> Result<End, Error> {
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
                let store = self.agent.store();
                let ours = store.begin_command(self.id, self.fence, &text).await?;
                // Whoever was held up before this has lost the lock to somebody who may be deploying now.
                let until = self.agent.now() + LEASE;
                let locked = going_back
                    || store
                        .renew_lock(&lock_name(&self.wanted.plan.service), self.fence, until)
                        .await?;
                if ours && locked {
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
        let trouble = match self.command((earlier, true), collector).await {
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

    /// Returns what is written down of an outcome.
    fn ending(&self, outcome: &Outcome, collector: &Collector) -> Ending {
        let (plan, service) = (&self.wanted.plan, &self.wanted.service);
        let now = self.agent.now();
        let severity = match outcome.status {
            DeploymentStatus::Success => Severity::Info,
            DeploymentStatus::RollbackFailed => Severity::Critical,
            DeploymentStatus::Cancelled => Severity::Warning,
            _ => Severity::Error,
        };
        let duration = (now - self.started_at).num_milliseconds().max(0);
        Ending {
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
        }
    }
}

impl Outcome {
    /// After an end that leaves open what runs, the true health is asked and said.
    async fn with_health(mut self, run: &Run<'_>) -> Self {
        if matches!(
            self.status,
            DeploymentStatus::Cancelled
                | DeploymentStatus::Failed
                | DeploymentStatus::RollbackFailed
        ) {
            let health = how_it_is(run.agent, run.wanted.service.id).await;
            self.notes = format!("{}. {health}", self.notes);
        }
        self
    }

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
