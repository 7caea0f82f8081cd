//! How often somebody got a PIN wrong: what the vault keeps and `access` judges.

use super::Moment;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Wrong PINs of one host since the last right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttemptState {
    /// How many; counted before the PIN is checked, so that pulling the plug does not save a try.
    pub failures: u32,
    /// When the last one was counted, wall clock, milliseconds since 1970.
    pub last_utc_ms: i64,
    /// The same on the monotonic clock; `None` once the program has restarted.
    pub last_mono: Option<Duration>,
}

impl AttemptState {
    /// One more try, counted at `now`.
    #[must_use]
    pub fn counted(self, now: Moment) -> Self {
        Self {
            failures: self.failures.saturating_add(1),
            last_utc_ms: now.utc.as_millisecond(),
            last_mono: Some(now.mono),
        }
    }
}
