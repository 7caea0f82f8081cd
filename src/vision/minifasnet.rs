//! `MiniFASNet`: small networks that tell a face from a picture of one (Minivision, Silent-Face-Anti-Spoofing,
//! <https://github.com/minivision-ai/Silent-Face-Anti-Spoofing>, `src/model_lib/MiniFASNet.py`).
//!
//! Job: the shape of this one architecture, once as a graph from named tensors and once as a walk over an ONNX file.
//! It must not know how the graph is run, nor which score is good enough (`liveness`).
//!
//! | | V2 | V1SE | V2SE-128 |
//! |---|---|---|---|
//! | input, pixels | 80 | 80 | 128 |
//! | last block of a stage | plain | gated | gated |
//! | global convolution | 5x5 | 5x5 | 8x8 |
//! | classes | 3, class 1 is bona fide | the same | 2, class 0 is bona fide |
//!
//! The frame is that of [`super::mobilefacenet`]: a 1x1 expansion, a 3x3 depthwise convolution and a 1x1 projection
//! make a block, with a shortcut where its stride is 1; a global depthwise convolution ends it. V1 and V2 differ in
//! widths alone, which come from the tensors. A gated block (squeeze and excitation, Hu et al.,
//! <https://arxiv.org/abs/1709.01507>) multiplies each channel of its projection by a number that two 1x1
//! convolutions make of all channels' means. Two fully connected layers follow, a batch norm folded into the first.
//!
//! Output: one logit a class; a softmax makes probabilities of them.

use super::{
    WeightsError,
    layer::{After, Builder, ConvSpec},
    tensors::Tensors,
    walk::{Differs, Value, Walk},
};
use crate::nn::{Graph, NodeId};
use serde::{Deserialize, Serialize};

/// Pixels of the input for one of the last feature map: four layers halve.
const SHRINKS: usize = 16;
/// Sides that a last feature map can have.
const LAST_SIDES: std::ops::RangeInclusive<usize> = 4..=14;

/// Which `MiniFASNet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Its blocks in order.
    pub blocks: Vec<Block>,
    /// Height and width of the last feature map, pixels.
    pub last_side: usize,
    /// Numbers between the two fully connected layers.
    pub features: usize,
    /// Logits that come out.
    pub classes: usize,
    /// Which of them is that of a face in front of the camera.
    pub bona_fide: usize,
}

/// One block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// 1, with a shortcut, or 2.
    pub stride: usize,
    /// Squeeze and excitation behind the projection.
    #[serde(default)]
    pub gated: bool,
}

impl Config {
    /// Height and width of the input, pixels.
    #[must_use]
    pub fn side(&self) -> usize {
        self.last_side.saturating_mul(SHRINKS)
    }

    /// Whether any block is gated.
    #[must_use]
    pub fn is_gated(&self) -> bool {
        self.blocks.iter().any(|block| block.gated)
    }

    fn check(&self) -> Result<(), WeightsError> {
        // Of one class everything is: every picture would be a person.
        let ok = self.classes > 1 && self.bona_fide < self.classes && LAST_SIDES.contains(&self.last_side);
        let words =
            "a MiniFASNet names one of two or more classes bona fide and ends in a map of 4 to 14 pixels";
        ok.then_some(()).ok_or_else(|| WeightsError::Config(words.to_owned()))
    }
}

fn global(side: usize, channels: usize) -> ConvSpec {
    ConvSpec { valid: true, ..ConvSpec::depthwise(side, 1, channels) }
}

/// The network as a graph with the output `logits`.
pub fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, WeightsError> {
    config.check()?;
    let (mut b, x) = Builder::new(tensors);
    let (x, width) = b.conv(x, "stem", None, ConvSpec::dense(3, 2, 3), After::Prelu("stem.prelu"))?;
    let dw = ConvSpec::depthwise(3, 1, width);
    let mut x = b.conv(x, "dw", None, dw, After::Prelu("dw.prelu"))?;
    for (number, block) in config.blocks.iter().enumerate() {
        x = graph_block(&mut b, x, *block, &format!("blocks.{number}"))?;
    }
    let (x, width) = b.conv(x.0, "last", None, ConvSpec::dense(1, 1, x.1), After::Prelu("last.prelu"))?;
    let (x, length) = b.conv(x, "global", None, global(config.last_side, width), After::Nothing)?;
    let x = b.linear(x, "fc", None, length, config.features)?;
    let x = b.linear(x, "classes", None, config.features, config.classes)?;
    b.graph.output(x, "logits");
    Ok(b.graph)
}

