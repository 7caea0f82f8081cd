//! A day's figures per person.

use super::Policy;
use crate::domain::{Mark, MarkKind, PersonId};
use jiff::{SignedDuration, Timestamp, civil::Date};

/// One person's attendance day. What was not marked is shown as missing, never invented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDay {
    /// Who.
    pub person: PersonId,
    /// First check-in.
    pub first_in: Option<Timestamp>,
    /// Last check-out.
    pub last_out: Option<Timestamp>,
    /// The day is running and the newest mark leaves them at the site, at work or on a break.
    pub still_in: bool,
    /// Of these, on a break.
    pub on_break: bool,
    /// Time between each check-in (or end of a break) and the check-out (or break) that follows. Nothing else counts.
    pub worked: SignedDuration,
    /// Time on marked breaks that ended, and between a check-out and the next check-in of the day.
    pub breaks: SignedDuration,
    /// Some check-in has no check-out: another check-in follows, or the day is over.
    pub missing_check_out: bool,
    /// Some check-out has no check-in directly before it.
    pub missing_check_in: bool,
}

/// The figures of an attendance day, people in the order given, then others who have marks (erased people).
///
/// `marks` are marks that count, in any order ([`crate::domain::effective_marks`]); those of other days are ignored.
/// `now` tells a running day from one that is over.
#[must_use]
pub fn day_summary(
    policy: &Policy,
    marks: &[Mark],
    people: &[PersonId],
    date: Date,
    now: Timestamp,
) -> Vec<PersonDay> {
    let range = policy.day_range(date);
    let mut of_day: Vec<&Mark> = marks.iter().filter(|mark| range.contains(&mark.at)).collect();
    of_day.sort_by_key(|mark| (mark.at, mark.id));
    let mut everybody = people.to_vec();
    for mark in &of_day {
        if !everybody.contains(&mark.person) {
            everybody.push(mark.person);
        }
    }
    let running = now < range.end;
    everybody
        .into_iter()
        .map(|person| {
            person_day(person, of_day.iter().copied().filter(|mark| mark.person == person), running)
        })
        .collect()
}

/// `marks` are one person's, oldest first.
pub(super) fn person_day<'a>(
    person: PersonId,
    marks: impl Iterator<Item = &'a Mark>,
    running: bool,
) -> PersonDay {
    let mut day = PersonDay {
        person,
        first_in: None,
        last_out: None,
        still_in: false,
        on_break: false,
        worked: SignedDuration::ZERO,
        breaks: SignedDuration::ZERO,
        missing_check_out: false,
        missing_check_in: false,
    };
    let mut at_site = Where::Outside { since: None };
    for mark in marks {
        at_site = match (mark.kind, at_site) {
            // Back from a break without saying so is back from a break.
            (MarkKind::CheckIn | MarkKind::BreakEnd, Where::Break { since }) => {
                day.breaks += mark.at.duration_since(since);
                Where::Working { since: mark.at }
            }
            (MarkKind::CheckIn, Where::Outside { since }) => {
                day.first_in.get_or_insert(mark.at);
                day.breaks += since.map_or(SignedDuration::ZERO, |since| mark.at.duration_since(since));
                Where::Working { since: mark.at }
            }
            (MarkKind::CheckIn, Where::Working { .. }) => {
                day.missing_check_out = true;
                Where::Working { since: mark.at }
            }
            (MarkKind::BreakEnd, Where::Outside { .. }) => {
                day.missing_check_in = true;
                Where::Working { since: mark.at }
            }
            // The end of a break that never began says nothing.
            (MarkKind::BreakEnd, working @ Where::Working { .. }) => working,
            (MarkKind::BreakStart, Where::Working { since }) => {
                day.worked += mark.at.duration_since(since);
                Where::Break { since: mark.at }
            }
            (MarkKind::BreakStart, Where::Outside { .. }) => {
                day.missing_check_in = true;
                Where::Break { since: mark.at }
            }
            (MarkKind::BreakStart, on_break @ Where::Break { .. }) => on_break,
            (MarkKind::CheckOut, before) => {
                day.last_out = Some(mark.at);
                match before {
                    Where::Working { since } => day.worked += mark.at.duration_since(since),
                    Where::Break { .. } => {} // whoever leaves out of a break has stopped working when it began
                    Where::Outside { .. } => day.missing_check_in = true,
                }
                Where::Outside { since: Some(mark.at) }
            }
        };
    }
    let inside = !matches!(at_site, Where::Outside { .. });
    day.still_in = running && inside;
    day.on_break = running && matches!(at_site, Where::Break { .. });
    day.missing_check_out |= !running && inside;
    day
}

