//! Keys and backup: a sealed copy of everything, what opens the store, and a new master key.
//!
//! Job: choices and what is typed into requests, and how far they are. It must not know a PIN or a passphrase beyond the
//! moment it is asked for.

use super::{
    Action, Asked, Scene,
    host::{dialog_foot, loading, work_progress},
    reports::folder_name,
    second_host::{Pressed as SecondPressed, SecondHost},
    theme,
    widgets::{
        Weight, banner, button, button_if, caption, card, dialog, page_title, pick, quiet, rule, secret_field,
    },
    words::{Words, sentence},
};
use crate::runtime::messages::{
    FolderView, Hidden, HostRequest, Job, KeyView, NewKey, Passphrase, PinAttempt, Refusal, ReplyBody,
};
use egui::{ProgressBar, Ui};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// What is known, chosen and typed.
#[derive(Default)]
pub struct Keys {
    view: Option<KeyView>,
    folders: Vec<FolderView>,
    folder: Option<PathBuf>,
    dialog: Option<Dialog>,
    /// Who has to agree to what the dialog asks for, once the two-person rule asked for it.
    second: Option<SecondHost>,
    waiting: bool,
    /// Why the dialog's request was refused.
    refused: Option<String>,
    stage: Stage,
    /// The master key was being changed when the page was last drawn.
    rotating: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    Saving,
    Stopping,
    Saved {
        path: String,
        records: u64,
    },
    Failed(String),
    KeyChanged,
}

enum Dialog {
    Backup { words: NewWords, pin: Zeroizing<String> },
    Passphrase { words: NewWords, pin: Zeroizing<String> },
    KeyFile { pin: Zeroizing<String> },
    Rotate,
}

/// A passphrase typed twice.
#[derive(Default)]
struct NewWords {
    text: Zeroizing<String>,
    again: Zeroizing<String>,
}

impl NewWords {
    fn checked(&self) -> Option<Passphrase> {
        Passphrase::new(&self.text).ok().filter(|_| *self.text == *self.again)
    }

    fn ui(&mut self, ui: &mut Ui, words: &Words) {
        let (first, again) = (words.say("keys-passphrase"), words.say("keys-passphrase-again"));
        // On a low screen beside each other, or the buttons below would be out of view.
        if ui.ctx().content_rect().height() < theme::SMALL_HEIGHT {
            ui.columns(2, |columns| {
                let [left, right] = columns else { return };
                secret_field(left, &first, &mut self.text);
                secret_field(right, &again, &mut self.again);
            });
        } else {
            secret_field(ui, &first, &mut self.text);
            secret_field(ui, &again, &mut self.again);
        }
        let same = !self.text.is_empty() && *self.text == *self.again;
        let least = [("least", Passphrase::MIN_CHARS.into())];
        rule(ui, Passphrase::new(&self.text).is_ok(), &words.with("keys-passphrase-length", &least));
        rule(ui, same, &words.say("keys-passphrase-same"));
    }
}

