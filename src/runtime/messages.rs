//! What the window and the workers say to each other: plain data, no services.
//!
//! Two kinds never share a channel: a [`Snapshot`] may be dropped for a newer one; a [`Request`], its [`Reply`]
//! and a [`Notice`] may not.

use crate::{
    domain::{
        Actor, AuditEntry, AuditHead, CameraSpec, EarlierHead, EventId, Host, HostId, MarkKind, MarkSource,
        Person, PersonId, PersonName, QualityIssue, Rect, Schedule, TrackId, WeightsId,
    },
    imaging::Frame,
    settings::Settings,
};
use crossbeam_channel::{Receiver, Sender};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::{
    fmt,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

pub use super::{
    machine::Machine,
    sound::SoundState,
    stages::Stage,
    trouble::{
        BadMoment, BadRequest, Cause, KeyFault, ListFault, Place, Reason, Refused, Stopped, StorePlace,
        Trouble,
    },
};
pub use crate::{
    access::HostSession,
    attendance::Presence,
    camera::{CameraError as CameraFault, CameraState, SourceInfo, SourceName},
    crypto::{Passphrase, PassphraseError, Pin, PinAttempt, PinError, RecoveryCode},
    reports::{Column, Order, Paper, ReportBy, ReportWords},
    vault::{AuditFault, AuditReport, Tree},
    vision::RunsOn,
};

pub use super::people_csv::{ImportDeed, ImportPlan, ImportRow, RowFault};

/// Something secret inside a message: passed on, never printed.
pub struct Hidden<T>(pub T);

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The window's end of the wire. All channels are bounded.
pub struct Link {
    /// The newest state; workers hold the lock for an assignment, the window for a clone of some pointers.
    pub snapshot: Arc<Mutex<Snapshot>>,
    /// What the window asks for.
    pub requests: Sender<Request>,
    /// The answers.
    pub replies: Receiver<Reply>,
    /// What the attendee screen must show.
    pub notices: Receiver<Notice>,
}

/// The newest state of the picture and of the workers. Made by the recogniser after each frame.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// The newest frame, as captured (the view mirrors it); its `number` says whether it changed.
    pub frame: Option<Arc<Frame>>,
    /// The faces of that frame.
    pub faces: Vec<FaceView>,
    /// The camera.
    pub camera: CameraStatus,
    /// Running enrolment, if any.
    pub enrolment: Option<EnrolmentView>,
    /// Faults of other workers, worst first; empty when all is well.
    pub faults: Vec<Fault>,
    /// Figures for Diagnostics.
    pub stats: LiveStats,
    /// How long the ledger takes to decide and record; `None` before the first decision.
    pub decide: Option<StageTime>,
    /// What the ledger is busy with, if it takes long.
    pub job: Option<JobView>,
    /// The machine under the kiosk.
    pub machine: Machine,
}

/// A long piece of work of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobView {
    /// Which.
    pub job: Job,
    /// Records done.
    pub done: u64,
    /// Records in all; 0 while that is not known.
    pub total: u64,
}

/// The long pieces of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// [`HostRequest::VerifyAudit`].
    VerifyAudit,
    /// [`HostRequest::Backup`].
    Backup,
    /// [`HostRequest::RotateKey`], in the background.
    RotateKey,
    /// [`HostRequest::Import`].
    ImportPeople,
    /// [`HostRequest::Export`] and [`HostRequest::ExportAudit`].
    Export,
}

/// The camera as a screen shows it.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum CameraStatus {
    /// Being opened.
    #[default]
    Opening,
    /// Frames arrive.
    Live,
    /// No frames.
    Fault {
        /// Why.
        reason: CameraFault,
        /// How long after the fault it is opened again; `None` when it stays so.
        retry_in: Option<Duration>,
    },
}

/// One face on the attendee's screen. Holds no score and no stranger's data.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceView {
    /// Which face.
    pub track: TrackId,
    /// Where, in frame pixels (not mirrored).
    pub bbox: Rect,
    /// What to say about it.
    pub state: FaceState,
}

