//! Telegram's wire with what nobody should send, and a Bot API that fails: the bot goes on, and says what is so.

use agent::store::Store;
use serde_json::{Value, json};
use tests::telegram::{Failure, Message, TOKEN};
use tests::{Home, Telegram, Up};

const OPERATOR: i64 = 42;

struct Stage {
    home: Home,
    telegram: Telegram,
    store: Store,
    up: Up,
}

impl Stage {
    /// A running Fjord with a service `api` that is deployed by this command.
    async fn set(command: &str) -> Self {
        let telegram = Telegram::start().await;
        // A chat takes a message a second; each text comes from somebody else.
        let operators: Vec<i64> = [OPERATOR].into_iter().chain(1_000..1_040).collect();
        let home = Home::with_config(&format!(
            "[deploy]\nhealth_window_s = 3\ngate_successes = 1\n[llm]\nurl = \"\"\n\
             [telegram]\ntoken = \"{TOKEN}\"\napi_url = \"{}\"\noperators = {operators:?}\n",
            telegram.url()
        ));
        let project = home.path().join("project");
        std::fs::create_dir(&project).unwrap();
        super::hostile::add_service(
            &home,
            &[
                "--project-path",
                project.to_str().unwrap(),
                "--deploy-command",
                command,
            ],
        );
        let store = Store::new(&home.paths().store_url()).unwrap();
        let up = home.up();
        Self {
            home,
            telegram,
            store,
            up,
        }
    }

    /// The bot answers as ever, which also shows that everything before has been taken.
    async fn still_answers(&self) {
        self.telegram.expect_all_taken().await;
        self.telegram
            .say(OPERATOR, OPERATOR, "/history nothing-of-that-name");
        self.telegram.expect_text("nothing-of-that-name").await;
    }

    async fn deployments(&self) -> usize {
        let service = self.store.services().await.unwrap().remove(0);
        self.store
            .deployments_of(service.id, 50)
            .await
            .unwrap()
            .len()
    }

    /// Asks for a deployment, agrees, and returns the message with its end.
    async fn deploys(&self, version: &str, end: &str) -> Message {
        self.telegram
            .say(OPERATOR, OPERATOR, &format!("/deploy api {version}"));
        let question = self
            .telegram
            .expect_message(|message| !message.buttons.is_empty())
            .await;
        self.telegram
            .tap(OPERATOR, question.id, question.button("Deploy"));
        self.telegram
            .expect_edit(question.id, |message| message.plain().starts_with(end))
            .await
    }

    fn end(self) -> Home {
        super::hostile::end(self.up);
        self.home
    }
}

fn person(id: i64) -> Value {
    json!({ "id": id, "is_bot": false, "first_name": "P" })
}

