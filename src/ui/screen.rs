//! The screen as one enum, what a screen gets to draw with, and what it may ask for.
//!
//! A host screen holds the [`HostSession`] of a login: without one it cannot be built. Job: which screen is shown,
//! with what was typed on it, and which reply belongs to it. It must not know who answers.

use super::{
    BenchView, History, PictureTexture, Words, attendance::Attendance, audit::Audit, badge::Badge,
    code::CodePage, diagnostics::Diagnostics, enrol::Enrol, first_start::FirstStart, hosts::Hosts,
    keys::Keys, login::Login, people::People, reports::Reports, settings_form::SettingsForm, today::Today,
};
use crate::{
    domain::{EventId, Host, Moment, PersonId, PersonName, TrackId},
    runtime::messages::{HostRequest, HostSession, Notice, Refusal, ReplyBody, RequestBody, Snapshot},
    settings::Settings,
};
use jiff::{civil::Date, tz::TimeZone};
use std::{sync::Arc, time::Duration};

/// What the window shows.
pub enum Screen {
    /// No host yet: set the kiosk up.
    FirstStart(Box<FirstStart>),
    /// For everybody.
    Attendee,
    /// Marking oneself by badge and PIN.
    Badge(Badge),
    /// Who are you, and your PIN.
    Login(Box<Login>),
    /// Host mode, opened by a login.
    Host(Box<HostScreen>, Arc<HostSession>),
}

/// A page of host mode with what was typed and loaded on it.
pub enum HostScreen {
    /// Who is known to the kiosk.
    People(People),
    /// Guided enrolment of one person.
    Enrol(Enrol),
    /// Who came and went.
    Today(Today),
    /// Every mark of a range.
    Attendance(Attendance),
    /// Reports to a file.
    Reports(Box<Reports>),
    /// What was done, by whom.
    Audit(Audit),
    /// Who may open host mode.
    Hosts(Hosts),
    /// The recovery code, shown once.
    Code(CodePage),
    /// What opens the store, and a copy of it.
    Keys(Box<Keys>),
    /// What can be changed.
    Settings(Box<SettingsForm>),
    /// How it runs.
    Diagnostics(Diagnostics),
}

/// The pages that the navigation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostPage {
    /// [`HostScreen::Today`].
    Today,
    /// [`HostScreen::People`] and [`HostScreen::Enrol`].
    People,
    /// [`HostScreen::Attendance`].
    Attendance,
    /// [`HostScreen::Reports`].
    Reports,
    /// [`HostScreen::Audit`].
    Audit,
    /// [`HostScreen::Hosts`] and [`HostScreen::Code`].
    Hosts,
    /// [`HostScreen::Keys`]: Hosts and Settings lead to it.
    Keys,
    /// [`HostScreen::Settings`].
    Settings,
    /// [`HostScreen::Diagnostics`].
    Diagnostics,
}

/// Everything that a view may look at. Nothing in it blocks or changes while a frame is drawn.
pub struct Scene<'a> {
    /// Settings in force.
    pub settings: &'a Settings,
    /// Newest picture and state of the workers.
    pub snapshot: &'a Snapshot,
    /// The words of the chosen language.
    pub words: &'a Words,
    /// The present instant, given in.
    pub now: Moment,
    /// The live picture.
    pub picture: &'a PictureTexture,
    /// Who can log in, as last told.
    pub hosts: &'a [Host],
    /// Time until a camera that is at fault is opened again, if it is.
    pub camera_retry: Option<Duration>,
    /// The machine's clock was set by more than some seconds not long ago.
    pub clock_jumped: bool,
    /// Figures of the last minutes.
    pub history: &'a History,
    /// The speed test that a technician may run from the screen; `None` where none can be run.
    pub bench: Option<&'a BenchView>,
}

