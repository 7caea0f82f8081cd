//! The window's own building blocks over egui: buttons, cards, banners, fields, badges, rings, dialogs.
//!
//! Job: one look for each thing, from the theme. It must not know what any of them is used for.

use super::{
    keyboard::of_figures,
    theme::{self, Palette, Tone},
    words::{Words, visual},
};
use crate::domain::MarkKind;
use egui::{
    Align, Align2, Atom, Button, Color32, ComboBox, CornerRadius, Frame, Id, Key, Layout, Margin, Modal,
    Painter, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, StrokeKind, TextEdit, Ui, UiBuilder,
    Vec2, WidgetInfo,
};

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The next step.
    Primary,
    /// Another way.
    Quiet,
    /// Cannot be undone.
    Danger,
}

/// A button of finger size.
pub(super) fn button(ui: &mut Ui, text: &str, weight: Weight) -> Response {
    button_if(ui, true, text, weight)
}

/// A button that can be pressed only when `enabled`.
pub(super) fn button_if(ui: &mut Ui, enabled: bool, text: &str, weight: Weight) -> Response {
    let colours = theme::palette(ui);
    let tone = match weight {
        Weight::Primary => Some(colours.accent),
        Weight::Danger => Some(colours.alarm),
        Weight::Quiet => None,
    };
    // Its own size, so that the text stands in its middle whatever the layout around it does.
    let font = egui::TextStyle::Button.resolve(ui.style());
    let wide = ui.painter().layout_no_wrap(text.to_owned(), font, colours.ink).size().x;
    let wide = (wide + 2.0 * ui.spacing().button_padding.x).ceil().max(theme::TOUCH * 2.0);
    let add = |ui: &mut Ui| ui.add_sized(Vec2::new(wide, theme::TOUCH), toned_button(text, tone));
    let response = ui.add_enabled(enabled, add);
    focus_ring(ui, &response);
    response
}

/// Shows where the keyboard is on a button whose own edge does not change.
fn focus_ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        let ring = Stroke::new(2.0, theme::palette(ui).ink);
        let radius = f32::from(theme::RADIUS) + 3.0;
        ui.painter().rect_stroke(response.rect.expand(3.0), radius, ring, StrokeKind::Inside);
    }
}

/// A button in a table row: its spoken name says which row.
pub(super) fn row_button(ui: &mut Ui, text: &str, spoken: &str, weight: Weight) -> Response {
    let colours = theme::palette(ui);
    let ink = if weight == Weight::Danger { colours.alarm.solid } else { colours.accent.solid };
    let response = ui.add(
        centred(RichText::new(text).color(ink))
            .fill(Color32::TRANSPARENT)
            .stroke(Stroke::new(1.0, colours.line))
            .min_size(Vec2::new(theme::TOUCH, theme::ROW - 10.0)),
    );
    focus_ring(ui, &response);
    name(&response, spoken);
    response
}

/// The height of letters, at most `size`, at which `text` fits `width` in one line; never below what can be read.
pub(super) fn fitted(ui: &Ui, text: &str, size: f32, width: f32) -> f32 {
    let ink = Color32::PLACEHOLDER;
    let wide = ui.painter().layout_no_wrap(text.to_owned(), theme::font(size), ink).size().x;
    if wide <= width { size } else { (size * width / wide).floor().max(theme::SMALLEST) }
}

/// Wrapped text that fits `room`: in smaller letters if it must be, cut only when even the smallest do not fit.
/// Aligned within the room's width; a centred one hangs from the middle of its top.
pub(super) fn paragraph(
    ui: &Ui,
    text: &str,
    size: f32,
    ink: Color32,
    room: Vec2,
    align: Align,
) -> std::sync::Arc<egui::Galley> {
    let mut size = size;
    loop {
        let mut job = egui::text::LayoutJob::simple(text.to_owned(), theme::font(size), ink, room.x);
        job.halign = align;
        let smallest = size <= theme::SMALLEST;
        if smallest {
            job.wrap.max_rows = ((room.y / (size * 1.2)).floor() as usize).max(1);
        }
        let galley = ui.painter().layout_job(job);
        if smallest || galley.size().y <= room.y {
            return galley;
        }
        size = (size - 1.0).max(theme::SMALLEST);
    }
}

