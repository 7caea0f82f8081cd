//! SCRFD: a face detector with five landmarks (Guo et al., <https://arxiv.org/abs/2105.04714>).
//!
//! Job: the shape of this one architecture, once as a graph from named tensors and once as a walk over an ONNX file.
//! It must not know how anchors become boxes (`detect`) or how the graph is run.
//!
//! | | 500M | 2.5G, 10G |
//! |---|---|---|
//! | stem | 3x3 stride 2, depthwise 3x3, 1x1 | three 3x3 (the first with stride 2), 2x2 max pool |
//! | block | depthwise 3x3, 1x1 | two 3x3 and a shortcut (2x2 average pool and 1x1 where it halves) |
//! | neck | path aggregation (PAFPN) | the same |
//! | head block | depthwise 3x3, 1x1 | 3x3 |
//!
//! `ReLU` follows every convolution of backbone and head blocks, none those of the neck. Batch norms are folded.
//! Input (1, 3, H, W), H and W multiples of 32, RGB, `(x - 127.5) / 128`. For each stride three outputs of
//! (H / stride) x (W / stride) cells, channel = anchor x values + value: scores (after the sigmoid), boxes
//! (left, top, right, bottom) and landmarks (five times dx, dy), the latter two in strides from the anchor's centre.

use super::{
    WeightsError,
    layer::{After, Builder, ConvSpec},
    onnx::Node,
    tensors::Tensors,
    walk::{Differs, Value, Walk},
};
use crate::nn::{Graph, NodeId};
use serde::{Deserialize, Serialize};

/// The strides of every SCRFD with a three-level neck.
pub const STRIDES: [usize; 3] = [8, 16, 32];
/// Anchors in a cell.
pub const ANCHORS: usize = 2;
/// Values per anchor: score, box, landmarks.
const VALUES: [usize; 3] = [1, 4, 10];
/// Names of the outputs' convolutions, in the order of [`VALUES`].
const BRANCHES: [&str; 3] = ["cls", "reg", "kps"];

/// Which SCRFD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// What stem, blocks and heads are made of.
    #[serde(default)]
    pub backbone: Backbone,
    /// Channels after the stem.
    pub stem: usize,
    /// Channels of each of the four stages.
    pub widths: Vec<usize>,
    /// Blocks of each stage.
    pub blocks: Vec<usize>,
    /// Channels of the neck.
    pub neck: usize,
    /// Channels of the heads.
    pub head: usize,
    /// Blocks of a head.
    pub head_blocks: usize,
    /// Always [`STRIDES`].
    pub strides: Vec<usize>,
    /// Always [`ANCHORS`].
    pub anchors: usize,
}

/// What stem, blocks and heads are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backbone {
    /// Depthwise and 1x1 convolutions (500M).
    #[default]
    Mobile,
    /// Residual blocks of 3x3 convolutions (2.5G, 10G).
    Residual,
}

impl Config {
    fn check(&self) -> Result<(), WeightsError> {
        let ok = self.widths.len() == 4
            && self.blocks.len() == 4
            && self.strides == STRIDES
            && self.anchors == ANCHORS;
        let words = "SCRFD needs four widths, four block counts, strides 8, 16, 32 and two anchors";
        ok.then_some(()).ok_or_else(|| WeightsError::Config(words.to_owned()))
    }
}

/// The network as a graph with nine outputs: `score_8`, `box_8`, `landmarks_8`, `score_16`, …
pub fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, WeightsError> {
    config.check()?;
    let (mut b, x) = Builder::new(tensors);
    let levels = match config.backbone {
        Backbone::Mobile => mobile_backbone(&mut b, config, x)?,
        Backbone::Residual => residual_backbone(&mut b, config, x)?,
    };
    let levels = neck(&mut b, config, levels)?;
    for (level, stride) in levels.into_iter().zip(STRIDES) {
        head(&mut b, config, level, stride)?;
    }
    Ok(b.graph)
}

/// A feature map and its channels.
type Level = (NodeId, usize);

