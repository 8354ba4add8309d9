//! Schedules and their runs; a run is claimed by one Fjord only.

use sqlx::query_as;

use super::rows::{Execution, ExecutionStatus, Json, Schedule, Time};
use super::{Store, StoreError};

macro_rules! schedule_sql {
    ($rest:literal) => {
        concat!("select id, cron, timezone, line, maker, next_at, last_at, active, created_at from schedules ", $rest)
    };
}

impl Store {
    /// Makes a schedule; returns its number.
    pub async fn insert_schedule(&self, row: &Schedule) -> Result<i64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into schedules (cron, timezone, line, maker, next_at, active, created_at) values ($1, $2, $3, $4, $5, $6, $7) returning id"
            )
            .bind(&row.cron).bind(&row.timezone).bind(&row.line).bind(Json(&row.maker.0)).bind(row.next_at).bind(row.active).bind(row.created_at)
            .fetch_one(p).await)
        })
        .await
    }

    /// Lists the active schedules by number.
    pub async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Schedule>(schedule_sql!(
                "where active order by id"
            ))
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Reads one schedule, active or not.
    pub async fn schedule(&self, id: i64) -> Result<Option<Schedule>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Schedule>(schedule_sql!(
                "where id = $1"
            ))
            .bind(id)
            .fetch_optional(p)
            .await)
        })
        .await
    }

    /// Ends a schedule; false: it had ended.
    pub async fn cancel_schedule(&self, id: i64) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update schedules set active = false where id = $1 and active"
            )
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Lists the active schedules that are due.
    pub async fn due_schedules(&self, now: Time) -> Result<Vec<Schedule>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Schedule>(schedule_sql!(
                "where active and next_at <= $1 order by next_at"
            ))
            .bind(now)
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Moves a due schedule to its next time and claims the run in one go; `None`: another Fjord was first.
    pub async fn claim_run(
        &self,
        schedule: &Schedule,
        (now, next, lease_until): (Time, Time, Time),
        owner: &str,
    ) -> Result<Option<i64>, StoreError> {
        self.run(async {
            let mut tx = self.pool.begin().await?;
            let moved = rag::tx!(tx, |c| sqlx::query("update schedules set next_at = $1, last_at = $2 where id = $3 and next_at = $4 and active")
                .bind(next).bind(now).bind(schedule.id).bind(schedule.next_at).execute(c).await.map(|done| done.rows_affected()))?;
            if moved == 0 {
                tx.rollback().await?;
                return Ok(None);
            }
            let run = rag::tx!(tx, |c| sqlx::query_scalar::<_, i64>(
                "insert into executions (schedule_id, due_at, started_at, status, owner, lease_until) values ($1, $2, $3, 'running', $4, $5) \
                 on conflict (schedule_id, due_at) do nothing returning id"
            )
            .bind(schedule.id).bind(schedule.next_at).bind(now).bind(owner).bind(lease_until).fetch_optional(c).await)?;
            tx.commit().await?;
            Ok(run)
        })
        .await
    }

    /// Records a run made by hand; returns its number.
    pub async fn insert_run(
        &self,
        schedule_id: i64,
        (now, lease_until): (Time, Time),
        owner: &str,
    ) -> Result<i64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into executions (schedule_id, due_at, started_at, status, owner, lease_until) values ($1, $2, $2, 'running', $3, $4) returning id"
            )
            .bind(schedule_id).bind(now).bind(owner).bind(lease_until).fetch_one(p).await)
        })
        .await
    }

    /// Ends a run, once.
    pub async fn finish_run(
        &self,
        id: i64,
        (status, result): (ExecutionStatus, &str),
        now: Time,
    ) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query("update executions set status = $1, result = $2, finished_at = $3 where id = $4 and status = 'running'")
                .bind(status).bind(result).bind(now).bind(id).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Marks runs whose Fjord died; returns their schedules.
    pub async fn interrupt_runs(&self, now: Time) -> Result<Vec<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "update executions set status = 'interrupted', finished_at = $1, result = 'Fjord stopped in the middle' \
                 where status = 'running' and lease_until <= $1 returning schedule_id"
            )
            .bind(now).fetch_all(p).await)
        })
        .await
    }

    /// Extends a run's lease.
    pub async fn renew_run(&self, id: i64, until: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update executions set lease_until = $1 where id = $2 and status = 'running'"
            )
            .bind(until)
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Reads the last runs of a schedule, the newest first.
    pub async fn executions(
        &self,
        schedule_id: i64,
        limit: i64,
    ) -> Result<Vec<Execution>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Execution>(
                "select id, schedule_id, due_at, started_at, finished_at, status, result from executions where schedule_id = $1 order by id desc limit $2"
            )
            .bind(schedule_id).bind(limit).fetch_all(p).await)
        })
        .await
    }
}
