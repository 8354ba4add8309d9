//! Documents in, passages out: Chroma or the embedded full-text index.

pub mod pool;

pub use pool::{Pool, Tx};
