//! Puts parsing, rules, facts and settings together.

use std::borrow::Cow;

use crate::paths::{self, Place};
use crate::rules::{FIELDS, FileView, Finding, RuleDoc, UNREADABLE, View};
use crate::run::{Arg, Run, Runs, as_shell, follow};
use crate::{
    Assessment, Explanation, Facts, FactsNeeded, Part, Project, RuleSetting, Settings, ToolCall,
    Verdict,
};

/// Judges a call. Never panics; an input it cannot read is judged by what can be read of it.
pub fn assess(call: &ToolCall, facts: &Facts, settings: &Settings) -> Assessment {
    judge(call, facts, settings).assessment
}

/// Judges a call and says what each part of it would do.
pub(crate) fn judge(call: &ToolCall, facts: &Facts, settings: &Settings) -> Explanation {
    let facts = with_project(call, facts);
    let mut worst = Assessment::default();
    let mut parts = Vec::new();
    let mut unfinished = false;
    if let Some(command) = call.command() {
        let runs = follow(&in_shell(call, command), call.cwd, facts.home.as_deref());
        for run in &runs.list {
            let mut findings = command_findings(run, &runs, &facts);
            findings.retain(|finding| !is_excepted(run, finding.rule.id, settings));
            let finding = decide(findings, settings);
            let part = part(run, finding);
            if part.verdict > worst.verdict {
                worst = Assessment {
                    verdict: part.verdict,
                    rule: part.rule.clone(),
                    reason: part.reason.clone(),
                    alternative: part.alternative.clone(),
                };
            }
            parts.push(part);
        }
        unfinished = runs.unfinished;
        if runs.incomplete {
            let finding = Finding {
                rule: &UNREADABLE,
                verdict: UNREADABLE.severity,
                reason: UNREADABLE.reason.to_owned(),
            };
            worst = stricter(worst, decide(vec![finding], settings));
        }
    }
    worst = stricter(worst, decide(file_findings(call, &facts), settings));
    Explanation {
        assessment: worst,
        parts,
        unfinished,
    }
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
fn with_project(call: &ToolCall, facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    if facts.project.is_none() {
        let here = Run {
            cwd: Some(call.cwd.to_owned()),
            ..Run::default()
        };
        let place = paths::place(&here, &Arg::new(call.cwd), &facts);
        let kept = ["/srv/", "/opt/", "/mnt/", "/media/", "/var/www/", "/root/"]
            .iter()
            .any(|folder| call.cwd.len() > folder.len() && call.cwd.starts_with(folder));
        if kept
            || !matches!(
                place,
                Place::Root | Place::System | Place::Home | Place::Unknown
            )
        {
            facts.project = Some(Project {
                root: call.cwd.to_owned(),
                under_version_control: false,
            });
        }
    }
    facts
}

fn command_findings(run: &Run, runs: &Runs, facts: &Facts) -> Vec<Finding> {
    let view = View {
        run,
        all: &runs.list,
        program: run.program(),
        facts,
    };
    let mut findings = Vec::new();
    for field in FIELDS {
        (field.run)(&view, &mut findings);
    }
    if let Some(host) = run.host.as_deref()
        && let Some(server) = crate::rules::production_server(facts, host)
    {
        for finding in findings
            .iter_mut()
            .filter(|finding| !finding.reason.contains(&server.name))
        {
            finding.reason = format!(
                "{} It would run on the production server `{}`.",
                finding.reason, server.name
            );
        }
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

/// The finding that counts, after the settings.
fn decide(findings: Vec<Finding>, settings: &Settings) -> Option<Finding> {
    let mut worst: Option<Finding> = None;
    for mut finding in findings {
        let RuleDoc { id, field, .. } = *finding.rule;
        finding.verdict = match settings.of(field, id) {
            RuleSetting::On => finding.verdict,
            RuleSetting::Off => continue,
            RuleSetting::Ask => Verdict::Ask,
            RuleSetting::Deny => Verdict::Deny,
        };
        if worst
            .as_ref()
            .is_none_or(|worst| finding.verdict > worst.verdict)
        {
            worst = Some(finding);
        }
    }
    worst
}

fn stricter(assessment: Assessment, finding: Option<Finding>) -> Assessment {
    match finding {
        Some(finding) if finding.verdict > assessment.verdict => Assessment {
            verdict: finding.verdict,
            rule: Some(finding.rule.id.to_owned()),
            reason: finding.reason,
            alternative: Some(finding.rule.alternative.to_owned()),
        },
        _ => assessment,
    }
}

fn part(run: &Run, finding: Option<Finding>) -> Part {
    let mut text = run.line();
    for (_, target) in &run.redirects {
        text.push_str(" > ");
        text.push_str(&target.text.replace(crate::run::UNKNOWN, "?"));
    }
    let mut part = Part {
        text,
        via: run.via.clone(),
        cwd: run.cwd.clone(),
        host: run.host.clone(),
        ..Part::default()
    };
    if let Some(finding) = finding {
        part.verdict = finding.verdict;
        part.rule = Some(finding.rule.id.to_owned());
        part.reason = finding.reason;
        part.alternative = Some(finding.rule.alternative.to_owned());
    }
    part
}

/// Whether a person has let this very command through.
fn is_excepted(run: &Run, rule: &str, settings: &Settings) -> bool {
    settings.live_exceptions().any(|exception| {
        let mut words: Vec<&str> = exception.command.split_whitespace().collect();
        let open_ended = words.last() == Some(&"*");
        if open_ended {
            words.pop();
        }
        let as_long = if open_ended {
            words.len() <= run.argv.len()
        } else {
            words.len() == run.argv.len()
        };
        let names_rule = exception.rule.is_empty()
            || exception.rule == rule
            || rule.split('.').next() == Some(exception.rule.as_str());
        names_rule
            && as_long
            && !words.is_empty()
            && run.redirects.is_empty()
            && words
                .iter()
                .zip(&run.argv)
                .all(|(pattern, arg)| fits(pattern, &arg.text))
    })
}

/// Whether a text fits a pattern in which `*` is any text. Linear for one star, the usual case.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(middle) = last.replace(piece) {
            match rest.find(middle) {
                Some(at) => rest = &rest[at + middle.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last: &str| rest.ends_with(last))
}
