//! The cards as drawn: one for each person who was just marked, asked or told something.
//!
//! Job: give every card in view its place and its words, smaller when there are several. It must not know how long a
//! card stays.

use super::{
    Action, Scene,
    cards::{Card, Cards, Content},
    theme::{self, Palette, Scale, Tone},
    widgets::{fitted, kind_tone, outline, paint, paragraph, ring, sized_button, text_at, within},
    words::{sentence, time_of_day, visual},
};
use crate::{
    domain::{EventId, MarkKind, PersonId, TrackId},
    runtime::messages::RequestBody,
};
use egui::{Align, Align2, Layout, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

/// Sizes of a card's parts, points.
#[derive(Debug, Clone, Copy)]
struct Measure {
    padding: f32,
    band: f32,
    gap: f32,
    name: f32,
    line: f32,
    small: f32,
    button: f32,
    /// Height of the buttons that ask.
    choice: f32,
}

impl Measure {
    fn roomy(scale: Scale) -> Self {
        Self {
            padding: scale.px(18.0),
            band: scale.px(10.0).max(6.0),
            gap: scale.px(14.0),
            name: scale.letters(44.0),
            line: scale.letters(30.0),
            small: scale.letters(20.0),
            button: scale.touch(56.0),
            choice: scale.touch(72.0),
        }
    }

    fn dense(scale: Scale) -> Self {
        Self {
            padding: scale.px(12.0).max(8.0),
            band: scale.px(10.0).max(6.0),
            gap: scale.px(6.0),
            name: scale.letters(32.0),
            line: scale.letters(24.0),
            small: scale.letters(18.0),
            button: theme::TOUCH,
            choice: scale.touch(56.0),
        }
    }

    fn height(&self, card: &Card) -> f32 {
        let text = 1.2 * (self.name + self.line) + 2.0 * self.padding;
        match card.content {
            Content::Recorded { disputed: false, .. } => text + self.gap + self.button,
            Content::Ask { .. } => text + self.gap + 2.0 * self.choice + self.gap.max(8.0),
            Content::Recorded { .. }
            | Content::Duplicate { .. }
            | Content::FaceRenewed { .. }
            | Content::StruckOut => text,
            Content::NotRecorded { .. } => text + 2.0 * self.small,
        }
    }
}

/// Draws the cards, newest first, into `rect`.
pub(super) fn cards_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    cards: &Cards,
    rect: Rect,
    scale: Scale,
    actions: &mut Vec<Action>,
) {
    let gap = scale.px(14.0).max(8.0);
    let columns = if cards.len() > 1 && rect.width() > scale.px(600.0) { 2 } else { 1 };
    let roomy = places(cards, rect, gap, columns, &Measure::roomy(scale));
    let (measure, places) = if roomy.len() == cards.len() {
        (Measure::roomy(scale), roomy)
    } else {
        (Measure::dense(scale), places(cards, rect, gap, columns, &Measure::dense(scale)))
    };
    for (card, place) in cards.iter().zip(places) {
        card_ui(ui, scene, card, place, &measure, actions);
    }
}

/// Each card into the column with more room; what fits in none waits until a newer card has gone.
fn places(cards: &Cards, rect: Rect, gap: f32, columns: usize, measure: &Measure) -> Vec<Rect> {
    let width = (rect.width() - gap * (columns - 1) as f32) / columns as f32;
    let mut next = vec![rect.top(); columns];
    let mut places = Vec::new();
    for card in cards.iter() {
        let height = measure.height(card);
        let Some((column, top)) = next.iter_mut().enumerate().min_by(|a, b| a.1.total_cmp(b.1)) else {
            break;
        };
        if *top + height > rect.bottom() + 1.0 {
            break;
        }
        let left = rect.left() + column as f32 * (width + gap);
        places.push(Rect::from_min_size(pos2(left, *top), vec2(width, height)));
        *top += height + gap;
    }
    places
}

fn card_ui(ui: &mut Ui, scene: &Scene<'_>, card: &Card, rect: Rect, m: &Measure, actions: &mut Vec<Action>) {
    let colours = theme::palette(ui);
    let (tone, title, line) = card_words(scene, card, colours);
    let painter = ui.painter().clone();
    painter.rect_filled(rect, theme::rounded(), tone.solid);
    let right = egui::CornerRadius { nw: 0, sw: 0, ..theme::rounded() };
    painter.rect_filled(rect.with_min_x(rect.left() + m.band), right, colours.surface);
    outline(&painter, rect, Stroke::new(1.0, colours.line));
    let inner =
        Rect::from_min_max(rect.min + vec2(m.band + m.padding, m.padding), rect.max - Vec2::splat(m.padding));
    if let Content::NotRecorded { sentence: text } = &card.content {
        let size = fitted(ui, &title, m.line, inner.width());
        let at = inner.left_top();
        let head = text_at(ui, at, Align2::LEFT_TOP, &title, theme::font(size), tone.solid, inner.width());
        let room = inner.with_min_y(head.bottom() + 4.0);
        let galley = paragraph(ui, &sentence(text), m.small, colours.ink, room.size(), Align::Min);
        paint(ui, room.min, galley, colours.ink);
        return;
    }
    let head = name_at(ui, inner, &title, m, colours);
    let below = pos2(inner.left(), head.bottom());
    let size = fitted(ui, &line, m.line, inner.width());
    text_at(ui, below, Align2::LEFT_TOP, &line, theme::font(size), tone.solid, inner.width());
    match &card.content {
        Content::Recorded { event, today, disputed: false, .. } => {
            let row = inner.with_min_y(inner.bottom() - m.button);
            not_me_ui(ui, scene, card, *event, *today, row, m, actions);
        }
        Content::Ask { track, person, .. } => {
            let row = inner.with_min_y(inner.bottom() - 2.0 * m.choice - m.gap.max(8.0));
            ask_ui(ui, scene, *track, *person, row, m, actions);
        }
        _ => {}
    }
}

