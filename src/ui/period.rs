//! Locked days on the Attendance page: up to when, by whom, and the dialog that moves the border.
//!
//! Job: a date, a reason, and what they mean in words, into a request. It must not know which marks are concerned.

use super::{
    Action, Asked, Scene,
    host::dialog_foot,
    range::DayField,
    theme,
    widgets::{Weight, banner, dialog, field, quiet, segments},
    words::sentence,
};
use crate::{
    domain::Actor,
    runtime::messages::{HostRequest, PeriodView, Refusal, ReplyBody},
};
use egui::Ui;
use jiff::{ToSpan, civil::Date};

/// What is locked, and the dialog if it is open.
#[derive(Default)]
pub(super) struct Period {
    lock: Option<PeriodView>,
    dialog: Option<Dialog>,
}

struct Dialog {
    deed: Deed,
    date: DayField,
    reason: String,
    waiting: bool,
    refused: Option<String>,
}

/// What the dialog is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Lock,
    /// Opens the days after the date.
    UnlockAfter,
    UnlockAll,
}

impl Period {
    /// The last locked day.
    pub(super) fn until(&self) -> Option<Date> {
        self.lock.as_ref().map(|lock| lock.until)
    }

    /// Opens the dialog; what is usually locked is the month before.
    pub(super) fn open(&mut self, today: Date) {
        let month_before = today.first_of_month().saturating_sub(1.day());
        let date = self
            .until()
            .filter(|until| *until >= month_before)
            .map_or(month_before, |until| until.saturating_add(1.month()).min(today.saturating_sub(1.day())));
        self.dialog = Some(Dialog {
            deed: Deed::Lock,
            date: DayField::of(date),
            reason: String::new(),
            waiting: false,
            refused: None,
        });
    }

    /// Takes a reply that is about locks; true when one moved, so that the page loads again.
    pub(super) fn reply(&mut self, asked: Asked, body: &Result<ReplyBody, Refusal>) -> bool {
        match (asked, body) {
            (_, Ok(ReplyBody::Period(lock))) => {
                self.lock.clone_from(lock);
                self.dialog = None;
                matches!(asked, Asked::LockPeriod | Asked::UnlockPeriod)
            }
            (Asked::LockPeriod | Asked::UnlockPeriod, Err(refusal)) => {
                if let Some(dialog) = &mut self.dialog {
                    dialog.waiting = false;
                    dialog.refused = Some(sentence(&refusal.to_string()));
                }
                false
            }
            _ => false,
        }
    }

    /// "Locked up to 31 October 2026…": nothing when all days are open.
    pub(super) fn state_ui(&self, ui: &mut Ui, scene: &Scene<'_>) {
        if let Some(lock) = &self.lock {
            banner(ui, theme::palette(ui).accent, &lock_words(lock, scene));
        }
    }

    /// Draws the dialog.
    pub(super) fn ui(&mut self, ui: &Ui, scene: &Scene<'_>) -> Option<Action> {
        let lock = self.lock.clone();
        let local = self.dialog.as_mut()?;
        let words = scene.words;
        let mut action = None;
        let mut pressed = None;
        let shut = dialog(ui, "period", &words.say("period-title"), |ui| {
            let state =
                lock.as_ref().map_or_else(|| words.say("period-open"), |lock| lock_words(lock, scene));
            quiet(ui, &state);
            if lock.is_some() {
                let deeds = [
                    (Deed::Lock, words.say("period-lock")),
                    (Deed::UnlockAfter, words.say("period-unlock-after")),
                    (Deed::UnlockAll, words.say("period-unlock-all")),
                ];
                segments(ui, &mut local.deed, &deeds);
            }
            let help = match local.deed {
                Deed::Lock => "period-lock-text",
                Deed::UnlockAfter => "period-unlock-text",
                Deed::UnlockAll => "period-unlock-all-text",
            };
            if local.deed != Deed::UnlockAll {
                local.date.ui(ui, words, &words.say("period-until"));
            }
            quiet(ui, &words.say(help));
            if local.deed != Deed::Lock {
                field(ui, &words.say("today-reason"), &mut local.reason, &words.say("today-reason-hint"));
            }
            if let Some(refused) = &local.refused {
                banner(ui, theme::palette(ui).alarm, refused);
            }
            let request = local.request();
            let (deed, weight) = match local.deed {
                Deed::Lock => ("period-lock-deed", Weight::Primary),
                Deed::UnlockAfter | Deed::UnlockAll => ("period-unlock", Weight::Danger),
            };
            let enabled = request.is_some() && !local.waiting;
            pressed = dialog_foot(ui, &words.say("button-cancel"), &words.say(deed), enabled, weight);
            if let (Some(true), Some(request)) = (pressed, request) {
                (local.waiting, local.refused) = (true, None);
                action = Some(Action::AskHost(request));
            }
        });
        if shut.is_some() || pressed == Some(false) {
            self.dialog = None;
        }
        action
    }
}

