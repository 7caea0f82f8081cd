//! The real window, driven as a person would: by what is written on it, with a clock that the test owns.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers outside #[test] functions may fail a test too

mod door;
mod drawn;
mod fake;
mod fits;
mod hostday;
mod keyboard;
mod keys;
mod networks;
mod rows;
mod secrets;
mod together;

use egui::{Role, Vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT as _, Queryable as _},
};
use faceprint::{
    app::{BenchRun, FaceprintApp},
    crypto::RecoveryCode,
    domain::{EventId, MarkKind, PersonId, QualityIssue, Rect, TrackId},
    runtime::messages::{
        CameraFault, CameraStatus, EnrolmentPose, EnrolmentView, FaceState, FaceView, Fault, Hidden,
        HostRequest, Notice, ReplyBody, RequestBody, Worker,
    },
    settings::Settings,
    ui::{HostPage, Screen, theme},
};
use fake::{Fake, HOST, PIN, name, person};
use std::time::Duration;

/// In points; a window of 1080x1920 pixels is drawn larger and has 800x1422.
const SIZES: [(f32, f32); 5] =
    [(1280.0, 720.0), (800.0, 480.0), (1080.0, 1920.0), (1920.0, 1080.0), (800.0, 1422.0)];

/// A window and the workers that the test plays.
struct Bench {
    fake: Fake,
    harness: Harness<'static, FaceprintApp>,
}

impl Bench {
    fn with(settings: Settings, size: (f32, f32), strip: Option<&str>) -> Self {
        let (fake, app) = Fake::new(settings, strip);
        Self::around(fake, app, size)
    }

    fn around(fake: Fake, app: FaceprintApp, size: (f32, f32)) -> Self {
        let harness = Harness::builder()
            .with_size(Vec2::from(size))
            .with_step_dt(0.1)
            .with_max_steps(12)
            .with_context_setup(theme::install)
            .build_ui_state(
                |ui, app: &mut FaceprintApp| {
                    let ctx = ui.ctx().clone();
                    app.take_in(&ctx);
                    app.draw(ui);
                },
                app,
            );
        Self { fake, harness }
    }

    fn new() -> Self {
        let mut bench = Self::with(Settings::for_site("Main entrance"), SIZES[0], None);
        bench.fake.answer_hosts();
        bench.fake.snapshot.lock().unwrap().camera = CameraStatus::Live;
        bench.run();
        bench
    }

    fn host_mode() -> Self {
        let mut bench = Self::new();
        bench.log_in();
        bench
    }

    /// A screen on which long pages need no scrolling.
    fn tall() -> Self {
        Self::ready(Fake::new(Settings::for_site("Main entrance"), None))
    }

    /// The same, with a speed test.
    fn tall_with(run: BenchRun) -> Self {
        let (fake, app) = Fake::new(Settings::for_site("Main entrance"), None);
        Self::ready((fake, app.with_bench(run)))
    }

    fn ready((fake, app): (Fake, FaceprintApp)) -> Self {
        let mut bench = Self::around(fake, app, (1280.0, 4400.0));
        bench.fake.answer_hosts();
        bench.fake.snapshot.lock().unwrap().camera = CameraStatus::Live;
        bench.run();
        bench
    }

    fn log_in(&mut self) {
        self.press("Host mode");
        self.fake.answer_hosts();
        self.run();
        self.type_pin(PIN);
        self.fake.answer_login();
        self.run();
        assert_eq!(self.page(), Some(HostPage::Today));
    }

    /// Until nothing asks to be drawn at once, twice: what a press changed may show in the frame after.
    fn run(&mut self) {
        self.harness.run();
        self.harness.run();
    }

    fn wait(&mut self, time: Duration) {
        self.fake.clock.advance(time);
        self.run();
    }

    fn press(&mut self, label: &str) {
        self.harness.get_by_role_and_label(Role::Button, label).click();
        self.run();
    }

    fn write(&mut self, label: &str, text: &str) {
        self.harness.get_by_role_and_label(Role::TextInput, label).click();
        self.run();
        self.harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
        self.run();
    }

    fn write_pin(&mut self, label: &str, text: &str) {
        self.harness.get_by_role_and_label(Role::PasswordInput, label).click();
        self.run();
        self.harness.get_by_role_and_label(Role::PasswordInput, label).type_text(text);
        self.run();
    }

    fn type_pin(&mut self, pin: &str) {
        for digit in pin.chars() {
            self.press(&digit.to_string());
        }
        self.press("Unlock");
    }

