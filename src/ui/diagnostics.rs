//! How the kiosk runs: frame rates and stage times as they go, camera, networks, machine, faults, and a speed test.
//!
//! Job: the workers' own figures, laid out for a technician. It must not know how they are measured.

use super::{
    Action, Scene, camera_words, history,
    table::{Col, Sort, height_of, table, text},
    theme,
    troubles::with_reason,
    widgets::{PlotLine, Weight, banner, button, caption, card, page_title, plot, quiet, tiles},
    words::Words,
};
use crate::runtime::messages::{CameraStatus, RunsOn, Stage, StageTime};
use egui::{Color32, ProgressBar, RichText, TextStyle, Ui, Vec2};

/// How the two tables of stage times are sorted.
pub struct Diagnostics {
    live: Sort<Key>,
    bench: Sort<Key>,
}

/// By what stage times can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Stage,
    P50,
    P95,
    P99,
}

impl Default for Diagnostics {
    fn default() -> Self {
        // In the order in which a frame goes through them.
        Self { live: Sort::new(Key::Stage, false), bench: Sort::new(Key::Stage, false) }
    }
}

/// Where the speed test is.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum BenchView {
    /// Not asked for.
    #[default]
    Idle,
    /// Frames measured so far.
    Running {
        /// Done.
        done: u64,
        /// Of how many.
        of: u64,
    },
    /// Told to end.
    Stopping,
    /// What came out.
    Done(BenchFigures),
    /// Why, as the machine tells it; nothing when the test itself broke off.
    Failed(Option<String>),
}

/// Result of a speed test.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchFigures {
    /// Processor, cores, networks and picture size, in one line.
    pub on: String,
    /// Frames measured.
    pub frames: u64,
    /// Frames a second, one after the other.
    pub fps: f64,
    /// Percentiles.
    pub stages: Vec<StageTime>,
}

/// Draws it.
pub(super) fn diagnostics_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut Diagnostics) -> Vec<Action> {
    let mut actions = Vec::new();
    let words = scene.words;
    let colours = theme::palette(ui);
    let stats = &scene.snapshot.stats;
    page_title(ui, &words.say("page-diagnostics"), |_| {});
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        match &scene.snapshot.camera {
            CameraStatus::Fault { reason, .. } => {
                let (title, text) = camera_words::fault(scene, reason);
                banner(ui, colours.alarm, &format!("{title} {text}"));
            }
            CameraStatus::Opening => banner(ui, colours.notice, &words.say("camera-opening")),
            CameraStatus::Live if scene.snapshot.faults.is_empty() => {
                banner(ui, colours.arrived, &words.say("diagnostics-well"));
            }
            CameraStatus::Live => {}
        }
        let figures = [
            (words.decimal(stats.captured_fps.into(), 1), words.say("diagnostics-captured")),
            (words.decimal(stats.processed_fps.into(), 1), words.say("diagnostics-processed")),
            (stats.dropped.to_string(), words.say("diagnostics-dropped")),
        ];
        tiles(ui, &figures);
        plots_ui(ui, scene);
        figures_ui(ui, scene);
        if !stats.stages.is_empty() {
            caption(ui, &words.say("diagnostics-stages"));
            stage_table(ui, scene, "live stages", &stats.stages, &mut local.live);
        }
        actions.extend(bench_ui(ui, scene, &mut local.bench));
    });
    actions
}

fn plots_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let words = scene.words;
    let colours = theme::palette(ui);
    let names = ["diagnostics-plot-camera", "diagnostics-plot-recognised"].map(|id| words.say(id));
    let [camera, recognised] = &names;
    let places = history::PLACES;
    let rates = [
        PlotLine { name: camera, ink: colours.left.solid, values: scene.history.captured_fps(), places },
        PlotLine {
            name: recognised,
            ink: colours.accent.solid,
            values: scene.history.processed_fps(),
            places,
        },
    ];
    let names = ["diagnostics-detect", "diagnostics-embed", "diagnostics-frame"].map(|id| words.say(id));
    let inks = [colours.left.solid, colours.notice.solid, colours.accent.solid];
    let times: Vec<_> = names
        .iter()
        .zip(inks)
        .zip(scene.history.stage_ms())
        .map(|((name, ink), values)| PlotLine { name, ink, values, places })
        .collect();
    let draw = |ui: &mut Ui, width: f32, legend_lines: usize| {
        let size = (width, legend_lines);
        plot(ui, words, &words.say("diagnostics-rates"), "/s", size, 30.0, &rates);
        plot(ui, words, &words.say("diagnostics-times"), "ms", size, 10.0, &times);
    };
    if ui.available_width() > theme::SMALL_WIDTH * 0.8 {
        let width = ((ui.available_width() - theme::GAP) / 2.0).floor();
        ui.horizontal_top(|ui| draw(ui, width, 2)); // the longer legend has two: equal cards beside each other
    } else {
        let width = ui.available_width();
        draw(ui, width, 1);
    }
}

