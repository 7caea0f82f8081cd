//! The networks against the numbers that onnxruntime gives for the same files, through import, store and load.
//!
//! The numbers are `reference/reference.json`, made by `reference/make_reference.py`. Skips, saying so, where the
//! network files are not there.

#![allow(clippy::unwrap_used)] // helpers of tests: what they unwrap is what the test needs

mod common;
mod ways;

use common::shared;
use faceprint::{
    domain::{DetectedFace, Moment, WeightsId},
    imaging::{Frame, decode_picture},
    vision::{
        Detector, DetectorSettings, DeviceChoice, FaceEngine, ImportError, Kind, NetworkEngine, WeightsStore,
        import::{import, import_bytes},
        iresnet,
        network::{Backend, Network},
        pairs,
        tensors::Tensors,
        weights::{Loaded, Manifest, SECOND_LOOK},
    },
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use ways::{cosine, every_way};

#[derive(Deserialize)]
struct Reference {
    recognisers: BTreeMap<String, Recogniser>,
    detectors: BTreeMap<String, DetectorReference>,
    liveness: BTreeMap<String, LivenessReference>,
}

#[derive(Deserialize)]
struct LivenessReference {
    file: String,
    side: usize,
    logits: Vec<f32>,
}

#[derive(Deserialize)]
struct Recogniser {
    file: String,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct DetectorReference {
    file: String,
    side: usize,
    samples: Vec<Vec<f32>>,
    faces: BTreeMap<String, Vec<Face>>,
}

#[derive(Deserialize)]
struct Face {
    score: f32,
    r#box: [f32; 4],
    landmarks: [f32; 10],
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/reference.json")).unwrap()
}

/// A store of its own with these files imported; it lives as long as the folder.
fn store(files: &[&str]) -> Option<(WeightsStore, tempfile::TempDir)> {
    let weights = shared("weights")?;
    let folder = tempfile::tempdir().unwrap();
    let store = WeightsStore::new(folder.path());
    for file in files {
        let imported = import(&weights.join(file)).unwrap();
        store.install(&imported.manifest, &imported.model).unwrap();
    }
    Some((store, folder))
}

fn loaded(file: &str, id: &str, kind: Kind) -> Option<Loaded> {
    let (store, _folder) = store(&[file])?;
    Some(store.load(&WeightsId::new(id).unwrap(), kind).unwrap())
}

#[test]
fn embeddings_are_those_of_onnxruntime() {
    for (id, reference) in reference().recognisers {
        let Some(loaded) = loaded(&reference.file, &id, Kind::Recogniser) else { return };
        let longest = reference.embedding.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        for outputs in every_way(&loaded.graph, 112) {
            assert_eq!((outputs.len(), outputs[0].len()), (1, 512));
            assert!(cosine(&outputs[0], &reference.embedding) >= 0.999_99, "{id}");
            for (a, b) in outputs[0].iter().zip(&reference.embedding) {
                assert!((a - b).abs() < 1e-3 * longest, "{id}: {a} {b}");
            }
        }
    }
}

#[test]
fn logits_of_liveness_networks_are_those_of_onnxruntime() {
    for (id, reference) in reference().liveness {
        let Some(loaded) = loaded(&reference.file, &id, Kind::Liveness) else { return };
        for outputs in every_way(&loaded.graph, reference.side) {
            assert_eq!((outputs.len(), outputs[0].len()), (1, reference.logits.len()));
            for (a, b) in outputs[0].iter().zip(&reference.logits) {
                assert!((a - b).abs() < 1e-4 * b.abs().max(1.0), "{id}: {a} {b}");
            }
        }
    }
}

/// One output, (channels, height, width), in the order of the exported file: cell by cell, anchor by anchor.
fn cell_by_cell(map: &[f32], cells: usize) -> Vec<f32> {
    let channels = map.len() / cells;
    (0..map.len()).map(|i| map[i % channels * cells + i / channels]).collect()
}

#[test]
fn detector_outputs_are_those_of_onnxruntime() {
    for (id, reference) in reference().detectors {
        let Some(loaded) = loaded(&reference.file, &id, Kind::Detector) else { return };
        for outputs in every_way(&loaded.graph, reference.side) {
            for (i, samples) in reference.samples.iter().enumerate() {
                // the file has three scores, three boxes, three landmarks; the graph goes stride by stride
                let (branch, level) = (i / 3, i % 3);
                let found =
                    cell_by_cell(&outputs[3 * level + branch], (reference.side >> (3 + level)).pow(2));
                for (a, b) in found.iter().step_by((found.len() / 64).max(1)).zip(samples) {
                    assert!((a - b).abs() < 1e-3 * b.abs().max(1.0), "{id}, output {i}: {a} {b}");
                }
            }
        }
    }
}

/// A photograph in grey at the top left of a black square: decoders of JPEG agree about luma, not about the colours
/// between pixels.
fn padded(path: &Path, side: usize) -> Frame {
    let picture = decode_picture(&std::fs::read(path).unwrap()).unwrap();
    let width = picture.width() as usize;
    let mut rgb = vec![0; 3 * side * side];
    for (row, from) in rgb.chunks_mut(3 * side).zip(picture.rgb().chunks(3 * width)) {
        for (to, pixel) in row.chunks_mut(3).zip(from.as_chunks::<3>().0) {
            let [r, g, b] = pixel.map(u32::from);
            to.fill(((299 * r + 587 * g + 114 * b + 500) / 1000) as u8);
        }
    }
    let never = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
    Frame::new(side as u32, side as u32, rgb, never, 0).unwrap()
}

fn distance(found: &DetectedFace, reference: &Face) -> f32 {
    let b = found.bbox;
    let points = found.landmarks.0.iter().flat_map(|p| [p.x, p.y]);
    let numbers = [b.x0, b.y0, b.x1, b.y1].into_iter().chain(points);
    let wanted = reference.r#box.iter().chain(&reference.landmarks);
    numbers.zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn boxes_and_landmarks_are_within_a_tenth_of_a_pixel() {
    for (id, reference) in reference().detectors {
        let Some(loaded) = loaded(&reference.file, &id, Kind::Detector) else { return };
        let Some(data) = shared("data") else { return };
        let mut detector = Detector::new(loaded, &Backend::cpu()).unwrap();
        // One look, as onnxruntime had: a second one at half the size may find a better box.
        let settings =
            DetectorSettings { long_side: reference.side as u32, close_faces: false, ..detector.settings() };
        detector.set_settings(settings);
        for (path, faces) in &reference.faces {
            let found = detector.detect(&padded(&data.join(path), reference.side)).unwrap();
            for face in faces {
                let best =
                    found.iter().min_by(|a, b| distance(a, face).total_cmp(&distance(b, face))).unwrap();
                let off = distance(best, face);
                println!("{id} {path}: {off:.3} px, score {:.4} {:.4}", best.score, face.score);
                assert!(off < 0.1, "{id} {path}: {off} px");
                assert!((best.score - face.score).abs() < 0.005);
            }
        }
    }
}

#[test]
fn files_of_other_architectures_are_refused_by_their_first_different_node() {
    let Some(weights) = shared("weights") else { return };
    for (file, node, op) in [
        ("edgeface_xs_q_dequant.onnx", "/stem/stem.0/Conv", "Conv"),
        ("yunet_n_dynamic.onnx", "Conv_2", "Conv"),
        ("minifasnet_v2se_128_int8.onnx", "", "DynamicQuantizeLinear"),
    ] {
        let error = import(&weights.join(file)).err().unwrap();
        println!("{file}: {error}");
        let ImportError::Differs { node: found_node, op: found_op, .. } = error else {
            panic!("{file}: {error}")
        };
        assert!(found_node.contains(node) && found_op.contains(op), "{file}: {found_node} {found_op}");
    }
}

#[test]
fn a_cut_onnx_file_is_an_error() {
    let Some(weights) = shared("weights") else { return };
    let bytes = std::fs::read(weights.join("det_500m.onnx")).unwrap();
    // the last few bytes say which version of ONNX it is, and nobody misses them
    for cut in (0..bytes.len() - 64).step_by(bytes.len() / 300) {
        assert!(import_bytes(&bytes[..cut], "cut").is_err(), "cut at {cut}");
    }
}

/// LFW's development split through our own detection and alignment: at least 99.0 % with mbf.
#[test]
fn lfw_view1_is_verified() {
    let Some((store, _folder)) = store(&["det_500m.onnx", "mbf_w8dequant.onnx"]) else { return };
    let Some(folder) = shared("data/lfw_view1") else { return };
    let Some(list) =
        ["pairsDevTest.txt", "../pairsDevTest.txt"].map(|p| folder.join(p)).into_iter().find(|p| p.exists())
    else {
        println!("skipped: no pairsDevTest.txt");
        return;
    };
    let id = |id| WeightsId::new(id).unwrap();
    let mut engine =
        NetworkEngine::load(&store, &id("scrfd-500m"), &id("mbf-w8"), &[], DeviceChoice::Cpu).unwrap();
    let mut known = BTreeMap::new();
    let mut embedding = |picture: &pairs::Picture| {
        let found = known.entry(picture.clone()).or_insert_with(|| {
            let frame = frame(&folder.join(picture.path()).with_extension("jpg"));
            let middle = |f: &DetectedFace| (f.bbox.centre().x - 125.0).hypot(f.bbox.centre().y - 125.0);
            let faces = engine.detect(&frame).unwrap();
            let face = faces.iter().min_by(|a, b| middle(a).total_cmp(&middle(b)))?;
            engine.embed(&frame, &[*face]).unwrap().pop()
        });
        found.clone()
    };
    let (mut scored, mut missed) = (Vec::new(), 0);
    for pair in pairs::parse(&std::fs::read_to_string(list).unwrap()).unwrap() {
        match (embedding(&pair.a), embedding(&pair.b)) {
            (Some(a), Some(b)) => {
                scored.push(pairs::Scored { score: a.cosine(&b), same: pair.same, fold: pair.fold });
            }
            _ => missed += 1,
        }
    }
    let report = pairs::report(&scored).unwrap();
    println!(
        "lfw_view1, scrfd-500m + mbf-w8: {:.2} % of {} pairs at {:.3}, TAR at FAR {:?}, {missed} pairs without a face",
        100.0 * report.accuracy,
        report.pairs,
        report.threshold,
        report.tar_at_far
    );
    assert!(report.accuracy >= 0.99 && missed <= 2);
}

fn frame(path: &Path) -> Frame {
    let never = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
    Frame::from_picture(decode_picture(&std::fs::read(path).unwrap()).unwrap(), never, 0)
}

/// Our own exports against the outputs that `export.py --reference` wrote beside them, where somebody kept those.
#[test]
fn our_own_exports_give_what_pytorch_gives() {
    for (id, kind) in [("fp-face-4", Kind::Recogniser), ("fp-detect-3", Kind::Detector)] {
        let Some(folder) = std::env::var_os("FACEPRINT_EXPORTS").map(|f| PathBuf::from(f).join(id)) else {
            println!("skipped: FACEPRINT_EXPORTS names no folder of exports");
            return;
        };
        let id = WeightsId::new(id).unwrap();
        let manifest = Manifest::parse(&id, &std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        let mut model = Tensors::parse(&std::fs::read(folder.join("model.safetensors")).unwrap()).unwrap();
        let reference =
            Tensors::parse(&std::fs::read(folder.join("reference.safetensors")).unwrap()).unwrap();
        assert_eq!((manifest.kind, manifest.second_look.is_some()), (kind, kind == Kind::Detector));
        let second_look = model.take(SECOND_LOOK);
        if let Some(config) = &manifest.second_look {
            let graph = iresnet::graph(config, &second_look).unwrap();
            let mut network = Network::fixed(&graph, &Backend::cpu(), (112, 112), 1).unwrap();
            network.run((112, 112), reference.get("second_input", &[1, 3, 112, 112]).unwrap()).unwrap();
            let wanted = reference.get("second_output", &[1, 11]).unwrap();
            let off = network.output(0).iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 1e-3, "{id} second look: {off}");
        }
        let graph = manifest.architecture.graph(&model).unwrap();
        let [count, 3, height, width] = reference.dims::<4>("input").unwrap() else { panic!("input") };
        let input = reference.get("input", &[count, 3, height, width]).unwrap();
        let mut network = Network::new(graph.clone(), Backend::cpu());
        for (n, picture) in input.chunks(3 * height * width).enumerate() {
            network.run((height, width), picture).unwrap();
            for (i, name) in graph.output_names().enumerate() {
                let name = if name == "embedding" { "output" } else { name };
                let shape = reference.shape(name).unwrap().to_vec();
                let all = reference.get(name, &shape).unwrap();
                let wanted = &all[n * all.len() / count..(n + 1) * all.len() / count];
                let found = match name.rsplit_once('_') {
                    Some((_, stride)) => {
                        let stride: usize = stride.parse().unwrap();
                        cell_by_cell(network.output(i), height / stride * (width / stride))
                    }
                    None => network.output(i).to_vec(),
                };
                assert!(cosine(&found, wanted) > 0.999_99, "{id} {name}: {}", cosine(&found, wanted));
            }
        }
    }
}