/// Paints laid-out text at a place and tells it to assistive technology.
pub(super) fn paint(ui: &Ui, at: Pos2, galley: std::sync::Arc<egui::Galley>, ink: Color32) {
    let place = galley.rect.translate(at.to_vec2());
    let id = ui.scope_id().with((galley.text(), at.x as i32, at.y as i32));
    let response = ui.interact(place, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, galley.text()));
    ui.painter().galley(at, galley, ink);
}

/// A button of `size` with text of `font_size` or as much smaller as it takes to fit, filled with a tone.
pub(super) fn sized_button(
    ui: &mut Ui,
    text: &str,
    tone: Option<Tone>,
    size: Vec2,
    font_size: f32,
) -> Response {
    let colours = theme::palette(ui);
    let room = size.x - 2.0 * theme::GAP * 0.75;
    let text = RichText::new(text).font(theme::font(fitted(ui, text, font_size, room)));
    let button = match tone {
        Some(tone) => {
            Button::new(text.color(tone.on_solid)).fill(tone.solid).stroke(Stroke::new(1.0, tone.solid))
        }
        None => {
            Button::new(text.color(colours.ink)).fill(colours.surface).stroke(Stroke::new(1.0, colours.line))
        }
    };
    let add = |ui: &mut Ui| {
        ui.spacing_mut().button_padding.x = theme::GAP * 0.5;
        ui.add_sized(size, button.corner_radius(CornerRadius::same(theme::RADIUS)).truncate())
    };
    let response = ui.scope(add).inner;
    focus_ring(ui, &response);
    response
}

fn toned_button(text: &str, tone: Option<Tone>) -> Button<'static> {
    match tone {
        Some(tone) => centred(RichText::new(text).color(tone.on_solid))
            .fill(tone.solid)
            .stroke(Stroke::new(1.0, tone.solid)),
        None => centred(RichText::new(text)),
    }
}

/// A button whose text stays in the middle when the button is wider.
pub(super) fn centred(text: RichText) -> Button<'static> {
    Button::new((Atom::grow(), text, Atom::grow())).gap(0.0)
}

/// Gives a button the name by which it is found and read aloud.
pub(super) fn name(response: &Response, spoken: &str) {
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, spoken));
}

/// A page's title, with room for buttons at its right.
pub(super) fn page_title(ui: &mut Ui, title: &str, right: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_min_height(theme::TOUCH);
        label(ui, title, |title| title.font(theme::font(theme::TITLE)));
        ui.with_layout(Layout::right_to_left(Align::Center), right);
    });
    ui.add_space(theme::GAP / 2.0);
}

/// Text of less weight.
pub(super) fn quiet(ui: &mut Ui, text: &str) -> Response {
    let colour = theme::palette(ui).quiet;
    label(ui, text, |text| text.color(colour))
}

/// Small text of less weight: captions.
pub(super) fn caption(ui: &mut Ui, text: &str) -> Response {
    let colour = theme::palette(ui).quiet;
    label(ui, text, |text| text.small().color(colour))
}

/// Text in which names of any script may stand: drawn in the order of reading, read aloud as it was written.
fn label(ui: &mut Ui, text: &str, style: impl FnOnce(RichText) -> RichText) -> Response {
    let shown = visual(text);
    let response = ui.label(style(RichText::new(&shown)));
    if shown != text {
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    }
    response
}

/// Somebody to be chosen, by name.
pub(super) fn name_button(ui: &mut Ui, chosen: bool, who: &str) -> Response {
    let shown = visual(who);
    let button = Button::selectable(chosen, shown.as_str())
        .frame_when_inactive(true)
        .truncate()
        .min_size(Vec2::new(theme::TOUCH * 2.0, theme::TOUCH));
    let response = ui.add(button);
    if shown != who {
        name(&response, who);
    }
    response
}

/// What cards, tiles and dialogs stand on.
fn surface(colours: &Palette, margin: Margin) -> Frame {
    Frame::new()
        .fill(colours.surface)
        .stroke(Stroke::new(1.0, colours.line))
        .corner_radius(theme::rounded())
        .inner_margin(margin)
}

/// A card.
pub(super) fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let colours = theme::palette(ui);
    surface(colours, Margin::same(20)).show(ui, add).inner
}

