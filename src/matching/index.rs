//! The in-memory index: exact cosine search over one dense matrix, in two passes.

use super::quantised::{Between, Query, Scale, quantise};
use crate::{
    domain::{Candidate, EMBEDDING_LEN, Embedding, PersonId, TemplateId},
    nn::similarity::{Codes, inner_products},
};
use rayon::prelude::*;
use std::{collections::HashMap, fmt};
use zeroize::Zeroize;

/// A template found by [`Index::search`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Which template.
    pub template: TemplateId,
    /// Whose.
    pub person: PersonId,
    /// Cosine similarity, -1 to 1.
    pub cosine: f32,
}

/// All templates of the weights in use, several per person, in order of insertion.
///
/// A first pass reads a quarter of the memory: every row in 8 bits a number, with a bound on how far off that is. The
/// rows that may be among the best are then compared in f32, so that the answer is exactly that of comparing all, ties
/// included (`quantised.rs`). Rows are wiped when they are removed, moved or dropped. The caller inserts only
/// templates of one recogniser and each of them once.
#[derive(Default)]
pub struct Index {
    /// Row-major N x 512, unit rows.
    matrix: Vec<Row>,
    /// The same rows in 8 bits; as long as `matrix`.
    codes: Vec<Codes<EMBEDDING_LEN>>,
    /// What belongs to them; as long as `matrix`.
    scales: Vec<Scale>,
    /// Whose each row is; as long as `matrix`.
    owners: Vec<Owner>,
    /// How many rows each person has; never 0.
    templates: HashMap<PersonId, usize>,
}

/// One embedding, aligned to a cache line: rows that straddle lines are read at half the speed.
#[derive(Clone, Copy, Zeroize)]
#[repr(align(64))]
struct Row([f32; EMBEDDING_LEN]);

#[derive(Clone, Copy)]
struct Owner {
    template: TemplateId,
    person: PersonId,
}

/// Templates from which on several threads share the first pass; below, waking them costs more than they save. (Tests
/// have small indices, and both ways must be right.)
const PARALLEL_FROM: usize = if cfg!(test) { 24 } else { 32_768 };

impl Index {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a template; it can be found from now on.
    pub fn insert(&mut self, template: TemplateId, person: PersonId, embedding: &Embedding) {
        let mut row = Row([0.0; EMBEDDING_LEN]);
        row.0.copy_from_slice(embedding.as_slice());
        let (mut codes, scale) = quantise(&row.0);
        push_wiped(&mut self.matrix, row);
        push_wiped(&mut self.codes, codes);
        push_wiped(&mut self.scales, scale);
        row.zeroize();
        codes.zeroize();
        self.owners.push(Owner { template, person });
        *self.templates.entry(person).or_default() += 1;
    }

    /// Removes and wipes every template of a person; returns how many there were. The others keep their order, and those
    /// in front of the first removed stay where they are.
    pub fn remove_person(&mut self, person: PersonId) -> usize {
        let Some(first) = self.owners.iter().position(|owner| owner.person == person) else { return 0 };
        let (mut runs, mut at) = (Vec::new(), first);
        let after = self.owners.get(first..).unwrap_or_default();
        for run in after.chunk_by(|a, b| (a.person == person) == (b.person == person)) {
            if run.first().is_some_and(|owner| owner.person != person) {
                runs.push(at..at + run.len());
            }
            at += run.len();
        }
        let mut kept = first;
        for run in runs {
            self.matrix.copy_within(run.clone(), kept);
            self.codes.copy_within(run.clone(), kept);
            self.scales.copy_within(run.clone(), kept);
            self.owners.copy_within(run.clone(), kept);
            kept += run.len();
        }
        truncate_wiped(&mut self.matrix, kept);
        truncate_wiped(&mut self.codes, kept);
        truncate_wiped(&mut self.scales, kept);
        self.owners.truncate(kept);
        self.templates.remove(&person).unwrap_or(0)
    }

