//! Keys that change, backups, what the site's rule erases, and stores of older versions.

use super::*;
use crate::crypto::{Passphrase, RecoveryCode, SEAL_OVERHEAD, SealKey, Secret};
use std::os::unix::fs::PermissionsExt as _;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// Everything that can be read out of a store, to be compared.
fn content(vault: &Vault) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut templates = vault.templates(&weights()).unwrap();
    templates.sort_by_key(|t| t.id);
    (vault.people().unwrap(), vault.hosts().unwrap(), all_marks(vault), templates)
}

#[test]
fn the_master_key_changes_under_a_running_store_and_can_be_interrupted_at_every_step() {
    let base = Site::new();
    let mut vault = base.create();
    let [ada, grace] = people_and_marks(&mut vault, &base);
    let pin = Pin::new("908172").unwrap();
    vault.set_person_pin(Actor::Kiosk, ada, Some(&pin), base.now()).unwrap();
    let (before, head) = (content(&vault), vault.audit_head());
    let old_seals = codec::Seals::new(&vault.keys).unwrap();
    let sealed_key = vault.engine.get(Tree::PersonKeys, grace.as_bytes()).unwrap().unwrap();
    vault.close(base.now()).unwrap();
    for stop_after in 0.. {
        let site = base.copy();
        let mut vault = site.open();
        vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
        let mut finished = false;
        for _ in 0..stop_after {
            finished = vault.rotate_step(12, site.now()).unwrap().finished;
            if finished {
                break;
            }
        }
        assert_eq!(content(&vault), before, "while it runs");
        drop(vault); // a kill
        let mut vault = site.open();
        assert_eq!(content(&vault), before, "after a kill, {stop_after} steps");
        assert_eq!(vault.is_rotating(), !finished);
        while vault.is_rotating() {
            vault.rotate_step(50, site.now()).unwrap();
        }
        assert_eq!(content(&vault), before);
        assert_chain_good(&vault, Some(head));
        let hash = vault.person_secret(ada).unwrap().unwrap();
        assert!(hash.matches(&PinAttempt::new("908172"), &vault.pepper().unwrap()).unwrap());
        vault.close(site.now()).unwrap();
        assert!(site.holding(&sealed_key).is_empty(), "what the old key opens has left the disk");
        let vault = site.open();
        assert_eq!(vault.open_note(), None, "and the working copy is in order");
        vault
            .engine
            .for_each(Tree::Marks, |key, sealed| {
                assert!(old_seals.get_bytes(Tree::Marks, key, sealed).is_err(), "the old key opens nothing");
                Ok(())
            })
            .unwrap();
        if finished {
            assert!(stop_after > 5, "the change has more steps than {stop_after}");
            break;
        }
    }
}

#[test]
fn failing_any_file_operation_while_the_key_changes_loses_nothing() {
    let base = Site::new();
    let mut vault = base.create();
    people_and_marks(&mut vault, &base);
    let before = content(&vault);
    vault.close(base.now()).unwrap();
    for step in 0.. {
        let site = base.copy();
        let disk = FaultyDisk::new();
        let mut vault = site.open_on(&disk).unwrap();
        disk.fail_after(step, if step % 2 == 0 { Fault::Torn } else { Fault::Once(io::ErrorKind::Other) });
        let changed = vault.begin_rotation(Actor::Kiosk, site.now()).and_then(|()| {
            while !vault.rotate_step(20, site.now())?.finished {}
            Ok(())
        });
        for left in ["checkpoint.new", "checkpoint.tmp"].map(|left| site.dir().join(left)) {
            assert!(step % 2 == 0 || !left.exists(), "step {step}: {} is left", left.display());
        }
        drop(vault);
        let mut vault = site.try_open().unwrap_or_else(|e| panic!("step {step}: {e}"));
        assert_eq!(content(&vault), before, "step {step}");
        while vault.is_rotating() {
            vault.rotate_step(50, site.now()).unwrap();
        }
        assert_eq!(content(&vault), before, "step {step}");
        assert_chain_good(&vault, None);
        if changed.is_ok() && !disk.met() {
            assert!(step > 15, "the change has more steps than {step}");
            break;
        }
    }
}

#[test]
fn a_key_file_gives_way_to_a_passphrase_and_back() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    let before = content(&vault);
    let words = || KeySource::Passphrase(passphrase("four unrelated words"));
    vault.change_key(Actor::Kiosk, &words(), site.now()).unwrap();
    // The passphrase is not asked for again when the blob is written by a change of the master key.
    vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
    while !vault.rotate_step(100, site.now()).unwrap().finished {}
    vault.close(site.now()).unwrap();
    assert_eq!(Vault::key_kind(&site.dir()), Some(KeyKind::Passphrase));
    assert!(matches!(site.try_open(), Err(VaultError::Key(CryptoError::WrongSource("a passphrase")))));
    let wrong = KeySource::Passphrase(passphrase("four unrelated birds"));
    assert!(matches!(
        Vault::open(&site.dir(), &wrong, site.now()),
        Err(VaultError::Key(CryptoError::WrongKey))
    ));
    let mut vault = Vault::open(&site.dir(), &words(), site.now()).unwrap();
    vault.change_key(Actor::Kiosk, &site.key(), site.now()).unwrap();
    vault.close(site.now()).unwrap();
    assert_eq!(content(&site.open()), before);
}

