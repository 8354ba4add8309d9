use serde_json::json;

use super::*;
use crate::store::rows::Json;

fn row(command: &str, cwd: &str) -> HookEventRow {
    HookEventRow {
        event: "e1".to_owned(),
        session: "5f6c1e2a-0000".to_owned(),
        at: "2026-03-01T12:00:00Z".parse().unwrap(),
        name: "PostToolUse".to_owned(),
        tool: Some("Bash".to_owned()),
        cwd: cwd.to_owned(),
        verdict: None,
        rule: None,
        detail: Json(json!({ "command": command })),
    }
}

#[track_caller]
fn kind_of(command: &str, expected: &str) {
    let row = row(command, "/work");
    let steps = crate::memory::steps(&row, None);
    let found = steps.iter().find_map(kind).unwrap_or("nothing");
    assert_eq!(found, expected, "{command}");
}

#[test]
fn what_changes_the_infrastructure_is_told_from_what_looks() {
    for (command, expected) in [
        ("sudo systemctl restart api", "restart"),
        ("systemctl status api", "nothing"),
        ("docker compose -f ops/dev.yml up -d web", "deploy"),
        ("docker compose ps", "nothing"),
        ("docker ps -a", "nothing"),
        ("kubectl -n shop apply -f api.yaml", "deploy"),
        ("kubectl apply -f api.yaml -n shop", "deploy"),
        ("kubectl apply -f api.yaml --dry-run=client", "nothing"),
        ("kubectl get pods", "nothing"),
        ("kubectl scale deployment/api --replicas=3", "scale"),
        ("helm upgrade api ./chart", "deploy"),
        ("terraform plan", "nothing"),
        ("terraform apply -auto-approve", "deploy"),
        ("ansible-playbook site.yml", "deploy"),
        ("ansible-playbook site.yml --check", "nothing"),
        ("psql shop -c 'ALTER TABLE t ADD c int'", "migration"),
        ("psql shop -c 'select 1'", "nothing"),
        ("python manage.py migrate", "migration"),
        ("python manage.py test", "nothing"),
        ("npm run deploy", "deploy"),
        ("npm run test:deploy", "nothing"),
        ("./scripts/deploy.sh v3", "deploy"),
        ("cat deploy.sh", "nothing"),
        ("echo 'systemctl restart api'", "nothing"),
        ("git push origin main", "push"),
        ("git push --dry-run", "nothing"),
        ("fjord deploy api v2", "nothing"),
        ("ssh deploy@web1 'systemctl restart api'", "restart"),
        ("npm test", "nothing"),
        ("service nginx restart", "restart"),
    ] {
        kind_of(command, expected);
    }
}

#[track_caller]
fn touches(command: &str, cwd: &str, expected: &str) {
    let snapshot = crate::snapshot::example();
    let row = row(command, cwd);
    let steps = crate::memory::steps(&row, None);
    let known = Known {
        snapshot: Some(&snapshot),
        ..Known::default()
    };
    let (_, events) = changes(&row, &steps, &known);
    let found: Vec<String> = events
        .into_iter()
        .filter_map(|event| event.service.or(event.server).map(|(_, name)| name))
        .collect();
    assert_eq!(found.join(" "), expected, "{command}");
}

#[test]
fn a_change_finds_its_service() {
    let snapshot = crate::snapshot::example();
    let service = &snapshot.services[0];
    let (name, full) = (&service.name, service.full_name());
    touches(
        &format!(
            "ssh {} sudo systemctl restart {name}.service",
            service.server
        ),
        "/work",
        &full,
    );
    touches(
        &format!("ssh nowhere sudo systemctl restart {name}"),
        "/work",
        "",
    );
    touches("npm test", "/work", "");
    touches("git push", "/nowhere/else", "");
}

#[test]
fn a_container_names_its_service() {
    assert!(
        names("shop-api-1", "api") && names("deployment/api", "api") && names("api.service", "API")
    );
    assert!(names("registry.example/team/api:v3", "api"));
    assert!(!names("shop-api", "api") && !names("apis", "api") && !names("--api", "api"));
}
