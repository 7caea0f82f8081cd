//! Who may open host mode: add, remove, unlock, change one's own PIN, make a new recovery code.
//!
//! Job: the list and its dialogs. It must not know a PIN beyond the moment it is asked for.

use super::{
    Action, Asked, Goto, HostPage, Scene,
    host::{dialog_foot, loading},
    second_host::{Pressed as SecondPressed, SecondHost},
    theme,
    widgets::{
        Weight, badge, banner, button, card, code_field, dialog, field, page_title, quiet, row_button, rule,
        secret_field,
    },
    words::{Words, sentence, visual},
};
use crate::{
    domain::{Host, HostId, PersonName},
    runtime::messages::{
        Hidden, HostRequest, HostRow, Pin, PinAttempt, PinError, Refusal, ReplyBody, RequestBody,
    },
};
use egui::{Align, Layout, RichText, Ui};
use zeroize::Zeroizing;

/// The list as last told, and what is open over it.
#[derive(Default)]
pub struct Hosts {
    rows: Option<Vec<HostRow>>,
    two_person: bool,
    dialog: Option<Dialog>,
    /// Who has to agree to what the dialog asks for, once the two-person rule asked for it.
    second: Option<SecondHost>,
    message: Option<(bool, String)>,
    waiting: bool,
}

enum Dialog {
    Add { name: String, pin: NewPin },
    Remove(Host),
    ChangePin { old: Zeroizing<String>, pin: NewPin },
    NewCode,
    TwoPerson(bool),
}

/// A PIN or passphrase typed twice.
#[derive(Default)]
struct NewPin {
    pin: Zeroizing<String>,
    again: Zeroizing<String>,
}

impl NewPin {
    /// The rules, and whether each is kept so far.
    fn rules(&self) -> [(bool, &'static str); 3] {
        let (shape, hard) = match Pin::for_host(&self.pin) {
            Ok(_) => (true, true),
            Err(PinError::Guessable) => (true, false),
            Err(PinError::Shape | PinError::HostShape) => (false, false),
        };
        let same = !self.pin.is_empty() && *self.pin == *self.again;
        [(shape, "pin-host-shape"), (hard, "pin-guessable"), (same, "pin-again-same")]
    }

    fn checked(&self) -> Option<Pin> {
        Pin::for_host(&self.pin).ok().filter(|_| *self.pin == *self.again)
    }

    fn ui(&mut self, ui: &mut Ui, words: &Words) {
        secret_field(ui, &words.say("hosts-new-pin"), &mut self.pin);
        secret_field(ui, &words.say("first-pin-again"), &mut self.again);
        for (kept, id) in self.rules() {
            rule(ui, kept, &words.say(id));
        }
    }
}

impl Hosts {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        let mine = matches!(
            asked,
            Asked::HostRows
                | Asked::AddHost
                | Asked::RemoveHost
                | Asked::ChangePin
                | Asked::UnlockHost
                | Asked::TwoPerson
        );
        match body {
            Ok(ReplyBody::HostRows { rows, two_person }) => {
                self.rows = Some(rows);
                self.two_person = two_person;
            }
            Ok(_) if mine => {
                self.waiting = false;
                (self.dialog, self.second) = (None, None);
                self.message = Some((true, String::new()));
                // The login screen's list has changed too.
                return vec![Action::AskHost(HostRequest::HostRows), Action::Ask(RequestBody::Hosts)];
            }
            Err(refusal) if mine => {
                self.waiting = false;
                if self.dialog.is_some() && SecondHost::take(&mut self.second, &refusal) {
                    return Vec::new();
                }
                self.message = Some((false, sentence(&refusal.to_string())));
            }
            _ => {}
        }
        Vec::new()
    }
}

