//! The SQL that can lose data, told from the SQL that only mentions it.

/// What a statement would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Harm {
    /// `DROP kind name`.
    Drop { kind: String, name: String },
    /// `TRUNCATE name`.
    Truncate { name: String },
    /// `DELETE FROM name` without `WHERE`.
    DeleteAll { name: String },
    /// `UPDATE name SET …` without `WHERE`.
    UpdateAll { name: String },
    /// `ALTER TABLE name DROP …`.
    DropColumn { name: String },
}

/// The harm in a text of SQL statements.
pub(crate) fn harms(text: &str) -> Vec<Harm> {
    statements(text)
        .iter()
        .filter_map(|words| harm(words))
        .collect()
}

fn harm(words: &[String]) -> Option<Harm> {
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let is = |index: usize, word: &str| upper.get(index).is_some_and(|found| found == word);
    // What a statement does may come after `WITH … AS (…)`, `EXPLAIN ANALYZE` or a label.
    let start = upper.iter().position(|word| {
        matches!(
            word.as_str(),
            "DROP" | "TRUNCATE" | "DELETE" | "UPDATE" | "ALTER"
        )
    })?;
    let leads = start == 0 || matches!(upper[0].as_str(), "WITH" | "EXPLAIN" | "BEGIN");
    if !leads {
        return None;
    }
    let name_after = |mut index: usize| {
        while upper.get(index).is_some_and(|word| {
            matches!(
                word.as_str(),
                "IF" | "EXISTS"
                    | "ONLY"
                    | "CONCURRENTLY"
                    | "TABLE"
                    | "LOW_PRIORITY"
                    | "IGNORE"
                    | "QUICK"
            )
        }) {
            index += 1;
        }
        words.get(index).cloned().unwrap_or_default()
    };
    let has_where = upper.iter().any(|word| word == "WHERE" || word == "LIMIT");
    let (name, kind) = (
        name_after(start + 2),
        upper.get(start + 1)?.to_ascii_lowercase(),
    );
    if is(start, "DROP") {
        let loses = matches!(
            kind.as_str(),
            "table"
                | "database"
                | "schema"
                | "tablespace"
                | "keyspace"
                | "collection"
                | "materialized"
                | "owned"
                | "user"
                | "role"
                | "bucket"
                | "measurement"
        );
        return loses.then_some(Harm::Drop { kind, name });
    }
    if is(start, "TRUNCATE") {
        return Some(Harm::Truncate {
            name: name_after(start + 1),
        });
    }
    if is(start, "DELETE") && is(start + 1, "FROM") {
        return (!has_where).then_some(Harm::DeleteAll { name });
    }
    if is(start, "UPDATE") && upper.iter().any(|word| word == "SET") {
        return (!has_where).then_some(Harm::UpdateAll {
            name: name_after(start + 1),
        });
    }
    let drops = upper
        .iter()
        .skip(start + 2)
        .position(|word| word == "DROP")
        .map(|at| at + start + 2)?;
    let keeps_data = upper.get(drops + 1).is_some_and(|word| {
        matches!(
            word.as_str(),
            "CONSTRAINT" | "INDEX" | "DEFAULT" | "NOT" | "EXPRESSION" | "IDENTITY"
        )
    });
    (is(start, "ALTER") && is(start + 1, "TABLE") && !keeps_data && !is(drops - 1, "COLUMN"))
        .then_some(Harm::DropColumn { name })
}

/// The words of each statement, without comments and string values.
fn statements(text: &str) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut characters = text.chars().peekable();
    let mut word = String::new();
    let finish = |word: &mut String, found: &mut Vec<Vec<String>>| {
        if !word.is_empty()
            && let Some(last) = found.last_mut()
            && last.len() < 400
        {
            last.push(std::mem::take(word));
        }
        word.clear();
    };
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                finish(&mut word, &mut found);
                while characters.next().is_some_and(|one| one != '\'') {}
            }
            '"' | '`' | '[' => {
                let end = if character == '[' { ']' } else { character };
                for one in characters.by_ref().take_while(|one| *one != end) {
                    word.push(one);
                }
            }
            '-' if characters.peek() == Some(&'-') => {
                while characters.next_if(|one| *one != '\n').is_some() {}
            }
            '/' if characters.peek() == Some(&'*') => {
                finish(&mut word, &mut found);
                let mut before = ' ';
                for one in characters.by_ref() {
                    if before == '*' && one == '/' {
                        break;
                    }
                    before = one;
                }
            }
            ';' => {
                finish(&mut word, &mut found);
                if found.len() < 1_000 {
                    found.push(Vec::new());
                }
            }
            one if one.is_alphanumeric() || matches!(one, '_' | '.' | '$' | '\u{1}') => {
                word.push(one);
            }
            _ => finish(&mut word, &mut found),
        }
    }
    finish(&mut word, &mut found);
    found
}
