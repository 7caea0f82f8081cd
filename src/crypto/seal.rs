//! Sealing records and keyed hashes. The layout stands in the documentation of [`crate::crypto`].

use super::{CryptoError, Secret, random_bytes};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::HkdfExtract;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Key id of keys that come from the first master key; later generations count on.
pub const KEY_ID_MASTER: u32 = 1;
/// Key id of a person's own key.
pub const KEY_ID_PERSON: u32 = 0;
/// How much longer a sealed record is than its content, bytes.
pub const SEAL_OVERHEAD: usize = HEADER_LEN + TAG_LEN;

const MAGIC: [u8; 4] = *b"FPsr";
const VERSION: u16 = 1;
const NONCE_LEN: usize = 24;
const HEADER_LEN: usize = 10 + NONCE_LEN;
const TAG_LEN: usize = 16;

/// Why a sealed record does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Shorter than a header and a tag.
    #[error("it is cut short")]
    Short,
    /// Does not begin as a sealed record does.
    #[error("it is not a sealed record")]
    Magic,
    /// Made by a later faceprint.
    #[error("its format version is {0}, which this faceprint does not know: update faceprint")]
    Version(u16),
    /// Sealed under a key that this reader does not hold.
    #[error("it is sealed under key {0}, which is not at hand")]
    KeyId(u32),
    /// The seal is broken.
    #[error("its seal is broken: it was changed, moved, or made with another key")]
    Broken,
    /// The seal holds, the content does not decode.
    #[error("its content is not what this faceprint writes: update faceprint")]
    Content,
}

/// A key that seals and opens records of one tree (or of one person).
pub struct SealKey {
    cipher: XChaCha20Poly1305,
    key_id: u32,
}

impl SealKey {
    /// Wraps a key that was derived or drawn for one use only.
    #[must_use]
    pub fn new(secret: &Secret, key_id: u32) -> Self {
        Self { cipher: XChaCha20Poly1305::new(secret.expose().into()), key_id }
    }

    /// Seals `plain` for its place: the tree's name (up to 255 bytes) and the record's key.
    pub fn seal(&self, tree: &str, record_key: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let nonce: [u8; NONCE_LEN] = random_bytes()?;
        let aad = associated_data(self.key_id, tree, record_key);
        let body = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad })
            .map_err(|_| CryptoError::Hash("too long to seal".to_owned()))?;
        let mut out = Vec::with_capacity(HEADER_LEN + body.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.key_id.to_le_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// Opens what [`SealKey::seal`] made for the same place. The content is wiped when dropped.
    pub fn open(
        &self,
        tree: &str,
        record_key: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (nonce, body) = parse(sealed, self.key_id)?;
        let aad = associated_data(self.key_id, tree, record_key);
        self.cipher
            .decrypt(&XNonce::from(nonce), Payload { msg: body, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Broken)
    }
}

/// The same tree's key in several generations: seals with one, opens with whichever made the seal.
pub struct SealRing {
    /// The first one seals.
    keys: Vec<SealKey>,
}

impl SealRing {
    /// The first of `keys` seals.
    pub(super) fn new(keys: Vec<SealKey>) -> Self {
        Self { keys }
    }

    /// A ring of one.
    #[must_use]
    pub fn of(key: SealKey) -> Self {
        Self { keys: vec![key] }
    }

    /// As [`SealKey::seal`].
    pub fn seal(&self, tree: &str, record_key: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let key = self.keys.first().ok_or_else(|| CryptoError::Hash("there is no key".to_owned()))?;
        key.seal(tree, record_key, plain)
    }

    /// As [`SealKey::open`].
    pub fn open(
        &self,
        tree: &str,
        record_key: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let mut refused = OpenError::Broken;
        for key in &self.keys {
            match key.open(tree, record_key, sealed) {
                Err(OpenError::KeyId(id)) => refused = OpenError::KeyId(id),
                opened => return opened,
            }
        }
        Err(refused)
    }
}

/// The key id that a sealed record names, if it is one.
#[must_use]
pub fn key_id(sealed: &[u8]) -> Option<u32> {
    let header = sealed.get(..HEADER_LEN)?;
    (header.get(..4)? == MAGIC).then(|| header.get(6..10)?.try_into().ok().map(u32::from_le_bytes))?
}

/// Splits a sealed record into nonce and ciphertext, checking everything that can be checked without the key.
fn parse(sealed: &[u8], want_key_id: u32) -> Result<([u8; NONCE_LEN], &[u8]), OpenError> {
    let (magic, rest) = sealed.split_first_chunk::<4>().ok_or(OpenError::Short)?;
    if *magic != MAGIC {
        return Err(OpenError::Magic);
    }
    let (version, rest) = rest.split_first_chunk::<2>().ok_or(OpenError::Short)?;
    if u16::from_le_bytes(*version) != VERSION {
        return Err(OpenError::Version(u16::from_le_bytes(*version)));
    }
    let (key_id, rest) = rest.split_first_chunk::<4>().ok_or(OpenError::Short)?;
    if u32::from_le_bytes(*key_id) != want_key_id {
        return Err(OpenError::KeyId(u32::from_le_bytes(*key_id)));
    }
    let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Short)?;
    if body.len() < TAG_LEN {
        return Err(OpenError::Short);
    }
    Ok((*nonce, body))
}

