//! What a day was worth: late or absent, breaks, hours that count, by the site's rules.

use super::{
    Planned, Policy, Rules,
    summary::{PersonDay, person_day},
};
use crate::domain::{BreakRule, Mark, PersonId, Rounding, WorkRules};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One person's day, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkDay {
    /// Which attendance day.
    pub date: Date,
    /// What was marked.
    pub facts: PersonDay,
    /// When they were expected; `None` on free days and holidays.
    pub planned: Option<Planned>,
    /// A holiday of the site.
    pub holiday: bool,
    /// How long after the start of the shift they came, if that was more than the grace allows.
    pub late: Option<SignedDuration>,
    /// How long before the end of the shift they left for good, if that was more than the grace allows.
    pub early: Option<SignedDuration>,
    /// Expected, and not seen though the grace is over. While the shift runs they may still come.
    pub absent: bool,
    /// Where they are, as far as `now` and the marks tell.
    pub presence: Presence,
    /// Hours that count: worked, less breaks that the rules take off, rounded.
    pub counted: SignedDuration,
}

impl WorkDay {
    /// Some mark is missing, so that the hours are too short.
    #[must_use]
    pub fn incomplete(&self) -> bool {
        self.facts.missing_check_in || self.facts.missing_check_out
    }

    /// Somebody marked something.
    #[must_use]
    pub fn seen(&self) -> bool {
        self.presence.seen()
    }
}

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// At work.
    Inside,
    /// On a break.
    OnBreak,
    /// Gone again.
    Left,
    /// Expected and not here.
    Absent,
    /// Expected later, or within the grace.
    Expected,
    /// Not expected, and not here.
    Free,
}

impl Presence {
    /// They marked something.
    #[must_use]
    pub fn seen(self) -> bool {
        matches!(self, Self::Inside | Self::OnBreak | Self::Left)
    }
}

/// Judges one person's attendance day by the rules in force on it. `policy` is that person's ([`Policy::of_person`]);
/// `of_day` are their marks of that day that count, in any order.
pub(super) fn judged(
    policy: &Policy,
    rules: &WorkRules,
    person: PersonId,
    mut of_day: Vec<&Mark>,
    date: Date,
    now: Timestamp,
) -> WorkDay {
    let range = policy.day_range(date);
    of_day.sort_by_key(|mark| (mark.at, mark.id));
    let facts = person_day(person, of_day.iter().copied(), now < range.end);
    let holiday = rules.holidays.contains_key(&date);
    let planned = policy.planned(date).filter(|_| !holiday);
    let grace = SignedDuration::from_mins(rules.grace_minutes.into());
    let after_grace = |planned: &Planned| now.duration_since(planned.start) > grace;
    let presence = match (&planned, facts.still_in, of_day.is_empty()) {
        (_, true, _) if facts.on_break => Presence::OnBreak,
        (_, true, _) => Presence::Inside,
        (_, false, false) => Presence::Left,
        (Some(planned), false, true) if after_grace(planned) => Presence::Absent,
        (Some(_), false, true) => Presence::Expected,
        (None, false, true) => Presence::Free,
    };
    let beyond = |late: SignedDuration| Some(late).filter(|late| *late > grace);
    // A day that begins with a missing check-in has no known arrival, one that lacks its check-out no departure.
    let arrived = of_day.first().filter(|mark| Some(mark.at) == facts.first_in).map(|mark| mark.at);
    let late = planned.zip(arrived).and_then(|(planned, came)| beyond(came.duration_since(planned.start)));
    let left = of_day.last().filter(|mark| Some(mark.at) == facts.last_out).map(|mark| mark.at);
    // Whoever stepped out may come back until the shift is over.
    let early = planned
        .zip(left)
        .filter(|(planned, _)| now >= planned.end)
        .and_then(|(planned, went)| beyond(planned.end.duration_since(went)));
    let counted = rounded(facts.worked - taken_off(&rules.breaks, &facts), rules.rounding);
    let absent = presence == Presence::Absent;
    WorkDay { date, facts, planned, holiday, late, early, absent, presence, counted }
}

