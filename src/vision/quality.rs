//! How well a face can be read, in the terms of ISO/IEC 29794-5.
//!
//! Job: numbers from landmarks and the aligned crop. It must not judge them: limits and words are elsewhere
//! ([`crate::domain::QualityLimits`]).
//!
//! Pose comes from a head of fixed shape, seen from afar, in units of the eye distance: the mouth lies
//! `MOUTH_DOWN` under the eyes, the nose tip `NOSE_DOWN` under and `NOSE_OUT` before them, the mouth
//! `MOUTH_OUT` before them. In the face's own axes (the line of the eyes and its perpendicular), turning by yaw θ
//! moves the nose by `NOSE_OUT · sin θ` while the eyes come together by `cos θ`, so `tan θ = shift / NOSE_OUT` with
//! the shift in eye distances. Nodding up by φ lifts the nose by `NOSE_OUT · sin φ` and the mouth by
//! `MOUTH_OUT · sin φ`; with r = nose's share of the way from eyes to mouth,
//! `tan φ = (NOSE_DOWN - r · MOUTH_DOWN) / (NOSE_OUT - r · MOUTH_OUT)`. Faces differ: take it as ±10°.

use super::align::SIDE;
use crate::domain::{DetectedFace, Landmarks, Point, Quality, Rect};

/// Mouth under eyes: the `ArcFace` template's 40.7 to 35.2 pixels.
const MOUTH_DOWN: f32 = 1.155;
/// Nose tip under eyes, the template's 20.1 to 35.2 pixels.
const NOSE_DOWN: f32 = 0.572;
/// Nose tip before the plane of the eyes.
const NOSE_OUT: f32 = 0.55;
/// Mouth before the plane of the eyes.
const MOUTH_OUT: f32 = 0.1;

/// Everything about one face. `crop` is its aligned 112x112 RGB; `frame_size` is (width, height) in pixels.
#[must_use]
pub fn assess(face: &DetectedFace, frame_size: (u32, u32), crop: &[u8]) -> Quality {
    let (yaw_deg, pitch_deg, roll_deg) = pose(&face.landmarks);
    let grey = grey(crop);
    Quality {
        eye_distance_px: face.landmarks.eye_distance(),
        yaw_deg,
        pitch_deg,
        roll_deg,
        sharpness: laplacian_variance(&grey, SIDE),
        brightness: mean(grey.iter().copied()),
        inside: inside(&face.bbox, frame_size),
    }
}

/// Yaw, pitch and roll in degrees, as signed in [`Quality`].
#[must_use]
pub fn pose(landmarks: &Landmarks) -> (f32, f32, f32) {
    let [left_eye, right_eye, nose, left_mouth, right_mouth] = landmarks.0;
    let (dx, dy) = (right_eye.x - left_eye.x, right_eye.y - left_eye.y);
    let roll = dy.atan2(dx);
    let (sin, cos) = roll.sin_cos();
    let eyes = middle(left_eye, right_eye);
    // from the middle of the eyes: (along the eyes, down the face)
    let own = |p: Point| {
        let (x, y) = (p.x - eyes.x, p.y - eyes.y);
        (x * cos + y * sin, y * cos - x * sin)
    };
    let nose = own(nose);
    let mouth = own(middle(left_mouth, right_mouth));
    let distance = dx.hypot(dy).max(1e-3);
    let yaw = (nose.0 / distance / NOSE_OUT).atan();
    let share = if mouth.1.abs() > 1e-3 { (nose.1 / mouth.1).clamp(-1.0, 2.0) } else { 2.0 };
    let pitch = ((NOSE_DOWN - share * MOUTH_DOWN) / (NOSE_OUT - share * MOUTH_OUT)).atan();
    (yaw.to_degrees(), pitch.to_degrees(), roll.to_degrees())
}

fn middle(a: Point, b: Point) -> Point {
    Point { x: a.x.midpoint(b.x), y: a.y.midpoint(b.y) }
}

/// ITU-R BT.601 luma of interleaved RGB, 0 to 255.
fn grey(rgb: &[u8]) -> Vec<f32> {
    let luma = |[r, g, b]: &[u8; 3]| 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b);
    rgb.as_chunks::<3>().0.iter().map(luma).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len().max(1) as f32;
    values.sum::<f32>() / count
}

