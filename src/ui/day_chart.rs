//! How many people were at the site over one day, as a stepped line.
//!
//! Job: counts over time into a picture with hours below it. It must not know whom it counts.

use super::{Scene, theme};
use crate::runtime::messages::DayView;
use egui::{Align2, Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo};
use jiff::{Timestamp, tz::TimeZone};

const HEIGHT: f32 = 112.0;
/// Room below the line for the hours.
const BELOW: f32 = 22.0;
/// Least room between two hours, points.
const HOUR_ROOM: f32 = 48.0;

/// Draws it over the full width.
pub(super) fn day_chart(ui: &mut Ui, scene: &Scene<'_>, view: &DayView) {
    let Some((from, to)) = span(view, scene.now.utc) else { return };
    let colours = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEIGHT), Sense::hover());
    let most = view.curve.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let spoken = scene.words.with("today-chart", &[("most", most.into())]);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    let painter = ui.painter();
    painter.rect(
        rect,
        theme::rounded(),
        colours.surface,
        Stroke::new(1.0, colours.line),
        egui::StrokeKind::Inside,
    );
    let plot = Rect::from_min_max(rect.min + Vec2::new(44.0, 14.0), rect.max - Vec2::new(32.0, BELOW + 6.0));
    let secs = to.duration_since(from).as_secs_f32().max(1.0);
    let x = |at: Timestamp| plot.left() + plot.width() * at.duration_since(from).as_secs_f32() / secs;
    let y = |count: u32| plot.bottom() - plot.height() * count as f32 / most.max(1) as f32;

    let small = egui::TextStyle::Small.resolve(ui.style());
    let axis = Stroke::new(1.0, colours.line);
    for hour in hours(from, to, scene.zone(), plot.width()) {
        let at = Pos2::new(x(hour), plot.bottom());
        painter.line_segment([at, at + Vec2::new(0.0, 5.0)], axis);
        let label = hour.to_zoned(scene.zone().clone()).strftime("%H:%M").to_string();
        painter.text(at + Vec2::new(0.0, 8.0), Align2::CENTER_TOP, label, small.clone(), colours.quiet);
    }
    for count in [0, most] {
        let at = Pos2::new(plot.left() - 10.0, y(count));
        painter.text(at, Align2::RIGHT_CENTER, count.to_string(), small.clone(), colours.quiet);
    }
    painter.line_segment([plot.left_bottom(), plot.right_bottom()], axis);

    let end = scene.now.utc.clamp(from, to);
    let (line, area) = steps(&view.curve, end, x, y, plot.bottom(), colours.accent.soft);
    painter.add(Shape::mesh(area));
    painter.add(Shape::line(line, Stroke::new(2.0, colours.accent.solid)));
    if (from..to).contains(&scene.now.utc) {
        let top = Pos2::new(x(scene.now.utc), plot.top());
        painter.line_segment([top, Pos2::new(top.x, plot.bottom())], Stroke::new(1.5, colours.quiet));
    }
}

/// The stepped line and what lies below it, up to `end`.
fn steps(
    curve: &[(Timestamp, u32)],
    end: Timestamp,
    x: impl Fn(Timestamp) -> f32,
    y: impl Fn(u32) -> f32,
    ground: f32,
    fill: egui::Color32,
) -> (Vec<Pos2>, Mesh) {
    let mut line = Vec::with_capacity(2 * curve.len() + 2);
    let mut area = Mesh::default();
    let mut height = y(0);
    for (at, count) in curve {
        line.push(Pos2::new(x(*at), height));
        height = y(*count);
        line.push(Pos2::new(x(*at), height));
    }
    if let Some(last) = line.last().copied() {
        line.push(Pos2::new(x(end).max(last.x), height));
    }
    for pair in line.windows(2) {
        if let [left, right] = pair
            && right.x > left.x
        {
            area.add_colored_rect(Rect::from_min_max(*left, Pos2::new(right.x, ground)), fill);
        }
    }
    (line, area)
}

/// From the first thing that happens or is planned to the last, in whole hours; `None` when there is nothing.
fn span(view: &DayView, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let planned = || view.people.iter().filter_map(|person| person.planned.as_ref());
    let first =
        view.curve.first().map(|(at, _)| *at).into_iter().chain(planned().map(|shift| shift.start)).min()?;
    let last =
        view.curve.last().map(|(at, _)| *at).into_iter().chain(planned().map(|shift| shift.end)).max()?;
    let last = if view.range.contains(&now) { last.max(now) } else { last };
    let hour = |at: Timestamp, up: i64| {
        let secs = at.as_second().div_euclid(3600) * 3600 + up * 3600;
        Timestamp::from_second(secs).unwrap_or(at)
    };
    Some((hour(first, 0), hour(last, 1)))
}

/// The hours that are written below, as many as there is room for.
fn hours(from: Timestamp, to: Timestamp, zone: &TimeZone, width: f32) -> Vec<Timestamp> {
    let count = to.duration_since(from).as_secs_f32() / 3600.0;
    let room = width / count.max(1.0);
    let step = [1, 2, 3, 4, 6, 12].into_iter().find(|step| room * *step as f32 >= HOUR_ROOM).unwrap_or(24);
    let mut hours = Vec::new();
    let mut at = from;
    while at <= to && hours.len() < 48 {
        if i64::from(at.to_zoned(zone.clone()).hour()) % step == 0 {
            hours.push(at);
        }
        let Ok(next) = at.checked_add(jiff::SignedDuration::from_hours(1)) else { break };
        at = next;
    }
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600 + minute * 60).unwrap()
    }

    #[test]
    fn the_line_steps_at_each_mark_and_ends_now() {
        let x = |at: Timestamp| at.as_second() as f32 / 3600.0;
        let y = |count: u32| -(count as f32);
        let curve = [(at(8, 0), 1), (at(9, 0), 2), (at(12, 0), 1)];
        let (line, area) = steps(&curve, at(13, 0), x, y, 0.0, egui::Color32::TRANSPARENT);
        let points: Vec<(f32, f32)> = line.iter().map(|p| (p.x, p.y)).collect();
        let expected =
            [(8.0, 0.0), (8.0, -1.0), (9.0, -1.0), (9.0, -2.0), (12.0, -2.0), (12.0, -1.0), (13.0, -1.0)];
        assert_eq!(points, expected);
        assert_eq!(area.indices.len(), 3 * 6, "three rectangles of two triangles");
        assert!(steps(&[], at(1, 0), x, y, 0.0, egui::Color32::TRANSPARENT).0.is_empty());
    }

    #[test]
    fn hours_are_as_many_as_there_is_room_for() {
        let shown = |width| hours(at(6, 0), at(18, 0), &TimeZone::UTC, width).len();
        assert_eq!(shown(1000.0), 13);
        assert_eq!(shown(500.0), 7);
        assert_eq!(shown(60.0), 1);
    }
}
