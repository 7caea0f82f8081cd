//! Weights rearranged once, at compile time, into the order in which the kernels read them.

use super::{
    Activation, ConvWeights, NnError, Shape,
    blocked::{Buffer, LINE, per_channel},
    kernels::TILE_BLOCKS,
};
use half::{f16, slice::HalfFloatSliceExt as _};
use rayon::{
    ThreadPoolBuildError, ThreadPoolBuilder,
    iter::{IntoParallelIterator as _, ParallelIterator as _},
};
use std::{error::Error as _, io, ops::Range, sync::OnceLock};

/// A dense or grouped convolution. A group of channels that is smaller than a block is computed densely over the
/// input blocks that its outputs look at, with zeros for the weights that do not exist.
pub(super) struct PackedConv {
    pub(super) in_channels: usize,
    pub(super) in_lanes: usize,
    pub(super) lanes: usize,
    pub(super) window: Window,
    /// One output after the other, [`TILE_BLOCKS`] blocks each, the last one of what is left.
    pub(super) tiles: Vec<Tile>,
    /// For each tile `[input block][ky][kx][input lane][output blocks * lanes]`.
    pub(super) weights: Weights,
    pub(super) bias: Buffer,
}

/// Weights of a dense convolution, as they are kept.
///
/// A layer whose weights no cache holds waits for them in every run, so those are kept in half precision, and each tile's
/// are made f32 again in the memory of the thread that multiplies them. That is done only where a tile's weights fit a
/// cache: the largest fully connected layers stay f32, and since a tile is as wide as the vectors, a layer may be kept
/// in halves for one instruction set and not for another. What a weight loses (at most 2⁻¹¹ of itself, or 2⁻²⁵ where it is
/// below 2⁻¹⁴) is noise of mean zero: the answer of an IResNet-50 moves by 1 - cosine = 3e-8.
pub(super) enum Weights {
    Full(Buffer),
    Half(Buffer<f16>),
}

/// Floats of weights of one layer from which on they come from memory in every run.
pub(super) const SCARCE_WEIGHTS: usize = 1024 * 1024;
/// Floats of weights of one layer up to which they stay in a second-level cache, more or less.
const SMALL_WEIGHTS: usize = 120 * 1024;
/// Floats of one tile's weights up to which a second-level cache holds them beside their input.
const TILE_WEIGHTS: usize = 80 * 1024;

/// The output blocks of one tile, the input blocks that they look at, and where their weights begin.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) out_block: usize,
    pub(super) out_blocks: usize,
    pub(super) in_block: usize,
    pub(super) in_blocks: usize,
    pub(super) weights: usize,
    pub(super) weight_count: usize,
}

/// A dense convolution in integers of 16 bits. [`CHUNK`] weights that an output has at a tap, or what is left of them, are
/// rounded to a unit of their own, the smallest for which they are no longer than [`WEIGHT_LENGTH`] and none leaves an i16.
pub(super) struct PackedIntegers {
    pub(super) in_channels: usize,
    pub(super) lanes: usize,
    pub(super) window: Window,
    /// First output block and how many, one tile after the other.
    pub(super) tiles: Vec<(usize, usize)>,
    /// For each tile `[chunk][ky][kx][pair of input channels][output block][lane][2]`.
    pub(super) weights: Buffer<i16>,
    /// For each tile `[chunk][ky][kx][output block][lane]`.
    pub(super) units: Buffer,
    pub(super) bias: Buffer,
}

/// Input channels that share a unit: whole blocks of any instruction set.
pub(super) const CHUNK: usize = 64;
/// Length of a chunk of rounded inputs, as a vector. None of them is then larger than an i16.
pub(super) const INPUT_LENGTH: f32 = 32_000.0;
/// The same of the weights that share a unit: the product of both lengths, each longer by half the root of [`CHUNK`] at most
/// when it is rounded, fits an i32.
const WEIGHT_LENGTH: f32 = 67_000.0;

/// A dense convolution as it is multiplied.
pub(super) enum Dense {
    Floats(PackedConv),
    Integers(PackedIntegers),
}

/// A depthwise convolution: `[block][ky][kx][lanes]`.
pub(super) struct PackedDepthwise {
    pub(super) lanes: usize,
    pub(super) window: Window,
    pub(super) weights: Buffer,
    pub(super) bias: Buffer,
}

