//! The two-person rule: what one host may not do alone, and the check of the second one.
//!
//! Job: let a deed pass, or say who could agree to it. It must not know how a deed is done.

use super::{Ledger, access::refusal, failed};
use crate::{
    access::{HostSession, NOBODY, Tried, Try},
    crypto::PinAttempt,
    domain::{Actor, AuditAction, HostId, SharedDeed},
    runtime::messages::{BadRequest, HostRequest, Refusal, SecondHost},
    vault::VaultError,
};
use jiff::SignedDuration;

/// For how long a host whose PIN was set with the recovery code takes part in nothing that needs two: long enough for
/// the one whose PIN no longer opens to notice.
const RECOVERED_LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Which requests take two hosts while the rule is on.
fn deed(request: &HostRequest) -> Option<SharedDeed> {
    match request {
        HostRequest::ErasePerson(_) => Some(SharedDeed::ErasePerson),
        HostRequest::RotateKey => Some(SharedDeed::RotateKey),
        HostRequest::ChangeKey { .. } => Some(SharedDeed::ChangeKey),
        HostRequest::TwoPerson(false) => Some(SharedDeed::EndRule),
        HostRequest::AddHost { .. } => Some(SharedDeed::AddHost),
        HostRequest::NewRecoveryCode => Some(SharedDeed::MakeRecoveryCode),
        _ => None,
    }
}

/// The PIN of whoever asks, where it is asked for again: a session may have been left open.
fn own_pin(request: &HostRequest) -> Option<&PinAttempt> {
    match request {
        HostRequest::Backup { pin, .. } | HostRequest::ChangeKey { pin, .. } => Some(&pin.0),
        _ => None,
    }
}

impl Ledger {
    /// The request itself, if the session that asks still lasts, and once a second host has agreed to it or none is
    /// needed.
    pub(in crate::runtime) fn allowed(
        &mut self,
        session: &HostSession,
        request: HostRequest,
    ) -> Result<HostRequest, Refusal> {
        let removed = || matches!(self.vault.host_secret(session.host()), Err(VaultError::NoSuchHost));
        if session.expired(self.clock.now()) || removed() {
            return Err(Refusal::SessionEnded);
        }
        let (second, request) = match request {
            HostRequest::WithSecond(SecondHost { host, pin }, request) => (Some((host, pin.0)), *request),
            request => (None, request),
        };
        if let Some(pin) = own_pin(&request) {
            self.login(session.host(), pin)?;
        }
        match deed(&request) {
            Some(deed) => self.agree(session, second.as_ref().map(|(host, pin)| (*host, pin)), deed)?,
            None if second.is_none() => {}
            None => return Err(failed(BadRequest::NeedsNoSecond)),
        }
        Ok(request)
    }

    /// Whether the host of `session` may do this: always while the rule is off, else with a second host's PIN. The try
    /// is counted as at a login, and what was agreed to is on record, with both hosts, before it is done. A second host
    /// who is given although the rule is off is checked all the same.
    pub fn agree(
        &mut self,
        session: &HostSession,
        second: Option<(HostId, &PinAttempt)>,
        deed: SharedDeed,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let Some((host, pin)) = second else {
            if !self.vault.two_person().map_err(failed)? {
                return Ok(());
            }
            self.check_not_recovered(session.host())?;
            let mut others = self.vault.hosts().map_err(failed)?;
            others.retain(|host| host.id != session.host() && self.check_not_recovered(host.id).is_ok());
            if others.is_empty() {
                return Err(failed(BadRequest::RecoveredLately));
            }
            others.sort_by_key(|host| host.name.as_str().to_lowercase());
            return Err(Refusal::SecondHostNeeded { others });
        };
        if host == session.host() {
            return Err(failed(BadRequest::SecondIsFirst));
        }
        self.check_not_recovered(session.host())?;
        self.check_not_recovered(host)?;
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
        let a_try = Try { secret: secret.as_ref(), cost, pepper: &pepper, pin, attempts };
        let tried = self.lockout().attempt(&a_try, now, |state, tried| {
            let action = tried.map(|tried| match tried {
                Tried::Right => (session.actor(), AuditAction::Agreed(host, deed)),
                Tried::Wrong => (Actor::Kiosk, AuditAction::LoginFailed(host)),
                Tried::Locked => (Actor::Kiosk, AuditAction::LockedOut(host)),
            });
            self.vault.put_attempts(counted, state, action, now)
        });
        tried.map_err(refusal)
    }

