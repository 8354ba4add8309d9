//! Which services a sentence names.

use crate::error::Error;
use crate::inventory::shown;
use crate::store::rows::{HealthStatus, Route, Server, Service, ServiceStatus};

mod unknown;

use unknown::unknown;

/// The most services one incident looks at.
const MOST: usize = 3;
/// A shorter word is not taken for a misspelt name.
const SPELLED_FROM: usize = 4;
/// Words of complaints that are one edit away from usual names.
const ORDINARY: &[&str] = &[
    "after", "down", "error", "errors", "fails", "from", "have", "page", "pages", "since", "slow",
    "that", "then", "this", "time", "when", "with",
];

/// What a sentence names.
#[derive(Debug, PartialEq)]
pub(super) struct Named {
    /// The services to look at.
    pub(super) services: Vec<Service>,
    /// A name in it that nothing has; the services are then a guess.
    pub(super) unknown: Option<String>,
}

/// Finds the services named, those of a server named, or the one that is unhealthy when none is named.
pub(super) fn named(
    text: &str,
    servers: &[Server],
    services: &[Service],
    routes: &[Route],
) -> Result<Named, Error> {
    let words = words(text);
    let mut found = exact(&words, services, routes);
    if found.is_empty() {
        found = misspelt(&words, services);
    }
    if found.is_empty() {
        found = on_server(&words, services);
    }
    if found.is_empty() {
        let unknown = unknown(&words, servers);
        return match only_unhealthy(services) {
            Some(services) => Ok(Named { services, unknown }),
            None => Err(nothing_named((&words, unknown.as_deref()), services)),
        };
    }
    // The worst of a large group says most.
    found.sort_by_key(|service| health_rank(service.health_status));
    found.truncate(MOST);
    Ok(Named {
        services: found.into_iter().cloned().collect(),
        unknown: None,
    })
}

fn on_server<'a>(words: &[String], services: &'a [Service]) -> Vec<&'a Service> {
    services
        .iter()
        .filter(|service| {
            service.status == ServiceStatus::Active && words.contains(&service.server)
        })
        .collect()
}

fn words(text: &str) -> Vec<String> {
    let is_part =
        |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '-' | '@');
    text.split(|character| !is_part(character))
        .map(|word| {
            word.trim_matches(|character: char| !character.is_alphanumeric())
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

fn exact<'a>(words: &[String], services: &'a [Service], routes: &[Route]) -> Vec<&'a Service> {
    let full: Vec<&Service> = services
        .iter()
        .filter(|service| words.contains(&service.full_name()))
        .collect();
    let is_named = |service: &Service| {
        let by_route = routes.iter().any(|route| {
            route.service_id == service.id && words.contains(&route.domain.to_lowercase())
        });
        let is_part_of_full = full.iter().any(|named| named.name == service.name);
        (words.contains(&service.name) && !is_part_of_full) || by_route
    };
    let mut found: Vec<&Service> = services
        .iter()
        .filter(|service| is_named(service))
        .collect();
    // "api on web2" means the one there.
    let there: Vec<&Service> = found
        .iter()
        .copied()
        .filter(|service| words.contains(&service.server))
        .collect();
    if !there.is_empty() {
        found.retain(|service| {
            !there.iter().any(|named| named.name == service.name) || words.contains(&service.server)
        });
    }
    for service in full {
        if !found.iter().any(|known| known.id == service.id) {
            found.push(service);
        }
    }
    found
}

fn misspelt<'a>(words: &[String], services: &'a [Service]) -> Vec<&'a Service> {
    let near = |service: &&Service| {
        words.iter().any(|word| {
            let name = word.split('@').next().unwrap_or(word);
            name.chars().count() >= SPELLED_FROM
                && service.name.len() >= SPELLED_FROM
                && !ORDINARY.contains(&name)
                && one_edit_apart(name, &service.name)
        })
    };
    services.iter().filter(near).collect()
}

fn only_unhealthy(services: &[Service]) -> Option<Vec<Service>> {
    let bad = unhealthy(services);
    match bad.as_slice() {
        [one] => Some(vec![(*one).clone()]),
        _ => None,
    }
}

