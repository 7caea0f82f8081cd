//! Who may come in: hosts, PINs of hosts and people, the recovery code, and counts of wrong tries.
//!
//! Job: keep hashes and counts. It must not know when a try is right or allowed: that is `access`.

use super::{
    Draft, PIN_COST, RECOVERED, RECOVERY, TWO_PERSON, Urgency, Vault, VaultError,
    codec::{AttemptRecord, HostRecord, Tree, Write, same_name},
};
use crate::{
    crypto::{Pin, PinAttempt, PinCost, PinHash, RecoveryCode, random_host_id},
    domain::{Actor, AttemptState, AuditAction, Host, HostId, Moment, PersonId, PersonName},
};
use jiff::Timestamp;

/// Hosts.
impl Vault {
    /// All hosts, by id.
    pub fn hosts(&self) -> Result<Vec<Host>, VaultError> {
        let mut hosts = Vec::new();
        self.engine.for_each(Tree::Hosts, |key, sealed| {
            hosts.push(self.seals.get::<HostRecord>(Tree::Hosts, key, sealed)?.host);
            Ok(())
        })?;
        Ok(hosts)
    }

    /// The host of this name, without regard to case.
    pub fn host_by_name(&self, name: &PersonName) -> Result<Option<Host>, VaultError> {
        Ok(self.hosts()?.into_iter().find(|host| same_name(&host.name, name)))
    }

    /// Adds a host. Hashing the PIN takes about a quarter of a second.
    pub fn add_host(
        &mut self,
        actor: Actor,
        name: PersonName,
        pin: &Pin,
        now: Moment,
    ) -> Result<Host, VaultError> {
        if self.host_by_name(&name)?.is_some() {
            return Err(VaultError::HostTaken);
        }
        let mut draft = self.draft(now)?;
        let host = self.draft_host(&mut draft, actor, name, pin, now)?;
        self.commit(draft, Urgency::Normal)?;
        Ok(host)
    }

    /// Gives a host a new PIN and forgets their wrong ones.
    pub fn set_host_pin(
        &mut self,
        actor: Actor,
        id: HostId,
        pin: &Pin,
        now: Moment,
    ) -> Result<(), VaultError> {
        let mut draft = self.draft(now)?;
        self.draft_host_pin(&mut draft, id, pin)?;
        self.log(&mut draft, actor, AuditAction::PinChanged(id), now)?;
        self.commit(draft, Urgency::Normal)
    }

    /// Forgets a host's wrong PINs: they may try again. While two hosts are needed for some deeds this counts like a PIN
    /// set with the recovery code ([`Vault::recovered_at`]): whoever unlocks may be the one who guesses.
    pub fn unlock_host(&mut self, actor: Actor, id: HostId, now: Moment) -> Result<(), VaultError> {
        self.host_record(id)?;
        let mut draft = self.draft(now)?;
        self.draft_unlock(&mut draft, id, now)?;
        self.log(&mut draft, actor, AuditAction::HostUnlocked(id), now)?;
        self.commit(draft, Urgency::Normal)
    }

    fn draft_unlock(&self, draft: &mut Draft, id: HostId, now: Moment) -> Result<(), VaultError> {
        draft.writes.push(Write { tree: Tree::Attempts, key: id.as_bytes().to_vec(), value: None });
        if self.two_person()? {
            let at = now.utc.as_second();
            draft.writes.push(self.seals.put(Tree::Meta, &recovered_key(id), &at)?);
        }
        Ok(())
    }

    /// Removes a host; one always stays, and two while the two-person rule is on.
    pub fn remove_host(&mut self, actor: Actor, id: HostId, now: Moment) -> Result<(), VaultError> {
        self.host_record(id)?;
        match self.hosts()?.len() {
            0..2 => return Err(VaultError::LastHost),
            2 if self.two_person()? => return Err(VaultError::LastPair),
            _ => {}
        }
        let mut draft = self.draft(now)?;
        for tree in [Tree::Hosts, Tree::Attempts] {
            draft.writes.push(Write { tree, key: id.as_bytes().to_vec(), value: None });
        }
        draft.writes.push(Write { tree: Tree::Meta, key: recovered_key(id), value: None });
        self.log(&mut draft, actor, AuditAction::HostRemoved(id), now)?;
        self.commit(draft, Urgency::Normal)
    }

