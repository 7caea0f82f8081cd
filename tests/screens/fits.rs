//! Every screen in every language on the smallest display: text fits its button, the keyboard reaches everything, and
//! whatever can be pressed has a name.

use super::{Bench, host_request};
use crate::fake::{Fake, HOST, name, person};
use egui::{Role, Shape};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use faceprint::{
    domain::{AuditHead, Clock as _, EventId, MarkKind, MarkSource, PersonId},
    runtime::messages::{
        CameraNow, CameraRow, CameraStatus, DayPerson, DayView, FolderView, HostRequest, HostRow, KeyView,
        MarkRow, Presence, ReplyBody, RequestBody, SourceInfo, SourceName,
    },
    settings::Settings,
    ui::{Screen, Words},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

const LANGUAGES: [&str; 4] = ["en", "de", "fr", "es"];
const SMALLEST: (f32, f32) = (800.0, 480.0);
/// What can be pressed or typed into.
const PRESSED: [Role; 9] = [
    Role::Button,
    Role::CheckBox,
    Role::ComboBox,
    Role::RadioButton,
    Role::TextInput,
    Role::MultilineTextInput,
    Role::PasswordInput,
    Role::SpinButton,
    Role::Slider,
];

/// A window in a language, and what each screen is called.
struct Walk {
    bench: Bench,
    words: Words,
    language: &'static str,
    /// What was on the screen before a dialog opened over it.
    behind: BTreeSet<String>,
    faults: Vec<String>,
}

/// Checks a screen and says what is wrong; what lies behind a dialog is left aside.
type Look = fn(&mut Bench, &str, &BTreeSet<String>) -> Vec<String>;

impl Walk {
    fn new(language: &'static str) -> Self {
        let mut settings = Settings::for_site("Main entrance");
        settings.language = language.into();
        settings.work.schedule = "mon-fri 08:00-17:00".parse().unwrap();
        let (fake, app) = Fake::new(settings, None);
        let mut bench = Bench::around(fake, app, SMALLEST);
        bench.fake.snapshot.lock().unwrap().camera = CameraStatus::Live;
        bench.fake.answer_hosts();
        bench.run();
        Self { bench, words: Words::new(language), language, behind: BTreeSet::new(), faults: Vec::new() }
    }

    /// Presses a button by its message.
    fn press(&mut self, id: &str) {
        let label = self.words.say(id);
        let node = self.bench.harness.query_all_by_role_and_label(Role::Button, &label).last();
        node.unwrap_or_else(|| panic!("{}: no button {label:?} ({id})", self.language)).click_accesskit();
        self.bench.run();
        self.answer();
    }

    /// The same for what opens a dialog.
    fn open(&mut self, id: &str) {
        let behind = ids(&self.bench);
        self.press(id);
        self.behind = behind;
    }

    /// As a kiosk with two people and a day behind it would.
    fn answer(&mut self) {
        let now = self.bench.fake.clock.now().utc;
        let settings = self.settings();
        loop {
            let known =
                |body: &RequestBody| host_request(body).is_some_and(|r| reply(r, now, &settings).is_some());
            let Some(request) = self.bench.fake.find(known) else { return };
            let body = host_request(&request.body).and_then(|r| reply(r, now, &settings)).unwrap();
            self.bench.fake.reply(&request, Ok(body));
            self.bench.run();
        }
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::for_site("Main entrance");
        settings.language = self.language.into();
        settings.work.schedule = "mon-fri 08:00-17:00".parse().unwrap();
        settings
    }

    fn escape(&mut self) {
        self.bench.harness.key_press(egui::Key::Escape);
        self.bench.run();
    }

    /// Calls `look` on every screen and dialog.
    fn every_screen(&mut self, look: Look) {
        let language = self.language;
        let look = |walk: &mut Self, what: &str| {
            let behind = std::mem::take(&mut walk.behind);
            walk.faults.extend(look(&mut walk.bench, &format!("{language}: {what}"), &behind));
        };
        self.bench.recorded(1, 1, "Ada Lovelace", MarkKind::CheckIn);
        look(self, "attendee");
        self.press("attendee-use-pin");
        look(self, "badge");
        self.press("badge-letters");
        look(self, "badge, letters");
        self.press("button-back");
        self.bench.open_host_mode();
        self.answer();
        look(self, "today");
        self.press("today-marks");
        look(self, "today, marks");
        self.open_correction();
        look(self, "correct a mark");
        self.escape();
        self.open("today-add");
        look(self, "add a mark");
        self.escape();
        for (page, dialogs) in [
            ("page-people", &["people-add", "import-open"][..]),
            ("page-attendance", &["period-button"]),
            ("page-reports", &[]),
            ("page-audit", &[]),
            ("page-hosts", &["hosts-add", "hosts-change-pin", "hosts-new-code"]),
            ("page-settings", &[]),
            ("page-keys", &["keys-backup-make", "keys-new-file", "keys-use-passphrase", "keys-rotate"]),
            ("page-diagnostics", &[]),
        ] {
            if page == "page-keys" {
                self.page("page-hosts"); // which leads to it
            }
            self.page(page);
            look(self, page);
            for dialog in dialogs {
                self.open(dialog);
                look(self, dialog);
                self.escape();
            }
        }
        self.page("page-people");
        for (spoken, what) in [("people-edit-spoken", "edit"), ("people-erase-spoken", "erase")] {
            let label = self.words.with(spoken, &[("name", "Ada Lovelace".into())]);
            let node = self.bench.harness.query_by_role_and_label(Role::Button, &label);
            let Some(node) = node else { continue }; // erasing is inside of editing on a small screen
            node.click_accesskit();
            self.behind = ids(&self.bench);
            self.bench.run();
            look(self, what);
            self.escape();
        }
        let label = self.words.with("people-enrol-spoken", &[("name", "Ada Lovelace".into())]);
        self.bench.harness.get_by_role_and_label(Role::Button, &label).click_accesskit();
        self.bench.run();
        look(self, "enrol");
        assert!(
            matches!(self.bench.harness.state().screen(), Screen::Host(..)),
            "{language}: host mode to the end"
        );
    }

    /// Calls `look` on every step of the first start, and on the PIN pad with its other ways in.
    fn every_way_in(&mut self, look: Look) {
        let language = self.language;
        let look = |walk: &mut Self, what: &str| {
            let found = look(&mut walk.bench, &format!("{language}: {what}"), &BTreeSet::new());
            walk.faults.extend(found);
        };
        self.press("attendee-host-mode");
        self.bench.fake.answer_hosts();
        self.bench.run();
        look(self, "login");
        self.press("badge-letters");
        look(self, "login with letters");
        self.press("badge-digits");
        // Enter is for the pad, not for whatever Tab came to.
        self.bench.harness.ctx.memory_mut(egui::Memory::stop_text_input);
        self.bench.harness.event(egui::Event::Text("111111".into()));
        self.bench.harness.key_press(egui::Key::Enter);
        self.bench.run();
        self.bench.fake.answer_login();
        self.bench.run();
        look(self, "login, wrong");
        self.press("login-recover");
        look(self, "recovery code");

        let settings = self.settings();
        let (fake, app) = Fake::new(settings, None);
        self.bench = Bench::around(fake, app, SMALLEST);
        {
            let mut snapshot = self.bench.fake.snapshot.lock().unwrap();
            snapshot.camera = CameraStatus::Live;
            let name = SourceName::Device("Integrated Webcam HD".into());
            let mode = SourceInfo { name, width: 1280, height: 720, fps: 30.0, pixel_format: "MJPEG" };
            snapshot.stats.camera = CameraNow::Live(mode);
        }
        self.bench.fake.hosts.clear();
        self.bench.fake.answer_hosts();
        self.bench.run();
        look(self, "first start, language");
        self.press("button-next");
        self.write(Role::TextInput, "first-host-name", "Grace");
        for id in ["first-pin", "first-pin-again"] {
            self.write(Role::PasswordInput, id, "802715");
        }
        look(self, "first start, host");
        self.press("button-next");
        look(self, "first start, camera");
        self.press("button-next");
        self.write(Role::TextInput, "first-site-name", "Main entrance");
        look(self, "first start, site");
        self.press("button-next");
        let last = self.words.say("first-finish");
        let there = self.bench.harness.query_by_role_and_label(Role::Button, &last).is_some();
        assert!(there, "{language}: the last step is reached");
        look(self, "first start, consent");
    }

    /// The only button of a mark on a small screen.
    fn open_correction(&mut self) {
        let behind = ids(&self.bench);
        let of_mark = |label: String| label.contains("Ada Lovelace");
        let buttons = self.bench.harness.query_all_by_role(Role::Button);
        let node = buttons.into_iter().find(|node| node.accesskit_node().label().is_some_and(of_mark));
        node.unwrap_or_else(|| panic!("{}: no mark to correct", self.language)).click_accesskit();
        self.bench.run();
        self.behind = behind;
    }

    fn write(&mut self, role: Role, id: &str, text: &str) {
        let label = self.words.say(id);
        self.bench.harness.get_by_role_and_label(role, &label).focus();
        self.bench.run();
        self.bench.harness.get_by_role_and_label(role, &label).type_text(text);
        self.bench.run();
    }

    /// Opens a page by the navigation, which comes first.
    fn page(&mut self, id: &str) {
        let label = self.words.say(id);
        let node = self.bench.harness.query_all_by_role_and_label(Role::Button, &label).next();
        node.unwrap_or_else(|| panic!("{}: no page {label:?}", self.language)).click_accesskit();
        self.bench.run();
        self.answer();
    }
}

fn reply(request: &HostRequest, now: Timestamp, settings: &Settings) -> Option<ReplyBody> {
    let hour = SignedDuration::from_hours(1);
    let mark = || MarkRow {
        event: EventId(41),
        date: now.to_zoned(settings.zone.time_zone().clone()).date(),
        person: PersonId::from_bytes([2; 16]),
        name: Some(name("Ada Lovelace")),
        badge: Some("A-002".into()),
        kind: MarkKind::BreakStart,
        at: now - hour,
        source: MarkSource::Face,
        reason: None,
    };
    Some(match request {
        HostRequest::People => ReplyBody::People(vec![person(2, "Ada Lovelace", 3)]),
        HostRequest::Attendance { .. } => ReplyBody::Attendance(vec![mark()]),
        HostRequest::Settings => ReplyBody::Settings(Box::new(settings.clone())),
        HostRequest::HostRows => {
            let host = faceprint::domain::Host { id: HOST, name: name("Grace Hopper") };
            ReplyBody::HostRows {
                rows: vec![HostRow { host, locked: false, recovered: false, you: true }],
                two_person: false,
            }
        }
        HostRequest::Folders => {
            let path = "/data/exports".into();
            ReplyBody::Folders(vec![FolderView { path, removable: false, csv_files: Vec::new() }])
        }
        HostRequest::Keys => ReplyBody::Keys(KeyView {
            file: Some("/etc/faceprint/device.key".into()),
            new_file: Some("/etc/faceprint/device.key".into()),
            rotating: false,
        }),
        HostRequest::Audit { .. } => ReplyBody::Audit(Vec::new()),
        HostRequest::Period => ReplyBody::Period(None),
        HostRequest::Cameras => {
            let row = CameraRow { spec: "0".into(), name: "Integrated Webcam HD".into() };
            ReplyBody::Cameras(vec![row])
        }
        HostRequest::Networks => ReplyBody::Networks(vec![super::networks::row("fp-face-4", true, 0)]),
        HostRequest::Day(date) => ReplyBody::Day(Box::new(DayView {
            date: *date,
            range: now - hour * 6..now + hour * 18,
            holiday: None,
            expects: true,
            audit_head: AuditHead { number: 7, hash: [0xab; 32] },
            enrol_again: 3,
            people: vec![DayPerson {
                person: PersonId::from_bytes([2; 16]),
                name: Some(name("Ada Lovelace")),
                badge: None,
                presence: Presence::OnBreak,
                planned: Some(now - hour..now + hour),
                first_in: Some(now - hour),
                last: Some(now - hour),
                late: Some(SignedDuration::from_mins(12)),
                worked: hour,
                incomplete: true,
            }],
            marks: vec![mark()],
            curve: vec![(now - hour, 1)],
        })),
        _ => return None,
    })
}

fn ids(bench: &Bench) -> BTreeSet<String> {
    bench
        .harness
        .root()
        .children_recursive()
        .map(|node| format!("{:?}", node.accesskit_node().id()))
        .collect()
}

/// Texts as they were painted: where, in which clip, whether cut off, and what.
fn texts(bench: &Bench) -> Vec<(egui::Rect, egui::Rect, bool, String)> {
    fn gather(shape: &Shape, clip: egui::Rect, found: &mut Vec<(egui::Rect, egui::Rect, bool, String)>) {
        match shape {
            Shape::Text(text) => {
                let place = text.galley.rect.translate(text.pos.to_vec2());
                found.push((place, clip, text.galley.elided, text.galley.text().to_owned()));
            }
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| gather(shape, clip, found)),
            _ => {}
        }
    }
    let window = bench.harness.ctx.content_rect();
    let mut found = Vec::new();
    for clipped in &bench.harness.output().shapes {
        // What is painted over everything hides what was there: the shade behind a dialog.
        if matches!(&clipped.shape, Shape::Rect(rect) if rect.rect.expand(1.0).contains_rect(window)) {
            found.clear();
        }
        gather(&clipped.shape, clipped.clip_rect, &mut found);
    }
    found
}

