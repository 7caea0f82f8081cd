//! The keyboard on the screen, for machines that have no other: it comes with a text field that a finger chose.
//!
//! Job: keys under a finger into the events that a real keyboard makes, so that every field works unchanged, and the
//! screen moved up where the keys would cover what is typed into. It must not know a field or a screen.

use super::{
    keyboard_layout::{Cap, Page, bottom, rows, upper, variants},
    theme,
    widgets::{backspace, tick},
    words::Words,
};
use crate::settings::ScreenKeyboard;
use egui::{
    Align2, Area, Context, Event, Id, Key, LayerId, Modifiers, Order, Pos2, Rect, Response, Role, Sense,
    Shape, Stroke, StrokeKind, SurrenderFocusOn, Ui, Vec2, WidgetInfo, emath::TSTransform, pos2, vec2,
};

/// A letter held so long, seconds, shows its relatives.
const LONG_PRESS_SECS: f64 = 0.45;
/// A held backspace takes the second letter after so long, seconds.
const REPEAT_AFTER_SECS: f64 = 0.4;
/// And then one in each of these.
const REPEAT_EVERY_SECS: f64 = 0.07;
/// A press within so many seconds of a touch is the touch's own.
const FINGER_SECS: f64 = 0.5;
/// Between two keys.
const GAP: f32 = 6.0;
/// Around all of them.
const EDGE: f32 = 8.0;
/// No key is wider than this many times a narrow one, however wide the screen.
const WIDEST_KEY: f32 = 96.0;
/// Kept free between the keys and what is typed into.
const CLEAR: f32 = 20.0;

/// Keys, what was pressed on them, and where they are.
#[derive(Default)]
pub struct Keyboard {
    /// The last press was a finger's.
    touched: bool,
    /// When a finger was last on the screen, seconds.
    finger_at: Option<f64>,
    /// The field that is typed into; another one begins with small letters.
    field: Option<Id>,
    page: Page,
    shift: Shift,
    /// The letter whose relatives are offered in place of the first row.
    relatives: Option<char>,
    held: Option<Held>,
    /// For the fields, in the frame that comes.
    typed: Vec<Event>,
    /// Where it was drawn last, while it is shown.
    place: Option<Rect>,
    /// A press began on it and has not ended.
    pressing: bool,
    /// How far the screen is moved up.
    raised: f32,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Shift {
    #[default]
    Off,
    /// For one letter.
    Once,
    /// Until it is pressed again.
    Locked,
}

/// The key under a finger.
struct Held {
    cap: Cap,
    since: f64,
    /// Its next deed while it stays down: another backspace, or the relatives of a letter.
    next: f64,
}

impl Keyboard {
    /// Before the screen is drawn: what was typed becomes events, and a press on a key takes nobody's focus.
    pub fn begin(&mut self, ctx: &Context) {
        let typed = std::mem::take(&mut self.typed);
        ctx.input_mut(|input| {
            // A finger is told as a pointer too: a press without one nearby in time is a mouse's.
            for event in &input.events {
                match event {
                    Event::Touch { .. } => {
                        self.finger_at = Some(input.time);
                        self.touched = true;
                    }
                    Event::PointerButton { pressed: true, .. } => {
                        self.touched = self.finger_at.is_some_and(|at| input.time - at < FINGER_SECS);
                    }
                    _ => {}
                }
            }
            input.events.extend(typed);
        });
        let on_keys = |at: Option<Pos2>| self.place.zip(at).is_some_and(|(place, at)| place.contains(at));
        let (origin, at, down) = ctx.input(|input| {
            let pointer = &input.pointer;
            (pointer.press_origin(), pointer.interact_pos(), pointer.any_down())
        });
        let over = on_keys(origin) || on_keys(at) || self.pressing;
        self.pressing = on_keys(origin) && down;
        let surrender = if over { SurrenderFocusOn::Never } else { SurrenderFocusOn::Clicks };
        ctx.options_mut(|options| options.input_options.surrender_focus_on = surrender);
    }

