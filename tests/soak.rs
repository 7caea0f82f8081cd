//! A working day at speed: frames through tracker, index and ledger into a real store, with memory, threads and open files
//! watched. Only camera and networks are replaced: a frame says in its pixels who stands before it.
//!
//! Ten minutes with 200 people as a rule; eight hours with 2,000 people and 10,000 marks with `FACEPRINT_LONG=1`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, not only tests, fail by panicking

use faceprint::{
    camera::{CameraError, FrameSource, SourceInfo, SourceName},
    crypto::{KeySource, Pin},
    domain::{
        Actor, CalibrationData, Clock as _, DetectedFace, EMBEDDING_LEN, Embedding, Fingerprint, Landmarks,
        ManualClock, PersonName, Point, Quality, Rect, WeightsId,
    },
    imaging::{Frame, Picture},
    runtime::{
        ledger::{DataPaths, Ledger},
        pipeline::{Pipeline, SharedIndex},
        replay::{ReplayOptions, replay},
        workers::LedgerSetup,
    },
    settings::Settings,
    vault::{InitHost, NewTemplate},
    vision::{FaceEngine, VisionError},
};
use jiff::Timestamp;
use std::{path::Path, sync::Arc, time::Duration};

const FPS: u64 = 30;
/// Frames from one person's coming to the next one's, and how many of them show the person.
const VISIT: u64 = 86;
const SHOWN: u64 = 35;
const SIDE: u32 = 96;

/// People who come one after the other, for ever.
struct Queue {
    people: u64,
    frame: u64,
    clock: ManualClock,
}

impl FrameSource for Queue {
    fn next_frame(&mut self) -> Result<Frame, CameraError> {
        self.clock.advance(Duration::from_nanos(1_000_000_000 / FPS));
        let (visit, at) = (self.frame / VISIT, self.frame % VISIT);
        // 0 is nobody; the third pixel changes with every frame, as a camera's noise does.
        let who = if at < SHOWN { visit % self.people + 1 } else { 0 };
        let mut rgb = vec![40; (SIDE * SIDE * 3) as usize];
        rgb[..8].copy_from_slice(&who.to_le_bytes());
        rgb[8..16].copy_from_slice(&self.frame.to_le_bytes());
        self.frame += 1;
        let picture = Picture::new(SIDE, SIDE, rgb).unwrap();
        Ok(Frame::from_picture(picture, self.clock.now(), self.frame))
    }

    fn describe(&self) -> SourceInfo {
        SourceInfo {
            name: SourceName::Device("queue".into()),
            width: SIDE,
            height: SIDE,
            fps: FPS as f32,
            pixel_format: "RGB",
        }
    }
}

/// Reads the pixels of [`Queue`].
struct Reader {
    weights: WeightsId,
    calibration: CalibrationData,
}

impl Reader {
    fn number(frame: &Frame, at: usize) -> u64 {
        u64::from_le_bytes(frame.rgb()[at..at + 8].try_into().unwrap())
    }
}

impl FaceEngine for Reader {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
        if Self::number(frame, 0) == 0 {
            return Ok(Vec::new());
        }
        let landmarks = [(30.0, 40.0), (66.0, 40.0), (48.0, 55.0), (34.0, 70.0), (62.0, 70.0)];
        let landmarks = Landmarks(landmarks.map(|(x, y)| Point { x, y }));
        let bbox = Rect { x0: 15.0, y0: 10.0, x1: 80.0, y1: 90.0 };
        Ok(vec![DetectedFace { bbox, landmarks, score: 0.9 }])
    }

    fn assess(&mut self, _: &Frame, _: &DetectedFace) -> Quality {
        Quality {
            eye_distance_px: 40.0,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            sharpness: 200.0,
            brightness: 120.0,
            inside: 1.0,
        }
    }

    fn embed(&mut self, frame: &Frame, faces: &[DetectedFace]) -> Result<Vec<Embedding>, VisionError> {
        let (who, shot) = (Self::number(frame, 0), Self::number(frame, 8));
        faces.iter().map(|_| Ok(face(who, shot + 1))).collect()
    }

    fn weights(&self) -> &WeightsId {
        &self.weights
    }

    fn calibration(&self) -> &CalibrationData {
        &self.calibration
    }
}

/// A person's face, a little different in each picture: cosine about 0.9 to themselves, about 0 to others.
fn face(who: u64, shot: u64) -> Embedding {
    let (mut own, mut noise) = (Random(who.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), Random(shot << 1 | 1));
    let raw: Vec<f32> = (0..EMBEDDING_LEN).map(|_| own.next() + 0.35 * noise.next()).collect();
    Embedding::from_raw(&raw).unwrap()
}

