//! `remember`, `search` and `rag add|list|forget`: documents in, passages out.

use std::time::Duration;

use rag::{Collection, Kind, MAX_DOCUMENT_BYTES, Query, RagError, Retrieval, Source};

use crate::agent::Agent;
use crate::command::{Learn, SearchQuery};
use crate::error::Error;
use crate::ids;
use crate::inventory::shown;
use crate::pass::Pass;
use crate::reply::{DocumentInfo, Learned, PassageInfo, Passages, Reply};
use crate::store::StoreError;

/// The longest query, in characters.
const QUERY_LIMIT: usize = 1_000;
/// Passages: as many unless asked otherwise, and the most.
const PASSAGES: (u32, u32) = (5, 50);
/// The longest title made of a note's first line, in characters.
const TITLE_LIMIT: usize = 60;
/// The shortest start of an id that stands for it.
const ID_START: usize = 4;
/// How long the store is waited for when it only looks something up.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn remember(agent: &Agent, pass: &Pass, text: String) -> Result<Reply, Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid(
            "say what to remember, for instance `remember the backup runs at 3`",
        ));
    }
    tracing::debug!(actor = pass.actor().id, "a note is kept");
    let title = title_of(&text);
    add(
        agent,
        Source {
            collection: Collection::Documents,
            // Each note is one document: nothing replaces it.
            source: format!("note/{}", ids::ordered()),
            title,
            kind: Kind::Markdown,
            text,
        },
    )
    .await
}

pub(crate) async fn learn(agent: &Agent, learn: Learn) -> Result<Reply, Error> {
    let kind = match learn.kind.as_str() {
        "markdown" => Kind::Markdown,
        "text" => Kind::Text,
        other => {
            return Err(Error::invalid(format!(
                "`{}` is no kind of document; give `markdown` or `text`",
                shown(other)
            )));
        }
    };
    add(
        agent,
        Source {
            collection: Collection::Documents,
            source: learn.source,
            title: learn.title,
            kind,
            text: learn.text,
        },
    )
    .await
}

pub(crate) async fn search(agent: &Agent, query: &SearchQuery) -> Result<Reply, Error> {
    let length = query.text.chars().count();
    if query.text.trim().is_empty() {
        return Err(Error::invalid(
            "say what to look for, for instance `search how to restore the database`",
        ));
    }
    if length > QUERY_LIMIT {
        return Err(Error::invalid(format!(
            "the query has {length} characters; at most {QUERY_LIMIT} are read"
        )));
    }
    let limit = super::check_limit(query.limit, PASSAGES)?;
    agent.store().ready().await?;
    let asked = Query {
        limit: usize::try_from(limit).unwrap_or(1),
        ..Query::new(query.text.clone())
    };
    let found = in_time(agent.rag().search(asked)).await?;
    let (retrieval, why) = match found.retrieval {
        Retrieval::Semantic => ("semantic", None),
        Retrieval::FullText { why } => ("full-text", Some(why)),
    };
    let passages = found
        .passages
        .into_iter()
        .map(|passage| PassageInfo {
            source: passage.source,
            title: passage.title,
            heading: Some(passage.heading).filter(|heading| !heading.is_empty()),
            text: passage.text,
            score: passage.score,
        })
        .collect();
    Ok(Reply::Passages(Passages {
        query: guard::redact::redact(&query.text).text.into_owned(),
        passages,
        retrieval: retrieval.to_owned(),
        why,
    }))
}

pub(crate) async fn documents(agent: &Agent) -> Result<Reply, Error> {
    agent.store().ready().await?;
    let mut documents = in_time(agent.rag().list()).await?;
    documents.sort_by(|left, right| {
        (right.updated_at, &left.source).cmp(&(left.updated_at, &right.source))
    });
    let documents = documents
        .into_iter()
        // What was learnt from sessions is no document of anybody's.
        .filter(|document| document.collection == rag::Collection::Documents)
        .map(|document| DocumentInfo {
            id: document.id.to_string(),
            source: document.source,
            title: document.title,
            passages: u64::try_from(document.passages).unwrap_or(0),
            updated_at: document.updated_at,
        })
        .collect();
    Ok(Reply::Documents(documents))
}

pub(crate) async fn forget(agent: &Agent, id: &str) -> Result<Reply, Error> {
    let id = id.trim();
    agent.store().ready().await?;
    let documents = in_time(agent.rag().list()).await?;
    let known: Vec<(String, String)> = documents
        .into_iter()
        .map(|document| (document.id.to_string(), document.source))
        .collect();
    let target = meant(&known, id)?;
    let count = agent
        .rag()
        .forget(target, agent.now())
        .await
        .map_err(error)?;
    if count == 0 {
        return Err(Error::not_found(format!(
            "no document is called `{}`; `fjord rag list` shows all",
            shown(id)
        )));
    }
    Ok(Reply::Forgotten {
        count: u64::try_from(count).unwrap_or(u64::MAX),
    })
}

