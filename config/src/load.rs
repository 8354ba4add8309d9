//! Merges the layers into a [`Config`] that knows where each value comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::check::is_rule;
use crate::env::Environment;
use crate::layer::{Layer, Setting, problem_of};
use crate::paths::{Paths, SYSTEM_CONFIG_FILE};
use crate::problem::{ConfigError, Origin, Problem};
use crate::schema::{self, EXCEPTIONS, Key, RULES};
use crate::sections::{Config, field_of};
use crate::show::{self, Shown};
use crate::{RuleSetting, project};

/// Collects what to read, then reads it.
#[derive(Debug, Clone)]
pub struct Loader<'e> {
    environment: &'e Environment,
    system_file: PathBuf,
    config_file: Option<PathBuf>,
    flags: Vec<Flag>,
}

#[derive(Debug, Clone)]
struct Flag {
    name: String,
    key: String,
    value: String,
}

/// Holds the configuration and where each value comes from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged configuration.
    pub config: Config,
    shown: Vec<Shown>,
}

impl<'e> Loader<'e> {
    /// Reads the machine's file, the user's file and the variables, as far as they exist.
    pub fn new(environment: &'e Environment) -> Self {
        Self {
            environment,
            system_file: SYSTEM_CONFIG_FILE.into(),
            config_file: None,
            flags: Vec::new(),
        }
    }

    /// Also reads a file that must exist: `--config FILE`.
    #[must_use]
    pub fn config_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.config_file = Some(file.into());
        self
    }

    /// Reads another file in place of `/etc/fjord/fjord.toml`.
    #[must_use]
    pub fn system_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.system_file = file.into();
        self
    }

    /// Sets a key from a flag of the command line: `flag("--log-level", "log.level", "debug")`.
    #[must_use]
    pub fn flag(mut self, name: &str, key: &str, value: &str) -> Self {
        self.flags.push(Flag {
            name: name.into(),
            key: key.into(),
            value: value.into(),
        });
        self
    }

    /// Loads, and refuses with everything that is wrong.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let (loaded, problems) = self.load_leniently();
        if problems.is_empty() {
            Ok(loaded)
        } else {
            Err(ConfigError { problems })
        }
    }

    /// Loads what can be used: a value that is wrong is reported and left as the layer below has it.
    pub fn load_leniently(&self) -> (Loaded, Vec<Problem>) {
        let keys = schema::keys();
        let mut problems = Vec::new();
        let mut merged = Merged::new(&keys);
        for layer in self.layers(&keys) {
            problems.extend(layer.problems);
            merged.overlay(layer.settings, &mut problems);
        }
        let config = merged.deserialize(&mut problems);
        (
            Loaded {
                config,
                shown: merged.show(),
            },
            problems,
        )
    }

    fn layers(&self, keys: &[Key]) -> Vec<Layer> {
        let mut layers = Vec::new();
        layers.extend(Layer::from_file(keys, &self.system_file));
        let user_file = Paths::from(self.environment).config_file;
        if user_file != self.system_file {
            layers.extend(Layer::from_file(keys, &user_file));
        }
        if let Some(file) = &self.config_file {
            layers.push(Layer::from_file(keys, file).unwrap_or_else(|| missing(file)));
        }
        layers.push(Layer::from_environment(keys, self.environment));
        for flag in &self.flags {
            layers.push(Layer::from_flag(keys, &flag.name, &flag.key, &flag.value));
        }
        layers
    }
}

impl Loaded {
    /// Applies a project's `.fjord.toml`, if there is one, and returns what it may not say or says wrongly.
    ///
    /// It can set guard rules to something stricter and add to `hooks.ignore`, nothing else: a cloned
    /// repository must not redirect the token or switch the guard off.
    pub fn with_project(&mut self, folder: &Path) -> Vec<Problem> {
        let Config { guard, hooks, .. } = &mut self.config;
        let (changed, problems) = project::apply(folder, guard, hooks);
        for (path, origin) in changed {
            let value = match path
                .strip_prefix(RULES)
                .and_then(|name| name.strip_prefix('.'))
            {
                Some(rule) => Value::String(guard.setting(rule).as_str().to_owned()),
                None => Value::from(hooks.ignore.clone()),
            };
            show::replace(
                &mut self.shown,
                Shown {
                    value: show::masked(&path, &value),
                    key: path,
                    origin,
                },
            );
        }
        problems
    }

    /// Lists every key with its value, secrets masked, and its origin, in the order of `default.toml`.
    pub fn show(&self) -> Vec<Shown> {
        self.shown.clone()
    }

    /// Returns where a key's value comes from; `None` for a key that does not exist.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.shown
            .iter()
            .find(|shown| shown.key == key)
            .map(|shown| &shown.origin)
    }
}

fn missing(file: &Path) -> Layer {
    let origin = Origin::File {
        path: file.to_owned(),
        line: None,
    };
    let message = "no such file; check `--config`".to_owned();
    Layer {
        settings: Vec::new(),
        problems: vec![Problem { origin, message }],
    }
}

/// The defaults, and above them the settings of the layers.
struct Merged<'k> {
    keys: &'k [Key],
    settings: BTreeMap<String, Setting>,
}

impl<'k> Merged<'k> {
    fn new(keys: &'k [Key]) -> Self {
        Self {
            keys,
            settings: BTreeMap::new(),
        }
    }