/// Every day from `from` to `to` on which one of `people` was expected or has marks, by person in the order given,
/// then by date. Beside each person stands from which day on they are expected at all. People who are not among them
/// and have marks (erased, inactive) come last and are never absent. Days that have not come yet are left out.
#[must_use]
pub fn work_days(
    rules: &Rules<'_>,
    people: &[(PersonId, Date)],
    marks: &[Mark],
    (from, to): (Date, Date),
    now: Timestamp,
) -> Vec<WorkDay> {
    let mut by_person: HashMap<PersonId, Vec<&Mark>> = HashMap::new();
    for mark in marks {
        by_person.entry(mark.person).or_default().push(mark);
    }
    let mut others: BTreeSet<PersonId> = by_person.keys().copied().collect();
    for (person, _) in people {
        others.remove(person);
    }
    let others = others.into_iter().map(|person| (person, Date::MAX));
    let mut days = Vec::new();
    for (person, expected_from) in people.iter().copied().chain(others) {
        let mut by_date: BTreeMap<Date, Vec<&Mark>> = BTreeMap::new();
        for mark in by_person.remove(&person).unwrap_or_default() {
            by_date.entry(rules.attendance_day(person, mark.at)).or_default().push(mark);
        }
        let last = by_date.keys().next_back().copied().unwrap_or(Date::MIN);
        let to = to.min(rules.attendance_day(person, now).max(last));
        for date in from.series(1.day()).take_while(|date| *date <= to) {
            let marks = by_date.get(&date).map_or(&[][..], Vec::as_slice);
            let (policy, work) = rules.on(date);
            if marks.is_empty() && work.schedule_of(person).on(date.weekday()).next().is_none() {
                continue;
            }
            let day = judged(&policy.of_person(work, person), work, person, marks.to_vec(), date, now);
            if day.seen() || (day.absent && date >= expected_from) {
                days.push(day);
            }
        }
    }
    days
}

/// One person's figures over several days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkTotal {
    /// Who.
    pub person: PersonId,
    /// Days with at least one mark.
    pub days: u32,
    /// Sum of [`PersonDay::worked`].
    pub worked: SignedDuration,
    /// Sum of [`WorkDay::counted`].
    pub counted: SignedDuration,
    /// Days on which they came late.
    pub late_days: u32,
    /// Days on which they were expected and not seen.
    pub absent_days: u32,
    /// Days with a mark missing.
    pub incomplete_days: u32,
}

/// Sums of days, one for each person, in the order in which people appear.
#[must_use]
pub fn totals(days: &[WorkDay]) -> Vec<WorkTotal> {
    let mut at: HashMap<PersonId, usize> = HashMap::new();
    let mut totals: Vec<WorkTotal> = Vec::new();
    for day in days {
        let person = day.facts.person;
        let place = *at.entry(person).or_insert(totals.len());
        if place == totals.len() {
            let zero = SignedDuration::ZERO;
            totals.push(WorkTotal {
                person,
                days: 0,
                worked: zero,
                counted: zero,
                late_days: 0,
                absent_days: 0,
                incomplete_days: 0,
            });
        }
        let Some(total) = totals.get_mut(place) else { continue };
        total.days += u32::from(day.seen());
        // Whole minutes, as every day shows: what is printed adds up.
        let minutes = |time: SignedDuration| SignedDuration::from_mins(time.as_mins());
        total.worked = total.worked.saturating_add(minutes(day.facts.worked));
        total.counted = total.counted.saturating_add(minutes(day.counted));
        total.late_days += u32::from(day.late.is_some());
        total.absent_days += u32::from(day.absent);
        total.incomplete_days += u32::from(day.incomplete());
    }
    totals
}