    /// Refuses a host whose PIN was set with the recovery code not long ago: one host who holds the code could stand for
    /// two. Before the PIN is tried, so that no try is counted.
    fn check_not_recovered(&self, host: HostId) -> Result<(), Refusal> {
        if self.recovered_lately(host).map_err(failed)? {
            return Err(failed(BadRequest::RecoveredLately));
        }
        Ok(())
    }

    pub(super) fn recovered_lately(&self, host: HostId) -> Result<bool, VaultError> {
        let now = self.clock.now().utc;
        // A clock that was set back makes it longer, never shorter.
        Ok(self.vault.recovered_at(host)?.is_some_and(|at| now.duration_since(at) < RECOVERED_LATELY))
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::tests::site;
    use super::*;
    use crate::{
        crypto::Pin,
        domain::{Clock as _, ManualClock, PersonId, PersonName},
        runtime::messages::{Cause, Hidden, NewKey, Passphrase, ReplyBody, RequestBody},
        settings::MarkMode,
    };
    use std::{sync::Arc, time::Duration};

    const FIRST: &str = "908172";
    const SECOND: &str = "four unrelated words";

    /// A site with a second host, the rule on or off, and the first host at the screen.
    struct Pair {
        folder: tempfile::TempDir,
        clock: ManualClock,
        ledger: Ledger,
        person: PersonId,
        first: HostId,
        second: HostId,
        session: Arc<HostSession>,
    }

    impl Pair {
        fn new(rule: bool) -> Self {
            let (folder, clock, mut ledger, person) = site(MarkMode::Toggle);
            let first = ledger.vault().hosts().unwrap()[0].id;
            let (name, pin) = (PersonName::new("Grace").unwrap(), Pin::for_host(SECOND).unwrap());
            let now = clock.now();
            let second = ledger.vault_mut().add_host(Actor::Host(first), name, &pin, now).unwrap().id;
            let session = ledger.login(first, &PinAttempt::new(FIRST)).unwrap();
            let mut pair = Self { folder, clock, ledger, person, first, second, session };
            if rule {
                pair.ask(HostRequest::TwoPerson(true)).unwrap();
            }
            pair
        }

        fn ask(&mut self, request: HostRequest) -> Result<ReplyBody, Refusal> {
            self.ledger.answer(RequestBody::Host(self.session.clone(), request)).0
        }

        fn with(&mut self, host: HostId, pin: &str, request: HostRequest) -> Result<ReplyBody, Refusal> {
            let second = SecondHost { host, pin: Hidden(PinAttempt::new(pin)) };
            self.ask(HostRequest::WithSecond(second, Box::new(request)))
        }

        fn erase(&self) -> HostRequest {
            HostRequest::ErasePerson(self.person)
        }

        fn log(&self) -> Vec<(Actor, AuditAction)> {
            let entries = self.ledger.vault().audit_entries(1..=u64::MAX).unwrap();
            entries.into_iter().map(|entry| (entry.actor, entry.action)).collect()
        }
    }

    fn change_key(own_pin: &str) -> HostRequest {
        let passphrase = Passphrase::new("four unrelated words").unwrap();
        let pin = Hidden(PinAttempt::new(own_pin));
        HostRequest::ChangeKey { key: NewKey::Passphrase(Hidden(passphrase)), pin }
    }

    fn add_host() -> HostRequest {
        let pin = Hidden(Pin::new("605142").unwrap());
        HostRequest::AddHost { name: PersonName::new("Mallory").unwrap(), pin }
    }

    #[test]
    fn without_the_rule_one_host_is_enough() {
        let mut pair = Pair::new(false);
        pair.ask(add_host()).unwrap();
        pair.ask(HostRequest::NewRecoveryCode).unwrap();
        pair.ask(HostRequest::RotateKey).unwrap();
        pair.ask(HostRequest::TwoPerson(false)).unwrap();
        pair.ask(pair.erase()).unwrap();
        assert!(pair.ledger.vault().person(pair.person).is_err());
    }

    #[test]
    fn each_shared_deed_takes_another_host_with_the_right_pin_and_both_are_on_record() {
        let mut pair = Pair::new(true);
        for deed in [
            SharedDeed::AddHost,
            SharedDeed::MakeRecoveryCode,
            SharedDeed::RotateKey,
            SharedDeed::ChangeKey,
            SharedDeed::ErasePerson,
            SharedDeed::EndRule,
        ] {
            let request = |pair: &Pair| match deed {
                SharedDeed::AddHost => add_host(),
                SharedDeed::MakeRecoveryCode => HostRequest::NewRecoveryCode,
                SharedDeed::RotateKey => HostRequest::RotateKey,
                SharedDeed::EndRule => HostRequest::TwoPerson(false),
                SharedDeed::ErasePerson => pair.erase(),
                SharedDeed::ChangeKey => change_key(FIRST),
            };
            let before = pair.log();
            match pair.ask(request(&pair)) {
                Err(Refusal::SecondHostNeeded { others }) => {
                    assert!(others.iter().any(|host| host.id == pair.second));
                    assert!(others.iter().all(|host| host.id != pair.first), "nobody agrees with themselves");
                }
                other => panic!("{deed:?}: {other:?}"),
            }
            let alone = pair.with(pair.first, FIRST, request(&pair));
            assert!(matches!(alone, Err(Refusal::Failed(_))), "{deed:?}: {alone:?}");
            let mut log = pair.log();
            // A change of key asks the first host's own PIN again, which is on record like a login.
            log.retain(|entry| *entry != (Actor::Host(pair.first), AuditAction::Login(pair.first)));
            let mut same = before.clone();
            same.retain(|entry| *entry != (Actor::Host(pair.first), AuditAction::Login(pair.first)));
            assert_eq!(log, same, "nothing was done, no try was counted");
            let wrong = pair.with(pair.second, "111111", request(&pair));
            assert_eq!(wrong.err(), Some(Refusal::WrongPin { tries_left: 9 }), "{deed:?}");
            let refused = (Actor::Kiosk, AuditAction::LoginFailed(pair.second));
            assert_eq!(pair.log().last(), Some(&refused), "{deed:?} was not done");
            assert!(pair.ledger.vault().person(pair.person).is_ok() || deed == SharedDeed::EndRule);
            pair.with(pair.second, SECOND, request(&pair)).unwrap();
            let agreed = (Actor::Host(pair.first), AuditAction::Agreed(pair.second, deed));
            let log = pair.log();
            let at = log.iter().position(|entry| *entry == agreed).expect("both hosts in one entry");
            assert!(at + 1 < log.len(), "{deed:?} is on record after it");
        }
        assert!(pair.ledger.vault().person(pair.person).is_err());
        assert!(!pair.ledger.vault().two_person().unwrap());
    }

    #[test]
    fn a_backup_and_a_change_of_key_ask_for_ones_own_pin_again() {
        let mut pair = Pair::new(true);
        let before = std::fs::read(pair.ledger.paths().store().join("vault.key")).unwrap();
        let words = || Hidden(Passphrase::new("four unrelated words").unwrap());
        let backup = |pin| HostRequest::Backup {
            folder: None,
            passphrase: words(),
            pin: Hidden(PinAttempt::new(pin)),
        };
        assert_eq!(pair.ask(backup("111111")).err(), Some(Refusal::WrongPin { tries_left: 9 }));
        assert!(!pair.ledger.paths().exports().exists());
        assert!(matches!(pair.ask(backup(FIRST)), Ok(ReplyBody::BackedUp { .. })), "one host may");
        let wrong = pair.with(pair.second, SECOND, change_key("111111"));
        assert_eq!(wrong.err(), Some(Refusal::WrongPin { tries_left: 9 }));
        let agreed = AuditAction::Agreed(pair.second, SharedDeed::ChangeKey);
        assert!(pair.log().iter().all(|(_, action)| *action != agreed), "the second was not even asked");
        assert_eq!(std::fs::read(pair.ledger.paths().store().join("vault.key")).unwrap(), before);
    }

    #[test]
    fn whoever_was_unlocked_stands_for_nobody_for_a_while_and_nobody_unlocks_themselves() {
        let mut pair = Pair::new(true);
        let (first, second) = (pair.first, pair.second);
        let own = pair.ask(HostRequest::UnlockHost(first)).err();
        let Some(Refusal::Failed(why)) = own else { panic!("{own:?}") };
        assert_eq!(*why.cause(), Cause::Request(BadRequest::UnlocksThemselves));
        pair.ask(HostRequest::UnlockHost(second)).unwrap();
        let lately = |reply: Result<ReplyBody, Refusal>| match reply {
            Err(Refusal::Failed(why)) => *why.cause() == Cause::Request(BadRequest::RecoveredLately),
            other => panic!("{other:?}"),
        };
        assert!(lately(pair.with(second, SECOND, pair.erase())), "the first may have guessed on");
        pair.clock.advance(Duration::from_hours(7 * 24));
        pair.session = pair.ledger.login(first, &PinAttempt::new(FIRST)).unwrap();
        pair.with(second, SECOND, pair.erase()).unwrap();
    }

    #[test]
    fn a_session_ends_with_its_host() {
        let mut pair = Pair::new(false);
        let gone = pair.ledger.login(pair.second, &PinAttempt::new(SECOND)).unwrap();
        pair.ask(HostRequest::RemoveHost(pair.second)).unwrap();
        let reply = pair.ledger.answer(RequestBody::Host(gone, HostRequest::HostRows)).0;
        assert_eq!(reply.err(), Some(Refusal::SessionEnded));
    }

    /// One host who holds the recovery code gives another one a PIN of their choice.
    #[test]
    fn whoever_holds_the_recovery_code_cannot_stand_for_two() {
        const CHOSEN: &str = "words of my choice";
        let mut pair = Pair::new(false);
        let Ok(ReplyBody::RecoveryCode(Hidden(code))) = pair.ask(HostRequest::NewRecoveryCode) else {
            panic!()
        };
        pair.ask(HostRequest::TwoPerson(true)).unwrap();
        let (first, second) = (pair.first, pair.second);
        let pin = Pin::for_host(CHOSEN).unwrap();
        let next = pair.ledger.recover(second, &PinAttempt::new(&code.shown()), Some(&pin)).unwrap();
        let lately = |reply: Result<ReplyBody, Refusal>| match reply {
            Err(Refusal::Failed(why)) => *why.cause() == Cause::Request(BadRequest::RecoveredLately),
            other => panic!("{other:?}"),
        };
        let before = pair.log();
        assert!(lately(pair.ask(pair.erase())), "there is nobody else who could agree");
        assert!(lately(pair.with(second, CHOSEN, pair.erase())));
        // Nor the other way round, with the first host as the second.
        let theirs = pair.ledger.login(second, &PinAttempt::new(CHOSEN)).unwrap();
        let own = std::mem::replace(&mut pair.session, theirs);
        assert!(lately(pair.ask(pair.erase())));
        assert!(lately(pair.with(first, FIRST, pair.erase())));
        // Nor after a change of that PIN, which whoever chose it can do.
        let change = HostRequest::ChangePin {
            old: Hidden(PinAttempt::new(CHOSEN)),
            new: Hidden(Pin::for_host(SECOND).unwrap()),
        };
        pair.ask(change).unwrap();
        pair.session = own;
        assert!(lately(pair.with(second, SECOND, pair.erase())));
        assert!(pair.ledger.vault().person(pair.person).is_ok());
        assert!(pair.log().iter().skip(before.len()).all(|(_, did)| !matches!(did, AuditAction::Agreed(..))));
        let rows = pair.ledger.host_rows(first).unwrap();
        assert!(rows.iter().all(|row| row.recovered == (row.host.id == second)), "the hosts page says it");

        // Unlocking alone leaves the PIN with whom it belongs to.
        pair.ledger.recover(first, &PinAttempt::new(&next.shown()), None).unwrap();
        pair.clock.advance(Duration::from_hours(7 * 24 - 1));
        pair.session = pair.ledger.login(first, &PinAttempt::new(FIRST)).unwrap();
        assert!(lately(pair.with(second, SECOND, pair.erase())), "an hour too early");
        pair.clock.advance(Duration::from_hours(1));
        pair.session = pair.ledger.login(first, &PinAttempt::new(FIRST)).unwrap();
        pair.with(second, SECOND, pair.erase()).unwrap();
        assert!(pair.ledger.vault().person(pair.person).is_err());
    }

    #[test]
    fn a_guesser_at_the_second_pin_is_locked_out_as_at_a_login() {
        let mut pair = Pair::new(true);
        let mut tries = 0;
        loop {
            match pair.with(pair.second, "111111", pair.erase()) {
                Err(Refusal::WrongPin { .. }) => tries += 1,
                Err(Refusal::LockedOut { retry_in: None }) => break,
                Err(Refusal::LockedOut { .. }) => {}
                other => panic!("{other:?}"),
            }
            assert!(tries < 10, "every wrong one counts");
            pair.clock.advance(Duration::from_secs(30));
            pair.session = pair.ledger.login(pair.first, &PinAttempt::new(FIRST)).unwrap();
        }
        assert_eq!(tries, 9, "and the tenth locks");
        let right = pair.with(pair.second, SECOND, pair.erase());
        assert_eq!(right.err(), Some(Refusal::LockedOut { retry_in: None }));
        let login = pair.ledger.login(pair.second, &PinAttempt::new(SECOND));
        assert!(matches!(login, Err(Refusal::LockedOut { retry_in: None })), "the same count");
        assert!(pair.ledger.vault().person(pair.person).is_ok());
    }

    #[test]
    fn somebody_who_is_no_host_is_answered_like_a_wrong_pin() {
        let mut pair = Pair::new(true);
        let nobody = pair.with(HostId::from_bytes([9; 16]), SECOND, pair.erase());
        assert_eq!(nobody.err(), Some(Refusal::WrongPin { tries_left: 9 }));
    }

    #[test]
    fn the_rule_needs_two_hosts_and_keeps_them() {
        let mut pair = Pair::new(true);
        let second = pair.second;
        let sentence = |reply: Result<ReplyBody, Refusal>| match reply {
            Err(Refusal::Failed(sentence)) => sentence,
            other => panic!("{other:?}"),
        };
        let refused = sentence(pair.ask(HostRequest::RemoveHost(second)));
        assert!(refused.to_string().contains("needs two hosts"), "{refused}");
        pair.with(second, SECOND, add_host()).unwrap();
        pair.ask(HostRequest::RemoveHost(second)).unwrap();
        let Ok(ReplyBody::HostRows { rows, two_person }) = pair.ask(HostRequest::HostRows) else { panic!() };
        assert_eq!((rows.len(), two_person), (2, true));
        let other = rows.iter().find(|row| !row.you).unwrap().host.id;
        pair.with(other, "605142", HostRequest::TwoPerson(false)).unwrap();
        pair.ask(HostRequest::RemoveHost(other)).unwrap();
        let refused = sentence(pair.ask(HostRequest::TwoPerson(true)));
        assert!(refused.to_string().contains("needs two hosts"), "{refused}");
    }

    #[test]
    fn the_rule_outlives_a_restart() {
        let pair = Pair::new(true);
        let (paths, clock) = (pair.ledger.paths.clone(), pair.clock.clone());
        let key = crate::crypto::KeySource::File(pair.folder.path().join("device.key"));
        pair.ledger.close().unwrap();
        let vault = crate::vault::Vault::open(&paths.store(), &key, clock.now()).unwrap();
        assert!(vault.two_person().unwrap());
        let log = vault.audit_entries(1..=u64::MAX).unwrap();
        assert!(log.iter().any(|entry| entry.action == AuditAction::TwoPerson(true)));
    }
}
