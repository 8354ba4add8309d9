//! The inventory: lists as tables, one item in full.

use agent::Change;
use agent::store::rows::{Dependency, Route, Secret, Server, Service};
use chrono::{DateTime, Utc};

use super::words;
use crate::output::{mark, marked};

/// Renders the servers.
pub(super) fn servers(servers: &[Server], now: DateTime<Utc>) -> String {
    if servers.is_empty() {
        return "no servers; `fjord server add NAME --hostname HOST --role production` adds one"
            .to_owned();
    }
    let rows = servers.iter().map(|server| {
        [
            server.name.clone(),
            server.hostname.clone(),
            server.role.to_string(),
            words::server(server.status),
            server
                .last_seen
                .map_or_else(|| "never".to_owned(), |at| words::age(at, now)),
            words::list(&server.tags.0),
        ]
    });
    words::table(["name", "hostname", "role", "status", "seen", "tags"], rows)
}

/// Renders one server in full.
pub(super) fn server(server: &Server, now: DateTime<Utc>) -> String {
    let ssh = &server.ssh_config.0;
    let login = [
        ssh.user.as_ref().map(|user| format!("user {user}")),
        ssh.port.map(|port| format!("port {port}")),
        ssh.key_path.as_ref().map(|path| format!("key {path}")),
        ssh.jump_host.as_ref().map(|host| format!("through {host}")),
    ];
    let resources = &server.resources.0;
    let has = [
        resources.cpu.as_ref().map(|cpu| format!("cpu {cpu}")),
        resources.ram.as_ref().map(|ram| format!("ram {ram}")),
        resources.disk.as_ref().map(|disk| format!("disk {disk}")),
    ];
    words::fields(
        &server.name,
        &[
            ("hostname", server.hostname.clone()),
            ("addresses", words::list(&server.ip_addresses.0)),
            ("role", server.role.to_string()),
            ("status", words::server(server.status)),
            (
                "seen",
                server
                    .last_seen
                    .map_or_else(|| "never".to_owned(), |at| words::age(at, now)),
            ),
            ("ssh", joined(login)),
            ("os", words::or_dash(server.os.as_deref())),
            ("resources", joined(has)),
            ("tags", words::list(&server.tags.0)),
            ("notes", words::or_dash(server.notes.as_deref())),
        ],
    )
}

/// Renders the services.
pub(super) fn services(services: &[Service]) -> String {
    if services.is_empty() {
        return "no services; `fjord service add NAME --server SERVER --deploy-command COMMAND --project-path DIR` adds one".to_owned();
    }
    let rows = services.iter().map(|service| {
        [
            service.name.clone(),
            service.server.clone(),
            service.kind.to_string(),
            words::or_dash(service.runtime.as_deref()),
            words::or_dash(service.current_version.as_deref()),
            words::health(service.health_status),
            service.status.to_string(),
        ]
    });
    words::table(
        [
            "name", "server", "type", "runtime", "version", "health", "status",
        ],
        rows,
    )
}

/// Renders one service in full.
pub(super) fn service(service: &Service, now: DateTime<Utc>) -> String {
    let checked = service
        .last_health_check
        .map_or_else(|| "never asked".to_owned(), |at| words::age(at, now));
    let settings = match &service.config.0 {
        serde_json::Value::Null => String::new(),
        serde_json::Value::Object(object) if object.is_empty() => String::new(),
        value => value.to_string(),
    };
    words::fields(
        &service.full_name(),
        &[
            ("type", service.kind.to_string()),
            ("runtime", words::or_dash(service.runtime.as_deref())),
            ("status", service.status.to_string()),
            (
                "health",
                format!("{} ({checked})", words::health(service.health_status)),
            ),
            (
                "version",
                words::or_dash(service.current_version.as_deref()),
            ),
            (
                "port",
                service
                    .port
                    .map_or_else(String::new, |port| port.to_string()),
            ),
            (
                "health endpoint",
                words::or_dash(
                    service
                        .health_endpoint
                        .as_deref()
                        .map(config::mask_url)
                        .as_deref(),
                ),
            ),
            (
                "project path",
                words::or_dash(service.project_path.as_deref()),
            ),
            (
                "git repository",
                words::or_dash(service.git_repo.as_deref()),
            ),
            (
                "deploy command",
                words::or_dash(service.deploy_command.as_deref()),
            ),
            (
                "restart command",
                words::or_dash(service.restart_command.as_deref()),
            ),
            ("log path", words::or_dash(service.log_path.as_deref())),
            ("variables", words::list(&service.env_vars.0)),
            ("settings", settings),
        ],
    )
}