/// What the kiosk knows about a face.
#[derive(Debug, Clone, PartialEq)]
pub enum FaceState {
    /// Being read; 0 to 1.
    Reading(f32),
    /// Cannot be read; advise.
    Advice(QualityIssue),
    /// Recognised; the card says who.
    Recognised,
    /// Not enrolled, or not sure.
    Unknown,
    /// Seems to be a picture of somebody, not a person.
    Refused,
}

/// A guided enrolment in progress.
#[derive(Debug, Clone, PartialEq)]
pub struct EnrolmentView {
    /// Who.
    pub person: PersonId,
    /// Shots taken so far.
    pub taken: usize,
    /// Shots wanted.
    pub wanted: usize,
    /// Which way to look for the next one.
    pub pose: EnrolmentPose,
    /// What is wrong with the picture now, if anything.
    pub advice: Option<EnrolmentAdvice>,
}

/// Which way to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentPose {
    /// At the camera.
    Front,
    /// A little to one side.
    Aside,
    /// A little to the other side.
    OtherSide,
}

/// Why no shot is taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentAdvice {
    /// Nobody in the picture.
    NoFace,
    /// More than one face.
    SeveralFaces,
    /// The face cannot be read well.
    Quality(QualityIssue),
    /// Head not where the pose wants it.
    Pose,
    /// Seems to be a picture of somebody, not a person.
    Refused,
}

/// A worker in trouble, in a sentence: what happened and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which worker.
    pub worker: Worker,
    /// For a person to read.
    pub sentence: Trouble,
}

/// The workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// Finds and recognises faces.
    Recogniser,
    /// Writes records.
    Ledger,
}

/// Figures for Diagnostics, over the last few seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveStats {
    /// Frames a second from the camera.
    pub captured_fps: f32,
    /// Frames a second through the recogniser.
    pub processed_fps: f32,
    /// Frames that a newer one replaced before they were looked at.
    pub dropped: u64,
    /// Median and 95th percentile of each stage, milliseconds.
    pub stages: Vec<StageTime>,
    /// Detector and recogniser in use.
    pub weights: Vec<String>,
    /// Where networks run, once they do.
    pub device: Option<RunsOn>,
    /// Templates in the index.
    pub templates: usize,
    /// The camera that runs, or the one that is looked for.
    pub camera: CameraNow,
    /// Cosine from which a face counts as recognised, for the people enrolled now.
    pub threshold_cosine: f32,
}

/// Which camera there is.
#[derive(Debug, Clone, PartialEq)]
pub enum CameraNow {
    /// Not running: as the settings name it.
    Wanted(CameraSpec),
    /// Running.
    Live(SourceInfo),
}

impl Default for CameraNow {
    fn default() -> Self {
        Self::Wanted(CameraSpec::Auto)
    }
}

/// One row of the stage table.
#[derive(Debug, Clone, PartialEq)]
pub struct StageTime {
    /// Which stage.
    pub stage: Stage,
    /// Median, milliseconds.
    pub p50_ms: f32,
    /// 95th percentile, milliseconds.
    pub p95_ms: f32,
    /// 99th percentile, milliseconds.
    pub p99_ms: f32,
}

