//! PINs at the ledger: logins of hosts, marks of attendees without their face, the recovery code.
//!
//! Every check takes the same way: counted on disk, hashed, and told apart only by whether it was right.

use super::{Ledger, LedgerError, failed};
use crate::{
    access::{HostSession, LockoutPolicy, Login, LoginError, NO_PERSON, NOBODY, Tried, Try},
    attendance::Decision,
    crypto::{Pin, PinAttempt, PinCost, PinHash, RecoveryCode},
    domain::{Actor, AuditAction, HostId, MarkKind, MarkSource, Person, PersonId},
    runtime::messages::{BadRequest, Hidden, HostRequest, HostRow, PinMark, PinState, Refusal, ReplyBody},
    vault::{NewMark, VaultError},
};
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

impl Ledger {
    /// Checks a host's PIN. The attempt is counted on disk before it is checked; an id that is no host's takes as long.
    pub fn login(&mut self, host: HostId, pin: &PinAttempt) -> Result<Arc<HostSession>, Refusal> {
        let now = self.clock.now();
        let secret = match self.vault.host_secret(host) {
            Ok(secret) => Some(secret),
            Err(VaultError::NoSuchHost) => None,
            Err(error) => return Err(failed(error)),
        };
        let (pepper, cost) = (self.vault.pepper().map_err(failed)?, self.vault.pin_cost());
        let (host, counted) = match &secret {
            Some(_) => (host, *host.as_bytes()),
            None => (NOBODY, pepper.nobody(host.as_bytes())),
        };
        let attempts = self.vault.attempts(counted).map_err(failed)?;
        let login = Login { host, secret: secret.as_ref(), cost, pepper: &pepper, pin, attempts };
        let session = self.lockout().login(&login, now, |state, action| {
            let right = matches!(action, Some(AuditAction::Login(_)));
            let actor = if right { Actor::Host(host) } else { Actor::Kiosk };
            self.vault.put_attempts(counted, state, action.map(|action| (actor, action)), now)
        });
        let session = session.map_err(refusal)?;
        if let Some(secret) = secret {
            self.upgrade(&secret, pin, |vault, hash| vault.upgrade_host_secret(host, hash, now));
        }
        Ok(Arc::new(session))
    }

    /// Marks the owner of a badge who knows their PIN.
    pub(super) fn mark_by_pin(
        &mut self,
        badge: &str,
        pin: &PinAttempt,
        kind: Option<MarkKind>,
    ) -> Result<ReplyBody, Refusal> {
        let person = self.person_with_pin(badge, pin)?;
        let outdated = self.has_other_weights_only(&person).map_err(failed)?;
        self.passing = Some(person.id).filter(|_| outdated && self.settings.renew_faces);
        self.mark_known(person, kind).map_err(failed)
    }

    /// Whom to enrol in passing, once: a PIN has just confirmed who they are.
    pub fn take_passing(&mut self) -> Option<PersonId> {
        self.passing.take()
    }

    /// Whether somebody agreed to be recognised, and cannot be since the weights changed.
    fn has_other_weights_only(&self, person: &Person) -> Result<bool, VaultError> {
        let usable = self.index.read().unwrap_or_else(PoisonError::into_inner).templates_of(person.id);
        Ok(person.consent.is_some() && usable == 0 && self.vault.template_count(person.id)? > 0)
    }

    /// The recovery code unlocks a host and is used up; the next one is the answer.
    pub fn recover(
        &mut self,
        host: HostId,
        code: &PinAttempt,
        new_pin: Option<&Pin>,
    ) -> Result<RecoveryCode, Refusal> {
        let now = self.clock.now();
        if !self.vault.recover_host(host, code, new_pin, now).map_err(failed)? {
            return Err(Refusal::WrongCode);
        }
        self.vault.new_recovery_code(Actor::Kiosk, now).map_err(failed)
    }

    /// A host's own new PIN, against their old one.
    pub(super) fn change_pin(&mut self, host: HostId, old: &PinAttempt, new: &Pin) -> Result<(), Refusal> {
        self.login(host, old)?;
        self.vault.set_host_pin(Actor::Host(host), host, new, self.clock.now()).map_err(failed)
    }

