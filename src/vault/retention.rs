//! The site's rule on keeping: what is older is erased, from every file of the store.
//!
//! Job: find what is too old, erase it, and say so in the audit log. It must not know when it is called.
//!
//! A clock that runs years ahead would make everything too old, and so would the marks that were made under it. So a
//! sweep reckons with a day that is at most [`TRUST_DAYS`] after the newest record; and records that come after a longer
//! pause count for that only once they are of [`BELIEVED_DAYS`] days ([`believed`]). A wrong clock can cost what would have
//! gone within a month anyway, unless the site works under it for a week.
//!
//! A clock that lags behind, as one without a battery does at 1970, makes what is recorded under it look old. So nothing
//! counts as older than what was recorded before it, and what is older than this program as no older than what came next
//! ([`recorded`]): marks in the order of their numbers, templates in that of the audit log.
//!
//! A lock ([`super::PeriodLock`]) keeps marks from being changed, not from being erased: how long data may be kept is not
//! a host's to extend. The settings and the dialog that locks say so.

use super::{
    LAST_EVENT, Urgency, Vault, VaultError,
    codec::{Tree, Write},
};
use crate::domain::{Actor, AuditAction, AuditEntry, EventId, Mark, MarkSource, Moment, PersonId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How long things are kept, in days; 0 is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keeping {
    /// Attendance events, by their time.
    pub marks_days: u32,
    /// Templates of people who were neither enrolled nor marked for so long.
    pub faces_days: u32,
}

/// What a sweep erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Attendance events.
    pub marks: u32,
    /// People whose templates are gone.
    pub faces: Vec<PersonId>,
}

/// Nothing of this project is older (2025-01-01): a time before it is of a clock that lost it.
const FIRST_SECOND: i64 = 1_735_689_600;
/// How far the clock is believed to have come since the newest record.
const TRUST_DAYS: u32 = 31;
/// Records after a pause of more than [`TRUST_DAYS`] are believed when they are of so many days.
const BELIEVED_DAYS: usize = 7;
/// People, or events, taken out with one journal entry. Few in tests, so that a fault comes between two entries.
const AT_ONCE: usize = if cfg!(test) { 2 } else { 500 };

impl Vault {
    /// Erases what is older than the rule allows. Nothing to erase is not audited.
    pub fn sweep(&mut self, keeping: Keeping, now: Moment) -> Result<Swept, VaultError> {
        if keeping == Keeping::default() {
            return Ok(Swept::default());
        }
        let (marks, enrolled) = (self.all_marks()?, self.newest_template_of_each()?);
        let times = marks.values().map(|mark| mark.at).chain(enrolled.values().copied());
        let Some(newest) = believed(times.filter(|at| at.as_second() >= FIRST_SECOND).collect()) else {
            return Ok(Swept::default());
        };
        let today = now.utc.min(after(newest, TRUST_DAYS));
        let known = Known { newest, today };
        let ages = ages(&marks, known);
        let old_marks = too_old(&marks, &ages, before(today, keeping.marks_days));
        let faces = match before(today, keeping.faces_days) {
            Some(limit) => {
                let candidates = forgotten(&marks, &ages, &enrolled, limit);
                self.not_enrolled_since(candidates, known, limit)?
            }
            None => vec![],
        };
        if old_marks.is_empty() && faces.is_empty() {
            return Ok(Swept::default());
        }
        self.erase_faces(&faces, now)?;
        self.erase_marks(&old_marks, &marks, now)?;
        self.engine.purge().map_err(|e| VaultError::ErasurePending(Box::new(e)))?;
        Ok(Swept { marks: old_marks.len() as u32, faces })
    }

    fn erase_faces(&mut self, people: &[PersonId], now: Moment) -> Result<(), VaultError> {
        for chunk in people.chunks(AT_ONCE) {
            let mut draft = self.draft(now)?;
            for person in chunk {
                let key = person.as_bytes().to_vec();
                draft.writes.push(Write { tree: Tree::PersonKeys, key, value: None });
                self.draft_template_removal(&mut draft, *person)?;
            }
            let action = AuditAction::Swept { marks: 0, faces: chunk.len() as u32 };
            self.log(&mut draft, Actor::Kiosk, action, now)?;
            self.commit(draft, Urgency::MustSucceed)?;
        }
        Ok(())
    }

