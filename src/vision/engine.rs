//! The seam between the networks and the rest: a frame in, faces, quality and embeddings out.
//!
//! Job: put detector, alignment, quality and recogniser together. It must not remember a face from one call to the
//! next, and whoever calls measures the stages: of time it knows only what alignment took.

use super::{
    VisionError,
    align::{Crop, SIDE, push_mirrored, push_planes},
    detect::Detector,
    liveness::Liveness,
    network::{Backend, Network, RunsOn},
    quality,
    weights::{Input, Kind, Loaded, WeightsStore},
};
use crate::{
    domain::{CalibrationData, DetectedFace, EMBEDDING_LEN, Embedding, Fingerprint, Quality, WeightsId},
    imaging::Frame,
};
use candle_core::Device;
use std::time::Duration;
use zeroize::Zeroize;

/// Faces that the recogniser takes in one run: its weights are then read once. More than this stand at a door rarely, and
/// each costs memory for its values.
const FACES_AT_ONCE: usize = 4;

/// Frame in, faces out. [`NetworkEngine`] is the real one; tests of the runtime have one without weights.
pub trait FaceEngine: Send {
    /// Faces of a frame in frame pixels, best score first.
    fn detect(&mut self, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError>;

    /// How well a face can be read.
    fn assess(&mut self, frame: &Frame, face: &DetectedFace) -> Quality;

    /// One embedding per face, in their order.
    fn embed(&mut self, frame: &Frame, faces: &[DetectedFace]) -> Result<Vec<Embedding>, VisionError>;

    /// The probability that a face is bona fide, a person and not a picture of one (ISO/IEC 30107); `None` when
    /// nobody checks.
    fn bona_fide(&mut self, _frame: &Frame, _face: &DetectedFace) -> Result<Option<f32>, VisionError> {
        Ok(None)
    }

    /// Whether [`FaceEngine::bona_fide`] answers.
    fn checks_liveness(&self) -> bool {
        false
    }

    /// Time of [`FaceEngine::assess`] and [`FaceEngine::embed`] that went into alignment since this was last asked; zero
    /// where nothing is aligned.
    fn take_align_time(&mut self) -> Duration {
        Duration::ZERO
    }

    /// Which weights make the embeddings.
    fn weights(&self) -> &WeightsId;

    /// What the embeddings depend on besides that id; of engines without a network, always the same.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::default()
    }

    /// Where which networks run, for a technician.
    fn description(&self) -> EngineDescription {
        EngineDescription { device: RunsOn::default(), networks: vec![self.weights().clone()] }
    }

    /// What was measured about them.
    fn calibration(&self) -> &CalibrationData;
}

/// What an engine is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineDescription {
    /// Where they run.
    pub device: RunsOn,
    /// Recogniser, detector, and those for liveness.
    pub networks: Vec<WeightsId>,
}

/// Where networks are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// CUDA when this program has it and a card answers, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first NVIDIA card, or an error.
    Cuda,
}

impl DeviceChoice {
    fn backend(self) -> Result<Backend, VisionError> {
        let cuda = || Device::new_cuda(0).map_err(|e| VisionError::CudaDevice(e.to_string()));
        match self {
            Self::Cuda if !cfg!(feature = "cuda") => Err(VisionError::NoCuda),
            Self::Cuda => Ok(Backend::Candle(cuda()?)),
            Self::Auto if cfg!(feature = "cuda") => {
                Ok(cuda().map_or_else(|_| Backend::cpu(), Backend::Candle))
            }
            Self::Auto | Self::Cpu => Ok(Backend::cpu()),
        }
    }
}

/// SCRFD, a recogniser of the `ArcFace` family, and networks for liveness.
pub struct NetworkEngine {
    detector: Detector,
    liveness: Option<Liveness>,
    recogniser: Network,
    normalise: Input,
    id: WeightsId,
    fingerprint: Fingerprint,
    description: EngineDescription,
    calibration: CalibrationData,
    crop: Crop,
    input: Vec<f32>,
}

