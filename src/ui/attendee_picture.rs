//! The picture on the first screen: frames around faces, the ring of the one being read, and the state in words.
//!
//! Job: what the camera sees, and what the kiosk makes of it, readable from two metres. It must not know anybody's name.

use super::{
    Scene,
    attendee::Headline,
    camera_words,
    picture::Placement,
    theme::{self, Palette, Scale},
    widgets::{corners, fitted, outline, paint, paragraph, ring, text_at, tick},
    words::sentence,
};
use crate::runtime::messages::{CameraStatus, FaceState, FaceView};
use egui::{Align, Align2, Color32, Pos2, Rect, Stroke, Ui, Vec2, pos2, vec2};

/// Draws it into `rect`.
pub(super) fn picture_ui(ui: &Ui, scene: &Scene<'_>, headline: Headline, rect: Rect, scale: Scale) {
    let colours = theme::palette(ui);
    let live = scene.snapshot.camera == CameraStatus::Live;
    let placement = scene.picture.show(ui, rect, scene.settings.mirror).filter(|_| live);
    match placement {
        Some(placement) => {
            let painter = ui.painter_at(rect);
            for face in &scene.snapshot.faces {
                face_mark(&painter, &placement, face, colours, scale);
            }
        }
        None => no_picture(ui, scene, rect, scale, colours),
    }
    outline(ui.painter(), rect, Stroke::new(1.0, colours.line));
    pill(ui, rect, &scene.words.say(headline.words()), headline, scale);
    let mut top = rect.top() + scale.px(16.0);
    for fault in scene.snapshot.faults.iter().take(2) {
        let text = fault.sentence.to_string();
        let text = text.lines().next().unwrap_or_default(); // what follows is for technicians
        top = fault_ui(ui, rect, top, &sentence(text), scale) + scale.px(8.0);
    }
}

/// A sentence over the picture: a worker is in trouble. Returns where it ends.
fn fault_ui(ui: &Ui, picture: Rect, top: f32, text: &str, scale: Scale) -> f32 {
    let alarm = theme::palette(ui).alarm;
    let side = scale.px(16.0);
    let room = vec2(picture.width() - 4.0 * side, picture.height() * 0.3);
    let galley = paragraph(ui, text, scale.letters(18.0), alarm.on_soft, room, Align::Min);
    let size = vec2(picture.width() - 2.0 * side, galley.size().y + 1.4 * side);
    let banner = Rect::from_min_size(pos2(picture.left() + side, top), size);
    ui.painter().rect_filled(banner, theme::rounded(), alarm.soft);
    paint(ui, banner.min + vec2(side, 0.7 * side), galley, alarm.on_soft);
    banner.bottom()
}

/// The place of the picture when there is none: what is wrong, and that it is being retried.
fn no_picture(ui: &Ui, scene: &Scene<'_>, rect: Rect, scale: Scale, colours: &Palette) {
    ui.painter().rect_filled(rect, theme::rounded(), colours.sunken);
    let (title, text) = match &scene.snapshot.camera {
        CameraStatus::Fault { reason, .. } => camera_words::fault(scene, reason),
        CameraStatus::Opening | CameraStatus::Live => (scene.words.say("camera-opening"), String::new()),
    };
    let icon = scale.px(40.0);
    let room = vec2(rect.width() * 0.86, rect.height() * 0.3);
    let title = paragraph(ui, &title, scale.letters(30.0), colours.ink, room, Align::Center);
    let text = paragraph(ui, &text, scale.letters(21.0), colours.quiet, room, Align::Center);
    let gap = scale.px(10.0);
    let height = icon * 2.6 + title.size().y + gap + text.size().y;
    // A little above the middle: the words of the state stand at the foot.
    let mut at = pos2(rect.center().x, rect.center().y - height / 2.0 - scale.px(34.0));
    camera_icon(ui, at + vec2(0.0, icon), icon, colours.quiet);
    at.y += icon * 2.6;
    let below = at + vec2(0.0, title.size().y + gap);
    paint(ui, at, title, colours.ink);
    if !text.is_empty() {
        paint(ui, below, text, colours.quiet);
    }
}

fn camera_icon(ui: &Ui, centre: Pos2, size: f32, ink: Color32) {
    let stroke = Stroke::new((size / 12.0).max(2.0), ink);
    let body = Rect::from_center_size(centre, vec2(size * 2.0, size * 1.4));
    ui.painter().rect_stroke(body, size * 0.25, stroke, egui::StrokeKind::Middle);
    ui.painter().circle_stroke(centre, size * 0.38, stroke);
    ui.painter().line_segment([centre + vec2(-size, size), centre + vec2(size, -size)], stroke);
}

/// The state in words on its colour, at the foot of the picture.
fn pill(ui: &Ui, picture: Rect, text: &str, headline: Headline, scale: Scale) {
    let tone = headline.tone(theme::palette(ui));
    let most = picture.width() - scale.px(32.0);
    let height = (scale.letters(30.0) * 2.2).max(44.0);
    let size = fitted(ui, text, scale.letters(30.0), most - height);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), theme::font(size), tone.on_solid);
    let width = (galley.size().x + height).min(most);
    let bottom = pos2(picture.center().x, picture.bottom() - scale.px(28.0));
    let rect = Align2::CENTER_BOTTOM.anchor_size(bottom, vec2(width, height));
    ui.painter().rect_filled(rect, height / 2.0, tone.solid);
    let room = width - height * 0.6;
    text_at(ui, rect.center(), Align2::CENTER_CENTER, text, theme::font(size), tone.on_solid, room);
}

/// A ring round the face that is being read, filling as the evidence gathers; a quiet frame round the others.
fn face_mark(
    painter: &egui::Painter,
    placement: &Placement,
    face: &FaceView,
    colours: &Palette,
    scale: Scale,
) {
    let rect = placement.on_screen(&face.bbox);
    let width = scale.px(6.0).max(3.0);
    let radius = rect.size().max_elem() * 0.66;
    let centre = rect.center();
    match face.state {
        FaceState::Reading(share) => {
            painter.circle_stroke(centre, radius, Stroke::new(width + 3.0, colours.shade));
            ring(painter, centre, radius, width, share, colours.on_picture, theme::DARK.accent.solid);
        }
        FaceState::Recognised => {
            let tone = theme::DARK.arrived;
            painter.circle_stroke(centre, radius, Stroke::new(width + 3.0, colours.shade));
            painter.circle_stroke(centre, radius, Stroke::new(width, tone.solid));
            let badge = scale.px(20.0).max(12.0);
            let top = centre - vec2(0.0, radius);
            painter.circle_filled(top, badge, tone.solid);
            tick(painter, top, badge * 0.9, Stroke::new(scale.px(4.0).max(2.5), tone.on_solid));
        }
        FaceState::Advice(_) | FaceState::Unknown | FaceState::Refused => {
            let rect = rect.expand2(rect.size() * vec2(0.14, 0.12));
            let length = rect.size().min_elem() * 0.22;
            let shade = Stroke::new(width + 1.0, colours.shade);
            corners(painter, rect.translate(Vec2::splat(1.0)), length, shade);
            corners(painter, rect, length, Stroke::new(width - 1.0, theme::DARK.notice.solid));
        }
    }
}
