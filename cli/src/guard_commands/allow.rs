//! `fjord guard allow`, `allowed` and `disallow`: what a person lets through, for how long, and the record of it.

use std::time::Duration;

use agent::store::NewAudit;
use agent::{Clock, Error, Face};
use chrono::{DateTime, Utc};
use config::allowed::{self, AllowedError};
use config::env::USER;
use config::{Allowed, Paths, Strictness};
use guard::{Part, ToolCall, Verdict};

use super::{Place, moment};
use crate::argv::AllowArgs;
use crate::output::{mark, marked};
use crate::render::prose::{escaped, wrapped};
use crate::session;
use crate::wire::{Logging, Wire};

/// The longest time an exception may count.
const LONGEST: Duration = Duration::from_hours(30 * 24);
/// Longer texts are refused, in bytes.
const LONGEST_TEXT: usize = 4_096;
/// More commands than this in one line are let through one by one.
const MOST_PARTS: usize = 20;

/// Lets a command through.
pub(super) async fn allow(wire: &Wire, asked: &AllowArgs) -> Result<(), Error> {
    session::refuse_without_person(&wire.environment, "`fjord guard allow`")?;
    let time = time(&asked.time)?;
    let reason = line("--reason", &asked.reason)?;
    let command = line("the command", &asked.command)?;
    let place = Place::of(wire, None)?;
    let parts = answered(wire, &place, command, asked.rule.as_deref())?;
    let folder = match (asked.project, &place.root) {
        (false, _) => String::new(),
        (true, Some(root)) => root.to_string_lossy().into_owned(),
        (true, None) => {
            return Err(Error::invalid(
                "this folder is under no version control, so there is no project to keep it to",
            ));
        }
    };
    let now = Clock::system().now();
    let new: Vec<Allowed> = parts
        .into_iter()
        .map(|part| Allowed {
            id: new_id(),
            command: part.pattern,
            place: part.place,
            folder: folder.clone(),
            rules: part.rules,
            up_to: if part.verdict == Verdict::Deny {
                Strictness::Deny
            } else {
                Strictness::Ask
            },
            reason: reason.to_owned(),
            who: who(wire),
            created: moment(now),
            until: moment(now + time),
            ended: None,
            ended_by: None,
            audited: false,
        })
        .collect();
    let file = &place.paths.allowed;
    allowed::change(file, &moment(now), |lines| lines.extend(new.clone()))
        .map_err(|error| failed(&error))?;
    for one in &new {
        record(wire, &place.paths, (one, "guard.allow")).await;
    }
    if wire.output.json {
        wire.output.document(&new);
        return Ok(());
    }
    let lines: Vec<String> = new
        .iter()
        .flat_map(|one| about(one, now, wire.columns()))
        .collect();
    wire.output.text(&format!(
        "{}\n{}\nundo it with `fjord guard disallow {}`",
        marked(mark::WARN, "let through"),
        lines.join("\n"),
        new.first().map_or("", |one| one.id.as_str()),
    ));
    Ok(())
}

/// Lists what is let through.
pub(super) fn list(wire: &Wire, all: bool) {
    let now = Clock::system().now();
    let paths = Paths::from(&wire.environment);
    let (mut lines, problems) = allowed::read_all(&paths.allowed);
    let (loaded, of_configuration) = wire.load_leniently();
    for problem in of_configuration.iter().chain(&problems) {
        wire.output
            .remark(&format!("{} {problem}", marked(mark::WARN, "note:")));
    }
    lines.retain(|one| all || one.counts(&moment(now)));
    let configured = &loaded.config.guard.exceptions;
    if wire.output.json {
        let rows: Vec<_> = lines
            .iter()
            .map(|one| row(one, now))
            .chain(configured.iter().map(|one| {
                serde_json::json!({
                    "id": null, "command": one.command, "rules": [one.rule], "reason": one.reason,
                    "who": one.who, "until": one.until, "from": "configuration",
                })
            }))
            .collect();
        wire.output.document(&rows);
        return;
    }
    let mut text: Vec<String> = lines
        .iter()
        .flat_map(|one| about(one, now, wire.columns()))
        .collect();
    for one in configured {
        let said = format!(
            "{} ({}) until {}: {}",
            one.command, one.rule, one.until, one.reason
        );
        text.push(marked(mark::BOLD, "in the configuration"));
        text.extend(indented(&escaped(&said), wire.columns()));
    }
    if text.is_empty() {
        text.push("nothing is let through".to_owned());
    }
    wire.output.text(&text.join("\n"));
}

