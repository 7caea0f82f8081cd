//! The other way to be marked: a badge or number and a PIN. Nobody has to show their face.
//!
//! Job: which badge, which PIN, in or out when the kiosk asks, and what came of it. It must not know whether a badge
//! exists: a wrong one and a wrong PIN look alike.

use super::{
    Action, Asked, Goto, Scene,
    theme::{self, Scale},
    widgets::{
        PadKey, Weight, banner, button, fitted, kind_tone, letter_pad, paragraph, pin_dots, pin_pad, quiet,
        sized_button, tick, typed, within,
    },
    words::{Words, countdown, sentence, time_of_day, visual},
};
use crate::{
    domain::{MarkKind, PersonName},
    runtime::messages::{PinAttempt, PinMark, Refusal, ReplyBody, RequestBody},
};
use egui::{Align, Key, Layout, Rect, RichText, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};
use std::time::Duration;
use zeroize::Zeroizing;

/// What was typed and answered so far.
#[derive(Default)]
pub struct Badge {
    id: String,
    pin: Zeroizing<String>,
    step: Step,
    letters: bool,
    trouble: Option<Trouble>,
}

#[derive(Debug, Default, Clone, PartialEq)]
enum Step {
    /// Which badge.
    #[default]
    Badge,
    /// Which PIN.
    Pin,
    /// The workers look.
    Asked,
    /// In, out or a break.
    Choose(PersonName),
    /// It is on disk; until this monotonic time it stays in view.
    Done(PinMark, Duration),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    Wrong { tries_left: u32 },
    LockedUntil(Duration),
    Locked,
    Failed(String),
}

/// Longest badge that is taken.
const MOST_BADGE: usize = 24;
const MOST_PIN: usize = 12;
/// How long the result stays.
const RESULT: Duration = Duration::from_secs(6);

impl Badge {
    /// The answer to [`RequestBody::MarkByPin`].
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>, now: Duration) {
        if asked != Asked::MarkByPin || self.step != Step::Asked {
            return;
        }
        self.step = match body {
            Ok(ReplyBody::Marked(mark)) => {
                self.pin = Zeroizing::default();
                Step::Done(mark, now + RESULT)
            }
            Ok(ReplyBody::ChooseKind { name }) => Step::Choose(name),
            Ok(_) => Step::Badge,
            Err(refusal) => {
                self.pin = Zeroizing::default();
                self.trouble = Some(match refusal {
                    Refusal::WrongPin { tries_left } => Trouble::Wrong { tries_left },
                    Refusal::LockedOut { retry_in: Some(wait) } => Trouble::LockedUntil(now + wait),
                    Refusal::LockedOut { retry_in: None } => Trouble::Locked,
                    other => Trouble::Failed(sentence(&other.to_string())),
                });
                Step::Badge
            }
        };
        if self.step == Step::Badge {
            self.id.clear();
        }
    }

    /// One key; a request when both are typed.
    fn press(&mut self, key: PadKey, now: Duration) -> Option<RequestBody> {
        if self.locked(now) {
            return None;
        }
        match (&self.step, key) {
            (Step::Badge, PadKey::Digit(letter)) if self.id.chars().count() < MOST_BADGE => {
                self.trouble = None;
                self.id.extend(letter.to_uppercase());
            }
            (Step::Badge, PadKey::Back) => drop(self.id.pop()),
            (Step::Badge, PadKey::Enter) if !self.id.trim().is_empty() => self.step = Step::Pin,
            (Step::Pin, PadKey::Digit(digit)) if digit.is_ascii_digit() && self.pin.len() < MOST_PIN => {
                self.pin.push(digit);
            }
            (Step::Pin, PadKey::Back) if self.pin.is_empty() => self.step = Step::Badge,
            (Step::Pin, PadKey::Back) => drop(self.pin.pop()),
            (Step::Pin, PadKey::Enter) if !self.pin.is_empty() => return Some(self.ask(None)),
            _ => {}
        }
        None
    }

    /// The PIN stays until the answer: it is needed again when the kiosk asks in or out.
    fn ask(&mut self, kind: Option<MarkKind>) -> RequestBody {
        self.step = Step::Asked;
        RequestBody::MarkByPin { badge: self.id.trim().to_owned(), pin: PinAttempt::new(&self.pin), kind }
    }

    fn locked(&self, now: Duration) -> bool {
        matches!(self.trouble, Some(Trouble::LockedUntil(until)) if now < until)
    }
}

