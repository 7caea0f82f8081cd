//! The whole pipeline without a window: frames from a source, decisions to a callback, faster than real time.

use super::{
    ledger::{Ledger, LedgerError, policy},
    messages::{Notice, StageTime},
    pipeline::{Pipeline, Sighted, Sighting},
    stages::Stage,
};
use crate::{
    attendance::{Decision, LastMark, Policy},
    camera::{CameraError, FrameSource},
    domain::{EventId, MarkKind, PersonId, PersonName, TrackId},
    settings::Settings,
    vision::VisionError,
};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The frames.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// The networks.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The store.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Whoever listens is gone.
    #[error("the result cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

/// What the kiosk would have done about a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Marked.
    Marked(MarkKind),
    /// Marked a moment before.
    Duplicate,
    /// Would ask on the screen.
    Ask,
    /// Nobody enrolled.
    Unknown,
    /// A picture of somebody, not a person.
    Refused,
}

impl Done {
    /// The word in the JSON contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Marked(kind) => kind.as_str(),
            Self::Duplicate => "duplicate",
            Self::Ask => "ask",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

/// One decision.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Frame time since the first frame, milliseconds.
    pub t_ms: u64,
    /// What.
    pub done: Done,
    /// Who, unless unknown.
    pub person: Option<(PersonId, PersonName)>,
    /// Which face.
    pub track: TrackId,
    /// Best cosine.
    pub cosine: Option<f32>,
    /// Distance to the second-best person.
    pub margin: Option<f32>,
    /// The event on disk, when recording.
    pub event: Option<EventId>,
}

/// What the last line says.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Frames processed.
    pub frames: u64,
    /// Wall time of all of it, seconds.
    pub seconds: f64,
    /// Stage percentiles over all frames.
    pub stages: Vec<StageTime>,
    /// Cosine from which a face counted as recognised.
    pub threshold_cosine: f32,
}

/// How to replay.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReplayOptions {
    /// Write the marks through the ledger.
    pub record: bool,
    /// Stop after so many frames; the demo never ends by itself.
    pub max_frames: Option<u64>,
}

/// Runs every frame of `source` and calls `tell` for each decision, after the record is on disk when recording.
pub fn replay(
    source: &mut dyn FrameSource,
    pipeline: &mut Pipeline,
    ledger: &mut Ledger,
    options: ReplayOptions,
    mut tell: impl FnMut(&Decided) -> std::io::Result<()>,
) -> Result<Summary, ReplayError> {
    let started = Instant::now();
    let mut dry = DryRun::new(ledger.settings());
    let mut first: Option<Duration> = None;
    let mut frames = 0;
    while options.max_frames.is_none_or(|most| frames < most) {
        let frame = match source.next_frame() {
            Ok(frame) => frame,
            Err(CameraError::Ended) => break,
            Err(error) => return Err(error.into()),
        };
        frames += 1;
        let start = *first.get_or_insert(frame.captured().mono);
        for sighting in pipeline.process(&frame, true)?.sightings {
            let deciding = Instant::now();
            let (done, person, event) = if sighting.outcome == Sighted::Refused {
                if options.record {
                    ledger.sighting(&sighting)?; // for the audit log
                }
                (Done::Refused, None, None)
            } else if let Sighted::Person { person, .. } = sighting.outcome {
                let who = ledger.vault().person(person).map_err(LedgerError::from)?;
                let (done, event) = if options.record {
                    let Some(notice) = ledger.sighting(&sighting)? else { continue };
                    from_notice(&notice)
                } else {
                    (dry.decide(person, &sighting), None)
                };
                (done, Some((person, who.name)), event)
            } else {
                (Done::Unknown, None, None)
            };
            pipeline.stages.add(Stage::Decide, deciding.elapsed());
            let (cosine, margin) = match sighting.outcome {
                Sighted::Person { cosine, margin, .. } => (Some(cosine), margin),
                Sighted::Unknown | Sighted::Refused => (None, None),
            };
            let t_ms = sighting.at.mono.saturating_sub(start).as_millis() as u64;
            tell(&Decided { t_ms, done, person, track: sighting.track, cosine, margin, event })?;
        }
    }
    Ok(Summary {
        frames,
        seconds: started.elapsed().as_secs_f64(),
        stages: pipeline.stages.table(),
        threshold_cosine: pipeline.threshold_cosine(),
    })
}

fn from_notice(notice: &Notice) -> (Done, Option<EventId>) {
    match notice {
        Notice::Recorded { kind, event, .. } => (Done::Marked(*kind), Some(*event)),
        Notice::Ask { .. } => (Done::Ask, None),
        _ => (Done::Duplicate, None),
    }
}

/// The policy over marks that are only remembered.
pub struct DryRun {
    policy: Policy,
    last: HashMap<PersonId, LastMark>,
    /// As in the ledger: whose visit is marked.
    settled: HashSet<PersonId>,
}

impl DryRun {
    /// Nobody is marked yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { policy: policy(settings), last: HashMap::new(), settled: HashSet::new() }
    }

    /// What the ledger would do about a person.
    pub fn decide(&mut self, person: PersonId, sighting: &Sighting) -> Done {
        let at = sighting.at.utc;
        let mut last = self.last.get(&person).copied();
        if let (Some(last), Some(seen)) = (&mut last, sighting.last_seen())
            && self.settled.contains(&person)
        {
            last.seen = last.seen.max(seen);
        }
        match self.policy.decide(last.as_ref(), at, None) {
            Decision::Record(kind) => {
                self.last.insert(person, LastMark { kind, at, seen: at });
                self.settled.insert(person);
                Done::Marked(kind)
            }
            Decision::Duplicate { .. } => {
                self.settled.insert(person);
                Done::Duplicate
            }
            Decision::Ask => {
                self.settled.remove(&person);
                Done::Ask
            }
        }
    }
}
