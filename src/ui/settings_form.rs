//! The settings that a host changes, first form. The settings file has the rest.
//!
//! Job: a form over [`Settings`] that cannot be saved while a value is wrong. It must not know what a setting does.

use super::{
    Action, Asked, Scene,
    host::loading,
    theme,
    widgets::{Weight, banner, button_if, card, choice, field, page_title},
    words::{LANGUAGES, Words, sentence},
    work_form::WorkForm,
};
use crate::{
    runtime::messages::{HostRequest, Refusal, ReplyBody},
    settings::{MarkMode, Settings, SiteZone},
};
use egui::{DragValue, Ui};

/// The form, once the settings in force have come.
#[derive(Default)]
pub struct SettingsForm {
    form: Option<Form>,
    stage: Stage,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Editing,
    Saving,
    Saved,
    Failed(String),
}

/// Fields as typed, over the settings that they came from.
struct Form {
    base: Settings,
    zone: String,
    camera: String,
    mode: Mode,
    out_from: String,
    work: WorkForm,
}

/// [`MarkMode`] without its time, which has a field of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Toggle,
    OutFrom,
    AlwaysIn,
    AlwaysOut,
    Ask,
}

impl Form {
    fn new(base: Settings) -> Self {
        let (mode, out_from) = match base.mark_mode {
            MarkMode::Toggle => (Mode::Toggle, None),
            MarkMode::OutFrom(time) => (Mode::OutFrom, Some(time)),
            MarkMode::AlwaysIn => (Mode::AlwaysIn, None),
            MarkMode::AlwaysOut => (Mode::AlwaysOut, None),
            MarkMode::Ask => (Mode::Ask, None),
        };
        let out_from = out_from.map_or_else(|| "12:00".to_owned(), |time| time.strftime("%H:%M").to_string());
        let work = WorkForm::new(&base.work);
        Self {
            zone: base.zone.name().to_owned(),
            camera: base.camera.to_string(),
            mode,
            out_from,
            work,
            base,
        }
    }

    /// The settings as typed, or what is wrong, in a sentence.
    fn settings(&self) -> Result<Settings, String> {
        let mark_mode = match self.mode {
            Mode::Toggle => "toggle".to_owned(),
            Mode::OutFrom => format!("out_from {}", self.out_from.trim()),
            Mode::AlwaysIn => "always_in".to_owned(),
            Mode::AlwaysOut => "always_out".to_owned(),
            Mode::Ask => "ask".to_owned(),
        };
        let wrong = |error: &dyn std::error::Error| sentence(&error.to_string());
        let mut settings = self.base.clone();
        settings.zone = SiteZone::new(self.zone.trim()).map_err(|error| wrong(&error))?;
        settings.camera = self.camera.trim().parse().map_err(|error| wrong(&error))?;
        settings.mark_mode = mark_mode.parse().map_err(|error| wrong(&error))?;
        settings.work = self.work.rules().map_err(|error| wrong(&error))?;
        settings.checked().map_err(|error| wrong(&error))
    }
}

impl SettingsForm {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (_, Ok(ReplyBody::Settings(settings))) => self.form = Some(Form::new(*settings)),
            (Asked::SaveSettings, Ok(_)) => {
                self.stage = Stage::Saved;
                return vec![Action::AskHost(HostRequest::Settings)];
            }
            (Asked::SaveSettings | Asked::Settings, Err(refusal)) => {
                self.stage = Stage::Failed(sentence(&refusal.to_string()));
            }
            _ => {}
        }
        Vec::new()
    }
}

