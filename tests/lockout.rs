//! Wrong PINs, counted by `access` and kept by `vault`, as the runtime wires them.

#![allow(clippy::unwrap_used)] // a test; the lint cannot see that of helpers

use faceprint::{
    access::{HostSession, LockoutPolicy, Login, LoginError, NOBODY},
    crypto::{KeySource, Pin, PinAttempt, PinCost},
    domain::{
        Actor, AttemptState, AuditAction, Clock, Fingerprint, HostId, ManualClock, Moment, PersonName,
        WeightsId,
    },
    runtime::{ledger::DataPaths, pipeline::SharedIndex, workers::LedgerSetup},
    settings::Settings,
    vault::{InitHost, Vault, VaultError},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

const PIN: &str = "274916";

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
        KeySource::File(self.folder.path().join("device.key"))
    }

    fn now(&self) -> Moment {
        self.clock.advance(Duration::from_millis(10));
        self.clock.now()
    }

    fn create(&self) -> Vault {
        let host = InitHost { name: PersonName::new("Host").unwrap(), pin: Pin::new(PIN).unwrap() };
        Vault::create(&self.dir(), &self.key(), "Europe/Athens", host, self.now()).unwrap()
    }

    fn open(&self) -> Vault {
        Vault::open(&self.dir(), &self.key(), self.now()).unwrap()
    }
}

fn attempt(
    vault: &mut Vault,
    host: HostId,
    pin: &str,
    now: Moment,
) -> Result<HostSession, LoginError<VaultError>> {
    let (secret, pepper) = (vault.host_secret(host).ok(), vault.pepper().unwrap());
    let attempts = vault.attempts(host).unwrap();
    let pin = PinAttempt::new(pin);
    let login =
        Login { host, secret: secret.as_ref(), pepper: &pepper, pin: &pin, attempts, cost: vault.pin_cost() };
    LockoutPolicy::default().login(&login, now, |state, action| {
        vault.put_attempts(host, state, action.map(|action| (Actor::Kiosk, action)), now)
    })
}

#[test]
fn wrong_pins_are_counted_across_restarts() {
    let site = Site::new();
    let vault = site.create();
    let host = vault.hosts().unwrap()[0].id;
    vault.close(site.now()).unwrap();
    for _ in 0..5 {
        let mut vault = site.open();
        assert!(matches!(attempt(&mut vault, host, "111", site.now()), Err(LoginError::Wrong { .. })));
        // no close: as after a pulled plug
    }
    let mut vault = site.open();
    assert_eq!(vault.attempts(host).unwrap().last_mono, None, "of an earlier run");
    let early = attempt(&mut vault, host, PIN, site.now());
    assert!(matches!(early, Err(LoginError::Locked { retry_in: Some(_) })));
    site.clock.advance(Duration::from_secs(30));
    assert_eq!(attempt(&mut vault, host, PIN, site.now()).unwrap().host(), host);
    assert_eq!(vault.attempts(host).unwrap(), AttemptState::default());
    let failed = |a: &AuditAction| matches!(a, AuditAction::LoginFailed(h) if *h == host);
    let entries = vault.audit_entries(1..=u64::MAX).unwrap();
    assert_eq!(entries.iter().filter(|e| failed(&e.action)).count(), 5);

    vault.set_host_pin(Actor::Host(host), host, &Pin::new("908172").unwrap(), site.now()).unwrap();
    assert!(matches!(attempt(&mut vault, host, PIN, site.now()), Err(LoginError::Wrong { .. })));
    assert!(attempt(&mut vault, host, "908172", site.now()).is_ok());
}

#[test]
fn unknown_names_share_one_count() {
    let site = Site::new();
    let mut vault = site.create();
    for _ in 0..5 {
        assert!(matches!(attempt(&mut vault, NOBODY, PIN, site.now()), Err(LoginError::Wrong { .. })));
    }
    assert!(matches!(attempt(&mut vault, NOBODY, PIN, site.now()), Err(LoginError::Locked { .. })));
    let host = vault.hosts().unwrap()[0].id;
    assert!(attempt(&mut vault, host, PIN, site.now()).is_ok(), "hosts are not locked out by it");
}

