//! The audit log in words.
//!
//! Job: numbered entries to sentences. It must not know how the chain is kept; verifying it is a command.

use super::{
    Action, Asked, Scene,
    host::{empty, loading},
    people::{CELL, head},
    theme,
    widgets::{Weight, banner, button, caption, page_title, quiet},
    words::{Words, date_and_time, sentence},
};
use crate::{
    domain::{Actor, AuditAction, AuditEntry, HostId, MarkKind, PersonId},
    runtime::messages::{HostRequest, PersonRow, Refusal, ReplyBody},
};
use egui::{Align, Layout, Ui};
use egui_extras::{Column, TableBuilder};

/// Entries asked for at once.
pub(super) const NEWEST: usize = 500;

/// What was loaded.
#[derive(Default)]
pub struct Audit {
    entries: Option<Vec<AuditEntry>>,
    people: Vec<PersonRow>,
    refused: Option<String>,
}

impl Audit {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (_, Ok(ReplyBody::Audit(entries))) => self.entries = Some(entries),
            (_, Ok(ReplyBody::People(people))) => self.people = people,
            (Asked::Audit, Err(refusal)) => self.refused = Some(sentence(&refusal.to_string())),
            _ => {}
        }
        Vec::new()
    }
}

/// Draws it.
pub(super) fn audit_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Audit) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    page_title(ui, &words.say("page-audit"), |ui| {
        if button(ui, &words.say("audit-refresh"), Weight::Quiet).clicked() {
            actions.push(Action::AskHost(HostRequest::Audit { limit: NEWEST }));
        }
    });
    caption(ui, &words.say("audit-text"));
    if let Some(refused) = &local.refused {
        banner(ui, theme::palette(ui).alarm, refused);
    }
    match &local.entries {
        None if local.refused.is_none() => loading(ui, scene),
        None => {}
        Some(entries) if entries.is_empty() => {
            empty(ui, &words.say("audit-none"), &words.say("audit-none-text"));
        }
        Some(entries) => table(ui, scene, entries, &local.people),
    }
    actions
}

fn table(ui: &mut Ui, scene: &Scene<'_>, entries: &[AuditEntry], people: &[PersonRow]) {
    let words = scene.words;
    let names = Names { words, scene, people };
    let narrow = ui.available_width() < 720.0;
    let mut builder = TableBuilder::new(ui)
        .striped(true)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(64.0))
        .column(Column::exact(178.0));
    if !narrow {
        builder = builder.column(Column::exact(150.0).clip(true));
    }
    builder
        .column(Column::remainder().clip(true))
        .header(34.0, |mut header| {
            header.col(|ui| head(ui, &words.say("audit-number")));
            header.col(|ui| head(ui, &words.say("audit-time")));
            if !narrow {
                header.col(|ui| head(ui, &words.say("audit-who")));
            }
            header.col(|ui| head(ui, &words.say("audit-what")));
        })
        .body(|body| {
            body.rows(theme::ROW * 0.8, entries.len(), |mut row| {
                let Some(entry) = entries.get(row.index()) else { return };
                row.col(|ui| {
                    ui.add_space(CELL);
                    quiet(ui, &entry.number.to_string());
                });
                row.col(|ui| {
                    ui.add_space(CELL);
                    ui.label(date_and_time(entry.at, scene.zone()));
                });
                if !narrow {
                    row.col(|ui| {
                        ui.add_space(CELL);
                        ui.add(egui::Label::new(names.actor(entry.actor)).truncate());
                    });
                }
                row.col(|ui| {
                    ui.add_space(CELL);
                    ui.add(egui::Label::new(names.action(&entry.action)).truncate());
                });
            });
        });
}

/// Ids to the names that this screen may show.
struct Names<'a> {
    words: &'a Words,
    scene: &'a Scene<'a>,
    people: &'a [PersonRow],
}

