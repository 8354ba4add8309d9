//! The real Claude Code client with `fjord hooks install` in a project, driven by a scripted model.
//!
//! Optional: no script can bring the client. `FJORD_TEST_CLAUDE` names its program, see CONTRIBUTING.md.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use agent::store::Store;
use config::{Environment, env};
use tests::{Anthropic, Home, Turn, servers};

/// What the guard asks about, and what tells that it ran.
const ASKED: &str = "git branch -D wip; touch ran";

/// A project under version control with Fjord's hooks, and a model that plays a script.
struct Desk {
    client: PathBuf,
    home: Home,
    model: Anthropic,
}

/// A session on its way.
struct Session(Child);

impl Desk {
    /// `None`: the client is not here, and the run says so.
    async fn new(config: &str) -> Option<Self> {
        let Some(client) = Environment::read().folder(env::FJORD_TEST_CLAUDE) else {
            servers::skip_also_under_ci("FJORD_TEST_CLAUDE names no Claude Code client");
            return None;
        };
        let home = Home::with_config(config);
        std::fs::create_dir_all(home.path().join("app/.git")).unwrap();
        home.fjord([
            "hooks",
            "install",
            "--scope",
            "project",
            "--dir",
            home.path().join("app").to_str().unwrap(),
        ])
        .expect_code(0);
        Some(Self {
            client,
            home,
            model: Anthropic::start().await,
        })
    }

    fn session(&self, prompt: &str, arguments: &[&str]) -> Session {
        let mut command: Command = self.home.command(&self.client);
        command
            .current_dir(self.home.path().join("app"))
            .env("ANTHROPIC_BASE_URL", self.model.url())
            .env("ANTHROPIC_API_KEY", "no-key-at-all")
            .env("DISABLE_TELEMETRY", "1")
            .env("DISABLE_ERROR_REPORTING", "1")
            .env("DISABLE_AUTOUPDATER", "1")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("IS_SANDBOX", "1")
            .env("SHELL", "/bin/bash")
            .args([
                "-p",
                "--output-format",
                "json",
                "--model",
                "claude-sonnet-4-5",
            ])
            .args(arguments)
            .args(["--", prompt])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Session(command.spawn().unwrap())
    }

    /// A session to its end, and what the model was sent.
    async fn run(&self, prompt: &str, arguments: &[&str]) -> Vec<String> {
        let session = self.session(prompt, arguments);
        session.end().await;
        self.model.take_requests()
    }

    fn exists(&self, file: &str) -> bool {
        self.home.path().join("app").join(file).exists()
    }
}

