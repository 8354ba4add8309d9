//! What changes with the inventory and with the settings.

#[path = "facts/commands.rs"]
mod commands;

use std::collections::BTreeMap;

use commands::{ASKED, NAMED, SILENT};

use guard::{
    Assessment, Exception, Facts, Inventory, Project, RuleSetting, ServerFact, ServiceFact,
    Settings, ToolCall, Verdict, assess, explain, facts_needed,
};
use serde_json::json;

fn facts(role: &str) -> Facts {
    let server = |name: &str, local: bool| ServerFact {
        name: name.to_owned(),
        hostname: format!("{name}.example.com"),
        ip_addresses: vec!["203.0.113.7".to_owned()],
        role: role.to_owned(),
        local,
    };
    let service = |name: &str, server: &str, dependents: &[&str]| ServiceFact {
        name: name.to_owned(),
        server: server.to_owned(),
        kind: "app".to_owned(),
        runtime: "docker".to_owned(),
        project_path: (name == "api").then(|| "/srv/api".to_owned()),
        dependents: dependents.iter().map(|&name| name.to_owned()).collect(),
    };
    Facts {
        inventory: Inventory {
            servers: vec![server("web-1", true), server("db-1", false)],
            services: vec![
                service("api", "web-1", &["shop", "jobs", "mail"]),
                service("postgres", "db-1", &["api"]),
            ],
            ..Inventory::default()
        },
        project: Some(Project {
            root: "/home/ann/app".to_owned(),
            under_version_control: true,
        }),
        ..Facts::default()
    }
}

fn judge(command: &str, facts: &Facts, settings: &Settings) -> Assessment {
    let input = json!({"command": command});
    assess(
        &ToolCall {
            tool: "Bash",
            input: &input,
            cwd: "/home/ann/app",
        },
        facts,
        settings,
    )
}

#[test]
fn a_restart_matters_in_production_and_names_who_depends_on_it() {
    for command in [
        "docker restart api",
        "docker compose restart api",
        "systemctl restart api.service",
        "docker restart app-api-1",
        "pm2 restart api",
        "sudo docker stop api",
    ] {
        assert_eq!(
            judge(command, &facts("development"), &Settings::default()).verdict,
            Verdict::None,
            "{command}"
        );
        let found = judge(command, &facts("production"), &Settings::default());
        assert_eq!(found.verdict, Verdict::Ask, "{command}");
        assert!(
            found.reason.contains("`web-1`") && found.reason.contains("`shop`, `jobs` and `mail`"),
            "{}",
            found.reason
        );
    }
    assert_eq!(
        judge(
            "docker restart api",
            &facts("production"),
            &Settings::default()
        )
        .reason,
        "This restarts `api` on the production server `web-1`, and `shop`, `jobs` and `mail` depend on it."
    );
}

