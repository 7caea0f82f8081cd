//! One frame through detection, tracking, embedding and matching: the same steps for the kiosk and for `replay`.
//!
//! It must not know threads, screens or the vault: frames in, faces and decisions out.

use super::{
    enrolment::Candidate,
    messages::{FaceState, FaceView},
    stages::{Stage, StageClock},
};
use crate::{
    domain::{DetectedFace, Embedding, Moment, PersonId, Quality, QualityLimits, TrackId, WeightsId},
    imaging::Frame,
    matching::{Calibration, Index},
    tracking::{Decided, Evidence, Tracker, TrackingConfig, Verdict},
    vision::{EngineDescription, FaceEngine, VisionError},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

/// The index, shared: the ledger changes it, the recogniser searches it.
pub type SharedIndex = Arc<RwLock<Index>>;

/// A decision about a face, on its way to the attendance policy. Exactly one per visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Which face.
    pub track: TrackId,
    /// Time of the frame that decided.
    pub at: Moment,
    /// Who it is.
    pub outcome: Sighted,
}

impl Sighting {
    /// When the person was last in front of the kiosk before this visit.
    pub(super) fn last_seen(&self) -> Option<Timestamp> {
        let Sighted::Person { away: Some(away), .. } = self.outcome else { return None };
        self.at.utc.checked_sub(away).ok()
    }
}

/// Who was sighted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sighted {
    /// Somebody enrolled.
    Person {
        /// Who.
        person: PersonId,
        /// Best cosine among the agreeing frames.
        cosine: f32,
        /// Distance to the second-best person; `None` when there is none.
        margin: Option<f32>,
        /// Time since they were last seen; `None` for the first visit that the tracker knows of.
        away: Option<Duration>,
    },
    /// Nobody enrolled, or not sure enough.
    Unknown,
    /// Like somebody enrolled, and like a picture rather than a person.
    Refused,
}

/// What one frame gave.
#[derive(Debug, Default)]
pub struct FrameOutcome {
    /// Every face, for the screen.
    pub faces: Vec<FaceView>,
    /// Faces with their quality, for enrolment.
    pub candidates: Vec<Candidate>,
    /// Decisions made by this frame.
    pub sightings: Vec<Sighting>,
}

/// Whether the machine was suspended between two frames: the monotonic clock stood still meanwhile, so that nobody's
/// absence can be told by it.
fn slept(before: Moment, now: Moment) -> bool {
    const UNSEEN: SignedDuration = SignedDuration::from_secs(30);
    let awake = SignedDuration::try_from(now.mono.saturating_sub(before.mono)).unwrap_or(SignedDuration::MAX);
    now.utc.duration_since(before.utc) > awake.saturating_add(UNSEEN)
}

/// Recognition's working parts.
pub struct Pipeline {
    engine: Box<dyn FaceEngine>,
    tracker: Tracker,
    index: SharedIndex,
    calibration: Calibration,
    fpir: f32,
    limits: QualityLimits,
    /// When the last frame was.
    before: Option<Moment>,
    /// Stage times of every frame.
    pub stages: StageClock,
}

impl Pipeline {
    /// Wires an engine to an index. `fpir` is the accepted share of strangers' visits that match somebody;
    /// `keep_samples` is how many stage times are kept for percentiles.
    #[must_use]
    pub fn new(engine: Box<dyn FaceEngine>, index: SharedIndex, fpir: f32, keep_samples: usize) -> Self {
        let calibration = Calibration::new(engine.calibration().clone());
        let tracker = Tracker::new(TrackingConfig::default());
        let limits = QualityLimits::default();
        let stages = StageClock::new(keep_samples);
        Self { engine, tracker, index, calibration, fpir, limits, before: None, stages }
    }

    /// Goes on with networks that were loaded again. Who is on a visit stays known.
    pub fn replace_engine(&mut self, engine: Box<dyn FaceEngine>) {
        self.calibration = Calibration::new(engine.calibration().clone());
        self.engine = engine;
    }

    /// Sets from which probability on a presentation counts as bona fide, where the engine checks.
    pub fn set_min_bona_fide(&mut self, min_bona_fide: f32) {
        self.tracker.set_min_bona_fide(min_bona_fide);
    }

    /// The recogniser's weights.
    #[must_use]
    pub fn weights(&self) -> &WeightsId {
        self.engine.weights()
    }

    /// Where which networks run.
    #[must_use]
    pub fn description(&self) -> EngineDescription {
        self.engine.description()
    }

    /// The accepted share of strangers' visits that match somebody, from the next frame on.
    pub fn set_fpir(&mut self, fpir: f32) {
        self.fpir = fpir;
    }

    /// Cosine from which a face counts as recognised among the people enrolled now.
    #[must_use]
    pub fn threshold_cosine(&self) -> f32 {
        let people = self.index.read().unwrap_or_else(PoisonError::into_inner).people();
        self.calibration.threshold_for(people, self.fpir)
    }

