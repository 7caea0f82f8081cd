//! The vault as a whole, on a real folder and on one that fails.

mod keeping;
mod period;
mod power;

use super::*;
use crate::{
    crypto::{CryptoError, PinAttempt},
    domain::{
        Clock, Consent, Correction, Embedding, EventId, Fingerprint, HostId, ManualClock, MarkKind,
        MarkSource, TemplateId,
    },
};
use jiff::Timestamp;
use std::{
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};
use storage::Append;

const NAMES: [&str; 2] = ["Ada Lovelace", "Grace Hopper"];
const BADGE: &str = "badge-4711";
const PIN: &str = "274916";

/// A folder, a key file beside it, and the time.
struct Site {
    folder: tempfile::TempDir,
    clock: ManualClock,
}

impl Site {
    fn new() -> Self {
        let clock = ManualClock::at("2026-11-25T08:00:00Z".parse().unwrap());
        Self { folder: tempfile::tempdir().unwrap(), clock }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn key(&self) -> KeySource {
        KeySource::File(self.folder.path().join("etc/device.key"))
    }

    fn now(&self) -> Moment {
        self.clock.advance(Duration::from_secs(1));
        self.clock.now()
    }

    fn create(&self) -> Vault {
        let host = InitHost { name: name("Host"), pin: Pin::new(PIN).unwrap() };
        Vault::create(&self.dir(), &self.key(), "Europe/Athens", host, self.now()).unwrap()
    }

    fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.dir(), &self.key(), self.now())
    }

    fn open_on(&self, disk: &Arc<FaultyDisk>) -> Result<Vault, VaultError> {
        Vault::open_on(disk.clone(), &self.dir(), &self.key(), self.now())
    }

    /// Another site with a copy of this one's files.
    fn copy(&self) -> Self {
        let copy = Self { folder: tempfile::tempdir().unwrap(), clock: self.clock.clone() };
        copy_dir(self.folder.path(), copy.folder.path());
        copy
    }

    /// Every byte of every file in the data folder.
    fn bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = vec![];
        let mut dirs = vec![self.dir()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    dirs.push(path);
                } else {
                    all.push((path.clone(), fs::read(&path).unwrap()));
                }
            }
        }
        all
    }

    /// Files of the data folder that hold `needle`.
    fn holding(&self, needle: &[u8]) -> Vec<PathBuf> {
        assert!(needle.len() >= 6, "shorter ones are found by chance");
        let holds = |content: &[u8]| content.windows(needle.len()).any(|w| w == needle);
        self.bytes().into_iter().filter(|(_, content)| holds(content)).map(|(path, _)| path).collect()
    }
}

/// How often a test with chance in it repeats: `FACEPRINT_LONG=1` asks for the long run.
fn rounds(ordinary: u64, long: u64) -> u64 {
    if std::env::var_os("FACEPRINT_LONG").is_some() { long } else { ordinary }
}

/// Xorshift: the same numbers at every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_dir(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

const FIRST: Fingerprint = Fingerprint::from_bytes([1; 32]);

fn weights() -> WeightsId {
    WeightsId::new("fp-face-1").unwrap()
}

fn face(seed: f32) -> Embedding {
    let raw: Vec<f32> = (0..512).map(|i| (i as f32 * 0.37 + seed).sin()).collect();
    Embedding::from_raw(&raw).unwrap()
}

fn template(seed: f32) -> NewTemplate {
    NewTemplate { embedding: face(seed), weights: weights(), quality: 0.9 }
}

fn consent() -> Consent {
    Consent { version: "2026-01".to_owned(), at: Timestamp::UNIX_EPOCH }
}

fn check_in(person: PersonId, at: Timestamp) -> NewMark {
    NewMark {
        person,
        kind: MarkKind::CheckIn,
        at,
        zone: "Europe/Athens".to_owned(),
        source: MarkSource::Face,
        actor: Actor::Kiosk,
        correction: None,
    }
}

fn mark(vault: &mut Vault, site: &Site, person: PersonId) -> Mark {
    let now = site.now();
    vault.record_mark(check_in(person, now.utc), now).unwrap()
}

/// Two enrolled people, each marked twice.
fn people_and_marks(vault: &mut Vault, site: &Site) -> [PersonId; 2] {
    let mut ids = vec![];
    for (i, text) in NAMES.into_iter().enumerate() {
        let badge = (i == 0).then(|| BADGE.to_owned());
        let id = vault.add_person(Actor::Kiosk, name(text), badge, site.now()).unwrap().id;
        let templates = [template(i as f32), template(i as f32 + 0.01)];
        vault.enrol(Actor::Kiosk, id, consent(), &templates, true, site.now()).unwrap();
        mark(vault, site, id);
        mark(vault, site, id);
        ids.push(id);
    }
    [ids[0], ids[1]]
}

/// Everything that the program can read out of a store.
fn everything(vault: &Vault) -> impl PartialEq + std::fmt::Debug + use<> {
    let (people, hosts) = (vault.people().unwrap(), vault.hosts().unwrap());
    let each = |id: PersonId| {
        let count = vault.template_count(id).unwrap();
        (count, vault.template_infos(id).unwrap(), vault.person_secret(id).unwrap(), tries(vault, id))
    };
    let each_host =
        |id: HostId| (vault.host_secret(id).unwrap(), tries(vault, id), vault.recovered_at(id).unwrap());
    let settings = (
        (vault.site_zone().to_owned(), vault.weights_in_use().unwrap(), vault.calibrated_pin_cost().unwrap()),
        (vault.two_person().unwrap(), vault.has_recovery_code().unwrap(), vault.period_locks().to_vec()),
    );
    let of_people: Vec<_> = people.iter().map(|person| each(person.id)).collect();
    let of_hosts: Vec<_> = hosts.iter().map(|host| each_host(host.id)).collect();
    ((people, hosts, of_people, of_hosts), all_marks(vault), vault.templates(&weights()).unwrap(), settings)
}

/// Without what holds for one run only.
fn tries(vault: &Vault, id: impl Into<[u8; 16]>) -> crate::domain::AttemptState {
    crate::domain::AttemptState { last_mono: None, ..vault.attempts(id).unwrap() }
}

