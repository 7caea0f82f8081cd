//! The same person keeps the same track, and evidence about who it is gathers on it.
//!
//! Job: which face of this frame is which of the last one's ([`Tracker::update`]); when a face is worth embedding
//! ([`Tracker::wants_embedding`]); when the evidence is a verdict, and that each visit gets one decision
//! ([`Tracker::take_decision`]). It must not know what an embedding is, nor what a decision leads to. All times
//! are the frames' monotonic ones; nothing here reads a clock.

mod assign;
mod evidence;
mod motion;

pub use evidence::{Decided, Evidence, Verdict};

use crate::domain::{DetectedFace, PersonId, Quality, QualityIssue, TrackId};
use evidence::Dossier;
use motion::Motion;
use std::{collections::BTreeMap, time::Duration};

/// When faces are the same, and when evidence is enough. The defaults are tuned for 10 to 30 frames a second.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackingConfig {
    /// A face that is gone for longer starts a new track. A hand over the face must fit in.
    pub keep_lost: Duration,
    /// A person who was decided about and is matched again, on this or another track, within this time of being
    /// last seen is still on the same visit: no second decision.
    pub same_visit: Duration,
    /// From this cosine on, a reading speaks for a person. Comes from the calibration.
    pub threshold_cosine: f32,
    /// By how much the best person's cosine must exceed the second-best person's, if there is one.
    pub min_margin: f32,
    /// From this probability on, a presentation is bona fide; counts only where presentations are checked.
    pub min_bona_fide: f32,
    /// Readings that must agree on a person; 1 or more.
    pub min_agreeing: usize,
    /// After so many readings without agreement, and [`TrackingConfig::unknown_after`], the face is unknown.
    pub unknown_after_readings: usize,
    /// Least time from the first reading to "unknown".
    pub unknown_after: Duration,
    /// Least time between two readings while a verdict is open; frames closer together are nearly the same picture.
    pub read_every: Duration,
    /// Time between readings of a matched face, to notice that somebody else took its place.
    pub recheck_every: Duration,
    /// Time to the first reading of an unknown face; doubles with each fruitless one.
    pub retry_every: Duration,
    /// Longest time between readings of an unknown face.
    pub retry_at_most: Duration,
}

impl Default for TrackingConfig {
    fn default() -> Self {
        Self {
            keep_lost: Duration::from_millis(1500),
            same_visit: Duration::from_secs(5),
            threshold_cosine: 0.5,
            min_margin: 0.05,
            min_bona_fide: 0.5,
            min_agreeing: 3,
            unknown_after_readings: 8,
            unknown_after: Duration::from_millis(1200),
            read_every: Duration::from_millis(80),
            recheck_every: Duration::from_secs(2),
            retry_every: Duration::from_millis(500),
            retry_at_most: Duration::from_secs(4),
        }
    }
}

/// What a frame changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Update {
    /// The track of each face, in the order of the faces.
    pub assigned: Vec<TrackId>,
    /// Tracks that began with this frame.
    pub started: Vec<TrackId>,
    /// Tracks that are over; their evidence is gone.
    pub ended: Vec<TrackId>,
}

/// Follows every face in the picture.
#[derive(Debug)]
pub struct Tracker {
    config: TrackingConfig,
    next: u64,
    tracks: Vec<Track>,
    /// When a presentation was refused last.
    refused: Option<Duration>,
    /// When each person who was decided about was last seen; forgotten after [`REMEMBERED`].
    visits: BTreeMap<PersonId, Duration>,
}

#[derive(Debug)]
struct Track {
    id: TrackId,
    motion: Motion,
    dossier: Dossier,
}

impl Tracker {
    /// A tracker that has seen nothing.
    #[must_use]
    pub fn new(config: TrackingConfig) -> Self {
        Self { config, next: 1, tracks: Vec::new(), refused: None, visits: BTreeMap::new() }
    }

    /// Takes in the faces of the frame captured `at` and says which track each belongs to.
    ///
    /// Every face is compared with where each track should be by now, moving on as it did; of all pairings that are
    /// possible at all, the one with the least total cost is taken. A frame from the past counts as the present.
    pub fn update(&mut self, at: Duration, faces: &[DetectedFace]) -> Update {
        let mut update = Update::default();
        self.tracks.retain(|track| {
            let lost = track.motion.unseen_for(at) > self.config.keep_lost;
            if lost {
                update.ended.push(track.id);
            }
            !lost
        });
        let costs: Vec<Vec<Option<f32>>> = faces
            .iter()
            .map(|face| self.tracks.iter().map(|track| track.motion.cost(at, &face.bbox)).collect())
            .collect();
        let pairs = assign::assign(&costs);
        for (face, pair) in faces.iter().zip(pairs) {
            let id = if let Some(track) = pair.and_then(|n| self.tracks.get_mut(n)) {
                if track.motion.unseen_for(at) > REACQUIRED {
                    track.dossier.reacquired();
                }
                track.motion.see(at, face.bbox);
                track.id
            } else {
                let id = self.start(at, face);
                update.started.push(id);
                id
            };
            update.assigned.push(id);
        }
        self.remember_visits(at);
        update
    }