    fn says(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    /// Whether one text stands higher than another.
    fn above(&self, higher: &str, lower: &str) -> bool {
        let top = |text: &str| {
            let node = self.harness.query_all_by_label_contains(text).next();
            node.unwrap_or_else(|| panic!("{text:?} is not on the screen")).rect().top()
        };
        top(higher) < top(lower)
    }

    fn page(&self) -> Option<HostPage> {
        match self.harness.state().screen() {
            Screen::Host(page, _) => Some(page.page()),
            _ => None,
        }
    }

    fn recorded(&mut self, event: u64, track: u64, who: &str, kind: MarkKind) {
        let at = faceprint::domain::Clock::now(&self.fake.clock).utc;
        let notice = Notice::Recorded {
            event: EventId(event),
            track: Some(TrackId(track)),
            name: name(who),
            kind,
            at,
            today: None,
        };
        self.fake.notices.send(notice).unwrap();
        self.run();
    }

    /// Into host mode whatever the language: the way in is the only small square at the top right.
    fn open_host_mode(&mut self) {
        let window = self.harness.ctx.content_rect();
        let corner = window.right_top() + egui::vec2(-40.0, 40.0);
        self.press_at(corner);
        self.fake.answer_hosts();
        self.run();
        for digit in PIN.chars() {
            self.harness.event(egui::Event::Text(digit.to_string()));
        }
        self.harness.key_press(egui::Key::Enter);
        self.run();
        self.fake.answer_login();
        self.run();
        assert_eq!(self.page(), Some(HostPage::Today));
    }

    fn press_at(&mut self, at: egui::Pos2) {
        self.harness.hover_at(at);
        self.harness.run();
        for pressed in [true, false] {
            let button = egui::PointerButton::Primary;
            let modifiers = egui::Modifiers::NONE;
            self.harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        }
        self.run();
    }

    /// Entries of the navigation: the buttons at the left edge but the last, which locks.
    fn navigation(&self) -> Vec<egui::Rect> {
        let left = |rect: &egui::Rect| rect.left() < 40.0 && rect.width() > 80.0;
        let mut entries: Vec<egui::Rect> =
            self.harness.query_all_by_role(Role::Button).map(|node| node.rect()).filter(left).collect();
        entries.sort_by(|a, b| a.top().total_cmp(&b.top()));
        entries.pop();
        entries
    }

    fn pages(&self) -> usize {
        self.navigation().len()
    }

    fn open_page(&mut self, page: usize) {
        let at = self.navigation()[page].center();
        self.press_at(at);
    }

    /// No button lies over another one or outside of the window.
    fn check_apart(&self, language: &str, what: &str) {
        let window = self.harness.ctx.content_rect();
        let buttons: Vec<_> = self
            .harness
            .query_all_by_role(Role::Button)
            .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
            .collect();
        assert!(!buttons.is_empty());
        for (number, (label, rect)) in buttons.iter().enumerate() {
            let inside = window.expand(1.0).contains_rect(*rect);
            assert!(inside, "{language}, {what}: {label:?} reaches outside: {rect:?}");
            for (other, place) in &buttons[number + 1..] {
                let apart = !rect.shrink(1.0).intersects(place.shrink(1.0));
                assert!(apart, "{language}, {what}: {label:?} {rect:?} lies over {other:?} {place:?}");
            }
        }
    }

    /// Everything that can be pressed has a name (kittest checks), is large enough, and lies inside the window.
    fn check_buttons(&self, what: &str) {
        let window = self.harness.ctx.content_rect();
        for node in self.harness.query_all_by_role(Role::Button) {
            let rect = node.rect();
            let inside = window.expand(1.0).contains_rect(rect);
            assert!(inside, "{what}: {:?} reaches outside: {rect:?} of {window:?}", node.value());
            assert!(rect.height() >= 40.0 && rect.width() >= 40.0, "{what}: a button of {rect:?}");
        }
    }
}

fn host_request(body: &RequestBody) -> Option<&HostRequest> {
    match body {
        RequestBody::Host(_, request) => Some(request),
        _ => None,
    }
}

#[test]
fn first_start_asks_for_everything_and_ends_with_the_recovery_code() {
    let mut bench = Bench::with(Settings::for_site("Faceprint"), SIZES[0], None);
    bench.fake.hosts.clear();
    bench.fake.answer_hosts();
    bench.run();
    assert!(bench.says("Set up this kiosk"));
    bench.press("Deutsch");
    assert!(bench.says("Gerät einrichten"), "whoever cannot read the page can choose");
    bench.press("English");
    bench.press("Next");
    bench.write("Your name", "Grace");
    bench.write_pin("PIN", "123456");
    bench.press("Next");
    assert!(bench.says("Who looks after it?"), "not with a PIN that anybody would try");
    bench.press("Back");
    bench.press("Next");
    bench.clear_pin("PIN", 6);
    bench.write_pin("PIN", PIN);
    bench.press("Next");
    assert!(bench.says("Who looks after it?"), "not until it was typed twice");
    bench.write_pin("The same PIN again", PIN);
    bench.press("Next");
    assert!(bench.says("eye level"));
    bench.press("Next");
    bench.write("Name of the site", "Werk Süd");
    assert!(bench.says("There it is"));
    bench.press("Next");
    bench.empty_consent();
    bench.harness.get_by_role_and_label(Role::MultilineTextInput, "Consent").type_text("Ours: ");
    bench.run();
    bench.press("Finish");
    let request = bench.fake.find(|body| matches!(body, RequestBody::SetUp { .. })).unwrap();
    let RequestBody::SetUp { settings, host_name, .. } = &request.body else { unreachable!() };
    assert_eq!((settings.site_name.as_str(), host_name.as_str()), ("Werk Süd", "Grace"));
    assert_eq!((settings.consent_text.as_str(), settings.language.as_str()), ("Ours:", "en"));
    let session = bench.fake.session();
    bench.fake.reply(&request, Ok(ReplyBody::LoggedIn(session)));
    bench.run();
    assert!(bench.says("Write down this recovery code"));
    let request =
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::NewRecoveryCode))).unwrap();
    let code = RecoveryCode::random().unwrap();
    let shown = code.shown();
    bench.fake.reply(&request, Ok(ReplyBody::RecoveryCode(Hidden(code))));
    bench.run();
    assert!(bench.says(&shown));
    bench.press("Go on");
    assert!(bench.says(&shown), "not before it is written down");
    for _ in 0..20 {
        bench.wait(Duration::from_secs(10));
    }
    assert!(bench.says(&shown), "writing takes a while");
    bench.harness.get_by_role_and_label(Role::CheckBox, "I have written it down").click();
    bench.run();
    bench.press("Go on");
    assert_eq!(bench.page(), Some(HostPage::People));
    assert!(!bench.says(&shown));
}

