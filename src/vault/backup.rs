//! A backup: everything that the store holds, in one sealed file that opens with a passphrase alone.
//!
//! Job: write such a file from a store that is running or stopped, say what is in one, and make a store from it. It must
//! not know where backups are kept or how often they are made.
//!
//! # The file
//!
//! A header of text lines, then parts:
//!
//! ```text
//! faceprint-backup/1
//! -> argon2id m=65536,t=3,p=1 <salt, 32 hexadecimal digits>
//! <file key of 32 bytes, sealed with the stretched passphrase; hexadecimal>
//! ---
//! ```
//!
//! The file key is sealed in the tree `backup` under the two lines before it. A part is its length (4 bytes
//! little-endian) and a [`Part`] in postcard, sealed with the file key in the tree `backup` under part number (8 bytes
//! big-endian) ‖ 1 if it is the last: none can be changed, left out, moved or cut off unseen. Records inside keep the
//! seals they have in the store; the master key, PIN pepper and audit key travel with them.
//!
//! # While the kiosk runs
//!
//! A backup is read from checkpoint and journal, never from the working copy. Both only grow or are replaced in one
//! step, so whoever has opened them holds the store as it was at that moment, whatever is written afterwards: a
//! [`BackupView`] is made in an instant and read at leisure by another thread. Another process that opens them while a
//! kiosk runs can meet a checkpoint or a key that is just being replaced; then it begins again.

use super::{
    Damage, KEY_BLOB, KEY_BLOB_UNFINISHED, MAX_BLOB_LEN, Vault, VaultError, clear_unfinished,
    codec::{Change, Tree, Write, decode_change, encode_change},
    digest::Digest,
    engine::{Lock, checkpoint, files_generation, segments},
    journal::journal_dir,
    make_device_key, open_keys,
    storage::{Append, Disk, Storage, replace, sync_parent},
};
use crate::{
    crypto::{KEY_ID_MASTER, KeySource, Keys, Passphrase, SealKey, Secret, StoreId, random_bytes},
    domain::{Actor, AuditAction, Moment, hex},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::{Zeroize as _, Zeroizing};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupContents {
    /// When it was made.
    pub made: Timestamp,
    /// Version of the faceprint that made it.
    pub program: String,
    /// The store's random id.
    pub store: StoreId,
    /// Number of the newest journal entry inside.
    pub entry: u64,
    /// Kinds of records and how many there are.
    pub records: Vec<(String, u64)>,
}

impl BackupContents {
    /// Records in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.records.iter().map(|(_, count)| count).sum()
    }
}

/// What is wrong with a backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupFault {
    /// It begins with something else.
    #[error("this file is not a faceprint backup: choose another")]
    NotABackup,
    /// Made by a later faceprint.
    #[error("this backup was made by a later faceprint: update faceprint")]
    Version,
    /// Its writer was told to stop. Nothing is left of it.
    #[error("the backup was stopped before its end: nothing was kept")]
    Stopped,
    /// Wrong passphrase, or a changed header: nobody can tell which.
    #[error("the passphrase does not open this backup: type the one that it was made with")]
    Passphrase,
    /// A part does not open.
    #[error("the backup is damaged in part {part}, at byte {at}: use another copy")]
    Damaged {
        /// Counted from 0.
        part: u64,
        /// Where the part begins.
        at: u64,
    },
}

/// One part of a backup.
#[derive(Serialize, Deserialize)]
pub(super) enum Part {
    Contents(BackupContents),
    Keys(Vec<u8>),
    /// Text of the settings file.
    Settings(String),
    /// A change of puts.
    Records(Vec<u8>),
    End,
}

const MAGIC: &str = "faceprint-backup/";
const VERSION: &str = "1";
const STRETCH: &str = "-> argon2id m=65536,t=3,p=1 ";
pub(super) const TREE: &str = "backup";
const PART_LEN: usize = 64 * 1024;
/// No part that this program writes is longer.
const PART_MAX: usize = 1 << 20;
/// How often reading begins again when a running kiosk replaces what is being read.
const READ_TRIES: u32 = 5;

/// Told how many records are written, of how many (0 of 0 while they are read); says whether to go on.
pub type BackupWatch<'a> = &'a dyn Fn(u64, u64) -> bool;

/// The store as it was at one moment, to be written into a backup by any thread while the store goes on.
pub struct BackupView {
    held: Held,
    keys: Keys,
    settings: String,
    made: Timestamp,
}

