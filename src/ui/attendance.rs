//! Every mark of a range of days: find, sort, correct, look into its history.
//!
//! Job: a table with filters over what was loaded. It must not know how marks are kept.

use super::{
    Action, Asked, Scene,
    host::{empty, loading},
    marks::{Marks, source_word},
    people::finds,
    period::Period,
    range::{DayRange, range_ui},
    table::{Col, Sort, buttons, faint, table, text},
    theme,
    today::mark_source,
    widgets::{
        Weight, badge, banner, button, caption, kind_tone, page_title, pick, quiet, row_button, search,
    },
    words::{sentence, time_of_day},
};
use crate::{
    domain::{MarkKind, MarkSource, PersonName},
    runtime::messages::{HostRequest, MarkRow, PersonRow, Refusal, ReplyBody},
};
use egui::Ui;
use jiff::civil::Date;

/// What was loaded, chosen and typed.
pub struct Attendance {
    range: DayRange,
    /// The range that `rows` are of.
    loaded: Option<(Date, Date)>,
    rows: Option<Vec<MarkRow>>,
    /// Places in `rows` that the filters let through, in the order shown.
    shown: Vec<usize>,
    filter: Filter,
    sort: Sort<Key>,
    people: Vec<PersonRow>,
    marks: Marks,
    period: Period,
    refused: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Filter {
    search: String,
    kind: Option<MarkKind>,
    source: Option<MarkSource>,
}

/// By what marks can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Time,
    Name,
    Badge,
    Kind,
    Source,
}

impl Attendance {
    /// The week up to `today`, and the request that fills it.
    #[must_use]
    pub fn new(today: Date) -> (Self, HostRequest) {
        let range = DayRange::week(today);
        let mut page = Self {
            range,
            loaded: None,
            rows: None,
            shown: Vec::new(),
            filter: Filter::default(),
            sort: Sort::new(Key::Time, true),
            people: Vec::new(),
            marks: Marks::default(),
            period: Period::default(),
            refused: None,
        };
        let (from, to) = page.range.days().unwrap_or((today, today));
        page.loaded = Some((from, to));
        (page, HostRequest::Attendance { from, to })
    }

    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, mut body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        if self.marks.reply(asked, &mut body) || self.period.reply(asked, &body) {
            return self.load().into_iter().collect();
        }
        match (asked, body) {
            (Asked::Attendance, Ok(ReplyBody::Attendance(rows))) => {
                self.rows = Some(rows);
                self.refused = None;
                self.arrange();
            }
            (_, Ok(ReplyBody::People(people))) => self.people = people,
            (Asked::Attendance, Err(refusal)) => self.refused = Some(sentence(&refusal.to_string())),
            _ => {}
        }
        Vec::new()
    }

    /// Asks again for the range that is shown.
    fn load(&mut self) -> Option<Action> {
        let (from, to) = self.loaded?;
        Some(Action::AskHost(HostRequest::Attendance { from, to }))
    }

    /// Filters and sorts anew: once for each change, not for each frame.
    fn arrange(&mut self) {
        let rows = self.rows.as_deref().unwrap_or_default();
        self.shown = arranged(rows, &self.filter, self.sort);
    }
}

fn arranged(rows: &[MarkRow], filter: &Filter, sort: Sort<Key>) -> Vec<usize> {
    let hit = |row: &MarkRow| {
        filter.kind.is_none_or(|kind| row.kind == kind)
            && filter.source.is_none_or(|source| row.source == source)
            && found(row, &filter.search)
    };
    in_order(rows.iter().enumerate().filter(|(_, row)| hit(row)).collect(), sort)
}

/// Whether a search finds whose mark it is.
pub(super) fn found(row: &MarkRow, search: &str) -> bool {
    let name = row.name.as_ref().map(PersonName::as_str).unwrap_or_default();
    finds(search, name, row.badge.as_deref())
}

