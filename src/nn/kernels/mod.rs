//! Kernels behind safe functions: each checks once that everything fits, then spreads raw loops over the threads.
//!
//! They must not know which network they are part of.
#![allow(
    unsafe_code,
    reason = "vector instructions and rows shared between threads; each block says why it is sound"
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
    /// x86-64 with AVX2 and FMA. Only [`Isa::detect`] and [`Isa::all`] make it.
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
