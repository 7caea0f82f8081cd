//! The keyboard on the screen: it comes with a finger, writes into any field, and covers none.

use super::{Bench, SIZES, host_request};
use crate::fake::Fake;
use egui::{Event, PointerButton, Pos2, Role, TouchDeviceId, TouchId, TouchPhase};
use egui_kittest::kittest::Queryable as _;
use faceprint::{
    runtime::messages::{HostRequest, RequestBody},
    settings::{ScreenKeyboard, Settings},
    ui::Screen,
};
use std::time::Duration;

impl Bench {
    /// A finger down or up, as the windowing library tells it: as a touch and as a pointer.
    fn finger(&mut self, pos: Pos2, down: bool) {
        let phase = if down { TouchPhase::Start } else { TouchPhase::End };
        let (device_id, id) = (TouchDeviceId(0), TouchId::from(0));
        self.harness.event(Event::Touch { device_id, id, phase, pos, force: None });
        if down {
            self.harness.event(Event::PointerMoved(pos));
        }
        let (button, modifiers) = (PointerButton::Primary, egui::Modifiers::NONE);
        self.harness.event(Event::PointerButton { pos, button, pressed: down, modifiers });
        if !down {
            self.harness.event(Event::PointerGone);
        }
        self.harness.step();
    }

    fn tap(&mut self, pos: Pos2) {
        self.finger(pos, true);
        self.finger(pos, false);
        self.run();
    }

    fn tap_field(&mut self, role: Role, label: &str) {
        let at = self.harness.get_by_role_and_label(role, label).rect().center();
        self.tap(at);
    }

    fn key_place(&self, name: &str) -> egui::Rect {
        // The keyboard lies over everything else, so it comes last.
        self.harness.get_all_by_role_and_label(Role::Button, name).last().unwrap().rect()
    }

    fn tap_key(&mut self, name: &str) {
        let at = self.key_place(name).center();
        self.tap(at);
    }

    fn keyboard_shown(&self, close: &str) -> bool {
        self.harness.query_by_role_and_label(Role::Button, close).is_some()
    }

    fn text_of(&self, role: Role, label: &str) -> String {
        self.harness.get_by_role_and_label(role, label).value().unwrap_or_default()
    }
}

const CLOSE: &str = "Close the keyboard";

fn adding_a_person(settings: Settings, size: (f32, f32)) -> Bench {
    let mut bench = Bench::with(settings, size, None);
    bench.fake.answer_hosts();
    bench.run();
    bench.log_in();
    bench.press("People");
    bench.press("Add person");
    bench
}

#[test]
fn a_finger_brings_the_keyboard_and_a_mouse_does_not() {
    let mut bench = adding_a_person(Settings::for_site("Main entrance"), SIZES[1]);
    bench.harness.get_by_role_and_label(Role::TextInput, "Name").click();
    bench.run();
    assert!(!bench.keyboard_shown(CLOSE), "a mouse has a keyboard beside it");
    bench.wait(Duration::from_secs(1));
    bench.tap_field(Role::TextInput, "Name");
    assert!(bench.keyboard_shown(CLOSE));
    let capital = "Capital letters";
    for key in [capital, "Z", "o", "e", "Space", "o", "Delete the letter before", capital, "Q"] {
        bench.tap_key(key);
    }
    assert_eq!(bench.text_of(Role::TextInput, "Name"), "Zoe Q");
    bench.tap_key(CLOSE);
    assert!(!bench.keyboard_shown(CLOSE));
    bench.press("Add");
    let added = bench.fake.find(|body| {
        matches!(host_request(body), Some(HostRequest::AddPerson { name, .. }) if name.as_str() == "Zoe Q")
    });
    assert!(added.is_some());
}

#[test]
fn a_held_letter_offers_its_relatives_and_a_held_backspace_goes_on() {
    let mut bench = adding_a_person(Settings::for_site("Main entrance"), SIZES[1]);
    bench.tap_field(Role::TextInput, "Name");
    let hold = |bench: &mut Bench, key: &str, steps: usize| {
        let at = bench.key_place(key).center();
        bench.finger(at, true);
        for _ in 0..steps {
            bench.harness.step(); // a tenth of a second each
        }
        bench.finger(at, false);
        bench.run();
    };
    hold(&mut bench, "e", 7);
    assert_eq!(bench.text_of(Role::TextInput, "Name"), "e", "the letter itself is written at once");
    bench.tap_key("é");
    assert_eq!(bench.text_of(Role::TextInput, "Name"), "é", "its relative takes its place");
    for key in ["m", "i", "l", "e"] {
        bench.tap_key(key);
    }
    assert_eq!(bench.text_of(Role::TextInput, "Name"), "émile");
    hold(&mut bench, "Delete the letter before", 12);
    assert_eq!(bench.text_of(Role::TextInput, "Name"), "");
}

