//! What can be said of servers, services, routes, dependencies and secrets, and its limits.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::store::rows::{
    DependencyType, Resources, ServerRole, ServerStatus, ServiceStatus, ServiceType, SshConfig,
};

/// Longest text of an ordinary field, in characters.
pub const TEXT_LIMIT: usize = 500;
/// Longest note or command, in characters.
pub const LONG_TEXT_LIMIT: usize = 4_000;
/// Most entries of a list field.
pub const LIST_LIMIT: usize = 50;

/// Checks a name: `[a-z0-9][a-z0-9._-]{0,62}`.
pub fn check_name(what: &str, name: &str) -> Result<(), Error> {
    let rest_is_fine =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let first_is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let fine = !bytes.is_empty()
        && bytes.len() <= 63
        && first_is_fine(bytes[0])
        && bytes.iter().all(|&byte| rest_is_fine(byte));
    if fine {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{}` is not a {what} name; use 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit",
        shown(name)
    )))
}

/// Checks a version: 1 to 128 characters, no blanks or control characters, no leading dash.
pub fn check_version(version: &str) -> Result<(), Error> {
    let fine = !version.is_empty()
        && version.chars().count() <= 128
        && !version.starts_with('-')
        && !version
            .chars()
            .any(|character| character.is_control() || character.is_whitespace());
    if fine {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{}` is not a version; use 1 to 128 characters without blanks, not beginning with `-`",
        shown(version)
    )))
}

/// Checks one line of text against its limit: no control characters.
pub fn check_text(field: &str, text: &str, limit: usize) -> Result<(), Error> {
    let length = text.chars().count();
    if length > limit {
        return Err(Error::invalid(format!(
            "`{field}` has {length} characters; at most {limit} fit"
        )));
    }
    if text.chars().any(|character| {
        character.is_control() && !(limit == LONG_TEXT_LIMIT && matches!(character, '\n' | '\t'))
    }) {
        return Err(Error::invalid(format!(
            "`{field}` holds control characters; give it as plain text"
        )));
    }
    Ok(())
}

/// Cuts a hostile name to something that can be shown on one line.
pub fn shown(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(60)
        .flat_map(char::escape_default)
        .collect();
    if text.chars().count() > 60 {
        out.push('…');
    }
    out
}

/// Fields of a server; what is `None` is not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerFields {
    /// A DNS name or an address; `localhost` means this machine.
    pub hostname: Option<String>,
    /// Addresses.
    pub ip_addresses: Option<Vec<String>>,
    /// production, staging, development or homelab.
    pub role: Option<ServerRole>,
    /// How to log in.
    pub ssh_config: Option<SshConfig>,
    /// For instance `Debian 12`.
    pub os: Option<String>,
    /// Processors, memory, disks.
    pub resources: Option<Resources>,
    /// Free words.
    pub tags: Option<Vec<String>>,
    /// online, offline, degraded or unknown.
    pub status: Option<ServerStatus>,
    /// Free text.
    pub notes: Option<String>,
}

/// Fields of a service; what is `None` is not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceFields {
    /// The server it runs on; needed to add one.
    pub server: Option<String>,
    /// app, database, cache, queue or proxy.
    #[serde(rename = "type")]
    pub kind: Option<ServiceType>,
    /// docker, systemd, node, ...
    pub runtime: Option<String>,
    /// 1 to 65,535.
    pub port: Option<i64>,
    /// An `http://` or `https://` address.
    pub health_endpoint: Option<String>,
    /// Free settings, an object.
    pub config: Option<Value>,
    /// Names of environment variables, never values.
    pub env_vars: Option<Vec<String>>,
    /// Absolute folder that commands run in.
    pub project_path: Option<String>,
    /// Address of the repository.
    pub git_repo: Option<String>,
    /// What runs now; set by deploys.
    pub current_version: Option<String>,
    /// Run by `sh -c` with `FJORD_VERSION` set.
    pub deploy_command: Option<String>,
    /// Run by `sh -c`.
    pub restart_command: Option<String>,
    /// Absolute path of its log file.
    pub log_path: Option<String>,
    /// active, paused or retired.
    pub status: Option<ServiceStatus>,
}

/// Fields of a route; what is `None` is not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteFields {
    /// Begins with `/`; none: `/`.
    pub path: Option<String>,
    /// The service that answers; needed to add one.
    pub service: Option<String>,
    /// An HTTP method or `any`; none: `any`.
    pub method: Option<String>,
    /// nginx, caddy, traefik, ...
    pub proxy_type: Option<String>,
    /// Served over TLS.
    pub ssl: Option<bool>,
    /// Free text, for instance `100/m`.
    pub rate_limit: Option<String>,
    /// Behind a login.
    pub auth_required: Option<bool>,
    /// Free text.
    pub notes: Option<String>,
}

/// Fields of a dependency; what is `None` is not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DependencyFields {
    /// The service depended on; this or `external`.
    pub on: Option<String>,
    /// Something outside the inventory, for instance `api.stripe.com`.
    pub external: Option<String>,
    /// database, cache, queue, http, storage or other.
    pub dependency_type: Option<DependencyType>,
    /// The name of the variable that holds the address.
    pub connection_string_env: Option<String>,
    /// False: it can do without.
    pub required: Option<bool>,
    /// Free text.
    pub notes: Option<String>,
}

/// Fields of a secret's registration; never the secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretFields {
    /// The service that uses it.
    pub service: Option<String>,
    /// The server it lies on.
    pub server: Option<String>,
    /// vault, 1password, env-file, ...
    pub secret_manager: Option<String>,
    /// Where the manager keeps it.
    pub path: Option<String>,
    /// RFC 3339 time or `YYYY-MM-DD`.
    pub last_rotated: Option<String>,
    /// For instance `90d`.
    pub rotation_policy: Option<String>,
    /// Free text.
    pub notes: Option<String>,
}
