//! Attendance events. They are append-only: a correction is a new event that names the one it replaces.

use super::{Actor, EventId, PersonId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Arrived.
    CheckIn,
    /// Left.
    CheckOut,
}

impl MarkKind {
    /// The other one.
    #[must_use]
    pub fn toggled(self) -> Self {
        match self {
            Self::CheckIn => Self::CheckOut,
            Self::CheckOut => Self::CheckIn,
        }
    }

    /// `check_in` or `check_out`, as in CSV and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CheckIn => "check_in",
            Self::CheckOut => "check_out",
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

/// The marks that count: those that no other mark of the list replaces, without the ones that only strike out.
/// The order stays. The list must hold the corrections of its marks.
#[must_use]
pub fn effective_marks(marks: &[Mark]) -> Vec<Mark> {
    let replaced: HashSet<EventId> =
        marks.iter().filter_map(|m| m.correction.as_ref().and_then(|c| c.replaces)).collect();
    marks
        .iter()
        .filter(|m| !replaced.contains(&m.id) && m.correction.as_ref().is_none_or(|c| c.stands))
        .cloned()
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(id: u64, correction: Option<(Option<u64>, bool)>) -> Mark {
        Mark {
            id: EventId(id),
            person: PersonId::from_bytes([1; 16]),
            kind: MarkKind::CheckIn,
            at: Timestamp::UNIX_EPOCH,
            zone: "UTC".to_owned(),
            mono_ms: 0,
            clock_jumped: false,
            source: MarkSource::Face,
            actor: Actor::Kiosk,
            correction: correction.map(|(replaces, stands)| Correction {
                replaces: replaces.map(EventId),
                stands,
                reason: "r".to_owned(),
            }),
        }
    }

    #[test]
    fn corrections_replace_strike_out_add_and_are_corrected_themselves() {
        let counts = |marks: &[Mark]| effective_marks(marks).iter().map(|m| m.id.0).collect::<Vec<_>>();
        assert_eq!(counts(&[mark(1, None), mark(2, None)]), [1, 2]);
        assert_eq!(counts(&[mark(1, None), mark(2, Some((Some(1), true)))]), [2]);
        assert_eq!(counts(&[mark(1, None), mark(2, Some((Some(1), false)))]), [0_u64; 0]);
        assert_eq!(counts(&[mark(1, None), mark(2, Some((None, true)))]), [1, 2], "a missed mark is added");
        let undone = [mark(1, None), mark(2, Some((Some(1), false))), mark(3, Some((Some(2), true)))];
        assert_eq!(counts(&undone), [3], "a correction is corrected in turn");
    }
}
