//! Networks of the shapes that the kiosk runs, with random weights, for the benches.

use faceprint::nn::{Activation, ConvWeights, Graph, LinearWeights, NodeId};

/// Builds layers with random weights of a size that keeps values near one.
struct Builder {
    graph: Graph,
    seed: u32,
}

impl Builder {
    fn new() -> (Self, NodeId) {
        let (graph, x) = Graph::new(3);
        (Self { graph, seed: 1 }, x)
    }

    fn weights(&mut self, io: (usize, usize), kernel: usize, stride: usize, groups: usize) -> ConvWeights {
        self.seed += 1;
        let in_channels_per_group = io.0 / groups;
        let fan_in = in_channels_per_group * kernel * kernel;
        ConvWeights {
            out_channels: io.1,
            in_channels_per_group,
            kernel: (kernel, kernel),
            stride,
            padding: kernel / 2,
            groups,
            weight: noise(self.seed, io.1 * fan_in, 1.7 / (fan_in as f32).sqrt()),
            bias: noise(self.seed, io.1, 0.1),
        }
    }

    fn conv(
        &mut self,
        x: NodeId,
        io: (usize, usize),
        kernel: usize,
        stride: usize,
        act: Activation,
    ) -> NodeId {
        let weights = self.weights(io, kernel, stride, 1);
        self.graph.conv(x, weights, act)
    }

    fn depthwise(&mut self, x: NodeId, channels: usize, stride: usize, act: Activation) -> NodeId {
        let weights = self.weights((channels, channels), 3, stride, channels);
        self.graph.conv(x, weights, act)
    }

    fn linear(&mut self, x: NodeId, input: usize, out: usize) -> NodeId {
        self.seed += 1;
        let weight = noise(self.seed, input * out, 1.0 / (input as f32).sqrt());
        self.graph.flatten_linear(x, LinearWeights { weight, bias: vec![0.0; out] })
    }

    /// The block of `MobileFaceNet`: 1x1 up, depthwise, 1x1 down; residual unless it shrinks.
    fn bottleneck(&mut self, x: NodeId, io: (usize, usize), middle: usize, stride: usize) -> NodeId {
        let y = self.conv(x, (io.0, middle), 1, 1, prelu(middle));
        let y = self.depthwise(y, middle, stride, prelu(middle));
        let down = self.weights((middle, io.1), 1, 1, 1);
        if stride == 1 {
            self.graph.conv_add(y, down, x, Activation::None)
        } else {
            self.graph.conv(y, down, Activation::None)
        }
    }
}

fn prelu(channels: usize) -> Activation {
    Activation::Prelu(vec![0.25; channels])
}

/// The layout found in the wild: 128 channels from the stem on, tail 512 -> 64, fully connected 3136 -> 512.
pub fn mobilefacenet() -> Graph {
    let (mut b, x) = Builder::new();
    let x = b.conv(x, (3, 128), 3, 2, prelu(128));
    let mut x = b.depthwise(x, 128, 1, prelu(128));
    for (io, first, middle, repeats) in
        [((128, 128), 128, 128, 4), ((128, 256), 256, 256, 6), ((256, 256), 512, 256, 2)]
    {
        x = b.bottleneck(x, io, first, 2);
        for _ in 0..repeats {
            x = b.bottleneck(x, (io.1, io.1), middle, 1);
        }
    }
    let x = b.conv(x, (256, 512), 1, 1, prelu(512));
    let x = b.conv(x, (512, 64), 1, 1, prelu(64));
    let x = b.linear(x, 64 * 7 * 7, 512);
    b.graph.output(x, "embedding");
    b.graph
}

/// An IResNet-18 of half the width with a stem of stride 2; about 0.4 G multiply-adds.
pub fn thin_iresnet() -> Graph {
    let (mut b, x) = Builder::new();
    let x = b.conv(x, (3, 32), 3, 2, prelu(32));
    let x = iresnet_stages(&mut b, x, 32, [2, 2, 2, 2], 1);
    let x = b.conv(x, (256, 64), 1, 1, prelu(64));
    let x = b.linear(x, 64 * 7 * 7, 512);
    b.graph.output(x, "embedding");
    b.graph
}

