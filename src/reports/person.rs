//! What is stored about one person, for that person: as JSON ([`write_person_json`]) and, in `pdf`, on paper.

use super::{Column, ReportError, ReportWords, audit::cells, columns::source_id, words::fill};
use crate::domain::{AuditEntry, AuditHead, EventId, Mark, Person, WeightsId, effective_marks};
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};
use std::{collections::BTreeSet, io::Write};

/// Everything that the kiosk holds about somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonFile {
    /// Site name.
    pub site: String,
    /// When it was put together, in the site's zone.
    pub generated_at: Zoned,
    /// Name, badge, consent.
    pub person: Person,
    /// Whether a hash of a PIN is kept.
    pub has_pin: bool,
    /// Wrong PINs in a row that are counted at the moment.
    pub wrong_pins: u32,
    /// When they are expected, where they have a schedule of their own, as the settings write it.
    pub schedule: Option<String>,
    /// One for each stored shot.
    pub faces: Vec<StoredFace>,
    /// Every event, corrected ones too, in the order of their times.
    pub marks: Vec<Mark>,
    /// Entries of the audit log about them, or by them, oldest first.
    pub log: Vec<AuditEntry>,
    /// The audit log's head at that time.
    pub audit_head: AuditHead,
}

impl PersonFile {
    /// Everything but the events, as label and value.
    pub(super) fn facts(&self, words: &ReportWords) -> Vec<(&'static str, String)> {
        let said = &words.person;
        let local = |at: Timestamp| words.moment(&at.to_zoned(self.generated_at.time_zone().clone()));
        let none = || said.none.to_owned();
        let Person { id, name, badge, active, created, consent } = &self.person;
        let consent = consent.as_ref().map(|c| fill(said.consent_given, &[&c.version, &local(c.at)]));
        let mut facts = vec![
            (said.made, words.moment(&self.generated_at)),
            (words.column(Column::Name), name.as_str().to_owned()),
            (words.column(Column::Badge), badge.clone().unwrap_or_else(none)),
            (said.id, id.to_string()),
            (said.added, local(*created)),
            (said.recognised, if *active { words.yes } else { said.switched_off }.to_owned()),
            (said.pin, if self.has_pin { said.pin_kept } else { said.none }.to_owned()),
            (said.wrong_pins, self.wrong_pins.to_string()),
            (said.schedule, self.schedule.clone().unwrap_or_else(none)),
            (said.consent, consent.unwrap_or_else(none)),
        ];
        for StoredFace { weights, quality, stored } in &self.faces {
            let values = [&local(*stored), weights.as_str(), &format!("{quality:.2}")];
            facts.push((said.face, fill(said.face_stored, &values)));
        }
        facts.push((said.faces, said.faces_note.to_owned()));
        facts.push((said.log, fill(said.log_in_json, &[&self.log.len().to_string()])));
        facts
    }

    /// Event, time, kind, source, note.
    pub(super) fn mark_rows(&self, words: &ReportWords) -> Vec<Vec<String>> {
        let counting = self.counting();
        let row = |mark: &Mark| {
            let at = mark.at.to_zoned(self.generated_at.time_zone().clone());
            let reason = mark.correction.as_ref().map(|c| c.reason.clone()).unwrap_or_default();
            let note = match (counting.contains(&mark.id), reason.is_empty()) {
                (true, _) => reason,
                (false, true) => words.person.replaced.to_owned(),
                (false, false) => fill(words.person.replaced_by, &[&reason]),
            };
            vec![
                mark.id.to_string(),
                words.moment(&at),
                words.kind(mark.kind).to_owned(),
                words.source(mark.source).to_owned(),
                note,
            ]
        };
        self.marks.iter().map(row).collect()
    }

    /// The events that count: neither replaced nor struck out.
    fn counting(&self) -> BTreeSet<EventId> {
        effective_marks(&self.marks).into_iter().map(|mark| mark.id).collect()
    }
}

/// A stored shot: what is known about it. The numbers themselves stay sealed: in a file they would be a face that
/// anybody could copy.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFace {
    /// Which network made the numbers.
    pub weights: WeightsId,
    /// Score of the shot, 0 to 1.
    pub quality: f32,
    /// When it was stored.
    pub stored: Timestamp,
}

impl StoredFace {
    /// Said where faces are listed in the JSON; paper has it in the site's language.
    pub const NOTE: &str = "512 numbers computed from the face, sealed with a key of this person's own; no picture \
                            is kept. The numbers are not in this file.";
}

