//! The screen for everybody: the live picture, what to do, and who was just marked.
//!
//! Job: say in words and colour what the kiosk sees, and give each person their card. It must not know a score, an
//! embedding or anything about a stranger: none of these is in the snapshot.

use super::{
    Action, Goto, Scene, camera_words,
    cards::{Card, Cards, Content},
    picture::Placement,
    theme::{self, Palette, Scale, Tone},
    widgets::{corners, kind_tone, name, outline, ring, sized_button, text_at, tick, within},
    words::{sentence, time_of_day},
};
use crate::{
    domain::{MarkKind, QualityIssue},
    runtime::messages::{CameraStatus, FaceState, FaceView, RequestBody, Snapshot},
};
use egui::{
    Align, Align2, Color32, Layout, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

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

    fn words(self) -> &'static str {
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

    fn tone(self, colours: &Palette) -> Tone {
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

/// Height of clock, date and site name.
const HEAD: f32 = 126.0;

/// Draws it. Cards and clock stand beside the picture, or below it in portrait.
pub fn attendee_ui(ui: &mut Ui, scene: &Scene<'_>, model: &AttendeeModel<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    let window = ui.max_rect();
    let scale = Scale::of(window.size());
    let mut room = window.shrink(scale.px(28.0));
    if let Some(strip) = model.strip {
        strip_ui(ui, window, strip, scale);
        room.max.y -= scale.px(20.0);
    }
    let gap = scale.px(28.0);
    if window.height() > window.width() {
        let head = Rect::from_min_size(room.min, vec2(room.width(), scale.px(HEAD)));
        let top = head.bottom() + gap;
        let picture = Rect::from_min_size(pos2(room.left(), top), vec2(room.width(), room.width() * 0.9));
        let below = Rect::from_min_max(pos2(room.left(), picture.bottom() + gap), room.max);
        head_ui(ui, scene, head, scale, &mut actions);
        picture_ui(ui, scene, model, picture, scale);
        cards_ui(ui, scene, model.cards, below, scale, &mut actions);
    } else {
        let side = (room.width() * 0.335).max(scale.px(380.0));
        let picture = Rect::from_min_max(room.min, pos2(room.right() - side - gap, room.bottom()));
        let beside = Rect::from_min_max(pos2(picture.right() + gap, room.top()), room.max);
        let (head, below) = beside.split_top_bottom_at_y(beside.top() + scale.px(HEAD));
        picture_ui(ui, scene, model, picture, scale);
        head_ui(ui, scene, head, scale, &mut actions);
        cards_ui(ui, scene, model.cards, below.with_min_y(below.top() + gap), scale, &mut actions);
    }
    actions
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
        let font = scale.font(20.0);
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

fn strip_ui(ui: &Ui, window: Rect, text: &str, scale: Scale) {
    let colours = theme::palette(ui);
    let rect = window.with_min_y(window.bottom() - scale.px(34.0).max(24.0));
    ui.painter().rect_filled(rect, 0.0, colours.sunken);
    text_at(
        ui,
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        scale.font(16.0),
        colours.quiet,
        rect.width() * 0.95,
    );
}

fn picture_ui(ui: &Ui, scene: &Scene<'_>, model: &AttendeeModel<'_>, rect: Rect, scale: Scale) {
    let colours = theme::palette(ui);
    let live = scene.snapshot.camera == CameraStatus::Live;
    let placement = scene.picture.show(ui, rect, scene.settings.mirror).filter(|_| live);
    match placement {
        Some(placement) => {
            let painter = ui.painter_at(rect);
            for face in &scene.snapshot.faces {
                face_frame(&painter, &placement, face, colours, scale);
            }
        }
        None => no_picture(ui, scene, rect, scale, colours),
    }
    outline(ui.painter(), rect, Stroke::new(1.0, colours.line));
    let headline = scene.words.say(model.headline.words());
    pill(
        ui,
        pos2(rect.center().x, rect.bottom() - scale.px(28.0)),
        &headline,
        model.headline,
        scale,
        rect.width(),
    );
    for (row, fault) in scene.snapshot.faults.iter().take(2).enumerate() {
        let height = scale.px(60.0).max(40.0);
        let top = rect.top() + scale.px(16.0) + row as f32 * (height + 8.0);
        let banner = Rect::from_min_size(pos2(rect.left() + 16.0, top), vec2(rect.width() - 32.0, height));
        ui.painter().rect_filled(banner, theme::rounded(), colours.alarm.soft);
        wrapped(
            ui,
            banner.shrink(10.0),
            &sentence(&fault.sentence),
            scale.px(18.0).max(14.0),
            colours.alarm.on_soft,
        );
    }
}

/// The place of the picture when there is none: what is wrong, and that it is being retried.
fn no_picture(ui: &Ui, scene: &Scene<'_>, rect: Rect, scale: Scale, colours: &Palette) {
    ui.painter().rect_filled(rect, theme::rounded(), colours.sunken);
    let (title, text) = match &scene.snapshot.camera {
        CameraStatus::Fault { reason, .. } => camera_words::fault(scene, reason),
        CameraStatus::Opening | CameraStatus::Live => (scene.words.say("camera-opening"), String::new()),
    };
    camera_icon(ui, rect.center() - vec2(0.0, scale.px(96.0)), scale.px(40.0), colours.quiet);
    let middle = Rect::from_center_size(rect.center(), vec2(rect.width() * 0.8, scale.px(90.0)));
    let title = wrapped(ui, middle, &title, scale.px(30.0).max(18.0), colours.ink);
    let below = middle.with_min_y(title.bottom() + scale.px(4.0)).with_max_y(title.bottom() + scale.px(76.0));
    wrapped(ui, below, &text, scale.px(21.0).max(14.0), colours.quiet);
}

fn camera_icon(ui: &Ui, centre: Pos2, size: f32, ink: Color32) {
    let stroke = Stroke::new((size / 12.0).max(2.0), ink);
    let body = Rect::from_center_size(centre, vec2(size * 2.0, size * 1.4));
    ui.painter().rect_stroke(body, size * 0.25, stroke, egui::StrokeKind::Middle);
    ui.painter().circle_stroke(centre, size * 0.38, stroke);
    ui.painter().line_segment([centre + vec2(-size, size), centre + vec2(size, -size)], stroke);
}

/// Wrapped text in the middle of a rectangle. Returns what it covers.
fn wrapped(ui: &Ui, rect: Rect, text: &str, size: f32, ink: Color32) -> Rect {
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), theme::font(size), ink, rect.width());
    job.halign = Align::Center;
    let galley = ui.painter().layout_job(job);
    let covers = Rect::from_center_size(rect.center(), galley.size());
    if !text.is_empty() {
        let response = ui.interact(covers, ui.scope_id().with(text), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
        ui.painter().galley(covers.center_top(), galley, ink);
    }
    covers
}

/// The state in words on its colour.
fn pill(ui: &Ui, bottom: Pos2, text: &str, headline: Headline, scale: Scale, room: f32) {
    let colours = theme::palette(ui);
    let tone = headline.tone(colours);
    let font = scale.font(30.0);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), tone.on_solid);
    let height = scale.px(68.0).max(44.0);
    let width = (galley.size().x + height).min(room - scale.px(32.0));
    let rect = Align2::CENTER_BOTTOM.anchor_size(bottom, vec2(width, height));
    ui.painter().rect_filled(rect, height / 2.0, tone.solid);
    text_at(ui, rect.center(), Align2::CENTER_CENTER, text, font, tone.on_solid, width - height * 0.6);
}

