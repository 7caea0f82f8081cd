//! `faceprint bench`: how fast this machine recognises, stage by stage.

use crate::{
    camera::{CameraError, FrameSource},
    domain::CameraSpec,
    runtime::{
        messages::StageTime,
        pipeline::{Pipeline, Sighted},
        replay::{DryRun, ReplayError},
        stages::{Stage, StageClock},
    },
    settings::Settings,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
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
    /// Processes `frames` frames as fast as they come, and decides about those whom the pipeline's index knows as the kiosk
    /// with these settings would, writing nothing. The pipeline's own stage times are replaced.
    pub fn measure(
        pipeline: &mut Pipeline,
        source: &mut dyn FrameSource,
        spec: &CameraSpec,
        settings: &Settings,
        frames: u64,
        mut progress: impl FnMut(u64),
    ) -> Result<Self, ReplayError> {
        let (mut done, mut spent, mut size) = (0, Duration::ZERO, (0, 0));
        let mut attendance = DryRun::new(settings);
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
            size = (frame.width(), frame.height());
            for sighting in pipeline.process(&frame, true)?.sightings {
                if let Sighted::Person { person, .. } = sighting.outcome {
                    let deciding = Instant::now();
                    attendance.decide(person, &sighting);
                    pipeline.stages.add(Stage::Decide, deciding.elapsed());
                }
            }
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
        text += &super::stage_table(&self.stages);
        for stage in self.not_measured() {
            let _ = writeln!(text, "{:<9}not measured: {}", stage.name(), why_not(stage));
        }
        text
    }

    fn not_measured(&self) -> impl Iterator<Item = Stage> {
        Stage::ALL.into_iter().filter(|&stage| self.stages.iter().all(|row| row.stage != stage))
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
            "not_measured": self.not_measured().map(|stage| (stage.name(), why_not(stage))).collect::<BTreeMap<_, _>>(),
        })
    }
}

/// Why a stage had nothing to do.
fn why_not(stage: Stage) -> &'static str {
    match stage {
        Stage::Capture | Stage::Convert => "the camera does not tell",
        Stage::Detect | Stage::Track | Stage::Frame => "there was no frame",
        Stage::Align => "nobody was in the picture",
        Stage::Embed | Stage::Match => "nobody was near enough to be read",
        Stage::Liveness => "no network for it is in use, or nobody was like somebody enrolled",
        Stage::Decide => "nobody enrolled stood there until they were recognised",
    }
}

/// Two reports of [`BenchReport::to_json`] side by side: every figure that one of them has, a dash for what the other lacks,
/// and the second over the first.
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
    let (before, after) = (figures(before), figures(after));
    let number =
        |figure: Option<&f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2}"));
    for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (before.get(name), after.get(name));
        let ratio = match (before, after) {
            (Some(before), Some(after)) if *before != 0.0 => format!("{:.3}", after / before),
            _ => "-".to_owned(),
        };
        let _ = writeln!(text, "{name:<22}{:>10}{:>10}{ratio:>9}", number(before), number(after));
    }
    text
}

