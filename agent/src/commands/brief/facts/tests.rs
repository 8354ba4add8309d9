//! Rows in, facts out.

use serde_json::json;

use super::*;

fn now() -> Time {
    "2025-03-01T12:00:00Z".parse().unwrap()
}

fn empty() -> Found {
    Found {
        now: now(),
        servers: Vec::new(),
        services: Vec::new(),
        deployments: Vec::new(),
        last: Vec::new(),
        unfinished: Vec::new(),
        events: Vec::new(),
        secrets: Vec::new(),
        waiting: 0,
        lately: TimeDelta::minutes(3),
    }
}

fn service(name: &str, health: &str, asked_at: &str) -> Service {
    serde_json::from_value(json!({
        "id": 1, "name": name, "server_id": 1, "server": "web1", "type": "app", "runtime": null, "port": null,
        "health_endpoint": "http://127.0.0.1:1/health", "health_status": health, "last_health_check": asked_at,
        "config": {}, "env_vars": [], "project_path": null, "git_repo": null, "current_version": "v2",
        "deploy_command": null, "restart_command": null, "log_path": null, "status": "active",
        "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
    }))
    .unwrap()
}

fn deployment(id: i64, status: &str, notes: Option<&str>) -> Deployment {
    serde_json::from_value(json!({
        "id": id, "service_id": 1, "service": "api@web1", "version": "v2", "previous_version": "v1",
        "deployed_by": "local:1000", "deploy_method": "argv deploy", "status": status,
        "started_at": "2025-03-01T09:00:00Z", "completed_at": null, "duration": null, "log": null,
        "rollback_version": null, "notes": notes, "verified": null,
    }))
    .unwrap()
}

fn event(severity: &str, kind: &str, title: &str) -> Event {
    serde_json::from_value(json!({
        "id": 1, "at": "2025-03-01T11:50:00Z", "server": "web1", "service": "api@web1", "event_type": kind,
        "severity": severity, "title": title, "description": null, "metadata": {},
    }))
    .unwrap()
}

fn secret(name: &str, rotated: Option<&str>, policy: &str) -> Secret {
    serde_json::from_value(json!({
        "id": 1, "name": name, "service_id": null, "service": null, "server_id": null, "server": null,
        "secret_manager": null, "path": null, "last_rotated": rotated, "rotation_policy": policy, "notes": null,
        "created_at": "2025-02-28T00:00:00Z", "updated_at": "2025-02-28T00:00:00Z",
    }))
    .unwrap()
}

#[test]
fn nothing_is_wrong_is_an_answer() {
    let found = Found {
        services: vec![service("api", "healthy", "2025-03-01T11:59:00Z")],
        deployments: vec![deployment(3, "success", None)],
        ..empty()
    };
    assert_eq!(
        facts(&found),
        [
            "nothing is wrong",
            "1 deployment succeeded in the last 24 h: api@web1 v2",
            "the one service is healthy",
            "the one health endpoint was asked within 3 min",
        ]
    );
}

#[test]
fn an_empty_inventory_is_said() {
    assert_eq!(
        facts(&empty()),
        ["nothing is wrong", "no service is in the inventory"]
    );
}

#[test]
fn problems_come_first_and_in_a_fixed_order() {
    let found = Found {
        services: vec![
            service("web", "healthy", "2025-03-01T11:59:00Z"),
            service("cache", "degraded", "2025-03-01T11:59:30Z"),
            service("api", "unhealthy", "2025-03-01T09:00:00Z"),
        ],
        deployments: vec![
            deployment(4, "rolled_back", Some("the health check failed: HTTP 500")),
            deployment(3, "success", None),
        ],
        events: vec![
            event("warning", "throttle", "redis is not available"),
            event("error", "deploy", "deployment 4 of api@web1 rolled back"),
            event("warning", "throttle", "redis is not available"),
            event("critical", "health", "api@web1 is unhealthy"),
        ],
        secrets: vec![
            secret("db-password", Some("2024-11-01T00:00:00Z"), "90d"),
            secret("fresh", Some("2025-02-20T00:00:00Z"), "90d"),
            secret("free", None, "whenever"),
        ],
        waiting: 2,
        ..empty()
    };
    assert_eq!(
        facts(&found),
        [
            "api@web1 is unhealthy, asked 3 h ago, version v2",
            "cache@web1 is degraded, asked just now, version v2",
            "deployment 4 of api@web1 to v2 failed and was rolled back 3 h ago: the health check failed: HTTP 500",
            "critical: api@web1 is unhealthy (10 min ago)",
            "warning: api@web1: redis is not available (2 times, last 10 min ago)",
            "secret db-password is overdue for rotation by 30 days (last rotated 2024-11-01, policy 90d)",
            "2 messages wait to be sent",
            "1 deployment succeeded in the last 24 h: api@web1 v2",
            "1 of 3 services are healthy",
            "1 of 3 health endpoints was not asked within 3 min: api@web1",
        ]
    );
}

