//! The screen for everybody: the live picture, what to do, and who was just marked.
//!
//! Job: where everything stands, from 800x480 to a portrait 1080x1920, and what the nearest face is told. It must not
//! know a score, an embedding or anything about a stranger: none of these is in the snapshot.

use super::{
    Action, Goto, Scene,
    attendee_picture::picture_ui,
    card_view::cards_ui,
    cards::Cards,
    lamps::lamps_ui,
    theme::{self, Palette, Scale, Tone},
    widgets::{fitted, name, outline, paragraph, sized_button, text_at, within},
    words::time_of_day,
};
use crate::{
    domain::QualityIssue,
    runtime::messages::{CameraStatus, FaceState, Snapshot},
};
use egui::{Align, Align2, Color32, Layout, Pos2, Rect, Sense, Stroke, Ui, Vec2, pos2, vec2};

/// What the screen says, derived from the newest snapshot.
pub struct AttendeeModel<'a> {
    /// The line over the picture.
    pub headline: Headline,
    /// Cards, newest first.
    pub cards: &'a Cards,
    /// A strip for the demonstration, if this is one.
    pub strip: Option<&'a str>,
}

/// What the kiosk asks of whoever is nearest, or what is the matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Headline {
    /// The camera is being opened.
    Opening,
    /// There is no picture; the place of the picture says why.
    NoPicture,
    /// Nobody is there.
    Ready,
    /// Being read; 0 to 1.
    Reading(f32),
    /// Cannot be read yet.
    Advice(QualityIssue),
    /// Read.
    Recognised,
    /// Not enrolled, or not sure.
    Unknown,
    /// Seems to be a picture of somebody.
    Refused,
}

impl<'a> AttendeeModel<'a> {
    /// Looks at the snapshot.
    #[must_use]
    pub fn new(snapshot: &Snapshot, cards: &'a Cards, strip: Option<&'a str>) -> Self {
        Self { headline: Headline::of(snapshot), cards, strip }
    }
}

impl Headline {
    /// The nearest face decides: it is the largest.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        match snapshot.camera {
            CameraStatus::Opening => return Self::Opening,
            CameraStatus::Fault { .. } => return Self::NoPicture,
            CameraStatus::Live => {}
        }
        let nearest = snapshot.faces.iter().max_by(|a, b| a.bbox.area().total_cmp(&b.bbox.area()));
        match nearest.map(|face| &face.state) {
            None => Self::Ready,
            Some(FaceState::Reading(share)) => Self::Reading(*share),
            Some(FaceState::Advice(issue)) => Self::Advice(*issue),
            Some(FaceState::Recognised) => Self::Recognised,
            Some(FaceState::Unknown) => Self::Unknown,
            Some(FaceState::Refused) => Self::Refused,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Opening => "attendee-opening",
            Self::NoPicture => "attendee-no-picture",
            Self::Ready => "attendee-ready",
            Self::Reading(_) => "attendee-reading",
            Self::Advice(issue) => advice(issue),
            Self::Recognised => "attendee-recognised",
            Self::Unknown => "attendee-unknown",
            Self::Refused => "attendee-refused",
        }
    }

    pub(super) fn tone(self, colours: &Palette) -> Tone {
        match self {
            Self::Opening | Self::Ready | Self::Reading(_) => colours.accent,
            Self::Advice(_) | Self::Unknown | Self::Refused => colours.notice,
            Self::Recognised => colours.arrived,
            Self::NoPicture => colours.alarm,
        }
    }
}

/// The message that helps against a quality issue.
pub(super) fn advice(issue: QualityIssue) -> &'static str {
    match issue {
        QualityIssue::TooFar => "advice-closer",
        QualityIssue::OutOfFrame => "advice-middle",
        QualityIssue::TurnToCamera => "advice-turn",
        QualityIssue::Tilted => "advice-upright",
        QualityIssue::TooDark => "advice-dark",
        QualityIssue::TooBright => "advice-bright",
        QualityIssue::Blurred => "advice-still",
    }
}

/// Where everything stands.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Places {
    head: Rect,
    picture: Rect,
    cards: Rect,
    /// "Use ID and PIN".
    way: Rect,
    lamps: Rect,
    /// Foot of the window, for a demonstration.
    strip: Option<Rect>,
}