/// A quiet frame around a face; while it is read, a ring beside it fills.
fn face_frame(
    painter: &egui::Painter,
    placement: &Placement,
    face: &FaceView,
    colours: &Palette,
    scale: Scale,
) {
    let rect = placement.on_screen(&face.bbox);
    let rect = rect.expand2(rect.size() * vec2(0.14, 0.12));
    let width = scale.px(4.0).max(2.5);
    let ink = match face.state {
        FaceState::Reading(_) => colours.on_picture,
        FaceState::Advice(_) | FaceState::Unknown | FaceState::Refused => theme::DARK.notice.solid,
        FaceState::Recognised => theme::DARK.arrived.solid,
    };
    let length = rect.size().min_elem() * 0.22;
    corners(painter, rect.translate(Vec2::splat(1.0)), length, Stroke::new(width + 2.0, colours.shade));
    corners(painter, rect, length, Stroke::new(width, ink));
    let radius = scale.px(20.0).max(12.0);
    let centre = pos2(rect.center().x, rect.top());
    match face.state {
        FaceState::Reading(share) => {
            painter.circle_filled(centre, radius + width, colours.shade);
            ring(painter, centre, radius - width, width, share, colours.shade, theme::DARK.accent.solid);
        }
        FaceState::Recognised => {
            painter.circle_filled(centre, radius, theme::DARK.arrived.solid);
            tick(painter, centre, radius * 0.9, Stroke::new(width, theme::DARK.arrived.on_solid));
        }
        FaceState::Advice(_) | FaceState::Unknown | FaceState::Refused => {}
    }
}

