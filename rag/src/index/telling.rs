//! Which words of a query tell most: the rare ones. It bounds what a long prompt costs over many passages.
//!
//! A word that stands in every second passage finds half the index, and ranking that takes hundreds of milliseconds.
//! So each word is counted first, no further than [`MANY`], and only the rarest are looked for.

use sqlx::QueryBuilder;

use crate::db;
use crate::pool::Pool;

/// A word that stands in as many passages tells nothing by itself.
const MANY: i64 = 1_000;
/// How many passages may be ranked for one query.
const RANKED: i64 = 3_000;
/// Most words that are looked for.
const MOST: usize = 24;
/// So many of the heaviest words make the whole weight of a long query.
const HEAVIEST: usize = 8;
/// How many words must stand together when each alone tells nothing.
const TOGETHER: usize = 3;

/// A word of the query, and how many passages hold it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    pub(crate) word: String,
    /// At most [`MANY`].
    pub(crate) passages: i64,
    /// The rarer, the heavier.
    pub(crate) weight: f64,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// None of the words stands anywhere.
    Nothing,
    /// Passages with any of these rare words.
    Any(Vec<String>),
    /// Passages with all of these common ones.
    All(Vec<String>),
}

/// Counts each word, in one statement.
pub(crate) async fn weigh(pool: &Pool, words: &[String]) -> Result<Vec<Term>, sqlx::Error> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let counts: Vec<(i64, i64)> = db!(pool, |p| {
        let mut query = QueryBuilder::new(
            "select cast(-1 as bigint), count(*) from (select 1 from passages limit ",
        );
        query.push_bind(MANY).push(") t");
        for (place, word) in words.iter().enumerate() {
            query.push(format!(
                " union all select cast({place} as bigint), count(*) from (select 1 from "
            ));
            if pool.is_postgres() {
                query.push("passages where search @@ websearch_to_tsquery('english', ");
                query.push_bind(super::embedded::websearch_query(std::slice::from_ref(word)));
                query.push(") limit ");
            } else {
                query.push("passages_fts where passages_fts match ");
                query.push_bind(super::embedded::fts5_query(std::slice::from_ref(word)));
                query.push(" limit ");
            }
            query.push_bind(MANY).push(") t");
        }
        query.build_query_as().fetch_all(p).await
    })?;
    let of = |place: i64| {
        counts
            .iter()
            .find(|(known, _)| *known == place)
            .map_or(0, |(_, count)| *count)
    };
    let all = of(-1);
    Ok(words
        .iter()
        .zip(0..)
        .map(|(word, place)| {
            let passages = of(place);
            Term {
                word: word.clone(),
                passages,
                weight: weight(passages, all),
            }
        })
        .collect())
}

/// Chooses what to look for among weighed words.
pub(crate) fn wanted(terms: &[Term]) -> Wanted {
    let mut there: Vec<&Term> = terms.iter().filter(|term| term.passages > 0).collect();
    there.sort_by_key(|term| term.passages);
    let mut ranked = 0;
    let rare: Vec<String> = there
        .iter()
        .take(MOST)
        .take_while(|term| {
            ranked += term.passages;
            term.passages < MANY && ranked <= RANKED
        })
        .map(|term| term.word.clone())
        .collect();
    if !rare.is_empty() {
        return Wanted::Any(rare);
    }
    // All are common: long words say more than short ones.
    there.sort_by_key(|term| std::cmp::Reverse(term.word.chars().count()));
    there.truncate(TOGETHER);
    if there.is_empty() {
        Wanted::Nothing
    } else {
        Wanted::All(there.into_iter().map(|term| term.word.clone()).collect())
    }
}

/// How much of what a query asks for stands in a passage, from 0 to 1; a word that stands nowhere weighs most.
pub(crate) fn coverage(terms: &[Term], passage: &[&str]) -> f64 {
    let mut weights: Vec<f64> = terms.iter().map(|term| term.weight).collect();
    weights.sort_by(|one, other| other.total_cmp(one));
    let whole: f64 = weights.iter().take(HEAVIEST).sum();
    if whole <= 0.0 {
        return 0.0;
    }
    let text = passage.join("\n").to_lowercase();
    let there: std::collections::HashSet<&str> = text
        .split(|sign: char| !sign.is_alphanumeric())
        .map(stem)
        .collect();
    let covered: f64 = terms
        .iter()
        .filter(|term| {
            let mut parts = term
                .word
                .split(|sign: char| !sign.is_alphanumeric())
                .filter(|part| !part.is_empty());
            parts.all(|part| there.contains(stem(part)))
        })
        .map(|term| term.weight)
        .sum();
    (covered / whole).min(1.0)
}

/// As rare words weigh in BM25.
fn weight(passages: i64, all: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "both are at most a thousand")]
    let (passages, all) = (passages as f64, all.max(passages) as f64);
    (1.0 + (all - passages + 0.5) / (passages + 0.5)).ln()
}

/// A short cut of what the index does: `rotates`, `rotated` and `rotate` are one word.
fn stem(word: &str) -> &str {
    for ending in [
        "ations", "ation", "ings", "ing", "ies", "ied", "ers", "es", "ed", "er", "s", "y", "e",
    ] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= 4
        {
            return stem;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(word: &str, passages: i64) -> Term {
        Term {
            word: word.to_owned(),
            passages,
            weight: weight(passages, 1_000),
        }
    }

    #[test]
    fn rare_words_are_looked_for_and_common_ones_only_together() {
        let any = |words: &[&str]| Wanted::Any(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(
            wanted(&[
                term("server", MANY),
                term("zanzibar", 2),
                term("rotate", 40),
                term("nowhere", 0)
            ]),
            any(&["zanzibar", "rotate"])
        );
        assert_eq!(
            wanted(&[
                term("up", MANY),
                term("server", MANY),
                term("restart", MANY),
                term("service", MANY)
            ]),
            Wanted::All(vec![
                "restart".to_owned(),
                "service".to_owned(),
                "server".to_owned()
            ])
        );
        assert_eq!(wanted(&[term("nowhere", 0)]), Wanted::Nothing);
        let many: Vec<Term> = (0..60)
            .map(|number| term(&format!("w{number}"), 400))
            .collect();
        let Wanted::Any(chosen) = wanted(&many) else {
            panic!("rare words")
        };
        assert_eq!(chosen.len(), 7, "no more than can be ranked in time");
    }

    #[test]
    fn a_word_that_stands_nowhere_counts_against_every_passage() {
        let terms = [
            term("rotate", 10),
            term("certificates", 10),
            term("spaceship", 0),
        ];
        let passage = ["Gateway", "Rotating the certificate takes a minute."];
        let share = coverage(&terms, &passage);
        assert!((0.4..0.7).contains(&share), "{share}");
        assert!(coverage(&terms[2..], &passage) < f64::EPSILON);
        assert!(coverage(&terms[..2], &passage) > 0.99);
    }
}
