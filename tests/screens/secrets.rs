//! What was typed as a secret is gone when it leaves its field: undoing brings nothing back, there or elsewhere.

use super::Bench;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use faceprint::runtime::messages::{Refusal, RequestBody};

const SECRET: &str = "908172";

impl Bench {
    /// So long that a field would remember what stands in it.
    fn rest(&mut self) {
        self.harness.run_steps(15);
    }

    /// Ctrl+Z a few times in an empty field; what stood there after each.
    fn undone(&mut self, role: Role, label: &str) -> Vec<String> {
        self.harness.get_by_role_and_label(role, label).click();
        self.run();
        let undo = |_| {
            self.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
            self.run();
            self.harness.get_by_role_and_label(role, label).accesskit_node().value().unwrap_or_default()
        };
        (0..4).map(undo).filter(|text| !text.is_empty()).collect()
    }
}

#[test]
fn a_second_hosts_pin_does_not_come_back() {
    let mut bench = super::together::erasing();
    bench.write_pin("Their PIN", SECRET);
    bench.rest();
    bench.press("Agree");
    assert!(bench.agreed().is_some());
    bench.rest();
    assert!(bench.undone(Role::PasswordInput, "Their PIN").is_empty(), "in the dialog that stayed open");
    bench.write_pin("Their PIN", SECRET);
    bench.rest();
    bench.press("Cancel");
    super::together::erase_again(&mut bench);
    assert!(bench.undone(Role::PasswordInput, "Their PIN").is_empty(), "in the next one");
}

#[test]
fn ones_own_pin_comes_back_neither_in_its_dialog_nor_readable_in_another() {
    let mut bench = Bench::host_mode();
    bench.press("Hosts");
    bench.press("Change my PIN");
    bench.write_pin("Present PIN", SECRET);
    bench.write_pin("New PIN", "605142");
    bench.rest();
    bench.harness.get_by_role_and_label(Role::PasswordInput, "Present PIN").click();
    bench.rest();
    bench.press("Cancel");
    bench.press("Add host");
    assert!(bench.undone(Role::TextInput, "Name").is_empty(), "the old PIN, in clear");
    assert!(bench.undone(Role::PasswordInput, "New PIN").is_empty());
    bench.press("Cancel");
    bench.press("Change my PIN");
    assert!(bench.undone(Role::PasswordInput, "Present PIN").is_empty());
}

#[test]
fn a_recovery_code_that_was_not_used_does_not_come_back() {
    let mut bench = Bench::tall();
    let open = |bench: &mut Bench| {
        bench.press("Host mode");
        bench.fake.answer_hosts();
        bench.run();
        bench.type_pin("111111");
        let request = bench.fake.find(|body| matches!(body, RequestBody::Login { .. })).unwrap();
        bench.fake.reply(&request, Err(Refusal::LockedOut { retry_in: None }));
        bench.run();
        bench.press("Use the recovery code");
    };
    open(&mut bench);
    bench.write("Recovery code", "7Q2MX-7Q2MX-7Q2MX-7Q2MX-7Q2MX");
    bench.rest();
    bench.press("Back");
    if !bench.says("Use ID and PIN") {
        bench.press("Back");
    }
    open(&mut bench);
    assert!(bench.undone(Role::TextInput, "Recovery code").is_empty());
    bench.write("Recovery code", "7Q2MX");
    let field = bench.harness.get_by_role_and_label(Role::TextInput, "Recovery code");
    assert_eq!(field.accesskit_node().value().as_deref(), Some("7Q2MX"), "it can be read while it is typed");
}
