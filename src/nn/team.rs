//! The threads that a plan's layers are spread over.

use super::NnError;
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Multiplications below which waking another thread costs more than it saves.
const WORTH_SHARING: usize = 100_000;

/// A number of threads, shared by every plan that asks for the same number.
#[derive(Clone)]
pub(super) struct Team {
    threads: usize,
    pool: Option<Arc<rayon::ThreadPool>>,
}

impl Team {
    /// One thread is the caller's own; more are a pool, made once per process and size.
    pub(super) fn new(threads: usize) -> Result<Self, NnError> {
        static POOLS: Mutex<Vec<Arc<rayon::ThreadPool>>> = Mutex::new(Vec::new());
        let threads = threads.max(1);
        if threads == 1 {
            return Ok(Self { threads, pool: None });
        }
        let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.iter().find(|pool| pool.current_num_threads() == threads) {
            return Ok(Self { threads, pool: Some(Arc::clone(pool)) });
        }
        let pool = Arc::new(
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|index| format!("nn-{index}"))
                .build()?,
        );
        pools.push(Arc::clone(&pool));
        Ok(Self { threads, pool: Some(pool) })
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs a whole network inside the pool, so that its layers need not enter it one by one.
    pub(super) fn enter<R: Send>(&self, run: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(run),
            None => run(),
        }
    }

    /// Calls `work` for 0..`tasks` in any order; `cost` is the number of multiplications in all.
    pub(super) fn each(&self, tasks: usize, cost: usize, work: impl Fn(usize) + Sync) {
        if self.threads == 1 || tasks < 2 || cost < WORTH_SHARING {
            (0..tasks).for_each(work);
        } else {
            // At most four pieces a thread: enough to even out a thread that the system takes away for a while.
            let piece = tasks.div_ceil(4 * self.threads);
            (0..tasks).into_par_iter().with_min_len(piece).for_each(&work);
        }
    }
}
