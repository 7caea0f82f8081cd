//! A graph compiled for one input size: weights packed, memory planned, steps in order.
//!
//! What a run reads and writes is known here for every step, so that nothing is allocated or checked per pixel later.
//! Which layers share a step is the planner's business.

use super::{
    Graph, NnError, Shape,
    blocked::{self, Buffer, Layout, Values},
    elementwise,
    graph::Pool,
    kernels::{self, Io, Isa, View, ViewMut},
    pack::{Dense, Finish, PackedConv, PackedDepthwise, PackedIntegers, PackedWinograd, start_packers},
    planner::Planner,
    team::{Run, Team},
};
use std::ops::Range;
use zeroize::Zeroize;

/// A network ready to run on the CPU. Everything is allocated when it is compiled.
pub struct Plan {
    isa: Isa,
    team: Team,
    input: Shape,
    pictures: usize,
    input_slot: usize,
    steps: Vec<Step>,
    slots: Vec<Slot>,
    workspace: Values,
    outputs: Vec<Output>,
}

/// Memory for values of one layout. Only values of this very layout share it, so its border is zero for ever.
pub(super) struct Slot {
    pub(super) layout: Layout,
    pub(super) buffer: Values,
}

/// An output: which channels of which slot it is, and its values as they are handed out.
pub(super) struct Output {
    pub(super) slot: usize,
    pub(super) channels: Range<usize>,
    pub(super) shape: Shape,
    /// Whether the sigmoid of the slot's values is still to be taken.
    pub(super) sigmoid: bool,
    pub(super) values: Vec<f32>,
    /// Floats of `values` that the last run made.
    pub(super) filled: usize,
}

/// One layer or several; numbers are slots. What it writes is never what it reads.
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) x: usize,
    pub(super) other: Option<usize>,
    pub(super) out: usize,
    pub(super) second: Option<usize>,
}

#[allow(clippy::large_enum_variant, reason = "a few dozen a plan, each made once")]
pub(super) enum Kind {
    /// The only convolution that reads the input.
    Stem(PackedConv, Finish),
    Conv(PackedConv, Finish),
    Integers(PackedIntegers, Finish),
    Winograd(PackedWinograd, Finish),
    Depthwise(PackedDepthwise, Finish),
    Separable(PackedDepthwise, Finish, Dense, Finish),
    Affine(Buffer, Buffer),
    Add,
    Upsample,
    Pool(Pool),
    GlobalPool,
    Gate,
}

impl Plan {
    /// Checks every shape for an input of `height` x `width` pixels, packs the weights for this processor and plans
    /// all memory. Layers are spread over `threads` threads, of which the caller is one.
    pub fn compile(graph: &Graph, height: usize, width: usize, threads: usize) -> Result<Self, NnError> {
        Self::compile_batch(graph, height, width, 1, threads)
    }

    /// As [`Plan::compile`], for up to `pictures` pictures (at least 1) in one run, which reads the weights once.
    pub fn compile_batch(
        graph: &Graph,
        height: usize,
        width: usize,
        pictures: usize,
        threads: usize,
    ) -> Result<Self, NnError> {
        Self::compile_for(Isa::detect(), graph, (height, width), pictures, threads)
    }

    pub(super) fn compile_for(
        isa: Isa,
        graph: &Graph,
        (height, width): (usize, usize),
        pictures: usize,
        threads: usize,
    ) -> Result<Self, NnError> {
        let shapes = graph.shapes(height, width)?;
        start_packers()?;
        let pictures = pictures.max(1);
        let mut planner = Planner::new(isa, graph, &shapes, pictures, threads.max(1));
        let steps = planner.steps()?;
        let input = shapes.first().copied().unwrap_or(Shape { channels: 0, height, width });
        Ok(Self {
            isa,
            team: Team::new(threads)?,
            input,
            pictures,
            input_slot: planner.slot_of(0).unwrap_or_default(),
            steps,
            outputs: planner.outputs(),
            workspace: Values::zeros(planner.workspace),
            slots: planner.slots,
        })
    }

