//! `fjord guard`: what the guard thinks of commands, without the agent.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use agent::Error;
use config::env::HOME;
use config::{Environment, Paths};
use guard::{Facts, Inventory, Project, Settings, ToolCall, Verdict};
use serde::Deserialize;

use crate::argv::GuardCommand;
use crate::chat::skip_line;
use crate::output::{mark, marked};
use crate::render;
use crate::wire::{Wire, absolute};

/// Where a row of `guard check` is judged when it does not say.
const USUAL_FOLDER: &str = "/home/dev/app";
/// Longest row of `guard check`, in bytes.
const LONGEST_ROW: u64 = 10 * 1024 * 1024;

/// Runs one of the guard's commands.
pub(crate) fn run(wire: &Wire, command: &GuardCommand) -> Result<ExitCode, Error> {
    match command {
        GuardCommand::Explain { command, cwd } => explain(wire, &command.join(" "), cwd.as_deref()),
        GuardCommand::Check { inventory } => check(wire, inventory.as_deref()),
        GuardCommand::Rules => {
            rules(wire);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn explain(wire: &Wire, command: &str, cwd: Option<&Path>) -> Result<ExitCode, Error> {
    let folder = absolute(cwd.unwrap_or(Path::new(".")))?;
    let mut loaded = wire.load()?;
    let root = folder
        .ancestors()
        .find(|folder| folder.join(".git").exists());
    for problem in loaded.with_project(root.unwrap_or(&folder)) {
        wire.output
            .remark(&format!("{} {problem}", marked(mark::WARN, "note:")));
    }
    let paths = Paths::from(&wire.environment);
    let facts = Facts {
        // Without a snapshot nothing is known of servers and services, as for `fjord-hook`.
        inventory: read_inventory(&paths.inventory).unwrap_or_default(),
        project: Some(Project {
            root: root.unwrap_or(&folder).to_string_lossy().into_owned(),
            under_version_control: root.is_some(),
        }),
        home: wire.environment.get(HOME).map(str::to_owned),
        protected_paths: protected(&paths),
    };
    let input = serde_json::json!({ "command": command });
    let cwd = folder.to_string_lossy();
    let call = ToolCall {
        tool: "Bash",
        input: &input,
        cwd: &cwd,
    };
    let explanation = guard::explain(&call, &facts, &settings(&loaded.config.guard));
    if wire.output.json {
        wire.output.document(&explanation);
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = verdict(
        explanation.assessment.verdict,
        explanation.assessment.rule.as_deref(),
    );
    if explanation.assessment.verdict != Verdict::None {
        text.push_str(&format!(": {}", explanation.assessment.sentence()));
    }
    for part in &explanation.parts {
        let via = if part.via.is_empty() {
            String::new()
        } else {
            format!("{} > ", part.via.join(" > "))
        };
        let host = part
            .host
            .as_ref()
            .map_or_else(String::new, |host| format!(" on {host}"));
        let cwd = part
            .cwd
            .as_ref()
            .map_or_else(String::new, |cwd| format!(" in {cwd}"));
        text.push_str(&format!(
            "\n  {}  {via}{}{}",
            verdict(part.verdict, part.rule.as_deref()),
            part.text,
            marked(mark::DIM, &format!("{host}{cwd}"))
        ));
        if part.verdict != Verdict::None && part.reason != explanation.assessment.reason {
            text.push_str(&format!("\n      {}", part.reason));
        }
    }
    wire.output.text(&text);
    Ok(ExitCode::SUCCESS)
}

/// One row of `guard check`; unknown fields are of no interest.
#[derive(Debug, Deserialize)]
struct Row {
    command: String,
    cwd: Option<String>,
}

fn check(wire: &Wire, inventory: Option<&Path>) -> Result<ExitCode, Error> {
    let inventory = inventory
        .map(read_inventory)
        .transpose()?
        .unwrap_or_default();
    let settings = Settings::default();
    let mut stdin = std::io::stdin().lock();
    let mut failed = false;
    for number in 1_u64.. {
        let mut bytes = Vec::new();
        let read = (&mut stdin).take(LONGEST_ROW).read_until(b'\n', &mut bytes);
        if read
            .map_err(|error| Error::invalid(format!("standard input cannot be read: {error}")))?
            == 0
        {
            break;
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let row = if bytes.len() as u64 == LONGEST_ROW && !bytes.ends_with(b"\n") {
            // The rest of it must not be taken for a row of its own.
            skip_line(&mut stdin).map_err(|error| {
                Error::invalid(format!("standard input cannot be read: {error}"))
            })?;
            Err(format!("it is longer than {} MB", LONGEST_ROW >> 20))
        } else {
            serde_json::from_slice::<Row>(&bytes).map_err(|error| error.to_string())
        };
        match row {
            Ok(row) => wire.output.document(&judged(&row, &inventory, &settings)),
            Err(error) => {
                failed = true;
                let message = format!(
                    "line {number} is not a row such as {{\"command\": \"git status\"}}: {error}"
                );
                wire.output
                    .document(&serde_json::json!({ "error": message }));
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

/// Judged as on a developer's machine, the same wherever it runs.
fn judged(row: &Row, inventory: &Inventory, settings: &Settings) -> serde_json::Value {
    let cwd = row.cwd.as_deref().unwrap_or(USUAL_FOLDER);
    let home = home_of(cwd);
    let paths = Paths::from(&Environment::from_pairs([(HOME, home.as_str())]));
    let facts = Facts {
        inventory: inventory.clone(),
        project: Some(Project {
            root: cwd.to_owned(),
            under_version_control: true,
        }),
        home: Some(home),
        protected_paths: protected(&paths),
    };
    let input = serde_json::json!({ "command": row.command });
    let assessment = guard::assess(
        &ToolCall {
            tool: "Bash",
            input: &input,
            cwd,
        },
        &facts,
        settings,
    );
    serde_json::json!({
        "command": row.command,
        "verdict": assessment.verdict,
        "rule": assessment.rule,
        "reason": assessment.reason,
    })
}

fn home_of(cwd: &str) -> String {
    let user = cwd
        .strip_prefix("/home/")
        .and_then(|rest| rest.split('/').next())
        .filter(|user| !user.is_empty());
    format!("/home/{}", user.unwrap_or("dev"))
}

fn rules(wire: &Wire) {
    let rules: Vec<_> = guard::rules().collect();
    if wire.output.json {
        wire.output.document(&rules);
        return;
    }
    let rows = rules.iter().map(|rule| {
        [
            rule.id.to_owned(),
            rule.severity.as_str().to_owned(),
            rule.reason.to_owned(),
        ]
    });
    wire.output
        .text(&render::table(["rule", "verdict", "what and why"], rows));
}

fn verdict(verdict: Verdict, rule: Option<&str>) -> String {
    let colour = match verdict {
        Verdict::None => mark::DIM,
        Verdict::Ask => mark::WARN,
        Verdict::Deny => mark::BAD,
    };
    let rule = rule.map_or_else(String::new, |rule| format!(" ({rule})"));
    format!("{}{rule}", marked(colour, verdict.as_str()))
}

fn read_inventory(file: &Path) -> Result<Inventory, Error> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::invalid(format!("`{}` cannot be read: {error}", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::invalid(format!("`{}` is no inventory: {error}", file.display())))
}

fn protected(paths: &Paths) -> Vec<String> {
    let config_folder = paths.config_file.parent().map(Path::to_path_buf);
    let socket_folder = paths.socket.parent().map(Path::to_path_buf);
    let folders: Vec<PathBuf> = [config_folder, Some(paths.data_dir.clone()), socket_folder]
        .into_iter()
        .flatten()
        .collect();
    folders
        .iter()
        .map(|folder| folder.to_string_lossy().into_owned())
        .collect()
}

fn settings(guard: &config::Guard) -> Settings {
    let today = agent::Clock::system()
        .now()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    Settings {
        today: Some(today),
        ..Settings::from(guard)
    }
}
