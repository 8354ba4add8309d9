//! Puts parsing, rules, facts and settings together.

use std::borrow::Cow;

use crate::exceptions::exception;
use crate::paths::{self, Place};
use crate::rules::{FIELDS, FileView, Finding, Known, RuleDoc, UNREADABLE, View, named_in};
use crate::run::{Arg, Run, Runs, as_shell, follow};
use crate::{
    Assessment, Exception, Facts, FactsNeeded, Project, RuleSetting, Settings, ToolCall, Verdict,
};

/// What of a call is judged.
pub(crate) enum Subject<'a> {
    /// One command that would run.
    Command(&'a Run, &'a [Run]),
    /// The text as a whole, which could not be followed to its end.
    Unread,
    /// The call of a tool that is no shell.
    Tool,
}

/// What the rules and the settings say about it.
#[derive(Default)]
pub(crate) struct Decision<'s> {
    /// The strictest finding.
    pub(crate) finding: Option<Finding>,
    /// The rules that answer, the finding's among them.
    pub(crate) answering: Vec<&'static str>,
    /// The rules that a person has let through, and by what.
    pub(crate) let_through: Vec<(&'static str, &'s Exception)>,
}

/// Judges a call. Never panics; an input it cannot read is judged by what can be read of it.
pub fn assess(call: &ToolCall, facts: &Facts, settings: &Settings) -> Assessment {
    let mut worst = Assessment::default();
    judge(call, facts, settings, &mut |_, decision, _| {
        if let Some(finding) = decision.finding
            && finding.verdict > worst.verdict
        {
            worst = finding.into();
        }
    });
    worst
}

/// Judges a call part by part. Returns whether a quote or bracket is never closed.
pub(crate) fn judge<'s>(
    call: &ToolCall,
    facts: &Facts,
    settings: &'s Settings,
    each: &mut dyn FnMut(Subject<'_>, Decision<'s>, &Facts),
) -> bool {
    let facts = with_project(call, facts);
    let known = Known::new(&facts);
    let mut unfinished = false;
    if let Some(command) = call.command() {
        let runs = follow(&in_shell(call, command), call.cwd, facts.home.as_deref());
        for run in &runs.list {
            let findings = command_findings(run, &runs, &known);
            let decision = decide(findings, settings, Some(run));
            each(Subject::Command(run, &runs.list), decision, &facts);
        }
        unfinished = runs.unfinished;
        if runs.incomplete {
            let finding = Finding {
                rule: &UNREADABLE,
                verdict: UNREADABLE.severity,
                reason: UNREADABLE.reason.to_owned(),
            };
            each(
                Subject::Unread,
                decide(vec![finding], settings, None),
                &facts,
            );
        }
    }
    let decision = decide(file_findings(call, &facts), settings, None);
    if call.command().is_none() || decision.finding.is_some() {
        each(Subject::Tool, decision, &facts);
    }
    unfinished
}

/// What to look up for a call: see [`crate::facts_needed`].
pub(crate) fn facts_needed(call: &ToolCall) -> FactsNeeded {
    let mut needed = FactsNeeded {
        paths: vec![call.cwd.to_owned()],
        words: Vec::new(),
    };
    let path = ["file_path", "notebook_path", "path"]
        .iter()
        .find_map(|field| call.text(field));
    needed
        .paths
        .extend(path.and_then(|path| paths::resolve(Some(call.cwd), path)));
    if let Some(command) = call.command() {
        for run in follow(&in_shell(call, command), call.cwd, None).list {
            needed.words.extend(run.host.iter().cloned());
            needed.paths.extend(run.cwd.iter().cloned());
            named_in(&run, &mut needed.words);
            for arg in run
                .args()
                .iter()
                .filter(|arg| arg.is_known() && !arg.text.is_empty() && arg.text.len() < 256)
            {
                if arg.text.starts_with(['/', '.', '~']) {
                    needed.paths.extend(paths::absolute(&run, arg));
                } else if !arg.text.starts_with('-') && !arg.text.contains(char::is_whitespace) {
                    needed.words.push(arg.text.clone());
                }
            }
        }
    }
    for list in [&mut needed.paths, &mut needed.words] {
        list.sort_unstable();
        list.dedup();
        list.truncate(256);
    }
    needed
}

