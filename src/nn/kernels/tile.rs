//! The loops, written once over [`Vector`]: sums for a handful of pixels held in registers, finished there and stored.
//!
//! Everything here is `inline(always)`, so that it is compiled inside a function that enables an instruction set.

use super::{
    super::{
        Shape,
        blocked::Layout,
        pack::{Finish, PackedActivation, PackedConv, PackedDepthwise, Tile, spans},
    },
    vector::Vector,
};
use std::ops::Range;

/// Output blocks that one tile has at most. More than one, so that a value that is read serves several
/// multiplications.
pub(in super::super) const TILE_BLOCKS: usize = 3;

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
    /// The first pixel of block 0 of a row, counted over all pictures.
    ///
    /// # Safety
    /// The layout has such a row.
    #[inline(always)]
    unsafe fn row(&self, row: usize) -> *mut f32 {
        let height = self.layout.shape.height;
        // SAFETY: offsets of pixels inside the layout are inside the slice it was made from.
        unsafe { self.data.add(self.layout.at(row / height, row % height, 0, 0)) }
    }

    /// The top left input pixel, of block 0, under the window of the first output pixel of row `row`, counted over
    /// all pictures of `height` rows.
    ///
    /// # Safety
    /// The output has such a row, and the layout's border is at least `padding`.
    #[inline(always)]
    pub(super) unsafe fn window(
        &self,
        row: usize,
        height: usize,
        stride: usize,
        padding: usize,
    ) -> *const f32 {
        // SAFETY: the window of an output pixel begins inside the border, by the formula of the output's size.
        unsafe { self.data.add(self.layout.at(row / height, row % height * stride, 0, padding)) }
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

impl Job {
    /// Where a row of the output goes.
    ///
    /// # Safety
    /// The output has such a row; residual and second output have its shape.
    #[inline(always)]
    pub(super) unsafe fn target(&self, row: usize) -> Target {
        // SAFETY: the caller's promise.
        unsafe {
            Target {
                out: (self.out.row(row), self.out.layout.block()),
                residual: self.residual.map(|raw| (raw.row(row).cast_const(), raw.layout.block())),
                second: self.second.map(|raw| (raw.row(row), raw.layout.block())),
            }
        }
    }
}

/// Where finished pixels go and what is added to them: the first pixel of block 0, and floats from a block to the next.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) out: (*mut f32, usize),
    pub(super) residual: Option<(*const f32, usize)>,
    pub(super) second: Option<(*mut f32, usize)>,
}

impl Target {
    /// Only an output.
    pub(super) fn plain(out: *mut f32, block: usize) -> Self {
        Self { out: (out, block), residual: None, second: None }
    }

    /// The pixels of one block from `floats` on.
    ///
    /// # Safety
    /// There are such pixels.
    #[inline(always)]
    pub(super) unsafe fn place(&self, block: usize, floats: usize) -> Place {
        // SAFETY: the caller's promise.
        unsafe {
            Place {
                out: self.out.0.add(block * self.out.1 + floats),
                residual: self.residual.map(|(at, stride)| at.add(block * stride + floats)),
                second: self.second.map(|(at, stride)| at.add(block * stride + floats)),
            }
        }
    }
}

/// [`Target`] for some pixels of one block.
#[derive(Clone, Copy)]
pub(super) struct Place {
    out: *mut f32,
    residual: Option<*const f32>,
    second: Option<*mut f32>,
}

/// What lies under the windows of a row of output pixels.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// Top left of the first window, block 0.
    pub(super) first: *const f32,
    /// Floats from a window to the next.
    pub(super) step: usize,
    /// Floats from a row to the one below.
    pub(super) row: usize,
    /// Floats from a block to the next.
    pub(super) block: usize,
}

/// Calls a tile function with its pixel count as a constant, up to what [`Vector::PIXELS`] allows tiles of one or two
/// blocks.
macro_rules! with_pixels {
    ($pixels:expr, $function:ident::<$V:tt $(, $generic:tt)*>($($argument:expr),*)) => {
        match $pixels {
            1 => $function::<$V $(, $generic)*, 1>($($argument),*),
            2 => $function::<$V $(, $generic)*, 2>($($argument),*),
            3 => $function::<$V $(, $generic)*, 3>($($argument),*),
            4 => $function::<$V $(, $generic)*, 4>($($argument),*),
            5 => $function::<$V $(, $generic)*, 5>($($argument),*),
            7 if $V::PIXELS.0 == 8 => $function::<$V $(, $generic)*, 7>($($argument),*),
            8 if $V::PIXELS.0 == 8 => $function::<$V $(, $generic)*, 8>($($argument),*),
            _ => $function::<$V $(, $generic)*, 6>($($argument),*),
        }
    };
}

