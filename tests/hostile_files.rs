//! Network files that were changed on purpose: an error or a network, never a panic, and never memory for what a file
//! only announces.
//!
//! Each reader gets files with random changes where they hurt: in the structure, not in the numbers. A second each as a
//! rule; `FACEPRINT_FUZZ_SECS=600 cargo test --test hostile_files` for longer. The changes are not guided by coverage.

#![allow(clippy::unwrap_used, unsafe_code)] // helpers of tests unwrap; an allocator cannot be had without `unsafe`

mod common;

use common::shared;
use faceprint::vision::{Architecture, WeightsStore, gather::gather, import::import_bytes, tensors::Tensors};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    ops::Range,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// Remembers the largest piece of memory that was asked for, and the most that there was at once.
struct Watching;

static LARGEST: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

impl Watching {
    fn asked(bytes: usize) {
        LARGEST.fetch_max(bytes, Ordering::Relaxed);
        let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
        MOST.fetch_max(live, Ordering::Relaxed);
    }
}

// SAFETY: everything is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::asked(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::asked(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// Detector and recogniser of the folder `weights`.
const BUILT_IN: [&str; 2] = ["fp-detect-3", "fp-face-4"];

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    /// A few changes at places out of `where_it_hurts`, and sometimes a cut.
    fn spoil(&mut self, file: &mut Vec<u8>, where_it_hurts: &[Range<usize>]) {
        for _ in 0..=self.below(4) {
            let range = where_it_hurts[self.below(where_it_hurts.len())].clone();
            let at = (range.start + self.below(range.len())).min(file.len() - 1);
            match self.below(6) {
                0 => file[at] ^= 1 << self.below(8),
                1 => file[at] = [0, 1, 0x7f, 0x80, 0xff, b'9', b'"', b'-'][self.below(8)],
                2 => file[at] = self.below(256) as u8,
                // a length of many bytes
                3 => (at..(at + 9).min(file.len())).for_each(|i| file[i] = 0xff),
                4 => drop(file.remove(at)),
                _ => file.insert(at, self.below(256) as u8),
            }
        }
        if self.below(20) == 0 {
            file.truncate(self.below(file.len()));
        }
    }
}

/// How long each reader is tried.
fn patience() -> Duration {
    let secs = std::env::var("FACEPRINT_FUZZ_SECS").ok().and_then(|secs| secs.parse().ok());
    Duration::from_secs(secs.unwrap_or(1))
}

/// Spoils files in turn and reads them; checks the memory asked for.
fn torment(what: &str, seeds: &[(Vec<u8>, Vec<Range<usize>>)], mut read: impl FnMut(&[u8]) -> bool) {
    let (mut dice, mut runs, mut accepted) = (Dice(1), 0, 0);
    let longest = seeds.iter().map(|(file, _)| file.len()).max().unwrap();
    let end = Instant::now() + patience();
    while Instant::now() < end {
        let (seed, where_it_hurts) = &seeds[runs % seeds.len()];
        let mut file = seed.clone();
        dice.spoil(&mut file, where_it_hurts);
        LARGEST.store(0, Ordering::Relaxed);
        accepted += usize::from(read(&file));
        let asked = LARGEST.load(Ordering::Relaxed);
        assert!(asked <= 8 * longest + (1 << 20), "{what}: {asked} bytes at once for a file of {longest}");
        runs += 1;
    }
    println!("{what}: {runs} files, {accepted} still a network");
    assert!(runs > 0);
}

/// The bytes of a protobuf message that are structure: everything but fields longer than `LONG`, which are looked into
/// two levels deep (graph, then nodes and constants).
fn structure(file: &[u8], range: Range<usize>, depth: usize, found: &mut Vec<Range<usize>>) {
    const LONG: usize = 200;
    let mut at = range.start;
    let varint = |at: &mut usize| {
        let (mut value, mut shift) = (0_usize, 0);
        loop {
            let byte = file[*at];
            *at += 1;
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    };
    while at < range.end {
        let start = at;
        let key = varint(&mut at);
        match key & 7 {
            0 => drop(varint(&mut at)),
            1 => at += 8,
            5 => at += 4,
            _ => {
                let length = varint(&mut at);
                let content = at..at + length;
                at = content.end;
                if length > LONG {
                    found.push(start..content.start);
                    if depth > 0 {
                        structure(file, content, depth - 1, found);
                    }
                    continue;
                }
            }
        }
        found.push(start..at);
    }
}

/// One after the other: they share the allocator's memory of the largest piece.
#[test]
fn no_file_makes_a_reader_panic_or_ask_for_what_is_not_there() {
    small_onnx();
    onnx();
    safetensors();
    zip();
    zip_of_one_file();
}

/// A field of a protobuf message whose content has a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 0x7f {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(content);
    out
}