/// Draws it.
pub fn badge_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Badge) -> Vec<Action> {
    let mut actions = Vec::new();
    let now = scene.now.mono;
    let window = ui.max_rect();
    let scale = Scale::of(window.size(), scene.settings.display.large_type);
    let margin = scale.px(28.0).max(16.0);
    let room = window.shrink(margin);
    let back = Rect::from_min_size(room.min, vec2(room.width(), theme::TOUCH));
    let below = room.with_min_y(back.bottom() + theme::GAP);
    let gone = within(ui, back, Layout::left_to_right(Align::Center), |ui| {
        button(ui, &scene.words.say("button-back"), Weight::Quiet).clicked()
    });
    let escaped = ui.input(|input| input.key_pressed(Key::Escape));
    let over = matches!(&local.step, Step::Done(_, until) if now >= *until);
    if gone || escaped || over {
        actions.push(Action::Go(Goto::Attendee));
    }
    match local.step.clone() {
        Step::Done(mark, _) => {
            if result_ui(ui, scene, &mark, below, scale) {
                actions.push(Action::Go(Goto::Attendee));
            }
        }
        Step::Choose(name) => {
            if let Some(kind) = choose_ui(ui, scene, &name, below, scale) {
                actions.push(Action::Ask(local.ask(Some(kind))));
            }
        }
        Step::Badge | Step::Pin | Step::Asked => {
            for key in entry_ui(ui, scene, local, below, scale) {
                actions.extend(local.press(key, now).map(Action::Ask));
            }
        }
    }
    actions
}

/// What to type, what was typed, and the keys for it.
fn entry_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Badge, room: Rect, scale: Scale) -> Vec<PadKey> {
    let words = scene.words;
    let open = local.step != Step::Asked && !local.locked(scene.now.mono);
    let letters = local.letters && local.step == Step::Badge;
    let wide = room.width() > room.height() && !letters;
    let gap = scale.px(36.0).max(16.0);
    let (head, pad) = if wide {
        let side = (room.width() - gap) / 2.0;
        (room.with_max_x(room.left() + side), room.with_min_x(room.right() - side))
    } else {
        let head = (room.height() * 0.36).min(scale.px(270.0)).max(150.0);
        (room.with_max_y(room.top() + head), room.with_min_y(room.top() + head + theme::GAP))
    };
    within(ui, head, Layout::top_down(Align::Min), |ui| head_ui(ui, scene, local, scale));
    let mut pressed = Vec::new();
    within(ui, pad, Layout::top_down(Align::Min), |ui| {
        let (back, enter) = (words.say("badge-delete"), words.say("badge-next"));
        if letters {
            pressed = letter_pad(ui, open, pad.size(), &back, &enter);
        } else {
            let gaps = 2.0 * theme::GAP;
            let side = vec2(
                ((pad.width() - gaps) / 3.0).min(scale.px(170.0).max(96.0)),
                ((pad.height() - 1.5 * gaps) / 4.0).clamp(theme::TOUCH, scale.px(128.0).max(72.0)),
            );
            let spare = pad.width() - 3.0 * side.x - 1.5 * theme::GAP;
            let pad = pad.with_min_x(pad.left() + (spare / 2.0).max(0.0));
            pressed =
                within(ui, pad, Layout::top_down(Align::Min), |ui| pin_pad(ui, open, side, &back, &enter));
        }
    });
    if open {
        pressed.extend(typed(ui, |c| !c.is_control()));
    }
    pressed
}

fn head_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Badge, scale: Scale) {
    let words = scene.words;
    let colours = theme::palette(ui);
    let id = match local.step {
        Step::Badge => "badge-title",
        _ => "badge-pin-title",
    };
    let title = words.say(id);
    let size = fitted(ui, &title, scale.letters(36.0), ui.available_width());
    ui.label(RichText::new(title).font(theme::font(size)));
    if local.step == Step::Badge {
        ui.horizontal(|ui| {
            badge_field(ui, scene, local, scale);
            let id = if local.letters { "badge-digits" } else { "badge-letters" };
            if button(ui, &words.say(id), Weight::Quiet).clicked() {
                local.letters = !local.letters;
            }
        });
    } else {
        quiet(ui, &words.with("badge-of", &[("badge", local.id.as_str().into())]));
        pin_dots(ui, local.pin.len(), &words.with("login-digits", &[("count", local.pin.len().into())]));
    }
    if local.step == Step::Asked {
        banner(ui, colours.accent, &words.say("login-checking"));
    } else if let Some((alarm, text)) = trouble_words(local.trouble.as_ref(), words, scene.now.mono) {
        banner(ui, if alarm { colours.alarm } else { colours.notice }, &text);
    }
}

