//! What coding agents wait for: the first answer wins, and is told to count only when it was handed on.

use agent::store::rows::{Approval, ApprovalEnd, Decision};
use agent::store::{NewAnswer, NewApproval, Store};
use serde_json::json;

use super::{after, at_once, noon};

over_every_store!(
    a_question_is_kept_once_for_each_event,
    the_first_answer_wins,
    an_answer_that_was_given_up_is_never_taken,
    an_answer_that_was_taken_is_never_given_up,
    nothing_is_answered_after_its_time,
    the_desk_closes_one_call_or_a_whole_session,
    old_questions_are_forgotten,
);

async fn ask(store: &Store, event: &str, session: &str) -> Approval {
    let new = NewApproval {
        event,
        session,
        tool: "Bash",
        digest: event,
        detail: &json!({ "what": "dropdb shop" }),
        asked_at: noon(),
        expires_at: after(120),
    };
    store.ask_approval(&new).await.unwrap()
}

fn allow(by: &str, seconds: i64) -> NewAnswer<'_> {
    NewAnswer {
        decision: Decision::Allow,
        by,
        note: None,
        at: after(seconds),
    }
}

async fn a_question_is_kept_once_for_each_event(store: &Store) {
    let first = ask(store, "e1", "s1").await;
    assert_eq!(first.asked().what, "dropdb shop");
    assert_eq!(ask(store, "e1", "s1").await, first);
    ask(store, "e2", "s1").await;
    let open = store.open_approvals(after(1)).await.unwrap();
    assert_eq!(
        open.iter()
            .map(|row| row.event.as_str())
            .collect::<Vec<_>>(),
        ["e1", "e2"]
    );
    assert_eq!(store.approval(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.approval_of("e1").await.unwrap(), Some(first));
}

async fn the_first_answer_wins(store: &Store) {
    let id = ask(store, "e1", "s1").await.id;
    let won = at_once(store, move |store, number| async move {
        let by = format!("local:{number}");
        store.answer_approval(id, allow(&by, 5)).await.unwrap()
    })
    .await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let row = store.approval(id).await.unwrap().unwrap();
    assert_eq!(
        (row.answer, row.answered_at, row.handed_at),
        (Some(Decision::Allow), Some(after(5)), None)
    );
    assert!(!row.is_open(after(6)));
    assert!(store.open_approvals(after(6)).await.unwrap().is_empty());
}

async fn an_answer_that_was_given_up_is_never_taken(store: &Store) {
    let id = ask(store, "e1", "s1").await.id;
    assert!(!store.take_answer("e1", after(1)).await.unwrap());
    assert!(
        store
            .answer_approval(id, allow("local:1", 2))
            .await
            .unwrap()
    );
    assert!(
        store
            .close_approval(id, ApprovalEnd::Gone, after(5))
            .await
            .unwrap()
    );
    assert!(!store.take_answer("e1", after(6)).await.unwrap());
    assert!(!store.hand_on_answer("e1", after(6)).await.unwrap());
}

async fn an_answer_that_was_taken_is_never_given_up(store: &Store) {
    let id = ask(store, "e1", "s1").await.id;
    assert!(
        store
            .answer_approval(id, allow("local:1", 2))
            .await
            .unwrap()
    );
    assert!(store.take_answer("e1", after(3)).await.unwrap());
    assert!(
        !store
            .close_approval(id, ApprovalEnd::Gone, after(5))
            .await
            .unwrap()
    );
    assert!(store.hand_on_answer("e1", after(6)).await.unwrap());
    let row = store.approval(id).await.unwrap().unwrap();
    assert_eq!(
        (row.taken_at, row.handed_at, row.closed),
        (Some(after(3)), Some(after(6)), None)
    );
}

async fn nothing_is_answered_after_its_time(store: &Store) {
    let id = ask(store, "e1", "s1").await.id;
    assert!(
        !store
            .answer_approval(id, allow("local:1", 120))
            .await
            .unwrap()
    );
    assert_eq!(store.expire_approvals(after(119)).await.unwrap(), 0);
    assert_eq!(store.expire_approvals(after(120)).await.unwrap(), 1);
    let row = store.approval(id).await.unwrap().unwrap();
    assert_eq!(row.closed, Some(ApprovalEnd::Expired));
}

async fn the_desk_closes_one_call_or_a_whole_session(store: &Store) {
    for (event, session) in [("e1", "s1"), ("e2", "s1"), ("e3", "s1"), ("e4", "s2")] {
        ask(store, event, session).await;
    }
    let answered = store.approval_of("e3").await.unwrap().unwrap().id;
    assert!(
        store
            .answer_approval(answered, allow("local:1", 1))
            .await
            .unwrap()
    );
    let desk = (ApprovalEnd::Desk, after(2));
    assert_eq!(
        store.close_approvals("s1", Some("e1"), desk).await.unwrap(),
        1
    );
    assert_eq!(store.close_approvals("s1", None, desk).await.unwrap(), 1);
    let open = store.open_approvals(after(3)).await.unwrap();
    assert_eq!(
        open.iter()
            .map(|row| row.event.as_str())
            .collect::<Vec<_>>(),
        ["e4"]
    );
}

async fn old_questions_are_forgotten(store: &Store) {
    ask(store, "e1", "s1").await;
    assert_eq!(store.forget_approvals(noon()).await.unwrap(), 0);
    assert_eq!(store.forget_approvals(after(1)).await.unwrap(), 1);
    assert!(store.approvals(10).await.unwrap().is_empty());
}
