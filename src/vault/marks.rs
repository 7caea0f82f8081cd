//! Attendance events: append-only; what counts is worked out from the corrections.

use super::{Urgency, Vault, VaultError, codec::Tree};
use crate::domain::{Actor, AuditAction, Correction, EventId, Mark, MarkKind, MarkSource, Moment, PersonId};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};

/// An event before the vault gives it a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMark {
    /// Whose.
    pub person: PersonId,
    /// In or out.
    pub kind: MarkKind,
    /// When it holds for.
    pub at: Timestamp,
    /// IANA name of the site's time zone.
    pub zone: String,
    /// How the kiosk came to know.
    pub source: MarkSource,
    /// Who caused it.
    pub actor: Actor,
    /// Present when it was entered by hand or corrects another.
    pub correction: Option<Correction>,
}

impl Vault {
    /// Records an event together with its audit entry. When this returns `Ok`, both survive a power cut; only then may
    /// anybody be told. After an error neither is on record.
    pub fn record_mark(&mut self, mark: NewMark, now: Moment) -> Result<Mark, VaultError> {
        self.check_correction(&mark)?;
        let mut draft = self.draft(now)?;
        let id = EventId(self.marks.last + 1);
        let mark = Mark {
            id,
            person: mark.person,
            kind: mark.kind,
            at: mark.at,
            zone: mark.zone,
            mono_ms: u64::try_from(now.mono.as_millis()).unwrap_or(u64::MAX),
            clock_jumped: draft.jumped,
            source: mark.source,
            actor: mark.actor,
            correction: mark.correction,
        };
        let action = match mark.correction.as_ref().and_then(|c| c.replaces) {
            Some(replaces) => AuditAction::Corrected { replaces, by: id },
            None => AuditAction::Marked(id, mark.person, mark.kind),
        };
        draft.writes.push(self.seals.put(Tree::Marks, &id.0.to_be_bytes(), &mark)?);
        draft.marks = true;
        self.log(&mut draft, mark.actor, action, now)?;
        self.commit(draft, Urgency::Normal)?;
        self.marks.add(&mark);
        Ok(mark)
    }

