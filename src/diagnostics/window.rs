//! `faceprint bench`, third part: what the window holds while the networks run beside it.
//!
//! Job: count what the open window draws, and what the whole program takes of the processor meanwhile. It must not
//! know what is drawn.

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// What an open window counts.
#[derive(Debug, Default)]
pub struct WindowWatch {
    /// Times that it was drawn.
    pub drawn: AtomicU64,
    /// Camera pictures that it showed.
    pub pictures: AtomicU64,
}

/// What the window held.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowReport {
    /// How long was measured, seconds.
    pub seconds: f64,
    /// Times drawn a second.
    pub drawn_fps: f64,
    /// Camera pictures shown a second; the demo camera gives 30.
    pub pictures_fps: f64,
    /// Processor time a second: cores that the whole program kept busy.
    pub cores_busy: f64,
    /// Cores that it may use.
    pub cores: usize,
}

/// Networks load and the window opens within this, or it is not measured.
const OPENS: Duration = Duration::from_mins(2);
/// After the first picture, until caches and clocks have settled.
const SETTLES: Duration = Duration::from_secs(3);
/// How often the counters are looked at.
const TICK: Duration = Duration::from_millis(20);

/// The counters at one moment.
struct Counts {
    at: Instant,
    processor: Duration,
    drawn: u64,
    pictures: u64,
}

impl WindowReport {
    /// Waits for the first picture, measures for `length` and sets `quit`, which closes the window. `None` when `quit`
    /// was set by somebody else before that, or no picture came.
    #[must_use]
    pub fn measure(watch: &WindowWatch, length: Duration, quit: &AtomicBool) -> Option<Self> {
        let shown = || watch.pictures.load(Ordering::Relaxed) > 0;
        let measured =
            wait(OPENS, quit, shown) && !wait(SETTLES, quit, || false) && !quit.load(Ordering::Relaxed);
        let from = Counts::now(watch);
        let whole = measured && !wait(length, quit, || false) && !quit.load(Ordering::Relaxed);
        let to = Counts::now(watch);
        quit.store(true, Ordering::Relaxed);
        whole.then(|| Self::between(&from, &to))
    }

    fn between(from: &Counts, to: &Counts) -> Self {
        let seconds = to.at.duration_since(from.at).as_secs_f64().max(1e-9);
        let a_second = |from: u64, to: u64| (to - from) as f64 / seconds;
        Self {
            seconds,
            drawn_fps: a_second(from.drawn, to.drawn),
            pictures_fps: a_second(from.pictures, to.pictures),
            cores_busy: to.processor.saturating_sub(from.processor).as_secs_f64() / seconds,
            cores: std::thread::available_parallelism().map_or(1, Into::into),
        }
    }

    /// For a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "window   {:.0} s of the demo: {:.1} pictures shown and {:.1} times drawn a second, {:.2} of {} cores busy\n",
            self.seconds, self.pictures_fps, self.drawn_fps, self.cores_busy, self.cores
        )
    }

    /// For a script.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "seconds": self.seconds,
            "drawn_fps": self.drawn_fps,
            "pictures_fps": self.pictures_fps,
            "cores_busy": self.cores_busy,
        })
    }
}

impl Counts {
    fn now(watch: &WindowWatch) -> Self {
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            at: Instant::now(),
            processor: Duration::new(
                u64::try_from(spent.tv_sec).unwrap_or_default(),
                u32::try_from(spent.tv_nsec).unwrap_or_default(),
            ),
            drawn: watch.drawn.load(Ordering::Relaxed),
            pictures: watch.pictures.load(Ordering::Relaxed),
        }
    }
}

/// Waits until something is so, at most `longest` and not after `quit`; whether it is so.
fn wait(longest: Duration, quit: &AtomicBool, is_so: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < longest && !quit.load(Ordering::Relaxed) {
        if is_so() {
            return true;
        }
        std::thread::sleep(TICK);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_counted_by_its_own_length() {
        let at = Instant::now();
        let from = Counts { at, processor: Duration::from_secs(1), drawn: 10, pictures: 5 };
        let to = Counts {
            at: at + Duration::from_secs(2),
            processor: Duration::from_secs(4),
            drawn: 90,
            pictures: 65,
        };
        let report = WindowReport::between(&from, &to);
        assert_eq!((report.drawn_fps, report.pictures_fps, report.cores_busy), (40.0, 30.0, 1.5));
    }

    #[test]
    fn a_window_that_is_closed_early_is_not_measured() {
        let (watch, quit) = (WindowWatch::default(), AtomicBool::new(true));
        assert_eq!(WindowReport::measure(&watch, Duration::from_millis(1), &quit), None);
    }
}
