//! What the ledger does about keeping: backups, the nightly sweep, the change of the master key in the background.

use super::{
    Ledger, LedgerError, fill,
    report::{BACKUP, Content, UNFINISHED, Written, folder_of, make_folder, unfinished},
};
use crate::{
    crypto::{KeySource, Passphrase},
    domain::{Actor, AuditAction, AuditEntry, EventId, Mark, PersonId},
    reports::{Paper, PersonFile, ReportError, ReportWords, StoredFace, write_person_json, write_person_pdf},
    runtime::messages::{BadRequest, Job, JobView, KeyView, NewKey},
    vault::{BackupContents, BackupView, Keeping, VaultError},
};
use std::{
    collections::HashSet,
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::Duration,
};

/// Records that are sealed anew between two requests: about 5 ms.
const ROTATE_AT_ONCE: usize = 64;

/// Audit entries that are read at once.
const ENTRIES_AT_ONCE: u64 = 1_000;
/// A backup that nobody has written to for so long is nobody's.
const ABANDONED: Duration = Duration::from_hours(24);

/// How long work in the background rests after a failure, such as a full disk.
const REST: Duration = Duration::from_mins(1);

impl Ledger {
    /// Writes a backup, with an entry in the audit log. The settings file goes with it.
    pub fn backup(
        &mut self,
        actor: Actor,
        out: &Path,
        passphrase: Passphrase,
    ) -> Result<BackupContents, LedgerError> {
        let content = new_backup(out, self.backup_view()?, passphrase)?;
        of_backup(self.write_whole(actor, out, &content)?)
    }

    /// The store and its settings as they are now, to be written into a backup by any thread.
    pub(super) fn backup_view(&self) -> Result<BackupView, LedgerError> {
        Ok(self.vault.view(&self.kept_settings()?.to_toml(), self.clock.now())?)
    }

    /// What opens the store.
    pub(super) fn keys(&self) -> KeyView {
        let file = self.vault.key_file().map(Path::to_owned);
        let new_file = file.clone().or_else(|| self.paths.key_file.clone());
        KeyView { file, new_file, rotating: self.vault.is_rotating() }
    }

    /// Lets another key open the store, at once and at the next start.
    pub(super) fn change_key(&mut self, actor: Actor, key: NewKey) -> Result<(), LedgerError> {
        let now = self.clock.now();
        let key = match key {
            NewKey::Passphrase(passphrase) => {
                let key = KeySource::Passphrase(passphrase.0);
                self.vault.change_key(actor, &key, now)?;
                key
            }
            NewKey::File => {
                let path = self.keys().new_file.ok_or(BadRequest::NoKeyFile)?;
                self.vault.replace_key_file(actor, &path, now)?;
                KeySource::File(path)
            }
        };
        self.new_key = Some(Arc::new(key));
        Ok(())
    }

    /// What opens the store since it was changed here, once.
    pub fn take_new_key(&mut self) -> Option<Arc<KeySource>> {
        self.new_key.take()
    }

    /// What is stored about a person.
    pub fn person_file(&self, person: PersonId) -> Result<PersonFile, LedgerError> {
        let faces = self.vault.template_infos(person)?;
        let marks = self.vault.marks_of(person)?;
        Ok(PersonFile {
            site: self.settings.site_name.clone(),
            generated_at: self.clock.now().utc.to_zoned(self.settings.zone.time_zone().clone()),
            person: self.vault.person(person)?,
            has_pin: self.vault.person_secret(person)?.is_some(),
            wrong_pins: self.vault.attempts(person)?.failures,
            schedule: self.settings.work.people.get(&person).map(ToString::to_string),
            faces: faces
                .into_iter()
                .map(|face| StoredFace { weights: face.weights, quality: face.quality, stored: face.created })
                .collect(),
            log: self.log_about(person, &marks)?,
            marks,
            audit_head: self.vault.audit_head(),
        })
    }

