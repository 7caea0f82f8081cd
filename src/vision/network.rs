//! One network on one device, at the sizes it is asked for.
//!
//! Job: numbers in, numbers out, whichever of the two ways of [`crate::nn`] runs it; whatever was prepared for a
//! size is kept. A network of one size is prepared when it is made, and its graph not kept beside what was made of it. It
//! must not know what the numbers mean.

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
    /// What other sizes are prepared from; none where there is one size.
    source: Option<(Graph, Backend)>,
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
    /// Takes a graph that runs at any size, one picture at a time; the first run at a size prepares it.
    #[must_use]
    pub fn new(graph: Graph, backend: Backend) -> Self {
        Self { source: Some((graph, backend)), prepared: Vec::new() }
    }

    /// Prepares a graph for one size and up to `pictures` pictures (at least 1) in one run, and keeps only what was
    /// prepared. What a run needs is there then, or this is an error.
    pub fn fixed(graph: &Graph, backend: &Backend, size: Size, pictures: usize) -> Result<Self, VisionError> {
        let prepared = Prepared::new(graph, backend, size, pictures)?;
        Ok(Self { source: None, prepared: vec![(size, prepared)] })
    }

    /// Runs one picture of (3, height, width) values, or several behind each other.
    pub fn run(&mut self, size: Size, input: &[f32]) -> Result<(), VisionError> {
        if let Some(at) = self.prepared.iter().position(|(s, _)| *s == size) {
            self.prepared[..=at].rotate_right(1);
        } else {
            let (height, width) = size;
            let (graph, backend) = self.source.as_ref().ok_or(VisionError::Size { width, height })?;
            let prepared = Prepared::new(graph, backend, size, 1)?;
            self.prepared.truncate(KEPT_SIZES - 1);
            self.prepared.insert(0, (size, prepared));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        let (mut graph, x) = Graph::new(3);
        let y = graph.affine(x, vec![2.0; 3], vec![0.0; 3]);
        graph.output(y, "doubled");
        graph
    }

    #[test]
    fn the_size_that_was_used_longest_ago_makes_room() {
        let mut network = Network::new(graph(), Backend::Cpu { threads: 1 });
        for side in [1, 2, 3, 4, 1, 5] {
            network.run((side, side), &vec![1.0; 3 * side * side]).unwrap();
            assert_eq!(network.output(0), vec![2.0; 3 * side * side]);
        }
        let kept: Vec<usize> = network.prepared.iter().map(|((side, _), _)| *side).collect();
        assert_eq!(kept, [5, 1, 4, 3]);
    }

    #[test]
    fn a_network_of_one_size_is_prepared_before_it_runs_and_takes_no_other() {
        for backend in [Backend::Cpu { threads: 1 }, Backend::Candle(Device::Cpu)] {
            let mut network = Network::fixed(&graph(), &backend, (2, 2), 3).unwrap();
            assert!(network.source.is_none() && network.prepared.len() == 1);
            for pictures in [3, 1] {
                network.run((2, 2), &vec![1.0; pictures * 12]).unwrap();
                assert_eq!(network.output(0), vec![2.0; pictures * 12]);
            }
            assert!(matches!(
                network.run((1, 4), &[1.0; 12]),
                Err(VisionError::Size { width: 4, height: 1 })
            ));
            assert!(Network::fixed(&graph(), &backend, (0, 2), 1).is_err());
        }
    }
}