impl Dialog {
    fn request(&self) -> Option<HostRequest> {
        let reason = self.reason.trim();
        match self.deed {
            Deed::Lock => Some(HostRequest::LockPeriod(self.date.day()?)),
            _ if reason.is_empty() => None,
            Deed::UnlockAfter => {
                Some(HostRequest::UnlockPeriod { until: Some(self.date.day()?), reason: reason.to_owned() })
            }
            Deed::UnlockAll => Some(HostRequest::UnlockPeriod { until: None, reason: reason.to_owned() }),
        }
    }
}

fn lock_words(lock: &PeriodView, scene: &Scene<'_>) -> String {
    let words = scene.words;
    let name = match lock.by {
        Actor::Host(id) => scene.host_name(id).map(str::to_owned),
        Actor::Kiosk | Actor::Person(_) => None,
    };
    let name = name.unwrap_or_else(|| words.say("audit-somebody"));
    let on = words.date(lock.at.to_zoned(scene.zone().clone()).date());
    words.with(
        "period-locked",
        &[("date", words.date(lock.until).into()), ("name", name.into()), ("on", on.into())],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Words;
    use jiff::civil::date;

    #[test]
    fn locking_needs_a_date_and_unlocking_a_reason() {
        let mut period = Period::default();
        period.open(date(2026, 11, 25));
        let local = period.dialog.as_mut().unwrap();
        assert_eq!(local.date.day(), Some(date(2026, 10, 31)), "the month before");
        assert!(matches!(local.request(), Some(HostRequest::LockPeriod(day)) if day == date(2026, 10, 31)));
        local.date.typed(&Words::new("en"), "soon");
        assert!(local.request().is_none());
        local.deed = Deed::UnlockAll;
        assert!(local.request().is_none());
        local.reason = "a shift was missing".into();
        assert!(matches!(local.request(), Some(HostRequest::UnlockPeriod { until: None, .. })));
        local.deed = Deed::UnlockAfter;
        assert!(local.request().is_none(), "from when on?");
    }

    #[test]
    fn a_refusal_keeps_the_dialog_and_a_new_state_closes_it() {
        let mut period = Period::default();
        period.open(date(2026, 11, 25));
        assert!(!period.reply(Asked::LockPeriod, &Err(Refusal::Failed("the disk is full".into()))));
        assert!(period.dialog.as_ref().is_some_and(|dialog| dialog.refused.is_some()));
        let lock =
            PeriodView { until: date(2026, 10, 31), by: Actor::Kiosk, at: jiff::Timestamp::UNIX_EPOCH };
        assert!(period.reply(Asked::LockPeriod, &Ok(ReplyBody::Period(Some(lock)))));
        assert!(period.dialog.is_none() && period.until() == Some(date(2026, 10, 31)));
        period.open(date(2026, 11, 25));
        assert_eq!(period.dialog.unwrap().date.day(), Some(date(2026, 11, 24)), "yesterday at the latest");
    }
}