fn write_backup(view: &BackupView, file: &Path, words: &Passphrase) -> BackupContents {
    view.write(fs::File::create_new(file).unwrap(), file, words, &|_, _| true).unwrap()
}

#[test]
fn a_backup_beside_a_running_kiosk_is_restored_on_another_machine() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap(); // so that there is a checkpoint
    mark(&mut vault, &site, grace);
    let before = content(&vault);
    let file = |name: &str| site.folder.path().join(name);
    let words = passphrase("a backup needs words");
    let (dir, key) = (site.dir(), site.key());
    let beside = Vault::view_of_running(&dir, &key, "settings", site.now()).unwrap();
    let view = vault.view("settings", site.now()).unwrap();
    let head = vault.audit_head();
    // Whatever is written now is not in the backups, although they are written later.
    mark(&mut vault, &site, grace);
    vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
    while !vault.rotate_step(100, site.now()).unwrap().finished {}
    let contents = write_backup(&beside, &file("beside"), &words);
    let own = write_backup(&view, &file("own"), &words);
    assert_eq!(own.total(), contents.total());
    assert_eq!(own.entry, contents.entry);

    let (seen, settings) = Vault::inspect_backup(&file("own"), &words, |_, _| ()).unwrap();
    assert_eq!((seen, settings.as_str()), (own, "settings"));
    for name in ["beside", "own"] {
        let other = Site { folder: tempfile::tempdir().unwrap(), clock: site.clock.clone() };
        let (dir, key) = (other.dir(), other.key());
        let restore = || Vault::restore(&dir, &key, &file(name), &words, other.now(), |_, _| ());
        let (restored, _) = restore().unwrap();
        assert_eq!(content(&restored), before, "{name}");
        assert_chain_good(&restored, Some(head));
        restored.close(other.now()).unwrap();
        assert!(matches!(restore(), Err(VaultError::AlreadyExists(_))));
        let mut again = other.open();
        assert_eq!(content(&again), before, "{name}");
        let host = again.hosts().unwrap()[0].id;
        let secret = again.host_secret(host).unwrap();
        assert!(secret.matches(&PinAttempt::new(PIN), &again.pepper().unwrap()).unwrap(), "PINs are good");
        mark(&mut again, &other, grace);
    }
    let wrong = Vault::inspect_backup(&file("own"), &passphrase("some other words"), |_, _| ());
    assert!(matches!(wrong, Err(VaultError::Backup(BackupFault::Passphrase))));
    let text = fs::read(file("own")).unwrap();
    for needle in [NAMES[0].as_bytes(), NAMES[1].as_bytes(), b"Europe/Athens", b"settings"] {
        assert!(!text.windows(needle.len()).any(|w| w == needle));
    }
}

#[test]
fn a_damaged_backup_says_where_and_restores_nothing() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    let (file, words) = (site.folder.path().join("b"), passphrase("a backup needs words"));
    write_backup(&vault.view("", site.now()).unwrap(), &file, &words);
    let whole = fs::read(&file).unwrap();
    let header = whole.windows(5).position(|w| w == b"\n---\n").unwrap() + 5;
    let fault = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        match Vault::inspect_backup(&file, &words, |_, _| ()) {
            Err(VaultError::Backup(fault)) => fault,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    };
    for len in (header..whole.len()).step_by(whole.len() / 12) {
        let BackupFault::Damaged { at, .. } = fault(&whole[..len]) else { panic!("cut to {len}") };
        assert!(at as usize <= len && at as usize >= header, "cut to {len}, said {at}");
    }
    for at in (header..whole.len()).step_by(whole.len() / 12) {
        let mut bad = whole.clone();
        bad[at] ^= 0x20;
        let BackupFault::Damaged { at: said, .. } = fault(&bad) else { panic!("byte {at}") };
        assert!(said as usize <= at, "byte {at}, said {said}");
    }
    let surplus = fault(&[&whole[..], &whole[header..]].concat());
    assert!(matches!(surplus, BackupFault::Damaged { .. }), "something after the end");
    assert_eq!(fault(b"Faceprint"), BackupFault::NotABackup);
    assert_eq!(fault(&[b"faceprint-backup/2", &whole[18..]].concat()), BackupFault::Version);
    let other = Site { folder: tempfile::tempdir().unwrap(), clock: site.clock.clone() };
    let mut bad = whole.clone();
    let last = bad.len() - 3;
    bad[last] ^= 1;
    fs::write(&file, bad).unwrap();
    let (dir, key) = (other.dir(), other.key());
    let restore = || Vault::restore(&dir, &key, &file, &words, other.now(), |_, _| ());
    assert!(matches!(restore(), Err(VaultError::Backup(BackupFault::Damaged { .. }))));
    assert!(!Vault::exists(&dir), "half a store is none");
    fs::write(&file, whole).unwrap();
    assert_eq!(content(&restore().unwrap().0), content(&vault), "and it can be done again");
}

