//! What keeps long values that many commands share from being copied without end.

use super::walk::Walker;
use super::{Input, UNKNOWN};

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
            return text.to_owned();
        }
        if self.spend(text.len() + times * item.len()) {
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
