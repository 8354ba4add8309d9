//! What is written down: events, health, audit, updates, confirmations, hook events.

use agent::store::rows::{Confirmation, HealthCheck, HealthStatus, HookEventRow, Json, Severity};
use agent::store::{EventsWanted, NewAudit, NewEvent, Store};
use serde_json::json;

use super::{after, an_api, at_once, noon};

over_every_store!(
    events_are_found_by_service_severity_and_time,
    a_health_check_tells_what_was_before,
    an_update_is_received_once,
    an_update_cut_off_is_told_once,
    a_chat_that_moved_is_followed,
    a_confirmation_is_used_once_by_the_asker_in_time,
    a_hook_event_is_stored_once,
    the_audit_keeps_who_did_what,
);

async fn events_are_found_by_service_severity_and_time(store: &Store) {
    let api = an_api(store).await;
    let web1 = store.service(api).await.unwrap().unwrap().server_id;
    for (second, severity, of_api) in [
        (1, Severity::Info, true),
        (2, Severity::Error, true),
        (3, Severity::Critical, false),
        (4, Severity::Warning, false),
    ] {
        let event = NewEvent {
            at: after(second),
            server: of_api.then(|| (web1, "web1".to_owned())),
            service: of_api.then(|| (api, "api@web1".to_owned())),
            event_type: "health".to_owned(),
            severity,
            title: format!("event {second}"),
            description: Some("it's \"so\"".to_owned()),
            metadata: json!({ "n": second }),
        };
        store.insert_event(&event).await.unwrap();
    }
    let titles = async |wanted: EventsWanted| {
        let found = store
            .events(&EventsWanted {
                limit: 10,
                ..wanted
            })
            .await
            .unwrap();
        found
            .into_iter()
            .map(|event| event.title.replace("event ", ""))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(titles(EventsWanted::default()).await, "4 3 2 1");
    assert_eq!(
        titles(EventsWanted {
            service_id: Some(api),
            ..Default::default()
        })
        .await,
        "2 1"
    );
    assert_eq!(
        titles(EventsWanted {
            server_id: Some(web1),
            ..Default::default()
        })
        .await,
        "2 1"
    );
    assert_eq!(
        titles(EventsWanted {
            severity: Some(Severity::Error),
            ..Default::default()
        })
        .await,
        "3 2"
    );
    assert_eq!(
        titles(EventsWanted {
            since: Some(after(3)),
            ..Default::default()
        })
        .await,
        "4 3"
    );
    let newest = store
        .events(&EventsWanted {
            limit: 1,
            ..Default::default()
        })
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (
            newest.at,
            newest.severity,
            newest.metadata.0,
            newest.service
        ),
        (after(4), Severity::Warning, json!({ "n": 4 }), None)
    );
}

async fn a_health_check_tells_what_was_before(store: &Store) {
    let api = an_api(store).await;
    let check = |second, status| HealthCheck {
        service_id: api,
        checked_at: after(second),
        status,
        http_status: Some(500),
        latency_ms: Some(12),
        error: Some("500 Internal Server Error".to_owned()),
    };
    let before = store
        .record_health(&check(1, HealthStatus::Unhealthy))
        .await
        .unwrap();
    assert_eq!(before, Some(HealthStatus::Unknown));
    let before = store
        .record_health(&check(2, HealthStatus::Healthy))
        .await
        .unwrap();
    assert_eq!(before, Some(HealthStatus::Unhealthy));
    let row = store.service(api).await.unwrap().unwrap();
    assert_eq!(
        (row.health_status, row.last_health_check),
        (HealthStatus::Healthy, Some(after(2)))
    );
    assert_eq!(
        store.health_checks(api, 1).await.unwrap(),
        [check(2, HealthStatus::Healthy)]
    );
    assert_eq!(store.forget_health_checks(after(2)).await.unwrap(), 1);
    assert_eq!(store.health_checks(api, 9).await.unwrap().len(), 1);
}

async fn an_update_is_received_once(store: &Store) {
    let firsts = at_once(store, |store, _| async move {
        store
            .receive_update(700_000_001, ("telegram:42", "/deploy api v2"), noon())
            .await
            .unwrap()
    })
    .await;
    assert_eq!(
        firsts.iter().filter(|first| **first).count(),
        1,
        "{firsts:?}"
    );
    store.finish_update(700_000_001, after(1)).await.unwrap();
    assert!(
        !store
            .receive_update(700_000_001, ("telegram:42", "/deploy api v2"), after(2))
            .await
            .unwrap()
    );
    assert!(
        store
            .take_interrupted_updates(after(9), after(9))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.forget_updates(after(1)).await.unwrap(), 1);
}

