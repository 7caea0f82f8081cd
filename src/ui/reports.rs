//! Reports: which days, whose, what of them, how they will look, and where the file goes.
//!
//! Job: choices in, a preview and a file's place out. It must not know how a report is written.

use super::{
    Action, Asked, Scene,
    host::{loading, work_progress},
    people::matches,
    range::{DayRange, range_ui},
    table::{Col, Sort, table, text},
    theme,
    widgets::{Weight, banner, button, button_if, caption, dialog, field, page_title, pick, quiet, segments},
    words::{Words, sentence},
};
use crate::{
    domain::PersonId,
    runtime::messages::{
        Column, ExportFormat, FolderView, HostRequest, Job, Order, Paper, PersonRow, Preview, Refusal,
        ReplyBody, ReportBy, ReportSpec, ReportWords,
    },
    settings::ReportColumns,
};
use egui::{Align, Color32, Layout, ScrollArea, TextStyle, Ui};
use jiff::civil::Date;
use std::{collections::BTreeSet, path::PathBuf};

/// What was chosen, and what came back.
pub struct Reports {
    range: DayRange,
    by: ReportBy,
    format: ExportFormat,
    /// `None` is everybody.
    chosen: Option<BTreeSet<PersonId>>,
    /// Of each kind of report, in the order of [`ReportBy::columns`].
    mark_columns: Columns,
    day_columns: Columns,
    people: Vec<PersonRow>,
    folders: Vec<FolderView>,
    folder: Option<PathBuf>,
    sort: Sort<Option<Column>>,
    /// What the preview is of, or will be.
    asked: Option<ReportSpec>,
    waiting: bool,
    preview: Option<Preview>,
    dialog: Dialog,
    stage: Stage,
}

/// Paper holds less than a table.
#[derive(Debug, PartialEq, Eq)]
struct Columns {
    csv: Vec<Column>,
    pdf: Vec<Column>,
}

impl Columns {
    /// As they were chosen last; what is not understood is the usual ones.
    fn kept(by: ReportBy, csv: &str, pdf: &str) -> Self {
        let list = |text: &str| {
            let kept = by.parse_columns(text).ok().filter(|columns| !columns.is_empty());
            kept.unwrap_or_else(|| by.usual().to_vec())
        };
        Self { csv: list(csv), pdf: list(pdf) }
    }

    fn of(&self, format: ExportFormat) -> &Vec<Column> {
        match format {
            ExportFormat::Csv => &self.csv,
            ExportFormat::Pdf(_) => &self.pdf,
        }
    }

