//! What an attendee and an installing technician see, walked by label.

use super::{Bench, SIZES, host_request};
use crate::fake::{Fake, PIN, name, person};
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use faceprint::{
    app::BenchRun,
    crypto::RecoveryCode,
    diagnostics::bench::BenchReport,
    domain::{Clock as _, Host, HostId, MarkKind, Rect, TrackId},
    runtime::messages::{
        CameraNow, CameraStatus, FaceState, FaceView, Fault, Hidden, HostRequest, HostRow, PinMark, Refusal,
        ReplyBody, RequestBody, SourceInfo, SourceName, Stage, StageTime, Worker,
    },
    settings::{Display, Look, Settings},
    ui::{HostPage, Screen, Words, theme},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

#[test]
fn whoever_does_not_want_to_be_read_uses_badge_and_pin() {
    let mut bench = Bench::new();
    bench.press("Use ID and PIN");
    assert!(bench.says("Your ID or badge number"));
    bench.press("7");
    bench.press("ABC");
    bench.press("K");
    assert!(bench.says("Typed: 7K"));
    bench.press("Next");
    assert!(bench.says("Your PIN"));
    for digit in PIN.chars() {
        bench.press(&digit.to_string());
    }
    assert!(bench.says("6 digits typed") && !bench.says(PIN));
    bench.press("Next");
    let asked =
        |bench: &mut Bench| bench.fake.find(|body| matches!(body, RequestBody::MarkByPin { .. })).unwrap();
    let request = asked(&mut bench);
    assert!(matches!(&request.body, RequestBody::MarkByPin { badge, kind: None, .. } if badge == "7K"));
    bench.fake.reply(&request, Ok(ReplyBody::ChooseKind { name: name("Ada Lovelace") }));
    bench.run();
    assert!(bench.says("Ada Lovelace") && bench.says("In or out?"));
    bench.press("Break");
    let request = asked(&mut bench);
    assert!(matches!(request.body, RequestBody::MarkByPin { kind: Some(MarkKind::BreakStart), .. }));
    let at = bench.fake.clock.now().utc;
    let mark = PinMark { name: name("Ada Lovelace"), kind: MarkKind::BreakStart, at, recorded: true };
    bench.fake.reply(&request, Ok(ReplyBody::Marked(mark)));
    bench.run();
    assert!(bench.says("Break began"));
    bench.wait(Duration::from_secs(7));
    assert!(matches!(bench.harness.state().screen(), Screen::Attendee));
}

#[test]
fn a_wrong_pin_of_an_attendee_says_no_more_than_that() {
    let mut bench = Bench::new();
    bench.press("Use ID and PIN");
    for part in ["12", "111111"] {
        // A badge reader types like a keyboard.
        bench.harness.event(egui::Event::Text(part.to_owned()));
        bench.harness.key_press(egui::Key::Enter);
        bench.run();
    }
    let request = bench.fake.find(|body| matches!(body, RequestBody::MarkByPin { .. })).unwrap();
    bench.fake.reply(&request, Err(Refusal::WrongPin { tries_left: 1 }));
    bench.run();
    assert!(bench.says("The ID or the PIN is wrong. One try is left."));
    bench.wait(Duration::from_secs(31));
    assert!(matches!(bench.harness.state().screen(), Screen::Attendee), "nobody stays logged half in");
}

#[test]
fn the_screen_rests_and_a_face_wakes_it() {
    let mut bench = Bench::new();
    bench.wait(Duration::from_secs(299));
    assert!(!bench.harness.state().resting());
    bench.wait(Duration::from_secs(2));
    assert!(bench.harness.state().resting() && bench.says("Come closer"));
    assert!(!bench.says("Use ID and PIN"));
    let face = FaceView {
        track: TrackId(1),
        bbox: Rect { x0: 10.0, y0: 10.0, x1: 90.0, y1: 110.0 },
        state: FaceState::Reading(0.2),
    };
    bench.fake.snapshot.lock().unwrap().faces = vec![face];
    bench.run();
    assert!(!bench.harness.state().resting() && bench.says("Use ID and PIN"));
}

#[test]
fn the_screen_does_not_rest_while_no_face_could_wake_it() {
    let mut bench = Bench::new();
    let fault = Fault { worker: Worker::Recogniser, sentence: "recognition does not run".into() };
    bench.fake.snapshot.lock().unwrap().faults = vec![fault];
    bench.wait(Duration::from_secs(301));
    assert!(!bench.harness.state().resting() && bench.says("Recognition does not run."));
}

#[test]
fn lamps_say_what_is_wrong() {
    let mut bench = Bench::new();
    assert!(bench.says("Camera: in order") && bench.says("Storage: in order"));
    bench.fake.snapshot.lock().unwrap().faults =
        vec![Fault { worker: Worker::Ledger, sentence: "the disk is full: free some space".into() }];
    bench.run();
    assert!(bench.says("Storage: fault") && bench.says("Camera: in order"));
}

#[test]
fn large_type_and_high_contrast_fit_every_screen() {
    for size in SIZES {
        let mut settings = Settings::for_site("Main entrance");
        settings.display =
            Display { look: Look::Light, large_type: true, high_contrast: true, ..Display::default() };
        let mut bench = Bench::with(settings, size, None);
        bench.fake.answer_hosts();
        bench.run();
        bench.recorded(1, 1, "Ada Lovelace", MarkKind::CheckIn);
        bench.check_buttons("two cards");
        let ground = bench.harness.ctx.global_style().visuals.panel_fill;
        assert_eq!(ground, theme::LIGHT_STRONG.ground);
        bench.press("Use ID and PIN");
        bench.check_buttons("badge");
        bench.press("ABC");
        bench.check_buttons("badge, letters");
    }
}

#[test]
fn hosts_are_added_unlocked_and_removed() {
    let mut bench = Bench::host_mode();
    bench.press("Hosts");
    let request = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::HostRows))).unwrap();
    let other = HostId::from_bytes([3; 16]);
    let rows = vec![
        HostRow { host: bench.fake.hosts[0].clone(), locked: false, recovered: false, you: true },
        HostRow { host: Host { id: other, name: name("Alan") }, locked: true, recovered: false, you: false },
    ];
    bench.fake.reply(&request, Ok(ReplyBody::HostRows { rows, two_person: false }));
    bench.run();
    assert!(bench.says("Grace Hopper") && bench.says("You") && bench.says("Locked"));
    bench.press("Unlock Alan");
    let wanted =
        |body: &RequestBody| matches!(host_request(body), Some(HostRequest::UnlockHost(id)) if *id == other);
    assert!(bench.fake.find(wanted).is_some());
    bench.press("Add host");
    bench.write("Name", "Mary");
    bench.write_pin("New PIN", "a sentence of words");
    bench.press("Add");
    assert!(
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::AddHost { .. }))).is_none()
    );
    bench.write_pin("The same PIN again", "a sentence of words");
    bench.press("Add");
    let request =
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::AddHost { .. }))).unwrap();
    bench.fake.reply(&request, Ok(ReplyBody::Done));
    bench.run();
    assert!(bench.says("Done. It is on disk."));
    bench.press("Remove Alan");
    bench.press("Remove");
    let wanted =
        |body: &RequestBody| matches!(host_request(body), Some(HostRequest::RemoveHost(id)) if *id == other);
    assert!(bench.fake.find(wanted).is_some());
}

