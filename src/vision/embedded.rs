//! The networks that are part of the program, so that it works on a machine that has no others.
//!
//! Job: name the files of `weights/` that are compiled in, and which of them is used where the settings name none. It must
//! not know what is in them.

use super::weights::Kind;
use crate::domain::WeightsId;

/// The detector that is used where the settings name none.
pub const DETECTOR: &str = "fp-detect-3";
/// The recogniser that is used where the settings name none.
pub const RECOGNISER: &str = "fp-face-4";

/// What is used where the settings name none.
#[must_use]
pub fn default(kind: Kind) -> Option<WeightsId> {
    let id = match kind {
        Kind::Detector => DETECTOR,
        Kind::Recogniser => RECOGNISER,
        Kind::Liveness => return None,
    };
    WeightsId::new(id).ok()
}

/// Ids that were built into earlier versions.
pub const FORMER: [&str; 5] = ["fp-detect-1", "fp-detect-2", "fp-face-1", "fp-face-2", "fp-face-3"];

/// One embedded network: the two files of `weights/<id>/`.
pub struct Pack {
    /// The folder's name.
    pub id: &'static str,
    /// `manifest.json`.
    pub manifest: &'static str,
    /// `model.safetensors`.
    pub model: &'static [u8],
}

/// Every network compiled in: one entry per folder of `weights/`.
pub const PACKS: &[Pack] = &[
    Pack {
        id: "fp-detect-3",
        manifest: include_str!("../../weights/fp-detect-3/manifest.json"),
        model: include_bytes!("../../weights/fp-detect-3/model.safetensors"),
    },
    Pack {
        id: "fp-face-4",
        manifest: include_str!("../../weights/fp-face-4/manifest.json"),
        model: include_bytes!("../../weights/fp-face-4/model.safetensors"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::WeightsStore;

    #[test]
    fn the_defaults_are_there_and_are_what_they_are_for() {
        for kind in [Kind::Detector, Kind::Recogniser] {
            assert_eq!(WeightsStore::embedded().verify(&default(kind).unwrap()).unwrap().kind, kind);
        }
        assert_eq!(default(Kind::Liveness), None);
    }
}