fn unhealthy(services: &[Service]) -> Vec<&Service> {
    services
        .iter()
        .filter(|service| {
            service.status == ServiceStatus::Active
                && matches!(
                    service.health_status,
                    HealthStatus::Unhealthy | HealthStatus::Degraded
                )
        })
        .collect()
}

fn nothing_named((words, unknown): (&[String], Option<&str>), services: &[Service]) -> Error {
    if services.is_empty() {
        return Error::not_found(
            "no service is in the inventory; add one with `fjord service add`",
        );
    }
    let what = unknown.map_or_else(
        || "the text names no service".to_owned(),
        |word| format!("nothing called `{}` is in the inventory", shown(word)),
    );
    let bad = unhealthy(services);
    if !bad.is_empty() {
        return Error::not_found(format!(
            "{what}; not healthy now are {}; name one of them",
            list(&bad)
        ));
    }
    let mut nearest: Vec<(usize, &Service)> = services
        .iter()
        .map(|service| {
            let likeness = words
                .iter()
                .map(|word| likeness(word, &service.name))
                .max()
                .unwrap_or(0);
            (likeness, service)
        })
        .collect();
    nearest.sort_by_key(|(likeness, service)| (std::cmp::Reverse(*likeness), service.full_name()));
    let nearest: Vec<&Service> = nearest.into_iter().map(|(_, service)| service).collect();
    Error::not_found(format!(
        "{what}, and no service is known to be unhealthy; known are {}",
        list(&nearest)
    ))
}

fn list(services: &[&Service]) -> String {
    let mut names: Vec<String> = services
        .iter()
        .take(5)
        .map(|service| service.full_name())
        .collect();
    if services.len() > names.len() {
        names.push(format!("{} more", services.len() - names.len()));
    }
    names.join(", ")
}

fn health_rank(health: HealthStatus) -> u8 {
    match health {
        HealthStatus::Unhealthy => 0,
        HealthStatus::Degraded => 1,
        HealthStatus::Unknown => 2,
        HealthStatus::Healthy => 3,
    }
}

/// How many characters two words begin with alike.
fn likeness(word: &str, name: &str) -> usize {
    word.chars()
        .zip(name.chars())
        .take_while(|(left, right)| left == right)
        .count()
}

