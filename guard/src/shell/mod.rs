//! The shell parser.