fn onnx_node(op: &str, inputs: &[&str], output: &str, attributes: &[(&str, u8)]) -> Vec<u8> {
    let mut node: Vec<u8> = inputs.iter().flat_map(|input| field(1, input.as_bytes())).collect();
    node.extend([field(2, output.as_bytes()), field(4, op.as_bytes())].concat());
    for &(name, value) in attributes {
        // As a number, two numbers and four: what `group`, `strides` and `pads` want.
        let count = if name == "pads" { 4 } else { 2 };
        let attribute = [field(1, name.as_bytes()), vec![24, value], field(8, &vec![value; count])].concat();
        node.extend(field(5, &attribute));
    }
    field(1, &node)
}

/// A constant of zeros.
fn onnx_zeros(name: &str, shape: &[u8]) -> Vec<u8> {
    let count: usize = shape.iter().map(|&side| usize::from(side)).product();
    let values = vec![0; count * size_of::<f32>()];
    field(5, &[field(1, shape), vec![16, 1], field(8, name.as_bytes()), field(9, &values)].concat())
}

/// A convolution.
fn onnx_conv(input: &str, weight: &str, output: &str, [stride, pad, group]: [u8; 3]) -> Vec<u8> {
    let attributes = [("strides", stride), ("pads", pad), ("group", group)];
    onnx_node("Conv", &[input, weight], output, &attributes)
}

/// A `MobileFaceNet` whose blocks, a hundred of them, all have the same weights.
fn one_weight_for_all() -> Vec<u8> {
    let activated = |input: &str, weight: &str, output: &str, how: [u8; 3]| {
        let before = format!("{output}-");
        [onnx_conv(input, weight, &before, how), onnx_node("PRelu", &[&before, "p"], output, &[])].concat()
    };
    let mut graph = field(11, &field(1, b"in"));
    for (name, shape) in
        [("s", &[100, 3, 3, 3][..]), ("d", &[100, 1, 3, 3]), ("w", &[100, 100, 1, 1]), ("p", &[1])]
    {
        graph.extend(onnx_zeros(name, shape));
    }
    graph.extend(activated("in", "s", "stem", [2, 1, 1]));
    graph.extend(activated("stem", "d", "0", [1, 1, 100]));
    for block in 0..100 {
        let [from, wide, deep, to] =
            [block.to_string(), format!("{block}e"), format!("{block}d"), (block + 1).to_string()];
        graph.extend(activated(&from, "w", &wide, [1, 0, 1]));
        graph.extend(activated(&wide, "d", &deep, [2, 1, 100]));
        graph.extend(onnx_conv(&deep, "w", &to, [1, 0, 1]));
    }
    field(7, &graph)
}

/// Small files that become large when they are decoded.
fn small_onnx() {
    let empty_nodes = field(7, &[10, 0].repeat(1 << 20));
    let mut names = field(5, &[&[16, 1][..], &field(8, b"0"), &field(9, &vec![0; 1 << 18])].concat());
    for i in 0..1000 {
        names.extend(onnx_node("Identity", &[&i.to_string()], &(i + 1).to_string(), &[]));
    }
    // Lists of whole numbers, a byte each in the file and eight decoded: of an attribute, of a constant, and one number at a time.
    let many = vec![0; (1 << 20) + 1];
    let attribute = |content: &[u8]| field(7, &field(1, &field(5, content)));
    let one_by_one = attribute(&[8 << 3, 0].repeat((1 << 20) + 1));
    let files = [
        ("empty nodes", empty_nodes),
        ("a list of an attribute", attribute(&field(8, &many))),
        ("a list number by number", one_by_one),
        ("a shape", field(7, &field(5, &field(1, &many)))),
        ("a constant of integers", field(7, &field(5, &field(7, &many)))),
        ("one constant, a thousand names", field(7, &names)),
        ("one weight, hundreds of layers", one_weight_for_all()),
    ];
    for (what, file) in files {
        let before = LIVE.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let error = import_bytes(&file, "small").err().unwrap();
        let most = MOST.load(Ordering::Relaxed) - before;
        println!("{what}: {most} bytes at once for a file of {}: {error}", file.len());
        assert!(most <= 8 * file.len() + (1 << 20), "{what}: {most} bytes for a file of {}", file.len());
    }
}

