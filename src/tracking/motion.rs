//! Where a face is and where it is going.

use crate::domain::{Point, Rect};
use std::time::Duration;

/// A face's last box and the velocity of its centre.
#[derive(Debug, Clone)]
pub(super) struct Motion {
    bbox: Rect,
    seen: Duration,
    /// Pixels a second.
    velocity: Point,
}

/// How much of a new velocity is believed; the rest is the old one. Boxes jitter by a few pixels.
const VELOCITY_GAIN: f32 = 0.5;
/// Nobody walks on unseen for ever: the predicted way is that of a velocity that decays with this time constant.
const COASTING_SECS: f32 = 0.7;
/// How far from the prediction the same face may be, in face sizes: at once, per second unseen, at most.
const REACH: f32 = 0.6;
const REACH_PER_SEC: f32 = 2.0;
const REACH_AT_MOST: f32 = 2.0;
/// How much larger or smaller the same face may be: the logarithm of the ratio, at once and per second unseen.
const GROWTH: f32 = 0.5;
const GROWTH_PER_SEC: f32 = 0.5;

impl Motion {
    pub(super) fn new(at: Duration, bbox: Rect) -> Self {
        Self { bbox, seen: at, velocity: Point::default() }
    }

    pub(super) fn last_seen(&self) -> Duration {
        self.seen
    }

    pub(super) fn unseen_for(&self, at: Duration) -> Duration {
        at.saturating_sub(self.seen)
    }

    /// The face is here now.
    pub(super) fn see(&mut self, at: Duration, bbox: Rect) {
        let secs = self.unseen_for(at).as_secs_f32();
        if secs > 0.0 {
            let (from, to) = (self.bbox.centre(), bbox.centre());
            let measured = Point { x: (to.x - from.x) / secs, y: (to.y - from.y) / secs };
            self.velocity.x += VELOCITY_GAIN * (measured.x - self.velocity.x);
            self.velocity.y += VELOCITY_GAIN * (measured.y - self.velocity.y);
        }
        self.bbox = bbox;
        self.seen = self.seen.max(at);
    }

    /// How unlikely it is that `bbox` shows this face at `at`; `None` when it cannot be. 0 is exactly as predicted.
    /// Sum of the distance of the centres in face sizes, the change of size and the boxes' lack of overlap.
    pub(super) fn cost(&self, at: Duration, bbox: &Rect) -> Option<f32> {
        let secs = self.unseen_for(at).as_secs_f32();
        let predicted = self.predicted(secs);
        let (old_size, new_size) = (size(&predicted), size(bbox));
        let distance = predicted.centre().distance(bbox.centre()) / old_size.midpoint(new_size);
        let growth = (new_size / old_size).ln().abs();
        let reach = (REACH + REACH_PER_SEC * secs).min(REACH_AT_MOST);
        let possible = distance <= reach && growth <= GROWTH + GROWTH_PER_SEC * secs;
        possible.then(|| distance + 0.5 * growth + 0.5 * (1.0 - predicted.iou(bbox)))
    }

    fn predicted(&self, secs: f32) -> Rect {
        let coasting = COASTING_SECS * (1.0 - (-secs / COASTING_SECS).exp());
        let (dx, dy) = (self.velocity.x * coasting, self.velocity.y * coasting);
        let Rect { x0, y0, x1, y1 } = self.bbox;
        Rect { x0: x0 + dx, y0: y0 + dy, x1: x1 + dx, y1: y1 + dy }
    }
}

/// Side of the square of the same area, pixels; at least 1, so that an empty box divides nothing by zero.
fn size(rect: &Rect) -> f32 {
    rect.area().sqrt().max(1.0)
}
