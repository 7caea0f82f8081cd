//! The columns a host can choose from, and what stands in each: one form for spreadsheets, one for people.

use super::{AttendanceReport, DayRow, Row, words::ReportWords};
use crate::domain::MarkSource;
use jiff::{SignedDuration, Zoned, civil::Date};
use std::str::FromStr;

/// What a report has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ReportBy {
    /// Each mark.
    #[default]
    Mark,
    /// Each day of each person, absences included.
    Day,
}

/// A column. Its [`id`](Self::id) is the head of the CSV and what `--columns` takes: a contract for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// Number of the event, as in the audit log.
    Event,
    /// Attendance day, `YYYY-MM-DD`.
    Date,
    /// Local time with offset, RFC 3339.
    Time,
    /// The person's id, 32 hexadecimal digits.
    Person,
    /// Display name; empty when the person was erased.
    Name,
    /// Badge or number; may be empty.
    Badge,
    /// `check_in`, `check_out`, `break_start` or `break_end`.
    Kind,
    /// `face`, `pin`, `host` or `not_me`.
    Source,
    /// `yes` when entered or changed by hand, else `no`.
    Corrected,
    /// Why; may be empty.
    Reason,
    /// When the person was expected, `HH:MM-HH:MM`.
    Planned,
    /// First check-in, RFC 3339.
    FirstIn,
    /// Last check-out, RFC 3339.
    LastOut,
    /// Marked working time, `H:MM`.
    Worked,
    /// Marked breaks, `H:MM`.
    Breaks,
    /// Time that counts by the site's rules, `H:MM`.
    Counted,
    /// By how much too late, `H:MM`; empty when not.
    Late,
    /// By how much too early, `H:MM`; empty when not.
    Early,
    /// Words of `absent late early missing_check_in missing_check_out holiday` that hold, with spaces between.
    State,
    /// Head of the audit log when the report was made, `NUMBER:HASH`, on every row; a CSV has it always.
    AuditHead,
    /// `yes` on days on which hosts can change nothing, else `no`.
    Locked,
}

/// `--columns` named one that does not exist, or not for this kind of report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no column '{given}' in a report by {by}: choose from {allowed}")]
pub struct ColumnError {
    given: String,
    by: &'static str,
    allowed: String,
}

impl ReportBy {
    /// Every column of such a report, in the order of the CSV: new ones are only ever added at the end.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        use Column as C;
        match self {
            Self::Mark => &[
                C::Event,
                C::Date,
                C::Time,
                C::Person,
                C::Name,
                C::Badge,
                C::Kind,
                C::Source,
                C::Corrected,
                C::Reason,
                C::AuditHead,
                C::Locked,
            ],
            Self::Day => &[
                C::Date,
                C::Person,
                C::Name,
                C::Badge,
                C::Planned,
                C::FirstIn,
                C::LastOut,
                C::Worked,
                C::Breaks,
                C::Counted,
                C::Late,
                C::Early,
                C::State,
                C::AuditHead,
                C::Locked,
            ],
        }
    }

    /// What fits on upright paper and is asked for most.
    #[must_use]
    pub fn usual(self) -> &'static [Column] {
        use Column as C;
        match self {
            Self::Mark => &[C::Date, C::Time, C::Name, C::Badge, C::Kind, C::Source, C::Reason],
            Self::Day => {
                &[C::Date, C::Name, C::Badge, C::FirstIn, C::LastOut, C::Worked, C::Counted, C::State]
            }
        }
    }

    /// `mark` or `day`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Day => "day",
        }
    }

    /// A list such as `date,name,worked`, in the order given.
    pub fn parse_columns(self, list: &str) -> Result<Vec<Column>, ColumnError> {
        let allowed = self.columns();
        let one = |given: &str| {
            Column::from_str(given).ok().filter(|column| allowed.contains(column)).ok_or_else(|| {
                ColumnError {
                    given: given.chars().take(40).collect(),
                    by: self.as_str(),
                    allowed: allowed.iter().map(|column| column.id()).collect::<Vec<_>>().join(", "),
                }
            })
        };
        list.split(',').map(str::trim).filter(|given| !given.is_empty()).map(one).collect()
    }
}