impl Bench {
    /// The field stays empty until somebody types into it.
    fn empty_consent(&mut self) {
        self.harness.get_by_role_and_label(Role::MultilineTextInput, "Consent").focus();
        self.run();
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.key_press(egui::Key::Delete);
        self.run();
        let field = self.harness.get_by_role_and_label(Role::MultilineTextInput, "Consent");
        assert_eq!(field.accesskit_node().value().as_deref(), Some(""));
    }

    fn clear_pin(&mut self, label: &str, digits: usize) {
        for _ in 0..digits {
            self.harness.get_by_role_and_label(Role::PasswordInput, label).click();
            self.run();
            self.harness.key_press(egui::Key::End);
            self.harness.key_press(egui::Key::Backspace);
            self.run();
        }
    }
}

#[test]
fn a_wrong_pin_costs_tries_then_time_and_the_right_one_opens() {
    let mut bench = Bench::new();
    bench.press("Host mode");
    bench.fake.answer_hosts();
    bench.run();
    assert!(bench.says("Grace Hopper, type your PIN."));
    bench.type_pin("111111");
    bench.fake.answer_login();
    bench.run();
    assert!(bench.says("This PIN is wrong. 9 tries are left."));
    for _ in 0..5 {
        bench.type_pin("111111");
        bench.fake.answer_login();
        bench.run();
    }
    bench.type_pin_is_ignored();
    bench.wait(Duration::from_secs(10));
    assert!(bench.says("0:20"), "the lock-out counts down");
    bench.type_pin_is_ignored(); // and keeps the pad from leaving by itself
    bench.wait(Duration::from_secs(21));
    bench.type_pin(PIN);
    bench.fake.answer_login();
    bench.run();
    assert_eq!(bench.page(), Some(HostPage::Today));
}

impl Bench {
    /// While locked out, neither touch nor keyboard makes a request.
    fn type_pin_is_ignored(&mut self) {
        while self.fake.next().is_some() {}
        for digit in PIN.chars() {
            self.harness.get_by_role_and_label(Role::Button, &digit.to_string()).click();
            self.harness.event(egui::Event::Text(digit.to_string()));
        }
        self.harness.key_press(egui::Key::Enter);
        self.run();
        assert!(self.fake.find(|body| matches!(body, RequestBody::Login { .. })).is_none());
        assert!(self.says("Too many wrong PINs"));
    }
}

