//! The dialog in which a second host agrees, while the two-person rule is on.
//!
//! Job: which other host, and what they typed. It must not know what they agree to: the page that asked does.

use super::{
    Scene,
    host::dialog_foot,
    theme,
    widgets::{Weight, banner, caption, dialog, name_button, quiet, secret_field},
    words::{countdown, sentence},
};
use crate::{
    domain::{Host, HostId},
    runtime::messages::{Hidden, PinAttempt, Refusal, SecondHost as Agreed},
};
use egui::Ui;
use std::time::Duration;
use zeroize::Zeroizing;

/// What is chosen and typed.
pub(super) struct SecondHost {
    others: Vec<Host>,
    chosen: Option<HostId>,
    pin: Zeroizing<String>,
    /// One try at a time.
    waiting: bool,
    refused: Option<Refusal>,
    /// The end of a wait, on the monotonic clock, once a frame has seen it begin.
    locked_until: Option<Duration>,
}

/// What was pressed.
pub(super) enum Pressed {
    Nothing,
    Close,
    Agree(Agreed),
}

impl SecondHost {
    /// A refusal while a page waits for a shared deed: opens the dialog when another host is needed, keeps it open with
    /// the reason when it was open, else is not for it.
    pub(super) fn take(dialog: &mut Option<Self>, refusal: &Refusal) -> bool {
        match (dialog.as_mut(), refusal) {
            (_, Refusal::SecondHostNeeded { others }) => *dialog = Some(Self::new(others.clone())),
            (Some(open), refusal) => open.refuse(refusal),
            (None, _) => return false,
        }
        true
    }

    fn new(others: Vec<Host>) -> Self {
        let chosen = others.first().map(|host| host.id);
        let (pin, waiting, refused, locked_until) = (Zeroizing::default(), false, None, None);
        Self { others, chosen, pin, waiting, refused, locked_until }
    }

    fn refuse(&mut self, refusal: &Refusal) {
        self.waiting = false;
        (self.refused, self.locked_until) = (Some(refusal.clone()), None);
    }

    /// Draws the dialog.
    pub(super) fn ui(&mut self, ui: &Ui, scene: &Scene<'_>) -> Pressed {
        let words = scene.words;
        let mut pressed = None;
        let shut = dialog(ui, "second host", &words.say("second-host-title"), |ui| {
            quiet(ui, &words.say("second-host-text"));
            self.who(ui, scene);
            secret_field(ui, &words.say("second-host-pin"), &mut self.pin);
            if let Some(text) = self.reason(scene) {
                banner(ui, theme::palette(ui).alarm, &text);
            }
            let ready = !self.waiting && !self.pin.is_empty() && self.chosen.is_some();
            let (cancel, deed) = (words.say("button-cancel"), words.say("second-host-deed"));
            pressed = dialog_foot(ui, &cancel, &deed, ready, Weight::Danger);
        });
        match (pressed, self.chosen) {
            (Some(false), _) => Pressed::Close,
            (Some(true), Some(host)) => {
                let pin = Hidden(PinAttempt::new(&self.pin));
                self.pin = Zeroizing::default();
                (self.waiting, self.refused) = (true, None);
                Pressed::Agree(Agreed { host, pin })
            }
            _ if shut.is_some() => Pressed::Close,
            _ => Pressed::Nothing,
        }
    }

    fn who(&mut self, ui: &mut Ui, scene: &Scene<'_>) {
        if let [only] = self.others.as_slice() {
            quiet(ui, &scene.words.with("login-as", &[("name", only.name.as_str().into())]));
            return;
        }
        caption(ui, &scene.words.say("second-host-who"));
        ui.horizontal_wrapped(|ui| {
            for host in &self.others {
                if name_button(ui, self.chosen == Some(host.id), host.name.as_str()).clicked() {
                    self.chosen = Some(host.id);
                    (self.pin, self.refused) = (Zeroizing::default(), None);
                }
            }
        });
    }

    /// Why the last try was refused, in the words of the PIN pad.
    fn reason(&mut self, scene: &Scene<'_>) -> Option<String> {
        let (words, now) = (scene.words, scene.now.mono);
        Some(match self.refused.as_ref()? {
            Refusal::WrongPin { tries_left } => words.with("login-wrong", &[("tries", (*tries_left).into())]),
            Refusal::LockedOut { retry_in: Some(wait) } => {
                let until = *self.locked_until.get_or_insert(now + *wait);
                match until.saturating_sub(now) {
                    Duration::ZERO => words.say("login-try-again"),
                    left => words.with("login-locked-for", &[("wait", countdown(left).into())]),
                }
            }
            Refusal::LockedOut { retry_in: None } => words.say("second-host-locked"),
            other => sentence(&other.to_string()),
        })
    }
}
