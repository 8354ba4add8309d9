//! What a session that begins wants to know: earlier sessions, checkpoints, locks that are held; marks in one statement.

use agent::store::Store;
use agent::store::rows::{HookEventRow, Json};
use serde_json::json;

use super::{after, at_once, noon};

over_every_store!(
    the_last_other_session_of_a_folder_is_found,
    no_checkpoint_is_no_error,
    only_locks_that_are_held_are_listed,
    several_marks_are_made_with_one_statement,
    a_mark_made_by_many_at_once_is_new_to_one,
);

async fn seen(store: &Store, session: &str, cwd: &str, second: i64) {
    let row = HookEventRow {
        event: format!("{session}-{second}"),
        session: session.to_owned(),
        at: after(second),
        name: "Stop".to_owned(),
        tool: None,
        cwd: cwd.to_owned(),
        verdict: None,
        rule: None,
        detail: Json(json!({})),
    };
    assert!(store.insert_hook_event(&row).await.unwrap());
}

async fn the_last_other_session_of_a_folder_is_found(store: &Store) {
    seen(store, "one", "/srv/api", 1).await;
    seen(store, "two", "/srv/api/src", 2).await;
    seen(store, "three", "/srv/api2", 3).await;
    seen(store, "four", "/srv/api", 4).await;
    let last = async |folder: &str, not: &str| store.last_session_in(folder, not).await.unwrap();
    assert_eq!(last("/srv/api", "four").await, Some(after(2)));
    assert_eq!(last("/srv/api", "none").await, Some(after(4)));
    assert_eq!(last("/srv/api_", "none").await, None);
    assert_eq!(last("/srv/%", "none").await, None);
}

async fn no_checkpoint_is_no_error(store: &Store) {
    let folders = ["/srv/api".to_owned(), "/srv".to_owned()];
    assert_eq!(store.last_checkpoint_of(&folders).await.unwrap(), None);
    assert_eq!(store.last_checkpoint_of(&[]).await.unwrap(), None);
}

async fn only_locks_that_are_held_are_listed(store: &Store) {
    for (name, until) in [
        ("deploy:b", 60),
        ("deploy:a", 60),
        ("deploy:late", 5),
        ("poll", 60),
    ] {
        store
            .acquire_lock(name, "host/1/2", "deploy v2", (noon(), after(until)))
            .await
            .unwrap()
            .unwrap();
    }
    let held = store.held_locks("deploy:", after(10)).await.unwrap();
    let names: Vec<&str> = held.iter().map(|lock| lock.name.as_str()).collect();
    assert_eq!(names, ["deploy:a", "deploy:b"]);
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

async fn several_marks_are_made_with_one_statement(store: &Store) {
    let mark = async |names: &[&str], second: i64| {
        let (now, until) = (after(second), after(second + 300));
        store
            .mark_each_once(&keys(names), now, until)
            .await
            .unwrap()
    };
    assert_eq!(mark(&[], 0).await, Vec::<bool>::new());
    assert_eq!(mark(&["a", "b", "a"], 0).await, [true, true, false]);
    assert_eq!(mark(&["b", "c"], 100).await, [false, true]);
    assert_eq!(mark(&["a", "c"], 300).await, [true, false]);
}

async fn a_mark_made_by_many_at_once_is_new_to_one(store: &Store) {
    let new = at_once(store, |store, _| async move {
        store
            .mark_each_once(&keys(&["x", "y"]), noon(), after(300))
            .await
            .unwrap()
    })
    .await;
    for place in 0..2 {
        assert_eq!(new.iter().filter(|new| new[place]).count(), 1);
    }
}
