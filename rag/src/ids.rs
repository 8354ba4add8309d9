//! The one place in this crate where ids are made.

use uuid::Uuid;

/// Makes the id of a document or a passage: version 7, so that rows made together stay together in the index.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate's own place for ids; no caller needs to name a passage beforehand"
)]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}
