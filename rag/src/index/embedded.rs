//! Full-text search in the store itself: FTS5 with `bm25` on SQLite, `tsvector` on Postgres.

use sqlx::FromRow;
use uuid::Uuid;

use crate::index::Collection;
use crate::index::telling::Wanted;
use crate::pool::Pool;
use crate::{chunk, db};

/// A passage found, best first.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Hit {
    pub(crate) id: Uuid,
    pub(crate) document_id: Uuid,
    pub(crate) source: String,
    pub(crate) title: String,
    pub(crate) heading: String,
    pub(crate) text: String,
}

/// More words than this say nothing more.
const MAX_TERMS: usize = 64;
/// A longer word is cut; no one looks for it.
const MAX_TERM_CHARS: usize = 64;

/// Words that stand in every text and would find everything.
const STOP_WORDS: [&str; 52] = [
    "a", "about", "an", "and", "are", "as", "at", "be", "by", "can", "did", "do", "does", "for",
    "from", "has", "have", "how", "i", "if", "in", "is", "it", "its", "me", "my", "of", "on", "or",
    "our", "please", "should", "so", "that", "the", "then", "there", "this", "to", "us", "was",
    "we", "what", "when", "where", "which", "who", "why", "will", "with", "you", "your",
];

/// The words of a query worth looking for, each once, without the stop words (unless there is nothing else).
pub(crate) fn terms(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in
        text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`'))
    {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let word = chunk::cut(&word.to_lowercase(), MAX_TERM_CHARS);
        if !word.is_empty() && !words.contains(&word) && words.len() < 2 * MAX_TERMS {
            words.push(word);
        }
    }
    let mut telling: Vec<String> = words
        .iter()
        .filter(|word| !STOP_WORDS.contains(&word.as_str()))
        .cloned()
        .collect();
    if telling.is_empty() {
        telling = words;
    }
    telling.truncate(MAX_TERMS);
    telling
}

/// The passages that hold what is wanted, best first.
pub(crate) async fn search(
    pool: &Pool,
    wanted: &Wanted,
    collection: Option<Collection>,
    limit: i64,
) -> Result<Vec<Hit>, sqlx::Error> {
    match (pool, wanted) {
        (_, Wanted::Nothing) => Ok(Vec::new()),
        (Pool::Sqlite(pool), Wanted::Any(terms)) => {
            // Ranked by numbers alone: the texts of what is not among the best are never read.
            let sql = if collection.is_some() {
                "select p.id, p.document_id, d.source, d.title, p.heading, p.text from \
                 (select f.rowid as number, bm25(passages_fts, 3.0, 1.0) as score from passages_fts f \
                  join passages o on o.number = f.rowid join documents c on c.id = o.document_id \
                  where passages_fts match $1 and c.collection = $2 order by score, f.rowid limit $3) found \
                 join passages p on p.number = found.number join documents d on d.id = p.document_id \
                 order by found.score, p.number"
            } else {
                "select p.id, p.document_id, d.source, d.title, p.heading, p.text from \
                 (select rowid as number, bm25(passages_fts, 3.0, 1.0) as score from passages_fts \
                  where passages_fts match $1 and $2 is null order by score, rowid limit $3) found \
                 join passages p on p.number = found.number join documents d on d.id = p.document_id \
                 order by found.score, p.number"
            };
            sqlx::query_as(sql)
                .bind(fts5_query(terms))
                .bind(collection)
                .bind(limit)
                .fetch_all(pool)
                .await
        }
        (Pool::Sqlite(pool), Wanted::All(terms)) => {
            // Ranking would count every passage of every word; the first that hold all are as good.
            for count in (1..=terms.len()).rev() {
                let found: Vec<Hit> = sqlx::query_as(
                    "select p.id, p.document_id, d.source, d.title, p.heading, p.text \
                     from passages_fts join passages p on p.number = passages_fts.rowid \
                     join documents d on d.id = p.document_id \
                     where passages_fts match $1 and ($2 is null or d.collection = $2) limit $3",
                )
                .bind(fts5_all(&terms[..count]))
                .bind(collection)
                .bind(limit)
                .fetch_all(pool)
                .await?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            Ok(Vec::new())
        }
        (Pool::Postgres(pool), Wanted::Any(terms) | Wanted::All(terms)) => {
            // `ts_rank` counts a repeated word less each time; `ts_rank_cd` would let it beat a second word found,
            // and dividing by the length would favour a bare heading. Passages are of bounded size anyway.
            sqlx::query_as(
                "select p.id, p.document_id, d.source, d.title, p.heading, p.text \
                 from websearch_to_tsquery('english', $1) q, passages p \
                 join documents d on d.id = p.document_id \
                 where p.search @@ q and ($2 is null or d.collection = $2) \
                 order by ts_rank('{0.1, 0.2, 0.4, 1.0}', p.search, q) desc, p.number limit $3",
            )
            .bind(websearch_query(terms))
            .bind(collection)
            .bind(limit)
            .fetch_all(pool)
            .await
        }
    }
}

/// The passages with these ids, in no order; ids that are gone are left out.
pub(crate) async fn by_ids(pool: &Pool, ids: &[Uuid]) -> Result<Vec<Hit>, sqlx::Error> {
    db!(pool, |p| {
        let mut query = sqlx::QueryBuilder::new(
            "select p.id, p.document_id, d.source, d.title, p.heading, p.text \
             from passages p join documents d on d.id = p.document_id where p.id in (",
        );
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")");
        query.build_query_as().fetch_all(p).await
    })
}

/// As [`fts5_query`], but all must match.
fn fts5_all(terms: &[String]) -> String {
    let quoted: Vec<String> = terms
        .iter()
        .map(|term| fts5_query(std::slice::from_ref(term)))
        .collect();
    quoted.join(" AND ")
}

/// Each term quoted, so that no user text is FTS5 syntax; any of them may match.
pub(crate) fn fts5_query(terms: &[String]) -> String {
    let quoted: Vec<String> = terms
        .iter()
        .map(|term| format!("\"{}\"", term.replace('"', "\"\"")))
        .collect();
    quoted.join(" OR ")
}

/// Each term quoted, as it stands and split at its signs: Postgres keeps `db1.example.com` as one word,
/// but holds `api-gateway` also as `api` and `gateway`.
pub(crate) fn websearch_query(terms: &[String]) -> String {
    let mut quoted: Vec<String> = Vec::new();
    for term in terms {
        let term = term.replace('"', " ");
        let split: Vec<&str> = term
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        if split.len() > 1 {
            quoted.push(format!("\"{}\"", split.join(" ")));
        }
        quoted.push(format!("\"{term}\""));
    }
    quoted.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_reduced_to_its_telling_words() {
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(terms(text), expected);
        }
        check(
            "What is the port of the API-Gateway?",
            &["port", "api-gateway"],
        );
        check("to be or", &["to", "be", "or"]);
        check(
            "db1.example.com: (down) AND \"very\" down*",
            &["db1.example.com", "down", "very"],
        );
        check("?? -- \0 \u{1f600}", &[]);
    }

    #[test]
    fn user_text_never_becomes_query_syntax() {
        let terms = terms("NEAR(a b) heading:x col-umn ^y");
        assert_eq!(
            fts5_query(&terms),
            r#""near(a" OR "b" OR "heading:x" OR "col-umn" OR "y""#
        );
        assert_eq!(
            websearch_query(&["api-gateway".to_owned(), "port".to_owned()]),
            r#""api gateway" or "api-gateway" or "port""#
        );
    }
}
