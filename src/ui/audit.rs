//! The audit log in words: find, verify, export.
//!
//! Job: numbered entries to sentences, and a check of their chain. It must not know how the chain is kept.

use super::{
    Action, Asked, Scene,
    host::{empty, loading, work_progress},
    keys::others_work,
    reports::folder_name,
    table::{Col, Sort, faint, table, text},
    theme, troubles,
    widgets::{Weight, banner, button_if, caption, page_title, pick, quiet, search},
    words::{Words, sentence},
};
use crate::{
    domain::{Actor, AuditAction, AuditEntry, EarlierHead, HostId, MarkKind, NotAHead, PersonId, SharedDeed},
    runtime::messages::{AuditReport, FolderView, HostRequest, Job, PersonRow, Refusal, ReplyBody},
};
use egui::Ui;
use std::{collections::HashMap, path::PathBuf};

/// Entries asked for at once. Older ones are in the export.
pub(super) const NEWEST: usize = 20_000;

/// What was loaded and chosen.
#[derive(Default)]
pub struct Audit {
    /// Newest first.
    entries: Option<Vec<AuditEntry>>,
    /// Sentences of the entries that search and group let through, in the order of the table.
    shown: Option<Vec<Line>>,
    /// `None` before a title was pressed: newest first.
    sort: Option<Sort<Key>>,
    people: HashMap<PersonId, String>,
    group: Group,
    search: String,
    folders: Vec<FolderView>,
    folder: Option<PathBuf>,
    checking: bool,
    checked: Option<AuditReport>,
    /// What was typed of a head from an earlier report.
    earlier: String,
    /// The entry that the check also compares, or why none can be.
    compared: Option<Result<u64, NotAHead>>,
    saved: Option<String>,
    refused: Option<String>,
}

/// An entry in words: its place among the entries, who, what.
type Line = (usize, String, String);

/// By what entries can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Number,
    Who,
    What,
}

/// Kinds of entries that are looked for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Group {
    #[default]
    All,
    Marks,
    People,
    Hosts,
    Files,
    Kiosk,
}

impl Group {
    fn of(action: &AuditAction) -> Self {
        match action {
            AuditAction::Marked(..)
            | AuditAction::Corrected { .. }
            | AuditAction::PeriodLocked(_)
            | AuditAction::PeriodUnlocked { .. } => Self::Marks,
            AuditAction::PersonAdded(_)
            | AuditAction::PersonChanged(_)
            | AuditAction::Enrolled(..)
            | AuditAction::PersonErased
            | AuditAction::PersonPin(..)
            | AuditAction::PersonPinWrong(_)
            | AuditAction::PersonLockedOut(_)
            | AuditAction::PersonUnlocked(_)
            | AuditAction::ConsentWithdrawn(..) => Self::People,
            AuditAction::HostAdded(_)
            | AuditAction::Login(_)
            | AuditAction::LoginFailed(_)
            | AuditAction::LockedOut(_)
            | AuditAction::SessionEnded(_)
            | AuditAction::HostRemoved(_)
            | AuditAction::PinChanged(_)
            | AuditAction::HostUnlocked(_)
            | AuditAction::RecoveryCodeMade
            | AuditAction::RecoveryCodeUsed(_)
            | AuditAction::RecoveryCodeWrong
            | AuditAction::TwoPerson(_)
            | AuditAction::Agreed(..) => Self::Hosts,
            AuditAction::Exported(_) | AuditAction::BackedUp(_) | AuditAction::PersonExported(_) => {
                Self::Files
            }
            _ => Self::Kiosk,
        }
    }
}