fn onnx() {
    let Some(weights) = shared("weights") else { return };
    let files = [
        "2.7_80x80_MiniFASNetV2.onnx",
        "scrfd_2.5g_kps.onnx",
        "minifasnet_v2se_128_int8.onnx",
        "yunet_n_dynamic.onnx",
    ];
    let seeds = files.map(|file| {
        let file = std::fs::read(weights.join(file)).unwrap();
        let mut places = Vec::new();
        structure(&file, 0..file.len(), 2, &mut places);
        (file, places)
    });
    torment("onnx", &seeds, |file| import_bytes(file, "spoiled").is_ok());
}

fn safetensors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights");
    let seeds = BUILT_IN.map(|id| {
        let file = std::fs::read(folder.join(id).join("model.safetensors")).unwrap();
        let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        (file, vec![0..8, 8..header, header - 40..header])
    });
    let architectures: Vec<Architecture> = WeightsStore::embedded()
        .list()
        .unwrap()
        .into_iter()
        .map(|l| l.manifest.unwrap().architecture)
        .collect();
    torment("safetensors", &seeds, |file| {
        let Ok(tensors) = Tensors::parse(file) else { return false };
        architectures.iter().any(|a| a.graph(&tensors).is_ok())
    });
}

/// A zip archive, its layout written by hand: files as they are, and names, each for the file of that number. Also
/// where its directory begins.
fn stored(files: &[&[u8]], names: &[(String, usize)]) -> (Vec<u8>, usize) {
    const NAME: &[u8] = b"a.onnx"; // in front of each file, where nobody looks
    let fields = |content: &[u8], name: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let size = (content.len() as u32).to_le_bytes();
        let name = [name.len() as u8, 0, 0, 0];
        [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &crc.sum().to_le_bytes(), &size, &size, &name].concat()
    };
    let (mut zip, mut places) = (Vec::new(), Vec::new());
    for content in files {
        places.push((zip.len() as u32).to_le_bytes());
        zip.extend([b"PK\x03\x04", &fields(content, NAME)[..], NAME, content].concat());
    }
    let directory = zip.len();
    for (name, file) in names {
        let fields = fields(files[*file], name.as_bytes());
        zip.extend([b"PK\x01\x02\x14\x00", &fields[..], &[0; 10], &places[*file], name.as_bytes()].concat());
    }
    let (length, count) = ((zip.len() - directory) as u32, (names.len() as u16).to_le_bytes());
    zip.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &length.to_le_bytes()].concat());
    zip.extend((directory as u32).to_le_bytes().iter().chain(&[0, 0]));
    (zip, directory)
}

fn zip() {
    let Some(weights) = shared("weights") else { return };
    let content = std::fs::read(weights.join("2.7_80x80_MiniFASNetV2.onnx")).unwrap();
    let (file, directory) = stored(&[&content], &[("a.onnx".to_owned(), 0)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.zip");
    let places = vec![0..36, directory..file.len(), file.len() - 22..file.len()];
    std::fs::write(&path, &file).unwrap();
    assert_eq!(gather(&path).unwrap().networks.len(), 1, "the archive is one before it is spoiled");
    torment("zip", &[(file, places)], |file| {
        std::fs::write(&path, file).unwrap();
        gather(&path).is_ok()
    });
}

/// One network under thirty names.
fn zip_of_one_file() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights").join(BUILT_IN[0]);
    let files = ["manifest.json", "model.safetensors"];
    let contents = files.map(|file| std::fs::read(place.join(file)).unwrap());
    let names =
        |count| (0..count).flat_map(|i| [0, 1].map(|file| (format!("{i}/{}", files[file]), file))).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.zip");
    let read = |count| {
        let names: Vec<_> = names(count);
        let (file, _) = stored(&[&contents[0], &contents[1]], &names);
        std::fs::write(&path, &file).unwrap();
        let before = LIVE.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let found = gather(&path);
        (found, file.len(), MOST.load(Ordering::Relaxed) - before)
    };
    assert_eq!(read(1).0.unwrap().networks.len(), 1, "under one name it is a network");
    let (found, length, most) = read(30);
    println!("one file, thirty names: {most} bytes at once for a file of {length}");
    assert!(most <= 8 * length + (1 << 20), "{most} bytes for a file of {length}");
    assert!(found.err().unwrap().to_string().contains("overlap"));
}
