//! 3x3 convolutions with fewer multiplications: Winograd's minimal filtering F(2,3) and F(4,3) (Lavin and Gray,
//! <https://arxiv.org/abs/1509.09308>).
//!
//! The output is cut into tiles of m x m pixels. A tile's n x n inputs (n = m + 2) are transformed, each of the n * n
//! elements by itself is a 1x1 convolution over all tiles, and what comes out is transformed into the m x m pixels.
//!
//! Everything here is `inline(always)` and walks as in [`super::tile`].
#![allow(clippy::needless_range_loop, reason = "registers, as in `tile`")]

use super::{
    super::{
        blocked::LINE,
        pack::{Dense, Finish, PackedWinograd},
    },
    Isa, dispatch,
    integers::{Pixels, Rounded},
    tile::{Job, Source, Target, finish_pixels, weights_of},
    vector::Vector,
};
use std::ops::Range;

/// How an output is cut into tiles, how the threads share them, and how the workspace of a thread holds them:
/// `[block][element][tile][lane]`, first the transformed inputs and behind them the products, for a band of tiles at once.
///
/// A task takes one band from pixels to pixels, so that nothing of it goes from core to core. It makes all output blocks, or,
/// where the weights are so many that they should be read once, a part of them: then every part's task transforms the
/// band's inputs for itself, which costs less than to fetch them from the core that has.
#[derive(Clone, Copy)]
pub(in super::super) struct Geometry {
    /// Tiles beside each other.
    across: usize,
    /// Rows of tiles in a picture.
    down: usize,
    /// Tiles, counted over all pictures.
    pub(super) tiles: usize,
    /// Bands that the tiles are cut into.
    pub(super) bands: usize,
    /// Parts that the output blocks are cut into.
    pub(super) parts: usize,
    /// Tiles that a block has room for. Odd, so that the elements of a tile do not share a set of the cache.
    room: usize,
    /// Floats behind the tiles: what an element's inputs are rounded to, or a tile's weights in f32.
    spare: usize,
    /// Elements of a tile.
    pub(super) elements: usize,
    lanes: usize,
    in_blocks: usize,
    out_blocks: usize,
}

/// Floats of a band to stay below, where a single tile lets it: what a second-level cache and a share of the third hold.
const BAND_FLOATS: usize = 256 * 1024;
/// The same where the second-level cache holds the weights as well.
const SMALL_BAND_FLOATS: usize = 96 * 1024;
/// Bands to have at least where the weights are that small: no thread waits long for the last one.
const SMALL_BANDS: usize = 8;
/// Tiles that a band has at least, where there are so many: fewer leave registers unused.
const BAND_TILES: usize = 12;

impl Geometry {
    /// For `pictures` outputs of `height` times `width` pixels, computed by `threads` threads.
    pub(in super::super) fn new(
        conv: &PackedWinograd,
        (height, width): (usize, usize),
        pictures: usize,
        threads: usize,
    ) -> Self {
        let (across, down) = (width.div_ceil(conv.side), height.div_ceil(conv.side));
        let (in_blocks, out_blocks) =
            (conv.in_channels.div_ceil(conv.lanes), conv.window.out_channels.div_ceil(conv.lanes));
        let tiles = across * down * pictures;
        let by_outputs = conv.scarce || tiles < threads * BAND_TILES;
        let parts = if by_outputs { threads.min(conv.tiles()) } else { 1 };
        let (floats, wanted) = match (conv.is_small(), parts) {
            (true, _) => (SMALL_BAND_FLOATS, SMALL_BANDS),
            (false, 1) => (BAND_FLOATS, threads),
            _ => (BAND_FLOATS, 1),
        };
        let per_tile = (in_blocks + out_blocks) * conv.elements.len() * conv.lanes;
        let most = (floats / per_tile.max(1)).max(1);
        let band = tiles.div_ceil(wanted).max(BAND_TILES).min(most);
        // As many for each thread.
        let bands = tiles.div_ceil(band).next_multiple_of(if parts == 1 { threads } else { 1 }).min(tiles);
        let room = tiles.div_ceil(bands.max(1)) | 1;
        let rounded = if conv.has_integers() { Rounded::floats(conv.in_channels, room) } else { 0 };
        let spare = conv.scratch().max(rounded);
        Self {
            across,
            down,
            tiles,
            bands,
            parts,
            room,
            spare,
            elements: conv.elements.len(),
            lanes: conv.lanes,
            in_blocks,
            out_blocks,
        }
    }

