//! The contract of retrieval over a SQLite file and Postgres, each with Chroma and without.

use std::path::Path;
use std::time::Duration;

use rag::{Pool, Query, Rag, Retrieval, Settings};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use tests::Ollama;
use tests::servers::{self, ChromaServer, TestDatabase};

#[path = "rag.rs"]
mod contract;

/// Nobody listens on the discard port.
const NOBODY: &str = "http://127.0.0.1:9";

async fn migrate(pool: &Pool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let name = if pool.is_postgres() {
        "postgres"
    } else {
        "sqlite"
    };
    let migrator = Migrator::new(folder.join(name))
        .await
        .expect("the migrations can be read");
    rag::db!(pool, |p| migrator.run(p).await).expect("the migrations run");
}

async fn sqlite(folder: &tempfile::TempDir) -> Pool {
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("fjord.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(5));
    let pool = Pool::Sqlite(
        sqlx::SqlitePool::connect_with(options)
            .await
            .expect("the file can be made"),
    );
    migrate(&pool).await;
    pool
}

async fn postgres(database: &TestDatabase) -> Pool {
    let pool = Pool::Postgres(
        sqlx::PgPool::connect(&database.url)
            .await
            .expect("the database answers"),
    );
    migrate(&pool).await;
    pool
}

fn library(chroma: &str, ollama: &str, pool: Pool) -> Rag {
    let settings = Settings {
        chroma_url: chroma.into(),
        ollama_url: ollama.to_owned(),
        embed_model: "all-minilm".to_owned(),
        dimensions: 384,
        timeout: Duration::from_secs(5),
    };
    Rag::with_settings(&settings, pool).expect("the URLs are possible")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

macro_rules! over_every_back_end {
    ($($name:ident)+) => {
        mod sqlite_alone {
            $(
                #[tokio::test]
                async fn $name() {
                    let folder = super::folder();
                    super::contract::$name(&super::library("", "", super::sqlite(&folder).await)).await;
                }
            )+
        }
        mod postgres_alone {
            $(
                #[tokio::test]
                async fn $name() {
                    let Some(database) = super::servers::postgres().await else { return };
                    super::contract::$name(&super::library("", "", super::postgres(&database).await)).await;
                }
            )+
        }
        mod sqlite_with_chroma {
            $(
                #[tokio::test]
                async fn $name() {
                    let Some(chroma) = super::servers::chroma().await else { return };
                    let ollama = super::Ollama::start().await;
                    let folder = super::folder();
                    let pool = super::sqlite(&folder).await;
                    super::contract::$name(&super::library(&chroma.url, ollama.url(), pool)).await;
                }
            )+
        }
    };
}

over_every_back_end! {
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
}

#[tokio::test]
async fn a_passage_is_found_by_meaning() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let folder = folder();
    contract::a_passage_is_found_by_meaning(&library(
        &chroma.url,
        ollama.url(),
        sqlite(&folder).await,
    ))
    .await;
}

#[tokio::test]
async fn a_passage_is_found_by_meaning_over_postgres() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let Some(database) = servers::postgres().await else {
        return;
    };
    let ollama = Ollama::start().await;
    contract::a_passage_is_found_by_meaning(&library(
        &chroma.url,
        ollama.url(),
        postgres(&database).await,
    ))
    .await;
}

#[tokio::test]
async fn what_chroma_missed_follows_later() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let folder = folder();
    let pool = sqlite(&folder).await;
    let down = library(NOBODY, ollama.url(), pool.clone());
    contract::what_chroma_missed_follows_later(&down, &library(&chroma.url, ollama.url(), pool))
        .await;
}

#[tokio::test]
async fn what_chroma_lost_is_sent_again() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let folder = folder();
    let rag = library(&chroma.url, ollama.url(), sqlite(&folder).await);
    let lose = async {
        let collection = format!(
            "{}/api/v2/tenants/default_tenant/databases/default_database/collections/documents_embeddings",
            chroma.url
        );
        let answer = reqwest::Client::new()
            .delete(collection)
            .send()
            .await
            .expect("Chroma answers");
        assert!(answer.status().is_success());
    };
    contract::what_chroma_lost_is_sent_again(&rag, lose).await;
}

#[tokio::test]
async fn chroma_stopped_and_started_again_is_used_again() {
    let Some(mut chroma) = ChromaServer::start().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let folder = folder();
    let rag = library(&chroma.url(), ollama.url(), sqlite(&folder).await);
    let ask = async || {
        rag.search(Query::new("outage"))
            .await
            .expect("the search answers")
            .retrieval
    };
    assert_eq!(ask().await, Retrieval::Semantic);
    chroma.stop();
    // Nothing stored yet means nothing to ask of Chroma, so the document comes first.
    let source = rag::Source {
        collection: rag::Collection::Documents,
        source: "a".to_owned(),
        title: String::new(),
        kind: rag::Kind::Text,
        text: "postgres outage".to_owned(),
    };
    let added = rag
        .add(source, contract::noon())
        .await
        .expect("the store keeps it");
    assert!(added.waiting.is_some());
    assert!(matches!(ask().await, Retrieval::FullText { .. }));
    chroma.restart().await;
    // `doctor` asks at once, and what it learns counts.
    rag.state().await.expect("the store answers");
    assert_eq!(
        rag.catch_up(contract::noon())
            .await
            .expect("both helpers are up")
            .embedded,
        1
    );
    assert_eq!(ask().await, Retrieval::Semantic);
}
