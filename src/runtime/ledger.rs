//! The ledger: the one owner of the vault while the kiosk runs, and what it does with sightings and requests.
//!
//! A [`Ledger`] is plain calls in one thread, so that the command line and `replay` use the very same code; the
//! kiosk's ledger thread is in [`super::workers`]. It must not know pictures.

mod access;
mod keeping;

use super::{
    messages::{
        DayView, ExportFormat, Hidden, HostRequest, Job, JobView, MarkRow, Notice, PersonRow, Refusal,
        ReplyBody, RequestBody,
    },
    pipeline::{SharedIndex, Sighted, Sighting},
};
use crate::{
    access::HostSession,
    attendance::{Decision, LastMark, Mode, Policy, day_summary},
    domain::{
        Actor, AuditAction, Clock, Consent, Correction, EventId, Mark, MarkKind, MarkSource, Moment, Person,
        PersonId, PersonName, TrackId, WeightsId,
    },
    matching::Index,
    reports::{AttendanceReport, Paper, Row, Total, write_csv, write_pdf},
    settings::{MarkMode, Settings, SettingsError},
    vault::{NewMark, NewTemplate, Vault, VaultError},
};
use jiff::{SignedDuration, Span, Timestamp, civil::Date};
use std::{
    collections::HashMap,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

/// Where a site's files are.
#[derive(Debug, Clone)]
pub struct DataPaths {
    /// The data folder.
    pub root: PathBuf,
    /// The settings file.
    pub settings: PathBuf,
}

impl DataPaths {
    /// The layout below `root`; the settings file may be elsewhere.
    #[must_use]
    pub fn new(root: &Path, settings: Option<&Path>) -> Self {
        let settings = settings.map_or_else(|| root.join("settings.toml"), Path::to_owned);
        Self { root: root.to_owned(), settings }
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
    /// A file outside the store.
    #[error("{path} cannot be written: {source}. Check that the folder exists, is yours and has room")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The request itself.
    #[error("{0}")]
    Asked(&'static str),
}

/// The vault with the policy and the index that follow from it.
pub struct Ledger {
    vault: Vault,
    paths: DataPaths,
    settings: Settings,
    policy: Policy,
    weights: WeightsId,
    index: SharedIndex,
    clock: Arc<dyn Clock>,
    progress: Option<Progress>,
    /// The attendance day of the last sweep.
    swept: Option<Date>,
}

/// Told how far a long piece of work is; `None` at its end.
pub type Progress = Arc<dyn Fn(Option<JobView>) + Send + Sync>;

impl Ledger {
    /// Takes an open vault, fills the index with the templates of `weights` and reports what it found.
    pub fn new(
        mut vault: Vault,
        paths: DataPaths,
        settings: Settings,
        weights: WeightsId,
        index: SharedIndex,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LedgerError> {
        vault.set_weights(Actor::Kiosk, &weights, clock.now())?;
        let active: Vec<PersonId> = vault.people()?.into_iter().filter(|p| p.active).map(|p| p.id).collect();
        {
            let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
            *index = Index::new();
            for template in vault.templates(&weights)? {
                if active.contains(&template.person) {
                    index.insert(template.id, template.person, &template.embedding);
                }
            }
        }
        let policy = policy(&settings);
        Ok(Self { vault, paths, settings, policy, weights, index, clock, progress: None, swept: None })
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
        let last = self.last_mark(person)?;
        match self.policy_of(person).decide(last.as_ref(), sighting.at.utc, None) {
            Decision::Record(kind) => self.mark(person, name, kind, Some(track), sighting.at).map(Some),
            Decision::Duplicate { kind, at } => Ok(Some(Notice::Duplicate { track, name, kind, at })),
            Decision::Ask => Ok(Some(Notice::Ask { track, person, name })),
        }
    }

    /// Answers a request of the window. `Err` is a sentence for the person; notices are for the attendee screen.
    pub fn answer(&mut self, body: RequestBody) -> (Result<ReplyBody, Refusal>, Vec<Notice>) {
        let mut notices = Vec::new();
        let reply = match body {
            RequestBody::SetUp { .. } => {
                Err(Refusal::Failed("this kiosk is set up already: log in as a host instead".to_owned()))
            }
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
        let now = self.clock.now();
        let consent = Consent { version: consent_version.to_owned(), at: now.utc };
        let ids = self.vault.enrol(actor, person, consent, shots, replace, now)?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if replace {
            index.remove_person(person);
        }
        for (id, shot) in ids.into_iter().zip(shots) {
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
        Ok(self.vault.erase_person(actor, person, self.clock.now())?)
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

    /// A report over the attendance days `from` to `to`, both included.
    pub fn report(&self, from: Date, to: Date) -> Result<AttendanceReport, LedgerError> {
        let zone = self.settings.zone.time_zone();
        let names = self.names()?;
        let marks = self.day_marks(from, to)?;
        let totals = self.totals(&marks, &names, from, to);
        let rows = marks
            .into_iter()
            .map(|mark| {
                let person = names.get(&mark.person);
                Row {
                    event: mark.id,
                    date: self.policy.attendance_day(mark.at),
                    person: mark.person,
                    name: person.map(|p| p.name.clone()),
                    badge: person.and_then(|p| p.badge.clone()),
                    kind: mark.kind,
                    at: mark.at.to_zoned(zone.clone()),
                    source: mark.source,
                    corrected: mark.correction.is_some(),
                    reason: mark.correction.map(|c| c.reason).unwrap_or_default(),
                }
            })
            .collect();
        Ok(AttendanceReport {
            site: self.settings.site_name.clone(),
            from,
            to,
            generated_at: self.clock.now().utc.to_zoned(zone.clone()),
            audit_head: self.vault.audit_head(),
            rows,
            totals,
        })
    }

    /// Each person's days and hours, in name order; people without a mark in the range are left out.
    fn totals(&self, marks: &[Mark], names: &HashMap<PersonId, Person>, from: Date, to: Date) -> Vec<Total> {
        let now = self.clock.now().utc;
        let mut totals: HashMap<PersonId, Total> = HashMap::new();
        for date in from.series(Span::new().days(1)).take_while(|date| *date <= to) {
            for day in day_summary(&self.policy, marks, &[], date, now) {
                let person = names.get(&day.person);
                let total = totals.entry(day.person).or_insert_with(|| Total {
                    name: person.map(|p| p.name.clone()),
                    badge: person.and_then(|p| p.badge.clone()),
                    days: 0,
                    worked: SignedDuration::ZERO,
                    incomplete_days: 0,
                });
                total.days += 1;
                total.worked = total.worked.saturating_add(day.worked);
                total.incomplete_days += u32::from(day.missing_check_in || day.missing_check_out);
            }
        }
        let mut totals: Vec<Total> = totals.into_values().collect();
        totals.sort_by_key(|t| (t.name.as_ref().map(|n| n.as_str().to_lowercase()), t.badge.clone()));
        totals
    }

    /// Writes a report to `path` and audits it. The file appears whole or not at all.
    pub fn export(
        &mut self,
        actor: Actor,
        format: ExportFormat,
        from: Date,
        to: Date,
        path: &Path,
    ) -> Result<usize, LedgerError> {
        let file_error = |source| LedgerError::File { path: path.to_owned(), source };
        let report = self.report(from, to)?;
        let rows = report.rows.len();
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(file_error)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(file_error)?;
        {
            let mut out = std::io::BufWriter::new(file.as_file_mut());
            match format {
                ExportFormat::Csv => write_csv(&report, &mut out)?,
                ExportFormat::Pdf => drop(write_pdf(&report, Paper::A4, &mut out)?),
            }
            out.flush().map_err(file_error)?;
        }
        file.as_file().sync_all().map_err(file_error)?;
        // Audited before it appears: no report leaves the kiosk without an entry.
        self.vault.audit(actor, AuditAction::Exported(rows as u32), self.clock.now())?;
        file.persist(path).map_err(|e| file_error(e.error))?;
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

    /// The most recent mark that counts.
    fn last_mark(&self, person: PersonId) -> Result<Option<LastMark>, LedgerError> {
        Ok(self.vault.last_mark(person)?.map(|mark| LastMark { kind: mark.kind, at: mark.at }))
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
        let mark = self.vault.record_mark(mark, at)?;
        log::info!("recorded event {}", mark.id);
        Ok(Notice::Recorded { event: mark.id, track, name, kind, at: mark.at })
    }

    fn chosen(&mut self, track: TrackId, person: PersonId, kind: MarkKind) -> Result<Notice, LedgerError> {
        let now = self.clock.now();
        let Some(Person { name, .. }) = self.active(person)? else {
            return Err(LedgerError::Asked("this person is no longer enrolled: ask a host"));
        };
        let last = self.last_mark(person)?;
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
            return Err(Refusal::Failed("this record is too old to take back here: ask a host".to_owned()));
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
        Ok(Notice::StruckOut { event })
    }

    fn host(&mut self, session: &HostSession, request: HostRequest) -> Result<ReplyBody, Refusal> {
        let now = self.clock.now();
        if session.expired(now) {
            return Err(Refusal::SessionEnded);
        }
        let actor = session.actor();
        let done = |()| ReplyBody::Done;
        match request {
            HostRequest::People => self.people().map(ReplyBody::People).map_err(failed),
            HostRequest::AddPerson { name, badge } => {
                self.vault.add_person(actor, name, badge, now).map(|p| ReplyBody::Added(p.id)).map_err(failed)
            }
            HostRequest::ErasePerson(person) => self.erase(actor, person).map(done).map_err(failed),
            HostRequest::Day(date) => self.day(date).map(ReplyBody::Day).map_err(failed),
            HostRequest::AddMark { person, kind, at, reason } => {
                self.host_mark(actor, (person, kind, at), &reason, None).map(done).map_err(failed)
            }
            HostRequest::CorrectMark { event, replacement, reason } => {
                self.correct(actor, event, replacement, &reason).map(done).map_err(failed)
            }
            HostRequest::Export { format, from, to, folder } => {
                let folder = folder.unwrap_or_else(|| self.paths.exports());
                let ending = match format {
                    ExportFormat::Csv => "csv",
                    ExportFormat::Pdf => "pdf",
                };
                let stamp =
                    now.utc.to_zoned(self.settings.zone.time_zone().clone()).strftime("%Y%m%d-%H%M%S");
                let path = folder.join(format!("attendance-{from}-{to}-{stamp}.{ending}"));
                let rows = self.export(actor, format, from, to, &path).map_err(failed)?;
                Ok(ReplyBody::Exported { path, rows })
            }
            HostRequest::Audit { limit } => {
                let head = self.vault.audit_head().number;
                let from = (head + 1).saturating_sub(limit as u64).max(1);
                let mut entries = self.vault.audit_entries(from..=head).map_err(failed)?;
                entries.reverse();
                Ok(ReplyBody::Audit(entries))
            }
            HostRequest::Settings => Ok(ReplyBody::Settings(Box::new(self.settings.clone()))),
            HostRequest::SaveSettings(settings) => {
                settings.save(&self.paths.settings).map_err(|e| Refusal::Failed(e.to_string()))?;
                self.policy = policy(&settings);
                self.settings = *settings;
                self.audit(actor, AuditAction::SettingsChanged)
            }
            HostRequest::StartEnrolment { .. } | HostRequest::CancelEnrolment => Err(Refusal::Failed(
                "there is no camera here to enrol with: use the kiosk's screen".to_owned(),
            )),
            HostRequest::HostRows => self.host_rows(session.host()).map(ReplyBody::HostRows).map_err(failed),
            HostRequest::AddHost { name, pin } => {
                self.vault.add_host(actor, name, &pin.0, now).map(|_| ReplyBody::Done).map_err(failed)
            }
            HostRequest::RemoveHost(host) => {
                self.vault.remove_host(actor, host, now).map(done).map_err(failed)
            }
            HostRequest::ChangePin { old, new } => {
                self.change_pin(session.host(), &old.0, &new.0).map(|()| ReplyBody::Done)
            }
            HostRequest::UnlockHost(host) => {
                self.vault.unlock_host(actor, host, now).map(done).map_err(failed)
            }
            HostRequest::NewRecoveryCode => {
                let code = self.vault.new_recovery_code(actor, now).map_err(failed)?;
                Ok(ReplyBody::RecoveryCode(Hidden(code)))
            }
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
            HostRequest::Backup { file, passphrase } => {
                let path = file.unwrap_or_else(|| self.new_backup_path());
                let contents = self.backup(actor, &path, &passphrase.0).map_err(failed)?;
                Ok(ReplyBody::BackedUp { path, records: contents.total() })
            }
            HostRequest::ExportPerson { person, folder } => {
                let folder = folder.unwrap_or_else(|| self.paths.exports());
                let files = self.export_person(actor, person, &folder).map_err(failed)?;
                Ok(ReplyBody::PersonExported { files })
            }
            HostRequest::RotateKey => self.vault.begin_rotation(actor, now).map(done).map_err(failed),
        }
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
            return Err(LedgerError::Asked("the time is in the future: enter when it happened"));
        }
        self.vault.person(person)?;
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

    fn day(&self, date: Date) -> Result<DayView, LedgerError> {
        let names = self.names()?;
        let marks = self.day_marks(date, date)?;
        let mut newest: HashMap<PersonId, MarkKind> = HashMap::new();
        for mark in &marks {
            newest.insert(mark.person, mark.kind);
        }
        Ok(DayView {
            date: Some(date),
            people: names.values().filter(|p| p.active).count(),
            present: newest.len(),
            inside: newest.values().filter(|kind| kind.is_inside()).count(),
            marks: marks
                .into_iter()
                .map(|mark| MarkRow {
                    event: mark.id,
                    person: mark.person,
                    name: names.get(&mark.person).map(|p| p.name.clone()),
                    kind: mark.kind,
                    at: mark.at,
                    source: mark.source,
                    corrected: mark.correction.is_some(),
                })
                .collect(),
        })
    }

    /// Marks that count on the attendance days `from` to `to`, oldest first.
    fn day_marks(&self, from: Date, to: Date) -> Result<Vec<Mark>, LedgerError> {
        if to < from {
            return Err(LedgerError::Asked("the range ends before it begins: exchange the dates"));
        }
        let (start, end) = (self.policy.day_range(from).start, self.policy.day_range(to).end);
        Ok(self.vault.effective_marks(start, end)?)
    }

    fn names(&self) -> Result<HashMap<PersonId, Person>, LedgerError> {
        Ok(self.vault.people()?.into_iter().map(|p| (p.id, p)).collect())
    }

    fn audit(&mut self, actor: Actor, action: AuditAction) -> Result<ReplyBody, Refusal> {
        let now = self.clock.now();
        self.vault.audit(actor, action, now).map(|_| ReplyBody::Done).map_err(failed)
    }
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
        return Err(LedgerError::Asked("a correction needs a reason: type why"));
    }
    if reason.chars().count() > 300 {
        return Err(LedgerError::Asked("the reason is longer than 300 characters: shorten it"));
    }
    Ok(())
}

/// A failure as the window gets it.
fn failed(error: impl std::fmt::Display) -> Refusal {
    Refusal::Failed(error.to_string())
}