fn cards_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    cards: &Cards,
    rect: Rect,
    scale: Scale,
    actions: &mut Vec<Action>,
) {
    if cards.is_empty() {
        welcome_ui(ui, scene, rect, scale);
        return;
    }
    let gap = scale.px(16.0);
    let columns = if cards.len() > 1 && rect.width() > scale.px(600.0) { 2 } else { 1 };
    let width = (rect.width() - gap * (columns - 1) as f32) / columns as f32;
    let mut next = vec![rect.top(); columns];
    for card in cards.iter() {
        let height = card_height(card, scale);
        // Into the column with more room; what fits in none waits until a newer card has gone.
        let Some((column, top)) = next.iter_mut().enumerate().min_by(|a, b| a.1.total_cmp(b.1)) else {
            return;
        };
        if *top + height > rect.bottom() + 1.0 {
            break;
        }
        let left = rect.left() + column as f32 * (width + gap);
        card_ui(ui, scene, card, Rect::from_min_size(pos2(left, *top), vec2(width, height)), scale, actions);
        *top += height + gap;
    }
}

fn card_height(card: &Card, scale: Scale) -> f32 {
    match card.content {
        Content::Recorded { .. } => scale.px(160.0) + scale.touch(56.0),
        Content::Ask { .. } => scale.px(156.0) + scale.touch(84.0),
        Content::Duplicate { .. } | Content::StruckOut => scale.px(140.0),
        Content::NotRecorded { .. } => scale.px(160.0),
    }
}