/// What a view asks for.
#[derive(Debug)]
pub enum Action {
    /// Show another screen.
    Go(Goto),
    /// Ask the workers.
    Ask(RequestBody),
    /// Ask the workers for something that only a host may do; the window adds the session.
    AskHost(HostRequest),
    /// "Not me" on a card.
    NotMe(EventId),
    /// Show the words of this language from now on; what is saved stays.
    Language(&'static str),
    /// Begin the speed test.
    StartBench,
    /// End it without a result.
    CancelBench,
    /// Close the window: only host mode offers it.
    Quit,
    /// End host mode.
    Lock,
}

/// Where to.
#[derive(Debug, Clone)]
pub enum Goto {
    /// Back to everybody's screen.
    Attendee,
    /// To badge and PIN.
    Badge,
    /// To the PIN pad.
    Login,
    /// To a page of host mode.
    Page(HostPage),
    /// To the enrolment of a person.
    Enrol(PersonId, PersonName),
    /// To a new recovery code.
    NewCode,
}

/// What a pending request was about, so that its reply finds its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // one per RequestBody and HostRequest, with the same names
pub enum Asked {
    SetUp,
    Hosts,
    Login,
    Logout,
    NotMe(EventId),
    ChooseKind(TrackId),
    People,
    AddPerson,
    StartEnrolment,
    CancelEnrolment,
    StoreShots,
    ErasePerson,
    Day,
    Attendance,
    Period,
    LockPeriod,
    UnlockPeriod,
    History,
    AddMark,
    CorrectMark,
    ChangePerson,
    Folders,
    PlanImport,
    Import,
    Preview,
    Export,
    ExportAudit,
    CancelWork,
    Audit,
    Settings,
    Cameras,
    Networks,
    SaveSettings,
    MarkByPin,
    Recover,
    HostRows,
    AddHost,
    RemoveHost,
    ChangePin,
    UnlockHost,
    NewRecoveryCode,
    SetPersonPin,
    UnlockPerson,
    WithdrawConsent,
    VerifyAudit,
    Backup,
    Keys,
    ChangeKey,
    RotateKey,
    ExportPerson,
    TwoPerson,
}

impl Asked {
    /// The kind of a request.
    #[must_use]
    pub fn of(body: &RequestBody) -> Self {
        match body {
            RequestBody::SetUp { .. } => Self::SetUp,
            RequestBody::Hosts => Self::Hosts,
            RequestBody::Login { .. } => Self::Login,
            RequestBody::Logout { .. } => Self::Logout,
            RequestBody::NotMe(event) => Self::NotMe(*event),
            RequestBody::ChooseKind { track, .. } => Self::ChooseKind(*track),
            RequestBody::MarkByPin { .. } => Self::MarkByPin,
            RequestBody::Recover { .. } => Self::Recover,
            RequestBody::Host(_, request) => Self::of_host(request),
        }
    }

    /// The kind of a host's request; a second host beside the first makes it no other.
    fn of_host(request: &HostRequest) -> Self {
        match request {
            HostRequest::WithSecond(_, request) => Self::of_host(request),
            HostRequest::TwoPerson(_) => Self::TwoPerson,
            HostRequest::People => Self::People,
            HostRequest::AddPerson { .. } => Self::AddPerson,
            HostRequest::StartEnrolment { .. } => Self::StartEnrolment,
            HostRequest::CancelEnrolment => Self::CancelEnrolment,
            HostRequest::StoreShots { .. } => Self::StoreShots,
            HostRequest::ErasePerson(_) => Self::ErasePerson,
            HostRequest::Day(_) => Self::Day,
            HostRequest::AddMark { .. } => Self::AddMark,
            HostRequest::CorrectMark { .. } => Self::CorrectMark,
            HostRequest::Attendance { .. } => Self::Attendance,
            HostRequest::Period => Self::Period,
            HostRequest::LockPeriod(_) => Self::LockPeriod,
            HostRequest::UnlockPeriod { .. } => Self::UnlockPeriod,
            HostRequest::History(_) => Self::History,
            HostRequest::ChangePerson(_) => Self::ChangePerson,
            HostRequest::Folders => Self::Folders,
            HostRequest::PlanImport(_) => Self::PlanImport,
            HostRequest::Import(_) => Self::Import,
            HostRequest::Preview(_) => Self::Preview,
            HostRequest::Export { .. } => Self::Export,
            HostRequest::ExportAudit { .. } => Self::ExportAudit,
            HostRequest::CancelWork => Self::CancelWork,
            HostRequest::Audit { .. } => Self::Audit,
            HostRequest::Settings => Self::Settings,
            HostRequest::Cameras => Self::Cameras,
            HostRequest::Networks => Self::Networks,
            HostRequest::SaveSettings(_) => Self::SaveSettings,
            HostRequest::HostRows => Self::HostRows,
            HostRequest::AddHost { .. } => Self::AddHost,
            HostRequest::RemoveHost(_) => Self::RemoveHost,
            HostRequest::ChangePin { .. } => Self::ChangePin,
            HostRequest::UnlockHost(_) => Self::UnlockHost,
            HostRequest::NewRecoveryCode => Self::NewRecoveryCode,
            HostRequest::SetPersonPin { .. } => Self::SetPersonPin,
            HostRequest::UnlockPerson(_) => Self::UnlockPerson,
            HostRequest::WithdrawConsent(_) => Self::WithdrawConsent,
            HostRequest::VerifyAudit { .. } => Self::VerifyAudit,
            HostRequest::Backup { .. } => Self::Backup,
            HostRequest::RotateKey => Self::RotateKey,
            HostRequest::Keys => Self::Keys,
            HostRequest::ChangeKey { .. } => Self::ChangeKey,
            HostRequest::ExportPerson { .. } => Self::ExportPerson,
        }
    }
}

impl Scene<'_> {
    /// Rules of the site's zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        self.settings.zone.time_zone()
    }

    /// The attendance day in which `now` falls: before the configured hour it is still yesterday.
    #[must_use]
    pub fn attendance_day(&self) -> Date {
        let local = self.now.utc.to_zoned(self.zone().clone());
        let started = i16::from(local.hour()) >= i16::from(self.settings.day_start_hour);
        if started { local.date() } else { local.date().yesterday().unwrap_or(Date::MIN) }
    }

    /// A host's name.
    #[must_use]
    pub fn host_name(&self, id: crate::domain::HostId) -> Option<&str> {
        self.hosts.iter().find(|host| host.id == id).map(|host| host.name.as_str())
    }
}

