//! Frame in, faces out: detection, alignment, embedding, quality; loading and importing weights.
//!
//! Job: everything that a network is asked. It must not know who anybody is, what time it is, or what becomes of a
//! face: an embedding leaves here and is not kept.
//!
//! Each architecture has a file of its own ([`scrfd`], [`mobilefacenet`], [`iresnet`], [`minifasnet`]) that describes
//! it once, as a [`crate::nn::Graph`] read from named tensors. The same description runs as plain candle operations,
//! on a CPU or with CUDA, through [`crate::nn::reference`], and as the fast plan of [`crate::nn`] on a CPU; both give
//! the same numbers.
//!
//! A face's way: [`detect`] finds boxes and landmarks, [`second_look`] judges them, [`align`] cuts the 112x112 crop,
//! [`quality`] judges it, [`engine`] embeds it, [`liveness`] tells it from a picture of one. Weights come from a [`WeightsStore`];
//! [`mod@import`] turns ONNX files into weights, [`gather`] finds them in folders and archives, [`download`] fetches
//! those.

pub mod align;
mod archive;
pub mod detect;
pub mod download;
pub mod embedded;
pub mod engine;
pub mod gather;
pub mod import;
pub mod iresnet;
pub mod known;
mod layer;
pub mod liveness;
pub mod minifasnet;
pub mod mobilefacenet;
pub mod network;
mod onnx;
pub mod pairs;
pub mod quality;
pub mod scrfd;
pub mod second_look;
pub mod tensors;
mod walk;
pub mod weights;

pub use detect::{Detector, DetectorSettings};
pub use engine::{DeviceChoice, EngineDescription, FaceEngine, NetworkEngine};
pub use import::{ImportError, Imported, import};
pub use network::RunsOn;
pub use weights::{Architecture, Calibration, Kind, Manifest, WeightsError, WeightsStore};

use crate::domain::EmbeddingError;
use crate::nn::NnError;

/// Why the networks gave no answer. Whoever runs the kiosk must act: other weights, another device.
#[derive(Debug, thiserror::Error)]
pub enum VisionError {
    /// The weights are not usable.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The network does not run.
    #[error(transparent)]
    Network(#[from] NnError),
    /// A network of one size was given a picture of another.
    #[error("the network was not made for pictures of {width}x{height}; resize the picture first")]
    Size {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// What the network gave is no embedding.
    #[error(transparent)]
    Embedding(#[from] EmbeddingError),
    /// The network has other outputs than its architecture.
    #[error(
        "the network '{0}' gave other outputs than it has; verify the weights with `faceprint weights verify`"
    )]
    Output(&'static str),
    /// The network gave infinity, or nothing that is a number.
    #[error(
        "the network for {0} gave no numbers; verify the weights with `faceprint weights verify`, or use others"
    )]
    NotFinite(&'static str),
    /// The landmarks coincide, or are not finite.
    #[error("the landmarks of a face coincide; skip this face and look at the next frame")]
    Landmarks,
    /// CUDA was asked for and this program was built without.
    #[error(
        "this program was built without CUDA: use `--device cpu`, or the binary that \
         `cargo build --release --features cuda` makes"
    )]
    NoCuda,
    /// CUDA was asked for and there is no usable device.
    #[error("no CUDA device can be used ({0}): check the driver with `nvidia-smi`, or use `--device cpu`")]
    CudaDevice(String),
}
