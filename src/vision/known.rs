//! Packs to download, and network files that many people have, by their sha256: what they are, whose they are, and what was measured.
//!
//! Job: a table. It must not decide whether a file can be used; the walk over its graph does.

use crate::domain::{CalibrationData, ScoreSample};

/// A file that is known.
pub struct Known {
    /// Of the ONNX file, hexadecimal.
    pub sha256: &'static str,
    /// Our id for it.
    pub id: &'static str,
    /// Who may use it for what.
    pub licence: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What we measured, for a recogniser that we had; for its like, what is cautious.
    pub calibration: Option<Measured>,
}

/// [`CalibrationData`] as a constant.
pub struct Measured {
    threshold_cosine: f32,
    fpir: f32,
    enrolled: u32,
    genuine: ScoreSample,
    impostor: ScoreSample,
    method: &'static str,
}

impl Measured {
    /// The same, owned.
    #[must_use]
    pub fn data(&self) -> CalibrationData {
        CalibrationData {
            threshold_cosine: self.threshold_cosine,
            fpir: self.fpir,
            enrolled: self.enrolled,
            genuine: self.genuine,
            impostor: self.impostor,
            method: self.method.to_owned(),
        }
    }
}

/// An archive of networks, or one network, with a name.
pub struct Pack {
    /// What people call it.
    pub name: &'static str,
    /// Where it is.
    pub url: &'static str,
    /// Of the file, hexadecimal: what is named here is never fetched only to be refused. Each sum is published by several
    /// sources that do not copy from each other.
    pub sha256: &'static str,
    /// Who may use it for what.
    pub licence: &'static str,
}

/// Packs by name.
pub const PACKS: &[Pack] = &[
    Pack {
        name: "buffalo_l",
        url: "https://github.com/deepinsight/insightface/releases/download/v0.7/buffalo_l.zip",
        sha256: "80ffe37d8a5940d59a7384c201a2a38d4741f2f3c51eef46ebb28218a7b0ca2f",
        licence: INSIGHTFACE,
    },
    Pack {
        name: "buffalo_s",
        url: "https://github.com/deepinsight/insightface/releases/download/v0.7/buffalo_s.zip",
        sha256: "d85a87f503f691807cd8bb97128bdf7a0660326cd9cd02657127fa978bab8b5e",
        licence: INSIGHTFACE,
    },
    Pack {
        name: "buffalo_sc",
        url: "https://github.com/deepinsight/insightface/releases/download/v0.7/buffalo_sc.zip",
        sha256: "57d31b56b6ffa911c8a73cfc1707c73cab76efe7f13b675a05223bf42de47c72",
        licence: INSIGHTFACE,
    },
    Pack {
        name: "antelopev2",
        url: "https://github.com/deepinsight/insightface/releases/download/v0.7/antelopev2.zip",
        sha256: "8e182f14fc6e80b3bfa375b33eb6cff7ee05d8ef7633e738d1c89021dcf0c5c5",
        licence: INSIGHTFACE,
    },
    Pack {
        name: "auraface",
        url: "https://huggingface.co/fal/AuraFace-v1/resolve/main/glintr100.onnx",
        sha256: AURAFACE,
        licence: AURAFACE_LICENCE,
    },
];

/// Whether an id stands for one of these files.
#[must_use]
pub fn has_id(id: &str) -> bool {
    KNOWN.iter().any(|known| known.id == id)
}

/// The file with that sha256.
#[must_use]
pub fn by_sha256(sha256: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|k| k.sha256 == sha256)
}

const MINIVISION: &str = "Apache-2.0 (Minivision, Silent-Face-Anti-Spoofing)";
const INSIGHTFACE: &str = "InsightFace model zoo, for non-commercial research only";
const AURAFACE: &str = "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60";
const AURAFACE_LICENCE: &str = "Apache-2.0 (fal, AuraFace-v1)";

/// For a recogniser that we did not have, of the makers and the kind of `mbf-w8`, which needs 0.37.
const OF_THE_KIND: Measured = Measured {
    threshold_cosine: 0.45,
    fpir: 0.003,
    enrolled: 100,
    genuine: ScoreSample { mean: 0.5, std: 0.15, pairs: 0 },
    impostor: ScoreSample { mean: 0.03, std: 0.07, pairs: 0 },
    method: "not measured: above the 0.37 that mbf-w8 needs, which is a network of the same kind",
};