    /// Every event with `from <= at < to`, corrected ones too, in the order of `at`: the history.
    pub fn marks(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Mark>, VaultError> {
        self.marks.between(from, to).map(|id| self.mark(id)).collect()
    }

    /// The events with `from <= at < to` that count, in the order of `at`: what reports show. Takes corrections into
    /// account wherever their own time lies.
    pub fn effective_marks(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Mark>, VaultError> {
        self.marks.between(from, to).filter(|id| self.marks.counts(*id)).map(|id| self.mark(id)).collect()
    }

    /// The same of one person, without opening anybody else's.
    pub fn effective_marks_of(
        &self,
        person: PersonId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Mark>, VaultError> {
        let theirs = self.marks.of_between(person, from, to);
        theirs.filter(|id| self.marks.counts(*id)).map(|id| self.mark(id)).collect()
    }

    /// The latest event of a person that counts and is not after `until`, by `at`.
    pub fn last_mark(&self, person: PersonId, until: Timestamp) -> Result<Option<Mark>, VaultError> {
        self.marks.last_of(person, until).map(|id| self.mark(id)).transpose()
    }

    /// Every event of a person, corrected ones too, in the order of `at`.
    pub fn marks_of(&self, person: PersonId) -> Result<Vec<Mark>, VaultError> {
        self.marks.all_of(person).map(|id| self.mark(id)).collect()
    }

    /// One event by number.
    pub fn mark(&self, id: EventId) -> Result<Mark, VaultError> {
        let key = id.0.to_be_bytes();
        match self.engine.get(Tree::Marks, &key)? {
            Some(sealed) => self.seals.get(Tree::Marks, &key, &sealed),
            None => Err(VaultError::NoSuchMark(id)),
        }
    }

    fn check_correction(&self, mark: &NewMark) -> Result<(), VaultError> {
        let correction = mark.correction.as_ref();
        if mark.source == MarkSource::Host && correction.is_none_or(|c| c.reason.trim().is_empty()) {
            return Err(VaultError::ReasonMissing);
        }
        let Some(replaces) = correction.and_then(|c| c.replaces) else {
            return self.person(mark.person).map(|_| ());
        };
        if self.mark(replaces)?.person != mark.person {
            return Err(VaultError::NoSuchMark(replaces));
        }
        if self.marks.replaced.contains(&replaces) {
            return Err(VaultError::AlreadyCorrected(replaces));
        }
        Ok(())
    }
}

/// Where events stand: built once at start, so that a day or a person is found without opening every record.
#[derive(Default)]
pub(super) struct MarkIndex {
    last: u64,
    by_time: BTreeSet<(Timestamp, EventId)>,
    by_person: HashMap<PersonId, BTreeSet<(Timestamp, EventId)>>,
    replaced: HashSet<EventId>,
    striking: HashSet<EventId>,
}

impl From<u64> for MarkIndex {
    /// An empty index in which numbers up to `last` were given.
    fn from(last: u64) -> Self {
        Self { last, ..Self::default() }
    }
}

impl MarkIndex {
    /// The highest number that was given.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Everything about one person, corrected or not, in the order of `at`.
    fn all_of(&self, person: PersonId) -> impl Iterator<Item = EventId> {
        self.by_person.get(&person).into_iter().flatten().map(|(_, id)| *id)
    }

    pub(super) fn add(&mut self, mark: &Mark) {
        self.last = self.last.max(mark.id.0);
        self.by_time.insert((mark.at, mark.id));
        self.by_person.entry(mark.person).or_default().insert((mark.at, mark.id));
        if let Some(correction) = &mark.correction {
            self.replaced.extend(correction.replaces);
            if !correction.stands {
                self.striking.insert(mark.id);
            }
        }
    }

    /// Forgets an event. What it replaced is gone before it.
    pub(super) fn remove(&mut self, mark: &Mark) {
        self.by_time.remove(&(mark.at, mark.id));
        if let Some(theirs) = self.by_person.get_mut(&mark.person) {
            theirs.remove(&(mark.at, mark.id));
            if theirs.is_empty() {
                self.by_person.remove(&mark.person);
            }
        }
        if let Some(replaced) = mark.correction.as_ref().and_then(|c| c.replaces) {
            self.replaced.remove(&replaced);
        }
        self.striking.remove(&mark.id);
    }

    fn counts(&self, id: EventId) -> bool {
        !self.replaced.contains(&id) && !self.striking.contains(&id)
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = EventId> {
        events(&self.by_time, from, to)
    }

    fn of_between(&self, person: PersonId, from: Timestamp, to: Timestamp) -> impl Iterator<Item = EventId> {
        self.by_person.get(&person).into_iter().flat_map(move |theirs| events(theirs, from, to))
    }

    fn last_of(&self, person: PersonId, until: Timestamp) -> Option<EventId> {
        let theirs = self.by_person.get(&person)?.range(..=(until, EventId(u64::MAX)));
        theirs.rev().map(|(_, id)| *id).find(|id| self.counts(*id))
    }
}

fn events(
    of: &BTreeSet<(Timestamp, EventId)>,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = EventId> {
    of.range((from, EventId(0))..(to.max(from), EventId(0))).map(|(_, id)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effective_marks;
    use proptest::prelude::*;

    fn any_marks() -> impl Strategy<Value = Vec<Mark>> {
        let one = (0_i64..50, 0_u8..3, prop::option::of((any::<prop::sample::Index>(), any::<bool>())));
        prop::collection::vec(one, 1..40).prop_map(|rows| {
            let mut marks: Vec<Mark> = Vec::new();
            for (at, person, correction) in rows {
                let number = marks.len() as u64 + 1;
                // As the vault accepts them: the same person's, and each event is corrected once.
                let replaced =
                    |id| marks.iter().any(|m| m.correction.as_ref().and_then(|c| c.replaces) == Some(id));
                let old = correction
                    .as_ref()
                    .filter(|_| !marks.is_empty())
                    .map(|(which, _)| &marks[which.index(marks.len())])
                    .filter(|old| !replaced(old.id));
                let person = old.map_or(PersonId::from_bytes([person; 16]), |old| old.person);
                let replaces = old.map(|old| old.id);
                let correction = correction.map(|(_, stands)| Correction {
                    replaces,
                    stands: stands || replaces.is_none(),
                    reason: "r".to_owned(),
                });
                marks.push(Mark {
                    id: EventId(number),
                    person,
                    kind: MarkKind::CheckIn,
                    at: Timestamp::from_second(at).unwrap(),
                    zone: "UTC".to_owned(),
                    mono_ms: 0,
                    clock_jumped: false,
                    source: MarkSource::Host,
                    actor: Actor::Kiosk,
                    correction,
                });
            }
            marks
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn the_index_finds_what_a_plain_search_finds(marks in any_marks(), from in 0_i64..50, len in 0_i64..50) {
            let mut index = MarkIndex::default();
            for mark in &marks {
                index.add(mark);
            }
            let (from, to) = (Timestamp::from_second(from).unwrap(), Timestamp::from_second(from + len).unwrap());
            let mut plain = effective_marks(&marks);
            plain.sort_by_key(|m| (m.at, m.id));
            let want: Vec<_> = plain.iter().filter(|m| from <= m.at && m.at < to).map(|m| m.id).collect();
            let got: Vec<_> = index.between(from, to).filter(|id| index.counts(*id)).collect();
            prop_assert_eq!(got, want);
            for person in (0..3).map(|p| PersonId::from_bytes([p; 16])) {
                let theirs = plain.iter().filter(|m| m.person == person && from <= m.at && m.at < to);
                let got = index.of_between(person, from, to).filter(|id| index.counts(*id));
                prop_assert_eq!(got.collect::<Vec<_>>(), theirs.map(|m| m.id).collect::<Vec<_>>());
                for until in [to, Timestamp::MAX] {
                    let want = plain.iter().rfind(|m| m.person == person && m.at <= until).map(|m| m.id);
                    prop_assert_eq!(index.last_of(person, until), want);
                }
            }
        }
    }
}
