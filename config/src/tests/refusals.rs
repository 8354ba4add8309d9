//! What is refused, in the words that a person reads.

use super::Machine;
use crate::Loader;

/// Loads a user's file and compares what is said about it.
fn check(text: impl AsRef<[u8]>, expected: &str) {
    let machine = Machine::new();
    machine.write_user(text);
    let (_, problems) = machine.load(&[]);
    assert_eq!(
        machine.text(&problems).replace("home/config/", ""),
        expected
    );
}

/// Loads one variable and compares what is said about it.
fn check_variable(name: &str, value: &str, expected: &str) {
    let machine = Machine::new();
    let (_, problems) = machine.load(&[(name, value)]);
    assert_eq!(machine.text(&problems), expected);
}

/// Loads a key, `section.name`, with a value, and compares the message without its place.
fn check_value(key: &str, value: &str, expected: &str) {
    check(
        format!("{key} = {value}"),
        &format!("fjord.toml:1: `{key}` {expected}"),
    );
}

#[test]
fn unknown_keys_name_the_nearest_valid_one() {
    check(
        "[telegram]\n\ntokne = \"x\"",
        "fjord.toml:3: unknown key `telegram.tokne`; did you mean `telegram.token`?",
    );
    check(
        "[telegarm]\ntoken = \"x\"",
        "fjord.toml:1: unknown section `telegarm`; did you mean `telegram`?",
    );
    check(
        "tokens = 1",
        "fjord.toml:1: unknown key `tokens`; did you mean `telegram.token`?",
    );
    check(
        "[health]\nkeep_days = 3",
        "fjord.toml:2: unknown key `health.keep_days`; did you mean `hooks.keep_days`?",
    );
    check("[zzzzzzzz]", "fjord.toml:1: unknown section `zzzzzzzz`");
    check(
        "[brief]\nxxxxxxxxxxxxxxx = 1",
        "fjord.toml:2: unknown key `brief.xxxxxxxxxxxxxxx`; `[brief]` has cron, timezone",
    );
    check(
        "telegram = 5",
        "fjord.toml:1: `telegram` is a section; write `[telegram]` above its keys",
    );
}

#[test]
fn every_problem_is_listed_in_the_order_of_the_file() {
    check(
        "[llm]\ntimeout_s = \"60\"\ncontext = 0\n[hooks]\nignored = []\n",
        "fjord.toml:2: `llm.timeout_s` must be a whole number, not a string\n\
         fjord.toml:3: `llm.context` must be between 512 and 1048576, not 0\n\
         fjord.toml:5: unknown key `hooks.ignored`; did you mean `hooks.ignore`?",
    );
}

#[test]
fn wrong_kinds_name_the_kind_expected() {
    check_value("llm.model", "5", "must be a string, not a number");
    check_value(
        "llm.timeout_s",
        "1.5",
        "must be a whole number, not a number with a fraction",
    );
    check_value(
        "deploy.auto_rollback",
        "\"yes\"",
        "must be true or false, not a string",
    );
    check_value(
        "telegram.admins",
        "5",
        "must be a list of Telegram user ids (positive numbers), not a number",
    );
    check_value("guard.rules", "5", "must be a table, not a number");
    check(
        "telegram.token.secret = 1",
        "fjord.toml:1: `telegram.token` must be a string, not a table",
    );
    check_value(
        "llm.timeout_s",
        "99999999999999999999",
        "is a number beyond 64 bits",
    );
}

// The key of the message is the whole key's, so these are written out.
#[test]
fn wrong_items_of_a_list_are_found_by_their_line() {
    check(
        "[telegram]\nadmins = [\n  1,\n  \"me\",\n]",
        "fjord.toml:4: `telegram.admins` must be a list of Telegram user ids (positive numbers); see `telegram.admins[1]`",
    );
    check(
        "local.admins = [5000000000]",
        "fjord.toml:1: `local.admins` must be a list of user ids (numbers as `id -u` prints them); see `local.admins[0]`",
    );
    check(
        "hooks.ignore = [\"\"]",
        "fjord.toml:1: `hooks.ignore` must be a list of strings; see `hooks.ignore[0]`",
    );
}