/// A site with something of every kind in it, and a checkpoint.
fn site_with_everything() -> Site {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    let pin = Pin::new("908172").unwrap();
    let second = vault.add_host(Actor::Kiosk, name("Second"), &pin, site.now()).unwrap().id;
    vault.set_two_person(Actor::Kiosk, true, site.now()).unwrap();
    vault.unlock_host(Actor::Kiosk, second, site.now()).unwrap();
    vault.new_recovery_code(Actor::Kiosk, site.now()).unwrap();
    vault.set_weights(Actor::Kiosk, &weights(), FIRST, site.now()).unwrap();
    vault.set_pin_cost(PinCost::FLOOR, site.now()).unwrap();
    vault.lock_period(Actor::Kiosk, LOCKED_UNTIL, "rules", site.now()).unwrap();
    vault.set_person_pin(Actor::Kiosk, grace, Some(&pin), site.now()).unwrap();
    let wrong = crate::domain::AttemptState { failures: 3, ..Default::default() };
    vault.put_attempts(grace, wrong, None, site.now()).unwrap();
    vault.put_attempts(second, wrong, None, site.now()).unwrap();
    vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap(); // writes the checkpoint
    vault.close(site.now()).unwrap();
    site
}

/// Changes a byte of a chunk in the middle of the checkpoint.
fn spoil_checkpoint(site: &Site) {
    let path = site.dir().join("checkpoint");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
}

fn all_marks(vault: &Vault) -> Vec<Mark> {
    vault.marks(Timestamp::MIN, Timestamp::MAX).unwrap()
}

fn assert_chain_good(vault: &Vault, against: Option<AuditHead>) {
    let report = vault.verify_audit(against.map(Into::into), |_, _| ()).unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(report.good, report.head.number);
}

#[test]
fn another_network_of_the_same_id_has_templates_of_its_own() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    let other = Fingerprint::from_bytes([2; 32]);
    assert_eq!(vault.tag(&weights(), other).unwrap(), weights(), "nothing is known yet");
    // A store of before fingerprints: its templates are taken to be of the network that is there.
    vault.set_weights(Actor::Kiosk, &weights(), FIRST, site.now()).unwrap();
    vault.close(site.now()).unwrap();

    let mut vault = site.open();
    assert!(vault.set_weights(Actor::Kiosk, &weights(), other, site.now()).unwrap());
    let tag = vault.tag(&weights(), other).unwrap();
    assert_ne!(tag, weights());
    assert_eq!(vault.weights_in_use().unwrap(), Some(tag.clone()));
    assert!(vault.templates(&tag).unwrap().is_empty());
    let entry = vault.audit_entries(1..=vault.audit_head().number).unwrap().pop().unwrap();
    assert_eq!(entry.action, AuditAction::WeightsChanged(tag.to_string()));
    assert!(!vault.set_weights(Actor::Kiosk, &weights(), other, site.now()).unwrap());
    // Going back finds the old templates as they were.
    assert!(vault.set_weights(Actor::Kiosk, &weights(), FIRST, site.now()).unwrap());
    assert_eq!(vault.templates(&vault.tag(&weights(), FIRST).unwrap()).unwrap().len(), 4);
    assert_chain_good(&vault, None);
}

#[test]
fn everything_comes_back_after_a_clean_close_without_a_rebuild() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, _] = people_and_marks(&mut vault, &site);
    assert!(vault.set_weights(Actor::Kiosk, &weights(), FIRST, site.now()).unwrap());
    assert!(!vault.set_weights(Actor::Kiosk, &weights(), FIRST, site.now()).unwrap());
    let (people, hosts, marks) = (vault.people().unwrap(), vault.hosts().unwrap(), all_marks(&vault));
    let templates = vault.templates(&weights()).unwrap();
    let head = vault.audit_head();
    vault.close(site.now()).unwrap();

    let vault = site.open();
    assert_eq!(vault.open_note(), None);
    assert_eq!(vault.people().unwrap(), people);
    assert_eq!(vault.hosts().unwrap(), hosts);
    assert_eq!(all_marks(&vault), marks);
    assert_eq!(vault.templates(&weights()).unwrap(), templates, "embeddings come back bit for bit");
    assert_eq!(templates.len(), 4);
    assert!(vault.templates(&WeightsId::new("other").unwrap()).unwrap().is_empty());
    assert_eq!(vault.weights_in_use().unwrap(), Some(weights()));
    assert_eq!(vault.site_zone(), "Europe/Athens");
    assert_eq!(vault.person_by_badge(BADGE), Some(ada));
    assert_eq!(vault.last_mark(ada, jiff::Timestamp::MAX).unwrap().unwrap().id, EventId(2));
    assert_eq!(vault.person(ada).unwrap().consent, Some(consent()));
    assert_chain_good(&vault, Some(head));
    let actions: Vec<_> = vault.audit_entries(1..=3).unwrap().into_iter().map(|e| e.action).collect();
    assert!(matches!(
        actions[..],
        [AuditAction::StoreCreated, AuditAction::HostAdded(_), AuditAction::Started]
    ));
}

#[test]
fn a_stop_without_close_loses_nothing_and_is_rebuilt() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    let marks = all_marks(&vault);
    drop(vault);
    let vault = site.open();
    assert!(vault.open_note().unwrap().contains("unclean stop"));
    assert_eq!(all_marks(&vault), marks);
    assert_chain_good(&vault, None);
    let newest = vault.audit_entries(1..=u64::MAX).unwrap().into_iter().rev().nth(1).unwrap();
    assert_eq!(newest.action, AuditAction::Rebuilt);
}

#[test]
fn a_lost_emptied_or_foreign_working_copy_is_rebuilt() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, _] = people_and_marks(&mut vault, &site);
    vault.close(site.now()).unwrap();
    let older = site.copy();
    let mut vault = site.open();
    mark(&mut vault, &site, ada);
    let marks = all_marks(&vault);
    vault.close(site.now()).unwrap();

    let spoil: [&dyn Fn(&Site); 4] = [
        &|s| fs::remove_dir_all(s.dir().join("sled")).unwrap(),
        &|s| {
            for (path, _) in s.bytes().iter().filter(|(path, _)| path.starts_with(s.dir().join("sled"))) {
                fs::write(path, b"").unwrap();
            }
        },
        &|s| {
            fs::remove_dir_all(s.dir().join("sled")).unwrap();
            fs::create_dir_all(s.dir().join("sled")).unwrap();
            copy_dir(&older.dir().join("sled"), &s.dir().join("sled"));
        },
        &|s| fs::remove_file(s.dir().join("clean")).unwrap(),
    ];
    for (i, spoil) in spoil.into_iter().enumerate() {
        let spoiled = site.copy();
        spoil(&spoiled);
        let vault = spoiled.open();
        assert!(vault.open_note().is_some(), "case {i}");
        assert_eq!(all_marks(&vault), marks, "case {i}");
        assert_chain_good(&vault, None);
        vault.close(spoiled.now()).unwrap();
        assert_eq!(spoiled.open().open_note(), None, "case {i}");
    }
}

