//! The alignment of faces: a similarity transform from landmarks, and the crop it cuts out.

use super::Frame;
use crate::domain::{Landmarks, Point};

/// Side of the square that face networks of the `ArcFace` family take, pixels.
pub const ARCFACE_SIZE: u32 = 112;

/// Where the five landmarks lie in it (`InsightFace`, `face_align.py`, `arcface_dst`).
pub const ARCFACE_TEMPLATE: [Point; 5] = [
    Point { x: 38.2946, y: 51.6963 },
    Point { x: 73.5318, y: 51.5014 },
    Point { x: 56.0252, y: 71.7366 },
    Point { x: 41.5493, y: 92.3655 },
    Point { x: 70.7299, y: 92.2041 },
];

/// Rotation, uniform scale and shift: `x' = a x - b y + tx`, `y' = b x + a y + ty`. Always invertible. A variable of
/// this type is named after its direction, `crop_from_frame`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    a: f32,
    b: f32,
    tx: f32,
    ty: f32,
}

impl Similarity {
    /// Takes the four numbers; `None` unless they are finite and the scale is usable (1e-6 to 1e6).
    #[must_use]
    pub fn new(a: f32, b: f32, tx: f32, ty: f32) -> Option<Self> {
        let usable = (1e-6..=1e6).contains(&a.hypot(b)) && tx.is_finite() && ty.is_finite();
        usable.then_some(Self { a, b, tx, ty })
    }

    /// `crop_from_frame` for the 112x112 `ArcFace` crop. `None` when the landmarks coincide or are not finite.
    #[must_use]
    pub fn from_landmarks(landmarks: &Landmarks) -> Option<Self> {
        Self::fit(&landmarks.0, &ARCFACE_TEMPLATE)
    }

    /// The least-squares similarity that takes `from` to `to` (Umeyama 1991; in the plane and without reflection it
    /// has this closed form). `None` when the points of `from` coincide or anything is not finite.
    #[must_use]
    pub fn fit(from: &[Point; 5], to: &[Point; 5]) -> Option<Self> {
        let mean = |points: &[Point; 5]| {
            let sum =
                points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + f64::from(p.x), sum.1 + f64::from(p.y)));
            (sum.0 / 5.0, sum.1 / 5.0)
        };
        let (from_mean, to_mean) = (mean(from), mean(to));
        let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let (px, py) = (f64::from(p.x) - from_mean.0, f64::from(p.y) - from_mean.1);
            let (qx, qy) = (f64::from(q.x) - to_mean.0, f64::from(q.y) - to_mean.1);
            dot += px * qx + py * qy;
            cross += px * qy - py * qx;
            spread += px * px + py * py;
        }
        if spread < 1e-9 {
            return None;
        }
        let (a, b) = (dot / spread, cross / spread);
        let (tx, ty) =
            (to_mean.0 - a * from_mean.0 + b * from_mean.1, to_mean.1 - b * from_mean.0 - a * from_mean.1);
        Self::new(a as f32, b as f32, tx as f32, ty as f32)
    }

    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let (a, b, tx, ty) = (f64::from(self.a), f64::from(self.b), f64::from(self.tx), f64::from(self.ty));
        let square = a * a + b * b;
        let (ia, ib) = (a / square, -b / square);
        Self { a: ia as f32, b: ib as f32, tx: (ib * ty - ia * tx) as f32, ty: (-ib * tx - ia * ty) as f32 }
    }

    /// Where a point goes.
    #[must_use]
    pub fn apply(&self, point: Point) -> Point {
        Point {
            x: self.a * point.x - self.b * point.y + self.tx,
            y: self.b * point.x + self.a * point.y + self.ty,
        }
    }

    /// Length after per length before.
    #[must_use]
    pub fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }

    /// How far it turns, degrees in -180..=180; positive is clockwise in the picture. A face that is tilted
    /// clockwise has a `crop_from_frame` that turns the other way.
    #[must_use]
    pub fn rotation_deg(&self) -> f32 {
        self.b.atan2(self.a).to_degrees()
    }
}

/// Cuts `width` x `height` pixels of RGB out of the frame. Bilinear; whole coordinates are pixel centres and what
/// lies outside is black, as in `cv2.warpAffine(..., INTER_LINEAR, borderValue=0)`, which the networks were
/// trained with.
pub fn warp(frame: &Frame, crop_from_frame: &Similarity, width: u32, height: u32, out: &mut Vec<u8>) {
    let back = crop_from_frame.inverse();
    out.clear();
    out.resize(3 * width as usize * height as usize, 0);
    for (i, pixel) in out.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (x, y) = (i % width as usize, i / width as usize);
        *pixel = sample(frame, back.apply(Point { x: x as f32, y: y as f32 }));
    }
}

fn sample(frame: &Frame, at: Point) -> [u8; 3] {
    let (x0, y0) = (at.x.floor(), at.y.floor());
    let (ax, ay) = (at.x - x0, at.y - y0);
    let (x0, y0) = (x0 as i64, y0 as i64); // saturates far outside, where everything is black
    let weights =
        [(0, 0, (1.0 - ax) * (1.0 - ay)), (1, 0, ax * (1.0 - ay)), (0, 1, (1.0 - ax) * ay), (1, 1, ax * ay)];
    let mut sum = [0.5_f32; 3];
    for (dx, dy, weight) in weights {
        let pixel = pixel(frame, x0.saturating_add(dx), y0.saturating_add(dy));
        for (sum, value) in sum.iter_mut().zip(pixel) {
            *sum += weight * f32::from(value);
        }
    }
    sum.map(|sum| sum as u8)
}

