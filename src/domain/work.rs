//! Rules of work as a site sets them: who is expected when, which days are free, how time is counted.
//!
//! Each has a short text form, which is what the settings file holds and what [`std::fmt::Display`] writes:
//! `mon-fri 08:00-17:00; sat 09:00-13:00`, `nearest 15`, `30 after 6:00`.

use super::PersonId;
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

const DAY_MINUTES: i32 = 24 * 60;
const WEEK_MINUTES: i32 = 7 * DAY_MINUTES;
const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Why a text is no rule of work. The message says what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// Not in the form of a schedule.
    #[error("'{0}' is no schedule: write it as mon-fri 08:00-17:00; sat 09:00-13:00")]
    Schedule(String),
    /// A shift on no day.
    #[error("a shift is on no day of the week: choose at least one")]
    NoDay,
    /// Longer than [`Shift::MAX_HOURS`] hours, or of no length.
    #[error("a shift lasts up to {} hours: check its start and end", Shift::MAX_HOURS)]
    Length,
    /// Two shifts at the same time.
    #[error("two shifts are at the same time: change one of them")]
    Overlap,
    /// More than [`Schedule::MAX_SHIFTS`].
    #[error("a schedule has up to {} shifts: take some out", Schedule::MAX_SHIFTS)]
    TooMany,
    /// Not a rounding rule.
    #[error("'{0}' is no rounding: write exact, nearest 15, down 5 or up 10 (minutes, 1 to 60)")]
    Rounding(String),
    /// Not a break rule.
    #[error("'{0}' is no rule for breaks: write 30 after 6:00 (minutes of break, hours of work)")]
    Break(String),
    /// Not a holiday.
    #[error("'{0}' is no holiday: write 2026-12-25, and its name after it")]
    Holiday(String),
    /// Not a person's id.
    #[error("'{0}' is no person's id: `faceprint people list` prints them")]
    Person(String),
}

/// Some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);

    /// Whether a day is among them.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// Puts a day in, or takes it out.
    pub fn toggle(&mut self, day: Weekday) {
        self.0 ^= bit(day);
    }

    /// No day at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The days, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::Monday.cycle_forward().take(7).filter(move |day| self.contains(*day))
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

/// A stretch of work that comes back every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// The days on which it starts.
    pub days: Weekdays,
    /// When it starts, to the minute.
    pub start: Time,
    /// When it ends; not after the start means on the next day.
    pub end: Time,
}

impl Shift {
    /// Longest shift, so that the days of work stay apart.
    pub const MAX_HOURS: i32 = 16;

    /// Length in minutes.
    #[must_use]
    pub fn minutes(&self) -> i32 {
        (minute(self.end) - minute(self.start)).rem_euclid(DAY_MINUTES)
    }

    /// It ends on the day after it starts.
    #[must_use]
    pub fn over_midnight(&self) -> bool {
        self.end <= self.start
    }
}

/// When somebody is expected. An empty one expects nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule(Vec<Shift>);

impl Schedule {
    /// Most shifts in it.
    pub const MAX_SHIFTS: usize = 14;

    /// Takes shifts that do not overlap, none longer than [`Shift::MAX_HOURS`]; seconds are cut off.
    pub fn new(mut shifts: Vec<Shift>) -> Result<Self, WorkError> {
        if shifts.len() > Self::MAX_SHIFTS {
            return Err(WorkError::TooMany);
        }
        for shift in &mut shifts {
            (shift.start, shift.end) = (to_minute(shift.start), to_minute(shift.end));
            if shift.days.is_empty() {
                return Err(WorkError::NoDay);
            }
            if !(1..=Shift::MAX_HOURS * 60).contains(&shift.minutes()) {
                return Err(WorkError::Length);
            }
        }
        // The week's shifts in order, in minutes from Monday 00:00.
        let mut week: Vec<(i32, i32)> = shifts
            .iter()
            .flat_map(|shift| shift.days.iter().map(move |day| (day, shift)))
            .map(|(day, shift)| {
                let from = i32::from(day.to_monday_zero_offset()) * DAY_MINUTES + minute(shift.start);
                (from, from + shift.minutes())
            })
            .collect();
        week.sort_unstable();
        let first = week.first().map(|(from, to)| (from + WEEK_MINUTES, to + WEEK_MINUTES));
        week.extend(first); // Sunday's night shift and Monday's morning
        if week.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if end > start)) {
            return Err(WorkError::Overlap);
        }
        Ok(Self(shifts))
    }

    /// Its shifts.
    #[must_use]
    pub fn shifts(&self) -> &[Shift] {
        &self.0
    }

    /// Expects nobody, ever.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The shifts that start on a day of the week.
    pub fn on(&self, day: Weekday) -> impl Iterator<Item = &Shift> {
        self.0.iter().filter(move |shift| shift.days.contains(day))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, shift) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("; ")?;
            }
            let mut days: Vec<usize> = shift.days.iter().map(day_number).collect();
            let mut comma = "";
            while let Some(&first) = days.first() {
                let run = days.iter().zip(first..).take_while(|(day, expected)| **day == *expected).count();
                let name = |day: usize| DAY_NAMES.get(day).copied().unwrap_or_default();
                match run {
                    1 | 2 => write!(f, "{comma}{}", name(first))?,
                    _ => write!(f, "{comma}{}-{}", name(first), name(first + run - 1))?,
                }
                days.drain(..if run > 2 { run } else { 1 });
                comma = ",";
            }
            write!(f, " {}-{}", shift.start.strftime("%H:%M"), shift.end.strftime("%H:%M"))?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = WorkError;

    fn from_str(text: &str) -> Result<Self, WorkError> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let shifts: Option<Vec<Shift>> = parts.take(Self::MAX_SHIFTS + 1).map(parse_shift).collect();
        Self::new(shifts.ok_or_else(|| WorkError::Schedule(short(text)))?)
    }
}

