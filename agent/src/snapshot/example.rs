//! A small inventory for tests: `shop` needs `api`, which needs `postgres`, all on `web1`.

use chrono::DateTime;

use super::{Snapshot, inventory_of};
use crate::store::rows::{
    Dependency, DependencyType, HealthStatus, Json, Resources, Server, ServerRole, ServerStatus,
    Service, ServiceStatus, ServiceType, SshConfig,
};

fn server(id: i64, name: &str, hostname: &str) -> Server {
    Server {
        id,
        name: name.to_owned(),
        hostname: hostname.to_owned(),
        ip_addresses: Json(Vec::new()),
        role: ServerRole::Production,
        ssh_config: Json(SshConfig::default()),
        os: None,
        resources: Json(Resources::default()),
        tags: Json(Vec::new()),
        status: ServerStatus::Online,
        last_seen: None,
        notes: None,
        created_at: DateTime::default(),
        updated_at: DateTime::default(),
    }
}

fn service(id: i64, name: &str) -> Service {
    Service {
        id,
        name: name.to_owned(),
        server_id: 1,
        server: "web1".to_owned(),
        kind: ServiceType::App,
        runtime: None,
        port: None,
        health_endpoint: None,
        health_status: HealthStatus::Healthy,
        last_health_check: None,
        config: Json(serde_json::json!({})),
        env_vars: Json(Vec::new()),
        project_path: None,
        git_repo: None,
        current_version: Some("v1".to_owned()),
        deploy_command: None,
        restart_command: None,
        log_path: None,
        status: ServiceStatus::Active,
        created_at: DateTime::default(),
        updated_at: DateTime::default(),
    }
}

pub(super) fn needs(
    id: i64,
    (service_id, name): (i64, &str),
    (target_id, target): (i64, &str),
) -> Dependency {
    Dependency {
        id,
        service_id,
        service: format!("{name}@web1"),
        depends_on_service_id: Some(target_id),
        depends_on_service: Some(format!("{target}@web1")),
        depends_on_external: None,
        dependency_type: DependencyType::Database,
        connection_string_env: None,
        required: true,
        notes: None,
        created_at: DateTime::default(),
    }
}

/// Returns it, with what the guard sees of it.
pub(crate) fn example() -> Snapshot {
    let mut known = Snapshot {
        servers: vec![
            server(1, "web1", "localhost"),
            server(2, "db1", "db1.example.com"),
        ],
        services: vec![
            service(1, "api"),
            service(2, "postgres"),
            service(3, "shop"),
        ],
        dependencies: vec![
            needs(1, (1, "api"), (2, "postgres")),
            needs(2, (3, "shop"), (1, "api")),
        ],
        ..Snapshot::default()
    };
    known.inventory = inventory_of(&known);
    known
}