/// As [`with_pixels`] for tiles of three blocks.
macro_rules! with_few_pixels {
    ($pixels:expr, $function:ident::<$V:tt $(, $generic:tt)*>($($argument:expr),*)) => {
        match $pixels {
            1 => $function::<$V $(, $generic)*, 1>($($argument),*),
            2 => $function::<$V $(, $generic)*, 2>($($argument),*),
            3 => $function::<$V $(, $generic)*, 3>($($argument),*),
            5 if $V::PIXELS.1 == 8 => $function::<$V $(, $generic)*, 5>($($argument),*),
            6 if $V::PIXELS.1 == 8 => $function::<$V $(, $generic)*, 6>($($argument),*),
            7 if $V::PIXELS.1 == 8 => $function::<$V $(, $generic)*, 7>($($argument),*),
            8 if $V::PIXELS.1 == 8 => $function::<$V $(, $generic)*, 8>($($argument),*),
            _ => $function::<$V $(, $generic)*, 4>($($argument),*),
        }
    };
}

/// Rows `rows`, counted over all pictures, of the blocks of `tile`.
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
    let (from, to, window) = (job.x.layout, job.out.layout.shape, conv.window);
    for row in rows {
        // SAFETY: the caller's promise: such rows are there, and so are the windows of their pixels.
        unsafe {
            let source = Source {
                first: job.x.window(row, to.height, window.stride, window.padding),
                step: window.stride * from.lanes,
                row: from.row(),
                block: from.block(),
            };
            let target = job.target(row);
            // Usual distances of the windows as constants: addresses are then part of the instructions.
            match source.step {
                4 if V::LANES == 4 => conv_pixels::<V, 4>(conv, finish, tile, source, target, to.width),
                8 if V::LANES == 8 => conv_pixels::<V, 8>(conv, finish, tile, source, target, to.width),
                16 if V::LANES >= 8 => conv_pixels::<V, 16>(conv, finish, tile, source, target, to.width),
                32 if V::LANES == 16 => conv_pixels::<V, 32>(conv, finish, tile, source, target, to.width),
                _ => conv_pixels::<V, 0>(conv, finish, tile, source, target, to.width),
            }
        }
    }
}

/// A convolution that makes one pixel of a whole picture, over all pictures at once, so that weights are read once.
///
/// # Safety
/// As [`conv_rows`], with an output of one pixel without border.
#[inline(always)]
pub(super) unsafe fn conv_pictures<V: Vector>(
    conv: &PackedConv,
    finish: &Finish,
    job: &Job,
    tile: Tile,
    pictures: usize,
) {
    let (from, window) = (job.x.layout, conv.window);
    // SAFETY: the caller's promise: without border, the pixels of consecutive pictures are neighbours.
    unsafe {
        let first = job.x.window(0, 1, window.stride, window.padding);
        let source = Source { first, step: from.picture(), row: from.row(), block: from.block() };
        conv_pixels::<V, 0>(conv, finish, tile, source, job.target(0), pictures);
    }
}

/// `pixels` neighbouring output pixels of the blocks of `tile`. `STEP` is the source's step, or 0 for any.
///
/// # Safety
/// `source` covers the windows of as many pixels in all input blocks of the tile, and `target` as many pixels in all
/// its output blocks, nobody else writing there.
#[inline(always)]
pub(super) unsafe fn conv_pixels<V: Vector, const STEP: usize>(
    conv: &PackedConv,
    finish: &Finish,
    tile: Tile,
    source: Source,
    target: Target,
    pixels: usize,
) {
    let most = if tile.out_blocks == TILE_BLOCKS { V::PIXELS.1 } else { V::PIXELS.0 };
    for (x, pixels) in spans(pixels, most) {
        // SAFETY: spans cover the pixels and do not leave them; the rest is the caller's promise.
        unsafe {
            let source = Source { first: source.first.add(x * source.step), ..source };
            let to = (target, x * V::LANES);
            match tile.out_blocks {
                1 => with_pixels!(pixels, conv_tile::<V, 1, STEP>(conv, finish, tile, source, to)),
                2 => with_pixels!(pixels, conv_tile::<V, 2, STEP>(conv, finish, tile, source, to)),
                _ => with_few_pixels!(pixels, conv_tile::<V, 3, STEP>(conv, finish, tile, source, to)),
            }
        }
    }
}

