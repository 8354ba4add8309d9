//! Messages to people: e-mail, SMS, push and chat, in bulk or through a provider.
//!
//! One mail, and one post to a channel, is what scripts and people do all day; nothing is said of it.

use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View, report, rule};
use crate::Verdict;
use crate::run::UNKNOWN;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "messaging.bulk",
        field: "messaging",
        severity: Verdict::Ask,
        reason: "This sends messages to many people, and none of them can be called back.",
        alternative: "Send one to yourself first, and let a person send the rest.",
    },
    RuleDoc {
        id: "messaging.send",
        field: "messaging",
        severity: Verdict::Ask,
        reason: "This sends mail, SMS or push messages to customers through a provider.",
        alternative: "Use the provider's sandbox or a local mail catcher, and let a person send it.",
    },
];

const ROWS: &[Row] = &[
    row(
        &["aws"],
        &["ses", "send-bulk-templated-email"],
        "messaging.bulk",
    ),
    row(&["aws"], &["sesv2", "send-bulk-email"], "messaging.bulk"),
    row(
        &["aws"],
        &[
            "ses|sesv2",
            "send-email|send-raw-email|send-templated-email",
        ],
        "messaging.send",
    ),
    with(
        &["aws"],
        &["sns", "publish"],
        &["--phone-number"],
        "messaging.send",
    ),
    row(
        &["aws"],
        &[
            "pinpoint",
            "send-messages|send-users-messages|create-campaign",
        ],
        "messaging.bulk",
    ),
    row(
        &["aws"],
        &[
            "pinpoint-sms-voice-v2",
            "send-text-message|send-voice-message",
        ],
        "messaging.send",
    ),
    row(
        &["twilio"],
        &["api:core:messages:create|api:core:calls:create|email:send"],
        "messaging.send",
    ),
    row(&["wp"], &["newsletter|mailpoet", "send"], "messaging.bulk"),
    row(
        &["mailchimp"],
        &["campaigns|campaign", "send|schedule"],
        "messaging.bulk",
    ),
    row(&["sendgrid"], &["mail:send"], "messaging.send"),
    row(&["firebase"], &["messaging:send"], "messaging.send"),
    row(
        &["manage.py"],
        &["send_newsletter|send_newsletters|send_mass_mail|send_bulk_email"],
        "messaging.bulk",
    ),
    row(
        &["python", "python3"],
        &[
            "manage.py|./manage.py",
            "send_newsletter|send_newsletters|send_mass_mail|send_bulk_email",
        ],
        "messaging.bulk",
    ),
    with(&["sendmail", "msmtp"], &[], &["-t"], "messaging.send"),
];

/// Where a request sends messages: the host's end, and a part of the path.
const ENDPOINTS: &[(&str, &str)] = &[
    ("api.sendgrid.com", "/mail/send"),
    ("api.mailgun.net", "/messages"),
    ("api.eu.mailgun.net", "/messages"),
    ("api.postmarkapp.com", "/email"),
    ("mandrillapp.com", "/messages/send"),
    ("api.resend.com", "/emails"),
    ("api.brevo.com", "/email"),
    ("api.sparkpost.com", "/transmissions"),
    ("api.intercom.io", "/messages"),
];
/// Where a request sends to whole lists, or to telephones.
const ALWAYS_ASKED: &[(&str, &str)] = &[
    ("api.sendgrid.com", "/schedule"),
    ("api.mailchimp.com", "/actions/"),
    ("onesignal.com", "/notifications"),
    ("fcm.googleapis.com", "send"),
    ("api.twilio.com", "/Messages"),
    ("api.twilio.com", "/Calls"),
    ("rest.nexmo.com", "/sms"),
    ("graph.facebook.com", "/messages"),
    ("api.messagebird.com", "/messages"),
    ("a.klaviyo.com", "/campaign"),
];
/// Where a request posts into a chat.
const CHATS: &[(&str, &str)] = &[
    ("slack.com", "/chat.post"),
    ("hooks.slack.com", "/services/"),
    ("discord.com", "/webhooks/"),
    ("discord.com", "/messages"),
    ("api.telegram.org", "/send"),
    ("webhook.office.com", "/"),
];
/// Programs that send one mail.
const MAILERS: &[&str] = &[
    "mail",
    "mailx",
    "s-nail",
    "mutt",
    "neomutt",
    "sendmail",
    "msmtp",
    "swaks",
    "ssmtp",
    "mpack",
    "sendemail",
];
/// From so many on it is many.
const MANY: usize = 3;

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.is(MAILERS) && mails_many(view) {
        report(findings, rule(RULES, "messaging.bulk"));
    } else if view.is(&["curl", "http", "https", "xh", "wget"]) {
        request(view, findings);
    } else if view.is(&["gh", "glab"])
        && matches!(
            view.words().as_slice(),
            ["issue" | "pr" | "mr", "comment" | "note" | "create", ..]
        )
        && like(view) >= 5
    {
        report(findings, rule(RULES, "messaging.bulk"));
    } else {
        table::judge(view, ROWS, RULES, findings);
    }
}

