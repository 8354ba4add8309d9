//! The documentation of every key, made from `default.toml`.

use crate::schema;

/// Documents one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDoc {
    /// `section.name`.
    pub key: String,
    /// The default as TOML.
    pub default: String,
    /// Meaning, unit and range: the comment in `default.toml`.
    pub doc: String,
    /// The environment variable.
    pub env: String,
}

/// Lists every key in the order of `default.toml`.
pub fn table() -> Vec<KeyDoc> {
    schema::keys()
        .into_iter()
        .map(|key| KeyDoc {
            env: key.variable(),
            default: key.default_text.to_owned(),
            doc: key.doc,
            key: key.path,
        })
        .collect()
}

/// Renders the table as the README holds it.
pub fn render_markdown_table() -> String {
    let mut text = String::from("| key | default | meaning |\n| --- | --- | --- |\n");
    for KeyDoc {
        key, default, doc, ..
    } in table()
    {
        let doc = doc.replace('|', "\\|").replace('<', "&lt;");
        text.extend(["| `", &key, "` | `", &default, "` | ", &doc, " |\n"]);
    }
    text
}