/// Something the attendee screen must show. Never dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// On disk, so it may be said: "Checked in 08:58".
    Recorded {
        /// The event, for "Not me".
        event: EventId,
        /// Which face.
        track: Option<TrackId>,
        /// Who.
        name: PersonName,
        /// In or out.
        kind: MarkKind,
        /// When.
        at: Timestamp,
        /// Hours inside on this attendance day so far, when they could be computed.
        today: Option<SignedDuration>,
    },
    /// Already marked a moment ago; nothing was recorded.
    Duplicate {
        /// Which face.
        track: TrackId,
        /// Who.
        name: PersonName,
        /// As what.
        kind: MarkKind,
        /// When.
        at: Timestamp,
    },
    /// The person has to choose in or out ([`RequestBody::ChooseKind`]).
    Ask {
        /// Which face.
        track: TrackId,
        /// Who.
        person: PersonId,
        /// Their name.
        name: PersonName,
    },
    /// A mark could not be written. Nothing was recorded; the sentence says what to do.
    NotRecorded {
        /// For a person to read.
        sentence: Trouble,
    },
    /// "Not me" is on disk.
    StruckOut {
        /// The event that no longer counts.
        event: EventId,
    },
    /// Enrolment ended well: templates stored.
    Enrolled {
        /// Who.
        person: PersonId,
        /// How many shots.
        shots: usize,
        /// Somebody whose face is close to this one.
        look_alike: Option<PersonName>,
    },
    /// Somebody marked by PIN was enrolled again in passing: their templates were of other weights.
    FaceRenewed {
        /// Who.
        name: PersonName,
    },
    /// All shots are taken, but this face is enrolled under another name. Nothing is stored unless the host says so
    /// ([`HostRequest::StoreShots`]).
    EnrolledAlready {
        /// Who was to be enrolled.
        person: PersonId,
        /// Whose face it seems to be.
        other: PersonName,
    },
    /// Enrolment ended without a result.
    EnrolmentFailed {
        /// Who.
        person: PersonId,
        /// For a person to read.
        sentence: Trouble,
    },
}

/// What the window asks for. Each gets exactly one [`Reply`] with its number.
#[derive(Debug)]
pub struct Request {
    /// Chosen by the asker; comes back with the reply.
    pub number: u64,
    /// What.
    pub body: RequestBody,
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub struct Reply {
    /// The request's.
    pub number: u64,
    /// Result, or a sentence for the person: what failed and what to do.
    pub body: Result<ReplyBody, Refusal>,
}

/// Everything that can be asked for.
pub enum RequestBody {
    /// First start: makes the store. Answer: [`ReplyBody::LoggedIn`].
    SetUp {
        /// Site name, zone, language, consent text, and the rest as they were.
        settings: Box<Settings>,
        /// First host.
        host_name: PersonName,
        /// Their PIN.
        pin: Pin,
    },
    /// Who can log in. Answer: [`ReplyBody::Hosts`].
    Hosts,
    /// Unlock host mode. Answer: [`ReplyBody::LoggedIn`] or [`Refusal::WrongPin`], [`Refusal::LockedOut`].
    Login {
        /// Who says so.
        host: HostId,
        /// What they typed.
        pin: PinAttempt,
    },
    /// Host mode ended. Answer: [`ReplyBody::Done`].
    Logout {
        /// Whose.
        host: HostId,
        /// Locked by itself when idle.
        timed_out: bool,
    },
    /// "Not me" on a card. Answer: [`ReplyBody::Done`], and [`Notice::StruckOut`].
    NotMe(EventId),
    /// In or out chosen after [`Notice::Ask`]. Answer: [`ReplyBody::Done`], and [`Notice::Recorded`].
    ChooseKind {
        /// The face.
        track: TrackId,
        /// Who.
        person: PersonId,
        /// What.
        kind: MarkKind,
    },
    /// An attendee marks themselves without their face. Answer: [`ReplyBody::Marked`] or [`ReplyBody::ChooseKind`];
    /// [`Refusal::WrongPin`] for a wrong badge and a wrong PIN alike, [`Refusal::LockedOut`] as for hosts. Nothing is
    /// sent as a [`Notice`].
    MarkByPin {
        /// Badge or number.
        badge: String,
        /// Their PIN.
        pin: PinAttempt,
        /// In or out, once the person has chosen after [`ReplyBody::ChooseKind`].
        kind: Option<MarkKind>,
    },
    /// The recovery code unlocks a host, and may set a new PIN. It is used up: the answer is the next one,
    /// [`ReplyBody::RecoveryCode`], to be shown once. [`Refusal::WrongCode`] when it is wrong.
    Recover {
        /// Whom to unlock.
        host: HostId,
        /// The code as typed.
        code: PinAttempt,
        /// For a host who forgot theirs.
        new_pin: Option<Pin>,
    },
    /// Something only a host may do. The session is proof of the login.
    Host(Arc<HostSession>, HostRequest),
}

/// By name only: PINs cannot be printed.
impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetUp { .. } => f.write_str("SetUp"),
            Self::Hosts => f.write_str("Hosts"),
            Self::Login { .. } => f.write_str("Login"),
            Self::Logout { .. } => f.write_str("Logout"),
            Self::NotMe(event) => write!(f, "NotMe({event})"),
            Self::ChooseKind { track, kind, .. } => write!(f, "ChooseKind({track}, {kind:?})"),
            Self::MarkByPin { .. } => f.write_str("MarkByPin"),
            Self::Recover { .. } => f.write_str("Recover"),
            Self::Host(_, request) => write!(f, "Host({request:?})"),
        }
    }
}