    /// The `k` most similar templates, most similar first; of equal ones the earlier inserted first.
    #[must_use]
    pub fn search(&self, probe: &Embedding, k: usize) -> Vec<Hit> {
        let mut best: Vec<Hit> = Vec::with_capacity(k.min(self.len()).saturating_add(1));
        for hit in self.scored(probe, &LeastOfBest::new(k)) {
            if best.len() == k && best.last().is_none_or(|worst| hit.cosine <= worst.cosine) {
                continue;
            }
            // Behind its equals: they were inserted before.
            let place = best.partition_point(|better| better.cosine >= hit.cosine);
            best.insert(place, hit);
            best.truncate(k);
        }
        best
    }

    /// The most similar person, and the most similar other person. Each is judged by their best template.
    #[must_use]
    pub fn best_people(&self, probe: &Embedding) -> (Option<Candidate>, Option<Candidate>) {
        let (mut best, mut second): (Option<Candidate>, Option<Candidate>) = (None, None);
        let beats = |cosine: f32, other: Option<Candidate>| other.is_none_or(|other| cosine > other.cosine);
        for Hit { person, cosine, .. } in self.scored(probe, &LeastOfTwoPeople::default()) {
            let found = Some(Candidate { person, cosine });
            if beats(cosine, best) {
                if best.is_some_and(|best| best.person != person) {
                    second = best;
                }
                best = found;
            } else if best.is_some_and(|best| best.person != person) && beats(cosine, second) {
                second = found;
            }
        }
        (best, second)
    }

    /// Number of templates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// Whether nobody is enrolled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// Number of people with at least one template: the gallery size that thresholds depend on.
    #[must_use]
    pub fn people(&self) -> usize {
        self.templates.len()
    }

    /// Number of a person's templates.
    #[must_use]
    pub fn templates_of(&self, person: PersonId) -> usize {
        self.templates.get(&person).copied().unwrap_or(0)
    }

    /// Every row that may be among the best, in order of insertion, with its exact score.
    ///
    /// A row can be left out when it scores less than `floor` even at best: so many rows score at least that much that
    /// it is not wanted.
    fn scored(&self, probe: &Embedding, floor: &(impl Floor + Sync)) -> impl Iterator<Item = Hit> {
        let mut values = zeroize::Zeroizing::new([0.0; EMBEDDING_LEN]);
        values.copy_from_slice(probe.as_slice());
        let query = Query::new(&values);
        let parts = if self.len() < PARALLEL_FROM { 1 } else { rayon::current_num_threads() };
        let rows = self.len().div_ceil(parts).max(1);
        let pass = |part: usize| self.first_pass(&query, part * rows, rows, floor.clone());
        let passes: Vec<_> = match parts {
            1 => vec![pass(0)],
            _ => (0..parts).into_par_iter().map(pass).collect(),
        };
        // What enough rows of one part surely score, enough rows of the whole do.
        let height = passes.iter().map(|(_, height)| *height).fold(f64::NEG_INFINITY, f64::max);
        let promising = passes.into_iter().flat_map(|(promising, _)| promising);
        promising.filter(move |(_, most)| *most >= height).filter_map(move |(number, _)| {
            let (row, owner) = (self.matrix.get(number)?, self.owners.get(number)?);
            let Owner { template, person } = *owner;
            Some(Hit { template, person, cosine: dot(&values, &row.0) })
        })
    }

    /// Of at most `count` rows from `first` on: the numbers and highest scores of those that may be among the best, and
    /// how high that made the floor.
    fn first_pass(
        &self,
        query: &Query,
        first: usize,
        count: usize,
        mut floor: impl Floor,
    ) -> (Vec<(usize, f64)>, f64) {
        let (mut promising, mut number, mut height) = (Vec::new(), first, floor.height());
        let codes = self.codes.get(first..).unwrap_or_default();
        inner_products(&query.codes, codes.get(..count).unwrap_or(codes), |products| {
            let rows = number..number + products.len();
            let (scales, owners) = (self.scales.get(rows.clone()), self.owners.get(rows));
            let rows = scales.unwrap_or_default().iter().zip(owners.unwrap_or_default());
            for (product, (scale, owner)) in products.iter().zip(rows) {
                let Between { least, most } = query.between(*product, scale);
                if most >= height {
                    promising.push((number, most));
                    floor.raise(owner.person, least);
                    height = floor.height();
                }
                number += 1;
            }
        });
        (promising, height)
    }
}

