//! Weight files: a manifest that says what a network is, and the store that finds, checks and loads them.
//!
//! Job: from an id to a checked [`Loaded`] network. It must not know how a network runs.
//!
//! A network is a folder `<store>/<id>/` with `manifest.json` and `model.safetensors`; the file's sha256 stands in
//! the manifest, and the bytes that are hashed are the bytes that are loaded. Networks compiled into the program
//! ([`super::embedded`]) are there too; a folder of the same id takes precedence.

use super::{
    align::SIDE,
    embedded::{PACKS, Pack},
    iresnet, minifasnet, mobilefacenet, scrfd,
    second_look::ANSWER,
    tensors::Tensors,
};
use crate::{
    domain::{CalibrationData, EMBEDDING_LEN, Fingerprint, WeightsId, hex},
    imaging::Surround,
    nn::Graph,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    borrow::Cow,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// No file of weights is larger (`IResNet`-100 in f32 is 250 MB).
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;
pub(super) const MAX_MANIFEST_BYTES: u64 = 1 << 20;
/// A face and nothing else, or a face that is lost in what is around it.
const SURROUNDS: std::ops::RangeInclusive<f32> = 1.0..=10.0;
/// A detector is tried at this size, a multiple of its largest stride.
const TRIED_SIDE: usize = 64;
/// What the names of a second look's tensors begin with.
pub const SECOND_LOOK: &str = "second_look.";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const MODEL: &str = "model.safetensors";

/// Why weights cannot be used. Each says which, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// No such id.
    #[error(
        "there are no weights '{id}'; there are: {there}. Install a file with `faceprint weights install`"
    )]
    Unknown {
        /// What was asked for.
        id: String,
        /// What there is.
        there: String,
    },
    /// The disk says no.
    #[error("{path} cannot be read ({reason}); check that it exists and who may read it")]
    Read {
        /// File or folder.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The disk says no to writing.
    #[error("{path} cannot be written ({reason}); check free space and who may write there")]
    Write {
        /// File or folder.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// A file of absurd size.
    #[error("{path} has {bytes} bytes, more than any weights: it is some other file, choose another")]
    TooLarge {
        /// File.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// The manifest is no manifest.
    #[error("the manifest of '{id}' cannot be read ({reason}); install the network again")]
    Manifest {
        /// Whose.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is not the one that the manifest describes.
    #[error(
        "the file of '{id}' is damaged or was changed (its sha256 differs from the manifest); install it again"
    )]
    Hash {
        /// Whose.
        id: String,
    },
    /// A detector where a recogniser is needed, or the other way round.
    #[error("'{id}' is a {found}, and a {wanted} is needed; `faceprint weights list` shows which there are")]
    Kind {
        /// Which.
        id: String,
        /// What it is.
        found: Kind,
        /// What is needed.
        wanted: Kind,
    },
    /// Not a safetensors file, or a cut one.
    #[error("the file is not a whole safetensors file ({0}); install the network again")]
    NotSafetensors(String),
    /// A tensor of integers or the like.
    #[error("the tensor '{tensor}' holds {found}, and weights are F16, BF16 or F32; install another file")]
    Type {
        /// Which.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// A tensor with infinity, or something that is no number.
    #[error(
        "the tensor '{tensor}' holds values that are no numbers: the file is damaged, install another file"
    )]
    NotFinite {
        /// Which.
        tensor: String,
    },
    /// A tensor is missing.
    #[error(
        "the tensor '{tensor}' is missing: the file is of another architecture than its manifest says; install the \
         network again"
    )]
    Missing {
        /// Which.
        tensor: String,
    },
    /// A tensor has another shape.
    #[error(
        "the tensor '{tensor}' has the shape {} instead of {expected}: the file does not fit its manifest; install the \
         network again",
        in_words(found)
    )]
    Shape {
        /// Which.
        tensor: String,
        /// What the architecture needs.
        expected: String,
        /// What the file has.
        found: Vec<usize>,
    },
    /// A configuration that no network of the architecture has.
    #[error("the manifest's configuration is impossible: {0}; install the network again")]
    Config(String),
}

/// A tensor's shape for people: `64 x 3 x 3 x 3`.
pub(super) fn in_words(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    if sizes.is_empty() { "of a single number".to_owned() } else { sizes.join(" x ") }
}

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Finds faces.
    Detector,
    /// Embeds an aligned face.
    Recogniser,
    /// Tells a face from a picture of one.
    Liveness,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Detector => "detector",
            Self::Recogniser => "recogniser",
            Self::Liveness => "liveness check",
        })
    }
}

/// Which network, in its own terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", content = "config", rename_all = "lowercase")]
pub enum Architecture {
    /// [`scrfd`].
    Scrfd(scrfd::Config),
    /// [`mobilefacenet`].
    MobileFaceNet(mobilefacenet::Config),
    /// [`iresnet`].
    IResNet(iresnet::Config),
    /// [`minifasnet`].
    MiniFasNet(minifasnet::Config),
}

