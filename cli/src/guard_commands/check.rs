//! `fjord guard check`: rows in, verdicts out, one line each, as they come.

use std::io::{BufRead, Read};
use std::path::Path;
use std::process::ExitCode;

use agent::Error;
use config::env::HOME;
use config::{Environment, Paths};
use guard::{Facts, Project, Settings, ToolCall};
use serde::Deserialize;
use serde_json::Value;

use super::read_inventory;
use crate::chat::skip_line;
use crate::output::{mark, marked};
use crate::wire::Wire;

/// Where a row is judged when it does not say.
const USUAL_FOLDER: &str = "/home/dev/app";
/// Longest row, in bytes.
const LONGEST_ROW: u64 = 16 * 1024 * 1024;

/// One row; unknown fields are of no interest.
#[derive(Debug, Deserialize)]
struct Row {
    #[serde(default)]
    command: Option<String>,
    cwd: Option<String>,
    tool: Option<String>,
    input: Option<Value>,
}

/// Judges every row of standard input; fails when one could not be read.
pub(super) fn run(wire: &Wire, inventory: Option<&Path>) -> Result<ExitCode, Error> {
    let unreadable =
        |error: std::io::Error| Error::invalid(format!("standard input cannot be read: {error}"));
    let mut judge = Judge {
        settings: Settings::default(),
        facts: Facts {
            inventory: inventory
                .map(read_inventory)
                .transpose()?
                .unwrap_or_default(),
            ..Facts::default()
        },
        cwd: String::new(),
    };
    let mut stdin = std::io::stdin().lock();
    let mut failed = false;
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        bytes.clear();
        let read = (&mut stdin).take(LONGEST_ROW).read_until(b'\n', &mut bytes);
        if read.map_err(unreadable)? == 0 {
            break;
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let row = if bytes.len() as u64 == LONGEST_ROW && !bytes.ends_with(b"\n") {
            // The rest of it must not be taken for a row of its own.
            skip_line(&mut stdin).map_err(unreadable)?;
            Err(format!("it is longer than {} MB", LONGEST_ROW >> 20))
        } else {
            row(&bytes)
        };
        match row {
            Ok(row) => wire.output.document(&judge.answer(row)),
            Err(error) => {
                failed = true;
                let message = format!(
                    "line {number} is not a row such as {{\"command\": \"git status\"}}: {error}"
                );
                wire.output
                    .document(&serde_json::json!({ "error": message, "line": number }));
                wire.output
                    .remark(&format!("{} {message}", marked(mark::BAD, "error:")));
            }
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn row(bytes: &[u8]) -> Result<Row, String> {
    if guard::swells(bytes) {
        return Err("it holds too many values".to_owned());
    }
    let row = match serde_json::from_slice::<Row>(bytes) {
        Ok(row) => row,
        Err(error) => {
            // Half a surrogate pair is read as `fjord-hook` reads it.
            let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
            serde_json::from_str(&guard::without_lone_surrogates(text))
                .map_err(|_| error.to_string())?
        }
    };
    if row.command.is_none() && row.input.is_none() {
        return Err("it has neither `command` nor `input`".to_owned());
    }
    Ok(row)
}

/// Judges as on a developer's machine, the same wherever it runs.
struct Judge {
    settings: Settings,
    facts: Facts,
    cwd: String,
}

impl Judge {
    fn answer(&mut self, row: Row) -> Value {
        let cwd = row.cwd.as_deref().unwrap_or(USUAL_FOLDER);
        if self.cwd != cwd {
            self.move_to(cwd);
        }
        let input = match (row.input, &row.command) {
            (Some(input), _) => input,
            (None, command) => serde_json::json!({ "command": command }),
        };
        let call = ToolCall {
            tool: row.tool.as_deref().unwrap_or("Bash"),
            input: &input,
            cwd,
        };
        let assessment = guard::assess(&call, &self.facts, &self.settings);
        let command = row
            .command
            .map(Value::from)
            .or_else(|| input.get("command").cloned());
        serde_json::json!({
            "command": command,
            "verdict": assessment.verdict,
            "rule": assessment.rule,
            "reason": assessment.reason,
        })
    }

    fn move_to(&mut self, cwd: &str) {
        let home = home_of(cwd);
        let paths = Paths::from(&Environment::from_pairs([(HOME, home.as_str())]));
        cwd.clone_into(&mut self.cwd);
        self.facts.project = Some(Project {
            root: cwd.to_owned(),
            under_version_control: true,
        });
        self.facts.home = Some(home);
        self.facts.protected_paths = paths.own();
    }
}

fn home_of(cwd: &str) -> String {
    let user = cwd
        .strip_prefix("/home/")
        .and_then(|rest| rest.split('/').next())
        .filter(|user| !user.is_empty());
    format!("/home/{}", user.unwrap_or("dev"))
}
