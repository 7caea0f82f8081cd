//! Every setting, with what it does, its range and what is usual.
//!
//! Job: a form over [`Settings`] that cannot be saved while a value is wrong, and that always says whether what is
//! shown is what is saved. It must not know how a setting takes effect, only which ones wait for a restart.

use super::{
    Action, Asked, Goto, HostPage, Scene,
    host::loading,
    networks::Found,
    theme, troubles,
    widgets::{
        Weight, badge, banner, button, button_if, caption, card, choice, field, page_title, segments,
        stepper, text_area,
    },
    words::{LANGUAGES, Words, sentence, time_of_day},
    work_form::WorkForm,
};
use crate::{
    domain::{CameraSpecError, WeightsId},
    runtime::messages::{HostRequest, NetworkKind, Refusal, ReplyBody, SoundState},
    settings::{Device, Liveness, Look, MarkMode, ScreenKeyboard, Settings, SettingsError, SiteZone, Sound},
};
use egui::Ui;
use jiff::Timestamp;

/// The form, once the settings in force have come.
#[derive(Default)]
pub struct SettingsForm {
    form: Option<Form>,
    found: Found,
    stage: Stage,
    /// Some saved change waits for a restart.
    restart: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Editing,
    Saving,
    /// On disk; when is filled in by the first drawing that sees it.
    Saved(Option<Timestamp>),
    Failed(String),
}

/// Fields as typed, over the settings that they came from.
struct Form {
    saved: Settings,
    base: Settings,
    zone: String,
    camera: String,
    detector: String,
    recogniser: String,
    /// `None` is the built-in text.
    consent: Option<String>,
    mode: Mode,
    out_from: String,
    work: WorkForm,
    /// Whether tones can be heard here, as last told.
    heard: SoundState,
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
        let id = |id: &Option<WeightsId>| id.as_ref().map(ToString::to_string).unwrap_or_default();
        let work = WorkForm::new(&base.work, &base.language);
        Self {
            saved: base.clone(),
            zone: base.zone.name().to_owned(),
            camera: base.camera.to_string(),
            detector: id(&base.detector),
            recogniser: id(&base.recogniser),
            consent: Some(base.consent_text.clone()).filter(|text| !text.is_empty()),
            mode,
            work,
            heard: SoundState::default(),
            out_from: out_from.map_or_else(|| "12:00".to_owned(), |time| time.strftime("%H:%M").to_string()),
            base,
        }
    }

    /// The settings as typed, or what is wrong, in a sentence. A new consent text gets a new version by itself.
    fn settings(&self, words: &Words) -> Result<Settings, String> {
        let mark_mode = match self.mode {
            Mode::Toggle => "toggle".to_owned(),
            Mode::OutFrom => format!("out_from {}", self.out_from.trim()),
            Mode::AlwaysIn => "always_in".to_owned(),
            Mode::AlwaysOut => "always_out".to_owned(),
            Mode::Ask => "ask".to_owned(),
        };
        let wrong = |error: SettingsError| troubles::setting(words, &error);
        let weights = |text: &str| match text.trim() {
            "" => Ok(None),
            id => WeightsId::new(id).map(Some).map_err(|_| words.say("setting-weights")),
        };
        let mut settings = self.base.clone();
        settings.zone = SiteZone::new(self.zone.trim()).map_err(wrong)?;
        settings.camera =
            self.camera.trim().parse().map_err(|_: CameraSpecError| words.say("setting-camera"))?;
        settings.mark_mode = mark_mode.parse().map_err(wrong)?;
        settings.work = self.work.rules().map_err(|error| troubles::work(words, &error))?;
        settings.detector = weights(&self.detector)?;
        settings.recogniser = weights(&self.recogniser)?;
        words.own_consent(self.consent.as_deref()).clone_into(&mut settings.consent_text);
        if settings.consent_text != self.saved.consent_text {
            settings.consent_version = next_version(&self.saved.consent_version);
        }
        settings.checked().map_err(wrong)
    }

    /// What waits for a restart when `new` is saved.
    fn needs_restart(&self, new: &Settings) -> bool {
        let old = &self.saved;
        old.device != new.device
            || old.liveness != new.liveness
            || old.detector != new.detector
            || old.recogniser != new.recogniser
    }
}

/// "2" after "1"; a version that is no number gets a number behind it.
fn next_version(version: &str) -> String {
    match version.parse::<u64>() {
        Ok(number) => (number + 1).to_string(),
        Err(_) => match version.rsplit_once('.') {
            Some((stem, last)) if last.parse::<u64>().is_ok() => format!("{stem}.{}", next_version(last)),
            _ => format!("{version}.2"),
        },
    }
}

