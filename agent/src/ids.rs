//! Makes ids that nobody can guess.

use uuid::Uuid;

/// Returns a ticket: 32 hexadecimal characters, 122 random bits, single use by its row.
#[expect(clippy::disallowed_methods, reason = "ids are made here and passed on")]
pub fn ticket() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Returns an id that sorts by the time it was made.
#[expect(clippy::disallowed_methods, reason = "ids are made here and passed on")]
pub fn ordered() -> Uuid {
    Uuid::now_v7()
}