#[test]
fn a_record_taken_out_of_the_working_copy_is_noticed() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    let marks = all_marks(&vault);
    vault.close(site.now()).unwrap();
    let newest = fs::read_dir(site.dir().join("sled")).unwrap().map(|e| e.unwrap().path()).max().unwrap();
    let db = sled::open(newest).unwrap();
    assert!(db.open_tree("marks").unwrap().remove(2_u64.to_be_bytes()).unwrap().is_some());
    db.flush().unwrap();
    drop(db);
    let vault = site.open();
    assert!(vault.open_note().unwrap().contains("not what was written"));
    assert_eq!(all_marks(&vault), marks);
}

#[test]
fn no_name_badge_pin_or_face_is_readable_in_any_file_and_erasure_leaves_no_key() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    let reason = Correction { replaces: Some(EventId(1)), stands: true, reason: "came at eight".to_owned() };
    let correction =
        NewMark { source: MarkSource::Host, correction: Some(reason), ..check_in(ada, site.now().utc) };
    vault.record_mark(correction, site.now()).unwrap();
    let mut clear: Vec<Vec<u8>> = [NAMES[0], NAMES[1], BADGE, PIN, "came at eight", "Europe/Athens"]
        .map(|s| s.as_bytes().to_vec())
        .into();
    for seed in [0.0, 0.01, 1.0, 1.01] {
        clear.push(face(seed).as_slice()[..4].iter().flat_map(|v| v.to_le_bytes()).collect());
    }
    let sealed_key = vault.engine.get(Tree::PersonKeys, ada.as_bytes()).unwrap().unwrap();
    let mut sealed_templates = vec![];
    vault
        .engine
        .for_each_from(Tree::Templates, ada.as_bytes(), |key, value| {
            sealed_templates.push(value.to_vec());
            Ok(key.starts_with(ada.as_bytes()))
        })
        .unwrap();
    vault.close(site.now()).unwrap();
    for text in &clear {
        assert!(site.holding(text).is_empty(), "{}", String::from_utf8_lossy(text));
    }
    // The search can find what is there: the sealed key lies in the working copy.
    assert!(!site.holding(&sealed_key).is_empty());

    let mut vault = site.open();
    vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap();
    assert!(!vault.erasure_pending());
    assert!(matches!(vault.person(ada), Err(VaultError::NoSuchPerson)));
    assert_eq!(vault.person_by_badge(BADGE), None);
    assert_eq!(vault.templates(&weights()).unwrap().len(), 2);
    assert_eq!(all_marks(&vault).iter().filter(|m| m.person == ada).count(), 3, "events stay, under the id");
    for sealed in sealed_templates.iter().chain([&sealed_key]).take(2) {
        assert!(site.holding(sealed).is_empty(), "while running");
    }
    vault.close(site.now()).unwrap();
    assert!(site.holding(&sealed_key).is_empty());
    for text in &clear {
        assert!(site.holding(text).is_empty());
    }
    // Nor is it inside a sealed journal entry or checkpoint: what is rebuilt from them has one person's key.
    fs::remove_dir_all(site.dir().join("sled")).unwrap();
    let vault = site.open();
    assert!(vault.engine.get(Tree::PersonKeys, ada.as_bytes()).unwrap().is_none());
    assert_eq!(vault.people().unwrap().iter().map(|p| p.id).collect::<Vec<_>>(), [grace]);
    let mut seen = 0;
    let keys = Keys::unwrap(&fs::read(site.dir().join(KEY_BLOB)).unwrap(), &site.key()).unwrap();
    let seal = keys.seal_ring("journal", keys.generation()).unwrap();
    let segments = journal::Segments::new(Arc::new(Disk), journal_dir(&site.dir()), *keys.store(), seal);
    let after = vault.audit_head().number; // any number: only what is there matters
    let _ = journal::Journal::open(segments, after, &mut |_, change| {
        seen += 1;
        assert!(change.iter().all(|w| w.key != ada.as_bytes()), "an entry about the erased person is left");
        Ok(())
    });
    assert!(seen > 0);
    assert_chain_good(&vault, None);
}

#[test]
fn an_erasure_that_was_cut_short_is_finished_at_the_next_start() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, _] = people_and_marks(&mut vault, &site);
    vault.close(site.now()).unwrap();
    let disk = FaultyDisk::new();
    let mut vault = site.open_on(&disk).unwrap();
    let sealed_key = vault.engine.get(Tree::PersonKeys, ada.as_bytes()).unwrap().unwrap();
    disk.fail_after(3, Fault::Dead); // the journal entry is written, the checkpoint is not
    let erased = vault.erase_person(Actor::Kiosk, ada, site.now());
    assert!(matches!(erased, Err(VaultError::ErasurePending(_))));
    assert!(vault.erasure_pending());
    drop(vault);
    assert!(!site.holding(&sealed_key).is_empty());
    let vault = site.open();
    assert!(!vault.erasure_pending());
    assert!(site.holding(&sealed_key).is_empty());
}

