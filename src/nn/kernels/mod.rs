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

mod tile;
mod vector;

use super::{
    blocked::Layout,
    pack::{Finish, PackedActivation, PackedConv, PackedDepthwise},
    team::Team,
};
use std::ops::Range;
#[cfg(target_arch = "x86_64")]
use vector::Avx2;
use vector::{Portable, Vector};

/// The instruction set that a plan's kernels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    /// x86-64 with AVX2 and FMA. Only [`Isa::detect`] makes it, where the processor has them: the kernels' soundness
    /// rests on that.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Everything else.
    Portable,
}

impl Isa {
    /// The fastest that this processor has.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Self::Avx2;
        }
        Self::Portable
    }

    /// All that this processor has.
    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let fastest = Some(Self::detect()).filter(|isa| *isa != Self::Portable);
        fastest.into_iter().chain([Self::Portable])
    }

    /// Channels of a block.
    pub(super) fn lanes(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::LANES,
            Self::Portable => Portable::LANES,
        }
    }
}

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

impl<'a> View<'a> {
    pub(super) fn new(data: &'a [f32], layout: Layout) -> Self {
        assert_eq!(data.len(), layout.len(), "a buffer is as long as its layout");
        Self { data, layout }
    }

    fn raw(&self) -> tile::Raw {
        tile::Raw { data: self.data.as_ptr().cast_mut(), layout: self.layout }
    }
}

impl<'a> ViewMut<'a> {
    pub(super) fn new(data: &'a mut [f32], layout: Layout) -> Self {
        assert_eq!(data.len(), layout.len(), "a buffer is as long as its layout");
        Self { data, layout }
    }

    fn raw(&mut self) -> tile::Raw {
        tile::Raw { data: self.data.as_mut_ptr(), layout: self.layout }
    }
}

/// What one layer reads and writes; `second` is out * scale + shift.
pub(super) struct Io<'a> {
    pub(super) x: View<'a>,
    pub(super) residual: Option<View<'a>>,
    pub(super) out: ViewMut<'a>,
    pub(super) second: Option<ViewMut<'a>>,
}

impl Io<'_> {
    /// Panics unless residual, output, second output and what finishes them have one shape. The raw loops rely on it.
    fn check(&self, lanes: usize, finish: &Finish) {
        let out = self.out.layout;
        let same = |other: Layout| other.shape == out.shape && other.lanes == lanes;
        assert!(same(out), "the output is blocked for this instruction set");
        assert!(self.residual.is_none_or(|r| same(r.layout)), "the residual has the output's shape");
        assert!(
            self.second.as_ref().is_none_or(|s| same(s.layout)),
            "the second output has the output's shape"
        );
        let all = out.blocks() * lanes;
        if let PackedActivation::Prelu(slopes) = &finish.activation {
            assert_eq!(slopes.as_slice().len(), all, "one slope a lane");
        }
        if let Some((scale, shift)) = &finish.affine {
            assert_eq!((scale.as_slice().len(), shift.as_slice().len()), (all, all), "one scale a lane");
        }
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

/// Dense or grouped convolution with all that follows it.
///
/// # Panics
/// When the layouts do not fit the weights, which a compiled plan rules out.
pub(super) fn conv(isa: Isa, team: &Team, conv: &PackedConv, finish: &Finish, mut io: Io<'_>) {
    let (from, to) = (io.x.layout, io.out.layout);
    io.check(isa.lanes(), finish);
    assert_eq!((conv.lanes, conv.in_lanes, conv.in_channels), (to.lanes, from.lanes, from.shape.channels));
    assert!(conv.window.padding <= from.border && conv.window.output(from.shape) == Some(to.shape));
    let (kh, kw) = conv.window.kernel;
    let cost = to.shape.len() * kh * kw * conv.tiles.first().map_or(1, |tile| tile.in_blocks * from.lanes);
    let chunks =
        Chunks::new(to.shape.height, from.blocks() * from.row() * conv.window.stride, conv.tiles.len(), team);
    let job = io.job();
    team.each(chunks.count * conv.tiles.len(), cost, |task| {
        // Neighbouring tasks share input rows, which then stay in the second-level cache.
        let Some(&tile) = conv.tiles.get(task % conv.tiles.len()) else { return };
        let rows = chunks.rows(task / conv.tiles.len());
        // SAFETY: `Isa::Avx2` exists only where the processor has AVX2 and FMA. The asserts above are what
        // `conv_rows` asks of the job. Task numbers map one to one to pairs of tile and row chunk, tiles to disjoint
        // output blocks and chunks to disjoint rows, so no two tasks write the same place; input and residual are
        // borrowed shared for the whole call, the outputs exclusively.
        unsafe {
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => conv_rows_avx2(conv, finish, &job, tile, rows),
                Isa::Portable => tile::conv_rows::<Portable>(conv, finish, &job, tile, rows),
            }
        }
    });
}

