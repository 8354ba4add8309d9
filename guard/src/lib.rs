//! Judges what a coding agent may do. Pure: no I/O, no clock.
