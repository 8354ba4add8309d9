//! Services and what their health checks said.

use sqlx::query_as;

use super::rows::{HealthCheck, HealthStatus, Service, Time};
use super::{Store, StoreError};

macro_rules! service_sql {
    ($rest:literal) => {
        concat!(
            "select s.*, v.name as server from services s join servers v on v.id = s.server_id ",
            $rest
        )
    };
}

impl Store {
    /// Adds a service; `None` when the server has one of that name.
    pub async fn insert_service(&self, row: &Service) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into services (name, server_id, type, runtime, port, health_endpoint, health_status, config, env_vars, project_path, \
                 git_repo, current_version, deploy_command, restart_command, log_path, status, created_at, updated_at) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17) \
                 on conflict (server_id, name) do nothing returning id"
            )
            .bind(&row.name).bind(row.server_id).bind(row.kind).bind(&row.runtime).bind(row.port).bind(&row.health_endpoint)
            .bind(row.health_status).bind(&row.config).bind(&row.env_vars).bind(&row.project_path).bind(&row.git_repo)
            .bind(&row.current_version).bind(&row.deploy_command).bind(&row.restart_command).bind(&row.log_path).bind(row.status)
            .bind(row.created_at)
            .fetch_optional(p).await)
        })
        .await
    }

    /// Writes a service's fields, if nobody changed it since it was read; tells whether it won.
    pub async fn update_service(&self, row: &Service, now: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update services set server_id = $1, type = $2, runtime = $3, port = $4, health_endpoint = $5, config = $6, env_vars = $7, \
                 project_path = $8, git_repo = $9, current_version = $10, deploy_command = $11, restart_command = $12, log_path = $13, \
                 status = $14, updated_at = $15, \
                 health_status = case when health_endpoint is not distinct from $5 then health_status else 'unknown' end, \
                 last_health_check = case when health_endpoint is not distinct from $5 then last_health_check else null end \
                 where id = $16 and updated_at = $17"
            )
            .bind(row.server_id).bind(row.kind).bind(&row.runtime).bind(row.port).bind(&row.health_endpoint).bind(&row.config)
            .bind(&row.env_vars).bind(&row.project_path).bind(&row.git_repo).bind(&row.current_version).bind(&row.deploy_command)
            .bind(&row.restart_command).bind(&row.log_path).bind(row.status).bind(now).bind(row.id).bind(row.updated_at)
            .execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Removes a service; [`StoreError::Referenced`] while something needs it.
    pub async fn delete_service(&self, id: i64) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from services where id = $1"
            )
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Lists the services by name and server.
    pub async fn services(&self) -> Result<Vec<Service>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Service>(service_sql!(
                "order by s.name, v.name"
            ))
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Reads one service again.
    pub async fn service(&self, id: i64) -> Result<Option<Service>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Service>(service_sql!(
                "where s.id = $1"
            ))
            .bind(id)
            .fetch_optional(p)
            .await)
        })
        .await
    }

    /// Keeps a check's answer and makes it the service's health; returns what the health was before.
    pub async fn record_health(
        &self,
        check: &HealthCheck,
    ) -> Result<Option<HealthStatus>, StoreError> {
        self.run(async {
            let mut tx = self.pool.begin().await?;
            let before = rag::tx!(tx, |c| sqlx::query_scalar::<_, HealthStatus>("select health_status from services where id = $1")
                .bind(check.service_id).fetch_optional(c).await)?;
            rag::tx!(tx, |c| sqlx::query("update services set health_status = $1, last_health_check = $2 where id = $3")
                .bind(check.status).bind(check.checked_at).bind(check.service_id).execute(c).await.map(|_| ()))?;
            rag::tx!(tx, |c| sqlx::query(
                "insert into health_checks (service_id, checked_at, status, http_status, latency_ms, error) values ($1, $2, $3, $4, $5, $6)"
            )
            .bind(check.service_id).bind(check.checked_at).bind(check.status).bind(check.http_status).bind(check.latency_ms).bind(&check.error)
            .execute(c).await.map(|_| ()))?;
            tx.commit().await?;
            Ok(before)
        })
        .await
    }

    /// Forgets what the last check said: it was about another endpoint.
    pub async fn forget_health(&self, service_id: i64) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update services set health_status = 'unknown', last_health_check = null where id = $1"
            )
            .bind(service_id)
            .execute(p)
            .await
            .map(|_| ()))
        })
        .await
    }

    /// Forgets what the last checks of all services said: they are from before a backup was restored.
    pub async fn forget_all_health(&self) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update services set health_status = 'unknown', last_health_check = null"
            )
            .execute(p)
            .await
            .map(|_| ()))
        })
        .await
    }

    /// Returns the last checks of a service, the newest first.
    pub async fn health_checks(
        &self,
        service_id: i64,
        limit: i64,
    ) -> Result<Vec<HealthCheck>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, HealthCheck>(
                "select service_id, checked_at, status, http_status, latency_ms, error from health_checks \
                 where service_id = $1 order by checked_at desc limit $2"
            )
            .bind(service_id).bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Forgets checks older than `before`, so that the table stays bounded.
    pub async fn forget_health_checks(&self, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from health_checks where checked_at < $1"
            )
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }
}
