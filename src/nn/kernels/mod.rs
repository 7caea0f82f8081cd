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

mod isa;
mod tile;
mod vector;
mod winograd;

use super::{
    Shape,
    blocked::{Layout, starts_on_a_line},
    pack::{Finish, PackedActivation, PackedConv, PackedDepthwise, PackedWinograd, SCARCE_WEIGHTS, Tile},
    team::Run,
};
use half::f16;
use isa::Set;
use std::ops::Range;
use tile::{Source, Target};
use vector::Portable;
#[cfg(target_arch = "x86_64")]
use vector::{Avx2, Avx512};
use winograd::{Space, Stretch};

pub(super) use isa::Isa;
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
    let residual_border = io.residual.as_ref().map(|view| view.layout.border);
    let second_border = io.second.as_ref().map(|view| view.layout.border);
    let (space, scratch) = (Space(workspace.as_mut_ptr()), conv.scratch());
    assert!(workspace.len() >= scratch * run.threads(), "each thread has its own weights");
    assert!(starts_on_a_line(workspace), "what is not in a `Buffer` cannot be loaded by vectors");
    let job = io.job();
    let tiles = conv.tiles.len();
    // SAFETY (both): an `Isa` exists only where the processor has its instructions. The asserts above are what the kernels
    // ask of the job. Task numbers map one to one to pairs of tile and row chunk (or just tiles), tiles to disjoint
    // output blocks and chunks to disjoint rows, so no two tasks write the same place, and each thread has its part of the
    // workspace; input and residual are borrowed shared for the whole call, the outputs exclusively.
    // Pictures of one pixel are neighbours where no value has a border.
    let borders = [Some(to.border), residual_border, second_border];
    if to.shape.height * to.shape.width == 1 && pictures > 1 && borders.into_iter().flatten().all(|b| b == 0)
    {
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
        let (block, rows) = (task / chunks.count, chunks.rows(task % chunks.count));
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
    (conv, finish): (&PackedConv, &Finish),
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
    assert!(conv.window.kernel == (1, 1) && conv.window.stride == 1 && conv.window.padding == 0);
    assert_eq!((conv.in_channels, conv.in_lanes, conv.lanes), (from.shape.channels, to.lanes, to.lanes));
    assert_eq!((conv.window.output(between), conv.scratch()), (Some(to.shape), 0));
    conv.check(from.blocks(), to.blocks());
    let floats = between_floats(between, to.lanes);
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
            let between = space.at(thread * floats);
            tile::separable_rows(isa, depthwise, conv, &job, chunks.rows(task), between);
        }
    });
}

/// Floats of one row of what is between the two convolutions of [`separable`].
pub(super) fn between_floats(between: Shape, lanes: usize) -> usize {
    between.channels.next_multiple_of(lanes) * between.width
}

