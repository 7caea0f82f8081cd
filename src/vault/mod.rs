//! Everything that is kept: people, templates, attendance, the audit chain.
//!
//! Job: nothing acknowledged is lost, nothing kept can be read or changed without the device key, and what is erased
//! is gone. It must not know who may do what (that is `access`), nor draw or decide anything. One thread owns it.
//!
//! # What is acknowledged
//!
//! ```text
//! record_mark ─ seal records ─ append to the journal ─ fdatasync ─ apply to sled ─ Ok ─ "Checked in 08:58"
//!                                                       └ a stop before: not on record, and nobody was told
//!                                                                    └ a stop after: there at the next start
//! ```
//!
//! A caller prints, shows or counts a change only after the call has returned `Ok`.
//!
//! # The folder
//!
//! | name | what | lost or damaged |
//! |---|---|---|
//! | `vault.key` | key blob (the documentation of [`crate::crypto`]) | refused: restore a backup |
//! | `journal/NNNNNN.log` | every change since the checkpoint, at least (`journal`) | refused, naming the entry; a torn tail is cut off |
//! | `checkpoint` | sealed image of all records (`checkpoint`) | written anew from a working copy that is whole, at start and each night; refused otherwise, naming the chunk, and the working copy stays |
//! | `clean` | sealed: number of the newest entry and digest of all records, at the last close in order | rebuilt |
//! | `sled/NNNNNN/` | the working copy, from which everything is read | rebuilt |
//! | `reserve` | 256 kB, given up when the disk is full so that erasing and closing work | made again |
//! | `lock` | held while a kiosk runs | made again |
//!
//! `clean` holds, sealed in the tree `clean` under an empty key, 8 bytes entry number (big-endian) and 32 bytes digest.
//! What records look like is in `codec`; the chain in `audit`; which file is written when, in `engine`.
//!
//! # Threat model
//!
//! What is worth something here: faces (for life), names with times of coming and going, and that the record is true.
//! Who may want it, what they get, and why it is so:
//!
//! | who | gets | why |
//! |---|---|---|
//! | a thief of the disk or a copy of the folder, without the device key | sizes, times of writing, random ids, how many records of each kind | every value is sealed; keys come from a random master key that the device key wraps. A passphrase costs argon2id with 64 MiB per guess |
//! | a thief of the whole machine | with a device key file: everything, as the kiosk itself would. With a passphrase: the row above | an unattended restart needs the key on the machine. Disk encryption bound to a TPM helps; out of scope here |
//! | a thief of a backup | the row of the disk: size and date | the file key is wrapped by a passphrase, argon2id with 64 MiB per guess; nothing else opens it, the device key neither |
//! | somebody who once copied key and folder, and comes back | what they copied; nothing recorded after both [`Vault::change_key`] and then [`Vault::begin_rotation`] ended | another device key, a new master key, new personal keys; one of the two alone does not lock them out: the old device key opens the new blob, or the old master key the new records |
//! | somebody who can write to the folder, without the key | may destroy, or put back a whole older folder; cannot change, add, move or take out a single record unseen | records are bound to their place, the working copy to a keyed digest, journal and checkpoint to their order. An older folder shows against an exported audit head |
//! | a guesser at the screen | ten tries per host, with waits; a name that no host has takes as long and is answered alike. The same per attendee, counted apart | `access`; counts are durable before the PIN is looked at, and outlive restarts and clock changes. A PIN is never a key, and a hash is of no use without the pepper under the device key |
//! | a prankster who types wrong PINs | one host or attendee waits, at the tenth until another host or the recovery code unlocks | the alternative, unlimited tries, is worse. With a single host, keep the recovery code |
//! | a finder of the recovery code | may reset one host's PIN, once; then it is used up and the host notices | 125 random bits, hashed like a PIN; every use is audited |
//! | a host who holds the recovery code and wants to stand for two | nothing for seven days | a host whose PIN was set with the code takes part in no shared deed for so long, neither asking nor agreeing, and the hosts page says so: time for the one whose PIN no longer opens to notice. It ends by the clock, or two hosts of whom one forgot their PIN could never act again; whoever can set the machine's clock is root. Letting a third person keep the code is better still |
//! | somebody with a photograph of an attendee | perhaps a mark in their name | liveness is the business of `vision`, not of this module; the face alone never opens host mode |
//! | a host | what hosts may do, under their name in the audit log | entries cannot be changed or removed through the program. Hosts are trusted with names and times, not with templates: no screen or command shows one. With the two-person rule on ([`Vault::two_person`], kept sealed) none of them alone erases a person, changes a key, adds a host, makes a recovery code or switches the rule off |
//! | a host who wants to destroy | every face and every mark, also under the two-person rule: by keeping them for one day (`keep_faces_days`, `keep_marks_days`), or by withdrawing each person's consent | the rule is against one host who stands for two, not against loss: the settings are a file on the machine, and consent that is withdrawn cannot wait for a second host. The audit log keeps who did it, and who was marked when; backups that are out of the host's reach bring the rest back |
//! | a host who walked away | nothing for whoever comes next, after the idle time, a suspend or a jump of the clock | sessions are bound to the monotonic clock; the PIN is asked for again to change a PIN or what opens the store, and for a backup, which with a passphrase of one's own is everything |
//! | the site's owner, with the device key, who wants another history | can write a new chain | any head that left the kiosk before (each report carries one, and the page of a day) shows it: give reports away |
//! | root on the running kiosk, or a debugger | everything in memory | out of scope: whoever controls the kernel controls the program. Keys, PINs and faces are wiped after use and never logged; core dumps are off; `faceprint doctor` looks at swap and file modes |
//! | somebody who swaps the program or its networks | everything | out of scope: the machine's updates and its boot chain have to see to that. Network files are checked against their sums, for accidents |
//! | a power cut, kill -9, a full disk | nothing acknowledged | journal first; see above |
//! | a wrong clock | marks with wrong times, marked as such; a sweep takes at most a month too much, and nothing because its clock had lost the time | jumps are seen against the monotonic clock and the newest entry; age is reckoned in the order of recording too (`retention`) |
//!
//! Erasure: a person's key exists only sealed, in the journal, checkpoint and working copy; all three are written anew
//! without it before the erasure is reported done. What the file system, an SSD's spare blocks or a backup still hold is
//! out of the program's hands: encrypt the disk, and let backups expire. Somebody erased comes back with a restored
//! backup: erase them again. Reports that were saved before still name them; files with one person's data go with them
//! where they are in the kiosk's own folder. Reasons of corrections stay as long as their events, reasons for unlocking days as
//! long as the audit log: free text, which should not name anybody. The audit log says who (by their id) was marked when; no
//! rule on keeping shortens it, or the chain would prove nothing.
//!
//! # A running kiosk and the command line
//!
//! The folder's lock keeps every other program out while a kiosk runs: `faceprint` commands that would write are refused
//! with a sentence. `backup` alone works beside it, by reading checkpoint and journal (`backup`).

