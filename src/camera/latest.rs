//! A mailbox with one slot.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Holds the newest value only. A value that is replaced before [`Latest::wait_newer`] took it counts as dropped;
/// the writer never waits.
pub struct Latest<T> {
    slot: Mutex<Slot<T>>,
    changed: Condvar,
}

struct Slot<T> {
    value: Option<T>,
    number: u64,
    taken: bool,
    dropped: u64,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(Slot { value: None, number: 0, taken: true, dropped: 0 }),
            changed: Condvar::new(),
        }
    }
}

impl<T: Clone> Latest<T> {
    /// Replaces the value. `make` gets its number: 1 for the first, then counting up.
    pub fn publish(&self, make: impl FnOnce(u64) -> T) {
        let mut slot = self.lock();
        slot.dropped += u64::from(!slot.taken);
        slot.number += 1;
        slot.taken = false;
        let new = make(slot.number);
        let old = slot.value.replace(new);
        drop(slot);
        drop(old); // may be large; nobody should wait for it
        self.changed.notify_all();
    }

    /// The newest value with its number, without taking it: for a preview, which must not hide a drop.
    pub fn newest(&self) -> Option<(u64, T)> {
        let slot = self.lock();
        Some((slot.number, slot.value.clone()?))
    }

    /// Waits until there is a value with a number over `after` (0 for any) and takes it; `None` after `timeout`.
    pub fn wait_newer(&self, after: u64, timeout: Duration) -> Option<(u64, T)> {
        let (mut slot, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, |slot| slot.value.is_none() || slot.number <= after)
            .unwrap_or_else(PoisonError::into_inner);
        if slot.number <= after {
            return None;
        }
        let value = slot.value.clone()?;
        slot.taken = true;
        Some((slot.number, value))
    }

    /// How many values were replaced before anybody took them.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Empties the slot, so that nobody takes a stale value for a live one. Not counted as a drop.
    pub fn clear(&self) {
        let mut slot = self.lock();
        slot.taken = true;
        let old = slot.value.take();
        drop(slot);
        drop(old);
    }

    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    #[test]
    fn the_newest_wins_and_drops_are_counted() {
        let latest = Latest::default();
        assert_eq!(latest.wait_newer(0, Duration::ZERO), None);
        for _ in 0..3 {
            latest.publish(|number| number * 10);
        }
        assert_eq!(latest.newest(), Some((3, 30)));
        assert_eq!(latest.wait_newer(0, Duration::ZERO), Some((3, 30)));
        assert_eq!(latest.dropped(), 2);
        assert_eq!(latest.wait_newer(3, Duration::ZERO), None);
        latest.publish(|number| number * 10);
        assert_eq!(latest.dropped(), 2, "the third was taken");
        latest.clear();
        assert_eq!(latest.newest(), None);
        assert_eq!(latest.wait_newer(3, Duration::from_millis(1)), None, "cleared");
        latest.publish(|number| number);
        assert_eq!((latest.wait_newer(3, Duration::ZERO), latest.dropped()), (Some((5, 5)), 2));
    }

    #[test]
    fn a_waiting_reader_wakes() {
        let latest = Arc::new(Latest::default());
        let writer = Arc::clone(&latest);
        let thread = thread::Builder::new().spawn(move || writer.publish(|number| number)).unwrap();
        assert_eq!(latest.wait_newer(0, Duration::from_secs(10)), Some((1, 1)));
        thread.join().unwrap();
    }
}
