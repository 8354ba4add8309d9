//! Servers, services, routes, dependencies, secrets.

use agent::store::rows::{Dependency, DependencyType, HealthStatus, Route, Secret, ServerStatus};
use agent::store::{Store, StoreError};

use super::{after, an_api, noon, server, service};

over_every_store!(
    a_server_comes_back_as_it_went_in,
    a_service_comes_back_as_it_went_in,
    a_route_a_dependency_and_a_secret_come_back_as_they_went_in,
    a_name_is_taken_once,
    services_of_one_name_live_on_different_servers,
    what_is_depended_on_cannot_be_removed,
    a_change_of_a_row_that_has_changed_loses,
    a_move_onto_a_taken_name_is_refused,
    what_was_known_of_another_endpoint_is_forgotten,
);

async fn a_server_comes_back_as_it_went_in(store: &Store) {
    let mut row = server("web1");
    row.id = store.insert_server(&row).await.unwrap().unwrap();
    assert_eq!(store.servers().await.unwrap(), [row.clone()]);
    store
        .record_server_status(row.id, ServerStatus::Online, Some(after(5)))
        .await
        .unwrap();
    row = store.servers().await.unwrap().remove(0);
    row.hostname = "web1.internal".into();
    row.notes = None;
    assert!(store.update_server(&row, after(9)).await.unwrap());
    let found = store.servers().await.unwrap().remove(0);
    assert_eq!(
        (found.status, found.last_seen),
        (ServerStatus::Online, Some(after(5)))
    );
    assert_eq!(
        (found.hostname.as_str(), found.notes, found.updated_at),
        ("web1.internal", None, after(9))
    );
    assert!(store.delete_server(row.id).await.unwrap());
    assert!(!store.delete_server(row.id).await.unwrap());
}

async fn a_service_comes_back_as_it_went_in(store: &Store) {
    let web1 = store.insert_server(&server("web1")).await.unwrap().unwrap();
    let mut row = service("api", (web1, "web1"));
    row.id = store.insert_service(&row).await.unwrap().unwrap();
    assert_eq!(store.service(row.id).await.unwrap(), Some(row.clone()));
    row.port = None;
    row.current_version = Some("v2".to_owned());
    assert!(store.update_service(&row, after(1)).await.unwrap());
    row.updated_at = after(1);
    assert_eq!(store.services().await.unwrap(), [row.clone()]);
    assert_eq!(row.full_name(), "api@web1");
    assert!(store.delete_service(row.id).await.unwrap());
    assert_eq!(store.service(row.id).await.unwrap(), None);
}

async fn a_route_a_dependency_and_a_secret_come_back_as_they_went_in(store: &Store) {
    let api = an_api(store).await;
    let mut route = Route {
        id: 0,
        domain: "example.com".to_owned(),
        path: "/api".to_owned(),
        service_id: api,
        service: "api@web1".to_owned(),
        method: "GET".to_owned(),
        proxy_type: Some("nginx".to_owned()),
        ssl: true,
        rate_limit: Some("10/s".to_owned()),
        auth_required: false,
        notes: None,
        created_at: noon(),
        updated_at: noon(),
    };
    route.id = store.insert_route(&route).await.unwrap().unwrap();
    assert_eq!(store.routes().await.unwrap(), [route.clone()]);
    assert_eq!(store.insert_route(&route).await.unwrap(), None);

    let mut dependency = dependency(api, None);
    dependency.id = store.insert_dependency(&dependency).await.unwrap().unwrap();
    assert_eq!(store.dependencies().await.unwrap(), [dependency.clone()]);
    assert_eq!(dependency.target(), "the bank");

    let mut secret = Secret {
        id: 0,
        name: "api-database".to_owned(),
        service_id: Some(api),
        service: Some("api@web1".to_owned()),
        server_id: None,
        server: None,
        secret_manager: Some("pass".to_owned()),
        path: Some("team/api/database".to_owned()),
        last_rotated: Some(after(-86_400)),
        rotation_policy: Some("90d".to_owned()),
        notes: None,
        created_at: noon(),
        updated_at: noon(),
    };
    secret.id = store.insert_secret(&secret).await.unwrap().unwrap();
    assert_eq!(store.secrets().await.unwrap(), [secret.clone()]);

    assert!(store.delete_route(route.id).await.unwrap());
    assert!(store.delete_dependency(dependency.id).await.unwrap());
    assert!(store.delete_secret(secret.id).await.unwrap());
    assert!(store.delete_service(api).await.unwrap());
}

