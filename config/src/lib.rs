//! Layered configuration of Fjord, read once at the edge.
