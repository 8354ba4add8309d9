//! A document on its way in: checked, freed of secrets, cut into passages.

use std::fmt::Write as _;

use guard::redact::redact;
use sha2::{Digest, Sha256};

use crate::chunk::{self, Chunk, Kind};
use crate::error::RagError;
use crate::files::MAX_DOCUMENT_BYTES;
use crate::index::Collection;

/// The longest source or title, in characters.
const MAX_NAME_CHARS: usize = 4_096;
/// Part of each digest: raise it when passages are cut another way, and unchanged files are read again.
const CHUNKING: &str = "1";

/// A document to be added.
#[derive(Debug, Clone)]
pub struct Source {
    /// What it is about.
    pub collection: Collection,
    /// Where it came from; adding the same source again replaces it.
    pub source: String,
    /// Its title, searched with more weight.
    pub title: String,
    /// How to read the text.
    pub kind: Kind,
    /// The text; secrets in it are masked before anything is kept.
    pub text: String,
}

/// Refuses what cannot be kept and masks the secrets in the rest.
pub(crate) fn checked(source: &Source) -> Result<Source, RagError> {
    let name = source.source.trim();
    if name.is_empty() {
        return Err(RagError::Invalid(
            "a document needs a source: a path or a name".to_owned(),
        ));
    }
    for (field, value) in [("source", name), ("title", &source.title)] {
        if value.chars().count() > MAX_NAME_CHARS || value.chars().any(char::is_control) {
            return Err(RagError::Invalid(format!(
                "the {field} of a document has at most {MAX_NAME_CHARS} characters and no control characters"
            )));
        }
    }
    if source.text.len() > MAX_DOCUMENT_BYTES {
        return Err(RagError::Invalid(format!(
            "`{name}` is larger than {} MB: split it, or leave it out",
            MAX_DOCUMENT_BYTES / 1024 / 1024
        )));
    }
    if source.text.contains('\0') {
        return Err(RagError::Invalid(format!(
            "`{name}` is binary: give Markdown or text"
        )));
    }
    Ok(Source {
        source: masked_name(name),
        title: redact(&source.title).text.into_owned(),
        text: redact(&source.text).text.into_owned(),
        collection: source.collection,
        kind: source.kind,
    })
}

/// Masks secrets in a source; two sources that differ only in these stay two.
fn masked_name(name: &str) -> String {
    let masked = redact(name);
    if masked.count() == 0 {
        return name.to_owned();
    }
    format!("{}#{}", masked.text, &hex(&Sha256::digest(name))[..8])
}

/// Of the redacted text: the digest of a secret would be a trace of it.
pub(crate) fn digest(source: &Source) -> String {
    let mut hash = Sha256::new();
    for part in [CHUNKING, source.kind.as_str(), &source.title, &source.text] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Puts the document's title before each heading path, so that a passage says what it belongs to.
pub(crate) fn titled_chunks(source: &Source) -> Vec<Chunk> {
    let mut chunks = chunk::chunks(source.kind, &source.text);
    for chunk in &mut chunks {
        let has_title = chunk.heading == source.title
            || chunk.heading.starts_with(&format!("{} > ", source.title));
        if chunk.heading.is_empty() {
            chunk.heading.clone_from(&source.title);
        } else if !has_title && !source.title.is_empty() {
            chunk.heading = format!("{} > {}", source.title, chunk.heading);
        }
    }
    chunks
}
