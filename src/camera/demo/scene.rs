//! Draws the office with people in it, as a webcam would see it: out of focus behind, noise over all.

use super::{
    CameraError,
    cast::{Cast, Level, Sprite, cast},
    script::{Pose, Random},
};
use crate::imaging::{ImagingError, Picture};
use std::sync::OnceLock;

pub(super) const WIDTH: u32 = 1280;
pub(super) const HEIGHT: u32 = 720;
const STRIDE: usize = 3 * WIDTH as usize;
/// Where wall and floor meet: the wall is where an eye distance is 10 pixels, and eyes are 24 of them above the floor.
const FLOOR: f32 = 545.0;
/// Below the eyes in eye distances: where trousers begin, and where feet end.
const TROUSERS: f32 = 10.0;
const FEET: f32 = 24.0;
/// Values in the noise table; a row takes its own stretch of it.
const NOISE: usize = 1 << 16;

/// What does not change from frame to frame.
pub(super) struct Scene {
    cast: &'static Cast,
    office: Vec<u8>,
    noise: Vec<i8>,
}

/// The scene, drawn when it is first asked for.
pub(super) fn scene() -> Result<&'static Scene, CameraError> {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    let cast = cast()?;
    Ok(SCENE.get_or_init(|| Scene::new(cast)))
}

impl Scene {
    fn new(cast: &'static Cast) -> Self {
        let mut random = Random::new(0x000f_f1ce);
        // the mean of four uniform numbers is close enough to a normal one; sigma is about 3
        let mut noise = || ((0..4).map(|_| random.between(-10.0, 10.0)).sum::<f32>() / 4.0).round() as i8;
        Self { cast, office: office(), noise: (0..NOISE + STRIDE).map(|_| noise()).collect() }
    }

    /// People in front of the office, farthest first; `light` 0 to 1; `noise` chooses the sensor's noise.
    pub(super) fn picture(&self, poses: &[Pose], light: f32, noise: u64) -> Result<Picture, ImagingError> {
        let mut rgb = self.office.clone();
        for pose in poses {
            if let Some(sprite) = self.cast.sprites.get(pose.person) {
                draw(sprite, pose, &mut rgb);
            }
        }
        self.expose(&mut rgb, light, noise);
        Picture::new(WIDTH, HEIGHT, rgb)
    }

    /// Light and sensor noise. Nothing here can overflow; a check for each value would keep the loop from being a vector's.
    fn expose(&self, rgb: &mut [u8], light: f32, noise: u64) {
        let gain = (light.clamp(0.0, 1.0) * 256.0) as u16;
        let mut random = Random::new(noise);
        for row in rgb.chunks_exact_mut(STRIDE) {
            let start = random.next() as usize % NOISE;
            for (value, noise) in row.iter_mut().zip(self.noise.get(start..).unwrap_or_default()) {
                let lit = u16::from(*value).wrapping_mul(gain) >> 8;
                *value = (lit as i16).wrapping_add(i16::from(*noise)).clamp(0, 255) as u8;
            }
        }
    }
}

/// A sprite at its place: from frame pixels to sprite pixels, and what lies below the sprite.
struct Placed<'a> {
    level: &'a Level,
    /// Sprite coordinates at the frame's corner, and their change along a row (`right`) and down (`down`).
    origin: (f32, f32),
    right: (f32, f32),
    down: (f32, f32),
    trousers_at: i64,
    feet_at: i64,
}

/// Fractional bits of sprite coordinates while drawing.
const BITS: u32 = 16;

fn fixed(coordinate: f32) -> i64 {
    (coordinate * (1 << BITS) as f32) as i64
}

impl<'a> Placed<'a> {
    fn new(sprite: &'a Sprite, pose: &Pose) -> Option<Self> {
        let scale = sprite.eye_distance / pose.eye_px;
        let shrink = if scale >= 4.0 { 2 } else { usize::from(scale >= 2.0) };
        let level = sprite.levels.get(shrink)?;
        let divide = (1 << shrink) as f32;
        let (sin, cos) = pose.roll_deg.to_radians().sin_cos();
        let scale = scale / divide;
        let right = (cos * scale / pose.turn, -sin * scale);
        let down = (sin * scale / pose.turn, cos * scale);
        let eyes = (sprite.eyes.0 / divide, sprite.eyes.1 / divide);
        let unit = sprite.eye_distance / divide;
        Some(Self {
            level,
            origin: (
                eyes.0 - right.0 * pose.x - down.0 * pose.y,
                eyes.1 - right.1 * pose.x - down.1 * pose.y,
            ),
            right,
            down,
            trousers_at: fixed(eyes.1 + TROUSERS * unit),
            feet_at: fixed(eyes.1 + FEET * unit),
        })
    }

