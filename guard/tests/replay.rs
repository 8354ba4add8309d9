//! What the fuzzer starts from and what it has found, once more without it. The parser's own are in `src/fuzzing.rs`.

#[path = "../fuzz/checks/assess.rs"]
mod assess;
#[path = "../fuzz/checks/redact.rs"]
mod redact;

use std::path::Path;

/// Every file of a target, at least so many.
fn replay(target: &str, least: usize, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the seeds are in the repository") {
        let path = entry.expect("a folder can be listed").path();
        // Shown when the check fails.
        eprintln!("{}", path.display());
        check(&std::fs::read(path).expect("a seed can be read"));
        count += 1;
    }
    assert!(count >= least, "only {count} seeds of `{target}`");
}

#[test]
fn every_seed_of_a_call_is_answered() {
    replay("assess", 20, assess::assess);
}

#[test]
fn every_seed_of_a_text_is_masked() {
    replay("redact", 20, redact::redact);
}