#[test]
fn impossible_values_are_refused() {
    check_value("llm.timeout_s", "0", "must be between 1 and 3600, not 0");
    check_value(
        "hooks.deadline_ms",
        "-1",
        "must be between 1 and 10000, not -1",
    );
    check_value(
        "hooks.context_chars",
        "10001",
        "must be between 0 and 10000, not 10001",
    );
    check_value(
        "health.concurrency",
        "0",
        "must be between 1 and 1024, not 0",
    );
    check_value(
        "store.url",
        "\"mysql://db\"",
        "must be a URL that begins with sqlite:// or postgres:// or postgresql://",
    );
    check_value(
        "throttle.url",
        "\"localhost:6379\"",
        "must be a URL that begins with redis:// or rediss://",
    );
    check_value("rag.url", "\"http://\"", "must name a host");
    check_value("telegram.api_url", "\"\"", "must not be empty");
    check_value(
        "llm.url",
        "\"http://me:pw@gpu:11434\"",
        "must not hold a user name or a password, because it is shown in logs",
    );
    check_value(
        "telegram.token",
        "\"abc\"",
        "must be the token as @BotFather shows it, `<numbers>:<letters>`",
    );
    check_value("hooks.token", "\"a b\"", "must not contain blanks");
    check_value(
        "hooks.token",
        "\"a\\nb\"",
        "must be one line without control characters",
    );
    check_value(
        "brief.timezone",
        "\"\"",
        "must name a time zone such as Europe/Berlin",
    );
    check_value(
        "log.level",
        "\"loud\"",
        "must be one of off, error, warn, info, debug, trace, or such as info,sqlx=warn",
    );
}

#[test]
fn a_fjord_elsewhere_is_spoken_to_encrypted() {
    let refusal =
        "must be https:// for another machine; or forward its socket with ssh and use unix://";
    check_value("hooks.url", "\"http://fjord.example\"", refusal);
    check_value("hooks.url", "\"http://127.0.0.1.example\"", refusal);
    check("hooks.url = \"http://127.0.0.1:9000\"", "");
    check("hooks.url = \"http://[::1]:9000/x\"", "");
    check("hooks.url = \"https://fjord.example\"", "");
    check("hooks.url = \"unix:///run/user/1000/fjord.sock\"", "");
}

#[test]
fn urls_in_use_are_accepted() {
    check("store.url = \"sqlite::memory:\"", "");
    check("store.url = \"sqlite:///a folder/fjord.db\"", "");
    check(
        "store.url = \"postgresql:///fjord?host=/run/postgresql\"",
        "",
    );
    check("throttle.url = \"rediss://:pw@cache:6380/0\"", "");
}

#[test]
fn guard_settings_are_words() {
    check_value(
        "guard.rules.rm",
        "\"maybe\"",
        "must be \"on\", \"off\", \"ask\" or \"deny\"",
    );
    check_value(
        "guard.rules.rm",
        "false",
        "must be \"on\", \"off\", \"ask\" or \"deny\"; write \"on\" or \"off\" in quotes",
    );
}

#[test]
fn exceptions_need_every_field_and_a_real_day() {
    let start = "[[guard.exceptions]]\nrule = \"rm\"\ncommand = \"rm -rf target\"\n";
    check(
        format!("{start}until = \"2027-02-29\"\nreason = \"r\"\n"),
        "fjord.toml:4: `guard.exceptions[0].until` must be a day such as \"2027-01-31\"",
    );
    check(
        format!("{start}until = \"2027-01-01\"\n"),
        "fjord.toml:1: `guard.exceptions` needs `reason` in every table; `guard.exceptions[0].reason` is missing",
    );
    check(
        format!("{start}untill = \"2027-01-01\"\nreason = \"r\"\n"),
        "fjord.toml:4: unknown key `guard.exceptions[0].untill`; did you mean `until`?",
    );
    check(
        "[[guard.exceptions]]\nrule = \"rm\"\ncommand = \"\"\nuntil = \"2027-01-01\"\nreason = \"r\"\n",
        "fjord.toml:3: `guard.exceptions[0].command` must not be empty",
    );
}

#[test]
fn variables_are_refused_by_name() {
    check_variable(
        "FJORD_TELEGRAM__TOKNE",
        "x",
        "FJORD_TELEGRAM__TOKNE: unknown variable for a configuration key; did you mean `FJORD_TELEGRAM__TOKEN`?",
    );
    check_variable(
        "FJORD_TELEGRAM_TOKEN",
        "x",
        "FJORD_TELEGRAM_TOKEN: unknown variable; did you mean `FJORD_TELEGRAM__TOKEN`?",
    );
    check_variable(
        "FJORD_LLM__TIMEOUT_S",
        "soon",
        "FJORD_LLM__TIMEOUT_S: `llm.timeout_s` must be a whole number",
    );
    check_variable(
        "FJORD_TELEGRAM__ADMINS",
        "1,me",
        "FJORD_TELEGRAM__ADMINS: `telegram.admins` must be a list of Telegram user ids (positive numbers); \
         see `telegram.admins[1]`",
    );
    check_variable(
        "FJORD_GUARD__RULES",
        "{ rm = 1 }",
        "FJORD_GUARD__RULES: `guard.rules.rm` must be \"on\", \"off\", \"ask\" or \"deny\"",
    );
}