#[test]
fn what_the_rule_does_not_keep_is_erased_and_a_wrong_clock_takes_little() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site); // marks 1 to 4 on 25 November
    let days = |n: u64| site.clock.advance(Duration::from_hours(24 * n));
    days(30);
    mark(&mut vault, &site, grace);
    days(21);
    mark(&mut vault, &site, grace);
    let keep = |marks_days, faces_days| Keeping { marks_days, faces_days };
    assert_eq!(vault.sweep(keep(0, 0), site.now()).unwrap(), Swept::default());
    assert_eq!(vault.sweep(keep(60, 60), site.now()).unwrap(), Swept::default());
    let entries = vault.audit_head().number;
    let swept = vault.sweep(keep(40, 40), site.now()).unwrap();
    assert_eq!((swept.marks, swept.faces), (4, vec![ada]));
    let log = vault.audit_entries(entries + 1..=u64::MAX).unwrap();
    let swept = log.into_iter().map(|entry| match entry.action {
        AuditAction::Swept { marks, faces } => (marks, faces),
        other => panic!("{other:?}"),
    });
    assert_eq!(swept.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)), (4, 1));
    assert_eq!((vault.template_count(ada).unwrap(), vault.template_count(grace).unwrap()), (0, 2));
    assert_eq!(all_marks(&vault).iter().map(|m| m.id.0).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(mark(&mut vault, &site, ada).id, EventId(7));
    days(365);
    site.clock.set_utc("2099-01-01T00:00:00Z".parse().unwrap());
    // 31 days after the newest mark at most: a rule of 60 days takes nothing.
    assert_eq!(vault.sweep(keep(60, 60), site.now()).unwrap(), Swept::default());
    // Nor do a few marks under that clock make it right.
    assert_eq!(mark(&mut vault, &site, ada).id, EventId(8));
    days(5);
    assert_eq!(mark(&mut vault, &site, ada).id, EventId(9));
    assert_eq!(vault.sweep(keep(60, 60), site.now()).unwrap(), Swept::default());
    assert_eq!(vault.sweep(keep(30, 0), site.now()).unwrap().marks, 3, "those before");
    vault.close(site.now()).unwrap();
    let mut vault = site.open();
    assert_eq!(mark(&mut vault, &site, ada).id, EventId(10), "numbers are not given twice");
    assert_chain_good(&vault, None);
}

#[test]
fn what_a_clock_without_the_time_recorded_is_kept_as_long_as_the_rest() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    vault.close(site.now()).unwrap();
    let set = |text: &str| site.clock.set_utc(text.parse().unwrap());
    let days = |n: u64| site.clock.advance(Duration::from_hours(24 * n));
    let keep = Keeping { marks_days: 30, faces_days: 30 };
    set("1970-01-01T00:00:00Z");
    let mut vault = site.open();
    let carol = vault.add_person(Actor::Kiosk, name("Carol"), None, site.now()).unwrap().id;
    vault.enrol(Actor::Kiosk, carol, consent(), &[template(7.0)], true, site.now()).unwrap();
    let dead = mark(&mut vault, &site, ada);
    set("2026-11-26T08:00:00Z");
    assert_eq!(vault.sweep(keep, site.now()).unwrap(), Swept::default());
    let live = mark(&mut vault, &site, grace);
    days(28);
    mark(&mut vault, &site, grace);
    assert_eq!(vault.sweep(keep, site.now()).unwrap(), Swept::default());
    assert!(all_marks(&vault).contains(&dead));
    assert_eq!((vault.template_count(ada).unwrap(), vault.template_count(carol).unwrap()), (2, 1));
    site.clock.advance(Duration::from_hours(36));
    let mut swept = vault.sweep(keep, site.now()).unwrap();
    assert_eq!(swept.marks, FIRST_MARKS as u32 + 1, "with those of the day before");
    assert!(!all_marks(&vault).contains(&dead) && all_marks(&vault).contains(&live));
    let mut gone = vec![ada, carol];
    gone.sort_unstable();
    swept.faces.sort_unstable();
    assert_eq!(swept.faces, gone);
    assert_chain_good(&vault, None);
}

#[test]
fn a_store_that_was_begun_without_the_time_is_swept_by_what_came_next() {
    let site = Site::new();
    site.clock.set_utc("1970-01-01T00:00:00Z".parse().unwrap());
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    site.clock.set_utc("2026-11-25T08:00:00Z".parse().unwrap());
    let keep = Keeping { marks_days: 30, faces_days: 30 };
    for _ in 0..25 {
        mark(&mut vault, &site, grace);
        assert_eq!(vault.sweep(keep, site.now()).unwrap(), Swept::default());
        site.clock.advance(Duration::from_hours(24));
    }
    site.clock.advance(Duration::from_hours(24 * 5));
    let swept = vault.sweep(keep, site.now()).unwrap();
    assert_eq!((swept.marks, swept.faces), (FIRST_MARKS as u32 + 1, vec![ada]));
}