/// Everything a host can ask for.
#[derive(Debug)]
pub enum HostRequest {
    /// Answer: [`ReplyBody::People`].
    People,
    /// Answer: [`ReplyBody::Added`].
    AddPerson {
        /// Display name.
        name: PersonName,
        /// Badge or number.
        badge: Option<String>,
    },
    /// Begins guided enrolment on the camera; progress in [`Snapshot::enrolment`], end as a [`Notice`].
    StartEnrolment {
        /// Who; the host has ticked that the person agreed to the consent text.
        person: PersonId,
    },
    /// Ends it without a result.
    CancelEnrolment,
    /// Stores the shots of [`Notice::EnrolledAlready`] all the same. Answer: [`ReplyBody::Done`] and
    /// [`Notice::Enrolled`].
    StoreShots {
        /// Whose.
        person: PersonId,
    },
    /// Erases a person and every trace of them.
    ErasePerson(PersonId),
    /// The day's rows. Answer: [`ReplyBody::Day`].
    Day(Date),
    /// Manual override: adds a mark that the kiosk missed.
    AddMark {
        /// Whose.
        person: PersonId,
        /// In or out.
        kind: MarkKind,
        /// When.
        at: Timestamp,
        /// Why; not empty.
        reason: String,
    },
    /// Manual override: strikes out a mark, or puts another in its place.
    CorrectMark {
        /// Which.
        event: EventId,
        /// What takes its place; `None` strikes it out.
        replacement: Option<(MarkKind, Timestamp)>,
        /// Why; not empty.
        reason: String,
    },
    /// The marks of attendance days. Answer: [`ReplyBody::Attendance`].
    Attendance {
        /// First attendance day.
        from: Date,
        /// Last attendance day, included.
        to: Date,
    },
    /// Up to when attendance is locked. Answer: [`ReplyBody::Period`].
    Period,
    /// Locks attendance up to and including a day that is over. Answer: [`ReplyBody::Period`].
    LockPeriod(Date),
    /// Opens locked days again. Answer: [`ReplyBody::Period`].
    UnlockPeriod {
        /// Up to and including this day it stays locked; `None` opens all.
        until: Option<Date>,
        /// Why; not empty.
        reason: String,
    },
    /// Every event of a record, back to the first. Answer: [`ReplyBody::History`].
    History(EventId),
    /// Changes a person. Answer: [`ReplyBody::Settings`], for a schedule of their own is one.
    ChangePerson(Box<PersonChange>),
    /// Where reports can be written to and lists read from. Answer: [`ReplyBody::Folders`].
    Folders,
    /// What a list of people would do. Answer: [`ReplyBody::ImportPlan`].
    PlanImport(PathBuf),
    /// Does it, with progress in [`Snapshot::job`]. Answer: [`ReplyBody::Imported`].
    Import(Box<ImportPlan>),
    /// What a report would show. Answer: [`ReplyBody::Preview`].
    Preview(Box<ReportSpec>),
    /// Writes a report, with progress in [`Snapshot::job`]; its columns are kept for the next one. Answer:
    /// [`ReplyBody::Exported`].
    Export {
        /// What is in it.
        report: Box<ReportSpec>,
        /// Kind of file.
        format: ExportFormat,
        /// One of [`ReplyBody::Folders`]; `None` is the data folder's `exports`.
        folder: Option<PathBuf>,
    },
    /// Writes the whole audit log as CSV, likewise. Answer: [`ReplyBody::Exported`].
    ExportAudit {
        /// As for [`Self::Export`].
        folder: Option<PathBuf>,
    },
    /// Ends the long work that goes on; its own answer is a refusal, but for an import: what it did so far is kept.
    CancelWork,
    /// The newest audit entries, newest first. Answer: [`ReplyBody::Audit`].
    Audit {
        /// How many.
        limit: usize,
    },
    /// Answer: [`ReplyBody::Settings`].
    Settings,
    /// Webcams that the system knows now. Answer: [`ReplyBody::Cameras`].
    Cameras,
    /// Networks that are built in and installed. Answer: [`ReplyBody::Networks`].
    Networks,
    /// Saves settings. Answer: [`ReplyBody::Settings`], as they are on disk.
    SaveSettings(Box<Settings>),
    /// Hosts with the state of their PINs. Answer: [`ReplyBody::HostRows`].
    HostRows,
    /// Adds a host. Answer: [`ReplyBody::Done`].
    AddHost {
        /// Display name.
        name: PersonName,
        /// PIN or passphrase ([`Pin::for_host`]).
        pin: Hidden<Pin>,
    },
    /// Removes a host; the last one stays. Answer: [`ReplyBody::Done`].
    RemoveHost(HostId),
    /// Changes one's own PIN. The old one is asked for again, since a session may have been left open; a wrong one
    /// counts as at a login ([`Refusal::WrongPin`]). Answer: [`ReplyBody::Done`].
    ChangePin {
        /// As it is.
        old: Hidden<PinAttempt>,
        /// As it shall be ([`Pin::for_host`]).
        new: Hidden<Pin>,
    },
    /// Forgets another host's wrong PINs. Answer: [`ReplyBody::Done`].
    UnlockHost(HostId),
    /// Makes a recovery code, to be shown once; an older one is void. Asked for right after [`RequestBody::SetUp`] and
    /// from the hosts page. Answer: [`ReplyBody::RecoveryCode`].
    NewRecoveryCode,
    /// Sets an attendee's PIN ([`Pin::new`]), or takes it away. Their lock goes too. Answer: [`ReplyBody::Done`].
    SetPersonPin {
        /// Whose.
        person: PersonId,
        /// The PIN; `None` for none.
        pin: Option<Hidden<Pin>>,
    },
    /// Forgets an attendee's wrong PINs. Answer: [`ReplyBody::Done`].
    UnlockPerson(PersonId),
    /// Destroys a person's templates; they stay and can use a PIN. Answer: [`ReplyBody::Done`].
    WithdrawConsent(PersonId),
    /// Checks the whole audit log; progress in [`Snapshot::job`]. Answer: [`ReplyBody::AuditVerified`].
    VerifyAudit {
        /// A head exported earlier, if there is one.
        against: Option<EarlierHead>,
    },
    /// Writes everything into one sealed file, as [`Self::Export`] does, with progress in [`Snapshot::job`]. Answer:
    /// [`ReplyBody::BackedUp`].
    Backup {
        /// As for [`Self::Export`].
        folder: Option<PathBuf>,
        /// What will open it.
        passphrase: Hidden<Passphrase>,
        /// One's own, as for [`Self::ChangePin`]: whoever has a backup and its passphrase has everything.
        pin: Hidden<PinAttempt>,
    },
    /// What opens the store. Answer: [`ReplyBody::Keys`].
    Keys,
    /// Lets another key open the store from now on. Answer: [`ReplyBody::Done`].
    ChangeKey {
        /// Which.
        key: NewKey,
        /// One's own, as for [`Self::ChangePin`].
        pin: Hidden<PinAttempt>,
    },
    /// Writes what is stored about a person into files for them. Answer: [`ReplyBody::PersonExported`].
    ExportPerson {
        /// Whose.
        person: PersonId,
        /// Folder to write into; `None` is the data folder's `exports`.
        folder: Option<PathBuf>,
    },
    /// Begins to change the master key, which goes on in the background; progress in [`Snapshot::job`]. Answer:
    /// [`ReplyBody::Done`] as soon as it has begun.
    RotateKey,
    /// Switches the two-person rule: while it is on, what [`crate::domain::SharedDeed`] lists is refused with
    /// [`Refusal::SecondHostNeeded`] unless it comes [`Self::WithSecond`]. Answer: [`ReplyBody::Done`].
    TwoPerson(bool),
    /// The same, and a second host stands beside the first. Answer: that of the request; a wrong PIN as at a login.
    WithSecond(SecondHost, Box<HostRequest>),
}

