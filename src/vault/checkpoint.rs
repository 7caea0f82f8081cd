//! The checkpoint: a sealed image of all live records, so that old journal segments can go.
//!
//! Job: write the image beside, synced, and rename it into place; read it back whole or not at all. It must not
//! know where the records come from or go to.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `FPCHECKP` |
//! | 8 | 2 | format version, little-endian: 1 |
//! | 10 | 16 | store id |
//! | 26 | 8 | number of the newest journal entry that is inside, little-endian |
//! | 34 | | chunks: length (4 bytes little-endian), sealed part |
//!
//! A chunk is sealed in the tree `checkpoint` under entry number ‖ chunk number ‖ 1 if it is the last (8 + 4 + 1 bytes,
//! big-endian), so that none can be left out, moved or cut off. Chunks hold a change of puts; the last one holds the
//! [`Digest`] of all records instead.

use super::{
    Damage, VaultError,
    codec::{Change, Write, decode_change, encode_change},
    digest::Digest,
    storage::{Append, Storage, sync_parent},
};
use crate::crypto::{SEAL_OVERHEAD, SealRing, StoreId, key_id};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

const MAGIC: [u8; 8] = *b"FPCHECKP";
const VERSION: u16 = 1;
const HEADER_LEN: usize = 34;
const TREE: &str = "checkpoint";
const CHUNK_LEN: usize = 64 * 1024;

/// The checkpoint file of a store.
pub(super) struct Checkpoint {
    disk: Arc<dyn Storage>,
    path: PathBuf,
    store: StoreId,
    seal: SealRing,
}

impl Checkpoint {
    pub(super) fn new(disk: Arc<dyn Storage>, dir: &Path, store: StoreId, seal: SealRing) -> Self {
        Self { disk, path: dir.join("checkpoint"), store, seal }
    }

    /// Starts an image of everything up to journal entry `seq`. Nothing changes until [`Image::finish`].
    pub(super) fn begin(self: &Arc<Self>, seq: u64) -> Result<Image, VaultError> {
        self.begin_as("checkpoint.tmp", seq)
    }

    /// The same under a name of its own, beside another one.
    pub(super) fn begin_as(self: &Arc<Self>, name: &str, seq: u64) -> Result<Image, VaultError> {
        let beside = self.path.with_file_name(name);
        let mut header = Vec::with_capacity(HEADER_LEN);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&self.store);
        header.extend_from_slice(&seq.to_le_bytes());
        let mut file = self.disk.create(&beside).map_err(VaultError::io("write", &beside))?;
        if let Err(e) = file.write(&header) {
            self.forget(&beside);
            return Err(VaultError::io("write", &beside)(e));
        }
        Ok(Image { of: self.clone(), beside, file, seq, chunk: 0, pending: Vec::new(), pending_len: 0 })
    }

    fn forget(&self, beside: &Path) {
        let _ = self.disk.remove(beside); // a rest is removed at the next start
    }

    /// Number of the newest journal entry inside; 0 when there is no checkpoint yet.
    pub(super) fn seq(&self) -> Result<u64, VaultError> {
        match self.disk.read(&self.path, HEADER_LEN as u64) {
            Ok(header) => Ok(self.check_header(&header)?),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(e) => Err(VaultError::io("read", &self.path)(e)),
        }
    }

    /// The key id that sealed it; `None` when there is no checkpoint yet, or it is damaged at its beginning.
    pub(super) fn generation(&self) -> Result<Option<u32>, VaultError> {
        match self.disk.read(&self.path, (HEADER_LEN + 4 + SEAL_OVERHEAD) as u64) {
            Ok(bytes) => Ok(bytes.get(HEADER_LEN + 4..).and_then(key_id)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(VaultError::io("read", &self.path)(e)),
        }
    }

    /// Hands every record to `visit`, chunk by chunk, and returns the digest that was kept with them. Nothing that
    /// was visited counts unless this returns `Ok`.
    pub(super) fn read(
        &self,
        visit: &mut dyn FnMut(Change) -> Result<(), VaultError>,
    ) -> Result<Digest, VaultError> {
        let bytes = self.disk.read(&self.path, u64::MAX).map_err(VaultError::io("read", &self.path))?;
        let (header, mut rest) = bytes.split_at_checked(HEADER_LEN).ok_or_else(bad_header)?;
        let seq = self.check_header(header)?;
        for chunk in 0.. {
            let damage = || Damage::Checkpoint { chunk };
            let (len, tail) = rest.split_first_chunk::<4>().ok_or_else(damage)?;
            let (sealed, tail) =
                tail.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or_else(damage)?;
            let is_last = tail.is_empty();
            let plain =
                self.seal.open(TREE, &chunk_key(seq, chunk, is_last), sealed).map_err(|_| damage())?;
            if is_last {
                return Ok(Digest::from_bytes(&plain).ok_or_else(damage)?);
            }
            visit(decode_change(&plain).map_err(|_| damage())?)?;
            rest = tail;
        }
        Err(bad_header().into())
    }

    fn check_header(&self, header: &[u8]) -> Result<u64, Damage> {
        let file = || "checkpoint".to_owned();
        let number = |bytes: Option<&[u8]>| bytes.and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
        if header.get(..8) != Some(&MAGIC[..]) {
            return Err(bad_header());
        }
        match header.get(8..10).and_then(|v| v.try_into().ok()).map(u16::from_le_bytes) {
            Some(VERSION) => {}
            Some(version) => return Err(Damage::Version { file: file(), version }),
            None => return Err(bad_header()),
        }
        if header.get(10..26) != Some(&self.store[..]) {
            return Err(Damage::OtherStore { file: file() });
        }
        // The number counts up from 1; one that could only come from damage must not overflow later sums.
        number(header.get(26..HEADER_LEN)).filter(|seq| (1..1 << 62).contains(seq)).ok_or_else(bad_header)
    }
}

