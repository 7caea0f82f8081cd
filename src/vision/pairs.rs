//! Verification figures on pairs of pictures: accuracy, thresholds, true accept rates, ROC.
//!
//! Job: pure arithmetic on scores, and the two LFW pair lists (<http://vis-www.cs.umass.edu/lfw/>). It must not read
//! pictures or run networks.

/// Why a text is no list of pairs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairsError {
    /// The first line has no counts.
    #[error("the first line of a pairs file is a count, or folds and a count; choose an LFW pairs file")]
    Header,
    /// A line is no pair.
    #[error("line {line} of the pairs file is no pair: expected 'name n m' or 'name n other m'")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// More or fewer pairs than the first line says.
    #[error("the pairs file announces {expected} pairs and has {found}; download it again")]
    Count {
        /// By the first line.
        expected: usize,
        /// In the file.
        found: usize,
    },
}

/// One picture of LFW: person and number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Picture {
    /// Folder name, as `George_W_Bush`.
    pub person: String,
    /// Counted from 1.
    pub number: u32,
}

impl Picture {
    /// `George_W_Bush/George_W_Bush_0001`, without an ending.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{0}/{0}_{1:04}", self.person, self.number)
    }
}

/// Two pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// One.
    pub a: Picture,
    /// The other.
    pub b: Picture,
    /// Of the same person.
    pub same: bool,
    /// Which fold it belongs to, from 0; always 0 in a file without folds.
    pub fold: usize,
}

/// Reads an LFW pairs file: View 1 (`n`, then n same and n different pairs) or View 2 (`folds n`, then that for every
/// fold).
pub fn parse(text: &str) -> Result<Vec<Pair>, PairsError> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().ok_or(PairsError::Header)?;
    let counts: Vec<usize> = header
        .split_whitespace()
        .map(|word| word.parse().map_err(|_| PairsError::Header))
        .collect::<Result<_, _>>()?;
    let (folds, count) = match *counts.as_slice() {
        [count] => (1, count),
        [folds, count] => (folds, count),
        _ => return Err(PairsError::Header),
    };
    let expected = folds.checked_mul(count).and_then(|n| n.checked_mul(2)).ok_or(PairsError::Header)?;
    if expected == 0 {
        return Err(PairsError::Header);
    }
    let mut pairs = Vec::new();
    for (line, text) in lines {
        let pair = pair(text, pairs.len() / (2 * count)).ok_or(PairsError::Line { line: line + 1 })?;
        pairs.push(pair);
    }
    if pairs.len() == expected { Ok(pairs) } else { Err(PairsError::Count { expected, found: pairs.len() }) }
}

fn pair(line: &str, fold: usize) -> Option<Pair> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let picture = |person: &str, number: &str| {
        let safe = !person.contains(['/', '\\']) && !person.starts_with('.');
        Some(Picture { person: safe.then(|| person.to_owned())?, number: number.parse().ok()? })
    };
    match *words.as_slice() {
        [person, n, m] => Some(Pair { a: picture(person, n)?, b: picture(person, m)?, same: true, fold }),
        [a, n, b, m] => Some(Pair { a: picture(a, n)?, b: picture(b, m)?, same: false, fold }),
        _ => None,
    }
}

/// One compared pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Cosine.
    pub score: f32,
    /// Of the same person.
    pub same: bool,
    /// Fold, from 0.
    pub fold: usize,
}

/// What a list of pairs shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How many pairs.
    pub pairs: usize,
    /// Share decided rightly. Where there are folds, each is decided with the best threshold of the others, and this
    /// is the mean; else the best there is.
    pub accuracy: f64,
    /// Standard deviation over folds; 0 without.
    pub accuracy_std: f64,
    /// The threshold that decides most of all pairs rightly.
    pub threshold: f32,
    /// (false accept rate, true accept rate), for rates that so many different pairs can show.
    pub tar_at_far: Vec<(f64, f64)>,
    /// The curve, from the strictest threshold to the loosest.
    pub roc: Vec<RocPoint>,
}

/// One threshold of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// From this score on, a pair is called the same.
    pub threshold: f32,
    /// Share of different pairs called the same.
    pub far: f64,
    /// Share of same pairs called the same.
    pub tar: f64,
}

/// Draws every figure from the scores; `None` unless there is a same and a different pair.
#[must_use]
pub fn report(scored: &[Scored]) -> Option<Report> {
    let roc = roc(scored)?;
    let (threshold, best) = best_threshold(scored)?;
    let folds = scored.iter().map(|s| s.fold).max()? + 1;
    let (accuracy, accuracy_std) = if folds > 1 { over_folds(scored, folds)? } else { (best, 0.0) };
    let different = scored.iter().filter(|s| !s.same).count() as f64;
    let tar_at_far = [1e-1, 1e-2, 1e-3, 1e-4]
        .into_iter()
        .filter(|far| far * different >= 1.0 - 1e-9)
        .map(|far| (far, roc.iter().filter(|p| p.far <= far).map(|p| p.tar).fold(0.0, f64::max)))
        .collect();
    Some(Report { pairs: scored.len(), accuracy, accuracy_std, threshold, tar_at_far, roc })
}

/// One point per distinct score.
fn roc(scored: &[Scored]) -> Option<Vec<RocPoint>> {
    let same = scored.iter().filter(|s| s.same).count();
    let different = scored.len() - same;
    if same == 0 || different == 0 {
        return None;
    }
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut accepted_same, mut accepted_different) = (0usize, 0usize);
    let mut points: Vec<RocPoint> = Vec::new();
    for s in sorted {
        if s.same {
            accepted_same += 1;
        } else {
            accepted_different += 1;
        }
        let point = RocPoint {
            threshold: s.score,
            far: accepted_different as f64 / different as f64,
            tar: accepted_same as f64 / same as f64,
        };
        match points.last_mut() {
            Some(last) if last.threshold == s.score => *last = point,
            _ => points.push(point),
        }
    }
    Some(points)
}

