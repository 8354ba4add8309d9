//! Servers, services and what belongs to them.

use agent::store::rows::{Dependency, HealthStatus, Route, Secret, Server, ServerStatus, Service};
use agent::{Change, HealthReport, ServiceDetail, ServiceState, StatusReport};

use super::{counted, deploy, dotted, length_of, listed, moment};
use crate::text::{Page, code, escape};

/// Renders the state of everything, problems first.
pub(super) fn status(report: &StatusReport) -> Page {
    let services: Vec<&ServiceState> = report
        .servers
        .iter()
        .flat_map(|server| &server.services)
        .collect();
    let servers_down = report.servers.iter().filter(|server| {
        matches!(
            server.status,
            ServerStatus::Offline | ServerStatus::Degraded
        )
    });
    let problems = services
        .iter()
        .filter(|service| has_problem(service))
        .count()
        + servers_down.count();
    let mut page = if report.servers.is_empty() {
        Page::new("status").head(
            "empty",
            "no server is known yet; `fjord server add` at the terminal adds one",
        )
    } else if problems > 0 {
        Page::new("status").head(&counted(problems as u64, "problem"), "")
    } else {
        let unknown = services
            .iter()
            .filter(|service| service.health == HealthStatus::Unknown)
            .count();
        let rest = if unknown == 0 {
            String::new()
        } else {
            format!("; {unknown} never checked")
        };
        let counts = format!(
            "{}, {}{rest}",
            counted(length_of(&report.servers), "server"),
            counted(length_of(&services), "service")
        );
        Page::new("status").head("ok", &counts)
    };
    for server in &report.servers {
        page.gap().html(dotted([
            Some(format!("<b>{}</b>", escape(&server.name))),
            Some(escape(&server.role)),
            Some(server.status.as_str().to_owned()),
        ]));
        for service in &server.services {
            page.html(state_line(service));
        }
    }
    deploy::running(&mut page, &report.running);
    page
}

/// Renders services in detail.
pub(super) fn details(details: &[ServiceDetail]) -> Page {
    let mut page = match details {
        [] => Page::new("service").head("none", "no such service"),
        [one] => Page::new("service").head(
            one.service.health_status.as_str(),
            &format!("`{}`", one.service.full_name()),
        ),
        several => Page::new("service").head(&counted(length_of(several), "service"), ""),
    };
    for detail in details {
        if details.len() > 1 {
            page.gap().html(format!(
                "<b>{}</b>: {}",
                escape(&detail.service.full_name()),
                detail.service.health_status
            ));
        }
        detail_lines(&mut page, detail);
    }
    page
}

/// Renders health endpoints asked just now.
pub(super) fn health(reports: &[HealthReport]) -> Page {
    if reports.is_empty() {
        return Page::new("health").head("none", "no service has a health endpoint");
    }
    let bad = reports
        .iter()
        .filter(|report| report.status != HealthStatus::Healthy)
        .count();
    let mut page = if bad == 0 {
        Page::new("health").head(
            "ok",
            &format!("{} healthy", counted(length_of(reports), "service")),
        )
    } else {
        Page::new("health").head("not healthy", &format!("{bad} of {}", reports.len()))
    };
    for report in reports {
        page.html(dotted([
            Some(code(&report.service)),
            Some(health_word(report.status).to_owned()),
            report.http_status.map(|status| format!("HTTP {status}")),
            report.latency_ms.map(|time| format!("{time} ms")),
            report.error.as_deref().map(escape),
        ]));
    }
    page
}

pub(super) fn servers(servers: &[Server]) -> Page {
    listed(
        servers,
        ("servers", "server", "no server is known yet"),
        |server| {
            dotted([
                Some(format!("<b>{}</b>", escape(&server.name))),
                Some(escape(&server.hostname)),
                Some(server.role.as_str().to_owned()),
                Some(server.status.as_str().to_owned()),
                server.os.as_deref().map(escape),
                Some(escape(&server.tags.0.join(", "))),
                server.notes.as_deref().map(escape),
            ])
        },
    )
}

pub(super) fn services(services: &[Service]) -> Page {
    listed(
        services,
        ("services", "service", "no service is known yet"),
        |service| {
            dotted([
                Some(code(&service.full_name())),
                Some(service.kind.as_str().to_owned()),
                service.current_version.as_deref().map(escape),
                Some(health_word(service.health_status).to_owned()),
            ])
        },
    )
}

