//! The settings card for working time: the site's schedule, grace, holidays, rounding, breaks.
//!
//! Job: fields to [`WorkRules`] that cannot be wrong. It must not know what the rules do.

use super::{
    schedule_editor::ScheduleEditor,
    theme,
    widgets::{choice, field},
    words::Words,
};
use crate::domain::{Rounding, WorkError, WorkRules, read_break, read_day_first, written_break, written_day};
use egui::{DragValue, TextEdit, Ui};
use jiff::civil::Date;

/// Fields as typed.
#[derive(Debug, Clone)]
pub(super) struct WorkForm {
    base: WorkRules,
    schedule: ScheduleEditor,
    /// Days as `language` writes them.
    holidays: String,
    language: String,
    rounding: String,
    /// As `language` writes them.
    breaks: String,
}

const CHRISTMAS: Date = jiff::civil::date(2026, 12, 25);

impl WorkForm {
    pub(super) fn new(rules: &WorkRules, language: &str) -> Self {
        let holiday = |(day, name): (&Date, &String)| {
            format!("{} {name}", written_day(language, *day)).trim_end().to_owned()
        };
        Self {
            schedule: ScheduleEditor::new(&rules.schedule),
            holidays: rules.holidays.iter().map(holiday).collect::<Vec<_>>().join("\n"),
            language: language.to_owned(),
            rounding: rules.rounding.to_string(),
            breaks: breaks(language, rules.breaks.iter().map(ToString::to_string)),
            base: rules.clone(),
        }
    }

    /// The rules as typed, or what is wrong.
    pub(super) fn rules(&self) -> Result<WorkRules, WorkError> {
        let breaks = self.breaks.split(';').map(str::trim).filter(|text| !text.is_empty());
        // As the settings file has them; what is no day stays, to be refused.
        let holidays = self.holidays.lines().map(|line| match read_day_first(&self.language, line) {
            Some((day, name)) => format!("{day} {name}"),
            None => line.to_owned(),
        });
        let holidays: Vec<String> = holidays.collect();
        Ok(WorkRules {
            schedule: self.schedule.schedule()?,
            holidays: WorkRules::parse_holidays(holidays.iter().map(String::as_str))?,
            rounding: self.rounding.parse()?,
            breaks: breaks.map(|text| read_break(&self.language, text).parse()).collect::<Result<_, _>>()?,
            ..self.base.clone()
        })
    }

    /// Draws it.
    pub(super) fn ui(&mut self, ui: &mut Ui, words: &Words) {
        super::widgets::quiet(ui, &words.say("work-text"));
        self.schedule.ui(ui, words);
        ui.horizontal(|ui| {
            let range = 0..=WorkRules::MAX_GRACE;
            let drag =
                ui.add_sized([96.0, theme::TOUCH], DragValue::new(&mut self.base.grace_minutes).range(range));
            let label = ui.label(words.say("work-grace"));
            drag.labelled_by(label.id);
        });
        let mut roundings: Vec<(String, String)> =
            vec![(Rounding::Exact.to_string(), words.say("rounding-exact"))];
        for minutes in [5_u8, 6, 10, 15, 30] {
            for (id, rounding) in [
                ("rounding-nearest", Rounding::Nearest(minutes)),
                ("rounding-down", Rounding::Down(minutes)),
                ("rounding-up", Rounding::Up(minutes)),
            ] {
                roundings.push((rounding.to_string(), words.with(id, &[("minutes", minutes.into())])));
            }
        }
        if !roundings.iter().any(|(text, _)| *text == self.rounding) {
            roundings.push((self.rounding.clone(), self.rounding.clone())); // from the file
        }
        choice(ui, &words.say("work-rounding"), &mut self.rounding, &roundings);
        let example = breaks(&self.language, ["30 after 6:00", "45 after 9:00"].map(str::to_owned));
        let label = words.with("work-breaks", &[("example", example.clone().into())]);
        field(ui, &label, &mut self.breaks, &example);
        let example = words.with("work-holidays-example", &[("day", words.day(CHRISTMAS).into())]);
        let label =
            super::widgets::caption(ui, &words.with("work-holidays", &[("example", example.clone().into())]));
        let width = ui.available_width().min(theme::COLUMN);
        ui.add(
            TextEdit::multiline(&mut self.holidays)
                .hint_text(example)
                .desired_rows(3)
                .desired_width(width)
                .margin(egui::Margin::symmetric(14, 12)),
        )
        .labelled_by(label.id);
    }
}

/// Rules as the settings file has them, in one line as `language` writes them.
fn breaks(language: &str, rules: impl IntoIterator<Item = String>) -> String {
    let written = rules.into_iter().map(|rule| written_break(language, &rule));
    written.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PersonId;

    #[test]
    fn what_is_shown_is_what_is_saved_and_people_keep_their_own() {
        let mut rules = WorkRules {
            schedule: "mon-fri 08:00-17:00".parse().unwrap(),
            grace_minutes: 7,
            rounding: Rounding::Up(7),
            breaks: vec!["30 after 6:00".parse().unwrap(), "45 after 9:00".parse().unwrap()],
            ..WorkRules::default()
        };
        rules.holidays.insert(CHRISTMAS, "Christmas Day".into());
        rules.holidays.insert(jiff::civil::date(2027, 1, 1), String::new());
        rules.people.insert(PersonId::from_bytes([1; 16]), "sat 08:00-12:00".parse().unwrap());
        for language in ["en", "de", "fr", "es"] {
            assert_eq!(WorkForm::new(&rules, language).rules(), Ok(rules.clone()));
        }
        let mut form = WorkForm::new(&rules, "de");
        assert_eq!(form.breaks, "30 nach 6:00; 45 nach 9:00");
        form.breaks = "30 after 6:00".into();
        assert_eq!(form.rules().unwrap().breaks, rules.breaks[..1], "as in the file");
        form.breaks = "30 vor 6:00".into();
        assert!(matches!(form.rules(), Err(WorkError::Break(_))));
        form.breaks.clear();
        assert_eq!(form.holidays, "25.12.2026 Christmas Day\n01.01.2027");
        form.holidays = "1.5.2027 Tag der Arbeit\n2027-10-03".into();
        let typed = form.rules().unwrap().holidays;
        assert_eq!(typed[&jiff::civil::date(2027, 5, 1)], "Tag der Arbeit");
        assert_eq!(typed.len(), 2);
        form.holidays = "tomorrow".into();
        assert!(matches!(form.rules(), Err(WorkError::Holiday(_))));
    }
}