#[test]
fn a_pin_typed_on_the_keyboard_works_and_is_never_shown() {
    let mut bench = Bench::new();
    bench.press("Host mode");
    bench.fake.answer_hosts();
    bench.run();
    for digit in PIN.chars() {
        bench.harness.event(egui::Event::Text(digit.to_string()));
    }
    bench.run();
    assert!(bench.says("6 digits typed"));
    assert!(!bench.says(PIN));
    bench.harness.key_press(egui::Key::Enter);
    bench.run();
    bench.fake.answer_login();
    bench.run();
    assert_eq!(bench.page(), Some(HostPage::Today));
}

#[test]
fn keys_that_press_a_button_cost_no_try() {
    let mut bench = Bench::new();
    bench.press("Host mode");
    bench.fake.answer_hosts();
    bench.run();
    bench.harness.get_by_role_and_label(Role::Button, "8").focus();
    bench.run();
    bench.harness.event(egui::Event::Text(" ".into()));
    bench.harness.key_press(egui::Key::Space);
    bench.run();
    assert!(bench.says("1 digit typed"), "the one that was pressed");
    bench.harness.key_press(egui::Key::Enter);
    bench.run();
    assert!(bench.says("2 digits typed"));
    assert!(bench.fake.find(|body| matches!(body, RequestBody::Login { .. })).is_none());
    bench.harness.key_press(egui::Key::Backspace);
    // Digits count wherever Tab came to, and then Enter is the pad's.
    bench.harness.event(egui::Event::Text(PIN[1..].into()));
    bench.run();
    bench.harness.key_press(egui::Key::Enter);
    bench.run();
    bench.fake.answer_login();
    bench.run();
    assert_eq!(bench.page(), Some(HostPage::Today));
}

#[test]
fn a_pin_pad_that_nobody_touches_gives_way() {
    let mut bench = Bench::new();
    bench.press("Host mode");
    bench.wait(Duration::from_secs(29));
    bench.press("7");
    bench.wait(Duration::from_secs(29));
    assert!(matches!(bench.harness.state().screen(), Screen::Login(_)));
    bench.wait(Duration::from_secs(2));
    assert!(matches!(bench.harness.state().screen(), Screen::Attendee));
}

#[test]
fn an_answer_that_comes_after_leaving_opens_nothing() {
    let mut bench = Bench::new();
    bench.press("Host mode");
    bench.fake.answer_hosts();
    bench.run();
    bench.type_pin(PIN);
    bench.press("Back");
    bench.fake.answer_login();
    bench.run();
    assert!(matches!(bench.harness.state().screen(), Screen::Attendee));
    assert!(
        bench
            .fake
            .find(|body| matches!(body, RequestBody::Logout { host: HOST, timed_out: false }))
            .is_some()
    );
}

#[test]
fn a_recorded_mark_is_a_card_that_can_be_disputed_for_some_seconds() {
    let mut bench = Bench::new();
    bench.recorded(7, 1, "Ada Lovelace", MarkKind::CheckIn);
    assert!(bench.says("Ada Lovelace"));
    let zone = Settings::for_site("x").zone;
    let at = faceprint::domain::Clock::now(&bench.fake.clock).utc.to_zoned(zone.time_zone().clone());
    assert!(bench.says(&format!("Checked in {}", at.strftime("%H:%M"))));
    bench.recorded(8, 2, "Alan Turing", MarkKind::CheckOut);
    assert!(bench.says("Ada Lovelace") && bench.says("Alan Turing"), "a card each");
    bench.wait(Duration::from_secs(3));
    bench.harness.get_all_by_role_and_label(Role::Button, "Not me").next().unwrap().click();
    bench.run();
    let request =
        bench.fake.find(|body| matches!(body, RequestBody::NotMe(EventId(8)))).expect("the newest is on top");
    bench.fake.reply(&request, Ok(ReplyBody::Done));
    bench.fake.notices.send(Notice::StruckOut { event: EventId(8) }).unwrap();
    bench.run();
    assert!(bench.says("Removed") && !bench.says("Alan Turing"));
    bench.wait(Duration::from_secs(6));
    assert!(!bench.says("Ada Lovelace") && !bench.says("Not me") && !bench.says("Removed"));
}

