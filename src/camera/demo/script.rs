//! Who comes when. Time is counted in frames, 30 a second.
//!
//! Visits follow each other for ever, in rounds in which everybody enrolled appears once. Each round has two people
//! together, a stranger, somebody who stays too far away, and a moment with little light. The first round has them in
//! a fixed order; later rounds are shuffled by the seed.

use super::cast::cast;
use std::ops::Range;

const WALK: u64 = 34;
const STAND: u64 = 92;
/// Frames of the empty office before the next one comes: 6 to 20.
const PAUSE: (u64, u64) = (6, 20);
/// Where people's eyes are, pixels from the top, if they are of middle height: the camera hangs at eye level.
const EYE_LEVEL: f32 = 305.0;
const CENTRE: f32 = 640.0;
/// Sideways position outside the frame on either side, pixels from the centre.
const OUTSIDE: f32 = 720.0;
/// Eye distance of somebody who enters, pixels.
const ENTERING: f32 = 17.0;
/// Frames for the lights to go down or up.
const FADE: u64 = 12;
const DIM: f32 = 0.4;

/// What is special about a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitKind {
    /// One enrolled person walks up, looks for three seconds, leaves.
    Alone,
    /// Two enrolled people at once.
    Together,
    /// Somebody who is not enrolled.
    Stranger,
    /// An enrolled person who stays where an eye distance is about 15 pixels.
    TooFar,
    /// An enrolled person while the light is at two fifths.
    Dim,
}

/// One appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Counts from 0.
    pub number: u64,
    /// Counts from 0.
    pub round: u64,
    /// What is special about it.
    pub kind: VisitKind,
    /// Who is there, as positions in [`super::demo_people`].
    pub people: Vec<usize>,
    start: u64,
    seed: u64,
}

/// Where one person is in one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pose {
    pub(super) person: usize,
    /// Between the eyes, frame pixels.
    pub(super) x: f32,
    pub(super) y: f32,
    /// From eye to eye, frame pixels.
    pub(super) eye_px: f32,
    /// Positive is clockwise in the picture.
    pub(super) roll_deg: f32,
    /// Width of the head over its width from the front: the cosine of the yaw.
    pub(super) turn: f32,
}

/// The endless list of visits for a seed.
#[derive(Debug, Clone)]
pub struct DemoScript {
    seed: u64,
    known: Vec<usize>,
    strangers: Vec<usize>,
}

impl DemoScript {
    /// The script that `demo:<seed>` plays.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let people = cast().map(|cast| &cast.people[..]).unwrap_or_default();
        let those = |stranger| {
            (0..people.len()).filter(|&i| people.get(i).is_some_and(|p| p.stranger == stranger)).collect()
        };
        Self { seed, known: those(false), strangers: those(true) }
    }

    /// All visits in order. Endless, unless there are no people.
    #[must_use]
    pub fn visits(&self) -> Visits {
        Visits {
            script: self.clone(),
            round: 0,
            number: 0,
            next_start: PAUSE.0,
            queue: Vec::new(),
            last: None,
        }
    }

    /// The visits of one round, last one first. `last` was the latest person and does not come first again.
    fn round(&self, round: u64, last: Option<usize>) -> Vec<(VisitKind, Vec<usize>)> {
        use VisitKind as K;
        let mut random = Random::new(self.seed ^ round.wrapping_mul(0x9e37_79b9));
        let mut people = self.known.clone();
        random.shuffle(&mut people);
        if people.len() > 1 && people.last().copied() == last {
            people.rotate_right(1);
        }
        let mut kinds =
            vec![K::Together, K::Stranger, K::Alone, K::TooFar, K::Alone, K::Dim, K::Alone, K::Alone];
        if round > 0 {
            random.shuffle(&mut kinds);
        }
        let opening = [K::Alone, K::Alone];
        let stranger = self.strangers.get(round as usize % self.strangers.len().max(1));
        let mut visits = Vec::new();
        for kind in opening.into_iter().chain(kinds) {
            match kind {
                K::Stranger => visits.extend(stranger.map(|&stranger| (kind, vec![stranger]))),
                K::Together if people.len() > 1 => {
                    visits.push((kind, people.drain(people.len() - 2..).collect()));
                }
                K::Together => {}
                _ => visits.extend(people.pop().map(|person| (kind, vec![person]))),
            }
        }
        visits.extend(people.into_iter().rev().map(|person| (K::Alone, vec![person])));
        visits.reverse();
        visits
    }
}

/// See [`DemoScript::visits`].
#[derive(Debug, Clone)]
pub struct Visits {
    script: DemoScript,
    round: u64,
    number: u64,
    next_start: u64,
    queue: Vec<(VisitKind, Vec<usize>)>,
    last: Option<usize>,
}

