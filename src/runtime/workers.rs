//! The two threads that do the work: `recogniser` (newest frame in, faces and sightings out) and `ledger`
//! (sightings and requests in, durable records out).
//!
//! What may be dropped (frames, snapshots) and what may not (sightings, requests, notices) never share a channel.
//! A panic in a worker costs the work in hand, shows as a [`Fault`], and the worker begins anew. Neither thread
//! names egui: they hold a waker closure.

use super::{
    enrolment::{Enrolment, SHOTS, Shot, Step},
    ledger::{DataPaths, Ledger, LedgerError, steps::Steps},
    look_alike::LookAlike,
    messages::{
        CameraNow, CameraState, CameraStatus, FaceView, Fault, HostRequest, LiveStats, Notice, Refusal,
        Reply, ReplyBody, Request, RequestBody, Snapshot, Worker,
    },
    passing::{Passing, PassingStep},
    pipeline::{FrameOutcome, Pipeline, SharedIndex, Sighted, Sighting},
    sound::{Speaker, Tone},
    stages::{Stage, StageClock},
    trouble::{BadMoment, BadRequest, Stopped, Trouble},
};
use crate::{
    camera::{CameraHandle, CameraOptions},
    crypto::{KeySource, PinCost, make_folder},
    domain::{Actor, Clock, Fingerprint, PersonId, PersonName, WeightsId},
    imaging::{Frame, Rotation},
    settings::Settings,
    vault::{InitHost, NewTemplate, Vault, VaultError},
    vision::FaceEngine,
};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Wakes whoever looks at the snapshot.
pub type Waker = Arc<dyn Fn() + Send + Sync>;
/// Loads the networks; called on the recogniser's thread, again after a fault.
pub type EngineLoader = Box<dyn Fn() -> Result<Box<dyn FaceEngine>, String> + Send>;
/// The newest snapshot.
pub type SnapshotCell = Arc<Mutex<Snapshot>>;

/// How long a worker that failed waits before it begins anew.
const RESTART_AFTER: Duration = Duration::from_secs(5);
/// How often the workers look up from waiting.
const TICK: Duration = Duration::from_millis(100);
/// The same while the ledger has work for every quiet moment.
const BREATH: Duration = Duration::from_millis(10);
/// Stage times kept for the live percentiles.
pub(super) const LIVE_SAMPLES: usize = 300;

/// What the ledger tells the recogniser.
pub enum ToRecogniser {
    /// Take shots of this person; recognition pauses.
    Enrol(PersonId, Actor),
    /// Stop taking shots.
    CancelEnrolment,
    /// This person has just typed their PIN, and their templates are of other weights: take shots beside recognition.
    EnrolInPassing(PersonId),
    /// The settings changed.
    Settings(Box<Settings>),
}

/// What the recogniser tells the ledger. Never dropped.
pub enum ToLedger {
    /// A decision about a face.
    Sighting(Sighting),
    /// All shots of an enrolment.
    Shots {
        /// Whose.
        person: PersonId,
        /// Who asked.
        actor: Actor,
        /// Templates.
        shots: Vec<NewTemplate>,
        /// Somebody else with a face like this one.
        look_alike: Option<LookAlike>,
    },
    /// An enrolment that ended without them.
    NotEnrolled {
        /// Whose.
        person: PersonId,
        /// Why.
        why: BadMoment,
    },
    /// All shots of somebody enrolled in passing.
    Renewed {
        /// Whose.
        person: PersonId,
        /// Templates.
        shots: Vec<NewTemplate>,
        /// Somebody else with a face like this one.
        look_alike: Option<LookAlike>,
    },
}

/// The recogniser's parts; [`run`](Self::run) is its thread.
pub struct RecogniserWorker {
    /// Loads the networks.
    pub load_engine: EngineLoader,
    /// Shared with the ledger.
    pub index: SharedIndex,
    /// The weights whose templates are in the index.
    pub weights: WeightsId,
    /// Of that network.
    pub fingerprint: Fingerprint,
    /// In force at the start.
    pub settings: Settings,
    /// From the ledger.
    pub commands: Receiver<ToRecogniser>,
    /// To the ledger.
    pub out: Sender<ToLedger>,
    /// Written after each frame.
    pub snapshot: SnapshotCell,
    /// Called after each change.
    pub wake: Waker,
    /// The kiosk's clock.
    pub clock: Arc<dyn Clock>,
    /// Set to end.
    pub stop: Arc<AtomicBool>,
}

