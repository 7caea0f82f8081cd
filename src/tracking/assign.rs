//! The pairing of faces and tracks with the least total cost.

/// Pairs rows (faces) with columns (tracks): for each row the column it is paired with, if any.
///
/// `None` in `costs` is a pair that is impossible. As many pairs as possible are made, and among those pairings one
/// with the least total cost is taken (Kuhn and Munkres' algorithm with potentials, O(n³); n is the number of faces).
pub(super) fn assign(costs: &[Vec<Option<f32>>]) -> Vec<Option<usize>> {
    let columns = costs.first().map_or(0, Vec::len);
    let size = costs.len().max(columns);
    let possible = costs.iter().flatten().flatten();
    // Dearer than any set of possible pairs, so that an impossible pair is never preferred to a possible one.
    let impossible = f64::from(possible.copied().fold(1.0, f32::max)) * (size as f64 + 1.0);
    let cost = |row: usize, column: usize| {
        costs.get(row).and_then(|row| *row.get(column)?).map_or(impossible, f64::from)
    };
    let mut row_of = square_assignment(size, cost);
    let mut column_of = vec![None; costs.len()];
    for (column, row) in row_of.drain(..).enumerate() {
        if costs.get(row).and_then(|row| *row.get(column)?).is_some()
            && let Some(slot) = column_of.get_mut(row)
        {
            *slot = Some(column);
        }
    }
    column_of
}

/// For each column of a square matrix the row it is assigned to. Row by row, the shortest augmenting path is found
/// with potentials that keep the reduced costs non-negative. Slot `size` stands for "no column yet".
#[allow(clippy::indexing_slicing)] // all indices are below `size + 1`, the length of every vector here
fn square_assignment(size: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let none = size;
    let mut row_potential = vec![0.0; size + 1];
    let mut column_potential = vec![0.0; size + 1];
    let mut row_of = vec![none; size + 1];
    for row in 0..size {
        let mut came_from = vec![none; size + 1];
        let mut shortest = vec![f64::INFINITY; size + 1];
        let mut done = vec![false; size + 1];
        row_of[none] = row;
        let mut here = none;
        while row_of[here] != none {
            done[here] = true;
            let from = row_of[here];
            let (mut next, mut step) = (none, f64::INFINITY);
            for column in (0..size).filter(|&c| !done[c]) {
                let reduced = cost(from, column) - row_potential[from] - column_potential[column];
                if reduced < shortest[column] {
                    shortest[column] = reduced;
                    came_from[column] = here;
                }
                if shortest[column] < step {
                    (next, step) = (column, shortest[column]);
                }
            }
            for column in 0..=size {
                if done[column] {
                    row_potential[row_of[column]] += step;
                    column_potential[column] -= step;
                } else {
                    shortest[column] -= step;
                }
            }
            here = next;
        }
        while here != none {
            row_of[here] = row_of[came_from[here]];
            here = came_from[here];
        }
    }
    row_of.truncate(size);
    row_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Most pairs first, then least cost; tries everything.
    fn brute_force(costs: &[Vec<Option<f32>>], row: usize, taken: &mut Vec<usize>) -> (usize, f32) {
        let Some(options) = costs.get(row) else { return (0, 0.0) };
        let mut best = brute_force(costs, row + 1, taken);
        for (column, cost) in options.iter().enumerate() {
            let Some(cost) = cost.filter(|_| !taken.contains(&column)) else { continue };
            taken.push(column);
            let (pairs, total) = brute_force(costs, row + 1, taken);
            taken.pop();
            if pairs + 1 > best.0 || pairs + 1 == best.0 && total + cost < best.1 {
                best = (pairs + 1, total + cost);
            }
        }
        best
    }

    #[test]
    fn the_pairing_is_the_best_of_all_not_the_greedy_one() {
        // Greedy would take (0, 0) and leave 9 for row 1.
        assert_eq!(assign(&[vec![Some(1.0), Some(2.0)], vec![Some(1.5), Some(9.0)]]), [Some(1), Some(0)]);
        assert_eq!(assign(&[vec![None, None], vec![Some(0.5), None]]), [None, Some(0)]);
        assert_eq!(assign(&[]), []);
        assert_eq!(assign(&[vec![], vec![]]), [None, None]);
    }

    proptest! {
        #[test]
        fn assignment_equals_brute_force(
            (rows, columns) in (0..5_usize, 0..5_usize),
            cells in prop::collection::vec(prop::option::weighted(0.7, 0..100_u8), 25),
        ) {
            let costs: Vec<Vec<Option<f32>>> = (0..rows)
                .map(|r| (0..columns).map(|c| cells[r * 5 + c].map(|v| f32::from(v) / 50.0)).collect())
                .collect();
            let pairs = assign(&costs);
            prop_assert_eq!(pairs.len(), rows);
            let mut used: Vec<usize> = pairs.iter().flatten().copied().collect();
            let total: f32 = pairs.iter().enumerate().filter_map(|(r, c)| costs[r][(*c)?]).sum();
            let (count, least) = brute_force(&costs, 0, &mut Vec::new());
            prop_assert_eq!(used.len(), count);
            prop_assert!((total - least).abs() < 1e-4, "{} against {}", total, least);
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), count, "no column twice");
        }
    }
}
