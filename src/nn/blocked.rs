//! How values lie in memory while a plan runs: channels in blocks of a vector's width, pixels of a block row by row,
//! and a border of zeros around them, so that a kernel never asks whether it is at an edge.

use super::Shape;
#[cfg(target_os = "linux")]
use memmap2::Advice;
use memmap2::MmapMut;
use std::ops::Range;

/// Floats of a cache line; buffers start on one.
pub(super) const LINE: usize = 16;
/// Bytes of a large page on x86-64 and most others.
const LARGE_PAGE: usize = 2 << 20;

/// `[block][picture][border + height + border][border + width + border][lanes]`; with one lane this is planar. The
/// rows of all pictures are counted through: row `picture * height + y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    /// Pictures that there is room for.
    pub(super) pictures: usize,
    /// Channels of a block. The lanes past the last channel hold finite numbers that mean nothing.
    pub(super) lanes: usize,
    /// Zero pixels on each side.
    pub(super) border: usize,
}

impl Layout {
    pub(super) fn blocks(&self) -> usize {
        self.shape.channels.div_ceil(self.lanes)
    }

    /// Floats from a pixel to the one below.
    pub(super) fn row(&self) -> usize {
        (self.shape.width + 2 * self.border) * self.lanes
    }

    /// Floats from a picture to the next.
    pub(super) fn picture(&self) -> usize {
        (self.shape.height + 2 * self.border) * self.row()
    }

    /// Floats from a block to the next.
    pub(super) fn block(&self) -> usize {
        self.pictures * self.picture()
    }

    /// Floats in all.
    pub(super) fn len(&self) -> usize {
        self.blocks() * self.block()
    }

    /// Where pixel (y, x) of a picture lies in block 0, the row below the upper border being y = 0 and so on to the
    /// right. Coordinates may reach into the border: `inset` is how far.
    pub(super) fn at(&self, picture: usize, y: usize, x: usize, inset: usize) -> usize {
        let skip = self.border - inset;
        picture * self.picture() + (y + skip) * self.row() + (x + skip) * self.lanes
    }

    /// The pixels of one row, counted over all pictures, of one block: `width * lanes` floats.
    pub(super) fn row_of<'a>(&self, data: &'a [f32], block: usize, row: usize) -> &'a [f32] {
        let start = self.start_of(block, row);
        data.get(start..start + self.shape.width * self.lanes).unwrap_or_default()
    }

    /// As [`Layout::row_of`], to write.
    pub(super) fn row_of_mut<'a>(&self, data: &'a mut [f32], block: usize, row: usize) -> &'a mut [f32] {
        let start = self.start_of(block, row);
        data.get_mut(start..start + self.shape.width * self.lanes).unwrap_or_default()
    }

    fn start_of(&self, block: usize, row: usize) -> usize {
        let height = self.shape.height.max(1);
        block * self.block() + self.at(row / height, row % height, 0, 0)
    }
}

