//! The main job on real input, through the real program: enrol from one clip, recognise in another, record,
//! export. Real photographs and third-party networks come from `../shared`; without it those tests say so and
//! the built-in demo scene carries the rest.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, not only tests, fail by panicking

mod common;

use common::{Site, around_today, files, json, ok, refused, shared};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// Installs the third-party networks and sets the site to use them.
fn third_party(weights: &Path) -> Site {
    let mut site = Site::new();
    for file in ["det_500m.onnx", "mbf_w8dequant.onnx"] {
        let file = weights.join(file);
        ok(&mut site.command(&["weights", "install", file.to_str().unwrap(), "--accept-licence"]));
    }
    site.weights = ["--detector", "scrfd-500m", "--weights", "mbf-w8"].map(str::to_owned).into();
    site
}

/// Enrols p1, p2, p3 from their `a` clips; name by clip.
fn enrol_clips(site: &Site, clips: &Path) {
    for name in ["p1", "p2", "p3"] {
        let person = site.add(name);
        let report = site.enrol(&person, &clips.join(format!("{name}_a")));
        assert!(report["shots"].as_u64().unwrap() >= 3, "{name}: {report}");
    }
}

/// Who was marked in a clip, and how often.
fn marked(site: &Site, clip: &Path, more: &[&str]) -> BTreeMap<String, usize> {
    let (decisions, summary) = site.replay(clip.to_str().unwrap(), more);
    assert!(summary["frames"].as_u64().unwrap() > 10, "{summary}");
    let mut counts = BTreeMap::new();
    for decision in decisions.iter().filter(|d| is_mark(d)) {
        *counts.entry(decision["name"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

fn is_mark(decision: &Value) -> bool {
    matches!(decision["decision"].as_str(), Some("check_in" | "check_out"))
}

#[test]
fn the_clips_people_are_recorded_once_each_and_the_stranger_never() {
    let (Some(clips), Some(weights)) = (shared("data/clips"), shared("weights")) else { return };
    let site = third_party(&weights);
    enrol_clips(&site, &clips);
    for name in ["p1", "p2", "p3"] {
        let counts = marked(&site, &clips.join(format!("{name}_b")), &[]);
        assert_eq!(counts, BTreeMap::from([(name.to_owned(), 1)]), "{name}_b");
    }
    assert_eq!(marked(&site, &clips.join("p4_a"), &[]), BTreeMap::new(), "p4 is a stranger");
}

#[test]
fn the_built_in_networks_record_the_clips_people_too() {
    let Some(clips) = shared("data/clips") else { return };
    let site = Site::new();
    for name in ["p1", "p2", "p3"] {
        let person = site.add(name);
        let clip = clips.join(format!("{name}_a"));
        let args = ["people", "enrol", &person, "--from", clip.to_str().unwrap(), "--consent", "1", "--json"];
        let output = site.command(&args).args(site.host()).output().unwrap();
        eprintln!("built-in networks, {name}_a: {}", String::from_utf8_lossy(&output.stdout).trim());
    }
    for name in ["p1", "p2", "p3", "p4"] {
        let clip = if name == "p4" { "p4_a".to_owned() } else { format!("{name}_b") };
        let counts = marked(&site, &clips.join(&clip), &[]);
        eprintln!("built-in networks, {clip}: {counts:?}");
        let wanted = if name == "p4" { BTreeMap::new() } else { BTreeMap::from([(name.to_owned(), 1)]) };
        assert_eq!(counts, wanted, "{clip}");
    }
}

#[test]
fn a_day_is_recorded_exported_audited_and_leaves_nothing_readable() {
    let (Some(clips), Some(weights)) = (shared("data/clips"), shared("weights")) else { return };
    let site = third_party(&weights);
    enrol_clips(&site, &clips);
    let clip = clips.join("p1_b");
    assert_eq!(marked(&site, &clip, &["--record"]).get("p1"), Some(&1));

    let (from, to) = around_today();
    let csv = site.folder.path().join("out.csv");
    for (format, path) in [("csv", csv.clone()), ("pdf", site.folder.path().join("out.pdf"))] {
        let path = path.to_str().unwrap();
        ok(&mut site.command(&["export", format, "--from", &from, "--to", &to, "--out", path]));
    }
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(text.contains("p1") && text.contains("check_in"), "{text}");
    assert!(std::fs::read(site.folder.path().join("out.pdf")).unwrap().starts_with(b"%PDF"));

    let verified = json(&ok(&mut site.command(&["audit", "verify", "--json"])));
    assert!(verified["entries"].as_u64().unwrap() > 10, "{verified}");
    let head = verified["head"].as_str().unwrap();
    ok(&mut site.command(&["audit", "verify", "--head", head]));
    let shown = ok(&mut site.command(&["audit", "show", "--last", "100"]));
    for word in ["logged in", "enrolled", "check_in", "exported"] {
        assert!(shown.contains(word), "{word} is not in\n{shown}");
    }
    nothing_readable(&site);
}

/// No name, PIN or picture in any byte of the data folder.
fn nothing_readable(site: &Site) {
    let secrets: [&[u8]; 5] =
        [common::HOST.as_bytes(), b"Lovelace", common::PIN.as_bytes(), b"\xff\xd8\xff\xe0", b"\x89PNG"];
    let mut bytes_seen = 0;
    for file in files(&site.data()) {
        let bytes = std::fs::read(&file).unwrap();
        bytes_seen += bytes.len();
        if file.components().any(|part| part.as_os_str() == "weights") {
            continue; // network files are not personal
        }
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{} holds {:?}", file.display(), String::from_utf8_lossy(secret));
        }
    }
    assert!(bytes_seen > 10_000, "the folder was searched");
}

#[test]
fn the_demo_scene_is_recognised_with_what_is_built_in() {
    let site = Site::new();
    // The demo people, enrolled by `--demo` itself: see `faceprint::cli`. Here only the scene, with nobody enrolled.
    let (decisions, summary) = site.replay("demo", &["--max-frames", "300"]);
    assert_eq!(summary["frames"], 300);
    assert!(decisions.iter().all(|d| d["decision"] == "unknown"), "nobody is enrolled: {decisions:?}");
    assert!(!decisions.is_empty(), "somebody walked up");
}

#[test]
fn a_person_is_erased_and_no_longer_recognised() {
    let (Some(clips), Some(weights)) = (shared("data/clips"), shared("weights")) else { return };
    let site = third_party(&weights);
    let person = site.add("p1");
    site.enrol(&person, &clips.join("p1_a"));
    assert_eq!(marked(&site, &clips.join("p1_b"), &["--record"]).get("p1"), Some(&1));
    ok(site.command(&["people", "erase", &person]).args(site.host()));
    assert_eq!(marked(&site, &clips.join("p1_b"), &[]), BTreeMap::new());
    assert_eq!(ok(&mut site.command(&["people", "list", "--json"])).trim(), "[]");
    let again = refused(site.command(&["people", "erase", &person]).args(site.host()));
    assert!(again.contains("no person") || again.contains("people list"), "{again}");
    let shown = ok(&mut site.command(&["audit", "show"]));
    assert!(shown.contains("a person erased"), "{shown}");
}
