//! Rules of this repository that no compiler checks.
