//! First start: language, a host with a PIN of their own, camera, site, consent text. There is no default PIN.
//!
//! Job: gather what the workers need to make the store, one small step at a time, each of which can be gone back. It
//! must not know how a store is made.

use super::{
    Action, Asked, Scene, camera_words,
    enrol::live_picture,
    theme,
    widgets::{Weight, banner, button, button_if, caption, field, pin_field, quiet, rule, text_area},
    words::{LANGUAGES, Words, sentence, time_of_day},
};
use crate::{
    domain::PersonName,
    runtime::messages::{CameraNow, CameraStatus, FaceState, Pin, PinError, Refusal, RequestBody},
    settings::{Settings, SiteZone},
};
use egui::{Align, Button, Layout, RichText, Ui, Vec2};
use zeroize::Zeroizing;

/// What was typed so far.
pub struct FirstStart {
    step: Step,
    /// As the workers have them; the form is put over them at the end.
    base: Settings,
    site_name: String,
    zone: String,
    host_name: String,
    pin: Zeroizing<String>,
    again: Zeroizing<String>,
    /// `None` while nobody has changed the built-in text.
    consent: Option<String>,
    waiting: bool,
    refused: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Step {
    Language,
    Host,
    Camera,
    Site,
    Consent,
}

const STEPS: [Step; 5] = [Step::Language, Step::Host, Step::Camera, Step::Site, Step::Consent];

impl Step {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Language => ("first-language-title", "first-language-text"),
            Self::Host => ("first-host-title", "first-host-text"),
            Self::Camera => ("first-camera-title", "first-camera-text"),
            Self::Site => ("first-site-title", "first-site-text"),
            Self::Consent => ("first-consent-title", "first-consent-text"),
        }
    }
}

impl FirstStart {
    /// An empty form over the settings of a new installation; the zone is the machine's.
    #[must_use]
    pub fn new(base: &Settings) -> Self {
        Self {
            step: Step::Language,
            site_name: String::new(),
            zone: base.zone.name().to_owned(),
            host_name: String::new(),
            pin: Zeroizing::default(),
            again: Zeroizing::default(),
            consent: None,
            waiting: false,
            refused: None,
            base: base.clone(),
        }
    }

    /// The answer to [`RequestBody::SetUp`] when it failed; success leaves this screen.
    pub fn refused(&mut self, asked: Asked, refusal: &Refusal) {
        if asked == Asked::SetUp {
            self.waiting = false;
            self.refused = Some(sentence(&refusal.to_string()));
        }
    }

    /// Message ids of what still has to be corrected on the present step. The PIN's rules are in view all the time.
    fn missing(&self, words: &Words) -> Vec<&'static str> {
        let rules = match self.step {
            Step::Language | Step::Camera => Vec::new(),
            Step::Host => vec![(PersonName::new(&self.host_name).is_err(), "first-host-rule")],
            Step::Site => vec![
                (self.site_name.trim().is_empty() || self.site_name.chars().count() > 80, "first-site-rule"),
                (SiteZone::new(self.zone.trim()).is_err(), "first-zone-rule"),
            ],
            Step::Consent => vec![(self.settings(words).is_none(), "first-consent-rule")],
        };
        rules.into_iter().filter_map(|(wrong, id)| wrong.then_some(id)).collect()
    }

    /// The PIN's rules, and whether each is kept so far.
    fn pin_rules(&self) -> [(bool, &'static str); 3] {
        let (shape, hard) = match Pin::new(&self.pin) {
            Ok(_) => (true, true),
            Err(PinError::Guessable) => (true, false),
            Err(PinError::Shape | PinError::HostShape) => (false, false),
        };
        let same = !self.pin.is_empty() && *self.pin == *self.again;
        [(shape, "pin-shape"), (hard, "pin-guessable"), (same, "pin-again-same")]
    }

    fn ready(&self, words: &Words) -> bool {
        let pin = self.step != Step::Host || self.pin_rules().iter().all(|(kept, _)| *kept);
        pin && self.missing(words).is_empty()
    }

    /// The settings as typed; `None` while one of them is wrong.
    fn settings(&self, words: &Words) -> Option<Settings> {
        let settings = Settings {
            site_name: self.site_name.trim().to_owned(),
            zone: SiteZone::new(self.zone.trim()).ok()?,
            consent_text: words.own_consent(self.consent.as_deref()).to_owned(),
            ..self.base.clone()
        };
        settings.checked().ok()
    }

    /// The request, once everything is right.
    fn request(&mut self, words: &Words) -> Option<RequestBody> {
        let settings = Box::new(self.settings(words)?);
        let host_name = PersonName::new(&self.host_name).ok()?;
        let pin = Pin::new(&self.pin).ok()?;
        self.waiting = true;
        self.refused = None;
        Some(RequestBody::SetUp { settings, host_name, pin })
    }
}

