//! Input made to hurt costs a bounded number of steps.

use super::follow;

/// What one call may cost: commands, words, and text in units of 64 bytes.
const MOST: usize = 80_000;

fn work(text: &str) -> usize {
    follow(text, "/home/ann/app", Some("/home/ann")).work
}

#[test]
fn a_megabyte_of_anything_costs_a_bounded_number_of_steps() {
    let pieces = [
        "$(",
        "(",
        "{ ",
        "if a; then ",
        "'",
        "\"",
        "\"$(",
        "`",
        "`\\`",
        "a ",
        "a",
        "rm a;",
        "a|",
        "a && ",
        ";",
        "cat <<A\n",
        "<<A ",
        "$((",
        "((",
        "$((1+1)) ",
        "{a,b}",
        "{a,",
        "{{a,b},",
        "${a:-",
        "$a ",
        "a=b ",
        "a=$a$a;",
        "\\a",
        "\n",
        "#\n",
        "case a in ",
        "for a in b; do ",
        "for (a;do a;done;",
        "f(){ ",
        "f(){ rm a;};f;",
        ">a ",
        "<(",
        "sh -c '",
        "sh -c \"rm a\";",
        "sudo ",
        "env a=b ",
        "xargs ",
        "find . -exec ",
        "ssh a ",
        "eval ",
        "parallel ",
        "alias a=a;a;",
        "export a=b;",
        "cd a;",
        "git -c a=b ",
        "set -- a b c;",
        "é",
        "watch ",
    ];
    for piece in pieces {
        let text = piece.repeat((1 << 20) / piece.len());
        let cost = work(&text);
        assert!(cost <= MOST, "{piece:?} cost {cost}");
    }
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