    /// Entries about a person or by them, and about corrections of their events.
    fn log_about(&self, person: PersonId, marks: &[Mark]) -> Result<Vec<AuditEntry>, LedgerError> {
        let events: HashSet<EventId> = marks.iter().map(|mark| mark.id).collect();
        let mut log = Vec::new();
        self.each_entry(|entry| {
            let corrects = matches!(entry.action, AuditAction::Corrected { by, .. } if events.contains(&by));
            if corrects || entry.actor == Actor::Person(person) || entry.action.person() == Some(person) {
                log.push(entry);
            }
        })?;
        Ok(log)
    }

    /// Hands every entry of the audit log on, oldest first.
    fn each_entry(&self, mut visit: impl FnMut(AuditEntry)) -> Result<(), LedgerError> {
        for from in (1..=self.vault.audit_head().number).step_by(ENTRIES_AT_ONCE as usize) {
            self.vault.audit_entries(from..=from + ENTRIES_AT_ONCE - 1)?.into_iter().for_each(&mut visit);
        }
        Ok(())
    }

    /// Writes it into `folder` and audits it; returns the files.
    pub fn export_person(
        &mut self,
        actor: Actor,
        person: PersonId,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, LedgerError> {
        let file = self.person_file(person)?;
        let stamp = file.generated_at.strftime("%Y%m%d-%H%M%S").to_string();
        // Audited before anything appears.
        self.vault.audit(actor, AuditAction::PersonExported(person), self.clock.now())?;
        let whose = person_prefix(person);
        let path = |ending| folder.join(format!("{whose}{stamp}.{ending}"));
        let (json, pdf) = (path("json"), path("pdf"));
        let words = ReportWords::of(&self.settings.language);
        write_whole(&json, &whose, |out| write_person_json(&file, out))?;
        write_whole(&pdf, &whose, |out| write_person_pdf(&file, words, Paper::A4, out).map(|_| ()))?;
        Ok(vec![json, pdf])
    }

    /// Files with one person's data in the kiosk's own folder go with the person; those on a stick are out of reach.
    pub(super) fn remove_person_files(&self, person: PersonId) -> Result<(), LedgerError> {
        let theirs = person_prefix(person);
        self.remove_exports(|_, name| name.strip_prefix(UNFINISHED).unwrap_or(name).starts_with(&theirs))
    }

    /// Takes away what was left outside of the store when the kiosk was killed: files that were never finished, and files
    /// and schedules of people who were erased meanwhile. Called at start.
    pub(super) fn tidy(&mut self) -> Result<(), LedgerError> {
        let known: HashSet<PersonId> = self.vault.people()?.into_iter().map(|person| person.id).collect();
        let files = self.remove_exports(|path, name| {
            is_left_over(path, name) || person_of(name).is_some_and(|person| !known.contains(&person))
        });
        let mut strangers: HashSet<PersonId> = self.settings.work.people.keys().copied().collect();
        strangers.retain(|person| !known.contains(person));
        let erased = self.once_here(&strangers)?;
        if !erased.is_empty() {
            self.keep_setting(|settings| settings.work.people.retain(|person, _| !erased.contains(person)))?;
        }
        files
    }

    /// Those who were added to this store: settings that more than one store is used with name others too.
    fn once_here(&self, people: &HashSet<PersonId>) -> Result<HashSet<PersonId>, LedgerError> {
        let mut here = HashSet::new();
        if people.is_empty() {
            return Ok(here);
        }
        self.each_entry(|entry| match entry.action {
            AuditAction::PersonAdded(person) if people.contains(&person) => drop(here.insert(person)),
            _ => {}
        })?;
        Ok(here)
    }

    /// Removes the files in the kiosk's own folder that `which` says, by path and name.
    fn remove_exports(&self, which: impl Fn(&Path, &str) -> bool) -> Result<(), LedgerError> {
        let Ok(entries) = std::fs::read_dir(self.paths.exports()) else { return Ok(()) };
        let mut removed = Ok(());
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            if name.is_some_and(|name| which(&path, &name)) {
                let gone = std::fs::remove_file(&path).map_err(|source| LedgerError::File { path, source });
                removed = removed.and(gone);
            }
        }
        removed
    }