impl Dialog {
    fn title(&self) -> &'static str {
        match self {
            Self::Backup { .. } => "keys-backup-make",
            Self::Passphrase { .. } => "keys-use-passphrase",
            Self::KeyFile { .. } => "keys-new-file",
            Self::Rotate => "keys-rotate",
        }
    }

    /// What is typed, and the state and weight of the deed.
    fn fields(&mut self, ui: &mut Ui, words: &Words, view: Option<&KeyView>) -> (bool, Weight) {
        let own_pin = words.say("hosts-old-pin");
        match self {
            Self::Backup { words: new, pin } => {
                quiet(ui, &words.say("keys-backup-words"));
                new.ui(ui, words);
                secret_field(ui, &own_pin, pin);
                (new.checked().is_some() && !pin.is_empty(), Weight::Primary)
            }
            Self::Passphrase { words: new, pin } => {
                quiet(ui, &words.say("keys-use-passphrase-text"));
                new.ui(ui, words);
                secret_field(ui, &own_pin, pin);
                (new.checked().is_some() && !pin.is_empty(), Weight::Danger)
            }
            Self::KeyFile { pin } => {
                let place = view.and_then(|view| view.new_file.as_ref());
                let path = place.map(|path| path.display().to_string()).unwrap_or_default();
                quiet(ui, &words.with("keys-new-file-text", &[("path", path.into())]));
                secret_field(ui, &own_pin, pin);
                (!pin.is_empty(), Weight::Danger)
            }
            Self::Rotate => {
                quiet(ui, &words.say("keys-rotate-sure"));
                (true, Weight::Primary)
            }
        }
    }

    fn request(&self, folder: Option<&PathBuf>) -> Option<HostRequest> {
        let pin = |pin: &Zeroizing<String>| Hidden(PinAttempt::new(pin));
        Some(match self {
            Self::Backup { words, pin: typed } => HostRequest::Backup {
                folder: folder.cloned(),
                passphrase: Hidden(words.checked()?),
                pin: pin(typed),
            },
            Self::Passphrase { words, pin: typed } => {
                HostRequest::ChangeKey { key: NewKey::Passphrase(Hidden(words.checked()?)), pin: pin(typed) }
            }
            Self::KeyFile { pin: typed } => HostRequest::ChangeKey { key: NewKey::File, pin: pin(typed) },
            Self::Rotate => HostRequest::RotateKey,
        })
    }
}

impl Keys {
    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (_, Ok(ReplyBody::Keys(view))) => self.view = Some(view),
            (Asked::Folders, Ok(ReplyBody::Folders(folders))) => {
                if !folders.iter().any(|folder| Some(&folder.path) == self.folder.as_ref()) {
                    // A copy beside what it is a copy of is of little use: the stick comes first.
                    let best = folders.iter().find(|folder| folder.removable).or(folders.first());
                    self.folder = best.map(|folder| folder.path.clone());
                }
                self.folders = folders;
            }
            (Asked::Backup, Ok(ReplyBody::BackedUp { path, records })) => {
                self.close();
                self.stage = Stage::Saved { path: path.display().to_string(), records };
            }
            (Asked::Backup, Err(refusal)) if matches!(self.stage, Stage::Saving | Stage::Stopping) => {
                self.stage = Stage::Failed(sentence(&refusal.to_string()));
            }
            (Asked::ChangeKey | Asked::RotateKey, Ok(_)) => {
                (self.waiting, self.dialog, self.second) = (false, None, None);
                self.stage = if asked == Asked::ChangeKey { Stage::KeyChanged } else { Stage::Idle };
                return vec![Action::AskHost(HostRequest::Keys)];
            }
            (Asked::Backup | Asked::ChangeKey | Asked::RotateKey, Err(refusal)) => {
                self.waiting = false;
                if self.dialog.is_some() && SecondHost::take(&mut self.second, &refusal) {
                    return Vec::new();
                }
                self.refused = Some(sentence(&refusal.to_string()));
            }
            _ => {}
        }
        Vec::new()
    }

    fn open(&mut self, dialog: Dialog) {
        (self.second, self.refused, self.waiting) = (None, None, false);
        self.dialog = Some(dialog);
    }

    fn close(&mut self) {
        (self.dialog, self.second, self.refused, self.waiting) = (None, None, None, false);
    }
}

