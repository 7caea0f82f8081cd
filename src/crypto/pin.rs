//! PINs: typed, hashed with argon2id, compared. A PIN is never an encryption key: six digits are not enough.

use super::{CryptoError, Secret, random_bytes, secret::equal_in_constant_time};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Why a text cannot become a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Not 6 to 12 digits.
    #[error("a PIN has {} to {} digits and nothing else", Pin::MIN_DIGITS, Pin::MAX_DIGITS)]
    Shape,
    /// One digit repeated, digits in sequence, a repeated pattern, or a favourite.
    #[error("this PIN is one of the first that anybody would try: choose another")]
    Guessable,
}

/// A PIN good enough to be set: 6 to 12 digits, none of the obvious ones. Wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Pin(String);

impl Pin {
    /// Fewest digits.
    pub const MIN_DIGITS: usize = 6;
    /// Most digits.
    pub const MAX_DIGITS: usize = 12;

    /// Checks a PIN that somebody wants to set. What somebody types to log in is a [`PinAttempt`].
    pub fn new(text: &str) -> Result<Self, PinError> {
        let digits = text.as_bytes();
        if !(Self::MIN_DIGITS..=Self::MAX_DIGITS).contains(&digits.len())
            || !digits.iter().all(u8::is_ascii_digit)
        {
            return Err(PinError::Shape);
        }
        if is_guessable(digits) {
            return Err(PinError::Guessable);
        }
        Ok(Self(text.to_owned()))
    }

    /// The same digits, to log in with right after setting them.
    #[must_use]
    pub fn as_attempt(&self) -> PinAttempt {
        PinAttempt(self.0.clone())
    }
}

/// What somebody typed to log in: up to 64 bytes of anything. Wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PinAttempt(String);

impl PinAttempt {
    /// Takes any text. Beyond 64 bytes it cannot be a PIN, so the rest is not kept.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(64);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(text.get(..end).unwrap_or_default().to_owned())
    }
}

/// The secret that is hashed together with every PIN, kept under the device key.
pub struct Pepper(Secret);

impl Pepper {
    /// Wraps a derived secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }
}

/// An argon2id hash of a PIN with the parameters that made it. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinHash {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; 16],
    hash: [u8; 32],
}

impl PinHash {
    /// OWASP's floor for argon2id: 19 MiB, 2 passes, 1 lane. About 25 ms on a small machine.
    const COST: [u32; 3] = [19 * 1024, 2, 1];

    /// Hashes with a fresh salt.
    pub fn new(pin: &Pin, pepper: &Pepper) -> Result<Self, CryptoError> {
        let salt = random_bytes()?;
        let [memory_kib, passes, lanes] = Self::COST;
        let hash = argon2id(pin.0.as_bytes(), &salt, Some(pepper), Self::COST)?;
        Ok(Self { memory_kib, passes, lanes, salt, hash: *hash.expose() })
    }

    /// A hash that no PIN matches (nobody can find one for it). Checking against it takes as long as against a
    /// real one, so that a wrong host name and a wrong PIN look alike.
    #[must_use]
    pub fn decoy() -> Self {
        let [memory_kib, passes, lanes] = Self::COST;
        Self { memory_kib, passes, lanes, salt: [0; 16], hash: [0; 32] }
    }

    /// Whether the attempt is the PIN. Takes as long as hashing, whatever the answer.
    pub fn matches(&self, attempt: &PinAttempt, pepper: &Pepper) -> Result<bool, CryptoError> {
        let cost = [self.memory_kib, self.passes, self.lanes];
        let hash = argon2id(attempt.0.as_bytes(), &self.salt, Some(pepper), cost)?;
        Ok(equal_in_constant_time(hash.expose(), &self.hash))
    }

    /// Made with other costs than today's: hash again at the next login.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        [self.memory_kib, self.passes, self.lanes] != Self::COST
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(hidden)")
    }
}

