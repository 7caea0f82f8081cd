//! Adding, correcting and looking into marks: the dialogs that Today and Attendance share.
//!
//! Job: what a host types about a mark, with a reason, into a request. It must not know how an event is replaced.

use super::{
    Action, Asked, Scene,
    host::dialog_foot,
    people::matches,
    range::{DayField, EXAMPLE},
    table::{Col, Sort, faint, height_of, table, text},
    theme,
    widgets::{
        Weight, badge, banner, button, caption, dialog, field, kind_tone, quiet, row_button, segments,
        wide_dialog,
    },
    words::{Words, sentence, time_of_day},
};
use crate::{
    domain::{Actor, MarkKind, MarkSource, PersonId},
    runtime::messages::{HistoryRow, HostRequest, MarkRow, PersonRow, Refusal, ReplyBody},
};
use egui::{Button, Ui, Vec2};
use jiff::{Timestamp, civil::Time, tz::TimeZone};

/// People offered below a search.
const OFFERED: usize = 4;

/// The dialog that is open, and why the last request was refused.
#[derive(Default)]
pub(super) struct Marks {
    dialog: Dialog,
    refused: Option<String>,
}

#[derive(Default)]
enum Dialog {
    #[default]
    None,
    /// A mark that the kiosk missed.
    Add { person: Option<PersonId>, search: String, typed: Typed },
    /// A mark that is wrong.
    Correct { row: MarkRow, strike_out: bool, typed: Typed },
    /// What was said about a record, from the first event on; and the dialog that it leads back to.
    History { row: MarkRow, events: Option<Vec<HistoryRow>>, sort: Sort<Key>, back: Box<Self> },
}

/// By what the events of a history can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Event,
    Recorded,
    Who,
    Says,
    Reason,
}

/// The fields that adding and correcting share.
struct Typed {
    kind: MarkKind,
    date: DayField,
    time: String,
    reason: String,
    waiting: bool,
}

impl Marks {
    /// Opens the form for a mark that the kiosk missed.
    pub(super) fn add(&mut self, at: Timestamp, zone: &TimeZone) {
        let typed = Typed::new(MarkKind::CheckIn, at, zone);
        *self = Self { dialog: Dialog::Add { person: None, search: String::new(), typed }, refused: None };
    }

    /// Opens the form for a mark that is wrong.
    pub(super) fn correct(&mut self, row: &MarkRow, zone: &TimeZone) {
        let typed = Typed::new(row.kind, row.at, zone);
        *self =
            Self { dialog: Dialog::Correct { row: row.clone(), strike_out: false, typed }, refused: None };
    }

    /// Opens the history of a record, and asks for it.
    pub(super) fn history(&mut self, row: &MarkRow) -> Action {
        let back = Box::new(std::mem::take(&mut self.dialog));
        let sort = Sort::new(Key::Event, false); // as it came about
        *self =
            Self { dialog: Dialog::History { row: row.clone(), events: None, sort, back }, refused: None };
        Action::AskHost(HostRequest::History(row.event))
    }

    /// Takes a reply that is about marks; true when one was saved, so that the page loads again.
    pub(super) fn reply(&mut self, asked: Asked, body: &mut Result<ReplyBody, Refusal>) -> bool {
        match (asked, body) {
            (Asked::History, Ok(ReplyBody::History(rows))) => {
                if let Dialog::History { events, row, .. } = &mut self.dialog
                    && rows.last().is_some_and(|last| last.event == row.event)
                {
                    *events = Some(std::mem::take(rows));
                }
                false
            }
            (Asked::AddMark | Asked::CorrectMark, Ok(_)) => {
                *self = Self::default();
                true
            }
            (Asked::AddMark | Asked::CorrectMark | Asked::History, Err(refusal)) => {
                self.refused = Some(sentence(&refusal.to_string()));
                if let Dialog::Add { typed, .. } | Dialog::Correct { typed, .. } = &mut self.dialog {
                    typed.waiting = false;
                }
                false
            }
            _ => false,
        }
    }