impl SettingsForm {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (Asked::SaveSettings, Ok(ReplyBody::Settings(settings))) => {
                self.form = Some(Form::new(*settings));
                self.stage = Stage::Saved(None);
                return vec![Action::AskHost(HostRequest::Networks)];
            }
            (Asked::Settings, Ok(ReplyBody::Settings(settings))) => self.form = Some(Form::new(*settings)),
            (_, Ok(ReplyBody::Cameras(cameras))) => self.found.cameras = Some(cameras),
            (_, Ok(ReplyBody::Networks(networks))) => self.found.networks = networks,
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
    let Some(form) = &mut local.form else {
        page_title(ui, &words.say("page-settings"), |_| {});
        loading(ui, scene);
        return actions;
    };
    form.heard = scene.snapshot.machine.sound;
    let checked = form.settings(words);
    let changed = checked.as_ref().map_or(true, |settings| *settings != form.saved);
    page_title(ui, &words.say("page-settings"), |ui| {
        let saving = local.stage == Stage::Saving;
        let id = if saving { "button-working" } else { "settings-save" };
        let ready = changed && checked.is_ok() && !saving;
        let pressed = button_if(ui, ready, &words.say(id), Weight::Primary).clicked();
        if let (true, Ok(settings)) = (pressed, &checked) {
            local.stage = Stage::Saving;
            local.restart |= form.needs_restart(settings);
            actions.push(Action::AskHost(HostRequest::SaveSettings(Box::new(settings.clone()))));
        }
        if changed && !saving && button(ui, &words.say("settings-undo"), Weight::Quiet).clicked() {
            *form = Form::new(form.saved.clone());
            local.stage = Stage::Editing;
        }
    });
    state_ui(ui, scene, &mut local.stage, checked.as_ref().err(), changed);
    if local.restart {
        banner(ui, theme::palette(ui).notice, &words.say("settings-restart-needed"));
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = (ui.available_width() - 4.0).min(theme::COLUMN + 200.0);
        let groups: [(&str, Group); 9] = [
            (SITE, site_ui),
            ("settings-marking", marking_ui),
            ("work-title", work_ui),
            ("settings-screen", screen_ui),
            (CAMERA, camera_ui),
            (RECOGNITION, recognition_ui),
            ("settings-times", times_ui),
            ("settings-consent", consent_ui),
            ("settings-keeping", keeping_ui),
        ];
        let SettingsForm { form: Some(form), found, .. } = &mut *local else { return };
        for (title, group) in groups {
            card(ui, |ui| {
                ui.set_width(width - 42.0);
                ui.heading(words.say(title));
                if title == CAMERA && found.cameras_ui(ui, scene, &mut form.camera) {
                    actions.push(Action::AskHost(HostRequest::Cameras));
                }
                group(ui, words, form);
                if title == RECOGNITION {
                    networks_ui(ui, words, found, form);
                }
            });
            if title == SITE {
                actions.extend(keys_card(ui, words, width));
            }
        }
        found.confirm_ui(ui, words, &mut form.recogniser);
        card(ui, |ui| {
            ui.set_width(width - 42.0);
            ui.heading(words.say("settings-kiosk"));
            caption(ui, &words.say("settings-quit-help"));
            if button(ui, &words.say("settings-quit"), Weight::Danger).clicked() {
                actions.push(Action::Quit);
            }
        });
    });
    actions
}

/// The first card: what the site is called.
const SITE: &str = "settings-site";
/// The card with the cameras that were found.
const CAMERA: &str = "settings-camera-title";
/// The card with the networks that are installed.
const RECOGNITION: &str = "settings-recognition";

/// The way to the page that a host looks for here: near the top, for it is no setting.
fn keys_card(ui: &mut Ui, words: &Words, width: f32) -> Option<Action> {
    card(ui, |ui| {
        ui.set_width(width - 42.0);
        ui.heading(words.say("page-keys"));
        caption(ui, &words.say("settings-keys-help"));
        let pressed = button(ui, &words.say("settings-keys"), Weight::Quiet).clicked();
        pressed.then_some(Action::Go(Goto::Page(HostPage::Keys)))
    })
}

/// Draws one card of the form.
type Group = fn(&mut Ui, &Words, &mut Form);

