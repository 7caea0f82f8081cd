//! The window: takes in what the workers say, draws one screen, carries out what it asks for.
//!
//! Job: the loop between [`Link`] and [`crate::ui`]. It must not know how anything is done: it opens no file, no
//! camera and no store, and nothing in it waits. The time that decisions use comes from the [`Clock`] that it
//! is given.

mod bench;
mod time;
mod window;

pub use bench::{BenchRun, BenchWatch, FRAMES as BENCH_FRAMES};
pub use window::{AppError, AppOptions, Repaint, run};

use crate::{
    domain::{Clock, Host, Moment},
    runtime::messages::{
        BadMoment, CameraStatus, HostRequest, HostSession, Link, Notice, Refusal, Reply, ReplyBody, Request,
        RequestBody, Snapshot,
    },
    settings::{Display, Settings},
    ui::{
        self, Action, Asked, AttendeeModel, Badge, Cards, CodePage, FirstStart, Goto, History, HostPage,
        HostScreen, Keyboard, PictureTexture, Scene, Screen, Words,
    },
};
use bench::Bench;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

/// Most messages taken in before a frame is drawn; the rest come with the next one.
const MESSAGES_A_FRAME: usize = 64;
/// How long taking them in may take.
const DRAIN: Duration = Duration::from_millis(4);
/// How often countdowns are drawn.
const COUNTDOWN: Duration = Duration::from_millis(100);
/// A PIN pad that nobody touches gives way to the attendee screen.
const LOGIN_IDLE: Duration = Duration::from_secs(30);
/// Typing a recovery code takes longer.
const RECOVERY_IDLE: Duration = Duration::from_mins(5);
/// How often the clock on the wall is looked at.
const CLOCK: Duration = Duration::from_millis(500);

/// The whole window.
pub struct FaceprintApp {
    link: Link,
    clock: Arc<dyn Clock>,
    strip: Option<String>,
    settings: Settings,
    words: Words,
    snapshot: Snapshot,
    camera_since: Duration,
    picture: PictureTexture,
    screen: Screen,
    cards: Cards,
    hosts: Vec<Host>,
    pending: BTreeMap<u64, Asked>,
    next_number: u64,
    shots_seen: usize,
    touched: Duration,
    /// When somebody was last in the picture, touched the screen or was marked.
    present: Duration,
    clock_watch: time::ClockWatch,
    history: History,
    keyboard: Keyboard,
    bench: Option<Bench>,
    /// How the context is dressed; `None` before the first frame.
    dressed: Option<Display>,
    quitting: bool,
    resting: bool,
}

/// What a view may look at. A macro, since the screen must stay free to be changed beside it.
macro_rules! scene {
    ($app:expr, $now:expr) => {
        Scene {
            settings: &$app.settings,
            snapshot: &$app.snapshot,
            words: &$app.words,
            now: $now,
            picture: &$app.picture,
            hosts: &$app.hosts,
            camera_retry: camera_retry(&$app.snapshot.camera, $now.mono.saturating_sub($app.camera_since)),
            clock_jumped: $app.clock_watch.jumped($now),
            history: &$app.history,
            bench: $app.bench.as_ref().map(Bench::view),
        }
    };
}

impl FaceprintApp {
    /// A window that shows the attendee screen and asks who the hosts are. `strip` is a line for a demonstration.
    #[must_use]
    pub fn new(link: Link, settings: Settings, clock: Arc<dyn Clock>, strip: Option<String>) -> Self {
        let mut app = Self {
            words: Words::new(&settings.language),
            snapshot: Snapshot::default(),
            camera_since: clock.now().mono,
            link,
            clock,
            strip,
            settings,
            picture: PictureTexture::default(),
            screen: Screen::Attendee,
            cards: Cards::default(),
            hosts: Vec::new(),
            pending: BTreeMap::new(),
            next_number: 1,
            shots_seen: 0,
            touched: Duration::ZERO,
            present: Duration::ZERO,
            clock_watch: time::ClockWatch::default(),
            history: History::default(),
            keyboard: Keyboard::default(),
            bench: None,
            dressed: None,
            quitting: false,
            resting: false,
        };
        app.present = app.clock.now().mono;
        app.ask(RequestBody::Hosts);
        app
    }

