//! Documents in, passages out: Chroma or the embedded full-text index.
//!
//! A document is redacted, cut into passages ([`chunks`]) and stored in one transaction; the store is the truth.
//! Where Chroma and an embedding model are configured, each passage's vector goes to Chroma as well, now or, when
//! one of them is down, later ([`Rag::catch_up`]). A search asks both and fuses the answers; when Chroma or the
//! model is down or late, the full-text index answers alone and says why.

mod breaker;
mod chunk;
mod embed;
mod error;
mod files;
mod ids;
mod index;
pub mod pool;
mod rag;
mod rank;
mod semantic;
mod source;

pub use chunk::{Chunk, HARD_CHARS, Kind, TARGET_CHARS, chunks};
pub use error::RagError;
pub use files::{Files, MAX_DOCUMENT_BYTES, files, read};
pub use index::Collection;
pub use index::documents::Document;
pub use pool::{Pool, Tx};
pub use rag::{Added, Found, Passage, Query, Rag, RagState, Retrieval};
pub use semantic::{CaughtUp, Helper, Settings};
pub use source::Source;