impl RecogniserWorker {
    /// Works until told to stop.
    pub fn run(mut self) {
        let mut camera = self.open_camera();
        let mut backlog = VecDeque::new();
        let mut enrolment = None;
        let mut pipeline = None;
        while !self.stop.load(Ordering::Relaxed) {
            let recognise = || self.recognise(&mut camera, &mut pipeline, &mut enrolment, &mut backlog);
            let ended = catch_unwind(AssertUnwindSafe(recognise));
            let sentence = match ended {
                Ok(Ok(())) => break,
                Ok(Err(sentence)) => sentence,
                Err(_) => Stopped::Recogniser.into(),
            };
            log::error!("recogniser: {sentence}");
            self.set_fault(Some(sentence));
            backlog.extend(not_enrolled(&mut enrolment, BadMoment::BegunAnew));
            flush(&mut backlog, &self.out);
            self.idle(&mut camera, RESTART_AFTER);
        }
    }

    fn open_camera(&self) -> CameraHandle {
        let rotate = Rotation::from_degrees(self.settings.rotate_degrees.into()).unwrap_or_default();
        let options = CameraOptions { rotate, ..CameraOptions::default() };
        CameraHandle::start(&self.settings.camera, options, self.clock.clone())
    }

    /// Loads the networks and handles frames until stopped (`Ok`) or something breaks (`Err`, a sentence).
    fn recognise(
        &mut self,
        camera: &mut CameraHandle,
        kept: &mut Option<Pipeline>,
        enrolment: &mut Option<(Enrolment, Actor)>,
        backlog: &mut VecDeque<ToLedger>,
    ) -> Result<(), Trouble> {
        let engine = (self.load_engine)().map_err(Trouble::networks)?;
        if *engine.weights() != self.weights || engine.fingerprint() != self.fingerprint {
            return Err(Stopped::Weights.into());
        }
        // Who is on a visit is known across a fault: whoever stands there is not marked once more.
        let pipeline = if let Some(pipeline) = kept {
            pipeline.replace_engine(engine);
            pipeline
        } else {
            let (index, fpir) = (self.index.clone(), self.settings.fpir);
            kept.insert(Pipeline::new(engine, index, fpir, LIVE_SAMPLES))
        };
        pipeline.set_min_bona_fide(self.settings.min_bona_fide);
        self.set_fault(None);
        let mut passing: Option<Passing> = None;
        let mut rate = Rate::default();
        let mut last = 0;
        while !self.stop.load(Ordering::Relaxed) {
            if self.obey(camera, enrolment, &mut passing, pipeline) {
                last = 0; // another camera counts from the beginning
            }
            flush(backlog, &self.out);
            let Some((number, frame)) = camera.latest().wait_newer(last, TICK) else {
                self.publish(None, camera, pipeline, &rate, enrolment.as_ref());
                continue;
            };
            last = number;
            let outcome = pipeline.process(&frame, enrolment.is_none()).map_err(Trouble::networks)?;
            rate.tick();
            backlog.extend(self.enrol(enrolment, pipeline, &frame, &outcome)?);
            backlog.extend(self.enrol_in_passing(&mut passing, pipeline, &frame, &outcome)?);
            backlog.extend(outcome.sightings.into_iter().map(ToLedger::Sighting));
            flush(backlog, &self.out);
            self.publish(Some((frame, outcome.faces)), camera, pipeline, &rate, enrolment.as_ref());
        }
        Ok(())
    }

    /// Goes on with who is being enrolled, if anybody is; what comes out is for the ledger.
    fn enrol(
        &self,
        enrolment: &mut Option<(Enrolment, Actor)>,
        pipeline: &mut Pipeline,
        frame: &Frame,
        outcome: &FrameOutcome,
    ) -> Result<Option<ToLedger>, Trouble> {
        let Some((running, _)) = enrolment else { return Ok(None) };
        match running.step(frame.captured().mono, &outcome.candidates) {
            Step::Wait(_) => Ok(None),
            Step::Embed(face, quality) => {
                let embedding = pipeline.embed(frame, &face).map_err(Trouble::networks)?;
                let bona_fide = pipeline.is_bona_fide(frame, &face).map_err(Trouble::networks)?;
                // Another person stepped in, or it is no person: the shot is not kept, the machine asks again.
                let _ = running.take(embedding, quality, bona_fide);
                Ok(None)
            }
            Step::Complete => Ok(enrolment.take().map(|(done, actor)| {
                let person = done.person();
                let shots = templates(done.into_shots(), pipeline.weights());
                let look_alike = self.look_alike(pipeline, person, &shots);
                ToLedger::Shots { person, actor, shots, look_alike }
            })),
            Step::Over => Ok(not_enrolled(enrolment, BadMoment::NobodyCame)),
        }
    }

