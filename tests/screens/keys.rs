//! Keys and backup, walked as a host would.

use super::{Bench, host_request};
use crate::fake::{name, person};
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use faceprint::{
    domain::{Host, HostId},
    runtime::messages::{
        BadMoment, FolderView, HostRequest, HostRow, Job, JobView, KeyView, NewKey, Refusal, ReplyBody,
        Request, SecondHost,
    },
    ui::HostPage,
};

const WORDS: &str = "four unrelated words";
const STICK: &str = "/media/usb/STICK";

/// The oldest request that `wanted` picks.
fn wanted(bench: &mut Bench, wanted: impl Fn(&HostRequest) -> bool) -> Option<Request> {
    bench.fake.find(|body| host_request(body).is_some_and(&wanted))
}

fn reply(bench: &mut Bench, request: &Request, body: Result<ReplyBody, Refusal>) {
    bench.fake.reply(request, body);
    bench.run();
}

fn job(bench: &mut Bench, job: Option<(Job, u64, u64)>) {
    bench.fake.snapshot.lock().unwrap().job = job.map(|(job, done, total)| JobView { job, done, total });
    bench.run();
}

/// At the page, as the hosts page leads to it.
fn page(file: Option<&str>, rotating: bool) -> Bench {
    let mut bench = Bench::host_mode();
    bench.press("Hosts");
    bench.press("Keys and backup");
    assert_eq!(bench.page(), Some(HostPage::Keys));
    tell(&mut bench, file, rotating);
    let request = wanted(&mut bench, |request| matches!(request, HostRequest::Folders)).unwrap();
    let folder = |path: &str, removable| FolderView { path: path.into(), removable, csv_files: Vec::new() };
    let folders = vec![folder("/data/exports", false), folder(STICK, true)];
    reply(&mut bench, &request, Ok(ReplyBody::Folders(folders)));
    bench
}

/// Says what opens the store.
fn tell(bench: &mut Bench, file: Option<&str>, rotating: bool) {
    let request = wanted(bench, |request| matches!(request, HostRequest::Keys)).unwrap();
    let view = KeyView { file: file.map(Into::into), new_file: Some("/etc/device.key".into()), rotating };
    reply(bench, &request, Ok(ReplyBody::Keys(view)));
}

fn write_words(bench: &mut Bench, again: &str) {
    bench.write_pin("Passphrase", WORDS);
    bench.write_pin("The same passphrase again", again);
}

fn is_backup(request: &HostRequest) -> bool {
    matches!(request, HostRequest::Backup { .. })
}

#[test]
fn a_backup_goes_to_the_stick_with_a_passphrase_typed_twice_and_ones_own_pin() {
    let mut bench = page(Some("/etc/device.key"), false);
    bench.press("Make a backup");
    write_words(&mut bench, WORDS);
    bench.press("Save");
    assert!(wanted(&mut bench, is_backup).is_none(), "not without one's own PIN");
    bench.write_pin("Present PIN", "111111");
    bench.press("Save");
    let request = wanted(&mut bench, is_backup).unwrap();
    reply(&mut bench, &request, Err(Refusal::WrongPin { tries_left: 9 }));
    assert!(bench.says("This PIN is wrong. 9 tries are left."), "in the dialog, which stays");
    bench.press("Save");
    let request = wanted(&mut bench, is_backup).unwrap();
    let Some(HostRequest::Backup { folder, .. }) = host_request(&request.body) else { unreachable!() };
    assert_eq!(folder.as_deref(), Some(STICK.as_ref()), "the stick, although the kiosk's folder comes first");
    job(&mut bench, Some((Job::Backup, 0, 0)));
    assert!(bench.says("One moment…") && !bench.says("Present PIN"), "the dialog gives way to the progress");
    job(&mut bench, Some((Job::Backup, 700, 4_200)));
    assert!(bench.says("700 of 4,200") || bench.says("700 of 4200"));
    job(&mut bench, None);
    let path = format!("{STICK}/faceprint.backup").into();
    reply(&mut bench, &request, Ok(ReplyBody::BackedUp { path, records: 4_200 }));
    assert!(bench.says("/media/usb/STICK/faceprint.backup"), "where it was saved");

    bench.press("Make a backup");
    write_words(&mut bench, WORDS);
    bench.write_pin("Present PIN", "802715");
    bench.press("Save");
    job(&mut bench, Some((Job::Backup, 7, 4_200)));
    bench.press("Stop");
    assert!(wanted(&mut bench, |request| matches!(request, HostRequest::CancelWork)).is_some());
    let request = wanted(&mut bench, is_backup).unwrap();
    job(&mut bench, None);
    reply(&mut bench, &request, Err(Refusal::Failed(BadMoment::Stopped.into())));
    assert!(bench.says("Stopped before its end."));
}

#[test]
fn two_different_passphrases_or_a_short_one_make_no_backup() {
    let mut bench = page(Some("/etc/device.key"), false);
    bench.press("Make a backup");
    write_words(&mut bench, "four unrelated birds");
    bench.write_pin("Present PIN", "802715");
    bench.press("Save");
    assert!(wanted(&mut bench, is_backup).is_none());
    bench.press("Cancel");
    bench.press("Make a backup");
    bench.write_pin("Passphrase", "short");
    bench.write_pin("The same passphrase again", "short");
    bench.write_pin("Present PIN", "802715");
    bench.press("Save");
    assert!(wanted(&mut bench, is_backup).is_none());
}