/// Whether what is shown is what is saved: always one line, never in doubt.
fn state_ui(ui: &mut Ui, scene: &Scene<'_>, stage: &mut Stage, wrong: Option<&String>, changed: bool) {
    let colours = theme::palette(ui);
    let words = scene.words;
    match (&*stage, wrong) {
        (_, Some(wrong)) => banner(ui, colours.notice, wrong),
        (Stage::Saving, _) => banner(ui, colours.accent, &words.say("button-working")),
        (Stage::Failed(text), _) => banner(ui, colours.alarm, text),
        _ if changed => banner(ui, colours.notice, &words.say("settings-unsaved")),
        (Stage::Saved(at), _) => {
            let at = at.unwrap_or(scene.now.utc);
            *stage = Stage::Saved(Some(at));
            let time = time_of_day(at, scene.zone());
            banner(ui, colours.arrived, &words.with("settings-saved", &[("time", time.into())]));
        }
        (Stage::Editing, _) => banner(ui, colours.accent, &words.say("settings-as-saved")),
    }
}

/// What a setting does, its range and what is usual, under its control.
fn help(ui: &mut Ui, words: &Words, id: &str, usual: &str) {
    let text = words.say(id);
    let usual = words.with("settings-usual", &[("usual", usual.into())]);
    caption(ui, &format!("{text} {usual}"));
    ui.add_space(theme::GAP / 2.0);
}

/// [`help`] for a number, with its range.
fn number_help(ui: &mut Ui, words: &Words, id: &str, usual: u32, range: &std::ops::RangeInclusive<u32>) {
    let values = [("least", (*range.start()).into()), ("most", (*range.end()).into())];
    let text = words.with("settings-range", &values);
    help(ui, words, id, &format!("{usual}. {text}"));
}

fn restart_badge(ui: &mut Ui, words: &Words) {
    badge(ui, theme::palette(ui).notice, &words.say("settings-after-restart"));
}

fn site_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    field(ui, &words.say("first-site-name"), &mut form.base.site_name, "");
    caption(ui, &words.say("settings-site-help"));
    field(ui, &words.say("first-zone"), &mut form.zone, "Europe/Berlin");
    caption(ui, &words.say("settings-zone-help"));
    let languages = LANGUAGES.map(|(code, name, _)| (code.to_owned(), name.to_owned()));
    choice(ui, &words.say("settings-language"), &mut form.base.language, &languages);
}

fn marking_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    let usual = Settings::built_in();
    let modes = [
        (Mode::Toggle, words.say("mode-toggle")),
        (Mode::OutFrom, words.say("mode-out-from")),
        (Mode::AlwaysIn, words.say("mode-always-in")),
        (Mode::AlwaysOut, words.say("mode-always-out")),
        (Mode::Ask, words.say("mode-ask")),
    ];
    choice(ui, &words.say("settings-mode"), &mut form.mode, &modes);
    help(ui, words, "settings-mode-help", &words.say("mode-toggle"));
    if form.mode == Mode::OutFrom {
        field(ui, &words.say("settings-out-from"), &mut form.out_from, "12:00");
    }
    stepper(ui, &words.say("settings-guard"), &mut form.base.guard_secs, Settings::GUARD_SECS, 10);
    number_help(ui, words, "settings-guard-help", usual.guard_secs, &Settings::GUARD_SECS);
    let hours = u32::from(*Settings::DAY_START_HOUR.start())..=u32::from(*Settings::DAY_START_HOUR.end());
    let mut hour = u32::from(form.base.day_start_hour);
    stepper(ui, &words.say("settings-day-start"), &mut hour, hours.clone(), 1);
    form.base.day_start_hour = u8::try_from(hour).unwrap_or(form.base.day_start_hour);
    number_help(ui, words, "settings-day-start-help", usual.day_start_hour.into(), &hours);
}

