//! The stand-ins and the rig behave as the services they stand for, so that a story can trust them.

use std::time::Duration;

use serde_json::{Value, json};
use tests::ollama::Trouble;
use tests::service::Health;
use tests::telegram::{Failure, TOKEN};
use tests::{Ollama, Telegram, TestService};

async fn call(telegram: &Telegram, method: &str, params: Value) -> Value {
    let url = format!("{}/bot{TOKEN}/{method}", telegram.url());
    let answer = reqwest::Client::new()
        .post(url)
        .json(&params)
        .send()
        .await
        .unwrap();
    answer.json().await.unwrap()
}

#[tokio::test]
async fn an_update_comes_again_until_an_offset_confirms_it() {
    let telegram = Telegram::start().await;
    let id = telegram.say(42, 42, "/status");
    let first = call(&telegram, "GetUpdates", json!({ "timeout": 5 })).await;
    let second = call(&telegram, "GetUpdates", json!({ "timeout": 5 })).await;
    assert_eq!(first, second);
    assert_eq!(first["result"][0]["message"]["entities"][0]["length"], 7);
    let third = call(
        &telegram,
        "GetUpdates",
        json!({ "offset": id + 1, "timeout": 0 }),
    )
    .await;
    assert_eq!(third["result"], json!([]));
    telegram.redeliver(id);
    let again = call(&telegram, "GetUpdates", json!({ "timeout": 5 })).await;
    assert_eq!(again["result"], first["result"]);
}

#[tokio::test]
async fn a_poll_waits_for_what_is_said_and_a_second_poll_ends_it() {
    let telegram = Telegram::start().await;
    let waiting = call(&telegram, "getUpdates", json!({ "timeout": 30 }));
    let newer = async {
        tests::until("the first poll", || async {
            (telegram.count("getUpdates") == 1).then_some(())
        })
        .await;
        let newer = call(&telegram, "getUpdates", json!({ "timeout": 30 }));
        let said = async {
            tests::until("the second poll", || async {
                (telegram.count("getUpdates") == 2).then_some(())
            })
            .await;
            telegram.say(42, 42, "hello");
        };
        tokio::join!(newer, said).0
    };
    let (older, newer) = tokio::join!(waiting, newer);
    assert_eq!(older["error_code"], 409);
    assert_eq!(newer["result"][0]["message"]["text"], "hello");
}

#[tokio::test]
async fn a_message_is_sent_edited_and_tapped() {
    let telegram = Telegram::start().await;
    let keyboard = json!({ "inline_keyboard": [[{ "text": "Deploy", "callback_data": "t:1" }]] });
    let sent = json!({ "chat_id": 42, "text": "<b>api</b> v2?", "parse_mode": "HTML", "reply_markup": keyboard });
    call(&telegram, "SendMessage", sent).await;
    let message = telegram
        .expect_message(|message| message.plain() == "api v2?")
        .await;
    telegram.tap(42, message.id, message.button("Deploy"));
    let tapped = call(&telegram, "GetUpdates", json!({})).await;
    assert_eq!(tapped["result"][0]["callback_query"]["data"], "t:1");
    let edit = json!({ "chat_id": 42, "message_id": message.id, "text": "deploying" });
    assert_eq!(
        call(&telegram, "EditMessageText", edit.clone()).await["ok"],
        true
    );
    let unchanged = call(&telegram, "EditMessageText", edit).await;
    assert!(
        unchanged["description"]
            .as_str()
            .unwrap()
            .contains("message is not modified"),
        "{unchanged}"
    );
    telegram
        .expect_edit(message.id, |message| message.text == "deploying")
        .await;
    telegram.finish();
}

