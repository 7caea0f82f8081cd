//! Three lamps on the first screen: camera, storage, clock.
//!
//! Job: say at a glance whether the kiosk can do its work, in colour, shape and words. It must not know how any of the
//! three is watched.

use super::{
    Scene,
    theme::{self, Palette, Scale},
    widgets::text_at,
};
use crate::{
    domain::Moment,
    runtime::messages::{CameraStatus, Snapshot, Worker},
};
use egui::{Align2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};
use jiff::Timestamp;

/// How one part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lamp {
    /// In order.
    Well,
    /// Works, but somebody should look.
    Notice,
    /// Does not work.
    Alarm,
}

/// All three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lamps {
    /// Pictures arrive.
    pub camera: Lamp,
    /// Records can be written.
    pub storage: Lamp,
    /// The time can be trusted.
    pub clock: Lamp,
}

/// Less room than this is worth a notice: some hundred thousand marks.
const LOW_DISK: u64 = 500 << 20;
/// Nothing of this project is older (2025-01-01): a machine that says so has lost its clock.
const OLDEST: i64 = 1_735_689_600;

impl Lamps {
    /// Looks at the snapshot. `clock_jumped`: the clock was set by more than some seconds not long ago.
    #[must_use]
    pub fn of(snapshot: &Snapshot, now: Moment, clock_jumped: bool) -> Self {
        let camera = match snapshot.camera {
            CameraStatus::Live => Lamp::Well,
            CameraStatus::Opening => Lamp::Notice,
            CameraStatus::Fault { .. } => Lamp::Alarm,
        };
        let storage = if snapshot.faults.iter().any(|fault| fault.worker == Worker::Ledger) {
            Lamp::Alarm
        } else if snapshot.machine.disk_free.is_some_and(|free| free < LOW_DISK) {
            Lamp::Notice
        } else {
            Lamp::Well
        };
        let clock = if now.utc < Timestamp::from_second(OLDEST).unwrap_or(Timestamp::MIN) {
            Lamp::Alarm
        } else if clock_jumped || snapshot.machine.clock_synchronised == Some(false) {
            Lamp::Notice
        } else {
            Lamp::Well
        };
        Self { camera, storage, clock }
    }
}

/// Draws them side by side in `rect`.
pub(super) fn lamps_ui(ui: &Ui, scene: &Scene<'_>, rect: Rect, scale: Scale) {
    let Lamps { camera, storage, clock } = Lamps::of(scene.snapshot, scene.now, scene.clock_jumped);
    let lamps = [("lamp-camera", camera), ("lamp-storage", storage), ("lamp-clock", clock)];
    let width = rect.width() / lamps.len() as f32;
    for (place, (id, lamp)) in lamps.into_iter().enumerate() {
        let left = rect.left() + place as f32 * width;
        let place = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        lamp_ui(ui, scene, place, &scene.words.say(id), lamp, scale);
    }
}

fn lamp_ui(ui: &Ui, scene: &Scene<'_>, rect: Rect, what: &str, lamp: Lamp, scale: Scale) {
    let colours = theme::palette(ui);
    let state = scene.words.say(match lamp {
        Lamp::Well => "lamp-well",
        Lamp::Notice => "lamp-notice",
        Lamp::Alarm => "lamp-alarm",
    });
    let spoken = scene.words.with("lamp-spoken", &[("what", what.into()), ("state", state.into())]);
    let response = ui.interact(rect, ui.scope_id().with(("lamp", what)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    let radius = scale.px(7.0).max(5.0);
    let centre = pos2(rect.left() + radius + 1.0, rect.center().y);
    symbol(ui, centre, radius, lamp, colours);
    let ink = match lamp {
        Lamp::Well => colours.quiet,
        Lamp::Notice => colours.notice.solid,
        Lamp::Alarm => colours.alarm.solid,
    };
    let at = pos2(centre.x + 2.0 * radius, rect.center().y);
    let room = rect.right() - at.x - 4.0;
    text_at(ui, at, Align2::LEFT_CENTER, what, scale.font(17.0), ink, room);
}

/// A disc, a triangle or a cross: colour alone says nothing to many eyes.
fn symbol(ui: &Ui, centre: egui::Pos2, radius: f32, lamp: Lamp, colours: &Palette) {
    let painter = ui.painter();
    match lamp {
        Lamp::Well => {
            painter.circle_filled(centre, radius, colours.arrived.solid);
        }
        Lamp::Notice => {
            let corners = [-90.0_f32, 30.0, 150.0]
                .map(|degrees| centre + radius * 1.25 * Vec2::angled(degrees.to_radians()));
            painter.add(Shape::convex_polygon(corners.into(), colours.notice.solid, Stroke::NONE));
        }
        Lamp::Alarm => {
            let stroke = Stroke::new((radius * 0.55).max(3.0), colours.alarm.solid);
            let arm = Vec2::splat(radius * 0.8);
            painter.line_segment([centre - arm, centre + arm], stroke);
            let arm = vec2(arm.x, -arm.y);
            painter.line_segment([centre - arm, centre + arm], stroke);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::messages::{CameraFault, Fault, Machine};
    use std::time::Duration;

    #[test]
    fn each_lamp_follows_its_own_part() {
        let now = Moment { utc: "2026-11-25T08:00:00Z".parse().unwrap(), mono: Duration::ZERO };
        let mut snapshot = Snapshot { camera: CameraStatus::Live, ..Snapshot::default() };
        let well = Lamps { camera: Lamp::Well, storage: Lamp::Well, clock: Lamp::Well };
        assert_eq!(Lamps::of(&snapshot, now, false), well);
        assert_eq!(Lamps::of(&snapshot, now, true), Lamps { clock: Lamp::Notice, ..well });
        let lost = Moment { utc: Timestamp::UNIX_EPOCH, ..now };
        assert_eq!(Lamps::of(&snapshot, lost, false), Lamps { clock: Lamp::Alarm, ..well });
        snapshot.camera = CameraStatus::Fault { reason: CameraFault::Missing, retry_in: None };
        snapshot.machine = Machine { disk_free: Some(1 << 20), ..Machine::default() };
        assert_eq!(
            Lamps::of(&snapshot, now, false),
            Lamps { camera: Lamp::Alarm, storage: Lamp::Notice, ..well }
        );
        snapshot.faults = vec![Fault { worker: Worker::Ledger, sentence: "full".into() }];
        assert_eq!(Lamps::of(&snapshot, now, false).storage, Lamp::Alarm);
    }
}