/// Renders the routes.
pub(super) fn routes(routes: &[Route]) -> String {
    if routes.is_empty() {
        return "no routes; `fjord route add DOMAIN --service SERVICE` adds one".to_owned();
    }
    let rows = routes.iter().map(|route| {
        [
            format!("{}{}", route.domain, route.path),
            route.method.clone(),
            route.service.clone(),
            words::or_dash(route.proxy_type.as_deref()),
            yes_or_no(route.ssl),
            yes_or_no(route.auth_required),
        ]
    });
    words::table(
        ["route", "method", "service", "proxy", "tls", "login"],
        rows,
    )
}

/// Renders one route in full.
pub(super) fn route(route: &Route) -> String {
    words::fields(
        &format!("{}{}", route.domain, route.path),
        &[
            ("method", route.method.clone()),
            ("service", route.service.clone()),
            ("proxy", words::or_dash(route.proxy_type.as_deref())),
            ("tls", yes_or_no(route.ssl)),
            ("login", yes_or_no(route.auth_required)),
            ("rate limit", words::or_dash(route.rate_limit.as_deref())),
            ("notes", words::or_dash(route.notes.as_deref())),
        ],
    )
}

/// Renders the dependencies.
pub(super) fn dependencies(dependencies: &[Dependency]) -> String {
    if dependencies.is_empty() {
        return "no dependencies; `fjord dep add SERVICE --on SERVICE` adds one".to_owned();
    }
    let rows = dependencies.iter().map(|dependency| {
        [
            dependency.id.to_string(),
            dependency.service.clone(),
            dependency.target().to_owned(),
            dependency.dependency_type.to_string(),
            yes_or_no(dependency.required),
            words::or_dash(dependency.connection_string_env.as_deref()),
        ]
    });
    words::table(
        ["id", "service", "needs", "type", "required", "variable"],
        rows,
    )
}

/// Renders one dependency in full.
pub(super) fn dependency(dependency: &Dependency) -> String {
    words::fields(
        &format!("{} needs {}", dependency.service, dependency.target()),
        &[
            ("id", dependency.id.to_string()),
            ("type", dependency.dependency_type.to_string()),
            ("required", yes_or_no(dependency.required)),
            (
                "variable",
                words::or_dash(dependency.connection_string_env.as_deref()),
            ),
            ("notes", words::or_dash(dependency.notes.as_deref())),
        ],
    )
}

/// Renders where secrets are kept.
pub(super) fn secrets(secrets: &[Secret], now: DateTime<Utc>) -> String {
    if secrets.is_empty() {
        return "no secrets registered; `fjord secret add NAME --manager vault --path PATH` registers where one is kept".to_owned();
    }
    let rows = secrets.iter().map(|secret| {
        [
            secret.name.clone(),
            words::or_dash(secret.service.as_deref().or(secret.server.as_deref())),
            words::or_dash(secret.secret_manager.as_deref()),
            words::or_dash(secret.path.as_deref()),
            secret
                .last_rotated
                .map_or_else(|| "never".to_owned(), |at| words::age(at, now)),
            words::or_dash(secret.rotation_policy.as_deref()),
        ]
    });
    words::table(["name", "of", "manager", "path", "rotated", "policy"], rows)
}

/// Renders one secret's registration in full.
pub(super) fn secret(secret: &Secret, now: DateTime<Utc>) -> String {
    words::fields(
        &secret.name,
        &[
            ("service", words::or_dash(secret.service.as_deref())),
            ("server", words::or_dash(secret.server.as_deref())),
            ("manager", words::or_dash(secret.secret_manager.as_deref())),
            ("path", words::or_dash(secret.path.as_deref())),
            (
                "rotated",
                secret
                    .last_rotated
                    .map_or_else(|| "never".to_owned(), |at| words::age(at, now)),
            ),
            ("policy", words::or_dash(secret.rotation_policy.as_deref())),
            ("notes", words::or_dash(secret.notes.as_deref())),
        ],
    )
}

/// Renders that an item was added, changed or removed.
pub(super) fn changed(change: &Change) -> String {
    let mut out = format!("{} {} `{}`", change.what, change.kind, change.name);
    for note in &change.notes {
        out.push_str(&format!("\n{} {note}", marked(mark::WARN, "note:")));
    }
    out
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    words::list(&parts)
}

fn yes_or_no(value: bool) -> String {
    (if value { "yes" } else { "no" }).to_owned()
}
