//! The people that the kiosk knows: find, sort, add, change, enrol, erase, import.
//!
//! Job: the list and its dialogs. It must not know how a person is kept.

use super::{
    Action, Asked, Goto, Scene,
    host::{dialog_foot, empty, loading},
    people_edit::{Edit, Pressed as EditPressed},
    people_import::{Import, Pressed as ImportPressed},
    second_host::{Pressed as SecondPressed, SecondHost},
    table::{Col, Sort, buttons, faint, table, text},
    theme::{self, Palette, Tone},
    widgets::{Weight, badge, banner, button, dialog, field, page_title, pick, quiet, row_button, search},
    words::{Words, sentence},
};
use crate::{
    domain::{PersonId, PersonName},
    runtime::messages::{HostRequest, PersonRow, Refusal, ReplyBody},
};
use egui::Ui;

/// What was loaded, chosen and typed.
pub struct People {
    rows: Option<Vec<PersonRow>>,
    /// Places in `rows` that search and filter let through, in the order shown.
    shown: Vec<usize>,
    search: String,
    filter: Filter,
    sort: Sort<Key>,
    dialog: Dialog,
    refused: Option<String>,
    /// What was done, in a sentence.
    done: Option<String>,
    /// Where a person's own data was saved.
    exported: Option<String>,
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
    Edit(Box<Edit>),
    Erase {
        person: PersonId,
        name: PersonName,
        understood: bool,
        waiting: bool,
        /// Who has to agree, once the two-person rule asked for it.
        second: Option<SecondHost>,
    },
    Import(Import),
}

/// Who is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    All,
    Active,
    NotEnrolled,
    Again,
    Inactive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Badge,
    State,
    Consent,
}

impl Default for People {
    fn default() -> Self {
        Self {
            rows: None,
            shown: Vec::new(),
            search: String::new(),
            filter: Filter::All,
            sort: Sort::new(Key::Name, false),
            dialog: Dialog::None,
            refused: None,
            done: None,
            exported: None,
        }
    }
}

