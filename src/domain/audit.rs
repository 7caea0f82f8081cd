//! The audit log's vocabulary. The program puts no name, score or embedding into an entry: ids only. One holds a host's own
//! words, the reason of [`AuditAction::PeriodUnlocked`]. Nothing erases an entry.

use super::{EventId, HostId, MarkKind, PersonId, hex};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The kiosk itself.
    Kiosk,
    /// A host with a session or a PIN on the command line.
    Host(HostId),
    /// The person in front of the kiosk.
    Person(PersonId),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// The store was made.
    StoreCreated,
    /// The kiosk or a command that writes started.
    Started,
    /// It stopped in order.
    Stopped,
    /// The store was rebuilt from checkpoint and journal after an unclean stop.
    Rebuilt,
    /// A host was added.
    HostAdded(HostId),
    /// A host unlocked host mode.
    Login(HostId),
    /// A PIN was wrong.
    LoginFailed(HostId),
    /// Too many wrong PINs.
    LockedOut(HostId),
    /// Host mode ended; true when it timed out.
    SessionEnded(bool),
    /// A person was added.
    PersonAdded(PersonId),
    /// A person's data changed.
    PersonChanged(PersonId),
    /// Templates were stored: how many.
    Enrolled(PersonId, u32),
    /// A person and every trace of them was erased. Deliberately without their id.
    PersonErased,
    /// Attendance.
    Marked(EventId, PersonId, MarkKind),
    /// A new event replaces an old one.
    Corrected {
        /// The old one.
        replaces: EventId,
        /// The new one.
        by: EventId,
    },
    /// Attendance left the kiosk as a file: rows.
    Exported(u32),
    /// Settings were saved.
    SettingsChanged,
    /// Another network is in use: its id.
    WeightsChanged(String),
    /// The wall clock jumped by so many seconds.
    ClockJumped(i64),
    // New actions go to the end: a record holds their position.
    /// A host was removed.
    HostRemoved(HostId),
    /// A host has a new PIN or passphrase.
    PinChanged(HostId),
    /// A host's wrong PINs were forgotten, by another host or the recovery code.
    HostUnlocked(HostId),
    /// A recovery code was made; an older one is void.
    RecoveryCodeMade,
    /// The recovery code was used for this host.
    RecoveryCodeUsed(HostId),
    /// A recovery code was wrong.
    RecoveryCodeWrong,
    /// A person's PIN was set (true) or removed.
    PersonPin(PersonId, bool),
    /// A person's PIN was wrong.
    PersonPinWrong(PersonId),
    /// Too many wrong PINs of a person.
    PersonLockedOut(PersonId),
    /// A person's wrong PINs were forgotten.
    PersonUnlocked(PersonId),
    /// A person withdrew consent: so many templates were destroyed.
    ConsentWithdrawn(PersonId, u32),
    /// What was held before the camera looked like a picture of somebody enrolled. Deliberately without whom.
    PresentationRefused,
    /// Another key file or passphrase opens the store.
    KeyChanged,
    /// Records are being sealed under a new master key.
    KeyRotationBegun,
    /// All are, and the old master key is gone.
    KeyRotated,
    /// A backup was made of so many records.
    BackedUp(u64),
    /// The store was made from a backup.
    Restored,
    /// What is stored about a person left the kiosk as a file.
    PersonExported(PersonId),
    /// The site's rule on keeping: what was too old was erased.
    Swept {
        /// Attendance events.
        marks: u32,
        /// People whose templates were destroyed.
        faces: u32,
    },
    /// The two-person rule was switched on (true) or off.
    TwoPerson(bool),
    /// A second host, by their PIN, agreed to what the actor is about to do.
    Agreed(HostId, SharedDeed),
    /// Attendance up to and including this day is locked.
    PeriodLocked(Date),
    /// Locked days are open again.
    PeriodUnlocked {
        /// Days up to and including this one stay locked; `None`: none does.
        until: Option<Date>,
        /// Why, in the host's words: free text that stays as long as the log. It should name nobody.
        reason: String,
    },
}

impl AuditAction {
    /// Whom it is about, where that is one person and the entry says so. Of a correction only the events are known.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::PersonAdded(person)
            | Self::PersonChanged(person)
            | Self::Enrolled(person, _)
            | Self::Marked(_, person, _)
            | Self::PersonPin(person, _)
            | Self::PersonPinWrong(person)
            | Self::PersonLockedOut(person)
            | Self::PersonUnlocked(person)
            | Self::ConsentWithdrawn(person, _)
            | Self::PersonExported(person) => Some(*person),
            // Named one by one: a new action must be placed.
            Self::StoreCreated
            | Self::Started
            | Self::Stopped
            | Self::Rebuilt
            | Self::HostAdded(_)
            | Self::Login(_)
            | Self::LoginFailed(_)
            | Self::LockedOut(_)
            | Self::SessionEnded(_)
            | Self::PersonErased
            | Self::Corrected { .. }
            | Self::Exported(_)
            | Self::SettingsChanged
            | Self::WeightsChanged(_)
            | Self::ClockJumped(_)
            | Self::HostRemoved(_)
            | Self::PinChanged(_)
            | Self::HostUnlocked(_)
            | Self::RecoveryCodeMade
            | Self::RecoveryCodeUsed(_)
            | Self::RecoveryCodeWrong
            | Self::PresentationRefused
            | Self::KeyChanged
            | Self::KeyRotationBegun
            | Self::KeyRotated
            | Self::BackedUp(_)
            | Self::Restored
            | Self::Swept { .. }
            | Self::TwoPerson(_)
            | Self::Agreed(..)
            | Self::PeriodLocked(_)
            | Self::PeriodUnlocked { .. } => None,
        }
    }
}

