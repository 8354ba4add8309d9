//! Lines run at set times, each run by one Fjord only.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use tokio_util::sync::CancellationToken;

use crate::actor::Actor;
use crate::agent::Agent;
use crate::command::{Answer, Command};
use crate::error::Error;
use crate::inventory::shown;
use crate::line;
use crate::progress::Progress;
use crate::reply::Reply;
use crate::store::NewEvent;
use crate::store::rows::{ExecutionStatus, Schedule, Severity, Time};

mod in_short;

pub(crate) use in_short::in_short;

/// The longest cron expression, in characters.
const LONGEST: usize = 200;
/// How often the store is asked for what is due.
const TICK: Duration = Duration::from_secs(1);
/// A run that is later than this is not made: a deploy meant for the night must not happen at noon.
const LATEST: TimeDelta = TimeDelta::minutes(5);
/// How long a run holds without a sign of life.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Runs what is due until told to stop: stored schedules, and the brief of the configuration.
pub async fn run(agent: Agent, stop: CancellationToken) {
    let mut brief = next_brief(&agent, agent.now());
    loop {
        let now = agent.now();
        if let Some(due) = brief.filter(|due| *due <= now) {
            if now - due <= LATEST {
                let agent = agent.clone();
                tokio::spawn(async move { send_brief(&agent, due).await });
            }
            brief = next_brief(&agent, now);
        }
        if let Err(error) = tick(&agent, now).await {
            tracing::debug!(%error, "due schedules were not looked for");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Returns the next time a cron expression (five fields) is due after `after`, in a time zone.
pub fn next_time(cron: &str, timezone: &str, after: Time) -> Result<Time, Error> {
    if cron.split_whitespace().count() != 5
        || cron.chars().count() > LONGEST
        || cron.contains(char::is_control)
    {
        return Err(Error::invalid(format!(
            "`{}` is not a cron expression of five fields: minute hour day month weekday, for instance `0 8 * * 1-5`",
            shown(cron)
        )));
    }
    let zone = Tz::from_str(timezone).map_err(|_| {
        Error::invalid(format!(
            "`{}` is no time zone; write one such as `Europe/Berlin` or `UTC`",
            shown(timezone)
        ))
    })?;
    let parsed = Cron::from_str(cron).map_err(|error| {
        Error::invalid(format!(
            "`{}` is not a cron expression: {error}",
            shown(cron)
        ))
    })?;
    let next: DateTime<Tz> = parsed
        .find_next_occurrence(&after.with_timezone(&zone), false)
        .map_err(|_| Error::invalid(format!("`{}` is never due", shown(cron))))?;
    Ok(next.with_timezone(&Utc))
}

fn next_brief(agent: &Agent, after: Time) -> Option<Time> {
    let brief = &agent.config().brief;
    if brief.cron.is_empty() {
        return None;
    }
    next_time(&brief.cron, &brief.timezone, after)
        .inspect_err(|error| tracing::error!(%error, "`brief.cron` is not used"))
        .ok()
}

/// Makes the brief of the configuration once among all Fjords, for the configured chats.
async fn send_brief(agent: &Agent, due: Time) {
    let key = format!("chronos:brief:{}", due.timestamp());
    // The mark is a row, not Redis: it must hold while Redis comes and goes.
    match agent
        .store()
        .mark_once(&key, agent.now(), due + TimeDelta::days(1))
        .await
    {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return tracing::warn!(%error, "the brief was not made"),
    }
    let reply = agent
        .handle(&Actor::system(), Command::Brief, &Progress::none())
        .await;
    match reply {
        Ok(reply) => {
            deliver(
                agent,
                &agent.config().telegram.chats.clone(),
                (&key, &reply),
            )
            .await;
        }
        Err(error) => tracing::warn!(%error, "the brief was not made"),
    }
}

async fn deliver(agent: &Agent, chats: &[i64], (key, reply): (&str, &Reply)) {
    for chat in chats {
        if let Err(error) = crate::outbox::put(agent, &format!("{key}:{chat}"), *chat, reply).await
        {
            tracing::warn!(%error, chat, "a scheduled message was not put into the outbox");
        }
    }
}

async fn tick(agent: &Agent, now: Time) -> Result<(), Error> {
    for schedule in agent.store().interrupt_runs(now).await? {
        tell(agent, schedule, "Fjord stopped in the middle of it").await;
    }
    for schedule in agent.store().due_schedules(now).await? {
        let next = match next_time(&schedule.cron, &schedule.timezone, now) {
            Ok(next) => next,
            // It must not keep the others from running.
            Err(error) => {
                if agent.store().cancel_schedule(schedule.id).await? {
                    tell(agent, schedule.id, &format!("it is ended: {error}")).await;
                }
                continue;
            }
        };
        let owner = agent.owner().as_text();
        let Some(run) = agent
            .store()
            .claim_run(&schedule, (now, next, now + LEASE), &owner)
            .await?
        else {
            continue;
        };
        if now - schedule.next_at > LATEST {
            let text = format!(
                "missed: no Fjord was running at {}",
                schedule.next_at.format("%Y-%m-%d %H:%M UTC")
            );
            agent
                .store()
                .finish_run(run, (ExecutionStatus::Failed, &text), now)
                .await?;
            tell(agent, schedule.id, &text).await;
            continue;
        }
        let agent = agent.clone();
        tokio::spawn(async move { make_run(&agent, &schedule, run).await });
    }
    Ok(())
}

/// Makes one run as the schedule's maker, whose role is checked again.
async fn make_run(agent: &Agent, schedule: &Schedule, run: i64) {
    let beat = tokio::spawn(keep_alive(agent.clone(), run));
    let (outcome, chats) = match serde_json::from_value::<Actor>(schedule.maker.0.clone()) {
        Ok(maker) => {
            // Somebody who is not listed any more is told nothing.
            let chats = maker
                .chat
                .filter(|_| agent.role_of(&maker).is_some())
                .map_or_else(|| agent.config().telegram.chats.clone(), |chat| vec![chat]);
            (as_maker(agent, &maker, &schedule.line).await, chats)
        }
        Err(error) => (
            Err(Error::internal(format!(
                "the schedule's maker cannot be read: {error}"
            ))),
            Vec::new(),
        ),
    };
    beat.abort();
    let (status, text) = match &outcome {
        Ok(reply) if reply.exit_code() == 0 => (ExecutionStatus::Done, in_short(reply)),
        Ok(reply) => (ExecutionStatus::Failed, in_short(reply)),
        Err(error) => (ExecutionStatus::Failed, error.to_string()),
    };
    let reply = if let Ok(reply) = outcome {
        Reply::Ran {
            id: schedule.id,
            reply: Box::new(reply),
        }
    } else {
        tell(agent, schedule.id, &text).await;
        Reply::NotRun {
            id: schedule.id,
            line: schedule.line.clone(),
            why: text.clone(),
        }
    };
    deliver(agent, &chats, (&format!("schedule:{run}"), &reply)).await;
    if let Err(error) = agent
        .store()
        .finish_run(run, (status, &text), agent.now())
        .await
    {
        tracing::warn!(%error, run, "the end of a scheduled run was not stored");
    }
}

/// What went wrong unseen becomes an event: nobody sat in front of it.
async fn tell(agent: &Agent, schedule: i64, why: &str) {
    tracing::warn!(schedule, why, "a scheduled run failed");
    let event = NewEvent {
        at: agent.now(),
        server: None,
        service: None,
        event_type: "schedule".to_owned(),
        severity: Severity::Error,
        title: format!("schedule {schedule} did not run"),
        description: Some(guard::redact::redact(why).text.into_owned()),
        metadata: serde_json::json!({ "schedule": schedule }),
    };
    if let Err(error) = agent.store().insert_event(&event).await {
        tracing::warn!(%error, schedule, "the event could not be stored");
    }
}

/// A schedule was confirmed when it was made, so its question is answered with yes.
async fn as_maker(agent: &Agent, maker: &Actor, text: &str) -> Result<Reply, Error> {
    let actor = Actor::schedule(maker);
    let command = line::parse(text)?;
    let reply = agent.handle(&actor, command, &Progress::none()).await?;
    match reply {
        Reply::Confirm(question) => {
            agent
                .handle(
                    &actor,
                    Command::Confirm {
                        ticket: question.ticket,
                        answer: Answer::Yes,
                    },
                    &Progress::none(),
                )
                .await
        }
        reply => Ok(reply),
    }
}

async fn keep_alive(agent: Agent, run: i64) {
    loop {
        tokio::time::sleep(Duration::from_secs(15)).await;
        if let Err(error) = agent.store().renew_run(run, agent.now() + LEASE).await {
            tracing::warn!(%error, run, "the lease of a scheduled run was not renewed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check((cron, zone, after): (&str, &str, &str), expected: Result<&str, &str>) {
        let after = after.parse().expect("a time");
        let next = next_time(cron, zone, after)
            .map(|time| time.to_rfc3339())
            .map_err(|error| error.to_string());
        assert_eq!(next.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn a_time_zone_moves_the_hour() {
        check(
            ("0 8 * * *", "UTC", "2026-11-20T07:00:00Z"),
            Ok("2026-11-20T08:00:00+00:00"),
        );
        check(
            ("0 8 * * *", "Europe/Berlin", "2026-11-20T00:00:00Z"),
            Ok("2026-11-20T07:00:00+00:00"),
        );
    }

    #[test]
    fn daylight_saving_keeps_the_wall_clock() {
        check(
            ("0 8 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z"),
            Ok("2026-03-29T06:00:00+00:00"),
        );
    }

    #[test]
    fn an_hour_that_comes_twice_or_never_is_one_run_a_day() {
        let zone = "Europe/Berlin";
        // 02:30 comes twice on 25 October 2026: at 00:30 and at 01:30 UTC.
        let first = next_time("30 2 * * *", zone, "2026-10-24T12:00:00Z".parse().unwrap()).unwrap();
        let second = next_time("30 2 * * *", zone, first).unwrap();
        assert_eq!(
            (first.to_rfc3339(), second.to_rfc3339()),
            (
                "2026-10-25T00:30:00+00:00".to_owned(),
                "2026-10-26T01:30:00+00:00".to_owned()
            )
        );
        // 02:30 does not come on 29 March 2026; the day is not left out.
        let next = next_time("30 2 * * *", zone, "2026-03-28T12:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(next.to_rfc3339(), "2026-03-29T01:00:00+00:00");
    }

    #[test]
    fn an_endless_expression_is_refused() {
        let minutes = vec!["0"; 5_000].join(",");
        assert!(next_time(&format!("{minutes} 8 * * *"), "UTC", Time::default()).is_err());
        assert!(next_time("0 8\n* * *", "UTC", Time::default()).is_err());
    }

    #[test]
    fn what_is_wrong_is_said_with_an_example() {
        check(
            ("8 o'clock", "UTC", "2026-11-20T07:00:00Z"),
            Err(
                "`8 o\\'clock` is not a cron expression of five fields: minute hour day month weekday, for instance `0 8 * * 1-5`",
            ),
        );
        check(
            ("0 8 * * *", "Mars/Base", "2026-11-20T07:00:00Z"),
            Err("`Mars/Base` is no time zone; write one such as `Europe/Berlin` or `UTC`"),
        );
    }
}
