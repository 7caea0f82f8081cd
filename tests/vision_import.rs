//! The import of networks in the shapes that `InsightFace` publishes, against onnxruntime.
//!
//! The files have random weights and are made by `reference/make_networks.py`; they are too large to be kept. Skips,
//! saying so, where `FACEPRINT_NETWORKS` names no folder of them.

#![allow(clippy::unwrap_used)] // helpers of tests: what they unwrap is what the test needs

use faceprint::vision::{
    Architecture, import,
    network::{Backend, Network},
    scrfd,
    tensors::Tensors,
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Deserialize)]
struct Reference {
    side: usize,
    outputs: Vec<Vec<f32>>,
}

fn networks() -> Option<(PathBuf, BTreeMap<String, Reference>)> {
    let Some(folder) = std::env::var_os("FACEPRINT_NETWORKS").map(PathBuf::from) else {
        println!(
            "skipped: FACEPRINT_NETWORKS names no folder of networks (reference/make_networks.py makes one)"
        );
        return None;
    };
    let text = std::fs::read_to_string(folder.join("outputs.json")).unwrap();
    Some((folder, serde_json::from_str(&text).unwrap()))
}

/// What it is, and every output for the pattern of `make_reference.py`, on the fast plan.
fn run(path: &std::path::Path, side: usize) -> (Architecture, Vec<Vec<f32>>) {
    let imported = import(path).unwrap();
    let architecture = imported.manifest.architecture;
    let graph = architecture.graph(&Tensors::parse(&imported.model).unwrap()).unwrap();
    let count = graph.output_names().count();
    let mut network = Network::new(graph, Backend::cpu());
    let pattern: Vec<f32> = (0..3 * side as u64 * side as u64)
        .map(|i| ((i * 2_654_435_761 % (1 << 32)) as f64 / f64::from(1_u32 << 31) - 1.0) as f32)
        .collect();
    network.run((side, side), &pattern).unwrap();
    (architecture, (0..count).map(|i| network.output(i).to_vec()).collect())
}

fn assert_close(found: &[f32], wanted: &[f32], what: &str) {
    let largest = wanted.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(largest > 0.01 && !wanted.is_empty(), "{what}: no numbers to compare with");
    for (a, b) in found.iter().zip(wanted) {
        assert!((a - b).abs() < 1e-3 * largest, "{what}: {a} {b}");
    }
}

#[test]
fn every_iresnet_gives_what_onnxruntime_gives() {
    let Some((folder, references)) = networks() else { return };
    let sizes = [("18", [2, 2, 2, 2]), ("34", [3, 4, 6, 3]), ("50", [3, 4, 14, 3]), ("100", [3, 13, 30, 3])];
    for (name, blocks) in sizes {
        let name = format!("iresnet{name}");
        let reference = &references[&name];
        let (architecture, outputs) = run(&folder.join(format!("{name}.onnx")), reference.side);
        let Architecture::IResNet(config) = architecture else { panic!("{name}: {architecture:?}") };
        assert_eq!((config.blocks, config.widths), (blocks.to_vec(), vec![64, 128, 256, 512]), "{name}");
        assert_close(&outputs[0], &reference.outputs[0], &name);
    }
}

#[test]
fn scrfd_10g_gives_what_onnxruntime_gives() {
    let Some((folder, references)) = networks() else { return };
    let reference = &references["scrfd10g"];
    let (architecture, outputs) = run(&folder.join("scrfd10g.onnx"), reference.side);
    let Architecture::Scrfd(config) = architecture else { panic!("{architecture:?}") };
    assert_eq!((config.backbone, config.blocks), (scrfd::Backbone::Residual, vec![3, 4, 2, 3]));
    assert_eq!((config.neck, config.head, config.head_blocks), (56, 80, 3));
    for (i, samples) in reference.outputs.iter().enumerate() {
        // the file has three scores, three boxes, three landmarks; the graph goes stride by stride
        let map = &outputs[3 * (i % 3) + i / 3];
        let cells = (reference.side >> (3 + i % 3)).pow(2);
        let channels = map.len() / cells;
        let by_cell: Vec<f32> = (0..map.len()).map(|i| map[i % channels * cells + i / channels]).collect();
        let found: Vec<f32> = by_cell.iter().step_by((map.len() / 64).max(1)).copied().collect();
        assert_close(&found, samples, &format!("output {i}"));
    }
}
