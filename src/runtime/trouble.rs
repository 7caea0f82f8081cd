//! What a worker could not do, told so that a screen can say it in its own language.
//!
//! Job: every error that reaches the window as a [`Cause`] with values, beside the English sentence of logs and the
//! command line. It must not know any other language.

use super::{
    ledger::LedgerError,
    people_csv::{self, ImportError},
};
use crate::{
    access::LoginError,
    crypto::CryptoError,
    reports::ReportError,
    settings::SettingsError,
    vault::{BackupFault, Damage, Tree, VaultError},
};
use jiff::civil::Date;
use std::{fmt, io, path::Path};

/// What happened, and a sentence about it: in English as a worker tells it, in the screen's language once the window
/// has put it into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    cause: Cause,
    sentence: String,
}

/// What happened, for whoever puts it into words. Each has one message in every language of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The sentence says it all, or only a technician on the command line sees it.
    Said,
    /// The request itself is wrong.
    Request(BadRequest),
    /// A request came when it could not be answered.
    Moment(BadMoment),
    /// A worker stopped and begins anew.
    Restarting(Stopped),
    /// The networks do not run; with the technical reason.
    Networks(String),
    /// The same, for a row of a list.
    Line(u64, Box<Cause>),
    /// Room for nothing more.
    DiskFull,
    /// A file or folder could not be read.
    Unreadable(String, Reason),
    /// A file or folder could not be written.
    Unwritable(String, Reason),
    /// A file of this name is there.
    FileExists(String),
    /// A report could not be written.
    Report(Reason),
    /// The font for PDF is damaged.
    Font,
    /// The store holds something that is not what was written.
    Damaged(Place),
    /// Made by a later faceprint; which file.
    Later(String),
    /// The rules that locked days are counted by are of a later faceprint.
    LaterRules,
    /// The journal or the working copy failed: restart.
    StoreFailed,
    /// No store, or one already, or another kiosk uses it.
    StorePlace(StorePlace, String),
    /// The key file: missing, open to others, damaged, unusable.
    KeyFile(KeyFault, String),
    /// The key does not open the store.
    WrongKey,
    /// The key blob is damaged.
    KeyBlob,
    /// No random numbers, or no memory to hash a PIN.
    Machine,
    /// Attendance is locked up to this day, by whom, and when.
    Locked(Date, String, Date),
    /// The store refused what was asked of it.
    Records(Refused),
    /// The settings file is not understood.
    SettingsFile(String),
    /// A setting has a value that it cannot have: which.
    Setting(&'static str),
    /// A list of people cannot be read.
    List(ListFault),
}

/// Where a store is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file as a whole.
    File(String),
    /// A file, the number of the entry in it, and the byte.
    Entry(String, u64, u64),
    /// Entries of the journal, first and last, that are not there.
    Missing(u64, u64),
    /// A part of the checkpoint.
    Checkpoint(u32),
    /// A record of this kind.
    Record(Tree),
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // each says itself
pub enum BadRequest {
    #[error("the stick is no longer plugged in: choose again")]
    StickGone,
    #[error("this person is no longer enrolled: ask a host")]
    NoLongerEnrolled,
    #[error("the time is in the future: enter when it happened")]
    InFuture,
    #[error("a correction needs a reason: type why")]
    ReasonMissing,
    #[error("the reason is longer than 300 characters: shorten it")]
    ReasonLong,
    #[error("the range ends before it begins: exchange the dates")]
    RangeBackwards,
    #[error("the range is longer than ten years: choose a shorter one")]
    RangeLong,
    #[error("this record is too old to take back here: ask a host")]
    MarkTooOld,
    #[error("only days that are over can be locked: choose yesterday or earlier")]
    DayNotOver,
    #[error("nothing is that long ago: check the year")]
    TooLongAgo,
    #[error("unlocking needs a reason: type why")]
    UnlockReasonMissing,
    #[error("these pictures are gone: take them again")]
    PicturesGone,
    #[error("this person is switched off, or has withdrawn consent")]
    NotRenewed,
    #[error(
        "a host whose PIN was set with the recovery code takes part in nothing that needs two for seven days: ask \
         another host, or wait"
    )]
    RecoveredLately,
    #[error("there is no place for a key file on this kiosk: use `faceprint key change`")]
    NoKeyFile,
    #[error("this takes no second host: ask for it alone")]
    NeedsNoSecond,
    #[error("the second host must be another one than the first: let somebody else agree")]
    SecondIsFirst,
    #[error("another host has to unlock you: ask one of them")]
    UnlocksThemselves,
}

