//! Guided enrolment: consent, then three shots with the camera.
//!
//! Job: lead one person through it in words and arrows, and say how it ended. It must not know what a template is.

use super::{
    Action, Asked, Goto, HostPage, Scene,
    attendee::advice,
    theme,
    widgets::{Weight, banner, button, button_if, card, corners, page_title, quiet, tick},
    words::sentence,
};
use crate::{
    domain::{PersonId, PersonName},
    runtime::messages::{
        CameraStatus, EnrolmentAdvice, EnrolmentPose, EnrolmentView, HostRequest, Notice, Refusal, ReplyBody,
    },
};
use egui::{Align, Align2, Layout, Rect, RichText, Sense, Stroke, Ui, Vec2, pos2, vec2};

/// Who is enrolled, and how far it is.
pub struct Enrol {
    person: PersonId,
    name: PersonName,
    agreed: bool,
    stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Consent,
    Running,
    Done {
        shots: usize,
        look_alike: Option<PersonName>,
    },
    /// This face is enrolled under another name: the host decides.
    Already {
        other: PersonName,
    },
    Failed(String),
}

impl Enrol {
    /// Begins with consent.
    #[must_use]
    pub fn new(person: PersonId, name: PersonName) -> Self {
        Self { person, name, agreed: false, stage: Stage::Consent }
    }

    /// The camera is taking shots.
    #[must_use]
    pub fn running(&self) -> bool {
        self.stage == Stage::Running
    }

    /// Something is under way that must not go on unseen.
    #[must_use]
    pub fn unfinished(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Already { .. })
    }

    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        if let (Asked::StartEnrolment | Asked::StoreShots, Err(refusal)) = (asked, body) {
            self.stage = Stage::Failed(sentence(&refusal.to_string()));
        }
        Vec::new()
    }

    /// How it ended.
    pub fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::Enrolled { person, shots, look_alike } if *person == self.person => {
                self.stage = Stage::Done { shots: *shots, look_alike: look_alike.clone() };
            }
            Notice::EnrolledAlready { person, other } if *person == self.person => {
                self.stage = Stage::Already { other: other.clone() };
            }
            Notice::EnrolmentFailed { person, sentence: text } if *person == self.person => {
                self.stage = Stage::Failed(sentence(&text.to_string()));
            }
            _ => {}
        }
    }
}

/// Draws it.
pub(super) fn enrol_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Enrol) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let title = words.with("enrol-title", &[("name", local.name.as_str().into())]);
    page_title(ui, &title, |ui| {
        let id = if matches!(local.stage, Stage::Done { .. }) { "enrol-close" } else { "button-cancel" };
        if button(ui, &words.say(id), Weight::Quiet).clicked() {
            actions.push(Action::Go(Goto::Page(HostPage::People)));
        }
    });
    let room = ui.available_size();
    if room.x > room.y {
        // On a low screen the text needs the room more than the picture: the way on comes below it.
        let low = ui.ctx().content_rect().height() < theme::SMALL_HEIGHT;
        let side = (room.x * if low { 0.47 } else { 0.38 }).clamp(230.0, 420.0);
        ui.horizontal_top(|ui| {
            enrol_picture(ui, scene, local, vec2(room.x - side - theme::SPACE, room.y));
            ui.add_space(theme::GAP);
            ui.vertical(|ui| {
                ui.set_width(side - theme::GAP);
                actions.extend(stage_ui(ui, scene, local));
            });
        });
    } else {
        enrol_picture(ui, scene, local, vec2(room.x, room.y * 0.5));
        ui.add_space(theme::GAP);
        actions.extend(stage_ui(ui, scene, local));
    }
    actions
}

