//! Every reply as text for a terminal: problems first, readable without colour.

mod approvals;
mod deploy;
mod incident;
mod inventory;
mod knowledge;
pub(crate) mod prose;
mod schedule;
mod state;
mod words;

use agent::Reply;
use chrono::{DateTime, Utc};

pub(crate) use deploy::{intent, question};
pub(crate) use words::{age, table};

use crate::output::{mark, marked};

/// What rendering needs to know of the moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// What time it is.
    pub(crate) now: DateTime<Utc>,
    /// The model's text was shown while it was written.
    pub(crate) prose_was_shown: bool,
}

impl Moment {
    /// Makes a moment at which nothing was shown yet.
    pub(crate) fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            prose_was_shown: false,
        }
    }
}

/// Renders a reply; no newline at the end.
pub(crate) fn reply(reply: &Reply, moment: Moment) -> String {
    match reply {
        Reply::Status(report) => state::status(report, moment.now),
        Reply::ServiceDetail(services) => state::services(services, moment.now),
        Reply::Health(reports) => state::health(reports),
        Reply::Events(events) => state::events(events, moment.now),
        Reply::Doctor(checks) => state::doctor(checks),
        Reply::Plan(plan) => deploy::plan(plan),
        Reply::Confirm(asked) => question(asked, moment.now),
        Reply::Declined { text } => text.clone(),
        Reply::Deployed(report) => deploy::report(report),
        Reply::Cancelling {
            service,
            deployment,
        } => {
            format!("deployment {deployment} of `{service}` is told to stop")
        }
        Reply::History {
            service,
            deployments,
        } => deploy::history(service, deployments, moment.now),
        Reply::Brief(brief) => incident::brief(brief, moment),
        Reply::Incident(report) => incident::report(report, moment),
        Reply::Learned(learned) => knowledge::learned(learned),
        Reply::Passages(found) => knowledge::passages(found),
        Reply::Documents(documents) => knowledge::documents(documents, moment.now),
        Reply::Forgotten { count } => knowledge::forgotten(*count),
        Reply::Servers(servers) => inventory::servers(servers, moment.now),
        Reply::Services(services) => inventory::services(services),
        Reply::Routes(routes) => inventory::routes(routes),
        Reply::Dependencies(dependencies) => inventory::dependencies(dependencies),
        Reply::Secrets(secrets) => inventory::secrets(secrets, moment.now),
        Reply::Changed(change) => inventory::changed(change),
        Reply::Approvals(approvals) => approvals::list(approvals, moment.now),
        Reply::Answered(answered) => approvals::answered(answered),
        Reply::Asked(approval) => approvals::one(approval, moment.now),
        Reply::Schedules(schedules) => schedule::list(schedules, moment.now),
        Reply::ScheduleDetail {
            schedule,
            executions,
        } => schedule::detail(schedule, executions, moment.now),
        Reply::Ran { id, reply: inner } => {
            format!("schedule {id} ran:\n{}", self::reply(inner, moment))
        }
        Reply::NotRun { id, line, why } => {
            format!("schedule {id} did not run `{line}`: {why}")
        }
        Reply::Judged(judgement) => knowledge::judgement(judgement),
        Reply::Context { text } => knowledge::context(text),
        Reply::Notice(notice) => knowledge::notice(notice),
        Reply::Noted { new } => (if *new { "noted" } else { "known already" }).to_owned(),
        Reply::AsOf { at, reply: inner } => {
            let label = format!(
                "the store is down: as of {} ({})",
                words::clock(*at),
                age(*at, moment.now)
            );
            format!(
                "{}\n{}",
                marked(mark::WARN, &label),
                self::reply(inner, moment)
            )
        }
    }
}

/// Renders a single inventory item in full where `show` asked for one.
pub(crate) fn shown(reply: &Reply, moment: Moment) -> String {
    match reply {
        Reply::Servers(servers) if servers.len() == 1 => inventory::server(&servers[0], moment.now),
        Reply::Services(services) if services.len() == 1 => {
            inventory::service(&services[0], moment.now)
        }
        Reply::Routes(routes) if routes.len() == 1 => inventory::route(&routes[0]),
        Reply::Dependencies(dependencies) if dependencies.len() == 1 => {
            inventory::dependency(&dependencies[0])
        }
        Reply::Secrets(secrets) if secrets.len() == 1 => inventory::secret(&secrets[0], moment.now),
        Reply::AsOf { at, reply: inner } => {
            let label = format!(
                "the store is down: as of {} ({})",
                words::clock(*at),
                age(*at, moment.now)
            );
            format!("{}\n{}", marked(mark::WARN, &label), shown(inner, moment))
        }
        _ => self::reply(reply, moment),
    }
}
