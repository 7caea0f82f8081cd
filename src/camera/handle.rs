//! A camera that is kept running: a supervisor thread that opens it, watches it, and opens it again.
//!
//! Each life of the camera has a capture thread and a channel of its own. A driver call may never return, so the
//! supervisor does not wait for a capture thread that has gone silent: it drops its end of the channel and begins a
//! new life. Should the old thread ever wake up, its frame finds nobody at the other end, and it goes.

use super::{CameraError, CameraOptions, FrameSource, Latest, SourceInfo};
use crate::{
    domain::{CameraSpec, Clock},
    imaging::Frame,
};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};
use std::{
    collections::VecDeque,
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{Builder, JoinHandle, sleep},
    time::{Duration, Instant},
};

/// How the camera is.
#[derive(Debug, Clone, PartialEq)]
pub enum CameraState {
    /// Being opened for the first time, or again after a fault.
    Opening,
    /// Frames come.
    Live(SourceInfo),
    /// There are none.
    Fault {
        /// Why.
        reason: CameraError,
        /// How long after the fault it is opened again; `None` after [`CameraError::Ended`], which is final.
        retry_in: Option<Duration>,
    },
}

/// No frame for so long is [`CameraError::Frozen`] (or three frame times, for a slow source).
const FROZEN_AFTER: Duration = Duration::from_secs(2);
/// Some webcams take seconds to open.
const OPENING_LIMIT: Duration = Duration::from_secs(10);
/// A capture thread gets so long to notice that it is over before it is given up.
const FAREWELL: Duration = Duration::from_millis(500);
/// Threads that may be stuck in a driver at one time; no new life begins until one comes back.
const MAX_STUCK: usize = 3;
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(10);
/// A life this long was a good one: the next fault is retried quickly again.
const GOOD_LIFE: Duration = Duration::from_secs(5);
/// Frames over which the rate is measured.
const RATE_OVER: usize = 31;

type Open = dyn Fn() -> Result<Box<dyn FrameSource>, CameraError> + Send + Sync;

/// A camera on its own threads. Dropping it stops and joins them, but for a thread that is stuck in a driver.
pub struct CameraHandle {
    shared: Arc<Shared>,
    stop: Option<Sender<Infallible>>,
    supervisor: Option<JoinHandle<()>>,
}

impl CameraHandle {
    /// Begins to open the camera and returns at once.
    #[must_use]
    pub fn start(spec: &CameraSpec, options: CameraOptions, clock: Arc<dyn Clock>) -> Self {
        let spec = spec.clone();
        Self::start_with(Box::new(move || super::open(&spec, options, Arc::clone(&clock))))
    }

    /// The same with any way to open a source.
    #[must_use]
    pub fn start_with(open: Box<Open>) -> Self {
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = bounded(0);
        let supervisor =
            Supervisor { open: open.into(), shared: Arc::clone(&shared), stopped, stuck: Vec::new() };
        let spawned = Builder::new().name("camera-supervisor".into()).spawn(move || supervisor.run());
        let supervisor = spawned.map_err(|err| shared.fail_to_start(&err)).ok();
        Self { shared, stop: Some(stop), supervisor }
    }

    /// The mailbox with the newest frame; a frame's number is its number in the mailbox, across re-openings. Empty
    /// while there is a fault.
    #[must_use]
    pub fn latest(&self) -> Arc<Latest<Arc<Frame>>> {
        Arc::clone(&self.shared.frames)
    }

    /// How the camera is just now.
    #[must_use]
    pub fn state(&self) -> CameraState {
        self.shared.state().clone()
    }

    /// Frames that were replaced before anybody took them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.frames.dropped()
    }

    /// Frames a second over the last second or so; 0 while there is a fault.
    #[must_use]
    pub fn captured_fps(&self) -> f32 {
        let times = self.shared.times();
        let (Some(first), Some(last)) = (times.front(), times.back()) else { return 0.0 };
        let span = last.saturating_sub(*first).as_secs_f32();
        if span > 0.0 { (times.len() - 1) as f32 / span } else { 0.0 }
    }
}

impl Drop for CameraHandle {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.join(); // its panic has been printed; there is nobody left to tell
        }
    }
}

/// What the handle reads and the supervisor writes.
struct Shared {
    frames: Arc<Latest<Arc<Frame>>>,
    state: Mutex<CameraState>,
    times: Mutex<VecDeque<Duration>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { frames: Arc::default(), state: Mutex::new(CameraState::Opening), times: Mutex::default() }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, CameraState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn times(&self) -> MutexGuard<'_, VecDeque<Duration>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail_to_start(&self, err: &std::io::Error) {
        let reason = CameraError::Failed(format!("no thread could be started ({err})"));
        *self.state() = CameraState::Fault { reason, retry_in: None };
    }
}

/// From a capture thread to the supervisor.
enum Event {
    Opened(SourceInfo),
    Frame(Frame),
    Failed(CameraError),
}