    /// A host's PIN hash, for `access` to check against.
    pub fn host_secret(&self, id: HostId) -> Result<PinHash, VaultError> {
        Ok(self.host_record(id)?.pin)
    }

    /// Keeps the hash of the same PIN at another cost. Nobody sees a difference, so there is no audit entry.
    pub fn upgrade_host_secret(&mut self, id: HostId, pin: PinHash, now: Moment) -> Result<(), VaultError> {
        let record = HostRecord { pin, ..self.host_record(id)? };
        let mut draft = self.draft(now)?;
        draft.writes.push(self.seals.put(Tree::Hosts, id.as_bytes(), &record)?);
        self.commit(draft, Urgency::Normal)
    }

    pub(super) fn draft_host(
        &self,
        draft: &mut Draft,
        actor: Actor,
        name: PersonName,
        pin: &Pin,
        now: Moment,
    ) -> Result<Host, VaultError> {
        let host = Host { id: random_host_id()?, name };
        let record = HostRecord { host: host.clone(), pin: self.hash(pin)? };
        draft.writes.push(self.seals.put(Tree::Hosts, host.id.as_bytes(), &record)?);
        self.log(draft, actor, AuditAction::HostAdded(host.id), now)?;
        Ok(host)
    }

    fn draft_host_pin(&self, draft: &mut Draft, id: HostId, pin: &Pin) -> Result<(), VaultError> {
        let record = HostRecord { pin: self.hash(pin)?, ..self.host_record(id)? };
        draft.writes.push(self.seals.put(Tree::Hosts, id.as_bytes(), &record)?);
        draft.writes.push(Write { tree: Tree::Attempts, key: id.as_bytes().to_vec(), value: None });
        Ok(())
    }

    fn host_record(&self, id: HostId) -> Result<HostRecord, VaultError> {
        match self.engine.get(Tree::Hosts, id.as_bytes())? {
            Some(sealed) => self.seals.get(Tree::Hosts, id.as_bytes(), &sealed),
            None => Err(VaultError::NoSuchHost),
        }
    }
}

/// The two-person rule. It is kept here, sealed, so that whoever can write to a text file cannot switch it off.
impl Vault {
    /// Whether what [`crate::domain::SharedDeed`] lists takes two hosts.
    pub fn two_person(&self) -> Result<bool, VaultError> {
        match self.engine.get(Tree::Meta, TWO_PERSON)? {
            Some(sealed) => self.seals.get(Tree::Meta, TWO_PERSON, &sealed),
            None => Ok(false), // also in stores that were made before there was such a rule
        }
    }

    /// Switches it, with an audit entry; as it is already, it stays without one. On needs two hosts.
    pub fn set_two_person(&mut self, actor: Actor, on: bool, now: Moment) -> Result<(), VaultError> {
        if self.two_person()? == on {
            return Ok(());
        }
        if on && self.hosts()?.len() < 2 {
            return Err(VaultError::NoPair);
        }
        let mut draft = self.draft(now)?;
        draft.writes.push(self.seals.put(Tree::Meta, TWO_PERSON, &on)?);
        self.log(&mut draft, actor, AuditAction::TwoPerson(on), now)?;
        self.commit(draft, Urgency::Normal)
    }
}

