//! Three small pictures of parts of the screen, so that a change of looks is seen and not only read of: letters, colours,
//! rounding, alignment. They are drawn here, triangle by triangle, as a graphics card would, so that every machine has one.
//!
//! After a change that is meant: `FACEPRINT_DRAW=1 cargo test --test screens drawn`, and look at the new pictures.

use super::{Bench, SIZES, hostday::at_today};
use crate::fake::Fake;
use egui::{
    Color32, ColorImage, Pos2, Rect, TextureId,
    epaint::{Primitive, Vertex},
    pos2,
};
use faceprint::{
    domain::MarkKind,
    runtime::messages::CameraStatus,
    settings::{Look, Settings},
};
use image::RgbImage;
use std::path::PathBuf;

/// A pixel of a picture is the mean of so many times so many of the screen.
const SHRINK: usize = 2;
/// Mean difference of a channel, of 255, that another machine's rounding may make.
const MEAN: f64 = 0.2;
/// Mean difference in a square of [`SQUARE`] pixels: one letter that changed is more.
const LOCAL: f64 = 4.0;
const SQUARE: u32 = 8;

/// A part of the screen in red, green and blue, 0 to 1; pixels row by row.
struct Canvas {
    part: Rect,
    pixels: Vec<[f32; 3]>,
}

impl Canvas {
    fn of(bench: &Bench, part: Rect) -> Self {
        let ctx = &bench.harness.ctx;
        // The window is cleared with its ground.
        let [red, green, blue, _] = parts(ctx.global_style().visuals.panel_fill);
        let mut canvas = Self { part, pixels: vec![[red, green, blue]; part.area() as usize] };
        #[allow(clippy::redundant_closure_for_method_calls)] // the method itself has a lifetime too few
        let letters = ctx.fonts(|fonts| fonts.image());
        for primitive in ctx.tessellate(bench.harness.output().shapes.clone(), 1.0) {
            let Primitive::Mesh(mesh) = primitive.primitive else { continue };
            if mesh.texture_id != TextureId::default() {
                continue; // the camera's picture
            }
            for corners in mesh.indices.chunks_exact(3) {
                let corners = [corners[0], corners[1], corners[2]].map(|at| mesh.vertices[at as usize]);
                canvas.triangle(corners, primitive.clip_rect, &letters);
            }
        }
        canvas
    }

    fn triangle(&mut self, [a, mut b, mut c]: [Vertex; 3], clip: Rect, letters: &ColorImage) {
        /// Twice the area between an edge and a point: positive inside of a triangle that turns to the right.
        fn edge(from: Pos2, to: Pos2, at: Pos2) -> f32 {
            (to.x - from.x) * (at.y - from.y) - (to.y - from.y) * (at.x - from.x)
        }
        /// A pixel on an edge belongs to one of the two triangles that share it.
        fn inside(from: Pos2, to: Pos2, weight: f32) -> bool {
            let owns = to.y < from.y || (to.y == from.y && to.x > from.x);
            weight > 0.0 || (weight == 0.0 && owns)
        }
        if edge(a.pos, b.pos, c.pos) < 0.0 {
            std::mem::swap(&mut b, &mut c);
        }
        let area = edge(a.pos, b.pos, c.pos);
        if area <= 0.0 {
            return;
        }
        let (left, top, width) = (self.part.left() as usize, self.part.top() as usize, self.width());
        let place = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip).intersect(self.part);
        if !place.is_positive() {
            return;
        }
        for y in place.top().floor() as usize..place.bottom().ceil() as usize {
            for x in place.left().floor() as usize..place.right().ceil() as usize {
                let at = pos2(x as f32 + 0.5, y as f32 + 0.5);
                let weights = [edge(b.pos, c.pos, at), edge(c.pos, a.pos, at), edge(a.pos, b.pos, at)];
                let within = inside(b.pos, c.pos, weights[0])
                    && inside(c.pos, a.pos, weights[1])
                    && inside(a.pos, b.pos, weights[2]);
                if !within || !clip.contains(at) {
                    continue;
                }
                let mix =
                    |of: [f32; 3]| (0..3).map(|corner| of[corner] * weights[corner]).sum::<f32>() / area;
                let texel = texel(letters, mix([a.uv.x, b.uv.x, c.uv.x]), mix([a.uv.y, b.uv.y, c.uv.y]));
                let [a, b, c] = [a.color, b.color, c.color].map(parts);
                let ink = [0, 1, 2, 3].map(|part| mix([a[part], b[part], c[part]]) * texel[part]);
                for (under, over) in self.pixels[(y - top) * width + x - left].iter_mut().zip(ink) {
                    *under = over + *under * (1.0 - ink[3]);
                }
            }
        }
    }

    fn width(&self) -> usize {
        self.part.width() as usize
    }

    /// Made smaller.
    fn picture(&self) -> RgbImage {
        let size = [self.part.width(), self.part.height()].map(|side| side as u32 / SHRINK as u32);
        RgbImage::from_fn(size[0], size[1], |x, y| {
            let mut sums = [0.0; 3];
            for n in 0..SHRINK * SHRINK {
                let column = x as usize * SHRINK + n % SHRINK;
                let row = y as usize * SHRINK + n / SHRINK;
                for (sum, part) in sums.iter_mut().zip(self.pixels[row * self.width() + column]) {
                    *sum += part;
                }
            }
            image::Rgb(sums.map(|sum| (sum / (SHRINK * SHRINK) as f32 * 255.0).round() as u8))
        })
    }
}

