//! Lists of people from other systems: bytes in, what each row would do out.
//!
//! Job: reading a list, however odd, into a bounded plan that a host can look at first. It must not change anything:
//! the ledger carries a plan out.

use crate::domain::{Person, PersonId, PersonName};
use std::collections::{HashMap, HashSet};

/// Largest file, bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// Most rows.
pub const MAX_ROWS: usize = 10_000;
/// Longest badge, characters.
const MAX_BADGE: usize = 64;

/// Why a list was not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Over [`MAX_BYTES`].
    #[error("the list is larger than {} MB: split it", MAX_BYTES >> 20)]
    TooLarge,
    /// Over [`MAX_ROWS`].
    #[error("the list has more than {MAX_ROWS} rows: split it")]
    TooManyRows,
    /// Not UTF-8.
    #[error("the list is not in UTF-8: save it as “CSV UTF-8” in the spreadsheet program")]
    NotUtf8,
    /// No column of names.
    #[error("the list has no column 'name': its first line must name the columns, for example name,badge")]
    NoName,
    /// Broken quotes or uneven rows are told with their line; this is anything else.
    #[error("the list cannot be read: {0}. Save it as CSV again")]
    Broken(String),
}

/// What a list would do, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportPlan {
    /// In the order of the file.
    pub rows: Vec<ImportRow>,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Name as written.
    pub name: String,
    /// Badge as written.
    pub badge: Option<String>,
    /// What comes of it.
    pub deed: ImportDeed,
}

/// What a row would do.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportDeed {
    /// Adds a person.
    Add(PersonName),
    /// Gives the person with this badge a new name.
    Rename(PersonId, PersonName),
    /// They are known already, just so.
    Known,
    /// Nothing.
    Refuse(RowFault),
}

/// Why a row does nothing. The command line says it so; the screen has its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// Nothing but spaces.
    #[error("no name: fill it in")]
    NameEmpty,
    /// Over [`PersonName::MAX_CHARS`].
    #[error("the name has more than {} characters: shorten it", PersonName::MAX_CHARS)]
    NameTooLong,
    /// Or another control character.
    #[error("the name holds a line break: remove it")]
    LineBreak,
    /// Too long, or holds a control character.
    #[error("the badge has more than {MAX_BADGE} characters or a line break: shorten it")]
    Badge,
    /// An earlier row has it.
    #[error("an earlier row has the same badge: give each person their own")]
    BadgeTwice,
}

impl ImportPlan {
    /// Rows that add, rename, are known, and are refused.
    #[must_use]
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for row in &self.rows {
            let place = match row.deed {
                ImportDeed::Add(_) => 0,
                ImportDeed::Rename(..) => 1,
                ImportDeed::Known => 2,
                ImportDeed::Refuse(_) => 3,
            };
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
        }
        counts
    }

    /// Rows that would change something.
    #[must_use]
    pub fn changes(&self) -> usize {
        let [add, rename, ..] = self.counts();
        add + rename
    }
}

/// Reads a list and holds it against the people known now. The first line names the columns: `name`, and if the site
/// uses badges, `badge` (or `id` or `number`); others are ignored. Commas, semicolons or tabs stand between cells.
pub fn plan(bytes: &[u8], known: &[Person]) -> Result<ImportPlan, ImportError> {
    if bytes.len() > MAX_BYTES {
        return Err(ImportError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ImportError::NotUtf8)?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| ImportError::Broken(e.to_string()))?;
    let place = |names: &[&str]| {
        header.iter().position(|head| names.iter().any(|name| head.eq_ignore_ascii_case(name)))
    };
    let name_at = place(&["name"]).ok_or(ImportError::NoName)?;
    let badge_at = place(&["badge"]).or_else(|| place(&["id", "number"]));
    let mut judge = Judge::new(known);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| ImportError::Broken(e.to_string()))?;
        if rows.len() == MAX_ROWS {
            return Err(ImportError::TooManyRows);
        }
        let name = record.get(name_at).unwrap_or_default();
        let badge = badge_at.and_then(|at| record.get(at)).filter(|badge| !badge.is_empty());
        rows.push(ImportRow {
            line: record.position().map_or(0, |position| lines.of(position.byte())),
            deed: judge.deed(name, badge),
            name: name.chars().take(PersonName::MAX_CHARS + 1).collect(),
            badge: badge.map(|badge| badge.chars().take(MAX_BADGE + 1).collect()),
        });
    }
    Ok(ImportPlan { rows })
}

/// Counts lines on the way through a text: the reader's own count is one behind after a line that ends in CR LF.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first thing that stands at or after a byte; asked for in ascending order.
    fn of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        let bytes = self.text.as_bytes();
        let blank = |at: &usize| !matches!(bytes.get(*at), Some(b'\r' | b'\n'));
        let start = (byte..bytes.len()).find(blank).unwrap_or(bytes.len());
        self.line += self.text.get(self.at..start).unwrap_or_default().matches('\n').count() as u64;
        self.at = start.max(self.at);
        self.line
    }
}

/// The separator that the first line has most of.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// Who is known, and what the rows so far have used.
struct Judge {
    by_badge: HashMap<String, (PersonId, PersonName)>,
    /// Names of people without a badge: the only other way to tell that a row is known.
    without_badge: HashSet<String>,
    badges_seen: HashSet<String>,
}

