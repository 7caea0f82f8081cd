//! Who may enter host mode, and who may be marked without a face: PIN check, lock-out, host session.
//!
//! Job: judge one attempt from what was counted before, and hand out a [`HostSession`] only for a host's right PIN.
//! It must not know where attempts and hashes are kept: the caller passes them in and keeps what it is given.
//!
//! # Guessing
//!
//! A try is counted, and the count kept durably, before the PIN is looked at. Five tries are free; then each wrong
//! one costs a wait of 30 s, 60 s, 2, 4 and 8 minutes; the tenth locks the host until another host unlocks them.
//! Within one run of the program waits follow the monotonic clock. After a restart a wait is over once this run
//! alone has lasted that long, or the wall clock says so: setting the clock forward *and* restarting skips one wait,
//! but never a count, so that nobody gets more than ten guesses whatever they do to the clock.

mod session;

pub use session::HostSession;

use crate::{
    crypto::{CryptoError, Pepper, PinAttempt, PinCost, PinHash},
    domain::{AttemptState, AuditAction, HostId, Moment, PersonId},
};
use std::time::Duration;

/// Attempts under a name that no host has are counted here, with the same limits.
pub const NOBODY: HostId = HostId::from_bytes([0; 16]);
/// Attempts with a badge that nobody has, or whose owner has no PIN, are counted here.
pub const NO_PERSON: PersonId = PersonId::from_bytes([0xff; 16]);

/// One try at a PIN: a host's or an attendee's.
pub struct Try<'a> {
    /// The hash; `None` when the name or badge is unknown. Takes the same time.
    pub secret: Option<&'a PinHash>,
    /// What hashes cost in this store: what an unknown name takes.
    pub cost: PinCost,
    /// The store's pepper.
    pub pepper: &'a Pepper,
    /// What was typed.
    pub pin: &'a PinAttempt,
    /// What is kept about earlier attempts under this id.
    pub attempts: AttemptState,
}

/// What came of a try, to be kept with its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The PIN was right.
    Right,
    /// It was wrong.
    Wrong,
    /// It was wrong once too often.
    Locked,
}

/// Which host wants in, with what.
pub struct Login<'a> {
    /// The host, or [`NOBODY`] when the name is unknown.
    pub host: HostId,
    /// Their hash; `None` when the name is unknown. Takes the same time.
    pub secret: Option<&'a PinHash>,
    /// What hashes cost in this store.
    pub cost: PinCost,
    /// The store's pepper.
    pub pepper: &'a Pepper,
    /// What was typed.
    pub pin: &'a PinAttempt,
    /// What is kept about earlier attempts under this id.
    pub attempts: AttemptState,
}

/// Why somebody is not let in. `E` is the error of whoever keeps the attempts.
#[derive(Debug, thiserror::Error)]
pub enum LoginError<E> {
    /// Wrong name or PIN: which of the two is not said.
    #[error("the name or the PIN is wrong; {tries_left} tries left before it is locked")]
    Wrong {
        /// Tries before the lock.
        tries_left: u32,
    },
    /// Too many wrong tries.
    #[error("{}", locked_sentence(*.retry_in))]
    Locked {
        /// How long to wait; `None` until another host unlocks.
        retry_in: Option<Duration>,
    },
    /// The PIN could not be hashed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The attempt could not be kept, so it was not made.
    #[error("the attempt could not be kept: {0}")]
    Keep(E),
}

fn locked_sentence(retry_in: Option<Duration>) -> String {
    match retry_in {
        Some(wait) => format!("too many wrong PINs: try again in {} s", wait.as_millis().div_ceil(1000)),
        None => "too many wrong PINs: another host or the recovery code must unlock".to_owned(),
    }
}

/// How many wrong PINs cost what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutPolicy {
    /// Tries without any wait.
    pub free_tries: u32,
    /// Wait after the last free try; doubles with each further one.
    pub first_wait: Duration,
    /// From this many failures on the host is locked.
    pub lock_at: u32,
    /// How long a session lasts without a touch.
    pub idle: Duration,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self { free_tries: 5, first_wait: Duration::from_secs(30), lock_at: 10, idle: Duration::from_mins(1) }
    }
}