/// What shall open the store.
#[derive(Debug)]
pub enum NewKey {
    /// A key file that is drawn now, at [`KeyView::new_file`]. One that is there is kept beside it.
    File,
    /// Somebody types it at every start.
    Passphrase(Hidden<Passphrase>),
}

/// What opens the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView {
    /// The key file; `None` when a passphrase does.
    pub file: Option<PathBuf>,
    /// Where a new key file would be, if there is a place for one.
    pub new_file: Option<PathBuf>,
    /// The master key is being changed.
    pub rotating: bool,
}

/// Another host, who agrees by their PIN to what the first one asks for.
#[derive(Debug)]
pub struct SecondHost {
    /// Who.
    pub host: HostId,
    /// What they typed.
    pub pin: Hidden<PinAttempt>,
}

/// Which kind of report file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated values.
    Csv,
    /// Pages.
    Pdf(Paper),
}

/// What is in a report.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportSpec {
    /// What there is a row for.
    pub by: ReportBy,
    /// First attendance day.
    pub from: Date,
    /// Last attendance day, included.
    pub to: Date,
    /// Whose; `None` is everybody's.
    pub people: Option<Vec<PersonId>>,
    /// What of it, in this order.
    pub columns: Vec<Column>,
    /// How the rows are sorted; `None`: marks by time, days by name and date.
    pub order: Option<Order>,
}

