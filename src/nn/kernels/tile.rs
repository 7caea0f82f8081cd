//! The loops, written once over [`Vector`]: sums for a handful of pixels held in registers, then the finishing of a row.
//!
//! Everything here is `inline(always)`, so that it is compiled inside a function that enables an instruction set.

use super::{
    super::{
        blocked::Layout,
        pack::{Finish, PackedActivation, PackedConv, PackedDepthwise, TILE_BLOCKS, Tile, spans},
    },
    vector::Vector,
};
use std::ops::Range;

/// Pixels of one tile: with [`TILE_BLOCKS`] blocks 12 sums, which leaves of 16 registers enough for what is multiplied.
pub(super) const TILE_PIXELS: usize = 6;

/// Memory of one value, shared by the tasks of one layer.
#[derive(Clone, Copy)]
pub(super) struct Raw {
    pub(super) data: *mut f32,
    pub(super) layout: Layout,
}

// SAFETY: a `Raw` is made from a slice borrowed for the whole layer. Tasks only read through those made from shared
// slices, and write through the others only the rows and blocks that no other task of the layer has.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Raw {
    /// Where pixel (y, x) of `block` lies.
    ///
    /// # Safety
    /// The block has such a pixel.
    #[inline(always)]
    unsafe fn at(&self, block: usize, y: usize, x: usize) -> *mut f32 {
        // SAFETY: offsets of pixels inside the layout are inside the slice it was made from.
        unsafe { self.data.add(self.layout.at(block, y, x)) }
    }

    /// The top left input pixel under the window of output pixel (y, x).
    ///
    /// # Safety
    /// (y, x) is a pixel of the output, and the layout's border is at least `padding`.
    #[inline(always)]
    unsafe fn window(&self, block: usize, y: usize, x: usize, stride: usize, padding: usize) -> *const f32 {
        let skip = self.layout.border - padding;
        let offset = block * self.layout.block()
            + (y * stride + skip) * self.layout.row()
            + (x * stride + skip) * self.layout.lanes;
        // SAFETY: the window of an output pixel begins inside the border, by the formula of the output's size.
        unsafe { self.data.add(offset) }
    }
}

/// One layer's memory.
#[derive(Clone, Copy)]
pub(super) struct Job {
    pub(super) x: Raw,
    pub(super) residual: Option<Raw>,
    pub(super) out: Raw,
    pub(super) second: Option<Raw>,
}

/// Calls a tile function with its pixel count as a constant.
macro_rules! with_pixels {
    ($pixels:expr, $function:ident::<$($generic:tt),+>($($argument:expr),*)) => {
        match $pixels {
            1 => $function::<$($generic),+, 1>($($argument),*),
            2 => $function::<$($generic),+, 2>($($argument),*),
            3 => $function::<$($generic),+, 3>($($argument),*),
            4 => $function::<$($generic),+, 4>($($argument),*),
            5 => $function::<$($generic),+, 5>($($argument),*),
            _ => $function::<$($generic),+, TILE_PIXELS>($($argument),*),
        }
    };
}

/// As [`with_pixels`], with the distance of the input pixels as a constant where it is a usual one: addresses are then
/// part of the instructions. 0 stands for any distance.
macro_rules! with_step {
    ($step:expr, $pixels:expr, $function:ident::<$V:tt, $blocks:tt>($($argument:expr),*)) => {
        match $step {
            1 => with_pixels!($pixels, $function::<$V, $blocks, 1>($($argument),*)),
            2 => with_pixels!($pixels, $function::<$V, $blocks, 2>($($argument),*)),
            4 if $V::LANES == 4 => with_pixels!($pixels, $function::<$V, $blocks, 4>($($argument),*)),
            8 => with_pixels!($pixels, $function::<$V, $blocks, 8>($($argument),*)),
            16 if $V::LANES >= 8 => with_pixels!($pixels, $function::<$V, $blocks, 16>($($argument),*)),
            _ => with_pixels!($pixels, $function::<$V, $blocks, 0>($($argument),*)),
        }
    };
}

