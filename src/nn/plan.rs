//! A graph compiled for one input size: weights packed, memory planned, steps in order.
//!
//! What a run reads and writes is known here for every step, so that nothing is allocated or checked per pixel later.

use super::{
    Activation, Graph, NnError, NodeId, Shape,
    blocked::{self, Buffer, Layout},
    elementwise,
    graph::{Op, Pool},
    kernels::{self, Io, Isa, View, ViewMut},
    pack::{Finish, PackedConv, PackedDepthwise},
    team::Team,
};
use zeroize::Zeroize;

/// A network ready to run on the CPU. Everything is allocated when it is compiled.
pub struct Plan {
    isa: Isa,
    team: Team,
    input: Shape,
    input_slot: usize,
    steps: Vec<Step>,
    slots: Vec<Slot>,
    outputs: Vec<Output>,
}

/// Memory for values of one layout. Only values of this very layout share it, so its border is zero for ever.
struct Slot {
    layout: Layout,
    buffer: Buffer,
}

struct Output {
    slot: usize,
    shape: Shape,
    flat: bool,
    values: Vec<f32>,
}

/// One layer; numbers are slots. What it writes is never what it reads.
struct Step {
    kind: Kind,
    x: usize,
    other: Option<usize>,
    out: usize,
    second: Option<usize>,
}

enum Kind {
    Conv(PackedConv, Finish),
    Depthwise(PackedDepthwise, Finish),
    Affine(Buffer, Buffer),
    Add,
    Upsample,
    Pool(Pool),
    GlobalPool,
    Gate,
}

impl Plan {
    /// Checks every shape for an input of `height` x `width` pixels, packs the weights for this processor and plans
    /// all memory. Layers are spread over `threads` threads, the caller waiting for them; with 1 the caller computes.
    pub fn compile(graph: &Graph, height: usize, width: usize, threads: usize) -> Result<Self, NnError> {
        Self::compile_for(Isa::detect(), graph, height, width, threads)
    }

    pub(super) fn compile_for(
        isa: Isa,
        graph: &Graph,
        height: usize,
        width: usize,
        threads: usize,
    ) -> Result<Self, NnError> {
        let shapes = graph.shapes(height, width)?;
        let mut planner = Planner::new(isa, graph, &shapes);
        let steps =
            graph.nodes().iter().enumerate().filter_map(|(node, op)| planner.step(node, op)).collect();
        let slot_of = |node: usize| planner.slot_of.get(node).copied().flatten().unwrap_or_default();
        let outputs = graph.outputs().zip(shapes_of(graph, &shapes)).map(|(id, shape)| Output {
            slot: slot_of(id.0),
            shape,
            flat: matches!(graph.nodes().get(id.0), Some(Op::Linear { .. })),
            values: vec![0.0; shape.len()],
        });
        let (outputs, input_slot) = (outputs.collect(), slot_of(0));
        let input = shapes.first().copied().unwrap_or(Shape { channels: 0, height, width });
        Ok(Self { isa, team: Team::new(threads)?, input, input_slot, steps, slots: planner.slots, outputs })
    }

    /// Runs the network on planar C x H x W values; afterwards the outputs hold its answer.
    pub fn run(&mut self, input: &[f32]) -> Result<(), NnError> {
        if input.len() != self.input.len() {
            return Err(NnError::InputLength { expected: self.input.len(), got: input.len() });
        }
        if let Some(slot) = self.slots.get_mut(self.input_slot) {
            blocked::from_planar(input, &slot.layout, slot.buffer.as_mut_slice());
        }
        let (isa, team, steps, slots) = (self.isa, &self.team, &self.steps, &mut self.slots);
        team.enter(|| steps.iter().for_each(|step| step.run(isa, team, slots)));
        for output in &mut self.outputs {
            if let Some(slot) = self.slots.get(output.slot) {
                blocked::to_planar(&slot.layout, slot.buffer.as_slice(), &mut output.values);
            }
        }
        Ok(())
    }

    /// Shape of the input.
    #[must_use]
    pub fn input_shape(&self) -> Shape {
        self.input
    }

