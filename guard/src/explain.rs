//! The parsed command as a tree of plain data, for people.

use serde::Serialize;

use crate::{Assessment, Facts, Settings, ToolCall, Verdict};

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

/// One command that would run.
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
}

/// Explains a call: the same judgement as [`crate::assess`], part by part.
pub fn explain(call: &ToolCall, facts: &Facts, settings: &Settings) -> Explanation {
    crate::judge::judge(call, facts, settings)
}
