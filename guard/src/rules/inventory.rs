//! What a command is aimed at in the inventory, and what that changes.
//!
//! A command that would be silent is asked about when it changes something in production; what is found
//! anyway names the service, the server and what depends on it.

mod changes;
mod data;
mod index;
mod outside;
mod said;

pub(crate) use index::Known;

use super::{Field, Finding, RuleDoc, View, report_as, rule};
use crate::paths;
use crate::run::{Run, UNKNOWN};
use crate::{ServerFact, ServiceFact, Verdict};

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "production.database",
        field: "production",
        severity: Verdict::Ask,
        reason: "This writes to a database on a production server.",
        alternative: "Try it on a copy of the database, and let a person run it in production.",
    },
    RuleDoc {
        id: "production.deploy",
        field: "production",
        severity: Verdict::Ask,
        reason: "This changes what runs on a production server.",
        alternative: "`fjord deploy SERVICE VERSION` asks the right person, checks its health and goes back if it fails.",
    },
    RuleDoc {
        id: "production.files",
        field: "production",
        severity: Verdict::Ask,
        reason: "This writes files on a production server.",
        alternative: "Show what would be written with a dry run, and let a person decide.",
    },
    RuleDoc {
        id: "production.domain",
        field: "production",
        severity: Verdict::Ask,
        reason: "This changes where a domain in production leads.",
        alternative: "Show the record as it is now, and let a person change it.",
    },
    RuleDoc {
        id: "production.request",
        field: "production",
        severity: Verdict::Ask,
        reason: "This request changes something behind a domain in production.",
        alternative: "Send it to a development or staging address first.",
    },
];

/// What a command is aimed at.
#[derive(Clone, Copy)]
pub(super) struct Aim<'a> {
    server: &'a ServerFact,
    service: Option<&'a ServiceFact>,
}

/// What a command changes that its words alone would not be asked about.
struct Change<'a> {
    rule: &'static str,
    /// As in "This … `api`".
    act: &'static str,
    aim: Aim<'a>,
}

/// Where a command works.
#[derive(Clone, Copy)]
pub(super) enum Machine<'a> {
    Here,
    Server(&'a ServerFact),
    /// A machine that is not in the inventory.
    Elsewhere,
}

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if !view.known.has_production() {
        return;
    }
    let change = if view.wants_help() {
        None
    } else {
        changes::change(view)
    };
    let change = change.filter(|change| is_production(change.aim.server));
    if !findings.is_empty()
        && let Some(aim) = change
            .as_ref()
            .map(|change| change.aim)
            .or_else(|| changes::aim(view).filter(|aim| is_production(aim.server)))
    {
        let named = format!(" It is aimed at {}.", aim.named());
        let runs_there = format!(
            " It would run on the production server `{}`.",
            aim.server.name
        );
        for finding in findings.iter_mut() {
            let server = format!("`{}`", aim.server.name);
            let is_named = finding.reason.contains(&server);
            if !is_named {
                finding
                    .reason
                    .push_str(if aim.service.is_none() && view.run.host.is_some() {
                        &runs_there
                    } else {
                        &named
                    });
            }
        }
    }
    if let Some(Change { rule: id, act, aim }) = change {
        let reason = format!("This {act} {}.", aim.named());
        report_as(findings, rule(RULES, id), Verdict::Ask, reason);
    }
}

impl Aim<'_> {
    /// "`api` on the production server `web-1`, and `shop` depends on it".
    fn named(&self) -> String {
        let Some(service) = self.service else {
            return format!("the production server `{}`", self.server.name);
        };
        format!(
            "`{}` on the production server `{}`{}",
            service.name,
            self.server.name,
            depending(service)
        )
    }
}

/// What a text names in production, as words: a server, a service or a domain.
pub(super) fn in_production(known: &Known<'_>, text: &str) -> Option<String> {
    let by_domain = || known.domain(text).and_then(|domain| known.behind(domain));
    let aim = if let Some(server) = known.server(text) {
        Aim {
            server,
            service: None,
        }
    } else {
        let (service, server) = known.service(text).or_else(by_domain)?;
        Aim {
            server,
            service: Some(service),
        }
    };
    is_production(aim.server).then(|| aim.named())
}

/// Whether a server is production.
pub(super) fn is_production(server: &ServerFact) -> bool {
    server.role == "production"
}

/// The server a command works on, when it is another one and known.
pub(super) fn host<'a>(view: &View<'a>) -> Option<&'a ServerFact> {
    match machine(view) {
        Machine::Server(server) => Some(server),
        Machine::Here | Machine::Elsewhere => None,
    }
}