/// The badge as typed, large.
fn badge_field(ui: &mut Ui, scene: &Scene<'_>, local: &Badge, scale: Scale) {
    let colours = theme::palette(ui);
    let size = vec2((ui.available_width() - 130.0).min(scale.px(420.0).max(240.0)), theme::TOUCH);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let spoken = scene.words.with("badge-typed", &[("badge", local.id.as_str().into())]);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    ui.painter().rect_filled(rect, theme::rounded(), colours.surface);
    super::widgets::outline(ui.painter(), rect, Stroke::new(2.0, colours.accent.solid));
    let room = rect.width() - 2.0 * theme::GAP;
    let font = theme::font(fitted(ui, &local.id, scale.letters(34.0).min(30.0), room));
    let galley = ui.painter().layout_no_wrap(local.id.clone(), font, colours.ink);
    let at = pos2(rect.left() + theme::GAP, rect.center().y - galley.size().y / 2.0);
    let caret = at.x + galley.size().x + 4.0;
    ui.painter().galley(at, galley, colours.ink);
    let y = rect.y_range().shrink(rect.height() * 0.25);
    ui.painter().vline(caret, y, Stroke::new(2.0, colours.accent.solid));
}

/// Whether it is serious, and in words.
fn trouble_words(trouble: Option<&Trouble>, words: &Words, now: Duration) -> Option<(bool, String)> {
    Some(match trouble? {
        Trouble::Wrong { tries_left } => {
            (true, words.with("badge-wrong", &[("tries", (*tries_left).into())]))
        }
        Trouble::LockedUntil(until) if now < *until => {
            let wait = countdown(until.saturating_sub(now));
            (true, words.with("login-locked-for", &[("wait", wait.into())]))
        }
        Trouble::LockedUntil(_) => (false, words.say("login-try-again")),
        Trouble::Locked => (true, words.say("badge-locked")),
        Trouble::Failed(text) => (true, text.clone()),
    })
}

/// In, out or a break?
fn choose_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    name: &PersonName,
    room: Rect,
    scale: Scale,
) -> Option<MarkKind> {
    let colours = theme::palette(ui);
    let width = room.width().min(scale.px(900.0));
    let room = Rect::from_center_size(room.center(), vec2(width, room.height()));
    let title = paragraph(
        ui,
        &visual(name.as_str()),
        scale.letters(48.0),
        colours.ink,
        vec2(width, scale.px(120.0)),
        Align::Min,
    );
    let top = room.top() + title.size().y;
    super::widgets::paint(ui, room.min, title, colours.ink);
    let line = scene.words.say("card-in-or-out");
    let at = pos2(room.left(), top);
    let font = scale.font(30.0);
    let line =
        super::widgets::text_at(ui, at, egui::Align2::LEFT_TOP, &line, font, colours.accent.solid, width);
    let rows = room.with_min_y(line.bottom() + theme::SPACE);
    let gap = theme::GAP;
    let size =
        vec2((width - gap) / 2.0, ((rows.height() - gap) / 2.0).min(scale.px(150.0)).max(theme::TOUCH));
    let mut chosen = None;
    for (place, kind) in MarkKind::ALL.into_iter().enumerate() {
        let corner = vec2((place % 2) as f32 * (size.x + gap), (place / 2) as f32 * (size.y + gap));
        let place = Rect::from_min_size(rows.min + corner, size);
        let tone = kind_tone(colours, kind);
        let text = scene.words.kind(kind);
        within(ui, place, Layout::left_to_right(Align::Center), |ui| {
            if sized_button(ui, &text, Some(tone), size, scale.letters(36.0)).clicked() {
                chosen = Some(kind);
            }
        });
    }
    chosen
}

