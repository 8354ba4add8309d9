//! How often: the same promises by rows and by Redis, and what happens when Redis goes away.

use std::time::{Duration, Instant};

use agent::store::{EventsWanted, Store};
use agent::throttle::{Bucket, REDIS_PATIENCE, Throttle};
use tests::servers;

use crate::backends::{sqlite_in_memory, sqlite_on_disk};
use crate::store::{after, noon};

const BUCKET: Bucket = Bucket {
    capacity: 3,
    per_second: 0.5,
};

async fn a_bucket_gives_what_it_holds_and_fills_again(throttle: &Throttle) {
    for _ in 0..3 {
        assert_eq!(
            throttle.take("telegram:42", BUCKET, noon()).await.unwrap(),
            None
        );
    }
    assert_eq!(
        throttle.take("telegram:42", BUCKET, noon()).await.unwrap(),
        Some(Duration::from_secs(2))
    );
    assert_eq!(
        throttle.take("telegram:43", BUCKET, noon()).await.unwrap(),
        None,
        "another actor has another bucket"
    );
    assert_eq!(
        throttle
            .take("telegram:42", BUCKET, after(1))
            .await
            .unwrap(),
        Some(Duration::from_secs(1))
    );
    assert_eq!(
        throttle
            .take("telegram:42", BUCKET, after(2))
            .await
            .unwrap(),
        None
    );
}

async fn eight_at_once_get_no_more_than_the_bucket_holds(throttle: &Throttle) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let throttle = throttle.clone();
            tokio::spawn(async move { throttle.take("crowd", BUCKET, noon()).await.unwrap() })
        })
        .collect();
    let mut allowed = 0;
    for task in tasks {
        allowed += usize::from(task.await.unwrap().is_none());
    }
    assert_eq!(allowed, 3);
}

async fn a_notice_is_given_once_to_each_process(throttle: &Throttle) {
    assert!(throttle.hook_once("context", "100", noon()).await.unwrap());
    assert!(
        !throttle
            .hook_once("context", "100", after(1))
            .await
            .unwrap()
    );
    assert!(
        throttle
            .hook_once("context", "101", after(1))
            .await
            .unwrap()
    );
    assert!(throttle.hook_once("guard", "100", after(1)).await.unwrap());
}

macro_rules! over_every_throttle {
    ($($name:ident),+ $(,)?) => {
        over_every_throttle!(@ rows_of_sqlite: $($name),+);
        over_every_throttle!(@ rows_of_postgres: $($name),+);
        over_every_throttle!(@ redis: $($name),+);
    };
    (@ $backend:ident: $($name:ident),+) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$backend(async |throttle| super::$name(&throttle).await).await;
                }
            )+
        }
    };
}

over_every_throttle!(
    a_bucket_gives_what_it_holds_and_fills_again,
    eight_at_once_get_no_more_than_the_bucket_holds,
    a_notice_is_given_once_to_each_process,
);

async fn rows_of_sqlite(suite: impl AsyncFnOnce(Throttle)) {
    let backend = sqlite_on_disk().await.unwrap();
    suite(Throttle::new(&"".into(), backend.store.clone()).unwrap()).await;
    backend.finish().await;
}

async fn rows_of_postgres(suite: impl AsyncFnOnce(Throttle)) {
    let Some(backend) = crate::backends::postgres().await else {
        return;
    };
    suite(Throttle::new(&"".into(), backend.store.clone()).unwrap()).await;
    backend.finish().await;
}

async fn redis(suite: impl AsyncFnOnce(Throttle)) {
    let Some(redis) = servers::redis().await else {
        return;
    };
    let backend = sqlite_in_memory().await.unwrap();
    let throttle = connected(&redis.url, &backend.store).await;
    suite(throttle).await;
    assert_eq!(
        changes(&backend.store).await,
        0,
        "Redis answered every call"
    );
}

