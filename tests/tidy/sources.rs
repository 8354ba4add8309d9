//! What may stand in a source file, and where.

use super::tree::{assert_none, files, root, rust_files};

/// Longer files are two ideas.
const LONGEST_FILE: usize = 500;

/// A word and the only places it may stand in.
const PLACES: &[(&str, &[&str])] = &[
    (
        concat!("sql", "x::"),
        &[
            "agent/src/store",
            "rag/src/index",
            "rag/src/pool.rs",
            "rag/src/error.rs",
            "tests/",
        ],
    ),
    (concat!("telox", "ide::"), &["bot/"]),
    (
        concat!("std::env::", "var"),
        &["config/src/env.rs", "tests/support/bin/test_service.rs"],
    ),
    (
        concat!("env::", "var("),
        &["config/src/env.rs", "tests/support/bin/test_service.rs"],
    ),
    (concat!("hookSpecific", "Output"), &["hooks/", "tests/"]),
];

/// What must not be anywhere, and what to do instead.
const NOWHERE: &[(&str, &str)] = &[
    (
        concat!("#[ig", "nore"),
        "a test that is not run proves nothing",
    ),
    (concat!("to", "do!("), "finish it or file it"),
    (concat!("unimple", "mented!("), "finish it or file it"),
    (concat!("db", "g!("), "a debugging aid"),
    (
        concat!("#[all", "ow("),
        "write `#[expect(…, reason = \"…\")]`",
    ),
];

#[test]
fn each_language_stands_in_its_own_folders() {
    let mut breaches = Vec::new();
    for file in rust_files() {
        for (word, places) in PLACES {
            let is_test = file.path.contains("/tests/");
            if is_test || places.iter().any(|place| file.path.starts_with(place)) {
                continue;
            }
            let lines = lines_with(&file.path, &file.text, word);
            breaches.extend(lines.filter(|line| !line.contains(": //")));
        }
    }
    assert_none(
        "these words are out of place (see tests/tidy/sources.rs)",
        &breaches,
    );
}

#[test]
fn one_file_speaks_to_chroma_through_its_crate() {
    let word = concat!("chroma", "db::");
    let speakers: Vec<_> = rust_files()
        .into_iter()
        .filter(|file| file.text.contains(word))
        .map(|file| file.path)
        .collect();
    assert!(
        speakers.len() <= 1,
        "only one file may use the crate: {speakers:?}"
    );
}

#[test]
fn files_stay_short() {
    let mut breaches = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            breaches.push(format!("{}: {lines} lines", file.path));
        }
    }
    assert_none(
        "these files are longer than 500 lines; a longer one is two ideas",
        &breaches,
    );
}

#[test]
fn nothing_is_left_undone() {
    let mut breaches = Vec::new();
    for file in rust_files() {
        for (word, instead) in NOWHERE {
            breaches.extend(
                lines_with(&file.path, &file.text, word).map(|line| format!("{line} ({instead})")),
            );
        }
    }
    assert_none("these must not stay", &breaches);
}

#[test]
fn no_machine_of_ours_is_named() {
    // Written in two parts each, so that this file does not name them either.
    let homes = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat()];
    let hosts = [
        ["py", "pi.org"],
        ["index.crates", ".io"],
        ["static.crates", ".io"],
        ["registry.npm", "js.org"],
        ["deb.debian", ".org"],
    ];
    let hosts = hosts.map(|parts| parts.concat());
    let mut breaches = Vec::new();
    for file in files() {
        for (number, line) in file.text.lines().enumerate() {
            let named_home = homes.iter().any(|home| starts_a_path(line, home));
            if named_home || hosts.iter().any(|host| line.contains(host.as_str())) {
                breaches.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    assert_none(
        "these lines name a folder or a host of the machine they were written on",
        &breaches,
    );
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |engine: &str| {
        let folder = root().join("migrations").join(engine);
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let (postgres, sqlite) = (names("postgres"), names("sqlite"));
    assert_eq!(
        postgres, sqlite,
        "a migration needs its twin, with the same number and name"
    );
    for (index, name) in postgres.iter().enumerate() {
        assert!(
            name.starts_with(&format!("{:04}_", index + 1)),
            "`{name}` leaves a gap in the numbers"
        );
    }
}

/// Whether an absolute path begins with `home`; a folder of that name further down is another matter.
fn starts_a_path(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let named_further = line[at + home.len()..]
            .starts_with(|letter: char| letter.is_alphanumeric() || letter == '.');
        let is_start =
            !before.is_some_and(|letter| letter.is_alphanumeric() || "._-~}*/$".contains(letter));
        is_start && named_further
    })
}

fn lines_with<'file>(
    path: &'file str,
    text: &'file str,
    word: &'file str,
) -> impl Iterator<Item = String> + 'file {
    let numbered = text.lines().enumerate();
    numbered
        .filter(move |(_, line)| line.contains(word))
        .map(move |(number, line)| format!("{path}:{}: {}", number + 1, line.trim()))
}
