//! The journal: what was promised to anybody stands here first, synced, one entry per change.
//!
//! Job: append entries so that an acknowledged one survives anything, and read them back, telling a torn tail from
//! damage. It must not know what an entry means.
//!
//! # A segment, `journal/NNNNNN.log`
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `FPJOURNL` |
//! | 8 | 2 | format version, little-endian: 1 |
//! | 10 | 16 | store id |
//! | 26 | 8 | number of its first entry, little-endian |
//! | 34 | 4 | first bytes of SHA-256 over bytes 0 to 33 |
//! | 38 | | entries |
//!
//! # An entry
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | length of the sealed part, little-endian |
//! | 4 | 8 | entry number, little-endian; counts up by one, across segments |
//! | 12 | 4 | first bytes of SHA-256 over store id and bytes 0 to 11 |
//! | 16 | | sealed change (tree `journal`, record key: entry number, big-endian) |
//!
//! # Torn or damaged
//!
//! Entries are written one at a time and synced before the next, so only the last one of the last segment can be
//! unacknowledged. It counts as torn, and is cut off, when the file ends before it does or when a 512-byte sector
//! of it is all zeros (the length reached the disk, the data did not). Anything else is damage and has a name.

use super::{
    Damage, VaultError,
    codec::{Change, decode_change},
    storage::{Append, Storage},
};
use crate::crypto::{SealRing, StoreId};
use sha2::{Digest, Sha256};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

const MAGIC: [u8; 8] = *b"FPJOURNL";
const VERSION: u16 = 1;
const SEGMENT_HEADER_LEN: usize = 38;
const ENTRY_HEADER_LEN: usize = 16;
const TREE: &str = "journal";
const SECTOR: usize = 512;

/// An open journal, at its end.
pub(super) struct Journal {
    files: Segments,
    segment: Box<dyn Append>,
    number: u64,
    len: u64,
    next_seq: u64,
    poisoned: bool,
}

impl Journal {
    /// Starts the journal of a new store.
    pub(super) fn create(files: Segments) -> Result<Self, VaultError> {
        files.disk.create_dir(&files.dir).map_err(VaultError::io("make", &files.dir))?;
        let segment = files.start(1, 1)?;
        Ok(Self { files, segment, number: 1, len: SEGMENT_HEADER_LEN as u64, next_seq: 1, poisoned: false })
    }

    /// Opens the journal, cuts off a torn tail, and hands every change that is still there to `visit`. Entries up to
    /// `after` may be gone.
    pub(super) fn open(
        files: Segments,
        after: u64,
        visit: &mut dyn FnMut(u64, Change) -> Result<(), VaultError>,
    ) -> Result<Self, VaultError> {
        let end = files.read(after, visit)?;
        let path = files.path(end.number);
        let segment = files.disk.resume(&path, end.len).map_err(VaultError::io("open", &path))?;
        Ok(Self { files, segment, number: end.number, len: end.len, next_seq: end.next_seq, poisoned: false })
    }

    /// Hands the acknowledged changes after entry `after` to `visit` again.
    pub(super) fn replay(
        &self,
        after: u64,
        visit: &mut dyn FnMut(Change) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let wanted = after + 1..self.next_seq;
        let end = self.files.read(after, &mut |seq, change| {
            if wanted.contains(&seq) { visit(change) } else { Ok(()) }
        })?;
        if end.next_seq < self.next_seq {
            return Err(Damage::Missing { from: end.next_seq, to: self.last_seq() }.into());
        }
        Ok(())
    }

    /// Appends a change and syncs it: once this returns `Ok`, the change is there whatever happens. After an error
    /// it is not there, or the journal takes no more entries.
    pub(super) fn append(&mut self, change: &[u8]) -> Result<u64, VaultError> {
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let seq = self.next_seq;
        let entry = self.files.entry(seq, change)?;
        if let Err(e) = self.segment.write(&entry).and_then(|()| self.segment.sync()) {
            self.poisoned = self.segment.cut(self.len).is_err();
            return Err(VaultError::io("write", &self.files.path(self.number))(e));
        }
        self.len += entry.len() as u64;
        self.next_seq = seq + 1;
        Ok(seq)
    }

