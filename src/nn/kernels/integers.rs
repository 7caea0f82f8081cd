//! Convolutions in integers of 16 bits: one instruction multiplies and adds twice as many of them as of f32.
//!
//! The inputs of a pixel are rounded [`CHUNK`] channels at a time, to a unit of their own, so that no range need be known
//! in advance; as many weights of an output have a unit of their own too. The units are such that the lengths of both vectors
//! are known, and so no sum of their products is larger than an i32 holds (Cauchy and Schwarz). The sums of all chunks and taps
//! are added as f32. Rounding moves a layer's answer by about 1e-4 of it, as weights in half precision do.
//!
//! Everything here is `inline(always)` and walks as in [`super::tile`].
#![allow(clippy::needless_range_loop, reason = "registers, as in `tile`")]

use super::{
    super::{
        blocked::LINE,
        pack::{CHUNK, Finish, INPUT_LENGTH, PackedIntegers, spans},
    },
    Isa, dispatch,
    tile::{Job, PIXELS_OF_FEW, PIXELS_OF_MANY, TILE_BLOCKS, Target, finish_pixels},
    vector::Vector,
};
/// Rounded pixels: `[chunk][row][column][CHUNK]`, and behind them their units, `[chunk][row][column]`.
#[derive(Clone, Copy)]
pub(super) struct Rounded {
    values: *mut i16,
    units: *mut f32,
    /// Pixels from a row to the next.
    row: usize,
    /// Pixels from a chunk to the next.
    chunk: usize,
}

impl Rounded {
    /// Floats of memory for so many rounded pixels of `channels` channels, their units included.
    pub(super) fn floats(channels: usize, pixels: usize) -> usize {
        let pixels = channels.div_ceil(CHUNK) * pixels;
        pixels * CHUNK / 2 + pixels.next_multiple_of(LINE)
    }

    /// Room for `rows` rows of `columns` pixels of `channels` channels.
    ///
    /// # Safety
    /// `space` starts on a cache line and has [`Rounded::floats`] of them.
    #[inline(always)]
    pub(super) unsafe fn new(space: *mut f32, channels: usize, rows: usize, columns: usize) -> Self {
        let (chunk, chunks) = (rows * columns, channels.div_ceil(CHUNK));
        // SAFETY: the caller's promise.
        let units = unsafe { space.add(chunks * chunk * CHUNK / 2) };
        Self { values: space.cast(), units, row: columns, chunk }
    }

    /// What begins `pixels` further on, which may be behind the last one.
    #[inline(always)]
    pub(super) fn after(self, pixels: usize) -> Self {
        let values = self.values.wrapping_add(pixels.wrapping_mul(CHUNK));
        Self { values, units: self.units.wrapping_add(pixels), ..self }
    }
}

/// Pixels to be rounded: `step` floats apart, their blocks `block` floats apart.
#[derive(Clone, Copy)]
pub(super) struct Pixels {
    pub(super) first: *const f32,
    pub(super) step: usize,
    pub(super) block: usize,
}

/// Rounds `pixels` pixels of `blocks` blocks to neighbours at the beginning of `to`.
///
/// # Safety
/// The processor has `V`'s instructions; the pixels are there, and so is room for as many, which nobody else uses.
#[inline(always)]
pub(super) unsafe fn round_pixels<V: Vector>(from: Pixels, blocks: usize, pixels: usize, to: Rounded) {
    /// Shorter vectors are rounded as if they were as long: theirs would have no inverse.
    const LEAST: f32 = 1e-18;
    let most = CHUNK / V::LANES;
    let mut to = to;
    for first in (0..blocks).step_by(most) {
        let count = most.min(blocks - first);
        let mut pixel = from.first.wrapping_add(first.wrapping_mul(from.block));
        let (mut values, mut unit) = (to.values, to.units);
        for _ in 0..pixels {
            // SAFETY: the caller's promise.
            unsafe {
                let (mut squares, mut at) = (V::splat(0.0), pixel);
                for _ in 0..count {
                    let value = V::load(at);
                    squares = value.mul_add(value, squares);
                    at = at.wrapping_add(from.block);
                }
                let length = squares.sum().sqrt();
                let length = if length < LEAST { LEAST } else { length };
                let (factor, zero) = (V::splat(INPUT_LENGTH / length), V::splat(0.0));
                // What is not finite makes a unit that is no number, and with it every sum.
                (at, *unit) = (pixel, length * (1.0 / INPUT_LENGTH) + length * 0.0);
                let mut value = values;
                for _ in 0..count {
                    V::load(at).mul_add(factor, zero).store_rounded(value);
                    (at, value) = (at.wrapping_add(from.block), value.wrapping_add(V::LANES));
                }
            }
            pixel = pixel.wrapping_add(from.step);
            (values, unit) = (values.wrapping_add(CHUNK), unit.wrapping_add(1));
        }
        to = to.after(to.chunk);
    }
}

