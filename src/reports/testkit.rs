//! Reports for tests.

use super::{AttendanceReport, Row, Total};
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
        incomplete_days: n as u32 % 2,
    };
    AttendanceReport {
        site: "Werk Süd".into(),
        from: date(2026, 3, 2),
        to: date(2026, 3, 31),
        generated_at: start.checked_add(30.days()).unwrap(),
        audit_head: AuditHead { number: 4711, hash: std::array::from_fn(|n| n as u8) },
        rows: (0..rows).map(row).collect(),
        totals: (0..rows.min(NAMES.len())).map(total).collect(),
    }
}