enum Held {
    /// Opened files of the store in this folder.
    Files(Arc<dyn Storage>, PathBuf),
    Records(Image),
}

impl BackupView {
    /// Writes the backup to `out`, which `path` is the name of for whoever is told about an error. What is written is
    /// good only when this returns `Ok`.
    pub fn write(
        &self,
        out: impl io::Write,
        path: &Path,
        passphrase: &Passphrase,
        watch: BackupWatch<'_>,
    ) -> Result<BackupContents, VaultError> {
        let read;
        let image = match &self.held {
            Held::Records(image) => image,
            Held::Files(files, dir) => {
                read = Image::read(files, dir, &self.keys, watch)?;
                &read
            }
        };
        let contents = image.contents(*self.keys.store(), self.made);
        let mut writer = BackupWriter::begin(out, passphrase, path)?;
        writer.part(&Part::Contents(contents.clone()), false)?;
        let mut keys = Part::Keys(self.keys.to_bytes().to_vec());
        let written = writer.part(&keys, false);
        if let Part::Keys(bytes) = &mut keys {
            bytes.zeroize();
        }
        written?;
        writer.part(&Part::Settings(self.settings.clone()), false)?;
        let (mut pending, mut len, mut done): (Change, usize, u64) = (Vec::new(), 0, 0);
        for ((tree, key), value) in &image.records {
            len += key.len() + value.len();
            pending.push(Write { tree: *tree, key: key.clone(), value: Some(value.clone()) });
            if len >= PART_LEN {
                done += pending.len() as u64;
                writer.part(&Part::Records(encode_change(&pending)?), false)?;
                (pending, len) = (Vec::new(), 0);
                go_on(watch, done, contents.total())?;
            }
        }
        writer.part(&Part::Records(encode_change(&pending)?), false)?;
        writer.part(&Part::End, true)?;
        go_on(watch, contents.total(), contents.total())?;
        Ok(contents)
    }
}

fn go_on(watch: BackupWatch<'_>, done: u64, total: u64) -> Result<(), VaultError> {
    if watch(done, total) { Ok(()) } else { Err(BackupFault::Stopped.into()) }
}

impl Vault {
    /// The store as it is now, with the text of the settings file. Nothing is read yet.
    pub fn view(&self, settings: &str, now: Moment) -> Result<BackupView, VaultError> {
        let dir = self.key_blob.parent().unwrap_or(Path::new(".")).to_owned();
        let files = Arc::new(Pinned::open(&dir)?);
        let keys = self.keys.duplicate()?;
        Ok(BackupView { held: Held::Files(files, dir), keys, settings: settings.to_owned(), made: now.utc })
    }

