//! Importing a list of people: choose a file, see what each row will do, then do it.
//!
//! Job: the steps of one dialog. It must not read a file.

use super::{
    Action, Asked, Scene,
    host::dialog_foot,
    people::finds,
    reports::folder_name,
    table::{Col, Sort, faint, table, text},
    theme,
    widgets::{Weight, badge, banner, button, quiet, search, wide_dialog},
    words::{Words, sentence},
};
use crate::runtime::messages::{
    FolderView, HostRequest, ImportDeed, ImportPlan, ImportRow, Job, Refusal, ReplyBody, RowFault,
};
use egui::{Button, ProgressBar, Ui, Vec2};

/// Which step is shown.
#[derive(Default)]
pub(super) struct Import {
    stage: Stage,
    refused: Option<String>,
}

#[derive(Default)]
enum Stage {
    /// Sticks and folders are looked at.
    #[default]
    Looking,
    Choosing(Vec<FolderView>),
    Reading,
    Planned(Planned),
    Working,
    Done {
        added: usize,
        changed: usize,
        refused: Option<String>,
    },
}

/// What a list would do, and how it is looked through.
struct Planned {
    plan: Box<ImportPlan>,
    search: String,
    sort: Sort<Key>,
}

/// By what rows can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Line,
    Name,
    Badge,
    Deed,
}

/// What was pressed.
pub(super) enum Pressed {
    Nothing,
    /// With what was done, in a sentence.
    Close(Option<String>),
    Ask(HostRequest),
}

impl Import {
    /// A reply while the dialog is open.
    pub(super) fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match (asked, body) {
            (Asked::Folders, Ok(ReplyBody::Folders(folders))) => self.stage = Stage::Choosing(folders),
            (Asked::PlanImport, Ok(ReplyBody::ImportPlan(plan))) => {
                let sort = Sort::new(Key::Line, false);
                self.stage = Stage::Planned(Planned { plan, search: String::new(), sort });
            }
            (Asked::Import, Ok(ReplyBody::Imported { added, changed, refused })) => {
                let refused = refused.map(|trouble| trouble.to_string());
                self.stage = Stage::Done { added, changed, refused };
            }
            // Asked again by itself it would be refused again: there is a button for that.
            (Asked::Folders, Err(refusal)) => {
                self.refused.get_or_insert_with(|| sentence(&refusal.to_string()));
                self.stage = Stage::Choosing(Vec::new());
            }
            (Asked::PlanImport | Asked::Import, Err(refusal)) => {
                self.refused = Some(sentence(&refusal.to_string()));
                // Whoever chose a file that is none chooses another; what was done of a list is seen on the page.
                self.stage = Stage::Looking;
                return vec![Action::AskHost(HostRequest::Folders), Action::AskHost(HostRequest::People)];
            }
            _ => {}
        }
        Vec::new()
    }

    /// Draws the dialog.
    pub(super) fn ui(&mut self, ui: &Ui, scene: &Scene<'_>) -> Pressed {
        let words = scene.words;
        let mut pressed = Pressed::Nothing;
        let shut = wide_dialog(ui, "import", &words.say("import-title"), |ui| {
            if let Some(refused) = &self.refused {
                banner(ui, theme::palette(ui).alarm, refused);
            }
            pressed = match &mut self.stage {
                Stage::Looking | Stage::Reading => {
                    quiet(ui, &words.say("button-working"));
                    closing(ui, words)
                }
                Stage::Choosing(folders) => choose_ui(ui, words, folders),
                Stage::Planned(planned) => plan_ui(ui, words, planned),
                Stage::Working => work_ui(ui, scene),
                Stage::Done { added, changed, refused } => {
                    done_ui(ui, words, *added, *changed, refused.as_deref())
                }
            };
        });
        if let Pressed::Ask(request) = &pressed {
            self.refused = None;
            self.stage = match request {
                HostRequest::PlanImport(_) => Stage::Reading,
                HostRequest::Import(_) => Stage::Working,
                HostRequest::Folders => Stage::Looking,
                _ => std::mem::take(&mut self.stage),
            };
        }
        // While rows are written, only the button stops it.
        match (shut, &self.stage) {
            (None, _) | (_, Stage::Working) => pressed,
            (Some(()), _) => Pressed::Close(None),
        }
    }
}

