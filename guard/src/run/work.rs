//! Input made to hurt costs a bounded number of steps.

use super::follow;

#[path = "../../benches/speed/hostile.rs"]
mod hostile;

/// What one call may cost: commands, words, and text in units of 64 bytes.
const MOST: usize = 80_000;
/// What the commands of one call may hold, in bytes.
const MOST_HELD: usize = 24 << 20;

fn work(text: &str) -> usize {
    follow(text, "/home/ann/app", Some("/home/ann")).work
}

/// What the commands found hold, in bytes: a text that is copied to each of them counts each time.
fn held(runs: &super::Runs) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let words = |run: &super::Run| {
        run.argv
            .iter()
            .map(|arg| arg.text.len() + 32)
            .sum::<usize>()
    };
    runs.list
        .iter()
        .map(|run| {
            words(run)
                + text(&run.cwd)
                + text(&run.host)
                + text(&run.stdin.text)
                + run.via.iter().map(String::len).sum::<usize>()
                + 8 * (run.stdin.from.len() + run.inputs.len())
        })
        .sum()
}

#[test]
fn anything_hostile_costs_and_holds_a_bounded_amount() {
    let mut wrong = Vec::new();
    for (index, name) in hostile::names().iter().enumerate() {
        // As much as is read of a command, and some more.
        let text = hostile::text(300 << 10, index).unwrap_or_default();
        let runs = follow(&text, "/home/ann/app", Some("/home/ann"));
        let (cost, held) = (runs.work, held(&runs));
        if cost > MOST || held > MOST_HELD {
            wrong.push(format!("{name} costs {cost} and holds {held}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_script_of_a_thousand_lines_is_far_from_every_bound() {
    let lines = [
        "# Builds what is to be released, and says what it does.",
        "if [ -z \"$version\" ] && [ -f \"$ROOT/VERSION\" ]; then",
        "    version=$(cat \"$ROOT/VERSION\")",
        "fi",
        "",
        "log \"building $target at $version\"",
        "for file in src/*.c; do",
        "    cp \"$file\" \"$ROOT/out/$target/\" || exit 1",
        "done",
        "grep -v '^#' \"config/$target.conf\" | sed -e 's/a/b/' > \"$ROOT/out/list\"",
    ];
    let start = "ROOT=/home/ann/app\nlog() { printf '%s\\n' \"$1\"; }\n";
    let script = format!(
        "{start}{}rm -rf /",
        format!("{}\n", lines.join("\n")).repeat(100)
    );
    let runs = follow(&script, "/home/ann/app", Some("/home/ann"));
    assert!(script.lines().count() > 1_000 && !runs.incomplete);
    assert_eq!(
        runs.list.last().map(super::Run::line).as_deref(),
        Some("rm -rf /")
    );
    assert!(runs.work < MOST * 2 / 3, "{}", runs.work);
}

#[test]
fn twice_the_text_costs_about_twice_the_steps() {
    for piece in [
        "rm a;",
        "echo {a,",
        "echo 'x' ",
        "f() { a; }; ",
        "x=$y; ",
        "cat <<E\na\nE\n",
        "a | ",
        "for (a;do a;done;",
    ] {
        let once = work(&piece.repeat(400));
        let twice = work(&piece.repeat(800));
        assert!(
            twice <= 2 * once + once / 8,
            "{piece:?}: {once}, then {twice}"
        );
    }
}

#[test]
fn many_names_and_a_long_pipeline_stay_small() {
    let names: Vec<String> = (0..1_500).map(|index| format!("v{index}=a;")).collect();
    let names = names.concat();
    assert!(work(&format!("{names}{}", "x=1 ls;".repeat(1_400))) <= MOST);
    let runs = follow(&"a|".repeat(2_000), "/", None);
    assert!(runs.list.iter().all(|run| run.stdin.from.len() <= 128));
}
