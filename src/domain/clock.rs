//! Time as a value. [`SystemClock::now`] is the only place in the program that reads the clock.

use jiff::Timestamp;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// One instant on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Wall clock, UTC. May jump when somebody sets the clock.
    pub utc: Timestamp,
    /// Since some fixed instant of this process. Never jumps.
    pub mono: Duration,
}

/// Where the time comes from: the machine, or a test or replay that owns it.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Moment;
}

/// The machine's clocks.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at zero.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place
    fn now(&self) -> Moment {
        Moment { utc: Timestamp::now(), mono: self.started.elapsed() }
    }
}

/// A clock that its owner sets: frame time in `replay`, injected time in tests. Clones share the time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<Mutex<Moment>>,
}

impl ManualClock {
    /// A clock that stands at `utc`, monotonic time zero.
    #[must_use]
    pub fn at(utc: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(Moment { utc, mono: Duration::ZERO })) }
    }

    /// Lets both clocks run on by `by`.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.mono += by;
        now.utc = now.utc.saturating_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Sets the wall clock alone, as an administrator would.
    pub fn set_utc(&self, utc: Timestamp) {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).utc = utc;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
