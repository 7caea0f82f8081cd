//! Weight files: a manifest that says what a network is, and the store that finds, checks and loads them.
//!
//! Job: from an id to a checked [`Loaded`] network. It must not know how a network runs.
//!
//! A network is a folder `<store>/<id>/` with `manifest.json` and `model.safetensors`; the file's sha256 stands in
//! the manifest, and the bytes that are hashed are the bytes that are loaded. Networks compiled into the program
//! ([`super::embedded`]) are there too; a folder of the same id takes precedence.

use super::{
    embedded::{PACKS, Pack},
    iresnet, minifasnet, mobilefacenet, scrfd,
    tensors::Tensors,
};
use crate::{
    domain::{CalibrationData, Fingerprint, WeightsId},
    imaging::Surround,
    nn::Graph,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    borrow::Cow,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// No file of weights is larger (`IResNet`-100 in f32 is 250 MB).
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;
const MAX_MANIFEST_BYTES: u64 = 1 << 20;
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const MODEL: &str = "model.safetensors";

/// Why weights cannot be used. Each says which, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// No such id.
    #[error("there are no weights '{id}'; there are: {there}. Import a file with `faceprint weights import`")]
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
    #[error("the manifest of '{id}' cannot be read ({reason}); import the network again")]
    Manifest {
        /// Whose.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is not the one that the manifest describes.
    #[error(
        "the file of '{id}' is damaged or was changed (its sha256 differs from the manifest); import it again"
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
    #[error("the file is not a whole safetensors file ({0}); import the network again")]
    NotSafetensors(String),
    /// A tensor of integers or the like.
    #[error("the tensor '{tensor}' holds {found}, and weights are F16, BF16 or F32; import another file")]
    Type {
        /// Which.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// A tensor is missing.
    #[error("the tensor '{tensor}' is missing: the file is of another architecture than its manifest says")]
    Missing {
        /// Which.
        tensor: String,
    },
    /// A tensor has another shape.
    #[error(
        "the tensor '{tensor}' has the shape {found:?} instead of {expected}: the file does not fit its manifest"
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
    #[error("the manifest's configuration is impossible: {0}; import the network again")]
    Config(String),
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
        /// Boxes that overlap more (intersection over union) are one face.
        nms_iou: f32,
    },
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
        if !(manifest.input.mean.is_finite() && manifest.input.std > 0.0) {
            return Err(wrong("its input normalisation is impossible".to_owned()));
        }
        if manifest.input.mirror && manifest.kind != Kind::Recogniser {
            return Err(wrong(format!("a {} sees nothing mirrored", manifest.kind)));
        }
        Ok(manifest)
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

/// A network whose file was checked against its manifest.
pub struct Loaded {
    /// What it is.
    pub manifest: Manifest,
    /// Its layers.
    pub graph: Graph,
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
    /// A folder (it need not exist) and the embedded networks.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    /// The embedded networks alone.
    #[must_use]
    pub fn embedded() -> Self {
        Self { folder: None }
    }

    /// Everything there is, by id. Reads manifests only.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        self.ids()
            .into_iter()
            .map(|(id, embedded)| Listed { manifest: self.manifest(&id), id, embedded })
            .collect()
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
        let bytes = place.model()?;
        if sha256_hex(&bytes) != manifest.sha256.to_ascii_lowercase() {
            return Err(WeightsError::Hash { id: id.to_string() });
        }
        let graph = manifest.architecture.graph(&Tensors::parse(&bytes)?)?;
        Ok(Loaded { manifest, graph })
    }

    /// Loads a network to see that it can be loaded.
    pub fn verify(&self, id: &WeightsId) -> Result<Manifest, WeightsError> {
        let kind = self.manifest(id)?.kind;
        Ok(self.load(id, kind)?.manifest)
    }

    /// Every network of a kind that is there and can be read, installed ones before embedded ones of the same id.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> Vec<WeightsId> {
        let is = |listed: &Listed| listed.manifest.as_ref().is_ok_and(|m| m.kind == kind);
        self.list().into_iter().filter(is).map(|listed| listed.id).collect()
    }

    /// Adds a network, replacing one of the same id; written beside and renamed, so that there is never half of one.
    pub fn install(&self, manifest: &Manifest, model: &[u8]) -> Result<PathBuf, WeightsError> {
        let Some(folder) = &self.folder else {
            return Err(WeightsError::Write { path: "the program".into(), reason: "no data folder".into() });
        };
        let text = serde_json::to_vec_pretty(manifest)
            .map_err(|e| WeightsError::Manifest { id: manifest.id.to_string(), reason: e.to_string() })?;
        let place = folder.join(manifest.id.as_str());
        let beside = folder.join(format!(".{}.new", manifest.id));
        let write = || {
            fs::create_dir_all(&beside)?;
            fs::write(beside.join(MODEL), model)?;
            fs::write(beside.join(MANIFEST), &text)?;
            if place.exists() {
                fs::remove_dir_all(&place)?;
            }
            fs::rename(&beside, &place)
        };
        write().map_err(|e: std::io::Error| WeightsError::Write {
            path: place.display().to_string(),
            reason: e.to_string(),
        })?;
        Ok(place)
    }

    /// Ids with whether they are embedded, sorted.
    fn ids(&self) -> Vec<(WeightsId, bool)> {
        let entries = self.folder.as_ref().and_then(|f| fs::read_dir(f).ok()).into_iter().flatten().flatten();
        let mut ids: Vec<(WeightsId, bool)> = entries
            .filter_map(|e| Some((WeightsId::new(e.file_name().to_str()?).ok()?, false)))
            .filter(|(id, _)| {
                self.folder.as_ref().is_some_and(|f| f.join(id.as_str()).join(MANIFEST).exists())
            })
            .collect();
        for pack in PACKS {
            let embedded = WeightsId::new(pack.id).ok().filter(|id| ids.iter().all(|(known, _)| known != id));
            ids.extend(embedded.map(|id| (id, true)));
        }
        ids.sort();
        ids
    }

    fn find(&self, id: &WeightsId) -> Result<Place, WeightsError> {
        // an id that came out of a file is not yet known to be a safe folder name
        let safe = WeightsId::new(id.as_str()).is_ok();
        let folder =
            self.folder.as_ref().map(|f| f.join(id.as_str())).filter(|f| safe && f.join(MANIFEST).exists());
        let place = folder
            .map(Place::Folder)
            .or_else(|| PACKS.iter().find(|p| p.id == id.as_str()).map(Place::Embedded));
        place.ok_or_else(|| {
            let there: Vec<String> = self.ids().into_iter().map(|(id, _)| id.to_string()).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            WeightsError::Unknown { id: id.to_string(), there }
        })
    }
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
    let failed =
        |e: std::io::Error| WeightsError::Read { path: path.display().to_string(), reason: e.to_string() };
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > limit {
        return Err(WeightsError::TooLarge { path: path.display().to_string(), bytes });
    }
    fs::read(path).map_err(failed)
}

/// The sha256 of bytes as 64 hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
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
            store.list().iter().filter(|l| !l.embedded).map(|l| l.id.to_string()).collect();
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
            ("\"strides\":[2,1]", "\"strides\":[2,-1]"),
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
            .into_iter()
            .map(|listed| (listed.id.to_string(), listed.manifest.unwrap().fingerprint().to_string()))
            .collect();
        let expected = [
            ("fp-detect-1", "43e7029224478fb81ee34ac1f5737149e252b0c03074fb0aa51c2a9d3c368e6e"),
            ("fp-face-1", "c4a145c908ed3ec2eb996595bcd873b03e2d53cb12c7c65fe5a1bd1ffb56024b"),
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
    fn a_configuration_that_does_not_fit_the_file_is_named() {
        let (_, _folder, _, imported) = store();
        let tensors = Tensors::parse(&imported.model).unwrap();
        let Architecture::MobileFaceNet(mut config) = imported.manifest.architecture else { panic!() };
        config.strides.push(1);
        let error = Architecture::MobileFaceNet(config.clone()).graph(&tensors).err().unwrap();
        assert!(error.to_string().contains("blocks.2.expand.weight"), "{error}");
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
