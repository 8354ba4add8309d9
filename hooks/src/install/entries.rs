//! Fjord's entries in the text of a settings file.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use serde_json::{Map, Value};

use super::edit::{self, Item, Written};
use super::events::{TAKEN, Taken};
use super::{EMPTY, Failure, PROGRAM, Waits};

/// Some editors begin a file with it, and the client passes over it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What `install` writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The program, absolute.
    pub(super) program: &'a str,
    /// What happens when it fails.
    pub(super) failure: Failure,
    /// How long things may take.
    pub(super) waits: Waits,
}

/// An entry of Fjord's that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The event it stands under.
    pub(super) event: String,
    /// The program it names.
    pub(super) program: String,
    group: usize,
    hook: usize,
    is_alone: bool,
}

/// Returns the text with Fjord's entries, and them only, changed. The error says what is wrong with the text.
pub(super) fn install(text: &str, wanted: Wanted<'_>) -> Result<String, String> {
    let (mark, text) = parts(text);
    // The client takes a file without anything in it for one without settings.
    let text = if text.trim().is_empty() { EMPTY } else { text };
    let settings = parse(text)?;
    if is_as_wanted(&settings, &entries(text), wanted) {
        return Ok(format!("{mark}{text}"));
    }
    let mut result = without_entries(text);
    for event in TAKEN {
        result = add(&result, event.name, &Group { event, wanted })?;
    }
    check_the_rest(text, &result)?;
    Ok(format!("{mark}{result}"))
}

/// Returns the text without Fjord's entries, and without what only held them.
pub(super) fn remove(text: &str) -> Result<String, String> {
    let (mark, text) = parts(text);
    if text.trim().is_empty() {
        return Ok(format!("{mark}{text}"));
    }
    parse(text)?;
    let result = without_entries(text);
    parse(&result)?;
    Ok(format!("{mark}{result}"))
}

/// Finds Fjord's entries, and returns the settings. The error says why the text is not settings.
pub(super) fn find(text: &str) -> Result<(Value, Vec<Entry>), String> {
    let (_, text) = parts(text);
    if text.trim().is_empty() {
        return Ok((Value::Object(Map::new()), Vec::new()));
    }
    Ok((parse(text)?, entries(text)))
}

/// What `install` writes under each event.
pub(super) fn groups(wanted: Wanted<'_>) -> Map<String, Value> {
    TAKEN
        .iter()
        .filter_map(|event| {
            let group = Group { event, wanted }.json(true);
            Some((event.name.to_owned(), serde_json::from_str(&group).ok()?))
        })
        .collect()
}

fn parts(text: &str) -> (&str, &str) {
    match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => text.split_at(text.len() - rest.len()),
        None => ("", text),
    }
}

fn parse(text: &str) -> Result<Value, String> {
    let settings: Value = serde_json::from_str(text).map_err(|error| describe(text, &error))?;
    let Some(fields) = settings.as_object() else {
        return Err("it is no JSON object".to_owned());
    };
    if fields.get("hooks").is_some_and(|hooks| !hooks.is_object()) {
        return Err("its `hooks` is no object".to_owned());
    }
    let root = edit::root(text);
    check_names(text, &root, "the settings")?;
    if let Some(hooks) = edit::value_of(text, &root, "hooks") {
        check_names(text, &hooks, "`hooks`")?;
        for event in edit::members(text, &hooks) {
            if !text[event.value.clone()].starts_with('[') {
                continue;
            }
            for (number, group) in edit::elements(text, &event.value).iter().enumerate() {
                if text[group.clone()].starts_with('{') {
                    check_names(text, group, &format!("`hooks.{}[{number}]`", event.name))?;
                }
            }
        }
    }
    Ok(settings)
}

fn describe(text: &str, error: &serde_json::Error) -> String {
    let what = if error.to_string().contains("recursion limit") {
        "it nests too deep"
    } else {
        "it is no JSON"
    };
    let line = text.lines().nth(error.line().saturating_sub(1));
    let is_comment = line.is_some_and(|line| line.contains("//") || line.contains("/*"));
    let hint = if is_comment {
        "; the client takes no comments either, and drops the whole file"
    } else {
        ""
    };
    format!(
        "{what} (line {}, column {}){hint}; mend it first",
        error.line(),
        error.column()
    )
}