/// "Not me", today's hours beside it, and how long it can be pressed.
#[allow(clippy::too_many_arguments)] // a row of a card: its place, its sizes and its three facts
fn not_me_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    card: &Card,
    event: EventId,
    today: Option<jiff::SignedDuration>,
    row: Rect,
    m: &Measure,
    actions: &mut Vec<Action>,
) {
    let colours = theme::palette(ui);
    let (tone, ..) = card_words(scene, card, colours);
    let size = vec2(row.width() * 0.44, m.button);
    let text = scene.words.say("card-not-me");
    let pressed = within(ui, row, Layout::left_to_right(Align::Center), |ui| {
        sized_button(ui, &text, None, size, m.small * 1.1).clicked()
    });
    if pressed {
        actions.push(Action::NotMe(event));
    }
    let radius = (m.button * 0.22).max(9.0);
    let centre = pos2(row.right() - radius, row.center().y);
    let width = (radius * 0.3).max(2.5);
    ring(ui.painter(), centre, radius, width, card.left(scene.now.mono), colours.line, tone.solid);
    if let Some(today) = today.filter(|today| today.as_mins() >= 1) {
        let text = scene.words.with("card-today", &[("hours", scene.words.hours(today).into())]);
        let left = row.left() + size.x + m.gap.max(8.0);
        let room = centre.x - radius - 6.0 - left;
        let font = theme::font(fitted(ui, &text, m.small, room));
        text_at(ui, pos2(left, row.center().y), Align2::LEFT_CENTER, &text, font, colours.quiet, room);
    }
}

/// In, out, break, back: two rows of two.
fn ask_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    track: TrackId,
    person: PersonId,
    row: Rect,
    m: &Measure,
    actions: &mut Vec<Action>,
) {
    let colours = theme::palette(ui);
    let gap = m.gap.max(8.0);
    let size = vec2((row.width() - gap) / 2.0, m.choice);
    for (place, kind) in MarkKind::ALL.into_iter().enumerate() {
        let corner = vec2((place % 2) as f32 * (size.x + gap), (place / 2) as f32 * (size.y + gap));
        let place = Rect::from_min_size(row.min + corner, size);
        let tone = kind_tone(colours, kind);
        let pressed = within(ui, place, Layout::left_to_right(Align::Center), |ui| {
            sized_button(ui, &scene.words.kind(kind), Some(tone), size, m.line).clicked()
        });
        if pressed {
            actions.push(Action::Ask(RequestBody::ChooseKind { track, person, kind }));
        }
    }
}

/// A name in one large line, or in two smaller ones when it is long. Never cut.
fn name_at(ui: &Ui, room: Rect, name: &str, m: &Measure, colours: &Palette) -> Rect {
    let ink = colours.ink;
    let shown = visual(name);
    let size = fitted(ui, &shown, m.name, room.width());
    let galley = if size > m.name * 0.62 {
        ui.painter().layout_no_wrap(shown, theme::font(size), ink)
    } else {
        paragraph(ui, &shown, m.name * 0.6, ink, vec2(room.width(), m.name * 1.3), Align::Min)
    };
    let rect = Rect::from_min_size(room.min, vec2(galley.size().x, galley.size().y.max(m.name * 1.15)));
    let response = ui.interact(rect, ui.scope_id().with((name, room.top() as i32)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    let at = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, ink);
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
        Content::FaceRenewed { name } => {
            (colours.accent, name.as_str().to_owned(), words.say("card-face-renewed"))
        }
        Content::StruckOut => {
            (colours.notice, words.say("card-struck-out"), words.say("card-struck-out-text"))
        }
        Content::NotRecorded { .. } => (colours.alarm, words.say("card-not-recorded"), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::PersonName, runtime::messages::Notice};
    use jiff::Timestamp;
    use std::time::Duration;

    fn cards(how_many: u64) -> Cards {
        let mut cards = Cards::default();
        for number in 0..how_many {
            let notice = Notice::Recorded {
                event: EventId(number),
                track: Some(TrackId(number)),
                name: PersonName::new("Ada").unwrap(),
                kind: MarkKind::CheckIn,
                at: Timestamp::UNIX_EPOCH,
                today: None,
            };
            cards.take(notice, Duration::ZERO, Duration::from_secs(8));
        }
        cards
    }

    #[test]
    fn two_people_at_once_have_a_card_each_even_on_the_smallest_screen() {
        let rect = Rect::from_min_size(pos2(530.0, 118.0), vec2(254.0, 246.0));
        let dense = Measure::dense(Scale::of(vec2(800.0, 480.0), false));
        let places = places(&cards(3), rect, 8.0, 1, &dense);
        assert_eq!(places.len(), 2, "{places:?}");
        assert!(places.iter().all(|place| rect.expand(1.0).contains_rect(*place)));
        assert!(!places[0].intersects(places[1]));
    }
}
