//! Exact search in the index: `cargo bench --bench matching`. One query against 1,000, 10,000 and 100,000 templates,
//! three of each person; the vectors are random, which exact search does not mind.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use faceprint::{
    domain::{EMBEDDING_LEN, Embedding, PersonId, TemplateId},
    matching::Index,
};
use std::hint::black_box;

/// Uniform noise from a linear congruential generator, so that every run measures the same.
struct Noise(u64);

impl Noise {
    fn embedding(&mut self) -> Embedding {
        let raw: [f32; EMBEDDING_LEN] = std::array::from_fn(|_| {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
        });
        Embedding::from_raw(&raw).unwrap_or_else(|_| self.embedding())
    }
}

fn search(criterion: &mut Criterion) {
    let mut noise = Noise(1);
    let probe = noise.embedding();
    let mut group = criterion.benchmark_group("matching");
    for templates in [1_000_u128, 10_000, 100_000] {
        let mut index = Index::new();
        for n in 0..templates {
            let (template, person) = (n.to_be_bytes(), (n / 3).to_be_bytes());
            index.insert(TemplateId::from_bytes(template), PersonId::from_bytes(person), &noise.embedding());
        }
        group.throughput(Throughput::Elements(templates as u64));
        group.bench_function(BenchmarkId::new("top_5", templates), |b| {
            b.iter(|| index.search(black_box(&probe), 5));
        });
        group.bench_function(BenchmarkId::new("best_people", templates), |b| {
            b.iter(|| index.best_people(black_box(&probe)));
        });
    }
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);
