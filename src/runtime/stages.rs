//! How long each stage takes: the newest samples per stage, and percentiles of them.

use super::messages::StageTime;
use std::{collections::VecDeque, time::Duration};

/// The stages of a frame, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Getting a frame's bytes: reading a file, drawing the demo, waiting for a camera (on a thread of its own).
    Capture,
    /// From those bytes to upright RGB.
    Convert,
    /// Finding faces, letterbox included.
    Detect,
    /// Following them and judging their quality, without the alignment for it.
    Track,
    /// Turning and cutting out faces, for their quality and for the recogniser.
    Align,
    /// Embedding what was aligned.
    Embed,
    /// Searching the index and gathering evidence.
    Match,
    /// Telling a face from a picture of one, where networks for that are installed.
    Liveness,
    /// Policy and, when recording, the durable write.
    Decide,
    /// All of a frame's work.
    Frame,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Capture,
        Self::Convert,
        Self::Detect,
        Self::Track,
        Self::Align,
        Self::Embed,
        Self::Match,
        Self::Liveness,
        Self::Decide,
        Self::Frame,
    ];

    /// Name in JSON and in tables of the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Convert => "convert",
            Self::Detect => "detect",
            Self::Track => "track",
            Self::Align => "align",
            Self::Embed => "embed",
            Self::Match => "match",
            Self::Liveness => "liveness",
            Self::Decide => "decide",
            Self::Frame => "frame",
        }
    }
}

/// Samples of every stage; the oldest fall out at `capacity`.
#[derive(Debug, Clone)]
pub struct StageClock {
    capacity: usize,
    samples_ms: [VecDeque<f32>; Stage::ALL.len()],
}

impl StageClock {
    /// Keeps the newest `capacity` samples of each stage.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), samples_ms: Default::default() }
    }

    /// Adds a sample.
    pub fn add(&mut self, stage: Stage, took: Duration) {
        let samples = &mut self.samples_ms[stage as usize];
        if samples.len() == self.capacity {
            samples.pop_front();
        }
        samples.push_back(took.as_secs_f32() * 1e3);
    }

    /// Percentiles of every stage that has samples.
    #[must_use]
    pub fn table(&self) -> Vec<StageTime> {
        Stage::ALL
            .into_iter()
            .zip(&self.samples_ms)
            .filter(|(_, samples)| !samples.is_empty())
            .map(|(stage, samples)| {
                let mut sorted: Vec<f32> = samples.iter().copied().collect();
                sorted.sort_by(f32::total_cmp);
                StageTime {
                    stage,
                    p50_ms: percentile(&sorted, 0.50),
                    p95_ms: percentile(&sorted, 0.95),
                    p99_ms: percentile(&sorted, 0.99),
                }
            })
            .collect()
    }
}

/// Nearest-rank percentile of ascending samples; 0 for none.
#[must_use]
pub fn percentile(sorted: &[f32], share: f32) -> f32 {
    let rank = (share * sorted.len() as f32).ceil() as usize;
    sorted.get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank_and_old_samples_fall_out() {
        let mut clock = StageClock::new(100);
        for ms in 0..=100 {
            clock.add(Stage::Detect, Duration::from_millis(ms));
        }
        let table = clock.table();
        assert_eq!(table.len(), 1);
        assert_eq!((table[0].p50_ms, table[0].p95_ms, table[0].p99_ms), (50.0, 95.0, 99.0));
        assert_eq!(percentile(&[], 0.5), 0.0);
        assert_eq!(percentile(&[7.0], 0.99), 7.0);
    }
}
