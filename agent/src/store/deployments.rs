//! Deployments: recorded before anything runs, ended exactly once.

use sqlx::{FromRow, query_as};

use super::events::{NewEvent, insert_event};
use super::rows::{Deployment, DeploymentStatus, Time};
use super::{Store, StoreError};

macro_rules! deployment_sql {
    ($rest:literal) => {
        concat!(
            "select id, service_id, service, version, previous_version, deployed_by, deploy_method, status, started_at, ",
            "completed_at, duration, log, rollback_version, notes, verified from deployments ",
            $rest
        )
    };
}

/// A deployment about to begin, under a lock that is held.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are explained at `Deployment`")]
pub struct NewDeployment {
    pub service_id: i64,
    pub service: String,
    pub version: String,
    pub previous_version: Option<String>,
    pub deployed_by: String,
    pub deploy_method: String,
    pub started_at: Time,
    /// The process that runs it, see [`crate::deploy::Owner`].
    pub owner: String,
    /// The lock's fencing number.
    pub fence: i64,
    pub lease_until: Time,
}

/// How a deployment ended; written together with the service's version and the event.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are explained at `Deployment`")]
pub struct Ending {
    pub id: i64,
    pub fence: i64,
    pub status: DeploymentStatus,
    pub completed_at: Time,
    pub duration: i64,
    pub log: String,
    pub rollback_version: Option<String>,
    pub notes: String,
    pub verified: Option<bool>,
    /// What runs now, if this changed it.
    pub current_version: Option<String>,
    pub event: NewEvent,
}

/// A deployment that has not ended, with who runs it.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are explained at `Deployment`")]
pub struct Unfinished {
    pub id: i64,
    pub service_id: i64,
    pub service: String,
    pub version: String,
    pub previous_version: Option<String>,
    pub status: DeploymentStatus,
    pub started_at: Time,
    pub owner: String,
    pub fence: i64,
    pub lease_until: Time,
    /// The process group of the running command and when its leader began, see [`crate::deploy::Runner`].
    pub runner: Option<String>,
}

impl Store {
    /// Records a deployment as `pending`; returns its number.
    pub async fn insert_deployment(&self, row: &NewDeployment) -> Result<i64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into deployments (service_id, service, version, previous_version, deployed_by, deploy_method, status, started_at, owner, fence, lease_until) \
                 values ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10) returning id"
            )
            .bind(row.service_id).bind(&row.service).bind(&row.version).bind(&row.previous_version).bind(&row.deployed_by)
            .bind(&row.deploy_method).bind(row.started_at).bind(&row.owner).bind(row.fence).bind(row.lease_until)
            .fetch_one(p).await)
        })
        .await
    }

    /// Says which process group runs for it, before the command is let go; false: it is not ours any more.
    pub async fn begin_command(
        &self,
        id: i64,
        fence: i64,
        runner: &str,
    ) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update deployments set status = 'in_progress', runner = $1 where id = $2 and fence = $3 and status in ('pending', 'in_progress')"
            )
            .bind(runner).bind(id).bind(fence).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Extends its lease; returns whether a cancel was asked for, `None`: it is not ours any more.
    pub async fn renew_deployment(
        &self,
        id: i64,
        fence: i64,
        until: Time,
    ) -> Result<Option<bool>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, Option<Time>>(
                "update deployments set lease_until = $1 where id = $2 and fence = $3 and status in ('pending', 'in_progress') returning cancel_requested_at"
            )
            .bind(until).bind(id).bind(fence).fetch_optional(p).await)
        })
        .await
        .map(|row| row.map(|asked| asked.is_some()))
    }

    /// Asks the running deployment of a service to stop; returns its number, `None`: nothing runs.
    pub async fn request_cancel(
        &self,
        service_id: i64,
        now: Time,
    ) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "update deployments set cancel_requested_at = $1 where service_id = $2 and status in ('pending', 'in_progress') returning id"
            )
            .bind(now).bind(service_id).fetch_optional(p).await)
        })
        .await
    }

    /// Ends a deployment, once: its row, the service's version, the event and its lock together; false: it had ended.
    pub async fn end_deployment(&self, ending: &Ending) -> Result<bool, StoreError> {
        self.run(async {
            let mut tx = self.pool.begin().await?;
            let ended = rag::tx!(tx, |c| sqlx::query_as::<_, (i64, String)>(
                "update deployments set status = $1, completed_at = $2, duration = $3, log = $4, rollback_version = $5, notes = $6, verified = $7 \
                 where id = $8 and fence = $9 and status in ('pending', 'in_progress') returning service_id, service"
            )
            .bind(ending.status).bind(ending.completed_at).bind(ending.duration).bind(&ending.log).bind(&ending.rollback_version)
            .bind(&ending.notes).bind(ending.verified).bind(ending.id).bind(ending.fence)
            .fetch_optional(c).await)?;
            let Some((service_id, service)) = ended else {
                tx.rollback().await?;
                return Ok(false);
            };
            if let Some(version) = &ending.current_version {
                rag::tx!(tx, |c| sqlx::query("update services set current_version = $1, updated_at = $2 where id = $3")
                    .bind(version).bind(ending.completed_at).bind(service_id).execute(c).await.map(|_| ()))?;
            }
            rag::tx!(tx, |c| insert_event!(ending.event, c))?;
            rag::tx!(tx, |c| sqlx::query(super::locks::RELEASE)
                .bind(crate::deploy::lock_name(&service)).bind(ending.fence).execute(c).await.map(|_| ()))?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Reads one deployment.
    pub async fn deployment(&self, id: i64) -> Result<Option<Deployment>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Deployment>(deployment_sql!(
                "where id = $1"
            ))
            .bind(id)
            .fetch_optional(p)
            .await)
        })
        .await
    }

    /// Reads the deployments of a service, the newest first.
    pub async fn deployments_of(
        &self,
        service_id: i64,
        limit: i64,
    ) -> Result<Vec<Deployment>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Deployment>(deployment_sql!(
                "where service_id = $1 order by started_at desc, id desc limit $2"
            ))
            .bind(service_id)
            .bind(limit)
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Reads all deployments since a time, the newest first.
    pub async fn deployments_since(
        &self,
        since: Time,
        limit: i64,
    ) -> Result<Vec<Deployment>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Deployment>(deployment_sql!(
                "where started_at >= $1 order by started_at desc, id desc limit $2"
            ))
            .bind(since)
            .bind(limit)
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Reads the last deployment of each service.
    pub async fn last_deployments(&self) -> Result<Vec<Deployment>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Deployment>(deployment_sql!(
                "where id in (select max(id) from deployments group by service_id)"
            ))
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Reads the deployments that have not ended.
    pub async fn unfinished_deployments(&self) -> Result<Vec<Unfinished>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Unfinished>(
                "select id, service_id, service, version, previous_version, status, started_at, owner, fence, lease_until, runner \
                 from deployments where status in ('pending', 'in_progress') order by id"
            )
            .fetch_all(p).await)
        })
        .await
    }
}
