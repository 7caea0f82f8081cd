//! Attendance on paper and in spreadsheets.
//!
//! Job: an [`AttendanceReport`] of plain rows into any `Write`, as CSV ([`write_csv`]) or PDF ([`write_pdf`]), and the
//! audit log as CSV. It must not know where rows come from or where files go; it opens none.

mod audit;
mod columns;
mod csv;
mod order;
mod pdf;
mod person;
mod words;

pub use self::{
    audit::write_audit_csv,
    columns::{Column, ColumnError, ReportBy},
    csv::write_csv,
    order::Order,
    pdf::{Paper, PdfFigures, write_pdf, write_person_pdf},
    person::{PersonFile, StoredFace, write_person_json},
    words::ReportWords,
};

use crate::domain::{AuditHead, EventId, MarkKind, MarkSource, PersonId, PersonName};
use columns::Line;
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
    /// Some people were left out.
    pub chosen_people: bool,
    /// When the report was made, in the site's zone.
    pub generated_at: Zoned,
    /// The audit log's head at that time: a later log that lacks it was cut or changed.
    pub audit_head: AuditHead,
    /// Up to and including this day hosts can change nothing, and hours keep the rules of when it was locked.
    pub locked_until: Option<Date>,
    /// What is shown of each row, in this order.
    pub columns: Vec<Column>,
    /// The rows, in the order in which they are to be printed.
    pub body: Body,
    /// Per person, in the order in which they are to be printed.
    pub totals: Vec<Total>,
}

/// Rows of one kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Marks that count.
    Marks(Vec<Row>),
    /// Days.
    Days(Vec<DayRow>),
}

impl Body {
    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Marks(rows) => rows.len(),
            Self::Days(rows) => rows.len(),
        }
    }

    /// No row at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let (marks, days): (&[Row], &[DayRow]) = match self {
            Self::Marks(rows) => (rows, &[]),
            Self::Days(rows) => (&[], rows),
        };
        marks.iter().map(Line::Mark).chain(days.iter().map(Line::Day))
    }
}

impl AttendanceReport {
    /// The first `most` rows as they would be printed, cell by cell.
    #[must_use]
    pub fn worded(&self, words: &ReportWords, most: usize) -> Vec<Vec<String>> {
        let cells = |line: Line<'_>| {
            self.columns.iter().map(|column| line.worded(*column, self, words)).collect::<Vec<_>>()
        };
        self.body.lines().take(most).map(cells).collect()
    }
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
    /// In, out, or a break.
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

/// One person's day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayRow {
    /// The attendance day.
    pub date: Date,
    /// Whose.
    pub person: PersonId,
    /// Their name; `None` when they were erased.
    pub name: Option<PersonName>,
    /// Their badge or number.
    pub badge: Option<String>,
    /// When they were expected.
    pub planned: Option<(Zoned, Zoned)>,
    /// First check-in.
    pub first_in: Option<Zoned>,
    /// Last check-out.
    pub last_out: Option<Zoned>,
    /// Marked working time.
    pub worked: SignedDuration,
    /// Marked breaks.
    pub breaks: SignedDuration,
    /// Time that counts by the site's rules.
    pub counted: SignedDuration,
    /// By how much they came too late.
    pub late: Option<SignedDuration>,
    /// By how much they left too early.
    pub early: Option<SignedDuration>,
    /// What else is to be said.
    pub state: DayState,
}

/// Remarks about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayState {
    /// Expected and not seen.
    pub absent: bool,
    /// A check-out has no check-in before it.
    pub missing_check_in: bool,
    /// A check-in has no check-out after it.
    pub missing_check_out: bool,
    /// A holiday of the site.
    pub holiday: bool,
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
    /// Time between each check-in and its check-out, without breaks.
    pub worked: SignedDuration,
    /// Time that counts by the site's rules.
    pub counted: SignedDuration,
    /// Days on which they came late.
    pub late_days: u32,
    /// Days on which they were expected and not seen.
    pub absent_days: u32,
    /// Days on which a check-in or check-out is missing, so that `worked` is too short.
    pub incomplete_days: u32,
}

/// Told how many rows are done; says whether to go on. Whoever has time for the whole report takes [`to_the_end`].
pub type Watch<'a> = &'a dyn Fn(usize) -> bool;

/// Lets a report be written whole.
#[must_use]
pub fn to_the_end(_rows: usize) -> bool {
    true
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Its [`Watch`] said so.
    #[error("it was stopped before its end")]
    Stopped,
    /// The output refused.
    #[error("the report could not be written: {0}. Check the free space and the folder, then export again")]
    Write(#[from] std::io::Error),
    /// The font in this program is damaged.
    #[error("the font for PDF reports cannot be read: install the program again, or export CSV")]
    Font,
}

#[cfg(test)]
mod testkit;
