//! One attendance day: who is here, every mark, and correcting by hand.
//!
//! Job: show a day and ask for corrections, each with a reason. It must not know how an event is replaced.

use super::{
    Action, Asked, Scene,
    host::{dialog_foot, empty, loading},
    people::{CELL, head},
    theme,
    widgets::{
        Weight, badge, banner, button, caption, choice, dialog, field, kind_tone, page_title, quiet,
        row_button, segments, tile,
    },
    words::{sentence, time_of_day},
};
use crate::{
    domain::{EventId, MarkKind, MarkSource, PersonId},
    runtime::messages::{DayView, HostRequest, MarkRow, PersonRow, Refusal, ReplyBody},
};
use egui::{Align, Layout, Ui};
use egui_extras::{Column, TableBuilder};
use jiff::{Timestamp, civil::Date, civil::Time, tz::TimeZone};

/// The day shown, and what was typed.
pub struct Today {
    day: Date,
    view: Option<DayView>,
    people: Vec<PersonRow>,
    dialog: Dialog,
    refused: Option<String>,
}

enum Dialog {
    None,
    /// A mark that the kiosk missed.
    Add {
        person: Option<PersonId>,
        typed: Typed,
    },
    /// A mark that is wrong.
    Correct {
        event: EventId,
        strike_out: bool,
        typed: Typed,
    },
}

/// The fields that both dialogs share.
struct Typed {
    kind: MarkKind,
    time: String,
    reason: String,
    waiting: bool,
}

impl Today {
    /// A day that is not loaded yet.
    #[must_use]
    pub fn new(day: Date) -> Self {
        Self { day, view: None, people: Vec::new(), dialog: Dialog::None, refused: None }
    }

    /// The day shown.
    #[must_use]
    pub fn day(&self) -> Date {
        self.day
    }

    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (_, Ok(ReplyBody::Day(view))) if view.date.is_none_or(|date| date == self.day) => {
                self.view = Some(view);
            }
            (_, Ok(ReplyBody::People(people))) => self.people = people,
            (Asked::AddMark | Asked::CorrectMark, Ok(_)) => {
                self.dialog = Dialog::None;
                self.refused = None;
                return vec![Action::AskHost(HostRequest::Day(self.day))];
            }
            (Asked::AddMark | Asked::CorrectMark | Asked::Day, Err(refusal)) => {
                self.refused = Some(sentence(&refusal.to_string()));
                if let Dialog::Add { typed, .. } | Dialog::Correct { typed, .. } = &mut self.dialog {
                    typed.waiting = false;
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn show(&mut self, day: Date) -> Action {
        self.day = day;
        self.view = None;
        self.refused = None;
        Action::AskHost(HostRequest::Day(day))
    }
}

/// The instant of a local time on an attendance day: an hour before the day begins is on the next calendar day.
fn instant(day: Date, time: &str, zone: &TimeZone, day_start_hour: u8) -> Option<Timestamp> {
    let time = Time::strptime("%H:%M", time.trim()).ok()?;
    let early = i16::from(time.hour()) < i16::from(day_start_hour);
    let date = if early { day.tomorrow().ok()? } else { day };
    zone.to_zoned(date.to_datetime(time)).ok().map(|zoned| zoned.timestamp())
}

/// Draws it.
pub(super) fn today_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Today) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    let today = scene.attendance_day();
    let title = if local.day == today { words.say("page-today") } else { words.date(local.day) };
    page_title(ui, &title, |ui| {
        if button(ui, &words.say("today-add"), Weight::Primary).clicked() {
            local.refused = None;
            let typed = Typed::new(MarkKind::CheckIn, time_of_day(scene.now.utc, scene.zone()));
            local.dialog = Dialog::Add { person: None, typed };
        }
        let next = local.day.tomorrow().ok().filter(|next| *next <= today);
        for (id, day) in [("today-next-day", next), ("today-day-before", local.day.yesterday().ok())] {
            let enabled = day.is_some();
            let pressed = super::widgets::button_if(ui, enabled, &words.say(id), Weight::Quiet).clicked();
            if let Some(day) = day.filter(|_| pressed) {
                actions.push(local.show(day));
            }
        }
    });
    if local.day == today {
        caption(ui, &words.date(local.day));
    }
    if let Some(refused) = local.refused.as_ref().filter(|_| matches!(local.dialog, Dialog::None)) {
        banner(ui, colours.alarm, refused);
    }
    match &local.view {
        None => loading(ui, scene),
        Some(view) => {
            counts(ui, scene, view);
            if view.marks.is_empty() {
                empty(ui, &words.say("today-none"), &words.say("today-none-text"));
            } else if let Some(mark) = table(ui, scene, &view.marks) {
                let typed = Typed::new(mark.kind, time_of_day(mark.at, scene.zone()));
                local.refused = None;
                local.dialog = Dialog::Correct { event: mark.event, strike_out: false, typed };
            }
        }
    }
    actions.extend(dialogs(ui, scene, local));
    actions
}

