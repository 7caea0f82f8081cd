//! Zip archives of network files, read in memory.
//!
//! Job: hand out the files of an archive, each and all together no larger than was said and allowed. It must not write
//! anything: an entry's name is a name, never a path. Layout: APPNOTE.TXT 6.3.9, sections 4.3.7, 4.3.12 and 4.3.16.

use flate2::{Crc, read::DeflateDecoder};
use std::{cell::Cell, io::Read as _, ops::Range};

const END: u32 = 0x0605_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const LOCAL: u32 = 0x0403_4b50;
const END_BYTES: usize = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
/// An archive with more files holds something else.
const MAX_ENTRIES: usize = 1000;

/// Weights are noise, and shrink to a third at best: what shrinks more than this is something else, of which a small archive
/// could hold any amount.
const MOST_SHRUNK: u64 = 50;
/// Texts and small files may.
const SMALL_BYTES: u64 = 1 << 20;
/// For all files together that are read: the largest pack that people have unpacks to 400 MB.
const MAX_UNPACKED: u64 = 1 << 30;

/// Why an archive is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Cut, or no zip at all.
    #[error("the archive is cut off or is no zip file; download it again")]
    Broken,
    /// Zip64, encryption, or a method other than deflate.
    #[error("the archive's file '{0}' is packed in an unusual way; unpack it and install the folder")]
    Unusual(String),
    /// More files than are looked at.
    #[error(
        "the archive has more than {MAX_ENTRIES} files; unpack it and install the folder with the networks"
    )]
    TooMany,
    /// A file of absurd size.
    #[error("the archive's file '{0}' unpacks to more than a network; it is not what it seems to be")]
    TooLarge(String),
    /// Too much altogether.
    #[error(
        "with the file '{0}' more than 1 GiB of the archive would be unpacked; unpack it yourself and install the networks \
         that you need"
    )]
    TooMuch(String),
    /// Files lie in each other: a little of the archive could be unpacked many times.
    #[error("files of the archive overlap, which no zip program writes; download it from somewhere else")]
    Overlapping,
    /// The content is not what the archive's own sum says.
    #[error("the archive's file '{0}' is damaged; download the archive again")]
    Damaged(String),
}

/// An archive in memory.
pub struct Archive<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry>,
    /// What may still be unpacked.
    left: Cell<u64>,
}

/// One file of an archive.
#[derive(Debug, Clone)]
pub struct Entry {
    /// As written in the archive; for people and for its ending only.
    pub name: String,
    method: u16,
    encrypted: bool,
    crc: u32,
    packed: u64,
    size: u64,
    header: u64,
}

