//! The audit chain: who did what, numbered, each entry's keyed hash over the one before.
//!
//! `hash(n) = HMAC-SHA-256(key, hash(n - 1) ‖ n as 8 bytes big-endian ‖ postcard(at, actor, action))`, with 32 zero bytes
//! for `hash(0)`. Without the key no entry can be made or changed; with it (somebody who holds the device key) a chain
//! can be written anew, and only a head exported earlier shows it.

use super::{Draft, Urgency, Vault, VaultError, codec::Tree};
use crate::{
    crypto::MacKey,
    domain::{Actor, AuditAction, AuditEntry, AuditHead, EarlierHead, Moment},
};
use jiff::Timestamp;
use std::ops::RangeInclusive;

/// What [`Vault::verify_audit`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditReport {
    /// Entries that are good, counted from the first.
    pub good: u64,
    /// The newest entry of the log.
    pub head: AuditHead,
    /// The first that is not good.
    pub fault: Option<AuditFault>,
}

/// The first bad entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// Not there: removed, or another was put in its place.
    #[error("audit entry {0} is missing")]
    Missing(u64),
    /// It does not open.
    #[error("audit entry {0} cannot be read: it was changed or moved")]
    Unreadable(u64),
    /// It opens, but its hash does not follow from the one before.
    #[error("audit entry {0} was changed, or one before it was")]
    Changed(u64),
    /// The log ends before the entry that it should reach.
    #[error("the audit log was cut off: it has no entry {0}")]
    Cut(u64),
    /// The entry is not the one of the head that was exported.
    #[error(
        "audit entry {0} is not the one of this head: if the head is copied rightly, the log was written anew"
    )]
    Replaced(u64),
}

impl Vault {
    /// Records an action on its own.
    pub fn audit(&mut self, actor: Actor, action: AuditAction, now: Moment) -> Result<AuditHead, VaultError> {
        let mut draft = self.draft(now)?;
        self.log(&mut draft, actor, action, now)?;
        self.commit(draft, Urgency::Normal)?;
        Ok(self.head)
    }

    /// The newest entry. Export it: later it shows whether the log was cut or written anew.
    #[must_use]
    pub fn audit_head(&self) -> AuditHead {
        self.head
    }

    /// Entries by number, oldest first; numbers that do not exist are left out.
    pub fn audit_entries(&self, numbers: RangeInclusive<u64>) -> Result<Vec<AuditEntry>, VaultError> {
        let (from, to) = (*numbers.start(), *numbers.end());
        let mut entries = Vec::new();
        self.engine.for_each_from(Tree::Audit, &from.to_be_bytes(), |key, sealed| {
            let entry: AuditEntry = self.seals.get(Tree::Audit, key, sealed)?;
            let wanted = entry.number <= to;
            if wanted {
                entries.push(entry);
            }
            Ok(wanted)
        })?;
        Ok(entries)
    }