/// Draws it.
pub(super) fn keys_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Keys) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    let job = scene.snapshot.job;
    if local.waiting && matches!(local.dialog, Some(Dialog::Backup { .. })) && is(job, Job::Backup) {
        local.close(); // the PIN was right
        local.stage = Stage::Saving;
    }
    page_title(ui, &words.say("page-keys"), |_| {});
    match &local.stage {
        Stage::Saved { path, records } => {
            let values = [("records", (*records).into()), ("path", path.as_str().into())];
            banner(ui, colours.arrived, &words.with("keys-backup-saved", &values));
        }
        Stage::Failed(text) => banner(ui, colours.alarm, text),
        Stage::KeyChanged => banner(ui, colours.arrived, &words.say("keys-changed")),
        Stage::Idle | Stage::Saving | Stage::Stopping => {}
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = (ui.available_width() - 4.0).min(theme::COLUMN + 200.0);
        let mut part = |ui: &mut Ui, title: &str, add: &mut dyn FnMut(&mut Ui, &mut Keys)| {
            card(ui, |ui| {
                ui.set_width(width - 42.0);
                ui.heading(words.say(title));
                add(ui, local);
            });
        };
        part(ui, "keys-backup", &mut |ui, local| actions.extend(backup_ui(ui, scene, local)));
        part(ui, "keys-opens", &mut |ui, local| opens_ui(ui, scene, local));
        part(ui, "keys-master", &mut |ui, local| actions.extend(master_ui(ui, scene, local)));
    });
    actions.extend(dialogs(ui, scene, local));
    actions
}

fn is(job: Option<crate::runtime::messages::JobView>, which: Job) -> bool {
    job.is_some_and(|view| view.job == which)
}

/// Where to, the button, and how far it is: also one that was begun before the page was left.
fn backup_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Keys) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    quiet(ui, &words.say("keys-backup-text"));
    let view = scene.snapshot.job.filter(|view| view.job == Job::Backup);
    let busy = matches!(local.stage, Stage::Saving | Stage::Stopping);
    if busy || view.is_some() {
        if work_progress(ui, scene, view, local.stage == Stage::Stopping) {
            local.stage = Stage::Stopping;
            actions.push(Action::AskHost(HostRequest::CancelWork));
        }
        return actions;
    }
    let options: Vec<_> =
        local.folders.iter().map(|folder| (Some(folder.path.clone()), folder_name(words, folder))).collect();
    ui.horizontal_wrapped(|ui| {
        caption(ui, &words.say("reports-where"));
        pick(ui, &words.say("reports-where"), &mut local.folder, &options);
        if button(ui, &words.say("reports-look-again"), Weight::Quiet).clicked() {
            actions.push(Action::AskHost(HostRequest::Folders));
        }
    });
    let chosen = local.folders.iter().find(|folder| Some(&folder.path) == local.folder.as_ref());
    if chosen.is_some_and(|folder| !folder.removable) {
        caption(ui, &words.say("keys-backup-here"));
    }
    let ready = chosen.is_some() && !others_work(scene);
    if button_if(ui, ready, &words.say("keys-backup-make"), Weight::Primary).clicked() {
        local.stage = Stage::Idle;
        local.open(Dialog::Backup { words: NewWords::default(), pin: Zeroizing::default() });
    }
    actions
}

/// Long work that other long work has to wait for; a change of the master key waits itself.
pub(super) fn others_work(scene: &Scene<'_>) -> bool {
    scene.snapshot.job.is_some_and(|view| view.job != Job::RotateKey)
}

/// What opens the store now, and what else could.
fn opens_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Keys) {
    let words = scene.words;
    let Some(view) = local.view.clone() else { return loading(ui, scene) };
    match &view.file {
        Some(path) => {
            let path = path.display().to_string();
            quiet(ui, &words.with("keys-opens-file", &[("path", path.into())]));
        }
        None => drop(quiet(ui, &words.say("keys-opens-passphrase"))),
    }
    ui.horizontal_wrapped(|ui| {
        if view.new_file.is_some() && button(ui, &words.say("keys-new-file"), Weight::Quiet).clicked() {
            local.open(Dialog::KeyFile { pin: Zeroizing::default() });
        }
        if button(ui, &words.say("keys-use-passphrase"), Weight::Quiet).clicked() {
            local.open(Dialog::Passphrase { words: NewWords::default(), pin: Zeroizing::default() });
        }
    });
}

