//! Attendance events. They are append-only: a correction is a new event that names the one it replaces.

use super::{Actor, EventId, PersonId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
