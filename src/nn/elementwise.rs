//! The layers that only move or combine values. They are rare and cheap, and plain loops are fast enough.

use super::{blocked::Buffer, graph::Pool, kernels::Io};

/// out = x * scale + shift, a pair a channel padded to blocks.
pub(super) fn affine(scale: &Buffer, shift: &Buffer, io: &mut Io<'_>) {
    let lanes = io.out.layout().lanes;
    let factors = scale.as_slice().chunks_exact(lanes).zip(shift.as_slice().chunks_exact(lanes));
    for (block, (scale, shift)) in factors.enumerate() {
        for row in 0..rows(io) {
            let pixels = io.out.row_mut(block, row).chunks_exact_mut(lanes);
            for (to, from) in pixels.zip(io.x.row(block, row).chunks_exact(lanes)) {
                for (((to, from), scale), shift) in to.iter_mut().zip(from).zip(scale).zip(shift) {
                    *to = from * scale + shift;
                }
            }
        }
    }
}

/// out = x + residual.
pub(super) fn add(io: &mut Io<'_>) {
    for (block, row) in blocks_and_rows(io) {
        let Some(other) = &io.residual else { return };
        let sums = io.x.row(block, row).iter().zip(other.row(block, row)).map(|(a, b)| a + b);
        io.out.row_mut(block, row).iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
    }
}

/// Each value repeated 2 x 2.
pub(super) fn upsample(io: &mut Io<'_>) {
    let lanes = io.out.layout().lanes;
    for (block, row) in blocks_and_rows(io) {
        let line = io.x.row(block, row / 2).chunks_exact(lanes);
        for (pair, pixel) in io.out.row_mut(block, row).chunks_exact_mut(2 * lanes).zip(line) {
            pair.chunks_exact_mut(lanes).for_each(|to| to.copy_from_slice(pixel));
        }
    }
}

/// One value for each 2 x 2 window.
pub(super) fn pool(kind: Pool, io: &mut Io<'_>) {
    // `f32::max` would lose what is no number.
    let larger = |a: f32, b: f32| if a > b || a.is_nan() { a } else { b };
    let merge = |a: f32, b: f32, c: f32, d: f32| match kind {
        Pool::Max => larger(larger(a, b), larger(c, d)),
        Pool::Average => (a + b + c + d) * 0.25,
    };
    let lanes = io.out.layout().lanes;
    for (block, row) in blocks_and_rows(io) {
        let upper = io.x.row(block, 2 * row).chunks_exact(2 * lanes);
        let lower = io.x.row(block, 2 * row + 1).chunks_exact(2 * lanes);
        let pixels = io.out.row_mut(block, row).chunks_exact_mut(lanes);
        for (pixel, (upper, lower)) in pixels.zip(upper.zip(lower)) {
            let ((a, b), (c, d)) = (upper.split_at(lanes), lower.split_at(lanes));
            for ((((to, a), b), c), d) in pixel.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *to = merge(*a, *b, *c, *d);
            }
        }
    }
}

/// The mean of each channel, in the one pixel of the output.
pub(super) fn global_pool(io: &mut Io<'_>) {
    let (lanes, from) = (io.out.layout().lanes, io.x.shape());
    let pixels = (from.height * from.width).max(1) as f32;
    for (block, picture) in blocks_and_rows(io) {
        let mean = io.out.row_mut(block, picture);
        mean.fill(0.0);
        for row in picture * from.height..(picture + 1) * from.height {
            for pixel in io.x.row(block, row).chunks_exact(lanes) {
                mean.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
            }
        }
        for sum in mean.iter_mut() {
            *sum /= pixels;
        }
    }
}

/// out = x * residual, which has one pixel a picture.
pub(super) fn gate(io: &mut Io<'_>) {
    let layout = io.out.layout();
    for (block, row) in blocks_and_rows(io) {
        let Some(gate) = &io.residual else { return };
        let factors = gate.row(block, row / layout.shape.height);
        let line = io.x.row(block, row).chunks_exact(layout.lanes);
        for (to, from) in io.out.row_mut(block, row).chunks_exact_mut(layout.lanes).zip(line) {
            to.iter_mut().zip(from).zip(factors).for_each(|((to, from), factor)| *to = from * factor);
        }
    }
}

/// Rows of the output, counted over all pictures, so that those of halves and doubles correspond.
fn rows(io: &Io<'_>) -> usize {
    io.pictures * io.out.layout().shape.height
}

fn blocks_and_rows(io: &Io<'_>) -> impl Iterator<Item = (usize, usize)> + use<> {
    let (blocks, rows) = (io.out.layout().blocks(), rows(io));
    (0..blocks).flat_map(move |block| (0..rows).map(move |row| (block, row)))
}