/// 10,000 tries through the public interface, with restarts, clock changes and patience in between: ten guesses of a
/// host's PIN, not one more.
#[test]
fn ten_thousand_tries_are_ten_guesses() {
    let site = Site::new();
    let mut vault = site.create();
    let host = vault.hosts().unwrap()[0].id;
    let (mut guesses, mut restarts) = (0, 0);
    for round in 0..10_000_u32 {
        match round % 100 {
            // A restart costs a rebuild; a reopening in order does not.
            0 if round % 1_000 == 0 => {
                drop(vault);
                vault = site.open();
                restarts += 1;
            }
            33 => {
                vault.close(site.now()).unwrap();
                vault = site.open();
                restarts += 1;
            }
            50 => site.clock.set_utc(jiff::Timestamp::from_second(i64::from(round) * 400_000).unwrap()),
            66 => site.clock.set_utc("1970-01-01T00:00:00Z".parse().unwrap()),
            80 => site.clock.advance(Duration::from_mins(9)),
            _ => {}
        }
        let wrong = format!("{:06}", 100_000 + round);
        match attempt(&mut vault, host, &wrong, site.now()) {
            Err(LoginError::Wrong { .. }) => guesses += 1,
            Err(LoginError::Locked { .. }) => {}
            other => panic!("{:?}", other.err()),
        }
    }
    println!("10,000 tries, {restarts} restarts: {} guesses", guesses + 1);
    // The tenth wrong one answers `Locked`.
    assert_eq!(guesses, 9);
    assert_eq!(vault.attempts(host).unwrap().failures, 10);
    let wrongs = |a: &AuditAction| matches!(a, AuditAction::LoginFailed(_) | AuditAction::LockedOut(_));
    let log = vault.audit_entries(1..=u64::MAX).unwrap();
    assert_eq!(log.iter().filter(|e| wrongs(&e.action)).count(), 10, "each is in the log");
}

/// Restarts and clock changes between tries, for as long as somebody has patience: ten guesses, not one more.
#[test]
fn nobody_gets_more_than_ten_guesses() {
    let site = Site::new();
    let mut vault = site.create();
    let host = vault.hosts().unwrap()[0].id;
    let mut guesses = 0;
    for round in 0..120_u32 {
        match round % 4 {
            0 => {
                drop(vault);
                vault = site.open();
            }
            1 => site.clock.set_utc(jiff::Timestamp::from_second(i64::from(round) * 40_000_000).unwrap()),
            _ => site.clock.advance(Duration::from_mins(5)),
        }
        match attempt(&mut vault, host, "111", site.now()) {
            Err(LoginError::Wrong { .. }) => guesses += 1,
            Err(LoginError::Locked { .. }) => {}
            other => panic!("{:?}", other.err()),
        }
    }
    // The tenth wrong one answers `Locked`.
    assert_eq!(guesses, 9);
    assert_eq!(vault.attempts(host).unwrap().failures, 10);
    assert!(matches!(attempt(&mut vault, host, PIN, site.now()), Err(LoginError::Locked { retry_in: None })));
}

/// A machine that takes half of [`faceprint::crypto::PinCost::GOAL`] for the least cost.
struct Slow(ManualClock);

impl Clock for Slow {
    fn now(&self) -> Moment {
        self.0.advance(Duration::from_millis(125));
        self.0.now()
    }
}

#[test]
fn from_the_first_start_a_host_takes_as_long_as_nobody() {
    let site = Site::new();
    let setup = LedgerSetup {
        paths: DataPaths::new(&site.dir(), None),
        key: Arc::new(site.key()),
        settings: Settings::for_site("Test"),
        weights: WeightsId::new("w").unwrap(),
        fingerprint: Fingerprint::default(),
        index: SharedIndex::default(),
        clock: Arc::new(Slow(site.clock.clone())),
    };
    let host = InitHost { name: PersonName::new("Host").unwrap(), pin: Pin::new(PIN).unwrap() };
    let ledger = setup.create(Settings::for_site("Test"), host).unwrap();
    let vault = ledger.vault();
    let cost = vault.calibrated_pin_cost().unwrap();
    assert_eq!(cost, Some(vault.pin_cost()));
    assert_ne!(cost, Some(PinCost::FLOOR), "or nothing is told apart here");
    let kept = vault.host_secret(vault.hosts().unwrap()[0].id).unwrap();
    assert!(!kept.is_outdated(vault.pin_cost()), "as a name that no host has is hashed");
    ledger.close().unwrap();
}
