//! What a technician looks at: stage tables, `bench`, `doctor`, verification accuracy, and audit entries in words.
//!
//! It must not change anything: it measures and reads. (A store that `doctor` opens logs its start and stop, as always.)

pub mod bench;
pub mod doctor;
pub mod live;
pub mod probe;
pub mod verify;
pub mod window;

use crate::{
    domain::{Actor, AuditAction, AuditEntry, SharedDeed, hex},
    runtime::messages::StageTime,
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Stage percentiles as aligned text.
#[must_use]
pub fn stage_table(stages: &[StageTime]) -> String {
    let mut text = format!("{:<9}{:>9}{:>9}{:>9}\n", "stage", "p50 ms", "p95 ms", "p99 ms");
    for stage in stages {
        let StageTime { stage, p50_ms, p95_ms, p99_ms } = stage;
        let stage = stage.name();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{stage:<9}{p50_ms:>9.2}{p95_ms:>9.2}{p99_ms:>9.2}");
    }
    text
}

/// Stage percentiles as `{"detect": {"p50_ms", "p95_ms", "p99_ms"}, …}`.
#[must_use]
pub fn stages_json(stages: &[StageTime]) -> Value {
    stages
        .iter()
        .map(|s| {
            let times = json!({ "p50_ms": s.p50_ms, "p95_ms": s.p95_ms, "p99_ms": s.p99_ms });
            (s.stage.name().to_owned(), times)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// An audit entry for a script.
#[must_use]
pub fn audit_json(entry: &AuditEntry) -> Value {
    json!({
        "number": entry.number,
        "at": entry.at.to_string(),
        "actor": actor_words(&entry.actor),
        "action": audit_words(entry),
        "hash": hex(&entry.hash),
    })
}

/// An audit entry in words: ids, never names.
#[must_use]
pub fn audit_words(entry: &AuditEntry) -> String {
    let actor = actor_words(&entry.actor);
    let what = match &entry.action {
        AuditAction::StoreCreated => "store created".to_owned(),
        AuditAction::PresentationRefused => "a picture of somebody was held up and refused".to_owned(),
        AuditAction::Started => "started".to_owned(),
        AuditAction::Stopped => "stopped".to_owned(),
        AuditAction::Rebuilt => "store rebuilt from the journal".to_owned(),
        AuditAction::HostAdded(host) => format!("host {host} added"),
        AuditAction::Login(host) => format!("host {host} logged in"),
        AuditAction::LoginFailed(host) => format!("wrong PIN for host {host}"),
        AuditAction::LockedOut(host) => format!("host {host} locked out"),
        AuditAction::SessionEnded(true) => "host mode locked by itself".to_owned(),
        AuditAction::SessionEnded(false) => "host mode left".to_owned(),
        AuditAction::PersonAdded(person) => format!("person {person} added"),
        AuditAction::PersonChanged(person) => format!("person {person} changed"),
        AuditAction::Enrolled(person, shots) => format!("person {person} enrolled with {shots} shots"),
        AuditAction::PersonErased => "a person erased".to_owned(),
        AuditAction::Marked(event, person, kind) => {
            format!("event {event}: person {person} {}", kind.as_str())
        }
        AuditAction::Corrected { replaces, by } => format!("event {replaces} corrected by event {by}"),
        AuditAction::Exported(rows) => format!("{rows} rows exported"),
        AuditAction::SettingsChanged => "settings changed".to_owned(),
        AuditAction::WeightsChanged(id) => format!("weights {id} in use"),
        AuditAction::ClockJumped(secs) => format!("clock jumped by {secs} s"),
        AuditAction::HostRemoved(host) => format!("host {host} removed"),
        AuditAction::PinChanged(host) => format!("new PIN for host {host}"),
        AuditAction::HostUnlocked(host) => format!("host {host} unlocked"),
        AuditAction::RecoveryCodeMade => "recovery code made".to_owned(),
        AuditAction::RecoveryCodeUsed(host) => format!("recovery code used for host {host}"),
        AuditAction::RecoveryCodeWrong => "wrong recovery code".to_owned(),
        AuditAction::PersonPin(person, true) => format!("PIN set for person {person}"),
        AuditAction::PersonPin(person, false) => format!("PIN of person {person} removed"),
        AuditAction::PersonPinWrong(person) => format!("wrong PIN for person {person}"),
        AuditAction::PersonLockedOut(person) => format!("person {person} locked out"),
        AuditAction::PersonUnlocked(person) => format!("person {person} unlocked"),
        AuditAction::ConsentWithdrawn(person, templates) => {
            format!("person {person} withdrew consent, {templates} templates destroyed")
        }
        AuditAction::KeyChanged => "another key file or passphrase opens the store".to_owned(),
        AuditAction::KeyRotationBegun => "change of the master key begun".to_owned(),
        AuditAction::KeyRotated => "master key changed".to_owned(),
        AuditAction::BackedUp(records) => format!("backup of {records} records made"),
        AuditAction::Restored => "store restored from a backup".to_owned(),
        AuditAction::PersonExported(person) => format!("data of person {person} exported"),
        AuditAction::PeriodLocked(until) => format!("attendance locked up to and including {until}"),
        AuditAction::PeriodUnlocked { until: Some(until), reason } => {
            format!("attendance after {until} unlocked: {reason}")
        }
        AuditAction::PeriodUnlocked { until: None, reason } => format!("all attendance unlocked: {reason}"),
        AuditAction::Swept { marks, faces } => {
            format!("{marks} events and the templates of {faces} people erased by the rule on keeping")
        }
        AuditAction::TwoPerson(true) => "two-person rule switched on".to_owned(),
        AuditAction::TwoPerson(false) => "two-person rule switched off".to_owned(),
        AuditAction::Agreed(host, deed) => format!("host {host} agreed to {}", deed_words(*deed)),
    };
    format!("{actor}: {what}")
}

fn deed_words(deed: SharedDeed) -> &'static str {
    match deed {
        SharedDeed::ErasePerson => "erasing a person",
        SharedDeed::ChangeKey => "another key file or passphrase",
        SharedDeed::RotateKey => "changing the master key",
        SharedDeed::EndRule => "switching the two-person rule off",
        SharedDeed::AddHost => "adding a host",
        SharedDeed::MakeRecoveryCode => "making a recovery code",
    }
}

fn actor_words(actor: &Actor) -> String {
    match actor {
        Actor::Kiosk => "kiosk".to_owned(),
        Actor::Host(host) => format!("host {host}"),
        Actor::Person(person) => format!("person {person}"),
    }
}
