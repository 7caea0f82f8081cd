//! Watches the machine's clock against its steady counter.
//!
//! Job: say for some minutes that the time of day jumped. It must not know what a clock is used for.

use crate::domain::Moment;
use jiff::SignedDuration;
use std::time::Duration;

/// Remembers where the time of day stood on the steady counter.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    /// Time of day minus steady time, at the last look.
    offset: Option<SignedDuration>,
    jumped: Option<Duration>,
}

/// A time service corrects less than this without anybody noticing.
const TOLERATED: SignedDuration = SignedDuration::from_secs(2);
/// How long a jump is worth a notice.
const REMEMBERED: Duration = Duration::from_mins(10);

impl ClockWatch {
    /// Looks at the clock.
    pub(super) fn look(&mut self, now: Moment) {
        let since = now.utc.as_duration();
        let offset = since.saturating_sub(SignedDuration::try_from(now.mono).unwrap_or(SignedDuration::MAX));
        if self.offset.is_some_and(|before| offset.saturating_sub(before).abs() > TOLERATED) {
            self.jumped = Some(now.mono);
        }
        self.offset = Some(offset);
    }

    /// Whether it jumped not long ago.
    pub(super) fn jumped(&self, now: Moment) -> bool {
        self.jumped.is_some_and(|at| now.mono.saturating_sub(at) < REMEMBERED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_jump_shows_for_some_minutes_and_drift_does_not() {
        let at = |utc: i64, mono: u64| Moment {
            utc: Timestamp::from_second(1_800_000_000 + utc).unwrap(),
            mono: Duration::from_secs(mono),
        };
        let mut watch = ClockWatch::default();
        for second in 0..100 {
            watch.look(at(second + second / 50, second as u64));
        }
        assert!(!watch.jumped(at(100, 100)));
        watch.look(at(-3_500, 101));
        assert!(watch.jumped(at(-3_400, 201)));
        assert!(!watch.jumped(at(-2_800, 801)));
    }
}