fn bad_header() -> Damage {
    Damage::Header { file: "checkpoint".to_owned() }
}

/// A checkpoint that is being written.
pub(super) struct Image {
    of: Arc<Checkpoint>,
    beside: PathBuf,
    file: Box<dyn Append>,
    seq: u64,
    chunk: u32,
    pending: Change,
    pending_len: usize,
}

impl Image {
    /// Adds a record.
    pub(super) fn add(&mut self, record: Write) -> Result<(), VaultError> {
        self.pending_len += record.key.len() + record.value.as_ref().map_or(0, Vec::len);
        self.pending.push(record);
        if self.pending_len >= CHUNK_LEN { self.write_pending() } else { Ok(()) }
    }

    /// Syncs the image and puts it in the old one's place. One that does not get there is gone: it would hold the disk's
    /// last room, and what is erased meanwhile.
    pub(super) fn finish(mut self, digest: &Digest) -> Result<(), VaultError> {
        let placed = self.write_rest(digest).and_then(|()| {
            let of = &self.of;
            of.disk.rename(&self.beside, &of.path).map_err(VaultError::io("write", &of.path))
        });
        if placed.is_err() {
            self.of.forget(&self.beside);
        }
        placed?;
        sync_parent(&*self.of.disk, &self.of.path)
    }

    fn write_rest(&mut self, digest: &Digest) -> Result<(), VaultError> {
        if !self.pending.is_empty() {
            self.write_pending()?;
        }
        self.write_chunk(&digest.to_bytes(), true)?;
        self.file.sync().map_err(VaultError::io("write", &self.beside))
    }

    /// Forgets the image.
    pub(super) fn abandon(self) {
        self.of.forget(&self.beside);
    }

    fn write_pending(&mut self) -> Result<(), VaultError> {
        let plain = encode_change(&self.pending)?;
        self.pending.clear();
        self.pending_len = 0;
        self.write_chunk(&plain, false)
    }

    fn write_chunk(&mut self, plain: &[u8], is_last: bool) -> Result<(), VaultError> {
        let sealed = self.of.seal.seal(TREE, &chunk_key(self.seq, self.chunk, is_last), plain)?;
        self.chunk += 1;
        let len = (sealed.len() as u32).to_le_bytes();
        self.file
            .write(&len)
            .and_then(|()| self.file.write(&sealed))
            .map_err(VaultError::io("write", &self.beside))
    }
}

fn chunk_key(seq: u64, chunk: u32, is_last: bool) -> Vec<u8> {
    [&seq.to_be_bytes()[..], &chunk.to_be_bytes(), &[u8::from(is_last)]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{KEY_ID_MASTER, SealKey, Secret},
        vault::{codec::Tree, storage::Disk},
    };
    use std::fs;

    fn checkpoint(dir: &Path) -> Arc<Checkpoint> {
        let seal = SealRing::of(SealKey::new(&Secret::from_slice(&[7; 32]).unwrap(), KEY_ID_MASTER));
        Arc::new(Checkpoint::new(Arc::new(Disk), dir, [9; 16], seal))
    }

    fn record(n: u32) -> Write {
        Write { tree: Tree::Marks, key: n.to_be_bytes().to_vec(), value: Some(vec![n as u8; 1000]) }
    }

    fn read(dir: &Path) -> Result<Vec<Write>, VaultError> {
        let mut seen = vec![];
        checkpoint(dir).read(&mut |change| {
            seen.extend(change);
            Ok(())
        })?;
        Ok(seen)
    }

    fn write(dir: &Path, records: u32) {
        let checkpoint = checkpoint(dir);
        let mut image = checkpoint.begin(5).unwrap();
        (0..records).for_each(|n| image.add(record(n)).unwrap());
        image.finish(&Digest::default()).unwrap();
    }

    #[test]
    fn an_image_comes_back_whole() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(checkpoint(dir.path()).seq().unwrap(), 0);
        for records in [0, 1, 200] {
            write(dir.path(), records);
            assert_eq!(read(dir.path()).unwrap(), (0..records).map(record).collect::<Vec<_>>());
            assert_eq!(checkpoint(dir.path()).seq().unwrap(), 5);
        }
        checkpoint(dir.path()).begin(6).unwrap().abandon();
        assert_eq!(checkpoint(dir.path()).seq().unwrap(), 5, "an abandoned image changes nothing");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn cut_flipped_reordered_and_foreign_images_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 200);
        let path = dir.path().join("checkpoint");
        let whole = fs::read(&path).unwrap();
        for len in (0..whole.len()).step_by(977) {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(matches!(read(dir.path()), Err(VaultError::Damaged(_))), "cut to {len}");
        }
        for at in (0..whole.len()).step_by(491) {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(matches!(read(dir.path()), Err(VaultError::Damaged(_))), "byte {at}");
        }
        let chunk = 4 + u32::from_le_bytes(whole[34..38].try_into().unwrap()) as usize;
        let left_out = [&whole[..34], &whole[34 + chunk..]].concat();
        fs::write(&path, left_out).unwrap();
        assert!(matches!(read(dir.path()), Err(VaultError::Damaged(Damage::Checkpoint { chunk: 0 }))));
        let mut later = whole.clone();
        later[8] = 2;
        fs::write(&path, later).unwrap();
        assert!(matches!(read(dir.path()), Err(VaultError::Damaged(Damage::Version { version: 2, .. }))));
        let mut foreign = whole;
        foreign[10] ^= 1;
        fs::write(&path, foreign).unwrap();
        assert!(matches!(read(dir.path()), Err(VaultError::Damaged(Damage::OtherStore { .. }))));
    }
}