/// The server a command works on, this one included.
pub(super) fn place<'a>(view: &View<'a>) -> Option<&'a ServerFact> {
    match machine(view) {
        Machine::Server(server) => Some(server),
        Machine::Here => view.known.local(),
        Machine::Elsewhere => None,
    }
}

/// Where a command works: on the machine it names, or on the one it runs on.
pub(super) fn machine<'a>(view: &View<'a>) -> Machine<'a> {
    if let Some(named) = named_machine(view) {
        return match view.known.server(named) {
            Some(server) => Machine::Server(server),
            None if is_here(named) => Machine::Here,
            None => Machine::Elsewhere,
        };
    }
    let Some(host) = view.run.host.as_deref() else {
        return Machine::Here;
    };
    if !host.starts_with("container ") {
        return known_host(view, host);
    }
    // A container is where its `docker exec` ran.
    let outer = view
        .run
        .via
        .iter()
        .rev()
        .find_map(|via| via.strip_prefix("ssh "));
    outer.map_or(Machine::Here, |host| known_host(view, host))
}

fn known_host<'a>(view: &View<'a>, host: &str) -> Machine<'a> {
    match view.known.server(host) {
        Some(server) => Machine::Server(server),
        None if is_here(host) => Machine::Here,
        None => Machine::Elsewhere,
    }
}

/// Whether a name means the machine itself.
fn is_here(name: &str) -> bool {
    name.starts_with("unix:")
        || name.starts_with("npipe:")
        || name.starts_with('/')
        || hosts_in(name).all(|host| {
            matches!(
                host,
                "localhost"
                    | "127.0.0.1"
                    | "::1"
                    | "0.0.0.0"
                    | "default"
                    | "desktop-linux"
                    | ".host"
            )
        })
}

/// The machine that a program's own options or its environment name.
fn named_machine<'v>(view: &'v View<'_>) -> Option<&'v str> {
    let run = view.run;
    match view.program.as_str() {
        "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose" => leading(
            run,
            &["-H", "--host", "-c", "--context", "--url", "--connection"],
        )
        .or_else(|| run.variable(&["DOCKER_HOST", "CONTAINER_HOST", "DOCKER_CONTEXT"])),
        "systemctl" | "journalctl" | "loginctl" | "timedatectl" | "hostnamectl" => {
            run.value(&["-H", "--host"])
        }
        "kubectl" | "oc" | "k" | "kubecolor" => run.value(&["--context"]),
        "helm" => run
            .value(&["--kube-context"])
            .or_else(|| run.variable(&["HELM_KUBECONTEXT"])),
        _ => None,
    }
}

/// The value of an option that stands before the first plain word.
fn leading<'r>(run: &'r Run, names: &[&str]) -> Option<&'r str> {
    const OTHERS: &[&str] = &[
        "-l",
        "--log-level",
        "--config",
        "-f",
        "--file",
        "-p",
        "--project-name",
        "--tlscacert",
        "--tlscert",
        "--tlskey",
        "--profile",
        "--env-file",
        "--project-directory",
        "--namespace",
    ];
    let mut words = run.args().iter().map(|arg| arg.text.as_str());
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            // `docker compose -c` is another option.
            return None;
        }
        for name in names {
            if let Some(rest) = word.strip_prefix(name) {
                if rest.is_empty() {
                    return words.next();
                }
                if let Some(value) = rest.strip_prefix('=') {
                    return Some(value);
                }
                if name.len() == 2 && !word.starts_with("--") {
                    return Some(rest);
                }
            }
        }
        if OTHERS.contains(&word) {
            words.next();
        }
    }
    None
}

/// The host names in an address: `user@host`, `scheme://user@host:port/path`, `[::1]:22`, `a,b`.
pub(super) fn hosts_in(text: &str) -> impl Iterator<Item = &str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    // Go's drivers write `user@tcp(host:3306)/db`.
    let authority = authority
        .split_once('(')
        .map_or(authority, |(_, inner)| inner.trim_end_matches(')'));
    authority.split(',').map(|host| {
        let host = match host.strip_prefix('[') {
            Some(inner) => inner.split(']').next().unwrap_or_default(),
            None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
            None => host,
        };
        host.trim_end_matches('.')
    })
}