    fn erase_marks(
        &mut self,
        old: &[EventId],
        all: &BTreeMap<EventId, Mark>,
        now: Moment,
    ) -> Result<(), VaultError> {
        if old.is_empty() {
            return Ok(());
        }
        let mut draft = self.draft(now)?;
        // Numbers are never given twice, also when the newest event goes.
        draft.writes.push(self.seals.put(Tree::Meta, LAST_EVENT, &self.marks.last())?);
        for chunk in old.chunks(AT_ONCE) {
            let gone = chunk.iter().map(|id| id.0.to_be_bytes().to_vec());
            draft.writes.extend(gone.map(|key| Write { tree: Tree::Marks, key, value: None }));
            // With them: nothing goes without an entry, whenever the power does.
            let action = AuditAction::Swept { marks: chunk.len() as u32, faces: 0 };
            self.log(&mut draft, Actor::Kiosk, action, now)?;
            self.commit(draft, Urgency::MustSucceed)?;
            // At once: should the next entry fail, what is gone must not be looked for.
            chunk.iter().filter_map(|id| all.get(id)).for_each(|mark| self.marks.remove(mark));
            draft = self.draft(now)?;
        }
        Ok(())
    }

    fn all_marks(&self) -> Result<BTreeMap<EventId, Mark>, VaultError> {
        let mut marks = BTreeMap::new();
        self.engine.for_each(Tree::Marks, |key, sealed| {
            let mark: Mark = self.seals.get(Tree::Marks, key, sealed)?;
            marks.insert(mark.id, mark);
            Ok(())
        })?;
        Ok(marks)
    }

    /// Those of these people who, going by the audit log, were not enrolled at `limit` or later. The log is read only when
    /// there is somebody to look for.
    fn not_enrolled_since(
        &self,
        mut people: Vec<PersonId>,
        known: Known,
        limit: Timestamp,
    ) -> Result<Vec<PersonId>, VaultError> {
        if people.is_empty() {
            return Ok(people);
        }
        let (mut times, mut whom) = (Vec::new(), Vec::new());
        self.engine.for_each(Tree::Audit, |key, sealed| {
            let entry: AuditEntry = self.seals.get(Tree::Audit, key, sealed)?;
            times.push(entry.at);
            whom.push(match entry.action {
                AuditAction::Enrolled(person, _) => Some(person),
                _ => None,
            });
            Ok(())
        })?;
        let since = recorded(&times, known).into_iter().zip(whom).filter(|(at, _)| *at >= limit);
        let fresh: HashSet<PersonId> = since.filter_map(|(_, person)| person).collect();
        people.retain(|person| !fresh.contains(person));
        Ok(people)
    }

    fn newest_template_of_each(&self) -> Result<HashMap<PersonId, Timestamp>, VaultError> {
        let mut newest = HashMap::new();
        for person in self.people()? {
            let created = self.template_infos(person.id)?.into_iter().map(|info| info.created).max();
            newest.extend(created.map(|created| (person.id, created)));
        }
        Ok(newest)
    }
}

/// The newest of these times that a wrong clock did not make, as far as can be told: what comes after a pause of more
/// than [`TRUST_DAYS`] and is of fewer than [`BELIEVED_DAYS`] days is left aside.
fn believed(mut times: Vec<Timestamp>) -> Option<Timestamp> {
    times.sort_unstable();
    loop {
        let newest = *times.last()?;
        let pause = times.windows(2).rposition(|two| two[1] > after(two[0], TRUST_DAYS));
        let Some(pause) = pause else { return Some(newest) };
        let days: HashSet<i64> =
            times.iter().skip(pause + 1).map(|at| at.as_second().div_euclid(86_400)).collect();
        if days.len() >= BELIEVED_DAYS {
            return Some(newest);
        }
        times.truncate(pause + 1);
    }
}

/// What a sweep takes the time to be.
#[derive(Clone, Copy)]
struct Known {
    /// The newest time on record that is [`believed`].
    newest: Timestamp,
    today: Timestamp,
}