    /// Goes on with who is being enrolled in passing, if anybody is; what comes out is for the ledger.
    fn enrol_in_passing(
        &self,
        passing: &mut Option<Passing>,
        pipeline: &mut Pipeline,
        frame: &Frame,
        outcome: &FrameOutcome,
    ) -> Result<Option<ToLedger>, Trouble> {
        let Some(running) = passing else { return Ok(None) };
        match running.step(frame.captured().mono, &outcome.candidates) {
            PassingStep::Wait => Ok(None),
            PassingStep::Embed(face, quality) => {
                let embedding = pipeline.embed(frame, &face).map_err(Trouble::networks)?;
                let bona_fide = pipeline.is_bona_fide(frame, &face).map_err(Trouble::networks)?;
                running.take(embedding, quality, bona_fide);
                Ok(None)
            }
            PassingStep::Complete => Ok(passing.take().map(|done| {
                let person = done.person();
                let shots = templates(done.into_shots(), pipeline.weights());
                let look_alike = self.look_alike(pipeline, person, &shots);
                ToLedger::Renewed { person, shots, look_alike }
            })),
            PassingStep::Over => {
                *passing = None;
                Ok(None)
            }
        }
    }

    fn look_alike(&self, pipeline: &Pipeline, person: PersonId, shots: &[NewTemplate]) -> Option<LookAlike> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        LookAlike::of(&index, person, shots, pipeline.threshold_cosine())
    }

    /// Carries out what the ledger asked for. Whether the camera was opened anew.
    fn obey(
        &mut self,
        camera: &mut CameraHandle,
        enrolment: &mut Option<(Enrolment, Actor)>,
        passing: &mut Option<Passing>,
        pipeline: &mut Pipeline,
    ) -> bool {
        let mut reopened = false;
        while let Ok(command) = self.commands.try_recv() {
            match command {
                ToRecogniser::EnrolInPassing(person) => {
                    *passing = Some(Passing::new(person, pipeline.threshold_cosine()));
                }
                ToRecogniser::Enrol(person, actor) => {
                    *passing = None; // the host decides who stands here
                    *enrolment =
                        Some((Enrolment::new(person, true, SHOTS, pipeline.threshold_cosine()), actor));
                }
                ToRecogniser::CancelEnrolment => *enrolment = None,
                ToRecogniser::Settings(settings) => {
                    pipeline.set_fpir(settings.fpir);
                    pipeline.set_min_bona_fide(settings.min_bona_fide);
                    reopened |= self.change_settings(*settings, camera);
                }
            }
        }
        reopened
    }

    fn change_settings(&mut self, settings: Settings, camera: &mut CameraHandle) -> bool {
        let reopen = settings.camera != self.settings.camera
            || settings.rotate_degrees != self.settings.rotate_degrees;
        self.settings = settings;
        if reopen {
            *camera = self.open_camera();
        }
        reopen
    }

    /// While the networks are not there: the picture goes on, commands wait.
    fn idle(&self, camera: &mut CameraHandle, how_long: Duration) {
        let until = Instant::now() + how_long;
        let mut last = 0;
        while Instant::now() < until && !self.stop.load(Ordering::Relaxed) {
            let frame = camera.latest().wait_newer(last, TICK);
            let mut snapshot = lock(&self.snapshot);
            snapshot.camera = status(&camera.state());
            snapshot.faces.clear();
            snapshot.enrolment = None;
            if let Some((number, frame)) = frame {
                last = number;
                snapshot.frame = Some(frame);
            } else if snapshot.camera != CameraStatus::Live {
                snapshot.frame = None;
            }
            drop(snapshot);
            (self.wake)();
        }
    }

    fn publish(
        &self,
        seen: Option<(Arc<Frame>, Vec<FaceView>)>,
        camera: &CameraHandle,
        pipeline: &Pipeline,
        rate: &Rate,
        enrolment: Option<&(Enrolment, Actor)>,
    ) {
        let state = camera.state();
        let description = pipeline.description();
        let mut stats = LiveStats {
            captured_fps: camera.captured_fps(),
            processed_fps: rate.fps(),
            dropped: camera.dropped(),
            stages: pipeline.stages.table(),
            weights: description.networks.iter().map(ToString::to_string).collect(),
            device: Some(description.device),
            templates: self.index.read().unwrap_or_else(PoisonError::into_inner).len(),
            camera: match &state {
                CameraState::Live(info) => CameraNow::Live(info.clone()),
                _ => CameraNow::Wanted(self.settings.camera.clone()),
            },
            threshold_cosine: pipeline.threshold_cosine(),
        };
        let mut snapshot = lock(&self.snapshot);
        snapshot.camera = status(&state);
        snapshot.enrolment = enrolment.map(|(running, _)| running.view());
        stats.stages.extend(snapshot.decide.clone());
        stats.stages.sort_by_key(|row| row.stage);
        snapshot.stats = stats;
        match seen {
            Some((frame, faces)) => {
                snapshot.frame = Some(frame);
                snapshot.faces = faces;
            }
            None if !matches!(state, CameraState::Live(_)) => {
                snapshot.frame = None;
                snapshot.faces.clear();
            }
            None => {}
        }
        drop(snapshot);
        (self.wake)();
    }

    fn set_fault(&self, sentence: Option<Trouble>) {
        set_fault(&self.snapshot, Worker::Recogniser, sentence);
        (self.wake)();
    }
}