#[test]
fn a_correction_that_is_too_old_stays_as_long_as_what_it_strikes_out() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    site.clock.advance(Duration::from_hours(24 * 30));
    let between = mark(&mut vault, &site, grace);
    site.clock.advance(Duration::from_hours(24 * 20));
    let fresh = mark(&mut vault, &site, ada);
    let long_ago = site.clock.now().utc.checked_sub(Duration::from_hours(24 * 45)).unwrap();
    let correction = Correction { replaces: Some(fresh.id), stands: true, reason: "other day".to_owned() };
    let new = NewMark { source: MarkSource::Host, correction: Some(correction), ..check_in(ada, long_ago) };
    let moved = vault.record_mark(new, site.now()).unwrap();
    let swept = vault.sweep(Keeping { marks_days: 40, faces_days: 0 }, site.now()).unwrap();
    assert_eq!(swept.marks, 4);
    assert_eq!(all_marks(&vault).iter().map(|m| m.id).collect::<Vec<_>>(), [moved.id, between.id, fresh.id]);
    assert_eq!(
        vault.last_mark(ada, jiff::Timestamp::MAX).unwrap().unwrap().id,
        moved.id,
        "the struck one does not come back"
    );
}

#[test]
fn withdrawn_consent_leaves_the_person_and_a_pin_but_no_face() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    let sealed_key = vault.engine.get(Tree::PersonKeys, ada.as_bytes()).unwrap().unwrap();
    vault.set_person_pin(Actor::Kiosk, ada, Some(&Pin::new(PIN).unwrap()), site.now()).unwrap();
    assert_eq!(vault.withdraw_consent(Actor::Kiosk, ada, site.now()).unwrap(), 2);
    assert_eq!(vault.person(ada).unwrap().consent, None);
    assert_eq!((vault.template_count(ada).unwrap(), vault.template_count(grace).unwrap()), (0, 2));
    assert!(vault.person_secret(ada).unwrap().is_some());
    assert!(site.holding(&sealed_key).is_empty());
    vault.enrol(Actor::Kiosk, ada, consent(), &[template(5.0)], true, site.now()).unwrap();
    assert_eq!(vault.template_count(ada).unwrap(), 1, "and may change their mind");
    vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap();
    assert!(vault.person_secret(ada).unwrap().is_none(), "erasing takes the PIN too");
}

/// Old ciphertexts of an erased person, tried with every key that is left.
#[test]
fn what_was_sealed_for_an_erased_person_opens_with_no_key_that_is_left() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    let mut old: Vec<(Vec<u8>, Vec<u8>)> = vec![];
    vault
        .engine
        .for_each_from(Tree::Templates, ada.as_bytes(), |key, sealed| {
            old.push((key.to_vec(), sealed.to_vec()));
            Ok(true)
        })
        .unwrap();
    old.retain(|(key, _)| key.starts_with(ada.as_bytes()));
    assert_eq!(old.len(), 2);
    let her_key = vault.engine.get(Tree::PersonKeys, ada.as_bytes()).unwrap().unwrap();
    let her_secret = vault.seals.get_bytes(Tree::PersonKeys, ada.as_bytes(), &her_key).unwrap();
    vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap();
    vault.close(site.now()).unwrap();

    // Her key is in no file, and no window of 32 bytes of any file is it.
    assert!(site.holding(&her_secret).is_empty() && site.holding(&her_key).is_empty());
    let vault = site.open();
    let opens = |key: &SealKey| {
        old.iter().any(|(record, sealed)| {
            ["templates", "person-keys", "journal", "checkpoint"]
                .iter()
                .any(|tree| key.open(tree, record, sealed).is_ok())
        })
    };
    let hers = SealKey::new(&Secret::from_slice(&her_secret).unwrap(), 0);
    assert!(opens(&hers), "the test would notice a key that fits");
    let mut tried = 0;
    vault
        .engine
        .for_each(Tree::PersonKeys, |key, sealed| {
            assert_eq!(key, grace.as_bytes());
            assert!(!opens(&vault.open_person_key(key, sealed)?));
            tried += 1;
            Ok(())
        })
        .unwrap();
    for tree in Tree::ALL.map(Tree::name).into_iter().chain(["journal", "checkpoint", "clean"]) {
        let ring = vault.keys.seal_ring(tree, 1).unwrap();
        assert!(old.iter().all(|(key, sealed)| ring.open("templates", key, sealed).is_err()));
        tried += 1;
    }
    assert_eq!(tried, 13);
    // Nor do the secrets themselves, taken as raw keys for her templates.
    let keys = vault.keys.to_bytes();
    for at in 0..=keys.len() - 32 {
        assert!(!opens(&SealKey::new(&Secret::from_slice(&keys[at..at + 32]).unwrap(), 0)));
    }
    assert!(old.iter().all(|(_, sealed)| sealed.len() > SEAL_OVERHEAD));
}