    /// Seals entries with other keys from now on.
    pub(super) fn seal_with(&mut self, seal: SealRing) {
        self.files.seal = seal;
    }

    /// It takes no more entries.
    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Number of the newest entry.
    pub(super) fn last_seq(&self) -> u64 {
        self.next_seq - 1
    }

    /// Bytes in the newest segment.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Starts a new segment and removes the older ones, which a checkpoint has made unnecessary.
    pub(super) fn rotate(&mut self) -> Result<(), VaultError> {
        let number = self.start()?;
        self.remove_before(number)
    }

    /// Removes the segments before this one.
    pub(super) fn remove_before(&self, number: u64) -> Result<(), VaultError> {
        self.files.remove_before(number)
    }

    /// Lets the entries from now on stand in a segment of their own; its number.
    pub(super) fn start(&mut self) -> Result<u64, VaultError> {
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        if self.len > SEGMENT_HEADER_LEN as u64 {
            self.segment = self.files.start(self.number + 1, self.next_seq)?;
            self.number += 1;
            self.len = SEGMENT_HEADER_LEN as u64;
        }
        Ok(self.number)
    }
}

/// The journal's folder and the key of its entries.
pub(super) struct Segments {
    disk: Arc<dyn Storage>,
    dir: PathBuf,
    store: StoreId,
    seal: SealRing,
}

/// Where reading ended.
pub(super) struct End {
    number: u64,
    len: u64,
    /// Number of the entry to come.
    pub(super) next_seq: u64,
}

impl Segments {
    pub(super) fn new(disk: Arc<dyn Storage>, dir: PathBuf, store: StoreId, seal: SealRing) -> Self {
        Self { disk, dir, store, seal }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(segment_name(number))
    }

    /// A new segment with nothing but its header, synced with its folder.
    fn start(&self, number: u64, first_seq: u64) -> Result<Box<dyn Append>, VaultError> {
        let path = self.path(number);
        let started = self.disk.create(&path).and_then(|mut file| {
            file.write(&self.header(first_seq))?;
            file.sync()?;
            self.disk.sync_dir(&self.dir)?;
            Ok(file)
        });
        started.map_err(|e| {
            let _ = self.disk.remove(&path); // a rest is recognised as torn at the next start
            VaultError::io("write", &path)(e)
        })
    }

    fn remove_before(&self, number: u64) -> Result<(), VaultError> {
        for old in self.numbers()?.into_iter().filter(|n| *n < number) {
            let path = self.path(old);
            self.disk.remove(&path).map_err(VaultError::io("remove", &path))?;
        }
        self.disk.sync_dir(&self.dir).map_err(VaultError::io("sync", &self.dir))
    }