/// A 3x3 convolution with stride 1, transformed for Winograd's algorithm.
pub(super) struct PackedWinograd {
    pub(super) in_channels: usize,
    pub(super) lanes: usize,
    pub(super) window: Window,
    /// Side of a tile of output pixels: 2 or 4.
    pub(super) side: usize,
    /// For each of the (side + 2)² elements of a transformed tile the 1x1 convolution that it goes through.
    pub(super) elements: Vec<Dense>,
    /// Whether the weights come from memory in every run, so that they should be read once.
    pub(super) scarce: bool,
    pub(super) bias: Buffer,
}

/// Cuts `length` into as few spans of at most `most` as possible, of nearly equal length: those of the greater length
/// and those of the smaller one, as (start, length, how many).
#[inline]
pub(super) fn spans(length: usize, most: usize) -> [(usize, usize, usize); 2] {
    let count = length.div_ceil(most).max(1);
    let (short, longer) = (length / count, length % count);
    [(0, short + 1, longer), (longer * (short + 1), short, count - longer)]
}

/// Cuts blocks into tiles (start, length): pairs, the last one of three where the number is odd.
fn tiles_of(blocks: usize) -> impl Iterator<Item = (usize, usize)> {
    let tiles = (blocks / TILE_BLOCKS).max(1);
    let length = move |i| if i + 1 == tiles { blocks - i * TILE_BLOCKS } else { TILE_BLOCKS };
    (0..tiles).map(move |i| (i * TILE_BLOCKS, length(i)))
}

/// What of a convolution is not numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) kernel: (usize, usize),
    pub(super) stride: usize,
    pub(super) padding: usize,
    pub(super) out_channels: usize,
}

/// What happens to a row when its sums are there.
#[derive(Default)]
pub(super) struct Finish {
    pub(super) activation: PackedActivation,
    /// Scale and shift of the second output.
    pub(super) affine: Option<(Buffer, Buffer)>,
}

/// [`Activation`], its slopes padded to whole blocks.
#[derive(Default)]
pub(super) enum PackedActivation {
    #[default]
    None,
    Relu,
    Prelu(Buffer),
    Sigmoid,
}

/// More threads than this pack and search no faster, for both wait for memory, and would take the cores of window and
/// camera for as long.
const MAX_PACKERS: usize = 4;

/// Starts the threads that pack weights: rayon's, which every search uses too. Without them packing would panic.
pub(super) fn start_packers() -> Result<(), NnError> {
    static STARTED: OnceLock<Result<(), io::Error>> = OnceLock::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    started(&STARTED, || packers(cores).build_global())
}

fn packers(cores: usize) -> ThreadPoolBuilder {
    let name = |index| format!("pack-{index}");
    ThreadPoolBuilder::new().num_threads(cores.min(MAX_PACKERS)).thread_name(name)
}

/// Starts them unless that was tried: rayon tries once a process, and answers "already started" ever after, even where
/// the system gave no threads.
fn started(
    tried: &OnceLock<Result<(), io::Error>>,
    start: impl FnOnce() -> Result<(), ThreadPoolBuildError>,
) -> Result<(), NnError> {
    // Only what the system refused has a source: the other errors say that there is a pool.
    let refused = |error: ThreadPoolBuildError| error.source()?.downcast_ref().map(same);
    match tried.get_or_init(|| start().err().and_then(refused).map_or(Ok(()), Err)) {
        Ok(()) => Ok(()),
        Err(error) => Err(NnError::Threads(same(error))),
    }
}

/// The error once more.
fn same(error: &io::Error) -> io::Error {
    let described = || io::Error::new(error.kind(), error.to_string());
    error.raw_os_error().map_or_else(described, io::Error::from_raw_os_error)
}

impl PackedConv {
    /// Packs for an input of `in_lanes` and an output of `lanes` channels a block.
    pub(super) fn new(conv: &ConvWeights, in_lanes: usize, lanes: usize) -> Self {
        let (mut tiles, mut weights) = (Vec::new(), Vec::new());
        for (out_block, out_blocks) in tiles_of(conv.out_channels.div_ceil(lanes)) {
            let outputs = out_block * lanes..(out_block + out_blocks) * lanes;
            let inputs = conv.inputs_of(outputs.start, outputs.end.min(conv.out_channels));
            let (in_block, in_end) = (inputs.start / in_lanes, inputs.end.div_ceil(in_lanes));
            let first = weights.len();
            for block in in_block..in_end {
                let channels = block * in_lanes..((block + 1) * in_lanes).min(conv.in_channels());
                for (ky, kx) in conv.taps() {
                    for input in channels.clone() {
                        weights.extend(outputs.clone().map(|output| conv.weight_at(output, input, ky, kx)));
                    }
                }
            }
            tiles.push(Tile {
                out_block,
                out_blocks,
                in_block,
                in_blocks: in_end - in_block,
                weights: first,
                weight_count: weights.len() - first,
            });
        }
        Self {
            in_channels: conv.in_channels(),
            in_lanes,
            lanes,
            window: Window::of(conv),
            tiles,
            weights: Weights::Full(Buffer::from_values(&weights)),
            bias: per_channel(&conv.bias, lanes),
        }
    }

