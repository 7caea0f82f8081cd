//! The loops, written once over [`Vector`]: sums for a handful of pixels held in registers, finished there and stored.
//!
//! Everything here is `inline(always)`, so that it is compiled inside a function that enables an instruction set. Where
//! vectors are loaded and stored, addresses are made with `wrapping_add` and arrays walked by number: a development
//! build checks every `add` and keeps what iterators borrow in memory, which cost more than half of the time.
#![allow(clippy::needless_range_loop, reason = "registers, see above")]

use super::{
    super::{
        Shape,
        blocked::{LINE, Layout},
        pack::{Dense, Finish, PackedActivation, PackedConv, PackedDepthwise, Tile, Weights, spans},
    },
    Isa, dispatch,
    integers::{Pixels, Rounded},
    vector::Vector,
};
use half::f16;
use std::ops::Range;

/// Output blocks of a tile. More than one, so that a value that is read serves several multiplications; an odd block
/// makes the last tile one of three.
pub(in super::super) const TILE_BLOCKS: usize = 2;
/// Pixels of a tile of one or two blocks: 12 sums leave of 16 registers enough for what is multiplied, and one to spare,
/// without which compilers keep a sum in memory.
pub(super) const PIXELS_OF_FEW: usize = 6;
/// Pixels of a tile of three blocks.
pub(super) const PIXELS_OF_MANY: usize = 3;

/// Floats between what a tile stores and what it asks for meanwhile: as many lines as caches answer in that time.
const AHEAD: usize = 512;

/// Input channels, no more than a block has, that are multiplied between two looks at whether there are more.
const UNROLLED: usize = 8;

/// Memory of one value, shared by the tasks of one layer.
#[derive(Clone, Copy)]
pub(super) struct Raw {
    pub(super) data: *mut f32,
    pub(super) layout: Layout,
}

// SAFETY: a `Raw` is made from a slice borrowed for the whole layer. Tasks only read through those made from shared
// slices, and write through the others only the rows and blocks that no other task of the layer has.
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

impl Place {
    /// The place `floats` further on, which may be behind the last one.
    #[inline(always)]
    fn after(self, floats: usize) -> Self {
        Self {
            out: self.out.wrapping_add(floats),
            residual: self.residual.map(|at| at.wrapping_add(floats)),
            second: self.second.map(|at| at.wrapping_add(floats)),
        }
    }
}

/// What lies under the windows of a row of output pixels.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// The tile's; a depthwise convolution's own.
    pub(super) weights: *const f32,
    /// Top left of the first window, block 0.
    pub(super) first: *const f32,
    /// Floats from a window to the next.
    pub(super) step: usize,
    /// Floats from a row to the one below.
    pub(super) row: usize,
    /// Floats from a block to the next.
    pub(super) block: usize,
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
            _ => $function::<$($generic),+, 6>($($argument),*),
        }
    };
}

/// As [`with_pixels`] for tiles of three blocks.
macro_rules! with_few_pixels {
    ($pixels:expr, $function:ident::<$($generic:tt),+>($($argument:expr),*)) => {
        match $pixels {
            1 => $function::<$($generic),+, 1>($($argument),*),
            2 => $function::<$($generic),+, 2>($($argument),*),
            _ => $function::<$($generic),+, 3>($($argument),*),
        }
    };
}

/// Calls a macro with the distance of the windows as a constant where it is a usual one: addresses are then part of the
/// instructions. 0 stands for any distance.
macro_rules! with_step {
    ($step:expr, $V:tt, $with:ident!($pixels:expr, $function:ident, $blocks:tt, $arguments:tt)) => {
        match $step {
            4 if $V::LANES == 4 => $with!($pixels, $function::<$V, $blocks, 4> $arguments),
            8 if $V::LANES == 8 => $with!($pixels, $function::<$V, $blocks, 8> $arguments),
            16 if $V::LANES >= 8 => $with!($pixels, $function::<$V, $blocks, 16> $arguments),
            _ => $with!($pixels, $function::<$V, $blocks, 0> $arguments),
        }
    };
}

