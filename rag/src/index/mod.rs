//! Where passages live: the rows in the store, which are the truth, and the vectors in Chroma.
//!
//! All SQL of this crate is in this folder.

pub(crate) mod chroma;
pub(crate) mod documents;
pub(crate) mod embedded;
pub(crate) mod telling;
pub(crate) mod vectors;

/// What a document is about; each has its own Chroma collection.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
pub enum Collection {
    /// What was added by hand: runbooks, notes.
    Documents,
    /// Sessions of the coding agent.
    Sessions,
    /// Checkpoints within a session.
    Checkpoints,
    /// What turned out to work.
    Patterns,
}

impl Collection {
    /// All of them, in the order they are searched.
    pub const ALL: [Self; 4] = [
        Self::Documents,
        Self::Sessions,
        Self::Checkpoints,
        Self::Patterns,
    ];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Sessions => "sessions",
            Self::Checkpoints => "checkpoints",
            Self::Patterns => "patterns",
        }
    }

    /// The name of the collection in Chroma.
    pub fn chroma_name(self) -> &'static str {
        match self {
            Self::Documents => "documents_embeddings",
            Self::Sessions => "sessions_embeddings",
            Self::Checkpoints => "checkpoints_embeddings",
            Self::Patterns => "patterns_embeddings",
        }
    }
}