/// A sentence across the page, on a quiet fill; what follows in a second line is for technicians, and smaller.
pub(super) fn banner(ui: &mut Ui, tone: Tone, text: &str) {
    Frame::new()
        .fill(tone.soft)
        .corner_radius(CornerRadius::same(theme::RADIUS_SMALL))
        .inner_margin(Margin::symmetric(16, 12))
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            let (sentence, detail) = text.split_once('\n').unwrap_or((text, ""));
            label(ui, sentence, |text| text.color(tone.on_soft));
            if !detail.is_empty() {
                ui.add_space(-theme::GAP / 2.0);
                ui.label(RichText::new(detail).color(tone.on_soft).small());
            }
        });
}

/// A word on a quiet pill.
pub(super) fn badge(ui: &mut Ui, tone: Tone, text: &str) {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, tone.on_soft);
    let (rect, response) = ui.allocate_exact_size(galley.size() + Vec2::new(24.0, 8.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().rect_filled(rect, rect.height() / 2.0, tone.soft);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, tone.on_soft);
}

/// What a kind of mark looks like everywhere.
pub(super) fn kind_tone(colours: &Palette, kind: MarkKind) -> Tone {
    match kind {
        MarkKind::CheckIn | MarkKind::BreakEnd => colours.arrived,
        MarkKind::CheckOut => colours.left,
        MarkKind::BreakStart => colours.notice,
    }
}

/// A figure with its caption, that can be pressed to show what it counts.
pub(super) fn tile_button(
    ui: &mut Ui,
    width: f32,
    figure: &str,
    text: &str,
    ink: Color32,
    chosen: bool,
) -> Response {
    let colours = theme::palette(ui);
    let small = ui.ctx().content_rect().height() < theme::SMALL_HEIGHT;
    let size = Vec2::new(width, if small { theme::TOUCH + 8.0 } else { 88.0 });
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, format!("{text}: {figure}")));
    let fill = if chosen { colours.accent.soft } else { colours.surface };
    let edge = if chosen || response.hovered() || response.has_focus() {
        colours.accent.solid
    } else {
        colours.line
    };
    let radius = theme::rounded();
    ui.painter().rect(rect, radius, fill, Stroke::new(1.0, edge), StrokeKind::Inside);
    let ink = if chosen { colours.accent.on_soft } else { ink };
    let quiet = if chosen { colours.accent.on_soft } else { colours.quiet };
    let inner = rect.shrink2(Vec2::new(16.0, 10.0));
    let figure_size = if small { theme::TITLE } else { theme::FIGURE };
    let caption = egui::TextStyle::Small.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), caption, quiet);
    let galley = |ui: &Ui, text: &str, size: f32, ink| {
        ui.painter().layout_no_wrap(text.to_owned(), theme::font(size), ink)
    };
    let figure = galley(ui, figure, figure_size, ink);
    if small {
        // Figure and caption side by side.
        let left = inner.left() + figure.size().x + 10.0;
        job.wrap = egui::text::TextWrapping::truncate_at_width(inner.right() - left);
        let text = ui.painter().layout_job(job);
        let middle = rect.center().y;
        ui.painter().galley(Pos2::new(inner.left(), middle - figure.size().y / 2.0), figure, ink);
        ui.painter().galley(Pos2::new(left, middle - text.size().y / 2.0), text, quiet);
    } else {
        job.wrap = egui::text::TextWrapping::truncate_at_width(inner.width());
        let text = ui.painter().layout_job(job);
        ui.painter().galley(inner.left_top(), figure, ink);
        ui.painter().galley(Pos2::new(inner.left(), inner.bottom() - text.size().y), text, quiet);
    }
    response
}

/// A figure with its caption.
pub(super) fn tiles(ui: &mut Ui, figures: &[(String, String)]) {
    let colours = theme::palette(ui);
    let count = figures.len().max(1) as f32;
    let width = ((ui.available_width() - (count - 1.0) * theme::GAP) / count).floor() - 38.0;
    // Side by side they are of one height, also where only one of the texts takes two lines.
    let font = egui::TextStyle::Small.resolve(ui.style());
    let painter = ui.painter().clone();
    let height = |text: &str| painter.layout(text.to_owned(), font.clone(), colours.quiet, width).size().y;
    let tallest = figures.iter().map(|(_, text)| height(text)).fold(0.0, f32::max);
    ui.horizontal(|ui| {
        for (figure, text) in figures {
            surface(colours, Margin::symmetric(18, 12)).show(ui, |ui| {
                ui.set_width(width);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.label(RichText::new(figure).font(theme::font(theme::FIGURE)));
                    caption(ui, text);
                    ui.add_space(tallest - height(text));
                });
            });
        }
    });
}