impl Places {
    /// Beside the picture in landscape, above and below it in portrait.
    fn of(window: Rect, scale: Scale, strip: bool) -> Self {
        let margin = scale.px(28.0).max(16.0);
        let gap = scale.px(24.0).max(10.0);
        let strip = strip.then(|| window.with_min_y(window.bottom() - scale.letters(16.0) - 12.0));
        let mut room = window.shrink(margin);
        if let Some(strip) = strip {
            room.max.y = strip.top() - gap * 0.5;
        }
        let head = head_height(scale);
        let foot = |column: Rect| {
            let lamps = column.with_min_y(column.bottom() - scale.letters(17.0).max(20.0));
            let way = column.with_max_y(lamps.top() - gap * 0.6);
            (lamps, way.with_min_y(way.bottom() - scale.touch(76.0)))
        };
        if window.height() > window.width() {
            let (lamps, way) = foot(room);
            let head = Rect::from_min_size(room.min, vec2(room.width(), head));
            let top = head.bottom() + gap;
            let tall = (room.width() * 0.9).min((way.top() - top) * 0.66);
            let picture = Rect::from_min_size(pos2(room.left(), top), vec2(room.width(), tall));
            let cards = Rect::from_min_max(
                pos2(room.left(), picture.bottom() + gap),
                pos2(room.right(), way.top() - gap),
            );
            return Self { head, picture, cards, way, lamps, strip };
        }
        let side = (room.width() * 0.335).max(scale.px(400.0));
        let picture = room.with_max_x(room.right() - side - gap);
        let column = room.with_min_x(picture.right() + gap);
        let (lamps, way) = foot(column);
        let head = column.with_max_y(column.top() + head);
        let cards = column.with_min_y(head.bottom() + gap).with_max_y(way.top() - gap);
        Self { head, picture, cards, way, lamps, strip }
    }
}

/// Clock, date and site name, one below the other.
fn head_height(scale: Scale) -> f32 {
    (scale.letters(64.0) * 1.1 + 2.0 * scale.letters(20.0) * 1.3).ceil()
}

/// Draws it.
pub fn attendee_ui(ui: &mut Ui, scene: &Scene<'_>, model: &AttendeeModel<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    let window = ui.max_rect();
    let scale = Scale::of(window.size(), scene.settings.display.large_type);
    let places = Places::of(window, scale, model.strip.is_some());
    if let (Some(strip), Some(rect)) = (model.strip, places.strip) {
        strip_ui(ui, rect, strip, scale);
    }
    picture_ui(ui, scene, model.headline, places.picture, scale);
    head_ui(ui, scene, places.head, scale, &mut actions);
    if model.cards.is_empty() {
        welcome_ui(ui, scene, places.cards, scale);
    } else {
        cards_ui(ui, scene, model.cards, places.cards, scale, &mut actions);
    }
    way_ui(ui, scene, places.way, scale, &mut actions);
    lamps_ui(ui, scene, places.lamps, scale);
    actions
}

/// The other way, as large and as strong as the words on the picture: for whoever does not want to be read.
fn way_ui(ui: &mut Ui, scene: &Scene<'_>, rect: Rect, scale: Scale, actions: &mut Vec<Action>) {
    let accent = theme::palette(ui).accent;
    let text = scene.words.say("attendee-use-pin");
    let pressed = within(ui, rect, Layout::left_to_right(Align::Center), |ui| {
        sized_button(ui, &text, Some(accent), rect.size(), scale.letters(30.0)).clicked()
    });
    if pressed {
        actions.push(Action::Go(Goto::Badge));
    }
}

/// Site, date, clock, and the small way to host mode.
fn head_ui(ui: &mut Ui, scene: &Scene<'_>, rect: Rect, scale: Scale, actions: &mut Vec<Action>) {
    let colours = theme::palette(ui);
    let local = scene.now.utc.to_zoned(scene.zone().clone());
    let side = theme::TOUCH;
    let width = rect.width() - side - scale.px(12.0);
    let clock = time_of_day(scene.now.utc, scene.zone());
    let at = rect.left_top() - vec2(0.0, scale.px(8.0));
    let clock = text_at(ui, at, Align2::LEFT_TOP, &clock, scale.font(64.0), colours.ink, width);
    let mut line = pos2(rect.left(), clock.bottom());
    for text in [&scene.words.date(local.date()), &scene.settings.site_name] {
        let size = fitted(ui, text, scale.letters(20.0), rect.width());
        let font = theme::font(size);
        line.y = text_at(ui, line, Align2::LEFT_TOP, text, font, colours.quiet, rect.width()).bottom();
    }
    let door = Rect::from_min_size(pos2(rect.right() - side, rect.top()), Vec2::splat(side));
    let response = ui.interact(door, ui.scope_id().with("host mode"), Sense::click());
    name(&response, &scene.words.say("attendee-host-mode"));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(door, theme::rounded(), colours.sunken);
    }
    key_icon(ui, door.center(), colours.quiet);
    if response.clicked() {
        actions.push(Action::Go(Goto::Login));
    }
}