/// Draws the present step.
pub fn first_start_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut FirstStart) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let width = ui.available_width();
    let column = (width - 2.0 * theme::SPACE).min(theme::COLUMN);
    if low(ui) {
        ui.spacing_mut().item_spacing.y = 6.0;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add_space(((ui.available_height() - 560.0) * 0.3).clamp(gap(ui), 96.0));
        ui.horizontal(|ui| {
            ui.add_space(((width - column) / 2.0).max(0.0));
            ui.vertical(|ui| {
                ui.set_width(column);
                progress(ui, words, local.step);
                ui.add_space(gap(ui));
                let (title, text) = local.step.words();
                ui.label(RichText::new(words.say(title)).font(theme::font(theme::TITLE)));
                quiet(ui, &words.say(text));
                ui.add_space(gap(ui));
                match local.step {
                    Step::Language => actions.extend(language_step(ui, local)),
                    Step::Host => host_step(ui, words, local),
                    Step::Camera => camera_step(ui, scene, column),
                    Step::Site => site_step(ui, scene, local),
                    Step::Consent => consent_step(ui, words, local),
                }
                actions.extend(foot(ui, words, local));
                ui.add_space(theme::GAP);
            });
        });
    });
    actions
}

/// On a low screen every line counts: the way on comes last.
fn low(ui: &Ui) -> bool {
    ui.ctx().content_rect().height() < theme::SMALL_HEIGHT
}

fn gap(ui: &Ui) -> f32 {
    if low(ui) { theme::GAP / 2.0 } else { theme::GAP }
}

fn progress(ui: &mut Ui, words: &Words, step: Step) {
    let colours = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for each in STEPS {
            let (rect, _) = ui.allocate_exact_size(Vec2::new(44.0, 6.0), egui::Sense::hover());
            let fill = if each <= step { colours.accent.solid } else { colours.line };
            ui.painter().rect_filled(rect, 3.0, fill);
        }
        let number = STEPS.iter().position(|each| *each == step).unwrap_or_default() + 1;
        caption(ui, &words.with("first-step", &[("step", number.into()), ("steps", STEPS.len().into())]));
    });
}

/// What is still missing, and the way on and back.
fn foot(ui: &mut Ui, words: &Words, local: &mut FirstStart) -> Option<Action> {
    let colours = theme::palette(ui);
    for id in local.missing(words) {
        quiet(ui, &words.say(id));
    }
    if let Some(refused) = &local.refused {
        banner(ui, colours.alarm, refused);
    }
    ui.add_space(gap(ui));
    let mut action = None;
    ui.horizontal(|ui| {
        let at = STEPS.iter().position(|each| *each == local.step).unwrap_or_default();
        if let Some(before) = at.checked_sub(1).and_then(|before| STEPS.get(before))
            && button_if(ui, !local.waiting, &words.say("button-back"), Weight::Quiet).clicked()
        {
            local.step = *before;
            local.refused = None;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| match STEPS.get(at + 1) {
            Some(next) => {
                if button_if(ui, local.ready(words), &words.say("button-next"), Weight::Primary).clicked() {
                    local.step = *next;
                }
            }
            None if local.waiting => {
                button_if(ui, false, &words.say("button-working"), Weight::Primary);
            }
            None => {
                if button_if(ui, local.ready(words), &words.say("first-finish"), Weight::Primary).clicked() {
                    action = local.request(words).map(Action::Ask);
                }
            }
        });
    });
    action
}

/// Each language by its own name, applied at once: whoever cannot read this page can still choose.
fn language_step(ui: &mut Ui, local: &mut FirstStart) -> Option<Action> {
    let mut action = None;
    for (code, name, _) in LANGUAGES {
        let chosen = local.base.language == code;
        let entry = Button::selectable(chosen, name)
            .frame_when_inactive(true)
            .min_size(Vec2::new(ui.available_width(), theme::TOUCH));
        if ui.add(entry).clicked() {
            code.clone_into(&mut local.base.language);
            action = Some(Action::Language(code));
        }
    }
    action
}

fn host_step(ui: &mut Ui, words: &Words, local: &mut FirstStart) {
    field(ui, &words.say("first-host-name"), &mut local.host_name, "");
    let [pin, again] = ["first-pin", "first-pin-again"].map(|id| words.say(id));
    if low(ui) {
        ui.columns(2, |sides| {
            let [left, right] = sides else { return };
            pin_field(left, &pin, &mut local.pin);
            pin_field(right, &again, &mut local.again);
        });
    } else {
        pin_field(ui, &pin, &mut local.pin);
        pin_field(ui, &again, &mut local.again);
    }
    for (kept, id) in local.pin_rules() {
        rule(ui, kept, &words.say(id));
    }
}