    /// What the hosts' page asks for.
    pub(super) fn about_hosts(
        &mut self,
        session: &HostSession,
        request: HostRequest,
    ) -> Result<ReplyBody, Refusal> {
        let (actor, now) = (session.actor(), self.clock.now());
        match request {
            HostRequest::HostRows => {
                let two_person = self.vault.two_person().map_err(failed)?;
                let rows = self.host_rows(session.host()).map_err(failed)?;
                return Ok(ReplyBody::HostRows { rows, two_person });
            }
            HostRequest::NewRecoveryCode => {
                let code = self.vault.new_recovery_code(actor, now).map_err(failed)?;
                return Ok(ReplyBody::RecoveryCode(Hidden(code)));
            }
            HostRequest::ChangePin { old, new } => self.change_pin(session.host(), &old.0, &new.0)?,
            HostRequest::AddHost { name, pin } => {
                self.vault.add_host(actor, name, &pin.0, now).map(drop).map_err(failed)?;
            }
            HostRequest::RemoveHost(host) => self.vault.remove_host(actor, host, now).map_err(failed)?,
            HostRequest::UnlockHost(host) => self.unlock_host(session, host)?,
            HostRequest::TwoPerson(on) => self.vault.set_two_person(actor, on, now).map_err(failed)?,
            _ => return Err(failed(BadRequest::NeedsNoSecond)),
        }
        Ok(ReplyBody::Done)
    }

    /// Lets another host try again. Not oneself: the PIN that is asked for again could be guessed on an open session.
    pub fn unlock_host(&mut self, session: &HostSession, host: HostId) -> Result<(), Refusal> {
        if host == session.host() {
            return Err(failed(BadRequest::UnlocksThemselves));
        }
        self.vault.unlock_host(session.actor(), host, self.clock.now()).map_err(failed)
    }

    pub(super) fn host_rows(&self, asking: HostId) -> Result<Vec<HostRow>, LedgerError> {
        let mut rows = Vec::new();
        for host in self.vault.hosts()? {
            let locked = self.lockout().is_locked(self.vault.attempts(host.id)?);
            let recovered = self.recovered_lately(host.id)?;
            rows.push(HostRow { locked, recovered, you: host.id == asking, host });
        }
        rows.sort_by_key(|row| row.host.name.as_str().to_lowercase());
        Ok(rows)
    }

    pub(super) fn pin_state(&self, person: PersonId) -> Result<PinState, VaultError> {
        if self.vault.person_secret(person)?.is_none() {
            return Ok(PinState::Unset);
        }
        let locked = self.lockout().is_locked(self.vault.attempts(person)?);
        Ok(if locked { PinState::Locked } else { PinState::Set })
    }

    /// Measures this machine and lets PIN hashes cost what it can bear, once per store.
    pub fn calibrate_pins(&mut self) -> Result<(), LedgerError> {
        if self.vault.calibrated_pin_cost()?.is_none() {
            let cost = PinCost::calibrated(self.clock.as_ref()).map_err(VaultError::from)?;
            self.vault.set_pin_cost(cost, self.clock.now())?;
        }
        Ok(())
    }

    pub(super) fn lockout(&self) -> LockoutPolicy {
        let idle = Duration::from_secs(self.settings.session_idle_secs.into());
        LockoutPolicy { idle, ..LockoutPolicy::default() }
    }

    /// Whose badge and PIN these are. A badge without owner or without PIN is answered as a wrong PIN.
    fn person_with_pin(&mut self, badge: &str, pin: &PinAttempt) -> Result<Person, Refusal> {
        let now = self.clock.now();
        let owner = match self.vault.person_by_badge(badge) {
            Some(id) => self.active(id).map_err(failed)?,
            None => None,
        };
        let secret = match &owner {
            Some(person) => self.vault.person_secret(person.id).map_err(failed)?,
            None => None,
        };
        let (pepper, cost) = (self.vault.pepper().map_err(failed)?, self.vault.pin_cost());
        let (id, counted) = match owner.as_ref().filter(|_| secret.is_some()) {
            Some(person) => (person.id, *person.id.as_bytes()),
            None => (NO_PERSON, pepper.nobody(badge.trim().as_bytes())),
        };
        let attempts = self.vault.attempts(counted).map_err(failed)?;
        let a_try = Try { secret: secret.as_ref(), cost, pepper: &pepper, pin, attempts };
        let tried = self.lockout().attempt(&a_try, now, |state, tried| {
            let action = match tried {
                Some(Tried::Wrong) => Some((Actor::Kiosk, AuditAction::PersonPinWrong(id))),
                Some(Tried::Locked) => Some((Actor::Kiosk, AuditAction::PersonLockedOut(id))),
                Some(Tried::Right) | None => None, // the mark itself is audited
            };
            self.vault.put_attempts(counted, state, action, now)
        });
        tried.map_err(refusal)?;
        let (Some(person), Some(secret)) = (owner, secret) else {
            return Err(Refusal::WrongPin { tries_left: 0 }); // not reached: a try without a secret is never right
        };
        self.upgrade(&secret, pin, |vault, hash| vault.upgrade_person_secret(person.id, &hash, now));
        Ok(person)
    }