/// The weights of a tile, where need be made in `scratch`, which has [`PackedConv::scratch`] floats.
///
/// # Panics
/// When they or the room for them are not there.
///
/// # Safety
/// The processor has the instructions of `isa`; `scratch` starts on a cache line.
pub(super) unsafe fn weights_of<'a>(
    isa: Isa,
    conv: &'a PackedConv,
    tile: &Tile,
    scratch: &'a mut [f32],
) -> &'a [f32] {
    let place = tile.weights..tile.weights + tile.weight_count;
    match &conv.weights {
        Weights::Full(weights) => &weights.as_slice()[place],
        Weights::Half(weights) => {
            let from = &weights.as_slice()[place];
            let to = &mut scratch[..from.len()];
            // SAFETY: the caller's promise; tiles begin and end with whole vectors.
            unsafe { dispatch::widen(isa, from, to) };
            to
        }
    }
}

/// Makes f32 of numbers in half precision, and asks for as many behind them, which are the next tile's: memory takes as
/// long to answer as the multiplications between take, and would be waited for at every line.
///
/// # Safety
/// The processor has `V`'s instructions; both slices are whole vectors and aligned to them.
#[inline(always)]
pub(super) unsafe fn widen<V: Vector>(from: &[f16], to: &mut [f32]) {
    /// Numbers in half precision of a cache line.
    const HALVES: usize = LINE * 2;
    let count = from.len().min(to.len());
    let (mut from, mut to) = (from.as_ptr(), to.as_mut_ptr());
    for first in (0..count).step_by(HALVES) {
        // SAFETY: the caller's promise; so many vectors are in both.
        unsafe {
            V::ask_for(from.wrapping_add(count));
            for _ in 0..(count - first).min(HALVES) / V::LANES {
                V::load_half(from).store(to);
                (from, to) = (from.wrapping_add(V::LANES), to.wrapping_add(V::LANES));
            }
        }
    }
}

/// Rows `rows`, counted over all pictures, of the blocks of `tile`.
///
/// # Safety
/// `job` fits `conv` and `finish` as `kernels::conv` checks it, and `weights` are the tile's; no other task writes these
/// rows of these blocks.
pub(super) unsafe fn conv_rows(
    isa: Isa,
    conv: &PackedConv,
    finish: &Finish,
    job: &Job,
    (tile, weights): (Tile, *const f32),
    rows: Range<usize>,
) {
    let (from, to, window) = (job.x.layout, job.out.layout.shape, conv.window);
    for row in rows {
        // SAFETY: the caller's promise: such rows are there, and so are the windows of their pixels.
        unsafe {
            let source = Source {
                weights,
                first: job.x.window(row, to.height, window.stride, window.padding),
                step: window.stride * from.lanes,
                row: from.row(),
                block: from.block(),
            };
            dispatch::conv_pixels(isa, conv, finish, tile, source, job.target(row), to.width);
        }
    }
}

/// A convolution that makes one pixel of a whole picture, over all pictures at once, so that weights are read once.
///
/// # Safety
/// As [`conv_rows`], with an output of one pixel without border.
pub(super) unsafe fn conv_pictures(
    isa: Isa,
    conv: &PackedConv,
    finish: &Finish,
    job: &Job,
    (tile, weights): (Tile, *const f32),
    pictures: usize,
) {
    let (from, window) = (job.x.layout, conv.window);
    // SAFETY: the caller's promise: without border, the pixels of consecutive pictures are neighbours.
    unsafe {
        let first = job.x.window(0, 1, window.stride, window.padding);
        let source = Source { weights, first, step: from.picture(), row: from.row(), block: from.block() };
        dispatch::conv_pixels(isa, conv, finish, tile, source, job.target(0), pictures);
    }
}