/// Nobody to greet: what this screen is for.
fn welcome_ui(ui: &Ui, scene: &Scene<'_>, rect: Rect, scale: Scale) {
    let colours = theme::palette(ui);
    let height = scale.px(180.0).min(rect.height());
    let card = Rect::from_min_size(rect.min, vec2(rect.width(), height));
    ui.painter().rect_filled(card, theme::rounded(), colours.surface);
    outline(ui.painter(), card, Stroke::new(1.0, colours.line));
    let inner = card.shrink(scale.px(24.0));
    let title = scene.words.say("attendee-welcome");
    let head =
        text_at(ui, inner.left_top(), Align2::LEFT_TOP, &title, scale.font(34.0), colours.ink, inner.width());
    let text = scene.words.say("attendee-welcome-text");
    let mut job = egui::text::LayoutJob::simple(text.clone(), scale.font(20.0), colours.quiet, inner.width());
    job.wrap.max_rows = 3;
    let galley = ui.painter().layout_job(job);
    let at = pos2(inner.left(), head.bottom() + scale.px(10.0));
    let response =
        ui.interact(Rect::from_min_size(at, galley.size()), ui.scope_id().with("welcome"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    ui.painter().galley(at, galley, colours.quiet);
}

fn card_ui(ui: &mut Ui, scene: &Scene<'_>, card: &Card, rect: Rect, scale: Scale, actions: &mut Vec<Action>) {
    let colours = theme::palette(ui);
    let (tone, title, line) = card_words(scene, card, colours);
    let painter = ui.painter().clone();
    let band = scale.px(10.0).max(6.0);
    painter.rect_filled(rect, theme::rounded(), tone.solid);
    let right = egui::CornerRadius { nw: 0, sw: 0, ..theme::rounded() };
    painter.rect_filled(rect.with_min_x(rect.left() + band), right, colours.surface);
    outline(&painter, rect, Stroke::new(1.0, colours.line));
    let inner = Rect::from_min_max(
        rect.min + vec2(band + scale.px(20.0), scale.px(18.0)),
        rect.max - vec2(scale.px(20.0), scale.px(16.0)),
    );
    if let Content::NotRecorded { sentence: text } = &card.content {
        let head = text_at(
            ui,
            inner.left_top(),
            Align2::LEFT_TOP,
            &title,
            scale.font(28.0),
            tone.solid,
            inner.width(),
        );
        wrapped(ui, inner.with_min_y(head.bottom()), &sentence(text), scale.px(18.0).max(14.0), colours.ink);
        return;
    }
    let head = name_at(ui, inner, &title, scale, colours.ink);
    let below = pos2(inner.left(), head.bottom() + scale.px(2.0));
    text_at(ui, below, Align2::LEFT_TOP, &line, scale.font(30.0), tone.solid, inner.width());
    match &card.content {
        Content::Recorded { event, disputed: false, .. } => {
            let height = scale.touch(56.0);
            let row = inner.with_min_y(inner.bottom() - height);
            let size = vec2((inner.width() * 0.5).max(scale.px(150.0)), height);
            let pressed = within(ui, row, Layout::left_to_right(Align::Center), |ui| {
                sized_button(ui, &scene.words.say("card-not-me"), None, size, scale.font(22.0).size).clicked()
            });
            let radius = scale.px(13.0).max(9.0);
            let centre = pos2(row.right() - radius, row.center().y);
            let width = scale.px(4.0).max(2.5);
            ring(&painter, centre, radius, width, card.left(scene.now.mono), colours.line, tone.solid);
            if pressed {
                actions.push(Action::NotMe(*event));
            }
        }
        Content::Ask { track, person, .. } => {
            let height = scale.touch(84.0);
            let row = inner.with_min_y(inner.bottom() - height);
            let gap = scale.px(12.0);
            let size = vec2((inner.width() - gap) / 2.0, height);
            within(ui, row, Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = gap;
                for (kind, tone) in [(MarkKind::CheckIn, colours.arrived), (MarkKind::CheckOut, colours.left)]
                {
                    let text = scene.words.kind(kind);
                    if sized_button(ui, &text, Some(tone), size, scale.font(32.0).size).clicked() {
                        let choice = RequestBody::ChooseKind { track: *track, person: *person, kind };
                        actions.push(Action::Ask(choice));
                    }
                }
            });
        }
        _ => {}
    }
}

/// A name in one large line, or in two smaller ones when it is long.
fn name_at(ui: &Ui, room: Rect, name: &str, scale: Scale, ink: Color32) -> Rect {
    let large = ui.painter().layout_no_wrap(name.to_owned(), scale.font(44.0), ink);
    let galley = if large.size().x <= room.width() {
        large
    } else {
        let mut job = egui::text::LayoutJob::simple(name.to_owned(), scale.font(28.0), ink, room.width());
        job.wrap.max_rows = 2;
        ui.painter().layout_job(job)
    };
    let rect = Rect::from_min_size(room.min, galley.size());
    let response = ui.interact(rect, ui.scope_id().with((name, room.top() as i32)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    ui.painter().galley(rect.min, galley, ink);
    rect
}

/// Colour, first and second line of a card.
fn card_words(scene: &Scene<'_>, card: &Card, colours: &Palette) -> (Tone, String, String) {
    let words = scene.words;
    let of_kind = |kind| kind_tone(colours, kind);
    match &card.content {
        Content::Recorded { name, kind, at, .. } => {
            let id = match kind {
                MarkKind::CheckIn => "card-checked-in",
                MarkKind::CheckOut => "card-checked-out",
                MarkKind::BreakStart => "card-break-began",
                MarkKind::BreakEnd => "card-back",
            };
            let time = time_of_day(*at, scene.zone());
            (of_kind(*kind), name.as_str().to_owned(), words.with(id, &[("time", time.into())]))
        }
        Content::Duplicate { name, kind, at } => {
            let id = match kind {
                MarkKind::CheckIn => "card-already-in",
                MarkKind::CheckOut => "card-already-out",
                MarkKind::BreakStart => "card-already-break",
                MarkKind::BreakEnd => "card-already-back",
            };
            let time = time_of_day(*at, scene.zone());
            (of_kind(*kind), name.as_str().to_owned(), words.with(id, &[("time", time.into())]))
        }
        Content::Ask { name, .. } => (colours.accent, name.as_str().to_owned(), words.say("card-in-or-out")),
        Content::StruckOut => {
            (colours.notice, words.say("card-struck-out"), words.say("card-struck-out-text"))
        }
        Content::NotRecorded { .. } => (colours.alarm, words.say("card-not-recorded"), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain, domain::TrackId};

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
}
