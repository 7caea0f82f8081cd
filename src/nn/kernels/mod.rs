//! Kernels behind safe functions: each checks once that everything fits, then spreads raw loops over the threads.
//!
//! They must not know which network they are part of.
#![allow(
    unsafe_code,
    reason = "vector instructions and rows shared between threads; each block says why it is sound"
)]
#![allow(
    clippy::inline_always,
    reason = "only what is inlined into a function with a target feature is compiled for it"
)]

#[macro_use]
mod tile;
mod integers;
mod isa;
mod stem;
mod vector;
mod winograd;

use super::{
    Shape,
    blocked::{LINE, Layout, starts_on_a_line},
    pack::{
        CHUNK, Dense, Finish, PackedActivation, PackedConv, PackedDepthwise, PackedIntegers, PackedWinograd,
        SCARCE_WEIGHTS, Tile,
    },
    team::Run,
};
use half::f16;
use integers::{Pixels, Rounded};
use isa::Set;
use std::ops::Range;
use tile::{Source, Target};
use vector::Portable;
#[cfg(target_arch = "x86_64")]
use vector::{Avx2, Avx512};
use winograd::{Space, Stretch};

pub(super) use integers::Pieces;
pub(super) use isa::Isa;
pub(super) use stem::{Bands, stem};
pub(super) use tile::{TILE_BLOCKS, sigmoid};
pub(super) use winograd::Geometry;

/// A value to read.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    data: &'a [f32],
    layout: Layout,
}

/// A value to write.
pub(super) struct ViewMut<'a> {
    data: &'a mut [f32],
    layout: Layout,
}

impl View<'_> {
    /// Shape of one picture.
    pub(super) fn shape(&self) -> Shape {
        self.layout.shape
    }

    /// The pixels of one row, counted over all pictures, of one block.
    pub(super) fn row(&self, block: usize, row: usize) -> &[f32] {
        self.layout.row_of(self.data, block, row)
    }
}

impl ViewMut<'_> {
    /// How the values lie.
    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// As [`View::row`], to write.
    pub(super) fn row_mut(&mut self, block: usize, row: usize) -> &mut [f32] {
        self.layout.row_of_mut(self.data, block, row)
    }
}

impl<'a> View<'a> {
    pub(super) fn new(data: &'a [f32], layout: Layout) -> Self {
        assert_eq!(data.len(), layout.len(), "a buffer is as long as its layout");
        assert!(starts_on_a_line(data), "what is not in a `Buffer` cannot be loaded by vectors");
        Self { data, layout }
    }

    fn raw(&self) -> tile::Raw {
        tile::Raw { data: self.data.as_ptr().cast_mut(), layout: self.layout }
    }
}

impl<'a> ViewMut<'a> {
    pub(super) fn new(data: &'a mut [f32], layout: Layout) -> Self {
        assert_eq!(data.len(), layout.len(), "a buffer is as long as its layout");
        assert!(starts_on_a_line(data), "what is not in a `Buffer` cannot be loaded by vectors");
        Self { data, layout }
    }

    fn raw(&mut self) -> tile::Raw {
        tile::Raw { data: self.data.as_mut_ptr(), layout: self.layout }
    }
}

/// What one layer reads and writes; `second` is out * scale + shift.
pub(super) struct Io<'a> {
    /// Pictures to compute; there is room for as many in all values.
    pub(super) pictures: usize,
    pub(super) x: View<'a>,
    pub(super) residual: Option<View<'a>>,
    pub(super) out: ViewMut<'a>,
    pub(super) second: Option<ViewMut<'a>>,
}

impl Io<'_> {
    /// Panics unless residual, output, second output and what finishes them have one shape, and all room for the
    /// pictures. The raw loops rely on it.
    fn check(&self, lanes: usize, finish: &Finish) {
        let out = self.out.layout;
        let fits = |other: Layout| other.pictures >= self.pictures;
        let same = |other: Layout| other.shape == out.shape && other.lanes == lanes && fits(other);
        assert!(fits(self.x.layout), "the input has room for all pictures");
        assert!(same(out), "the output is blocked for this instruction set");
        assert!(self.residual.is_none_or(|r| same(r.layout)), "the residual has the output's shape");
        assert!(
            self.second.as_ref().is_none_or(|s| same(s.layout)),
            "the second output has the output's shape"
        );
        finish.check(out.blocks() * lanes);
    }

    /// Whether no output and no residual has a border: pictures of one pixel are then neighbours.
    fn have_no_border(&self) -> bool {
        let residual = self.residual.as_ref().map(|view| view.layout.border);
        let second = self.second.as_ref().map(|view| view.layout.border);
        [Some(self.out.layout.border), residual, second].into_iter().flatten().all(|border| border == 0)
    }

    fn job(&mut self) -> tile::Job {
        tile::Job {
            x: self.x.raw(),
            residual: self.residual.as_ref().map(View::raw),
            out: self.out.raw(),
            second: self.second.as_mut().map(ViewMut::raw),
        }
    }
}

impl Finish {
    /// Panics unless there are values for `lanes` channels.
    fn check(&self, lanes: usize) {
        if let PackedActivation::Prelu(slopes) = &self.activation {
            assert_eq!(slopes.as_slice().len(), lanes, "one slope a lane");
        }
        if let Some((scale, shift)) = &self.affine {
            assert_eq!((scale.as_slice().len(), shift.as_slice().len()), (lanes, lanes), "one scale a lane");
        }
    }
}