    fn of_mut(&mut self, format: ExportFormat) -> &mut Vec<Column> {
        match format {
            ExportFormat::Csv => &mut self.csv,
            ExportFormat::Pdf(_) => &mut self.pdf,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Dialog {
    None,
    People { search: String },
    Columns,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Choosing,
    Saving,
    Stopping,
    Saved { path: String, rows: usize },
    Failed(String),
}

impl Reports {
    /// This month's days up to `today`, with the columns that were chosen last.
    #[must_use]
    pub fn new(today: Date, kept: &ReportColumns) -> Self {
        Self {
            range: DayRange::month(today),
            by: ReportBy::Day,
            format: ExportFormat::Csv,
            chosen: None,
            mark_columns: Columns::kept(ReportBy::Mark, &kept.mark_csv, &kept.mark_pdf),
            day_columns: Columns::kept(ReportBy::Day, &kept.day_csv, &kept.day_pdf),
            people: Vec::new(),
            folders: Vec::new(),
            folder: None,
            sort: Sort::new(None, false),
            asked: None,
            waiting: false,
            preview: None,
            dialog: Dialog::None,
            stage: Stage::Choosing,
        }
    }

    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (Asked::Preview, Ok(ReplyBody::Preview(preview))) => {
                self.waiting = false;
                self.preview = Some(preview);
            }
            (Asked::Preview, Err(refusal)) => {
                self.waiting = false;
                self.preview = None;
                self.stage = Stage::Failed(sentence(&refusal.to_string()));
            }
            (Asked::Folders, Ok(ReplyBody::Folders(folders))) => {
                if !folders.iter().any(|folder| Some(&folder.path) == self.folder.as_ref()) {
                    self.folder = folders.first().map(|folder| folder.path.clone());
                }
                self.folders = folders;
            }
            (Asked::Export, Ok(ReplyBody::Exported { path, rows })) => {
                self.stage = Stage::Saved { path: path.display().to_string(), rows };
                return vec![Action::AskHost(HostRequest::Settings)]; // they hold the columns now
            }
            (Asked::Export, Err(refusal)) => self.stage = Stage::Failed(sentence(&refusal.to_string())),
            (_, Ok(ReplyBody::People(people))) => self.people = people,
            _ => {}
        }
        Vec::new()
    }

    fn columns(&mut self) -> &mut Vec<Column> {
        match self.by {
            ReportBy::Mark => self.mark_columns.of_mut(self.format),
            ReportBy::Day => self.day_columns.of_mut(self.format),
        }
    }

    fn busy(&self) -> bool {
        matches!(self.stage, Stage::Saving | Stage::Stopping)
    }

    /// The report as chosen; `None` while something is wrong.
    fn spec(&self) -> Option<ReportSpec> {
        let (from, to) = self.range.days()?;
        let columns = match self.by {
            ReportBy::Mark => self.mark_columns.of(self.format),
            ReportBy::Day => self.day_columns.of(self.format),
        };
        let people = self.chosen.as_ref().map(|chosen| chosen.iter().copied().collect());
        let Sort { by, descending } = self.sort;
        let order = by.filter(|by| columns.contains(by)).map(|by| Order { by, descending });
        let spec = ReportSpec { by: self.by, from, to, people, columns: columns.clone(), order };
        (!spec.columns.is_empty()).then_some(spec)
    }

    /// Asks for the preview of what is chosen now, one at a time.
    fn look(&mut self) -> Option<Action> {
        let spec = self.spec().filter(|spec| !self.waiting && self.asked.as_ref() != Some(spec))?;
        self.waiting = true;
        if self.asked.is_some() && !self.busy() {
            self.stage = Stage::Choosing; // what was saved is no longer what is shown
        }
        self.asked = Some(spec.clone());
        Some(Action::AskHost(HostRequest::Preview(Box::new(spec))))
    }
}

/// Draws it.
pub(super) fn reports_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Reports) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    page_title(ui, &words.say("page-reports"), |ui| actions.extend(save_ui(ui, words, local)));
    match &local.stage {
        Stage::Saved { path, rows } => {
            let values = [("rows", (*rows).into()), ("path", path.as_str().into())];
            banner(ui, colours.arrived, &words.with("reports-saved", &values));
        }
        Stage::Failed(text) => banner(ui, colours.alarm, text),
        Stage::Choosing | Stage::Saving | Stage::Stopping => actions.extend(saving_ui(ui, scene, local)),
    }
    range_ui(ui, words, &mut local.range, scene.attendance_day());
    choices(ui, words, local);
    if local.columns().is_empty() {
        banner(ui, colours.notice, &words.say("reports-no-column"));
    }
    actions.extend(local.look());
    match &local.preview {
        Some(preview) if local.spec().is_some() => preview_ui(ui, words, preview, &mut local.sort),
        _ if local.waiting => loading(ui, scene),
        _ => {}
    }
    dialogs(ui, scene, local);
    actions
}

/// How far the file is, and the button that stops it: also one that was begun before the page was left.
fn saving_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Reports) -> Option<Action> {
    let view = scene.snapshot.job.filter(|view| view.job == Job::Export);
    if view.is_none() && !local.busy() {
        return None;
    }
    let stopping = local.stage == Stage::Stopping;
    let stop = work_progress(ui, scene, view, stopping);
    if stop {
        local.stage = Stage::Stopping;
    }
    stop.then_some(Action::AskHost(HostRequest::CancelWork))
}

/// Where to, and the button.
fn save_ui(ui: &mut Ui, words: &Words, local: &mut Reports) -> Vec<Action> {
    let mut actions = Vec::new();
    let saving = local.busy();
    let spec = local.spec().filter(|_| !saving && !local.waiting);
    let id = if saving { "button-working" } else { "reports-save" };
    if button_if(ui, spec.is_some(), &words.say(id), Weight::Primary).clicked()
        && let Some(spec) = spec
    {
        local.stage = Stage::Saving;
        let folder = local.folder.clone();
        let report = Box::new(spec);
        actions.push(Action::AskHost(HostRequest::Export { report, format: local.format, folder }));
    }
    if button(ui, &words.say("reports-look-again"), Weight::Quiet).clicked() {
        actions.push(Action::AskHost(HostRequest::Folders));
    }
    let options: Vec<_> =
        local.folders.iter().map(|folder| (Some(folder.path.clone()), folder_name(words, folder))).collect();
    pick(ui, &words.say("reports-where"), &mut local.folder, &options);
    actions
}