impl Audit {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (_, Ok(ReplyBody::Audit(entries))) => (self.entries, self.shown) = (Some(entries), None),
            (_, Ok(ReplyBody::People(people))) => {
                let name = |row: PersonRow| (row.person.id, row.person.name.into());
                (self.people, self.shown) = (people.into_iter().map(name).collect(), None);
            }
            (Asked::VerifyAudit, body) => {
                self.checking = false;
                match body {
                    Ok(ReplyBody::AuditVerified(report)) => self.checked = Some(report),
                    Ok(_) => {}
                    Err(refusal) => self.refused = Some(sentence(&refusal.to_string())),
                }
            }
            (Asked::Folders, Ok(ReplyBody::Folders(folders))) => {
                self.folder = folders.first().map(|folder| folder.path.clone());
                self.folders = folders;
            }
            (Asked::ExportAudit, Ok(ReplyBody::Exported { path, .. })) => {
                self.saved = Some(path.display().to_string());
                return vec![Action::AskHost(HostRequest::Audit { limit: NEWEST })];
            }
            (Asked::Audit | Asked::ExportAudit, Err(refusal)) => {
                self.refused = Some(sentence(&refusal.to_string()));
            }
            _ => {}
        }
        Vec::new()
    }

    fn check(&mut self, against: Option<EarlierHead>) -> Action {
        (self.checking, self.checked, self.refused) = (true, None, None);
        Action::AskHost(HostRequest::VerifyAudit { against })
    }

    /// A check goes on that must end with the page.
    pub(super) fn checking(&self) -> bool {
        self.checking
    }

    /// Sentences and filters, once for each change: not for each frame.
    fn arrange(&mut self, scene: &Scene<'_>) {
        if self.shown.is_some() {
            return;
        }
        let names = Names { words: scene.words, scene, people: &self.people };
        let wanted = self.search.trim().to_lowercase();
        let line = |(place, entry): (usize, &AuditEntry)| {
            let (who, what) = (names.actor(entry.actor), names.action(&entry.action));
            let hit = wanted.is_empty()
                || what.to_lowercase().contains(&wanted)
                || who.to_lowercase().contains(&wanted);
            hit.then_some((place, who, what))
        };
        let entries = self.entries.iter().flatten().enumerate();
        let of_group =
            entries.filter(|(_, entry)| self.group == Group::All || self.group == Group::of(&entry.action));
        let mut shown: Vec<Line> = of_group.filter_map(line).collect();
        let sort = self.sort();
        match sort.by {
            Key::Number => shown.reverse(), // as they come is the newest first
            Key::Who => shown.sort_by(|(_, a, _), (_, b, _)| a.cmp(b)),
            Key::What => shown.sort_by(|(_, _, a), (_, _, b)| a.cmp(b)),
        }
        if sort.descending {
            shown.reverse();
        }
        self.shown = Some(shown);
    }

    fn sort(&self) -> Sort<Key> {
        self.sort.unwrap_or(Sort::new(Key::Number, true))
    }
}

/// Draws it.
pub(super) fn audit_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Audit) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    page_title(ui, &words.say("page-audit"), |ui| {
        let free = !others_work(scene);
        if button_if(ui, free, &words.say("audit-verify"), Weight::Primary).clicked() {
            local.compared = None;
            actions.push(local.check(None));
        }
        if button_if(ui, free, &words.say("audit-export"), Weight::Quiet).clicked() {
            (local.saved, local.refused) = (None, None);
            actions.push(Action::AskHost(HostRequest::ExportAudit { folder: local.folder.clone() }));
        }
        let options: Vec<_> = local
            .folders
            .iter()
            .map(|folder| (Some(folder.path.clone()), folder_name(words, folder)))
            .collect();
        if options.len() > 1 {
            pick(ui, &words.say("reports-where"), &mut local.folder, &options);
        }
    });
    let view = scene.snapshot.job.filter(|view| matches!(view.job, Job::VerifyAudit | Job::Export));
    if (local.checking || view.is_some()) && work_progress(ui, scene, view, false) {
        actions.push(Action::AskHost(HostRequest::CancelWork));
    }
    if let Some(report) = &local.checked {
        report_ui(ui, words, report, local.compared);
        actions.extend(earlier_ui(ui, scene, local));
    }
    if let Some(path) = &local.saved {
        let text = words.with("audit-saved", &[("path", path.as_str().into())]);
        banner(ui, colours.arrived, &text);
    }
    if let Some(refused) = &local.refused {
        banner(ui, colours.alarm, refused);
    }
    local.arrange(scene);
    filters(ui, words, local);
    local.arrange(scene); // what was typed in this frame shows in this frame
    match (&local.entries, &local.shown) {
        (Some(entries), _) if entries.is_empty() => {
            empty(ui, &words.say("audit-none"), &words.say("audit-none-text"));
        }
        (Some(_), Some(shown)) if shown.is_empty() => drop(quiet(ui, &words.say("audit-not-found"))),
        (Some(entries), Some(shown)) => {
            let mut sort = local.sort();
            if entries_table(ui, scene, entries, shown, &mut sort) {
                (local.sort, local.shown) = (Some(sort), None);
            }
        }
        _ if local.refused.is_none() => loading(ui, scene),
        _ => {}
    }
    actions
}

fn report_ui(ui: &mut Ui, words: &Words, report: &AuditReport, compared: Option<Result<u64, NotAHead>>) {
    let colours = theme::palette(ui);
    match &report.fault {
        None => {
            let values = [("entries", report.good.into()), ("head", report.head.brief().into())];
            let mut text = words.with("audit-unbroken", &values);
            if let Some(Ok(number)) = compared {
                text = format!("{text}. {}", words.with("audit-same", &[("number", number.into())]));
            }
            banner(ui, colours.arrived, &text);
        }
        Some(fault) => {
            let values =
                [("fault", troubles::audit_fault(words, *fault).into()), ("entries", report.good.into())];
            banner(ui, colours.alarm, &words.with("audit-broken", &values));
        }
    }
}

