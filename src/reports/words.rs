//! Every word on paper, one table for each language; a language that has none is printed in English.
//!
//! Values are put in place of `{}`, in order.

use super::Column;
use crate::domain::{MarkKind, MarkSource};

/// The words of a report in one language.
#[derive(Debug, PartialEq, Eq)]
pub struct ReportWords {
    pub(super) title: &'static str,
    /// First and last day.
    pub(super) range: &'static str,
    /// Range, zone.
    pub(super) times: &'static str,
    /// When, rows.
    pub(super) made: &'static str,
    pub(super) chosen_people: &'static str,
    pub(super) no_rows: &'static str,
    pub(super) totals: &'static str,
    pub(super) totals_note: &'static str,
    pub(super) days: &'static str,
    pub(super) late_days: &'static str,
    pub(super) absent_days: &'static str,
    pub(super) incomplete: &'static str,
    /// Page, pages.
    pub(super) page: &'static str,
    /// Entry, hash.
    pub(super) audit: &'static str,
    /// How many.
    pub(super) unprintable: &'static str,
    pub(super) erased: &'static str,
    pub(super) corrected: &'static str,
    pub(super) yes: &'static str,
    kinds: [&'static str; 4],
    sources: [&'static str; 4],
    /// Absent, late, early, check-in missing, check-out missing, holiday.
    pub(super) states: [&'static str; 6],
    /// In the order of [`COLUMNS`].
    columns: [&'static str; COLUMNS.len()],
}

/// The order of the columns' titles in each table.
const COLUMNS: [Column; 20] = [
    Column::Event,
    Column::Date,
    Column::Time,
    Column::Person,
    Column::Name,
    Column::Badge,
    Column::Kind,
    Column::Source,
    Column::Corrected,
    Column::Reason,
    Column::Planned,
    Column::FirstIn,
    Column::LastOut,
    Column::Worked,
    Column::Breaks,
    Column::Counted,
    Column::Late,
    Column::Early,
    Column::State,
    Column::AuditHead,
];

const ENGLISH: ReportWords = ReportWords {
    title: "Attendance report",
    range: "{} to {}",
    times: "{}; all times {}",
    made: "Made {}; {} rows",
    chosen_people: "Chosen people only",
    no_rows: "Nothing in this range.",
    totals: "Totals per person",
    totals_note: "Worked: from each check-in to its check-out, less breaks. Counted: by the site's rules for breaks and \
                  rounding. Incomplete: days with a mark missing, whose open time is not counted.",
    days: "Days",
    late_days: "Late",
    absent_days: "Absent",
    incomplete: "Incomplete",
    page: "Page {} of {}",
    audit: "Audit log at entry {}: {}",
    unprintable: "Characters that could not be printed and appear as '?': {}. The CSV export has them.",
    erased: "(erased)",
    corrected: "corrected",
    yes: "yes",
    kinds: ["In", "Out", "Break", "Back"],
    sources: ["Face", "Host", "Not me", "PIN"],
    states: ["absent", "late", "left early", "check-in missing", "check-out missing", "holiday"],
    columns: [
        "Event",
        "Date",
        "Time",
        "Person id",
        "Name",
        "Badge",
        "Mark",
        "Source",
        "Corrected",
        "Note",
        "Planned",
        "In",
        "Out",
        "Worked",
        "Breaks",
        "Counted",
        "Late",
        "Early",
        "Remarks",
        "Audit head",
    ],
};

const GERMAN: ReportWords = ReportWords {
    title: "Anwesenheitsbericht",
    range: "{} bis {}",
    times: "{}; alle Zeiten {}",
    made: "Erstellt {}; {} Zeilen",
    chosen_people: "Nur ausgewählte Personen",
    no_rows: "Nichts in diesem Zeitraum.",
    totals: "Summen je Person",
    totals_note: "Gearbeitet: von jedem Kommen bis zum Gehen, ohne Pausen. Gezählt: nach den Regeln des Standorts für \
                  Pausen und Rundung. Lückenhaft: Tage, an denen eine Buchung fehlt; offene Zeit zählt nicht.",
    days: "Tage",
    late_days: "Zu spät",
    absent_days: "Gefehlt",
    incomplete: "Lückenhaft",
    page: "Seite {} von {}",
    audit: "Prüfprotokoll bei Eintrag {}: {}",
    unprintable: "Zeichen, die nicht gedruckt werden konnten und als '?' erscheinen: {}. Der CSV-Export enthält sie.",
    erased: "(gelöscht)",
    corrected: "berichtigt",
    yes: "ja",
    kinds: ["Kommen", "Gehen", "Pause", "Zurück"],
    sources: ["Gesicht", "Verwaltung", "Nicht ich", "PIN"],
    states: ["gefehlt", "zu spät", "zu früh gegangen", "Kommen fehlt", "Gehen fehlt", "Feiertag"],
    columns: [
        "Nr.",
        "Datum",
        "Zeit",
        "Personen-Id",
        "Name",
        "Ausweis",
        "Art",
        "Quelle",
        "Berichtigt",
        "Bemerkung",
        "Geplant",
        "Kommen",
        "Gehen",
        "Gearb.",
        "Pausen",
        "Gezählt",
        "Zu spät",
        "Zu früh",
        "Bemerkungen",
        "Protokollkopf",
    ],
};

impl ReportWords {
    /// The words of a language code such as `de` or `de-AT`.
    #[must_use]
    pub fn of(language: &str) -> &'static Self {
        match language.split(['-', '_']).next() {
            Some("de") => &GERMAN,
            _ => &ENGLISH,
        }
    }

    /// A column's title.
    #[must_use]
    pub fn column(&self, column: Column) -> &'static str {
        let place = COLUMNS.iter().position(|known| *known == column);
        place.and_then(|place| self.columns.get(place)).copied().unwrap_or_else(|| column.id())
    }

    pub(super) fn kind(&self, kind: MarkKind) -> &'static str {
        let [came, left, pause, back] = self.kinds;
        match kind {
            MarkKind::CheckIn => came,
            MarkKind::CheckOut => left,
            MarkKind::BreakStart => pause,
            MarkKind::BreakEnd => back,
        }
    }

    pub(super) fn source(&self, source: MarkSource) -> &'static str {
        let [face, host, not_me, pin] = self.sources;
        match source {
            MarkSource::Face => face,
            MarkSource::Host => host,
            MarkSource::NotMe => not_me,
            MarkSource::Pin => pin,
        }
    }
}

/// A template with its values.
pub(super) fn fill(template: &str, values: &[&str]) -> String {
    let mut parts = template.split("{}");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (part, value) in parts.zip(values) {
        text.push_str(value);
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_takes_the_same_values_and_leaves_no_word_empty() {
        for words in [&ENGLISH, &GERMAN] {
            let places = |text: &str| text.matches("{}").count();
            let taken = [words.range, words.times, words.made, words.page, words.audit, words.unprintable];
            assert_eq!(taken.map(places), [2, 2, 2, 2, 2, 1], "{}", words.title);
            assert!(
                words.columns.iter().chain(&words.kinds).chain(&words.states).all(|word| !word.is_empty())
            );
        }
        for by in [super::super::ReportBy::Mark, super::super::ReportBy::Day] {
            assert!(by.columns().iter().all(|column| COLUMNS.contains(column)), "a column without a title");
        }
        assert_eq!(ReportWords::of("de-CH").column(Column::Counted), "Gezählt");
        assert_eq!(ReportWords::of("xx"), &ENGLISH);
        assert_eq!(fill("a {} b {}", &["1", "2"]), "a 1 b 2");
    }
}