/// The command as a shell would have it.
fn in_shell<'a>(call: &ToolCall, command: &'a str) -> Cow<'a, str> {
    if call.tool == "PowerShell" {
        Cow::Owned(as_shell(command))
    } else {
        Cow::Borrowed(command)
    }
}

/// Where no project is known, the directory of the call is taken for one, unless it is the system's.
/// Below `/srv` and its like people keep projects too.
fn with_project<'a>(call: &ToolCall, facts: &'a Facts) -> Cow<'a, Facts> {
    if facts.project.is_some() {
        return Cow::Borrowed(facts);
    }
    let here = Run {
        cwd: Some(call.cwd.to_owned()),
        ..Run::default()
    };
    let place = paths::place(&here, &Arg::new(call.cwd), facts);
    let kept = ["/srv/", "/opt/", "/mnt/", "/media/", "/var/www/", "/root/"]
        .iter()
        .any(|folder| call.cwd.len() > folder.len() && call.cwd.starts_with(folder));
    let is_systems = matches!(
        place,
        Place::Root | Place::System | Place::Home | Place::Unknown
    );
    if is_systems && !kept {
        return Cow::Borrowed(facts);
    }
    let mut facts = facts.clone();
    facts.project = Some(Project {
        root: call.cwd.to_owned(),
        under_version_control: false,
    });
    Cow::Owned(facts)
}

fn command_findings(run: &Run, runs: &Runs, known: &Known<'_>) -> Vec<Finding> {
    let view = View {
        run,
        all: &runs.list,
        program: run.program(),
        facts: known.facts(),
        known,
    };
    let mut findings = Vec::new();
    for field in FIELDS {
        (field.run)(&view, &mut findings);
    }
    findings
}

fn file_findings(call: &ToolCall, facts: &Facts) -> Vec<Finding> {
    let writes = matches!(call.tool, "Write" | "Edit" | "MultiEdit" | "NotebookEdit");
    let path = ["file_path", "notebook_path", "path"]
        .iter()
        .find_map(|field| call.text(field));
    if !writes && call.tool != "Read" && !call.tool.starts_with("mcp__") {
        return Vec::new();
    }
    let path = path.and_then(|path| {
        let path = match (path.strip_prefix("~/"), facts.home.as_deref()) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ => path.to_owned(),
        };
        paths::resolve(Some(call.cwd), &path)
    });
    let view = FileView {
        call,
        path: path.unwrap_or_default(),
        writes,
        facts,
    };
    let mut findings = Vec::new();
    for judge in FIELDS.iter().filter_map(|field| field.file) {
        judge(&view, &mut findings);
    }
    findings
}

/// The finding that counts, after the settings and the exceptions.
fn decide<'s>(findings: Vec<Finding>, settings: &'s Settings, run: Option<&Run>) -> Decision<'s> {
    let mut decision = Decision::default();
    for mut finding in findings {
        let RuleDoc { id, field, .. } = *finding.rule;
        finding.verdict = match settings.of(field, id) {
            RuleSetting::On => finding.verdict,
            RuleSetting::Off => continue,
            RuleSetting::Ask => Verdict::Ask,
            RuleSetting::Deny => Verdict::Deny,
        };
        if let Some(exception) = run.and_then(|run| exception(run, (id, finding.verdict), settings))
        {
            decision.let_through.push((id, exception));
            continue;
        }
        if finding.verdict > Verdict::None && !decision.answering.contains(&id) {
            decision.answering.push(id);
        }
        if decision
            .finding
            .as_ref()
            .is_none_or(|worst| finding.verdict > worst.verdict)
        {
            decision.finding = Some(finding);
        }
    }
    decision
}

impl From<Finding> for Assessment {
    fn from(finding: Finding) -> Self {
        Self {
            verdict: finding.verdict,
            rule: Some(finding.rule.id.to_owned()),
            reason: finding.reason,
            alternative: Some(finding.rule.alternative.to_owned()),
        }
    }
}
