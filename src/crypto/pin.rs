//! PINs: typed, hashed with argon2id, compared. A PIN is never an encryption key: six digits are not enough.

use super::{CryptoError, Secret, random_bytes, secret::equal_in_constant_time};
use crate::domain::Clock;
use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::HkdfExtract;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, time::Duration};
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
    /// Neither a PIN nor a passphrase.
    #[error(
        "type a PIN of {} to {} digits, or a passphrase of {} to {} characters",
        Pin::MIN_DIGITS,
        Pin::MAX_DIGITS,
        Pin::MIN_PHRASE,
        Pin::MAX_PHRASE
    )]
    HostShape,
}

/// A PIN good enough to be set: 6 to 12 digits, none of the obvious ones; for a host also a passphrase. Wiped when
/// dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Pin(String);

impl Pin {
    /// Fewest digits.
    pub const MIN_DIGITS: usize = 6;
    /// Most digits.
    pub const MAX_DIGITS: usize = 12;
    /// Fewest characters of a host's passphrase.
    pub const MIN_PHRASE: usize = 12;
    /// Most characters of a host's passphrase: four bytes each still fit in a [`PinAttempt`].
    pub const MAX_PHRASE: usize = 64;

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

    /// Checks what a host wants to set: a PIN, or a passphrase of 12 characters or more. Nothing but digits is held
    /// to the rules for PINs, whatever its length.
    pub fn for_host(text: &str) -> Result<Self, PinError> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::new(text);
        }
        let chars = text.chars().count();
        if !(Self::MIN_PHRASE..=Self::MAX_PHRASE).contains(&chars) || text.chars().any(char::is_control) {
            return Err(PinError::HostShape);
        }
        let mut different: Vec<char> = text.chars().collect();
        different.sort_unstable();
        different.dedup();
        // `passwordpassword` has seven; a sentence of a dozen letters has more.
        if different.len() < 6 { Err(PinError::Guessable) } else { Ok(Self(text.to_owned())) }
    }

    /// The same digits, to log in with right after setting them.
    #[must_use]
    pub fn as_attempt(&self) -> PinAttempt {
        PinAttempt(self.0.clone())
    }
}

/// What somebody typed to log in: up to 256 bytes of anything. Wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PinAttempt(String);

impl PinAttempt {
    /// Most bytes that are looked at.
    const MAX_LEN: usize = 256;

    /// Takes any text. Beyond 256 bytes it cannot be a PIN or passphrase, so the rest is not kept.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(Self::MAX_LEN);
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

    /// Under which id wrong tries are counted for a name or badge that has no PIN: always the same for the same text, so
    /// that it is answered like one that has; one of 4,096, so that what is typed does not fill the store. No record has
    /// such an id.
    #[must_use]
    pub fn nobody(&self, typed: &[u8]) -> [u8; 16] {
        let mut mac = HkdfExtract::<Sha256>::new(Some(self.0.expose()));
        mac.input_ikm(b"faceprint 1 nobody");
        mac.input_ikm(typed);
        let (tag, _) = mac.finalize();
        let mut id = [0xff; 16];
        (id[14], id[15]) = (tag[0] & 0x0f, tag[1]);
        id
    }
}

/// What hashing a PIN costs: argon2id's memory, passes and lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl PinCost {
    /// OWASP's floor for argon2id: 19 MiB, 2 passes, 1 lane. About 25 ms on a small machine.
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// How long one check should take.
    pub const GOAL: Duration = Duration::from_millis(250);
    /// A kiosk has 2 GB; more memory than this goes into passes instead.
    const MEMORY_MAX_KIB: u32 = 64 * 1024;
    const PASSES_MAX: u32 = 16;

    /// What takes about [`PinCost::GOAL`] on this machine, never less than [`PinCost::FLOOR`]. Takes the time of three
    /// hashes; the fastest counts, since a busy machine can only make one slower. A clock that stands still (a test's)
    /// gives the floor.
    pub fn calibrated(clock: &dyn Clock) -> Result<Self, CryptoError> {
        let mut fastest = Duration::MAX;
        for _ in 0..3 {
            let before = clock.now().mono;
            argon2id(b"how fast is this machine", &[0; 16], None, Self::FLOOR)?;
            fastest = fastest.min(clock.now().mono.saturating_sub(before));
        }
        Ok(Self::for_speed(fastest))
    }

    /// The cost on a machine that takes `floor_takes` for the floor.
    fn for_speed(floor_takes: Duration) -> Self {
        if floor_takes.is_zero() || floor_takes >= Self::GOAL {
            return Self::FLOOR;
        }
        // Time grows with memory times passes.
        let factor = Self::GOAL.as_secs_f64() / floor_takes.as_secs_f64();
        let work = f64::from(Self::FLOOR.memory_kib * Self::FLOOR.passes) * factor;
        let memory_kib = ((work / f64::from(Self::FLOOR.passes)) as u32).min(Self::MEMORY_MAX_KIB);
        let passes = ((work / f64::from(memory_kib)) as u32).clamp(Self::FLOOR.passes, Self::PASSES_MAX);
        Self { memory_kib, passes, lanes: 1 }
    }
}

