//! Embeddings in 8 bits a number, and how far off an inner product of them can be.
//!
//! With one scale a vector, `x = s·c + e`, `c` whole numbers and `e` what is left. The inner product of two vectors is
//! then `s s' <c, c'>` up to an error that is known (Cauchy and Schwarz):
//!
//! `|<x, q> - s s' <c, c'>| ≤ |e| |q| + |s c| |e'|`.
//!
//! A sum of 512 products in f32, in whatever order, is off by at most `γ |x| |q|`, `γ = 512 u / (1 - 512 u)` and
//! `u = 2⁻²⁴` (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). Both together bound the distance between
//! what the first pass says and what the exact comparison will say, so that rows which cannot be among the best need
//! not be compared.

use crate::{domain::EMBEDDING_LEN, nn::similarity::Codes};
use zeroize::Zeroize;

/// Largest code.
const LEVELS: f32 = 127.0;
/// Half the distance between 1 and the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
const GAMMA: f64 = EMBEDDING_LEN as f64 * UNIT / (1.0 - EMBEDDING_LEN as f64 * UNIT);
/// Everything here is computed in f64; this is a million times what that can be off.
const SLACK: f64 = 1.0 + 1e-9;

/// What belongs to the codes of one vector.
#[derive(Clone, Copy, Zeroize)]
pub(super) struct Scale {
    /// `s`.
    step: f32,
    /// `|e|`, rounded up.
    rest: f32,
    /// `|s c|`, rounded up.
    length: f32,
}

/// The first pass of one query.
pub(super) struct Query {
    pub(super) codes: Codes<EMBEDDING_LEN>,
    step: f64,
    /// Error per `|e|` of a row.
    per_rest: f64,
    /// Error per `|s c|` of a row.
    per_length: f64,
}

/// An inner product lies between these.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between {
    pub(super) least: f64,
    pub(super) most: f64,
}

/// The codes of a vector.
pub(super) fn quantise(x: &[f32; EMBEDDING_LEN]) -> (Codes<EMBEDDING_LEN>, Scale) {
    let largest = x.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    // A scale that is too small to divide by, or a zero vector: everything is rest.
    let scale = if largest / LEVELS >= f32::MIN_POSITIVE { largest / LEVELS } else { 1.0 };
    let codes = x.map(|v| (v / scale).round().clamp(-LEVELS, LEVELS) as i8);
    let (mut rest, mut length) = (0.0_f64, 0.0_f64);
    for (v, code) in x.iter().zip(codes) {
        let coded = f64::from(scale) * f64::from(code);
        rest += (f64::from(*v) - coded).powi(2);
        length += coded.powi(2);
    }
    (Codes::new(codes), Scale { step: scale, rest: up(rest.sqrt()), length: up(length.sqrt()) })
}

impl Query {
    pub(super) fn new(q: &[f32; EMBEDDING_LEN]) -> Self {
        let (codes, scale) = quantise(q);
        let norm = q.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        // |x| ≤ |e| + |s c|, so that γ |x| |q| is shared between both.
        Self {
            codes,
            step: scale.step.into(),
            per_rest: norm * (1.0 + GAMMA) * SLACK,
            per_length: (f64::from(scale.rest) + GAMMA * norm) * SLACK,
        }
    }

    /// Where the f32 inner product with a row lies, from that of the codes.
    pub(super) fn between(&self, product: i32, row: &Scale) -> Between {
        let about = self.step * f64::from(row.step) * f64::from(product);
        let error = f64::from(row.rest) * self.per_rest + f64::from(row.length) * self.per_length;
        // The subtraction and addition below round as well.
        let error = error + about.abs() * 1e-12;
        Between { least: about - error, most: about + error }
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        self.codes.zeroize();
    }
}

/// The next f32 above a positive number that was itself rounded.
fn up(value: f64) -> f32 {
    ((value * SLACK) as f32).next_up()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::nn::similarity::inner_products;
    use proptest::prelude::*;

    /// Vectors of very unlike sizes: even ones, and ones with a few large numbers, which quantise badly.
    pub fn vector() -> impl Strategy<Value = [f32; EMBEDDING_LEN]> {
        let number = prop_oneof![8 => -1.0_f32..1.0, 1 => Just(0.0), 1 => -1e-6_f32..1e-6];
        let spikes = prop::collection::vec((0..EMBEDDING_LEN, -50.0_f32..50.0), 0..4);
        (prop::collection::vec(number, EMBEDDING_LEN), spikes).prop_map(|(mut values, spikes)| {
            for (at, value) in spikes {
                values[at] = value;
            }
            let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-3);
            std::array::from_fn(|i| values[i] / norm)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn the_true_product_and_its_f32_sum_lie_between(x in vector(), q in vector(), turned in any::<bool>()) {
            let Between { least, most } = bounds(&x, &q);
            let exact: f64 = x.iter().zip(&q).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let pairs = || x.iter().zip(&q).map(|(a, b)| a * b);
            let sum: f32 = if turned { pairs().rev().sum() } else { pairs().sum() };
            prop_assert!((least..=most).contains(&exact) && (least..=most).contains(&sum.into()));
            prop_assert!(most - least < 0.2, "narrow enough to be of use: {}", most - least);
        }
    }

    /// What the first pass says of the inner product.
    fn bounds(x: &[f32; EMBEDDING_LEN], q: &[f32; EMBEDDING_LEN]) -> Between {
        let ((codes, scale), query) = (quantise(x), Query::new(q));
        let mut found = None;
        inner_products(&query.codes, &[codes], |products| found = Some(query.between(products[0], &scale)));
        found.unwrap()
    }

    #[test]
    fn zero_and_tiny_vectors_have_bounds_too() {
        let one = std::array::from_fn(|i| if i == 7 { 1.0 } else { 0.0 });
        for value in [0.0, 1e-37, 1e-40, 1e-45_f32] {
            let x = [value; EMBEDDING_LEN];
            for q in [x, one] {
                let Between { least, most } = bounds(&x, &q);
                let exact: f64 = x.iter().zip(&q).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                let sum: f32 = x.iter().zip(&q).map(|(a, b)| a * b).sum();
                assert!((least..=most).contains(&exact), "{exact:e} of {value:e} in {least:e}..={most:e}");
                assert!((least..=most).contains(&sum.into()), "{sum:e} of {value:e} in {least:e}..={most:e}");
            }
        }
    }
}
