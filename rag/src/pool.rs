//! One SQL text for two databases: the typed pools, and the macros that run the same body on both.
//!
//! It lives in `rag` because this is the lowest crate that speaks SQL; the agent's store uses the same [`Pool`].
//! `sqlx::Any` cannot read `timestamptz`, `uuid`, `jsonb` or SQLite booleans, so each pool keeps its type, and
//! [`db!`](crate::db) expands its body once for each.
//!
//! ```text
//! let name: Option<String> = rag::db!(pool, |p| {
//!     sqlx::query_scalar("select name from services where id = $1").bind(id).fetch_optional(p).await
//! })?;
//! let claim = rag::sql!(pool, "update jobs set … where id = (select id from jobs limit 1",
//!     pg: " for update skip locked", lite: "", ") returning *");
//! ```

use sqlx::{PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};

/// The database of one Fjord: Postgres, or the embedded SQLite file.
#[derive(Clone, Debug)]
pub enum Pool {
    /// A shared Postgres.
    Postgres(PgPool),
    /// The embedded file (or `:memory:`, then with one connection only).
    Sqlite(SqlitePool),
}

impl Pool {
    /// Tells which of the two dialects [`sql!`](crate::sql) has to pick.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Begins a transaction that may read first and write later.
    ///
    /// On SQLite it is `begin immediate`: a deferred one fails with "database is locked" when two tasks upgrade at once.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin_with("begin immediate").await?),
        })
    }
}

/// A transaction of either database. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub enum Tx {
    /// On Postgres.
    Postgres(Transaction<'static, Postgres>),
    /// On SQLite, begun as `immediate`.
    Sqlite(Transaction<'static, Sqlite>),
}

impl Tx {
    /// Tells which of the two dialects [`sql!`](crate::sql) has to pick.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// The connection inside, for [`tx!`](crate::tx).
    pub fn connection(&mut self) -> TxConnection<'_> {
        match self {
            Self::Postgres(tx) => TxConnection::Postgres(&mut *tx),
            Self::Sqlite(tx) => TxConnection::Sqlite(&mut *tx),
        }
    }

    /// Makes the changes visible and lasting.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(tx) => tx.commit().await,
            Self::Sqlite(tx) => tx.commit().await,
        }
    }

    /// Drops the changes at once, rather than when the connection is next used.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(tx) => tx.rollback().await,
            Self::Sqlite(tx) => tx.rollback().await,
        }
    }
}

/// The borrowed connection of a [`Tx`].
#[derive(Debug)]
pub enum TxConnection<'a> {
    /// On Postgres.
    Postgres(&'a mut PgConnection),
    /// On SQLite.
    Sqlite(&'a mut SqliteConnection),
}

/// Runs the same body over whichever pool is inside: `db!(pool, |p| sqlx::query("…").execute(p).await)`.
///
/// `pool` is a [`Pool`] or a reference to one. The body is compiled twice, so everything it binds must be
/// known to both databases.
#[macro_export]
macro_rules! db {
    ($pool:expr, |$p:ident| $body:expr) => {
        match &$pool {
            $crate::pool::Pool::Postgres($p) => $body,
            $crate::pool::Pool::Sqlite($p) => $body,
        }
    };
}

/// Runs the same body inside a [`Tx`]: `tx!(tx, |c| sqlx::query("…").execute(c).await)`.
///
/// `tx` is a `Tx` or a `&mut Tx`; `c` is a `&mut` connection, to be reborrowed (`&mut *c`) when used more than once.
#[macro_export]
macro_rules! tx {
    ($tx:expr, |$c:ident| $body:expr) => {
        match $tx.connection() {
            $crate::pool::TxConnection::Postgres($c) => $body,
            $crate::pool::TxConnection::Sqlite($c) => $body,
        }
    };
}

/// Joins literals to one `&'static str`, taking `pg:` or `lite:` where the two dialects differ.
///
/// `sql!(pool, "select … where ", pg: "a ilike $1", lite: "a like $1", " limit 5")`; any number of parts, each
/// either a literal or a pair `pg: …, lite: …`. `pool` is a [`Pool`] or a [`Tx`].
#[macro_export]
macro_rules! sql {
    (@pg [$($done:tt)*]) => { concat!($($done)*) };
    (@pg [$($done:tt)*] , $($rest:tt)*) => { $crate::sql!(@pg [$($done)*] $($rest)*) };
    (@pg [$($done:tt)*] pg: $pg:literal, lite: $lite:literal $($rest:tt)*) => {
        $crate::sql!(@pg [$($done)* $pg,] $($rest)*)
    };
    (@pg [$($done:tt)*] $part:literal $($rest:tt)*) => { $crate::sql!(@pg [$($done)* $part,] $($rest)*) };
    (@lite [$($done:tt)*]) => { concat!($($done)*) };
    (@lite [$($done:tt)*] , $($rest:tt)*) => { $crate::sql!(@lite [$($done)*] $($rest)*) };
    (@lite [$($done:tt)*] pg: $pg:literal, lite: $lite:literal $($rest:tt)*) => {
        $crate::sql!(@lite [$($done)* $lite,] $($rest)*)
    };
    (@lite [$($done:tt)*] $part:literal $($rest:tt)*) => { $crate::sql!(@lite [$($done)* $part,] $($rest)*) };
    ($pool:expr, $($parts:tt)+) => {
        if $pool.is_postgres() { $crate::sql!(@pg [] $($parts)+) } else { $crate::sql!(@lite [] $($parts)+) }
    };
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;

    use super::Pool;

    async fn memory() -> Pool {
        Pool::Sqlite(
            SqlitePoolOptions::new()
                .max_connections(1)
                .connect("sqlite::memory:")
                .await
                .unwrap(),
        )
    }

    #[tokio::test]
    async fn the_dialect_of_the_pool_is_picked() {
        let pool = memory().await;
        let text = sql!(pool, "select ", pg: "true", lite: "1", " as a, ", pg: "now()", lite: "2", " as b");
        assert_eq!(text, "select 1 as a, 2 as b");
        let row: (i64, i64) = db!(pool, |p| sqlx::query_as(text).fetch_one(p).await).unwrap();
        assert_eq!(row, (1, 2));
    }

    #[tokio::test]
    async fn a_dropped_transaction_leaves_nothing() {
        let pool = memory().await;
        db!(pool, |p| sqlx::query("create table t (a bigint)")
            .execute(p)
            .await
            .map(|_| ()))
        .unwrap();
        let mut tx = pool.begin().await.unwrap();
        tx!(tx, |c| sqlx::query("insert into t values ($1)")
            .bind(1_i64)
            .execute(c)
            .await
            .map(|_| ()))
        .unwrap();
        drop(tx);
        let mut tx = pool.begin().await.unwrap();
        tx!(tx, |c| sqlx::query("insert into t values ($1)")
            .bind(2_i64)
            .execute(c)
            .await
            .map(|_| ()))
        .unwrap();
        tx.commit().await.unwrap();
        let rows: Vec<i64> = db!(pool, |p| sqlx::query_scalar("select a from t")
            .fetch_all(p)
            .await)
        .unwrap();
        assert_eq!(rows, [2]);
    }
}
