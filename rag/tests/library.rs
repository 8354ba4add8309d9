//! The contract of retrieval over SQLite in memory, and what happens when a helper misbehaves.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::routing::{any, post};
use rag::{Collection, Helper, Kind, Pool, Query, Rag, RagError, Retrieval, Settings, Source};
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqlitePoolOptions;
use tokio::net::TcpListener;

#[path = "../../tests/contracts/rag.rs"]
mod contract;

async fn memory() -> Pool {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/sqlite");
    Migrator::new(folder)
        .await
        .unwrap()
        .run(&pool)
        .await
        .unwrap();
    Pool::Sqlite(pool)
}

fn settings(chroma: &str, ollama: &str) -> Settings {
    Settings {
        chroma_url: chroma.into(),
        ollama_url: ollama.to_owned(),
        embed_model: "all-minilm".to_owned(),
        dimensions: 384,
        timeout: Duration::from_secs(5),
    }
}

async fn embedded_only() -> Rag {
    Rag::with_settings(&settings("", ""), memory().await).unwrap()
}

/// Serves on a free port until the test ends.
async fn serve(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn ollama(status: StatusCode, answer: Value) -> String {
    serve(axum::Router::new().route(
        "/api/embed",
        post(move || async move { (status, Json(answer)) }),
    ))
    .await
}

/// A Chroma that is only there: what these tests ask never reaches it.
async fn some_chroma() -> String {
    serve(axum::Router::new().route("/api/v2/{*path}", any(|| async { Json(json!("1.5.9")) })))
        .await
}

async fn why_full_text(rag: &Rag) -> String {
    match rag.search(Query::new("walrus")).await.unwrap().retrieval {
        Retrieval::FullText { why } => why,
        Retrieval::Semantic => panic!("the helper is broken"),
    }
}

macro_rules! over_sqlite {
    ($($name:ident)+) => { $(
        #[tokio::test]
        async fn $name() {
            contract::$name(&embedded_only().await).await;
        }
    )+ };
}

over_sqlite! {
    a_passage_is_found_by_its_words
    an_unchanged_file_is_skipped
    a_changed_file_replaces_its_passages
    user_text_is_never_query_syntax
    nonsense_finds_nothing
    an_empty_query_is_refused
    a_forgotten_document_is_not_found
    a_folder_forgets_what_is_below_it_and_no_more
    secrets_are_masked_before_they_are_kept
    collections_are_searched_apart
    the_limit_holds_and_equal_texts_come_once
    two_writers_of_one_source_leave_one_document
    a_large_document_is_kept_whole
    without_chroma_the_answer_says_so
}

#[tokio::test]
async fn a_missing_model_names_the_command_that_brings_it() {
    let error = json!({ "error": "model \"all-minilm\" not found, try pulling it first" });
    let ollama = ollama(StatusCode::NOT_FOUND, error).await;
    let rag = Rag::with_settings(&settings(&some_chroma().await, &ollama), memory().await).unwrap();
    assert_eq!(
        why_full_text(&rag).await,
        "the embedding model is not available: model `all-minilm` is missing: run `ollama pull all-minilm`"
    );
}

#[tokio::test]
async fn a_vector_of_the_wrong_size_is_explained() {
    let ollama = ollama(StatusCode::OK, json!({ "embeddings": [[0.1, 0.2]] })).await;
    let rag = Rag::with_settings(&settings(&some_chroma().await, &ollama), memory().await).unwrap();
    assert_eq!(
        why_full_text(&rag).await,
        "the embedding model is not available: model `all-minilm` makes vectors of 2 dimensions, the collections \
         hold 384: set `[llm] embed_model` to one of that size, such as `all-minilm`"
    );
}

#[tokio::test]
async fn an_answer_that_is_no_embedding_is_explained() {
    let ollama = ollama(StatusCode::OK, json!("hello")).await;
    let rag = Rag::with_settings(&settings(&some_chroma().await, &ollama), memory().await).unwrap();
    assert_eq!(
        why_full_text(&rag).await,
        "the embedding model is not available: Ollama's answer is not what `/api/embed` answers: check `[llm] url`"
    );
}

#[tokio::test]
async fn with_both_helpers_down_a_document_is_kept_and_found() {
    let nobody = "http://127.0.0.1:9";
    let rag = Rag::with_settings(&settings(nobody, nobody), memory().await).unwrap();
    let source = Source {
        collection: Collection::Documents,
        source: "a".to_owned(),
        title: "Note".to_owned(),
        kind: Kind::Text,
        text: "the walrus sleeps".to_owned(),
    };
    let added = rag.add(source, contract::noon()).await.unwrap();
    assert!(
        added
            .waiting
            .unwrap()
            .starts_with("the embedding model is not available: ")
    );
    let found = rag.search(Query::new("walrus")).await.unwrap();
    assert_eq!(found.passages[0].heading, "Note");
    let state = rag.state().await.unwrap();
    assert_eq!((state.documents, state.passages, state.waiting), (1, 1, 1));
    assert!(matches!(state.chroma, Helper::Unreachable { .. }));
    assert!(matches!(
        rag.catch_up(contract::noon()).await,
        Err(RagError::Unavailable { .. })
    ));
}

#[tokio::test]
async fn a_silent_helper_is_waited_for_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let rag = Rag::with_settings(&settings(&silent, &silent), memory().await).unwrap();
    contract::a_silent_helper_is_waited_for_once(&rag).await;
}

#[tokio::test]
async fn an_impossible_url_is_refused_at_once_and_its_password_not_repeated() {
    async fn check(chroma: &str, ollama: &str, expected: &str) {
        let error = Rag::with_settings(&settings(chroma, ollama), memory().await)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected) && !error.contains("hunter2"),
            "{error}"
        );
    }
    check(
        "https://u:hunter2@chroma.example",
        "http://127.0.0.1:1",
        "`ssh -N -L 8000:127.0.0.1:8000 HOST`",
    )
    .await;
    check("u:hunter2@chroma", "http://127.0.0.1:1", "`http://").await;
    check("http://127.0.0.1:8000", "127.0.0.1:11434", "`[llm] url`").await;
    check("http://127.0.0.1:8000", "unix:/run/x", "`[llm] url`").await;
}

#[tokio::test]
async fn a_document_without_a_source_or_with_zero_bytes_is_refused() {
    let rag = embedded_only().await;
    for (source, text) in [(" ", "x"), ("a\nb", "x"), ("a", "x\0y")] {
        let source = Source {
            collection: Collection::Documents,
            source: source.to_owned(),
            title: String::new(),
            kind: Kind::Text,
            text: text.to_owned(),
        };
        assert!(matches!(
            rag.add(source, contract::noon()).await,
            Err(RagError::Invalid(_))
        ));
    }
    assert_eq!(rag.list().await.unwrap(), []);
}
