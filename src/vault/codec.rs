//! Trees, changes, and how a record becomes bytes: postcard inside a seal of its tree.
//!
//! | tree | record key | content (format version 1) |
//! |---|---|---|
//! | `meta` | text | `site`: [`SiteRecord`]; `weights`: tag of the weights in use ([`super::Vault::tag`]); `fingerprint/ID`: [`crate::domain::Fingerprint`] of the network whose templates carry the bare ID, not there in stores of before (the next network in use is then taken for it); `pin-cost`: [`crate::crypto::PinCost`]; `recovery`: [`PinHash`] of the recovery code; `two-person`: `bool`, off where it is not there; `last-event`: highest event number given before a sweep; `lock-DATE`: [`LockRecord`]; `lock-DATE-NNNN`: part of the rules kept with it, text |
//! | `hosts` | host id, 16 bytes | [`HostRecord`] |
//! | `people` | person id, 16 bytes | [`crate::domain::Person`] |
//! | `person-keys` | person id | 32 bytes, the person's own key |
//! | `templates` | person id ‖ template id | [`TemplateHead`], then 512 little-endian `f32`; sealed under the person's own key |
//! | `marks` | event number, 8 bytes big-endian | [`crate::domain::Mark`] |
//! | `audit` | entry number, 8 bytes big-endian | [`crate::domain::AuditEntry`] |
//! | `attempts` | host id, or person id | [`AttemptRecord`] |
//! | `person-pins` | person id | [`PinHash`] |
//!
//! A change of these types is a new format version. A test holds version 1's bytes and fails when they move.

use super::VaultError;
use crate::{
    crypto::{Keys, OpenError, PinHash, SealRing},
    domain::{Actor, AttemptState, Host, PersonName, WeightsId},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// Longest sealed value, bytes. sled keeps longer ones in files of their own, which it never syncs.
pub const MAX_VALUE_LEN: usize = 7_000;

/// A kind of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // each says itself
pub enum Tree {
    Meta = 0,
    Hosts = 1,
    People = 2,
    PersonKeys = 3,
    Templates = 4,
    Marks = 5,
    Audit = 6,
    Attempts = 7,
    PersonPins = 8,
}

impl Tree {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Meta,
        Self::Hosts,
        Self::People,
        Self::PersonKeys,
        Self::Templates,
        Self::Marks,
        Self::Audit,
        Self::Attempts,
        Self::PersonPins,
    ];

    /// The name that seals and sled know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Hosts => "hosts",
            Self::People => "people",
            Self::PersonKeys => "person-keys",
            Self::Templates => "templates",
            Self::Marks => "marks",
            Self::Audit => "audit",
            Self::Attempts => "attempts",
            Self::PersonPins => "person-pins",
        }
    }

    fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.get(usize::from(tag)).copied()
    }
}

/// One record put or deleted. Values are sealed already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) tree: Tree,
    pub(super) key: Vec<u8>,
    /// `None` deletes.
    pub(super) value: Option<Vec<u8>>,
}

/// What happens together or not at all: one journal entry. No record appears twice.
pub(super) type Change = Vec<Write>;

/// Tag, key, value: how a [`Write`] is laid down.
type Wire<'a> = (u8, &'a [u8], Option<&'a [u8]>);

/// Encodes a change for the journal or a chunk of the checkpoint.
pub(super) fn encode_change(change: &[Write]) -> Result<Vec<u8>, VaultError> {
    if let Some(long) = change.iter().filter_map(|w| w.value.as_ref()).find(|v| v.len() > MAX_VALUE_LEN) {
        return Err(VaultError::TooLong(long.len()));
    }
    let wire: Vec<Wire<'_>> =
        change.iter().map(|w| (w.tree as u8, w.key.as_slice(), w.value.as_deref())).collect();
    postcard::to_allocvec(&wire).map_err(|_| VaultError::TooLong(usize::MAX))
}

/// Decodes what [`encode_change`] made.
pub(super) fn decode_change(bytes: &[u8]) -> Result<Change, OpenError> {
    let wire: Vec<Wire<'_>> = postcard::from_bytes(bytes).map_err(|_| OpenError::Content)?;
    wire.into_iter()
        .map(|(tag, key, value)| {
            let tree = Tree::from_tag(tag).ok_or(OpenError::Content)?;
            Ok(Write { tree, key: key.to_vec(), value: value.map(<[u8]>::to_vec) })
        })
        .collect()
}

/// The sealing keys of every tree: seal with the newest generation.
pub(super) struct Seals(Vec<SealRing>);

impl Seals {
    pub(super) fn new(keys: &Keys) -> Result<Self, VaultError> {
        let newest = keys.newest();
        let rings = Tree::ALL.iter().map(|tree| keys.seal_ring(tree.name(), newest));
        Ok(Self(rings.collect::<Result<_, _>>()?))
    }

