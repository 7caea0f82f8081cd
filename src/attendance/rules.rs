//! Which rules a day is judged by: those of today, or those that were in force when the day was locked.
//!
//! Every instant belongs to exactly one attendance day, also where the rules of two stretches disagree about it.

use super::{Policy, WorkDay, work::judged};
use crate::domain::{Mark, PersonId, WorkRules};
use jiff::{Timestamp, ToSpan, civil::Date};
use std::ops::Range;

/// Days up to and including one, and the rules that were kept with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Era {
    /// The last day; the first is the one after the era before.
    pub until: Date,
    /// For the site; [`Policy::of_person`] for a person.
    pub policy: Policy,
    /// Schedules, holidays, breaks and rounding.
    pub work: WorkRules,
}

/// The rules of every day.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Locked days, oldest first.
    pub locked: &'a [Era],
    /// For the days after them.
    pub policy: &'a Policy,
    /// For the days after them.
    pub work: &'a WorkRules,
}

impl<'a> Rules<'a> {
    /// The same rules for all days.
    #[must_use]
    pub fn plain(policy: &'a Policy, work: &'a WorkRules) -> Self {
        Self { locked: &[], policy, work }
    }

    /// The last locked day.
    #[must_use]
    pub fn locked_until(&self) -> Option<Date> {
        self.locked.last().map(|era| era.until)
    }

    /// The rules that a day is judged by.
    #[must_use]
    pub fn on(&self, date: Date) -> (&'a Policy, &'a WorkRules) {
        let era = self.locked.iter().find(|era| date <= era.until);
        era.map_or((self.policy, self.work), |era| (&era.policy, &era.work))
    }

    /// The attendance day that an instant belongs to for a person. Where a border moved with the rules, a locked day
    /// keeps what it had, and the rest belongs to the first day after it.
    #[must_use]
    pub fn attendance_day(&self, person: PersonId, at: Timestamp) -> Date {
        let mut first = Date::MIN;
        for era in self.locked {
            let date = day_of(&era.policy, &era.work, person, at).max(first);
            if date <= era.until {
                return date;
            }
            first = era.until.saturating_add(1.day());
        }
        day_of(self.policy, self.work, person, at).max(first)
    }

    /// Instants between which everything of the days `from` to `to` lies, and more.
    #[must_use]
    pub fn around(&self, from: Date, to: Date) -> Range<Timestamp> {
        let policies = || self.locked.iter().map(|era| &era.policy).chain([self.policy]);
        // A schedule of their own moves the borders of somebody's day by less than a day.
        let start = policies().map(|policy| policy.day_range(from.saturating_sub(1.day())).start).min();
        let end = policies().map(|policy| policy.day_range(to.saturating_add(1.day())).end).max();
        start.unwrap_or(Timestamp::MIN)..end.unwrap_or(Timestamp::MAX)
    }

    /// Judges one person's attendance day; `marks` that are not theirs or not of that day are left aside.
    #[must_use]
    pub fn work_day(&self, person: PersonId, marks: &[&Mark], date: Date, now: Timestamp) -> WorkDay {
        let of_day = marks
            .iter()
            .copied()
            .filter(|mark| mark.person == person && self.attendance_day(person, mark.at) == date);
        let (policy, work) = self.on(date);
        judged(&policy.of_person(work, person), work, person, of_day.collect(), date, now)
    }
}

/// Asked for every mark of a report: most people share the site's schedule, so that nothing is copied for them.
fn day_of(policy: &Policy, work: &WorkRules, person: PersonId, at: Timestamp) -> Date {
    if work.people.contains_key(&person) {
        policy.of_person(work, person).attendance_day(at)
    } else {
        policy.attendance_day(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attendance::Mode;
    use jiff::{SignedDuration, civil::date, tz::TimeZone};
    use proptest::prelude::*;

    fn policy(schedule: &str, day_start_hour: u8, zone: &str) -> Policy {
        Policy {
            mode: Mode::Toggle,
            guard_secs: 0,
            day_start_hour,
            schedule: schedule.parse().unwrap(),
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    fn work(schedule: &str) -> WorkRules {
        WorkRules { schedule: schedule.parse().unwrap(), ..WorkRules::default() }
    }

    const WHO: PersonId = PersonId::from_bytes([1; 16]);
    const SCHEDULES: [&str; 4] = ["", "mon-fri 08:00-17:00", "mon-sun 22:00-06:00", "tue,thu 12:00-23:30"];
    const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "UTC"];

    fn era(until: Date, schedule: &str, hour: u8, zone: &str) -> Era {
        Era { until, policy: policy(schedule, hour, zone), work: work(schedule) }
    }

    #[test]
    fn the_night_before_the_first_open_day_belongs_to_one_day_only() {
        let locked = [era(date(2026, 3, 1), "", 0, "UTC")];
        let (today, rules) = (policy("", 4, "UTC"), work(""));
        let rules = Rules { locked: &locked, policy: &today, work: &rules };
        let day = |text: &str| rules.attendance_day(WHO, text.parse().unwrap());
        assert_eq!(day("2026-03-01T23:59Z"), date(2026, 3, 1));
        assert_eq!(
            day("2026-03-02T03:00Z"),
            date(2026, 3, 2),
            "not in the locked day, though today's rules say so"
        );
        assert_eq!(day("2026-03-03T03:00Z"), date(2026, 3, 2), "by today's rules");
        assert_eq!(rules.on(date(2026, 3, 1)).0.day_start_hour, 0);
        assert_eq!(rules.on(date(2026, 3, 2)).0.day_start_hour, 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Days follow each other, locked ones stay as they were whatever the rules are now, and nothing falls between.
        #[test]
        fn locked_days_do_not_move(
            (a, b) in (0..4_usize, 0..4_usize),
            (hour_a, hour_b) in (0_u8..24, 0_u8..24),
            (zone_a, zone_b) in (0..3_usize, 0..3_usize),
            offset in 0_i64..40 * 24 * 60,
            step in 1_i64..3 * 24 * 60,
        ) {
            let until = date(2026, 3, 20);
            let locked = [era(until, SCHEDULES[a], hour_a, ZONES[zone_a])];
            let (now, now_work) = (policy(SCHEDULES[b], hour_b, ZONES[zone_b]), work(SCHEDULES[b]));
            let rules = Rules { locked: &locked, policy: &now, work: &now_work };
            let start: Timestamp = "2026-03-01T00:00Z".parse().unwrap();
            let at = start + SignedDuration::from_mins(offset);
            let later = at + SignedDuration::from_mins(step);
            let (day, next) = (rules.attendance_day(WHO, at), rules.attendance_day(WHO, later));
            prop_assert!(day <= next, "{day} {next}");
            let then = locked[0].policy.attendance_day(at);
            prop_assert_eq!(day <= until, then <= until, "locked then is locked now");
            if then <= until {
                prop_assert_eq!(day, then);
            }
            prop_assert!(rules.around(day, day).contains(&at));
        }
    }
}