/// Xorshift: the same numbers at every run, -1 to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// What must not grow.
#[derive(Debug, Clone, Copy)]
struct Use {
    memory_kb: u64,
    threads: usize,
    files: usize,
}

impl Use {
    fn now() -> Self {
        let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let memory_kb = memory.trim().trim_end_matches(" kB").parse().unwrap();
        Self { memory_kb, threads: count("/proc/self/task"), files: count("/proc/self/fd") }
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let size = |path: std::path::PathBuf| {
        if path.is_dir() { bytes_below(&path) } else { path.metadata().map_or(0, |m| m.len()) }
    };
    std::fs::read_dir(folder).unwrap().map(|entry| size(entry.unwrap().path())).sum()
}

/// People enrolled with two shots each.
fn enrol(ledger: &mut Ledger, people: u64, clock: &ManualClock, weights: &WeightsId) {
    for who in 1..=people {
        let name = PersonName::new(&format!("Person {who}")).unwrap();
        let person = ledger.vault_mut().add_person(Actor::Kiosk, name, None, clock.now()).unwrap().id;
        let shot = |shot| NewTemplate { embedding: face(who, shot), weights: weights.clone(), quality: 0.9 };
        ledger.enrol(Actor::Kiosk, person, "1", &[shot(1), shot(2)], true).unwrap();
    }
}

#[test]
fn a_working_day_at_speed_leaks_nothing() {
    let long = std::env::var_os("FACEPRINT_LONG").is_some();
    let (people, slices, minutes) = if long { (2_000, 16, 30) } else { (200, 5, 2) };
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::at("2026-11-25T06:00:00Z".parse().unwrap());
    let weights = WeightsId::new("pixels").unwrap();
    let setup = LedgerSetup {
        paths: DataPaths::new(&folder.path().join("data"), None),
        key: Arc::new(KeySource::File(folder.path().join("key"))),
        settings: Settings { keep_marks_days: 30, ..Settings::for_site("Soak") },
        weights: weights.clone(),
        fingerprint: Fingerprint::default(),
        index: SharedIndex::default(),
        clock: Arc::new(clock.clone()),
    };
    let host = InitHost { name: PersonName::new("Host").unwrap(), pin: Pin::new("481516").unwrap() };
    let mut ledger = setup.create(setup.settings.clone(), host).unwrap();
    enrol(&mut ledger, people, &clock, &weights);
    let store = setup.paths.store();
    let before = bytes_below(&store);

    let calibration = CalibrationData { threshold_cosine: 0.4, ..CalibrationData::uncalibrated() };
    let engine = Box::new(Reader { weights, calibration });
    let mut pipeline = Pipeline::new(engine, setup.index.clone(), setup.settings.fpir, 300);
    let mut queue = Queue { people, frame: 0, clock: clock.clone() };
    let options = ReplayOptions { record: true, max_frames: Some(minutes * 60 * FPS) };
    let (mut marks, mut used) = (0, Vec::new());
    for slice in 1..=slices {
        let summary = replay(&mut queue, &mut pipeline, &mut ledger, options, |decided| {
            marks += u64::from(decided.event.is_some());
            Ok(())
        });
        ledger.background();
        let now = Use::now();
        println!(
            "after {:>3} minutes: {marks} marks, {} MB, {} threads, {} open files, store {} kB, {:.0} frames a second",
            slice * minutes,
            now.memory_kb / 1024,
            now.threads,
            now.files,
            bytes_below(&store) / 1024,
            (minutes * 60 * FPS) as f64 / summary.unwrap().seconds
        );
        used.push(now);
    }
    let visits = slices * minutes * 60 * FPS / VISIT;
    assert!(marks >= visits, "{marks} marks of {visits} visits");
    assert!(!long || marks >= 10_000);
    // By the first quarter everything has been used once.
    let (warm, last) = (used[used.len() / 4], used[used.len() - 1]);
    assert!(last.memory_kb < warm.memory_kb + 32 * 1024, "{used:?}");
    assert!(used.iter().all(|now| now.threads == warm.threads && now.files <= warm.files + 1), "{used:?}");
    ledger.close().unwrap();
    let grown = bytes_below(&store) - before;
    println!("{marks} marks took {grown} bytes, {} each", grown / marks);
    assert!(grown / marks < 6_000, "the store grows with what is recorded");
    let ledger = setup.open().unwrap();
    assert_eq!(ledger.vault().marks(Timestamp::MIN, Timestamp::MAX).unwrap().len() as u64, marks);
    assert_eq!(ledger.vault().verify_audit(None, |_, _| ()).unwrap().fault, None);
}