    /// Runs the network on planar C x H x W values, one picture or as many behind each other as the plan has room for;
    /// afterwards the outputs hold its answers.
    pub fn run(&mut self, input: &[f32]) -> Result<(), NnError> {
        let expected = self.input.len();
        let pictures = input.len() / expected.max(1);
        if pictures * expected != input.len() || !(1..=self.pictures).contains(&pictures) {
            return Err(NnError::InputLength { expected, most: self.pictures, got: input.len() });
        }
        let filled = self.slots.get_mut(self.input_slot).filter(|slot| slot.layout.shape == self.input);
        if let Some(slot) = filled {
            blocked::from_planar(input, &slot.layout, slot.buffer.as_mut_slice());
        }
        let (isa, steps, shape) = (self.isa, &self.steps, self.input);
        let (slots, workspace) = (&mut self.slots, &mut self.workspace);
        self.team.enter(|run| {
            for step in steps {
                step.run(isa, run, slots, (input, shape, pictures), workspace.as_mut_slice());
            }
        });
        for output in &mut self.outputs {
            if let Some(slot) = self.slots.get(output.slot) {
                output.fill(slot, pictures);
            }
        }
        Ok(())
    }

    /// How many outputs there are.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// Planar C x H x W values of output `index` for every picture of the last run, one behind the other. Empty before
    /// the first run, after [`Plan::wipe`], and when there is no such output.
    #[must_use]
    pub fn output(&self, index: usize) -> &[f32] {
        self.outputs.get(index).and_then(|output| output.values.get(..output.filled)).unwrap_or_default()
    }

    /// Overwrites the answers of the last run: an embedding must not lie here until the next face comes.
    pub fn wipe(&mut self) {
        for output in &mut self.outputs {
            output.filled = 0;
            output.values.as_mut_slice().zeroize();
            if let Some(slot) = self.slots.get_mut(output.slot) {
                slot.buffer.as_mut_slice().zeroize();
            }
        }
    }
}

impl Drop for Plan {
    /// What went through the plan may be a face, and what came out a template: neither stays in freed memory, however the
    /// last run ended.
    fn drop(&mut self) {
        self.wipe();
        self.slots.iter_mut().for_each(|slot| slot.buffer.as_mut_slice().zeroize());
        self.workspace.as_mut_slice().zeroize();
    }
}

impl Output {
    fn fill(&mut self, slot: &Slot, pictures: usize) {
        self.filled = pictures * self.shape.len();
        let values = self.values.get_mut(..self.filled).unwrap_or_default();
        blocked::to_planar(&slot.layout, self.channels.clone(), slot.buffer.as_slice(), values);
        if self.sigmoid {
            for value in values.iter_mut() {
                *value = kernels::sigmoid(*value);
            }
        }
    }
}

impl Step {
    /// `input` is what the plan was handed, the shape of a picture, and how many there are.
    fn run(
        &self,
        isa: Isa,
        run: &Run<'_>,
        slots: &mut [Slot],
        input: (&[f32], Shape, usize),
        workspace: &mut [f32],
    ) {
        let mut taken = Taken::new(slots, self);
        let Taken { slots, out, second } = &mut taken;
        if let (Some(x), Some((_, out))) = (slots.get(self.x), out) {
            let other = self.other.and_then(|other| slots.get(other));
            let io = Io {
                pictures: input.2,
                x: x.view(),
                residual: other.map(Slot::view),
                out: out.view_mut(),
                second: second.as_mut().map(|(_, slot)| slot.view_mut()),
            };
            self.compute(isa, run, (input.0, input.1), io, workspace);
        }
    }

    fn compute(
        &self,
        isa: Isa,
        run: &Run<'_>,
        planar: (&[f32], Shape),
        mut io: Io<'_>,
        workspace: &mut [f32],
    ) {
        match &self.kind {
            Kind::Stem(conv, finish) => kernels::stem(isa, run, (conv, finish), planar, io, workspace),
            Kind::Conv(conv, finish) => kernels::conv(isa, run, conv, finish, io, workspace),
            Kind::Integers(conv, finish) => kernels::integers(isa, run, conv, finish, io, workspace),
            Kind::Winograd(conv, finish) => kernels::winograd(isa, run, conv, finish, io, workspace),
            Kind::Depthwise(conv, finish) => kernels::depthwise(isa, run, conv, finish, io),
            Kind::Separable(depthwise, depthwise_finish, conv, finish) => {
                let depthwise = (depthwise, depthwise_finish);
                kernels::separable(isa, run, depthwise, (conv, finish), io, workspace);
            }
            Kind::Affine(scale, shift) => elementwise::affine(scale, shift, &mut io),
            Kind::Add => elementwise::add(&mut io),
            Kind::Gate => elementwise::gate(&mut io),
            Kind::GlobalPool => elementwise::global_pool(&mut io),
            Kind::Upsample => elementwise::upsample(&mut io),
            Kind::Pool(kind) => elementwise::pool(*kind, &mut io),
        }
    }
}

