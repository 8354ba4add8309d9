//! What may be done once, by one: locks, claims, deployments, schedules.

use agent::store::rows::{DeploymentStatus, ExecutionStatus, Json, Schedule, Severity};
use agent::store::{Ending, NewDeployment, NewEvent, Store};
use chrono::TimeDelta;
use serde_json::json;

use super::{after, an_api, at_once, noon};

over_every_store!(
    a_lock_is_won_once,
    a_lock_is_free_after_its_lease_and_the_fence_grows,
    a_late_holder_changes_nothing,
    a_deployment_ends_once,
    a_deployment_of_an_old_fence_changes_nothing,
    the_end_of_a_deployment_frees_its_lock_and_no_other,
    an_outbox_message_is_claimed_once,
    an_outbox_message_comes_again_after_its_lease,
    a_schedule_fires_once,
    a_run_that_nobody_renews_is_interrupted,
);

async fn a_lock_is_won_once(store: &Store) {
    let fences = at_once(store, |store, number| async move {
        let owner = format!("owner{number}");
        store
            .acquire_lock("deploy:api", &owner, "deploy v2", (noon(), after(60)))
            .await
            .unwrap()
    })
    .await;
    assert_eq!(fences.iter().flatten().count(), 1, "{fences:?}");
    let holder = store
        .lock_holder("deploy:api", after(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (Some(holder.fence), holder.reason.as_deref()),
        (fences.into_iter().flatten().next(), Some("deploy v2"))
    );
    assert_eq!(
        store.lock_holder("deploy:other", after(1)).await.unwrap(),
        None
    );
}

async fn a_lock_is_free_after_its_lease_and_the_fence_grows(store: &Store) {
    let first = store
        .acquire_lock("l", "one", "", (noon(), after(10)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        store
            .acquire_lock("l", "two", "", (after(9), after(20)))
            .await
            .unwrap(),
        None
    );
    assert_eq!(store.lock_holder("l", after(10)).await.unwrap(), None);
    let second = store
        .acquire_lock("l", "two", "", (after(10), after(20)))
        .await
        .unwrap()
        .unwrap();
    assert!(second > first, "{second} {first}");
    assert!(store.release_lock("l", second).await.unwrap());
    let third = store
        .acquire_lock("l", "one", "", (after(11), after(20)))
        .await
        .unwrap()
        .unwrap();
    assert!(third > second, "{third} {second}");
}

async fn a_late_holder_changes_nothing(store: &Store) {
    let first = store
        .acquire_lock("l", "one", "", (noon(), after(10)))
        .await
        .unwrap()
        .unwrap();
    assert!(store.renew_lock("l", first, after(15)).await.unwrap());
    let second = store
        .acquire_lock("l", "two", "", (after(15), after(30)))
        .await
        .unwrap()
        .unwrap();
    assert!(!store.renew_lock("l", first, after(60)).await.unwrap());
    assert!(!store.release_lock("l", first).await.unwrap());
    assert_eq!(
        store
            .lock_holder("l", after(16))
            .await
            .unwrap()
            .map(|lock| lock.fence),
        Some(second)
    );
}

async fn a_deployment_ends_once(store: &Store) {
    let api = an_api(store).await;
    let id = store.insert_deployment(&deployment(api, 1)).await.unwrap();
    assert_eq!(
        store.deployment(id).await.unwrap().unwrap().status,
        DeploymentStatus::Pending
    );
    assert!(store.begin_command(id, 1, "100:200").await.unwrap());
    assert_eq!(
        store.renew_deployment(id, 1, after(90)).await.unwrap(),
        Some(false)
    );
    assert_eq!(store.request_cancel(api, after(5)).await.unwrap(), Some(id));
    assert_eq!(
        store.renew_deployment(id, 1, after(91)).await.unwrap(),
        Some(true)
    );
    let unfinished = store.unfinished_deployments().await.unwrap();
    assert_eq!(
        (
            unfinished.len(),
            unfinished[0].runner.as_deref(),
            unfinished[0].lease_until
        ),
        (1, Some("100:200"), after(91))
    );

    let won = at_once(store, move |store, _| async move {
        store.end_deployment(&ending(id, 1)).await.unwrap()
    })
    .await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let ended = store.deployment(id).await.unwrap().unwrap();
    assert_eq!(
        (
            ended.status,
            ended.completed_at,
            ended.duration,
            ended.verified
        ),
        (
            DeploymentStatus::Success,
            Some(after(30)),
            Some(30_000),
            Some(true)
        )
    );
    assert_eq!(ended.service, "api@web1");
    assert_eq!(
        store
            .service(api)
            .await
            .unwrap()
            .unwrap()
            .current_version
            .as_deref(),
        Some("v2")
    );
    let events = store
        .events(&agent::store::EventsWanted {
            limit: 10,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(events.len(), 1, "one ending, one event");
    assert!(store.unfinished_deployments().await.unwrap().is_empty());
    assert_eq!(store.request_cancel(api, after(40)).await.unwrap(), None);
    assert_eq!(
        store.last_deployments().await.unwrap(),
        store.deployments_of(api, 5).await.unwrap()
    );
    assert_eq!(store.deployments_since(after(1), 5).await.unwrap(), []);
}

async fn a_deployment_of_an_old_fence_changes_nothing(store: &Store) {
    let api = an_api(store).await;
    let id = store.insert_deployment(&deployment(api, 7)).await.unwrap();
    assert!(!store.begin_command(id, 6, "1:1").await.unwrap());
    assert_eq!(
        store.renew_deployment(id, 6, after(90)).await.unwrap(),
        None
    );
    assert!(!store.end_deployment(&ending(id, 6)).await.unwrap());
    assert_eq!(
        store.deployment(id).await.unwrap().unwrap().status,
        DeploymentStatus::Pending
    );
    assert_eq!(
        store
            .service(api)
            .await
            .unwrap()
            .unwrap()
            .current_version
            .as_deref(),
        Some("v1")
    );
}

async fn the_end_of_a_deployment_frees_its_lock_and_no_other(store: &Store) {
    let api = an_api(store).await;
    let lock = agent::deploy::lock_name("api@web1");
    let times = (noon(), after(60));
    let fence = store
        .acquire_lock(&lock, "one", "deploy", times)
        .await
        .unwrap()
        .unwrap();
    let id = store
        .insert_deployment(&deployment(api, fence))
        .await
        .unwrap();
    assert!(store.end_deployment(&ending(id, fence)).await.unwrap());
    assert_eq!(store.lock_holder(&lock, after(1)).await.unwrap(), None);
    let next = store
        .acquire_lock(&lock, "two", "deploy", times)
        .await
        .unwrap()
        .unwrap();
    assert!(!store.end_deployment(&ending(id, fence)).await.unwrap());
    let holder = store.lock_holder(&lock, after(1)).await.unwrap().unwrap();
    assert_eq!(holder.fence, next);
}

async fn an_outbox_message_is_claimed_once(store: &Store) {
    assert!(
        store
            .insert_outbox("deployment:1", (42, &json!({ "text": "done" })), noon())
            .await
            .unwrap()
    );
    assert!(
        !store
            .insert_outbox("deployment:1", (42, &json!({ "text": "again" })), noon())
            .await
            .unwrap()
    );
    let claims = at_once(store, |store, number| async move {
        store
            .claim_outbox(&format!("owner{number}"), after(1), after(31))
            .await
            .unwrap()
    })
    .await;
    let claimed: Vec<_> = claims.iter().flatten().collect();
    assert_eq!(claimed.len(), 1, "{claims:?}");
    assert_eq!(
        (claimed[0].chat, &claimed[0].body.0, claimed[0].attempts),
        (42, &json!({ "text": "done" }), 1)
    );
    let winner = claims.iter().position(Option::is_some).unwrap();
    assert!(
        !store
            .finish_outbox(claimed[0].id, "a stranger", after(2))
            .await
            .unwrap()
    );
    assert!(
        store
            .finish_outbox(claimed[0].id, &format!("owner{winner}"), after(2))
            .await
            .unwrap()
    );
    assert_eq!(store.waiting_outbox().await.unwrap(), 0);
}

async fn an_outbox_message_comes_again_after_its_lease(store: &Store) {
    store
        .insert_outbox("k", (42, &json!({})), noon())
        .await
        .unwrap();
    let first = store
        .claim_outbox("one", noon(), after(30))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        store
            .claim_outbox("two", after(29), after(60))
            .await
            .unwrap(),
        None
    );
    let again = store
        .claim_outbox("two", after(30), after(60))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.id, again.attempts), (first.id, 2));
    store
        .postpone_outbox(again.id, after(100), "telegram is away")
        .await
        .unwrap();
    assert_eq!(
        store
            .claim_outbox("two", after(99), after(130))
            .await
            .unwrap(),
        None
    );
    assert!(
        store
            .claim_outbox("two", after(100), after(130))
            .await
            .unwrap()
            .is_some()
    );
}

async fn a_schedule_fires_once(store: &Store) {
    let id = store.insert_schedule(&schedule()).await.unwrap();
    let due = store.due_schedules(after(60)).await.unwrap();
    assert_eq!(due, [Schedule { id, ..schedule() }]);
    assert!(store.due_schedules(after(59)).await.unwrap().is_empty());
    let runs = at_once(store, move |store, number| {
        let due = Schedule { id, ..schedule() };
        async move {
            store
                .claim_run(
                    &due,
                    (after(61), after(86_460), after(121)),
                    &format!("owner{number}"),
                )
                .await
                .unwrap()
        }
    })
    .await;
    assert_eq!(runs.iter().flatten().count(), 1, "{runs:?}");
    assert!(store.due_schedules(after(62)).await.unwrap().is_empty());
    let run = runs.into_iter().flatten().next().unwrap();
    assert!(
        store
            .finish_run(run, (ExecutionStatus::Done, "all is well"), after(63))
            .await
            .unwrap()
    );
    assert!(
        !store
            .finish_run(run, (ExecutionStatus::Failed, "late"), after(64))
            .await
            .unwrap()
    );
    let executions = store.executions(id, 10).await.unwrap();
    assert_eq!(executions.len(), 1);
    assert_eq!(
        (
            executions[0].status,
            executions[0].result.as_deref(),
            executions[0].due_at
        ),
        (ExecutionStatus::Done, Some("all is well"), after(60))
    );
    assert!(store.cancel_schedule(id).await.unwrap());
    assert!(!store.cancel_schedule(id).await.unwrap());
    assert!(store.schedules().await.unwrap().is_empty());
    assert_eq!(
        store
            .schedule(id)
            .await
            .unwrap()
            .map(|schedule| schedule.active),
        Some(false)
    );
}

async fn a_run_that_nobody_renews_is_interrupted(store: &Store) {
    let id = store.insert_schedule(&schedule()).await.unwrap();
    let run = store
        .insert_run(id, (noon(), after(30)), "one")
        .await
        .unwrap();
    assert!(store.renew_run(run, after(60)).await.unwrap());
    assert!(store.interrupt_runs(after(59)).await.unwrap().is_empty());
    assert_eq!(store.interrupt_runs(after(60)).await.unwrap(), [id]);
    assert!(
        !store
            .finish_run(run, (ExecutionStatus::Done, "late"), after(61))
            .await
            .unwrap()
    );
}

fn schedule() -> Schedule {
    Schedule {
        id: 0,
        cron: "0 9 * * *".to_owned(),
        timezone: "Europe/Oslo".to_owned(),
        line: "brief".to_owned(),
        maker: Json(json!({ "id": "telegram:42" })),
        next_at: after(60),
        last_at: None,
        active: true,
        created_at: noon(),
    }
}

pub(crate) fn deployment(service_id: i64, fence: i64) -> NewDeployment {
    NewDeployment {
        service_id,
        service: "api@web1".to_owned(),
        version: "v2".to_owned(),
        previous_version: Some("v1".to_owned()),
        deployed_by: "local:tester".to_owned(),
        deploy_method: "argv deploy".to_owned(),
        started_at: noon(),
        owner: "one".to_owned(),
        fence,
        lease_until: after(60),
    }
}

pub(crate) fn ending(id: i64, fence: i64) -> Ending {
    Ending {
        id,
        fence,
        status: DeploymentStatus::Success,
        completed_at: noon() + TimeDelta::seconds(30),
        duration: 30_000,
        log: "line one\nline two".to_owned(),
        rollback_version: None,
        notes: "healthy 3 times running".to_owned(),
        verified: Some(true),
        current_version: Some("v2".to_owned()),
        event: NewEvent {
            at: after(30),
            server: None,
            service: None,
            event_type: "deploy".to_owned(),
            severity: Severity::Info,
            title: "api v2 runs".to_owned(),
            description: None,
            metadata: json!({ "deployment": id }),
        },
    }
}
