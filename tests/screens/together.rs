//! The two-person rule at the screen.

use super::{Bench, host_request};
use crate::fake::{HOST, name, person};
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use faceprint::{
    domain::{Host, HostId, PersonId},
    runtime::messages::{HostRequest, HostRow, Refusal, ReplyBody, Request, RequestBody, SecondHost},
};
use std::time::Duration;

const ALAN: HostId = HostId::from_bytes([3; 16]);
const MARY: HostId = HostId::from_bytes([4; 16]);

fn needed() -> Result<ReplyBody, Refusal> {
    let others = vec![Host { id: ALAN, name: name("Alan") }, Host { id: MARY, name: name("Mary") }];
    Err(Refusal::SecondHostNeeded { others })
}

impl Bench {
    /// The oldest request that comes with a second host: who, and what for.
    pub fn agreed(&mut self) -> Option<(Request, HostId)> {
        let with = |body: &RequestBody| matches!(host_request(body), Some(HostRequest::WithSecond(..)));
        let request = self.fake.find(with)?;
        let Some(HostRequest::WithSecond(SecondHost { host, .. }, _)) = host_request(&request.body) else {
            unreachable!()
        };
        let host = *host;
        Some((request, host))
    }

    fn wanted(&mut self, wanted: impl Fn(&HostRequest) -> bool) -> Option<Request> {
        self.fake.find(|body| host_request(body).is_some_and(&wanted))
    }

    fn check(&mut self, label: &str) {
        self.harness.get_by_role_and_label(Role::CheckBox, label).click();
        self.run();
    }
}

fn inner(request: &Request) -> &HostRequest {
    match host_request(&request.body) {
        Some(HostRequest::WithSecond(_, request)) => request,
        other => panic!("{other:?}"),
    }
}

/// At the dialog in which a second host agrees to erasing Ada.
pub fn erasing() -> Bench {
    let mut bench = Bench::host_mode();
    bench.press("People");
    while let Some(request) = bench.wanted(|request| matches!(request, HostRequest::People)) {
        bench.fake.reply(&request, Ok(ReplyBody::People(vec![person(2, "Ada", 3)])));
    }
    bench.run();
    erase_again(&mut bench);
    bench
}

/// The same from the list of people.
pub fn erase_again(bench: &mut Bench) {
    bench.press("Erase Ada");
    bench.check("I understand that this cannot be undone");
    bench.press("Erase");
    let request = bench.wanted(|request| matches!(request, HostRequest::ErasePerson(_))).unwrap();
    bench.fake.reply(&request, needed());
    bench.run();
    assert!(bench.says("A second host has to agree"));
}

#[test]
fn erasing_takes_a_second_host_and_a_wrong_pin_stays() {
    let mut bench = erasing();
    bench.press("Mary");
    bench.press("Agree");
    assert!(bench.agreed().is_none(), "not without a PIN");
    bench.write_pin("Their PIN", "111111");
    bench.press("Agree");
    let (request, host) = bench.agreed().unwrap();
    assert!(host == MARY && host != HOST);
    let ada = PersonId::from_bytes([2; 16]);
    assert!(matches!(inner(&request), HostRequest::ErasePerson(id) if *id == ada));
    bench.fake.reply(&request, Err(Refusal::WrongPin { tries_left: 9 }));
    bench.run();
    assert!(bench.says("This PIN is wrong. 9 tries are left.") && bench.says("A second host has to agree"));
    bench.press("Agree");
    assert!(bench.agreed().is_none(), "what was typed is gone");
    bench.write_pin("Their PIN", "605142");
    bench.press("Agree");
    let (request, host) = bench.agreed().unwrap();
    assert_eq!(host, MARY);
    bench.fake.reply(&request, Ok(ReplyBody::Done));
    bench.run();
    assert!(!bench.says("A second host has to agree"));
    assert!(
        bench.wanted(|request| matches!(request, HostRequest::People)).is_some(),
        "the list is read again"
    );
}

