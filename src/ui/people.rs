//! The people that the kiosk knows: find, add, enrol, erase.
//!
//! Job: the list and its dialogs. It must not know how a person is kept.

use super::{
    Action, Asked, Goto, Scene,
    host::{dialog_foot, empty, loading},
    theme,
    widgets::{Weight, badge, banner, button, dialog, field, page_title, quiet, row_button},
    words::sentence,
};
use crate::{
    domain::{PersonId, PersonName},
    runtime::messages::{HostRequest, PersonRow, Refusal, ReplyBody},
};
use egui::{Align, Layout, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

/// What was loaded and typed.
#[derive(Default)]
pub struct People {
    rows: Option<Vec<PersonRow>>,
    search: String,
    dialog: Dialog,
    refused: Option<String>,
}

#[derive(Default)]
enum Dialog {
    #[default]
    None,
    Add {
        name: String,
        badge: String,
        waiting: bool,
    },
    Erase {
        person: PersonId,
        name: PersonName,
        understood: bool,
        waiting: bool,
    },
}

impl People {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (_, Ok(ReplyBody::People(rows))) => self.rows = Some(rows),
            (Asked::AddPerson, Ok(ReplyBody::Added(person))) => {
                // Straight on to the camera: whoever is added usually stands there.
                if let Dialog::Add { name, .. } = std::mem::take(&mut self.dialog)
                    && let Ok(name) = PersonName::new(&name)
                {
                    return vec![Action::Go(Goto::Enrol(person, name))];
                }
            }
            (Asked::ErasePerson, Ok(_)) => {
                self.dialog = Dialog::None;
                return vec![Action::AskHost(HostRequest::People)];
            }
            (Asked::AddPerson | Asked::ErasePerson | Asked::People, Err(refusal)) => {
                self.refused = Some(sentence(&refusal.to_string()));
                match &mut self.dialog {
                    Dialog::Add { waiting, .. } | Dialog::Erase { waiting, .. } => *waiting = false,
                    Dialog::None => {}
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn found(&self) -> Vec<&PersonRow> {
        let wanted = self.search.trim().to_lowercase();
        let hit = |row: &&PersonRow| {
            let badge = row.person.badge.as_deref().unwrap_or_default();
            row.person.name.as_str().to_lowercase().contains(&wanted)
                || badge.to_lowercase().contains(&wanted)
        };
        self.rows.iter().flatten().filter(hit).collect()
    }
}

/// Draws it.
pub(super) fn people_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut People) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    page_title(ui, &words.say("page-people"), |ui| {
        if button(ui, &words.say("people-add"), Weight::Primary).clicked() {
            local.refused = None;
            local.dialog = Dialog::Add { name: String::new(), badge: String::new(), waiting: false };
        }
        let width = ui.available_width().min(280.0);
        let hint = words.say("people-search");
        ui.add(
            TextEdit::singleline(&mut local.search)
                .hint_text(hint)
                .desired_width(width)
                .margin(egui::Margin::symmetric(14, 12)),
        );
    });
    if let Some(refused) = &local.refused
        && matches!(local.dialog, Dialog::None)
    {
        banner(ui, colours.alarm, refused);
    }
    match &local.rows {
        None => loading(ui, scene),
        Some(rows) if rows.is_empty() => empty(ui, &words.say("people-none"), &words.say("people-none-text")),
        Some(_) => {
            let found = local.found();
            if found.is_empty() {
                quiet(ui, &words.say("people-not-found"));
            } else {
                match table(ui, scene, &found) {
                    Some(Pressed::Enrol(person, name)) => actions.push(Action::Go(Goto::Enrol(person, name))),
                    Some(Pressed::Erase(person, name)) => {
                        local.refused = None;
                        local.dialog = Dialog::Erase { person, name, understood: false, waiting: false };
                    }
                    None => {}
                }
            }
        }
    }
    actions.extend(dialogs(ui, scene, local));
    actions
}

enum Pressed {
    Enrol(PersonId, PersonName),
    Erase(PersonId, PersonName),
}

fn table(ui: &mut Ui, scene: &Scene<'_>, rows: &[&PersonRow]) -> Option<Pressed> {
    let words = scene.words;
    let colours = theme::palette(ui);
    let narrow = ui.available_width() < 720.0;
    let mut pressed = None;
    let mut builder = TableBuilder::new(ui)
        .striped(true)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::remainder().at_least(120.0).clip(true));
    if !narrow {
        builder = builder.column(Column::exact(110.0));
    }
    builder
        .column(Column::exact(if narrow { 120.0 } else { 150.0 }))
        .column(Column::exact(if narrow { 190.0 } else { 240.0 }))
        .header(34.0, |mut header| {
            header.col(|ui| head(ui, &words.say("people-name")));
            if !narrow {
                header.col(|ui| head(ui, &words.say("people-badge")));
            }
            header.col(|ui| head(ui, &words.say("people-state")));
            header.col(|_| {});
        })
        .body(|body| {
            body.rows(theme::ROW, rows.len(), |mut row| {
                let Some(PersonRow { person, templates, .. }) = rows.get(row.index()) else { return };
                let name = person.name.as_str();
                row.col(|ui| {
                    ui.add_space(CELL);
                    ui.add(egui::Label::new(name).truncate());
                });
                if !narrow {
                    row.col(|ui| {
                        ui.add_space(CELL);
                        quiet(ui, person.badge.as_deref().unwrap_or("–"));
                    });
                }
                row.col(|ui| {
                    ui.add_space(CELL);
                    let (tone, id) = match (person.active, *templates) {
                        (false, _) => (colours.accent, "people-inactive"),
                        (true, 0) => (colours.notice, "people-not-enrolled"),
                        (true, _) => (colours.arrived, "people-enrolled"),
                    };
                    badge(ui, tone, &words.say(id));
                });
                row.col(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add_space(6.0);
                        let value = [("name", name.into())];
                        let spoken = words.with("people-erase-spoken", &value);
                        if row_button(ui, &words.say("people-erase"), &spoken, Weight::Danger).clicked() {
                            pressed = Some(Pressed::Erase(person.id, person.name.clone()));
                        }
                        let spoken = words.with("people-enrol-spoken", &value);
                        let id = if *templates == 0 { "people-enrol" } else { "people-enrol-again" };
                        if row_button(ui, &words.say(id), &spoken, Weight::Primary).clicked() {
                            pressed = Some(Pressed::Enrol(person.id, person.name.clone()));
                        }
                    });
                });
            });
        });
    pressed
}