/// The master key, and how far its change is.
fn master_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Keys) -> Option<Action> {
    let words = scene.words;
    quiet(ui, &words.say("keys-master-text"));
    let Some(view) = &local.view else {
        loading(ui, scene);
        return None;
    };
    let job = scene.snapshot.job.filter(|view| view.job == Job::RotateKey && view.total > 0);
    let ended = local.rotating && scene.snapshot.job.is_none();
    local.rotating = job.is_some();
    if job.is_some() || view.rotating {
        let (share, text) = job.map_or((0.0, words.say("button-working")), |view| {
            let values = [("done", view.done.into()), ("total", view.total.into())];
            (view.done as f32 / view.total as f32, words.with("work-progress", &values))
        });
        ui.add(ProgressBar::new(share).text(text));
        caption(ui, &words.say("keys-rotating"));
        return ended.then_some(Action::AskHost(HostRequest::Keys));
    }
    if button(ui, &words.say("keys-rotate"), Weight::Quiet).clicked() {
        local.open(Dialog::Rotate);
    }
    None
}

fn dialogs(ui: &Ui, scene: &Scene<'_>, local: &mut Keys) -> Option<Action> {
    let words = scene.words;
    let folder = local.folder.clone();
    if let Some(second) = &mut local.second {
        return match second.ui(ui, scene) {
            SecondPressed::Nothing => None,
            SecondPressed::Close => {
                local.close();
                None
            }
            SecondPressed::Agree(agreed) => {
                let request = Box::new(local.dialog.as_ref()?.request(folder.as_ref())?);
                Some(Action::AskHost(HostRequest::WithSecond(agreed, request)))
            }
        };
    }
    let title = words.say(local.dialog.as_ref()?.title());
    let mut pressed = None;
    let shut = dialog(ui, "keys", &title, |ui| {
        let Some(dialog) = &mut local.dialog else { return };
        let (ready, weight) = dialog.fields(ui, words, local.view.as_ref());
        if let Some(text) = &local.refused {
            banner(ui, theme::palette(ui).alarm, text);
        }
        let deed = words.say(match dialog {
            Dialog::Backup { .. } => "keys-backup-deed",
            Dialog::Passphrase { .. } | Dialog::KeyFile { .. } => "hosts-change-deed",
            Dialog::Rotate => "keys-rotate-deed",
        });
        pressed = dialog_foot(ui, &words.say("button-cancel"), &deed, ready && !local.waiting, weight);
    });
    if pressed == Some(false) || shut.is_some() {
        local.close();
        return None;
    }
    if pressed != Some(true) {
        return None;
    }
    let request = local.dialog.as_ref()?.request(folder.as_ref())?;
    (local.waiting, local.refused) = (true, None);
    Some(Action::AskHost(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str, again: &str) -> NewWords {
        NewWords { text: Zeroizing::new(text.into()), again: Zeroizing::new(again.into()) }
    }

    #[test]
    fn a_passphrase_is_long_and_typed_twice() {
        assert!(typed("four unrelated words", "four unrelated words").checked().is_some());
        assert!(typed("four unrelated words", "four unrelated birds").checked().is_none());
        assert!(typed("short", "short").checked().is_none());
    }

    #[test]
    fn a_stick_is_chosen_before_the_kiosks_own_folder() {
        let folder = |path: &str, removable| FolderView { path: path.into(), removable, csv_files: vec![] };
        let mut page = Keys::default();
        let offered = vec![folder("/data/exports", false), folder("/media/stick", true)];
        page.reply(Asked::Folders, Ok(ReplyBody::Folders(offered)));
        assert_eq!(page.folder, Some("/media/stick".into()));
        page.reply(Asked::Folders, Ok(ReplyBody::Folders(vec![folder("/data/exports", false)])));
        assert_eq!(page.folder, Some("/data/exports".into()), "it was pulled out");
    }
}
