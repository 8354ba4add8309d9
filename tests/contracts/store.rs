//! What the store promises, whatever database is behind it.

mod approvals;
mod inventory;
mod memory;
mod projects;
mod records;
pub(crate) mod work;

use agent::store::Store;
use agent::store::rows::{
    HealthStatus, Json, Resources, Server, ServerRole, ServerStatus, Service, ServiceStatus,
    ServiceType, SshConfig, Time,
};
use chrono::TimeDelta;
use serde_json::json;

/// A time with microseconds, because Postgres keeps no more and SQLite must not keep less.
pub(crate) fn noon() -> Time {
    "2026-03-01T12:00:00.123456Z".parse().unwrap()
}

pub(crate) fn after(seconds: i64) -> Time {
    noon() + TimeDelta::seconds(seconds)
}

/// A server with every field filled.
pub(crate) fn server(name: &str) -> Server {
    Server {
        id: 0,
        name: name.to_owned(),
        hostname: format!("{name}.example.com"),
        ip_addresses: Json(vec!["10.0.0.1".to_owned(), "2001:db8::1".to_owned()]),
        role: ServerRole::Production,
        ssh_config: Json(SshConfig {
            user: Some("deploy".to_owned()),
            port: Some(2222),
            key_path: Some("~/.ssh/id_ed25519".to_owned()),
            jump_host: Some("ops@jump.example.com:22".to_owned()),
        }),
        os: Some("Debian 12".to_owned()),
        resources: Json(Resources {
            cpu: Some("4".to_owned()),
            ram: Some("16 GB".to_owned()),
            disk: None,
        }),
        tags: Json(vec![
            "eu".to_owned(),
            "it's \"quoted\"; drop table servers".to_owned(),
        ]),
        status: ServerStatus::Unknown,
        last_seen: None,
        notes: Some("Küche, 台所".to_owned()),
        created_at: noon(),
        updated_at: noon(),
    }
}

/// A service with every field filled.
pub(crate) fn service(name: &str, server: (i64, &str)) -> Service {
    Service {
        id: 0,
        name: name.to_owned(),
        server_id: server.0,
        server: server.1.to_owned(),
        kind: ServiceType::App,
        runtime: Some("systemd".to_owned()),
        port: Some(8080),
        health_endpoint: Some("http://127.0.0.1:8080/health".to_owned()),
        health_status: HealthStatus::Unknown,
        last_health_check: None,
        config: Json(json!({ "replicas": 2, "nested": { "list": [1, null, "x"] } })),
        env_vars: Json(vec!["DATABASE_URL".to_owned()]),
        project_path: Some("/srv/api".to_owned()),
        git_repo: Some("git@example.com:team/api.git".to_owned()),
        current_version: Some("v1".to_owned()),
        deploy_command: Some("./deploy.sh".to_owned()),
        restart_command: Some("systemctl restart api".to_owned()),
        log_path: Some("/var/log/api.log".to_owned()),
        status: ServiceStatus::Active,
        created_at: noon(),
        updated_at: noon(),
    }
}

/// A server named `web1` and the service `api` on it; returns the service's id.
pub(crate) async fn an_api(store: &Store) -> i64 {
    let web1 = store.insert_server(&server("web1")).await.unwrap().unwrap();
    store
        .insert_service(&service("api", (web1, "web1")))
        .await
        .unwrap()
        .unwrap()
}

/// Runs the same act of eight owners at once and returns what each got.
pub(crate) async fn at_once<T: Send + 'static, F>(
    store: &Store,
    act: impl Fn(Store, usize) -> F,
) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..8)
        .map(|number| tokio::spawn(act(store.clone(), number)))
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
