//! Small words that all areas share: times, states, tables.

use agent::store::rows::{DeploymentStatus, HealthStatus, ServerStatus, Severity};
use chrono::{DateTime, Local, Utc};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::output::{mark, marked};

/// Longest cell of a table before it is cut, in characters.
const CELL: usize = 60;

/// Returns how long ago, or how soon, something is.
pub(crate) fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    if seconds < 0 {
        return format!("in {}", span(-seconds));
    }
    if seconds < 5 {
        "just now".to_owned()
    } else {
        format!("{} ago", span(seconds))
    }
}

fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Returns how long something took.
pub(crate) fn duration(milliseconds: i64) -> String {
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        1_000..120_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => span(milliseconds / 1_000),
    }
}

/// Returns a time of day where the reader lives.
pub(crate) fn clock(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M").to_string()
}

/// Returns day and time where the reader lives.
pub(crate) fn day(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local)
        .format("%Y-%m-%d %H:%M")
        .to_string()
}

/// Returns the word of a health status in its colour.
pub(crate) fn health(status: HealthStatus) -> String {
    let colour = match status {
        HealthStatus::Healthy => mark::GOOD,
        HealthStatus::Unhealthy => mark::BAD,
        HealthStatus::Degraded => mark::WARN,
        HealthStatus::Unknown => mark::DIM,
    };
    marked(colour, status.as_str())
}

/// Returns the word of a server's status in its colour.
pub(crate) fn server(status: ServerStatus) -> String {
    let colour = match status {
        ServerStatus::Online => mark::GOOD,
        ServerStatus::Offline => mark::BAD,
        ServerStatus::Degraded => mark::WARN,
        ServerStatus::Unknown => mark::DIM,
    };
    marked(colour, status.as_str())
}

/// Returns the word of a deployment's status in its colour.
pub(crate) fn deployment(status: DeploymentStatus) -> String {
    let colour = match status {
        DeploymentStatus::Success => mark::GOOD,
        DeploymentStatus::Failed | DeploymentStatus::RollbackFailed => mark::BAD,
        DeploymentStatus::RolledBack
        | DeploymentStatus::Cancelled
        | DeploymentStatus::Interrupted => mark::WARN,
        DeploymentStatus::Pending | DeploymentStatus::InProgress => mark::DIM,
    };
    marked(colour, status.as_str())
}

/// Returns the word of a severity in its colour.
pub(crate) fn severity(severity: Severity) -> String {
    let colour = match severity {
        Severity::Info => mark::DIM,
        Severity::Warning => mark::WARN,
        Severity::Error | Severity::Critical => mark::BAD,
    };
    marked(colour, severity.as_str())
}

/// Returns the text, or a dash.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty())
        .unwrap_or("-")
        .to_owned()
}

/// Returns the list joined by commas, or a dash.
pub(crate) fn list(words: &[String]) -> String {
    or_dash(Some(words.join(", ").as_str()))
}

/// Makes a table; lines of a cell are joined and long ones cut, so that each row is one line.
pub(crate) fn table<const N: usize>(
    heads: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heads.map(|head| marked(mark::DIM, head)));
    for row in rows {
        table.add_row(row.map(|cell| one_line(&cell)));
    }
    let last = N.saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
        column.set_cell_alignment(CellAlignment::Left);
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Lists fields one a line, their names in a column.
pub(crate) fn fields(title: &str, fields: &[(&str, String)]) -> String {
    let width = fields
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let mut out = marked(mark::BOLD, title);
    for (name, value) in fields {
        if value.is_empty() || value == "-" {
            continue;
        }
        let value = value.replace('\n', &format!("\n  {:width$}  ", ""));
        out.push_str(&format!(
            "\n  {}  {value}",
            marked(mark::DIM, &format!("{name:width$}"))
        ));
    }
    out
}

/// Joins the lines of a text and cuts it to the width of a cell.
pub(crate) fn one_line(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if joined.chars().count() <= CELL {
        return joined;
    }
    let mut cut: String = joined.chars().take(CELL - 1).collect();
    cut.push('…');
    if joined.contains(mark::END) {
        cut.push(mark::END);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[track_caller]
    fn check_age(seconds: i64, expected: &str) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert_eq!(age(now - TimeDelta::seconds(seconds), now), expected);
    }

    #[test]
    fn ages_are_as_exact_as_people_need() {
        check_age(2, "just now");
        check_age(61, "61 s ago");
        check_age(600, "10 min ago");
        check_age(90_000, "25 h ago");
        check_age(864_000, "10 days ago");
        check_age(-3_000, "in 50 min");
    }

    #[test]
    fn a_table_keeps_each_row_on_one_line() {
        let made = table(
            ["name", "notes"],
            [
                ["a".to_owned(), "one\ntwo".to_owned()],
                ["long-name".to_owned(), "x".repeat(80)],
            ],
        );
        let lines: Vec<&str> = made.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1], "a          one two");
        assert!(lines[2].ends_with("xx…"), "{made}");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(12), "12 ms");
        assert_eq!(duration(3_456), "3.4 s");
        assert_eq!(duration(300_000), "5 min");
    }
}
