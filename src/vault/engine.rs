//! Journal, checkpoint and working copy as one: changes go in, sealed records come out.
//!
//! Job: the order in which files are written, and what is done when one of them fails. It must not know what a record
//! means; the one exception is the tree of personal keys, whose deletions must leave the disk.
//!
//! # Order
//!
//! 1. The change is appended to the journal and synced. Before this, nothing is promised; after it, everything is.
//! 2. It is applied to the working copy (sled). A failure here throws the copy away and rebuilds it.
//! 3. When the journal has grown, a checkpoint is written and older segments go.
//!
//! At start the working copy is used only if the store was closed in order, at exactly the entry that the journal ends
//! with, and its [`Digest`] over all records is right. Otherwise it is rebuilt, and the old one goes only once the new one
//! is whole.
//!
//! While the working copy is good nothing reads the checkpoint, and damage to it would show only when it is needed. So it
//! is read through at each start and once a night, and written anew from a working copy whose digest is right.

use super::{
    Damage, VaultError,
    checkpoint::Checkpoint,
    codec::{Change, Tree, Write, encode_change},
    digest::Digest,
    journal::{Journal, Segments, journal_dir},
    renewal::{self, Renewal},
    storage::{Storage, replace},
    working::{Pair, Working, WorkingError},
};
use crate::crypto::{Keys, MacKey, SealRing};
use std::{
    cell::RefCell,
    fs::{self, File, OpenOptions, TryLockError},
    ops::Bound,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

/// Journal bytes after which a checkpoint is written.
const CHECKPOINT_AFTER: u64 = 8 << 20;
/// At a clean close already this many bytes are worth one.
const CHECKPOINT_AT_CLOSE: u64 = 1 << 20;
/// Kept aside so that erasing and closing work on a full disk.
const RESERVE_LEN: usize = 256 << 10;
/// What is said about [`Engine::mend_files`].
const MENDED: &str = "the checkpoint could not be read and was written anew: look after the disk";
/// Records read from the working copy at once.
const PAGE: usize = 512;

/// Whether a change may use up the reserve when the disk is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Refused on a full disk.
    Normal,
    /// Erasing, closing, counting a wrong PIN.
    MustSucceed,
}

/// The lock that keeps a second process out, for as long as it lives.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the folder's lock. A store that was closed this moment may still hold it: a child process that was being started
    /// has its files until it becomes another program.
    pub(super) fn take(dir: &Path) -> Result<Self, VaultError> {
        const TRIES: usize = 50;
        const PAUSE: Duration = Duration::from_millis(20);
        let path = dir.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(VaultError::io("open", &path))?;
        let mut locked = file.try_lock();
        for _ in 1..TRIES {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            thread::sleep(PAUSE);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(VaultError::Busy(dir.to_owned())),
            Err(TryLockError::Error(e)) => Err(VaultError::io("lock", &path)(e)),
        }
    }
}

/// See the module.
pub(super) struct Engine {
    disk: Arc<dyn Storage>,
    dir: PathBuf,
    journal: Journal,
    checkpoint: Arc<Checkpoint>,
    marker: SealRing,
    mac: MacKey,
    copy: RefCell<WorkingCopy>,
    purge_due: bool,
    checkpoint_after: u64,
    note: Option<String>,
    rebuilt: bool,
    _lock: Lock,
}

/// The working copy with what it should hold.
struct WorkingCopy {
    working: Option<Working>,
    digest: Digest,
    renewal: Option<Renewal>,
}

impl WorkingCopy {
    fn new(working: Option<Working>, digest: Digest) -> Self {
        Self { working, digest, renewal: None }
    }
}

impl Engine {
    /// An empty store in a folder that is locked and holds nothing yet.
    pub(super) fn create(
        disk: Arc<dyn Storage>,
        dir: &Path,
        keys: &Keys,
        lock: Lock,
    ) -> Result<Self, VaultError> {
        let generation = keys.generation();
        let journal = Journal::create(segments(&disk, dir, keys, generation)?)?;
        let engine = Self::assemble(disk, dir, keys, generation, lock, journal)?;
        engine.rebuild()?;
        engine.keep_reserve();
        Ok(engine)
    }

