//! Whole networks of the shapes that the kiosk runs, with random weights: how long one picture takes, how long several
//! at once do, and what loading one costs in time and memory.
//!
//! `cargo bench --bench nn` (add `-- --quick` for a glance), one and two threads. With `-- --serve` it is our side of
//! `benches/peers.py`.
#![allow(clippy::expect_used, reason = "a bench whose network does not build has nothing to measure")]

mod networks;
mod serve;

use criterion::Criterion;
use faceprint::{
    nn::{Graph, Plan},
    vision::network::{Backend, Network},
};
use networks::{iresnet_50, mobilefacenet, noise, scrfd_500m, thin_iresnet};
use std::{hint::black_box, time::Instant};

/// Name, network, height and width of the input.
type Net = (&'static str, fn() -> Graph, usize, usize);

fn main() {
    if std::env::args().any(|argument| argument == "--serve") {
        serve::serve().expect("a command that can be carried out");
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    time_loading();
    time_networks(&mut criterion);
    time_batches(&mut criterion);
    criterion.final_summary();
}

fn time_networks(c: &mut Criterion) {
    let nets: [Net; 4] = [
        ("mobilefacenet 112x112", mobilefacenet, 112, 112),
        ("thin iresnet 112x112", thin_iresnet, 112, 112),
        ("iresnet-50 112x112", iresnet_50, 112, 112),
        ("scrfd 500m 640x384", scrfd_500m, 384, 640),
    ];
    for (name, graph, height, width) in nets {
        for threads in [1, 2] {
            let mut plan = Plan::compile(&graph(), height, width, threads).expect("the shapes fit");
            let input = noise(1, 3 * height * width, 1.0);
            c.bench_function(&format!("{name}, {threads} threads"), |b| {
                b.iter(|| {
                    plan.run(black_box(&input)).expect("the input fits");
                    black_box(plan.output(0).first().copied())
                });
            });
        }
    }
}

/// Several faces in one run, on two threads; divide by their number.
fn time_batches(c: &mut Criterion) {
    let nets: [(_, fn() -> Graph); 2] = [("mobilefacenet", mobilefacenet), ("iresnet-50", iresnet_50)];
    for (name, graph) in nets {
        for pictures in [4, 8] {
            let mut plan = Plan::compile_batch(&graph(), 112, 112, pictures, 2).expect("the shapes fit");
            let input = noise(1, pictures * 3 * 112 * 112, 1.0);
            c.bench_function(&format!("{name}, {pictures} faces"), |b| {
                b.iter(|| plan.run(black_box(&input)).expect("the input fits"));
            });
        }
    }
}

/// Prints how long the largest recogniser takes to prepare for four faces at once, as the engine does when it loads, and what
/// is held then beside what its weights take.
fn time_loading() {
    let nothing = resident_megabytes();
    let graph = iresnet_50();
    let before = resident_megabytes();
    let started = Instant::now();
    let backend = Backend::Cpu { threads: 2 };
    let network = Network::fixed(&graph, &backend, (112, 112), 4).expect("the shapes fit");
    let took = started.elapsed();
    drop(graph);
    let (Some(nothing), Some(before), Some(after)) = (nothing, before, resident_megabytes()) else { return };
    let (weights, held) = (before - nothing, after - nothing);
    let share = held / weights;
    println!(
        "iresnet-50: {weights:.0} MB of weights; prepared in {took:.2?} and {held:.0} MB ({share:.2} of them) held"
    );
    drop(network);
}

/// Memory of this process that is there (Linux; elsewhere nobody knows).
fn resident_megabytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok().map(|kilobytes: f64| kilobytes / 1e3)
}
