//! `faceprint bench`, second part: how long an attendee waits. The real workers run over the demo's script in real
//! time; an attendee appears when the script first shows their face large enough to be read, and is recorded when
//! the kiosk says so, which is after the record is on disk.

use crate::{
    camera::{DemoScript, Visit, demo_people},
    domain::{Clock, QualityLimits},
    runtime::messages::{Link, Notice},
};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _, sync::PoisonError, time::Duration};

/// What attendees and the camera went through.
#[derive(Debug, Default)]
pub struct LiveReport {
    /// How long the scene ran, seconds.
    pub seconds: f64,
    /// Frames a second from the camera.
    pub captured_fps: f64,
    /// Frames a second through the recogniser.
    pub processed_fps: f64,
    /// Visits of enrolled people who came near enough, their time over before the scene was.
    pub visits: usize,
    /// From readable to recorded for each visit that was recorded, milliseconds, ascending.
    pub latencies_ms: Vec<f64>,
}

/// One attendee in front of the camera, as the script has it.
struct Expected {
    name: &'static str,
    /// Frame numbers: face readable, nobody seen any more.
    readable: u64,
    gone: u64,
}

impl LiveReport {
    /// Watches a kiosk over the demo camera with `seed` for `length`. `woken` gets a message for every frame.
    #[must_use]
    pub fn measure(
        link: &Link,
        woken: &Receiver<()>,
        seed: u64,
        enrolled: &[String],
        clock: &dyn Clock,
        length: Duration,
        mut progress: impl FnMut(Duration),
    ) -> Self {
        let mut captured: BTreeMap<u64, Duration> = BTreeMap::new();
        let mut recorded: Vec<(String, Duration)> = Vec::new();
        let mut begun = None;
        // A frame may be late; only a kiosk that is gone ends this before its time.
        while woken.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Disconnected) {
            let now = clock.now().mono;
            for notice in link.notices.try_iter() {
                if let Notice::Recorded { name, .. } = notice {
                    recorded.push((name.as_str().to_owned(), now));
                }
            }
            let frame = link.snapshot.lock().unwrap_or_else(PoisonError::into_inner).frame.clone();
            if let Some(frame) = frame {
                captured.insert(frame.number(), frame.captured().mono);
            }
            // Networks load first; the scene's time counts from the first frame on the screen.
            let since = now.saturating_sub(*begun.get_or_insert(now));
            if captured.is_empty() {
                begun = None;
            }
            progress(since);
            if since >= length {
                break;
            }
        }
        Self::from_log(&captured, &recorded, &expected(seed, enrolled))
    }

    fn from_log(
        captured: &BTreeMap<u64, Duration>,
        recorded: &[(String, Duration)],
        expected: &[Expected],
    ) -> Self {
        let (Some((&first, &from)), Some((&last, &to))) =
            (captured.first_key_value(), captured.last_key_value())
        else {
            return Self::default();
        };
        let seconds = to.saturating_sub(from).as_secs_f64();
        let mut report = Self {
            seconds,
            captured_fps: (last - first) as f64 / seconds.max(1e-9),
            processed_fps: (captured.len() - 1) as f64 / seconds.max(1e-9),
            ..Self::default()
        };
        for visit in expected.iter().filter(|visit| visit.readable >= first && visit.gone <= last) {
            report.visits += 1;
            let (appeared, gone) = (time_of(captured, visit.readable), time_of(captured, visit.gone));
            let theirs =
                recorded.iter().find(|(name, at)| name == visit.name && *at >= appeared && *at <= gone);
            report.latencies_ms.extend(theirs.map(|(_, at)| at.saturating_sub(appeared).as_secs_f64() * 1e3));
        }
        report.latencies_ms.sort_by(f64::total_cmp);
        report
    }

    /// The `q` quantile of the latencies (nearest rank), milliseconds.
    #[must_use]
    pub fn latency_ms(&self, q: f64) -> Option<f64> {
        let rank = (q * self.latencies_ms.len() as f64).ceil() as usize;
        self.latencies_ms.get(rank.max(1) - 1).copied()
    }

    /// For a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let ms = |q| self.latency_ms(q).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "live     {:.0} s of the demo: camera {:.1} and recogniser {:.1} frames a second",
            self.seconds, self.captured_fps, self.processed_fps
        );
        let _ = writeln!(
            text,
            "waiting  readable to recorded: p50 {}, p95 {}, longest {}; {} of {} visits recorded",
            ms(0.5),
            ms(0.95),
            ms(1.0),
            self.latencies_ms.len(),
            self.visits
        );
        text
    }

    /// For a script.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "seconds": self.seconds,
            "captured_fps": self.captured_fps,
            "processed_fps": self.processed_fps,
            "visits": self.visits,
            "recorded": self.latencies_ms.len(),
            "latency": {
                "p50_ms": self.latency_ms(0.5),
                "p95_ms": self.latency_ms(0.95),
                "max_ms": self.latency_ms(1.0),
            },
        })
    }
}

