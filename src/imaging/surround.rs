//! A face with some of what is around it, as networks for liveness want it.

use super::Frame;
use crate::domain::Rect;
use serde::{Deserialize, Serialize};

/// How much of the frame around a face's box is cut out, and what happens at the frame's edge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Surround {
    /// Sides of the cut in sides of the box.
    pub scale: f32,
    /// Where the cut reaches over the frame's edge.
    pub edge: Edge,
}

/// Where a cut reaches over the frame's edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// It is moved inside, and is smaller where the frame is; it keeps the box's proportions and is stretched to
    /// the square. Sampled at points (Minivision's `CropImage` with `cv2.resize(..., INTER_LINEAR)`).
    Shift,
    /// It goes on with the frame's mirror image; it is a square around the box. Shrinking averages.
    Reflect,
}

/// A cut, in frame pixels: the first column and row, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

impl Surround {
    /// Cuts and fits into `side` x `side` pixels of RGB; `out` becomes `3 * side * side` bytes. A box that is not
    /// finite, or is empty, gives black.
    pub fn cut(self, frame: &Frame, bbox: &Rect, side: u32, out: &mut Vec<u8>) {
        let side = side as usize;
        out.clear();
        out.resize(3 * side * side, 0);
        let Some(cut) = self.place(frame, bbox) else { return };
        let (columns, rows) = (self.samples(cut.x, cut.width, side), self.samples(cut.y, cut.height, side));
        let line = |at: i64| inside(at, i64::from(frame.height()));
        let column = |at: i64| inside(at, i64::from(frame.width()));
        let pixels = frame.rgb().as_chunks::<3>().0;
        let at = |x: usize, y: usize| pixels.get(y * frame.width() as usize + x).copied().unwrap_or_default();
        for (row, rows) in out.chunks_exact_mut(3 * side).zip(rows.chunks_exact(rows.len() / side)) {
            let columns = columns.chunks_exact(columns.len() / side);
            for (pixel, columns) in row.as_chunks_mut::<3>().0.iter_mut().zip(columns) {
                let mut sum = [0.0_f32; 3];
                for y in rows {
                    for x in columns {
                        for (line, v) in [(line(y.first), 1.0 - y.second), (line(y.first + 1), y.second)] {
                            let (left, right) = (at(column(x.first), line), at(column(x.first + 1), line));
                            for ((sum, left), right) in sum.iter_mut().zip(left).zip(right) {
                                let (left, right) = (f32::from(left), f32::from(right));
                                *sum += v * (left + (right - left) * x.second);
                            }
                        }
                    }
                }
                let samples = (rows.len() * columns.len()) as f32;
                *pixel = sum.map(|sum| (sum / samples + 0.5) as u8);
            }
        }
    }

    fn place(self, frame: &Frame, bbox: &Rect) -> Option<Cut> {
        let numbers = [bbox.x0, bbox.y0, bbox.x1, bbox.y1];
        // Far outside the frame there is nothing to see, and whole numbers could not say where it is.
        if !numbers.iter().all(|v| v.abs() < 1e6) || bbox.width() < 1.0 || bbox.height() < 1.0 {
            return None;
        }
        let centre = bbox.centre();
        match self.edge {
            Edge::Reflect => {
                let size = bbox.width().max(bbox.height()) * self.scale;
                let corner = |middle: f32| (middle - size / 2.0) as i64;
                let size = (size as i64).max(1);
                Some(Cut { x: corner(centre.x), y: corner(centre.y), width: size, height: size })
            }
            Edge::Shift => {
                let (right, bottom) = ((frame.width() - 1) as f32, (frame.height() - 1) as f32);
                let scale = self.scale.min(right / bbox.width()).min(bottom / bbox.height());
                let span = |middle: f32, length: f32, last: f32| {
                    let from = (middle - length / 2.0).min(last - length).max(0.0);
                    let to = (from + length).min(last);
                    (from as i64, to as i64 - from as i64 + 1)
                };
                let (x, width) = span(centre.x, bbox.width() * scale, right);
                let (y, height) = span(centre.y, bbox.height() * scale, bottom);
                Some(Cut { x, y, width, height })
            }
        }
    }

    /// Where the samples of a line of `out` pixels lie: as many for each of them.
    fn samples(self, start: i64, length: i64, out: usize) -> Vec<Sample> {
        let step = length as f32 / out as f32;
        let each = if self.edge == Edge::Reflect { (step.ceil() as usize).clamp(1, 64) } else { 1 };
        (0..out * each)
            .map(|i| {
                let at = ((i as f32 + 0.5) / each as f32 * step - 0.5).clamp(0.0, (length - 1) as f32);
                Sample { first: start + at as i64, second: at.fract() }
            })
            .collect()
    }
}