/// New data of a person; all of it replaces the old.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonChange {
    /// Whose.
    pub person: PersonId,
    /// Display name.
    pub name: PersonName,
    /// Badge or number.
    pub badge: Option<String>,
    /// Recognised and expected.
    pub active: bool,
    /// A schedule of their own; `None` is the site's.
    pub schedule: Option<Schedule>,
}

/// What comes back.
#[derive(Debug)]
pub enum ReplyBody {
    /// It is on disk.
    Done,
    /// Host mode is open.
    LoggedIn(Arc<HostSession>),
    /// Who can log in; empty before the first start.
    Hosts(Vec<Host>),
    /// Everybody, in name order.
    People(Vec<PersonRow>),
    /// The new person.
    Added(PersonId),
    /// A day.
    Day(Box<DayView>),
    /// Marks of a range that count, oldest first.
    Attendance(Vec<MarkRow>),
    /// Up to when attendance is locked, if it is.
    Period(Option<PeriodView>),
    /// A record's events, oldest first.
    History(Vec<HistoryRow>),
    /// Where files can go: the data folder's `exports` first, then what is plugged in.
    Folders(Vec<FolderView>),
    /// What a list of people would do.
    ImportPlan(Box<ImportPlan>),
    /// What it did.
    Imported {
        /// People who were not known before.
        added: usize,
        /// People whose name changed.
        changed: usize,
        /// The first row that was refused after all, in a sentence.
        refused: Option<Trouble>,
    },
    /// What a report would show.
    Preview(Preview),
    /// Where the report was written, and how many rows it has.
    Exported {
        /// The file.
        path: PathBuf,
        /// Rows.
        rows: usize,
    },
    /// Audit entries, newest first.
    Audit(Vec<AuditEntry>),
    /// Settings in force.
    Settings(Box<Settings>),
    /// Webcams.
    Cameras(Vec<CameraRow>),
    /// Detectors and recognisers.
    Networks(Vec<NetworkRow>),
    /// An attendee marked themselves by PIN: it is on disk, or was already.
    Marked(PinMark),
    /// The PIN is right; the person has to choose in or out. Ask again with the kind.
    ChooseKind {
        /// Who.
        name: PersonName,
    },
    /// Who may open host mode.
    HostRows {
        /// In name order.
        rows: Vec<HostRow>,
        /// The two-person rule is on.
        two_person: bool,
    },
    /// To be shown once, then forgotten.
    RecoveryCode(Hidden<RecoveryCode>),
    /// What the check of the audit log found.
    AuditVerified(AuditReport),
    /// Where a person's own data was written.
    PersonExported {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// What opens the store.
    Keys(KeyView),
    /// Where the backup is, and how many records it holds.
    BackedUp {
        /// The file.
        path: PathBuf,
        /// Records.
        records: u64,
    },
}

/// A mark by badge and PIN.
#[derive(Debug, Clone, PartialEq)]
pub struct PinMark {
    /// Who.
    pub name: PersonName,
    /// In or out.
    pub kind: MarkKind,
    /// When.
    pub at: Timestamp,
    /// False: already marked a moment ago, nothing was recorded.
    pub recorded: bool,
}

/// A row of the hosts list.
#[derive(Debug, Clone, PartialEq)]
pub struct HostRow {
    /// The host.
    pub host: Host,
    /// Too many wrong PINs: somebody must unlock.
    pub locked: bool,
    /// Their PIN was set with the recovery code not long ago: they take part in nothing that needs two.
    pub recovered: bool,
    /// Whoever is asking.
    pub you: bool,
}

/// A row of the people list.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    /// The person.
    pub person: Person,
    /// Templates of the weights in use; 0 is not enrolled.
    pub templates: usize,
    /// Whether they can mark themselves by PIN.
    pub pin: PinState,
}

