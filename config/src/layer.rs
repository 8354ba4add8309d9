//! Reads one layer: a file, the environment, or a flag. Each value keeps where it stands.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use crate::check::{self, Finding, MOST_ITEMS};
use crate::env::{self, Environment, KEY_PREFIX, KEY_SEPARATOR};
use crate::problem::{Origin, Problem};
use crate::schema::{Items, Key, RULES};
use crate::suggest::{did_you_mean, nearest, printable};
use crate::value::{self, LineIndex};

/// A larger file is no configuration.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// After so many problems in one file the rest is left unread.
const MOST_PROBLEMS: usize = 20;

/// What a layer holds: values that passed the checks, and what is wrong with the others.
#[derive(Default)]
pub(crate) struct Layer {
    pub(crate) settings: Vec<Setting>,
    pub(crate) problems: Vec<Problem>,
}

/// One value of a layer.
pub(crate) struct Setting {
    /// `section.name`, or `guard.rules.NAME`.
    pub(crate) path: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
    /// Lines of what is inside the value, by path.
    pub(crate) lines: BTreeMap<String, usize>,
}

impl Setting {
    /// Returns the origin of something inside the value: its own line if that is known.
    pub(crate) fn origin_of(&self, path: &str) -> Origin {
        origin_at(&self.origin, &self.lines, path)
    }
}

impl Layer {
    /// Reads a file; `None` if there is none.
    pub(crate) fn from_file(keys: &[Key], path: &Path) -> Option<Self> {
        let text = match read_text(path) {
            Ok(text) => text?,
            Err(message) => return Some(Self::refused(file(path, None), message)),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = LineIndex::new(text);
        let document = match DeTable::parse(text) {
            Ok(document) => document.into_inner(),
            Err(error) => {
                let line = error.span().map(|span| lines.at(span.start));
                let message = error.message().trim().replace('\n', ", ");
                return Some(Self::refused(
                    file(path, line),
                    format!("this is not TOML: {message}"),
                ));
            }
        };
        let mut reader = FileReader {
            keys,
            path,
            lines,
            layer: Self::default(),
        };
        for (position, name, item) in in_order(&document) {
            reader.section(position, name, item);
        }
        if reader.is_full() {
            reader.layer.problems.truncate(MOST_PROBLEMS);
            let message = "and perhaps more; correct the lines above first".to_owned();
            reader.layer.problems.push(Problem {
                origin: file(path, None),
                message,
            });
        }
        Some(reader.layer)
    }

    /// Reads the variables `FJORD_SECTION__KEY`.
    pub(crate) fn from_environment(keys: &[Key], environment: &Environment) -> Self {
        let mut layer = Self::default();
        for (name, text) in environment.fjord_variables() {
            let origin = Origin::Variable(name.to_owned());
            let Some(key) = keys.iter().find(|key| key.variable() == name) else {
                layer.problems.extend(
                    unknown_variable(keys, name).map(|message| Problem { origin, message }),
                );
                continue;
            };
            match text.to_str() {
                Some(text) => layer.add_text(key, text, origin),
                None => layer.problems.push(Problem {
                    origin,
                    message: "is not valid UTF-8".to_owned(),
                }),
            }
        }
        layer
    }

    /// Reads one flag's value for a key.
    pub(crate) fn from_flag(keys: &[Key], flag: &str, path: &str, text: &str) -> Self {
        let origin = Origin::Flag(flag.to_owned());
        let mut layer = Self::default();
        match keys.iter().find(|key| key.path == path) {
            Some(key) => layer.add_text(key, text, origin),
            None => layer.problems.push(Problem {
                origin,
                message: unknown_key(keys, path),
            }),
        }
        layer
    }

    fn refused(origin: Origin, message: String) -> Self {
        Self {
            settings: Vec::new(),
            problems: vec![Problem { origin, message }],
        }
    }

    fn add_text(&mut self, key: &Key, text: &str, origin: Origin) {
        let value = match parse_text(key, text) {
            Ok(value) => value,
            Err(message) => {
                self.problems.push(Problem {
                    origin,
                    message: format!("`{}` {message}", key.path),
                });
                return;
            }
        };
        match value {
            Value::Table(rules) if key.path == RULES => {
                for (name, value) in rules {
                    self.add(
                        key,
                        format!("{RULES}.{name}"),
                        value,
                        origin.clone(),
                        BTreeMap::new(),
                    );
                }
            }
            value => self.add(key, key.path.clone(), value, origin, BTreeMap::new()),
        }
    }

    fn add(
        &mut self,
        key: &Key,
        path: String,
        value: Value,
        origin: Origin,
        lines: BTreeMap<String, usize>,
    ) {
        match check::check(key, &path, &value) {
            Ok(()) => self.settings.push(Setting {
                path,
                value,
                origin,
                lines,
            }),
            Err((inside, message)) => {
                self.problems.push(Problem {
                    origin: origin_at(&origin, &lines, &inside),
                    message,
                });
            }
        }
    }
}

/// Says that a key does not exist, and which one may have been meant.
pub(crate) fn unknown_key(keys: &[Key], path: &str) -> String {
    let hint = did_you_mean(path, keys.iter().map(|key| key.path.as_str())).or_else(|| {
        let (section, _) = path.split_once('.')?;
        let names: Vec<&str> = keys
            .iter()
            .filter(|key| key.section() == section)
            .map(Key::name)
            .collect();
        (!names.is_empty()).then(|| format!("; `[{section}]` has {}", names.join(", ")))
    });
    format!(
        "unknown key `{}`{}",
        printable(path),
        hint.unwrap_or_default()
    )
}

struct FileReader<'a> {
    keys: &'a [Key],
    path: &'a Path,
    lines: LineIndex,
    layer: Layer,
}

