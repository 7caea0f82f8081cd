//! Seals, keys and PIN hashes: everything that is secret, and the few ways in which it may be used.
//!
//! Job: turn a key source into keys, bytes into sealed bytes and back, PINs into hashes. It must not know what
//! is sealed, where records live, or who may log in.
//!
//! # Keys
//!
//! ```text
//! device key file (32 random bytes, mode 0600)  or  passphrase ─argon2id→
//!   └─ HKDF "faceprint 1 wrap" → wrapping key ─opens→ key blob (`vault.key`): master key, PIN pepper, audit key
//!        └─ master key ─HKDF-SHA-256, salt = store id→ "faceprint 1 seal <tree>"   one sealing key per tree
//!                                                      "faceprint 1 mac <use>"     one MAC key per use
//! one random key per person ─sealed under the tree "person-keys"→ seals that person's templates
//! ```
//!
//! The pepper is random and lives in the key blob beside the master key. It is as secret as the device key that
//! wraps it, and, unlike one computed from the device key, it stays the same when the owner changes the device
//! key or the passphrase: every PIN hash stays good.
//!
//! # A sealed record
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | magic `FPsr` |
//! | 4 | 2 | format version, little-endian: 1 |
//! | 6 | 4 | key id, little-endian: the master key's generation (1, 2, …), 0 for a person's own key |
//! | 10 | 24 | nonce, random |
//! | 34 | n + 16 | XChaCha20-Poly1305 ciphertext and tag |
//!
//! Associated data: version ‖ key id ‖ length of the tree's name (1 byte) ‖ tree's name ‖ record key. So a record
//! opens only in its own place; moved, renamed or re-labelled it does not. There is no plaintext fallback.

mod keys;
mod pin;
mod process;
mod seal;
mod secret;

pub use keys::{
    DEVICE_KEY_LEN, DeviceKey, KeyKind, KeySource, Keys, Passphrase, PassphraseError, StoreId, make_folder,
};
pub use pin::{Pepper, Pin, PinAttempt, PinCost, PinError, PinHash, RecoveryCode};
pub use process::{CoreDumps, core_dumps, forbid_core_dumps};
pub use seal::{KEY_ID_MASTER, KEY_ID_PERSON, MacKey, OpenError, SEAL_OVERHEAD, SealKey, SealRing, key_id};
pub use secret::{Secret, random_bytes, random_host_id, random_person_id, random_template_id};

use std::path::PathBuf;

/// What goes wrong with keys. A record that does not open is an [`OpenError`].
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The system gave no random bytes.
    #[error("the system gives no random numbers ({0}): restart the machine")]
    Random(String),
    /// The device key file is not there.
    #[error("the key file {} is missing: bring it back, or restore a backup into an empty folder", .0.display())]
    KeyFileMissing(PathBuf),
    /// Others may read it.
    #[error("the key file {} can be read by other users (mode {mode:03o}): run `chmod 600` on it", path.display())]
    KeyFileOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a key file, cut short, or changed.
    #[error("{} is not a whole faceprint key file: bring back the one the store was made with", .0.display())]
    KeyFileDamaged(PathBuf),
    /// Made by a later faceprint.
    #[error("the key file {} has version {version}, which this faceprint does not know: update faceprint", path.display())]
    KeyFileVersion {
        /// The file.
        path: PathBuf,
        /// What it says.
        version: u16,
    },
    /// The file system said no.
    #[error("the key file {} cannot be used ({source}): check the folder and its permissions", path.display())]
    KeyFileIo {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Wrong key file or passphrase, or a changed key blob: nobody can tell which.
    #[error("this key does not open the store: use the key file or passphrase that it was made with")]
    WrongKey,
    /// The store is opened by the other kind of key.
    #[error("the store opens with {0}, not with what was given: say {option}", option = option_for(.0))]
    WrongSource(&'static str),
    /// The key blob is cut short or is something else.
    #[error("the store's key blob (vault.key) is damaged: restore it from a backup")]
    BlobDamaged,
    /// Made by a later faceprint.
    #[error("the store's key blob has version {0}, which this faceprint does not know: update faceprint")]
    BlobVersion(u16),
    /// argon2 refused to work, in practice for lack of memory.
    #[error("hashing failed ({0}): the machine may be out of memory")]
    Hash(String),
}

/// How a command is told the kind of key that [`CryptoError::WrongSource`] asks for.
fn option_for(kind: &str) -> &'static str {
    if kind == "a passphrase" { "--passphrase-file" } else { "--key-file" }
}