    /// Checks every entry, and the log against a head exported earlier. `progress` is called with entries done and
    /// entries in all.
    pub fn verify_audit(
        &self,
        against: Option<EarlierHead>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<AuditReport, VaultError> {
        let mut walk = AuditWalk::new(against);
        loop {
            let report = self.walk_audit(&mut walk, 1024)?;
            progress(walk.done(), self.head.number);
            if let Some(report) = report {
                return Ok(report);
            }
        }
    }

    /// Checks the next `entries` entries; the report comes when all are done, or at the first fault. Entries that
    /// are added meanwhile are checked too.
    pub fn walk_audit(&self, walk: &mut AuditWalk, entries: u64) -> Result<Option<AuditReport>, VaultError> {
        let stop_after = walk.last.number.saturating_add(entries);
        let mut at_end = true;
        // From the very beginning at first: nothing may stand before entry 1.
        let next = (walk.last.number + 1).to_be_bytes();
        let from: &[u8] = if walk.last.number == 0 { &[] } else { &next };
        self.engine.for_each_from(Tree::Audit, from, |key, sealed| {
            let going_on = walk.next(&self.chain, key, self.seals.get(Tree::Audit, key, sealed).ok());
            at_end = !(going_on && walk.last.number >= stop_after);
            Ok(going_on && at_end)
        })?;
        if !at_end {
            return Ok(None);
        }
        let (good, fault) = walk.finish(self.head);
        Ok(Some(AuditReport { good, head: self.head, fault }))
    }

    /// Adds an entry to a draft.
    pub(super) fn log(
        &self,
        draft: &mut Draft,
        actor: Actor,
        action: AuditAction,
        now: Moment,
    ) -> Result<(), VaultError> {
        let entry = self.chain.entry(draft.head, now.utc, actor, action)?;
        draft.writes.push(self.seals.put(Tree::Audit, &entry.number.to_be_bytes(), &entry)?);
        draft.head = AuditHead { number: entry.number, hash: entry.hash };
        Ok(())
    }

    /// The newest entry on record, at start.
    pub(super) fn newest_entry(&self) -> Result<Option<AuditEntry>, VaultError> {
        let Some(key) = self.engine.last_key(Tree::Audit)? else { return Ok(None) };
        match self.engine.get(Tree::Audit, &key)? {
            Some(sealed) => Ok(Some(self.seals.get(Tree::Audit, &key, &sealed)?)),
            None => Ok(None),
        }
    }
}

/// The head of an empty log.
pub(super) const EMPTY: AuditHead = AuditHead { number: 0, hash: [0; 32] };

/// Makes entries.
pub(super) struct Chain(MacKey);

impl Chain {
    pub(super) fn new(mac: MacKey) -> Self {
        Self(mac)
    }

    pub(super) fn entry(
        &self,
        before: AuditHead,
        at: Timestamp,
        actor: Actor,
        action: AuditAction,
    ) -> Result<AuditEntry, VaultError> {
        let mut entry = AuditEntry { number: before.number + 1, at, actor, action, hash: [0; 32] };
        entry.hash = self.hash(before, &entry)?;
        Ok(entry)
    }

    fn hash(&self, before: AuditHead, entry: &AuditEntry) -> Result<[u8; 32], VaultError> {
        let content = postcard::to_allocvec(&(entry.at, entry.actor, &entry.action))
            .map_err(|_| VaultError::TooLong(usize::MAX))?;
        Ok(self.0.tag(&[&before.hash, &entry.number.to_be_bytes(), &content]))
    }
}

/// A check of the log on its way from the first entry to the newest; it stops at the first bad one.
pub struct AuditWalk {
    against: Option<EarlierHead>,
    last: AuditHead,
    fault: Option<AuditFault>,
}

impl AuditWalk {
    /// At the first entry; `against` is a head exported earlier.
    #[must_use]
    pub fn new(against: Option<EarlierHead>) -> Self {
        Self { against, last: EMPTY, fault: None }
    }

    /// Entries that were found good so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.last.number
    }

    /// The next entry as it stands under `key`; false when it is bad.
    pub(super) fn next(&mut self, chain: &Chain, key: &[u8], entry: Option<AuditEntry>) -> bool {
        self.fault = self.judge(chain, key, entry).err();
        self.fault.is_none()
    }

    fn judge(&mut self, chain: &Chain, key: &[u8], entry: Option<AuditEntry>) -> Result<(), AuditFault> {
        let number = self.last.number + 1;
        if key != number.to_be_bytes() {
            return Err(AuditFault::Missing(number));
        }
        let entry = entry.ok_or(AuditFault::Unreadable(number))?;
        if entry.number != number || chain.hash(self.last, &entry).ok() != Some(entry.hash) {
            return Err(AuditFault::Changed(number));
        }
        self.last = AuditHead { number, hash: entry.hash };
        match &self.against {
            Some(head) if head.number() == number && !head.is(&entry.hash) => {
                Err(AuditFault::Replaced(number))
            }
            _ => Ok(()),
        }
    }