mod audit;
mod backup;
mod checkpoint;
mod codec;
mod digest;
mod engine;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod hosts;
mod journal;
mod marks;
mod people;
mod period;
mod renewal;
mod retention;
mod rotation;
mod storage;
#[cfg(test)]
mod tests;
mod working;

pub use audit::{AuditFault, AuditReport, AuditWalk};
pub use backup::{BackupContents, BackupFault, BackupView, BackupWatch};
pub use codec::{MAX_VALUE_LEN, Tree};
pub use error::{Damage, VaultError};
pub use marks::NewMark;
pub use people::{NewTemplate, Template, TemplateInfo};
pub use period::PeriodLock;
pub use retention::{Keeping, Swept};
pub use rotation::RotationProgress;

use crate::{
    crypto::{CryptoError, DeviceKey, KeyKind, KeySource, Keys, Pepper, Pin, PinCost, random_bytes},
    domain::{Actor, AuditAction, AuditHead, Fingerprint, Mark, Moment, PersonId, PersonName, WeightsId},
};
use audit::Chain;
use codec::{Change, Seals, SiteRecord};
use engine::{Engine, Lock, Urgency};
use journal::journal_dir;
use marks::MarkIndex;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::{Disk, Storage, replace, sync_parent};

/// Wall and monotonic clock may drift apart by this much between two records before it counts as a jump.
const CLOCK_TOLERANCE_SECS: i64 = 5;
/// Audit entries that are read at once on the way back.
const ENTRIES_AT_ONCE: u64 = 64;
const MAX_BLOB_LEN: u64 = 4096;
const KEY_BLOB: &str = "vault.key";
const KEY_BLOB_UNFINISHED: &str = "vault.key.new";
const SITE: &[u8] = b"site";
const WEIGHTS: &[u8] = b"weights";
const FINGERPRINT: &[u8] = b"fingerprint/";
const PIN_COST: &[u8] = b"pin-cost";
const LAST_EVENT: &[u8] = b"last-event";
const RECOVERY: &[u8] = b"recovery";
const RECOVERED: &[u8] = b"recovered/";
const TWO_PERSON: &[u8] = b"two-person";

