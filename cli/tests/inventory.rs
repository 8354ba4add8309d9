//! The inventory at the terminal.

use crate::home::Home;

#[test]
fn every_field_comes_back_as_it_was_given() {
    let home = Home::new();
    home.run([
        "server",
        "add",
        "web-1",
        "--hostname",
        "web1.example.org",
        "--ip",
        "10.0.0.1,10.0.0.2",
        "--role",
        "staging",
        "--ssh-user",
        "deploy",
        "--ssh-port",
        "2222",
        "--ssh-key",
        "/keys/id",
        "--ssh-jump",
        "jump@gate:22",
        "--os",
        "Debian 12",
        "--cpu",
        "4",
        "--ram",
        "16 GB",
        "--disk",
        "1 TB",
        "--tag",
        "a",
        "--tag",
        "b",
        "--status",
        "online",
        "--notes",
        "in the cellar",
    ])
    .expect(0);
    let server = home.json(["server", "show", "web-1"])["data"][0].clone();
    assert_eq!(
        server["ip_addresses"],
        serde_json::json!(["10.0.0.1", "10.0.0.2"])
    );
    assert_eq!(
        server["ssh_config"],
        serde_json::json!({"user": "deploy", "port": 2222, "keyPath": "/keys/id", "jumpHost": "jump@gate:22"})
    );
    assert_eq!(
        server["resources"],
        serde_json::json!({"cpu": "4", "ram": "16 GB", "disk": "1 TB"})
    );
    assert_eq!(
        (&server["role"], &server["status"], &server["notes"]),
        (&"staging".into(), &"online".into(), &"in the cellar".into())
    );
    home.run([
        "service",
        "add",
        "api",
        "--server",
        "web-1",
        "--type",
        "app",
        "--runtime",
        "node",
        "--port",
        "8080",
        "--health-endpoint",
        "http://127.0.0.1:8080/health",
        "--settings",
        "{\"replicas\": 2}",
        "--env-var",
        "DATABASE_URL,API_KEY",
        "--project-path",
        "/srv/api",
        "--git-repo",
        "git@example.org:api.git",
        "--current-version",
        "v1",
        "--deploy-command",
        "make deploy",
        "--restart-command",
        "make restart",
        "--log-path",
        "/var/log/api.log",
        "--status",
        "paused",
    ])
    .expect(0);
    let service = home.json(["service", "show", "api"])["data"][0].clone();
    assert_eq!(service["config"], serde_json::json!({"replicas": 2}));
    assert_eq!(
        service["env_vars"],
        serde_json::json!(["DATABASE_URL", "API_KEY"])
    );
    assert_eq!(
        (&service["server"], &service["port"], &service["status"]),
        (&"web-1".into(), &8080.into(), &"paused".into())
    );
}

#[test]
fn the_other_kinds_are_added_listed_and_removed() {
    let home = Home::with_service("true");
    home.run([
        "service", "add", "db", "--server", "web", "--type", "database",
    ])
    .expect(0);
    home.run([
        "dep",
        "add",
        "api",
        "--on",
        "db",
        "--type",
        "database",
        "--required=false",
    ])
    .expect(0);
    home.run([
        "route",
        "add",
        "example.org",
        "--service",
        "api",
        "--path",
        "/v1",
        "--ssl",
    ])
    .expect(0);
    home.run([
        "secret",
        "add",
        "api-key",
        "--service",
        "api",
        "--manager",
        "vault",
        "--last-rotated",
        "2026-01-31",
    ])
    .expect(0);
    let dependency = home.json(["dep", "list"])["data"][0].clone();
    assert_eq!(
        (&dependency["depends_on_service"], &dependency["required"]),
        (&"db@web".into(), &false.into())
    );
    assert_eq!(home.json(["route", "list"])["data"][0]["ssl"], true);
    assert!(home.run(["secret", "list"]).expect(0).out.contains("vault"));
    let refused = home.run(["service", "remove", "db"]).expect(1);
    assert!(refused.err.contains("api"), "{}", refused.err);
    let empty = home.run(["service", "set", "db"]).expect(64);
    assert!(empty.err.contains("--deploy-command"), "{empty:?}");
    home.run(["dep", "remove", "api", "--yes"]).expect(0);
    home.run(["service", "remove", "db"]).expect(0);
}

#[test]
fn a_name_that_fits_several_lists_them() {
    let home = Home::new();
    for name in ["web-1", "web-2"] {
        home.run(["server", "add", name, "--hostname", "localhost"])
            .expect(0);
    }
    let refused = home.run(["server", "show", "web", "--json"]).expect(1);
    assert_eq!(
        refused.document()["error"]["candidates"],
        serde_json::json!(["web-1", "web-2"])
    );
    home.run(["server", "show", "b-1"]).expect(0);
}

#[test]
fn hostile_names_are_refused_and_shown_harmlessly() {
    let home = Home::with_service("true");
    for name in [
        "x;rm -rf /",
        "a'b\"c",
        "two\nlines",
        "\u{1b}[2Jx",
        "../../etc/passwd",
        "UPPER",
        "",
        "$(reboot)",
    ] {
        let refused = home
            .run(["server", "add", name, "--hostname", "localhost"])
            .expect(64);
        assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
        assert!(!refused.err.contains('\u{1b}'), "{refused:?}");
        assert_ne!(home.run(["status", name, "--json"]).code, 101);
        assert_ne!(home.run(["deploy", name, "--version", "v1"]).code, 0);
    }
    let long = "a".repeat(64);
    home.run(["server", "add", &long, "--hostname", "localhost"])
        .expect(64);
    assert_eq!(
        home.json(["server", "list"])["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_empty_inventory_names_the_next_step() {
    let home = Home::new();
    for (kind, hint) in [
        ("server", "fjord server add"),
        ("service", "fjord service add"),
        ("route", "fjord route add"),
        ("dep", "fjord dep add"),
        ("secret", "fjord secret add"),
    ] {
        let text = home.run([kind, "list"]).expect(0).out;
        assert!(text.contains(hint), "{text}");
        assert_eq!(home.json([kind, "list"])["data"], serde_json::json!([]));
    }
    assert!(
        home.run(["status"])
            .expect(0)
            .out
            .contains("fjord server add")
    );
}