impl Architecture {
    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Scrfd(_) => Kind::Detector,
            Self::MobileFaceNet(_) | Self::IResNet(_) => Kind::Recogniser,
            Self::MiniFasNet(_) => Kind::Liveness,
        }
    }

    /// The network with these weights.
    pub fn graph(&self, tensors: &Tensors) -> Result<Graph, WeightsError> {
        match self {
            Self::Scrfd(config) => scrfd::graph(config, tensors),
            Self::MobileFaceNet(config) => mobilefacenet::graph(config, tensors),
            Self::IResNet(config) => iresnet::graph(config, tensors),
            Self::MiniFasNet(config) => minifasnet::graph(config, tensors),
        }
    }
}

/// How pixels become numbers: `(x - mean) / std`, x from 0 to 255.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Pixels across; none where any multiple of 32 will do.
    pub width: Option<usize>,
    /// Pixels down.
    pub height: Option<usize>,
    /// `RGB` or `BGR`.
    pub channel_order: ChannelOrder,
    /// Taken from every value.
    pub mean: f32,
    /// What the rest is divided by.
    pub std: f32,
    /// How much of the frame around a face it sees; none where the face is aligned, or the frame is seen whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surround: Option<Surround>,
    /// Whether a recogniser sees each face a second time, mirrored, and the sum of both answers is the embedding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mirror: bool,
}

/// The order of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelOrder {
    /// Red first.
    #[serde(rename = "RGB")]
    Rgb,
    /// Blue first.
    #[serde(rename = "BGR")]
    Bgr,
}

/// What was measured, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Calibration {
    /// A recogniser's similarities.
    Recogniser(CalibrationData),
    /// A detector's thresholds.
    Detector {
        /// From this score on, a box is a face.
        score_threshold: f32,
        /// From this score on, a box is shown to the second look, whose score then counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        candidate_threshold: Option<f32>,
        /// Boxes that overlap more (intersection over union) are one face.
        nms_iou: f32,
    },
}

impl Calibration {
    /// Whether it is of that kind, and its numbers can have been measured.
    fn is_possible(&self, kind: Kind) -> bool {
        let share = |v: f32| v > 0.0 && v < 1.0;
        match (self, kind) {
            (Self::Recogniser(data), Kind::Recogniser) => {
                let spread = |std: f32| std.is_finite() && std > 0.0;
                let measured = share(data.fpir)
                    && data.enrolled >= 1
                    && [data.genuine, data.impostor].iter().all(|s| s.mean.is_finite() && spread(s.std));
                share(data.threshold_cosine) && (measured || !data.is_measured())
            }
            (Self::Detector { score_threshold, candidate_threshold, nms_iou }, Kind::Detector) => {
                share(*score_threshold)
                    && candidate_threshold.is_none_or(share)
                    && *nms_iou > 0.0
                    && *nms_iou <= 1.0
            }
            _ => false,
        }
    }
}

/// What a network is, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The folder's name; templates carry it.
    pub id: WeightsId,
    /// What it is for.
    pub kind: Kind,
    /// Which network.
    pub architecture: Architecture,
    /// Length of the embedding; none for anything but a recogniser.
    pub embedding_length: Option<usize>,
    /// What goes in.
    pub input: Input,
    /// The network for the second look of a detector whose file has one ([`super::second_look`]): its tensors are those
    /// whose names begin with [`SECOND_LOOK`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_look: Option<iresnet::Config>,
    /// Who may use it for what, in words.
    pub licence: String,
    /// Where it comes from, in words.
    pub source: String,
    /// Of `model.safetensors`, hexadecimal.
    pub sha256: String,
    /// What was measured.
    pub calibration: Option<Calibration>,
}

impl Manifest {
    /// Reads `manifest.json` and checks that it is about `id`.
    pub fn parse(id: &WeightsId, text: &[u8]) -> Result<Self, WeightsError> {
        let wrong = |reason: String| WeightsError::Manifest { id: id.to_string(), reason };
        let manifest: Self = serde_json::from_slice(text).map_err(|e| wrong(e.to_string()))?;
        if manifest.id != *id {
            return Err(wrong("it names another id than its folder".to_owned()));
        }
        manifest.checked()
    }

    /// Reads a `manifest.json` that is not in the store yet: its id is checked as well.
    pub fn parse_own(text: &[u8]) -> Result<Self, WeightsError> {
        let wrong = |id: &str, reason: String| WeightsError::Manifest { id: id.to_owned(), reason };
        let manifest: Self =
            serde_json::from_slice(text).map_err(|e| wrong("the new network", e.to_string()))?;
        WeightsId::new(manifest.id.as_str()).map_err(|e| wrong(manifest.id.as_str(), e.to_string()))?;
        manifest.checked()
    }