const KNOWN: &[Known] = &[
    Known {
        sha256: "5e4447f50245bbd7966bd6c0fa52938c61474a04ec7def48753668a9d8b4ea3a",
        id: "scrfd-500m",
        licence: INSIGHTFACE,
        source: "InsightFace, det_500m.onnx of the packs buffalo_s and buffalo_sc",
        calibration: None,
    },
    Known {
        sha256: "32d20c77b9e2dc1d07e94c2ab9d25bdd5cd05eddbe0b46e7b38e7a1eca22e99a",
        id: "scrfd-2.5g",
        licence: INSIGHTFACE,
        source: "InsightFace, SCRFD-2.5G with landmarks, exported for 640x640",
        calibration: None,
    },
    Known {
        sha256: "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
        id: "scrfd-10g",
        licence: INSIGHTFACE,
        source: "InsightFace, det_10g.onnx of the pack buffalo_l, scrfd_10g_bnkps.onnx of antelopev2",
        calibration: None,
    },
    Known {
        sha256: "cce8f42253a2bd6f13a361c2b82fd8f93fecdd260d182bfd66eb2f0840ddf1e0",
        id: "mbf-w8",
        licence: "MIT as a part of Espressif esp-dl; the origin of the training is not stated",
        source: "Espressif esp-dl, ArcFace MobileFaceNet, an int8 file brought back to f32",
        calibration: Some(Measured {
            threshold_cosine: 0.369,
            fpir: 0.003,
            enrolled: 100,
            genuine: ScoreSample { mean: 0.4168, std: 0.1447, pairs: 131_147 },
            impostor: ScoreSample { mean: 0.0268, std: 0.0596, pairs: 54_997_029 },
            method: "10,501 aligned faces of 3,788 people (CelebA and others, none in LFW); best score of a stranger \
                     against 100 enrolled people with 3 templates each, quantile 0.997 of 358,948 samples in 40 \
                     galleries; 2,074 pairs of different labels that EdgeFace-XS takes for one person (cosine over \
                     0.45) left out; 88 % of the enrolled people's other, mostly hard, photographs are found",
        }),
    },
    Known {
        sha256: "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
        id: "w600k-mbf",
        licence: INSIGHTFACE,
        source: "InsightFace, w600k_mbf.onnx of the packs buffalo_s and buffalo_sc",
        calibration: Some(OF_THE_KIND),
    },
    Known {
        sha256: "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
        id: "w600k-r50",
        licence: INSIGHTFACE,
        source: "InsightFace, w600k_r50.onnx of the pack buffalo_l",
        calibration: Some(OF_THE_KIND),
    },
    Known {
        sha256: "4ab1d6435d639628a6f3e5008dd4f929edf4c4124b1a7169e1048f9fef534cdf",
        id: "glintr100",
        licence: INSIGHTFACE,
        source: "InsightFace, glintr100.onnx of the pack antelopev2",
        calibration: Some(OF_THE_KIND),
    },
    Known {
        sha256: AURAFACE,
        id: "auraface",
        licence: AURAFACE_LICENCE,
        source: "fal, AuraFace-v1, glintr100.onnx",
        calibration: None,
    },
    Known {
        sha256: "fbac1f5cfa6d2072099fb5d575ac0635eb48b8591dfbcf0835247faaf1602c87",
        id: "minifasnet-v2",
        licence: MINIVISION,
        source: "Minivision, 2.7_80x80_MiniFASNetV2; made to be used with minifasnet-v1se",
        calibration: None,
    },
    Known {
        sha256: "4830dae96b69050bb513d5f4ee48cb1bbb4a3809fe169effddd19dbd28eeb1fb",
        id: "minifasnet-v1se",
        licence: MINIVISION,
        source: "Minivision, 4_0_0_80x80_MiniFASNetV1SE; made to be used with minifasnet-v2",
        calibration: None,
    },
    Known {
        sha256: "af2381b88f38769222ed93379e12444e2a50814575de1c46170de570c55a42b6",
        id: "minifasnet-v2se-128",
        licence: "Apache-2.0; trained on CelebA-Spoof, whose pictures are for non-commercial research",
        source: "MiniFASNetV2-SE for 128x128 pixels, trained on CelebA-Spoof",
        calibration: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_known_recogniser_is_measured_or_stricter_than_its_like() {
        let of = |id: &str| {
            let known = KNOWN.iter().find(|known| known.id == id).unwrap();
            known.calibration.as_ref().unwrap().data()
        };
        let usual = of("mbf-w8");
        assert!(usual.is_measured());
        for id in ["w600k-mbf", "w600k-r50", "glintr100"] {
            let cautious = of(id);
            assert!(!cautious.is_measured() && cautious.enrolled == usual.enrolled, "{id}");
            assert!(cautious.threshold_cosine > usual.threshold_cosine + 0.05, "{id}");
        }
    }
    #[test]
    fn nothing_has_the_name_or_the_sum_of_another_and_what_is_fetched_can_be_told() {
        let packs = PACKS.iter().map(|pack| (pack.name, pack.sha256));
        for (what, rows) in [
            ("packs", packs.collect::<Vec<_>>()),
            ("files", KNOWN.iter().map(|k| (k.id, k.sha256)).collect()),
        ] {
            let names: HashSet<&str> = rows.iter().map(|(name, _)| *name).collect();
            let sums: HashSet<&str> = rows.iter().map(|(_, sum)| *sum).collect();
            assert_eq!((names.len(), sums.len()), (rows.len(), rows.len()), "{what}");
            let is_sum = |sum: &&str| {
                sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            };
            assert!(sums.iter().all(is_sum), "{what}");
        }
        assert!(PACKS.iter().all(|pack| pack.url.starts_with("https://")));
    }
}