#[test]
fn the_field_that_is_typed_into_is_never_under_the_keys() {
    for size in SIZES {
        let mut settings = Settings::for_site("Main entrance");
        settings.display.keyboard = ScreenKeyboard::Always;
        let mut bench = adding_a_person(settings.clone(), size);
        for label in ["Name", "Badge or number, if the site uses one"] {
            let field = bench.harness.get_by_role_and_label(Role::TextInput, label);
            field.focus();
            bench.run();
            bench.check_keys_apart(Role::TextInput, label, size);
        }
        bench.press_escape();
        bench.press("Settings");
        let request =
            bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::Settings))).unwrap();
        let form = faceprint::runtime::messages::ReplyBody::Settings(Box::new(settings));
        bench.fake.reply(&request, Ok(form));
        bench.run();
        for (role, label) in [(Role::TextInput, "Name of the site"), (Role::TextInput, "Time zone")] {
            bench.harness.get_by_role_and_label(role, label).focus();
            bench.run();
            bench.check_keys_apart(role, label, size);
        }
    }
}

impl Bench {
    pub fn press_escape(&mut self) {
        self.harness.key_press(egui::Key::Escape);
        self.run();
        self.harness.key_press(egui::Key::Escape);
        self.run();
    }

    /// Keys are large enough, inside the window, apart from each other and below the field, which is in view.
    fn check_keys_apart(&self, role: Role, label: &str, size: (f32, f32)) {
        let window = self.harness.ctx.content_rect();
        let close = self.key_place(CLOSE);
        let moved =
            self.harness.ctx.layer_transform_to_global(egui::LayerId::background()).unwrap_or_default();
        let field = moved * self.harness.get_by_role_and_label(role, label).rect();
        assert!(window.contains_rect(close), "{size:?}: {close:?}");
        let first = ["q", "1"].iter().find_map(|key| self.harness.query_by_role_and_label(Role::Button, key));
        let first = first.expect("a first row").rect();
        for key in [first, close] {
            assert!(key.width() >= 48.0 && key.height() >= 48.0, "{size:?}: a key of {key:?}");
        }
        assert!(field.bottom() < first.top(), "{size:?}: {label} {field:?} is under the keys at {first:?}");
        assert!(field.top() >= window.top(), "{size:?}: {label} {field:?} is out of view");
    }
}

#[test]
fn a_host_with_a_passphrase_writes_it_with_fingers() {
    let mut bench = Bench::new();
    bench.press("Host mode");
    bench.fake.answer_hosts();
    bench.run();
    bench.press("ABC");
    assert!(bench.keyboard_shown(CLOSE));
    for key in ["c", "a", "t", "Space", "s"] {
        bench.tap_key(key);
    }
    assert!(bench.says("5 digits typed"));
    bench.tap_key("Enter");
    let login = bench.fake.find(|body| matches!(body, RequestBody::Login { .. }));
    assert!(login.is_some() && matches!(bench.harness.state().screen(), Screen::Login(_)));
    bench.tap_key(CLOSE);
    assert!(!bench.keyboard_shown(CLOSE));
    assert!(bench.harness.query_by_role_and_label(Role::Button, "7").is_some(), "the pad is back");
}

#[test]
fn a_date_begins_with_figures_and_a_reason_with_letters() {
    let mut settings = Settings::for_site("Main entrance");
    settings.display.keyboard = ScreenKeyboard::Always;
    let mut bench = adding_a_person(settings, SIZES[0]);
    bench.press_escape();
    bench.press("Today");
    bench.press("Add a mark");
    let first_key =
        |bench: &Bench, key: &str| bench.harness.query_by_role_and_label(Role::Button, key).is_some();
    bench.harness.get_by_role_and_label(Role::TextInput, "Date, as 31 Jan 2026").focus();
    bench.run();
    assert!(first_key(&bench, "7") && !first_key(&bench, "q"));
    bench.harness.get_by_role_and_label(Role::TextInput, "Reason").focus();
    bench.run();
    assert!(first_key(&bench, "q") && !first_key(&bench, "7"));
}

#[test]
fn the_keyboard_speaks_the_language_of_the_screen() {
    for (language, letters, close) in [
        ("de", ["z", "ü", "ß"], "Tastatur schließen"),
        ("fr", ["a", "é", "ç"], "Fermer le clavier"),
        ("es", ["q", "ñ", "m"], "Cerrar el teclado"),
    ] {
        let mut settings = Settings::for_site("Main entrance");
        settings.language = language.into();
        settings.display.keyboard = ScreenKeyboard::Always;
        let (fake, app) = Fake::new(settings, None);
        let mut bench = Bench::around(fake, app, SIZES[1]);
        bench.fake.hosts.clear();
        bench.fake.answer_hosts();
        bench.run();
        let next = bench.harness.query_all_by_role(Role::Button).last().unwrap().rect().center();
        bench.press_at(next); // past the language
        let field = bench.harness.query_all_by_role(Role::TextInput).next().unwrap();
        field.focus();
        bench.run();
        assert!(bench.keyboard_shown(close), "{language}");
        for letter in letters {
            assert!(
                bench.harness.query_by_role_and_label(Role::Button, letter).is_some(),
                "{language} {letter}"
            );
        }
    }
}
