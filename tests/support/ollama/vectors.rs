//! Tiny vectors of our own: words that mean the same stand near each other, by a table.

/// As many as `all-minilm` gives.
pub const DIMENSIONS: usize = 384;

/// Each line holds words of one meaning; the first names it.
const MEANINGS: &[&[&str]] = &[
    &[
        "database",
        "postgres",
        "postgresql",
        "mysql",
        "sql",
        "db",
        "datastore",
    ],
    &["cache", "redis", "memcached", "caching"],
    &[
        "broken",
        "down",
        "outage",
        "failing",
        "fail",
        "failure",
        "crash",
        "dead",
        "unavailable",
        "offline",
    ],
    &["slow", "latency", "sluggish", "lag", "delay", "timeout"],
    &[
        "deploy",
        "release",
        "rollout",
        "ship",
        "publish",
        "deployment",
    ],
    &["rollback", "revert", "undo", "restore"],
    &["full", "exhausted", "exceeded", "overflow", "limit"],
    &["disk", "storage", "volume", "filesystem", "space"],
    &["memory", "ram", "oom", "heap"],
    &["connection", "socket", "pool", "connect", "client"],
    &["certificate", "tls", "ssl", "https", "cert"],
    &["secret", "password", "credential", "token", "key"],
    &["server", "host", "machine", "node", "box"],
    &["fix", "repair", "solve", "resolve", "cure", "remedy"],
    &["customer", "user", "visitor", "people"],
    &["payment", "checkout", "billing", "invoice", "charge", "pay"],
];

/// Words that carry no meaning of their own.
const FILLERS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "do", "for", "from", "how", "i", "if", "in",
    "is", "it", "my", "of", "on", "or", "our", "so", "that", "the", "this", "to", "was", "we",
    "what", "when", "why", "with", "you",
];

/// Makes the vector of a text: the sum of its meanings, of length one, the same at every run.
pub fn embed(text: &str) -> Vec<f32> {
    let mut sum = vec![0.0_f32; DIMENSIONS];
    for word in text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let word = word.to_lowercase();
        if FILLERS.contains(&word.as_str()) {
            continue;
        }
        for (total, part) in sum.iter_mut().zip(direction(meaning(&word))) {
            *total += part;
        }
    }
    let length = sum.iter().map(|part| part * part).sum::<f32>().sqrt();
    if length < 1e-6 {
        // A text without words still needs a direction: cosine is undefined for nothing.
        sum[0] = 1.0;
        return sum;
    }
    sum.iter().map(|part| part / length).collect()
}

fn meaning(word: &str) -> &str {
    let stem = stem(word);
    let known = MEANINGS
        .iter()
        .find(|words| words.contains(&word) || words.iter().any(|known| self::stem(known) == stem));
    known.map_or(stem, |words| words[0])
}

fn stem(word: &str) -> &str {
    let endings = ["ments", "ment", "ing", "ed", "es", "s"];
    let cut = endings
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.len() >= 3));
    cut.unwrap_or(word)
}

/// A direction for each meaning, at about a right angle to every other.
fn direction(meaning: &str) -> impl Iterator<Item = f32> {
    // FNV-1a seeds xorshift: both are short, and the same on every machine and compiler.
    let mut state = meaning
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if state & 1 == 0 { 1.0 } else { -1.0 }
    })
    .take(DIMENSIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(left: &str, right: &str) -> f32 {
        embed(left)
            .iter()
            .zip(embed(right))
            .map(|(left, right)| left * right)
            .sum()
    }

    #[test]
    fn texts_of_one_meaning_are_near_without_a_word_in_common() {
        let near = likeness("the database is down", "postgres outage");
        let far = likeness("the database is down", "renew the certificates");
        assert!(near > 0.9 && far < 0.3, "{near} {far}");
    }

    #[test]
    fn a_vector_has_the_length_one() {
        for text in ["", "the", "one two three", "日本語"] {
            assert!((likeness(text, text) - 1.0).abs() < 1e-4, "{text}");
        }
    }
}