    fn checked(self) -> Result<Self, WeightsError> {
        let manifest = self;
        let wrong = |reason: String| WeightsError::Manifest { id: manifest.id.to_string(), reason };
        if manifest.kind != manifest.architecture.kind() {
            return Err(wrong(format!("its architecture is no {}", manifest.kind)));
        }
        if manifest.kind != Kind::Liveness && manifest.input.channel_order != ChannelOrder::Rgb {
            return Err(wrong(format!("a {} takes RGB", manifest.kind)));
        }
        let Input { width, height, mean, std, surround, .. } = manifest.input;
        if !(mean.is_finite() && std.is_finite() && std > 0.0) {
            return Err(wrong("its input normalisation is impossible".to_owned()));
        }
        let side = match &manifest.architecture {
            Architecture::Scrfd(_) => None,
            Architecture::MobileFaceNet(_) | Architecture::IResNet(_) => Some(SIDE),
            Architecture::MiniFasNet(config) => Some(config.side()),
        };
        if [width, height] != [side; 2] {
            return Err(wrong("its input has another size than its architecture takes".to_owned()));
        }
        let embedding = (manifest.kind == Kind::Recogniser).then_some(EMBEDDING_LEN);
        if manifest.embedding_length != embedding {
            return Err(wrong(format!("an embedding has {EMBEDDING_LEN} numbers")));
        }
        if surround.is_some_and(|surround| !SURROUNDS.contains(&surround.scale)) {
            return Err(wrong("it wants to see an impossible share of the frame".to_owned()));
        }
        if manifest.calibration.as_ref().is_some_and(|calibration| !calibration.is_possible(manifest.kind)) {
            return Err(wrong(format!("its calibration is none of a {}", manifest.kind)));
        }
        if manifest.second_look.is_some() && manifest.kind != Kind::Detector {
            return Err(wrong(format!("a {} looks once", manifest.kind)));
        }
        let asks = |c: &Calibration| matches!(c, Calibration::Detector { candidate_threshold: Some(_), .. });
        if manifest.second_look.is_some() != manifest.calibration.as_ref().is_some_and(asks) {
            return Err(wrong(
                "a second look needs the score from which on it is asked, and only that".to_owned(),
            ));
        }
        if manifest.input.mirror && manifest.kind != Kind::Recogniser {
            return Err(wrong(format!("a {} sees nothing mirrored", manifest.kind)));
        }
        Ok(manifest)
    }

    /// The networks out of the bytes of `model.safetensors`: of the right sum, and taking and giving what they should.
    pub(super) fn graphs(&self, model: &[u8]) -> Result<Graphs, WeightsError> {
        if sha256_hex(model) != self.sha256.to_ascii_lowercase() {
            return Err(WeightsError::Hash { id: self.id.to_string() });
        }
        let mut tensors = Tensors::parse(model)?;
        let second_look = tensors.take(SECOND_LOOK);
        let graph = self.architecture.graph(&tensors)?;
        let (side, wanted) = match &self.architecture {
            Architecture::Scrfd(_) => (TRIED_SIDE, None),
            Architecture::MobileFaceNet(_) | Architecture::IResNet(_) => (SIDE, Some(EMBEDDING_LEN)),
            Architecture::MiniFasNet(config) => (config.side(), Some(config.classes)),
        };
        tried(&graph, side, wanted)?;
        let checked = |config| {
            let graph = iresnet::graph(config, &second_look)?;
            tried(&graph, SIDE, Some(ANSWER))?;
            Ok(graph)
        };
        Ok(Graphs { graph, second_look: self.second_look.as_ref().map(checked).transpose()? })
    }

    /// A sum over everything here that changes an embedding: the numbers, the architecture, and what goes in.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let Self { architecture, input, sha256, .. } = self;
        // Only numbers that JSON has no word for could fail, and a manifest with such is refused.
        let text =
            serde_json::to_vec(&(sha256.to_ascii_lowercase(), architecture, input)).unwrap_or_default();
        Fingerprint::from_bytes(Sha256::digest(text).into())
    }

    /// The recogniser's calibration, or the cautious default where nobody calibrated it.
    #[must_use]
    pub fn calibration_data(&self) -> CalibrationData {
        match &self.calibration {
            Some(Calibration::Recogniser(data)) => data.clone(),
            _ => CalibrationData::uncalibrated(),
        }
    }
}

/// Whether a graph takes pictures of that side, and gives as many numbers as are wanted.
fn tried(graph: &Graph, side: usize, wanted: Option<usize>) -> Result<(), WeightsError> {
    let shapes = graph.shapes(side, side).map_err(|e| WeightsError::Config(e.to_string()))?;
    let given = shapes.last().map_or(0, |shape| shape.len());
    match wanted.filter(|wanted| given != *wanted) {
        Some(wanted) => Err(WeightsError::Config(format!("it gives {given} numbers, not {wanted}"))),
        None => Ok(()),
    }
}

/// What is in one file.
pub(super) struct Graphs {
    graph: Graph,
    second_look: Option<Graph>,
}

