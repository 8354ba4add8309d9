//! Commands that change the infrastructure, and the services and servers they touch.

use guard::Step;
use serde_json::json;

use super::{Known, LONGEST_LINE, cut, is_within, line, text};
use crate::snapshot::Snapshot;
use crate::store::NewEvent;
use crate::store::rows::{HookEventRow, Server, Service, Severity};

mod programs;

use programs::{ALSO, DDL, NAME_ENDS, ONLY_TRIES, RUNNERS, SQL_CLIENTS, TAKES_A_VALUE, VERBS};

/// The word in `infra_events` for what a coding agent's command did.
pub(crate) const EVENT_TYPE: &str = "command";
/// One command touches at most so many.
const MOST_EVENTS: usize = 5;
/// Returns what a call changed, in short, and the events of what it touched.
pub(super) fn changes(
    row: &HookEventRow,
    steps: &[Step],
    known: &Known<'_>,
) -> (Option<String>, Vec<NewEvent>) {
    let mut in_short: Option<String> = None;
    let mut events: Vec<NewEvent> = Vec::new();
    for step in steps {
        let Some(kind) = kind(step) else {
            continue;
        };
        let touched = known
            .snapshot
            .map(|snapshot| touched(step, row, snapshot))
            .unwrap_or_default();
        let name = touched.first().map(Touched::name).unwrap_or_default();
        let short = if name.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind} of {name}")
        };
        in_short.get_or_insert(short);
        for touched in touched {
            let event = event(row, step, (kind, &touched));
            let is_known = events
                .iter()
                .any(|known| known.service == event.service && known.server == event.server);
            if !is_known && events.len() < MOST_EVENTS {
                events.push(event);
            }
        }
    }
    (in_short, events)
}

/// What a step touches.
enum Touched<'a> {
    Service(&'a Service),
    Server(&'a Server),
}

impl Touched<'_> {
    fn name(&self) -> String {
        match self {
            Self::Service(service) => service.full_name(),
            Self::Server(server) => server.name.clone(),
        }
    }
}

fn event(row: &HookEventRow, step: &Step, (kind, touched): (&str, &Touched<'_>)) -> NewEvent {
    let failed = row.name == "PostToolUseFailure";
    let command = line(
        text(&row.detail.0, "command").unwrap_or_default(),
        LONGEST_LINE,
    );
    let ran = line(
        &format!("{} {}", step.program, step.arguments.join(" ")),
        120,
    );
    let session: String = row.session.chars().take(8).collect();
    let (server, service) = match touched {
        Touched::Service(service) => (
            Some((service.server_id, service.server.clone())),
            Some((service.id, service.full_name())),
        ),
        Touched::Server(server) => (Some((server.id, server.name.clone())), None),
    };
    NewEvent {
        at: row.at,
        server,
        service,
        event_type: EVENT_TYPE.to_owned(),
        severity: if failed {
            Severity::Warning
        } else {
            Severity::Info
        },
        title: format!(
            "{kind} by a coding agent: `{ran}`{} (session {session})",
            if failed { " failed" } else { "" }
        ),
        description: None,
        metadata: json!({
            "kind": kind, "command": command, "session": row.session, "event": row.event, "cwd": row.cwd,
            "host": step.host, "failed": failed,
        }),
    }
}

/// Returns what kind of change a step is; `None`: none.
fn kind(step: &Step) -> Option<&'static str> {
    let words: Vec<&str> = step.arguments.iter().map(String::as_str).collect();
    if words.iter().any(|word| {
        ONLY_TRIES
            .iter()
            .any(|tries| word == tries || word.starts_with("--dry-run="))
    }) {
        return None;
    }
    let program = super::signature::plain_program(&step.program);
    if program == "fjord" || program == "fjord-hook" {
        // Its deploys are events of their own.
        return None;
    }
    if SQL_CLIENTS.contains(&program) {
        return changes_schema(step).then_some("migration");
    }
    let program = ALSO
        .iter()
        .find(|(name, _)| *name == program)
        .map_or(program, |(_, same)| same);
    let plain = plain_words(&words);
    if program == "service" {
        let verb = plain.get(1).copied().unwrap_or_default();
        return matches!(verb, "restart" | "start" | "stop" | "reload")
            .then_some(if verb == "stop" { "stop" } else { "restart" });
    }
    if program == "nginx" && words.contains(&"-s") {
        return Some("restart");
    }
    if let Some((_, verbs)) = VERBS.iter().find(|(name, _)| *name == program) {
        let found = verbs.iter().find(|(verb, _)| {
            let wanted: Vec<&str> = verb.split(' ').filter(|word| !word.is_empty()).collect();
            starts_with(&plain, &wanted)
        });
        if let Some((_, kind)) = found {
            return Some(kind);
        }
        if !matches!(program, "rake") {
            return None;
        }
    }
    if plain
        .iter()
        .any(|word| *word == "migrate" || *word == "db:migrate")
        && (matches!(program, "python" | "php" | "bin/rails")
            && plain
                .iter()
                .any(|word| word.ends_with("manage.py") || *word == "artisan"))
    {
        return Some("migration");
    }
    task(program, &plain)
}