/// Space before the text of every cell, titles included.
pub(super) const CELL: f32 = 8.0;

/// A column's title.
pub(super) fn head(ui: &mut Ui, text: &str) {
    ui.add_space(CELL);
    super::widgets::caption(ui, text);
}

fn dialogs(ui: &mut Ui, scene: &Scene<'_>, local: &mut People) -> Option<Action> {
    let words = scene.words;
    let colours = theme::palette(ui);
    let cancel = words.say("button-cancel");
    let refused = local.refused.clone();
    let mut action = None;
    let mut close = false;
    match &mut local.dialog {
        Dialog::None => {}
        Dialog::Add { name, badge, waiting } => {
            let shut = dialog(ui, "add person", &words.say("people-add-title"), |ui| {
                field(ui, &words.say("people-name"), name, "");
                field(ui, &words.say("people-badge-optional"), badge, "");
                if let Some(refused) = &refused {
                    banner(ui, colours.alarm, refused);
                }
                let checked = PersonName::new(name);
                let ready = checked.is_ok() && !*waiting;
                match dialog_foot(ui, &cancel, &words.say("people-add-deed"), ready, Weight::Primary) {
                    Some(true) => {
                        let badge = Some(badge.trim().to_owned()).filter(|badge| !badge.is_empty());
                        action =
                            checked.ok().map(|name| Action::AskHost(HostRequest::AddPerson { name, badge }));
                        *waiting = true;
                    }
                    Some(false) => close = true,
                    None => {}
                }
            });
            close |= shut.is_some();
        }
        Dialog::Erase { person, name, understood, waiting } => {
            let title = words.with("people-erase-title", &[("name", name.as_str().into())]);
            let shut = dialog(ui, "erase person", &title, |ui| {
                ui.label(words.say("people-erase-text"));
                ui.checkbox(understood, words.say("people-erase-understood"));
                if let Some(refused) = &refused {
                    banner(ui, colours.alarm, refused);
                }
                let ready = *understood && !*waiting;
                match dialog_foot(ui, &cancel, &words.say("people-erase-deed"), ready, Weight::Danger) {
                    Some(true) => {
                        action = Some(Action::AskHost(HostRequest::ErasePerson(*person)));
                        *waiting = true;
                    }
                    Some(false) => close = true,
                    None => {}
                }
            });
            close |= shut.is_some();
        }
    }
    if close {
        local.dialog = Dialog::None;
        local.refused = None;
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Person, runtime::messages::PinState};

    fn row(name: &str, badge: Option<&str>) -> PersonRow {
        PersonRow {
            person: Person {
                id: PersonId::from_bytes([name.len() as u8; 16]),
                name: PersonName::new(name).unwrap(),
                badge: badge.map(str::to_owned),
                active: true,
                created: jiff::Timestamp::UNIX_EPOCH,
                consent: None,
            },
            templates: 0,
            pin: PinState::Unset,
        }
    }

    #[test]
    fn search_finds_names_and_badges_in_any_case() {
        let mut page = People::default();
        page.reply(
            Asked::People,
            Ok(ReplyBody::People(vec![row("Ada Lovelace", Some("A-17")), row("Émile", None)])),
        );
        let found = |page: &mut People, text: &str| {
            page.search = text.into();
            page.found().iter().map(|row| row.person.name.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found(&mut page, "LOVE"), ["Ada Lovelace"]);
        assert_eq!(found(&mut page, "a-17"), ["Ada Lovelace"]);
        assert_eq!(found(&mut page, "é"), ["Émile"]);
        assert_eq!(found(&mut page, " "), ["Ada Lovelace", "Émile"]);
    }

    #[test]
    fn a_person_who_was_added_goes_on_to_the_camera() {
        let mut page = People {
            dialog: Dialog::Add { name: "Ada".into(), badge: String::new(), waiting: true },
            ..People::default()
        };
        let id = PersonId::from_bytes([3; 16]);
        let actions = page.reply(Asked::AddPerson, Ok(ReplyBody::Added(id)));
        assert!(matches!(&actions[..], [Action::Go(Goto::Enrol(person, _))] if *person == id));
    }

    #[test]
    fn a_refusal_keeps_what_was_typed() {
        let mut page = People {
            dialog: Dialog::Add { name: "Ada".into(), badge: "7".into(), waiting: true },
            ..People::default()
        };
        page.reply(Asked::AddPerson, Err(Refusal::Failed("the badge is taken: use another".into())));
        assert!(matches!(&page.dialog, Dialog::Add { name, waiting: false, .. } if name == "Ada"));
        assert_eq!(page.refused.as_deref(), Some("The badge is taken: use another."));
    }
}
