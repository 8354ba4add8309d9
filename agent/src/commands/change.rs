//! What all inventory commands share: taken names, lost races, things still in use.

use crate::agent::Agent;
use crate::error::Error;
use crate::inventory::shown;
use crate::reply::{Change, Reply};

/// Tells of a change and has the snapshot taken anew.
pub(super) fn changed(
    agent: &Agent,
    (kind, name, what): (&str, &str, &str),
    notes: Vec<String>,
) -> Reply {
    agent.snapshot().changed();
    Reply::Changed(Change {
        kind: kind.to_owned(),
        name: name.to_owned(),
        what: what.to_owned(),
        notes,
    })
}

/// The name is somebody else's.
pub(super) fn taken(kind: &str, name: &str) -> Error {
    Error::conflict(format!(
        "{kind} `{}` is there already; change it with `fjord {kind} set`",
        shown(name)
    ))
}

/// A conditional write that did not win was overtaken.
pub(super) fn only_if_won(won: bool, name: &str) -> Result<(), Error> {
    if won {
        Ok(())
    } else {
        Err(Error::conflict(format!(
            "somebody else changed `{name}` at the same time; look at it and try again"
        )))
    }
}

/// Finds the one row of exactly that name: removing takes no partial names.
pub(super) fn exactly<T>(
    rows: Vec<T>,
    (kind, name): (&str, &str),
    is: impl Fn(&T) -> bool,
) -> Result<T, Error> {
    rows.into_iter().find(|row| is(row)).ok_or_else(|| {
        Error::not_found(format!(
            "no {kind} is called exactly `{}`; `fjord {kind} list` shows all",
            shown(name)
        ))
    })
}

/// Refuses a removal while something depends on it, and says what.
pub(super) fn refuse_while_used((kind, name): (&str, &str), uses: &[String]) -> Result<(), Error> {
    if uses.is_empty() {
        return Ok(());
    }
    let more = if uses.len() > 10 {
        format!(" and {} more", uses.len() - 10)
    } else {
        String::new()
    };
    let listed = uses.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    Err(Error::conflict(format!(
        "{kind} `{name}` is still used by {listed}{more}; remove those first"
    )))
}