fn stage_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Enrol) -> Option<Action> {
    let words = scene.words;
    let colours = theme::palette(ui);
    let start = Action::AskHost(HostRequest::StartEnrolment { person: local.person });
    match &local.stage {
        Stage::Consent => {
            let mut action = None;
            egui::ScrollArea::vertical().show(ui, |ui| {
                card(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.heading(words.say("consent-title"));
                    let text = &scene.settings.consent_text;
                    ui.label(if text.is_empty() { words.say("consent-text") } else { text.clone() });
                    let version = scene.settings.consent_version.as_str();
                    super::widgets::caption(
                        ui,
                        &words.with("consent-version", &[("version", version.into())]),
                    );
                });
                ui.add_space(theme::GAP / 2.0);
                ui.checkbox(&mut local.agreed, words.say("consent-tick"));
                if button_if(ui, local.agreed, &words.say("enrol-start"), Weight::Primary).clicked() {
                    local.stage = Stage::Running;
                    action = Some(start);
                }
            });
            action
        }
        Stage::Running => {
            let view = scene.snapshot.enrolment.as_ref().filter(|view| view.person == local.person);
            progress_ui(ui, scene, view);
            None
        }
        Stage::Already { other } => {
            let name = [("name", other.as_str().into())];
            banner(ui, colours.notice, &words.with("enrol-already", &name));
            quiet(ui, &words.say("enrol-already-text"));
            let store = Action::AskHost(HostRequest::StoreShots { person: local.person });
            if button(ui, &words.say("enrol-store"), Weight::Quiet).clicked() {
                local.stage = Stage::Running;
                return Some(store);
            }
            button(ui, &words.say("enrol-drop"), Weight::Primary)
                .clicked()
                .then_some(Action::Go(Goto::Page(HostPage::People)))
        }
        Stage::Done { shots, look_alike } => {
            banner(ui, colours.arrived, &words.with("enrol-done", &[("shots", (*shots).into())]));
            if let Some(other) = look_alike {
                let name = [("name", other.as_str().into())];
                banner(ui, colours.notice, &words.with("enrol-look-alike", &name));
            }
            quiet(ui, &words.say("enrol-done-text"));
            let people = Action::Go(Goto::Page(HostPage::People));
            button(ui, &words.say("enrol-back"), Weight::Primary).clicked().then_some(people)
        }
        Stage::Failed(text) => {
            banner(ui, colours.alarm, text);
            quiet(ui, &words.say("enrol-failed-text"));
            if button(ui, &words.say("enrol-again"), Weight::Primary).clicked() {
                local.stage = Stage::Running;
                return Some(start);
            }
            None
        }
    }
}

fn progress_ui(ui: &mut Ui, scene: &Scene<'_>, view: Option<&EnrolmentView>) {
    let words = scene.words;
    let colours = theme::palette(ui);
    let (taken, wanted) = view.map_or((0, 3), |view| (view.taken, view.wanted));
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            for shot in 0..wanted {
                let (rect, _) = ui.allocate_exact_size(Vec2::splat(44.0), Sense::hover());
                let centre = rect.center();
                if shot < taken {
                    ui.painter().circle_filled(centre, 20.0, colours.arrived.solid);
                    tick(ui.painter(), centre, 20.0, Stroke::new(3.0, colours.arrived.on_solid));
                } else {
                    let ink = if shot == taken { colours.accent.solid } else { colours.line };
                    ui.painter().circle_stroke(centre, 19.0, Stroke::new(3.0, ink));
                    let number = (shot + 1).to_string();
                    let font = theme::font(19.0);
                    ui.painter().text(centre, Align2::CENTER_CENTER, number, font, colours.quiet);
                }
            }
        });
        let count = [("taken", taken.into()), ("wanted", wanted.into())];
        super::widgets::caption(ui, &words.with("enrol-shots", &count));
        let id = match view.map(|view| view.pose) {
            None => "button-working",
            Some(EnrolmentPose::Front) => "pose-front",
            Some(EnrolmentPose::Aside) => "pose-aside",
            Some(EnrolmentPose::OtherSide) => "pose-other-side",
        };
        ui.label(RichText::new(words.say(id)).font(theme::font(theme::TITLE)));
    });
    if let Some(advice) = view.and_then(|view| view.advice) {
        ui.add_space(theme::GAP / 2.0);
        banner(ui, colours.notice, &words.say(advice_words(advice)));
    }
}

