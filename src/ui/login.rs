//! The PIN pad that opens host mode.
//!
//! Job: who, which digits, and what the answer was. It must not know whether a PIN is right: it asks, and shows dots.

use super::{
    Action, Asked, Goto, Scene,
    code::{CodePage, code_ui},
    hosts::{Recover, recover_ui},
    theme,
    widgets::{
        PadKey, Weight, banner, button, caption, name_button, pin_dots, pin_pad, quiet, typed, within,
    },
    words::{Words, countdown, sentence},
};
use crate::{
    domain::HostId,
    runtime::messages::{Pin, PinAttempt, Refusal, ReplyBody, RequestBody},
    settings::ScreenKeyboard,
};
use egui::{Align, Key, Layout, RichText, Ui, UiBuilder, Vec2};
use std::time::Duration;
use zeroize::Zeroizing;

/// What was typed and answered so far.
#[derive(Default)]
pub struct Login {
    chosen: Option<HostId>,
    pin: Zeroizing<String>,
    verdict: Verdict,
    /// Letters on the screen, for a passphrase.
    phrase: bool,
    /// The recovery code instead.
    recover: Option<Recover>,
    /// The next recovery code, to be shown once.
    code: Option<CodePage>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Verdict {
    #[default]
    None,
    Asked,
    Wrong {
        tries_left: u32,
    },
    /// Until this monotonic time.
    LockedUntil(Duration),
    /// Until another host unlocks.
    Locked,
    Failed(String),
}

impl Login {
    /// The answer to [`RequestBody::Login`] when it was no; a yes leaves this screen.
    pub fn refused(&mut self, asked: Asked, refusal: &Refusal, now: Duration) {
        if let (Asked::Recover, Some(recover)) = (asked, &mut self.recover) {
            recover.refused(refusal);
        }
        if asked != Asked::Login {
            return;
        }
        self.verdict = match refusal {
            Refusal::WrongPin { tries_left } => Verdict::Wrong { tries_left: *tries_left },
            Refusal::LockedOut { retry_in: Some(wait) } => Verdict::LockedUntil(now + *wait),
            Refusal::LockedOut { retry_in: None } => Verdict::Locked,
            other => Verdict::Failed(sentence(&other.to_string())),
        };
    }

    /// The recovery code was right: the host is unlocked, and the next code is to be written down.
    pub fn reply(&mut self, asked: Asked, body: ReplyBody) {
        if let (Asked::Recover, ReplyBody::RecoveryCode(code)) = (asked, body) {
            *self =
                Self { chosen: self.chosen, code: Some(CodePage::with(code.0.shown())), ..Self::default() };
        }
    }

    /// A page on which somebody writes: nobody has to touch anything meanwhile.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.recover.is_some() || self.code.is_some()
    }

    /// The keyboard on the screen stands in for the pad: a passphrase has letters.
    #[must_use]
    pub fn phrase(&self) -> bool {
        self.phrase && !self.busy()
    }

    /// The pad again.
    pub fn close_keyboard(&mut self) {
        self.phrase = false;
    }

    fn open(&self, now: Duration) -> bool {
        match self.verdict {
            Verdict::Asked => false,
            Verdict::LockedUntil(until) => now >= until,
            _ => true,
        }
    }

    /// One key of the pad; a request when the PIN is to be tried. The typed digits are wiped then.
    fn press(&mut self, key: PadKey, host: Option<HostId>) -> Option<RequestBody> {
        match key {
            PadKey::Digit(digit) if self.pin.chars().count() < Pin::MAX_PHRASE => {
                if self.pin.is_empty() {
                    self.verdict = Verdict::None;
                }
                self.pin.push(digit);
                None
            }
            PadKey::Digit(_) => None,
            PadKey::Back => {
                self.pin.pop();
                None
            }
            PadKey::Enter => {
                let host = host.filter(|_| !self.pin.is_empty())?;
                let pin = PinAttempt::new(&self.pin);
                self.pin = Zeroizing::default();
                self.verdict = Verdict::Asked;
                Some(RequestBody::Login { host, pin })
            }
        }
    }
}

