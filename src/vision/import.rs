//! From somebody's ONNX file to weights of ours.
//!
//! Job: find the architecture that a graph is, by walking it; refuse any other graph by naming the first node that
//! differs from the closest architecture. It must not go by names in the file, and it must not run anything.

use super::{
    archive::ArchiveError,
    embedded, known,
    onnx::Graph,
    scrfd,
    tensors::Tensors,
    walk::{Differs, Walk},
    weights::{
        Architecture, Calibration, ChannelOrder, Input, Kind, MAX_FILE_BYTES, Manifest, WeightsError,
        read_limited, sha256_hex,
    },
    {iresnet, minifasnet, mobilefacenet},
};
use crate::{
    domain::{EMBEDDING_LEN, WeightsId},
    imaging::{Edge, Surround},
};
use std::path::Path;

/// Why a file is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read, or what was read does not fit together.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// It is in an archive and cannot be unpacked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// There are more files than are looked at.
    #[error("there are more networks here than {0}, and the rest was not looked at: install fewer at a time")]
    Rest(usize),
    /// It is no ONNX.
    #[error("the file is not a whole ONNX model; download it again, or choose the .onnx file itself")]
    NotOnnx,
    /// It is a graph that no architecture here has.
    #[error(
        "this is no network that the kiosk runs (SCRFD, MobileFaceNet, IResNet, MiniFASNet): compared with {closest}, the first \
         node that differs is '{node}' ({op}), where {expected} should be; export it again or choose another file"
    )]
    Differs {
        /// The architecture that agrees longest.
        closest: &'static str,
        /// The node's name.
        node: String,
        /// Its operator.
        op: String,
        /// What should be there.
        expected: String,
    },
}

impl Imported {
    /// Whether it comes from a file that many people have, so that its sum says what it is.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.onnx_sha256.as_deref().and_then(known::by_sha256).is_some()
    }
}

/// A network ready for [`super::WeightsStore::install`].
pub struct Imported {
    /// What it is. Id, licence, source and calibration are known for known files; else the id is the file's name.
    pub manifest: Manifest,
    /// `model.safetensors`, f32.
    pub model: Vec<u8>,
    /// Of the ONNX file that it comes from, if it does; hexadecimal.
    pub onnx_sha256: Option<String>,
}

/// Reads and converts an ONNX file.
pub fn import(path: &Path) -> Result<Imported, ImportError> {
    let bytes = read_limited(path, MAX_FILE_BYTES)?;
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    import_bytes(&bytes, &stem)
}

/// Converts the bytes of an ONNX file. `name` becomes the id where the file is not a known one.
pub fn import_bytes(bytes: &[u8], name: &str) -> Result<Imported, ImportError> {
    let graph = Graph::parse(bytes).ok_or(ImportError::NotOnnx)?;
    let (architecture, tensors) = recognise(&graph)?;
    let tensors = tensors.finite()?;
    architecture.graph(&tensors)?; // what was written is what will be read
    let model = tensors.to_bytes()?;
    let onnx_sha256 = sha256_hex(bytes);
    let manifest = manifest(architecture, &onnx_sha256, sha256_hex(&model), name)?;
    Ok(Imported { manifest, model, onnx_sha256: Some(onnx_sha256) })
}

