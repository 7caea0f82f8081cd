//! Hosts, keys, backups and PINs from the command line, on a real data folder.
#![allow(clippy::unwrap_used)] // a test; the lint cannot see that of helpers

mod common;

use common::{HOST, PIN, Site, json, ok, refused};
use faceprint::{
    crypto::KeySource,
    domain::{Clock as _, SystemClock},
    vault::Vault,
};
use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

impl Site {
    /// A file with a secret on its first line, for its owner only.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        mode(&path, 0o600);
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn several_hosts_and_a_recovery_code() {
    let site = Site::bare();
    let code = ok(site.command(&["init", "--site", "Test"]).args(site.host()));
    let code = site.file("code", code.trim());
    let (second, third) = (site.file("second", "four unrelated words"), site.file("third", "908172"));
    ok(site.command(&["hosts", "add", "Grace", "--new-pin-file", &second]).args(site.host()));
    let weak = site.file("weak", "123456");
    let sentence =
        refused(site.command(&["hosts", "add", "Mallory", "--new-pin-file", &weak]).args(site.host()));
    assert!(sentence.contains("choose another"), "{sentence}");
    let grace = ["--host", "grace", "--pin-file", &second];
    ok(site.command(&["hosts", "pin", "--new-pin-file", &third]).args(grace));
    let sentence = refused(site.command(&["people", "add", "X"]).args(grace));
    assert!(sentence.contains("wrong"), "the old passphrase: {sentence}");
    let unknown =
        refused(&mut site.command(&["people", "add", "X", "--host", "Nobody", "--pin-file", &third]));
    let last = |text: &str| text.lines().last().map(str::to_owned);
    assert_eq!(last(&sentence), last(&unknown), "a name that no host has is not told apart");

    // Locked out: another host, then the code.
    let wrong = site.file("wrong", "111111");
    for _ in 0..6 {
        refused(&mut site.command(&["people", "add", "X", "--host", HOST, "--pin-file", &wrong]));
    }
    let grace = ["--host", "Grace", "--pin-file", &third];
    ok(site.command(&["hosts", "unlock", HOST]).args(grace));
    ok(site.command(&["people", "add", "Y"]).args(site.host()));
    let new_pin = site.file("new", "605142");
    let next = ok(&mut site.command(&[
        "hosts",
        "unlock",
        "Grace",
        "--recovery-file",
        &code,
        "--new-pin-file",
        &new_pin,
    ]));
    assert_eq!(next.trim().len(), 29, "the next code");
    let sentence = refused(&mut site.command(&["hosts", "unlock", "Grace", "--recovery-file", &code]));
    assert!(sentence.contains("recovery code is wrong"), "{sentence}");
    let grace = ["--host", "Grace", "--pin-file", &new_pin];
    ok(site.command(&["hosts", "remove", HOST]).args(grace));
    let sentence = refused(site.command(&["hosts", "remove", "Grace"]).args(grace));
    assert!(sentence.contains("only host"), "{sentence}");
    let listed = json(&ok(&mut site.command(&["hosts", "list", "--json"])));
    assert_eq!((&listed["hosts"][0]["name"], &listed["recovery_code"]), (&"Grace".into(), &true.into()));
}

#[test]
fn the_two_person_rule_takes_a_second_host() {
    let site = Site::new();
    let (grace, mary) = (site.add("Grace"), site.add("Mary"));
    let hers = site.file("hers", "four unrelated words");
    let on = ["hosts", "two-person", "on"];
    let sentence = refused(site.command(&on).args(site.host()));
    assert!(sentence.contains("needs two hosts"), "{sentence}");
    ok(site.command(&["hosts", "add", "Lise", "--new-pin-file", &hers]).args(site.host()));
    ok(site.command(&["people", "erase", &mary]).args(site.host()));
    ok(site.command(&on).args(site.host()));
    assert_eq!(json(&ok(&mut site.command(&["hosts", "list", "--json"])))["two_person"], true);

    // Nothing in a text file switches it off.
    let settings = site.data().join("settings.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    assert!(!text.contains("person_rule") && !text.contains("two_person"), "{text}");

    let (words, new) = (site.file("words", "a passphrase of words"), site.file("new", "605142"));
    let commands: [&[&str]; 6] = [
        &["people", "erase", &grace],
        &["key", "change", "--new-passphrase-file", &words],
        &["key", "rotate"],
        &["hosts", "add", "Mallory", "--new-pin-file", &new],
        &["hosts", "recovery"],
        &["hosts", "two-person", "off"],
    ];
    let (wrong, pin) = (site.file("wrong", "111111"), site.path("pin"));
    let second = |name, file| ["--second-host", name, "--second-pin-file", file];
    for command in commands {
        let sentence = refused(site.command(command).args(site.host()));
        assert!(sentence.contains("another host has to agree"), "{command:?}: {sentence}");
        let own = second(HOST, pin.to_str().unwrap());
        let sentence = refused(site.command(command).args(site.host()).args(own));
        assert!(sentence.contains("another one than the first"), "{command:?}: {sentence}");
    }
    let sentence = refused(site.command(commands[0]).args(site.host()).args(second("Lise", &wrong)));
    assert!(sentence.contains("wrong; 9 tries left"), "{sentence}");
    let nobody = refused(site.command(commands[0]).args(site.host()).args(second("Nobody", &wrong)));
    assert_eq!(sentence.lines().last(), nobody.lines().last(), "a name that no host has is not told apart");
    let sentence = refused(site.command(&["hosts", "remove", "Lise"]).args(site.host()));
    assert!(sentence.contains("needs two hosts"), "{sentence}");
    assert!(ok(&mut site.command(&["people", "list"])).contains("Grace"), "nothing was done");

    ok(site.command(commands[0]).args(site.host()).args(second("lise", &hers)));
    assert!(!ok(&mut site.command(&["people", "list"])).contains("Grace"));
    for command in &commands[2..] {
        ok(site.command(command).args(site.host()).args(second("Lise", &hers)));
    }
    ok(site.command(&["hosts", "remove", "Lise"]).args(site.host()));
    let log = ok(&mut site.command(&["audit", "show", "--last", "200"]));
    let agreed = log.lines().find(|line| line.contains("agreed to erasing a person")).unwrap();
    assert_eq!(agreed.matches("host ").count(), 2, "both hosts: {agreed}");
    assert!(log.contains("two-person rule switched off"), "{log}");
}

#[test]
fn a_store_goes_over_to_a_passphrase_a_new_master_key_and_another_machine() {
    let site = Site::new();
    let grace = site.add("Grace");
    let words = site.file("words", "four unrelated words");
    let head = ok(&mut site.command(&["audit", "verify"]));
    let head = head.trim().rsplit(' ').next().unwrap().to_owned();
    ok(site.command(&["key", "change", "--new-passphrase-file", &words]).args(site.host()));
    let sentence = refused(&mut site.command(&["people", "list"]));
    assert!(sentence.contains("passphrase"), "{sentence}");
    let with_words = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_faceprint"));
        command.args(args).arg("--data").arg(site.data()).args(["--passphrase-file", &words]);
        command.env("RUST_LOG", "warn").stdin(std::process::Stdio::null());
        command
    };
    ok(with_words(&["key", "rotate"]).args(site.host()));
    assert!(ok(&mut with_words(&["people", "list"])).contains("Grace"));
    ok(&mut with_words(&["audit", "verify", "--head", &head]));

    let (backup, secret) = (site.path("b"), site.file("secret", "a backup needs words"));
    let backup = backup.to_str().unwrap();
    let sealed = ["--backup-passphrase-file", &secret];
    let made = json(&ok(with_words(&["backup", backup, "--json"]).args(sealed)));
    assert_eq!(made["records"]["people"], 1);
    let sentence = refused(with_words(&["backup", backup]).args(sealed));
    assert!(sentence.contains("exists already"), "{sentence}");

    let other = Site::bare();
    let dry = ok(other.command(&["restore", backup, "--dry-run", "--json"]).args(sealed));
    assert_eq!(json(&dry), made);
    assert!(!other.data().exists(), "a dry run writes nothing");
    let sentence = refused(&mut other.command(&["restore", backup, "--backup-passphrase-file", &words]));
    assert!(sentence.contains("passphrase does not open"), "{sentence}");
    ok(other.command(&["restore", backup]).args(sealed));
    assert!(ok(&mut other.command(&["people", "list"])).contains(&grace));
    ok(&mut other.command(&["audit", "verify", "--head", &head]));
    other.add("Added on the other machine");
    let sentence = refused(other.command(&["restore", backup]).args(sealed));
    assert!(sentence.contains("already holds"), "{sentence}");
}

#[test]
fn a_backup_is_made_beside_a_running_kiosk() {
    let site = Site::new();
    site.add("Grace");
    // This process is the kiosk that has the store open.
    let (clock, key) = (SystemClock::new(), KeySource::File(site.key()));
    let kiosk = Vault::open(&site.data().join("store"), &key, clock.now()).unwrap();
    let sentence = refused(&mut site.command(&["people", "list"]));
    assert!(sentence.contains("already uses this folder"), "{sentence}");
    let (backup, secret) = (site.path("b"), site.file("secret", "a backup needs words"));
    let made = site
        .command(&["backup", backup.to_str().unwrap(), "--backup-passphrase-file", &secret])
        .output()
        .unwrap();
    drop(kiosk);
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success() && said.contains("a kiosk is running"), "{said}");
    let other = Site::bare();
    let args = ["restore", backup.to_str().unwrap(), "--backup-passphrase-file", &secret];
    ok(&mut other.command(&args));
    assert!(ok(&mut other.command(&["people", "list"])).contains("Grace"));
}

