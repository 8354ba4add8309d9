//! What solved a failure. Wrong lessons are worse than none: only what worked on the same thing counts, and only
//! what changed in between.

use std::collections::BTreeSet;

use crate::memory::signature::{is_shell, is_trivial};
use crate::memory::{Signature, error_line, is_within, line, shown_path, text, what};
use crate::store::rows::{Deed, Failure, HookEventRow, Pattern, Time};

/// Where more was done in between, nobody knows what solved it.
const MOST_FILES: usize = 12;
/// The commands shown, the last ones.
const COMMANDS: usize = 5;
/// The files shown.
const FILES: usize = 6;
/// The longest command shown, in characters.
const LONGEST_COMMAND: usize = 200;
/// Tools that change a file.
pub(crate) const EDITS: &[&str] = &["Edit", "Write", "NotebookEdit", "MultiEdit"];

/// A failure that a success solved.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    /// The last failure of its fingerprint.
    pub(crate) failure: Failure,
    /// When it no longer failed like this.
    pub(crate) until: Time,
    /// All failures of the fingerprint.
    pub(crate) ids: Vec<i64>,
}

/// Finds what a success solved among the failures of its session, the newest first.
pub(crate) fn solved(open: Vec<Failure>, row: &HookEventRow, success: &Signature) -> Vec<Solved> {
    let mut all: Vec<Solved> = Vec::new();
    let mut until = row.at;
    for failure in open {
        if !is_within(&row.cwd, &failure.project) || !is_mended(&failure, success) {
            continue;
        }
        let at = failure.at;
        let known = all
            .iter_mut()
            .find(|solved| solved.failure.fingerprint == failure.fingerprint);
        match known {
            Some(known) => known.ids.push(failure.id),
            None => all.push(Solved {
                until,
                ids: vec![failure.id],
                failure,
            }),
        }
        until = at;
    }
    all
}

fn is_mended(failure: &Failure, success: &Signature) -> bool {
    let Ok(failed) = serde_json::from_value::<Signature>(failure.signature.0.clone()) else {
        return false;
    };
    success.mends(&failed)
        || (is_shell(&success.tool)
            && error_line::blames_a_word(&failure.problem)
            && success.corrects(&failed))
}

/// Says what changed between a failure and the success; `None`: nothing that is known, so it was chance.
pub(crate) fn fix(failure: &Failure, deeds: &[Deed], success: &HookEventRow) -> Option<String> {
    let between = deeds
        .iter()
        .filter(|deed| deed.event != failure.event && deed.event != success.event);
    let mut files: BTreeSet<String> = BTreeSet::new();
    let mut commands: Vec<String> = Vec::new();
    for deed in between {
        let tool = deed.tool.as_deref().unwrap_or_default();
        let detail = &deed.detail.0;
        if EDITS.contains(&tool) {
            let path = text(detail, "file_path").or_else(|| text(detail, "notebook_path"));
            files.extend(path.map(|path| shown_path(path, Some(&failure.project))));
        } else if is_shell(tool)
            && let Some(command) = text(detail, "command")
            && acts(tool, command)
        {
            let command = format!("`{}`", line(command, LONGEST_COMMAND));
            commands.retain(|known| *known != command);
            commands.push(command);
        }
    }
    let worked = what(success);
    let is_other = worked != failure.command;
    if files.len() > MOST_FILES || (files.is_empty() && commands.is_empty() && !is_other) {
        return None;
    }
    let mut said = Vec::new();
    if !files.is_empty() {
        let shown: Vec<String> = files
            .iter()
            .take(FILES)
            .map(|file| format!("`{file}`"))
            .collect();
        let more = files.len().saturating_sub(FILES);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        said.push(format!("edited {}{more}", shown.join(", ")));
    }
    if !commands.is_empty() {
        let from = commands.len().saturating_sub(COMMANDS);
        said.push(format!("ran {}", commands[from..].join(", ")));
    }
    let worked = line(&worked, LONGEST_COMMAND);
    said.push(if is_other {
        format!("then `{worked}` worked")
    } else {
        format!("then `{worked}` worked as it was")
    });
    Some(said.join("; "))
}

/// Says what is offered to a session that failed like this, without quotation; `None`: no fix is known.
pub(crate) fn offer(pattern: &Pattern) -> Option<String> {
    let fix = pattern.fix.as_ref()?;
    let fixed_at = pattern.fixed_at?;
    let project = pattern
        .project
        .as_deref()
        .map(|project| format!(", in {project}"))
        .unwrap_or_default();
    let session: String = pattern
        .fixed_in
        .as_deref()
        .unwrap_or_default()
        .chars()
        .take(8)
        .collect();
    let times = |count: i64| match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    Some(format!(
        "[pattern: seen {} in {} session{}, solved {}, last on {} in session {session}{project}]\nfailed: {}\nwhat solved it then: {fix}",
        times(pattern.seen),
        pattern.sessions,
        if pattern.sessions == 1 { "" } else { "s" },
        times(pattern.fixed),
        fixed_at.format("%Y-%m-%d"),
        pattern.problem,
    ))
}

fn acts(tool: &str, command: &str) -> bool {
    let input = serde_json::json!({ "command": command });
    let call = guard::ToolCall {
        tool,
        input: &input,
        cwd: "/",
    };
    let steps = guard::steps(&call, None);
    // `mkdir` and `touch` teach nothing by failing, but they change something.
    steps.iter().any(|step| {
        !is_trivial(step)
            || matches!(
                step.program.as_str(),
                "mkdir" | "touch" | "tee" | "kill" | "pkill" | "export" | "source"
            )
    }) || writes(command)
}

/// A redirection into a file changes something as well.
fn writes(command: &str) -> bool {
    let input = serde_json::json!({ "command": command });
    let call = guard::ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/",
    };
    let explained = guard::explain(&call, &guard::Facts::default(), &guard::Settings::default());
    explained
        .parts
        .iter()
        .any(|part| part.text.contains(" > ") || part.text.contains(" >> "))
}
