//! A day, and a range of days, typed or chosen from those that are asked for all the time.

use super::{
    keyboard::of_figures,
    theme,
    widgets::{banner, field, pick},
    words::Words,
};
use egui::Ui;
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

/// A day in whose form somebody may type.
pub(super) const EXAMPLE: Date = Date::constant(2026, 1, 31);

/// A day as typed, shown as the language writes it until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayField {
    day: Option<Date>,
    typed: Option<String>,
}

/// First and last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayRange {
    from: DayField,
    to: DayField,
}

/// Ranges that are asked for all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Usual {
    Today,
    Yesterday,
    ThisWeek,
    LastWeek,
    ThisMonth,
    LastMonth,
}

const USUAL: [(Usual, &str); 6] = [
    (Usual::Today, "range-today"),
    (Usual::Yesterday, "range-yesterday"),
    (Usual::ThisWeek, "range-this-week"),
    (Usual::LastWeek, "range-last-week"),
    (Usual::ThisMonth, "range-this-month"),
    (Usual::LastMonth, "range-last-month"),
];

impl Usual {
    /// First and last day, both included, seen from `today`.
    fn days(self, today: Date) -> (Date, Date) {
        let monday = today.saturating_sub(i64::from(today.weekday().since(Weekday::Monday)).days());
        match self {
            Self::Today => (today, today),
            Self::Yesterday => (today.saturating_sub(1.day()), today.saturating_sub(1.day())),
            Self::ThisWeek => (monday, today),
            Self::LastWeek => (monday.saturating_sub(7.days()), monday.saturating_sub(1.day())),
            Self::ThisMonth => (today.first_of_month(), today),
            Self::LastMonth => {
                let last = today.first_of_month().saturating_sub(1.day());
                (last.first_of_month(), last)
            }
        }
    }
}

impl DayField {
    pub(super) fn of(day: Date) -> Self {
        Self { day: Some(day), typed: None }
    }

    /// The day, if what was typed is one.
    pub(super) fn day(&self) -> Option<Date> {
        self.day
    }

    /// Takes what was typed.
    pub(super) fn typed(&mut self, words: &Words, text: &str) {
        *self = Self { day: words.read_day(text), typed: Some(text.to_owned()) };
    }

    /// Draws it.
    pub(super) fn ui(&mut self, ui: &mut Ui, words: &Words, label: &str) {
        let shown = || self.day.map_or_else(String::new, |day| words.day(day));
        let mut text = self.typed.clone().unwrap_or_else(shown);
        let response = field(ui, label, &mut text, &words.day(EXAMPLE));
        of_figures(&response);
        if response.changed() {
            self.typed(words, &text);
        }
    }
}

impl DayRange {
    /// From the first of the month to `today`.
    pub(super) fn month(today: Date) -> Self {
        Self::of(Usual::ThisMonth.days(today))
    }

    /// From Monday to `today`.
    pub(super) fn week(today: Date) -> Self {
        Self::of(Usual::ThisWeek.days(today))
    }

    fn of((from, to): (Date, Date)) -> Self {
        Self { from: DayField::of(from), to: DayField::of(to) }
    }

    /// The range typed, if it is one.
    pub(super) fn days(&self) -> Option<(Date, Date)> {
        let (from, to) = (self.from.day()?, self.to.day()?);
        (from <= to).then_some((from, to))
    }
}

/// Draws it in one line.
pub(super) fn range_ui(ui: &mut Ui, words: &Words, range: &mut DayRange, today: Date) {
    ui.horizontal(|ui| {
        let width = ((ui.available_width() - 2.0 * theme::GAP) / 3.0).min(200.0);
        for (id, day) in [("range-from", &mut range.from), ("range-to", &mut range.to)] {
            ui.vertical(|ui| {
                ui.set_width(width);
                day.ui(ui, words, &words.say(id));
            });
        }
        ui.vertical(|ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 6.0;
            let mut options = vec![(None, words.say("range-other"))];
            options.extend(USUAL.map(|(usual, id)| (Some(usual), words.say(id))));
            let days = range.days();
            let mut chosen =
                USUAL.map(|(usual, _)| usual).into_iter().find(|usual| Some(usual.days(today)) == days);
            super::widgets::caption(ui, &words.say("range-usual"));
            let before = chosen;
            pick(ui, &words.say("range-usual"), &mut chosen, &options);
            if let Some(usual) = chosen.filter(|_| chosen != before) {
                *range = DayRange::of(usual.days(today));
            }
        });
    });
    if range.days().is_none() {
        banner(
            ui,
            theme::palette(ui).notice,
            &words.with("range-rule", &[("example", words.day(EXAMPLE).into())]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn ranges_end_where_a_person_expects() {
        let wednesday = date(2026, 11, 25);
        assert_eq!(Usual::Today.days(wednesday), (wednesday, wednesday));
        assert_eq!(Usual::Yesterday.days(wednesday), (date(2026, 11, 24), date(2026, 11, 24)));
        assert_eq!(Usual::ThisWeek.days(wednesday), (date(2026, 11, 23), wednesday));
        assert_eq!(Usual::ThisWeek.days(date(2026, 11, 29)).0, date(2026, 11, 23), "a week begins on Monday");
        assert_eq!(Usual::LastWeek.days(wednesday), (date(2026, 11, 16), date(2026, 11, 22)));
        assert_eq!(Usual::LastMonth.days(date(2026, 1, 7)), (date(2025, 12, 1), date(2025, 12, 31)));
        assert_eq!(Usual::LastMonth.days(date(2024, 3, 31)), (date(2024, 2, 1), date(2024, 2, 29)));
    }

    #[test]
    fn a_range_that_runs_backwards_is_none() {
        let mut range = DayRange::month(date(2026, 11, 25));
        assert_eq!(range.days(), Some((date(2026, 11, 1), date(2026, 11, 25))));
        let words = Words::new("de");
        range.from.typed(&words, "01.12.2026");
        assert_eq!(range.days(), None);
        range.from.typed(&words, "1.11.2026");
        assert_eq!(range.days(), Some((date(2026, 11, 1), date(2026, 11, 25))));
        range.from.typed(&words, "gestern");
        assert_eq!(range.days(), None);
    }
}