impl Iterator for Visits {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        if self.queue.is_empty() {
            self.queue = self.script.round(self.round, self.last);
            self.round += 1;
        }
        let (kind, people) = self.queue.pop()?;
        let mut random = Random::new(self.script.seed.wrapping_mul(31).wrapping_add(self.number));
        let visit = Visit {
            number: self.number,
            round: self.round - 1,
            kind,
            people,
            start: self.next_start,
            seed: random.next(),
        };
        self.last = visit.people.last().copied();
        self.number += 1;
        self.next_start = visit.end() + PAUSE.0 + random.next() % (PAUSE.1 - PAUSE.0 + 1);
        Some(visit)
    }
}

impl Visit {
    /// First frame in which somebody may be seen.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// First frame in which nobody is seen any more.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + 2 * WALK + STAND
    }

    /// The frames in which everybody stands still at their place and looks.
    #[must_use]
    pub fn reading(&self) -> Range<u64> {
        self.start + WALK..self.start + WALK + STAND
    }

    /// First frame in which the face of person `slot` is whole in the frame and `least_eye_px` or more from eye to
    /// eye; `None` if they never come so near.
    #[must_use]
    pub fn readable_from(&self, slot: usize, least_eye_px: f32) -> Option<u64> {
        let person = *self.people.get(slot)?;
        (self.start..self.end()).find(|&frame| {
            let pose = self.pose(slot, person, frame - self.start);
            let half_face = 1.3 * pose.eye_px;
            pose.eye_px >= least_eye_px && (half_face..2.0 * CENTRE - half_face).contains(&pose.x)
        })
    }

    /// Who is where, the farthest first; nobody outside the visit.
    pub(super) fn poses(&self, frame: u64) -> Vec<Pose> {
        if !(self.start..self.end()).contains(&frame) {
            return Vec::new();
        }
        let mut poses: Vec<Pose> = self
            .people
            .iter()
            .enumerate()
            .map(|(slot, &person)| self.pose(slot, person, frame - self.start))
            .collect();
        poses.sort_by(|a, b| a.eye_px.total_cmp(&b.eye_px));
        poses
    }

    /// How much light there is, 1 for all of it.
    pub(super) fn light(&self, frame: u64) -> f32 {
        if self.kind != VisitKind::Dim {
            return 1.0;
        }
        let to_edge = frame.saturating_sub(self.start).min(self.end().saturating_sub(frame));
        1.0 + (DIM - 1.0) * (to_edge as f32 / FADE as f32).min(1.0)
    }

    fn pose(&self, slot: usize, person: usize, frame: u64) -> Pose {
        let mut random = Random::new(self.seed.wrapping_add(slot as u64));
        let place = Place::choose(self.kind, slot, &mut random);
        let (phase, pace) = (random.between(0.0, 6.0), random.between(0.9, 1.1));
        let sway = |speed: f32| (frame as f32 / 30.0 * speed * pace + phase).sin();

        // 0 outside, 1 at the place
        let way_in = smooth(frame as f32 / WALK as f32);
        let way_out = smooth((2 * WALK + STAND - frame) as f32 / WALK as f32);
        let (there, side) = if way_in < 1.0 { (way_in, place.from_side) } else { (way_out, place.to_side) };
        let eye_px = (ENTERING.min(place.eye_px) + (place.eye_px - ENTERING).max(0.0) * there.powf(1.3))
            * (1.0 + 0.012 * sway(1.1));
        let outside = CENTRE + side * OUTSIDE;
        let step = (1.0 - there) * 0.08 * sway(13.0).abs();
        Pose {
            person,
            x: outside + (place.x - outside) * there + 0.06 * eye_px * sway(1.7),
            y: EYE_LEVEL + (place.height - step) * eye_px + 0.03 * eye_px * sway(1.3),
            eye_px,
            roll_deg: place.roll_deg + 1.5 * sway(0.9),
            turn: 1.0 - 0.07 * (1.0 - there) - 0.015 * (1.0 + sway(0.8)),
        }
    }
}

/// Where one person stands during a visit, and from where and to where they go.
struct Place {
    x: f32,
    eye_px: f32,
    /// Eyes below the middle height, in eye distances.
    height: f32,
    roll_deg: f32,
    from_side: f32,
    to_side: f32,
}

