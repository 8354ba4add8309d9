//! A later layer wins, and every value knows its origin.

use super::{Machine, shown};
use crate::{Config, ExposeSecret, Loader, RuleSetting};

#[test]
fn without_files_and_variables_the_defaults_stand() {
    let loaded = Machine::new().loaded(&[]);
    assert_eq!(
        format!("{:?}", loaded.config),
        format!("{:?}", Config::default())
    );
    assert!(
        loaded
            .show()
            .iter()
            .all(|row| row.origin.to_string() == "default")
    );
}

#[test]
fn each_layer_wins_over_the_one_before() {
    let machine = Machine::new();
    let mut seen = vec![shown(&machine, &machine.loaded(&[]), "llm.model")];
    machine.write("etc.toml", "[llm]\nmodel = \"machine\"\n");
    seen.push(shown(&machine, &machine.loaded(&[]), "llm.model"));
    machine.write_user("# mine\n\n[llm]\nmodel = \"user\"\n");
    seen.push(shown(&machine, &machine.loaded(&[]), "llm.model"));
    let given = machine.write("given.toml", "llm.model = \"given\"");
    let environment = machine.environment(&[]);
    let loader = Loader::new(&environment)
        .system_file(machine.system_file())
        .config_file(&given);
    seen.push(shown(&machine, &loader.load().unwrap(), "llm.model"));
    let environment = machine.environment(&[("FJORD_LLM__MODEL", "variable")]);
    let loader = Loader::new(&environment)
        .system_file(machine.system_file())
        .config_file(&given);
    seen.push(shown(&machine, &loader.load().unwrap(), "llm.model"));
    let loader = loader.flag("--model", "llm.model", "flag");
    seen.push(shown(&machine, &loader.load().unwrap(), "llm.model"));
    assert_eq!(
        seen,
        [
            "\"llama3.2\" (default)",
            "\"machine\" (etc.toml:2)",
            "\"user\" (home/config/fjord.toml:4)",
            "\"given\" (given.toml:1)",
            "\"variable\" (FJORD_LLM__MODEL)",
            "\"flag\" (--model)",
        ]
    );
}

#[test]
fn layers_merge_by_key_and_rules_by_name_and_lists_are_replaced() {
    let machine = Machine::new();
    machine.write(
        "etc.toml",
        "[guard.rules]\ngit-push = \"deny\"\nrm = \"ask\"\n[telegram]\nadmins = [1, 2]\nchats = [-5]\n",
    );
    machine.write_user("[guard]\nrules = { rm = \"off\" }\n[telegram]\nadmins = [3]\n");
    let config = machine
        .loaded(&[("FJORD_GUARD__RULES", "{ sql = \"on\" }")])
        .config;
    assert_eq!(config.telegram.admins, [3]);
    assert_eq!(config.telegram.chats, [-5]);
    assert_eq!(config.guard.setting("git-push"), RuleSetting::Deny);
    assert_eq!(config.guard.setting("rm"), RuleSetting::Off);
    assert_eq!(config.guard.setting("sql"), RuleSetting::On);
    assert_eq!(config.guard.setting("never-named"), RuleSetting::On);
}

#[test]
fn rules_with_a_dot_in_their_name_stay_whole() {
    let machine = Machine::new();
    machine.write_user("[guard.rules]\n\"docker.run\" = \"deny\"\n");
    let loaded = machine.loaded(&[]);
    assert_eq!(loaded.config.guard.setting("docker.run"), RuleSetting::Deny);
    assert_eq!(
        shown(&machine, &loaded, "guard.rules.docker.run"),
        "\"deny\" (home/config/fjord.toml:2)"
    );
}

#[test]
fn an_exception_is_read_with_its_day_quoted_or_not() {
    let machine = Machine::new();
    machine.write_user(
        "[[guard.exceptions]]\nrule = \"rm\"\ncommand = \"rm -rf target\"\nuntil = 2028-02-29\nreason = \"builds\"\n",
    );
    let config = machine.loaded(&[]).config;
    assert_eq!(config.guard.exceptions[0].until, "2028-02-29");
    assert_eq!(config.guard.exceptions[0].command, "rm -rf target");
}

#[test]
fn a_variable_is_read_as_the_kind_of_its_key() {
    let machine = Machine::new();
    let config = machine
        .loaded(&[
            ("FJORD_TELEGRAM__TOKEN", "123:abc"),
            ("FJORD_TELEGRAM__ADMINS", "1, 2"),
            ("FJORD_TELEGRAM__CHATS", "[-100, 7]"),
            ("FJORD_TELEGRAM__VIEWERS", ""),
            ("FJORD_HOOKS__IGNORE", "a, b c"),
            ("FJORD_HOOKS__DEADLINE_MS", " 99 "),
            ("FJORD_DEPLOY__AUTO_ROLLBACK", "false"),
            ("FJORD_LLM__MODEL", "7"),
            ("FJORD_STORE__URL", "postgres://me:pw@db/fjord"),
        ])
        .config;
    assert_eq!(config.telegram.token.expose_secret(), "123:abc");
    assert_eq!(config.telegram.admins, [1, 2]);
    assert_eq!(config.telegram.chats, [-100, 7]);
    assert!(config.telegram.viewers.is_empty());
    assert_eq!(config.hooks.ignore, ["a", "b c"]);
    assert_eq!(config.hooks.deadline_ms, 99);
    assert!(!config.deploy.auto_rollback);
    assert_eq!(config.llm.model, "7");
    assert_eq!(
        config.store.url.expose_secret(),
        "postgres://me:pw@db/fjord"
    );
}

#[test]
fn variables_without_a_section_are_no_configuration_keys() {
    let machine = Machine::new();
    machine.loaded(&[
        ("FJORD_VERSION", "v2"),
        ("FJORD_TEST_POSTGRES", "x"),
        ("FJORD_SOMETHING", "x"),
    ]);
}
