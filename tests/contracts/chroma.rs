//! What happens to passages when Chroma is stopped, or loses what it had.

use std::time::Duration;

use rag::{Query, Rag, Retrieval, Settings};
use tests::servers::{self, ChromaServer};
use tests::{Ollama, ollama::DIMENSIONS};

use crate::backends::Backend;

use crate::rag as contract;

fn over(backend: &Backend, chroma: &str, ollama: &Ollama) -> Rag {
    let settings = Settings {
        chroma_url: chroma.into(),
        ollama_url: ollama.url().to_owned(),
        embed_model: "all-minilm".to_owned(),
        dimensions: DIMENSIONS,
        timeout: Duration::from_secs(5),
    };
    Rag::with_settings(&settings, backend.store.pool().clone()).expect("the URLs are possible")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_chroma_lost_is_sent_again() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let backend = crate::backends::sqlite_on_disk()
        .await
        .expect("SQLite is always there");
    let rag = over(&backend, &chroma.url, &ollama);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chroma_stopped_and_started_again_is_used_again() {
    let Some(mut chroma) = ChromaServer::start().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let backend = crate::backends::sqlite_on_disk()
        .await
        .expect("SQLite is always there");
    let rag = over(&backend, &chroma.url(), &ollama);
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