/// Dense or grouped convolution with all that follows it. `workspace` holds [`PackedConv::scratch`] for every thread.
///
/// # Panics
/// When the layouts do not fit the weights, which a compiled plan rules out.
pub(super) fn conv(
    isa: Isa,
    run: &Run<'_>,
    conv: &PackedConv,
    finish: &Finish,
    mut io: Io<'_>,
    workspace: &mut [f32],
) {
    let (from, to, pictures) = (io.x.layout, io.out.layout, io.pictures);
    io.check(isa.lanes(), finish);
    assert_eq!((conv.lanes, conv.in_lanes, conv.in_channels), (to.lanes, from.lanes, from.shape.channels));
    assert!(conv.window.padding <= from.border && conv.window.output(from.shape) == Some(to.shape));
    conv.check(from.blocks(), to.blocks());
    let (kh, kw) = conv.window.kernel;
    let per_pixel = kh * kw * conv.tiles.first().map_or(1, |tile| tile.in_blocks * from.lanes);
    let cost = pictures * to.shape.len() * per_pixel;
    let neighbours = io.have_no_border();
    let (space, scratch) = (Space(workspace.as_mut_ptr()), conv.scratch());
    assert!(workspace.len() >= scratch * run.threads(), "each thread has its own weights");
    assert!(starts_on_a_line(workspace), "what is not in a `Buffer` cannot be loaded by vectors");
    let job = io.job();
    let tiles = conv.tiles.len();
    // SAFETY (both): an `Isa` exists only where the processor has its instructions. The asserts above are what the kernels
    // ask of the job. Task numbers map one to one to pairs of tile and row chunk (or just tiles), tiles to disjoint
    // output blocks and chunks to disjoint rows, so no two tasks write the same place, and each thread has its part of the
    // workspace; input and residual are borrowed shared for the whole call, the outputs exclusively.
    if to.shape.height * to.shape.width == 1 && pictures > 1 && neighbours {
        run.each(tiles, cost, |task, thread| {
            let Some(&tile) = conv.tiles.get(task) else { return };
            unsafe {
                let weights = tile::weights_of(isa, conv, &tile, space.part(0, thread, scratch)).as_ptr();
                tile::conv_pictures(isa, conv, finish, &job, (tile, weights), pictures);
            }
        });
        return;
    }
    let input_row = from.blocks() * from.row() * conv.window.stride;
    let mut chunks = Chunks::new(pictures * to.shape.height, input_row, tiles, run);
    if conv.weights.len() >= SCARCE_WEIGHTS && tiles >= 4 * run.threads() {
        // Weights that no cache holds are read once, even if the input is not.
        chunks = Chunks::of(chunks.height, chunks.height);
    }
    run.each(chunks.count * tiles, cost, |task, thread| {
        // Neighbouring tasks share input rows, which then stay in the second-level cache.
        let Some(&tile) = conv.tiles.get(task % tiles) else { return };
        unsafe {
            let weights = tile::weights_of(isa, conv, &tile, space.part(0, thread, scratch)).as_ptr();
            tile::conv_rows(isa, conv, finish, &job, (tile, weights), chunks.rows(task / tiles));
        }
    });
}

/// Dense convolution in integers with all that follows it. `workspace` holds [`Pieces::floats`] for every thread.
///
/// # Panics
/// As [`conv`].
pub(super) fn integers(
    isa: Isa,
    run: &Run<'_>,
    conv: &PackedIntegers,
    finish: &Finish,
    mut io: Io<'_>,
    workspace: &mut [f32],
) {
    let (from, to, pictures) = (io.x.layout, io.out.layout, io.pictures);
    io.check(isa.lanes(), finish);
    assert_eq!((conv.lanes, conv.in_channels, from.lanes), (to.lanes, from.shape.channels, to.lanes));
    assert!(conv.window.padding <= from.border && conv.window.output(from.shape) == Some(to.shape));
    conv.check(to.blocks());
    let neighbours = io.have_no_border();
    let pieces = Pieces::new(conv, (to.shape.height, to.shape.width), (pictures, neighbours), run.threads());
    let floats = pieces.floats();
    assert!(workspace.len() >= floats * run.threads(), "each thread has its own rounded inputs");
    assert!(starts_on_a_line(workspace), "what is not in a `Buffer` cannot be loaded by vectors");
    let space = Space(workspace.as_mut_ptr());
    let products = pictures * to.shape.height * to.shape.width * conv.weights.as_slice().len();
    let job = io.job();
    run.each(pieces.count * pieces.parts, products, |task, thread| {
        let what = (task / pieces.parts, task % pieces.parts);
        // SAFETY: as in `conv`, with a piece of the rows and a part of the output blocks a task; every thread has another part
        // of the workspace.
        unsafe {
            integers::integer_piece(isa, (conv, finish), &pieces, &job, what, space.at(thread * floats));
        }
    });
}

/// Depthwise convolution with all that follows it.
///
/// # Panics
/// As [`conv`].
pub(super) fn depthwise(isa: Isa, run: &Run<'_>, conv: &PackedDepthwise, finish: &Finish, mut io: Io<'_>) {
    let (from, to, pictures) = (io.x.layout, io.out.layout, io.pictures);
    io.check(isa.lanes(), finish);
    conv.check(from, to.lanes);
    assert!(conv.window.output(from.shape) == Some(to.shape));
    let chunks = Chunks::new(pictures * to.shape.height, from.row() * conv.window.stride, to.blocks(), run);
    let job = io.job();
    run.each(chunks.count * to.blocks(), conv.cost(pictures * to.shape.len()), |task, _| {
        let (block, rows) = (task % to.blocks(), chunks.rows(task / to.blocks()));
        // SAFETY: as in `conv`, with one block a task.
        unsafe { tile::depthwise_rows(isa, conv, finish, &job, block, rows) }
    });
}

/// Depthwise convolution and the 1x1 convolution behind it, in one pass. `workspace` holds for every thread
/// [`between_floats`] of what is between them.
///
/// # Panics
/// As [`conv`].
pub(super) fn separable(
    isa: Isa,
    run: &Run<'_>,
    (depthwise, depthwise_finish): (&PackedDepthwise, &Finish),
    (conv, finish): (&Dense, &Finish),
    mut io: Io<'_>,
    workspace: &mut [f32],
) {
    let (from, to, pictures) = (io.x.layout, io.out.layout, io.pictures);
    io.check(isa.lanes(), finish);
    depthwise.check(from, to.lanes);
    depthwise_finish.check(from.blocks() * from.lanes);
    let Some(between) = depthwise.window.output(from.shape) else {
        panic!("the depthwise kernel is larger than the padded input")
    };
    let window = match conv {
        Dense::Floats(conv) => {
            assert_eq!(
                (conv.in_channels, conv.in_lanes, conv.lanes),
                (from.shape.channels, to.lanes, to.lanes)
            );
            assert_eq!(conv.scratch(), 0);
            conv.check(from.blocks(), to.blocks());
            conv.window
        }
        Dense::Integers(conv) => {
            assert_eq!((conv.in_channels, conv.lanes), (from.shape.channels, to.lanes));
            conv.check(to.blocks());
            conv.window
        }
    };
    assert!(window.kernel == (1, 1) && window.stride == 1 && window.padding == 0);
    assert_eq!(window.output(between), Some(to.shape));
    let row = row_floats(between, to.lanes);
    let floats = between_floats(conv, between, to.lanes);
    assert!(workspace.len() >= floats * run.threads(), "each thread has its own row");
    assert!(starts_on_a_line(workspace), "what is not in a `Buffer` cannot be loaded by vectors");
    let space = Space(workspace.as_mut_ptr());
    let rows = pictures * to.shape.height;
    let chunks = Chunks::of(rows, rows.div_ceil(8 * run.threads()).min(8));
    let cost = depthwise.cost(pictures * between.len()) + pictures * to.shape.len() * from.shape.channels;
    let job = io.job();
    run.each(chunks.count, cost, |task, thread| {
        let (depthwise, conv) = ((depthwise, depthwise_finish), (conv, finish));
        // SAFETY: as in `conv`, with all blocks of a chunk of rows a task; every thread has another part of the workspace.
        unsafe {
            let between = (space.at(thread * floats), space.at(thread * floats + row));
            tile::separable_rows(isa, depthwise, conv, &job, chunks.rows(task), between);
        }
    });
}

