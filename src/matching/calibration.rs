//! From which cosine on a face counts as an enrolled person, for the number of people enrolled.

use crate::domain::CalibrationData;

/// The measured calibration of the recogniser in use, able to answer for any gallery size.
///
/// A stranger is compared with all `N` people enrolled, and one wrong match is a false identification. With
/// independent comparisons, `FPIR = 1 - (1 - FMR)^N`, so each comparison may go wrong with
///
/// `FMR(N) = 1 - (1 - FPIR)^(1/N)`.
///
/// Impostor cosines are modelled as normal in the upper tail, so that the cosine which a share `FMR` of impostors
/// exceeds is `z(FMR)` standard deviations above their mean, `z` the upper quantile of the standard normal. The
/// model is anchored at what was measured, `threshold_cosine` at `FPIR₀` with `N₀` people:
///
/// `t(N, FPIR) = threshold_cosine + σ · (z(FMR(N, FPIR)) - z(FMR(N₀, FPIR₀)))`.
///
/// The slope `σ` is the impostors' standard deviation or `(threshold_cosine - mean) / z₀`, which is larger when the
/// real tail is heavier than a normal one. Where the threshold must rise the larger of the two is taken, where it
/// may fall the smaller: an extrapolation errs on the side of "unknown". So for at least `N₀` people at no more than
/// `FPIR₀` it is never below `threshold_cosine`. With no measurement (`pairs` 0) it never falls.
///
/// Terms: FPIR and FMR of ISO/IEC 19795-1. Several templates of a person count as one comparison: they are far from
/// independent. Demanding several agreeing frames (`tracking`) makes a visit safer than one comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    data: CalibrationData,
}

/// FPIR for an anchor whose own is unusable: the middle of what settings accept.
const USUAL_FPIR: f64 = 0.003;

/// No genuine pair of photographs gets there; a threshold above would make everybody unknown for ever.
const HIGHEST: f32 = 0.95;

impl Calibration {
    /// Takes over what the manifest of the weights says.
    #[must_use]
    pub fn new(data: CalibrationData) -> Self {
        Self { data }
    }

    /// What was measured.
    #[must_use]
    pub fn data(&self) -> &CalibrationData {
        &self.data
    }

    /// From this cosine on, a face counts as an enrolled person: with `people` enrolled, at most a share `fpir` of
    /// strangers' comparisons with the gallery match somebody. Grows with `people`, falls with `fpir`.
    #[must_use]
    pub fn threshold_for(&self, people: usize, fpir: f32) -> f32 {
        let CalibrationData { threshold_cosine, fpir: measured_fpir, enrolled, impostor, .. } = &self.data;
        let std = f64::from(impostor.std);
        if !std.is_finite() || std <= 0.0 {
            return *threshold_cosine;
        }
        let anchor = upper_quantile(false_match_rate(*enrolled as usize, f64::from(*measured_fpir)));
        let wanted = upper_quantile(false_match_rate(people, f64::from(fpir)));
        if !self.data.is_measured() && wanted <= anchor {
            return *threshold_cosine; // a guess is a floor
        }
        let seen = f64::from(threshold_cosine - impostor.mean) / anchor;
        let seen = if seen.is_finite() && seen > 0.0 { seen } else { std };
        let slope = if wanted > anchor { std.max(seen) } else { std.min(seen) };
        let threshold = f64::from(*threshold_cosine) + slope * (wanted - anchor);
        (threshold as f32).min(HIGHEST.max(*threshold_cosine))
    }
}

/// The share of single comparisons that may go wrong when a share `fpir` of searches among `people` may.
fn false_match_rate(people: usize, fpir: f64) -> f64 {
    let fpir = if fpir > 0.0 && fpir < 1.0 { fpir } else { USUAL_FPIR };
    -((-fpir).ln_1p() / people.max(1) as f64).exp_m1()
}