    /// After the screen is drawn: the keys, when a field wants them or the screen itself does (`summoned`). True when
    /// somebody closed them.
    pub fn show(&mut self, ctx: &Context, words: &Words, when: ScreenKeyboard, summoned: bool) -> bool {
        let field = ctx.output(|output| output.ime);
        let wanted = match when {
            ScreenKeyboard::Never => false,
            ScreenKeyboard::Always => summoned || field.is_some(),
            ScreenKeyboard::Auto => summoned || (field.is_some() && self.touched),
        };
        if !wanted {
            self.hide(ctx);
            return false;
        }
        let focused = if field.is_some() { ctx.memory(egui::Memory::focused) } else { None };
        if self.field != focused || self.place.is_none() {
            let figures = focused.is_some() && ctx.data(|data| data.get_temp::<Id>(figures_id())) == focused;
            self.page = if figures { Page::Figures } else { Page::Letters };
            (self.field, self.shift, self.relatives) = (focused, Shift::Off, None);
        }
        let screen = ctx.content_rect();
        let key_height = (screen.height() * 0.08).clamp(theme::TOUCH, theme::TOUCH * 1.5).round();
        let height = 4.0 * key_height + 3.0 * GAP + 2.0 * EDGE;
        let place = screen.with_min_y(screen.bottom() - height);
        self.raise(ctx, place, field.map(|field| (field.rect, field.cursor_rect)));
        let closed = self.draw(ctx, words, place, key_height);
        self.place = Some(place);
        if closed {
            ctx.memory_mut(egui::Memory::stop_text_input);
        }
        if closed || !self.typed.is_empty() {
            ctx.request_repaint();
        }
        closed
    }

    fn hide(&mut self, ctx: &Context) {
        if self.place.take().is_some() {
            self.held = None;
            self.field = None;
            self.raise_by(ctx, 0.0);
            ctx.request_repaint();
        }
    }

    /// Moves the screen up by as much as it takes to see what is typed into.
    fn raise(&mut self, ctx: &Context, keys: Rect, field: Option<(Rect, Rect)>) {
        let Some((field, cursor)) = field else { return self.raise_by(ctx, 0.0) };
        let room = keys.top() - ctx.content_rect().top() - 2.0 * CLEAR;
        // Of a field that is higher than what is left, the line that is written.
        let bottom = if field.height() > room { cursor.bottom() } else { field.bottom() };
        let by = bottom + self.raised + CLEAR - keys.top();
        self.raise_by(ctx, by.clamp(0.0, keys.height()).round());
    }

    fn raise_by(&mut self, ctx: &Context, by: f32) {
        if (self.raised - by).abs() > 0.5 {
            self.raised = by;
            ctx.request_repaint();
        }
        let up = TSTransform::from_translation(vec2(0.0, -self.raised));
        let layers: Vec<LayerId> = ctx.memory(|memory| memory.layer_ids().collect());
        for layer in layers.into_iter().chain([LayerId::background()]).filter(|layer| *layer != self.layer())
        {
            ctx.set_transform_layer(layer, up);
        }
    }

    #[allow(clippy::unused_self)] // there is one keyboard
    fn layer(&self) -> LayerId {
        LayerId::new(Order::Tooltip, Id::unique("screen keyboard"))
    }

    /// Draws the keys and takes in what happens on them; true when it is to close.
    fn draw(&mut self, ctx: &Context, words: &Words, place: Rect, key_height: f32) -> bool {
        let layer = self.layer();
        let mut pressed = None;
        let area = Area::new(layer.id)
            .order(layer.order)
            .fixed_pos(place.min)
            .movable(false)
            .constrain(false)
            .sense(Sense::CLICK | Sense::DRAG);
        area.show(ctx, |ui| {
            let colours = theme::palette(ui);
            ui.set_min_size(place.size());
            ui.painter().rect_filled(place, 0.0, colours.sunken);
            ui.painter().hline(place.x_range(), place.top(), Stroke::new(1.0, colours.line));
            pressed = self.keys(ui, words, place, key_height);
        });
        ctx.move_to_top(layer);
        match pressed {
            Some(cap) => self.press(cap),
            None => false,
        }
    }