    /// Draws the dialog that is open.
    pub(super) fn ui(&mut self, ui: &Ui, scene: &Scene<'_>, people: &[PersonRow]) -> Option<Action> {
        let words = scene.words;
        let refused = self.refused.clone();
        let mut pressed = Pressed::Nothing;
        let shut = match &mut self.dialog {
            Dialog::None => return None,
            Dialog::Add { person, search, typed } => {
                dialog(ui, "add mark", &words.say("today-add-title"), |ui| {
                    person_ui(ui, words, people, person, search);
                    typed.mark_ui(ui, scene);
                    typed.reason_ui(ui, scene, refused.as_deref());
                    let request = person.zip(typed.at(scene.zone())).map(|(person, at)| {
                        HostRequest::AddMark { person, kind: typed.kind, at, reason: typed.reason() }
                    });
                    pressed = typed.foot(ui, words, &words.say("today-add-deed"), request);
                })
            }
            Dialog::Correct { row, strike_out, typed } => {
                dialog(ui, "correct mark", &words.say("today-correct-title"), |ui| {
                    let mut asked = false;
                    ui.horizontal_wrapped(|ui| {
                        quiet(ui, &row_words(row, scene));
                        // Small screens have no room for it in the table.
                        let history = words.say("history-button");
                        asked =
                            row_button(ui, &history, &history, Weight::Primary).clicked() && !typed.waiting;
                    });
                    let ways = [(false, words.say("today-replace")), (true, words.say("today-strike-out"))];
                    segments(ui, strike_out, &ways);
                    if *strike_out {
                        quiet(ui, &words.say("today-strike-out-text"));
                    } else {
                        typed.mark_ui(ui, scene);
                    }
                    typed.reason_ui(ui, scene, refused.as_deref());
                    let at = typed.at(scene.zone()).map(|at| Some((typed.kind, at)));
                    let replacement = if *strike_out { Some(None) } else { at };
                    let request = replacement.map(|replacement| HostRequest::CorrectMark {
                        event: row.event,
                        replacement,
                        reason: typed.reason(),
                    });
                    pressed = typed.foot(ui, words, &words.say("today-correct-deed"), request);
                    if asked {
                        pressed = Pressed::History(row.clone());
                    }
                })
            }
            Dialog::History { row, events, sort, .. } => {
                wide_dialog(ui, "history", &words.say("history-title"), |ui| {
                    quiet(ui, &row_words(row, scene));
                    match (events, &refused) {
                        (_, Some(refused)) => banner(ui, theme::palette(ui).alarm, refused),
                        (Some(events), None) => history_ui(ui, scene, people, events, sort),
                        (None, None) => super::host::loading(ui, scene),
                    }
                    ui.add_space(theme::GAP);
                    if button(ui, &words.say("button-close"), Weight::Quiet).clicked() {
                        pressed = Pressed::Close;
                    }
                })
            }
        };
        if shut.is_some() || matches!(pressed, Pressed::Close) {
            let back = match std::mem::take(&mut self.dialog) {
                Dialog::History { back, .. } => *back,
                _ => Dialog::None,
            };
            *self = Self { dialog: back, refused: None };
        }
        match pressed {
            Pressed::Ask(request) => Some(Action::AskHost(request)),
            Pressed::History(row) => Some(self.history(&row)),
            Pressed::Nothing | Pressed::Close => None,
        }
    }
}

enum Pressed {
    Nothing,
    Close,
    Ask(HostRequest),
    History(MarkRow),
}

impl Typed {
    fn new(kind: MarkKind, at: Timestamp, zone: &TimeZone) -> Self {
        let date = DayField::of(at.to_zoned(zone.clone()).date());
        Self { kind, date, time: time_of_day(at, zone), reason: String::new(), waiting: false }
    }

    /// The instant typed, on the calendar and the clock of the site; where a time comes twice, the first.
    fn at(&self, zone: &TimeZone) -> Option<Timestamp> {
        let date = self.date.day()?;
        let time = Time::strptime("%H:%M", self.time.trim()).ok()?;
        zone.to_zoned(date.to_datetime(time)).ok().map(|zoned| zoned.timestamp())
    }

