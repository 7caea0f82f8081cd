//! What must hold for any bytes that a reader gets: an error or a value that comes back as it was, never a panic.
//!
//! The targets feed these while they look for new ways through the code; `tests/fuzz_corpus.rs` feeds them the corpus.

use faceprint::{
    domain::{Person, PersonId, PersonName},
    runtime::people_csv::{self, ImportDeed},
    settings::Settings,
    vision::{import::import_bytes, tensors::Tensors},
};
use std::path::Path;

#[cfg(fuzzing)]
pub use faceprint::vault::fuzzing::{audit, backup, record};

/// A settings file: what is read is written so that it reads the same.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let path = Path::new("settings.toml");
    let Ok(settings) = Settings::parse(text, path) else { return };
    let again = Settings::parse(&settings.to_toml(), path);
    assert!(again.is_ok_and(|again| again == settings), "other settings come back");
}

/// A list of people: a bounded plan that gives nobody two badges and no badge to two people.
pub fn roster(data: &[u8]) {
    let known = [person(1, "Ada Lovelace", Some("17")), person(2, "Grace Hopper", None)];
    let Ok(plan) = people_csv::plan(data, &known) else { return };
    assert!(plan.rows.len() <= people_csv::MAX_ROWS);
    assert_eq!(plan.counts().iter().sum::<usize>(), plan.rows.len());
    let mut badges: Vec<_> = plan
        .rows
        .iter()
        .filter(|row| matches!(row.deed, ImportDeed::Add(_) | ImportDeed::Rename(..)))
        .filter_map(|row| row.badge.as_deref())
        .collect();
    let given = badges.len();
    badges.sort_unstable();
    badges.dedup();
    assert_eq!(badges.len(), given, "two people get the same badge");
}

#[allow(clippy::default_trait_access)] // jiff's timestamp, and jiff is not named by the fuzzer
fn person(number: u8, name: &str, badge: Option<&str>) -> Person {
    Person {
        id: PersonId::from_bytes([number; 16]),
        name: PersonName::new(name).expect("a name"),
        badge: badge.map(str::to_owned),
        active: true,
        created: Default::default(),
        consent: None,
    }
}

/// An ONNX file: what is taken for a network has weights that are read again.
pub fn onnx(data: &[u8]) {
    let Ok(imported) = import_bytes(data, "fuzzed") else { return };
    let tensors = Tensors::parse(&imported.model).expect("what was written is read");
    assert!(imported.manifest.architecture.graph(&tensors).is_ok(), "what was imported can be loaded");
}

/// A safetensors file: what is read is written and read again, as many numbers.
pub fn safetensors(data: &[u8]) {
    let Ok(tensors) = Tensors::parse(data) else { return };
    let written = tensors.to_bytes().expect("what was read is written");
    let again = Tensors::parse(&written).expect("what was written is read");
    assert_eq!(again.parameters(), tensors.parameters());
}