/// Writes planar pictures, C x H x W each, into the pixels of `layout`.
pub(super) fn from_planar(planar: &[f32], layout: &Layout, data: &mut [f32]) {
    let Shape { channels, height, width } = layout.shape;
    for (index, plane) in planar.chunks_exact((height * width).max(1)).enumerate() {
        let (picture, channel) = (index / channels.max(1), index % channels.max(1));
        for (y, line) in plane.chunks_exact(width.max(1)).enumerate() {
            let row = layout.row_of_mut(data, channel / layout.lanes, picture * height + y);
            if layout.lanes == 1 {
                row.copy_from_slice(line);
            } else {
                let lane = row.iter_mut().skip(channel % layout.lanes).step_by(layout.lanes);
                lane.zip(line).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

/// Reads `channels` of the pixels of `layout` back into planar pictures.
pub(super) fn to_planar(layout: &Layout, channels: Range<usize>, data: &[f32], planar: &mut [f32]) {
    let Shape { height, width, .. } = layout.shape;
    for (index, plane) in planar.chunks_exact_mut((height * width).max(1)).enumerate() {
        let (picture, channel) =
            (index / channels.len().max(1), channels.start + index % channels.len().max(1));
        for (y, line) in plane.chunks_exact_mut(width.max(1)).enumerate() {
            let row = layout.row_of(data, channel / layout.lanes, picture * height + y);
            let lane = row.iter().skip(channel % layout.lanes).step_by(layout.lanes);
            line.iter_mut().zip(lane).for_each(|(to, from)| *to = *from);
        }
    }
}

/// One value a channel, padded with zeros to whole blocks.
pub(super) fn per_channel(values: &[f32], lanes: usize) -> Buffer {
    let mut buffer = Buffer::zeros(values.len().next_multiple_of(lanes));
    buffer.as_mut_slice().iter_mut().zip(values).for_each(|(to, from)| *to = *from);
    buffer
}

/// Whether vectors may load `data` aligned, as they may what is in a [`Buffer`].
pub(super) fn starts_on_a_line(data: &[f32]) -> bool {
    data.is_empty() || data.as_ptr().align_offset(LINE * size_of::<f32>()) == 0
}

/// A fixed number of numbers that start on a cache line. Never grows, so it stays where it is.
#[derive(Default)]
pub(super) struct Buffer<T = f32> {
    data: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Buffer<T> {
    pub(super) fn zeros(len: usize) -> Self {
        let (bytes, line) = (LINE * size_of::<f32>(), LINE * size_of::<f32>() / size_of::<T>());
        let data = vec![T::default(); len + line];
        let start = data.as_ptr().align_offset(bytes).min(line);
        Self { data, start, len }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        self.data.get(self.start..self.start + self.len).unwrap_or_default()
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        self.data.get_mut(self.start..self.start + self.len).unwrap_or_default()
    }
}

impl Buffer {
    pub(super) fn from_values(values: &[f32]) -> Self {
        per_channel(values, 1)
    }
}

/// Numbers that every run writes, as in a [`Buffer`]. Many of them lie in large pages where the system has such: a run that
/// walks through them looks up fewer pages, and as they lie in one piece, no two of them want the same place of a cache.
pub(super) enum Values {
    Few(Buffer),
    Many { map: MmapMut, start: usize, len: usize },
}

impl Values {
    pub(super) fn zeros(len: usize) -> Self {
        let bytes = len * size_of::<f32>();
        // The last page is taken whole: where that would cost a third more, ordinary pages do.
        let fits = bytes > 0 && bytes.next_multiple_of(LARGE_PAGE) - bytes <= bytes / 3;
        match fits.then(|| large_pages(bytes)).flatten() {
            Some((map, start)) => Self::Many { map, start, len: bytes },
            None => Self::Few(Buffer::zeros(len)),
        }
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        match self {
            Self::Few(buffer) => buffer.as_slice(),
            Self::Many { map, start, len } => {
                bytemuck::cast_slice(map.get(*start..*start + *len).unwrap_or_default())
            }
        }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        match self {
            Self::Few(buffer) => buffer.as_mut_slice(),
            Self::Many { map, start, len } => {
                bytemuck::cast_slice_mut(map.get_mut(*start..*start + *len).unwrap_or_default())
            }
        }
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::Few(Buffer::default())
    }
}

/// So many bytes of zeros, and where in them they start; `None` where the system gives no such memory, which is then asked
/// for as any other.
fn large_pages(bytes: usize) -> Option<(MmapMut, usize)> {
    // What is not touched, up to the first page's start, takes no memory.
    let map = MmapMut::map_anon(bytes.next_multiple_of(LARGE_PAGE).checked_add(LARGE_PAGE)?).ok()?;
    #[cfg(target_os = "linux")]
    if let Err(error) = map.advise(Advice::HugePage) {
        log::debug!("no large pages: {error}");
    }
    let start = map.as_ptr().align_offset(LARGE_PAGE);
    (start <= LARGE_PAGE).then_some((map, start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn planar_values_survive_the_way_there_and_back(
            channels in 1_usize..20, height in 1_usize..7, width in 1_usize..7, border in 0_usize..3,
            pictures in 1_usize..4,
            lanes in prop::sample::select(vec![1_usize, 4, 8, 16]),
        ) {
            let shape = Shape { channels, height, width };
            let layout = Layout { shape, pictures, lanes, border };
            let planar: Vec<f32> = (1..=pictures * shape.len()).map(|i| i as f32).collect();
            let mut buffer = Buffer::zeros(layout.len());
            from_planar(&planar, &layout, buffer.as_mut_slice());
            let written = buffer.as_slice().iter().filter(|v| **v != 0.0).count();
            prop_assert_eq!(written, planar.len(), "the border stays zero");
            let mut back = vec![0.0; planar.len()];
            to_planar(&layout, 0..channels, buffer.as_slice(), &mut back);
            prop_assert_eq!(&back, &planar);
            // A part of the channels is the same part of every picture.
            let part = channels / 3..channels;
            let mut back = vec![0.0; pictures * part.len() * height * width];
            to_planar(&layout, part.clone(), buffer.as_slice(), &mut back);
            let pictures = planar.chunks(shape.len());
            let expected: Vec<f32> =
                pictures.flat_map(|picture| &picture[part.start * height * width..]).copied().collect();
            prop_assert_eq!(back, expected);
        }
    }

    #[test]
    fn buffers_and_values_start_on_a_cache_line() {
        let page = LARGE_PAGE / size_of::<f32>();
        for (len, large) in [(1, false), (1000, false), (page * 4 / 5, true), (page, true), (page + 1, false)]
        {
            let (buffer, mut values): (Buffer, _) = (Buffer::zeros(len), Values::zeros(len));
            assert_eq!((buffer.as_slice().len(), values.as_slice().len()), (len, len));
            assert!(starts_on_a_line(buffer.as_slice()) && starts_on_a_line(values.as_slice()));
            assert_eq!(matches!(values, Values::Many { .. }), large);
            assert!(values.as_slice().iter().all(|value| *value == 0.0));
            values.as_mut_slice().fill(1.0);
            assert!(values.as_slice().iter().all(|value| *value == 1.0));
        }
        assert!(Values::zeros(0).as_slice().is_empty());
    }
}