impl LockoutPolicy {
    /// One login. `keep` must store the state durably together with the audit entry: it is called before the PIN
    /// is checked with the try counted and no action, and again with the outcome. Hashing takes 25 ms or more.
    pub fn login<E>(
        &self,
        login: &Login<'_>,
        now: Moment,
        mut keep: impl FnMut(AttemptState, Option<AuditAction>) -> Result<(), E>,
    ) -> Result<HostSession, LoginError<E>> {
        let Login { host, secret, cost, pepper, pin, attempts } = *login;
        self.attempt(&Try { secret, cost, pepper, pin, attempts }, now, |state, tried| {
            let action = tried.map(|tried| match tried {
                Tried::Right => AuditAction::Login(host),
                Tried::Wrong => AuditAction::LoginFailed(host),
                Tried::Locked => AuditAction::LockedOut(host),
            });
            keep(state, action)
        })?;
        Ok(HostSession::new(host, self.idle, now))
    }

    /// One try at a PIN, which is right when this returns `Ok`. `keep` as in [`Self::login`].
    pub fn attempt<E>(
        &self,
        a_try: &Try<'_>,
        now: Moment,
        mut keep: impl FnMut(AttemptState, Option<Tried>) -> Result<(), E>,
    ) -> Result<(), LoginError<E>> {
        self.may_try(a_try.attempts, now)?;
        let counted = a_try.attempts.counted(now);
        keep(counted, None).map_err(LoginError::Keep)?;

        let decoy = PinHash::decoy(a_try.cost);
        let matches = a_try.secret.unwrap_or(&decoy).matches(a_try.pin, a_try.pepper)?;
        if matches && a_try.secret.is_some() {
            return keep(AttemptState::default(), Some(Tried::Right)).map_err(LoginError::Keep);
        }
        let tries_left = self.lock_at.saturating_sub(counted.failures);
        let tried = if tries_left == 0 { Tried::Locked } else { Tried::Wrong };
        keep(counted, Some(tried)).map_err(LoginError::Keep)?;
        match tries_left {
            0 => Err(LoginError::Locked { retry_in: None }),
            _ => Err(LoginError::Wrong { tries_left }),
        }
    }

    /// Whether only somebody else can unlock.
    #[must_use]
    pub fn is_locked(&self, attempts: AttemptState) -> bool {
        attempts.failures >= self.lock_at
    }

    /// Whether a try may be made now; the screen asks this to show the wait.
    pub fn may_try<E>(&self, attempts: AttemptState, now: Moment) -> Result<(), LoginError<E>> {
        if self.is_locked(attempts) {
            return Err(LoginError::Locked { retry_in: None });
        }
        let left = self.wait_after(attempts.failures).saturating_sub(waited(attempts, now));
        if left.is_zero() { Ok(()) } else { Err(LoginError::Locked { retry_in: Some(left) }) }
    }

    fn wait_after(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.free_tries) {
            Some(over) => self.first_wait.saturating_mul(1_u32.checked_shl(over).unwrap_or(u32::MAX)),
            None => Duration::ZERO,
        }
    }
}

