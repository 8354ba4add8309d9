//! Fjord killed, interrupted or out of time in the middle of a deploy: no process, no lock, no false status is left.

use std::os::unix::fs::PermissionsExt;

use agent::store::Store;
use agent::store::rows::{Deployment, DeploymentStatus, HealthStatus, Time};
use rustix::process::{Pid, Signal, kill_process};
use tests::home::Up;
use tests::service::Health;
use tests::telegram::TOKEN;
use tests::{Home, Telegram, TestService, process};

const OPERATOR: i64 = 42;

/// Notes its own and a child's process id, then does what the file named like the version says.
const COMMAND: &str = "echo $$ >> pids; sleep 300 & echo $! >> pids; \
    if [ -e \"hold-$FJORD_VERSION\" ]; then touch \"held-$FJORD_VERSION\"; sleep 300; fi; \
    kill $!; echo \"$FJORD_VERSION\" > version; touch \"done-$FJORD_VERSION\"";

struct Stage {
    home: Home,
    service: TestService,
    store: Store,
    telegram: Telegram,
}

impl Stage {
    /// A service that runs v1, deployed by Fjord.
    async fn set(more: &str) -> Self {
        let telegram = Telegram::start().await;
        let home = Home::new();
        home.write_config(&format!(
            "[deploy]\nhealth_window_s = 5\ngate_successes = 2\n{more}\n[health]\ntimeout_s = 2\n[llm]\nurl = \"http://127.0.0.1:9\"\n\
             [telegram]\ntoken = \"{TOKEN}\"\napi_url = \"{}\"\noperators = [{OPERATOR}]\n",
            telegram.url()
        ));
        let service = TestService::start();
        let stage = Self {
            store: Store::new(&home.paths().store_url()).unwrap(),
            home,
            service,
            telegram,
        };
        stage
            .home
            .fjord(["server", "add", "here", "--hostname", "localhost"])
            .expect_code(0);
        let (health, folder) = (
            stage.service.health_url(),
            stage.service.folder().display().to_string(),
        );
        stage
            .home
            .fjord([
                "service",
                "add",
                "api",
                "--server",
                "here",
                "--health-endpoint",
                &health,
                "--project-path",
                &folder,
                "--deploy-command",
                COMMAND,
            ])
            .expect_code(0);
        stage
            .home
            .fjord(["deploy", "api", "--version", "v1", "--yes"])
            .expect_code(0);
        stage
    }

    fn has(&self, file: &str) -> bool {
        self.service.folder().join(file).exists()
    }

    fn hold(&self, version: &str) {
        std::fs::write(self.service.folder().join(format!("hold-{version}")), "").unwrap();
    }

    async fn file_appears(&self, file: &str) {
        tests::until(file, async || self.has(file).then_some(())).await;
    }

    async fn last(&self) -> Deployment {
        let service = self.store.services().await.unwrap().remove(0);
        self.store
            .deployments_of(service.id, 1)
            .await
            .unwrap()
            .remove(0)
    }

    /// Deploys v2 from the phone, inside `fjord up`.
    async fn tap_deploy(&self) {
        self.telegram.say(OPERATOR, OPERATOR, "/deploy api v2");
        let question = self
            .telegram
            .expect_message(|message| !message.buttons.is_empty())
            .await;
        self.telegram
            .tap(OPERATOR, question.id, &question.buttons[0].data);
    }

    /// Everything that the deploy command started is gone.
    async fn no_process_is_left(&self) {
        let pids = std::fs::read_to_string(self.service.folder().join("pids")).unwrap_or_default();
        tests::until(&format!("the processes {pids:?} to be gone"), async || {
            pids.lines()
                .all(|pid| !process::exists(pid.parse().unwrap()))
                .then_some(())
        })
        .await;
    }

    async fn the_lock_is_free(&self) {
        let long_ago: Time = "2000-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(
            self.store
                .lock_holder("fjord:lock:deploy:api@here", long_ago)
                .await
                .unwrap(),
            None
        );
    }

    /// Starts Fjord again and checks that it tells the truth about the deployment it died in.
    async fn the_restart_tells_the_truth(&self, killed_at: Time) {
        self.no_process_is_left().await;
        let up = self.home.up();
        let row = tests::until("the deployment to have ended", async || {
            let row = self.last().await;
            row.status.is_final().then_some(row)
        })
        .await;
        assert_eq!(
            (row.version.as_str(), row.status),
            ("v2", DeploymentStatus::Interrupted),
            "{row:?}"
        );
        let notes = row.notes.unwrap();
        assert!(
            notes.contains("before it ran v1") && notes.contains("Its endpoint is"),
            "{notes}"
        );
        self.the_lock_is_free().await;
        let service = self.store.services().await.unwrap().remove(0);
        assert!(
            service.last_health_check.unwrap() > killed_at,
            "its health was asked again"
        );
        let status = self.home.fjord(["status"]);
        status.expect_code(0);
        assert!(status.stdout.contains("interrupted v2"), "{status:?}");
        self.telegram
            .expect_text("Fjord stopped in the middle of v2")
            .await;
        assert!(up.terminate().success());
        // And the next deploy goes through.
        for held in ["hold-v2", "hold-v1", "behaviour"] {
            let _absent = std::fs::remove_file(self.service.folder().join(held));
        }
        self.home
            .fjord(["deploy", "api", "--version", "v2", "--yes"])
            .expect_code(0);
    }
}

