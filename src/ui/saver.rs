//! The resting screen: when nobody has been there for a while, a dark screen with the time, moving a little so that
//! nothing burns in.
//!
//! Job: decide when to rest, and draw it. It must not know who wakes it: the caller says when somebody was last there.

use super::{
    Scene,
    theme::{self, Scale},
    widgets::text_at,
    words::time_of_day,
};
use egui::{Align2, Ui, vec2};
use std::time::Duration;

/// Whether the screen rests. `silent`: how long nobody was seen and nothing was touched.
#[must_use]
pub fn resting(silent: Duration, saver_secs: u32, sees: bool) -> bool {
    // Without a picture and its recognition nobody can wake it by coming near, and the fault must be seen.
    saver_secs > 0 && sees && silent >= Duration::from_secs(saver_secs.into())
}

/// Draws it.
pub fn saver_ui(ui: &Ui, scene: &Scene<'_>) {
    let colours = &theme::DARK;
    let window = ui.max_rect();
    let scale = Scale::of(window.size(), scene.settings.display.large_type);
    ui.painter().rect_filled(window, 0.0, colours.sunken);
    // A slow path that repeats only after hours: two incommensurable periods.
    let minutes = scene.now.mono.as_secs() as f32 / 60.0;
    let drift = vec2((minutes * 0.61).sin() * 0.18, (minutes * 0.37).cos() * 0.22) * window.size();
    let at = window.center() + drift;
    let width = window.width();
    let clock = time_of_day(scene.now.utc, scene.zone());
    let font = scale.font(150.0);
    let clock = text_at(ui, at, Align2::CENTER_CENTER, &clock, font, colours.quiet, width);
    let date = scene.words.date(scene.now.utc.to_zoned(scene.zone().clone()).date());
    let below = clock.center_bottom() + vec2(0.0, scale.px(6.0));
    text_at(ui, below, Align2::CENTER_TOP, &date, scale.font(24.0), colours.quiet, width);
    let hint = scene.words.say("saver-hint");
    let below = below + vec2(0.0, scale.letters(24.0) * 1.8);
    text_at(ui, below, Align2::CENTER_TOP, &hint, scale.font(20.0), colours.quiet, width);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_only_when_nobody_came_and_a_face_could_wake_it() {
        let secs = Duration::from_secs;
        assert!(!resting(secs(299), 300, true));
        assert!(resting(secs(300), 300, true));
        assert!(!resting(secs(9_000), 300, false));
        assert!(!resting(secs(9_000), 0, true));
    }
}