impl Column {
    /// Name in CSV and on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Date => "date",
            Self::Time => "time",
            Self::Person => "person",
            Self::Name => "name",
            Self::Badge => "badge",
            Self::Kind => "kind",
            Self::Source => "source",
            Self::Corrected => "corrected",
            Self::Reason => "reason",
            Self::Planned => "planned",
            Self::FirstIn => "first_in",
            Self::LastOut => "last_out",
            Self::Worked => "worked",
            Self::Breaks => "breaks",
            Self::Counted => "counted",
            Self::Late => "late",
            Self::Early => "early",
            Self::State => "state",
            Self::AuditHead => "audit_head",
            Self::Locked => "locked",
        }
    }

    /// The widest that stand in a column whose texts are all alike; such a column never wraps on paper.
    pub(super) fn widest(self, words: &ReportWords) -> Option<Vec<String>> {
        let one = |text: &str| Some(vec![text.to_owned()]);
        match self {
            Self::Event => one("0000000"),
            Self::Date => Some(words.dates().collect()),
            Self::Time => one("00:00 (+1) +00:00"),
            Self::Person => one("0000000000000000"), // the other half stands below
            Self::Planned => one("00:00–00:00"),
            Self::FirstIn | Self::LastOut => one("00:00 (+1)"),
            Self::Worked | Self::Breaks | Self::Counted | Self::Late | Self::Early => {
                one(&words.duration(SignedDuration::from_hours(10)))
            }
            Self::Corrected | Self::Locked => one(words.yes),
            Self::Name
            | Self::Badge
            | Self::Kind
            | Self::Source
            | Self::Reason
            | Self::State
            | Self::AuditHead => None,
        }
    }

    /// The part of what is left on paper that another column gets, beside others of its kind.
    pub(super) fn weight(self) -> f32 {
        match self {
            Self::AuditHead => 60.0,
            Self::Name => 27.0,
            Self::Reason | Self::State => 23.0,
            Self::Badge => 11.0,
            Self::Source => 10.0,
            _ => 8.0,
        }
    }

    /// Typed or drawn, never calculated with: a spreadsheet must leave it as it is.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Person | Self::Name | Self::Badge | Self::Reason)
    }

    /// Figures stand at the right.
    #[must_use]
    pub fn is_figure(self) -> bool {
        matches!(self, Self::Event | Self::Worked | Self::Breaks | Self::Counted | Self::Late | Self::Early)
    }
}

impl FromStr for Column {
    type Err = ();

    fn from_str(id: &str) -> Result<Self, ()> {
        let known = ReportBy::Mark.columns().iter().chain(ReportBy::Day.columns());
        known.copied().find(|column| column.id() == id).ok_or(())
    }
}