    /// Opens a store, rebuilding the working copy when it cannot be trusted.
    pub(super) fn open(
        disk: Arc<dyn Storage>,
        dir: &Path,
        keys: &Keys,
        lock: Lock,
    ) -> Result<Self, VaultError> {
        for rest in
            ["checkpoint.tmp", renewal::IMAGE, "clean.tmp", "reserve.tmp", "vault.tmp", "vault.key.tmp"]
        {
            let path = dir.join(rest);
            disk.remove(&path).map_err(VaultError::io("remove", &path))?;
        }
        let checkpoint = checkpoint(&disk, dir, keys, keys.generation())?;
        let after = checkpoint.seq()?;
        let generation = files_generation(keys, checkpoint.generation()?);
        // The entry that erased a key goes together with the entry that brought it: while it is there, so may be the key.
        let mut purge_due = false;
        let journal = Journal::open(segments(&disk, dir, keys, generation)?, after, &mut |_, change| {
            purge_due |= must_leave_the_disk(&change);
            Ok(())
        })?;
        let mut engine = Self::assemble(disk, dir, keys, generation, lock, journal)?;
        engine.purge_due = purge_due;
        engine.open_working()?;
        engine.keep_reserve();
        if engine.purge_due
            && let Err(e) = engine.purge()
        {
            log::warn!("old files with traces of an erased person are still there: {e}");
        }
        Ok(engine)
    }

    fn assemble(
        disk: Arc<dyn Storage>,
        dir: &Path,
        keys: &Keys,
        generation: u32,
        lock: Lock,
        journal: Journal,
    ) -> Result<Self, VaultError> {
        Ok(Self {
            checkpoint: checkpoint(&disk, dir, keys, generation)?,
            disk,
            dir: dir.to_owned(),
            journal,
            marker: keys.seal_ring("clean", generation)?,
            mac: keys.mac_key("digest", generation)?,
            copy: RefCell::new(WorkingCopy::new(None, Digest::default())),
            purge_due: false,
            checkpoint_after: CHECKPOINT_AFTER,
            note: None,
            rebuilt: false,
            _lock: lock,
        })
    }

    /// What had to be done at start, in words; `None` when nothing.
    pub(super) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether the working copy was made anew at start.
    pub(super) fn rebuilt(&self) -> bool {
        self.rebuilt
    }

    /// Whether traces of an erased person are still in old files.
    pub(super) fn purge_due(&self) -> bool {
        self.purge_due
    }

    /// Makes a change durable, then visible. After an error it is neither.
    pub(super) fn commit(&mut self, change: &Change, urgency: Urgency) -> Result<(), VaultError> {
        let bytes = encode_change(change)?;
        match self.journal.append(&bytes) {
            Err(VaultError::DiskFull) if urgency == Urgency::MustSucceed => {
                self.release_reserve();
                self.journal.append(&bytes)?
            }
            other => other?,
        };
        if must_leave_the_disk(change) {
            self.purge_due = true;
            self.abandon_renewal();
        }
        if let Err(e) = self.apply(change) {
            log::warn!("the working copy failed and is rebuilt: {e}");
            if let Err(e) = self.rebuild() {
                log::warn!("it could not be rebuilt yet, the records are safe in the journal: {e}");
            }
        }
        if self.journal.len() > self.checkpoint_after {
            self.checkpoint_after = match self.write_checkpoint() {
                Ok(()) => CHECKPOINT_AFTER,
                Err(e) => {
                    log::warn!("no checkpoint could be written, the journal goes on: {e}");
                    self.journal.len() + CHECKPOINT_AFTER / 4
                }
            };
        }
        Ok(())
    }

