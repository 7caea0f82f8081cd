//! The last two minutes of the workers' figures, for the plots of Diagnostics.
//!
//! Job: one sample each half second, the oldest fall out; pure. It must not know how a figure is drawn or measured.

use crate::runtime::messages::{LiveStats, Stage};
use std::time::Duration;

/// Room for two minutes.
pub const PLACES: usize = 240;
const EVERY: Duration = Duration::from_millis(500);

/// Samples, oldest first, one column each.
#[derive(Debug, Default)]
pub struct History {
    last: Option<Duration>,
    captured_fps: Vec<f32>,
    processed_fps: Vec<f32>,
    detect_ms: Vec<f32>,
    embed_ms: Vec<f32>,
    frame_ms: Vec<f32>,
}

impl History {
    /// Takes a sample when the last one is old enough.
    pub fn add(&mut self, now: Duration, stats: &LiveStats) {
        if self.last.is_some_and(|last| now.saturating_sub(last) < EVERY) {
            return;
        }
        self.last = Some(now);
        let stage = |stage| stats.stages.iter().find(|s| s.stage == stage).map_or(0.0, |s| s.p50_ms);
        let Self { last: _, captured_fps, processed_fps, detect_ms, embed_ms, frame_ms } = self;
        for (column, value) in [
            (captured_fps, stats.captured_fps),
            (processed_fps, stats.processed_fps),
            (detect_ms, stage(Stage::Detect)),
            (embed_ms, stage(Stage::Embed)),
            (frame_ms, stage(Stage::Frame)),
        ] {
            if column.len() == PLACES {
                column.remove(0);
            }
            column.push(value);
        }
    }

    /// Frames a second from the camera.
    #[must_use]
    pub fn captured_fps(&self) -> &[f32] {
        &self.captured_fps
    }

    /// Frames a second through the recogniser.
    #[must_use]
    pub fn processed_fps(&self) -> &[f32] {
        &self.processed_fps
    }

    /// Median times of finding faces, measuring one, and a whole frame, milliseconds.
    #[must_use]
    pub fn stage_ms(&self) -> [&[f32]; 3] {
        [&self.detect_ms, &self.embed_ms, &self.frame_ms]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::messages::StageTime;

    #[test]
    fn a_sample_each_half_second_and_no_more_than_there_is_room_for() {
        let mut history = History::default();
        let stage = StageTime { stage: Stage::Detect, p50_ms: 25.0, p95_ms: 30.0, p99_ms: 40.0 };
        for tenth in 0..20_u32 {
            let stats =
                LiveStats { captured_fps: tenth as f32, stages: vec![stage.clone()], ..LiveStats::default() };
            history.add(Duration::from_millis(100) * tenth, &stats);
        }
        assert_eq!(history.captured_fps(), [0.0, 5.0, 10.0, 15.0]);
        assert_eq!(history.stage_ms()[0], [25.0; 4]);
        for second in 10..1_000 {
            history.add(Duration::from_secs(second), &LiveStats::default());
        }
        assert_eq!(history.processed_fps().len(), PLACES);
    }
}