/// `pixels` neighbouring output pixels of tile `tile`. The first one's window begins where `source` does, the others
/// `step` pixels after each other.
///
/// # Safety
/// The processor has `V`'s instructions; there is such a tile; `source` covers the windows of as many pixels in all chunks,
/// and `target` as many pixels in the tile's output blocks, nobody else writing there.
#[inline(always)]
pub(super) unsafe fn integer_pixels<V: Vector>(
    conv: &PackedIntegers,
    finish: &Finish,
    (out, blocks): (usize, usize),
    (source, step): (Rounded, usize),
    target: Target,
    pixels: usize,
) {
    let most = if blocks > TILE_BLOCKS { PIXELS_OF_MANY } else { PIXELS_OF_FEW };
    for (x, pixels, count) in spans(pixels, most) {
        let (source, to) = ((source.after(x * step), step), (target, x * V::LANES));
        // SAFETY: spans cover the pixels and do not leave them; the rest is the caller's promise.
        unsafe {
            match (blocks, step) {
                // Addresses are then part of the instructions.
                (2, 1) => with_pixels!(pixels, tiles::<V, 2, 1>(conv, finish, out, source, to, count)),
                (2, _) => with_pixels!(pixels, tiles::<V, 2, 0>(conv, finish, out, source, to, count)),
                (1, _) => with_pixels!(pixels, tiles::<V, 1, 0>(conv, finish, out, source, to, count)),
                (_, _) => with_few_pixels!(pixels, tiles::<V, 3, 0>(conv, finish, out, source, to, count)),
            }
        }
    }
}

/// `count` times `PIXELS` pixels of `BLOCKS` output blocks from block `out` on.
///
/// # Safety
/// As [`integer_pixels`], `BLOCKS` being the tile's count and `STEP` the step or 0.
#[inline(always)]
unsafe fn tiles<V: Vector, const BLOCKS: usize, const STEP: usize, const PIXELS: usize>(
    conv: &PackedIntegers,
    finish: &Finish,
    out: usize,
    (mut source, step): (Rounded, usize),
    (target, mut floats): (Target, usize),
    count: usize,
) {
    for _ in 0..count {
        // SAFETY: the caller's promise.
        unsafe {
            let totals = total::<V, BLOCKS, STEP, PIXELS>(conv, out, source, step);
            // No loop: as in `tile::conv_tile`.
            if let Some(totals) = totals.first() {
                finish_pixels::<V, PIXELS>(finish, out, *totals, target.place(out, floats));
            }
            if let Some(totals) = totals.get(1) {
                finish_pixels::<V, PIXELS>(finish, out + 1, *totals, target.place(out + 1, floats));
            }
            if let Some(totals) = totals.get(2) {
                finish_pixels::<V, PIXELS>(finish, out + 2, *totals, target.place(out + 2, floats));
            }
        }
        source = source.after(PIXELS.wrapping_mul(step));
        floats += PIXELS * V::LANES;
    }
}