impl PersonRow {
    /// They agreed to be recognised and the recogniser in use does not know them: it was exchanged, or their face data
    /// was too old to be kept.
    #[must_use]
    pub fn enrol_again(&self) -> bool {
        self.person.expects_recognition() && self.templates == 0
    }
}

/// An attendee's PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PinState {
    /// There is none.
    #[default]
    Unset,
    /// There is one.
    Set,
    /// Too many wrong ones: a host must unlock.
    Locked,
}

/// One attendance day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayView {
    /// Which.
    pub date: Date,
    /// From when to when it lasts.
    pub range: Range<Timestamp>,
    /// What the site calls it, when nobody is expected.
    pub holiday: Option<String>,
    /// There are schedules, so that late and absent mean something.
    pub expects: bool,
    /// Active people in name order, then others who have marks.
    pub people: Vec<DayPerson>,
    /// Marks that count, oldest first.
    pub marks: Vec<MarkRow>,
    /// How many are at the site from which instant on, oldest first.
    pub curve: Vec<(Timestamp, u32)>,
    /// The newest entry of the audit log: noted down, it shows later whether the log was cut or written anew.
    pub audit_head: AuditHead,
    /// How many agreed to be recognised and are unknown to the recogniser in use.
    pub enrol_again: usize,
}

/// One person's day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayPerson {
    /// Who.
    pub person: PersonId,
    /// Their name; `None` when erased.
    pub name: Option<PersonName>,
    /// Their badge.
    pub badge: Option<String>,
    /// Where they are.
    pub presence: Presence,
    /// When they are expected.
    pub planned: Option<Range<Timestamp>>,
    /// First check-in.
    pub first_in: Option<Timestamp>,
    /// Newest mark.
    pub last: Option<Timestamp>,
    /// By how much they came too late.
    pub late: Option<SignedDuration>,
    /// Working time so far, from marks alone.
    pub worked: SignedDuration,
    /// Some mark is missing.
    pub incomplete: bool,
}

