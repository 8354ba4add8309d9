//! The README says what the code says.

use super::tree::{assert_none, root};

/// What a newcomer types, and nothing else.
const SET_UP: [&str; 2] = ["cargo run --release -- demo", "tests/run --install"];

/// Beginnings of commands that a newcomer must not need.
const INSTALLERS: &[&str] = &[
    "apt ",
    "apt-get ",
    "sudo ",
    "pip ",
    "pip3 ",
    "npm ",
    "brew ",
    "cargo install",
    "curl ",
];

#[test]
fn the_readme_documents_every_configuration_key() {
    let readme = paper("README.md");
    let (start, end) = ("<!-- config-table:start -->", "<!-- config-table:end -->");
    let table = readme
        .split(start)
        .nth(1)
        .and_then(|rest| rest.split(end).next());
    let table = table
        .unwrap_or_else(|| panic!("README.md lacks `{start}` and `{end}`"))
        .trim();
    let wanted = config::reference::render_markdown_table();
    assert_eq!(
        table,
        wanted.trim(),
        "put this between the two marks in README.md:\n{wanted}"
    );
}

#[test]
fn two_commands_set_everything_up() {
    let readme = paper("README.md");
    let commands: Vec<&str> = fenced(&readme)
        .map(|line| line.trim_start_matches("$ ").trim())
        .collect();
    let bare = |command: &str| {
        command
            .split(" #")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    for wanted in SET_UP {
        assert!(
            commands.iter().any(|command| bare(command) == wanted),
            "README.md does not show `{wanted}`"
        );
    }
    let breaches: Vec<_> = commands
        .iter()
        .filter(|command| {
            INSTALLERS
                .iter()
                .any(|installer| command.starts_with(installer))
        })
        .map(|command| format!("`{command}`"))
        .collect();
    assert_none(
        "README.md asks a newcomer to install things by hand",
        &breaches,
    );
}

#[test]
fn the_papers_are_there() {
    for name in [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
    ] {
        assert!(paper(name).len() > 100, "{name} is empty");
    }
}

fn paper(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines inside of code fences.
fn fenced(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        inside && !is_fence
    })
}
