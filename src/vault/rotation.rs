//! A new master key, while the kiosk goes on: records are sealed anew a few at a time.
//!
//! Job: take every record from the old generation to the new one, and the old key out of the blob at the end. It must not
//! know who asked for it.
//!
//! # Order
//!
//! 1. The next master key is drawn and written to the key blob beside the one in use. From now on it seals every new
//!    record; a seal names its generation, so both kinds open.
//! 2. Record by record, in ordinary changes, the rest follows. A person's own key is drawn anew, and their templates are
//!    sealed with it in the same change: whoever knew the old master key may know the old personal keys.
//! 3. Checkpoint, journal and working copy are written anew, sealed with the new generation, a little at a time as well
//!    (`renewal`). Then the blob is written without the old key.
//!
//! A stop anywhere in between is harmless: the blob holds what is needed, and the next step goes on from the first
//! record that is still of the old generation. The pepper and the key of the audit chain stay as they are: PINs and
//! exported heads stay good.

use super::{
    Urgency, Vault, VaultError,
    codec::{Change, Tree, Write},
    people::{open_template, seal_template_as},
};
use crate::{
    crypto::{KEY_ID_PERSON, SealKey, Secret, key_id},
    domain::{Actor, AuditAction, Moment, PersonId},
};

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationProgress {
    /// Records looked at in this run, and written into the new files: each counts twice.
    pub done: u64,
    /// Twice the records in all.
    pub total: u64,
    /// The old key is gone.
    pub finished: bool,
}

/// Where a rotation is: everything before is of the new generation.
pub(super) struct Place {
    tree: usize,
    after: Vec<u8>,
    done: u64,
    total: u64,
}

impl Vault {
    /// Whether the master key is being changed: [`Vault::rotate_step`] goes on.
    #[must_use]
    pub fn is_rotating(&self) -> bool {
        self.keys.is_rotating()
    }

    /// Begins to change the master key. The audit log says so first: no rotation runs that is not on record.
    pub fn begin_rotation(&mut self, actor: Actor, now: Moment) -> Result<(), VaultError> {
        if self.keys.is_rotating() {
            return Ok(());
        }
        self.audit(actor, AuditAction::KeyRotationBegun, now)?;
        self.keys.begin_rotation()?;
        if let Err(error) = self.write_blob() {
            // Renamed or not: the key in the blob, if it is there, has sealed nothing and is drawn anew next time.
            self.keys.abandon_rotation();
            return Err(error);
        }
        self.seals = super::codec::Seals::new(&self.keys)?;
        Ok(())
    }

    /// Seals up to `limit` records anew, or writes that many into the new files. At the end the old key is forgotten.
    pub fn rotate_step(&mut self, limit: usize, now: Moment) -> Result<RotationProgress, VaultError> {
        let mut place = match self.rotation.take() {
            Some(place) => place,
            None => Place { tree: 0, after: Vec::new(), done: 0, total: 2 * self.engine.count()? },
        };
        let mut room = limit;
        while room > 0 && place.tree < Tree::ALL.len() {
            room -= self.rotate_some(&mut place, room, now)?.min(room);
        }
        let mut finished = false;
        if room > 0 {
            match self.engine.renew_step(&self.keys, room)? {
                Some(copied) => place.done += copied as u64,
                None => finished = true,
            }
        }
        // What was recorded meanwhile was not counted.
        let (done, total) = (place.done.min(place.total), place.total);
        let progress = RotationProgress { done, total, finished };
        if finished {
            self.finish_rotation(now)?;
        } else {
            self.rotation = Some(place);
        }
        Ok(progress)
    }

    /// One change: some records of the tree at `place`. Returns how many were looked at; moves to the next tree when
    /// there are no more.
    fn rotate_some(&mut self, place: &mut Place, limit: usize, now: Moment) -> Result<usize, VaultError> {
        let Some(tree) = Tree::ALL.get(place.tree).copied() else { return Ok(0) };
        let newest = self.keys.newest();
        let mut draft = self.draft(now)?;
        let (mut seen, mut last) = (0, None);
        let mut sealed_anew: Change = Vec::new();
        self.engine.for_each_from(tree, &place.after, |key, sealed| {
            if key == place.after && seen == 0 && !place.after.is_empty() {
                return Ok(true); // the one that the step before ended with
            }
            if key_id(sealed) != Some(newest) {
                self.seal_anew(tree, key, sealed, &mut sealed_anew)?;
            }
            seen += 1;
            last = Some(key.to_vec());
            Ok(seen < limit)
        })?;
        draft.writes.append(&mut sealed_anew);
        if !draft.writes.is_empty() {
            self.commit(draft, Urgency::Normal)?;
        }
        place.done += seen as u64;
        match last {
            Some(last) if seen >= limit => place.after = last,
            _ => (place.tree, place.after) = (place.tree + 1, Vec::new()),
        }
        Ok(seen.max(1))
    }

    fn seal_anew(&self, tree: Tree, key: &[u8], sealed: &[u8], out: &mut Change) -> Result<(), VaultError> {
        match tree {
            Tree::Templates => Ok(()), // follow their person's key
            Tree::PersonKeys => {
                let old = self.open_person_key(key, sealed)?;
                let secret = Secret::random()?;
                let new = SealKey::new(&secret, KEY_ID_PERSON);
                out.push(self.seals.put_bytes(Tree::PersonKeys, key, secret.expose())?);
                let person = key.try_into().map(PersonId::from_bytes);
                let Ok(person) = person else { return Ok(()) };
                self.engine.for_each_from(Tree::Templates, key, |key, sealed| {
                    if !key.starts_with(person.as_bytes()) {
                        return Ok(false);
                    }
                    let template = open_template(&old, key, sealed)?;
                    out.push(seal_template_as(&new, &template)?);
                    Ok(true)
                })
            }
            _ => {
                let plain = self.seals.get_bytes(tree, key, sealed)?;
                let Write { key, value, .. } = self.seals.put_bytes(tree, key, &plain)?;
                out.push(Write { tree, key, value });
                Ok(())
            }
        }
    }

    /// The old key goes, and the audit log says so first: a fault between the two repeats the entry, and none is missing.
    fn finish_rotation(&mut self, now: Moment) -> Result<(), VaultError> {
        self.audit(Actor::Kiosk, AuditAction::KeyRotated, now)?;
        let before = self.keys.finish_rotation();
        if let Err(error) = self.write_blob() {
            // Renamed or not: both keys stay in use, and the last step is taken again.
            self.keys.resume_rotation(before);
            return Err(error);
        }
        self.seals = super::codec::Seals::new(&self.keys)?;
        Ok(())
    }
}
