//! The recovery code, shown once: right after the first start, and whenever a host makes a new one.
//!
//! Job: large, until somebody says that it is written down. It must not keep it: it goes with the page, wiped.

use super::{
    Action, Asked, Goto, HostPage, Scene,
    second_host::{Pressed, SecondHost},
    theme,
    widgets::{Weight, banner, button_if, card, quiet},
    words::sentence,
};
use crate::{
    domain::Moment,
    runtime::messages::{HostRequest, Refusal, ReplyBody},
};
use egui::{FontFamily, FontId, RichText, Ui};
use std::time::Duration;
use zeroize::Zeroizing;

/// A code on its way, then in view.
#[derive(Default)]
pub struct CodePage {
    code: Option<Zeroizing<String>>,
    written: bool,
    failed: Option<String>,
    /// Who has to agree, once the two-person rule asked for it.
    second: Option<SecondHost>,
    since: Option<Duration>,
}

/// Writing down 25 letters takes a while without a touch: so long host mode stays open.
const STAYS_OPEN: Duration = Duration::from_mins(5);

impl CodePage {
    /// A code that is there already.
    #[must_use]
    pub fn with(code: String) -> Self {
        Self { code: Some(Zeroizing::new(code)), ..Self::default() }
    }

    /// A reply for this page.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) {
        match (asked, body) {
            (Asked::NewRecoveryCode, Ok(ReplyBody::RecoveryCode(code))) => {
                self.code = Some(Zeroizing::new(code.0.shown()));
                self.second = None;
            }
            (Asked::NewRecoveryCode, Err(refusal)) if SecondHost::take(&mut self.second, &refusal) => {}
            (Asked::NewRecoveryCode, Err(refusal)) => self.failed = Some(sentence(&refusal.to_string())),
            _ => {}
        }
    }

    /// Whether it keeps host mode open without a touch.
    pub fn keeps_open(&mut self, now: Moment) -> bool {
        let since = *self.since.get_or_insert(now.mono);
        now.mono.saturating_sub(since) < STAYS_OPEN
    }
}

/// Draws it as a page of host mode.
pub(super) fn code_page_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut CodePage) -> Vec<Action> {
    if let Some(second) = &mut local.second {
        let agreed = match second.ui(ui, scene) {
            Pressed::Nothing => return Vec::new(),
            Pressed::Close => return vec![Action::Go(Goto::Page(HostPage::Hosts))],
            Pressed::Agree(agreed) => agreed,
        };
        let request = Box::new(HostRequest::NewRecoveryCode);
        return vec![Action::AskHost(HostRequest::WithSecond(agreed, request))];
    }
    let done = code_ui(ui, scene, local);
    done.then_some(Action::Go(Goto::Page(HostPage::People))).into_iter().collect()
}

/// Draws it; true when somebody has written it down and goes on.
pub(super) fn code_ui(ui: &mut Ui, scene: &Scene<'_>, local: &mut CodePage) -> bool {
    let words = scene.words;
    let colours = theme::palette(ui);
    let width = ui.available_width();
    let column = (width - 2.0 * theme::SPACE).min(theme::COLUMN + 80.0);
    let mut done = false;
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add_space(((ui.available_height() - 420.0) * 0.4).max(theme::GAP));
        ui.horizontal(|ui| {
            ui.add_space(((width - column) / 2.0).max(0.0));
            ui.vertical(|ui| {
                ui.set_width(column);
                ui.label(RichText::new(words.say("code-title")).font(theme::font(theme::TITLE)));
                quiet(ui, &words.say("code-text"));
                ui.add_space(theme::GAP);
                match (&local.code, &local.failed) {
                    (Some(code), _) => card(ui, |ui| {
                        ui.set_width(ui.available_width());
                        let size = (column / 22.0).min(theme::FIGURE);
                        let font = FontId::new(size, FontFamily::Monospace);
                        ui.vertical_centered(|ui| ui.label(RichText::new(code.as_str()).font(font)));
                    }),
                    (None, Some(failed)) => banner(ui, colours.alarm, failed),
                    (None, None) => super::host::loading(ui, scene),
                }
                ui.add_space(theme::GAP);
                let ready = local.code.is_some() || local.failed.is_some();
                if local.code.is_some() {
                    ui.checkbox(&mut local.written, words.say("code-written"));
                }
                let ready = ready && (local.written || local.failed.is_some());
                done = button_if(ui, ready, &words.say("code-go-on"), Weight::Primary).clicked();
            });
        });
    });
    done
}
