//! Host mode around its pages: navigation, who is logged in, the countdown to the lock.
//!
//! Job: the frame of every host page. It must not know what a page does.

use super::{
    Action, Goto, HostPage, HostScreen, Scene,
    attendance::attendance_ui,
    audit::audit_ui,
    code::code_page_ui,
    diagnostics::diagnostics_ui,
    enrol::enrol_ui,
    hosts::hosts_ui,
    keys::keys_ui,
    people::people_ui,
    reports::reports_ui,
    settings_form::settings_ui,
    theme,
    today::today_ui,
    widgets::{Weight, banner, button, button_if, caption, centred, fitted, name, ring},
    words::{countdown, sentence},
};
use crate::runtime::messages::{HostSession, JobView};
use egui::{Button, CentralPanel, Frame, Margin, Panel, ProgressBar, RichText, Sense, Stroke, Ui, Vec2};
use std::time::Duration;

const PAGES: [(HostPage, &str); 8] = [
    (HostPage::Today, "page-today"),
    (HostPage::People, "page-people"),
    (HostPage::Attendance, "page-attendance"),
    (HostPage::Reports, "page-reports"),
    (HostPage::Audit, "page-audit"),
    (HostPage::Hosts, "page-hosts"),
    (HostPage::Settings, "page-settings"),
    (HostPage::Diagnostics, "page-diagnostics"),
];

/// Draws the navigation and the page.
pub fn host_ui(ui: &mut Ui, scene: &Scene<'_>, page: &mut HostScreen, session: &HostSession) -> Vec<Action> {
    if let HostScreen::Code(local) = page {
        return code_page_ui(ui, scene, local); // nothing leads away from it but having written it down
    }
    let colours = theme::palette(ui);
    let mut actions = Vec::new();
    let small = ui.available_width() < theme::SMALL_WIDTH;
    let width = if small { theme::NAV_SMALL } else { theme::NAV };
    let margin = if small { 8 } else { 16 };
    Panel::left("navigation")
        .exact_size(width)
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(colours.surface).inner_margin(Margin::same(margin)))
        .show(ui, |ui| actions.extend(navigation(ui, scene, page.page(), session, small)));
    let margin = if small { 14 } else { theme::SPACE as i8 };
    CentralPanel::default().frame(Frame::new().fill(colours.ground).inner_margin(Margin::same(margin))).show(
        ui,
        |ui| {
            for fault in &scene.snapshot.faults {
                banner(ui, colours.alarm, &sentence(&fault.sentence.to_string()));
            }
            actions.extend(match page {
                HostScreen::People(local) => people_ui(ui, scene, local),
                HostScreen::Enrol(local) => enrol_ui(ui, scene, local),
                HostScreen::Today(local) => today_ui(ui, scene, local),
                HostScreen::Attendance(local) => attendance_ui(ui, scene, local),
                HostScreen::Reports(local) => reports_ui(ui, scene, local),
                HostScreen::Audit(local) => audit_ui(ui, scene, local),
                HostScreen::Hosts(local) => hosts_ui(ui, scene, local),
                HostScreen::Code(_) => Vec::new(), // drawn above
                HostScreen::Keys(local) => keys_ui(ui, scene, local),
                HostScreen::Settings(local) => settings_ui(ui, scene, local),
                HostScreen::Diagnostics(local) => diagnostics_ui(ui, scene, local),
            });
        },
    );
    actions
}

