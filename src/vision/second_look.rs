//! The second look at what a detector takes for a face: whether it is one, and where its landmarks are.
//!
//! Job: judged faces out of candidates. It must not know how these were found, or from which score on one counts.
//!
//! A detector looks everywhere and at every size at once; where it errs, the recogniser sees a face that is tilted or off
//! its place, or a shadow. In the crop that a candidate's landmarks align, upright and of one size, a small network tells
//! faces and places landmarks better. It is an [`super::iresnet`] with eleven numbers for an answer, and is part of its
//! detector's file (`weights/training/FORMAT.md`).

use super::{
    VisionError,
    align::{Crop, SIDE, push_planes},
    network::{Backend, Network},
};
use crate::{
    domain::{DetectedFace, Landmarks, Point},
    imaging::{ARCFACE_TEMPLATE, Frame, Similarity},
    nn::Graph,
};
use zeroize::Zeroize;

/// Numbers that say where the landmarks are: of each how far right of and below its place in the template, pixels.
const PLACES: usize = 2 * ARCFACE_TEMPLATE.len();
/// Numbers in an answer: those, and the logit of a face.
pub const ANSWER: usize = PLACES + 1;
/// Pixels go in as the recogniser's: `(x - 127.5) / 127.5`.
const NORMAL: f32 = 127.5;
/// Candidates in one run.
const AT_ONCE: usize = 4;
/// Candidates of a frame that are looked at again: whatever a frame shows, the time for it is bounded.
const MAX_CANDIDATES: usize = 16;

/// The network with its buffers.
pub struct SecondLook {
    network: Network,
    crop: Crop,
    input: Vec<f32>,
}

impl SecondLook {
    /// Takes a network from (3, 112, 112) to [`ANSWER`] numbers, and makes it ready to run.
    pub fn new(graph: &Graph, backend: &Backend) -> Result<Self, VisionError> {
        let network = Network::fixed(graph, backend, (SIDE, SIDE), AT_ONCE)?;
        Ok(Self { network, crop: Crop::default(), input: Vec::new() })
    }

    /// Gives candidates, which come best first, the score of both looks together and the landmarks of this one. What is
    /// beyond the first 16 stays as it is.
    pub fn judge(&mut self, frame: &Frame, candidates: &mut [DetectedFace]) -> Result<(), VisionError> {
        let looked_at = candidates.len().min(MAX_CANDIDATES);
        for some in candidates.get_mut(..looked_at).unwrap_or_default().chunks_mut(AT_ONCE) {
            let judged = self.judge_some(frame, some);
            self.network.wipe(); // whatever came of it
            judged?;
        }
        Ok(())
    }

    fn judge_some(&mut self, frame: &Frame, candidates: &mut [DetectedFace]) -> Result<(), VisionError> {
        self.input.clear();
        for candidate in candidates.iter() {
            push_planes(self.crop.cut(frame, candidate)?, NORMAL, NORMAL, &mut self.input);
        }
        self.network.run((SIDE, SIDE), &self.input)?;
        let answers = self.network.output(0).as_chunks::<ANSWER>().0;
        if answers.len() != candidates.len() {
            return Err(VisionError::Output("second look"));
        }
        for (candidate, answer) in candidates.iter_mut().zip(answers) {
            *candidate = judged(candidate, answer).ok_or(VisionError::NotFinite("second look"))?;
        }
        Ok(())
    }
}

impl Drop for SecondLook {
    fn drop(&mut self) {
        self.input.zeroize();
    }
}

/// A candidate as an answer has it; landmarks that cannot be aligned to are those of the first look. `None` when the answer
/// is no number.
fn judged(candidate: &DetectedFace, answer: &[f32; ANSWER]) -> Option<DetectedFace> {
    let (places, logit) = answer.split_last_chunk::<1>().map(|(places, [logit])| (places, *logit))?;
    let finite = answer.iter().all(|number| number.is_finite());
    let frame_from_crop = Similarity::from_landmarks(&candidate.landmarks).filter(|_| finite)?.inverse();
    let mut points = ARCFACE_TEMPLATE;
    for (point, [right, down]) in points.iter_mut().zip(places.as_chunks::<2>().0) {
        *point = frame_from_crop.apply(Point { x: point.x + right, y: point.y + down });
    }
    let placed = Some(Landmarks(points)).filter(|points| Similarity::from_landmarks(points).is_some());
    let score = agreed(candidate.score, logit);
    Some(DetectedFace { score, landmarks: placed.unwrap_or(candidate.landmarks), ..*candidate })
}