/// How much of a wait is over: see the module's words on guessing.
fn waited(attempts: AttemptState, now: Moment) -> Duration {
    if let Some(last) = attempts.last_mono {
        return now.mono.saturating_sub(last);
    }
    let by_wall_ms = now.utc.as_millisecond().saturating_sub(attempts.last_utc_ms);
    now.mono.max(Duration::from_millis(u64::try_from(by_wall_ms).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Pin, Secret};
    use crate::domain::{Clock, ManualClock};
    use proptest::prelude::*;
    use std::{cell::Cell, convert::Infallible, sync::OnceLock};

    const HOST: HostId = HostId::from_bytes([7; 16]);
    const POLICY: LockoutPolicy = LockoutPolicy {
        free_tries: 5,
        first_wait: Duration::from_secs(30),
        lock_at: 10,
        idle: Duration::from_mins(1),
    };

    fn secret() -> &'static (PinHash, Pepper) {
        static SECRET: OnceLock<(PinHash, Pepper)> = OnceLock::new();
        SECRET.get_or_init(|| {
            let pepper = Pepper::new(Secret::random().unwrap());
            (PinHash::new(&Pin::new("274916").unwrap(), &pepper, PinCost::FLOOR).unwrap(), pepper)
        })
    }

    fn clock() -> ManualClock {
        ManualClock::at("2026-11-25T08:00:00Z".parse().unwrap())
    }

    /// A kept state and a clock, as the vault and the machine would hold them.
    struct Door {
        kept: Cell<AttemptState>,
        clock: ManualClock,
    }

    impl Door {
        fn try_pin(
            &self,
            pin: &str,
            known: bool,
        ) -> (Result<HostSession, LoginError<Infallible>>, Vec<AuditAction>) {
            let (hash, pepper) = secret();
            let mut audit = vec![];
            let login = Login {
                host: if known { HOST } else { NOBODY },
                secret: known.then_some(hash),
                cost: PinCost::FLOOR,
                pepper,
                pin: &PinAttempt::new(pin),
                attempts: self.kept.get(),
            };
            let result = POLICY.login(&login, self.clock.now(), |state, action| {
                self.kept.set(state);
                audit.extend(action);
                Ok(())
            });
            (result, audit)
        }

        fn restart(&self) {
            self.kept.set(AttemptState { last_mono: None, ..self.kept.get() });
        }
    }

    fn door() -> Door {
        Door { kept: Cell::new(AttemptState::default()), clock: clock() }
    }

    #[test]
    fn the_right_pin_opens_and_forgives() {
        let door = door();
        let (wrong, audit) = door.try_pin("274917", true);
        assert!(matches!(wrong, Err(LoginError::Wrong { tries_left: 9 })));
        assert_eq!(audit, [AuditAction::LoginFailed(HOST)]);
        let (session, audit) = door.try_pin("274916", true);
        assert_eq!(session.unwrap().host(), HOST);
        assert_eq!(audit, [AuditAction::Login(HOST)]);
        assert_eq!(door.kept.get(), AttemptState::default());
    }

    #[test]
    fn waits_grow_and_the_tenth_wrong_pin_locks_even_the_right_one_out() {
        let door = door();
        for tries_left in (5..=9).rev() {
            assert!(
                matches!(door.try_pin("1", true).0, Err(LoginError::Wrong { tries_left: t }) if t == tries_left)
            );
        }
        for wait_secs in [30, 60, 120, 240, 480] {
            let wait = Duration::from_secs(wait_secs);
            let (early, audit) = door.try_pin("274916", true);
            assert!(
                matches!(early, Err(LoginError::Locked { retry_in: Some(left) }) if left == wait),
                "{wait_secs}"
            );
            assert!(audit.is_empty(), "a refused try is not a try");
            door.clock.advance(wait);
            door.try_pin("1", true).0.unwrap_err();
        }
        door.clock.advance(Duration::from_secs(1_000_000));
        door.restart();
        assert!(matches!(door.try_pin("274916", true).0, Err(LoginError::Locked { retry_in: None })));
    }

    #[test]
    fn an_unknown_name_is_answered_like_a_wrong_pin() {
        let (known, unknown) = (door(), door());
        for _ in 0..5 {
            let (a, b) = (known.try_pin("1", true).0, unknown.try_pin("274916", false).0);
            assert_eq!(a.unwrap_err().to_string(), b.unwrap_err().to_string());
        }
        assert!(matches!(unknown.try_pin("274916", false).0, Err(LoginError::Locked { .. })));
    }

    #[test]
    fn a_try_that_cannot_be_kept_is_not_made() {
        let (hash, pepper) = secret();
        let pin = &PinAttempt::new("274916");
        let (cost, attempts) = (PinCost::FLOOR, AttemptState::default());
        let login = Login { host: HOST, secret: Some(hash), cost, pepper, pin, attempts };
        let result = POLICY.login(&login, clock().now(), |_, _| Err("disk full"));
        assert!(matches!(result, Err(LoginError::Keep("disk full"))));
    }

    #[test]
    fn setting_the_clock_skips_no_wait_within_a_run() {
        let door = door();
        for _ in 0..5 {
            door.try_pin("1", true).0.unwrap_err();
        }
        for utc in ["2036-01-01T00:00:00Z", "1970-01-01T00:00:00Z"] {
            door.clock.set_utc(utc.parse().unwrap());
            assert!(matches!(door.try_pin("1", true).0, Err(LoginError::Locked { retry_in: Some(_) })));
        }
        // After a restart with the clock set back, the wait is served by running that long.
        door.restart();
        door.clock.advance(Duration::from_secs(30));
        assert!(door.try_pin("274916", true).0.is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Restarts, clock changes and patience in any order: never more than ten tries are let through.
        #[test]
        fn never_more_than_ten_guesses(steps in prop::collection::vec((0..4, 0_i64..4_000_000_000), 0..200)) {
            let (mut kept, clock, mut tries) = (AttemptState::default(), clock(), 0);
            for (kind, number) in steps {
                match kind {
                    0 => kept.last_mono = None,
                    1 => clock.set_utc(jiff::Timestamp::from_second(number).unwrap()),
                    2 => clock.advance(Duration::from_secs(number as u64 % 1_000)),
                    _ => {}
                }
                if POLICY.may_try::<Infallible>(kept, clock.now()).is_ok() {
                    kept = kept.counted(clock.now());
                    tries += 1;
                }
            }
            prop_assert!(tries <= 10);
            prop_assert_eq!(kept.failures, tries);
        }
    }
}
