//! Where keys come from: the device key file or a passphrase opens the key blob, which holds the master key.
//!
//! # The device key file
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `FPDEVKEY` |
//! | 8 | 2 | format version, little-endian: 1 |
//! | 10 | 32 | random key |
//! | 42 | 8 | first bytes of SHA-256 over bytes 0 to 41: tells a damaged file from the wrong one |
//!
//! # The key blob (`vault.key`)
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `FPVAULTK` |
//! | 8 | 2 | format version, little-endian: 2 |
//! | 10 | 16 | store id, random |
//! | 26 | 1 | opened by: 0 device key file, 1 passphrase |
//! | 27 | 12 | argon2id memory in KiB, passes, lanes, each 4 bytes little-endian; 0 for a device key |
//! | 39 | 16 | argon2id salt; 0 for a device key |
//! | 55 | 150 or 182 | sealed (tree `vault.key`, record key = bytes 0 to 54): generation 4 bytes little-endian, master key 32, PIN pepper 32, audit key 32, and while the master key is being changed the next one 32 |
//!
//! In version 1, which is still read, the sealed part is master key and pepper; the generation is 1 and the audit key
//! is derived from the master key (`faceprint 1 mac audit`).
//!
//! # Changing keys
//!
//! Another device key or passphrase wraps the same blob anew: records stay as they are. A key file that takes another's
//! place waits beside it (`.new`) until the blob is written; [`DeviceKey::install`] then gives it its name. The master key itself changes
//! generation by generation: for a while the blob holds two, every seal names the one that made it (its key id), and
//! new seals are made with the next. The pepper and the audit key stay, so that PINs and exported heads stay good: that
//! is why they are drawn and sealed here, not derived from the device key or the master key, which may be exchanged.

use super::{
    CryptoError, KEY_ID_MASTER, MacKey, Pepper, PinCost, SealKey, SealRing, Secret, pin::argon2id,
    random_bytes, secret::equal_in_constant_time,
};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use std::{
    fmt,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What opens the store at start.
pub enum KeySource {
    /// The device key file: the kiosk restarts unattended.
    File(PathBuf),
    /// A passphrase that somebody types at every start.
    Passphrase(Passphrase),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Passphrase(_) => f.write_str("Passphrase(hidden)"),
        }
    }
}

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passphrase has fewer than {} characters: four unrelated words are good", Passphrase::MIN_CHARS)]
pub struct PassphraseError;

/// A passphrase, wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    /// Whether the other is the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        equal_in_constant_time(self.0.as_bytes(), other.0.as_bytes())
    }

    /// Stretches it to a key with argon2id at the blob's cost and this salt.
    pub fn stretch(&self, salt: &[u8; 16]) -> Result<Secret, CryptoError> {
        argon2id(self.0.as_bytes(), salt, None, PinCost::from(PASSPHRASE_COST))
    }

    /// Shortest passphrase in characters.
    pub const MIN_CHARS: usize = 12;

    /// Checks the length. The caller wipes its own copy.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.chars().count() < Self::MIN_CHARS {
            return Err(PassphraseError);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Which store: random, in the clear, mixed into every derived key.
pub type StoreId = [u8; 16];

/// The open keys of one store.
pub struct Keys {
    store: StoreId,
    /// Counts master keys from 1; the key id of their seals.
    generation: u32,
    master: Secret,
    /// The master key to come, while records are sealed anew.
    next: Option<Secret>,
    pepper: Secret,
    /// Of the audit chain.
    audit: Secret,
    /// What wraps the blob, so that it can be written again without asking for the passphrase.
    wrapping: Option<Wrapping>,
}

/// How a key blob is sealed.
pub struct Wrapping(BlobHeader, SealKey);

impl Keys {
    /// Draws the keys of a new store.
    pub fn generate() -> Result<Self, CryptoError> {
        Ok(Self {
            store: random_bytes()?,
            generation: KEY_ID_MASTER,
            master: Secret::random()?,
            next: None,
            pepper: Secret::random()?,
            audit: Secret::random()?,
            wrapping: None,
        })
    }

