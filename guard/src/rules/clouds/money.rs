//! Requests that move money or end a subscription.

use super::http::parts;
use crate::run::Arg;

/// Ends of the hosts of payment services.
const HOSTS: &[&str] = &[
    "adyen.com",
    "adyenpayments.com",
    "authorize.net",
    "braintree-api.com",
    "braintreegateway.com",
    "chargebee.com",
    "checkout.com",
    "gocardless.com",
    "klarna.com",
    "lemonsqueezy.com",
    "mollie.com",
    "paddle.com",
    "paypal.com",
    "plaid.com",
    "razorpay.com",
    "recurly.com",
    "squareup.com",
    "stripe.com",
    "wise.com",
    "xendit.co",
];

/// Words in a path after which money has moved or a contract has ended.
const DEEDS: &[&str] = &[
    "cancel",
    "cancels",
    "cancel_for_items",
    "capture",
    "cancellations",
    "captures",
    "charges",
    "disbursements",
    "payout",
    "payouts",
    "refund",
    "refunds",
    "reversals",
    "reverse",
    "terminate",
    "topups",
    "transfers",
    "void",
    "voids",
    "withdrawals",
];

/// Whether the key of a test account is given.
pub(super) fn plays(args: &[Arg]) -> bool {
    args.iter().any(|arg| {
        ["sk_test_", "rk_test_", " test_"]
            .iter()
            .any(|start| arg.text.contains(start))
    })
}

/// Whether an address is one at which a request moves money.
pub(super) fn moves(address: &str) -> bool {
    let (host, path) = parts(address);
    let host = host.split(':').next().unwrap_or_default();
    // What is played with has a host of its own.
    let plays = ["sandbox", "test", "demo"]
        .iter()
        .any(|word| host.contains(word));
    !plays
        && HOSTS.iter().any(|known| {
            host.strip_suffix(known)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
        && path
            .trim_end_matches('/')
            .rsplit('/')
            .take(2)
            .any(|piece| DEEDS.contains(&piece))
}
