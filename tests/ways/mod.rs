//! A network in every way that this machine can run it, which have to agree.

use candle_core::Device;
use faceprint::{
    nn::Graph,
    vision::network::{Backend, Network},
};

/// Every output for the pattern in each way: the fast plan, plain candle operations, and these on a card where there is
/// one. Panics where two ways differ by 1 - cosine of 1e-6 or more.
pub fn every_way(graph: &Graph, side: usize) -> Vec<Vec<Vec<f32>>> {
    let mut ways = vec![Backend::cpu(), Backend::Candle(Device::Cpu)];
    if cfg!(feature = "cuda") {
        match Device::new_cuda(0) {
            Ok(card) => ways.push(Backend::Candle(card)),
            Err(error) => println!("skipped on CUDA: {error}"),
        }
    }
    let names: Vec<&str> = graph.output_names().collect();
    let answers: Vec<Vec<Vec<f32>>> = ways
        .iter()
        .map(|way| {
            let mut network = Network::fixed(graph, way, (side, side), 1).unwrap();
            network.run((side, side), &pattern(3 * side * side)).unwrap();
            (0..names.len()).map(|i| network.output(i).to_vec()).collect()
        })
        .collect();
    for (way, answer) in ways.iter().zip(&answers) {
        for ((name, found), wanted) in names.iter().zip(answer).zip(&answers[1]) {
            let away = 1.0 - cosine(found, wanted);
            assert!(found.len() == wanted.len() && away < 1e-6, "{name}, {}: {away:e}", way.runs_on());
        }
    }
    answers
}

fn pattern(len: usize) -> Vec<f32> {
    (0..len as u64)
        .map(|i| ((i * 2_654_435_761 % (1 << 32)) as f64 / f64::from(1_u32 << 31) - 1.0) as f32)
        .collect()
}

pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