#[cfg(test)]
impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Stem(..) => "stem",
            Self::Conv(..) => "conv",
            Self::Integers(..) => "integers",
            Self::Winograd(..) => "winograd",
            Self::Depthwise(..) => "depthwise",
            Self::Separable(..) => "separable",
            Self::Affine(..) => "affine",
            Self::Add => "add",
            Self::Gate => "gate",
            Self::GlobalPool => "global pool",
            Self::Upsample => "upsample",
            Self::Pool(_) => "pool",
        }
    }
}

impl Slot {
    fn view(&self) -> View<'_> {
        View::new(self.buffer.as_slice(), self.layout)
    }

    fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut::new(self.buffer.as_mut_slice(), self.layout)
    }
}

/// What a step writes, taken out of the slots so that the others can be read. It is put back when the step ends, be it by
/// a panic: what is in it would else be freed as it is.
struct Taken<'a> {
    slots: &'a mut [Slot],
    /// Its number and the slot.
    out: Option<(usize, Slot)>,
    second: Option<(usize, Slot)>,
}

impl<'a> Taken<'a> {
    fn new(slots: &'a mut [Slot], step: &Step) -> Self {
        let mut take = |index: usize| {
            let slot = slots.get_mut(index)?;
            Some((index, Slot { layout: slot.layout, buffer: std::mem::take(&mut slot.buffer) }))
        };
        let (out, second) = (take(step.out), step.second.and_then(take));
        Self { slots, out, second }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for (index, taken) in [self.out.take(), self.second.take()].into_iter().flatten() {
            if let Some(slot) = self.slots.get_mut(index) {
                *slot = taken;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        Activation, ConvWeights, LinearWeights, reference,
        testing::{assert_close, noise},
    };
    use candle_core::{Device, Tensor};
    use proptest::prelude::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

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
                (3, _) if keep => graph.affine(x, vec![0.7; c], vec![0.0; c]),
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

    /// A plan with helpers of its own, so that it does not run alone where other tests have them.
    fn spread(isa: Isa, graph: &Graph, size: usize, pictures: usize, threads: usize) -> Plan {
        let mut plan = Plan::compile_for(isa, graph, (size, size), pictures, threads).unwrap();
        plan.team = Team::apart(threads);
        let mut found = 0;
        plan.team.enter(|run| found = run.threads());
        assert_eq!(found, threads);
        plan
    }

    fn assert_equals_candle(graph: &Graph, size: usize, isa: Isa, threads: usize) {
        let mut plan = spread(isa, graph, size, 1, threads);
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

    /// Of one channel every convolution is depthwise, a 1x1 one too.
    #[test]
    fn pointwise_convolutions_of_one_channel_lose_no_layer() {
        let (mut graph, x) = Graph::new(3);
        let x = graph.conv(x, conv(1, (3, 1), 3, 1, 1), Activation::None);
        let x = graph.conv(x, conv(2, (1, 1), 3, 1, 1), activation(2, 1));
        let x = graph.conv(x, conv(3, (1, 1), 1, 1, 1), Activation::None);
        let x = graph.conv(x, conv(4, (1, 20), 1, 1, 1), Activation::None);
        graph.output(x, "x");
        for isa in Isa::all() {
            let plan = Plan::compile_for(isa, &graph, (160, 160), 1, 1).unwrap();
            let kinds: Vec<_> = plan.steps.iter().map(|step| step.kind.name()).collect();
            assert_eq!(kinds, ["stem", "separable", "conv"]);
            assert_equals_candle(&graph, 160, isa, 1);
        }
    }

    #[test]
    fn memory_is_shared_and_batch_norms_ride_along() {
        let plan = Plan::compile(&residual_network(), 20, 20, 1).unwrap();
        assert_eq!(plan.steps.len(), 5, "an affine behind a convolution is no step of its own");
        assert!(plan.slots.len() <= 5, "input, two values, two affines or fewer: {}", plan.slots.len());
    }

    /// A network like a detector's: a depthwise and a 1x1 convolution over many pixels, and three outputs of one value.
    fn detector_like() -> Graph {
        let (mut graph, x) = Graph::new(3);
        let x = graph.conv(x, conv(1, (3, 20), 3, 2, 1), Activation::Relu);
        let y = graph.conv(x, conv(2, (20, 20), 3, 1, 20), activation(2, 20));
        let y = graph.conv_add(y, conv(3, (20, 20), 1, 1, 1), x, Activation::Relu);
        for (seed, channels) in [(10, 2), (20, 8), (30, 20)] {
            let activation = if channels == 2 { Activation::Sigmoid } else { Activation::None };
            let y = graph.conv(y, conv(seed, (20, channels), 3, 1, 1), activation);
            graph.output(y, format!("{channels} channels"));
        }
        graph
    }

    #[test]
    fn layers_that_are_computed_together_equal_candle() {
        let graph = detector_like();
        for isa in Isa::all() {
            let plan = Plan::compile_for(isa, &graph, (80, 80), 1, 2).unwrap();
            let kinds = ["stem", "separable", "winograd"];
            assert_eq!(plan.steps.iter().map(|step| step.kind.name()).collect::<Vec<_>>(), kinds);
            assert_equals_candle(&graph, 80, isa, 2);
        }
    }

    /// How each step is computed. The numbers of threads and pictures are among what the planner goes by.
    fn ways(plan: &Plan) -> Vec<(&'static str, usize, bool)> {
        let way = |step: &Step| match &step.kind {
            Kind::Winograd(conv, _) => ("winograd", conv.side, conv.has_integers()),
            Kind::Separable(.., conv, _) => ("separable", 0, matches!(conv, Dense::Integers(_))),
            kind => (kind.name(), 0, matches!(kind, Kind::Integers(..))),
        };
        plan.steps.iter().map(way).collect()
    }

    /// A network whose layers are large enough for integers, where the processor prefers them.
    fn wide() -> Graph {
        let (mut graph, x) = Graph::new(3);
        let x = graph.conv(x, conv(1, (3, 96), 3, 1, 1), activation(2, 96));
        let y = graph.conv(x, conv(3, (96, 96), 3, 1, 96), activation(1, 96));
        let y = graph.conv_add(y, conv(5, (96, 96), 1, 1, 1), x, Activation::None);
        let y = graph.conv(y, conv(7, (96, 96), 3, 2, 1), activation(2, 96));
        let y = graph.conv(y, conv(9, (96, 112), 3, 1, 1), activation(2, 112));
        let y = graph.conv(y, conv(11, (112, 96), 1, 2, 1), Activation::Relu);
        graph.output(y, "features");
        let weight = noise(13, 96 * 25 * 100).iter().map(|w| w / 50.0).collect();
        let y = graph.flatten_linear(y, LinearWeights { weight, bias: noise(14, 100) });
        graph.output(y, "vector");
        graph
    }

    #[test]
    fn wide_layers_are_multiplied_in_integers_where_that_is_faster_and_equal_candle_nearly() {
        let graph = wide();
        for (isa, threads) in Isa::all().flat_map(|isa| [1, 2].map(|threads| (isa, threads))) {
            let mut plan = spread(isa, &graph, 20, 3, threads);
            let integers = ways(&plan).iter().filter(|way| way.2).count();
            assert_eq!(integers, if isa.prefers_integers() { 5 } else { 0 }, "{isa:?}");
            for pictures in [3, 1] {
                let input = noise(15, pictures * 3 * 400);
                let x = Tensor::from_slice(&input, (pictures, 3, 20, 20), &Device::Cpu).unwrap();
                plan.run(&input).unwrap();
                for (i, expected) in reference::forward(&graph, &x).unwrap().iter().enumerate() {
                    let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
                    assert_close(plan.output(i), &expected, if integers > 0 { 2e-3 } else { 1e-5 });
                }
            }
        }
    }

    #[test]
    fn a_batch_gives_to_the_bit_what_its_pictures_give_alone_where_both_are_computed_in_the_same_ways() {
        let choices =
            [(2, 16, true), (0, 2, false), (9, 24, false), (8, 24, true), (4, 1, false), (6, 1, true)];
        for (graph, size) in
            [(residual_network(), 16), (detector_like(), 16), (random_graph(&choices, 16), 16), (wide(), 20)]
        {
            for isa in Isa::all() {
                let mut alone = Plan::compile_for(isa, &graph, (size, size), 1, 1).unwrap();
                let mut batch = spread(isa, &graph, size, 4, 3);
                assert_eq!(ways(&alone), ways(&batch));
                for pictures in [4, 1, 3] {
                    let input = noise(pictures as u32, pictures * 3 * size * size);
                    batch.run(&input).unwrap();
                    for (picture, input) in input.chunks(3 * size * size).enumerate() {
                        alone.run(input).unwrap();
                        for output in 0..alone.outputs() {
                            let expected = alone.output(output);
                            let got = batch.output(output).chunks(expected.len()).nth(picture).unwrap();
                            assert_eq!(got, expected, "picture {picture} of {pictures}, output {output}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_of_an_answer_that_is_wiped() {
        let mut plan = Plan::compile(&residual_network(), 8, 8, 1).unwrap();
        plan.run(&noise(1, 192)).unwrap();
        assert!(plan.output(0).iter().any(|value| *value != 0.0));
        plan.wipe();
        assert!(plan.output(0).is_empty());
        let output = &plan.outputs[0];
        assert!(output.values.iter().all(|value| *value == 0.0));
        assert!(plan.slots[output.slot].buffer.as_slice().iter().all(|value| *value == 0.0));
    }

    #[test]
    fn a_run_that_panics_leaves_its_values_where_they_are_wiped() {
        let mut plan = Plan::compile(&residual_network(), 8, 8, 1).unwrap();
        plan.run(&noise(1, 192)).unwrap();
        let step = &mut plan.steps[0];
        assert!(step.second.is_some());
        // It reads what it writes, which is not there.
        let x = std::mem::replace(&mut step.x, step.out);
        let panicked = catch_unwind(AssertUnwindSafe(|| plan.run(&noise(1, 192))));
        assert!(panicked.is_err());
        let lengths = |plan: &Plan| plan.slots.iter().all(|s| s.buffer.as_slice().len() == s.layout.len());
        assert!(lengths(&plan), "a value was freed");
        plan.steps[0].x = x;
        plan.run(&noise(1, 192)).unwrap();
    }

    #[test]
    fn pictures_that_run_together_equal_a_batch_of_candle() {
        let (mut ends_in_a_vector, x) = Graph::new(3);
        let weights = LinearWeights { weight: noise(1, 360 * 5), bias: noise(2, 5) };
        let y = ends_in_a_vector.flatten_linear(x, weights);
        ends_in_a_vector.output(y, "vector");
        for graph in [residual_network(), ends_in_a_vector] {
            let mut plan = Plan::compile_batch(&graph, 10, 12, 3, 2).unwrap();
            for pictures in [3, 1, 2] {
                let input = noise(4, pictures * 3 * 10 * 12);
                let x = Tensor::from_slice(&input, (pictures, 3, 10, 12), &Device::Cpu).unwrap();
                let expected = reference::forward(&graph, &x).unwrap().remove(0);
                plan.run(&input).unwrap();
                let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
                assert_close(plan.output(0), &expected, 1e-4);
            }
        }
    }

    /// Three residual blocks as in the last stage of an `IResNet`-50, then a fully connected layer.
    #[test]
    fn rounded_numbers_move_an_answer_by_less_than_a_millionth() {
        let (width, size) = (400, 7);
        let (mut graph, input) = Graph::new(width);
        let mut x = input;
        for seed in [10, 20, 30] {
            let y = graph.affine(x, vec![0.8; width], noise(seed, width));
            let y = graph.conv(y, conv(seed + 2, (width, width), 3, 1, 1), activation(2, width));
            x = graph.conv_add(y, conv(seed + 4, (width, width), 3, 1, 1), x, Activation::None);
        }
        let inputs = width * size * size;
        let weight = noise(5, 64 * inputs).iter().map(|w| w / (inputs as f32).sqrt()).collect();
        let y = graph.flatten_linear(x, LinearWeights { weight, bias: noise(6, 64) });
        graph.output(y, "embedding");
        let values = noise(7, inputs);
        for isa in Isa::all() {
            let plan = Plan::compile_for(isa, &graph, (size, size), 1, 1).unwrap();
            let rounded = |step: &&Step| match &step.kind {
                Kind::Conv(conv, _) => conv.scratch() > 0,
                Kind::Winograd(conv, _) => conv.scratch() > 0 || conv.has_integers(),
                kind => matches!(kind, Kind::Integers(..)),
            };
            assert!(plan.steps.iter().filter(rounded).count() >= 6, "{isa:?}");
            let [fast, plain] = answers(&graph, isa, size, &values);
            let away = 1.0 - cosine(&fast[0], &plain[0]);
            assert!(fast[0] != plain[0] && away < 1e-6, "{away:e}, {isa:?}");
        }
    }

    fn cosine(a: &[f32], b: &[f32]) -> f64 {
        let dot =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    /// All outputs of one picture in the given way and in candle's.
    fn answers(graph: &Graph, isa: Isa, size: usize, input: &[f32]) -> [Vec<Vec<f32>>; 2] {
        let mut plan = Plan::compile_for(isa, graph, (size, size), 1, 1).unwrap();
        plan.run(input).unwrap();
        let fast = (0..plan.outputs()).map(|i| plan.output(i).to_vec()).collect();
        let x = Tensor::from_slice(input, (1, (), size, size), &Device::Cpu).unwrap();
        let plain = reference::forward(graph, &x).unwrap();
        [fast, plain.iter().map(|y| y.flatten_all().unwrap().to_vec1().unwrap()).collect()]
    }

    #[test]
    fn a_weight_that_is_no_number_is_not_hidden_by_activations_and_pools() {
        // Of 96 channels sound weights would be multiplied in integers.
        let cases = [("conv", 2, 1, 16), ("conv", 2, 1, 96), ("winograd", 1, 1, 16)];
        for (way, stride, groups, channels) in cases.into_iter().chain([("depthwise", 1, 16, 16)]) {
            for which in 0..4 {
                let (mut graph, x) = Graph::new(channels);
                let mut weights = conv(1, (channels, channels), 3, stride, groups);
                weights.weight[0] = f32::NAN;
                let y = graph.affine(x, noise(3, channels), noise(4, channels));
                let y = graph.conv(y, weights, activation(which, channels));
                let z = graph.max_pool2x2(y);
                graph.output(y, "activated");
                graph.output(z, "pooled");
                for isa in Isa::all() {
                    let plan = Plan::compile_for(isa, &graph, (20, 20), 1, 1).unwrap();
                    assert_eq!((ways(&plan)[1].0, ways(&plan)[1].2), (way, false));
                    for values in answers(&graph, isa, 20, &noise(2, channels * 400)).iter().flatten() {
                        let (broken, sound) = values.split_at(values.len() / channels);
                        assert!(broken.iter().all(|v| v.is_nan()), "{way}, activation {which}, {isa:?}");
                        assert!(sound.iter().all(|v| v.is_finite()), "{way}, activation {which}, {isa:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_largest_of_a_window_is_no_number_where_one_value_is_none() {
        let (mut graph, x) = Graph::new(1);
        let y = graph.max_pool2x2(x);
        graph.output(y, "pooled");
        for (isa, at) in Isa::all().flat_map(|isa| (0..4).map(move |at| (isa, at))) {
            let mut input = [4.0, 3.0, -2.0, 1.0];
            input[at] = f32::NAN;
            for values in answers(&graph, isa, 2, &input).iter().flatten() {
                assert!(values[0].is_nan(), "value {at}, {isa:?}");
            }
        }
    }

    #[test]
    fn an_input_of_another_size_is_refused() {
        let mut plan = Plan::compile(&residual_network(), 8, 8, 1).unwrap();
        let error = plan.run(&[0.0; 12]).unwrap_err();
        assert!(matches!(error, NnError::InputLength { expected: 192, most: 1, got: 12 }));
    }

    #[test]
    fn threads_change_no_bit_where_they_do_not_change_the_ways() {
        for (graph, size) in [(residual_network(), 60), (wide(), 20)] {
            let input = noise(7, 3 * size * size);
            let answers = [1, 2, 3].map(|threads| {
                let mut plan = spread(Isa::detect(), &graph, size, 1, threads);
                plan.run(&input).unwrap();
                (ways(&plan), plan.output(0).to_vec())
            });
            for (ways, answer) in &answers[1..] {
                assert_eq!(*ways, answers[0].0);
                assert!(*answer == answers[0].1);
            }
        }
    }
}
