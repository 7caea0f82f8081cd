//! One table for every page: titles that sort, rows of which only those in view are laid out.
//!
//! Job: columns, order and scrolling. It must not know what a row is: cells are drawn by a closure.

use super::{theme, widgets::caption, words::visual};
use egui::{
    Align, Atom, Color32, Layout, Pos2, Response, RichText, Role, Shape, Stroke, TextStyle, Ui, Vec2,
    WidgetInfo,
};
use egui_extras::{Column, TableBuilder};

/// Space before the text of every cell, titles included.
pub(super) const CELL: f32 = 8.0;

/// By what a table is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort<K> {
    /// The column.
    pub(super) by: K,
    /// Largest first.
    pub(super) descending: bool,
}

impl<K: Copy + PartialEq> Sort<K> {
    pub(super) fn new(by: K, descending: bool) -> Self {
        Self { by, descending }
    }

    /// A press on a title: this column, or the other way round.
    fn press(&mut self, by: K) {
        if self.by == by { self.descending ^= true } else { *self = Self { by, descending: false } }
    }
}

/// A column.
pub(super) struct Col<K> {
    title: String,
    width: Option<f32>,
    key: Option<K>,
}

impl<K> Col<K> {
    /// Of a width in points.
    pub(super) fn fixed(title: String, width: f32) -> Self {
        Self { title, width: Some(width), key: None }
    }

    /// Takes what the others leave.
    pub(super) fn rest(title: String) -> Self {
        Self { title, width: None, key: None }
    }

    /// Its title sorts.
    pub(super) fn sorts(self, key: K) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// How high a table with so many rows in view is.
pub(super) fn height_of(row_height: f32, rows: usize) -> f32 {
    theme::TOUCH + row_height * rows as f32 + 8.0
}

/// Draws `rows` rows; `cell` gets a row and a column. Says whether the order was changed.
pub(super) fn table<K: Copy + PartialEq>(
    ui: &mut Ui,
    id: &str,
    columns: &[Col<K>],
    sort: &mut Sort<K>,
    row_height: f32,
    rows: usize,
    mut cell: impl FnMut(&mut Ui, usize, usize),
) -> bool {
    let before = *sort;
    ui.spacing_mut().item_spacing = Vec2::new(4.0, 0.0); // cells have room of their own
    let mut builder = TableBuilder::new(ui)
        .id_salt(id)
        .striped(true)
        .auto_shrink(false)
        .min_scrolled_height(0.0)
        .cell_layout(Layout::left_to_right(Align::Center));
    for column in columns {
        builder = builder.column(match column.width {
            Some(width) => Column::exact(width).clip(true),
            None => Column::remainder().at_least(96.0).clip(true),
        });
    }
    builder
        .header(theme::TOUCH, |mut header| {
            for column in columns {
                header.col(|ui| match column.key {
                    Some(key) => {
                        if title(ui, &column.title, (sort.by == key).then_some(sort.descending)).clicked() {
                            sort.press(key);
                        }
                    }
                    None => head(ui, &column.title),
                });
            }
        })
        .body(|body| {
            body.rows(row_height, rows, |mut row| {
                let index = row.index();
                for column in 0..columns.len() {
                    row.col(|ui| {
                        ui.add_space(CELL);
                        cell(ui, index, column);
                    });
                }
            });
        });
    before != *sort
}

/// A title that can be pressed; `descending` when the table is sorted by it.
fn title(ui: &mut Ui, text: &str, descending: Option<bool>) -> Response {
    let colours = theme::palette(ui);
    let ink = if descending.is_some() { colours.ink } else { colours.quiet };
    let button = egui::Button::new((RichText::new(text).small().color(ink), Atom::grow()))
        .fill(Color32::TRANSPARENT)
        .stroke(Stroke::NONE)
        .truncate()
        .gap(0.0)
        .min_size(Vec2::new(ui.available_width(), theme::TOUCH - 4.0));
    ui.spacing_mut().button_padding = Vec2::new(CELL, 4.0);
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, descending.is_some(), text));
    if let Some(descending) = descending {
        let words = ui.painter().layout_no_wrap(text.to_owned(), TextStyle::Small.resolve(ui.style()), ink);
        let right = response.rect.left() + CELL + words.size().x + 10.0;
        let centre = Pos2::new(right.min(response.rect.right() - 6.0), response.rect.center().y);
        let point = if descending { 4.0 } else { -4.0 };
        let corners = [(-5.0, -point * 0.6), (5.0, -point * 0.6), (0.0, point)];
        let corners = corners.map(|(x, y)| centre + Vec2::new(x, y)).to_vec();
        ui.painter().add(Shape::convex_polygon(corners, ink, Stroke::NONE));
    }
    response
}

/// A column's title that sorts nothing.
fn head(ui: &mut Ui, text: &str) {
    ui.add_space(CELL);
    caption(ui, text);
}

/// Text that is cut off with an ellipsis where its cell ends; names of any script.
pub(super) fn text(ui: &mut Ui, text: &str) {
    let shown = visual(text);
    let response = ui.add(egui::Label::new(shown.as_str()).truncate());
    if shown != text {
        // Read aloud as it was typed.
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    }
}

/// The same, of less weight.
pub(super) fn faint(ui: &mut Ui, text: &str) {
    let quiet = theme::palette(ui).quiet;
    ui.add(egui::Label::new(RichText::new(text).color(quiet)).truncate());
}

/// Buttons at the right end of a row, the last one first.
pub(super) fn buttons(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add_space(6.0);
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.spacing_mut().button_padding.x = theme::GAP * 0.75; // rows have little room for long words
        add(ui);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_sorts_and_turns_the_order_round() {
        let mut sort = Sort::new('a', false);
        sort.press('b');
        assert_eq!(sort, Sort::new('b', false));
        sort.press('b');
        assert_eq!(sort, Sort::new('b', true));
        sort.press('a');
        assert_eq!(sort, Sort::new('a', false));
    }
}
