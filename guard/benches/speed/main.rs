//! How long the guard takes, for ordinary commands and for input made to hurt.
//!
//! `cargo bench -p guard --bench speed` measures both. With the path of a file of JSON lines (`{"command": …}`)
//! behind `--` it measures the commands of that file, with `inventory` what a large inventory adds. Every figure stands beside a pass over as many bytes that
//! was measured in the same breath, so that machines and busy moments compare.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod hostile;
mod inventory;
mod ordinary;
mod worst;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // What `worst` starts, so that the memory of each input is its own.
        ["one", way, index] => worst::one(way, index),
        ["inventory", ..] => inventory::measure(),
        [path, ..] if !path.starts_with('-') => ordinary::measure(&ordinary::from_file(path)),
        _ => {
            ordinary::measure(&ordinary::from_tables());
            inventory::measure();
            worst::measure();
        }
    }
}