impl HostScreen {
    /// A page as it opens, and what it needs to be filled.
    #[must_use]
    pub fn open(page: HostPage, scene: &Scene<'_>) -> (Self, Vec<HostRequest>) {
        match page {
            HostPage::Today => {
                let day = scene.attendance_day();
                (
                    Self::Today(Today::new(day)),
                    vec![HostRequest::Day(day), HostRequest::Period, HostRequest::People],
                )
            }
            HostPage::People => (Self::People(People::default()), vec![HostRequest::People]),
            HostPage::Attendance => {
                let (page, request) = Attendance::new(scene.attendance_day());
                (Self::Attendance(page), vec![request, HostRequest::Period, HostRequest::People])
            }
            HostPage::Reports => {
                let page = Box::new(Reports::new(scene.attendance_day(), &scene.settings.reports));
                (Self::Reports(page), vec![HostRequest::Folders, HostRequest::People])
            }
            HostPage::Audit => {
                let entries = HostRequest::Audit { limit: super::audit::NEWEST };
                (Self::Audit(Audit::default()), vec![HostRequest::People, entries, HostRequest::Folders])
            }
            HostPage::Hosts => (Self::Hosts(Hosts::default()), vec![HostRequest::HostRows]),
            HostPage::Keys => (Self::Keys(Box::default()), vec![HostRequest::Keys, HostRequest::Folders]),
            HostPage::Settings => (
                Self::Settings(Box::default()),
                vec![HostRequest::Settings, HostRequest::Cameras, HostRequest::Networks],
            ),
            HostPage::Diagnostics => (Self::Diagnostics(Diagnostics::default()), Vec::new()),
        }
    }

    /// The enrolment of a person, before it begins.
    #[must_use]
    pub fn enrol(person: PersonId, name: PersonName) -> Self {
        Self::Enrol(Enrol::new(person, name))
    }

    /// Which entry of the navigation it belongs to.
    #[must_use]
    pub fn page(&self) -> HostPage {
        match self {
            Self::People(_) | Self::Enrol(_) => HostPage::People,
            Self::Today(_) => HostPage::Today,
            Self::Attendance(_) => HostPage::Attendance,
            Self::Reports(_) => HostPage::Reports,
            Self::Audit(_) => HostPage::Audit,
            Self::Hosts(_) | Self::Code(_) => HostPage::Hosts,
            Self::Keys(_) => HostPage::Keys,
            Self::Settings(_) => HostPage::Settings,
            Self::Diagnostics(_) => HostPage::Diagnostics,
        }
    }

    /// A reply. One that is for a page already left changes nothing.
    pub fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>) -> Vec<Action> {
        match self {
            Self::People(page) => page.reply(asked, body),
            Self::Enrol(page) => page.reply(asked, body),
            Self::Today(page) => page.reply(asked, body),
            Self::Attendance(page) => page.reply(asked, body),
            Self::Reports(page) => page.reply(asked, body),
            Self::Audit(page) => page.reply(asked, body),
            Self::Hosts(page) => page.reply(asked, body),
            Self::Code(page) => {
                page.reply(asked, body);
                Vec::new()
            }
            Self::Keys(page) => page.reply(asked, body),
            Self::Settings(page) => page.reply(asked, body),
            Self::Diagnostics(_) => Vec::new(),
        }
    }

    /// News from the workers that a page waits for.
    pub fn notice(&mut self, notice: &Notice) -> Vec<Action> {
        match (self, notice) {
            (Self::Enrol(page), _) => {
                page.notice(notice);
                Vec::new()
            }
            (Self::Today(page), Notice::Recorded { .. } | Notice::StruckOut { .. }) => {
                vec![Action::AskHost(HostRequest::Day(page.day()))]
            }
            _ => Vec::new(),
        }
    }

    /// Whether it keeps host mode open although nobody touches anything.
    pub fn keeps_open(&mut self, now: Moment) -> bool {
        match self {
            Self::Code(page) => page.keeps_open(now),
            _ => false,
        }
    }

    /// Ends what must not go on unseen when the page is left.
    #[must_use]
    pub fn leave(&self) -> Option<HostRequest> {
        match self {
            Self::Enrol(page) if page.unfinished() => Some(HostRequest::CancelEnrolment),
            Self::Audit(page) if page.checking() => Some(HostRequest::CancelWork),
            _ => None,
        }
    }
}
