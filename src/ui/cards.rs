//! The attendee screen's cards: what was just recorded, for whom, and for how long it stays in view.
//!
//! Job: notices and time in, cards out; pure. It must not know how a card is drawn.

use crate::{
    domain::{EventId, MarkKind, PersonId, PersonName, TrackId},
    runtime::messages::Notice,
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Cards in view, newest first.
#[derive(Debug, Default)]
pub struct Cards(Vec<Card>);

/// One card.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Which face it is about; at most one card each.
    pub track: Option<TrackId>,
    /// What it says.
    pub content: Content,
    /// Monotonic time at which it came.
    pub since: Duration,
    /// Monotonic time at which it goes.
    pub until: Duration,
}

/// What a card says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Checked in or out. "Not me" can be pressed while it is in view, once.
    Recorded {
        /// The event.
        event: EventId,
        /// Who.
        name: PersonName,
        /// In or out.
        kind: MarkKind,
        /// When.
        at: Timestamp,
        /// Time inside today so far, when known.
        today: Option<SignedDuration>,
        /// "Not me" was pressed and is on its way.
        disputed: bool,
    },
    /// "Not me" was recorded.
    StruckOut,
    /// Already marked a moment ago.
    Duplicate {
        /// Who.
        name: PersonName,
        /// As what.
        kind: MarkKind,
        /// When.
        at: Timestamp,
    },
    /// In or out?
    Ask {
        /// Which face.
        track: TrackId,
        /// Who.
        person: PersonId,
        /// Their name.
        name: PersonName,
    },
    /// Enrolled again in passing.
    FaceRenewed {
        /// Who.
        name: PersonName,
    },
    /// A mark could not be written.
    NotRecorded {
        /// What happened and what to do.
        sentence: String,
    },
}

/// Cards that fit on the smallest screen; older ones go first.
const MOST: usize = 4;
const DUPLICATE: Duration = Duration::from_secs(5);
const STRUCK_OUT: Duration = Duration::from_secs(4);
const FACE_RENEWED: Duration = Duration::from_secs(6);
const ASK: Duration = Duration::from_secs(20);
const NOT_RECORDED: Duration = Duration::from_secs(12);

impl Cards {
    /// Takes in what the workers told. `not_me` is how long a recorded card stays.
    pub fn take(&mut self, notice: Notice, now: Duration, not_me: Duration) {
        let card = |track, content, stay| Card { track, content, since: now, until: now + stay };
        let card = match notice {
            Notice::Recorded { event, track, name, kind, at, today } => {
                card(track, Content::Recorded { event, name, kind, at, today, disputed: false }, not_me)
            }
            Notice::Duplicate { track, name, kind, at } => {
                card(Some(track), Content::Duplicate { name, kind, at }, DUPLICATE)
            }
            Notice::Ask { track, person, name } => {
                card(Some(track), Content::Ask { track, person, name }, ASK)
            }
            Notice::FaceRenewed { name } => card(None, Content::FaceRenewed { name }, FACE_RENEWED),
            Notice::NotRecorded { sentence } => {
                let sentence = sentence.to_string();
                card(None, Content::NotRecorded { sentence }, NOT_RECORDED)
            }
            Notice::StruckOut { event } => {
                if let Some(card) = self.0.iter_mut().find(|card| card.event() == Some(event)) {
                    card.content = Content::StruckOut;
                    card.until = now + STRUCK_OUT;
                }
                return;
            }
            Notice::Enrolled { .. } | Notice::EnrolledAlready { .. } | Notice::EnrolmentFailed { .. } => {
                return;
            }
        };
        // One card per face: the newer one says more. A recorded card is only replaced by another record.
        let same = |old: &Card| old.track.is_some() && old.track == card.track;
        if matches!(card.content, Content::Duplicate { .. })
            && self.0.iter().any(|c| same(c) && c.event().is_some())
        {
            return;
        }
        self.0.retain(|old| !same(old));
        self.0.insert(0, card);
        self.0.truncate(MOST);
    }

    /// Drops what has been in view long enough.
    pub fn expire(&mut self, now: Duration) {
        self.0.retain(|card| now < card.until);
    }

