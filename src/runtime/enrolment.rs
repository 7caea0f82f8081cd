//! Enrolment as a state machine: faces of successive frames in, three good shots out.
//!
//! The same machine serves the guided screen (with poses) and `people enrol` from a folder (without), so both
//! take shots by the same rules.

use super::messages::{EnrolmentAdvice, EnrolmentPose, EnrolmentView};
use crate::domain::{DetectedFace, Embedding, PersonId, Quality, QualityLimits};
use std::time::Duration;

/// Shots of a guided enrolment.
pub const SHOTS: usize = 3;
/// Time between two shots, so that they differ.
const BETWEEN_SHOTS: Duration = Duration::from_millis(500);
/// A guided enrolment in which no shot is taken for so long is over: whoever began it has gone.
const PATIENCE: Duration = Duration::from_mins(2);
/// Shots of one person agree at least this far above the threshold's half; below, somebody else stepped in.
const SAME_PERSON_SHARE: f32 = 0.8;
/// Yaw that counts as "a little to the side", degrees.
const ASIDE_DEG: std::ops::RangeInclusive<f32> = 6.0..=32.0;

/// Stricter than recognition: what is stored is compared for years.
#[must_use]
pub fn enrolment_limits() -> QualityLimits {
    QualityLimits {
        min_eye_distance_px: 20.0,
        max_yaw_deg: 32.0,
        max_roll_deg: 25.0,
        ..QualityLimits::default()
    }
}

/// A face of the present frame.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// Where.
    pub face: DetectedFace,
    /// How good.
    pub quality: Quality,
}

/// One shot taken.
#[derive(Debug)]
pub struct Shot {
    /// Template.
    pub embedding: Embedding,
    /// [`Quality::score`] of the frame.
    pub quality: f32,
}

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Nothing yet, and why.
    Wait(Option<EnrolmentAdvice>),
    /// Embed this face and hand the result to [`Enrolment::take`].
    Embed(DetectedFace, f32),
    /// All shots are taken.
    Complete,
    /// Nobody came for too long.
    Over,
}

/// Why a shot was not taken after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// It shows somebody else than the shots before.
    AnotherPerson,
    /// It seems to show a picture of somebody.
    Refused,
}

/// A running enrolment.
#[derive(Debug)]
pub struct Enrolment {
    person: PersonId,
    guided: bool,
    wanted: usize,
    limits: QualityLimits,
    threshold_cosine: f32,
    shots: Vec<Shot>,
    last_shot: Option<Duration>,
    /// Of the first frame or, if later, the newest shot that was kept.
    since: Option<Duration>,
    first_side: Option<f32>,
    pending_side: Option<f32>,
    advice: Option<EnrolmentAdvice>,
    /// The last try was no person: said until the next one.
    refused: bool,
}

impl Enrolment {
    /// Begins. `threshold_cosine` is the recogniser's, to see that all shots show one person.
    #[must_use]
    pub fn new(person: PersonId, guided: bool, wanted: usize, threshold_cosine: f32) -> Self {
        Self {
            person,
            guided,
            wanted,
            limits: enrolment_limits(),
            threshold_cosine,
            shots: Vec::new(),
            last_shot: None,
            since: None,
            first_side: None,
            pending_side: None,
            advice: None,
            refused: false,
        }
    }

    /// Whose.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// Looks at one frame's faces at monotonic time `at`.
    pub fn step(&mut self, at: Duration, faces: &[Candidate]) -> Step {
        if self.shots.len() >= self.wanted {
            return Step::Complete;
        }
        let since = *self.since.get_or_insert(at);
        if self.guided && at.saturating_sub(since) > PATIENCE {
            return Step::Over;
        }
        let step = match faces {
            [] => Step::Wait(Some(EnrolmentAdvice::NoFace)),
            [only] => self.judge(at, only),
            _ => Step::Wait(Some(EnrolmentAdvice::SeveralFaces)),
        };
        self.advice = if let Step::Wait(advice) = step { advice } else { None };
        step
    }

