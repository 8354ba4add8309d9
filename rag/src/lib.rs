//! Documents in, passages out: Chroma or the embedded full-text index.
