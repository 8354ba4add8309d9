//! The phone: what people see in Telegram, over its wire, from a running Fjord.

use std::time::Duration;

use agent::store::Store;
use agent::store::rows::{Deployment, DeploymentStatus};
use config::SecretString;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tests::service::Health;
use tests::telegram::{Failure, Message, TOKEN};
use tests::{Home, Telegram, TestService, Up};

/// Two who may deploy, one who may not, and one whom nobody knows.
const OPERATOR: i64 = 42;
const COLLEAGUE: i64 = 43;
const VIEWER: i64 = 44;
const STRANGER: i64 = 99;
const GROUP: i64 = -1_001_234;

struct Stage {
    home: Home,
    service: TestService,
    telegram: Telegram,
    store: Store,
}

impl Stage {
    async fn set() -> Self {
        let telegram = Telegram::start().await;
        let home = Home::with_config(&configuration("", telegram.url()));
        let service = TestService::start();
        let add_server = ["server", "add", "here", "--hostname", "localhost"];
        home.fjord(add_server).expect_code(0);
        let (health, folder) = (service.health_url(), service.folder().display().to_string());
        home.fjord([
            "service",
            "add",
            "api",
            "--server",
            "here",
            "--type",
            "app",
            "--health-endpoint",
            &health,
            "--project-path",
            &folder,
            "--deploy-command",
            service.deploy_command(),
        ])
        .expect_code(0);
        let store = Store::new(&home.paths().store_url()).unwrap();
        Self {
            home,
            service,
            telegram,
            store,
        }
    }

    fn say(&self, text: &str) -> i64 {
        self.telegram.say(OPERATOR, OPERATOR, text)
    }

    /// Asks for a deployment and returns the question.
    async fn ask(&self, chat: i64, version: &str) -> Message {
        self.telegram
            .say(OPERATOR, chat, &format!("/deploy api {version}"));
        self.telegram
            .expect_message(|message| !message.buttons.is_empty())
            .await
    }

    /// Taps the button that does it and returns the update's id.
    fn tap_deploy(&self, question: &Message) -> i64 {
        self.telegram
            .tap(OPERATOR, question.id, question.button("Deploy"))
    }

    /// Waits until the message of a question shows how it ended.
    async fn ends_with(&self, question: &Message, word: &str) -> Message {
        self.telegram
            .expect_edit(question.id, |message| message.plain().starts_with(word))
            .await
    }

    /// Waits for an alert that a tap was answered with.
    async fn alert(&self) -> String {
        let call = self.telegram.expect_call("answerCallbackQuery", |params| {
            params["show_alert"] == json!(true)
        });
        call.await.params["text"].as_str().unwrap().to_owned()
    }

    async fn deployments(&self) -> Vec<Deployment> {
        let service = self.store.services().await.unwrap().remove(0);
        self.store.deployments_of(service.id, 50).await.unwrap()
    }

    /// Changes the store behind Fjord's back.
    async fn execute(&self, sql: &'static str) {
        let mut store = SqliteConnection::connect(&self.home.paths().store_url())
            .await
            .unwrap();
        sqlx::query(sql).execute(&mut store).await.unwrap();
        store.close().await.unwrap();
    }

    /// Ends with an answered question, so that everything said before has been dealt with.
    async fn everything_is_dealt_with(&self) {
        self.say("/history nothing-of-that-name");
        self.telegram.expect_text("nothing-of-that-name").await;
        tests::until("every update to be done", async || {
            let mut store = SqliteConnection::connect(&self.home.paths().store_url())
                .await
                .unwrap();
            let open: i64 =
                sqlx::query_scalar("select count(*) from updates where state = 'received'")
                    .fetch_one(&mut store)
                    .await
                    .unwrap();
            (open == 0).then_some(())
        })
        .await;
    }
}

fn configuration(store: &str, telegram: &str) -> String {
    format!(
        "[store]\nurl = \"{store}\"\n[deploy]\nhealth_window_s = 5\ngate_successes = 2\n[llm]\nurl = \"\"\n\
         [telegram]\ntoken = \"{TOKEN}\"\napi_url = \"{telegram}\"\noperators = [{OPERATOR}, {COLLEAGUE}]\nviewers = [{VIEWER}]\n"
    )
}