    /// One record.
    pub(super) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        self.with_working(|working| working.get(tree, key))
    }

    /// The largest key of a tree.
    pub(super) fn last_key(&self, tree: Tree) -> Result<Option<Vec<u8>>, VaultError> {
        self.with_working(|working| working.last_key(tree))
    }

    /// Hands the records of a tree with keys from `from` on to `visit`, in key order, until it says `false`.
    pub(super) fn for_each_from(
        &self,
        tree: Tree,
        from: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<bool, VaultError>,
    ) -> Result<(), VaultError> {
        let mut start = Bound::Included(from.to_vec());
        loop {
            let page: Vec<Pair> =
                self.with_working(|working| working.page(tree, (start.clone(), Bound::Unbounded), PAGE))?;
            for (key, value) in &page {
                if !visit(key, value)? {
                    return Ok(());
                }
            }
            match page.last() {
                Some((key, _)) if page.len() == PAGE => start = Bound::Excluded(key.clone()),
                _ => return Ok(()),
            }
        }
    }

    /// How many records there are.
    pub(super) fn count(&self) -> Result<u64, VaultError> {
        let mut count = 0;
        for tree in Tree::ALL {
            self.for_each(tree, |_, _| {
                count += 1;
                Ok(())
            })?;
        }
        Ok(count)
    }

    /// All records of a tree.
    pub(super) fn for_each(
        &self,
        tree: Tree,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        self.for_each_from(tree, &[], |key, value| visit(key, value).map(|()| true))
    }

    /// Makes what was deleted leave the disk: a checkpoint without it, old segments removed, the working copy made
    /// anew in another folder.
    pub(super) fn purge(&mut self) -> Result<(), VaultError> {
        match self.write_checkpoint() {
            Err(VaultError::DiskFull) => {
                self.release_reserve();
                self.write_checkpoint()?;
            }
            done => done?,
        }
        self.rebuild()?;
        self.purge_due = false;
        self.keep_reserve();
        Ok(())
    }

    /// Goes on to write every file anew, sealed with the newest generation, so that the older key opens none: about
    /// `limit` records, and how many; `None` when all is done. Records must have been sealed anew before. Can be
    /// repeated after an error, and then begins again.
    pub(super) fn renew_step(&mut self, keys: &Keys, limit: usize) -> Result<Option<usize>, VaultError> {
        if self.copy.get_mut().renewal.is_none() {
            self.begin_renewal(keys)?;
        }
        let copied = match self.copy.get_mut() {
            WorkingCopy { working: Some(working), renewal: Some(renewal), .. } => {
                renewal.copy(working, &self.mac, limit)
            }
            _ => Err(VaultError::Working("it was closed by an earlier failure".to_owned())),
        };
        match copied {
            Ok((_, true)) => self.finish_renewal(keys).map(|()| None),
            Ok((copied, false)) => Ok(Some(copied)),
            Err(error) => {
                self.abandon_renewal();
                Err(error)
            }
        }
    }

    fn begin_renewal(&mut self, keys: &Keys) -> Result<(), VaultError> {
        self.with_working(|_| Ok(()))?;
        let newest = keys.newest();
        self.journal.seal_with(keys.seal_ring("journal", newest)?);
        let keep_from = self.journal.start()?;
        let checkpoint = checkpoint(&self.disk, &self.dir, keys, newest)?;
        let sealing = (keys.seal_ring("clean", newest)?, keys.mac_key("digest", newest)?);
        let dir = self.generation(self.generations()?.last().map_or(1, |last| last + 1));
        fs::create_dir_all(&dir).map_err(VaultError::io("make", &dir))?;
        let begun = Working::open(&dir).map_err(VaultError::from).and_then(|working| {
            let seq = self.journal.last_seq();
            Renewal::new(checkpoint, seq, sealing, (working, dir.clone()), keep_from)
        });
        if begun.is_err() {
            let _ = fs::remove_dir_all(&dir); // the next start removes it otherwise
        }
        self.copy.get_mut().renewal = Some(begun?);
        Ok(())
    }

    fn finish_renewal(&mut self, keys: &Keys) -> Result<(), VaultError> {
        let copy = self.copy.get_mut();
        let Some(mut renewal) = copy.renewal.take() else { return Ok(()) };
        if !renewal.holds(copy.digest) {
            renewal.abandon();
            self.rebuild()?;
            return Err(VaultError::Working("it did not hold what was written".to_owned()));
        }
        let placed = renewal.place();
        // The name may be there although its folder could not be synced: then the files are of the new generation.
        let named = || renewal.checkpoint.generation().is_ok_and(|found| found == Some(keys.newest()));
        if placed.is_err() && !named() {
            renewal.abandon();
            return placed;
        }
        let Renewal { checkpoint, marker, mac, working, dir, keep_from, present, .. } = renewal;
        (self.checkpoint, self.marker, self.mac) = (checkpoint, marker, mac);
        *self.copy.get_mut() = WorkingCopy::new(Some(working), present);
        placed?;
        self.journal.remove_before(keep_from)?;
        for old in self.generations()?.into_iter().map(|old| self.generation(old)).filter(|old| *old != dir) {
            fs::remove_dir_all(&old).map_err(VaultError::io("remove", &old))?;
        }
        self.purge_due = false;
        Ok(())
    }

    fn abandon_renewal(&self) {
        if let Some(renewal) = self.copy.borrow_mut().renewal.take() {
            renewal.abandon();
        }
    }

    /// Closes in order: the next start finds the working copy as it is.
    pub(super) fn close(mut self) -> Result<(), VaultError> {
        if self.purge_due {
            self.purge().map_err(|e| VaultError::ErasurePending(Box::new(e)))?;
        }
        if self.journal.len() > CHECKPOINT_AT_CLOSE
            && let Err(e) = self.write_checkpoint()
        {
            log::warn!("no checkpoint could be written, the journal stays: {e}");
        }
        self.abandon_renewal();
        let (seq, copy) = (self.journal.last_seq(), self.copy.get_mut());
        let Some(working) = copy.working.take() else { return Ok(()) };
        let content = [&seq.to_be_bytes()[..], &copy.digest.to_bytes()].concat();
        let marked = working.close().map_err(VaultError::from).and_then(|()| {
            let sealed = self.marker.seal("clean", b"", &content)?;
            replace(&*self.disk, &self.dir.join("clean"), &sealed)
        });
        if let Err(e) = marked {
            log::warn!("the store could not be marked as closed and will be rebuilt at the next start: {e}");
        }
        Ok(())
    }

    /// Nothing more can be recorded until the store is opened again.
    pub(super) fn is_poisoned(&self) -> bool {
        self.journal.is_poisoned()
    }

    fn apply(&self, change: &Change) -> Result<(), VaultError> {
        let copy = &mut *self.copy.borrow_mut();
        let Some(working) = &copy.working else {
            return Err(VaultError::Working("it was closed by an earlier failure".to_owned()));
        };
        if let Some(mut renewal) = copy.renewal.take() {
            let followed = change.iter().try_for_each(|write| {
                let old = working.get(write.tree, &write.key)?;
                renewal.follow(&self.mac, write, old.as_deref())
            });
            match followed {
                Ok(()) => copy.renewal = Some(renewal),
                Err(e) => {
                    log::warn!("sealing the files anew begins again: {e}");
                    renewal.abandon();
                }
            }
        }
        let applied = apply(working, &mut copy.digest, &self.mac, change);
        if applied.is_err() {
            copy.working = None;
        }
        Ok(applied?)
    }

    /// Reads from the working copy; when it fails, rebuilds it and reads once more.
    fn with_working<T>(&self, read: impl Fn(&Working) -> Result<T, WorkingError>) -> Result<T, VaultError> {
        if let Some(working) = &self.copy.borrow().working {
            match read(working) {
                Ok(done) => return Ok(done),
                Err(e) => log::warn!("the working copy failed and is rebuilt: {e}"),
            }
        }
        self.rebuild()?;
        match &self.copy.borrow().working {
            Some(working) => Ok(read(working)?),
            None => Err(VaultError::Working("it was closed by an earlier failure".to_owned())),
        }
    }

    /// Uses the copy on disk if it is exactly what it should be, and rebuilds it otherwise.
    fn open_working(&mut self) -> Result<(), VaultError> {
        let why = match self.clean_digest()? {
            Some(digest) => match self.open_trusted(digest) {
                Ok(()) => {
                    match self.mend_files() {
                        Ok(false) => {}
                        Ok(true) => self.note = Some(MENDED.to_owned()),
                        Err(e) => log::warn!("a damaged checkpoint could not be written anew yet: {e}"),
                    }
                    return Ok(());
                }
                Err(why) => why,
            },
            None => "an unclean stop".to_owned(),
        };
        let records = self.rebuild()?;
        self.rebuilt = true;
        self.note = Some(format!("rebuilt {records} records from checkpoint and journal after {why}"));
        Ok(())
    }

    /// The digest of a store that was closed in order at the journal's end.
    fn clean_digest(&self) -> Result<Option<Digest>, VaultError> {
        let Ok(sealed) = self.disk.read(&self.dir.join("clean"), 4096) else { return Ok(None) };
        let Ok(content) = self.marker.open("clean", b"", &sealed) else { return Ok(None) };
        let Some((seq, digest)) = content.split_first_chunk::<8>() else { return Ok(None) };
        let (seq, last) = (u64::from_be_bytes(*seq), self.journal.last_seq());
        if seq > last {
            return Err(Damage::Missing { from: last + 1, to: seq }.into());
        }
        Ok(Digest::from_bytes(digest).filter(|_| seq == last))
    }

    fn open_trusted(&self, digest: Digest) -> Result<(), String> {
        let newest = self.generations().ok().and_then(|g| g.last().copied());
        let dir = newest.map(|n| self.generation(n)).ok_or("the working copy was missing")?;
        let working = Working::open(&dir).map_err(|e| format!("the working copy failed ({e})"))?;
        *self.copy.borrow_mut() = WorkingCopy::new(Some(working), digest);
        match self.count_digest() {
            Ok(counted) if counted == digest => Ok(()),
            Ok(_) => Err("the working copy was not what was written".to_owned()),
            Err(e) => Err(format!("the working copy failed ({e})")),
        }
    }

    fn count_digest(&self) -> Result<Digest, VaultError> {
        let mut digest = Digest::default();
        for tree in Tree::ALL {
            self.for_each(tree, |key, value| {
                digest.add(&self.mac, tree, key, value);
                Ok(())
            })?;
        }
        Ok(digest)
    }

    /// Makes a new working copy from checkpoint and journal, in a folder of its own: threads of an old sled may still hold
    /// the old one, which goes when the new one is whole. Should checkpoint or journal turn out to be damaged, the old one
    /// is all that is left. Returns how many records were written.
    fn rebuild(&self) -> Result<u64, VaultError> {
        self.abandon_renewal();
        self.copy.borrow_mut().working = None;
        let old = self.generations()?;
        let dir = self.generation(old.last().map_or(1, |newest| newest + 1));
        let rebuilt = match self.rebuild_in(&dir) {
            // There may be no room for two: the old one goes first if all of it can be made again.
            Err(VaultError::DiskFull | VaultError::Working(_)) if !old.is_empty() => {
                self.read_files()?;
                self.remove_generations(&old)?;
                self.rebuild_in(&dir)?
            }
            rebuilt => rebuilt?,
        };
        self.remove_generations(&old)?;
        Ok(rebuilt)
    }

    fn remove_generations(&self, numbers: &[u64]) -> Result<(), VaultError> {
        for path in numbers.iter().map(|number| self.generation(*number)).filter(|path| path.exists()) {
            fs::remove_dir_all(&path).map_err(VaultError::io("remove", &path))?;
        }
        Ok(())
    }

    fn rebuild_in(&self, dir: &Path) -> Result<u64, VaultError> {
        fs::create_dir_all(dir).map_err(VaultError::io("make", dir))?;
        let rebuilt = self.fill_working(dir);
        if rebuilt.is_err() {
            let _ = fs::remove_dir_all(dir); // half a copy is of no use; the next try removes it otherwise
        }
        rebuilt
    }

    fn fill_working(&self, dir: &Path) -> Result<u64, VaultError> {
        let working = Working::open(dir)?;
        let (after, mut written) = (self.checkpoint.seq()?, 0);
        let mut digest = Digest::default();
        if after > 0 {
            digest = self.checkpoint.read(&mut |change| {
                written += change.len() as u64;
                Ok(working.apply(&change)?)
            })?;
        }
        self.journal.replay(after, &mut |change| {
            written += change.len() as u64;
            Ok(apply(&working, &mut digest, &self.mac, &change)?)
        })?;
        *self.copy.borrow_mut() = WorkingCopy::new(Some(working), digest);
        Ok(written)
    }

    /// Reads checkpoint and journal to their end: whether a working copy can be made of them.
    fn read_files(&self) -> Result<(), VaultError> {
        let after = self.checkpoint.seq()?;
        if after > 0 {
            self.checkpoint.read(&mut |_| Ok(()))?;
        }
        self.journal.replay(after, &mut |_| Ok(()))
    }

    /// Reads checkpoint and journal through, and writes a new checkpoint where one of them is damaged: from a working copy
    /// that holds what it should. Whether it was needed.
    pub(super) fn mend_files(&mut self) -> Result<bool, VaultError> {
        let Err(damage) = self.read_files() else { return Ok(false) };
        log::warn!("a new checkpoint is written in the place of what cannot be read: {damage}");
        self.write_checkpoint()?;
        Ok(true)
    }

    /// Writes a checkpoint and lets the older segments go.
    fn write_checkpoint(&mut self) -> Result<(), VaultError> {
        self.abandon_renewal();
        self.write_good_image()?;
        self.journal.rotate()
    }

    /// Writes an image. A working copy that does not hold what it should is rebuilt first, so that an image never makes a
    /// loss permanent.
    fn write_good_image(&self) -> Result<(), VaultError> {
        if self.write_image()? {
            return Ok(());
        }
        log::warn!("the working copy was not what was written and is rebuilt");
        self.rebuild()?;
        if self.write_image()? {
            return Ok(());
        }
        Err(VaultError::Working("it does not hold what was written".to_owned()))
    }

    /// False when the working copy does not hold what it should: then nothing has changed.
    fn write_image(&self) -> Result<bool, VaultError> {
        self.with_working(|_| Ok(()))?;
        let want = self.copy.borrow().digest;
        let mut image = self.checkpoint.begin(self.journal.last_seq())?;
        let mut held = Digest::default();
        let mut copied = Ok(());
        for tree in Tree::ALL {
            copied = copied.and_then(|()| {
                self.for_each(tree, |key, value| {
                    held.add(&self.mac, tree, key, value);
                    image.add(Write { tree, key: key.to_vec(), value: Some(value.to_vec()) })
                })
            });
        }
        if copied.is_err() || held != want {
            image.abandon();
            return copied.map(|()| false);
        }
        image.finish(&held)?;
        Ok(true)
    }

    fn generation(&self, number: u64) -> PathBuf {
        self.dir.join("sled").join(format!("{number:06}"))
    }

    fn generations(&self) -> Result<Vec<u64>, VaultError> {
        let dir = self.dir.join("sled");
        let names = match self.disk.list(&dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            names => names.map_err(VaultError::io("read", &dir))?,
        };
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn keep_reserve(&self) {
        let path = self.dir.join("reserve");
        let whole = fs::metadata(&path).is_ok_and(|m| m.len() == RESERVE_LEN as u64);
        if !whole && let Err(e) = replace(&*self.disk, &path, &vec![0x5a; RESERVE_LEN]) {
            log::warn!("no space could be kept in reserve: {e}");
        }
    }

    fn release_reserve(&self) {
        let _ = self.disk.remove(&self.dir.join("reserve")); // if it fails, the write that needed it says so
    }
}

