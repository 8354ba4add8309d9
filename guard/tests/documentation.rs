//! `docs/guard.md` lists exactly the rules that there are.

use std::fmt::Write as _;

const DOCUMENT: &str = include_str!("../../docs/guard.md");
const BEGIN: &str = "<!-- rules: begin -->\n";
const END: &str = "<!-- rules: end -->";

/// The table as it has to stand between the marks.
fn wanted() -> String {
    let mut table = String::from(
        "| Rule | Verdict | What and why | Instead |\n|------|---------|--------------|---------|\n",
    );
    for rule in guard::rules() {
        let cell = |text: &str| text.replace('|', "\\|");
        writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            rule.id,
            rule.severity.as_str(),
            cell(rule.reason),
            cell(rule.alternative)
        )
        .expect("a string takes any text");
    }
    table
}

#[test]
fn the_table_of_rules_in_the_document_is_the_one_that_is_compiled_in() {
    let (_, rest) = DOCUMENT
        .split_once(BEGIN)
        .expect("the mark where the rules begin");
    let (table, _) = rest.split_once(END).expect("the mark where the rules end");
    let wanted = wanted();
    assert!(
        table == wanted,
        "put this between the marks of `docs/guard.md`:\n{wanted}"
    );
}

#[test]
fn every_field_has_a_sentence_of_its_own() {
    let fields: std::collections::BTreeSet<&str> = guard::rules().map(|rule| rule.field).collect();
    let missing: Vec<&str> = fields
        .into_iter()
        .filter(|field| !DOCUMENT.contains(&format!("* `{field}`: ")))
        .collect();
    assert!(missing.is_empty(), "no sentence about {missing:?}");
}
