//! The SQL that can lose data, told from the SQL that only mentions it.

mod lexer;

use lexer::{Token, statements};

/// What a statement would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Harm {
    /// `DROP kind name`, with what is stored in it.
    Drop { kind: String, name: String },
    /// `DROP kind name` of something without rows of its own.
    DropOther { kind: String, name: String },
    /// `TRUNCATE name`.
    Truncate { name: String },
    /// `DELETE FROM name` for every row.
    DeleteAll { name: String },
    /// `UPDATE name SET …` for every row.
    UpdateAll { name: String },
    /// `ALTER TABLE name DROP …`.
    DropColumn { name: String },
    /// Rights for everybody, or over everything.
    Access,
    /// A program on the server.
    ServerCommand,
    /// The logs that could bring data back.
    History,
}

/// How deep a text inside a text is read.
const MAX_DEPTH: usize = 4;
/// How many statements inside one are looked at.
const MAX_HEADS: usize = 64;

/// Kinds of things whose rows go with them.
const WITH_DATA: &[&str] = &[
    "table",
    "database",
    "schema",
    "tablespace",
    "keyspace",
    "collection",
    "materialized",
    "owned",
    "user",
    "role",
    "bucket",
    "measurement",
    "series",
    "retention",
    "shard",
    "namespace",
    "pluggable",
];
/// Kinds of things that somebody has to set up again.
const SET_UP: &[&str] = &[
    "sequence",
    "stream",
    "extension",
    "server",
    "publication",
    "subscription",
    "policy",
    "external",
    "foreign",
    "warehouse",
    "stage",
    "login",
    "dictionary",
];

/// The harm in a text of SQL statements.
pub(crate) fn harms(text: &str) -> Vec<Harm> {
    let mut found = Vec::new();
    read(text, 0, &mut found);
    found
}

/// Whether a text of SQL statements has one that changes something.
pub(crate) fn writes(text: &str) -> bool {
    const VERBS: &[&str] = &[
        "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT", "CREATE", "ALTER", "DROP",
        "TRUNCATE", "RENAME", "GRANT", "REVOKE", "CALL", "DO", "REINDEX", "REFRESH", "LOAD",
        "OPTIMIZE", "KILL",
    ];
    let is_verb = |token: &Token| VERBS.iter().any(|verb| token.is(verb));
    statements(text).iter().any(|words| {
        let Some(first) = words.first() else {
            return false;
        };
        if first.is("WITH") {
            // The verb stands behind the names, or in one of their brackets.
            return words
                .windows(2)
                .any(|pair| (pair[0].is_mark('(') || pair[0].is_mark(')')) && is_verb(&pair[1]));
        }
        if first.is("EXPLAIN") {
            return words.iter().take(8).any(|token| token.is("ANALYZE"))
                && words.iter().take(10).any(is_verb);
        }
        is_verb(first)
            || first.is("COPY") && words.iter().any(|token| token.is("FROM"))
            || first.is("SELECT")
                && words.iter().any(|token| {
                    token.is("INTO")
                        || token.is("pg_terminate_backend")
                        || token.is("setval")
                        || token.is("pg_promote")
                })
    })
}

fn read(text: &str, depth: usize, found: &mut Vec<Harm>) {
    if depth > MAX_DEPTH {
        return;
    }
    let all = statements(text);
    let first_words = || {
        all.iter()
            .filter_map(|statement| statement.first())
            .map(|token| token.word().to_ascii_uppercase())
    };
    let tried = first_words()
        .next()
        .is_some_and(|word| matches!(word.as_str(), "BEGIN" | "START"))
        && first_words().next_back().as_deref() == Some("ROLLBACK")
        && !first_words().any(|word| matches!(word.as_str(), "COMMIT" | "END"));
    let mut temporary: Vec<&str> = Vec::new();
    let before = found.len();
    for statement in &all {
        if statement.first().is_some_and(|word| word.is("CREATE"))
            && statement
                .get(1)
                .is_some_and(|word| word.is("TEMP") || word.is("TEMPORARY"))
        {
            temporary.push(name_after(statement, 2));
        }
        judge(statement, depth, found);
    }
    let mut index = 0;
    found.retain(|harm| {
        index += 1;
        if index <= before {
            return true;
        }
        match harm {
            // What is rolled back is only tried.
            Harm::DeleteAll { .. } | Harm::UpdateAll { .. } if tried => false,
            Harm::Drop { name, .. } => !temporary.contains(&name.as_str()),
            _ => true,
        }
    });
}