/// A one-line field with its name above.
pub(super) fn field(ui: &mut Ui, label: &str, text: &mut String, hint: &str) -> Response {
    let figures = !hint.is_empty() && hint.chars().all(|c| c.is_ascii_digit() || "-:".contains(c));
    let response = labelled(ui, label, |ui| {
        let width = ui.available_width().min(theme::COLUMN);
        ui.add(
            TextEdit::singleline(text)
                .hint_text(hint.to_owned())
                .desired_width(width)
                .margin(Margin::symmetric(14, 12))
                .align(egui::Align2::LEFT_CENTER)
                .min_size(Vec2::new(0.0, theme::TOUCH)),
        )
    });
    if figures {
        of_figures(&response);
    }
    response
}

/// A field of several lines with its name above.
pub(super) fn text_area(ui: &mut Ui, label: &str, text: &mut String, rows: usize) -> Response {
    labelled(ui, label, |ui| {
        let width = ui.available_width();
        ui.add(
            TextEdit::multiline(text)
                .desired_rows(rows)
                .desired_width(width)
                .margin(Margin::symmetric(14, 12)),
        )
    })
}

/// A rule, and whether it is kept: a tick or an empty ring before its words.
pub(super) fn rule(ui: &mut Ui, kept: bool, text: &str) {
    let colours = theme::palette(ui);
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = 24.0; // nothing here is pressed
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(22.0), Sense::hover());
            if kept {
                ui.painter().circle_filled(rect.center(), 10.0, colours.arrived.solid);
                tick(ui.painter(), rect.center(), 9.0, Stroke::new(2.0, colours.arrived.on_solid));
            } else {
                ui.painter().circle_stroke(rect.center(), 9.0, Stroke::new(2.0, colours.quiet));
            }
            let ink = if kept { colours.ink } else { colours.quiet };
            ui.add(egui::Label::new(RichText::new(text).color(ink)).wrap());
        });
    });
}

/// A field for a PIN: dots, digits only.
pub(super) fn pin_field(ui: &mut Ui, label: &str, text: &mut String) -> Response {
    let response = secret_field(ui, label, text);
    of_figures(&response);
    text.retain(|c| c.is_ascii_digit());
    response
}

/// A field for a PIN or passphrase: dots.
pub(super) fn secret_field(ui: &mut Ui, label: &str, text: &mut String) -> Response {
    forgetful_field(ui, label, TextEdit::singleline(text).password(true))
}

/// A field for a recovery code, which is copied from paper: it can be read, and is kept as little as a PIN.
pub(super) fn code_field(ui: &mut Ui, label: &str, text: &mut String, hint: &str) -> Response {
    forgetful_field(ui, label, TextEdit::singleline(text).hint_text(hint.to_owned()))
}

/// A field that keeps nothing of what stood in it. egui remembers it in clear to undo changes, under the field's id and
/// beyond its dialog: so that goes after each frame, and no field for anything else has the same id.
fn forgetful_field(ui: &mut Ui, label: &str, edit: TextEdit<'_>) -> Response {
    labelled(ui, label, |ui| {
        let width = ui.available_width().min(theme::COLUMN);
        let mut shown = edit
            .id_salt(("secret", label))
            .desired_width(width)
            .margin(Margin::symmetric(14, 12))
            .align(egui::Align2::LEFT_CENTER)
            .min_size(Vec2::new(0.0, theme::TOUCH))
            .show(ui);
        shown.state.clear_undoer();
        shown.state.store(ui.ctx(), shown.response.response.id);
        shown.response.response
    })
}

fn labelled(ui: &mut Ui, label: &str, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let id = caption(ui, label).id;
        add(ui).labelled_by(id)
    })
    .inner
}

/// A choice among a few, with its name above.
pub(super) fn choice<T: PartialEq + Clone>(ui: &mut Ui, label: &str, value: &mut T, options: &[(T, String)]) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let id = caption(ui, label).id;
        let chosen = options.iter().find(|(option, _)| option == value).map_or("", |(_, text)| text);
        let width = ui.available_width().min(theme::COLUMN);
        let combo = ComboBox::from_id_salt(label).width(width).selected_text(chosen);
        combo
            .show_ui(ui, |ui| {
                for (option, text) in options {
                    ui.selectable_value(value, option.clone(), text);
                }
            })
            .response
            .labelled_by(id);
    });
}

