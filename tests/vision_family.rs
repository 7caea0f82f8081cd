//! Every network of the family at its real size, with random weights: the fast plan gives what plain candle operations give.
//!
//! Networks with weights that mean something are compared in `vision_reference.rs` and `vision_import.rs`, where their files
//! are there.
#![allow(clippy::unwrap_used)] // helpers of tests: what they unwrap is what the test needs

mod ways;

use faceprint::vision::{
    Architecture,
    iresnet::{self, StrideOn},
    mobilefacenet::{self, Tail},
    scrfd::{self, Backbone},
    tensors::Tensors,
};
use ways::every_way;

/// Tensors of random numbers, of a size that keeps values near one.
#[derive(Default)]
struct Random {
    tensors: Tensors,
    state: u64,
}

impl Random {
    fn uniform(&mut self, name: String, shape: &[usize], middle: f32, size: f32) {
        let next = || {
            self.state =
                self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.state >> 40) as f32 / (1 << 23) as f32 - 1.0) * size + middle
        };
        let values = std::iter::repeat_with(next).take(shape.iter().product()).collect();
        self.tensors.insert(name, shape, values);
    }

    /// A convolution, its batch norm folded in; `inputs` are those of one output.
    fn conv(&mut self, name: &str, inputs: usize, outputs: usize, kernel: usize) {
        let size = 2.4 / ((inputs * kernel * kernel) as f32).sqrt();
        self.uniform(format!("{name}.weight"), &[outputs, inputs, kernel, kernel], 0.0, size);
        self.uniform(format!("{name}.bias"), &[outputs], 0.0, 0.1);
    }

    /// The same with a `PReLU` behind it.
    fn activated(&mut self, name: &str, inputs: usize, outputs: usize, kernel: usize) {
        self.conv(name, inputs, outputs, kernel);
        self.slopes(&format!("{name}.prelu"), outputs);
    }

    fn slopes(&mut self, name: &str, channels: usize) {
        self.uniform(format!("{name}.weight"), &[channels], 0.25, 0.1);
    }

    fn batch_norm(&mut self, name: &str, channels: usize) {
        self.uniform(format!("{name}.weight"), &[channels], 0.7, 0.2);
        self.uniform(format!("{name}.bias"), &[channels], 0.0, 0.1);
    }

    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.uniform(format!("{name}.weight"), &[outputs, inputs], 0.0, (3.0 / inputs as f32).sqrt());
        self.uniform(format!("{name}.bias"), &[outputs], 0.0, 0.1);
    }

    /// Compares the ways of running it.
    fn compare(self, architecture: &Architecture, side: usize, outputs: usize) {
        let answers = every_way(&architecture.graph(&self.tensors).unwrap(), side);
        assert_eq!(answers[0].len(), outputs);
        for values in &answers[0] {
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let spread = values.iter().map(|value| (value - mean).abs()).sum::<f32>() / values.len() as f32;
            assert!(spread.is_finite() && spread > 1e-3, "numbers that say something: {spread}");
        }
    }
}

/// `InsightFace`'s, with so many blocks a stage.
fn iresnet(blocks: [usize; 4]) {
    let mut random = Random::default();
    random.conv("conv1", 3, 64, 3);
    random.slopes("prelu", 64);
    let (widths, mut input) = ([64, 128, 256, 512], 64);
    for (stage, (out, count)) in widths.into_iter().zip(blocks).enumerate() {
        for block in 0..count {
            let name = format!("layer{}.{block}", stage + 1);
            random.batch_norm(&format!("{name}.bn1"), input);
            random.conv(&format!("{name}.conv1"), input, out, 3);
            random.slopes(&format!("{name}.prelu"), out);
            random.conv(&format!("{name}.conv2"), out, out, 3);
            if block == 0 {
                random.conv(&format!("{name}.downsample.0"), input, out, 1);
            }
            input = out;
        }
    }
    random.batch_norm("bn2", input);
    random.linear("fc", input * 7 * 7, 512);
    let config = iresnet::Config {
        stem_width: 64,
        stem_stride: 1,
        widths: widths.to_vec(),
        blocks: blocks.to_vec(),
        stride_on: StrideOn::Conv2,
        tail_width: None,
        embedding_length: 512,
    };
    random.compare(&Architecture::IResNet(config), 112, 1);
}

#[test]
fn iresnet_18() {
    iresnet([2, 2, 2, 2]);
}

#[test]
fn iresnet_34() {
    iresnet([3, 4, 6, 3]);
}

#[test]
fn iresnet_50() {
    iresnet([3, 4, 14, 3]);
}

#[test]
fn iresnet_100() {
    iresnet([3, 13, 30, 3]);
}