/// Floats for one row of what is between the two convolutions of [`separable`], and for what `conv` rounds it to.
pub(super) fn between_floats(conv: &Dense, between: Shape, lanes: usize) -> usize {
    let rounded = match conv {
        Dense::Floats(_) => 0,
        Dense::Integers(conv) => Rounded::floats(conv.in_channels, between.width),
    };
    row_floats(between, lanes) + rounded
}

/// Floats for one row of whole blocks, in whole cache lines.
fn row_floats(shape: Shape, lanes: usize) -> usize {
    (shape.channels.next_multiple_of(lanes) * shape.width).next_multiple_of(LINE)
}

/// 3x3 convolution with stride 1 and all that follows it, by Winograd's algorithm. `workspace` has
/// [`Geometry::floats`] for every thread.
///
/// # Panics
/// As [`conv`].
pub(super) fn winograd(
    isa: Isa,
    run: &Run<'_>,
    conv: &PackedWinograd,
    finish: &Finish,
    mut io: Io<'_>,
    workspace: &mut [f32],
) {
    let (from, to, pictures) = (io.x.layout, io.out.layout, io.pictures);
    io.check(isa.lanes(), finish);
    assert_eq!((conv.lanes, conv.in_channels), (to.lanes, from.shape.channels));
    assert_eq!((from.lanes, conv.window.kernel, conv.window.stride), (to.lanes, (3, 3), 1));
    assert!(conv.window.padding <= from.border && conv.window.output(from.shape) == Some(to.shape));
    conv.check(from.blocks(), to.blocks());
    let size = (to.shape.height, to.shape.width);
    let geometry = Geometry::new(conv, size, pictures, run.threads());
    let floats = geometry.floats();
    assert!(workspace.len() >= floats * run.threads(), "each thread has its own tiles, and weights");
    assert!(starts_on_a_line(workspace), "what is not in a `Buffer` cannot be loaded by vectors");
    let space = Space(workspace.as_mut_ptr());
    let job = io.job();
    let products = geometry.elements * geometry.tiles * from.shape.channels * to.shape.channels;
    run.each(geometry.bands * geometry.parts, products, |task, thread| {
        // Neighbouring tasks have the same pixels.
        let (band, part) = (geometry.band(task / geometry.parts), task % geometry.parts);
        let (outputs, out_blocks) = conv.part(part, geometry.parts);
        // SAFETY: as in `conv`, with a band of tiles and a part of the output blocks a task; every thread has another part of
        // the workspace.
        unsafe {
            let tiles = Space(space.at(thread * floats));
            for block in 0..from.blocks() {
                for at in geometry.stretches(&band) {
                    dispatch::transform_inputs(isa, conv, &geometry, &job, tiles, block, at);
                }
            }
            for element in 0..geometry.elements {
                let what = (element, outputs.clone());
                winograd::multiply_element(isa, conv, &geometry, tiles, what, band.len());
            }
            for block in out_blocks {
                for at in geometry.stretches(&band) {
                    dispatch::transform_products(isa, conv, finish, &geometry, &job, tiles, block, at);
                }
            }
        }
    });
}

impl PackedConv {
    /// Panics unless there is a bias for every output lane, the tiles are the output's blocks one after the other, and the
    /// input blocks and weights of each are there.
    fn check(&self, in_blocks: usize, out_blocks: usize) {
        assert_eq!(self.bias.as_slice().len(), out_blocks * self.lanes, "one bias a lane");
        let (taps, mut behind) = (self.window.kernel.0 * self.window.kernel.1, 0);
        for tile in &self.tiles {
            assert!(tile.out_block == behind && (1..=TILE_BLOCKS + 1).contains(&tile.out_blocks));
            behind += tile.out_blocks;
            let end = tile.in_block + tile.in_blocks;
            assert!(tile.in_block < end && end <= in_blocks, "a tile's inputs are there");
            let channels = (end * self.in_lanes).min(self.in_channels) - tile.in_block * self.in_lanes;
            assert_eq!(tile.weight_count, channels * taps * tile.out_blocks * self.lanes);
            let fits = tile.weights.is_multiple_of(self.lanes)
                && tile.weights + tile.weight_count <= self.weights.len();
            assert!(fits, "a tile's weights are there");
        }
        assert_eq!(behind, out_blocks, "the tiles are the whole output");
    }
}

impl PackedWinograd {
    /// Panics unless there is a bias for every output lane and a 1x1 convolution, as [`PackedConv::check`] or
    /// [`PackedIntegers::check`] wants it and of the same tiles, for every element.
    fn check(&self, in_blocks: usize, out_blocks: usize) {
        assert_eq!(self.bias.as_slice().len(), out_blocks * self.lanes, "one bias a lane");
        assert!([2, 4].contains(&self.side) && self.elements.len() == (self.side + 2) * (self.side + 2));
        for element in &self.elements {
            match element {
                Dense::Floats(conv) => {
                    assert_eq!((conv.window.kernel, conv.tiles.len()), ((1, 1), self.tiles()));
                    assert_eq!((conv.lanes, conv.in_lanes), (self.lanes, self.lanes));
                    assert_eq!(conv.in_channels, self.in_channels);
                    conv.check(in_blocks, out_blocks);
                }
                Dense::Integers(conv) => {
                    assert_eq!((conv.window.kernel, conv.tiles.len()), ((1, 1), self.tiles()));
                    assert_eq!((conv.lanes, conv.in_channels), (self.lanes, self.in_channels));
                    conv.check(out_blocks);
                }
            }
        }
    }
}

impl PackedIntegers {
    /// Panics unless there are bias, units and weights for every output lane, the tiles are the output's blocks one after
    /// the other, and the inputs whole blocks.
    fn check(&self, out_blocks: usize) {
        let (taps, outputs) = (self.window.kernel.0 * self.window.kernel.1, out_blocks * self.lanes);
        assert!(self.in_channels.is_multiple_of(self.lanes) && CHUNK.is_multiple_of(self.lanes));
        assert_eq!(self.bias.as_slice().len(), outputs, "one bias a lane");
        assert_eq!(self.weights.as_slice().len(), outputs * self.in_channels * taps);
        assert_eq!(self.units.as_slice().len(), outputs * self.in_channels.div_ceil(CHUNK) * taps);
        let mut behind = 0;
        for &(out_block, out_blocks) in &self.tiles {
            assert!(out_block == behind && (1..=TILE_BLOCKS + 1).contains(&out_blocks));
            behind += out_blocks;
        }
        assert_eq!(behind, out_blocks, "the tiles are the whole output");
    }
}

impl PackedDepthwise {
    /// Panics unless it reads such a value, and there are bias and weights for every lane.
    fn check(&self, from: Layout, lanes: usize) {
        assert_eq!((self.lanes, from.lanes), (lanes, lanes), "depthwise convolutions read blocked values");
        assert_eq!(from.shape.channels, self.window.out_channels);
        assert!(self.window.padding <= from.border);
        let (all, (kh, kw)) = (from.blocks() * lanes, self.window.kernel);
        assert_eq!(self.bias.as_slice().len(), all, "one bias a lane");
        assert_eq!(self.weights.as_slice().len(), all * kh * kw, "one weight a tap and lane");
    }

