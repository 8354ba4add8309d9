//! Documents, passages, and what a coding agent is told.

use std::collections::HashSet;

use agent::{DocumentInfo, Judgement, Learned, Notice, Passages};
use chrono::{DateTime, Utc};
use guard::Verdict;

use super::words;
use crate::output::{mark, marked};

/// Up to the second, third and fourth hyphen of an id.
const ID_LENGTHS: [usize; 3] = [13, 18, 23];

/// Renders that a document was taken in.
pub(super) fn learned(learned: &Learned) -> String {
    if learned.unchanged {
        return format!("`{}` is known already, word for word", learned.title);
    }
    let passages = if learned.passages == 1 {
        "1 passage".to_owned()
    } else {
        format!("{} passages", learned.passages)
    };
    let mut out = format!(
        "kept `{}`: {passages}; `fjord forget {}` forgets it",
        learned.title, learned.id
    );
    if !learned.masked.is_empty() {
        out.push_str(&format!(
            "\n{} {}",
            marked(mark::WARN, "secrets masked:"),
            learned.masked.join(", ")
        ));
    }
    out
}

/// Renders passages, the best first.
pub(super) fn passages(found: &Passages) -> String {
    let why = found
        .why
        .as_ref()
        .map_or_else(String::new, |why| format!(" ({why})"));
    let how = marked(mark::DIM, &format!("found by {}{why}", found.retrieval));
    if found.passages.is_empty() {
        return format!("nothing fits; `fjord rag add PATH` takes documents in\n{how}");
    }
    let mut out = String::new();
    for (index, passage) in found.passages.iter().enumerate() {
        let heading = passage
            .heading
            .as_deref()
            .filter(|heading| !heading.is_empty())
            .unwrap_or(&passage.title);
        out.push_str(&format!(
            "{}. {} {}\n   {}\n\n",
            index + 1,
            marked(mark::BOLD, heading),
            marked(mark::DIM, &passage.source),
            passage.text.trim().replace('\n', "\n   ")
        ));
    }
    out.push_str(&how);
    out
}

/// Renders the documents.
pub(super) fn documents(documents: &[DocumentInfo], now: DateTime<Utc>) -> String {
    if documents.is_empty() {
        return "no documents; `fjord rag add PATH` takes some in".to_owned();
    }
    let shown = distinct(documents);
    let rows = documents.iter().map(|document| {
        [
            document.id.chars().take(shown).collect(),
            document.title.clone(),
            document.passages.to_string(),
            words::age(document.updated_at, now),
            document.source.clone(),
        ]
    });
    words::table(["id", "title", "passages", "changed", "source"], rows)
}

/// How many characters tell the ids apart. They begin with the time, and documents may come within a millisecond.
fn distinct(documents: &[DocumentInfo]) -> usize {
    let is_enough = |length: &usize| {
        let mut seen = HashSet::new();
        documents
            .iter()
            .all(|document| seen.insert(document.id.get(..*length)))
    };
    ID_LENGTHS.into_iter().find(is_enough).unwrap_or(usize::MAX)
}

/// Renders how many documents were forgotten.
pub(super) fn forgotten(count: u64) -> String {
    match count {
        0 => "no document fits; nothing is forgotten".to_owned(),
        1 => "1 document is forgotten".to_owned(),
        _ => format!("{count} documents are forgotten"),
    }
}

/// Renders what the guard thinks.
pub(crate) fn judgement(judgement: &Judgement) -> String {
    let rule = judgement
        .rule
        .as_ref()
        .map_or_else(String::new, |rule| format!(" ({rule})"));
    let mut out = match judgement.verdict {
        Verdict::None => return "nothing to say: your own permissions decide".to_owned(),
        Verdict::Ask => format!("{}{rule}: {}", marked(mark::WARN, "ask"), judgement.reason),
        Verdict::Deny => format!("{}{rule}: {}", marked(mark::BAD, "deny"), judgement.reason),
    };
    if let Some(alternative) = &judgement.alternative {
        out.push_str(&format!("\n  instead: {alternative}"));
    }
    out
}

/// Renders that a session waits.
pub(super) fn notice(notice: &Notice) -> String {
    let title = notice
        .title
        .as_ref()
        .map(|title| format!("{title}: "))
        .unwrap_or_default();
    format!(
        "a coding agent waits in {} ({}): {title}{}",
        notice.cwd, notice.kind, notice.message
    )
}

/// Renders what goes in beside a prompt.
pub(super) fn context(text: &str) -> String {
    if text.is_empty() {
        "nothing to add".to_owned()
    } else {
        text.to_owned()
    }
}
