//! From a graph's nodes to a plan's steps: which layers are computed together and how, and where every value lies.
//!
//! It must not run anything.

use super::{
    Activation, ConvWeights, Graph, NnError, NodeId, Shape,
    blocked::{self, Layout, Values},
    graph::Op,
    kernels::{Bands, Geometry, Isa, Pieces, between_floats},
    pack::{Dense, Finish, PackedConv, PackedDepthwise, PackedIntegers, PackedWinograd, Window},
    plan::{Kind, Output, Slot, Step},
};

/// A value between a depthwise and a 1x1 convolution that is larger than this does not stay in the second-level cache:
/// the two are then computed row by row together.
const SEPARABLE_FLOATS: usize = 24 * 1024;
/// Channels in and out from which on a convolution is multiplied in integers: what they save is then well above what rounding
/// the inputs costs.
const INTEGERS: usize = 96;
/// Fewer rows than this are too few to be shared out among threads.
const SEPARABLE_ROWS: usize = 8;

/// Walks the nodes once, giving each a slot and taking back the slots whose values nobody reads any more.
pub(super) struct Planner<'a> {
    isa: Isa,
    pictures: usize,
    threads: usize,
    graph: &'a Graph,
    shapes: &'a [Shape],
    uses: Vec<Use>,
    slot_of: Vec<Option<usize>>,
    pub(super) slots: Vec<Slot>,
    /// Floats that the hungriest step needs beside its values.
    pub(super) workspace: usize,
    free: Vec<usize>,
}

/// How one value comes about and how it is read.
#[derive(Clone)]
struct Use {
    /// The last node that reads it; its own when none does, the end for an output.
    last: usize,
    readers: usize,
    is_output: bool,
    /// Largest padding among its readers.
    border: usize,
    /// A reader that wants it in blocks.
    blocked: bool,
    role: Role,
    /// The affine node that its producer writes along.
    affine: Option<usize>,
    /// Nodes that are computed with it as further channels of its value; it is the first of them.
    siblings: Vec<usize>,
    /// First channel in the slot.
    first_channel: usize,
}