#[test]
fn a_cancelled_deployment_leaves_open_what_runs_until_the_health_is_asked() {
    let cancelled = || {
        let mut row = deployment(9, "cancelled", Some("its command was killed"));
        row.completed_at = Some("2025-03-01T09:01:00Z".parse().unwrap());
        row
    };
    let found = |asked_at| Found {
        services: vec![service("api", "healthy", asked_at)],
        deployments: vec![cancelled()],
        last: vec![cancelled()],
        lately: TimeDelta::days(1),
        ..empty()
    };
    assert_eq!(
        facts(&found("2025-03-01T08:59:00Z")),
        [
            "api@web1 was not asked since deployment 9 (cancelled) of 3 h ago",
            "deployment 9 of api@web1 to v2 was cancelled 3 h ago; what runs is unknown: its command was killed",
            "the one health endpoint was asked within 24 h",
        ]
    );
    assert_eq!(
        facts(&found("2025-03-01T09:02:00Z")),
        [
            "deployment 9 of api@web1 to v2 was cancelled 3 h ago: its command was killed",
            "the one service is healthy",
            "the one health endpoint was asked within 24 h",
        ]
    );
}

#[test]
fn an_interrupted_deployment_is_not_known_by_a_check_in_the_middle_of_it() {
    let mut row = deployment(9, "interrupted", None);
    row.completed_at = Some("2025-03-01T09:30:00Z".parse().unwrap());
    let found = Found {
        services: vec![
            service("api", "unhealthy", "2025-03-01T09:10:00Z"),
            Service {
                id: 2,
                ..service("web", "healthy", "2025-03-01T11:59:00Z")
            },
        ],
        deployments: vec![row.clone()],
        last: vec![row],
        lately: TimeDelta::days(1),
        ..empty()
    };
    assert_eq!(
        facts(&found),
        [
            "api@web1 was not asked since deployment 9 (interrupted) of 3 h ago",
            "deployment 9 of api@web1 to v2 was interrupted 3 h ago; what runs is unknown",
            "1 of 2 services are healthy, 1 not asked since the last deployment",
            "all 2 health endpoints were asked within 24 h",
        ]
    );
}

#[test]
fn successes_are_counted_by_service() {
    let named = |id, service: &str, version: &str| Deployment {
        service: service.to_owned(),
        version: version.to_owned(),
        ..deployment(id, "success", None)
    };
    let found = Found {
        deployments: vec![
            named(7, "api@web1", "v2"),
            named(6, "web@web1", "v9"),
            named(5, "api@web1", "v1"),
            named(4, "shop@web1", "v2"),
            named(3, "shop@web1", "v1"),
            named(2, "mail@web1", "v1"),
            named(1, "api@web1", "v1"),
        ],
        ..empty()
    };
    assert_eq!(
        facts(&found)[1],
        "7 deployments succeeded in the last 24 h: \
         api@web1 3 times, last v2; web@web1 v9; shop@web1 twice, last v2; one more service"
    );
}

#[test]
fn a_bad_day_still_fits_twenty_facts() {
    let found = Found {
        services: (0..40)
            .map(|number| service(&format!("s{number}"), "unhealthy", "2025-03-01T11:59:00Z"))
            .collect(),
        deployments: (0..40).map(|id| deployment(id, "failed", None)).collect(),
        events: (0..40)
            .map(|number| event("error", "health", &format!("number {number} failed")))
            .collect(),
        secrets: (0..40)
            .map(|number| secret(&format!("k{number}"), Some("2020-01-01T00:00:00Z"), "1y"))
            .collect(),
        waiting: 9,
        ..empty()
    };
    let facts = facts(&found);
    assert_eq!(facts.len(), 20, "{facts:#?}");
    assert_eq!(facts[6], "34 more services are not healthy");
    assert!(facts[19].starts_with("and "), "{}", facts[19]);
}

#[test]
fn what_was_written_by_others_stays_on_its_line() {
    let found = Found {
        deployments: vec![deployment(4, "failed", Some("one\ntwo\u{1b}[2J"))],
        ..empty()
    };
    assert_eq!(
        facts(&found)[0],
        "deployment 4 of api@web1 to v2 failed 3 h ago: one two[2J"
    );
}

#[track_caller]
fn check_policy(policy: &str, days: Option<i64>) {
    assert_eq!(days_of(policy).map(|every| every.num_days()), days);
}

#[test]
fn rotation_policies_are_read() {
    check_policy("90d", Some(90));
    check_policy(" 12 weeks ", Some(84));
    check_policy("6m", Some(180));
    check_policy("1y", Some(365));
    check_policy("30", Some(30));
    check_policy("0d", None);
    check_policy("when asked", None);
    check_policy("99999999999999999999d", None);
    check_policy("9223372036854775807y", None);
}
