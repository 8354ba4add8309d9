//! What the guard wants to know about the world, and what it was told.

use serde::{Deserialize, Serialize};

use crate::ToolCall;

/// What the caller should look up before it asks for an assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactsNeeded {
    /// Absolute paths whose project and version control status matter.
    pub paths: Vec<String>,
    /// Words that may name a server, a service, a container or a domain.
    pub words: Vec<String>,
}

/// What is known about the world. The default knows nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The last known inventory.
    pub inventory: Inventory,
    /// The project the call runs in.
    pub project: Option<Project>,
    /// The absolute home directory.
    pub home: Option<String>,
    /// Absolute paths of Fjord's own configuration, data and socket.
    pub protected_paths: Vec<String>,
}

/// The project a call runs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// The absolute root directory.
    pub root: String,
    /// Whether the root is under version control.
    pub under_version_control: bool,
}

/// The inventory as the agent writes it to `inventory.json`. Unknown fields are tolerated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// When it was taken, as RFC 3339.
    pub taken_at: String,
    /// All servers.
    pub servers: Vec<ServerFact>,
    /// All services.
    pub services: Vec<ServiceFact>,
    /// All domains.
    pub domains: Vec<DomainFact>,
}

/// One server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerFact {
    /// Its unique name.
    pub name: String,
    /// Its host name.
    pub hostname: String,
    /// Its addresses.
    pub ip_addresses: Vec<String>,
    /// `production`, `staging`, `development` or `homelab`.
    pub role: String,
    /// Whether it is the machine the guard runs on.
    pub local: bool,
}

/// One service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceFact {
    /// Its name, unique on its server.
    pub name: String,
    /// The name of its server.
    pub server: String,
    /// `app`, `database`, `cache`, `queue` or `proxy`.
    #[serde(alias = "type")]
    pub kind: String,
    /// `docker`, `systemd`, `node` and so on.
    pub runtime: String,
    /// The directory of its project.
    pub project_path: Option<String>,
    /// The names of the services that depend on it.
    pub dependents: Vec<String>,
}

/// One domain and the service behind it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainFact {
    /// The domain's name.
    pub domain: String,
    /// The name of the service it leads to.
    pub service: String,
}

/// Says what to look up for a call.
pub fn facts_needed(call: &ToolCall) -> FactsNeeded {
    crate::judge::facts_needed(call)
}
