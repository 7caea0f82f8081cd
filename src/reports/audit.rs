//! The audit log as CSV: ids (and a host's reason for unlocking days), as in the log itself, and the hash of every entry, so that the chain can be followed.

use super::{ReportError, Watch, csv::write_table};
use crate::domain::{Actor, AuditAction, AuditEntry, hex};
use std::io::Write;

/// Writes entries with the columns `number`, `at` (UTC, RFC 3339), `actor` (`kiosk`, `host ID`, `person ID`), `action`,
/// `detail` (ids and numbers, with spaces between) and `hash`; the last row's is the chain's head when the newest
/// entry is among them.
pub fn write_audit_csv(entries: &[AuditEntry], out: impl Write, watch: Watch<'_>) -> Result<(), ReportError> {
    let header = ["number", "at", "actor", "action", "detail", "hash"].map(str::to_owned).to_vec();
    write_table(header, &[], entries.iter().map(cells), out, watch)
}

/// Number, time, actor, action, detail, hash.
pub(super) fn cells(entry: &AuditEntry) -> Vec<String> {
    let AuditEntry { number, at, actor, action, hash } = entry;
    let (action, detail) = action_words(action);
    let actor = match actor {
        Actor::Kiosk => "kiosk".to_owned(),
        Actor::Host(id) => format!("host {id}"),
        Actor::Person(id) => format!("person {id}"),
    };
    vec![number.to_string(), at.to_string(), actor, action.to_owned(), detail, hex(hash)]
}

fn action_words(action: &AuditAction) -> (&'static str, String) {
    match action {
        AuditAction::StoreCreated => ("store_created", String::new()),
        AuditAction::Started => ("started", String::new()),
        AuditAction::Stopped => ("stopped", String::new()),
        AuditAction::Rebuilt => ("rebuilt", String::new()),
        AuditAction::HostAdded(host) => ("host_added", host.to_string()),
        AuditAction::Login(host) => ("login", host.to_string()),
        AuditAction::LoginFailed(host) => ("login_failed", host.to_string()),
        AuditAction::LockedOut(host) => ("locked_out", host.to_string()),
        AuditAction::SessionEnded(timed_out) => {
            ("session_ended", if *timed_out { "timed_out" } else { "" }.to_owned())
        }
        AuditAction::PersonAdded(person) => ("person_added", person.to_string()),
        AuditAction::PersonChanged(person) => ("person_changed", person.to_string()),
        AuditAction::Enrolled(person, shots) => ("enrolled", format!("{person} {shots}")),
        AuditAction::PersonErased => ("person_erased", String::new()),
        AuditAction::Marked(event, person, kind) => ("marked", format!("{event} {person} {}", kind.as_str())),
        AuditAction::Corrected { replaces, by } => ("corrected", format!("{replaces} {by}")),
        AuditAction::Exported(rows) => ("exported", rows.to_string()),
        AuditAction::SettingsChanged => ("settings_changed", String::new()),
        AuditAction::WeightsChanged(id) => ("weights_changed", id.clone()),
        AuditAction::ClockJumped(secs) => ("clock_jumped", secs.to_string()),
        AuditAction::HostRemoved(host) => ("host_removed", host.to_string()),
        AuditAction::PinChanged(host) => ("pin_changed", host.to_string()),
        AuditAction::HostUnlocked(host) => ("host_unlocked", host.to_string()),
        AuditAction::RecoveryCodeMade => ("recovery_code_made", String::new()),
        AuditAction::RecoveryCodeUsed(host) => ("recovery_code_used", host.to_string()),
        AuditAction::RecoveryCodeWrong => ("recovery_code_wrong", String::new()),
        AuditAction::PersonPin(person, set) => {
            ("person_pin", format!("{person} {}", if *set { "set" } else { "removed" }))
        }
        AuditAction::PersonPinWrong(person) => ("person_pin_wrong", person.to_string()),
        AuditAction::PersonLockedOut(person) => ("person_locked_out", person.to_string()),
        AuditAction::PersonUnlocked(person) => ("person_unlocked", person.to_string()),
        AuditAction::PresentationRefused => ("presentation_refused", String::new()),
        AuditAction::KeyChanged => ("key_changed", String::new()),
        AuditAction::KeyRotationBegun => ("key_rotation_begun", String::new()),
        AuditAction::KeyRotated => ("key_rotated", String::new()),
        AuditAction::BackedUp(records) => ("backed_up", records.to_string()),
        AuditAction::Restored => ("restored", String::new()),
        AuditAction::PersonExported(person) => ("person_exported", person.to_string()),
        AuditAction::PeriodLocked(until) => ("period_locked", until.to_string()),
        AuditAction::PeriodUnlocked { until, reason } => {
            let until = until.map_or_else(|| "all".to_owned(), |until| until.to_string());
            ("period_unlocked", format!("{until} {reason}"))
        }
        AuditAction::Swept { marks, faces } => ("swept", format!("{marks} {faces}")),
        AuditAction::TwoPerson(on) => ("two_person", if *on { "on" } else { "off" }.to_owned()),
        AuditAction::Agreed(host, deed) => ("agreed", format!("{host} {}", deed.as_str())),
        AuditAction::ConsentWithdrawn(person, faces) => ("consent_withdrawn", format!("{person} {faces}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EventId, HostId, MarkKind, PersonId};

    #[test]
    fn entries_are_rows_with_ids_and_hashes() {
        let entry = |number, actor, action| AuditEntry {
            number,
            at: jiff::Timestamp::from_second(1_800_000_000).unwrap(),
            actor,
            action,
            hash: [number as u8; 32],
        };
        let person = PersonId::from_bytes([2; 16]);
        let entries = [
            entry(1, Actor::Host(HostId::from_bytes([1; 16])), AuditAction::SessionEnded(true)),
            entry(2, Actor::Kiosk, AuditAction::Marked(EventId(7), person, MarkKind::CheckOut)),
            entry(3, Actor::Kiosk, AuditAction::ClockJumped(-60)),
        ];
        let mut bytes = Vec::new();
        write_audit_csv(&entries, &mut bytes, &crate::reports::to_the_end).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], "number,at,actor,action,detail,hash");
        assert!(
            lines[1].contains("host 01010101010101010101010101010101,session_ended,timed_out,0101"),
            "{text}"
        );
        assert!(lines[2].contains(&format!("kiosk,marked,7 {person} check_out,0202")), "{text}");
        assert!(lines[3].contains("clock_jumped,'-60,"), "{text}");
    }
}
