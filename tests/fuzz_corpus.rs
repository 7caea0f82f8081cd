//! Every file that the fuzzer of `tests/fuzz` began with or stumbled over, through the readers of files from outside. The
//! records, audit entries and backups among them are read by the tests of `vault`, which get behind the seals.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test; the lint cannot see that of helpers

#[path = "fuzz/checks.rs"]
mod checks;

use faceprint::{settings::Settings, vision::tensors::Tensors};
use std::{fs, path::Path};

/// Feeds every file of the corpus.
fn replay(target: &str, feed: fn(&[u8]), seeds: &[(&str, Vec<u8>)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    if std::env::var_os("FACEPRINT_WRITE_SEEDS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty() && files.len() >= seeds.len(), "{target}: seeds are missing, write them anew");
    for file in &files {
        println!("{}", file.display());
        feed(&fs::read(file).unwrap());
    }
    println!("{target}: {} files", files.len());
}

#[test]
fn settings_files_of_the_corpus_are_read() {
    let mut full = Settings::for_site("Werk \"Süd\"");
    full.consent_text = "Ours:\nagreed".into();
    full.work.schedule = "mon-fri 08:00-17:00; sat 22:00-06:00".parse().unwrap();
    full.work.breaks = vec!["30 after 6:00".parse().unwrap()];
    let own = "mon-thu 07:00-15:00".parse().unwrap();
    full.work.people.insert(faceprint::domain::PersonId::from_bytes([3; 16]), own);
    let written = full.to_toml().into_bytes();
    let work =
        "[work]\nholidays = [\"2026-12-25 Christmas Day\"]\nrounding = \"nearest 15\"\ngrace_minutes = 5\n";
    let seeds = [
        ("written", written),
        ("work", work.into()),
        ("bad", b"guard_secs = -3\nzone = \"Nowhere/None\"\n".to_vec()),
    ];
    replay("settings", checks::settings, &seeds);
}

#[test]
fn lists_of_people_of_the_corpus_are_read() {
    let seeds = [
        ("commas", b"name,badge\r\nGrace Hopper,7\r\n\"Noether, Emmy\",8\r\nAda Byron,17\r\n".to_vec()),
        ("semicolons", "\u{feff}Badge;Name;Room\n7;Émile;12\n7;Twice;13\n;No badge;\n".into()),
        ("tabs", b"number\tNAME\n1\t\n2\t\"a\nb\"\n".to_vec()),
    ];
    replay("roster", checks::roster, &seeds);
}

/// Its seeds are written by the tests of `vision::import`, which export small networks.
#[test]
fn onnx_files_of_the_corpus_are_read() {
    replay("onnx", checks::onnx, &[]);
}

#[test]
fn safetensors_files_of_the_corpus_are_read() {
    let mut tensors = Tensors::default();
    tensors.insert("stem.weight", &[2, 3], vec![0.5, -1.0, 2.0, 0.0, 1e-9, 3e8]);
    tensors.insert("stem.bias", &[2], vec![0.25, -0.25]);
    let of = |header: &str, data: &[u8]| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
    };
    let half = of(r#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, &[0, 0x3c, 0, 0xbc]);
    let wrong = of(r#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, &[0; 8]);
    let seeds = [("two", tensors.to_bytes().unwrap()), ("half", half), ("integers", wrong)];
    replay("safetensors", checks::safetensors, &seeds);
}