/// The measured numbers of a report by their path.
fn figures(report: &Value) -> BTreeMap<String, f64> {
    fn collect(path: &str, value: &Value, found: &mut BTreeMap<String, f64>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    collect(&path, value, found);
                }
            }
            Value::Number(number) if !["cores", "width", "height", "frames"].contains(&path) => {
                let name = path.trim_start_matches("stages.").to_owned();
                found.extend(number.as_f64().map(|number| (name, number)));
            }
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    collect("", report, &mut found);
    found
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
    use crate::{
        camera::{SourceInfo, SourceName},
        domain::{
            CalibrationData, DetectedFace, EMBEDDING_LEN, Embedding, Landmarks, Moment, PersonId, Point,
            Quality, Rect, TemplateId, WeightsId,
        },
        imaging::{Frame, Taken},
        runtime::pipeline::SharedIndex,
        vision::{FaceEngine, VisionError},
    };

    /// Nobody for forty frames, then somebody.
    struct Script(u64);

    impl FrameSource for Script {
        fn next_frame(&mut self) -> Result<Frame, CameraError> {
            self.0 += 1;
            let mono = Duration::from_millis(33 * self.0);
            let captured = Moment { utc: jiff::Timestamp::UNIX_EPOCH + mono, mono };
            let frame = Frame::new(1, 1, vec![u8::from(self.0 > 40); 3], captured, self.0).unwrap();
            let ms = Duration::from_millis;
            Ok(frame.taken_in(Taken { capture: ms(7), convert: ms(3) }))
        }

        fn describe(&self) -> SourceInfo {
            SourceInfo { name: SourceName::Demo, width: 1, height: 1, fps: 30.0, pixel_format: "RGB" }
        }
    }

    /// Sees the same face in every white picture.
    struct Engine(WeightsId, CalibrationData);

    impl Engine {
        fn embedding() -> Embedding {
            Embedding::from_raw(&[1.0; EMBEDDING_LEN]).unwrap()
        }
    }

    impl FaceEngine for Engine {
        fn detect(&mut self, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
            let landmarks = [(60.0, 60.0), (100.0, 60.0), (80.0, 80.0), (65.0, 100.0), (95.0, 100.0)];
            let face = DetectedFace {
                bbox: Rect { x0: 40.0, y0: 20.0, x1: 120.0, y1: 130.0 },
                landmarks: Landmarks(landmarks.map(|(x, y)| Point { x, y })),
                score: 0.9,
            };
            Ok(if frame.rgb()[0] > 0 { vec![face] } else { Vec::new() })
        }

        fn assess(&mut self, _: &Frame, _: &DetectedFace) -> Quality {
            let (yaw_deg, pitch_deg, roll_deg) = (0.0, 0.0, 0.0);
            let (eye_distance_px, sharpness, brightness, inside) = (40.0, 200.0, 120.0, 1.0);
            Quality { eye_distance_px, yaw_deg, pitch_deg, roll_deg, sharpness, brightness, inside }
        }

        fn embed(&mut self, _: &Frame, faces: &[DetectedFace]) -> Result<Vec<Embedding>, VisionError> {
            Ok(faces.iter().map(|_| Self::embedding()).collect())
        }

        fn take_align_time(&mut self) -> Duration {
            Duration::from_millis(5)
        }

        fn weights(&self) -> &WeightsId {
            &self.0
        }

        fn calibration(&self) -> &CalibrationData {
            &self.1
        }
    }

    #[test]
    fn every_stage_is_measured_or_says_why_it_is_not() {
        let index = SharedIndex::default();
        let person = PersonId::from_bytes([1; 16]);
        index.write().unwrap().insert(TemplateId::from_bytes([1; 16]), person, &Engine::embedding());
        let report = |index: SharedIndex, frames| {
            let calibration = CalibrationData { threshold_cosine: 0.4, ..CalibrationData::uncalibrated() };
            let engine = Engine(WeightsId::new("made-up").unwrap(), calibration);
            let mut pipeline = Pipeline::new(Box::new(engine), index, 0.01, 1000);
            let settings = Settings::for_site("x");
            let spec = CameraSpec::Demo(1);
            BenchReport::measure(&mut pipeline, &mut Script(0), &spec, &settings, frames, |_| {}).unwrap()
        };
        let known = report(index, 120);
        let measured: Vec<Stage> = known.stages.iter().map(|row| row.stage).collect();
        let all_but_liveness: Vec<_> = Stage::ALL.into_iter().filter(|&s| s != Stage::Liveness).collect();
        assert_eq!(measured, all_but_liveness);
        let p50 = |stage| known.stages.iter().find(|row| row.stage == stage).unwrap().p50_ms;
        assert_eq!([Stage::Capture, Stage::Convert].map(p50), [7.0, 3.0]);
        assert!(p50(Stage::Align) >= 5.0, "for the quality and for the recogniser");
        let lines = known.to_text();
        assert!(
            lines.contains("liveness not measured: no network") && lines.matches("not measured").count() == 1
        );

        let strangers = report(SharedIndex::default(), 120).to_text();
        assert!(strangers.contains("decide   not measured: nobody enrolled"), "{strangers}");
        assert!(known.to_json()["not_measured"]["liveness"].is_string());
    }

    #[test]
    fn a_comparison_names_what_either_measured() {
        let report = |machine: &str, fps: f64, stages: Value| json!({ "machine": machine, "cores": 2, "fps": fps, "live": null, "stages": stages });
        // An older report knows no stage of its own for alignment.
        let older = report("a", 30.0, json!({ "detect": { "p50_ms": 20.0 }, "record": { "p50_ms": 1.0 } }));
        let newer = report("b", 60.0, json!({ "align": { "p50_ms": 0.5 }, "detect": { "p50_ms": 10.0 } }));
        let text = comparison(&older, &newer);
        assert!(text.contains("a | b  DIFFERS"), "{text}");
        let row = |name: &str| -> Vec<String> {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().skip(1).map(str::to_owned).collect()
        };
        assert_eq!(row("fps"), ["30.00", "60.00", "2.000"], "{text}");
        assert_eq!(row("detect.p50_ms"), ["20.00", "10.00", "0.500"], "{text}");
        assert_eq!(row("align.p50_ms"), ["-", "0.50", "-"], "{text}");
        assert_eq!(row("record.p50_ms"), ["1.00", "-", "-"], "{text}");
        assert!(row("cores").is_empty());
    }
}