impl People {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (_, Ok(ReplyBody::People(rows))) => {
                if let Dialog::Edit(edit) = &mut self.dialog {
                    edit.renew(&rows);
                }
                self.rows = Some(rows);
                self.arrange();
            }
            (Asked::AddPerson, Ok(ReplyBody::Added(person))) => {
                // Straight on to the camera: whoever is added usually stands there.
                if let Dialog::Add { name, .. } = std::mem::take(&mut self.dialog)
                    && let Ok(name) = PersonName::new(&name)
                {
                    return vec![Action::Go(Goto::Enrol(person, name))];
                }
            }
            (Asked::WithdrawConsent | Asked::UnlockPerson, Ok(_)) => {
                self.go_on_editing();
                return vec![Action::AskHost(HostRequest::People)];
            }
            (Asked::ErasePerson | Asked::ChangePerson, Ok(_)) => {
                match &mut self.dialog {
                    // The PIN that was saved with the rest was refused: the reason stays in view.
                    Dialog::Edit(edit) if self.refused.is_some() => edit.waiting = false,
                    _ => self.dialog = Dialog::None,
                }
                return vec![Action::AskHost(HostRequest::People)];
            }
            (Asked::ExportPerson, Ok(ReplyBody::PersonExported { files })) => {
                self.go_on_editing();
                self.exported = files.first().map(|file| file.display().to_string());
            }
            (Asked::ErasePerson, Err(refusal)) if self.second_is_asked(&refusal) => {}
            (asked, body) if matches!(self.dialog, Dialog::Import(_)) => {
                if let Dialog::Import(import) = &mut self.dialog {
                    return import.reply(asked, body);
                }
            }
            (
                Asked::AddPerson
                | Asked::ErasePerson
                | Asked::ChangePerson
                | Asked::SetPersonPin
                | Asked::UnlockPerson
                | Asked::WithdrawConsent
                | Asked::ExportPerson
                | Asked::People,
                Err(refusal),
            ) => {
                self.refused = Some(sentence(&refusal.to_string()));
                match &mut self.dialog {
                    Dialog::Add { waiting, .. } | Dialog::Erase { waiting, .. } => *waiting = false,
                    Dialog::Edit(edit) => edit.waiting = false,
                    Dialog::None | Dialog::Import(_) => {}
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// What is not part of saving is done; what was typed stays.
    fn go_on_editing(&mut self) {
        if let Dialog::Edit(edit) = &mut self.dialog {
            edit.waiting = false;
        }
    }

    /// Whether a refusal is for the second host's dialog, which opens with it or stays.
    fn second_is_asked(&mut self, refusal: &Refusal) -> bool {
        let Dialog::Erase { second, waiting, .. } = &mut self.dialog else { return false };
        let taken = SecondHost::take(second, refusal);
        *waiting &= !taken;
        taken
    }

    /// Filters and sorts anew: once for each change, not for each frame.
    fn arrange(&mut self) {
        let rows = self.rows.as_deref().unwrap_or_default();
        let listed = |row: &PersonRow| match self.filter {
            Filter::All => true,
            Filter::Active => row.person.active,
            Filter::NotEnrolled => row.person.active && row.templates == 0,
            Filter::Again => row.enrol_again(),
            Filter::Inactive => !row.person.active,
        };
        let mut shown: Vec<(usize, &PersonRow)> =
            rows.iter().enumerate().filter(|(_, row)| listed(row) && matches(row, &self.search)).collect();
        match self.sort.by {
            Key::Name => {} // as they come
            Key::Badge => shown.sort_by(|(_, a), (_, b)| {
                let key = |row: &PersonRow| (row.person.badge.is_none(), row.person.badge.clone());
                key(a).cmp(&key(b))
            }),
            Key::State => {
                shown.sort_by_key(|(_, row)| (!row.person.active, row.templates == 0, !row.enrol_again()));
            }
            Key::Consent => shown.sort_by_key(|(_, row)| {
                (row.person.consent.is_none(), row.person.consent.as_ref().map(|consent| consent.at))
            }),
        }
        self.shown = shown.into_iter().map(|(place, _)| place).collect();
        if self.sort.descending {
            self.shown.reverse();
        }
    }
}

/// Whether a search finds a person, by name or badge, in any case.
pub(super) fn matches(row: &PersonRow, search: &str) -> bool {
    finds(search, row.person.name.as_str(), row.person.badge.as_deref())
}

/// The same, wherever a name and a badge stand in a row.
pub(super) fn finds(search: &str, name: &str, badge: Option<&str>) -> bool {
    let wanted = search.trim().to_lowercase();
    let contains = |text: &str| text.to_lowercase().contains(&wanted);
    wanted.is_empty() || contains(name) || badge.is_some_and(contains)
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
        if button(ui, &words.say("import-open"), Weight::Quiet).clicked() {
            (local.refused, local.done) = (None, None);
            local.dialog = Dialog::Import(Import::default());
            actions.push(Action::AskHost(HostRequest::Folders));
        }
    });
    filters(ui, words, local);
    if let Some(refused) = &local.refused
        && matches!(local.dialog, Dialog::None)
    {
        banner(ui, colours.alarm, refused);
    }
    if let Some(done) = &local.done {
        banner(ui, colours.arrived, done);
    }
    if let Some(path) = &local.exported
        && !matches!(local.dialog, Dialog::Edit(_))
    {
        banner(ui, colours.arrived, &words.with("people-exported", &[("path", path.as_str().into())]));
    }
    match &local.rows {
        None => loading(ui, scene),
        Some(rows) if rows.is_empty() => empty(ui, &words.say("people-none"), &words.say("people-none-text")),
        Some(_) if local.shown.is_empty() => {
            let searched = !local.search.trim().is_empty();
            quiet(ui, &words.say(if searched { "people-not-found" } else { "people-none-listed" }));
        }
        Some(_) => match people_table(ui, scene, local) {
            Some(Pressed::Enrol(row)) => {
                actions.push(Action::Go(Goto::Enrol(row.person.id, row.person.name)));
            }
            Some(Pressed::Edit(row)) => {
                (local.refused, local.exported) = (None, None);
                local.dialog = Dialog::Edit(Box::new(Edit::new(&row, &scene.settings.work)));
            }
            Some(Pressed::Erase(row)) => local.ask_to_erase(row.person.id, row.person.name),
            None => {}
        },
    }
    actions.extend(dialogs(ui, scene, local));
    actions
}