/// Text on a button is whole and inside of it.
fn text_fits(bench: &mut Bench, what: &str, behind: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let texts = texts(bench);
    assert!(!texts.is_empty(), "{what}: nothing is painted");
    for role in [Role::Button, Role::ComboBox, Role::CheckBox] {
        for node in bench.harness.query_all_by_role(role) {
            let button = node.rect();
            if behind.contains(&format!("{:?}", node.accesskit_node().id())) {
                continue;
            }
            for (place, clip, cut, text) in texts.iter().filter(|(place, ..)| button.contains(place.center()))
            {
                if !clip.expand(1.0).contains_rect(button) || text.trim().is_empty() {
                    continue; // scrolled half away
                }
                if *cut {
                    faults.push(format!("{what}: {text:?} is cut off on a button of {button:?}"));
                }
                if !button.expand(1.0).contains_rect(*place) {
                    faults.push(format!("{what}: {text:?} at {place:?} does not fit its button {button:?}"));
                }
            }
        }
    }
    faults
}

/// In a dialog, and on a step of the first start, whatever is to be pressed is in view.
fn buttons_in_view(bench: &mut Bench, what: &str, behind: &BTreeSet<String>) -> Vec<String> {
    if behind.is_empty() && !what.contains("first start") {
        return Vec::new(); // a page may be longer than the display
    }
    let bottom = bench.harness.ctx.content_rect().bottom();
    let texts = texts(bench);
    let below = |node: &egui_kittest::Node<'_>| {
        let (known, rect) = (behind.contains(&format!("{:?}", node.accesskit_node().id())), node.rect());
        // Scrolled half away it is cut off above the edge of the window.
        let cut = |(place, clip, ..): &(egui::Rect, egui::Rect, bool, String)| {
            rect.contains(place.center()) && rect.bottom() > clip.bottom() + 1.0
        };
        !known && (rect.bottom() > bottom || texts.iter().any(cut))
    };
    let nodes = bench.harness.query_all_by_role(Role::Button).filter(below);
    nodes
        .map(|node| {
            format!("{what}: {:?} is out of view at {:?}", node.accesskit_node().label(), node.rect())
        })
        .collect()
}

