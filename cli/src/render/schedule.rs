//! Schedules and their runs.

use agent::store::rows::{Execution, ExecutionStatus, Schedule};
use chrono::{DateTime, Utc};

use super::words;
use crate::output::{mark, marked};

/// Renders the schedules.
pub(super) fn list(schedules: &[Schedule], now: DateTime<Utc>) -> String {
    if schedules.is_empty() {
        return "no schedules; `fjord schedule add \"0 8 * * 1-5\" \"brief\"` makes one".to_owned();
    }
    let rows = schedules.iter().map(|schedule| {
        [
            schedule.id.to_string(),
            schedule.cron.clone(),
            schedule.timezone.clone(),
            schedule.line.clone(),
            if schedule.active {
                words::age(schedule.next_at, now)
            } else {
                "ended".to_owned()
            },
            schedule
                .last_at
                .map_or_else(|| "never".to_owned(), |at| words::age(at, now)),
        ]
    });
    words::table(["id", "cron", "time zone", "line", "next", "last"], rows)
}

/// Renders one schedule with its last runs.
pub(super) fn detail(schedule: &Schedule, executions: &[Execution], now: DateTime<Utc>) -> String {
    let maker = schedule
        .maker
        .0
        .get("name")
        .and_then(serde_json::Value::as_str);
    let next = if schedule.active {
        format!(
            "{} ({})",
            words::day(schedule.next_at),
            words::age(schedule.next_at, now)
        )
    } else {
        "ended".to_owned()
    };
    let mut out = words::fields(
        &format!("schedule {}", schedule.id),
        &[
            ("line", schedule.line.clone()),
            ("cron", format!("{} ({})", schedule.cron, schedule.timezone)),
            ("made by", words::or_dash(maker)),
            ("next", next),
        ],
    );
    if !executions.is_empty() {
        let rows = executions.iter().map(|execution| {
            let colour = match execution.status {
                ExecutionStatus::Done => mark::GOOD,
                ExecutionStatus::Running => mark::DIM,
                ExecutionStatus::Failed | ExecutionStatus::Interrupted => mark::BAD,
            };
            [
                words::day(execution.due_at),
                marked(colour, execution.status.as_str()),
                execution.result.clone().unwrap_or_default(),
            ]
        });
        out.push('\n');
        out.push_str(&words::table(["due", "status", "answer"], rows));
    }
    out
}