/// A network whose file was checked against its manifest.
pub struct Loaded {
    /// What it is.
    pub manifest: Manifest,
    /// Its layers.
    pub graph: Graph,
    /// Those of its second look, from an aligned crop to [`ANSWER`] numbers.
    pub second_look: Option<Graph>,
}

/// One line of [`WeightsStore::list`].
pub struct Listed {
    /// The id.
    pub id: WeightsId,
    /// Compiled into the program.
    pub embedded: bool,
    /// What it is, or what is wrong with it.
    pub manifest: Result<Manifest, WeightsError>,
}

/// All weights of one kiosk.
pub struct WeightsStore {
    folder: Option<PathBuf>,
}

impl WeightsStore {
    /// A folder (it need not exist) and the embedded networks. Puts back what a stop in the middle of
    /// [`WeightsStore::install`] left aside.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        put_back(&folder);
        Self { folder: Some(folder) }
    }

    /// The embedded networks alone.
    #[must_use]
    pub fn embedded() -> Self {
        Self { folder: None }
    }

    /// Everything there is, by id. Reads manifests only. An error when the folder is there and cannot be looked into.
    pub fn list(&self) -> Result<Vec<Listed>, WeightsError> {
        let listed = |(id, embedded)| Listed { manifest: self.manifest(&id), id, embedded };
        Ok(self.ids()?.into_iter().map(listed).collect())
    }

    /// Where a network of that id is, or would be, for people.
    #[must_use]
    pub fn place(&self, id: &WeightsId) -> String {
        self.folder.as_ref().map_or_else(String::new, |f| f.join(id.as_str()).display().to_string())
    }

    /// What a network is.
    pub fn manifest(&self, id: &WeightsId) -> Result<Manifest, WeightsError> {
        Manifest::parse(id, &self.find(id)?.manifest()?)
    }

    /// Reads a network, compares its sha256, and builds it: after this it fits its manifest.
    pub fn load(&self, id: &WeightsId, wanted: Kind) -> Result<Loaded, WeightsError> {
        let place = self.find(id)?;
        let manifest = Manifest::parse(id, &place.manifest()?)?;
        if manifest.kind != wanted {
            return Err(WeightsError::Kind { id: id.to_string(), found: manifest.kind, wanted });
        }
        let Graphs { graph, second_look } = manifest.graphs(&place.model()?)?;
        Ok(Loaded { manifest, graph, second_look })
    }

    /// Loads a network to see that it can be loaded.
    pub fn verify(&self, id: &WeightsId) -> Result<Manifest, WeightsError> {
        let kind = self.manifest(id)?.kind;
        Ok(self.load(id, kind)?.manifest)
    }

    /// Every network of a kind. What cannot be read may be one of them: that is an error, lest a check vanish unseen.
    pub fn of_kind(&self, kind: Kind) -> Result<Vec<WeightsId>, WeightsError> {
        let mut ids = Vec::new();
        for Listed { id, manifest, .. } in self.list()? {
            if manifest?.kind == kind {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// Adds a network, replacing one of the same id. A stop at any moment leaves the old one or the new one, whole:
    ///
    /// ```text
    /// write .id.new, sync ─ id becomes .id.old ─ .id.new becomes id, sync ─ remove .id.old
    ///  └ the old one         └ put back at the next start   └ the new one
    /// ```
    pub fn install(&self, manifest: &Manifest, model: &[u8]) -> Result<PathBuf, WeightsError> {
        let Some(folder) = &self.folder else {
            return Err(WeightsError::Write { path: "the program".into(), reason: "no data folder".into() });
        };
        let text = serde_json::to_vec_pretty(manifest)
            .map_err(|e| WeightsError::Manifest { id: manifest.id.to_string(), reason: e.to_string() })?;
        let place = folder.join(manifest.id.as_str());
        let (beside, old) = (aside(folder, &manifest.id, "new"), aside(folder, &manifest.id, "old"));
        let write = || {
            remove_if_there(&beside)?;
            fs::create_dir_all(&beside)?;
            write_synced(&beside.join(MODEL), model)?;
            write_synced(&beside.join(MANIFEST), &text)?;
            sync(&beside)?;
            if place.try_exists()? {
                remove_if_there(&old)?;
                fs::rename(&place, &old)?;
            }
            fs::rename(&beside, &place)?;
            sync(folder)?;
            remove_if_there(&old)
        };
        write().map_err(|e: io::Error| WeightsError::Write {
            path: place.display().to_string(),
            reason: e.to_string(),
        })?;
        Ok(place)
    }

    /// Ids with whether they are embedded, sorted.
    fn ids(&self) -> Result<Vec<(WeightsId, bool)>, WeightsError> {
        let mut ids = Vec::new();
        if let Some(folder) = &self.folder {
            let failed = read_failed(folder);
            let entries = match fs::read_dir(folder) {
                Ok(entries) => Some(entries),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(failed(error)),
            };
            for entry in entries.into_iter().flatten() {
                let entry = entry.map_err(&failed)?;
                let id = entry.file_name().to_str().and_then(|name| WeightsId::new(name).ok());
                ids.extend(id.filter(|_| holds_network(&entry.path())).map(|id| (id, false)));
            }
        }
        for pack in PACKS {
            let embedded = WeightsId::new(pack.id).ok().filter(|id| ids.iter().all(|(known, _)| known != id));
            ids.extend(embedded.map(|id| (id, true)));
        }
        ids.sort();
        Ok(ids)
    }

    fn find(&self, id: &WeightsId) -> Result<Place, WeightsError> {
        // an id that came out of a file is not yet known to be a safe folder name
        let safe = WeightsId::new(id.as_str()).is_ok();
        let folder = self.folder.as_ref().map(|f| f.join(id.as_str())).filter(|f| safe && holds_network(f));
        let place = folder
            .map(Place::Folder)
            .or_else(|| PACKS.iter().find(|p| p.id == id.as_str()).map(Place::Embedded));
        place.ok_or_else(|| {
            let there: Vec<String> =
                self.ids().unwrap_or_default().into_iter().map(|(id, _)| id.to_string()).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            WeightsError::Unknown { id: id.to_string(), there }
        })
    }
}

/// Where a network of that id waits while it is written or replaced. No id begins with a dot.
fn aside(folder: &Path, id: &WeightsId, what: &str) -> PathBuf {
    folder.join(format!(".{id}.{what}"))
}

/// Gives back its name to what [`WeightsStore::install`] had moved aside and not replaced yet.
fn put_back(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix('.')?.strip_suffix(".old"));
        let Some(place) = id.and_then(|id| WeightsId::new(id).ok()).map(|id| folder.join(id.as_str())) else {
            continue;
        };
        if matches!(place.try_exists(), Ok(false))
            && let Err(error) = fs::rename(entry.path(), &place)
        {
            log::error!("{} cannot be put back ({error}): rename it by hand", entry.path().display());
        }
    }
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Whether a folder has either of the two files, or may not be looked into: what is damaged is not taken for missing.
fn holds_network(folder: &Path) -> bool {
    [MANIFEST, MODEL].iter().any(|file| folder.join(file).try_exists().unwrap_or(true))
}

fn read_failed(path: &Path) -> impl Fn(io::Error) -> WeightsError {
    move |e| WeightsError::Read { path: path.display().to_string(), reason: e.to_string() }
}

/// Where a network's two files are.
enum Place {
    Folder(PathBuf),
    Embedded(&'static Pack),
}

impl Place {
    fn manifest(&self) -> Result<Cow<'static, [u8]>, WeightsError> {
        match self {
            Self::Folder(folder) => Ok(read_limited(&folder.join(MANIFEST), MAX_MANIFEST_BYTES)?.into()),
            Self::Embedded(pack) => Ok(pack.manifest.as_bytes().into()),
        }
    }

    fn model(&self) -> Result<Cow<'static, [u8]>, WeightsError> {
        match self {
            Self::Folder(folder) => Ok(read_limited(&folder.join(MODEL), MAX_FILE_BYTES)?.into()),
            Self::Embedded(pack) => Ok(pack.model.into()),
        }
    }
}