#[test]
fn whoever_is_asked_chooses_in_or_out() {
    let mut bench = Bench::new();
    let who = PersonId::from_bytes([4; 16]);
    bench.fake.notices.send(Notice::Ask { track: TrackId(3), person: who, name: name("Ada") }).unwrap();
    bench.run();
    bench.press("Out");
    let asked = bench.fake.find(|body| {
        matches!(body, RequestBody::ChooseKind { track: TrackId(3), person, kind: MarkKind::CheckOut } if *person == who)
    });
    assert!(asked.is_some());
    assert!(!bench.says("In or out?"));
}

#[test]
fn faces_are_spoken_to_and_faults_are_sentences() {
    let mut bench = Bench::new();
    let face =
        |state| FaceView { track: TrackId(1), bbox: Rect { x0: 10.0, y0: 10.0, x1: 90.0, y1: 110.0 }, state };
    for (state, words) in [
        (FaceState::Advice(QualityIssue::TooFar), "Please come closer"),
        (FaceState::Advice(QualityIssue::TurnToCamera), "Turn to the camera"),
        (FaceState::Unknown, "Not recognised"),
        (FaceState::Refused, "Please show your face, not a picture"),
        (FaceState::Recognised, "Thank you"),
    ] {
        bench.fake.snapshot.lock().unwrap().faces = vec![face(state)];
        bench.run();
        assert!(bench.says(words), "{words}");
    }
    {
        let mut snapshot = bench.fake.snapshot.lock().unwrap();
        snapshot.camera =
            CameraStatus::Fault { reason: CameraFault::Unplugged, retry_in: Some(Duration::from_secs(8)) };
        snapshot.faults =
            vec![Fault { worker: Worker::Ledger, sentence: "the disk is full: free some space".into() }];
    }
    bench.run();
    bench.wait(Duration::from_secs(3));
    assert!(bench.says("The camera was disconnected.") && bench.says("Trying again in 0:05."));
    assert!(bench.says("The disk is full: free some space."));
}

#[test]
fn host_mode_locks_itself_and_input_keeps_it_open() {
    let mut bench = Bench::host_mode();
    assert!(bench.says("Locks in 1:00"));
    bench.wait(Duration::from_secs(50));
    assert!(bench.says("Locks in 0:10"));
    bench.press("People");
    bench.wait(Duration::from_secs(50));
    assert_eq!(bench.page(), Some(HostPage::People), "the press counted");
    bench.wait(Duration::from_secs(11));
    assert!(matches!(bench.harness.state().screen(), Screen::Attendee));
    assert!(bench.fake.find(|body| matches!(body, RequestBody::Logout { timed_out: true, .. })).is_some());
}

#[test]
fn a_person_is_added_and_enrolled() {
    let mut bench = Bench::host_mode();
    bench.press("People");
    let request = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::People))).unwrap();
    bench.fake.reply(&request, Ok(ReplyBody::People(Vec::new())));
    bench.run();
    while let Some(request) = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::People)))
    {
        bench.fake.reply(&request, Ok(ReplyBody::People(Vec::new())));
    }
    bench.run();
    assert!(bench.says("Nobody yet"));
    bench.press("Add person");
    bench.write("Name", "Ada Lovelace");
    bench.press("Add");
    let request =
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::AddPerson { .. }))).unwrap();
    let id = PersonId::from_bytes([5; 16]);
    bench.fake.reply(&request, Ok(ReplyBody::Added(id)));
    bench.run();
    assert!(bench.says("Enrol Ada Lovelace"));
    assert!(bench.says("Consent"));
    bench.press("Start");
    assert!(
        bench
            .fake
            .find(|body| matches!(host_request(body), Some(HostRequest::StartEnrolment { .. })))
            .is_none()
    );
    bench.harness.get_by_role_and_label(Role::CheckBox, "The person has read this and agrees").click();
    bench.run();
    bench.press("Start");
    let started = bench.fake.find(
        |body| matches!(host_request(body), Some(HostRequest::StartEnrolment { person }) if *person == id),
    );
    bench.fake.reply(&started.unwrap(), Ok(ReplyBody::Done));
    bench.fake.snapshot.lock().unwrap().enrolment =
        Some(EnrolmentView { person: id, taken: 1, wanted: 3, pose: EnrolmentPose::Aside, advice: None });
    bench.run();
    assert!(bench.says("1 of 3 pictures taken") && bench.says("to the left"));
    bench.fake.snapshot.lock().unwrap().enrolment = None;
    bench.fake.notices.send(Notice::Enrolled { person: id, shots: 3, look_alike: None }).unwrap();
    bench.run();
    assert!(bench.says("Enrolled with 3 pictures."));
}