#[test]
fn corrections_are_new_events_and_each_event_is_corrected_once() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    let correct = |vault: &mut Vault, person, replaces: u64, stands, reason: &str| {
        let correction = Correction { replaces: Some(EventId(replaces)), stands, reason: reason.to_owned() };
        let now = site.now();
        let new =
            NewMark { source: MarkSource::Host, correction: Some(correction), ..check_in(person, now.utc) };
        vault.record_mark(new, now)
    };
    assert!(matches!(correct(&mut vault, ada, 1, true, " "), Err(VaultError::ReasonMissing)));
    assert!(matches!(correct(&mut vault, grace, 1, true, "x"), Err(VaultError::NoSuchMark(EventId(1)))));
    assert!(matches!(correct(&mut vault, ada, 99, true, "x"), Err(VaultError::NoSuchMark(EventId(99)))));
    assert!(matches!(correct(&mut vault, ada, 2, false, "double"), Ok(m) if m.id == EventId(5)));
    assert!(matches!(
        correct(&mut vault, ada, 2, true, "again"),
        Err(VaultError::AlreadyCorrected(EventId(2)))
    ));
    assert_eq!(vault.last_mark(ada, jiff::Timestamp::MAX).unwrap().unwrap().id, EventId(1));
    let counting = vault.effective_marks(Timestamp::MIN, Timestamp::MAX).unwrap();
    assert_eq!(counting.iter().map(|m| m.id.0).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(all_marks(&vault).len(), 5, "nothing is taken away");
    let newest = vault.audit_entries(1..=u64::MAX).unwrap().pop().unwrap();
    assert_eq!(newest.action, AuditAction::Corrected { replaces: EventId(2), by: EventId(5) });
    let stranger = PersonId::from_bytes([9; 16]);
    assert!(matches!(
        vault.record_mark(check_in(stranger, site.now().utc), site.now()),
        Err(VaultError::NoSuchPerson)
    ));
}

#[test]
fn badges_and_host_names_are_unique_and_one_host_stays() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    let add = vault.add_person(Actor::Kiosk, name("X"), Some(format!(" {BADGE} ")), site.now());
    assert!(matches!(add, Err(VaultError::BadgeTaken)));
    let mut changed = vault.person(grace).unwrap();
    changed.badge = Some(BADGE.to_owned());
    assert!(matches!(
        vault.update_person(Actor::Kiosk, changed.clone(), site.now()),
        Err(VaultError::BadgeTaken)
    ));
    vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap();
    vault.update_person(Actor::Kiosk, changed, site.now()).unwrap();
    assert_eq!(vault.person_by_badge(BADGE), Some(grace));

    let pin = Pin::new("908172").unwrap();
    assert!(matches!(
        vault.add_host(Actor::Kiosk, name("HOST"), &pin, site.now()),
        Err(VaultError::HostTaken)
    ));
    let first = vault.hosts().unwrap()[0].id;
    assert!(matches!(vault.remove_host(Actor::Kiosk, first, site.now()), Err(VaultError::LastHost)));
    let second = vault.add_host(Actor::Host(first), name("Second"), &pin, site.now()).unwrap();
    vault.remove_host(Actor::Host(second.id), first, site.now()).unwrap();
    assert_eq!(vault.hosts().unwrap(), [second]);
}

#[test]
fn clock_jumps_are_audited_and_shown_on_the_next_mark() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, _] = people_and_marks(&mut vault, &site);
    assert!(all_marks(&vault).iter().all(|m| !m.clock_jumped));
    let utc = site.clock.now().utc;
    site.clock.set_utc(utc.checked_add(Duration::from_hours(1)).unwrap());
    vault.audit(Actor::Kiosk, AuditAction::SettingsChanged, site.now()).unwrap();
    assert!(mark(&mut vault, &site, ada).clock_jumped, "an entry in between does not hide the jump");
    assert!(!mark(&mut vault, &site, ada).clock_jumped);
    site.clock.set_utc(utc);
    assert!(mark(&mut vault, &site, ada).clock_jumped);
    let jumps = |vault: &Vault| -> Vec<i64> {
        let entries = vault.audit_entries(1..=u64::MAX).unwrap();
        let jump = |a| if let AuditAction::ClockJumped(secs) = a { Some(secs) } else { None };
        entries.into_iter().filter_map(|e| jump(e.action)).collect()
    };
    assert_eq!(jumps(&vault)[0], 3600);
    assert!(jumps(&vault)[1] < -3590);
    vault.close(site.now()).unwrap();
    site.clock.set_utc("1970-01-01T00:00:00Z".parse().unwrap());
    let mut vault = site.open();
    assert!(jumps(&vault)[2] < -1_000_000_000, "a dead clock battery shows at start");
    assert!(mark(&mut vault, &site, ada).clock_jumped);
    assert_eq!(all_marks(&vault).len(), 8);
    assert_chain_good(&vault, None);
}

#[test]
fn a_jump_shows_on_the_next_mark_also_after_another_start() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, _] = people_and_marks(&mut vault, &site);
    vault.close(site.now()).unwrap();
    site.clock.set_utc("1970-01-01T00:00:00Z".parse().unwrap());
    site.open().close(site.now()).unwrap();
    let mut vault = site.open();
    assert!(mark(&mut vault, &site, ada).clock_jumped, "nobody was marked in the first run under this clock");
    assert!(!mark(&mut vault, &site, ada).clock_jumped);
    vault.close(site.now()).unwrap();
    let mut vault = site.open();
    assert!(!mark(&mut vault, &site, ada).clock_jumped, "that was said already");
    // However long ago in the log.
    site.clock.set_utc("2026-12-01T00:00:00Z".parse().unwrap());
    for _ in 0..3 * ENTRIES_AT_ONCE {
        vault.audit(Actor::Kiosk, AuditAction::SettingsChanged, site.now()).unwrap();
    }
    drop(vault);
    assert!(mark(&mut site.open(), &site, ada).clock_jumped);
}

/// DST both ways, a day back and forth, a leap second's repeat, a dead battery: no mark lost, their order kept, every
/// jump marked, and nothing marked that is no jump.
#[test]
fn marks_outlive_whatever_the_clock_does() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, _] = people_and_marks(&mut vault, &site);
    let set = |text: &str| site.clock.set_utc(text.parse().unwrap());
    // (set the clock to, a jump is expected): UTC knows no DST, so its nights are no jumps.
    let moments = [
        (None, false),
        (Some("2027-03-28T00:59:59Z"), true), // Athens goes to summer time at 01:00 UTC
        (None, false),
        (None, false),
        (Some("2027-10-31T00:59:59Z"), true), // and back
        (None, false),
        (None, false),
        (Some("2027-10-30T01:00:00Z"), true),  // a day back
        (Some("2027-10-31T01:00:05Z"), true),  // and forth
        (Some("2027-10-31T01:00:05Z"), false), // one second again, as some systems do a leap second
        (Some("1970-01-01T00:00:00Z"), true),  // a dead battery
        (Some("2027-10-31T01:00:20Z"), true),  // until the network is back
        (None, false),
    ];
    let mut told = all_marks(&vault);
    told.sort_by_key(|mark| mark.id);
    for (i, (to, jump)) in moments.into_iter().enumerate() {
        if let Some(to) = to {
            set(to);
        }
        let mark = mark(&mut vault, &site, ada);
        assert_eq!(mark.clock_jumped, jump, "moment {i}");
        told.push(mark);
        if i % 5 == 4 {
            drop(vault);
            vault = site.open();
        }
    }
    let mut kept = all_marks(&vault);
    assert!(kept.is_sorted_by_key(|mark| mark.at), "shown in the order of their times");
    kept.sort_by_key(|mark| mark.id);
    assert_eq!(kept, told, "kept in the order of recording, none lost");
    assert!(kept.iter().map(|mark| mark.id.0).eq(1..=told.len() as u64));
    assert_chain_good(&vault, None);
}

