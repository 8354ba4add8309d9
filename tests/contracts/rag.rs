//! What retrieval promises, over every back end: plain functions over a `Rag` whose store is empty.
//!
//! They run over SQLite and Postgres, with Chroma and without. The embedding stand-in must give texts without a
//! word in common vectors that are not near each other.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary that includes this file calls what its back end can do"
)]

use std::time::Duration;

use chrono::{DateTime, Utc};
use rag::{Added, Collection, Found, Kind, Query, Rag, RagError, Retrieval, Source};

pub fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00.123456789Z"
        .parse()
        .expect("a valid time")
}

fn document(source: &str, text: &str) -> Source {
    Source {
        collection: Collection::Documents,
        source: source.to_owned(),
        title: String::new(),
        kind: Kind::Markdown,
        text: text.to_owned(),
    }
}

async fn add(rag: &Rag, source: &str, text: &str) -> Added {
    rag.add(document(source, text), noon())
        .await
        .expect("the document is added")
}

async fn find(rag: &Rag, text: &str) -> Found {
    rag.search(Query::new(text))
        .await
        .expect("the search answers")
}

async fn texts(rag: &Rag, text: &str) -> Vec<String> {
    find(rag, text)
        .await
        .passages
        .into_iter()
        .map(|passage| passage.text)
        .collect()
}

pub async fn a_passage_is_found_by_its_words(rag: &Rag) {
    add(
        rag,
        "/docs/api.md",
        "# Gateway\nIntro.\n## Restart\nUse systemctl for the api-gateway on db1.example.com.",
    )
    .await;
    add(rag, "/docs/food.md", "# Kitchen\nSoup and bread.").await;
    for query in [
        "how do I restart it?",
        "systemctl",
        "the API-Gateway",
        "api gateway",
        "db1.example.com",
        "restarting",
    ] {
        let found = find(rag, query).await;
        let first = found
            .passages
            .first()
            .unwrap_or_else(|| panic!("`{query}` finds the passage"));
        assert_eq!(first.heading, "Gateway > Restart", "{query}");
        assert_eq!(first.source, "/docs/api.md");
        assert!(
            found
                .passages
                .iter()
                .all(|passage| passage.source != "/docs/food.md"),
            "{query}"
        );
    }
}

pub async fn an_unchanged_file_is_skipped(rag: &Rag) {
    let first = add(rag, "/docs/a.md", "# A\none\n# B\ntwo").await;
    assert_eq!((first.passages, first.unchanged), (2, false));
    let again = add(rag, "/docs/a.md", "# A\none\n# B\ntwo").await;
    assert_eq!(
        (again.document, again.passages, again.unchanged),
        (first.document, 2, true)
    );
}

pub async fn a_changed_file_replaces_its_passages(rag: &Rag) {
    let first = add(rag, "/docs/a.md", "the walrus sleeps").await;
    let second = add(rag, "/docs/a.md", "the penguin swims\n\n# More\nof it").await;
    assert_eq!(
        (second.document, second.passages, second.unchanged),
        (first.document, 2, false)
    );
    assert_eq!(texts(rag, "walrus").await, Vec::<String>::new());
    assert_eq!(texts(rag, "penguin").await, ["the penguin swims"]);
    let list = rag.list().await.expect("the list is read");
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].passages, 2);
}

pub async fn user_text_is_never_query_syntax(rag: &Rag) {
    add(rag, "/docs/a.md", "the walrus sleeps").await;
    for text in [
        "\"",
        "walrus AND",
        "NOT walrus",
        "NEAR(walrus",
        "text:walrus",
        "wal*",
        "(((",
        "a & b | !c <-> d",
        "'; drop table passages; --",
        "-walrus",
        "\\",
        "*",
        "^walrus",
        "\u{0}walrus",
        "🦭",
        "%",
        "walrus \"or",
    ] {
        rag.search(Query::new(text))
            .await
            .unwrap_or_else(|error| panic!("`{text}` is a query: {error}"));
    }
    assert_eq!(texts(rag, "NOT walrus)").await, ["the walrus sleeps"]);
}

pub async fn nonsense_finds_nothing(rag: &Rag) {
    add(rag, "/docs/a.md", "the walrus sleeps").await;
    assert_eq!(texts(rag, "xyzzy plugh").await, Vec::<String>::new());
    assert_eq!(texts(rag, "?!").await, Vec::<String>::new());
}