/// A whole number with its name above and a button at each side: fingers cannot drag a number.
pub(super) fn stepper(
    ui: &mut Ui,
    label: &str,
    value: &mut u32,
    range: std::ops::RangeInclusive<u32>,
    step: u32,
) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let id = caption(ui, label).id;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let key = |text: &str| centred(RichText::new(text)).min_size(Vec2::splat(theme::TOUCH));
            let less = ui.add_enabled(*value > *range.start(), key("–"));
            name(&less, &format!("{label}: –{step}"));
            if less.clicked() {
                *value = value.saturating_sub(step).max(*range.start());
            }
            let drag = egui::DragValue::new(value).range(range.clone());
            of_figures(&ui.add_sized([96.0, theme::TOUCH], drag).labelled_by(id));
            let more = ui.add_enabled(*value < *range.end(), key("+"));
            name(&more, &format!("{label}: +{step}"));
            if more.clicked() {
                *value = value.saturating_add(step).min(*range.end());
            }
        });
    });
}

/// A line over time on a card: `lines` are names, colours and values, oldest first; `top` is at least the highest value
/// of the axis. The card is `width` across and has room for so many lines of the legend.
pub(super) fn plot(
    ui: &mut Ui,
    words: &Words,
    title: &str,
    unit: &str,
    (width, legend_lines): (f32, usize),
    top: f32,
    lines: &[PlotLine<'_>],
) {
    let colours = theme::palette(ui);
    surface(colours, Margin::symmetric(18, 12)).show(ui, |ui| {
        ui.set_width(width - 38.0);
        ui.vertical(|ui| {
            caption(ui, title);
            let (rect, _) =
                ui.allocate_exact_size(Vec2::new(ui.available_width(), theme::PLOT), Sense::hover());
            let highest = lines.iter().flat_map(|line| line.values).copied().fold(top, f32::max);
            let axis = Rect::from_min_max(Pos2::new(rect.left() + 44.0, rect.top() + 8.0), rect.max);
            let at = |share: f32| axis.bottom() - share * axis.height();
            for share in [0.0, 0.5, 1.0] {
                ui.painter().hline(axis.x_range(), at(share), Stroke::new(1.0, colours.line));
                let text = format!("{:.0}", highest * share);
                let font = theme::font(theme::SMALLEST);
                let place = Pos2::new(axis.left() - 8.0, at(share));
                ui.painter().text(place, Align2::RIGHT_CENTER, text, font, colours.quiet);
            }
            for line in lines {
                let step = axis.width() / (line.places.max(2) - 1) as f32;
                let from = line.places.saturating_sub(line.values.len());
                let points = line.values.iter().enumerate().map(|(place, value)| {
                    Pos2::new(
                        axis.left() + (from + place) as f32 * step,
                        at((value / highest).clamp(0.0, 1.0)),
                    )
                });
                ui.painter().add(Shape::line(points.collect(), Stroke::new(2.0, line.ink)));
            }
            ui.spacing_mut().interact_size.y = LEGEND; // nothing here is pressed
            let below = ui.cursor().top() + legend_lines as f32 * (LEGEND + ui.spacing().item_spacing.y);
            ui.horizontal_wrapped(|ui| {
                for line in lines {
                    let last = line
                        .values
                        .last()
                        .map_or("–".to_owned(), |value| words.decimal(f64::from(*value), 1));
                    legend(ui, line.ink, &format!("{} {last} {unit}", line.name));
                }
            });
            ui.add_space((below - ui.cursor().top()).max(0.0));
        });
    });
}

/// Height of a line of a legend.
const LEGEND: f32 = 20.0;

/// A colour and what it stands for, which stay together at the end of a line.
fn legend(ui: &mut Ui, ink: Color32, text: &str) {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, theme::palette(ui).quiet);
    let mark = 18.0;
    let size = Vec2::new(mark + 8.0 + galley.size().x, galley.size().y.max(LEGEND));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let left = egui::Rangef::new(rect.left(), rect.left() + mark);
    ui.painter().hline(left, rect.center().y, Stroke::new(3.0, ink));
    let at = Pos2::new(left.max + 8.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, ink);
}

