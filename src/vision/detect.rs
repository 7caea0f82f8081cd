//! Faces in a frame: one or two passes of SCRFD, anchors decoded, duplicates suppressed.
//!
//! Job: from pixels to boxes and landmarks in frame coordinates. It must not know whose faces they are or what
//! happened in the frame before.
//!
//! The frame is fitted into the top left of the network's input, which has the frame's proportions (sides are
//! multiples of 32). SCRFD is known to miss faces that fill much of its input, so that a second pass at half the
//! size looks for those, when the first is sure of no face or of one that fills more than 40 % of the frame. What a
//! detector with a second look takes for a face is shown to that ([`super::second_look`]), and its word counts too.

use super::{
    VisionError,
    align::push_planes,
    network::{Backend, Network},
    scrfd::{ANCHORS, STRIDES},
    second_look::SecondLook,
    weights::{Calibration, Input, Loaded},
};
use crate::{
    domain::{DetectedFace, Landmarks, Point, Rect},
    imaging::{Frame, Similarity, letterbox},
};
use zeroize::Zeroize;

/// Sides of the network's input are multiples of this.
const STEP: u32 = 32;
/// A face of this share of the frame's height or width is close.
const CLOSE: f32 = 0.4;
/// The second pass is asked for faces of at least this share.
const SECOND_PASS: f32 = 0.25;
/// From this score on, the first look is sure enough to have found a face.
const SURE: f32 = 0.5;
/// More candidates than this are noise; the best are kept.
const MAX_CANDIDATES: usize = 512;

/// How the detector looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectorSettings {
    /// Longer side of the network's input, pixels; no larger than the frame's, then rounded up to a multiple of 32.
    pub long_side: u32,
    /// From this score on, a box is a face.
    pub score: f32,
    /// From this score of the first look on, a box is a candidate; without a second look, that is a face.
    pub candidate: f32,
    /// Boxes that overlap more (intersection over union) are one face.
    pub iou: f32,
    /// Look a second time at half the size for faces that fill much of the frame, or when none was found.
    pub close_faces: bool,
}

impl Default for DetectorSettings {
    fn default() -> Self {
        Self { long_side: 512, score: 0.5, candidate: 0.5, iou: 0.4, close_faces: true }
    }
}

impl DetectorSettings {
    /// Thresholds that were measured.
    fn take(&mut self, calibration: &Calibration) {
        if let Calibration::Detector { score_threshold, candidate_threshold, nms_iou } = calibration {
            (self.score, self.iou) = (*score_threshold, *nms_iou);
            self.candidate = candidate_threshold.unwrap_or(*score_threshold);
        }
    }
}

/// A face detector with its buffers.
pub struct Detector {
    network: Network,
    second_look: Option<SecondLook>,
    normalise: Input,
    settings: DetectorSettings,
    pixels: Vec<u8>,
    input: Vec<f32>,
    candidates: Vec<DetectedFace>,
}

impl Detector {
    /// Takes a loaded detector. Thresholds are those of its manifest.
    pub fn new(loaded: Loaded, backend: &Backend) -> Result<Self, VisionError> {
        let mut settings = DetectorSettings::default();
        if let Some(calibration) = &loaded.manifest.calibration {
            settings.take(calibration);
        }
        let second_look = loaded.second_look.map(|graph| SecondLook::new(&graph, backend)).transpose()?;
        Ok(Self {
            network: Network::new(loaded.graph, backend.clone()),
            second_look,
            normalise: loaded.manifest.input,
            settings,
            pixels: Vec::new(),
            input: Vec::new(),
            candidates: Vec::new(),
        })
    }

    /// How it looks.
    #[must_use]
    pub fn settings(&self) -> DetectorSettings {
        self.settings
    }

    /// Looks differently from the next frame on.
    pub fn set_settings(&mut self, settings: DetectorSettings) {
        self.settings = settings;
    }

    /// Faces in frame pixels, best score first.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
        let mut faces = self.first_look(frame)?;
        if let Some(second_look) = &mut self.second_look {
            second_look.judge(frame, &mut faces)?;
            faces.retain(|face| face.score >= self.settings.score);
            faces.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        Ok(faces)
    }