    /// Whether this frame's view of a track's face is worth embedding.
    ///
    /// No for faces that cannot be read (`issue`) and for frames clearly worse than the track's best ones. While
    /// the verdict is open every [`TrackingConfig::read_every`]; for a matched face every
    /// [`TrackingConfig::recheck_every`] and at once when it comes back from behind a hand; for an unknown face
    /// ever more rarely, or when the view got better.
    #[must_use]
    pub fn wants_embedding(
        &self,
        track: TrackId,
        quality: &Quality,
        issue: Option<QualityIssue>,
        at: Duration,
    ) -> bool {
        issue.is_none()
            && self.track(track).is_some_and(|track| track.dossier.wants(&self.config, quality.score(), at))
    }

    /// Adds a reading of a track's face.
    pub fn add_evidence(&mut self, track: TrackId, evidence: Evidence) {
        let config = &self.config;
        if let Some(track) = self.tracks.iter_mut().find(|t| t.id == track) {
            track.dossier.add(config, evidence);
        }
    }

    /// What is known about a track now; nothing about one that ended.
    #[must_use]
    pub fn verdict(&self, track: TrackId) -> Verdict {
        self.track(track).map_or(Verdict::Reading { progress: 0.0 }, |track| track.dossier.verdict())
    }

    /// The decision that a track's verdict calls for, exactly once per track and outcome: once for each person it
    /// was matched to, once for unknown, once for refused. Nothing while it is being read.
    ///
    /// However long somebody stands there, they are matched once. An unknown face that is recognised later gives a
    /// second decision, and so does somebody else taking the place of a recognised person. A person matched on
    /// another track within [`TrackingConfig::same_visit`] of being last seen gives none: they never left. Later ones
    /// say how long they were away.
    pub fn take_decision(&mut self, track: TrackId) -> Option<Decided> {
        let track = self.tracks.iter_mut().find(|t| t.id == track)?;
        let mut decided = track.dossier.take_decision()?;
        let seen = track.motion.last_seen();
        let same_visit = self.config.same_visit;
        let known = match &mut decided {
            Decided::Match { person, away, .. } => {
                *away = self.visits.insert(*person, seen).map(|last| seen.saturating_sub(last));
                away.is_some_and(|away| away <= same_visit)
            }
            // A sheet of paper that comes and goes makes many tracks, and is one try.
            Decided::Refused => {
                self.refused.replace(seen).is_some_and(|last| seen.saturating_sub(last) <= same_visit)
            }
            Decided::Unknown => false,
        };
        (!known).then_some(decided)
    }

    /// Sets the threshold for the people enrolled now. Evidence already gathered keeps its meaning.
    pub fn set_threshold_cosine(&mut self, threshold_cosine: f32) {
        self.config.threshold_cosine = threshold_cosine;
    }

    /// Sets from which probability on a presentation is bona fide.
    pub fn set_min_bona_fide(&mut self, min_bona_fide: f32) {
        self.config.min_bona_fide = min_bona_fide;
    }

    /// From which probability on a presentation is bona fide.
    #[must_use]
    pub fn min_bona_fide(&self) -> f32 {
        self.config.min_bona_fide
    }

    /// Forgets when people were last seen, but for those who are in view.
    pub fn forget_past_visits(&mut self) {
        let in_view: Vec<PersonId> = self.tracks.iter().filter_map(|track| track.dossier.person()).collect();
        self.visits.retain(|person, _| in_view.contains(person));
    }

    /// Tracks alive, faces lost a moment ago included, oldest first.
    pub fn live(&self) -> impl Iterator<Item = TrackId> {
        self.tracks.iter().map(|track| track.id)
    }

    fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    fn start(&mut self, at: Duration, face: &DetectedFace) -> TrackId {
        let id = TrackId(self.next);
        self.next += 1;
        self.tracks.push(Track { id, motion: Motion::new(at, face.bbox), dossier: Dossier::default() });
        id
    }

    /// A decided person is on a visit for as long as a track that shows them lives, and a little longer; so is a picture.
    fn remember_visits(&mut self, at: Duration) {
        for track in &self.tracks {
            if let Some(person) = track.dossier.person()
                && let Some(seen) = self.visits.get_mut(&person)
            {
                *seen = (*seen).max(track.motion.last_seen());
            }
            if track.dossier.verdict() == Verdict::Refused
                && let Some(seen) = &mut self.refused
            {
                *seen = (*seen).max(track.motion.last_seen());
            }
        }
        self.visits.retain(|_, seen| at.saturating_sub(*seen) <= REMEMBERED);
    }
}

/// How long it is known when a person was last seen: the longest that a site can guard against double marks.
const REMEMBERED: Duration = Duration::from_hours(24);

/// A face unseen for longer may have been replaced by another one: it is read again at once.
const REACQUIRED: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests;
