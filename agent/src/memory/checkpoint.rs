//! Where a session stands, as facts.

use serde::{Deserialize, Serialize};

use super::lesson::EDITS;
use super::{NewCheckpoint, cut, is_shell, line, shown_path, text};
use crate::store::rows::Deed;

/// Most of each list.
const MOST: usize = 20;
/// Those of a list that are said.
const SAID: usize = 6;
/// The longest text, in characters.
const LONGEST: usize = 1_200;

/// The facts of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckpointFacts {
    /// What the person asked.
    pub prompts: i64,
    /// Commands run.
    pub commands: i64,
    /// Tool calls that failed.
    pub failed: i64,
    /// Tool calls that changed the infrastructure.
    pub changed: i64,
    /// Files edited, from the root of the project; the newest last.
    pub files: Vec<String>,
    /// What was changed in the infrastructure; the newest last.
    pub changes: Vec<String>,
    /// Failures that nothing solved yet; the newest first.
    pub open_failures: Vec<String>,
    /// What the coding agent said last, in short.
    pub last_message: Option<String>,
    /// Why the last turn broke off, if it did.
    pub broke_off: Option<String>,
}

impl CheckpointFacts {
    /// Adds what was done since, the newest first. What is there already does not count twice.
    pub(crate) fn add(&mut self, deeds: &[Deed], project: Option<&str>) {
        for deed in deeds.iter().rev() {
            let tool = deed.tool.as_deref().unwrap_or_default();
            let detail = &deed.detail.0;
            if EDITS.contains(&tool) && deed.name == "PostToolUse" {
                let path = text(detail, "file_path").or_else(|| text(detail, "notebook_path"));
                if let Some(path) = path {
                    put_last(&mut self.files, cut(&shown_path(path, project), 200));
                }
            }
            if let Some(change) = &deed.change {
                let command = text(detail, "command").filter(|_| is_shell(tool));
                let said = format!(
                    "{change} at {}{}: `{}`",
                    deed.at.format("%H:%M UTC"),
                    if deed.name == "PostToolUse" {
                        ""
                    } else {
                        " (failed)"
                    },
                    line(command.unwrap_or_default(), 120)
                );
                put_last(&mut self.changes, said);
            }
        }
    }

    /// Adds what the coding agent said.
    pub(crate) fn say(&mut self, new: &NewCheckpoint) {
        if new.last_message.is_some() {
            self.last_message.clone_from(&new.last_message);
            self.broke_off.clone_from(&new.broke_off);
        }
    }

    /// Returns the facts as text.
    pub fn text(&self) -> String {
        let counted = |count: i64, one: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        let mut said = vec![format!(
            "{}, {}, {} failed, {} edited.",
            counted(self.prompts, "prompt"),
            counted(self.commands, "command"),
            counted(self.failed, "call"),
            counted(i64::try_from(self.files.len()).unwrap_or_default(), "file"),
        )];
        let list = |name: &str, items: Vec<&String>| {
            let shown: Vec<&str> = items.iter().take(SAID).map(|item| item.as_str()).collect();
            format!("{name}: {}.", shown.join(", "))
        };
        if !self.files.is_empty() {
            said.push(list("Edited", self.files.iter().rev().collect()));
        }
        if !self.changes.is_empty() {
            said.push(list("Changed", self.changes.iter().rev().collect()));
        }
        if !self.open_failures.is_empty() {
            said.push(list("Not solved", self.open_failures.iter().collect()));
        }
        if let Some(why) = &self.broke_off {
            said.push(format!("The last turn broke off: {why}."));
        }
        if let Some(message) = &self.last_message {
            said.push(format!("Said last: {message}"));
        }
        cut(&said.join("\n"), LONGEST)
    }
}

fn put_last(list: &mut Vec<String>, item: String) {
    list.retain(|known| *known != item);
    list.push(item);
    if list.len() > MOST {
        list.remove(0);
    }
}