/// The value that a standard normal variable exceeds with probability `p`, 0 < p < 1. Absolute error below 1.2e-8
/// (P. J. Acklam's rational approximation, relative error 1.15e-9; sign turned to the upper tail).
fn upper_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    if p < 0.02425 {
        -tail(p)
    } else if p > 1.0 - 0.02425 {
        tail(1.0 - p)
    } else {
        let q = p - 0.5;
        -q * polynomial(&A, q * q) / polynomial(&B, q * q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ScoreSample;
    use proptest::prelude::*;

    fn measured(threshold_cosine: f32, fpir: f32, enrolled: u32) -> Calibration {
        Calibration::new(CalibrationData {
            threshold_cosine,
            fpir,
            enrolled,
            genuine: ScoreSample { mean: 0.6, std: 0.1, pairs: 1000 },
            impostor: ScoreSample { mean: 0.02, std: 0.06, pairs: 100_000 },
            method: "test".into(),
        })
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, z) in [
            (0.5, 0.0),
            (0.158_655_253_931_457, 1.0),
            (0.025, 1.959_963_985),
            (0.001, 3.090_232_306),
            (1e-6, 4.753_424_309),
            (2.866_515_719e-7, 5.0),
            (0.975, -1.959_963_985),
            (0.999, -3.090_232_306),
        ] {
            assert!((upper_quantile(p) - z).abs() < 2e-8, "{p}: {}", upper_quantile(p));
        }
    }

    #[test]
    fn a_comparison_gets_its_share_of_the_risk() {
        assert!((false_match_rate(1, 0.003) - 0.003).abs() < 1e-12);
        // 1 - 0.997^(1/100), by hand.
        assert!((false_match_rate(100, 0.003) - 3.004_463_5e-5).abs() < 1e-11);
        assert!((1.0 - (1.0 - false_match_rate(10_000, 0.01)).powi(10_000) - 0.01).abs() < 1e-9);
    }

    #[test]
    fn the_measured_point_comes_back_and_a_normal_tail_is_extended() {
        // Exactly normal: mean + std * z(0.001) at one person.
        let normal = 0.02 + 0.06 * 3.090_232_3;
        let calibration = measured(normal, 0.001, 1);
        assert!((calibration.threshold_for(1, 0.001) - normal).abs() < 1e-6);
        // z(1 - 0.999^(1/1000)) = z(1.000 5e-6) = 4.753 32.
        assert!((calibration.threshold_for(1000, 0.001) - (0.02 + 0.06 * 4.753_32)).abs() < 1e-5);
    }

    #[test]
    fn a_heavier_tail_rises_faster_and_falls_slower() {
        let heavy = measured(0.40, 0.001, 100); // normal would be 0.276
        let seen_slope = (0.40 - 0.02) / upper_quantile(false_match_rate(100, 0.001)) as f32;
        assert!(seen_slope > 0.08);
        assert!(heavy.threshold_for(10_000, 0.001) > 0.40 + 0.06 * 0.9);
        let fall = 0.40 - heavy.threshold_for(1, 0.001);
        assert!(fall > 0.0 && fall < 0.06 * 1.3, "{fall}");
    }

    #[test]
    fn without_a_measurement_the_cautious_default_never_falls_and_rises_with_the_gallery() {
        let default = Calibration::new(CalibrationData::uncalibrated());
        let floor = CalibrationData::uncalibrated().threshold_cosine;
        assert_eq!([(1, 0.05), (100, 0.003)].map(|(n, fpir)| default.threshold_for(n, fpir)), [floor; 2]);
        let many = default.threshold_for(10_000, 0.003);
        assert!(many > floor + 0.1 && many <= HIGHEST, "{many}");
    }

    proptest! {
        #[test]
        fn it_grows_with_the_gallery_and_never_falls_below_what_was_measured(
            threshold in 0.1..0.7_f32, enrolled in 1..5000_u32, more in 0..100_000_usize, measured_fpir in 1e-4..0.05_f32,
            stricter in 0.01..1.0_f32,
        ) {
            let calibration = measured(threshold, measured_fpir, enrolled);
            let people = enrolled as usize + more;
            let t = calibration.threshold_for(people, measured_fpir * stricter);
            prop_assert!(t >= threshold - 1e-6 && t <= 1.0);
            prop_assert!(calibration.threshold_for(people + 1000, measured_fpir * stricter) >= t);
            prop_assert!(calibration.threshold_for(1, measured_fpir) <= threshold + 1e-6);
        }

        #[test]
        fn odd_numbers_give_a_finite_threshold(fpir in any::<f32>(), people in any::<usize>(), stored in any::<f32>()) {
            let t = measured(0.4, stored, 0).threshold_for(people, fpir);
            prop_assert!(t.is_finite() && t < 1.0);
        }
    }
}