fn figures_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let words = scene.words;
    let stats = &scene.snapshot.stats;
    let machine = &scene.snapshot.machine;
    let disk = match (machine.disk_free, machine.disk_total) {
        (Some(free), Some(total)) => {
            let values = [("free", bytes(words, free).into()), ("total", bytes(words, total).into())];
            words.with("diagnostics-disk-free", &values)
        }
        _ => String::new(),
    };
    let clock = match machine.clock_synchronised {
        Some(true) => words.say("diagnostics-clock-kept"),
        Some(false) => words.say("diagnostics-clock-loose"),
        None => words.say("diagnostics-clock-unknown"),
    };
    let size = |count| bytes(words, count);
    let rows = [
        ("diagnostics-camera", camera_words::described(words, &stats.camera)),
        ("diagnostics-weights", stats.weights.join(", ")),
        ("diagnostics-device", stats.device.map(|device| runs_on(words, device)).unwrap_or_default()),
        ("diagnostics-templates", stats.templates.to_string()),
        ("diagnostics-threshold", words.decimal(stats.threshold_cosine.into(), 3)),
        ("diagnostics-disk", disk),
        ("diagnostics-data", machine.data_bytes.map(size).unwrap_or_default()),
        ("diagnostics-memory", machine.memory_bytes.map(size).unwrap_or_default()),
        ("diagnostics-temperature", machine.temperature_c.map(|c| format!("{c:.0} °C")).unwrap_or_default()),
        ("diagnostics-clock", clock),
    ];
    let names: Vec<String> = rows.iter().map(|(id, _)| words.say(id)).collect();
    card(ui, |ui| {
        ui.set_width(ui.available_width() - 4.0);
        // A long name takes a second line; or it would push everything below it over the edge.
        let widest = ui.available_width() - theme::SPACE - widest_name(ui, &names);
        egui::Grid::new("figures")
            .num_columns(2)
            .max_col_width(widest)
            .spacing([theme::SPACE, theme::GAP])
            .min_row_height(24.0)
            .show(ui, |ui| {
                for (name, (_, value)) in names.iter().zip(rows) {
                    caption(ui, name);
                    ui.label(if value.is_empty() { "–".to_owned() } else { value });
                    ui.end_row();
                }
            });
    });
}

fn widest_name(ui: &Ui, names: &[String]) -> f32 {
    let font = TextStyle::Small.resolve(ui.style());
    let width = |name: &String| {
        ui.painter().layout_no_wrap(name.clone(), font.clone(), Color32::TRANSPARENT).size().x
    };
    names.iter().map(width).fold(0.0, f32::max)
}

