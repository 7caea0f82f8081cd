//! One captured picture, and the plain picture inside it.

use super::{ImagingError, MAX_SIDE};
use crate::domain::Moment;
use std::{fmt, time::Duration};

/// One captured picture with its time and number. Share it as `Arc<Frame>`; never copy it to disk.
pub struct Frame {
    picture: Picture,
    captured: Moment,
    number: u64,
    taken: Option<Taken>,
}

/// How long a source took over a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Until its bytes were there: of a camera, the wait for its next picture.
    pub capture: Duration,
    /// From those bytes to upright RGB.
    pub convert: Duration,
}

impl Frame {
    /// Takes interleaved RGB, `3 * width * height` bytes; each side 1 to [`MAX_SIDE`]. `number` counts frames of
    /// one source upwards.
    pub fn new(
        width: u32,
        height: u32,
        rgb: Vec<u8>,
        captured: Moment,
        number: u64,
    ) -> Result<Self, ImagingError> {
        Ok(Self::from_picture(Picture::new(width, height, rgb)?, captured, number))
    }

    /// Gives a picture its time and number.
    #[must_use]
    pub fn from_picture(picture: Picture, captured: Moment, number: u64) -> Self {
        Self { picture, captured, number, taken: None }
    }

    /// The same frame, and how long its source took.
    #[must_use]
    pub fn taken_in(self, taken: Taken) -> Self {
        Self { taken: Some(taken), ..self }
    }

    /// How long its source took; `None` of a frame that came from none.
    #[must_use]
    pub fn taken(&self) -> Option<Taken> {
        self.taken
    }

    /// The same frame under another number, for whoever counts across several openings of a camera.
    #[must_use]
    pub fn renumbered(self, number: u64) -> Self {
        Self { number, ..self }
    }

    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.picture.width
    }

    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.picture.height
    }

    /// Interleaved RGB, row stride `3 * width`.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.picture.rgb
    }

    /// When it was captured.
    #[must_use]
    pub fn captured(&self) -> Moment {
        self.captured
    }

    /// Counts up from one frame of a source to the next; gaps are frames that were dropped.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({}, {:?})", self.number, self.picture)
    }
}

/// How far a picture is turned clockwise before anybody sees it, for a camera mounted on its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// As it comes.
    #[default]
    None,
    /// A quarter turn clockwise.
    Clockwise90,
    /// Upside down.
    Half,
    /// A quarter turn anticlockwise.
    Clockwise270,
}

impl Rotation {
    /// 0, 90, 180 or 270 degrees clockwise.
    #[must_use]
    pub fn from_degrees(degrees: u32) -> Option<Self> {
        match degrees {
            0 => Some(Self::None),
            90 => Some(Self::Clockwise90),
            180 => Some(Self::Half),
            270 => Some(Self::Clockwise270),
            _ => None,
        }
    }
}

/// Interleaved RGB of a known size. Overwritten with zeros when dropped; hidden from `Debug`.
#[derive(PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// Takes interleaved RGB, `3 * width * height` bytes; each side 1 to [`MAX_SIDE`].
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, ImagingError> {
        let needed = checked_len(width, height, 6)?;
        if rgb.len() != needed {
            return Err(ImagingError::WrongLength { width, height, needed, got: rgb.len() });
        }
        Ok(Self { width, height, rgb })
    }

    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Interleaved RGB, row stride `3 * width`.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Swaps left and right, as a mirror does.
    pub fn mirror(&mut self) {
        for row in self.rgb.chunks_exact_mut(3 * self.width as usize) {
            row.as_chunks_mut::<3>().0.reverse();
        }
    }

    /// Turned clockwise.
    #[must_use]
    pub fn rotate(mut self, rotation: Rotation) -> Self {
        match rotation {
            Rotation::None => self,
            Rotation::Half => {
                self.rgb.as_chunks_mut::<3>().0.reverse();
                self
            }
            Rotation::Clockwise90 => self.quarter_turn(|x, y, _, height| (height - 1 - y, x)),
            Rotation::Clockwise270 => self.quarter_turn(|x, y, width, _| (y, width - 1 - x)),
        }
    }

    /// Moves every pixel to where `to` (x, y, width, height) sends it in a picture of swapped sides.
    fn quarter_turn(&self, to: impl Fn(usize, usize, usize, usize) -> (usize, usize)) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut rgb = vec![0; self.rgb.len()];
        let turned = rgb.as_chunks_mut::<3>().0;
        for (i, pixel) in self.rgb.as_chunks::<3>().0.iter().enumerate() {
            let (x, y) = to(i % width, i / width, width, height);
            if let Some(place) = turned.get_mut(y * height + x) {
                *place = *pixel;
            }
        }
        Self { width: self.height, height: self.width, rgb }
    }
}