#[test]
fn people_get_a_pin_and_take_back_their_consent() {
    let site = Site::new();
    let grace = site.add("Grace");
    let pin = site.file("hers", "605142");
    ok(site.command(&["people", "pin", &grace, "--new-pin-file", &pin]).args(site.host()));
    assert!(ok(site.command(&["people", "withdraw", &grace]).args(site.host())).contains("0 templates"));
    let out = site.path("for-grace");
    let written =
        ok(site.command(&["people", "export", &grace, "--out", out.to_str().unwrap()]).args(site.host()));
    let file = json(&std::fs::read_to_string(written.lines().next().unwrap()).unwrap());
    assert!(std::fs::read(written.lines().nth(1).unwrap()).unwrap().starts_with(b"%PDF-"));
    assert_eq!((&file["name"], &file["pin"]), (&"Grace".into(), &"a hash is kept".into()));
    ok(site.command(&["people", "pin", &grace, "--remove"]).args(site.host()));
    let log = ok(&mut site.command(&["audit", "show", "--last", "20"]));
    for words in ["PIN set for person", "withdrew consent", "PIN of person"] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("Grace") && !log.contains(PIN));
}

#[test]
fn the_key_in_use_is_no_new_one() {
    let site = Site::new();
    let copy = site.path("copy");
    std::fs::copy(site.key(), &copy).unwrap();
    for file in [site.key(), copy] {
        let change = ["key", "change", "--new-key-file", file.to_str().unwrap()];
        let sentence = refused(site.command(&change).args(site.host()));
        assert!(sentence.contains("opens the store already"), "{sentence}");
    }
    assert!(!ok(&mut site.command(&["audit", "show"])).contains("key"), "nothing is on record");
    let words = site.file("words", "four unrelated words");
    let change = ["key", "change", "--new-passphrase-file", &words];
    ok(site.command(&change).args(site.host()));
    let mut again = std::process::Command::new(env!("CARGO_BIN_EXE_faceprint"));
    again.args(change).args(site.host()).args(["--passphrase-file", &words]).arg("--data").arg(site.data());
    let sentence = refused(&mut again);
    assert!(sentence.contains("opens the store already"), "{sentence}");
}

