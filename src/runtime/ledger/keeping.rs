//! What the ledger does about keeping: backups, the nightly sweep, the change of the master key in the background.

use super::{Ledger, LedgerError, fill};
use crate::{
    crypto::Passphrase,
    domain::{Actor, AuditAction, PersonId},
    reports::{Paper, PersonFile, ReportError, ReportWords, StoredFace, write_person_json, write_person_pdf},
    runtime::messages::{Job, JobView},
    vault::{BackupContents, Keeping},
};
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::PoisonError,
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
        passphrase: &Passphrase,
    ) -> Result<BackupContents, LedgerError> {
        if let Some(folder) = out.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|source| LedgerError::File { path: folder.to_owned(), source })?;
        }
        let (settings, now) = (self.settings.to_toml(), self.clock.now());
        let progress = self.progress.clone();
        let made = self.vault.backup(actor, out, passphrase, &settings, now, |done, total| {
            if let Some(progress) = &progress {
                progress(Some(JobView { job: Job::Backup, done, total }));
            }
        });
        self.told_all();
        Ok(made?)
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

    /// A file of this second, in the folder for exports.
    pub(super) fn new_backup_path(&self) -> PathBuf {
        let local = self.clock.now().utc.to_zoned(self.settings.zone.time_zone().clone());
        self.paths.exports().join(format!("faceprint-{}.backup", local.strftime("%Y%m%d-%H%M%S")))
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
            fill(&self.index, &mut self.vault, &self.weights, now)?;
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
        crypto::PinAttempt,
        domain::{Actor, AuditAction, Clock as _},
        runtime::messages::{Job, RequestBody},
        settings::MarkMode,
    };
    use jiff::Timestamp;
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

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
        ledger.background();
        assert!(!ledger.vault().is_rotating(), "so few records are one step");
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