fn counts(ui: &mut Ui, scene: &Scene<'_>, view: &DayView) {
    let words = scene.words;
    let colours = theme::palette(ui);
    let absent = view.people.saturating_sub(view.present);
    let figures = [
        (view.present, "today-present", colours.arrived.solid),
        (view.inside, "today-inside", colours.accent.solid),
        (absent, "today-absent", colours.quiet),
    ];
    let width = ((ui.available_width() - 2.0 * theme::GAP) / 3.0).floor();
    ui.horizontal(|ui| {
        for (figure, id, ink) in figures {
            let text = words.with(id, &[("people", view.people.into())]);
            tile(ui, width, &figure.to_string(), &text, ink);
        }
    });
    ui.add_space(theme::GAP / 2.0);
}

fn table(ui: &mut Ui, scene: &Scene<'_>, marks: &[MarkRow]) -> Option<MarkRow> {
    let words = scene.words;
    let colours = theme::palette(ui);
    let narrow = ui.available_width() < 720.0;
    let mut pressed = None;
    let mut builder = TableBuilder::new(ui)
        .striped(true)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(88.0))
        .column(Column::remainder().at_least(120.0).clip(true))
        .column(Column::exact(100.0));
    if !narrow {
        builder = builder.column(Column::exact(190.0));
    }
    builder
        .column(Column::exact(140.0))
        .header(34.0, |mut header| {
            header.col(|ui| head(ui, &words.say("today-time")));
            header.col(|ui| head(ui, &words.say("people-name")));
            header.col(|ui| head(ui, &words.say("today-kind")));
            if !narrow {
                header.col(|ui| head(ui, &words.say("today-source")));
            }
            header.col(|_| {});
        })
        .body(|body| {
            body.rows(theme::ROW, marks.len(), |mut row| {
                // Newest on top: that is the one asked about.
                let Some(mark) = marks.iter().rev().nth(row.index()) else { return };
                let time = time_of_day(mark.at, scene.zone());
                let erased = words.say("today-erased");
                let name = mark.name.as_ref().map_or(erased.as_str(), |name| name.as_str());
                row.col(|ui| {
                    ui.add_space(CELL);
                    ui.label(&time);
                });
                row.col(|ui| {
                    ui.add_space(CELL);
                    ui.add(egui::Label::new(name).truncate());
                });
                row.col(|ui| {
                    ui.add_space(CELL);
                    badge(ui, kind_tone(colours, mark.kind), &words.kind(mark.kind));
                });
                if !narrow {
                    row.col(|ui| {
                        ui.add_space(CELL);
                        let id = match (mark.corrected, mark.source) {
                            (true, _) => "today-corrected",
                            (false, MarkSource::Face) => "today-by-face",
                            (false, MarkSource::Host) => "today-by-host",
                            (false, MarkSource::NotMe) => "today-not-me",
                            (false, MarkSource::Pin) => "today-by-pin",
                        };
                        quiet(ui, &words.say(id));
                    });
                }
                row.col(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add_space(6.0);
                        let value = [("name", name.into()), ("time", time.as_str().into())];
                        let spoken = words.with("today-correct-spoken", &value);
                        if row_button(ui, &words.say("today-correct"), &spoken, Weight::Primary).clicked() {
                            pressed = Some(mark.clone());
                        }
                    });
                });
            });
        });
    pressed
}

impl Typed {
    fn new(kind: MarkKind, time: String) -> Self {
        Self { kind, time, reason: String::new(), waiting: false }
    }

    fn mark_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>) {
        let kinds = MarkKind::ALL.map(|kind| (kind, scene.words.kind(kind)));
        segments(ui, &mut self.kind, &kinds);
        field(ui, &scene.words.say("today-time-field"), &mut self.time, "08:00");
    }

    fn reason_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, refused: Option<&str>) {
        field(ui, &scene.words.say("today-reason"), &mut self.reason, &scene.words.say("today-reason-hint"));
        if let Some(refused) = refused {
            banner(ui, theme::palette(ui).alarm, refused);
        }
    }

    fn reason(&self) -> String {
        self.reason.trim().to_owned()
    }
}

