//! What a session was given lately, by its content, so that nothing is said twice.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::agent::Agent;
use crate::throttle::HOOK_NOTICE;

/// How long a session that goes on is not told again what it knew.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// Leaves out what this session was given in the last 300 s.
pub(crate) async fn not_lately(
    agent: &Agent,
    session: &str,
    blocks: Vec<String>,
    until: Instant,
) -> Vec<String> {
    let keys = keys("context", session, &blocks);
    let new = agent
        .throttle()
        .once_each(&keys, HOOK_NOTICE, agent.now(), until)
        .await;
    only(blocks, &new)
}

/// Marks what this session is told of its project, and tells what it did not know for days.
pub(crate) async fn never(
    agent: &Agent,
    session: &str,
    blocks: &[String],
    until: Instant,
) -> Vec<bool> {
    let keys = keys("brief", session, blocks);
    agent
        .throttle()
        .once_each(&keys, REMEMBERED, agent.now(), until)
        .await
}

/// Keeps the blocks that are marked as new.
pub(crate) fn only(blocks: Vec<String>, new: &[bool]) -> Vec<String> {
    blocks
        .into_iter()
        .zip(new)
        .filter_map(|(block, new)| new.then_some(block))
        .collect()
}

fn keys(kind: &str, session: &str, blocks: &[String]) -> Vec<String> {
    // Also the session's name comes from outside: a digest has bounds.
    let session = digest(session);
    let mut keys: Vec<String> = Vec::with_capacity(blocks.len());
    for block in blocks {
        keys.push(format!("hooks:{kind}:{session}:{}", digest(block)));
    }
    keys
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .take(12)
        .fold(String::new(), |mut hex, byte| {
            use std::fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_session_and_one_content() {
        let of = |session: &str, text: &str| keys("context", session, &[text.to_owned()]);
        assert_eq!(of("s1", "> api"), of("s1", "> api"));
        assert_ne!(of("s1", "> api"), of("s2", "> api"));
        assert_ne!(of("s1", "> api"), of("s1", "> web"));
        assert!(of(&"s".repeat(9_000), "> api")[0].len() < 80);
    }
}