#[test]
fn a_store_that_is_closed_in_a_moment_is_waited_for() {
    let site = Site::new();
    let vault = site.create();
    let now = site.now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(150));
            vault.close(now).unwrap();
        });
        site.open();
    });
}

#[test]
fn a_second_process_is_refused_while_the_first_runs() {
    let site = Site::new();
    let vault = site.create();
    let second = site.try_open().err().unwrap();
    assert!(matches!(second, VaultError::Busy(_)));
    assert!(second.to_string().contains("another kiosk already uses this folder"));
    vault.close(site.now()).unwrap();
    assert!(site.try_open().is_ok());
}

#[test]
fn folders_and_keys_that_do_not_fit_are_refused_by_name() {
    let site = Site::new();
    assert!(!Vault::exists(&site.dir()));
    assert!(matches!(site.try_open(), Err(VaultError::NotAStore(_))));
    site.create().close(site.now()).unwrap();
    assert!(Vault::exists(&site.dir()));
    let host = || InitHost { name: name("Host"), pin: Pin::new(PIN).unwrap() };
    let again = Vault::create(&site.dir(), &site.key(), "UTC", host(), site.now());
    assert!(matches!(again, Err(VaultError::AlreadyExists(_))));

    let other = KeySource::File(site.folder.path().join("other.key"));
    make_device_key(&other).unwrap();
    let wrong = Vault::open(&site.dir(), &other, site.now());
    assert!(matches!(wrong, Err(VaultError::Key(CryptoError::WrongKey))));
    let missing = KeySource::File(site.folder.path().join("none.key"));
    let missing = Vault::open(&site.dir(), &missing, site.now());
    assert!(matches!(missing, Err(VaultError::Key(CryptoError::KeyFileMissing(_)))));

    let blobless = site.copy();
    fs::remove_file(blobless.dir().join(KEY_BLOB)).unwrap();
    assert!(Vault::exists(&blobless.dir()), "records without their keys are not an empty folder");
    assert!(matches!(blobless.try_open(), Err(VaultError::KeyBlobMissing(_))));
    let over = Vault::create(&blobless.dir(), &site.key(), "UTC", host(), site.now());
    assert!(matches!(over, Err(VaultError::AlreadyExists(_))));
}

#[test]
fn the_key_can_be_changed_and_the_old_one_no_longer_opens() {
    let site = Site::new();
    let mut vault = site.create();
    let host = vault.hosts().unwrap()[0].id;
    let new = KeySource::File(site.folder.path().join("new.key"));
    vault.change_key(Actor::Host(host), &new, site.now()).unwrap();
    vault.close(site.now()).unwrap();
    assert!(matches!(site.try_open(), Err(VaultError::Key(CryptoError::WrongKey))));
    let vault = Vault::open(&site.dir(), &new, site.now()).unwrap();
    let secret = vault.host_secret(host).unwrap();
    assert!(secret.matches(&PinAttempt::new(PIN), &vault.pepper().unwrap()).unwrap(), "PINs stay good");
}

#[test]
fn a_journal_that_was_cut_after_a_clean_close_is_noticed() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    vault.close(site.now()).unwrap();
    let segment = site.dir().join("journal/000001.log");
    let whole = fs::read(&segment).unwrap();
    fs::write(&segment, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(site.try_open(), Err(VaultError::Damaged(Damage::Missing { .. }))));
    let mut flipped = whole;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&segment, flipped).unwrap();
    assert!(matches!(site.try_open(), Err(VaultError::Damaged(Damage::Entry { .. }))));
}

#[test]
fn changed_bytes_anywhere_are_harmless_or_refused_and_never_change_a_record() {
    let site = site_with_everything();
    let whole = everything(&site.copy().open());
    let files: Vec<_> = site.bytes().into_iter().filter(|(path, _)| !path.ends_with("reserve")).collect();
    let files: Vec<_> = files.into_iter().filter(|(_, content)| !content.is_empty()).collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (rounds, mut harmless, mut refused) = (rounds(200, 10_000), 0, 0);
    for round in 0..rounds {
        // Every file in turn: sled's is far longer than the others.
        let (path, content) = &files[round as usize % files.len()];
        let mut bad = content.clone();
        bad[random.below(content.len() as u64) as usize] ^= random.below(255) as u8 + 1;
        let spoiled = site.copy();
        fs::write(spoiled.dir().join(path.strip_prefix(site.dir()).unwrap()), bad).unwrap();
        match spoiled.try_open() {
            Ok(vault) => {
                assert_eq!(everything(&vault), whole, "{}", path.display());
                assert_chain_good(&vault, None);
                // A kill, after which everything is made anew from what may be the changed file.
                drop(vault);
                let vault = spoiled.try_open().unwrap_or_else(|e| panic!("{} at last: {e}", path.display()));
                assert_eq!(everything(&vault), whole, "{}", path.display());
                assert_chain_good(&vault, None);
                harmless += 1;
            }
            Err(e) => {
                assert!(matches!(e, VaultError::Damaged(_) | VaultError::Key(_)), "{}: {e}", path.display());
                refused += 1;
            }
        }
    }
    println!("{rounds} bytes changed: {harmless} harmless, {refused} refused with a sentence, 0 silent");
    assert!(harmless > 0 && refused > 0);
}

