//! The agent: admits, acts, stores.
