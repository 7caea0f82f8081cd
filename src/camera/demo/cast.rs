//! The people of the demo: names and sprites, compiled in.

use crate::camera::CameraError;
use serde::Deserialize;
use std::sync::LazyLock;

/// Somebody in the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// A made-up name.
    pub name: String,
    /// True for those whom `--demo` does not enrol.
    pub stranger: bool,
}

/// A head with shoulders, and where its eyes are.
pub(super) struct Sprite {
    /// Full size first, each level half the one before.
    pub(super) levels: Vec<Level>,
    /// Between the eyes, pixels of the full size.
    pub(super) eyes: (f32, f32),
    /// From eye to eye, pixels of the full size.
    pub(super) eye_distance: f32,
}

/// RGBA in the bytes of a little-endian word, colour multiplied by opacity.
pub(super) struct Level {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<u32>,
}

/// Everybody, people and sprites in the same order.
pub(super) struct Cast {
    pub(super) people: Vec<DemoPerson>,
    pub(super) sprites: Vec<Sprite>,
}

/// Decoded once. Fails only if the program was built from damaged files, which a test would tell.
pub(super) fn cast() -> Result<&'static Cast, CameraError> {
    static CAST: LazyLock<Result<Cast, String>> = LazyLock::new(load);
    CAST.as_ref().map_err(|err| CameraError::Failed(format!("the demo's pictures are damaged ({err})")))
}

macro_rules! sprite_files {
    ($($name:literal),*) => {
        [$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/", $name)))),*]
    };
}

static LIST: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/people.json"));
static FILES: [(&str, &[u8]); 12] = sprite_files![
    "person-01.png",
    "person-02.png",
    "person-03.png",
    "person-04.png",
    "person-05.png",
    "person-06.png",
    "person-07.png",
    "person-08.png",
    "person-09.png",
    "person-10.png",
    "person-11.png",
    "person-12.png"
];

/// `people.json`, as `make_people.py` writes it.
#[derive(Deserialize)]
struct List {
    people: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    name: String,
    stranger: bool,
    /// Left and right in the picture.
    eyes: [(f32, f32); 2],
}

fn load() -> Result<Cast, String> {
    let list: List = serde_json::from_str(LIST).map_err(|err| err.to_string())?;
    let mut cast = Cast { people: Vec::new(), sprites: Vec::new() };
    for entry in list.people {
        let file = FILES.iter().find(|(name, _)| *name == entry.file);
        let (_, bytes) = file.ok_or_else(|| format!("{} is missing", entry.file))?;
        let [left, right] = entry.eyes;
        cast.sprites.push(Sprite {
            levels: levels(bytes)?,
            eyes: (left.0.midpoint(right.0), left.1.midpoint(right.1)),
            eye_distance: (left.0 - right.0).hypot(left.1 - right.1).max(1.0),
        });
        cast.people.push(DemoPerson { name: entry.name, stranger: entry.stranger });
    }
    Ok(cast)
}

fn levels(png: &[u8]) -> Result<Vec<Level>, String> {
    let image =
        image::load_from_memory_with_format(png, image::ImageFormat::Png).map_err(|err| err.to_string())?;
    let image = image.into_rgba8();
    let multiplied = |&[r, g, b, a]: &[u8; 4]| {
        let times = |c: u8| ((u16::from(c) * u16::from(a) + 127) / 255) as u8;
        u32::from_le_bytes([times(r), times(g), times(b), a])
    };
    let full = Level {
        width: image.width() as usize,
        height: image.height() as usize,
        pixels: image.as_raw().as_chunks::<4>().0.iter().map(multiplied).collect(),
    };
    let half = full.halved();
    let quarter = half.halved();
    Ok(vec![full, half, quarter])
}

impl Level {
    /// Means of 2x2 pixels.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let pixel = |x: usize, y: usize| {
            self.pixels.get(y * self.width + x).copied().unwrap_or_default().to_le_bytes()
        };
        let mean = |i: usize| {
            let (x, y) = (2 * (i % width), 2 * (i / width));
            let four = [pixel(x, y), pixel(x + 1, y), pixel(x, y + 1), pixel(x + 1, y + 1)];
            u32::from_le_bytes(std::array::from_fn(|c| {
                let sum: u16 =
                    four.iter().filter_map(|pixel| pixel.get(c)).map(|&value| u16::from(value)).sum();
                ((sum + 2) / 4) as u8
            }))
        };
        Self { width, height, pixels: (0..width * height).map(mean).collect() }
    }
}