#[test]
fn a_second_init_leaves_the_running_site_as_it_is() {
    let site = Site::new();
    let settings = site.data().join("settings.toml");
    let before = std::fs::read_to_string(&settings).unwrap();
    let init = ["init", "--site", "Another", "--zone", "Asia/Tokyo"];
    let sentence = refused(site.command(&init).args(site.host()));
    assert!(sentence.contains("already holds a store"), "{sentence}");
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), before);
}

#[test]
fn a_passphrase_file_that_others_can_read_is_refused() {
    let site = Site::bare();
    let words = site.file("words", "four unrelated words");
    let with_words = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_faceprint"));
        command.args(args).arg("--data").arg(site.data()).args(["--passphrase-file", &words]);
        command.stdin(std::process::Stdio::null());
        command
    };
    ok(with_words(&["init", "--site", "Test"]).args(site.host()));
    ok(&mut with_words(&["people", "list"]));
    for open in [0o644, 0o640, 0o604] {
        mode(Path::new(&words), open);
        let sentence = refused(&mut with_words(&["people", "list"]));
        assert!(sentence.contains("chmod 600") && sentence.contains(&format!("{open:o}")), "{sentence}");
        let said = with_words(&["doctor"]).output().unwrap().stdout;
        assert!(String::from_utf8_lossy(&said).contains("chmod 600"), "{open:o}");
    }
    let sentence = refused(&mut site.command(&["people", "list"]));
    assert!(sentence.contains("say --passphrase-file") && !sentence.contains("--key-file"), "{sentence}");
}

