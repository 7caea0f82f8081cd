//! The graph in plain candle operations: what CUDA runs, and what the fast plan is tested against.

use super::{
    Activation, ConvWeights, Graph, NnError,
    graph::{NodeId, Op, Pool},
};
use candle_core::{Device, Result, Tensor, Var};

/// Makes the tensor of a weight of its numbers and shape.
type Weight<'a> = &'a mut dyn FnMut(&[f32], &[usize]) -> Result<Tensor>;

/// A graph whose weights lie on one device, ready to run there.
pub struct Network {
    layers: Vec<Layer>,
    outputs: Vec<NodeId>,
}

/// Runs the graph once on the device of `x`; in and out as in [`Network::forward`].
#[cfg(test)]
pub(super) fn forward(graph: &Graph, x: &Tensor) -> std::result::Result<Vec<Tensor>, NnError> {
    let (_, _, height, width) = x.dims4()?;
    Network::new(graph, height, width, x.device())?.forward(x)
}

impl Network {
    /// Checks the graph for `height` x `width` pixels and copies its weights to `device`.
    pub fn new(
        graph: &Graph,
        height: usize,
        width: usize,
        device: &Device,
    ) -> std::result::Result<Self, NnError> {
        Self::with_weights(graph, (height, width), &mut |values, shape| {
            Tensor::from_slice(values, shape, device)
        })
    }

    /// As [`Network::new`], every weight a variable, in the order of the layers: `backward` of what comes out of
    /// [`Network::forward`] has their gradients, and a candle optimiser trains them. Batch norms stay folded.
    pub fn trainable(
        graph: &Graph,
        height: usize,
        width: usize,
        device: &Device,
    ) -> std::result::Result<(Self, Vec<Var>), NnError> {
        let mut variables = Vec::new();
        let mut weight = |values: &[f32], shape: &[usize]| {
            let variable = Var::from_slice(values, shape, device)?;
            variables.push(variable.clone());
            Ok(variable.into_inner())
        };
        let network = Self::with_weights(graph, (height, width), &mut weight)?;
        Ok((network, variables))
    }

    fn with_weights(
        graph: &Graph,
        (height, width): (usize, usize),
        weight: Weight<'_>,
    ) -> std::result::Result<Self, NnError> {
        graph.shapes(height, width)?;
        let layers = graph.nodes().iter().map(|op| Layer::new(op, weight)).collect::<Result<_>>()?;
        Ok(Self { layers, outputs: graph.outputs().collect() })
    }

    /// Runs a batch: \[N, C, H, W\] in, one tensor per output out, \[N, C, H, W\] too; H and W are 1 after a fully connected
    /// layer.
    pub fn forward(&self, x: &Tensor) -> std::result::Result<Vec<Tensor>, NnError> {
        let mut values: Vec<Tensor> = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let value = layer.forward(x, &values)?;
            values.push(value);
        }
        Ok(self.outputs.iter().map(|id| value(&values, *id).cloned()).collect::<Result<_>>()?)
    }
}

enum Layer {
    Input,
    Conv { x: NodeId, conv: Conv, residual: Option<NodeId>, activation: Act },
    Linear { x: NodeId, weight: Tensor, bias: Tensor },
    Affine { x: NodeId, scale: Tensor, shift: Tensor },
    Add { a: NodeId, b: NodeId },
    Upsample { x: NodeId },
    Pool { x: NodeId, kind: Pool },
    GlobalPool { x: NodeId },
    Gate { x: NodeId, gate: NodeId },
}