#[test]
fn a_damaged_checkpoint_is_written_anew_while_the_working_copy_is_whole() {
    let site = site_with_everything();
    let whole = everything(&site.copy().open());
    spoil_checkpoint(&site);
    let vault = site.open();
    assert!(vault.open_note().unwrap().contains("checkpoint"));
    let log = vault.audit_entries(1..=u64::MAX).unwrap();
    assert!(log.iter().all(|entry| entry.action != AuditAction::Rebuilt), "the working copy is as it was");
    drop(vault);
    let mut vault = site.open();
    assert_eq!(everything(&vault), whole);
    // And while the kiosk runs on, for months perhaps.
    assert!(!vault.mend_files().unwrap());
    spoil_checkpoint(&site);
    assert!(vault.mend_files().unwrap());
    assert!(!vault.mend_files().unwrap());
    spoil_checkpoint(&site);
    assert!(vault.mend_files().unwrap());
    drop(vault);
    let vault = site.open();
    assert_eq!(everything(&vault), whole);
    assert_chain_good(&vault, None);
}

#[test]
fn a_rebuild_that_fails_leaves_the_working_copy_that_was_there() {
    let site = site_with_everything();
    drop(site.open()); // a kill: at the next start the working copy is not trusted
    let checkpoint = fs::read(site.dir().join("checkpoint")).unwrap();
    spoil_checkpoint(&site);
    for _ in 0..2 {
        assert!(matches!(site.try_open(), Err(VaultError::Damaged(Damage::Checkpoint { .. }))));
    }
    let copies: Vec<_> = fs::read_dir(site.dir().join("sled")).unwrap().map(|e| e.unwrap().path()).collect();
    let [copy] = &copies[..] else { panic!("{copies:?}") };
    let db = sled::open(copy).unwrap();
    assert_eq!(db.open_tree("marks").unwrap().len(), 4, "somebody who knows sled finds them all");
    drop(db);
    fs::write(site.dir().join("checkpoint"), checkpoint).unwrap();
    assert_eq!(all_marks(&site.open()).len(), 4);
    assert_eq!(fs::read_dir(site.dir().join("sled")).unwrap().count(), 1, "the old one goes then");
}

/// A disk with room for one working copy and a half: the old one must go first, once all else is read through.
#[test]
fn a_rebuild_without_room_for_two_copies_lets_the_old_one_go_first() {
    let site = site_with_everything();
    let mut vault = site.open();
    let grace = vault.people().unwrap()[0].id;
    for _ in 0..16 {
        // More than sled keeps in memory.
        let many: Vec<_> = (0..60).map(|seed| template(seed as f32)).collect();
        vault.enrol(Actor::Kiosk, grace, consent(), &many, false, site.now()).unwrap();
    }
    vault.close(site.now()).unwrap();
    let whole = everything(&site.copy().open());
    let small = Site { folder: tempfile::tempdir().unwrap(), clock: site.clock.clone() };
    fs::create_dir(small.dir()).unwrap();
    // Pages of 4 kB, as the small disk takes them.
    let pages = |site: &Site, below: &str| -> usize {
        let all = site.bytes().into_iter().filter(|(path, _)| path.starts_with(site.dir().join(below)));
        all.map(|(_, content)| content.len().div_ceil(4096)).sum()
    };
    let rebuilt = site.copy();
    fs::remove_file(rebuilt.dir().join("clean")).unwrap();
    drop(rebuilt.open());
    let size = 4 * (pages(&site, "") + pages(&rebuilt, "sled") / 2);
    let mount = |program: &str, arguments: &[&str]| {
        let ran = std::process::Command::new(program).args(arguments).arg(small.dir()).output();
        ran.is_ok_and(|output| output.status.success())
    };
    if !mount("mount", &["-t", "tmpfs", "-o", &format!("size={size}k"), "small"]) {
        eprintln!("skipped: a small disk needs the right to mount one");
        return;
    }
    copy_dir(site.folder.path(), small.folder.path());
    fs::remove_file(small.dir().join("clean")).unwrap(); // not trusted
    let opened = small.try_open();
    let same = opened.as_ref().map(|vault| everything(vault) == whole).map_err(ToString::to_string);
    drop(opened);
    // The same with a checkpoint that cannot be read: then the old one stays.
    let _ = fs::remove_file(small.dir().join("clean"));
    spoil_checkpoint(&small);
    let refused = small.try_open().map(drop);
    let copies = fs::read_dir(small.dir().join("sled")).unwrap().count();
    assert!(mount("umount", &[]));
    assert_eq!(same, Ok(true));
    assert!(matches!(refused, Err(VaultError::Damaged(Damage::Checkpoint { .. }))), "{refused:?}");
    assert_eq!(copies, 1);
}

#[test]
fn an_image_that_does_not_take_its_place_leaves_no_file() {
    let base = site_with_everything();
    for step in 0.. {
        let site = base.copy();
        let disk = FaultyDisk::new();
        let mut vault = site.open_on(&disk).unwrap();
        let grace = vault.people().unwrap()[0].id;
        disk.fail_after(step, Fault::Once(io::ErrorKind::Other));
        let erased = vault.erase_person(Actor::Kiosk, grace, site.now());
        assert!(!site.dir().join("checkpoint.tmp").exists(), "step {step}: {erased:?}");
        if erased.is_ok() && !disk.met() {
            assert!(step > 5);
            break;
        }
    }
}

#[test]
fn tampering_with_audit_entries_is_found() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    let head = vault.audit_head();
    assert_chain_good(&vault, Some(head));
    let fault = |vault: &Vault, against: Option<AuditHead>| {
        vault.verify_audit(against.map(Into::into), |_, _| ()).unwrap().fault
    };
    let number = |n: u64| n.to_be_bytes().to_vec();
    let sealed = |vault: &Vault, n: u64| vault.engine.get(Tree::Audit, &number(n)).unwrap();
    let put = |vault: &mut Vault, n: u64, value: Option<Vec<u8>>| {
        let write = codec::Write { tree: Tree::Audit, key: number(n), value };
        vault.engine.commit(&vec![write], Urgency::Normal).unwrap();
    };
    let (third, fourth) = (sealed(&vault, 3), sealed(&vault, 4));
    put(&mut vault, 3, fourth.clone());
    assert_eq!(fault(&vault, None), Some(AuditFault::Unreadable(3)), "moved");
    put(&mut vault, 3, None);
    assert_eq!(fault(&vault, None), Some(AuditFault::Missing(3)), "removed");
    let mut entry: crate::domain::AuditEntry =
        vault.seals.get(Tree::Audit, &number(3), &third.clone().unwrap()).unwrap();
    entry.action = AuditAction::PersonErased;
    let changed = vault.seals.put(Tree::Audit, &number(3), &entry).unwrap().value;
    put(&mut vault, 3, changed);
    assert_eq!(
        fault(&vault, None),
        Some(AuditFault::Changed(3)),
        "changed by somebody with the key of the tree"
    );
    put(&mut vault, 3, third);
    assert_eq!(fault(&vault, Some(head)), None);
    put(&mut vault, head.number, None);
    assert_eq!(fault(&vault, None), Some(AuditFault::Cut(head.number)));
    assert_eq!(fault(&vault, Some(head)), Some(AuditFault::Cut(head.number)));
}