#[test]
fn a_locked_second_host_waits_and_the_dialog_can_be_left() {
    let mut bench = erasing();
    bench.write_pin("Their PIN", "111111");
    bench.press("Agree");
    let (request, host) = bench.agreed().unwrap();
    assert_eq!(host, ALAN, "the first is chosen");
    bench.fake.reply(&request, Err(Refusal::LockedOut { retry_in: Some(Duration::from_secs(30)) }));
    bench.run();
    assert!(bench.says("Try again in 0:30"));
    bench.wait(Duration::from_secs(10));
    assert!(bench.says("Try again in 0:20"));
    bench.press("Cancel");
    assert!(!bench.says("A second host has to agree") && !bench.says("Erase Ada?"));
}

#[test]
fn the_rule_is_switched_on_the_hosts_page() {
    let mut bench = Bench::host_mode();
    let rows = |bench: &mut Bench, two_person| {
        let request = bench.wanted(|request| matches!(request, HostRequest::HostRows)).unwrap();
        let you = HostRow { host: bench.fake.hosts[0].clone(), locked: false, recovered: false, you: true };
        let alan = HostRow {
            host: Host { id: ALAN, name: name("Alan") },
            locked: false,
            recovered: false,
            you: false,
        };
        bench.fake.reply(&request, Ok(ReplyBody::HostRows { rows: vec![you, alan], two_person }));
        bench.run();
    };
    bench.press("Hosts");
    rows(&mut bench, false);
    bench.check("Two-person rule");
    assert!(bench.says("From now on a second host has to agree"));
    bench.press("Switch on");
    let request = bench.wanted(|request| matches!(request, HostRequest::TwoPerson(true))).unwrap();
    bench.fake.reply(&request, Ok(ReplyBody::Done));
    bench.run();
    rows(&mut bench, true);

    // One of the last two stays while it is on.
    bench.press("Remove Alan");
    bench.press("Remove");
    let request = bench.wanted(|request| matches!(request, HostRequest::RemoveHost(ALAN))).unwrap();
    let sentence = "the two-person rule is on and needs two hosts";
    bench.fake.reply(&request, Err(Refusal::Failed(sentence.into())));
    bench.run();
    assert!(bench.says("needs two hosts"));
    bench.press("Cancel");

    // Off takes both.
    bench.check("Two-person rule");
    bench.press("Switch off");
    let request = bench.wanted(|request| matches!(request, HostRequest::TwoPerson(false))).unwrap();
    bench.fake.reply(&request, needed());
    bench.run();
    bench.write_pin("Their PIN", "605142");
    bench.press("Agree");
    let (request, _) = bench.agreed().unwrap();
    assert!(matches!(inner(&request), HostRequest::TwoPerson(false)));
    bench.fake.reply(&request, Ok(ReplyBody::Done));
    bench.run();
    rows(&mut bench, false);
    assert!(bench.says("Done. It is on disk."));
}

#[test]
fn a_new_host_and_a_new_recovery_code_take_both_as_well() {
    let mut bench = Bench::host_mode();
    bench.press("Hosts");
    bench.press("Add host");
    bench.write("Name", "Lise");
    bench.write_pin("New PIN", "a sentence of words");
    bench.write_pin("The same PIN again", "a sentence of words");
    bench.press("Add");
    let request = bench.wanted(|request| matches!(request, HostRequest::AddHost { .. })).unwrap();
    bench.fake.reply(&request, needed());
    bench.run();
    bench.write_pin("Their PIN", "605142");
    bench.press("Agree");
    let (request, _) = bench.agreed().unwrap();
    assert!(matches!(inner(&request), HostRequest::AddHost { name, .. } if name.as_str() == "Lise"));
    bench.fake.reply(&request, Ok(ReplyBody::Done));
    bench.run();

    bench.press("New recovery code");
    bench.press("Show it");
    let request = bench.wanted(|request| matches!(request, HostRequest::NewRecoveryCode)).unwrap();
    bench.fake.reply(&request, needed());
    bench.run();
    bench.write_pin("Their PIN", "605142");
    bench.press("Agree");
    let (request, _) = bench.agreed().unwrap();
    assert!(matches!(inner(&request), HostRequest::NewRecoveryCode));
    let code = faceprint::crypto::RecoveryCode::random().unwrap();
    let shown = code.shown();
    let hidden = faceprint::runtime::messages::Hidden(code);
    bench.fake.reply(&request, Ok(ReplyBody::RecoveryCode(hidden)));
    bench.run();
    assert!(bench.says(&shown));
}