fn bench_ui(ui: &mut Ui, scene: &Scene<'_>, sort: &mut Sort<Key>) -> Option<Action> {
    let words = scene.words;
    let colours = theme::palette(ui);
    let bench = scene.bench?;
    card(ui, |ui| {
        ui.set_width(ui.available_width() - 4.0);
        ui.heading(words.say("bench-title"));
        quiet(ui, &words.say("bench-text"));
        match bench {
            BenchView::Running { done, of } => {
                let share = *done as f32 / (*of).max(1) as f32;
                let text = words.with("bench-progress", &[("done", (*done).into()), ("of", (*of).into())]);
                ui.add(ProgressBar::new(share).desired_height(18.0));
                caption(ui, &text);
                return button(ui, &words.say("button-cancel"), Weight::Quiet)
                    .clicked()
                    .then_some(Action::CancelBench);
            }
            BenchView::Done(figures) => {
                let fps = words.decimal(figures.fps, 1);
                let values = [("fps", fps.into()), ("frames", figures.frames.into())];
                banner(ui, colours.arrived, &words.with("bench-result", &values));
                caption(ui, &figures.on);
                stage_table(ui, scene, "bench stages", &figures.stages, sort);
            }
            BenchView::Stopping => {
                quiet(ui, &words.say("button-working"));
                return None;
            }
            BenchView::Failed(why) => {
                let internal = || words.say("trouble-internal");
                let text = with_reason(words, "bench-failed", &why.clone().unwrap_or_else(internal));
                banner(ui, colours.alarm, &text);
            }
            BenchView::Idle => {}
        }
        button(ui, &words.say("bench-start"), Weight::Primary).clicked().then_some(Action::StartBench)
    })
}

fn stage_table(ui: &mut Ui, scene: &Scene<'_>, id: &str, stages: &[StageTime], sort: &mut Sort<Key>) {
    const ROW: f32 = 36.0;
    let words = scene.words;
    let columns = [
        Col::rest(words.say("diagnostics-stage")).sorts(Key::Stage),
        Col::fixed("p50".to_owned(), 96.0).sorts(Key::P50),
        Col::fixed("p95".to_owned(), 96.0).sorts(Key::P95),
        Col::fixed("p99".to_owned(), 96.0).sorts(Key::P99),
    ];
    let shown = in_order(stages, *sort);
    ui.allocate_ui(Vec2::new(ui.available_width(), height_of(ROW, shown.len())), |ui| {
        table(ui, id, &columns, sort, ROW, shown.len(), |ui, row, column| {
            let Some(stage) = shown.get(row) else { return };
            let value = match column {
                0 => return text(ui, &words.say(stage_word(stage.stage))),
                1 => stage.p50_ms,
                2 => stage.p95_ms,
                _ => stage.p99_ms,
            };
            ui.label(RichText::new(format!("{} ms", words.decimal(value.into(), 1))).monospace());
        });
    });
}

fn in_order(stages: &[StageTime], sort: Sort<Key>) -> Vec<&StageTime> {
    let mut shown: Vec<_> = stages.iter().collect();
    match sort.by {
        Key::Stage => shown.sort_by_key(|row| row.stage),
        Key::P50 => shown.sort_by(|a, b| a.p50_ms.total_cmp(&b.p50_ms)),
        Key::P95 => shown.sort_by(|a, b| a.p95_ms.total_cmp(&b.p95_ms)),
        Key::P99 => shown.sort_by(|a, b| a.p99_ms.total_cmp(&b.p99_ms)),
    }
    if sort.descending {
        shown.reverse();
    }
    shown
}

fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Capture => "diagnostics-capture",
        Stage::Convert => "diagnostics-convert",
        Stage::Detect => "diagnostics-detect",
        Stage::Track => "diagnostics-track",
        Stage::Align => "diagnostics-align",
        Stage::Embed => "diagnostics-embed",
        Stage::Match => "diagnostics-match",
        Stage::Liveness => "diagnostics-liveness",
        Stage::Decide => "diagnostics-decide",
        Stage::Frame => "diagnostics-frame",
    }
}

fn runs_on(words: &Words, device: RunsOn) -> String {
    match device {
        RunsOn::Cpu { threads } => words.with("device-threads", &[("threads", threads.into())]),
        RunsOn::Candle => words.say("device-cpu"),
        RunsOn::Cuda => words.say("device-cuda"),
    }
}

/// "1.4 GB", in powers of a thousand as on the disk's label.
fn bytes(words: &Words, bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1_000.0 {
            return format!("{} {unit}", words.decimal(value, usize::from(unit != "B")));
        }
        value /= 1_000.0;
    }
    format!("{} TB", words.decimal(value, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_on_the_label() {
        let (en, de) = (Words::new("en"), Words::new("de"));
        assert_eq!(bytes(&en, 999), "999 B");
        assert_eq!(bytes(&de, 1_440_000), "1,4 MB");
        assert_eq!(bytes(&en, 2_000_000_000_000), "2.0 TB");
    }
}
