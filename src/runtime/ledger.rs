//! The ledger: the one owner of the vault while the kiosk runs, and what it does with sightings and requests.
//!
//! A [`Ledger`] is plain calls in one thread, so that the command line and `replay` use the very same code; the
//! kiosk's ledger thread is in [`super::workers`]. It must not know pictures.

mod access;
mod day;
mod export;
pub mod keeping;
mod period;
mod report;
pub mod steps;
mod together;

use super::{
    folders::folders,
    messages::{
        CameraRow, Hidden, HostRequest, Job, JobView, Notice, PersonChange, PersonRow, Refusal, ReplyBody,
        RequestBody,
    },
    networks,
    people_csv::{self, ImportError, ImportPlan},
    pipeline::{SharedIndex, Sighted, Sighting},
    trouble::{BadMoment, BadRequest, Trouble},
};
use crate::{
    access::HostSession,
    attendance::{Decision, Era, LastMark, Mode, Policy},
    camera,
    crypto::KeySource,
    domain::{
        Actor, AuditAction, AuditEntry, Clock, Consent, Correction, EventId, Fingerprint, MarkKind,
        MarkSource, Moment, Person, PersonId, PersonName, TrackId, WeightsId,
    },
    matching::Index,
    settings::{MarkMode, Settings, SettingsError},
    vault::{NewMark, NewTemplate, Vault, VaultError},
    vision::{WeightsError, WeightsStore},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::{
    collections::{HashMap, HashSet},
    io::Read as _,
    mem,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::Duration,
};
use steps::Steps;

/// Where a site's files are.
#[derive(Debug, Clone)]
pub struct DataPaths {
    /// The data folder.
    pub root: PathBuf,
    /// The settings file.
    pub settings: PathBuf,
    /// Where this machine keeps a device key file, if the store is opened by one or shall be.
    pub key_file: Option<PathBuf>,
}

impl DataPaths {
    /// The layout below `root`; the settings file may be elsewhere, and no place for a key file is known.
    #[must_use]
    pub fn new(root: &Path, settings: Option<&Path>) -> Self {
        let settings = settings.map_or_else(|| root.join("settings.toml"), Path::to_owned);
        Self { root: root.to_owned(), settings, key_file: None }
    }

    /// Sealed records.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// Installed weights.
    #[must_use]
    pub fn weights(&self) -> PathBuf {
        self.root.join("weights")
    }

    /// Reports written from the screen.
    #[must_use]
    pub fn exports(&self) -> PathBuf {
        self.root.join("exports")
    }
}

/// What the ledger could not do, in a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The settings file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A report.
    #[error("the report could not be made: {0}")]
    Report(#[from] crate::reports::ReportError),
    /// A list of people.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Networks.
    #[error(transparent)]
    Networks(#[from] WeightsError),
    /// A file that was chosen.
    #[error("{path} cannot be read: {source}. Check that it is still there")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file outside the store.
    #[error("{path} cannot be written: {source}. Check that the folder exists, is yours and has room")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The day of a mark is locked.
    #[error(
        "attendance is locked up to and including {until}, by {by} on {on}: nothing can be added or corrected there \
         unless a host unlocks it, with a reason"
    )]
    Locked {
        /// The last locked day.
        until: Date,
        /// Who locked it.
        by: String,
        /// When.
        on: Date,
    },
    /// The rules kept with a lock are not understood.
    #[error("the rules that locked days are counted by are of a later faceprint: update this one")]
    KeptRules,
    /// The request itself.
    #[error(transparent)]
    Asked(#[from] BadRequest),
}

/// The vault with the policy and the index that follow from it.
pub struct Ledger {
    vault: Vault,
    paths: DataPaths,
    settings: Settings,
    policy: Policy,
    /// Locked days with the rules that they keep.
    eras: Vec<Era>,
    /// The recogniser, as shots name it.
    network: WeightsId,
    /// What its templates carry in the vault.
    weights: WeightsId,
    index: SharedIndex,
    clock: Arc<dyn Clock>,
    progress: Option<Progress>,
    /// The attendance day of the last sweep.
    swept: Option<Date>,
    /// No work in the background before this, on the monotonic clock.
    rest_until: Duration,
    /// Whose visit, as far as it is known, is marked.
    settled: HashSet<PersonId>,
    /// Whom a right PIN has just named, and who has templates of other weights only.
    passing: Option<PersonId>,
    /// What opens the store since it was changed here.
    new_key: Option<Arc<KeySource>>,
}

/// Told how far a long piece of work is; `None` at its end.
pub type Progress = Arc<dyn Fn(Option<JobView>) + Send + Sync>;

impl Ledger {
    /// Takes an open vault and fills the index with the templates of `network`.
    pub fn new(
        mut vault: Vault,
        paths: DataPaths,
        settings: Settings,
        (network, fingerprint): (WeightsId, Fingerprint),
        index: SharedIndex,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LedgerError> {
        let filled = vault.set_weights(Actor::Kiosk, &network, fingerprint, clock.now()).and_then(|_| {
            let weights = vault.tag(&network, fingerprint)?;
            fill(&index, &vault, &weights)?;
            Ok(weights)
        });
        let weights = match filled {
            Ok(weights) => weights,
            Err(error) => {
                // In order, so that the next start has nothing to rebuild; the first error is what is said.
                if let Err(error) = vault.close(clock.now()) {
                    log::warn!("the store was not closed in order: {error}");
                }
                return Err(error.into());
            }
        };
        let eras = period::eras(vault.period_locks(), &settings)?;
        let policy = policy(&settings);
        let (progress, swept, rest_until, passing) = (None, None, Duration::ZERO, None);
        let mut ledger = Self {
            vault,
            paths,
            settings,
            policy,
            eras,
            network,
            weights,
            index,
            clock,
            progress,
            swept,
            rest_until,
            passing,
            settled: HashSet::new(),
            new_key: None,
        };
        if let Err(error) = ledger.tidy() {
            log::warn!("what an interrupted erasure or export left is still there: {error}");
        }
        Ok(ledger)
    }

    /// Whom to tell how far long work is.
    pub fn tell_progress(&mut self, progress: Option<Progress>) {
        self.progress = progress;
    }

    /// The vault, for commands that only read.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The vault, for commands that change it.
    pub fn vault_mut(&mut self) -> &mut Vault {
        &mut self.vault
    }

    /// Where the site's files are.
    #[must_use]
    pub fn paths(&self) -> &DataPaths {
        &self.paths
    }

    /// The recogniser in use.
    pub(super) fn recogniser(&self) -> &WeightsId {
        &self.network
    }

    /// How many people it knows.
    pub(super) fn people_known(&self) -> usize {
        self.index.read().unwrap_or_else(PoisonError::into_inner).people()
    }

    /// Settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Ends in order: checkpoint and clean marker.
    pub fn close(self) -> Result<(), LedgerError> {
        let now = self.clock.now();
        Ok(self.vault.close(now)?)
    }

    /// Turns a sighting into at most one durable mark. What it returns may be shown: it is on disk.
    pub fn sighting(&mut self, sighting: &Sighting) -> Result<Option<Notice>, LedgerError> {
        let person = match sighting.outcome {
            Sighted::Person { person, .. } => person,
            Sighted::Unknown => return Ok(None),
            Sighted::Refused => {
                self.vault.audit(Actor::Kiosk, AuditAction::PresentationRefused, sighting.at)?;
                return Ok(None);
            }
        };
        let Some(Person { name, .. }) = self.active(person)? else { return Ok(None) };
        let track = sighting.track;
        let mut last = self.last_mark(person, sighting.at.utc)?;
        // Whoever looks away and back is still on the visit that was marked; a visit that was not marked guards nothing.
        if let (Some(last), Some(seen)) = (&mut last, sighting.last_seen())
            && self.settled.contains(&person)
        {
            last.seen = last.seen.max(seen);
        }
        match self.policy_of(person).decide(last.as_ref(), sighting.at.utc, None) {
            Decision::Record(kind) => self.mark(person, name, kind, Some(track), sighting.at).map(Some),
            Decision::Duplicate { kind, at } => {
                self.settled.insert(person);
                Ok(Some(Notice::Duplicate { track, name, kind, at }))
            }
            Decision::Ask => {
                self.settled.remove(&person);
                Ok(Some(Notice::Ask { track, person, name }))
            }
        }
    }

    /// Answers a request of the window. `Err` is a sentence for the person; notices are for the attendee screen.
    pub fn answer(&mut self, body: RequestBody) -> (Result<ReplyBody, Refusal>, Vec<Notice>) {
        let mut notices = Vec::new();
        let reply = match body {
            RequestBody::SetUp { .. } => Err(failed(BadMoment::SetUpAlready)),
            RequestBody::Hosts => self.vault.hosts().map(ReplyBody::Hosts).map_err(failed),
            RequestBody::Login { host, pin } => self.login(host, &pin).map(ReplyBody::LoggedIn),
            RequestBody::Logout { host, timed_out } => {
                self.audit(Actor::Host(host), AuditAction::SessionEnded(timed_out))
            }
            RequestBody::NotMe(event) => self.not_me(event).map(|notice| {
                notices.push(notice);
                ReplyBody::Done
            }),
            RequestBody::ChooseKind { track, person, kind } => {
                self.chosen(track, person, kind).map_err(failed).map(|notice| {
                    notices.push(notice);
                    ReplyBody::Done
                })
            }
            RequestBody::MarkByPin { badge, pin, kind } => self.mark_by_pin(&badge, &pin, kind),
            RequestBody::Recover { host, code, new_pin } => {
                self.recover(host, &code, new_pin.as_ref()).map(|code| ReplyBody::RecoveryCode(Hidden(code)))
            }
            RequestBody::Host(session, request) => self.host(&session, request),
        };
        (reply, notices)
    }

    /// Stores the shots of an enrolment and lets the index know.
    pub fn enrol(
        &mut self,
        actor: Actor,
        person: PersonId,
        consent_version: &str,
        shots: &[NewTemplate],
        replace: bool,
    ) -> Result<(), LedgerError> {
        let consent = Consent { version: consent_version.to_owned(), at: self.clock.now().utc };
        self.store(actor, person, consent, shots, replace)
    }

    /// Stores the shots of somebody enrolled in passing, under the consent that they gave, instead of templates of other
    /// weights. Returns their name.
    pub fn renew(&mut self, person: PersonId, shots: &[NewTemplate]) -> Result<PersonName, LedgerError> {
        let Some(Person { name, consent: Some(consent), .. }) = self.active(person)? else {
            return Err(LedgerError::Asked(BadRequest::NotRenewed));
        };
        self.store(Actor::Person(person), person, consent, shots, true)?;
        Ok(name)
    }

    fn store(
        &mut self,
        actor: Actor,
        person: PersonId,
        consent: Consent,
        shots: &[NewTemplate],
        replace: bool,
    ) -> Result<(), LedgerError> {
        let mut shots = shots.to_vec();
        for shot in shots.iter_mut().filter(|shot| shot.weights == self.network) {
            shot.weights = self.weights.clone();
        }
        let ids = self.vault.enrol(actor, person, consent, &shots, replace, self.clock.now())?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if replace {
            index.remove_person(person);
        }
        for (id, shot) in ids.into_iter().zip(&shots) {
            if shot.weights == self.weights {
                index.insert(id, person, &shot.embedding);
            }
        }
        Ok(())
    }

    /// Erases a person from the store and the index.
    pub fn erase(&mut self, actor: Actor, person: PersonId) -> Result<(), LedgerError> {
        // Out of the index first: nobody is recognised by a template that is about to go.
        self.index.write().unwrap_or_else(PoisonError::into_inner).remove_person(person);
        let erased = self.forget_kept_schedule(person).and_then(|()| {
            self.vault.erase_person(actor, person, self.clock.now())?;
            Ok(())
        });
        match self.vault.person(person) {
            Ok(_) => {
                self.index_again(person)?;
                return erased;
            }
            Err(VaultError::NoSuchPerson) => {}
            Err(error) => return erased.and(Err(error.into())),
        }
        // No trace of them outside of the store either: also when old files of it are still to go, or when an earlier try
        // came only so far. Last: on a full disk there is room only now.
        let files = self.remove_person_files(person);
        let schedule = if self.settings.work.people.contains_key(&person) {
            self.keep_setting(|settings| drop(settings.work.people.remove(&person)))
        } else {
            Ok(())
        };
        erased.and(files).and(schedule)
    }

    /// The person's templates into the index, as they are in the store.
    fn index_again(&mut self, person: PersonId) -> Result<(), LedgerError> {
        let templates = self.vault.templates(&self.weights)?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.remove_person(person);
        for template in templates.iter().filter(|template| template.person == person) {
            index.insert(template.id, person, &template.embedding);
        }
        Ok(())
    }

    /// Changes a setting in force and in the file. What else the file holds stays: an option that was given for this start
    /// is not kept.
    pub(super) fn keep_setting(&mut self, change: impl Fn(&mut Settings)) -> Result<(), LedgerError> {
        let mut kept = self.kept_settings()?;
        change(&mut kept);
        kept.save(&self.paths.settings)?;
        change(&mut self.settings);
        Ok(())
    }

    /// The settings as the file has them.
    pub(super) fn kept_settings(&self) -> Result<Settings, LedgerError> {
        let kept = Settings::load(&self.paths.settings)?;
        let store = WeightsStore::new(self.paths.weights());
        Ok(kept.map_or_else(|| self.settings.clone(), |kept| networks::without_former(&store, kept)))
    }

    /// Changes a person's data. Somebody switched off is no longer recognised, and is again once switched on.
    pub fn change_person(&mut self, actor: Actor, change: PersonChange) -> Result<(), LedgerError> {
        let PersonChange { person: id, name, badge, active, schedule } = change;
        let old = self.vault.person(id)?;
        let person = Person { name, badge, active, ..old.clone() };
        if person != old {
            self.vault.update_person(actor, person, self.clock.now())?;
        }
        match (old.active, active) {
            (false, true) => self.index_again(id)?,
            (true, false) => {
                self.index.write().unwrap_or_else(PoisonError::into_inner).remove_person(id);
            }
            _ => {}
        }
        if self.settings.work.people.get(&id) != schedule.as_ref() {
            self.keep_setting(|settings| match &schedule {
                Some(schedule) => drop(settings.work.people.insert(id, schedule.clone())),
                None => drop(settings.work.people.remove(&id)),
            })?;
            self.vault.audit(actor, AuditAction::SettingsChanged, self.clock.now())?;
        }
        Ok(())
    }

    /// What a list of people would do.
    pub fn plan_import(&self, path: &Path) -> Result<ImportPlan, LedgerError> {
        let unreadable = |source| LedgerError::Unreadable { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(people_csv::MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(people_csv::plan(&bytes, &self.vault.people()?)?)
    }

    /// A folder that a host chose: one that is offered, or `exports`.
    fn chosen_folder(&self, folder: Option<PathBuf>) -> Result<PathBuf, LedgerError> {
        let exports = self.paths.exports();
        let Some(folder) = folder else { return Ok(exports) };
        let offered = folders(&exports).iter().any(|offered| offered.path == folder);
        offered.then_some(folder).ok_or(LedgerError::Asked(BadRequest::StickGone))
    }

    /// Destroys a person's templates; they stay and can use a PIN. Returns how many there were.
    pub fn withdraw_consent(&mut self, actor: Actor, person: PersonId) -> Result<u32, LedgerError> {
        self.index.write().unwrap_or_else(PoisonError::into_inner).remove_person(person);
        Ok(self.vault.withdraw_consent(actor, person, self.clock.now())?)
    }

    /// Everybody in name order, with the number of templates of the weights in use.
    pub fn people(&self) -> Result<Vec<PersonRow>, LedgerError> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<PersonRow> = self
            .vault
            .people()?
            .into_iter()
            .map(|person| {
                let pin = self.pin_state(person.id)?;
                Ok(PersonRow { templates: index.templates_of(person.id), pin, person })
            })
            .collect::<Result<_, VaultError>>()?;
        rows.sort_by_key(|row| (row.person.name.as_str().to_lowercase(), row.person.id));
        Ok(rows)
    }

    /// The policy with the person's own schedule.
    fn policy_of(&self, person: PersonId) -> Policy {
        self.policy.of_person(&self.settings.work, person)
    }

    /// A person who may be marked; `None` for one who was erased or switched off since they were recognised.
    fn active(&self, person: PersonId) -> Result<Option<Person>, LedgerError> {
        match self.vault.person(person) {
            Ok(person) => Ok(Some(person).filter(|p| p.active)),
            Err(VaultError::NoSuchPerson) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The most recent mark that counts. One that lies further ahead than the guard, made while the clock was wrong, says
    /// nothing about now: with it everybody would be marked again and again until the clock catches up.
    fn last_mark(&self, person: PersonId, now: Timestamp) -> Result<Option<LastMark>, LedgerError> {
        let until = now.saturating_add(SignedDuration::from_secs(self.policy.guard_secs.into()));
        let last = self.vault.last_mark(person, until.unwrap_or(Timestamp::MAX))?;
        Ok(last.as_ref().map(LastMark::from))
    }

    fn mark(
        &mut self,
        person: PersonId,
        name: PersonName,
        kind: MarkKind,
        track: Option<TrackId>,
        at: Moment,
    ) -> Result<Notice, LedgerError> {
        let mark = NewMark {
            person,
            kind,
            at: at.utc,
            zone: self.settings.zone.name().to_owned(),
            source: MarkSource::Face,
            actor: Actor::Kiosk,
            correction: None,
        };
        self.settled.remove(&person); // until it is on disk
        let mark = self.vault.record_mark(mark, at)?;
        self.settled.insert(person);
        log::info!("recorded event {}", mark.id);
        let today = self.hours_today(person, at.utc);
        Ok(Notice::Recorded { event: mark.id, track, name, kind, at: mark.at, today })
    }

    fn chosen(&mut self, track: TrackId, person: PersonId, kind: MarkKind) -> Result<Notice, LedgerError> {
        let now = self.clock.now();
        let Some(Person { name, .. }) = self.active(person)? else {
            return Err(LedgerError::Asked(BadRequest::NoLongerEnrolled));
        };
        let last = self.last_mark(person, now.utc)?;
        match self.policy_of(person).decide(last.as_ref(), now.utc, Some(kind)) {
            Decision::Duplicate { kind, at } => Ok(Notice::Duplicate { track, name, kind, at }),
            Decision::Record(_) | Decision::Ask => self.mark(person, name, kind, Some(track), now),
        }
    }

    fn not_me(&mut self, event: EventId) -> Result<Notice, Refusal> {
        let now = self.clock.now();
        let mark = self.vault.mark(event).map_err(failed)?;
        // A little longer than the button is shown, so that a press on the last moment counts.
        let age = now.utc.duration_since(mark.at).abs().as_secs();
        if mark.source != MarkSource::Face || age > i64::from(self.settings.not_me_secs) + 5 {
            return Err(failed(BadRequest::MarkTooOld));
        }
        let correction = Correction { replaces: Some(event), stands: false, reason: "Not me".to_owned() };
        let strike = NewMark {
            person: mark.person,
            kind: mark.kind,
            at: mark.at,
            zone: mark.zone,
            source: MarkSource::NotMe,
            actor: Actor::Kiosk,
            correction: Some(correction),
        };
        self.vault.record_mark(strike, now).map_err(failed)?;
        self.settled.remove(&mark.person); // they may not have been here at all
        Ok(Notice::StruckOut { event })
    }

    fn host(&mut self, session: &HostSession, request: HostRequest) -> Result<ReplyBody, Refusal> {
        let request = self.allowed(session, request)?;
        let (now, actor, done) = (self.clock.now(), session.actor(), |()| ReplyBody::Done);
        match request {
            HostRequest::People => self.people().map(ReplyBody::People).map_err(failed),
            HostRequest::AddPerson { name, badge } => {
                self.vault.add_person(actor, name, badge, now).map(|p| ReplyBody::Added(p.id)).map_err(failed)
            }
            HostRequest::ErasePerson(person) => self.erase(actor, person).map(done).map_err(failed),
            HostRequest::Day(date) => self.day(date).map(|day| ReplyBody::Day(Box::new(day))).map_err(failed),
            HostRequest::AddMark { person, kind, at, reason } => {
                self.host_mark(actor, (person, kind, at), &reason, None).map(done).map_err(failed)
            }
            HostRequest::CorrectMark { event, replacement, reason } => {
                self.correct(actor, event, replacement, &reason).map(done).map_err(failed)
            }
            HostRequest::Period => Ok(ReplyBody::Period(self.period())),
            HostRequest::LockPeriod(until) => {
                self.lock_period(actor, until).map(|()| ReplyBody::Period(self.period())).map_err(failed)
            }
            HostRequest::UnlockPeriod { until, reason } => self
                .unlock_period(actor, until, &reason)
                .map(|()| ReplyBody::Period(self.period()))
                .map_err(failed),
            HostRequest::Attendance { from, to } => {
                self.attendance(from, to).map(ReplyBody::Attendance).map_err(failed)
            }
            HostRequest::History(event) => self.history(event).map(ReplyBody::History).map_err(failed),
            HostRequest::ChangePerson(change) => {
                let changed = self.change_person(actor, *change).map_err(failed);
                changed.map(|()| ReplyBody::Settings(Box::new(self.settings.clone())))
            }
            HostRequest::Folders => Ok(ReplyBody::Folders(folders(&self.paths.exports()))),
            HostRequest::PlanImport(path) => {
                self.plan_import(&path).map(|plan| ReplyBody::ImportPlan(Box::new(plan))).map_err(failed)
            }
            HostRequest::Preview(spec) => self.preview(&spec).map(ReplyBody::Preview).map_err(failed),
            HostRequest::Export { report, format, folder } => {
                Self::at_once(Steps::export(self, actor, &report, format, folder), self)
            }
            HostRequest::ExportAudit { folder } => {
                Self::at_once(Steps::export_audit(self, actor, folder), self)
            }
            HostRequest::Audit { limit } => self.newest_entries(limit).map(ReplyBody::Audit).map_err(failed),
            HostRequest::Settings => Ok(ReplyBody::Settings(Box::new(self.settings.clone()))),
            HostRequest::Cameras => Ok(ReplyBody::Cameras(cameras())),
            HostRequest::Networks => self.networks().map(ReplyBody::Networks).map_err(failed),
            HostRequest::SaveSettings(settings) => self.save_settings(actor, *settings),
            HostRequest::Import(_) | HostRequest::CancelWork => {
                Err(failed("long work is done by the ledger's thread: use the kiosk's screen"))
            }
            HostRequest::StartEnrolment { .. }
            | HostRequest::CancelEnrolment
            | HostRequest::StoreShots { .. } => {
                Err(failed("there is no camera here to enrol with: use the kiosk's screen"))
            }
            HostRequest::HostRows
            | HostRequest::AddHost { .. }
            | HostRequest::RemoveHost(_)
            | HostRequest::ChangePin { .. }
            | HostRequest::UnlockHost(_)
            | HostRequest::NewRecoveryCode
            | HostRequest::TwoPerson(_)
            | HostRequest::WithSecond(..) => self.about_hosts(session, request),
            HostRequest::SetPersonPin { person, pin } => {
                let pin = pin.as_ref().map(|pin| &pin.0);
                self.vault.set_person_pin(actor, person, pin, now).map(done).map_err(failed)
            }
            HostRequest::UnlockPerson(person) => {
                self.vault.unlock_person(actor, person, now).map(done).map_err(failed)
            }
            HostRequest::WithdrawConsent(person) => {
                self.withdraw_consent(actor, person).map(|_| ReplyBody::Done).map_err(failed)
            }
            HostRequest::VerifyAudit { against } => {
                let checked = self.vault.verify_audit(against, |done, total| {
                    self.tell(JobView { job: Job::VerifyAudit, done, total });
                });
                self.told_all();
                checked.map(ReplyBody::AuditVerified).map_err(failed)
            }
            HostRequest::Keys => Ok(ReplyBody::Keys(self.keys())),
            HostRequest::ChangeKey { key, .. } => self.change_key(actor, key).map(done).map_err(failed),
            HostRequest::Backup { folder, passphrase, .. } => {
                Self::at_once(Steps::backup(self, actor, folder, passphrase.0), self)
            }
            HostRequest::ExportPerson { person, folder } => {
                let folder = self.chosen_folder(folder).map_err(failed)?;
                let files = self.export_person(actor, person, &folder).map_err(failed)?;
                Ok(ReplyBody::PersonExported { files })
            }
            HostRequest::RotateKey => self.vault.begin_rotation(actor, now).map(done).map_err(failed),
        }
    }

    fn save_settings(&mut self, actor: Actor, settings: Settings) -> Result<ReplyBody, Refusal> {
        let store = WeightsStore::new(self.paths.weights());
        networks::check(&store, &self.settings, &settings).map_err(|e| failed(LedgerError::from(e)))?;
        // What else the file holds stays: a choice for the next start, and not the options of this one.
        let kept = self.kept_settings().map_err(failed)?;
        settings
            .changes_on(&self.settings, &kept, &self.paths.settings)
            .and_then(|kept| kept.save(&self.paths.settings))
            .map_err(failed)?;
        self.policy = policy(&settings);
        self.settings = settings;
        self.audit(actor, AuditAction::SettingsChanged)
    }

    /// Long work in one go, for callers without a thread for it.
    fn at_once(steps: Result<Steps, LedgerError>, ledger: &mut Self) -> Result<ReplyBody, Refusal> {
        steps.and_then(|steps| steps.finish(ledger)).map_err(failed)
    }

    fn tell(&self, view: JobView) {
        if let Some(progress) = &self.progress {
            progress(Some(view));
        }
    }

    fn told_all(&self) {
        if let Some(progress) = &self.progress {
            progress(None);
        }
    }

    /// Newest first.
    fn newest_entries(&self, limit: usize) -> Result<Vec<AuditEntry>, LedgerError> {
        let head = self.vault.audit_head().number;
        let from = (head + 1).saturating_sub(limit as u64).max(1);
        let mut entries = self.vault.audit_entries(from..=head)?;
        entries.reverse();
        Ok(entries)
    }

    fn host_mark(
        &mut self,
        actor: Actor,
        (person, kind, at): (PersonId, MarkKind, Timestamp),
        reason: &str,
        replaces: Option<EventId>,
    ) -> Result<(), LedgerError> {
        let now = self.clock.now();
        check_reason(reason)?;
        if at > now.utc {
            return Err(LedgerError::Asked(BadRequest::InFuture));
        }
        self.vault.person(person)?;
        self.check_open(person, at)?;
        let mark = NewMark {
            person,
            kind,
            at,
            zone: self.settings.zone.name().to_owned(),
            source: MarkSource::Host,
            actor,
            correction: Some(Correction { replaces, stands: true, reason: reason.trim().to_owned() }),
        };
        self.vault.record_mark(mark, now)?;
        Ok(())
    }

    fn correct(
        &mut self,
        actor: Actor,
        event: EventId,
        replacement: Option<(MarkKind, Timestamp)>,
        reason: &str,
    ) -> Result<(), LedgerError> {
        check_reason(reason)?;
        let old = self.vault.mark(event)?;
        self.check_open(old.person, old.at)?;
        if let Some((kind, at)) = replacement {
            return self.host_mark(actor, (old.person, kind, at), reason, Some(event));
        }
        let correction =
            Correction { replaces: Some(event), stands: false, reason: reason.trim().to_owned() };
        let strike = NewMark {
            person: old.person,
            kind: old.kind,
            at: old.at,
            zone: old.zone,
            source: MarkSource::Host,
            actor,
            correction: Some(correction),
        };
        self.vault.record_mark(strike, self.clock.now())?;
        Ok(())
    }

    fn names(&self) -> Result<HashMap<PersonId, Person>, LedgerError> {
        Ok(self.vault.people()?.into_iter().map(|p| (p.id, p)).collect())
    }

    fn audit(&mut self, actor: Actor, action: AuditAction) -> Result<ReplyBody, Refusal> {
        let now = self.clock.now();
        self.vault.audit(actor, action, now).map(|_| ReplyBody::Done).map_err(failed)
    }
}

/// The webcams that the system knows.
fn cameras() -> Vec<CameraRow> {
    let row = |line: String| {
        let (number, name) = line.split_once(": ")?;
        Some(CameraRow { spec: number.to_owned(), name: name.to_owned() })
    };
    camera::list().into_iter().filter_map(row).collect()
}

/// Puts the templates that carry `weights` into the index. Nobody who searches waits for more than the exchange.
fn fill(index: &SharedIndex, vault: &Vault, weights: &WeightsId) -> Result<(), VaultError> {
    let active: HashSet<PersonId> = vault.people()?.into_iter().filter(|p| p.active).map(|p| p.id).collect();
    let templates = vault.templates(weights)?;
    let mut filled = Index::new();
    for template in templates.iter().filter(|template| active.contains(&template.person)) {
        filled.insert(template.id, template.person, &template.embedding);
    }
    let old = mem::replace(&mut *index.write().unwrap_or_else(PoisonError::into_inner), filled);
    drop(old); // wiped outside of the lock
    Ok(())
}

/// The attendance policy that the settings describe.
#[must_use]
pub fn policy(settings: &Settings) -> Policy {
    Policy {
        mode: match settings.mark_mode {
            MarkMode::Toggle => Mode::Toggle,
            MarkMode::OutFrom(out_from) => Mode::ByTimeOfDay { out_from },
            MarkMode::AlwaysIn => Mode::Fixed(MarkKind::CheckIn),
            MarkMode::AlwaysOut => Mode::Fixed(MarkKind::CheckOut),
            MarkMode::Ask => Mode::Ask,
        },
        guard_secs: settings.guard_secs,
        day_start_hour: settings.day_start_hour,
        schedule: settings.work.schedule.clone(),
        zone: settings.zone.time_zone().clone(),
    }
}

fn check_reason(reason: &str) -> Result<(), LedgerError> {
    if reason.trim().is_empty() {
        return Err(LedgerError::Asked(BadRequest::ReasonMissing));
    }
    if reason.chars().count() > 300 {
        return Err(LedgerError::Asked(BadRequest::ReasonLong));
    }
    Ok(())
}

/// A failure as the window gets it.
fn failed(error: impl Into<Trouble>) -> Refusal {
    Refusal::Failed(error.into())
}