/// Who computes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A step of its own.
    Own,
    /// The step of another node writes it: an affine behind a convolution, or a sibling.
    Another,
    /// The step of the 1x1 convolution that reads it, and it never lies in memory as a whole.
    Within,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        isa: Isa,
        graph: &'a Graph,
        shapes: &'a [Shape],
        pictures: usize,
        threads: usize,
    ) -> Self {
        let mut planner = Self {
            isa,
            pictures,
            threads,
            graph,
            shapes,
            uses: uses(graph),
            slot_of: vec![None; shapes.len()],
            slots: Vec::new(),
            workspace: 0,
            free: Vec::new(),
        };
        planner.join_siblings();
        planner.join_separable();
        planner.allocate(0);
        planner
    }

    /// All steps, in order. A layer that would be left out is an error: a network without it would answer, but wrongly.
    pub(super) fn steps(&mut self) -> Result<Vec<Step>, NnError> {
        let (graph, mut steps) = (self.graph, Vec::new());
        for (node, op) in graph.nodes().iter().enumerate().skip(1) {
            if self.uses.get(node).is_none_or(|used| used.role == Role::Own) {
                let problem = "what it reads is nowhere in memory".to_owned();
                let left_out = NnError::Shape { node, layer: op.name(), problem };
                steps.push(self.step(node, op).ok_or(left_out)?);
            }
        }
        Ok(steps)
    }

    /// What is read from the slots when all steps are done.
    pub(super) fn outputs(&self) -> Vec<Output> {
        let output = |id: NodeId| {
            let (used, shape) = (self.uses.get(id.0)?, *self.shapes.get(id.0)?);
            let op = self.graph.nodes().get(id.0)?;
            let sibling = !used.siblings.is_empty() || used.role == Role::Another && !is_affine(op);
            Some(Output {
                slot: self.slot_of(id.0)?,
                channels: used.first_channel..used.first_channel + shape.channels,
                shape,
                sigmoid: sibling && matches!(op, Op::Conv { activation: Activation::Sigmoid, .. }),
                values: vec![0.0; self.pictures * shape.len()],
                filled: 0,
            })
        };
        self.graph.outputs().filter_map(output).collect()
    }

    pub(super) fn slot_of(&self, node: usize) -> Option<usize> {
        self.slot_of.get(node).copied().flatten()
    }

    /// Convolutions over the same windows of the same value that are only outputs become one convolution: with few
    /// channels each, they would leave half of a vector empty and read everything several times.
    fn join_siblings(&mut self) {
        let mut first: Vec<(NodeId, Window, usize)> = Vec::new();
        for (node, op) in self.graph.nodes().iter().enumerate() {
            let Op::Conv { x, weights, residual: None, activation: Activation::None | Activation::Sigmoid } =
                op
            else {
                continue;
            };
            let only_output = self.uses.get(node).is_some_and(|u| u.is_output && u.readers == 0);
            if weights.groups != 1 || !only_output {
                continue;
            }
            let window = Window { out_channels: 0, ..Window::of(weights) };
            let found = first.iter().find(|(value, other, _)| (value, other) == (x, &window)).map(|f| f.2);
            let Some(lead) = found else {
                first.push((*x, window, node));
                continue;
            };
            let channels = self.channels_with_siblings(lead);
            if let Some(used) = self.uses.get_mut(node) {
                used.role = Role::Another;
                used.first_channel = channels;
            }
            if let Some(used) = self.uses.get_mut(lead) {
                used.siblings.push(node);
            }
        }
    }

    /// A depthwise convolution that only a 1x1 convolution reads is computed within it, where its value is large. Never
    /// two within each other: of a single channel a 1x1 convolution is a depthwise one as well.
    fn join_separable(&mut self) {
        for (node, op) in self.graph.nodes().iter().enumerate() {
            let Op::Conv { x, weights, .. } = op else { continue };
            let pointwise =
                weights.kernel == (1, 1) && (weights.stride, weights.padding, weights.groups) == (1, 0, 1);
            let alone = self.uses.get(x.0).is_some_and(|u| u.readers == 1 && !u.is_output);
            let (Some(Op::Conv { x: input, weights: inner, residual: None, .. }), Some(shape)) =
                (self.graph.nodes().get(x.0), self.shapes.get(x.0))
            else {
                continue;
            };
            let large = self.pictures * shape.height >= SEPARABLE_ROWS && shape.len() > SEPARABLE_FLOATS;
            let whole = self.uses.get(input.0).is_some_and(|u| u.role != Role::Within);
            if pointwise && alone && inner.is_depthwise() && large && whole {
                if let Some(used) = self.uses.get_mut(x.0) {
                    used.role = Role::Within;
                }
                if let Some(used) = self.uses.get_mut(input.0) {
                    used.last = used.last.max(node);
                }
            }
        }
    }

    /// The step for `op`; `None` when what it reads has no slot.
    fn step(&mut self, node: usize, op: &Op) -> Option<Step> {
        let mut inputs = op.inputs();
        let (mut x, other) = (inputs.next()?, inputs.next());
        let affine = self.uses.get(node)?.affine;
        let out = self.allocate(node);
        for sibling in self.uses.get(node)?.siblings.clone() {
            *self.slot_of.get_mut(sibling)? = Some(out);
        }
        let second = affine.map(|affine| self.allocate(affine));
        let within = self.uses.get(x.0).is_some_and(|u| u.role == Role::Within).then_some(x);
        if let Some(inner) = within {
            x = self.graph.nodes().get(inner.0)?.inputs().next()?;
        }
        let kind = self.kind(node, op, (x, within), affine)?;
        let x = self.slot_of(x.0)?;
        let other = match other {
            Some(other) => Some(self.slot_of(other.0)?),
            None => None,
        };
        let step = Step { kind, x, other, out, second };
        self.release(node);
        Some(step)
    }

    fn kind(
        &mut self,
        node: usize,
        op: &Op,
        (x, within): (NodeId, Option<NodeId>),
        affine: Option<usize>,
    ) -> Option<Kind> {
        let lanes = self.isa.lanes();
        let affine = affine.and_then(|node| match self.graph.nodes().get(node) {
            Some(Op::Affine { scale, shift, .. }) => Some((scale.as_slice(), shift.as_slice())),
            _ => None,
        });
        let in_lanes = self.slots.get(self.slot_of(x.0)?)?.layout.lanes;
        Some(match op {
            Op::Input => return None,
            Op::Conv { weights, activation, .. } => {
                if let Some(inner) = within {
                    let finish = Finish::new(activation, affine, lanes);
                    let integers = self.in_integers(weights).then(|| PackedIntegers::new(weights, lanes));
                    let floats = || Dense::Floats(PackedConv::new(weights, lanes, lanes));
                    let dense = integers.flatten().map_or_else(floats, Dense::Integers);
                    return self.separable(inner, dense, finish);
                }
                let joined = self.with_siblings(node, weights);
                let weights = joined.as_ref().unwrap_or(weights);
                let activation = if joined.is_some() { &Activation::None } else { activation };
                let finish = Finish::new(activation, affine, lanes);
                if weights.is_depthwise() && in_lanes == lanes {
                    Kind::Depthwise(PackedDepthwise::new(weights, lanes), finish)
                } else {
                    self.dense(*self.shapes.get(node)?, weights, in_lanes, finish)
                }
            }
            Op::Linear { weights, .. } => {
                let Shape { channels, height, width } = *self.shapes.get(x.0)?;
                let conv = weights.clone().into_conv(channels, height, width);
                let finish = Finish::new(&Activation::None, affine, lanes);
                self.dense(*self.shapes.get(node)?, &conv, in_lanes, finish)
            }
            Op::Affine { scale, shift, .. } => {
                Kind::Affine(blocked::per_channel(scale, lanes), blocked::per_channel(shift, lanes))
            }
            Op::Add { .. } => Kind::Add,
            Op::Upsample { .. } => Kind::Upsample,
            Op::Pool { kind, .. } => Kind::Pool(*kind),
            Op::GlobalPool { .. } => Kind::GlobalPool,
            Op::Gate { .. } => Kind::Gate,
        })
    }

    /// A convolution that is not depthwise, in the way that is fastest for its size.
    fn dense(&mut self, to: Shape, weights: &ConvWeights, in_lanes: usize, finish: Finish) -> Kind {
        let lanes = self.isa.lanes();
        let integers = in_lanes == lanes && self.in_integers(weights);
        let side = || winograd_side(weights, to, self.pictures, self.threads, integers);
        let side = if in_lanes == lanes { side() } else { None };
        let size = (to.height, to.width);
        if let Some(side) = side {
            let packed = PackedWinograd::new(weights, side, lanes, integers);
            self.need(|pictures, threads| Geometry::new(&packed, size, pictures, threads).floats());
            return Kind::Winograd(packed, finish);
        }
        if let Some(packed) = integers.then(|| PackedIntegers::new(weights, lanes)).flatten() {
            self.need(|pictures, threads| Pieces::new(&packed, size, (pictures, true), threads).floats());
            return Kind::Integers(packed, finish);
        }
        self.plain(weights, in_lanes, finish)
    }

    /// Plans as much workspace as `floats` of pictures and threads says that each thread needs. A run may have fewer
    /// pictures, and no helpers.
    fn need(&mut self, floats: impl Fn(usize, usize) -> usize) {
        for (pictures, threads) in (1..=self.pictures).flat_map(|p| [(p, 1), (p, self.threads)]) {
            self.workspace = self.workspace.max(threads * floats(pictures, threads));
        }
    }

    /// Whether a dense convolution is to be multiplied in integers.
    fn in_integers(&self, weights: &ConvWeights) -> bool {
        let inputs = weights.in_channels_per_group;
        let whole = weights.groups == 1 && inputs.is_multiple_of(self.isa.lanes());
        self.isa.prefers_integers() && whole && inputs.min(weights.out_channels) >= INTEGERS
    }

    fn plain(&mut self, weights: &ConvWeights, in_lanes: usize, finish: Finish) -> Kind {
        let lanes = self.isa.lanes();
        if let Some(from) = self.shapes.first().copied().filter(|_| in_lanes == 1 && self.has_stem()) {
            let packed = PackedConv::new(weights, in_lanes, lanes);
            self.need(|_, threads| Bands::new(&packed, from, threads).floats());
            return Kind::Stem(packed, finish);
        }
        let packed = PackedConv::spared(weights, in_lanes, lanes);
        self.workspace = self.workspace.max(self.threads * packed.scratch());
        Kind::Conv(packed, finish)
    }

    fn separable(&mut self, inner: NodeId, conv: Dense, finish: Finish) -> Option<Kind> {
        let lanes = self.isa.lanes();
        let Op::Conv { weights, activation, .. } = self.graph.nodes().get(inner.0)? else { return None };
        let depthwise = PackedDepthwise::new(weights, lanes);
        let floats = self.threads * between_floats(&conv, *self.shapes.get(inner.0)?, lanes);
        self.workspace = self.workspace.max(floats);
        Some(Kind::Separable(depthwise, Finish::new(activation, None, lanes), conv, finish))
    }

    /// The convolution with the outputs of its siblings behind its own, where it has some.
    fn with_siblings(&self, node: usize, weights: &ConvWeights) -> Option<ConvWeights> {
        let siblings = &self.uses.get(node)?.siblings;
        if siblings.is_empty() {
            return None;
        }
        let mut joined = weights.clone();
        for sibling in siblings {
            let Op::Conv { weights, .. } = self.graph.nodes().get(*sibling)? else { return None };
            joined.out_channels += weights.out_channels;
            joined.weight.extend_from_slice(&weights.weight);
            joined.bias.extend_from_slice(&weights.bias);
        }
        Some(joined)
    }

    fn channels_with_siblings(&self, node: usize) -> usize {
        let channels = |node: usize| self.shapes.get(node).map_or(0, |shape| shape.channels);
        let siblings = self.uses.get(node).map_or(&[][..], |u| &u.siblings);
        channels(node) + siblings.iter().map(|sibling| channels(*sibling)).sum::<usize>()
    }

    /// Whether the pictures are read by one convolution only, which reads them as they are handed in: they have no slot then,
    /// or rather an empty one.
    fn has_stem(&self) -> bool {
        self.uses.first().is_some_and(|input| input.readers == 1 && !input.blocked)
    }

    /// A slot for the value of `node`: a free one of the same layout, else a new one.
    fn allocate(&mut self, node: usize) -> usize {
        let shape = self.shapes.get(node).copied().unwrap_or(Shape { channels: 0, height: 0, width: 0 });
        let mut shape = Shape { channels: self.channels_with_siblings(node), ..shape };
        if node == 0 && self.has_stem() {
            shape = Shape { channels: 0, height: 0, width: 0 };
        }
        let (border, blocked) = self.uses.get(node).map_or((0, true), |u| (u.border, u.blocked));
        let lanes = if node == 0 && !blocked { 1 } else { self.isa.lanes() };
        let layout = Layout { shape, pictures: self.pictures, lanes, border };
        let found =
            self.free.iter().position(|slot| self.slots.get(*slot).is_some_and(|s| s.layout == layout));
        let slot = if let Some(position) = found {
            self.free.swap_remove(position)
        } else {
            self.slots.push(Slot { layout, buffer: Values::zeros(layout.len()) });
            self.slots.len() - 1
        };
        if let Some(entry) = self.slot_of.get_mut(node) {
            *entry = Some(slot);
        }
        slot
    }

    /// Frees the slots whose last reader was `node`.
    fn release(&mut self, node: usize) {
        for (value, slot) in self.slot_of.iter().enumerate().take(node + 1) {
            if let (Some(slot), Some(used)) = (slot, self.uses.get(value))
                && used.last == node
            {
                self.free.push(*slot);
            }
        }
    }
}

