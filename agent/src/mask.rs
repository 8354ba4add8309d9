//! Secrets that rows must hold, since commands and endpoints need them, are masked before a face sees them.

use serde_json::Value;

use crate::reply::Reply;
use crate::store::rows::{Dependency, Schedule, Service};

/// Returns the reply with the secrets of inventory rows masked.
pub(crate) fn masked(reply: Reply) -> Reply {
    match reply {
        Reply::Services(rows) => Reply::Services(rows.into_iter().map(service).collect()),
        Reply::ServiceDetail(details) => Reply::ServiceDetail(
            details
                .into_iter()
                .map(|mut detail| {
                    detail.service = service(detail.service);
                    detail.needs = detail.needs.into_iter().map(dependency).collect();
                    detail
                })
                .collect(),
        ),
        Reply::Dependencies(rows) => {
            Reply::Dependencies(rows.into_iter().map(dependency).collect())
        }
        Reply::Schedules(rows) => Reply::Schedules(rows.into_iter().map(schedule).collect()),
        Reply::ScheduleDetail {
            schedule: row,
            executions,
        } => Reply::ScheduleDetail {
            schedule: schedule(row),
            executions,
        },
        Reply::NotRun { id, line, why } => Reply::NotRun {
            id,
            line: text(&line),
            why: text(&why),
        },
        Reply::Ran { id, reply } => Reply::Ran {
            id,
            reply: Box::new(masked(*reply)),
        },
        Reply::AsOf { at, reply } => Reply::AsOf {
            at,
            reply: Box::new(masked(*reply)),
        },
        other => other,
    }
}

/// Returns a text without its secrets.
pub(crate) fn text(text: &str) -> String {
    guard::redact::redact(text).text.into_owned()
}

fn service(mut row: Service) -> Service {
    for field in [
        &mut row.health_endpoint,
        &mut row.git_repo,
        &mut row.deploy_command,
        &mut row.restart_command,
    ] {
        *field = field.take().map(|value| text(&value));
    }
    mask_value("", &mut row.config.0);
    row
}

fn dependency(mut row: Dependency) -> Dependency {
    row.depends_on_external = row.depends_on_external.map(|value| text(&value));
    row.connection_string_env = row.connection_string_env.map(|value| text(&value));
    row
}

fn schedule(mut row: Schedule) -> Schedule {
    row.line = text(&row.line);
    row
}

/// A value is judged together with its name: `{"password": "…"}` tells by the name alone.
fn mask_value(name: &str, value: &mut Value) {
    match value {
        Value::String(held) => {
            let named = format!("{name}={held}");
            let masked = guard::redact::redact(&named);
            if masked.count() > 0 {
                let text = masked.text.into_owned();
                *held = text
                    .strip_prefix(&format!("{name}="))
                    .map_or_else(|| text.clone(), str::to_owned);
            }
        }
        Value::Array(items) => {
            for item in items {
                mask_value(name, item);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                mask_value(name, field);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_password_is_masked_by_its_name_however_deep() {
        let mut value = json!({ "replicas": 2, "db": [{ "password": "correct-horse-battery" }], "note": "plain" });
        mask_value("", &mut value);
        let shown = value.to_string();
        assert!(!shown.contains("correct-horse"), "{shown}");
        assert!(
            shown.contains("plain") && shown.contains("\"replicas\":2"),
            "{shown}"
        );
    }
}
