//! Deployments, events and health checks.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Object, Time};

words! {
    /// Where a deployment stands, or how it ended.
    DeploymentStatus {
        /// Recorded; nothing has run.
        Pending = "pending",
        /// The command, the gate or the roll back is running.
        InProgress = "in_progress",
        /// The new version runs.
        Success = "success",
        /// It did not work and nothing was gone back to.
        Failed = "failed",
        /// It did not work; the earlier version runs again.
        RolledBack = "rolled_back",
        /// It did not work, and going back did not either.
        RollbackFailed = "rollback_failed",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// Fjord died in the middle; what runs is unknown until asked.
        Interrupted = "interrupted",
    }
}

impl DeploymentStatus {
    /// Returns whether it has ended.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::InProgress)
    }
}

words! {
    /// How bad an event is; later ones are worse.
    Severity {
        /// Worth knowing.
        Info = "info",
        /// Worth a look.
        Warning = "warning",
        /// Something does not work.
        Error = "error",
        /// Something that people depend on does not work.
        Critical = "critical",
    }
}

/// One deployment of one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Deployment {
    /// Its number.
    pub id: i64,
    /// The service's row.
    pub service_id: i64,
    /// The service as `service@server`.
    pub service: String,
    /// The version asked for.
    pub version: String,
    /// What ran before.
    pub previous_version: Option<String>,
    /// The actor's id.
    pub deployed_by: String,
    /// `deploy` or `rollback`, and the face: `telegram deploy`.
    pub deploy_method: String,
    /// Where it stands.
    pub status: DeploymentStatus,
    /// When it was recorded.
    pub started_at: Time,
    /// When it ended.
    pub completed_at: Option<Time>,
    /// Milliseconds from start to end.
    pub duration: Option<i64>,
    /// The last lines printed, secrets masked, at most 64 KB.
    pub log: Option<String>,
    /// The version gone back to.
    pub rollback_version: Option<String>,
    /// Why it ended so, in one sentence.
    pub notes: Option<String>,
    /// False: success was not checked, since there is no health endpoint.
    pub verified: Option<bool>,
}

/// Something that happened to a server or a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Event {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Time,
    /// The server's name.
    pub server: Option<String>,
    /// The service as `service@server`.
    pub service: Option<String>,
    /// `deploy`, `health`, `throttle`, `inventory`, ...
    pub event_type: String,
    /// How bad.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// More, secrets masked.
    pub description: Option<String>,
    /// Free facts.
    pub metadata: Object,
}

/// One answer of a health endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct HealthCheck {
    /// The service's row.
    pub service_id: i64,
    /// When it was asked.
    pub checked_at: Time,
    /// What it meant.
    pub status: super::HealthStatus,
    /// The HTTP status, if one came.
    pub http_status: Option<i64>,
    /// How long the answer took.
    pub latency_ms: Option<i64>,
    /// Why it was not good.
    pub error: Option<String>,
}
