//! What layers have to look like, and how they are read from named tensors into a graph.
//!
//! Job: fold batch norms and check shapes, so that an architecture's file reads like its paper. It must not know
//! any architecture.

use super::{WeightsError, tensors::Tensors};
use crate::nn::{Activation, ConvWeights, Graph, LinearWeights, NodeId};
use std::fmt;

/// Added to a variance before its root, as in `PyTorch`.
const BN_EPSILON: f64 = 1e-5;

/// Reads layers from tensors and appends them to a graph.
pub struct Builder<'t> {
    /// The graph so far.
    pub graph: Graph,
    tensors: &'t Tensors,
}

impl<'t> Builder<'t> {
    /// An RGB picture comes in.
    pub fn new(tensors: &'t Tensors) -> (Self, NodeId) {
        let (graph, x) = Graph::new(3);
        (Self { graph, tensors }, x)
    }

    /// `after(conv(x))`; gives the number of channels out too. A batch norm named `bn` is folded in.
    pub fn conv(
        &mut self,
        x: NodeId,
        name: &str,
        bn: Option<&str>,
        spec: ConvSpec,
        after: After<'_>,
    ) -> Result<(NodeId, usize), WeightsError> {
        let weights = conv_weights(self.tensors, name, bn, spec)?;
        let channels = weights.out_channels;
        let activation = after.activation(self.tensors, channels)?;
        Ok((self.graph.conv(x, weights, activation), channels))
    }

    /// `after(conv(x) + residual)`.
    pub fn conv_add(
        &mut self,
        x: NodeId,
        name: &str,
        bn: Option<&str>,
        spec: ConvSpec,
        residual: NodeId,
        after: After<'_>,
    ) -> Result<NodeId, WeightsError> {
        let weights = conv_weights(self.tensors, name, bn, spec)?;
        let activation = after.activation(self.tensors, weights.out_channels)?;
        Ok(self.graph.conv_add(x, weights, residual, activation))
    }

    /// A batch norm by itself.
    pub fn batch_norm(&mut self, x: NodeId, name: &str, channels: usize) -> Result<NodeId, WeightsError> {
        let (scale, shift) = scale_and_shift(self.tensors, name, channels)?;
        Ok(self.graph.affine(x, scale, shift))
    }

    /// Flatten and fully connected, the batch norm `bn` folded in where the file has one.
    pub fn linear(
        &mut self,
        x: NodeId,
        name: &str,
        bn: Option<&str>,
        input: usize,
        output: usize,
    ) -> Result<NodeId, WeightsError> {
        let mut weight = self.tensors.get(&format!("{name}.weight"), &[output, input])?.to_vec();
        let mut bias = self.tensors.get(&format!("{name}.bias"), &[output])?.to_vec();
        if let Some(bn) = bn.filter(|bn| self.tensors.has(&format!("{bn}.weight"))) {
            fold(&mut weight, &mut bias, &scale_and_shift(self.tensors, bn, output)?);
        }
        Ok(self.graph.flatten_linear(x, LinearWeights { weight, bias }))
    }
}

/// What comes after a convolution.
#[derive(Debug, Clone, Copy)]
pub enum After<'a> {
    /// Nothing.
    Nothing,
    /// max(x, 0).
    Relu,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// A `PReLU` whose slopes are the tensor `name.weight`.
    Prelu(&'a str),
}

impl After<'_> {
    fn activation(self, tensors: &Tensors, channels: usize) -> Result<Activation, WeightsError> {
        Ok(match self {
            Self::Nothing => Activation::None,
            Self::Relu => Activation::Relu,
            Self::Sigmoid => Activation::Sigmoid,
            Self::Prelu(name) => {
                Activation::Prelu(tensors.get(&format!("{name}.weight"), &[channels])?.to_vec())
            }
        })
    }
}

fn conv_weights(
    tensors: &Tensors,
    name: &str,
    bn: Option<&str>,
    spec: ConvSpec,
) -> Result<ConvWeights, WeightsError> {
    let tensor = format!("{name}.weight");
    let shape @ [out_channels, in_channels_per_group, ..] = tensors.dims::<4>(&tensor)?;
    if !spec.fits(&shape) {
        return Err(WeightsError::Shape { tensor, expected: spec.to_string(), found: shape.to_vec() });
    }
    let mut weight = tensors.get(&tensor, &shape)?.to_vec();
    let bias_name = format!("{name}.bias");
    let bn = bn.filter(|bn| tensors.has(&format!("{bn}.weight")));
    let mut bias = if bn.is_none() || tensors.has(&bias_name) {
        tensors.get(&bias_name, &[out_channels])?.to_vec()
    } else {
        vec![0.0; out_channels]
    };
    if let Some(bn) = bn {
        fold(&mut weight, &mut bias, &scale_and_shift(tensors, bn, out_channels)?);
    }
    Ok(ConvWeights {
        out_channels,
        in_channels_per_group,
        kernel: (spec.kernel, spec.kernel),
        stride: spec.stride,
        padding: spec.padding(),
        groups: spec.group_count(),
        weight,
        bias,
    })
}

