//! The policy: a recognised person and the time in, a decision out.
//!
//! Job: in, out, already marked, or ask; which attendance day an instant belongs to; a day's figures per person.
//! It must not know who recognised the person, nor how a mark is kept: [`Policy::decide`] is a plain function of
//! its arguments.

mod rules;
mod shifts;
mod summary;
mod work;

pub use rules::{Era, Rules};
pub use shifts::Planned;
pub use summary::{PersonDay, day_summary};
pub use work::{Presence, WorkDay, WorkTotal, rounded, taken_off, totals, work_days};

use crate::domain::{Mark, MarkKind, PersonId, Schedule, WorkRules};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};

/// How a site decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What a recognised face means.
    pub mode: Mode,
    /// A person marked, or last seen after a mark, less than this many seconds ago is not marked again; 0 switches the
    /// guard off.
    pub guard_secs: u32,
    /// Local hour at which an attendance day begins, 0 to 23 (more counts as 23). The hours before it belong to the
    /// day before. Around the shifts of `schedule` the border moves, so that a night shift is one day's work.
    pub day_start_hour: u8,
    /// When the person in question is expected; empty where the site keeps no schedule.
    pub schedule: Schedule,
    /// The site's zone.
    pub zone: TimeZone,
}

/// What a recognised face means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In, then out, then in; each attendance day begins with in.
    Toggle,
    /// By local time: in from the start of the attendance day, out from this time until its end.
    ByTimeOfDay {
        /// First time of day that means out.
        out_from: Time,
    },
    /// Always the same, as at a door that is only an entrance.
    Fixed(MarkKind),
    /// The person chooses on the screen.
    Ask,
}

/// The newest mark of a person that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastMark {
    /// In or out.
    pub kind: MarkKind,
    /// When.
    pub at: Timestamp,
    /// When the person was last in front of the kiosk, as far as it knows; [`Self::at`] or later.
    pub seen: Timestamp,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Put this on record.
    Record(MarkKind),
    /// Nothing: the person was marked a moment ago.
    Duplicate {
        /// As what.
        kind: MarkKind,
        /// When.
        at: Timestamp,
    },
    /// Let the person choose, then decide again with what they wanted.
    Ask,
}

impl Policy {
    /// Decides about a person in front of the kiosk at `now`. `last` is their newest mark that counts
    /// ([`crate::domain::effective_marks`]); `wanted` is what they chose on the screen, if they were asked, and
    /// then goes before the mode.
    ///
    /// When the clock was set back, `last` may lie in the future. Within the guard it still guards; further ahead
    /// nothing can be known, so the person is marked rather than locked out until the clock catches up.
    #[must_use]
    pub fn decide(&self, last: Option<&LastMark>, now: Timestamp, wanted: Option<MarkKind>) -> Decision {
        if let Some(&LastMark { kind, at, seen }) = last
            && now.duration_since(seen).abs() < SignedDuration::from_secs(self.guard_secs.into())
        {
            return Decision::Duplicate { kind, at };
        }
        if let Some(kind) = wanted {
            return Decision::Record(kind);
        }
        match self.mode {
            Mode::Fixed(kind) => Decision::Record(kind),
            Mode::Ask => Decision::Ask,
            Mode::Toggle => Decision::Record(self.toggled(last, now)),
            Mode::ByTimeOfDay { out_from } => Decision::Record(self.by_time_of_day(out_from, now)),
        }
    }

    /// The attendance day that an instant belongs to, named after the calendar day on which it began.
    #[must_use]
    pub fn attendance_day(&self, at: Timestamp) -> Date {
        let mut date = at.to_zoned(self.zone.clone()).date();
        // A shift soon after midnight begins its day the evening before.
        while date < Date::MAX && at >= self.day_start(date.saturating_add(1.day())) {
            date = date.saturating_add(1.day());
        }
        // More than one step only where a zone skipped a whole calendar day.
        while at < self.day_start(date) && date > Date::MIN {
            date = date.saturating_sub(1.day());
        }
        date
    }