fn graph_block(
    b: &mut Builder<'_>,
    (x, width): (NodeId, usize),
    block: Block,
    name: &str,
) -> Result<(NodeId, usize), WeightsError> {
    let part = |what: &str| format!("{name}.{what}");
    let (expand, dw) = (ConvSpec::dense(1, 1, width), |wide| ConvSpec::depthwise(3, block.stride, wide));
    let (y, wide) = b.conv(x, &part("expand"), None, expand, After::Prelu(&part("expand.prelu")))?;
    let (y, _) = b.conv(y, &part("dw"), None, dw(wide), After::Prelu(&part("dw.prelu")))?;
    let project = ConvSpec::dense(1, 1, wide);
    if block.stride != 1 {
        return b.conv(y, &part("project"), None, project, After::Nothing);
    }
    let project = project.to(width);
    if !block.gated {
        return Ok((b.conv_add(y, &part("project"), None, project, x, After::Nothing)?, width));
    }
    let (y, _) = b.conv(y, &part("project"), None, project, After::Nothing)?;
    let means = b.graph.global_avg_pool(y);
    let (squeezed, narrow) =
        b.conv(means, &part("squeeze"), None, ConvSpec::dense(1, 1, width), After::Relu)?;
    let excite = ConvSpec::dense(1, 1, narrow).to(width);
    let (gate, _) = b.conv(squeezed, &part("excite"), None, excite, After::Sigmoid)?;
    let y = b.graph.gate(y, gate);
    Ok((b.graph.add(x, y), width))
}

/// Walks an exported graph.
pub fn from_onnx(mut walk: Walk<'_>) -> Result<(Config, Tensors), Differs> {
    let input = walk.input()?;
    let (x, width) = activated(&mut walk, input, ConvSpec::dense(3, 2, 3), "stem")?;
    let mut x = activated(&mut walk, x, ConvSpec::depthwise(3, 1, width), "dw")?;
    let mut blocks = Vec::new();
    let (x, width) = loop {
        let name = format!("blocks.{}", blocks.len());
        let y = activated(&mut walk, x.0, ConvSpec::dense(1, 1, x.1), &format!("{name}.expand"))?;
        let stride = [1, 2].into_iter().find(|&s| walk.has_conv(y.0, ConvSpec::depthwise(3, s, y.1)));
        let Some(stride) = stride else {
            // not the beginning of a block, but the convolution after the last one
            walk.tensors.rename(&format!("{name}.expand."), "last.");
            break y;
        };
        let gated;
        (x, gated) = walk_block(&mut walk, x, y, stride, &name)?;
        blocks.push(Block { stride, gated });
    };
    let last_side = LAST_SIDES.into_iter().find(|&side| walk.has_conv(x, global(side, width)));
    let Some(last_side) = last_side else {
        return Err(walk.unexpected(x, "a depthwise Conv over the whole feature map"));
    };
    let (x, length) = walk.conv(x, global(last_side, width), "global")?;
    let flat = walk.flatten(x, length)?;
    let (x, features) = walk.linear_of_any_length(flat, length, "fc")?;
    let (x, classes) = walk.linear_of_any_length(x, features, "classes")?;
    if !(2..=3).contains(&classes) {
        return Err(walk.unexpected(x, "two or three classes before it, whose meaning is known"));
    }
    let end = if walk.has(x, "Softmax") { walk.simple("Softmax", x, |_| true)? } else { x };
    walk.finish(&[end])?;
    // Minivision has two kinds of attack, class 0 and 2; networks of two classes put the bona fide one first.
    let bona_fide = usize::from(classes == 3);
    Ok((Config { blocks, last_side, features, classes, bona_fide }, walk.tensors))
}

/// The rest of a block that begins at `x` with the expansion `y`, and whether it is gated.
fn walk_block<'g>(
    walk: &mut Walk<'g>,
    (x, width): Value<'g>,
    (y, wide): Value<'g>,
    stride: usize,
    name: &str,
) -> Result<(Value<'g>, bool), Differs> {
    let (y, _) = activated(walk, y, ConvSpec::depthwise(3, stride, wide), &format!("{name}.dw"))?;
    let project = ConvSpec::dense(1, 1, wide);
    if stride != 1 {
        return Ok((walk.conv(y, project, &format!("{name}.project"))?, false));
    }
    let (y, _) = walk.conv(y, project.to(width), &format!("{name}.project"))?;
    if !walk.has(y, "GlobalAveragePool") {
        return Ok(((walk.add(x, y)?, width), false));
    }
    let means = walk.simple("GlobalAveragePool", y, |_| true)?;
    let squeeze = ConvSpec::dense(1, 1, width);
    let (squeezed, narrow) = walk.conv(means, squeeze, &format!("{name}.squeeze"))?;
    let squeezed = walk.simple("Relu", squeezed, |_| true)?;
    let excite = ConvSpec::dense(1, 1, narrow).to(width);
    let (gate, _) = walk.conv(squeezed, excite, &format!("{name}.excite"))?;
    let gate = walk.simple("Sigmoid", gate, |_| true)?;
    let y = walk.multiply(y, gate)?;
    Ok(((walk.add(x, y)?, width), true))
}

/// A convolution and its `PReLU`, kept as `name` and `name.prelu`.
fn activated<'g>(walk: &mut Walk<'g>, x: &str, spec: ConvSpec, name: &str) -> Result<Value<'g>, Differs> {
    let conv = walk.conv(x, spec, name)?;
    Ok((walk.prelu(conv, &format!("{name}.prelu"))?, conv.1))
}