/// Rows `rows` of the blocks of `tile`: sums, then [`finish_row`].
///
/// # Safety
/// The processor has `V`'s instructions; `job` fits `conv` and `finish` as `kernels::conv` checks it; no other task
/// writes these rows of these blocks.
#[inline(always)]
pub(super) unsafe fn conv_rows<V: Vector>(
    conv: &PackedConv,
    finish: &Finish,
    job: &Job,
    tile: Tile,
    rows: Range<usize>,
) {
    let step = conv.window.stride * job.x.layout.lanes;
    for y in rows {
        for (x, pixels) in spans(job.out.layout.shape.width, TILE_PIXELS) {
            // SAFETY: spans cover the row and do not leave it; the rest is the caller's promise.
            unsafe {
                match tile.out_blocks {
                    1 => with_step!(step, pixels, conv_tile::<V, 1>(conv, job, tile, y, x)),
                    _ => with_step!(step, pixels, conv_tile::<V, TILE_BLOCKS>(conv, job, tile, y, x)),
                }
            }
        }
        for block in tile.out_block..tile.out_block + tile.out_blocks {
            // SAFETY: the caller's promise.
            unsafe { finish_row::<V>(finish, job, block, y) };
        }
    }
}

/// Sums of `PIXELS` pixels from (y, x) on, for `BLOCKS` output blocks.
///
/// # Safety
/// As [`conv_rows`], the pixels inside the row, `BLOCKS` the tile's count.
#[inline(always)]
unsafe fn conv_tile<V: Vector, const BLOCKS: usize, const STEP: usize, const PIXELS: usize>(
    conv: &PackedConv,
    job: &Job,
    tile: Tile,
    y: usize,
    x: usize,
) {
    let from = job.x.layout;
    let (kh, kw) = conv.window.kernel;
    let step = if STEP == 0 { conv.window.stride * from.lanes } else { STEP };
    // SAFETY: bias and weights are as long as packing made them, which is what these loops walk; input windows lie
    // inside the bordered input and output pixels inside the output, by the caller's promise.
    unsafe {
        let bias = conv.bias.as_slice().as_ptr().add(tile.out_block * V::LANES);
        let mut sums = [[V::splat(0.0); PIXELS]; BLOCKS];
        for (block, sums) in sums.iter_mut().enumerate() {
            *sums = [V::load(bias.add(block * V::LANES)); PIXELS];
        }
        let mut weights = conv.weights.as_slice().as_ptr().add(tile.weights);
        for in_block in tile.in_block..tile.in_block + tile.in_blocks {
            let lanes = from.lanes_in(in_block);
            let window = job.x.window(in_block, y, x, conv.window.stride, conv.window.padding);
            for ky in 0..kh {
                for kx in 0..kw {
                    let tap = window.add(ky * from.row() + kx * from.lanes);
                    for lane in 0..lanes {
                        multiply::<V, BLOCKS, PIXELS>(&mut sums, weights, tap.add(lane), step);
                        weights = weights.add(BLOCKS * V::LANES);
                    }
                }
            }
        }
        for (block, sums) in sums.iter().enumerate() {
            let out = job.out.at(tile.out_block + block, y, x);
            for (pixel, sum) in sums.iter().enumerate() {
                sum.store(out.add(pixel * V::LANES));
            }
        }
    }
}

/// Adds one input channel of `PIXELS` pixels, `step` floats apart, times `BLOCKS` vectors of weights.
///
/// # Safety
/// As [`conv_tile`].
#[inline(always)]
unsafe fn multiply<V: Vector, const BLOCKS: usize, const PIXELS: usize>(
    sums: &mut [[V; PIXELS]; BLOCKS],
    weights: *const f32,
    input: *const f32,
    step: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut factors = [V::splat(0.0); BLOCKS];
        for (block, factor) in factors.iter_mut().enumerate() {
            *factor = V::load(weights.add(block * V::LANES));
        }
        for pixel in 0..PIXELS {
            let value = V::splat(*input.add(pixel * step));
            for (sums, factor) in sums.iter_mut().zip(factors) {
                sums[pixel] = factor.mul_add(value, sums[pixel]);
            }
        }
    }
}