/// Depthwise convolution with all that follows it.
///
/// # Panics
/// As [`conv`].
pub(super) fn depthwise(isa: Isa, team: &Team, conv: &PackedDepthwise, finish: &Finish, mut io: Io<'_>) {
    let (from, to) = (io.x.layout, io.out.layout);
    io.check(isa.lanes(), finish);
    assert_eq!((conv.lanes, from.lanes), (to.lanes, to.lanes), "depthwise convolutions read blocked values");
    assert_eq!(from.shape.channels, to.shape.channels);
    assert!(conv.window.padding <= from.border && conv.window.output(from.shape) == Some(to.shape));
    let (kh, kw) = conv.window.kernel;
    let chunks = Chunks::new(to.shape.height, from.row() * conv.window.stride, to.blocks(), team);
    let job = io.job();
    // A depthwise tap costs a read as well as a multiplication.
    team.each(chunks.count * to.blocks(), 4 * to.shape.len() * kh * kw, |task| {
        let (block, rows) = (task / chunks.count, chunks.rows(task % chunks.count));
        // SAFETY: as in `conv`, with one block a task.
        unsafe {
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => depthwise_rows_avx2(conv, finish, &job, block, rows),
                Isa::Portable => tile::depthwise_rows::<Portable>(conv, finish, &job, block, rows),
            }
        }
    });
}

/// # Safety
/// As [`tile::conv_rows`]; the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn conv_rows_avx2(
    conv: &PackedConv,
    finish: &Finish,
    job: &tile::Job,
    tile: super::pack::Tile,
    rows: Range<usize>,
) {
    // SAFETY: the caller's promise.
    unsafe { tile::conv_rows::<Avx2>(conv, finish, job, tile, rows) }
}