#[test]
fn a_fault_in_a_change_of_the_master_key_puts_it_off_and_it_goes_on_without_a_restart() {
    for step in 0.. {
        let site = Site::new();
        let mut vault = site.create();
        people_and_marks(&mut vault, &site);
        vault.close(site.now()).unwrap();
        let disk = FaultyDisk::new();
        let mut vault = site.open_on(&disk).unwrap();
        disk.fail_after(step, Fault::Once(io::ErrorKind::Other));
        if vault.begin_rotation(Actor::Kiosk, site.now()).is_err() && !vault.needs_reopening() {
            assert!(!vault.is_rotating(), "at {step}: what was refused has not begun");
            vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
        }
        while vault.is_rotating() && !vault.needs_reopening() {
            let _ = vault.rotate_step(100, site.now()); // the ledger tries again after a while
        }
        if !disk.met() {
            assert!(step > 10);
            return;
        }
        if !vault.needs_reopening() {
            let log = vault.audit_entries(1..=u64::MAX).unwrap();
            let count = |action| log.iter().filter(|entry| entry.action == action).count();
            // On record before it happens: twice where the fault came in between.
            for action in [AuditAction::KeyRotationBegun, AuditAction::KeyRotated] {
                assert!((1..=2).contains(&count(action.clone())), "{action:?} at {step}");
            }
            vault.close(site.now()).unwrap();
            let vault = site.open();
            assert!(!vault.is_rotating(), "at {step}: the blob knows");
            assert_chain_good(&vault, None);
        }
    }
}

#[test]
fn a_recovery_code_works_once() {
    let site = Site::new();
    let mut vault = site.create();
    let host = vault.hosts().unwrap()[0].id;
    let typed = |code: &RecoveryCode| PinAttempt::new(&code.shown().to_lowercase());
    let nothing = PinAttempt::new("");
    assert!(matches!(vault.recover_host(host, &nothing, None, site.now()), Err(VaultError::NoRecoveryCode)));
    let void = vault.new_recovery_code(Actor::Kiosk, site.now()).unwrap();
    let code = vault.new_recovery_code(Actor::Kiosk, site.now()).unwrap();
    let locked = crate::domain::AttemptState { failures: 10, ..Default::default() };
    vault.put_attempts(host, locked, None, site.now()).unwrap();
    assert!(!vault.recover_host(host, &typed(&void), None, site.now()).unwrap());
    assert_eq!(vault.attempts(host).unwrap().failures, 10);
    let new = Pin::new("908172").unwrap();
    assert!(vault.recover_host(host, &typed(&code), Some(&new), site.now()).unwrap());
    assert_eq!(vault.attempts(host).unwrap().failures, 0);
    let hash = vault.host_secret(host).unwrap();
    assert!(hash.matches(&PinAttempt::new("908172"), &vault.pepper().unwrap()).unwrap());
    assert!(!vault.has_recovery_code().unwrap(), "used up");
    let log: Vec<_> = vault.audit_entries(1..=u64::MAX).unwrap().into_iter().map(|e| e.action).collect();
    assert!(log.contains(&AuditAction::RecoveryCodeWrong));
    assert_eq!(log.last(), Some(&AuditAction::RecoveryCodeUsed(host)));
}

/// A copy of what the program made before key blobs had generations: a host, two people, one erased, a checkpoint.
fn site_of_version_1() -> (Site, KeySource) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store-version-1");
    let site = Site::new();
    fs::create_dir_all(site.dir()).unwrap();
    copy_dir(&sample, &site.dir());
    let key = site.dir().join("device.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    (site, KeySource::File(key))
}

fn assert_is_version_1(vault: &Vault) {
    let mut names: Vec<_> = vault.people().unwrap().into_iter().map(|p| p.name.as_str().to_owned()).collect();
    names.sort_unstable();
    assert_eq!(names, ["After Checkpoint", "Grace Hopper"]);
    assert!(vault.person_by_badge("7").is_some());
    assert!(!vault.two_person().unwrap(), "there was no such rule then");
    let hash: Vec<u8> = (0..32)
        .map(|i| {
            let text = "85a73cdcdee432cb517ea94cfa7199fdc7ad7701c2eae34d6a3850230f94553b";
            u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()
        })
        .collect();
    let head = AuditHead { number: 22, hash: hash.try_into().unwrap() };
    assert_chain_good(vault, Some(head));
}

/// Of the sample store, with the settings file `site_name = "Sample"`. `FACEPRINT_WRITE_SEEDS` makes it where it is
/// missing: never anew, or the test would prove nothing.
#[test]
fn a_backup_of_version_1_is_restored() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/backup-version-1");
    let words = passphrase("a backup needs words");
    let settings = "site_name = \"Sample\"\n";
    if std::env::var_os("FACEPRINT_WRITE_SEEDS").is_some() && !file.exists() {
        let (site, key) = site_of_version_1();
        write_backup(
            &Vault::view_of_running(&site.dir(), &key, settings, site.now()).unwrap(),
            &file,
            &words,
        );
    }
    assert!(fs::read(&file).unwrap().starts_with(b"faceprint-backup/1\n"));
    let site = Site::new();
    let (dir, key) = (site.dir(), site.key());
    let (vault, kept) = Vault::restore(&dir, &key, &file, &words, site.now(), |_, _| ()).unwrap();
    assert_eq!(kept, settings);
    assert_is_version_1(&vault);
    vault.close(site.now()).unwrap();
    assert_is_version_1(&site.open());
}

