//! Shifts of a week as a host sets them: days to press, two times, and a sentence when they cannot be.
//!
//! Job: a [`Schedule`] to fields and back. It must not know whose it is.

use super::{
    keyboard::of_figures,
    theme, troubles,
    widgets::{Weight, banner, button, name, row_button},
    words::Words,
};
use crate::domain::{Schedule, Shift, Weekdays, WorkError};
use egui::{Button, TextEdit, Ui, Vec2};
use jiff::civil::{Time, Weekday};

/// The fields of one schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ScheduleEditor {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    days: Weekdays,
    start: String,
    end: String,
}

impl ScheduleEditor {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let time = |time: Time| time.strftime("%H:%M").to_string();
        let line = |shift: &Shift| Line { days: shift.days, start: time(shift.start), end: time(shift.end) };
        Self { lines: schedule.shifts().iter().map(line).collect() }
    }

    /// The schedule as typed.
    pub(super) fn schedule(&self) -> Result<Schedule, WorkError> {
        let time = |text: &str| {
            Time::strptime("%H:%M", text.trim())
                .map_err(|_| WorkError::Schedule(text.chars().take(20).collect()))
        };
        let shift =
            |line: &Line| Ok(Shift { days: line.days, start: time(&line.start)?, end: time(&line.end)? });
        Schedule::new(self.lines.iter().map(shift).collect::<Result<_, _>>()?)
    }

    /// Draws it.
    pub(super) fn ui(&mut self, ui: &mut Ui, words: &Words) {
        let mut remove = None;
        for (number, line) in self.lines.iter_mut().enumerate() {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                line.days_ui(ui, words, number);
                ui.add_space(4.0);
                for (id, text) in [("shift-start", &mut line.start), ("shift-end", &mut line.end)] {
                    time_ui(ui, &words.with(id, &[("shift", (number + 1).into())]), text);
                }
                ui.add_space(4.0);
                let spoken = words.with("shift-remove-spoken", &[("shift", (number + 1).into())]);
                if row_button(ui, &words.say("shift-remove"), &spoken, Weight::Danger).clicked() {
                    remove = Some(number);
                }
            });
        }
        if let Some(number) = remove {
            self.lines.remove(number);
        }
        if self.lines.len() < Schedule::MAX_SHIFTS
            && button(ui, &words.say("shift-add"), Weight::Quiet).clicked()
        {
            self.lines.push(Line { days: Weekdays::WORKING, start: "08:00".into(), end: "17:00".into() });
        }
        if let Err(error) = self.schedule() {
            banner(ui, theme::palette(ui).notice, &troubles::work(words, &error));
        }
    }
}

impl Line {
    fn days_ui(&mut self, ui: &mut Ui, words: &Words, number: usize) {
        for day in Weekday::Monday.cycle_forward().take(7) {
            let short = words.with("weekday-short", &[("weekday", day.to_monday_one_offset().into())]);
            let chosen = self.days.contains(day);
            ui.spacing_mut().button_padding.x = 6.0;
            let button = Button::selectable(chosen, short.as_str()).frame_when_inactive(true);
            let response = ui.add(button.min_size(Vec2::new(44.0, theme::TOUCH)));
            name(&response, &format!("{short} {}", number + 1));
            if response.clicked() {
                self.days.toggle(day);
            }
        }
    }
}

fn time_ui(ui: &mut Ui, label: &str, text: &mut String) {
    let response = ui.add(
        TextEdit::singleline(text)
            .desired_width(64.0)
            .margin(egui::Margin::symmetric(10, 12))
            .min_size(Vec2::new(0.0, theme::TOUCH)),
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, label));
    of_figures(&response);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_is_kept() {
        let schedule: Schedule = "mon-fri 08:00-17:00; sat 22:00-06:00".parse().unwrap();
        let mut editor = ScheduleEditor::new(&schedule);
        assert_eq!(editor.schedule(), Ok(schedule));
        editor.lines[0].end = "later".into();
        assert!(matches!(editor.schedule(), Err(WorkError::Schedule(_))));
        editor.lines[0].end = "08:00".into();
        assert_eq!(editor.schedule(), Err(WorkError::Length));
        editor.lines.clear();
        assert_eq!(editor.schedule(), Ok(Schedule::default()));
    }
}