/// What the rules for breaks take off: what is missing to the break that they want, but never so much that the rest
/// falls below the hours from which they apply.
#[must_use]
pub fn taken_off(rules: &[BreakRule], facts: &PersonDay) -> SignedDuration {
    let rule = |rule: &BreakRule| {
        let after = SignedDuration::from_mins(rule.after_minutes.into());
        let missing = SignedDuration::from_mins(rule.minutes.into()) - facts.breaks;
        missing.min(facts.worked - after).max(SignedDuration::ZERO)
    };
    rules.iter().map(rule).max().unwrap_or(SignedDuration::ZERO)
}

/// A day's time by the rounding rule; never negative.
#[must_use]
pub fn rounded(time: SignedDuration, rounding: Rounding) -> SignedDuration {
    let secs = time.as_secs().max(0);
    let (step, add) = match rounding {
        Rounding::Exact => return SignedDuration::from_secs(secs),
        Rounding::Nearest(minutes) => (minutes, i64::from(minutes) * 30),
        Rounding::Down(minutes) => (minutes, 0),
        Rounding::Up(minutes) => (minutes, i64::from(minutes) * 60 - 1),
    };
    let step = i64::from(step.max(1)) * 60;
    SignedDuration::from_secs(secs.saturating_add(add) / step * step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attendance::Mode,
        domain::{Actor, EventId, MarkKind, MarkSource},
    };
    use jiff::{civil::date, tz::TimeZone};
    use proptest::prelude::*;

    fn policy() -> Policy {
        Policy {
            mode: Mode::Toggle,
            guard_secs: 120,
            day_start_hour: 4,
            schedule: "mon-fri 08:00-17:00".parse().unwrap(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        }
    }

    fn rules() -> WorkRules {
        WorkRules { schedule: policy().schedule, grace_minutes: 5, ..WorkRules::default() }
    }

    const WHO: PersonId = PersonId::from_bytes([1; 16]);
    const NIGHT: PersonId = PersonId::from_bytes([2; 16]);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn mark(person: PersonId, kind: MarkKind, when: &str) -> Mark {
        Mark {
            id: EventId(1),
            person,
            kind,
            at: at(when),
            zone: "Europe/Berlin".into(),
            mono_ms: 0,
            clock_jumped: false,
            source: MarkSource::Face,
            actor: Actor::Kiosk,
            correction: None,
        }
    }

    use MarkKind::{CheckIn as In, CheckOut as Out};

    fn judge(rules: &WorkRules, marks: &[&Mark], date: Date, now: Timestamp) -> WorkDay {
        Rules::plain(&policy(), rules).work_day(WHO, marks, date, now)
    }

    /// Monday, 2 March 2026, with marks at these local times, seen at another.
    fn monday(plan: &[(MarkKind, &str)], now: &str) -> WorkDay {
        let local = |time: &str| format!("2026-03-02T{time}:00+01:00");
        let marks: Vec<Mark> = plan.iter().map(|(kind, time)| mark(WHO, *kind, &local(time))).collect();
        let marks: Vec<&Mark> = marks.iter().collect();
        judge(&rules(), &marks, date(2026, 3, 2), at(&local(now)))
    }

    #[test]
    fn late_absent_and_early_begin_where_the_grace_ends() {
        assert_eq!(monday(&[], "07:00").presence, Presence::Expected);
        assert_eq!(monday(&[], "08:05").presence, Presence::Expected);
        assert_eq!(monday(&[], "08:06").presence, Presence::Absent);
        assert_eq!(monday(&[(In, "08:05")], "09:00").late, None);
        let late = monday(&[(In, "08:06")], "09:00");
        assert_eq!((late.late, late.presence), (Some(SignedDuration::from_mins(6)), Presence::Inside));
        let lunch = [(In, "08:00"), (Out, "12:00")];
        assert_eq!(monday(&lunch, "12:30").early, None, "they may come back");
        assert_eq!(monday(&lunch, "17:00").early, Some(SignedDuration::from_hours(5)));
        assert_eq!(monday(&[(In, "08:00"), (Out, "16:56")], "18:00").early, None);
        assert_eq!(monday(&[(Out, "17:00")], "18:00").late, None, "nobody knows when they came");
        let still = monday(&[(In, "08:00"), (In, "13:00")], "18:00");
        assert!(still.incomplete() && still.counted.is_zero() && still.early.is_none());
    }

    #[test]
    fn holidays_and_free_days_expect_nobody() {
        let mut rules = rules();
        rules.holidays.insert(date(2026, 3, 2), "Carnival".into());
        let now = at("2026-03-02T12:00:00+01:00");
        let day = judge(&rules, &[], date(2026, 3, 2), now);
        assert_eq!((day.presence, day.holiday, day.planned), (Presence::Free, true, None));
        let sunday = judge(&rules, &[], date(2026, 3, 1), now);
        assert_eq!((sunday.presence, sunday.absent), (Presence::Free, false));
    }

    #[test]
    fn a_range_has_worked_days_and_absences_of_each_persons_own_schedule() {
        let mut rules = rules();
        rules.people.insert(NIGHT, "mon-fri 22:00-06:00".parse().unwrap());
        let marks = [
            mark(WHO, In, "2026-03-02T08:00:00+01:00"),
            mark(WHO, Out, "2026-03-02T17:00:00+01:00"),
            mark(NIGHT, In, "2026-03-02T21:55:00+01:00"),
            mark(NIGHT, Out, "2026-03-03T06:00:00+01:00"),
            mark(WHO, In, "2026-03-07T10:00:00+01:00"), // on a Saturday
            mark(WHO, Out, "2026-03-07T11:00:00+01:00"),
        ];
        let range = (date(2026, 3, 1), date(2026, 3, 31));
        let now = at("2026-03-08T12:00:00+01:00");
        let days = work_days(
            &Rules::plain(&policy(), &rules),
            &[(NIGHT, Date::MIN), (WHO, Date::MIN)],
            &marks,
            range,
            now,
        );
        let of = |who| days.iter().filter(move |day| day.facts.person == who);
        assert_eq!(of(NIGHT).count(), 5);
        assert_eq!(of(NIGHT).filter(|day| day.absent).count(), 4);
        let night = of(NIGHT).next().unwrap();
        assert_eq!(night.facts.worked, SignedDuration::from_mins(8 * 60 + 5));
        assert!(!night.incomplete() && night.late.is_none());
        let sums = totals(&days);
        assert_eq!(sums.iter().map(|total| total.person).collect::<Vec<_>>(), [NIGHT, WHO]);
        assert_eq!((sums[1].days, sums[1].absent_days), (2, 4));
        assert_eq!(sums[1].worked, SignedDuration::from_hours(10));
    }

    #[test]
    fn the_rules_for_breaks_take_off_what_is_missing() {
        let rules: Vec<BreakRule> = vec!["30 after 6:00".parse().unwrap(), "45 after 9:00".parse().unwrap()];
        let minutes = SignedDuration::from_mins;
        for (worked, breaks, off) in [
            (360, 0, 0),
            (370, 0, 10), // never below six hours
            (420, 0, 30),
            (420, 20, 10),
            (420, 60, 0),
            (540, 0, 30),
            (560, 0, 30),
            (600, 0, 45),
            (600, 40, 5),
        ] {
            let facts =
                PersonDay { worked: minutes(worked), breaks: minutes(breaks), ..monday(&[], "07:00").facts };
            assert_eq!(taken_off(&rules, &facts), minutes(off), "{worked} worked, {breaks} break");
        }
    }

    #[test]
    fn rounding_is_to_the_minute_named() {
        let check = |rounding, secs, result| {
            assert_eq!(
                rounded(SignedDuration::from_secs(secs), rounding).as_secs(),
                result,
                "{rounding} {secs}"
            );
        };
        check(Rounding::Exact, 61, 61);
        check(Rounding::Nearest(15), 7 * 60 + 29, 0);
        check(Rounding::Nearest(15), 7 * 60 + 30, 900);
        check(Rounding::Down(15), 899, 0);
        check(Rounding::Up(15), 1, 900);
        check(Rounding::Up(15), 900, 900);
        check(Rounding::Up(15), 0, 0);
        check(Rounding::Down(0), 59, 0);
        check(Rounding::Nearest(5), -90, 0);
    }

    proptest! {
        #[test]
        fn rounded_time_is_a_multiple_and_near(secs in 0..200_000_i64, more in 0..200_000_i64, minutes in 1_u8..=60) {
            let time = SignedDuration::from_secs(secs);
            let step = i64::from(minutes) * 60;
            for rounding in [Rounding::Nearest(minutes), Rounding::Down(minutes), Rounding::Up(minutes)] {
                let result = rounded(time, rounding);
                prop_assert_eq!(result.as_secs() % step, 0);
                prop_assert!((result - time).abs().as_secs() < step);
                prop_assert_eq!(rounded(result, rounding), result, "twice is once");
                prop_assert!(rounded(SignedDuration::from_secs(secs + more), rounding) >= result);
            }
            prop_assert!(rounded(time, Rounding::Down(minutes)) <= time);
            prop_assert!(rounded(time, Rounding::Up(minutes)) >= time);
        }

        #[test]
        fn more_work_never_counts_less_and_more_break_never_more(
            worked in 0..1200_i64, more in 0..300_i64, breaks in 0..120_i64,
            rules in prop::collection::vec((1_u16..120, 0_u16..1200), 0..3),
        ) {
            let rules: Vec<BreakRule> =
                rules.into_iter().map(|(minutes, after_minutes)| BreakRule { minutes, after_minutes }).collect();
            let left = |worked, breaks| {
                let worked = SignedDuration::from_mins(worked);
                let facts = PersonDay { worked, breaks: SignedDuration::from_mins(breaks), ..monday(&[], "07:00").facts };
                worked - taken_off(&rules, &facts)
            };
            prop_assert!(left(worked, breaks) >= SignedDuration::ZERO);
            prop_assert!(left(worked + more, breaks) >= left(worked, breaks));
            prop_assert!(left(worked, breaks + more) >= left(worked, breaks), "a break that was taken is not taken off");
            prop_assert!(left(worked, breaks) <= SignedDuration::from_mins(worked));
        }

        #[test]
        fn nobody_is_late_and_absent_and_the_sums_add_up(
            plan in prop::collection::vec((prop::sample::select(&MarkKind::ALL[..]), 0..600_000_i64), 0..20),
            now in 0..700_000_i64, grace in 0_u16..60,
        ) {
            let start = at("2026-03-01T23:00:00Z").as_second();
            let instant = |secs: i64| Timestamp::from_second(start + secs).unwrap();
            let marks: Vec<Mark> = plan.iter().map(|(kind, secs)| Mark { at: instant(*secs), ..mark(WHO, *kind, "2026-03-02T00:00:00Z") }).collect();
            let rules = WorkRules { grace_minutes: grace, rounding: Rounding::Nearest(15), ..rules() };
            let range = (date(2026, 2, 28), date(2026, 3, 12));
            let days = work_days(&Rules::plain(&policy(), &rules), &[(WHO, Date::MIN), (NIGHT, date(2026, 3, 4))], &marks, range, instant(now));
            for day in &days {
                prop_assert!(!(day.absent && (day.late.is_some() || day.early.is_some() || day.facts.first_in.is_some())));
                prop_assert!(day.late.is_none_or(|late| late > SignedDuration::from_mins(grace.into())));
                prop_assert!(day.counted.as_secs() % 900 == 0);
            }
            let sums = totals(&days);
            let all: i64 = days.iter().map(|day| day.counted.as_secs()).sum();
            prop_assert_eq!(sums.iter().map(|total| total.counted.as_secs()).sum::<i64>(), all);
            let shown: i64 = days.iter().map(|day| day.facts.worked.as_mins()).sum();
            prop_assert_eq!(sums.iter().map(|total| total.worked.as_secs()).sum::<i64>(), shown * 60, "as printed");
            prop_assert!(sums.iter().all(|total| total.days + total.absent_days <= 13));
        }
    }
}