fn mails_many(view: &View<'_>) -> bool {
    let to = view.run.operands(&[
        "-s", "-a", "-r", "-S", "-q", "-F", "-A", "-i", "-e", "--from", "-f",
    ]);
    let recipients: usize = to
        .iter()
        .flat_map(|arg| arg.text.split(','))
        .filter(|address| address.contains('@') || address.contains(UNKNOWN))
        .count();
    let from_list = view
        .args()
        .iter()
        .any(|arg| arg.text.len() > 1 && arg.text.starts_with('@') && view.program == "swaks");
    recipients >= MANY
        || from_list
        || repeated(view)
        || to.iter().any(|arg| !arg.is_known()) && comes_from_list(view)
}

/// Whether this runs once for each line of something.
fn repeated(view: &View<'_>) -> bool {
    view.run
        .via
        .iter()
        .any(|via| via == "xargs" || via == "parallel")
        || like(view) >= MANY
}

/// How many of the commands, this one with it, run the same program. Long lists are cut.
fn like(view: &View<'_>) -> usize {
    let own = view.run.argv.first();
    view.all
        .iter()
        .take(64)
        .filter(|run| run.argv.first() == own)
        .count()
}

/// Whether what is unknown in the words is read from a list: a file, a query.
fn comes_from_list(view: &View<'_>) -> bool {
    let lists = |program: &str| {
        matches!(
            program,
            "" | "cat" | "read" | "seq" | "psql" | "mysql" | "sqlite3" | "jq" | "cut" | "awk"
        )
    };
    view.all.iter().take(64).enumerate().any(|(index, run)| {
        !std::ptr::eq(run, view.run)
            && !view.run.stdin.from.contains(&index)
            && lists(&run.program())
    })
}

/// Whether more than one or two people may get a message: its text is not on the line, or names many.
fn may_reach_many(view: &View<'_>) -> bool {
    let from_file = |text: &str| {
        text.starts_with('@') || text.starts_with('<') || text.contains("=@") || text.contains("=<")
    };
    let addresses: usize = view
        .args()
        .iter()
        .filter(|arg| !arg.text.contains("://"))
        .map(|arg| arg.text.matches('@').count())
        .sum();
    addresses >= MANY
        || repeated(view)
        || view.run.stdin.given
        || view.args().iter().any(|arg| from_file(&arg.text))
        || view
            .args()
            .iter()
            .any(|arg| !arg.is_known() && arg.text.contains(['{', '[', '=']))
}

fn request(view: &View<'_>, findings: &mut Vec<Finding>) {
    let Some(url) = view
        .args()
        .iter()
        .map(|arg| arg.text.as_str())
        .find(|text| text.contains("://"))
    else {
        return;
    };
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = after.split_at(after.find('/').unwrap_or(after.len()));
    let reaches = |table: &[(&str, &str)]| {
        table
            .iter()
            .any(|(end, part)| host.ends_with(end) && path.contains(part))
    };
    let posts = view.program != "curl"
        || view.args().iter().any(|arg| {
            matches!(
                arg.text.as_str(),
                "-d" | "-F"
                    | "--data"
                    | "--json"
                    | "--data-raw"
                    | "--data-binary"
                    | "--form"
                    | "--data-urlencode"
                    | "--form-string"
                    | "POST"
                    | "-XPOST"
            )
        });
    if !posts {
        return;
    }
    if reaches(ALWAYS_ASKED) || reaches(ENDPOINTS) && may_reach_many(view) {
        report(findings, rule(RULES, "messaging.send"));
    } else if reaches(CHATS) {
        let unknown = view.args().iter().any(|arg| {
            !arg.is_known() && !arg.text.starts_with("Authorization") && arg.text != url
        });
        let calls_all = view.args().iter().any(|arg| {
            ["@everyone", "@here", "@channel", "<!channel>", "<!here>"]
                .iter()
                .any(|word| arg.text.contains(word))
        });
        if calls_all || repeated(view) || unknown && comes_from_list(view) {
            report(findings, rule(RULES, "messaging.bulk"));
        }
    }
}
