//! What all sources do with a picture: turn it, date it, number it, and wait for its time.

use super::CameraOptions;
use crate::{
    domain::{Clock, Moment},
    imaging::{Frame, Picture, Rotation, Taken},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Options, clock and frame counter of one open source.
pub(super) struct Pace {
    options: CameraOptions,
    clock: Arc<dyn Clock>,
    opened: Moment,
    fps: f32,
    due: Duration,
    number: u64,
    taken: Taken,
}

impl Pace {
    /// `fps` is the rate of a source that has none of its own, else 0.
    pub(super) fn new(options: CameraOptions, clock: Arc<dyn Clock>, fps: f32) -> Self {
        let opened = clock.now();
        Self { options, clock, opened, fps, due: opened.mono, number: 0, taken: Taken::default() }
    }

    pub(super) fn fps(&self) -> f32 {
        self.fps
    }

    pub(super) fn looping(&self) -> bool {
        self.options.looping
    }

    /// Width and height after rotation.
    pub(super) fn turned(&self, width: u32, height: u32) -> (u32, u32) {
        match self.options.rotate {
            Rotation::None | Rotation::Half => (width, height),
            Rotation::Clockwise90 | Rotation::Clockwise270 => (height, width),
        }
    }

    /// Makes a picture of bytes that were asked for at `asked` and are there now.
    pub(super) fn convert<T>(&mut self, asked: Instant, convert: impl FnOnce() -> T) -> T {
        let got = Instant::now();
        let made = convert();
        self.taken = Taken { capture: got - asked, convert: got.elapsed() };
        made
    }

    /// A picture that a device has just handed over.
    pub(super) fn live(&mut self, picture: Picture) -> Frame {
        let now = self.clock.now();
        self.finish(picture, now)
    }

    /// Picture number `slot` of a recording, at its time: waits for it, or in replay computes it.
    pub(super) fn recorded(&mut self, picture: Picture, slot: u64) -> Frame {
        if self.options.realtime {
            self.wait();
            return self.live(picture);
        }
        let since = Duration::from_secs_f64(slot as f64 / f64::from(self.fps));
        let utc = self.opened.utc.saturating_add(since).unwrap_or(jiff::Timestamp::MAX);
        self.finish(picture, Moment { utc, mono: self.opened.mono.saturating_add(since) })
    }

    /// Sleeps until the next frame is due, one period at most; after falling behind it does not hurry to catch up.
    fn wait(&mut self) {
        let period = Duration::from_secs_f64(1.0 / f64::from(self.fps));
        let now = self.clock.now().mono;
        match self.due.checked_sub(now) {
            Some(early) => std::thread::sleep(early.min(period)),
            None => self.due = now,
        }
        self.due = self.due.min(now + period) + period;
    }

    fn finish(&mut self, picture: Picture, captured: Moment) -> Frame {
        let turning = Instant::now();
        let mut picture = picture.rotate(self.options.rotate);
        if self.options.mirror {
            picture.mirror();
        }
        self.number += 1;
        let Taken { capture, convert } = self.taken;
        let taken = Taken { capture, convert: convert + turning.elapsed() };
        Frame::from_picture(picture, captured, self.number).taken_in(taken)
    }
}