/// The kiosk is closing.
struct Stopped;

struct Supervisor {
    open: Arc<Open>,
    shared: Arc<Shared>,
    stopped: Receiver<Infallible>,
    stuck: Vec<JoinHandle<()>>,
}

impl Supervisor {
    fn run(mut self) {
        let mut retry = FIRST_RETRY;
        loop {
            self.set_state(CameraState::Opening);
            let born = Instant::now();
            let Ok(reason) = self.live() else { return };
            if born.elapsed() >= GOOD_LIFE {
                retry = FIRST_RETRY;
            }
            log::warn!("camera: {reason}");
            let ended = reason == CameraError::Ended;
            self.set_state(CameraState::Fault { reason, retry_in: (!ended).then_some(retry) });
            let pause = if ended { Duration::MAX } else { retry };
            if self.stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            retry = (retry * 2).min(LAST_RETRY);
        }
    }

    /// One life of the camera, from opening to its fault.
    fn live(&mut self) -> Result<CameraError, Stopped> {
        self.stuck.retain(|thread| !thread.is_finished());
        if self.stuck.len() >= MAX_STUCK {
            return Ok(CameraError::Frozen);
        }
        let (sender, events) = bounded(2);
        let open = Arc::clone(&self.open);
        let capture =
            match Builder::new().name("camera-capture".into()).spawn(move || capture(&*open, &sender)) {
                Ok(capture) => capture,
                Err(err) => return Ok(CameraError::Failed(format!("no thread could be started ({err})"))),
            };
        let outcome = self.watch(&events);
        drop(events);
        self.shared.frames.clear();
        self.shared.times().clear();
        self.dismiss(capture);
        // nokhwa shares one open device within a process: it is our own stuck thread that keeps it busy
        match outcome {
            Ok(CameraError::Busy) if !self.stuck.is_empty() => Ok(CameraError::Frozen),
            outcome => outcome,
        }
    }

    /// Passes frames on until there is a fault or silence.
    fn watch(&self, events: &Receiver<Event>) -> Result<CameraError, Stopped> {
        let mut limit = OPENING_LIMIT;
        loop {
            let event = select! {
                recv(self.stopped) -> _ => return Err(Stopped),
                recv(events) -> event => event,
                default(limit) => return Ok(CameraError::Frozen),
            };
            match event {
                Ok(Event::Opened(info)) => {
                    limit = FROZEN_AFTER;
                    if info.fps > 0.0 {
                        limit = limit.max(Duration::from_secs_f32(3.0 / info.fps));
                    }
                    self.set_state(CameraState::Live(info));
                }
                Ok(Event::Frame(frame)) => self.publish(frame),
                Ok(Event::Failed(reason)) => return Ok(reason),
                Err(_) => return Ok(CameraError::Failed("its thread ended without a word".into())),
            }
        }
    }

    fn publish(&self, frame: Frame) {
        let mut times = self.shared.times();
        if times.len() == RATE_OVER {
            times.pop_front();
        }
        times.push_back(frame.captured().mono);
        drop(times);
        self.shared.frames.publish(|number| Arc::new(frame.renumbered(number)));
    }

    /// Joins a capture thread, or gives it up.
    fn dismiss(&mut self, capture: JoinHandle<()>) {
        let since = Instant::now();
        while !capture.is_finished() {
            if since.elapsed() > FAREWELL {
                log::warn!("camera: a driver call does not return; its thread is left behind");
                self.stuck.push(capture);
                return;
            }
            sleep(Duration::from_millis(2));
        }
        let _ = capture.join(); // it catches its panics
    }

    fn set_state(&self, state: CameraState) {
        *self.shared.state() = state;
    }
}

