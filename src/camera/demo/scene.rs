//! Draws the office with people in it, as a webcam would see it: out of focus behind, noise over all.

use super::{
    cast::{Cast, Level, Sprite},
    script::{Pose, Random},
};
use crate::imaging::{ImagingError, Picture};

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

impl Scene {
    pub(super) fn new(cast: &'static Cast) -> Self {
        let mut random = Random::new(0x0ff1ce);
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

    /// Light and sensor noise.
    fn expose(&self, rgb: &mut [u8], light: f32, noise: u64) {
        let gain = (light.clamp(0.0, 1.0) * 256.0) as u16;
        let mut random = Random::new(noise);
        for row in rgb.chunks_exact_mut(STRIDE) {
            let start = random.next() as usize % NOISE;
            for (value, noise) in row.iter_mut().zip(self.noise.get(start..).unwrap_or_default()) {
                let lit = (u16::from(*value) * gain) >> 8;
                *value = (lit as i16 + i16::from(*noise)).clamp(0, 255) as u8;
            }
        }
    }
}

/// From frame pixels to sprite pixels, and what lies below the sprite.
struct Placed<'a> {
    level: &'a Level,
    /// Sprite coordinates at the frame's corner, and their change along a row (`right`) and down (`down`).
    origin: (f32, f32),
    right: (f32, f32),
    down: (f32, f32),
    trousers_at: f32,
    feet_at: f32,
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
            trousers_at: eyes.1 + TROUSERS * unit,
            feet_at: eyes.1 + FEET * unit,
        })
    }

    /// The columns of a row in which the sprite is, and the coordinates at column 0.
    fn row(&self, y: usize) -> (std::ops::Range<usize>, (f32, f32)) {
        let at = (self.origin.0 + self.down.0 * y as f32, self.origin.1 + self.down.1 * y as f32);
        let column = |u: f32| ((u - at.0) / self.right.0).ceil().clamp(0.0, WIDTH as f32) as usize;
        (column(0.0)..column((self.level.width - 1) as f32), at)
    }

    /// Colour multiplied by opacity. The shirt goes on below the sprite.
    fn sample(&self, u: f32, v: f32) -> [u8; 4] {
        if v < 0.0 || v >= self.feet_at {
            return [0; 4];
        }
        if v >= self.trousers_at {
            return self.trousers(u / self.level.width as f32);
        }
        let (width, last) = (self.level.width, self.level.height - 1);
        // weights have 8 bits
        let (u, v) = ((u * 256.0) as usize, (v.min(last as f32) * 256.0) as usize);
        let (x, y, fx, fy) = (u >> 8, v >> 8, (u & 255) as u32, (v & 255) as u32);
        let pair = |y: usize| self.level.pixels.get(y * width + x..y * width + x + 2);
        let (Some(&[a, b]), Some(&[c, d])) =
            (pair(y).and_then(<[_]>::as_array), pair((y + 1).min(last)).and_then(<[_]>::as_array))
        else {
            return [0; 4];
        };
        if (a[3] | b[3] | c[3] | d[3]) == 0 {
            return [0; 4];
        }
        std::array::from_fn(|i| {
            let upper = u32::from(a[i]) * (256 - fx) + u32::from(b[i]) * fx;
            let lower = u32::from(c[i]) * (256 - fx) + u32::from(d[i]) * fx;
            ((upper * (256 - fy) + lower * fy + (1 << 15)) >> 16) as u8
        })
    }

    /// Two legs, for somebody far enough away to show them; `u` goes from 0 to 1.
    fn trousers(&self, u: f32) -> [u8; 4] {
        let from_middle = (u - 0.5).abs();
        if (0.03..0.27).contains(&from_middle) { [44, 47, 58, 255] } else { [0; 4] }
    }
}

fn draw(sprite: &Sprite, pose: &Pose, rgb: &mut [u8]) {
    let Some(placed) = Placed::new(sprite, pose) else { return };
    let above = (placed.level.height as f32 / placed.down.1) as usize;
    let first_row = (pose.y as usize).saturating_sub(above);
    for (y, row) in rgb.chunks_exact_mut(STRIDE).enumerate().skip(first_row) {
        let (columns, at) = placed.row(y);
        let pixels = row.as_chunks_mut::<3>().0.iter_mut().enumerate();
        for (x, pixel) in pixels.take(columns.end).skip(columns.start) {
            let x = x as f32;
            let [r, g, b, a] = placed.sample(at.0 + placed.right.0 * x, at.1 + placed.right.1 * x);
            let left = 256 - u32::from(a) - u32::from(a >> 7);
            let over = |below: u8, above: u8| ((u32::from(below) * left >> 8) as u8).saturating_add(above);
            *pixel = [over(pixel[0], r), over(pixel[1], g), over(pixel[2], b)];
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
                    let near = (place.saturating_sub(2)..(place + 3).min(length))
                        .map(|near| i + near * step - place * step);
                    let near: Vec<&Colour> = near.filter_map(|near| before.get(near)).collect();
                    *pixel = std::array::from_fn(|c| {
                        near.iter().map(|colour| colour[c]).sum::<f32>() / near.len() as f32
                    });
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
    use crate::camera::demo::cast::cast;

    #[test]
    fn little_light_makes_everything_darker() {
        let scene = Scene::new(cast().unwrap());
        let mean = |light| {
            let picture = scene.picture(&[], light, 3).unwrap();
            picture.rgb().iter().map(|&value| f64::from(value)).sum::<f64>() / picture.rgb().len() as f64
        };
        let (full, dim) = (mean(1.0), mean(0.4));
        assert!(full > 120.0 && (dim / full - 0.4).abs() < 0.02, "{full} {dim}");
    }

    #[test]
    fn noise_changes_from_frame_to_frame_but_only_a_little() {
        let scene = Scene::new(cast().unwrap());
        let (a, b) = (scene.picture(&[], 1.0, 1).unwrap(), scene.picture(&[], 1.0, 2).unwrap());
        let differing = a.rgb().iter().zip(b.rgb()).filter(|(a, b)| a != b).count();
        assert!(differing > a.rgb().len() / 2);
        assert!(a.rgb().iter().zip(b.rgb()).all(|(a, b)| a.abs_diff(*b) <= 20));
    }

    #[test]
    fn people_half_outside_or_of_any_size_do_no_harm() {
        let scene = Scene::new(cast().unwrap());
        for (x, y, eye_px) in
            [(-60.0, 300.0, 17.0), (1290.0, 700.0, 70.0), (640.0, -500.0, 400.0), (0.0, 9000.0, 1.0)]
        {
            let pose = Pose { person: 0, x, y, eye_px, roll_deg: 20.0, turn: 0.9 };
            assert!(scene.picture(&[pose], 1.0, 0).is_ok());
        }
    }
}
