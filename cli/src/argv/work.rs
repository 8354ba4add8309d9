//! Flags of events, documents and schedules.

use std::path::PathBuf;

use agent::{Command, Error, EventFilter, ScheduleCommand};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

/// Which events to show.
#[derive(Debug, Args)]
pub(crate) struct EventArgs {
    /// Of this service only.
    #[arg(long)]
    service: Option<String>,
    /// Of this server only.
    #[arg(long)]
    server: Option<String>,
    /// `info`, `warning`, `error` or `critical`: this and worse.
    #[arg(long)]
    severity: Option<String>,
    /// Not older than this: `30m`, `24h`, `7d`, or an RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most this many, 1 to 500.
    #[arg(short = 'n', long)]
    limit: Option<u32>,
}

impl EventArgs {
    /// Returns the command.
    pub(crate) fn command(self, now: DateTime<Utc>) -> Result<Command, Error> {
        let since = self
            .since
            .as_deref()
            .map(|text| since(text, now))
            .transpose()?;
        Ok(Command::Events(EventFilter {
            service: self.service,
            server: self.server,
            severity: self.severity,
            since,
            limit: self.limit,
        }))
    }
}

fn since(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    let unit = text.chars().next_back().unwrap_or(' ');
    let number = text[..text.len() - unit.len_utf8().min(text.len())]
        .parse::<u32>()
        .ok()
        .map(i64::from);
    let span = match (number, unit) {
        (Some(minutes), 'm') => TimeDelta::try_minutes(minutes),
        (Some(hours), 'h') => TimeDelta::try_hours(hours),
        (Some(days), 'd') => TimeDelta::try_days(days),
        _ => None,
    };
    span.and_then(|span| now.checked_sub_signed(span))
        .ok_or_else(|| {
            let shown = agent::inventory::shown(text);
            Error::invalid(format!(
                "`--since {shown}` is no time; write `30m`, `24h`, `7d` or `2026-01-31T10:00:00Z`"
            ))
        })
}

/// What `fjord rag` does.
#[derive(Debug, Subcommand)]
pub(crate) enum RagCommand {
    /// Takes Markdown and text in; unchanged files are skipped.
    Add {
        /// Files and folders.
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Finds passages.
    Search {
        /// Words or a question.
        #[arg(required = true)]
        text: Vec<String>,
        /// At most this many, 1 to 50.
        #[arg(short = 'n', long)]
        limit: Option<u32>,
    },
    /// Lists the documents.
    List,
    /// Forgets a document; asks at a terminal.
    #[command(visible_alias = "remove")]
    Forget(ForgetArgs),
}

/// Which document to forget.
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Its id, a unique start of it (4 characters or more), its source or its path.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) consent: super::Consent,
}

/// What `fjord schedule` does.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleArgs {
    /// Makes one; what changes the world is asked about now, not at each run.
    Add {
        /// Five fields in quotes: minute, hour, day, month, weekday; for instance '0 8 * * 1-5'.
        cron: String,
        /// A line as typed in `fjord chat`, for instance `brief` or `deploy api v2`.
        #[arg(value_name = "COMMAND", required = true)]
        line: Vec<String>,
        /// A time zone such as Europe/Berlin; none: the configured one.
        #[arg(long, value_name = "ZONE")]
        tz: Option<String>,
        #[command(flatten)]
        consent: super::Consent,
    },
    /// Lists all.
    List,
    /// Shows one with its last runs.
    Show {
        /// Its number.
        id: i64,
    },
    /// Ends one; asks at a terminal.
    #[command(visible_alias = "remove")]
    Cancel {
        /// Its number.
        id: i64,
        #[command(flatten)]
        consent: super::Consent,
    },
    /// Runs one now.
    Run {
        /// Its number.
        id: i64,
    },
}

impl ScheduleArgs {
    /// Returns the command, and how its question is answered.
    pub(crate) fn command(self) -> Result<(Command, super::Consent), Error> {
        let (command, consent) = match self {
            Self::Add { cron, .. } if cron.split_whitespace().count() == 1 => {
                return Err(Error::invalid(format!(
                    "`{}` is one field of five; quote the cron expression: `fjord schedule add '0 8 * * 1-5' brief`",
                    agent::inventory::shown(&cron)
                )));
            }
            Self::Add {
                cron,
                line,
                tz,
                consent,
            } => (
                ScheduleCommand::Add {
                    cron,
                    line: line.join(" "),
                    timezone: tz,
                },
                consent,
            ),
            Self::List => (ScheduleCommand::List, super::Consent::default()),
            Self::Show { id } => (ScheduleCommand::Show { id }, super::Consent::default()),
            Self::Cancel { id, consent } => (ScheduleCommand::Cancel { id }, consent),
            Self::Run { id } => (ScheduleCommand::Run { id }, super::Consent::default()),
        };
        Ok((Command::Schedule(command), consent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<i64, &str>) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let seconds = since(text, now)
            .map(|at| (now - at).num_seconds())
            .map_err(|error| error.to_string());
        assert_eq!(seconds, expected.map_err(str::to_owned));
    }

    #[test]
    fn since_takes_spans_and_times() {
        check("30m", Ok(1_800));
        check("7d", Ok(604_800));
        check("2027-01-15T07:00:00Z", Ok(3_600));
    }

    #[test]
    fn since_refuses_what_is_no_time() {
        check(
            "",
            Err("`--since ` is no time; write `30m`, `24h`, `7d` or `2026-01-31T10:00:00Z`"),
        );
        check(
            "7é",
            Err(
                "`--since 7\\u{e9}` is no time; write `30m`, `24h`, `7d` or `2026-01-31T10:00:00Z`",
            ),
        );
        check(
            "-3h",
            Err("`--since -3h` is no time; write `30m`, `24h`, `7d` or `2026-01-31T10:00:00Z`"),
        );
    }
}