/// Bias and products of `PIXELS` pixels of `BLOCKS` output blocks from block `out` on.
///
/// # Safety
/// As [`tiles`].
#[inline(always)]
unsafe fn total<V: Vector, const BLOCKS: usize, const STEP: usize, const PIXELS: usize>(
    conv: &PackedIntegers,
    out: usize,
    source: Rounded,
    step: usize,
) -> [[V; PIXELS]; BLOCKS] {
    let (kh, kw) = conv.window.kernel;
    let step = if STEP == 0 { step } else { STEP };
    // SAFETY: bias, units and weights are as long as `PackedIntegers::check` has found them, which is what these loops walk;
    // windows are the caller's promise.
    unsafe {
        let bias = conv.bias.as_slice().as_ptr().wrapping_add(out * V::LANES);
        let mut totals = [[V::splat(0.0); PIXELS]; BLOCKS];
        for block in 0..BLOCKS {
            totals[block] = [V::load(bias.wrapping_add(block * V::LANES)); PIXELS];
        }
        let (weights, units) = conv.place_of(out);
        let mut weights = conv.weights.as_slice().as_ptr().wrapping_add(weights);
        let mut units = conv.units.as_slice().as_ptr().wrapping_add(units);
        // The next tile's weights lie behind this one's, and arrive meanwhile.
        let ahead = BLOCKS * V::LANES * conv.in_channels * kh * kw;
        let (mut chunk, mut left) = (source, conv.in_channels);
        while left > 0 {
            let channels = if left < CHUNK { left } else { CHUNK };
            let mut line = chunk;
            for _ in 0..kh {
                let mut tap = line;
                for _ in 0..kw {
                    let mut sums = [[V::no_integers(); PIXELS]; BLOCKS];
                    let mut input = tap.values.cast_const();
                    let end = input.wrapping_add(channels);
                    while input != end {
                        // So many channels are whole vectors, of which the least has four.
                        for _ in 0..2 {
                            add_pair::<V, BLOCKS, PIXELS>(&mut sums, weights, input, step);
                            for block in 0..BLOCKS {
                                let next = weights.wrapping_add(ahead).wrapping_add(block * V::LANES * 2);
                                V::ask_for(next);
                            }
                            weights = weights.wrapping_add(BLOCKS * V::LANES * 2);
                            input = input.wrapping_add(2);
                        }
                    }
                    for pixel in 0..PIXELS {
                        let unit = V::splat_from(tap.units.wrapping_add(pixel.wrapping_mul(step)));
                        for block in 0..BLOCKS {
                            let factor = V::load(units.wrapping_add(block * V::LANES));
                            let sum = V::from_integers(sums[block][pixel]).mul_add(factor, V::splat(0.0));
                            totals[block][pixel] = sum.mul_add(unit, totals[block][pixel]);
                        }
                    }
                    units = units.wrapping_add(BLOCKS * V::LANES);
                    tap = tap.after(1);
                }
                line = line.after(source.row);
            }
            chunk = chunk.after(source.chunk);
            left = left.wrapping_sub(channels);
        }
        totals
    }
}

/// Adds two input channels of `PIXELS` pixels, `step` of them apart, times `BLOCKS` vectors of pairs of weights.
///
/// # Safety
/// As [`tiles`].
#[inline(always)]
unsafe fn add_pair<V: Vector, const BLOCKS: usize, const PIXELS: usize>(
    sums: &mut [[V::Integers; PIXELS]; BLOCKS],
    weights: *const i16,
    input: *const i16,
    step: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut factors = [V::no_integers(); BLOCKS];
        for block in 0..BLOCKS {
            factors[block] = V::load_pairs(weights.wrapping_add(block * V::LANES * 2));
        }
        for pixel in 0..PIXELS {
            let values = V::splat_pair(input.wrapping_add(pixel.wrapping_mul(step).wrapping_mul(CHUNK)));
            for block in 0..BLOCKS {
                sums[block][pixel] = V::add_products(sums[block][pixel], factors[block], values);
            }
        }
    }
}

/// How an output is cut into what one task makes: pieces of rows, or, where there are few rows or many weights, parts of the
/// output blocks as well. Every task rounds the inputs that it needs.
#[derive(Clone, Copy)]
pub(in super::super) struct Pieces {
    /// Output rows of a piece.
    rows: usize,
    /// Output rows of a picture.
    height: usize,
    /// Pieces of a picture.
    per_picture: usize,
    /// Pictures of one pixel that are one piece, their weights being read once.
    together: usize,
    /// Pieces of all pictures.
    pub(super) count: usize,
    /// Parts that the tiles are cut into.
    pub(super) parts: usize,
    /// Pixels of an input row, and rows of them in a picture, that a piece needs.
    columns: usize,
    in_rows: usize,
    channels: usize,
}

