//! What the tables hold, as plain data. These are also what replies carry.

use chrono::{DateTime, Utc};
use serde_json::Value;
pub use sqlx::types::Json;

/// Makes an enum whose words are its text in the store, in JSON and in messages.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "TEXT", rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them, in the order they are listed to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word used in the store, in JSON and in messages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{}` is none of {}", $crate::inventory::shown(word), [$($word),+].join(", "))),
                }
            }
        }
    };
}

mod approvals;
mod deployments;
mod inventory;
mod memory;
mod work;

pub use approvals::{Approval, ApprovalEnd, Decision};
pub use deployments::{Deployment, DeploymentStatus, Event, HealthCheck, Severity};
pub use inventory::{
    Dependency, DependencyType, HealthStatus, Resources, Route, Secret, Server, ServerRole,
    ServerStatus, Service, ServiceStatus, ServiceType, SshConfig,
};
pub use memory::{Checkpoint, CheckpointKind, Deed, Failure, Pattern, Session};
pub use work::{
    AuditRow, Confirmation, Execution, ExecutionStatus, HookEventRow, OutboxMessage, Schedule,
};

/// The time of a row.
pub type Time = DateTime<Utc>;

/// A column of free JSON.
pub type Object = Json<Value>;
