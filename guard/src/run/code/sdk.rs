//! Clients of providers in other languages: what their calls delete, stop or pay.

use super::Step;
use super::tokens::Token;

/// Names by which a client of a provider is taken in. Sorted.
const CLIENTS: &[&str] = &[
    "@aws-sdk",
    "@azure",
    "@google-cloud",
    "@octokit",
    "AWS",
    "Aws",
    "Octokit",
    "Stripe",
    "algoliasearch",
    "auth0",
    "aws-sdk",
    "azure",
    "boto",
    "boto3",
    "braintree",
    "cloudflare",
    "digitalocean",
    "docker",
    "elasticsearch",
    "firebase-admin",
    "firebase_admin",
    "github",
    "gitlab",
    "google",
    "googleapiclient",
    "googleapis",
    "hcloud",
    "kubernetes",
    "linode_api4",
    "meilisearch",
    "mollie",
    "novaclient",
    "octokit",
    "openai",
    "opensearchpy",
    "openstack",
    "oss2",
    "paypalrestsdk",
    "pinecone",
    "pydo",
    "pymongo",
    "qdrant_client",
    "shopify",
    "stripe",
    "twilio",
    "typesense",
    "weaviate",
];

/// Verbs at the start of a call's name.
const VERBS: &[&str] = &[
    "abort",
    "cancel",
    "delete",
    "deregister",
    "destroy",
    "detach",
    "disable",
    "drop",
    "empty",
    "purge",
    "reboot",
    "refund",
    "remove",
    "revoke",
    "stop",
    "terminate",
    "truncate",
    "wipe",
];

/// What the code has a provider delete, if it takes in the provider's client.
pub(super) fn step(tokens: &[Token]) -> Option<Step> {
    let taken_in = tokens.iter().enumerate().any(|(index, token)| {
        let before = tokens
            .get(index.saturating_sub(2)..index)
            .unwrap_or_default();
        takes_in(token, before)
    });
    if !taken_in {
        return None;
    }
    let found = tokens.windows(2).find_map(|pair| match pair {
        // What is called on the answer of another call is no list.
        [Token::Name(name), Token::Mark('(')]
            if changes(name) || matches!(name.as_str(), "remove" | "prune" | "kill") =>
        {
            Some(name)
        }
        _ => None,
    })?;
    let last = found.rsplit(['.', ':']).next().unwrap_or_default();
    Some(Step::Argv(vec!["sdk-call".to_owned(), last.to_owned()]))
}

/// Whether a client is taken in here: `import boto3`, `require("stripe")`, `AWS.S3`.
fn takes_in(token: &Token, before: &[Token]) -> bool {
    let imported = before.iter().any(|token| {
        matches!(
            token.last(),
            "import" | "from" | "require" | "use" | "__import__"
        )
    });
    let word = match token {
        Token::Name(name)
            if imported
                || before.last().is_some_and(|mark| mark.is('\\'))
                || name.contains(['.', ':']) =>
        {
            name.split(['.', ':']).next().unwrap_or_default()
        }
        Token::Text(text) if imported && text.len() < 64 => {
            text.split('/').next().unwrap_or_default()
        }
        _ => return false,
    };
    CLIENTS.binary_search(&word).is_ok() || word.starts_with("aws-sdk")
}

/// Whether a call takes something away: `stripe.Customer.delete`, `terminate_instances`, `deleteBucket`.
fn changes(name: &str) -> bool {
    let mut parts = name.rsplit(['.', ':']).filter(|part| !part.is_empty());
    let last = parts.next().unwrap_or_default();
    let before = parts.next().unwrap_or_default();
    let pays = [
        "Refund",
        "refunds",
        "Payout",
        "payouts",
        "Transfer",
        "transfers",
    ];
    if last == "create" {
        return pays.contains(&before);
    }
    if matches!(
        last,
        "del" | "delete" | "destroy" | "cancel" | "destroy_all"
    ) {
        return true;
    }
    let end = last
        .char_indices()
        .skip(1)
        .find(|(_, one)| *one == '_' || one.is_ascii_uppercase())
        .map(|(at, _)| at);
    let verb = end.and_then(|at| last.get(..at)).unwrap_or_default();
    let verb = verb.to_ascii_lowercase();
    VERBS.binary_search(&verb.as_str()).is_ok()
        || last == "terminate"
        || last == "batch_delete_image"
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_clients_and_the_verbs_are_sorted() {
        assert!(super::CLIENTS.is_sorted());
        assert!(super::VERBS.is_sorted());
    }
}