    /// What may be a face, best score first.
    fn first_look(&mut self, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
        self.candidates.clear();
        let long_side = self.settings.long_side.min(frame.width().max(frame.height()));
        self.pass(frame, long_side, 0.0)?;
        let faces = non_maximum_suppression(&mut self.candidates, self.settings.iou);
        let mut sure = faces.iter().filter(|f| f.score >= SURE).peekable();
        let enough = sure.peek().is_some() && sure.all(|f| share(f, frame) <= CLOSE);
        if enough || !self.settings.close_faces {
            return Ok(faces);
        }
        self.candidates.clear();
        self.candidates.extend(faces);
        self.pass(frame, long_side / 2, SECOND_PASS)?;
        Ok(non_maximum_suppression(&mut self.candidates, self.settings.iou))
    }

    /// Adds candidates that fill at least `min_share` of the frame.
    fn pass(&mut self, frame: &Frame, long_side: u32, min_share: f32) -> Result<(), VisionError> {
        let (width, height) = fitted((frame.width(), frame.height()), long_side);
        // What the frame leaves over is zero for the network, to half a step of a byte (weights/training/FORMAT.md).
        let nothing = self.normalise.mean.round() as u8;
        let scale = letterbox(frame, width, height, nothing, &mut self.pixels);
        self.input.clear();
        push_planes(&self.pixels, self.normalise.mean, self.normalise.std, &mut self.input);
        let (width, height) = (width as usize, height as usize);
        self.network.run((height, width), &self.input)?;
        let first = self.candidates.len();
        for (level, stride) in STRIDES.into_iter().enumerate() {
            let output = |branch: usize| self.network.output(3 * level + branch);
            let cells = Cells { width: width / stride, height: height / stride, stride };
            let maps = Maps { scores: output(0), boxes: output(1), landmarks: output(2) };
            cells.decode(&maps, self.settings.candidate, &mut self.candidates)?;
        }
        for face in self.candidates.iter_mut().skip(first) {
            *face = scaled(face, 1.0 / scale);
        }
        let mut index = 0;
        self.candidates.retain(|face| {
            index += 1;
            index <= first || share(face, frame) >= min_share
        });
        Ok(())
    }
}

impl Drop for Detector {
    fn drop(&mut self) {
        self.pixels.zeroize();
        self.input.zeroize();
    }
}

/// Width and height of the network's input for a frame: its proportions, multiples of 32.
fn fitted((width, height): (u32, u32), long_side: u32) -> (u32, u32) {
    let long_side = long_side.max(STEP).next_multiple_of(STEP);
    let short = |long: u32, short: u32| {
        (u64::from(short) * u64::from(long_side)).div_ceil(u64::from(long.max(1))) as u32
    };
    if width >= height {
        (long_side, short(width, height).max(1).next_multiple_of(STEP))
    } else {
        (short(height, width).max(1).next_multiple_of(STEP), long_side)
    }
}

/// How much of the frame a face fills: the larger of height to height and width to width.
fn share(face: &DetectedFace, frame: &Frame) -> f32 {
    (face.bbox.height() / frame.height() as f32).max(face.bbox.width() / frame.width() as f32)
}

fn scaled(face: &DetectedFace, by: f32) -> DetectedFace {
    let Rect { x0, y0, x1, y1 } = face.bbox;
    DetectedFace {
        bbox: Rect { x0: x0 * by, y0: y0 * by, x1: x1 * by, y1: y1 * by },
        landmarks: Landmarks(face.landmarks.0.map(|p| Point { x: p.x * by, y: p.y * by })),
        score: face.score,
    }
}

/// The cells of one stride.
#[derive(Debug, Clone, Copy)]
pub struct Cells {
    /// Cells across.
    pub width: usize,
    /// Cells down.
    pub height: usize,
    /// Input pixels from one cell to the next.
    pub stride: usize,
}

/// What the network gives for them, (channels, height, width) each.
#[derive(Debug, Clone, Copy)]
pub struct Maps<'a> {
    /// One for each anchor.
    pub scores: &'a [f32],
    /// Four distances from the cell's corner to the sides of the box, in strides.
    pub boxes: &'a [f32],
    /// Five points from the cell's corner, in strides.
    pub landmarks: &'a [f32],
}