#[test]
fn flags_are_refused_by_name() {
    let machine = Machine::new();
    let environment = machine.environment(&[]);
    let loader = Loader::new(&environment).system_file(machine.system_file());
    let error = loader
        .flag("--wait", "llm.timeout_s", "0")
        .load()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "--wait: `llm.timeout_s` must be between 1 and 3600, not 0"
    );
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    check(
        "[llm]\nmodel = \"half",
        "fjord.toml:2: this is not TOML: invalid basic string, expected `\"`",
    );
    check(
        "[llm]\nmodel = \"a\"\nmodel = \"b\"\n",
        "fjord.toml:3: this is not TOML: duplicate key",
    );
    check(
        b"[llm]\nmodel = \"\xff\"\n",
        "fjord.toml: is not valid UTF-8 (line 2)",
    );
    check("", "");
    check("\u{feff}[llm]\nmodel = \"a\"", "");
    check(
        vec![b'#'; (1 << 20) + 1],
        "fjord.toml: is larger than 1 MB; is this the right file?",
    );
}

#[test]
fn deeply_nested_files_are_refused() {
    let dotted = vec!["a"; 100_000].join(".");
    for text in [
        format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("x = {}", "{a=".repeat(100_000)),
        format!("guard.rules.{dotted} = 1"),
        format!("[guard.rules.{dotted}]"),
        format!("[[guard.exceptions.{dotted}]]"),
        format!("guard.exceptions = [{{ {dotted} = 1 }}]"),
    ] {
        let machine = Machine::new();
        machine.write_user(text);
        let (_, problems) = machine.load(&[]);
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].message.starts_with("this is not TOML: "),
            "{}",
            problems[0]
        );
    }
}

#[test]
fn a_folder_and_a_missing_file_are_no_configuration() {
    let machine = Machine::new();
    let environment = machine.environment(&[]);
    let loader = Loader::new(&environment).system_file(machine.system_file());
    let refusal = |name: &str| {
        let error = loader
            .clone()
            .config_file(machine.path(name))
            .load()
            .unwrap_err();
        machine.text(&error.problems)
    };
    std::fs::create_dir(machine.path("folder")).unwrap();
    assert_eq!(refusal("folder"), "folder: is a folder, not a file");
    assert_eq!(
        refusal("nowhere.toml"),
        "nowhere.toml: no such file; check `--config`"
    );
    machine.write("plain", "");
    assert_eq!(
        refusal("plain/fjord.toml"),
        "plain/fjord.toml: cannot be read: not a directory"
    );
    let error = loader.clone().config_file("/dev/zero").load().unwrap_err();
    assert_eq!(error.to_string(), "/dev/zero: is not a plain file");
}

#[test]
fn the_rest_of_a_faulty_file_is_still_used_when_asked_for() {
    let machine = Machine::new();
    machine.write_user("[llm]\nmodel = \"mine\"\ntimeout_s = 0\n");
    let (loaded, problems) = machine.load(&[]);
    assert_eq!(problems.len(), 1);
    assert_eq!(loaded.config.llm.model, "mine");
    assert_eq!(loaded.config.llm.timeout_s, 60);
}

#[test]
fn names_are_printed_fit_for_a_terminal() {
    check(
        "[llm]\n\"mo\\u001b[31m\\ndel\" = 1",
        "fjord.toml:2: unknown key `llm.mo\u{fffd}[31m\u{fffd}del`; did you mean `llm.model`?",
    );
    check(
        "guard.rules.\"a\\nb\" = \"on\"",
        "fjord.toml:1: `guard.rules` has a name that no rule can have: `a\u{fffd}b`",
    );
    check(
        format!("[{}]", "x".repeat(100_000)),
        &format!("fjord.toml:1: unknown section `{}…`", "x".repeat(80)),
    );
}

#[test]
fn a_file_full_of_mistakes_is_not_read_to_its_end() {
    let machine = Machine::new();
    machine.write_user(
        (0..100_000)
            .map(|number| format!("k{number}=1\n"))
            .collect::<Vec<_>>()
            .concat(),
    );
    let (_, problems) = machine.load(&[]);
    assert_eq!(problems.len(), 21);
    assert_eq!(
        machine.text(&problems[20..]),
        "home/config/fjord.toml: and perhaps more; correct the lines above first"
    );
}

#[test]
fn lists_and_maps_have_an_end() {
    let many = |item: &str| vec![item; 1001].join(", ");
    check_value(
        "hooks.ignore",
        &format!("[{}]", many("\"a\"")),
        "must have at most 1000 items",
    );
    let rules: Vec<String> = (0..1001)
        .map(|number| format!("r{number} = \"on\""))
        .collect();
    check_value(
        "guard.rules",
        &format!("{{ {} }}", rules.join(", ")),
        "must have at most 1000 rules",
    );
}