    /// Floats of workspace that each thread needs: for the tiles of a band, and behind them the spare ones.
    pub(in super::super) fn floats(&self) -> usize {
        self.tile_floats() + self.spare
    }

    fn tile_floats(&self) -> usize {
        ((self.in_blocks + self.out_blocks) * self.block()).next_multiple_of(LINE)
    }

    /// The tiles of a band.
    pub(super) fn band(&self, index: usize) -> Range<usize> {
        index * self.tiles / self.bands..(index + 1) * self.tiles / self.bands
    }

    /// The rows of a band's tiles.
    pub(super) fn stretches(&self, band: &Range<usize>) -> impl Iterator<Item = Stretch> {
        let (across, Range { start, end }) = (self.across, band.clone());
        (start / across..end.div_ceil(across)).map(move |row| {
            let (first, behind) = ((row * across).max(start), ((row + 1) * across).min(end));
            Stretch { row, column: first - row * across, tiles: behind - first, slot: first - start }
        })
    }

    /// Floats from an element to the next.
    fn element(&self) -> usize {
        self.room * self.lanes
    }

    /// Floats from a block to the next.
    fn block(&self) -> usize {
        self.elements * self.element()
    }
}

/// The workspace of one layer.
#[derive(Clone, Copy)]
pub(super) struct Space(pub(super) *mut f32);

impl Space {
    /// A thread's own `floats` of what begins at `first`.
    ///
    /// # Safety
    /// The workspace is long enough for all threads, and no other task of this thread uses its part at the same time.
    pub(super) unsafe fn part<'a>(self, first: usize, thread: usize, floats: usize) -> &'a mut [f32] {
        // SAFETY: the caller's promise; the parts of different threads lie apart.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(first + thread * floats), floats) }
    }

    /// `floats` further on.
    ///
    /// # Safety
    /// The workspace is longer than that.
    pub(super) unsafe fn at(self, floats: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(floats) }
    }
}

// SAFETY: it is made from a slice borrowed for the whole layer, and each thread has a part of its own.
unsafe impl Sync for Space {}

/// Neighbouring tiles of a row.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    /// Counted over all pictures.
    row: usize,
    /// Of the first tile.
    column: usize,
    tiles: usize,
    /// The first one's place in the band.
    slot: usize,
}

/// Transforms the inputs of a stretch of tiles of one input block.
///
/// # Safety
/// The processor has `V`'s instructions; `job` fits `conv` as `kernels::winograd` checks it; the tiles and the block are there;
/// `space` has [`Geometry::floats`], which no other task uses.
#[inline(always)]
pub(super) unsafe fn transform_inputs<V: Vector>(
    conv: &PackedWinograd,
    geometry: &Geometry,
    job: &Job,
    space: Space,
    block: usize,
    at: Stretch,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match conv.side {
            2 => inputs::<V, 2, 4>(conv, geometry, job, space, block, at),
            _ => inputs::<V, 4, 6>(conv, geometry, job, space, block, at),
        }
    }
}

