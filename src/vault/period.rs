//! Locked attendance: up to and including which day nothing is added or corrected, and the rules that were in force.
//!
//! Job: keep locks, in order, with their audit entries. It must not know which day a mark belongs to: that follows from
//! the rules, which are a text here.

use super::{
    Urgency, Vault, VaultError,
    codec::{LockRecord, Tree, Write},
};
use crate::domain::{Actor, AuditAction, Moment};
use jiff::{Timestamp, civil::Date};

/// Keys in the tree `meta` begin so.
const PREFIX: &str = "lock-";
/// Bytes of a part of the rules: a record has room for [`super::MAX_VALUE_LEN`].
const PART: usize = 5_000;

/// A stretch of locked days: after the lock before, up to and including a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodLock {
    /// The last day of it.
    pub until: Date,
    /// Who locked it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The rules that the days are counted by, as the caller writes them.
    pub rules: String,
}

impl Vault {
    /// All locks, the oldest days first; days after the last one are open.
    #[must_use]
    pub fn period_locks(&self) -> &[PeriodLock] {
        &self.locks
    }

    /// Locks the days after the last lock up to and including `until`, and keeps the rules that they are counted by.
    pub fn lock_period(
        &mut self,
        actor: Actor,
        until: Date,
        rules: &str,
        now: Moment,
    ) -> Result<(), VaultError> {
        if let Some(last) = self.locks.last().filter(|last| until <= last.until) {
            return Err(VaultError::LockedAlready(last.until));
        }
        let lock = PeriodLock { until, by: actor, at: now.utc, rules: rules.to_owned() };
        let mut draft = self.draft(now)?;
        draft.writes.extend(self.lock_writes(&lock)?);
        self.log(&mut draft, actor, AuditAction::PeriodLocked(until), now)?;
        self.commit(draft, Urgency::Normal)?;
        self.locks.push(lock);
        Ok(())
    }

    /// Opens the days after `until`, or all days. What stays locked keeps its rules.
    pub fn unlock_period(
        &mut self,
        actor: Actor,
        until: Option<Date>,
        reason: &str,
        now: Moment,
    ) -> Result<(), VaultError> {
        let Some(last) = self.locks.last().map(|lock| lock.until) else {
            return Err(VaultError::NotLocked(None));
        };
        if until.is_some_and(|until| until >= last) {
            return Err(VaultError::NotLocked(Some(last)));
        }
        let mut draft = self.draft(now)?;
        let mut kept: Vec<PeriodLock> = Vec::new();
        for lock in &self.locks {
            if until.is_some_and(|until| lock.until <= until) {
                kept.push(lock.clone());
                continue;
            }
            draft.writes.extend(lock_keys(lock).map(|key| Write { tree: Tree::Meta, key, value: None }));
            // The stretch that the day lies in ends there from now on.
            let before = kept.last().map(|lock| lock.until);
            if let Some(until) = until.filter(|until| before.is_none_or(|before| before < *until)) {
                let shorter = PeriodLock { until, ..lock.clone() };
                draft.writes.extend(self.lock_writes(&shorter)?);
                kept.push(shorter);
            }
        }
        let reason = reason.trim().to_owned();
        self.log(&mut draft, actor, AuditAction::PeriodUnlocked { until, reason }, now)?;
        self.commit(draft, Urgency::Normal)?;
        self.locks = kept;
        Ok(())
    }

    /// Writes the kept rules anew, one text for each lock: so that nothing of an erased person stays in them. No lock
    /// changes, so there is no audit entry of its own.
    pub fn rewrite_lock_rules(&mut self, rules: Vec<String>, now: Moment) -> Result<(), VaultError> {
        let mut draft = self.draft(now)?;
        let mut locks = self.locks.clone();
        for (lock, rules) in locks.iter_mut().zip(rules) {
            if lock.rules == rules {
                continue;
            }
            let old: Vec<Vec<u8>> = lock_keys(lock).collect();
            lock.rules = rules;
            let new: Vec<Vec<u8>> = lock_keys(lock).collect();
            draft.writes.extend(self.lock_writes(lock)?);
            let gone = old.into_iter().filter(|key| !new.contains(key));
            draft.writes.extend(gone.map(|key| Write { tree: Tree::Meta, key, value: None }));
        }
        if draft.writes.is_empty() {
            return Ok(());
        }
        self.commit(draft, Urgency::MustSucceed)?; // erasing works on a full disk
        self.locks = locks;
        Ok(())
    }

    fn lock_writes(&self, lock: &PeriodLock) -> Result<Vec<Write>, VaultError> {
        let parts = parts(&lock.rules);
        let record = LockRecord {
            until: lock.until,
            by: lock.by,
            at: lock.at,
            parts: u16::try_from(parts.len()).map_err(|_| VaultError::TooLong(lock.rules.len()))?,
        };
        let mut writes = vec![self.seals.put(Tree::Meta, head_key(lock.until).as_bytes(), &record)?];
        for (number, part) in parts.iter().enumerate() {
            writes.push(self.seals.put(Tree::Meta, part_key(lock.until, number).as_bytes(), part)?);
        }
        Ok(writes)
    }

    /// Reads the locks, at start.
    pub(super) fn load_locks(&self) -> Result<Vec<PeriodLock>, VaultError> {
        let mut records: Vec<LockRecord> = Vec::new();
        let length = head_key(Date::ZERO).len();
        self.engine.for_each(Tree::Meta, |key, sealed| {
            if key.starts_with(PREFIX.as_bytes()) && key.len() == length {
                records.push(self.seals.get(Tree::Meta, key, sealed)?);
            }
            Ok(())
        })?;
        records.sort_by_key(|record| record.until);
        let whole = |record: LockRecord| {
            let mut rules = String::new();
            for number in 0..usize::from(record.parts) {
                let key = part_key(record.until, number);
                let sealed = self.engine.get(Tree::Meta, key.as_bytes())?;
                let sealed = sealed.ok_or(super::Damage::Missing { from: 1, to: 1 })?;
                rules.push_str(&self.seals.get::<String>(Tree::Meta, key.as_bytes(), &sealed)?);
            }
            Ok(PeriodLock { until: record.until, by: record.by, at: record.at, rules })
        };
        records.into_iter().map(whole).collect()
    }
}

/// As every day of four-digit years is written.
fn head_key(until: Date) -> String {
    format!("{PREFIX}{until}")
}

fn part_key(until: Date, number: usize) -> String {
    format!("{PREFIX}{until}-{number:04}")
}

fn lock_keys(lock: &PeriodLock) -> impl Iterator<Item = Vec<u8>> {
    let count = parts(&lock.rules).len();
    let until = lock.until;
    let parts = (0..count).map(move |number| part_key(until, number).into_bytes());
    std::iter::once(head_key(until).into_bytes()).chain(parts)
}

/// Cut where a letter ends.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.floor_char_boundary(PART);
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts
}
