//! The 112x112 crop that recognisers want: five landmarks moved onto the `ArcFace` template.
//!
//! Job: one crop from one face. It must not know what is done with it. The template and the transform are
//! [`crate::imaging`]'s; used for enrolment and recognition alike, so that both see the same picture.

use super::VisionError;
use crate::{
    domain::DetectedFace,
    imaging::{ARCFACE_SIZE, Frame, Similarity, warp},
};
use std::time::{Duration, Instant};
use zeroize::Zeroize;

/// Side of the crop, pixels.
pub const SIDE: usize = ARCFACE_SIZE as usize;

/// A buffer for one aligned crop, 112x112 RGB, interleaved; overwritten when dropped.
#[derive(Default)]
pub struct Crop {
    rgb: Vec<u8>,
    spent: Duration,
}

impl Crop {
    /// Cuts a face out of its frame.
    pub fn cut(&mut self, frame: &Frame, face: &DetectedFace) -> Result<&[u8], VisionError> {
        let started = Instant::now();
        let crop_from_frame = Similarity::from_landmarks(&face.landmarks).ok_or(VisionError::Landmarks)?;
        warp(frame, &crop_from_frame, ARCFACE_SIZE, ARCFACE_SIZE, &mut self.rgb);
        self.spent += started.elapsed();
        Ok(&self.rgb)
    }

    /// Time that went into cutting since this was last asked.
    pub fn take_spent(&mut self) -> Duration {
        std::mem::take(&mut self.spent)
    }
}

impl Drop for Crop {
    fn drop(&mut self) {
        self.rgb.zeroize();
    }
}

/// Appends interleaved RGB bytes as planes of `(x - mean) / std`: (height, width, 3) to (3, height, width).
pub fn push_planes(rgb: &[u8], mean: f32, std: f32, out: &mut Vec<f32>) {
    let table: [f32; 256] = std::array::from_fn(|x| (x as f32 - mean) / std);
    let pixels = rgb.as_chunks::<3>().0;
    let start = out.len();
    out.resize(start + 3 * pixels.len(), 0.0);
    let planes = out.get_mut(start..).unwrap_or_default();
    let (red, rest) = planes.split_at_mut(pixels.len());
    let (green, blue) = rest.split_at_mut(pixels.len());
    for (((pixel, red), green), blue) in pixels.iter().zip(red).zip(green).zip(blue) {
        [*red, *green, *blue] = pixel.map(|x| table[usize::from(x)]);
    }
}

/// Appends the last picture of `side` x `side` pixels once more, left and right exchanged.
pub fn push_mirrored(side: usize, out: &mut Vec<f32>) {
    let start = out.len();
    out.extend_from_within(start.saturating_sub(3 * side * side)..);
    for row in out.get_mut(start..).unwrap_or_default().chunks_exact_mut(side) {
        row.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_planes() {
        let mut out = vec![9.0];
        push_planes(&[0, 255, 127, 10, 20, 30], 127.5, 127.5, &mut out);
        assert_eq!(out.remove(0), 9.0);
        let want = [-1.0, 10.0, 1.0, 20.0, 127.0, 30.0]
            .map(|x: f32| if x.abs() > 1.0 { (x - 127.5) / 127.5 } else { x });
        assert_eq!(out, want);
    }

    #[test]
    fn a_mirrored_picture_follows_its_original() {
        let mut out = vec![9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0];
        push_mirrored(2, &mut out);
        assert_eq!(out[13..], [2.0, 1.0, 4.0, 3.0, 6.0, 5.0, 8.0, 7.0, 10.0, 9.0, 12.0, 11.0]);
    }
}