    /// The store's id.
    #[must_use]
    pub fn store(&self) -> &StoreId {
        &self.store
    }

    /// The generation of the master key in use.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The generation that seals new records: the next one while the master key is being changed.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.generation + u32::from(self.next.is_some())
    }

    /// The sealing keys of one tree: seals with `generation`, opens whatever any generation at hand has sealed.
    pub fn seal_ring(&self, tree: &str, generation: u32) -> Result<SealRing, CryptoError> {
        let mut keys = Vec::with_capacity(2);
        for (number, master) in self.masters() {
            let secret = derive(master, Some(&self.store), &["faceprint 1 seal ", tree])?;
            let key = SealKey::new(&secret, number);
            if number == generation { keys.insert(0, key) } else { keys.push(key) }
        }
        Ok(SealRing::new(keys))
    }

    /// The MAC key for one use, of one generation.
    pub fn mac_key(&self, purpose: &str, generation: u32) -> Result<MacKey, CryptoError> {
        let (_, master) = self
            .masters()
            .find(|(number, _)| *number == generation)
            .ok_or_else(|| CryptoError::Hash(format!("there is no key of generation {generation}")))?;
        Ok(MacKey::new(derive(master, Some(&self.store), &["faceprint 1 mac ", purpose])?))
    }

    /// The MAC key of the audit chain: the same for every generation.
    #[must_use]
    pub fn audit_key(&self) -> MacKey {
        MacKey::new(self.audit.duplicate())
    }

    /// The PIN pepper.
    pub fn pepper(&self) -> Result<Pepper, CryptoError> {
        Ok(Pepper::new(derive(&self.pepper, Some(&self.store), &["faceprint 1 pin pepper"])?))
    }

    /// Draws the next master key, unless there is one. Written down with [`Keys::blob`] before it seals anything.
    pub fn begin_rotation(&mut self) -> Result<(), CryptoError> {
        if self.next.is_none() {
            self.next = Some(Secret::random()?);
        }
        Ok(())
    }

    /// Whether there are two master keys.
    #[must_use]
    pub fn is_rotating(&self) -> bool {
        self.next.is_some()
    }

    /// Parts with the old master key: nothing may be sealed with it any more. It comes back for
    /// [`Keys::resume_rotation`], should the blob not be written.
    #[must_use]
    pub fn finish_rotation(&mut self) -> Option<Secret> {
        let next = self.next.take()?;
        self.generation += 1;
        Some(std::mem::replace(&mut self.master, next))
    }

    /// Takes back [`Keys::finish_rotation`].
    pub fn resume_rotation(&mut self, old: Option<Secret>) {
        if let Some(old) = old {
            self.next = Some(std::mem::replace(&mut self.master, old));
            self.generation -= 1;
        }
    }

    /// Takes back [`Keys::begin_rotation`], as long as the next key has sealed nothing.
    pub fn abandon_rotation(&mut self) {
        self.next = None;
    }

    /// The key blob for `source`, which must be able to open (a device key file must exist). Later blobs are wrapped
    /// the same way.
    pub fn wrap(&mut self, source: &KeySource) -> Result<Vec<u8>, CryptoError> {
        let wrapping = self.wrapping_for(source)?;
        self.use_wrapping(wrapping);
        self.blob()
    }

    /// What would wrap blobs for `source`. Nothing changes before [`Keys::use_wrapping`].
    pub fn wrapping_for(&self, source: &KeySource) -> Result<Wrapping, CryptoError> {
        let header = BlobHeader::new(self.store, source)?;
        let key = header.wrapping_key(source)?;
        Ok(Wrapping(header, key))
    }

    /// Wraps later blobs in another way. Returns how they were wrapped before.
    pub fn use_wrapping(&mut self, wrapping: Wrapping) -> Option<Wrapping> {
        self.wrapping.replace(wrapping)
    }

    /// The key blob, wrapped as it was when it was opened or last wrapped.
    pub fn blob(&self) -> Result<Vec<u8>, CryptoError> {
        let Wrapping(header, key) = self.wrapping.as_ref().ok_or(CryptoError::WrongKey)?;
        let bytes = header.to_bytes();
        let sealed = key.seal(BLOB_TREE, &bytes, &self.to_bytes())?;
        Ok([&bytes[..], &sealed].concat())
    }

    /// Opens a key blob. A wrong key and a changed blob look the same: [`CryptoError::WrongKey`].
    pub fn unwrap(blob: &[u8], source: &KeySource) -> Result<Self, CryptoError> {
        let (version, header) = BlobHeader::parse(blob)?;
        let (bytes, sealed) = blob.split_at_checked(BLOB_HEADER_LEN).ok_or(CryptoError::BlobDamaged)?;
        let key = header.wrapping_key(source)?;
        let plain = key.open(BLOB_TREE, bytes, sealed).map_err(|e| {
            if e == super::OpenError::Broken { CryptoError::WrongKey } else { CryptoError::BlobDamaged }
        })?;
        let keys = match version {
            1 => Self::from_version_1(header.store, &plain),
            _ => Self::from_bytes(header.store, &plain),
        };
        Ok(Self { wrapping: Some(Wrapping(header, key)), ..keys.ok_or(CryptoError::BlobDamaged)? })
    }

    /// Everything but the store id and the wrapping, in the clear: for a blob or a backup, sealed at once.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut plain = Zeroizing::new(Vec::with_capacity(4 + 4 * 32));
        plain.extend_from_slice(&self.generation.to_le_bytes());
        for secret in [&self.master, &self.pepper, &self.audit].into_iter().chain(&self.next) {
            plain.extend_from_slice(secret.expose());
        }
        plain
    }

    /// The same keys once more, without what wraps them.
    pub fn duplicate(&self) -> Result<Self, CryptoError> {
        Self::from_bytes(self.store, &self.to_bytes()).ok_or(CryptoError::BlobDamaged)
    }

    /// The inverse of [`Keys::to_bytes`]; not wrapped yet.
    #[must_use]
    pub fn from_bytes(store: StoreId, plain: &[u8]) -> Option<Self> {
        let (generation, secrets) = plain.split_first_chunk::<4>()?;
        let generation = u32::from_le_bytes(*generation);
        let mut secrets = secrets.chunks(32).map(Secret::from_slice);
        let (master, pepper, audit) = (secrets.next()??, secrets.next()??, secrets.next()??);
        let next = match secrets.next() {
            Some(next) => Some(next?),
            None => None,
        };
        let whole = secrets.next().is_none() && (1..u32::MAX).contains(&generation);
        whole.then_some(Self { store, generation, master, next, pepper, audit, wrapping: None })
    }

    fn from_version_1(store: StoreId, plain: &[u8]) -> Option<Self> {
        let (master, pepper) = plain.split_at_checked(32)?;
        let (master, pepper) = (Secret::from_slice(master)?, Secret::from_slice(pepper)?);
        let audit = derive(&master, Some(&store), &["faceprint 1 mac ", "audit"]).ok()?;
        Some(Self { store, generation: KEY_ID_MASTER, master, next: None, pepper, audit, wrapping: None })
    }

    fn masters(&self) -> impl Iterator<Item = (u32, &Secret)> {
        let next = self.next.iter().map(|next| (self.generation + 1, next));
        std::iter::once((self.generation, &self.master)).chain(next)
    }
}

