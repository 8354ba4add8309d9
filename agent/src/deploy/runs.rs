//! The deployments that this process works on right now.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Their numbers. A row that names this process and is not in here is nobody's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    ids: Arc<Mutex<HashSet<i64>>>,
}

/// One deployment's place in [`Runs`]; dropped, it is left.
#[derive(Debug)]
pub(crate) struct Entry {
    runs: Runs,
    id: i64,
}

impl Runs {
    /// Notes that a deployment is worked on.
    pub(crate) fn enter(&self, id: i64) -> Entry {
        self.ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
        Entry {
            runs: self.clone(),
            id,
        }
    }

    /// Returns whether a deployment is worked on here.
    pub(crate) fn has(&self, id: i64) -> bool {
        self.ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&id)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.runs
            .ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}