/// Rows `rows` of one block of a depthwise convolution: sums, then [`finish_row`].
///
/// # Safety
/// As [`conv_rows`], with `kernels::depthwise` as the check.
#[inline(always)]
pub(super) unsafe fn depthwise_rows<V: Vector>(
    conv: &PackedDepthwise,
    finish: &Finish,
    job: &Job,
    block: usize,
    rows: Range<usize>,
) {
    for y in rows {
        for (x, pixels) in spans(job.out.layout.shape.width, TILE_PIXELS) {
            // SAFETY: spans cover the row and do not leave it; the rest is the caller's promise.
            unsafe { with_pixels!(pixels, depthwise_tile::<V>(conv, job, block, y, x)) };
        }
        // SAFETY: the caller's promise.
        unsafe { finish_row::<V>(finish, job, block, y) };
    }
}

/// Sums of `PIXELS` pixels from (y, x) on.
///
/// # Safety
/// As [`depthwise_rows`], the pixels inside the row.
#[inline(always)]
unsafe fn depthwise_tile<V: Vector, const PIXELS: usize>(
    conv: &PackedDepthwise,
    job: &Job,
    block: usize,
    y: usize,
    x: usize,
) {
    let from = job.x.layout;
    let (kh, kw) = conv.window.kernel;
    let step = conv.window.stride * V::LANES;
    // SAFETY: as in `conv_tile`.
    unsafe {
        let mut sums = [V::load(conv.bias.as_slice().as_ptr().add(block * V::LANES)); PIXELS];
        let mut weights = conv.weights.as_slice().as_ptr().add(block * kh * kw * V::LANES);
        let window = job.x.window(block, y, x, conv.window.stride, conv.window.padding);
        for ky in 0..kh {
            for kx in 0..kw {
                let tap = window.add(ky * from.row() + kx * V::LANES);
                let factor = V::load(weights);
                weights = weights.add(V::LANES);
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    *sum = factor.mul_add(V::load(tap.add(pixel * step)), *sum);
                }
            }
        }
        let out = job.out.at(block, y, x);
        for (pixel, sum) in sums.iter().enumerate() {
            sum.store(out.add(pixel * V::LANES));
        }
    }
}

/// Residual, activation and second output of one row, while it is still in the first-level cache.
///
/// # Safety
/// As [`conv_rows`].
#[inline(always)]
unsafe fn finish_row<V: Vector>(finish: &Finish, job: &Job, block: usize, y: usize) {
    let pixels = job.out.layout.shape.width;
    // SAFETY: residual, output and second output have the same shape, slopes and affine a value for each lane; the
    // row of this block is this task's own.
    unsafe {
        let out = job.out.at(block, y, 0);
        let residual = job.residual.map(|raw| raw.at(block, y, 0).cast_const());
        if let Some(residual) = residual {
            for i in (0..pixels * V::LANES).step_by(V::LANES) {
                V::load(out.add(i)).add(V::load(residual.add(i))).store(out.add(i));
            }
        }
        match &finish.activation {
            PackedActivation::None => {}
            PackedActivation::Relu => {
                for i in (0..pixels * V::LANES).step_by(V::LANES) {
                    V::load(out.add(i)).max(V::splat(0.0)).store(out.add(i));
                }
            }
            PackedActivation::Prelu(slopes) => {
                let slope = V::load(slopes.as_slice().as_ptr().add(block * V::LANES));
                let zero = V::splat(0.0);
                for i in (0..pixels * V::LANES).step_by(V::LANES) {
                    let value = V::load(out.add(i));
                    value.min(zero).mul_add(slope, value.max(zero)).store(out.add(i));
                }
            }
            PackedActivation::Sigmoid => {
                for i in 0..pixels * V::LANES {
                    *out.add(i) = 1.0 / (1.0 + (-*out.add(i)).exp());
                }
            }
        }
        if let (Some((scale, shift)), Some(second)) = (&finish.affine, job.second) {
            let scale = V::load(scale.as_slice().as_ptr().add(block * V::LANES));
            let shift = V::load(shift.as_slice().as_ptr().add(block * V::LANES));
            let second = second.at(block, y, 0);
            for i in (0..pixels * V::LANES).step_by(V::LANES) {
                V::load(out.add(i)).mul_add(scale, shift).store(second.add(i));
            }
        }
    }
}