fn dialogs(ui: &mut Ui, scene: &Scene<'_>, local: &mut Today) -> Option<Action> {
    let words = scene.words;
    let settings = &scene.settings;
    let (day, refused) = (local.day, local.refused.clone());
    let at = |typed: &Typed| instant(day, &typed.time, scene.zone(), settings.day_start_hour);
    let mut action = None;
    let mut close = false;
    let mut foot = |ui: &mut Ui, typed: &mut Typed, deed: &str, request: Option<HostRequest>| {
        let enabled = request.is_some() && !typed.reason().is_empty() && !typed.waiting;
        match dialog_foot(ui, &words.say("button-cancel"), deed, enabled, Weight::Primary) {
            Some(true) => {
                typed.waiting = true;
                action = request.map(Action::AskHost);
            }
            Some(false) => close = true,
            None => {}
        }
    };
    let shut = match &mut local.dialog {
        Dialog::None => None,
        Dialog::Add { person, typed } => dialog(ui, "add mark", &words.say("today-add-title"), |ui| {
            let mut options = vec![(None, words.say("today-choose-person"))];
            let active = local.people.iter().filter(|row| row.person.active);
            options.extend(active.map(|row| (Some(row.person.id), row.person.name.as_str().to_owned())));
            choice(ui, &words.say("today-person"), person, &options);
            typed.mark_ui(ui, scene);
            typed.reason_ui(ui, scene, refused.as_deref());
            let request = person.zip(at(typed)).map(|(person, at)| HostRequest::AddMark {
                person,
                kind: typed.kind,
                at,
                reason: typed.reason(),
            });
            foot(ui, typed, &words.say("today-add-deed"), request);
        }),
        Dialog::Correct { event, strike_out, typed } => {
            dialog(ui, "correct mark", &words.say("today-correct-title"), |ui| {
                let ways = [(false, words.say("today-replace")), (true, words.say("today-strike-out"))];
                segments(ui, strike_out, &ways);
                if *strike_out {
                    quiet(ui, &words.say("today-strike-out-text"));
                } else {
                    typed.mark_ui(ui, scene);
                }
                typed.reason_ui(ui, scene, refused.as_deref());
                let replacement =
                    if *strike_out { Some(None) } else { at(typed).map(|at| Some((typed.kind, at))) };
                let request = replacement.map(|replacement| HostRequest::CorrectMark {
                    event: *event,
                    replacement,
                    reason: typed.reason(),
                });
                foot(ui, typed, &words.say("today-correct-deed"), request);
            })
        }
    };
    if close || shut.is_some() {
        local.dialog = Dialog::None;
        local.refused = None;
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn early_hours_belong_to_the_night_after_the_day() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let day = date(2026, 11, 25);
        let at = |time: &str| instant(day, time, &zone, 4).map(|at| at.to_string());
        assert_eq!(at("08:58").as_deref(), Some("2026-11-25T07:58:00Z"));
        assert_eq!(at("01:30").as_deref(), Some("2026-11-26T00:30:00Z"));
        assert_eq!(at("25:00"), None);
        assert_eq!(at("soon"), None);
    }

    #[test]
    fn a_day_that_was_left_is_not_shown_for_another() {
        let mut page = Today::new(date(2026, 11, 25));
        let late = DayView { date: Some(date(2026, 11, 24)), ..DayView::default() };
        page.reply(Asked::Day, Ok(ReplyBody::Day(late)));
        assert!(page.view.is_none());
        let right = DayView { date: Some(date(2026, 11, 25)), ..DayView::default() };
        page.reply(Asked::Day, Ok(ReplyBody::Day(right)));
        assert!(page.view.is_some());
    }

    #[test]
    fn a_saved_correction_closes_the_dialog_and_loads_the_day_again() {
        let mut page = Today::new(date(2026, 11, 25));
        page.dialog = Dialog::Correct {
            event: EventId(4),
            strike_out: true,
            typed: Typed::new(MarkKind::CheckIn, "08:00".into()),
        };
        page.reply(Asked::CorrectMark, Err(Refusal::Failed("the disk is full".into())));
        assert!(matches!(page.dialog, Dialog::Correct { .. }));
        let actions = page.reply(Asked::CorrectMark, Ok(ReplyBody::Done));
        assert!(matches!(page.dialog, Dialog::None));
        assert!(matches!(actions[..], [Action::AskHost(HostRequest::Day(_))]));
    }
}
