//! Changing one person: name, badge, active or not, a schedule and a PIN of their own, consent.
//!
//! Job: fields to requests. It must not know how a person is kept.

use super::{
    Scene,
    host::dialog_foot,
    schedule_editor::ScheduleEditor,
    theme,
    widgets::{Weight, banner, button, caption, field, pin_field, quiet, row_button, wide_dialog},
    words::Words,
};
use crate::{
    domain::{PersonId, PersonName, WorkRules},
    runtime::messages::{Hidden, HostRequest, PersonChange, PersonRow, Pin, PinState},
};
use egui::Ui;
use zeroize::Zeroizing;

/// The fields.
pub(super) struct Edit {
    row: PersonRow,
    name: String,
    badge: String,
    active: bool,
    own_schedule: bool,
    schedule: ScheduleEditor,
    pin: Zeroizing<String>,
    /// The first press on "withdraw" asks again.
    withdraw: bool,
    /// Requests are under way.
    pub(super) waiting: bool,
}

/// What was pressed.
pub(super) enum Pressed {
    Nothing,
    Close,
    Erase,
    Ask(Vec<HostRequest>),
}

impl Edit {
    pub(super) fn new(row: &PersonRow, rules: &WorkRules) -> Self {
        let own = rules.people.get(&row.person.id);
        Self {
            name: row.person.name.as_str().to_owned(),
            badge: row.person.badge.clone().unwrap_or_default(),
            active: row.person.active,
            own_schedule: own.is_some(),
            schedule: ScheduleEditor::new(own.unwrap_or(&rules.schedule)),
            pin: Zeroizing::default(),
            withdraw: false,
            waiting: false,
            row: row.clone(),
        }
    }

    /// What is on disk by now; what was typed stays.
    pub(super) fn renew(&mut self, rows: &[PersonRow]) {
        if let Some(row) = rows.iter().find(|row| row.person.id == self.row.person.id) {
            self.row.clone_from(row);
            self.withdraw &= row.person.consent.is_some();
        }
    }

    pub(super) fn person(&self) -> PersonId {
        self.row.person.id
    }

    pub(super) fn old_name(&self) -> PersonName {
        self.row.person.name.clone()
    }

    /// What saving asks for; `None` while something is wrong.
    fn requests(&self) -> Option<Vec<HostRequest>> {
        let schedule = if self.own_schedule { Some(self.schedule.schedule().ok()?) } else { None };
        let badge = Some(self.badge.trim().to_owned()).filter(|badge| !badge.is_empty());
        let change = PersonChange {
            person: self.row.person.id,
            name: PersonName::new(&self.name).ok()?,
            badge,
            active: self.active,
            schedule,
        };
        let mut requests = Vec::new();
        if !self.pin.is_empty() {
            let pin = Some(Hidden(Pin::new(&self.pin).ok()?));
            requests.push(HostRequest::SetPersonPin { person: self.row.person.id, pin });
        }
        // Last: its reply closes the dialog, so a refused PIN before it is still seen.
        requests.push(HostRequest::ChangePerson(Box::new(change)));
        Some(requests)
    }

    /// Draws the dialog; `exported` is where this person's data was written.
    pub(super) fn ui(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        refused: Option<&str>,
        exported: Option<&str>,
    ) -> Pressed {
        let words = scene.words;
        let title = words.with("people-edit-title", &[("name", self.row.person.name.as_str().into())]);
        let mut pressed = Pressed::Nothing;
        let shut = wide_dialog(ui, "edit person", &title, |ui| {
            ui.columns(2, |columns| {
                let [left, right] = columns else { return };
                field(left, &words.say("people-name"), &mut self.name, "");
                field(right, &words.say("people-badge-optional"), &mut self.badge, "");
            });
            ui.checkbox(&mut self.active, words.say("people-active"));
            ui.checkbox(&mut self.own_schedule, words.say("people-own-schedule"));
            if self.own_schedule {
                self.schedule.ui(ui, words);
            }
            self.pin_ui(ui, words, &mut pressed);
            self.consent_ui(ui, scene, &mut pressed);
            ui.horizontal(|ui| {
                let own = words.say("people-export-own");
                if row_button(ui, &own, &own, Weight::Primary).clicked() && !self.waiting {
                    self.waiting = true;
                    let person = self.row.person.id;
                    pressed = Pressed::Ask(vec![HostRequest::ExportPerson { person, folder: None }]);
                }
                let erase = words.say("people-erase-open");
                if row_button(ui, &erase, &erase, Weight::Danger).clicked() {
                    pressed = Pressed::Erase;
                }
            });
            if let Some(path) = exported {
                let text = words.with("people-exported", &[("path", path.into())]);
                banner(ui, theme::palette(ui).arrived, &text);
            }
            if let Some(refused) = refused {
                banner(ui, theme::palette(ui).alarm, refused);
            }
            let requests = self.requests().filter(|_| !self.waiting);
            let (cancel, deed) = (words.say("button-cancel"), words.say("people-edit-deed"));
            match (dialog_foot(ui, &cancel, &deed, requests.is_some(), Weight::Primary), requests) {
                (Some(true), Some(requests)) => {
                    self.waiting = true;
                    pressed = Pressed::Ask(requests);
                }
                (Some(false), _) => pressed = Pressed::Close,
                _ => {}
            }
        });
        if shut.is_some() { Pressed::Close } else { pressed }
    }