fn apply(working: &Working, digest: &mut Digest, mac: &MacKey, change: &Change) -> Result<(), WorkingError> {
    for write in change {
        if let Some(old) = working.get(write.tree, &write.key)? {
            digest.remove(mac, write.tree, &write.key, &old);
        }
        if let Some(new) = &write.value {
            digest.add(mac, write.tree, &write.key, new);
        }
    }
    working.apply(change)
}

/// A person's key, or attendance whose time is over.
fn must_leave_the_disk(change: &Change) -> bool {
    let erased =
        |write: &Write| matches!(write.tree, Tree::PersonKeys | Tree::Marks) && write.value.is_none();
    change.iter().any(erased)
}

/// The generation that seals journal, checkpoint and marker, and keys the digest: the checkpoint's, for it is written
/// at once and decides; in its absence the one in use.
pub(super) fn files_generation(keys: &Keys, checkpoint: Option<u32>) -> u32 {
    let at_hand = keys.generation()..=keys.newest();
    checkpoint.filter(|generation| at_hand.contains(generation)).unwrap_or(keys.generation())
}

pub(super) fn segments(
    disk: &Arc<dyn Storage>,
    dir: &Path,
    keys: &Keys,
    generation: u32,
) -> Result<Segments, VaultError> {
    let seal = keys.seal_ring("journal", generation)?;
    Ok(Segments::new(disk.clone(), journal_dir(dir), *keys.store(), seal))
}

pub(super) fn checkpoint(
    disk: &Arc<dyn Storage>,
    dir: &Path,
    keys: &Keys,
    generation: u32,
) -> Result<Arc<Checkpoint>, VaultError> {
    let seal = keys.seal_ring("checkpoint", generation)?;
    Ok(Arc::new(Checkpoint::new(disk.clone(), dir, *keys.store(), seal)))
}
