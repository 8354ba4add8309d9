//! Why a Postgres gives no connection, which its pool does not tell.

use std::error::Error as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

/// Together with the pool's own deadline a person waits for at most three seconds.
const DEADLINE: Duration = Duration::from_secs(1);

/// Tries once, past the pool, and says in one line what came of it.
pub(super) async fn why(options: &PgConnectOptions) -> String {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let quiet = options.clone().disable_statement_logging();
    match tokio::time::timeout(DEADLINE, PgConnection::connect_with(&quiet)).await {
        Ok(Ok(connection)) => {
            drop(connection);
            format!("all connections to {place} are in use")
        }
        Ok(Err(error)) => format!("{} at {place}", said(&error)),
        Err(_) => format!("no answer at {place}"),
    }
}

fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            std::io::ErrorKind::NotFound => "nothing is there".to_owned(),
            _ => super::first_line(&error.to_string()),
        },
        sqlx::Error::Database(error) => super::first_line(error.message()),
        other => super::first_line(
            &other
                .source()
                .map_or_else(|| other.to_string(), ToString::to_string),
        ),
    }
}