async fn a_name_is_taken_once(store: &Store) {
    let first = store.insert_server(&server("web1")).await.unwrap();
    assert!(first.is_some());
    assert_eq!(store.insert_server(&server("web1")).await.unwrap(), None);
    let on = (first.unwrap(), "web1");
    assert!(
        store
            .insert_service(&service("api", on))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        store.insert_service(&service("api", on)).await.unwrap(),
        None
    );
}

async fn services_of_one_name_live_on_different_servers(store: &Store) {
    for name in ["web1", "web2"] {
        let id = store.insert_server(&server(name)).await.unwrap().unwrap();
        assert!(
            store
                .insert_service(&service("api", (id, name)))
                .await
                .unwrap()
                .is_some()
        );
    }
    let names: Vec<_> = store
        .services()
        .await
        .unwrap()
        .iter()
        .map(agent::store::rows::Service::full_name)
        .collect();
    assert_eq!(names, ["api@web1", "api@web2"]);
}

async fn what_is_depended_on_cannot_be_removed(store: &Store) {
    let api = an_api(store).await;
    let web1 = store.service(api).await.unwrap().unwrap().server_id;
    assert!(matches!(
        store.delete_server(web1).await,
        Err(StoreError::Referenced)
    ));
    let db = store
        .insert_service(&service("db", (web1, "web1")))
        .await
        .unwrap()
        .unwrap();
    let needs = store
        .insert_dependency(&dependency(api, Some(db)))
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(
        store.delete_service(db).await,
        Err(StoreError::Referenced)
    ));
    assert!(store.delete_dependency(needs).await.unwrap());
    assert!(store.delete_service(db).await.unwrap());
}

async fn a_move_onto_a_taken_name_is_refused(store: &Store) {
    let api = an_api(store).await;
    let web2 = store.insert_server(&server("web2")).await.unwrap().unwrap();
    store
        .insert_service(&service("api", (web2, "web2")))
        .await
        .unwrap()
        .unwrap();
    let mut row = store.service(api).await.unwrap().unwrap();
    row.server_id = web2;
    assert!(matches!(
        store.update_service(&row, after(1)).await,
        Err(StoreError::Taken)
    ));
}

async fn what_was_known_of_another_endpoint_is_forgotten(store: &Store) {
    let api = an_api(store).await;
    let check = agent::store::rows::HealthCheck {
        service_id: api,
        checked_at: after(1),
        status: HealthStatus::Healthy,
        http_status: Some(200),
        latency_ms: None,
        error: None,
    };
    store.record_health(&check).await.unwrap();
    let mut row = store.service(api).await.unwrap().unwrap();
    row.port = Some(9_090);
    assert!(store.update_service(&row, after(2)).await.unwrap());
    row = store.service(api).await.unwrap().unwrap();
    assert_eq!(row.health_status, HealthStatus::Healthy);
    row.health_endpoint = None;
    assert!(store.update_service(&row, after(3)).await.unwrap());
    row = store.service(api).await.unwrap().unwrap();
    assert_eq!(
        (row.health_status, row.last_health_check),
        (HealthStatus::Unknown, None)
    );
}

async fn a_change_of_a_row_that_has_changed_loses(store: &Store) {
    let api = an_api(store).await;
    let seen_by_one = store.service(api).await.unwrap().unwrap();
    let mut seen_by_other = seen_by_one.clone();
    seen_by_other.port = Some(9090);
    assert!(
        store
            .update_service(&seen_by_other, after(1))
            .await
            .unwrap()
    );
    assert!(!store.update_service(&seen_by_one, after(2)).await.unwrap());
    assert_eq!(store.service(api).await.unwrap().unwrap().port, Some(9090));
}

fn dependency(service_id: i64, on: Option<i64>) -> Dependency {
    Dependency {
        id: 0,
        service_id,
        service: "api@web1".to_owned(),
        depends_on_service_id: on,
        depends_on_service: None,
        depends_on_external: on.is_none().then(|| "the bank".to_owned()),
        dependency_type: DependencyType::Http,
        connection_string_env: Some("BANK_URL".to_owned()),
        required: true,
        notes: None,
        created_at: noon(),
    }
}