impl Judge {
    fn new(known: &[Person]) -> Self {
        let mut judge =
            Self { by_badge: HashMap::new(), without_badge: HashSet::new(), badges_seen: HashSet::new() };
        for person in known {
            match &person.badge {
                Some(badge) => {
                    judge.by_badge.insert(badge.clone(), (person.id, person.name.clone()));
                }
                None => {
                    judge.without_badge.insert(person.name.as_str().to_lowercase());
                }
            }
        }
        judge
    }

    fn deed(&mut self, name: &str, badge: Option<&str>) -> ImportDeed {
        let name = match PersonName::new(name) {
            Ok(name) => name,
            Err(crate::domain::NameError::Empty) => return ImportDeed::Refuse(RowFault::NameEmpty),
            Err(crate::domain::NameError::TooLong) => return ImportDeed::Refuse(RowFault::NameTooLong),
            Err(crate::domain::NameError::ControlCharacter) => {
                return ImportDeed::Refuse(RowFault::LineBreak);
            }
        };
        let Some(badge) = badge else {
            let new = self.without_badge.insert(name.as_str().to_lowercase());
            return if new { ImportDeed::Add(name) } else { ImportDeed::Known };
        };
        if badge.chars().count() > MAX_BADGE || badge.chars().any(char::is_control) {
            return ImportDeed::Refuse(RowFault::Badge);
        }
        if !self.badges_seen.insert(badge.to_owned()) {
            return ImportDeed::Refuse(RowFault::BadgeTwice);
        }
        match self.by_badge.get(badge) {
            None => ImportDeed::Add(name),
            Some((_, same)) if *same == name => ImportDeed::Known,
            Some((id, _)) => ImportDeed::Rename(*id, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known() -> Vec<Person> {
        let person = |n: u8, name: &str, badge: Option<&str>| Person {
            id: PersonId::from_bytes([n; 16]),
            name: PersonName::new(name).unwrap(),
            badge: badge.map(str::to_owned),
            active: true,
            created: jiff::Timestamp::UNIX_EPOCH,
            consent: None,
        };
        vec![person(1, "Ada Lovelace", Some("7")), person(2, "Alan", None), person(3, "Grace", Some("9"))]
    }

    #[test]
    fn each_row_says_what_it_would_do() {
        use ImportDeed as D;
        let text = "\u{feff}Badge;Department;NAME\r\n7;x;Ada Lovelace\r\n9;x;Grace Hopper\r\n12;x;Élise\r\n\
                    12;x;Somebody\r\n;x;alan\r\n;x;Nobody\r\n13;x; \r\n;x;\"a\nb\"\r\n14\r\n";
        let plan = plan(text.as_bytes(), &known()).unwrap();
        let name = |text: &str| PersonName::new(text).unwrap();
        let deeds: Vec<_> = plan.rows.iter().map(|row| row.deed.clone()).collect();
        assert_eq!(
            deeds,
            [
                D::Known,
                D::Rename(PersonId::from_bytes([3; 16]), name("Grace Hopper")),
                D::Add(name("Élise")),
                D::Refuse(RowFault::BadgeTwice),
                D::Known,
                D::Add(name("Nobody")),
                D::Refuse(RowFault::NameEmpty),
                D::Refuse(RowFault::LineBreak),
                D::Refuse(RowFault::NameEmpty),
            ]
        );
        assert_eq!(plan.counts(), [2, 1, 2, 4]);
        let lines: Vec<u64> = plan.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 11]);
    }

    #[test]
    fn what_is_no_list_of_people_is_refused_in_a_sentence() {
        let refused = |bytes: &[u8]| plan(bytes, &[]).unwrap_err();
        assert_eq!(refused(b""), ImportError::NoName);
        assert_eq!(refused(b"first,last\nA,B\n"), ImportError::NoName);
        assert_eq!(refused(b"name\n\xff\xfe\n"), ImportError::NotUtf8);
        assert_eq!(refused(&vec![b'a'; MAX_BYTES + 1]), ImportError::TooLarge);
        let many = format!("name\n{}", "A\n".repeat(MAX_ROWS + 1));
        assert_eq!(refused(many.as_bytes()), ImportError::TooManyRows);
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_plan_or_a_sentence(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = plan(&bytes, &known());
            let mut with_head = b"name,badge\n".to_vec();
            with_head.extend(&bytes);
            let _ = plan(&with_head, &known());
        }

        #[test]
        fn a_list_that_was_carried_out_does_nothing_more(
            rows in prop::collection::vec(("[a-z]{1,4}", prop::option::of("[1-9]{1,2}")), 0..12),
        ) {
            let mut text = "name,badge\n".to_owned();
            for (name, badge) in &rows {
                text.extend([name.as_str(), ",", badge.as_deref().unwrap_or_default(), "\n"]);
            }
            let first = plan(text.as_bytes(), &[]).unwrap();
            let people: Vec<Person> = first.rows.iter().zip(1_u8..).filter_map(|(row, n)| match &row.deed {
                ImportDeed::Add(name) => Some(Person {
                    id: PersonId::from_bytes([n; 16]), name: name.clone(), badge: row.badge.clone(),
                    active: true, created: jiff::Timestamp::UNIX_EPOCH, consent: None,
                }),
                _ => None,
            }).collect();
            prop_assert_eq!(plan(text.as_bytes(), &people).unwrap().changes(), 0);
        }
    }
}
