//! Keeps one part of `fjord up` running.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// How long a part waits before it is begun again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    first: Duration,
    longest: Duration,
    /// A part that ran this long begins with the first wait again.
    steady: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(1),
            steady: Duration::from_mins(2),
        }
    }
}

/// How a part ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was told to stop, or has nothing left to do.
    Done,
    /// It failed; begin it again.
    Again(String),
    /// It failed, and only a person can mend it.
    ForGood(String),
}

impl Ended {
    /// Waits for a part that ends only when it is told to.
    pub(super) async fn when_stopped(part: impl Future<Output = ()>) -> Self {
        part.await;
        Self::Done
    }

    /// Says how a part ended whose failures time can mend.
    pub(super) fn again(outcome: Result<(), impl Display>) -> Self {
        outcome.map_or_else(|error| Self::Again(error.to_string()), |()| Self::Done)
    }

    /// Says how a part ended whose failures only a person can mend.
    pub(super) fn for_good(outcome: Result<(), impl Display>) -> Self {
        outcome.map_or_else(|error| Self::ForGood(error.to_string()), |()| Self::Done)
    }
}

/// Runs a part until told to stop; a failure or a panic of it is logged, and it is begun again.
pub(super) async fn keep<F>(
    name: &'static str,
    waits: Waits,
    stop: CancellationToken,
    begin: impl Fn(CancellationToken) -> F,
) where
    F: Future<Output = Ended> + Send + 'static,
{
    let mut wait = waits.first;
    loop {
        let start = Instant::now();
        let outcome = tokio::spawn(begin(stop.clone())).await;
        if stop.is_cancelled() {
            return;
        }
        let why = match outcome {
            Ok(Ended::Done) => return,
            Ok(Ended::ForGood(why)) => {
                tracing::error!(
                    part = name,
                    why,
                    "stays off until it is mended and `fjord up` is started again"
                );
                return;
            }
            Ok(Ended::Again(why)) => why,
            Err(error) => error.to_string(),
        };
        if start.elapsed() > waits.steady {
            wait = waits.first;
        }
        tracing::error!(part = name, why, again_in = ?wait, "failed");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = (wait * 2).min(waits.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    const SHORT: Waits = Waits {
        first: Duration::from_millis(1),
        longest: Duration::from_millis(2),
        steady: Duration::from_secs(1),
    };

    #[tokio::test]
    async fn a_part_that_fails_or_panics_is_begun_again() {
        let begun = Arc::new(AtomicU32::new(0));
        let count = begun.clone();
        keep("part", SHORT, CancellationToken::new(), move |_stop| {
            let nth = count.fetch_add(1, Ordering::Relaxed);
            async move {
                match nth {
                    0 => Ended::Again("broken".to_owned()),
                    1 => panic!("a part may panic"),
                    _ => Ended::Done,
                }
            }
        })
        .await;
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_part_that_only_a_person_can_mend_stays_off() {
        let begun = Arc::new(AtomicU32::new(0));
        let count = begun.clone();
        keep("part", SHORT, CancellationToken::new(), move |_stop| {
            count.fetch_add(1, Ordering::Relaxed);
            async { Ended::for_good(Err("the token is refused")) }
        })
        .await;
        assert_eq!(begun.load(Ordering::Relaxed), 1);
    }
}