fn relu(b: &mut Builder<'_>, x: NodeId, name: &str, spec: ConvSpec) -> Result<Level, WeightsError> {
    b.conv(x, name, None, spec, After::Relu)
}

/// Depthwise 3x3 and 1x1, `ReLU` after each.
fn separable(
    b: &mut Builder<'_>,
    (x, width): Level,
    name: &str,
    stride: usize,
    out: usize,
) -> Result<Level, WeightsError> {
    let (x, _) = relu(b, x, &format!("{name}.dw"), ConvSpec::depthwise(3, stride, width))?;
    relu(b, x, &format!("{name}.pw"), ConvSpec::dense(1, 1, width).to(out))
}

fn mobile_backbone(b: &mut Builder<'_>, config: &Config, x: NodeId) -> Result<[Level; 3], WeightsError> {
    let x = relu(b, x, "backbone.stem.conv", ConvSpec::dense(3, 2, 3).to(config.stem))?;
    let mut x = separable(b, x, "backbone.stem", 1, config.stem)?;
    let mut levels = [x; 3];
    for (stage, (&width, &count)) in config.widths.iter().zip(&config.blocks).enumerate() {
        for block in 0..count {
            let stride = if block == 0 { 2 } else { 1 };
            x = separable(b, x, &format!("backbone.layers.{stage}.{block}"), stride, width)?;
        }
        keep(&mut levels, stage, x);
    }
    Ok(levels)
}

fn residual_backbone(b: &mut Builder<'_>, config: &Config, x: NodeId) -> Result<[Level; 3], WeightsError> {
    let (x, width) = relu(b, x, "backbone.stem.0", ConvSpec::dense(3, 2, 3))?;
    let (x, width) = relu(b, x, "backbone.stem.1", ConvSpec::dense(3, 1, width))?;
    let (x, width) = relu(b, x, "backbone.stem.2", ConvSpec::dense(3, 1, width).to(config.stem))?;
    let mut x = (b.graph.max_pool2x2(x), width);
    let mut levels = [x; 3];
    for (stage, (&width, &count)) in config.widths.iter().zip(&config.blocks).enumerate() {
        for block in 0..count {
            let stride = if block == 0 && stage > 0 { 2 } else { 1 };
            x = residual_block(b, x, &format!("backbone.layers.{stage}.{block}"), stride, width)?;
        }
        keep(&mut levels, stage, x);
    }
    Ok(levels)
}

fn residual_block(
    b: &mut Builder<'_>,
    (x, width): Level,
    name: &str,
    stride: usize,
    out: usize,
) -> Result<Level, WeightsError> {
    let (y, _) = relu(b, x, &format!("{name}.conv1"), ConvSpec::dense(3, stride, width).to(out))?;
    let pooled = if stride == 2 { b.graph.avg_pool2x2(x) } else { x };
    let shortcut = if stride == 2 || width != out {
        let spec = ConvSpec::dense(1, 1, width).to(out);
        b.conv(pooled, &format!("{name}.down"), None, spec, After::Nothing)?.0
    } else {
        x
    };
    let spec = ConvSpec::dense(3, 1, out).to(out);
    Ok((b.conv_add(y, &format!("{name}.conv2"), None, spec, shortcut, After::Relu)?, out))
}

/// The last three of four stages feed the neck.
fn keep<T>(levels: &mut [T; 3], stage: usize, x: T) {
    if let Some(level) = stage.checked_sub(1).and_then(|i| levels.get_mut(i)) {
        *level = x;
    }
}