/// A mark with what a table shows about it.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkRow {
    /// The event.
    pub event: EventId,
    /// The attendance day it belongs to.
    pub date: Date,
    /// Whose.
    pub person: PersonId,
    /// Their name; `None` when erased.
    pub name: Option<PersonName>,
    /// Their badge.
    pub badge: Option<String>,
    /// In, out, or a break.
    pub kind: MarkKind,
    /// When.
    pub at: Timestamp,
    /// How the kiosk came to know.
    pub source: MarkSource,
    /// Why, when it was entered or corrected by hand.
    pub reason: Option<String>,
}

/// Locked attendance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodView {
    /// The last locked day.
    pub until: Date,
    /// Who locked it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// One event in the history of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// The event.
    pub event: EventId,
    /// What it says; `None` strikes the record out.
    pub says: Option<(MarkKind, Timestamp)>,
    /// How the kiosk came to know.
    pub source: MarkSource,
    /// Who caused it.
    pub actor: Actor,
    /// When it was put on record.
    pub recorded: Option<Timestamp>,
    /// Why; empty for a plain mark.
    pub reason: String,
}

/// A webcam to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraRow {
    /// As the settings name it.
    pub spec: String,
    /// Its own name.
    pub name: String,
}

/// A network to choose.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRow {
    /// Its id.
    pub id: WeightsId,
    /// What it is for.
    pub kind: NetworkKind,
    /// Who may use it for what, in words.
    pub licence: String,
    /// Of a recogniser that somebody measured: which share of strangers it takes for one of how many people.
    pub measured: Option<(f32, u32)>,
    /// Of the recogniser in use: how many people it knows here, and the cosine that it asks for among so many.
    pub asks: Option<(usize, f32)>,
    /// With this recogniser so many people, who agreed, must be enrolled again.
    pub left_out: usize,
    /// Compiled into the program.
    pub built_in: bool,
    /// Used where the settings name none.
    pub is_default: bool,
    /// Why it cannot be used.
    pub fault: Option<String>,
}

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// Finds faces.
    Detector,
    /// Tells people apart.
    Recogniser,
    /// Its description cannot be read.
    Unknown,
}

/// A folder that files can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderView {
    /// Where.
    pub path: PathBuf,
    /// Something plugged in, not the data folder.
    pub removable: bool,
    /// Lists in it that may be lists of people.
    pub csv_files: Vec<PathBuf>,
}

/// The beginning of a report as it would be printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The columns and their titles.
    pub columns: Vec<(Column, &'static str)>,
    /// Cells; at most [`Preview::MOST`] rows.
    pub rows: Vec<Vec<String>>,
    /// Rows in the whole report.
    pub total_rows: usize,
    /// People with totals.
    pub people: usize,
}

impl Preview {
    /// Rows shown on the screen.
    pub const MOST: usize = 1_000;
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Wrong PIN.
    WrongPin {
        /// Free tries left before waiting.
        tries_left: u32,
    },
    /// Too many wrong PINs.
    LockedOut {
        /// How long to wait; `None`: until another host unlocks.
        retry_in: Option<Duration>,
    },
    /// The recovery code is wrong.
    WrongCode,
    /// The two-person rule is on: ask again [`HostRequest::WithSecond`].
    SecondHostNeeded {
        /// Who could be the second, in name order.
        others: Vec<Host>,
    },
    /// The session has ended.
    SessionEnded,
    /// Anything else, in a sentence: what failed and what to do.
    Failed(Trouble),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPin { tries_left } => {
                write!(f, "the name or the PIN is wrong; {tries_left} tries left")
            }
            Self::LockedOut { retry_in: Some(wait) } => {
                write!(f, "too many wrong PINs: wait {} seconds", wait.as_secs().max(1))
            }
            Self::LockedOut { retry_in: None } => {
                f.write_str("too many wrong PINs: ask another host to unlock, or use the recovery code")
            }
            Self::WrongCode => f.write_str("the recovery code is wrong: type it as it was shown"),
            Self::SecondHostNeeded { .. } => f.write_str(
                "the two-person rule is on: another host has to agree with their PIN (--second-host, --second-pin-file)",
            ),
            Self::SessionEnded => f.write_str("the session has ended: log in again"),
            Self::Failed(trouble) => trouble.fmt(f),
        }
    }
}