/// For times in the order in which they were noted, each by the clock of its moment: since when each is on record, at the
/// earliest, whatever the clock said. Not before what was noted earlier; and where all of that is impossible, not before
/// what was noted next.
fn recorded(times: &[Timestamp], known: Known) -> Vec<Timestamp> {
    let mut latest = Timestamp::MIN;
    let bound = |at: &Timestamp| {
        if *at <= known.newest {
            latest = latest.max(*at);
        }
        latest.max(*at)
    };
    let mut bounds: Vec<Timestamp> = times.iter().map(bound).collect();
    let mut next = known.today;
    for bound in bounds.iter_mut().rev() {
        if bound.as_second() < FIRST_SECOND {
            *bound = next;
        } else if *bound <= known.newest {
            next = *bound;
        }
    }
    bounds
}

/// How old events count as: by their time, and by [`recorded`] where that is the clock's. What a host writes down is of
/// the time that they say.
fn ages(marks: &BTreeMap<EventId, Mark>, known: Known) -> BTreeMap<EventId, Timestamp> {
    let mut ages: BTreeMap<EventId, Timestamp> = marks.iter().map(|(id, mark)| (*id, mark.at)).collect();
    let live = marks.values().filter(|mark| matches!(mark.source, MarkSource::Face | MarkSource::Pin));
    let (ids, times): (Vec<EventId>, Vec<Timestamp>) = live.map(|mark| (mark.id, mark.at)).unzip();
    ages.extend(ids.into_iter().zip(recorded(&times, known)));
    ages
}

/// Events before `limit`. One that replaces an event that stays must stay too, or the old one would count again.
fn too_old(
    marks: &BTreeMap<EventId, Mark>,
    ages: &BTreeMap<EventId, Timestamp>,
    limit: Option<Timestamp>,
) -> Vec<EventId> {
    let Some(limit) = limit else { return vec![] };
    let mut old: HashSet<EventId> = HashSet::new();
    for (id, mark) in marks.iter().filter(|(id, _)| ages.get(id).is_some_and(|at| *at < limit)) {
        let replaced = mark.correction.as_ref().and_then(|c| c.replaces);
        if replaced.is_none_or(|replaced| old.contains(&replaced) || !marks.contains_key(&replaced)) {
            old.insert(*id);
        }
    }
    marks.keys().filter(|id| old.contains(id)).copied().collect()
}

/// People with templates who were neither enrolled nor marked since `limit`.
fn forgotten(
    marks: &BTreeMap<EventId, Mark>,
    ages: &BTreeMap<EventId, Timestamp>,
    enrolled: &HashMap<PersonId, Timestamp>,
    limit: Timestamp,
) -> Vec<PersonId> {
    let since = ages.iter().filter(|(_, at)| **at >= limit).filter_map(|(id, _)| marks.get(id));
    let seen: HashSet<PersonId> = since.map(|mark| mark.person).collect();
    let gone = enrolled.iter().filter(|(person, at)| **at < limit && !seen.contains(person));
    let mut gone: Vec<PersonId> = gone.map(|(person, _)| *person).collect();
    gone.sort_unstable();
    gone
}

fn before(today: Timestamp, days: u32) -> Option<Timestamp> {
    (days > 0).then(|| today.saturating_sub(days_of(days)).unwrap_or(Timestamp::MIN))
}

fn after(at: Timestamp, days: u32) -> Timestamp {
    at.saturating_add(days_of(days)).unwrap_or(Timestamp::MAX)
}

fn days_of(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    #[test]
    fn records_after_a_long_pause_are_believed_after_a_week_of_them() {
        let day = |n: i64| "2026-11-25T08:00:00Z".parse::<Timestamp>().unwrap() + (24 * n).hours();
        assert_eq!(believed(vec![]), None);
        assert_eq!(believed(vec![day(0)]), Some(day(0)), "the only ones there are");
        assert_eq!(believed(vec![day(31), day(0)]), Some(day(31)));
        let mut times = vec![day(0), day(5)];
        times.extend((0..6).map(|n| day(10_000 + n)));
        times.extend((0..6).map(|n| day(10_000 + n) + 1.hour()));
        assert_eq!(believed(times.clone()), Some(day(5)), "six days, however many marks");
        times.push(day(10_006));
        assert_eq!(believed(times.clone()), Some(day(10_006)));
        times.push(day(90_000));
        assert_eq!(believed(times), Some(day(10_006)));
    }
}