fn associated_data(key_id: u32, tree: &str, record_key: &[u8]) -> Vec<u8> {
    let mut aad = Vec::with_capacity(7 + tree.len() + record_key.len());
    aad.extend_from_slice(&VERSION.to_le_bytes());
    aad.extend_from_slice(&key_id.to_le_bytes());
    aad.push(tree.len() as u8); // names of trees are short constants
    aad.extend_from_slice(tree.as_bytes());
    aad.extend_from_slice(record_key);
    aad
}

/// A key for HMAC-SHA-256.
pub struct MacKey(Secret);

impl MacKey {
    /// Wraps a key that was derived for one use only.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// HMAC-SHA-256 over the parts, one after another. HKDF-Extract with the key as salt is exactly that (RFC 5869,
    /// section 2.2). Parts before the last must have a fixed length, or the boundaries would be ambiguous.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = HkdfExtract::<Sha256>::new(Some(self.0.expose()));
        for part in parts {
            mac.input_ikm(part);
        }
        mac.finalize().0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> SealKey {
        SealKey::new(&Secret::from_slice(&[byte; 32]).unwrap(), KEY_ID_MASTER)
    }

    #[test]
    fn every_bad_record_is_refused_by_name() {
        let sealed = key(1).seal("people", b"k", b"Ada").unwrap();
        let open = |bytes: &[u8]| key(1).open("people", b"k", bytes).map(|_| ());
        assert_eq!(open(&sealed), Ok(()));
        for len in 0..sealed.len() {
            let want = if len < SEAL_OVERHEAD { OpenError::Short } else { OpenError::Broken };
            assert_eq!(open(&sealed[..len]), Err(want), "cut to {len}");
        }
        let changed = |at: usize, byte: u8| {
            let mut bytes = sealed.clone();
            bytes[at] = byte;
            bytes
        };
        assert_eq!(open(&changed(0, b'x')), Err(OpenError::Magic));
        assert_eq!(open(&changed(4, 2)), Err(OpenError::Version(2)));
        assert_eq!(open(&changed(6, 9)), Err(OpenError::KeyId(9)));
        assert_eq!(
            (key_id(&changed(6, 9)), key_id(&changed(0, b'x')), key_id(b"FPsr")),
            (Some(9), None, None)
        );
        assert_eq!(open(&[&sealed[..], b"x"].concat()), Err(OpenError::Broken));
        assert_eq!(key(2).open("people", b"k", &sealed).err(), Some(OpenError::Broken), "wrong key");
        assert_eq!(key(1).open("people", b"l", &sealed).err(), Some(OpenError::Broken), "moved in its tree");
        assert_eq!(
            key(1).open("hosts", b"k", &sealed).err(),
            Some(OpenError::Broken),
            "moved to another tree"
        );
        assert_eq!(key(1).open("peoplek", b"", &sealed).err(), Some(OpenError::Broken), "shifted boundary");
        assert_eq!(open(b"Ada"), Err(OpenError::Short), "no plaintext fallback");
    }

    #[test]
    fn the_mac_is_hmac_sha256() {
        // RFC 4231, test case 1 has a 20-byte key; padding it with zeros to 32 bytes is the same HMAC key.
        let mut padded = [0x0b; 32];
        padded[20..].fill(0);
        let mac = MacKey::new(Secret::from_slice(&padded).unwrap());
        let hex: String =
            mac.tag(&[b"Hi ", b"There"]).iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
        assert_eq!(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn seal_and_open_are_inverse(plain in prop::collection::vec(any::<u8>(), 0..300), k in prop::collection::vec(any::<u8>(), 0..40)) {
            let sealed = key(3).seal("t", &k, &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + SEAL_OVERHEAD);
            prop_assert_eq!(&*key(3).open("t", &k, &sealed).unwrap(), &plain);
        }

        #[test]
        fn one_flipped_bit_is_always_noticed(plain in prop::collection::vec(any::<u8>(), 0..60), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let mut sealed = key(3).seal("t", b"k", &plain).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(key(3).open("t", b"k", &sealed).is_err());
        }

        #[test]
        fn noise_never_opens_and_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(key(3).open("t", b"k", &noise).is_err());
        }
    }
}