/// Where the marks so far leave somebody.
enum Where {
    /// Not here; since when, if they had been here today.
    Outside {
        since: Option<Timestamp>,
    },
    Working {
        since: Timestamp,
    },
    Break {
        since: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attendance::Mode,
        domain::{Actor, EventId, MarkSource, Schedule},
    };
    use jiff::{civil::date, tz::TimeZone};
    use proptest::prelude::*;

    fn policy() -> Policy {
        Policy {
            mode: Mode::Toggle,
            guard_secs: 120,
            day_start_hour: 4,
            schedule: Schedule::default(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        }
    }

    fn person(n: u8) -> PersonId {
        PersonId::from_bytes([n; 16])
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn marks(plan: &[(u8, MarkKind, &str)]) -> Vec<Mark> {
        (1..)
            .zip(plan)
            .map(|(id, &(who, kind, when))| Mark {
                id: EventId(id),
                person: person(who),
                kind,
                at: at(when),
                zone: "Europe/Berlin".into(),
                mono_ms: 0,
                clock_jumped: false,
                source: MarkSource::Face,
                actor: Actor::Kiosk,
                correction: None,
            })
            .collect()
    }

    use MarkKind::{CheckIn as In, CheckOut as Out};

    #[test]
    fn pairs_are_worked_time_and_gaps_are_shown() {
        let marks = marks(&[
            (1, In, "2026-03-02T08:00:00+01:00"),
            (1, Out, "2026-03-02T12:00:00+01:00"),
            (1, In, "2026-03-02T13:00:00+01:00"),
            (1, Out, "2026-03-02T17:30:00+01:00"),
            (2, In, "2026-03-02T09:00:00+01:00"),
            (3, Out, "2026-03-02T17:00:00+01:00"),
            (9, In, "2026-03-02T10:00:00+01:00"),
            (2, In, "2026-03-03T09:00:00+01:00"), // another day
        ]);
        let people = [person(3), person(1), person(2), person(4)];
        let summary = |now| day_summary(&policy(), &marks, &people, date(2026, 3, 2), at(now));

        let running = summary("2026-03-02T18:00:00+01:00");
        assert_eq!(running.iter().map(|d| d.person).collect::<Vec<_>>(), [3, 1, 2, 4, 9].map(person));
        assert_eq!(running[1].worked, SignedDuration::from_mins(8 * 60 + 30));
        assert_eq!(running[1].first_in, Some(at("2026-03-02T08:00:00+01:00")));
        assert_eq!(running[1].last_out, Some(at("2026-03-02T17:30:00+01:00")));
        assert!(!running[1].still_in && !running[1].missing_check_out && !running[1].missing_check_in);
        assert!(running[2].still_in && !running[2].missing_check_out);
        assert!(running[0].missing_check_in && running[0].worked.is_zero());
        assert!(running[3].first_in.is_none() && !running[3].still_in);

        let over = summary("2026-03-03T04:00:00+01:00");
        assert!(!over[2].still_in && over[2].missing_check_out && over[2].worked.is_zero());
        assert_eq!(over[2].last_out, None, "a missing check-out is not invented");
    }

    #[test]
    fn breaks_are_not_work_and_leaving_out_of_one_ends_the_work_when_it_began() {
        use MarkKind::{BreakEnd as Back, BreakStart as Break};
        let day = |plan: &[(MarkKind, &str)], now: &str| {
            let plan: Vec<(u8, MarkKind, String)> =
                plan.iter().map(|(kind, time)| (1, *kind, format!("2026-03-02T{time}:00+01:00"))).collect();
            let plan: Vec<_> = plan.iter().map(|(n, kind, when)| (*n, *kind, when.as_str())).collect();
            day_summary(&policy(), &marks(&plan), &[person(1)], date(2026, 3, 2), at(now)).remove(0)
        };
        let minutes = SignedDuration::from_mins;
        let over = "2026-03-03T09:00:00+01:00";
        let whole = day(&[(In, "08:00"), (Break, "12:00"), (Back, "12:40"), (Out, "17:00")], over);
        assert_eq!((whole.worked, whole.breaks), (minutes(8 * 60 + 20), minutes(40)));
        assert!(!whole.missing_check_in && !whole.missing_check_out);
        let walked_out = day(&[(In, "08:00"), (Out, "12:00"), (In, "12:40"), (Out, "17:00")], over);
        assert_eq!((walked_out.worked, walked_out.breaks), (whole.worked, whole.breaks), "a gap is a break");
        let left = day(&[(In, "08:00"), (Break, "12:00"), (Out, "13:00")], over);
        assert_eq!((left.worked, left.breaks), (minutes(4 * 60), minutes(0)));
        let running = day(&[(In, "08:00"), (Break, "12:00")], "2026-03-02T12:10:00+01:00");
        assert!(running.still_in && running.on_break && !running.missing_check_out);
        let forgot = day(&[(In, "08:00"), (Break, "12:00")], over);
        assert!(forgot.missing_check_out && !forgot.on_break);
        assert_eq!(forgot.worked, minutes(4 * 60));
        let odd =
            day(&[(Back, "08:00"), (Back, "09:00"), (Break, "10:00"), (Break, "10:05"), (In, "10:15")], over);
        assert!(odd.missing_check_in && odd.missing_check_out);
        assert_eq!((odd.worked, odd.breaks), (minutes(120), minutes(15)));
    }

    #[test]
    fn two_check_ins_in_a_row_count_from_the_second() {
        let marks = marks(&[
            (1, In, "2026-03-02T08:00:00+01:00"),
            (1, In, "2026-03-02T09:00:00+01:00"),
            (1, Out, "2026-03-02T10:00:00+01:00"),
        ]);
        let day = &day_summary(&policy(), &marks, &[], date(2026, 3, 2), at("2026-03-02T11:00:00+01:00"))[0];
        assert_eq!(day.worked, SignedDuration::from_hours(1));
        assert!(day.missing_check_out && !day.still_in);
    }

    #[test]
    fn a_night_in_which_the_clocks_change_counts_real_hours() {
        let marks = marks(&[
            (1, In, "2026-10-24T23:00:00+02:00"),
            (1, Out, "2026-10-25T03:30:00+01:00"), // local clock says 4.5 hours
        ]);
        let day = &day_summary(&policy(), &marks, &[], date(2026, 10, 24), at("2026-10-26T00:00:00Z"))[0];
        assert_eq!(day.worked, SignedDuration::from_mins(5 * 60 + 30));
    }

    proptest! {
        #[test]
        fn worked_time_fits_between_first_and_last(
            plan in prop::collection::vec((prop::sample::select(&MarkKind::ALL[..]), 0..86_000_i64), 0..12),
            by in 0..12_usize,
        ) {
            let start = policy().day_range(date(2026, 3, 2)).start.as_second();
            let times: Vec<String> =
                plan.iter().map(|(_, s)| Timestamp::from_second(start + s).unwrap().to_string()).collect();
            let plan: Vec<_> = plan.iter().zip(&times)
                .map(|(&(kind, _), when)| (1, kind, when.as_str())).collect();
            let mut marks = marks(&plan);
            let now = at("2026-03-04T00:00:00Z");
            let summary = day_summary(&policy(), &marks, &[person(1)], date(2026, 3, 2), now);
            let day = &summary[0];
            prop_assert!(!day.worked.is_negative() && !day.breaks.is_negative() && !day.still_in);
            let (first, last) = (marks.iter().map(|m| m.at).min(), marks.iter().map(|m| m.at).max());
            let whole = first.zip(last).map_or(SignedDuration::ZERO, |(first, last)| last.duration_since(first));
            prop_assert!(day.worked + day.breaks <= whole, "{} + {} > {}", day.worked, day.breaks, whole);
            let ends = marks.iter().any(|m| matches!(m.kind, Out | MarkKind::BreakStart));
            prop_assert!(ends || day.worked.is_zero(), "nothing is invented");
            if !marks.is_empty() {
                let by = by % marks.len();
                marks.rotate_left(by);
            }
            prop_assert_eq!(day_summary(&policy(), &marks, &[person(1)], date(2026, 3, 2), now), summary);
        }
    }
}