/// The score that is surely reached by as many rows as are wanted; it only rises.
trait Floor: Clone {
    fn height(&self) -> f64;

    /// A row of this person scores at least `least`.
    fn raise(&mut self, person: PersonId, least: f64);
}

/// The `k`-th largest of the least scores.
#[derive(Clone)]
struct LeastOfBest {
    k: usize,
    /// Largest first.
    least: Vec<f64>,
}

impl LeastOfBest {
    fn new(k: usize) -> Self {
        Self { k, least: Vec::new() }
    }
}

impl Floor for LeastOfBest {
    fn height(&self) -> f64 {
        match self.k.checked_sub(1) {
            None => f64::INFINITY, // nothing is wanted
            Some(last) => self.least.get(last).copied().unwrap_or(f64::NEG_INFINITY),
        }
    }

    fn raise(&mut self, _: PersonId, least: f64) {
        if self.least.len() == self.k && least <= self.height() {
            return;
        }
        let place = self.least.partition_point(|better| *better >= least);
        self.least.insert(place, least);
        self.least.truncate(self.k);
    }
}

/// The least score of the second of the two people who surely score most.
#[derive(Clone, Default)]
struct LeastOfTwoPeople {
    first: Option<(PersonId, f64)>,
    second: Option<(PersonId, f64)>,
}

impl Floor for LeastOfTwoPeople {
    fn height(&self) -> f64 {
        self.second.map_or(f64::NEG_INFINITY, |(_, least)| least)
    }

    fn raise(&mut self, person: PersonId, least: f64) {
        let above = |other: Option<(PersonId, f64)>| other.is_none_or(|(_, other)| least > other);
        if above(self.first) {
            if self.first.is_some_and(|(first, _)| first != person) {
                self.second = self.first;
            }
            self.first = Some((person, least));
        } else if self.first.is_some_and(|(first, _)| first != person) && above(self.second) {
            self.second = Some((person, least));
        }
    }
}

/// Moves to twice the room when there is none, and wipes the old place; `Vec` would leave it readable in freed memory.
fn push_wiped<T: Copy + Zeroize>(values: &mut Vec<T>, value: T) {
    if values.len() == values.capacity() {
        let mut larger = Vec::with_capacity((values.len() * 2).max(64));
        larger.extend_from_slice(values);
        values.zeroize();
        *values = larger;
    }
    values.push(value);
}

fn truncate_wiped<T: Zeroize>(values: &mut Vec<T>, length: usize) {
    values.iter_mut().skip(length).for_each(Zeroize::zeroize);
    values.truncate(length);
}

impl Drop for Index {
    fn drop(&mut self) {
        self.matrix.zeroize();
        self.codes.zeroize();
        self.scales.zeroize();
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} templates of {} people)", self.len(), self.people())
    }
}

/// Independent sums, so that the compiler keeps them in vector registers (eight of SSE2's sixteen).
const LANES: usize = 32;

