//! Fitting a frame into a network's input.

use super::Frame;

/// Shrinks or enlarges the frame to fit `out_width` x `out_height`, puts it at the top left, fills the rest with
/// `fill`, and returns the scale: network pixels per frame pixel, the same in both directions, so that a point in
/// the frame is a point in the output divided by it. `out` becomes `3 * out_width * out_height` bytes of RGB.
///
/// Interpolates bilinearly as `cv2.resize(..., INTER_LINEAR)` does. A whole-number shrink averages blocks, which
/// for 2 is the same thing; any other shrink by more than 2 averages first, so that no pixel is skipped.
pub fn letterbox(frame: &Frame, out_width: u32, out_height: u32, fill: u8, out: &mut Vec<u8>) -> f32 {
    let scale = (f64::from(out_width) / f64::from(frame.width()))
        .min(f64::from(out_height) / f64::from(frame.height()));
    out.clear();
    out.resize(3 * out_width as usize * out_height as usize, fill);
    if scale <= 0.0 {
        return 1.0; // an empty output
    }
    let fitted =
        |side: u32, limit: u32| ((f64::from(side) * scale).round() as usize).clamp(1, limit as usize);
    let size = (fitted(frame.width(), out_width), fitted(frame.height(), out_height));

    let shrink = 1.0 / scale;
    let whole = (shrink - shrink.round()).abs() < 1e-9;
    let block = if whole { shrink.round() } else { (shrink / 2.0).ceil() };
    let source = Plane { width: frame.width() as usize, height: frame.height() as usize, rgb: frame.rgb() };
    let averaged;
    let source = if block > 1.0 {
        averaged = block_average(&source, block as usize);
        Plane {
            width: source.width.div_ceil(block as usize),
            height: source.height.div_ceil(block as usize),
            rgb: &averaged,
        }
    } else {
        source
    };
    let step = shrink / block;
    if (step - 1.0).abs() < 1e-9 {
        copy(&source, size, out, 3 * out_width as usize);
    } else {
        bilinear(&source, step, size, out, 3 * out_width as usize);
    }
    scale as f32
}

struct Plane<'a> {
    width: usize,
    height: usize,
    rgb: &'a [u8],
}

impl Plane<'_> {
    fn row(&self, y: usize) -> &[u8] {
        self.rgb.chunks_exact(3 * self.width).nth(y.min(self.height - 1)).unwrap_or_default()
    }
}

fn copy(source: &Plane, (width, height): (usize, usize), out: &mut [u8], stride: usize) {
    for (y, row) in out.chunks_exact_mut(stride).take(height).enumerate() {
        for (to, from) in row.iter_mut().zip(source.row(y)).take(3 * width) {
            *to = *from;
        }
    }
}

/// Means of `block` x `block` pixels; blocks at the right and lower edge may be smaller.
fn block_average(source: &Plane, block: usize) -> Vec<u8> {
    let (width, height) = (source.width.div_ceil(block), source.height.div_ceil(block));
    let mut out = vec![0; 3 * width * height];
    if block == 2 && source.width.is_multiple_of(2) && source.height.is_multiple_of(2) {
        halve(source, &mut out);
        return out;
    }
    let mut sums = vec![0_u32; 3 * source.width];
    let bands = source.rgb.chunks(3 * source.width * block);
    for (band, row) in bands.zip(out.chunks_exact_mut(3 * width)) {
        sums.fill(0);
        for line in band.chunks_exact(3 * source.width) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum = sum.wrapping_add(u32::from(*value)); // a vector of them, also where overflow is checked
            }
        }
        let rows = band.len() / (3 * source.width);
        for (sums, pixel) in sums.chunks(3 * block).zip(row.as_chunks_mut::<3>().0) {
            // 32 fractional bits: exact to a rounding for the largest block there can be
            let area = (sums.len() / 3 * rows) as u32;
            let inverse = ((1 << 32) + u64::from(area) / 2) / u64::from(area);
            let mut total = [0_u32; 3];
            for sums in sums.as_chunks::<3>().0 {
                for (total, sum) in total.iter_mut().zip(sums) {
                    *total += sum;
                }
            }
            *pixel = total.map(|total| ((u64::from(total) * inverse + (1 << 31)) >> 32).min(255) as u8);
        }
    }
    out
}