/// The first host of a new store.
pub struct InitHost {
    /// Display name.
    pub name: PersonName,
    /// Their PIN.
    pub pin: Pin,
}

/// An open store. Owned by one thread; a second [`Vault::open`] of the same folder fails while it lives. Dropping it
/// without [`Vault::close`] loses nothing but costs a rebuild at the next start.
pub struct Vault {
    engine: Engine,
    keys: Keys,
    seals: Seals,
    chain: Chain,
    head: AuditHead,
    disk: Arc<dyn Storage>,
    key_blob: PathBuf,
    key_file: Option<PathBuf>,
    /// This run of the program, among all that count wrong PINs.
    run: u64,
    zone: String,
    last_write: Option<Moment>,
    jumped_since_mark: bool,
    badges: HashMap<String, PersonId>,
    marks: MarkIndex,
    /// Oldest days first.
    locks: Vec<PeriodLock>,
    /// What a new PIN hash costs.
    pin_cost: PinCost,
    rotation: Option<rotation::Place>,
}

/// Start and stop.
impl Vault {
    /// Whether `dir` holds a store: then it is opened, not created.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        dir.join(KEY_BLOB).exists() || (journal_dir(dir).exists() && !dir.join(KEY_BLOB_UNFINISHED).exists())
    }

    /// Makes a store with its first host. Makes `dir`, and the device key file, if they are not there. A folder that
    /// holds a store is refused; what an interrupted `create` left is written over.
    pub fn create(
        dir: &Path,
        key: &KeySource,
        site_zone: &str,
        host: InitHost,
        now: Moment,
    ) -> Result<Self, VaultError> {
        Self::create_on(Arc::new(Disk), dir, key, site_zone, host, None, now)
    }

    /// The same, with the cost of PIN hashes calibrated before the first one is made: what a wrong PIN takes must not
    /// tell a host from nobody.
    pub fn create_at_cost(
        dir: &Path,
        key: &KeySource,
        site_zone: &str,
        host: InitHost,
        cost: PinCost,
        now: Moment,
    ) -> Result<Self, VaultError> {
        Self::create_on(Arc::new(Disk), dir, key, site_zone, host, Some(cost), now)
    }

    /// Opens a store, records that the kiosk started, and rebuilds the working copy when it cannot be trusted
    /// ([`Vault::open_note`] says so).
    pub fn open(dir: &Path, key: &KeySource, now: Moment) -> Result<Self, VaultError> {
        Self::open_on(Arc::new(Disk), dir, key, now)
    }

    /// A failed write could not be undone: nothing more is recorded until the store is opened again.
    #[must_use]
    pub fn needs_reopening(&self) -> bool {
        self.engine.is_poisoned()
    }

    /// What had to be repaired at start, in words.
    #[must_use]
    pub fn open_note(&self) -> Option<String> {
        self.engine.note().map(str::to_owned)
    }

    /// Records that the kiosk stopped, and leaves everything in order. Works on a full disk.
    pub fn close(mut self, now: Moment) -> Result<(), VaultError> {
        let mut draft = self.draft(now)?;
        self.log(&mut draft, Actor::Kiosk, AuditAction::Stopped, now)?;
        self.commit(draft, Urgency::MustSucceed)?;
        self.engine.close()
    }

    /// Lets another key file (made if it is not there) or passphrase open the store from now on. Records stay as they
    /// are; the old key opens an old copy of `vault.key` still. After an error the old key opens it.
    pub fn change_key(&mut self, actor: Actor, key: &KeySource, now: Moment) -> Result<(), VaultError> {
        make_device_key(key)?;
        self.wrap_anew(actor, key, now)?;
        self.key_file = key_file(key);
        Ok(())
    }

    /// Draws a new key file in the place of the one at `path`, where the next start looks for it; the old one is kept
    /// beside it. A stop at any moment leaves a store that the file at `path`, or the one waiting beside it, opens.
    pub fn replace_key_file(&mut self, actor: Actor, path: &Path, now: Moment) -> Result<(), VaultError> {
        let waiting = DeviceKey::waiting(path);
        if waiting.exists() {
            // Left by a try that failed: this store needs it no longer, but another one may.
            self.write_blob()?;
            let mut aside = waiting.clone().into_os_string();
            aside.push(stamp(now));
            std::fs::rename(&waiting, aside).map_err(VaultError::io("rename", &waiting))?;
        }
        DeviceKey::create(&waiting)?;
        self.wrap_anew(actor, &KeySource::File(waiting), now)?;
        if let Err(error) = DeviceKey::install(path, &stamp(now)) {
            log::warn!("the new key waits beside the old one until the next start: {error}");
        }
        self.key_file = Some(path.to_owned());
        Ok(())
    }

    /// Wraps the blob with `key`. The audit log says so first: a fault between the two leaves an entry about a change that
    /// did not come about, and none is missing.
    fn wrap_anew(&mut self, actor: Actor, key: &KeySource, now: Moment) -> Result<(), VaultError> {
        let wrapping = self.keys.wrapping_for(key)?;
        self.audit(actor, AuditAction::KeyChanged, now)?;
        let old = self.keys.use_wrapping(wrapping);
        let done = self.write_blob();
        if let (Err(_), Some(old)) = (&done, old) {
            self.keys.use_wrapping(old);
            if let Err(error) = self.write_blob() {
                log::warn!("the new key may open the store, although the change failed: {error}");
            }
        }
        done
    }

    fn write_blob(&self) -> Result<(), VaultError> {
        replace(&*self.disk, &self.key_blob, &self.keys.blob()?)
    }

    /// The device key file that opens the store; `None` when a passphrase does.
    #[must_use]
    pub fn key_file(&self) -> Option<&Path> {
        self.key_file.as_deref()
    }

    /// What opens the store in `dir`, if there is one.
    #[must_use]
    pub fn key_kind(dir: &Path) -> Option<KeyKind> {
        KeyKind::of_blob(&Disk.read(&dir.join(KEY_BLOB), MAX_BLOB_LEN).ok()?).ok()
    }

    fn create_on(
        disk: Arc<dyn Storage>,
        dir: &Path,
        key: &KeySource,
        site_zone: &str,
        host: InitHost,
        cost: Option<PinCost>,
        now: Moment,
    ) -> Result<Self, VaultError> {
        disk.create_dir(dir).map_err(VaultError::io("make", dir))?;
        let lock = Lock::take(dir)?;
        if Self::exists(dir) {
            return Err(VaultError::AlreadyExists(dir.to_owned()));
        }
        clear_unfinished(&*disk, dir)?;
        make_device_key(key)?;
        let mut keys = Keys::generate()?;
        let (unfinished, blob) = (dir.join(KEY_BLOB_UNFINISHED), dir.join(KEY_BLOB));
        replace(&*disk, &unfinished, &keys.wrap(key)?)?;
        let engine = Engine::create(disk.clone(), dir, &keys, lock)?;
        let mut vault = Self::assemble(engine, keys, disk, dir)?;
        vault.key_file = key_file(key);
        site_zone.clone_into(&mut vault.zone);
        vault.write_first_records(host, cost, now)?;
        vault.disk.rename(&unfinished, &blob).map_err(VaultError::io("write", &blob))?;
        sync_parent(&*vault.disk, &blob)?;
        Ok(vault)
    }

    fn write_first_records(
        &mut self,
        host: InitHost,
        cost: Option<PinCost>,
        now: Moment,
    ) -> Result<(), VaultError> {
        let mut draft = self.draft(now)?;
        if let Some(cost) = cost {
            draft.writes.push(self.seals.put(Tree::Meta, PIN_COST, &cost)?);
            self.pin_cost = cost;
        }
        let site = SiteRecord { zone: self.zone.clone(), created: now.utc };
        draft.writes.push(self.seals.put(Tree::Meta, SITE, &site)?);
        self.log(&mut draft, Actor::Kiosk, AuditAction::StoreCreated, now)?;
        self.draft_host(&mut draft, Actor::Kiosk, host.name, &host.pin, now)?;
        self.log(&mut draft, Actor::Kiosk, AuditAction::Started, now)?;
        self.commit(draft, Urgency::Normal)
    }

    fn open_on(disk: Arc<dyn Storage>, dir: &Path, key: &KeySource, now: Moment) -> Result<Self, VaultError> {
        if !Self::exists(dir) {
            return Err(VaultError::NotAStore(dir.to_owned()));
        }
        let lock = Lock::take(dir)?;
        Self::open_locked(disk, dir, key, lock, now)
    }

    fn open_locked(
        disk: Arc<dyn Storage>,
        dir: &Path,
        key: &KeySource,
        lock: Lock,
        now: Moment,
    ) -> Result<Self, VaultError> {
        let keys = open_keys(&*disk, dir, key)?;
        settle_key_file(&*disk, dir, key, now)?;
        let engine = Engine::open(disk.clone(), dir, &keys, lock)?;
        let mut vault = Self::assemble(engine, keys, disk, dir)?;
        vault.key_file = key_file(key);
        vault.load()?;
        vault.write_start(now)?;
        Ok(vault)
    }

    fn assemble(engine: Engine, keys: Keys, disk: Arc<dyn Storage>, dir: &Path) -> Result<Self, VaultError> {
        Ok(Self {
            engine,
            seals: Seals::new(&keys)?,
            chain: Chain::new(keys.audit_key()),
            keys,
            head: audit::EMPTY,
            disk,
            key_blob: dir.join(KEY_BLOB),
            key_file: None,
            run: u64::from_le_bytes(random_bytes()?),
            zone: String::new(),
            last_write: None,
            jumped_since_mark: false,
            badges: HashMap::new(),
            marks: MarkIndex::default(),
            locks: Vec::new(),
            pin_cost: PinCost::FLOOR,
            rotation: None,
        })
    }

    /// Reads what is held in memory: the site, badges, where events stand.
    fn load(&mut self) -> Result<(), VaultError> {
        let Some(sealed) = self.engine.get(Tree::Meta, SITE)? else {
            return Err(Damage::Missing { from: 1, to: 1 }.into());
        };
        self.zone = self.seals.get::<SiteRecord>(Tree::Meta, SITE, &sealed)?.zone;
        self.pin_cost = self.calibrated_pin_cost()?.unwrap_or(PinCost::FLOOR);
        for person in self.people()? {
            self.index_badge(&person);
        }
        let last = self.engine.get(Tree::Meta, LAST_EVENT)?;
        let last = last.map(|sealed| self.seals.get::<u64>(Tree::Meta, LAST_EVENT, &sealed)).transpose()?;
        let mut marks = MarkIndex::from(last.unwrap_or(0));
        self.engine.for_each(Tree::Marks, |key, sealed| {
            marks.add(&self.seals.get::<Mark>(Tree::Marks, key, sealed)?);
            Ok(())
        })?;
        self.marks = marks;
        self.locks = self.load_locks()?;
        Ok(())
    }

    fn write_start(&mut self, now: Moment) -> Result<(), VaultError> {
        let newest = self.newest_entry()?;
        let mut draft = Draft { writes: vec![], head: audit::EMPTY, now, jumped: false, marks: false };
        if let Some(entry) = newest {
            self.head = AuditHead { number: entry.number, hash: entry.hash };
            draft.head = self.head;
            draft.jumped = self.jumped_before(entry.number);
            let behind = now.utc.as_second() - entry.at.as_second();
            if behind < -CLOCK_TOLERANCE_SECS {
                draft.jumped = true;
                self.log(&mut draft, Actor::Kiosk, AuditAction::ClockJumped(behind), now)?;
            }
        }
        if self.engine.rebuilt() {
            self.log(&mut draft, Actor::Kiosk, AuditAction::Rebuilt, now)?;
        }
        self.log(&mut draft, Actor::Kiosk, AuditAction::Started, now)?;
        self.commit(draft, Urgency::MustSucceed)
    }
}