/// The threshold with the highest accuracy, halfway between two scores, and that accuracy.
fn best_threshold(scored: &[Scored]) -> Option<(f32, f64)> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    // everything is "the same" below the lowest score
    let mut right = sorted.iter().filter(|s| s.same).count();
    let mut best = (sorted.first()?.score, right);
    for (s, next) in sorted.iter().zip(sorted.iter().skip(1).map(|s| s.score).chain([f32::INFINITY])) {
        if s.same {
            right -= 1;
        } else {
            right += 1;
        }
        let after = if next.is_finite() { s.score.midpoint(next) } else { s.score.next_up() };
        if next > s.score && right > best.1 {
            best = (after, right);
        }
    }
    Some((best.0, best.1 as f64 / scored.len() as f64))
}

/// Mean and standard deviation of the folds' accuracies, each with the threshold of the others.
fn over_folds(scored: &[Scored], folds: usize) -> Option<(f64, f64)> {
    let mut accuracies = Vec::new();
    for fold in 0..folds {
        let (test, train): (Vec<Scored>, Vec<Scored>) = scored.iter().partition(|s| s.fold == fold);
        if test.is_empty() {
            continue;
        }
        let (threshold, _) = best_threshold(&train)?;
        let right = test.iter().filter(|s| (s.score >= threshold) == s.same).count();
        accuracies.push(right as f64 / test.len() as f64);
    }
    let n = accuracies.len().max(1) as f64;
    let mean = accuracies.iter().sum::<f64>() / n;
    let variance = accuracies.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>() / n;
    Some((mean, variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_forms_of_pairs_files_are_read() {
        let view1 = "1\nAda\t1\t4\nAda\t1\tBob\t2\n";
        let pairs = parse(view1).unwrap();
        assert_eq!((pairs.len(), pairs[0].same, pairs[1].same), (2, true, false));
        assert_eq!(pairs[1].b.path(), "Bob/Bob_0002");
        let view2 = "2\t1\nA 1 2\nA 1 B 1\nC 1 2\nC 1 D 1\n";
        assert_eq!(parse(view2).unwrap().iter().map(|p| p.fold).collect::<Vec<_>>(), [0, 0, 1, 1]);
    }

    #[test]
    fn anything_else_is_refused_by_line() {
        assert_eq!(parse(""), Err(PairsError::Header));
        assert_eq!(parse("0\n"), Err(PairsError::Header));
        assert_eq!(parse("18446744073709551615 9\n"), Err(PairsError::Header));
        assert_eq!(parse("1\nA 1 2\nA 1\n"), Err(PairsError::Line { line: 3 }));
        assert_eq!(parse("1\nA 1 2\n../x 1 B 2\n"), Err(PairsError::Line { line: 3 }));
        assert_eq!(parse("1\nA 1 2\n"), Err(PairsError::Count { expected: 2, found: 1 }));
    }

    fn scored(same: &[f32], different: &[f32]) -> Vec<Scored> {
        let of = |score: &f32, same| Scored { score: *score, same, fold: 0 };
        same.iter().map(|s| of(s, true)).chain(different.iter().map(|s| of(s, false))).collect()
    }

    #[test]
    fn figures_by_hand() {
        let r = report(&scored(&[0.9, 0.8, 0.3, 0.7], &[0.1, 0.2, 0.4, 0.0])).unwrap();
        assert_eq!(r.accuracy, 7.0 / 8.0);
        assert!(r.threshold > 0.4 && r.threshold < 0.7 || r.threshold > 0.2 && r.threshold < 0.3);
        assert_eq!(r.roc.iter().filter(|p| p.far == 0.0).map(|p| p.tar).fold(0.0, f64::max), 0.75);
        assert!(r.tar_at_far.is_empty(), "four different pairs show no rate of 0.1");
        assert!(report(&scored(&[0.5], &[])).is_none());
    }

    #[test]
    fn folds_are_judged_by_the_threshold_of_the_others() {
        let mut all = scored(&[0.9, 0.8], &[0.1, 0.2]);
        all.extend([(0.35, true), (0.3, false)].map(|(score, same)| Scored { score, same, fold: 1 }));
        let r = report(&all).unwrap();
        // fold 1 with a threshold of 0.5 from fold 0: one of two right; fold 0 with 0.325: all right
        assert_eq!((r.accuracy, r.accuracy_std), (0.75, 0.25));
    }

    proptest! {
        #[test]
        fn the_best_threshold_is_the_best(raw in proptest::collection::vec((0u8..20, any::<bool>()), 2..40)) {
            let all: Vec<Scored> = raw.iter().map(|&(s, same)| Scored { score: f32::from(s) / 20.0, same, fold: 0 }).collect();
            prop_assume!(all.iter().any(|s| s.same) && all.iter().any(|s| !s.same));
            let r = report(&all).unwrap();
            let accuracy = |t: f32| all.iter().filter(|s| (s.score >= t) == s.same).count() as f64 / all.len() as f64;
            prop_assert_eq!(accuracy(r.threshold), r.accuracy);
            for t in 0..=21 {
                prop_assert!(accuracy(t as f32 / 20.0) <= r.accuracy);
            }
            for pair in r.roc.windows(2) {
                prop_assert!(pair[0].far <= pair[1].far && pair[0].tar <= pair[1].tar && pair[0].threshold > pair[1].threshold);
            }
        }
    }
}