/// Finds the entries in a text that has been parsed. What has another form than the client reads holds none.
fn entries(text: &str) -> Vec<Entry> {
    let hooks = edit::value_of(text, &edit::root(text), "hooks")
        .and_then(|hooks| serde_json::from_str(&text[hooks]).ok());
    let Some(Value::Object(hooks)) = hooks else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (event, groups) in &hooks {
        for (group_number, group) in groups.as_array().into_iter().flatten().enumerate() {
            let in_group = group.get("hooks").and_then(Value::as_array);
            let in_group = in_group.map_or(&[][..], Vec::as_slice);
            for (number, hook) in in_group.iter().enumerate() {
                found.extend(own_program(hook).map(|program| Entry {
                    event: event.clone(),
                    program,
                    group: group_number,
                    hook: number,
                    is_alone: in_group.len() == 1,
                }));
            }
        }
    }
    found
}

/// Each round takes one out and looks again, because every place after it has moved.
fn without_entries(text: &str) -> String {
    let mut result = text.to_owned();
    while let Some(entry) = entries(&result).pop() {
        match remove_one(&result, &entry) {
            Some(shorter) => result = shorter,
            None => break,
        }
    }
    result
}

/// A name that stands twice is read differently by different readers.
fn check_names(text: &str, object: &Range<usize>, place: &str) -> Result<(), String> {
    let mut seen = HashSet::new();
    match edit::members(text, object)
        .into_iter()
        .find(|member| !seen.insert(member.name.clone()))
    {
        Some(twice) => Err(format!(
            "`{}` stands twice in {place}; mend it first",
            twice.name
        )),
        None => Ok(()),
    }
}

fn own_program(hook: &Value) -> Option<String> {
    let program = hook.get("command")?.as_str()?;
    let is_own = hook.get("type").and_then(Value::as_str) == Some("command")
        && Path::new(program)
            .file_name()
            .is_some_and(|name| name == PROGRAM);
    is_own.then(|| program.to_owned())
}

fn is_as_wanted(settings: &Value, found: &[Entry], wanted: Wanted<'_>) -> bool {
    let right = groups(wanted);
    found.len() == right.len()
        && found.iter().all(|entry| {
            let group = settings
                .get("hooks")
                .and_then(|hooks| hooks.get(&entry.event)?.get(entry.group));
            group.is_some() && group == right.get(&entry.event)
        })
}

fn add(text: &str, event: &str, group: &Group) -> Result<String, String> {
    let root = edit::root(text);
    let whole = |members: Vec<edit::Member>| {
        members
            .into_iter()
            .map(|member| member.whole)
            .collect::<Vec<_>>()
    };
    let Some(hooks) = edit::value_of(text, &root, "hooks") else {
        let item = Item {
            name: Some("hooks"),
            value: &InHooks(group),
        };
        let members = whole(edit::members(text, &root));
        return Ok(edit::append(text, &root, &members, &item));
    };
    let Some(groups) = edit::value_of(text, &hooks, event) else {
        let item = Item {
            name: Some(event),
            value: &InEvent(group),
        };
        let members = whole(edit::members(text, &hooks));
        return Ok(edit::append(text, &hooks, &members, &item));
    };
    if !text[groups.clone()].starts_with('[') {
        return Err(format!("its `hooks.{event}` is no array"));
    }
    let item = Item {
        name: None,
        value: group,
    };
    let elements = edit::elements(text, &groups);
    Ok(edit::append(text, &groups, &elements, &item))
}