impl Vault {
    /// Whether the clock jumped after the newest attendance event, in a run before this one: then no event carries it yet.
    fn jumped_before(&self, newest: u64) -> bool {
        let mut upto = newest;
        while upto > 0 {
            let from = upto.saturating_sub(ENTRIES_AT_ONCE - 1).max(1);
            let Ok(entries) = self.audit_entries(from..=upto) else { return true }; // one that does not open may be a jump
            for entry in entries.iter().rev() {
                match entry.action {
                    AuditAction::ClockJumped(_) => return true,
                    AuditAction::Marked(..) | AuditAction::Corrected { .. } => return false,
                    _ => {}
                }
            }
            upto = from - 1;
        }
        false
    }
}

/// The site and its weights.
impl Vault {
    /// IANA name of the site's time zone, as given when the store was made.
    #[must_use]
    pub fn site_zone(&self) -> &str {
        &self.zone
    }

    /// The weights that were last put to use, as [`Vault::tag`] writes them.
    pub fn weights_in_use(&self) -> Result<Option<WeightsId>, VaultError> {
        let sealed = self.engine.get(Tree::Meta, WEIGHTS)?;
        sealed.map(|sealed| self.seals.get(Tree::Meta, WEIGHTS, &sealed)).transpose()
    }

    /// What the templates of a network carry. The first network of an id that was in use here: the id; any other of the same
    /// id: the id with its fingerprint, so that no template is compared with embeddings of another network.
    pub fn tag(&self, weights: &WeightsId, fingerprint: Fingerprint) -> Result<WeightsId, VaultError> {
        Ok(match self.first_fingerprint(weights)? {
            Some(first) if first != fingerprint => weights.with_fingerprint(fingerprint),
            _ => weights.clone(),
        })
    }

