//! A door to the parser for the fuzzer, and the replay of what it found.

use crate::run::follow;
use crate::shell;

/// Parses the bytes and follows what they would run, and checks what always holds.
///
/// # Panics
/// When it does not hold: that is what it is for.
pub fn parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut pieces = 0;
    let script = shell::parse(&text, &mut pieces);
    assert!(pieces <= 2 * text.len() + 1, "{pieces} pieces");
    assert!(script.items.len() <= text.len());
    let runs = follow(&text, "/home/ann/app", Some("/home/ann"));
    assert!(
        runs.list
            .iter()
            .all(|run| run.stdin.from.iter().all(|from| *from < runs.list.len()))
    );

    // A text that is only mentioned comes back as it is, however it is quoted.
    let single = text.replace('\'', "'\\''");
    mentioned(&format!("echo '{single}'"), &text);
    let mut double = String::new();
    for letter in text.chars() {
        if matches!(letter, '\\' | '$' | '`' | '"') {
            double.push('\\');
        }
        double.push(letter);
    }
    mentioned(&format!("echo \"{double}\""), &text);
    let mut end = "E".to_owned();
    while text.contains(&end) {
        end.push('E');
    }
    let heredoc = follow(&format!("cat <<'{end}'\n{text}\n{end}\n"), "/", None);
    assert_eq!(heredoc.list.len(), 1);
    assert_eq!(
        heredoc.list[0].stdin.text.as_deref(),
        Some(format!("{text}\n").as_str())
    );
}

fn mentioned(command: &str, text: &str) {
    let runs = follow(command, "/", None);
    assert_eq!(runs.list.len(), 1, "{command:?}");
    let words: Vec<&str> = runs.list[0]
        .argv
        .iter()
        .map(|word| word.text.as_str())
        .collect();
    assert_eq!(words, ["echo", text]);
    assert!(!runs.incomplete && !runs.unfinished, "{command:?}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn every_seed_of_the_parser_holds() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/parse");
        let mut count = 0;
        for entry in std::fs::read_dir(seeds).unwrap() {
            super::parse(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 20, "only {count} seeds");
    }
}
