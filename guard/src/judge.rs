//! Puts parsing, rules, facts and settings together.

use crate::{Assessment, Facts, FactsNeeded, Part, Settings, ToolCall};

/// Judges a call. Never panics; an input it cannot read is judged by what can be read of it.
pub fn assess(call: &ToolCall, facts: &Facts, settings: &Settings) -> Assessment {
    judge(call, facts, settings).0
}

pub(crate) fn judge(
    _call: &ToolCall,
    _facts: &Facts,
    _settings: &Settings,
) -> (Assessment, Vec<Part>) {
    (Assessment::default(), Vec::new())
}

pub(crate) fn facts_needed(_call: &ToolCall) -> FactsNeeded {
    FactsNeeded::default()
}
