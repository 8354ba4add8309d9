//! Judging a whole call with facts and settings.

#![no_main]

#[path = "../checks/assess.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::assess(data));
