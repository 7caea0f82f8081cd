//! `MobileFaceNet` (Chen et al., <https://arxiv.org/abs/1804.07573>), in the layouts found in the wild.
//!
//! Job: the shape of this one architecture, once as a graph from named tensors and once as a walk over an ONNX file.
//! It must not know how the graph is run.
//!
//! - The second convolution is depthwise, or has a group for every two channels (`InsightFace`'s `mobilefacenet.py`
//!   with 64 groups for 128 channels).
//! - The tail is the paper's (7x7 depthwise convolution without padding, then fully connected), or a 1x1 convolution
//!   to 64 channels with `PReLU`, flattened to 3136 numbers, then fully connected (`w600k_mbf`).
//!
//! A block is a 1x1 expansion, a 3x3 depthwise convolution and a 1x1 projection, with a shortcut where its stride
//! is 1. Batch norms are folded; widths come from the tensors.
//!
//! Input (1, 3, 112, 112), RGB, `(x - 127.5) / 127.5`; output 512 numbers, not normalised.

use super::{
    WeightsError,
    layer::{After, Builder, ConvSpec, Groups},
    tensors::Tensors,
    walk::{Differs, Value, Walk},
};
use crate::{domain::EMBEDDING_LEN, nn::Graph};
use serde::{Deserialize, Serialize};

/// Height and width of the last feature map, pixels.
const LAST_SIDE: usize = 7;

/// Which `MobileFaceNet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The stride of each block, 1 or 2.
    pub strides: Vec<usize>,
    /// How the last feature map becomes numbers.
    pub tail: Tail,
    /// Length of the embedding.
    pub embedding_length: usize,
}

/// How the last feature map becomes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tail {
    /// 1x1 convolution and `PReLU`, flatten, fully connected.
    Flatten,
    /// Global depthwise convolution, fully connected.
    Gdc,
}

fn second(groups: Groups, channels: usize) -> ConvSpec {
    ConvSpec { groups, ..ConvSpec::depthwise(3, 1, channels) }
}

fn global(channels: usize) -> ConvSpec {
    ConvSpec { valid: true, ..ConvSpec::depthwise(LAST_SIDE, 1, channels) }
}

/// The network as a graph with the output `embedding`.
pub fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, WeightsError> {
    let (mut b, x) = Builder::new(tensors);
    let (x, width) = b.conv(x, "stem", None, ConvSpec::dense(3, 2, 3), After::Prelu("stem.prelu"))?;
    let groups = if tensors.dims::<4>("dw.weight")?[1] == 2 { Groups::Pairs } else { Groups::Depthwise };
    let (mut x, mut width) = b.conv(x, "dw", None, second(groups, width), After::Prelu("dw.prelu"))?;
    for (block, &stride) in config.strides.iter().enumerate() {
        let part = |what: &str| format!("blocks.{block}.{what}");
        let (expand, dw, project) = (part("expand"), part("dw"), part("project"));
        let (expand_slopes, dw_slopes) = (part("expand.prelu"), part("dw.prelu"));
        let (y, wide) =
            b.conv(x, &expand, None, ConvSpec::dense(1, 1, width), After::Prelu(&expand_slopes))?;
        let (y, wide) =
            b.conv(y, &dw, None, ConvSpec::depthwise(3, stride, wide), After::Prelu(&dw_slopes))?;
        if stride == 1 {
            x = b.conv_add(y, &project, None, ConvSpec::dense(1, 1, wide).to(width), x, After::Nothing)?;
        } else {
            (x, width) = b.conv(y, &project, None, ConvSpec::dense(1, 1, wide), After::Nothing)?;
        }
    }
    let (x, width) = b.conv(x, "last", None, ConvSpec::dense(1, 1, width), After::Prelu("last.prelu"))?;
    let (x, length) = match config.tail {
        Tail::Gdc => b.conv(x, "gdc", None, global(width), After::Nothing)?,
        Tail::Flatten => {
            let spec = ConvSpec::dense(1, 1, width);
            let (x, narrow) = b.conv(x, "tail", None, spec, After::Prelu("tail.prelu"))?;
            (x, narrow * LAST_SIDE * LAST_SIDE)
        }
    };
    let x = b.linear(x, "fc", None, length, config.embedding_length)?;
    b.graph.output(x, "embedding");
    Ok(b.graph)
}

/// Walks an exported graph.
pub fn from_onnx(mut walk: Walk<'_>) -> Result<(Config, Tensors), Differs> {
    let input = walk.input()?;
    let (x, width) = activated(&mut walk, input, ConvSpec::dense(3, 2, 3), "stem")?;
    let paired = walk.has_conv(x, second(Groups::Pairs, width));
    let groups = if paired { Groups::Pairs } else { Groups::Depthwise };
    let (mut x, mut width) = activated(&mut walk, x, second(groups, width), "dw")?;

    let mut strides = Vec::new();
    let (x, width) = loop {
        let name = format!("blocks.{}", strides.len());
        let (y, wide) = activated(&mut walk, x, ConvSpec::dense(1, 1, width), &format!("{name}.expand"))?;
        let stride = [1, 2].into_iter().find(|&s| walk.has_conv(y, ConvSpec::depthwise(3, s, wide)));
        let Some(stride) = stride else {
            // not the beginning of a block, but the convolution after the last one
            walk.tensors.rename(&format!("{name}.expand."), "last.");
            break (y, wide);
        };
        let dw = ConvSpec::depthwise(3, stride, wide);
        let (y, _) = activated(&mut walk, y, dw, &format!("{name}.dw"))?;
        let spec = ConvSpec::dense(1, 1, wide);
        let spec = if stride == 1 { spec.to(width) } else { spec };
        let (y, out) = walk.conv(y, spec, &format!("{name}.project"))?;
        x = if stride == 1 { walk.add(y, x)? } else { y };
        width = out;
        strides.push(stride);
    };
    let (tail, x, length) = if walk.has_conv(x, global(width)) {
        (Tail::Gdc, walk.conv(x, global(width), "gdc")?.0, width)
    } else {
        let (x, narrow) = activated(&mut walk, x, ConvSpec::dense(1, 1, width), "tail")?;
        (Tail::Flatten, x, narrow * LAST_SIDE * LAST_SIDE)
    };
    let flat = walk.flatten(x, length)?;
    let out = walk.linear(flat, length, EMBEDDING_LEN, "fc")?;
    walk.finish(&[out])?;
    Ok((Config { strides, tail, embedding_length: EMBEDDING_LEN }, walk.tensors))
}

/// A convolution and its `PReLU`, kept as `name` and `name.prelu`.
fn activated<'g>(walk: &mut Walk<'g>, x: &str, spec: ConvSpec, name: &str) -> Result<Value<'g>, Differs> {
    let conv = walk.conv(x, spec, name)?;
    Ok((walk.prelu(conv, &format!("{name}.prelu"))?, conv.1))
}