    /// Lets a technician run the speed test from Diagnostics.
    #[must_use]
    pub fn with_bench(mut self, run: BenchRun) -> Self {
        self.bench = Some(Bench::new(run));
        self
    }

    /// Takes in what is new; whether a new picture is among it. Called before each frame, and while the window is hidden.
    pub fn take_in(&mut self, ctx: &egui::Context) -> bool {
        let now = self.clock.now();
        let newest = self.link.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if newest.camera != self.snapshot.camera {
            self.camera_since = now.mono;
        }
        self.snapshot = newest;
        for fault in &mut self.snapshot.faults {
            fault.sentence = ui::trouble(&self.words, &fault.sentence).into();
        }
        let live = self.snapshot.camera == CameraStatus::Live;
        let new_picture = if let Some(frame) = self.snapshot.frame.as_ref().filter(|_| live) {
            self.picture.update(ctx, frame)
        } else {
            self.picture.clear();
            false
        };
        if self.dressed != Some(self.settings.display) {
            ui::theme::apply(ctx, &self.settings.display);
            self.dressed = Some(self.settings.display);
        }
        self.clock_watch.look(now);
        self.history.add(now.mono, &self.snapshot.stats);
        if let Some(bench) = &mut self.bench {
            bench.look();
        }
        self.drain(now);
        self.cards.expire(now.mono);
        self.idle(ctx, now);
        let counting = !self.cards.is_empty() || !matches!(self.screen, Screen::Attendee);
        ctx.request_repaint_after(if counting { COUNTDOWN } else { CLOCK });
        new_picture
    }

    /// Draws the screen and carries out what it asked for.
    pub fn draw(&mut self, ui: &mut egui::Ui) {
        let now = self.clock.now();
        self.keyboard.begin(ui.ctx());
        let scene = scene!(self, now);
        let actions = match &mut self.screen {
            Screen::Attendee if self.resting => {
                ui::saver_ui(ui, &scene);
                Vec::new()
            }
            Screen::FirstStart(local) => ui::first_start_ui(ui, &scene, local),
            Screen::Attendee => {
                let model = AttendeeModel::new(&self.snapshot, &self.cards, self.strip.as_deref());
                ui::attendee_ui(ui, &scene, &model)
            }
            Screen::Badge(local) => ui::badge_ui(ui, &scene, local),
            Screen::Login(local) => ui::login_ui(ui, &scene, local),
            Screen::Host(page, session) => ui::host_ui(ui, &scene, page, session),
        };
        let summoned = matches!(&self.screen, Screen::Login(login) if login.phrase());
        let closed = self.keyboard.show(ui.ctx(), &self.words, self.settings.display.keyboard, summoned);
        if let (true, Screen::Login(login)) = (closed, &mut self.screen) {
            login.close_keyboard();
        }
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        self.carry_out(actions, now);
    }

    /// Whether the window may be closed by whoever stands before it: from host mode, and before there is a host.
    #[must_use]
    pub fn may_close(&self) -> bool {
        self.quitting || matches!(self.screen, Screen::Host(..) | Screen::FirstStart(_))
    }

    /// A host asked for the window to be closed.
    #[must_use]
    pub fn quitting(&self) -> bool {
        self.quitting
    }

    /// Whether the screen rests.
    #[must_use]
    pub fn resting(&self) -> bool {
        self.resting
    }

    /// Which screen is shown, for tests and titles.
    #[must_use]
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    fn drain(&mut self, now: Moment) {
        for _ in 0..MESSAGES_A_FRAME {
            let notice = self.link.notices.try_recv().ok();
            let reply = self.link.replies.try_recv().ok();
            if notice.is_none() && reply.is_none() {
                break;
            }
            if let Some(notice) = notice {
                self.notice(notice, now);
            }
            if let Some(Reply { number, body }) = reply
                && let Some(asked) = self.pending.remove(&number)
            {
                self.reply(asked, body, now);
            }
            if self.clock.now().mono.saturating_sub(now.mono) > DRAIN {
                break;
            }
        }
    }

    fn notice(&mut self, notice: Notice, now: Moment) {
        let notice = ui::worded_notice(&self.words, notice);
        if let Screen::Host(page, _) = &mut self.screen {
            let actions = page.notice(&notice);
            self.carry_out(actions, now);
        }
        let not_me = Duration::from_secs(u64::from(self.settings.not_me_secs));
        self.cards.take(notice, now.mono, not_me);
    }