fn now() -> Time {
    agent::Clock::system().now()
}

fn signal(up: &Up, signal: Signal) {
    let pid = i32::try_from(up.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, signal).unwrap();
}

fn kill(up: Up) -> Time {
    let at = now();
    up.kill();
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_the_command_it_never_ran() {
    let mut stage = Stage::set("").await;
    // A shell of our own, which stands still before it becomes the real one.
    let folder = stage.home.path().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let waiting = folder.join("waiting");
    let script = format!(
        "#!/bin/sh\ntouch '{0}'\nwhile [ -e '{0}' ]; do sleep 0.02; done\nexec /bin/sh \"$@\"\n",
        waiting.display()
    );
    std::fs::write(folder.join("sh"), script).unwrap();
    std::fs::set_permissions(folder.join("sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display());
    stage.home.set_variable("PATH", &path);
    let up = stage.home.up();
    std::fs::remove_file(stage.service.folder().join("pids")).unwrap();
    stage.tap_deploy().await;
    tests::until("the shell to stand still", async || {
        waiting.exists().then_some(())
    })
    .await;
    let killed_at = kill(up);
    // Let go, it would run the command, were it still there.
    std::fs::remove_file(&waiting).unwrap();
    stage
        .home
        .set_variable("PATH", "/usr/local/bin:/usr/bin:/bin");
    stage.the_restart_tells_the_truth(killed_at).await;
    let pids = std::fs::read_to_string(stage.service.folder().join("pids")).unwrap();
    assert_eq!(
        pids.lines().count(),
        2,
        "only the deploy after the restart ran its command"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_the_command_its_processes_die_too() {
    let stage = Stage::set("").await;
    stage.hold("v2");
    let up = stage.home.up();
    stage.tap_deploy().await;
    stage.file_appears("held-v2").await;
    let killed_at = kill(up);
    stage.the_restart_tells_the_truth(killed_at).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_the_command() {
    let stage = Stage::set("").await;
    stage.service.behave("v2", Health::Hang);
    let up = stage.home.up();
    stage.tap_deploy().await;
    stage.file_appears("done-v2").await;
    let killed_at = kill(up);
    stage.the_restart_tells_the_truth(killed_at).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_the_health_gate() {
    let stage = Stage::set("").await;
    stage.service.behave("v2", Health::Bad);
    let up = stage.home.up();
    stage.tap_deploy().await;
    tests::until("the gate to have asked once", async || {
        let service = stage.store.services().await.unwrap().remove(0);
        (service.health_status == HealthStatus::Unhealthy).then_some(())
    })
    .await;
    let killed_at = kill(up);
    stage.the_restart_tells_the_truth(killed_at).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_the_roll_back() {
    let stage = Stage::set("").await;
    stage.service.behave("v2", Health::Bad);
    stage.hold("v1");
    let up = stage.home.up();
    stage.tap_deploy().await;
    stage.file_appears("held-v1").await;
    let killed_at = kill(up);
    stage.the_restart_tells_the_truth(killed_at).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_at_the_terminal_killed_in_the_middle_is_told_by_the_next_status() {
    let stage = Stage::set("").await;
    stage.hold("v2");
    let deploy = stage
        .home
        .begin_fjord("deploy", ["deploy", "api", "--version", "v2", "--yes"]);
    stage.file_appears("held-v2").await;
    deploy.kill();
    stage.no_process_is_left().await;
    let status = stage.home.fjord(["status"]);
    assert!(status.stdout.contains("interrupted v2"), "{status:?}");
    stage.the_lock_is_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_cancels_kills_the_command_and_says_so() {
    let stage = Stage::set("").await;
    stage.hold("v2");
    let deploy = stage
        .home
        .begin_fjord("deploy", ["deploy", "api", "--version", "v2", "--yes"]);
    stage.file_appears("held-v2").await;
    let status = deploy.interrupt();
    assert_eq!(status.code(), Some(1));
    let row = stage.last().await;
    assert_eq!(row.status, DeploymentStatus::Cancelled, "{row:?}");
    stage.no_process_is_left().await;
    stage.the_lock_is_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancel_from_another_process_stops_it() {
    let stage = Stage::set("").await;
    stage.hold("v2");
    let mut deploy = stage
        .home
        .begin_fjord("deploy", ["deploy", "api", "--version", "v2", "--yes"]);
    stage.file_appears("held-v2").await;
    stage
        .home
        .fjord_with_input(["chat"], b"/cancel api\n")
        .expect_code(0);
    tests::until("the deploy to end", || {
        std::future::ready((!deploy.is_running()).then_some(()))
    })
    .await;
    assert_eq!(stage.last().await.status, DeploymentStatus::Cancelled);
    stage.no_process_is_left().await;
    stage.the_lock_is_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_out_of_time_is_killed_and_gone_back_from() {
    let stage = Stage::set("timeout_s = 2").await;
    stage.hold("v2");
    let deploy = stage
        .home
        .fjord(["deploy", "api", "--version", "v2", "--yes"]);
    deploy.expect_code(1);
    let row = stage.last().await;
    assert_eq!(row.status, DeploymentStatus::RolledBack, "{row:?}");
    assert!(
        row.notes
            .unwrap()
            .contains("did not end within 2 s and was killed")
    );
    stage.no_process_is_left().await;
    assert_eq!(stage.service.version(), "v1");
    stage.the_lock_is_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deploys_at_once_are_one() {
    let stage = Stage::set("").await;
    stage.hold("v2");
    let first = stage
        .home
        .begin_fjord("deploy", ["deploy", "api", "--version", "v2", "--yes"]);
    stage.file_appears("held-v2").await;
    let second = stage
        .home
        .fjord(["deploy", "api", "--version", "v3", "--yes"]);
    second.expect_code(1);
    assert!(second.stderr.contains("is locked"), "{second:?}");
    let _interrupted = first.interrupt();
    assert!(!stage.has("done-v3"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_command_leaves_behind_may_print_for_ever() {
    let stage = Stage::set("").await;
    let command = "echo $FJORD_VERSION > version; (while :; do echo noise; sleep 0.02; done) & echo $! >> pids";
    stage
        .home
        .fjord(["service", "set", "api", "--deploy-command", command])
        .expect_code(0);
    let mut deploy = stage
        .home
        .begin_fjord("deploy", ["deploy", "api", "--version", "v2", "--yes"]);
    tests::until("the deploy to end", || {
        std::future::ready((!deploy.is_running()).then_some(()))
    })
    .await;
    assert_eq!(stage.last().await.status, DeploymentStatus::Success);
    // Nobody reads what it prints any more, which ends it.
    stage.no_process_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_whose_supervisor_is_killed_does_not_run_on_beside_the_roll_back() {
    let stage = Stage::set("").await;
    let command = "echo $$ >> pids; if [ $FJORD_VERSION = v2 ]; then kill -9 $PPID; sleep 300; fi; echo $FJORD_VERSION > version";
    stage
        .home
        .fjord(["service", "set", "api", "--deploy-command", command])
        .expect_code(0);
    stage
        .home
        .fjord(["deploy", "api", "--version", "v2", "--yes"])
        .expect_code(1);
    let row = stage.last().await;
    assert_eq!(row.status, DeploymentStatus::RolledBack, "{row:?}");
    stage.no_process_is_left().await;
    stage.the_lock_is_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_whose_holder_died_before_anything_was_recorded_is_free() {
    let stage = Stage::set("").await;
    let (now, until) = (now(), now() + chrono::TimeDelta::minutes(10));
    let us = agent::deploy::Owner::this_process().as_text();
    let (host_and_pid, _) = us.rsplit_once('/').unwrap();
    let dead = format!("{host_and_pid}/1.00000000");
    let taken = stage
        .store
        .acquire_lock(
            "fjord:lock:deploy:api@here",
            &dead,
            "deploy v2",
            (now, until),
        )
        .await
        .unwrap();
    assert!(taken.is_some());
    stage
        .home
        .fjord(["deploy", "api", "--version", "v2", "--yes"])
        .expect_code(0);
    stage.the_lock_is_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_has_not_ended_keeps_others_out_also_without_its_lock() {
    let stage = Stage::set("").await;
    stage.hold("v2");
    let first = stage
        .home
        .begin_fjord("deploy", ["deploy", "api", "--version", "v2", "--yes"]);
    stage.file_appears("held-v2").await;
    // As after a laptop's sleep: its process lives, its lease has ended.
    signal(&first, Signal::STOP);
    let long_ago: Time = "2000-01-01T00:00:00Z".parse().unwrap();
    let lock = stage
        .store
        .lock_holder("fjord:lock:deploy:api@here", long_ago)
        .await
        .unwrap()
        .unwrap();
    assert!(
        stage
            .store
            .release_lock(&lock.name, lock.fence)
            .await
            .unwrap()
    );
    let second = stage
        .home
        .fjord(["deploy", "api", "--version", "v3", "--yes"]);
    second.expect_code(1);
    assert!(
        second.stderr.contains("deployment 2 of v2 is running"),
        "{second:?}"
    );
    signal(&first, Signal::CONT);
    let _interrupted = first.interrupt();
    assert!(!stage.has("done-v3"));
    stage.the_lock_is_free().await;
}