/// The IResNet-50 of `ArcFace`.
pub fn iresnet_50() -> Graph {
    let (mut b, x) = Builder::new();
    let x = b.conv(x, (3, 64), 3, 1, prelu(64));
    let x = iresnet_stages(&mut b, x, 64, [3, 4, 14, 3], 2);
    let x = b.linear(x, 512 * 7 * 7, 512);
    b.graph.output(x, "embedding");
    b.graph
}

/// Four stages of twice the channels each, the first of `width`, which begins with a step of `stride`.
fn iresnet_stages(b: &mut Builder, mut x: NodeId, width: usize, blocks: [usize; 4], stride: usize) -> NodeId {
    let mut input = width;
    for (stage, count) in blocks.into_iter().enumerate() {
        let out = width << stage;
        for repeat in 0..count {
            let stride = match (repeat, stage) {
                (0, 0) => stride,
                (0, _) => 2,
                _ => 1,
            };
            let y = b.graph.affine(x, vec![1.1; input], vec![0.1; input]);
            let y = b.conv(y, (input, out), 3, 1, prelu(out));
            let end = b.weights((out, out), 3, stride, 1);
            let residual = if stride == 2 {
                let mut down = b.weights((input, out), 1, 2, 1);
                down.padding = 0;
                b.graph.conv(x, down, Activation::None)
            } else {
                x
            };
            x = b.graph.conv_add(y, end, residual, Activation::None);
            input = out;
        }
    }
    x
}

/// SCRFD-500M with landmarks: backbone of depthwise blocks, feature pyramid down and up again, three heads.
pub fn scrfd_500m() -> Graph {
    let (mut b, x) = Builder::new();
    let mut x = b.conv(x, (3, 16), 3, 2, Activation::Relu);
    let mut levels = Vec::new();
    let plan = [(16, 1), (40, 2), (40, 1), (72, 2), (72, 1), (72, 1), (152, 2), (152, 1), (288, 2)];
    let mut input = 16;
    for (out, stride) in plan.into_iter().chain([(288, 1); 5]) {
        if stride == 2 && input >= 72 {
            levels.push((x, input));
        }
        x = b.depthwise(x, input, stride, Activation::Relu);
        x = b.conv(x, (input, out), 1, 1, Activation::Relu);
        input = out;
    }
    levels.push((x, input));
    for (level, x) in neck(&mut b, levels).into_iter().enumerate() {
        let mut x = x;
        for channels in [16, 64] {
            x = b.depthwise(x, channels, 1, Activation::Relu);
            x = b.conv(x, (channels, 64), 1, 1, Activation::Relu);
        }
        let none = Activation::None;
        for (name, out, act) in
            [("score", 2, Activation::Sigmoid), ("box", 8, none.clone()), ("points", 20, none)]
        {
            let y = b.conv(x, (64, out), 3, 1, act);
            b.graph.output(y, format!("{name} {level}"));
        }
    }
    b.graph
}

/// The feature pyramid of three levels, the finest first: 16 channels each, down and up again.
fn neck(b: &mut Builder, levels: Vec<(NodeId, usize)>) -> Vec<NodeId> {
    let none = Activation::None;
    let mut merged: Vec<NodeId> = Vec::new();
    for (x, channels) in levels.into_iter().rev() {
        let weights = b.weights((channels, 16), 1, 1, 1);
        let lateral = match merged.last().copied() {
            Some(above) => {
                let above = b.graph.upsample2x_nearest(above);
                b.graph.conv_add(x, weights, above, Activation::None)
            }
            None => b.graph.conv(x, weights, Activation::None),
        };
        merged.push(lateral);
    }
    let mut sums: Vec<NodeId> = Vec::new();
    let mut heads = Vec::new();
    for x in merged.into_iter().rev() {
        let x = b.conv(x, (16, 16), 3, 1, none.clone());
        let Some(finer) = sums.last().copied() else {
            sums.push(x);
            heads.push(x);
            continue;
        };
        let down = b.weights((16, 16), 3, 2, 1);
        let sum = b.graph.conv_add(finer, down, x, none.clone());
        sums.push(sum);
        heads.push(b.conv(sum, (16, 16), 3, 1, none.clone()));
    }
    heads
}

/// Uniform numbers of at most `size`, the same for the same seed.
pub fn noise(seed: u32, len: usize, size: f32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state as f32 / u32::MAX as f32 * 2.0 - 1.0) * size
    };
    std::iter::repeat_with(next).take(len).collect()
}