/// Variance of the four-neighbour Laplacian over the inner pixels.
fn laplacian_variance(grey: &[f32], side: usize) -> f32 {
    let rows: Vec<&[f32]> = grey.chunks_exact(side).collect();
    let mut values = Vec::with_capacity(grey.len());
    for rows in rows.windows(3) {
        let &[above, row, below] = rows else { continue };
        for ((w, above), below) in row.windows(3).zip(above.iter().skip(1)).zip(below.iter().skip(1)) {
            let &[left, here, right] = w else { continue };
            values.push(left + right + above + below - 4.0 * here);
        }
    }
    let average = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - average) * (v - average)))
}

/// The share of a box that lies inside the frame.
fn inside(bbox: &Rect, (width, height): (u32, u32)) -> f32 {
    let (w, h) = (width as f32, height as f32);
    let visible = Rect {
        x0: bbox.x0.clamp(0.0, w),
        y0: bbox.y0.clamp(0.0, h),
        x1: bbox.x1.clamp(0.0, w),
        y1: bbox.y1.clamp(0.0, h),
    };
    let area = bbox.area();
    if area > 0.0 { (visible.area() / area).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The head of the module's documentation, turned (yaw), nodded (pitch) and tilted (roll), from afar.
    fn head(yaw: f32, pitch: f32, roll: f32) -> Landmarks {
        let points = [
            (-0.5, 0.0, 0.0),
            (0.5, 0.0, 0.0),
            (0.0, NOSE_DOWN, NOSE_OUT),
            (-0.4, MOUTH_DOWN, MOUTH_OUT),
            (0.4, MOUTH_DOWN, MOUTH_OUT),
        ];
        let (sy, cy) = yaw.to_radians().sin_cos();
        let (sp, cp) = pitch.to_radians().sin_cos();
        let (sr, cr) = roll.to_radians().sin_cos();
        Landmarks(points.map(|(x, y, out)| {
            let (y, out) = (y * cp - out * sp, y * sp + out * cp);
            let x = x * cy + out * sy;
            Point { x: 300.0 + 80.0 * (x * cr - y * sr), y: 200.0 + 80.0 * (x * sr + y * cr) }
        }))
    }

    proptest! {
        #[test]
        fn single_turns_are_found(angle in -40.0f32..40.0, roll in -60.0f32..60.0) {
            let (yaw, pitch, found_roll) = pose(&head(angle, 0.0, roll));
            prop_assert!((yaw - angle).abs() < 1.0 && pitch.abs() < 1.0 && (found_roll - roll).abs() < 0.1);
            let (yaw, pitch, _) = pose(&head(0.0, angle, roll));
            prop_assert!((pitch - angle).abs() < 1.0 && yaw.abs() < 1.0, "{pitch} for {angle}");
        }

        #[test]
        fn any_landmarks_give_numbers(xs in proptest::array::uniform10(-1e4f32..1e4)) {
            let p = |i: usize| Point { x: xs[2 * i], y: xs[2 * i + 1] };
            let (yaw, pitch, roll) = pose(&Landmarks([p(0), p(1), p(2), p(3), p(4)]));
            prop_assert!(yaw.is_finite() && pitch.is_finite() && roll.is_finite());
        }
    }

    #[test]
    fn the_template_looks_at_the_camera() {
        let (yaw, pitch, roll) = pose(&Landmarks(crate::imaging::ARCFACE_TEMPLATE));
        assert!(yaw.abs() < 3.0 && pitch.abs() < 3.0 && roll.abs() < 1.0, "{yaw} {pitch} {roll}");
    }

    #[test]
    fn a_checkerboard_is_sharp_and_grey_is_not() {
        let face = DetectedFace {
            bbox: Rect { x0: -10.0, y0: 0.0, x1: 30.0, y1: 40.0 },
            landmarks: head(0.0, 0.0, 0.0),
            score: 0.9,
        };
        let flat = assess(&face, (640, 480), &vec![100; SIDE * SIDE * 3]);
        assert!((flat.brightness - 100.0).abs() < 0.1 && flat.sharpness < 1e-3);
        assert!((flat.inside - 0.75).abs() < 1e-6 && (flat.eye_distance_px - 80.0).abs() < 0.1);
        let board: Vec<u8> = (0..SIDE * SIDE)
            .flat_map(|i| [if (i / SIDE + i % SIDE).is_multiple_of(2) { 0 } else { 255 }; 3])
            .collect();
        assert!(assess(&face, (640, 480), &board).sharpness > 1e5);
    }
}
