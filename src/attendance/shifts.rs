//! Shifts on the calendar: when somebody is expected on a date, and where one day's work ends and the next begins.

use super::Policy;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use std::ops::Range;

/// Whoever has gone home this long after a shift has ended belongs to its day still.
const AFTER_SHIFT: SignedDuration = SignedDuration::from_hours(4);
/// Whoever comes this long before a shift begins belongs to its day already.
const BEFORE_SHIFT: SignedDuration = SignedDuration::from_hours(2);

/// When somebody is expected on one date: from the start of the first shift to the end of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Start of the first shift.
    pub start: Timestamp,
    /// End of the last one.
    pub end: Timestamp,
    /// Sum of the shifts, in real time: a night in which the clocks change is an hour shorter or longer.
    pub work: SignedDuration,
}

impl Policy {
    /// The shifts that begin on a date, holidays not considered.
    #[must_use]
    pub fn planned(&self, date: Date) -> Option<Planned> {
        let mut planned: Option<Planned> = None;
        for shift in self.schedule.on(date.weekday()) {
            let last = if shift.over_midnight() { date.saturating_add(1.day()) } else { date };
            let (start, end) = (self.local(date, shift.start), self.local(last, shift.end));
            let work = end.duration_since(start).max(SignedDuration::ZERO);
            planned = Some(match planned {
                None => Planned { start, end, work },
                Some(so_far) => Planned {
                    start: so_far.start.min(start),
                    end: so_far.end.max(end),
                    work: so_far.work + work,
                },
            });
        }
        planned
    }

    /// The instants of an attendance day, first included, last not. 23 to 25 hours where the clocks change, and
    /// others where shifts move its borders.
    #[must_use]
    pub fn day_range(&self, date: Date) -> Range<Timestamp> {
        self.day_start(date)..self.day_start(date.saturating_add(1.day()))
    }

    /// The day's hour, moved so that it lies at least four hours behind the shifts of the day before and two ahead of
    /// the day's own; where there is no room for both, halfway between them.
    pub(super) fn day_start(&self, date: Date) -> Timestamp {
        let hour = i8::try_from(self.day_start_hour.min(23)).unwrap_or(0);
        let plain = self.local(date, jiff::civil::Time::new(hour, 0, 0, 0).unwrap_or_default());
        if self.schedule.is_empty() {
            return plain;
        }
        let before = self.planned(date.saturating_sub(1.day())).map(|planned| planned.end);
        let next = self.planned(date).map(|planned| planned.start);
        let later = |at: Timestamp, by| at.saturating_add(by).unwrap_or(Timestamp::MAX);
        let earliest = before.map_or(Timestamp::MIN, |end| later(end, AFTER_SHIFT));
        let latest = next.map_or(Timestamp::MAX, |start| later(start, -BEFORE_SHIFT));
        match (before, next) {
            (Some(end), Some(start)) if earliest > latest => later(end, start.duration_since(end) / 2),
            _ => plain.clamp(earliest, latest.max(earliest)),
        }
    }