    /// How many outputs there are.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// Planar C x H x W values of output `index` of the last run; zeros before the first. Empty when there is no such
    /// output.
    #[must_use]
    pub fn output(&self, index: usize) -> &[f32] {
        self.outputs.get(index).map_or(&[], |output| &output.values)
    }

    /// Shape of output `index`: out x 1 x 1 for a fully connected layer.
    #[must_use]
    pub fn output_shape(&self, index: usize) -> Option<Shape> {
        self.outputs.get(index).map(|output| output.shape)
    }

    /// True when output `index` is a vector, the answer of a fully connected layer.
    pub(super) fn is_flat(&self, index: usize) -> bool {
        self.outputs.get(index).is_some_and(|output| output.flat)
    }
}

impl Drop for Plan {
    /// What went through the plan may be a face, and what came out a template: neither stays in freed memory.
    fn drop(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.buffer.as_mut_slice().zeroize());
        self.outputs.iter_mut().for_each(|output| output.values.zeroize());
    }
}

impl Step {
    fn run(&self, isa: Isa, team: &Team, slots: &mut [Slot]) {
        // Taken out while they are written, so that the others can be read; put back below.
        let mut out = take(slots, Some(self.out));
        let mut second = take(slots, self.second);
        if let (Some(x), Some(out)) = (slots.get(self.x), &mut out) {
            let other = self.other.and_then(|other| slots.get(other));
            self.compute(isa, team, x, other, out, second.as_mut());
        }
        put(slots, self.out, out);
        put(slots, self.second.unwrap_or(usize::MAX), second);
    }

    fn compute(
        &self,
        isa: Isa,
        team: &Team,
        x: &Slot,
        other: Option<&Slot>,
        out: &mut Slot,
        second: Option<&mut Slot>,
    ) {
        match &self.kind {
            Kind::Conv(conv, finish) => kernels::conv(isa, team, conv, finish, io(x, other, out, second)),
            Kind::Depthwise(conv, finish) => {
                kernels::depthwise(isa, team, conv, finish, io(x, other, out, second));
            }
            Kind::Affine(scale, shift) => {
                elementwise::affine(
                    scale,
                    shift,
                    (&x.layout, x.values()),
                    &out.layout,
                    out.buffer.as_mut_slice(),
                );
            }
            Kind::Add => {
                let other = other.unwrap_or(x);
                let (a, b) = ((&x.layout, x.values()), (&other.layout, other.values()));
                elementwise::add(a, b, &out.layout, out.buffer.as_mut_slice());
            }
            Kind::Gate => {
                let gate = other.unwrap_or(x);
                let (x, gate) = ((&x.layout, x.values()), (&gate.layout, gate.values()));
                elementwise::gate(x, gate, &out.layout, out.buffer.as_mut_slice());
            }
            Kind::GlobalPool => {
                elementwise::global_pool((&x.layout, x.values()), &out.layout, out.buffer.as_mut_slice());
            }
            Kind::Upsample => {
                elementwise::upsample((&x.layout, x.values()), &out.layout, out.buffer.as_mut_slice());
            }
            Kind::Pool(kind) => {
                elementwise::pool(*kind, (&x.layout, x.values()), &out.layout, out.buffer.as_mut_slice());
            }
        }
    }
}

impl Slot {
    fn values(&self) -> &[f32] {
        self.buffer.as_slice()
    }

    fn view(&self) -> View<'_> {
        View::new(self.buffer.as_slice(), self.layout)
    }

    fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut::new(self.buffer.as_mut_slice(), self.layout)
    }
}

fn io<'a>(
    x: &'a Slot,
    residual: Option<&'a Slot>,
    out: &'a mut Slot,
    second: Option<&'a mut Slot>,
) -> Io<'a> {
    Io {
        x: x.view(),
        residual: residual.map(Slot::view),
        out: out.view_mut(),
        second: second.map(Slot::view_mut),
    }
}

fn take(slots: &mut [Slot], index: Option<usize>) -> Option<Slot> {
    let slot = slots.get_mut(index?)?;
    Some(Slot { layout: slot.layout, buffer: std::mem::take(&mut slot.buffer) })
}

fn put(slots: &mut [Slot], index: usize, taken: Option<Slot>) {
    if let (Some(slot), Some(taken)) = (slots.get_mut(index), taken) {
        *slot = taken;
    }
}