#[test]
fn a_locked_host_comes_back_with_the_recovery_code() {
    let mut bench = Bench::tall();
    bench.press("Host mode");
    bench.fake.answer_hosts();
    bench.run();
    bench.type_pin("111111");
    let request = bench.fake.find(|body| matches!(body, RequestBody::Login { .. })).unwrap();
    bench.fake.reply(&request, Err(Refusal::LockedOut { retry_in: None }));
    bench.run();
    bench.press("Use the recovery code");
    bench.write("Recovery code", "7Q2MX-7Q2MX-7Q2MX-7Q2MX-7Q2MX");
    bench.press("Unlock with it");
    let request = bench.fake.find(|body| matches!(body, RequestBody::Recover { new_pin: None, .. })).unwrap();
    bench.fake.reply(&request, Err(Refusal::WrongCode));
    bench.run();
    assert!(bench.says("The recovery code is wrong"));
    bench.press("Unlock with it");
    let request = bench.fake.find(|body| matches!(body, RequestBody::Recover { .. })).unwrap();
    let code = RecoveryCode::random().unwrap();
    let shown = code.shown();
    bench.fake.reply(&request, Ok(ReplyBody::RecoveryCode(Hidden(code))));
    bench.run();
    assert!(bench.says(&shown), "the next code is shown once");
}

#[test]
fn settings_always_say_whether_they_are_saved() {
    let mut bench = Bench::tall();
    bench.log_in();
    bench.press("Settings");
    let request = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::Settings))).unwrap();
    let settings = Settings::for_site("Main entrance");
    bench.fake.reply(&request, Ok(ReplyBody::Settings(Box::new(settings.clone()))));
    bench.run();
    assert!(bench.says("Everything is as saved."));
    bench.press("Seconds before the same person is marked again: +10");
    assert!(bench.says("not saved yet"));
    bench.press("Undo changes");
    assert!(bench.says("Everything is as saved."));
    bench.press("Processor");
    bench.press("Save");
    let request =
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::SaveSettings(_)))).unwrap();
    let Some(HostRequest::SaveSettings(saved)) = host_request(&request.body) else { unreachable!() };
    let saved = saved.clone();
    bench.fake.reply(&request, Err(Refusal::Failed("the disk is full: free some space".into())));
    bench.run();
    assert!(bench.says("The disk is full"), "a failure is not a save");
    bench.press("Save");
    let request =
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::SaveSettings(_)))).unwrap();
    bench.fake.reply(&request, Ok(ReplyBody::Settings(saved)));
    bench.run();
    assert!(bench.says("Saved at") && bench.says("when the kiosk is started again"));
}

