//! Jobs that start more jobs than anything waits for.

use crate::shell::{Command, Item, Script};

/// Whether a loop without an end starts jobs and waits for none.
pub(super) fn floods(parts: &[Script]) -> bool {
    let [condition, body] = parts else {
        return false;
    };
    let starts = |item: &Item, words: &[&str]| {
        matches!(item.commands.as_slice(), [Command::Simple(simple)]
            if simple.words.first().and_then(crate::shell::Word::plain).is_some_and(|word| words.contains(&word)))
    };
    let endless = match condition.items.as_slice() {
        [item] => {
            starts(item, &["true", ":"])
                && matches!(item.commands.as_slice(), [Command::Simple(simple)]
                    if simple.words.get(1).is_none_or(|word| word.plain() == Some("1")))
        }
        _ => false,
    };
    let Some(last) = body.items.iter().rposition(|item| item.background) else {
        return false;
    };
    let paced = body
        .items
        .iter()
        .any(|item| !item.background && starts(item, &["sleep", "read", "inotifywait"]));
    let waits = body.items[last..]
        .iter()
        .any(|item| starts(item, &["wait"]));
    let leaves = body
        .items
        .iter()
        .any(|item| starts(item, &["break", "exit", "return"]));
    endless && !paced && !waits && !leaves
}

/// Whether a function starts itself twice at a time.
pub(super) fn multiplies(body: &Command, name: &str) -> bool {
    let Command::Group { body, .. } = body else {
        return false;
    };
    let calls = |command: &Command| matches!(command, Command::Simple(simple) if simple.words.first().and_then(crate::shell::Word::bare) == Some(name));
    body.items.iter().any(|item| {
        item.commands
            .iter()
            .filter(|command| calls(command))
            .count()
            > 1
    })
}
