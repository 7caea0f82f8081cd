//! Whole networks of the shapes that the kiosk runs, with random weights: how long one picture takes.
//!
//! `cargo bench --bench nn` (add `-- --quick` for a glance), one and two threads. With `-- --serve` it is our side of
//! `benches/peers.py`.
#![allow(clippy::expect_used, reason = "a bench whose network does not build has nothing to measure")]

mod networks;
mod serve;

use criterion::Criterion;
use faceprint::nn::{Graph, Plan};
use networks::{mobilefacenet, noise, scrfd_500m, thin_iresnet};
use std::hint::black_box;

/// Name, network, height and width of the input.
type Net = (&'static str, fn() -> Graph, usize, usize);

fn main() {
    if std::env::args().any(|argument| argument == "--serve") {
        serve::serve().expect("a command that can be carried out");
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    time_networks(&mut criterion);
    criterion.final_summary();
}

fn time_networks(c: &mut Criterion) {
    let nets: [Net; 3] = [
        ("mobilefacenet 112x112", mobilefacenet, 112, 112),
        ("thin iresnet 112x112", thin_iresnet, 112, 112),
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