/// What opens a key blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A device key file.
    File,
    /// A passphrase.
    Passphrase,
}

impl KeyKind {
    /// Reads it off the blob, without opening it.
    pub fn of_blob(blob: &[u8]) -> Result<Self, CryptoError> {
        let (_, header) = BlobHeader::parse(blob)?;
        Ok(if header.by_passphrase { Self::Passphrase } else { Self::File })
    }
}

const BLOB_TREE: &str = "vault.key";
const BLOB_MAGIC: [u8; 8] = *b"FPVAULTK";
const BLOB_VERSION: u16 = 2;
const BLOB_HEADER_LEN: usize = 55;

/// Cost of opening with a passphrase: about 140 ms on a small machine, once per start.
const PASSPHRASE_COST: [u32; 3] = [64 * 1024, 3, 1];
/// A changed blob must not make the kiosk allocate or compute without limit.
const PASSPHRASE_COST_MAX: [u32; 3] = [1024 * 1024, 16, 8];

struct BlobHeader {
    store: StoreId,
    by_passphrase: bool,
    cost: [u32; 3],
    salt: [u8; 16],
}

impl BlobHeader {
    fn new(store: StoreId, source: &KeySource) -> Result<Self, CryptoError> {
        Ok(match source {
            KeySource::File(_) => Self { store, by_passphrase: false, cost: [0; 3], salt: [0; 16] },
            KeySource::Passphrase(_) => {
                Self { store, by_passphrase: true, cost: PASSPHRASE_COST, salt: random_bytes()? }
            }
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(BLOB_HEADER_LEN);
        out.extend_from_slice(&BLOB_MAGIC);
        out.extend_from_slice(&BLOB_VERSION.to_le_bytes());
        out.extend_from_slice(&self.store);
        out.push(u8::from(self.by_passphrase));
        for cost in self.cost {
            out.extend_from_slice(&cost.to_le_bytes());
        }
        out.extend_from_slice(&self.salt);
        out
    }

    /// The format version and the header.
    fn parse(blob: &[u8]) -> Result<(u16, Self), CryptoError> {
        let mut rest = blob;
        if take::<8>(&mut rest)? != BLOB_MAGIC {
            return Err(CryptoError::BlobDamaged);
        }
        let version = u16::from_le_bytes(take(&mut rest)?);
        if !(1..=BLOB_VERSION).contains(&version) {
            return Err(CryptoError::BlobVersion(version));
        }
        let store = take(&mut rest)?;
        let by_passphrase = match take::<1>(&mut rest)? {
            [0] => false,
            [1] => true,
            _ => return Err(CryptoError::BlobDamaged),
        };
        let mut cost = [0; 3];
        for cost in &mut cost {
            *cost = u32::from_le_bytes(take(&mut rest)?);
        }
        if cost.iter().zip(PASSPHRASE_COST_MAX).any(|(cost, max)| *cost > max) {
            return Err(CryptoError::BlobDamaged);
        }
        Ok((version, Self { store, by_passphrase, cost, salt: take(&mut rest)? }))
    }

    fn wrapping_key(&self, source: &KeySource) -> Result<SealKey, CryptoError> {
        let secret = match (source, self.by_passphrase) {
            (KeySource::File(path), false) => DeviceKey::load(path)?.0,
            (KeySource::Passphrase(text), true) => {
                argon2id(text.0.as_bytes(), &self.salt, None, PinCost::from(self.cost))?
            }
            (_, false) => return Err(CryptoError::WrongSource("a device key file")),
            (_, true) => return Err(CryptoError::WrongSource("a passphrase")),
        };
        Ok(SealKey::new(&derive(&secret, Some(&self.store), &["faceprint 1 wrap"])?, KEY_ID_MASTER))
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], CryptoError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(CryptoError::BlobDamaged)?;
    *rest = tail;
    Ok(*head)
}

/// HKDF-SHA-256 (RFC 5869) to 32 bytes.
fn derive(secret: &Secret, salt: Option<&[u8]>, label: &[&str]) -> Result<Secret, CryptoError> {
    let label = label.concat();
    Secret::filled_by(|out| Hkdf::<Sha256>::new(salt, secret.expose()).expand(label.as_bytes(), out))
        .map_err(|e| CryptoError::Hash(e.to_string()))
}

const DEVICE_KEY_MAGIC: [u8; 8] = *b"FPDEVKEY";
const DEVICE_KEY_VERSION: u16 = 1;
/// Length of a device key file, bytes.
pub const DEVICE_KEY_LEN: usize = 50;

/// Makes a folder of this mode, with those above it, unless it is there. Each that was made would survive a power cut: the
/// folder that holds its name is synced.
pub fn make_folder(dir: &Path, mode: u32) -> io::Result<()> {
    let missing = dir.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
    let made = missing.count().max(1); // a folder that is there may not have been synced
    fs::DirBuilder::new().recursive(true).mode(mode).create(dir)?;
    dir.ancestors().skip(1).take(made).try_for_each(|above| {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        File::open(above)?.sync_all()
    })
}

/// A name beside `path`, longer by `ending`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The content of a device key file.
pub struct DeviceKey(Secret);

impl DeviceKey {
    /// Makes a new key file with mode 0600, whole or not at all, synced with its folder. Never overwrites.
    pub fn create(path: &Path) -> Result<(), CryptoError> {
        let io_error = |source| CryptoError::KeyFileIo { path: path.to_owned(), source };
        let dir = match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        if !dir.exists() {
            make_folder(dir, 0o700).map_err(io_error)?;
        }
        let mut content = Zeroizing::new(Vec::with_capacity(DEVICE_KEY_LEN));
        content.extend_from_slice(&DEVICE_KEY_MAGIC);
        content.extend_from_slice(&DEVICE_KEY_VERSION.to_le_bytes());
        content.extend_from_slice(Secret::random()?.expose());
        let check = Sha256::digest(&content);
        content.extend_from_slice(check.get(..8).unwrap_or_default());
        // NamedTempFile opens with mode 0600, and removes the file unless it is persisted.
        let mut file = tempfile::NamedTempFile::new_in(dir).map_err(io_error)?;
        file.write_all(&content).and_then(|()| file.as_file().sync_all()).map_err(io_error)?;
        file.persist_noclobber(path).map_err(|e| io_error(e.error))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error)
    }

    /// Where the key waits that is about to take the place of the one at `path`.
    #[must_use]
    pub fn waiting(path: &Path) -> PathBuf {
        beside(path, ".new")
    }

    /// Puts the key that [waits](Self::waiting) in the place of the one at `path`, which is kept under a name that ends
    /// in `stamp`: another store may be opened by it.
    pub fn install(path: &Path, stamp: &str) -> Result<(), CryptoError> {
        let io_error = |source| CryptoError::KeyFileIo { path: path.to_owned(), source };
        if path.exists() {
            let kept = beside(path, stamp);
            // Not every file system has links.
            let linked = fs::hard_link(path, &kept).or_else(|_| fs::copy(path, &kept).map(drop));
            linked.map_err(io_error)?;
        }
        fs::rename(Self::waiting(path), path).map_err(io_error)?;
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error)
    }