    /// A record, sealed for its place.
    pub(super) fn put<T: Serialize>(&self, tree: Tree, key: &[u8], content: &T) -> Result<Write, VaultError> {
        let plain =
            Zeroizing::new(postcard::to_allocvec(content).map_err(|_| VaultError::TooLong(usize::MAX))?);
        self.put_bytes(tree, key, &plain)
    }

    /// The same for content that is bytes already.
    pub(super) fn put_bytes(&self, tree: Tree, key: &[u8], plain: &[u8]) -> Result<Write, VaultError> {
        let value = self.key(tree)?.seal(tree.name(), key, plain)?;
        Ok(Write { tree, key: key.to_vec(), value: Some(value) })
    }

    /// Opens and decodes a record.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        tree: Tree,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<T, VaultError> {
        let plain = self.get_bytes(tree, key, sealed)?;
        postcard::from_bytes(&plain).map_err(|_| record_error(tree)(OpenError::Content))
    }

    /// Opens a record.
    pub(super) fn get_bytes(
        &self,
        tree: Tree,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.key(tree)?.open(tree.name(), key, sealed).map_err(record_error(tree))
    }

    fn key(&self, tree: Tree) -> Result<&SealRing, VaultError> {
        self.0.get(tree as usize).ok_or_else(|| record_error(tree)(OpenError::KeyId(0)))
    }
}

/// Says which tree a record that does not open is of.
pub(super) fn record_error(tree: Tree) -> impl Fn(OpenError) -> VaultError {
    move |source| VaultError::Record { tree, source }
}

/// About the store as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SiteRecord {
    /// IANA name of the site's time zone.
    pub(super) zone: String,
    pub(super) created: Timestamp,
}

/// A host with the hash of their PIN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct HostRecord {
    pub(super) host: Host,
    pub(super) pin: PinHash,
}

/// Wrong PINs of a host, and in which run of the program they were counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct AttemptRecord {
    pub(super) run: u64,
    pub(super) state: AttemptState,
}

/// A stretch of locked days; the rules kept with it are in so many parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LockRecord {
    pub(super) until: Date,
    pub(super) by: Actor,
    pub(super) at: Timestamp,
    pub(super) parts: u16,
}

/// What stands before a template's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TemplateHead {
    pub(super) weights: WeightsId,
    pub(super) quality: f32,
    pub(super) created: Timestamp,
}

/// A host's name, compared without regard to case.
pub(super) fn same_name(a: &PersonName, b: &PersonName) -> bool {
    a.as_str().to_lowercase() == b.as_str().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        AuditAction, AuditEntry, Correction, EventId, HostId, Mark, MarkKind, MarkSource, Person, PersonId,
    };
    use proptest::prelude::*;

    /// The bytes of format version 1. If this fails, stores in the field no longer open: bring in a version 2 and
    /// read both, do not change the bytes here.
    #[test]
    fn version_1_still_has_its_bytes() {
        let at: Timestamp = "2026-11-25T08:00:00Z".parse().unwrap();
        let mark = Mark {
            id: EventId(3),
            person: PersonId::from_bytes([1; 16]),
            kind: MarkKind::CheckOut,
            at,
            zone: "Europe/Athens".to_owned(),
            mono_ms: 300,
            clock_jumped: true,
            source: MarkSource::Host,
            actor: Actor::Host(HostId::from_bytes([2; 16])),
            correction: Some(Correction {
                replaces: Some(EventId(2)),
                stands: true,
                reason: "late".to_owned(),
            }),
        };
        let person = Person {
            id: PersonId::from_bytes([1; 16]),
            name: PersonName::new("Ada").unwrap(),
            badge: Some("17".to_owned()),
            active: true,
            created: at,
            consent: None,
        };
        let entry = AuditEntry {
            number: 9,
            at,
            actor: Actor::Kiosk,
            action: AuditAction::ClockJumped(-3600),
            hash: [5; 32],
        };
        let bytes = [
            postcard::to_allocvec(&mark).unwrap(),
            postcard::to_allocvec(&person).unwrap(),
            postcard::to_allocvec(&entry).unwrap(),
        ]
        .concat();
        let hex: String = bytes.iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
        assert_eq!(hex, include_str!("version_1.hex").trim());
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
        prop::collection::vec((0_u8..9, bytes(40), prop::option::of(bytes(300))), 0..6).prop_map(|writes| {
            writes
                .into_iter()
                .map(|(tag, key, value)| Write { tree: Tree::from_tag(tag).unwrap(), key, value })
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn changes_round_trip(change in any_change()) {
            prop_assert_eq!(decode_change(&encode_change(&change).unwrap()).unwrap(), change);
        }

        #[test]
        fn noise_is_no_change_or_a_change_but_never_a_panic(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_change(&noise);
        }
    }

    #[test]
    fn a_value_over_the_limit_is_refused() {
        let write = Write { tree: Tree::Meta, key: vec![], value: Some(vec![0; MAX_VALUE_LEN + 1]) };
        assert!(matches!(encode_change(&[write]), Err(VaultError::TooLong(_))));
    }
}
