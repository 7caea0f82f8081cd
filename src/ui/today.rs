//! One attendance day: who is here, late or missing, how the day went, and every mark.
//!
//! Job: show a day. It must not know how late and absent are found out.

use super::{
    Action, Asked, Scene,
    attendance::{self, found, in_order},
    day_chart::day_chart,
    host::{empty, loading},
    marks::{Marks, source_word},
    people::finds,
    period::Period,
    table::{Col, Sort, buttons, faint, table, text},
    theme::{self, Palette, Tone},
    widgets::{
        Weight, badge, banner, button, button_if, caption, kind_tone, page_title, quiet, row_button, search,
        segments, tile_button,
    },
    words::{Words, sentence, time_of_day},
};
use crate::{
    domain::PersonName,
    runtime::messages::{DayPerson, DayView, HostRequest, MarkRow, PersonRow, Presence, Refusal, ReplyBody},
};
use egui::Ui;
use jiff::civil::Date;
use std::time::Duration;

/// Late and absent are as of the load: how often the present day is loaded again.
const FRESH: Duration = Duration::from_mins(1);

/// The day shown, what of it, and what was typed.
pub struct Today {
    day: Date,
    view: Option<DayView>,
    /// When the present day was asked for last.
    loaded: Option<Duration>,
    people: Vec<PersonRow>,
    marks: Marks,
    period: Period,
    refused: Option<String>,
    show: Show,
    search: String,
    sort: Sort<Key>,
    marks_sort: Sort<attendance::Key>,
}

/// What the table lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    Everybody,
    Inside,
    Late,
    Absent,
    Gone,
    Marks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    State,
    Came,
    Last,
    Worked,
    Planned,
}

impl Today {
    /// A day that is not loaded yet.
    #[must_use]
    pub fn new(day: Date) -> Self {
        Self {
            day,
            view: None,
            loaded: None,
            people: Vec::new(),
            marks: Marks::default(),
            period: Period::default(),
            refused: None,
            show: Show::Everybody,
            search: String::new(),
            sort: Sort::new(Key::State, false),
            marks_sort: Sort::new(attendance::Key::Time, true), // the newest is the one asked about
        }
    }

    /// The day shown.
    #[must_use]
    pub fn day(&self) -> Date {
        self.day
    }

    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, mut body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        if self.marks.reply(asked, &mut body) {
            return vec![Action::AskHost(HostRequest::Day(self.day))];
        }
        self.period.reply(asked, &body);
        match (asked, body) {
            (_, Ok(ReplyBody::Day(view))) if view.date == self.day => {
                (self.view, self.refused) = (Some(*view), None);
            }
            (_, Ok(ReplyBody::People(people))) => self.people = people,
            (Asked::Day, Err(refusal)) => self.refused = Some(sentence(&refusal.to_string())),
            _ => {}
        }
        Vec::new()
    }

    /// Once a minute, from the first drawing on.
    fn due(&mut self, now: Duration) -> bool {
        let loaded = *self.loaded.get_or_insert(now);
        let due = now.saturating_sub(loaded) >= FRESH;
        if due {
            self.loaded = Some(now);
        }
        due
    }

    fn go(&mut self, day: Date) -> Action {
        self.day = day;
        (self.view, self.loaded, self.refused) = (None, None, None);
        Action::AskHost(HostRequest::Day(day))
    }
}

impl Show {
    fn wants(self, person: &DayPerson) -> bool {
        match self {
            Self::Everybody | Self::Marks => true,
            Self::Inside => matches!(person.presence, Presence::Inside | Presence::OnBreak),
            Self::Late => person.late.is_some(),
            Self::Absent => not_seen(person.presence),
            Self::Gone => person.presence == Presence::Left,
        }
    }
}

/// Where the site keeps schedules, whoever is free is not missing; where it does not, everybody not seen is listed.
fn not_seen(presence: Presence) -> bool {
    matches!(presence, Presence::Absent | Presence::Free)
}