fn judge(words: &[Token], depth: usize, found: &mut Vec<Harm>) {
    let Some(first) = words.first() else { return };
    let is = |index: usize, word: &str| words.get(index).is_some_and(|token| token.is(word));
    if words
        .windows(2)
        .any(|pair| pair[0].is_mark('\\') && pair[1].is("gexec"))
    {
        nested(words, depth, found);
    }
    match first.word().to_ascii_uppercase().as_str() {
        "DO" => nested(words, depth, found),
        "PREPARE" if words.iter().any(|token| token.is("FROM")) => nested(words, depth, found),
        "EXPLAIN" => {
            // Without `ANALYZE` nothing runs.
            if let Some(at) = words.iter().take(8).position(|token| token.is("ANALYZE")) {
                let start = (at + 1..words.len())
                    .find(|index| starts(&words[*index]))
                    .unwrap_or(words.len());
                judge(&words[start..], depth, found);
            }
        }
        "WITH" => {
            let heads = (1..words.len()).filter(|index| {
                starts(&words[*index])
                    && (words[*index - 1].is_mark('(') || words[*index - 1].is_mark(')'))
            });
            for index in heads.take(MAX_HEADS) {
                found.extend(harm(until_closed(&words[index..])));
            }
        }
        // Blocks, and statements in a row that only line breaks part.
        "BEGIN" | "DECLARE" | "IF" | "WHILE" | "FOR" | "LOOP" | "ELSE" | "THEN" | "GO" | "USE"
        | "SET" => {
            let heads = (1..words.len()).filter(|index| starts(&words[*index]));
            for index in heads.take(MAX_HEADS) {
                if !["ON", "FOR", "AFTER", "BEFORE", "OR", "OF"]
                    .iter()
                    .any(|word| is(index - 1, word))
                    && !words[index - 1].is_mark(',')
                {
                    if words[index].is("EXECUTE") || words[index].is("EXEC") {
                        nested(&words[index..], depth, found);
                    } else {
                        found.extend(harm(until_closed(&words[index..])));
                    }
                }
            }
        }
        "EXEC" | "EXECUTE" => {
            if words
                .iter()
                .take(3)
                .any(|token| token.word().ends_with("xp_cmdshell"))
            {
                found.push(Harm::ServerCommand);
            }
            nested(words, depth, found);
        }
        "COPY" if words.iter().any(|token| token.is("PROGRAM")) => found.push(Harm::ServerCommand),
        "GRANT" => {
            let to_all = words
                .windows(2)
                .any(|pair| pair[0].is("TO") && pair[1].is("PUBLIC"));
            let of_all = is(1, "ALL")
                && words
                    .windows(2)
                    .any(|pair| pair[0].is("ON") && pair[1].is_mark('*'));
            if to_all || of_all {
                found.push(Harm::Access);
            }
        }
        "RESET" | "PURGE" if is(1, "MASTER") || is(1, "BINARY") => found.push(Harm::History),
        "CREATE" if (is(1, "USER") || is(1, "ROLE")) && is_superuser(words) => {
            found.push(Harm::Access);
        }
        _ => found.extend(harm(words)),
    }
}

/// What the texts in a statement say, where the statement runs them.
fn nested(words: &[Token], depth: usize, found: &mut Vec<Harm>) {
    for token in words {
        if let Token::Text(text) | Token::Body(text) = token {
            read(text, depth + 1, found);
        }
    }
}

fn starts(token: &Token) -> bool {
    [
        "DROP", "TRUNCATE", "DELETE", "UPDATE", "ALTER", "EXEC", "EXECUTE",
    ]
    .iter()
    .any(|word| token.is(word))
}

fn is_superuser(words: &[Token]) -> bool {
    words.iter().any(|token| token.is("SUPERUSER"))
}

/// The tokens up to the bracket that closes what is around them.
fn until_closed(words: &[Token]) -> &[Token] {
    let mut open = 0_usize;
    for (index, token) in words.iter().enumerate() {
        if token.is_mark('(') {
            open += 1;
        } else if token.is_mark(')') {
            if open == 0 {
                return &words[..index];
            }
            open -= 1;
        }
    }
    words
}

/// The harm of one statement that starts with its verb.
fn harm(words: &[Token]) -> Option<Harm> {
    let is = |index: usize, word: &str| words.get(index).is_some_and(|token| token.is(word));
    let kind = words.get(1)?.word().to_ascii_lowercase();
    if is(0, "DROP") {
        let name = name_after(words, 2).to_owned();
        if WITH_DATA.contains(&kind.as_str()) {
            return Some(Harm::Drop { kind, name });
        }
        let takes_more = words.iter().any(|token| token.is("CASCADE"));
        return (SET_UP.contains(&kind.as_str()) || takes_more && !kind.is_empty())
            .then_some(Harm::DropOther { kind, name });
    }
    if is(0, "REMOVE") {
        return matches!(kind.as_str(), "table" | "database" | "namespace" | "field").then(|| {
            Harm::Drop {
                kind,
                name: name_after(words, 2).to_owned(),
            }
        });
    }
    if is(0, "TRUNCATE") {
        return Some(Harm::Truncate {
            name: name_after(words, 1).to_owned(),
        });
    }
    if is(0, "DELETE") && is(1, "FROM") {
        return (!has_bound(words)).then(|| Harm::DeleteAll {
            name: name_after(words, 2).to_owned(),
        });
    }
    if is(0, "UPDATE") && words.iter().any(|token| token.is("SET")) {
        return (!has_bound(words)).then(|| Harm::UpdateAll {
            name: name_after(words, 1).to_owned(),
        });
    }
    if is(0, "ALTER") && (is(1, "USER") || is(1, "ROLE")) && is_superuser(words) {
        return Some(Harm::Access);
    }
    (is(0, "ALTER") && is(1, "TABLE"))
        .then(|| altered(words))
        .flatten()
}

