//! What speaks for whom on one track, and when that is enough.

use super::TrackingConfig;
use crate::domain::{Candidate, PersonId};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// One reading of a face: whom its embedding is most like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// When its frame was captured.
    pub at: Duration,
    /// Quality of that view, 0 to 1 ([`crate::domain::Quality::score`]).
    pub quality: f32,
    /// The most similar person; `None` when nobody is enrolled.
    pub best: Option<Candidate>,
    /// The most similar other person; `None` when there is none.
    pub second_best: Option<Candidate>,
    /// Probability that the presentation is bona fide (ISO/IEC 30107), 0 to 1; `None` when nobody checks.
    pub bona_fide: Option<f32>,
}

/// What is known about a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Not enough evidence yet.
    Reading {
        /// How far the reading got, 0 to 1; never falls while it lasts.
        progress: f32,
    },
    /// It is this person.
    Match {
        /// Who.
        person: PersonId,
        /// Mean cosine of the agreeing readings.
        cosine: f32,
        /// Mean lead over the second-best person; `None` while nobody else is enrolled.
        margin: Option<f32>,
    },
    /// Nobody who is enrolled, or not sure.
    Unknown,
    /// It looks like somebody who is enrolled, and like a picture rather than a person.
    Refused,
}

/// A verdict to act upon, given once ([`super::Tracker::take_decision`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decided {
    /// This person is here.
    Match {
        /// Who.
        person: PersonId,
        /// Mean cosine of the agreeing readings.
        cosine: f32,
        /// Mean lead over the second-best person; `None` while nobody else is enrolled.
        margin: Option<f32>,
        /// Time since they were last seen; `None` on their first visit, or the first for a day.
        away: Option<Duration>,
    },
    /// Somebody unknown is here.
    Unknown,
    /// Somebody holds up what seems to be a picture of a person who is enrolled.
    Refused,
}

/// A track's evidence. A reading speaks for a person when its cosine reaches the threshold and its lead over the
/// second-best person the margin; otherwise it speaks for nobody.
///
/// - A match needs `min_agreeing` readings for one person among the newest `min_agreeing + SLACK`, and none among
///   them for another. After "unknown" all of those must agree: a stranger who stays gets many tries.
/// - Where presentations are checked, the agreeing readings must be bona fide in the mean as well, and after a refusal
///   each of them.
/// - "Unknown" needs `unknown_after_readings` readings over `unknown_after` since the question was last settled. A
///   match falls the same way; one reading for the matched person settles it again. "Refused" takes the place of
///   "unknown" where the readings agree on a person and are not bona fide.
#[derive(Debug, Default)]
pub(super) struct Dossier {
    standing: Standing,
    /// The newest ones, oldest first.
    readings: VecDeque<Reading>,
    /// Readings since the question who this is was last settled, and the time of the first of them.
    open: usize,
    open_since: Duration,
    last_read: Option<Duration>,
    best_quality: f32,
    /// The face was out of sight: read it at once.
    urgent: bool,
    /// Pause before the next reading of an unknown face.
    retry: Duration,
    progress: f32,
    /// Outcomes that a decision was given for.
    decided: Vec<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Standing {
    #[default]
    Open,
    Match(Agreement),
    Unknown,
    Refused,
}

/// What a track gives one decision for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Person(PersonId),
    Unknown,
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Agreement {
    person: PersonId,
    cosine: f32,
    margin: Option<f32>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Whom it speaks for.
    person: Option<PersonId>,
    cosine: f32,
    margin: Option<f32>,
    bona_fide: Option<f32>,
}

/// Readings for nobody that may lie among agreeing ones: a blink, a blurred frame.
const SLACK: usize = 2;
/// Views of less than this share of the track's best quality are passed over,
const WORTH_READING: f32 = 0.7;
/// but not for longer than this.
const PATIENCE: Duration = Duration::from_millis(300);
/// A view that is better by this much makes another try at an unknown face worth while.
const BETTER_BY: f32 = 0.1;

impl Dossier {
    pub(super) fn wants(&self, config: &TrackingConfig, quality: f32, at: Duration) -> bool {
        let Some(last) = self.last_read else { return true };
        let promising = self.readings.back().is_some_and(|reading| reading.person.is_some());
        let pause = match self.standing {
            Standing::Match(_) if self.open == 0 && !self.urgent => config.recheck_every,
            Standing::Unknown | Standing::Refused if !promising && !self.urgent => {
                if quality > self.best_quality + BETTER_BY { config.retry_every } else { self.retry }
            }
            _ => config.read_every,
        };
        let since = at.saturating_sub(last);
        since >= pause && (quality >= WORTH_READING * self.best_quality || since >= PATIENCE)
    }