/// Writes it as one JSON object, readable by people.
pub fn write_person_json(file: &PersonFile, mut out: impl Write) -> Result<(), ReportError> {
    let text = serde_json::to_string_pretty(&as_json(file)).map_err(std::io::Error::from)?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

fn as_json(file: &PersonFile) -> Value {
    let PersonFile {
        site,
        generated_at,
        person,
        has_pin,
        wrong_pins,
        schedule,
        faces,
        marks,
        log,
        audit_head,
    } = file;
    let zone = generated_at.time_zone();
    let Person { id, name, badge, active, created, consent } = person;
    let counting = file.counting();
    let marks: Vec<Value> = marks
        .iter()
        .map(|mark| {
            let correction = mark.correction.as_ref();
            json!({
                "event": mark.id.0,
                "kind": mark.kind.as_str(),
                "at": mark.at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
                "source": source_id(mark.source),
                "clock_jumped": mark.clock_jumped,
                "replaces": correction.and_then(|c| c.replaces).map(|event| event.0),
                "counts": counting.contains(&mark.id),
                "reason": correction.map(|c| &c.reason),
            })
        })
        .collect();
    let faces: Vec<Value> = faces
        .iter()
        .map(|face| json!({ "network": face.weights, "quality": face.quality, "stored": face.stored.to_string() }))
        .collect();
    let names = ["number", "at", "actor", "action", "detail", "hash"].map(str::to_owned);
    let entry = |entry| names.clone().into_iter().zip(cells(entry).into_iter().map(Value::from)).collect();
    let log: Vec<Value> = log.iter().map(entry).collect();
    json!({
        "site": site,
        "made": generated_at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "person": id.to_string(),
        "name": name.as_str(),
        "badge": badge,
        "active": active,
        "added": created.to_string(),
        "consent": consent.as_ref().map(|c| json!({ "version": c.version, "at": c.at.to_string() })),
        "pin": if *has_pin { "a hash is kept" } else { "none" },
        "wrong_pins": wrong_pins,
        "schedule": schedule,
        "faces": { "what": StoredFace::NOTE, "stored": faces },
        "events": marks,
        "audit_log": log,
        "audit_head": audit_head.to_string(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{
        Actor, AuditAction, Consent, Correction, MarkKind, MarkSource, PersonId, PersonName,
    };

    pub fn file() -> PersonFile {
        let at: Timestamp = "2026-11-25T07:58:00Z".parse().unwrap();
        let id = PersonId::from_bytes([1; 16]);
        let mark = |number, correction| Mark {
            id: EventId(number),
            person: id,
            kind: MarkKind::CheckIn,
            at,
            zone: "Europe/Athens".to_owned(),
            mono_ms: 0,
            clock_jumped: false,
            source: MarkSource::Face,
            actor: Actor::Kiosk,
            correction,
        };
        let correction =
            Correction { replaces: Some(EventId(1)), stands: true, reason: "came later".to_owned() };
        PersonFile {
            site: "North gate".to_owned(),
            generated_at: at.in_tz("Europe/Athens").unwrap(),
            person: Person {
                id,
                name: PersonName::new("Ελένη").unwrap(),
                badge: Some("17".to_owned()),
                active: true,
                created: at,
                consent: Some(Consent { version: "1".to_owned(), at }),
            },
            has_pin: true,
            wrong_pins: 2,
            schedule: Some("mon-fri 08:00-17:00".to_owned()),
            faces: vec![StoredFace { weights: WeightsId::new("w").unwrap(), quality: 0.9, stored: at }],
            marks: vec![mark(1, None), mark(2, Some(correction))],
            log: vec![AuditEntry {
                number: 5,
                at,
                actor: Actor::Kiosk,
                action: AuditAction::PersonAdded(id),
                hash: [0xcd; 32],
            }],
            audit_head: AuditHead { number: 9, hash: [0xab; 32] },
        }
    }

    #[test]
    fn everything_about_a_person_is_in_the_json_but_no_number_of_their_face() {
        let mut out = Vec::new();
        write_person_json(&file(), &mut out).unwrap();
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&read["name"], &read["consent"]["version"]), (&"Ελένη".into(), &"1".into()));
        assert_eq!(read["faces"]["stored"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&read["events"][0]["counts"], &read["events"][1]["counts"]),
            (&false.into(), &true.into())
        );
        assert_eq!(read["events"][1]["at"], "2026-11-25T09:58:00+02:00");
        assert_eq!(read["events"][1]["reason"], "came later");
        assert_eq!((&read["wrong_pins"], &read["schedule"]), (&2.into(), &"mon-fri 08:00-17:00".into()));
        assert_eq!(read["audit_log"][0]["action"], "person_added");
        assert_eq!(read["audit_log"][0]["hash"], "cd".repeat(32));
        assert_eq!(read["audit_head"], format!("9:{}", "ab".repeat(32)));
    }
}
