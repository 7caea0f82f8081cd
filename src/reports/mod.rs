//! Attendance on paper and in spreadsheets.
//!
//! Job: an [`AttendanceReport`] of plain rows into any `Write`, as CSV ([`write_csv`]) or PDF ([`write_pdf`]). It must
//! not know where rows come from or where files go; it opens none.

mod csv;
mod pdf;
mod person;

pub use self::{
    csv::{CSV_COLUMNS, write_csv},
    pdf::{Paper, PdfFigures, write_pdf},
    person::{PersonFile, StoredFace, write_person_json},
};

use crate::domain::{AuditHead, EventId, MarkKind, MarkSource, PersonId, PersonName};
use jiff::{SignedDuration, Zoned, civil::Date};

/// Everything that a report shows.
#[derive(Debug, Clone, PartialEq)]
pub struct AttendanceReport {
    /// Site name.
    pub site: String,
    /// First attendance day.
    pub from: Date,
    /// Last attendance day, included.
    pub to: Date,
    /// When the report was made, in the site's zone.
    pub generated_at: Zoned,
    /// The audit log's head at that time: a later log that lacks it was cut or changed.
    pub audit_head: AuditHead,
    /// Marks that count, in the order in which they are to be printed.
    pub rows: Vec<Row>,
    /// Per person, in the order in which they are to be printed.
    pub totals: Vec<Total>,
}

/// One mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The event's number.
    pub event: EventId,
    /// The attendance day it belongs to; at night the day before.
    pub date: Date,
    /// Whose.
    pub person: PersonId,
    /// Their name; `None` when they were erased.
    pub name: Option<PersonName>,
    /// Their badge or number.
    pub badge: Option<String>,
    /// In or out.
    pub kind: MarkKind,
    /// When, in the site's zone.
    pub at: Zoned,
    /// How the kiosk came to know.
    pub source: MarkSource,
    /// Entered or changed by hand.
    pub corrected: bool,
    /// Why, in the corrector's words; empty when nobody corrected anything.
    pub reason: String,
}

/// One person's figures over the range.
#[derive(Debug, Clone, PartialEq)]
pub struct Total {
    /// Name; `None` when they were erased.
    pub name: Option<PersonName>,
    /// Badge or number.
    pub badge: Option<String>,
    /// Attendance days with at least one mark.
    pub days: u32,
    /// Time between each check-in and its check-out.
    pub worked: SignedDuration,
    /// Days on which a check-in or check-out is missing, so that `worked` is too short.
    pub incomplete_days: u32,
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The output refused.
    #[error("the report could not be written: {0}. Check the free space and the folder, then export again")]
    Write(#[from] std::io::Error),
    /// The font in this program is damaged.
    #[error("the font for PDF reports cannot be read: install the program again, or export CSV")]
    Font,
}

fn source_word(source: MarkSource) -> &'static str {
    match source {
        MarkSource::Face => "face",
        MarkSource::Host => "host",
        MarkSource::NotMe => "not_me",
        MarkSource::Pin => "pin",
    }
}

#[cfg(test)]
mod testkit;