    pub(super) fn add(&mut self, config: &TrackingConfig, evidence: Evidence) {
        let reading = Reading::new(config, &evidence);
        self.last_read = Some(evidence.at);
        self.urgent = false;
        self.best_quality = self.best_quality.max(evidence.quality);
        self.readings.push_back(reading);
        while self.readings.len() > config.min_agreeing + SLACK {
            self.readings.pop_front();
        }
        if self.open == 0 {
            self.open_since = evidence.at;
        }
        self.open += 1;
        let agreement = self.agreement(config);
        if let Some(agreement) = agreement.filter(|_| self.is_bona_fide(config)) {
            self.standing = Standing::Match(agreement);
            self.settle();
        } else if reading.person.is_some() && reading.person == self.person() {
            self.settle();
        } else if matches!(self.standing, Standing::Unknown | Standing::Refused) {
            self.still_fruitless(config, agreement.is_some(), reading.person.is_none());
        } else if self.open >= config.unknown_after_readings
            && evidence.at.saturating_sub(self.open_since) >= config.unknown_after
        {
            self.standing = if agreement.is_some() { Standing::Refused } else { Standing::Unknown };
            self.retry = config.retry_every;
            self.settle();
        }
        self.progress = self.progress.max(self.reached(config));
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.standing {
            Standing::Open => Verdict::Reading { progress: self.progress },
            Standing::Match(Agreement { person, cosine, margin }) => {
                Verdict::Match { person, cosine, margin }
            }
            Standing::Unknown => Verdict::Unknown,
            Standing::Refused => Verdict::Refused,
        }
    }

    pub(super) fn take_decision(&mut self) -> Option<Decided> {
        let (outcome, decided) = match self.standing {
            Standing::Open => return None,
            Standing::Match(Agreement { person, cosine, margin }) => {
                (Outcome::Person(person), Decided::Match { person, cosine, margin, away: None })
            }
            Standing::Unknown => (Outcome::Unknown, Decided::Unknown),
            Standing::Refused => (Outcome::Refused, Decided::Refused),
        };
        if self.decided.contains(&outcome) {
            return None;
        }
        self.decided.push(outcome);
        Some(decided)
    }

    /// Whom the face is matched to.
    pub(super) fn person(&self) -> Option<PersonId> {
        match self.standing {
            Standing::Match(agreement) => Some(agreement.person),
            Standing::Open | Standing::Unknown | Standing::Refused => None,
        }
    }

    /// The face was out of sight for a moment.
    pub(super) fn reacquired(&mut self) {
        self.urgent = true;
    }

    fn settle(&mut self) {
        self.open = 0;
    }

    /// A reading of an unknown or refused face that changed nothing.
    fn still_fruitless(&mut self, config: &TrackingConfig, agreed: bool, nobody: bool) {
        if agreed {
            self.standing = Standing::Refused;
        } else if self.readings.iter().all(|reading| reading.person.is_none()) {
            self.standing = Standing::Unknown; // the picture of somebody enrolled was taken away
        }
        if nobody {
            self.retry = (self.retry * 2).min(config.retry_at_most);
        }
    }

    /// Whether the readings that speak for somebody show a person rather than a picture, as far as anybody checks.
    fn is_bona_fide(&self, config: &TrackingConfig) -> bool {
        let scores = || {
            let speaking = self.readings.iter().filter(|reading| reading.person.is_some());
            speaking.filter_map(|reading| reading.bona_fide)
        };
        let each = self.standing != Standing::Refused || scores().all(|p| p >= config.min_bona_fide);
        each && mean(scores()).is_none_or(|p| p >= config.min_bona_fide)
    }

    fn agreement(&self, config: &TrackingConfig) -> Option<Agreement> {
        // The newest must speak, else old readings would settle a new doubt.
        let person = self.readings.back()?.person?;
        let mut speaking = self.readings.iter().filter_map(|reading| reading.person);
        let doubtful = matches!(self.standing, Standing::Unknown | Standing::Refused);
        let needed = config.min_agreeing.max(1) + if doubtful { SLACK } else { 0 };
        if speaking.clone().count() < needed || speaking.any(|other| other != person) {
            return None;
        }
        let agreeing = || self.readings.iter().filter(|reading| reading.person.is_some());
        Some(Agreement {
            person,
            cosine: mean(agreeing().map(|reading| reading.cosine)).unwrap_or_default(),
            margin: mean(agreeing().filter_map(|reading| reading.margin)),
        })
    }

    /// How near the nearer of the two possible verdicts is.
    fn reached(&self, config: &TrackingConfig) -> f32 {
        let mut votes: BTreeMap<PersonId, usize> = BTreeMap::new();
        for person in self.readings.iter().filter_map(|reading| reading.person) {
            *votes.entry(person).or_default() += 1;
        }
        let most = votes.into_values().max().unwrap_or(0);
        let to_match = most as f32 / config.min_agreeing.max(1) as f32;
        let to_unknown = self.open as f32 / config.unknown_after_readings.max(1) as f32;
        to_match.max(to_unknown).min(1.0)
    }
}

impl Reading {
    fn new(config: &TrackingConfig, evidence: &Evidence) -> Self {
        let bona_fide = evidence.bona_fide;
        let Some(best) = evidence.best else {
            return Self { person: None, cosine: 0.0, margin: None, bona_fide };
        };
        let margin = evidence.second_best.map(|second| best.cosine - second.cosine);
        let speaks = best.cosine >= config.threshold_cosine && margin.is_none_or(|m| m >= config.min_margin);
        Self { person: speaks.then_some(best.person), cosine: best.cosine, margin, bona_fide }
    }
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0_f32));
    (count > 0.0).then(|| sum / count)
}
