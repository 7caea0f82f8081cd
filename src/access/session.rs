//! The proof that a host logged in.

use crate::domain::{Actor, HostId, Moment};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Somebody entered the right PIN. Only [`super::LockoutPolicy::login`] makes one, so that a host screen or a host's
/// action without a login cannot be written. It ends when dropped, and is of no use once [`HostSession::expired`]:
/// when nobody touched it for the idle time, and when the machine was suspended or its clock was set meanwhile.
#[derive(Debug)]
pub struct HostSession {
    host: HostId,
    idle: Duration,
    /// Monotonic clock, milliseconds. Atomic: the window touches the session while the ledger checks it.
    touched_ms: AtomicU64,
    /// Wall clock less monotonic clock at login, milliseconds. A suspended machine's monotonic clock stands still.
    ahead_ms: i64,
}

/// Wall and monotonic clock may drift apart by this much before the session ends.
const DRIFT_MS: u64 = 10_000;

impl HostSession {
    pub(super) fn new(host: HostId, idle: Duration, now: Moment) -> Self {
        Self { host, idle, touched_ms: AtomicU64::new(millis(now)), ahead_ms: ahead(now) }
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
        if ahead(now).abs_diff(self.ahead_ms) > DRIFT_MS {
            return Duration::ZERO;
        }
        let idle_ms = millis(now).saturating_sub(self.touched_ms.load(Ordering::Relaxed));
        self.idle.saturating_sub(Duration::from_millis(idle_ms))
    }

    /// Nobody touched it for the idle time, or the clock jumped.
    #[must_use]
    pub fn expired(&self, now: Moment) -> bool {
        self.idle_left(now).is_zero()
    }
}

fn millis(now: Moment) -> u64 {
    u64::try_from(now.mono.as_millis()).unwrap_or(u64::MAX)
}

fn ahead(now: Moment) -> i64 {
    now.utc.as_millisecond().saturating_sub_unsigned(millis(now))
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
        clock.advance(Duration::from_secs(1));
        assert!(session.expired(clock.now()));
        session.touch(clock.now());
        assert!(session.expired(clock.now()), "too late to touch");
    }

    #[test]
    fn a_suspended_machine_or_a_jump_of_the_clock_ends_it() {
        for utc in ["2026-11-25T08:20:00Z", "2026-11-25T07:59:40Z"] {
            let clock = ManualClock::at("2026-11-25T08:00:00Z".parse().unwrap());
            let session = HostSession::new(HostId::from_bytes([1; 16]), Duration::from_mins(1), clock.now());
            clock.set_utc("2026-11-25T08:00:04Z".parse().unwrap());
            assert!(!session.expired(clock.now()), "a time server's correction");
            clock.set_utc(utc.parse().unwrap()); // the monotonic clock stood still
            assert!(session.expired(clock.now()), "{utc}");
        }
    }
}
