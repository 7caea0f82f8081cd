//! Every word on paper, one table for each language; a language that has none is
//! printed in English.
//!
//! Values are put in place of `{}`, in order.

mod de;
mod en;
mod es;
mod fr;

use super::Column;
use crate::domain::{MarkKind, MarkSource, written_day, written_hours};
use jiff::{SignedDuration, Zoned, civil::Date};

/// The words of a report in one language.
#[derive(Debug, PartialEq, Eq)]
pub struct ReportWords {
    /// Its code.
    language: &'static str,
    pub(super) title: &'static str,
    /// First and last day.
    pub(super) range: &'static str,
    /// Range, zone.
    pub(super) times: &'static str,
    /// When, rows.
    pub(super) made: &'static str,
    pub(super) chosen_people: &'static str,
    /// Last locked day.
    pub(super) locked: &'static str,
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
    pub(super) person: PersonWords,
}

/// What stands beside the marks in what is stored about one person.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PersonWords {
    pub(super) title: &'static str,
    /// Label, value.
    pub(super) fact: &'static str,
    pub(super) made: &'static str,
    pub(super) id: &'static str,
    pub(super) added: &'static str,
    pub(super) recognised: &'static str,
    pub(super) switched_off: &'static str,
    pub(super) pin: &'static str,
    pub(super) pin_kept: &'static str,
    pub(super) wrong_pins: &'static str,
    pub(super) schedule: &'static str,
    pub(super) none: &'static str,
    pub(super) consent: &'static str,
    /// Version, when.
    pub(super) consent_given: &'static str,
    pub(super) face: &'static str,
    /// When, network, quality.
    pub(super) face_stored: &'static str,
    pub(super) faces: &'static str,
    pub(super) faces_note: &'static str,
    pub(super) log: &'static str,
    /// How many.
    pub(super) log_in_json: &'static str,
    pub(super) replaced: &'static str,
    /// Why.
    pub(super) replaced_by: &'static str,
}

/// The order of the columns' titles in each table.
const COLUMNS: [Column; 21] = [
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
    Column::Locked,
];

impl ReportWords {
    /// The words of a language code such as `de` or `de-AT`.
    #[must_use]
    pub fn of(language: &str) -> &'static Self {
        match language.split(['-', '_']).next() {
            Some("de") => &de::WORDS,
            Some("fr") => &fr::WORDS,
            Some("es") => &es::WORDS,
            _ => &en::WORDS,
        }
    }

    /// A column's title.
    #[must_use]
    pub fn column(&self, column: Column) -> &'static str {
        let place = COLUMNS.iter().position(|known| *known == column);
        place.and_then(|place| self.columns.get(place)).copied().unwrap_or_else(|| column.id())
    }

    /// A day as it is written in this language.
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        written_day(self.language, date)
    }

    /// A day and a time with its offset.
    pub(super) fn moment(&self, at: &Zoned) -> String {
        format!("{} {}", self.date(at.date()), at.strftime("%H:%M %:z"))
    }

    /// `125:07` or as this language has it; seconds are cut off.
    pub(super) fn duration(&self, duration: SignedDuration) -> String {
        written_hours(self.language, duration)
    }

    /// Every form of a date, for whoever needs the widest.
    pub(super) fn dates(&self) -> impl Iterator<Item = String> {
        (1..=12).filter_map(|month| Date::new(2000, month, 28).ok()).map(|date| self.date(date))
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
        for words in [&en::WORDS, &de::WORDS, &fr::WORDS, &es::WORDS] {
            let places = |text: &str| text.matches("{}").count();
            let taken = [words.range, words.times, words.made, words.page, words.audit, words.unprintable];
            assert_eq!(taken.map(places), [2, 2, 2, 2, 2, 1], "{}", words.title);
            let person = &words.person;
            let taken = [
                person.fact,
                person.consent_given,
                person.face_stored,
                person.replaced_by,
                person.log_in_json,
            ];
            assert_eq!(taken.map(places), [2, 2, 3, 1, 1], "{}", words.title);
            let said = words.columns.iter().chain(&words.kinds).chain(&words.sources).chain(&words.states);
            assert!(said.clone().all(|word| !word.is_empty()), "{}", words.title);
        }
        for by in [super::super::ReportBy::Mark, super::super::ReportBy::Day] {
            assert!(by.columns().iter().all(|column| COLUMNS.contains(column)), "a column without a title");
        }
        assert_eq!(ReportWords::of("de-CH").column(Column::Counted), "Gezählt");
        assert_eq!(ReportWords::of("fr_CA").title, "Rapport de présence");
        assert_eq!(ReportWords::of("xx"), &en::WORDS);
        assert_eq!(ReportWords::of("en").dates().count(), 12);
        assert_eq!(fill("a {} b {}", &["1", "2"]), "a 1 b 2");
    }
}