/// argon2id (RFC 9106) to 32 bytes. `cost` is memory in KiB, passes, lanes.
pub(super) fn argon2id(
    text: &[u8],
    salt: &[u8; 16],
    pepper: Option<&Pepper>,
    cost: [u32; 3],
) -> Result<Secret, CryptoError> {
    let error = |e: argon2::Error| CryptoError::Hash(e.to_string());
    let [memory_kib, passes, lanes] = cost;
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(error)?;
    let pepper = pepper.map_or(&[][..], |pepper| pepper.0.expose().as_slice());
    let argon2 =
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(error)?;
    Secret::filled_by(|out| argon2.hash_password_into(text, salt, out)).map_err(error)
}

/// One digit repeated, a run up or down, a pattern repeated twice or more, a palindrome of pairs, or a favourite
/// of the published lists.
fn is_guessable(digits: &[u8]) -> bool {
    const FAVOURITES: [&[u8]; 8] =
        [b"159753", b"147258", b"258369", b"112233", b"223344", b"111222", b"123654", b"123321"];
    let step_is =
        |want: u8| digits.windows(2).all(|pair| matches!(pair, [a, b] if (10 + b - a) % 10 == want));
    let repeats =
        |len: usize| digits.len().is_multiple_of(len) && digits.chunks(len).all(|c| digits.starts_with(c));
    [0, 1, 9].into_iter().any(step_is) // wraps round: 890123 is a run too
        || (2..=digits.len() / 2).any(repeats)
        || FAVOURITES.contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pepper(byte: u8) -> Pepper {
        Pepper::new(Secret::from_slice(&[byte; 32]).unwrap())
    }

    #[test]
    fn obvious_pins_cannot_be_set() {
        for bad in ["", "12345", "1234567890123", "12345a", "１２３４５６"] {
            assert_eq!(Pin::new(bad).err(), Some(PinError::Shape), "{bad}");
        }
        for bad in [
            "000000", "123456", "987654", "890123", "321098", "121212", "123123", "12341234", "112233",
            "159753", "123321",
        ] {
            assert_eq!(Pin::new(bad).err(), Some(PinError::Guessable), "{bad}");
        }
        for good in ["274916", "135791", "908172635445"] {
            assert!(Pin::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn only_the_pin_matches_and_only_with_its_pepper() {
        let hash = PinHash::new(&Pin::new("274916").unwrap(), &pepper(1)).unwrap();
        let matches = |text: &str, p: u8| hash.matches(&PinAttempt::new(text), &pepper(p)).unwrap();
        assert!(matches("274916", 1));
        assert!(!matches("274916", 2));
        for wrong in ["274917", "27491", "2749166", "", " 274916"] {
            assert!(!matches(wrong, 1), "{wrong}");
        }
        assert!(!PinHash::decoy().matches(&PinAttempt::new("274916"), &pepper(1)).unwrap());
        assert!(!hash.is_outdated());
        assert_eq!(format!("{hash:?}"), "PinHash(hidden)");
    }

    #[test]
    fn the_hash_is_argon2id_with_a_secret() {
        // From the reference implementation in C (argon2-cffi, `low_level.core` with `secret`): 19456 KiB, t=2, p=1,
        // salt 0x07 x 16, secret 0x01 x 32.
        let hash = argon2id(b"274916", &[7; 16], Some(&pepper(1)), PinHash::COST).unwrap();
        let hex: String = hash.expose().iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
        assert_eq!(hex, "05a37e6129852cfd1fdd97568c284d52d1e3dcd8c48c0ca38a32d47cca7f6ca4");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_set_pin_is_six_to_twelve_digits(text in "[0-9]{5,13}|\\PC{0,8}") {
            if Pin::new(&text).is_ok() {
                prop_assert!((6..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()));
            }
        }

        #[test]
        fn an_attempt_takes_any_text(text in "\\PC{0,80}") {
            prop_assert!(PinAttempt::new(&text).0.len() <= 64);
        }
    }
}
