//! One suite for every back end: plain functions, run over each.
#![expect(clippy::unwrap_used, reason = "everything here is a test")]

mod backends;

/// Runs each function of a suite over SQLite in memory, SQLite on disk and Postgres.
macro_rules! over_every_store {
    ($($name:ident),+ $(,)?) => {
        over_every_store!(@ sqlite_in_memory: $($name),+);
        over_every_store!(@ sqlite_on_disk: $($name),+);
        over_every_store!(@ postgres: $($name),+);
    };
    (@ $backend:ident: $($name:ident),+) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(backend) = crate::backends::$backend().await else { return };
                    super::$name(&backend.store).await;
                    backend.finish().await;
                }
            )+
        }
    };
}

mod backup;
mod chroma;
mod migrations;
mod rag;
mod retrieval;
mod store;
mod throttle;
