//! Opens the kiosk window over running workers.

use super::{args::Global, context::Context, demo};
use crate::{
    app::{self, AppOptions, BENCH_FRAMES, BenchRun, BenchWatch},
    camera::{CameraError, FrameSource, SourceInfo},
    diagnostics::{bench::BenchReport, window::WindowWatch},
    domain::CameraSpec,
    imaging::Frame,
    runtime::{
        kiosk::Kiosk,
        ledger::Ledger,
        pipeline::SharedIndex,
        workers::{EngineLoader, LedgerSetup},
    },
};
use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

pub fn run(global: &Global, windowed: bool) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let (setup, networks) = (context.ledger_setup()?, context.engine_loader()?); // said before the store is opened
    let ledger = if setup.exists() { Some(context.ledger()?) } else { None };
    open(&context, setup, ledger, networks, Opening { windowed, ..Opening::default() })
}

/// How the window opens, and how it is watched and closed from outside.
#[derive(Default)]
pub struct Opening {
    /// A line at the foot of the attendee screen, for a demonstration.
    pub strip: Option<String>,
    /// Not the whole screen.
    pub windowed: bool,
    /// Counts what is drawn.
    pub watch: Arc<WindowWatch>,
    /// Closes the window.
    pub quit: Arc<AtomicBool>,
}

/// Runs the window until it is closed, then stops the workers and closes the store.
pub fn open(
    context: &Context,
    setup: LedgerSetup,
    ledger: Option<Ledger>,
    networks: EngineLoader,
    Opening { strip, windowed, watch, quit }: Opening,
) -> anyhow::Result<()> {
    // The workers start before there is a window to wake.
    let repaint: Arc<OnceLock<app::Repaint>> = Arc::new(OnceLock::new());
    let waker = {
        let repaint = repaint.clone();
        Arc::new(move || {
            if let Some(repaint) = repaint.get() {
                repaint();
            }
        })
    };
    let (kiosk, link) = Kiosk::start(setup, ledger, networks, waker)
        .context("the workers cannot be started: the system has no threads left")?;
    // A service manager stops the kiosk with SIGTERM: the window closes and the store with it.
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, quit.clone()).context("signals cannot be caught")?;
    }
    let options = AppOptions {
        settings: context.settings.clone(),
        clock: context.clock.clone(),
        strip,
        fullscreen: !windowed,
        bench: bench(context),
        quit,
        watch,
        repaint,
    };
    let result = app::run(link, options);
    drop(kiosk);
    Ok(result?)
}

/// The speed test of Diagnostics: the demo camera through networks of its own, beside the running kiosk.
fn bench(context: &Context) -> BenchRun {
    let context = Context { index: SharedIndex::default(), ..context.clone() };
    Arc::new(move |watch| {
        let measure = || -> anyhow::Result<BenchReport> {
            let spec = CameraSpec::Demo(1);
            let mut source = Until { source: context.source(&spec, false)?, watch };
            demo::fill_index(&context)?;
            let mut pipeline = context.pipeline()?;
            let progress = |done| watch.done.store(done, Ordering::Relaxed);
            let settings = &context.settings;
            Ok(BenchReport::measure(&mut pipeline, &mut source, &spec, settings, BENCH_FRAMES, progress)?)
        };
        measure().map_err(|error| format!("{error:#}"))
    })
}

/// A camera that ends when the test is told to.
struct Until<'a> {
    source: Box<dyn FrameSource>,
    watch: &'a BenchWatch,
}

impl FrameSource for Until<'_> {
    fn next_frame(&mut self) -> Result<Frame, CameraError> {
        if self.watch.cancel.load(Ordering::Relaxed) {
            Err(CameraError::Ended)
        } else {
            self.source.next_frame()
        }
    }

    fn describe(&self) -> SourceInfo {
        self.source.describe()
    }
}
