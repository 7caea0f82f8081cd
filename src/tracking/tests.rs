use super::*;
use crate::domain::{Candidate, Landmarks, Point, Rect};
use proptest::prelude::*;

const SIZE: f32 = 100.0;

fn face(x: f32, y: f32) -> DetectedFace {
    let half = SIZE / 2.0;
    DetectedFace {
        bbox: Rect { x0: x - half, y0: y - half, x1: x + half, y1: y + half },
        landmarks: Landmarks([Point { x, y }; 5]),
        score: 0.9,
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn tracker() -> Tracker {
    Tracker::new(TrackingConfig { threshold_cosine: 0.4, ..TrackingConfig::default() })
}

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}

const GOOD: Quality = Quality {
    eye_distance_px: 60.0,
    yaw_deg: 0.0,
    pitch_deg: 0.0,
    roll_deg: 0.0,
    sharpness: 100.0,
    brightness: 125.0,
    inside: 1.0,
};

/// A reading that is most like person `n`, the second-best person far behind.
fn like(at: Duration, n: u8, cosine: f32) -> Evidence {
    let candidate = |n, cosine| Some(Candidate { person: person(n), cosine });
    Evidence {
        at,
        quality: 1.0,
        best: candidate(n, cosine),
        second_best: candidate(n + 100, 0.1),
        bona_fide: None,
    }
}

/// One still face at 30 frames a second; `cosine` gives each wanted reading. Returns decisions with their times.
struct Visit {
    tracker: Tracker,
    at: Duration,
    readings: usize,
}

impl Visit {
    fn new() -> Self {
        Self { tracker: tracker(), at: Duration::ZERO, readings: 0 }
    }

    fn stand(&mut self, millis: u64, who: impl Fn(usize) -> (u8, f32)) -> Vec<Decided> {
        self.present(millis, |n, at| {
            let (person, cosine) = who(n);
            like(at, person, cosine)
        })
    }

    /// Person 1 with these probabilities of being one.
    fn show(&mut self, millis: u64, bona_fide: impl Fn(usize) -> f32) -> Vec<Decided> {
        self.present(millis, |n, at| Evidence { bona_fide: Some(bona_fide(n)), ..like(at, 1, 0.6) })
    }

    fn present(&mut self, millis: u64, reading: impl Fn(usize, Duration) -> Evidence) -> Vec<Decided> {
        let end = self.at + ms(millis);
        let mut decided = Vec::new();
        while self.at < end {
            self.at += ms(33);
            let id = self.tracker.update(self.at, &[face(300.0, 200.0)]).assigned[0];
            if self.tracker.wants_embedding(id, &GOOD, None, self.at) {
                self.tracker.add_evidence(id, reading(self.readings, self.at));
                self.readings += 1;
            }
            decided.extend(self.tracker.take_decision(id));
        }
        decided
    }

    fn away(&mut self, millis: u64) {
        let end = self.at + ms(millis);
        while self.at < end {
            self.at += ms(33);
            self.tracker.update(self.at, &[]);
        }
    }
}

fn who(decided: &[Decided]) -> Vec<Option<PersonId>> {
    decided
        .iter()
        .map(|d| match d {
            Decided::Match { person, .. } => Some(*person),
            Decided::Unknown | Decided::Refused => None,
        })
        .collect()
}

// ---- tracks ----

#[test]
fn a_hand_over_the_face_keeps_the_track_and_a_long_absence_does_not() {
    for (gap, same) in [(500, true), (1400, true), (1600, false)] {
        let mut tracker = tracker();
        let first = tracker.update(ms(0), &[face(300.0, 200.0)]);
        assert_eq!(first.started, first.assigned);
        assert!(tracker.update(ms(33), &[]).ended.is_empty());
        let back = tracker.update(ms(gap), &[face(310.0, 205.0)]);
        assert_eq!(back.assigned == first.assigned, same, "{gap} ms");
        assert_eq!(back.ended, if same { vec![] } else { first.assigned.clone() });
        assert_eq!(back.started.is_empty(), same);
    }
}

#[test]
fn people_who_cross_keep_their_tracks_though_one_hides_the_other() {
    for (fps, speed) in [(30, 150.0), (30, 350.0), (15, 200.0), (10, 150.0)] {
        let mut tracker = tracker();
        let mut ids = (TrackId(0), TrackId(0));
        for n in 0..4 * fps {
            let secs = n as f32 / fps as f32;
            let (a, b) = (100.0 + speed * secs, 700.0 - speed * secs);
            let hidden = (a - b).abs() < 0.6 * SIZE;
            let faces = if hidden { vec![face(a, 200.0)] } else { vec![face(b, 215.0), face(a, 200.0)] };
            let update = tracker.update(Duration::from_secs_f32(secs), &faces);
            if n == 0 {
                ids = (update.assigned[1], update.assigned[0]);
            } else if !hidden {
                assert_eq!(update.assigned, [ids.1, ids.0], "{fps} fps, {speed} px/s, {secs} s");
            }
        }
    }
}

#[test]
fn another_face_elsewhere_is_another_track() {
    let mut tracker = tracker();
    let first = tracker.update(ms(0), &[face(100.0, 200.0)]).assigned[0];
    let elsewhere = tracker.update(ms(33), &[face(600.0, 200.0)]);
    assert_eq!(elsewhere.started, elsewhere.assigned);
    assert_ne!(elsewhere.assigned[0], first);
    let mut large = face(100.0, 200.0);
    large.bbox = Rect { x0: -100.0, y0: 0.0, x1: 300.0, y1: 400.0 };
    assert_ne!(tracker.update(ms(66), &[large]).assigned[0], first, "no face grows fourfold in a blink");
    assert_eq!(tracker.live().count(), 3);
}

#[test]
fn time_that_runs_back_or_stands_and_empty_boxes_do_no_harm() {
    let mut tracker = tracker();
    let id = tracker.update(ms(1000), &[face(100.0, 200.0)]).assigned[0];
    assert_eq!(tracker.update(ms(1000), &[face(101.0, 200.0)]).assigned[0], id);
    assert_eq!(tracker.update(ms(10), &[face(102.0, 200.0)]).assigned[0], id);
    let nothing = DetectedFace { bbox: Rect::default(), ..face(0.0, 0.0) };
    let odd = DetectedFace { bbox: Rect { x0: f32::NAN, ..Rect::default() }, ..face(0.0, 0.0) };
    assert_eq!(tracker.update(ms(1033), &[nothing, odd]).assigned.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn walkers_in_their_lanes_keep_their_tracks(
        speeds in prop::collection::vec(-400.0..400.0_f32, 1..5), fps in 10..31_u32, turn in 0..5_usize,
        jitter in prop::collection::vec(-3.0..3.0_f32, 16), hidden in prop::collection::vec(5..60_u32, 0..6),
    ) {
        let mut tracker = tracker();
        let mut ids = vec![None; speeds.len()];
        for n in 0..60 {
            let secs = n as f32 / fps as f32;
            let mut faces: Vec<(usize, DetectedFace)> = speeds.iter().enumerate()
                // Four frames out of sight, once it has shown which way it goes.
                .filter(|(lane, _)| hidden.get(*lane).is_none_or(|&from| !(from..from + 4).contains(&n)))
                .map(|(lane, speed)| {
                    let shake = jitter[(n as usize + lane) % jitter.len()];
                    (lane, face(400.0 + speed * secs + shake, 220.0 * lane as f32 - shake))
                })
                .collect();
            if !faces.is_empty() {
                let by = (turn * n as usize) % faces.len();
                faces.rotate_left(by);
            }
            let boxes: Vec<DetectedFace> = faces.iter().map(|(_, face)| *face).collect();
            let update = tracker.update(Duration::from_secs_f32(secs), &boxes);
            for ((lane, _), id) in faces.iter().zip(&update.assigned) {
                prop_assert_eq!(*ids[*lane].get_or_insert(*id), *id, "lane {} at {} s", lane, secs);
            }
        }
    }
}

// ---- evidence ----

#[test]
fn a_person_who_stands_there_is_matched_once_and_soon() {
    let mut visit = Visit::new();
    let decided = visit.stand(400, |_| (1, 0.6));
    let [Decided::Match { person: found, cosine, margin, away: None }] = decided[..] else {
        panic!("{decided:?}")
    };
    assert_eq!(found, person(1));
    assert!((cosine - 0.6).abs() < 1e-6 && (margin.unwrap() - 0.5).abs() < 1e-6);
    assert_eq!(visit.readings, 3, "no more readings than needed");
    assert_eq!(visit.stand(60_000, |_| (1, 0.6)), [], "one decision however long somebody stands there");
    assert!(visit.readings <= 3 + 30, "then only rare checks: {}", visit.readings);
}

#[test]
fn a_stranger_is_unknown_once_and_read_ever_more_rarely() {
    let mut visit = Visit::new();
    assert_eq!(visit.stand(1100, |_| (1, 0.3)), [], "not too soon");
    assert_eq!(visit.stand(900, |_| (1, 0.3)), [Decided::Unknown]);
    let so_far = visit.readings;
    assert_eq!(visit.stand(30_000, |_| (1, 0.3)), []);
    assert!(visit.readings - so_far <= 11, "{}", visit.readings - so_far);
}

#[test]
fn now_and_then_a_lucky_reading_does_not_make_a_stranger_somebody() {
    let mut visit = Visit::new();
    let decided = visit.stand(120_000, |n| (1, if n % 3 == 0 { 0.45 } else { 0.3 }));
    assert_eq!(decided, [Decided::Unknown]);
}

#[test]
fn an_unknown_face_may_still_be_recognised_with_stronger_agreement() {
    let mut visit = Visit::new();
    assert_eq!(visit.stand(3000, |_| (1, 0.3)), [Decided::Unknown]);
    let so_far = visit.readings;
    assert_eq!(who(&visit.stand(5000, |_| (1, 0.6))), [Some(person(1))]);
    assert!(visit.readings - so_far >= 5, "all of the last five must agree");
}

#[test]
fn a_picture_of_somebody_is_refused_once_and_marks_nobody() {
    let mut visit = Visit::new();
    assert_eq!(visit.show(1000, |_| 0.1), [], "not too soon");
    assert_eq!(visit.show(60_000, |_| 0.1), [Decided::Refused]);
    visit.away(2000);
    assert_eq!(visit.show(3000, |_| 0.1), [], "the sheet that comes back at once is the same try");
    visit.away(10_000);
    assert_eq!(visit.show(3000, |_| 0.1), [Decided::Refused]);
}

#[test]
fn a_person_counts_though_a_frame_or_two_look_like_a_picture() {
    let mut visit = Visit::new();
    let decided = visit.show(2000, |n| if n % 3 == 0 { 0.2 } else { 0.9 });
    assert_eq!(who(&decided), [Some(person(1))]);
    assert!(visit.at < ms(2100) && visit.readings >= 3);
}

#[test]
fn after_a_refusal_every_newest_frame_must_be_bona_fide() {
    let mut visit = Visit::new();
    assert_eq!(visit.show(3000, |_| 0.1), [Decided::Refused]);
    assert_eq!(visit.show(20_000, |n| if n % 5 == 0 { 0.3 } else { 0.9 }), [], "good in the mean alone");
    assert_eq!(who(&visit.show(3000, |_| 0.9)), [Some(person(1))], "the person themselves is let in");
}

#[test]
fn a_stranger_with_a_picture_is_refused_and_then_a_stranger() {
    let mut visit = Visit::new();
    assert_eq!(visit.stand(3000, |_| (1, 0.3)), [Decided::Unknown]);
    assert_eq!(visit.show(3000, |_| 0.1), [Decided::Refused]);
    let id = visit.tracker.live().next().unwrap();
    assert_eq!(visit.tracker.verdict(id), Verdict::Refused);
    assert_eq!(visit.stand(20_000, |_| (1, 0.3)), []);
    assert_eq!(visit.tracker.verdict(id), Verdict::Unknown);
}

#[test]
fn too_small_a_margin_speaks_for_nobody() {
    let mut tracker = tracker();
    let id = tracker.update(ms(0), &[face(0.0, 0.0)]).assigned[0];
    let twin = Some(Candidate { person: person(2), cosine: 0.57 });
    for n in 0..20 {
        tracker.add_evidence(id, Evidence { second_best: twin, ..like(ms(n * 100), 1, 0.6) });
        assert!(!matches!(tracker.verdict(id), Verdict::Match { .. }));
    }
    assert_eq!(tracker.take_decision(id), Some(Decided::Unknown));
}

#[test]
fn one_person_enrolled_has_no_second_best_and_nobody_enrolled_is_unknown() {
    let mut tracker = tracker();
    let ids = tracker.update(ms(0), &[face(0.0, 0.0), face(500.0, 0.0)]).assigned;
    for n in 0..20 {
        tracker.add_evidence(ids[0], Evidence { second_best: None, ..like(ms(n * 100), 1, 0.6) });
        tracker.add_evidence(ids[1], Evidence { best: None, second_best: None, ..like(ms(n * 100), 1, 0.6) });
    }
    assert!(matches!(tracker.take_decision(ids[0]), Some(Decided::Match { margin: None, .. })));
    assert_eq!(tracker.take_decision(ids[1]), Some(Decided::Unknown));
}

#[test]
fn readings_that_disagree_match_nobody() {
    let mut visit = Visit::new();
    assert_eq!(visit.stand(10_000, |n| (1 + (n % 2) as u8, 0.6)), [Decided::Unknown]);
}

#[test]
fn somebody_else_in_the_same_place_is_a_new_decision() {
    let mut visit = Visit::new();
    assert_eq!(who(&visit.stand(1000, |_| (1, 0.6))), [Some(person(1))]);
    assert_eq!(who(&visit.stand(4000, |_| (2, 0.6))), [Some(person(2))]);
    assert_eq!(who(&visit.stand(9000, |_| (1, 0.2))), [None], "a stranger takes over");
}

#[test]
fn one_odd_reading_does_not_take_a_match_away() {
    let mut visit = Visit::new();
    assert_eq!(who(&visit.stand(1000, |_| (1, 0.6))), [Some(person(1))]);
    let odd = visit.readings;
    assert_eq!(visit.stand(8000, |n| if n == odd { (2, 0.6) } else { (1, 0.6) }), []);
    assert_eq!(visit.stand(8000, |n| (1, if n % 4 == 0 { 0.6 } else { 0.3 })), []);
}

#[test]
fn a_face_back_from_behind_a_hand_is_checked_at_once() {
    let mut visit = Visit::new();
    visit.stand(1000, |_| (1, 0.6));
    visit.away(1000);
    let so_far = visit.readings;
    assert_eq!(visit.stand(100, |_| (1, 0.6)), []);
    assert_eq!(visit.readings, so_far + 1);
}

#[test]
fn a_short_absence_is_the_same_visit_and_a_longer_one_is_not() {
    let mut visit = Visit::new();
    assert_eq!(visit.stand(1000, |_| (1, 0.6)).len(), 1);
    visit.away(3000);
    assert_eq!(visit.stand(3000, |_| (1, 0.6)), [], "a new track, but they never left");
    visit.stand(60_000, |_| (1, 0.6));
    visit.away(8000);
    let decided = visit.stand(1000, |_| (1, 0.6));
    assert_eq!(who(&decided), [Some(person(1))]);
    let [Decided::Match { away: Some(away), .. }] = decided[..] else { panic!("{decided:?}") };
    assert!((8000..9000).contains(&away.as_millis()), "since the last picture of them: {away:?}");
}

#[test]
fn progress_rises_to_the_verdict() {
    let mut tracker = tracker();
    let id = tracker.update(ms(0), &[face(0.0, 0.0)]).assigned[0];
    let mut seen = vec![];
    for (n, cosine) in [0.3, 0.6, 0.3, 0.6, 0.6].into_iter().enumerate() {
        let Verdict::Reading { progress } = tracker.verdict(id) else { panic!("too soon") };
        seen.push(progress);
        tracker.add_evidence(id, like(ms(100 * n as u64), 1, cosine));
    }
    assert!(seen.is_sorted() && seen[0] == 0.0 && seen[4] > 0.6, "{seen:?}");
    assert!(matches!(tracker.verdict(id), Verdict::Match { .. }));
}

#[test]
fn only_views_that_can_be_read_well_are_wanted() {
    let mut tracker = tracker();
    let id = tracker.update(ms(0), &[face(0.0, 0.0)]).assigned[0];
    let poor = Quality { yaw_deg: 34.0, sharpness: 20.0, ..GOOD };
    assert!(tracker.wants_embedding(id, &poor, None, ms(0)), "better than nothing");
    assert!(!tracker.wants_embedding(id, &GOOD, Some(QualityIssue::TooFar), ms(0)));
    assert!(!tracker.wants_embedding(TrackId(99), &GOOD, None, ms(0)));
    tracker.add_evidence(id, like(ms(0), 1, 0.6));
    assert!(!tracker.wants_embedding(id, &GOOD, None, ms(40)), "nearly the same picture");
    assert!(tracker.wants_embedding(id, &GOOD, None, ms(80)));
    assert!(!tracker.wants_embedding(id, &poor, None, ms(80)), "a better view was there and will come again");
    assert!(tracker.wants_embedding(id, &poor, None, ms(300)), "but patience ends");
}

#[test]
fn who_was_here_before_a_suspend_comes_anew_and_who_is_in_view_does_not() {
    let mut visit = Visit::new();
    assert_eq!(who(&visit.stand(1000, |_| (1, 0.6))), [Some(person(1))]);
    visit.tracker.forget_past_visits();
    assert_eq!(visit.stand(1000, |_| (1, 0.6)), [], "in view all the time");
    visit.away(20_000);
    visit.tracker.forget_past_visits();
    let [Decided::Match { away, .. }] = visit.stand(1000, |_| (1, 0.6))[..] else { panic!("a new visit") };
    assert_eq!(away, None, "nobody knows for how long");
}

#[test]
fn the_threshold_may_change_while_running() {
    let mut visit = Visit::new();
    visit.tracker.set_threshold_cosine(0.7);
    assert_eq!(visit.stand(3000, |_| (1, 0.6)), [Decided::Unknown]);
    visit.tracker.set_threshold_cosine(0.5);
    assert_eq!(who(&visit.stand(6000, |_| (1, 0.6))), [Some(person(1))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_outcome_is_given_twice_and_a_match_has_its_evidence(
        plan in prop::collection::vec((0..3_u8, prop::bool::weighted(0.7)), 1..80),
    ) {
        let mut tracker = tracker();
        let id = tracker.update(ms(0), &[face(0.0, 0.0)]).assigned[0];
        let mut given = Vec::new();
        for (n, &(who, good)) in plan.iter().enumerate() {
            let at = ms(100 * n as u64);
            tracker.update(at, &[face(0.0, 0.0)]);
            tracker.add_evidence(id, like(at, who, if good { 0.6 } else { 0.2 }));
            let Some(decided) = tracker.take_decision(id) else { continue };
            if let Decided::Match { person: found, .. } = decided {
                let newest = &plan[n.saturating_sub(4)..=n];
                let speaking: Vec<u8> = newest.iter().filter(|(_, good)| *good).map(|(who, _)| *who).collect();
                prop_assert!(speaking.len() >= 3 && speaking.iter().all(|who| person(*who) == found));
                given.push(Some(found));
            } else {
                prop_assert!(n >= 12, "1.2 s and 8 readings");
                given.push(None);
            }
        }
        let mut once = given.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), given.len());
    }
}
