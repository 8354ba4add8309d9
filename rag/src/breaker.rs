//! Remembers that a helper just failed, so that the next calls need not wait for it again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a failure is remembered before one call may try again.
const REST: Duration = Duration::from_secs(5);

/// A circuit breaker: closed while all is well, open for a few seconds after a failure, then one probe.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: Mutex<Option<Failure>>,
}

#[derive(Debug)]
struct Failure {
    until: Instant,
    why: String,
}

impl Breaker {
    /// Says whether to call now; the error is why not.
    ///
    /// The caller that is let through after a rest is the probe: others wait another rest meanwhile.
    pub(crate) fn admit(&self) -> Result<(), String> {
        self.admit_at(Instant::now())
    }

    /// Says why a call would be refused now, without being the probe.
    pub(crate) fn refusal(&self) -> Option<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = state.as_ref()?;
        (Instant::now() < failure.until).then(|| failure.why.clone())
    }

    /// Forgets the failure.
    pub(crate) fn succeeded(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Remembers the failure for the rest.
    pub(crate) fn failed(&self, why: &str) {
        self.failed_at(Instant::now(), why);
    }

    fn admit_at(&self, now: Instant) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.as_mut() {
            None => Ok(()),
            Some(failure) if now < failure.until => Err(failure.why.clone()),
            Some(failure) => {
                failure.until = now + REST;
                Ok(())
            }
        }
    }

    fn failed_at(&self, now: Instant, why: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = Some(Failure {
            until: now + REST,
            why: why.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_calls_are_refused_then_one_probe_goes_through() {
        let breaker = Breaker::default();
        let start = Instant::now();
        assert_eq!(breaker.admit_at(start), Ok(()));
        breaker.failed_at(start, "connection refused");
        assert_eq!(
            breaker.admit_at(start + Duration::from_secs(4)),
            Err("connection refused".to_owned())
        );
        assert_eq!(breaker.admit_at(start + REST), Ok(()));
        assert!(breaker.admit_at(start + REST).is_err());
        breaker.succeeded();
        assert_eq!(breaker.admit_at(start + REST), Ok(()));
    }
}
