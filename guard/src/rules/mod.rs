//! The rules, one file per field.

use crate::Verdict;

/// What a rule says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct RuleDoc {
    /// The id: `field.name`.
    pub id: &'static str,
    /// The field, which can be set as a whole.
    pub field: &'static str,
    /// The verdict by default; facts may raise or lower it.
    pub severity: Verdict,
    /// One sentence: what it matches and why that matters.
    pub reason: &'static str,
    /// What to do instead.
    pub alternative: &'static str,
}

/// All rules, field by field.
pub fn rules() -> impl Iterator<Item = &'static RuleDoc> {
    [].iter()
}