    fn mark_known(&mut self, person: Person, kind: Option<MarkKind>) -> Result<ReplyBody, LedgerError> {
        let now = self.clock.now();
        let Person { id, name, .. } = person;
        let last = self.last_mark(id, now.utc)?;
        let kind = match (self.policy_of(id).decide(last.as_ref(), now.utc, kind), kind) {
            (Decision::Duplicate { kind, at }, _) => {
                return Ok(ReplyBody::Marked(PinMark { name, kind, at, recorded: false }));
            }
            (Decision::Record(kind), _) | (Decision::Ask, Some(kind)) => kind,
            (Decision::Ask, None) => return Ok(ReplyBody::ChooseKind { name }),
        };
        let mark = NewMark {
            person: id,
            kind,
            at: now.utc,
            zone: self.settings.zone.name().to_owned(),
            source: MarkSource::Pin,
            actor: Actor::Person(id),
            correction: None,
        };
        let mark = self.vault.record_mark(mark, now)?;
        self.settled.insert(id);
        log::info!("recorded event {}", mark.id);
        Ok(ReplyBody::Marked(PinMark { name, kind, at: mark.at, recorded: true }))
    }

    /// After a right PIN: hashes it at today's cost when the kept hash is of another. A failure is no reason to turn
    /// anybody away.
    fn upgrade(
        &mut self,
        kept: &PinHash,
        pin: &PinAttempt,
        put: impl FnOnce(&mut crate::vault::Vault, PinHash) -> Result<(), VaultError>,
    ) {
        let upgraded = self.calibrate_pins().and_then(|()| {
            let cost = self.vault.pin_cost();
            if !kept.is_outdated(cost) {
                return Ok(());
            }
            let pepper = self.vault.pepper()?;
            let hash = PinHash::again(pin, &pepper, cost).map_err(VaultError::from)?;
            Ok(put(&mut self.vault, hash)?)
        });
        if let Err(error) = upgraded {
            log::warn!("a PIN keeps its older hash: {error}");
        }
    }
}