fn private(id: i64) -> Value {
    json!({ "id": id, "type": "private", "first_name": "P" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_with_missing_and_odd_fields_are_passed_over() {
    let stage = Stage::set("true").await;
    let message = |more: Value| {
        let mut message = json!({ "message_id": 7, "date": 1_700_000_000, "from": person(OPERATOR), "chat": private(OPERATOR) });
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        message
    };
    for (kind, payload) in [
        ("message", json!({})),
        ("message", Value::Null),
        ("message", json!([])),
        ("message", json!("text")),
        ("message", json!({ "message_id": 7 })),
        (
            "message",
            json!({ "message_id": "x", "date": -1, "chat": 7, "text": {} }),
        ),
        (
            "message",
            json!({ "message_id": 7, "date": 1_700_000_000, "chat": private(OPERATOR), "text": "/deploy api v1" }),
        ),
        (
            "message",
            message(json!({ "from": { "id": "42" }, "text": "/status" })),
        ),
        (
            "message",
            message(
                json!({ "from": { "id": -42, "is_bot": false, "first_name": "" }, "text": "/status" }),
            ),
        ),
        (
            "message",
            message(json!({ "date": 99_999_999_999_999_i64, "text": "/deploy api v1" })),
        ),
        (
            "message",
            message(
                json!({ "entities": [{ "type": "bot_command", "offset": 900, "length": -5 }], "text": "/x" }),
            ),
        ),
        ("callback_query", json!({})),
        (
            "callback_query",
            json!({ "id": "1", "from": person(OPERATOR), "chat_instance": "1" }),
        ),
        (
            "callback_query",
            json!({ "id": "1", "from": person(OPERATOR), "chat_instance": "1", "data": "y:x", "inline_message_id": "z" }),
        ),
        ("no_such_kind", json!({ "a": 1 })),
        ("poll", json!({ "id": 7 })),
    ] {
        stage.telegram.send_update(kind, &payload);
    }
    // A message without a text is answered, or not; either way nothing happens.
    stage.still_answers().await;
    assert_eq!(stage.deployments().await, 0);
    assert_eq!(
        stage
            .telegram
            .messages()
            .iter()
            .filter(|message| !message.buttons.is_empty())
            .count(),
        0
    );
    stage.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_odd_and_hostile_texts_get_one_short_answer_each() {
    let stage = Stage::set("true").await;
    let emoji = "😀".repeat(2_048);
    let service = format!("/status {}", "x".repeat(4_000));
    let joined = "👨‍👩‍👧‍👦".repeat(180);
    let texts = [
        emoji.as_str(),
        &format!("/deploy api {emoji}"),
        &format!("/history {emoji}"),
        &service,
        &joined,
        "/status <b>&lt;x</b></code>",
        "/history a\u{202e}b\u{0}c",
        "/deploy api '; touch owned; '",
        "/deploy api <i>v1</i>",
        "/deploy 'api' v1",
        "/history <a href=\"tg://user?id=42\">x</a>",
        "/deploy $(touch owned) v1",
        "/deploy ../../api v1",
        "/history `x` ```y",
        "/deploy api@ v1",
        "/health \n\n\n",
        "/",
        "//",
        "/\u{202e}",
        "/schedule \u{0}",
        "/deploy api -rf",
        "yes",
        "y",
    ];
    for (text, person) in texts.into_iter().zip(1_000..) {
        let shown: String = text.chars().take(30).collect();
        stage.telegram.say(person, person, text);
        let answer = stage
            .telegram
            .expect_message(|message| message.chat_id == person)
            .await;
        assert!(answer.plain().encode_utf16().count() <= 4_096, "{shown}");
        assert!(
            !answer.text.contains("<i>v1") && !answer.text.contains("<a href"),
            "{shown}: {}",
            answer.text
        );
    }
    stage.still_answers().await;
    assert_eq!(stage.deployments().await, 0);
    let home = stage.end();
    assert!(!home.path().join("owned").exists() && !home.path().join("project/owned").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_their_id_whatever_they_call_themselves() {
    let stage = Stage::set("true").await;
    for (id, name) in [
        (99, "42"),
        (98, "<b>admin</b>"),
        (97, "a\u{202e}b\nc\u{0}"),
        (96, "'; drop table audit; --"),
    ] {
        let from = json!({ "id": id, "is_bot": false, "first_name": name, "last_name": name, "username": "person42" });
        let message = json!({
            "message_id": 9, "date": 1_700_000_000, "from": from, "chat": private(id), "text": "/deploy api v1",
        });
        stage.telegram.send_update("message", &message);
        let refusal = stage
            .telegram
            .expect_message(|message| message.chat_id == id)
            .await;
        assert!(refusal.buttons.is_empty(), "{}", refusal.text);
        assert!(!refusal.text.contains("<b>admin"), "{}", refusal.text);
    }
    // A listed person's hostile name is no reason to fail.
    let from = json!({ "id": OPERATOR, "is_bot": false, "first_name": "</code><b>😀\u{202e}", "username": "x" });
    let message = json!({ "message_id": 9, "date": 1_700_000_000, "from": from, "chat": private(OPERATOR), "text": "/status" });
    stage.telegram.send_update("message", &message);
    stage.telegram.expect_text("api").await;
    stage.still_answers().await;
    assert_eq!(stage.deployments().await, 0);
    stage.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callback_data_that_is_not_ours_does_nothing() {
    let stage = Stage::set("true").await;
    stage.telegram.say(OPERATOR, OPERATOR, "/deploy api v1");
    let question = stage
        .telegram
        .expect_message(|message| !message.buttons.is_empty())
        .await;
    let real = question.button("Deploy").to_owned();
    let swapped: String = real.chars().rev().collect();
    let hostile = [
        "",
        "deploy api v1",
        "yes",
        "y:",
        "y:'; drop table confirmations; --",
        "y:../..",
        "y:\u{202e}",
        "😀",
        &swapped,
        &format!("{real}x"),
        &real[..real.len() - 1],
        &"x".repeat(64),
        &"y:".repeat(5_000),
        "{\"a\":1}",
        "y:%",
        "y:_",
    ];
    for data in hostile {
        let before = stage.telegram.count("answerCallbackQuery");
        stage.telegram.tap(OPERATOR, question.id, data);
        tests::until("the tap to be answered", async || {
            (stage.telegram.count("answerCallbackQuery") > before).then_some(())
        })
        .await;
        assert_eq!(
            stage.deployments().await,
            0,
            "{}",
            &data[..data.len().min(40)]
        );
    }
    // The question itself still stands.
    stage.telegram.tap(OPERATOR, question.id, &real);
    stage
        .telegram
        .expect_edit(question.id, |message| message.plain().starts_with("ok"))
        .await;
    assert_eq!(stage.deployments().await, 1);
    stage.still_answers().await;
    stage.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_that_fails_in_every_way_loses_no_result() {
    let stage = Stage::set("true").await;
    for (number, failure) in [
        Failure::ServerError,
        Failure::TooManyRequests(1),
        Failure::CutOff,
        Failure::BadRequest("Bad Request: something new".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        stage
            .telegram
            .say(OPERATOR, OPERATOR, &format!("/deploy api v{number}"));
        let question = stage
            .telegram
            .expect_message(|message| !message.buttons.is_empty())
            .await;
        // After a 500 the client library itself waits 10 s, so one of them is enough for a test.
        if failure != Failure::ServerError {
            stage.telegram.fail_next("sendMessage", failure.clone());
            stage
                .telegram
                .fail_next("answerCallbackQuery", failure.clone());
        }
        stage.telegram.fail_next("editMessageText", failure);
        stage
            .telegram
            .tap(OPERATOR, question.id, question.button("Deploy"));
        let version = format!("v{number}");
        let told = tokio::time::timeout(tests::DEADLINE, async {
            loop {
                let messages = stage.telegram.messages();
                if messages.iter().any(|message| {
                    message.plain().starts_with("ok") && message.plain().contains(&version)
                }) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
        if told.await.is_err() {
            let texts: Vec<String> = stage
                .telegram
                .messages()
                .iter()
                .map(Message::plain)
                .collect();
            panic!(
                "{version} was never told of: {texts:#?}\n{}",
                stage.up.log()
            );
        }
        assert_eq!(stage.deployments().await, number + 1, "once");
        stage.telegram.recover();
    }
    stage.telegram.fail_next("sendMessage", Failure::Hang);
    stage.telegram.say(OPERATOR, OPERATOR, "/status");
    // The call that hangs holds nobody else up.
    stage.still_answers().await;
    stage.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_that_a_service_prints_is_shown_as_text() {
    let token = ["ghp_", &"a1B2c3D4e5F6g7H8i9".repeat(2)].concat();
    let stage = Stage::set("cat printed; exit 3").await;
    let project = stage.home.path().join("project");
    let printed = format!(
        "<b>bold</b> & <script>alert(1)</script> </pre></code><a href=\"tg://user?id=42\">tap</a> \u{202e}\x1b[31m\x00\n{token}\n{}\n",
        "<😀&>".repeat(3_000)
    );
    std::fs::write(project.join("printed"), printed).unwrap();
    let told = stage.deploys("v1", "failed").await;
    assert!(
        !told.text.contains("<script>")
            && !told.text.contains("<a href")
            && !told.text.contains("<b>bold"),
        "{}",
        told.text
    );
    assert!(
        told.plain()
            .contains("<b>bold</b> & <script>alert(1)</script>"),
        "{}",
        told.plain()
    );
    for message in stage.telegram.messages() {
        for version in &message.versions {
            assert!(!version.contains(&token), "{version}");
        }
        let file = message
            .document
            .map(|document| document.content)
            .unwrap_or_default();
        assert!(!super::hostile::contains(&file, &token));
    }
    stage.still_answers().await;
    stage.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_answers_with_markup_is_shown_as_text() {
    let stage = Stage::set("true").await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let body = "<b>no</b> & </code><a href=\"tg://user?id=42\">tap</a>";
            let _read = std::io::Read::read(&mut stream, &mut [0; 4_096]);
            let answer = format!(
                "HTTP/1.1 500 No\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _gone = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    let endpoint = format!("http://127.0.0.1:{port}/");
    stage
        .home
        .fjord(["service", "set", "api", "--health-endpoint", &endpoint])
        .expect_code(0);
    stage.telegram.say(OPERATOR, OPERATOR, "/health api");
    let told = stage.telegram.expect_text("500").await;
    assert!(
        told.plain().contains("<b>no</b> & </code>"),
        "{}",
        told.plain()
    );
    assert!(!told.text.contains("<a href"), "{}", told.text);
    stage.still_answers().await;
    stage.end();
}
