//! Servers, routes, dependencies and the registry of secrets.

use sqlx::query_as;

use super::rows::{Dependency, Route, Secret, Server, ServerStatus, Time};
use super::{Store, StoreError};

macro_rules! route_sql {
    ($rest:literal) => {
        concat!(
            "select r.*, s.name || '@' || v.name as service from routes r ",
            "join services s on s.id = r.service_id join servers v on v.id = s.server_id ",
            $rest
        )
    };
}

macro_rules! dependency_sql {
    ($rest:literal) => {
        concat!(
            "select d.*, s.name || '@' || v.name as service, t.name || '@' || w.name as depends_on_service ",
            "from service_deps d join services s on s.id = d.service_id join servers v on v.id = s.server_id ",
            "left join services t on t.id = d.depends_on_service_id left join servers w on w.id = t.server_id ",
            $rest
        )
    };
}

macro_rules! secret_sql {
    ($rest:literal) => {
        concat!(
            "select k.*, s.name || '@' || w.name as service, v.name as server from secrets_registry k ",
            "left join services s on s.id = k.service_id left join servers w on w.id = s.server_id ",
            "left join servers v on v.id = k.server_id ",
            $rest
        )
    };
}

impl Store {
    /// Adds a server; `None` when the name is taken.
    pub async fn insert_server(&self, row: &Server) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into servers (name, hostname, ip_addresses, role, ssh_config, os, resources, tags, status, last_seen, notes, created_at, updated_at) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) on conflict (name) do nothing returning id"
            )
            .bind(&row.name).bind(&row.hostname).bind(&row.ip_addresses).bind(row.role).bind(&row.ssh_config).bind(&row.os)
            .bind(&row.resources).bind(&row.tags).bind(row.status).bind(row.last_seen).bind(&row.notes).bind(row.created_at)
            .fetch_optional(p).await)
        })
        .await
    }

    /// Writes a server's fields, if nobody changed it since it was read; tells whether it won.
    ///
    /// Its status is not among them: checks write that all the time, see [`Store::record_server_status`].
    pub async fn update_server(&self, row: &Server, now: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update servers set hostname = $1, ip_addresses = $2, role = $3, ssh_config = $4, os = $5, resources = $6, \
                 tags = $7, notes = $8, updated_at = $9 where id = $10 and updated_at = $11"
            )
            .bind(&row.hostname).bind(&row.ip_addresses).bind(row.role).bind(&row.ssh_config).bind(&row.os).bind(&row.resources)
            .bind(&row.tags).bind(&row.notes).bind(now).bind(row.id).bind(row.updated_at)
            .execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Records what is known of a server.
    pub async fn record_server_status(
        &self,
        id: i64,
        status: ServerStatus,
        seen: Option<Time>,
    ) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update servers set status = $1, last_seen = coalesce($2, last_seen) where id = $3"
            )
            .bind(status)
            .bind(seen)
            .bind(id)
            .execute(p)
            .await
            .map(|_| ()))
        })
        .await
    }

    /// Removes a server; [`StoreError::Referenced`] while something is on it.
    pub async fn delete_server(&self, id: i64) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from servers where id = $1"
            )
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Lists the servers by name.
    pub async fn servers(&self) -> Result<Vec<Server>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Server>(
                "select * from servers order by name"
            )
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Adds a route; `None` when domain, path and method are taken.
    pub async fn insert_route(&self, row: &Route) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into routes (domain, path, service_id, method, proxy_type, ssl, rate_limit, auth_required, notes, created_at, updated_at) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) on conflict (domain, path, method) do nothing returning id"
            )
            .bind(&row.domain).bind(&row.path).bind(row.service_id).bind(&row.method).bind(&row.proxy_type).bind(row.ssl)
            .bind(&row.rate_limit).bind(row.auth_required).bind(&row.notes).bind(row.created_at)
            .fetch_optional(p).await)
        })
        .await
    }

    /// Writes a route's fields, if nobody changed it since it was read; tells whether it won.
    pub async fn update_route(&self, row: &Route, now: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update routes set path = $1, service_id = $2, method = $3, proxy_type = $4, ssl = $5, rate_limit = $6, \
                 auth_required = $7, notes = $8, updated_at = $9 where id = $10 and updated_at = $11"
            )
            .bind(&row.path).bind(row.service_id).bind(&row.method).bind(&row.proxy_type).bind(row.ssl).bind(&row.rate_limit)
            .bind(row.auth_required).bind(&row.notes).bind(now).bind(row.id).bind(row.updated_at)
            .execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Removes a route.
    pub async fn delete_route(&self, id: i64) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from routes where id = $1"
            )
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Lists the routes by domain, path and method.
    pub async fn routes(&self) -> Result<Vec<Route>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Route>(route_sql!(
                "order by r.domain, r.path, r.method"
            ))
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Adds a dependency; `None` when it is there already.
    pub async fn insert_dependency(&self, row: &Dependency) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into service_deps (service_id, depends_on_service_id, depends_on_external, dependency_type, connection_string_env, required, notes, created_at) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id"
            )
            .bind(row.service_id).bind(row.depends_on_service_id).bind(&row.depends_on_external).bind(row.dependency_type)
            .bind(&row.connection_string_env).bind(row.required).bind(&row.notes).bind(row.created_at)
            .fetch_optional(p).await)
        })
        .await
    }

    /// Writes what can be changed of a dependency.
    pub async fn update_dependency(&self, row: &Dependency) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update service_deps set dependency_type = $1, connection_string_env = $2, required = $3, notes = $4 where id = $5"
            )
            .bind(row.dependency_type).bind(&row.connection_string_env).bind(row.required).bind(&row.notes).bind(row.id)
            .execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Removes a dependency.
    pub async fn delete_dependency(&self, id: i64) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from service_deps where id = $1"
            )
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Lists the dependencies by service.
    pub async fn dependencies(&self) -> Result<Vec<Dependency>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Dependency>(dependency_sql!(
                "order by s.name, v.name, d.id"
            ))
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Adds a secret's registration; `None` when the name is taken.
    pub async fn insert_secret(&self, row: &Secret) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into secrets_registry (name, service_id, server_id, secret_manager, path, last_rotated, rotation_policy, notes, created_at, updated_at) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (name) do nothing returning id"
            )
            .bind(&row.name).bind(row.service_id).bind(row.server_id).bind(&row.secret_manager).bind(&row.path).bind(row.last_rotated)
            .bind(&row.rotation_policy).bind(&row.notes).bind(row.created_at)
            .fetch_optional(p).await)
        })
        .await
    }

    /// Writes a registration's fields, if nobody changed it since it was read; tells whether it won.
    pub async fn update_secret(&self, row: &Secret, now: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update secrets_registry set service_id = $1, server_id = $2, secret_manager = $3, path = $4, last_rotated = $5, \
                 rotation_policy = $6, notes = $7, updated_at = $8 where id = $9 and updated_at = $10"
            )
            .bind(row.service_id).bind(row.server_id).bind(&row.secret_manager).bind(&row.path).bind(row.last_rotated)
            .bind(&row.rotation_policy).bind(&row.notes).bind(now).bind(row.id).bind(row.updated_at)
            .execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Removes a registration.
    pub async fn delete_secret(&self, id: i64) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from secrets_registry where id = $1"
            )
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Lists the registrations by name.
    pub async fn secrets(&self) -> Result<Vec<Secret>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Secret>(secret_sql!(
                "order by k.name"
            ))
            .fetch_all(p)
            .await)
        })
        .await
    }
}