/// [`conv_pixels`] where a pixel's window is the pixel, as in a 1x1 convolution.
///
/// # Safety
/// As [`conv_pixels`]; the source's step is [`Vector::LANES`].
#[inline(always)]
pub(super) unsafe fn neighbouring_pixels<V: Vector>(
    conv: &PackedConv,
    finish: &Finish,
    tile: Tile,
    source: Source,
    target: Target,
    pixels: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match V::LANES {
            4 => conv_pixels::<V, 4>(conv, finish, tile, source, target, pixels),
            8 => conv_pixels::<V, 8>(conv, finish, tile, source, target, pixels),
            _ => conv_pixels::<V, 16>(conv, finish, tile, source, target, pixels),
        }
    }
}

/// `PIXELS` pixels of `BLOCKS` output blocks.
///
/// # Safety
/// As [`conv_pixels`], `BLOCKS` being the tile's count and `STEP` the source's step or 0.
#[inline(always)]
unsafe fn conv_tile<V: Vector, const BLOCKS: usize, const STEP: usize, const PIXELS: usize>(
    conv: &PackedConv,
    finish: &Finish,
    tile: Tile,
    source: Source,
    (target, floats): (Target, usize),
) {
    let (kh, kw) = conv.window.kernel;
    let step = if STEP == 0 { source.step } else { STEP };
    // SAFETY: bias and weights are as long as packing made them, which is what these loops walk; windows and places are
    // the caller's promise.
    unsafe {
        let bias = conv.bias.as_slice().as_ptr().add(tile.out_block * V::LANES);
        let mut sums = [[V::splat(0.0); PIXELS]; BLOCKS];
        for (block, sums) in sums.iter_mut().enumerate() {
            *sums = [V::load(bias.add(block * V::LANES)); PIXELS];
        }
        let mut weights = conv.weights.as_slice().as_ptr().add(tile.weights);
        for in_block in tile.in_block..tile.in_block + tile.in_blocks {
            let lanes = conv.lanes_in(in_block);
            let window = source.first.add(in_block * source.block);
            for ky in 0..kh {
                for kx in 0..kw {
                    let tap = window.add(ky * source.row + kx * conv.in_lanes);
                    for lane in 0..lanes {
                        multiply::<V, BLOCKS, PIXELS>(&mut sums, weights, tap.add(lane), step);
                        weights = weights.add(BLOCKS * V::LANES);
                    }
                }
            }
        }
        for (block, sums) in sums.into_iter().enumerate() {
            let block = tile.out_block + block;
            finish_pixels::<V, PIXELS>(finish, block, sums, target.place(block, floats));
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

/// Rows `rows`, counted over all pictures, of one block of a depthwise convolution.
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
    for row in rows {
        // SAFETY: the caller's promise.
        unsafe { depthwise_row::<V>(conv, finish, job, block, (row, job.out.layout.shape), job.target(row)) };
    }
}

/// One row of one block of a depthwise convolution over the job's input, whose output has `size`, to `target`.
///
/// # Safety
/// As [`depthwise_rows`]; nobody else writes to the target.
#[inline(always)]
pub(super) unsafe fn depthwise_row<V: Vector>(
    conv: &PackedDepthwise,
    finish: &Finish,
    job: &Job,
    block: usize,
    (row, size): (usize, Shape),
    target: Target,
) {
    let (from, window) = (job.x.layout, conv.window);
    // SAFETY: the caller's promise: there is such a row, and there are the windows of its pixels. Spans cover the row
    // and do not leave it.
    unsafe {
        let first = job.x.window(row, size.height, window.stride, window.padding).add(block * from.block());
        for (x, pixels) in spans(size.width, V::PIXELS.0) {
            let window = first.add(x * window.stride * V::LANES);
            let place = target.place(block, x * V::LANES);
            with_pixels!(pixels, depthwise_tile::<V>(conv, finish, (window, from.row()), block, place));
        }
    }
}

/// `PIXELS` pixels of one block.
///
/// # Safety
/// As [`depthwise_row`], the windows of the pixels beginning at `window`.
#[inline(always)]
unsafe fn depthwise_tile<V: Vector, const PIXELS: usize>(
    conv: &PackedDepthwise,
    finish: &Finish,
    (window, row): (*const f32, usize),
    block: usize,
    place: Place,
) {
    let (kh, kw) = conv.window.kernel;
    let step = conv.window.stride * V::LANES;
    // SAFETY: as in `conv_tile`.
    unsafe {
        let mut sums = [V::load(conv.bias.as_slice().as_ptr().add(block * V::LANES)); PIXELS];
        let mut weights = conv.weights.as_slice().as_ptr().add(block * kh * kw * V::LANES);
        for ky in 0..kh {
            for kx in 0..kw {
                let tap = window.add(ky * row + kx * V::LANES);
                let factor = V::load(weights);
                weights = weights.add(V::LANES);
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    *sum = factor.mul_add(V::load(tap.add(pixel * step)), *sum);
                }
            }
        }
        finish_pixels::<V, PIXELS>(finish, block, sums, place);
    }
}

/// Rows `rows` of a depthwise convolution and the 1x1 convolution behind it. What is between them never leaves the
/// cache: a row of it lies in `between`.
///
/// # Safety
/// As [`depthwise_rows`] and [`conv_rows`], all blocks of these rows being this task's; `between` has room for a row of
/// all blocks and is nobody else's.
#[inline(always)]
pub(super) unsafe fn separable_rows<V: Vector>(
    (depthwise, depthwise_finish): (&PackedDepthwise, &Finish),
    (conv, finish): (&PackedConv, &Finish),
    job: &Job,
    rows: Range<usize>,
    between: *mut f32,
) {
    let size = job.out.layout.shape;
    let block = size.width * V::LANES;
    for row in rows {
        // SAFETY: the caller's promise; a pixel's window in `between` is the pixel.
        unsafe {
            for in_block in 0..job.x.layout.blocks() {
                let to = Target::plain(between, block);
                depthwise_row::<V>(depthwise, depthwise_finish, job, in_block, (row, size), to);
            }
            let source = Source { first: between, step: V::LANES, row: block, block };
            for tile in &conv.tiles {
                neighbouring_pixels::<V>(conv, finish, *tile, source, job.target(row), size.width);
            }
        }
    }
}

/// Adds the residual, applies the activation, stores, and stores what the affine makes of it.
///
/// # Safety
/// `place` is `PIXELS` pixels of `block`, for which `finish` has values.
#[inline(always)]
pub(super) unsafe fn finish_pixels<V: Vector, const PIXELS: usize>(
    finish: &Finish,
    block: usize,
    mut sums: [V; PIXELS],
    place: Place,
) {
    let lane = block * V::LANES;
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(residual) = place.residual {
            for (pixel, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(V::load(residual.add(pixel * V::LANES)));
            }
        }
        match &finish.activation {
            PackedActivation::None | PackedActivation::Sigmoid => {}
            PackedActivation::Relu => sums.iter_mut().for_each(|sum| *sum = sum.max(V::splat(0.0))),
            PackedActivation::Prelu(slopes) => {
                let (slope, zero) = (V::load(slopes.as_slice().as_ptr().add(lane)), V::splat(0.0));
                for sum in &mut sums {
                    *sum = sum.min(zero).mul_add(slope, sum.max(zero));
                }
            }
        }
        for (pixel, sum) in sums.iter().enumerate() {
            sum.store(place.out.add(pixel * V::LANES));
        }
        if matches!(finish.activation, PackedActivation::Sigmoid) {
            for (i, sum) in sums.iter_mut().enumerate() {
                let at = place.out.add(i * V::LANES);
                for value in std::slice::from_raw_parts_mut(at, V::LANES) {
                    *value = sigmoid(*value);
                }
                *sum = V::load(at);
            }
        }
        if let (Some((scale, shift)), Some(second)) = (&finish.affine, place.second) {
            let scale = V::load(scale.as_slice().as_ptr().add(lane));
            let shift = V::load(shift.as_slice().as_ptr().add(lane));
            for (pixel, sum) in sums.iter().enumerate() {
                sum.mul_add(scale, shift).store(second.add(pixel * V::LANES));
            }
        }
    }
}

/// 1 / (1 + exp(-x)).
pub(in super::super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
