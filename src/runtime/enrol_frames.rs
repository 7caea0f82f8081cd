//! Enrolment without a screen: the best frames of a folder, a list of pictures or the demo become templates.

use super::{
    enrolment::{Candidate, enrolment_limits},
    pipeline::Pipeline,
};
use crate::{
    domain::{DetectedFace, Embedding, QualityIssue},
    imaging::Frame,
    vault::NewTemplate,
    vision::VisionError,
};
use std::collections::BTreeMap;

/// Templates kept of one enrolment.
pub const MAX_SHOTS: usize = 5;
/// The best frame of each second of frame time is a candidate, so that shots differ.
const BUCKET_SECS: u64 = 1;
/// Shots below this share of the threshold to the most typical shot show somebody else.
const SAME_PERSON_SHARE: f32 = 0.8;

/// Collects frames; [`finish`](Self::finish) chooses.
#[derive(Debug, Default)]
pub struct FrameEnrolment {
    frames: u64,
    refused: BTreeMap<&'static str, u64>,
    best: BTreeMap<u64, Shot>,
}

#[derive(Debug)]
struct Shot {
    quality: f32,
    embedding: Embedding,
}

/// What an enrolment from frames gave.
pub struct EnrolmentReport {
    /// Frames looked at.
    pub frames: u64,
    /// The templates to store; empty when no frame was good enough.
    pub shots: Vec<NewTemplate>,
    /// Why the other frames were refused, and how many.
    pub refused: BTreeMap<&'static str, u64>,
}

impl FrameEnrolment {
    /// Looks at one frame.
    pub fn add(&mut self, pipeline: &mut Pipeline, frame: &Frame) -> Result<(), VisionError> {
        self.frames += 1;
        let outcome = pipeline.process(frame, false)?;
        let reason = match outcome.candidates.as_slice() {
            [] => "no_face",
            [Candidate { face, quality }] => {
                let Some(issue) = quality.issue(&enrolment_limits()) else {
                    return self.keep_if_best(pipeline, frame, face, quality.score());
                };
                refusal(issue)
            }
            _ => "several_faces",
        };
        *self.refused.entry(reason).or_default() += 1;
        Ok(())
    }

    fn keep_if_best(
        &mut self,
        pipeline: &mut Pipeline,
        frame: &Frame,
        face: &DetectedFace,
        quality: f32,
    ) -> Result<(), VisionError> {
        let bucket = frame.captured().mono.as_secs() / BUCKET_SECS;
        if self.best.get(&bucket).is_none_or(|shot| quality > shot.quality) {
            if !pipeline.is_bona_fide(frame, face)? {
                *self.refused.entry("not_a_person").or_default() += 1;
                return Ok(());
            }
            let embedding = pipeline.embed(frame, face)?;
            self.best.insert(bucket, Shot { quality, embedding });
        }
        Ok(())
    }

    /// The best shots that show one and the same person.
    #[must_use]
    pub fn finish(mut self, pipeline: &Pipeline) -> EnrolmentReport {
        let mut shots: Vec<Shot> = self.best.into_values().collect();
        if let Some(typical) = most_typical(&shots) {
            let least = pipeline.threshold_cosine() * SAME_PERSON_SHARE;
            let before = shots.len();
            shots.retain(|shot| shot.embedding.cosine(&typical) >= least);
            if shots.len() < before {
                self.refused.insert("another_person", (before - shots.len()) as u64);
            }
        }
        shots.sort_by(|a, b| b.quality.total_cmp(&a.quality));
        shots.truncate(MAX_SHOTS);
        let weights = pipeline.weights();
        let shots = shots
            .into_iter()
            .map(|s| NewTemplate { embedding: s.embedding, weights: weights.clone(), quality: s.quality })
            .collect();
        EnrolmentReport { frames: self.frames, shots, refused: self.refused }
    }
}

/// The shot most similar to all others.
fn most_typical(shots: &[Shot]) -> Option<Embedding> {
    let likeness =
        |shot: &Shot| shots.iter().map(|other| shot.embedding.cosine(&other.embedding)).sum::<f32>();
    shots.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).map(|shot| shot.embedding.clone())
}

/// The word in the JSON contract.
fn refusal(issue: QualityIssue) -> &'static str {
    match issue {
        QualityIssue::TooFar => "too_far",
        QualityIssue::OutOfFrame => "out_of_frame",
        QualityIssue::TurnToCamera => "turn_to_camera",
        QualityIssue::Tilted => "tilted",
        QualityIssue::TooDark => "too_dark",
        QualityIssue::TooBright => "too_bright",
        QualityIssue::Blurred => "blurred",
    }
}