impl Drop for Picture {
    /// `fill` and not `zeroize`: that one writes single volatile bytes, a millisecond for each 720p frame.
    /// `black_box` keeps the compiler from dropping writes that nobody reads.
    fn drop(&mut self) {
        self.rgb.fill(0);
        std::hint::black_box(&self.rgb);
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Bytes of a picture at so many half bytes a pixel (RGB 6, YUYV 4, NV12 3), once its size is in bounds.
pub(super) fn checked_len(width: u32, height: u32, half_bytes: usize) -> Result<usize, ImagingError> {
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return Err(ImagingError::BadSize { width, height });
    }
    Ok(width as usize * height as usize * half_bytes / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Clock, ManualClock};
    use proptest::prelude::*;

    fn numbered(width: u32, height: u32) -> Picture {
        Picture::new(width, height, (0..3 * width * height).map(|i| i as u8).collect()).unwrap()
    }

    #[test]
    fn a_frame_refuses_a_buffer_of_another_size() {
        let now = ManualClock::at(jiff::Timestamp::UNIX_EPOCH).now();
        assert!(Frame::new(2, 2, vec![0; 12], now, 1).is_ok());
        assert_eq!(
            Frame::new(2, 2, vec![0; 11], now, 1).unwrap_err(),
            ImagingError::WrongLength { width: 2, height: 2, needed: 12, got: 11 }
        );
        for (width, height) in [(0, 2), (2, 0), (MAX_SIDE + 1, 1), (1, u32::MAX)] {
            assert_eq!(
                Frame::new(width, height, vec![], now, 1).unwrap_err(),
                ImagingError::BadSize { width, height }
            );
        }
    }

    #[test]
    fn debug_shows_no_pixels() {
        let now = ManualClock::at(jiff::Timestamp::UNIX_EPOCH).now();
        let frame = Frame::new(1, 1, vec![201, 202, 203], now, 7).unwrap();
        assert_eq!(format!("{frame:?}"), "Frame(7, 1x1)");
    }

    #[test]
    fn a_quarter_turn_takes_the_top_row_to_the_right_column() {
        // a b      c a
        // c d  ->  d b
        let picture = Picture::new(2, 2, b"aaabbbcccddd".to_vec()).unwrap();
        assert_eq!(picture.rotate(Rotation::Clockwise90).rgb, b"cccaaadddbbb");
        let picture = Picture::new(2, 1, b"aaabbb".to_vec()).unwrap().rotate(Rotation::Clockwise90);
        assert_eq!((picture.width, picture.height, &picture.rgb[..]), (1, 2, &b"aaabbb"[..]));
    }

    proptest! {
        #[test]
        fn turns_and_mirrors_undo_each_other(width in 1..9_u32, height in 1..9_u32) {
            let original = numbered(width, height);
            let there = numbered(width, height).rotate(Rotation::Clockwise90);
            prop_assert_eq!(&there.rotate(Rotation::Clockwise270), &original);
            let twice = numbered(width, height).rotate(Rotation::Clockwise90).rotate(Rotation::Clockwise90);
            prop_assert_eq!(&twice, &numbered(width, height).rotate(Rotation::Half));
            let mut mirrored = numbered(width, height);
            mirrored.mirror();
            mirrored.mirror();
            prop_assert_eq!(&mirrored, &original);
        }
    }
}