/// Draws it.
pub(super) fn today_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Today) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let today = scene.attendance_day();
    if local.day == today && local.due(scene.now.mono) {
        actions.push(Action::AskHost(HostRequest::Day(today)));
    }
    let title = if local.day == today { words.say("page-today") } else { words.date(local.day) };
    page_title(ui, &title, |ui| {
        if button(ui, &words.say("today-add"), Weight::Primary).clicked() {
            let at = local
                .view
                .as_ref()
                .filter(|_| local.day != today)
                .map_or(scene.now.utc, |view| view.range.start);
            local.marks.add(at, scene.zone());
        }
        let next = local.day.tomorrow().ok().filter(|next| *next <= today);
        for (id, day) in [("today-next-day", next), ("today-day-before", local.day.yesterday().ok())] {
            let pressed = button_if(ui, day.is_some(), &words.say(id), Weight::Quiet).clicked();
            if let Some(day) = day.filter(|_| pressed) {
                actions.push(local.go(day));
            }
        }
    });
    if let Some(refused) = &local.refused {
        banner(ui, theme::palette(ui).alarm, refused);
    }
    let unknown = local.view.as_ref().filter(|_| local.day == today).map_or(0, |view| view.enrol_again);
    if unknown > 0 {
        let text = words.with("today-enrol-again", &[("people", unknown.into())]);
        banner(ui, theme::palette(ui).notice, &text);
    }
    match &local.view {
        None if local.refused.is_none() => loading(ui, scene),
        None => {}
        Some(view) => {
            let low = ui.ctx().content_rect().height() < theme::SMALL_HEIGHT;
            let locked = local.period.until().is_some_and(|until| local.day <= until);
            day_line(ui, scene, view);
            if locked {
                local.period.state_ui(ui, scene);
            }
            tiles(ui, words, view, &mut local.show);
            if !low {
                day_chart(ui, scene, view);
            }
            let lists =
                [(Show::Everybody, words.say("today-everybody")), (Show::Marks, words.say("today-marks"))];
            ui.horizontal(|ui| {
                segments(ui, &mut local.show, &lists);
                search(ui, &words.say("people-search"), &mut local.search, 280.0);
            });
            if local.show == Show::Marks {
                let (dialogs, sort) = (&mut local.marks, &mut local.marks_sort);
                actions.extend(marks_table(ui, scene, &view.marks, &local.search, locked, dialogs, sort));
            } else {
                people_table(ui, scene, view, local.show, &local.search, &mut local.sort);
            }
        }
    }
    actions.extend(local.marks.ui(ui, scene, &local.people));
    actions
}

/// The date where the title does not say it, the holiday if it is one, and the head of the audit log to note down.
fn day_line(ui: &mut Ui, scene: &Scene<'_>, view: &DayView) {
    let words = scene.words;
    let date = (view.date == scene.attendance_day()).then(|| words.date(view.date));
    let holiday = view.holiday.as_ref().map(|name| match name.as_str() {
        "" => words.say("today-holiday"),
        name => name.to_owned(),
    });
    let head = words.with("today-audit-head", &[("head", view.audit_head.brief().into())]);
    let parts: Vec<String> = date.into_iter().chain(holiday).chain([head]).collect();
    caption(ui, &parts.join(" · "));
}

fn tiles(ui: &mut Ui, words: &Words, view: &DayView, show: &mut Show) {
    let colours = theme::palette(ui);
    let count = |show: Show| view.people.iter().filter(|person| show.wants(person)).count();
    let absent = view.people.iter().filter(|person| person.presence == Presence::Absent).count();
    let missing = if view.expects {
        (Show::Absent, absent, "today-absent", colours.alarm.solid)
    } else {
        (Show::Absent, count(Show::Absent), "today-not-seen", colours.quiet)
    };
    let mut figures = vec![
        (Show::Inside, count(Show::Inside), "today-inside", colours.arrived.solid),
        missing,
        (Show::Gone, count(Show::Gone), "today-gone", colours.left.solid),
    ];
    if view.expects {
        figures.insert(1, (Show::Late, count(Show::Late), "today-late", colours.notice.solid));
    }
    let width = (ui.available_width() - (figures.len() - 1) as f32 * theme::GAP) / figures.len() as f32;
    ui.horizontal(|ui| {
        for (list, figure, id, ink) in figures {
            let chosen = *show == list;
            let text = words.say(id);
            if tile_button(ui, width.floor(), &figure.to_string(), &text, ink, chosen).clicked() {
                *show = if chosen { Show::Everybody } else { list };
            }
        }
    });
}

