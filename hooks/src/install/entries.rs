//! Fjord's entries in the text of a settings file.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use serde_json::Value;

use super::edit::{self, Item, Written};
use super::{EVENTS, Failure, PROGRAM};

/// Longest time the client waits for `fjord-hook`, seconds; its own deadlines are much shorter.
const TIMEOUT_S: u64 = 5;
/// What an event that may wait for a person gets beyond that time, seconds. A hook that the client ends lets the
/// call through, so `fjord-hook` must always be first.
const MARGIN_S: u64 = 15;

/// What `install` writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The program, absolute.
    pub(super) program: &'a str,
    /// What happens when it fails.
    pub(super) failure: Failure,
    /// How long a person is waited for, seconds.
    pub(super) wait_s: u64,
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
    let found = find(text)?;
    if is_as_wanted(text, &found, wanted) {
        return Ok(text.to_owned());
    }
    let mut result = remove(text)?;
    for event in EVENTS {
        result = add(&result, event, &Group { event, wanted });
    }
    check_the_rest(text, &result)?;
    Ok(result)
}

/// Returns the text without Fjord's entries, and without what only held them.
pub(super) fn remove(text: &str) -> Result<String, String> {
    let mut result = text.to_owned();
    // Each round takes one out and looks again, because every place after it has moved.
    while let Some(entry) = find(&result)?.pop() {
        result = remove_one(&result, &entry).ok_or("its hooks cannot be read")?;
    }
    Ok(result)
}

/// Finds Fjord's entries. The error says why the text is not settings.
pub(super) fn find(text: &str) -> Result<Vec<Entry>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        format!(
            "it is no JSON (line {}, column {}); mend it first",
            error.line(),
            error.column()
        )
    })?;
    if !value.is_object() {
        return Err("it is no JSON object".to_owned());
    }
    check_names(text, &edit::root(text), "the top")?;
    let Some(hooks) = value.get("hooks") else {
        return Ok(Vec::new());
    };
    let hooks = hooks.as_object().ok_or("its `hooks` is no object")?;
    if let Some(object) = edit::value_of(text, &edit::root(text), "hooks") {
        check_names(text, &object, "`hooks`")?;
    }
    let mut found = Vec::new();
    for (event, groups) in hooks {
        let groups = groups
            .as_array()
            .ok_or_else(|| format!("its `hooks.{event}` is no array"))?;
        for (group_number, group) in groups.iter().enumerate() {
            let in_group = group
                .get("hooks")
                .and_then(Value::as_array)
                .ok_or_else(|| format!("an entry of `hooks.{event}` has no array `hooks`"))?;
            let own: Vec<(usize, String)> = in_group
                .iter()
                .enumerate()
                .filter_map(|(number, hook)| Some((number, own_program(hook)?)))
                .collect();
            found.extend(own.iter().map(|(number, program)| Entry {
                event: event.clone(),
                program: program.clone(),
                group: group_number,
                hook: *number,
                is_alone: in_group.len() == 1,
            }));
        }
    }
    Ok(found)
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

fn is_as_wanted(text: &str, found: &[Entry], wanted: Wanted<'_>) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    found.len() == EVENTS.len()
        && EVENTS.iter().all(|event| {
            let right: Option<Value> =
                serde_json::from_str(&Group { event, wanted }.json(true)).ok();
            found
                .iter()
                .filter(|entry| entry.event == *event)
                .any(|entry| {
                    value
                        .get("hooks")
                        .and_then(|hooks| hooks.get(event)?.get(entry.group))
                        .is_some_and(|group| Some(group) == right.as_ref())
                })
        })
}

fn add(text: &str, event: &str, group: &Group) -> String {
    let root = edit::root(text);
    let whole = |members: Vec<edit::Member>| {
        members
            .into_iter()
            .map(|member| member.whole)
            .collect::<Vec<_>>()
    };
    let Some(hooks) = edit::value_of(text, &root, "hooks") else {
        return edit::append(
            text,
            &root,
            &whole(edit::members(text, &root)),
            &Item {
                name: Some("hooks"),
                value: &InHooks(group),
            },
        );
    };
    let Some(groups) = edit::value_of(text, &hooks, event) else {
        return edit::append(
            text,
            &hooks,
            &whole(edit::members(text, &hooks)),
            &Item {
                name: Some(event),
                value: &InEvent(group),
            },
        );
    };
    edit::append(
        text,
        &groups,
        &edit::elements(text, &groups),
        &Item {
            name: None,
            value: group,
        },
    )
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
        let value = serde_json::from_str(&remove(text)?).map_err(|error| error.to_string())?;
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
    event: &'a str,
    wanted: Wanted<'a>,
}

impl Written for Group<'_> {
    fn json(&self, is_compact: bool) -> String {
        // `args`, even empty, makes the client start the program itself, without a shell.
        let program = Value::from(self.wanted.program);
        let strict = if self.wanted.failure == Failure::Block && self.event == "PreToolUse" {
            ", \"onFailure\": \"block\""
        } else {
            ""
        };
        let timeout = match self.event {
            "PreToolUse" | "PermissionRequest" => self.wanted.wait_s + MARGIN_S,
            _ => TIMEOUT_S,
        };
        let hook = format!(
            "{{\"type\": \"command\", \"command\": {program}, \"args\": [], \"timeout\": {timeout}{strict}}}"
        );
        if is_compact {
            let hook = hook.replace("\": ", "\":").replace(", \"", ",\"");
            return format!("{{\"hooks\":[{hook}]}}");
        }
        format!("{{\n  \"hooks\": [\n    {hook}\n  ]\n}}")
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
        let (event, inner) = (self.0.event, InEvent(self.0).json(is_compact));
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