/// Why something cannot be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // each says itself
pub enum BadMoment {
    #[error("this could not be done because of an internal error: try again")]
    Internal,
    #[error("something else is still under way: wait for it, or stop it")]
    UnderWay,
    #[error("this was stopped before its end")]
    Stopped,
    #[error("the store was closed meanwhile: try again")]
    ClosedMeanwhile,
    #[error("the store is closed for the moment: try again in a few seconds")]
    StoreClosed,
    #[error("your visit was not recorded: the store is closed. Tell a host")]
    VisitLost,
    #[error("the kiosk is not set up yet: finish the first start")]
    NotSetUp,
    #[error("this kiosk is set up already: log in as a host instead")]
    SetUpAlready,
    #[error("the recogniser does not answer: wait for it to restart, then try again")]
    RecogniserSilent,
    #[error("nobody was enrolled for two minutes: start again")]
    NobodyCame,
    #[error("recognition began anew meanwhile: start again")]
    BegunAnew,
    #[error("the kiosk is busy: try again in a moment")]
    Busy,
}

/// A worker that begins anew by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // each says itself
pub enum Stopped {
    #[error(
        "recognition stopped by an internal error and begins again by itself. If this comes back, restart the kiosk and report it"
    )]
    Recogniser,
    #[error("the ledger stopped by an internal error; the store is opened again by itself")]
    Ledger,
    #[error("a record could not be written; the store is opened again by itself")]
    Write,
    #[error("the recogniser's weights changed while the kiosk ran: restart it")]
    Weights,
}

/// Where a store is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // as in [`VaultError`]
pub enum StorePlace {
    AlreadyThere,
    NotThere,
    WithoutKeys,
    InUse,
}

/// What is the matter with the key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // as in [`CryptoError`]
pub enum KeyFault {
    Missing,
    Open,
    Damaged,
    Unusable,
}

/// What the store refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // as in [`VaultError`]
pub enum Refused {
    TooLong,
    NoSuchPerson,
    NoSuchHost,
    NoRecoveryCode,
    LastHost,
    LastPair,
    NoPair,
    NoSuchMark(u64),
    AlreadyCorrected(u64),
    LockedAlready(Date),
    LockedOnlyUntil(Date),
    NothingLocked,
    BadgeTaken,
    HostTaken,
    ErasurePending,
}

/// Why a list of people is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // as in [`ImportError`]
pub enum ListFault {
    Large(usize),
    Rows(usize),
    NotUtf8,
    NoName,
    Broken,
}

/// What the system said, as far as a host can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No room.
    Full,
    /// Not there.
    Missing,
    /// Not allowed.
    Denied,
    /// May only be read.
    ReadOnly,
    /// The disk or stick does not answer.
    Pulled,
    /// Anything else, with the system's number.
    Other(i32),
}

impl From<&io::Error> for Reason {
    fn from(error: &io::Error) -> Self {
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _) => Self::Full,
            (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, _) => Self::Missing,
            (io::ErrorKind::PermissionDenied, _) => Self::Denied,
            (io::ErrorKind::ReadOnlyFilesystem, _) => Self::ReadOnly,
            (_, Some(libc::EIO | libc::ENODEV | libc::ENXIO)) => Self::Pulled,
            (_, number) => Self::Other(number.unwrap_or(0)),
        }
    }
}

impl Trouble {
    /// A cause with its English sentence.
    #[must_use]
    pub fn new(cause: Cause, sentence: impl Into<String>) -> Self {
        Self { cause, sentence: sentence.into() }
    }

    /// The networks do not run.
    #[must_use]
    pub fn networks(reason: impl fmt::Display) -> Self {
        let reason = reason.to_string();
        Self::new(Cause::Networks(reason.clone()), reason)
    }

    /// It was about this row of a list.
    #[must_use]
    pub fn in_line(self, line: u64) -> Self {
        Self {
            sentence: format!("line {line}: {}", self.sentence),
            cause: Cause::Line(line, Box::new(self.cause)),
        }
    }

    /// For whoever has words for it.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<String> for Trouble {
    fn from(sentence: String) -> Self {
        Self::new(Cause::Said, sentence)
    }
}

