//! What a frame of 1280x720 costs beside the networks: `cargo bench --bench frame`.
//!
//! Decoding a JPEG, converting what webcams send, fitting the frame into the detector's input, the values that the
//! network takes, its boxes, the crop of a face and its quality, following and deciding, and the pixels as the window
//! wants them. Not their upload: that is the graphics card's and needs a window (`faceprint bench --window` draws one).
#![allow(clippy::expect_used, reason = "a bench whose picture is refused has nothing to measure")]

use criterion::{Criterion, criterion_group, criterion_main};
use faceprint::{
    attendance::LastMark,
    domain::{DetectedFace, Landmarks, MarkKind, Moment, Point, Rect},
    imaging::{
        ARCFACE_SIZE, Frame, Picture, Similarity, decode_jpeg, letterbox, nv12_to_rgb, warp, yuyv_to_rgb,
    },
    runtime::ledger::policy,
    settings::Settings,
    tracking::{Tracker, TrackingConfig},
    vision::{
        align::push_planes,
        detect::{Cells, Maps, non_maximum_suppression},
        quality,
        scrfd::{ANCHORS, STRIDES},
    },
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
    let face = face(600.0, 200.0);
    group.bench_function("quality of a crop", |b| {
        b.iter(|| quality::assess(black_box(&face), (WIDTH, HEIGHT), &crop));
    });
    group.bench_function("pixels for the window", |b| {
        let size = [WIDTH as usize, HEIGHT as usize];
        b.iter(|| egui::ColorImage::from_rgb(size, black_box(frame.rgb())));
    });
    group.finish();
}

/// What follows the networks and depends on how many faces there are: here two.
fn decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("two faces");
    let levels = STRIDES.map(|stride| {
        let cells = Cells { width: 512 / stride, height: 288 / stride, stride };
        let plane = cells.width * cells.height;
        let anchors = ANCHORS * plane;
        // A face lights up several cells of each level; its box is two strides in each direction.
        let mut scores = vec![0.1; anchors];
        scores.iter_mut().skip(anchors / 5).take(6).for_each(|score| *score = 0.8);
        scores.iter_mut().skip(anchors / 3).take(6).for_each(|score| *score = 0.9);
        let points = [-0.5, -0.5, 0.5, -0.5, 0.0, 0.0, -0.4, 0.6, 0.4, 0.6_f32];
        let landmarks: Vec<f32> = (0..10 * anchors).map(|i| points[i / plane % 10]).collect();
        (cells, scores, vec![2.0; 4 * anchors], landmarks)
    });
    let mut candidates = Vec::new();
    group.bench_function("boxes of 512x288, suppression included", |b| {
        b.iter(|| {
            candidates.clear();
            for (cells, scores, boxes, landmarks) in black_box(&levels) {
                let maps = Maps { scores, boxes, landmarks };
                cells.decode(&maps, 0.5, &mut candidates).expect("maps of this size");
            }
            let faces = non_maximum_suppression(&mut candidates, 0.4);
            assert!(!faces.is_empty(), "nothing was decoded");
            faces
        });
    });
    let (mut tracker, mut at) = (Tracker::new(TrackingConfig::default()), Duration::ZERO);
    let faces = [face(300.0, 200.0), face(800.0, 250.0)];
    group.bench_function("following them", |b| {
        b.iter(|| {
            at += Duration::from_millis(33);
            tracker.update(at, black_box(&faces))
        });
    });
    let policy = policy(&Settings::for_site("bench"));
    let utc = jiff::Timestamp::UNIX_EPOCH;
    let last = LastMark { kind: MarkKind::CheckIn, at: utc, seen: utc };
    let now = utc + Duration::from_hours(4);
    group.bench_function("deciding about one", |b| {
        b.iter(|| policy.decide(Some(black_box(&last)), now, None));
    });
    group.finish();
}

fn face(x: f32, y: f32) -> DetectedFace {
    let landmarks = [(30.0, 45.0), (70.0, 45.0), (50.0, 65.0), (35.0, 85.0), (65.0, 85.0)];
    DetectedFace {
        bbox: Rect { x0: x, y0: y, x1: x + 100.0, y1: y + 120.0 },
        landmarks: Landmarks(landmarks.map(|(left, top)| Point { x: x + left, y: y + top })),
        score: 0.9,
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = frames, decisions
}
criterion_main!(benches);