fn parse_shift(text: &str) -> Option<Shift> {
    let (days, times) = text.split_once(char::is_whitespace)?;
    let (start, end) = times.trim().split_once('-')?;
    let mut set = Weekdays::default();
    for part in days.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (parse_day(first)?, parse_day(last)?);
        for day in first.cycle_forward().take(7) {
            set.0 |= bit(day);
            if day == last {
                break;
            }
        }
    }
    Some(Shift { days: set, start: parse_time(start)?, end: parse_time(end)? })
}

fn parse_day(text: &str) -> Option<Weekday> {
    let text = text.trim().to_ascii_lowercase();
    let at = DAY_NAMES.iter().position(|name| *name == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

fn parse_time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text.trim()).ok()
}

fn day_number(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

fn minute(time: Time) -> i32 {
    i32::from(time.hour()) * 60 + i32::from(time.minute())
}

fn to_minute(time: Time) -> Time {
    Time::new(time.hour(), time.minute(), 0, 0).unwrap_or(time)
}

/// How a day's working time is rounded. A period is the sum of its rounded days, so that a report adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// Not at all.
    #[default]
    Exact,
    /// To the nearest multiple of so many minutes, halves up.
    Nearest(u8),
    /// Down.
    Down(u8),
    /// Up.
    Up(u8),
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Nearest(minutes) => write!(f, "nearest {minutes}"),
            Self::Down(minutes) => write!(f, "down {minutes}"),
            Self::Up(minutes) => write!(f, "up {minutes}"),
        }
    }
}

impl FromStr for Rounding {
    type Err = WorkError;

    fn from_str(text: &str) -> Result<Self, WorkError> {
        let wrong = || WorkError::Rounding(short(text));
        if text.trim() == "exact" {
            return Ok(Self::Exact);
        }
        let (way, minutes) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let minutes: u8 = minutes.trim().parse().map_err(|_| wrong())?;
        match way {
            _ if !(1..=60).contains(&minutes) => Err(wrong()),
            "nearest" => Ok(Self::Nearest(minutes)),
            "down" => Ok(Self::Down(minutes)),
            "up" => Ok(Self::Up(minutes)),
            _ => Err(wrong()),
        }
    }
}

/// After so much work a break of at least so long is taken off, whether it was marked or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakRule {
    /// Minutes of break.
    pub minutes: u16,
    /// Minutes of work from which on; the break never takes the work below them.
    pub after_minutes: u16,
}

impl fmt::Display for BreakRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {}:{:02}", self.minutes, self.after_minutes / 60, self.after_minutes % 60)
    }
}

impl FromStr for BreakRule {
    type Err = WorkError;

    fn from_str(text: &str) -> Result<Self, WorkError> {
        let parse = || {
            let (minutes, after) = text.split_once(" after ")?;
            let (hours, rest) = after.trim().split_once(':')?;
            let (minutes, hours, rest): (u16, u16, u16) =
                (minutes.trim().parse().ok()?, hours.parse().ok()?, rest.parse().ok()?);
            let sensible = (1..=180).contains(&minutes) && hours < 24 && rest < 60;
            sensible.then(|| Self { minutes, after_minutes: hours * 60 + rest })
        };
        parse().ok_or_else(|| WorkError::Break(short(text)))
    }
}