/// Places of marks, sorted; they come in the order of time.
pub(super) fn in_order(mut shown: Vec<(usize, &MarkRow)>, sort: Sort<Key>) -> Vec<usize> {
    match sort.by {
        Key::Time => {} // as they come
        Key::Name => shown.sort_by_cached_key(|(_, row)| {
            (row.name.is_none(), row.name.as_ref().map(|name| name.as_str().to_lowercase()))
        }),
        Key::Badge => {
            shown.sort_by(|(_, a), (_, b)| (a.badge.is_none(), &a.badge).cmp(&(b.badge.is_none(), &b.badge)));
        }
        Key::Kind => shown.sort_by_key(|(_, row)| row.kind),
        Key::Source => shown.sort_by_key(|(_, row)| (row.reason.is_some(), source_place(row.source))),
    }
    let mut shown: Vec<usize> = shown.into_iter().map(|(place, _)| place).collect();
    if sort.descending {
        shown.reverse();
    }
    shown
}

const SOURCES: [MarkSource; 3] = [MarkSource::Face, MarkSource::Pin, MarkSource::Host];

fn source_place(source: MarkSource) -> usize {
    SOURCES.iter().position(|known| *known == source).unwrap_or(SOURCES.len())
}

/// Draws it.
pub(super) fn attendance_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Attendance) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    page_title(ui, &words.say("page-attendance"), |ui| {
        if button(ui, &words.say("today-add"), Weight::Primary).clicked() {
            local.marks.add(scene.now.utc, scene.zone());
        }
        if button(ui, &words.say("period-button"), Weight::Quiet).clicked() {
            local.period.open(scene.attendance_day());
        }
        if let Some(rows) = local.rows.as_ref().filter(|_| ui.available_width() > 160.0) {
            let values = [("shown", local.shown.len().into()), ("rows", rows.len().into())];
            caption(ui, &words.with("attendance-count", &values));
        }
    });
    range_ui(ui, words, &mut local.range, scene.attendance_day());
    if let Some(range) = local.range.days().filter(|range| local.loaded != Some(*range)) {
        local.loaded = Some(range);
        actions.extend(local.load());
    }
    local.period.state_ui(ui, scene);
    let before = local.filter.clone();
    filters(ui, scene, &mut local.filter);
    if before != local.filter {
        local.arrange();
    }
    if let Some(refused) = &local.refused {
        banner(ui, theme::palette(ui).alarm, refused);
    }
    match &local.rows {
        None if local.refused.is_none() => loading(ui, scene),
        None => {}
        Some(rows) if rows.is_empty() => {
            empty(ui, &words.say("attendance-none"), &words.say("attendance-none-text"));
        }
        Some(_) if local.shown.is_empty() => drop(quiet(ui, &words.say("attendance-not-found"))),
        Some(_) => actions.extend(marks_table(ui, scene, local)),
    }
    actions.extend(local.marks.ui(ui, scene, &local.people));
    actions.extend(local.period.ui(ui, scene));
    actions
}

fn filters(ui: &mut Ui, scene: &Scene<'_>, filter: &mut Filter) {
    let words = scene.words;
    ui.horizontal(|ui| {
        let narrow = ui.available_width() < 720.0;
        search(ui, &words.say("people-search"), &mut filter.search, if narrow { 220.0 } else { 280.0 });
        let mut kinds = vec![(None, words.say("filter-any-kind"))];
        kinds.extend(MarkKind::ALL.map(|kind| (Some(kind), words.kind(kind))));
        pick(ui, &words.say("today-kind"), &mut filter.kind, &kinds);
        let mut sources = vec![(None, words.say("filter-any-source"))];
        sources.extend(SOURCES.map(|source| (Some(source), source_word(words, source))));
        pick(ui, &words.say("today-source"), &mut filter.source, &sources);
    });
}

