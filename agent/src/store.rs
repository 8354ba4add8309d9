//! All SQL of the agent: one text for Postgres and SQLite, one function a statement.
//!
//! Times are passed in. A state change is one conditional statement that tells whether it won.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rag::pool::Pool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::OnceCell;

use crate::error::Error;

mod approvals;
mod audit;
mod backup;
mod deployments;
mod events;
mod hooks;
mod inventory;
mod limits;
mod locks;
mod memory;
mod outbox;
mod projects;
mod reach;
mod retention;
pub mod rows;
mod schedules;
mod services;
mod updates;

pub use approvals::{NewAnswer, NewApproval};
pub use audit::NewAudit;
pub use backup::TABLES;
pub use deployments::{Ending, NewDeployment, Unfinished};
pub use events::{EventsWanted, NewEvent};
pub use locks::LockRow;
pub use projects::CheckpointRow;

/// How long one statement may take before the store counts as down.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long another writer of the SQLite file is waited for; below the deadline, so that the database says so itself.
const BUSY: Duration = Duration::from_secs(4);
/// How long a Postgres that does not answer is waited for.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// After a failure, how long calls fail at once instead of waiting again.
const BREAK: Duration = Duration::from_secs(1);

/// Why a statement did not run.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer.
    #[error("{0}")]
    Down(String),
    /// Something still refers to the row.
    #[error("something still refers to it")]
    Referenced,
    /// Another row has the name.
    #[error("the name is taken")]
    Taken,
    /// Anything else: ours.
    #[error(transparent)]
    Sql(sqlx::Error),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Down(message) => {
                Self::unavailable("store", format!("{message}; `fjord doctor` says more"))
            }
            StoreError::Referenced => Self::conflict("something still depends on it"),
            StoreError::Taken => {
                Self::conflict("one of that name is there already; choose another name")
            }
            StoreError::Sql(error) => Self::internal(format!("store: {error}")),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_down(&error) {
            let text = first_line(&error.to_string());
            // A connection that broke may have carried the change; one that was never made has not.
            return Self::Down(if never_began(&error) {
                format!("{text}. Nothing was changed")
            } else {
                text
            });
        }
        match error.as_database_error() {
            Some(error) if error.is_foreign_key_violation() => Self::Referenced,
            Some(error) if error.is_unique_violation() => Self::Taken,
            _ => Self::Sql(error),
        }
    }
}

/// The store: an SQLite file or a Postgres database, connected when it is first needed.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    place: Arc<Place>,
    migrated: Arc<OnceCell<()>>,
    broken: Arc<Mutex<Option<(Instant, String)>>>,
}

enum Place {
    Memory,
    File(PathBuf),
    Postgres {
        shown: String,
        options: Box<PgConnectOptions>,
    },
}

/// By hand, since the options hold the password.
impl std::fmt::Debug for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory => out.write_str("memory"),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Postgres { shown, .. } => out.write_str(shown),
        }
    }
}

impl Store {
    /// Makes the store of a URL: `sqlite://PATH`, `sqlite::memory:` or `postgres://…`.
    ///
    /// Does no I/O but make the folder of an SQLite file; [`Store::ready`] connects and migrates.
    pub fn new(url: &str) -> Result<Self, Error> {
        let (pool, place) = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            postgres(url)?
        } else {
            sqlite(url)?
        };
        Ok(Self {
            pool,
            place: Arc::new(place),
            migrated: Arc::default(),
            broken: Arc::default(),
        })
    }

    /// Returns the pool, which `rag` builds its index on.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Returns `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        if self.pool.is_postgres() {
            "postgres"
        } else {
            "sqlite"
        }
    }

    /// Returns where it is, without credentials.
    pub fn place(&self) -> String {
        match &*self.place {
            Place::Memory => "memory".to_owned(),
            Place::File(path) => path.display().to_string(),
            Place::Postgres { shown, .. } => shown.clone(),
        }
    }

    /// Returns the SQLite file, if the store is one.
    pub fn file(&self) -> Option<&Path> {
        match &*self.place {
            Place::File(path) => Some(path),
            Place::Memory | Place::Postgres { .. } => None,
        }
    }

    /// Connects and migrates, once; later calls cost nothing.
    pub async fn ready(&self) -> Result<(), StoreError> {
        if self.migrated.initialized() {
            return Ok(());
        }
        // Those who waited for the first try do not each wait for one of their own.
        self.migrated
            .get_or_try_init(|| async {
                self.check_breaker()?;
                let outcome = self.migrate().await;
                self.note(&outcome);
                outcome
            })
            .await
            .map(|&()| ())
    }

    /// Asks the database for its version.
    pub async fn version(&self) -> Result<String, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| {
                let sql = rag::sql!(self.pool, "select ", pg: "current_setting('server_version')", lite: "sqlite_version()", "");
                sqlx::query_scalar::<_, String>(sql).fetch_one(p).await
            })
        })
        .await
    }

    /// Runs a statement under the deadline and keeps in mind whether the database answers.
    async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        self.ready().await?;
        self.check_breaker()?;
        let outcome = match tokio::time::timeout(DEADLINE, work).await {
            Ok(Err(error)) => Err(self.explain(error).await),
            Ok(Ok(value)) => Ok(value),
            Err(_) => Err(StoreError::Down(format!(
                "no answer within {} s",
                DEADLINE.as_secs()
            ))),
        };
        self.note(&outcome);
        outcome
    }

    /// The pool says only that time ran out; the database itself says why.
    async fn explain(&self, error: sqlx::Error) -> StoreError {
        match (&error, &*self.place) {
            (sqlx::Error::PoolTimedOut, Place::Postgres { options, .. }) => StoreError::Down(
                format!("{}. Nothing was changed", reach::why(options).await),
            ),
            _ => error.into(),
        }
    }

    fn check_breaker(&self) -> Result<(), StoreError> {
        let broken = self
            .broken
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*broken {
            Some((since, message)) if since.elapsed() < BREAK => {
                Err(StoreError::Down(message.clone()))
            }
            _ => Ok(()),
        }
    }

    fn note<T>(&self, outcome: &Result<T, StoreError>) {
        let mut broken = self
            .broken
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match outcome {
            Err(StoreError::Down(message)) => {
                // An error answered by the breaker itself must not keep it open for ever.
                if broken
                    .as_ref()
                    .is_none_or(|(since, _)| since.elapsed() >= BREAK)
                {
                    *broken = Some((Instant::now(), message.clone()));
                }
            }
            _ => *broken = None,
        }
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        match (&self.pool, &*self.place) {
            (Pool::Postgres(pool), _) => {
                // sqlx takes an advisory lock, so several Fjords may start at once.
                let work = async {
                    let _first = pool.acquire().await?;
                    sqlx::migrate!("../migrations/postgres")
                        .run(pool)
                        .await
                        .map_err(sqlx::Error::from)
                };
                match tokio::time::timeout(DEADLINE * 6, work).await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(self.explain(error).await),
                    Err(_) => Err(StoreError::Down("no answer while migrating".to_owned())),
                }
            }
            (Pool::Sqlite(pool), place) => {
                let lock = match place {
                    Place::File(file) => Some(lock_file(file.clone()).await?),
                    Place::Memory | Place::Postgres { .. } => None,
                };
                let outcome = sqlx::migrate!("../migrations/sqlite").run(pool).await;
                drop(lock);
                Ok(outcome.map_err(sqlx::Error::from)?)
            }
        }
    }
}