fn closing(ui: &mut Ui, words: &Words) -> Pressed {
    ui.add_space(theme::GAP);
    let close = button(ui, &words.say("button-cancel"), Weight::Quiet).clicked();
    if close { Pressed::Close(None) } else { Pressed::Nothing }
}

fn choose_ui(ui: &mut Ui, words: &Words, folders: &[FolderView]) -> Pressed {
    let mut pressed = Pressed::Nothing;
    quiet(ui, &words.say("import-text"));
    for folder in folders {
        ui.add_space(4.0);
        ui.label(folder_name(words, folder));
        if folder.csv_files.is_empty() {
            super::widgets::caption(ui, &words.say("import-no-list"));
        }
        for file in &folder.csv_files {
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let entry = Button::selectable(false, name).frame_when_inactive(true);
            if ui.add(entry.min_size(Vec2::new(ui.available_width(), theme::TOUCH))).clicked() {
                pressed = Pressed::Ask(HostRequest::PlanImport(file.clone()));
            }
        }
    }
    ui.add_space(theme::GAP);
    ui.horizontal(|ui| {
        if button(ui, &words.say("button-cancel"), Weight::Quiet).clicked() {
            pressed = Pressed::Close(None);
        }
        if button(ui, &words.say("reports-look-again"), Weight::Quiet).clicked() {
            pressed = Pressed::Ask(HostRequest::Folders);
        }
    });
    pressed
}

fn plan_ui(ui: &mut Ui, words: &Words, planned: &mut Planned) -> Pressed {
    let Planned { plan, search: wanted, sort } = planned;
    let [add, rename, known, refused] = plan.counts();
    let values = [
        ("add", add.into()),
        ("rename", rename.into()),
        ("known", known.into()),
        ("refused", refused.into()),
    ];
    ui.horizontal(|ui| {
        search(ui, &words.say("people-search"), wanted, 240.0);
        ui.vertical(|ui| quiet(ui, &words.with("import-counts", &values))); // in two lines where there is no more room
    });
    let columns = [
        Col::fixed(words.say("import-line"), 64.0).sorts(Key::Line),
        Col::rest(words.say("people-name")).sorts(Key::Name),
        Col::fixed(words.say("people-badge"), 120.0).sorts(Key::Badge),
        Col::fixed(words.say("import-deed"), 340.0).sorts(Key::Deed),
    ];
    let height = (ui.ctx().content_rect().height() - 360.0).clamp(150.0, 420.0);
    ui.allocate_ui(Vec2::new(ui.available_width(), height), |ui| {
        let rows = in_order(plan, wanted, *sort);
        table(ui, "import", &columns, sort, theme::ROW * 0.8, rows.len(), |ui, row, column| {
            let Some(row) = rows.get(row) else { return };
            match column {
                0 => faint(ui, &row.line.to_string()),
                1 => text(ui, &one_line(&row.name)),
                2 => text(ui, &one_line(row.badge.as_deref().unwrap_or_default())),
                _ => deed_ui(ui, words, row),
            }
        });
    });
    let deed = words.with("import-do", &[("rows", plan.changes().into())]);
    match dialog_foot(ui, &words.say("button-cancel"), &deed, plan.changes() > 0, Weight::Primary) {
        Some(true) => Pressed::Ask(HostRequest::Import(plan.clone())),
        Some(false) => Pressed::Close(None),
        None => Pressed::Nothing,
    }
}

