//! The same story through the command line, the chat and Telegram leaves the same rows, on SQLite and Postgres.

use agent::store::Store;
use agent::store::rows::Deployment;
use tests::servers::{self, TestDatabase};
use tests::service::Health;
use tests::telegram::TOKEN;
use tests::{Home, Telegram, TestService};

/// The operator who types and taps.
const OPERATOR: i64 = 42;

/// A Fjord, a service on this machine that it knows, and a look into the store.
struct Stage {
    home: Home,
    service: TestService,
    store: Store,
    telegram: Telegram,
    _database: Option<TestDatabase>,
}

/// A deployment in one line: what a person would tell of it.
type Row = (String, String);

impl Stage {
    async fn set(database: Option<TestDatabase>) -> Self {
        let telegram = Telegram::start().await;
        let home = Home::new();
        let url = database
            .as_ref()
            .map_or_else(|| home.paths().store_url(), |database| database.url.clone());
        home.write_config(&format!(
            "[store]\nurl = \"{url}\"\n\
             [deploy]\nhealth_window_s = 8\ngate_successes = 2\n\
             [llm]\nurl = \"\"\n\
             [telegram]\ntoken = \"{TOKEN}\"\napi_url = \"{}\"\noperators = [{OPERATOR}]\n",
            telegram.url()
        ));
        let service = TestService::start();
        service.behave("v2", Health::Bad);
        let stage = Self {
            home,
            service,
            store: Store::new(&url).unwrap(),
            telegram,
            _database: database,
        };
        stage
            .home
            .fjord([
                "server",
                "add",
                "here",
                "--hostname",
                "localhost",
                "--role",
                "development",
            ])
            .expect_code(0);
        let (health, folder) = (
            stage.service.health_url(),
            stage.service.folder().display().to_string(),
        );
        let add = [
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
            stage.service.deploy_command(),
        ];
        stage.home.fjord(add).expect_code(0);
        stage
    }

    /// Every deployment, the oldest first.
    async fn deployments(&self) -> Vec<Deployment> {
        let api = self.store.services().await.unwrap().remove(0);
        let mut deployments = self.store.deployments_of(api.id, 50).await.unwrap();
        deployments.reverse();
        deployments
    }

    async fn rows(&self) -> Vec<Row> {
        let row = |deployment: &Deployment| {
            let previous = deployment.previous_version.as_deref().unwrap_or("nothing");
            let back = deployment.rollback_version.as_deref();
            let back = back.map_or_else(String::new, |version| format!(", back to {version}"));
            (
                format!("{previous} -> {}", deployment.version),
                format!("{}{back}", deployment.status),
            )
        };
        self.deployments().await.iter().map(row).collect()
    }

    /// Waits until `count` deployments have ended.
    async fn ended(&self, count: usize) {
        tests::until(&format!("{count} deployments to have ended"), async || {
            let api = self.store.services().await.unwrap().remove(0);
            let deployments = self.store.deployments_of(api.id, 50).await.unwrap();
            (deployments.len() == count
                && deployments
                    .iter()
                    .all(|deployment| deployment.status.is_final()))
            .then_some(())
        })
        .await;
    }

    /// What the story has to leave behind, whoever told it.
    async fn check(&self) {
        let expected = [
            ("nothing -> v1", "success"),
            ("v1 -> v2", "rolled_back, back to v1"),
            ("v1 -> v3", "success"),
            ("v3 -> v1", "success, back to v1"),
        ];
        let rows = self.rows().await;
        let rows: Vec<_> = rows
            .iter()
            .map(|(what, how)| (what.as_str(), how.as_str()))
            .collect();
        assert_eq!(rows, expected, "{:#?}", self.deployments().await);
        let api = self.store.services().await.unwrap().remove(0);
        assert_eq!(api.current_version.as_deref(), Some("v1"));
        assert_eq!(
            self.service.version(),
            "v1",
            "what runs is what the store says"
        );
        assert_eq!(
            self.store
                .lock_holder("fjord:lock:deploy:api@here", long_ago())
                .await
                .unwrap(),
            None
        );
        let status = self.home.fjord(["status", "api"]);
        status.expect_code(0);
        assert!(status.stdout.contains("v1"), "{status:?}");
        let history = self.home.fjord(["history", "api"]);
        history.expect_code(0);
        assert!(
            history.stdout.contains("rolled_back") || history.stdout.contains("rolled back"),
            "{history:?}"
        );
    }
}

/// At that time no lease had ended: any lock that is still held shows.
fn long_ago() -> agent::store::rows::Time {
    "2000-01-01T00:00:00Z".parse().unwrap()
}

async fn told_at_the_command_line(stage: &Stage) {
    stage
        .home
        .fjord(["deploy", "api", "--version", "v1", "--yes"])
        .expect_code(0);
    stage
        .home
        .fjord(["deploy", "api", "--version", "v2", "--yes"])
        .expect_code(1);
    stage
        .home
        .fjord(["deploy", "api", "v3", "--yes"])
        .expect_code(0);
    stage
        .home
        .fjord(["rollback", "api", "--to", "v1", "--yes"])
        .expect_code(0);
}

async fn told_in_the_chat(stage: &Stage) {
    let lines =
        "/deploy api v1\nyes\n/deploy api v2\nyes\n/deploy api v3\nyes\n/rollback api v1\nyes\n";
    stage.home.fjord_with_input(["chat"], lines.as_bytes());
    stage.ended(4).await;
}

async fn told_in_telegram(stage: &Stage) {
    let up = stage.home.up();
    for (number, line) in [
        "/deploy api v1",
        "/deploy api v2",
        "/deploy api v3",
        "/rollback api v1",
    ]
    .into_iter()
    .enumerate()
    {
        stage.telegram.say(OPERATOR, OPERATOR, line);
        let question = stage
            .telegram
            .expect_message(|message| !message.buttons.is_empty())
            .await;
        stage
            .telegram
            .tap(OPERATOR, question.id, &question.buttons[0].data);
        stage.ended(number + 1).await;
    }
    assert!(up.terminate().success());
}

macro_rules! told {
    ($($how:ident),+) => { $(
        mod $how {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn over_sqlite() {
                let stage = Stage::set(None).await;
                super::$how(&stage).await;
                stage.check().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn over_postgres() {
                let Some(database) = servers::postgres().await else { return };
                let stage = Stage::set(Some(database)).await;
                super::$how(&stage).await;
                stage.check().await;
            }
        }
    )+ };
}

told!(told_at_the_command_line, told_in_the_chat, told_in_telegram);