    /// Called when nothing else is to be done: a little of whatever may wait.
    pub fn background(&mut self) {
        let now = self.clock.now().mono;
        if self.vault.needs_reopening() || now < self.rest_until {
            return;
        }
        let erased = self.vault.finish_erasure().map_err(LedgerError::from);
        if let Err(error) = erased.and_then(|()| self.sweep_nightly()).and_then(|()| self.rotate_some()) {
            log::warn!("put off for a minute: {error}");
            self.rest_until = now + REST;
        }
    }

    /// Erases what is older than the site's rule allows, once in each attendance day, and looks whether the store's files
    /// can be read still; at start that was looked at already.
    pub fn sweep_nightly(&mut self) -> Result<(), LedgerError> {
        let now = self.clock.now();
        let today = self.policy.attendance_day(now.utc);
        if self.swept == Some(today) {
            return Ok(());
        }
        let at_start = self.swept.is_none();
        self.swept = Some(today); // also when it fails: the next night tries again
        let keeping =
            Keeping { marks_days: self.settings.keep_marks_days, faces_days: self.settings.keep_faces_days };
        let swept = self.vault.sweep(keeping, now);
        if swept.is_err() {
            // Some faces may be gone already: nobody is recognised by a template that is no more.
            fill(&self.index, &self.vault, &self.weights)?;
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for person in swept?.faces {
            index.remove_person(person);
        }
        drop(index);
        if !at_start {
            self.vault.mend_files()?;
        }
        Ok(())
    }

    fn rotate_some(&mut self) -> Result<(), LedgerError> {
        if !self.vault.is_rotating() {
            return Ok(());
        }
        let step = self.vault.rotate_step(ROTATE_AT_ONCE, self.clock.now())?;
        self.tell(JobView { job: Job::RotateKey, done: step.done, total: step.total });
        if step.finished {
            self.told_all();
        }
        Ok(())
    }
}

/// Writes a backup of a store that another process has open. There is no entry in the audit log.
pub fn backup_of_running(
    view: BackupView,
    out: &Path,
    passphrase: Passphrase,
) -> Result<BackupContents, LedgerError> {
    let content = new_backup(out, view, passphrase)?;
    let (file, written) = content.write_beside(out, &|_, _| true)?;
    written.appear(file, out)?;
    of_backup(written)
}

/// Refused at once, before the work, when the file is there.
fn new_backup(out: &Path, view: BackupView, passphrase: Passphrase) -> Result<Content, LedgerError> {
    if out.exists() {
        return Err(VaultError::FileExists(out.to_owned()).into());
    }
    make_folder(folder_of(out))?;
    Ok(Content::Backup(Box::new(view), passphrase))
}

fn of_backup(written: Written) -> Result<BackupContents, LedgerError> {
    match written {
        Written::Backup(contents) => Ok(contents),
        Written::Rows(_) => Err(ReportError::Stopped.into()), // not reached: a backup has no rows
    }
}

/// How the names of files about one person begin.
fn person_prefix(person: PersonId) -> String {
    format!("person-{person}-")
}

/// Whom a file of this name is about.
fn person_of(name: &str) -> Option<PersonId> {
    name.strip_prefix("person-")?.split('-').next()?.parse().ok()
}

/// A file that was being written when the kiosk was killed; one of an earlier faceprint too, which left the name to the
/// library. A backup may be another program's, which goes on: it is one once it is a day old.
fn is_left_over(path: &Path, name: &str) -> bool {
    match name.strip_prefix(UNFINISHED) {
        Some(what) if what.starts_with(BACKUP) => {
            let changed = std::fs::metadata(path).and_then(|file| file.modified()).ok();
            changed.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > ABANDONED)
        }
        Some(_) => true,
        None => {
            let random = name.strip_prefix(".tmp").unwrap_or_default();
            random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
    }
}

/// The file appears whole or not at all, readable by its owner only.
fn write_whole(
    path: &Path,
    whose: &str,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), ReportError>,
) -> Result<(), LedgerError> {
    let file_error = |source| LedgerError::File { path: path.to_owned(), source };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(file_error)?;
    let mut file = unfinished(folder, whose).map_err(file_error)?;
    {
        let mut out = BufWriter::new(file.as_file_mut());
        write(&mut out)?;
        out.flush().map_err(file_error)?;
    }
    file.as_file().sync_all().map_err(file_error)?;
    file.persist(path).map_err(|e| file_error(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::access::tests::site, BACKUP, is_left_over, unfinished};
    use crate::{
        crypto::{KeySource, Passphrase, PinAttempt},
        domain::{
            Actor, AuditAction, Clock as _, EMBEDDING_LEN, Embedding, Fingerprint, ManualClock, PersonId,
            PersonName, WeightsId,
        },
        runtime::{
            ledger::steps::Steps,
            messages::{
                BadMoment, Cause, Hidden, HostRequest, Job, NewKey, PersonChange, ReplyBody, RequestBody,
                Trouble,
            },
            pipeline::SharedIndex,
        },
        settings::{Liveness, MarkMode, Settings},
        vault::{NewTemplate, Vault},
    };
    use jiff::Timestamp;
    use std::{
        path::PathBuf,
        sync::{Arc, Mutex},
        time::Duration,
    };

    #[test]
    fn options_of_one_start_are_not_kept_and_files_about_somebody_erased_go() {
        let (folder, _, mut ledger, person) = site(MarkMode::AlwaysIn);
        let path = folder.path().join("data/settings.toml");
        ledger.settings.save(&path).unwrap();
        ledger.settings.liveness = Liveness::Off; // as `--liveness off` does
        let exports = ledger.paths().exports();
        std::fs::create_dir_all(&exports).unwrap();
        let files = ledger.export_person(Actor::Kiosk, person, &exports).unwrap();
        std::fs::write(exports.join("attendance.csv"), "name").unwrap();
        let schedule = Some("mon-fri 22:00-06:00".parse().unwrap());
        let name = ledger.vault().person(person).unwrap().name;
        let change = PersonChange { person, name, badge: None, active: true, schedule };
        ledger.change_person(Actor::Kiosk, change).unwrap();
        let kept = || Settings::load(&path).unwrap().unwrap();
        assert!(kept().work.people.contains_key(&person));
        ledger.erase(Actor::Kiosk, person).unwrap();
        assert!(kept().work.people.is_empty() && ledger.settings.work.people.is_empty());
        assert_eq!((kept().liveness, ledger.settings.liveness), (Liveness::Auto, Liveness::Off));
        assert!(files.iter().all(|file| !file.exists()));
        assert!(exports.join("attendance.csv").exists(), "a report is the site's");
    }

    fn bo() -> PersonName {
        PersonName::new("Bo").unwrap()
    }

    /// A site with files and a schedule of its one person.
    fn site_with_traces() -> (tempfile::TempDir, ManualClock, super::Ledger, PersonId, Vec<PathBuf>) {
        let (folder, clock, mut ledger, person) = site(MarkMode::AlwaysIn);
        let exports = ledger.paths().exports();
        let mut files = ledger.export_person(Actor::Kiosk, person, &exports).unwrap();
        let interrupted = exports.join(format!(".faceprint-person-{person}-aB3xYz"));
        std::fs::write(&interrupted, "{\"name\": \"Ada").unwrap();
        files.push(interrupted);
        let schedule = Some("mon-fri 22:00-06:00".parse().unwrap());
        let name = ledger.vault().person(person).unwrap().name;
        let change = PersonChange { person, name, badge: None, active: true, schedule };
        ledger.change_person(Actor::Kiosk, change).unwrap();
        (folder, clock, ledger, person, files)
    }

    fn traces(ledger: &super::Ledger, person: PersonId, files: &[PathBuf]) -> Vec<String> {
        let there = files.iter().filter(|file| file.exists()).map(|file| file.display().to_string());
        let kept = Settings::load(&ledger.paths().settings).unwrap().unwrap();
        let schedules = [&kept, ledger.settings()].map(|settings| settings.work.people.contains_key(&person));
        there.chain(schedules.iter().filter(|there| **there).map(|_| "a schedule".to_owned())).collect()
    }

    #[test]
    fn a_persons_file_has_their_schedule_wrong_pins_and_what_the_log_says_about_them() {
        let (_folder, clock, mut ledger, person, _files) = site_with_traces();
        ledger.vault_mut().add_person(Actor::Kiosk, bo(), None, clock.now()).unwrap();
        let mut by_pin = |pin: &str| {
            let pin = PinAttempt::new(pin);
            ledger.answer(RequestBody::MarkByPin { badge: "7".to_owned(), pin, kind: None }).0
        };
        by_pin("274916").unwrap_err(); // the badge was taken away above
        let name = ledger.vault().person(person).unwrap().name;
        let badge = Some("7".to_owned());
        let schedule = ledger.settings.work.people.get(&person).cloned();
        let change = PersonChange { person, name, badge, active: true, schedule };
        ledger.change_person(Actor::Kiosk, change).unwrap();
        let mut by_pin = |pin: &str| {
            let pin = PinAttempt::new(pin);
            ledger.answer(RequestBody::MarkByPin { badge: "7".to_owned(), pin, kind: None }).0
        };
        by_pin("274916").unwrap();
        by_pin("111111").unwrap_err();
        let event = ledger.vault().marks_of(person).unwrap()[0].id;
        ledger.correct(Actor::Kiosk, event, None, "wrong").unwrap();
        let file = ledger.person_file(person).unwrap();
        assert_eq!(file.wrong_pins, 1);
        assert_eq!(file.schedule.as_deref(), Some("mon-fri 22:00-06:00"));
        let count = |wanted: &dyn Fn(&AuditAction) -> bool| {
            file.log.iter().filter(|entry| wanted(&entry.action)).count()
        };
        assert_eq!(count(&|action| matches!(action, AuditAction::PersonAdded(_))), 1, "not the other's");
        assert_eq!(count(&|action| matches!(action, AuditAction::Marked(..))), 1);
        assert_eq!(count(&|action| matches!(action, AuditAction::Corrected { .. })), 1);
        assert_eq!(count(&|action| matches!(action, AuditAction::PersonPinWrong(_))), 1);
        assert_eq!(count(&|action| matches!(action, AuditAction::PersonExported(_))), 1);
        assert_eq!(count(&|action| matches!(action, AuditAction::Started)), 0);
    }

    #[test]
    fn an_erasure_that_is_pending_leaves_no_file_and_is_finished_in_the_background() {
        let (_folder, clock, mut ledger, person, files) = site_with_traces();
        assert_eq!(traces(&ledger, person, &files).len(), 5);
        // No new checkpoint can be written where its beginning should be.
        let in_the_way = ledger.paths().store().join("checkpoint.tmp");
        std::fs::create_dir(&in_the_way).unwrap();
        assert!(ledger.erase(Actor::Kiosk, person).is_err());
        assert!(ledger.vault().erasure_pending());
        assert_eq!(traces(&ledger, person, &files), Vec::<String>::new());
        ledger.background();
        assert!(ledger.vault().erasure_pending());
        std::fs::remove_dir(&in_the_way).unwrap();
        ledger.background();
        assert!(ledger.vault().erasure_pending(), "it rests a minute");
        clock.advance(super::REST);
        ledger.background();
        assert!(!ledger.vault().erasure_pending());
    }

    #[test]
    fn what_an_interrupted_erasure_left_outside_goes_when_it_is_asked_again_and_at_the_next_start() {
        let (_folder, clock, mut ledger, person, files) = site_with_traces();
        ledger.vault_mut().erase_person(Actor::Kiosk, person, clock.now()).unwrap(); // and a kill
        assert_eq!(traces(&ledger, person, &files).len(), 5);
        assert!(ledger.erase(Actor::Kiosk, person).is_err(), "there is no such person");
        assert_eq!(traces(&ledger, person, &files), Vec::<String>::new());

        let (folder, clock, mut ledger, person, files) = site_with_traces();
        // Of another store that these settings are used with.
        let stranger = PersonId::from_bytes([9; 16]);
        let schedule = || "mon-fri 08:00-17:00".parse().unwrap();
        ledger.keep_setting(|settings| drop(settings.work.people.insert(stranger, schedule()))).unwrap();
        let other = ledger.vault_mut().add_person(Actor::Kiosk, bo(), None, clock.now());
        let other = other.unwrap().id;
        let exports = ledger.paths().exports();
        let theirs = ledger.export_person(Actor::Kiosk, other, &exports).unwrap();
        let write = |name: &str| {
            std::fs::write(exports.join(name), "Ada").unwrap();
            exports.join(name)
        };
        let left = [write(".faceprint-aB3xYz"), write(".tmpaB3xYz")];
        let stays = [write(".faceprint-backup-aB3xYz"), write("attendance.csv"), write("person-list-1.csv")];
        ledger.vault_mut().erase_person(Actor::Kiosk, person, clock.now()).unwrap();
        let (paths, settings) = (ledger.paths().clone(), ledger.settings().clone());
        ledger.close().unwrap();
        let key = KeySource::File(folder.path().join("device.key"));
        let vault = Vault::open(&paths.store(), &key, clock.now()).unwrap();
        let (weights, index) =
            ((WeightsId::new("w").unwrap(), Fingerprint::default()), SharedIndex::default());
        let ledger =
            super::Ledger::new(vault, paths, settings, weights, index, Arc::new(clock.clone())).unwrap();
        assert_eq!(traces(&ledger, person, &files), Vec::<String>::new());
        assert!(left.iter().all(|file| !file.exists()));
        assert!(theirs.iter().chain(&stays).all(|file| file.exists()));
        assert!(ledger.settings().work.people.contains_key(&stranger));
    }

    #[test]
    fn a_checkpoint_that_went_bad_while_the_kiosk_ran_is_written_anew_at_night() {
        let (folder, clock, mut ledger, person) = site(MarkMode::AlwaysIn);
        ledger.background();
        let other = ledger.vault_mut().add_person(Actor::Kiosk, bo(), None, clock.now());
        ledger.erase(Actor::Kiosk, other.unwrap().id).unwrap(); // writes a checkpoint
        let (store, key) = (ledger.paths().store(), KeySource::File(folder.path().join("device.key")));
        let path = store.join("checkpoint");
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        ledger.background();
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "once a night");
        clock.advance(Duration::from_hours(24));
        ledger.background();
        drop(ledger); // a power cut: everything is made anew from the checkpoint
        let vault = Vault::open(&store, &key, clock.now()).unwrap();
        assert_eq!(vault.people().unwrap().iter().map(|who| who.id).collect::<Vec<_>>(), [person]);
    }

    #[test]
    fn a_file_on_its_way_is_known_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (what, start) in [("", ".faceprint-"), (BACKUP, ".faceprint-backup-")] {
            let file = unfinished(folder.path(), what).unwrap();
            let name = file.path().file_name().unwrap().to_str().unwrap().to_owned();
            assert!(name.starts_with(start) && name.len() == start.len() + 6, "{name}");
            assert_eq!(is_left_over(file.path(), &name), what.is_empty());
        }
    }

    #[test]
    fn the_ledger_goes_on_while_a_backup_is_written_and_it_holds_what_was_there_when_it_began() {
        let (folder, clock, mut ledger, _) = site(MarkMode::AlwaysIn);
        let marks = |vault: &Vault| vault.marks(Timestamp::MIN, Timestamp::MAX).unwrap().len();
        let mark = |ledger: &mut super::Ledger| {
            let pin = PinAttempt::new("274916");
            ledger.answer(RequestBody::MarkByPin { badge: "7".to_owned(), pin, kind: None }).0.unwrap();
            clock.advance(Duration::from_hours(1));
        };
        mark(&mut ledger);
        let words = || Passphrase::new("a backup needs words").unwrap();
        let host = Actor::Host(ledger.vault().hosts().unwrap()[0].id);
        let mut steps = Steps::backup(&ledger, host, None, words()).unwrap();
        // Marks, and even a new master key that is done with, while it is written.
        mark(&mut ledger);
        ledger.vault_mut().begin_rotation(Actor::Kiosk, clock.now()).unwrap();
        while ledger.vault().is_rotating() {
            ledger.background();
        }
        mark(&mut ledger);
        let made = loop {
            if let Some(body) = steps.step(&mut ledger).unwrap() {
                break body;
            }
            std::thread::sleep(steps.pause());
        };
        let ReplyBody::BackedUp { path, records } = made else { panic!("{made:?}") };
        assert_eq!(marks(ledger.vault()), 3);
        let newest = ledger.vault().audit_entries(1..=u64::MAX).unwrap().pop().unwrap();
        assert_eq!((newest.actor, newest.action), (host, AuditAction::BackedUp(records)));
        ledger.close().unwrap();

        let (dir, key) = (folder.path().join("other"), KeySource::File(folder.path().join("other.key")));
        let (restored, _) = Vault::restore(&dir, &key, &path, &words(), clock.now(), |_, _| ()).unwrap();
        assert_eq!(marks(&restored), 1);
        assert_eq!(restored.verify_audit(None, |_, _| ()).unwrap().fault, None);
    }

    #[test]
    fn a_stopped_backup_leaves_neither_a_file_nor_an_entry() {
        let (_folder, _, mut ledger, _) = site(MarkMode::AlwaysIn);
        let words = Passphrase::new("a backup needs words").unwrap();
        let mut steps = Steps::backup(&ledger, Actor::Kiosk, None, words).unwrap();
        let before = ledger.vault().audit_head();
        assert!(steps.stop().is_none(), "it ends with an answer of its own");
        let error = loop {
            match steps.step(&mut ledger) {
                Ok(None) => std::thread::sleep(steps.pause()),
                Ok(Some(body)) => panic!("{body:?}"),
                Err(error) => break Trouble::from(error),
            }
        };
        assert_eq!(*error.cause(), Cause::Moment(BadMoment::Stopped));
        drop(steps);
        assert_eq!(ledger.vault().audit_head(), before);
        assert_eq!(std::fs::read_dir(ledger.paths().exports()).unwrap().count(), 0);
    }

    #[test]
    fn a_change_of_key_from_the_screen_opens_the_store_from_then_on() {
        let (folder, clock, mut ledger, _) = site(MarkMode::AlwaysIn);
        let session = {
            let host = ledger.vault().hosts().unwrap()[0].id;
            ledger.login(host, &PinAttempt::new("908172")).unwrap()
        };
        let change = |ledger: &mut super::Ledger, key| {
            let pin = Hidden(PinAttempt::new("908172"));
            ledger.answer(RequestBody::Host(session.clone(), HostRequest::ChangeKey { key, pin })).0
        };
        let keys = |ledger: &mut super::Ledger| {
            let (reply, _) = ledger.answer(RequestBody::Host(session.clone(), HostRequest::Keys));
            let Ok(ReplyBody::Keys(view)) = reply else { panic!("{reply:?}") };
            view
        };
        let path = folder.path().join("device.key");
        assert_eq!(keys(&mut ledger).file, Some(path.clone()));
        let first = std::fs::read(&path).unwrap();
        change(&mut ledger, NewKey::File).unwrap();
        assert_ne!(std::fs::read(&path).unwrap(), first);
        assert!(matches!(ledger.take_new_key().as_deref(), Some(KeySource::File(new)) if *new == path));

        let words = Passphrase::new("four unrelated words").unwrap();
        change(&mut ledger, NewKey::Passphrase(Hidden(words))).unwrap();
        assert_eq!(keys(&mut ledger).file, None);
        let key = ledger.take_new_key().unwrap();
        assert!(ledger.take_new_key().is_none(), "told once");
        assert!(change(&mut ledger, NewKey::File).is_err(), "no place for one is known here");
        let store = ledger.paths().store();
        ledger.close().unwrap();
        assert!(Vault::open(&store, &KeySource::File(path), clock.now()).is_err());
        Vault::open(&store, &key, clock.now()).unwrap();
    }

    /// The sweep destroys faces first. When it fails after that, nobody may be recognised by what is gone.
    #[test]
    fn faces_that_a_failed_sweep_destroyed_are_recognised_no_more() {
        let (_folder, clock, mut ledger, person) = site(MarkMode::AlwaysIn);
        let template = NewTemplate {
            embedding: Embedding::from_raw(&[1.0; EMBEDDING_LEN]).unwrap(),
            weights: WeightsId::new("w").unwrap(),
            quality: 0.9,
        };
        ledger.enrol(Actor::Kiosk, person, "1", &[template], true).unwrap();
        let known = |ledger: &super::Ledger| ledger.index.read().unwrap().templates_of(person);
        assert_eq!(known(&ledger), 1);
        ledger.settings.keep_faces_days = 10;
        clock.advance(Duration::from_hours(24 * 11));
        // No new checkpoint can be written where its beginning should be.
        std::fs::create_dir(ledger.paths().store().join("checkpoint.tmp")).unwrap();
        assert!(ledger.sweep_nightly().is_err());
        assert_eq!(ledger.vault().template_count(person).unwrap(), 0, "the face is gone");
        assert_eq!(known(&ledger), 0, "and so it is from the index");
    }

    #[test]
    fn when_idle_the_key_changes_and_once_a_day_old_marks_go() {
        let (_folder, clock, mut ledger, _) = site(MarkMode::AlwaysIn);
        let mark = |ledger: &mut super::Ledger| {
            let pin = PinAttempt::new("274916");
            ledger.answer(RequestBody::MarkByPin { badge: "7".to_owned(), pin, kind: None }).0.unwrap();
        };
        let marks =
            |ledger: &super::Ledger| ledger.vault().marks(Timestamp::MIN, Timestamp::MAX).unwrap().len();
        ledger.settings.keep_marks_days = 10;
        mark(&mut ledger);
        let told = Arc::new(Mutex::new(Vec::new()));
        let writer = told.clone();
        ledger.tell_progress(Some(Arc::new(move |job| writer.lock().unwrap().push(job))));
        ledger.vault_mut().begin_rotation(Actor::Kiosk, clock.now()).unwrap();
        while ledger.vault().is_rotating() {
            ledger.background();
        }
        let told = told.lock().unwrap();
        assert_eq!(told.first().unwrap().unwrap().job, Job::RotateKey);
        assert!(told.last().unwrap().is_none(), "and its end is told");
        drop(told);

        clock.advance(Duration::from_hours(24 * 11));
        mark(&mut ledger);
        assert_eq!(marks(&ledger), 2);
        ledger.background();
        assert_eq!(marks(&ledger), 1);
        clock.advance(Duration::from_hours(24 * 11));
        ledger.background();
        assert_eq!(marks(&ledger), 0);
        let log = ledger.vault().audit_entries(1..=u64::MAX).unwrap();
        let swept = log.iter().filter(|e| matches!(e.action, AuditAction::Swept { marks: 1, faces: 0 }));
        assert_eq!(swept.count(), 2);
    }
}