#[tokio::test]
async fn what_telegram_refuses_is_refused() {
    let telegram = Telegram::start().await;
    let data = "x".repeat(65);
    let cases = [
        (
            json!({ "chat_id": 1, "text": "<b>open", "parse_mode": "HTML" }),
            "can't parse entities",
        ),
        (
            json!({ "chat_id": 1, "text": "x".repeat(4097) }),
            "message is too long",
        ),
        (
            json!({ "chat_id": 1, "text": "a", "reply_markup": { "inline_keyboard": [[{ "text": "b", "callback_data": data }]] } }),
            "BUTTON_DATA_INVALID",
        ),
    ];
    for (params, description) in cases {
        let answer = call(&telegram, "sendMessage", params).await;
        assert!(
            answer["description"]
                .as_str()
                .unwrap()
                .contains(description),
            "{answer}"
        );
    }
    telegram.fail_next("sendMessage", Failure::TooManyRequests(7));
    let limited = call(
        &telegram,
        "sendMessage",
        json!({ "chat_id": 1, "text": "a" }),
    )
    .await;
    assert_eq!(limited["parameters"]["retry_after"], 7);
    telegram.finish();
}

#[tokio::test]
#[should_panic(expected = "the bot sent what no test read")]
async fn a_message_that_no_test_read_fails_the_test() {
    let telegram = Telegram::start().await;
    call(
        &telegram,
        "sendMessage",
        json!({ "chat_id": 1, "text": "unexpected" }),
    )
    .await;
    telegram.finish();
}

#[tokio::test]
async fn an_answer_that_was_lost_was_given_all_the_same() {
    let telegram = Telegram::start().await;
    telegram.fail_next("sendMessage", Failure::AnswerLost);
    let url = format!("{}/bot{TOKEN}/sendMessage", telegram.url());
    let request = reqwest::Client::new()
        .post(url)
        .json(&json!({ "chat_id": 1, "text": "done" }));
    let answer = async { request.send().await?.text().await };
    assert!(answer.await.is_err());
    telegram.expect_text("done").await;
    telegram.finish();
}

async fn streamed(ollama: &Ollama) -> Result<String, reqwest::Error> {
    let request = json!({ "model": "llama3.2", "messages": [{ "role": "user", "content": "?" }] });
    reqwest::Client::new()
        .post(format!("{}/api/chat", ollama.url()))
        .json(&request)
        .send()
        .await?
        .text()
        .await
}

#[tokio::test]
async fn the_model_speaks_line_by_line_and_fails_in_the_middle() {
    let ollama = Ollama::start().await;
    ollama.answer_with("Sünne över fjorden");
    let whole = streamed(&ollama).await.unwrap();
    assert_eq!(whole.lines().count(), 4);
    assert!(whole.lines().last().unwrap().contains("\"done\":true"));
    ollama.fail_once("/api/chat", Trouble::PacketsOf(7));
    assert_eq!(streamed(&ollama).await.unwrap(), whole);
    ollama.fail_once("/api/chat", Trouble::ErrorLineAfter(1));
    let broken = streamed(&ollama).await.unwrap();
    assert!(
        broken.lines().nth(1).unwrap().starts_with("{\"error\""),
        "{broken}"
    );
    ollama.fail_once("/api/chat", Trouble::CutAfter(2));
    assert!(streamed(&ollama).await.is_err());
    ollama.set_models(&[]);
    assert_eq!(
        streamed(&ollama).await.unwrap(),
        r#"{"error":"model 'llama3.2' not found"}"#
    );
    assert_eq!(ollama.prompts().len(), 5);
}

#[tokio::test]
async fn a_service_is_as_ill_as_it_was_told() {
    let service = TestService::start();
    let client = reqwest::Client::builder()
        .timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let ask = || client.get(service.health_url()).send();
    assert_eq!(ask().await.unwrap().status(), 200);
    service.behave("v2", Health::Bad);
    assert_eq!(ask().await.unwrap().status(), 200);
    let deployed = std::process::Command::new("sh")
        .args(["-c", service.deploy_command()])
        .env("FJORD_VERSION", "v2")
        .current_dir(service.folder())
        .status();
    assert!(deployed.unwrap().success());
    assert_eq!(service.version(), "v2");
    assert_eq!(ask().await.unwrap().status(), 500);
    service.behave("v2", Health::Hang);
    assert!(ask().await.unwrap_err().is_timeout());
    service.behave("*", Health::Garbage);
    assert!(ask().await.is_err());
}

