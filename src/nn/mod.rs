//! Networks as data, and the fast way to run them on a CPU.
//!
//! A model (in `vision`) describes itself once as a [`Graph`] of plain numbers, batch norms already folded. From the
//! same graph come two programs that give the same answer: a [`Plan`], which runs it with this module's own kernels,
//! and [`reference::Network`], which runs it in plain candle operations on any device (CUDA, and the tests).
//!
//! This module must not know what a face is: no model, no file format, no picture lives here.

mod blocked;
mod elementwise;
mod graph;
mod kernels;
mod layers;
mod pack;
mod plan;
mod planner;
pub mod reference;
pub mod similarity;
mod team;
#[cfg(test)]
mod testing;

pub use graph::{Graph, NodeId, Shape};
pub use layers::{Activation, ConvWeights, LinearWeights};
pub use plan::Plan;

/// Why a network cannot be compiled or run.
#[derive(Debug, thiserror::Error)]
pub enum NnError {
    /// A layer does not fit what flows into it; the weights do not belong to this architecture or the size is wrong.
    #[error(
        "the network does not fit together at node {node} ({layer}): {problem}; install weights made for it"
    )]
    Shape {
        /// Position of the node in the graph, the input being 0.
        node: usize,
        /// What kind of layer it is.
        layer: &'static str,
        /// What does not fit, with the numbers.
        problem: String,
    },
    /// A run was given pictures of another size, or more of them, than the plan was compiled for.
    #[error(
        "the network takes 1 to {most} pictures of {expected} values and was given {got} values; resize the picture \
         first"
    )]
    InputLength {
        /// channels x height x width of the plan.
        expected: usize,
        /// Pictures that the plan has room for.
        most: usize,
        /// What came.
        got: usize,
    },
    /// The worker threads could not be started.
    #[error(
        "could not start the threads that run the network ({0}); free some memory or raise the thread limit"
    )]
    Threads(#[source] std::io::Error),
    /// Candle refused an operation or the device failed.
    #[error("candle could not run the network ({0}); try `--device cpu`")]
    Candle(#[from] candle_core::Error),
}