fn remove_one(text: &str, entry: &Entry) -> Option<String> {
    let root = edit::root(text);
    let hooks = edit::value_of(text, &root, "hooks")?;
    let groups = edit::value_of(text, &hooks, &entry.event)?;
    let in_groups = edit::elements(text, &groups);
    if !entry.is_alone {
        let array = edit::value_of(text, in_groups.get(entry.group)?, "hooks")?;
        return Some(edit::cut(
            text,
            &array,
            &edit::elements(text, &array),
            entry.hook,
        ));
    }
    if in_groups.len() > 1 {
        return Some(edit::cut(text, &groups, &in_groups, entry.group));
    }
    let (object, name) = if edit::members(text, &hooks).len() > 1 {
        (&hooks, entry.event.as_str())
    } else {
        (&root, "hooks")
    };
    let members = edit::members(text, object);
    let index = members.iter().position(|member| member.name == name)?;
    let whole: Vec<Range<usize>> = members.into_iter().map(|member| member.whole).collect();
    Some(edit::cut(text, object, &whole, index))
}

/// Looks at the result before anybody writes it: everything that is not Fjord's must be what it was.
fn check_the_rest(before: &str, after: &str) -> Result<(), String> {
    let rest = |text: &str| {
        let value =
            serde_json::from_str(&without_entries(text)).map_err(|error| error.to_string())?;
        Ok::<Value, String>(without_empty_events(value))
    };
    if rest(before)? == rest(after)? {
        Ok(())
    } else {
        Err("its form is not understood".to_owned())
    }
}

/// What held only Fjord's entries goes with them, so an event without any counts as not there.
fn without_empty_events(mut settings: Value) -> Value {
    if let Some(hooks) = settings.get_mut("hooks").and_then(Value::as_object_mut) {
        hooks.retain(|_, groups| groups.as_array().is_none_or(|groups| !groups.is_empty()));
        if hooks.is_empty()
            && let Some(settings) = settings.as_object_mut()
        {
            settings.remove("hooks");
        }
    }
    settings
}

/// One matcher group with Fjord's one hook in it.
struct Group<'a> {
    event: &'a Taken,
    wanted: Wanted<'a>,
}

impl Written for Group<'_> {
    fn json(&self, is_compact: bool) -> String {
        // `args`, even empty, makes the client start the program itself, without a shell.
        let program = Value::from(self.wanted.program);
        let strict = if self.wanted.failure == Failure::Block && self.event.name == "PreToolUse" {
            ", \"onFailure\": \"block\""
        } else {
            ""
        };
        let timeout = self.event.timeout_s(self.wanted.waits);
        let matcher = self.event.matcher.map(Value::from);
        if is_compact {
            let matcher = matcher.map_or_else(String::new, |one| format!("\"matcher\":{one},"));
            let strict = strict.replace(' ', "");
            return format!(
                "{{{matcher}\"hooks\":[{{\"type\":\"command\",\"command\":{program},\"args\":[],\"timeout\":{timeout}{strict}}}]}}"
            );
        }
        let matcher = matcher.map_or_else(String::new, |one| format!("  \"matcher\": {one},\n"));
        format!(
            "{{\n{matcher}  \"hooks\": [\n    {{\"type\": \"command\", \"command\": {program}, \"args\": [], \"timeout\": {timeout}{strict}}}\n  ]\n}}"
        )
    }
}

/// The array of an event that had none.
struct InEvent<'a>(&'a Group<'a>);

impl Written for InEvent<'_> {
    fn json(&self, is_compact: bool) -> String {
        let inner = self.0.json(is_compact);
        if is_compact {
            format!("[{inner}]")
        } else {
            format!("[\n{}\n]", deeper(&inner))
        }
    }
}

/// The `hooks` of a file that had none.
struct InHooks<'a>(&'a Group<'a>);

impl Written for InHooks<'_> {
    fn json(&self, is_compact: bool) -> String {
        let (event, inner) = (self.0.event.name, InEvent(self.0).json(is_compact));
        if is_compact {
            format!("{{\"{event}\":{inner}}}")
        } else {
            format!("{{\n  \"{event}\": {}\n}}", deeper(&inner).trim_start())
        }
    }
}

fn deeper(text: &str) -> String {
    text.split('\n')
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