    fn reply(&mut self, asked: Asked, body: Result<ReplyBody, Refusal>, now: Moment) {
        let body = match ui::worded_reply(&self.words, asked, body) {
            Ok(ReplyBody::Hosts(hosts)) => {
                if hosts.is_empty() && matches!(self.screen, Screen::Attendee) {
                    self.screen = Screen::FirstStart(Box::new(FirstStart::new(&self.settings)));
                }
                self.hosts = hosts;
                return;
            }
            Ok(ReplyBody::LoggedIn(session)) => {
                self.logged_in(asked, session, now);
                return;
            }
            Ok(ReplyBody::Settings(settings)) => {
                self.use_settings(&settings);
                Ok(ReplyBody::Settings(settings))
            }
            other => other,
        };
        match (asked, &body) {
            (Asked::NotMe(event), Err(refusal)) => {
                self.cards.dispute_failed(event, refusal.to_string(), now.mono);
            }
            (Asked::ChooseKind(_), Err(refusal)) => {
                let stay = Duration::ZERO;
                self.cards.take(Notice::NotRecorded { sentence: refusal.to_string().into() }, now.mono, stay);
            }
            _ => {}
        }
        match (&mut self.screen, body) {
            (Screen::FirstStart(local), Err(refusal)) => local.refused(asked, &refusal),
            (Screen::Badge(local), body) => local.reply(asked, body, now.mono),
            (Screen::Login(local), Err(refusal)) => local.refused(asked, &refusal, now.mono),
            (Screen::Login(local), Ok(body)) => local.reply(asked, body),
            (Screen::Host(..), Err(Refusal::SessionEnded)) => {
                self.screen = Screen::Login(Box::default());
            }
            (Screen::Host(page, _), body) => {
                let actions = page.reply(asked, body);
                self.carry_out(actions, now);
            }
            _ => {}
        }
    }

    fn use_settings(&mut self, settings: &Settings) {
        if settings.language != self.settings.language {
            self.words = Words::new(&settings.language);
        }
        self.settings = settings.clone();
    }

    /// A right PIN. If whoever typed it has walked away meanwhile, host mode does not open behind their back.
    fn logged_in(&mut self, asked: Asked, session: Arc<HostSession>, now: Moment) {
        session.touch(now);
        match (&self.screen, asked) {
            (Screen::FirstStart(_), Asked::SetUp) => {
                let code = HostScreen::Code(CodePage::default());
                self.screen = Screen::Host(Box::new(code), session);
                self.ask_host(HostRequest::NewRecoveryCode);
                self.ask(RequestBody::Hosts);
                self.ask_host(HostRequest::Settings); // the site's name and zone are new
            }
            (Screen::Login(_), Asked::Login) => self.open(HostPage::Today, session, now),
            _ => self.ask(RequestBody::Logout { host: session.host(), timed_out: false }),
        }
    }

    /// Any input keeps host mode open, and so does a shot taken in an enrolment; silence locks it.
    fn idle(&mut self, ctx: &egui::Context, now: Moment) {
        let shots = self.snapshot.enrolment.as_ref().map_or(0, |view| view.taken);
        let active = ctx.input(|input| !input.events.is_empty()) || shots > self.shots_seen;
        self.shots_seen = shots;
        let silent = now.mono.saturating_sub(self.touched);
        if active {
            self.touched = now.mono;
        }
        if active || !self.snapshot.faces.is_empty() || !self.cards.is_empty() {
            self.present = now.mono;
        }
        let alone = now.mono.saturating_sub(self.present);
        let sees = self.snapshot.camera == CameraStatus::Live && self.snapshot.faults.is_empty();
        self.resting = matches!(self.screen, Screen::Attendee)
            && ui::resting(alone, self.settings.display.saver_secs, sees);
        let keeps_open = match &mut self.screen {
            Screen::Host(page, _) => page.keeps_open(now),
            _ => false,
        };
        match &self.screen {
            Screen::Host(_, session) if session.expired(now) => self.lock(true),
            Screen::Host(_, session) if active || keeps_open => session.touch(now),
            Screen::Login(login) if login.busy() && silent < RECOVERY_IDLE => {}
            Screen::Login(_) | Screen::Badge(_) if !active && silent > LOGIN_IDLE => {
                self.screen = Screen::Attendee;
            }
            _ => {}
        }
    }