/// 3x3 convolution with stride 1 and all that follows it, by Winograd's algorithm. `workspace` has
/// [`Geometry::floats`] and [`PackedWinograd::scratch`] for every thread.
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
    let (floats, scratch) = (geometry.floats(), conv.scratch());
    let own = floats + scratch;
    assert!(workspace.len() >= own * run.threads(), "each thread has its own tiles, and weights");
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
            let (tiles, weights) = (Space(space.at(thread * own)), Space(space.at(thread * own + floats)));
            for block in 0..from.blocks() {
                for at in geometry.stretches(&band) {
                    dispatch::transform_inputs(isa, conv, &geometry, &job, tiles, block, at);
                }
            }
            for element in 0..geometry.elements {
                let space = (tiles, weights.part(0, 0, scratch));
                let what = (element, outputs.clone());
                winograd::multiply_element(isa, conv, &geometry, space, what, band.len());
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
    /// Panics unless there is a bias for every output lane and a 1x1 convolution, as [`PackedConv::check`] wants it and of
    /// the same tiles, for every element.
    fn check(&self, in_blocks: usize, out_blocks: usize) {
        assert_eq!(self.bias.as_slice().len(), out_blocks * self.lanes, "one bias a lane");
        assert!([2, 4].contains(&self.side) && self.elements.len() == (self.side + 2) * (self.side + 2));
        for element in &self.elements {
            assert_eq!((element.window.kernel, element.tiles.len()), ((1, 1), self.tiles()));
            assert_eq!((element.lanes, element.in_lanes), (self.lanes, self.lanes));
            assert_eq!(element.in_channels, self.in_channels);
            element.check(in_blocks, out_blocks);
        }
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
                            Set::Portable => $module::$kernel::<Portable>($($argument),*),
                        }
                    }
                }
            )*

            #[cfg(target_arch = "x86_64")]
            mod avx512 {
                use super::super::*;

                $(
                    /// # Safety
                    /// As the kernel in its module; the processor has AVX-512 F, BW, DQ and VL.
                    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
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
        /// Weights in half precision.
        half: bool,
        extra_border: usize,
        residual: bool,
        affine: bool,
        activation: usize,
        threads: usize,
        seed: u32,
    }

    /// Which kernel computes it.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Way {
        /// [`depthwise`] where it is one and the input is blocked, else [`conv`].
        Plain,
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
            if self.half {
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

            let in_lanes = if self.planar { 1 } else { lanes };
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
            self.compute(isa, (&weights, &inner), &last, &finish, io);

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
            let tolerance = match self.way {
                // The large tiles multiply by 8 and divide by 24: a few more roundings.
                Way::Winograd(4) => 5e-5,
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
            let mut packed = PackedWinograd::new(&self.weights(), side, lanes);
            if self.half && side == 2 {
                packed.elements = packed.elements.into_iter().map(PackedConv::halved).collect();
                assert!(packed.scratch() > 0);
            }
            packed
        }

        fn compute(
            &self,
            isa: Isa,
            (weights, inner): (&ConvWeights, &Activation),
            last: &ConvWeights,
            finish: &Finish,
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
                    Way::Plain => {
                        let mut packed = PackedConv::new(weights, in_lanes, lanes);
                        if self.half {
                            packed = packed.halved();
                            assert!(packed.scratch() > 0);
                        }
                        let mut workspace = workspace(run.threads() * packed.scratch());
                        super::conv(isa, run, &packed, finish, io, workspace.as_mut_slice());
                    }
                    Way::Winograd(side) => {
                        let packed = self.winograd(side, lanes);
                        let size = (to.height, to.width);
                        let floats = Geometry::new(&packed, size, self.pictures, run.threads()).floats();
                        let mut workspace = workspace(run.threads() * (floats + packed.scratch()));
                        super::winograd(isa, run, &packed, finish, io, workspace.as_mut_slice());
                    }
                    Way::Separable(_) => {
                        let inner = (&PackedDepthwise::new(weights, lanes), &Finish::new(inner, None, lanes));
                        let last = (&PackedConv::new(last, lanes, lanes), finish);
                        let row = between_floats(Shape { channels: weights.out_channels, ..to }, lanes);
                        let mut workspace = workspace(row * run.threads());
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
        let half = prop::bool::weighted(0.3);
        let flags = (any::<bool>(), any::<bool>(), any::<bool>(), half, 0..4_usize, 1..4_usize, 0..2_usize);
        (conv, 0..9_usize, 0..20_usize, 1..4_usize, flags, 0..u32::MAX - 10).prop_map(
            |((conv, way), taller, wider, pictures, flags, seed)| {
                let (planar, residual, affine, half, activation, threads, extra_border) = flags;
                Case {
                    height: conv.kernel.0.saturating_sub(2 * conv.padding).max(1) + taller,
                    width: conv.kernel.1.saturating_sub(2 * conv.padding).max(1) + wider,
                    conv,
                    way,
                    pictures,
                    extra_border,
                    planar: planar && way == Way::Plain,
                    half,
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
        fn every_convolution_equals_the_plain_loop(case in case(conv().prop_map(|conv| (conv, Way::Plain)))) {
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
        let conv = Conv { groups: 1, inputs: 1, outputs: 2, kernel: (3, 1), stride: 3, padding: 0 };
        for (affine, extra_border) in [(true, 0), (false, 0), (false, 1)] {
            let case = Case {
                conv,
                way: Way::Plain,
                pictures: 2,
                height: 3,
                width: 1,
                planar: false,
                half: false,
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
        let (large, small, flat) = ((41, 37), (21, 19), (13, 19));
        let cases = [
            ((1, 24, 40), Way::Plain, large, true),
            ((70, 1, 1), Way::Plain, large, true),
            ((1, 24, 48), Way::Winograd(2), large, true),
            ((1, 110, 90), Way::Winograd(2), flat, false),
            ((1, 110, 90), Way::Winograd(2), flat, true),
            ((1, 70, 33), Way::Winograd(4), small, false),
            ((1, 80, 70), Way::Winograd(4), small, false),
            ((70, 1, 1), Way::Separable(50), large, true),
        ];
        for ((groups, inputs, outputs), way, (height, width), half) in cases {
            let conv = Conv { groups, inputs, outputs, kernel: (3, 3), stride: 1, padding: 1 };
            let case = Case {
                conv,
                way,
                pictures: 2,
                height,
                width,
                planar: false,
                half,
                extra_border: 1,
                residual: true,
                affine: true,
                activation: 2,
                threads: 3,
                seed: 9,
            };
            for isa in Isa::all() {
                if let Way::Winograd(side) = way {
                    // Either way in several bands; by parts of the outputs where no cache holds the weights.
                    let packed = case.winograd(side, isa.lanes());
                    let geometry = Geometry::new(&packed, (height, width), case.pictures, case.threads);
                    assert!(geometry.bands > 1);
                    assert_eq!(geometry.parts, if packed.scratch() > 0 { case.threads } else { 1 });
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
        let (inner, last) =
            (PackedDepthwise::new(&weights, lanes), PackedConv::new(&pointwise(1, 1, 1), lanes, lanes));
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
            let mut packed = PackedWinograd::new(&weights, 2, 4);
            change(&mut packed.elements[15]);
            assert_eq!(winograd(&packed), i == 0, "change {i} of an element");
        }
        let changes: [fn(&mut PackedWinograd); 2] =
            [|conv| conv.bias = Buffer::zeros(8), |conv| conv.elements.truncate(15)];
        for change in changes {
            let mut packed = PackedWinograd::new(&weights, 2, 4);
            change(&mut packed);
            assert!(!winograd(&packed));
        }
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
