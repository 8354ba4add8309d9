//! Retrieval over each store, with Chroma and without.

use crate::rag as suite;

use std::time::Duration;

use rag::{Rag, Settings};
use tests::{Ollama, servers};

use crate::backends::Backend;

fn settings(chroma: &str, ollama: &str) -> Settings {
    Settings {
        chroma_url: chroma.into(),
        ollama_url: ollama.to_owned(),
        embed_model: "all-minilm".to_owned(),
        dimensions: tests::ollama::DIMENSIONS,
        timeout: Duration::from_secs(5),
    }
}

fn over(backend: &Backend, settings: &Settings) -> Rag {
    Rag::with_settings(settings, backend.store.pool().clone()).unwrap()
}

macro_rules! retrieval {
    ($group:ident, $backend:ident, $chroma:ident: $($name:ident),+ $(,)?) => {
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(backend) = crate::backends::$backend().await else { return };
                    super::$chroma(backend, async |rag| super::suite::$name(&rag).await).await;
                }
            )+
        }
    };
}

macro_rules! over_every_index {
    ($($name:ident),+ $(,)?) => {
        retrieval!(full_text_of_sqlite, sqlite_on_disk, without_chroma: without_chroma_the_answer_says_so, $($name),+);
        retrieval!(full_text_of_postgres, postgres, without_chroma: without_chroma_the_answer_says_so, $($name),+);
        retrieval!(chroma_and_sqlite, sqlite_on_disk, with_chroma: a_passage_is_found_by_meaning, $($name),+);
        retrieval!(chroma_and_postgres, postgres, with_chroma: a_passage_is_found_by_meaning, $($name),+);
    };
}

over_every_index!(
    a_passage_is_found_by_its_words,
    an_unchanged_file_is_skipped,
    a_changed_file_replaces_its_passages,
    user_text_is_never_query_syntax,
    nonsense_finds_nothing,
    an_empty_query_is_refused,
    a_forgotten_document_is_not_found,
    a_folder_forgets_what_is_below_it_and_no_more,
    secrets_are_masked_before_they_are_kept,
    collections_are_searched_apart,
    the_limit_holds_and_equal_texts_come_once,
    two_writers_of_one_source_leave_one_document,
    a_large_document_is_kept_whole,
);

async fn without_chroma(backend: Backend, suite: impl AsyncFnOnce(Rag)) {
    suite(over(&backend, &settings("", ""))).await;
    backend.finish().await;
}

async fn with_chroma(backend: Backend, suite: impl AsyncFnOnce(Rag)) {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let ollama = Ollama::start().await;
    suite(over(&backend, &settings(&chroma.url, ollama.url()))).await;
    backend.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_chroma_missed_follows_later() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let backend = crate::backends::sqlite_on_disk().await.unwrap();
    let ollama = Ollama::start().await;
    let nobody = format!("http://127.0.0.1:{}", tests::process::free_port());
    let down = over(&backend, &settings(&nobody, ollama.url()));
    let up = over(&backend, &settings(&chroma.url, ollama.url()));
    suite::what_chroma_missed_follows_later(&down, &up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_helper_is_waited_for_once() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let backend = crate::backends::sqlite_on_disk().await.unwrap();
    let ollama = Ollama::start().await;
    ollama.fail_always(tests::ollama::Trouble::HangAfter(0));
    let silent = over(&backend, &settings(&chroma.url, ollama.url()));
    suite::a_silent_helper_is_waited_for_once(&silent).await;
}
