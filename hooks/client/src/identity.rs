//! The event's id and the time.

use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Makes an id that no other event has: a version 7 UUID of time and random bytes.
pub(crate) fn event_id() -> String {
    let mut bytes = [0_u8; 16];
    let random =
        std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    if random.is_err() {
        // Without random bytes the process id and the fine part of the time tell events apart.
        bytes[8..12].copy_from_slice(&std::process::id().to_be_bytes());
        bytes[12..].copy_from_slice(&now().subsec_nanos().to_be_bytes());
    }
    let millis = u64::try_from(now().as_millis())
        .unwrap_or_default()
        .to_be_bytes();
    bytes[..6].copy_from_slice(&millis[2..]);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut id = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        for nibble in [byte >> 4, byte & 0x0f] {
            id.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    id
}

/// The time now in UTC, as `2026-01-31T10:00:00Z`.
pub(crate) fn today() -> String {
    written(now().as_secs())
}

/// Seconds of the epoch.
pub(crate) fn seconds() -> u64 {
    now().as_secs()
}

fn written(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to a date, after Howard Hinnant's `civil_from_days`, for years from 1970.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "this program runs for one event and is its own edge: the time enters here"
)]
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_a_date() {
        assert_eq!(written(0), "1970-01-01T00:00:00Z");
        assert_eq!(written(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(written(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(written(1_798_761_599), "2026-12-31T23:59:59Z");
    }

    #[test]
    fn ids_have_the_form_of_a_uuid_and_differ() {
        let (one, other) = (event_id(), event_id());
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "7");
        assert_ne!(one, other);
    }
}