    /// An instant on the local clock. In a gap of the clock it lies after the gap by its length; where the time comes
    /// twice, it is the first.
    pub(super) fn local(&self, date: Date, time: jiff::civil::Time) -> Timestamp {
        let at = self.zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible();
        at.unwrap_or(if date.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        attendance::{Mode, Policy},
        domain::{Schedule, Shift},
    };
    use jiff::{SignedDuration, Timestamp, civil::date, tz::TimeZone};
    use proptest::prelude::*;

    fn policy(schedule: &str, day_start_hour: u8, zone: &str) -> Policy {
        Policy {
            mode: Mode::Toggle,
            guard_secs: 120,
            day_start_hour,
            schedule: schedule.parse().unwrap(),
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_shift_is_one_day_and_the_next_evening_another() {
        let night = policy("mon-fri 22:00-06:00", 4, "Europe/Berlin");
        for (when, day) in [
            ("2026-03-02T21:50:00+01:00", date(2026, 3, 2)),
            ("2026-03-03T06:10:00+01:00", date(2026, 3, 2)),
            ("2026-03-03T09:59:59+01:00", date(2026, 3, 2)), // four hours after the shift
            ("2026-03-03T10:00:00+01:00", date(2026, 3, 3)),
            ("2026-03-08T03:59:00+01:00", date(2026, 3, 7)), // no shift on Saturday: the hour alone
        ] {
            assert_eq!(night.attendance_day(at(when)), day, "{when}");
        }
        let dawn = policy("tue 03:00-11:00", 4, "Europe/Berlin");
        assert_eq!(dawn.attendance_day(at("2026-03-03T01:10:00+01:00")), date(2026, 3, 3));
        assert_eq!(dawn.attendance_day(at("2026-03-03T00:50:00+01:00")), date(2026, 3, 2));
        let midnight = policy("tue 00:30-08:00", 4, "Europe/Berlin");
        assert_eq!(
            midnight.attendance_day(at("2026-03-02T23:30:00+01:00")),
            date(2026, 3, 3),
            "the evening before"
        );
        let around = policy("mon-sun 20:00-08:00; mon-sun 09:00-18:00", 4, "Europe/Berlin");
        assert_eq!(around.attendance_day(at("2026-03-03T08:29:00+01:00")), date(2026, 3, 2), "halfway");
        assert_eq!(around.attendance_day(at("2026-03-03T08:30:00+01:00")), date(2026, 3, 3));
    }

    #[test]
    fn shifts_last_as_long_as_the_clock_on_the_wall_lets_them() {
        let night = policy("sat 22:00-06:00; sun 10:00-12:00; sun 13:00-14:00", 4, "Europe/Berlin");
        let hours = |d| night.planned(d).map(|planned| planned.work.as_hours());
        assert_eq!(hours(date(2026, 3, 7)), Some(8));
        assert_eq!(hours(date(2026, 3, 28)), Some(7), "the clocks go forward");
        assert_eq!(hours(date(2026, 10, 24)), Some(9));
        assert_eq!(hours(date(2026, 3, 8)), Some(3));
        assert_eq!(hours(date(2026, 3, 9)), None);
        let planned = night.planned(date(2026, 3, 8)).unwrap();
        assert_eq!(planned.end.duration_since(planned.start), SignedDuration::from_hours(4));
    }

    fn any_schedule() -> impl Strategy<Value = Schedule> {
        let shift = (1_u8..128, 0_i8..24, 1_i32..=16).prop_map(|(days, hour, hours)| {
            let mut set = crate::domain::Weekdays::default();
            let monday = jiff::civil::Weekday::Monday;
            for (n, day) in monday.cycle_forward().take(7).enumerate() {
                if days & (1 << n) != 0 {
                    set.toggle(day);
                }
            }
            let start = jiff::civil::time(hour, 0, 0, 0);
            Shift { days: set, start, end: start.wrapping_add(SignedDuration::from_hours(hours.into())) }
        });
        prop::collection::vec(shift, 1..3)
            .prop_filter_map("shifts overlap", |shifts| Schedule::new(shifts).ok())
    }

    proptest! {
        #[test]
        fn days_follow_each_other_and_hold_their_shifts(
            schedule in any_schedule(), hour in 0..24_u8, second in 1_500_000_000..1_900_000_000_i64,
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        ) {
            let policy = Policy { schedule, ..policy("", hour, zone) };
            let now = Timestamp::from_second(second).unwrap();
            let day = policy.attendance_day(now);
            let range = policy.day_range(day);
            prop_assert!(range.contains(&now), "{} is not in {:?} of {}", now, range, day);
            prop_assert!(range.start < range.end);
            if let Some(planned) = policy.planned(day) {
                prop_assert!(range.start <= planned.start && planned.end <= range.end, "{:?} {:?}", range, planned);
                prop_assert_eq!(policy.attendance_day(planned.start), day);
                prop_assert!(planned.work <= planned.end.duration_since(planned.start));
            }
        }
    }
}