fn screen_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    let display = &mut form.base.display;
    let looks = [
        (Look::System, words.say("look-system")),
        (Look::Light, words.say("look-light")),
        (Look::Dark, words.say("look-dark")),
    ];
    caption(ui, &words.say("settings-look"));
    segments(ui, &mut display.look, &looks);
    ui.checkbox(&mut display.large_type, words.say("settings-large-type"));
    ui.checkbox(&mut display.high_contrast, words.say("settings-high-contrast"));
    caption(ui, &words.say("settings-keyboard"));
    let keyboards = [
        (ScreenKeyboard::Auto, words.say("device-auto")),
        (ScreenKeyboard::Always, words.say("liveness-on")),
        (ScreenKeyboard::Never, words.say("liveness-off")),
    ];
    segments(ui, &mut display.keyboard, &keyboards);
    help(ui, words, "settings-keyboard-help", &words.say("device-auto"));
    let mut saver = display.saver_secs;
    stepper(ui, &words.say("settings-saver"), &mut saver, 0..=86_400, 30);
    // Below 30 seconds it would rest while people still come; one step down from there is "never".
    display.saver_secs = if saver < 30 { if saver < display.saver_secs { 0 } else { 30 } } else { saver };
    help(ui, words, "settings-saver-help", &Settings::built_in().display.saver_secs.to_string());
    caption(ui, &words.say("settings-sound"));
    let sounds = [
        (Sound::Auto, words.say("device-auto")),
        (Sound::On, words.say("liveness-on")),
        (Sound::Off, words.say("liveness-off")),
    ];
    segments(ui, &mut form.base.sound, &sounds);
    help(ui, words, "settings-sound-help", &words.say("device-auto"));
    let lacking = match form.heard {
        SoundState::NoPlayer => "settings-sound-no-player",
        SoundState::NoDevice => "settings-sound-no-device",
        SoundState::Ready => return,
    };
    if form.base.sound != Sound::Off {
        badge(ui, theme::palette(ui).notice, &words.say(lacking));
    }
}

fn work_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    form.work.ui(ui, words);
}

fn camera_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    help(ui, words, "settings-camera-help", "auto");
    caption(ui, &words.say("settings-rotate"));
    let turns = [0_u16, 90, 180, 270].map(|degrees| (degrees, format!("{degrees}°")));
    segments(ui, &mut form.base.rotate_degrees, &turns);
    ui.checkbox(&mut form.base.mirror, words.say("settings-mirror"));
}

fn recognition_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    let usual = Settings::built_in();
    let mut shares: Vec<f32> = vec![0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03];
    if !shares.contains(&form.base.fpir) {
        shares.push(form.base.fpir); // from the settings file
    }
    let shares: Vec<_> = shares.into_iter().map(|share| (share, percent(words, share))).collect();
    choice(ui, &words.say("settings-fpir"), &mut form.base.fpir, &shares);
    help(ui, words, "settings-fpir-help", &percent(words, usual.fpir));
    caption(ui, &words.say("settings-device"));
    let devices = [
        (Device::Auto, words.say("device-auto")),
        (Device::Cpu, words.say("device-cpu")),
        (Device::Cuda, words.say("device-cuda")),
    ];
    segments(ui, &mut form.base.device, &devices);
    help(ui, words, "settings-device-help", &words.say("device-auto"));
    caption(ui, &words.say("settings-liveness"));
    let liveness = [
        (Liveness::Auto, words.say("device-auto")),
        (Liveness::On, words.say("liveness-on")),
        (Liveness::Off, words.say("liveness-off")),
    ];
    segments(ui, &mut form.base.liveness, &liveness);
    help(ui, words, "settings-liveness-help", &words.say("device-auto"));
    let mut percents = (form.base.min_bona_fide * 100.0).round() as u32;
    stepper(ui, &words.say("settings-bona-fide"), &mut percents, 5..=99, 5);
    if (form.base.min_bona_fide * 100.0).round() as u32 != percents {
        form.base.min_bona_fide = percents as f32 / 100.0;
    }
    let share = (usual.min_bona_fide * 100.0).round() as u32;
    number_help(ui, words, "settings-bona-fide-help", share, &(5..=99));
    restart_badge(ui, words);
}

fn networks_ui(ui: &mut Ui, words: &Words, found: &mut Found, form: &mut Form) {
    found.networks_ui(ui, words, NetworkKind::Recogniser, &mut form.recogniser);
    ui.add_space(theme::GAP);
    found.networks_ui(ui, words, NetworkKind::Detector, &mut form.detector);
    found.faults_ui(ui, words);
    ui.checkbox(&mut form.base.renew_faces, words.say("settings-renew-faces"));
    caption(ui, &words.say("settings-renew-faces-help"));
    caption(ui, &words.say("settings-weights-help"));
    restart_badge(ui, words);
}

fn times_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    let usual = Settings::built_in();
    stepper(ui, &words.say("settings-not-me"), &mut form.base.not_me_secs, Settings::NOT_ME_SECS, 1);
    number_help(ui, words, "settings-not-me-help", usual.not_me_secs, &Settings::NOT_ME_SECS);
    let range = Settings::SESSION_IDLE_SECS;
    stepper(ui, &words.say("settings-idle"), &mut form.base.session_idle_secs, range.clone(), 10);
    number_help(ui, words, "settings-idle-help", usual.session_idle_secs, &range);
}