#[test]
fn leaving_an_enrolment_ends_it() {
    let mut bench = Bench::host_mode();
    bench.press("People");
    while let Some(request) = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::People)))
    {
        bench.fake.reply(&request, Ok(ReplyBody::People(vec![person(2, "Ada", 0)])));
    }
    bench.run();
    bench.press("Enrol Ada");
    bench.harness.get_by_role_and_label(Role::CheckBox, "The person has read this and agrees").click();
    bench.run();
    bench.press("Start");
    bench.press("Lock");
    assert!(
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::CancelEnrolment))).is_some()
    );
    assert!(matches!(bench.harness.state().screen(), Screen::Attendee));
}

#[test]
fn erasing_needs_a_second_word() {
    let mut bench = Bench::host_mode();
    bench.press("People");
    while let Some(request) = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::People)))
    {
        bench.fake.reply(&request, Ok(ReplyBody::People(vec![person(2, "Ada", 3), person(3, "Alan", 0)])));
    }
    bench.run();
    bench.press("Erase Ada");
    bench.press("Erase");
    assert!(
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::ErasePerson(_)))).is_none()
    );
    bench.harness.get_by_role_and_label(Role::CheckBox, "I understand that this cannot be undone").click();
    bench.run();
    bench.press("Erase");
    let erased = bench.fake.find(|body| {
        matches!(host_request(body), Some(HostRequest::ErasePerson(id)) if *id == PersonId::from_bytes([2; 16]))
    });
    assert!(erased.is_some());
}

#[test]
fn settings_in_another_language_apply_at_once() {
    let mut bench = Bench::host_mode();
    bench.press("Settings");
    let request = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::Settings))).unwrap();
    let mut settings = Settings::for_site("Main entrance");
    bench.fake.reply(&request, Ok(ReplyBody::Settings(Box::new(settings.clone()))));
    bench.run();
    assert!(bench.says("Name of the site"));
    settings.language = "de".into();
    let request_again =
        faceprint::runtime::messages::Request { number: request.number, body: RequestBody::Hosts };
    bench.fake.reply(&request_again, Ok(ReplyBody::Settings(Box::new(settings.clone()))));
    bench.run();
    assert!(bench.says("Name of the site"), "a number is answered once");
    bench.harness.get_by_role_and_label(Role::ComboBox, "Language").click();
    bench.run();
    bench.press("Deutsch");
    bench.press("Save");
    let saved = bench.fake.find(
        |body| matches!(host_request(body), Some(HostRequest::SaveSettings(new)) if new.language == "de"),
    );
    bench
        .fake
        .reply(&saved.expect("the form was saved"), Ok(ReplyBody::Settings(Box::new(settings.clone()))));
    bench.run();
    assert!(bench.says("Name des Standorts"));
    // Saved, and left before the answer came.
    bench.harness.get_by_role_and_label(Role::ComboBox, "Sprache").click();
    bench.run();
    bench.press("English");
    bench.press("Speichern");
    bench.press("Personen");
    settings.language = "en".into();
    let saved = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::SaveSettings(_))));
    bench.fake.reply(&saved.unwrap(), Ok(ReplyBody::Settings(Box::new(settings))));
    bench.run();
    assert_eq!(bench.page(), Some(HostPage::People));
    assert!(bench.says("Add person"));
}

#[test]
fn every_screen_fits_every_size() {
    for size in SIZES {
        let mut bench =
            Bench::with(Settings::for_site("Main entrance"), size, Some("Demo · host PIN 802715"));
        bench.fake.answer_hosts();
        bench.run();
        bench.check_buttons("attendee");
        bench.recorded(1, 1, "Ada Lovelace", MarkKind::CheckIn);
        bench.recorded(2, 2, "Alan Mathison Turing", MarkKind::CheckOut);
        bench.check_buttons("two cards");
        bench.press("Host mode");
        bench.fake.answer_hosts();
        bench.run();
        bench.check_buttons("login");
        bench.type_pin(PIN);
        bench.fake.answer_login();
        bench.run();
        for page in ["Today", "People", "Attendance", "Reports", "Audit", "Settings", "Diagnostics"] {
            bench.harness.get_all_by_role_and_label(Role::Button, page).next().unwrap().click();
            bench.run();
            bench.check_buttons(page);
        }
    }
}
