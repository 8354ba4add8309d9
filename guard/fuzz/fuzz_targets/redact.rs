//! Masking secrets in texts and in JSON.

#![no_main]

#[path = "../checks/redact.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::redact(data));