/// Draws it.
pub(super) fn settings_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut SettingsForm) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    let checked = local.form.as_ref().map(Form::settings);
    page_title(ui, &words.say("page-settings"), |ui| {
        let changed = match (&checked, &local.form) {
            (Some(Ok(settings)), Some(form)) => *settings != *scene.settings || *settings != form.base,
            _ => false,
        };
        let saving = local.stage == Stage::Saving;
        let id = if saving { "button-working" } else { "settings-save" };
        let pressed = button_if(ui, changed && !saving, &words.say(id), Weight::Primary).clicked();
        if let (true, Some(Ok(settings))) = (pressed, &checked) {
            local.stage = Stage::Saving;
            actions.push(Action::AskHost(HostRequest::SaveSettings(Box::new(settings.clone()))));
        }
    });
    match (&local.stage, &checked) {
        (_, Some(Err(wrong))) => banner(ui, colours.notice, wrong),
        (Stage::Saved, _) => banner(ui, colours.arrived, &words.say("settings-saved")),
        (Stage::Failed(text), _) => banner(ui, colours.alarm, text),
        (Stage::Editing | Stage::Saving, _) => {}
    }
    let Some(form) = &mut local.form else {
        loading(ui, scene);
        return actions;
    };
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = (ui.available_width() - 4.0).min(theme::COLUMN + 160.0);
        for group in [site_ui as fn(&mut Ui, &Words, &mut Form), marking_ui, work_ui, camera_ui, limits_ui] {
            card(ui, |ui| {
                ui.set_width(width - 42.0);
                group(ui, words, form);
            });
        }
    });
    actions
}

fn site_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    ui.heading(words.say("settings-site"));
    field(ui, &words.say("first-site-name"), &mut form.base.site_name, "");
    field(ui, &words.say("first-zone"), &mut form.zone, "Europe/Berlin");
    let languages = LANGUAGES.map(|(code, name, _)| (code.to_owned(), name.to_owned()));
    choice(ui, &words.say("settings-language"), &mut form.base.language, &languages);
}

fn marking_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    ui.heading(words.say("settings-marking"));
    let modes = [
        (Mode::Toggle, words.say("mode-toggle")),
        (Mode::OutFrom, words.say("mode-out-from")),
        (Mode::AlwaysIn, words.say("mode-always-in")),
        (Mode::AlwaysOut, words.say("mode-always-out")),
        (Mode::Ask, words.say("mode-ask")),
    ];
    choice(ui, &words.say("settings-mode"), &mut form.mode, &modes);
    if form.mode == Mode::OutFrom {
        field(ui, &words.say("settings-out-from"), &mut form.out_from, "12:00");
    }
    number(ui, words, "settings-guard", &mut form.base.guard_secs, 0..=86_400);
    let mut hour = u32::from(form.base.day_start_hour);
    number(ui, words, "settings-day-start", &mut hour, 0..=23);
    form.base.day_start_hour = u8::try_from(hour).unwrap_or(form.base.day_start_hour);
}

fn work_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    form.work.ui(ui, words);
}

fn camera_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    ui.heading(words.say("settings-camera-title"));
    field(ui, &words.say("settings-camera"), &mut form.camera, "auto");
    ui.checkbox(&mut form.base.mirror, words.say("settings-mirror"));
}

fn limits_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    ui.heading(words.say("settings-times"));
    number(ui, words, "settings-not-me", &mut form.base.not_me_secs, 3..=60);
    number(ui, words, "settings-idle", &mut form.base.session_idle_secs, 10..=3_600);
}

/// A whole number with its meaning beside it.
fn number(ui: &mut Ui, words: &Words, id: &str, value: &mut u32, range: std::ops::RangeInclusive<u32>) {
    ui.horizontal(|ui| {
        let drag = ui.add_sized([96.0, theme::TOUCH], DragValue::new(value).range(range));
        let label = ui.label(words.say(id));
        drag.labelled_by(label.id);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_is_saved() {
        let mut settings = Settings::for_site("Work");
        settings.mark_mode = MarkMode::OutFrom(jiff::civil::time(13, 30, 0, 0));
        let form = Form::new(settings.clone());
        assert_eq!(form.settings(), Ok(settings));
    }

    #[test]
    fn wrong_values_are_sentences_and_are_not_saved() {
        let wrong = |change: fn(&mut Form)| {
            let mut form = Form::new(Settings::for_site("Work"));
            change(&mut form);
            form.settings().unwrap_err()
        };
        assert!(wrong(|form| form.zone = "Mars/Base".into()).contains("zone"));
        assert!(wrong(|form| form.camera = "rtsp://x".into()).contains("camera"));
        assert!(wrong(|form| form.base.site_name = " ".into()).contains("site_name"));
        assert!(
            wrong(|form| {
                form.mode = Mode::OutFrom;
                form.out_from = "noon".into();
            })
            .contains("mark_mode")
        );
    }
}