fn neck(b: &mut Builder<'_>, config: &Config, levels: [Level; 3]) -> Result<[NodeId; 3], WeightsError> {
    let n = config.neck;
    let name = |part: &str, i: usize| format!("neck.{part}.{i}");
    let same = |stride: usize| ConvSpec::dense(3, stride, n).to(n);
    let [(c3, w3), (c4, w4), (c5, w5)] = levels;
    let one = |w: usize| ConvSpec::dense(1, 1, w).to(n);
    let (l2, _) = b.conv(c5, &name("lateral_convs", 2), None, one(w5), After::Nothing)?;
    let up = b.graph.upsample2x_nearest(l2);
    let l1 = b.conv_add(c4, &name("lateral_convs", 1), None, one(w4), up, After::Nothing)?;
    let up = b.graph.upsample2x_nearest(l1);
    let l0 = b.conv_add(c3, &name("lateral_convs", 0), None, one(w3), up, After::Nothing)?;
    let (f0, _) = b.conv(l0, &name("fpn_convs", 0), None, same(1), After::Nothing)?;
    let (f1, _) = b.conv(l1, &name("fpn_convs", 1), None, same(1), After::Nothing)?;
    let (f2, _) = b.conv(l2, &name("fpn_convs", 2), None, same(1), After::Nothing)?;
    let f1 = b.conv_add(f0, &name("downsample_convs", 0), None, same(2), f1, After::Nothing)?;
    let f2 = b.conv_add(f1, &name("downsample_convs", 1), None, same(2), f2, After::Nothing)?;
    let (p1, _) = b.conv(f1, &name("pafpn_convs", 0), None, same(1), After::Nothing)?;
    let (p2, _) = b.conv(f2, &name("pafpn_convs", 1), None, same(1), After::Nothing)?;
    Ok([f0, p1, p2])
}

fn head(b: &mut Builder<'_>, config: &Config, level: NodeId, stride: usize) -> Result<(), WeightsError> {
    let mut x = (level, config.neck);
    for block in 0..config.head_blocks {
        let name = format!("head.{stride}.{block}");
        x = match config.backbone {
            Backbone::Mobile => separable(b, x, &name, 1, config.head)?,
            Backbone::Residual => {
                relu(b, x.0, &format!("{name}.conv"), ConvSpec::dense(3, 1, x.1).to(config.head))?
            }
        };
    }
    let outputs = ["score", "box", "landmarks"];
    for ((branch, values), output) in BRANCHES.into_iter().zip(VALUES).zip(outputs) {
        let after = if branch == "cls" { After::Sigmoid } else { After::Nothing };
        let spec = ConvSpec::dense(3, 1, x.1).to(ANCHORS * values);
        let (y, _) = b.conv(x.0, &format!("head.{stride}.{branch}"), None, spec, after)?;
        b.graph.output(y, format!("{output}_{stride}"));
    }
    Ok(())
}

/// Walks an exported graph.
pub fn from_onnx(mut walk: Walk<'_>) -> Result<(Config, Tensors), Differs> {
    let input = walk.input()?;
    let x = walked(&mut walk, input, ConvSpec::dense(3, 2, 3), "backbone.stem.conv")?;
    let residual = walk.has_conv(x.0, ConvSpec::dense(3, 1, x.1));
    let backbone = if residual { Backbone::Residual } else { Backbone::Mobile };
    let (stem, stages) = match backbone {
        Backbone::Mobile => walk_mobile(&mut walk, x)?,
        Backbone::Residual => walk_residual(&mut walk, x)?,
    };
    let Stages { widths, blocks, levels } = stages;
    let (levels, neck) = walk_neck(&mut walk, &levels)?;
    let mut ends = Vec::new();
    let mut shape = None;
    for (level, stride) in levels.into_iter().zip(STRIDES) {
        let (x, count) = walk_head(&mut walk, backbone, (level, neck), stride)?;
        ends.extend(walk_branches(&mut walk, x, stride)?);
        if *shape.get_or_insert((x.1, count)) != (x.1, count) {
            return Err(walk.unexpected(level, "the same head at every stride"));
        }
    }
    walk.finish(&ends)?;
    let (head, head_blocks) = shape.unwrap_or_default();
    let strides = STRIDES.to_vec();
    let config =
        Config { backbone, stem, widths, blocks, neck, head, head_blocks, strides, anchors: ANCHORS };
    Ok((config, walk.tensors))
}

