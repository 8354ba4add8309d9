//! `fjord hooks status`: whether the hooks are installed, run, and reach Fjord.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use agent::store::rows::HookEventRow;
use agent::{Clock, Error};
use config::Paths;
use hooks::install::{Status, SwitchedOff, switched_off};

use super::programs::{self, Answer, Client};
use super::{installer, refusal};
use crate::output::{error_document, mark, marked};
use crate::render;
use crate::wire::{Logging, Wire, absolute};

/// Every scope, the widest first.
const SCOPES: [&str; 3] = ["user", "project", "local"];
/// How long the store may take to tell the last event.
const STORE: Duration = Duration::from_secs(2);

/// One scope, or why it cannot be read.
struct Place {
    scope: &'static str,
    found: Result<(Status, Option<Answer>), Error>,
}

/// What counts for all scopes.
struct Around {
    client: Option<Client>,
    switched_off: Option<SwitchedOff>,
    last: Result<Option<HookEventRow>, Error>,
    is_served: bool,
}

/// Prints one scope, or all; one that cannot be read must not hide the others.
pub(super) async fn run(wire: &Wire, only: Option<&str>, dir: Option<&Path>) -> Result<(), Error> {
    let project = absolute(dir.unwrap_or(Path::new(".")))?;
    let mut places = Vec::new();
    for scope in SCOPES {
        if only.is_some_and(|only| only != scope) {
            continue;
        }
        let status = installer(wire, scope, dir)
            .and_then(|installer| installer.status().map_err(|error| refusal(&error)));
        let found = match status {
            Ok(status) => {
                let answer = programs::hook(&status).await;
                Ok((status, answer))
            }
            // Who asks for one wants to know why it cannot be told.
            Err(error) if only.is_some() => return Err(error),
            Err(error) => Err(error),
        };
        places.push(Place { scope, found });
    }
    let around = Around {
        client: programs::client(&wire.environment).await,
        switched_off: switched_off(&project, &wire.environment),
        last: last_event(wire).await,
        is_served: is_served(wire),
    };
    if wire.output.json {
        wire.output.document(&document(&places, &around, only));
    } else {
        wire.output.text(&text(wire, &places, &around));
    }
    Ok(())
}

fn document(places: &[Place], around: &Around, only: Option<&str>) -> serde_json::Value {
    let mut document = serde_json::json!({});
    for place in places {
        let one = match &place.found {
            Ok((status, answer)) => {
                let mut one = serde_json::to_value(status).unwrap_or_default();
                one["program_answer"] = serde_json::to_value(answer).unwrap_or_default();
                one["same_version"] = is_same_version(answer.as_ref()).into();
                one
            }
            Err(error) => serde_json::json!({ "error": error_document(error) }),
        };
        if only.is_some() {
            document = one;
        } else {
            document[place.scope] = one;
        }
    }
    document["daemon"] = around.is_served.into();
    document["client"] = serde_json::to_value(&around.client).unwrap_or_default();
    document["switched_off"] = serde_json::to_value(&around.switched_off).unwrap_or_default();
    document["last_event"] = match &around.last {
        Ok(Some(event)) => {
            serde_json::json!({ "at": event.at, "name": event.name, "session": event.session })
        }
        Ok(None) => serde_json::Value::Null,
        Err(error) => serde_json::json!({ "error": error_document(error) }),
    };
    document
}