    /// Processes one frame. `recognise` is false during enrolment: faces are found and judged, nobody is matched.
    pub fn process(&mut self, frame: &Frame, recognise: bool) -> Result<FrameOutcome, VisionError> {
        if let Some(taken) = frame.taken() {
            self.stages.add(Stage::Capture, taken.capture);
            self.stages.add(Stage::Convert, taken.convert);
        }
        let started = Instant::now();
        let faces = self.engine.detect(frame)?;
        self.stages.add(Stage::Detect, started.elapsed());

        let tracking = Instant::now();
        let at = frame.captured();
        if self.before.replace(at).is_some_and(|before| slept(before, at)) {
            self.tracker.forget_past_visits();
        }
        let update = self.tracker.update(at.mono, &faces);
        let qualities: Vec<Quality> = faces.iter().map(|face| self.engine.assess(frame, face)).collect();
        let mut aligning = self.engine.take_align_time();
        self.stages.add(Stage::Track, tracking.elapsed().saturating_sub(aligning));

        if recognise {
            aligning += self.recognise(frame, &update.assigned, &faces, &qualities)?;
        }
        if aligning > Duration::ZERO {
            self.stages.add(Stage::Align, aligning);
        }
        let mut outcome = FrameOutcome::default();
        for ((&track, face), &quality) in update.assigned.iter().zip(&faces).zip(&qualities) {
            outcome.candidates.push(Candidate { face: *face, quality });
            outcome.faces.push(FaceView { track, bbox: face.bbox, state: self.state(track, &quality) });
            if let Some(decided) = self.tracker.take_decision(track) {
                outcome.sightings.push(Sighting { track, at, outcome: decided.into() });
            }
        }
        self.stages.add(Stage::Frame, started.elapsed());
        Ok(outcome)
    }

    /// Embeds one face, for enrolment.
    pub fn embed(&mut self, frame: &Frame, face: &DetectedFace) -> Result<Embedding, VisionError> {
        let (mut embeddings, aligning) = self.embed_all(frame, std::slice::from_ref(face))?;
        if aligning > Duration::ZERO {
            self.stages.add(Stage::Align, aligning);
        }
        embeddings.pop().ok_or(VisionError::Output("recogniser"))
    }

    /// Embeds faces; also says how much of the time went into their alignment.
    fn embed_all(
        &mut self,
        frame: &Frame,
        faces: &[DetectedFace],
    ) -> Result<(Vec<Embedding>, Duration), VisionError> {
        let started = Instant::now();
        let embeddings = self.engine.embed(frame, faces)?;
        let aligning = self.engine.take_align_time();
        self.stages.add(Stage::Embed, started.elapsed().saturating_sub(aligning));
        Ok((embeddings, aligning))
    }

    /// Whether one view of a face is bona fide, for enrolment; true where the engine does not check.
    pub fn is_bona_fide(&mut self, frame: &Frame, face: &DetectedFace) -> Result<bool, VisionError> {
        let least = self.tracker.min_bona_fide();
        Ok(self.bona_fide(frame, face)?.is_none_or(|p| p >= least))
    }

    fn bona_fide(&mut self, frame: &Frame, face: &DetectedFace) -> Result<Option<f32>, VisionError> {
        if !self.engine.checks_liveness() {
            return Ok(None);
        }
        let started = Instant::now();
        let bona_fide = self.engine.bona_fide(frame, face)?;
        self.stages.add(Stage::Liveness, started.elapsed());
        Ok(bona_fide)
    }

    /// Embeds the faces whose tracks need it and adds what the index says to their evidence. Returns how long alignment took.
    fn recognise(
        &mut self,
        frame: &Frame,
        tracks: &[TrackId],
        faces: &[DetectedFace],
        qualities: &[Quality],
    ) -> Result<Duration, VisionError> {
        let at = frame.captured().mono;
        let wanted: Vec<(TrackId, DetectedFace, f32)> = tracks
            .iter()
            .zip(faces)
            .zip(qualities)
            .filter(|((track, _), quality)| {
                self.tracker.wants_embedding(**track, quality, quality.issue(&self.limits), at)
            })
            .map(|((track, face), quality)| (*track, *face, quality.score()))
            .collect();
        if wanted.is_empty() {
            return Ok(Duration::ZERO);
        }
        let crops: Vec<DetectedFace> = wanted.iter().map(|(_, face, _)| *face).collect();
        let (embeddings, aligning) = self.embed_all(frame, &crops)?;

        let started = Instant::now();
        let threshold = self.threshold_cosine();
        self.tracker.set_threshold_cosine(threshold);
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let found: Vec<_> = embeddings.iter().map(|embedding| index.best_people(embedding)).collect();
        drop(index);
        self.stages.add(Stage::Match, started.elapsed());

        for ((track, face, quality), (best, second_best)) in wanted.into_iter().zip(found) {
            // A stranger needs no check: nothing will be recorded.
            let matches = best.is_some_and(|best| best.cosine >= threshold);
            let bona_fide = if matches { self.bona_fide(frame, &face)? } else { None };
            self.tracker.add_evidence(track, Evidence { at, quality, best, second_best, bona_fide });
        }
        Ok(aligning)
    }

    fn state(&self, track: TrackId, quality: &Quality) -> FaceState {
        match self.tracker.verdict(track) {
            Verdict::Match { .. } => FaceState::Recognised,
            Verdict::Refused => FaceState::Refused,
            verdict => match (quality.issue(&self.limits), verdict) {
                (Some(issue), _) => FaceState::Advice(issue),
                (None, Verdict::Reading { progress }) => FaceState::Reading(progress),
                (None, _) => FaceState::Unknown,
            },
        }
    }
}

impl From<Decided> for Sighted {
    fn from(decided: Decided) -> Self {
        match decided {
            Decided::Match { person, cosine, margin, away } => Self::Person { person, cosine, margin, away },
            Decided::Unknown => Self::Unknown,
            Decided::Refused => Self::Refused,
        }
    }
}
