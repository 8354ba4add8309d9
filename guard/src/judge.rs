//! Puts parsing, rules, facts and settings together.

use std::borrow::Cow;

use crate::exceptions::exception;
use crate::paths::{self, Place};
use crate::rules::files::{absolute, acts};
use crate::rules::mcp::{Called, names};
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
    if let Some(command) = call.command() {
        let runs = follow(&in_shell(call, command), call.cwd, facts.home.as_deref());
        judge_runs(&runs, &known, settings, each);
        return runs.unfinished;
    }
    let called = Called::of(call);
    let mut unfinished = false;
    let lines = called.iter().flat_map(|called| &called.asked.lines);
    for line in lines {
        let cwd = line.cwd.as_deref().map_or_else(
            || call.cwd.to_owned(),
            |cwd| absolute(call.cwd, cwd, facts.home.as_deref()),
        );
        let mut runs = follow(&line.text, &cwd, facts.home.as_deref());
        for run in runs.list.iter_mut().filter(|run| run.host.is_none()) {
            run.host.clone_from(&line.host);
        }
        judge_runs(&runs, &known, settings, each);
        unfinished |= runs.unfinished;
    }
    if called.as_ref().is_some_and(|called| called.asked.too_much) {
        each(
            Subject::Unread,
            decide(vec![unreadable()], settings, None),
            &facts,
        );
    }
    let runs_lines = called
        .as_ref()
        .is_some_and(|called| !called.asked.lines.is_empty());
    let decision = decide(tool_findings(call, called.as_ref(), &known), settings, None);
    if !runs_lines || decision.finding.is_some() {
        each(Subject::Tool, decision, &facts);
    }
    unfinished
}

fn judge_runs<'s>(
    runs: &Runs,
    known: &Known<'_>,
    settings: &'s Settings,
    each: &mut dyn FnMut(Subject<'_>, Decision<'s>, &Facts),
) {
    let facts = known.facts();
    for run in &runs.list {
        let findings = command_findings(run, &runs.list, known);
        let decision = decide(findings, settings, Some(run));
        each(Subject::Command(run, &runs.list), decision, facts);
    }
    if runs.incomplete {
        each(
            Subject::Unread,
            decide(vec![unreadable()], settings, None),
            facts,
        );
    }
}

fn unreadable() -> Finding {
    Finding {
        rule: &UNREADABLE,
        verdict: UNREADABLE.severity,
        reason: UNREADABLE.reason.to_owned(),
    }
}

/// What to look up for a call: see [`crate::facts_needed`].
pub(crate) fn facts_needed(call: &ToolCall) -> FactsNeeded {
    let mut needed = FactsNeeded {
        paths: vec![call.cwd.to_owned()],
        words: Vec::new(),
    };
    let called = Called::of(call);
    for act in acts(call, called.as_ref().map(|called| &called.name), None) {
        let words = act.run.args().iter().map(|arg| &arg.text);
        let paths = words.chain(act.written.iter());
        needed
            .paths
            .extend(paths.filter(|path| path.starts_with('/')).cloned());
    }
    if called.is_some() {
        needed.words.extend(names(call).map(str::to_owned));
    }
    if let Some(command) = call.command() {
        look_up(&in_shell(call, command), call.cwd, &mut needed);
    }
    for line in called.iter().flat_map(|called| &called.asked.lines) {
        needed.words.extend(line.host.clone());
        look_up(
            &line.text,
            line.cwd.as_deref().unwrap_or(call.cwd),
            &mut needed,
        );
    }
    for list in [&mut needed.paths, &mut needed.words] {
        list.sort_unstable();
        list.dedup();
        list.truncate(256);
    }
    needed
}

fn look_up(command: &str, cwd: &str, needed: &mut FactsNeeded) {
    for run in follow(command, cwd, None).list {
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

/// The command as a shell would have it.
pub(crate) fn in_shell<'a>(call: &ToolCall, command: &'a str) -> Cow<'a, str> {
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

fn command_findings(run: &Run, all: &[Run], known: &Known<'_>) -> Vec<Finding> {
    let view = View {
        run,
        all,
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

/// What a tool that is no shell does: to files, to databases, and by its name.
fn tool_findings(call: &ToolCall, called: Option<&Called<'_>>, known: &Known<'_>) -> Vec<Finding> {
    let facts = known.facts();
    let mut findings = Vec::new();
    let name = called.map(|called| &called.name);
    for act in acts(call, name, facts.home.as_deref()) {
        findings.extend(command_findings(
            &act.run,
            std::slice::from_ref(&act.run),
            known,
        ));
        if let Some(path) = &act.written {
            let view = FileView {
                call,
                name: None,
                path,
                facts,
                known,
            };
            judge_by(&view, &mut findings);
        }
    }
    if let Some(run) = called.and_then(|called| called.sql.as_ref()) {
        findings.extend(command_findings(run, std::slice::from_ref(run), known));
    }
    if name.is_some() {
        let view = FileView {
            call,
            name,
            path: "",
            facts,
            known,
        };
        judge_by(&view, &mut findings);
    }
    findings
}

fn judge_by(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    for judge in FIELDS.iter().filter_map(|field| field.file) {
        judge(view, findings);
    }
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