    fn judge(&mut self, at: Duration, candidate: &Candidate) -> Step {
        let quality = &candidate.quality;
        if let Some(issue) = quality.issue(&self.limits) {
            return Step::Wait(Some(EnrolmentAdvice::Quality(issue)));
        }
        if self.last_shot.is_some_and(|last| at.saturating_sub(last) < BETWEEN_SHOTS) {
            return Step::Wait(self.refused.then_some(EnrolmentAdvice::Refused));
        }
        let yaw = quality.yaw_deg;
        let posed = match self.pose() {
            _ if !self.guided => true,
            EnrolmentPose::Front => yaw.abs() < *ASIDE_DEG.start() * 2.0,
            EnrolmentPose::Aside => ASIDE_DEG.contains(&yaw.abs()),
            EnrolmentPose::OtherSide => {
                ASIDE_DEG.contains(&yaw.abs()) && self.first_side.is_none_or(|first| first * yaw < 0.0)
            }
        };
        if !posed {
            return Step::Wait(Some(EnrolmentAdvice::Pose));
        }
        self.last_shot = Some(at);
        self.pending_side = Some(yaw);
        Step::Embed(candidate.face, quality.score())
    }

    /// Keeps a shot; refuses one that is not bona fide, or shows somebody else than the shots before.
    pub fn take(&mut self, embedding: Embedding, quality: f32, bona_fide: bool) -> Result<(), NotTaken> {
        self.refused = !bona_fide;
        if self.refused {
            self.advice = Some(EnrolmentAdvice::Refused);
            return Err(NotTaken::Refused);
        }
        let least = self.threshold_cosine * SAME_PERSON_SHARE;
        if self.shots.iter().any(|shot| shot.embedding.cosine(&embedding) < least) {
            return Err(NotTaken::AnotherPerson);
        }
        if self.pose() == EnrolmentPose::Aside {
            self.first_side = self.pending_side;
        }
        self.since = self.last_shot;
        self.shots.push(Shot { embedding, quality });
        Ok(())
    }

    /// For the screen.
    #[must_use]
    pub fn view(&self) -> EnrolmentView {
        EnrolmentView {
            person: self.person,
            taken: self.shots.len(),
            wanted: self.wanted,
            pose: self.pose(),
            advice: self.advice,
        }
    }

    /// The shots taken.
    #[must_use]
    pub fn into_shots(self) -> Vec<Shot> {
        self.shots
    }

