//! The graph in plain candle operations: what CUDA runs, and what the fast plan is tested against.

use super::{
    Activation, ConvWeights, Graph, NnError,
    graph::{NodeId, Op, Pool},
};
use candle_core::{Device, Result, Tensor};

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
        graph.shapes(height, width)?;
        let layers = graph.nodes().iter().map(|op| Layer::new(op, device)).collect::<Result<_>>()?;
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
    fn new(op: &Op, device: &Device) -> Result<Self> {
        Ok(match op {
            Op::Input => Self::Input,
            Op::Conv { x, weights, residual, activation } => Self::Conv {
                x: *x,
                conv: Conv::new(weights, device)?,
                residual: *residual,
                activation: Act::new(activation, device)?,
            },
            Op::Linear { x, weights } => {
                let out = weights.bias.len();
                let weight = Tensor::from_slice(&weights.weight, (out, weights.weight.len() / out), device)?;
                Self::Linear {
                    x: *x,
                    weight: weight.t()?.contiguous()?,
                    bias: per_channel(&weights.bias, device)?,
                }
            }
            Op::Affine { x, scale, shift } => {
                Self::Affine { x: *x, scale: per_channel(scale, device)?, shift: per_channel(shift, device)? }
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
                of(x)?.flatten_from(1)?.matmul(weight)?.unsqueeze(2)?.unsqueeze(3)?.broadcast_add(bias)
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
    fn new(weights: &ConvWeights, device: &Device) -> Result<Self> {
        let (kh, kw) = weights.kernel;
        let shape = (weights.out_channels, weights.in_channels_per_group, kh, kw);
        Ok(Self {
            weight: Tensor::from_slice(&weights.weight, shape, device)?,
            bias: per_channel(&weights.bias, device)?,
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
    fn new(activation: &Activation, device: &Device) -> Result<Self> {
        Ok(match activation {
            Activation::None => Self::None,
            Activation::Relu => Self::Relu,
            Activation::Prelu(slopes) => Self::Prelu(per_channel(slopes, device)?),
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

fn per_channel(values: &[f32], device: &Device) -> Result<Tensor> {
    Tensor::from_slice(values, (1, values.len(), 1, 1), device)
}

fn value(values: &[Tensor], id: NodeId) -> Result<&Tensor> {
    values.get(id.0).ok_or_else(|| candle_core::Error::Msg(format!("node {} has no value yet", id.0)))
}