/// What a folder is called on the screen.
pub(super) fn folder_name(words: &Words, folder: &FolderView) -> String {
    if folder.removable {
        let name = folder.path.file_name().map(|name| name.to_string_lossy().into_owned());
        words.with("reports-stick", &[("name", name.unwrap_or_default().into())])
    } else {
        words.say("reports-here")
    }
}

fn choices(ui: &mut Ui, words: &Words, local: &mut Reports) {
    ui.horizontal_wrapped(|ui| {
        let kinds =
            [(ReportBy::Day, words.say("reports-by-day")), (ReportBy::Mark, words.say("reports-by-mark"))];
        if ui.available_width() < 720.0 {
            pick(ui, &words.say("reports-by"), &mut local.by, &kinds); // so that all is in one line
        } else {
            segments(ui, &mut local.by, &kinds);
        }
        let formats = [
            (ExportFormat::Csv, words.say("reports-csv")),
            (ExportFormat::Pdf(Paper::A4), words.say("reports-pdf-a4")),
            (ExportFormat::Pdf(Paper::Letter), words.say("reports-pdf-letter")),
        ];
        pick(ui, &words.say("reports-format"), &mut local.format, &formats);
        let people = match &local.chosen {
            None => words.say("reports-everybody"),
            Some(chosen) => words.with("reports-chosen", &[("people", chosen.len().into())]),
        };
        if button(ui, &people, Weight::Quiet).clicked() {
            local.dialog = Dialog::People { search: String::new() };
        }
        let count = local.columns().len();
        let text = words.with("reports-columns", &[("columns", count.into())]);
        if button(ui, &text, Weight::Quiet).clicked() {
            local.dialog = Dialog::Columns;
        }
    });
}

/// The file as it will be: a title that is pressed sorts both.
fn preview_ui(ui: &mut Ui, words: &Words, preview: &Preview, sort: &mut Sort<Option<Column>>) {
    let values = [
        ("rows", preview.total_rows.into()),
        ("people", preview.people.into()),
        ("shown", preview.rows.len().into()),
    ];
    let id = if preview.rows.len() < preview.total_rows { "reports-preview-cut" } else { "reports-preview" };
    caption(ui, &words.with(id, &values));
    if preview.rows.is_empty() {
        quiet(ui, &words.say("reports-nothing"));
        return;
    }
    let columns: Vec<Col<Option<Column>>> = preview
        .columns
        .iter()
        .enumerate()
        .map(|(place, (column, title))| {
            Col::fixed((*title).to_owned(), width_of(ui, preview, place, title)).sorts(Some(*column))
        })
        .collect();
    ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
        table(ui, "preview", &columns, sort, theme::ROW * 0.75, preview.rows.len(), |ui, row, column| {
            if let Some(cell) = preview.rows.get(row).and_then(|cells| cells.get(column)) {
                text(ui, cell);
            }
        });
    });
}

/// Room for what stands in a column at the top of the preview.
fn width_of(ui: &Ui, preview: &Preview, place: usize, title: &str) -> f32 {
    let measure = |text: &str, style: TextStyle| {
        ui.painter().layout_no_wrap(text.to_owned(), style.resolve(ui.style()), Color32::TRANSPARENT).size().x
    };
    let cells = preview.rows.iter().take(40).filter_map(|cells| cells.get(place));
    let widest =
        cells.map(|cell| measure(cell, TextStyle::Body)).fold(measure(title, TextStyle::Small), f32::max);
    (widest + 28.0).clamp(56.0, 320.0)
}