fn navigation(
    ui: &mut Ui,
    scene: &Scene<'_>,
    here: HostPage,
    session: &HostSession,
    small: bool,
) -> Vec<Action> {
    let words = scene.words;
    let mut actions = Vec::new();
    ui.spacing_mut().item_spacing.y = if small { 2.0 } else { 6.0 };
    if small {
        ui.spacing_mut().button_padding.x = theme::GAP * 0.75;
    }
    if !small {
        ui.add_space(4.0);
        ui.label(RichText::new(&scene.settings.site_name).heading());
        if let Some(name) = scene.host_name(session.host()) {
            caption(ui, &words.with("host-logged-in", &[("name", name.into())]));
        }
        ui.add_space(theme::GAP);
    }
    let here = if here == HostPage::Keys { HostPage::Settings } else { here };
    for (page, id) in PAGES {
        let text = nav_text(ui, words.say(id));
        let entry =
            Button::selectable(here == page, text).min_size(Vec2::new(ui.available_width(), theme::TOUCH));
        if ui.add(entry).clicked() {
            actions.push(Action::Go(Goto::Page(page)));
        }
    }
    ui.with_layout(egui::Layout::bottom_up(egui::Align::Min), |ui| {
        let mut text = words.say("host-lock");
        if small {
            text = format!("{text} {}", countdown(session.idle_left(scene.now)));
        }
        let lock = centred(nav_text(ui, text)).min_size(Vec2::new(ui.available_width(), theme::TOUCH));
        let lock = ui.add(lock);
        name(&lock, &words.say("host-lock"));
        if lock.clicked() {
            actions.push(Action::Lock);
        }
        if !small {
            ui.add_space(4.0);
            idle_ui(ui, scene, session);
        }
    });
    actions
}

/// An entry's text in one line, smaller when it is long.
fn nav_text(ui: &Ui, text: String) -> RichText {
    let room = ui.available_width() - 2.0 * ui.spacing().button_padding.x;
    let size = fitted(ui, &text, egui::TextStyle::Button.resolve(ui.style()).size, room);
    RichText::new(text).font(theme::font(size))
}

/// How long until host mode locks by itself.
fn idle_ui(ui: &mut Ui, scene: &Scene<'_>, session: &HostSession) {
    let colours = theme::palette(ui);
    let left = session.idle_left(scene.now);
    let whole = Duration::from_secs(u64::from(scene.settings.session_idle_secs));
    let share = left.as_secs_f32() / whole.as_secs_f32().max(1.0);
    let ink = if left < Duration::from_secs(15) { colours.notice.solid } else { colours.accent.solid };
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(20.0), Sense::hover());
        ring(ui.painter(), rect.center(), 8.0, 3.0, share, colours.line, ink);
        caption(ui, &scene.words.with("host-locks-in", &[("wait", countdown(left).into())]));
    });
}

/// How far long work is, and the button that stops it; says whether it was pressed.
pub(super) fn work_progress(ui: &mut Ui, scene: &Scene<'_>, view: Option<JobView>, stopping: bool) -> bool {
    let words = scene.words;
    let (done, total) = view.map_or((0, 1), |view| (view.done, view.total.max(1)));
    let text = if stopping || view.is_none_or(|view| view.total == 0) {
        words.say("button-working")
    } else {
        words.with("work-progress", &[("done", done.into()), ("total", total.into())])
    };
    let mut stop = false;
    ui.horizontal(|ui| {
        let bar = ProgressBar::new(done as f32 / total as f32).desired_width(ui.available_width() - 160.0);
        ui.add(bar.text(text));
        stop = button_if(ui, !stopping, &words.say("button-stop"), Weight::Quiet).clicked();
    });
    stop
}

/// Message shown while a page waits for its first data.
pub(super) fn loading(ui: &mut Ui, scene: &Scene<'_>) {
    super::widgets::quiet(ui, &scene.words.say("button-working"));
}

/// An empty list: why, and what to do about it.
pub(super) fn empty(ui: &mut Ui, title: &str, text: &str) {
    let colours = theme::palette(ui);
    ui.add_space(theme::SPACE);
    ui.vertical_centered(|ui| {
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(56.0), Sense::hover());
        ui.painter().circle_filled(rect.center(), 28.0, colours.accent.soft);
        super::widgets::tick(ui.painter(), rect.center(), 22.0, Stroke::new(3.0, colours.accent.on_soft));
        ui.heading(title);
        super::widgets::quiet(ui, text);
    });
}

/// Two buttons at the foot of a dialog: the deed at the right, the way out beside it.
pub(super) fn dialog_foot(
    ui: &mut Ui,
    cancel: &str,
    deed: &str,
    enabled: bool,
    weight: Weight,
) -> Option<bool> {
    let mut pressed = None;
    ui.add_space(theme::GAP);
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
        if button_if(ui, enabled, deed, weight).clicked() {
            pressed = Some(true);
        }
        if button(ui, cancel, Weight::Quiet).clicked() {
            pressed = Some(false);
        }
    });
    pressed
}
