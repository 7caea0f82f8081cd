//! How a recogniser's similarities are to be read: what was measured, on how many faces, and the threshold that
//! follows.

use serde::{Deserialize, Serialize};

/// Similarities of one kind of pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreSample {
    /// Mean cosine.
    pub mean: f32,
    /// Standard deviation of the cosine.
    pub std: f32,
    /// How many pairs were measured; 0 when nobody measured.
    pub pairs: u64,
}

/// What was measured about one recogniser, kept in the manifest of its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationData {
    /// From this cosine on, a face counts as an enrolled person.
    pub threshold_cosine: f32,
    /// False positive identification rate at that threshold: the share of strangers taken for somebody.
    pub fpir: f32,
    /// How many people are enrolled where `fpir` holds.
    pub enrolled: u32,
    /// Two pictures of the same person.
    pub genuine: ScoreSample,
    /// Pictures of two people.
    pub impostor: ScoreSample,
    /// How it was measured, in words.
    pub method: String,
}

impl CalibrationData {
    /// For a recogniser that nobody calibrated: above what the networks that we measured need for 100 people (0.55 the
    /// built-in one, 0.37 a good one), and rising with more people as if the tail were heavy, so that it errs on the side of
    /// "unknown".
    #[must_use]
    pub fn uncalibrated() -> Self {
        Self {
            threshold_cosine: 0.65,
            fpir: 0.003,
            enrolled: 100,
            genuine: ScoreSample { mean: 0.6, std: 0.15, pairs: 0 },
            impostor: ScoreSample { mean: 0.0, std: 0.1, pairs: 0 },
            method: "not measured: a cautious default".to_owned(),
        }
    }

    /// Whether somebody measured it.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.impostor.pairs > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibration_reads_as_the_manifest_writes_it() {
        let text = r#"{"threshold_cosine": 0.34, "fpir": 0.001, "enrolled": 100,
            "genuine": {"mean": 0.6, "std": 0.13, "pairs": 4000},
            "impostor": {"mean": 0.01, "std": 0.06, "pairs": 9000}, "method": "held-out identities"}"#;
        let c: CalibrationData = serde_json::from_str(text).unwrap();
        assert!(c.is_measured() && c.enrolled == 100 && !CalibrationData::uncalibrated().is_measured());
        assert!(serde_json::from_str::<CalibrationData>("{}").is_err());
    }
}