    fn keys(&mut self, ui: &mut Ui, words: &Words, place: Rect, height: f32) -> Option<Cap> {
        let mut lines = rows(words.language(), self.page).to_vec();
        lines.push(bottom(self.page));
        if let (Some(letter), Some(first)) = (self.relatives, lines.first_mut()) {
            *first = variants(letter).chars().map(|relative| (Cap::Relative(relative), 1.0)).collect();
        }
        let units = |line: &[(Cap, f32)]| line.iter().map(|(_, width)| width).sum::<f32>();
        let widest = lines.iter().map(|line| units(line)).fold(10.0, f32::max);
        let most = lines.iter().map(Vec::len).max().unwrap_or(10) as f32;
        let unit = ((place.width() - 2.0 * EDGE - (most - 1.0) * GAP) / widest).min(WIDEST_KEY);
        let (now, down, origin) =
            ui.input(|input| (input.time, input.pointer.primary_down(), input.pointer.press_origin()));
        let mut pressed = None;
        let mut top = place.top() + EDGE;
        for line in &lines {
            let width = units(line) * unit + (line.len() as f32 - 1.0) * GAP;
            let mut left = place.center().x - width / 2.0;
            for (cap, width) in line {
                let rect = Rect::from_min_size(pos2(left, top), vec2(width * unit, height));
                left = rect.right() + GAP;
                let response = self.key(ui, words, *cap, rect);
                let on_it = down && origin.is_some_and(|at| rect.expand(GAP / 2.0).contains(at));
                pressed = self.hold(*cap, on_it, response.clicked(), now).or(pressed);
            }
            top += height + GAP;
        }
        if !down {
            self.held = None;
        } else if self.held.is_some() {
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(30));
        }
        pressed
    }

    /// A key acts when it is touched, so that quick fingers lose nothing; a click without a touch is one by assistive
    /// technology. What stays down acts again.
    fn hold(&mut self, cap: Cap, on_it: bool, clicked: bool, now: f64) -> Option<Cap> {
        match &mut self.held {
            Some(held) if held.cap == cap && on_it => match cap {
                Cap::Back if now >= held.next => {
                    held.next = now + REPEAT_EVERY_SECS;
                    Some(cap)
                }
                Cap::Letter(letter) if now >= held.since + LONG_PRESS_SECS => {
                    if !variants(letter).is_empty() {
                        self.relatives = Some(letter);
                    }
                    None
                }
                _ => None,
            },
            Some(_) => None,
            None if on_it => {
                self.held = Some(Held { cap, since: now, next: now + REPEAT_AFTER_SECS });
                Some(cap)
            }
            None => clicked.then_some(cap),
        }
    }

    /// One key into events; true when it closes the keyboard.
    fn press(&mut self, cap: Cap) -> bool {
        let relatives = self.relatives.take();
        match cap {
            Cap::Letter(letter) => self.write(letter),
            Cap::Relative(letter) => {
                // In place of the letter that was held, which is written already.
                if relatives.is_some() {
                    self.stroke(Key::Backspace);
                }
                self.write(letter);
            }
            Cap::Space => self.typed.push(Event::Text(" ".to_owned())),
            Cap::Back => self.stroke(Key::Backspace),
            Cap::Enter => self.stroke(Key::Enter),
            Cap::Turn(page) => self.page = page,
            Cap::Shift => {
                self.shift = match self.shift {
                    Shift::Off => Shift::Once,
                    Shift::Once => Shift::Locked,
                    Shift::Locked => Shift::Off,
                };
            }
            Cap::Close => return true,
        }
        false
    }

    fn write(&mut self, letter: char) {
        let letter = if self.shift == Shift::Off { letter } else { upper(letter) };
        if self.shift == Shift::Once {
            self.shift = Shift::Off;
        }
        self.typed.push(Event::Text(letter.to_string()));
    }

