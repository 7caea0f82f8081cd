//! A day's figures per person.

use super::Policy;
use crate::domain::{Mark, MarkKind, PersonId};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::collections::BTreeMap;

/// One person's attendance day. What was not marked is shown as missing, never invented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDay {
    /// Who.
    pub person: PersonId,
    /// First check-in.
    pub first_in: Option<Timestamp>,
    /// Last check-out.
    pub last_out: Option<Timestamp>,
    /// The day is running and the newest mark is a check-in.
    pub still_in: bool,
    /// Time between each check-in and the check-out that follows it directly. Nothing else counts.
    pub worked: SignedDuration,
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

/// One person's figures over several attendance days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTotal {
    /// Who.
    pub person: PersonId,
    /// Days with at least one mark.
    pub days: u32,
    /// Sum of [`PersonDay::worked`].
    pub worked: SignedDuration,
    /// Days with a mark missing.
    pub incomplete_days: u32,
}

/// The figures of everybody who has marks on the attendance days `from` to `to`, both included; in no order that
/// means anything. `marks` and `now` as for [`day_summary`].
#[must_use]
pub fn range_totals(
    policy: &Policy,
    marks: &[Mark],
    from: Date,
    to: Date,
    now: Timestamp,
) -> Vec<PersonTotal> {
    let mut days: BTreeMap<Date, Vec<Mark>> = BTreeMap::new();
    for mark in marks {
        let date = policy.attendance_day(mark.at);
        if (from..=to).contains(&date) {
            days.entry(date).or_default().push(mark.clone());
        }
    }
    let mut totals: BTreeMap<PersonId, PersonTotal> = BTreeMap::new();
    for (date, marks) in days {
        for day in day_summary(policy, &marks, &[], date, now) {
            let total = totals.entry(day.person).or_insert(PersonTotal {
                person: day.person,
                days: 0,
                worked: SignedDuration::ZERO,
                incomplete_days: 0,
            });
            total.days += 1;
            total.worked += day.worked;
            total.incomplete_days += u32::from(day.missing_check_in || day.missing_check_out);
        }
    }
    totals.into_values().collect()
}

/// `marks` are one person's, oldest first.
fn person_day<'a>(person: PersonId, marks: impl Iterator<Item = &'a Mark>, running: bool) -> PersonDay {
    let mut day = PersonDay {
        person,
        first_in: None,
        last_out: None,
        still_in: false,
        worked: SignedDuration::ZERO,
        missing_check_out: false,
        missing_check_in: false,
    };
    let mut inside_since: Option<Timestamp> = None;
    for mark in marks {
        match mark.kind {
            MarkKind::CheckIn => {
                day.first_in.get_or_insert(mark.at);
                day.missing_check_out |= inside_since.is_some();
                inside_since = Some(mark.at);
            }
            MarkKind::CheckOut => {
                day.last_out = Some(mark.at);
                match inside_since.take() {
                    Some(came) => day.worked += mark.at.duration_since(came),
                    None => day.missing_check_in = true,
                }
            }
        }
    }
    day.still_in = running && inside_since.is_some();
    day.missing_check_out |= !running && inside_since.is_some();
    day
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attendance::Mode,
        domain::{Actor, EventId, MarkSource},
    };
    use jiff::{civil::date, tz::TimeZone};
    use proptest::prelude::*;

    fn policy() -> Policy {
        Policy {
            mode: Mode::Toggle,
            guard_secs: 120,
            day_start_hour: 4,
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
    fn totals_add_up_the_days_of_the_range() {
        let marks = marks(&[
            (1, In, "2026-03-01T08:00:00+01:00"), // before the range
            (1, In, "2026-03-02T08:00:00+01:00"),
            (1, Out, "2026-03-02T12:00:00+01:00"),
            (2, In, "2026-03-03T08:00:00+01:00"),
            (1, In, "2026-03-03T22:00:00+01:00"),
            (1, Out, "2026-03-04T02:00:00+01:00"), // still the 3rd
            (1, Out, "2026-03-04T12:00:00+01:00"), // after the range
        ]);
        let now = at("2026-03-09T00:00:00Z");
        let totals = range_totals(&policy(), &marks, date(2026, 3, 2), date(2026, 3, 3), now);
        let total = |n, days, hours, incomplete_days| PersonTotal {
            person: person(n),
            days,
            worked: SignedDuration::from_hours(hours),
            incomplete_days,
        };
        assert_eq!(totals, [total(1, 2, 8, 0), total(2, 1, 0, 1)]);
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
            plan in prop::collection::vec((any::<bool>(), 0..86_000_i64), 0..12), by in 0..12_usize,
        ) {
            let start = policy().day_range(date(2026, 3, 2)).start.as_second();
            let times: Vec<String> =
                plan.iter().map(|(_, s)| Timestamp::from_second(start + s).unwrap().to_string()).collect();
            let plan: Vec<_> = plan.iter().zip(&times)
                .map(|(&(is_in, _), when)| (1, if is_in { In } else { Out }, when.as_str())).collect();
            let mut marks = marks(&plan);
            let now = at("2026-03-04T00:00:00Z");
            let summary = day_summary(&policy(), &marks, &[person(1)], date(2026, 3, 2), now);
            let day = &summary[0];
            prop_assert!(!day.worked.is_negative() && !day.still_in);
            match (day.first_in, day.last_out) {
                (Some(first), Some(last)) if last >= first => {
                    prop_assert!(day.worked <= last.duration_since(first));
                }
                _ => prop_assert!(day.worked.is_zero()),
            }
            if !marks.is_empty() {
                let by = by % marks.len();
                marks.rotate_left(by);
            }
            prop_assert_eq!(day_summary(&policy(), &marks, &[person(1)], date(2026, 3, 2), now), summary);
        }
    }
}
