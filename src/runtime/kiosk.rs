//! A running kiosk: starts the workers, hands out the window's end of the channels, stops in order.

use super::{
    ledger::Ledger,
    machine,
    messages::{Link, Snapshot},
    sound::Speaker,
    stages::StageClock,
    workers::{EngineLoader, LIVE_SAMPLES, LedgerSetup, LedgerWorker, RecogniserWorker, SnapshotCell, Waker},
};
use crossbeam_channel::bounded;
use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// Room for what must not be dropped; a full channel makes its sender wait, not lose.
const QUEUE: usize = 256;

/// The workers. Dropping it stops them and closes the store.
pub struct Kiosk {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Kiosk {
    /// Starts `recogniser` and `ledger`. `ledger` is `None` before the first set-up.
    pub fn start(
        setup: LedgerSetup,
        ledger: Option<Ledger>,
        load_engine: EngineLoader,
        wake: Waker,
    ) -> io::Result<(Self, Link)> {
        let speaker = Speaker::start(std::env::var_os("PATH"));
        Self::start_with(setup, ledger, load_engine, wake, speaker)
    }

    /// The same, heard through `speaker`.
    pub fn start_with(
        setup: LedgerSetup,
        ledger: Option<Ledger>,
        load_engine: EngineLoader,
        wake: Waker,
        speaker: Speaker,
    ) -> io::Result<(Self, Link)> {
        let data = setup.paths.root.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let snapshot: SnapshotCell = Arc::new(Mutex::new(Snapshot::default()));
        let (to_ledger, sightings) = bounded(QUEUE);
        let (to_recogniser, commands) = bounded(QUEUE);
        let (request_sender, requests) = bounded(QUEUE);
        let (replies, reply_receiver) = bounded(QUEUE);
        let (notices, notice_receiver) = bounded(QUEUE);
        let recogniser = RecogniserWorker {
            load_engine,
            index: setup.index.clone(),
            weights: setup.weights.clone(),
            fingerprint: setup.fingerprint,
            settings: setup.settings.clone(),
            commands,
            out: to_ledger,
            snapshot: snapshot.clone(),
            wake: wake.clone(),
            clock: setup.clock.clone(),
            stop: stop.clone(),
        };
        let ledger = LedgerWorker {
            setup,
            ledger,
            sightings,
            requests,
            replies,
            notices,
            commands: to_recogniser,
            held: None,
            untold: None,
            snapshot: snapshot.clone(),
            wake,
            stop: stop.clone(),
            speaker,
            decisions: StageClock::new(LIVE_SAMPLES),
            steps: None,
        };
        let watch = {
            let (snapshot, wake, stop) = (snapshot.clone(), recogniser.wake.clone(), stop.clone());
            move || machine::watch(&data, &snapshot, &wake, &stop)
        };
        let mut kiosk = Self { stop, threads: Vec::new() };
        kiosk.spawn("machine", watch)?;
        kiosk.spawn("recogniser", move || recogniser.run())?;
        kiosk.spawn("ledger", move || ledger.run())?;
        let link =
            Link { snapshot, requests: request_sender, replies: reply_receiver, notices: notice_receiver };
        Ok((kiosk, link))
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.push(std::thread::Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let name = thread.thread().name().unwrap_or("worker").to_owned();
            if thread.join().is_err() {
                log::error!("the {name} thread ended by a panic");
            }
        }
    }
}