fn in_order<'a>(plan: &'a ImportPlan, wanted: &str, sort: Sort<Key>) -> Vec<&'a ImportRow> {
    let hit = |row: &&ImportRow| finds(wanted, &row.name, row.badge.as_deref());
    let mut rows: Vec<&ImportRow> = plan.rows.iter().filter(hit).collect();
    match sort.by {
        Key::Line => {} // as they come
        Key::Name => rows.sort_by(|a, b| a.name.cmp(&b.name)),
        Key::Badge => rows.sort_by(|a, b| a.badge.cmp(&b.badge)),
        // What needs a look comes first.
        Key::Deed => rows.sort_by_key(|row| match row.deed {
            ImportDeed::Refuse(_) => 0,
            ImportDeed::Rename(..) => 1,
            ImportDeed::Add(_) => 2,
            ImportDeed::Known => 3,
        }),
    }
    if sort.descending {
        rows.reverse();
    }
    rows
}

/// A refused name may hold what no line can show.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn deed_ui(ui: &mut Ui, words: &Words, row: &ImportRow) {
    let colours = theme::palette(ui);
    match row.deed {
        ImportDeed::Add(_) => badge(ui, colours.arrived, &words.say("import-add")),
        ImportDeed::Rename(..) => badge(ui, colours.left, &words.say("import-rename")),
        ImportDeed::Known => faint(ui, &words.say("import-known")),
        ImportDeed::Refuse(fault) => {
            badge(ui, colours.alarm, &words.say("import-refuse"));
            faint(
                ui,
                &words.say(match fault {
                    RowFault::NameEmpty => "import-name-empty",
                    RowFault::NameTooLong => "import-name-long",
                    RowFault::LineBreak => "import-line-break",
                    RowFault::Badge => "import-badge-long",
                    RowFault::BadgeTwice => "import-badge-twice",
                }),
            );
        }
    }
}

fn work_ui(ui: &mut Ui, scene: &Scene<'_>) -> Pressed {
    let view = scene.snapshot.job.filter(|view| view.job == Job::ImportPeople);
    let (done, total) = view.map_or((0, 1), |view| (view.done, view.total.max(1)));
    let values = [("done", done.into()), ("total", total.into())];
    ui.add(ProgressBar::new(done as f32 / total as f32).text(scene.words.with("work-progress", &values)));
    ui.add_space(theme::GAP);
    let stop = button(ui, &scene.words.say("button-stop"), Weight::Quiet).clicked();
    if stop { Pressed::Ask(HostRequest::CancelWork) } else { Pressed::Nothing }
}

fn done_ui(ui: &mut Ui, words: &Words, added: usize, changed: usize, refused: Option<&str>) -> Pressed {
    let done = words.with("import-done", &[("added", added.into()), ("changed", changed.into())]);
    ui.label(&done);
    if let Some(refused) = refused {
        banner(ui, theme::palette(ui).notice, &sentence(refused));
    }
    ui.add_space(theme::GAP);
    let close = button(ui, &words.say("button-close"), Weight::Primary).clicked();
    if close { Pressed::Close(Some(done)) } else { Pressed::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_list_leads_back_to_the_files() {
        let mut import = Import { stage: Stage::Reading, refused: None };
        let actions =
            import.reply(Asked::PlanImport, Err(Refusal::Failed("the list has no column 'name'".into())));
        assert!(matches!(actions[..], [Action::AskHost(HostRequest::Folders), _]));
        assert!(import.refused.is_some() && matches!(import.stage, Stage::Looking));
        import.reply(Asked::Folders, Ok(ReplyBody::Folders(Vec::new())));
        assert!(import.refused.is_some(), "the reason stays in view");
    }

    #[test]
    fn folders_that_cannot_be_looked_at_are_not_asked_for_again_and_hide_no_reason() {
        let mut import = Import::default();
        let busy = || Err(Refusal::Failed("the kiosk is busy".into()));
        assert!(import.reply(Asked::Folders, busy()).is_empty());
        assert!(matches!(&import.stage, Stage::Choosing(folders) if folders.is_empty()));
        assert_eq!(import.refused.as_deref(), Some("The kiosk is busy."));
        import = Import { stage: Stage::Working, refused: None };
        import.reply(Asked::Import, Err(Refusal::Failed("the disk is full".into())));
        import.reply(Asked::Folders, busy());
        assert_eq!(import.refused.as_deref(), Some("The disk is full."));
    }
}