impl People {
    fn ask_to_erase(&mut self, person: PersonId, name: PersonName) {
        self.refused = None;
        self.dialog = Dialog::Erase { person, name, understood: false, waiting: false, second: None };
    }
}

fn filters(ui: &mut Ui, words: &Words, local: &mut People) {
    let before = (local.search.clone(), local.filter);
    ui.horizontal(|ui| {
        search(ui, &words.say("people-search"), &mut local.search, 280.0);
        let filters = [
            (Filter::All, words.say("filter-everybody")),
            (Filter::Active, words.say("filter-active")),
            (Filter::NotEnrolled, words.say("people-not-enrolled")),
            (Filter::Again, words.say("people-again")),
            (Filter::Inactive, words.say("people-inactive")),
        ];
        pick(ui, &words.say("people-filter"), &mut local.filter, &filters);
        if let Some(rows) = local.rows.as_ref().filter(|_| ui.available_width() > 160.0) {
            let values = [("shown", local.shown.len().into()), ("people", rows.len().into())];
            super::widgets::caption(ui, &words.with("people-count", &values));
        }
    });
    if before != (local.search.clone(), local.filter) {
        local.arrange();
    }
}

enum Pressed {
    Enrol(PersonRow),
    Edit(PersonRow),
    Erase(PersonRow),
}

fn people_table(ui: &mut Ui, scene: &Scene<'_>, local: &mut People) -> Option<Pressed> {
    let words = scene.words;
    let colours = theme::palette(ui);
    let narrow = ui.available_width() < 880.0;
    let mut columns = vec![Col::rest(words.say("people-name")).sorts(Key::Name)];
    if !narrow {
        columns.push(Col::fixed(words.say("people-badge"), 110.0).sorts(Key::Badge));
    }
    columns.push(Col::fixed(words.say("people-state"), 136.0).sorts(Key::State));
    if !narrow {
        columns.push(Col::fixed(words.say("people-consent"), 132.0).sorts(Key::Consent));
    }
    columns.push(Col::fixed(String::new(), if narrow { 256.0 } else { 348.0 }));
    let last = columns.len() - 1;
    let People { rows, shown, sort, .. } = &mut *local;
    let rows = rows.as_deref().unwrap_or_default();
    let mut pressed = None;
    let changed = table(ui, "people", &columns, sort, theme::ROW, shown.len(), |ui, row, column| {
        let Some(row) = shown.get(row).and_then(|place| rows.get(*place)) else { return };
        let person = &row.person;
        match (column, narrow) {
            (0, _) => text(ui, person.name.as_str()),
            (column, _) if column == last => {
                pressed = row_buttons(ui, words, row, !narrow).or(pressed.take());
            }
            (1, false) => faint(ui, person.badge.as_deref().unwrap_or("–")),
            (1, true) | (2, false) => {
                let (tone, id) = state(colours, row);
                badge(ui, tone, &words.say(id));
            }
            _ => match &person.consent {
                Some(consent) => {
                    faint(ui, &words.day_of(consent.at, scene.zone()));
                }
                None => faint(ui, "–"),
            },
        }
    });
    if changed {
        local.arrange();
    }
    pressed
}

fn state(colours: &Palette, row: &PersonRow) -> (Tone, &'static str) {
    match (row.person.active, row.templates) {
        (false, _) => (colours.accent, "people-inactive"),
        (true, 0) if row.enrol_again() => (colours.alarm, "people-again"),
        (true, 0) => (colours.notice, "people-not-enrolled"),
        (true, _) => (colours.arrived, "people-enrolled"),
    }
}