fn postgres(url: &str) -> Result<(Pool, Place), Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| Error::invalid("`store.url` is not a Postgres address; write `postgres://user:password@host:5432/database`"))?
        .application_name("fjord");
    let shown = format!(
        "{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_default()
    );
    let pool = PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(CONNECT_DEADLINE)
        .connect_lazy_with(options.clone());
    let options = Box::new(options);
    Ok((Pool::Postgres(pool), Place::Postgres { shown, options }))
}

fn sqlite(url: &str) -> Result<(Pool, Place), Error> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| Error::invalid("`store.url` is neither `sqlite://PATH` nor `postgres://…`"))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY)
        .foreign_keys(true);
    if url.contains(":memory:") {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options);
        return Ok((Pool::Sqlite(pool), Place::Memory));
    }
    let file = options.get_filename().to_path_buf();
    if let Some(folder) = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_private_folder(folder).map_err(|error| {
            Error::unavailable(
                "store",
                format!("cannot make the folder {}: {error}", folder.display()),
            )
        })?;
    }
    let pool = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(options);
    Ok((Pool::Sqlite(pool), Place::File(file)))
}

/// Makes a folder that only its owner may enter.
pub fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// Holds `<db>.lock`: sqlx takes no lock while it migrates an SQLite file.
async fn lock_file(db: PathBuf) -> Result<std::fs::File, StoreError> {
    let mut name = db.into_os_string();
    name.push(".lock");
    let locked = tokio::task::spawn_blocking(move || {
        use std::os::unix::fs::OpenOptionsExt;
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&name)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    })
    .await;
    match locked {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(error)) => Err(StoreError::Down(format!(
            "cannot lock the database file: {error}"
        ))),
        Err(error) => Err(StoreError::Down(error.to_string())),
    }
}

fn is_down(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Migrate(error) => match &**error {
            sqlx::migrate::MigrateError::Execute(error) => is_down(error),
            _ => false,
        },
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_down_code(&code)),
        _ => false,
    }
}

/// Tells whether a database that answers says that it cannot work now.
fn is_down_code(code: &str) -> bool {
    if code.len() == 5 {
        // 57: shutting down, starting up; 53: out of connections, memory or disk; 58: its own files fail; 08: connection;
        // 28, 3D000: refused at the door; 25006: a standby that only reads.
        return ["57", "53", "58", "08", "28", "3D000", "25006"]
            .iter()
            .any(|prefix| code.starts_with(prefix));
    }
    // SQLite: the low byte of the extended code. Busy, locked, read only, I/O, corrupt, full, cannot open, not a database.
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 11 | 13 | 14 | 26))
}

fn never_began(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Database(_) => true,
        sqlx::Error::Io(error) => matches!(
            error.kind(),
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound
        ),
        _ => false,
    }
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_down_code;

    #[test]
    fn a_full_disk_or_a_writer_that_does_not_end_is_no_fault_of_ours() {
        for code in ["5", "517", "8", "1032", "10", "266", "13", "14", "26"] {
            assert!(is_down_code(code), "SQLite {code}");
        }
        for code in [
            "57P01", "53300", "53100", "58030", "08006", "28P01", "3D000", "25006",
        ] {
            assert!(is_down_code(code), "Postgres {code}");
        }
        for code in ["1", "19", "787", "2067", "42P01", "23505", "22P05"] {
            assert!(!is_down_code(code), "{code}");
        }
    }
}