impl Cells {
    /// Adds every anchor whose score is high enough, in input pixels.
    pub fn decode(
        &self,
        maps: &Maps<'_>,
        score: f32,
        out: &mut Vec<DetectedFace>,
    ) -> Result<(), VisionError> {
        let plane = self.width * self.height;
        for (name, map, values) in
            [("score", maps.scores, 1), ("box", maps.boxes, 4), ("landmarks", maps.landmarks, 10)]
        {
            if map.len() != ANCHORS * values * plane {
                return Err(VisionError::Output(name));
            }
        }
        let high = maps.scores.iter().enumerate().filter(|(_, found)| **found >= score);
        for (index, &found) in high {
            let (anchor, cell) = (index / plane.max(1), index % plane.max(1));
            let at = |map: &[f32], values: usize, value: usize| {
                let distance = map.get((anchor * values + value) * plane + cell).copied().unwrap_or_default();
                distance * self.stride as f32
            };
            let centre = Point {
                x: (cell % self.width.max(1) * self.stride) as f32,
                y: (cell / self.width.max(1) * self.stride) as f32,
            };
            let side = |value: usize| at(maps.boxes, 4, value);
            let point = |i: usize| Point {
                x: centre.x + at(maps.landmarks, 10, 2 * i),
                y: centre.y + at(maps.landmarks, 10, 2 * i + 1),
            };
            let face = DetectedFace {
                bbox: Rect {
                    x0: centre.x - side(0),
                    y0: centre.y - side(1),
                    x1: centre.x + side(2),
                    y1: centre.y + side(3),
                },
                landmarks: Landmarks(std::array::from_fn(point)),
                score: found,
            };
            // a face that cannot be aligned is none
            if face.bbox.area() > 0.0 && Similarity::from_landmarks(&face.landmarks).is_some() {
                out.push(face);
            }
        }
        Ok(())
    }
}

/// Best first, and nothing that is mostly the same as something better, or a part of a face that is not much larger.
pub fn non_maximum_suppression(candidates: &mut Vec<DetectedFace>, iou: f32) -> Vec<DetectedFace> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates.truncate(MAX_CANDIDATES);
    let mut faces: Vec<DetectedFace> = Vec::new();
    for candidate in candidates.iter() {
        if faces.iter().all(|f| f.bbox.iou(&candidate.bbox) <= iou && !nested(&f.bbox, &candidate.bbox)) {
            faces.push(*candidate);
        }
    }
    faces
}

