//! What the vault says when it cannot do something.

use super::codec::Tree;
use crate::{
    crypto::{CryptoError, OpenError},
    domain::EventId,
};
use jiff::civil::Date;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Everything that can go wrong with kept records. No message holds a name, a badge, a PIN or a key.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Keys: missing file, wrong passphrase and the like.
    #[error(transparent)]
    Key(#[from] CryptoError),
    /// Making a store where one is.
    #[error("{} already holds a store: open it, or choose an empty folder", .0.display())]
    AlreadyExists(PathBuf),
    /// Opening a store where none is.
    #[error("{} holds no store: make one with `faceprint init`, or give the right folder with --data", .0.display())]
    NotAStore(PathBuf),
    /// Records without the blob that holds their keys.
    #[error("{} holds records but no vault.key, without which they cannot be read: bring it back from a backup", .0.display())]
    KeyBlobMissing(PathBuf),
    /// A second process.
    #[error("another kiosk already uses this folder ({}): stop it first", .0.display())]
    Busy(PathBuf),
    /// No space left.
    #[error("the disk is full: free some space and try again; nothing that was recorded is lost")]
    DiskFull,
    /// The file system said no.
    #[error("cannot {what} {} ({source}): check the disk and the folder's permissions", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file of the store is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A single record does not open.
    #[error(
        "a record of '{}' cannot be read: {source}; restart faceprint, and restore a backup if it stays",
        tree.name()
    )]
    Record {
        /// Its kind.
        tree: Tree,
        /// Why.
        source: OpenError,
    },
    /// sled failed and could not be rebuilt.
    #[error(
        "the working copy of the records failed and could not be rebuilt ({0}): restart faceprint; nothing is lost"
    )]
    Working(String),
    /// A write failed and could not be undone.
    #[error(
        "the journal cannot be written since an earlier failure: restart faceprint; nothing that was recorded is lost"
    )]
    Poisoned,
    /// A record over [`super::MAX_VALUE_LEN`].
    #[error("the entry is too long ({0} bytes): shorten it")]
    TooLong(usize),
    /// No such person (any more).
    #[error("there is no person with this id: see `faceprint people list`")]
    NoSuchPerson,
    /// No such host.
    #[error("there is no such host")]
    NoSuchHost,
    /// A recovery code when none was ever made, or it was used.
    #[error("there is no recovery code: another host must unlock this one")]
    NoRecoveryCode,
    /// The only host cannot be removed.
    #[error("this is the only host: add another one first")]
    LastHost,
    /// One of the two last hosts cannot be removed while it takes two.
    #[error(
        "the two-person rule is on and needs two hosts: add another one first, or switch the rule off together"
    )]
    LastPair,
    /// The two-person rule with a single host.
    #[error("the two-person rule needs two hosts: add another one first")]
    NoPair,
    /// A correction of an event that is not there, or of somebody else's.
    #[error("this person has no attendance event {0}: reload the list")]
    NoSuchMark(EventId),
    /// A second correction of the same event.
    #[error("attendance event {0} was corrected before: correct the newer one")]
    AlreadyCorrected(EventId),
    /// A host's correction needs words.
    #[error("the correction has no reason: write why")]
    ReasonMissing,
    /// A lock that would not reach further than the one there is.
    #[error("attendance is locked up to and including {0} already: choose a later day")]
    LockedAlready(Date),
    /// Nothing that is locked would be opened.
    #[error("{}", match .0 {
        Some(until) => format!("attendance is locked only up to and including {until}: choose an earlier day"),
        None => "no day is locked: there is nothing to unlock".to_owned(),
    })]
    NotLocked(Option<Date>),
    /// Two people cannot share a badge.
    #[error("this badge number belongs to somebody else: use another, or none")]
    BadgeTaken,
    /// Two hosts cannot share a name.
    #[error("there is a host of this name already: use another")]
    HostTaken,
    /// Something is in the way of a new file.
    #[error("{} exists already: choose another name", .0.display())]
    FileExists(PathBuf),
    /// A backup does not open.
    #[error(transparent)]
    Backup(#[from] super::BackupFault),
    /// The person is gone from the records, but old files still hold traces.
    #[error(
        "the person is erased, but old files that still hold traces could not be removed yet ({0}); it is tried again every minute, and at every close and start"
    )]
    ErasurePending(Box<VaultError>),
}

/// Which file is not what was written, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Not a journal segment or checkpoint.
    #[error("{file} does not begin as it should: restore a backup")]
    Header {
        /// File name.
        file: String,
    },
    /// Made by a later faceprint.
    #[error("{file} has format version {version}, which this faceprint does not know: update faceprint")]
    Version {
        /// File name.
        file: String,
        /// What it says.
        version: u16,
    },
    /// Belongs to another store.
    #[error("{file} belongs to another store: remove what was copied into this folder")]
    OtherStore {
        /// File name.
        file: String,
    },
    /// An entry that was acknowledged does not open.
    #[error("entry {seq} of {file} is damaged at byte {at}: restore a backup")]
    Entry {
        /// File name.
        file: String,
        /// Entry number that should stand there.
        seq: u64,
        /// Offset in the file.
        at: u64,
    },
    /// Entries that must have been written are not there.
    #[error("journal entries {from} to {to} are missing: restore a backup")]
    Missing {
        /// First.
        from: u64,
        /// Last.
        to: u64,
    },
    /// The checkpoint does not open at this chunk.
    #[error("the checkpoint is damaged at chunk {chunk}: restore a backup")]
    Checkpoint {
        /// Counted from 0.
        chunk: u32,
    },
}

impl VaultError {
    /// Turns an I/O error into a sentence; a full disk or quota is a case of its own.
    pub(super) fn io<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io { what, path: path.to_owned(), source },
        }
    }
}