    fn pose(&self) -> EnrolmentPose {
        match self.shots.len() % SHOTS {
            0 => EnrolmentPose::Front,
            1 => EnrolmentPose::Aside,
            _ => EnrolmentPose::OtherSide,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{EMBEDDING_LEN, Landmarks, Point, QualityIssue, Rect};

    pub fn candidate(yaw_deg: f32, eye_distance_px: f32) -> Candidate {
        Candidate {
            face: DetectedFace {
                bbox: Rect { x0: 0.0, y0: 0.0, x1: 100.0, y1: 130.0 },
                landmarks: Landmarks([Point::default(); 5]),
                score: 0.9,
            },
            quality: Quality {
                eye_distance_px,
                yaw_deg,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                sharpness: 100.0,
                brightness: 120.0,
                inside: 1.0,
            },
        }
    }

    pub fn embedding(axis: usize) -> Embedding {
        let mut raw = [0.01; EMBEDDING_LEN];
        raw[axis] = 10.0;
        Embedding::from_raw(&raw).unwrap()
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn three_poses_make_three_shots() {
        let mut e = Enrolment::new(PersonId::from_bytes([1; 16]), true, SHOTS, 0.4);
        assert_eq!(e.step(ms(0), &[]), Step::Wait(Some(EnrolmentAdvice::NoFace)));
        let far = candidate(0.0, 10.0);
        assert_eq!(e.step(ms(0), &[far]), Step::Wait(Some(EnrolmentAdvice::Quality(QualityIssue::TooFar))));
        let two = [candidate(0.0, 60.0); 2];
        assert_eq!(e.step(ms(0), &two), Step::Wait(Some(EnrolmentAdvice::SeveralFaces)));
        for (at, yaw) in [(0, 0.0), (600, 15.0), (1200, -15.0)] {
            assert!(matches!(e.step(ms(at), &[candidate(yaw, 60.0)]), Step::Embed(..)), "{at}");
            e.take(embedding(0), 0.8, true).unwrap();
            assert_ne!(e.view().taken, 0);
        }
        assert_eq!(e.step(ms(9000), &[]), Step::Complete);
        assert_eq!(e.into_shots().len(), 3);
    }

    #[test]
    fn an_enrolment_to_which_nobody_comes_is_over() {
        let mut e = Enrolment::new(PersonId::from_bytes([1; 16]), true, SHOTS, 0.4);
        assert!(matches!(e.step(ms(0), &[]), Step::Wait(_)));
        assert!(matches!(e.step(ms(119_000), &[candidate(0.0, 60.0)]), Step::Embed(..)));
        e.take(embedding(0), 0.8, true).unwrap();
        assert!(matches!(e.step(ms(230_000), &[]), Step::Wait(_)), "a shot gives time");
        assert_eq!(e.step(ms(240_000), &[candidate(15.0, 60.0)]), Step::Over);
        let mut folder = Enrolment::new(PersonId::from_bytes([1; 16]), false, SHOTS, 0.4);
        for minute in 0..60 {
            assert!(
                matches!(folder.step(ms(minute * 60_000), &[]), Step::Wait(_)),
                "pictures do not go away"
            );
        }
    }

    #[test]
    fn the_other_side_is_the_other_side_and_the_same_person() {
        let mut e = Enrolment::new(PersonId::from_bytes([1; 16]), true, SHOTS, 0.4);
        for (at, yaw) in [(0, 0.0), (600, 15.0)] {
            assert!(matches!(e.step(ms(at), &[candidate(yaw, 60.0)]), Step::Embed(..)));
            e.take(embedding(0), 0.8, true).unwrap();
        }
        assert_eq!(e.step(ms(700), &[candidate(-15.0, 60.0)]), Step::Wait(None), "too soon");
        assert_eq!(e.step(ms(1200), &[candidate(15.0, 60.0)]), Step::Wait(Some(EnrolmentAdvice::Pose)));
        assert!(matches!(e.step(ms(1300), &[candidate(-15.0, 60.0)]), Step::Embed(..)));
        assert_eq!(e.take(embedding(1), 0.8, true), Err(NotTaken::AnotherPerson));
        assert_eq!(e.view().taken, 2);
    }

    #[test]
    fn a_picture_is_not_taken_and_the_screen_says_so_until_the_next_try() {
        let mut e = Enrolment::new(PersonId::from_bytes([1; 16]), true, SHOTS, 0.4);
        assert!(matches!(e.step(ms(0), &[candidate(0.0, 60.0)]), Step::Embed(..)));
        assert_eq!(e.take(embedding(0), 0.8, false), Err(NotTaken::Refused));
        assert_eq!((e.view().taken, e.view().advice), (0, Some(EnrolmentAdvice::Refused)));
        e.step(ms(100), &[candidate(0.0, 60.0)]);
        assert_eq!(e.view().advice, Some(EnrolmentAdvice::Refused), "still said");
        assert!(matches!(e.step(ms(600), &[candidate(0.0, 60.0)]), Step::Embed(..)));
        e.take(embedding(0), 0.8, true).unwrap();
        e.step(ms(700), &[candidate(0.0, 60.0)]);
        assert_eq!((e.view().taken, e.view().advice), (1, None));
    }
}
