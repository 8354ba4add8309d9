//! Stores without SQL: what is typed at their clients.

use super::{RULES, Verdict};
use crate::rules::{Finding, View, report, report_as, rule};

/// `redis-cli` and its like.
pub(super) fn redis(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view.run.operands(&[
        "-h", "-p", "-a", "-n", "-u", "-s", "-r", "-i", "--user", "--pass", "--cacert", "--cert",
        "--key", "--sni",
    ]);
    let typed: Vec<String> = words
        .iter()
        .map(|arg| arg.text.to_ascii_lowercase())
        .collect();
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    redis_words(&typed, findings);
    // Keys that another program finds are seen by nobody before they are gone.
    if matches!(typed.first(), Some(&("del" | "unlink")))
        && view.run.via.iter().any(|via| via == "xargs")
    {
        report_as(
            findings,
            rule(RULES, "databases.flush"),
            Verdict::Ask,
            "This deletes every key that a pattern finds.".to_owned(),
        );
    }
    if let Some(piped) = view.run.stdin.text.as_deref() {
        for line in piped.lines().take(256) {
            let line = line.to_ascii_lowercase();
            redis_words(&line.split_whitespace().collect::<Vec<_>>(), findings);
        }
    }
}

fn redis_words(words: &[&str], findings: &mut Vec<Finding>) {
    let id = match words {
        ["flushall" | "flushdb" | "shutdown", ..] | ["function", "flush", ..] => "databases.flush",
        ["eval" | "eval_ro", script, ..]
            if ["'flushall'", "'flushdb'", "\"flushall\"", "\"flushdb\""]
                .iter()
                .any(|call| script.contains(call)) =>
        {
            "databases.flush"
        }
        [
            "config",
            "set",
            "requirepass" | "masterauth" | "save",
            "" | "\"\"" | "''",
        ]
        | ["config", "set", "appendonly" | "protected-mode", "no"] => "databases.settings",
        ["config", "set", "dir" | "dbfilename" | "rename-command", ..]
        | ["module", "load" | "loadex", ..] => "databases.server-command",
        ["replicaof" | "slaveof", host, ..] if *host != "no" => "databases.node",
        [
            "cluster",
            "reset" | "forget" | "flushslots" | "delslots" | "failover",
            ..,
        ]
        | ["failover" | "swapdb", ..]
        | [
            "debug",
            "segfault" | "sleep" | "panic" | "oom" | "restart" | "crash-and-recover" | "flushall"
            | "leak",
            ..,
        ] => "databases.node",
        ["acl", "deluser" | "setuser", ..] => "databases.access",
        _ => return,
    };
    report(findings, rule(RULES, id));
}

/// `mongosh` and its like: what the script calls, its strings aside.
pub(super) fn documents(view: &View<'_>, findings: &mut Vec<Finding>) {
    let drops = [
        "dropDatabase(",
        "_dropDatabase(",
        ".drop(",
        "._drop(",
        ".truncate(",
        "dropIndexes(",
    ];
    let all_rows = [
        "deleteMany({})",
        "deleteMany()",
        ".remove({})",
        ".remove()",
        "updateMany({},",
    ];
    for text in view
        .args()
        .iter()
        .map(|arg| &arg.text)
        .chain(&view.run.stdin.text)
    {
        let calls = without_strings(text);
        let has = |names: &[&str]| names.iter().any(|name| calls.contains(name));
        let commanded = command_of(text, &calls);
        if has(&[
            "db.shutdownServer(",
            "rs.remove(",
            "rs.stepDown(",
            "sh.removeShard(",
            "db.fsyncLock(",
        ]) || commanded.is_some_and(|name| NODE_COMMANDS.contains(&name))
        {
            report(findings, rule(RULES, "databases.node"));
        }
        if has(&["dropUser(", "dropAllUsers(", "dropRole(", "dropAllRoles("])
            || commanded
                .is_some_and(|name| name.starts_with("dropUser") || name.starts_with("dropAll"))
        {
            report(findings, rule(RULES, "databases.access"));
        }
        if has(&drops) || commanded.is_some_and(|name| DROP_COMMANDS.contains(&name)) {
            report(findings, rule(RULES, "databases.drop"));
        } else if has(&all_rows) {
            report(findings, rule(RULES, "databases.delete-all"));
        }
    }
}

/// Commands that take a server down or out.
const NODE_COMMANDS: &[&str] = &["shutdown", "replSetStepDown", "removeShard", "fsync"];
/// Commands that drop what holds data.
const DROP_COMMANDS: &[&str] = &["drop", "dropDatabase", "dropIndexes"];

/// The first key of `runCommand({…})` and `adminCommand({…})`, which names the command.
fn command_of<'t>(text: &'t str, calls: &str) -> Option<&'t str> {
    // What stands in a string only is no call.
    if !calls.contains("Command({") {
        return None;
    }
    let (_, rest) = text.split_once("Command(")?;
    let rest = rest.trim_start().strip_prefix('{')?.trim_start();
    let rest = rest.trim_start_matches(['"', '\'']);
    let end = rest.find(|one: char| !one.is_ascii_alphanumeric())?;
    rest.get(..end)
}

/// A script without blanks and without what stands in its strings.
pub(in crate::rules) fn without_strings(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(one) = characters.next() {
        match (quote, one) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if open == one => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(one),
            (None, _) if one.is_whitespace() => {}
            (None, _) => kept.push(one),
        }
    }
    kept
}

/// `flush_all` spoken to memcached over a plain connection.
pub(super) fn memcached(view: &View<'_>, findings: &mut Vec<Finding>) {
    let flushes = view.run.stdin.text.as_deref().is_some_and(|text| {
        text.lines().take(64).any(|line| {
            matches!(
                line.trim().to_ascii_lowercase().as_str(),
                "flush_all" | "flushall" | "flushdb"
            )
        })
    });
    if flushes {
        report(findings, rule(RULES, "databases.flush"));
    }
}

/// Cypher that deletes every node it matches.
pub(super) fn cypher(text: &str, findings: &mut Vec<Finding>) {
    let script = without_strings(text).to_ascii_lowercase();
    let bounded = script.contains("where") || script.contains('{') || script.contains("limit");
    if script.starts_with("match(") && script.contains("delete") && !bounded {
        report(findings, rule(RULES, "databases.delete-all"));
    }
}
