//! How the kiosk runs: frame rates, stage times, camera, networks, faults.
//!
//! Job: the workers' own figures, laid out for a technician. It must not know how they are measured.

use super::{
    Scene, camera_words,
    table::{CELL, head},
    theme,
    widgets::{banner, caption, card, page_title, tile},
    words::sentence,
};
use crate::runtime::messages::{CameraStatus, StageTime};
use egui::{Align, Layout, RichText, Ui};
use egui_extras::{Column, TableBuilder};

/// Draws it.
pub(super) fn diagnostics_ui(ui: &mut Ui, scene: &Scene<'_>) {
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
        let width = ((ui.available_width() - 2.0 * theme::GAP) / 3.0).floor();
        ui.horizontal(|ui| {
            let camera = format!("{:.1}", stats.captured_fps);
            tile(ui, width, &camera, &words.say("diagnostics-captured"), colours.ink);
            let processed = format!("{:.1}", stats.processed_fps);
            tile(ui, width, &processed, &words.say("diagnostics-processed"), colours.ink);
            tile(ui, width, &stats.dropped.to_string(), &words.say("diagnostics-dropped"), colours.ink);
        });
        ui.add_space(theme::GAP / 2.0);
        card(ui, |ui| {
            ui.set_width(ui.available_width() - 4.0);
            egui::Grid::new("figures")
                .num_columns(2)
                .spacing([theme::SPACE, theme::GAP])
                .min_row_height(24.0)
                .show(ui, |ui| {
                    for (id, value) in [
                        ("diagnostics-camera", stats.camera.clone()),
                        ("diagnostics-weights", stats.weights.join(", ")),
                        ("diagnostics-device", stats.device.clone()),
                        ("diagnostics-templates", stats.templates.to_string()),
                        ("diagnostics-threshold", format!("{:.3}", stats.threshold_cosine)),
                    ] {
                        caption(ui, &words.say(id));
                        ui.label(if value.is_empty() { "–".to_owned() } else { value });
                        ui.end_row();
                    }
                });
        });
        for fault in &scene.snapshot.faults {
            banner(ui, colours.alarm, &sentence(&fault.sentence));
        }
        if !stats.stages.is_empty() {
            ui.add_space(theme::GAP / 2.0);
            caption(ui, &words.say("diagnostics-stages"));
            stage_table(ui, scene, &stats.stages);
        }
    });
}

fn stage_table(ui: &mut Ui, scene: &Scene<'_>, stages: &[StageTime]) {
    TableBuilder::new(ui)
        .striped(true)
        .vscroll(false)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::remainder().at_least(120.0))
        .columns(Column::exact(96.0), 3)
        .header(34.0, |mut header| {
            header.col(|ui| head(ui, &scene.words.say("diagnostics-stage")));
            for title in ["p50", "p95", "p99"] {
                header.col(|ui| head(ui, title));
            }
        })
        .body(|body| {
            body.rows(36.0, stages.len(), |mut row| {
                let Some(stage) = stages.get(row.index()) else { return };
                row.col(|ui| {
                    ui.add_space(CELL);
                    ui.label(stage.stage);
                });
                for value in [stage.p50_ms, stage.p95_ms, stage.p99_ms] {
                    row.col(|ui| {
                        ui.add_space(CELL);
                        ui.label(RichText::new(format!("{value:.1} ms")).monospace());
                    });
                }
            });
        });
}