#[test]
fn a_store_of_version_1_opens() {
    let (site, key) = site_of_version_1();
    let mut vault = Vault::open(&site.dir(), &key, site.now()).unwrap();
    assert_is_version_1(&vault);
    vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
    while !vault.rotate_step(100, site.now()).unwrap().finished {}
    vault.close(site.now()).unwrap();
    let vault = Vault::open(&site.dir(), &key, site.now()).unwrap();
    assert_eq!(vault.people().unwrap().len(), 2);
    assert_is_version_1(&vault);
}

/// With `FACEPRINT_LONG` set: 100,000 entries. The figure is printed, not judged: machines differ.
#[test]
fn a_long_audit_log_is_verified() {
    let site = Site::new();
    let mut vault = site.create();
    let wanted = rounds(3_000, 100_000);
    while vault.audit_head().number < wanted {
        let now = site.now();
        let mut draft = vault.draft(now).unwrap();
        for _ in 0..1000.min(wanted - draft.head.number) {
            vault.log(&mut draft, Actor::Kiosk, AuditAction::SettingsChanged, now).unwrap();
        }
        vault.commit(draft, Urgency::Normal).unwrap();
    }
    let start = std::time::Instant::now();
    assert_chain_good(&vault, Some(vault.audit_head()));
    println!("{wanted} audit entries verified in {:.2} s", start.elapsed().as_secs_f64());
}

/// With `FACEPRINT_LONG` set: 100,000 templates, five a person, as a kiosk loads them at its start. The figure is printed,
/// not judged: machines differ.
#[test]
fn many_sealed_templates_are_loaded() {
    let site = Site::new();
    let mut vault = site.create();
    let people = rounds(200, 20_000);
    let mut writes = Vec::new();
    for number in 0..people {
        let id = vault.add_drafted_person(&mut writes, number, &site);
        let secret = Secret::random().unwrap();
        writes.push(vault.seals.put_bytes(Tree::PersonKeys, id.as_bytes(), secret.expose()).unwrap());
        let key = SealKey::new(&secret, crate::crypto::KEY_ID_PERSON);
        for shot in 0..5 {
            let template = people::Template {
                id: TemplateId::from_bytes([shot; 16]),
                person: id,
                weights: weights(),
                quality: 0.9,
                created: Timestamp::UNIX_EPOCH,
                embedding: face(number as f32 + f32::from(shot)),
            };
            writes.push(people::seal_template_as(&key, &template).unwrap());
        }
        if writes.len() > 1_000 || number + 1 == people {
            vault.engine.commit(&std::mem::take(&mut writes), Urgency::Normal).unwrap();
        }
    }
    vault.close(site.now()).unwrap();
    let opening = std::time::Instant::now();
    let vault = site.open();
    let opened = opening.elapsed().as_secs_f64();
    let loading = std::time::Instant::now();
    let loaded = vault.templates(&weights()).unwrap();
    println!(
        "{} sealed templates loaded in {:.2} s, the store of {people} people opened in {opened:.2} s before",
        loaded.len(),
        loading.elapsed().as_secs_f64()
    );
    assert_eq!(loaded.len() as u64, 5 * people);
}

impl Vault {
    /// A person without a journal entry of their own.
    fn add_drafted_person(&self, writes: &mut Change, number: u64, site: &Site) -> PersonId {
        let id = crate::crypto::random_person_id().unwrap();
        let name = name(&format!("Person {number}"));
        let created = site.clock.now().utc;
        let person = crate::domain::Person { id, name, badge: None, active: true, created, consent: None };
        writes.push(self.seals.put(Tree::People, id.as_bytes(), &person).unwrap());
        id
    }
}

