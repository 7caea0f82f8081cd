//! What can go wrong does, for real: each fault is one clear sentence, and nothing acknowledged is lost.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, not only tests, fail by panicking

mod common;

use common::{HOST, PIN, Site, around_today, files, json, ok, refused, shared};
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
    time::Duration,
};

#[test]
fn each_mistake_on_the_command_line_has_its_sentence() {
    let site = Site::bare();
    let sentence = refused(&mut site.command(&["people", "list"]));
    assert!(sentence.contains("not set up yet") && sentence.contains("faceprint init"), "{sentence}");

    std::fs::write(site.folder.path().join("pin"), "123456").unwrap();
    let sentence = refused(site.command(&["init", "--site", "X"]).args(site.host()));
    assert!(sentence.contains("PIN"), "{sentence}");
    std::fs::write(site.folder.path().join("pin"), PIN).unwrap();
    ok(site.command(&["init", "--site", "X"]).args(site.host()));
    let sentence = refused(site.command(&["init", "--site", "X"]).args(site.host()));
    assert!(sentence.contains("already"), "{sentence}");

    let sentence = refused(&mut site.command(&["replay", "no-such-folder"]));
    assert!(sentence.contains("no-such-folder"), "{sentence}");
    let sentence = refused(&mut site.command(&["people", "list", "--weights", "never-installed"]));
    assert!(sentence.contains("never-installed") && sentence.contains("weights"), "{sentence}");
    if cfg!(not(feature = "cuda")) {
        let sentence =
            refused(&mut site.command(&["replay", "demo", "--max-frames", "1", "--device", "cuda"]));
        assert!(sentence.contains("cuda"), "{sentence}");
    }
    std::fs::write(site.data().join("settings.toml"), "guard_secs = -3").unwrap();
    let sentence = refused(&mut site.command(&["people", "list"]));
    assert!(sentence.contains("settings.toml"), "{sentence}");
}

#[test]
fn wrong_pins_are_counted_across_restarts_and_lock() {
    let site = Site::new();
    std::fs::write(site.folder.path().join("pin"), "000001").unwrap();
    let mut sentences = Vec::new();
    for _ in 0..6 {
        sentences.push(refused(site.command(&["people", "add", "X"]).args(site.host())));
    }
    assert!(sentences[0].contains("wrong"), "{sentences:?}");
    assert!(sentences[5].contains("wait"), "{sentences:?}");
    // The right PIN does not help while locked.
    std::fs::write(site.folder.path().join("pin"), PIN).unwrap();
    let sentence = refused(site.command(&["people", "add", "X"]).args(site.host()));
    assert!(sentence.contains("wait"), "{sentence}");
}

#[test]
fn a_wrong_or_missing_key_file_is_refused_and_changes_nothing() {
    let site = Site::new();
    site.add("Grace");
    let key = std::fs::read(site.key()).unwrap();
    let hidden = site.folder.path().join("hidden.key");
    std::fs::rename(site.key(), &hidden).unwrap();
    let sentence = refused(&mut site.command(&["people", "list"]));
    assert!(sentence.contains("key"), "{sentence}");
    assert!(!site.key().exists(), "no new key is made for an old store");

    let other = Site::new();
    std::fs::copy(other.key(), site.key()).unwrap();
    let sentence = refused(&mut site.command(&["people", "list"]));
    assert!(sentence.contains("key"), "{sentence}");

    std::fs::remove_file(site.key()).unwrap();
    std::fs::rename(hidden, site.key()).unwrap();
    assert_eq!(std::fs::read(site.key()).unwrap(), key);
    assert!(ok(&mut site.command(&["people", "list"])).contains("Grace"));
}