fn dialogs(ui: &mut Ui, scene: &Scene<'_>, local: &mut Reports) {
    let words = scene.words;
    let done = words.say("button-done");
    let mut close = false;
    let mut dialog_state = std::mem::replace(&mut local.dialog, Dialog::None);
    let shut = match &mut dialog_state {
        Dialog::None => return,
        Dialog::Columns => dialog(ui, "columns", &words.say("reports-columns-title"), |ui| {
            let titles = ReportWords::of(words.language());
            let all = local.by.columns();
            let columns = local.columns();
            let mut chosen: Vec<Column> = Vec::new();
            let half = all.len().div_ceil(2);
            ui.columns(2, |sides| {
                for (place, column) in all.iter().enumerate() {
                    let Some(side) = sides.get_mut(place / half) else { continue };
                    let mut on = columns.contains(column);
                    side.checkbox(&mut on, titles.column(*column));
                    if on {
                        chosen.push(*column);
                    }
                }
            });
            *columns = chosen;
            close |= foot(ui, |ui| button(ui, &done, Weight::Primary).clicked());
        }),
        Dialog::People { search } => dialog(ui, "people", &words.say("reports-people-title"), |ui| {
            field(ui, &words.say("people-search"), search, "");
            people_list(ui, local, search);
            close |= foot(ui, |ui| {
                let done = button(ui, &done, Weight::Primary).clicked();
                if button(ui, &words.say("reports-everybody"), Weight::Quiet).clicked() {
                    local.chosen = None;
                    return true;
                }
                done
            });
        }),
    };
    if !close && shut.is_none() {
        local.dialog = dialog_state;
    }
}

fn foot(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> bool) -> bool {
    ui.add_space(theme::GAP);
    ui.with_layout(Layout::right_to_left(Align::Min), add).inner
}

/// Everybody whom the search finds, each with a tick; nobody ticked is everybody.
fn people_list(ui: &mut Ui, local: &mut Reports, search: &str) {
    let Reports { people, chosen, .. } = local;
    let found: Vec<&PersonRow> = people.iter().filter(|row| matches(row, search)).collect();
    ScrollArea::vertical().max_height(280.0).show_rows(ui, theme::TOUCH, found.len(), |ui, range| {
        ui.set_min_width(ui.available_width());
        for row in found.get(range).unwrap_or_default() {
            let mut on = chosen.as_ref().is_some_and(|chosen| chosen.contains(&row.person.id));
            if ui.checkbox(&mut on, row.person.name.as_str()).changed() {
                let set = chosen.get_or_insert_default();
                if on {
                    set.insert(row.person.id)
                } else {
                    set.remove(&row.person.id)
                };
                if set.is_empty() {
                    *chosen = None;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn preview() -> Preview {
        Preview {
            columns: vec![(Column::Date, "Date")],
            rows: vec![vec!["x".into()]],
            total_rows: 1,
            people: 1,
        }
    }

    #[test]
    fn each_change_is_looked_at_once_and_one_at_a_time() {
        let mut page = Reports::new(date(2026, 11, 25), &ReportColumns::default());
        assert!(page.look().is_some());
        page.by = ReportBy::Mark;
        assert!(page.look().is_none(), "the first answer is not here yet");
        page.reply(Asked::Preview, Ok(ReplyBody::Preview(preview())));
        assert!(page.look().is_some());
        page.reply(Asked::Preview, Ok(ReplyBody::Preview(preview())));
        assert!(page.look().is_none(), "nothing changed");
        page.mark_columns.csv.clear();
        assert!(page.spec().is_none(), "a report without a column is none");
    }

    #[test]
    fn columns_are_those_of_the_last_time_for_each_kind_of_file() {
        let kept = ReportColumns {
            day_pdf: "worked,name".into(),
            mark_csv: "no_such_column".into(),
            ..ReportColumns::default()
        };
        let mut page = Reports::new(date(2026, 11, 25), &kept);
        assert_eq!(page.spec().unwrap().columns, ReportBy::Day.usual());
        page.format = ExportFormat::Pdf(Paper::Letter);
        assert_eq!(page.spec().unwrap().columns, [Column::Worked, Column::Name]);
        (page.by, page.format) = (ReportBy::Mark, ExportFormat::Csv);
        assert_eq!(page.spec().unwrap().columns, ReportBy::Mark.usual());
    }

    #[test]
    fn a_stick_that_was_pulled_out_is_no_longer_chosen() {
        let folder =
            |name: &str, removable| FolderView { path: name.into(), removable, csv_files: Vec::new() };
        let mut page = Reports::new(date(2026, 11, 25), &ReportColumns::default());
        let here = folder("/data/exports", false);
        page.reply(Asked::Folders, Ok(ReplyBody::Folders(vec![here.clone(), folder("/media/usb", true)])));
        assert_eq!(page.folder, Some(here.path.clone()));
        page.folder = Some("/media/usb".into());
        page.reply(Asked::Folders, Ok(ReplyBody::Folders(vec![here.clone()])));
        assert_eq!(page.folder, Some(here.path));
    }
}