/// A convolution and its `ReLU`, kept as `name`.
fn walked<'g>(walk: &mut Walk<'g>, x: &str, spec: ConvSpec, name: &str) -> Result<Value<'g>, Differs> {
    let (y, channels) = walk.conv(x, spec, name)?;
    Ok((walk.simple("Relu", y, |_| true)?, channels))
}

fn walk_separable<'g>(
    walk: &mut Walk<'g>,
    (x, width): Value<'g>,
    name: &str,
    stride: usize,
) -> Result<Value<'g>, Differs> {
    let (x, _) = walked(walk, x, ConvSpec::depthwise(3, stride, width), &format!("{name}.dw"))?;
    walked(walk, x, ConvSpec::dense(1, 1, width), &format!("{name}.pw"))
}

/// What the walk over a backbone has found.
#[derive(Default)]
struct Stages<'g> {
    widths: Vec<usize>,
    blocks: Vec<usize>,
    levels: Vec<Value<'g>>,
}

impl<'g> Stages<'g> {
    /// Counts a block and names it; `begins` when it is the first of a stage.
    fn next_block(&mut self, begins: bool) -> String {
        if begins {
            self.blocks.push(0);
        }
        let stage = self.blocks.len().saturating_sub(1);
        let count = self.blocks.last_mut().map_or(0, |count| std::mem::replace(count, *count + 1));
        format!("backbone.layers.{stage}.{count}")
    }

    /// Ends the stage that has begun, if one has; `x` is its last value.
    fn end(&mut self, x: Value<'g>) {
        if !self.blocks.is_empty() {
            self.widths.push(x.1);
            self.levels.push(x);
        }
    }
}

fn walk_mobile<'g>(walk: &mut Walk<'g>, x: Value<'g>) -> Result<(usize, Stages<'g>), Differs> {
    let mut x = walk_separable(walk, x, "backbone.stem", 1)?;
    let (stem, mut stages) = (x.1, Stages::default());
    while let Some(stride) = [1, 2].into_iter().find(|&s| walk.has_conv(x.0, ConvSpec::depthwise(3, s, x.1)))
    {
        if stride == 2 {
            stages.end(x);
        }
        x = walk_separable(walk, x, &stages.next_block(stride == 2), stride)?;
    }
    stages.end(x);
    Ok((stem, stages))
}

fn walk_residual<'g>(walk: &mut Walk<'g>, x: Value<'g>) -> Result<(usize, Stages<'g>), Differs> {
    walk.tensors.rename("backbone.stem.conv.", "backbone.stem.0.");
    let x = walked(walk, x.0, ConvSpec::dense(3, 1, x.1), "backbone.stem.1")?;
    let (x, stem) = walked(walk, x.0, ConvSpec::dense(3, 1, x.1), "backbone.stem.2")?;
    let (mut x, mut stages) = ((walk.pool2x2("MaxPool", x)?, stem), Stages::default());
    while let Some(stride) = [1, 2].into_iter().find(|&s| walk.has_conv(x.0, ConvSpec::dense(3, s, x.1))) {
        if stride == 2 {
            stages.end(x);
        }
        let name = stages.next_block(stride == 2 || stages.blocks.is_empty());
        x = walk_residual_block(walk, x, &name, stride)?;
    }
    stages.end(x);
    Ok((stem, stages))
}

fn walk_residual_block<'g>(
    walk: &mut Walk<'g>,
    (x, width): Value<'g>,
    name: &str,
    stride: usize,
) -> Result<Value<'g>, Differs> {
    let (y, out) = walked(walk, x, ConvSpec::dense(3, stride, width), &format!("{name}.conv1"))?;
    let (y, _) = walk.conv(y, ConvSpec::dense(3, 1, out).to(out), &format!("{name}.conv2"))?;
    let shortcut = if stride == 2 || width != out {
        let pooled = if stride == 2 { walk.pool2x2("AveragePool", x)? } else { x };
        walk.conv(pooled, ConvSpec::dense(1, 1, width).to(out), &format!("{name}.down"))?.0
    } else {
        x
    };
    let sum = walk.add(y, shortcut)?;
    Ok((walk.simple("Relu", sum, |_| true)?, out))
}