/// `pixels` neighbouring output pixels of the blocks of `tile`.
///
/// # Safety
/// The processor has `V`'s instructions; `source` has the tile's weights and covers the windows of as many pixels in all
/// input blocks of the tile, and `target` as many pixels in all its output blocks, nobody else writing there.
#[inline(always)]
pub(super) unsafe fn conv_pixels<V: Vector>(
    conv: &PackedConv,
    finish: &Finish,
    tile: Tile,
    source: Source,
    target: Target,
    pixels: usize,
) {
    let most = if tile.out_blocks > TILE_BLOCKS { PIXELS_OF_MANY } else { PIXELS_OF_FEW };
    for (x, pixels, count) in spans(pixels, most) {
        // SAFETY: spans cover the pixels and do not leave them; the rest is the caller's promise.
        unsafe {
            let source = Source { first: source.first.add(x * source.step), ..source };
            let to = (target, x * V::LANES);
            match tile.out_blocks {
                1 => with_step!(
                    source.step,
                    V,
                    with_pixels!(pixels, conv_tiles, 1, (conv, finish, tile, source, to, count))
                ),
                2 => with_step!(
                    source.step,
                    V,
                    with_pixels!(pixels, conv_tiles, 2, (conv, finish, tile, source, to, count))
                ),
                _ => {
                    with_step!(
                        source.step,
                        V,
                        with_few_pixels!(pixels, conv_tiles, 3, (conv, finish, tile, source, to, count))
                    );
                }
            }
        }
    }
}