/// One box lies in the other and is no smaller than a sixth of it: an eye and a mouth taken for a face in a close
/// face, but not somebody far behind.
fn nested(a: &Rect, b: &Rect) -> bool {
    let both = Rect { x0: a.x0.max(b.x0), y0: a.y0.max(b.y0), x1: a.x1.min(b.x1), y1: a.y1.min(b.y1) }.area();
    let (small, large) = (a.area().min(b.area()), a.area().max(b.area()));
    both > 0.8 * small && small > large / 6.0
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Kind, WeightsStore,
            embedded::DETECTOR,
            second_look::{ANSWER, tests::constant},
        },
        *,
    };
    use crate::{
        domain::{Moment, WeightsId},
        imaging::decode_picture,
    };
    use proptest::prelude::*;
    use std::time::Duration;

    fn face(x0: f32, y0: f32, side: f32, score: f32) -> DetectedFace {
        let p = |x: f32, y: f32| Point { x: x0 + x * side, y: y0 + y * side };
        DetectedFace {
            bbox: Rect { x0, y0, x1: x0 + side, y1: y0 + side },
            landmarks: Landmarks([p(0.3, 0.4), p(0.7, 0.4), p(0.5, 0.6), p(0.35, 0.8), p(0.65, 0.8)]),
            score,
        }
    }

    #[test]
    fn the_input_has_the_proportions_of_the_frame() {
        assert_eq!(fitted((1280, 720), 640), (640, 384));
        assert_eq!(fitted((640, 480), 640), (640, 480));
        assert_eq!(fitted((1280, 720), 320), (320, 192));
        assert_eq!(fitted((720, 1280), 320), (192, 320));
        assert_eq!(fitted((250, 250), 250), (256, 256));
        assert_eq!(fitted((5000, 1), 640), (640, 32));
        assert_eq!(fitted((3, 2), 1), (32, 32));
    }

    #[test]
    fn a_cell_is_decoded_where_it_lies() {
        let cells = Cells { width: 3, height: 2, stride: 16 };
        let plane = 6;
        let mut scores = vec![0.0; ANCHORS * plane];
        let mut boxes = vec![1.0; ANCHORS * 4 * plane];
        let mut landmarks = vec![0.0; ANCHORS * 10 * plane];
        let cell = 3 + 2; // row 1, column 2
        scores[plane + cell] = 0.9;
        boxes[(4 + 2) * plane + cell] = 2.0; // to the right
        for (value, distance) in [(0, -1.0), (2, 1.0), (5, 1.0)] {
            landmarks[(10 + value) * plane + cell] = distance;
        }
        let mut out = Vec::new();
        let maps = Maps { scores: &scores, boxes: &boxes, landmarks: &landmarks };
        cells.decode(&maps, 0.5, &mut out).unwrap();
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].bbox, Rect { x0: 16.0, y0: 0.0, x1: 64.0, y1: 32.0 });
        assert_eq!(out[0].landmarks.0[0], Point { x: 16.0, y: 16.0 });
        assert_eq!(out[0].landmarks.0[2], Point { x: 32.0, y: 32.0 });
        let short = Maps { scores: &scores[1..], boxes: &boxes, landmarks: &landmarks };
        assert!(matches!(cells.decode(&short, 0.5, &mut out), Err(VisionError::Output("score"))));
    }

    #[test]
    fn duplicates_and_parts_go_and_somebody_behind_stays() {
        let mut all = vec![
            face(0.0, 0.0, 400.0, 0.8),
            face(10.0, 10.0, 400.0, 0.7),
            face(50.0, 50.0, 200.0, 0.6),
            face(100.0, 20.0, 60.0, 0.55),
        ];
        let scores: Vec<f32> = non_maximum_suppression(&mut all, 0.4).iter().map(|f| f.score).collect();
        assert_eq!(scores, [0.8, 0.55]);
    }

    #[test]
    fn a_second_look_refuses_what_the_first_found_and_moves_what_it_accepts() {
        let picture = decode_picture(include_bytes!("../../assets/demo/person-01.png")).unwrap();
        let never = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
        let frame = &Frame::from_picture(picture, never, 0);
        let look = |answer: Option<[f32; ANSWER]>| {
            let id = WeightsId::new(DETECTOR).unwrap();
            let mut loaded = WeightsStore::embedded().load(&id, Kind::Detector).unwrap();
            if let Some(answer) = answer {
                loaded.second_look = Some(constant(&answer));
            }
            Detector::new(loaded, &Backend::Cpu { threads: 1 }).unwrap().detect(frame).unwrap()
        };
        let built_in = look(None);
        assert_eq!(built_in.len(), 1, "{built_in:?}");
        assert!(look(Some([-20.0; ANSWER])).is_empty());
        let there = look(Some(std::array::from_fn(|i| if i + 1 == ANSWER { 20.0 } else { 0.0 })));
        let moved = look(Some([20.0; ANSWER]));
        assert!((there.len(), moved.len()) == (1, 1) && there[0].bbox == moved[0].bbox);
        let apart = there[0].landmarks.0[2].distance(moved[0].landmarks.0[2]);
        let pixel = there[0].landmarks.eye_distance() / 35.24; // of the crop
        assert!((apart / pixel - 20.0 * std::f32::consts::SQRT_2).abs() < 0.1, "{apart}");
    }

    proptest! {
        #[test]
        fn what_is_left_does_not_overlap(raw in proptest::collection::vec((0f32..500.0, 0f32..500.0, 5f32..200.0, 0f32..1.0), 0..60)) {
            let mut all: Vec<_> = raw.iter().map(|&(x, y, side, score)| face(x, y, side, score)).collect();
            let left = non_maximum_suppression(&mut all, 0.4);
            for (i, a) in left.iter().enumerate() {
                for b in &left[i + 1..] {
                    prop_assert!(a.bbox.iou(&b.bbox) <= 0.4 && a.score >= b.score);
                }
            }
            prop_assert_eq!(left.is_empty(), raw.is_empty());
        }

        #[test]
        fn any_frame_fits(width in 1u32..9000, height in 1u32..9000, long in 1u32..2000) {
            let (w, h) = fitted((width, height), long);
            prop_assert!(w % 32 == 0 && h % 32 == 0 && w.max(h) == long.max(32).next_multiple_of(32));
        }
    }
}
