//! Servers, services, routes, dependencies and where secrets are kept.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Json, Object, Time};

words! {
    /// What a server is for.
    ServerRole {
        /// People depend on it.
        Production = "production",
        /// The last step before production.
        Staging = "staging",
        /// For trying things.
        Development = "development",
        /// At home.
        Homelab = "homelab",
    }
}

words! {
    /// What is known of a server.
    ServerStatus {
        /// It answers.
        Online = "online",
        /// It does not answer.
        Offline = "offline",
        /// It answers, not well.
        Degraded = "degraded",
        /// Not known: never asked, or nothing on it answers any more.
        Unknown = "unknown",
    }
}

words! {
    /// What a service is.
    ServiceType {
        /// An application.
        App = "app",
        /// A database.
        Database = "database",
        /// A cache.
        Cache = "cache",
        /// A queue.
        Queue = "queue",
        /// A proxy.
        Proxy = "proxy",
    }
}

words! {
    /// What the last health check said.
    HealthStatus {
        /// Good.
        Healthy = "healthy",
        /// Bad.
        Unhealthy = "unhealthy",
        /// Answers, not well.
        Degraded = "degraded",
        /// Never asked, or there is nothing to ask.
        Unknown = "unknown",
    }
}

words! {
    /// Whether a service is meant to run.
    ServiceStatus {
        /// Meant to run.
        Active = "active",
        /// Stopped on purpose for now.
        Paused = "paused",
        /// Gone; kept for its history.
        Retired = "retired",
    }
}

words! {
    /// What a service needs another for.
    DependencyType {
        /// A database.
        Database = "database",
        /// A cache.
        Cache = "cache",
        /// A queue.
        Queue = "queue",
        /// An HTTP service.
        Http = "http",
        /// A file or object store.
        Storage = "storage",
        /// Anything else.
        Other = "other",
    }
}

/// How to log in to a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SshConfig {
    /// Login name.
    pub user: Option<String>,
    /// 1 to 65,535.
    pub port: Option<u16>,
    /// Path of the private key.
    pub key_path: Option<String>,
    /// `user@host:port` to go through.
    pub jump_host: Option<String>,
}

/// What a server has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// Processors, for instance `4`.
    pub cpu: Option<String>,
    /// Memory, for instance `16 GB`.
    pub ram: Option<String>,
    /// Disks, for instance `500 GB`.
    pub disk: Option<String>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
#[expect(missing_docs, reason = "the columns are explained at `ServerFields`")]
pub struct Server {
    pub id: i64,
    pub name: String,
    pub hostname: String,
    pub ip_addresses: Json<Vec<String>>,
    pub role: ServerRole,
    pub ssh_config: Json<SshConfig>,
    pub os: Option<String>,
    pub resources: Json<Resources>,
    pub tags: Json<Vec<String>>,
    pub status: ServerStatus,
    pub last_seen: Option<Time>,
    pub notes: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

/// A service on a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
#[expect(missing_docs, reason = "the columns are explained at `ServiceFields`")]
pub struct Service {
    pub id: i64,
    pub name: String,
    pub server_id: i64,
    /// The server's name.
    pub server: String,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub kind: ServiceType,
    pub runtime: Option<String>,
    pub port: Option<i64>,
    pub health_endpoint: Option<String>,
    pub health_status: HealthStatus,
    pub last_health_check: Option<Time>,
    pub config: Object,
    pub env_vars: Json<Vec<String>>,
    pub project_path: Option<String>,
    pub git_repo: Option<String>,
    pub current_version: Option<String>,
    pub deploy_command: Option<String>,
    pub restart_command: Option<String>,
    pub log_path: Option<String>,
    pub status: ServiceStatus,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Service {
    /// Returns `service@server`, which names it exactly.
    pub fn full_name(&self) -> String {
        format!("{}@{}", self.name, self.server)
    }
}

/// A domain and path that a service answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
#[expect(missing_docs, reason = "the columns are explained at `RouteFields`")]
pub struct Route {
    pub id: i64,
    pub domain: String,
    pub path: String,
    pub service_id: i64,
    /// The service as `service@server`.
    pub service: String,
    pub method: String,
    pub proxy_type: Option<String>,
    pub ssl: bool,
    pub rate_limit: Option<String>,
    pub auth_required: bool,
    pub notes: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

/// That a service needs another, or something outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
#[expect(
    missing_docs,
    reason = "the columns are explained at `DependencyFields`"
)]
pub struct Dependency {
    pub id: i64,
    pub service_id: i64,
    /// The service as `service@server`.
    pub service: String,
    pub depends_on_service_id: Option<i64>,
    /// The service depended on as `service@server`.
    pub depends_on_service: Option<String>,
    pub depends_on_external: Option<String>,
    pub dependency_type: DependencyType,
    pub connection_string_env: Option<String>,
    pub required: bool,
    pub notes: Option<String>,
    pub created_at: Time,
}

impl Dependency {
    /// Returns what is depended on, for people.
    pub fn target(&self) -> &str {
        self.depends_on_service
            .as_deref()
            .or(self.depends_on_external.as_deref())
            .unwrap_or("?")
    }
}

/// Where a secret is kept and when it was rotated; never the secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
#[expect(missing_docs, reason = "the columns are explained at `SecretFields`")]
pub struct Secret {
    pub id: i64,
    pub name: String,
    pub service_id: Option<i64>,
    pub service: Option<String>,
    pub server_id: Option<i64>,
    pub server: Option<String>,
    pub secret_manager: Option<String>,
    pub path: Option<String>,
    pub last_rotated: Option<Time>,
    pub rotation_policy: Option<String>,
    pub notes: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}