#[test]
fn twenty_commands_are_silent_in_development_and_name_server_and_dependents_in_production() {
    const API: &str = "`web-1`, and `shop`, `jobs` and `mail` depend on it.";
    const POSTGRES: &str = "`db-1`, and `api` depends on it.";
    let table = [
        ("docker stop api", API),
        ("docker kill api", API),
        ("docker pause api", API),
        ("docker rm api", API),
        ("docker container restart api", API),
        ("docker restart app_api_1", API),
        ("docker compose stop api", API),
        ("docker-compose restart api", API),
        ("podman restart api", API),
        ("systemctl stop api", API),
        ("systemctl disable --now api.service", API),
        ("service api restart", API),
        ("pm2 delete api", API),
        ("supervisorctl stop api", API),
        ("killall api", API),
        ("cd /srv/api && docker compose down", API),
        ("sudo sh -c 'systemctl restart api'", API),
        ("docker -H ssh://db-1 restart postgres", POSTGRES),
        (
            "ssh ann@db-1.example.com sudo systemctl stop postgres",
            POSTGRES,
        ),
        (
            "ssh db-1 'cd /srv/db && docker compose restart postgres'",
            POSTGRES,
        ),
    ];
    let mut wrong = Vec::new();
    for (command, ending) in table {
        let mild = judge(command, &facts("development"), &Settings::default());
        let strict = judge(command, &facts("production"), &Settings::default());
        let holds = mild.verdict == Verdict::None
            && strict.verdict == Verdict::Ask
            && strict
                .reason
                .ends_with(&format!("on the production server {ending}"));
        if !holds {
            wrong.push(format!("{command}: {mild:?}, {strict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two servers, a database and a cache, applications of two kinds, and their domains.
fn household(role: &str) -> Facts {
    let server = |name: &str, address: &str, local: bool| ServerFact {
        name: name.to_owned(),
        hostname: format!("{name}.example.net"),
        ip_addresses: vec![address.to_owned(), format!("2001:db8::{}", name.len())],
        role: role.to_owned(),
        local,
    };
    let service = |name: &str, server: &str, kind: &str, runtime: &str, dependents: &[&str]| {
        let project_path = (kind == "app").then(|| format!("/srv/{name}"));
        ServiceFact {
            name: name.to_owned(),
            server: server.to_owned(),
            kind: kind.to_owned(),
            runtime: runtime.to_owned(),
            project_path,
            dependents: dependents.iter().map(|&name| name.to_owned()).collect(),
        }
    };
    let domain = |domain: &str, service: &str| guard::DomainFact {
        domain: domain.to_owned(),
        service: service.to_owned(),
    };
    Facts {
        inventory: Inventory {
            servers: vec![
                server("web-1", "203.0.113.7", true),
                server("db-1", "203.0.113.8", false),
                server("store-01", "203.0.113.9", false),
            ],
            services: vec![
                service("shop", "web-1", "app", "docker", &["jobs", "mail"]),
                service("blog", "web-1", "app", "node", &["feed"]),
                service("postgres", "db-1", "database", "docker", &["shop", "blog"]),
                service("search", "store-01", "app", "docker", &["shop"]),
                service("redis", "store-01", "cache", "systemd", &["shop"]),
                service("mongo", "store-01", "database", "docker", &["blog"]),
                service("mysql", "store-01", "database", "docker", &["blog"]),
            ],
            domains: vec![
                domain("shop.example.com", "shop"),
                domain("blog.example.com", "blog"),
            ],
            ..Inventory::default()
        },
        project: Some(Project {
            root: "/home/ann/app".to_owned(),
            under_version_control: true,
        }),
        ..Facts::default()
    }
}

#[test]
fn what_changes_something_is_asked_about_in_production_only() {
    let mut wrong = Vec::new();
    for (command, ending) in ASKED {
        for mild in ["development", "staging", "homelab"] {
            let found = judge(command, &household(mild), &Settings::default());
            if found.verdict != Verdict::None {
                wrong.push(format!("{mild}: {command}: {found:?}"));
            }
        }
        let found = judge(command, &household("production"), &Settings::default());
        if found.verdict != Verdict::Ask || !found.reason.ends_with(ending) {
            wrong.push(format!("production: {command}: {found:?}"));
        }
        let unknown = judge(command, &Facts::default(), &Settings::default());
        if unknown.reason.contains("production") {
            wrong.push(format!("nowhere: {command}: {unknown:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_reads_or_goes_elsewhere_is_silent_in_production_too() {
    let mut wrong = Vec::new();
    for command in SILENT {
        for role in ["development", "production"] {
            let found = judge(command, &household(role), &Settings::default());
            if found.verdict != Verdict::None {
                wrong.push(format!("{role}: {command}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_answered_anyway_names_server_and_dependents_in_production() {
    let mut wrong = Vec::new();
    for (command, ending) in NAMED {
        let mild = judge(command, &household("development"), &Settings::default());
        let strict = judge(command, &household("production"), &Settings::default());
        let holds = mild.verdict > Verdict::None
            && mild.verdict == strict.verdict
            && mild.rule == strict.rule
            && !mild.reason.contains("production server")
            && strict.reason.ends_with(ending);
        if !holds {
            wrong.push(format!("{command}: {mild:?}, {strict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_compose_command_without_a_service_means_its_whole_project() {
    for (command, names) in [
        ("cd /srv/api && docker compose down", "`api`"),
        ("docker-compose --project-directory . stop", ""),
        ("ssh db-1 docker compose down", "`db-1`"),
        ("ssh db-1 'cd /srv/x && docker compose restart'", "`db-1`"),
    ] {
        let mild = judge(command, &facts("development"), &Settings::default());
        assert_eq!(mild.verdict, Verdict::None, "{command}: {}", mild.reason);
        let found = judge(command, &facts("production"), &Settings::default());
        let expected = if names.is_empty() {
            Verdict::None
        } else {
            Verdict::Ask
        };
        assert_eq!(found.verdict, expected, "{command}");
        assert!(found.reason.contains(names), "{}", found.reason);
    }
}

#[test]
fn a_command_over_ssh_is_aimed_at_the_server_it_names() {
    for host in ["db-1", "ann@db-1.example.com", "root@203.0.113.7"] {
        let command = format!("ssh {host} systemctl restart postgres");
        assert_eq!(
            judge(&command, &facts("development"), &Settings::default()).verdict,
            Verdict::None,
            "{host}"
        );
        assert_eq!(
            judge(&command, &facts("production"), &Settings::default()).verdict,
            Verdict::Ask,
            "{host}"
        );
    }
    let found = judge(
        "ssh db-1 'dropdb shop'",
        &facts("production"),
        &Settings::default(),
    );
    assert!(
        found.reason.ends_with(
            "It is aimed at `postgres` on the production server `db-1`, and `api` depends on it."
        ),
        "{}",
        found.reason
    );
}

#[test]
fn a_request_that_deletes_names_the_production_service_behind_its_domain() {
    let mut facts = facts("production");
    facts.inventory.domains.push(guard::DomainFact {
        domain: "api.example.com".to_owned(),
        service: "api".to_owned(),
    });
    let command = "curl -X DELETE https://api.example.com/v1/orders/7";
    assert_eq!(
        judge(command, &facts, &Settings::default()).reason,
        "This deletes something behind `api` on the production server `web-1`, and `shop`, `jobs` and `mail` depend on it."
    );
    let read = "curl https://api.example.com/v1/orders/7";
    assert_eq!(
        judge(read, &facts, &Settings::default()).verdict,
        Verdict::None
    );
}

#[test]
fn settings_go_by_rule_before_field() {
    let rules = BTreeMap::from([
        ("git".to_owned(), RuleSetting::Ask),
        ("git.clean".to_owned(), RuleSetting::Off),
    ]);
    let settings = Settings {
        rules,
        ..Settings::default()
    };
    assert_eq!(
        judge("git reset --hard", &facts("development"), &settings).verdict,
        Verdict::Ask
    );
    assert_eq!(
        judge("git clean -fd", &facts("development"), &settings).verdict,
        Verdict::None
    );
    assert_eq!(
        judge("dropdb shop", &facts("development"), &settings).verdict,
        Verdict::Deny
    );
}

#[test]
fn an_exception_counts_for_its_command_until_its_end() {
    let check = |command: &str, until: &str, today: Option<&str>| {
        let exception = Exception {
            command: "docker volume rm scratch-*".to_owned(),
            until: until.to_owned(),
            ..Exception::default()
        };
        let settings = Settings {
            exceptions: vec![exception],
            today: today.map(str::to_owned),
            ..Settings::default()
        };
        judge(command, &facts("development"), &settings).verdict
    };
    let now = Some("2026-05-02T10:00:00Z");
    assert_eq!(
        check("docker volume rm scratch-1", "2026-05-02", now),
        Verdict::None
    );
    assert_eq!(
        check("docker volume rm scratch-1", "2026-05-02T10:00:01Z", now),
        Verdict::None
    );
    assert_eq!(
        check("docker volume rm scratch-1", "2026-05-02T09:00:00Z", now),
        Verdict::Deny
    );
    assert_eq!(
        check("docker volume rm scratch-1", "2026-05-01", now),
        Verdict::Deny
    );
    assert_eq!(
        check("docker volume rm scratch-1", "2026-05-02", None),
        Verdict::Deny
    );
    assert_eq!(
        check("docker volume rm scratch-1 shop_data", "2026-05-02", now),
        Verdict::Deny
    );
    assert_eq!(
        check("docker volume rm scratch-1; rm -rf /", "2026-05-02", now),
        Verdict::Deny
    );
}

#[test]
fn what_to_look_up_is_named() {
    let input = json!({"command": "cd /srv/shop && docker restart api; ssh db-1 uptime"});
    let needed = facts_needed(&ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/home/ann/app",
    });
    assert_eq!(needed.paths, ["/home/ann/app", "/srv/shop"]);
    assert_eq!(needed.words, ["api", "db-1", "restart", "uptime"]);
}

#[test]
fn the_hosts_in_addresses_options_and_variables_are_named_too() {
    for (command, host) in [
        ("psql postgres://ann:pw@db-1:5432/shop", "db-1"),
        ("DOCKER_HOST=ssh://ann@db-1 docker ps", "db-1"),
        ("PGHOST=db-1 psql", "db-1"),
        ("psql --host=db-1", "db-1"),
        ("rsync -a dist/ ann@web-1:/srv/shop/", "web-1"),
        ("mongosh mongodb://a-1:27017,b-1/shop", "b-1"),
        ("curl https://shop.example.com/v1", "shop.example.com"),
        ("ssh ssh://ann@[2001:db8::8]:2222 uptime", "2001:db8::8"),
    ] {
        let input = json!({"command": command});
        let needed = facts_needed(&ToolCall {
            tool: "Bash",
            input: &input,
            cwd: "/home/ann/app",
        });
        assert!(
            needed.words.iter().any(|word| word == host),
            "{command}: {:?}",
            needed.words
        );
    }
}

#[test]
fn an_explanation_shows_what_would_run_and_what_leads_there() {
    let input = json!({"command": "sudo sh -c 'cd /srv && dropdb shop'"});
    let explained = explain(
        &ToolCall {
            tool: "Bash",
            input: &input,
            cwd: "/home/ann/app",
        },
        &Facts::default(),
        &Settings::default(),
    );
    let part = explained.parts.last().expect("a part");
    assert_eq!(
        (part.text.as_str(), part.cwd.as_deref()),
        ("dropdb shop", Some("/srv"))
    );
    assert_eq!(part.via, ["sudo", "sh -c"]);
    assert_eq!(part.rule.as_deref(), Some("databases.drop"));
    assert_eq!(explained.assessment.verdict, Verdict::Deny);
}
