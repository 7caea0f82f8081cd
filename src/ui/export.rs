//! Attendance to a file: which days, which kind of file, and where it was saved.
//!
//! Job: a valid range in, an export request out, the result in words. It must not know how a report is written.

use super::{
    Action, Asked, Scene, theme,
    widgets::{Weight, banner, button, button_if, caption, card, field, page_title, quiet, segments},
    words::{Words, sentence},
};
use crate::runtime::messages::{ExportFormat, HostRequest, Refusal, ReplyBody};
use egui::Ui;
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

/// What was chosen.
pub struct Export {
    from: String,
    to: String,
    format: ExportFormat,
    stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Choosing,
    Waiting,
    Saved { path: String, rows: usize },
    Failed(String),
}

/// Ranges that are asked for all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    Today,
    ThisWeek,
    ThisMonth,
    LastMonth,
}

impl Range {
    /// First and last day, both included, seen from `today`.
    fn days(self, today: Date) -> (Date, Date) {
        match self {
            Self::Today => (today, today),
            Self::ThisWeek => {
                let since_monday = i64::from(today.weekday().since(Weekday::Monday));
                (today.saturating_sub(since_monday.days()), today)
            }
            Self::ThisMonth => (today.first_of_month(), today),
            Self::LastMonth => {
                let last = today.first_of_month().saturating_sub(1.day());
                (last.first_of_month(), last)
            }
        }
    }
}

impl Export {
    /// This month up to `today`.
    #[must_use]
    pub fn new(today: Date) -> Self {
        let mut page = Self {
            from: String::new(),
            to: String::new(),
            format: ExportFormat::Csv,
            stage: Stage::Choosing,
        };
        page.choose(Range::ThisMonth, today);
        page
    }

    fn choose(&mut self, range: Range, today: Date) {
        let (from, to) = range.days(today);
        self.from = from.to_string();
        self.to = to.to_string();
        self.stage = Stage::Choosing;
    }

    /// The range typed, if it is one.
    fn range(&self) -> Option<(Date, Date)> {
        let (from, to) = (self.from.trim().parse::<Date>().ok()?, self.to.trim().parse::<Date>().ok()?);
        (from <= to).then_some((from, to))
    }

    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        if asked == Asked::Export {
            self.stage = match body {
                Ok(ReplyBody::Exported { path, rows }) => {
                    Stage::Saved { path: path.display().to_string(), rows }
                }
                Ok(_) => Stage::Choosing,
                Err(refusal) => Stage::Failed(sentence(&refusal.to_string())),
            };
        }
        Vec::new()
    }
}

/// Draws it.
pub(super) fn export_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Export) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    page_title(ui, &words.say("page-export"), |_| {});
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        card(ui, |ui| {
            ui.set_width((ui.available_width() - 4.0).min(theme::COLUMN + 160.0));
            quiet(ui, &words.say("export-text"));
            ranges(ui, words, local, scene.attendance_day());
            ui.columns(2, |columns| {
                let [from, to] = columns else { return };
                field(from, &words.say("export-from"), &mut local.from, "2026-01-01");
                field(to, &words.say("export-to"), &mut local.to, "2026-01-31");
            });
            let formats =
                [(ExportFormat::Csv, words.say("export-csv")), (ExportFormat::Pdf, words.say("export-pdf"))];
            caption(ui, &words.say("export-format"));
            segments(ui, &mut local.format, &formats);
            let range = local.range();
            if range.is_none() {
                banner(ui, colours.notice, &words.say("export-range-rule"));
            }
            let waiting = local.stage == Stage::Waiting;
            let id = if waiting { "button-working" } else { "export-save" };
            let pressed =
                button_if(ui, range.is_some() && !waiting, &words.say(id), Weight::Primary).clicked();
            if let Some((from, to)) = range.filter(|_| pressed) {
                local.stage = Stage::Waiting;
                let format = local.format;
                actions.push(Action::AskHost(HostRequest::Export { format, from, to, folder: None }));
            }
        });
        match &local.stage {
            Stage::Saved { path, rows } => {
                let values = [("rows", (*rows).into()), ("path", path.as_str().into())];
                banner(ui, colours.arrived, &words.with("export-saved", &values));
            }
            Stage::Failed(text) => banner(ui, colours.alarm, text),
            Stage::Choosing | Stage::Waiting => {}
        }
    });
    actions
}

fn ranges(ui: &mut Ui, words: &Words, local: &mut Export, today: Date) {
    ui.horizontal_wrapped(|ui| {
        for (id, range) in [
            ("export-today", Range::Today),
            ("export-this-week", Range::ThisWeek),
            ("export-this-month", Range::ThisMonth),
            ("export-last-month", Range::LastMonth),
        ] {
            if button(ui, &words.say(id), Weight::Quiet).clicked() {
                local.choose(range, today);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn ranges_end_where_a_person_expects() {
        let wednesday = date(2026, 11, 25);
        assert_eq!(Range::Today.days(wednesday), (wednesday, wednesday));
        assert_eq!(Range::ThisWeek.days(wednesday), (date(2026, 11, 23), wednesday));
        assert_eq!(Range::ThisWeek.days(date(2026, 11, 29)).0, date(2026, 11, 23), "a week begins on Monday");
        assert_eq!(Range::LastMonth.days(date(2026, 1, 7)), (date(2025, 12, 1), date(2025, 12, 31)));
        assert_eq!(Range::LastMonth.days(date(2024, 3, 31)), (date(2024, 2, 1), date(2024, 2, 29)));
    }

    #[test]
    fn a_range_that_runs_backwards_is_none() {
        let mut page = Export::new(date(2026, 11, 25));
        assert_eq!(page.range(), Some((date(2026, 11, 1), date(2026, 11, 25))));
        page.from = "2026-12-01".into();
        assert_eq!(page.range(), None);
        page.from = "yesterday".into();
        assert_eq!(page.range(), None);
    }
}