/// A row of either kind of report.
#[derive(Clone, Copy)]
pub(super) enum Line<'a> {
    Mark(&'a Row),
    Day(&'a DayRow),
}

impl Line<'_> {
    fn is_locked(self, report: &AttendanceReport) -> bool {
        let date = match self {
            Self::Mark(row) => row.date,
            Self::Day(row) => row.date,
        };
        report.locked_until.is_some_and(|until| date <= until)
    }

    /// For a program.
    pub(super) fn plain(self, column: Column, report: &AttendanceReport) -> String {
        match column {
            Column::AuditHead => return report.audit_head.to_string(),
            Column::Locked => return if self.is_locked(report) { "yes" } else { "no" }.to_owned(),
            _ => {}
        }
        match self {
            Self::Mark(row) => mark_plain(row, column),
            Self::Day(row) => day_plain(row, column),
        }
    }

    /// What a column of instants, durations or numbers is sorted by: seconds, or the number.
    pub(super) fn figure(self, column: Column) -> Option<i64> {
        let instant = |at: &Option<Zoned>| at.as_ref().map(|at| at.timestamp().as_second());
        match (self, column) {
            (Self::Mark(row), Column::Event) => i64::try_from(row.event.0).ok(),
            (Self::Mark(row), Column::Time) => Some(row.at.timestamp().as_second()),
            (Self::Day(row), Column::FirstIn) => instant(&row.first_in),
            (Self::Day(row), Column::LastOut) => instant(&row.last_out),
            (Self::Day(row), Column::Worked) => Some(row.worked.as_secs()),
            (Self::Day(row), Column::Breaks) => Some(row.breaks.as_secs()),
            (Self::Day(row), Column::Counted) => Some(row.counted.as_secs()),
            (Self::Day(row), Column::Late) => row.late.map(|late| late.as_secs()),
            (Self::Day(row), Column::Early) => row.early.map(|early| early.as_secs()),
            _ => None,
        }
    }

    /// For a person.
    pub(super) fn worded(self, column: Column, report: &AttendanceReport, words: &ReportWords) -> String {
        match (self, column) {
            (Self::Mark(Row { name: None, .. }) | Self::Day(DayRow { name: None, .. }), Column::Name) => {
                words.erased.to_owned()
            }
            (Self::Mark(Row { date, .. }) | Self::Day(DayRow { date, .. }), Column::Date) => {
                words.date(*date)
            }
            (line, Column::Locked) => if line.is_locked(report) { words.yes } else { "" }.to_owned(),
            (Self::Mark(row), Column::Time) => {
                format!("{} {}", clock(Some(&row.at), row.date), row.at.strftime("%:z"))
            }
            (Self::Mark(row), Column::Kind) => words.kind(row.kind).to_owned(),
            (Self::Mark(row), Column::Source) => words.source(row.source).to_owned(),
            (Self::Mark(row), Column::Corrected) => if row.corrected { words.yes } else { "" }.to_owned(),
            (Self::Mark(row), Column::Reason) => note(row, report, words),
            (Self::Day(row), Column::Planned) => {
                row.planned.as_ref().map(|(start, end)| span(start, end, "–")).unwrap_or_default()
            }
            (Self::Day(row), Column::Worked) => words.duration(row.worked),
            (Self::Day(row), Column::Breaks) => words.duration(row.breaks),
            (Self::Day(row), Column::Counted) => words.duration(row.counted),
            (Self::Day(row), Column::Late) => row.late.map(|late| words.duration(late)).unwrap_or_default(),
            (Self::Day(row), Column::Early) => {
                row.early.map(|early| words.duration(early)).unwrap_or_default()
            }
            (Self::Day(row), Column::FirstIn) => clock(row.first_in.as_ref(), row.date),
            (Self::Day(row), Column::LastOut) => clock(row.last_out.as_ref(), row.date),
            (Self::Day(row), Column::State) => state(row, words),
            (line, column) => line.plain(column, report),
        }
    }
}

fn mark_plain(row: &Row, column: Column) -> String {
    // Destructured whole: a new field must be placed here.
    let Row { event, date, person, name, badge, kind, at, source, corrected, reason } = row;
    match column {
        Column::Event => event.to_string(),
        Column::Date => date.to_string(),
        Column::Time => rfc3339(at),
        Column::Person => person.to_string(),
        Column::Name => name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        Column::Badge => badge.clone().unwrap_or_default(),
        Column::Kind => kind.as_str().to_owned(),
        Column::Source => source_id(*source).to_owned(),
        Column::Corrected => if *corrected { "yes" } else { "no" }.to_owned(),
        Column::Reason => reason.clone(),
        _ => String::new(),
    }
}

fn day_plain(row: &DayRow, column: Column) -> String {
    let DayRow {
        date,
        person,
        name,
        badge,
        planned,
        first_in,
        last_out,
        worked,
        breaks,
        counted,
        late,
        early,
        state: _, // below, with its words
    } = row;
    match column {
        Column::Date => date.to_string(),
        Column::Person => person.to_string(),
        Column::Name => name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        Column::Badge => badge.clone().unwrap_or_default(),
        Column::Planned => planned.as_ref().map(|(start, end)| span(start, end, "-")).unwrap_or_default(),
        Column::FirstIn => first_in.as_ref().map(rfc3339).unwrap_or_default(),
        Column::LastOut => last_out.as_ref().map(rfc3339).unwrap_or_default(),
        Column::Worked => hours_and_minutes(*worked),
        Column::Breaks => hours_and_minutes(*breaks),
        Column::Counted => hours_and_minutes(*counted),
        Column::Late => late.map(hours_and_minutes).unwrap_or_default(),
        Column::Early => early.map(hours_and_minutes).unwrap_or_default(),
        Column::State => state_words(row).map(|(id, _)| id).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    }
}

fn state_words(row: &DayRow) -> impl Iterator<Item = (&'static str, usize)> {
    let state = row.state;
    [
        (state.absent, "absent"),
        (row.late.is_some(), "late"),
        (row.early.is_some(), "early"),
        (state.missing_check_in, "missing_check_in"),
        (state.missing_check_out, "missing_check_out"),
        (state.holiday, "holiday"),
    ]
    .into_iter()
    .enumerate()
    .filter_map(|(place, (holds, id))| holds.then_some((id, place)))
}

