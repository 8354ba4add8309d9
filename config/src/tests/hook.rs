//! `fjord-hook` starts with the defaults, whatever the files say.

use super::Machine;
use crate::schema::DEFAULT_TOML;
use crate::{Config, ExposeSecret, Guard, Hooks, hook};

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
