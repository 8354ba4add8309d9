//! Servers of the whole run; each test gets a part of its own.

use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::{Mutex, MutexGuard};

use super::variable_or_skip;

/// A new Postgres database, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// `postgres://…`, as `[store] url` takes it.
    pub url: String,
    server: String,
    name: String,
}

/// A logical database of the shared Redis, empty at the start.
#[derive(Debug)]
pub struct TestRedis {
    /// `redis://…/N`, as `[throttle] url` takes it.
    pub url: String,
}

/// The shared Chroma, emptied and held by one test at a time, because collections have fixed names.
#[derive(Debug)]
pub struct TestChroma {
    /// `http://…`, as `[rag] url` takes it.
    pub url: String,
    _turn: MutexGuard<'static, ()>,
}

/// Where the shared sshd lets a test in.
#[derive(Debug)]
pub struct TestSshd {
    /// The account.
    pub user: String,
    /// Always the loopback.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path of the private key.
    pub key: String,
}

/// Makes a database for the running test.
pub async fn postgres() -> Option<TestDatabase> {
    let server = variable_or_skip("FJORD_TEST_POSTGRES", "PostgreSQL")?;
    Some(TestDatabase::create(&server).await)
}

/// Takes a logical database for the running test.
pub async fn redis() -> Option<TestRedis> {
    let server = variable_or_skip("FJORD_TEST_REDIS", "Redis")?;
    let client = redis::Client::open(server.as_str()).expect("`FJORD_TEST_REDIS` is a Redis URL");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("the shared Redis answers");
    // Database 0 counts; `tests/run` starts the server with 512 of them.
    let taken: i64 = redis::cmd("INCR")
        .arg("fjord-tests:databases")
        .query_async(&mut connection)
        .await
        .expect("the shared Redis counts");
    let url = format!("{}/{}", server.trim_end_matches('/'), 1 + taken % 511);
    let own = redis::Client::open(url.as_str()).expect("a Redis URL with a database");
    let mut connection = own
        .get_multiplexed_async_connection()
        .await
        .expect("the shared Redis answers");
    let () = redis::cmd("FLUSHDB")
        .query_async(&mut connection)
        .await
        .expect("a database can be emptied");
    Some(TestRedis { url })
}

/// Waits for this test's turn with the shared Chroma and empties it.
pub async fn chroma() -> Option<TestChroma> {
    static TURN: Mutex<()> = Mutex::const_new(());
    let url = variable_or_skip("FJORD_TEST_CHROMA", "Chroma")?;
    let turn = TURN.lock().await;
    empty_chroma(&url).await;
    Some(TestChroma { url, _turn: turn })
}

/// Tells how to reach the shared sshd.
pub fn sshd() -> Option<TestSshd> {
    let address = variable_or_skip("FJORD_TEST_SSHD", "sshd")?;
    let key = variable_or_skip("FJORD_TEST_SSHD_KEY", "sshd")?;
    let (user, rest) = address
        .split_once('@')
        .expect("`FJORD_TEST_SSHD` is user@host:port");
    let (host, port) = rest
        .rsplit_once(':')
        .expect("`FJORD_TEST_SSHD` is user@host:port");
    Some(TestSshd {
        user: user.to_owned(),
        host: host.to_owned(),
        port: port.parse().expect("`FJORD_TEST_SSHD` ends with a port"),
        key,
    })
}

impl TestDatabase {
    pub(super) async fn create(server: &str) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "a name that no other test has; nothing asserts it"
        )]
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        run_on(server, format!("create database {name}")).await;
        let (base, _) = server
            .rsplit_once('/')
            .expect("the URL of a server ends with a database");
        Self {
            url: format!("{base}/{name}"),
            server: server.to_owned(),
            name,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("drop database if exists {} with (force)", self.name);
        // A runtime of its own: the test's may be shutting down, and blocks while this runs.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be built")
                .block_on(async {
                    // A server that the test stopped takes the database with it.
                    if let Ok(mut connection) = PgConnection::connect(&server).await {
                        let _left_behind = sqlx::raw_sql(AssertSqlSafe(statement))
                            .execute(&mut connection)
                            .await;
                    }
                });
        });
        let _panicked = dropped.join();
    }
}

async fn run_on(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server)
        .await
        .expect("PostgreSQL answers");
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("a database can be made");
    let _closed = connection.close().await;
}

async fn empty_chroma(url: &str) {
    let client = reqwest::Client::new();
    let collections =
        format!("{url}/api/v2/tenants/default_tenant/databases/default_database/collections");
    let found: Vec<Value> = client
        .get(format!("{collections}?limit=1000"))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .expect("the shared Chroma answers")
        .json()
        .await
        .expect("the shared Chroma lists its collections");
    for collection in found {
        let name = collection["name"]
            .as_str()
            .expect("a collection has a name");
        let answer = client
            .delete(format!("{collections}/{name}"))
            .send()
            .await
            .expect("the shared Chroma answers");
        assert!(
            answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND,
            "Chroma did not delete `{name}`: {}",
            answer.status()
        );
    }
}
