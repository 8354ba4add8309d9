use agent::store::rows::{DeploymentStatus, HealthStatus, ServerStatus};
use agent::{Answer, Brief, Question, ServerState, ServiceState, StatusReport};

use super::examples::*;
use super::*;
use crate::text::{LONGEST_MESSAGE, plain, units};
use crate::ticket;

/// What somebody who means harm would put into a name.
const HOSTILE: &str = "<b>x</b>&\"'`;rm -rf\u{202e}";

/// Checks that tags are ours, closed in order, and nothing else looks like one.
#[track_caller]
fn check_markup(html: &str) {
    let mut open = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece
            .split_once('>')
            .unwrap_or_else(|| panic!("a tag without an end: {html}"));
        if let Some(tag) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(tag), "{html}");
        } else {
            assert!(
                ["b", "i", "code", "pre"].contains(&tag),
                "<{tag}> in {html}"
            );
            open.push(tag);
        }
    }
    assert!(open.is_empty(), "{open:?} stay open in {html}");
    for entity in html.split('&').skip(1) {
        assert!(
            ["amp;", "lt;", "gt;"]
                .iter()
                .any(|known| entity.starts_with(known)),
            "&{entity} in {html}"
        );
    }
}

#[test]
fn every_reply_is_rendered_with_our_markup_only() {
    for reply in every_reply(HOSTILE) {
        let message = super::reply(&reply);
        check_markup(&message.html);
        assert!(!message.html.contains('\u{202e}'), "{}", message.html);
        assert!(
            message.html.starts_with("<b>"),
            "the first line says what matters: {}",
            message.html
        );
    }
}

#[test]
fn every_reply_fits_a_message_and_the_rest_goes_as_a_file() {
    for reply in every_reply(&"😀 <&> a long line\n".repeat(3_000)) {
        let message = super::reply(&reply);
        assert!(
            units(&message.html) <= LONGEST_MESSAGE,
            "{} units",
            units(&message.html)
        );
        check_markup(&message.html);
    }
    let lines: Vec<String> = (0..2_000).map(|number| format!("line {number}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let message = super::reply(&Reply::Deployed(report(
        DeploymentStatus::Failed,
        "it broke",
        &lines,
    )));
    assert!(
        message.html.starts_with("<b>failed</b>: it broke\n"),
        "{}",
        message.html
    );
    assert!(message.document.unwrap().text.contains("line 1999"));
}

#[test]
fn every_error_names_its_next_step() {
    let errors = [
        (
            Error::invalid("write `/deploy SERVICE VERSION`"),
            "<b>not clear</b>: write <code>/deploy SERVICE VERSION</code>",
        ),
        (
            Error::not_found("no <service>"),
            "<b>not found</b>: no &lt;service&gt;",
        ),
        (
            Error::Ambiguous {
                name: "a".to_owned(),
                candidates: vec!["api".to_owned(), "app".to_owned()],
            },
            "<b>not clear</b>: <code>a</code> fits several: api, app; name one of them",
        ),
        (
            Error::Throttled { retry_after_s: 3 },
            "<b>wait</b>: too many requests; try again in 3 s",
        ),
    ];
    for (error, expected) in errors {
        assert_eq!(super::error(&error).html, expected);
    }
}

#[test]
fn a_question_shows_exactly_what_would_be_done() {
    let question = question("api@web1");
    let message = super::reply(&Reply::Confirm(question.clone()));
    assert_eq!(
        message.html,
        "<b>Deploy api@web1 v1 → v2?</b>\n<code>api@web1</code> · production · v1 → v2\n\
         runs <code>make deploy &amp;&amp; echo &lt;done&gt;</code>\nin <code>/srv/api</code>\n\
         then asks <code>http://127.0.0.1:8080/health</code>\nif it fails: back to <code>v1</code>\n\
         needed by <code>web@web1</code>\nrisk: it is Friday\n\nOnly you can answer, until 14:05:00 UTC."
    );
    let buttons = message.buttons.unwrap();
    assert_eq!(buttons.yes, "Deploy");
    for answer in [Answer::Yes, Answer::No] {
        let data = ticket::data(answer, &buttons.ticket);
        assert_eq!(
            ticket::parse(&data),
            Some((answer, question.ticket.as_str()))
        );
        assert!(!data.contains("api"), "a button carries no name: {data}");
    }
}