mod real_servers {
    use tests::servers;

    #[tokio::test]
    async fn redis_stops_and_comes_back_on_the_same_port() {
        let Some(mut server) = servers::RedisServer::start().await else {
            return;
        };
        let client = redis::Client::open(server.url()).unwrap();
        assert!(client.get_multiplexed_async_connection().await.is_ok());
        server.stop();
        assert!(client.get_multiplexed_async_connection().await.is_err());
        server.restart().await;
        assert!(client.get_multiplexed_async_connection().await.is_ok());
    }

    #[tokio::test]
    async fn postgres_keeps_its_rows_over_a_restart() {
        let Some(mut server) = servers::PostgresServer::start().await else {
            return;
        };
        let database = server.database().await;
        let read = async |statement| {
            use sqlx::Connection;
            let mut connection = sqlx::PgConnection::connect(&database.url).await?;
            sqlx::query_scalar::<_, i64>(statement)
                .fetch_one(&mut connection)
                .await
        };
        assert_eq!(
            read("create table t (n bigint); select 1::bigint")
                .await
                .err()
                .map(|_| ()),
            Some(())
        );
        assert_eq!(read("select 7::bigint").await.unwrap(), 7);
        server.stop();
        assert!(read("select 7::bigint").await.is_err());
        server.restart().await;
        assert_eq!(read("select 7::bigint").await.unwrap(), 7);
    }

    #[tokio::test]
    async fn chroma_stops_and_comes_back_on_the_same_port() {
        let Some(mut server) = servers::ChromaServer::start().await else {
            return;
        };
        let heartbeat = format!("{}/api/v2/heartbeat", server.url());
        server.stop();
        assert!(reqwest::get(&heartbeat).await.is_err());
        server.restart().await;
        assert!(
            reqwest::get(&heartbeat)
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }

    #[tokio::test]
    async fn the_shared_chroma_is_empty_at_the_start() {
        let Some(chroma) = servers::chroma().await else {
            return;
        };
        let collections = format!(
            "{}/api/v2/tenants/default_tenant/databases/default_database/collections",
            chroma.url
        );
        let client = reqwest::Client::new();
        let made = client
            .post(&collections)
            .json(&serde_json::json!({ "name": "left_behind" }))
            .send()
            .await
            .unwrap();
        assert!(made.status().is_success(), "{made:?}");
        drop(chroma);
        let chroma = servers::chroma().await.unwrap();
        let found: Vec<serde_json::Value> = client
            .get(&collections)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert!(found.is_empty(), "{found:?}");
        drop(chroma);
    }

    #[tokio::test]
    async fn each_test_has_a_redis_database_of_its_own() {
        let Some(first) = servers::redis().await else {
            return;
        };
        let second = servers::redis().await.unwrap();
        assert_ne!(first.url, second.url);
    }

    #[test]
    fn sshd_runs_a_command() {
        let Some(sshd) = servers::sshd() else { return };
        let answer = std::process::Command::new("ssh")
            .args([
                "-i",
                &sshd.key,
                "-p",
                &sshd.port.to_string(),
                "-o",
                "StrictHostKeyChecking=no",
            ])
            .args([
                "-o",
                "UserKnownHostsFile=/dev/null",
                "-o",
                "BatchMode=yes",
                "-o",
                "LogLevel=ERROR",
            ])
            .arg(format!("{}@{}", sshd.user, sshd.host))
            .arg("echo reached")
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&answer.stdout),
            "reached\n",
            "{answer:?}"
        );
    }
}
