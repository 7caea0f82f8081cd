//! Reports for tests.

use super::{AttendanceReport, Body, DayRow, DayState, ReportBy, Row, Total};
use crate::domain::{AuditHead, EventId, MarkKind, MarkSource, PersonId, PersonName};
use jiff::{SignedDuration, ToSpan, Zoned, civil::date, tz::TimeZone};

pub(super) const NAMES: [&str; 5] =
    ["Ana Müller", "Żaneta Łukasiewicz", "Иван Петров", "Ελένη Παπαδοπούλου", "João Ñandú"];

/// `rows` marks of five people, alternately in and out, one every 6 hours from 2 March 2026 08:00 in Berlin.
pub(super) fn report(rows: usize) -> AttendanceReport {
    let start = date(2026, 3, 2).at(8, 0, 0, 0).to_zoned(TimeZone::get("Europe/Berlin").unwrap()).unwrap();
    let name = |n: usize| Some(PersonName::new(NAMES[n % NAMES.len()]).unwrap());
    let row = |n: usize| {
        let at: Zoned = start.checked_add((n as i64 * 6).hours()).unwrap();
        Row {
            event: EventId(n as u64 + 1),
            date: at.date(),
            person: PersonId::from_bytes([(n % NAMES.len()) as u8; 16]),
            name: name(n),
            badge: Some(format!("{}", 1000 + n % NAMES.len())),
            kind: if n.is_multiple_of(2) { MarkKind::CheckIn } else { MarkKind::CheckOut },
            at,
            source: MarkSource::Face,
            corrected: false,
            reason: String::new(),
        }
    };
    let total = |n: usize| Total {
        name: name(n),
        badge: Some(format!("{}", 1000 + n)),
        days: 3,
        worked: SignedDuration::from_mins(25 * 60 + 7),
        counted: SignedDuration::from_mins(25 * 60),
        late_days: n as u32,
        absent_days: 0,
        incomplete_days: n as u32 % 2,
    };
    AttendanceReport {
        site: "Werk Süd".into(),
        from: date(2026, 3, 2),
        to: date(2026, 3, 31),
        chosen_people: false,
        generated_at: start.checked_add(30.days()).unwrap(),
        audit_head: AuditHead { number: 4711, hash: std::array::from_fn(|n| n as u8) },
        locked_until: None,
        columns: ReportBy::Mark.usual().to_vec(),
        body: Body::Marks((0..rows).map(row).collect()),
        totals: (0..rows.min(NAMES.len())).map(total).collect(),
    }
}

/// A night, an absence, and somebody who was erased and whose check-in is missing.
pub(super) fn days() -> AttendanceReport {
    let at = |day: i8, hour: i8, minute: i8| {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        date(2026, 3, day).at(hour, minute, 0, 0).to_zoned(zone).unwrap()
    };
    let absent = DayRow {
        date: date(2026, 3, 3),
        person: PersonId::from_bytes([1; 16]),
        name: Some(PersonName::new(NAMES[1]).unwrap()),
        badge: None,
        planned: Some((at(3, 8, 0), at(3, 17, 0))),
        first_in: None,
        last_out: None,
        worked: SignedDuration::ZERO,
        breaks: SignedDuration::ZERO,
        counted: SignedDuration::ZERO,
        late: None,
        early: None,
        state: DayState { absent: true, ..DayState::default() },
    };
    let night = DayRow {
        date: date(2026, 3, 2),
        person: PersonId::from_bytes([0; 16]),
        name: Some(PersonName::new(NAMES[0]).unwrap()),
        badge: Some("1000".into()),
        planned: Some((at(2, 22, 0), at(3, 6, 0))),
        first_in: Some(at(2, 22, 7)),
        last_out: Some(at(3, 6, 5)),
        worked: SignedDuration::from_mins(485),
        late: Some(SignedDuration::from_mins(7)),
        state: DayState::default(),
        ..absent.clone()
    };
    let erased = DayRow {
        name: None,
        planned: None,
        worked: SignedDuration::from_mins(210),
        early: Some(SignedDuration::from_mins(60)),
        state: DayState { missing_check_in: true, ..DayState::default() },
        ..absent.clone()
    };
    AttendanceReport {
        columns: ReportBy::Day.usual().to_vec(),
        body: Body::Days(vec![night, absent, erased]),
        ..report(0)
    }
}