/// The side of the Winograd tiles that make this convolution fastest; `None` where multiplying plainly is.
///
/// An estimate in vector instructions a thread. The transforms cost about what their additions, loads and stores are.
/// Weights come from memory, which the threads share: larger tiles have more of them ((m + 2)² a kernel instead of 9),
/// and that they are also kept is why large layers do without.
fn winograd_side(
    weights: &ConvWeights,
    to: Shape,
    pictures: usize,
    threads: usize,
    integers: bool,
) -> Option<usize> {
    /// Floats that arrive from memory in the time of a vector multiplication.
    const FLOATS_ARRIVING: f64 = 1.2;
    /// Kernels above which four by four tiles would take too much memory.
    const MOST_KERNELS: usize = 160 * 160;
    /// Pixels that a tile of the plain convolution holds at once, and channels that a vector does.
    const LANES: f64 = 8.0;
    let (inputs, outputs) = (weights.in_channels_per_group, weights.out_channels);
    if weights.kernel != (3, 3) || weights.stride != 1 || weights.groups != 1 || inputs < 8 || outputs < 8 {
        return None;
    }
    let kernels = (inputs * outputs) as f64;
    let cost = |elements: usize, tiles: usize, transform: f64, integers: bool| {
        // Integers are multiplied faster by so much, and half as long; rounding an input takes some instructions.
        let (faster, shorter, rounding) = if integers { (1.5, 2.0, 8.0) } else { (1.0, 1.0, 0.0) };
        let multiplications = elements as f64 * tiles as f64 * kernels / LANES / faster;
        let rounded = elements as f64 * tiles as f64 * rounding * inputs as f64 / LANES;
        let transforms = tiles as f64 * transform * (inputs + outputs) as f64 / LANES;
        let arriving = elements as f64 * kernels / shorter / FLOATS_ARRIVING;
        (multiplications + rounded + transforms) / threads as f64 + arriving
    };
    let tiles = |side: usize| pictures * to.height.div_ceil(side) * to.width.div_ceil(side);
    let plain = cost(9, pictures * to.height * to.width, 0.0, integers);
    let small = (2, cost(16, tiles(2), 120.0, integers));
    let large = (4, cost(36, tiles(4), 330.0, false));
    let large = Some(large).filter(|_| inputs * outputs <= MOST_KERNELS);
    [Some(small), large]
        .into_iter()
        .flatten()
        .filter(|(_, cost)| *cost < 0.9 * plain)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(side, _)| side)
}

