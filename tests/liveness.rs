//! Presentation attack detection over whole presentations (ISO/IEC 30107-3), with networks and clips of real people.
//!
//! Bona fide presentations are the clips of people standing before a camera. **The attacks are made here**: a frame of
//! the same person printed on a sheet of paper, or shown on a screen, before another background. They are drawn, not
//! photographed, so that the figures say that the check works as a whole, not how it does against an attacker.
//! `cargo test --test liveness -- --nocapture` prints them. Skips, saying so, where networks or clips are missing.

#![allow(clippy::unwrap_used, clippy::many_single_char_names)] // helpers of tests unwrap what the test needs

mod common;

use common::shared;
use faceprint::{
    domain::{DetectedFace, Moment, PersonId, TemplateId, WeightsId},
    imaging::{Frame, decode_picture},
    runtime::{
        enrol_frames::FrameEnrolment,
        pipeline::{Pipeline, SharedIndex, Sighted},
    },
    vision::{DeviceChoice, FaceEngine, NetworkEngine, WeightsStore, import},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

const MIN_BONA_FIDE: f32 = 0.5;
const FILES: [&str; 5] = [
    "det_500m.onnx",
    "mbf_w8dequant.onnx",
    "2.7_80x80_MiniFASNetV2.onnx",
    "4_0_0_80x80_MiniFASNetV1SE.onnx",
    "minifasnet_v2se_128.onnx",
];

fn id(id: &str) -> WeightsId {
    WeightsId::new(id).unwrap()
}

struct Site {
    store: WeightsStore,
    clips: PathBuf,
    _folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Option<Self> {
        let (weights, clips) = (shared("weights")?, shared("data/clips")?);
        let folder = tempfile::tempdir().unwrap();
        let store = WeightsStore::new(folder.path());
        for file in FILES {
            let imported = import(&weights.join(file)).unwrap();
            store.install(&imported.manifest, &imported.model).unwrap();
        }
        Some(Self { store, clips, _folder: folder })
    }

    fn engine(&self, liveness: &[&str]) -> NetworkEngine {
        let liveness: Vec<_> = liveness.iter().map(|name| id(name)).collect();
        let (detector, recogniser) = (id("scrfd-500m"), id("mbf-w8"));
        NetworkEngine::load(&self.store, &detector, &recogniser, &liveness, DeviceChoice::Cpu).unwrap()
    }

    /// Every third frame of a clip, ten a second.
    fn clip(&self, name: &str) -> Vec<Frame> {
        let mut files: Vec<_> =
            std::fs::read_dir(self.clips.join(name)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        files.iter().enumerate().step_by(3).map(|(n, path)| picture(path, n as u64)).collect()
    }
}

fn picture(path: &Path, number: u64) -> Frame {
    let picture = decode_picture(&std::fs::read(path).unwrap()).unwrap();
    Frame::from_picture(picture, moment(number), number)
}

fn moment(number: u64) -> Moment {
    Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::from_millis(1000 + number * 100 / 3) }
}

/// How a frame of somebody is held up.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Attack {
    /// Printed: pale, soft, a raster, a white edge, held a little askew.
    Print,
    /// On a screen: bluish, a moiré, a dark edge.
    Screen,
}