    /// A setting replaces the one below; lists are replaced whole, the map of rules name by name.
    fn overlay(&mut self, settings: Vec<Setting>, problems: &mut Vec<Problem>) {
        for setting in settings {
            match self.loosening(&setting) {
                None => {
                    self.settings.insert(setting.path.clone(), setting);
                }
                Some(message) => problems.push(Problem {
                    origin: setting.origin,
                    message,
                }),
            }
        }
    }

    /// Says why a variable may not set this. A repository can carry settings of the coding agent that set variables
    /// for its hooks, so variables tighten the guard or leave it as it is.
    fn loosening(&self, setting: &Setting) -> Option<String> {
        let path = setting.path.as_str();
        if !matches!(setting.origin, Origin::Variable(_)) {
            return None;
        }
        if path == EXCEPTIONS {
            return Some(format!(
                "`{EXCEPTIONS}` is ignored: a variable may only tighten the guard; use `fjord guard allow`"
            ));
        }
        if !is_rule(path) {
            return None;
        }
        let rule = &path[RULES.len() + 1..];
        let present = self
            .settings
            .get(path)
            .or_else(|| self.settings.get(&format!("{RULES}.{}", field_of(rule))))
            .map(|setting| rule_setting(&setting.value))
            .unwrap_or_default();
        let wanted = rule_setting(&setting.value);
        (wanted < present).then(|| {
            format!(
                "`{path}` stays \"{}\": a variable may only tighten it, and \"{}\" may let more pass",
                present.as_str(),
                wanted.as_str()
            )
        })
    }

    /// Turns the values into types. What serde refuses goes back to the default and is reported.
    fn deserialize(&mut self, problems: &mut Vec<Problem>) -> Config {
        loop {
            let error = match serde_path_to_error::deserialize(self.table()) {
                Ok(config) => return config,
                Err(error) => error,
            };
            let path = error.path().to_string();
            let culprit = self
                .settings
                .keys()
                .rfind(|key| path.starts_with(key.as_str()))
                .cloned();
            let Some(setting) = culprit.and_then(|key| self.settings.remove(&key)) else {
                problems.push(Problem {
                    origin: Origin::Default,
                    message: format!("`{path}` {}", error.inner().message()),
                });
                return Config::default();
            };
            let message = format!("`{path}` does not fit: {}", error.inner().message());
            problems.push(problem_of(&setting, (path, message)));
        }
    }

    fn table(&self) -> Table {
        let mut sections = Table::new();
        for key in self.keys {
            let value = self
                .settings
                .get(&key.path)
                .map_or(&key.default, |setting| &setting.value);
            let section = sections
                .entry(key.section())
                .or_insert_with(|| Table::new().into());
            if let Value::Table(section) = section {
                section.insert(key.name().to_owned(), value.clone());
            }
        }
        if let Some(Value::Table(rules)) = sections
            .get_mut("guard")
            .and_then(|guard| guard.get_mut("rules"))
        {
            for (path, setting) in self.settings.iter().filter(|(path, _)| is_rule(path)) {
                rules.insert(path[RULES.len() + 1..].to_owned(), setting.value.clone());
            }
        }
        sections
    }

    fn show(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        for key in self.keys {
            let (value, origin) = match self.settings.get(&key.path) {
                Some(setting) => (&setting.value, setting.origin.clone()),
                None => (&key.default, Origin::Default),
            };
            shown.push(Shown {
                key: key.path.clone(),
                value: show::masked(&key.path, value),
                origin,
            });
            if key.path == RULES {
                shown.extend(
                    self.settings
                        .values()
                        .filter(|setting| is_rule(&setting.path))
                        .map(|setting| Shown {
                            key: setting.path.clone(),
                            value: show::masked(&setting.path, &setting.value),
                            origin: setting.origin.clone(),
                        }),
                );
            }
        }
        // The map stands for itself only while it is empty.
        if shown.iter().any(|row| is_rule(&row.key)) {
            shown.retain(|row| row.key != RULES);
        }
        shown
    }
}

/// Reads a rule's setting from a value that passed the checks.
pub(crate) fn rule_setting(value: &Value) -> RuleSetting {
    RuleSetting::deserialize(value.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The checks of the layers come first; this is the net below them.
    #[test]
    fn what_only_the_types_refuse_goes_back_to_the_default_with_its_line() {
        let keys = schema::keys();
        let mut merged = Merged::new(&keys);
        let line = |line| Origin::File {
            path: "fjord.toml".into(),
            line: Some(line),
        };
        let setting = |path: &str, value: Value, lines: &[(&str, usize)]| Setting {
            path: path.to_owned(),
            value,
            origin: line(2),
            lines: lines
                .iter()
                .map(|(path, line)| ((*path).to_owned(), *line))
                .collect(),
        };
        let mut problems = Vec::new();
        let settings = vec![
            setting("health.failures", Value::from(-1), &[]),
            setting(
                "local.viewers",
                Value::from(vec![1, -1]),
                &[("local.viewers[1]", 7)],
            ),
            setting("health.successes", Value::from(9), &[]),
        ];
        merged.overlay(settings, &mut problems);
        let config = merged.deserialize(&mut problems);
        assert_eq!((config.health.failures, config.health.successes), (3, 9));
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            lines,
            [
                "fjord.toml:2: `health.failures` does not fit: invalid value: integer `-1`, expected u32",
                "fjord.toml:7: `local.viewers[1]` does not fit: invalid value: integer `-1`, expected u32",
            ]
        );
    }
}