#[test]
fn a_second_program_on_the_same_folder_is_refused() {
    let site = Site::new();
    let mut first = site
        .command(&["replay", "demo", "--realtime", "--max-frames", "2000", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It has the folder once it says something.
    let mut line = String::new();
    BufReader::new(first.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.is_empty());
    let sentence = refused(&mut site.command(&["people", "list"]));
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(sentence.contains("already"), "{sentence}");
    ok(&mut site.command(&["people", "list"]));
}

#[test]
fn killed_twenty_times_every_printed_record_is_there() {
    let site = Site::new();
    let settings = site.data().join("settings.toml");
    let text = std::fs::read_to_string(&settings).unwrap().replace("guard_secs = 120", "guard_secs = 0");
    std::fs::write(&settings, text).unwrap();
    // The demo people, enrolled from the demo scene's own pictures.
    let pictures = site.folder.path().join("pictures");
    let mut enrolled = Vec::new();
    for (number, demo) in faceprint::camera::demo_people().iter().enumerate().filter(|(_, p)| !p.stranger) {
        let folder = pictures.join(number.to_string());
        save_pictures(number, &folder);
        let person = site.add(&demo.name);
        let from = folder.to_str().unwrap().to_owned();
        let args = ["people", "enrol", &person, "--from", &from, "--consent", "1", "--json"];
        if site.command(&args).args(site.host()).output().unwrap().status.success() {
            enrolled.push(from);
        }
    }
    assert!(enrolled.len() >= 5, "only {} of the demo people could be enrolled", enrolled.len());
    let mut acknowledged = BTreeSet::new();
    for round in 0..20_usize {
        let camera = format!("{}@10", enrolled[round % enrolled.len()]);
        let mut child = site
            .command(&["replay", &camera, "--record", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let Ok(decision) = serde_json::from_str::<serde_json::Value>(&line) else { break };
            if let Some(event) = decision["event"].as_u64() {
                assert!(acknowledged.insert(event), "event {event} was given twice");
                // From the moment of the acknowledgement to somewhere in the closing of the store.
                std::thread::sleep(Duration::from_millis(round as u64 * 7 % 60));
                child.kill().unwrap();
                break;
            }
        }
        child.wait().unwrap();
    }
    let csv = site.folder.path().join("all.csv");
    let (from, to) = around_today();
    ok(&mut site.command(&["export", "csv", "--from", &from, "--to", &to, "--out", csv.to_str().unwrap()]));
    let mut reader = csv::Reader::from_path(&csv).unwrap();
    let column = reader.headers().unwrap().iter().position(|h| h == "event").expect("an event column");
    let kept: Vec<u64> = reader.records().map(|r| r.unwrap()[column].parse().unwrap()).collect();
    let once: BTreeSet<u64> = kept.iter().copied().collect();
    assert_eq!(once.len(), kept.len(), "no record twice");
    assert!(acknowledged.len() >= 15, "{acknowledged:?}");
    assert!(acknowledged.is_subset(&once), "lost: {:?}", acknowledged.difference(&once).collect::<Vec<_>>());
    ok(&mut site.command(&["audit", "verify"]));
}

/// Writes the demo's enrolment frames as PNG files, each three times: a short visit.
fn save_pictures(person: usize, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for (number, frame) in faceprint::camera::enrolment_frames(person).iter().enumerate() {
        for copy in 0..3 {
            let path = folder.join(format!("{number:03}-{copy}.png"));
            image::save_buffer(path, frame.rgb(), frame.width(), frame.height(), image::ColorType::Rgb8)
                .unwrap();
        }
    }
}

#[test]
fn a_folder_that_vanishes_and_a_corrupt_frame_are_survived() {
    let Some(clips) = shared("data/clips") else { return };
    let site = Site::new();
    let folder = site.folder.path().join("frames");
    std::fs::create_dir(&folder).unwrap();
    let mut frames = files(&clips.join("p1_a"));
    frames.sort();
    for frame in frames.iter().take(60) {
        std::fs::copy(frame, folder.join(frame.file_name().unwrap())).unwrap();
    }
    let corrupt = folder.join(frames[10].file_name().unwrap());
    std::fs::write(&corrupt, b"\xff\xd8 not a picture").unwrap();
    let camera = format!("{}@30", folder.display());
    let (_, summary) = site.replay(&camera, &[]);
    assert_eq!(summary["frames"], 59, "one corrupt frame of 60 is left out");

    let mut child = site
        .command(&["replay", &camera, "--realtime"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(1));
    std::fs::remove_dir_all(&folder).unwrap();
    let output = child.wait_with_output_timeout(Duration::from_mins(1));
    let sentence = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{sentence}");
    assert!(!sentence.contains("panicked") && sentence.contains("frames"), "{sentence}");
    ok(&mut site.command(&["people", "list"]));
}

/// `wait_with_output` that does not wait for ever.
trait WaitAtMost {
    fn wait_with_output_timeout(&mut self, most: Duration) -> std::process::Output;
}

impl WaitAtMost for std::process::Child {
    fn wait_with_output_timeout(&mut self, most: Duration) -> std::process::Output {
        let until = std::time::Instant::now() + most;
        while self.try_wait().unwrap().is_none() {
            if std::time::Instant::now() > until {
                self.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut stderr = Vec::new();
        if let Some(mut pipe) = self.stderr.take() {
            std::io::Read::read_to_end(&mut pipe, &mut stderr).unwrap();
        }
        std::process::Output { status: self.wait().unwrap(), stdout: Vec::new(), stderr }
    }
}

#[test]
fn a_data_folder_that_is_a_file_is_refused() {
    let site = Site::bare();
    std::fs::write(site.data(), "in the way").unwrap();
    let sentence = refused(site.command(&["init", "--site", "X"]).args(site.host()));
    assert!(sentence.contains("data"), "{sentence}");
}

#[test]
fn a_full_disk_is_a_sentence_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        return SmallDisk::again_in_a_namespace("a_full_disk_is_a_sentence_and_loses_nothing");
    };
    let mut site = Site::bare();
    site.folder = tempfile::tempdir_in(&disk.path).unwrap();
    std::fs::write(site.folder.path().join("pin"), PIN).unwrap();
    ok(site.command(&["init", "--site", "X"]).args(site.host()));
    site.add("Before");
    // Fill the disk to the last byte, again before each attempt: the store keeps a reserve to live from.
    let filler = disk.path.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    let mut added = 0;
    let sentence = loop {
        while std::io::Write::write_all(&mut file, &[0; 512]).is_ok() {}
        let output = site
            .command(&["people", "add", &format!("P{added}"), "--json"])
            .args(site.host())
            .output()
            .unwrap();
        if !output.status.success() {
            break String::from_utf8_lossy(&output.stderr).into_owned();
        }
        added += 1;
        assert!(added < 200, "the disk never filled");
    };
    assert!(!sentence.contains("panicked"), "{sentence}");
    assert!(
        sentence.contains("space") || sentence.contains("full") || sentence.contains("room"),
        "{sentence}"
    );
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    let people = json(&ok(&mut site.command(&["people", "list", "--json"])));
    assert!(people.as_array().unwrap().len() > added, "{added} acknowledged, kept: {people}");
    site.add("After");
    assert!(ok(&mut site.command(&["people", "list"])).contains("After"), "{HOST}");
}

#[test]
fn a_read_only_disk_is_a_sentence_and_changes_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        return SmallDisk::again_in_a_namespace("a_read_only_disk_is_a_sentence_and_changes_nothing");
    };
    let mut site = Site::bare();
    site.folder = tempfile::tempdir_in(&disk.path).unwrap();
    std::fs::write(site.folder.path().join("pin"), PIN).unwrap();
    ok(site.command(&["init", "--site", "X"]).args(site.host()));
    disk.remount("ro");
    for command in [&["people", "add", "Grace"][..], &["hosts", "recovery"]] {
        let sentence = refused(site.command(command).args(site.host()));
        assert!(sentence.contains("Read-only") && sentence.contains("check the disk"), "{sentence}");
    }
    disk.remount("rw");
    site.add("Grace");
    assert!(ok(&mut site.command(&["people", "list"])).contains("Grace"));
}

/// A tmpfs of 24 MB; needs root, or a namespace in which an ordinary user is root.
struct SmallDisk {
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(&path)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then_some(Self { path, _folder: folder })
    }

    /// `ro` or `rw` from now on.
    fn remount(&self, how: &str) {
        let mount = ["-o", &format!("remount,bind,{how}")]; // of the mount: a namespace may not change the disk
        assert!(std::process::Command::new("mount").args(mount).arg(&self.path).status().unwrap().success());
    }

    /// Runs this test once more as root of a namespace of its own, where one can be had.
    fn again_in_a_namespace(test: &str) {
        const INSIDE: &str = "FACEPRINT_IN_NAMESPACE";
        let unshare = || {
            let mut command = std::process::Command::new("unshare");
            command.args(["--user", "--map-root-user", "--mount"]);
            command
        };
        let can = unshare().arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        if !can || std::env::var_os(INSIDE).is_some() {
            eprintln!("skipped: neither root nor a namespace, so no small disk can be mounted");
            return;
        }
        let this = std::env::current_exe().unwrap();
        let status = unshare().arg(this).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").status();
        assert!(status.unwrap().success(), "in a namespace");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.path).status();
    }
}
