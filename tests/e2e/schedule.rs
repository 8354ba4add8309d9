//! A schedule that is due fires once, whoever shares the store, and with its maker's role of today.

use agent::store::Store;
use agent::store::rows::{ExecutionStatus, Json, Schedule, Time};
use agent::{Actor, Clock};
use tests::telegram::TOKEN;
use tests::{Home, Telegram, servers};

const OPERATOR: u64 = 42;

fn now() -> Time {
    Clock::system().now()
}

/// A schedule whose time has just come.
async fn due(store: &Store, maker: &Actor, line: &str) -> i64 {
    let row = Schedule {
        id: 0,
        cron: "0 0 1 1 *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        line: line.to_owned(),
        maker: Json(serde_json::to_value(maker).unwrap()),
        next_at: now(),
        last_at: None,
        active: true,
        created_at: now(),
    };
    store.insert_schedule(&row).await.unwrap()
}

fn home(store: &str, telegram: &Telegram) -> Home {
    Home::with_config(&format!(
        "[store]\nurl = \"{store}\"\n[llm]\nurl = \"\"\n\
         [telegram]\ntoken = \"{TOKEN}\"\napi_url = \"{}\"\noperators = [{OPERATOR}]\nchats = [{OPERATOR}]\n",
        telegram.url()
    ))
}

async fn ended(store: &Store, id: i64) -> (ExecutionStatus, String) {
    tests::until("the run to have ended", async || {
        let runs = store.executions(id, 10).await.unwrap();
        assert!(runs.len() < 2, "it fired once: {runs:?}");
        let run = runs.into_iter().next()?;
        Some((run.status, run.result?))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_fjords_on_one_store_send_one_brief() {
    let Some(database) = servers::postgres().await else {
        return;
    };
    let telegram = Telegram::start().await;
    let (one, two) = (
        home(&database.url, &telegram),
        home(&database.url, &telegram),
    );
    let store = Store::new(&database.url).unwrap();
    let (first, second) = (one.up(), two.up());
    let maker = Actor::telegram(OPERATOR, "olga", i64::try_from(OPERATOR).unwrap());
    let id = due(&store, &maker, "brief").await;
    let (status, result) = ended(&store, id).await;
    assert_eq!(status, ExecutionStatus::Done, "{result}");
    telegram.expect_text("nothing is wrong").await;
    let next = store.schedule(id).await.unwrap().unwrap().next_at;
    assert!(next > now(), "it waits for its next time");
    tests::until("the outbox to be empty", async || {
        (store.waiting_outbox().await.unwrap() == 0).then_some(())
    })
    .await;
    assert!(first.terminate().success() && second.terminate().success());
    assert_eq!(
        telegram.count("sendMessage"),
        1,
        "{:?}",
        telegram.messages()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_maker_who_is_not_listed_any_more_deploys_nothing() {
    let telegram = Telegram::start().await;
    let home = Home::new();
    let url = home.paths().store_url();
    home.write_config(&format!(
        "[llm]\nurl = \"\"\n[telegram]\ntoken = \"{TOKEN}\"\napi_url = \"{}\"\noperators = [{OPERATOR}]\nchats = [99]\n",
        telegram.url()
    ));
    home.fjord(["server", "add", "here", "--hostname", "localhost"])
        .expect_code(0);
    let folder = home.path().display().to_string();
    home.fjord([
        "service",
        "add",
        "api",
        "--server",
        "here",
        "--project-path",
        &folder,
        "--deploy-command",
        "touch deployed",
    ])
    .expect_code(0);
    let store = Store::new(&url).unwrap();
    let up = home.up();
    let id = due(&store, &Actor::telegram(7, "gone", 7), "deploy api v1").await;
    let (status, result) = ended(&store, id).await;
    assert_eq!(status, ExecutionStatus::Failed);
    assert!(result.contains("does not know you"), "{result}");
    let told = telegram.expect_text("does not know you").await;
    assert_eq!(
        told.chat_id, 99,
        "the configured chats are told, not the one who is gone"
    );
    let id = due(
        &store,
        &Actor::telegram(OPERATOR, "olga", 42),
        "deploy api v1",
    )
    .await;
    let (status, result) = ended(&store, id).await;
    assert_eq!(status, ExecutionStatus::Done, "{result}");
    assert!(
        home.path().join("deployed").exists(),
        "one whose maker may is run without asking again"
    );
    telegram.expect_text("api@here runs v1").await;
    assert!(up.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_hours_late_is_not_made() {
    let home = Home::with_config("[llm]\nurl = \"\"\n");
    let store = Store::new(&home.paths().store_url()).unwrap();
    let maker = Actor::local(agent::Face::Argv, 0, "root");
    let id = due(&store, &maker, "brief").await;
    // Three hours ago, as if no Fjord had run since.
    let mut row = store.schedule(id).await.unwrap().unwrap();
    store.cancel_schedule(id).await.unwrap();
    row.next_at = now() - chrono::TimeDelta::hours(3);
    let id = store.insert_schedule(&row).await.unwrap();
    let up = home.up();
    let (status, result) = ended(&store, id).await;
    assert_eq!(status, ExecutionStatus::Failed);
    assert!(
        result.starts_with("missed: no Fjord was running at"),
        "{result}"
    );
    assert!(up.terminate().success());
}