    /// As [`PackedConv::new`], the weights in half precision where no cache holds them and [`PackedConv::halved`] can.
    pub(super) fn spared(conv: &ConvWeights, in_lanes: usize, lanes: usize) -> Self {
        let packed = Self::new(conv, in_lanes, lanes);
        if packed.weights.len() >= SCARCE_WEIGHTS { packed.halved() } else { packed }
    }

    /// The same with its weights in half precision, unless one is too large for that, all are so small that they lose
    /// more than 2⁻¹⁷ of the largest, or a tile has too many.
    pub(super) fn halved(mut self) -> Self {
        /// Half precision holds nothing finer than 2⁻²⁴.
        const LEAST: f32 = 1.0 / 256.0;
        let small = self.tiles.iter().all(|tile| tile.weight_count <= TILE_WEIGHTS);
        if let Weights::Full(weights) = &self.weights {
            let weights = weights.as_slice();
            let finite = weights.iter().all(|weight| weight.abs() <= f16::MAX.to_f32());
            let largest = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
            if small && finite && largest >= LEAST {
                let mut half = Buffer::zeros(weights.len());
                half.as_mut_slice().convert_from_f32_slice(weights);
                self.weights = Weights::Half(half);
            }
        }
        self
    }

    /// Floats of memory that each thread needs to make a tile's weights f32 again.
    pub(super) fn scratch(&self) -> usize {
        match &self.weights {
            Weights::Full(_) => 0,
            Weights::Half(_) => {
                let most = self.tiles.iter().map(|tile| tile.weight_count).max().unwrap_or_default();
                most.next_multiple_of(LINE)
            }
        }
    }
}

impl Weights {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Full(weights) => weights.as_slice().len(),
            Self::Half(weights) => weights.as_slice().len(),
        }
    }
}

impl PackedConv {
    /// Channels that mean something in input block `block`.
    #[inline]
    pub(super) fn lanes_in(&self, block: usize) -> usize {
        self.in_channels.saturating_sub(block * self.in_lanes).min(self.in_lanes)
    }
}

impl PackedIntegers {
    /// Packs for blocks of `lanes` channels; `None` where it is no dense convolution over whole blocks, or a weight is no
    /// number.
    pub(super) fn new(conv: &ConvWeights, lanes: usize) -> Option<Self> {
        let (inputs, taps) = (conv.in_channels_per_group, conv.kernel.0 * conv.kernel.1);
        if conv.groups != 1 || !inputs.is_multiple_of(lanes) {
            return None;
        }
        let blocks = conv.out_channels.div_ceil(lanes);
        let tiles: Vec<_> = tiles_of(blocks).collect();
        let mut weights = Buffer::zeros(blocks * lanes * inputs * taps);
        let mut units = Buffer::zeros(blocks * lanes * inputs.div_ceil(CHUNK) * taps);
        let (mut values, mut steps) = (weights.as_mut_slice(), units.as_mut_slice());
        for &(out_block, out_blocks) in &tiles {
            let (first, wide) = (out_block * lanes, out_blocks * lanes);
            let chunks = (0..inputs).step_by(CHUNK).flat_map(|chunk| (0..taps).map(move |tap| (chunk, tap)));
            for (chunk, tap) in chunks {
                let channels = CHUNK.min(inputs - chunk);
                let (pairs, rest) = values.split_at_mut(channels * wide);
                let (unit, others) = steps.split_at_mut(wide);
                (values, steps) = (rest, others);
                for (lane, unit) in unit.iter_mut().enumerate().take(conv.out_channels - first) {
                    let start = ((first + lane) * inputs + chunk) * taps + tap;
                    let these = conv.weight.get(start..).unwrap_or_default().iter().step_by(taps);
                    let mut row = [0.0; CHUNK];
                    row.iter_mut().zip(these.take(channels)).for_each(|(to, from)| *to = *from);
                    let scale = scale(&row)?;
                    *unit = if scale > 0.0 { 1.0 / scale } else { 0.0 };
                    for (pair, to) in row.as_chunks::<2>().0.iter().zip(pairs.chunks_exact_mut(2 * wide)) {
                        if let Some(to) = to.as_chunks_mut::<2>().0.get_mut(lane) {
                            *to = pair.map(|weight| (weight * scale + 0.5_f32.copysign(weight)) as i16);
                        }
                    }
                }
            }
        }
        let bias = per_channel(&conv.bias, lanes);
        let window = Window::of(conv);
        Some(Self { in_channels: inputs, lanes, window, tiles, weights, units, bias })
    }