/// PINs of attendees.
impl Vault {
    /// Sets a person's PIN, or takes it away, and forgets their wrong ones.
    pub fn set_person_pin(
        &mut self,
        actor: Actor,
        id: PersonId,
        pin: Option<&Pin>,
        now: Moment,
    ) -> Result<(), VaultError> {
        self.person(id)?;
        let mut draft = self.draft(now)?;
        let key = id.as_bytes();
        draft.writes.push(match pin {
            Some(pin) => self.seals.put(Tree::PersonPins, key, &self.hash(pin)?)?,
            None => Write { tree: Tree::PersonPins, key: key.to_vec(), value: None },
        });
        draft.writes.push(Write { tree: Tree::Attempts, key: key.to_vec(), value: None });
        self.log(&mut draft, actor, AuditAction::PersonPin(id, pin.is_some()), now)?;
        self.commit(draft, Urgency::Normal)
    }

    /// A person's PIN hash, if they have one.
    pub fn person_secret(&self, id: PersonId) -> Result<Option<PinHash>, VaultError> {
        let sealed = self.engine.get(Tree::PersonPins, id.as_bytes())?;
        sealed.map(|sealed| self.seals.get(Tree::PersonPins, id.as_bytes(), &sealed)).transpose()
    }

    /// As [`Vault::upgrade_host_secret`].
    pub fn upgrade_person_secret(
        &mut self,
        id: PersonId,
        pin: &PinHash,
        now: Moment,
    ) -> Result<(), VaultError> {
        let mut draft = self.draft(now)?;
        draft.writes.push(self.seals.put(Tree::PersonPins, id.as_bytes(), pin)?);
        self.commit(draft, Urgency::Normal)
    }

    /// Forgets a person's wrong PINs.
    pub fn unlock_person(&mut self, actor: Actor, id: PersonId, now: Moment) -> Result<(), VaultError> {
        self.person(id)?;
        let mut draft = self.draft(now)?;
        draft.writes.push(Write { tree: Tree::Attempts, key: id.as_bytes().to_vec(), value: None });
        self.log(&mut draft, actor, AuditAction::PersonUnlocked(id), now)?;
        self.commit(draft, Urgency::Normal)
    }
}

/// The recovery code.
impl Vault {
    /// Makes a code that unlocks any host, to be shown once; only its hash is kept. An older one is void.
    pub fn new_recovery_code(&mut self, actor: Actor, now: Moment) -> Result<RecoveryCode, VaultError> {
        let code = RecoveryCode::random()?;
        let hash = PinHash::again(&code.as_attempt(), &self.keys.pepper()?, PinCost::FLOOR)?;
        let mut draft = self.draft(now)?;
        draft.writes.push(self.seals.put(Tree::Meta, RECOVERY, &hash)?);
        self.log(&mut draft, actor, AuditAction::RecoveryCodeMade, now)?;
        self.commit(draft, Urgency::Normal)?;
        Ok(code)
    }

    /// Whether a code was made and not used yet.
    pub fn has_recovery_code(&self) -> Result<bool, VaultError> {
        Ok(self.engine.get(Tree::Meta, RECOVERY)?.is_some())
    }

    /// Uses the code up: forgets the host's wrong PINs and, if one is given, sets a new PIN, which is remembered
    /// ([`Vault::recovered_at`]): whoever holds the code may not be the host. `false` when the code is
    /// wrong. Nobody guesses 125 bits, so wrong codes are audited but not counted.
    pub fn recover_host(
        &mut self,
        host: HostId,
        typed: &PinAttempt,
        new_pin: Option<&Pin>,
        now: Moment,
    ) -> Result<bool, VaultError> {
        self.host_record(host)?;
        let Some(sealed) = self.engine.get(Tree::Meta, RECOVERY)? else {
            return Err(VaultError::NoRecoveryCode);
        };
        let hash: PinHash = self.seals.get(Tree::Meta, RECOVERY, &sealed)?;
        let mut draft = self.draft(now)?;
        if !hash.matches(&RecoveryCode::typed(typed), &self.keys.pepper()?)? {
            self.log(&mut draft, Actor::Kiosk, AuditAction::RecoveryCodeWrong, now)?;
            self.commit(draft, Urgency::MustSucceed)?;
            return Ok(false);
        }
        match new_pin {
            Some(pin) => {
                self.draft_host_pin(&mut draft, host, pin)?;
                let at = now.utc.as_second();
                draft.writes.push(self.seals.put(Tree::Meta, &recovered_key(host), &at)?);
            }
            None => self.draft_unlock(&mut draft, host, now)?,
        }
        draft.writes.push(Write { tree: Tree::Meta, key: RECOVERY.to_vec(), value: None });
        self.log(&mut draft, Actor::Kiosk, AuditAction::RecoveryCodeUsed(host), now)?;
        self.commit(draft, Urgency::MustSucceed)?;
        Ok(true)
    }
}

