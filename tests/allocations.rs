//! A plan allocates when it is compiled and never again: the kiosk runs networks for months. And what a loaded network holds.
//!
//! A file of its own, because the allocator that counts is the whole program's.
#![allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one counts and calls the system's"
)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../benches/networks/mod.rs"]
#[allow(dead_code, reason = "the benches use all of them")]
mod networks;

use faceprint::{
    nn::{Activation, ConvWeights, Graph, LinearWeights, Plan},
    vision::network::{Backend, Network},
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

#[global_allocator]
static COUNTING: Counting = Counting;
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are allocated and not freed.
static HELD: AtomicUsize = AtomicUsize::new(0);
/// Held by the test that counts.
static ALONE: Mutex<()> = Mutex::new(());

struct Counting;

// SAFETY: the system's allocator does everything; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

fn conv(inputs: usize, outputs: usize, kernel: usize, stride: usize, groups: usize) -> ConvWeights {
    let per_group = inputs / groups;
    ConvWeights {
        out_channels: outputs,
        in_channels_per_group: per_group,
        kernel: (kernel, kernel),
        stride,
        padding: kernel / 2,
        groups,
        weight: vec![0.01; outputs * per_group * kernel * kernel],
        bias: vec![0.1; outputs],
    }
}

/// Every kind of step: stem, depthwise alone and within, winograd, residual with an affine behind it, an affine by itself,
/// pools, a gate behind weights in half precision, upsampling, outputs that are computed together, a fully connected end.
fn every_kind() -> Graph {
    let (mut graph, x) = Graph::new(3);
    let x = graph.conv(x, conv(3, 32, 3, 2, 1), Activation::Relu);
    let y = graph.conv(x, conv(32, 32, 3, 1, 32), Activation::Prelu(vec![0.2; 32]));
    let y = graph.conv(y, conv(32, 32, 1, 1, 1), Activation::None);
    let y = graph.conv_add(y, conv(32, 32, 3, 1, 1), x, Activation::Relu);
    let y = graph.affine(y, vec![1.1; 32], vec![0.1; 32]);
    let y = graph.max_pool2x2(y);
    let y = graph.avg_pool2x2(y);
    let y = graph.affine(y, vec![0.9; 32], vec![0.1; 32]);
    let mut gate = graph.global_avg_pool(y);
    for (inputs, outputs) in [(32, 1024), (1024, 1024), (1024, 32)] {
        gate = graph.conv(gate, conv(inputs, outputs, 1, 1, 1), Activation::Sigmoid);
    }
    let y = graph.gate(y, gate);
    let small = graph.conv(y, conv(32, 32, 3, 1, 32), Activation::Relu);
    let y = graph.add(small, y);
    let large = graph.upsample2x_nearest(y);
    for (name, channels, activation) in [("score", 2, Activation::Sigmoid), ("box", 8, Activation::None)] {
        let y = graph.conv(large, conv(32, channels, 3, 1, 1), activation);
        graph.output(y, name);
    }
    let weights = LinearWeights { weight: vec![0.01; 32 * 12 * 12 * 5], bias: vec![0.0; 5] };
    let y = graph.flatten_linear(y, weights);
    graph.output(y, "vector");
    graph
}

#[test]
fn a_run_allocates_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (threads, pictures) in [(1, 1), (2, 1), (3, 4)] {
        let mut plan = Plan::compile_batch(&every_kind(), 96, 96, pictures, threads).unwrap();
        let input = vec![0.5; pictures * 3 * 96 * 96];
        // A thread's first wait may allocate what the system needs for it, and on a busy machine a helper comes late.
        for _ in 0..20 {
            plan.run(&input).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for frame in 0..50 {
            plan.run(&input[..(frame % pictures + 1) * 3 * 96 * 96]).unwrap();
            plan.wipe();
        }
        let counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
        assert_eq!(counted, 0, "{threads} threads, {pictures} pictures");
    }
}

/// Bytes that are used of the memory for which large pages have been asked: the allocator knows nothing of it.
fn in_large_pages() -> usize {
    #[cfg(not(target_os = "linux"))]
    return 0;
    #[cfg(target_os = "linux")]
    {
        let (mut bytes, mut used) = (0, 0);
        for line in std::fs::read_to_string("/proc/self/smaps").unwrap().lines() {
            if let Some(kilobytes) = line.strip_prefix("Rss:") {
                used = 1024 * kilobytes.trim().trim_end_matches(" kB").parse::<usize>().unwrap();
            }
            if line.strip_prefix("VmFlags:").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hg")) {
                bytes += used;
            }
        }
        bytes
    }
}

/// As the engine loads it: four faces at once, each seen once.
#[test]
fn a_loaded_iresnet_50_holds_less_than_one_and_a_half_times_its_weights() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = HELD.load(Ordering::Relaxed);
    let graph = networks::iresnet_50();
    let weights = HELD.load(Ordering::Relaxed) - before;
    let size = (112, 112);
    let mut network = Network::fixed(&graph, &Backend::Cpu { threads: 2 }, size, 4).unwrap();
    drop(graph);
    network.run(size, &vec![0.5; 4 * 3 * 112 * 112]).unwrap();
    let held = HELD.load(Ordering::Relaxed) + in_large_pages() - before;
    let share = held as f64 / weights as f64;
    println!(
        "{:.1} MB of weights in f32, {:.1} MB held: {share:.3}",
        weights as f64 / 1e6,
        held as f64 / 1e6
    );
    assert!((1.0..1.5).contains(&share), "{share}");
    drop(network);
}