/// What the ledger's thread needs to open, and to open again after a fault.
#[derive(Clone)]
pub struct LedgerSetup {
    /// Files.
    pub paths: DataPaths,
    /// The device key.
    pub key: Arc<KeySource>,
    /// In force at the start.
    pub settings: Settings,
    /// The recogniser's weights.
    pub weights: WeightsId,
    /// Of that network.
    pub fingerprint: Fingerprint,
    /// Shared with the recogniser.
    pub index: SharedIndex,
    /// The kiosk's clock.
    pub clock: Arc<dyn Clock>,
}

impl LedgerSetup {
    /// Opens the store and fills the index.
    pub fn open(&self) -> Result<Ledger, LedgerError> {
        let vault = Vault::open(&self.paths.store(), &self.key, self.clock.now())?;
        self.ledger(vault, self.settings.clone())
    }

    /// Makes a new store with its first host and saves the settings. Where a store is, nothing is touched.
    pub fn create(&self, settings: Settings, host: InitHost) -> Result<Ledger, LedgerError> {
        let store = self.paths.store();
        if Vault::exists(&store) {
            return Err(VaultError::AlreadyExists(store).into());
        }
        make_folder(&self.paths.root, 0o777)
            .map_err(|source| LedgerError::File { path: self.paths.root.clone(), source })?;
        settings.save(&self.paths.settings)?;
        let zone = settings.zone.name().to_owned();
        let vault = match PinCost::calibrated(self.clock.as_ref()) {
            Ok(cost) => Vault::create_at_cost(&store, &self.key, &zone, host, cost, self.clock.now())?,
            Err(error) => {
                log::warn!("PINs are hashed at the least cost until somebody logs in: {error}");
                Vault::create(&store, &self.key, &zone, host, self.clock.now())?
            }
        };
        self.ledger(vault, settings)
    }

    /// Whether there is a store to open.
    #[must_use]
    pub fn exists(&self) -> bool {
        Vault::exists(&self.paths.store())
    }

    fn ledger(&self, vault: Vault, settings: Settings) -> Result<Ledger, LedgerError> {
        let (paths, weights) = (self.paths.clone(), (self.weights.clone(), self.fingerprint));
        Ledger::new(vault, paths, settings, weights, self.index.clone(), self.clock.clone())
    }
}

/// The ledger's parts; [`run`](Self::run) is its thread.
pub struct LedgerWorker {
    /// How to open the store.
    pub setup: LedgerSetup,
    /// Opened by the caller, so that a store that does not open is said at the start; `None` before set-up.
    pub ledger: Option<Ledger>,
    /// From the recogniser.
    pub sightings: Receiver<ToLedger>,
    /// From the window.
    pub requests: Receiver<Request>,
    /// To the window.
    pub replies: Sender<Reply>,
    /// To the window.
    pub notices: Sender<Notice>,
    /// To the recogniser.
    pub commands: Sender<ToRecogniser>,
    /// For faults.
    pub snapshot: SnapshotCell,
    /// Called after each change.
    pub wake: Waker,
    /// Set to end.
    pub stop: Arc<AtomicBool>,
    /// Tones at the door.
    pub speaker: Speaker,
    /// How long decisions take.
    pub decisions: StageClock,
    /// Long work under way, with the number of the request for it; `None` at the start.
    pub steps: Option<(u64, Steps)>,
    /// Shots of a face that is enrolled already: they wait for the host's word, in memory only.
    pub held: Option<Held>,
    /// Settings that are saved but not with the recogniser yet, whose queue was full; `None` at the start.
    pub untold: Option<Box<Settings>>,
}