fn people_table(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &DayView,
    show: Show,
    wanted: &str,
    sort: &mut Sort<Key>,
) {
    let words = scene.words;
    let mut rows: Vec<&DayPerson> = view
        .people
        .iter()
        .filter(|person| show.wants(person))
        .filter(|person| !(view.expects && show == Show::Absent && person.presence == Presence::Free))
        .collect();
    let listed = !rows.is_empty();
    rows.retain(|person| {
        let name = person.name.as_ref().map(PersonName::as_str).unwrap_or_default();
        finds(wanted, name, person.badge.as_deref())
    });
    if rows.is_empty() {
        ui.add_space(theme::GAP);
        quiet(ui, &words.say(if listed { "people-not-found" } else { "today-nobody" }));
        return;
    }
    // The ledger gives them in name order; sorting keeps it among equals.
    match sort.by {
        Key::Name => {}
        Key::State => rows.sort_by_key(|person| (person.presence, person.late.is_none())),
        Key::Came => rows.sort_by_key(|person| (person.first_in.is_none(), person.first_in)),
        Key::Last => rows.sort_by_key(|person| (person.last.is_none(), person.last)),
        Key::Worked => rows.sort_by_key(|person| person.worked),
        Key::Planned => rows.sort_by_key(|person| {
            let planned = person.planned.as_ref().map(|shift| (shift.start, shift.end));
            (planned.is_none(), planned)
        }),
    }
    if sort.descending {
        rows.reverse();
    }
    let narrow = ui.available_width() < 720.0;
    // A state can be three things at once; names get what is left, and are cut off where that is too little.
    let (times, least) = if narrow { (84.0, 196.0) } else { (84.0 * 2.0 + 96.0 + 132.0, 240.0) };
    let state_width = (ui.available_width() - times - 200.0).clamp(least, 360.0);
    let mut columns = vec![
        Col::rest(words.say("people-name")).sorts(Key::Name),
        Col::fixed(words.say("people-state"), state_width).sorts(Key::State),
        Col::fixed(words.say("today-came"), 84.0).sorts(Key::Came),
    ];
    if !narrow {
        columns.push(Col::fixed(words.say("today-last"), 84.0).sorts(Key::Last));
        columns.push(Col::fixed(words.say("today-worked"), 96.0).sorts(Key::Worked));
        columns.push(Col::fixed(words.say("today-planned"), 132.0).sorts(Key::Planned));
    }
    let colours = theme::palette(ui);
    let time = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| time_of_day(at, scene.zone()));
    table(ui, "day people", &columns, sort, theme::ROW, rows.len(), |ui, row, column| {
        let Some(person) = rows.get(row) else { return };
        match column {
            0 => {
                let erased = words.say("today-erased");
                text(ui, person.name.as_ref().map_or(&erased, |name| name.as_str()));
            }
            1 => state(ui, words, colours, person),
            2 => text(ui, &time(person.first_in)),
            3 => text(ui, &time(person.last)),
            4 if person.worked.is_zero() => {}
            4 => text(ui, &words.hours(person.worked)),
            _ => {
                let planned = person.planned.as_ref();
                let range = |shift: &std::ops::Range<jiff::Timestamp>| {
                    format!("{}–{}", time(Some(shift.start)), time(Some(shift.end)))
                };
                faint(ui, &planned.map_or_else(String::new, range));
            }
        }
    });
}

/// Where somebody is, and what is wrong with their day.
fn state(ui: &mut Ui, words: &Words, colours: &Palette, person: &DayPerson) {
    let (tone, id): (Option<Tone>, _) = match person.presence {
        Presence::Inside => (Some(colours.arrived), "presence-inside"),
        Presence::OnBreak => (Some(colours.notice), "presence-on-break"),
        Presence::Left => (Some(colours.left), "presence-left"),
        Presence::Absent => (Some(colours.alarm), "presence-absent"),
        Presence::Expected => (None, "presence-expected"),
        Presence::Free => (None, "presence-free"),
    };
    match tone {
        Some(tone) => badge(ui, tone, &words.say(id)),
        None => faint(ui, &words.say(id)),
    }
    if let Some(late) = person.late {
        badge(ui, colours.notice, &words.with("today-late-by", &[("time", words.hours(late).into())]));
    }
    if person.incomplete {
        faint(ui, &words.say("today-incomplete"));
    }
}