    /// "Not me" was pressed: the button goes until the answer comes.
    pub fn dispute(&mut self, id: EventId) {
        for card in &mut self.0 {
            if let Content::Recorded { event, disputed, .. } = &mut card.content
                && *event == id
            {
                *disputed = true;
            }
        }
    }

    /// "Not me" was not recorded: it can be pressed again.
    pub fn dispute_failed(&mut self, id: EventId, sentence: String, now: Duration) {
        for card in &mut self.0 {
            if let Content::Recorded { event, disputed, .. } = &mut card.content
                && *event == id
            {
                *disputed = false;
                card.until = now + NOT_RECORDED;
            }
        }
        self.take(Notice::NotRecorded { sentence: sentence.into() }, now, NOT_RECORDED);
    }

    /// In or out was chosen: the question goes.
    pub fn answered(&mut self, answered: TrackId) {
        self.0.retain(|card| !matches!(&card.content, Content::Ask { track, .. } if *track == answered));
    }

    /// Newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Card> {
        self.0.iter()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None in view.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Card {
    fn event(&self) -> Option<EventId> {
        match self.content {
            Content::Recorded { event, .. } => Some(event),
            _ => None,
        }
    }

    /// How much of its time is left, 1 to 0.
    #[must_use]
    pub fn left(&self, now: Duration) -> f32 {
        let whole = self.until.saturating_sub(self.since).as_secs_f32();
        if whole > 0.0 { (self.until.saturating_sub(now).as_secs_f32() / whole).min(1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_ME: Duration = Duration::from_secs(8);

    fn recorded(event: u64, track: u64) -> Notice {
        Notice::Recorded {
            event: EventId(event),
            track: Some(TrackId(track)),
            name: PersonName::new("Ada").unwrap(),
            kind: MarkKind::CheckIn,
            at: Timestamp::UNIX_EPOCH,
            today: None,
        }
    }

    fn duplicate(track: u64) -> Notice {
        Notice::Duplicate {
            track: TrackId(track),
            name: PersonName::new("Ada").unwrap(),
            kind: MarkKind::CheckIn,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_card_stays_for_its_seconds_and_not_longer() {
        let mut cards = Cards::default();
        cards.take(recorded(1, 1), Duration::from_secs(10), NOT_ME);
        cards.expire(Duration::from_millis(17_999));
        assert_eq!(cards.len(), 1);
        assert!((cards.iter().next().unwrap().left(Duration::from_secs(14)) - 0.5).abs() < 1e-6);
        cards.expire(Duration::from_secs(18));
        assert!(cards.is_empty());
    }

    #[test]
    fn one_card_per_face_and_a_repeat_does_not_hide_a_record() {
        let mut cards = Cards::default();
        cards.take(recorded(1, 1), Duration::ZERO, NOT_ME);
        cards.take(recorded(2, 2), Duration::ZERO, NOT_ME);
        cards.take(duplicate(1), Duration::ZERO, NOT_ME);
        assert_eq!(cards.len(), 2, "two people, two cards");
        assert!(cards.iter().all(|card| card.event().is_some()));
        cards.take(recorded(3, 1), Duration::ZERO, NOT_ME);
        assert_eq!(cards.len(), 2);
        assert_eq!(cards.iter().next().unwrap().event(), Some(EventId(3)));
        for track in 10..20 {
            cards.take(duplicate(track), Duration::ZERO, NOT_ME);
        }
        assert_eq!(cards.len(), MOST);
    }

    #[test]
    fn not_me_turns_the_card_and_a_failure_gives_the_button_back() {
        let mut cards = Cards::default();
        cards.take(recorded(1, 1), Duration::ZERO, NOT_ME);
        cards.dispute(EventId(1));
        assert!(matches!(cards.iter().next().unwrap().content, Content::Recorded { disputed: true, .. }));
        cards.dispute_failed(EventId(1), "the disk is full".into(), Duration::from_secs(1));
        assert!(cards.iter().any(|c| matches!(c.content, Content::Recorded { disputed: false, .. })));
        cards.take(Notice::StruckOut { event: EventId(1) }, Duration::from_secs(2), NOT_ME);
        assert!(cards.iter().any(|c| c.content == Content::StruckOut));
    }
}