impl FileReader<'_> {
    fn is_full(&self) -> bool {
        self.layer.problems.len() >= MOST_PROBLEMS
    }

    fn section(&mut self, position: usize, name: &str, item: &DeValue<'_>) {
        if self.is_full() {
            return;
        }
        let known = self.keys.iter().any(|key| key.section() == name);
        match item {
            DeValue::Table(table) if known => {
                for (position, key, item) in in_order(table) {
                    self.key(position, &format!("{name}.{key}"), item);
                }
            }
            DeValue::Table(_) => {
                let sections = self.keys.iter().map(Key::section);
                let hint = did_you_mean(name, sections).unwrap_or_default();
                self.problem(
                    position,
                    format!("unknown section `{}`{hint}", printable(name)),
                );
            }
            _ if known => self.problem(
                position,
                format!("`{name}` is a section; write `[{name}]` above its keys"),
            ),
            _ => self.problem(position, unknown_key(self.keys, name)),
        }
    }

    fn key(&mut self, position: usize, path: &str, item: &DeValue<'_>) {
        if self.is_full() {
            return;
        }
        let keys = self.keys;
        let Some(key) = keys.iter().find(|key| key.path == path) else {
            return self.problem(position, unknown_key(keys, path));
        };
        match item {
            DeValue::Table(rules) if path == RULES && rules.len() > MOST_ITEMS => {
                self.problem(
                    position,
                    format!("`{RULES}` must have at most {MOST_ITEMS} rules"),
                );
            }
            DeValue::Table(rules) if path == RULES => {
                for (position, name, item) in in_order(rules) {
                    self.value(key, position, format!("{RULES}.{name}"), item);
                }
            }
            item => self.value(key, position, path.to_owned(), item),
        }
    }

    fn value(&mut self, key: &Key, position: usize, path: String, item: &DeValue<'_>) {
        match value::owned(item) {
            Ok(plain) => {
                let mut lines = BTreeMap::new();
                self.lines.inside(&path, item, &mut lines);
                let origin = self.origin(position);
                self.layer.add(key, path, plain, origin, lines);
            }
            Err(message) => self.problem(position, format!("`{path}` {message}")),
        }
    }

    fn problem(&mut self, position: usize, message: String) {
        let origin = self.origin(position);
        self.layer.problems.push(Problem { origin, message });
    }

    fn origin(&self, position: usize) -> Origin {
        file(self.path, Some(self.lines.at(position)))
    }
}

fn file(path: &Path, line: Option<usize>) -> Origin {
    Origin::File {
        path: path.to_owned(),
        line,
    }
}