/// Draws it.
pub fn login_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Login) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    if let Some(page) = &mut local.code {
        if code_ui(ui, scene, page) {
            local.code = None;
        }
        return actions;
    }
    let room = ui.available_size();
    let wide = room.x > room.y && room.y < 640.0;
    let key = Vec2::new(96.0, if wide { 64.0 } else { 72.0 });
    let host = local.chosen.or_else(|| scene.hosts.first().map(|host| host.id));
    let pad_width = 3.0 * key.x + 2.0 * theme::GAP;
    let content = if wide { pad_width * 2.0 + theme::SPACE * 2.0 } else { pad_width.max(360.0) };
    let corner = ui.max_rect().shrink(theme::SPACE);
    within(ui, corner, Layout::left_to_right(Align::Min), |ui| {
        if button(ui, &words.say("button-back"), Weight::Quiet).clicked() {
            match local.recover.take() {
                Some(_) => {}
                None => actions.push(Action::Go(Goto::Attendee)),
            }
        }
    });
    if let Some(recover) = &mut local.recover {
        let column = room.x.min(theme::COLUMN);
        let place = corner.with_min_y(corner.top() + theme::TOUCH + theme::GAP);
        let place = egui::Rect::from_center_size(
            place.center(),
            Vec2::new(column - 2.0 * theme::SPACE, place.height()),
        );
        within(ui, place, Layout::top_down(Align::Min), |ui| {
            egui::ScrollArea::vertical().show(ui, |ui| {
                ui.label(RichText::new(words.say("recover-title")).font(theme::font(theme::TITLE)));
                actions.extend(host.and_then(|host| recover_ui(ui, scene, recover, host)).map(Action::Ask));
            });
        });
        return actions;
    }
    let height = 4.0 * key.y + if wide { 90.0 } else { 220.0 };
    // A low screen has no room left over when there is a keyboard on it.
    let above = if wide && local.phrase() { 0.0 } else { (room.y - height) / 2.0 };
    let middle = ui.max_rect().with_min_y(ui.max_rect().top() + above.max(theme::SPACE));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(middle));
    let ui = &mut ui;
    ui.horizontal(|ui| {
        ui.add_space(((room.x - content) / 2.0).max(theme::SPACE));
        let head = |ui: &mut Ui, local: &mut Login| {
            ui.vertical(|ui| {
                ui.set_width(if wide { pad_width } else { content });
                if wide {
                    ui.add_space(theme::TOUCH + theme::GAP / 2.0); // clear of the way back in the corner
                }
                head_ui(ui, scene, local, host);
            });
        };
        let pad = |ui: &mut Ui, local: &mut Login, actions: &mut Vec<Action>| {
            ui.vertical(|ui| {
                let count = local.pin.chars().count();
                pin_dots(ui, count, &words.with("login-digits", &[("count", count.into())]));
                ui.add_space(theme::GAP / 2.0);
                let open = local.open(scene.now.mono) && host.is_some();
                let (delete, unlock) = (words.say("login-delete"), words.say("login-unlock"));
                let mut keys = Vec::new();
                if !local.phrase() {
                    keys = pin_pad(ui, open, key, &delete, &unlock);
                }
                if open {
                    // A host may have a passphrase: all of the keyboard counts.
                    keys.extend(typed(ui, |c| !c.is_control()));
                }
                for pressed in keys {
                    actions.extend(local.press(pressed, host).map(Action::Ask));
                }
            });
        };
        if wide {
            head(ui, local);
            ui.add_space(theme::SPACE);
            pad(ui, local, &mut actions);
        } else {
            ui.vertical(|ui| {
                head(ui, local);
                ui.add_space(theme::GAP);
                pad(ui, local, &mut actions);
            });
        }
    });
    if ui.input(|input| input.key_pressed(Key::Escape)) {
        actions.push(Action::Go(Goto::Attendee));
    }
    actions
}

