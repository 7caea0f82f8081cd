//! A process that records as fast as it can, and changes the master key meanwhile, is killed at random, again and again:
//! every record that it printed is there, once, and the audit chain is whole. `FACEPRINT_LONG=1` asks for 300 kills instead of 50.
#![allow(clippy::unwrap_used)] // a test; the lint cannot see that of helpers

use faceprint::{
    crypto::{KeySource, Pin},
    domain::{Actor, AuditAction, Clock, MarkKind, MarkSource, PersonId, PersonName, SystemClock},
    vault::{InitHost, NewMark, Vault},
};
use jiff::Timestamp;
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Set in the child: the site's folder.
const CHILD: &str = "FACEPRINT_RECORD_UNTIL_KILLED";
const NAME: &str = "killed_at_random_every_printed_record_is_there";

#[test]
fn killed_at_random_every_printed_record_is_there() {
    if let Some(folder) = std::env::var_os(CHILD) {
        record_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let clock = SystemClock::new();
    let host = InitHost { name: PersonName::new("Host").unwrap(), pin: Pin::new("274916").unwrap() };
    let (dir, key) = places(folder.path());
    let mut vault = Vault::create(&dir, &key, "Europe/Athens", host, clock.now()).unwrap();
    vault.add_person(Actor::Kiosk, PersonName::new("Ada").unwrap(), None, clock.now()).unwrap();
    vault.close(clock.now()).unwrap();

    let kills = if std::env::var_os("FACEPRINT_LONG").is_some() { 300 } else { 50 };
    let mut printed: BTreeSet<u64> = BTreeSet::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let before = printed.len();
        kill_after(child(folder.path()), Duration::from_micros(random >> 48), &mut printed);
        assert!(printed.len() > before, "it was killed before its first record");
    }
    let mut vault = Vault::open(&dir, &key, clock.now()).unwrap();
    let log = vault.audit_entries(1..=u64::MAX).unwrap();
    let changes = log.iter().filter(|entry| entry.action == AuditAction::KeyRotationBegun).count();
    assert!(changes > 0, "the master key was being changed");
    while vault.is_rotating() {
        vault.rotate_step(1_000, clock.now()).unwrap();
    }
    let marks = vault.marks(Timestamp::MIN, Timestamp::MAX).unwrap();
    let kept: BTreeSet<u64> = marks.iter().map(|mark| mark.id.0).collect();
    assert_eq!(kept.len(), marks.len(), "a number twice");
    assert!(printed.is_subset(&kept), "lost: {:?}", printed.difference(&kept).collect::<Vec<_>>());
    assert_eq!(kept.last().copied(), Some(kept.len() as u64), "no number is left out");
    let report = vault.verify_audit(None, |_, _| ()).unwrap();
    assert_eq!((report.fault, report.good), (None, report.head.number));
    println!(
        "{kills} kills, {} records printed, {} kept, 0 lost, 0 twice; {changes} changes of the master key begun",
        printed.len(),
        kept.len()
    );
}

/// The store's folder and key below a site's folder.
fn places(folder: &Path) -> (std::path::PathBuf, KeySource) {
    (folder.join("data"), KeySource::File(folder.join("device.key")))
}

fn child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads", "1"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills it some time (0 to 65 ms) after its first record; takes in every number that it printed, killed or not.
fn kill_after(mut child: Child, after: Duration, printed: &mut BTreeSet<u64>) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut take = |line: std::io::Result<String>| {
        // The first one stands behind the test harness's own words; the last one may be half written.
        let number = line.ok()?.rsplit_once("recorded ")?.1.strip_suffix('.')?.parse().ok()?;
        assert!(printed.insert(number), "event {number} was given twice");
        Some(number)
    };
    let first = lines.by_ref().find_map(&mut take);
    assert!(first.is_some(), "it ended before its first record");
    std::thread::sleep(after);
    child.kill().unwrap();
    for line in lines {
        take(line);
    }
    child.wait().unwrap();
}

fn record_until_killed(folder: &Path) -> ! {
    let (dir, key) = places(folder);
    let clock = SystemClock::new();
    let mut vault = Vault::open(&dir, &key, clock.now()).unwrap();
    let person: PersonId = vault.people().unwrap()[0].id;
    loop {
        let now = clock.now();
        let mark = NewMark {
            person,
            kind: MarkKind::CheckIn,
            at: now.utc,
            zone: "Europe/Athens".to_owned(),
            source: MarkSource::Face,
            actor: Actor::Kiosk,
            correction: None,
        };
        let mark = vault.record_mark(mark, now).unwrap();
        println!("recorded {}.", mark.id);
        if vault.is_rotating() {
            vault.rotate_step(64, clock.now()).unwrap();
        } else {
            vault.begin_rotation(Actor::Kiosk, clock.now()).unwrap();
        }
    }
}
