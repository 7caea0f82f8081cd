//! Lists for a person to read: columns as wide as what stands in them.
//!
//! Job: cells in, lines out. It must not know what is listed.

/// One line for each row, its cells two spaces apart. The last cell of a row is of any length.
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let length = |cell: &String| cell.chars().count();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N.saturating_sub(1)).map(width).chain([0]).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_begins_where_the_longest_cell_before_it_has_ended() {
        let rows = [["fp-face-4", "recogniser", "ours"], ["scrfd-10g-of-some-length", "é", "a b"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let lines = aligned(&rows);
        assert_eq!(lines[0], "fp-face-4                 recogniser  ours");
        assert_eq!(lines[1], "scrfd-10g-of-some-length  é           a b");
        assert_eq!(aligned::<3>(&[]), Vec::<String>::new());
    }
}