    fn pin_ui(&mut self, ui: &mut Ui, words: &Words, pressed: &mut Pressed) {
        let id = match self.row.pin {
            PinState::Unset => "people-pin",
            PinState::Set => "people-pin-set",
            PinState::Locked => "people-pin-locked",
        };
        pin_field(ui, &words.say(id), &mut self.pin);
        if !self.pin.is_empty() && Pin::new(&self.pin).is_err() {
            caption(ui, &words.say("people-pin-rule"));
        }
        if self.row.pin == PinState::Locked
            && button(ui, &words.say("people-unlock"), Weight::Quiet).clicked()
            && !self.waiting
        {
            self.waiting = true;
            *pressed = Pressed::Ask(vec![HostRequest::UnlockPerson(self.row.person.id)]);
        }
    }

    fn consent_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, pressed: &mut Pressed) {
        let words = scene.words;
        let Some(consent) = &self.row.person.consent else {
            quiet(ui, &words.say("people-no-consent"));
            return;
        };
        let date = words.day_of(consent.at, scene.zone());
        ui.horizontal_wrapped(|ui| {
            let values = [("date", date.into()), ("version", consent.version.as_str().into())];
            quiet(ui, &words.with("people-consent-given", &values));
            let id = if self.withdraw { "people-withdraw-sure" } else { "people-withdraw" };
            let text = words.say(id);
            if row_button(ui, &text, &text, Weight::Danger).clicked() {
                if self.withdraw && !self.waiting {
                    self.waiting = true;
                    *pressed = Pressed::Ask(vec![HostRequest::WithdrawConsent(self.row.person.id)]);
                }
                self.withdraw = true;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Person;

    fn edit(rules: &WorkRules) -> Edit {
        let person = Person {
            id: PersonId::from_bytes([3; 16]),
            name: PersonName::new("Ada").unwrap(),
            badge: Some("7".into()),
            active: true,
            created: jiff::Timestamp::UNIX_EPOCH,
            consent: None,
        };
        Edit::new(&PersonRow { person, templates: 0, pin: PinState::Unset }, rules)
    }

    fn change(edit: &Edit) -> PersonChange {
        let requests = edit.requests().unwrap();
        let Some(HostRequest::ChangePerson(change)) = requests.last() else { panic!("no change") };
        (**change).clone()
    }

    #[test]
    fn what_is_shown_is_what_is_saved() {
        let mut rules =
            WorkRules { schedule: "mon-fri 08:00-17:00".parse().unwrap(), ..WorkRules::default() };
        let mut plain = edit(&rules);
        assert_eq!(change(&plain).schedule, None, "the site's schedule is not copied");
        plain.own_schedule = true;
        assert_eq!(change(&plain).schedule, Some(rules.schedule.clone()));
        let own = "sat 22:00-06:00".parse().unwrap();
        rules.people.insert(PersonId::from_bytes([3; 16]), own);
        assert_eq!(change(&edit(&rules)).schedule, rules.people.values().next().cloned());
        plain.badge = " ".into();
        assert_eq!(change(&plain).badge, None);
        plain.name = " ".into();
        assert!(plain.requests().is_none());
    }

    #[test]
    fn a_pin_is_set_only_when_one_was_typed_and_is_good() {
        let mut edit = edit(&WorkRules::default());
        assert_eq!(edit.requests().unwrap().len(), 1);
        edit.pin = "12".to_owned().into();
        assert!(edit.requests().is_none());
        edit.pin = "802715".to_owned().into();
        assert!(matches!(edit.requests().unwrap()[..], [HostRequest::SetPersonPin { .. }, _]));
    }
}
