//! Rules of this repository that no compiler checks.

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/papers.rs"]
mod papers;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/tree.rs"]
mod tree;