fn parts(colour: Color32) -> [f32; 4] {
    colour.to_array().map(|part| f32::from(part) / 255.0)
}

/// Between four texels, as a card samples; `u` and `v` run from 0 to 1.
fn texel(letters: &ColorImage, u: f32, v: f32) -> [f32; 4] {
    let [width, height] = letters.size;
    let (x, y) = ((u * width as f32 - 0.5).max(0.0), (v * height as f32 - 0.5).max(0.0));
    let (right, down) = (x.fract(), y.fract());
    let at = |dx: usize, dy: usize| {
        let (x, y) = ((x as usize + dx).min(width - 1), (y as usize + dy).min(height - 1));
        parts(letters.pixels[y * width + x])
    };
    let corners = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
    [0, 1, 2, 3].map(|part| {
        let top = corners[0][part] * (1.0 - right) + corners[1][part] * right;
        let bottom = corners[2][part] * (1.0 - right) + corners[3][part] * right;
        top * (1.0 - down) + bottom * down
    })
}

/// Mean difference of a channel, in all and in the square where it is largest.
fn differences(a: &RgbImage, b: &RgbImage) -> (f64, f64) {
    let across = a.width().div_ceil(SQUARE);
    let mut squares = vec![(0.0, 0.0); (across * a.height().div_ceil(SQUARE)) as usize];
    for ((x, y, a), b) in a.enumerate_pixels().zip(b.pixels()) {
        let square = &mut squares[(y / SQUARE * across + x / SQUARE) as usize];
        square.0 += a.0.iter().zip(b.0).map(|(a, b)| f64::from(a.abs_diff(b))).sum::<f64>();
        square.1 += 3.0;
    }
    let whole = squares.iter().map(|(sum, _)| sum).sum::<f64>() / squares.iter().map(|(_, n)| n).sum::<f64>();
    (whole, squares.iter().map(|(sum, count)| sum / count).fold(0.0, f64::max))
}

fn check(bench: &Bench, name: &str, part: Rect) {
    let drawn = Canvas::of(bench, part).picture();
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/screens/pictures/{name}.png"));
    if std::env::var_os("FACEPRINT_DRAW").is_some() {
        drawn.save(&kept).unwrap();
        return;
    }
    let known = image::open(&kept).unwrap().into_rgb8();
    let (mean, local) = differences(&known, &drawn);
    if known.dimensions() != drawn.dimensions() || mean > MEAN || local > LOCAL {
        let there = std::env::temp_dir().join(format!("faceprint-{name}.png"));
        drawn.save(&there).unwrap();
        panic!("{name} looks different by {mean:.2}, {local:.1} in one place: see {}", there.display());
    }
}

#[test]
fn a_card_in_daylight_is_drawn_as_it_was() {
    let mut settings = Settings::for_site("Main entrance");
    settings.display.look = Look::Light;
    let (fake, app) = Fake::new(settings, None);
    let mut bench = Bench::around(fake, app, SIZES[0]);
    bench.fake.answer_hosts();
    bench.fake.snapshot.lock().unwrap().camera = CameraStatus::Live;
    bench.run();
    bench.recorded(1, 1, "Ada Lovelace", MarkKind::CheckIn);
    check(&bench, "card", Rect::from_min_max(pos2(830.0, 20.0), pos2(1270.0, 340.0)));
}

#[test]
fn a_day_is_drawn_as_it_was() {
    let bench = at_today();
    check(&bench, "today", Rect::from_min_max(pos2(230.0, 10.0), pos2(1270.0, 570.0)));
}

#[test]
fn the_pin_pad_is_drawn_as_it_was() {
    let mut bench = Bench::new();
    bench.press("Host mode");
    bench.fake.answer_hosts();
    bench.run();
    check(&bench, "pin-pad", Rect::from_min_max(pos2(400.0, 100.0), pos2(880.0, 700.0)));
}

/// A letter more, and the picture is another.
#[test]
fn another_letter_would_be_seen() {
    let mut bench = Bench::new();
    let part = Rect::from_min_max(pos2(830.0, 20.0), pos2(1270.0, 340.0));
    bench.recorded(1, 1, "Ada Lovelace", MarkKind::CheckIn);
    let first = Canvas::of(&bench, part).picture();
    bench.run();
    let (mean, local) = differences(&first, &Canvas::of(&bench, part).picture());
    assert!(mean < MEAN && local < LOCAL, "the same: {mean} {local}");
    let mut bench = Bench::new();
    bench.recorded(1, 1, "Ada Lovelacf", MarkKind::CheckIn);
    let (_, local) = differences(&first, &Canvas::of(&bench, part).picture());
    assert!(local > LOCAL, "{local}");
}