fn marks_table(
    ui: &mut Ui,
    scene: &Scene<'_>,
    marks: &[MarkRow],
    wanted: &str,
    locked: bool,
    dialogs: &mut Marks,
    sort: &mut Sort<attendance::Key>,
) -> Option<Action> {
    use attendance::Key;
    let words = scene.words;
    if marks.is_empty() {
        empty(ui, &words.say("today-none"), &words.say("today-none-text"));
        return None;
    }
    let colours = theme::palette(ui);
    let narrow = ui.available_width() < 720.0;
    let mut columns = vec![
        Col::fixed(words.say("today-time"), 84.0).sorts(Key::Time),
        Col::rest(words.say("people-name")).sorts(Key::Name),
        Col::fixed(words.say("today-kind"), 110.0).sorts(Key::Kind),
    ];
    if !narrow {
        columns.push(Col::fixed(words.say("today-source"), 170.0).sorts(Key::Source));
    }
    columns.push(Col::fixed(String::new(), if narrow { 132.0 } else { 236.0 }));
    let mut action = None;
    let order = in_order(marks.iter().enumerate().filter(|(_, mark)| found(mark, wanted)).collect(), *sort);
    if order.is_empty() {
        ui.add_space(theme::GAP);
        quiet(ui, &words.say("attendance-not-found"));
        return None;
    }
    table(ui, "day marks", &columns, sort, theme::ROW, order.len(), |ui, row, column| {
        let Some(mark) = order.get(row).and_then(|place| marks.get(*place)) else { return };
        let time = time_of_day(mark.at, scene.zone());
        let erased = words.say("today-erased");
        let name = mark.name.as_ref().map_or(erased.as_str(), |name| name.as_str());
        match column {
            0 => text(ui, &time),
            1 => text(ui, name),
            2 => badge(ui, kind_tone(colours, mark.kind), &words.kind(mark.kind)),
            3 if !narrow => faint(ui, &mark_source(words, mark)),
            _ => buttons(ui, |ui| {
                let value = [("name", name.into()), ("time", time.as_str().into())];
                let spoken = words.with("today-correct-spoken", &value);
                if !locked && row_button(ui, &words.say("today-correct"), &spoken, Weight::Primary).clicked()
                {
                    dialogs.correct(mark, scene.zone());
                }
                let spoken = words.with("history-spoken", &value);
                if (locked || !narrow)
                    && row_button(ui, &words.say("history-button"), &spoken, Weight::Primary).clicked()
                {
                    action = Some(dialogs.history(mark));
                }
            }),
        }
    });
    action
}

/// How the kiosk came to know of a mark, or that it was corrected.
pub(super) fn mark_source(words: &Words, mark: &MarkRow) -> String {
    if mark.reason.is_some() { words.say("today-corrected") } else { source_word(words, mark.source) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AuditHead;
    use jiff::{Timestamp, civil::date};

    fn view(day: Date) -> DayView {
        DayView {
            date: day,
            range: Timestamp::MIN..Timestamp::MAX,
            holiday: None,
            expects: true,
            people: Vec::new(),
            marks: Vec::new(),
            curve: Vec::new(),
            audit_head: AuditHead { number: 1, hash: [0; 32] },
            enrol_again: 0,
        }
    }

    #[test]
    fn a_day_that_was_left_is_not_shown_for_another() {
        let mut page = Today::new(date(2026, 11, 25));
        page.reply(Asked::Day, Ok(ReplyBody::Day(Box::new(view(date(2026, 11, 24))))));
        assert!(page.view.is_none());
        page.reply(Asked::Day, Ok(ReplyBody::Day(Box::new(view(date(2026, 11, 25))))));
        assert!(page.view.is_some());
    }

    #[test]
    fn a_saved_mark_loads_the_day_again() {
        let mut page = Today::new(date(2026, 11, 25));
        let actions = page.reply(Asked::AddMark, Ok(ReplyBody::Done));
        assert!(matches!(actions[..], [Action::AskHost(HostRequest::Day(_))]));
    }
}