/// Who was marked as what. True when the way back was pressed.
fn result_ui(ui: &mut Ui, scene: &Scene<'_>, mark: &PinMark, room: Rect, scale: Scale) -> bool {
    let colours = theme::palette(ui);
    let words = scene.words;
    let tone = kind_tone(colours, mark.kind);
    let id = match (mark.recorded, mark.kind) {
        (true, MarkKind::CheckIn) => "card-checked-in",
        (true, MarkKind::CheckOut) => "card-checked-out",
        (true, MarkKind::BreakStart) => "card-break-began",
        (true, MarkKind::BreakEnd) => "card-back",
        (false, MarkKind::CheckIn) => "card-already-in",
        (false, MarkKind::CheckOut) => "card-already-out",
        (false, MarkKind::BreakStart) => "card-already-break",
        (false, MarkKind::BreakEnd) => "card-already-back",
    };
    let line = words.with(id, &[("time", time_of_day(mark.at, scene.zone()).into())]);
    let width = room.width().min(scale.px(900.0));
    let name = paragraph(
        ui,
        &visual(mark.name.as_str()),
        scale.letters(56.0),
        colours.ink,
        vec2(width, scale.px(140.0)),
        Align::Center,
    );
    let line =
        paragraph(ui, &line, scale.letters(38.0), tone.solid, vec2(width, scale.px(90.0)), Align::Center);
    let radius = scale.px(44.0).max(26.0);
    let foot = scale.touch(64.0);
    let height = 2.0 * radius + theme::SPACE + name.size().y + line.size().y + theme::SPACE + foot;
    let mut at = pos2(room.center().x, room.center().y - height / 2.0 + radius);
    ui.painter().circle_filled(at, radius, tone.solid);
    tick(ui.painter(), at, radius * 0.9, Stroke::new((radius / 8.0).max(4.0), tone.on_solid));
    at.y += radius + theme::SPACE;
    let below = at + vec2(0.0, name.size().y);
    super::widgets::paint(ui, at, name, colours.ink);
    let foot_top = below + vec2(0.0, line.size().y + theme::SPACE);
    super::widgets::paint(ui, below, line, tone.solid);
    let size = Vec2::new(scale.px(260.0).max(160.0), foot);
    let place = Rect::from_min_size(foot_top - vec2(size.x / 2.0, 0.0), size);
    within(ui, place, Layout::left_to_right(Align::Center), |ui| {
        sized_button(ui, &words.say("badge-done"), None, size, scale.letters(24.0)).clicked()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const NOW: Duration = Duration::from_secs(100);

    fn type_in(form: &mut Badge, text: &str) -> Option<RequestBody> {
        for c in text.chars() {
            assert!(form.press(PadKey::Digit(c), NOW).is_none());
        }
        form.press(PadKey::Enter, NOW)
    }

    #[test]
    fn badge_then_pin_then_the_question_then_the_result() {
        let mut form = Badge::default();
        assert!(form.press(PadKey::Enter, NOW).is_none(), "nothing typed");
        assert!(type_in(&mut form, "a-12").is_none());
        let asked = type_in(&mut form, "802715");
        let Some(RequestBody::MarkByPin { badge, kind: None, .. }) = asked else { panic!("it asks") };
        assert_eq!(badge, "A-12");
        form.reply(
            Asked::MarkByPin,
            Ok(ReplyBody::ChooseKind { name: PersonName::new("Ada").unwrap() }),
            NOW,
        );
        assert!(matches!(form.step, Step::Choose(_)));
        assert!(matches!(form.ask(Some(MarkKind::CheckOut)), RequestBody::MarkByPin { kind: Some(_), .. }));
        let mark = PinMark {
            name: PersonName::new("Ada").unwrap(),
            kind: MarkKind::CheckOut,
            at: Timestamp::UNIX_EPOCH,
            recorded: true,
        };
        form.reply(Asked::MarkByPin, Ok(ReplyBody::Marked(mark)), NOW);
        assert!(matches!(form.step, Step::Done(_, until) if until == NOW + RESULT));
        assert!(form.pin.is_empty(), "the PIN goes with the answer");
    }

    #[test]
    fn a_refusal_begins_anew_and_says_why() {
        let mut form = Badge::default();
        type_in(&mut form, "7");
        type_in(&mut form, "111111");
        form.reply(Asked::MarkByPin, Err(Refusal::WrongPin { tries_left: 4 }), NOW);
        assert_eq!((form.step.clone(), form.id.as_str(), form.pin.len()), (Step::Badge, "", 0));
        let words = Words::new("en");
        let (alarm, text) = trouble_words(form.trouble.as_ref(), &words, NOW).unwrap();
        assert!(alarm && text.contains('4') && text.contains("ID or the PIN"), "{text}");
        type_in(&mut form, "7");
        type_in(&mut form, "111111");
        let wait = Duration::from_secs(30);
        form.reply(Asked::MarkByPin, Err(Refusal::LockedOut { retry_in: Some(wait) }), NOW);
        assert!(form.locked(NOW + Duration::from_secs(29)) && !form.locked(NOW + wait));
        assert!(form.press(PadKey::Digit('7'), NOW).is_none() && form.id.is_empty());
    }
}