fn row_buttons(ui: &mut Ui, words: &Words, row: &PersonRow, wide: bool) -> Option<Pressed> {
    let mut pressed = None;
    buttons(ui, |ui| {
        let value = [("name", row.person.name.as_str().into())];
        if wide {
            let spoken = words.with("people-erase-spoken", &value);
            if row_button(ui, &words.say("people-erase"), &spoken, Weight::Danger).clicked() {
                pressed = Some(Pressed::Erase(row.clone()));
            }
        }
        let spoken = words.with("people-edit-spoken", &value);
        if row_button(ui, &words.say("people-edit"), &spoken, Weight::Primary).clicked() {
            pressed = Some(Pressed::Edit(row.clone()));
        }
        let spoken = words.with("people-enrol-spoken", &value);
        let id = if row.templates == 0 { "people-enrol" } else { "people-enrol-again" };
        if row_button(ui, &words.say(id), &spoken, Weight::Primary).clicked() {
            pressed = Some(Pressed::Enrol(row.clone()));
        }
    });
    pressed
}

fn dialogs(ui: &mut Ui, scene: &Scene<'_>, local: &mut People) -> Vec<Action> {
    let words = scene.words;
    let (refused, exported) = (local.refused.clone(), local.exported.clone());
    let (mut actions, mut close, mut erase) = (Vec::new(), false, None);
    match &mut local.dialog {
        Dialog::None => {}
        Dialog::Add { name, badge, waiting } => {
            let shut = dialog(ui, "add person", &words.say("people-add-title"), |ui| {
                let (request, cancelled) = add_ui(ui, words, name, badge, *waiting, refused.as_deref());
                *waiting |= request.is_some();
                actions.extend(request.map(Action::AskHost));
                close = cancelled;
            });
            close |= shut.is_some();
        }
        Dialog::Edit(edit) => match edit.ui(ui, scene, refused.as_deref(), exported.as_deref()) {
            EditPressed::Nothing => {}
            EditPressed::Close => close = true,
            EditPressed::Erase => erase = Some((edit.person(), edit.old_name())),
            EditPressed::Ask(requests) => {
                (local.refused, local.done, local.exported) = (None, None, None);
                actions.extend(requests.into_iter().map(Action::AskHost));
            }
        },
        Dialog::Erase { person, second: Some(second), .. } => match second.ui(ui, scene) {
            SecondPressed::Nothing => {}
            SecondPressed::Close => close = true,
            SecondPressed::Agree(agreed) => {
                let request = Box::new(HostRequest::ErasePerson(*person));
                actions.push(Action::AskHost(HostRequest::WithSecond(agreed, request)));
            }
        },
        Dialog::Erase { person, name, understood, waiting, second: None } => {
            let title = words.with("people-erase-title", &[("name", name.as_str().into())]);
            let shut = dialog(ui, "erase person", &title, |ui| {
                ui.label(words.say("people-erase-text"));
                ui.checkbox(understood, words.say("people-erase-understood"));
                if let Some(refused) = &refused {
                    banner(ui, theme::palette(ui).alarm, refused);
                }
                let ready = *understood && !*waiting;
                let (cancel, deed) = (words.say("button-cancel"), words.say("people-erase-deed"));
                match dialog_foot(ui, &cancel, &deed, ready, Weight::Danger) {
                    Some(true) => {
                        actions.push(Action::AskHost(HostRequest::ErasePerson(*person)));
                        *waiting = true;
                    }
                    Some(false) => close = true,
                    None => {}
                }
            });
            close |= shut.is_some();
        }
        Dialog::Import(import) => match import.ui(ui, scene) {
            ImportPressed::Nothing => {}
            ImportPressed::Close(done) => {
                local.done = done;
                actions.push(Action::AskHost(HostRequest::People));
                close = true;
            }
            ImportPressed::Ask(request) => actions.push(Action::AskHost(request)),
        },
    }
    if close {
        local.dialog = Dialog::None;
        local.refused = None;
    }
    if let Some((person, name)) = erase {
        local.ask_to_erase(person, name);
    }
    actions
}

