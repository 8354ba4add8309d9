//! Replies to render: one of each.

use agent::store::rows::{
    Approval, Dependency, DependencyType, Deployment, DeploymentStatus, Event, Execution,
    ExecutionStatus, HealthStatus, Json, Route, Schedule, Secret, Server, ServerRole, ServerStatus,
    Service, ServiceStatus, ServiceType, Severity, Time,
};
use agent::{
    Answered, Brief, Change, Check, CheckState, Delivery, DeployPlan, DeploymentReport,
    DocumentInfo, Evidence, HealthReport, IncidentReport, Learned, PassageInfo, Passages, Prose,
    Question, Reply, ServerState, ServiceDetail, ServiceState, StatusReport, Suspect,
};
use chrono::DateTime;
use serde_json::json;

pub(super) fn at() -> Time {
    DateTime::from_timestamp(1_769_868_300, 0).unwrap()
}

pub(super) fn deployment(status: DeploymentStatus) -> Deployment {
    Deployment {
        id: 7,
        service_id: 1,
        service: "api@web1".to_owned(),
        version: "v2".to_owned(),
        previous_version: Some("v1".to_owned()),
        deployed_by: "telegram:5".to_owned(),
        deploy_method: "telegram deploy".to_owned(),
        status,
        started_at: at(),
        completed_at: Some(at()),
        duration: Some(12_300),
        log: None,
        rollback_version: None,
        notes: None,
        verified: Some(true),
    }
}

pub(super) fn plan(name: &str) -> DeployPlan {
    DeployPlan {
        action: "deploy".to_owned(),
        service: name.to_owned(),
        role: "production".to_owned(),
        from: Some("v1".to_owned()),
        to: "v2".to_owned(),
        deploy_command: "make deploy && echo <done>".to_owned(),
        project_path: "/srv/api".to_owned(),
        health_endpoint: Some("http://127.0.0.1:8080/health".to_owned()),
        rollback_to: Some("v1".to_owned()),
        dependents: vec!["web@web1".to_owned()],
        risks: vec!["it is Friday".to_owned()],
    }
}

pub(super) fn question(name: &str) -> Question {
    Question {
        ticket: agent::ids::ticket(),
        text: format!("deploy `{name}` v1 -> v2"),
        plan: Some(plan(name)),
        expires_at: at(),
    }
}

pub(super) fn report(status: DeploymentStatus, summary: &str, log: &[&str]) -> DeploymentReport {
    DeploymentReport {
        deployment: deployment(status),
        summary: summary.to_owned(),
        log_tail: log.iter().map(|line| (*line).to_owned()).collect(),
    }
}

pub(super) fn server(name: &str) -> Server {
    Server {
        id: 1,
        name: name.to_owned(),
        hostname: name.to_owned(),
        ip_addresses: Json(vec![]),
        role: ServerRole::Production,
        ssh_config: Json::default(),
        os: Some(name.to_owned()),
        resources: Json::default(),
        tags: Json(vec![name.to_owned()]),
        status: ServerStatus::Online,
        last_seen: None,
        notes: Some(name.to_owned()),
        created_at: at(),
        updated_at: at(),
    }
}

pub(super) fn service(name: &str) -> Service {
    Service {
        id: 1,
        name: name.to_owned(),
        server_id: 1,
        server: "web1".to_owned(),
        kind: ServiceType::App,
        runtime: Some(name.to_owned()),
        port: Some(8_080),
        health_endpoint: Some(name.to_owned()),
        health_status: HealthStatus::Healthy,
        last_health_check: Some(at()),
        config: Json(json!({})),
        env_vars: Json(vec![]),
        project_path: Some(name.to_owned()),
        git_repo: Some(name.to_owned()),
        current_version: Some(name.to_owned()),
        deploy_command: Some(name.to_owned()),
        restart_command: None,
        log_path: Some(name.to_owned()),
        status: ServiceStatus::Active,
        created_at: at(),
        updated_at: at(),
    }
}

pub(super) fn route(name: &str) -> Route {
    Route {
        id: 1,
        domain: name.to_owned(),
        path: name.to_owned(),
        service_id: 1,
        service: name.to_owned(),
        method: "GET".to_owned(),
        proxy_type: Some(name.to_owned()),
        ssl: false,
        rate_limit: None,
        auth_required: true,
        notes: None,
        created_at: at(),
        updated_at: at(),
    }
}

pub(super) fn dependency(name: &str) -> Dependency {
    Dependency {
        id: 1,
        service_id: 1,
        service: name.to_owned(),
        depends_on_service_id: None,
        depends_on_service: None,
        depends_on_external: Some(name.to_owned()),
        dependency_type: DependencyType::Database,
        connection_string_env: None,
        required: false,
        notes: None,
        created_at: at(),
    }
}

pub(super) fn approval(name: &str) -> Approval {
    Approval {
        id: 17,
        event: name.to_owned(),
        session: name.to_owned(),
        tool: name.to_owned(),
        digest: name.to_owned(),
        detail: Json(
            json!({ "what": name, "cwd": name, "host": name, "reason": name, "suggestions": [name] }),
        ),
        asked_at: at(),
        expires_at: at(),
        answer: None,
        answered_by: None,
        answered_at: None,
        note: Some(name.to_owned()),
        taken_at: None,
        handed_at: None,
        closed: None,
        closed_at: None,
    }
}

pub(super) fn schedule(name: &str) -> Schedule {
    Schedule {
        id: 3,
        cron: "0 8 * * *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        line: name.to_owned(),
        maker: Json(json!({})),
        next_at: at(),
        last_at: None,
        active: true,
        created_at: at(),
    }
}

