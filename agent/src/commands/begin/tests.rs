use super::*;
use crate::snapshot::example;

fn place(cwd: &str, origin: Option<&str>) -> Place {
    Place {
        cwd: cwd.into(),
        root: cwd.into(),
        origin: origin.map(str::to_owned),
    }
}

fn known(project_path: &str, git_repo: Option<&str>) -> Arc<Snapshot> {
    let mut known = example();
    known.services[0].project_path = Some(project_path.to_owned());
    known.services[0].git_repo = git_repo.map(str::to_owned);
    Arc::new(known)
}

#[track_caller]
fn check(cwd: &str, origin: Option<&str>, is_own: bool) {
    let known = known("/srv/shop/api", Some("git@example.com:team/api.git"));
    let lines = lines(&known, &place(cwd, origin), Some(&Lately::default()));
    let expected: &[&str] = if is_own {
        &["[inventory] this project deploys api@web1: healthy, runs v1"]
    } else {
        &[]
    };
    assert_eq!(lines, expected, "{cwd}");
}

#[test]
fn a_service_belongs_to_its_folder_those_above_and_those_below() {
    check("/srv/shop/api", None, true);
    check("/srv/shop", None, true);
    check("/srv/shop/api/src/bin", None, true);
    check("/srv/shop/api2", None, false);
    check("/srv/other", None, false);
    check("", None, false);
}

#[test]
fn a_service_belongs_to_the_folder_of_its_repository() {
    check("/home/me/api", Some("example.com/team/api"), true);
    check("/home/me/api", Some("example.com/team/web"), false);
}

#[test]
fn what_is_wrong_comes_first_and_what_others_run_is_told_only_when_it_is_ill() {
    let mut known = (*known("/srv/api", None)).clone();
    known.services[2].project_path = Some("/srv/api".to_owned());
    known.services[2].health_status = HealthStatus::Unhealthy;
    known.services[1].health_status = HealthStatus::Degraded;
    known.servers[1].status = ServerStatus::Offline;
    let lines = lines(
        &Arc::new(known),
        &place("/srv/api", None),
        Some(&Lately::default()),
    );
    assert_eq!(
        lines,
        [
            "[inventory] this project deploys shop@web1: unhealthy, runs v1; problem: the last health check said unhealthy",
            "[inventory] this project deploys api@web1: healthy, runs v1",
            "[inventory] problem: postgres@web1: the last health check said degraded",
            "[inventory] problem: server db1 is offline",
        ]
    );
}

#[test]
fn deployments_locks_and_the_last_checkpoint_are_told() {
    let at = Time::default();
    let deployment = |id, status| Deployment {
        id,
        service_id: 3,
        service: "shop@web1".to_owned(),
        version: "v2".to_owned(),
        previous_version: None,
        deployed_by: "local:0".to_owned(),
        deploy_method: "argv deploy".to_owned(),
        status,
        started_at: at,
        completed_at: None,
        duration: None,
        log: None,
        rollback_version: None,
        notes: Some("the gate saw 500".to_owned()),
        verified: None,
    };
    let lock = |service: &str| LockRow {
        name: lock_name(service),
        owner: Some("host7/12/9".to_owned()),
        fence: 1,
        reason: Some("deploy".to_owned()),
        acquired_at: Some(at),
        expires_at: None,
    };
    let lately = Lately {
        deployments: vec![
            deployment(2, DeploymentStatus::InProgress),
            deployment(1, DeploymentStatus::Failed),
        ],
        checkpoint: Some(CheckpointRow {
            id: 1,
            session: "s".to_owned(),
            at,
            project: Some("/srv".to_owned()),
            summary: "moved the cart".to_owned(),
        }),
        locks: vec![lock("shop@web1"), lock("api@web1")],
    };
    let lines = lines(
        &Arc::new(example()),
        &place("/srv/none", None),
        Some(&lately),
    );
    assert_eq!(
        lines,
        [
            "[deployments] running: deployment of v2 to shop@web1, since 1970-01-01 00:00 UTC; it holds the deploy lock",
            "[locks] api@web1: the deploy lock is held by host7 for deploy, since 1970-01-01 00:00 UTC",
            "[deployments] deployment of v2 to shop@web1 ended failed, 1970-01-01 00:00 UTC: the gate saw 500",
            "[checkpoint 1970-01-01 00:00 UTC] moved the cart",
        ]
    );
}