    fn mark_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>) {
        let words = scene.words;
        let kinds = MarkKind::ALL.map(|kind| (kind, words.kind(kind)));
        segments(ui, &mut self.kind, &kinds);
        ui.columns(2, |columns| {
            let [date, time] = columns else { return };
            self.date.ui(
                date,
                words,
                &words.with("today-date-field", &[("example", words.day(EXAMPLE).into())]),
            );
            field(time, &words.say("today-time-field"), &mut self.time, "08:00");
        });
    }

    fn reason_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, refused: Option<&str>) {
        field(ui, &scene.words.say("today-reason"), &mut self.reason, &scene.words.say("today-reason-hint"));
        if let Some(refused) = refused {
            banner(ui, theme::palette(ui).alarm, refused);
        }
    }

    fn reason(&self) -> String {
        self.reason.trim().to_owned()
    }

    fn foot(&mut self, ui: &mut Ui, words: &Words, deed: &str, request: Option<HostRequest>) -> Pressed {
        let enabled = request.is_some() && !self.reason().is_empty() && !self.waiting;
        match (dialog_foot(ui, &words.say("button-cancel"), deed, enabled, Weight::Primary), request) {
            (Some(true), Some(request)) => {
                self.waiting = true;
                Pressed::Ask(request)
            }
            (Some(false), _) => Pressed::Close,
            _ => Pressed::Nothing,
        }
    }
}

/// A person by search: with ten thousand of them nobody scrolls.
fn person_ui(
    ui: &mut Ui,
    words: &Words,
    people: &[PersonRow],
    chosen: &mut Option<PersonId>,
    search: &mut String,
) {
    if field(ui, &words.say("today-person"), search, &words.say("people-search")).changed() {
        *chosen = None;
    }
    if chosen.is_some() || search.trim().is_empty() {
        return;
    }
    let found: Vec<&PersonRow> =
        people.iter().filter(|row| row.person.active && matches(row, search)).take(OFFERED).collect();
    if found.is_empty() {
        caption(ui, &words.say("people-not-found"));
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        for row in found {
            let name = row.person.name.as_str();
            let text = match &row.person.badge {
                Some(badge) => format!("{name} · {badge}"),
                None => name.to_owned(),
            };
            let offer = Button::selectable(false, text).frame_when_inactive(true);
            if ui.add(offer.min_size(Vec2::new(ui.available_width(), theme::TOUCH))).clicked() {
                *chosen = Some(row.person.id);
                name.clone_into(search);
            }
        }
    });
}

/// "Ada Lovelace, In 25 Nov 2026 08:58".
fn row_words(row: &MarkRow, scene: &Scene<'_>) -> String {
    let erased = scene.words.say("today-erased");
    let name = row.name.as_ref().map_or(erased.as_str(), |name| name.as_str());
    let at = scene.words.moment(row.at, scene.zone());
    format!("{name}, {} {at}", scene.words.kind(row.kind))
}

fn history_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    people: &[PersonRow],
    events: &[HistoryRow],
    sort: &mut Sort<Key>,
) {
    let words = scene.words;
    let columns = [
        Col::fixed(words.say("history-event"), 64.0).sorts(Key::Event),
        Col::fixed(words.say("history-recorded"), 172.0).sorts(Key::Recorded),
        Col::fixed(words.say("audit-who"), 130.0).sorts(Key::Who),
        Col::fixed(words.say("history-says"), 248.0).sorts(Key::Says),
        Col::rest(words.say("today-reason")).sorts(Key::Reason),
    ];
    let mut shown: Vec<_> = events.iter().map(|event| (event, actor(scene, people, event))).collect();
    match sort.by {
        Key::Event => shown.sort_by_key(|(event, _)| event.event),
        Key::Recorded => shown.sort_by_key(|(event, _)| event.recorded),
        Key::Who => shown.sort_by(|(_, a), (_, b)| a.cmp(b)),
        Key::Says => shown.sort_by_key(|(event, _)| event.says),
        Key::Reason => shown.sort_by(|(a, _), (b, _)| a.reason.cmp(&b.reason)),
    }
    if sort.descending {
        shown.reverse();
    }
    let height = height_of(theme::ROW, shown.len().min(5));
    ui.allocate_ui(Vec2::new(ui.available_width(), height), |ui| {
        table(ui, "history", &columns, sort, theme::ROW, shown.len(), |ui, row, column| {
            let Some((event, who)) = shown.get(row) else { return };
            match column {
                0 => faint(ui, &event.event.to_string()),
                1 => text(ui, &event.recorded.map_or_else(String::new, |at| words.second(at, scene.zone()))),
                2 => text(ui, who),
                3 => match event.says {
                    Some((kind, at)) => {
                        badge(ui, kind_tone(theme::palette(ui), kind), &words.kind(kind));
                        text(ui, &words.moment(at, scene.zone()));
                    }
                    None => badge(ui, theme::palette(ui).alarm, &words.say("history-struck-out")),
                },
                _ => text(ui, &event.reason),
            }
        });
    });
}

