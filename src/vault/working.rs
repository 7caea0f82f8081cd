//! The working copy: sled, which every read goes to. It can be thrown away at any time and is rebuilt from checkpoint
//! and journal; the only place that names sled.
//!
//! Job: turn every error and every panic of sled into a [`WorkingError`]. It must not know what a record means, and
//! nobody may rely on it for durability: sled 0.34 loses acknowledged records at a power cut.

use super::{
    VaultError,
    codec::{Tree, Write},
};
use std::{
    io,
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::Duration,
};

/// sled failed. The copy must not be used any more.
#[derive(Debug)]
pub(super) struct WorkingError {
    disk_full: bool,
    text: String,
}

impl From<WorkingError> for VaultError {
    fn from(e: WorkingError) -> Self {
        if e.disk_full { Self::DiskFull } else { Self::Working(e.text) }
    }
}

impl std::fmt::Display for WorkingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// A record's key and value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// An open sled database.
pub(super) struct Working {
    db: Option<sled::Db>,
    trees: Vec<sled::Tree>,
}

impl Working {
    /// Opens or makes the copy in `dir`. One that was closed this moment may still be locked: a child process that was being
    /// started has its files until it becomes another program.
    pub(super) fn open(dir: &Path) -> Result<Self, WorkingError> {
        const TRIES: usize = 50;
        const PAUSE: Duration = Duration::from_millis(20);
        guard(|| {
            // No flusher thread: nothing here needs to be durable, and a panic there could not be caught.
            let config = sled::Config::new().path(dir).flush_every_ms(None).cache_capacity(32 << 20);
            let mut opened = config.open();
            for _ in 1..TRIES {
                if !opened.as_ref().is_err_and(is_locked) {
                    break;
                }
                thread::sleep(PAUSE);
                opened = config.open();
            }
            let db = opened?;
            let trees = Tree::ALL.iter().map(|tree| db.open_tree(tree.name())).collect::<Result<_, _>>()?;
            Ok(Self { db: Some(db), trees })
        })
    }

    pub(super) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, WorkingError> {
        let tree = self.tree(tree)?;
        guard(|| Ok(tree.get(key)?.map(|value| value.to_vec())))
    }

    /// Up to `limit` records in key order.
    pub(super) fn page(
        &self,
        tree: Tree,
        range: (Bound<Vec<u8>>, Bound<Vec<u8>>),
        limit: usize,
    ) -> Result<Vec<Pair>, WorkingError> {
        let tree = self.tree(tree)?;
        guard(|| {
            tree.range::<Vec<u8>, _>(range)
                .take(limit)
                .map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec())))
                .collect()
        })
    }

    pub(super) fn last_key(&self, tree: Tree) -> Result<Option<Vec<u8>>, WorkingError> {
        let tree = self.tree(tree)?;
        guard(|| Ok(tree.last()?.map(|(key, _)| key.to_vec())))
    }

    /// Applies a change. Not atomic: a stop in between is followed by a rebuild.
    pub(super) fn apply(&self, change: &[Write]) -> Result<(), WorkingError> {
        for write in change {
            let tree = self.tree(write.tree)?;
            guard(|| match &write.value {
                Some(value) => tree.insert(&write.key, value.as_slice()).map(|_| ()),
                None => tree.remove(&write.key).map(|_| ()),
            })?;
        }
        Ok(())
    }

    /// Hands everything to the system and closes.
    pub(super) fn close(mut self) -> Result<(), WorkingError> {
        let Some(db) = self.db.take() else { return Ok(()) };
        let trees = std::mem::take(&mut self.trees);
        guard(|| {
            db.flush()?;
            drop(trees);
            drop(db);
            Ok(())
        })
    }

    fn tree(&self, tree: Tree) -> Result<&sled::Tree, WorkingError> {
        let missing = || WorkingError { disk_full: false, text: "closed".to_owned() };
        self.trees.get(tree as usize).ok_or_else(missing)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let (db, trees) = (self.db.take(), std::mem::take(&mut self.trees));
        let _ = guard(|| {
            drop(trees);
            drop(db);
            Ok(())
        });
    }
}

/// Whether somebody else has the files open, which sled says in words only.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(e) if e.to_string().starts_with("could not acquire lock"))
}

/// Runs a call into sled; a panic in it is an error like another.
fn guard<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, WorkingError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(e)) => Err(WorkingError {
            disk_full: matches!(&e, sled::Error::Io(e) if e.kind() == io::ErrorKind::StorageFull),
            text: e.to_string(),
        }),
        Err(_) => Err(WorkingError { disk_full: false, text: "a panic inside sled".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_locked_for_a_moment_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let before = Working::open(folder.path()).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(150));
                drop(before);
            });
            Working::open(folder.path()).unwrap();
        });
    }

    #[test]
    fn a_copy_that_stays_locked_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let _before = Working::open(folder.path()).unwrap();
        let error = Working::open(folder.path()).err().unwrap();
        assert!(error.to_string().contains("lock"), "{error}");
    }
}
