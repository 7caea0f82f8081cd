//! Locked attendance: up to and including which day hosts change nothing, and the rules that its hours keep.
//!
//! Job: which day a mark belongs to, whether that is open, and the rules of the settings as a text for the vault. It must
//! not stop the kiosk from recording who stands before it: such a mark is of now, whatever the clock says.

use super::{BadRequest, Ledger, LedgerError, policy};
use crate::{
    attendance::{Era, Rules},
    domain::{Actor, PersonId, WorkRules},
    runtime::messages::PeriodView,
    settings::{Settings, SiteZone},
    vault::PeriodLock,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// Days before this one are slips of the keyboard.
const FIRST: Date = jiff::civil::date(1970, 1, 1);
/// Longest reason, characters.
const MAX_REASON: usize = 300;

/// Everything that decides what a day's marks are worth, as it is kept with a lock: TOML.
#[derive(Serialize, Deserialize)]
struct Kept {
    zone: String,
    day_start_hour: u8,
    work: WorkRules,
}

impl Kept {
    fn of(settings: &Settings) -> Self {
        Self {
            zone: settings.zone.name().to_owned(),
            day_start_hour: settings.day_start_hour,
            work: settings.work.clone(),
        }
    }

    fn text(&self) -> Result<String, LedgerError> {
        toml::to_string(self).map_err(|_| LedgerError::KeptRules)
    }

    fn parse(text: &str) -> Result<Self, LedgerError> {
        toml::from_str(text).map_err(|_| LedgerError::KeptRules)
    }
}

/// The locks with their rules, ready to count by.
pub(super) fn eras(locks: &[PeriodLock], settings: &Settings) -> Result<Vec<Era>, LedgerError> {
    let era = |lock: &PeriodLock| {
        let Kept { zone, day_start_hour, work } = Kept::parse(&lock.rules)?;
        let then = Settings { zone: SiteZone::new(&zone)?, day_start_hour, work, ..settings.clone() };
        Ok(Era { until: lock.until, policy: policy(&then), work: then.work })
    };
    locks.iter().map(era).collect()
}

impl Ledger {
    /// The rules of every day.
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules { locked: &self.eras, policy: &self.policy, work: &self.settings.work }
    }

    /// The newest lock.
    #[must_use]
    pub fn period(&self) -> Option<PeriodView> {
        let lock = self.vault.period_locks().last()?;
        Some(PeriodView { until: lock.until, by: lock.by, at: lock.at })
    }

    /// From now on no host adds or corrects a mark up to and including `until`, which must be over; its hours are
    /// counted by today's rules whatever the settings say later.
    pub fn lock_period(&mut self, actor: Actor, until: Date) -> Result<(), LedgerError> {
        let now = self.clock.now();
        if until >= self.policy.attendance_day(now.utc) {
            return Err(BadRequest::DayNotOver.into());
        }
        if until < FIRST {
            return Err(BadRequest::TooLongAgo.into());
        }
        self.vault.lock_period(actor, until, &Kept::of(&self.settings).text()?, now)?;
        self.eras = eras(self.vault.period_locks(), &self.settings)?;
        log::info!("attendance is locked up to and including {until}");
        Ok(())
    }

    /// Opens the days after `until`, or all of them.
    pub fn unlock_period(
        &mut self,
        actor: Actor,
        until: Option<Date>,
        reason: &str,
    ) -> Result<(), LedgerError> {
        if reason.trim().is_empty() {
            return Err(BadRequest::UnlockReasonMissing.into());
        }
        if reason.chars().count() > MAX_REASON {
            return Err(BadRequest::ReasonLong.into());
        }
        self.vault.unlock_period(actor, until, reason, self.clock.now())?;
        self.eras = eras(self.vault.period_locks(), &self.settings)?;
        Ok(())
    }

    /// Refuses a change of a mark at `at` when its day is locked.
    pub(super) fn check_open(&self, person: PersonId, at: Timestamp) -> Result<(), LedgerError> {
        let Some(lock) = self.vault.period_locks().last() else { return Ok(()) };
        if self.rules().attendance_day(person, at) > lock.until {
            return Ok(());
        }
        let by = match lock.by {
            Actor::Host(id) => self.vault.hosts()?.into_iter().find(|host| host.id == id),
            Actor::Kiosk | Actor::Person(_) => None,
        };
        let by = by.map_or_else(|| "a former host".to_owned(), |host| host.name.as_str().to_owned());
        let on = lock.at.to_zoned(self.settings.zone.time_zone().clone()).date();
        Err(LedgerError::Locked { until: lock.until, by, on })
    }

    /// Takes somebody's own schedule out of the rules that are kept with locks.
    pub(super) fn forget_kept_schedule(&mut self, person: PersonId) -> Result<(), LedgerError> {
        let without = |lock: &PeriodLock| {
            let mut kept = Kept::parse(&lock.rules)?;
            match kept.work.people.remove(&person) {
                Some(_) => kept.text(),
                None => Ok(lock.rules.clone()),
            }
        };
        let rules = self.vault.period_locks().iter().map(without).collect::<Result<Vec<_>, _>>()?;
        self.vault.rewrite_lock_rules(rules, self.clock.now())?;
        self.eras = eras(self.vault.period_locks(), &self.settings)?;
        Ok(())
    }
}
