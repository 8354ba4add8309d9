//! Judges what a coding agent is about to do: a tool call, the facts and the settings in, an assessment out.
//!
//! The crate is pure. It does no I/O, reads no clock, holds no globals and does not panic.
//! The road is short: `shell` parses the text, `run` follows what would really run, each file
//! under `rules` judges one field, and `judge` applies the settings and keeps the strictest finding.
//! Nothing is ever matched on the raw text, so what is only mentioned stays silent.

mod call;
mod exceptions;
mod explain;
mod facts;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod judge;
mod paths;
mod private;
pub mod redact;
mod rules;
mod run;
mod settings;
mod shell;
mod sql;
mod steps;
mod surrogates;
mod swell;
mod verdict;

pub use call::ToolCall;
pub use explain::{Explanation, LetThrough, Part, explain};
pub use facts::{
    DomainFact, Facts, FactsNeeded, Inventory, Project, ServerFact, ServiceFact, facts_needed,
};
pub use judge::assess;
pub use private::without_private;
pub use rules::{RuleDoc, rules};
pub use settings::{Exception, RuleSetting, Settings};
pub use steps::{Step, steps};
pub use surrogates::without_lone_surrogates;
pub use swell::swells;
pub use verdict::{Assessment, Verdict};