impl Names<'_> {
    fn host(&self, id: HostId) -> String {
        self.scene.host_name(id).map_or_else(|| self.words.say("audit-somebody"), str::to_owned)
    }

    fn person(&self, id: PersonId) -> String {
        let found = self.people.iter().find(|row| row.person.id == id);
        found.map_or_else(|| self.words.say("audit-erased-person"), |row| row.person.name.as_str().to_owned())
    }

    fn actor(&self, actor: Actor) -> String {
        match actor {
            Actor::Kiosk => self.words.say("audit-kiosk"),
            Actor::Host(id) => self.host(id),
            Actor::Person(id) => self.person(id),
        }
    }

    fn action(&self, action: &AuditAction) -> String {
        let words = self.words;
        let person = |id: &'static str, who: &PersonId| words.with(id, &[("name", self.person(*who).into())]);
        let host = |id: &'static str, who: &HostId| words.with(id, &[("name", self.host(*who).into())]);
        match action {
            AuditAction::StoreCreated => words.say("audit-store-created"),
            AuditAction::PresentationRefused => words.say("audit-presentation-refused"),
            AuditAction::Started => words.say("audit-started"),
            AuditAction::Stopped => words.say("audit-stopped"),
            AuditAction::Rebuilt => words.say("audit-rebuilt"),
            AuditAction::HostAdded(who) => host("audit-host-added", who),
            AuditAction::Login(who) => host("audit-login", who),
            AuditAction::LoginFailed(who) => host("audit-login-failed", who),
            AuditAction::LockedOut(who) => host("audit-locked-out", who),
            AuditAction::SessionEnded(true) => words.say("audit-session-timed-out"),
            AuditAction::SessionEnded(false) => words.say("audit-session-ended"),
            AuditAction::PersonAdded(who) => person("audit-person-added", who),
            AuditAction::PersonChanged(who) => person("audit-person-changed", who),
            AuditAction::Enrolled(who, shots) => {
                let values = [("name", self.person(*who).into()), ("shots", (*shots).into())];
                words.with("audit-enrolled", &values)
            }
            AuditAction::PersonErased => words.say("audit-person-erased"),
            AuditAction::Marked(_, who, MarkKind::CheckIn) => person("audit-marked-in", who),
            AuditAction::Marked(_, who, MarkKind::CheckOut) => person("audit-marked-out", who),
            AuditAction::Marked(_, who, MarkKind::BreakStart) => person("audit-marked-break", who),
            AuditAction::Marked(_, who, MarkKind::BreakEnd) => person("audit-marked-back", who),
            AuditAction::Corrected { replaces, by } => {
                words.with("audit-corrected", &[("old", replaces.0.into()), ("new", by.0.into())])
            }
            AuditAction::Exported(rows) => words.with("audit-exported", &[("rows", (*rows).into())]),
            AuditAction::SettingsChanged => words.say("audit-settings-changed"),
            AuditAction::WeightsChanged(id) => {
                words.with("audit-weights-changed", &[("id", id.as_str().into())])
            }
            AuditAction::ClockJumped(secs) => words.with("audit-clock-jumped", &[("secs", (*secs).into())]),
            AuditAction::HostRemoved(who) => host("audit-host-removed", who),
            AuditAction::PinChanged(who) => host("audit-pin-changed", who),
            AuditAction::HostUnlocked(who) => host("audit-unlocked", who),
            AuditAction::RecoveryCodeMade => words.say("audit-recovery-made"),
            AuditAction::RecoveryCodeUsed(who) => host("audit-recovery-used", who),
            AuditAction::RecoveryCodeWrong => words.say("audit-recovery-wrong"),
            AuditAction::PersonPin(who, true) => person("audit-pin-set", who),
            AuditAction::PersonPin(who, false) => person("audit-pin-removed", who),
            AuditAction::PersonPinWrong(who) => person("audit-login-failed", who),
            AuditAction::PersonLockedOut(who) => person("audit-locked-out", who),
            AuditAction::PersonUnlocked(who) => person("audit-unlocked", who),
            AuditAction::ConsentWithdrawn(who, _) => person("audit-consent-withdrawn", who),
            AuditAction::KeyChanged => words.say("audit-key-changed"),
            AuditAction::KeyRotationBegun => words.say("audit-key-rotation-begun"),
            AuditAction::KeyRotated => words.say("audit-key-rotated"),
            AuditAction::BackedUp(records) => {
                words.with("audit-backed-up", &[("records", (*records).into())])
            }
            AuditAction::Restored => words.say("audit-restored"),
            AuditAction::PersonExported(who) => person("audit-person-exported", who),
            AuditAction::Swept { marks, faces } => {
                words.with("audit-swept", &[("marks", (*marks).into()), ("faces", (*faces).into())])
            }
        }
    }
}