/// Everything that a site sets about working time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "RawRules", into = "RawRules")]
pub struct WorkRules {
    /// When everybody is expected who has no schedule of their own.
    pub schedule: Schedule,
    /// Minutes after the start of a shift that are not yet late; as many before its end are not yet early.
    pub grace_minutes: u16,
    /// Days on which nobody is expected, and what they are called.
    pub holidays: BTreeMap<Date, String>,
    /// Of a day's working time.
    pub rounding: Rounding,
    /// Taken off long days.
    pub breaks: Vec<BreakRule>,
    /// People with a schedule of their own; an empty one expects them never.
    pub people: BTreeMap<PersonId, Schedule>,
}

impl WorkRules {
    /// Most grace, minutes.
    pub const MAX_GRACE: u16 = 240;
    /// Most holidays.
    pub const MAX_HOLIDAYS: usize = 400;

    /// When a person is expected.
    #[must_use]
    pub fn schedule_of(&self, person: PersonId) -> &Schedule {
        self.people.get(&person).unwrap_or(&self.schedule)
    }

    /// Whether anybody is expected at any time: else nobody is late or absent.
    #[must_use]
    pub fn expects_anybody(&self) -> bool {
        !self.schedule.is_empty() || self.people.values().any(|schedule| !schedule.is_empty())
    }

    /// Holidays from lines or list items such as `2026-12-25 Christmas Day`.
    pub fn parse_holidays<'a>(
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<Date, String>, WorkError> {
        let mut holidays = BTreeMap::new();
        for line in lines.map(str::trim).filter(|line| !line.is_empty()).take(Self::MAX_HOLIDAYS) {
            let (date, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let date: Date = date.parse().map_err(|_| WorkError::Holiday(short(line)))?;
            let name: String = name.chars().filter(|c| !c.is_control()).collect();
            let name: String = name.trim().chars().take(60).collect();
            holidays.insert(date, name.trim_end().to_owned());
        }
        Ok(holidays)
    }

    /// The other way round: one line each.
    #[must_use]
    pub fn holiday_lines(&self) -> Vec<String> {
        self.holidays.iter().map(|(date, name)| format!("{date} {name}").trim_end().to_owned()).collect()
    }
}

/// The rules as they are written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawRules {
    schedule: String,
    grace_minutes: u16,
    holidays: Vec<String>,
    rounding: String,
    breaks: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    people: BTreeMap<String, String>,
}

impl From<WorkRules> for RawRules {
    fn from(rules: WorkRules) -> Self {
        let holidays = rules.holiday_lines();
        // Destructured whole: a new rule must be placed here.
        let WorkRules { schedule, grace_minutes, holidays: _, rounding, breaks, people } = rules;
        Self {
            schedule: schedule.to_string(),
            grace_minutes,
            holidays,
            rounding: rounding.to_string(),
            breaks: breaks.iter().map(ToString::to_string).collect(),
            people: people.into_iter().map(|(id, schedule)| (id.to_string(), schedule.to_string())).collect(),
        }
    }
}

impl TryFrom<RawRules> for WorkRules {
    type Error = WorkError;

    fn try_from(raw: RawRules) -> Result<Self, WorkError> {
        let person = |(id, schedule): (String, String)| {
            let id = id.parse().map_err(|_| WorkError::Person(short(&id)))?;
            Ok((id, schedule.parse()?))
        };
        Ok(Self {
            schedule: raw.schedule.parse()?,
            grace_minutes: raw.grace_minutes.min(Self::MAX_GRACE),
            holidays: Self::parse_holidays(raw.holidays.iter().map(String::as_str))?,
            rounding: if raw.rounding.is_empty() { Rounding::Exact } else { raw.rounding.parse()? },
            breaks: raw.breaks.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            people: raw.people.into_iter().map(person).collect::<Result<_, _>>()?,
        })
    }
}

