//! One network on one device, at the sizes it is asked for.
//!
//! Job: numbers in, numbers out, whichever of the two ways of [`crate::nn`] runs it; whatever was prepared for a
//! size is kept. It must not know what the numbers mean.

use super::VisionError;
use crate::nn::{Graph, NnError, Plan, reference};
use candle_core::{Device, Tensor};
use zeroize::Zeroize;

/// How many sizes are kept prepared: two passes of the detector, and room for a camera that turned.
const KEPT_SIZES: usize = 4;
/// More threads than this do not make networks of this size faster.
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
    /// The fast plan on every core, up to four.
    #[must_use]
    pub fn cpu() -> Self {
        Self::Cpu { threads: std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS) }
    }

    /// Where that is.
    #[must_use]
    pub fn runs_on(&self) -> RunsOn {
        match self {
            Self::Cpu { threads } => RunsOn::Cpu { threads: *threads },
            Self::Candle(Device::Cuda(_)) => RunsOn::Cuda,
            Self::Candle(_) => RunsOn::Candle,
        }
    }
}

/// Where a network runs, for a technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOn {
    /// The processor, on that many threads.
    Cpu {
        /// At least 1.
        threads: usize,
    },
    /// An NVIDIA card.
    Cuda,
    /// The processor, by candle's plain operations.
    Candle,
}

impl Default for RunsOn {
    fn default() -> Self {
        Self::Cpu { threads: 1 }
    }
}

impl std::fmt::Display for RunsOn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cpu { threads: 1 } => f.write_str("cpu, 1 thread"),
            Self::Cpu { threads } => write!(f, "cpu, {threads} threads"),
            Self::Cuda => f.write_str("cuda"),
            Self::Candle => f.write_str("candle"),
        }
    }
}

/// A network and what was prepared for the sizes it was asked for, the size of the last run first.
pub struct Network {
    graph: Graph,
    backend: Backend,
    pictures: usize,
    prepared: Vec<(Size, Prepared)>,
}

/// Height and width of the input, pixels.
pub type Size = (usize, usize);

/// A network at one size, with its outputs.
enum Prepared {
    Fast(Box<Plan>),
    Plain { network: reference::Network, device: Device, outputs: Vec<Vec<f32>> },
}

impl Network {
    /// Takes a graph; nothing is prepared yet. It runs one picture at a time.
    #[must_use]
    pub fn new(graph: Graph, backend: Backend) -> Self {
        Self::for_batches(graph, backend, 1)
    }

    /// As [`Network::new`], for up to `pictures` pictures (at least 1) in one run.
    #[must_use]
    pub fn for_batches(graph: Graph, backend: Backend, pictures: usize) -> Self {
        Self { graph, backend, pictures: pictures.max(1), prepared: Vec::new() }
    }

    /// Runs one picture of (3, height, width) values, or several behind each other. The first run at a size prepares
    /// it.
    pub fn run(&mut self, size: Size, input: &[f32]) -> Result<(), VisionError> {
        if let Some(at) = self.prepared.iter().position(|(s, _)| *s == size) {
            self.prepared.swap(at, 0);
        } else {
            self.prepared.truncate(KEPT_SIZES - 1);
            self.prepared.insert(0, (size, Prepared::new(&self.graph, &self.backend, size, self.pictures)?));
        }
        match self.prepared.first_mut() {
            Some((_, prepared)) => Ok(prepared.run(size, input)?),
            None => Err(VisionError::Output("input")),
        }
    }

    /// The `index`-th output of the last run, (channels, height, width) for each picture; empty when there is none.
    #[must_use]
    pub fn output(&self, index: usize) -> &[f32] {
        self.prepared.first().map_or(&[], |(_, prepared)| prepared.output(index))
    }

    /// Overwrites the outputs of the last run.
    pub fn wipe(&mut self) {
        match self.prepared.first_mut() {
            Some((_, Prepared::Fast(plan))) => plan.wipe(),
            Some((_, Prepared::Plain { outputs, .. })) => outputs.zeroize(),
            None => {}
        }
    }
}

impl Prepared {
    fn new(
        graph: &Graph,
        backend: &Backend,
        (height, width): Size,
        pictures: usize,
    ) -> Result<Self, NnError> {
        Ok(match backend {
            Backend::Cpu { threads } => {
                let plan = Plan::compile_batch(graph, height, width, pictures, *threads)?;
                Self::Fast(Box::new(plan))
            }
            Backend::Candle(device) => Self::Plain {
                network: reference::Network::new(graph, height, width, device)?,
                device: device.clone(),
                outputs: Vec::new(),
            },
        })
    }

    fn run(&mut self, (height, width): Size, input: &[f32]) -> Result<(), NnError> {
        match self {
            Self::Fast(plan) => plan.run(input),
            Self::Plain { network, device, outputs } => {
                let x = Tensor::from_slice(input, ((), 3, height, width), device)?;
                outputs.zeroize();
                for y in network.forward(&x)? {
                    outputs.push(y.flatten_all()?.to_vec1()?);
                }
                Ok(())
            }
        }
    }

    fn output(&self, index: usize) -> &[f32] {
        match self {
            Self::Fast(plan) => plan.output(index),
            Self::Plain { outputs, .. } => outputs.get(index).map_or(&[], Vec::as_slice),
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Self::Plain { outputs, .. } = self {
            outputs.zeroize();
        }
    }
}