async fn add(agent: &Agent, source: Source) -> Result<Reply, Error> {
    if source.text.len() > MAX_DOCUMENT_BYTES {
        return Err(Error::invalid(format!(
            "the text is larger than {} MB; split it",
            MAX_DOCUMENT_BYTES / 1024 / 1024
        )));
    }
    agent.store().ready().await?;
    let masked = masked(&source.text);
    let title = guard::redact::redact(&source.title).text.into_owned();
    let added = agent.rag().add(source, agent.now()).await.map_err(error)?;
    if let Some(why) = &added.waiting {
        tracing::info!(why, document = %added.document, "its vectors follow later");
    }
    Ok(Reply::Learned(Learned {
        id: added.document.to_string(),
        title,
        passages: u64::try_from(added.passages).unwrap_or(u64::MAX),
        unchanged: added.unchanged,
        masked,
    }))
}

/// Says which secrets were masked, by kind: `forge token: 1`.
fn masked(text: &str) -> Vec<String> {
    guard::redact::redact(text)
        .masked
        .iter()
        .map(|(kind, count)| format!("{}: {count}", kind.as_str()))
        .collect()
}

fn title_of(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|&character| character == '\n' || !character.is_control())
        .take(QUERY_LIMIT)
        .collect();
    let line = plain
        .lines()
        .map(|line| line.trim_start_matches('#').trim())
        .find(|line| !line.is_empty())
        .unwrap_or("note");
    if line.chars().count() <= TITLE_LIMIT {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(TITLE_LIMIT - 1).collect();
    cut.push('…');
    cut
}

/// Finds the document meant: by id or source, or by the unique start of an id.
fn meant<'a>(known: &'a [(String, String)], asked: &'a str) -> Result<&'a str, Error> {
    let exact = known
        .iter()
        .any(|(id, source)| id == asked || source == asked);
    let begins = asked.to_lowercase();
    let could_be_id = begins.len() >= ID_START
        && begins
            .chars()
            .all(|character| character.is_ascii_hexdigit() || character == '-');
    if exact || !could_be_id {
        return Ok(asked);
    }
    let fitting: Vec<&(String, String)> = known
        .iter()
        .filter(|(id, _)| id.starts_with(&begins))
        .collect();
    match fitting.as_slice() {
        [] => Ok(asked),
        [(id, _)] => Ok(id),
        several => Err(Error::Ambiguous {
            name: shown(asked),
            candidates: several
                .iter()
                .map(|(id, source)| format!("{id} ({source})"))
                .collect(),
        }),
    }
}

async fn in_time<T>(ask: impl Future<Output = Result<T, RagError>>) -> Result<T, Error> {
    match tokio::time::timeout(PATIENCE, ask).await {
        Ok(answer) => answer.map_err(error),
        Err(_) => {
            Err(StoreError::Down(format!("no answer within {} s", PATIENCE.as_secs())).into())
        }
    }
}

fn error(error: RagError) -> Error {
    match error {
        RagError::Invalid(message) => Error::invalid(message),
        RagError::Unavailable { service, why } => Error::unavailable(service, why),
        RagError::Store(error) => StoreError::from(error).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_meant(asked: &str, expected: Result<&str, &str>) {
        let known = [
            ("01890000-aaaa", "/srv/runbook.md"),
            ("01890000-bbbb", "note/1"),
            ("feed0000-cccc", "beef"),
        ]
        .map(|(id, source)| (id.to_owned(), source.to_owned()));
        let found = meant(&known, asked).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn a_document_is_meant_by_its_id_its_source_or_a_unique_start() {
        check_meant("01890000-aaaa", Ok("01890000-aaaa"));
        check_meant("/srv/runbook.md", Ok("/srv/runbook.md"));
        check_meant("FEED", Ok("feed0000-cccc"));
        check_meant("beef", Ok("beef"));
        check_meant("fe", Ok("fe"));
        check_meant(
            "0189",
            Err(
                "`0189` fits several: 01890000-aaaa (/srv/runbook.md), 01890000-bbbb (note/1); name one of them",
            ),
        );
    }

    #[test]
    fn a_note_is_called_by_its_first_line() {
        assert_eq!(title_of("\n# Backups\nrun at 3"), "Backups");
        assert_eq!(title_of(" \u{7} "), "note");
        assert_eq!(title_of(&"é".repeat(100)).chars().count(), TITLE_LIMIT);
    }

    #[test]
    fn kinds_of_secrets_are_told_in_words() {
        let token = concat!("ghp", "_", "0123456789abcdefghijABCDEFGHIJ012345");
        let text = format!("{token} and postgres://ann:tree-house-9@db/shop");
        assert_eq!(masked(&text), ["forge token: 1", "password: 1"]);
    }
}
