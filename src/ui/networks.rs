//! Which camera and which networks: what there is, in words, to be chosen with a finger.
//!
//! Job: lists to a camera's text and a network's id. It must not know how either is opened; a choice counts once the
//! settings are saved.

use super::{
    Scene, camera_words,
    host::dialog_foot,
    settings_form::percent,
    theme,
    widgets::{Weight, badge, banner, button, caption, dialog, field, quiet},
    words::Words,
};
use crate::runtime::messages::{CameraRow, CameraStatus, NetworkKind, NetworkRow};
use egui::{Button, Ui, Vec2};

/// What was found, and a network that waits for a second word.
#[derive(Default)]
pub(super) struct Found {
    /// Cameras; `None` while they are looked for.
    pub(super) cameras: Option<Vec<CameraRow>>,
    /// Networks.
    pub(super) networks: Vec<NetworkRow>,
    asked: Option<NetworkRow>,
}

impl Found {
    /// The cameras to choose from, how the present one is, and the text for any other. True when they are to be looked
    /// for again.
    pub(super) fn cameras_ui(&self, ui: &mut Ui, scene: &Scene<'_>, camera: &mut String) -> bool {
        let words = scene.words;
        let colours = theme::palette(ui);
        match &scene.snapshot.camera {
            CameraStatus::Live => {
                let camera = camera_words::described(words, &scene.snapshot.stats.camera);
                let value = [("camera", camera.into())];
                banner(ui, colours.arrived, &words.with("settings-camera-live", &value));
            }
            CameraStatus::Opening => banner(ui, colours.accent, &words.say("camera-opening")),
            CameraStatus::Fault { reason, .. } => {
                let (what, help) = camera_words::fault(scene, reason);
                banner(ui, colours.notice, &format!("{what} {help}"));
            }
        }
        caption(ui, &words.say("settings-camera-choose"));
        let mut offers = vec![("auto".to_owned(), words.say("settings-camera-auto"))];
        offers.extend(self.cameras.iter().flatten().map(|row| (row.spec.clone(), row.name.clone())));
        offers.push(("demo".to_owned(), words.say("settings-camera-demo")));
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            for (spec, name) in offers {
                let text = if name == spec { name } else { format!("{name} ({spec})") };
                if offer(ui, camera.trim() == spec, &text) {
                    *camera = spec;
                }
            }
        });
        let again = button(ui, &words.say("settings-camera-again"), Weight::Quiet).clicked();
        field(ui, &words.say("settings-camera"), camera, "auto");
        again
    }

    /// The networks of a kind; `chosen` is the id that the form holds, empty for the built-in one.
    pub(super) fn networks_ui(&mut self, ui: &mut Ui, words: &Words, kind: NetworkKind, chosen: &mut String) {
        caption(
            ui,
            &words.say(match kind {
                NetworkKind::Detector => "settings-detector",
                NetworkKind::Recogniser | NetworkKind::Unknown => "settings-recogniser",
            }),
        );
        let mut pressed = None;
        for row in self.networks.iter().filter(|row| row.kind == kind) {
            let is_chosen = row.is_chosen(chosen);
            ui.horizontal_wrapped(|ui| {
                if offer(ui, is_chosen, row.id.as_str()) && !is_chosen {
                    pressed = Some(row.clone());
                }
                if row.built_in {
                    badge(ui, theme::palette(ui).accent, &words.say("settings-built-in"));
                }
            });
            quiet(ui, &about(words, row));
        }
        if kind == NetworkKind::Detector {
            quiet(ui, &words.say("network-detector-help"));
        }
        match pressed {
            // A detector changes nothing that is stored.
            Some(row) if row.left_out == 0 => *chosen = row.chosen_text(),
            Some(row) => self.asked = Some(row),
            None => {}
        }
    }

    /// Networks that cannot be used, and why.
    pub(super) fn faults_ui(&self, ui: &mut Ui, words: &Words) {
        for (row, fault) in
            self.networks.iter().filter_map(|row| row.fault.as_ref().map(|fault| (row, fault)))
        {
            let what = words.with("network-unusable", &[("id", row.id.as_str().into())]);
            banner(ui, theme::palette(ui).notice, &format!("{what}\n{fault}"));
        }
    }

    /// How many people a recogniser costs, before it is taken.
    pub(super) fn confirm_ui(&mut self, ui: &Ui, words: &Words, recogniser: &mut String) {
        let Some(row) = &self.asked else { return };
        let mut pressed = None;
        let values = [("id", row.id.as_str().into()), ("people", row.left_out.into())];
        let shut = dialog(ui, "network", &words.with("network-title", &values[..1]), |ui| {
            quiet(ui, &words.with("network-left-out", &values));
            quiet(ui, &words.say("network-text"));
            let (cancel, deed) = (words.say("button-cancel"), words.say("network-deed"));
            pressed = dialog_foot(ui, &cancel, &deed, true, Weight::Primary);
        });
        if pressed == Some(true) {
            *recogniser = row.chosen_text();
        }
        if pressed.is_some() || shut.is_some() {
            self.asked = None;
        }
    }
}