/// Inner product, which is the cosine of unit vectors. The order of summation is fixed: equal rows score equal.
fn dot(a: &[f32; EMBEDDING_LEN], b: &[f32; EMBEDDING_LEN]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::{super::quantised::tests::vector, *};
    use proptest::prelude::*;

    /// Few distinct values, so that ties happen.
    fn embedding(seed: u8) -> Embedding {
        let mut state = u32::from(seed) + 1;
        let raw: Vec<f32> = (0..EMBEDDING_LEN)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as f32 / 65_536.0 - 0.5
            })
            .collect();
        Embedding::from_raw(&raw).unwrap()
    }

    fn template(n: usize) -> TemplateId {
        TemplateId::from_bytes((n as u128).to_be_bytes())
    }

    fn person(n: u8) -> PersonId {
        PersonId::from_bytes([n; 16])
    }

    fn index(rows: &[(u8, u8)]) -> Index {
        let mut index = Index::new();
        for (n, &(who, seed)) in rows.iter().enumerate() {
            index.insert(template(n), person(who), &embedding(seed));
        }
        index
    }

    /// Every row's score, most similar first; the sort is stable, so ties stay in order of insertion.
    fn brute_force(rows: &[(u8, u8)], probe: &Embedding) -> Vec<Hit> {
        let mut all: Vec<Hit> = rows
            .iter()
            .enumerate()
            .map(|(n, &(who, seed))| {
                let row = embedding(seed);
                let exact: f64 = row
                    .as_slice()
                    .iter()
                    .zip(probe.as_slice())
                    .map(|(a, b)| f64::from(*a) * f64::from(*b))
                    .sum();
                Hit { template: template(n), person: person(who), cosine: exact as f32 }
            })
            .collect();
        all.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
        all
    }

    fn same(found: &[Hit], expected: &[Hit]) -> bool {
        found.len() == expected.len()
            && found.iter().zip(expected).all(|(f, e)| {
                f.template == e.template && f.person == e.person && (f.cosine - e.cosine).abs() < 1e-5
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn search_equals_brute_force(
            rows in prop::collection::vec((0..6_u8, 0..40_u8), 0..90),
            probe in 0..60_u8,
            k in 0..12_usize,
            gone in 0..8_u8,
        ) {
            let probe = embedding(probe);
            let mut index = index(&rows);
            let all = brute_force(&rows, &probe);
            prop_assert!(same(&index.search(&probe, k), &all[..k.min(all.len())]));

            let removed = index.remove_person(person(gone));
            let rest: Vec<Hit> = all.iter().filter(|hit| hit.person != person(gone)).copied().collect();
            prop_assert_eq!(removed, all.len() - rest.len());
            prop_assert_eq!(index.len(), rest.len());
            prop_assert!(same(&index.search(&probe, rest.len() + 1), &rest));

            let (best, second) = index.best_people(&probe);
            let best_hit = rest.first();
            let second_hit = rest.iter().find(|hit| Some(hit.person) != best_hit.map(|best| best.person));
            prop_assert_eq!(best.map(|b| b.person), best_hit.map(|hit| hit.person));
            prop_assert!(close(best.map(|b| b.cosine), best_hit.map(|hit| hit.cosine)));
            prop_assert_eq!(second.map(|s| s.person), second_hit.map(|hit| hit.person));
            prop_assert!(close(second.map(|s| s.cosine), second_hit.map(|hit| hit.cosine)));
        }
    }

    fn close(a: Option<f32>, b: Option<f32>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-5,
            (a, b) => a == b,
        }
    }

    #[test]
    fn equal_templates_come_in_order_of_insertion_with_equal_scores() {
        let index = index(&[(1, 9), (2, 5), (3, 5), (1, 5)]);
        let hits = index.search(&embedding(5), 3);
        assert_eq!(
            hits.iter().map(|hit| hit.template).collect::<Vec<_>>(),
            [template(1), template(2), template(3)]
        );
        assert!(hits.iter().all(|hit| hit.cosine == hits[0].cosine));
        let (best, second) = index.best_people(&embedding(5));
        assert_eq!((best.unwrap().person, second.unwrap().person), (person(2), person(3)));
    }

    #[test]
    fn people_and_templates_are_counted() {
        let mut index = index(&[(1, 1), (2, 2), (1, 3)]);
        assert_eq!((index.len(), index.people(), index.templates_of(person(1))), (3, 2, 2));
        assert_eq!(index.remove_person(person(1)), 2);
        assert_eq!(index.remove_person(person(1)), 0);
        assert_eq!((index.len(), index.people(), index.templates_of(person(1))), (1, 1, 0));
        let (best, second) = index.best_people(&embedding(2));
        assert!(best.unwrap().cosine > 0.999);
        assert_eq!(second, None, "there is no other person");
        assert_eq!(index.remove_person(person(2)), 1);
        assert!(index.is_empty());
        assert_eq!(index.best_people(&embedding(2)), (None, None));
    }

    /// As the recogniser searches while the ledger enrols and erases: an answer is that of the index before a change or after
    /// it, never of one in between.
    #[test]
    fn a_search_beside_changes_answers_for_one_state() {
        const ROUNDS: usize = 300;
        // Who stays has rows in front of, between and behind those of who comes and goes.
        let rows = [(1, 11), (2, 12), (1, 13), (2, 14), (3, 15)];
        let shared = std::sync::RwLock::new(index(&rows));
        let probe = embedding(14); // the second of person 2
        let (with, without) = {
            let mut without = index(&rows);
            without.remove_person(person(2));
            (shared.read().unwrap().search(&probe, 6), without.search(&probe, 6))
        };
        assert!(with.len() == 5 && without.len() == 3);
        let change = || {
            for _ in 0..ROUNDS {
                assert_eq!(shared.write().unwrap().remove_person(person(2)), 2);
                let mut index = shared.write().unwrap();
                for (n, &(who, seed)) in rows.iter().enumerate().filter(|(_, (who, _))| *who == 2) {
                    index.insert(template(n), person(who), &embedding(seed));
                }
            }
        };
        std::thread::scope(|scope| {
            let changing = std::thread::Builder::new().spawn_scoped(scope, change).unwrap();
            let mut seen = [0; 2];
            while !changing.is_finished() {
                let index = shared.read().unwrap();
                let (found, people) = (index.search(&probe, 6), index.people());
                let (best, second) = index.best_people(&probe);
                drop(index);
                let present = people == 3;
                let wanted = if present { &with } else { &without };
                assert_eq!(&found, wanted, "{people} people");
                assert_eq!(best.map(|best| best.person), wanted.first().map(|hit| hit.person));
                assert_ne!(best.map(|best| best.person), second.map(|second| second.person));
                seen[usize::from(present)] += 1;
            }
            changing.join().unwrap();
            println!("{seen:?} searches without and with the person");
        });
    }

    #[test]
    fn debug_shows_no_number() {
        assert_eq!(format!("{:?}", index(&[(1, 1), (2, 2), (1, 3)])), "Index(3 templates of 2 people)");
    }

    /// Comparing every row in f32, as the index did before it had a first pass.
    fn compare_all(index: &Index, probe: &Embedding) -> Vec<Hit> {
        let query: [f32; EMBEDDING_LEN] = probe.as_slice().try_into().unwrap();
        let all = index.matrix.iter().zip(&index.owners);
        let mut all: Vec<Hit> = all
            .map(|(row, o)| Hit { template: o.template, person: o.person, cosine: dot(&query, &row.0) })
            .collect();
        all.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Rows are a few vectors, copies of them and near copies, so that many scores are equal or all but equal.
        #[test]
        fn two_passes_give_the_bits_of_one(
            seeds in prop::collection::vec(vector(), 1..6),
            rows in prop::collection::vec((any::<prop::sample::Index>(), 0..5_u8, 0..4_usize), 1..120),
            probe in vector(), which in any::<prop::sample::Index>(), near in any::<bool>(), k in 0..12_usize,
        ) {
            let mut index = Index::new();
            for (n, (seed, who, nudge)) in rows.iter().enumerate() {
                let mut values = seeds[seed.index(seeds.len())];
                values[*nudge] += *nudge as f32 * 1e-7;
                index.insert(template(n), person(*who), &Embedding::from_raw(&values).unwrap());
            }
            let probe = if near { seeds[which.index(seeds.len())] } else { probe };
            let probe = Embedding::from_raw(&probe).unwrap();
            let all = compare_all(&index, &probe);
            let found = index.search(&probe, k);
            prop_assert_eq!(found.len(), k.min(all.len()));
            for (found, wanted) in found.iter().zip(&all) {
                prop_assert_eq!(found.template, wanted.template);
                prop_assert_eq!(found.cosine.to_bits(), wanted.cosine.to_bits());
            }
            let best = all.first().copied();
            let second = all.iter().find(|hit| Some(hit.person) != best.map(|b| b.person)).copied();
            let wanted = [best, second].map(|hit| hit.map(|h| (h.person, h.cosine.to_bits())));
            let (best, second) = index.best_people(&probe);
            prop_assert_eq!([best, second].map(|c| c.map(|c| (c.person, c.cosine.to_bits()))), wanted);
        }
    }

    #[test]
    fn the_first_pass_leaves_out_most_rows() {
        let rows: Vec<(u8, u8)> = (0..250).map(|n| (n / 3, n)).collect();
        let index = index(&rows);
        let compared = index.scored(&embedding(7), &LeastOfBest::new(5)).count();
        assert!(compared < 60, "{compared} of {} rows compared", rows.len());
    }
}