/// Ends an exception.
pub(super) async fn disallow(wire: &Wire, id: &str) -> Result<(), Error> {
    session::refuse_without_person(&wire.environment, "`fjord guard disallow`")?;
    let paths = Paths::from(&wire.environment);
    let now = moment(Clock::system().now());
    let who = who(wire);
    let ended = allowed::change(&paths.allowed, &now, |lines| {
        let one = lines
            .iter_mut()
            .find(|one| one.id == id && one.counts(&now))?;
        one.ended = Some(now.clone());
        one.ended_by = Some(who);
        one.audited = false;
        Some(one.clone())
    })
    .map_err(|error| failed(&error))?;
    let Some(ended) = ended else {
        return Err(Error::not_found(format!(
            "nothing with the id `{}` is let through; `fjord guard allowed` lists what is",
            escaped(id)
        )));
    };
    record(wire, &paths, (&ended, "guard.disallow")).await;
    if wire.output.json {
        wire.output.document(&ended);
    } else {
        wire.output
            .text(&format!("ended: {}", escaped(&ended.command)));
    }
    Ok(())
}

/// The parts of a command that the guard answers to now, as far as an exception may name them.
fn answered(
    wire: &Wire,
    place: &Place,
    command: &str,
    rule: Option<&str>,
) -> Result<Vec<Part>, Error> {
    let input = serde_json::json!({ "command": command });
    let cwd = place.folder.to_string_lossy();
    let call = ToolCall {
        tool: "Bash",
        input: &input,
        cwd: &cwd,
    };
    let explanation = guard::explain(&call, &place.facts(wire), &place.settings());
    let mut parts = explanation.parts;
    for part in &mut parts {
        part.rules
            .retain(|id| rule.is_none_or(|rule| id == rule || id.split('.').next() == Some(rule)));
    }
    parts.retain(|part| !part.rules.is_empty());
    if parts.is_empty() {
        let which = rule.map_or("the guard".to_owned(), |rule| {
            format!("`{}`", escaped(rule))
        });
        return Err(Error::invalid(format!(
            "{which} says nothing about this command, so there is nothing to let through; `fjord guard explain` shows why"
        )));
    }
    if parts.len() > MOST_PARTS {
        return Err(Error::invalid(
            "these are too many commands for one exception",
        ));
    }
    for part in &parts {
        if part.rules.iter().any(|rule| rule.starts_with("own.")) {
            return Err(Error::forbidden(
                "Fjord's own protection knows no exception; do it yourself in this terminal",
            ));
        }
        if part.pattern.is_empty() {
            return Err(Error::invalid(format!(
                "no exception can name `{}`: it writes to a file, or a part of it is known only when it runs; `fjord guard explain` shows which",
                escaped(&part.text)
            )));
        }
    }
    Ok(parts)
}

/// Writes an audit row. Without a store the line in the file is the record, and says so (`audited`).
async fn record(wire: &Wire, paths: &Paths, (one, action): (&Allowed, &str)) {
    let Ok(agent) = wire.agent(Logging::Warnings) else {
        return;
    };
    let actor = wire.actor(Face::Argv);
    let detail = format!(
        "{} until {}: {}",
        one.rules.join(", "),
        one.until,
        one.reason
    );
    let clean = |text: &str| guard::redact::redact(text).text.replace('\0', "");
    let (target, detail) = (clean(&one.command), clean(&detail));
    let row = NewAudit {
        at: agent.now(),
        actor: &actor.id,
        face: actor.face.as_str(),
        action,
        target: Some(&target),
        result: "done",
        detail: Some(&detail),
    };
    let stored = match agent.store().ready().await {
        Ok(()) => agent.store().insert_audit(&row).await.is_ok(),
        Err(_) => false,
    };
    if !stored {
        wire.output.remark(&format!(
            "{} the store is not available; {} is the record",
            marked(mark::WARN, "note:"),
            paths.allowed.display()
        ));
        return;
    }
    let noted = allowed::change(&paths.allowed, &moment(agent.now()), |lines| {
        if let Some(line) = lines.iter_mut().find(|line| line.id == one.id) {
            line.audited = true;
        }
    });
    if let Err(error) = noted {
        wire.output
            .remark(&format!("{} {error}", marked(mark::WARN, "note:")));
    }
}

