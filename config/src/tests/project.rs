//! A project's file may tighten, never loosen.

use super::{Machine, shown};
use crate::{RuleSetting, hook};

/// Loads a user's and a project's file and compares the rule `rm` and what is said.
fn check(user: &str, project: &str, setting: RuleSetting, expected: &str) {
    let machine = Machine::new();
    machine.write_user(user);
    machine.write("project/.fjord.toml", project);
    let folder = machine.path("project");

    let mut loaded = machine.loaded(&[]);
    let problems = loaded.with_project(&folder);
    assert_eq!(machine.text(&problems).replace("project/", ""), expected);
    assert_eq!(loaded.config.guard.setting("rm"), setting);

    // `fjord-hook` must see the same.
    let (mut of_hook, _) = hook::load_from(&machine.environment(&[]), &machine.system_file());
    assert_eq!(of_hook.with_project(&folder), problems);
    assert_eq!(of_hook.guard, loaded.config.guard);
}

#[test]
fn a_rule_is_tightened() {
    check("", "guard.rules.rm = \"deny\"", RuleSetting::Deny, "");
    check("", "guard.rules.rm = \"on\"", RuleSetting::On, "");
    check(
        "guard.rules.rm = \"off\"",
        "guard.rules.rm = \"ask\"",
        RuleSetting::Ask,
        "",
    );
    check(
        "guard.rules.rm = \"ask\"",
        "guard.rules.rm = \"on\"",
        RuleSetting::On,
        "",
    );
}

#[test]
fn a_rule_is_never_loosened() {
    check(
        "",
        "[guard.rules]\nrm = \"off\"",
        RuleSetting::On,
        ".fjord.toml:2: `guard.rules.rm` stays \"on\": a project may only tighten it, and \"off\" may let more pass",
    );
    check(
        "",
        "guard.rules.rm = \"ask\"",
        RuleSetting::On,
        ".fjord.toml:1: `guard.rules.rm` stays \"on\": a project may only tighten it, and \"ask\" may let more pass",
    );
    check(
        "guard.rules.rm = \"deny\"",
        "guard.rules.rm = \"on\"",
        RuleSetting::Deny,
        ".fjord.toml:1: `guard.rules.rm` stays \"deny\": a project may only tighten it, and \"on\" may let more pass",
    );
}

#[test]
fn a_rule_of_a_tightened_field_is_not_loosened_by_its_own_name() {
    check(
        "guard.rules.rm = \"off\"\nguard.rules.git = \"deny\"",
        "[guard.rules]\nrm = \"deny\"\n\"git.clean\" = \"on\"",
        RuleSetting::Deny,
        ".fjord.toml:3: `guard.rules.git.clean` stays \"deny\": a project may only tighten it, and \"on\" may let more pass",
    );
}

#[test]
fn everything_else_in_it_is_ignored_and_said() {
    check(
        "",
        "[telegram]\ntoken = \"1:x\"\n[hooks]\nurl = \"https://elsewhere.example\"\n[[guard.exceptions]]\nrule = \"rm\"\n\
         command = \"rm\"\nuntil = \"2099-01-01\"\nreason = \"no\"\n",
        RuleSetting::On,
        ".fjord.toml:2: `telegram.token` is ignored: a project may only tighten `guard.rules` and add to `hooks.ignore`\n\
         .fjord.toml:4: `hooks.url` is ignored: a project may only tighten `guard.rules` and add to `hooks.ignore`\n\
         .fjord.toml:5: `guard.exceptions` is ignored: a project may only tighten `guard.rules` and add to `hooks.ignore`",
    );
}

#[test]
fn a_faulty_line_leaves_the_rest_standing() {
    check(
        "",
        "[guard.rules]\nsql = \"never\"\nrm = \"deny\"\n",
        RuleSetting::Deny,
        ".fjord.toml:2: `guard.rules.sql` must be \"on\", \"off\", \"ask\" or \"deny\"",
    );
}

#[test]
fn ignored_folders_are_added_to_the_users() {
    let machine = Machine::new();
    machine.write_user("hooks.ignore = [\"a\"]");
    machine.write("project/.fjord.toml", "hooks.ignore = [\"b\", \"a\"]");
    let mut loaded = machine.loaded(&[]);
    assert_eq!(loaded.with_project(&machine.path("project")), []);
    assert_eq!(loaded.config.hooks.ignore, ["a", "b"]);
    assert_eq!(
        shown(&machine, &loaded, "hooks.ignore"),
        "[\"a\", \"b\"] (project/.fjord.toml:1)"
    );
}

#[test]
fn what_a_project_changed_is_shown_with_its_origin() {
    let machine = Machine::new();
    machine.write("project/.fjord.toml", "guard.rules.rm = \"deny\"");
    let mut loaded = machine.loaded(&[]);
    loaded.with_project(&machine.path("project"));
    assert_eq!(
        shown(&machine, &loaded, "guard.rules.rm"),
        "\"deny\" (project/.fjord.toml:1)"
    );
    assert!(!loaded.show().iter().any(|row| row.key == "guard.rules"));
}

#[test]
fn a_project_without_a_file_changes_nothing() {
    let machine = Machine::new();
    let mut loaded = machine.loaded(&[]);
    assert_eq!(loaded.with_project(&machine.path("nowhere")), []);
}