    /// Where the weights and units of the tile that begins with output block `out` begin.
    #[inline]
    pub(super) fn place_of(&self, out: usize) -> (usize, usize) {
        let lines = out * self.lanes * self.window.kernel.0 * self.window.kernel.1;
        (lines * self.in_channels, lines * self.in_channels.div_ceil(CHUNK))
    }
}

/// What weights that share a unit are multiplied by before they are rounded: 0 for weights that are nothing, `None` where one
/// is no number.
fn scale(weights: &[f32; CHUNK]) -> Option<f32> {
    /// Shorter vectors are nothing.
    const LEAST: f32 = 1e-18;
    let (mut squares, mut largest) = (0.0, 0.0_f32);
    for weight in weights {
        squares += weight * weight;
        largest = largest.max(weight.abs());
    }
    let length = f32::sqrt(squares);
    let scale = (WEIGHT_LENGTH / length).min(f32::from(i16::MAX) / largest);
    length.is_finite().then_some(if length < LEAST { 0.0 } else { scale })
}

impl Dense {
    /// Floats that the weights take.
    fn floats(&self) -> usize {
        match self {
            Self::Floats(conv) => conv.weights.len(),
            Self::Integers(conv) => conv.weights.as_slice().len() / 2,
        }
    }

    /// Floats of memory that each thread needs for the weights of a tile.
    fn scratch(&self) -> usize {
        match self {
            Self::Floats(conv) => conv.scratch(),
            Self::Integers(_) => 0,
        }
    }
}

impl PackedWinograd {
    /// First output block and how many of every tile, the same for every element.
    fn tiles_of_blocks(&self) -> impl Iterator<Item = (usize, usize)> {
        tiles_of(self.window.out_channels.div_ceil(self.lanes))
    }

    /// Tiles of output blocks.
    pub(super) fn tiles(&self) -> usize {
        self.tiles_of_blocks().count()
    }

    /// The tiles of one of `parts`, and their output blocks.
    pub(super) fn part(&self, part: usize, parts: usize) -> (Range<usize>, Range<usize>) {
        let tiles = part * self.tiles() / parts..(part + 1) * self.tiles() / parts;
        let mut theirs = self.tiles_of_blocks().skip(tiles.start).take(tiles.len());
        let first = theirs.next().unwrap_or_default();
        let last = theirs.last().unwrap_or(first);
        (tiles, first.0..last.0 + last.1)
    }

    /// Whether a thread's own cache holds the weights.
    pub(super) fn is_small(&self) -> bool {
        self.elements.iter().map(Dense::floats).sum::<usize>() <= SMALL_WEIGHTS
    }

    /// Floats of memory that each thread needs for the weights of a tile.
    pub(super) fn scratch(&self) -> usize {
        self.elements.iter().map(Dense::scratch).max().unwrap_or_default()
    }

    /// Whether there are elements in integers.
    pub(super) fn has_integers(&self) -> bool {
        self.elements.iter().any(|element| matches!(element, Dense::Integers(_)))
    }

    /// Transforms and packs for blocks of `lanes` channels; the smaller tiles in integers, if `integers` and the weights let it.
    pub(super) fn new(conv: &ConvWeights, side: usize, lanes: usize, integers: bool) -> Self {
        // The larger tiles multiply what rounding loses by up to a hundred: their numbers stay as they are.
        let integers = integers && side == 2;
        let scarce = side == 2 && conv.weight.len() / 9 * 16 >= SCARCE_WEIGHTS;
        let element = |weight| {
            let bias = vec![0.0; conv.out_channels];
            let element = ConvWeights { kernel: (1, 1), padding: 0, weight, bias, ..*conv };
            let rounded = if integers { PackedIntegers::new(&element, lanes) } else { None };
            let floats = || {
                let packed = PackedConv::new(&element, lanes, lanes);
                Dense::Floats(if scarce { packed.halved() } else { packed })
            };
            rounded.map_or_else(floats, Dense::Integers)
        };
        // A row of elements is made by itself: the cores share the loading of a large network.
        let row = |row| transformed(&conv.weight, side, row).into_iter().map(element);
        Self {
            in_channels: conv.in_channels(),
            lanes,
            window: Window::of(conv),
            side,
            elements: (0..side + 2).into_par_iter().flat_map_iter(row).collect(),
            scarce,
            bias: per_channel(&conv.bias, lanes),
        }
    }
}