    /// The same policy for a person, who may have a schedule of their own.
    #[must_use]
    pub fn of_person(&self, rules: &WorkRules, person: PersonId) -> Self {
        Self { schedule: rules.schedule_of(person).clone(), ..self.clone() }
    }

    fn toggled(&self, last: Option<&LastMark>, now: Timestamp) -> MarkKind {
        let today = self.attendance_day(now);
        match last {
            Some(last) if self.attendance_day(last.at) == today => last.kind.toggled(),
            _ => MarkKind::CheckIn,
        }
    }

    fn by_time_of_day(&self, out_from: Time, now: Timestamp) -> MarkKind {
        let day = self.attendance_day(now);
        let mut out = self.local(day, out_from);
        if out < self.day_start(day) {
            out = self.local(day.saturating_add(1.day()), out_from); // after midnight, in the same attendance day
        }
        if now < out { MarkKind::CheckIn } else { MarkKind::CheckOut }
    }
}

impl From<&Mark> for LastMark {
    fn from(mark: &Mark) -> Self {
        Self { kind: mark.kind, at: mark.at, seen: mark.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    const ZONES: [&str; 5] = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC", "Pacific/Apia"];

    fn policy(mode: Mode, zone: &str) -> Policy {
        Policy {
            mode,
            guard_secs: 120,
            day_start_hour: 4,
            schedule: Schedule::default(),
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn last(kind: MarkKind, text: &str) -> LastMark {
        LastMark { kind, at: at(text), seen: at(text) }
    }

    #[test]
    fn toggle_goes_in_and_out_and_begins_each_day_with_in() {
        let policy = policy(Mode::Toggle, "Europe/Berlin");
        let decide = |last: Option<LastMark>, now| policy.decide(last.as_ref(), at(now), None);
        assert_eq!(decide(None, "2026-03-02T08:00:00+01:00"), Decision::Record(MarkKind::CheckIn));
        let came = last(MarkKind::CheckIn, "2026-03-02T08:00:00+01:00");
        assert_eq!(decide(Some(came), "2026-03-02T16:00:00+01:00"), Decision::Record(MarkKind::CheckOut));
        // Past midnight is still the same day; at 04:00 a new one begins.
        assert_eq!(decide(Some(came), "2026-03-03T03:59:59+01:00"), Decision::Record(MarkKind::CheckOut));
        assert_eq!(decide(Some(came), "2026-03-03T04:00:00+01:00"), Decision::Record(MarkKind::CheckIn));
        let went = last(MarkKind::CheckOut, "2026-03-02T12:00:00+01:00");
        assert_eq!(decide(Some(went), "2026-03-02T13:00:00+01:00"), Decision::Record(MarkKind::CheckIn));
    }

    #[test]
    fn the_guard_counts_from_when_the_person_was_last_seen() {
        let policy = policy(Mode::Toggle, "UTC");
        let mut came = last(MarkKind::CheckIn, "2026-03-02T08:00Z");
        let noon = at("2026-03-02T12:00Z");
        assert_eq!(policy.decide(Some(&came), noon, None), Decision::Record(MarkKind::CheckOut));
        came.seen = at("2026-03-02T11:59Z");
        let still_here = Decision::Duplicate { kind: MarkKind::CheckIn, at: came.at };
        assert_eq!(policy.decide(Some(&came), noon, None), still_here);
    }

    #[test]
    fn the_guard_holds_for_every_mode_and_choice() {
        let came = last(MarkKind::CheckIn, "2026-03-02T08:00:00Z");
        let duplicate = Decision::Duplicate { kind: came.kind, at: came.at };
        let out_from = time(13, 0, 0, 0);
        for mode in [Mode::Toggle, Mode::Ask, Mode::Fixed(MarkKind::CheckOut), Mode::ByTimeOfDay { out_from }]
        {
            let mut policy = policy(mode, "UTC");
            let decide = |p: &Policy, now, wanted| p.decide(Some(&came), at(now), wanted);
            assert_eq!(decide(&policy, "2026-03-02T08:01:59Z", None), duplicate);
            assert_eq!(decide(&policy, "2026-03-02T08:01:59Z", Some(MarkKind::CheckOut)), duplicate);
            assert_ne!(decide(&policy, "2026-03-02T08:02:00Z", None), duplicate);
            policy.guard_secs = 0;
            assert_ne!(decide(&policy, "2026-03-02T08:00:00Z", None), duplicate, "0 switches it off");
        }
    }

    #[test]
    fn a_clock_set_back_guards_but_locks_nobody_out() {
        let policy = policy(Mode::Toggle, "UTC");
        let came = last(MarkKind::CheckIn, "2026-03-02T08:00:00Z");
        let decide = |now| policy.decide(Some(&came), at(now), None);
        assert_eq!(decide("2026-03-02T07:59:00Z"), Decision::Duplicate { kind: came.kind, at: came.at });
        assert_eq!(decide("2026-03-02T07:00:00Z"), Decision::Record(MarkKind::CheckOut));
        assert_eq!(decide("2026-02-27T08:00:00Z"), Decision::Record(MarkKind::CheckIn));
        assert_eq!(policy.decide(Some(&came), Timestamp::MIN, None), Decision::Record(MarkKind::CheckIn));
        assert_eq!(policy.decide(Some(&came), Timestamp::MAX, None), Decision::Record(MarkKind::CheckIn));
    }

    #[test]
    fn an_early_shift_comes_in_before_the_sites_day_begins() {
        let mut policy = policy(Mode::ByTimeOfDay { out_from: time(13, 0, 0, 0) }, "Europe/Berlin");
        policy.schedule = "mon-fri 05:00-13:00".parse().unwrap();
        let kind = |now: &str| policy.decide(None, at(now), None);
        assert_eq!(
            kind("2026-03-03T03:50:00+01:00"),
            Decision::Record(MarkKind::CheckIn),
            "the day began at three"
        );
        assert_eq!(kind("2026-03-03T12:59:00+01:00"), Decision::Record(MarkKind::CheckIn));
        assert_eq!(kind("2026-03-03T13:00:00+01:00"), Decision::Record(MarkKind::CheckOut));
        assert_eq!(kind("2026-03-04T01:00:00+01:00"), Decision::Record(MarkKind::CheckOut));
    }

    #[test]
    fn by_time_of_day_the_night_belongs_to_the_day_before() {
        let policy = policy(Mode::ByTimeOfDay { out_from: time(13, 30, 0, 0) }, "Asia/Kathmandu");
        for (local, kind) in [
            ("04:00:00", MarkKind::CheckIn),
            ("13:29:59", MarkKind::CheckIn),
            ("13:30:00", MarkKind::CheckOut),
            ("23:59:59", MarkKind::CheckOut),
            ("00:00:00", MarkKind::CheckOut),
            ("03:59:59", MarkKind::CheckOut),
        ] {
            let now = at(&format!("2026-03-02T{local}+05:45"));
            assert_eq!(policy.decide(None, now, None), Decision::Record(kind), "{local}");
        }
    }

    #[test]
    fn asking_comes_first_and_the_answer_is_taken() {
        let ask = policy(Mode::Ask, "UTC");
        let now = at("2026-03-02T08:00:00Z");
        assert_eq!(ask.decide(None, now, None), Decision::Ask);
        assert_eq!(ask.decide(None, now, Some(MarkKind::CheckOut)), Decision::Record(MarkKind::CheckOut));
        let entrance = policy(Mode::Fixed(MarkKind::CheckIn), "UTC");
        let came = last(MarkKind::CheckIn, "2026-03-02T07:00:00Z");
        assert_eq!(entrance.decide(Some(&came), now, None), Decision::Record(MarkKind::CheckIn));
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        let hours = |policy: &Policy, date| {
            let range = policy.day_range(date);
            range.end.duration_since(range.start).as_secs() / 3600
        };
        // The clocks change between 01:00 and 03:00 local: inside the attendance day that began the day before.
        let berlin = policy(Mode::Toggle, "Europe/Berlin");
        assert_eq!(hours(&berlin, date(2026, 3, 28)), 23);
        assert_eq!(hours(&berlin, date(2026, 3, 29)), 24);
        assert_eq!(hours(&berlin, date(2026, 10, 24)), 25);
        let new_york = policy(Mode::Toggle, "America/New_York");
        assert_eq!(hours(&new_york, date(2026, 3, 7)), 23);
        assert_eq!(hours(&new_york, date(2026, 10, 31)), 25);
        // Both passes of the doubled hour are the same day; 02:00 does not exist on the short one.
        assert_eq!(berlin.attendance_day(at("2026-10-25T02:30:00+02:00")), date(2026, 10, 24));
        assert_eq!(berlin.attendance_day(at("2026-10-25T02:30:00+01:00")), date(2026, 10, 24));
        let at_two = Policy { day_start_hour: 2, ..berlin };
        assert_eq!(at_two.attendance_day(at("2026-03-29T01:59:59+01:00")), date(2026, 3, 28));
        assert_eq!(at_two.attendance_day(at("2026-03-29T03:00:00+02:00")), date(2026, 3, 29));
        assert_eq!(at_two.attendance_day(at("2026-10-25T02:00:00+02:00")), date(2026, 10, 25));
        assert_eq!(at_two.attendance_day(at("2026-10-25T02:00:00+01:00")), date(2026, 10, 25));
        // Samoa skipped the whole of 30 December 2011.
        let apia = policy(Mode::Toggle, "Pacific/Apia");
        assert_eq!(apia.attendance_day(at("2011-12-31T03:59:59+14:00")), date(2011, 12, 29));
        assert_eq!(apia.attendance_day(at("2011-12-31T04:00:00+14:00")), date(2011, 12, 31));
    }

    proptest! {
        #[test]
        fn every_instant_is_in_its_day_and_days_never_run_back(
            zone in prop::sample::select(&ZONES[..]), hour in 0..26_u8,
            second in 1_200_000_000..1_900_000_000_i64, later in 0..200_000_i64,
        ) {
            let policy = Policy { day_start_hour: hour, ..policy(Mode::Toggle, zone) };
            let now = Timestamp::from_second(second).unwrap();
            let day = policy.attendance_day(now);
            prop_assert!(policy.day_range(day).contains(&now), "{} {}", now, day);
            let then = policy.attendance_day(Timestamp::from_second(second + later).unwrap());
            prop_assert!(day <= then);
        }

        #[test]
        fn marks_of_a_day_alternate_and_begin_with_in(
            zone in prop::sample::select(&ZONES[..]), second in 1_600_000_000..1_900_000_000_i64,
            gaps in prop::collection::vec(0..40_000_i64, 1..30),
        ) {
            let policy = policy(Mode::Toggle, zone);
            let mut now = second;
            let mut last: Option<LastMark> = None;
            for gap in gaps {
                now += gap;
                let at = Timestamp::from_second(now).unwrap();
                let new_day = last.is_none_or(|l| policy.attendance_day(l.at) != policy.attendance_day(at));
                match policy.decide(last.as_ref(), at, None) {
                    Decision::Record(kind) => {
                        let expected = match last {
                            Some(last) if !new_day => last.kind.toggled(),
                            _ => MarkKind::CheckIn,
                        };
                        prop_assert_eq!(kind, expected);
                        prop_assert!(last.is_none_or(|l| at.duration_since(l.at).as_secs() >= 120));
                        last = Some(LastMark { kind, at, seen: at });
                    }
                    Decision::Duplicate { at: first, .. } => prop_assert!(at.duration_since(first).as_secs() < 120),
                    Decision::Ask => prop_assert!(false, "toggle never asks"),
                }
            }
        }

        #[test]
        fn any_instant_and_any_mark_give_a_decision(
            now in any::<i64>(), then in any::<i64>(), zone in prop::sample::select(&ZONES[..]), guard in any::<u32>(),
        ) {
            let clamp = |s: i64| Timestamp::from_second(s.clamp(
                Timestamp::MIN.as_second(), Timestamp::MAX.as_second())).unwrap();
            let policy = Policy { guard_secs: guard, ..policy(Mode::Toggle, zone) };
            let last = LastMark { kind: MarkKind::CheckOut, at: clamp(then), seen: clamp(then) };
            prop_assert_ne!(policy.decide(Some(&last), clamp(now), None), Decision::Ask);
        }
    }
}
