//! Choosing a camera and a network in the settings, and whom the kiosk no longer knows.

use super::{Bench, host_request};
use crate::fake::{name, person};
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use faceprint::{
    domain::{CameraSpec, Consent, WeightsId},
    runtime::messages::{CameraRow, HostRequest, NetworkKind, NetworkRow, ReplyBody},
    settings::Settings,
};

/// A recogniser with which `left_out` people must be enrolled again.
pub fn row(id: &str, is_default: bool, left_out: usize) -> NetworkRow {
    NetworkRow {
        id: WeightsId::new(id).unwrap(),
        kind: NetworkKind::Recogniser,
        licence: "MIT".into(),
        measured: is_default.then_some((0.001, 100)),
        asks: is_default.then_some((240, 0.612)),
        left_out,
        built_in: is_default,
        is_default,
        fault: None,
    }
}

fn at_settings() -> Bench {
    let mut bench = Bench::tall();
    bench.log_in();
    bench.press("Settings");
    for _ in 0..3 {
        let known = |body: &_| {
            matches!(
                host_request(body),
                Some(HostRequest::Settings | HostRequest::Cameras | HostRequest::Networks)
            )
        };
        let request = bench.fake.find(known).expect("settings, cameras and networks are asked for");
        let body = match host_request(&request.body) {
            Some(HostRequest::Settings) => ReplyBody::Settings(Box::new(Settings::for_site("Main entrance"))),
            Some(HostRequest::Cameras) => {
                ReplyBody::Cameras(vec![CameraRow { spec: "2".into(), name: "HD Webcam".into() }])
            }
            _ => ReplyBody::Networks(vec![row("fp-face-4", true, 0), row("mbf-w8", false, 12)]),
        };
        bench.fake.reply(&request, Ok(body));
    }
    bench.run();
    bench
}

fn saved(bench: &mut Bench) -> Settings {
    bench.press("Save");
    let save = |body: &_| matches!(host_request(body), Some(HostRequest::SaveSettings(_)));
    let request = bench.fake.find(save).expect("the form is saved");
    let Some(HostRequest::SaveSettings(settings)) = host_request(&request.body) else { unreachable!() };
    *settings.clone()
}

#[test]
fn a_camera_is_chosen_from_those_that_were_found() {
    let mut bench = at_settings();
    bench.press("HD Webcam (2)");
    assert!(bench.says("not saved yet"));
    assert_eq!(saved(&mut bench).camera, CameraSpec::Index(2));
    let mut bench = at_settings();
    bench.press("Look for cameras again");
    assert!(bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::Cameras))).is_some());
    bench.press("Built-in demo (demo)");
    assert_eq!(saved(&mut bench).camera, CameraSpec::Demo(1));
}

#[test]
fn an_emptied_consent_text_stays_empty_and_means_the_built_in_one() {
    let mut bench = at_settings();
    bench.empty_consent();
    assert!(bench.says("Everything is as saved."));
    bench.harness.get_by_role_and_label(Role::MultilineTextInput, "Consent").type_text("Ours.");
    bench.run();
    assert_eq!(saved(&mut bench).consent_text, "Ours.");
}

#[test]
fn another_recogniser_says_how_many_people_it_costs_before_it_is_taken() {
    let mut bench = at_settings();
    assert!(bench.says("0.1\u{a0}% of strangers") && bench.says("were not measured"));
    bench.press("mbf-w8");
    assert!(bench.says("12 people must be enrolled again"));
    bench.press("Cancel");
    assert!(bench.says("Everything is as saved."), "not without a second word");
    bench.press("mbf-w8");
    bench.press("Use it");
    assert_eq!(saved(&mut bench).recogniser, WeightsId::new("mbf-w8").ok());
}

#[test]
fn people_whom_the_new_network_does_not_know_are_listed() {
    let mut bench = Bench::host_mode();
    bench.press("People");
    let mut known = person(2, "Ada Lovelace", 3);
    let mut lost = person(3, "Alan Turing", 0);
    let consent = Consent { version: "1".into(), at: known.person.created };
    known.person.consent = Some(consent.clone());
    lost.person.consent = Some(consent);
    let rows = || vec![known.clone(), lost.clone(), person(4, "Emmy Noether", 0)];
    while let Some(request) = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::People)))
    {
        bench.fake.reply(&request, Ok(ReplyBody::People(rows())));
        bench.run();
    }
    assert!(bench.says("Emmy Noether"));
    bench.harness.get_by_role_and_label(Role::ComboBox, "Who is listed").click();
    bench.run();
    bench.harness.get_all_by_role_and_label(Role::Button, "Enrol again").last().unwrap().click();
    bench.run();
    assert!(bench.says(name("Alan Turing").as_str()));
    assert!(!bench.says("Ada Lovelace") && !bench.says("Emmy Noether"));
}