impl Pieces {
    /// For `pictures` pictures of `height` times `width` output pixels, computed by `threads` threads. With `neighbours`,
    /// pictures of one pixel lie beside each other.
    pub(in super::super) fn new(
        conv: &PackedIntegers,
        (height, width): (usize, usize),
        (pictures, neighbours): (usize, bool),
        threads: usize,
    ) -> Self {
        /// Rounded inputs that a second-level cache holds beside the weights of a tile, in floats.
        const FLOATS: usize = 40 * 1024;
        /// Weights that a second-level cache does not hold: the more rows share a reading of them the better.
        const MANY_WEIGHTS: usize = 128 * 1024;
        /// Pixels to have at least for one reading of the weights.
        const PIXELS: usize = 24;
        let ((kh, kw), stride) = (conv.window.kernel, conv.window.stride);
        let columns = width.saturating_sub(1) * stride + kw;
        let per_row = Rounded::floats(conv.in_channels, columns).max(1);
        let many = conv.weights.as_slice().len() > MANY_WEIGHTS;
        let floats = if many { 2 * FLOATS } else { FLOATS };
        let most = ((floats / per_row).saturating_sub(kh) / stride).max(1);
        let wanted = if many { 1 } else { (4 * threads).div_ceil(pictures) };
        let rows =
            height.div_ceil(wanted).max(PIXELS.div_ceil(width.max(1))).min(most).clamp(1, height.max(1));
        let per_picture = height.div_ceil(rows);
        let together = if neighbours && height * width == 1 { pictures } else { 1 };
        let count = pictures / together * per_picture;
        let few = threads > 1 && count < 2 * threads;
        Self {
            rows,
            height,
            per_picture,
            together,
            count,
            parts: if few { (2 * threads).min(conv.tiles.len()) } else { 1 },
            columns,
            in_rows: (rows - 1) * stride + kh,
            channels: conv.in_channels,
        }
    }

    /// Floats of workspace that each thread needs.
    pub(in super::super) fn floats(&self) -> usize {
        Rounded::floats(self.channels, self.together * self.in_rows * self.columns)
    }

    /// First output row of a piece, counted over all pictures, and how many.
    fn piece(&self, index: usize) -> (usize, usize) {
        let first = index % self.per_picture * self.rows;
        (index / self.per_picture * self.height + first, self.rows.min(self.height - first))
    }
}

/// A part of the output blocks of a piece of the rows. `space` has [`Pieces::floats`], which no other task uses.
///
/// # Safety
/// `job` fits `conv` and `finish` as `kernels::integers` checks it; there are such pieces and parts; no other task writes
/// this one. Where pictures are together, none of them has a border.
pub(super) unsafe fn integer_piece(
    isa: Isa,
    (conv, finish): (&PackedIntegers, &Finish),
    pieces: &Pieces,
    job: &Job,
    (piece, part): (usize, usize),
    space: *mut f32,
) {
    let (from, to, window) = (job.x.layout, job.out.layout.shape, conv.window);
    let Pieces { together, columns, in_rows, .. } = *pieces;
    let (first, rows) = pieces.piece(piece);
    // SAFETY: the caller's promise: the windows of these rows lie inside the border.
    unsafe {
        let rounded = Rounded::new(space, pieces.channels, together * in_rows, columns);
        for picture in 0..together {
            let corner = job.x.window(first + picture, to.height, window.stride, window.padding);
            for row in 0..(rows - 1) * window.stride + window.kernel.0 {
                let pixels =
                    Pixels { first: corner.add(row * from.row()), step: from.lanes, block: from.block() };
                let to = rounded.after((picture * in_rows + row) * columns);
                dispatch::round_pixels(isa, pixels, from.blocks(), columns, to);
            }
        }
        let tiles = part * conv.tiles.len() / pieces.parts..(part + 1) * conv.tiles.len() / pieces.parts;
        for tile in conv.tiles.get(tiles).unwrap_or_default() {
            if together > 1 {
                let source = (rounded, in_rows * columns);
                dispatch::integer_pixels(isa, conv, finish, *tile, source, job.target(first), together);
                continue;
            }
            for row in 0..rows {
                let source = (rounded.after(row * window.stride * columns), window.stride);
                dispatch::integer_pixels(isa, conv, finish, *tile, source, job.target(first + row), to.width);
            }
        }
    }
}