/// Draws it.
pub(super) fn hosts_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Hosts) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    page_title(ui, &words.say("page-hosts"), |ui| {
        if button(ui, &words.say("hosts-add"), Weight::Primary).clicked() {
            local.open(Dialog::Add { name: String::new(), pin: NewPin::default() });
        }
    });
    match &local.message {
        Some((true, _)) => banner(ui, colours.arrived, &words.say("hosts-done")),
        Some((false, text)) if local.dialog.is_none() => banner(ui, colours.alarm, text),
        _ => drop(quiet(ui, &words.say("hosts-text"))),
    }
    ui.horizontal_wrapped(|ui| {
        if button(ui, &words.say("hosts-change-pin"), Weight::Quiet).clicked() {
            local.open(Dialog::ChangePin { old: Zeroizing::default(), pin: NewPin::default() });
        }
        if button(ui, &words.say("hosts-new-code"), Weight::Quiet).clicked() {
            local.open(Dialog::NewCode);
        }
        if button(ui, &words.say("page-keys"), Weight::Quiet).clicked() {
            actions.push(Action::Go(Goto::Page(HostPage::Keys)));
        }
    });
    if local.rows.is_some() {
        let mut rule = local.two_person;
        if ui.checkbox(&mut rule, words.say("hosts-two-person")).clicked() {
            local.open(Dialog::TwoPerson(rule)); // the box follows once it is on disk
        }
    }
    ui.add_space(theme::GAP / 2.0);
    match local.rows.clone() {
        None => loading(ui, scene),
        Some(rows) => {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                for row in &rows {
                    actions.extend(row_ui(ui, words, local, row, rows.len()));
                }
            });
        }
    }
    actions.extend(dialogs(ui, scene, local));
    actions
}

impl Hosts {
    fn open(&mut self, dialog: Dialog) {
        (self.message, self.second) = (None, None);
        self.dialog = Some(dialog);
    }
}

fn row_ui(ui: &mut Ui, words: &Words, local: &mut Hosts, row: &HostRow, hosts: usize) -> Option<Action> {
    let colours = theme::palette(ui);
    let name = row.host.name.as_str();
    let mut action = None;
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new(visual(name)));
            if row.you {
                badge(ui, colours.accent, &words.say("hosts-you"));
            }
            if row.locked {
                badge(ui, colours.alarm, &words.say("hosts-locked"));
            }
            if row.recovered {
                badge(ui, colours.notice, &words.say("hosts-recovered"));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let value = [("name", name.into())];
                // The last host stays, and nobody locks themselves out by mistake.
                if hosts > 1 && !row.you {
                    let spoken = words.with("hosts-remove-spoken", &value);
                    if row_button(ui, &words.say("hosts-remove"), &spoken, Weight::Danger).clicked() {
                        local.open(Dialog::Remove(row.host.clone()));
                    }
                }
                if row.locked && !row.you {
                    let spoken = words.with("hosts-unlock-spoken", &value);
                    if row_button(ui, &words.say("hosts-unlock"), &spoken, Weight::Quiet).clicked() {
                        action = Some(Action::AskHost(HostRequest::UnlockHost(row.host.id)));
                    }
                }
            });
        });
    });
    action
}

fn dialogs(ui: &Ui, scene: &Scene<'_>, local: &mut Hosts) -> Option<Action> {
    let words = scene.words;
    if let Some(second) = &mut local.second {
        return match second.ui(ui, scene) {
            SecondPressed::Nothing => None,
            SecondPressed::Close => {
                (local.dialog, local.second) = (None, None);
                None
            }
            SecondPressed::Agree(agreed) => {
                let request = Box::new(local.dialog.as_ref().and_then(Dialog::request)?);
                Some(Action::AskHost(HostRequest::WithSecond(agreed, request)))
            }
        };
    }
    let waiting = local.waiting;
    let refused = local.message.as_ref().filter(|(well, _)| !well).map(|(_, text)| text.clone());
    let title = match local.dialog.as_ref()? {
        Dialog::Add { .. } => words.say("hosts-add-title"),
        Dialog::Remove(host) => words.with("hosts-remove-title", &[("name", host.name.as_str().into())]),
        Dialog::ChangePin { .. } => words.say("hosts-change-pin"),
        Dialog::NewCode => words.say("hosts-new-code"),
        Dialog::TwoPerson(_) => words.say("hosts-two-person"),
    };
    let mut pressed = None;
    let closed = dialog(ui, "hosts", &title, |ui| {
        if let Some(text) = &refused {
            banner(ui, theme::palette(ui).alarm, text);
        }
        let Some(dialog) = &mut local.dialog else { return };
        let (deed, ready, weight) = dialog.fields(ui, words);
        let cancel = words.say("button-cancel");
        pressed = dialog_foot(ui, &cancel, &words.say(deed), ready && !waiting, weight);
    });
    if pressed == Some(false) || closed.is_some() {
        local.dialog = None;
        return None;
    }
    if pressed != Some(true) {
        return None;
    }
    if matches!(local.dialog, Some(Dialog::NewCode)) {
        local.dialog = None;
        return Some(Action::Go(Goto::NewCode));
    }
    let request = local.dialog.as_ref().and_then(Dialog::request)?;
    local.waiting = true;
    local.message = None;
    Some(Action::AskHost(request))
}

