//! Events, briefs, incidents, passages, schedules and Fjord's own state.

use agent::store::rows::{Event, Execution, Schedule};
use agent::{
    Brief, Check, CheckState, DocumentInfo, IncidentReport, Judgement, Learned, Notice, Passages,
    Prose,
};

use super::{counted, dotted, listed, moment};
use crate::text::{Page, code, escape, sentence_html};

pub(super) fn events(events: &[Event]) -> Page {
    listed(events, ("events", "event", "nothing happened"), |event| {
        let about = event.service.as_deref().or(event.server.as_deref());
        let more = event
            .description
            .as_deref()
            .map(|text| format!("\n   {}", sentence_html(text)));
        let line = dotted([
            Some(escape(&moment(event.at))),
            Some(format!("<b>{}</b>", event.severity)),
            about.map(code),
            Some(sentence_html(&event.title)),
        ]);
        format!("{line}{}", more.unwrap_or_default())
    })
}

pub(super) fn brief(brief: &Brief) -> Page {
    let mut page = Page::new("brief").head("brief", &moment(brief.at));
    if let Prose::Written { text, .. } = &brief.prose {
        page.text(text).gap();
    }
    for fact in &brief.facts {
        page.say(&format!("· {fact}"));
    }
    prose_note(&mut page, &brief.prose);
    page
}

pub(super) fn incident(report: &IncidentReport) -> Page {
    let mut page = Page::new("incident").head("incident", &report.verdict);
    if !report.services.is_empty() {
        let names: Vec<String> = report.services.iter().map(|name| code(name)).collect();
        page.html(format!("about {}", names.join(", ")));
    }
    if let Prose::Written { text, .. } = &report.prose {
        page.gap().text(text);
    }
    if !report.suspects.is_empty() {
        page.gap().html("<b>suspects</b>, the likeliest first");
        for suspect in &report.suspects {
            let numbers: Vec<String> = suspect
                .evidence
                .iter()
                .map(|number| format!(" [{number}]"))
                .collect();
            page.html(format!(
                "· {} {}: {}{}",
                escape(&suspect.kind),
                code(&suspect.name),
                sentence_html(&suspect.why),
                numbers.concat()
            ));
        }
    }
    if !report.evidence.is_empty() {
        page.gap().html("<b>evidence</b>");
        for evidence in &report.evidence {
            let at = evidence.at.map(moment);
            page.html(format!(
                "[{}] {}",
                evidence.number,
                dotted([Some(escape(&evidence.kind)), at])
            ));
            page.pre([evidence.text.as_str()]);
        }
    }
    for missing in &report.missing {
        page.say(&format!("not known: {missing}"));
    }
    prose_note(&mut page, &report.prose);
    page
}

pub(super) fn learned(learned: &Learned) -> Page {
    let what = if learned.unchanged {
        "was known already, word for word"
    } else {
        "taken in"
    };
    let mut page = Page::new("learned").head(
        "ok",
        &format!(
            "`{}` {what}: {}",
            learned.title,
            counted(learned.passages, "passage")
        ),
    );
    if !learned.masked.is_empty() {
        page.say(&format!(
            "masked before it was stored: {}",
            learned.masked.join(", ")
        ));
    }
    page
}

pub(super) fn passages(passages: &Passages) -> Page {
    if passages.passages.is_empty() {
        let mut page =
            Page::new("passages").head("none", &format!("nothing found for `{}`", passages.query));
        retrieval_note(&mut page, passages);
        return page;
    }
    let mut page = Page::new("passages").head(
        &counted(passages.passages.len() as u64, "passage"),
        &format!("for `{}`", passages.query),
    );
    for passage in &passages.passages {
        page.gap().html(dotted([
            Some(format!("<b>{}</b>", escape(&passage.title))),
            passage.heading.as_deref().map(escape),
            Some(code(&passage.source)),
        ]));
        page.text(&passage.text);
    }
    retrieval_note(&mut page, passages);
    page
}