/// What a message repeats of somebody's text.
fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    fn any_shift() -> impl Strategy<Value = Shift> {
        (1_u8..128, 0_i8..24, 0_i8..60, 1_i32..=960).prop_map(|(days, hour, minute, length)| {
            let start = time(hour, minute, 0, 0);
            let end = start.wrapping_add(jiff::Span::new().minutes(length));
            Shift { days: Weekdays(days), start, end }
        })
    }

    #[test]
    fn schedules_read_as_people_write_them() {
        let schedule: Schedule = " mon-fri 08:00-17:00;sat 9:00-13:00 ; ".parse().unwrap();
        assert_eq!(schedule.to_string(), "mon-fri 08:00-17:00; sat 09:00-13:00");
        assert_eq!(schedule.on(Weekday::Wednesday).count(), 1);
        assert_eq!(schedule.on(Weekday::Sunday).count(), 0);
        let night: Schedule = "Fri-Mon 22:00-06:00".parse().unwrap();
        assert_eq!(night.to_string(), "mon,fri-sun 22:00-06:00");
        assert!(night.shifts()[0].over_midnight());
        assert_eq!(night.shifts()[0].minutes(), 8 * 60);
        assert_eq!("".parse::<Schedule>().unwrap(), Schedule::default());
    }

    #[test]
    fn schedules_that_cannot_be_are_refused_by_name() {
        let refused = |text: &str| text.parse::<Schedule>().unwrap_err();
        for text in ["monday 08:00-17:00", "mon", "mon 8-17", "mon 08:00-25:00", "- 08:00-09:00", "mon-  1:0"]
        {
            assert!(matches!(refused(text), WorkError::Schedule(_)), "{text}");
        }
        assert_eq!(refused("mon 08:00-08:00"), WorkError::Length);
        assert_eq!(refused("mon 08:00-07:00"), WorkError::Length, "23 hours");
        assert_eq!(refused("mon 08:00-12:00; mon-fri 11:59-13:00"), WorkError::Overlap);
        assert_eq!(refused("sun 22:00-06:00; mon 05:00-09:00"), WorkError::Overlap, "around the week's end");
        assert_eq!(refused(&"mon 01:00-01:01;".repeat(15)), WorkError::TooMany);
        let no_day = Shift { days: Weekdays::default(), start: time(8, 0, 0, 0), end: time(9, 0, 0, 0) };
        assert_eq!(Schedule::new(vec![no_day]), Err(WorkError::NoDay));
    }

    #[test]
    fn rules_are_kept_as_text_and_come_back() {
        let mut rules = WorkRules {
            schedule: "mon-fri 08:00-17:00".parse().unwrap(),
            grace_minutes: 5,
            rounding: Rounding::Nearest(15),
            breaks: vec!["30 after 6:00".parse().unwrap(), "45 after 9:00".parse().unwrap()],
            ..WorkRules::default()
        };
        rules.holidays.insert(date(2026, 12, 25), "Christmas Day".into());
        rules.holidays.insert(date(2027, 1, 1), String::new());
        rules.people.insert(PersonId::from_bytes([7; 16]), "sat 22:00-06:00".parse().unwrap());
        let text = toml::to_string(&rules).unwrap();
        assert!(text.contains("\"2026-12-25 Christmas Day\", \"2027-01-01\""), "{text}");
        assert_eq!(toml::from_str::<WorkRules>(&text).unwrap(), rules);
        assert_eq!(toml::from_str::<WorkRules>("").unwrap(), WorkRules::default());
        for (bad, word) in [
            ("rounding = 'up 0'", "nearest 15"),
            ("breaks = ['30']", "30 after 6:00"),
            ("holidays = ['Christmas']", "2026-12-25"),
            ("people = { x = '' }", "people list"),
            ("schedule = 'always'", "mon-fri"),
        ] {
            let error = toml::from_str::<WorkRules>(bad).unwrap_err();
            assert!(error.message().contains(word), "{bad}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_schedule_that_is_written_is_read_back(shifts in prop::collection::vec(any_shift(), 0..5)) {
            if let Ok(schedule) = Schedule::new(shifts) {
                prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
            }
        }

        #[test]
        fn any_text_is_a_schedule_or_a_sentence(text in "[a-z0-9:;, -]{0,40}|\\PC{0,20}") {
            if let Ok(schedule) = text.parse::<Schedule>() {
                prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
            }
            let _ = (text.parse::<Rounding>(), text.parse::<BreakRule>());
        }

        #[test]
        fn rounding_and_breaks_come_back(minutes in 1_u8..=60, after in 0_u16..1440, breaks in 1_u16..=180) {
            for rounding in [Rounding::Exact, Rounding::Nearest(minutes), Rounding::Down(minutes), Rounding::Up(minutes)] {
                prop_assert_eq!(rounding.to_string().parse::<Rounding>(), Ok(rounding));
            }
            let rule = BreakRule { minutes: breaks, after_minutes: after };
            prop_assert_eq!(rule.to_string().parse::<BreakRule>(), Ok(rule));
        }
    }
}