    /// The same of a store that another process has open. It is read here.
    pub fn view_of_running(
        dir: &Path,
        key: &KeySource,
        settings: &str,
        now: Moment,
    ) -> Result<BackupView, VaultError> {
        let read = || {
            let blob = || Disk.read(&dir.join(KEY_BLOB), MAX_BLOB_LEN).ok();
            let before = blob();
            let keys = open_keys(&Disk, dir, key)?;
            let files: Arc<dyn Storage> = Arc::new(Pinned::open(dir)?);
            // Keys that were exchanged meanwhile may not be the ones of these records.
            let changed = || VaultError::Damaged(Damage::Header { file: KEY_BLOB.to_owned() });
            let image = Image::read(&files, dir, &keys, &|_, _| true)?;
            if blob() == before { Ok((keys, image)) } else { Err(changed()) }
        };
        let mut tried = read();
        for _ in 1..READ_TRIES {
            match tried {
                // The kiosk took away what a new checkpoint made unnecessary, or was writing an entry.
                Err(VaultError::Damaged(_)) => {}
                Err(VaultError::Io { ref source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                _ => break,
            }
            tried = read();
        }
        let (keys, image) = tried?;
        Ok(BackupView { held: Held::Records(image), keys, settings: settings.to_owned(), made: now.utc })
    }

    /// Reads a backup to its end without writing anything: what is in it, and its settings file.
    pub fn inspect_backup(
        file: &Path,
        passphrase: &Passphrase,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(BackupContents, String), VaultError> {
        let (mut reader, contents, _, settings) = BackupReader::begin(file, passphrase)?;
        let mut done = 0;
        while let Some(change) = reader.records()? {
            done += change.len() as u64;
            progress(done, contents.total());
        }
        Ok((contents, settings))
    }

    /// Makes a store in `dir`, which holds none, from a backup, to be opened by `key` (a device key file is made if it
    /// is not there). Returns it open, with the text of the settings file that was backed up.
    pub fn restore(
        dir: &Path,
        key: &KeySource,
        file: &Path,
        passphrase: &Passphrase,
        now: Moment,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(Self, String), VaultError> {
        let disk: Arc<dyn Storage> = Arc::new(Disk);
        let (mut reader, contents, mut keys, settings) = BackupReader::begin(file, passphrase)?;
        disk.create_dir(dir).map_err(VaultError::io("make", dir))?;
        let lock = Lock::take(dir)?;
        if Self::exists(dir) {
            return Err(VaultError::AlreadyExists(dir.to_owned()));
        }
        clear_unfinished(&*disk, dir)?;
        make_device_key(key)?;
        let (unfinished, blob) = (dir.join(KEY_BLOB_UNFINISHED), dir.join(KEY_BLOB));
        replace(&*disk, &unfinished, &keys.wrap(key)?)?;
        let generation = keys.generation();
        let mac = keys.mac_key("digest", generation)?;
        let (mut digest, mut done) = (Digest::default(), 0);
        let checkpoint = checkpoint(&disk, dir, &keys, generation)?;
        let mut image = checkpoint.begin(contents.entry)?;
        while let Some(change) = reader.records()? {
            done += change.len() as u64;
            for record in change {
                digest.add(&mac, record.tree, &record.key, record.value.as_deref().unwrap_or_default());
                image.add(record)?;
            }
            progress(done, contents.total());
        }
        image.finish(&digest)?;
        segments(&disk, dir, &keys, generation)?.found(contents.entry + 1)?;
        disk.rename(&unfinished, &blob).map_err(VaultError::io("write", &blob))?;
        sync_parent(&*disk, &blob)?;
        let mut vault = Self::open_locked(disk, dir, key, lock, now)?;
        vault.audit(Actor::Kiosk, AuditAction::Restored, now)?;
        Ok((vault, settings))
    }
}

/// All records as they were after one entry of the journal.
struct Image {
    entry: u64,
    records: BTreeMap<(Tree, Vec<u8>), Vec<u8>>,
}

impl Image {
    fn read(
        files: &Arc<dyn Storage>,
        dir: &Path,
        keys: &Keys,
        watch: BackupWatch<'_>,
    ) -> Result<Self, VaultError> {
        let probe = checkpoint(files, dir, keys, keys.generation())?;
        let generation = files_generation(keys, probe.generation()?);
        let checkpoint = checkpoint(files, dir, keys, generation)?;
        let mut image = Self { entry: checkpoint.seq()?, records: BTreeMap::new() };
        let after = image.entry;
        if after > 0 {
            checkpoint.read(&mut |change| {
                image.apply(change);
                go_on(watch, 0, 0)
            })?;
        }
        let end = segments(files, dir, keys, generation)?.read(after, &mut |seq, change| {
            if seq > after {
                image.apply(change);
            }
            go_on(watch, 0, 0)
        })?;
        image.entry = end.next_seq - 1;
        Ok(image)
    }

    fn apply(&mut self, change: Change) {
        for Write { tree, key, value } in change {
            match value {
                Some(value) => drop(self.records.insert((tree, key), value)),
                None => drop(self.records.remove(&(tree, key))),
            }
        }
    }

    fn contents(&self, store: StoreId, made: Timestamp) -> BackupContents {
        let mut counts: BTreeMap<Tree, u64> = BTreeMap::new();
        for (tree, _) in self.records.keys() {
            *counts.entry(*tree).or_default() += 1;
        }
        BackupContents {
            made,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            store,
            entry: self.entry,
            records: counts.into_iter().map(|(tree, count)| (tree.name().to_owned(), count)).collect(),
        }
    }
}

struct BackupWriter<W> {
    out: W,
    path: PathBuf,
    key: SealKey,
    part: u64,
}

impl<W: io::Write> BackupWriter<W> {
    fn begin(mut out: W, passphrase: &Passphrase, path: &Path) -> Result<Self, VaultError> {
        let salt: [u8; 16] = random_bytes()?;
        let file_key = Secret::random()?;
        let lines = format!("{MAGIC}{VERSION}\n{STRETCH}{}\n", hex(&salt));
        let wrapping = SealKey::new(&passphrase.stretch(&salt)?, KEY_ID_MASTER);
        let sealed = wrapping.seal(TREE, lines.as_bytes(), file_key.expose())?;
        let header = format!("{lines}{}\n---\n", hex(&sealed));
        out.write_all(header.as_bytes()).map_err(VaultError::io("write", path))?;
        Ok(Self { out, path: path.to_owned(), key: SealKey::new(&file_key, KEY_ID_MASTER), part: 0 })
    }

    fn part(&mut self, part: &Part, is_last: bool) -> Result<(), VaultError> {
        // One of them holds keys: in one buffer from the start, for what is outgrown is not wiped.
        let plain = postcard::to_extend(part, Vec::with_capacity(PART_LEN * 2));
        let plain = Zeroizing::new(plain.map_err(|_| VaultError::TooLong(usize::MAX))?);
        let sealed = self.key.seal(TREE, &part_key(self.part, is_last), &plain)?;
        self.part += 1;
        let written = self.out.write_all(&(sealed.len() as u32).to_le_bytes());
        written.and_then(|()| self.out.write_all(&sealed)).map_err(VaultError::io("write", &self.path))
    }
}

/// Reads the parts of a backup in turn.
pub(super) struct BackupReader<R> {
    input: R,
    path: PathBuf,
    key: SealKey,
    part: u64,
    at: u64,
    left: u64,
}

/// A reader, and what stands before the records.
pub(super) type Begun<R> = (BackupReader<R>, BackupContents, Keys, String);

impl BackupReader<BufReader<File>> {
    /// Opens a backup and reads what stands before the records.
    fn begin(path: &Path, passphrase: &Passphrase) -> Result<Begun<BufReader<File>>, VaultError> {
        let file = File::open(path).map_err(VaultError::io("read", path))?;
        let mut input = BufReader::new(file);
        let (key, at) = Header::read(&mut input, path)?.open(passphrase)?;
        Self::after_header(input, path, key, at)
    }
}

impl<R: BufRead> BackupReader<R> {
    /// Reads what stands between the header and the records.
    pub(super) fn after_header(input: R, path: &Path, key: SealKey, at: u64) -> Result<Begun<R>, VaultError> {
        let mut reader = Self { input, path: path.to_owned(), key, part: 0, at, left: 0 };
        let (Part::Contents(contents), Part::Keys(keys), Part::Settings(settings)) =
            (reader.next(false)?, reader.next(false)?, reader.next(false)?)
        else {
            return Err(reader.damaged());
        };
        let keys = Zeroizing::new(keys);
        let keys = Keys::from_bytes(contents.store, &keys).ok_or_else(|| reader.damaged())?;
        reader.left = contents.total();
        Ok((reader, contents, keys, settings))
    }

    /// The next records; `None` after the last, once all that were promised have come.
    pub(super) fn records(&mut self) -> Result<Option<Change>, VaultError> {
        let before = (self.part, self.at);
        let damaged = || VaultError::Backup(BackupFault::Damaged { part: before.0, at: before.1 });
        match self.next(self.left == 0)? {
            Part::Records(bytes) => {
                let change = decode_change(&bytes).map_err(|_| damaged())?;
                self.left = self.left.checked_sub(change.len() as u64).ok_or_else(damaged)?;
                if change.iter().any(|write| write.value.is_none()) {
                    return Err(damaged());
                }
                Ok(Some(change))
            }
            Part::End if self.left == 0 && self.at_end()? => Ok(None),
            _ => Err(damaged()),
        }
    }

    /// The next part. `maybe_last`: the last part may come too.
    fn next(&mut self, maybe_last: bool) -> Result<Part, VaultError> {
        let mut len = [0; 4];
        self.input.read_exact(&mut len).map_err(|e| self.read_error(e))?;
        let len = u32::from_le_bytes(len) as usize;
        if len > PART_MAX {
            return Err(self.damaged());
        }
        let mut sealed = vec![0; len];
        self.input.read_exact(&mut sealed).map_err(|e| self.read_error(e))?;
        let open = |is_last| self.key.open(TREE, &part_key(self.part, is_last), &sealed);
        let plain = match open(false) {
            Err(_) if maybe_last => open(true),
            opened => opened,
        };
        let plain = plain.map_err(|_| self.damaged())?;
        let part = postcard::from_bytes(&plain).map_err(|_| self.damaged())?;
        self.part += 1;
        self.at += 4 + len as u64;
        Ok(part)
    }

    fn at_end(&mut self) -> Result<bool, VaultError> {
        self.input.fill_buf().map(<[u8]>::is_empty).map_err(VaultError::io("read", &self.path))
    }

    fn read_error(&self, e: io::Error) -> VaultError {
        match e.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged(),
            _ => VaultError::io("read", &self.path)(e),
        }
    }

    fn damaged(&self) -> VaultError {
        BackupFault::Damaged { part: self.part, at: self.at }.into()
    }
}

/// The lines before the parts.
pub(super) struct Header {
    /// The first two, which the third is sealed under.
    lines: String,
    salt: [u8; 16],
    sealed: Vec<u8>,
    /// Length of all of them, bytes.
    len: usize,
}

impl Header {
    pub(super) fn read(input: &mut impl Read, path: &Path) -> Result<Self, VaultError> {
        let first = read_line(input, path)?;
        let version = first.strip_prefix(MAGIC).ok_or(BackupFault::NotABackup)?;
        if version != VERSION {
            return Err(BackupFault::Version.into());
        }
        let (second, third, fourth) =
            (read_line(input, path)?, read_line(input, path)?, read_line(input, path)?);
        let salt = second.strip_prefix(STRETCH).ok_or(BackupFault::Version)?;
        let salt: Option<[u8; 16]> = unhex(salt).and_then(|salt| salt.try_into().ok());
        let (Some(salt), Some(sealed), "---") = (salt, unhex(&third), fourth.as_str()) else {
            return Err(BackupFault::Damaged { part: 0, at: 0 }.into());
        };
        let lines = format!("{first}\n{second}\n");
        let len = lines.len() + third.len() + fourth.len() + 2;
        Ok(Self { lines, salt, sealed, len })
    }

    /// The file key, and where the parts begin.
    fn open(&self, passphrase: &Passphrase) -> Result<(SealKey, u64), VaultError> {
        let wrapping = SealKey::new(&passphrase.stretch(&self.salt)?, KEY_ID_MASTER);
        let opened = wrapping.open(TREE, self.lines.as_bytes(), &self.sealed);
        let file_key = opened.map_err(|_| BackupFault::Passphrase)?;
        let file_key = Secret::from_slice(&file_key).ok_or(BackupFault::Passphrase)?;
        Ok((SealKey::new(&file_key, KEY_ID_MASTER), self.len as u64))
    }
}

/// A line of the header, without its end. Longer ones are not a header.
fn read_line(input: &mut impl Read, path: &Path) -> Result<String, VaultError> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < 512 {
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => {
                return String::from_utf8(line).map_err(|_| BackupFault::NotABackup.into());
            }
            Ok(_) => line.extend_from_slice(&byte),
            Err(e) => return Err(VaultError::io("read", path)(e)),
        }
    }
    Err(BackupFault::NotABackup.into())
}

/// What a part is sealed under.
pub(super) fn part_key(part: u64, is_last: bool) -> Vec<u8> {
    [&part.to_be_bytes()[..], &[u8::from(is_last)]].concat()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Checkpoint and journal, opened: what is appended, replaced or removed afterwards is not seen.
struct Pinned(BTreeMap<PathBuf, (File, u64)>);

impl Pinned {
    fn open(dir: &Path) -> Result<Self, VaultError> {
        let journal = journal_dir(dir);
        let mut files = BTreeMap::new();
        let mut pin = |path: PathBuf| {
            let opened = File::open(&path).and_then(|file| file.metadata().map(|meta| (file, meta.len())));
            let opened = opened.map_err(VaultError::io("read", &path))?;
            files.insert(path, opened);
            Ok(())
        };
        match pin(dir.join("checkpoint")) {
            Err(VaultError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
        for name in Disk.list(&journal).map_err(VaultError::io("read", &journal))? {
            pin(journal.join(name))?;
        }
        Ok(Self(files))
    }

    fn refuse<T>() -> io::Result<T> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}

impl Storage for Pinned {
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.0.keys().filter(|path| path.parent() == Some(dir));
        Ok(names.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let (file, len) = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        let len = usize::try_from(limit.min(*len)).map_err(io::Error::other)?;
        let mut content = vec![0; len];
        file.read_exact_at(&mut content, 0)?;
        Ok(content)
    }

    /// A half-made segment is its owner's to remove; for a reader it is as if it were not there.
    fn remove(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Self::refuse()
    }

    fn create(&self, _: &Path) -> io::Result<Box<dyn Append>> {
        Self::refuse()
    }

    fn resume(&self, _: &Path, _: u64) -> io::Result<Box<dyn Append>> {
        Self::refuse()
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Self::refuse()
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Self::refuse()
    }
}
