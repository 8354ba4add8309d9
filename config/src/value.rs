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

/// Collects the lines of what is inside a value, by path: `hooks.ignore[1]`, `guard.exceptions[0].until`.
pub(crate) fn lines_inside(
    path: &str,
    value: &DeValue<'_>,
    text: &str,
    lines: &mut BTreeMap<String, usize>,
) {
    match value {
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                lines.insert(path.clone(), line_at(text, item.span().start));
                lines_inside(&path, item.get_ref(), text, lines);
            }
        }
        DeValue::Table(table) => {
            for (name, item) in table {
                let path = format!("{path}.{}", name.get_ref());
                lines.insert(path.clone(), line_at(text, name.span().start));
                lines_inside(&path, item.get_ref(), text, lines);
            }
        }
        _ => {}
    }
}

/// Returns the line of a byte position, counted from 1.
pub(crate) fn line_at(text: &str, position: usize) -> usize {
    text.get(..position).unwrap_or(text).matches('\n').count() + 1
}