    /// The columns of a row in which the sprite is, and the coordinates at the first of them.
    fn row(&self, y: usize) -> (std::ops::Range<usize>, (f32, f32)) {
        let at = (self.origin.0 + self.down.0 * y as f32, self.origin.1 + self.down.1 * y as f32);
        let column = |u: f32| ((u - at.0) / self.right.0).ceil().clamp(0.0, WIDTH as f32) as usize;
        let columns = column(0.0)..column((self.level.width - 1) as f32);
        let first = columns.start as f32;
        (columns, (at.0 + self.right.0 * first, at.1 + self.right.1 * first))
    }

    /// Colour multiplied by opacity. The shirt goes on below the sprite.
    fn sample(&self, u: i64, v: i64) -> u32 {
        if u < 0 || v < 0 || v >= self.feet_at {
            return 0;
        }
        if v >= self.trousers_at {
            return self.trousers(u);
        }
        let (x, y) = ((u >> BITS) as usize, (v >> BITS) as usize);
        let weight = |coordinate: i64| (coordinate >> (BITS - 8)) as u32 & 255;
        let pair = |y: usize| {
            let at = y * self.level.width + x;
            self.level.pixels.get(at..at + 2).and_then(<[u32]>::as_array)
        };
        let last = self.level.height - 1;
        let Some(&[a, b]) = pair(y.min(last)) else { return 0 };
        let upper = lerp(a, b, weight(u));
        let Some(&[c, d]) = (if y < last { pair(y + 1) } else { None }) else { return upper };
        lerp(upper, lerp(c, d, weight(u)), weight(v))
    }

    /// Two legs, for somebody far enough away to show them.
    fn trousers(&self, u: i64) -> u32 {
        let from_middle = ((u >> BITS) as f32 / self.level.width as f32 - 0.5).abs();
        if (0.03..0.27).contains(&from_middle) { u32::from_le_bytes([44, 47, 58, 255]) } else { 0 }
    }
}

/// All four bytes from `a` (at 0) to `b` (at 256), two at a time.
fn lerp(a: u32, b: u32, weight: u32) -> u32 {
    const EVEN: u32 = 0x00ff_00ff;
    let even = (a & EVEN) * (256 - weight) + (b & EVEN) * weight;
    let odd = ((a >> 8) & EVEN) * (256 - weight) + ((b >> 8) & EVEN) * weight;
    ((even >> 8) & EVEN) | (odd & !EVEN)
}

fn draw(sprite: &Sprite, pose: &Pose, rgb: &mut [u8]) {
    let Some(placed) = Placed::new(sprite, pose) else { return };
    let above = (placed.level.height as f32 / placed.down.1) as usize;
    let first_row = (pose.y as usize).saturating_sub(above);
    let (du, dv) = (fixed(placed.right.0), fixed(placed.right.1));
    for (y, row) in rgb.chunks_exact_mut(STRIDE).enumerate().skip(first_row) {
        let (columns, at) = placed.row(y);
        let (mut u, mut v) = (fixed(at.0), fixed(at.1));
        for pixel in row.as_chunks_mut::<3>().0.get_mut(columns).unwrap_or_default() {
            let [r, g, b, a] = placed.sample(u, v).to_le_bytes();
            if a > 0 {
                let left = 256 - u32::from(a) - u32::from(a >> 7);
                let over =
                    |below: u8, above: u8| (((u32::from(below) * left) >> 8) as u8).saturating_add(above);
                *pixel = [over(pixel[0], r), over(pixel[1], g), over(pixel[2], b)];
            }
            (u, v) = (u + du, v + dv);
        }
    }
}

type Colour = [f32; 3];

/// Paints with soft-edged shapes; later ones cover earlier ones.
struct Canvas(Vec<Colour>);

impl Canvas {
    /// `paint` gets the position inside the rectangle, 0 to 1 both ways.
    fn area(&mut self, (x0, y0): (f32, f32), (x1, y1): (f32, f32), paint: impl Fn(f32, f32) -> Colour) {
        for (i, pixel) in self.0.iter_mut().enumerate() {
            let (x, y) = ((i % WIDTH as usize) as f32, (i / WIDTH as usize) as f32);
            if (x0..x1).contains(&x) && (y0..y1).contains(&y) {
                *pixel = paint((x - x0) / (x1 - x0), (y - y0) / (y1 - y0));
            }
        }
    }