/// Row `row` of G g Gᵀ for all kernels g, computed in f64: one list for each of its elements.
fn transformed(weight: &[f32], side: usize, row: usize) -> Vec<Vec<f32>> {
    const SMALL: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];
    const LARGE: [[f64; 3]; 6] = [
        [1.0 / 4.0, 0.0, 0.0],
        [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
        [0.0, 0.0, 1.0],
    ];
    let rows: &[[f64; 3]] = if side == 2 { &SMALL } else { &LARGE };
    let kernels = weight.as_chunks::<9>().0;
    let mut elements = vec![Vec::with_capacity(kernels.len()); rows.len()];
    let Some([top, middle, bottom]) = rows.get(row) else { return elements };
    for kernel in kernels {
        let [a, b, c] = [0, 1, 2].map(|x| {
            let [g0, g1, g2] = [kernel[x], kernel[3 + x], kernel[6 + x]].map(f64::from);
            top * g0 + middle * g1 + bottom * g2
        });
        for ([left, centre, right], element) in rows.iter().zip(&mut elements) {
            element.push((a * left + b * centre + c * right) as f32);
        }
    }
    elements
}

impl PackedDepthwise {
    /// Packs for `lanes` channels a block.
    pub(super) fn new(conv: &ConvWeights, lanes: usize) -> Self {
        let mut weights = Vec::new();
        for block in 0..conv.out_channels.div_ceil(lanes) {
            for (ky, kx) in conv.taps() {
                weights.extend((block * lanes..(block + 1) * lanes).map(|c| conv.weight_at(c, c, ky, kx)));
            }
        }
        Self {
            lanes,
            window: Window::of(conv),
            weights: Buffer::from_values(&weights),
            bias: per_channel(&conv.bias, lanes),
        }
    }
}

impl Finish {
    pub(super) fn new(activation: &Activation, affine: Option<(&[f32], &[f32])>, lanes: usize) -> Self {
        Self {
            activation: match activation {
                Activation::None => PackedActivation::None,
                Activation::Relu => PackedActivation::Relu,
                Activation::Prelu(slopes) => PackedActivation::Prelu(per_channel(slopes, lanes)),
                Activation::Sigmoid => PackedActivation::Sigmoid,
            },
            affine: affine.map(|(scale, shift)| (per_channel(scale, lanes), per_channel(shift, lanes))),
        }
    }
}

impl Window {
    pub(super) fn of(conv: &ConvWeights) -> Self {
        let ConvWeights { kernel, stride, padding, out_channels, .. } = *conv;
        Self { kernel, stride, padding, out_channels }
    }

    /// The shape that comes out of `x`; `None` when the kernel is larger than the padded input, or that is larger than any
    /// number.
    pub(super) fn output(&self, x: Shape) -> Option<Shape> {
        let size = |size: usize, kernel: usize| {
            let padded = self.padding.checked_mul(2)?.checked_add(size)?;
            padded.checked_sub(kernel)?.checked_div(self.stride)?.checked_add(1)
        };
        let (kh, kw) = self.kernel;
        Some(Shape { channels: self.out_channels, height: size(x.height, kh)?, width: size(x.width, kw)? })
    }
}

impl ConvWeights {
    /// The input channels that the outputs `first..end` look at; `end` is greater than `first`.
    fn inputs_of(&self, first: usize, end: usize) -> std::ops::Range<usize> {
        let outputs_per_group = self.out_channels / self.groups;
        let (first_group, last_group) = (first / outputs_per_group, (end - 1) / outputs_per_group);
        first_group * self.in_channels_per_group..(last_group + 1) * self.in_channels_per_group
    }

    fn taps(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (kh, kw) = self.kernel;
        (0..kh).flat_map(move |ky| (0..kw).map(move |kx| (ky, kx)))
    }

