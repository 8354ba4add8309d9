//! `fjord guard rules`: what there is, and what the configuration makes of it.

use std::path::Path;

use agent::Error;
use config::RuleSetting;
use guard::{RuleDoc, Verdict};

use super::Place;
use crate::output::{mark, marked};
use crate::render::prose::wrapped;
use crate::wire::Wire;

pub(super) fn run(wire: &Wire, name: Option<&str>, cwd: Option<&Path>) -> Result<(), Error> {
    let chosen: Vec<&RuleDoc> = guard::rules()
        .filter(|rule| name.is_none_or(|name| rule.field == name || rule.id == name))
        .collect();
    if chosen.is_empty() {
        let mut fields: Vec<&str> = guard::rules().map(|rule| rule.field).collect();
        fields.dedup();
        return Err(Error::not_found(format!(
            "`{}` is neither a field nor a rule; the fields are {}",
            name.unwrap_or_default(),
            fields.join(", ")
        )));
    }
    let place = Place::of(wire, cwd)?;
    let rows: Vec<Row> = chosen.iter().map(|rule| Row::of(rule, &place)).collect();
    if wire.output.json {
        wire.output.document(&rows);
        return Ok(());
    }
    wire.output.text(&listed(&rows, wire.columns()));
    for stranger in strangers(&place) {
        wire.output.remark(&format!(
            "{} the configuration sets `{stranger}`, and there is no such rule or field",
            marked(mark::WARN, "note:")
        ));
    }
    Ok(())
}

/// One rule as it counts here.
#[derive(serde::Serialize)]
struct Row {
    id: &'static str,
    field: &'static str,
    /// The verdict by default; facts may raise or lower it.
    severity: Verdict,
    /// What the configuration says: on, off, ask or deny.
    setting: &'static str,
    /// The verdict as configured.
    verdict: Verdict,
    /// Where the setting comes from; none: it is the default.
    origin: Option<String>,
    reason: &'static str,
    alternative: &'static str,
}

impl Row {
    fn of(rule: &RuleDoc, place: &Place) -> Self {
        let guard = &place.loaded.config.guard;
        let setting = guard.setting(rule.id);
        let key = [rule.id, rule.field]
            .into_iter()
            .find(|name| guard.rules.contains_key(*name));
        let origin = key.and_then(|key| place.loaded.origin(&format!("guard.rules.{key}")));
        Self {
            id: rule.id,
            field: rule.field,
            severity: rule.severity,
            setting: setting.as_str(),
            verdict: match setting {
                RuleSetting::On => rule.severity,
                RuleSetting::Off => Verdict::None,
                RuleSetting::Ask => Verdict::Ask,
                RuleSetting::Deny => Verdict::Deny,
            },
            origin: origin.map(ToString::to_string),
            reason: rule.reason,
            alternative: rule.alternative,
        }
    }
}

fn listed(rows: &[Row], columns: usize) -> String {
    let mut lines = Vec::new();
    let mut field = "";
    for row in rows {
        if row.field != field {
            if !field.is_empty() {
                lines.push(String::new());
            }
            field = row.field;
            lines.push(marked(mark::BOLD, field));
        }
        let colour = match row.verdict {
            Verdict::None => mark::DIM,
            Verdict::Ask => mark::WARN,
            Verdict::Deny => mark::BAD,
        };
        let mut line = format!("  {}  {}", row.id, marked(colour, row.verdict.as_str()));
        if let Some(origin) = &row.origin {
            line.push_str(&marked(
                mark::DIM,
                &format!(
                    "  (\"{}\" by {origin}; else {})",
                    row.setting,
                    row.severity.as_str()
                ),
            ));
        }
        lines.push(line);
        for text in [
            row.reason.to_owned(),
            format!("Instead: {}", row.alternative),
        ] {
            let room = columns.saturating_sub(6).max(20);
            lines.extend(
                wrapped(&text, room)
                    .into_iter()
                    .map(|line| format!("      {line}")),
            );
        }
    }
    lines.join("\n")
}

/// Names in the configuration that no rule and no field has.
fn strangers(place: &Place) -> Vec<&str> {
    let names = place.loaded.config.guard.rules.keys();
    names
        .map(String::as_str)
        .filter(|name| !guard::rules().any(|rule| rule.id == *name || rule.field == *name))
        .collect()
}