/// Between two pixels of a line: the first of them, and the weight of the one after it.
#[derive(Debug, Clone, Copy)]
struct Sample {
    first: i64,
    second: f32,
}

/// The pixel of a line of `length` that shows at `at`, the frame being mirrored at its first and last pixel.
fn inside(at: i64, length: i64) -> usize {
    let period = (2 * (length - 1)).max(1);
    let at = at.rem_euclid(period);
    (if at < length { at } else { period - at }) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;
    use proptest::prelude::*;
    use std::time::Duration;

    const SHIFT: Surround = Surround { scale: 2.7, edge: Edge::Shift };
    const REFLECT: Surround = Surround { scale: 1.5, edge: Edge::Reflect };

    /// Red says the column, green the row.
    fn frame(width: u32, height: u32) -> Frame {
        let rgb = (0..width * height).flat_map(|i| [(i % width) as u8, (i / width) as u8, 7]).collect();
        let never = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
        Frame::new(width, height, rgb, never, 0).unwrap()
    }

    fn rect(x0: f32, y0: f32, x1: f32, y1: f32) -> Rect {
        Rect { x0, y0, x1, y1 }
    }

    /// The numbers are those of `CropImage._get_new_box`: (30, 40, 60, 70) of 200 x 100 enlarged 2.7 times is
    /// (4, 14)..=(85, 95); near the corner it is moved to begin at 0; a tall box is held to the frame's height.
    #[test]
    fn a_shifted_cut_is_where_minivision_puts_it() {
        let place = |bbox| SHIFT.place(&frame(200, 100), &bbox).unwrap();
        let inner = place(rect(30.0, 40.0, 60.0, 70.0));
        assert_eq!(inner, Cut { x: 4, y: 14, width: 82, height: 82 });
        let corner = place(rect(-5.0, 0.0, 25.0, 30.0));
        assert_eq!((corner.x, corner.y, corner.width, corner.height), (0, 0, 82, 82));
        let far = place(rect(180.0, 80.0, 198.0, 98.0));
        assert_eq!((far.x + far.width, far.y + far.height), (200, 100));
        let tall = place(rect(90.0, 10.0, 130.0, 90.0));
        assert_eq!((tall.y, tall.height), (0, 100));
    }

    #[test]
    fn a_reflected_cut_is_a_square_and_mirrors_the_frame() {
        let cut = REFLECT.place(&frame(200, 100), &rect(0.0, 20.0, 20.0, 60.0)).unwrap();
        assert_eq!(cut, Cut { x: -20, y: 10, width: 60, height: 60 });
        assert_eq!([-1, -2, 0, 3, 4, 5].map(|at| inside(at, 4)), [1, 2, 0, 3, 2, 1]);
        assert_eq!(inside(-7, 1), 0);
    }

    #[test]
    fn pixels_land_where_they_were() {
        let mut out = Vec::new();
        // 60 columns and rows from -20 and 10 on, brought to 30: pairs averaged.
        REFLECT.cut(&frame(200, 100), &rect(0.0, 20.0, 20.0, 60.0), 30, &mut out);
        let at = |x: usize, y: usize| &out[3 * (30 * y + x)..][..3];
        assert_eq!(at(10, 0), [1, 11, 7], "columns 0 and 1, rows 10 and 11: halves round up");
        assert_eq!(at(9, 0)[0], 2, "columns -2 and -1 are 2 and 1");
        // 82 columns brought to 41 are sampled in the middle of each pair.
        SHIFT.cut(&frame(200, 100), &rect(30.0, 40.0, 60.0, 70.0), 41, &mut out);
        assert_eq!(&out[..3], [5, 15, 7]);
        assert_eq!(&out[out.len() - 3..], [85, 95, 7]);
    }

    proptest! {
        #[test]
        fn any_box_gives_a_picture_of_the_right_size(
            corners in prop::array::uniform4(prop::num::f32::ANY), width in 1_u32..40, height in 1_u32..40,
        ) {
            let [x0, y0, x1, y1] = corners;
            let mut out = Vec::new();
            for surround in [SHIFT, REFLECT] {
                for bbox in [rect(x0, y0, x1, y1), rect(x0 % 50.0, y0 % 50.0, x1 % 50.0, y1 % 50.0)] {
                    surround.cut(&frame(width, height), &bbox, 8, &mut out);
                    prop_assert_eq!(out.len(), 3 * 64);
                }
            }
        }
    }
}
