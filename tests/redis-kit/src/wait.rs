//! Waiting for a condition by asking again.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::KitError;

/// Asks every 5 ms until the answer is there. Errors of the question end the wait.
pub(crate) fn until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>, KitError>,
) -> Result<T, KitError> {
    let start = Instant::now();
    loop {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        if start.elapsed() >= limit {
            let waited_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            return Err(KitError::TooLate { what: what.to_owned(), waited_ms });
        }
        sleep(Duration::from_millis(5));
    }
}