/// Tab reaches whatever can be pressed, and each has a name.
fn keyboard_reaches(bench: &mut Bench, what: &str, behind: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    // Whoever has a Tab key has letters too: the keys on the screen are for fingers alone.
    let close = bench.harness.query_by_role_and_label(Role::Button, "Close the keyboard");
    let keys_from = close.map_or(f32::MAX, |key| key.rect().top() - 3.5 * key.rect().height());
    let mut wanted = BTreeSet::new();
    for role in PRESSED {
        for node in bench.harness.query_all_by_role(role) {
            let access = node.accesskit_node();
            let key = node.rect().top() > keys_from;
            if key || access.is_disabled() || behind.contains(&format!("{:?}", access.id())) {
                continue;
            }
            let label = access.label().unwrap_or_default();
            let named =
                !label.trim().is_empty() || access.value().is_some_and(|value| !value.trim().is_empty());
            if !named {
                faults.push(format!("{what}: a {role:?} without a name at {:?}", node.rect()));
            }
            wanted.insert(format!("{:?}", access.id()));
        }
    }
    let mut missing = wanted.clone();
    for _ in 0..wanted.len() + 6 {
        bench.harness.key_press(egui::Key::Tab);
        bench.harness.step();
        bench.harness.step();
        let focused =
            bench.harness.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        if let Some(node) = focused {
            missing.remove(&format!("{:?}", node.accesskit_node().id()));
        }
        if missing.is_empty() {
            break;
        }
    }
    let names: Vec<String> = PRESSED
        .into_iter()
        .flat_map(|role| bench.harness.query_all_by_role(role).collect::<Vec<_>>())
        .filter(|node| missing.contains(&format!("{:?}", node.accesskit_node().id())))
        .map(|node| format!("{:?} {:?}", node.accesskit_node().role(), node.accesskit_node().label()))
        .collect();
    if !names.is_empty() {
        faults.push(format!("{what}: Tab does not reach {names:?}"));
    }
    faults
}

#[test]
fn text_fits_its_button_on_every_screen_in_every_language() {
    let mut faults = Vec::new();
    for language in LANGUAGES {
        let mut walk = Walk::new(language);
        walk.every_screen(text_fits);
        faults.extend(walk.faults);
        let mut walk = Walk::new(language);
        walk.every_way_in(text_fits);
        faults.extend(walk.faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn buttons_of_dialogs_are_in_view_in_every_language() {
    let mut faults = Vec::new();
    for language in LANGUAGES {
        let mut walk = Walk::new(language);
        walk.every_screen(buttons_in_view);
        faults.extend(walk.faults);
        let mut walk = Walk::new(language);
        walk.every_way_in(buttons_in_view);
        faults.extend(walk.faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn tab_reaches_everything_and_everything_has_a_name() {
    let mut walk = Walk::new("en");
    walk.every_screen(keyboard_reaches);
    let mut way_in = Walk::new("en");
    way_in.every_way_in(keyboard_reaches);
    walk.faults.extend(way_in.faults);
    assert!(walk.faults.is_empty(), "{}", walk.faults.join("\n"));
}