pub(super) fn prose(text: &str) -> Prose {
    Prose::Written {
        text: text.to_owned(),
        model: text.to_owned(),
    }
}

/// One of each variant, every free text being `text`.
#[expect(clippy::too_many_lines, reason = "a list with one entry a variant")]
pub(super) fn every_reply(text: &str) -> Vec<Reply> {
    let text = || text.to_owned();
    vec![
        Reply::Status(StatusReport {
            servers: vec![ServerState {
                name: text(),
                role: text(),
                status: ServerStatus::Online,
                services: vec![ServiceState {
                    name: text(),
                    health: HealthStatus::Unhealthy,
                    checked_at: None,
                    version: Some(text()),
                    last_deployment_problem: Some(text()),
                }],
            }],
            running: vec![deployment(DeploymentStatus::InProgress)],
        }),
        Reply::ServiceDetail(vec![ServiceDetail {
            service: service(&text()),
            needs: vec![dependency(&text())],
            needed_by: vec![text()],
            routes: vec![route(&text())],
            deployments: vec![deployment(DeploymentStatus::Success)],
        }]),
        Reply::Health(vec![HealthReport {
            service: text(),
            status: HealthStatus::Unhealthy,
            http_status: Some(500),
            latency_ms: Some(3),
            error: Some(text()),
            endpoint: None,
        }]),
        Reply::Plan(plan(&text())),
        Reply::Confirm(question(&text())),
        Reply::Declined { text: text() },
        Reply::Deployed(report(DeploymentStatus::Failed, &text(), &[&text()])),
        Reply::Cancelling {
            service: text(),
            deployment: 7,
        },
        Reply::History {
            service: text(),
            deployments: vec![deployment(DeploymentStatus::RolledBack)],
        },
        Reply::Events(vec![Event {
            id: 1,
            at: at(),
            server: None,
            service: Some(text()),
            event_type: text(),
            severity: Severity::Error,
            title: text(),
            description: Some(text()),
            metadata: Json(json!({})),
        }]),
        Reply::Brief(Brief {
            at: at(),
            facts: vec![text()],
            prose: prose(&text()),
        }),
        Reply::Incident(IncidentReport {
            text: text(),
            services: vec![text()],
            verdict: text(),
            suspects: vec![Suspect {
                kind: text(),
                name: text(),
                why: text(),
                evidence: vec![1],
            }],
            evidence: vec![Evidence {
                number: 1,
                kind: text(),
                at: Some(at()),
                text: text(),
            }],
            missing: vec![text()],
            prose: prose(&text()),
        }),
        Reply::Learned(Learned {
            id: text(),
            title: text(),
            passages: 2,
            unchanged: false,
            masked: vec![text()],
        }),
        Reply::Passages(Passages {
            query: text(),
            passages: vec![PassageInfo {
                source: text(),
                title: text(),
                heading: Some(text()),
                text: text(),
                score: 0.5,
            }],
            retrieval: text(),
            why: Some(text()),
        }),
        Reply::Approvals(vec![approval(&text())]),
        Reply::Asked(Box::new(approval(&text()))),
        Reply::Answered(Box::new(Answered {
            approval: approval(&text()),
            delivery: Delivery::HandedOn,
        })),
        Reply::Documents(vec![DocumentInfo {
            id: text(),
            source: text(),
            title: text(),
            passages: 1,
            updated_at: at(),
        }]),
        Reply::Forgotten { count: 2 },
        Reply::Servers(vec![server(&text())]),
        Reply::Services(vec![service(&text())]),
        Reply::Routes(vec![route(&text())]),
        Reply::Dependencies(vec![dependency(&text())]),
        Reply::Secrets(vec![Secret {
            id: 1,
            name: text(),
            service_id: None,
            service: Some(text()),
            server_id: None,
            server: None,
            secret_manager: Some(text()),
            path: Some(text()),
            last_rotated: None,
            rotation_policy: Some(text()),
            notes: None,
            created_at: at(),
            updated_at: at(),
        }]),
        Reply::Changed(Change {
            kind: "service".to_owned(),
            name: text(),
            what: "added".to_owned(),
            notes: vec![text()],
        }),
        Reply::Schedules(vec![schedule(&text())]),
        Reply::ScheduleDetail {
            schedule: schedule(&text()),
            executions: vec![Execution {
                id: 1,
                schedule_id: 3,
                due_at: at(),
                started_at: at(),
                finished_at: None,
                status: ExecutionStatus::Failed,
                result: Some(text()),
            }],
        },
        Reply::Ran {
            id: 3,
            reply: Box::new(Reply::Declined { text: text() }),
        },
        Reply::NotRun {
            id: 3,
            line: text(),
            why: text(),
        },
        Reply::Doctor(vec![Check {
            name: text(),
            what: text(),
            state: CheckState::Down,
            version: Some(text()),
            latency_ms: Some(1),
            note: text(),
        }]),
        serde_json::from_value(json!({
            "reply": "judged",
            "data": { "verdict": "deny", "rule": text(), "reason": text(), "alternative": text() },
        }))
        .unwrap(),
        Reply::Context { text: text() },
        Reply::Noted { new: true },
        Reply::Notice(
            serde_json::from_value(json!({
                "session": text(), "at": at(), "kind": "idle_prompt", "cwd": text(), "title": text(), "message": text(),
            }))
            .unwrap(),
        ),
        Reply::AsOf {
            at: at(),
            reply: Box::new(Reply::Declined { text: text() }),
        },
    ]
}