/// One line of a [`plot`].
pub(super) struct PlotLine<'a> {
    /// What it is.
    pub name: &'a str,
    /// Its colour.
    pub ink: Color32,
    /// Oldest first.
    pub values: &'a [f32],
    /// How many values the axis has room for.
    pub places: usize,
}

/// A choice among a few without a caption; `spoken` is its name for assistive technology.
pub(super) fn pick<T: PartialEq + Clone>(ui: &mut Ui, spoken: &str, value: &mut T, options: &[(T, String)]) {
    let chosen = options.iter().find(|(option, _)| option == value).map_or("", |(_, text)| text);
    let combo = ComboBox::from_id_salt(spoken).width(140.0).truncate().selected_text(chosen);
    let response = combo
        .show_ui(ui, |ui| {
            for (option, text) in options {
                ui.selectable_value(value, option.clone(), text);
            }
        })
        .response;
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, spoken));
}

/// A field that narrows what is shown.
pub(super) fn search(ui: &mut Ui, hint: &str, text: &mut String, width: f32) {
    let response = ui.add(
        TextEdit::singleline(text)
            .hint_text(hint.to_owned())
            .desired_width(width.min(ui.available_width()))
            .margin(Margin::symmetric(14, 12))
            .align(egui::Align2::LEFT_CENTER)
            .min_size(Vec2::new(0.0, theme::TOUCH)),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, hint));
}

/// Two or three choices side by side, all in view.
pub(super) fn segments<T: PartialEq + Clone>(ui: &mut Ui, value: &mut T, options: &[(T, String)]) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (option, text) in options {
            let chosen = value == option;
            let button = Button::selectable(chosen, text.as_str())
                .frame_when_inactive(true)
                .min_size(Vec2::new(theme::TOUCH * 1.8, theme::TOUCH));
            if ui.add(button).clicked() {
                *value = option.clone();
            }
        }
    });
}

/// A dialog over the page. `None` while it stays, `Some(())` when it was closed by Escape or a press beside it.
pub(super) fn dialog(ui: &Ui, id: &str, title: &str, add: impl FnOnce(&mut Ui)) -> Option<()> {
    dialog_of(ui, id, title, theme::COLUMN, add)
}

/// The same, with room for a table.
pub(super) fn wide_dialog(ui: &Ui, id: &str, title: &str, add: impl FnOnce(&mut Ui)) -> Option<()> {
    dialog_of(ui, id, title, theme::COLUMN * 1.7, add)
}

fn dialog_of(ui: &Ui, id: &str, title: &str, width: f32, add: impl FnOnce(&mut Ui)) -> Option<()> {
    let colours = theme::palette(ui);
    let window = ui.ctx().content_rect().size();
    let width = (window.x - 4.0 * theme::SPACE).min(width);
    // On a low screen every line counts: what must be pressed comes last.
    let small = window.y < theme::SMALL_HEIGHT;
    let margin = if small { 14 } else { theme::SPACE as i8 };
    let height = window.y - if small { 44.0 } else { 4.0 * theme::SPACE };
    let frame = surface(colours, Margin::same(margin));
    let modal = Modal::new(Id::unique(id)).frame(frame).backdrop_color(colours.shade).show(ui.ctx(), |ui| {
        ui.set_width(width);
        if small {
            ui.spacing_mut().item_spacing.y = 6.0;
        }
        egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            label(ui, title, RichText::heading);
            ui.add_space(if small { 0.0 } else { theme::GAP / 2.0 });
            add(ui);
        });
    });
    modal.should_close().then_some(())
}

/// A circle that fills clockwise from the top; `share` 0 to 1.
pub(super) fn ring(
    painter: &Painter,
    centre: Pos2,
    radius: f32,
    width: f32,
    share: f32,
    back: Color32,
    fill: Color32,
) {
    painter.circle_stroke(centre, radius, Stroke::new(width, back));
    let share = share.clamp(0.0, 1.0);
    if share <= 0.0 {
        return;
    }
    let steps = (64.0 * share).ceil().max(2.0) as usize;
    let points = (0..=steps).map(|step| {
        let angle = std::f32::consts::TAU * (share * step as f32 / steps as f32 - 0.25);
        centre + radius * Vec2::angled(angle)
    });
    painter.add(Shape::line(points.collect(), Stroke::new(width, fill)));
}