/// Multiplies one element of `tiles` tiles by the weights of some `outputs`, numbers of their tiles.
///
/// # Safety
/// As [`transform_inputs`]; the inputs of these tiles are transformed.
pub(super) unsafe fn multiply_element(
    isa: Isa,
    conv: &PackedWinograd,
    geometry: &Geometry,
    space: Space,
    (element, outputs): (usize, Range<usize>),
    tiles: usize,
) {
    let nothing = Finish::default();
    let (at, block, step) = (element * geometry.element(), geometry.block(), conv.lanes);
    // SAFETY: the caller's promise; a tile's window is its own element, products lie behind the inputs, and behind them is
    // as much spare room as the geometry says.
    unsafe {
        let first = space.0.add(at).cast_const();
        let target = Target::plain(space.0.add(geometry.in_blocks * block + at), block);
        let spare = space.0.add(geometry.tile_floats());
        match conv.elements.get(element) {
            Some(Dense::Floats(conv)) => {
                let spare = std::slice::from_raw_parts_mut(spare, geometry.spare);
                for tile in conv.tiles.get(outputs).unwrap_or_default() {
                    let weights = weights_of(isa, conv, tile, spare).as_ptr();
                    let source = Source { weights, first, step, row: 0, block };
                    dispatch::conv_pixels(isa, conv, &nothing, *tile, source, target, tiles);
                }
            }
            Some(Dense::Integers(conv)) => {
                let rounded = Rounded::new(spare, conv.in_channels, 1, geometry.room);
                let pixels = Pixels { first, step, block };
                dispatch::round_pixels(isa, pixels, geometry.in_blocks, tiles, rounded);
                for tile in conv.tiles.get(outputs).unwrap_or_default() {
                    dispatch::integer_pixels(isa, conv, &nothing, *tile, (rounded, 1), target, tiles);
                }
            }
            None => {}
        }
    }
}

/// Makes pixels of the products of a stretch of tiles of one output block.
///
/// # Safety
/// As [`transform_inputs`]; the products are there; no other task writes these pixels.
#[inline(always)]
pub(super) unsafe fn transform_products<V: Vector>(
    conv: &PackedWinograd,
    finish: &Finish,
    geometry: &Geometry,
    job: &Job,
    space: Space,
    block: usize,
    at: Stretch,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match conv.side {
            2 => outputs::<V, 2, 4>(conv, finish, geometry, job, space, block, at),
            _ => outputs::<V, 4, 6>(conv, finish, geometry, job, space, block, at),
        }
    }
}

/// # Safety
/// As [`transform_inputs`], `M` being the tiles' side and `N` two more.
#[inline(always)]
unsafe fn inputs<V: Vector, const M: usize, const N: usize>(
    conv: &PackedWinograd,
    geometry: &Geometry,
    job: &Job,
    space: Space,
    block: usize,
    at: Stretch,
) {
    let (from, padding) = (job.x.layout, conv.window.padding);
    let (picture, y) = (at.row / geometry.down, at.row % geometry.down * M);
    // What the last tiles have below and beside the padding is no memory of this value, and counts as zero.
    let rows = (from.shape.height + 2 * padding - y).min(N);
    let columns = from.shape.width + 2 * padding;
    // SAFETY: rows and columns inside the padded picture are inside the border; each tile's elements have room.
    unsafe {
        let first = job.x.data.add(block * from.block() + from.at(picture, y, 0, padding)).cast_const();
        let to = space.0.add(block * geometry.block() + at.slot * V::LANES);
        let (row, element) = (from.row(), geometry.element());
        let down = N * element;
        for place in 0..at.tiles {
            let tile = at.column + place;
            let first = first.add(tile * M * V::LANES);
            let columns = (columns - tile * M).min(N);
            let mut lines = [[V::splat(0.0); N]; N];
            if rows == N && columns == N {
                let mut from = first;
                for i in 0..N {
                    lines[i] = transform_input(load_line(from));
                    from = from.wrapping_add(row);
                }
            } else {
                for (i, line) in lines.iter_mut().enumerate().take(rows) {
                    let mut values = [V::splat(0.0); N];
                    for (j, value) in values.iter_mut().enumerate().take(columns) {
                        *value = V::load(first.add(i * row + j * V::LANES));
                    }
                    *line = transform_input(values);
                }
            }
            for j in 0..N {
                let mut column = [V::splat(0.0); N];
                for i in 0..N {
                    column[i] = lines[i][j];
                }
                let column = transform_input(column);
                let mut to = to.wrapping_add(j * element + place * V::LANES);
                for i in 0..N {
                    column[i].store(to);
                    to = to.wrapping_add(down);
                }
            }
        }
    }
}

