//! First start: site, first host with a PIN of their own, camera. There is no default PIN.
//!
//! Job: gather what the workers need to make the store, one small step at a time, each of which can be gone back. It
//! must not know how a store is made.

use super::{
    Action, Asked, Scene, camera_words,
    enrol::live_picture,
    theme,
    widgets::{Weight, banner, button, button_if, caption, field, pin_field, quiet},
    words::{Words, sentence},
};
use crate::{
    domain::PersonName,
    runtime::messages::{CameraStatus, FaceState, Pin, PinError, Refusal, RequestBody},
    settings::SiteZone,
};
use egui::{Align, Layout, RichText, Ui, Vec2};
use zeroize::Zeroizing;

/// What was typed so far.
pub struct FirstStart {
    step: Step,
    site_name: String,
    zone: String,
    host_name: String,
    pin: Zeroizing<String>,
    again: Zeroizing<String>,
    waiting: bool,
    refused: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Step {
    Site,
    Host,
    Camera,
}

const STEPS: [Step; 3] = [Step::Site, Step::Host, Step::Camera];

impl FirstStart {
    /// An empty form; the zone is the machine's.
    #[must_use]
    pub fn new(zone: &str) -> Self {
        Self {
            step: Step::Site,
            site_name: String::new(),
            zone: zone.to_owned(),
            host_name: String::new(),
            pin: Zeroizing::default(),
            again: Zeroizing::default(),
            waiting: false,
            refused: None,
        }
    }

    /// The answer to [`RequestBody::SetUp`] when it failed; success leaves this screen.
    pub fn refused(&mut self, asked: Asked, refusal: &Refusal) {
        if asked == Asked::SetUp {
            self.waiting = false;
            self.refused = Some(sentence(&refusal.to_string()));
        }
    }

    /// Message ids of what still has to be corrected on the present step.
    fn missing(&self) -> Vec<&'static str> {
        match self.step {
            Step::Site => [
                (self.site_name.trim().is_empty() || self.site_name.chars().count() > 80, "first-site-rule"),
                (SiteZone::new(self.zone.trim()).is_err(), "first-zone-rule"),
            ]
            .into_iter()
            .filter_map(|(wrong, id)| wrong.then_some(id))
            .collect(),
            Step::Host => {
                let mut missing = Vec::new();
                if PersonName::new(&self.host_name).is_err() {
                    missing.push("first-host-rule");
                }
                match Pin::new(&self.pin) {
                    Err(PinError::Guessable) => missing.push("pin-guessable"),
                    Err(PinError::Shape | PinError::HostShape) => missing.push("pin-shape"),
                    Ok(_) if *self.pin != *self.again => missing.push("pin-again-differs"),
                    Ok(_) => {}
                }
                missing
            }
            Step::Camera => Vec::new(),
        }
    }

    /// The request, once everything is right. The typed PIN is wiped.
    fn request(&mut self) -> Option<RequestBody> {
        let host_name = PersonName::new(&self.host_name).ok()?;
        let pin = Pin::new(&self.pin).ok()?;
        self.waiting = true;
        self.refused = None;
        let (site_name, zone) = (self.site_name.trim().to_owned(), self.zone.trim().to_owned());
        Some(RequestBody::SetUp { site_name, zone, host_name, pin })
    }
}