    fn stroke(&mut self, key: Key) {
        for pressed in [true, false] {
            let modifiers = Modifiers::NONE;
            self.typed.push(Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
        }
    }

    /// Draws one key. Keys take no focus: it belongs to the field.
    fn key(&self, ui: &Ui, words: &Words, cap: Cap, rect: Rect) -> Response {
        let colours = theme::palette(ui);
        let upper_case = self.shift != Shift::Off;
        let response = ui.interact(rect, ui.scope_id().with(cap), Sense::CLICK);
        let text = cap.text(upper_case);
        let spoken = cap.message().map_or_else(|| text.clone(), |id| words.say(id));
        let on = matches!(cap, Cap::Shift if upper_case);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &spoken));
        let down = self.held.as_ref().is_some_and(|held| held.cap == cap);
        let tone = colours.accent;
        let (fill, ink) = match cap {
            Cap::Enter => (tone.solid, tone.on_solid),
            Cap::Relative(_) => (tone.soft, tone.on_soft),
            _ if down || on => (tone.soft, tone.on_soft),
            _ => (colours.surface, colours.ink),
        };
        let edge = if down { tone.solid } else { colours.line };
        let painter = ui.painter();
        painter.rect(rect, theme::RADIUS_SMALL, fill, Stroke::new(1.0, edge), StrokeKind::Inside);
        let stroke = Stroke::new(2.0, ink);
        let centre = rect.center();
        match cap {
            Cap::Back => backspace(ui, &response),
            Cap::Enter => tick(painter, centre, 22.0, Stroke::new(3.0, ink)),
            Cap::Shift => arrow(ui, centre, stroke, self.shift == Shift::Locked),
            Cap::Close => chevron(ui, centre, stroke),
            Cap::Space => bar(ui, centre, stroke),
            Cap::Letter(_) | Cap::Relative(_) | Cap::Turn(_) => {
                let size = if matches!(cap, Cap::Turn(_)) { 18.0 } else { 22.0 };
                painter.text(centre, Align2::CENTER_CENTER, text, theme::font(size), ink);
            }
        }
        if matches!(cap, Cap::Letter(letter) if !variants(letter).is_empty()) {
            painter.circle_filled(rect.right_top() + vec2(-9.0, 9.0), 2.0, colours.quiet); // hold it for more
        }
        response
    }
}

fn arrow(ui: &Ui, centre: Pos2, stroke: Stroke, locked: bool) {
    let at = |x: f32, y: f32| centre + Vec2::new(x, y);
    let outline = [(0.0, -10.0), (10.0, 1.0), (5.0, 1.0), (5.0, 8.0), (-5.0, 8.0), (-5.0, 1.0), (-10.0, 1.0)];
    ui.painter().add(Shape::closed_line(outline.map(|(x, y)| at(x, y)).to_vec(), stroke));
    if locked {
        ui.painter().line_segment([at(-6.0, 13.0), at(6.0, 13.0)], stroke);
    }
}

fn bar(ui: &Ui, centre: Pos2, stroke: Stroke) {
    let at = |x: f32, y: f32| centre + Vec2::new(x, y);
    ui.painter()
        .add(Shape::line(vec![at(-26.0, -2.0), at(-26.0, 5.0), at(26.0, 5.0), at(26.0, -2.0)], stroke));
}

fn chevron(ui: &Ui, centre: Pos2, stroke: Stroke) {
    let at = |x: f32, y: f32| centre + Vec2::new(x, y);
    ui.painter().add(Shape::line(vec![at(-10.0, -5.0), at(0.0, 5.0), at(10.0, -5.0)], stroke));
}

fn figures_id() -> Id {
    Id::unique("field of figures")
}

/// Marks a field in which mostly figures are typed: the keyboard begins with them.
pub(super) fn of_figures(response: &Response) {
    if response.has_focus() {
        response.ctx.data_mut(|data| data.insert_temp(figures_id(), response.id));
    }
}
