//! Enrolment in passing: somebody whose identity a PIN has just confirmed is enrolled again, because their templates
//! are of other weights.
//!
//! Job: decide from successive frames whether the person who typed the PIN is still the one in view. It must not
//! know why they are enrolled again. Whoever stands beside them, or comes after them, must never be enrolled in
//! their name: a second face, nobody in view for more than a moment at the beginning or at all after it, or a face that
//! differs ends it without a trace.

use super::enrolment::{Candidate, Enrolment, NotTaken, SHOTS, Shot, Step};
use crate::domain::{DetectedFace, Embedding, PersonId};
use std::time::Duration;

/// Who typed a PIN and does not look up within this is enrolled another time.
const LASTS: Duration = Duration::from_secs(12);

/// Whoever has typed a PIN stands there: they look up within this, or have gone.
const COMES: Duration = Duration::from_secs(2);

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PassingStep {
    /// Nothing yet.
    Wait,
    /// Embed this face and hand the result to [`Passing::take`].
    Embed(DetectedFace, f32),
    /// All shots are taken.
    Complete,
    /// It ends without a result.
    Over,
}

/// Somebody who is being enrolled in passing.
#[derive(Debug)]
pub struct Passing {
    shots: Enrolment,
    begun: Option<Duration>,
    seen: bool,
    over: bool,
}

impl Passing {
    /// Begins with the next frame. `threshold_cosine` is the recogniser's, to see that all shots show one person.
    #[must_use]
    pub fn new(person: PersonId, threshold_cosine: f32) -> Self {
        let shots = Enrolment::new(person, false, SHOTS, threshold_cosine);
        Self { shots, begun: None, seen: false, over: false }
    }

    /// Whose.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.shots.person()
    }

    /// Looks at one frame's faces at monotonic time `at`.
    pub fn step(&mut self, at: Duration, faces: &[Candidate]) -> PassingStep {
        let begun = *self.begun.get_or_insert(at);
        let step = self.shots.step(at, faces);
        let somebody_else = faces.len() > 1 || self.seen && faces.is_empty();
        self.seen |= !faces.is_empty();
        let since = at.saturating_sub(begun);
        let late = since > LASTS || !self.seen && since > COMES;
        self.over |= step != Step::Complete && (somebody_else || late);
        match step {
            _ if self.over => PassingStep::Over,
            Step::Over => PassingStep::Over,
            Step::Wait(_) => PassingStep::Wait,
            Step::Embed(face, quality) => PassingStep::Embed(face, quality),
            Step::Complete => PassingStep::Complete,
        }
    }

    /// Keeps a shot; one that is no person, or another one, ends it.
    pub fn take(&mut self, embedding: Embedding, quality: f32, bona_fide: bool) {
        match self.shots.take(embedding, quality, bona_fide) {
            Ok(()) => {}
            Err(NotTaken::AnotherPerson | NotTaken::Refused) => self.over = true,
        }
    }

    /// The shots taken.
    #[must_use]
    pub fn into_shots(self) -> Vec<Shot> {
        self.shots.into_shots()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::enrolment::tests::{candidate, embedding};

    const FACE: (f32, f32) = (0.0, 80.0);

    fn passing() -> Passing {
        Passing::new(PersonId::from_bytes([1; 16]), 0.5)
    }

    /// Goes through frames 600 ms apart with so many faces each; every shot shows the person that `who` says.
    fn run(passing: &mut Passing, frames: &[usize], who: impl Fn(usize) -> usize) -> PassingStep {
        let mut shots = 0;
        let mut last = PassingStep::Wait;
        for (frame, &faces) in frames.iter().enumerate() {
            let faces = vec![candidate(FACE.0, FACE.1); faces];
            last = passing.step(Duration::from_millis(600 * frame as u64), &faces);
            if let PassingStep::Embed(_, quality) = last {
                passing.take(embedding(who(shots)), quality, true);
                shots += 1;
            }
        }
        last
    }

    #[test]
    fn one_person_who_stays_is_enrolled_and_may_come_a_little_late() {
        let mut passing = passing();
        assert_eq!(run(&mut passing, &[0, 0, 1, 1, 1, 1], |_| 3), PassingStep::Complete);
        assert_eq!(
            passing.step(Duration::from_secs(4), &[]),
            PassingStep::Complete,
            "nobody need stay after that"
        );
        assert_eq!(passing.into_shots().len(), SHOTS);
    }

    #[test]
    fn company_a_gap_and_another_face_end_it_for_good() {
        assert_eq!(run(&mut passing(), &[1, 2, 1, 1, 1, 1], |_| 3), PassingStep::Over);
        assert_eq!(run(&mut passing(), &[1, 0, 1, 1, 1, 1], |_| 3), PassingStep::Over);
        assert_eq!(
            run(&mut passing(), &[0, 0, 0, 0, 0, 1, 1, 1], |_| 3),
            PassingStep::Over,
            "who comes then?"
        );
        assert_eq!(run(&mut passing(), &[1, 1, 1, 1, 1, 1], |shot| 3 + shot), PassingStep::Over);
    }

    #[test]
    fn a_picture_of_somebody_ends_it() {
        let mut passing = passing();
        let PassingStep::Embed(_, quality) = passing.step(Duration::ZERO, &[candidate(FACE.0, FACE.1)])
        else {
            panic!("a good face is a shot")
        };
        passing.take(embedding(3), quality, false);
        assert_eq!(passing.step(Duration::from_secs(1), &[candidate(FACE.0, FACE.1)]), PassingStep::Over);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let far = [candidate(FACE.0, 5.0)]; // in view, and never near enough for a shot
        let mut passing = passing();
        passing.step(Duration::ZERO, &far);
        assert_eq!(passing.step(LASTS, &far), PassingStep::Wait);
        let late = LASTS + Duration::from_millis(1);
        assert_eq!(passing.step(late, &[candidate(FACE.0, FACE.1)]), PassingStep::Over);
    }
}