impl From<[u32; 3]> for PinCost {
    /// Memory in KiB, passes, lanes, as the key blob has them.
    fn from([memory_kib, passes, lanes]: [u32; 3]) -> Self {
        Self { memory_kib, passes, lanes }
    }
}

/// An argon2id hash of a PIN with the parameters that made it. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinHash {
    cost: PinCost,
    salt: [u8; 16],
    hash: [u8; 32],
}

impl PinHash {
    /// Hashes with a fresh salt.
    pub fn new(pin: &Pin, pepper: &Pepper, cost: PinCost) -> Result<Self, CryptoError> {
        Self::of(pin.0.as_bytes(), pepper, cost)
    }

    /// Hashes an attempt that has just matched, at today's cost.
    pub fn again(matched: &PinAttempt, pepper: &Pepper, cost: PinCost) -> Result<Self, CryptoError> {
        Self::of(matched.0.as_bytes(), pepper, cost)
    }

    fn of(text: &[u8], pepper: &Pepper, cost: PinCost) -> Result<Self, CryptoError> {
        let salt = random_bytes()?;
        let hash = argon2id(text, &salt, Some(pepper), cost)?;
        Ok(Self { cost, salt, hash: *hash.expose() })
    }

    /// A hash that no PIN matches (nobody can find one for it). Checking against it takes as long as against a
    /// real one of this cost, so that a wrong host name and a wrong PIN look alike.
    #[must_use]
    pub fn decoy(cost: PinCost) -> Self {
        Self { cost, salt: [0; 16], hash: [0; 32] }
    }

    /// Whether the attempt is the PIN. Takes as long as hashing, whatever the answer.
    pub fn matches(&self, attempt: &PinAttempt, pepper: &Pepper) -> Result<bool, CryptoError> {
        let hash = argon2id(attempt.0.as_bytes(), &self.salt, Some(pepper), self.cost)?;
        Ok(equal_in_constant_time(hash.expose(), &self.hash))
    }

    /// Made with another cost than today's: hash again at the next login.
    #[must_use]
    pub fn is_outdated(&self, today: PinCost) -> bool {
        self.cost != today
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(hidden)")
    }
}

/// A code that unlocks a host when no other host can: 25 letters and digits in five groups, 125 random bits, shown
/// once. Wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// Crockford's base 32: no I, L, O or U, which are misread.
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const LEN: usize = 25;
    const GROUP: usize = 5;

    /// Draws a code.
    pub fn random() -> Result<Self, CryptoError> {
        let bytes: zeroize::Zeroizing<[u8; Self::LEN]> = zeroize::Zeroizing::new(random_bytes()?);
        let letters = bytes.iter().filter_map(|b| Self::ALPHABET.get(usize::from(b % 32)));
        Ok(Self(letters.map(|letter| char::from(*letter)).collect()))
    }

    /// As it is shown: `7Q2MX-…`, five groups of five.
    #[must_use]
    pub fn shown(&self) -> String {
        let groups: Vec<&str> =
            (0..Self::LEN).step_by(Self::GROUP).filter_map(|at| self.0.get(at..at + Self::GROUP)).collect();
        groups.join("-")
    }

    /// To be hashed.
    #[must_use]
    pub fn as_attempt(&self) -> PinAttempt {
        PinAttempt(self.0.clone())
    }

    /// What somebody typed, as it was written: dashes, spaces and case do not matter, O is 0, I and L are 1.
    #[must_use]
    pub fn typed(text: &PinAttempt) -> PinAttempt {
        let letters = text.0.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let plain = letters.map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
        PinAttempt(plain.collect())
    }
}