pub(super) fn documents(documents: &[DocumentInfo]) -> Page {
    listed(
        documents,
        (
            "documents",
            "document",
            "Fjord was told nothing yet; `/remember` keeps a note",
        ),
        |document| {
            dotted([
                Some(code(&document.id)),
                Some(escape(&document.title)),
                Some(counted(document.passages, "passage")),
                Some(escape(&moment(document.updated_at))),
            ])
        },
    )
}

pub(super) fn schedules(schedules: &[Schedule]) -> Page {
    listed(
        schedules,
        ("schedules", "schedule", "nothing runs by itself"),
        |schedule| {
            dotted([
                Some(format!("<b>{}</b>", schedule.id)),
                Some(code(&schedule.line)),
                Some(format!(
                    "{} {}",
                    code(&schedule.cron),
                    escape(&schedule.timezone)
                )),
                Some(if schedule.active {
                    format!("next {}", moment(schedule.next_at))
                } else {
                    "cancelled".to_owned()
                }),
            ])
        },
    )
}

pub(super) fn schedule(schedule: &Schedule, executions: &[Execution]) -> Page {
    let state = if schedule.active {
        format!("next {}", moment(schedule.next_at))
    } else {
        "cancelled".to_owned()
    };
    let mut page = Page::new("schedule").head(
        &format!("schedule {}", schedule.id),
        &format!("`{}`; {state}", schedule.line),
    );
    page.html(format!(
        "{} {}",
        code(&schedule.cron),
        escape(&schedule.timezone)
    ));
    if executions.is_empty() {
        page.say("it has not run yet");
    }
    for execution in executions {
        page.html(dotted([
            Some(escape(&moment(execution.due_at))),
            Some(format!("<b>{}</b>", execution.status)),
            execution.result.as_deref().map(sentence_html),
        ]));
    }
    page
}

pub(super) fn doctor(checks: &[Check]) -> Page {
    let down = checks
        .iter()
        .filter(|check| check.state == CheckState::Down)
        .count();
    let mut page = if down == 0 {
        Page::new("doctor").head("ok", "everything that is configured answers")
    } else {
        Page::new("doctor").head(&format!("{down} down"), "what stands in is named below")
    };
    for check in checks {
        let state = match check.state {
            CheckState::Ok => "ok",
            CheckState::Embedded => "embedded",
            CheckState::Down => "<b>down</b>",
            CheckState::Off => "off",
        };
        page.html(dotted([
            Some(format!("<b>{}</b> {state}", escape(&check.name))),
            Some(escape(&check.what)),
            check.version.as_deref().map(escape),
            check.latency_ms.map(|time| format!("{time} ms")),
            Some(sentence_html(&check.note)),
        ]));
    }
    page
}

pub(super) fn judged(judgement: &Judgement) -> Page {
    let mut page = Page::new("judgement").head(judgement.verdict.as_str(), &judgement.reason);
    if let Some(alternative) = &judgement.alternative {
        page.say(&format!("instead: {alternative}"));
    }
    if let Some(rule) = &judgement.rule {
        page.html(format!("rule {}", code(rule)));
    }
    page
}

/// A session waits; what it says are a client's and perhaps a stranger's words.
pub(super) fn notice(notice: &Notice) -> Page {
    let what = match notice.kind.as_str() {
        "idle_prompt" => "waits for you",
        kind if kind.contains("permission") => "wants a permission",
        kind if kind.contains("elicitation") => "asks something",
        _ => "needs you",
    };
    let mut page = Page::new("notice").head("coding agent", what);
    if let Some(title) = &notice.title {
        page.say(title);
    }
    page.text(&notice.message);
    page.gap().html(format!(
        "{} · session {}",
        code(&notice.cwd),
        code(&notice.session.chars().take(8).collect::<String>())
    ));
    page
}

fn prose_note(page: &mut Page, prose: &Prose) {
    match prose {
        Prose::Written { model, .. } => page.gap().html(format!(
            "<i>written by {}; the facts are Fjord's</i>",
            escape(model)
        )),
        Prose::Unavailable { why } => page.gap().say(why),
    };
}

fn retrieval_note(page: &mut Page, passages: &Passages) {
    let why = passages
        .why
        .as_deref()
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    page.gap()
        .say(&format!("found by {}{why}", passages.retrieval));
}