impl Vault {
    /// When a host's PIN was last set with the recovery code or, under the two-person rule, their lock was opened; if it
    /// ever was.
    pub fn recovered_at(&self, host: HostId) -> Result<Option<Timestamp>, VaultError> {
        let key = recovered_key(host);
        let Some(sealed) = self.engine.get(Tree::Meta, &key)? else { return Ok(None) };
        let second = self.seals.get::<i64>(Tree::Meta, &key, &sealed)?;
        Ok(Some(Timestamp::from_second(second).unwrap_or(Timestamp::MAX))) // what cannot be read is of now
    }
}

/// Where it is kept when a host's PIN was set with the recovery code.
fn recovered_key(host: HostId) -> Vec<u8> {
    [RECOVERED, host.as_bytes()].concat()
}

/// Counts of wrong tries, and what a check costs.
impl Vault {
    /// What is kept about wrong PINs under this id (a host's, a person's, or one of nobody's). The monotonic time in
    /// it is this run's, or `None`.
    pub fn attempts(&self, id: impl Into<[u8; 16]>) -> Result<AttemptState, VaultError> {
        let id = id.into();
        let Some(sealed) = self.engine.get(Tree::Attempts, &id)? else {
            return Ok(AttemptState::default());
        };
        let AttemptRecord { run, state } = self.seals.get(Tree::Attempts, &id, &sealed)?;
        Ok(if run == self.run { state } else { AttemptState { last_mono: None, ..state } })
    }

    /// Keeps what `access` counted, with its audit entry if it has one. Works on a full disk: a try that cannot be
    /// counted may not be made.
    pub fn put_attempts(
        &mut self,
        id: impl Into<[u8; 16]>,
        state: AttemptState,
        action: Option<(Actor, AuditAction)>,
        now: Moment,
    ) -> Result<(), VaultError> {
        let id = id.into();
        let mut draft = self.draft(now)?;
        let record = AttemptRecord { run: self.run, state };
        draft.writes.push(self.seals.put(Tree::Attempts, &id, &record)?);
        if let Some((actor, action)) = action {
            self.log(&mut draft, actor, action, now)?;
        }
        self.commit(draft, Urgency::MustSucceed)
    }

    /// What new PIN hashes cost; [`PinCost::FLOOR`] until it is calibrated.
    #[must_use]
    pub fn pin_cost(&self) -> PinCost {
        self.pin_cost
    }

    /// What was calibrated for this store, if it was.
    pub fn calibrated_pin_cost(&self) -> Result<Option<PinCost>, VaultError> {
        let sealed = self.engine.get(Tree::Meta, PIN_COST)?;
        sealed.map(|sealed| self.seals.get(Tree::Meta, PIN_COST, &sealed)).transpose()
    }

    /// Lets new hashes cost this much. Older ones follow at their next login.
    pub fn set_pin_cost(&mut self, cost: PinCost, now: Moment) -> Result<(), VaultError> {
        let mut draft = self.draft(now)?;
        draft.writes.push(self.seals.put(Tree::Meta, PIN_COST, &cost)?);
        self.commit(draft, Urgency::Normal)?;
        self.pin_cost = cost;
        Ok(())
    }

    fn hash(&self, pin: &Pin) -> Result<PinHash, VaultError> {
        Ok(PinHash::new(pin, &self.keys.pepper()?, self.pin_cost)?)
    }
}
