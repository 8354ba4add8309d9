//! Verdicts and assessments.

use serde::{Deserialize, Serialize};

/// What the guard says about a call, from the mildest to the strictest.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing to say: the user's own permission flow goes on. Never an allow.
    #[default]
    None,
    /// A person should look.
    Ask,
    /// Certain, and not to be undone.
    Deny,
}

impl Verdict {
    /// The word used on the wire and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// The guard's answer to one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The strictest verdict of all rules that matched.
    pub verdict: Verdict,
    /// The id of the rule behind the verdict, as listed by [`crate::rules`].
    pub rule: Option<String>,
    /// One sentence for the coding agent and the person. Empty when there is nothing to say.
    pub reason: String,
    /// What to do instead.
    pub alternative: Option<String>,
}

impl Assessment {
    /// The reason, the alternative and the rule as one text, ready for a hook's answer. A person names the rule to
    /// `fjord guard allow` and in the configuration.
    pub fn sentence(&self) -> String {
        let mut sentence = self.reason.clone();
        if let Some(alternative) = &self.alternative {
            sentence.push_str(" Instead: ");
            sentence.push_str(alternative);
        }
        if let Some(rule) = &self.rule {
            sentence.push_str(" (rule ");
            sentence.push_str(rule);
            sentence.push(')');
        }
        sentence
    }
}