impl Layer {
    fn new(op: &Op, make: Weight<'_>) -> Result<Self> {
        Ok(match op {
            Op::Input => Self::Input,
            Op::Conv { x, weights, residual, activation } => Self::Conv {
                x: *x,
                conv: Conv::new(weights, make)?,
                residual: *residual,
                activation: Act::new(activation, make)?,
            },
            Op::Linear { x, weights } => {
                let out = weights.bias.len();
                Self::Linear {
                    x: *x,
                    weight: make(&weights.weight, &[out, weights.weight.len() / out])?,
                    bias: per_channel(&weights.bias, make)?,
                }
            }
            Op::Affine { x, scale, shift } => {
                Self::Affine { x: *x, scale: per_channel(scale, make)?, shift: per_channel(shift, make)? }
            }
            Op::Add { a, b } => Self::Add { a: *a, b: *b },
            Op::Upsample { x } => Self::Upsample { x: *x },
            Op::Pool { x, kind } => Self::Pool { x: *x, kind: *kind },
            Op::GlobalPool { x } => Self::GlobalPool { x: *x },
            Op::Gate { x, gate } => Self::Gate { x: *x, gate: *gate },
        })
    }

    fn forward(&self, input: &Tensor, earlier: &[Tensor]) -> Result<Tensor> {
        let of = |id: &NodeId| value(earlier, *id);
        match self {
            Self::Input => Ok(input.clone()),
            Self::Conv { x, conv, residual, activation } => {
                let y = conv.forward(of(x)?)?;
                let y = residual.as_ref().map_or(Ok(y.clone()), |r| y + of(r)?)?;
                activation.forward(&y)
            }
            Self::Linear { x, weight, bias } => {
                of(x)?.flatten_from(1)?.matmul(&weight.t()?)?.unsqueeze(2)?.unsqueeze(3)?.broadcast_add(bias)
            }
            Self::Affine { x, scale, shift } => of(x)?.broadcast_mul(scale)?.broadcast_add(shift),
            Self::Add { a, b } => of(a)? + of(b)?,
            Self::Upsample { x } => {
                let (_, _, height, width) = of(x)?.dims4()?;
                of(x)?.upsample_nearest2d(height * 2, width * 2)
            }
            Self::Pool { x, kind: Pool::Max } => {
                // Adds nothing but what is no number, which candle's largest of a window may pass over.
                of(x)?.max_pool2d(2)? + (of(x)?.avg_pool2d(2)? * 0.0)?
            }
            Self::Pool { x, kind: Pool::Average } => of(x)?.avg_pool2d(2),
            Self::GlobalPool { x } => of(x)?.mean_keepdim((2, 3)),
            Self::Gate { x, gate } => of(x)?.broadcast_mul(of(gate)?),
        }
    }
}

struct Conv {
    weight: Tensor,
    bias: Tensor,
    stride: usize,
    padding: usize,
    groups: usize,
}