fn row(one: &Allowed, now: DateTime<Utc>) -> serde_json::Value {
    let mut row = serde_json::to_value(one).unwrap_or_default();
    row["from"] = "fjord guard allow".into();
    row["counts"] = one.counts(&moment(now)).into();
    row["remaining_s"] = remaining(one, now).into();
    row
}

fn about(one: &Allowed, now: DateTime<Utc>, columns: usize) -> Vec<String> {
    let mut lines = vec![marked(mark::BOLD, &one.id)];
    let mut fields = vec![one.command.clone()];
    let words = format!(
        "{}, {} at most",
        one.rules.join(", "),
        if one.up_to == Strictness::Deny {
            "deny"
        } else {
            "ask"
        }
    );
    fields.push(words);
    if !one.place.is_empty() {
        fields.push(format!("in {}", one.place));
    }
    if !one.folder.is_empty() {
        fields.push(format!("below {}", one.folder));
    }
    fields.push(format!("{}: {}", one.who, one.reason));
    fields.push(match &one.ended {
        Some(ended) => format!(
            "ended {ended} by {}",
            one.ended_by.as_deref().unwrap_or("somebody")
        ),
        None if one.counts(&moment(now)) => {
            format!("until {} ({} left)", one.until, left(remaining(one, now)))
        }
        None => format!("over since {}", one.until),
    });
    for field in fields {
        lines.extend(indented(&escaped(&field), columns));
    }
    lines
}

fn indented(text: &str, columns: usize) -> Vec<String> {
    wrapped(text, columns.saturating_sub(2).max(20))
        .into_iter()
        .map(|line| format!("  {line}"))
        .collect()
}

fn remaining(one: &Allowed, now: DateTime<Utc>) -> i64 {
    DateTime::parse_from_rfc3339(&one.until)
        .map_or(0, |until| (until.to_utc() - now).num_seconds())
        .max(0)
}

fn left(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Reads `30m`, `2h`, `7d`.
fn time(text: &str) -> Result<Duration, Error> {
    let wrong = || {
        Error::invalid(
            "`--for` takes a time of at least one minute and at most 30 days: `30m`, `2h`, `7d`",
        )
    };
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let seconds = digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(unit))
        .ok_or_else(wrong)?;
    let time = Duration::from_secs(seconds);
    if time.is_zero() || time > LONGEST {
        return Err(wrong());
    }
    Ok(time)
}

fn line<'a>(name: &str, text: &'a str) -> Result<&'a str, Error> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_TEXT || text.contains(char::is_control) {
        return Err(Error::invalid(format!(
            "{name} must be one line of text, at most {LONGEST_TEXT} bytes"
        )));
    }
    Ok(text)
}

fn who(wire: &Wire) -> String {
    let user = wire
        .environment
        .get(USER)
        .map_or_else(|| format!("uid {}", wire.environment.uid()), str::to_owned);
    let host = rustix::system::uname();
    format!("{user}@{}", host.nodename().to_string_lossy())
}

/// Six characters of a random id: enough for a handful, short enough to type.
fn new_id() -> String {
    agent::ids::ticket().chars().take(6).collect()
}

fn failed(error: &AllowedError) -> Error {
    Error::conflict(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_between_a_minute_and_thirty_days() {
        assert_eq!(time("2h").unwrap().as_secs(), 7_200);
        assert_eq!(time("30d").unwrap(), LONGEST);
        for wrong in [
            "",
            "2",
            "h",
            "0m",
            "31d",
            "-1h",
            "1.5h",
            "99999999999999999999d",
            "2 h",
            "10é",
        ] {
            assert_eq!(time(wrong).unwrap_err().exit_code(), 64, "{wrong}");
        }
    }
}