/// A script or a task of the project that says what it does.
fn task(program: &str, plain: &[&str]) -> Option<&'static str> {
    let named = if RUNNERS.contains(&program) {
        let task = plain
            .iter()
            .find(|word| !matches!(**word, "run" | "run-script"))?;
        *task
    } else if matches!(program, "bash" | "sh" | "zsh" | "python" | "node" | "ruby") {
        plain.first().copied()?
    } else {
        program
    };
    let file = named.rsplit('/').next().unwrap_or(named);
    let says = |word: &str| {
        file.split(['-', '_', '.', ':'])
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    // `deploy-docs-test` may be anything; a name that also tests or plans is left alone.
    if [
        "test", "check", "plan", "dry", "lint", "log", "logs", "status",
    ]
    .iter()
    .any(|word| says(word))
    {
        return None;
    }
    match () {
        () if says("deploy") || says("release") && program == "make" => Some("deploy"),
        () if says("migrate") || says("migrations") && RUNNERS.contains(&program) => {
            Some("migration")
        }
        () if says("restart") && program != "restart" => Some("restart"),
        () => None,
    }
}

fn changes_schema(step: &Step) -> bool {
    let mut texts: Vec<&str> = step.input.as_deref().into_iter().collect();
    let mut after_flag = false;
    for word in &step.arguments {
        if after_flag {
            texts.push(word);
        }
        after_flag = matches!(word.as_str(), "-c" | "--command" | "-e" | "--execute");
        if let Some((_, sql)) = word
            .split_once('=')
            .filter(|(flag, _)| matches!(*flag, "--command" | "--execute"))
        {
            texts.push(sql);
        }
    }
    if step.program == "sqlite3" {
        texts.extend(step.arguments.last().map(String::as_str));
    }
    texts.iter().any(|text| {
        text.split(';').any(|statement| {
            let first = statement.split_whitespace().next().unwrap_or_default();
            DDL.iter().any(|word| first.eq_ignore_ascii_case(word))
        })
    })
}

/// The words without flags and the values of those that are known to take one.
fn plain_words<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut plain = Vec::new();
    let mut is_value = false;
    for word in words {
        if word.starts_with('-') {
            is_value = TAKES_A_VALUE.contains(word);
        } else if !std::mem::take(&mut is_value) {
            plain.push(*word);
        }
    }
    plain
}

/// Whether the words hold these in a row at their beginning; values of flags before them are passed over.
fn starts_with(plain: &[&str], wanted: &[&str]) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let passed = plain.len().min(3);
    (0..=passed).any(|from| {
        let at = &plain[from..];
        at.len() >= wanted.len()
            && at.iter().zip(wanted).all(|(word, wanted)| word == wanted)
            && plain[..from].iter().all(|word| is_value(word))
    })
}

/// What stands between a program and its verb is the value of a flag: a file, an address, a name with a dot or a slash.
fn is_value(word: &str) -> bool {
    word.contains(['/', '.', '=', ':'])
}