impl Conv {
    fn new(weights: &ConvWeights, make: Weight<'_>) -> Result<Self> {
        let (kh, kw) = weights.kernel;
        let shape = [weights.out_channels, weights.in_channels_per_group, kh, kw];
        Ok(Self {
            weight: make(&weights.weight, &shape)?,
            bias: per_channel(&weights.bias, make)?,
            stride: weights.stride,
            padding: weights.padding,
            groups: weights.groups,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.conv2d(&self.weight, self.padding, self.stride, 1, self.groups)?.broadcast_add(&self.bias)
    }
}

enum Act {
    None,
    Relu,
    Prelu(Tensor),
    Sigmoid,
}

impl Act {
    fn new(activation: &Activation, make: Weight<'_>) -> Result<Self> {
        Ok(match activation {
            Activation::None => Self::None,
            Activation::Relu => Self::Relu,
            Activation::Prelu(slopes) => Self::Prelu(per_channel(slopes, make)?),
            Activation::Sigmoid => Self::Sigmoid,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::None => Ok(x.clone()),
            // Candle's own makes 0 of what is no number.
            Self::Relu => x.le(0.0)?.where_cond(&x.zeros_like()?, x),
            Self::Prelu(slopes) => {
                let positive = x.relu()?;
                let negative = (x - &positive)?;
                positive + negative.broadcast_mul(slopes)?
            }
            Self::Sigmoid => candle_nn::ops::sigmoid(x),
        }
    }
}

fn per_channel(values: &[f32], make: Weight<'_>) -> Result<Tensor> {
    make(values, &[1, values.len(), 1, 1])
}

fn value(values: &[Tensor], id: NodeId) -> Result<&Tensor> {
    values.get(id.0).ok_or_else(|| candle_core::Error::Msg(format!("node {} has no value yet", id.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        LinearWeights,
        testing::{assert_close, noise},
    };

    /// A residual block with a depthwise convolution, slopes, pools, a gate and a fully connected end.
    fn network() -> Graph {
        let conv = |seed, inputs: usize, outputs: usize, kernel: usize, groups: usize| ConvWeights {
            out_channels: outputs,
            in_channels_per_group: inputs / groups,
            kernel: (kernel, kernel),
            stride: 1,
            padding: kernel / 2,
            groups,
            weight: noise(seed, outputs * inputs / groups * kernel * kernel),
            bias: noise(seed + 1, outputs),
        };
        let (mut graph, x) = Graph::new(2);
        let x = graph.conv(x, conv(1, 2, 4, 3, 1), Activation::Prelu(noise(3, 4)));
        let y = graph.affine(x, noise(4, 4), noise(5, 4));
        let y = graph.conv(y, conv(6, 4, 4, 3, 4), Activation::Relu);
        let x = graph.conv_add(y, conv(8, 4, 4, 1, 1), x, Activation::None);
        let pooled = graph.global_avg_pool(x);
        let gate = graph.conv(pooled, conv(10, 4, 4, 1, 1), Activation::Sigmoid);
        let x = graph.gate(x, gate);
        let x = graph.avg_pool2x2(x);
        let x = graph.upsample2x_nearest(x);
        let x = graph.flatten_linear(x, LinearWeights { weight: noise(12, 4 * 16 * 3), bias: noise(13, 3) });
        graph.output(x, "answer");
        graph
    }

    fn loss(network: &Network, x: &Tensor) -> Tensor {
        network.forward(x).unwrap().remove(0).sqr().unwrap().sum_all().unwrap()
    }

    #[test]
    fn gradients_reach_every_weight_and_the_input() {
        let device = Device::Cpu;
        let graph = network();
        let (network, variables) = Network::trainable(&graph, 4, 4, &device).unwrap();
        let x = Var::from_slice(&noise(14, 32), (1, 2, 4, 4), &device).unwrap();
        let gradients = loss(&network, &x).backward().unwrap();
        for variable in variables.iter().chain([&x]) {
            // Along the gradient the loss rises by its length a step; so it must by the difference of two steps.
            let gradient = gradients.get(variable).expect("a gradient").contiguous().unwrap();
            let length = gradient.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap().sqrt();
            let before = variable.as_tensor().copy().unwrap();
            let step = 1e-3 / f64::from(length);
            let moved = |by: f64| {
                variable.set(&(&before + (&gradient * by).unwrap()).unwrap()).unwrap();
                loss(&network, &x).to_scalar::<f32>().unwrap()
            };
            let rise = (moved(step) - moved(-step)) / 2e-3;
            variable.set(&before).unwrap();
            assert!((rise / length - 1.0).abs() < 0.05, "{rise} for {length} of {:?}", before.dims());
        }
    }

    #[test]
    fn a_network_that_is_trained_answers_as_one_that_is_not() {
        let (graph, device) = (network(), Device::Cpu);
        let x = Tensor::from_slice(&noise(14, 32), (1, 2, 4, 4), &device).unwrap();
        let answer = |network: &Network| -> Vec<f32> {
            network.forward(&x).unwrap().remove(0).flatten_all().unwrap().to_vec1().unwrap()
        };
        let (trained, _) = Network::trainable(&graph, 4, 4, &device).unwrap();
        assert_close(&answer(&trained), &answer(&Network::new(&graph, 4, 4, &device).unwrap()), 1e-6);
    }
}
