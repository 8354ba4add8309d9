//! `fjord-hook` starts with the defaults, whatever the files say.

use super::Machine;
use crate::schema::DEFAULT_TOML;
use crate::{Config, ExposeSecret, Guard, Hooks, RuleSetting, hook};

#[test]
fn its_written_out_defaults_are_those_of_the_file() {
    let config: Config = toml::from_str(DEFAULT_TOML).unwrap();
    assert_eq!(config.guard, Guard::default());
    assert_eq!(
        format!("{:?}", config.hooks),
        format!("{:?}", Hooks::default())
    );
    assert_eq!(
        config.hooks.token.expose_secret(),
        Hooks::default().token.expose_secret()
    );
}

#[test]
fn without_files_and_variables_it_has_the_defaults() {
    let machine = Machine::new();
    let (config, problems) = hook::load_from(&machine.environment(&[]), &machine.system_file());
    assert_eq!(problems, []);
    assert_eq!(
        format!("{:?}", config.hooks),
        format!("{:?}", Hooks::default())
    );
    assert_eq!(config.paths.socket, machine.path("home/fjord.sock"));
}

#[test]
fn it_reads_the_same_layers_as_fjord() {
    let machine = Machine::new();
    machine.write(
        "etc.toml",
        "hooks.deadline_ms = 1\nguard.rules.rm = \"ask\"",
    );
    machine.write_user("hooks.prompt_deadline_ms = 2");
    let environment = machine.environment(&[("FJORD_HOOKS__AWAY_AFTER_S", "3")]);
    let (config, problems) = hook::load_from(&environment, &machine.system_file());
    assert_eq!(problems, []);
    assert_eq!(
        (
            config.hooks.deadline_ms,
            config.hooks.prompt_deadline_ms,
            config.hooks.away_after_s
        ),
        (1, 2, 3)
    );
    assert_eq!(config.guard.setting("rm").as_str(), "ask");
}

#[test]
fn what_is_wrong_is_reported_and_the_default_used() {
    let machine = Machine::new();
    machine.write_user("[hooks]\ndeadline_ms = \"soon\"\nkeep_days = 7\n[guard");
    let (config, problems) = hook::load_from(&machine.environment(&[]), &machine.system_file());
    assert_eq!(problems.len(), 1);
    assert_eq!(config.hooks.keep_days, 90);

    machine.write_user("[hooks]\ndeadline_ms = \"soon\"\nkeep_days = 7\n");
    let (config, problems) = hook::load_from(&machine.environment(&[]), &machine.system_file());
    assert_eq!(
        machine.text(&problems),
        "home/config/fjord.toml:2: `hooks.deadline_ms` must be a whole number, not a string"
    );
    assert_eq!((config.hooks.deadline_ms, config.hooks.keep_days), (150, 7));
}

#[test]
fn a_variable_tightens_the_guard_and_never_loosens_it() {
    let machine = Machine::new();
    machine.write_user("guard.rules = { git = \"ask\", containers = \"deny\" }");
    let rules =
        "{ git = \"deny\", sql = \"off\", containers = \"ask\", \"containers.prune\" = \"on\" }";
    let exceptions =
        "[{ rule = \"git\", command = \"git *\", until = \"2099-01-01\", reason = \"no\" }]";
    let environment = machine.environment(&[
        ("FJORD_GUARD__RULES", rules),
        ("FJORD_GUARD__EXCEPTIONS", exceptions),
    ]);
    let (of_hook, problems) = hook::load_from(&environment, &machine.system_file());
    let set = |rule: &str| of_hook.guard.setting(rule);
    assert_eq!(set("git.clean"), RuleSetting::Deny);
    assert_eq!(set("sql"), RuleSetting::On);
    assert_eq!(set("containers.prune"), RuleSetting::Deny);
    assert!(of_hook.guard.exceptions.is_empty());
    assert_eq!(
        machine.text(&problems),
        "FJORD_GUARD__EXCEPTIONS: `guard.exceptions` is ignored: a variable may only tighten the guard; use `fjord guard allow`\n\
         FJORD_GUARD__RULES: `guard.rules.containers` stays \"deny\": a variable may only tighten it, and \"ask\" may let more pass\n\
         FJORD_GUARD__RULES: `guard.rules.containers.prune` stays \"deny\": a variable may only tighten it, and \"on\" may let more pass\n\
         FJORD_GUARD__RULES: `guard.rules.sql` stays \"on\": a variable may only tighten it, and \"off\" may let more pass"
    );
}

#[test]
fn an_installed_program_finds_its_configuration_whatever_the_variables_say() {
    use crate::Paths;
    let machine = Machine::new();
    let moved = machine.environment(&[
        ("FJORD_HOME", "/evil"),
        ("XDG_CONFIG_HOME", "/evil"),
        ("XDG_DATA_HOME", "/evil"),
        ("HOME", "/evil"),
    ]);
    let moved = || {
        moved
            .clone()
            .with("FJORD_HOME", Some(std::path::Path::new("/evil")))
    };
    let file = |program: &str| {
        let program = machine.path(program);
        Paths::from(&hook::placed(moved(), Some(&program))).config_file
    };
    assert_eq!(
        file("h/data/bin/fjord-hook"),
        machine.path("h/config/fjord.toml")
    );
    assert_eq!(
        file("ann/.local/share/fjord/bin/fjord-hook"),
        machine.path("ann/.config/fjord/fjord.toml")
    );
    assert_eq!(
        file("target/debug/fjord-hook"),
        std::path::Path::new("/evil/config/fjord.toml")
    );
    let bin = machine.path("share/fjord/bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(machine.path("my/fjord"), bin.join(hook::CONFIGURATION_LINK))
        .unwrap();
    assert_eq!(
        file("share/fjord/bin/fjord-hook"),
        machine.path("my/fjord/fjord.toml")
    );
}