    fn carry_out(&mut self, actions: Vec<Action>, now: Moment) {
        for action in actions {
            match action {
                Action::Go(goto) => self.go(goto, now),
                Action::Ask(body) => {
                    if let RequestBody::ChooseKind { track, .. } = &body {
                        self.cards.answered(*track);
                    }
                    self.ask(body);
                }
                Action::AskHost(request) => self.ask_host(request),
                Action::NotMe(event) => {
                    self.cards.dispute(event);
                    self.ask(RequestBody::NotMe(event));
                }
                Action::Language(code) => {
                    self.words = Words::new(code);
                    code.clone_into(&mut self.settings.language);
                }
                Action::StartBench => self.bench.iter_mut().for_each(Bench::start),
                Action::CancelBench => self.bench.iter_mut().for_each(Bench::cancel),
                Action::Quit => {
                    self.lock(false);
                    self.quitting = true;
                }
                Action::Lock => self.lock(false),
            }
        }
    }

    fn go(&mut self, goto: Goto, now: Moment) {
        match (goto, &self.screen) {
            (Goto::Attendee, Screen::Host(..)) => self.lock(false),
            (Goto::Attendee, _) => self.screen = Screen::Attendee,
            (Goto::Badge, Screen::Attendee) => {
                self.touched = now.mono;
                self.screen = Screen::Badge(Badge::default());
            }
            (Goto::NewCode, Screen::Host(_, session)) => {
                let session = session.clone();
                self.leave();
                self.screen = Screen::Host(Box::new(HostScreen::Code(CodePage::default())), session);
                self.ask_host(HostRequest::NewRecoveryCode);
            }
            (Goto::Login, _) => {
                self.screen = Screen::Login(Box::default());
                self.ask(RequestBody::Hosts);
            }
            (Goto::Page(page), Screen::Host(_, session)) => {
                let session = session.clone();
                self.open(page, session, now);
            }
            (Goto::Enrol(person, name), Screen::Host(_, session)) => {
                let session = session.clone();
                self.leave();
                self.screen = Screen::Host(Box::new(HostScreen::enrol(person, name)), session);
            }
            (Goto::Page(_) | Goto::Enrol(..) | Goto::NewCode | Goto::Badge, _) => {} // no session, no page
        }
    }

    fn open(&mut self, page: HostPage, session: Arc<HostSession>, now: Moment) {
        self.leave();
        let scene = scene!(self, now);
        let (page, requests) = HostScreen::open(page, &scene);
        self.screen = Screen::Host(Box::new(page), session);
        for request in requests {
            self.ask_host(request);
        }
    }

    fn leave(&mut self) {
        if let Screen::Host(page, _) = &self.screen
            && let Some(request) = page.leave()
        {
            self.ask_host(request);
        }
    }

    fn lock(&mut self, timed_out: bool) {
        self.leave();
        if let Screen::Host(_, session) = &self.screen {
            let host = session.host();
            self.ask(RequestBody::Logout { host, timed_out });
        }
        self.screen = Screen::Attendee;
    }

    fn ask_host(&mut self, request: HostRequest) {
        if let Screen::Host(_, session) = &self.screen {
            let session = session.clone();
            self.ask(RequestBody::Host(session, request));
        }
    }

    fn ask(&mut self, body: RequestBody) {
        let number = self.next_number;
        self.next_number += 1;
        let asked = Asked::of(&body);
        if self.link.requests.try_send(Request { number, body }).is_ok() {
            self.pending.insert(number, asked);
        } else {
            let refusal = Refusal::Failed(BadMoment::Busy.into());
            let now = self.clock.now();
            self.reply(asked, Err(refusal), now);
        }
    }
}

/// What is left of the wait before a camera at fault is opened again.
fn camera_retry(camera: &CameraStatus, since: Duration) -> Option<Duration> {
    match camera {
        CameraStatus::Fault { retry_in, .. } => retry_in.map(|wait| wait.saturating_sub(since)),
        CameraStatus::Opening | CameraStatus::Live => None,
    }
}