/// Everybody enrolled whom the first rounds of the script bring near enough to be read.
fn expected(seed: u64, enrolled: &[String]) -> Vec<Expected> {
    let limits = QualityLimits::default();
    let of = |visit: Visit| -> Vec<Expected> {
        let people = visit.people.iter().enumerate();
        let near = people.filter_map(|(slot, &person)| {
            let name = demo_people().get(person)?.name.as_str();
            enrolled.iter().any(|enrolled| enrolled == name).then_some(())?;
            // The camera numbers frames from 1, the script from 0.
            let readable = visit.readable_from(slot, limits.min_eye_distance_px)? + 1;
            Some(Expected { name, readable, gone: visit.end() + 1 })
        });
        near.collect()
    };
    DemoScript::new(seed).visits().take_while(|visit| visit.round < ROUNDS).flat_map(of).collect()
}

/// More rounds of a minute than anybody waits for.
const ROUNDS: u64 = 60;

/// When frame `number` was captured; a frame that nobody looked at lies between its neighbours.
fn time_of(captured: &BTreeMap<u64, Duration>, number: u64) -> Duration {
    let before = captured.range(..=number).next_back();
    let after = captured.range(number..).next();
    match (before, after) {
        (Some((&a, &at_a)), Some((&b, &at_b))) if b > a => {
            at_a + (at_b.saturating_sub(at_a)).mul_f64((number - a) as f64 / (b - a) as f64)
        }
        (Some((_, &at)), _) | (None, Some((_, &at))) => at,
        (None, None) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn waiting_counts_from_the_readable_frame_to_the_notice() {
        // Every second frame was looked at, 33 ms each.
        let captured = (1..=200).step_by(2).map(|number| (number, ms(33 * number))).collect();
        let visit = |name, readable, gone| Expected { name, readable, gone };
        let expected = [visit("A", 10, 60), visit("B", 80, 120), visit("A", 150, 190), visit("C", 180, 260)];
        let recorded = [("A".to_owned(), ms(33 * 10 + 200)), ("A".to_owned(), ms(33 * 150 + 400))];
        let report = LiveReport::from_log(&captured, &recorded, &expected);
        assert_eq!(report.visits, 3, "C was still there at the end");
        assert_eq!(report.latencies_ms, [200.0, 400.0], "B was missed");
        assert_eq!((report.latency_ms(0.5), report.latency_ms(0.95)), (Some(200.0), Some(400.0)));
        assert!((report.captured_fps - 1000.0 / 33.0).abs() < 0.1);
        assert!((report.processed_fps - 500.0 / 33.0).abs() < 0.1);
    }

    #[test]
    fn nothing_seen_is_nothing_measured() {
        let report = LiveReport::from_log(&BTreeMap::new(), &[], &[]);
        assert_eq!(report.latency_ms(0.5), None);
        assert!(report.to_text().contains("p95 -"));
    }

    #[test]
    fn the_script_expects_enrolled_people_who_come_near() {
        let names: Vec<String> = demo_people().iter().map(|person| person.name.clone()).collect();
        let everybody = expected(1, &names);
        assert!(everybody.len() > 8);
        assert!(everybody.iter().all(|visit| visit.readable < visit.gone));
        assert!(expected(1, &[]).is_empty());
    }
}
