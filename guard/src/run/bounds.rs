//! One budget for all that following a call may cost, and what keeps long values from being copied without end.

use std::cell::Cell;
use std::rc::Rc;

use super::walk::Walker;
use super::{Input, Run, UNKNOWN};

/// What one call may cost: bytes that are copied or searched, and what takes as long.
/// A script of a thousand lines takes about half of it.
const BUDGET: usize = 2 << 20;
/// A command, before and after its words are known.
pub(super) const STEP: usize = 160;
/// A command that is kept, and judged.
const KEPT: usize = 320;
/// A word, beside its text.
pub(super) const WORD: usize = 40;
/// A name and its value, copied for a scope of its own.
pub(super) const NAME: usize = 16;

/// What was spent, for all programs and scopes of a call together.
#[derive(Debug, Clone, Default)]
pub(super) struct Budget(Rc<Spent>);

#[derive(Debug, Default)]
struct Spent {
    cost: Cell<usize>,
    /// Whether something was wanted that was too much.
    refused: Cell<bool>,
}

impl Budget {
    /// Takes from the budget; where less is left, nothing is taken and the answer is no.
    pub(super) fn spend(&self, cost: usize) -> bool {
        let cost = self.0.cost.get().saturating_add(cost);
        let fits = cost <= BUDGET;
        if fits {
            self.0.cost.set(cost);
        } else {
            self.0.refused.set(true);
        }
        fits
    }

    /// Takes what has to be done in any case, down to nothing.
    pub(super) fn charge(&self, cost: usize) {
        let cost = self.0.cost.get().saturating_add(cost);
        self.0.cost.set(cost.min(BUDGET));
    }

    /// Whether too little is left for one more command.
    pub(super) fn is_spent(&self) -> bool {
        self.0.cost.get() + STEP > BUDGET
    }

    /// Whether something was not done for want of it.
    pub(super) fn refused(&self) -> bool {
        self.0.refused.get()
    }

    /// How much was spent, for tests of that.
    #[cfg(test)]
    pub(super) fn spent(&self) -> usize {
        self.0.cost.get()
    }
}

/// What it costs to keep a command and to judge it.
pub(super) fn kept(run: &Run) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let words: usize = run.argv.iter().map(|arg| arg.text.len() + WORD).sum();
    let via: usize = run.via.iter().map(|via| via.len() + WORD).sum();
    let from = run.stdin.from.len() + run.inputs.len();
    KEPT + words
        + via
        + 4 * from
        + WORD * run.environment.len()
        + text(&run.cwd)
        + text(&run.host)
        + text(&run.stdin.text) / 8
}

/// The longest name of a machine or a container; longer is none.
const MAX_HOST: usize = 256;

impl Walker<'_> {
    /// An input for one more command. A long text that goes to many is let go in the end.
    pub(super) fn shared(&mut self, input: &Input) -> Input {
        let length = input.text.as_ref().map_or(0, String::len) / 4;
        if length == 0 || self.spend(length) {
            return input.clone();
        }
        Input {
            given: input.given,
            text: None,
            file: input.file.clone(),
            from: input.from.clone(),
        }
    }

    /// A text with another one in the place of each mark.
    pub(super) fn filled(&mut self, text: &str, mark: &str, item: &str) -> String {
        let times = text.matches(mark).count();
        if times == 0 {
            self.budget.charge(WORD);
            return text.to_owned();
        }
        if self.spend(WORD + text.len() + times * item.len()) {
            text.replace(mark, item)
        } else {
            UNKNOWN.to_string()
        }
    }
}

/// The name of a machine, as each command there carries it.
pub(super) fn host(name: &str) -> String {
    if name.len() <= MAX_HOST {
        name.to_owned()
    } else {
        UNKNOWN.to_string()
    }
}