    fn rect(&mut self, from: (f32, f32), to: (f32, f32), colour: Colour) {
        self.area(from, to, |_, _| colour);
    }

    fn ellipse(&mut self, (cx, cy): (f32, f32), (rx, ry): (f32, f32), colour: Colour) {
        for (i, pixel) in self.0.iter_mut().enumerate() {
            let (x, y) = ((i % WIDTH as usize) as f32 - cx, (i / WIDTH as usize) as f32 - cy);
            if (x / rx).powi(2) + (y / ry).powi(2) < 1.0 {
                *pixel = colour;
            }
        }
    }

    /// A blur by 5x5 means, twice: the camera looks at people, not at the wall.
    fn out_of_focus(&mut self) {
        for _ in 0..2 {
            for (step, length) in [(1, WIDTH as usize), (WIDTH as usize, HEIGHT as usize)] {
                let before = self.0.clone();
                for (i, pixel) in self.0.iter_mut().enumerate() {
                    let place = i / step % length;
                    let near = place.saturating_sub(2)..(place + 3).min(length);
                    let count = near.len() as f32;
                    let mut sum = [0.0; 3];
                    for colour in near.filter_map(|near| before.get(i + near * step - place * step)) {
                        sum = std::array::from_fn(|c| sum[c] + colour[c]);
                    }
                    *pixel = sum.map(|sum| sum / count);
                }
            }
        }
    }
}

fn mix(a: Colour, b: Colour, t: f32) -> Colour {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * t)
}

/// A wall with door, clock, picture, cabinet, plant and window, and a carpet.
fn office() -> Vec<u8> {
    let (width, height) = (WIDTH as f32, HEIGHT as f32);
    let mut canvas = Canvas(vec![[0.0; 3]; (WIDTH * HEIGHT) as usize]);
    let wall = |x: f32, y: f32| {
        mix(mix([176.0, 172.0, 164.0], [212.0, 208.0, 200.0], x), [160.0, 156.0, 150.0], 0.5 * y * y)
    };
    canvas.area((0.0, 0.0), (width, FLOOR), wall);
    canvas.area((0.0, FLOOR), (width, height), |_, y| mix([104.0, 106.0, 112.0], [74.0, 76.0, 82.0], y));
    canvas.rect((0.0, FLOOR - 14.0), (width, FLOOR), [206.0, 204.0, 198.0]);
    door(&mut canvas);
    window(&mut canvas);
    furniture(&mut canvas);
    canvas.out_of_focus();
    canvas.0.iter().flatten().map(|value| *value as u8).collect()
}

fn door(canvas: &mut Canvas) {
    canvas.rect((84.0, 208.0), (246.0, FLOOR), [196.0, 192.0, 184.0]);
    canvas.area((94.0, 218.0), (236.0, FLOOR), |x, _| mix([146.0, 112.0, 80.0], [160.0, 126.0, 92.0], x));
    for top in [236.0, 392.0] {
        canvas.rect((112.0, top), (218.0, top + 134.0), [134.0, 102.0, 72.0]);
        canvas.rect((116.0, top + 4.0), (214.0, top + 130.0), [152.0, 118.0, 86.0]);
    }
    canvas.rect((210.0, 382.0), (230.0, 388.0), [190.0, 190.0, 192.0]);
}

fn window(canvas: &mut Canvas) {
    canvas.rect((884.0, 92.0), (1196.0, 340.0), [232.0, 230.0, 226.0]);
    canvas.area((896.0, 104.0), (1184.0, 328.0), |_, y| mix([176.0, 204.0, 232.0], [226.0, 232.0, 232.0], y));
    canvas.area((896.0, 268.0), (1184.0, 328.0), |x, y| {
        mix([126.0, 150.0, 116.0], [104.0, 130.0, 98.0], (x * 9.0).sin().abs() * y)
    });
    canvas.rect((1035.0, 104.0), (1045.0, 328.0), [232.0, 230.0, 226.0]);
    canvas.rect((896.0, 208.0), (1184.0, 215.0), [232.0, 230.0, 226.0]);
    canvas.rect((870.0, 340.0), (1210.0, 352.0), [220.0, 218.0, 212.0]);
}