#[test]
fn a_key_file_is_replaced_and_a_stop_at_any_moment_leaves_a_store_that_opens() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    let before = content(&vault);
    let KeySource::File(path) = site.key() else { panic!() };
    let key_files = || {
        let all = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
        all.collect::<Vec<_>>()
    };
    let first = fs::read(&path).unwrap();
    vault.replace_key_file(Actor::Kiosk, &path, site.now()).unwrap();
    assert_eq!(vault.key_file(), Some(path.as_path()));
    // The wrapping in memory is the new one: the blob that a change of the master key writes opens with it.
    vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
    while !vault.rotate_step(100, site.now()).unwrap().finished {}
    vault.close(site.now()).unwrap();
    let second = fs::read(&path).unwrap();
    assert_ne!(first, second);
    assert_eq!(content(&site.open()), before);
    let kept = key_files().into_iter().find(|other| *other != path).expect("the old one is kept");
    assert_eq!(fs::read(&kept).unwrap(), first);
    let old = Vault::open(&site.dir(), &KeySource::File(kept), site.now());
    assert!(matches!(old, Err(VaultError::Key(CryptoError::WrongKey))), "and opens nothing");

    // Stopped after the blob was written, before the new file had its name.
    let waiting = crate::crypto::DeviceKey::waiting(&path);
    let mut vault = site.open();
    vault.change_key(Actor::Kiosk, &KeySource::File(waiting.clone()), site.now()).unwrap();
    drop(vault);
    assert_eq!(fs::read(&path).unwrap(), second);
    let view = Vault::view_of_running(&site.dir(), &site.key(), "", site.now());
    assert!(view.is_ok() && waiting.exists(), "who only reads leaves the files as they are");
    assert_eq!(content(&site.open()), before);
    let third = fs::read(&path).unwrap();
    assert!(third != second && !waiting.exists(), "it was given its name at the start");
    assert_eq!(content(&site.open()), before);

    // Stopped before the blob was written: the old one opens still, and the next try is not in the way.
    crate::crypto::DeviceKey::create(&waiting).unwrap();
    let mut vault = site.open();
    assert_eq!(fs::read(&path).unwrap(), third);
    vault.replace_key_file(Actor::Kiosk, &path, site.now()).unwrap();
    vault.close(site.now()).unwrap();
    assert!(fs::read(&path).unwrap() != third && !waiting.exists());
    assert_eq!(content(&site.open()), before);
}

#[test]
fn a_change_of_key_that_fails_leaves_the_old_key() {
    let base = Site::new();
    base.create().close(base.now()).unwrap();
    for step in 0.. {
        let site = base.copy();
        let disk = FaultyDisk::new();
        let mut vault = site.open_on(&disk).unwrap();
        disk.fail_after(step, Fault::Once(io::ErrorKind::Other));
        let words = KeySource::Passphrase(passphrase("four unrelated words"));
        let changed = vault.change_key(Actor::Kiosk, &words, site.now());
        let met = disk.met();
        disk.fail_after(i64::MAX, Fault::Dead); // no more faults
        // Written by the change of the master key as it is wrapped in memory.
        vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
        drop(vault);
        if changed.is_err() {
            let vault = site.try_open().unwrap_or_else(|error| panic!("step {step}: {error}"));
            drop(vault);
        } else {
            drop(Vault::open(&site.dir(), &words, site.now()).unwrap());
        }
        // The power goes instead: whatever opens the store by then is on record.
        let site = base.copy();
        let disk = FaultyDisk::new();
        let mut vault = site.open_on(&disk).unwrap();
        disk.fail_after(step, Fault::Dead);
        let _ = vault.change_key(Actor::Kiosk, &words, site.now());
        drop(vault);
        if let Ok(vault) = Vault::open(&site.dir(), &words, site.now()) {
            let log = vault.audit_entries(1..=u64::MAX).unwrap();
            assert!(log.iter().any(|entry| entry.action == AuditAction::KeyChanged), "step {step}");
        } else {
            drop(site.open());
        }
        if !met {
            assert!(changed.is_ok() && step > 4, "a change has more steps than {step}");
            break;
        }
    }
}

/// With `FACEPRINT_LONG` set: 100,000 marks. How long the longest step keeps others waiting is printed, not judged.
#[test]
fn a_change_of_the_master_key_goes_on_in_short_steps() {
    let site = Site::new();
    let mut vault = site.create();
    let person = vault.add_person(Actor::Kiosk, name("Ada"), None, site.now()).unwrap().id;
    let marks = rounds(1_000, 100_000);
    for chunk in 0..marks.div_ceil(1_000) {
        let mut writes = Vec::new();
        for number in chunk * 1_000..((chunk + 1) * 1_000).min(marks) {
            let id = EventId(number + 1);
            let mark = Mark {
                id,
                person,
                kind: MarkKind::CheckIn,
                at: Timestamp::UNIX_EPOCH,
                zone: "Europe/Athens".to_owned(),
                mono_ms: 0,
                source: MarkSource::Face,
                actor: Actor::Kiosk,
                correction: None,
                clock_jumped: false,
            };
            writes.push(vault.seals.put(Tree::Marks, &id.0.to_be_bytes(), &mark).unwrap());
        }
        vault.engine.commit(&writes, Urgency::Normal).unwrap();
    }
    vault.close(site.now()).unwrap();
    let mut vault = site.open();
    vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
    let (mut longest, mut steps) = (Duration::ZERO, 0_u64);
    let last = loop {
        let begun = std::time::Instant::now();
        let step = vault.rotate_step(64, site.now()).unwrap();
        let took = begun.elapsed();
        steps += 1;
        if step.finished {
            break took;
        }
        longest = longest.max(took);
        mark(&mut vault, &site, person);
    };
    println!("{marks} marks: {steps} steps, the longest {longest:.1?}, the last {last:.1?}");
    assert_eq!(all_marks(&vault).len() as u64, marks + steps - 1, "marks were made between all of them");
    assert_chain_good(&vault, None);
}

