//! Attendance events. They are append-only: a correction is a new event that names the one it replaces.

use super::{Actor, EventId, PersonId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Arrived.
    CheckIn,
    /// Left.
    CheckOut,
    /// Stopped working for a while.
    BreakStart,
    /// Works again.
    BreakEnd,
}

impl MarkKind {
    /// All of them, in the order of a day. New ones are added at the end of the enum: their place is on disk.
    pub const ALL: [Self; 4] = [Self::CheckIn, Self::BreakStart, Self::BreakEnd, Self::CheckOut];

    /// What comes next when nobody says: out after in, in after out, the end of a break after its start.
    #[must_use]
    pub fn toggled(self) -> Self {
        match self {
            Self::CheckIn | Self::BreakEnd => Self::CheckOut,
            Self::CheckOut => Self::CheckIn,
            Self::BreakStart => Self::BreakEnd,
        }
    }

    /// After this mark the person is at the site; a break counts as there.
    #[must_use]
    pub fn is_inside(self) -> bool {
        self != Self::CheckOut
    }

    /// `check_in`, `check_out`, `break_start` or `break_end`, as in CSV and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CheckIn => "check_in",
            Self::CheckOut => "check_out",
            Self::BreakStart => "break_start",
            Self::BreakEnd => "break_end",
        }
    }
}

/// How the kiosk came to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkSource {
    /// Recognised by face.
    Face,
    /// A host entered it.
    Host,
    /// The person said "Not me" on the screen.
    NotMe,
    /// The person typed their badge number and PIN.
    Pin,
}

/// Why a host (or "Not me") put an event on record, and what it changes about an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The event that no longer counts; `None` for a mark that the kiosk missed and a host adds.
    pub replaces: Option<EventId>,
    /// False: the replaced event is struck out and nothing takes its place.
    pub stands: bool,
    /// In the corrector's words; not empty for a host.
    pub reason: String,
}

/// One attendance event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Number, given by the vault.
    pub id: EventId,
    /// Whose.
    pub person: PersonId,
    /// In or out.
    pub kind: MarkKind,
    /// When it holds for, UTC.
    pub at: Timestamp,
    /// IANA name of the site's time zone when it was recorded.
    pub zone: String,
    /// Monotonic clock of the recording process, milliseconds.
    pub mono_ms: u64,
    /// The wall clock had jumped since the record before.
    pub clock_jumped: bool,
    /// How the kiosk came to know.
    pub source: MarkSource,
    /// Who caused it.
    pub actor: Actor,
    /// Present when this event was entered by hand or corrects another.
    pub correction: Option<Correction>,
}

/// The marks that count, oldest first.
///
/// Every event belongs to a line: itself, or the line of the event it corrects. The newest event of each line
/// decides: a mark that stands counts, one that does not strikes the line out. So a chain of corrections ends
/// in its last one, a replaced mark never comes back, and of two corrections of the same event the later wins.
///
/// The order of `marks` does not matter. An event that they lack may still be replaced. A correction may move a
/// mark to another day: filter by time only what comes out, never what goes in.
#[must_use]
pub fn effective_marks(marks: &[Mark]) -> Vec<Mark> {
    let mut recorded: Vec<&Mark> = marks.iter().collect();
    recorded.sort_by_key(|mark| mark.id);
    let mut line_of = BTreeMap::new();
    let mut newest = BTreeMap::new();
    for mark in recorded {
        let replaced = mark.correction.as_ref().and_then(|c| c.replaces).filter(|old| *old < mark.id);
        let line = replaced.map_or(mark.id, |old| line_of.get(&old).copied().unwrap_or(old));
        line_of.insert(mark.id, line);
        newest.insert(line, mark);
    }
    let stands = |mark: &&Mark| mark.correction.as_ref().is_none_or(|c| c.stands);
    let mut effective: Vec<Mark> = newest.into_values().filter(stands).cloned().collect();
    effective.sort_by_key(|mark| (mark.at, mark.id));
    effective
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mark(id: u64, minute: i64) -> Mark {
        let person = PersonId::from_bytes([1; 16]);
        Mark {
            id: EventId(id),
            person,
            kind: MarkKind::CheckIn,
            at: Timestamp::from_second(minute * 60).unwrap(),
            zone: "UTC".into(),
            mono_ms: 0,
            clock_jumped: false,
            source: MarkSource::Face,
            actor: Actor::Kiosk,
            correction: None,
        }
    }

    fn correction(id: u64, minute: i64, replaces: Option<u64>, stands: bool) -> Mark {
        let correction = Correction { replaces: replaces.map(EventId), stands, reason: "test".into() };
        Mark { correction: Some(correction), ..mark(id, minute) }
    }

    fn ids(marks: &[Mark]) -> Vec<u64> {
        effective_marks(marks).iter().map(|mark| mark.id.0).collect()
    }

    #[test]
    fn corrections_replace_strike_out_and_add() {
        assert_eq!(ids(&[]), [0; 0]);
        assert_eq!(ids(&[mark(1, 10), mark(2, 5)]), [2, 1], "by time, not by number");
        assert_eq!(ids(&[mark(1, 1), correction(2, 9, Some(1), true)]), [2]);
        assert_eq!(ids(&[mark(1, 1), mark(2, 2), correction(3, 1, Some(1), false)]), [2]);
        assert_eq!(ids(&[mark(1, 1), correction(2, 0, None, true)]), [2, 1], "an added mark replaces none");
    }

    #[test]
    fn the_last_of_a_chain_decides() {
        let moved_twice = [mark(1, 1), correction(2, 2, Some(1), true), correction(3, 3, Some(2), true)];
        assert_eq!(ids(&moved_twice), [3]);
        let moved_then_struck =
            [mark(1, 1), correction(2, 2, Some(1), true), correction(3, 2, Some(2), false)];
        assert_eq!(ids(&moved_then_struck), [0; 0], "the first mark does not come back");
        let struck_then_restored =
            [mark(1, 1), correction(2, 1, Some(1), false), correction(3, 1, Some(2), true)];
        assert_eq!(ids(&struck_then_restored), [3]);
        let fork = [mark(1, 1), correction(2, 2, Some(1), true), correction(3, 3, Some(1), true)];
        assert_eq!(ids(&fork), [3], "two corrections of one mark do not count twice");
    }

    #[test]
    fn odd_references_do_no_harm() {
        assert_eq!(ids(&[correction(5, 1, Some(2), true)]), [5], "the replaced mark is not at hand");
        assert_eq!(ids(&[correction(5, 1, Some(5), true), correction(6, 2, Some(9), true)]), [5, 6]);
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_nothing_replaced_survives(
            plan in prop::collection::vec((0..50_i64, prop::option::of(1..20_u64), any::<bool>()), 0..20),
            turn in 0..20_usize,
        ) {
            let mut marks: Vec<Mark> = (1..).zip(&plan).map(|(id, &(minute, replaces, stands))| match replaces {
                Some(old) if old < id => correction(id, minute, Some(old), stands),
                _ => mark(id, minute),
            }).collect();
            let effective = effective_marks(&marks);
            for kept in &effective {
                prop_assert!(marks.iter().all(|m| m.correction.as_ref().and_then(|c| c.replaces) != Some(kept.id)));
            }
            prop_assert!(effective.is_sorted_by_key(|m| (m.at, m.id)));
            if !marks.is_empty() {
                let by = turn % marks.len();
                marks.rotate_left(by);
            }
            prop_assert_eq!(&effective_marks(&marks), &effective);
            prop_assert_eq!(&effective_marks(&effective), &effective, "applying twice changes nothing");
        }
    }
}
