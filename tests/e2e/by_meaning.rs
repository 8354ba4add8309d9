//! Retrieval with a real Chroma, read back through Chroma's own API; and, where real vectors are there, by meaning.

use serde_json::{Value, json};
use tests::{Home, Ollama, servers};

const NOTES: [(&str, &str); 4] = [
    (
        "vehicles.md",
        "# Fleet\n\nThe automobile does not run: its engine was damaged last winter.\n",
    ),
    (
        "fruit.md",
        "# Kitchen\n\nBananas turn brown after a week on the shelf.\n",
    ),
    (
        "dumps.md",
        "# Databases\n\nEach night a copy of every table is written to the second disk.\n",
    ),
    (
        "people.md",
        "# Team\n\nMaria answers the telephone on weekends.\n",
    ),
];

/// Asks Chroma itself what a collection holds, vectors and all.
async fn held_by_chroma(url: &str, collection: &str) -> Value {
    let base =
        format!("{url}/api/v2/tenants/default_tenant/databases/default_database/collections");
    let client = reqwest::Client::new();
    let found: Value = client
        .get(format!("{base}/{collection}"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let id = found["id"].as_str().unwrap();
    let body = json!({ "include": ["embeddings", "documents", "metadatas"], "limit": 100 });
    client
        .post(format!("{base}/{id}/get"))
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

fn add_notes(home: &Home) {
    let folder = home.path().join("notes");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in NOTES {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let added = home.fjord(["rag", "add", folder.to_str().unwrap()]);
    added.expect_code(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chroma_holds_the_vectors_of_what_was_added() {
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let home = Home::with_config(&format!(
        "[rag]\nurl = \"{}\"\n[llm]\nurl = \"{}\"\n",
        chroma.url,
        ollama.url()
    ));
    add_notes(&home);
    let held = held_by_chroma(&chroma.url, "documents_embeddings").await;
    let vectors = held["embeddings"].as_array().unwrap();
    assert_eq!(vectors.len(), NOTES.len(), "{held}");
    assert!(
        vectors
            .iter()
            .all(|vector| vector.as_array().unwrap().len() == 384)
    );
    let texts = held["documents"].to_string();
    assert!(
        NOTES
            .iter()
            .all(|(_, text)| texts.contains(text.lines().last().unwrap())),
        "{texts}"
    );
    // The same again changes nothing, and what is forgotten is gone there too.
    home.fjord(["rag", "add", home.path().join("notes").to_str().unwrap()])
        .expect_code(0);
    home.fjord([
        "rag",
        "forget",
        home.path().join("notes/fruit.md").to_str().unwrap(),
    ])
    .expect_code(0);
    let held = held_by_chroma(&chroma.url, "documents_embeddings").await;
    assert_eq!(held["ids"].as_array().unwrap().len(), NOTES.len() - 1);
    assert!(!held["documents"].to_string().contains("Bananas"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_meaning_a_passage_is_found_that_shares_no_word_with_the_question() {
    let environment = config::Environment::read();
    let Some(minilm) = environment.get("FJORD_TEST_MINILM") else {
        // An optional suite, also under CI: no package registry has to carry a model for the others to pass.
        println!("optional: set FJORD_TEST_MINILM, see tests/minilm/serve.py");
        return;
    };
    let Some(chroma) = servers::chroma().await else {
        return;
    };
    let home = Home::with_config(&format!(
        "[rag]\nurl = \"{}\"\n[llm]\nurl = \"{minilm}\"\n",
        chroma.url
    ));
    add_notes(&home);
    for (question, wanted) in [
        ("broken car", "automobile"),
        ("where are backups kept", "second disk"),
        ("who picks up calls Saturdays", "Maria"),
    ] {
        let found = home.fjord_json(["rag", "search", question]);
        assert_eq!(found["data"]["retrieval"], "semantic", "{found}");
        let first = found["data"]["passages"][0]["text"]
            .as_str()
            .unwrap_or_default();
        assert!(first.contains(wanted), "{question}: {found}");
    }
    let nothing = home.fjord_json(["rag", "search", "quantum chromodynamics lattice"]);
    assert_eq!(
        nothing["data"]["passages"],
        json!([]),
        "nonsense finds nothing: {nothing}"
    );
}