/// The face with what is around it, held up before the blurred background `behind`.
fn held_up(attack: Attack, frame: &Frame, face: &DetectedFace, behind: &Frame) -> Frame {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (size, angle, edge) = match attack {
        Attack::Print => ((270.0, 310.0), 0.06_f32, 12.0),
        Attack::Screen => ((420.0, 315.0), 0.0, 18.0),
    };
    let (box_width, middle) = (face.bbox.width(), face.bbox.centre());
    // A print shows the head and shoulders, a screen the whole frame.
    let scale = if attack == Attack::Print { 2.6 * box_width / size.0 } else { width as f32 / size.0 };
    let shows = if attack == Attack::Print {
        (middle.x, middle.y)
    } else {
        (width as f32 / 2.0, height as f32 / 2.0)
    };
    let mut rgb = Vec::with_capacity(3 * width * height);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let (dx, dy) = (x as f32 - 300.0, y as f32 - 240.0);
        let (u, v) = (dx * angle.cos() + dy * angle.sin(), dy * angle.cos() - dx * angle.sin());
        let inside = |margin: f32| u.abs() < size.0 / 2.0 + margin && v.abs() < size.1 / 2.0 + margin;
        let pixel = if inside(0.0) {
            let seen = sample(frame, shows.0 + u * scale, shows.1 + v * scale);
            let noise = ((x * 7919 + y * 104_729) % 97) as f32 / 16.0 - 3.0;
            match attack {
                Attack::Print => {
                    let raster = if (x + y) % 3 == 0 { 4.0 } else { 0.0 };
                    [1.02, 1.0, 0.94]
                        .iter()
                        .zip(seen)
                        .map(|(tint, c)| (40.0 + 0.72 * c) * tint + raster + noise)
                        .collect()
                }
                Attack::Screen => {
                    let (a, b) = ((u * 2.6 + v * 0.35).sin(), (v * 2.9 - u * 0.2).sin());
                    let moire = 1.0 + 0.06 * a + 0.05 * b;
                    [1.05, 1.1, 1.21]
                        .iter()
                        .zip(seen)
                        .map(|(tint, c)| c * moire * tint + 8.0 + noise / 3.0)
                        .collect()
                }
            }
        } else if inside(edge) {
            vec![if attack == Attack::Print { 225.0 } else { 18.0 }; 3]
        } else {
            blurred(behind, x, y)
        };
        rgb.extend(pixel.iter().map(|c| c.clamp(0.0, 255.0) as u8));
    }
    Frame::new(frame.width(), frame.height(), rgb, frame.captured(), frame.number()).unwrap()
}

/// Softly: the mean of four points around a place between pixels.
fn sample(frame: &Frame, x: f32, y: f32) -> [f32; 3] {
    let at = |x: f32, y: f32| {
        let x = (x.max(0.0) as usize).min(frame.width() as usize - 1);
        let y = (y.max(0.0) as usize).min(frame.height() as usize - 1);
        let start = 3 * (y * frame.width() as usize + x);
        [0, 1, 2].map(|c| f32::from(frame.rgb()[start + c]))
    };
    let four = [at(x - 0.5, y - 0.5), at(x + 0.5, y - 0.5), at(x - 0.5, y + 0.5), at(x + 0.5, y + 0.5)];
    [0, 1, 2].map(|c| four.iter().map(|pixel| pixel[c]).sum::<f32>() / 4.0)
}

/// A background without anybody to recognise: the frame in squares of 40 pixels.
fn blurred(frame: &Frame, x: usize, y: usize) -> Vec<f32> {
    sample(frame, (x / 40 * 40 + 20) as f32, (y / 40 * 40 + 20) as f32).to_vec()
}

fn largest(faces: Vec<DetectedFace>) -> Option<DetectedFace> {
    faces.into_iter().max_by(|a, b| a.bbox.area().total_cmp(&b.bbox.area()))
}