fn shapes_of<'a>(graph: &'a Graph, shapes: &'a [Shape]) -> impl Iterator<Item = Shape> + 'a {
    graph.outputs().filter_map(|id| shapes.get(id.0).copied())
}

/// Walks the nodes once, giving each a slot and taking back the slots whose values nobody reads any more.
struct Planner<'a> {
    isa: Isa,
    shapes: &'a [Shape],
    graph: &'a Graph,
    uses: Vec<Use>,
    slot_of: Vec<Option<usize>>,
    slots: Vec<Slot>,
    free: Vec<usize>,
}

/// How one value is read.
#[derive(Clone, Copy)]
struct Use {
    /// The last node that reads it; its own when none does, the end for an output.
    last: usize,
    /// Largest padding among its readers.
    border: usize,
    /// A reader that wants it in blocks.
    blocked: bool,
    /// The affine node that its producer writes along.
    affine: Option<usize>,
}

impl<'a> Planner<'a> {
    fn new(isa: Isa, graph: &'a Graph, shapes: &'a [Shape]) -> Self {
        let uses = uses(graph);
        let mut planner = Self {
            isa,
            shapes,
            graph,
            uses,
            slot_of: vec![None; shapes.len()],
            slots: Vec::new(),
            free: Vec::new(),
        };
        planner.allocate(0);
        planner
    }

    /// The step for `op`, unless it needs none.
    fn step(&mut self, node: usize, op: &Op) -> Option<Step> {
        if self.slot_of(node).is_some() {
            return None; // the input, or an affine that its producer writes
        }
        let mut inputs = op.inputs();
        let (x, other) = (inputs.next()?, inputs.next());
        let fused = self.uses.get(node).and_then(|u| u.affine);
        let out = self.allocate(node);
        let second = fused.map(|affine| self.allocate(affine));
        let slot = |id: NodeId| self.slot_of(id.0);
        let step =
            Step { kind: self.kind(op, x, fused)?, x: slot(x)?, other: other.and_then(slot), out, second };
        self.release(node);
        Some(step)
    }