impl Session {
    async fn end(self) -> String {
        let output = tokio::task::spawn_blocking(move || self.0.wait_with_output().unwrap())
            .await
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_command_does_not_run_and_the_model_reads_why_and_what_else() {
    let Some(desk) = Desk::new("").await else {
        return;
    };
    let _up = desk.home.up();
    desk.model.play([
        Turn::Run("touch ran && git reset --hard HEAD~3"),
        Turn::Say("I will not."),
    ]);
    let requests = desk
        .run("clean up", &["--permission-mode", "bypassPermissions"])
        .await;
    assert!(!desk.exists("ran"));
    let answer = requests.last().unwrap();
    assert!(
        answer.contains("never committed")
            && answer.contains("Instead:")
            && answer.contains("git.reset-hard"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_service_is_given_once() {
    let Some(desk) = Desk::new("").await else {
        return;
    };
    let home = &desk.home;
    home.fjord([
        "server",
        "add",
        "web1",
        "--hostname",
        "web1.example.com",
        "--role",
        "production",
    ])
    .expect_code(0);
    home.fjord(["service", "add", "checkout", "--server", "web1"])
        .expect_code(0);
    let _up = home.up();
    let first = desk.run("why is checkout slow?", &[]).await;
    assert!(
        first[0].contains("web1") && first[0].contains("Quoted data from Fjord"),
        "{}",
        first[0]
    );
    let times = |requests: &[String]| {
        requests
            .last()
            .unwrap()
            .matches("about what the prompt names")
            .count()
    };
    let before = times(&first);
    let again = desk
        .run("and is checkout still slow?", &["--continue"])
        .await;
    assert_eq!(times(&again), before, "{}", again.last().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_asked_waits_for_an_approval_and_then_runs() {
    let Some(desk) = Desk::new("[hooks]\napprove_wait_s = 60\n").await else {
        return;
    };
    let _up = desk.home.up();
    desk.model.play([Turn::Run(ASKED), Turn::Say("Done.")]);
    let session = desk.session("tidy up", &["--permission-mode", "bypassPermissions"]);
    let id = tests::until("the question to be listed", async || {
        desk.home.fjord_json(["approvals"])["data"][0]["id"].as_i64()
    })
    .await;
    assert!(!desk.exists("ran"));
    desk.home
        .fjord(["approvals", "allow", &id.to_string()])
        .expect_code(0);
    session.end().await;
    assert!(desk.exists("ran"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answers_is_refused_with_a_reason() {
    let Some(desk) = Desk::new("[hooks]\napprove_wait_s = 2\n").await else {
        return;
    };
    let _up = desk.home.up();
    desk.model
        .play([Turn::Run(ASKED), Turn::Say("I could not.")]);
    let start = Instant::now();
    let requests = desk
        .run("tidy up", &["--permission-mode", "bypassPermissions"])
        .await;
    assert!(!desk.exists("ran"));
    assert!(
        requests.last().unwrap().contains("nobody answered"),
        "{}",
        requests.last().unwrap()
    );
    assert!(start.elapsed() < tests::DEADLINE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_itself_would_refuse_can_be_allowed_from_elsewhere() {
    let Some(desk) = Desk::new("[hooks]\napprove_wait_s = 60\n").await else {
        return;
    };
    let _up = desk.home.up();
    desk.model
        .play([Turn::Run("touch ran"), Turn::Say("Done.")]);
    let session = desk.session("make it", &["--permission-mode", "default"]);
    let id = tests::until("the question to be listed", async || {
        desk.home.fjord_json(["approvals"])["data"][0]["id"].as_i64()
    })
    .await;
    desk.home
        .fjord(["approvals", "allow", &id.to_string()])
        .expect_code(0);
    session.end().await;
    assert!(desk.exists("ran"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fjord_the_client_works_as_before_and_the_guard_still_judges() {
    let Some(desk) = Desk::new("").await else {
        return;
    };
    desk.model.play([
        Turn::Run("echo hello > greeting"),
        Turn::Run("rm -rf / --no-preserve-root"),
        Turn::Say("Done."),
    ]);
    let requests = desk
        .run("go", &["--permission-mode", "bypassPermissions"])
        .await;
    assert!(desk.exists("greeting"));
    assert!(
        requests.last().unwrap().contains("filesystem.delete-tree"),
        "{}",
        requests.last().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_was_mended_is_offered_its_fix_in_a_second_session() {
    let Some(desk) = Desk::new("[hooks]\ndeadline_ms = 2000\n").await else {
        return;
    };
    let _up = desk.home.up();
    let all = ["--permission-mode", "bypassPermissions"];
    desk.model.play([
        Turn::Run("python3 seed.py"),
        Turn::Run("mkdir helper && touch helper/__init__.py"),
        Turn::Run("python3 seed.py"),
    ]);
    let script = desk.home.path().join("app/seed.py");
    std::fs::write(&script, "import helper\n").unwrap();
    desk.run("seed it", &all).await;
    let store = Store::new(&desk.home.paths().store_url()).unwrap();
    tests::until("the fix to be learnt", async || {
        let patterns = store.patterns(5).await.unwrap_or_default();
        patterns.iter().any(|row| row.fix.is_some()).then_some(())
    })
    .await;
    std::fs::remove_dir_all(desk.home.path().join("app/helper")).unwrap();
    desk.model.play([Turn::Run("python3 seed.py")]);
    let requests = desk.run("seed it again", &all).await;
    let last = requests.last().unwrap();
    assert!(last.contains("mkdir helper"), "{last}");
}