#[test]
fn a_restore_brings_its_settings_or_nothing() {
    let site = Site::new();
    let (backup, secret) = (site.path("b"), site.file("secret", "a backup needs words"));
    let sealed = ["--backup-passphrase-file", &secret];
    let backup = backup.to_str().unwrap();
    ok(site.command(&["backup", backup]).args(sealed));

    let other = Site::bare();
    let config = other.path("no such folder").join("settings.toml");
    let elsewhere = ["--config", config.to_str().unwrap()];
    let sentence = refused(other.command(&["restore", backup]).args(sealed).args(elsewhere));
    assert!(sentence.contains("cannot be written"), "{sentence}");
    assert_eq!(sentence.matches("No such file").count(), 1, "said once: {sentence}");
    assert!(!other.data().join("store").exists(), "no records without their settings");

    let settings = other.data().join("settings.toml");
    std::fs::create_dir_all(other.data()).unwrap();
    std::fs::write(&settings, "site_name = \"Mine\"\n").unwrap();
    let sentence = refused(other.command(&["restore", backup]).args(sealed));
    assert!(sentence.contains("holds other settings"), "{sentence}");
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), "site_name = \"Mine\"\n");
    std::fs::remove_file(&settings).unwrap();

    // What fails on the way takes its settings along.
    std::fs::write(other.data().join("store"), "in the way").unwrap();
    refused(other.command(&["restore", backup]).args(sealed));
    assert!(!settings.exists());
    std::fs::remove_file(other.data().join("store")).unwrap();
    ok(other.command(&["restore", backup]).args(sealed));
    let same = |site: &Site| std::fs::read_to_string(site.data().join("settings.toml")).unwrap();
    assert_eq!(same(&other), same(&site));
    let sentence = refused(other.command(&["restore", "/no such backup"]).args(sealed));
    assert_eq!(sentence.matches("No such file").count(), 1, "said once: {sentence}");
}

#[test]
fn a_person_is_renamed_switched_off_and_unlocked() {
    let site = Site::new();
    let grace = site.add("Grace");
    let change = |more: &[&str]| {
        let mut command = site.command(&["people", "change", &grace]);
        command.args(more).args(site.host());
        command
    };
    let listed = || json(&ok(&mut site.command(&["people", "list", "--json"])))[0].clone();
    ok(&mut change(&["--name", "Grace Hopper", "--badge", "7K"]));
    let row = listed();
    assert_eq!((&row["name"], &row["badge"]), (&"Grace Hopper".into(), &"7K".into()));
    ok(&mut change(&["--active", "off"]));
    let row = listed();
    assert_eq!((&row["name"], &row["active"]), (&"Grace Hopper".into(), &false.into()), "the rest stays");
    ok(&mut change(&["--active", "on", "--no-badge"]));
    let row = listed();
    assert_eq!((&row["badge"], &row["active"]), (&serde_json::Value::Null, &true.into()));
    ok(site.command(&["people", "unlock", &grace]).args(site.host()));
    let log = ok(&mut site.command(&["audit", "show"]));
    assert!(log.contains("unlocked") && !log.contains("Grace"), "{log}");
    for nothing in [&[][..], &["--badge", "8", "--no-badge"]] {
        assert_eq!(change(nothing).output().unwrap().status.code(), Some(2));
    }
    let nobody = "00000000000000000000000000000001";
    let sentence = refused(site.command(&["people", "change", nobody, "--name", "X"]).args(site.host()));
    assert!(sentence.contains("no person with this id"), "{sentence}");
}

#[test]
fn a_command_takes_no_option_of_the_window_and_no_settings_that_are_not_there() {
    let site = Site::new();
    let grace = site.add("Grace");
    for option in ["--demo", "--windowed"] {
        let output = site.command(&[option, "people", "erase", &grace]).args(site.host()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(option), "{said}");
    }
    let sentence = refused(&mut site.command(&["people", "list", "--config", "/no such/settings.toml"]));
    assert!(sentence.contains("/no such/settings.toml is not there"), "{sentence}");
    assert!(ok(&mut site.command(&["people", "list"])).contains("Grace"), "nothing was done");
    let sentence = refused(&mut site.command(&["replay", "/no such folder"]));
    assert!(sentence.contains("/no such folder is not there"), "{sentence}");
}

#[test]
fn consent_is_given_to_the_text_of_now() {
    let site = Site::new();
    let grace = site.add("Grace");
    for version in ["", "2", "1 "] {
        let enrol = ["people", "enrol", &grace, "--from", "/dev/null", "--consent", version];
        let sentence = refused(site.command(&enrol).args(site.host()));
        assert!(sentence.contains("version '1'") && sentence.contains("--consent 1"), "{sentence}");
    }
}