/// A tick, drawn: no font has one that fits.
pub(super) fn tick(painter: &Painter, centre: Pos2, size: f32, stroke: Stroke) {
    let at = |x: f32, y: f32| centre + size * Vec2::new(x, y);
    painter.add(Shape::line(vec![at(-0.5, 0.02), at(-0.14, 0.38), at(0.52, -0.36)], stroke));
}

/// The four corners of a frame.
pub(super) fn corners(painter: &Painter, rect: Rect, length: f32, stroke: Stroke) {
    let radius = length * 0.45;
    for (corner, x, y) in [
        (rect.left_top(), 1.0, 1.0),
        (rect.right_top(), -1.0, 1.0),
        (rect.left_bottom(), 1.0, -1.0),
        (rect.right_bottom(), -1.0, -1.0),
    ] {
        let mut points = vec![corner + Vec2::new(0.0, y * length)];
        points.extend((0..=6).map(|step| {
            let angle = std::f32::consts::FRAC_PI_2 * step as f32 / 6.0;
            corner + Vec2::new(x * radius * (1.0 - angle.cos()), y * radius * (1.0 - angle.sin()))
        }));
        points.push(corner + Vec2::new(x * length, 0.0));
        painter.add(Shape::line(points, stroke));
    }
}

/// Text painted at a place, wrapped and elided to fit `width`; also told to assistive technology. Returns its rectangle.
pub(super) fn text_at(
    ui: &Ui,
    at: Pos2,
    align: Align2,
    text: &str,
    font: egui::FontId,
    ink: Color32,
    width: f32,
) -> Rect {
    let mut job = egui::text::LayoutJob::single_section(text.to_owned(), egui::TextFormat::simple(font, ink));
    job.wrap = egui::text::TextWrapping::truncate_at_width(width);
    let galley = ui.painter().layout_job(job);
    let rect = align.anchor_size(at, galley.size());
    let response = ui.interact(rect, ui.scope_id().with((text, at.x as i32, at.y as i32)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().galley(rect.min, galley, ink);
    rect
}

/// A part of the screen with its own layout.
pub(super) fn within<R>(ui: &mut Ui, rect: Rect, layout: Layout, add: impl FnOnce(&mut Ui) -> R) -> R {
    // A scope would move what comes next to where this part ends.
    add(&mut ui.new_child(UiBuilder::new().max_rect(rect).layout(layout)))
}

/// What the PIN pad's keys did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PadKey {
    /// A digit.
    Digit(char),
    /// Take the last one away.
    Back,
    /// Done.
    Enter,
}

/// A PIN pad for fingers; [`typed`] gives the keyboard's keys. `key` is the side of one key in points.
pub(super) fn pin_pad(ui: &mut Ui, enabled: bool, key: Vec2, back: &str, enter: &str) -> Vec<PadKey> {
    let mut pressed = Vec::new();
    let accent = theme::palette(ui).accent;
    let letters = (key.y * 0.36).max(theme::DIGIT);
    ui.add_enabled_ui(enabled, |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(theme::GAP * 0.75);
        for row in [['1', '2', '3'], ['4', '5', '6'], ['7', '8', '9']] {
            ui.horizontal(|ui| {
                for digit in row {
                    if sized_button(ui, &digit.to_string(), None, key, letters).clicked() {
                        pressed.push(PadKey::Digit(digit));
                    }
                }
            });
        }
        ui.horizontal(|ui| {
            let response = sized_button(ui, "", None, key, letters);
            name(&response, back);
            backspace(ui, &response);
            if response.clicked() {
                pressed.push(PadKey::Back);
            }
            if sized_button(ui, "0", None, key, letters).clicked() {
                pressed.push(PadKey::Digit('0'));
            }
            let response = sized_button(ui, "", Some(accent), key, letters);
            name(&response, enter);
            tick(ui.painter(), response.rect.center(), 22.0, Stroke::new(3.0, accent.on_solid));
            if response.clicked() {
                pressed.push(PadKey::Enter);
            }
        });
    });
    pressed
}