fn is_affine(op: &Op) -> bool {
    matches!(op, Op::Affine { .. })
}

/// How every value is read. Who computes it is decided here only for affines.
fn uses(graph: &Graph) -> Vec<Use> {
    let own = |last| Use {
        last,
        readers: 0,
        is_output: false,
        border: 0,
        blocked: false,
        role: Role::Own,
        affine: None,
        siblings: Vec::new(),
        first_channel: 0,
    };
    let mut uses: Vec<Use> = (0..graph.nodes().len()).map(own).collect();
    for (node, op) in graph.nodes().iter().enumerate() {
        let (border, dense) = match op {
            Op::Conv { weights, .. } => (weights.padding, !weights.is_depthwise()),
            Op::Linear { .. } => (0, true),
            _ => (0, false),
        };
        let mut rides_along = false;
        for (position, id) in op.inputs().enumerate() {
            let produced = graph.nodes().get(id.0);
            let Some(used) = uses.get_mut(id.0) else { continue };
            used.last = node;
            used.readers += 1;
            used.blocked |= !dense || position > 0;
            used.border = used.border.max(if position == 0 { border } else { 0 });
            let is_conv = matches!(produced, Some(Op::Conv { .. } | Op::Linear { .. }));
            if is_affine(op) && is_conv && used.affine.is_none() {
                used.affine = Some(node);
                rides_along = true;
            }
        }
        if let Some(used) = uses.get_mut(node).filter(|_| rides_along) {
            used.role = Role::Another;
        }
    }
    for id in graph.outputs() {
        if let Some(used) = uses.get_mut(id.0) {
            used.last = usize::MAX;
            used.is_output = true;
            used.blocked = true;
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_never_left_out_in_silence() {
        let pointwise = || ConvWeights {
            out_channels: 3,
            in_channels_per_group: 3,
            kernel: (1, 1),
            stride: 1,
            padding: 0,
            groups: 1,
            weight: vec![1.0; 9],
            bias: vec![0.0; 3],
        };
        let (mut graph, mut x) = Graph::new(3);
        for _ in 0..3 {
            x = graph.conv(x, pointwise(), Activation::None);
        }
        graph.output(x, "x");
        let shapes = graph.shapes(4, 4).unwrap();
        let mut planner = Planner::new(Isa::PORTABLE, &graph, &shapes, 1, 1);
        assert_eq!(planner.steps().unwrap().len(), 3);
        let mut planner = Planner::new(Isa::PORTABLE, &graph, &shapes, 1, 1);
        for inner in [1, 2] {
            planner.uses[inner].role = Role::Within;
        }
        let left_out = planner.steps().err().unwrap();
        assert!(matches!(left_out, NnError::Shape { node: 3, layer: "convolution", .. }), "{left_out}");
    }
}