/// Shots that are not stored yet.
pub struct Held {
    person: PersonId,
    actor: Actor,
    shots: Vec<NewTemplate>,
}

/// What woke the ledger.
enum Event {
    Work(ToLedger),
    Asked(Request),
    Tick,
}

impl LedgerWorker {
    /// Works until told to stop, then closes the store in order.
    pub fn run(mut self) {
        self.ledger = self.ledger.take().map(|ledger| self.own(ledger));
        let mut reopen_at: Option<Instant> = None;
        while !self.stop.load(Ordering::Relaxed) || !self.sightings.is_empty() {
            let event = crossbeam_channel::select! {
                recv(self.sightings) -> work => work.map_or(Event::Tick, Event::Work),
                recv(self.requests) -> request => request.map_or(Event::Tick, Event::Asked),
                default(self.pause()) => Event::Tick,
            };
            self.tell_settings();
            if reopen_at.is_some_and(|at| Instant::now() >= at) {
                reopen_at = self.reopen();
            }
            let number = if let Event::Asked(request) = &event { Some(request.number) } else { None };
            if catch_unwind(AssertUnwindSafe(|| self.handle(event))).is_err() {
                self.broken(Stopped::Ledger);
                if let Some(number) = number {
                    self.reply(number, refused(BadMoment::Internal));
                }
                reopen_at = Some(Instant::now());
            }
            if reopen_at.is_none() && self.ledger.as_ref().is_some_and(|l| l.vault().needs_reopening()) {
                self.broken(Stopped::Write);
                reopen_at = Some(Instant::now() + RESTART_AFTER);
            }
        }
        if let Some(ledger) = self.ledger.take()
            && let Err(error) = ledger.close()
        {
            log::error!("the store was not closed in order and will be rebuilt at the next start: {error}");
        }
    }

    /// How long to wait for something to do.
    fn pause(&self) -> Duration {
        let rotating = || self.ledger.as_ref().is_some_and(|ledger| ledger.vault().is_rotating());
        match &self.steps {
            Some((_, steps)) => steps.pause(),
            None if rotating() => BREATH,
            None => TICK,
        }
    }

    /// The ledger, telling the snapshot how far its long work is.
    fn own(&self, mut ledger: Ledger) -> Ledger {
        let (snapshot, wake) = (self.snapshot.clone(), self.wake.clone());
        ledger.tell_progress(Some(Arc::new(move |job| {
            lock(&snapshot).job = job;
            wake();
        })));
        ledger
    }

    fn broken(&mut self, why: Stopped) {
        log::error!("ledger: {why}");
        set_fault(&self.snapshot, Worker::Ledger, Some(why.into()));
        self.ledger = None;
        (self.wake)();
    }