/// The body of a capture thread: ends after the first error, or when nobody listens any more.
fn capture(open: &Open, events: &Sender<Event>) {
    let life = || -> Result<(), CameraError> {
        let mut source = open()?;
        let mut event = Event::Opened(source.describe());
        while events.send(event).is_ok() {
            event = Event::Frame(source.next_frame()?);
        }
        Ok(())
    };
    let reason = match catch_unwind(AssertUnwindSafe(life)) {
        Ok(Ok(())) => return,
        Ok(Err(reason)) => reason,
        Err(_) => CameraError::Failed("its driver crashed".into()),
    };
    let _ = events.send(Event::Failed(reason)); // nobody listens: nobody needs to know
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;
    use crossbeam_channel::unbounded;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Gives frames whose first pixel is the life's number, then does what `last` says.
    struct Scripted {
        life: u32,
        frames: u64,
        last: Box<dyn Fn() -> CameraError + Send>,
    }

    impl FrameSource for Scripted {
        fn next_frame(&mut self) -> Result<Frame, CameraError> {
            if self.frames == 0 {
                return Err((self.last)());
            }
            self.frames -= 1;
            sleep(Duration::from_millis(5));
            let captured = Moment {
                utc: jiff::Timestamp::UNIX_EPOCH,
                mono: Duration::from_millis(5 * (100 - self.frames)),
            };
            Ok(Frame::new(1, 1, vec![self.life as u8, 0, 0], captured, 1).unwrap())
        }

        fn describe(&self) -> SourceInfo {
            SourceInfo {
                name: crate::camera::SourceName::Device("scripted".into()),
                width: 1,
                height: 1,
                fps: 200.0,
                pixel_format: "RGB",
            }
        }
    }

    /// A handle whose lives give five frames and then do `last(life)`, with a channel of its states.
    fn handle(last: impl Fn(u32) -> CameraError + Send + Sync + 'static) -> CameraHandle {
        let (last, lives) = (Arc::new(last), AtomicU32::new(0));
        let open = move || -> Result<Box<dyn FrameSource>, CameraError> {
            let life = lives.fetch_add(1, Ordering::Relaxed);
            let last = Arc::clone(&last);
            Ok(Box::new(Scripted { life, frames: 5, last: Box::new(move || last(life)) }))
        };
        CameraHandle::start_with(Box::new(open))
    }

    fn wait_for(camera: &CameraHandle, wanted: impl Fn(&CameraState) -> bool) -> CameraState {
        let since = Instant::now();
        loop {
            let state = camera.state();
            if wanted(&state) {
                return state;
            }
            assert!(since.elapsed() < Duration::from_secs(8), "{state:?}");
            sleep(Duration::from_millis(1));
        }
    }

    fn fault(state: &CameraState) -> bool {
        matches!(state, CameraState::Fault { .. })
    }

    #[test]
    fn after_a_fault_the_mailbox_is_empty_and_the_next_life_counts_on() {
        let camera = handle(|_| CameraError::Unplugged);
        wait_for(&camera, |state| matches!(state, CameraState::Live(_)));
        assert!(camera.latest().wait_newer(0, Duration::from_secs(2)).is_some());
        let state = wait_for(&camera, fault);
        assert_eq!(state, CameraState::Fault { reason: CameraError::Unplugged, retry_in: Some(FIRST_RETRY) });
        assert!(camera.latest().newest().is_none());
        assert_eq!(camera.captured_fps(), 0.0);
        let (number, frame) = camera.latest().wait_newer(5, Duration::from_secs(3)).unwrap();
        assert!(number >= 6 && frame.number() == number);
        assert_eq!(frame.rgb()[0], 1, "of the second life");
    }

    #[test]
    fn a_source_that_never_returns_is_frozen_and_opened_again() {
        let (release, wait) = unbounded::<()>();
        let camera = handle(move |life| {
            if life == 0 {
                let _ = wait.recv();
            } else {
                sleep(Duration::from_secs(1));
            }
            CameraError::Unplugged
        });
        let state = wait_for(&camera, fault);
        assert!(matches!(state, CameraState::Fault { reason: CameraError::Frozen, .. }), "{state:?}");
        let (_, frame) = camera.latest().wait_newer(5, Duration::from_secs(4)).unwrap();
        assert_eq!(frame.rgb()[0], 1);
        drop(release); // the first life wakes up, and nobody hears of its error
        sleep(Duration::from_millis(50));
        assert!(matches!(camera.state(), CameraState::Live(_)));
    }

    #[test]
    fn dropping_the_handle_does_not_wait_for_a_stuck_driver() {
        let (_release, wait) = unbounded::<()>();
        let camera = handle(move |_| {
            let _ = wait.recv();
            CameraError::Unplugged
        });
        camera.latest().wait_newer(4, Duration::from_secs(2)).unwrap();
        let since = Instant::now();
        drop(camera);
        assert!(since.elapsed() < Duration::from_millis(1500));
    }

    #[test]
    fn a_panic_in_a_driver_is_a_fault() {
        let camera = handle(|_| panic!("expected in this test"));
        let state = wait_for(&camera, fault);
        assert!(matches!(state, CameraState::Fault { reason: CameraError::Failed(_), .. }), "{state:?}");
    }

    #[test]
    fn the_end_of_a_recording_is_final_and_retries_slow_down() {
        let camera = handle(|_| CameraError::Ended);
        let state = wait_for(&camera, fault);
        assert_eq!(state, CameraState::Fault { reason: CameraError::Ended, retry_in: None });
        let camera = CameraHandle::start_with(Box::new(|| Err(CameraError::Missing)));
        let slower = |state: &CameraState| matches!(state, CameraState::Fault { retry_in, .. } if *retry_in == Some(FIRST_RETRY * 2));
        wait_for(&camera, slower);
    }

    #[test]
    fn the_rate_is_measured_by_the_frames_own_times() {
        let camera = handle(|_| {
            sleep(Duration::from_secs(1));
            CameraError::Unplugged
        });
        camera.latest().wait_newer(4, Duration::from_secs(2)).unwrap();
        assert!((camera.captured_fps() - 200.0).abs() < 1.0, "{}", camera.captured_fps());
        assert!(camera.dropped() <= 4);
    }
}
