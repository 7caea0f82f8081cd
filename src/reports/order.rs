//! Rows in the order of one of their columns.

use super::{
    AttendanceReport, Body,
    columns::{Column, Line},
};
use std::{cmp::Reverse, mem};

/// By which column, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The column; it need not be shown.
    pub by: Column,
    /// Largest, latest or last in the alphabet first.
    pub descending: bool,
}

/// What a cell is sorted by: instants and durations by size, the rest as text. An empty cell comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Nothing,
    Figure(i64),
    Text(String),
}

impl AttendanceReport {
    /// Sorts the rows. Those that are alike stay in the order in which they are, whichever way.
    pub fn sort(&mut self, order: Order) {
        let mut body = mem::replace(&mut self.body, Body::Marks(Vec::new()));
        match &mut body {
            Body::Marks(rows) => sort(rows, order.descending, |row| self.key(Line::Mark(row), order.by)),
            Body::Days(rows) => sort(rows, order.descending, |row| self.key(Line::Day(row), order.by)),
        }
        self.body = body;
    }

    fn key(&self, line: Line<'_>, column: Column) -> Key {
        if let Some(figure) = line.figure(column) {
            return Key::Figure(figure);
        }
        match line.plain(column, self) {
            text if text.is_empty() => Key::Nothing,
            text => Key::Text(text.to_lowercase()),
        }
    }
}

fn sort<R, K: Ord>(rows: &mut [R], descending: bool, key: impl Fn(&R) -> K) {
    if descending { rows.sort_by_cached_key(|row| Reverse(key(row))) } else { rows.sort_by_cached_key(key) }
}

#[cfg(test)]
mod tests {
    use super::{super::testkit, *};
    use jiff::SignedDuration;

    fn cells(report: &AttendanceReport, column: Column) -> Vec<String> {
        report.body.lines().map(|line| line.plain(column, report)).collect()
    }

    fn sorted(mut report: AttendanceReport, by: Column, descending: bool) -> Vec<String> {
        report.sort(Order { by, descending });
        cells(&report, by)
    }

    #[test]
    fn durations_are_sorted_by_size_and_empty_cells_come_first() {
        let mut report = testkit::days();
        let Body::Days(rows) = &mut report.body else { unreachable!() };
        let row = rows[0].clone();
        *rows = [Some(125 * 60), None, Some(30), Some(9 * 60)]
            .map(|minutes| {
                let mut row = row.clone();
                row.late = minutes.map(SignedDuration::from_mins);
                row
            })
            .into();
        assert_eq!(sorted(report.clone(), Column::Late, false), ["", "0:30", "9:00", "125:00"]);
        assert_eq!(sorted(report, Column::Late, true), ["125:00", "9:00", "0:30", ""]);
    }

    #[test]
    fn rows_that_are_alike_keep_their_order_both_ways() {
        let report = testkit::report(7);
        let events = cells(&report, Column::Event);
        for descending in [false, true] {
            let mut sorted = report.clone();
            sorted.sort(Order { by: Column::Locked, descending });
            assert_eq!(cells(&sorted, Column::Event), events);
            sorted.sort(Order { by: Column::Event, descending });
            let mut by_number = events.clone();
            by_number.sort_by_key(|event| event.parse::<u64>().unwrap());
            if descending {
                by_number.reverse();
            }
            assert_eq!(cells(&sorted, Column::Event), by_number);
        }
    }

    #[test]
    fn instants_are_sorted_as_instants_when_the_clock_is_put_back() {
        let mut report = testkit::report(7);
        let Body::Marks(rows) = &mut report.body else { unreachable!() };
        let at = |text: &str| text.parse::<jiff::Zoned>().unwrap();
        let summer = at("2026-10-25T02:50:00+02:00[Europe/Berlin]");
        let winter = at("2026-10-25T02:10:00+01:00[Europe/Berlin]"); // 20 minutes later
        rows.truncate(1);
        rows.push(rows[0].clone());
        (rows[0].at, rows[1].at) = (winter, summer);
        let times = sorted(report, Column::Time, false);
        assert!(times[0].ends_with("+02:00") && times[1].ends_with("+01:00"), "{times:?}");
    }
}