fn head_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Login, host: Option<HostId>) {
    let words = scene.words;
    let colours = theme::palette(ui);
    ui.label(RichText::new(words.say("login-title")).font(theme::font(theme::TITLE)));
    match scene.hosts {
        [] => {
            quiet(ui, &words.say("login-loading"));
        }
        [only] => {
            quiet(ui, &words.with("login-as", &[("name", only.name.as_str().into())]));
        }
        several => {
            caption(ui, &words.say("login-who"));
            ui.horizontal_wrapped(|ui| {
                for each in several {
                    let chosen = Some(each.id) == host;
                    if name_button(ui, chosen, each.name.as_str()).clicked() {
                        *local = Login { chosen: Some(each.id), ..Login::default() };
                    }
                }
            });
        }
    }
    if scene.settings.display.keyboard != ScreenKeyboard::Never {
        let id = if local.phrase() { "badge-digits" } else { "badge-letters" };
        if button(ui, &words.say(id), Weight::Quiet).clicked() {
            local.phrase = !local.phrase;
        }
    }
    if let Some((tone_is_alarm, text)) = verdict_words(&local.verdict, words, scene.now.mono) {
        banner(ui, if tone_is_alarm { colours.alarm } else { colours.notice }, &text);
    }
    let trouble = !matches!(local.verdict, Verdict::None | Verdict::Asked);
    if trouble && host.is_some() && button(ui, &words.say("login-recover"), Weight::Quiet).clicked() {
        local.recover = Some(Recover::default());
    }
}

/// Whether it is serious, and in words.
fn verdict_words(verdict: &Verdict, words: &Words, now: Duration) -> Option<(bool, String)> {
    match verdict {
        Verdict::None => None,
        Verdict::Asked => Some((false, words.say("login-checking"))),
        Verdict::Wrong { tries_left } => {
            Some((true, words.with("login-wrong", &[("tries", (*tries_left).into())])))
        }
        Verdict::LockedUntil(until) if now < *until => {
            let wait = countdown(until.saturating_sub(now));
            Some((true, words.with("login-locked-for", &[("wait", wait.into())])))
        }
        Verdict::LockedUntil(_) => Some((false, words.say("login-try-again"))),
        Verdict::Locked => Some((true, words.say("login-locked"))),
        Verdict::Failed(text) => Some((true, text.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: HostId = HostId::from_bytes([1; 16]);

    #[test]
    fn digits_gather_and_are_gone_once_tried() {
        let mut login = Login::default();
        for _ in 0..Pin::MAX_PHRASE + 4 {
            assert!(login.press(PadKey::Digit('ß'), Some(HOST)).is_none());
        }
        assert_eq!(login.pin.chars().count(), Pin::MAX_PHRASE);
        login.press(PadKey::Back, Some(HOST));
        assert_eq!(login.pin.chars().count(), Pin::MAX_PHRASE - 1);
        assert!(matches!(
            login.press(PadKey::Enter, Some(HOST)),
            Some(RequestBody::Login { host: HOST, .. })
        ));
        assert!(login.pin.is_empty());
        assert!(!login.open(Duration::ZERO), "one try at a time");
        assert!(login.press(PadKey::Enter, Some(HOST)).is_none(), "nothing to try");
    }

    #[test]
    fn a_lock_out_counts_down_and_opens_again() {
        let mut login = Login::default();
        let lock = Refusal::LockedOut { retry_in: Some(Duration::from_secs(30)) };
        login.refused(Asked::Login, &lock, Duration::from_secs(100));
        assert!(!login.open(Duration::from_secs(129)));
        let words = Words::new("en");
        let (_, text) = verdict_words(&login.verdict, &words, Duration::from_secs(110)).unwrap();
        assert!(text.contains("0:20"), "{text}");
        assert!(login.open(Duration::from_secs(130)));
    }
}
