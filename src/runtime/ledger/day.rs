//! What the Today and Attendance screens show: a day with everybody in it, marks of a range, a record's history.

use super::{Ledger, LedgerError};
use crate::{
    attendance::WorkDay,
    domain::{AuditAction, EventId, Mark, MarkKind, Person, PersonId},
    runtime::messages::{BadRequest, DayPerson, DayView, HistoryRow, MarkRow},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

/// Longest range of days that is looked at in one go: ten years.
const MAX_DAYS: i32 = 3_660;

impl Ledger {
    /// One attendance day. On the running day everybody is shown in their own one: a night shift goes on where the
    /// site's day has ended already.
    pub fn day(&self, date: Date) -> Result<DayView, LedgerError> {
        let now = self.clock.now().utc;
        let rules = self.rules();
        let running = self.policy.attendance_day(now) == date;
        let names = self.names()?;
        let marks = self.marks_around(date, date)?;
        let mut by_person: HashMap<PersonId, Vec<&Mark>> = HashMap::new();
        for mark in &marks {
            by_person.entry(mark.person).or_default().push(mark);
        }
        let mut everybody: Vec<PersonId> =
            names.values().filter(|person| person.active).map(|person| person.id).collect();
        everybody.sort_by_cached_key(|id| name_order(names.get(id)));
        let active: HashSet<PersonId> = everybody.iter().copied().collect();
        let mut others: Vec<PersonId> =
            by_person.keys().copied().filter(|person| !active.contains(person)).collect();
        others.sort_by_cached_key(|id| name_order(names.get(id)));
        everybody.extend(others);

        let mut people = Vec::new();
        let mut shown: Vec<&Mark> = Vec::new();
        for id in everybody {
            let own_day = if running { rules.attendance_day(id, now) } else { date };
            let marks = by_person.get(&id).map_or(&[][..], Vec::as_slice);
            let of_day = marks.iter().copied().filter(|mark| rules.attendance_day(id, mark.at) == own_day);
            let before = shown.len();
            shown.extend(of_day);
            let last = shown.iter().skip(before).map(|mark| mark.at).max();
            if last.is_none() && !active.contains(&id) {
                continue;
            }
            let day = rules.work_day(id, marks, own_day, now);
            people.push(day_person(&day, names.get(&id), last));
        }
        shown.sort_by_key(|mark| (mark.at, mark.id));
        let (policy, work) = rules.on(date);
        Ok(DayView {
            date,
            range: policy.day_range(date),
            holiday: work.holidays.get(&date).cloned(),
            expects: work.expects_anybody(),
            people,
            curve: curve(&shown),
            audit_head: self.vault.audit_head(),
            enrol_again: self.enrol_again(names.values()),
            marks: shown.into_iter().map(|mark| mark_row(mark, &names, date)).collect(),
        })
    }

    /// How many of these people agreed to be recognised and are unknown to the recogniser in use.
    fn enrol_again<'a>(&self, people: impl Iterator<Item = &'a Person>) -> usize {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        people.filter(|person| person.expects_recognition() && index.templates_of(person.id) == 0).count()
    }

    /// Hours that count so far on the person's attendance day of `at`. Only shown: a failure leaves it out.
    pub(super) fn hours_today(&self, person: PersonId, at: Timestamp) -> Option<SignedDuration> {
        let rules = self.rules();
        let date = rules.attendance_day(person, at);
        let range = rules.around(date, date);
        let marks = self.vault.effective_marks_of(person, range.start, range.end).ok()?;
        Some(rules.work_day(person, &marks.iter().collect::<Vec<_>>(), date, at).counted)
    }

    /// The marks of attendance days `from` to `to` that count, oldest first, each in its person's day.
    pub fn attendance(&self, from: Date, to: Date) -> Result<Vec<MarkRow>, LedgerError> {
        let names = self.names()?;
        let rows = self.marks_of_days(from, to)?;
        Ok(rows.into_iter().map(|(mark, date)| mark_row(&mark, &names, date)).collect())
    }

    /// A record's events, back from `event` to the first, oldest first.
    pub fn history(&self, event: EventId) -> Result<Vec<HistoryRow>, LedgerError> {
        let mut rows = Vec::new();
        let mut next = Some(event);
        while let Some(event) = next {
            let mark = self.vault.mark(event)?;
            let recorded = self.recorded(event)?;
            // An event replaces only an older one, so this ends.
            next = mark.correction.as_ref().and_then(|c| c.replaces).filter(|old| *old < event);
            let stands = mark.correction.as_ref().is_none_or(|correction| correction.stands);
            rows.push(HistoryRow {
                event,
                says: stands.then_some((mark.kind, mark.at)),
                source: mark.source,
                actor: mark.actor,
                recorded,
                reason: mark.correction.map(|correction| correction.reason).unwrap_or_default(),
            });
        }
        rows.reverse();
        Ok(rows)
    }

    /// Marks that count with their attendance days, those from `from` to `to`, oldest first.
    pub(super) fn marks_of_days(&self, from: Date, to: Date) -> Result<Vec<(Mark, Date)>, LedgerError> {
        let marks = self.marks_around(from, to)?;
        let rules = self.rules();
        let mut dated = Vec::with_capacity(marks.len());
        for mark in marks {
            let date = rules.attendance_day(mark.person, mark.at);
            if (from..=to).contains(&date) {
                dated.push((mark, date));
            }
        }
        Ok(dated)
    }

    /// Marks that count from a day before to a day after: a schedule of their own moves the borders of somebody's day.
    fn marks_around(&self, from: Date, to: Date) -> Result<Vec<Mark>, LedgerError> {
        if to < from {
            return Err(LedgerError::Asked(BadRequest::RangeBackwards));
        }
        if (to - from).get_days() > MAX_DAYS {
            return Err(LedgerError::Asked(BadRequest::RangeLong));
        }
        let range = self.rules().around(from, to);
        Ok(self.vault.effective_marks(range.start, range.end)?)
    }

    /// When an event was put on record, from the audit log. Both are numbered in the order of recording, so a search
    /// by halves finds it.
    fn recorded(&self, event: EventId) -> Result<Option<Timestamp>, LedgerError> {
        let (mut low, mut high) = (1, self.vault.audit_head().number);
        while low <= high {
            let middle = low.midpoint(high);
            match self.first_event_from(middle, high)? {
                Some((_, found, at)) if found == event => return Ok(Some(at)),
                Some((number, found, _)) if found < event => low = number + 1,
                _ => high = middle - 1,
            }
        }
        Ok(None)
    }

    /// The first audit entry from `from` to `to` that put an event on record: its number, the event, and when.
    fn first_event_from(&self, from: u64, to: u64) -> Result<Option<(u64, EventId, Timestamp)>, LedgerError> {
        const AT_ONCE: u64 = 64;
        let mut from = from;
        while from <= to {
            let last = to.min(from.saturating_add(AT_ONCE - 1));
            for entry in self.vault.audit_entries(from..=last)? {
                if let AuditAction::Marked(event, ..) | AuditAction::Corrected { by: event, .. } =
                    entry.action
                {
                    return Ok(Some((entry.number, event, entry.at)));
                }
            }
            from = last + 1;
        }
        Ok(None)
    }
}