/// Draws the present step.
pub fn first_start_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut FirstStart) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let width = ui.available_width();
    let column = (width - 2.0 * theme::SPACE).min(theme::COLUMN);
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add_space(((ui.available_height() - 480.0) * 0.3).clamp(theme::GAP, 72.0));
        ui.horizontal(|ui| {
            ui.add_space(((width - column) / 2.0).max(0.0));
            ui.vertical(|ui| {
                ui.set_width(column);
                progress(ui, words, local.step);
                let (title, text) = match local.step {
                    Step::Site => ("first-site-title", "first-site-text"),
                    Step::Host => ("first-host-title", "first-host-text"),
                    Step::Camera => ("first-camera-title", "first-camera-text"),
                };
                ui.label(RichText::new(words.say(title)).font(theme::font(theme::TITLE)));
                quiet(ui, &words.say(text));
                ui.add_space(theme::GAP);
                match local.step {
                    Step::Site => {
                        field(
                            ui,
                            &words.say("first-site-name"),
                            &mut local.site_name,
                            &words.say("first-site-hint"),
                        );
                        field(ui, &words.say("first-zone"), &mut local.zone, "Europe/Berlin");
                    }
                    Step::Host => {
                        field(ui, &words.say("first-host-name"), &mut local.host_name, "");
                        pin_field(ui, &words.say("first-pin"), &mut local.pin);
                        pin_field(ui, &words.say("first-pin-again"), &mut local.again);
                    }
                    Step::Camera => camera_step(ui, scene, column),
                }
                ui.add_space(theme::GAP / 2.0);
                actions.extend(foot(ui, words, local));
            });
        });
    });
    actions
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
    ui.add_space(theme::GAP);
}

/// What is still missing, and the way on and back.
fn foot(ui: &mut Ui, words: &Words, local: &mut FirstStart) -> Option<Action> {
    let colours = theme::palette(ui);
    let missing = local.missing();
    for id in &missing {
        quiet(ui, &words.say(id));
    }
    if let Some(refused) = &local.refused {
        banner(ui, colours.alarm, refused);
    }
    ui.add_space(theme::GAP);
    let mut action = None;
    ui.horizontal(|ui| {
        let at = STEPS.iter().position(|each| *each == local.step).unwrap_or_default();
        if let Some(before) = at.checked_sub(1).and_then(|before| STEPS.get(before))
            && button_if(ui, !local.waiting, &words.say("button-back"), Weight::Quiet).clicked()
        {
            local.step = *before;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| match STEPS.get(at + 1) {
            Some(next) => {
                let ready = missing.is_empty();
                if button_if(ui, ready, &words.say("button-next"), Weight::Primary).clicked() {
                    local.step = *next;
                }
            }
            None if local.waiting => {
                button_if(ui, false, &words.say("button-working"), Weight::Primary);
            }
            None => {
                if button(ui, &words.say("first-finish"), Weight::Primary).clicked() {
                    action = local.request().map(Action::Ask);
                }
            }
        });
    });
    action
}

fn camera_step(ui: &mut Ui, scene: &Scene<'_>, width: f32) {
    let colours = theme::palette(ui);
    live_picture(ui, scene, Vec2::new(width, width * 0.5));
    let readable = scene.snapshot.faces.iter().any(|face| !matches!(face.state, FaceState::Advice(_)));
    match &scene.snapshot.camera {
        CameraStatus::Fault { reason, .. } => {
            let (title, text) = camera_words::fault(scene, reason);
            banner(ui, colours.notice, &format!("{title} {text}"));
        }
        CameraStatus::Live if readable => banner(ui, colours.arrived, &scene.words.say("first-camera-good")),
        CameraStatus::Live | CameraStatus::Opening => {
            banner(ui, colours.accent, &scene.words.say("first-camera-advice"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_says_what_is_missing() {
        let mut form = FirstStart::new("UTC");
        assert_eq!(form.missing(), ["first-site-rule"]);
        form.site_name = "Work".into();
        form.zone = "Mars/Base".into();
        assert_eq!(form.missing(), ["first-zone-rule"]);
        form.zone = "Europe/Berlin".into();
        assert!(form.missing().is_empty());
        form.step = Step::Host;
        assert_eq!(form.missing(), ["first-host-rule", "pin-shape"]);
        form.host_name = "Grace".into();
        form.pin = Zeroizing::new("123456".into());
        assert_eq!(form.missing(), ["pin-guessable"]);
        form.pin = Zeroizing::new("802715".into());
        assert_eq!(form.missing(), ["pin-again-differs"]);
        form.again = form.pin.clone();
        assert!(form.missing().is_empty());
        assert!(matches!(form.request(), Some(RequestBody::SetUp { .. })));
        form.refused(Asked::SetUp, &Refusal::Failed("the disk is full: free some space".into()));
        assert_eq!(form.refused.as_deref(), Some("The disk is full: free some space."));
    }
}
