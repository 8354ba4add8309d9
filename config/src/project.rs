//! A project's own `.fjord.toml`: it may tighten, never loosen.

use std::path::Path;

use toml::Value;

use crate::check::is_rule;
use crate::layer::Layer;
use crate::load::rule_setting;
use crate::paths::PROJECT_CONFIG_FILE;
use crate::problem::{Origin, Problem};
use crate::schema::{self, RULES};
use crate::sections::{Guard, Hooks};

/// A key that was changed, and from where.
pub(crate) type Changed = (String, Origin);

/// Applies the file in a project's folder to what the other layers say, if there is one.
pub(crate) fn apply(
    folder: &Path,
    guard: &mut Guard,
    hooks: &mut Hooks,
) -> (Vec<Changed>, Vec<Problem>) {
    let keys = schema::keys();
    let Some(layer) = Layer::from_file(&keys, &folder.join(PROJECT_CONFIG_FILE)) else {
        return (Vec::new(), Vec::new());
    };
    let mut changed = Vec::new();
    let mut problems = layer.problems;
    for setting in layer.settings {
        let outcome = if is_rule(&setting.path) {
            tighten(guard, &setting.path[RULES.len() + 1..], &setting.value)
        } else if setting.path == "hooks.ignore" {
            add_ignored(hooks, &setting.value);
            Ok(())
        } else {
            Err(format!(
                "`{}` is ignored: a project may only tighten `{RULES}` and add to `hooks.ignore`",
                setting.path
            ))
        };
        match outcome {
            Ok(()) => changed.push((setting.path, setting.origin)),
            Err(message) => problems.push(Problem {
                origin: setting.origin,
                message,
            }),
        }
    }
    (changed, problems)
}

fn tighten(guard: &mut Guard, rule: &str, value: &Value) -> Result<(), String> {
    let wanted = rule_setting(value);
    let present = guard.setting(rule);
    if wanted < present {
        return Err(format!(
            "`{RULES}.{rule}` stays \"{}\": a project may only tighten it, and \"{}\" may let more pass",
            present.as_str(),
            wanted.as_str()
        ));
    }
    guard.rules.insert(rule.to_owned(), wanted);
    Ok(())
}

fn add_ignored(hooks: &mut Hooks, value: &Value) {
    for pattern in value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !hooks.ignore.iter().any(|known| known == pattern) {
            hooks.ignore.push(pattern.to_owned());
        }
    }
}
