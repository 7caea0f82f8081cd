//! What the ledger does about keeping: backups, the nightly sweep, the change of the master key in the background.

use super::{
    Ledger, LedgerError, fill,
    report::{Content, Written, folder_of, make_folder},
};
use crate::{
    crypto::{KeySource, Passphrase},
    domain::{Actor, AuditAction, PersonId},
    reports::{Paper, PersonFile, ReportError, ReportWords, StoredFace, write_person_json, write_person_pdf},
    runtime::messages::{BadRequest, Job, JobView, KeyView, NewKey},
    vault::{BackupContents, BackupView, Keeping, VaultError},
};
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::Duration,
};

/// Records that are sealed anew between two requests: about 5 ms.
const ROTATE_AT_ONCE: usize = 64;

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
        Ok(PersonFile {
            site: self.settings.site_name.clone(),
            generated_at: self.clock.now().utc.to_zoned(self.settings.zone.time_zone().clone()),
            person: self.vault.person(person)?,
            has_pin: self.vault.person_secret(person)?.is_some(),
            faces: faces
                .into_iter()
                .map(|face| StoredFace { weights: face.weights, quality: face.quality, stored: face.created })
                .collect(),
            marks: self.vault.marks_of(person)?,
            audit_head: self.vault.audit_head(),
        })
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
        let path = |ending| folder.join(format!("person-{person}-{stamp}.{ending}"));
        let (json, pdf) = (path("json"), path("pdf"));
        let words = ReportWords::of(&self.settings.language);
        write_whole(&json, |out| write_person_json(&file, out))?;
        write_whole(&pdf, |out| write_person_pdf(&file, words, Paper::A4, out).map(|_| ()))?;
        Ok(vec![json, pdf])
    }

    /// Files with one person's data in the kiosk's own folder go with the person; those on a stick are out of reach.
    pub(super) fn remove_person_files(&self, person: PersonId) -> Result<(), LedgerError> {
        let folder = self.paths.exports();
        let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(()) };
        let theirs = format!("person-{person}-");
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            if name.is_some_and(|name| name.starts_with(&theirs)) {
                std::fs::remove_file(&path).map_err(|source| LedgerError::File { path, source })?;
            }
        }
        Ok(())
    }

    /// Called when nothing else is to be done: a little of whatever may wait.
    pub fn background(&mut self) {
        let now = self.clock.now().mono;
        if self.vault.needs_reopening() || now < self.rest_until {
            return;
        }
        if let Err(error) = self.sweep_nightly().and_then(|()| self.rotate_some()) {
            log::warn!("put off for a minute: {error}");
            self.rest_until = now + REST;
        }
    }

    /// Erases what is older than the site's rule allows, once in each attendance day.
    pub fn sweep_nightly(&mut self) -> Result<(), LedgerError> {
        let now = self.clock.now();
        let today = self.policy.attendance_day(now.utc);
        if self.swept == Some(today) {
            return Ok(());
        }
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

/// The file appears whole or not at all, readable by its owner only.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), ReportError>,
) -> Result<(), LedgerError> {
    let file_error = |source| LedgerError::File { path: path.to_owned(), source };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(file_error)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(file_error)?;
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
    use super::super::access::tests::site;
    use crate::{
        crypto::{KeySource, Passphrase, PinAttempt},
        domain::{Actor, AuditAction, Clock as _, EMBEDDING_LEN, Embedding, WeightsId},
        runtime::{
            ledger::steps::Steps,
            messages::{
                BadMoment, Cause, Hidden, HostRequest, Job, NewKey, PersonChange, ReplyBody, RequestBody,
                Trouble,
            },
        },
        settings::{Liveness, MarkMode, Settings},
        vault::{NewTemplate, Vault},
    };
    use jiff::Timestamp;
    use std::{
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