    /// Entries that are good, and the first fault, once all have been seen.
    pub(super) fn finish(&self, head: AuditHead) -> (u64, Option<AuditFault>) {
        let goal = self.against.as_ref().map_or(head.number, |against| head.number.max(against.number()));
        let cut = (self.last.number < goal).then_some(AuditFault::Cut(self.last.number + 1));
        let good = match self.fault {
            Some(AuditFault::Replaced(number)) => number - 1,
            _ => self.last.number,
        };
        (good, self.fault.or(cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Secret;
    use crate::domain::PersonId;
    use proptest::prelude::*;

    fn chain() -> Chain {
        Chain::new(MacKey::new(Secret::from_slice(&[5; 32]).unwrap()))
    }

    fn entries(count: u64) -> Vec<AuditEntry> {
        let mut head = EMPTY;
        (0..count)
            .map(|n| {
                let at = Timestamp::from_second(n as i64).unwrap();
                let action = AuditAction::PersonAdded(PersonId::from_bytes([n as u8; 16]));
                let entry = chain().entry(head, at, Actor::Kiosk, action).unwrap();
                head = AuditHead { number: entry.number, hash: entry.hash };
                entry
            })
            .collect()
    }

    fn head_of(entries: &[AuditEntry]) -> AuditHead {
        entries.last().map_or(EMPTY, |e| AuditHead { number: e.number, hash: e.hash })
    }

    /// Checks entries stored under keys 1, 2, 3… as they come, against the head of the original.
    fn fault(stored: &[AuditEntry], original: &[AuditEntry]) -> Option<AuditFault> {
        let chain = chain();
        let against = Some(head_of(original).into());
        let mut check = AuditWalk::new(against);
        for (i, entry) in stored.iter().enumerate() {
            if !check.next(&chain, &(i as u64 + 1).to_be_bytes(), Some(entry.clone())) {
                break;
            }
        }
        check.finish(head_of(stored)).1
    }

    #[test]
    fn changed_reordered_cut_and_rewritten_logs_are_noticed() {
        let good = entries(6);
        assert_eq!(fault(&good, &good), None);
        assert_eq!(fault(&good, &good[..4]), None, "an older head is good too");
        assert_eq!(fault(&good[..4], &good), Some(AuditFault::Cut(5)));
        let mut reordered = good.clone();
        reordered.swap(2, 3);
        assert_eq!(fault(&reordered, &good), Some(AuditFault::Changed(3)));
        let mut changed = good.clone();
        changed[1].action = AuditAction::PersonErased;
        assert_eq!(fault(&changed, &good), Some(AuditFault::Changed(2)));
        let mut removed = good.clone();
        removed.remove(2);
        assert_eq!(fault(&removed, &good), Some(AuditFault::Changed(3)));
        // Somebody with the key writes the log anew: only the exported head tells.
        let mut head = EMPTY;
        let rewritten: Vec<_> = good
            .iter()
            .map(|e| {
                let entry = chain().entry(head, e.at, Actor::Kiosk, AuditAction::Started).unwrap();
                head = AuditHead { number: entry.number, hash: entry.hash };
                entry
            })
            .collect();
        assert_eq!(fault(&rewritten, &good), Some(AuditFault::Replaced(6)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_changed_field_is_noticed(at in 0_usize..8, field in 0..4, by in 1_u8..) {
            let good = entries(8);
            let mut bad = good.clone();
            let entry = &mut bad[at];
            match field {
                0 => entry.at = Timestamp::from_second(1_000 + i64::from(by)).unwrap(),
                1 => entry.actor = Actor::Person(PersonId::from_bytes([by; 16])),
                2 => entry.action = AuditAction::Exported(u32::from(by)),
                _ => entry.hash[at] ^= by,
            }
            prop_assert_eq!(fault(&bad, &good), Some(AuditFault::Changed(at as u64 + 1)));
        }
    }
}
