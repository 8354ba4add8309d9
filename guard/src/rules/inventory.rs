//! Finds what a command is aimed at in the inventory.

use super::View;
use crate::{Facts, ServerFact, ServiceFact};

/// The server a host name, an address or a name belongs to.
pub(super) fn server<'a>(facts: &'a Facts, host: &str) -> Option<&'a ServerFact> {
    let host = host.rsplit('@').next().unwrap_or(host);
    facts.inventory.servers.iter().find(|server| {
        server.name == host
            || server.hostname == host
            || server.ip_addresses.iter().any(|address| address == host)
    })
}

/// Whether a server is production.
pub(super) fn is_production(server: &ServerFact) -> bool {
    server.role == "production"
}

/// The server a command runs against, when one is named: by `ssh`, `-H` or `--host`.
pub(super) fn host<'a>(view: &View<'a>) -> Option<&'a ServerFact> {
    let named = view
        .run
        .value(&["-H", "--host", "--context", "-h"])
        .map(|value| {
            value
                .trim_start_matches("ssh://")
                .split(':')
                .next()
                .unwrap_or_default()
        });
    named
        .and_then(|name| server(view.facts, name))
        .or_else(|| server(view.facts, view.run.host.as_deref()?))
}

/// The service with this name where the command runs, with its server.
pub(super) fn service<'a>(
    view: &View<'a>,
    name: &str,
) -> Option<(&'a ServiceFact, &'a ServerFact)> {
    let name = name.strip_suffix(".service").unwrap_or(name);
    let inventory = &view.facts.inventory;
    let here = host(view);
    let knows_itself = inventory.servers.iter().any(|server| server.local);
    let fits = |server: &ServerFact| match here {
        Some(here) => here.name == server.name,
        None => server.local || !knows_itself,
    };
    let found = inventory
        .services
        .iter()
        .filter(|service| is_named(service, name));
    let mut placed: Vec<_> = found
        .filter_map(|service| {
            Some((
                service,
                inventory
                    .servers
                    .iter()
                    .find(|server| server.name == service.server && fits(server))?,
            ))
        })
        .collect();
    // Of several, the one that matters most.
    placed.sort_by_key(|(_, server)| !is_production(server));
    placed.first().copied()
}

/// A container is often called `project-service-1` or `project_service_1`.
fn is_named(service: &ServiceFact, name: &str) -> bool {
    service.name == name
        || name.split(['-', '_']).rev().nth(1).is_some_and(|middle| {
            middle == service.name && name.ends_with(|one: char| one.is_ascii_digit())
        })
}

/// "`a`, `b` and `c`".
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .take(6)
        .map(|name| format!("`{name}`"))
        .collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// What a command does to a production service, as a sentence.
pub(super) fn sentence(act: &str, service: &ServiceFact, server: &ServerFact) -> String {
    let dependents = match service.dependents.len() {
        0 => String::new(),
        1 => format!(", and {} depends on it", listed(&service.dependents)),
        _ => format!(", and {} depend on it", listed(&service.dependents)),
    };
    format!(
        "This {act} `{}` on the production server `{}`{dependents}.",
        service.name, server.name
    )
}
