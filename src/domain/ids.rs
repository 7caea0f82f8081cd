//! Identifiers: random 128-bit ids for people, hosts and templates; counters for events and tracks.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an id: expected 32 hexadecimal digits, as printed by `faceprint people list`")]
pub struct IdError(pub String);

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Wraps 16 bytes, which the caller drew at random.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes, as used for record keys.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl From<$name> for [u8; 16] {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let err = || IdError(text.to_owned());
                if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(err());
                }
                Ok(Self(u128::from_str_radix(text, 16).map_err(|_| err())?.to_be_bytes()))
            }
        }
    };
}

random_id!(
    /// A person who can be marked present.
    PersonId
);
random_id!(
    /// Somebody who may unlock host mode.
    HostId
);
random_id!(
    /// One stored embedding of a person.
    TemplateId
);

/// The number of an attendance event; counts up from 1 without gaps, in the order of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventId(pub u64);

/// One face followed from frame to frame; counts up while the kiosk runs and means nothing after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackId(pub u64);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which network file made an embedding: the manifest's `id`, which the vault completes where another network had it before.
/// Embeddings of different weights are never compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WeightsId(String);

impl WeightsId {
    /// Takes 1 to 64 characters of `a-z 0-9 . _ -`, as used for folder names.
    pub fn new(id: &str) -> Result<Self, IdError> {
        let ok = (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
            && !id.starts_with('.');
        if ok { Ok(Self(id.to_owned())) } else { Err(IdError(id.to_owned())) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What templates carry whose network is not the first one of this id. No network can be called so.
    #[must_use]
    pub fn with_fingerprint(&self, fingerprint: Fingerprint) -> Self {
        let digits: String = fingerprint.to_string().chars().take(16).collect();
        Self(format!("{}@{digits}", self.0))
    }
}

/// What embeddings depend on besides the id: the numbers of the network and what it is shown, as one sum. Two networks may
/// come to be called alike; their fingerprints differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Wraps a sha256.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Bytes as small hexadecimal digits, two each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

impl fmt::Display for WeightsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_as_text_and_refuse_anything_else() {
        let id = PersonId::from_bytes([7; 16]);
        assert_eq!(id.to_string().parse::<PersonId>(), Ok(id));
        for bad in ["", "7", "g7070707070707070707070707070707", "0707070707070707070707070707070707"] {
            assert!(bad.parse::<PersonId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn weights_ids_are_safe_folder_names() {
        assert!(WeightsId::new("fp-face-1").is_ok());
        let other =
            WeightsId::new("fp-face-1").unwrap().with_fingerprint(Fingerprint::from_bytes([0xab; 32]));
        assert_eq!(other.as_str(), "fp-face-1@abababababababab");
        for bad in ["", "..", ".x", "a/b", "A", "a b", other.as_str()] {
            assert!(WeightsId::new(bad).is_err(), "{bad}");
        }
    }
}