    /// Of the network whose templates carry the bare id; `None` until one of that id is in use, and in a store that is older
    /// than fingerprints.
    fn first_fingerprint(&self, weights: &WeightsId) -> Result<Option<Fingerprint>, VaultError> {
        let key = fingerprint_key(weights);
        let sealed = self.engine.get(Tree::Meta, &key)?;
        sealed.map(|sealed| self.seals.get(Tree::Meta, &key, &sealed)).transpose()
    }

    /// Records which weights are in use; true, with an audit entry, when they differ from before, be it in their
    /// fingerprint alone.
    pub fn set_weights(
        &mut self,
        actor: Actor,
        weights: &WeightsId,
        fingerprint: Fingerprint,
        now: Moment,
    ) -> Result<bool, VaultError> {
        let tag = self.tag(weights, fingerprint)?;
        let is_first = self.first_fingerprint(weights)?.is_none();
        let changed = self.weights_in_use()?.as_ref() != Some(&tag);
        if !is_first && !changed {
            return Ok(false);
        }
        let mut draft = self.draft(now)?;
        if is_first {
            draft.writes.push(self.seals.put(Tree::Meta, &fingerprint_key(weights), &fingerprint)?);
        }
        if changed {
            draft.writes.push(self.seals.put(Tree::Meta, WEIGHTS, &tag)?);
            self.log(&mut draft, actor, AuditAction::WeightsChanged(tag.as_str().to_owned()), now)?;
        }
        self.commit(draft, Urgency::Normal)?;
        Ok(changed)
    }