#[test]
fn what_opens_the_store_is_shown_and_changed_with_a_second_host() {
    let mut bench = page(Some("/etc/device.key"), false);
    assert!(bench.says("The key file /etc/device.key opens the records"));
    bench.press("New passphrase");
    assert!(bench.says("starts only when somebody gives this passphrase"));
    write_words(&mut bench, WORDS);
    bench.write_pin("Present PIN", "802715");
    bench.press("Change");
    let change = |request: &HostRequest| matches!(request, HostRequest::ChangeKey { .. });
    let request = wanted(&mut bench, change).unwrap();
    let others = vec![Host { id: HostId::from_bytes([3; 16]), name: name("Alan") }];
    reply(&mut bench, &request, Err(Refusal::SecondHostNeeded { others }));
    assert!(bench.says("A second host has to agree"));
    bench.write_pin("Their PIN", "605142");
    bench.press("Agree");
    let agreed = |request: &HostRequest| matches!(request, HostRequest::WithSecond(..));
    let request = wanted(&mut bench, agreed).unwrap();
    let Some(HostRequest::WithSecond(SecondHost { host, .. }, deed)) = host_request(&request.body) else {
        unreachable!()
    };
    assert_eq!(*host, HostId::from_bytes([3; 16]));
    assert!(matches!(**deed, HostRequest::ChangeKey { key: NewKey::Passphrase(_), .. }));
    reply(&mut bench, &request, Ok(ReplyBody::Done));
    assert!(bench.says("An old copy of the records still opens with the old key"));
    tell(&mut bench, None, false);
    assert!(bench.says("A passphrase opens the records"));

    bench.press("New key file");
    assert!(bench.says("A new key is drawn and saved as /etc/device.key"));
    bench.write_pin("Present PIN", "802715");
    bench.press("Change");
    let request = wanted(&mut bench, change).unwrap();
    let Some(HostRequest::ChangeKey { key: NewKey::File, .. }) = host_request(&request.body) else {
        panic!("{:?}", request.body)
    };
    reply(&mut bench, &request, Err(Refusal::Failed("the disk is full".into())));
    assert!(bench.says("The disk is full"), "the dialog stays and says why");
    bench.press("Cancel");
}

#[test]
fn the_master_key_changes_in_the_background_and_its_end_is_seen() {
    let mut bench = page(None, false);
    bench.press("Change the master key");
    bench.press("Change it");
    let request = wanted(&mut bench, |request| matches!(request, HostRequest::RotateKey)).unwrap();
    reply(&mut bench, &request, Ok(ReplyBody::Done));
    tell(&mut bench, None, true);
    job(&mut bench, Some((Job::RotateKey, 30, 90)));
    assert!(bench.says("30 of 90") && bench.says("The kiosk can be used meanwhile"));
    let button = bench.harness.query_by_role_and_label(Role::Button, "Change the master key");
    assert!(button.is_none(), "not twice");
    bench.press("Make a backup"); // which the change waits for
    bench.press("Cancel");
    job(&mut bench, None);
    tell(&mut bench, None, false);
    assert!(bench.harness.query_by_role_and_label(Role::Button, "Change the master key").is_some());
}

#[test]
fn a_host_who_came_in_with_the_recovery_code_is_marked() {
    let mut bench = Bench::host_mode();
    bench.press("Hosts");
    let request = wanted(&mut bench, |request| matches!(request, HostRequest::HostRows)).unwrap();
    let host = Host { id: HostId::from_bytes([3; 16]), name: name("Alan") };
    let rows = vec![HostRow { host, locked: false, recovered: true, you: false }];
    reply(&mut bench, &request, Ok(ReplyBody::HostRows { rows, two_person: true }));
    assert!(bench.says("Newly unlocked"));
}

#[test]
fn locked_days_do_not_outlive_the_rule_on_keeping_and_both_screens_say_so() {
    let mut bench = Bench::tall();
    bench.log_in();
    bench.press("Settings");
    let settings = faceprint::settings::Settings::for_site("Main entrance");
    let request = wanted(&mut bench, |request| matches!(request, HostRequest::Settings)).unwrap();
    reply(&mut bench, &request, Ok(ReplyBody::Settings(Box::new(settings))));
    assert!(bench.says("in locked periods too"));
    bench.press("Keys and backup…");
    assert_eq!(bench.page(), Some(HostPage::Keys));
    bench.press("Attendance");
    while let Some(request) = wanted(&mut bench, |request| matches!(request, HostRequest::People)) {
        reply(&mut bench, &request, Ok(ReplyBody::People(vec![person(2, "Ada", 3)])));
    }
    while let Some(request) = wanted(&mut bench, |request| matches!(request, HostRequest::Period)) {
        reply(&mut bench, &request, Ok(ReplyBody::Period(None)));
    }
    bench.press("Lock days");
    assert!(bench.says("A lock keeps nothing longer than the settings say"));
}