    /// The weight between two channels, counted over all groups; zero where there is none.
    fn weight_at(&self, output: usize, input: usize, ky: usize, kx: usize) -> f32 {
        let (kh, kw) = self.kernel;
        // Without groups nothing is divided, once for every weight of a network.
        let group = if self.groups == 1 { 0 } else { output / (self.out_channels / self.groups) };
        let Some(local) = input.checked_sub(group * self.in_channels_per_group) else { return 0.0 };
        if local >= self.in_channels_per_group {
            return 0.0;
        }
        let index = ((output * self.in_channels_per_group + local) * kh + ky) * kw + kx;
        self.weight.get(index).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::testing::noise;
    use proptest::prelude::*;

    #[test]
    fn threads_that_the_system_refuses_are_an_error_each_time_and_a_pool_that_runs_is_none() {
        let refuse = || {
            let pool = ThreadPoolBuilder::new()
                .num_threads(1)
                .spawn_handler(|_| Err(io::Error::from_raw_os_error(11)));
            pool.build().map(drop)
        };
        let tried = OnceLock::new();
        for start in [refuse, || unreachable!("rayon would not try again")] {
            let error = started(&tried, start).unwrap_err();
            assert!(matches!(&error, NnError::Threads(io) if io.raw_os_error() == Some(11)), "{error}");
        }
        start_packers().unwrap();
        assert!(ThreadPoolBuilder::new().build_global().is_err(), "there is a pool");
        started(&OnceLock::new(), || ThreadPoolBuilder::new().build_global()).unwrap();
    }

    #[test]
    fn many_cores_are_not_all_taken() {
        let threads = [1, 3, 64].map(|cores| packers(cores).build().unwrap().current_num_threads());
        assert_eq!(threads, [1, 3, MAX_PACKERS]);
    }

    proptest! {
        #[test]
        fn no_sum_of_products_leaves_its_integer(
            weights in prop::collection::vec(-1.0_f32..1.0, 80),
            ones in 0_usize..65,
            power in -30_i32..30,
        ) {
            let mut weight: Vec<_> = weights.iter().map(|weight| weight * 2.0_f32.powi(power)).collect();
            weight[..ones].fill(2.0_f32.powi(power));
            let (kernel, stride, padding, groups) = ((1, 1), 1, 0, 1);
            let (out_channels, in_channels_per_group, bias) = (1, 80, vec![0.0]);
            let conv = ConvWeights {
                out_channels,
                in_channels_per_group,
                kernel,
                stride,
                padding,
                groups,
                weight,
                bias,
            };
            let packed = PackedIntegers::new(&conv, 8).unwrap();
            let rounded: Vec<i16> = (0..80).map(|i| packed.weights.as_slice()[i / 2 * 16 + i % 2]).collect();
            let units = [packed.units.as_slice()[0], packed.units.as_slice()[8]];
            for ((weights, rounded), unit) in conv.weight.chunks(CHUNK).zip(rounded.chunks(CHUNK)).zip(units) {
                let square: f64 = rounded.iter().map(|weight| f64::from(*weight).powi(2)).sum();
                let inputs = f64::from(INPUT_LENGTH) + (CHUNK as f64).sqrt() / 2.0;
                prop_assert!(square.sqrt() * inputs <= f64::from(i32::MAX), "{square}");
                for (weight, rounded) in weights.iter().zip(rounded) {
                    prop_assert!((weight / unit - f32::from(*rounded)).abs() < 0.51);
                }
            }
        }
    }

    #[test]
    fn weights_that_half_precision_would_spoil_stay_as_they_are() {
        let scaled = |factor: f32| {
            let weight = noise(1, 32 * 32).iter().map(|w| w * factor).collect();
            let bias = vec![0.0; 32];
            let (kernel, stride, padding, groups) = ((1, 1), 1, 0, 1);
            let (out_channels, in_channels_per_group) = (32, 32);
            let conv = ConvWeights {
                out_channels,
                in_channels_per_group,
                kernel,
                stride,
                padding,
                groups,
                weight,
                bias,
            };
            PackedConv::new(&conv, 8, 8).halved()
        };
        for (factor, halves) in [(1e-6, false), (1e-3, false), (0.01, true), (1.0, true), (1e6, false)] {
            assert_eq!(matches!(scaled(factor).weights, Weights::Half(_)), halves, "weights up to {factor}");
        }
        assert!(matches!(scaled(f32::NAN).weights, Weights::Full(_)));
    }
}
