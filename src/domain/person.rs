//! People and hosts as the kiosk knows them. PINs and keys are not here.

use super::{HostId, PersonId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text cannot be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but spaces.
    #[error("the name is empty: type at least one letter")]
    Empty,
    /// Over [`PersonName::MAX_CHARS`] characters.
    #[error("the name has more than {} characters: shorten it", PersonName::MAX_CHARS)]
    TooLong,
    /// A line break or another control character.
    #[error("the name holds a line break or another control character: remove it")]
    ControlCharacter,
}

/// A display name: trimmed, 1 to 100 characters, no control characters. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// Longest name in characters.
    pub const MAX_CHARS: usize = 100;

    /// Trims and checks.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(NameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(NameError::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name, for a screen or a report that is allowed to show it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(&text)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(hidden)")
    }
}

/// That somebody agreed to have their face stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Version of the consent text they agreed to.
    pub version: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody who can be marked present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Random id.
    pub id: PersonId,
    /// Display name.
    pub name: PersonName,
    /// Number or badge the site uses, if any; unique among people.
    pub badge: Option<String>,
    /// False: kept for the records, not recognised.
    pub active: bool,
    /// When the person was added.
    pub created: Timestamp,
    /// Present once they agreed; enrolment needs it.
    pub consent: Option<Consent>,
}

impl Person {
    /// They agreed to be recognised and are not switched off.
    #[must_use]
    pub fn expects_recognition(&self) -> bool {
        self.active && self.consent.is_some()
    }
}

/// Somebody who may unlock host mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Random id.
    pub id: HostId,
    /// Display name.
    pub name: PersonName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_checked_and_hidden() {
        assert_eq!(PersonName::new("  Ελένη ").unwrap().as_str(), "Ελένη");
        assert_eq!(PersonName::new(" \t"), Err(NameError::Empty));
        assert_eq!(PersonName::new("a\nb"), Err(NameError::ControlCharacter));
        assert_eq!(PersonName::new(&"é".repeat(101)), Err(NameError::TooLong));
        assert!(!format!("{:?}", PersonName::new("Ada").unwrap()).contains("Ada"));
    }
}