#[test]
fn a_question_without_a_plan_can_be_answered_too() {
    let question = Question {
        plan: None,
        text: "schedule `deploy api v2`".to_owned(),
        ..question("api")
    };
    let message = super::reply(&Reply::Confirm(question));
    assert!(
        message.html.starts_with("<b>Schedule deploy api v2?</b>"),
        "{}",
        message.html
    );
    assert_eq!(message.buttons.unwrap().yes, "Yes");
}

#[test]
fn the_first_word_of_a_result_says_how_it_ended() {
    #[track_caller]
    fn check(status: DeploymentStatus, expected: &str) {
        let html = super::reply(&Reply::Deployed(report(status, "so it is", &[]))).html;
        assert_eq!(
            html.lines().next().unwrap(),
            format!("<b>{expected}</b>: so it is")
        );
    }
    check(DeploymentStatus::Success, "ok");
    check(DeploymentStatus::Failed, "failed");
    check(DeploymentStatus::RolledBack, "rolled back");
    check(
        DeploymentStatus::RollbackFailed,
        "failed, and going back failed too",
    );
    check(DeploymentStatus::Cancelled, "cancelled");
    check(DeploymentStatus::Interrupted, "interrupted");
    let mut unchecked = report(DeploymentStatus::Success, "so it is", &[]);
    unchecked.deployment.verified = Some(false);
    let html = super::reply(&Reply::Deployed(unchecked)).html;
    assert!(html.starts_with("<b>ok, unverified</b>"), "{html}");
}

#[test]
fn a_failed_deployment_reads_well_on_a_phone() {
    let html = super::reply(&Reply::Deployed(report(
        DeploymentStatus::RolledBack,
        "v2 did not become healthy; v1 runs again",
        &["error: <port> taken"],
    )))
    .html;
    assert_eq!(
        plain(&html),
        "rolled back: v2 did not become healthy; v1 runs again\napi@web1 · v1 → v2 · 12 s · number 7\n\n\
         last lines printed:\nerror: <port> taken\n\nnext: /incident api@web1 v2 failed"
    );
}

#[test]
fn a_status_says_first_whether_something_is_wrong() {
    #[track_caller]
    fn check(health: HealthStatus, expected: &str) {
        let service = ServiceState {
            name: "api".to_owned(),
            health,
            checked_at: None,
            version: Some("v2".to_owned()),
            last_deployment_problem: None,
        };
        let server = ServerState {
            name: "web1".to_owned(),
            role: "production".to_owned(),
            status: ServerStatus::Online,
            services: vec![service],
        };
        let html = super::reply(&Reply::Status(StatusReport {
            servers: vec![server],
            running: vec![],
        }))
        .html;
        assert_eq!(plain(&html), expected);
    }
    check(
        HealthStatus::Healthy,
        "ok: 1 server, 1 service\n\nweb1 · production · online\napi · v2 · ok",
    );
    check(
        HealthStatus::Unhealthy,
        "1 problem\n\nweb1 · production · online\napi · v2 · failing",
    );
    check(
        HealthStatus::Unknown,
        "ok: 1 server, 1 service; 1 never checked\n\nweb1 · production · online\napi · v2 · not checked",
    );
}

#[test]
fn an_old_answer_says_how_old_it_is() {
    let reply = Reply::AsOf {
        at: at(),
        reply: Box::new(Reply::Servers(vec![])),
    };
    assert_eq!(
        plain(&super::reply(&reply).html),
        "none: no server is known yet\n\nas of 14:05 UTC: the store is down, this is the last known state"
    );
}

#[test]
fn what_a_model_writes_is_text() {
    let brief = Brief {
        at: at(),
        facts: vec!["`api` is ok".to_owned()],
        prose: prose("<a href='x'>click</a> /deploy"),
    };
    let html = super::reply(&Reply::Brief(brief)).html;
    assert!(
        html.contains("&lt;a href='x'&gt;click&lt;/a&gt; /deploy"),
        "{html}"
    );
}

#[test]
fn help_lists_every_command() {
    let help = super::help(Some(Role::Operator)).html;
    check_markup(&help);
    for offer in agent::line::OFFERS {
        assert!(
            help.contains(&format!("/{}", offer.word)),
            "{} in {help}",
            offer.word
        );
    }
}

#[test]
fn a_refusal_is_polite_and_says_how_to_get_in() {
    assert_eq!(
        plain(&super::refusal(42).html),
        "Sorry: I only talk to people on my list. Your user id is 42; an admin of this Fjord can add it."
    );
}