/// The three levels that go to the heads, and their channels.
fn walk_neck<'g>(walk: &mut Walk<'g>, levels: &[Value<'g>]) -> Result<([&'g str; 3], usize), Differs> {
    let &[_, (c3, w3), (c4, w4), (c5, w5)] = levels else {
        let last = levels.last().map_or("", |level| level.0);
        return Err(walk.unexpected(last, "a backbone of four stages"));
    };
    let (l0, n) = walk.conv(c3, ConvSpec::dense(1, 1, w3), "neck.lateral_convs.0")?;
    let (l1, _) = walk.conv(c4, ConvSpec::dense(1, 1, w4).to(n), "neck.lateral_convs.1")?;
    let (l2, _) = walk.conv(c5, ConvSpec::dense(1, 1, w5).to(n), "neck.lateral_convs.2")?;
    let up = walk.upsample2x(l2)?;
    let l1 = walk.add(l1, up)?;
    let up = walk.upsample2x(l1)?;
    let l0 = walk.add(l0, up)?;
    let same = |stride: usize| ConvSpec::dense(3, stride, n).to(n);
    let (f0, _) = walk.conv(l0, same(1), "neck.fpn_convs.0")?;
    let (f1, _) = walk.conv(l1, same(1), "neck.fpn_convs.1")?;
    let (f2, _) = walk.conv(l2, same(1), "neck.fpn_convs.2")?;
    let (d0, _) = walk.conv(f0, same(2), "neck.downsample_convs.0")?;
    let f1 = walk.add(f1, d0)?;
    let (d1, _) = walk.conv(f1, same(2), "neck.downsample_convs.1")?;
    let f2 = walk.add(f2, d1)?;
    let (p1, _) = walk.conv(f1, same(1), "neck.pafpn_convs.0")?;
    let (p2, _) = walk.conv(f2, same(1), "neck.pafpn_convs.1")?;
    Ok(([f0, p1, p2], n))
}

/// A head's blocks: the last value, and how many there are.
fn walk_head<'g>(
    walk: &mut Walk<'g>,
    backbone: Backbone,
    mut x: Value<'g>,
    stride: usize,
) -> Result<(Value<'g>, usize), Differs> {
    let landmarks = ANCHORS * VALUES[2];
    let mut count = 0;
    while !walk.has_conv(x.0, ConvSpec::dense(3, 1, x.1).to(landmarks)) {
        let name = format!("head.{stride}.{count}");
        x = match backbone {
            Backbone::Mobile => walk_separable(walk, x, &name, 1)?,
            Backbone::Residual => walked(walk, x.0, ConvSpec::dense(3, 1, x.1), &format!("{name}.conv"))?,
        };
        count += 1;
    }
    Ok((x, count))
}

/// Scores, boxes and landmarks of one stride: the graph's outputs, cell by cell.
fn walk_branches<'g>(walk: &mut Walk<'g>, x: Value<'g>, stride: usize) -> Result<[&'g str; 3], Differs> {
    let mut ends = [""; 3];
    for ((branch, values), end) in BRANCHES.into_iter().zip(VALUES).zip(&mut ends) {
        let spec = ConvSpec::dense(3, 1, x.1).to(ANCHORS * values);
        let (y, _) = walk.conv(x.0, spec, &format!("head.{stride}.{branch}"))?;
        let by_cell = |n: &Node| {
            let order = n.ints("perm", &[]);
            order == [2, 3, 0, 1] || order == [0, 2, 3, 1]
        };
        let y = walk.simple("Transpose", y, by_cell)?;
        *end = walk.simple("Reshape", y, |_| true)?;
        if branch == "cls" {
            *end = walk.simple("Sigmoid", end, |_| true)?;
        }
    }
    Ok(ends)
}