    /// The PIN pepper, for `access`.
    pub fn pepper(&self) -> Result<Pepper, VaultError> {
        Ok(self.keys.pepper()?)
    }

    /// Whether files with traces of an erased person are still on disk, for lack of space or another fault.
    #[must_use]
    pub fn erasure_pending(&self) -> bool {
        self.engine.purge_due()
    }

    /// Reads checkpoint and journal through, and writes a new checkpoint from the working copy where one of them is damaged
    /// (`engine`). Whether it was needed. For a quiet moment: it takes as long as reading them.
    pub fn mend_files(&mut self) -> Result<bool, VaultError> {
        self.engine.mend_files()
    }

    /// Tries again to remove them.
    pub fn finish_erasure(&mut self) -> Result<(), VaultError> {
        if !self.engine.purge_due() {
            return Ok(());
        }
        self.engine.purge().map_err(|e| VaultError::ErasurePending(Box::new(e)))
    }
}

fn fingerprint_key(weights: &WeightsId) -> Vec<u8> {
    [FINGERPRINT, weights.as_str().as_bytes()].concat()
}

/// A change on its way into the journal.
struct Draft {
    writes: Change,
    head: AuditHead,
    now: Moment,
    /// The clock jumped since the last mark.
    jumped: bool,
    /// Holds a mark, which carries the jump.
    marks: bool,
}