    /// Multiplications for so many values; a tap costs a read as well.
    fn cost(&self, values: usize) -> usize {
        4 * values * self.window.kernel.0 * self.window.kernel.1
    }
}

/// Each kernel compiled for every instruction set, behind one function that chooses.
macro_rules! kernels {
    ($($module:ident::$kernel:ident($($argument:ident: $type:ty),* $(,)?);)*) => {
        mod dispatch {
            use super::*;

            $(
                /// # Safety
                /// As the kernel in its module.
                #[inline]
                #[allow(clippy::too_many_arguments, reason = "as many as the kernel's, and the instruction set")]
                pub(super) unsafe fn $kernel(isa: Isa, $($argument: $type),*) {
                    // SAFETY: the caller's promise; an `Isa` exists only where the processor has its instructions.
                    unsafe {
                        match isa.set() {
                            #[cfg(target_arch = "x86_64")]
                            Set::Avx512 => avx512::$kernel($($argument),*),
                            #[cfg(target_arch = "x86_64")]
                            Set::Avx2 => avx2::$kernel($($argument),*),
                            Set::Portable => portable::$kernel($($argument),*),
                        }
                    }
                }
            )*

            mod portable {
                use super::super::*;

                $(
                    /// # Safety
                    /// As the kernel in its module.
                    pub(super) unsafe fn $kernel($($argument: $type),*) {
                        // SAFETY: the caller's promise.
                        unsafe { $module::$kernel::<Portable>($($argument),*) }
                    }
                )*
            }

            #[cfg(target_arch = "x86_64")]
            mod avx512 {
                use super::super::*;

                $(
                    /// # Safety
                    /// As the kernel in its module; the processor has AVX-512 F, BW, DQ, VL and VNNI.
                    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")]
                    pub(super) unsafe fn $kernel($($argument: $type),*) {
                        // SAFETY: the caller's promise.
                        unsafe { $module::$kernel::<Avx512>($($argument),*) }
                    }
                )*
            }

            #[cfg(target_arch = "x86_64")]
            mod avx2 {
                use super::super::*;

                $(
                    /// # Safety
                    /// As the kernel in its module; the processor has AVX2, FMA and F16C.
                    #[target_feature(enable = "avx2,fma,f16c")]
                    pub(super) unsafe fn $kernel($($argument: $type),*) {
                        // SAFETY: the caller's promise.
                        unsafe { $module::$kernel::<Avx2>($($argument),*) }
                    }
                )*
            }
        }
    };
}

kernels! {
    tile::widen(from: &[f16], to: &mut [f32]);
    tile::conv_pixels(
        conv: &PackedConv, finish: &Finish, tile: Tile, source: Source, target: Target, pixels: usize,
    );
    integers::round_pixels(from: Pixels, blocks: usize, pixels: usize, to: Rounded);
    integers::integer_pixels(
        conv: &PackedIntegers, finish: &Finish, tile: (usize, usize), source: (Rounded, usize), target: Target,
        pixels: usize,
    );
    tile::depthwise_row(
        conv: &PackedDepthwise, finish: &Finish, job: &tile::Job, blocks: Range<usize>, row: (usize, Shape),
        target: Target,
    );
    winograd::transform_inputs(
        conv: &PackedWinograd, geometry: &Geometry, job: &tile::Job, space: Space, block: usize, at: Stretch,
    );
    winograd::transform_products(
        conv: &PackedWinograd, finish: &Finish, geometry: &Geometry, job: &tile::Job, space: Space,
        block: usize, at: Stretch,
    );
}

/// Output rows cut into pieces that one task computes.
#[derive(Clone, Copy)]
struct Chunks {
    height: usize,
    rows: usize,
    count: usize,
}

impl Chunks {
    /// Pieces whose input fits the second-level cache beside the weights, and enough of them, together with `others`
    /// independent blocks, that no thread waits long for the last.
    fn new(height: usize, input_floats_per_row: usize, others: usize, run: &Run<'_>) -> Self {
        const INPUT_FLOATS: usize = 32 * 1024;
        let cached = INPUT_FLOATS.div_ceil(input_floats_per_row.max(1));
        let wanted = (4 * run.threads()).div_ceil(others.max(1));
        Self::of(height, cached.min(height.div_ceil(wanted)))
    }

    fn of(height: usize, rows: usize) -> Self {
        let rows = rows.clamp(1, height.max(1));
        Self { height, rows, count: height.div_ceil(rows) }
    }

    fn rows(self, index: usize) -> Range<usize> {
        index * self.rows..((index + 1) * self.rows).min(self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        Activation, ConvWeights, Shape,
        blocked::{Buffer, from_planar, to_planar},
        pack::{Weights, Window},
        team::Team,
        testing::{assert_close, noise, plain_conv},
    };
    use proptest::prelude::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// A convolution and all that can follow it.
    #[derive(Clone, Debug)]
    struct Case {
        conv: Conv,
        way: Way,
        pictures: usize,
        height: usize,
        width: usize,
        planar: bool,
        numbers: Numbers,
        extra_border: usize,
        residual: bool,
        affine: bool,
        activation: usize,
        threads: usize,
        seed: u32,
    }

    /// What is multiplied.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Numbers {
        Full,
        /// Weights in half precision.
        Half,
        /// All in integers.
        Integers,
    }