/// With the second convolution over pairs of channels or depthwise, and a block for each (channels out, channels between,
/// stride).
fn mobilefacenet(tail: Tail, stem: usize, in_pairs: bool, blocks: &[(usize, usize, usize)]) {
    let mut random = Random::default();
    random.activated("stem", 3, stem, 3);
    random.activated("dw", if in_pairs { 2 } else { 1 }, stem, 3);
    let mut input = stem;
    for (block, &(out, middle, _)) in blocks.iter().enumerate() {
        let part = |what: &str| format!("blocks.{block}.{what}");
        random.activated(&part("expand"), input, middle, 1);
        random.activated(&part("dw"), 1, middle, 3);
        random.conv(&part("project"), middle, out, 1);
        input = out;
    }
    random.activated("last", input, 512, 1);
    match tail {
        Tail::Gdc => {
            random.conv("gdc", 1, 512, 7);
            random.linear("fc", 512, 512);
        }
        Tail::Flatten => {
            random.activated("tail", 512, 64, 1);
            random.linear("fc", 64 * 7 * 7, 512);
        }
    }
    let strides = blocks.iter().map(|(.., stride)| *stride).collect();
    let config = mobilefacenet::Config { strides, tail, embedding_length: 512 };
    random.compare(&Architecture::MobileFaceNet(config), 112, 1);
}

/// A block that halves and some that do not, of so many channels between: (out, middle).
fn stage(first: (usize, usize), rest: (usize, usize), count: usize) -> Vec<(usize, usize, usize)> {
    let rest = std::iter::repeat_n((rest.0, rest.1, 1), count);
    std::iter::once((first.0, first.1, 2)).chain(rest).collect()
}

#[test]
fn mobilefacenet_of_the_paper() {
    let stages =
        [stage((64, 128), (64, 128), 4), stage((128, 256), (128, 256), 6), stage((128, 512), (128, 256), 2)];
    mobilefacenet(Tail::Gdc, 64, false, &stages.concat());
}

#[test]
fn mobilefacenet_of_insightface() {
    let stages = [
        stage((128, 128), (128, 128), 4),
        stage((256, 256), (256, 256), 6),
        stage((256, 512), (256, 256), 2),
    ];
    mobilefacenet(Tail::Flatten, 128, true, &stages.concat());
}

/// At 128x128 pixels.
fn scrfd(config: scrfd::Config) {
    let mut random = Random::default();
    let separable = |random: &mut Random, name: &str, input: usize, out: usize| {
        random.conv(&format!("{name}.dw"), 1, input, 3);
        random.conv(&format!("{name}.pw"), input, out, 1);
    };
    let mobile = config.backbone == Backbone::Mobile;
    if mobile {
        random.conv("backbone.stem.conv", 3, config.stem, 3);
        separable(&mut random, "backbone.stem", config.stem, config.stem);
    } else {
        let half = config.stem / 2;
        for (i, (input, out)) in [(3, half), (half, half), (half, config.stem)].into_iter().enumerate() {
            random.conv(&format!("backbone.stem.{i}"), input, out, 3);
        }
    }
    let mut input = config.stem;
    for (stage, (&out, &count)) in config.widths.iter().zip(&config.blocks).enumerate() {
        for block in 0..count {
            let name = format!("backbone.layers.{stage}.{block}");
            if mobile {
                separable(&mut random, &name, input, out);
            } else {
                random.conv(&format!("{name}.conv1"), input, out, 3);
                random.conv(&format!("{name}.conv2"), out, out, 3);
                if input != out || block == 0 && stage > 0 {
                    random.conv(&format!("{name}.down"), input, out, 1);
                }
            }
            input = out;
        }
    }
    for (i, &width) in config.widths.iter().skip(1).enumerate() {
        random.conv(&format!("neck.lateral_convs.{i}"), width, config.neck, 1);
        random.conv(&format!("neck.fpn_convs.{i}"), config.neck, config.neck, 3);
    }
    for i in 0..2 {
        random.conv(&format!("neck.downsample_convs.{i}"), config.neck, config.neck, 3);
        random.conv(&format!("neck.pafpn_convs.{i}"), config.neck, config.neck, 3);
    }
    for stride in scrfd::STRIDES {
        let mut input = config.neck;
        for block in 0..config.head_blocks {
            let name = format!("head.{stride}.{block}");
            if mobile {
                separable(&mut random, &name, input, config.head);
            } else {
                random.conv(&format!("{name}.conv"), input, config.head, 3);
            }
            input = config.head;
        }
        for (branch, values) in [("cls", 1), ("reg", 4), ("kps", 10)] {
            random.conv(&format!("head.{stride}.{branch}"), input, scrfd::ANCHORS * values, 3);
        }
    }
    random.compare(&Architecture::Scrfd(config), 128, 9);
}

fn config(
    backbone: Backbone,
    (stem, neck, head, head_blocks): (usize, usize, usize, usize),
    widths: [usize; 4],
    blocks: [usize; 4],
) -> scrfd::Config {
    let (widths, blocks, strides) = (widths.to_vec(), blocks.to_vec(), scrfd::STRIDES.to_vec());
    let anchors = scrfd::ANCHORS;
    scrfd::Config { backbone, stem, widths, blocks, neck, head, head_blocks, strides, anchors }
}

#[test]
fn scrfd_500m() {
    scrfd(config(Backbone::Mobile, (16, 16, 64, 2), [40, 72, 152, 288], [2, 3, 2, 6]));
}

#[test]
fn scrfd_2_5g() {
    scrfd(config(Backbone::Residual, (24, 24, 64, 2), [24, 48, 48, 80], [3, 5, 3, 2]));
}

#[test]
fn scrfd_10g() {
    scrfd(config(Backbone::Residual, (56, 56, 80, 3), [56, 88, 88, 224], [3, 4, 2, 3]));
}
