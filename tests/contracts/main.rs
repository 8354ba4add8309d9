//! One suite for every back end.

mod rag_back_ends;