impl NetworkRow {
    /// Whether an id typed in the settings means this one.
    fn is_chosen(&self, id: &str) -> bool {
        if id.trim().is_empty() { self.is_default } else { id.trim() == self.id.as_str() }
    }

    /// As the settings name it: the built-in one is named by nothing, so that an update may bring a better one.
    fn chosen_text(&self) -> String {
        if self.is_default { String::new() } else { self.id.to_string() }
    }
}

/// Licence, and what was measured.
fn about(words: &Words, row: &NetworkRow) -> String {
    let licence = row.licence.trim_end_matches('.');
    let licence = words.with("network-licence", &[("licence", licence.into())]);
    if row.kind != NetworkKind::Recogniser {
        return licence;
    }
    let measured = match row.measured {
        Some((fpir, people)) => {
            let values = [("share", percent(words, fpir).into()), ("people", people.into())];
            words.with("network-measured", &values)
        }
        None => words.say("network-not-measured"),
    };
    let asks = row.asks.map(|(people, cosine)| {
        let values = [("people", people.into()), ("cosine", words.decimal(cosine.into(), 2).into())];
        let beyond = row.measured.is_some_and(|(_, measured)| people > measured as usize);
        words.with(if beyond { "network-asks-beyond" } else { "network-asks" }, &values)
    });
    let again = words.with("network-again", &[("people", row.left_out.into())]);
    [Some(licence), Some(measured), asks, Some(again)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A line to be chosen, as wide as there is room.
fn offer(ui: &mut Ui, chosen: bool, text: &str) -> bool {
    let width = ui.available_width().min(theme::COLUMN);
    let button = Button::selectable(chosen, text).frame_when_inactive(true).truncate();
    ui.add(button.min_size(Vec2::new(width * 0.6, theme::TOUCH))).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WeightsId;

    #[test]
    fn the_built_in_network_is_named_by_nothing() {
        let row = |id: &str, is_default: bool| NetworkRow {
            id: WeightsId::new(id).unwrap(),
            kind: NetworkKind::Recogniser,
            licence: "MIT".into(),
            measured: Some((0.001, 100)),
            asks: is_default.then_some((240, 0.612)),
            left_out: 3,
            built_in: is_default,
            is_default,
            fault: None,
        };
        let (own, other) = (row("fp-face-4", true), row("mbf-w8", false));
        assert!(own.is_chosen("") && own.is_chosen("fp-face-4") && !other.is_chosen(""));
        assert!(other.is_chosen(" mbf-w8 ") && !own.is_chosen("mbf-w8"));
        assert_eq!((own.chosen_text(), other.chosen_text()), (String::new(), "mbf-w8".into()));
        let words = Words::new("en");
        let asked = "Among the 240 people it knows here, a face is recognised from a similarity of 0.61";
        let text = about(&words, &own);
        assert!(text.contains(asked) && text.contains("estimate"), "240 are more than were measured: {text}");
        let text = about(&words, &NetworkRow { measured: Some((0.001, 1000)), ..own });
        assert!(text.contains(asked) && !text.contains("estimate"), "{text}");
        let text = about(&words, &other);
        assert!(
            text.contains("MIT") && text.contains("0.1\u{a0}%") && text.contains("100") && text.contains('3'),
            "{text}"
        );
        assert!(about(&words, &NetworkRow { measured: None, ..other }).contains("not measured"));
    }
}
