//! What happened to servers and services.

use sqlx::query_as;

use super::rows::{Event, Severity, Time};
use super::{Store, StoreError};

/// An event to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// When.
    pub at: Time,
    /// The server's row and name.
    pub server: Option<(i64, String)>,
    /// The service's row and `service@server`.
    pub service: Option<(i64, String)>,
    /// `deploy`, `health`, `throttle`, `inventory`, ...
    pub event_type: String,
    /// How bad.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// More, secrets masked.
    pub description: Option<String>,
    /// Free facts.
    pub metadata: serde_json::Value,
}

/// Which events to read; `None`: any.
#[derive(Clone, Debug, Default)]
pub struct EventsWanted {
    /// The service's row.
    pub service_id: Option<i64>,
    /// The server's row; includes its services' events.
    pub server_id: Option<i64>,
    /// This and worse.
    pub severity: Option<Severity>,
    /// Not older.
    pub since: Option<Time>,
    /// At most this many.
    pub limit: i64,
}

/// The statement behind [`insert_event`].
pub(super) const INSERT: &str = "insert into infra_events (at, server_id, service_id, server, service, event_type, severity, title, description, metadata) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Binds an event to the insert statement, for use inside and outside of transactions.
macro_rules! insert_event {
    ($event:expr, $executor:expr) => {
        sqlx::query($crate::store::events::INSERT)
            .bind($event.at)
            .bind($event.server.as_ref().map(|(id, _)| *id))
            .bind($event.service.as_ref().map(|(id, _)| *id))
            .bind($event.server.as_ref().map(|(_, name)| name.clone()))
            .bind($event.service.as_ref().map(|(_, name)| name.clone()))
            .bind(&$event.event_type)
            .bind($event.severity)
            .bind(&$event.title)
            .bind(&$event.description)
            .bind(sqlx::types::Json(&$event.metadata))
            .execute($executor)
            .await
            .map(|_| ())
    };
}
pub(super) use insert_event;

impl Store {
    /// Records an event.
    pub async fn insert_event(&self, event: &NewEvent) -> Result<(), StoreError> {
        self.run(async { rag::db!(self.pool, |p| insert_event!(event, p)) })
            .await
    }

    /// Reads events, the newest first.
    pub async fn events(&self, wanted: &EventsWanted) -> Result<Vec<Event>, StoreError> {
        let words: Vec<&str> = Severity::ALL
            .iter()
            .filter(|&&severity| wanted.severity.is_none_or(|least| severity >= least))
            .map(|severity| severity.as_str())
            .collect();
        // At most four fixed words: bound one by one, padded with one that is wanted anyway.
        let word = |index: usize| {
            words
                .get(index)
                .or(words.first())
                .copied()
                .unwrap_or("critical")
        };
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Event>(
                "select id, at, server, service, event_type, severity, title, description, metadata from infra_events \
                 where ($1 is null or service_id = $1) and ($2 is null or server_id = $2) and ($3 is null or at >= $3) \
                 and severity in ($4, $5, $6, $7) order by at desc, id desc limit $8"
            )
            .bind(wanted.service_id).bind(wanted.server_id).bind(wanted.since)
            .bind(word(0)).bind(word(1)).bind(word(2)).bind(word(3)).bind(wanted.limit)
            .fetch_all(p).await)
        })
        .await
    }
}
