//! Secrets that wipe themselves, and randomness.

use super::CryptoError;
use crate::domain::{HostId, PersonId, TemplateId};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 32 secret bytes: wiped when dropped, no `Debug`, no `Clone`, no serialisation.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(Box<[u8; 32]>);

impl Secret {
    /// Draws fresh bytes.
    pub fn random() -> Result<Self, CryptoError> {
        let mut secret = Self(Box::new([0; 32]));
        fill(secret.0.as_mut_slice())?;
        Ok(secret)
    }

    /// Copies from a slice of exactly 32 bytes; the caller wipes its own.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self(Box::new([0; 32]));
        if bytes.len() != secret.0.len() {
            return None;
        }
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    /// A secret that `write` fills in place, so that no copy stays on the stack.
    pub(super) fn filled_by<E>(write: impl FnOnce(&mut [u8; 32]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Box::new([0; 32]));
        write(&mut secret.0)?;
        Ok(secret)
    }

    /// A second copy, for a key that is held in two places.
    pub(super) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// The bytes, to be handed to a cipher or sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// `N` random bytes from the system.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// A fresh person id.
pub fn random_person_id() -> Result<PersonId, CryptoError> {
    random_bytes().map(PersonId::from_bytes)
}

/// A fresh host id.
pub fn random_host_id() -> Result<HostId, CryptoError> {
    random_bytes().map(HostId::from_bytes)
}

/// A fresh template id.
pub fn random_template_id() -> Result<TemplateId, CryptoError> {
    random_bytes().map(TemplateId::from_bytes)
}

fn fill(bytes: &mut [u8]) -> Result<(), CryptoError> {
    getrandom::fill(bytes).map_err(|e| CryptoError::Random(e.to_string()))
}

/// Compares without stopping at the first difference.
pub(super) fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |d, (x, y)| d | std::hint::black_box(x ^ y));
    a.len() == b.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{
            DeviceKey, KeySource, Keys, MacKey, Passphrase, Pepper, Pin, PinAttempt, PinCost, PinHash,
            RecoveryCode, SealKey, SealRing,
        },
        domain::{EMBEDDING_LEN, Embedding},
    };

    /// Compiles only while none of the secret types can be printed: with a `Debug` or `Display` of their own the
    /// inferred parameter would be ambiguous.
    #[test]
    fn secrets_cannot_be_printed() {
        trait Unprintable<A> {
            fn check() {}
        }
        impl<T> Unprintable<()> for T {}
        impl<T: std::fmt::Debug> Unprintable<u8> for T {}
        struct Display;
        impl<T: std::fmt::Display> Unprintable<Display> for T {}
        macro_rules! unprintable { ($($t:ty),*) => { $( <$t as Unprintable<_>>::check(); )* } }
        unprintable!(
            Secret,
            Keys,
            DeviceKey,
            Passphrase,
            Pepper,
            Pin,
            PinAttempt,
            RecoveryCode,
            SealKey,
            SealRing,
            MacKey
        );
    }

    /// These are part of types that are printed, so they say that they are there and nothing else.
    #[test]
    fn what_can_be_printed_hides_its_content() {
        let pin = Pin::new("274916").unwrap();
        let pepper = Pepper::new(Secret::from_slice(&[0xab; 32]).unwrap());
        let hash = PinHash::new(&pin, &pepper, PinCost::FLOOR).unwrap();
        let raw: Vec<f32> = (0..EMBEDDING_LEN).map(|i| (i as f32 * 0.37).sin() + 0.1).collect();
        let embedding = Embedding::from_raw(&raw).unwrap();
        let words = "four unrelated words";
        let passphrase = KeySource::Passphrase(Passphrase::new(words).unwrap());
        let kept: Vec<u8> = postcard::to_allocvec(&hash).unwrap();
        // Every number of them, in the forms in which `Debug` writes numbers.
        let mut secret: Vec<String> = kept.iter().filter(|b| **b > 9).map(u8::to_string).collect();
        secret.extend(kept.iter().map(|b| format!("{b:#04x}")));
        secret.extend(embedding.as_slice().iter().map(f32::to_string));
        secret.extend([words, "274916", "unrelated"].map(str::to_owned));
        assert!(secret.len() > EMBEDDING_LEN);
        let printed = [format!("{hash:?} {hash:#?}"), format!("{embedding:?} {embedding:#?}")];
        for text in printed.into_iter().chain([format!("{passphrase:?} {passphrase:#?}")]) {
            assert!(text.contains("hidden"), "{text}");
            assert!(text.chars().filter(char::is_ascii_digit).count() == 0, "{text}");
            assert!(secret.iter().all(|part| !text.contains(part.as_str())), "{text}");
        }
    }

    #[test]
    fn a_secret_has_32_bytes_and_no_two_are_alike() {
        assert!(Secret::from_slice(&[1; 31]).is_none());
        assert_eq!(Secret::from_slice(&[1; 32]).unwrap().expose(), &[1; 32]);
        assert_ne!(Secret::random().unwrap().expose(), Secret::random().unwrap().expose());
        assert_ne!(random_person_id().unwrap(), random_person_id().unwrap());
    }

    #[test]
    fn comparing_looks_at_length_and_every_byte() {
        assert!(equal_in_constant_time(b"abc", b"abc"));
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(!equal_in_constant_time(b"abc", other));
        }
    }
}