/// The first call opens the connection, which may take longer than a call is given.
async fn connected(url: &str, store: &Store) -> Throttle {
    let throttle = Throttle::new(&url.into(), store.clone()).unwrap();
    tests::until("Redis to be connected", async || {
        throttle
            .redis()
            .unwrap()
            .version(Duration::from_secs(1))
            .await
            .ok()
    })
    .await;
    throttle
}

async fn changes(store: &Store) -> usize {
    store
        .events(&EventsWanted {
            limit: 100,
            ..Default::default()
        })
        .await
        .unwrap()
        .len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_ends_with_its_time_in_rows() {
    let backend = sqlite_in_memory().await.unwrap();
    let throttle = Throttle::new(&"".into(), backend.store.clone()).unwrap();
    assert!(throttle.hook_once("context", "100", noon()).await.unwrap());
    assert!(
        !throttle
            .hook_once("context", "100", after(299))
            .await
            .unwrap()
    );
    assert!(
        throttle
            .hook_once("context", "100", after(300))
            .await
            .unwrap()
    );
    assert_eq!(backend.store.forget_limits(after(700)).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_in_redis_have_the_agreed_names_and_an_end() {
    let Some(redis) = servers::redis().await else {
        return;
    };
    let backend = sqlite_in_memory().await.unwrap();
    let throttle = connected(&redis.url, &backend.store).await;
    throttle.take("telegram:42", BUCKET, noon()).await.unwrap();
    throttle.hook_once("context", "100", noon()).await.unwrap();
    let mut connection = ::redis::Client::open(redis.url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let mut keys: Vec<String> = ::redis::cmd("KEYS")
        .arg("*")
        .query_async(&mut connection)
        .await
        .unwrap();
    keys.sort();
    assert_eq!(
        keys,
        ["fjord:limit:telegram:42", "hooks:throttle:context:100"]
    );
    for (key, longest) in [(&keys[0], 8), (&keys[1], 300)] {
        let left: i64 = ::redis::cmd("TTL")
            .arg(key)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert!((longest - 5..=longest).contains(&left), "{key}: {left} s");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_take_over_while_redis_is_away_and_nobody_waits() {
    let Some(mut redis) = servers::RedisServer::start().await else {
        return;
    };
    let backend = sqlite_in_memory().await.unwrap();
    let throttle = connected(&redis.url(), &backend.store).await;
    assert!(throttle.hook_once("a", "1", noon()).await.unwrap());

    redis.stop();
    // The store's own work is on top of what Redis may cost.
    let bound = REDIS_PATIENCE + Duration::from_millis(50);
    for number in 0..20 {
        let started = Instant::now();
        assert!(
            throttle
                .hook_once("b", &number.to_string(), noon())
                .await
                .unwrap()
        );
        assert!(
            started.elapsed() < bound,
            "call {number} took {:?}",
            started.elapsed()
        );
    }
    assert!(
        !throttle.hook_once("b", "0", noon()).await.unwrap(),
        "the rows remember"
    );
    assert_eq!(
        changes(&backend.store).await,
        1,
        "one event, not one for each call"
    );
    // As each `fjord` at a terminal would.
    let another = Throttle::new(&redis.url().into(), backend.store.clone()).unwrap();
    another.hook_once("b", "99", noon()).await.unwrap();
    assert_eq!(changes(&backend.store).await, 1, "nor one for each process");

    redis.restart().await;
    tests::until("Redis to be used again", async || {
        throttle.hook_once("c", "1", noon()).await.unwrap();
        (changes(&backend.store).await == 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_not_waited_for() {
    let Some(redis) = servers::RedisServer::start().await else {
        return;
    };
    let backend = sqlite_in_memory().await.unwrap();
    let throttle = connected(&redis.url(), &backend.store).await;
    redis.freeze();
    let started = Instant::now();
    assert!(throttle.hook_once("a", "1", noon()).await.unwrap());
    assert!(
        started.elapsed() < REDIS_PATIENCE + Duration::from_millis(50),
        "{:?}",
        started.elapsed()
    );
    redis.thaw();
}
