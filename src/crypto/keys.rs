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
//! | 8 | 2 | format version, little-endian: 1 |
//! | 10 | 16 | store id, random |
//! | 26 | 1 | opened by: 0 device key file, 1 passphrase |
//! | 27 | 12 | argon2id memory in KiB, passes, lanes, each 4 bytes little-endian; 0 for a device key |
//! | 39 | 16 | argon2id salt; 0 for a device key |
//! | 55 | 114 | sealed (tree `vault.key`, record key = bytes 0 to 54): master key 32, PIN pepper 32 |

use super::{
    CryptoError, KEY_ID_MASTER, MacKey, Pepper, PinCost, SealKey, Secret, pin::argon2id, random_bytes,
    secret::equal_in_constant_time,
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
    master: Secret,
    pepper: Secret,
}

impl Keys {
    /// Draws the keys of a new store.
    pub fn generate() -> Result<Self, CryptoError> {
        Ok(Self { store: random_bytes()?, master: Secret::random()?, pepper: Secret::random()? })
    }

    /// The store's id.
    #[must_use]
    pub fn store(&self) -> &StoreId {
        &self.store
    }

    /// The sealing key of one tree.
    pub fn seal_key(&self, tree: &str) -> Result<SealKey, CryptoError> {
        Ok(SealKey::new(
            &derive(&self.master, Some(&self.store), &["faceprint 1 seal ", tree])?,
            KEY_ID_MASTER,
        ))
    }

    /// The MAC key for one use.
    pub fn mac_key(&self, purpose: &str) -> Result<MacKey, CryptoError> {
        Ok(MacKey::new(derive(&self.master, Some(&self.store), &["faceprint 1 mac ", purpose])?))
    }

    /// The PIN pepper.
    pub fn pepper(&self) -> Result<Pepper, CryptoError> {
        Ok(Pepper::new(derive(&self.pepper, Some(&self.store), &["faceprint 1 pin pepper"])?))
    }

    /// The key blob for `source`, which must be able to open (a device key file must exist).
    pub fn wrap(&self, source: &KeySource) -> Result<Vec<u8>, CryptoError> {
        let header = BlobHeader::new(self.store, source)?;
        let bytes = header.to_bytes();
        let mut plain = Zeroizing::new(Vec::with_capacity(64));
        plain.extend_from_slice(self.master.expose());
        plain.extend_from_slice(self.pepper.expose());
        let sealed = header.wrapping_key(source)?.seal(BLOB_TREE, &bytes, &plain)?;
        Ok([&bytes[..], &sealed].concat())
    }

    /// Opens a key blob. A wrong key and a changed blob look the same: [`CryptoError::WrongKey`].
    pub fn unwrap(blob: &[u8], source: &KeySource) -> Result<Self, CryptoError> {
        let header = BlobHeader::parse(blob)?;
        let (bytes, sealed) = blob.split_at_checked(BLOB_HEADER_LEN).ok_or(CryptoError::BlobDamaged)?;
        let plain = header.wrapping_key(source)?.open(BLOB_TREE, bytes, sealed).map_err(|e| {
            if e == super::OpenError::Broken { CryptoError::WrongKey } else { CryptoError::BlobDamaged }
        })?;
        let (master, pepper) = plain.split_at_checked(32).ok_or(CryptoError::BlobDamaged)?;
        let secret = |bytes| Secret::from_slice(bytes).ok_or(CryptoError::BlobDamaged);
        Ok(Self { store: header.store, master: secret(master)?, pepper: secret(pepper)? })
    }
}

const BLOB_TREE: &str = "vault.key";
const BLOB_MAGIC: [u8; 8] = *b"FPVAULTK";
const BLOB_VERSION: u16 = 1;
const BLOB_HEADER_LEN: usize = 55;

/// Cost of opening with a passphrase: about 140 ms on a small machine, once per start.
pub(super) const PASSPHRASE_COST: [u32; 3] = [64 * 1024, 3, 1];
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

    fn parse(blob: &[u8]) -> Result<Self, CryptoError> {
        let mut rest = blob;
        if take::<8>(&mut rest)? != BLOB_MAGIC {
            return Err(CryptoError::BlobDamaged);
        }
        let version = u16::from_le_bytes(take(&mut rest)?);
        if version != BLOB_VERSION {
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
        Ok(Self { store, by_passphrase, cost, salt: take(&mut rest)? })
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
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io_error)?;
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

        let keys = Keys::generate().unwrap();
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
        let keys = Keys::generate().unwrap();
        let blob = keys.wrap(&phrase("four unrelated words")).unwrap();
        let open = Keys::unwrap(&blob, &phrase("four unrelated words")).unwrap();
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
        assert_eq!(blob.len(), 169, "the documented length");
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
        later[8] = 2;
        assert!(matches!(Keys::unwrap(&later, &source), Err(CryptoError::BlobVersion(2))));
        let mut greedy = blob;
        greedy[26] = 1;
        greedy[27..31].fill(0xff);
        assert!(matches!(Keys::unwrap(&greedy, &source), Err(CryptoError::BlobDamaged)));
    }

    #[test]
    fn each_tree_and_each_store_has_its_own_key() {
        let keys = Keys::generate().unwrap();
        let sealed = keys.seal_key("people").unwrap().seal("x", b"", b"").unwrap();
        assert!(keys.seal_key("people").unwrap().open("x", b"", &sealed).is_ok());
        assert!(keys.seal_key("hosts").unwrap().open("x", b"", &sealed).is_err());
        let mut other = Keys::generate().unwrap();
        other.master = Secret::from_slice(keys.master.expose()).unwrap();
        assert!(other.seal_key("people").unwrap().open("x", b"", &sealed).is_err());
        assert_ne!(keys.mac_key("a").unwrap().tag(&[]), keys.mac_key("b").unwrap().tag(&[]));
    }
}