pub(super) fn refusal(error: LoginError<VaultError>) -> Refusal {
    match error {
        LoginError::Wrong { tries_left } => Refusal::WrongPin { tries_left },
        LoginError::Locked { retry_in } => Refusal::LockedOut { retry_in },
        error => failed(error),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        crypto::KeySource,
        domain::{Clock, EMBEDDING_LEN, Embedding, Fingerprint, ManualClock, PersonName, WeightsId},
        runtime::{ledger::DataPaths, messages::RequestBody, pipeline::SharedIndex},
        settings::{MarkMode, Settings},
        vault::{InitHost, NewTemplate, Vault},
    };

    const PIN: &str = "274916";

    fn name(text: &str) -> PersonName {
        PersonName::new(text).unwrap()
    }

    /// A ledger with one host and one person, who has badge `7` and a PIN, on a clock that the test sets.
    pub fn site(mode: MarkMode) -> (tempfile::TempDir, ManualClock, Ledger, PersonId) {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::at("2026-11-25T08:00:00Z".parse().unwrap());
        let paths = DataPaths::new(&folder.path().join("data"), None);
        let key = KeySource::File(folder.path().join("device.key"));
        let host = InitHost { name: name("Host"), pin: Pin::new("908172").unwrap() };
        let mut vault = Vault::create(&paths.store(), &key, "UTC", host, clock.now()).unwrap();
        let person =
            vault.add_person(Actor::Kiosk, name("Ada"), Some("7".to_owned()), clock.now()).unwrap().id;
        let pin = Pin::new(PIN).unwrap();
        vault.set_person_pin(Actor::Kiosk, person, Some(&pin), clock.now()).unwrap();
        let settings = Settings { mark_mode: mode, ..Settings::for_site("Test") };
        let weights = (WeightsId::new("w").unwrap(), Fingerprint::default());
        let index = SharedIndex::default();
        let ledger = Ledger::new(vault, paths, settings, weights, index, Arc::new(clock.clone())).unwrap();
        (folder, clock, ledger, person)
    }

    fn by_pin(
        ledger: &mut Ledger,
        badge: &str,
        pin: &str,
        kind: Option<MarkKind>,
    ) -> Result<ReplyBody, Refusal> {
        let pin = PinAttempt::new(pin);
        ledger.answer(RequestBody::MarkByPin { badge: badge.to_owned(), pin, kind }).0
    }

    #[test]
    fn badge_and_pin_mark_their_owner_once() {
        let (_folder, clock, mut ledger, person) = site(MarkMode::Toggle);
        let Ok(ReplyBody::Marked(mark)) = by_pin(&mut ledger, " 7 ", PIN, None) else { panic!("refused") };
        assert_eq!((mark.name.as_str(), mark.kind, mark.recorded), ("Ada", MarkKind::CheckIn, true));
        let Ok(ReplyBody::Marked(again)) = by_pin(&mut ledger, "7", PIN, None) else { panic!("refused") };
        assert!(!again.recorded, "a moment ago");
        clock.advance(Duration::from_hours(1));
        let Ok(ReplyBody::Marked(out)) = by_pin(&mut ledger, "7", PIN, None) else { panic!("refused") };
        assert_eq!((out.kind, out.recorded), (MarkKind::CheckOut, true));
        let kept = ledger.vault().last_mark(person, jiff::Timestamp::MAX).unwrap().unwrap();
        assert_eq!((kept.source, kept.actor), (MarkSource::Pin, Actor::Person(person)));
    }

    #[test]
    fn a_right_pin_renews_templates_of_other_weights_under_the_consent_that_was_given() {
        let (_folder, _, mut ledger, person) = site(MarkMode::Toggle);
        let template = |weights: &str| NewTemplate {
            embedding: Embedding::from_raw(&[1.0; EMBEDDING_LEN]).unwrap(),
            weights: WeightsId::new(weights).unwrap(),
            quality: 0.9,
        };
        by_pin(&mut ledger, "7", PIN, None).unwrap();
        assert_eq!(ledger.take_passing(), None, "never enrolled, so never agreed");
        ledger.enrol(Actor::Kiosk, person, "4", &[template("older")], true).unwrap();
        assert!(by_pin(&mut ledger, "7", "111111", None).is_err());
        assert_eq!(ledger.take_passing(), None);
        by_pin(&mut ledger, "7", PIN, None).unwrap();
        assert_eq!((ledger.take_passing(), ledger.take_passing()), (Some(person), None));
        ledger.settings.renew_faces = false;
        by_pin(&mut ledger, "7", PIN, None).unwrap();
        assert_eq!(ledger.take_passing(), None);
        ledger.settings.renew_faces = true;
        ledger.renew(person, &[template("w")]).unwrap();
        by_pin(&mut ledger, "7", PIN, None).unwrap();
        assert_eq!(ledger.take_passing(), None, "done");
        let kept = ledger.vault().person(person).unwrap();
        assert_eq!(kept.consent.unwrap().version, "4");
        assert_eq!(ledger.vault().template_count(person).unwrap(), 1, "the older one is gone");
        ledger.withdraw_consent(Actor::Kiosk, person).unwrap();
        assert!(ledger.renew(person, &[template("w")]).is_err());
    }

    #[test]
    fn a_badge_that_nobody_has_is_counted_like_one_that_somebody_has() {
        let (_folder, clock, mut ledger, _) = site(MarkMode::Toggle);
        for _ in 0..12 {
            let known = by_pin(&mut ledger, "7", "111111", None).err();
            assert_eq!(by_pin(&mut ledger, "77", "111111", None).err(), known);
            clock.advance(Duration::from_hours(2));
        }
        assert!(matches!(by_pin(&mut ledger, "77", PIN, None), Err(Refusal::LockedOut { .. })));
        let first = Some(Refusal::WrongPin { tries_left: 9 });
        let alone = (0..12).filter(|n| by_pin(&mut ledger, &format!("nobody {n}"), PIN, None).err() == first);
        assert!(alone.count() >= 10, "each has a count of its own, but for two that meet by chance");
        let log = ledger.vault().audit_entries(1..=u64::MAX).unwrap();
        assert!(log.iter().any(|entry| entry.action == AuditAction::PersonPinWrong(NO_PERSON)));
    }

    #[test]
    fn who_must_choose_is_asked_and_then_marked() {
        let (_folder, _, mut ledger, _) = site(MarkMode::Ask);
        assert!(matches!(by_pin(&mut ledger, "7", PIN, None), Ok(ReplyBody::ChooseKind { .. })));
        let chosen = by_pin(&mut ledger, "7", PIN, Some(MarkKind::CheckOut));
        assert!(matches!(chosen, Ok(ReplyBody::Marked(PinMark { kind: MarkKind::CheckOut, .. }))));
    }

    #[test]
    fn a_wrong_badge_looks_like_a_wrong_pin_and_ten_wrong_ones_wait_for_a_host() {
        let (_folder, clock, mut ledger, person) = site(MarkMode::Toggle);
        for tries_left in (5..=9).rev() {
            let wrong_pin = by_pin(&mut ledger, "7", "111111", None).unwrap_err();
            assert_eq!(wrong_pin, Refusal::WrongPin { tries_left });
            assert_eq!(by_pin(&mut ledger, "8", PIN, None).unwrap_err(), wrong_pin);
        }
        for _ in 0..5 {
            assert!(matches!(by_pin(&mut ledger, "7", PIN, None), Err(Refusal::LockedOut { .. })));
            clock.advance(Duration::from_mins(10));
            let _ = by_pin(&mut ledger, "7", "111111", None);
        }
        let locked = Err(Refusal::LockedOut { retry_in: None });
        assert_eq!(by_pin(&mut ledger, "7", PIN, None).map(|_| ()), locked);
        assert_eq!(ledger.pin_state(person).unwrap(), PinState::Locked);
        let host = ledger.vault().hosts().unwrap()[0].id;
        assert!(ledger.login(host, &PinAttempt::new("908172")).is_ok(), "hosts are counted apart");
        ledger.vault_mut().unlock_person(Actor::Host(host), person, clock.now()).unwrap();
        assert!(by_pin(&mut ledger, "7", PIN, None).is_ok());
    }

    #[test]
    fn a_person_who_is_switched_off_or_has_no_pin_is_answered_like_a_wrong_pin() {
        let (_folder, clock, mut ledger, person) = site(MarkMode::Toggle);
        let mut off = ledger.vault().person(person).unwrap();
        off.active = false;
        ledger.vault_mut().update_person(Actor::Kiosk, off, clock.now()).unwrap();
        assert!(matches!(by_pin(&mut ledger, "7", PIN, None), Err(Refusal::WrongPin { .. })));
        ledger.vault_mut().set_person_pin(Actor::Kiosk, person, None, clock.now()).unwrap();
        assert!(matches!(by_pin(&mut ledger, "7", "", None), Err(Refusal::WrongPin { .. })));
    }

    #[test]
    fn a_pin_of_another_cost_is_hashed_again_at_the_next_login() {
        let (_folder, clock, mut ledger, _) = site(MarkMode::Toggle);
        let host = ledger.vault().hosts().unwrap()[0].id;
        let before = ledger.vault().host_secret(host).unwrap();
        assert!(!before.is_outdated(PinCost::FLOOR));
        let dearer = PinCost::from([20 * 1024, 2, 1]);
        ledger.vault_mut().set_pin_cost(dearer, clock.now()).unwrap();
        assert!(ledger.login(host, &PinAttempt::new("111111")).is_err());
        assert!(ledger.vault().host_secret(host).unwrap() == before, "a wrong PIN changes nothing");
        ledger.login(host, &PinAttempt::new("908172")).unwrap();
        let after = ledger.vault().host_secret(host).unwrap();
        assert!(after.is_outdated(PinCost::FLOOR) && !after.is_outdated(dearer));
        assert!(ledger.login(host, &PinAttempt::new("908172")).is_ok());
    }

    #[test]
    fn ones_own_pin_changes_against_the_old_one_and_the_code_opens_a_locked_host() {
        let (_folder, clock, mut ledger, _) = site(MarkMode::Toggle);
        let host = ledger.vault().hosts().unwrap()[0].id;
        let new = Pin::for_host("four unrelated words").unwrap();
        let wrong = ledger.change_pin(host, &PinAttempt::new("111111"), &new);
        assert!(matches!(wrong, Err(Refusal::WrongPin { tries_left: 9 })));
        ledger.change_pin(host, &PinAttempt::new("908172"), &new).unwrap();
        assert!(ledger.login(host, &PinAttempt::new("908172")).is_err());
        assert!(ledger.login(host, &PinAttempt::new("four unrelated words")).is_ok());

        let code = ledger.vault_mut().new_recovery_code(Actor::Host(host), clock.now()).unwrap();
        while ledger.login(host, &PinAttempt::new("1")).err() != Some(Refusal::LockedOut { retry_in: None }) {
            clock.advance(Duration::from_mins(10));
        }
        assert!(ledger.host_rows(host).unwrap()[0].locked);
        let typed = PinAttempt::new(&code.shown());
        assert!(matches!(ledger.recover(host, &PinAttempt::new("no"), None), Err(Refusal::WrongCode)));
        let next = ledger.recover(host, &typed, None).unwrap();
        assert!(ledger.login(host, &PinAttempt::new("four unrelated words")).is_ok());
        assert!(matches!(ledger.recover(host, &typed, None), Err(Refusal::WrongCode)), "used up");
        assert!(ledger.recover(host, &PinAttempt::new(&next.shown()), None).is_ok());
    }

    #[test]
    fn another_network_of_the_same_id_knows_nobody_until_they_are_enrolled_again() {
        let (folder, clock, mut ledger, person) = site(MarkMode::Toggle);
        let weights = WeightsId::new("w").unwrap();
        let shot = || NewTemplate {
            embedding: Embedding::from_raw(&[1.0; EMBEDDING_LEN]).unwrap(),
            weights: weights.clone(),
            quality: 0.9,
        };
        ledger.enrol(Actor::Kiosk, person, "1", &[shot()], false).unwrap();
        let (paths, settings) = (ledger.paths().clone(), ledger.settings().clone());
        let start_with = |ledger: Ledger, fingerprint| {
            ledger.close().unwrap();
            let key = KeySource::File(folder.path().join("device.key"));
            let vault = Vault::open(&paths.store(), &key, clock.now()).unwrap();
            let (network, index) = ((weights.clone(), fingerprint), SharedIndex::default());
            let clock = Arc::new(clock.clone());
            Ledger::new(vault, paths.clone(), settings.clone(), network, index, clock).unwrap()
        };
        let left_out = |ledger: &Ledger, print| ledger.left_out(&weights, print).unwrap().len();
        let templates = |ledger: &Ledger| ledger.people().unwrap()[0].templates;
        let today = |ledger: &Ledger| {
            ledger.day(clock.now().utc.to_zoned(jiff::tz::TimeZone::UTC).date()).unwrap().enrol_again
        };
        let (old, new) = (Fingerprint::default(), Fingerprint::from_bytes([9; 32]));
        assert_eq!((templates(&ledger), left_out(&ledger, old), left_out(&ledger, new)), (1, 0, 1));

        let mut ledger = start_with(ledger, new);
        assert_eq!((templates(&ledger), left_out(&ledger, new), today(&ledger)), (0, 1, 1));
        ledger.enrol(Actor::Kiosk, person, "1", &[shot(), shot()], false).unwrap();
        assert_eq!((templates(&ledger), left_out(&ledger, new), today(&ledger)), (2, 0, 0));
        let ledger = start_with(ledger, new);
        assert_eq!((templates(&ledger), left_out(&ledger, new)), (2, 0), "and after a restart");
        let ledger = start_with(ledger, old);
        assert_eq!(templates(&ledger), 1, "the old network finds its own");
    }
}