    /// Opens the store again; `Some` is when to try next.
    fn reopen(&mut self) -> Option<Instant> {
        match catch_unwind(AssertUnwindSafe(|| self.setup.open())) {
            Ok(Ok(ledger)) => {
                self.ledger = Some(self.own(ledger));
                set_fault(&self.snapshot, Worker::Ledger, None);
                (self.wake)();
                None
            }
            failed => {
                if let Ok(Err(error)) = failed {
                    set_fault(&self.snapshot, Worker::Ledger, Some(error.into()));
                }
                (self.wake)();
                Some(Instant::now() + RESTART_AFTER)
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Tick if self.steps.is_some() => self.go_on(),
            Event::Tick => {
                if let Some(ledger) = &mut self.ledger {
                    ledger.background();
                }
            }
            Event::Work(work) => self.work(work),
            Event::Asked(Request { number, body }) => {
                let Some(body) = self.begin(number, body) else { return };
                let (reply, notices) = self.ask(body);
                for notice in notices {
                    self.notify(notice);
                }
                self.reply(number, reply);
            }
        }
    }

    /// Takes what begins or ends long work; anything else comes back. Whoever visits is served between the steps.
    fn begin(&mut self, number: u64, body: RequestBody) -> Option<RequestBody> {
        let (session, request) = match body {
            RequestBody::Host(
                session,
                request @ (HostRequest::VerifyAudit { .. }
                | HostRequest::Import(_)
                | HostRequest::Export { .. }
                | HostRequest::ExportAudit { .. }
                | HostRequest::Backup { .. }
                | HostRequest::CancelWork),
            ) => (session, request),
            body => return Some(body),
        };
        let Some(ledger) = &mut self.ledger else { return Some(RequestBody::Host(session, request)) };
        // A session that has ended still ends what it began.
        let request = match request {
            HostRequest::CancelWork => request,
            request => match ledger.allowed(&session, request) {
                Ok(request) => request,
                Err(refusal) => {
                    self.reply(number, Err(refusal));
                    return None;
                }
            },
        };
        let actor = session.actor();
        let free = self.steps.is_none();
        let steps = match request {
            HostRequest::VerifyAudit { against } if free => Ok(Steps::verify(ledger, against)),
            HostRequest::Import(plan) if free => Ok(Steps::import(actor, *plan)),
            HostRequest::Export { report, format, folder } if free => {
                Steps::export(ledger, actor, &report, format, folder)
            }
            HostRequest::ExportAudit { folder } if free => Steps::export_audit(ledger, actor, folder),
            HostRequest::Backup { folder, passphrase, .. } if free => {
                Steps::backup(ledger, actor, folder, passphrase.0)
            }
            HostRequest::CancelWork => {
                if let Some(answer) = self.steps.as_mut().and_then(|(_, steps)| steps.stop()) {
                    self.end_steps(answer.or_else(refused));
                }
                self.reply(number, Ok(ReplyBody::Done));
                return None;
            }
            _ => {
                self.reply(number, refused(BadMoment::UnderWay));
                return None;
            }
        };
        match steps {
            Ok(steps) => {
                self.setup.settings = ledger.settings().clone(); // columns of a report are kept there
                lock(&self.snapshot).job = Some(steps.view());
                self.steps = Some((number, steps));
            }
            Err(error) => self.reply(number, refused(error)),
        }
        None
    }

    /// One step of the long work.
    fn go_on(&mut self) {
        let (Some((_, steps)), Some(ledger)) = (&mut self.steps, &mut self.ledger) else {
            if self.steps.is_some() {
                self.end_steps(refused(BadMoment::ClosedMeanwhile));
            }
            return;
        };
        match steps.step(ledger) {
            Ok(None) => {
                lock(&self.snapshot).job = Some(steps.view());
                (self.wake)();
            }
            Ok(Some(body)) => self.end_steps(Ok(body)),
            Err(error) => self.end_steps(refused(error)),
        }
    }

    fn end_steps(&mut self, body: Result<ReplyBody, Refusal>) {
        if let Some((number, _)) = self.steps.take() {
            lock(&self.snapshot).job = None;
            self.reply(number, body);
        }
    }

    fn work(&mut self, work: ToLedger) {
        let Some(ledger) = &mut self.ledger else {
            match work {
                ToLedger::Sighting(_) if self.setup.exists() => {
                    self.notify(Notice::NotRecorded { sentence: BadMoment::VisitLost.into() });
                }
                ToLedger::Shots { person, .. } => {
                    self.notify(Notice::EnrolmentFailed { person, sentence: BadMoment::StoreClosed.into() });
                }
                ToLedger::NotEnrolled { person, why } => {
                    self.notify(Notice::EnrolmentFailed { person, sentence: why.into() });
                }
                ToLedger::Sighting(_) | ToLedger::Renewed { .. } => {}
            }
            return;
        };
        match work {
            ToLedger::Sighting(sighting) => {
                let deciding = Instant::now();
                let answer = ledger.sighting(&sighting);
                self.answered(&sighting, answer, deciding.elapsed());
            }
            ToLedger::NotEnrolled { person, why } => {
                self.notify(Notice::EnrolmentFailed { person, sentence: why.into() });
            }
            ToLedger::Renewed { person, shots, look_alike } => self.renew(person, &shots, look_alike),
            ToLedger::Shots { person, actor, shots, look_alike } => {
                // Erased meanwhile: then nobody is alike.
                let other = look_alike
                    .and_then(|found| Some((found, ledger.vault().person(found.person).ok()?.name)));
                match other {
                    Some((LookAlike { sure: true, .. }, other)) => {
                        self.held = Some(Held { person, actor, shots });
                        self.notify(Notice::EnrolledAlready { person, other });
                    }
                    near => self.store(Held { person, actor, shots }, near.map(|(_, name)| name)),
                }
            }
        }
    }

    /// Says what became of a sighting.
    fn answered(&mut self, sighting: &Sighting, answer: Result<Option<Notice>, LedgerError>, took: Duration) {
        match answer {
            Ok(Some(notice)) => {
                self.decisions.add(Stage::Decide, took);
                lock(&self.snapshot).decide = self.decisions.table().pop();
                self.sound(Tone::Recognised);
                self.notify(notice);
            }
            Ok(None) => match sighting.outcome {
                Sighted::Unknown => self.sound(Tone::Unknown),
                Sighted::Refused => self.sound(Tone::Refused),
                Sighted::Person { .. } => {} // erased or switched off meanwhile
            },
            Err(error) => {
                log::error!("ledger: {error}");
                self.sound(Tone::Refused);
                self.notify(Notice::NotRecorded { sentence: error.into() });
            }
        }
    }

    /// Stores the shots of somebody enrolled in passing, unless the face is more like somebody else's.
    fn renew(&mut self, person: PersonId, shots: &[NewTemplate], look_alike: Option<LookAlike>) {
        let Some(ledger) = &mut self.ledger else { return };
        if look_alike.is_some_and(|found| found.sure) {
            log::warn!("{person} was not enrolled in passing: somebody else has this face");
            return;
        }
        match ledger.renew(person, shots) {
            Ok(name) => self.notify(Notice::FaceRenewed { name }),
            Err(error) => log::warn!("{person} was not enrolled in passing: {error}"),
        }
    }

    /// Stores the shots of an enrolment and says how it ended.
    fn store(&mut self, held: Held, look_alike: Option<PersonName>) {
        let Held { person, actor, shots } = held;
        let Some(ledger) = &mut self.ledger else { return };
        let version = ledger.settings().consent_version.clone();
        let notice = match ledger.enrol(actor, person, &version, &shots, true) {
            Ok(()) => Notice::Enrolled { person, shots: shots.len(), look_alike },
            Err(error) => Notice::EnrolmentFailed { person, sentence: error.into() },
        };
        self.notify(notice);
    }

    fn ask(&mut self, body: RequestBody) -> (Result<ReplyBody, Refusal>, Vec<Notice>) {
        let Some(ledger) = &mut self.ledger else {
            return (self.ask_without_store(body), Vec::new());
        };
        match body {
            RequestBody::Host(
                session,
                request @ (HostRequest::StartEnrolment { .. }
                | HostRequest::CancelEnrolment
                | HostRequest::StoreShots { .. }),
            ) => {
                // A session that has ended still ends what it began.
                let request = match request {
                    HostRequest::CancelEnrolment => request,
                    request => match ledger.allowed(&session, request) {
                        Ok(request) => request,
                        Err(refusal) => return (Err(refusal), Vec::new()),
                    },
                };
                let held = self.held.take(); // whatever is asked for now, these shots wait no longer
                if let HostRequest::StoreShots { person } = request {
                    let Some(held) = held.filter(|held| held.person == person) else {
                        return (refused(BadRequest::PicturesGone), Vec::new());
                    };
                    self.store(held, None);
                    return (Ok(ReplyBody::Done), Vec::new());
                }
                let command = match request {
                    HostRequest::StartEnrolment { person } => ToRecogniser::Enrol(person, session.actor()),
                    _ => ToRecogniser::CancelEnrolment,
                };
                (self.command(command), Vec::new())
            }
            body => {
                let at_the_door = matches!(body, RequestBody::MarkByPin { .. });
                if matches!(body, RequestBody::Logout { .. }) {
                    self.held = None;
                    let _ = self.commands.try_send(ToRecogniser::CancelEnrolment); // it also ends by itself
                }
                let saves = matches!(body, RequestBody::Host(_, HostRequest::SaveSettings(_)));
                let (reply, notices) = ledger.answer(body);
                if let Some(person) = ledger.take_passing()
                    && self.commands.try_send(ToRecogniser::EnrolInPassing(person)).is_err()
                {
                    log::info!("{person} is enrolled in passing another time: the recogniser is busy");
                }
                if let Some(key) = ledger.take_new_key() {
                    self.setup.key = key; // for when the store is opened again
                }
                if at_the_door {
                    let tone = if reply.is_ok() { Tone::Recognised } else { Tone::Refused };
                    self.speaker.play(tone, ledger.settings().sound);
                }
                if *ledger.settings() != self.setup.settings {
                    self.setup.settings = ledger.settings().clone(); // for when the store is opened again
                }
                if saves && reply.is_ok() {
                    let settings = Box::new(self.setup.settings.clone());
                    self.untold = Some(settings.clone());
                    self.tell_settings();
                    return (Ok(ReplyBody::Settings(settings)), notices);
                }
                (reply, notices)
            }
        }
    }

    /// Before set-up, or while a broken store is being opened again.
    fn ask_without_store(&mut self, body: RequestBody) -> Result<ReplyBody, Refusal> {
        if self.setup.exists() {
            return refused(BadMoment::StoreClosed);
        }
        match body {
            RequestBody::Hosts => Ok(ReplyBody::Hosts(Vec::new())),
            RequestBody::SetUp { settings, host_name, pin } => {
                let settings = *settings;
                let attempt = pin.as_attempt();
                let mut ledger = self
                    .setup
                    .create(settings.clone(), InitHost { name: host_name, pin })
                    .map_err(|error| Refusal::Failed(error.into()))?;
                self.setup.settings = settings.clone();
                let hosts = ledger.vault().hosts().map_err(|error| Refusal::Failed(error.into()))?;
                let host = hosts.first().map(|h| h.id);
                let session = host.map(|host| ledger.login(host, &attempt));
                self.ledger = Some(self.own(ledger));
                self.untold = Some(Box::new(settings));
                self.tell_settings();
                session.unwrap_or(Err(Refusal::SessionEnded)).map(ReplyBody::LoggedIn)
            }
            _ => refused(BadMoment::NotSetUp),
        }
    }

    /// Saved settings reach the recogniser as soon as it takes them.
    fn tell_settings(&mut self) {
        if let Some(settings) = self.untold.take()
            && let Err(TrySendError::Full(ToRecogniser::Settings(settings))) =
                self.commands.try_send(ToRecogniser::Settings(settings))
        {
            self.untold = Some(settings);
        }
    }

    fn command(&self, command: ToRecogniser) -> Result<ReplyBody, Refusal> {
        match self.commands.try_send(command) {
            Ok(()) => Ok(ReplyBody::Done),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                refused(BadMoment::RecogniserSilent)
            }
        }
    }