fn text(wire: &Wire, places: &[Place], around: &Around) -> String {
    let mut text = String::new();
    let mut any = false;
    for Place { scope, found } in places {
        let (line, problems) = match found {
            Ok((status, answer)) => {
                any |= !status.events.is_empty();
                (state(scope, status, answer.as_ref()), &status.problems[..])
            }
            Err(error) => (
                format!("{}: {error}", marked(mark::BAD, "cannot be read")),
                &[][..],
            ),
        };
        if places.len() > 1 {
            text.push_str(&format!("{scope:<8} "));
        }
        text.push_str(&format!("{line}\n"));
        for problem in problems {
            text.push_str(&format!(
                "         {} {problem}\n",
                marked(mark::WARN, "bad entry")
            ));
        }
    }
    if let Some(off) = &around.switched_off {
        let word = marked(mark::BAD, "switched off");
        text.push_str(&format!(
            "hooks    {word} by `{}` in {}\n",
            off.setting,
            off.file.display()
        ));
    }
    let client = match &around.client {
        Some(Client {
            program,
            version: Some(version),
        }) => format!("Claude Code {version} ({})", program.display()),
        Some(Client { program, .. }) => {
            format!("{} does not tell its version", program.display())
        }
        None => "no `claude` is on the path".to_owned(),
    };
    let last = match &around.last {
        Ok(Some(event)) => {
            let age = render::age(event.at, Clock::system().now());
            format!("{}, {age}", event.name)
        }
        Ok(None) => "no event yet".to_owned(),
        Err(error) => format!("not known: {error}"),
    };
    text.push_str(&format!("client   {client}\nlast     {last}\n"));
    if !any {
        text.push_str("`fjord hooks install` connects the coding agent\n");
    }
    text + &daemon(wire)
}

fn state(scope: &str, status: &Status, answer: Option<&Answer>) -> String {
    let settings = status.settings.display();
    let mend = format!("`fjord hooks install --scope {scope}` mends it");
    let broken = |what: &str| {
        let broken = marked(mark::BAD, "broken");
        format!("{broken}: the program that {settings} names {what}; {mend}")
    };
    let warning =
        |word: &str, what: &str| format!("{}: {settings} {what}; {mend}", marked(mark::WARN, word));
    let program = status.program.as_deref().unwrap_or(Path::new("")).display();
    match answer {
        None => format!(
            "{}: nothing of Fjord's is in {settings}",
            marked(mark::DIM, "not installed")
        ),
        Some(Answer::Gone) => broken("is gone"),
        Some(Answer::NotExecutable) => broken("cannot be run"),
        Some(Answer::Silent) => broken("does not answer"),
        Some(Answer::NotOurs) => warning(
            "another Fjord",
            &format!("names {program}, which this Fjord did not put there and does not run"),
        ),
        Some(Answer::Version(version)) if !is_own(version) => warning(
            "another version",
            &format!(
                "names `fjord-hook` {version}, and this is {}",
                own_version()
            ),
        ),
        Some(Answer::Version(_)) if !status.complete => warning(
            "out of date",
            &format!(
                "has other entries than this version writes ({})",
                status.events.join(", ")
            ),
        ),
        Some(Answer::Version(version)) => format!(
            "{} in {settings}; `fjord-hook` {version} answers",
            marked(mark::GOOD, "installed")
        ),
    }
}

fn own_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn is_own(version: &str) -> bool {
    version == own_version()
}

fn is_same_version(answer: Option<&Answer>) -> Option<bool> {
    match answer {
        Some(Answer::Version(version)) => Some(is_own(version)),
        _ => None,
    }
}

/// The last event in the store.
async fn last_event(wire: &Wire) -> Result<Option<HookEventRow>, Error> {
    let agent = wire.agent(Logging::Warnings)?;
    let look = async {
        agent.store().ready().await?;
        let events = agent.store().hook_events(1).await?;
        Ok(events.into_iter().next())
    };
    tokio::time::timeout(STORE, look)
        .await
        .unwrap_or_else(|_| Err(Error::unavailable("store", "it does not answer in time")))
}

fn is_served(wire: &Wire) -> bool {
    UnixStream::connect(Paths::from(&wire.environment).socket).is_ok()
}

/// Tells whether `fjord up` runs; `None`: it does.
pub(super) fn absence(wire: &Wire) -> Option<String> {
    (!is_served(wire)).then(|| daemon(wire))
}

fn daemon(wire: &Wire) -> String {
    if is_served(wire) {
        let socket = Paths::from(&wire.environment).socket;
        format!("`fjord up` serves {}", socket.display())
    } else {
        "`fjord up` does not run: the guard judges alone, events wait on disk".to_owned()
    }
}
