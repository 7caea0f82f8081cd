//! Every file of the store sealed with another generation, a few records at a time, while records come and go.
//!
//! Job: a new checkpoint and a new working copy from the old working copy, page by page. It must not know why a
//! generation changes, or what follows.
//!
//! # How
//!
//! 1. The journal seals with the new generation from now on, in a new segment; the number of the newest entry is noted.
//! 2. Page by page, in key order, records go from the working copy into an image beside the checkpoint and into a second
//!    working copy. What is changed before the place that was reached is changed in the second copy too.
//! 3. The image takes the checkpoint's place, under the number that was noted; the second working copy takes the first
//!    one's; journal segments from before that number go.
//!
//! The image holds records as they were at different moments, all after the number that it stands under. Replaying the
//! journal from there over it gives the present state: an entry says what is put and what is taken away, not by how much.
//!
//! A stop anywhere before 3 leaves the old files, which are good; what was begun is removed at the next start. Whatever
//! is erased meanwhile may stand in the image already, so an erasure ends the attempt; so does an ordinary checkpoint,
//! which removes the journal that the image needs.

use super::{
    VaultError,
    checkpoint::{Checkpoint, Image},
    codec::{Change, Tree, Write},
    digest::Digest,
    working::{Pair, Working, WorkingError},
};
use crate::crypto::{MacKey, SealRing};
use std::{ops::Bound, path::PathBuf, sync::Arc};

/// The name of the image while it is not the checkpoint.
pub(super) const IMAGE: &str = "checkpoint.new";

/// An attempt under way.
pub(super) struct Renewal {
    pub(super) checkpoint: Arc<Checkpoint>,
    pub(super) marker: SealRing,
    pub(super) mac: MacKey,
    pub(super) working: Working,
    pub(super) dir: PathBuf,
    /// The journal segment with the entries after the image's number.
    pub(super) keep_from: u64,
    image: Option<Image>,
    /// Up to here everything is copied: whole trees, and keys of the next one.
    trees: usize,
    upto: Option<Vec<u8>>,
    /// What the second working copy holds, under the old key and under the new one.
    held: Digest,
    pub(super) present: Digest,
    /// What the image holds, under the new key.
    imaged: Digest,
}

impl Renewal {
    /// Begins, with nothing copied yet.
    pub(super) fn new(
        checkpoint: Arc<Checkpoint>,
        seq: u64,
        (marker, mac): (SealRing, MacKey),
        (working, dir): (Working, PathBuf),
        keep_from: u64,
    ) -> Result<Self, VaultError> {
        let image = Some(checkpoint.begin_as(IMAGE, seq)?);
        let (held, present, imaged) = (Digest::default(), Digest::default(), Digest::default());
        let (trees, upto) = (0, None);
        Ok(Self {
            checkpoint,
            marker,
            mac,
            working,
            dir,
            keep_from,
            image,
            trees,
            upto,
            held,
            present,
            imaged,
        })
    }

    /// Copies up to `limit` records out of `from`, whose digest is made with `mac`. How many, and whether that is all: not
    /// only that there was nothing left to copy, or it would never end while something is recorded between the steps.
    pub(super) fn copy(
        &mut self,
        from: &Working,
        mac: &MacKey,
        limit: usize,
    ) -> Result<(usize, bool), VaultError> {
        let mut copied = 0;
        while let Some(tree) = Tree::ALL.get(self.trees).copied() {
            let room = limit - copied;
            if room == 0 {
                return Ok((copied, false));
            }
            let start = self.upto.clone().map_or(Bound::Unbounded, Bound::Excluded);
            let page: Vec<Pair> = from.page(tree, (start, Bound::Unbounded), room)?;
            copied += page.len();
            let whole = page.len() < room;
            self.upto = page.last().map(|(last, _)| last.clone()).or(self.upto.take());
            self.take(tree, page, mac)?;
            if whole {
                (self.trees, self.upto) = (self.trees + 1, None);
            }
        }
        Ok((copied, true))
    }

    fn take(&mut self, tree: Tree, page: Vec<Pair>, mac: &MacKey) -> Result<(), VaultError> {
        let change: Change =
            page.into_iter().map(|(key, value)| Write { tree, key, value: Some(value) }).collect();
        self.working.apply(&change)?;
        for write in change {
            let value = write.value.as_deref().unwrap_or_default();
            self.held.add(mac, tree, &write.key, value);
            for digest in [&mut self.present, &mut self.imaged] {
                digest.add(&self.mac, tree, &write.key, value);
            }
            if let Some(image) = &mut self.image {
                image.add(write)?;
            }
        }
        Ok(())
    }

    /// A record changes from `old` in the first working copy: so it does in the second, if it was copied.
    pub(super) fn follow(
        &mut self,
        mac: &MacKey,
        write: &Write,
        old: Option<&[u8]>,
    ) -> Result<(), WorkingError> {
        let tree = Tree::ALL.iter().position(|tree| *tree == write.tree).unwrap_or(usize::MAX);
        let copied = tree < self.trees
            || (tree == self.trees && self.upto.as_ref().is_some_and(|upto| write.key <= *upto));
        if !copied {
            return Ok(());
        }
        for (digest, mac) in [(&mut self.held, mac), (&mut self.present, &self.mac)] {
            if let Some(old) = old {
                digest.remove(mac, write.tree, &write.key, old);
            }
            if let Some(new) = &write.value {
                digest.add(mac, write.tree, &write.key, new);
            }
        }
        self.working.apply(std::slice::from_ref(write))
    }

    /// Whether the second working copy holds what the first one should.
    pub(super) fn holds(&self, digest: Digest) -> bool {
        self.held == digest
    }

    /// Lets the image take the checkpoint's place.
    pub(super) fn place(&mut self) -> Result<(), VaultError> {
        self.image.take().map_or(Ok(()), |image| image.finish(&self.imaged))
    }

    /// Forgets the attempt. Its files are of no use; what cannot be removed goes at the next start.
    pub(super) fn abandon(self) {
        if let Some(image) = self.image {
            image.abandon();
        }
        drop(self.working);
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
