//! `IResNet`: the residual network of `ArcFace` (Deng et al., <https://arxiv.org/abs/1801.07698>; the improved block
//! is from Duta et al., <https://arxiv.org/abs/2004.04989>), as in `InsightFace`'s `iresnet.py`, and our own thin
//! variant of it.
//!
//! Job: the shape of this one architecture, once as a graph from named tensors and once as a walk over an ONNX file.
//! It must not know how the graph is run.
//!
//! | | `InsightFace` 18 / 34 / 50 / 100 | `fp-face-4` |
//! |---|---|---|
//! | stem | 3x3, stride 1, 64 | 3x3, stride 2, 32 |
//! | widths | 64, 128, 256, 512 | 48, 96, 192 |
//! | blocks | 2,2,2,2 / 3,4,6,3 / 3,4,14,3 / 3,13,30,3 | 2, 3, 3 |
//! | stride on | second convolution of the block | first |
//! | tail | - | 1x1 to 64, `PReLU` |
//! | head | flatten, fully connected, batch norm | the same |
//!
//! Input (1, 3, 112, 112), RGB, `(x - 127.5) / 127.5`; output 512 numbers, not normalised.

use super::{
    WeightsError,
    layer::{After, Builder, ConvSpec},
    tensors::Tensors,
    walk::{Differs, Value, Walk},
};
use crate::{domain::EMBEDDING_LEN, nn::Graph};
use serde::{Deserialize, Serialize};

/// Height and width of the last feature map, pixels.
const LAST_SIDE: usize = 7;

/// Which `IResNet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Channels of the first convolution.
    pub stem_width: usize,
    /// Its stride, 1 or 2.
    pub stem_stride: usize,
    /// Channels of each stage; the first block of each halves the picture.
    pub widths: Vec<usize>,
    /// Blocks of each stage.
    pub blocks: Vec<usize>,
    /// Which convolution of a halving block has the stride.
    pub stride_on: StrideOn,
    /// Channels of the 1x1 convolution before flattening, where there is one.
    #[serde(default)]
    pub tail_width: Option<usize>,
    /// Length of the embedding.
    pub embedding_length: usize,
}

/// Which convolution of a halving block has the stride.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StrideOn {
    /// The first.
    Conv1,
    /// The second.
    Conv2,
}

/// The network as a graph with the output `embedding`.
pub fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, WeightsError> {
    if config.widths.len() != config.blocks.len() || config.widths.is_empty() {
        return Err(WeightsError::Config("an IResNet needs as many widths as block counts".to_owned()));
    }
    let (mut b, x) = Builder::new(tensors);
    let stem = ConvSpec::dense(3, config.stem_stride, 3).to(config.stem_width);
    let (mut x, mut width) = b.conv(x, "conv1", Some("bn1"), stem, After::Prelu("prelu"))?;
    for (stage, (&out, &count)) in config.widths.iter().zip(&config.blocks).enumerate() {
        for block in 0..count {
            let name = format!("layer{}.{block}", stage + 1);
            let stride = if block == 0 { 2 } else { 1 };
            let (first, second) = match config.stride_on {
                StrideOn::Conv1 => (stride, 1),
                StrideOn::Conv2 => (1, stride),
            };
            let conv = |n: u8| format!("{name}.conv{n}");
            let bn = |n: u8| format!("{name}.bn{n}");
            let y = b.batch_norm(x, &bn(1), width)?;
            let slopes = format!("{name}.prelu");
            let spec = ConvSpec::dense(3, first, width).to(out);
            let (y, _) = b.conv(y, &conv(1), Some(&bn(2)), spec, After::Prelu(&slopes))?;
            let shortcut = if stride == 2 || width != out {
                let (down, norm) = (format!("{name}.downsample.0"), format!("{name}.downsample.1"));
                b.conv(x, &down, Some(&norm), ConvSpec::dense(1, stride, width).to(out), After::Nothing)?.0
            } else {
                x
            };
            let spec = ConvSpec::dense(3, second, out).to(out);
            x = b.conv_add(y, &conv(2), Some(&bn(3)), spec, shortcut, After::Nothing)?;
            width = out;
        }
    }
    let mut x = b.batch_norm(x, "bn2", width)?;
    if let Some(tail) = config.tail_width {
        let spec = ConvSpec::dense(1, 1, width).to(tail);
        (x, width) = b.conv(x, "tail.conv", Some("tail.bn"), spec, After::Prelu("tail.prelu"))?;
    }
    let length = width * LAST_SIDE * LAST_SIDE;
    let x = b.linear(x, "fc", Some("features"), length, config.embedding_length)?;
    b.graph.output(x, "embedding");
    Ok(b.graph)
}