/// One character more, less, other, or two neighbours changed over.
fn one_edit_apart(left: &str, right: &str) -> bool {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if left.len().abs_diff(right.len()) > 1 {
        return false;
    }
    let same = left
        .iter()
        .zip(&right)
        .take_while(|(left, right)| left == right)
        .count();
    let (left, right) = (&left[same..], &right[same..]);
    match (left, right) {
        ([], _) | (_, []) => true,
        ([first, second, left @ ..], [third, fourth, right @ ..])
            if first == fourth && second == third && left == right =>
        {
            true
        }
        ([_, left_rest @ ..], [_, right_rest @ ..]) => {
            left_rest == right_rest || left_rest == right || left == right_rest
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(id: i64, full: &str, health: &str) -> Service {
        let (name, server) = full.split_once('@').unwrap();
        serde_json::from_value(json!({
            "id": id, "name": name, "server_id": 1, "server": server, "type": "app", "runtime": null, "port": null,
            "health_endpoint": null, "health_status": health, "last_health_check": null, "config": {}, "env_vars": [],
            "project_path": null, "git_repo": null, "current_version": null, "deploy_command": null,
            "restart_command": null, "log_path": null, "status": "active",
            "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn route(service: i64, domain: &str) -> Route {
        serde_json::from_value(json!({
            "id": 1, "domain": domain, "path": "/", "service_id": service, "service": "", "method": "any",
            "proxy_type": null, "ssl": true, "rate_limit": null, "auth_required": false, "notes": null,
            "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn check_with(services: &[Service], text: &str, expected: Result<&[&str], &str>) {
        let routes = [route(3, "shop.example.com")];
        let found = named(text, &[], services, &routes)
            .map(|found| {
                found
                    .services
                    .iter()
                    .map(Service::full_name)
                    .collect::<Vec<_>>()
            })
            .map_err(|error| error.to_string());
        assert_eq!(
            found,
            expected
                .map(|names| names.iter().map(|&name| name.to_owned()).collect())
                .map_err(str::to_owned),
            "{text}"
        );
    }

    fn check(text: &str, expected: Result<&[&str], &str>) {
        let services = [
            service(1, "api@web1", "healthy"),
            service(2, "api@web2", "unhealthy"),
            service(3, "checkout@web1", "healthy"),
            service(4, "postgres@db1", "degraded"),
        ];
        check_with(&services, text, expected);
    }

    #[test]
    fn a_word_that_is_a_name_names_the_group_the_worst_first() {
        check("API: returning 500s!", Ok(&["api@web2", "api@web1"]));
    }

    #[test]
    fn a_server_narrows_the_group() {
        check("api@web1 returning 500s", Ok(&["api@web1"]));
        check("the api on web2 is slow", Ok(&["api@web2"]));
    }

    #[test]
    fn a_part_of_a_word_is_no_name() {
        check(
            "capital letters are broken",
            Err(
                "the text names no service; not healthy now are api@web2, postgres@db1; name one of them",
            ),
        );
    }

    #[test]
    fn a_domain_names_the_service_behind_it() {
        check(
            "https://shop.example.com/cart is blank",
            Ok(&["checkout@web1"]),
        );
    }

    #[test]
    fn one_wrong_letter_is_forgiven_in_longer_names() {
        check("chekcout hangs", Ok(&["checkout@web1"]));
        check("postgress hangs", Ok(&["postgres@db1"]));
        check(
            "apo hangs",
            Err(
                "nothing called `apo` is in the inventory; not healthy now are api@web2, postgres@db1; name one of them",
            ),
        );
    }

    #[test]
    fn a_server_alone_means_what_runs_there_the_worst_first() {
        check("web1 is slow", Ok(&["api@web1", "checkout@web1"]));
    }

    #[track_caller]
    fn check_unknown(text: &str, expected: Option<&str>) {
        let services = [service(1, "api@web1", "unhealthy")];
        let found = named(text, &[], &services, &[]).unwrap();
        assert_eq!(found.services.len(), 1, "{text}");
        assert_eq!(found.unknown.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_name_that_nothing_has_is_told_from_ordinary_words() {
        check_unknown("foo is down", Some("foo"));
        check_unknown("the Billing returns 500s", Some("billing"));
        check_unknown("errors from image-proxy since noon", Some("image-proxy"));
        check_unknown("worker7", Some("worker7"));
        check_unknown("billing", Some("billing"));
        check_unknown("api is down", None);
        check_unknown("customers complain", None);
        check_unknown("everything is down", None);
        check_unknown("pages are very slow", None);
        check_unknown("the site is slow", None);
        check_unknown("500s since noon", None);
    }

    #[test]
    fn an_unknown_name_without_anything_unhealthy_is_not_found() {
        check_with(
            &[service(1, "api@web1", "healthy")],
            "foo is down",
            Err(
                "nothing called `foo` is in the inventory, and no service is known to be unhealthy; known are api@web1",
            ),
        );
    }

    #[test]
    fn without_a_name_the_only_unhealthy_one_is_meant() {
        let services = [
            service(1, "api@web1", "healthy"),
            service(2, "web@web1", "unhealthy"),
        ];
        check_with(&services, "customers complain", Ok(&["web@web1"]));
        let healthy = [service(1, "api@web1", "healthy")];
        check_with(
            &healthy,
            "customers complain",
            Err(
                "the text names no service, and no service is known to be unhealthy; known are api@web1",
            ),
        );
        check_with(
            &[],
            "customers complain",
            Err("no service is in the inventory; add one with `fjord service add`"),
        );
    }

    #[track_caller]
    fn check_edit(left: &str, right: &str, expected: bool) {
        assert_eq!(one_edit_apart(left, right), expected, "{left} {right}");
        assert_eq!(one_edit_apart(right, left), expected, "{right} {left}");
    }

    #[test]
    fn one_edit_is_counted_right() {
        check_edit("worker", "worker", true);
        check_edit("worker", "workers", true);
        check_edit("worker", "wrker", true);
        check_edit("worker", "wroker", true);
        check_edit("worker", "warker", true);
        check_edit("worker", "warkers", false);
        check_edit("worker", "wrokers", false);
        check_edit("abcd", "badc", false);
    }
}