fn mark_row(mark: &Mark, names: &HashMap<PersonId, Person>, date: Date) -> MarkRow {
    let person = names.get(&mark.person);
    MarkRow {
        event: mark.id,
        date,
        person: mark.person,
        name: person.map(|person| person.name.clone()),
        badge: person.and_then(|person| person.badge.clone()),
        kind: mark.kind,
        at: mark.at,
        source: mark.source,
        reason: mark.correction.as_ref().map(|correction| correction.reason.clone()),
    }
}

/// By name without regard to case; people without one last.
pub(super) fn name_order(person: Option<&Person>) -> (bool, String, Option<PersonId>) {
    let name = person.map(|person| person.name.as_str().to_lowercase());
    (name.is_none(), name.unwrap_or_default(), person.map(|person| person.id))
}

fn day_person(day: &WorkDay, person: Option<&Person>, last: Option<Timestamp>) -> DayPerson {
    DayPerson {
        person: day.facts.person,
        name: person.map(|person| person.name.clone()),
        badge: person.and_then(|person| person.badge.clone()),
        presence: day.presence,
        planned: day.planned.map(|planned| planned.start..planned.end),
        first_in: day.facts.first_in,
        last,
        late: day.late,
        worked: day.facts.worked,
        incomplete: day.incomplete(),
    }
}

/// How many are at the site after each mark; marks are given oldest first.
fn curve(marks: &[&Mark]) -> Vec<(Timestamp, u32)> {
    let mut inside: HashSet<PersonId> = HashSet::new();
    let step = |mark: &&Mark| {
        match mark.kind {
            MarkKind::CheckOut => inside.remove(&mark.person),
            _ => inside.insert(mark.person),
        };
        (mark.at, u32::try_from(inside.len()).unwrap_or(u32::MAX))
    };
    marks.iter().map(step).collect()
}