pub async fn an_empty_query_is_refused(rag: &Rag) {
    for text in ["", " \n\t"] {
        let error = rag
            .search(Query::new(text))
            .await
            .expect_err("nothing to look for");
        assert!(matches!(error, RagError::Invalid(_)), "{error}");
    }
}

pub async fn a_forgotten_document_is_not_found(rag: &Rag) {
    let added = add(rag, "/docs/a.md", "the walrus sleeps").await;
    add(rag, "/docs/b.md", "the walrus wakes").await;
    assert_eq!(
        rag.forget(&added.document.to_string(), noon())
            .await
            .expect("it is forgotten"),
        1
    );
    assert_eq!(texts(rag, "walrus").await, ["the walrus wakes"]);
    assert_eq!(
        rag.forget(&added.document.to_string(), noon())
            .await
            .expect("nothing is left"),
        0
    );
}

pub async fn a_folder_forgets_what_is_below_it_and_no_more(rag: &Rag) {
    for source in ["/docs/a.md", "/docs/sub/b.md", "/docs2/c.md", "/do%s/d.md"] {
        add(rag, source, &format!("text of {source}")).await;
    }
    assert_eq!(rag.forget("/doc", noon()).await.expect("no such folder"), 0);
    assert_eq!(
        rag.forget("/do%s/", noon()).await.expect("it is forgotten"),
        1
    );
    assert_eq!(
        rag.forget("/docs", noon()).await.expect("it is forgotten"),
        2
    );
    let left: Vec<String> = rag
        .list()
        .await
        .expect("the list is read")
        .into_iter()
        .map(|one| one.source)
        .collect();
    assert_eq!(left, ["/docs2/c.md"]);
    assert!(matches!(
        rag.forget("/", noon()).await,
        Err(RagError::Invalid(_))
    ));
}

pub async fn secrets_are_masked_before_they_are_kept(rag: &Rag) {
    let secret = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    add(
        rag,
        "/docs/a.md",
        &format!("# Deploy {secret}\nthe walrus token is {secret} for now"),
    )
    .await;
    let found = find(rag, "walrus").await;
    assert_eq!(found.passages.len(), 1);
    let shown = format!("{found:?}{:?}", rag.list().await.expect("the list is read"));
    assert!(!shown.contains(&secret), "{shown}");
}

pub async fn collections_are_searched_apart(rag: &Rag) {
    add(rag, "a", "the walrus sleeps").await;
    let pattern = Source {
        collection: Collection::Patterns,
        ..document("a", "feed the walrus")
    };
    rag.add(pattern, noon())
        .await
        .expect("the pattern is added");
    let query = Query {
        collection: Some(Collection::Patterns),
        ..Query::new("walrus")
    };
    let found = rag.search(query).await.expect("the search answers");
    assert_eq!(
        found
            .passages
            .iter()
            .map(|one| one.text.as_str())
            .collect::<Vec<_>>(),
        ["feed the walrus"]
    );
    assert_eq!(find(rag, "walrus").await.passages.len(), 2);
}

pub async fn the_limit_holds_and_equal_texts_come_once(rag: &Rag) {
    for number in 0..8 {
        add(
            rag,
            &format!("/docs/{number}.md"),
            &format!("walrus number {}", number / 2),
        )
        .await;
    }
    let found = rag
        .search(Query {
            limit: 3,
            ..Query::new("walrus")
        })
        .await
        .expect("the search answers");
    assert_eq!(found.passages.len(), 3);
    let mut all = texts(rag, "walrus").await;
    all.sort();
    assert_eq!(
        all,
        [
            "walrus number 0",
            "walrus number 1",
            "walrus number 2",
            "walrus number 3"
        ]
    );
}

