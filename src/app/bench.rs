//! The speed test, run from the screen on a thread of its own.
//!
//! Job: start it, say how far it is, end it when asked. It must not know how anything is measured.

use crate::{
    diagnostics::bench::BenchReport,
    ui::{BenchFigures, BenchView},
};
use crossbeam_channel::{Receiver, bounded};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{Builder, JoinHandle},
};

/// Runs the speed test until it is done or told to stop; an error is a sentence.
pub type BenchRun = Arc<dyn Fn(&BenchWatch) -> Result<BenchReport, String> + Send + Sync>;

/// How far a running test is, and whether it should stop.
#[derive(Debug, Default)]
pub struct BenchWatch {
    /// Frames measured so far.
    pub done: AtomicU64,
    /// Set to end it soon.
    pub cancel: AtomicBool,
}

/// Frames that a test from the screen measures.
pub const FRAMES: u64 = 300;

/// The test and what it came to.
pub(super) struct Bench {
    run: BenchRun,
    view: BenchView,
    running: Option<Running>,
}

struct Running {
    watch: Arc<BenchWatch>,
    result: Receiver<Result<BenchReport, String>>,
    thread: Option<JoinHandle<()>>,
}

impl Bench {
    pub(super) fn new(run: BenchRun) -> Self {
        Self { run, view: BenchView::Idle, running: None }
    }

    pub(super) fn view(&self) -> &BenchView {
        &self.view
    }

    /// Begins, unless it runs already.
    pub(super) fn start(&mut self) {
        if self.running.is_some() {
            return;
        }
        let watch = Arc::new(BenchWatch::default());
        let (sender, result) = bounded(1);
        let (run, seen) = (self.run.clone(), watch.clone());
        let work = move || drop(sender.send(run(&seen)));
        match Builder::new().name("bench".to_owned()).spawn(work) {
            Ok(thread) => {
                self.view = BenchView::Running { done: 0, of: FRAMES };
                self.running = Some(Running { watch, result, thread: Some(thread) });
            }
            Err(error) => self.view = BenchView::Failed(Some(error.to_string())),
        }
    }

    /// Ends it without a result, as soon as the frame in hand is done.
    pub(super) fn cancel(&mut self) {
        if let Some(running) = &self.running {
            running.watch.cancel.store(true, Ordering::Relaxed);
            self.view = BenchView::Stopping;
        }
    }

    /// Looks how far it is. Called before each frame.
    pub(super) fn look(&mut self) {
        let Some(running) = &self.running else { return };
        let finished = running.thread.as_ref().is_some_and(JoinHandle::is_finished);
        let cancelled = running.watch.cancel.load(Ordering::Relaxed);
        let ended = match running.result.try_recv() {
            Ok(_) if cancelled => BenchView::Idle,
            Ok(Ok(report)) => BenchView::Done(figures(&report)),
            Ok(Err(sentence)) => BenchView::Failed(Some(sentence)),
            Err(_) if finished => BenchView::Failed(None),
            Err(_) if cancelled => return,
            Err(_) => {
                let done = running.watch.done.load(Ordering::Relaxed);
                self.view = BenchView::Running { done, of: FRAMES };
                return;
            }
        };
        self.view = ended;
        self.running = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch.cancel.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic of the test was said already
        }
    }
}

fn figures(report: &BenchReport) -> BenchFigures {
    let (width, height) = report.size;
    BenchFigures {
        on: format!("{} · {} · {} · {width}x{height}", report.machine, report.cores, report.weights),
        frames: report.frames,
        fps: report.fps(),
        stages: report.stages.clone(),
    }
}