    fn kind(&self, op: &Op, x: NodeId, fused: Option<usize>) -> Option<Kind> {
        let lanes = self.isa.lanes();
        let affine = fused.and_then(|node| match self.graph.nodes().get(node) {
            Some(Op::Affine { scale, shift, .. }) => Some((scale.as_slice(), shift.as_slice())),
            _ => None,
        });
        let in_lanes = self.slots.get(self.slot_of(x.0)?)?.layout.lanes;
        Some(match op {
            Op::Input => return None,
            Op::Conv { weights, activation, .. } => {
                let finish = Finish::new(activation, affine, lanes);
                if weights.is_depthwise() && in_lanes == lanes {
                    Kind::Depthwise(PackedDepthwise::new(weights, lanes), finish)
                } else {
                    Kind::Conv(PackedConv::new(weights, in_lanes, lanes), finish)
                }
            }
            Op::Linear { weights, .. } => {
                let Shape { channels, height, width } = *self.shapes.get(x.0)?;
                let conv = weights.clone().into_conv(channels, height, width);
                let finish = Finish::new(&Activation::None, affine, lanes);
                Kind::Conv(PackedConv::new(&conv, in_lanes, lanes), finish)
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

    fn slot_of(&self, node: usize) -> Option<usize> {
        self.slot_of.get(node).copied().flatten()
    }

    /// A slot for the value of `node`: a free one of the same layout, else a new one.
    fn allocate(&mut self, node: usize) -> usize {
        let shape = self.shapes.get(node).copied().unwrap_or(Shape { channels: 0, height: 0, width: 0 });
        let (border, blocked) = self.uses.get(node).map_or((0, true), |u| (u.border, u.blocked));
        let lanes = if node == 0 && !blocked { 1 } else { self.isa.lanes() };
        let layout = Layout { shape, lanes, border };
        let found =
            self.free.iter().position(|slot| self.slots.get(*slot).is_some_and(|s| s.layout == layout));
        let slot = if let Some(position) = found {
            self.free.swap_remove(position)
        } else {
            self.slots.push(Slot { layout, buffer: Buffer::zeros(layout.len()) });
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

/// How every value is read.
fn uses(graph: &Graph) -> Vec<Use> {
    let mut uses: Vec<Use> =
        (0..graph.nodes().len()).map(|last| Use { last, border: 0, blocked: false, affine: None }).collect();
    for (node, op) in graph.nodes().iter().enumerate() {
        let (border, dense) = match op {
            Op::Conv { weights, .. } => (weights.padding, !weights.is_depthwise()),
            Op::Linear { .. } => (0, true),
            _ => (0, false),
        };
        for (position, id) in op.inputs().enumerate() {
            let produced = graph.nodes().get(id.0);
            let Some(used) = uses.get_mut(id.0) else { continue };
            used.last = node;
            used.blocked |= !dense || position > 0;
            used.border = used.border.max(if position == 0 { border } else { 0 });
            let is_conv = matches!(produced, Some(Op::Conv { .. } | Op::Linear { .. }));
            if matches!(op, Op::Affine { .. }) && is_conv && used.affine.is_none() {
                used.affine = Some(node);
            }
        }
    }
    for id in graph.outputs() {
        if let Some(used) = uses.get_mut(id.0) {
            used.last = usize::MAX;
            used.blocked = true;
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        ConvWeights, LinearWeights, PlanOp, reference,
        testing::{assert_close, noise},
    };
    use candle_core::{Device, Tensor};
    use proptest::prelude::*;

    fn conv(seed: u32, io: (usize, usize), kernel: usize, stride: usize, groups: usize) -> ConvWeights {
        let in_channels_per_group = io.0 / groups;
        let fan_in = in_channels_per_group * kernel * kernel;
        let scale = 1.7 / (fan_in as f32).sqrt();
        ConvWeights {
            out_channels: io.1,
            in_channels_per_group,
            kernel: (kernel, kernel),
            stride,
            padding: kernel / 2,
            groups,
            weight: noise(seed, io.1 * fan_in).iter().map(|w| w * scale).collect(),
            bias: noise(seed + 1, io.1),
        }
    }

    fn activation(which: usize, channels: usize) -> Activation {
        match which % 4 {
            0 => Activation::None,
            1 => Activation::Relu,
            2 => Activation::Prelu(noise(3, channels)),
            _ => Activation::Sigmoid,
        }
    }

    /// A network of `choices.len()` layers, each appended to the last; some earlier values are outputs as well.
    fn random_graph(choices: &[(usize, usize, bool)], size: usize) -> Graph {
        let (mut graph, mut x) = Graph::new(3);
        let mut values = vec![x];
        for (i, &(what, channels, keep)) in choices.iter().enumerate() {
            let shape = graph.shapes_of_unfinished(size, size)[x.0];
            let (c, seed) = (shape.channels, i as u32 * 10 + 1);
            let like = values.iter().rev().copied().find(|v| {
                *v != x && graph.shapes_of_unfinished(size, size)[v.0] == Shape { channels, ..shape }
            });
            x = match (what, like) {
                (0, _) => graph.conv(x, conv(seed, (c, c), 3, 1, c), activation(channels, c)),
                (1, _) => graph.conv(x, conv(seed, (c, c * 2), 3, 1, c), activation(channels, c * 2)),
                (2, _) if shape.height > 2 => {
                    graph.conv(x, conv(seed, (c, channels), 3, 2, 1), activation(what, channels))
                }
                (3, _) if keep => graph.scale(x, 0.7),
                (3, _) => graph.affine(x, noise(seed, c), noise(seed + 1, c)),
                (4, _) if shape.height <= 8 => graph.upsample2x_nearest(x),
                (5, _) if shape.height.is_multiple_of(2) => graph.max_pool2x2(x),
                (6, _) if shape.height.is_multiple_of(2) => graph.avg_pool2x2(x),
                (7, _) if keep => graph.add(x, x),
                (7, _) => {
                    let pooled = graph.global_avg_pool(x);
                    let gate = graph.conv(pooled, conv(seed, (c, c), 1, 1, 1), Activation::Sigmoid);
                    graph.gate(x, gate)
                }
                (_, Some(other)) => {
                    graph.conv_add(x, conv(seed, (c, channels), 3, 1, 1), other, activation(what, channels))
                }
                _ => graph.conv(x, conv(seed, (c, channels), 1, 1, 1), activation(what, channels)),
            };
            values.push(x);
            if keep {
                graph.output(x, format!("kept {i}"));
            }
        }
        let shape = graph.shapes_of_unfinished(size, size)[x.0];
        let weight = noise(99, shape.len() * 5).iter().map(|w| w / (shape.len() as f32).sqrt()).collect();
        let y = graph.flatten_linear(x, LinearWeights { weight, bias: noise(98, 5) });
        let z = graph.affine(y, noise(97, 5), noise(96, 5));
        graph.output(y, "vector");
        graph.output(z, "scaled vector");
        graph
    }

    fn assert_equals_candle(graph: &Graph, size: usize, isa: Isa, threads: usize) {
        let mut plan = Plan::compile_for(isa, graph, size, size, threads).unwrap();
        for seed in [5, 6] {
            // The second run meets the memory that the first one left.
            let input = noise(seed, 3 * size * size);
            let x = Tensor::from_slice(&input, (1, 3, size, size), &Device::Cpu).unwrap();
            let expected = reference::forward(graph, &x).unwrap();
            plan.run(&input).unwrap();
            assert_eq!(plan.outputs(), expected.len());
            for (i, expected) in expected.iter().enumerate() {
                let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
                assert_close(plan.output(i), &expected, 1e-4);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn random_networks_equal_candle(
            choices in prop::collection::vec((0_usize..11, 1_usize..20, any::<bool>()), 1..10),
            size in 3_usize..13,
            threads in 1_usize..3,
        ) {
            let graph = random_graph(&choices, size);
            Isa::all().for_each(|isa| assert_equals_candle(&graph, size, isa, threads));
        }
    }

    /// Two residual blocks with a leading batch norm, as in `IResNet`.
    fn residual_network() -> Graph {
        let (mut graph, x) = Graph::new(3);
        let mut x = graph.conv(x, conv(1, (3, 16), 3, 1, 1), activation(2, 16));
        for seed in [10, 20] {
            let y = graph.affine(x, noise(seed, 16), noise(seed + 1, 16));
            let y = graph.conv(y, conv(seed + 2, (16, 16), 3, 1, 1), activation(2, 16));
            x = graph.conv_add(y, conv(seed + 4, (16, 16), 3, 1, 1), x, Activation::None);
        }
        graph.output(x, "features");
        graph
    }

    #[test]
    fn memory_is_shared_and_batch_norms_ride_along() {
        let plan = Plan::compile(&residual_network(), 20, 20, 1).unwrap();
        assert_eq!(plan.steps.len(), 5, "an affine behind a convolution is no step of its own");
        assert!(plan.slots.len() <= 5, "input, two values, two affines or fewer: {}", plan.slots.len());
    }

    #[test]
    fn a_plan_is_one_candle_operation_over_a_batch() {
        let graph = residual_network();
        let x = Tensor::from_slice(&noise(4, 2 * 3 * 10 * 12), (2, 3, 10, 12), &Device::Cpu).unwrap();
        let op = PlanOp::new(Plan::compile(&graph, 10, 12, 2).unwrap());
        let got = x.apply_op1_no_bwd(&op).unwrap();
        let expected = reference::forward(&graph, &x).unwrap().remove(0);
        assert_eq!(got.dims(), expected.dims());
        let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_close(&values(&got), &values(&expected), 1e-4);
        let other_size = Tensor::zeros((1, 3, 12, 10), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(other_size.apply_op1_no_bwd(&op).is_err());
    }

    #[test]
    fn an_input_of_another_size_is_refused() {
        let mut plan = Plan::compile(&residual_network(), 8, 8, 1).unwrap();
        let error = plan.run(&[0.0; 12]).unwrap_err();
        assert!(matches!(error, NnError::InputLength { expected: 192, got: 12 }));
    }

    #[test]
    fn runs_do_not_depend_on_the_number_of_threads() {
        let graph = residual_network();
        let input = noise(7, 3 * 60 * 60);
        let answers = [1, 2, 3].map(|threads| {
            let mut plan = Plan::compile(&graph, 60, 60, threads).unwrap();
            plan.run(&input).unwrap();
            plan.output(0).to_vec()
        });
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
    }
}
