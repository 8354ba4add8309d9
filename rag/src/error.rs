//! What can go wrong, sorted by what the asker can do about it.

/// An error of retrieval.
#[derive(Debug, thiserror::Error)]
pub enum RagError {
    /// The request or the configuration must change.
    #[error("{0}")]
    Invalid(String),
    /// A helper is down or late; try again later. Search does not end in this, it falls back to full text.
    #[error("{service} is not available: {why}")]
    Unavailable {
        /// `Chroma` or `the embedding model`.
        service: &'static str,
        /// What happened and what to do.
        why: String,
    },
    /// The database failed.
    #[error("the store failed: {0}")]
    Store(#[from] sqlx::Error),
}

/// Names the root of an error: reqwest's own message says only which URL was asked.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