fn key_icon(ui: &Ui, centre: Pos2, ink: Color32) {
    let stroke = Stroke::new(2.0, ink);
    let body = Rect::from_center_size(centre + vec2(0.0, 4.0), vec2(18.0, 14.0));
    ui.painter().rect_stroke(body, 3.0, stroke, egui::StrokeKind::Middle);
    let arc = (0..=12).map(|step| {
        let angle = std::f32::consts::PI * (1.0 + step as f32 / 12.0);
        centre + vec2(0.0, -4.0) + 6.0 * Vec2::angled(angle)
    });
    let mut shackle = vec![pos2(centre.x - 6.0, body.top())];
    shackle.extend(arc);
    shackle.push(pos2(centre.x + 6.0, body.top()));
    ui.painter().add(egui::Shape::line(shackle, stroke));
}

fn strip_ui(ui: &Ui, rect: Rect, text: &str, scale: Scale) {
    let colours = theme::palette(ui);
    ui.painter().rect_filled(rect, 0.0, colours.sunken);
    let font = scale.font(16.0);
    let width = rect.width() * 0.95;
    text_at(ui, rect.center(), Align2::CENTER_CENTER, text, font, colours.quiet, width);
}

/// Nobody to greet: what this screen is for.
fn welcome_ui(ui: &Ui, scene: &Scene<'_>, rect: Rect, scale: Scale) {
    let colours = theme::palette(ui);
    let padding = scale.px(24.0).max(12.0);
    let width = rect.width() - 2.0 * padding;
    let title = scene.words.say("attendee-welcome");
    let font = theme::font(fitted(ui, &title, scale.letters(34.0), width));
    let title = ui.painter().layout_no_wrap(title, font, colours.ink);
    let text = scene.words.say("attendee-welcome-text");
    let room = rect.height() - 2.0 * padding - title.size().y - padding * 0.4;
    let text = paragraph(ui, &text, scale.letters(20.0), colours.quiet, vec2(width, room), Align::Min);
    let height = title.size().y + text.size().y + 2.4 * padding;
    let card = Rect::from_min_size(rect.min, vec2(rect.width(), height.min(rect.height())));
    ui.painter().rect_filled(card, theme::rounded(), colours.surface);
    outline(ui.painter(), card, Stroke::new(1.0, colours.line));
    let at = card.min + Vec2::splat(padding);
    let below = at + vec2(0.0, title.size().y + padding * 0.4);
    super::widgets::paint(ui, at, title, colours.ink);
    super::widgets::paint(ui, below, text, colours.quiet);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain, domain::TrackId, runtime::messages::FaceView};

    fn snapshot(faces: Vec<(f32, FaceState)>) -> Snapshot {
        let mut snapshot = Snapshot { camera: CameraStatus::Live, ..Snapshot::default() };
        snapshot.faces = faces
            .into_iter()
            .zip(0..)
            .map(|((size, state), track)| FaceView {
                track: TrackId(track),
                bbox: domain::Rect { x0: 0.0, y0: 0.0, x1: size, y1: size },
                state,
            })
            .collect();
        snapshot
    }

    #[test]
    fn the_nearest_face_decides_what_is_said() {
        assert_eq!(Headline::of(&snapshot(vec![])), Headline::Ready);
        let two = vec![(40.0, FaceState::Unknown), (90.0, FaceState::Reading(0.5))];
        assert_eq!(Headline::of(&snapshot(two)), Headline::Reading(0.5));
        let far = vec![(12.0, FaceState::Advice(QualityIssue::TooFar))];
        assert_eq!(Headline::of(&snapshot(far)), Headline::Advice(QualityIssue::TooFar));
    }

    #[test]
    fn without_a_camera_no_face_is_spoken_of() {
        let mut opening = snapshot(vec![(40.0, FaceState::Unknown)]);
        opening.camera = CameraStatus::Opening;
        assert_eq!(Headline::of(&opening), Headline::Opening);
    }

    #[test]
    fn everything_has_room_of_its_own_on_every_screen() {
        for (width, height) in [(1280.0, 720.0), (1920.0, 1080.0), (1080.0, 1920.0), (800.0, 480.0)] {
            for (large, strip) in [(false, false), (true, true)] {
                let window = Rect::from_min_size(Pos2::ZERO, vec2(width, height));
                let scale = Scale::of(window.size(), large);
                let Places { head, picture, cards, way, lamps, strip } = Places::of(window, scale, strip);
                let all: Vec<Rect> = [head, picture, cards, way, lamps].into_iter().chain(strip).collect();
                for (number, place) in all.iter().enumerate() {
                    let what = format!("place {number} of {width}x{height}, large {large}: {place:?}");
                    assert!(window.contains_rect(*place) && place.is_positive(), "{what}");
                    for other in &all[number + 1..] {
                        assert!(!place.shrink(0.5).intersects(other.shrink(0.5)), "{what} over {other:?}");
                    }
                }
                assert!(
                    way.height() >= theme::TOUCH && cards.height() >= 180.0,
                    "{width}x{height}: {cards:?}"
                );
                assert!(
                    picture.area() > 0.35 * window.area(),
                    "{width}x{height}: the picture is the largest"
                );
            }
        }
    }
}