#[test]
fn on_a_full_disk_marks_are_refused_erasing_and_closing_work_and_space_heals() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    vault.close(site.now()).unwrap();
    let disk = FaultyDisk::new();
    let mut vault = site.open_on(&disk).unwrap();
    let before = all_marks(&vault);
    disk.state.no_space.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let now = site.now();
        let refused = vault.record_mark(check_in(ada, now.utc), now).err().unwrap();
        assert!(matches!(refused, VaultError::DiskFull));
    }
    assert_eq!(all_marks(&vault), before, "reading goes on");
    assert!(site.dir().join("reserve").exists(), "ordinary writes leave the reserve alone");
    vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap();
    vault.close(site.now()).unwrap();

    disk.state.no_space.store(false, Ordering::SeqCst);
    let mut vault = site.open_on(&disk).unwrap();
    assert!(matches!(vault.person(ada), Err(VaultError::NoSuchPerson)));
    mark(&mut vault, &site, grace);
    assert_eq!(all_marks(&vault).len(), before.len() + 1);
    assert!(site.dir().join("reserve").exists(), "made again");
    assert_chain_good(&vault, None);
}

#[test]
fn an_interrupted_create_can_be_repeated_at_every_step() {
    for step in 0.. {
        let site = Site::new();
        let disk = FaultyDisk::new();
        disk.fail_after(step, Fault::Dead);
        let host = || InitHost { name: name("Host"), pin: Pin::new(PIN).unwrap() };
        let made = Vault::create_on(disk, &site.dir(), &site.key(), "UTC", host(), None, site.now());
        let whole = made.is_ok();
        drop(made);
        if !Vault::exists(&site.dir()) {
            Vault::create(&site.dir(), &site.key(), "UTC", host(), site.now()).unwrap();
        }
        assert_eq!(site.open().hosts().unwrap().len(), 1, "step {step}");
        if whole {
            assert!(step > 10, "the fault was never met");
            break;
        }
    }
}

/// Fails the nth file operation, for every n, in every way, over a scenario with marks, a correction, enrolment, a locked
/// period, a sweep by the rule on keeping, erasure, checkpoint and close. Whatever was acknowledged is there afterwards, once; the chain is
/// good.
#[test]
fn failing_any_file_operation_loses_nothing_acknowledged() {
    let base = Site::new();
    let mut vault = base.create();
    let [ada, grace] = people_and_marks(&mut vault, &base);
    let sealed_key = vault.engine.get(Tree::PersonKeys, ada.as_bytes()).unwrap().unwrap();
    vault.close(base.now()).unwrap();
    base.clock.advance(Duration::from_hours(24 * 400)); // what is there is too old for the sweep
    for fault in [Fault::Once(io::ErrorKind::Other), Fault::Once(io::ErrorKind::StorageFull), Fault::Torn] {
        for step in 0.. {
            let site = base.copy();
            let disk = FaultyDisk::new();
            disk.fail_after(step, fault);
            let mut told = Told::default();
            let finished = day_on(&site, &disk, ada, grace, &mut told).is_ok();
            let vault = site.try_open().unwrap_or_else(|e| panic!("{fault:?} at {step}: {e}"));
            told.check(&vault, ada, &format!("{fault:?} at {step}"));
            if told.erased {
                assert!(site.holding(&sealed_key).is_empty(), "{fault:?} at {step}");
            }
            if finished && !disk.met() {
                assert!(step > 20, "the scenario has more steps than that");
                break;
            }
        }
    }
}

/// What the scenario was told had happened.
#[derive(Default)]
struct Told {
    marks: Vec<Mark>,
    templates: Vec<TemplateId>,
    erased: bool,
    /// The lock was on disk.
    locked: bool,
    /// A sweep was tried, and whether it said that all is gone.
    swept: Option<bool>,
}

const LOCKED_UNTIL: jiff::civil::Date = jiff::civil::date(2026, 11, 30);

/// More than one record holds.
fn lock_rules() -> String {
    "schedule = \"mon-fri 08:00-17:00\"\n".repeat(300)
}

/// Events of [`people_and_marks`].
const FIRST_MARKS: u64 = 4;

impl Told {
    fn check(&self, vault: &Vault, erased: PersonId, case: &str) {
        let marks = all_marks(vault);
        for told in &self.marks {
            assert_eq!(marks.iter().filter(|m| *m == told).count(), 1, "{case}: mark {}", told.id);
        }
        let numbers: Vec<_> = marks.iter().map(|m| m.id.0).collect();
        let (old, new): (Vec<u64>, Vec<u64>) = numbers.into_iter().partition(|n| *n <= FIRST_MARKS);
        let next = FIRST_MARKS + 1;
        assert_eq!(new, (next..next + new.len() as u64).collect::<Vec<_>>(), "{case}: each number once");
        match self.swept {
            None => assert_eq!(old, (1..=FIRST_MARKS).collect::<Vec<_>>(), "{case}"),
            Some(true) => assert!(old.is_empty(), "{case}: {old:?}"),
            Some(false) => assert!(old.is_sorted(), "{case}: some may be gone"),
        }
        let entries = vault.audit_entries(1..=u64::MAX).unwrap();
        let swept = entries.iter().map(|entry| match entry.action {
            AuditAction::Swept { marks, .. } => u64::from(marks),
            _ => 0,
        });
        assert_eq!(old.len() as u64 + swept.sum::<u64>(), FIRST_MARKS, "{case}: what is gone is in the log");
        let locks: Vec<_> = vault.period_locks().iter().map(|lock| (lock.until, &*lock.rules)).collect();
        let lock = (LOCKED_UNTIL, &*lock_rules());
        assert!(locks == [lock] || (locks.is_empty() && !self.locked), "{case}: all of the lock or nothing");
        let counting = vault.effective_marks(Timestamp::MIN, Timestamp::MAX).unwrap();
        for replaced in self.marks.iter().filter_map(|m| m.correction.as_ref()?.replaces) {
            assert!(counting.iter().all(|m| m.id != replaced), "{case}: {replaced} was corrected");
        }
        let templates: Vec<_> = vault.templates(&weights()).unwrap().iter().map(|t| t.id).collect();
        assert!(self.templates.iter().all(|id| templates.contains(id)), "{case}");
        if self.erased {
            assert!(matches!(vault.person(erased), Err(VaultError::NoSuchPerson)), "{case}");
        }
        let report = vault.verify_audit(None, |_, _| ()).unwrap();
        assert_eq!(report.fault, None, "{case}");
    }
}

