//! TOML values: from spans to plain ones, their kinds in words, and their lines.

use std::collections::BTreeMap;

use toml::Value;
use toml::de::DeValue;

/// Turns a parsed value into a plain one. Dates become text, because no key is a date.
///
/// Fails with a message for numbers beyond 64 bits.
pub(crate) fn owned(value: &DeValue<'_>) -> Result<Value, String> {
    Ok(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::Integer(
            i64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| "is a number beyond 64 bits".to_owned())?,
        ),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| owned(item.get_ref()))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => Value::Table(
            table
                .iter()
                .map(|(name, item)| Ok((name.get_ref().to_string(), owned(item.get_ref())?)))
                .collect::<Result<_, String>>()?,
        ),
    })
}

/// Names the kind of a value in a message.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "a number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// Names the kind a key expects, by its default.
pub(crate) fn expected(default: &Value) -> &'static str {
    match default {
        Value::Integer(_) => "a whole number",
        other => kind(other),
    }
}

/// No valid value has more parts than this; the lines of the others are not looked up.
const MOST_PARTS: usize = 10_000;

/// Knows where the lines of a text begin.
pub(crate) struct LineIndex {
    ends: Vec<usize>,
}

impl LineIndex {
    /// Looks up the lines of a text.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            ends: text
                .match_indices('\n')
                .map(|(position, _)| position)
                .collect(),
        }
    }

    /// Returns the line of a byte position, counted from 1.
    pub(crate) fn at(&self, position: usize) -> usize {
        self.ends.partition_point(|end| *end < position) + 1
    }

    /// Collects the lines of what is inside a value, by path: `hooks.ignore[1]`, `guard.exceptions[0].until`.
    pub(crate) fn inside(
        &self,
        path: &str,
        value: &DeValue<'_>,
        lines: &mut BTreeMap<String, usize>,
    ) {
        let parts: Vec<(String, usize, &DeValue<'_>)> = match value {
            DeValue::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    (
                        format!("{path}[{index}]"),
                        item.span().start,
                        item.get_ref(),
                    )
                })
                .collect(),
            DeValue::Table(table) => table
                .iter()
                .map(|(name, item)| {
                    (
                        format!("{path}.{}", name.get_ref()),
                        name.span().start,
                        item.get_ref(),
                    )
                })
                .collect(),
            _ => return,
        };
        for (path, position, item) in parts {
            if lines.len() >= MOST_PARTS {
                return;
            }
            self.inside(&path, item, lines);
            lines.insert(path, self.at(position));
        }
    }
}