    /// Which kernel computes it.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Way {
        /// [`depthwise`] where it is one and the input is blocked, else [`conv`].
        Plain,
        /// [`stem`]: of pictures as they are handed in.
        Stem,
        /// [`winograd`] with tiles of that side.
        Winograd(usize),
        /// [`separable`]: the convolution is depthwise, and a 1x1 one to that many channels follows.
        Separable(usize),
    }

    #[derive(Clone, Copy, Debug)]
    struct Conv {
        groups: usize,
        inputs: usize,
        outputs: usize,
        kernel: (usize, usize),
        stride: usize,
        padding: usize,
    }

    impl Case {
        fn weights(&self) -> ConvWeights {
            let Conv { groups, inputs, outputs, kernel, stride, padding } = self.conv;
            let out_channels = groups * outputs;
            let mut weight = noise(self.seed, out_channels * inputs * kernel.0 * kernel.1);
            if self.numbers == Numbers::Half {
                // Half precision holds multiples of 1/64 exactly, and what Winograd's 2x2 makes of them: multiples
                // of 1/256 up to 9/4. So whatever is computed in it equals the plain loop.
                weight[0] = 0.5;
                for weight in &mut weight {
                    *weight = (*weight * 64.0).round() / 64.0;
                }
            }
            ConvWeights {
                out_channels,
                in_channels_per_group: inputs,
                kernel,
                stride,
                padding,
                groups,
                weight,
                bias: noise(self.seed + 1, out_channels),
            }
        }

        fn activation(&self, channels: usize) -> Activation {
            match self.activation {
                0 => Activation::None,
                1 => Activation::Relu,
                2 => Activation::Prelu(noise(self.seed + 2, channels)),
                _ => Activation::Sigmoid,
            }
        }

        /// Runs kernel and plain loop on the same numbers and compares both outputs.
        fn check(&self, isa: Isa) {
            match (self.numbers, self.way) {
                (Numbers::Integers, Way::Separable(_)) => self.with_inputs_of(isa, |conv| &mut conv.groups),
                (Numbers::Integers, _) => self.with_inputs_of(isa, |conv| &mut conv.inputs),
                _ => self.clone(),
            }
            .check_as_it_is(isa);
        }

        /// With whole blocks of input channels, which integers need.
        fn with_inputs_of(&self, isa: Isa, inputs: fn(&mut Conv) -> &mut usize) -> Self {
            let mut case = self.clone();
            let inputs = inputs(&mut case.conv);
            *inputs = inputs.next_multiple_of(isa.lanes());
            case
        }

        fn check_as_it_is(&self, isa: Isa) {
            let (lanes, pictures) = (isa.lanes(), self.pictures);
            let weights = self.weights();
            let from = Shape { channels: weights.in_channels(), height: self.height, width: self.width };
            let between = Window::of(&weights).output(from).unwrap();
            let last = match self.way {
                Way::Separable(outputs) => pointwise(self.seed + 7, between.channels, outputs),
                _ => weights.clone(),
            };
            let to = Shape { channels: last.out_channels, ..between };
            let x = noise(self.seed + 3, pictures * from.len());
            let residual = noise(self.seed + 4, pictures * to.len());
            let (scale, shift) = (noise(self.seed + 5, to.channels), noise(self.seed + 6, to.channels));

            let in_lanes = if self.planar || self.way == Way::Stem { 1 } else { lanes };
            let blocked = |shape: Shape, lanes: usize, border: usize, values: &[f32]| {
                let layout = Layout { shape, pictures: pictures + self.extra_border, lanes, border };
                let mut buffer = Buffer::zeros(layout.len());
                from_planar(values, &layout, buffer.as_mut_slice());
                (layout, buffer)
            };
            let (x_layout, x_buffer) = blocked(from, in_lanes, weights.padding + self.extra_border, &x);
            let (r_layout, r_buffer) = blocked(to, lanes, 0, &residual);
            let unset = vec![f32::NAN; residual.len()];
            let (out_layout, mut out) = blocked(to, lanes, self.extra_border, &unset);
            let (second_layout, mut second) = blocked(to, lanes, 2, &unset);
            let activation = self.activation(to.channels);
            let affine = self.affine.then_some((scale.as_slice(), shift.as_slice()));
            let finish = Finish::new(&activation, affine, lanes);
            let io = Io {
                pictures,
                x: View::new(x_buffer.as_slice(), x_layout),
                residual: self.residual.then(|| View::new(r_buffer.as_slice(), r_layout)),
                out: ViewMut::new(out.as_mut_slice(), out_layout),
                second: self.affine.then(|| ViewMut::new(second.as_mut_slice(), second_layout)),
            };
            let inner = self.activation(between.channels);
            self.compute(isa, (&weights, &inner), &last, &finish, (&x, from), io);

            let mut expected = Vec::new();
            for (x, residual) in x.chunks(from.len()).zip(residual.chunks(to.len())) {
                let mut sums = plain_conv(&weights, from, x);
                if let Way::Separable(_) = self.way {
                    activate(&inner, between, &mut sums);
                    sums = plain_conv(&last, between, &sums);
                }
                let residual = residual.iter().map(|r| if self.residual { *r } else { 0.0 });
                sums.iter_mut().zip(residual).for_each(|(sum, residual)| *sum += residual);
                activate(&activation, to, &mut sums);
                expected.extend(sums);
            }
            let tolerance = match (self.way, self.numbers) {
                // The large tiles multiply by 8 and divide by 24: a few more roundings.
                (Way::Plain | Way::Winograd(2) | Way::Separable(_), Numbers::Integers) => 1e-3,
                (Way::Winograd(4), _) => 5e-5,
                _ => 1e-5,
            };
            let mut got = vec![0.0; expected.len()];
            to_planar(&out_layout, 0..to.channels, out.as_slice(), &mut got);
            assert_close(&got, &expected, tolerance);
            assert_border_is_zero(&out_layout, out.as_slice());
            if self.affine {
                let plane = to.height * to.width;
                let channel = |i: usize| i / plane % to.channels;
                let after = |(i, v): (usize, &f32)| v * scale[channel(i)] + shift[channel(i)];
                let expected: Vec<f32> = expected.iter().enumerate().map(after).collect();
                to_planar(&second_layout, 0..to.channels, second.as_slice(), &mut got);
                assert_close(&got, &expected, tolerance);
                assert_border_is_zero(&second_layout, second.as_slice());
            }
        }

        fn winograd(&self, side: usize, lanes: usize) -> PackedWinograd {
            let integers = self.numbers == Numbers::Integers;
            let mut packed = PackedWinograd::new(&self.weights(), side, lanes, integers);
            if self.numbers == Numbers::Half && side == 2 {
                let halved = |element| match element {
                    Dense::Floats(conv) => Dense::Floats(conv.halved()),
                    integers @ Dense::Integers(_) => integers,
                };
                packed.elements = packed.elements.into_iter().map(halved).collect();
                packed.scarce = true;
            }
            assert_eq!(packed.scratch() > 0, packed.scarce);
            assert_eq!(packed.has_integers(), integers && side == 2);
            packed
        }

        fn compute(
            &self,
            isa: Isa,
            (weights, inner): (&ConvWeights, &Activation),
            last: &ConvWeights,
            finish: &Finish,
            planar: (&[f32], Shape),
            io: Io<'_>,
        ) {
            let (lanes, in_lanes, to) = (isa.lanes(), io.x.layout.lanes, io.out.layout.shape);
            let workspace = |floats: usize| Buffer::from_values(&vec![f32::NAN; floats]);
            Team::apart(self.threads).enter(|run| {
                assert_eq!(run.threads(), self.threads);
                match self.way {
                    Way::Plain if weights.is_depthwise() && !self.planar => {
                        super::depthwise(isa, run, &PackedDepthwise::new(weights, lanes), finish, io);
                    }
                    Way::Plain if self.numbers == Numbers::Integers => {
                        let packed = PackedIntegers::new(weights, lanes).unwrap();
                        let (size, pictures) = ((to.height, to.width), (self.pictures, true));
                        let floats = Pieces::new(&packed, size, pictures, run.threads()).floats();
                        let mut workspace = workspace(run.threads() * floats);
                        super::integers(isa, run, &packed, finish, io, workspace.as_mut_slice());
                    }
                    Way::Plain => {
                        let mut packed = PackedConv::new(weights, in_lanes, lanes);
                        if self.numbers == Numbers::Half {
                            packed = packed.halved();
                            assert!(packed.scratch() > 0);
                        }
                        let mut workspace = workspace(run.threads() * packed.scratch());
                        super::conv(isa, run, &packed, finish, io, workspace.as_mut_slice());
                    }
                    Way::Stem => {
                        let packed = PackedConv::new(weights, 1, lanes);
                        let floats = Bands::new(&packed, planar.1, run.threads()).floats();
                        let mut workspace = workspace(run.threads() * floats);
                        super::stem(isa, run, (&packed, finish), planar, io, workspace.as_mut_slice());
                    }
                    Way::Winograd(side) => {
                        let packed = self.winograd(side, lanes);
                        let size = (to.height, to.width);
                        let floats = Geometry::new(&packed, size, self.pictures, run.threads()).floats();
                        let mut workspace = workspace(run.threads() * floats);
                        super::winograd(isa, run, &packed, finish, io, workspace.as_mut_slice());
                    }
                    Way::Separable(_) => {
                        let inner = (&PackedDepthwise::new(weights, lanes), &Finish::new(inner, None, lanes));
                        let last = if self.numbers == Numbers::Integers {
                            Dense::Integers(PackedIntegers::new(last, lanes).unwrap())
                        } else {
                            Dense::Floats(PackedConv::new(last, lanes, lanes))
                        };
                        let between = Shape { channels: weights.out_channels, ..to };
                        let mut workspace = workspace(between_floats(&last, between, lanes) * run.threads());
                        let last = (&last, finish);
                        super::separable(isa, run, inner, last, io, workspace.as_mut_slice());
                    }
                }
            });
        }
    }

    fn pointwise(seed: u32, inputs: usize, outputs: usize) -> ConvWeights {
        ConvWeights {
            out_channels: outputs,
            in_channels_per_group: inputs,
            kernel: (1, 1),
            stride: 1,
            padding: 0,
            groups: 1,
            weight: noise(seed, outputs * inputs),
            bias: noise(seed + 1, outputs),
        }
    }

    fn activate(activation: &Activation, shape: Shape, values: &mut [f32]) {
        for (i, value) in values.iter_mut().enumerate() {
            *value = match activation {
                Activation::None => *value,
                Activation::Relu => value.max(0.0),
                Activation::Prelu(slopes) => {
                    value.max(0.0) + slopes[i / (shape.height * shape.width)] * value.min(0.0)
                }
                Activation::Sigmoid => 1.0 / (1.0 + (-*value).exp()),
            };
        }
    }

    fn assert_border_is_zero(layout: &Layout, data: &[f32]) {
        let mut rest = data.to_vec();
        for block in 0..layout.blocks() {
            for row in 0..layout.pictures * layout.shape.height {
                layout.row_of_mut(&mut rest, block, row).fill(0.0);
            }
        }
        assert!(rest.iter().all(|v| *v == 0.0), "a kernel wrote outside its pixels");
    }

    /// Dense, grouped and depthwise; a kernel always fits the padded input.
    fn conv() -> impl Strategy<Value = Conv> {
        let channels = prop_oneof![
            (Just(1_usize), 1..30_usize, 1..40_usize),
            (1..30_usize, Just(1), Just(1)),
            (1..12_usize, 1..4_usize, 1..4_usize),
        ];
        (channels, (1..6_usize, 1..6_usize), 1..4_usize, 0..3_usize).prop_map(
            |((groups, inputs, outputs), kernel, stride, padding)| Conv {
                groups,
                inputs,
                outputs,
                kernel,
                stride,
                padding,
            },
        )
    }

    /// Winograd's 3x3 with stride 1, or a depthwise convolution with a 1x1 behind it.
    fn special() -> impl Strategy<Value = (Conv, Way)> {
        let winograd = (1..20_usize, 1..30_usize, 0..3_usize, prop::bool::ANY).prop_map(
            |(inputs, outputs, padding, large)| {
                let conv = Conv { groups: 1, inputs, outputs, kernel: (3, 3), stride: 1, padding };
                (conv, Way::Winograd(if large { 4 } else { 2 }))
            },
        );
        let separable = (1..30_usize, 1..60_usize, (1..6_usize, 1..6_usize), 1..4_usize, 0..3_usize)
            .prop_map(|(groups, outputs, kernel, stride, padding)| {
                let conv = Conv { groups, inputs: 1, outputs: 1, kernel, stride, padding };
                (conv, Way::Separable(outputs))
            });
        prop_oneof![winograd, separable]
    }

    fn case(conv: impl Strategy<Value = (Conv, Way)>) -> impl Strategy<Value = Case> {
        let numbers = prop::sample::select(vec![Numbers::Full, Numbers::Half, Numbers::Integers]);
        // Of integers a second chunk of inputs, now and then.
        let numbers = (numbers, prop::bool::weighted(0.2));
        let flags =
            (any::<bool>(), any::<bool>(), any::<bool>(), numbers, 0..4_usize, 1..4_usize, 0..2_usize);
        (conv, 0..9_usize, 0..20_usize, 1..4_usize, flags, 0..u32::MAX - 10).prop_map(
            |((mut conv, way), taller, wider, pictures, flags, seed)| {
                let (planar, residual, affine, (numbers, chunks), activation, threads, extra_border) = flags;
                // Of groups there are no integers.
                let dense = conv.groups == 1 || matches!(way, Way::Separable(_));
                let full = numbers == Numbers::Integers && !dense || way == Way::Stem;
                let numbers = if full { Numbers::Full } else { numbers };
                if numbers == Numbers::Integers && chunks {
                    let separable = matches!(way, Way::Separable(_));
                    *(if separable { &mut conv.groups } else { &mut conv.inputs }) += CHUNK;
                }
                Case {
                    height: conv.kernel.0.saturating_sub(2 * conv.padding).max(1) + taller,
                    width: conv.kernel.1.saturating_sub(2 * conv.padding).max(1) + wider,
                    conv,
                    way,
                    pictures,
                    extra_border,
                    planar: planar && way == Way::Plain && numbers != Numbers::Integers,
                    numbers,
                    residual,
                    affine,
                    activation,
                    threads,
                    seed,
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn every_convolution_equals_the_plain_loop(
            case in case((conv(), prop::sample::select(vec![Way::Plain, Way::Plain, Way::Stem]))),
        ) {
            Isa::all().for_each(|isa| case.check(isa));
        }

        #[test]
        fn winograd_and_separable_convolutions_equal_the_plain_loop(case in case(special())) {
            Isa::all().for_each(|isa| case.check(isa));
        }
    }

    /// Such pictures are neighbours in memory only where no value has a border; `second` has one here.
    #[test]
    fn pictures_of_one_pixel_are_computed_together_only_without_borders() {
        let conv = |inputs| Conv { groups: 1, inputs, outputs: 2, kernel: (3, 1), stride: 3, padding: 0 };
        let numbers = [Numbers::Full, Numbers::Integers];
        let borders = [(true, 0), (false, 0), (false, 1)];
        for ((affine, extra_border), numbers) in borders.into_iter().flat_map(|b| numbers.map(|n| (b, n))) {
            let case = Case {
                conv: conv(if numbers == Numbers::Full { 1 } else { 80 }),
                way: Way::Plain,
                pictures: 2,
                height: 3,
                width: 1,
                planar: false,
                numbers,
                extra_border,
                residual: true,
                affine,
                activation: 0,
                threads: 1,
                seed: 0,
            };
            Isa::all().for_each(|isa| case.check(isa));
        }
    }

    #[test]
    fn large_layers_are_spread_over_threads_and_stay_right() {
        let (large, small, flat, tiny) = ((41, 37), (21, 19), (13, 19), (3, 3));
        let cases = [
            ((1, 24, 40), Way::Plain, large, Numbers::Half),
            ((1, 24, 40), Way::Plain, large, Numbers::Integers),
            ((1, 136, 72), Way::Plain, tiny, Numbers::Integers),
            ((70, 1, 1), Way::Plain, large, Numbers::Full),
            ((1, 3, 40), Way::Stem, large, Numbers::Full),
            ((1, 24, 112), Way::Winograd(2), large, Numbers::Half),
            ((1, 110, 90), Way::Winograd(2), flat, Numbers::Full),
            ((1, 110, 90), Way::Winograd(2), flat, Numbers::Half),
            ((1, 112, 90), Way::Winograd(2), flat, Numbers::Integers),
            ((1, 70, 33), Way::Winograd(4), small, Numbers::Full),
            ((1, 80, 70), Way::Winograd(4), small, Numbers::Full),
            ((70, 1, 1), Way::Separable(50), large, Numbers::Full),
            ((70, 1, 1), Way::Separable(50), large, Numbers::Integers),
        ];
        for ((groups, inputs, outputs), way, (height, width), numbers) in cases {
            let conv = Conv { groups, inputs, outputs, kernel: (3, 3), stride: 1, padding: 1 };
            let case = Case {
                conv,
                way,
                pictures: 2,
                height,
                width,
                planar: false,
                numbers,
                extra_border: 1,
                residual: true,
                affine: true,
                activation: 2,
                threads: 3,
                seed: 9,
            };
            for isa in Isa::all() {
                if way == Way::Plain && numbers == Numbers::Integers {
                    let weights = case.with_inputs_of(isa, |conv| &mut conv.inputs).weights();
                    let packed = PackedIntegers::new(&weights, isa.lanes()).unwrap();
                    let pieces = Pieces::new(&packed, (height, width), (case.pictures, true), case.threads);
                    assert!(pieces.count > 1 && (pieces.parts > 1) == (height == 3), "{height} rows");
                }
                if let Way::Winograd(side) = way {
                    // Either way in several bands; by parts of the outputs where no cache holds the weights.
                    let packed = case.winograd(side, isa.lanes());
                    let geometry = Geometry::new(&packed, (height, width), case.pictures, case.threads);
                    assert!(geometry.bands > 1);
                    assert_eq!(geometry.parts, if packed.scarce { case.threads } else { 1 });
                }
                case.check(isa);
            }
        }
    }

    #[test]
    #[should_panic(expected = "a buffer is as long as its layout")]
    fn a_buffer_of_another_length_is_refused() {
        let shape = Shape { channels: 8, height: 2, width: 2 };
        let _ = View::new(&[0.0; 31], Layout { shape, pictures: 1, lanes: 8, border: 0 });
    }

    #[test]
    #[should_panic(expected = "cannot be loaded by vectors")]
    fn a_buffer_between_two_lines_is_refused() {
        let shape = Shape { channels: 8, height: 2, width: 2 };
        let buffer = Buffer::zeros(33);
        let _ = View::new(&buffer.as_slice()[1..], Layout { shape, pictures: 1, lanes: 8, border: 0 });
    }

    #[test]
    #[should_panic(expected = "larger than the padded input")]
    fn a_depthwise_kernel_larger_than_its_input_is_refused_before_a_pointwise_one_too() {
        let lanes = Isa::PORTABLE.lanes();
        let weights = ConvWeights { kernel: (3, 3), weight: noise(1, 9), ..pointwise(1, 1, 1) };
        let layout =
            Layout { shape: Shape { channels: 1, height: 2, width: 2 }, pictures: 1, lanes, border: 0 };
        let (x, mut out) = (Buffer::zeros(layout.len()), Buffer::zeros(layout.len()));
        let out = ViewMut::new(out.as_mut_slice(), layout);
        let io = Io { pictures: 1, x: View::new(x.as_slice(), layout), residual: None, out, second: None };
        let inner = PackedDepthwise::new(&weights, lanes);
        let last = Dense::Floats(PackedConv::new(&pointwise(1, 1, 1), lanes, lanes));
        let nothing = Finish::default();
        Team::apart(1).enter(|run| {
            super::separable(Isa::PORTABLE, run, (&inner, &nothing), (&last, &nothing), io, &mut []);
        });
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn an_input_without_room_for_the_padding_is_refused() {
        let lanes = Isa::PORTABLE.lanes();
        let weights = ConvWeights { kernel: (3, 3), padding: 1, weight: noise(1, 9), ..pointwise(1, 1, 1) };
        let shape = Shape { channels: 1, height: 4, width: 4 };
        let layout = |lanes| Layout { shape, pictures: 1, lanes, border: 0 };
        let (from, to) = (layout(1), layout(lanes));
        let (x, mut out) = (Buffer::zeros(from.len()), Buffer::zeros(to.len()));
        let out = ViewMut::new(out.as_mut_slice(), to);
        let io = Io { pictures: 1, x: View::new(x.as_slice(), from), residual: None, out, second: None };
        let packed = PackedConv::new(&weights, 1, lanes);
        Team::apart(1).enter(|run| {
            super::conv(Isa::PORTABLE, run, &packed, &Finish::default(), io, &mut []);
        });
    }

    /// Whether a kernel takes an input and an output of 4 x 4 pixels, as `weights` asks for them.
    fn runs(weights: &ConvWeights, kernel: impl Fn(&Run<'_>, Io<'_>)) -> bool {
        let lanes = Isa::PORTABLE.lanes();
        let layout = |channels, border| Layout {
            shape: Shape { channels, height: 4, width: 4 },
            pictures: 1,
            lanes,
            border,
        };
        let (from, to) = (layout(weights.in_channels(), 1), layout(weights.out_channels, 0));
        let (x, mut out) = (Buffer::zeros(from.len()), Buffer::zeros(to.len()));
        let out = ViewMut::new(out.as_mut_slice(), to);
        let io = Io { pictures: 1, x: View::new(x.as_slice(), from), residual: None, out, second: None };
        catch_unwind(AssertUnwindSafe(|| Team::apart(1).enter(|run| kernel(run, io)))).is_ok()
    }

    #[test]
    fn convolutions_whose_weights_or_tiles_do_not_fit_are_refused() {
        let weight = noise(1, 12 * 8 * 9);
        let weights = ConvWeights { kernel: (3, 3), padding: 1, weight, ..pointwise(1, 8, 12) };
        let (isa, nothing) = (Isa::PORTABLE, Finish::default());
        let winograd = |packed: &PackedWinograd| {
            runs(&weights, |run, io| {
                let mut workspace = Buffer::zeros(Geometry::new(packed, (4, 4), 1, 1).floats());
                super::winograd(isa, run, packed, &nothing, io, workspace.as_mut_slice());
            })
        };
        let changes: [fn(&mut PackedConv); 7] = [
            |_| (),
            |conv| conv.bias = Buffer::zeros(8),
            |conv| conv.weights = Weights::Full(Buffer::zeros(conv.weights.len() - 4)),
            |conv| conv.tiles[0].weights += 4,
            |conv| conv.tiles[0].in_blocks += 1,
            |conv| conv.tiles[0].out_block += 1,
            |conv| conv.tiles.clear(),
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let mut plain = PackedConv::new(&weights, 4, 4);
            change(&mut plain);
            let ran = runs(&weights, |run, io| super::conv(isa, run, &plain, &nothing, io, &mut []));
            assert_eq!(ran, i == 0, "change {i}");
            let mut packed = PackedWinograd::new(&weights, 2, 4, false);
            let Dense::Floats(element) = &mut packed.elements[15] else { panic!("integers, unasked") };
            change(element);
            assert_eq!(winograd(&packed), i == 0, "change {i} of an element");
        }
        let changes: [fn(&mut PackedIntegers); 6] = [
            |_| (),
            |conv| conv.bias = Buffer::zeros(8),
            |conv| conv.weights = Buffer::zeros(conv.weights.as_slice().len() - 8),
            |conv| conv.units = Buffer::zeros(conv.units.as_slice().len() - 4),
            |conv| conv.tiles[0].0 += 1,
            |conv| conv.tiles.clear(),
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let mut plain = PackedIntegers::new(&weights, 4).unwrap();
            change(&mut plain);
            let ran = runs(&weights, |run, io| {
                let floats = Pieces::new(&plain, (4, 4), (1, true), 1).floats();
                let mut workspace = Buffer::zeros(floats);
                super::integers(isa, run, &plain, &nothing, io, workspace.as_mut_slice());
            });
            assert_eq!(ran, i == 0, "change {i} of integers");
            let mut packed = PackedWinograd::new(&weights, 2, 4, true);
            let Dense::Integers(element) = &mut packed.elements[15] else { panic!("weights are numbers") };
            change(element);
            assert_eq!(winograd(&packed), i == 0, "change {i} of an element of integers");
        }
        let changes: [fn(&mut PackedWinograd); 2] =
            [|conv| conv.bias = Buffer::zeros(8), |conv| conv.elements.truncate(15)];
        for change in changes {
            let mut packed = PackedWinograd::new(&weights, 2, 4, false);
            change(&mut packed);
            assert!(!winograd(&packed));
        }
    }

    /// Of a 1x1 convolution of `inputs` channels at one pixel: the first output.
    fn one_pixel_in_integers(isa: Isa, weights: &[f32], x: &[f32]) -> f32 {
        let lanes = isa.lanes();
        let conv = ConvWeights { weight: weights.to_vec(), bias: vec![0.0], ..pointwise(1, x.len(), 1) };
        let packed = PackedIntegers::new(&conv, lanes).unwrap();
        let layout = |channels| {
            let shape = Shape { channels, height: 1, width: 1 };
            Layout { shape, pictures: 1, lanes, border: 0 }
        };
        let (from, to) = (layout(x.len()), layout(1));
        let (mut values, mut out) = (Buffer::zeros(from.len()), Buffer::zeros(to.len()));
        from_planar(x, &from, values.as_mut_slice());
        let io = Io {
            pictures: 1,
            x: View::new(values.as_slice(), from),
            residual: None,
            out: ViewMut::new(out.as_mut_slice(), to),
            second: None,
        };
        let floats = Pieces::new(&packed, (1, 1), (1, true), 1).floats();
        let (nothing, mut workspace) = (Finish::default(), Buffer::zeros(floats));
        Team::apart(1)
            .enter(|run| super::integers(isa, run, &packed, &nothing, io, workspace.as_mut_slice()));
        out.as_slice()[0]
    }

    #[test]
    fn sums_of_integers_stay_right_at_their_limits() {
        let ones = [1.0; 160];
        let mut spike = [1e-3; 160];
        spike[70] = 1.0;
        let signs: Vec<f32> = (0..160).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let negative = ones.map(|one: f32| -one);
        for isa in Isa::all() {
            let cases: [(&[f32], &[f32]); 7] = [
                (&ones, &ones),
                (&ones, &negative),
                (&negative, &negative),
                (&signs, &signs),
                (&spike, &ones),
                (&ones, &spike),
                (&spike, &spike),
            ];
            for (i, (weights, x)) in cases.into_iter().enumerate() {
                for (most, least) in [(1.0, 1.0), (1e12, 1e-12), (1e-12, 1e12)] {
                    let (weights, x): (Vec<_>, Vec<_>) =
                        (weights.iter().map(|w| w * most).collect(), x.iter().map(|x| x * least).collect());
                    let expected: f32 = weights.iter().zip(&x).map(|(w, x)| w * x).sum();
                    let got = one_pixel_in_integers(isa, &weights, &x);
                    assert!((got / expected - 1.0).abs() < 3e-3, "case {i}: {got} for {expected}, {isa:?}");
                }
            }
            assert_eq!(one_pixel_in_integers(isa, &[0.0; 160], &ones), 0.0);
            assert_eq!(one_pixel_in_integers(isa, &ones, &[0.0; 160]), 0.0);
            for (what, at) in [f32::NAN, f32::INFINITY].into_iter().flat_map(|w| [0, 69, 159].map(|i| (w, i)))
            {
                let mut x = ones;
                x[at] = what;
                assert!(one_pixel_in_integers(isa, &ones, &x).is_nan(), "{what} at {at}, {isa:?}");
            }
        }
        let mut weights = vec![1.0; 160];
        weights[80] = f32::NAN;
        assert!(PackedIntegers::new(&ConvWeights { weight: weights, ..pointwise(1, 160, 1) }, 4).is_none());
    }

    #[test]
    fn depthwise_convolutions_whose_weights_do_not_fit_are_refused() {
        let (kernel, weight) = ((3, 3), noise(1, 8 * 9));
        let weights = ConvWeights { kernel, padding: 1, groups: 8, weight, ..pointwise(1, 1, 8) };
        let changes: [fn(&mut PackedDepthwise); 3] = [
            |_| (),
            |conv| conv.bias = Buffer::zeros(4),
            |conv| conv.weights = Buffer::zeros(conv.weights.as_slice().len() - 4),
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let mut packed = PackedDepthwise::new(&weights, 4);
            change(&mut packed);
            let nothing = Finish::default();
            let ran = runs(&weights, |run, io| depthwise(Isa::PORTABLE, run, &packed, &nothing, io));
            assert_eq!(ran, i == 0, "change {i}");
        }
    }
}