impl Dialog {
    /// What is typed, and the name, state and weight of the deed.
    fn fields(&mut self, ui: &mut Ui, words: &Words) -> (&'static str, bool, Weight) {
        match self {
            Self::Add { name, pin } => {
                field(ui, &words.say("hosts-name"), name, "");
                pin.ui(ui, words);
                let ready = PersonName::new(name).is_ok() && pin.checked().is_some();
                ("hosts-add-deed", ready, Weight::Primary)
            }
            Self::Remove(_) => {
                quiet(ui, &words.say("hosts-remove-text"));
                ("hosts-remove", true, Weight::Danger)
            }
            Self::ChangePin { old, pin } => {
                secret_field(ui, &words.say("hosts-old-pin"), old);
                pin.ui(ui, words);
                ("hosts-change-deed", !old.is_empty() && pin.checked().is_some(), Weight::Primary)
            }
            Self::NewCode => {
                quiet(ui, &words.say("hosts-new-code-text"));
                ("hosts-new-code-deed", true, Weight::Primary)
            }
            Self::TwoPerson(true) => {
                quiet(ui, &words.say("hosts-two-person-on-text"));
                ("hosts-two-person-on", true, Weight::Primary)
            }
            Self::TwoPerson(false) => {
                quiet(ui, &words.say("hosts-two-person-off-text"));
                ("hosts-two-person-off", true, Weight::Danger)
            }
        }
    }

    fn request(&self) -> Option<HostRequest> {
        match self {
            Self::Add { name, pin } => {
                Some(HostRequest::AddHost { name: PersonName::new(name).ok()?, pin: Hidden(pin.checked()?) })
            }
            Self::Remove(host) => Some(HostRequest::RemoveHost(host.id)),
            Self::ChangePin { old, pin } => Some(HostRequest::ChangePin {
                old: Hidden(PinAttempt::new(old)),
                new: Hidden(pin.checked()?),
            }),
            Self::NewCode => None,
            Self::TwoPerson(on) => Some(HostRequest::TwoPerson(*on)),
        }
    }
}

/// The recovery code in place of a PIN, for a host who is locked out or forgot theirs.
#[derive(Default)]
pub struct Recover {
    code: Zeroizing<String>,
    pin: NewPin,
    waiting: bool,
    refused: Option<String>,
}

impl Recover {
    /// The answer was no.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.waiting = false;
        self.refused = Some(sentence(&refusal.to_string()));
    }
}

/// Draws it.
pub(super) fn recover_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    local: &mut Recover,
    host: HostId,
) -> Option<RequestBody> {
    let words = scene.words;
    quiet(ui, &words.say("recover-text"));
    code_field(ui, &words.say("recover-code"), &mut local.code, "•••••-•••••-•••••-•••••-•••••");
    local.pin.ui(ui, words);
    if let Some(text) = &local.refused {
        banner(ui, theme::palette(ui).alarm, text);
    }
    // Without a new PIN the old one is kept, and only unlocked.
    let unchanged = local.pin.pin.is_empty() && local.pin.again.is_empty();
    let ready = !local.waiting && local.code.len() >= 20 && (unchanged || local.pin.checked().is_some());
    let pressed = super::widgets::button_if(ui, ready, &words.say("recover-deed"), Weight::Primary).clicked();
    if !pressed {
        return None;
    }
    local.waiting = true;
    local.refused = None;
    Some(RequestBody::Recover { host, code: PinAttempt::new(&local.code), new_pin: local.pin.checked() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_added_only_with_a_name_and_a_good_pin_typed_twice() {
        let mut dialog = Dialog::Add { name: "Grace".into(), pin: NewPin::default() };
        assert!(dialog.request().is_none());
        let Dialog::Add { pin, .. } = &mut dialog else { unreachable!() };
        pin.pin = Zeroizing::new("802715".into());
        assert_eq!(pin.rules().map(|(kept, _)| kept), [true, true, false]);
        pin.again = Zeroizing::new("802715".into());
        assert!(matches!(dialog.request(), Some(HostRequest::AddHost { .. })));
    }

    #[test]
    fn a_refusal_keeps_the_dialog_and_a_success_reads_the_list_again() {
        let mut page = Hosts::default();
        page.open(Dialog::NewCode);
        page.waiting = true;
        page.reply(Asked::ChangePin, Err(Refusal::WrongPin { tries_left: 2 }));
        assert!(page.dialog.is_some() && !page.waiting);
        let actions = page.reply(Asked::ChangePin, Ok(ReplyBody::Done));
        assert!(page.dialog.is_none());
        assert!(matches!(actions.as_slice(), [Action::AskHost(HostRequest::HostRows), Action::Ask(_)]));
    }
}