#[test]
fn the_speed_test_runs_beside_the_kiosk_and_can_be_cancelled() {
    let run: BenchRun = Arc::new(|watch| {
        for done in 0..1_000_u64 {
            if watch.cancel.load(Ordering::Relaxed) {
                break;
            }
            watch.done.store(done.min(150), Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(BenchReport {
            machine: "test".into(),
            cores: 2,
            device: "cpu".into(),
            weights: "w".into(),
            camera: "demo".into(),
            size: (1280, 720),
            frames: 300,
            seconds: 10.0,
            stages: vec![StageTime { stage: Stage::Frame, p50_ms: 33.0, p95_ms: 40.0, p99_ms: 50.0 }],
        })
    });
    let mut bench = Bench::tall_with(run);
    bench.log_in();
    bench.press("Diagnostics");
    assert!(bench.says("Speed test"));
    bench.press("Run the speed test");
    assert!(bench.says("of 300 frames"));
    bench.press("Cancel");
    for _ in 0..200 {
        bench.run();
        if bench.says("Run the speed test") {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("a cancelled test ends");
}

#[test]
fn a_long_name_of_a_camera_pushes_nothing_over_the_edge() {
    let mut bench = Bench::with(Settings::for_site("Main entrance"), SIZES[1], None);
    bench.fake.answer_hosts();
    {
        let mut snapshot = bench.fake.snapshot.lock().unwrap();
        snapshot.camera = CameraStatus::Live;
        let name =
            SourceName::Device("Logitech Integrated Conference Camera, second generation, front".into());
        let mode = SourceInfo { name, width: 1920, height: 1080, fps: 30.0, pixel_format: "MJPEG" };
        snapshot.stats.camera = CameraNow::Live(mode);
        snapshot.stats.stages =
            vec![StageTime { stage: Stage::Frame, p50_ms: 33.0, p95_ms: 40.0, p99_ms: 50.0 }];
    }
    bench.run();
    bench.log_in();
    bench.press("Diagnostics");
    let last = bench.harness.get_by_role_and_label(Role::Button, "p99").rect();
    assert!(last.right() <= SIZES[1].0, "the last column ends at {last:?}");
}

#[test]
fn the_times_of_the_stages_sort_by_every_title() {
    let row = |stage, p50_ms, p95_ms, p99_ms| StageTime { stage, p50_ms, p95_ms, p99_ms };
    let mut bench = Bench::tall();
    bench.fake.snapshot.lock().unwrap().stats.stages = vec![
        row(Stage::Capture, 2.0, 9.0, 9.5),
        row(Stage::Detect, 25.0, 26.0, 27.0),
        row(Stage::Decide, 1.0, 3.0, 44.0),
    ];
    bench.log_in();
    bench.press("Diagnostics");
    let order = |bench: &Bench| {
        let mut rows = ["Take a frame", "Find faces", "Decide and record"].map(|label| {
            let node = bench.harness.query_all_by_label(label).last().expect(label);
            (node.rect().top(), label)
        });
        rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        rows.map(|(_, label)| label)
    };
    assert_eq!(order(&bench), ["Take a frame", "Find faces", "Decide and record"], "as a frame goes");
    for (title, rising) in [
        ("p50", ["Decide and record", "Take a frame", "Find faces"]),
        ("p95", ["Decide and record", "Take a frame", "Find faces"]),
        ("p99", ["Take a frame", "Find faces", "Decide and record"]),
        ("Stage", ["Take a frame", "Find faces", "Decide and record"]),
    ] {
        bench.press(title);
        assert_eq!(order(&bench), rising, "{title}");
        bench.press(title);
        let mut falling = rising;
        falling.reverse();
        assert_eq!(order(&bench), falling, "{title}, the other way round");
    }
}

#[test]
fn only_host_mode_closes_the_kiosk() {
    let mut bench = Bench::new();
    assert!(!bench.harness.state().may_close());
    bench.log_in();
    assert!(bench.harness.state().may_close());
    bench.press("Lock");
    assert!(!bench.harness.state().may_close());
}

#[test]
fn names_of_other_scripts_are_drawn_where_the_system_has_a_font() {
    let mut bench = Bench::new();
    for (number, who) in ["محمد علي", "דוד לוי", "Ιωάννα Ψ", "Łukasz Żółć", "Юлия Щ"].into_iter().enumerate()
    {
        if !system_can_write(&bench, who) {
            eprintln!("skipped {number}: no font on this machine has these letters");
            continue;
        }
        // A letter without a glyph would be a panic here.
        bench.recorded(number as u64, number as u64, who, MarkKind::CheckIn);
        assert!(bench.says(who), "read aloud as it was typed");
    }
}

/// Words of a right-to-left name stand from right to left, the letters within each as well, joined by the shaper; what is
/// read aloud stays in the order of typing. On the card, in a table and in a title.
#[test]
fn right_to_left_names_stand_in_reading_order() {
    // Each letter once, so that a glyph is known by its letter.
    for (who, first, second) in [("שלום כהן", "שלום", "כהן"), ("محمود رفيق", "محمود", "رفيق")]
    {
        let mut bench = Bench::host_mode();
        if !system_can_write(&bench, who) {
            eprintln!("skipped {who}: no font on this machine has these letters");
            continue;
        }
        bench.press("People");
        while let Some(request) =
            bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::People)))
        {
            bench.fake.reply(&request, Ok(ReplyBody::People(vec![person(2, who, 3)])));
            bench.run();
        }
        assert!(bench.says(who), "the table is read aloud as typed");
        bench.check_reading_order(&format!("{second} {first}"), first, second);
        let words = Words::new("en");
        bench.press(&words.with("people-edit-spoken", &[("name", who.into())]));
        let title = |name: &str| words.with("people-edit-title", &[("name", name.into())]);
        assert!(bench.says(&title(who)), "the title is read aloud as typed");
        bench.check_reading_order(&title(&format!("{second} {first}")), first, second);
        bench.press_escape();
        bench.press("Lock");
        bench.recorded(1, 1, who, MarkKind::CheckIn);
        assert!(bench.says(who), "the card is read aloud as typed");
        bench.check_reading_order(&format!("{second} {first}"), first, second);
    }
}

impl Bench {
    /// The text is painted with the first word to the right of the second, and its first letter to the right of its
    /// last one.
    fn check_reading_order(&self, drawn: &str, first: &str, second: &str) {
        fn gather<'a>(shape: &'a egui::Shape, found: &mut Vec<&'a egui::epaint::TextShape>) {
            match shape {
                egui::Shape::Text(text) => found.push(text),
                egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| gather(shape, found)),
                _ => {}
            }
        }
        let mut texts = Vec::new();
        for clipped in &self.harness.output().shapes {
            gather(&clipped.shape, &mut texts);
        }
        let text = texts.iter().find(|text| text.galley.text() == drawn);
        let text = text.unwrap_or_else(|| panic!("{drawn} is not painted"));
        let glyphs: Vec<(char, f32)> =
            text.galley.rows.iter().flat_map(|row| row.row.glyphs.iter().map(|g| (g.chr, g.pos.x))).collect();
        let place = |letter: char| glyphs.iter().find(|(chr, _)| *chr == letter).map(|(_, x)| *x);
        let ends = |word: &str| (word.chars().next().and_then(place), word.chars().last().and_then(place));
        let ((first_start, first_end), (second_start, _)) = (ends(first), ends(second));
        assert!(first_start > second_start, "{drawn}: the first word stands at the right: {glyphs:?}");
        assert!(first_start > first_end, "{drawn}: letters run to the left: {glyphs:?}");
    }
}