/// Replaces the line of an origin by that of the nearest part of `path` that has one.
fn origin_at(origin: &Origin, lines: &BTreeMap<String, usize>, path: &str) -> Origin {
    let mut part = path;
    loop {
        if let (Some(line), Origin::File { path, .. }) = (lines.get(part), origin) {
            return Origin::File {
                path: path.clone(),
                line: Some(*line),
            };
        }
        match part.rfind(['.', '[']) {
            Some(end) => part = &part[..end],
            None => return origin.clone(),
        }
    }
}

/// Returns position, name and value of what is in a table, as they stand in the file.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(usize, &'t str, &'t DeValue<'i>)> {
    let mut items: Vec<_> = table
        .iter()
        .map(|(name, item)| (name.span().start, name.get_ref().as_ref(), item.get_ref()))
        .collect();
    items.sort_by_key(|(position, ..)| *position);
    items
}

/// Reads a file that may be missing. Anything but a plain file of a sane size is refused before it is
/// opened, because a pipe would keep the reader waiting.
fn read_text(path: &Path) -> Result<Option<String>, String> {
    let unreadable = |error: &std::io::Error| format!("cannot be read: {}", error.kind());
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    if metadata.is_dir() {
        return Err("is a folder, not a file".to_owned());
    }
    if !metadata.is_file() {
        return Err("is not a plain file".to_owned());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err("is larger than 1 MB; is this the right file?".to_owned());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let line = LineIndex::new(&text).at(valid);
            Err(format!("is not valid UTF-8 (line {line})"))
        }
    }
}

fn unknown_variable(keys: &[Key], name: &str) -> Option<String> {
    let rest = name.strip_prefix(KEY_PREFIX)?;
    if env::ALL.contains(&name) {
        return None;
    }
    if !rest.contains(KEY_SEPARATOR) {
        // One underscore too few is the likely slip; other variables may belong to other programs.
        let key = keys
            .iter()
            .find(|key| key.variable().replace(KEY_SEPARATOR, "_") == name)?;
        return Some(format!(
            "unknown variable; did you mean `{}`?",
            key.variable()
        ));
    }
    let path = rest.to_lowercase().replace(KEY_SEPARATOR, ".");
    let hint = nearest(&path, keys.iter().map(|key| key.path.as_str()))
        .and_then(|path| keys.iter().find(|key| key.path == path))
        .map(|key| format!("; did you mean `{}`?", key.variable()));
    Some(format!(
        "unknown variable for a configuration key{}",
        hint.unwrap_or_default()
    ))
}

/// Reads text from a variable or a flag as the kind of value that the key has.
fn parse_text(key: &Key, text: &str) -> Result<Value, String> {
    let refused = |expected: &str| format!("must be {expected}");
    match &key.default {
        Value::String(_) => Ok(Value::String(text.to_owned())),
        Value::Array(_) => {
            let items = key.items();
            let trimmed = text.trim();
            if trimmed.starts_with('[') {
                parse_toml(trimmed).ok_or_else(|| refused(items.describe()))
            } else {
                let parts = trimmed
                    .split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty());
                Ok(Value::Array(
                    parts.map(|part| parse_item(items, part)).collect(),
                ))
            }
        }
        default => parse_toml(text.trim()).ok_or_else(|| refused(value::expected(default))),
    }
}

/// Reads one item of a list that is written without brackets; what is no number stays text and is refused later.
fn parse_item(items: Items, part: &str) -> Value {
    match items {
        Items::Texts | Items::Exceptions => Value::String(part.to_owned()),
        Items::UserIds | Items::ChatIds | Items::Uids => part
            .parse()
            .map_or_else(|_| Value::String(part.to_owned()), Value::Integer),
    }
}

fn parse_toml(text: &str) -> Option<Value> {
    let parsed = DeValue::parse(text).ok()?;
    value::owned(parsed.get_ref()).ok()
}

/// Makes a problem of what a check found in a setting.
pub(crate) fn problem_of(setting: &Setting, (path, message): Finding) -> Problem {
    Problem {
        origin: setting.origin_of(&path),
        message,
    }
}