/// What both looks say together, 0 to 1: the mean of their logits counts. They err about different things, so that this
/// tells faces better than either.
fn agreed(first: f32, second_logit: f32) -> f32 {
    let first = first.clamp(1e-6, 1.0 - 1e-6);
    let first_logit = first.ln() - (1.0 - first).ln();
    1.0 / (1.0 + (-f32::midpoint(first_logit, second_logit)).exp())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        domain::{Moment, Rect},
        nn::LinearWeights,
    };
    use std::time::Duration;

    /// Answers with the same numbers, whatever it is shown.
    pub fn constant(answer: &[f32]) -> Graph {
        let (mut graph, x) = Graph::new(3);
        let weight = vec![0.0; answer.len() * 3 * SIDE * SIDE];
        let y = graph.flatten_linear(x, LinearWeights { weight, bias: answer.to_vec() });
        graph.output(y, "embedding");
        graph
    }

    fn face(x: f32, scale: f32) -> DetectedFace {
        let place = |p: Point| Point { x: x + p.x * scale, y: 3.0 + p.y * scale };
        let bbox = Rect { x0: x, y0: 3.0, x1: x + 112.0 * scale, y1: 3.0 + 112.0 * scale };
        DetectedFace { bbox, landmarks: Landmarks(ARCFACE_TEMPLATE.map(place)), score: 0.3 }
    }

    fn frame() -> Frame {
        let never = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
        Frame::new(320, 240, vec![90; 320 * 240 * 3], never, 0).unwrap()
    }

    fn look(answer: &[f32]) -> SecondLook {
        SecondLook::new(&constant(answer), &Backend::Cpu { threads: 1 }).unwrap()
    }

    #[test]
    fn answers_are_pixels_of_the_crop_and_become_pixels_of_the_frame() {
        let mut answer: [f32; ANSWER] = std::array::from_fn(|i| i as f32 - 4.0);
        answer[PLACES] = 1.0;
        let scale = |i: usize| 0.5 + i as f32 * 0.1;
        let mut faces: Vec<DetectedFace> = (0..6).map(|i| face(i as f32 * 20.0, scale(i))).collect();
        let first = faces.clone();
        look(&answer).judge(&frame(), &mut faces).unwrap();
        for (i, (now, before)) in faces.iter().zip(&first).enumerate() {
            for (k, (a, b)) in now.landmarks.0.iter().zip(&before.landmarks.0).enumerate() {
                let (right, down) = (answer[2 * k] * scale(i), answer[2 * k + 1] * scale(i));
                assert!(
                    (a.x - b.x - right).abs() < 0.01 && (a.y - b.y - down).abs() < 0.01,
                    "{i} {k}: {a:?}"
                );
            }
            assert_eq!(now.bbox, before.bbox);
            // logits: of 0.3 it is -0.847, of the answer 1
            assert!((now.score - 0.5191).abs() < 1e-4, "{}", now.score);
        }
    }

    #[test]
    fn landmarks_that_cannot_be_aligned_to_leave_the_first_ones_and_what_is_no_number_is_an_error() {
        let one_point: [f32; ANSWER] = std::array::from_fn(|i| {
            ARCFACE_TEMPLATE.get(i / 2).map_or(2.0, |p| if i % 2 == 0 { -p.x } else { -p.y })
        });
        let first = face(7.0, 1.0);
        let kept = judged(&first, &one_point).unwrap();
        assert_eq!(kept.landmarks, first.landmarks);
        assert!(kept.score > first.score);
        for at in [0, PLACES] {
            let mut answer = [1.0; ANSWER];
            answer[at] = f32::NAN;
            let error = look(&answer).judge(&frame(), &mut [face(10.0, 1.0)]).err().unwrap();
            assert!(matches!(error, VisionError::NotFinite("second look")), "{error}");
        }
        for logit in [-1e30, 1e30] {
            let mut answer = [1.0; ANSWER];
            answer[PLACES] = logit;
            assert!((0.0..=1.0).contains(&judged(&first, &answer).unwrap().score));
        }
    }

    #[test]
    fn both_looks_have_a_say() {
        assert!((agreed(0.5, 0.0) - 0.5).abs() < 1e-6);
        assert!((agreed(0.3, 3.0) - agreed(0.3, 2.0)) > 0.05 && (agreed(0.4, 2.0) - agreed(0.3, 2.0)) > 0.02);
        assert!(agreed(0.9, -9.0) < 0.1 && agreed(0.3, 9.0) > 0.9);
        assert!([0.0, 1.0].iter().all(|first| (0.0..=1.0).contains(&agreed(*first, 0.0))));
    }

    #[test]
    fn a_frame_full_of_candidates_costs_no_more_than_a_group() {
        let mut faces = vec![face(10.0, 1.0); MAX_CANDIDATES + 3];
        look(&[1.0; ANSWER]).judge(&frame(), &mut faces).unwrap();
        let judged = faces.iter().filter(|f| **f != face(10.0, 1.0)).count();
        assert_eq!(judged, MAX_CANDIDATES);
    }

    #[test]
    fn another_number_of_answers_than_candidates_is_an_error() {
        let error = look(&[0.0; 5]).judge(&frame(), &mut [face(10.0, 1.0)]).err().unwrap();
        assert!(matches!(error, VisionError::Output("second look")), "{error}");
    }
}