impl NetworkEngine {
    /// Loads and checks detector, recogniser, and the networks for liveness, if there are any. All but the detector, whose
    /// pictures have several sizes, are ready to run then.
    pub fn load(
        store: &WeightsStore,
        detector: &WeightsId,
        recogniser: &WeightsId,
        liveness: &[WeightsId],
        device: DeviceChoice,
    ) -> Result<Self, VisionError> {
        let backend = device.backend()?;
        let networks = [recogniser, detector].into_iter().chain(liveness).cloned().collect();
        let description = EngineDescription { device: backend.runs_on(), networks };
        let liveness =
            liveness.iter().map(|id| store.load(id, Kind::Liveness)).collect::<Result<Vec<_>, _>>()?;
        let detector = Detector::new(store.load(detector, Kind::Detector)?, &backend)?;
        let Loaded { manifest, graph, .. } = store.load(recogniser, Kind::Recogniser)?;
        let pictures = FACES_AT_ONCE * views(&manifest.input);
        Ok(Self {
            liveness: Liveness::new(liveness, &backend)?,
            detector,
            calibration: manifest.calibration_data(),
            fingerprint: manifest.fingerprint(),
            id: manifest.id,
            description,
            recogniser: Network::fixed(&graph, &backend, (SIDE, SIDE), pictures)?,
            normalise: manifest.input,
            crop: Crop::default(),
            input: Vec::new(),
        })
    }

    /// Embeds as many faces as the recogniser takes at once.
    fn embed_some(
        &mut self,
        frame: &Frame,
        faces: &[DetectedFace],
        embeddings: &mut Vec<Embedding>,
    ) -> Result<(), VisionError> {
        self.input.clear();
        for face in faces {
            let crop = self.crop.cut(frame, face)?;
            push_planes(crop, self.normalise.mean, self.normalise.std, &mut self.input);
            if self.normalise.mirror {
                push_mirrored(SIDE, &mut self.input);
            }
        }
        let ran = self.recogniser.run((SIDE, SIDE), &self.input);
        let read = ran.and_then(|()| {
            let length = EMBEDDING_LEN * views(&self.normalise);
            read_embeddings(self.recogniser.output(0), faces.len(), length, embeddings)
        });
        self.recogniser.wipe(); // whatever came of it
        read
    }
}

/// One embedding of every `length` numbers; another number of faces than were shown is an error, since the faces are told
/// apart by their order alone.
fn read_embeddings(
    output: &[f32],
    faces: usize,
    length: usize,
    embeddings: &mut Vec<Embedding>,
) -> Result<(), VisionError> {
    if output.len() != faces * length {
        return Err(VisionError::Output("recogniser"));
    }
    for views in output.chunks(length) {
        embeddings.push(Embedding::from_views(views)?);
    }
    Ok(())
}

/// Pictures of one face that the recogniser sees.
fn views(input: &Input) -> usize {
    1 + usize::from(input.mirror)
}

impl FaceEngine for NetworkEngine {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
        self.detector.detect(frame)
    }

    fn assess(&mut self, frame: &Frame, face: &DetectedFace) -> Quality {
        let crop = self.crop.cut(frame, face).unwrap_or_default();
        quality::assess(face, (frame.width(), frame.height()), crop)
    }

    fn embed(&mut self, frame: &Frame, faces: &[DetectedFace]) -> Result<Vec<Embedding>, VisionError> {
        let mut embeddings = Vec::with_capacity(faces.len());
        for faces in faces.chunks(FACES_AT_ONCE) {
            self.embed_some(frame, faces, &mut embeddings)?;
        }
        Ok(embeddings)
    }

    fn bona_fide(&mut self, frame: &Frame, face: &DetectedFace) -> Result<Option<f32>, VisionError> {
        self.liveness.as_mut().map(|liveness| liveness.bona_fide(frame, face)).transpose()
    }

    fn checks_liveness(&self) -> bool {
        self.liveness.is_some()
    }

    fn take_align_time(&mut self) -> Duration {
        self.crop.take_spent()
    }

    fn weights(&self) -> &WeightsId {
        &self.id
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn description(&self) -> EngineDescription {
        self.description.clone()
    }

    fn calibration(&self) -> &CalibrationData {
        &self.calibration
    }
}

impl Drop for NetworkEngine {
    fn drop(&mut self) {
        self.input.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_has_an_embedding_or_none_has() {
        let read = |output: &[f32], faces| {
            let mut embeddings = Vec::new();
            read_embeddings(output, faces, EMBEDDING_LEN, &mut embeddings).map(|()| embeddings.len())
        };
        let output = [1.0; 2 * EMBEDDING_LEN];
        assert_eq!(read(&output, 2).unwrap(), 2);
        for (faces, length) in [(1, output.len()), (3, output.len()), (2, output.len() - 1), (1, 128)] {
            assert!(
                matches!(read(&output[..length], faces), Err(VisionError::Output(_))),
                "{faces} {length}"
            );
        }
    }
}
