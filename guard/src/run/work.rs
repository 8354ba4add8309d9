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
fn twice_the_text_costs_at_most_twice_the_steps() {
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
        assert!(twice <= 2 * once + 16, "{piece:?}: {once}, then {twice}");
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