fn system_can_write(bench: &Bench, text: &str) -> bool {
    let font = theme::font(20.0);
    bench.harness.ctx.fonts_mut(|fonts| text.chars().all(|c| c == ' ' || fonts.has_glyph(&font, c)))
}

/// Every language on the smallest screen: nothing that can be pressed lies over anything else or outside.
#[test]
fn every_language_fits_the_smallest_screen() {
    for language in ["en", "de", "fr", "es"] {
        let mut settings = Settings::for_site("Main entrance");
        settings.language = language.into();
        let (mut fake, app) = Fake::new(settings.clone(), None);
        fake.answer_hosts();
        let mut bench = Bench::around(fake, app, (800.0, 480.0));
        bench.fake.snapshot.lock().unwrap().camera = CameraStatus::Live;
        bench.run();
        bench.recorded(1, 1, "Ada Lovelace", MarkKind::CheckIn);
        bench.recorded(2, 2, "Alan Turing", MarkKind::CheckOut);
        bench.check_apart(language, "attendee");
        bench.open_host_mode();
        let pages = bench.pages();
        for page in 0..pages {
            bench.open_page(page);
            bench.check_apart(language, &format!("page {page}"));
        }
        assert_eq!(bench.page(), Some(HostPage::Diagnostics), "{language}: {pages} entries");
    }
}