fn furniture(canvas: &mut Canvas) {
    canvas.ellipse((330.0, 140.0), (34.0, 34.0), [70.0, 72.0, 76.0]);
    canvas.ellipse((330.0, 140.0), (30.0, 30.0), [236.0, 236.0, 232.0]);
    canvas.rect((328.5, 120.0), (331.5, 142.0), [60.0, 60.0, 64.0]);
    canvas.rect((330.0, 138.5), (346.0, 141.5), [60.0, 60.0, 64.0]);
    canvas.rect((470.0, 130.0), (650.0, 250.0), [84.0, 76.0, 70.0]);
    canvas.area((478.0, 138.0), (642.0, 242.0), |x, y| {
        let hill = 0.55 + 0.18 * (x * 7.0).sin();
        if y > hill {
            mix([92.0, 124.0, 130.0], [58.0, 84.0, 96.0], y)
        } else {
            mix([206.0, 190.0, 160.0], [222.0, 208.0, 186.0], y)
        }
    });
    canvas.rect((420.0, 440.0), (760.0, FLOOR), [168.0, 166.0, 162.0]);
    canvas.rect((412.0, 432.0), (768.0, 442.0), [190.0, 188.0, 182.0]);
    canvas.rect((588.0, 446.0), (592.0, FLOOR - 4.0), [142.0, 140.0, 136.0]);
    let spines = [
        [120.0, 64.0, 58.0],
        [70.0, 92.0, 116.0],
        [186.0, 168.0, 120.0],
        [88.0, 112.0, 88.0],
        [94.0, 84.0, 110.0],
    ];
    for (i, colour) in spines.into_iter().cycle().take(9).enumerate() {
        let left = 440.0 + 15.0 * i as f32;
        canvas.rect((left, 378.0 + 7.0 * (i % 3) as f32), (left + 13.0, 432.0), colour);
    }
    for (i, (x, y)) in [(690.0, 372.0), (668.0, 384.0), (714.0, 384.0), (680.0, 350.0), (704.0, 352.0)]
        .into_iter()
        .enumerate()
    {
        canvas.ellipse((x, y), (14.0, 27.0), mix([72.0, 108.0, 66.0], [98.0, 136.0, 84.0], i as f32 / 4.0));
    }
    canvas.area((666.0, 396.0), (716.0, 432.0), |x, _| mix([176.0, 110.0, 84.0], [150.0, 90.0, 68.0], x));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn little_light_makes_everything_darker() {
        let scene = scene().unwrap();
        let mean = |light| {
            let picture = scene.picture(&[], light, 3).unwrap();
            picture.rgb().iter().map(|&value| f64::from(value)).sum::<f64>() / picture.rgb().len() as f64
        };
        let (full, dim) = (mean(1.0), mean(0.4));
        assert!(full > 120.0 && (dim / full - 0.4).abs() < 0.02, "{full} {dim}");
    }

    #[test]
    fn noise_changes_from_frame_to_frame_but_only_a_little() {
        let scene = scene().unwrap();
        let (a, b) = (scene.picture(&[], 1.0, 1).unwrap(), scene.picture(&[], 1.0, 2).unwrap());
        let differing = a.rgb().iter().zip(b.rgb()).filter(|(a, b)| a != b).count();
        assert!(differing > a.rgb().len() / 2);
        assert!(a.rgb().iter().zip(b.rgb()).all(|(a, b)| a.abs_diff(*b) <= 20));
    }

    #[test]
    fn lerp_mixes_each_byte_by_itself() {
        for weight in [0, 1, 77, 128, 255, 256] {
            let (a, b) = ([0, 255, 200, 13], [255, 0, 200, 255]);
            let mixed = lerp(u32::from_le_bytes(a), u32::from_le_bytes(b), weight).to_le_bytes();
            for ((got, a), b) in mixed.into_iter().zip(a).zip(b) {
                assert_eq!(u32::from(got), (u32::from(a) * (256 - weight) + u32::from(b) * weight) / 256);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn people_half_outside_or_of_any_size_do_no_harm(
            x in -400.0..1700.0_f32, y in -600.0..2000.0_f32, eye_px in 1.0..400.0_f32,
            roll_deg in -30.0..30.0_f32, turn in 0.8..1.0_f32
        ) {
            let pose = Pose { person: 0, x, y, eye_px, roll_deg, turn };
            draw(&cast().unwrap().sprites[0], &pose, &mut vec![7; STRIDE * HEIGHT as usize]);
        }
    }
}