/// Reads a file that is not absurdly large.
pub(super) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, WeightsError> {
    let failed = read_failed(path);
    let file = fs::metadata(path).map_err(&failed)?;
    if !file.is_file() {
        return Err(failed(io::Error::other("it is no file")));
    }
    let too_large = |bytes| WeightsError::TooLarge { path: path.display().to_string(), bytes };
    if file.len() > limit {
        return Err(too_large(file.len()));
    }
    // A file may grow while it is read, and some tell no length.
    let mut content = Vec::new();
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut content)).map_err(&failed)?;
    match content.len() as u64 {
        bytes if bytes > limit => Err(too_large(bytes)),
        _ => Ok(content),
    }
}

/// The sha256 of bytes as 64 hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::{
        super::import::{Imported, import_bytes, tests::mobile},
        *,
    };

    fn store() -> (WeightsStore, tempfile::TempDir, WeightsId, Imported) {
        let folder = tempfile::tempdir().unwrap();
        let store = WeightsStore::new(folder.path().join("weights"));
        let imported = import_bytes(&mobile(false), "small").unwrap();
        store.install(&imported.manifest, &imported.model).unwrap();
        (store, folder, WeightsId::new("small").unwrap(), imported)
    }

    #[test]
    fn what_is_installed_is_listed_loaded_and_verified() {
        let (store, _folder, id, imported) = store();
        store.install(&imported.manifest, &imported.model).unwrap(); // again
        let listed: Vec<String> =
            store.list().unwrap().iter().filter(|l| !l.embedded).map(|l| l.id.to_string()).collect();
        assert_eq!(listed, ["small"]);
        assert_eq!(store.verify(&id).unwrap(), imported.manifest);
        assert!(!store.load(&id, Kind::Recogniser).unwrap().manifest.calibration_data().is_measured());
        assert!(matches!(store.load(&id, Kind::Detector), Err(WeightsError::Kind { .. })));
        let error = store.verify(&WeightsId::new("other").unwrap()).unwrap_err();
        assert!(error.to_string().contains("small"), "{error}");
    }

    #[test]
    fn a_changed_or_cut_file_is_refused() {
        let (store, _folder, id, mut imported) = store();
        imported.model[500] ^= 1;
        store.install(&imported.manifest, &imported.model).unwrap();
        assert!(matches!(store.verify(&id), Err(WeightsError::Hash { .. })));
        for keep in [0, 7, 8, 100, imported.model.len() - 1] {
            let cut = &imported.model[..keep];
            imported.manifest.sha256 = sha256_hex(cut);
            store.install(&imported.manifest, cut).unwrap();
            assert!(matches!(store.verify(&id), Err(WeightsError::NotSafetensors(_))), "{keep}");
        }
    }

    #[test]
    fn a_manifest_about_something_else_is_refused() {
        let (_, _folder, id, imported) = store();
        let text = serde_json::to_string(&imported.manifest).unwrap();
        assert_eq!(Manifest::parse(&id, text.as_bytes()).unwrap(), imported.manifest);
        for (from, to) in [
            ("\"small\"", "\"../small\""),
            ("recogniser", "detector"),
            ("\"std\":127.5", "\"std\":0.0"),
            ("mobilefacenet", "transformer"),
            ("RGB", "BGR"),
            ("\"strides\":[2,1,2,2]", "\"strides\":[2,-1,2,2]"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            let error = Manifest::parse(&id, changed.as_bytes()).unwrap_err();
            assert!(matches!(error, WeightsError::Manifest { .. }), "{from}: {error}");
        }
        for cut in 0..text.len() {
            assert!(Manifest::parse(&id, &text.as_bytes()[..cut]).is_err());
        }
    }

    /// Templates carry an id. Whoever changes what a built-in network answers gives it a new one, else every kiosk in the
    /// field has all its people enrolled again without a word why.
    #[test]
    fn built_in_networks_are_what_their_ids_stand_for() {
        let found: Vec<(String, String)> = WeightsStore::embedded()
            .list()
            .unwrap()
            .into_iter()
            .map(|listed| (listed.id.to_string(), listed.manifest.unwrap().fingerprint().to_string()))
            .collect();
        let expected = [
            ("fp-detect-3", "7c5c1bdbd0fa22651d53fb134d0bc740890431ea94ee3090026bd7ed1b1608dc"),
            ("fp-face-4", "9716a75bcd8baf166549b827ea402395eae6855b40a5be130fd71b64c2403aa7"),
        ];
        assert_eq!(found, expected.map(|(id, print)| (id.to_owned(), print.to_owned())));
    }

    #[test]
    fn whatever_changes_an_embedding_changes_the_fingerprint() {
        let (.., imported) = store();
        let manifest = imported.manifest;
        let with = |change: fn(&mut Manifest)| {
            let mut other = manifest.clone();
            change(&mut other);
            other.fingerprint()
        };
        let same = manifest.fingerprint();
        assert_eq!(same, with(|m| m.licence.push('!')), "words change nothing");
        assert_eq!(same, with(|m| m.sha256.make_ascii_uppercase()));
        let others = [
            with(|m| m.sha256 = sha256_hex(b"other")),
            with(|m| m.input.mirror = true),
            with(|m| m.input.mean = 127.0),
            with(|m| m.input.std = 128.0),
            with(|m| {
                let Architecture::MobileFaceNet(config) = &mut m.architecture else { panic!() };
                config.strides.push(1);
            }),
        ];
        for (i, other) in others.iter().enumerate() {
            assert_ne!(*other, same, "{i}");
        }
    }

    #[test]
    fn numbers_that_nobody_measured_are_refused() {
        let (_, _folder, id, imported) = store();
        let check = |manifest: &Manifest| {
            let text = serde_json::to_vec(manifest).unwrap();
            Manifest::parse(&id, &text)
                .map_err(|e| assert!(matches!(e, WeightsError::Manifest { .. }), "{e}"))
        };
        let manifest = imported.manifest;
        let calibrated = |change: fn(&mut CalibrationData)| {
            let mut data = CalibrationData { fpir: 0.003, enrolled: 100, ..CalibrationData::uncalibrated() };
            data.impostor.pairs = 9;
            change(&mut data);
            Manifest { calibration: Some(Calibration::Recogniser(data)), ..manifest.clone() }
        };
        assert!(check(&calibrated(|_| ())).is_ok());
        let bad = [
            calibrated(|c| c.threshold_cosine = 0.0),
            calibrated(|c| c.threshold_cosine = 1.0),
            calibrated(|c| c.fpir = 0.0),
            calibrated(|c| c.enrolled = 0),
            calibrated(|c| c.impostor.std = 0.0),
            calibrated(|c| c.genuine.std = -0.1),
            Manifest {
                calibration: Some(Calibration::Detector {
                    score_threshold: 0.5,
                    candidate_threshold: None,
                    nms_iou: 0.4,
                }),
                ..manifest.clone()
            },
            Manifest { embedding_length: Some(128), ..manifest.clone() },
            Manifest { embedding_length: None, ..manifest.clone() },
        ];
        for (i, manifest) in bad.iter().enumerate() {
            assert!(check(manifest).is_err(), "{i}");
        }
        let input = |change: fn(&mut Input)| {
            let mut other = manifest.clone();
            change(&mut other.input);
            check(&other).is_ok()
        };
        assert!(input(|_| ()) && !input(|i| i.width = Some(128)) && !input(|i| i.height = None));
        assert!(!input(|i| i.std = -1.0) && !input(|i| i.std = f32::INFINITY));
        let seen = |scale| {
            let mut other = manifest.clone();
            other.input.surround = Some(Surround { scale, edge: crate::imaging::Edge::Shift });
            check(&other).is_ok()
        };
        assert!(seen(2.7) && !seen(-2.7) && !seen(0.0) && !seen(11.0));

        let id = WeightsId::new(super::super::embedded::DETECTOR).unwrap();
        let manifest = WeightsStore::embedded().manifest(&id).unwrap();
        let detector = |score_threshold, nms_iou| {
            let calibration =
                Calibration::Detector { score_threshold, candidate_threshold: Some(0.3), nms_iou };
            let calibration = Some(calibration);
            let text = serde_json::to_vec(&Manifest { calibration, ..manifest.clone() }).unwrap();
            Manifest::parse(&id, &text).is_ok()
        };
        assert!(detector(0.5, 1.0) && !detector(0.0, 0.4) && !detector(1.0, 0.4));
        assert!(!detector(0.5, 0.0) && !detector(0.5, 1.1));
    }

    #[test]
    fn a_second_look_is_a_detectors_and_answers_with_eleven_numbers() {
        let (_, folder, recogniser_id, imported) = store();
        let store = WeightsStore::new(folder.path().join("weights"));
        let id = WeightsId::new(super::super::embedded::DETECTOR).unwrap();
        let manifest = store.manifest(&id).unwrap();
        let config = manifest.second_look.clone().unwrap();
        assert!(store.load(&id, Kind::Detector).unwrap().second_look.is_some());

        let elsewhere = Manifest { second_look: Some(config.clone()), ..imported.manifest };
        let text = serde_json::to_vec(&elsewhere).unwrap();
        let error = Manifest::parse(&recogniser_id, &text).unwrap_err();
        assert!(error.to_string().contains("a recogniser looks once"), "{error}");

        let text = serde_json::to_string(&manifest).unwrap();
        for without in
            [text.replace("candidate_threshold", "other"), text.replace("\"second_look\"", "\"other\"")]
        {
            let error = Manifest::parse(&id, without.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("a second look needs the score"), "{error}");
        }

        let model = PACKS.iter().find(|pack| pack.id == id.as_str()).unwrap().model;
        let load = |change: fn(&mut iresnet::Config)| {
            let mut config = config.clone();
            change(&mut config);
            let manifest = Manifest { second_look: Some(config), ..manifest.clone() };
            store.install(&manifest, model).unwrap();
            store.load(&id, Kind::Detector).map(|_| ())
        };
        load(|_| ()).unwrap();
        assert!(matches!(load(|c| c.blocks[0] = 2), Err(WeightsError::Missing { .. })));
        assert!(matches!(load(|c| c.embedding_length = 9), Err(WeightsError::Shape { .. })));
        assert!(matches!(load(|c| c.widths.clear()), Err(WeightsError::Config(_))));

        // A file of the right shapes whose answers are too few.
        let mut tensors = Tensors::parse(model).unwrap();
        let fc = format!("{SECOND_LOOK}fc.weight");
        let [_, inputs] = tensors.dims::<2>(&fc).unwrap();
        tensors.insert(fc, &[9, inputs], vec![0.0; 9 * inputs]);
        for name in
            ["fc.bias", "features.weight", "features.bias", "features.running_mean", "features.running_var"]
        {
            tensors.insert(format!("{SECOND_LOOK}{name}"), &[9], vec![1.0; 9]);
        }
        let model = tensors.to_bytes().unwrap();
        let config = iresnet::Config { embedding_length: 9, ..config };
        let manifest = Manifest { second_look: Some(config), sha256: sha256_hex(&model), ..manifest };
        store.install(&manifest, &model).unwrap();
        let error = store.verify(&id).unwrap_err();
        assert!(error.to_string().contains("it gives 9 numbers, not 11"), "{error}");
    }

    #[test]
    fn a_network_that_takes_or_gives_other_sizes_is_not_loaded() {
        let (store, _folder, id, mut imported) = store();
        let Architecture::MobileFaceNet(config) = &mut imported.manifest.architecture else { panic!() };
        config.strides = vec![2, 1, 2, 1]; // the numbers fit, but the last map is not what the tail takes
        store.install(&imported.manifest, &imported.model).unwrap();
        let error = store.verify(&id).err().unwrap();
        assert!(matches!(error, WeightsError::Config(_)), "{error}");
    }

    #[test]
    fn what_cannot_be_read_is_said_and_not_left_out() {
        let (store, folder, id, _) = store();
        assert_eq!(store.of_kind(Kind::Recogniser).unwrap().len(), 2);
        assert!(store.of_kind(Kind::Liveness).unwrap().is_empty());
        let place = folder.path().join("weights").join(id.as_str());
        fs::write(place.join(MANIFEST), "{").unwrap();
        assert!(matches!(store.of_kind(Kind::Liveness), Err(WeightsError::Manifest { .. })));
        fs::remove_file(place.join(MANIFEST)).unwrap();
        assert!(matches!(store.of_kind(Kind::Liveness), Err(WeightsError::Read { .. })));
        fs::remove_dir_all(&place).unwrap();
        assert!(store.of_kind(Kind::Liveness).unwrap().is_empty());
        let none = WeightsStore::new(folder.path().join("none"));
        assert!(none.list().is_ok(), "a folder that is not there yet");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(WeightsStore::new(file).list(), Err(WeightsError::Read { .. })));
    }

    #[test]
    fn a_stop_in_the_middle_of_an_installation_leaves_the_old_network_or_the_new_one() {
        let (store, folder, id, imported) = store();
        let root = folder.path().join("weights");
        let (place, new, old) = (root.join("small"), root.join(".small.new"), root.join(".small.old"));
        let listed = || {
            let store = WeightsStore::new(&root);
            let ids = store.list().unwrap().into_iter().filter(|l| !l.embedded).map(|l| l.id.to_string());
            assert_eq!(ids.collect::<Vec<_>>(), ["small"]);
            store.verify(&id)
        };
        // Half of the new one beside the old one.
        fs::create_dir(&new).unwrap();
        fs::write(new.join(MODEL), "half").unwrap();
        fs::write(new.join("of another version"), "").unwrap();
        listed().unwrap();
        // The old one moved aside, the new one not there yet.
        fs::rename(&place, &old).unwrap();
        listed().unwrap();
        assert!(!old.exists(), "put back");
        // The new one is there, the old one not removed yet.
        fs::create_dir(&old).unwrap();
        listed().unwrap();
        store.install(&imported.manifest, &imported.model).unwrap();
        listed().unwrap();
        assert!(!new.exists() && !old.exists());
        assert_eq!(fs::read_dir(&place).unwrap().count(), 2, "nothing of what was begun before");
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_limited(folder.path(), 10), Err(WeightsError::Read { .. })));
        assert!(matches!(read_limited(Path::new("/dev/zero"), 10), Err(WeightsError::Read { .. })));
        let grows = Path::new("/proc/self/status"); // a file of length 0 that has content
        assert!(matches!(read_limited(grows, 10), Err(WeightsError::TooLarge { .. })));
    }

    #[test]
    fn a_configuration_that_does_not_fit_the_file_is_named() {
        let (_, _folder, _, imported) = store();
        let tensors = Tensors::parse(&imported.model).unwrap();
        let Architecture::MobileFaceNet(mut config) = imported.manifest.architecture else { panic!() };
        config.strides.push(1);
        let error = Architecture::MobileFaceNet(config.clone()).graph(&tensors).err().unwrap();
        let words = "the tensor 'blocks.4.expand.weight' is missing: the file is of another architecture than its \
                     manifest says; install the network again";
        assert_eq!(error.to_string(), words);
        let error = tensors.get("stem.weight", &[4, 3]).unwrap_err();
        let words = "the tensor 'stem.weight' has the shape 4 x 3 x 3 x 3 instead of 4 x 3: the file does not fit its \
                     manifest; install the network again";
        assert_eq!(error.to_string(), words);
        config.strides = vec![usize::MAX];
        // A step larger than the picture is found when the sizes are worked out, not by a panic.
        let graph = Architecture::MobileFaceNet(config).graph(&tensors);
        assert!(graph.is_err() || graph.is_ok_and(|graph| graph.shapes(112, 112).is_err()));
    }

    #[test]
    fn an_id_out_of_a_file_cannot_leave_the_folder() {
        let (store, folder, ..) = store();
        std::fs::write(folder.path().join(MANIFEST), "{}").unwrap();
        let id: WeightsId = serde_json::from_str("\"..\"").unwrap();
        assert!(matches!(store.manifest(&id), Err(WeightsError::Unknown { .. })));
    }
}