impl Vault {
    /// Starts a change; notes in it when the wall clock jumped since the one before.
    fn draft(&self, now: Moment) -> Result<Draft, VaultError> {
        let mut draft =
            Draft { writes: vec![], head: self.head, now, jumped: self.jumped_since_mark, marks: false };
        if let Some(secs) = self.last_write.and_then(|last| clock_jump_secs(last, now)) {
            draft.jumped = true;
            self.log(&mut draft, Actor::Kiosk, AuditAction::ClockJumped(secs), now)?;
        }
        Ok(draft)
    }

    /// Makes a change durable; only then is it remembered in memory.
    fn commit(&mut self, draft: Draft, urgency: Urgency) -> Result<(), VaultError> {
        let Draft { writes, head, now, jumped, marks } = draft;
        self.engine.commit(&writes, urgency)?;
        self.head = head;
        self.last_write = Some(now);
        self.jumped_since_mark = jumped && !marks;
        Ok(())
    }
}

/// By how many seconds the wall clock ran ahead of the monotonic clock, if by more than the tolerance.
fn clock_jump_secs(last: Moment, now: Moment) -> Option<i64> {
    let wall_ms = now.utc.as_millisecond() - last.utc.as_millisecond();
    let mono_ms = i64::try_from(now.mono.as_millis()).ok()? - i64::try_from(last.mono.as_millis()).ok()?;
    let secs = (wall_ms - mono_ms) / 1000;
    (secs.abs() > CLOCK_TOLERANCE_SECS).then_some(secs)
}

fn open_keys(disk: &dyn Storage, dir: &Path, key: &KeySource) -> Result<Keys, VaultError> {
    let blob = dir.join(KEY_BLOB);
    let blob = disk.read(&blob, MAX_BLOB_LEN).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => VaultError::KeyBlobMissing(dir.to_owned()),
        _ => VaultError::io("read", &blob)(e),
    })?;
    match (Keys::unwrap(&blob, key), key) {
        // A change of the key file was cut short between the blob and the name.
        (Err(error @ (CryptoError::WrongKey | CryptoError::KeyFileMissing(_))), KeySource::File(path)) => {
            let waiting = KeySource::File(DeviceKey::waiting(path));
            Keys::unwrap(&blob, &waiting).map_err(|_| error.into())
        }
        (unwrapped, _) => Ok(unwrapped?),
    }
}

/// Ends a change of the key file that was cut short: what waits beside it takes its place if the store needs it.
fn settle_key_file(disk: &dyn Storage, dir: &Path, key: &KeySource, now: Moment) -> Result<(), VaultError> {
    let KeySource::File(path) = key else { return Ok(()) };
    if !DeviceKey::waiting(path).exists() {
        return Ok(());
    }
    let blob = dir.join(KEY_BLOB);
    let blob = disk.read(&blob, MAX_BLOB_LEN).map_err(VaultError::io("read", &blob))?;
    match Keys::unwrap(&blob, key) {
        Err(CryptoError::WrongKey | CryptoError::KeyFileMissing(_)) => {
            Ok(DeviceKey::install(path, &stamp(now))?)
        }
        _ => Ok(()), // the change did not get that far
    }
}

/// The end of the name under which a key file is kept.
fn stamp(now: Moment) -> String {
    now.utc.strftime(".%Y%m%d-%H%M%S").to_string()
}

fn key_file(key: &KeySource) -> Option<PathBuf> {
    match key {
        KeySource::File(path) => Some(path.clone()),
        KeySource::Passphrase(_) => None,
    }
}

fn make_device_key(key: &KeySource) -> Result<(), VaultError> {
    match key {
        KeySource::File(path) if !path.exists() => Ok(DeviceKey::create(path)?),
        _ => Ok(()),
    }
}

/// Removes what a `create` left that did not reach its end.
fn clear_unfinished(disk: &dyn Storage, dir: &Path) -> Result<(), VaultError> {
    if !dir.join(KEY_BLOB_UNFINISHED).exists() {
        return Ok(());
    }
    let checkpoint = dir.join("checkpoint");
    disk.remove(&checkpoint).map_err(VaultError::io("remove", &checkpoint))?;
    let journal = journal_dir(dir);
    if journal.exists() {
        for name in disk.list(&journal).map_err(VaultError::io("read", &journal))? {
            let path = journal.join(name);
            disk.remove(&path).map_err(VaultError::io("remove", &path))?;
        }
    }
    Ok(())
}