fn stop(up: Up) {
    let log = up.log();
    assert!(up.terminate().success(), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_from_the_phone() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    stage.say("/status");
    let status = stage.telegram.expect_text("here").await;
    assert!(status.plain().contains("api"), "{}", status.plain());
    let question = stage.ask(OPERATOR, "v1").await;
    let shown = question.plain();
    assert!(shown.starts_with("Deploy api@here v1?\n"), "{shown}");
    assert!(shown.contains(stage.service.deploy_command()), "{shown}");
    assert!(
        shown.contains(&stage.service.folder().display().to_string()),
        "{shown}"
    );
    assert_eq!(
        stage.deployments().await,
        [],
        "nothing is done before the tap"
    );
    stage.tap_deploy(&question);
    let end = stage.ends_with(&question, "ok: ").await;
    assert_eq!(
        end.buttons,
        [],
        "the buttons go with the question: {}",
        end.plain()
    );
    assert!(
        end.versions.len() >= 3,
        "it was shown live: {:?}",
        end.versions
    );
    stage
        .telegram
        .expect_call("answerCallbackQuery", |params| params.get("text").is_none())
        .await;
    let menu = stage.telegram.expect_call("setMyCommands", |_| true).await;
    assert!(menu.params.to_string().contains("rollback"), "{menu:?}");
    assert_eq!(stage.service.version(), "v1");
    tests::until("the outbox to know that it was shown", async || {
        (stage.store.waiting_outbox().await.unwrap() == 0).then_some(())
    })
    .await;
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_takes_long_does_not_keep_others_waiting() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    let first = stage.ask(OPERATOR, "v1").await;
    stage.tap_deploy(&first);
    stage.ends_with(&first, "ok: ").await;
    stage.service.behave("v2", Health::Bad);
    let question = stage.ask(OPERATOR, "v2").await;
    assert!(
        question.plain().starts_with("Deploy api@here v1 → v2?\n"),
        "{question:?}"
    );
    stage.tap_deploy(&question);
    stage
        .ends_with(&question, "working: Deploy api@here v1 → v2")
        .await;
    stage.telegram.say(COLLEAGUE, COLLEAGUE, "/history api");
    let history = stage.telegram.expect_text("api@here").await;
    assert!(
        history.plain().contains("running · v1 → v2"),
        "{}",
        history.plain()
    );
    let end = stage.ends_with(&question, "rolled back: ").await;
    assert!(
        end.plain().contains("next: /incident api@here v2 failed"),
        "{}",
        end.plain()
    );
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_once_an_hour() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    for text in ["/status", "/deploy api v1", "hello?"] {
        stage.telegram.say(STRANGER, STRANGER, text);
    }
    let refusal = stage.telegram.expect_text("I only talk to").await;
    assert!(refusal.plain().contains("99"), "{}", refusal.plain());
    stage.everything_is_dealt_with().await;
    assert_eq!(stage.deployments().await, []);
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_may_look_and_not_deploy() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    stage.telegram.say(VIEWER, VIEWER, "deploy api v1");
    let refusal = stage.telegram.expect_text("not allowed").await;
    assert!(refusal.plain().contains("operator"), "{}", refusal.plain());
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_comes_again_is_not_done_again() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    let question = stage.ask(OPERATOR, "v1").await;
    let tap = stage.tap_deploy(&question);
    stage.ends_with(&question, "ok: ").await;
    stage.telegram.redeliver(tap);
    stage.telegram.redeliver(tap - 1);
    stage.everything_is_dealt_with().await;
    assert_eq!(stage.deployments().await.len(), 1);
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_tap_is_told_that_it_was_late() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    let question = stage.ask(OPERATOR, "v1").await;
    stage
        .execute("update confirmations set expires_at = created_at")
        .await;
    stage.tap_deploy(&question);
    let alert = stage.alert().await;
    assert!(alert.starts_with("too late"), "{alert}");
    let closed = stage.ends_with(&question, "not done: too late").await;
    assert_eq!(closed.buttons, []);
    assert!(closed.plain().contains("Deploy api@here v1?"));
    assert_eq!(stage.deployments().await, []);
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_person_who_asked_can_answer() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    stage.telegram.say(OPERATOR, GROUP, "good morning");
    stage.telegram.say(STRANGER, GROUP, "good morning");
    let question = stage.ask(GROUP, "v1").await;
    stage
        .telegram
        .tap(COLLEAGUE, question.id, question.button("Deploy"));
    let alert = stage.alert().await;
    assert!(alert.contains("only the person who asked"), "{alert}");
    assert_eq!(stage.deployments().await, []);
    stage.tap_deploy(&question);
    stage.ends_with(&question, "ok: ").await;
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_can_be_answered_with_no() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    let question = stage.ask(OPERATOR, "v1").await;
    stage
        .telegram
        .tap(OPERATOR, question.id, question.button("Cancel"));
    let end = stage.ends_with(&question, "left: ").await;
    assert_eq!(end.buttons, []);
    assert_eq!(stage.deployments().await, []);
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_telegram_asks_for_is_kept_and_nothing_is_lost() {
    let stage = Stage::set().await;
    stage
        .telegram
        .fail_next("sendMessage", Failure::TooManyRequests(2));
    stage.telegram.fail_next("sendMessage", Failure::CutOff);
    stage.telegram.fail_next(
        "sendMessage",
        Failure::BadRequest("can't parse entities: a made-up reason".to_owned()),
    );
    let up = stage.home.up();
    stage.say("/status");
    let status = stage.telegram.expect_text("here").await;
    assert_eq!(status.parse_mode, None, "it went as plain text");
    assert!(!status.text.contains("<b>"), "{}", status.text);
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_could_not_be_shown_survives_kill_9() {
    let stage = Stage::set().await;
    let up = stage.home.up();
    let question = stage.ask(OPERATOR, "v1").await;
    stage
        .telegram
        .fail_always("editMessageText", Failure::CutOff);
    stage.telegram.fail_always("sendMessage", Failure::CutOff);
    stage.tap_deploy(&question);
    tests::until("the result to wait in the outbox", async || {
        (stage.store.waiting_outbox().await.unwrap() == 1).then_some(())
    })
    .await;
    up.kill();
    stage.telegram.recover();
    stage
        .execute("update outbox set lease_until = created_at")
        .await;
    let up = stage.home.up();
    stage
        .telegram
        .expect_message(|message| message.id != question.id && message.plain().starts_with("ok: "))
        .await;
    let told = stage.telegram.expect_text("I was restarted").await;
    assert!(told.plain().contains("Deploy api@here v1"), "{told:?}");
    assert_eq!(
        stage.deployments().await[0].status,
        DeploymentStatus::Success
    );
    assert_eq!(stage.deployments().await.len(), 1, "nothing was repeated");
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_fjords_one_polls_and_the_other_takes_over() {
    let stage = Stage::set().await;
    let first = stage.home.up();
    stage.say("/status");
    stage.telegram.expect_text("here").await;
    let url = stage.home.paths().store_url();
    let other = Home::with_config(&configuration(&url, stage.telegram.url()));
    let second = other.up();
    tests::until("the second to wait", async || {
        second.log().contains("this one waits").then_some(())
    })
    .await;
    first.kill();
    stage.say("/status");
    stage.telegram.expect_text("here").await;
    stop(second);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_polls_stops_the_bot_and_nothing_else() {
    let stage = Stage::set().await;
    stage.telegram.fail_always("getUpdates", Failure::Conflict);
    let mut up = stage.home.up();
    tests::until("the log to say so", async || {
        up.log()
            .contains("another program polls Telegram with the same token")
            .then_some(())
    })
    .await;
    assert!(up.is_running(), "{}", up.log());
    assert!(!up.log().contains(TOKEN), "{}", up.log());
    stage.home.fjord(["status"]).expect_code(0);
    stop(up);
    stage.telegram.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_admin_is_whoever_sends_the_code() {
    let telegram = Telegram::start().await;
    let settings = config::Telegram {
        token: SecretString::from(TOKEN),
        api_url: telegram.url().to_owned(),
        ..config::Telegram::default()
    };
    let (name, _took) = bot::check(&settings).await.unwrap();
    assert_eq!(name, "@fjord_test_bot");
    telegram.say(STRANGER, STRANGER, "/start 000000");
    telegram.say(OPERATOR, GROUP, "271828");
    telegram.say(OPERATOR, OPERATOR, "/start 271828");
    let admin = bot::claim_admin(&settings, "271828", Duration::from_secs(20)).await;
    assert_eq!(admin.unwrap(), 42);
    telegram.expect_text("you are the first admin").await;
    telegram.expect_all_taken().await;
    let nobody = bot::claim_admin(&settings, "314159", Duration::from_millis(50)).await;
    assert!(
        nobody
            .unwrap_err()
            .to_string()
            .contains("nobody sent the code")
    );
    telegram.finish();
}