fn marks_table(ui: &mut Ui, scene: &Scene<'_>, local: &mut Attendance) -> Option<Action> {
    let words = scene.words;
    let colours = theme::palette(ui);
    let narrow = ui.available_width() < 880.0;
    let mut columns = vec![
        Col::fixed(words.say("attendance-day"), 118.0).sorts(Key::Time),
        Col::fixed(words.say("today-time"), 70.0),
        Col::rest(words.say("people-name")).sorts(Key::Name),
    ];
    if !narrow {
        columns.push(Col::fixed(words.say("people-badge"), 96.0).sorts(Key::Badge));
    }
    columns.push(Col::fixed(words.say("today-kind"), 104.0).sorts(Key::Kind));
    if !narrow {
        columns.push(Col::fixed(words.say("today-source"), 156.0).sorts(Key::Source));
    }
    columns.push(Col::fixed(String::new(), if narrow { 132.0 } else { 232.0 }));
    let locked_until = local.period.until();
    let Attendance { rows, shown, marks, sort, .. } = &mut *local;
    let rows = rows.as_deref().unwrap_or_default();
    let mut action = None;
    let changed = table(ui, "attendance", &columns, sort, theme::ROW, shown.len(), |ui, row, column| {
        let Some(mark) = shown.get(row).and_then(|place| rows.get(*place)) else { return };
        let time = time_of_day(mark.at, scene.zone());
        let erased = words.say("today-erased");
        let name = mark.name.as_ref().map_or(erased.as_str(), |name| name.as_str());
        match (column, narrow) {
            (0, _) => text(ui, &words.day(mark.date)),
            (1, _) => text(ui, &time),
            (2, _) => text(ui, name),
            (3, false) => faint(ui, mark.badge.as_deref().unwrap_or_default()),
            (4, false) | (3, true) => badge(ui, kind_tone(colours, mark.kind), &words.kind(mark.kind)),
            (5, false) => faint(ui, &mark_source(words, mark)),
            _ => buttons(ui, |ui| {
                let value =
                    [("name", name.into()), ("time", format!("{} {time}", words.day(mark.date)).into())];
                let locked = locked_until.is_some_and(|until| mark.date <= until);
                let spoken = words.with("today-correct-spoken", &value);
                if !locked && row_button(ui, &words.say("today-correct"), &spoken, Weight::Primary).clicked()
                {
                    marks.correct(mark, scene.zone());
                }
                let spoken = words.with("history-spoken", &value);
                if (locked || !narrow)
                    && row_button(ui, &words.say("history-button"), &spoken, Weight::Primary).clicked()
                {
                    action = Some(marks.history(mark));
                }
            }),
        }
    });
    if changed {
        local.arrange();
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EventId, PersonId, PersonName};
    use jiff::{Timestamp, civil::date};

    fn rows() -> Vec<MarkRow> {
        let row = |n: u64, name: &str, badge: Option<&str>, kind, source| MarkRow {
            event: EventId(n),
            date: date(2026, 11, 25),
            person: PersonId::from_bytes([1; 16]),
            name: PersonName::new(name).ok(),
            badge: badge.map(str::to_owned),
            kind,
            at: Timestamp::from_second(n as i64).unwrap(),
            source,
            reason: None,
        };
        vec![
            row(1, "émile", Some("7"), MarkKind::CheckIn, MarkSource::Face),
            row(2, "Ada", None, MarkKind::CheckIn, MarkSource::Host),
            row(3, "", Some("12"), MarkKind::CheckOut, MarkSource::Face), // erased
            row(4, "Bea", Some("1"), MarkKind::BreakStart, MarkSource::Pin),
        ]
    }

    #[test]
    fn filters_and_order_are_what_the_titles_say() {
        let shown = |filter: &Filter, by, descending| arranged(&rows(), filter, Sort::new(by, descending));
        let all = Filter::default();
        assert_eq!(shown(&all, Key::Time, false), [0, 1, 2, 3]);
        assert_eq!(shown(&all, Key::Time, true), [3, 2, 1, 0]);
        assert_eq!(shown(&all, Key::Name, false), [1, 3, 0, 2], "erased people last");
        assert_eq!(shown(&all, Key::Badge, false), [3, 2, 0, 1]);
        assert_eq!(shown(&all, Key::Kind, false), [0, 1, 2, 3]);
        let search = |text: &str| Filter { search: text.into(), ..Filter::default() };
        assert_eq!(shown(&search(" ÉM"), Key::Time, false), [0]);
        assert_eq!(shown(&search("12"), Key::Time, false), [2]);
        let face_in =
            Filter { kind: Some(MarkKind::CheckIn), source: Some(MarkSource::Face), ..Filter::default() };
        assert_eq!(shown(&face_in, Key::Time, false), [0]);
    }
}