async fn an_update_cut_off_is_told_once(store: &Store) {
    store
        .receive_update(5, ("telegram:42", "/deploy api v2"), noon())
        .await
        .unwrap();
    assert!(
        store
            .take_interrupted_updates(noon(), after(1))
            .await
            .unwrap()
            .is_empty()
    );
    let told = store
        .take_interrupted_updates(after(1), after(2))
        .await
        .unwrap();
    assert_eq!(
        told,
        [(
            5,
            Some("telegram:42".to_owned()),
            Some("/deploy api v2".to_owned())
        )]
    );
    assert!(
        store
            .take_interrupted_updates(after(3), after(3))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_chat_that_moved_is_followed(store: &Store) {
    store.note_chat(-42, "group", noon()).await.unwrap();
    assert_eq!(store.current_chat(-42).await.unwrap(), -42);
    store.move_chat(-42, -10_042, after(1)).await.unwrap();
    assert_eq!(store.current_chat(-42).await.unwrap(), -10_042);
    assert_eq!(store.current_chat(7).await.unwrap(), 7);
}

async fn a_confirmation_is_used_once_by_the_asker_in_time(store: &Store) {
    let question = |ticket: &str| Confirmation {
        ticket: ticket.to_owned(),
        actor: "telegram:42".to_owned(),
        command: Json(json!({ "deploy": { "service": "api", "version": "v2" } })),
        plan: Json(json!({ "steps": ["run ./deploy.sh"] })),
        created_at: noon(),
        expires_at: after(60),
    };
    for ticket in ["a", "b"] {
        store.insert_confirmation(&question(ticket)).await.unwrap();
    }
    assert_eq!(
        store
            .use_confirmation("a", "telegram:43", (after(1), "yes"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .use_confirmation("none", "telegram:42", (after(1), "yes"))
            .await
            .unwrap(),
        None
    );
    let taps = at_once(store, |store, _| async move {
        store
            .use_confirmation("a", "telegram:42", (after(59), "yes"))
            .await
            .unwrap()
    })
    .await;
    let used: Vec<_> = taps.into_iter().flatten().collect();
    assert_eq!(used, [question("a")]);
    assert_eq!(
        store
            .use_confirmation("b", "telegram:42", (after(60), "yes"))
            .await
            .unwrap(),
        None
    );
    let state = store.confirmation_state("a").await.unwrap();
    assert_eq!(state, Some(("telegram:42".to_owned(), true, after(60))));
    assert_eq!(
        store
            .confirmation_state("b")
            .await
            .unwrap()
            .map(|(_, used, _)| used),
        Some(false)
    );
    assert_eq!(store.forget_confirmations(after(61)).await.unwrap(), 2);
}

async fn a_hook_event_is_stored_once(store: &Store) {
    let event = HookEventRow {
        event: "0190-made-by-the-client".to_owned(),
        session: "s1".to_owned(),
        at: noon(),
        name: "PreToolUse".to_owned(),
        tool: Some("Bash".to_owned()),
        cwd: "/srv/api".to_owned(),
        verdict: Some("deny".to_owned()),
        rule: Some("drop-database".to_owned()),
        detail: Json(json!({ "command": "dropdb ***" })),
    };
    assert!(store.insert_hook_event(&event).await.unwrap());
    assert!(!store.insert_hook_event(&event).await.unwrap());
    assert_eq!(
        store.hook_events(9).await.unwrap(),
        std::slice::from_ref(&event)
    );
    let other = HookEventRow {
        event: "0191-of-the-same-session".to_owned(),
        ..event.clone()
    };
    let together = [event, other.clone(), other];
    assert_eq!(
        store.insert_hook_events(&together).await.unwrap(),
        [false, true, false]
    );
    assert_eq!(store.forget_hook_events(noon()).await.unwrap(), 0);
    assert_eq!(store.forget_hook_events(after(1)).await.unwrap(), 2);
}

async fn the_audit_keeps_who_did_what(store: &Store) {
    for (second, result) in [(1, "refused"), (2, "done")] {
        let row = NewAudit {
            at: after(second),
            actor: "telegram:42",
            face: "telegram",
            action: "deploy",
            target: Some("api@web1"),
            result,
            detail: None,
        };
        store.insert_audit(&row).await.unwrap();
    }
    let rows = store.audit(1).await.unwrap();
    assert_eq!(
        (
            rows.len(),
            rows[0].at,
            rows[0].result.as_str(),
            rows[0].target.as_deref()
        ),
        (1, after(2), "done", Some("api@web1"))
    );
}