fn state(row: &DayRow, words: &ReportWords) -> String {
    let word = |(_, place): (&str, usize)| words.states.get(place).copied();
    state_words(row).filter_map(word).collect::<Vec<_>>().join(", ")
}

fn note(row: &Row, report: &AttendanceReport, words: &ReportWords) -> String {
    let apart = report.columns.contains(&Column::Corrected);
    match (row.corrected && !apart, row.reason.as_str()) {
        (false, reason) => reason.to_owned(),
        (true, "") => words.corrected.to_owned(),
        (true, reason) => format!("{}: {reason}", words.corrected),
    }
}

fn span(start: &Zoned, end: &Zoned, between: &str) -> String {
    format!("{}{between}{}", start.strftime("%H:%M"), end.strftime("%H:%M"))
}

/// `06:05`, and by how many days later than the attendance day, if it is.
fn clock(at: Option<&Zoned>, day: Date) -> String {
    let Some(at) = at else { return String::new() };
    let later = (at.date() - day).get_days();
    let time = at.strftime("%H:%M").to_string();
    if later == 0 { time } else { format!("{time} ({later:+})") }
}

fn rfc3339(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(super) fn source_id(source: MarkSource) -> &'static str {
    match source {
        MarkSource::Face => "face",
        MarkSource::Host => "host",
        MarkSource::NotMe => "not_me",
        MarkSource::Pin => "pin",
    }
}

/// `125:07`, for a program; seconds are cut off.
fn hours_and_minutes(duration: SignedDuration) -> String {
    let minutes = duration.as_mins();
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::{super::testkit, *};

    #[test]
    fn columns_are_found_by_their_ids_and_others_are_refused_with_the_list() {
        for by in [ReportBy::Mark, ReportBy::Day] {
            let ids: Vec<&str> = by.columns().iter().map(|column| column.id()).collect();
            assert_eq!(by.parse_columns(&ids.join(" , ")).unwrap(), by.columns());
            assert!(by.usual().iter().all(|column| by.columns().contains(column)));
        }
        assert_eq!(ReportBy::Day.parse_columns("worked,date").unwrap(), [Column::Worked, Column::Date]);
        for (by, bad) in [(ReportBy::Mark, "worked"), (ReportBy::Day, "reason"), (ReportBy::Day, "x")] {
            let error = by.parse_columns(bad).unwrap_err().to_string();
            assert!(error.contains(bad) && error.contains("audit_head"), "{error}");
        }
    }

    #[test]
    fn a_night_and_an_absence_read_well() {
        let report = testkit::days();
        let words = ReportWords::of("en");
        let rows: Vec<Line<'_>> = report.body.lines().collect();
        let cell = |n: usize, column| rows[n].worded(column, &report, words);
        assert_eq!(cell(0, Column::LastOut), "06:05 (+1)");
        assert_eq!(cell(0, Column::Planned), "22:00–06:00");
        assert_eq!(rows[0].plain(Column::Planned, &report), "22:00-06:00");
        assert_eq!((cell(0, Column::Date), cell(0, Column::Worked)), ("2 Mar 2026".into(), "8:05".into()));
        assert_eq!(rows[0].plain(Column::Date, &report), "2026-03-02");
        assert_eq!(rows[0].worded(Column::Worked, &report, ReportWords::of("fr")), "8\u{a0}h\u{a0}05");
        assert_eq!(cell(0, Column::Late), "0:07");
        assert_eq!(cell(1, Column::State), "absent");
        assert_eq!(rows[2].plain(Column::State, &report), "early missing_check_in");
        assert_eq!(cell(2, Column::Name), "(erased)");
        assert_eq!(rows[2].plain(Column::Name, &report), "");
        assert!(rows[0].plain(Column::AuditHead, &report).starts_with("4711:0001"));
    }

    #[test]
    fn hours_are_summed_over_a_day() {
        for (secs, text) in [(0, "0:00"), (59, "0:00"), (3600 * 125 + 7 * 60, "125:07"), (-90 * 60, "-1:30")]
        {
            assert_eq!(hours_and_minutes(SignedDuration::from_secs(secs)), text);
        }
    }
}
