//! The first convolution of a network, which reads planar pictures as they are handed in: each task copies the rows that it
//! needs, with zeros around them, to where they stay in the cache of its core.

use super::{
    super::{
        Shape,
        blocked::{LINE, Layout, starts_on_a_line},
        pack::{Finish, PackedConv},
        team::Run,
    },
    Io, Isa, Space, dispatch, tile,
};

/// How the output is cut into tasks.
#[derive(Clone, Copy)]
pub(in super::super) struct Bands {
    /// Output rows of a task.
    rows: usize,
    /// Tasks of a picture.
    per_picture: usize,
    /// How the copied rows lie: its upper border are rows too.
    layout: Layout,
}

impl Bands {
    /// For pictures of shape `from`, computed by `threads` threads.
    pub(in super::super) fn new(conv: &PackedConv, from: Shape, threads: usize) -> Self {
        /// Copied rows that a second-level cache holds beside what is made of them, in floats.
        const FLOATS: usize = 32 * 1024;
        let window = conv.window;
        let height = window.output(from).map_or(0, |to| to.height);
        let per_row = from.channels * (from.width + 2 * window.padding);
        let most = (FLOATS / per_row.max(1)).saturating_sub(window.kernel.0) / window.stride;
        let wanted = if threads == 1 { 1 } else { 8 * threads };
        let rows = height.div_ceil(wanted).min(most).max(1);
        let in_rows = (rows - 1) * window.stride + window.kernel.0;
        let shape = Shape { height: in_rows.saturating_sub(2 * window.padding), ..from };
        let layout = Layout { shape, pictures: 1, lanes: 1, border: window.padding };
        Self { rows, per_picture: height.div_ceil(rows), layout }
    }

    /// Floats of workspace that each thread needs.
    pub(in super::super) fn floats(&self) -> usize {
        self.layout.len().next_multiple_of(LINE)
    }

    /// Copies the rows of a planar picture of shape `from` that begin `padding` rows above row `first`.
    fn copy(&self, picture: &[f32], from: Shape, first: usize, to: &mut [f32]) {
        let padding = self.layout.border;
        let planes = picture.chunks_exact((from.height * from.width).max(1));
        for (plane, to) in planes.zip(to.chunks_exact_mut(self.layout.block().max(1))) {
            for (number, to) in to.chunks_exact_mut(self.layout.row().max(1)).enumerate() {
                let start = (first + number).checked_sub(padding).map(|y| y * from.width);
                let row = start.and_then(|start| plane.get(start..start + from.width));
                to.fill(0.0);
                if let (Some(row), Some(to)) = (row, to.get_mut(padding..padding + from.width)) {
                    to.copy_from_slice(row);
                }
            }
        }
    }
}

/// Convolution of `planar`, pictures of shape `from`, with all that follows it; `io.x` is not looked at. `workspace` holds
/// [`Bands::floats`] for every thread.
///
/// # Panics
/// As [`super::conv`].
pub(in super::super) fn stem(
    isa: Isa,
    run: &Run<'_>,
    (conv, finish): (&PackedConv, &Finish),
    (planar, from): (&[f32], Shape),
    mut io: Io<'_>,
    workspace: &mut [f32],
) {
    let (to, pictures, window) = (io.out.layout, io.pictures, conv.window);
    io.check(isa.lanes(), finish);
    assert_eq!((conv.lanes, conv.in_lanes, conv.in_channels), (to.lanes, 1, from.channels));
    assert!(planar.len() == pictures * from.len() && window.output(from) == Some(to.shape));
    conv.check(from.channels, to.blocks());
    assert_eq!(conv.scratch(), 0);
    let bands = Bands::new(conv, from, run.threads());
    let floats = bands.floats();
    assert!(workspace.len() >= floats * run.threads(), "each thread has its own rows");
    assert!(starts_on_a_line(workspace), "what is not in a `Buffer` cannot be loaded by vectors");
    let space = Space(workspace.as_mut_ptr());
    let cost = pictures * to.shape.len() * window.kernel.0 * window.kernel.1 * from.channels;
    let job = io.job();
    run.each(pictures * bands.per_picture, cost, |task, thread| {
        let (picture, first) = (task / bands.per_picture, task % bands.per_picture * bands.rows);
        let Some(pixels) = planar.chunks_exact(from.len().max(1)).nth(picture) else { return };
        // SAFETY (all): as in `super::conv`, with some rows of a picture a task, the windows of as many being copied. Every thread
        // has another part of the workspace, which is as long as asserted; there are no weights to make f32.
        unsafe {
            let copied = space.part(0, thread, floats);
            bands.copy(pixels, from, first * window.stride, copied);
            let copied = tile::Raw { data: copied.as_mut_ptr(), layout: bands.layout };
            for tile in &conv.tiles {
                let weights = tile::weights_of(isa, conv, tile, &mut []).as_ptr();
                for row in 0..bands.rows.min(to.shape.height - first) {
                    let source = tile::Source {
                        weights,
                        first: copied.window(row, bands.rows, window.stride, window.padding),
                        step: window.stride,
                        row: bands.layout.row(),
                        block: bands.layout.block(),
                    };
                    let target = job.target(picture * to.shape.height + first + row);
                    dispatch::conv_pixels(isa, conv, finish, *tile, source, target, to.shape.width);
                }
            }
        }
    });
}