/// Frame by frame: which share of live people would be refused, and of attacks taken for people, by each set of networks.
#[test]
fn single_frames_are_told_apart() {
    let Some(site) = Site::new() else { return };
    let behind = &site.clip("p4_a")[0];
    let pair = ["minifasnet-v2", "minifasnet-v1se"];
    let sets: [&[&str]; 3] = [&pair, &["minifasnet-v2se-128"], &[pair[0], pair[1], "minifasnet-v2se-128"]];
    for set in sets {
        let mut engine = site.engine(set);
        let mut scores: [Vec<f32>; 3] = Default::default();
        for clip in ["p1_a", "p1_b", "p2_a", "p2_b", "p3_a", "p3_b", "p4_a"] {
            for frame in site.clip(clip).iter().step_by(4) {
                let Some(face) = largest(engine.detect(frame).unwrap()) else { continue };
                scores[0].push(engine.bona_fide(frame, &face).unwrap().unwrap());
                for (attack, scores) in [Attack::Print, Attack::Screen].into_iter().zip(&mut scores[1..]) {
                    let frame = held_up(attack, frame, &face, behind);
                    let Some(face) = largest(engine.detect(&frame).unwrap()) else { continue };
                    scores.push(engine.bona_fide(&frame, &face).unwrap().unwrap());
                }
            }
        }
        let [live, print, screen] = &scores;
        let share = |scores: &[f32], refused: bool| {
            let count = scores.iter().filter(|p| (**p < MIN_BONA_FIDE) == refused).count();
            100.0 * count as f32 / scores.len() as f32
        };
        println!(
            "{}: BPCER {:.1} % of {} frames, APCER print {:.1} % of {}, screen {:.1} % of {} (drawn attacks)",
            set.join(" + "),
            share(live, true),
            live.len(),
            share(print, false),
            print.len(),
            share(screen, false),
            screen.len()
        );
        assert!(live.len() > 30 && print.len() > 30 && screen.len() > 30, "faces are found");
        assert!(share(live, true) <= 10.0);
        if set == pair {
            assert!(share(print, false) <= 15.0 && share(screen, false) <= 15.0);
        }
    }
}

/// Whole presentations through the pipeline: people are matched, pictures of them are refused.
#[test]
fn people_are_matched_and_pictures_of_them_refused() {
    let Some(site) = Site::new() else { return };
    let pair = ["minifasnet-v2", "minifasnet-v1se"];
    let index = SharedIndex::default();
    let pipeline = || Pipeline::new(Box::new(site.engine(&pair)), index.clone(), 0.003, 1000);
    let people = [("p1_a", "p1_b"), ("p2_a", "p2_b"), ("p3_a", "p3_b")];
    let person = |n: usize| PersonId::from_bytes([n as u8 + 1; 16]);
    let mut templates = 0..;
    for (n, (clip, _)) in people.iter().enumerate() {
        let (mut pipeline, mut enrolment) = (pipeline(), FrameEnrolment::default());
        for frame in site.clip(clip) {
            enrolment.add(&mut pipeline, &frame).unwrap();
        }
        let report = enrolment.finish(&pipeline);
        println!("{clip}: {} shots, refused {:?}", report.shots.len(), report.refused);
        assert!(!report.shots.is_empty());
        for shot in report.shots {
            let number: u8 = templates.next().unwrap();
            index.write().unwrap().insert(TemplateId::from_bytes([number; 16]), person(n), &shot.embedding);
        }
    }
    let mut detector = site.engine(&[]);
    let behind = &site.clip("p4_a")[0];
    for (n, (_, clip)) in people.iter().enumerate() {
        let frames = site.clip(clip);
        assert_eq!(outcomes(&mut pipeline(), &frames), [Some(person(n))], "{clip}, the person");
        for attack in [Attack::Print, Attack::Screen] {
            let held: Vec<Frame> = frames
                .iter()
                .filter_map(|f| Some(held_up(attack, f, &largest(detector.detect(f).unwrap())?, behind)))
                .collect();
            let seen = outcomes(&mut pipeline(), &held);
            println!("{clip} as {attack:?}: {seen:?} of {} frames", held.len());
            assert!(seen.iter().all(Option::is_none), "{clip} as {attack:?} is nobody");
            if attack == Attack::Print {
                assert!(!seen.is_empty(), "{clip} as {attack:?} is refused, and said to be");
            }
        }
    }
}

/// Who was matched, and `None` for each refusal.
fn outcomes(pipeline: &mut Pipeline, frames: &[Frame]) -> Vec<Option<PersonId>> {
    let mut outcomes = Vec::new();
    for frame in frames {
        for sighting in pipeline.process(frame, true).unwrap().sightings {
            match sighting.outcome {
                Sighted::Person { person, .. } => outcomes.push(Some(person)),
                Sighted::Refused => outcomes.push(None),
                Sighted::Unknown => {}
            }
        }
    }
    outcomes
}
