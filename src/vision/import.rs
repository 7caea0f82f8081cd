//! From somebody's ONNX file to weights of ours.
//!
//! Job: find the architecture that a graph is, by walking it; refuse any other graph by naming the first node that
//! differs from the closest architecture. It must not go by names in the file, and it must not run anything.

use super::{
    known,
    onnx::Graph,
    scrfd,
    tensors::Tensors,
    walk::{Differs, Walk},
    weights::{
        Architecture, Calibration, ChannelOrder, Input, Kind, MAX_FILE_BYTES, Manifest, WeightsError,
        read_limited, sha256_hex,
    },
    {iresnet, mobilefacenet},
};
use crate::domain::{EMBEDDING_LEN, WeightsId};
use std::path::Path;

/// Why a file is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read, or what was read does not fit together.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// It is no ONNX.
    #[error("the file is not a whole ONNX model; download it again, or choose the .onnx file itself")]
    NotOnnx,
    /// It is a graph that no architecture here has.
    #[error(
        "this is no network that the kiosk runs (SCRFD, MobileFaceNet, IResNet): compared with {closest}, the first \
         node that differs is '{node}' ({op}), where {expected} should be; export it again or choose another file"
    )]
    Differs {
        /// The architecture that agrees longest.
        closest: &'static str,
        /// The node's name.
        node: String,
        /// Its operator.
        op: String,
        /// What should be there.
        expected: String,
    },
}

/// A network ready for [`super::WeightsStore::install`].
pub struct Imported {
    /// What it is. Id, licence, source and calibration are known for known files; else the id is the file's name.
    pub manifest: Manifest,
    /// `model.safetensors`, f32.
    pub model: Vec<u8>,
}

/// Reads and converts an ONNX file.
pub fn import(path: &Path) -> Result<Imported, ImportError> {
    let bytes = read_limited(path, MAX_FILE_BYTES)?;
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    import_bytes(&bytes, &stem)
}

/// Converts the bytes of an ONNX file. `name` becomes the id where the file is not a known one.
pub fn import_bytes(bytes: &[u8], name: &str) -> Result<Imported, ImportError> {
    let graph = Graph::parse(bytes).ok_or(ImportError::NotOnnx)?;
    let (architecture, tensors) = recognise(&graph)?;
    architecture.graph(&tensors)?; // what was written is what will be read
    let model = tensors.to_bytes()?;
    let manifest = manifest(architecture, &sha256_hex(bytes), sha256_hex(&model), name)?;
    Ok(Imported { manifest, model })
}

/// Tries every architecture; the error is that of the one that agreed longest.
fn recognise(graph: &Graph) -> Result<(Architecture, Tensors), ImportError> {
    let scrfd = scrfd::from_onnx(Walk::new(graph)).map(|(c, t)| (Architecture::Scrfd(c), t));
    let mobile =
        || mobilefacenet::from_onnx(Walk::new(graph)).map(|(c, t)| (Architecture::MobileFaceNet(c), t));
    let residual = || iresnet::from_onnx(Walk::new(graph)).map(|(c, t)| (Architecture::IResNet(c), t));
    let mut closest: Option<(&'static str, Differs)> = None;
    let mut keep = |name, differs: Differs| {
        if closest.as_ref().is_none_or(|(_, best)| differs.agreed > best.agreed) {
            closest = Some((name, differs));
        }
    };
    let found = scrfd
        .map_err(|d| keep("SCRFD", d))
        .or_else(|()| mobile().map_err(|d| keep("MobileFaceNet", d)))
        .or_else(|()| residual().map_err(|d| keep("IResNet", d)));
    match (found, closest) {
        (Ok(found), _) => Ok(found),
        (Err(()), Some((closest, d))) => {
            Err(ImportError::Differs { closest, node: d.node, op: d.op, expected: d.expected })
        }
        (Err(()), None) => Err(ImportError::NotOnnx),
    }
}

fn manifest(
    architecture: Architecture,
    onnx_sha256: &str,
    sha256: String,
    name: &str,
) -> Result<Manifest, WeightsError> {
    let known = known::by_sha256(onnx_sha256);
    let kind = architecture.kind();
    let id = known.map_or_else(|| id_from(name), |k| k.id.to_owned());
    let id = WeightsId::new(&id)
        .map_err(|e| WeightsError::Manifest { id: name.to_owned(), reason: e.to_string() })?;
    let (side, std, calibration) = match kind {
        Kind::Detector => (None, 128.0, Some(Calibration::Detector { score_threshold: 0.5, nms_iou: 0.4 })),
        Kind::Recogniser => {
            let measured = known.and_then(|k| k.calibration.as_ref());
            (Some(112), 127.5, measured.map(|m| Calibration::Recogniser(m.data())))
        }
    };
    let unknown = "Unknown: ask whoever gave you the file";
    Ok(Manifest {
        id,
        kind,
        architecture,
        embedding_length: (kind == Kind::Recogniser).then_some(EMBEDDING_LEN),
        input: Input { width: side, height: side, channel_order: ChannelOrder::Rgb, mean: 127.5, std },
        licence: known.map_or(unknown, |k| k.licence).to_owned(),
        source: known.map_or_else(
            || format!("Imported from an ONNX file with sha256 {onnx_sha256}"),
            |k| format!("{} (ONNX file with sha256 {onnx_sha256})", k.source),
        ),
        sha256,
        calibration,
    })
}

/// A file's name as an id: small letters, and `-` for whatever an id cannot hold.
fn id_from(name: &str) -> String {
    let id: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .collect();
    let id: String = id.trim_start_matches('.').chars().take(64).collect();
    if id.is_empty() { "imported".to_owned() } else { id }
}