/// A batch norm as `y = scale · x + shift`. One without running statistics already is that.
fn scale_and_shift(
    tensors: &Tensors,
    name: &str,
    channels: usize,
) -> Result<(Vec<f32>, Vec<f32>), WeightsError> {
    let read = |what: &str| tensors.get(&format!("{name}.{what}"), &[channels]);
    let (weight, bias) = (read("weight")?, read("bias")?);
    if !tensors.has(&format!("{name}.running_var")) {
        return Ok((weight.to_vec(), bias.to_vec()));
    }
    let (mean, var) = (read("running_mean")?, read("running_var")?);
    let scale: Vec<f64> =
        weight.iter().zip(var).map(|(&w, &v)| f64::from(w) / (f64::from(v) + BN_EPSILON).sqrt()).collect();
    let shift =
        bias.iter().zip(mean).zip(&scale).map(|((&b, &m), s)| (f64::from(b) - f64::from(m) * s) as f32);
    let shift = shift.collect();
    Ok((scale.into_iter().map(|s| s as f32).collect(), shift))
}

/// Multiplies every output's row of weights, and moves its bias.
fn fold(weight: &mut [f32], bias: &mut [f32], (scale, shift): &(Vec<f32>, Vec<f32>)) {
    let row = weight.len().checked_div(bias.len()).unwrap_or(0).max(1);
    for (((row, b), scale), shift) in weight.chunks_mut(row).zip(bias).zip(scale).zip(shift) {
        for w in row {
            *w *= scale;
        }
        *b = *b * scale + shift;
    }
}

/// How a convolution's channels are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// Every output sees every input.
    Dense,
    /// Every channel by itself; the output has as many.
    Depthwise,
    /// Pairs of channels; the output has as many.
    Pairs,
}

/// What a convolution has to look like. Padding is `kernel / 2`, or 0 with `valid`.
#[derive(Debug, Clone, Copy)]
pub struct ConvSpec {
    /// Kernel height and width.
    pub kernel: usize,
    /// Stride both ways.
    pub stride: usize,
    /// Channels in.
    pub input: usize,
    /// Channels out, where they are given.
    pub output: Option<usize>,
    /// Connection.
    pub groups: Groups,
    /// No padding whatever the kernel.
    pub valid: bool,
}

impl ConvSpec {
    /// A dense convolution with the usual padding and any number of outputs.
    pub fn dense(kernel: usize, stride: usize, input: usize) -> Self {
        Self { kernel, stride, input, output: None, groups: Groups::Dense, valid: false }
    }

    /// A depthwise convolution with the usual padding.
    pub fn depthwise(kernel: usize, stride: usize, channels: usize) -> Self {
        Self { groups: Groups::Depthwise, output: Some(channels), ..Self::dense(kernel, stride, channels) }
    }

    /// The same with this many outputs.
    pub fn to(self, output: usize) -> Self {
        Self { output: Some(output), ..self }
    }

    /// Number of groups.
    pub fn group_count(&self) -> usize {
        match self.groups {
            Groups::Dense => 1,
            Groups::Depthwise => self.input,
            Groups::Pairs => self.input / 2,
        }
    }

    /// Zeros on every side.
    pub fn padding(&self) -> usize {
        if self.valid { 0 } else { self.kernel / 2 }
    }

    /// Whether a weight tensor has this convolution's shape.
    pub fn fits(&self, shape: &[usize]) -> bool {
        let &[out, per_group, kh, kw] = shape else { return false };
        out > 0
            && (kh, kw) == (self.kernel, self.kernel)
            && self.output.is_none_or(|o| o == out)
            && self.group_count() > 0
            && per_group.checked_mul(self.group_count()) == Some(self.input)
    }
}

impl fmt::Display for ConvSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.groups {
            Groups::Dense => "",
            Groups::Depthwise => "depthwise ",
            Groups::Pairs => "paired ",
        };
        let output = self.output.map_or_else(String::new, |o| format!(" to {o}"));
        let Self { kernel: k, stride, input, .. } = self;
        write!(f, "a {kind}{k}x{k} Conv with stride {stride} from {input}{output} channels")
    }
}
