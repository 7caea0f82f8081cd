//! The layers that only move or combine values. They are rare and cheap, and plain loops are fast enough.

use super::{
    blocked::{Buffer, Layout},
    graph::Pool,
};

/// What is read, and how it lies there.
type Value<'a> = (&'a Layout, &'a [f32]);

/// out = x * scale + shift, a pair a channel padded to blocks.
pub(super) fn affine(scale: &Buffer, shift: &Buffer, (from, x): Value<'_>, to: &Layout, out: &mut [f32]) {
    let per_block = scale.as_slice().chunks_exact(to.lanes).zip(shift.as_slice().chunks_exact(to.lanes));
    for (block, (scale, shift)) in per_block.enumerate() {
        for y in 0..to.shape.height {
            let line = from.row_of(x, block, y).chunks_exact(to.lanes);
            for (to, from) in to.row_of_mut(out, block, y).chunks_exact_mut(to.lanes).zip(line) {
                for (((to, from), scale), shift) in to.iter_mut().zip(from).zip(scale).zip(shift) {
                    *to = from * scale + shift;
                }
            }
        }
    }
}

/// out = a + b.
pub(super) fn add(a: Value<'_>, b: Value<'_>, to: &Layout, out: &mut [f32]) {
    for (block, y) in rows(to) {
        let sums = a.0.row_of(a.1, block, y).iter().zip(b.0.row_of(b.1, block, y)).map(|(a, b)| a + b);
        to.row_of_mut(out, block, y).iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
    }
}

/// Each value repeated 2 x 2.
pub(super) fn upsample((from, x): Value<'_>, to: &Layout, out: &mut [f32]) {
    for (block, y) in rows(to) {
        let line = from.row_of(x, block, y / 2).chunks_exact(to.lanes);
        for (pair, pixel) in to.row_of_mut(out, block, y).chunks_exact_mut(2 * to.lanes).zip(line) {
            pair.chunks_exact_mut(to.lanes).for_each(|to| to.copy_from_slice(pixel));
        }
    }
}

/// One value for each 2 x 2 window.
pub(super) fn pool(kind: Pool, (from, x): Value<'_>, to: &Layout, out: &mut [f32]) {
    let merge = |a: f32, b: f32, c: f32, d: f32| match kind {
        Pool::Max => a.max(b).max(c.max(d)),
        Pool::Average => (a + b + c + d) * 0.25,
    };
    for (block, y) in rows(to) {
        let upper = from.row_of(x, block, 2 * y).chunks_exact(2 * to.lanes);
        let lower = from.row_of(x, block, 2 * y + 1).chunks_exact(2 * to.lanes);
        for (pixel, (upper, lower)) in
            to.row_of_mut(out, block, y).chunks_exact_mut(to.lanes).zip(upper.zip(lower))
        {
            let ((a, b), (c, d)) = (upper.split_at(to.lanes), lower.split_at(to.lanes));
            for ((((to, a), b), c), d) in pixel.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *to = merge(*a, *b, *c, *d);
            }
        }
    }
}

/// The mean of each channel, in the one pixel of `to`.
pub(super) fn global_pool((from, x): Value<'_>, to: &Layout, out: &mut [f32]) {
    let pixels = (from.shape.height * from.shape.width).max(1) as f32;
    for block in 0..to.blocks() {
        let mean = to.row_of_mut(out, block, 0);
        mean.fill(0.0);
        for y in 0..from.shape.height {
            for pixel in from.row_of(x, block, y).chunks_exact(from.lanes) {
                mean.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
            }
        }
        for sum in mean {
            *sum /= pixels;
        }
    }
}

/// out = x * gate, `gate` having one pixel.
pub(super) fn gate((from, x): Value<'_>, gate: Value<'_>, to: &Layout, out: &mut [f32]) {
    for (block, y) in rows(to) {
        let factors = gate.0.row_of(gate.1, block, 0);
        let line = from.row_of(x, block, y).chunks_exact(to.lanes);
        for (to, from) in to.row_of_mut(out, block, y).chunks_exact_mut(to.lanes).zip(line) {
            to.iter_mut().zip(from).zip(factors).for_each(|((to, from), factor)| *to = from * factor);
        }
    }
}

fn rows(to: &Layout) -> impl Iterator<Item = (usize, usize)> + use<> {
    let (blocks, height) = (to.blocks(), to.shape.height);
    (0..blocks).flat_map(move |block| (0..height).map(move |y| (block, y)))
}