impl<'a> Archive<'a> {
    /// Whether the bytes begin like a zip file.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        u32_at(bytes, 0) == Some(LOCAL) || u32_at(bytes, 0) == Some(END)
    }

    /// Reads the directory.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let archive = Self::directory(bytes).ok_or(ArchiveError::Broken)?;
        if archive.entries.len() > MAX_ENTRIES {
            return Err(ArchiveError::TooMany);
        }
        // What has no place is an error when it is read.
        let mut places: Vec<_> = archive
            .entries
            .iter()
            .filter_map(|entry| Some(usize::try_from(entry.header).ok()?..archive.content(entry)?.end))
            .collect();
        places.sort_by_key(|place| place.start);
        if places.array_windows().any(|[a, b]| a.end > b.start) {
            return Err(ArchiveError::Overlapping);
        }
        Ok(archive)
    }

    fn directory(bytes: &'a [u8]) -> Option<Self> {
        let last = bytes.len().checked_sub(END_BYTES)?;
        // The end record is the last thing but for a comment of at most 65,535 bytes.
        let end = (last.saturating_sub(0xffff)..=last).rev().find(|&at| u32_at(bytes, at) == Some(END))?;
        let count = usize::from(u16_at(bytes, end + 10)?);
        let mut at = u32_at(bytes, end + 16)? as usize;
        let mut entries = Vec::new();
        for _ in 0..count.min(MAX_ENTRIES + 1) {
            if u32_at(bytes, at)? != CENTRAL {
                return None;
            }
            let lengths = [at + 28, at + 30, at + 32].map(|at| u16_at(bytes, at).map(usize::from));
            let [Some(name), Some(extra), Some(comment)] = lengths else { return None };
            entries.push(Entry {
                name: String::from_utf8_lossy(bytes.get(at + CENTRAL_BYTES..)?.get(..name)?).into_owned(),
                encrypted: u16_at(bytes, at + 8)? & 1 != 0,
                method: u16_at(bytes, at + 10)?,
                crc: u32_at(bytes, at + 16)?,
                packed: u32_at(bytes, at + 20)?.into(),
                size: u32_at(bytes, at + 24)?.into(),
                header: u32_at(bytes, at + 42)?.into(),
            });
            at += CENTRAL_BYTES + name + extra + comment;
        }
        Some(Self { bytes, entries, left: Cell::new(MAX_UNPACKED) })
    }

    /// Its files, in the archive's order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Unpacks a file of at most `limit` bytes. Memory grows with what is there, not with what is announced.
    pub fn read(&self, entry: &Entry, limit: u64) -> Result<Vec<u8>, ArchiveError> {
        let name = || entry.name.clone();
        // Sizes of all ones stand for zip64.
        if entry.encrypted || !matches!(entry.method, 0 | 8) || entry.size == u64::from(u32::MAX) {
            return Err(ArchiveError::Unusual(name()));
        }
        if entry.size > limit || entry.size > SMALL_BYTES.max(entry.packed.saturating_mul(MOST_SHRUNK)) {
            return Err(ArchiveError::TooLarge(name()));
        }
        let left = self.left.get().checked_sub(entry.size).ok_or_else(|| ArchiveError::TooMuch(name()))?;
        let packed =
            self.content(entry).and_then(|place| self.bytes.get(place)).ok_or(ArchiveError::Broken)?;
        self.left.set(left);
        let mut content = Vec::new();
        let more_than_said = entry.size + 1;
        let read = match entry.method {
            0 => packed.take(more_than_said).read_to_end(&mut content),
            _ => DeflateDecoder::new(packed).take(more_than_said).read_to_end(&mut content),
        };
        let mut crc = Crc::new();
        crc.update(&content);
        if read.is_err() || content.len() as u64 != entry.size || crc.sum() != entry.crc {
            return Err(ArchiveError::Damaged(name()));
        }
        Ok(content)
    }

    /// Where the packed bytes of a file are; `None` where they are not.
    fn content(&self, entry: &Entry) -> Option<Range<usize>> {
        let header = usize::try_from(entry.header).ok()?;
        if u32_at(self.bytes, header)? != LOCAL {
            return None;
        }
        let name = usize::from(u16_at(self.bytes, header + 26)?);
        let extra = usize::from(u16_at(self.bytes, header + 28)?);
        let start = header + LOCAL_BYTES + name + extra;
        let end = start.checked_add(usize::try_from(entry.packed).ok()?)?;
        (end <= self.bytes.len()).then_some(start..end)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Writes small archives for tests.
#[cfg(test)]
pub mod build {
    use super::*;
    use flate2::{Compression, read::DeflateEncoder};

    /// A zip file of these, deflated.
    pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for (name, content) in files {
            let mut packed = Vec::new();
            DeflateEncoder::new(*content, Compression::fast()).read_to_end(&mut packed).unwrap();
            let mut crc = Crc::new();
            crc.update(content);
            let header = out.len() as u32;
            let mut fields = Vec::new();
            fields.extend([20u16, 0, 8, 0, 0].iter().flat_map(|v| v.to_le_bytes()));
            let sizes = [crc.sum(), packed.len() as u32, content.len() as u32];
            fields.extend(sizes.iter().flat_map(|v| v.to_le_bytes()));
            fields.extend([name.len() as u16, 0].iter().flat_map(|v| v.to_le_bytes()));
            out.extend(LOCAL.to_le_bytes().iter().chain(&fields).chain(name.as_bytes()).chain(&packed));
            directory.extend(CENTRAL.to_le_bytes().iter().chain(&[20, 0]).chain(&fields));
            directory.extend([0; 10]); // comment, disk, attributes
            directory.extend(header.to_le_bytes().iter().chain(name.as_bytes()));
        }
        let (start, count) = (out.len() as u32, (files.len() as u16).to_le_bytes());
        out.extend(&directory);
        out.extend(END.to_le_bytes().iter().chain(&[0; 4]).chain(&count).chain(&count));
        out.extend((directory.len() as u32).to_le_bytes().iter().chain(&start.to_le_bytes()).chain(&[0; 2]));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: u64 = 1 << 20;

    #[test]
    fn files_come_back_whatever_their_names_are() {
        let long = vec![7; 100_000];
        let bytes = build::zip(&[("../../etc/passwd", b"harmless"), ("a/b.onnx", &long), ("empty", b"")]);
        assert!(Archive::is_one(&bytes) && !Archive::is_one(b"PK"));
        let archive = Archive::open(&bytes).unwrap();
        let read: Vec<_> = archive.entries().iter().map(|e| archive.read(e, LIMIT).unwrap()).collect();
        assert_eq!(read, [b"harmless".to_vec(), long, Vec::new()]);
        assert_eq!(archive.entries()[0].name, "../../etc/passwd", "a name, and no path");
    }

    #[test]
    fn a_bomb_stops_where_its_announcement_ends() {
        let zeros = vec![0; 4 << 20];
        let mut bytes = build::zip(&[("bomb", &zeros)]);
        let archive = Archive::open(&bytes).unwrap();
        for limit in [LIMIT, 1 << 30] {
            assert_eq!(
                archive.read(&archive.entries()[0], limit),
                Err(ArchiveError::TooLarge("bomb".to_owned())),
                "too much at all, or too much for what it is packed in"
            );
        }
        // It lies about its size: unpacking stops one byte after what it says.
        let at = bytes.windows(4).rposition(|w| w == CENTRAL.to_le_bytes()).unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&1000u32.to_le_bytes());
        let archive = Archive::open(&bytes).unwrap();
        assert_eq!(archive.read(&archive.entries()[0], LIMIT), Err(ArchiveError::Damaged("bomb".to_owned())));
    }

    #[test]
    fn all_files_together_have_a_limit() {
        let bytes = build::zip(&[("a", &[1; 600]), ("b", &[2; 500])]);
        let archive = Archive::open(&bytes).unwrap();
        archive.left.set(1000);
        let [a, b] = archive.entries() else { panic!("two files") };
        assert_eq!(archive.read(a, LIMIT).unwrap().len(), 600);
        assert_eq!(
            archive.read(a, LIMIT),
            Err(ArchiveError::TooMuch("a".to_owned())),
            "the same again counts"
        );
        assert_eq!(archive.read(b, LIMIT), Err(ArchiveError::TooMuch("b".to_owned())));
    }

    #[test]
    fn files_that_lie_in_each_other_are_refused() {
        let bytes = build::zip(&[("a", b"first file"), ("b", b"second file")]);
        let directory = |bytes: &[u8]| bytes.windows(4).rposition(|w| w == CENTRAL.to_le_bytes()).unwrap();
        // Both names for the first file.
        let mut same = bytes.clone();
        let at = directory(&bytes) + 42;
        same[at..at + 4].copy_from_slice(&0u32.to_le_bytes());
        assert_eq!(Archive::open(&same).err(), Some(ArchiveError::Overlapping));
        // The first is said to reach one byte into the second.
        let first = bytes.windows(4).position(|w| w == CENTRAL.to_le_bytes()).unwrap() + 20;
        let mut longer = bytes;
        longer[first] += 1;
        assert_eq!(Archive::open(&longer).err(), Some(ArchiveError::Overlapping));
    }

    #[test]
    fn every_cut_is_an_error() {
        let bytes = build::zip(&[("a", b"first file"), ("b", b"second file")]);
        for cut in 0..bytes.len() {
            assert!(Archive::open(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let mut bytes = build::zip(&[("a", b"first file"), ("b", b"second file")]);
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            if let Ok(archive) = Archive::open(&bytes) {
                for entry in archive.entries() {
                    drop(archive.read(entry, LIMIT));
                }
            }
        }
    }
}