    /// Reads a key file; refuses one that other users may read.
    pub fn load(path: &Path) -> Result<Self, CryptoError> {
        let io_error = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => CryptoError::KeyFileMissing(path.to_owned()),
            _ => CryptoError::KeyFileIo { path: path.to_owned(), source },
        };
        let file = File::open(path).map_err(io_error)?;
        let mode = file.metadata().map_err(io_error)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(CryptoError::KeyFileOpen { path: path.to_owned(), mode });
        }
        let mut content = Zeroizing::new(Vec::with_capacity(DEVICE_KEY_LEN + 1));
        file.take(DEVICE_KEY_LEN as u64 + 1).read_to_end(&mut content).map_err(io_error)?;
        Self::parse(&content, path)
    }

    fn parse(content: &[u8], path: &Path) -> Result<Self, CryptoError> {
        let damaged = || CryptoError::KeyFileDamaged(path.to_owned());
        let (magic, rest) = content.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(damaged)?;
        if *magic != DEVICE_KEY_MAGIC {
            return Err(damaged());
        }
        let version = u16::from_le_bytes(*version);
        if version != DEVICE_KEY_VERSION {
            return Err(CryptoError::KeyFileVersion { path: path.to_owned(), version });
        }
        let (key, check) = rest.split_at_checked(32).ok_or_else(damaged)?;
        let (checked, _) = content.split_at_checked(42).ok_or_else(damaged)?;
        let whole = Sha256::digest(checked).get(..8).is_some_and(|want| equal_in_constant_time(want, check));
        if !whole {
            return Err(damaged());
        }
        Secret::from_slice(key).map(Self).ok_or_else(damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_made_with_those_above_them() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("one/two/three");
        make_folder(&deep, 0o700).unwrap();
        for made in ["one", "one/two", "one/two/three"] {
            let mode = fs::metadata(dir.path().join(made)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{made}");
        }
        make_folder(&deep, 0o700).unwrap(); // it is there already
        make_folder(Path::new("src"), 0o777).unwrap(); // beside the program
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(make_folder(&dir.path().join("file/below"), 0o700).is_err());
    }

    fn key_file(dir: &tempfile::TempDir, name: &str) -> PathBuf {
        let path = dir.path().join("etc").join(name);
        DeviceKey::create(&path).unwrap();
        path
    }

    #[test]
    fn a_key_file_is_private_never_overwritten_and_opens_its_blob_only() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (key_file(&dir, "a.key"), key_file(&dir, "b.key"));
        assert_eq!(fs::metadata(&a).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&a).unwrap().len(), DEVICE_KEY_LEN as u64);
        assert!(matches!(DeviceKey::create(&a), Err(CryptoError::KeyFileIo { .. })));
        assert_eq!(fs::read_dir(dir.path().join("etc")).unwrap().count(), 2, "no temporary file is left");

        let mut keys = Keys::generate().unwrap();
        let blob = keys.wrap(&KeySource::File(a.clone())).unwrap();
        let open = Keys::unwrap(&blob, &KeySource::File(a)).unwrap();
        assert_eq!(open.master.expose(), keys.master.expose());
        assert_eq!(open.pepper.expose(), keys.pepper.expose());
        assert!(matches!(Keys::unwrap(&blob, &KeySource::File(b)), Err(CryptoError::WrongKey)));
        assert!(!blob.windows(32).any(|w| w == keys.master.expose()));
    }

    #[test]
    fn every_bad_key_file_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = key_file(&dir, "k");
        let good = fs::read(&path).unwrap();
        let load = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            DeviceKey::load(&path).err()
        };
        assert!(load(&good).is_none());
        for len in 0..good.len() {
            assert!(matches!(load(&good[..len]), Some(CryptoError::KeyFileDamaged(_))), "cut to {len}");
        }
        assert!(matches!(load(&[&good[..], b"x"].concat()), Some(CryptoError::KeyFileDamaged(_))));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 4;
            let refused = load(&bad);
            match at {
                8 | 9 => assert!(matches!(refused, Some(CryptoError::KeyFileVersion { .. }))),
                _ => assert!(matches!(refused, Some(CryptoError::KeyFileDamaged(_))), "byte {at}"),
            }
        }
        fs::write(&path, &good).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(DeviceKey::load(&path), Err(CryptoError::KeyFileOpen { mode: 0o640, .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(DeviceKey::load(&path), Err(CryptoError::KeyFileMissing(_))));
    }

    #[test]
    fn a_passphrase_opens_what_it_sealed_and_rewrapping_keeps_the_keys() {
        let dir = tempfile::tempdir().unwrap();
        let phrase = |text| KeySource::Passphrase(Passphrase::new(text).unwrap());
        assert_eq!(Passphrase::new("too short").err(), Some(PassphraseError));
        let mut keys = Keys::generate().unwrap();
        let blob = keys.wrap(&phrase("four unrelated words")).unwrap();
        assert_eq!(KeyKind::of_blob(&blob).unwrap(), KeyKind::Passphrase);
        let mut open = Keys::unwrap(&blob, &phrase("four unrelated words")).unwrap();
        assert!(matches!(Keys::unwrap(&blob, &phrase("four unrelated word!")), Err(CryptoError::WrongKey)));
        let file = KeySource::File(key_file(&dir, "k"));
        assert!(matches!(Keys::unwrap(&blob, &file), Err(CryptoError::WrongSource("a passphrase"))));
        let again = Keys::unwrap(&open.wrap(&file).unwrap(), &file).unwrap();
        assert_eq!(again.master.expose(), keys.master.expose());
        assert_eq!(again.store(), keys.store());
    }

    #[test]
    fn every_bad_blob_is_refused_without_a_panic_or_a_huge_computation() {
        let dir = tempfile::tempdir().unwrap();
        let source = KeySource::File(key_file(&dir, "k"));
        let blob = Keys::generate().unwrap().wrap(&source).unwrap();
        assert_eq!(blob.len(), 205, "the documented length");
        for len in 0..blob.len() {
            assert!(Keys::unwrap(&blob[..len], &source).is_err(), "cut to {len}");
        }
        for at in 0..blob.len() {
            for bit in 0..8 {
                let mut bad = blob.clone();
                bad[at] ^= 1 << bit;
                assert!(Keys::unwrap(&bad, &source).is_err(), "byte {at} bit {bit}");
            }
        }
        let mut later = blob.clone();
        later[8] = 3;
        assert!(matches!(Keys::unwrap(&later, &source), Err(CryptoError::BlobVersion(3))));
        let mut greedy = blob;
        greedy[26] = 1;
        greedy[27..31].fill(0xff);
        assert!(matches!(Keys::unwrap(&greedy, &source), Err(CryptoError::BlobDamaged)));
    }

    #[test]
    fn each_tree_and_each_store_has_its_own_key() {
        let keys = Keys::generate().unwrap();
        let ring = |keys: &Keys, tree| keys.seal_ring(tree, 1).unwrap();
        let sealed = ring(&keys, "people").seal("x", b"", b"").unwrap();
        assert!(ring(&keys, "people").open("x", b"", &sealed).is_ok());
        assert!(ring(&keys, "hosts").open("x", b"", &sealed).is_err());
        let mut other = Keys::generate().unwrap();
        other.master = keys.master.duplicate();
        assert!(ring(&other, "people").open("x", b"", &sealed).is_err());
        let tag = |purpose| keys.mac_key(purpose, 1).unwrap().tag(&[]);
        assert_ne!(tag("a"), tag("b"));
        assert!(keys.mac_key("a", 2).is_err());
    }

    #[test]
    fn two_generations_live_side_by_side_until_the_old_one_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let source = KeySource::File(key_file(&dir, "k"));
        let mut keys = Keys::generate().unwrap();
        keys.wrap(&source).unwrap();
        let old = keys.seal_ring("people", keys.newest()).unwrap().seal("people", b"k", b"old").unwrap();
        let audit = keys.audit_key().tag(&[b"x"]);
        keys.begin_rotation().unwrap();
        let keys_on_disk = Keys::unwrap(&keys.blob().unwrap(), &source).unwrap();
        let ring = keys_on_disk.seal_ring("people", keys_on_disk.newest()).unwrap();
        let new = ring.seal("people", b"k", b"new").unwrap();
        assert_eq!(&**ring.open("people", b"k", &old).unwrap(), b"old");
        assert_eq!(&**ring.open("people", b"k", &new).unwrap(), b"new");
        let before = keys.finish_rotation();
        keys.resume_rotation(before);
        let again = Keys::unwrap(&keys.blob().unwrap(), &source).unwrap();
        assert!(again.is_rotating() && again.newest() == keys.newest());
        assert!(keys.finish_rotation().is_some());
        let mut last = Keys::unwrap(&keys.blob().unwrap(), &source).unwrap();
        let ring = last.seal_ring("people", last.newest()).unwrap();
        assert!(ring.open("people", b"k", &new).is_ok());
        assert_eq!(ring.open("people", b"k", &old).err(), Some(crate::crypto::OpenError::KeyId(1)));
        assert_eq!(last.audit_key().tag(&[b"x"]), audit, "exported heads stay good");
        last.begin_rotation().unwrap();
        last.abandon_rotation();
        assert_eq!((last.generation(), last.newest()), (2, 2));
    }
}
