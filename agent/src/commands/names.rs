//! Finds what a name means: exactly, as `service@server`, as a group, or as a part that fits one thing.

use crate::error::Error;
use crate::inventory::shown;
use crate::store::rows::{Server, Service};

/// Finds the services that a name means: one, or the group of one name on several servers.
pub(crate) fn find_services(services: &[Service], name: &str) -> Result<Vec<Service>, Error> {
    if let Some((service, server)) = name.split_once('@') {
        // The exact name of a server is that server: `api@web1` must not become `api@web10`.
        let known = services.iter().any(|row| row.server == server);
        let on_servers: Vec<&Service> = services
            .iter()
            .filter(|row| !service.is_empty() && !server.is_empty() && fits(row, server, known))
            .collect();
        let exact: Vec<Service> = on_servers
            .iter()
            .filter(|row| row.name == service && row.server == server)
            .map(|&row| row.clone())
            .collect();
        if !exact.is_empty() {
            return Ok(exact);
        }
        let partial = on_servers
            .into_iter()
            .filter(|row| row.name.contains(service))
            .collect::<Vec<_>>();
        return one_of("service", name, &partial, Service::full_name)
            .map(|row| vec![row])
            .map_err(|error| or_nearest(error, services, name));
    }
    let exact: Vec<Service> = services
        .iter()
        .filter(|row| row.name == name)
        .cloned()
        .collect();
    if !exact.is_empty() {
        return Ok(exact);
    }
    let partial: Vec<&Service> = services
        .iter()
        .filter(|row| !name.is_empty() && row.name.contains(name))
        .collect();
    let mut names: Vec<&str> = partial.iter().map(|row| row.name.as_str()).collect();
    names.dedup();
    if names.len() == 1 {
        return Ok(partial.into_iter().cloned().collect());
    }
    one_of("service", name, &partial, Service::full_name)
        .map(|row| vec![row])
        .map_err(|error| or_nearest(error, services, name))
}

fn fits(row: &Service, server: &str, exactly: bool) -> bool {
    row.server == server || !exactly && row.server.contains(server)
}

/// Finds the one service that a name means; a group is refused with its members listed.
pub(crate) fn find_service(services: &[Service], name: &str) -> Result<Service, Error> {
    let found = find_services(services, name)?;
    let all: Vec<&Service> = found.iter().collect();
    one_of("service", name, &all, Service::full_name)
}

/// Finds the one server that a name means.
pub(crate) fn find_server(servers: &[Server], name: &str) -> Result<Server, Error> {
    if let Some(exact) = servers.iter().find(|row| row.name == name) {
        return Ok(exact.clone());
    }
    let partial: Vec<&Server> = servers
        .iter()
        .filter(|row| !name.is_empty() && row.name.contains(name))
        .collect();
    one_of("server", name, &partial, |row| row.name.clone()).map_err(|error| {
        add_nearest(
            error,
            "server",
            name,
            servers.iter().map(|row| row.name.as_str()),
        )
    })
}

/// Returns the one row that fits; none or several are errors that list the names.
pub(crate) fn one_of<T: Clone>(
    what: &str,
    name: &str,
    fitting: &[&T],
    label: impl Fn(&T) -> String,
) -> Result<T, Error> {
    match fitting {
        [one] => Ok((*one).clone()),
        [] => Err(Error::not_found(format!(
            "no {what} is called `{}`",
            shown(name)
        ))),
        several => {
            let mut candidates: Vec<String> = several.iter().map(|row| label(row)).collect();
            candidates.sort();
            candidates.dedup();
            Err(Error::Ambiguous {
                name: shown(name),
                candidates,
            })
        }
    }
}

fn or_nearest(error: Error, services: &[Service], name: &str) -> Error {
    add_nearest(
        error,
        "service",
        name,
        services.iter().map(|row| row.name.as_str()),
    )
}

/// Makes a "not found" say what comes nearest, or how to add the first.
pub(crate) fn add_nearest<'a>(
    error: Error,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Error {
    let Error::NotFound { message } = error else {
        return error;
    };
    let mut any = false;
    let mut near: Vec<&str> = known
        .inspect(|_| any = true)
        .filter(|known| is_near(known, name))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(5);
    let hint = match (any, near.as_slice()) {
        (false, _) => format!("there is none yet; add one with `fjord {what} add`"),
        (true, []) => format!("`fjord {what} list` shows all"),
        (true, near) => format!(
            "did you mean {}?",
            near.iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    Error::not_found(format!("{message}; {hint}"))
}

/// Near: the same first letters, or at most two letters apart.
fn is_near(known: &str, name: &str) -> bool {
    let name = name.split('@').next().unwrap_or(name);
    let shared = known
        .chars()
        .zip(name.chars())
        .take_while(|(left, right)| left == right)
        .count();
    shared >= 3 || distance(known, name) <= 2
}

/// Levenshtein distance, for short names only.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 64 || right.len() > 64 {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut before = index;
        row[0] = index + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = before + usize::from(character != *other);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(full: &str) -> Service {
        let (name, server) = full.split_once('@').unwrap();
        serde_json::from_value(json!({
            "id": 1, "name": name, "server_id": 1, "server": server, "type": "app", "runtime": null, "port": null,
            "health_endpoint": null, "health_status": "unknown", "last_health_check": null, "config": {}, "env_vars": [],
            "project_path": null, "git_repo": null, "current_version": null, "deploy_command": null,
            "restart_command": null, "log_path": null, "status": "active",
            "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    #[track_caller]
    fn check(known: &[&str], name: &str, expected: Option<&str>) {
        let services: Vec<Service> = known.iter().map(|full| service(full)).collect();
        let found = find_service(&services, name).ok();
        assert_eq!(
            found.map(|row| row.full_name()).as_deref(),
            expected,
            "{name}"
        );
    }

    #[test]
    fn an_exact_server_is_not_taken_for_a_longer_name() {
        let known = ["shop@web1", "api@web10"];
        check(&known, "api@web1", None);
        check(&known, "api@web10", Some("api@web10"));
        check(&known, "api@web", Some("api@web10"));
        check(&known, "sho@web1", Some("shop@web1"));
    }

    #[test]
    fn half_a_name_names_nothing() {
        check(&["api@web1"], "@web1", None);
        check(&["api@web1"], "api@", None);
        check(&["api@web1"], "@", None);
        check(&["api@web1"], "", None);
    }
}
