//! Whatever a command is refused for, it closes the store in order: the next start has nothing to rebuild.
#![allow(clippy::unwrap_used)] // a test; the lint cannot see that of helpers

mod common;

use common::{HOST, Site, ok, refused};

/// A file with `text` on its first line, in the site's folder.
fn file(site: &Site, name: &str, text: &str) -> String {
    let path = site.folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The marker of a close in order stays where it is and says which entry was the last: only opening tells.
fn assert_closed(site: &Site, after: &[&str]) {
    let output = site.command(&["people", "list"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("rebuilt"), "`{}` left the store open: {said}", after.join(" "));
}

#[test]
fn a_wrong_pin_leaves_the_store_in_order_whatever_it_was_for() {
    let site = Site::new();
    let grace = site.add("Grace");
    let (wrong, new) = (file(&site, "wrong", "111111"), file(&site, "new", "908172"));
    let list = file(&site, "list.csv", "name,badge\nMary,12\n");
    let out = file(&site, "out", "");
    let words = file(&site, "words", "four unrelated words");
    let by_host = ["--host", HOST, "--pin-file", &wrong];
    let commands: [&[&str]; 15] = [
        &["people", "add", "Mary"],
        &["people", "import", &list],
        &["people", "enrol", &grace, "--from", &out, "--consent", "1"],
        &["people", "erase", &grace],
        &["people", "withdraw", &grace],
        &["people", "export", &grace, "--out", &out],
        &["people", "pin", &grace, "--new-pin-file", &new],
        &["hosts", "add", "Mary", "--new-pin-file", &new],
        &["hosts", "remove", "Mary"],
        &["hosts", "pin", "--new-pin-file", &new],
        &["hosts", "unlock", "Mary"],
        &["hosts", "recovery"],
        &["key", "change", "--new-passphrase-file", &words],
        &["key", "rotate"],
        &["export", "csv", "--from", "2026-11-01", "--to", "2026-11-30", "--out", &out],
    ];
    for command in commands {
        let sentence = refused(site.command(command).args(by_host));
        assert!(sentence.contains("wrong"), "{command:?}: {sentence}");
        assert_closed(&site, command);
    }
    let code = ["hosts", "unlock", HOST, "--recovery-file", &wrong];
    assert!(refused(&mut site.command(&code)).contains("recovery code is wrong"));
    assert_closed(&site, &code);
}

/// The PIN is right, and what was asked for cannot be done.
#[test]
fn a_refusal_after_the_pin_leaves_the_store_in_order() {
    let site = Site::new();
    let (nobody, missing) = ("00000000000000000000000000000001", "/dev/null/file");
    let commands: [&[&str]; 9] = [
        &["people", "erase", nobody],
        &["people", "enrol", nobody, "--from", missing, "--consent", "1"],
        &["people", "withdraw", nobody],
        &["people", "export", nobody],
        &["people", "import", missing],
        &["hosts", "remove", "Nobody"],
        &["hosts", "add", HOST, "--new-pin-file", missing],
        &["key", "change", "--new-passphrase-file", missing],
        &["export", "csv", "--from", "2026-11-01", "--to", "2026-11-30", "--out", missing],
    ];
    for command in commands {
        refused(site.command(command).args(site.host()));
        assert_closed(&site, command);
    }
    let grace = site.add("Grace");
    let camera = site.folder.path().join("none");
    refused(&mut site.command(&["replay", camera.to_str().unwrap()]));
    assert_closed(&site, &["replay"]);
    refused(
        site.command(&["people", "enrol", &grace, "--from", "/dev/null/file", "--consent", "1"])
            .args(site.host()),
    );
    assert_closed(&site, &["people", "enrol"]);
    assert!(ok(&mut site.command(&["people", "list"])).contains("Grace"));
}
