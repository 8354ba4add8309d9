//! The back ends of a suite, each empty and of its own.

use agent::store::Store;
use tempfile::TempDir;
use tests::servers::{self, TestDatabase};

/// A store and what it stands on; that goes away after it.
pub(crate) struct Backend {
    pub(crate) store: Store,
    _folder: Option<TempDir>,
    _database: Option<TestDatabase>,
}

impl Backend {
    /// Closes the store before its database goes.
    pub(crate) async fn finish(self) {
        Self::close(&self.store).await;
    }

    pub(crate) async fn close(store: &Store) {
        match store.pool() {
            rag::pool::Pool::Sqlite(pool) => pool.close().await,
            rag::pool::Pool::Postgres(pool) => pool.close().await,
        }
    }
}

pub(crate) async fn sqlite_in_memory() -> Option<Backend> {
    open("sqlite::memory:", None, None).await
}

pub(crate) async fn sqlite_on_disk() -> Option<Backend> {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite://{}", folder.path().join("fjord.db").display());
    open(&url, Some(folder), None).await
}

pub(crate) async fn postgres() -> Option<Backend> {
    let database = servers::postgres().await?;
    let url = database.url.clone();
    open(&url, None, Some(database)).await
}

async fn open(
    url: &str,
    folder: Option<TempDir>,
    database: Option<TestDatabase>,
) -> Option<Backend> {
    let store = Store::new(url).unwrap();
    store.ready().await.unwrap();
    Some(Backend {
        store,
        _folder: folder,
        _database: database,
    })
}
