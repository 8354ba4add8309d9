//! Replies as messages: the first line says what matters in a plain word, details stand below.

mod answers;
mod approvals;
mod deploy;
#[cfg(test)]
mod examples;
mod inventory;
#[cfg(test)]
mod tests;

use agent::store::rows::Time;
use agent::{Error, Reply, Role};
use chrono::{DateTime, Utc};

use crate::text::{Message, Page, code, escape};

/// Renders a reply.
pub(crate) fn reply(reply: &Reply) -> Message {
    let page = page(reply);
    let mut message = page.message();
    if let Reply::Confirm(question) = inner(reply) {
        message.buttons = Some(deploy::buttons(question));
    }
    message
}

fn page(reply: &Reply) -> Page {
    match reply {
        Reply::Status(report) => inventory::status(report),
        Reply::ServiceDetail(details) => inventory::details(details),
        Reply::Health(reports) => inventory::health(reports),
        Reply::Plan(plan) => deploy::plan(plan),
        Reply::Confirm(question) => deploy::question(question),
        Reply::Declined { text } => Page::new("answer").head("left", text),
        Reply::Deployed(report) => deploy::deployed(report),
        Reply::Cancelling { service, deployment } => {
            Page::new("cancel").head("stopping", &format!("deployment {deployment} of `{service}` is told to stop; `/history {service}` tells how it ended"))
        }
        Reply::History { service, deployments } => deploy::history(service, deployments),
        Reply::Events(events) => answers::events(events),
        Reply::Brief(brief) => answers::brief(brief),
        Reply::Incident(report) => answers::incident(report),
        Reply::Learned(learned) => answers::learned(learned),
        Reply::Passages(passages) => answers::passages(passages),
        Reply::Documents(documents) => answers::documents(documents),
        Reply::Forgotten { count } => Page::new("forgotten").head("ok", &format!("{} forgotten", counted(*count, "document"))),
        Reply::Servers(servers) => inventory::servers(servers),
        Reply::Services(services) => inventory::services(services),
        Reply::Routes(routes) => inventory::routes(routes),
        Reply::Dependencies(dependencies) => inventory::dependencies(dependencies),
        Reply::Secrets(secrets) => inventory::secrets(secrets),
        Reply::Changed(change) => inventory::changed(change),
        Reply::Approvals(approvals) => approvals::list(approvals),
        Reply::Answered(answered) => approvals::answered(answered),
        Reply::Asked(approval) => approvals::list(std::slice::from_ref(approval)),
        Reply::Schedules(schedules) => answers::schedules(schedules),
        Reply::ScheduleDetail { schedule, executions } => answers::schedule(schedule, executions),
        Reply::Ran { id, reply } => {
            let mut page = page(reply);
            page.gap().html(format!("<i>schedule {id}</i>"));
            page
        }
        Reply::NotRun { id, line, why } => {
            let mut page = Page::new("schedule").head("not done", &format!("schedule {id}: {why}"));
            page.gap().html(format!("<code>{}</code>", escape(line)));
            page
        }
        Reply::Doctor(checks) => answers::doctor(checks),
        Reply::Judged(judgement) => answers::judged(judgement),
        Reply::Context { text } => {
            let mut page = Page::new("context").head("context", "");
            page.text(text);
            page
        }
        Reply::Notice(notice) => answers::notice(notice),
        Reply::Noted { new } => Page::new("noted").head("ok", if *new { "noted" } else { "it was noted before" }),
        Reply::AsOf { at, reply } => {
            let mut page = page(reply);
            page.gap().say(&format!("as of {}: the store is down, this is the last known state", clock(*at)));
            page
        }
    }
}

fn inner(reply: &Reply) -> &Reply {
    match reply {
        Reply::Ran { reply, .. } | Reply::AsOf { reply, .. } => inner(reply),
        reply => reply,
    }
}

/// Renders an error; its text names the next step.
pub(crate) fn error(error: &Error) -> Message {
    Page::new("error")
        .head(error_word(error), &error.to_string())
        .message()
}

fn error_word(error: &Error) -> &'static str {
    match error {
        Error::Invalid { .. } | Error::Ambiguous { .. } => "not clear",
        Error::NotFound { .. } => "not found",
        Error::Conflict { .. } => "not done",
        Error::Forbidden { .. } => "not allowed",
        Error::Throttled { .. } => "wait",
        Error::Unavailable { .. } => "down",
        Error::Internal { .. } => "failed",
    }
}

/// Renders a question that can no longer be answered.
pub(crate) fn refused_question(question: &str, refusal: &Error) -> Message {
    let mut page = Page::new("question").head("not done", &refusal.to_string());
    page.gap().text(question);
    page.message()
}

/// Renders the list of commands.
pub(crate) fn help(role: Option<Role>) -> Message {
    let role = role.map_or("viewer", Role::as_str);
    let mut page = Page::new("help").head("Fjord", &format!("you are {role}; send a command:"));
    for offer in agent::line::OFFERS {
        let arguments = if offer.arguments.is_empty() {
            String::new()
        } else {
            format!(" {}", code(offer.arguments))
        };
        page.html(format!(
            "/{}{arguments} · {}",
            offer.word,
            escape(offer.help)
        ));
    }
    page.gap()
        .say("A part of a name is enough when it fits one thing.");
    page.message()
}

/// Renders what a stranger is told, once an hour.
pub(crate) fn refusal(user: u64) -> Message {
    Page::new("refusal")
        .head("Sorry", &format!("I only talk to people on my list. Your user id is `{user}`; an admin of this Fjord can add it."))
        .message()
}

/// `2026-01-31 14:05 UTC`
fn moment(time: Time) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `14:05 UTC`
fn clock(time: DateTime<Utc>) -> String {
    time.format("%H:%M UTC").to_string()
}

fn counted(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

fn length_of<T>(items: &[T]) -> u64 {
    items.len() as u64
}

/// A list with a title, or a sentence when there is nothing.
fn listed<T>(
    items: &[T],
    (name, thing, empty): (&'static str, &str, &str),
    line: impl Fn(&T) -> String,
) -> Page {
    if items.is_empty() {
        return Page::new(name).head("none", empty);
    }
    let mut page = Page::new(name).head(&counted(length_of(items), thing), "");
    for item in items {
        page.html(line(item));
    }
    page
}

/// Joins what is there with a dot between.
fn dotted<const N: usize>(parts: [Option<String>; N]) -> String {
    parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}