/// A sweep that fails after some events are gone: they are gone from the index in memory too, and whatever is asked
/// for afterwards is answered, without a restart.
#[test]
fn a_sweep_that_fails_between_two_entries_leaves_an_index_of_what_is_there() {
    let base = Site::new();
    let mut vault = base.create();
    let [ada, grace] = people_and_marks(&mut vault, &base);
    vault.close(base.now()).unwrap();
    base.clock.advance(Duration::from_hours(24 * 20));
    let mut seen_half = false;
    for step in 0.. {
        let site = base.copy();
        let disk = FaultyDisk::new();
        let mut vault = site.open_on(&disk).unwrap();
        disk.fail_after(step, Fault::Once(io::ErrorKind::Other));
        let swept = vault.sweep(Keeping { marks_days: 10, faces_days: 0 }, site.now());
        if swept.is_ok() && !disk.met() {
            break;
        }
        let there =
            vault.marks(Timestamp::MIN, Timestamp::MAX).unwrap_or_else(|e| panic!("step {step}: {e}"));
        seen_half |= !there.is_empty() && (there.len() as u64) < FIRST_MARKS;
        for person in [ada, grace] {
            let last =
                vault.last_mark(person, jiff::Timestamp::MAX).unwrap_or_else(|e| panic!("step {step}: {e}"));
            let theirs: Vec<_> = there.iter().filter(|mark| mark.person == person).collect();
            assert_eq!(last.as_ref(), theirs.last().copied(), "step {step}");
            assert_eq!(vault.marks_of(person).unwrap().len(), theirs.len(), "step {step}");
        }
    }
    assert!(seen_half, "some failure came between two entries");
}

/// What the words of the settings and of a lock say: a lock keeps marks from being changed, not from being erased.
#[test]
fn the_rule_on_keeping_holds_for_locked_days_too() {
    let site = Site::new();
    let mut vault = site.create();
    people_and_marks(&mut vault, &site);
    site.clock.advance(Duration::from_hours(24 * 20));
    vault.lock_period(Actor::Kiosk, "2026-11-30".parse().unwrap(), "", site.now()).unwrap();
    let swept = vault.sweep(Keeping { marks_days: 10, faces_days: 0 }, site.now()).unwrap();
    assert_eq!(u64::from(swept.marks), FIRST_MARKS);
    assert!(all_marks(&vault).is_empty());
    assert_eq!(vault.period_locks().len(), 1, "the lock itself stays");
}

/// People come, are erased and are marked between every two steps, and at every step the folder is copied as a kill would
/// leave it: each copy opens with everything that was acknowledged, and its change of key comes to its end.
#[test]
fn records_come_and_go_between_the_steps_of_a_change_of_the_master_key() {
    let site = Site::new();
    let mut vault = site.create();
    let [ada, grace] = people_and_marks(&mut vault, &site);
    for number in 0..40 {
        vault.add_person(Actor::Kiosk, name(&format!("Person {number}")), None, site.now()).unwrap();
    }
    vault.begin_rotation(Actor::Kiosk, site.now()).unwrap();
    let mut erased = None;
    for step in 0.. {
        let progress = vault.rotate_step(25, site.now()).unwrap();
        assert!(progress.done <= progress.total);
        if progress.finished {
            break;
        }
        mark(&mut vault, &site, grace);
        match step % 4 {
            0 => {
                vault.add_person(Actor::Kiosk, name(&format!("New {step}")), None, site.now()).unwrap();
            }
            1 => {
                let gone =
                    vault.people().unwrap().into_iter().find(|p| p.name.as_str().starts_with("Person"));
                let mut person = gone.unwrap();
                person.badge = Some(format!("badge {step}"));
                vault.update_person(Actor::Kiosk, person, site.now()).unwrap();
            }
            // Once, in the middle of the second half: what was begun may hold the key already.
            _ if erased.is_none() && progress.done > progress.total * 3 / 4 => {
                let sealed = vault.engine.get(Tree::PersonKeys, ada.as_bytes()).unwrap().unwrap();
                vault.erase_person(Actor::Kiosk, ada, site.now()).unwrap();
                erased = Some(sealed);
            }
            _ => {}
        }
        assert!(step < 500, "it ends");
        if step % 3 != 0 {
            continue;
        }
        let copy = site.copy();
        let mut copied = copy.open();
        assert_eq!(content(&copied), content(&vault), "step {step}");
        while copied.is_rotating() {
            copied.rotate_step(500, copy.now()).unwrap();
        }
        assert_eq!(content(&copied), content(&vault), "step {step}");
    }
    let (before, old) = (content(&vault), erased.expect("somebody was erased in between"));
    assert!(site.bytes().iter().all(|(_, bytes)| !bytes.windows(old.len()).any(|at| at == old)));
    drop(vault); // as by a kill: rebuilt from checkpoint and journal
    let vault = site.open();
    assert_eq!(content(&vault), before);
    assert_chain_good(&vault, None);
    vault.close(site.now()).unwrap();
    let vault = site.open();
    assert_eq!(vault.open_note(), None, "the working copy is what it should be");
    assert_eq!(content(&vault), before);
}