impl From<&str> for Trouble {
    fn from(sentence: &str) -> Self {
        Self::new(Cause::Said, sentence)
    }
}

impl From<BadRequest> for Trouble {
    fn from(request: BadRequest) -> Self {
        Self::new(Cause::Request(request), request.to_string())
    }
}

impl From<BadMoment> for Trouble {
    fn from(moment: BadMoment) -> Self {
        Self::new(Cause::Moment(moment), moment.to_string())
    }
}

impl From<Stopped> for Trouble {
    fn from(worker: Stopped) -> Self {
        Self::new(Cause::Restarting(worker), worker.to_string())
    }
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        Self::new(of_ledger(&error), error.to_string())
    }
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        Self::new(of_vault(&error), error.to_string())
    }
}

impl From<SettingsError> for Trouble {
    fn from(error: SettingsError) -> Self {
        Self::new(of_settings(&error), error.to_string())
    }
}

impl From<LoginError<VaultError>> for Trouble {
    fn from(error: LoginError<VaultError>) -> Self {
        let cause = match &error {
            LoginError::Crypto(error) => of_crypto(error),
            LoginError::Keep(error) => of_vault(error),
            LoginError::Wrong { .. } | LoginError::Locked { .. } => Cause::Said, // refusals of their own
        };
        Self::new(cause, error.to_string())
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn of_ledger(error: &LedgerError) -> Cause {
    match error {
        LedgerError::Vault(error) => of_vault(error),
        LedgerError::Settings(error) => of_settings(error),
        LedgerError::Report(ReportError::Write(error)) => Cause::Report(error.into()),
        LedgerError::Report(ReportError::Font) => Cause::Font,
        LedgerError::Report(ReportError::Stopped) => Cause::Moment(BadMoment::Stopped),
        LedgerError::Import(error) => of_list(error),
        LedgerError::Unreadable { path, source } => Cause::Unreadable(name(path), source.into()),
        LedgerError::File { path, source } => Cause::Unwritable(name(path), source.into()),
        LedgerError::Networks(error) => Cause::Networks(error.to_string()),
        LedgerError::Locked { until, by, on } => Cause::Locked(*until, by.clone(), *on),
        LedgerError::KeptRules => Cause::LaterRules,
        LedgerError::Asked(request) => Cause::Request(*request),
    }
}

fn of_vault(error: &VaultError) -> Cause {
    use VaultError as E;
    match error {
        E::Key(error) => of_crypto(error),
        E::AlreadyExists(path) => Cause::StorePlace(StorePlace::AlreadyThere, name(path)),
        E::NotAStore(path) => Cause::StorePlace(StorePlace::NotThere, name(path)),
        E::KeyBlobMissing(path) => Cause::StorePlace(StorePlace::WithoutKeys, name(path)),
        E::Busy(path) => Cause::StorePlace(StorePlace::InUse, name(path)),
        E::DiskFull => Cause::DiskFull,
        E::Io { path, source, .. } => Cause::Unwritable(name(path), source.into()),
        E::Damaged(Damage::Version { file, .. }) => Cause::Later(file.clone()),
        E::Damaged(damage) => Cause::Damaged(place(damage)),
        E::Record { tree, .. } => Cause::Damaged(Place::Record(*tree)),
        E::Working(_) | E::Poisoned => Cause::StoreFailed,
        E::TooLong(_) => Cause::Records(Refused::TooLong),
        E::NoSuchPerson => Cause::Records(Refused::NoSuchPerson),
        E::NoSuchHost => Cause::Records(Refused::NoSuchHost),
        E::NoRecoveryCode => Cause::Records(Refused::NoRecoveryCode),
        E::LastHost => Cause::Records(Refused::LastHost),
        E::LastPair => Cause::Records(Refused::LastPair),
        E::NoPair => Cause::Records(Refused::NoPair),
        E::NoSuchMark(event) => Cause::Records(Refused::NoSuchMark(event.0)),
        E::AlreadyCorrected(event) => Cause::Records(Refused::AlreadyCorrected(event.0)),
        E::ReasonMissing => Cause::Request(BadRequest::ReasonMissing),
        E::LockedAlready(until) => Cause::Records(Refused::LockedAlready(*until)),
        E::NotLocked(Some(until)) => Cause::Records(Refused::LockedOnlyUntil(*until)),
        E::NotLocked(None) => Cause::Records(Refused::NothingLocked),
        E::BadgeTaken => Cause::Records(Refused::BadgeTaken),
        E::HostTaken => Cause::Records(Refused::HostTaken),
        E::FileExists(path) => Cause::FileExists(name(path)),
        E::ErasurePending(_) => Cause::Records(Refused::ErasurePending),
        E::Backup(BackupFault::Stopped) => Cause::Moment(BadMoment::Stopped),
        E::Backup(_) => Cause::Said, // backups are opened on the command line only
    }
}

fn place(damage: &Damage) -> Place {
    match damage {
        Damage::Header { file } | Damage::Version { file, .. } | Damage::OtherStore { file } => {
            Place::File(file.clone())
        }
        Damage::Entry { file, seq, at } => Place::Entry(file.clone(), *seq, *at),
        Damage::Missing { from, to } => Place::Missing(*from, *to),
        Damage::Checkpoint { chunk } => Place::Checkpoint(*chunk),
    }
}

fn of_crypto(error: &CryptoError) -> Cause {
    use CryptoError as E;
    match error {
        E::Random(_) | E::Hash(_) => Cause::Machine,
        E::KeyFileMissing(path) => Cause::KeyFile(KeyFault::Missing, name(path)),
        E::KeyFileOpen { path, .. } => Cause::KeyFile(KeyFault::Open, name(path)),
        E::KeyFileDamaged(path) => Cause::KeyFile(KeyFault::Damaged, name(path)),
        E::KeyFileIo { path, .. } => Cause::KeyFile(KeyFault::Unusable, name(path)),
        E::KeyFileVersion { path, .. } => Cause::Later(name(path)),
        E::WrongKey | E::WrongSource(_) => Cause::WrongKey,
        E::BlobDamaged => Cause::KeyBlob,
        E::BlobVersion(_) => Cause::Later("vault.key".to_owned()),
    }
}

fn of_settings(error: &SettingsError) -> Cause {
    match error {
        SettingsError::Io { path, doing: "read", source } => Cause::Unreadable(name(path), source.into()),
        SettingsError::Io { path, source, .. } => Cause::Unwritable(name(path), source.into()),
        SettingsError::Syntax { path, .. } => Cause::SettingsFile(name(path)),
        SettingsError::Value { field, .. } => Cause::Setting(field),
    }
}

fn of_list(error: &ImportError) -> Cause {
    Cause::List(match error {
        ImportError::TooLarge => ListFault::Large(people_csv::MAX_BYTES >> 20),
        ImportError::TooManyRows => ListFault::Rows(people_csv::MAX_ROWS),
        ImportError::NotUtf8 => ListFault::NotUtf8,
        ImportError::NoName => ListFault::NoName,
        ImportError::Broken(_) => ListFault::Broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_stays_and_the_cause_is_told_apart() {
        let full = LedgerError::File {
            path: "/media/usb/a.csv".into(),
            source: io::Error::from_raw_os_error(libc::ENOSPC),
        };
        let english = full.to_string();
        let trouble = Trouble::from(full);
        assert_eq!(trouble.to_string(), english);
        assert_eq!(*trouble.cause(), Cause::Unwritable("/media/usb/a.csv".into(), Reason::Full));
        let trouble = Trouble::from(VaultError::BadgeTaken).in_line(7);
        assert!(trouble.to_string().starts_with("line 7: this badge"), "{trouble}");
        assert_eq!(*trouble.cause(), Cause::Line(7, Box::new(Cause::Records(Refused::BadgeTaken))));
    }

    #[test]
    fn a_pulled_stick_is_told_from_a_full_one() {
        let reason = |number| Reason::from(&io::Error::from_raw_os_error(number));
        assert_eq!(reason(libc::EIO), Reason::Pulled);
        assert_eq!(reason(libc::ENODEV), Reason::Pulled);
        assert_eq!(reason(libc::ENOENT), Reason::Missing);
        assert_eq!(reason(libc::EROFS), Reason::ReadOnly);
        assert_eq!(reason(libc::EACCES), Reason::Denied);
        assert_eq!(reason(libc::EDQUOT), Reason::Full);
        assert_eq!(reason(libc::EMFILE), Reason::Other(libc::EMFILE));
    }
}