/// What takes two hosts while the two-person rule is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedDeed {
    /// Erasing a person.
    ErasePerson,
    /// Letting another key file or passphrase open the store.
    ChangeKey,
    /// Changing the master key.
    RotateKey,
    /// Switching the rule off.
    EndRule,
    /// Adding a host: whoever could do so alone would be both.
    AddHost,
    /// Making a recovery code, which can set another host's PIN.
    MakeRecoveryCode,
}

impl SharedDeed {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ErasePerson,
        Self::ChangeKey,
        Self::RotateKey,
        Self::EndRule,
        Self::AddHost,
        Self::MakeRecoveryCode,
    ];

    /// One word for files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ErasePerson => "erase_person",
            Self::ChangeKey => "change_key",
            Self::RotateKey => "rotate_key",
            Self::EndRule => "end_rule",
            Self::AddHost => "add_host",
            Self::MakeRecoveryCode => "make_recovery_code",
        }
    }
}

/// One numbered entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counts up from 1 without gaps.
    pub number: u64,
    /// When, UTC.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// Keyed hash over the entry before and this one's content.
    pub hash: [u8; 32],
}

/// The newest entry's number and hash. An exported head shows later whether the tail was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Number of the newest entry; 0 for an empty log.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// `NUMBER:HASH`, as reports carry it.
impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.number)?;
        f.write_str(&hex(&self.hash))
    }
}

impl AuditHead {
    /// The number and the hash's first [`EarlierHead::LEAST`] bytes, in fours: what a person can copy by hand.
    #[must_use]
    pub fn brief(&self) -> String {
        let (fours, _) = self.hash[..EarlierHead::LEAST].as_chunks::<2>();
        let fours: Vec<String> = fours.iter().map(|[a, b]| format!("{a:02x}{b:02x}")).collect();
        format!("{}:{}", self.number, fours.join(" "))
    }
}

/// A head that left the kiosk earlier, whole or with the beginning of its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierHead {
    number: u64,
    beginning: Vec<u8>,
}

impl EarlierHead {
    /// Fewest bytes of a hash that count: another chain whose entry begins alike would take 2^64 tries.
    pub const LEAST: usize = 8;

    /// The entry's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether that entry has this hash.
    #[must_use]
    pub fn is(&self, hash: &[u8; 32]) -> bool {
        hash.starts_with(&self.beginning)
    }
}

impl From<AuditHead> for EarlierHead {
    fn from(head: AuditHead) -> Self {
        Self { number: head.number, beginning: head.hash.to_vec() }
    }
}

impl FromStr for EarlierHead {
    type Err = NotAHead;

    /// Reads [`AuditHead`]'s text or [`AuditHead::brief`]. Spaces are left out.
    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (number, hash) = text.split_once(':').ok_or(NotAHead)?;
        let digits: Vec<u8> = hash
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(NotAHead)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() || !(Self::LEAST..=32).contains(&pairs.len()) {
            return Err(NotAHead);
        }
        let beginning = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(NotAHead)?;
        Ok(Self { number, beginning })
    }
}

/// It is not a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the head of an audit log: expected NUMBER:HASH with at least 16 digits, as a report shows it")]
pub struct NotAHead;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_whole_and_in_brief() {
        let head = AuditHead { number: 42, hash: std::array::from_fn(|n| n as u8 * 7) };
        let whole: EarlierHead = head.to_string().parse().unwrap();
        assert_eq!(whole, head.into());
        assert_eq!(head.brief(), "42:0007 0e15 1c23 2a31");
        let brief: EarlierHead = " 42: 0007 0E15 1c23 2a31 ".parse().unwrap();
        assert_eq!(brief.number(), 42);
        assert!(brief.is(&head.hash) && whole.is(&head.hash));
        let mut other = head.hash;
        other[7] ^= 1;
        assert!(!brief.is(&other));
        (other[7], other[31]) = (head.hash[7], 0);
        assert!(brief.is(&other) && !whole.is(&other));
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for bad in
            ["", "42", "42:abababababababa", "42:ababababababab", "x:abababababababab", "0:abababababababab"]
        {
            assert_eq!(bad.parse::<EarlierHead>(), Err(NotAHead), "{bad}");
        }
        for digits in ["zz", "é", "ab"] {
            assert!(format!("1:{}", digits.repeat(33)).parse::<EarlierHead>().is_err());
        }
    }
}