/// Tries every architecture; the error is that of the one that agreed longest.
fn recognise(graph: &Graph) -> Result<(Architecture, Tensors), ImportError> {
    let scrfd = scrfd::from_onnx(Walk::new(graph)).map(|(c, t)| (Architecture::Scrfd(c), t));
    let mobile =
        || mobilefacenet::from_onnx(Walk::new(graph)).map(|(c, t)| (Architecture::MobileFaceNet(c), t));
    let residual = || iresnet::from_onnx(Walk::new(graph)).map(|(c, t)| (Architecture::IResNet(c), t));
    let mini = || minifasnet::from_onnx(Walk::new(graph)).map(|(c, t)| (Architecture::MiniFasNet(c), t));
    let mut closest: Option<(&'static str, Differs)> = None;
    let mut keep = |name, differs: Differs| {
        if closest.as_ref().is_none_or(|(_, best)| differs.agreed > best.agreed) {
            closest = Some((name, differs));
        }
    };
    let found = scrfd
        .map_err(|d| keep("SCRFD", d))
        .or_else(|()| mobile().map_err(|d| keep("MobileFaceNet", d)))
        .or_else(|()| residual().map_err(|d| keep("IResNet", d)))
        .or_else(|()| mini().map_err(|d| keep("MiniFASNet", d)));
    match (found, closest) {
        (Ok(found), _) => Ok(found),
        (Err(()), Some((closest, d))) => {
            Err(ImportError::Differs { closest, node: d.node, op: d.op, expected: d.expected })
        }
        (Err(()), None) => Err(ImportError::NotOnnx),
    }
}

fn manifest(
    architecture: Architecture,
    onnx_sha256: &str,
    sha256: String,
    name: &str,
) -> Result<Manifest, WeightsError> {
    let known = known::by_sha256(onnx_sha256);
    let kind = architecture.kind();
    let id = known.map_or_else(|| id_from(name), |k| k.id.to_owned());
    let id = WeightsId::new(&id)
        .map_err(|e| WeightsError::Manifest { id: name.to_owned(), reason: e.to_string() })?;
    let input = input(&architecture);
    let calibration = match kind {
        Kind::Detector => {
            Some(Calibration::Detector { score_threshold: 0.5, candidate_threshold: None, nms_iou: 0.4 })
        }
        Kind::Recogniser => {
            known.and_then(|k| k.calibration.as_ref()).map(|m| Calibration::Recogniser(m.data()))
        }
        Kind::Liveness => None,
    };
    let unknown = "Unknown: ask whoever gave you the file";
    Ok(Manifest {
        id,
        kind,
        architecture,
        embedding_length: (kind == Kind::Recogniser).then_some(EMBEDDING_LEN),
        input,
        second_look: None,
        licence: known.map_or(unknown, |k| k.licence).to_owned(),
        source: known.map_or_else(
            || format!("Imported from an ONNX file with sha256 {onnx_sha256}"),
            |k| format!("{} (ONNX file with sha256 {onnx_sha256})", k.source),
        ),
        sha256,
        calibration,
    })
}

/// What a network is given, by the conventions of those who train its architecture: a graph does not say.
fn input(architecture: &Architecture) -> Input {
    let square = |side: usize| (Some(side), Some(side));
    let ((width, height), channel_order, mean, std, surround) = match architecture {
        Architecture::Scrfd(_) => ((None, None), ChannelOrder::Rgb, 127.5, 128.0, None),
        Architecture::MobileFaceNet(_) | Architecture::IResNet(_) => {
            (square(112), ChannelOrder::Rgb, 127.5, 127.5, None)
        }
        // Minivision's: bytes as they are. The gated one of the pair sees more of what is around the face.
        Architecture::MiniFasNet(config) if config.classes == 3 => {
            let scale = if config.is_gated() { 4.0 } else { 2.7 };
            let surround = Surround { scale, edge: Edge::Shift };
            (square(config.side()), ChannelOrder::Bgr, 0.0, 1.0, Some(surround))
        }
        Architecture::MiniFasNet(config) => {
            let surround = Surround { scale: 1.5, edge: Edge::Reflect };
            (square(config.side()), ChannelOrder::Rgb, 0.0, 255.0, Some(surround))
        }
    };
    Input { width, height, channel_order, mean, std, surround, mirror: false }
}

/// A file's name as an id: small letters, and `-` for whatever an id cannot hold. The ids of known and built-in networks stand
/// for those and for nothing else.
fn id_from(name: &str) -> String {
    let id: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .collect();
    let id: String = id.trim_start_matches('.').chars().take(64).collect();
    match id.as_str() {
        "" => "imported".to_owned(),
        id if known::has_id(id) || embedded::PACKS.iter().any(|pack| pack.id == id) => format!("{id}-file"),
        _ => id,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{
        network::{Backend, Network},
        onnx::build::Model,
    };
    use super::*;
    use proptest::prelude::*;

    /// Writes a small network as an exporter would, its batch norms by themselves or folded.
    struct Export {
        m: Model,
        separate: bool,
        state: u32,
        names: usize,
    }

    impl Export {
        fn new(separate: bool) -> Self {
            let mut m = Model::default();
            m.input("input");
            Self { m, separate, state: 1, names: 0 }
        }

        fn name(&mut self) -> String {
            self.names += 1;
            format!("v{}", self.names)
        }

        /// Numbers between -0.5 and 0.5, the same in every run.
        fn numbers(&mut self, shape: &[usize]) -> Vec<f32> {
            (0..shape.iter().product())
                .map(|_| {
                    self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (self.state >> 8) as f32 / (1 << 24) as f32 - 0.5
                })
                .collect()
        }

        fn constant(&mut self, shape: &[usize], values: &[f32]) -> String {
            let name = self.name();
            self.m.floats(&name, shape, values);
            name
        }

        fn node(&mut self, op: &str, inputs: &[&str], ints: &[(&str, &[i64])]) -> String {
            let output = self.name();
            self.m.node(op, inputs, &output, ints);
            output
        }

        /// gamma, beta, mean, variance.
        fn statistics(&mut self, channels: usize) -> [Vec<f32>; 4] {
            let [gamma, beta, mean, var] = std::array::from_fn(|_| self.numbers(&[channels]));
            [gamma.iter().map(|g| g + 1.0).collect(), beta, mean, var.iter().map(|v| v + 1.0).collect()]
        }

        fn bn_node(&mut self, x: &str, statistics: &[Vec<f32>; 4]) -> String {
            let names: Vec<String> =
                statistics.iter().map(|values| self.constant(&[values.len()], values)).collect();
            let inputs: Vec<&str> = [x].into_iter().chain(names.iter().map(String::as_str)).collect();
            self.node("BatchNormalization", &inputs, &[])
        }

        fn bn(&mut self, x: &str, channels: usize) -> String {
            let statistics = self.statistics(channels);
            self.bn_node(x, &statistics)
        }

        /// Convolution (out, in / groups, kernel) and batch norm.
        fn conv(
            &mut self,
            x: &str,
            [out, per_group, k]: [usize; 3],
            stride: i64,
            groups: i64,
            pad: i64,
        ) -> String {
            let mut weight = self.numbers(&[out, per_group, k, k]);
            let statistics = self.statistics(out);
            let attributes: [(&str, &[i64]); 3] =
                [("strides", &[stride; 2]), ("pads", &[pad; 4]), ("group", &[groups])];
            if self.separate {
                let w = self.constant(&[out, per_group, k, k], &weight);
                let y = self.node("Conv", &[x, &w], &attributes);
                return self.bn_node(&y, &statistics);
            }
            let [gamma, beta, mean, var] = statistics;
            let mut bias = Vec::new();
            for (i, row) in weight.chunks_mut(per_group * k * k).enumerate() {
                let scale = gamma[i] / (var[i] + 1e-5).sqrt();
                for w in row {
                    *w *= scale;
                }
                bias.push(beta[i] - mean[i] * scale);
            }
            let w = self.constant(&[out, per_group, k, k], &weight);
            let b = self.constant(&[out], &bias);
            self.node("Conv", &[x, &w, &b], &attributes)
        }

        fn prelu(&mut self, x: &str, channels: usize) -> String {
            let slopes = self.numbers(&[channels]);
            let slopes = self.constant(&[channels, 1, 1], &slopes);
            self.node("PRelu", &[x, &slopes], &[])
        }

        fn flatten(&mut self, x: &str) -> String {
            if !self.separate {
                return self.node("Flatten", &[x], &[("axis", &[1])]);
            }
            self.m.integers("shape", &[1, -1]);
            self.node("Reshape", &[x, "shape"], &[])
        }

        /// Fully connected, in one of the two forms that exporters have.
        fn linear(&mut self, x: &str, [length, outputs]: [usize; 2]) -> String {
            let weight = self.numbers(&[length, outputs]);
            let bias = self.numbers(&[outputs]);
            let b = self.constant(&[outputs], &bias);
            if self.separate {
                let w = self.constant(&[length, outputs], &weight);
                let product = self.node("MatMul", &[x, &w], &[]);
                return self.node("Add", &[&b, &product], &[]);
            }
            let turned: Vec<f32> =
                (0..weight.len()).map(|i| weight[i % length * outputs + i / length]).collect();
            let w = self.constant(&[outputs, length], &turned);
            self.node("Gemm", &[x, &w, &b], &[("transB", &[1])])
        }

        /// What is flattened, fully connected and given out.
        fn finish(mut self, x: &str, length: usize) -> Vec<u8> {
            let flat = self.flatten(x);
            let out = self.linear(&flat, [length, EMBEDDING_LEN]);
            self.m.output(&out);
            self.m.to_bytes()
        }
    }

    /// Two stages of `IResNet` for 28x28 pixels.
    fn residual(separate: bool) -> Vec<u8> {
        let (e, x) = residual_until_the_end(separate);
        e.finish(&x, 8 * 49)
    }

    /// The same, one channel wide at its end: most of it is no longer what is fully connected.
    fn narrow() -> Vec<u8> {
        let (mut e, x) = residual_until_the_end(false);
        let x = e.conv(&x, [1, 8, 1], 1, 1, 0);
        let x = e.prelu(&x, 1);
        e.finish(&x, 49)
    }

    fn residual_until_the_end(separate: bool) -> (Export, String) {
        let mut e = Export::new(separate);
        let x = e.conv("input", [4, 3, 3], 1, 1, 1);
        let mut x = e.prelu(&x, 4);
        for (width, out, stride) in [(4usize, 6usize, 2), (6, 6, 1), (6, 8, 2)] {
            let y = e.bn(&x, width);
            let y = e.conv(&y, [out, width, 3], 1, 1, 1);
            let y = e.prelu(&y, out);
            let y = e.conv(&y, [out, out, 3], stride, 1, 1);
            let shortcut = if stride == 2 { e.conv(&x, [out, width, 1], 2, 1, 0) } else { x };
            x = e.node("Add", &[&y, &shortcut], &[]);
        }
        let x = e.bn(&x, 8);
        (e, x)
    }

    /// `MobileFaceNet` with paired second convolution and global depthwise tail.
    pub fn mobile(separate: bool) -> Vec<u8> {
        let mut e = Export::new(separate);
        let x = e.conv("input", [4, 3, 3], 2, 1, 1);
        let x = e.prelu(&x, 4);
        let x = e.conv(&x, [4, 2, 3], 1, 2, 1);
        let mut x = e.prelu(&x, 4);
        for stride in [2, 1, 2, 2] {
            let y = e.conv(&x, [6, 4, 1], 1, 1, 0);
            let y = e.prelu(&y, 6);
            let y = e.conv(&y, [6, 1, 3], stride, 6, 1);
            let y = e.prelu(&y, 6);
            let y = e.conv(&y, [4, 6, 1], 1, 1, 0);
            x = if stride == 1 { e.node("Add", &[&x, &y], &[]) } else { y };
        }
        let x = e.conv(&x, [10, 4, 1], 1, 1, 0);
        let x = e.prelu(&x, 10);
        let x = e.conv(&x, [10, 1, 7], 1, 10, 0);
        e.finish(&x, 10)
    }

    /// `MiniFASNet` of two classes, its second block gated, for 64x64 pixels.
    fn mini(separate: bool) -> Vec<u8> {
        let mut e = Export::new(separate);
        let x = e.conv("input", [4, 3, 3], 2, 1, 1);
        let x = e.prelu(&x, 4);
        let x = e.conv(&x, [4, 1, 3], 1, 4, 1);
        let mut x = e.prelu(&x, 4);
        for (stride, gated) in [(2, false), (1, true), (1, false), (2, false), (2, false)] {
            let y = e.conv(&x, [6, 4, 1], 1, 1, 0);
            let y = e.prelu(&y, 6);
            let y = e.conv(&y, [6, 1, 3], stride, 6, 1);
            let y = e.prelu(&y, 6);
            let mut y = e.conv(&y, [4, 6, 1], 1, 1, 0);
            if gated {
                let means = e.node("GlobalAveragePool", &[&y], &[]);
                let z = e.conv(&means, [2, 4, 1], 1, 1, 0);
                let z = e.node("Relu", &[&z], &[]);
                let z = e.conv(&z, [4, 2, 1], 1, 1, 0);
                let z = e.node("Sigmoid", &[&z], &[]);
                y = e.node("Mul", &[&y, &z], &[]);
            }
            x = if stride == 1 { e.node("Add", &[&x, &y], &[]) } else { y };
        }
        let x = e.conv(&x, [10, 4, 1], 1, 1, 0);
        let x = e.prelu(&x, 10);
        let x = e.conv(&x, [10, 1, 4], 1, 10, 0);
        let x = e.flatten(&x);
        let x = e.linear(&x, [10, 6]);
        let x = e.linear(&x, [6, 2]);
        e.m.output(&x);
        e.m.to_bytes()
    }

    /// `SCRFD` with four stages of one block, `mobile` or residual.
    fn detector(mobile: bool) -> Vec<u8> {
        let mut e = Export::new(false);
        let relu = |e: &mut Export, x: &str, shape, stride, groups, pad| {
            let x = e.conv(x, shape, stride, groups, pad);
            e.node("Relu", &[&x], &[])
        };
        let separable = |e: &mut Export, x: &str, stride| {
            let x = relu(e, x, [4, 1, 3], stride, 4, 1);
            relu(e, &x, [4, 4, 1], 1, 1, 0)
        };
        let window: [(&str, &[i64]); 2] = [("kernel_shape", &[2, 2]), ("strides", &[2, 2])];
        let mut x = relu(&mut e, "input", [4, 3, 3], 2, 1, 1);
        if mobile {
            x = separable(&mut e, &x, 1);
        } else {
            x = relu(&mut e, &x, [4, 4, 3], 1, 1, 1);
            x = relu(&mut e, &x, [4, 4, 3], 1, 1, 1);
            x = e.node("MaxPool", &[&x], &window);
        }
        let mut levels = Vec::new();
        for stage in 0..4 {
            let stride = if mobile || stage > 0 { 2 } else { 1 };
            if mobile {
                x = separable(&mut e, &x, stride);
            } else {
                let y = relu(&mut e, &x, [4, 4, 3], stride, 1, 1);
                let y = e.conv(&y, [4, 4, 3], 1, 1, 1);
                if stride == 2 {
                    x = e.node("AveragePool", &[&x], &window);
                    x = e.conv(&x, [4, 4, 1], 1, 1, 0);
                }
                x = e.node("Add", &[&y, &x], &[]);
                x = e.node("Relu", &[&x], &[]);
            }
            levels.push(x.clone());
        }
        let same = |e: &mut Export, x: &str, stride| e.conv(x, [4, 4, 3], stride, 1, 1);
        let [l0, l1, l2] = [1, 2, 3].map(|level: usize| e.conv(&levels[level], [4, 4, 1], 1, 1, 0));
        let up = e.node("Resize", &[&l2], &[]);
        let l1 = e.node("Add", &[&l1, &up], &[]);
        let up = e.node("Resize", &[&l1], &[]);
        let l0 = e.node("Add", &[&l0, &up], &[]);
        let [f0, f1, f2] = [l0, l1, l2].map(|level| same(&mut e, &level, 1));
        let down = same(&mut e, &f0, 2);
        let f1 = e.node("Add", &[&f1, &down], &[]);
        let down = same(&mut e, &f1, 2);
        let f2 = e.node("Add", &[&f2, &down], &[]);
        let (p1, p2) = (same(&mut e, &f1, 1), same(&mut e, &f2, 1));
        for level in [f0, p1, p2] {
            let x =
                if mobile { separable(&mut e, &level, 1) } else { relu(&mut e, &level, [4, 4, 3], 1, 1, 1) };
            for values in [1, 4, 10] {
                let y = e.conv(&x, [2 * values, 4, 3], 1, 1, 1);
                let y = e.node("Transpose", &[&y], &[("perm", &[2, 3, 0, 1])]);
                e.m.integers("cells", &[-1, values as i64]);
                let mut y = e.node("Reshape", &[&y, "cells"], &[]);
                if values == 1 {
                    y = e.node("Sigmoid", &[&y], &[]);
                }
                e.m.output(&y);
            }
        }
        e.m.to_bytes()
    }

    /// What comes out for a pattern of that side.
    fn output(onnx: &[u8], side: usize) -> Vec<f32> {
        let imported = import_bytes(onnx, "x").unwrap();
        let graph = imported.manifest.architecture.graph(&Tensors::parse(&imported.model).unwrap()).unwrap();
        let mut network = Network::new(graph, Backend::Candle(candle_core::Device::Cpu));
        let input: Vec<f32> = (0..3 * side * side).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
        network.run((side, side), &input).unwrap();
        network.output(0).to_vec()
    }

    #[test]
    fn separate_and_folded_batch_norms_are_the_same_network() {
        type Export = fn(bool) -> Vec<u8>;
        let exports: [(Export, usize, usize); 3] =
            [(residual, 28, EMBEDDING_LEN), (mobile, 112, EMBEDDING_LEN), (mini, 64, 2)];
        for (export, side, length) in exports {
            let (separate, folded) = (output(&export(true), side), output(&export(false), side));
            let largest = folded.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            assert!(separate.len() == length && largest > 0.01);
            for (a, b) in separate.iter().zip(&folded) {
                assert!((a - b).abs() < 1e-4 * largest, "{a} {b}");
            }
        }
    }

    #[test]
    fn the_configuration_is_what_was_exported() {
        let Architecture::IResNet(c) = import_bytes(&residual(true), "x").unwrap().manifest.architecture
        else {
            panic!("not an IResNet")
        };
        assert_eq!((c.stem_width, c.stem_stride, c.tail_width), (4, 1, None));
        assert_eq!((c.widths, c.blocks, c.stride_on), (vec![6, 8], vec![2, 1], iresnet::StrideOn::Conv2));
        let manifest = import_bytes(&mobile(false), "My Net (1)").unwrap().manifest;
        assert_eq!(manifest.id.as_str(), "my-net--1-");
        let Architecture::MobileFaceNet(c) = manifest.architecture else { panic!("not a MobileFaceNet") };
        assert_eq!((c.strides, c.tail), (vec![2, 1, 2, 2], mobilefacenet::Tail::Gdc));
        let manifest = import_bytes(&mini(true), "x").unwrap().manifest;
        assert_eq!((manifest.kind, manifest.embedding_length), (Kind::Liveness, None));
        assert_eq!((manifest.input.width, manifest.input.std), (Some(64), 255.0));
        let Architecture::MiniFasNet(c) = manifest.architecture else { panic!("not a MiniFASNet") };
        assert_eq!((c.last_side, c.features, c.classes, c.bona_fide), (4, 6, 2, 0));
        let blocks: Vec<_> = c.blocks.iter().map(|b| (b.stride, b.gated)).collect();
        assert_eq!(blocks, [(2, false), (1, true), (1, false), (2, false), (2, false)]);
    }

    #[test]
    fn a_file_does_not_get_the_id_of_a_known_network_by_its_name() {
        for (name, id) in [("fp-face-4", "fp-face-4-file"), ("MBF-W8", "mbf-w8-file"), ("own", "own")] {
            assert_eq!(import_bytes(&mobile(false), name).unwrap().manifest.id.as_str(), id);
        }
    }

    #[test]
    fn another_graph_is_refused_by_its_first_different_node() {
        let mut e = Export::new(false);
        let x = e.conv("input", [4, 3, 3], 2, 1, 1);
        let x = e.node("HardSwish", &[&x], &[]);
        e.m.output(&x);
        let error = import_bytes(&e.m.to_bytes(), "x").err().unwrap();
        assert!(error.to_string().contains("'HardSwish_1' (HardSwish)"), "{error}");
        assert!(matches!(import_bytes(b"", "x"), Err(ImportError::NotOnnx)));
        assert!(matches!(import_bytes(b"\x89PNG\r\n", "x"), Err(ImportError::NotOnnx)));
    }

    #[test]
    fn every_cut_is_an_error_or_the_whole_network() {
        let bytes = mobile(true);
        for cut in (0..bytes.len()).step_by(97) {
            assert!(import_bytes(&bytes[..cut], "x").is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn the_fuzzer_begins_with_small_networks() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/onnx");
        let seeds = [
            ("separate", mini(true)),
            ("folded", mini(false)),
            ("mobilefacenet", mobile(true)),
            ("iresnet", narrow()),
            ("scrfd-mobile", detector(true)),
            ("scrfd-residual", detector(false)),
        ];
        for (name, network) in seeds {
            assert!(import_bytes(&network, name).is_ok(), "{name} is a network");
            if std::env::var_os("FACEPRINT_WRITE_SEEDS").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(name), &network).unwrap();
            }
            assert!(std::fs::read(folder.join(name)).unwrap() == network, "{name}: write the seeds anew");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn changed_bytes_never_panic(at: prop::sample::Index, value: u8) {
            for mut bytes in [residual(false), mini(true)] {
                let at = at.index(bytes.len());
                bytes[at] = value;
                drop(import_bytes(&bytes, "x"));
            }
        }
    }
}