    fn sound(&self, tone: Tone) {
        self.speaker.play(tone, self.setup.settings.sound);
    }

    fn notify(&self, notice: Notice) {
        // Bounded, and the window drains it each frame: this waits only while the window hangs.
        if self.notices.send(notice).is_err() {
            log::warn!("a notice found no window");
        }
        (self.wake)();
    }

    fn reply(&self, number: u64, body: Result<ReplyBody, Refusal>) {
        if self.replies.send(Reply { number, body }).is_err() {
            log::warn!("a reply found no window");
        }
        (self.wake)();
    }
}

fn refused<T>(why: impl Into<Trouble>) -> Result<T, Refusal> {
    Err(Refusal::Failed(why.into()))
}

/// The shots of a finished enrolment as templates.
#[must_use]
pub fn templates(shots: Vec<Shot>, weights: &WeightsId) -> Vec<NewTemplate> {
    shots
        .into_iter()
        .map(|shot| NewTemplate {
            embedding: shot.embedding,
            weights: weights.clone(),
            quality: shot.quality,
        })
        .collect()
}

/// Hands on what is waiting, oldest first, as far as there is room.
fn flush(backlog: &mut VecDeque<ToLedger>, out: &Sender<ToLedger>) {
    while let Some(work) = backlog.pop_front() {
        if let Err(TrySendError::Full(work) | TrySendError::Disconnected(work)) = out.try_send(work) {
            backlog.push_front(work);
            return;
        }
    }
}

