//! What clients of databases say, and whether it changes something.

use super::super::databases::stores::without_strings;
use super::View;
use crate::sql;

pub(super) fn always(_: &View<'_>) -> bool {
    true
}

/// Without a database it writes a script to its output.
pub(super) fn restores(view: &View<'_>) -> bool {
    !view.run.has(Some('l'), &["list"]) && view.run.value(&["-d", "--dbname"]).is_some()
}

/// Statements that change something, or that cannot be seen.
pub(super) fn statements(view: &View<'_>) -> bool {
    let run = view.run;
    if run.has(None, &["list"]) || view.has_word("-l") {
        return false;
    }
    let options = ["-c", "--command", "-e", "--execute", "-q", "-Q", "--query"];
    let said = run.args().iter().enumerate().filter_map(|(at, arg)| {
        options.iter().find_map(|name| {
            let rest = arg.text.strip_prefix(name)?;
            match (rest, rest.strip_prefix('=')) {
                ("", _) => run.args().get(at + 1).map(|next| next.text.as_str()),
                (_, Some(value)) => Some(value),
                _ => (!name.starts_with("--")).then_some(rest),
            }
        })
    });
    let mut is_said = false;
    for text in said {
        is_said = true;
        if sql::writes(text) {
            return true;
        }
    }
    let file = match view.program.as_str() {
        "mysql" | "mariadb" | "mycli" => None,
        "sqlcmd" => run.value(&["-i"]),
        _ => run.value(&["-f", "--file", "--queries-file"]),
    };
    file.is_some()
        || match &run.stdin.text {
            Some(text) => sql::writes(text),
            None => run.stdin.given && !is_said,
        }
}

pub(super) fn administers(view: &View<'_>) -> bool {
    view.words().iter().any(|word| {
        matches!(
            *word,
            "create" | "drop" | "shutdown" | "kill" | "password" | "reload" | "refresh"
        ) || word.starts_with("flush-")
            || word.starts_with("stop-")
            || word.starts_with("start-")
    })
}

/// Commands of Redis that change keys or the server, sorted.
const CHANGES_KEYS: &[&str] = &[
    "acl",
    "append",
    "blmove",
    "blpop",
    "brpop",
    "client",
    "config",
    "copy",
    "debug",
    "decr",
    "decrby",
    "del",
    "eval",
    "evalsha",
    "expire",
    "expireat",
    "failover",
    "fcall",
    "flushall",
    "flushdb",
    "function",
    "geoadd",
    "getdel",
    "getex",
    "getset",
    "hdel",
    "hincrby",
    "hmset",
    "hset",
    "hsetnx",
    "incr",
    "incrby",
    "incrbyfloat",
    "json.del",
    "json.set",
    "linsert",
    "lmove",
    "lpop",
    "lpush",
    "lpushx",
    "lrem",
    "lset",
    "ltrim",
    "migrate",
    "move",
    "mset",
    "msetnx",
    "persist",
    "pexpire",
    "pexpireat",
    "pfadd",
    "pfmerge",
    "psetex",
    "publish",
    "rename",
    "renamenx",
    "replicaof",
    "restore",
    "rpop",
    "rpoplpush",
    "rpush",
    "rpushx",
    "sadd",
    "script",
    "set",
    "setbit",
    "setex",
    "setnx",
    "setrange",
    "shutdown",
    "slaveof",
    "smove",
    "spop",
    "srem",
    "swapdb",
    "unlink",
    "xack",
    "xadd",
    "xdel",
    "xgroup",
    "xtrim",
    "zadd",
    "zincrby",
    "zpopmax",
    "zpopmin",
    "zrem",
    "zremrangebylex",
    "zremrangebyrank",
    "zremrangebyscore",
];

pub(super) fn keys(view: &View<'_>) -> bool {
    let with_value = [
        "-h",
        "-p",
        "-s",
        "-a",
        "-u",
        "-n",
        "-r",
        "-i",
        "-d",
        "-D",
        "--user",
        "--pass",
        "--uri",
        "-t",
        "--cacert",
        "--cert",
        "--key",
        "--sni",
        "--pattern",
        "--count",
    ];
    let words: Vec<&str> = view
        .run
        .operands(&with_value)
        .iter()
        .map(|arg| arg.text.as_str())
        .collect();
    if changes_keys(&words) {
        return true;
    }
    match view.run.stdin.text.as_deref() {
        Some(text) if words.is_empty() => text
            .lines()
            .any(|line| changes_keys(&line.split_whitespace().take(2).collect::<Vec<_>>())),
        None if words.is_empty() => view.run.stdin.given || view.run.has(None, &["pipe"]),
        _ => false,
    }
}

fn changes_keys(words: &[&str]) -> bool {
    let Some(first) = words.first() else {
        return false;
    };
    let first = first.to_ascii_lowercase();
    let second = words
        .get(1)
        .map(|word| word.to_ascii_lowercase())
        .unwrap_or_default();
    // What only shows has its own second words.
    let shows = matches!(
        (first.as_str(), second.as_str()),
        ("config", "get")
            | ("client", "list" | "info" | "id" | "getname")
            | (
                "acl",
                "list" | "whoami" | "getuser" | "users" | "cat" | "log"
            )
            | ("function" | "script", "list" | "exists" | "stats" | "dump")
            | ("debug", "object")
    );
    CHANGES_KEYS.binary_search(&first.as_str()).is_ok() && !shows
}

/// Calls of a script for `mongosh`.
pub(super) fn documents(view: &View<'_>) -> bool {
    const CALLS: &[&str] = &[
        ".insert",
        ".update",
        ".delete",
        ".remove(",
        ".replaceOne(",
        ".drop",
        ".create",
        ".rename",
        ".bulkWrite(",
        ".findAndModify(",
        ".findOneAnd",
        ".save(",
        ".mapReduce(",
    ];
    let script = view.run.value(&["--eval"]);
    let piped = view.run.stdin.text.as_deref();
    let changes = |text: &str| {
        let calls = without_strings(text);
        CALLS.iter().any(|call| calls.contains(call))
    };
    script.into_iter().chain(piped).any(changes)
        || script.is_none() && piped.is_none() && view.run.stdin.given
        || view.run.value(&["-f", "--file"]).is_some()
        || view
            .words()
            .iter()
            .any(|word| word.rsplit_once('.').is_some_and(|(_, end)| end == "js"))
}

/// What brings a database to another version, or fills it.
pub(super) fn migrates(view: &View<'_>) -> bool {
    let words = view.words();
    let shows = [
        "status",
        "info",
        "validate",
        "version",
        "history",
        "current",
        "show",
        "heads",
        "generate",
        "pull",
        "introspect",
        "dump",
        "list",
        "check",
        "diff",
        "format",
    ];
    if words.iter().any(|word| shows.contains(word)) {
        return false;
    }
    words.iter().any(|word| {
        let verb = word.rsplit([':', '.']).next().unwrap_or_default();
        matches!(
            verb,
            "migrate"
                | "upgrade"
                | "downgrade"
                | "up"
                | "down"
                | "update"
                | "push"
                | "seed"
                | "deploy"
                | "redo"
                | "rollback"
                | "revert"
                | "run"
                | "latest"
                | "apply"
                | "loaddata"
        )
    })
}