fn consent_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    let built_in = words.say("consent-text");
    let mut text = form.consent.clone().unwrap_or_else(|| built_in.clone());
    text_area(ui, &words.say("consent-title"), &mut text, 5);
    form.consent = Some(text).filter(|text| *text != built_in);
    let changed = words.own_consent(form.consent.as_deref()) != form.saved.consent_text;
    let version =
        if changed { next_version(&form.saved.consent_version) } else { form.saved.consent_version.clone() };
    caption(ui, &words.with("consent-version", &[("version", version.into())]));
    caption(ui, &words.say("settings-consent-help"));
    if form.consent.is_some() && button(ui, &words.say("consent-built-in"), Weight::Quiet).clicked() {
        form.consent = None;
    }
}

fn keeping_ui(ui: &mut Ui, words: &Words, form: &mut Form) {
    let range = 0..=36_500;
    stepper(ui, &words.say("settings-keep-marks"), &mut form.base.keep_marks_days, range.clone(), 30);
    number_help(ui, words, "settings-keep-help", 0, &range);
    stepper(ui, &words.say("settings-keep-faces"), &mut form.base.keep_faces_days, range.clone(), 30);
    number_help(ui, words, "settings-keep-faces-help", 0, &range);
}

/// "0.3 %" without zeros that say nothing.
pub(super) fn percent(words: &Words, share: f32) -> String {
    let text = words.decimal(f64::from(share) * 100.0, 3);
    format!("{}\u{a0}%", text.trim_end_matches('0').trim_end_matches(['.', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_is_saved() {
        let mut settings = Settings::for_site("Work");
        settings.mark_mode = MarkMode::OutFrom(jiff::civil::time(13, 30, 0, 0));
        settings.recogniser = Some(WeightsId::new("mbf-w8").unwrap());
        settings.consent_text = "Ours.".into();
        let form = Form::new(settings.clone());
        assert_eq!(form.settings(&Words::new("en")), Ok(settings));
    }

    #[test]
    fn wrong_values_are_sentences_and_are_not_saved() {
        let wrong = |change: fn(&mut Form)| {
            let mut form = Form::new(Settings::for_site("Work"));
            change(&mut form);
            form.settings(&Words::new("en")).unwrap_err()
        };
        assert!(wrong(|form| form.zone = "Mars/Base".into()).contains("time zone"));
        assert!(wrong(|form| form.camera = "rtsp://x".into()).contains("camera"));
        assert!(wrong(|form| form.base.site_name = " ".into()).contains("name"));
        assert!(!wrong(|form| form.detector = "../x".into()).is_empty());
        assert!(
            wrong(|form| {
                form.mode = Mode::OutFrom;
                form.out_from = "noon".into();
            })
            .contains("08:00")
        );
    }

    #[test]
    fn a_new_consent_text_is_a_new_version() {
        let mut form = Form::new(Settings::for_site("Work"));
        form.consent = Some("We keep measurements of your face.".into());
        let saved = form.settings(&Words::new("en")).unwrap();
        assert_eq!(saved.consent_version, "2");
        let mut form = Form::new(saved.clone());
        assert_eq!(form.settings(&Words::new("en")), Ok(saved));
        form.consent = Some(" ".into());
        assert_eq!(
            form.settings(&Words::new("en")).unwrap().consent_version,
            "3",
            "the built-in text is another text again"
        );
        assert_eq!(next_version("2026"), "2027");
        assert_eq!(next_version("gdpr"), "gdpr.2");
        assert_eq!(next_version("gdpr.2"), "gdpr.3");
    }

    #[test]
    fn networks_wait_for_a_restart_and_words_do_not() {
        let form = Form::new(Settings::for_site("Work"));
        let with = |change: fn(&mut Settings)| {
            let mut new = form.saved.clone();
            change(&mut new);
            form.needs_restart(&new)
        };
        assert!(with(|s| s.device = Device::Cpu) && with(|s| s.detector = WeightsId::new("x").ok()));
        assert!(!with(|s| s.language = "de".into()) && !with(|s| s.fpir = 0.01));
        assert_eq!(percent(&Words::new("en"), 0.003), "0.3\u{a0}%");
        assert_eq!(percent(&Words::new("es"), 0.000_1), "0,01\u{a0}%");
    }
}
