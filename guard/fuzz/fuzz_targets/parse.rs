//! The parser and the walk over what it read.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| guard::fuzzing::parse(data));