/// Ends an enrolment, if one is under way, and says so.
fn not_enrolled(enrolment: &mut Option<(Enrolment, Actor)>, why: BadMoment) -> Option<ToLedger> {
    enrolment.take().map(|(running, _)| ToLedger::NotEnrolled { person: running.person(), why })
}

fn set_fault(snapshot: &SnapshotCell, worker: Worker, sentence: Option<Trouble>) {
    let mut snapshot = lock(snapshot);
    snapshot.faults.retain(|fault| fault.worker != worker);
    snapshot.faults.extend(sentence.map(|sentence| Fault { worker, sentence }));
}

fn status(state: &CameraState) -> CameraStatus {
    match state {
        CameraState::Opening => CameraStatus::Opening,
        CameraState::Live(_) => CameraStatus::Live,
        CameraState::Fault { reason, retry_in } => {
            CameraStatus::Fault { reason: reason.clone(), retry_in: *retry_in }
        }
    }
}

fn lock(snapshot: &SnapshotCell) -> std::sync::MutexGuard<'_, Snapshot> {
    snapshot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frames a second over the last second or so.
#[derive(Debug, Default)]
struct Rate {
    times: VecDeque<Instant>,
}

impl Rate {
    fn tick(&mut self) {
        self.times.push_back(Instant::now());
        if self.times.len() > 60 {
            self.times.pop_front();
        }
    }

    fn fps(&self) -> f32 {
        match (self.times.front(), self.times.back()) {
            (Some(first), Some(last)) if last > first => {
                (self.times.len() - 1) as f32 / last.duration_since(*first).as_secs_f32()
            }
            _ => 0.0,
        }
    }
}