/// Whether the log is still the one of which a report told.
fn earlier_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Audit) -> Option<Action> {
    let words = scene.words;
    let pressed = ui
        .horizontal(|ui| {
            search(ui, &words.say("audit-earlier"), &mut local.earlier, 420.0);
            let ready = !others_work(scene) && !local.earlier.trim().is_empty();
            button_if(ui, ready, &words.say("audit-compare"), Weight::Quiet).clicked()
        })
        .inner;
    if let Some(Err(_)) = local.compared {
        banner(ui, theme::palette(ui).alarm, &words.say("audit-not-a-head"));
    }
    if !pressed {
        return None;
    }
    let head = local.earlier.parse::<EarlierHead>();
    local.compared = Some(head.as_ref().map(EarlierHead::number).map_err(|bad| *bad));
    Some(local.check(Some(head.ok()?)))
}

fn filters(ui: &mut Ui, words: &Words, local: &mut Audit) {
    let before = (local.group, local.search.clone());
    ui.horizontal(|ui| {
        search(ui, &words.say("audit-search"), &mut local.search, 280.0);
        let groups = [
            (Group::All, words.say("audit-group-all")),
            (Group::Marks, words.say("audit-group-marks")),
            (Group::People, words.say("page-people")),
            (Group::Hosts, words.say("audit-group-hosts")),
            (Group::Files, words.say("audit-group-files")),
            (Group::Kiosk, words.say("audit-kiosk")),
        ];
        pick(ui, &words.say("audit-group"), &mut local.group, &groups);
        if let (Some(entries), Some(shown)) = (&local.entries, &local.shown)
            && ui.available_width() > 160.0
        {
            let values = [("shown", shown.len().into()), ("entries", entries.len().into())];
            caption(ui, &words.with("audit-count", &values));
        }
    });
    if before != (local.group, local.search.clone()) {
        local.shown = None;
    }
}

/// Whether the order was changed.
fn entries_table(
    ui: &mut Ui,
    scene: &Scene<'_>,
    entries: &[AuditEntry],
    shown: &[Line],
    sort: &mut Sort<Key>,
) -> bool {
    let words = scene.words;
    let narrow = ui.available_width() < 720.0;
    let mut columns = vec![
        Col::fixed(words.say("audit-number"), 76.0).sorts(Key::Number),
        Col::fixed(words.say("audit-time"), 186.0),
    ];
    if !narrow {
        columns.push(Col::fixed(words.say("audit-who"), 160.0).sorts(Key::Who));
    }
    columns.push(Col::rest(words.say("audit-what")).sorts(Key::What));
    table(ui, "audit", &columns, sort, theme::ROW * 0.8, shown.len(), |ui, row, column| {
        let Some((place, who, what)) = shown.get(row) else { return };
        let Some(entry) = entries.get(*place) else { return };
        match column {
            0 => faint(ui, &entry.number.to_string()),
            1 => text(ui, &words.second(entry.at, scene.zone())),
            2 if !narrow => text(ui, who),
            _ if narrow => {
                let line = [("who", who.as_str().into()), ("what", what.as_str().into())];
                text(ui, &words.with("audit-line", &line));
            }
            _ => text(ui, what),
        }
    })
}

/// The message that says what a second host agreed to.
fn agreed_id(deed: SharedDeed) -> &'static str {
    match deed {
        SharedDeed::ErasePerson => "audit-agreed-erase",
        SharedDeed::ChangeKey => "audit-agreed-key",
        SharedDeed::RotateKey => "audit-agreed-rotate",
        SharedDeed::EndRule => "audit-agreed-rule",
        SharedDeed::AddHost => "audit-agreed-host",
        SharedDeed::MakeRecoveryCode => "audit-agreed-code",
    }
}

/// Ids to the names that this screen may show.
struct Names<'a> {
    words: &'a Words,
    scene: &'a Scene<'a>,
    people: &'a HashMap<PersonId, String>,
}

impl Names<'_> {
    fn host(&self, id: HostId) -> String {
        self.scene.host_name(id).map_or_else(|| self.words.say("audit-somebody"), str::to_owned)
    }

    fn person(&self, id: PersonId) -> String {
        self.people.get(&id).cloned().unwrap_or_else(|| self.words.say("audit-erased-person"))
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
            AuditAction::TwoPerson(true) => words.say("audit-two-person-on"),
            AuditAction::TwoPerson(false) => words.say("audit-two-person-off"),
            AuditAction::Agreed(who, deed) => host(agreed_id(*deed), who),
            AuditAction::PeriodLocked(until) => {
                words.with("audit-period-locked", &[("date", words.date(*until).into())])
            }
            AuditAction::PeriodUnlocked { until: Some(until), reason } => {
                let values = [("date", words.date(*until).into()), ("reason", reason.as_str().into())];
                words.with("audit-period-unlocked", &values)
            }
            AuditAction::PeriodUnlocked { until: None, reason } => {
                words.with("audit-all-unlocked", &[("reason", reason.as_str().into())])
            }
            AuditAction::Swept { marks, faces } => {
                words.with("audit-swept", &[("marks", (*marks).into()), ("faces", (*faces).into())])
            }
        }
    }
}