fn actor(scene: &Scene<'_>, people: &[PersonRow], event: &HistoryRow) -> String {
    let words = scene.words;
    match (event.actor, event.source) {
        (Actor::Host(id), _) => {
            scene.host_name(id).map_or_else(|| words.say("audit-somebody"), str::to_owned)
        }
        (Actor::Person(id), _) => people
            .iter()
            .find(|row| row.person.id == id)
            .map_or_else(|| words.say("today-erased"), |row| row.person.name.as_str().to_owned()),
        (Actor::Kiosk, source) => source_word(words, source),
    }
}

/// How the kiosk came to know.
pub(super) fn source_word(words: &Words, source: MarkSource) -> String {
    words.say(match source {
        MarkSource::Face => "today-by-face",
        MarkSource::Pin => "today-by-pin",
        MarkSource::Host => "today-by-host",
        MarkSource::NotMe => "today-not-me",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventId;
    use jiff::civil::date;

    fn row() -> MarkRow {
        MarkRow {
            event: EventId(4),
            date: date(2026, 11, 25),
            person: PersonId::from_bytes([1; 16]),
            name: None,
            badge: None,
            kind: MarkKind::CheckIn,
            at: "2026-11-26T00:30:00Z".parse().unwrap(),
            source: MarkSource::Face,
            reason: None,
        }
    }

    #[test]
    fn what_is_typed_is_an_instant_of_the_sites_clock() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut typed = Typed::new(MarkKind::CheckIn, row().at, &zone);
        assert_eq!((typed.date.day(), typed.time.as_str()), (Some(date(2026, 11, 26)), "01:30"));
        assert_eq!(typed.at(&zone), Some(row().at), "shown as it is, saved as it was");
        let words = Words::new("en");
        for (date, time) in [("2026-11-26", "25:00"), ("yesterday", "08:00"), ("", "")] {
            typed.date.typed(&words, date);
            typed.time = time.into();
            assert_eq!(typed.at(&zone), None, "{date} {time}");
        }
    }

    #[test]
    fn a_saved_correction_closes_the_dialog_and_a_refused_one_keeps_it() {
        let mut marks = Marks::default();
        marks.correct(&row(), &TimeZone::UTC);
        assert!(!marks.reply(Asked::CorrectMark, &mut Err(Refusal::Failed("the disk is full".into()))));
        assert!(matches!(marks.dialog, Dialog::Correct { .. }));
        assert_eq!(marks.refused.as_deref(), Some("The disk is full."));
        assert!(marks.reply(Asked::CorrectMark, &mut Ok(ReplyBody::Done)));
        assert!(matches!(marks.dialog, Dialog::None));
    }

    #[test]
    fn a_history_that_comes_late_is_not_shown_for_another_record() {
        let mut marks = Marks::default();
        marks.history(&row());
        let event = |id| HistoryRow {
            event: EventId(id),
            says: None,
            source: MarkSource::Host,
            actor: Actor::Kiosk,
            recorded: None,
            reason: String::new(),
        };
        marks.reply(Asked::History, &mut Ok(ReplyBody::History(vec![event(3)])));
        assert!(matches!(marks.dialog, Dialog::History { events: None, .. }));
        marks.reply(Asked::History, &mut Ok(ReplyBody::History(vec![event(3), event(4)])));
        assert!(matches!(&marks.dialog, Dialog::History { events: Some(events), .. } if events.len() == 2));
    }
}