/// Adds the words of a command that may name something in the inventory beside its plain ones.
pub(crate) fn named_in(run: &Run, words: &mut Vec<String>) {
    const LONGEST: usize = 512;
    let values = run.environment.iter().map(|(_, value)| value.as_str());
    let values = values.filter(|value| {
        value.len() <= LONGEST && !value.starts_with('/') && !value.contains(UNKNOWN)
    });
    words.extend(
        values
            .flat_map(hosts_in)
            .filter(|host| !host.is_empty())
            .map(str::to_owned),
    );
    let texts = run.args().iter().filter(|arg| arg.is_known());
    for text in texts.map(|arg| arg.text.as_str()) {
        if text.len() > LONGEST || text.contains(char::is_whitespace) {
            continue;
        }
        let value = match text.strip_prefix("--") {
            Some(flag) => flag.split_once('=').map(|(_, value)| value),
            None if text.starts_with('-') => text.get(2..),
            None => Some(text),
        };
        let Some(value) = value else { continue };
        let looks_so = value != text || value.contains(['@', ':', '/', ',']);
        if looks_so && !value.starts_with(['/', '.', '~']) {
            words.extend(
                hosts_in(value)
                    .filter(|host| !host.is_empty())
                    .map(str::to_owned),
            );
        }
    }
}

/// The service with this name where the command runs, with its server.
pub(super) fn service<'a>(
    view: &View<'a>,
    name: &str,
) -> Option<(&'a ServiceFact, &'a ServerFact)> {
    service_on(view, machine(view), name)
}

/// The service with this name on a machine. Of several, the one that matters most.
fn service_on<'a>(
    view: &View<'a>,
    machine: Machine<'a>,
    name: &str,
) -> Option<(&'a ServiceFact, &'a ServerFact)> {
    let known = view.known;
    let name = name.strip_suffix(".service").unwrap_or(name);
    let there = match machine {
        Machine::Server(there) => Some(there),
        Machine::Here => known.local(),
        Machine::Elsewhere => return None,
    };
    names(name).find_map(|name| match there {
        Some(there) => Some((known.service_on(there, name)?, there)),
        None => known.service(name),
    })
}

/// The names a service may have behind the name of a unit, an object or a container: `deploy/api`, `api@1`,
/// `project-service-1`, `project_service_1`.
fn names(name: &str) -> impl Iterator<Item = &str> {
    /// More pieces than these are no container's name.
    const MOST_PIECES: usize = 8;
    let object = name.split_once('/').filter(|(kind, _)| {
        matches!(
            *kind,
            "deploy"
                | "deployment"
                | "deployments"
                | "sts"
                | "statefulset"
                | "ds"
                | "daemonset"
                | "svc"
                | "service"
        )
    });
    let plain = object.map_or(name, |(_, name)| name);
    let template = plain.split_once('@').map(|(name, _)| name);
    let numbered = plain
        .rsplit_once(['-', '_'])
        .filter(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
        .map(|(name, _)| name);
    let pieces = numbered.into_iter().flat_map(|name| {
        name.match_indices(['-', '_'])
            .take(MOST_PIECES)
            .filter_map(|(at, _)| name.get(at + 1..))
    });
    std::iter::once(plain).chain(template).chain(pieces)
}

/// The service whose project a command works in, with its server.
pub(super) fn project<'a>(view: &View<'a>) -> Option<(&'a ServiceFact, &'a ServerFact)> {
    let there = place(view)?;
    let cwd = view.run.cwd.as_deref();
    let folder = view.run.value(&["--project-directory"]);
    let file = view.run.value(&["-f", "--file"]);
    let named = folder.or_else(|| Some(file?.rsplit_once('/')?.0));
    let named = named.and_then(|path| paths::resolve(cwd, path));
    let named = named
        .filter(|_| view.program.starts_with("docker") || view.is(&["podman", "podman-compose"]));
    service_at(view, there, named.as_deref().or(cwd)?)
}

fn service_at<'a>(
    view: &View<'a>,
    there: &'a ServerFact,
    path: &str,
) -> Option<(&'a ServiceFact, &'a ServerFact)> {
    Some((view.known.service_at(there, path)?, there))
}

/// The production service behind an address that a command names.
pub(super) fn behind<'a>(view: &View<'a>) -> Option<(&'a ServiceFact, &'a ServerFact)> {
    if !view.known.has_production() {
        return None;
    }
    view.args()
        .iter()
        .filter(|arg| !arg.text.starts_with('-'))
        .flat_map(|arg| hosts_in(&arg.text))
        .filter_map(|host| view.known.behind(view.known.domain(host)?))
        .find(|(_, server)| is_production(server))
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
    let service = Some(service);
    format!("This {act} {}.", Aim { server, service }.named())
}

fn depending(service: &ServiceFact) -> String {
    match service.dependents.len() {
        0 => String::new(),
        1 => format!(", and {} depends on it", listed(&service.dependents)),
        _ => format!(", and {} depend on it", listed(&service.dependents)),
    }
}