/// argon2id (RFC 9106) to 32 bytes.
pub(super) fn argon2id(
    text: &[u8],
    salt: &[u8; 16],
    pepper: Option<&Pepper>,
    cost: PinCost,
) -> Result<Secret, CryptoError> {
    let error = |e: argon2::Error| CryptoError::Hash(e.to_string());
    let PinCost { memory_kib, passes, lanes } = cost;
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
    fn a_host_may_have_a_passphrase_but_no_long_obvious_pin() {
        for good in ["274916", "four unrelated words", "Ωραία ημέρα σήμερα"] {
            assert!(Pin::for_host(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("123456", PinError::Guessable),
            ("1234567890123456", PinError::Shape),
            ("short words", PinError::HostShape),
            ("line one\nline two", PinError::HostShape),
            ("abababababab", PinError::Guessable),
        ] {
            assert_eq!(Pin::for_host(bad).err(), Some(why), "{bad}");
        }
        assert_eq!(Pin::for_host(&"wörter ".repeat(10)).err(), Some(PinError::HostShape));
        let longest: String = "ΑΒΓΔΕΖΗΘ".repeat(8);
        let pin = Pin::for_host(&longest).unwrap();
        assert_eq!(pin.as_attempt().0, PinAttempt::new(&longest).0, "an attempt holds all of it");
    }

    #[test]
    fn the_cost_meets_the_goal_on_fast_machines_and_the_floor_on_slow_ones() {
        let cost = |ms| PinCost::for_speed(Duration::from_millis(ms));
        for slow in [0, 250, 900] {
            assert_eq!(cost(slow), PinCost::FLOOR, "{slow} ms");
        }
        for fast in [1, 5, 25, 80, 125, 249] {
            let PinCost { memory_kib, passes, .. } = cost(fast);
            let work = f64::from(memory_kib) * f64::from(passes) / f64::from(19 * 1024 * 2) * fast as f64;
            assert!(memory_kib >= 19 * 1024 && passes >= 2, "{fast} ms");
            assert!(work <= 251.0 && (fast < 8 || work > 120.0), "{fast} ms would take {work} ms");
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_it_is_written_on_paper() {
        let code = RecoveryCode::random().unwrap();
        let shown = code.shown();
        assert_eq!(shown.len(), 29);
        assert!(shown.split('-').all(|group| group.len() == 5));
        let hash = PinHash::again(&code.as_attempt(), &pepper(1), PinCost::FLOOR).unwrap();
        let by_hand = shown.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        for typed in [&shown, &by_hand] {
            let typed = RecoveryCode::typed(&PinAttempt::new(typed));
            assert!(hash.matches(&typed, &pepper(1)).unwrap());
        }
        assert_ne!(RecoveryCode::random().unwrap().shown(), shown);
    }

    #[test]
    fn only_the_pin_matches_and_only_with_its_pepper() {
        let hash = PinHash::new(&Pin::new("274916").unwrap(), &pepper(1), PinCost::FLOOR).unwrap();
        let matches = |text: &str, p: u8| hash.matches(&PinAttempt::new(text), &pepper(p)).unwrap();
        assert!(matches("274916", 1));
        assert!(!matches("274916", 2));
        for wrong in ["274917", "27491", "2749166", "", " 274916"] {
            assert!(!matches(wrong, 1), "{wrong}");
        }
        let decoy = PinHash::decoy(PinCost::FLOOR);
        assert!(!decoy.matches(&PinAttempt::new("274916"), &pepper(1)).unwrap());
        assert!(!hash.is_outdated(PinCost::FLOOR));
        assert!(hash.is_outdated(PinCost::for_speed(Duration::from_millis(25))));
        assert_eq!(format!("{hash:?}"), "PinHash(hidden)");
    }

    #[test]
    fn the_hash_is_argon2id_with_a_secret() {
        // From the reference implementation in C (argon2-cffi, `low_level.core` with `secret`): 19456 KiB, t=2, p=1,
        // salt 0x07 x 16, secret 0x01 x 32.
        let hash = argon2id(b"274916", &[7; 16], Some(&pepper(1)), PinCost::FLOOR).unwrap();
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
        fn an_attempt_takes_any_text(text in "\\PC{0,300}") {
            prop_assert!(PinAttempt::new(&text).0.len() <= PinAttempt::MAX_LEN);
        }
    }
}