pub(super) fn routes(routes: &[Route]) -> Page {
    listed(
        routes,
        ("routes", "route", "no route is known yet"),
        route_line,
    )
}

pub(super) fn dependencies(dependencies: &[Dependency]) -> Page {
    listed(
        dependencies,
        (
            "dependencies",
            "dependency entry",
            "no dependency is known yet",
        ),
        |dependency| format!("{} needs {}", code(&dependency.service), need(dependency)),
    )
}

pub(super) fn secrets(secrets: &[Secret]) -> Page {
    listed(
        secrets,
        ("secrets", "secret", "no secret is registered"),
        |secret| {
            dotted([
                Some(format!("<b>{}</b>", escape(&secret.name))),
                secret
                    .service
                    .as_deref()
                    .or(secret.server.as_deref())
                    .map(code),
                secret.secret_manager.as_deref().map(escape),
                secret.path.as_deref().map(escape),
                secret.last_rotated.map_or_else(
                    || Some("never rotated".to_owned()),
                    |at| Some(format!("rotated {}", moment(at))),
                ),
                secret.rotation_policy.as_deref().map(escape),
            ])
        },
    )
}

pub(super) fn changed(change: &Change) -> Page {
    let mut page = Page::new("change").head(
        "ok",
        &format!("{} `{}` {}", change.kind, change.name, change.what),
    );
    for note in &change.notes {
        page.say(note);
    }
    page
}

fn detail_lines(page: &mut Page, detail: &ServiceDetail) {
    let service = &detail.service;
    page.html(dotted([
        Some(service.current_version.as_deref().map_or_else(
            || "no version known".to_owned(),
            |version| format!("runs {}", code(version)),
        )),
        Some(service.kind.as_str().to_owned()),
        service.runtime.as_deref().map(escape),
        service.port.map(|port| format!("port {port}")),
        Some(service.status.as_str().to_owned()),
    ]));
    match (&service.health_endpoint, service.last_health_check) {
        (Some(endpoint), Some(at)) => {
            page.html(format!("checked {} at {}", code(endpoint), moment(at)))
        }
        (Some(endpoint), None) => page.html(format!("{} was never asked", code(endpoint))),
        (None, _) => page.say("no health endpoint"),
    };
    for (label, value) in [
        ("deploys with", &service.deploy_command),
        ("in", &service.project_path),
        ("from", &service.git_repo),
        ("logs to", &service.log_path),
    ] {
        if let Some(value) = value {
            page.html(format!("{label} {}", code(value)));
        }
    }
    if !detail.needs.is_empty() {
        let needs: Vec<String> = detail.needs.iter().map(need).collect();
        page.html(format!("needs {}", needs.join(", ")));
    }
    if !detail.needed_by.is_empty() {
        let names: Vec<String> = detail.needed_by.iter().map(|name| code(name)).collect();
        page.html(format!("needed by {}", names.join(", ")));
    }
    for route in &detail.routes {
        page.html(route_line(route));
    }
    deploy::recent(page, &detail.deployments);
}

fn route_line(route: &Route) -> String {
    dotted([
        Some(format!("{}{}", escape(&route.domain), escape(&route.path))),
        Some(format!("to {}", code(&route.service))),
        Some(escape(&route.method)),
        route.proxy_type.as_deref().map(escape),
        (!route.ssl).then(|| "no TLS".to_owned()),
        route.auth_required.then(|| "needs a login".to_owned()),
    ])
}

fn need(dependency: &Dependency) -> String {
    let optional = if dependency.required {
        ""
    } else {
        ", optional"
    };
    format!(
        "{} ({}{optional})",
        code(dependency.target()),
        dependency.dependency_type
    )
}

fn state_line(service: &ServiceState) -> String {
    dotted([
        Some(code(&service.name)),
        service.version.as_deref().map(escape),
        Some(if has_problem(service) {
            format!("<b>{}</b>", health_word(service.health))
        } else {
            health_word(service.health).to_owned()
        }),
        service
            .last_deployment_problem
            .as_deref()
            .map(|problem| format!("last deployment {}", escape(&problem.replace('_', " ")))),
    ])
}

fn has_problem(service: &ServiceState) -> bool {
    matches!(
        service.health,
        HealthStatus::Unhealthy | HealthStatus::Degraded
    ) || service.last_deployment_problem.is_some()
}

fn health_word(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Healthy => "ok",
        HealthStatus::Unhealthy => "failing",
        HealthStatus::Degraded => "degraded",
        HealthStatus::Unknown => "not checked",
    }
}
