//! One network on one device, at the sizes it is asked for.
//!
//! Job: numbers in, numbers out, whichever of the two ways of [`crate::nn`] runs it; whatever was prepared for a
//! size is kept. It must not know what the numbers mean.

use super::VisionError;
use crate::nn::{Graph, NnError, reference};
use candle_core::{Device, Tensor};
use zeroize::Zeroize;

/// How many sizes are kept prepared: two passes of the detector, and room for a camera that turned.
const KEPT_SIZES: usize = 4;

const MAX_THREADS: usize = 4;

/// Where a network runs.
#[derive(Clone)]
pub enum Backend {
    /// The fast plan, on that many threads.
    Cpu {
        /// At least 1.
        threads: usize,
    },
    /// Plain candle operations on its device.
    Candle(Device),
}

impl Backend {
    /// The fast plan on every core, up to four: more do not make networks of this size faster.
    #[must_use]
    pub fn cpu() -> Self {
        Self::Cpu { threads: std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS) }
    }
}

/// A network with room for its outputs. These are overwritten when it is dropped.
pub struct Network {
    graph: Graph,
    backend: Backend,
    prepared: Vec<(Size, reference::Network)>,
    outputs: Vec<Vec<f32>>,
}

/// Height and width of the input, pixels.
pub type Size = (usize, usize);

impl Network {
    /// Takes a graph; nothing is prepared yet.
    pub fn new(graph: Graph, backend: Backend) -> Self {
        Self { graph, backend, prepared: Vec::new(), outputs: Vec::new() }
    }

    /// Runs one picture of (3, height, width) values.
    pub fn run(&mut self, size: Size, input: &[f32]) -> Result<(), VisionError> {
        let device = match &self.backend {
            Backend::Candle(device) => device.clone(),
            Backend::Cpu { .. } => Device::Cpu,
        };
        let network = prepared(&mut self.prepared, size, || {
            reference::Network::new(&self.graph, size.0, size.1, &device)
        })?;
        let x = Tensor::from_slice(input, (1, 3, size.0, size.1), &device).map_err(NnError::from)?;
        self.outputs.zeroize();
        for y in network.forward(&x)? {
            let values = y.flatten_all().and_then(|y| y.to_vec1::<f32>()).map_err(NnError::from)?;
            self.outputs.push(values);
        }
        Ok(())
    }

    /// The `index`-th output of the last run, (channels, height, width); empty when there is none.
    pub fn output(&self, index: usize) -> &[f32] {
        self.outputs.get(index).map_or(&[], Vec::as_slice)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.outputs.zeroize();
    }
}

/// What was prepared for a size, or is now; the oldest makes room.
fn prepared<T>(
    kept: &mut Vec<(Size, T)>,
    size: Size,
    prepare: impl FnOnce() -> Result<T, NnError>,
) -> Result<&mut T, NnError> {
    if let Some(at) = kept.iter().position(|(s, _)| *s == size) {
        kept.swap(at, 0);
    } else {
        kept.truncate(KEPT_SIZES - 1);
        kept.insert(0, (size, prepare()?));
    }
    match kept.first_mut() {
        Some((_, found)) => Ok(found),
        None => Err(NnError::Shape { node: 0, layer: "input", problem: "nothing was prepared".to_owned() }),
    }
}
