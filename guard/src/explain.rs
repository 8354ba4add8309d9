//! The parsed command as plain data, for people.

use serde::Serialize;

use crate::judge::{Decision, Subject, judge};
use crate::paths::{self, Place};
use crate::rules::known;
use crate::run::{Run, UNKNOWN};
use crate::shell::RedirectKind;
use crate::{Assessment, Exception, Facts, Settings, ToolCall, Verdict, exceptions};

/// More facts than these about one part are not listed.
const MOST_FACTS: usize = 12;

/// Programs whose words without a dash are files.
const FILE_PROGRAMS: &[&str] = &[
    "rm", "rmdir", "unlink", "mv", "cp", "ln", "shred", "truncate", "tee", "touch", "rsync",
];

/// A call, what it would run, and what the guard thinks of each part.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// The assessment of the whole call.
    pub assessment: Assessment,
    /// What would run, in order.
    pub parts: Vec<Part>,
    /// Whether a quote or bracket is never closed, so that a shell would refuse the line.
    pub unfinished: bool,
}

/// One command that would run, or the call of a tool that is no shell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Part {
    /// The command's words after expansion; `?` stands for what cannot be known.
    pub text: String,
    /// What leads to it, outermost first: `sudo`, `sh -c`, `ssh web-1`, `find -exec`.
    pub via: Vec<String>,
    /// The directory it runs in, if known.
    pub cwd: Option<String>,
    /// The machine it runs on, when it is not this one.
    pub host: Option<String>,
    /// The strictest verdict on this part.
    pub verdict: Verdict,
    /// The rule behind the verdict.
    pub rule: Option<String>,
    /// The reason.
    pub reason: String,
    /// What to do instead.
    pub alternative: Option<String>,
    /// All rules that answer to this part, that one among them.
    pub rules: Vec<String>,
    /// What is known about what it touches, a sentence each.
    pub facts: Vec<String>,
    /// What cannot be known before it runs, a sentence each.
    pub unknown: Vec<String>,
    /// What a person has let through.
    pub let_through: Vec<LetThrough>,
    /// The words as an exception names them; empty when no exception can name them.
    pub pattern: String,
    /// Where it runs, as an exception names it; empty: this machine.
    pub place: String,
}

/// A rule that would have answered, and the exception that keeps it silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetThrough {
    /// The rule.
    pub rule: String,
    /// The exception.
    pub exception: Exception,
}

/// Explains a call: the same judgement as [`crate::assess`], part by part.
pub fn explain(call: &ToolCall, facts: &Facts, settings: &Settings) -> Explanation {
    let mut explanation = Explanation::default();
    let mut parts = Vec::new();
    let mut worst = Assessment::default();
    explanation.unfinished = judge(call, facts, settings, &mut |subject, decision, facts| {
        let part = part(call, &subject, decision, facts);
        if part.verdict > worst.verdict {
            worst = Assessment {
                verdict: part.verdict,
                rule: part.rule.clone(),
                reason: part.reason.clone(),
                alternative: part.alternative.clone(),
            };
        }
        parts.push(part);
    });
    explanation.assessment = worst;
    explanation.parts = parts;
    explanation
}

fn part(call: &ToolCall, subject: &Subject<'_>, decision: Decision<'_>, facts: &Facts) -> Part {
    let mut part = match subject {
        Subject::Command(run, all) => command(run, all, facts),
        Subject::Unread => Part {
            text: "the rest of it".to_owned(),
            unknown: vec!["It was not followed to its end.".to_owned()],
            ..Part::default()
        },
        Subject::Tool => tool(call, facts),
    };
    part.rules = decision
        .answering
        .iter()
        .map(|&rule| rule.to_owned())
        .collect();
    part.let_through = decision
        .let_through
        .into_iter()
        .map(|(rule, exception)| LetThrough {
            rule: rule.to_owned(),
            exception: exception.clone(),
        })
        .collect();
    if let Some(finding) = decision.finding {
        part.verdict = finding.verdict;
        part.rule = Some(finding.rule.id.to_owned());
        part.reason = finding.reason;
        part.alternative = Some(finding.rule.alternative.to_owned());
    }
    part
}