fn pixel(frame: &Frame, x: i64, y: i64) -> [u8; 3] {
    let inside = (0..i64::from(frame.width())).contains(&x) && (0..i64::from(frame.height())).contains(&y);
    let index = y.wrapping_mul(i64::from(frame.width())).wrapping_add(x) as usize;
    if inside { frame.rgb().as_chunks::<3>().0.get(index).copied().unwrap_or_default() } else { [0; 3] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;
    use proptest::prelude::*;
    use std::time::Duration;

    fn grey_frame(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Frame {
        let rgb = (0..width * height).flat_map(|i| [value(i % width, i / width); 3]).collect();
        let never = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
        Frame::new(width, height, rgb, never, 0).unwrap()
    }

    /// The numbers come from Umeyama's own construction (singular value decomposition of the covariance) in numpy.
    #[test]
    fn agrees_with_umeyama() {
        let landmarks = Landmarks(
            [(101.0, 121.5), (160.2, 110.0), (133.0, 150.0), (118.0, 185.5), (166.0, 176.0)]
                .map(|(x, y)| Point { x, y }),
        );
        let fitted = Similarity::from_landmarks(&landmarks).unwrap();
        let want = [0.595_002_7, 0.105_832_97, -8.953_222, -30.871_8];
        for (got, want) in [fitted.a, fitted.b, fitted.tx, fitted.ty].into_iter().zip(want) {
            assert!((got - want).abs() < 1e-5 * want.abs().max(1.0), "{fitted:?} {want:?}");
        }
    }

    #[test]
    fn points_that_coincide_have_no_transform() {
        assert_eq!(Similarity::from_landmarks(&Landmarks([Point { x: 5.0, y: 5.0 }; 5])), None);
        let mut points = ARCFACE_TEMPLATE;
        points[2].x = f32::NAN;
        assert_eq!(Similarity::from_landmarks(&Landmarks(points)), None);
        assert_eq!(Similarity::new(0.0, 0.0, 1.0, 1.0), None);
    }

    #[test]
    fn a_shift_by_whole_pixels_copies_and_the_outside_is_black() {
        let frame = grey_frame(4, 4, |x, y| (10 * y + x + 1) as u8);
        let mut out = Vec::new();
        warp(&frame, &Similarity::new(1.0, 0.0, -2.0, 1.0).unwrap(), 3, 3, &mut out);
        let grey: Vec<u8> = out.chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(grey, [0, 0, 0, 3, 4, 0, 13, 14, 0]);
    }

    #[test]
    fn coordinates_far_outside_do_no_harm() {
        let frame = grey_frame(4, 4, |_, _| 200);
        let mut out = Vec::new();
        warp(&frame, &Similarity::new(1e-6, 0.0, 1e30, -1e30).unwrap(), 8, 8, &mut out);
        assert!(out.iter().all(|&value| value == 0));
    }

    prop_compose! {
        fn similarity()(scale in 0.05..8.0_f32, angle in -3.1..3.1_f32, tx in -500.0..500.0_f32, ty in -500.0..500.0_f32)
            -> Similarity {
            Similarity::new(scale * angle.cos(), scale * angle.sin(), tx, ty).unwrap()
        }
    }

    proptest! {
        #[test]
        fn inverse_undoes(similarity in similarity(), x in 0.0..1300.0_f32, y in 0.0..800.0_f32) {
            let back = similarity.inverse().apply(similarity.apply(Point { x, y }));
            prop_assert!(back.distance(Point { x, y }) < 0.05, "{back:?}");
        }

        #[test]
        fn a_fit_of_moved_points_finds_the_move(similarity in similarity()) {
            let moved = ARCFACE_TEMPLATE.map(|point| similarity.inverse().apply(point));
            let found = Similarity::from_landmarks(&Landmarks(moved)).unwrap();
            prop_assert!((found.scale() / similarity.scale() - 1.0).abs() < 1e-2);
            for (from, to) in moved.iter().zip(ARCFACE_TEMPLATE) {
                prop_assert!(found.apply(*from).distance(to) < 0.05);
            }
        }

        #[test]
        fn warp_equals_the_plain_loop(similarity in similarity(), seed in any::<u32>()) {
            let frame = grey_frame(17, 13, |x, y| (seed.wrapping_mul(x * 31 + y * 17 + 1) >> 24) as u8);
            let mut out = Vec::new();
            warp(&frame, &similarity, 9, 7, &mut out);
            let back = similarity.inverse();
            for (i, got) in out.iter().step_by(3).enumerate() {
                let at = back.apply(Point { x: (i % 9) as f32, y: (i / 9) as f32 });
                let mut want = 0.0;
                for y in 0..13 {
                    for x in 0..17 {
                        let near = |d: f32| (1.0 - d.abs()).max(0.0);
                        want += near(at.x - x as f32) * near(at.y - y as f32) * f32::from(frame.rgb()[3 * (y * 17 + x)]);
                    }
                }
                prop_assert!((f32::from(*got) - want).abs() < 0.75, "{i} {got} {want}");
            }
        }
    }
}
