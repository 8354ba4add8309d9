//! Facts and, where a model put them into words, prose: brief and incident.

use agent::{Brief, IncidentReport, Prose};

use super::{Moment, words};
use crate::output::{mark, marked};

/// Renders the brief: prose, then the facts it stands on.
pub(super) fn brief(brief: &Brief, moment: Moment) -> String {
    let mut out = prose(&brief.prose, moment);
    if !out.is_empty() {
        out.push_str("\n\n");
    }
    out.push_str(&marked(
        mark::BOLD,
        &format!("facts at {}", words::clock(brief.at)),
    ));
    if brief.facts.is_empty() {
        out.push_str("\n  nothing to report");
    }
    for fact in &brief.facts {
        out.push_str("\n  - ");
        out.push_str(&fact.replace('\n', "\n    "));
    }
    out
}

/// Renders what is wrong, the suspects, and the evidence by number.
pub(super) fn report(report: &IncidentReport, moment: Moment) -> String {
    let mut parts = vec![marked(mark::BOLD, &report.verdict)];
    let prose = prose(&report.prose, moment);
    if !prose.is_empty() {
        parts.push(prose);
    }
    if !report.suspects.is_empty() {
        let mut text = "suspects, the likeliest first".to_owned();
        for (index, suspect) in report.suspects.iter().enumerate() {
            let numbers: Vec<String> = suspect
                .evidence
                .iter()
                .map(|number| format!("[{number}]"))
                .collect();
            text.push_str(&format!(
                "\n  {}. {} `{}`: {} {}",
                index + 1,
                suspect.kind,
                suspect.name,
                suspect.why,
                marked(mark::DIM, &numbers.join(" "))
            ));
        }
        parts.push(text);
    }
    if !report.evidence.is_empty() {
        let mut text = "evidence".to_owned();
        for evidence in &report.evidence {
            let when = evidence
                .at
                .map_or_else(String::new, |at| format!(" {}", words::age(at, moment.now)));
            text.push_str(&format!(
                "\n  [{}] {}{when}: {}",
                evidence.number,
                evidence.kind,
                evidence.text.trim_end().replace('\n', "\n        ")
            ));
        }
        parts.push(text);
    }
    parts.extend(
        report
            .missing
            .iter()
            .map(|missing| format!("{} {missing}", marked(mark::WARN, "not gathered:"))),
    );
    parts.join("\n\n")
}

fn prose(prose: &Prose, moment: Moment) -> String {
    match prose {
        Prose::Written { .. } if moment.prose_was_shown => String::new(),
        Prose::Written { text, model } => format!(
            "{}\n{}",
            text.trim(),
            marked(mark::DIM, &format!("(written by {model})"))
        ),
        Prose::Unavailable { why } => marked(mark::WARN, why),
    }
}
