//! How values lie in memory while a plan runs: channels in blocks of a vector's width, pixels of a block row by row,
//! and a border of zeros around them, so that a kernel never asks whether it is at an edge.

use super::Shape;

/// Floats of a cache line; buffers start on one.
const LINE: usize = 16;

/// `[block][border + height + border][border + width + border][lanes]`; with one lane this is planar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    /// Channels of a block. The lanes past the last channel hold finite numbers that mean nothing.
    pub(super) lanes: usize,
    /// Zero pixels on each side.
    pub(super) border: usize,
}

impl Layout {
    pub(super) fn blocks(&self) -> usize {
        self.shape.channels.div_ceil(self.lanes)
    }

    /// Channels that mean something in `block`.
    pub(super) fn lanes_in(&self, block: usize) -> usize {
        self.shape.channels.saturating_sub(block * self.lanes).min(self.lanes)
    }

    /// Floats from a pixel to the one below.
    pub(super) fn row(&self) -> usize {
        (self.shape.width + 2 * self.border) * self.lanes
    }

    /// Floats from a block to the next.
    pub(super) fn block(&self) -> usize {
        (self.shape.height + 2 * self.border) * self.row()
    }

    /// Floats in all.
    pub(super) fn len(&self) -> usize {
        self.blocks() * self.block()
    }

    /// Where pixel (y, x) of `block` lies.
    pub(super) fn at(&self, block: usize, y: usize, x: usize) -> usize {
        block * self.block() + (y + self.border) * self.row() + (x + self.border) * self.lanes
    }

    /// The pixels of one row of one block, `width * lanes` floats.
    pub(super) fn row_of<'a>(&self, data: &'a [f32], block: usize, y: usize) -> &'a [f32] {
        let start = self.at(block, y, 0);
        data.get(start..start + self.shape.width * self.lanes).unwrap_or_default()
    }

    /// As [`Layout::row_of`], to write.
    pub(super) fn row_of_mut<'a>(&self, data: &'a mut [f32], block: usize, y: usize) -> &'a mut [f32] {
        let start = self.at(block, y, 0);
        data.get_mut(start..start + self.shape.width * self.lanes).unwrap_or_default()
    }
}

/// Writes planar C x H x W values into the pixels of `layout`.
pub(super) fn from_planar(planar: &[f32], layout: &Layout, data: &mut [f32]) {
    let Shape { height, width, .. } = layout.shape;
    for (channel, plane) in planar.chunks_exact((height * width).max(1)).enumerate() {
        for (y, line) in plane.chunks_exact(width.max(1)).enumerate() {
            let row = layout.row_of_mut(data, channel / layout.lanes, y);
            if layout.lanes == 1 {
                row.copy_from_slice(line);
            } else {
                let lane = row.iter_mut().skip(channel % layout.lanes).step_by(layout.lanes);
                lane.zip(line).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

/// Reads the pixels of `layout` back into planar C x H x W values.
pub(super) fn to_planar(layout: &Layout, data: &[f32], planar: &mut [f32]) {
    let Shape { height, width, .. } = layout.shape;
    for (channel, plane) in planar.chunks_exact_mut((height * width).max(1)).enumerate() {
        for (y, line) in plane.chunks_exact_mut(width.max(1)).enumerate() {
            let row = layout.row_of(data, channel / layout.lanes, y);
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

/// A fixed number of floats that start on a cache line. Never grows, so it stays where it is.
#[derive(Default)]
pub(super) struct Buffer {
    data: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    pub(super) fn zeros(len: usize) -> Self {
        let data = vec![0.0; len + LINE];
        let start = data.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { data, start, len }
    }

    pub(super) fn from_values(values: &[f32]) -> Self {
        per_channel(values, 1)
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        self.data.get(self.start..self.start + self.len).unwrap_or_default()
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        self.data.get_mut(self.start..self.start + self.len).unwrap_or_default()
    }
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
            lanes in prop::sample::select(vec![1_usize, 4, 8, 16]),
        ) {
            let shape = Shape { channels, height, width };
            let layout = Layout { shape, lanes, border };
            let planar: Vec<f32> = (1..=shape.len()).map(|i| i as f32).collect();
            let mut buffer = Buffer::zeros(layout.len());
            from_planar(&planar, &layout, buffer.as_mut_slice());
            let written = buffer.as_slice().iter().filter(|v| **v != 0.0).count();
            prop_assert_eq!(written, shape.len(), "the border stays zero");
            let mut back = vec![0.0; shape.len()];
            to_planar(&layout, buffer.as_slice(), &mut back);
            prop_assert_eq!(back, planar);
        }
    }

    #[test]
    fn buffers_start_on_a_cache_line() {
        for len in [0, 1, 7, 16, 1000] {
            let buffer = Buffer::zeros(len);
            assert_eq!(buffer.as_slice().len(), len);
            assert_eq!(buffer.as_slice().as_ptr() as usize % 64, 0);
        }
    }
}