/// # Safety
/// As [`transform_products`], `M` being the tiles' side and `N` two more.
#[inline(always)]
unsafe fn outputs<V: Vector, const M: usize, const N: usize>(
    conv: &PackedWinograd,
    finish: &Finish,
    geometry: &Geometry,
    job: &Job,
    space: Space,
    block: usize,
    at: Stretch,
) {
    let to = job.out.layout.shape;
    let (picture, y) = (at.row / geometry.down, at.row % geometry.down * M);
    let rows = (to.height - y).min(M);
    // SAFETY: the caller's promise; only rows and columns inside the output are written.
    unsafe {
        let bias = V::load(conv.bias.as_slice().as_ptr().add(block * V::LANES));
        let from = space.0.add((geometry.in_blocks + block) * geometry.block() + at.slot * V::LANES);
        let element = geometry.element();
        let down = N * element;
        let mut targets = [job.target(picture * to.height + y); M];
        for i in 1..rows {
            targets[i] = job.target(picture * to.height + y + i);
        }
        for place in 0..at.tiles {
            let tile = at.column + place;
            let mut lines = [[V::splat(0.0); N]; M];
            for j in 0..N {
                let mut products = [V::splat(0.0); N];
                let mut from = from.wrapping_add(j * element + place * V::LANES);
                for i in 0..N {
                    products[i] = V::load(from);
                    from = from.wrapping_add(down);
                }
                let column = transform_product::<V, M, N>(products);
                for i in 0..M {
                    lines[i][j] = column[i];
                }
            }
            let (width, floats) = ((to.width - tile * M).min(M), tile * M * V::LANES);
            for i in 0..rows {
                let mut sums = transform_product::<V, M, N>(lines[i]);
                for pixel in 0..M {
                    sums[pixel] = sums[pixel].add(bias);
                }
                if width == M {
                    finish_pixels::<V, M>(finish, block, sums, targets[i].place(block, floats));
                } else {
                    for pixel in 0..width {
                        let place = targets[i].place(block, floats + pixel * V::LANES);
                        finish_pixels::<V, 1>(finish, block, [sums[pixel]], place);
                    }
                }
            }
        }
    }
}

/// # Safety
/// There are `N` vectors.
#[inline(always)]
unsafe fn load_line<V: Vector, const N: usize>(at: *const f32) -> [V; N] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut line = [V::splat(0.0); N];
        for j in 0..N {
            line[j] = V::load(at.wrapping_add(j * V::LANES));
        }
        line
    }
}

/// Bᵀ d.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
unsafe fn transform_input<V: Vector, const N: usize>(d: [V; N]) -> [V; N] {
    let mut out = d;
    // SAFETY: the caller's promise.
    unsafe {
        if N == 4 {
            out[0] = d[0].sub(d[2]);
            out[1] = d[1].add(d[2]);
            out[2] = d[2].sub(d[1]);
            out[3] = d[1].sub(d[3]);
        } else {
            let (four, minus_four, minus_five) = (V::splat(4.0), V::splat(-4.0), V::splat(-5.0));
            let (even, odd) = (d[2].mul_add(minus_four, d[4]), d[1].mul_add(minus_four, d[3]));
            let (near, far) = (d[4].sub(d[2]), d[3].sub(d[1]));
            let far = far.add(far);
            out[0] = d[0].mul_add(four, d[2].mul_add(minus_five, d[4]));
            out[1] = even.add(odd);
            out[2] = even.sub(odd);
            out[3] = near.add(far);
            out[4] = near.sub(far);
            out[5] = d[1].mul_add(four, d[3].mul_add(minus_five, d[5]));
        }
    }
    out
}

/// Aᵀ m.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
unsafe fn transform_product<V: Vector, const M: usize, const N: usize>(m: [V; N]) -> [V; M] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut out = [V::splat(0.0); M];
        let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
        if N == 4 {
            out[0] = m[0].add(sum);
            out[1] = difference.sub(m[3]);
        } else {
            let (two, four, eight) = (V::splat(2.0), V::splat(4.0), V::splat(8.0));
            let (far_sum, far_difference) = (m[3].add(m[4]), m[3].sub(m[4]));
            out[0] = m[0].add(sum).add(far_sum);
            out[1] = far_difference.mul_add(two, difference);
            out[2] = far_sum.mul_add(four, sum);
            out[3] = far_difference.mul_add(eight, difference).add(m[5]);
        }
        out
    }
}