/// Walks an exported graph. Batch norms may stand by themselves or be folded into the convolution before them, but
/// the one that opens each block cannot be.
pub fn from_onnx(mut walk: Walk<'_>) -> Result<(Config, Tensors), Differs> {
    let input = walk.input()?;
    let stem_stride = if walk.has_conv(input, ConvSpec::dense(3, 2, 3)) { 2 } else { 1 };
    let (x, stem_width) = walk.conv(input, ConvSpec::dense(3, stem_stride, 3), "conv1")?;
    let mut x = (walk.prelu((x, stem_width), "prelu")?, stem_width);

    let (mut widths, mut blocks) = (Vec::new(), Vec::new());
    let mut stride_on = None;
    while walk.has(x.0, "Add") || walk.has_conv(x.0, ConvSpec::dense(1, 2, x.1)) {
        let halves = walk.has_conv(x.0, ConvSpec::dense(1, 2, x.1));
        if halves {
            widths.push(0);
            blocks.push(0);
        }
        let (stage, Some(count)) = (blocks.len(), blocks.last_mut()) else {
            return Err(walk.unexpected(x.0, "a 1x1 Conv with stride 2 beside the first block"));
        };
        let name = format!("layer{stage}.{count}");
        *count += 1;
        let on;
        (x, on) = walk_block(&mut walk, x, &name, halves)?;
        if halves && *stride_on.get_or_insert(on) != on {
            return Err(walk.unexpected(x.0, "the stride on the same convolution in every stage"));
        }
        if let Some(width) = widths.last_mut() {
            *width = x.1;
        }
    }
    let mut x = (walk.batch_norm(x, "bn2")?, x.1);
    let mut tail_width = None;
    if walk.has(x.0, "Conv") {
        let tail = walk.conv(x.0, ConvSpec::dense(1, 1, x.1), "tail.conv")?;
        x = (walk.prelu(tail, "tail.prelu")?, tail.1);
        tail_width = Some(tail.1);
    }
    let length = x.1 * LAST_SIDE * LAST_SIDE;
    let flat = walk.flatten(x.0, length)?;
    let out = walk.linear(flat, length, EMBEDDING_LEN, "fc")?;
    walk.finish(&[out])?;
    let stride_on = stride_on.unwrap_or(StrideOn::Conv2);
    let config = Config {
        stem_width,
        stem_stride,
        widths,
        blocks,
        stride_on,
        tail_width,
        embedding_length: EMBEDDING_LEN,
    };
    Ok((config, walk.tensors))
}

/// One block, and which of its convolutions has the stride.
fn walk_block<'g>(
    walk: &mut Walk<'g>,
    x: Value<'g>,
    name: &str,
    halves: bool,
) -> Result<(Value<'g>, StrideOn), Differs> {
    let width = x.1;
    let y = walk.batch_norm(x, &format!("{name}.bn1"))?;
    let first = if walk.has_conv(y, ConvSpec::dense(3, 2, width)) { 2 } else { 1 };
    let (on, second) = match (halves, first) {
        (true, 1) => (StrideOn::Conv2, 2),
        _ => (StrideOn::Conv1, 1),
    };
    let (y, out) = walk.conv(y, ConvSpec::dense(3, first, width), &format!("{name}.conv1"))?;
    let y = walk.prelu((y, out), &format!("{name}.prelu"))?;
    let (y, _) = walk.conv(y, ConvSpec::dense(3, second, out).to(out), &format!("{name}.conv2"))?;
    let shortcut = if halves {
        walk.conv(x.0, ConvSpec::dense(1, 2, width).to(out), &format!("{name}.downsample.0"))?.0
    } else {
        x.0
    };
    Ok(((walk.add(y, shortcut)?, out), on))
}