/// What `ALTER TABLE` takes away.
fn altered(words: &[Token]) -> Option<Harm> {
    let name = name_after(words, 2).to_owned();
    for (index, token) in words.iter().enumerate().skip(3) {
        let next = |word: &str| words.get(index + 1).is_some_and(|token| token.is(word));
        if token.is("DROP") {
            let keeps_data = [
                "CONSTRAINT",
                "INDEX",
                "DEFAULT",
                "NOT",
                "EXPRESSION",
                "IDENTITY",
                "PRIMARY",
                "FOREIGN",
                "KEY",
                "CHECK",
                "PROJECTION",
            ]
            .iter()
            .any(|word| next(word));
            if !keeps_data {
                return Some(Harm::DropColumn { name });
            }
        } else if token.is("TRUNCATE") && next("PARTITION") {
            return Some(Harm::Truncate { name });
        } else if token.is("DELETE") && next("WHERE") && !has_bound(&words[index..]) {
            return Some(Harm::DeleteAll { name });
        } else if token.is("DISABLE") && next("ROW") {
            return Some(Harm::Access);
        }
    }
    None
}

/// The name that stands here, after the words that may come before it.
fn name_after(words: &[Token], from: usize) -> &str {
    words
        .get(from..)
        .unwrap_or_default()
        .iter()
        .find(|token| {
            ![
                "IF",
                "NOT",
                "EXISTS",
                "ONLY",
                "CONCURRENTLY",
                "TABLE",
                "VIEW",
                "BY",
                "LOW_PRIORITY",
                "IGNORE",
                "QUICK",
            ]
            .iter()
            .any(|word| token.is(word))
        })
        .map(Token::word)
        .unwrap_or_default()
}

/// Whether a `WHERE` or a `LIMIT` leaves some rows out.
fn has_bound(words: &[Token]) -> bool {
    let mut open = 0_usize;
    let mut clause = None;
    for (index, token) in words.iter().enumerate() {
        if token.is_mark('(') {
            open += 1;
        } else if token.is_mark(')') {
            open = open.saturating_sub(1);
        } else if open == 0 && token.is("LIMIT") {
            return true;
        } else if open == 0 && token.is("WHERE") {
            clause = Some(index + 1);
        } else if open == 0
            && let Some(from) = clause
            && (token.is("RETURNING") || token.is("ORDER"))
        {
            return !always(&words[from..index], 0);
        }
    }
    clause.is_some_and(|from| !always(&words[from..], 0))
}

/// Whether a condition holds for every row, as far as its words tell.
fn always(clause: &[Token], depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let either: Vec<&[Token]> = parts(clause, "OR");
    if either.len() > 1 {
        return either.iter().any(|part| always(part, depth + 1));
    }
    let both = parts(clause, "AND");
    if both.len() > 1 {
        return both.iter().all(|part| always(part, depth + 1));
    }
    match clause {
        [open, inner @ .., close]
            if open.is_mark('(') && close.is_mark(')') && !inner.is_empty() =>
        {
            always(inner, depth + 1)
        }
        [Token::Word(one)] => {
            one.eq_ignore_ascii_case("true") || one.parse::<u64>().is_ok_and(|number| number > 0)
        }
        [not, what] if not.is("NOT") => what.is("FALSE") || what.is("0"),
        [left, mark, right] if mark.is_mark('=') => left == right && !left.word().contains('\u{1}'),
        [_, like, Token::Text(text)] if like.is("LIKE") || like.is("ILIKE") => text == "%",
        [left, is, not, null] if is.is("IS") && not.is("NOT") && null.is("NULL") => is_key(left),
        [left, mark, right] if mark.is_mark('>') => is_key(left) && right.is("0"),
        _ => false,
    }
}

/// Whether a column is the usual key, which is never empty and never below one.
fn is_key(token: &Token) -> bool {
    token
        .word()
        .rsplit('.')
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("id"))
}

/// A condition, parted at a word outside brackets.
fn parts<'a>(clause: &'a [Token], word: &str) -> Vec<&'a [Token]> {
    let mut open = 0_usize;
    let mut found = Vec::new();
    let mut from = 0;
    for (index, token) in clause.iter().enumerate() {
        if token.is_mark('(') {
            open += 1;
        } else if token.is_mark(')') {
            open = open.saturating_sub(1);
        } else if open == 0 && token.is(word) {
            found.push(&clause[from..index]);
            from = index + 1;
        }
    }
    found.push(&clause[from..]);
    found
}
