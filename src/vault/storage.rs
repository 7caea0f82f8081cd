//! The lowest seam: the file operations that durability rests on, so that a test can fail or tear the nth one.
//!
//! Job: do what it is told, in that order, and report what the system says. It must not know what is in a file.
//! sled does not go through it: sled's folder can be lost at any time.

use super::VaultError;
use crate::crypto::make_folder;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// A file that grows at its end.
pub trait Append: Send {
    /// Appends all of `bytes`; after an error an unknown part of them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns once everything written, and the file's length, would survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts back to `len` bytes and syncs; the next write goes there.
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

/// A file system.
pub trait Storage: Send + Sync {
    /// Makes a folder (mode 0700), with those above it, unless it is there; syncs the parent of each that was made.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Names in a folder, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// The first `limit` bytes of a file.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
    /// A new, empty file (mode 0600); one of the same name is emptied.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Append>>;
    /// An existing file, to go on after its first `len` bytes; cuts off the rest.
    fn resume(&self, path: &Path, len: u64) -> io::Result<Box<dyn Append>>;
    /// Renames over whatever is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; one that is not there is fine.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Returns once the names in a folder would survive a power cut.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// Writes a whole file or leaves the old one: beside, synced, renamed, folder synced.
pub(super) fn replace(disk: &dyn Storage, path: &Path, content: &[u8]) -> Result<(), VaultError> {
    let beside = path.with_extension("tmp");
    let mut file = disk.create(&beside).map_err(VaultError::io("write", &beside))?;
    let written = file.write(content).and_then(|()| file.sync()).and_then(|()| disk.rename(&beside, path));
    if let Err(e) = written {
        let _ = disk.remove(&beside); // best effort; the next start removes it
        return Err(VaultError::io("write", path)(e));
    }
    sync_parent(disk, path)
}

/// Syncs the folder that a file is in.
pub(super) fn sync_parent(disk: &dyn Storage, path: &Path) -> Result<(), VaultError> {
    match path.parent() {
        Some(dir) => disk.sync_dir(dir).map_err(VaultError::io("sync", dir)),
        None => Ok(()),
    }
}

/// The machine's file system.
pub(super) struct Disk;

impl Storage for Disk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        make_folder(dir, 0o700)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        File::open(path)?.take(limit).read_to_end(&mut content)?;
        Ok(content)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Append>> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(Box::new(DiskFile(file)))
    }

    fn resume(&self, path: &Path, len: u64) -> io::Result<Box<dyn Append>> {
        let mut file = DiskFile(OpenOptions::new().write(true).open(path)?);
        file.cut(len)?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

struct DiskFile(File);

impl Append for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        use std::io::Seek;
        self.0.set_len(len)?;
        self.0.sync_all()?;
        self.0.seek(io::SeekFrom::Start(len)).map(|_| ())
    }
}