/// `count` times `PIXELS` pixels of `BLOCKS` output blocks.
///
/// # Safety
/// As [`conv_pixels`], `BLOCKS` being the tile's count and `STEP` the source's step or 0.
#[inline(always)]
unsafe fn conv_tiles<V: Vector, const BLOCKS: usize, const STEP: usize, const PIXELS: usize>(
    conv: &PackedConv,
    finish: &Finish,
    tile: Tile,
    mut source: Source,
    (target, mut floats): (Target, usize),
    count: usize,
) {
    for _ in 0..count {
        // SAFETY: the caller's promise.
        unsafe { conv_tile::<V, BLOCKS, STEP, PIXELS>(conv, finish, tile, source, (target, floats)) };
        source.first = source.first.wrapping_add(PIXELS * source.step);
        floats += PIXELS * V::LANES;
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
    // SAFETY: bias and weights are as long as `PackedConv::check` has found them, which is what these loops walk; windows
    // and places are the caller's promise.
    unsafe {
        let bias = conv.bias.as_slice().as_ptr().wrapping_add(tile.out_block * V::LANES);
        let mut sums = [[V::splat(0.0); PIXELS]; BLOCKS];
        for block in 0..BLOCKS {
            sums[block] = [V::load(bias.wrapping_add(block * V::LANES)); PIXELS];
        }
        let mut weights = source.weights;
        let mut window = source.first.wrapping_add(tile.in_block * source.block);
        // The taps of a row are neighbours: where all lanes count, they are read as one.
        let length = kw.wrapping_mul(conv.in_lanes);
        let at_once = V::LANES.min(UNROLLED);
        let whole = length.wrapping_sub(length % at_once);
        let last = conv.lanes_in((tile.in_block + tile.in_blocks).wrapping_sub(1));
        let part = usize::from(last != conv.in_lanes);
        for _ in part..tile.in_blocks {
            let mut line = window;
            for _ in 0..kh {
                let mut input = line;
                let (whole, end) = (line.wrapping_add(whole), line.wrapping_add(length));
                while input != whole {
                    for _ in 0..at_once {
                        multiply::<V, BLOCKS, PIXELS>(&mut sums, weights, input, step);
                        weights = weights.wrapping_add(BLOCKS * V::LANES);
                        input = input.wrapping_add(1);
                    }
                }
                while input != end {
                    multiply::<V, BLOCKS, PIXELS>(&mut sums, weights, input, step);
                    weights = weights.wrapping_add(BLOCKS * V::LANES);
                    input = input.wrapping_add(1);
                }
                line = line.wrapping_add(source.row);
            }
            window = window.wrapping_add(source.block);
        }
        // Of the last block only some lanes count.
        for row in 0..part.wrapping_mul(kh) {
            let mut tap = window.wrapping_add(row.wrapping_mul(source.row));
            for _ in 0..kw {
                let (mut input, end) = (tap, tap.wrapping_add(last));
                while input != end {
                    multiply::<V, BLOCKS, PIXELS>(&mut sums, weights, input, step);
                    weights = weights.wrapping_add(BLOCKS * V::LANES);
                    input = input.wrapping_add(1);
                }
                tap = tap.wrapping_add(conv.in_lanes);
            }
        }
        for block in tile.out_block..tile.out_block + BLOCKS {
            ask_ahead::<V>(target.out.0.wrapping_add(block * target.out.1 + floats + AHEAD), PIXELS);
        }
        // No loop: one that is not unrolled would number the sums at run time, for which they have to lie in memory.
        let out = tile.out_block;
        if let Some(sums) = sums.first() {
            finish_pixels::<V, PIXELS>(finish, out, *sums, target.place(out, floats));
        }
        if let Some(sums) = sums.get(1) {
            finish_pixels::<V, PIXELS>(finish, out + 1, *sums, target.place(out + 1, floats));
        }
        if let Some(sums) = sums.get(2) {
            finish_pixels::<V, PIXELS>(finish, out + 2, *sums, target.place(out + 2, floats));
        }
    }
}

/// Asks for the cache lines of `vectors` from `at` on, which need not be there.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
unsafe fn ask_ahead<V: Vector>(at: *const f32, vectors: usize) {
    for line in 0..(vectors * V::LANES).div_ceil(LINE) {
        // SAFETY: the caller's promise.
        unsafe { V::ask_for(at.wrapping_add(line * LINE)) };
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
        for block in 0..BLOCKS {
            factors[block] = V::load(weights.wrapping_add(block * V::LANES));
        }
        for pixel in 0..PIXELS {
            let value = V::splat_from(input.wrapping_add(pixel.wrapping_mul(step)));
            for block in 0..BLOCKS {
                sums[block][pixel] = factors[block].mul_add(value, sums[block][pixel]);
            }
        }
    }
}

/// Rows `rows`, counted over all pictures, of one block of a depthwise convolution.
///
/// # Safety
/// As [`conv_rows`], with `kernels::depthwise` as the check.
pub(super) unsafe fn depthwise_rows(
    isa: Isa,
    conv: &PackedDepthwise,
    finish: &Finish,
    job: &Job,
    block: usize,
    rows: Range<usize>,
) {
    let size = job.out.layout.shape;
    for row in rows {
        // SAFETY: the caller's promise.
        unsafe {
            let (blocks, target) = (block..block + 1, job.target(row));
            dispatch::depthwise_row(isa, conv, finish, job, blocks, (row, size), target);
        }
    }
}

/// One row of some blocks of a depthwise convolution over the job's input, whose output has `size`, to `target`.
///
/// # Safety
/// The processor has `V`'s instructions; the rest as [`depthwise_rows`]; nobody else writes to the target.
#[inline(always)]
pub(super) unsafe fn depthwise_row<V: Vector>(
    conv: &PackedDepthwise,
    finish: &Finish,
    job: &Job,
    blocks: Range<usize>,
    (row, size): (usize, Shape),
    target: Target,
) {
    let (from, window) = (job.x.layout, conv.window);
    // SAFETY: the caller's promise: there is such a row, and there are the windows of its pixels. Spans cover the row
    // and do not leave it.
    unsafe {
        let first = job.x.window(row, size.height, window.stride, window.padding);
        let weights = conv.weights.as_slice().as_ptr();
        let step = window.stride * V::LANES;
        let source = Source { weights, first, step, row: from.row(), block: from.block() };
        for (x, pixels, count) in spans(size.width, PIXELS_OF_FEW) {
            let source = Source { first: source.first.add(x * source.step), ..source };
            let (to, blocks) = ((target, x * V::LANES), blocks.clone());
            match (conv.window.kernel, conv.window.stride) {
                ((3, 3), 1) => {
                    with_pixels!(pixels, depthwise_tiles::<V, 1>(conv, finish, source, blocks, to, count));
                }
                ((3, 3), 2) => {
                    with_pixels!(pixels, depthwise_tiles::<V, 2>(conv, finish, source, blocks, to, count));
                }
                _ => with_pixels!(pixels, depthwise_tiles::<V, 0>(conv, finish, source, blocks, to, count)),
            }
        }
    }
}

/// `count` times `PIXELS` pixels of every one of `blocks`. `STRIDE` is 0 where the kernel is not 3x3 with a stride of
/// 1 or 2.
///
/// # Safety
/// As [`depthwise_row`], `source` being the windows of the pixels.
#[inline(always)]
unsafe fn depthwise_tiles<V: Vector, const STRIDE: usize, const PIXELS: usize>(
    conv: &PackedDepthwise,
    finish: &Finish,
    source: Source,
    blocks: Range<usize>,
    (target, floats): (Target, usize),
    count: usize,
) {
    for block in blocks {
        let mut window = source.first.wrapping_add(block * source.block);
        // SAFETY: the caller's promise.
        unsafe {
            let mut place = target.place(block, floats);
            for _ in 0..count {
                if STRIDE == 0 {
                    depthwise_tile::<V, PIXELS>(conv, finish, (window, source.row), block, place);
                } else {
                    depthwise_tile_3x3::<V, STRIDE, PIXELS>(conv, finish, (window, source.row), block, place);
                }
                window = window.wrapping_add(PIXELS * source.step);
                place = place.after(PIXELS * V::LANES);
            }
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
    // SAFETY: as in `conv_tile`, with `PackedDepthwise::check`.
    unsafe {
        let mut sums = [V::load(conv.bias.as_slice().as_ptr().wrapping_add(block * V::LANES)); PIXELS];
        let mut weights = conv.weights.as_slice().as_ptr().wrapping_add(block * kh * kw * V::LANES);
        let mut line = window;
        for _ in 0..kh {
            let mut tap = line;
            for _ in 0..kw {
                let factor = V::load(weights);
                for pixel in 0..PIXELS {
                    let value = V::load(tap.wrapping_add(pixel.wrapping_mul(step)));
                    sums[pixel] = factor.mul_add(value, sums[pixel]);
                }
                weights = weights.wrapping_add(V::LANES);
                tap = tap.wrapping_add(V::LANES);
            }
            line = line.wrapping_add(row);
        }
        finish_pixels::<V, PIXELS>(finish, block, sums, place);
    }
}

/// As [`depthwise_tile`] for the usual kernel: what neighbouring windows share is read once. Asks for the rows below, which
/// the next output row reads: processors look ahead along a row, not into another page.
///
/// # Safety
/// As [`depthwise_tile`], the kernel being 3x3 and the stride `STRIDE`.
#[inline(always)]
unsafe fn depthwise_tile_3x3<V: Vector, const STRIDE: usize, const PIXELS: usize>(
    conv: &PackedDepthwise,
    finish: &Finish,
    (window, row): (*const f32, usize),
    block: usize,
    place: Place,
) {
    // SAFETY: as in `conv_tile`, with `PackedDepthwise::check`.
    unsafe {
        let mut sums = [V::load(conv.bias.as_slice().as_ptr().wrapping_add(block * V::LANES)); PIXELS];
        let mut weights = conv.weights.as_slice().as_ptr().wrapping_add(block * 9 * V::LANES);
        let mut line = window;
        for _ in 0..3 {
            let left = V::load(weights);
            let middle = V::load(weights.wrapping_add(V::LANES));
            let right = V::load(weights.wrapping_add(2 * V::LANES));
            let mut tap = line;
            let (mut first, mut second) = (V::load(tap), V::load(tap.wrapping_add(V::LANES)));
            for pixel in 0..PIXELS {
                let third = V::load(tap.wrapping_add(2 * V::LANES));
                let sum = right.mul_add(third, sums[pixel]);
                sums[pixel] = left.mul_add(first, middle.mul_add(second, sum));
                tap = tap.wrapping_add(STRIDE * V::LANES);
                if STRIDE == 1 {
                    (first, second) = (second, third);
                } else {
                    first = third;
                    if pixel + 1 < PIXELS {
                        second = V::load(tap.wrapping_add(V::LANES));
                    }
                }
            }
            weights = weights.wrapping_add(3 * V::LANES);
            line = line.wrapping_add(row);
        }
        for below in 0..STRIDE {
            ask_ahead::<V>(line.wrapping_add(below * row), STRIDE * PIXELS);
        }
        finish_pixels::<V, PIXELS>(finish, block, sums, place);
    }
}

/// Rows `rows` of a depthwise convolution and the 1x1 convolution behind it. What is between them never leaves the
/// cache: a row of it lies in `between`, and `behind` that what it is rounded to.
///
/// # Safety
/// As [`depthwise_rows`] and [`conv_rows`], all blocks of these rows being this task's; `between` has room for a row of
/// all blocks, `behind` for the same rounded where that is needed, and both are nobody else's.
pub(super) unsafe fn separable_rows(
    isa: Isa,
    (depthwise, depthwise_finish): (&PackedDepthwise, &Finish),
    (conv, finish): (&Dense, &Finish),
    job: &Job,
    rows: Range<usize>,
    (between, behind): (*mut f32, *mut f32),
) {
    let size = job.out.layout.shape;
    let (step, blocks) = (job.x.layout.lanes, job.x.layout.blocks());
    let block = size.width * step;
    for row in rows {
        // SAFETY: the caller's promise; a pixel's window in `between` is the pixel.
        unsafe {
            let to = Target::plain(between, block);
            dispatch::depthwise_row(isa, depthwise, depthwise_finish, job, 0..blocks, (row, size), to);
            let target = job.target(row);
            match conv {
                Dense::Floats(conv) => {
                    for tile in &conv.tiles {
                        let weights = weights_of(isa, conv, tile, &mut []).as_ptr();
                        let source = Source { weights, first: between, step, row: block, block };
                        dispatch::conv_pixels(isa, conv, finish, *tile, source, target, size.width);
                    }
                }
                Dense::Integers(conv) => {
                    let rounded = Rounded::new(behind, conv.in_channels, 1, size.width);
                    let pixels = Pixels { first: between, step, block };
                    dispatch::round_pixels(isa, pixels, blocks, size.width, rounded);
                    for tile in &conv.tiles {
                        dispatch::integer_pixels(isa, conv, finish, *tile, (rounded, 1), target, size.width);
                    }
                }
            }
        }
    }
}

/// Adds the residual, applies the activation, stores, and stores what the affine makes of it. What is no number stays
/// none, so that a broken network does not answer as a sound one would: sums are the second operand of `min` and `max`.
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
            for pixel in 0..PIXELS {
                sums[pixel] = sums[pixel].add(V::load(residual.wrapping_add(pixel * V::LANES)));
            }
        }
        match &finish.activation {
            PackedActivation::None | PackedActivation::Sigmoid => {}
            PackedActivation::Relu => {
                for pixel in 0..PIXELS {
                    sums[pixel] = V::splat(0.0).max(sums[pixel]);
                }
            }
            PackedActivation::Prelu(slopes) => {
                let (slope, zero) = (V::load(slopes.as_slice().as_ptr().wrapping_add(lane)), V::splat(0.0));
                for pixel in 0..PIXELS {
                    sums[pixel] = zero.min(sums[pixel]).mul_add(slope, zero.max(sums[pixel]));
                }
            }
        }
        for pixel in 0..PIXELS {
            sums[pixel].store(place.out.wrapping_add(pixel * V::LANES));
        }
        if matches!(finish.activation, PackedActivation::Sigmoid) {
            sigmoids(place.out, PIXELS * V::LANES);
            for pixel in 0..PIXELS {
                sums[pixel] = V::load(place.out.wrapping_add(pixel * V::LANES));
            }
        }
        if let (Some((scale, shift)), Some(second)) = (&finish.affine, place.second) {
            let scale = V::load(scale.as_slice().as_ptr().wrapping_add(lane));
            let shift = V::load(shift.as_slice().as_ptr().wrapping_add(lane));
            for pixel in 0..PIXELS {
                let value = sums[pixel].mul_add(scale, shift);
                value.store(second.wrapping_add(pixel * V::LANES));
            }
        }
    }
}

/// The sigmoids of `count` values, in their place. Part of no tile, or every tile would be compiled with as many
/// exponentials as it has values.
///
/// # Safety
/// There are so many, and nobody else uses them.
#[inline(never)]
unsafe fn sigmoids(at: *mut f32, count: usize) {
    // SAFETY: the caller's promise.
    for value in unsafe { std::slice::from_raw_parts_mut(at, count) } {
        *value = sigmoid(*value);
    }
}

/// 1 / (1 + exp(-x)).
pub(in super::super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