fn command(run: &Run, all: &[Run], facts: &Facts) -> Part {
    let mut text = exceptions::pattern(run).replace(UNKNOWN, "?");
    for (kind, target) in &run.redirects {
        text.push_str(match kind {
            RedirectKind::Read => " < ",
            RedirectKind::Append => " >> ",
            _ => " > ",
        });
        text.push_str(&target.text.replace(UNKNOWN, "?"));
    }
    let can_be_named = run.redirects.is_empty()
        && !run.argv.is_empty()
        && run.argv.iter().all(crate::run::Arg::is_known);
    Part {
        text,
        via: run.via.clone(),
        cwd: run.cwd.clone(),
        host: run.host.clone(),
        facts: used(run, all, facts),
        unknown: unknown(run),
        pattern: if can_be_named {
            exceptions::pattern(run)
        } else {
            String::new()
        },
        place: exceptions::place(run),
        ..Part::default()
    }
}

fn tool(call: &ToolCall, facts: &Facts) -> Part {
    let path = ["file_path", "notebook_path", "path"]
        .iter()
        .find_map(|field| call.text(field));
    let mut part = Part {
        text: path.map_or_else(
            || call.tool.to_owned(),
            |path| format!("{} {path}", call.tool),
        ),
        cwd: Some(call.cwd.to_owned()),
        ..Part::default()
    };
    if let Some(path) = path.and_then(|path| paths::resolve(Some(call.cwd), path)) {
        part.facts.extend(belongs(&path, Place::Outside, facts));
    }
    part
}

fn unknown(run: &Run) -> Vec<String> {
    let mut unknown = Vec::new();
    if run.argv.first().is_some_and(|word| !word.is_known()) {
        unknown.push("Which program runs is known only when it runs.".to_owned());
    } else if run.argv.iter().any(|word| !word.is_known()) {
        unknown.push("What `?` stands for is known only when it runs.".to_owned());
    }
    if run.cwd.is_none() && run.host.is_none() {
        unknown.push("The directory it runs in is not known.".to_owned());
    }
    unknown
}

/// What is known about the machine, the services and the files that a command names.
fn used(run: &Run, all: &[Run], facts: &Facts) -> Vec<String> {
    let mut used = known::about(run, all, facts);
    let takes_files = FILE_PROGRAMS.contains(&run.program().as_str());
    if run.host.is_none() {
        for arg in run.args() {
            let is_path = arg.is_known()
                && !arg.text.starts_with('-')
                && arg.text.len() < 4_096
                && !arg.text.contains(char::is_whitespace)
                && (takes_files
                    || arg.text.contains('/')
                    || matches!(arg.text.as_str(), "." | ".." | "~"));
            if let Some(path) = paths::absolute(run, arg).filter(|_| is_path) {
                used.extend(belongs(&path, paths::place(run, arg, facts), facts));
            }
            if used.len() >= MOST_FACTS {
                break;
            }
        }
    }
    used.dedup();
    used.truncate(MOST_FACTS);
    used
}

fn belongs(path: &str, place: Place, facts: &Facts) -> Option<String> {
    if facts
        .protected_paths
        .iter()
        .any(|own| paths::is_within(path, own))
    {
        return Some(format!("`{path}` is Fjord's own."));
    }
    let project = facts.project.as_ref();
    if let Some(project) = project.filter(|project| paths::is_within(path, &project.root)) {
        let control = if project.under_version_control {
            "under version control"
        } else {
            "not under version control"
        };
        return Some(format!(
            "`{path}` is in the project `{}`, {control}.",
            project.root
        ));
    }
    let what = match place {
        Place::Root => "the whole file system",
        Place::System => "the system's",
        Place::Home => "a home directory",
        Place::Temporary => "in a temporary directory",
        _ => return None,
    };
    Some(format!("`{path}` is {what}."))
}
