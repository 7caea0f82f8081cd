//! What a frame of 1280x720 costs beside the networks: `cargo bench --bench frame`.
//!
//! Decoding a JPEG, converting what webcams send, fitting the frame into the detector's input, the values that the
//! network takes, and the crop of a face.
#![allow(clippy::expect_used, reason = "a bench whose picture is refused has nothing to measure")]

use criterion::{Criterion, criterion_group, criterion_main};
use faceprint::{
    domain::Moment,
    imaging::{
        ARCFACE_SIZE, Frame, Picture, Similarity, decode_jpeg, letterbox, nv12_to_rgb, warp, yuyv_to_rgb,
    },
    vision::align::push_planes,
};
use image::{ImageFormat, RgbImage};
use std::{hint::black_box, io::Cursor, time::Duration};

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// Waves of several lengths: smooth parts and edges, about as hard to compress as a lobby.
fn picture() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let wave = |length: f32, slant: f32| 127.0 + 60.0 * ((x + slant * y) / length).sin();
        let grain = (x * 12.9898 + y * 78.233).sin() * 43_758.547;
        let grain = (grain - grain.floor()) * 12.0;
        image::Rgb([wave(91.0, 0.4), wave(47.0, -0.9), wave(23.0, 0.2)].map(|value| (value + grain) as u8))
    })
}

fn frames(criterion: &mut Criterion) {
    let image = picture();
    let mut jpeg = Cursor::new(Vec::new());
    image.write_to(&mut jpeg, ImageFormat::Jpeg).expect("a picture of this size can be encoded");
    let jpeg = jpeg.into_inner();
    let picture = Picture::new(WIDTH, HEIGHT, image.into_raw()).expect("a picture of this size");
    let pixels = picture.rgb().to_vec();
    let captured = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
    let frame = Frame::from_picture(picture, captured, 0);

    let mut group = criterion.benchmark_group("frame 1280x720");
    group.bench_function(format!("decode JPEG of {} kB", jpeg.len() / 1000), |b| {
        b.iter(|| decode_jpeg(black_box(&jpeg)).expect("a whole JPEG"));
    });
    group.bench_function("YUYV to RGB", |b| {
        b.iter(|| yuyv_to_rgb(black_box(&pixels), WIDTH, HEIGHT).expect("enough bytes"));
    });
    group.bench_function("NV12 to RGB", |b| {
        b.iter(|| nv12_to_rgb(black_box(&pixels), WIDTH, HEIGHT).expect("enough bytes"));
    });
    let mut fitted = Vec::new();
    for (width, height) in [(512, 288), (256, 160)] {
        group.bench_function(format!("letterbox to {width}x{height}"), |b| {
            b.iter(|| letterbox(black_box(&frame), width, height, 128, &mut fitted));
        });
    }
    let mut planes = Vec::new();
    group.bench_function("values of 256x160 pixels", |b| {
        b.iter(|| {
            planes.clear();
            push_planes(black_box(&fitted), 127.5, 128.0, &mut planes);
        });
    });
    let crop_from_frame = Similarity::new(0.4, 0.05, -180.0, -100.0).expect("not a point");
    let mut crop = Vec::new();
    group.bench_function("warp to 112x112", |b| {
        b.iter(|| warp(black_box(&frame), &crop_from_frame, ARCFACE_SIZE, ARCFACE_SIZE, &mut crop));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = frames
}
criterion_main!(benches);