    fn numbers(&self) -> Result<Vec<u64>, VaultError> {
        let names = self.disk.list(&self.dir).map_err(VaultError::io("read", &self.dir))?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment_number(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A journal for a store that is put together from elsewhere: one segment, whose first entry will be `first_seq`.
    pub(super) fn found(&self, first_seq: u64) -> Result<(), VaultError> {
        self.disk.create_dir(&self.dir).map_err(VaultError::io("make", &self.dir))?;
        self.start(1, first_seq).map(|_| ())
    }

    /// Reads every segment in order.
    pub(super) fn read(
        &self,
        after: u64,
        visit: &mut dyn FnMut(u64, Change) -> Result<(), VaultError>,
    ) -> Result<End, VaultError> {
        let numbers = self.numbers()?;
        let mut end: Option<End> = None;
        for &number in &numbers {
            let path = self.path(number);
            let bytes = self.disk.read(&path, u64::MAX).map_err(VaultError::io("read", &path))?;
            let is_last = numbers.last() == Some(&number);
            if is_last && end.is_some() && is_torn(&bytes, 0, SEGMENT_HEADER_LEN) {
                self.disk.remove(&path).map_err(VaultError::io("remove", &path))?;
                break;
            }
            let first = self.check_header(number, &bytes)?;
            let want = end.as_ref().map_or(after + 1, |end| end.next_seq);
            if first > want || (end.is_some() && first != want) {
                return Err(Damage::Missing { from: want, to: first - 1 }.into());
            }
            end = Some(self.read_entries(number, &bytes, first, is_last, |seq, sealed, at| {
                visit(seq, self.open_entry(number, seq, sealed, at)?)
            })?);
        }
        match end {
            Some(end) if end.next_seq > after => Ok(end),
            Some(end) => Err(Damage::Missing { from: end.next_seq, to: after }.into()),
            None => Err(Damage::Missing { from: after + 1, to: after + 1 }.into()),
        }
    }

    /// Walks the entries of one segment. The last entry of the last segment may be torn.
    fn read_entries(
        &self,
        number: u64,
        bytes: &[u8],
        first: u64,
        is_last: bool,
        mut visit: impl FnMut(u64, &[u8], usize) -> Result<(), VaultError>,
    ) -> Result<End, VaultError> {
        let (mut at, mut seq) = (SEGMENT_HEADER_LEN, first);
        while at < bytes.len() {
            let damage = || Damage::Entry { file: segment_name(number), seq, at: at as u64 };
            let Some(len) = self.entry_len(bytes.get(at..).unwrap_or_default(), seq) else {
                if is_last && is_torn(bytes, at, ENTRY_HEADER_LEN) {
                    break;
                }
                return Err(damage().into());
            };
            let whole = ENTRY_HEADER_LEN + len;
            let visited = match bytes.get(at + ENTRY_HEADER_LEN..at + whole) {
                Some(sealed) => visit(seq, sealed, at),
                None => Err(damage().into()),
            };
            match visited {
                Err(VaultError::Damaged(_))
                    if is_last && at + whole >= bytes.len() && is_torn(bytes, at, whole) =>
                {
                    break;
                }
                other => other?,
            }
            at += whole;
            seq += 1;
        }
        Ok(End { number, len: at as u64, next_seq: seq })
    }

    fn header(&self, first_seq: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(SEGMENT_HEADER_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.store);
        out.extend_from_slice(&first_seq.to_le_bytes());
        out.extend_from_slice(&check(&[&out]));
        out
    }

    /// The number of a segment's first entry.
    fn check_header(&self, number: u64, bytes: &[u8]) -> Result<u64, Damage> {
        let file = segment_name(number);
        let header = bytes.get(..SEGMENT_HEADER_LEN).unwrap_or_default();
        let Some((body, want)) = header.split_last_chunk::<4>() else {
            return Err(Damage::Header { file });
        };
        if body.get(..8) != Some(&MAGIC[..]) || check(&[body]) != *want {
            return Err(Damage::Header { file });
        }
        let version = body.get(8..10).and_then(|v| v.try_into().ok()).map_or(0, u16::from_le_bytes);
        if version != VERSION {
            return Err(Damage::Version { file, version });
        }
        if body.get(10..26) != Some(&self.store[..]) {
            return Err(Damage::OtherStore { file });
        }
        match body.last_chunk::<8>().map(|seq| u64::from_le_bytes(*seq)) {
            Some(first) if first > 0 => Ok(first),
            _ => Err(Damage::Header { file }),
        }
    }

    fn entry(&self, seq: u64, change: &[u8]) -> Result<Vec<u8>, VaultError> {
        let sealed = self.seal.seal(TREE, &seq.to_be_bytes(), change)?;
        let mut out = Vec::with_capacity(ENTRY_HEADER_LEN + sealed.len());
        out.extend_from_slice(&(sealed.len() as u32).to_le_bytes());
        out.extend_from_slice(&seq.to_le_bytes());
        out.extend_from_slice(&check(&[&self.store, &out]));
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Length of the sealed part, if a header for entry `seq` stands at the start of `bytes`.
    fn entry_len(&self, bytes: &[u8], seq: u64) -> Option<usize> {
        let (body, want) = bytes.get(..ENTRY_HEADER_LEN)?.split_last_chunk::<4>()?;
        let (len, number) = body.split_first_chunk::<4>()?;
        let right = check(&[&self.store, body]) == *want && number == &seq.to_le_bytes()[..];
        right.then(|| u32::from_le_bytes(*len) as usize)
    }

    fn open_entry(&self, number: u64, seq: u64, sealed: &[u8], at: usize) -> Result<Change, VaultError> {
        let damage = |_| Damage::Entry { file: segment_name(number), seq, at: at as u64 };
        let plain = self.seal.open(TREE, &seq.to_be_bytes(), sealed).map_err(damage)?;
        Ok(decode_change(&plain).map_err(damage)?)
    }
}

fn check(parts: &[&[u8]]) -> [u8; 4] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().first_chunk().copied().unwrap_or_default()
}

/// Whether the `len` bytes at `at`, the last thing written to the file, look half written.
fn is_torn(bytes: &[u8], at: usize, len: usize) -> bool {
    let Some(written) = bytes.get(at..at + len) else { return true };
    let to_boundary = (SECTOR - at % SECTOR).min(written.len());
    let (head, rest) = written.split_at(to_boundary);
    std::iter::once(head).chain(rest.chunks(SECTOR)).any(|sector| sector.iter().all(|b| *b == 0))
}

fn segment_name(number: u64) -> String {
    format!("{number:06}.log")
}

fn segment_number(name: &str) -> Option<u64> {
    name.strip_suffix(".log")?.parse().ok().filter(|number| segment_name(*number) == name)
}

/// The journal's folder inside the store's.
pub(super) fn journal_dir(dir: &Path) -> PathBuf {
    dir.join("journal")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{KEY_ID_MASTER, SealKey, Secret},
        vault::{
            codec::{Tree, Write, encode_change},
            storage::Disk,
        },
    };
    use std::fs;

    fn segments(dir: &Path) -> Segments {
        let seal = SealRing::of(SealKey::new(&Secret::from_slice(&[7; 32]).unwrap(), KEY_ID_MASTER));
        Segments::new(Arc::new(Disk), dir.join("journal"), [9; 16], seal)
    }

    fn change(n: u64) -> Change {
        vec![Write { tree: Tree::Marks, key: n.to_be_bytes().to_vec(), value: Some(vec![n as u8; 700]) }]
    }

    fn filled(dir: &Path, entries: u64) -> PathBuf {
        let mut journal = Journal::create(segments(dir)).unwrap();
        for n in 1..=entries {
            assert_eq!(journal.append(&encode_change(&change(n)).unwrap()).unwrap(), n);
        }
        dir.join("journal/000001.log")
    }

    fn read(dir: &Path, after: u64) -> Result<Vec<u64>, VaultError> {
        let mut seen = vec![];
        Journal::open(segments(dir), after, &mut |seq, read| {
            assert_eq!(read, change(seq));
            seen.push(seq);
            Ok(())
        })
        .map(|_| seen)
    }

    #[test]
    fn entries_come_back_in_order_and_go_on_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), 3);
        assert_eq!(read(dir.path(), 0).unwrap(), [1, 2, 3]);
        assert_eq!(read(dir.path(), 2).unwrap(), [1, 2, 3]);
        let mut journal = Journal::open(segments(dir.path()), 0, &mut |_, _| Ok(())).unwrap();
        assert_eq!(journal.append(&encode_change(&change(4)).unwrap()).unwrap(), 4);
        journal.rotate().unwrap();
        assert_eq!(journal.append(&encode_change(&change(5)).unwrap()).unwrap(), 5);
        assert_eq!(read(dir.path(), 4).unwrap(), [5]);
        assert!(matches!(read(dir.path(), 3), Err(VaultError::Damaged(Damage::Missing { from: 4, to: 4 }))));
        assert!(matches!(read(dir.path(), 7), Err(VaultError::Damaged(Damage::Missing { from: 6, to: 7 }))));
    }

    #[test]
    fn a_tail_torn_at_any_byte_is_cut_off_and_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = filled(dir.path(), 2);
        let start_of_last = {
            let whole = fs::read(&file).unwrap();
            (whole.len() - SEGMENT_HEADER_LEN) / 2 + SEGMENT_HEADER_LEN
        };
        let whole = fs::read(&file).unwrap();
        for len in start_of_last..whole.len() {
            fs::write(&file, &whole[..len]).unwrap();
            assert_eq!(read(dir.path(), 0).unwrap(), [1], "cut to {len}");
            assert_eq!(fs::metadata(&file).unwrap().len(), start_of_last as u64);
        }
        let mut journal = Journal::open(segments(dir.path()), 0, &mut |_, _| Ok(())).unwrap();
        assert_eq!(journal.append(&encode_change(&change(2)).unwrap()).unwrap(), 2);
        assert_eq!(read(dir.path(), 0).unwrap(), [1, 2]);
    }

    #[test]
    fn a_last_entry_with_a_lost_sector_is_torn_and_an_earlier_one_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let file = filled(dir.path(), 3);
        let whole = fs::read(&file).unwrap();
        let entry = (whole.len() - SEGMENT_HEADER_LEN) / 3;
        let last = SEGMENT_HEADER_LEN + 2 * entry;
        for sector in (0..whole.len()).step_by(SECTOR) {
            let mut lost = whole.clone();
            let (from, to) = (sector, (sector + SECTOR).min(whole.len()));
            if to <= last {
                lost[from..to].fill(0);
                fs::write(&file, &lost).unwrap();
                assert!(matches!(read(dir.path(), 0), Err(VaultError::Damaged(_))), "sector at {from}");
            } else {
                lost[from.max(last)..to].fill(0);
                fs::write(&file, &lost).unwrap();
                assert_eq!(read(dir.path(), 0).unwrap(), [1, 2], "sector at {from}");
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_damage_with_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = filled(dir.path(), 2);
        let whole = fs::read(&file).unwrap();
        for at in (0..whole.len()).step_by(3) {
            let mut bad = whole.clone();
            bad[at] ^= 0x10;
            fs::write(&file, &bad).unwrap();
            match read(dir.path(), 0) {
                Err(VaultError::Damaged(Damage::Header { .. })) => assert!(at < SEGMENT_HEADER_LEN),
                Err(VaultError::Damaged(Damage::Entry { at: entry, .. })) => assert!(entry as usize <= at),
                other => panic!("byte {at}: {other:?}"),
            }
        }
    }

    #[test]
    fn other_versions_other_stores_and_missing_segments_have_their_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let file = filled(dir.path(), 1);
        let mut later = fs::read(&file).unwrap();
        later[8] = 2;
        let sum = check(&[&later[..34]]);
        later[34..38].copy_from_slice(&sum);
        fs::write(&file, &later).unwrap();
        assert!(matches!(read(dir.path(), 0), Err(VaultError::Damaged(Damage::Version { version: 2, .. }))));
        let mut other = segments(dir.path());
        other.store = [8; 16];
        fs::write(&file, other.header(1)).unwrap();
        assert!(matches!(read(dir.path(), 0), Err(VaultError::Damaged(Damage::OtherStore { .. }))));
        fs::remove_file(&file).unwrap();
        assert!(matches!(read(dir.path(), 0), Err(VaultError::Damaged(Damage::Missing { .. }))));
    }

    #[test]
    fn a_segment_whose_making_was_cut_short_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), 2);
        for rest in [&b""[..], b"FPJOUR", &[0; SEGMENT_HEADER_LEN]] {
            fs::write(dir.path().join("journal/000002.log"), rest).unwrap();
            assert_eq!(read(dir.path(), 0).unwrap(), [1, 2]);
            assert!(!dir.path().join("journal/000002.log").exists());
        }
    }
}