/// The usual case of [`block_average`]: what a camera of 1280x720 needs.
fn halve(source: &Plane, out: &mut [u8]) {
    let bands = source.rgb.chunks_exact(6 * source.width);
    for (band, row) in bands.zip(out.chunks_exact_mut(3 * source.width / 2)) {
        let (upper, lower) = band.split_at(3 * source.width);
        let pairs = upper.as_chunks::<6>().0.iter().zip(lower.as_chunks::<6>().0);
        for (([a, b, c, d, e, f], [g, h, i, j, k, l]), pixel) in pairs.zip(row.as_chunks_mut::<3>().0) {
            let mean = |a: &u8, b: &u8, c: &u8, d: &u8| {
                ((u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d) + 2) >> 2) as u8
            };
            *pixel = [mean(a, d, g, j), mean(b, e, h, k), mean(c, f, i, l)];
        }
    }
}

/// Weights have 11 bits, as in `OpenCV`.
const BITS: u32 = 11;
const ONE: u16 = 1 << BITS;

/// The pixels left or above and right or below a sample, and the weight of the second.
#[derive(Clone, Copy)]
struct Tap {
    first: usize,
    second: usize,
    weight: u16,
}

/// One tap per output pixel: pixel centres sit at halves, edges repeat.
fn taps(step: f64, count: usize, limit: usize) -> Vec<Tap> {
    let last = limit - 1;
    (0..count)
        .map(|i| {
            let at = ((i as f64 + 0.5) * step - 0.5).clamp(0.0, last as f64);
            let first = at as usize;
            Tap {
                first,
                second: (first + 1).min(last),
                weight: ((at - first as f64) * f64::from(ONE)).round() as u16,
            }
        })
        .collect()
}

fn bilinear(source: &Plane, step: f64, (width, height): (usize, usize), out: &mut [u8], stride: usize) {
    let columns = taps(step, width, source.width);
    // Rows that are blended already: the lower one of an output row is often the upper one of the next.
    let (mut upper, mut lower) = (Blended::new(width), Blended::new(width));
    for (tap, row) in taps(step, height, source.height).into_iter().zip(out.chunks_exact_mut(stride)) {
        if lower.row == Some(tap.first) {
            std::mem::swap(&mut upper, &mut lower);
        }
        upper.fill(source, tap.first, &columns);
        lower.fill(source, tap.second, &columns);
        let (above, below) = (u32::from(ONE.saturating_sub(tap.weight)), u32::from(tap.weight));
        for ((value, upper), lower) in row.iter_mut().zip(&upper.values).zip(&lower.values) {
            // 8 + 11 + 11 bits: nothing overflows, and the loop is one of vectors where it need not be shown
            let sum = upper.wrapping_mul(above).wrapping_add(lower.wrapping_mul(below));
            *value = (sum.wrapping_add(1 << (2 * BITS - 1)) >> (2 * BITS)) as u8;
        }
    }
}

/// A row of the source, blended to the output's columns.
struct Blended {
    row: Option<usize>,
    values: Vec<u32>,
}

impl Blended {
    fn new(width: usize) -> Self {
        Self { row: None, values: vec![0; 3 * width] }
    }