/// Goes on after an error, as a kiosk does.
fn day_on(
    site: &Site,
    disk: &Arc<FaultyDisk>,
    ada: PersonId,
    grace: PersonId,
    told: &mut Told,
) -> Result<(), VaultError> {
    let mut vault = site.open_on(disk)?;
    let mut worst = Ok(());
    let mut note = |result: Result<(), VaultError>| worst = std::mem::replace(&mut worst, Ok(())).and(result);
    for _ in 0..2 {
        let now = site.now();
        note(vault.record_mark(check_in(grace, now.utc), now).map(|mark| told.marks.push(mark)));
    }
    if let Some(first) = told.marks.first().map(|mark| mark.id) {
        let correction = Correction { replaces: Some(first), stands: true, reason: "came later".to_owned() };
        let now = site.now();
        let new =
            NewMark { source: MarkSource::Host, correction: Some(correction), ..check_in(grace, now.utc) };
        note(vault.record_mark(new, now).map(|mark| told.marks.push(mark)));
    }
    let enrolled = vault.enrol(Actor::Kiosk, grace, consent(), &[template(3.0)], false, site.now());
    note(enrolled.map(|ids| told.templates = ids));
    let locked = vault.lock_period(Actor::Kiosk, LOCKED_UNTIL, &lock_rules(), site.now());
    told.locked = locked.is_ok();
    note(locked);
    let swept = vault.sweep(Keeping { marks_days: 365, faces_days: 0 }, site.now());
    // Without a newer record the clock is not believed, and nothing is old.
    let gone = matches!(&swept, Ok(Swept { marks: 1.., .. }) | Err(VaultError::ErasurePending(_)));
    told.swept = Some(gone);
    note(swept.map(drop));
    note(vault.marks(Timestamp::MIN, Timestamp::MAX).map(drop)); // nothing that is gone is looked for
    let erased = vault.erase_person(Actor::Kiosk, ada, site.now());
    told.erased = matches!(erased, Ok(()) | Err(VaultError::ErasurePending(_)));
    note(erased);
    let now = site.now();
    note(vault.record_mark(check_in(grace, now.utc), now).map(|mark| told.marks.push(mark)));
    note(vault.close(site.now()));
    worst
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// This one only.
    Once(io::ErrorKind),
    /// A write does half its work, and from then on nothing works: a kill in the middle.
    Torn,
    /// From this one on nothing works.
    Dead,
}

/// The machine's file system with a fault to come.
struct FaultyDisk {
    state: Arc<FaultState>,
}

struct FaultState {
    left: AtomicI64,
    fault: std::sync::Mutex<Fault>,
    /// Set while the disk is full; cleared by removing the reserve.
    no_space: AtomicBool,
}

impl FaultyDisk {
    fn new() -> Arc<Self> {
        let state = FaultState {
            left: AtomicI64::new(i64::MAX),
            fault: std::sync::Mutex::new(Fault::Dead),
            no_space: AtomicBool::new(false),
        };
        Arc::new(Self { state: Arc::new(state) })
    }

    /// Lets `steps` changing operations succeed.
    fn fail_after(&self, steps: i64, fault: Fault) {
        *self.state.fault.lock().unwrap() = fault;
        self.state.left.store(steps, Ordering::SeqCst);
    }

    fn met(&self) -> bool {
        self.state.left.load(Ordering::SeqCst) < 0
    }

    fn step(&self) -> io::Result<()> {
        self.state.step()
    }
}

impl FaultState {
    fn step(&self) -> io::Result<()> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        match *self.fault.lock().unwrap() {
            Fault::Once(kind) if left == 0 => Err(kind.into()),
            Fault::Torn | Fault::Dead if left <= 0 => Err(io::Error::other("pulled plug")),
            _ => Ok(()),
        }
    }

    fn tears_now(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0 && *self.fault.lock().unwrap() == Fault::Torn
    }
}

impl Storage for FaultyDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.step().and_then(|()| Disk.create_dir(dir))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        Disk.list(dir)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        Disk.read(path, limit)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Append>> {
        self.step()?;
        Ok(Box::new(FaultyFile { file: Disk.create(path)?, state: self.state.clone() }))
    }

    fn resume(&self, path: &Path, len: u64) -> io::Result<Box<dyn Append>> {
        self.step()?;
        Ok(Box::new(FaultyFile { file: Disk.resume(path, len)?, state: self.state.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step().and_then(|()| Disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        if path.ends_with("reserve") {
            self.state.no_space.store(false, Ordering::SeqCst);
        }
        Disk.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.step().and_then(|()| Disk.sync_dir(dir))
    }
}

struct FaultyFile {
    file: Box<dyn Append>,
    state: Arc<FaultState>,
}

impl Append for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.state.no_space.load(Ordering::SeqCst) {
            self.file.write(&bytes[..bytes.len() / 3])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        if self.state.tears_now() {
            self.file.write(&bytes[..bytes.len() / 2])?;
        }
        self.state.step().and_then(|()| self.file.write(bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.state.step().and_then(|()| self.file.sync())
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.state.step().and_then(|()| self.file.cut(len))
    }
}

#[test]
fn ids_are_never_handed_out_twice() {
    let site = Site::new();
    let mut vault = site.create();
    let mut ids: Vec<HostId> = vec![vault.hosts().unwrap()[0].id];
    for text in ["a", "b"] {
        let pin = Pin::new(PIN).unwrap();
        ids.push(vault.add_host(Actor::Kiosk, name(text), &pin, site.now()).unwrap().id);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}