fn touched<'a>(step: &Step, row: &HookEventRow, snapshot: &'a Snapshot) -> Vec<Touched<'a>> {
    let server = match step.host.as_deref() {
        Some(host) => match server_of(host, snapshot) {
            Some(server) => Some(server),
            // A machine that is not known has no services that are.
            None => return Vec::new(),
        },
        None => None,
    };
    let is_here = |service: &Service| match server {
        Some(server) => service.server_id == server.id,
        None => true,
    };
    let candidates = || snapshot.services.iter().filter(|service| is_here(service));
    let named: Vec<&Service> = candidates()
        .filter(|service| step.arguments.iter().any(|word| names(word, &service.name)))
        .collect();
    if !named.is_empty() {
        return prefer_local(named, snapshot)
            .into_iter()
            .map(Touched::Service)
            .collect();
    }
    let cwd = step
        .cwd
        .as_deref()
        .or_else(|| step.host.is_none().then_some(row.cwd.as_str()));
    let folders = || {
        step.arguments
            .iter()
            .map(String::as_str)
            .filter(|word| word.starts_with('/'))
    };
    let deepest = |path: &str| {
        candidates()
            .filter_map(|service| {
                let folder = service
                    .project_path
                    .as_deref()
                    .filter(|folder| folder.len() > 1)?;
                is_within(path, folder).then_some((folder.trim_end_matches('/').len(), service))
            })
            .collect::<Vec<_>>()
    };
    let mut below = cwd.map(deepest).unwrap_or_default();
    if below.is_empty() {
        below = folders().flat_map(deepest).collect();
    }
    let longest = below
        .iter()
        .map(|(length, _)| *length)
        .max()
        .unwrap_or_default();
    let below: Vec<&Service> = below
        .into_iter()
        .filter(|(length, _)| *length == longest)
        .map(|(_, service)| service)
        .collect();
    if !below.is_empty() {
        return prefer_local(below, snapshot)
            .into_iter()
            .map(Touched::Service)
            .collect();
    }
    server.map(Touched::Server).into_iter().collect()
}

/// Of services of one name on several machines, those of this one, if any is here.
fn prefer_local<'a>(services: Vec<&'a Service>, snapshot: &Snapshot) -> Vec<&'a Service> {
    let is_local = |service: &&Service| {
        snapshot
            .inventory
            .servers
            .iter()
            .any(|server| server.local && server.name == service.server)
    };
    let here: Vec<&Service> = services
        .iter()
        .copied()
        .filter(|service| is_local(service))
        .collect();
    if here.is_empty() { services } else { here }
}

fn server_of<'a>(host: &str, snapshot: &'a Snapshot) -> Option<&'a Server> {
    let host = host.rsplit('@').next().unwrap_or(host);
    let label = host.split('.').next().unwrap_or(host);
    let is_local = matches!(host, "localhost" | "127.0.0.1" | "::1");
    let exact = snapshot.servers.iter().find(|server| {
        server.name.eq_ignore_ascii_case(host)
            || server.hostname.eq_ignore_ascii_case(host)
            || server.ip_addresses.0.iter().any(|address| address == host)
    });
    exact
        .or_else(|| {
            snapshot.servers.iter().find(|server| {
                let first = server.hostname.split('.').next().unwrap_or_default();
                server.name.eq_ignore_ascii_case(label)
                    || (first.len() > 2
                        && first.parse::<u8>().is_err()
                        && first.eq_ignore_ascii_case(label))
            })
        })
        .or_else(|| {
            let local = snapshot
                .inventory
                .servers
                .iter()
                .find(|server| server.local && is_local)?;
            snapshot
                .servers
                .iter()
                .find(|server| server.name == local.name)
        })
}

/// Whether a word names a service: itself, its unit, its container, a resource of a cluster, `service@server`.
fn names(word: &str, service: &str) -> bool {
    let word = word.rsplit('/').next().unwrap_or(word);
    let word = word.split(['@', ':', '=']).next().unwrap_or(word);
    let word = NAME_ENDS
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .unwrap_or(word);
    if word.eq_ignore_ascii_case(service) {
        return true;
    }
    // `shop-api-1`, `shop_api_1`: a container that compose made.
    ['-', '_'].iter().any(|mark| {
        let parts: Vec<&str> = word.split(*mark).collect();
        match parts.as_slice() {
            [_, .., last] if last.bytes().all(|byte| byte.is_ascii_digit()) => {
                let middle = cut(&parts[1..parts.len() - 1].join(&mark.to_string()), 200);
                middle.eq_ignore_ascii_case(service)
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests;