/// # Safety
/// As [`tile::depthwise_rows`]; the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn depthwise_rows_avx2(
    conv: &PackedDepthwise,
    finish: &Finish,
    job: &tile::Job,
    block: usize,
    rows: Range<usize>,
) {
    // SAFETY: the caller's promise.
    unsafe { tile::depthwise_rows::<Avx2>(conv, finish, job, block, rows) }
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
    fn new(height: usize, input_floats_per_row: usize, others: usize, team: &Team) -> Self {
        const INPUT_FLOATS: usize = 32 * 1024;
        let cached = INPUT_FLOATS.div_ceil(input_floats_per_row.max(1));
        let wanted = (4 * team.threads()).div_ceil(others.max(1));
        let rows = cached.min(height.div_ceil(wanted)).clamp(1, height.max(1));
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
        pack::Window,
        testing::{assert_close, noise, plain_conv},
    };
    use proptest::prelude::*;

    /// A convolution and all that can follow it.
    #[derive(Debug)]
    struct Case {
        conv: Conv,
        height: usize,
        width: usize,
        planar: bool,
        extra_border: usize,
        residual: bool,
        affine: bool,
        activation: usize,
        threads: usize,
        seed: u32,
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
            ConvWeights {
                out_channels,
                in_channels_per_group: inputs,
                kernel,
                stride,
                padding,
                groups,
                weight: noise(self.seed, out_channels * inputs * kernel.0 * kernel.1),
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
            let weights = self.weights();
            let depthwise = weights.is_depthwise() && !self.planar;
            let from = Shape { channels: weights.in_channels(), height: self.height, width: self.width };
            let to = Window::of(&weights).output(from).unwrap();
            let (x, residual) = (noise(self.seed + 3, from.len()), noise(self.seed + 4, to.len()));
            let (scale, shift) = (noise(self.seed + 5, to.channels), noise(self.seed + 6, to.channels));

            let lanes = isa.lanes();
            let border = weights.padding + self.extra_border;
            let in_lanes = if self.planar { 1 } else { lanes };
            let blocked = |shape: Shape, lanes: usize, border: usize, values: &[f32]| {
                let layout = Layout { shape, lanes, border };
                let mut buffer = Buffer::zeros(layout.len());
                from_planar(values, &layout, buffer.as_mut_slice());
                (layout, buffer)
            };
            let (x_layout, x_buffer) = blocked(from, in_lanes, border, &x);
            let (r_layout, r_buffer) = blocked(to, lanes, 0, &residual);
            let (out_layout, mut out) = blocked(to, lanes, 1, &vec![f32::NAN; to.len()]);
            let (second_layout, mut second) = blocked(to, lanes, 2, &vec![f32::NAN; to.len()]);
            let activation = self.activation(to.channels);
            let affine = self.affine.then_some((scale.as_slice(), shift.as_slice()));
            let finish = Finish::new(&activation, affine, lanes);
            let io = Io {
                x: View::new(x_buffer.as_slice(), x_layout),
                residual: self.residual.then(|| View::new(r_buffer.as_slice(), r_layout)),
                out: ViewMut::new(out.as_mut_slice(), out_layout),
                second: self.affine.then(|| ViewMut::new(second.as_mut_slice(), second_layout)),
            };
            let team = Team::new(self.threads).unwrap();
            if depthwise {
                super::depthwise(isa, &team, &PackedDepthwise::new(&weights, lanes), &finish, io);
            } else {
                super::conv(isa, &team, &PackedConv::new(&weights, in_lanes, lanes), &finish, io);
            }

            let mut expected = plain_conv(&weights, from, &x);
            let plane = to.height * to.width;
            for (i, value) in expected.iter_mut().enumerate() {
                *value += if self.residual { residual[i] } else { 0.0 };
                *value = match &activation {
                    Activation::None => *value,
                    Activation::Relu => value.max(0.0),
                    Activation::Prelu(slopes) => value.max(0.0) + slopes[i / plane] * value.min(0.0),
                    Activation::Sigmoid => 1.0 / (1.0 + (-*value).exp()),
                };
            }
            let mut got = vec![0.0; to.len()];
            to_planar(&out_layout, out.as_slice(), &mut got);
            assert_close(&got, &expected, 1e-5);
            assert_border_is_zero(&out_layout, out.as_slice());
            if self.affine {
                let after = |(i, v): (usize, &f32)| v * scale[i / plane] + shift[i / plane];
                let expected: Vec<f32> = expected.iter().enumerate().map(after).collect();
                to_planar(&second_layout, second.as_slice(), &mut got);
                assert_close(&got, &expected, 1e-5);
                assert_border_is_zero(&second_layout, second.as_slice());
            }
        }
    }

    fn assert_border_is_zero(layout: &Layout, data: &[f32]) {
        let mut rest = data.to_vec();
        for block in 0..layout.blocks() {
            for y in 0..layout.shape.height {
                layout.row_of_mut(&mut rest, block, y).fill(0.0);
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

    fn case() -> impl Strategy<Value = Case> {
        let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0..4_usize, 1..3_usize, 0..2_usize);
        (conv(), 0..9_usize, 0..20_usize, flags, 0..u32::MAX - 10).prop_map(
            |(conv, taller, wider, (planar, residual, affine, activation, threads, extra_border), seed)| {
                Case {
                    height: conv.kernel.0.saturating_sub(2 * conv.padding).max(1) + taller,
                    width: conv.kernel.1.saturating_sub(2 * conv.padding).max(1) + wider,
                    conv,
                    planar,
                    extra_border,
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
        fn every_convolution_equals_the_plain_loop(case in case()) {
            Isa::all().for_each(|isa| case.check(isa));
        }
    }

    #[test]
    fn large_layers_are_spread_over_threads_and_stay_right() {
        for (groups, inputs, outputs) in [(1, 24, 40), (70, 1, 1)] {
            let conv = Conv { groups, inputs, outputs, kernel: (3, 3), stride: 1, padding: 1 };
            let case = Case {
                conv,
                height: 41,
                width: 37,
                planar: false,
                extra_border: 0,
                residual: true,
                affine: true,
                activation: 2,
                threads: 3,
                seed: 9,
            };
            Isa::all().for_each(|isa| case.check(isa));
        }
    }

    #[test]
    #[should_panic(expected = "a buffer is as long as its layout")]
    fn a_buffer_of_another_length_is_refused() {
        let shape = Shape { channels: 8, height: 2, width: 2 };
        let _ = View::new(&[0.0; 31], Layout { shape, lanes: 8, border: 0 });
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn an_input_without_room_for_the_padding_is_refused() {
        let conv = Conv { groups: 1, inputs: 1, outputs: 1, kernel: (3, 3), stride: 1, padding: 1 };
        let case = Case {
            conv,
            height: 4,
            width: 4,
            planar: true,
            extra_border: 0,
            residual: false,
            affine: false,
            activation: 0,
            threads: 1,
            seed: 1,
        };
        let weights = case.weights();
        let lanes = Isa::Portable.lanes();
        let shape = Shape { channels: 1, height: 4, width: 4 };
        let (from, to) = (Layout { shape, lanes: 1, border: 0 }, Layout { shape, lanes, border: 0 });
        let (x, mut out) = (vec![0.0; from.len()], vec![0.0; to.len()]);
        let out = ViewMut::new(&mut out, to);
        let io = Io { x: View::new(&x, from), residual: None, out, second: None };
        let packed = PackedConv::new(&weights, 1, lanes);
        super::conv(Isa::Portable, &Team::new(1).unwrap(), &packed, &Finish::default(), io);
    }
}