impl Place {
    fn choose(kind: VisitKind, slot: usize, random: &mut Random) -> Self {
        let side = if random.next().is_multiple_of(2) { 1.0 } else { -1.0 };
        let (x, eye_px, from_side) = match kind {
            VisitKind::Alone => (random.between(-150.0, 150.0), random.between(50.0, 70.0), side),
            VisitKind::Stranger => (random.between(-120.0, 120.0), random.between(48.0, 62.0), side),
            VisitKind::Dim => (random.between(-100.0, 100.0), random.between(54.0, 66.0), side),
            VisitKind::TooFar => (random.between(-260.0, 260.0), random.between(13.0, 16.0), side),
            VisitKind::Together => {
                let side = if slot == 0 { -1.0 } else { 1.0 };
                (side * random.between(150.0, 220.0), random.between(42.0, 54.0), side)
            }
        };
        let to_side = match kind {
            VisitKind::Together => from_side,
            _ => {
                if random.next().is_multiple_of(2) {
                    1.0
                } else {
                    -1.0
                }
            }
        };
        let (height, roll_deg) = (random.between(-0.5, 0.6), random.between(-2.0, 2.0));
        Self { x: CENTRE + x, eye_px, height, roll_deg, from_side, to_side }
    }
}

/// 0 to 1 with a soft start and end.
fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// `SplitMix64` (Steele, Lea, Flood 2014): the same numbers for a seed for ever, which a crate does not promise.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, (self.next() % (last as u64 + 1)) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_newcomer_sees_everything_within_a_minute() {
        let visits: Vec<Visit> =
            DemoScript::new(1).visits().take_while(|visit| visit.end() < 60 * 30).collect();
        for kind in
            [VisitKind::Alone, VisitKind::Together, VisitKind::Stranger, VisitKind::TooFar, VisitKind::Dim]
        {
            assert!(visits.iter().any(|visit| visit.kind == kind), "{kind:?}");
        }
        assert!(visits[0].reading().start < 60, "somebody stands there within two seconds");
    }

    #[test]
    fn who_walks_up_becomes_readable_on_the_way_and_who_stays_far_does_not() {
        for visit in DemoScript::new(1).visits().take(20) {
            for slot in 0..visit.people.len() {
                let readable = visit.readable_from(slot, 30.0);
                if visit.kind == VisitKind::TooFar {
                    assert_eq!(readable, None);
                } else {
                    assert!((visit.start()..=visit.reading().start).contains(&readable.unwrap()));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn visits_follow_each_other_every_five_to_six_seconds(seed in any::<u64>()) {
            let script = DemoScript::new(seed);
            let visits: Vec<Visit> = script.visits().take(60).collect();
            for pair in visits.windows(2) {
                prop_assert!(pair[0].end() < pair[1].start());
                prop_assert!((150..=186).contains(&(pair[1].start() - pair[0].start())));
                prop_assert_eq!(pair[0].number + 1, pair[1].number);
                prop_assert!(!pair[1].people.contains(&pair[0].people[pair[0].people.len() - 1]), "twice in a row");
            }
            prop_assert_eq!(visits, script.visits().take(60).collect::<Vec<_>>());
        }

        #[test]
        fn everybody_comes_once_a_round(seed in any::<u64>(), round in 0..4_u64) {
            let script = DemoScript::new(seed);
            let visits: Vec<Visit> =
                script.visits().skip_while(|v| v.round < round).take_while(|v| v.round == round).collect();
            let known: Vec<usize> =
                visits.iter().filter(|v| v.kind != VisitKind::Stranger).flat_map(|v| v.people.clone()).collect();
            prop_assert_eq!(known.len(), script.known.len());
            prop_assert_eq!(known.into_iter().collect::<BTreeSet<_>>(), script.known.iter().copied().collect());
            prop_assert!(visits.iter().any(|v| v.kind == VisitKind::Stranger && script.strangers.contains(&v.people[0])));
        }

        #[test]
        fn people_stand_where_they_can_be_read_and_move_smoothly(seed in any::<u64>(), skip in 0..20_usize) {
            let visit = DemoScript::new(seed).visits().nth(skip).unwrap();
            for frame in visit.start()..visit.end() {
                let poses = visit.poses(frame);
                prop_assert_eq!(poses.len(), visit.people.len());
                for pose in &poses {
                    let limits = if visit.kind == VisitKind::TooFar { 12.0..17.5 } else { 40.0..72.0 };
                    if visit.reading().contains(&frame) {
                        prop_assert!(limits.contains(&pose.eye_px), "{pose:?}");
                        prop_assert!((200.0..1080.0).contains(&pose.x) && (240.0..370.0).contains(&pose.y), "{pose:?}");
                    }
                    if let Some(next) = visit.poses(frame + 1).iter().find(|next| next.person == pose.person) {
                        prop_assert!((next.x - pose.x).hypot(next.y - pose.y) < 45.0, "{pose:?} {next:?}");
                    }
                }
            }
        }
    }
}