/// The form for somebody new: what to ask for, and whether it was cancelled.
fn add_ui(
    ui: &mut Ui,
    words: &Words,
    name: &mut String,
    badge: &mut String,
    waiting: bool,
    refused: Option<&str>,
) -> (Option<HostRequest>, bool) {
    field(ui, &words.say("people-name"), name, "");
    field(ui, &words.say("people-badge-optional"), badge, "");
    if let Some(refused) = refused {
        banner(ui, theme::palette(ui).alarm, refused);
    }
    let checked = PersonName::new(name);
    let (cancel, deed) = (words.say("button-cancel"), words.say("people-add-deed"));
    let pressed = dialog_foot(ui, &cancel, &deed, checked.is_ok() && !waiting, Weight::Primary);
    let badge = Some(badge.trim().to_owned()).filter(|badge| !badge.is_empty());
    let request = checked.ok().filter(|_| pressed == Some(true));
    (request.map(|name| HostRequest::AddPerson { name, badge }), pressed == Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Consent, Person},
        runtime::messages::PinState,
    };

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

    fn listed(page: &mut People) -> Vec<String> {
        page.arrange();
        let rows = page.rows.as_ref().unwrap();
        page.shown.iter().map(|place| rows[*place].person.name.as_str().to_owned()).collect()
    }

    #[test]
    fn search_finds_names_and_badges_in_any_case() {
        let mut page = People::default();
        let rows = vec![row("Ada Lovelace", Some("A-17")), row("Émile", None)];
        page.reply(Asked::People, Ok(ReplyBody::People(rows)));
        for (text, found) in [
            ("LOVE", &["Ada Lovelace"][..]),
            ("a-17", &["Ada Lovelace"]),
            ("é", &["Émile"]),
            (" ", &["Ada Lovelace", "Émile"]),
            ("x", &[]),
        ] {
            page.search = text.into();
            assert_eq!(listed(&mut page), found, "{text}");
        }
    }

    #[test]
    fn people_are_listed_and_sorted_by_what_the_titles_say() {
        let mut away = row("Cy", Some("3"));
        away.person.active = false;
        let mut enrolled = row("Bea", Some("1"));
        enrolled.templates = 3;
        enrolled.person.consent = Some(Consent { version: "1".into(), at: jiff::Timestamp::UNIX_EPOCH });
        let mut page = People { rows: Some(vec![row("Ada", None), enrolled, away]), ..People::default() };
        for (by, order) in [
            (Key::Name, ["Ada", "Bea", "Cy"]),
            (Key::Badge, ["Bea", "Cy", "Ada"]),
            (Key::State, ["Bea", "Ada", "Cy"]),
            (Key::Consent, ["Bea", "Ada", "Cy"]),
        ] {
            page.sort = Sort::new(by, false);
            assert_eq!(listed(&mut page), order, "{by:?}");
        }
        for (filter, names) in [(Filter::Inactive, &["Cy"][..]), (Filter::NotEnrolled, &["Ada"])] {
            page.filter = filter;
            assert_eq!(listed(&mut page), names, "{filter:?}");
        }
    }

    #[test]
    fn a_person_who_was_added_goes_on_to_the_camera() {
        let dialog = Dialog::Add { name: "Ada".into(), badge: String::new(), waiting: true };
        let mut page = People { dialog, ..People::default() };
        let id = PersonId::from_bytes([3; 16]);
        let actions = page.reply(Asked::AddPerson, Ok(ReplyBody::Added(id)));
        assert!(matches!(&actions[..], [Action::Go(Goto::Enrol(person, _))] if *person == id));
    }

    #[test]
    fn a_refusal_keeps_what_was_typed() {
        let dialog = Dialog::Add { name: "Ada".into(), badge: "7".into(), waiting: true };
        let mut page = People { dialog, ..People::default() };
        page.reply(Asked::AddPerson, Err(Refusal::Failed("the badge is taken: use another".into())));
        assert!(matches!(&page.dialog, Dialog::Add { name, waiting: false, .. } if name == "Ada"));
        assert_eq!(page.refused.as_deref(), Some("The badge is taken: use another."));
    }
}