pub async fn two_writers_of_one_source_leave_one_document(rag: &Rag) {
    let writers: Vec<_> = (0..6)
        .map(|number| {
            let rag = rag.clone();
            tokio::spawn(async move {
                add(
                    &rag,
                    "/docs/a.md",
                    &format!("# One\nwalrus {number}\n# Two\nseal {number}"),
                )
                .await
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("the writer ends");
    }
    let list = rag.list().await.expect("the list is read");
    assert_eq!((list.len(), list[0].passages), (1, 2));
    let walrus = texts(rag, "walrus").await;
    let seal = texts(rag, "seal").await;
    assert_eq!(walrus.len(), 1);
    assert_eq!(
        walrus[0].replace("walrus", "seal"),
        seal[0],
        "both passages are of the same writer"
    );
}

pub async fn a_large_document_is_kept_whole(rag: &Rag) {
    let text = (0..2_000).fold(String::new(), |text, number| {
        text + &format!("# Part {number}\nThe code of part {number} is code{number}x.\n")
    });
    assert_eq!(add(rag, "/docs/large.md", &text).await.passages, 2_000);
    assert_eq!(
        texts(rag, "code1777x").await,
        ["The code of part 1777 is code1777x."]
    );
}

pub async fn without_chroma_the_answer_says_so(rag: &Rag) {
    add(rag, "/docs/a.md", "the walrus sleeps").await;
    let found = find(rag, "walrus").await;
    let Retrieval::FullText { why } = found.retrieval else {
        panic!("there is no Chroma");
    };
    assert_eq!(why, "Chroma is not configured: set `[rag] url`");
}

/// With Chroma, and a stand-in that holds `postgres outage` and `database failure` to mean the same.
pub async fn a_passage_is_found_by_meaning(rag: &Rag) {
    let added = add(rag, "/docs/db.md", "postgres outage").await;
    assert_eq!(added.waiting, None);
    let found = find(rag, "database failure").await;
    assert_eq!(found.retrieval, Retrieval::Semantic);
    assert_eq!(
        found
            .passages
            .iter()
            .map(|one| one.text.as_str())
            .collect::<Vec<_>>(),
        ["postgres outage"]
    );
    assert!(
        found.passages[0]
            .similarity
            .is_some_and(|similarity| similarity > 0.9)
    );
    rag.forget("/docs/db.md", noon())
        .await
        .expect("it is forgotten");
    assert_eq!(find(rag, "database failure").await.passages, []);
    let state = rag.state().await.expect("the store answers");
    assert_eq!((state.waiting, state.to_remove), (0, 0));
}

/// Two over one store: `down` with a Chroma that does not answer, `up` with one that does.
pub async fn what_chroma_missed_follows_later(down: &Rag, up: &Rag) {
    let missed = add(down, "/docs/db.md", "postgres outage").await;
    assert!(missed.waiting.is_some());
    let found = find(down, "postgres outage").await;
    assert_eq!(found.passages.len(), 1);
    assert!(matches!(found.retrieval, Retrieval::FullText { .. }));
    assert_eq!(down.state().await.expect("the store answers").waiting, 1);

    assert_eq!(
        up.catch_up(noon())
            .await
            .expect("both helpers are up")
            .embedded,
        1
    );
    assert_eq!(texts(up, "database failure").await, ["postgres outage"]);
    assert_eq!(
        up.catch_up(noon()).await.expect("both helpers are up"),
        rag::CaughtUp::default()
    );

    assert_eq!(
        down.forget("/docs/db.md", noon())
            .await
            .expect("it is forgotten"),
        1
    );
    assert_eq!(texts(up, "database failure").await, Vec::<String>::new());
    assert_eq!(
        up.catch_up(noon())
            .await
            .expect("both helpers are up")
            .removed,
        1
    );
}

/// `silent` has helpers that take the connection and never answer.
pub async fn a_silent_helper_is_waited_for_once(silent: &Rag) {
    let query = || Query {
        wait: Duration::from_millis(200),
        ..Query::new("walrus")
    };
    let started = std::time::Instant::now();
    let found = silent.search(query()).await.expect("full text answers");
    assert!(matches!(found.retrieval, Retrieval::FullText { .. }));
    assert!(started.elapsed() < Duration::from_secs(1));
    let started = std::time::Instant::now();
    silent.search(query()).await.expect("full text answers");
    assert!(
        started.elapsed() < Duration::from_millis(150),
        "the second search does not wait again"
    );
}

/// `lose` deletes the collections behind our back, as a lost volume would.
pub async fn what_chroma_lost_is_sent_again(rag: &Rag, lose: impl Future<Output = ()>) {
    add(rag, "/docs/db.md", "postgres outage").await;
    assert_eq!(texts(rag, "database failure").await, ["postgres outage"]);
    lose.await;
    assert_eq!(texts(rag, "database failure").await, Vec::<String>::new());
    assert_eq!(texts(rag, "postgres").await, ["postgres outage"]);
    assert_eq!(
        rag.catch_up(noon())
            .await
            .expect("both helpers are up")
            .embedded,
        1
    );
    assert_eq!(texts(rag, "database failure").await, ["postgres outage"]);
}
