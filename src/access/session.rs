//! The proof that a host logged in.

use crate::domain::{Actor, HostId, Moment};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Somebody entered the right PIN. Only [`super::LockoutPolicy::login`] makes one, so that a host screen or a host's
/// action without a login cannot be written. It ends when dropped, and is of no use once [`HostSession::expired`].
#[derive(Debug)]
pub struct HostSession {
    host: HostId,
    idle: Duration,
    /// Monotonic clock, milliseconds. Atomic: the window touches the session while the ledger checks it.
    touched_ms: AtomicU64,
}

impl HostSession {
    pub(super) fn new(host: HostId, idle: Duration, now: Moment) -> Self {
        Self { host, idle, touched_ms: AtomicU64::new(millis(now)) }
    }

    /// Who.
    #[must_use]
    pub fn host(&self) -> HostId {
        self.host
    }

    /// The same as the actor of audit entries.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Host(self.host)
    }

    /// The host did something. Does not revive a session that has expired.
    pub fn touch(&self, now: Moment) {
        if !self.expired(now) {
            self.touched_ms.fetch_max(millis(now), Ordering::Relaxed);
        }
    }

    /// How long until it expires, for a countdown; zero once it has.
    #[must_use]
    pub fn idle_left(&self, now: Moment) -> Duration {
        let idle_ms = millis(now).saturating_sub(self.touched_ms.load(Ordering::Relaxed));
        self.idle.saturating_sub(Duration::from_millis(idle_ms))
    }

    /// Nobody touched it for the idle time. Follows the monotonic clock: setting the clock changes nothing.
    #[must_use]
    pub fn expired(&self, now: Moment) -> bool {
        self.idle_left(now).is_zero()
    }
}

fn millis(now: Moment) -> u64 {
    u64::try_from(now.mono.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Clock, ManualClock};

    #[test]
    fn a_session_lives_by_touches_and_never_comes_back() {
        let clock = ManualClock::at("2026-11-25T08:00:00Z".parse().unwrap());
        let session = HostSession::new(HostId::from_bytes([1; 16]), Duration::from_mins(1), clock.now());
        clock.advance(Duration::from_secs(59));
        session.touch(clock.now());
        clock.advance(Duration::from_secs(59));
        assert_eq!(session.idle_left(clock.now()), Duration::from_secs(1));
        clock.set_utc("2036-01-01T00:00:00Z".parse().unwrap());
        assert!(!session.expired(clock.now()), "the wall clock does not matter");
        clock.advance(Duration::from_secs(1));
        assert!(session.expired(clock.now()));
        session.touch(clock.now());
        assert!(session.expired(clock.now()), "too late to touch");
    }
}