/// Letters, digits and a hyphen for fingers, in `room`.
pub(super) fn letter_pad(ui: &mut Ui, enabled: bool, room: Vec2, back: &str, enter: &str) -> Vec<PadKey> {
    let mut pressed = Vec::new();
    let accent = theme::palette(ui).accent;
    let gap = theme::GAP * 0.5;
    let key = Vec2::new(
        (room.x - 9.0 * gap) / 10.0,
        ((room.y - 3.0 * gap) / 4.0).clamp(theme::TOUCH, theme::TOUCH * 1.8),
    );
    ui.add_enabled_ui(enabled, |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(gap);
        for row in ["1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM"] {
            ui.horizontal(|ui| {
                for letter in row.chars() {
                    if sized_button(ui, &letter.to_string(), None, key, theme::DIGIT).clicked() {
                        pressed.push(PadKey::Digit(letter));
                    }
                }
                if row.starts_with('Z') {
                    let response = sized_button(ui, "", None, key, theme::DIGIT);
                    name(&response, back);
                    backspace(ui, &response);
                    if response.clicked() {
                        pressed.push(PadKey::Back);
                    }
                    let wide = Vec2::new(key.x * 2.0 + gap, key.y);
                    let response = sized_button(ui, "", Some(accent), wide, theme::DIGIT);
                    name(&response, enter);
                    tick(ui.painter(), response.rect.center(), 22.0, Stroke::new(3.0, accent.on_solid));
                    if response.clicked() {
                        pressed.push(PadKey::Enter);
                    }
                }
            });
        }
    });
    pressed
}

/// What the keyboard did, as keys of a pad: the characters that are `wanted`, backspace and enter. On a button that Tab
/// came to, Space and Enter press that button and are none of the pad's; whoever types has left it.
pub(super) fn typed(ui: &Ui, wanted: fn(char) -> bool) -> Vec<PadKey> {
    let focused = ui.memory(egui::Memory::focused).is_some();
    let keys: Vec<PadKey> = ui.input(|input| {
        input
            .events
            .iter()
            .flat_map(|event| match event {
                egui::Event::Text(text) => {
                    let chars = text.chars().filter(|c| wanted(*c) && !(focused && *c == ' '));
                    chars.map(PadKey::Digit).collect::<Vec<_>>()
                }
                egui::Event::Key { key: Key::Backspace, pressed: true, .. } => vec![PadKey::Back],
                egui::Event::Key { key: Key::Enter, pressed: true, repeat: false, .. } if !focused => {
                    vec![PadKey::Enter]
                }
                _ => Vec::new(),
            })
            .collect()
    });
    if focused && keys.iter().any(|key| matches!(key, PadKey::Digit(_))) {
        ui.memory_mut(egui::Memory::stop_text_input);
    }
    keys
}

/// The mark of the key that takes the last letter away.
pub(super) fn backspace(ui: &Ui, response: &Response) {
    let colours = theme::palette(ui);
    let ink = if response.enabled() { colours.ink } else { colours.quiet };
    let centre = response.rect.center();
    let stroke = Stroke::new(2.0, ink);
    let at = |x: f32, y: f32| centre + Vec2::new(x, y);
    let outline = vec![at(-16.0, 0.0), at(-8.0, -9.0), at(15.0, -9.0), at(15.0, 9.0), at(-8.0, 9.0)];
    ui.painter().add(Shape::closed_line(outline, stroke));
    ui.painter().line_segment([at(-2.0, -4.0), at(6.0, 4.0)], stroke);
    ui.painter().line_segment([at(-2.0, 4.0), at(6.0, -4.0)], stroke);
}

/// Dots for what was typed so far; closer together when there are many.
pub(super) fn pin_dots(ui: &mut Ui, typed: usize, spoken: &str) {
    let colours = theme::palette(ui);
    let places = typed.max(6);
    let step = (ui.available_width() / places as f32).min(28.0);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(places as f32 * step, 36.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken));
    for place in 0..places {
        let centre = Pos2::new(rect.left() + step * (place as f32 + 0.5), rect.center().y);
        let radius = (step * 0.29).min(8.0);
        if place < typed {
            ui.painter().circle_filled(centre, radius, colours.ink);
        } else {
            ui.painter().circle_stroke(centre, radius - 1.0, Stroke::new(1.5, colours.quiet));
        }
    }
}

/// An outlined rectangle with rounded corners.
pub(super) fn outline(painter: &Painter, rect: Rect, stroke: Stroke) {
    painter.rect_stroke(rect, theme::rounded(), stroke, StrokeKind::Inside);
}
