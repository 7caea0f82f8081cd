//! `faceprint bench`: how fast this machine recognises, stage by stage.

use crate::{
    camera::{CameraError, FrameSource},
    domain::CameraSpec,
    runtime::{
        messages::StageTime,
        pipeline::Pipeline,
        replay::ReplayError,
        stages::{Stage, StageClock},
    },
};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// What was measured, and on what.
#[derive(Debug)]
pub struct BenchReport {
    /// Processor as it names itself.
    pub machine: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Where the networks ran.
    pub device: String,
    /// Recogniser, detector, and what else ran.
    pub weights: String,
    /// Where the frames came from.
    pub camera: String,
    /// Frame size in pixels.
    pub size: (u32, u32),
    /// Frames measured.
    pub frames: u64,
    /// Wall time of reading and processing them, seconds.
    pub seconds: f64,
    /// Percentiles.
    pub stages: Vec<StageTime>,
}

/// Frames processed before measuring: caches and clocks settle.
const WARM_UP: u64 = 30;

impl BenchReport {
    /// Processes `frames` frames as fast as they come. The pipeline's own stage times are replaced.
    pub fn measure(
        pipeline: &mut Pipeline,
        source: &mut dyn FrameSource,
        spec: &CameraSpec,
        frames: u64,
        mut progress: impl FnMut(u64),
    ) -> Result<Self, ReplayError> {
        let (mut done, mut spent, mut size) = (0, Duration::ZERO, (0, 0));
        while done < frames + WARM_UP {
            let started = Instant::now();
            let frame = match source.next_frame() {
                Ok(frame) => frame,
                Err(CameraError::Ended) => break,
                Err(error) => return Err(error.into()),
            };
            if done == WARM_UP {
                pipeline.stages =
                    StageClock::new(usize::try_from(frames).unwrap_or(usize::MAX).min(1_000_000));
                spent = Duration::ZERO;
            }
            pipeline.stages.add(Stage::Capture, started.elapsed());
            size = (frame.width(), frame.height());
            pipeline.process(&frame, true)?;
            spent += started.elapsed();
            done += 1;
            progress(done.saturating_sub(WARM_UP));
        }
        let description = pipeline.description();
        Ok(Self {
            machine: processor(),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            device: description.device.to_string(),
            weights: description.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            camera: spec.to_string(),
            size,
            frames: if done > WARM_UP { done - WARM_UP } else { done },
            seconds: spent.as_secs_f64(),
            stages: pipeline.stages.table(),
        })
    }

    /// Frames a second.
    #[must_use]
    pub fn fps(&self) -> f64 {
        self.frames as f64 / self.seconds.max(1e-9)
    }

    /// For a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let (width, height) = self.size;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "machine  {} ({} cores)", self.machine, self.cores);
        let _ = writeln!(text, "device   {}", self.device);
        let _ = writeln!(text, "weights  {}", self.weights);
        let _ = writeln!(text, "camera   {} at {width}x{height}", self.camera);
        let _ = writeln!(text, "frames   {}, {:.1} a second, one after the other", self.frames, self.fps());
        text + &super::stage_table(&self.stages)
    }

    /// For a script.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "machine": self.machine,
            "cores": self.cores,
            "device": self.device,
            "weights": self.weights,
            "camera": self.camera,
            "width": self.size.0,
            "height": self.size.1,
            "frames": self.frames,
            "fps": self.fps(),
            "stages": super::stages_json(&self.stages),
        })
    }
}

/// Two reports of [`BenchReport::to_json`] side by side: every figure that both have, and the second over the first.
#[must_use]
pub fn comparison(before: &Value, after: &Value) -> String {
    let mut text = String::new();
    for key in ["machine", "device", "weights", "camera"] {
        let word = |report: &Value| report[key].as_str().unwrap_or("-").to_owned();
        let (before, after) = (word(before), word(after));
        let differs = if before == after { "" } else { "  DIFFERS" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key:<9}{before} | {after}{differs}");
    }
    let _ = writeln!(text, "{:<22}{:>10}{:>10}{:>9}", "", "before", "after", "ratio");
    let mut rows = Vec::new();
    figures("", before, after, &mut rows);
    for (name, before, after) in rows {
        let ratio = if before == 0.0 { f64::NAN } else { after / before };
        let _ = writeln!(text, "{name:<22}{before:>10.2}{after:>10.2}{ratio:>9.3}");
    }
    text
}

/// Collects the measured numbers at the same place in both, by their path.
fn figures(path: &str, before: &Value, after: &Value, rows: &mut Vec<(String, f64, f64)>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                if let Some(other) = b.get(key) {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    figures(&path, value, other, rows);
                }
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let settings = ["cores", "width", "height", "frames"];
            if let (Some(a), Some(b), false) = (a.as_f64(), b.as_f64(), settings.contains(&path)) {
                rows.push((path.trim_start_matches("stages.").to_owned(), a, b));
            }
        }
        _ => {}
    }
}

fn processor() -> String {
    std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_names_what_both_measured() {
        let report = |machine: &str, fps: f64, detect: f64| {
            let stages = json!({ "detect": { "p50_ms": detect } });
            json!({ "machine": machine, "cores": 2, "fps": fps, "live": null, "stages": stages })
        };
        let text = comparison(&report("a", 30.0, 20.0), &report("b", 60.0, 10.0));
        assert!(text.contains("a | b  DIFFERS"), "{text}");
        let row =
            |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        assert!(row("fps").ends_with("2.000"), "{text}");
        assert!(row("detect.p50_ms").ends_with("0.500"), "{text}");
        assert!(row("cores").is_empty());
    }
}