fn site_step(ui: &mut Ui, scene: &Scene<'_>, local: &mut FirstStart) {
    let words = scene.words;
    field(ui, &words.say("first-site-name"), &mut local.site_name, &words.say("first-site-hint"));
    field(ui, &words.say("first-zone"), &mut local.zone, "Europe/Berlin");
    if let Ok(zone) = SiteZone::new(local.zone.trim()) {
        let time = time_of_day(scene.now.utc, zone.time_zone());
        quiet(ui, &words.with("first-zone-now", &[("time", time.into())]));
    }
}

fn consent_step(ui: &mut Ui, words: &Words, local: &mut FirstStart) {
    let built_in = words.say("consent-text");
    let mut text = local.consent.clone().unwrap_or_else(|| built_in.clone());
    text_area(ui, &words.say("consent-title"), &mut text, 6);
    local.consent = Some(text).filter(|text| *text != built_in);
    if local.consent.is_some() && button(ui, &words.say("consent-built-in"), Weight::Quiet).clicked() {
        local.consent = None;
    }
}

fn camera_step(ui: &mut Ui, scene: &Scene<'_>, width: f32) {
    let colours = theme::palette(ui);
    let words = scene.words;
    let most = ui.ctx().content_rect().height() * if low(ui) { 0.29 } else { 0.4 };
    live_picture(ui, scene, Vec2::new(width, (width * 0.56).min(most)));
    let nearest =
        scene.snapshot.faces.iter().max_by(|a, b| a.bbox.area().total_cmp(&b.bbox.area())).map(|f| &f.state);
    match (&scene.snapshot.camera, nearest) {
        (CameraStatus::Fault { reason, .. }, _) => {
            let (title, text) = camera_words::fault(scene, reason);
            banner(ui, colours.notice, &format!("{title} {text}"));
        }
        (CameraStatus::Live, Some(FaceState::Advice(issue))) => {
            banner(ui, colours.notice, &words.say(super::attendee::advice(*issue)));
        }
        (CameraStatus::Live, Some(_)) => banner(ui, colours.arrived, &words.say("first-camera-good")),
        (CameraStatus::Live | CameraStatus::Opening, _) => {
            banner(ui, colours.accent, &words.say("first-camera-advice"));
        }
    }
    if let camera @ CameraNow::Live(_) = &scene.snapshot.stats.camera {
        caption(ui, &camera_words::described(words, camera));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_says_what_is_missing() {
        let words = Words::new("en");
        let mut form = FirstStart::new(&Settings::built_in());
        assert!(form.ready(&words), "a language is chosen from the start");
        form.step = Step::Host;
        assert_eq!(form.missing(&words), ["first-host-rule"]);
        form.host_name = "Grace".into();
        let kept = |form: &FirstStart| form.pin_rules().map(|(kept, _)| kept);
        assert_eq!(kept(&form), [false, false, false]);
        form.pin = Zeroizing::new("123456".into());
        assert_eq!(kept(&form), [true, false, false]);
        form.pin = Zeroizing::new("802715".into());
        assert_eq!(kept(&form), [true, true, false]);
        assert!(!form.ready(&words));
        form.again = form.pin.clone();
        assert!(form.ready(&words));
        form.step = Step::Site;
        form.zone = "Mars/Base".into();
        assert_eq!(form.missing(&words), ["first-site-rule", "first-zone-rule"]);
        form.site_name = " Work ".into();
        form.zone = "Europe/Berlin".into();
        assert!(form.ready(&words));
        form.step = Step::Consent;
        form.consent = Some("x".repeat(4_001));
        assert_eq!(form.missing(&words), ["first-consent-rule"]);
        form.consent = Some(format!(" {}\n", words.say("consent-text")));
        assert_eq!(
            form.settings(&words).unwrap().consent_text,
            "",
            "spaces do not make it a text of one's own"
        );
        form.consent = Some("I agree.".into());
        let Some(RequestBody::SetUp { settings, .. }) = form.request(&words) else {
            panic!("everything is right")
        };
        assert_eq!((settings.site_name.as_str(), settings.consent_text.as_str()), ("Work", "I agree."));
        form.refused(Asked::SetUp, &Refusal::Failed("the disk is full: free some space".into()));
        assert_eq!(form.refused.as_deref(), Some("The disk is full: free some space."));
    }
}