fn advice_words(given: EnrolmentAdvice) -> &'static str {
    match given {
        EnrolmentAdvice::NoFace => "enrol-no-face",
        EnrolmentAdvice::SeveralFaces => "enrol-several-faces",
        EnrolmentAdvice::Quality(issue) => advice(issue),
        EnrolmentAdvice::Pose => "enrol-pose",
        EnrolmentAdvice::Refused => "attendee-refused",
    }
}

fn enrol_picture(ui: &mut Ui, scene: &Scene<'_>, local: &Enrol, size: Vec2) {
    let colours = theme::palette(ui);
    let rect = live_picture(ui, scene, size);
    let Some(view) = scene.snapshot.enrolment.as_ref().filter(|_| local.running()) else { return };
    let side = match view.pose {
        EnrolmentPose::Front => return,
        EnrolmentPose::Aside => -1.0,
        EnrolmentPose::OtherSide => 1.0,
    };
    let at = pos2(rect.center().x + side * rect.width() * 0.36, rect.center().y);
    ui.painter().circle_filled(at, 34.0, colours.shade);
    let (tip, stroke) = (at + vec2(side * 15.0, 0.0), Stroke::new(5.0, colours.on_picture));
    let barb = |down: f32| tip + vec2(side * -12.0, down);
    ui.painter().line_segment([at - vec2(side * 15.0, 0.0), tip], stroke);
    ui.painter().line(vec![barb(-12.0), tip, barb(12.0)], stroke);
}

/// The live picture with frames around faces, in a rounded place of `size`. Returns the place.
pub(super) fn live_picture(ui: &mut Ui, scene: &Scene<'_>, size: Vec2) -> Rect {
    let colours = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let alt = scene.words.say("camera-picture");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &alt));
    let live = scene.snapshot.camera == CameraStatus::Live;
    if let Some(placement) = scene.picture.show(ui, rect, scene.settings.mirror).filter(|_| live) {
        let painter = ui.painter_at(rect);
        for face in &scene.snapshot.faces {
            let face = placement.on_screen(&face.bbox);
            let face = face.expand2(face.size() * vec2(0.14, 0.12));
            let length = face.size().min_elem() * 0.22;
            corners(&painter, face.translate(Vec2::splat(1.0)), length, Stroke::new(5.0, colours.shade));
            corners(&painter, face, length, Stroke::new(3.0, colours.on_picture));
        }
    } else {
        ui.painter().rect_filled(rect, theme::rounded(), colours.sunken);
        let text = match &scene.snapshot.camera {
            CameraStatus::Fault { reason, .. } => super::camera_words::fault(scene, reason).0,
            CameraStatus::Opening | CameraStatus::Live => scene.words.say("camera-opening"),
        };
        super::widgets::within(
            ui,
            rect.shrink(20.0),
            Layout::centered_and_justified(egui::Direction::TopDown),
            |ui| {
                ui.add(egui::Label::new(RichText::new(text).color(colours.quiet)).halign(Align::Center));
            },
        );
    }
    super::widgets::outline(ui.painter(), rect, Stroke::new(1.0, colours.line));
    rect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_by_notice_and_only_by_its_own() {
        let (me, other) = (PersonId::from_bytes([1; 16]), PersonId::from_bytes([2; 16]));
        let mut page = Enrol::new(me, PersonName::new("Ada").unwrap());
        page.stage = Stage::Running;
        page.notice(&Notice::Enrolled { person: other, shots: 3, look_alike: None });
        assert!(page.running());
        page.notice(&Notice::EnrolmentFailed { person: me, sentence: "the face was not steady".into() });
        assert_eq!(page.stage, Stage::Failed("The face was not steady.".into()));
        page.notice(&Notice::EnrolledAlready { person: me, other: PersonName::new("Eve").unwrap() });
        assert!(page.unfinished() && !page.running(), "leaving now drops the pictures");
        page.notice(&Notice::Enrolled { person: me, shots: 3, look_alike: None });
        assert_eq!(page.stage, Stage::Done { shots: 3, look_alike: None });
        assert!(!page.unfinished());
    }
}