    fn fill(&mut self, source: &Plane, row: usize, columns: &[Tap]) {
        if self.row == Some(row) {
            return;
        }
        self.row = Some(row);
        let pixels = source.row(row).as_chunks::<3>().0;
        for (tap, blended) in columns.iter().zip(self.values.as_chunks_mut::<3>().0) {
            let (Some(first), Some(second)) = (pixels.get(tap.first), pixels.get(tap.second)) else {
                continue;
            };
            let (left, right) = (u32::from(ONE.saturating_sub(tap.weight)), u32::from(tap.weight));
            for ((blended, first), second) in blended.iter_mut().zip(first).zip(second) {
                *blended = u32::from(*first) * left + u32::from(*second) * right;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;
    use proptest::prelude::*;
    use std::time::Duration;

    fn frame(width: u32, height: u32, rgb: Vec<u8>) -> Frame {
        let never = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
        Frame::new(width, height, rgb, never, 0).unwrap()
    }

    /// Bilinear at halves, edges repeated, in f64: what the fast one must equal where nothing is averaged first.
    fn plain(frame: &Frame, scale: f64, x: usize, y: usize, c: usize) -> f64 {
        let (w, h) = (frame.width() as usize, frame.height() as usize);
        let at = |i: usize, limit: usize| ((i as f64 + 0.5) / scale - 0.5).clamp(0.0, limit as f64 - 1.0);
        let (fx, fy) = (at(x, w), at(y, h));
        let pixel = |x: usize, y: usize| f64::from(frame.rgb()[3 * (y.min(h - 1) * w + x.min(w - 1)) + c]);
        let (x0, y0) = (fx as usize, fy as usize);
        let (ax, ay) = (fx - x0 as f64, fy - y0 as f64);
        (pixel(x0, y0) * (1.0 - ax) + pixel(x0 + 1, y0) * ax) * (1.0 - ay)
            + (pixel(x0, y0 + 1) * (1.0 - ax) + pixel(x0 + 1, y0 + 1) * ax) * ay
    }

    #[test]
    fn halving_averages_and_the_rest_is_filled() {
        let rgb = (0..4 * 2 * 3).map(|i| i * 10).collect();
        let mut out = Vec::new();
        assert_eq!(letterbox(&frame(4, 2, rgb), 2, 2, 7, &mut out), 0.5);
        assert_eq!(out, [75, 85, 95, 135, 145, 155, 7, 7, 7, 7, 7, 7]);
    }

    #[test]
    fn a_line_one_pixel_wide_survives_a_strong_shrink() {
        for width in [300, 301, 310, 340] {
            let rgb = (0..width * 100).flat_map(|i| [if i % width == 151 { 255 } else { 0 }; 3]).collect();
            let mut out = Vec::new();
            letterbox(&frame(width, 100, rgb), 50, 50, 0, &mut out);
            assert!(out[..150].iter().any(|&value| value > 4), "{width}");
        }
    }

    #[test]
    fn an_empty_output_is_empty() {
        let mut out = vec![1];
        letterbox(&frame(4, 2, vec![0; 24]), 0, 8, 0, &mut out);
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn equals_the_plain_loop_down_to_half_size(
            width in 1..24_u32, height in 1..24_u32, out_side in 1..48_u32, seed in any::<u32>()
        ) {
            let mut state = seed;
            let rgb = (0..3 * width * height).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            }).collect();
            let frame = frame(width, height, rgb);
            let scale = f64::from(out_side) / f64::from(width.max(height));
            prop_assume!(scale >= 0.5);
            let mut out = Vec::new();
            prop_assert!((f64::from(letterbox(&frame, out_side, out_side, 99, &mut out)) - scale).abs() < 1e-6);
            let inside = |side: u32| ((f64::from(side) * scale).round() as usize).max(1);
            for y in 0..out_side as usize {
                for x in 0..out_side as usize {
                    for c in 0..3 {
                        let got = f64::from(out[3 * (y * out_side as usize + x) + c]);
                        if x < inside(width) && y < inside(height) {
                            let want = plain(&frame, scale, x, y, c);
                            prop_assert!((got - want).abs() <= 0.75, "({x},{y},{c}) {got} {want}");
                        } else {
                            prop_assert_eq!(got, 99.0);
                        }
                    }
                }
            }
        }

        #[test]
        fn a_flat_frame_stays_flat(width in 1..90_u32, height in 1..90_u32, side in 1..20_u32, value in any::<u8>()) {
            let frame = frame(width, height, vec![value; (3 * width * height) as usize]);
            let mut out = Vec::new();
            letterbox(&frame, side, side, value, &mut out);
            prop_assert!(out.iter().all(|&got| got.abs_diff(value) <= 1), "{out:?}");
        }
    }
}
