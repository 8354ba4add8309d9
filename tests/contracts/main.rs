//! One suite for every back end.
