//! The running kiosk without its window: real threads, a real store, real picture folders; only the networks are
//! replaced, by an engine that reads who somebody is from the colour of the picture.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, not only tests, fail by panicking

use faceprint::{
    crypto::{KeySource, Pin, PinAttempt},
    domain::{
        Actor, AuditAction, CalibrationData, Clock, DetectedFace, EMBEDDING_LEN, Embedding, Fingerprint,
        Landmarks, PersonId, PersonName, Point, Quality, Rect, SystemClock, WeightsId,
    },
    imaging::Frame,
    runtime::{
        kiosk::Kiosk,
        ledger::DataPaths,
        messages::{
            CameraStatus, Column, EnrolmentAdvice, ExportFormat, FaceState, Hidden, HostRequest, HostSession,
            Link, Notice, Passphrase, Refusal, Reply, ReplyBody, ReportBy, ReportSpec, Request, RequestBody,
            Worker,
        },
        pipeline::SharedIndex,
        sound::Speaker,
        stages::Stage,
        workers::LedgerSetup,
    },
    settings::{Settings, SiteZone, Sound},
    vault::Vault,
    vision::{FaceEngine, VisionError},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const PIN: &str = "481516";
/// A colour per person; black is nobody in front of the camera, grey a stranger.
const RED: [u8; 3] = [200, 0, 0];
const BLUE: [u8; 3] = [0, 0, 200];
const GREY: [u8; 3] = [90, 90, 90];
const NOBODY: [u8; 3] = [0, 0, 0];

/// Reads who somebody is from the first pixel.
struct ColourEngine {
    weights: WeightsId,
    calibration: CalibrationData,
    panic_once: Arc<AtomicBool>,
    /// Whether what is before the camera looks like a picture.
    pictures: Arc<AtomicBool>,
}

impl ColourEngine {
    fn new(weights: WeightsId, panic_once: Arc<AtomicBool>, pictures: Arc<AtomicBool>) -> Self {
        let calibration = CalibrationData { threshold_cosine: 0.4, ..CalibrationData::uncalibrated() };
        Self { weights, calibration, panic_once, pictures }
    }
}

fn weights(id: &str) -> WeightsId {
    WeightsId::new(id).unwrap()
}

impl FaceEngine for ColourEngine {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
        assert!(!self.panic_once.swap(false, Ordering::Relaxed), "a test breaks the recogniser");
        if frame.rgb()[..3] == NOBODY {
            return Ok(Vec::new());
        }
        let point = |x, y| Point { x, y };
        let landmarks = [
            point(60.0, 60.0),
            point(100.0, 60.0),
            point(80.0, 80.0),
            point(65.0, 100.0),
            point(95.0, 100.0),
        ];
        let bbox = Rect { x0: 40.0, y0: 20.0, x1: 120.0, y1: 130.0 };
        Ok(vec![DetectedFace { bbox, landmarks: Landmarks(landmarks), score: 0.9 }])
    }

    fn assess(&mut self, frame: &Frame, _: &DetectedFace) -> Quality {
        // The second pixel's red is the yaw, 128 looks straight ahead.
        let yaw_deg = f32::from(frame.rgb()[3]) - 128.0;
        Quality {
            eye_distance_px: 40.0,
            yaw_deg,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            sharpness: 200.0,
            brightness: 120.0,
            inside: 1.0,
        }
    }

    fn embed(&mut self, frame: &Frame, faces: &[DetectedFace]) -> Result<Vec<Embedding>, VisionError> {
        let mut raw = [0.01; EMBEDDING_LEN];
        for (axis, value) in frame.rgb()[..3].iter().enumerate() {
            raw[axis] = f32::from(*value);
        }
        if frame.rgb()[..3] == GREY {
            raw[..3].fill(0.01);
            raw[7] = 100.0;
        }
        faces.iter().map(|_| Ok(Embedding::from_raw(&raw)?)).collect()
    }

    fn bona_fide(&mut self, _: &Frame, _: &DetectedFace) -> Result<Option<f32>, VisionError> {
        Ok(Some(if self.pictures.load(Ordering::Relaxed) { 0.1 } else { 0.9 }))
    }

    fn checks_liveness(&self) -> bool {
        true
    }

    fn weights(&self) -> &WeightsId {
        &self.weights
    }

    fn calibration(&self) -> &CalibrationData {
        &self.calibration
    }
}

/// A kiosk looking at a folder that the test fills.
struct Running {
    folder: tempfile::TempDir,
    /// What the window would begin the first start with.
    settings: Settings,
    link: Link,
    kiosk: Option<Kiosk>,
    next: u64,
    panic_once: Arc<AtomicBool>,
    /// Whether what is before the camera looks like a picture.
    pictures: Arc<AtomicBool>,
    notices: Vec<Notice>,
}

impl Running {
    fn start(scene: &[([u8; 3], usize)]) -> Self {
        Self::heard(scene, Speaker::start(None))
    }

    /// The same, with tones switched on.
    fn heard(scene: &[([u8; 3], usize)], speaker: Speaker) -> Self {
        let folder = tempfile::tempdir().unwrap();
        paint(&folder.path().join("frames"), scene);
        Self::open(folder, weights("colours"), speaker)
    }

    /// Stops and starts again with other weights.
    fn restarted_with(self, weights: WeightsId) -> Self {
        let Self { folder, kiosk, .. } = self;
        drop(kiosk);
        Self::open(folder, weights, Speaker::start(None))
    }

    fn open(folder: tempfile::TempDir, weights: WeightsId, speaker: Speaker) -> Self {
        let frames = folder.path().join("frames");
        let mut settings = Settings::for_site("Test");
        settings.camera = format!("{}@30", frames.display()).parse().unwrap();
        settings.guard_secs = 0;
        settings.sound = Sound::On;
        let panic_once = Arc::new(AtomicBool::new(false));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let setup = LedgerSetup {
            paths: DataPaths::new(&folder.path().join("data"), None),
            key: Arc::new(KeySource::File(folder.path().join("key"))),
            settings: settings.clone(),
            weights: weights.clone(),
            fingerprint: Fingerprint::default(),
            index: SharedIndex::default(),
            clock,
        };
        let pictures = Arc::new(AtomicBool::new(false));
        let (breaks, shows) = (panic_once.clone(), pictures.clone());
        let load = Box::new(move || {
            let engine = ColourEngine::new(weights.clone(), breaks.clone(), shows.clone());
            Ok(Box::new(engine) as Box<dyn FaceEngine>)
        });
        let ledger = setup.exists().then(|| setup.open().unwrap());
        let (kiosk, link) = Kiosk::start_with(setup, ledger, load, Arc::new(|| ()), speaker).unwrap();
        Self {
            folder,
            settings,
            link,
            kiosk: Some(kiosk),
            next: 0,
            panic_once,
            pictures,
            notices: Vec::new(),
        }
    }

    fn ask(&mut self, body: RequestBody) -> Result<ReplyBody, Refusal> {
        self.next += 1;
        self.link.requests.send(Request { number: self.next, body }).unwrap();
        let Reply { number, body } = self.link.replies.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(number, self.next);
        body
    }

    fn set_up(&mut self) -> Arc<HostSession> {
        let settings = Settings { zone: SiteZone::new("Europe/Berlin").unwrap(), ..self.settings.clone() };
        let reply = self.ask(RequestBody::SetUp {
            settings: Box::new(settings),
            host_name: PersonName::new("Ada").unwrap(),
            pin: Pin::new(PIN).unwrap(),
        });
        let Ok(ReplyBody::LoggedIn(session)) = reply else { panic!("{reply:?}") };
        session
    }

    fn add(&mut self, session: &Arc<HostSession>, name: &str) -> PersonId {
        let name = PersonName::new(name).unwrap();
        let reply =
            self.ask(RequestBody::Host(session.clone(), HostRequest::AddPerson { name, badge: None }));
        let Ok(ReplyBody::Added(person)) = reply else { panic!("{reply:?}") };
        person
    }

    /// Waits for a notice; those before it are kept in `notices`.
    fn wait_for(&mut self, what: &str, wanted: impl Fn(&Notice) -> bool) -> Notice {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Ok(notice) = self.link.notices.recv_timeout(Duration::from_millis(50)) {
                self.notices.push(notice.clone());
                if wanted(&notice) {
                    return notice;
                }
            }
        }
        let snapshot = self.link.snapshot.lock().unwrap();
        panic!(
            "no {what}; camera {:?}, faults {:?}, enrolment {:?}",
            snapshot.camera, snapshot.faults, snapshot.enrolment
        )
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&faceprint::runtime::messages::Snapshot) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if holds(&self.link.snapshot.lock().unwrap()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("never {what}");
    }
}

/// Frames of one colour each; yaw swings so that guided enrolment finds its three poses.
fn paint(folder: &Path, scene: &[([u8; 3], usize)]) {
    std::fs::create_dir_all(folder).unwrap();
    let mut number = 0;
    for (colour, frames) in scene {
        for step in 0..*frames {
            let yaw = [128, 128, 143, 143, 113, 113][step / 10 % 6];
            let mut picture = image::RgbImage::from_pixel(160, 160, image::Rgb(*colour));
            picture.put_pixel(1, 0, image::Rgb([yaw, 0, 0]));
            picture.save(folder.join(format!("{number:05}.png"))).unwrap();
            number += 1;
        }
    }
}

#[test]
fn from_first_start_through_guided_enrolment_to_a_mark_and_not_me() {
    let mut kiosk = Running::start(&[(RED, 120)]);
    assert!(matches!(kiosk.ask(RequestBody::Hosts), Ok(ReplyBody::Hosts(hosts)) if hosts.is_empty()));
    let session = kiosk.set_up();
    let person = kiosk.add(&session, "Grace");
    let reply = kiosk.ask(RequestBody::Host(session.clone(), HostRequest::StartEnrolment { person }));
    assert!(matches!(reply, Ok(ReplyBody::Done)), "{reply:?}");
    kiosk
        .wait_for("enrolment", |n| matches!(n, Notice::Enrolled { person: p, shots: 3, .. } if *p == person));

    let recorded = kiosk.wait_for("mark", |n| matches!(n, Notice::Recorded { .. }));
    let Notice::Recorded { event, name, .. } = recorded else { unreachable!() };
    assert_eq!(name.as_str(), "Grace");
    kiosk.wait_until("the camera's and the ledger's times beside the networks'", |snapshot| {
        let has = |stage| snapshot.stats.stages.iter().any(|row| row.stage == stage);
        [Stage::Capture, Stage::Convert, Stage::Detect, Stage::Decide].into_iter().all(has)
    });
    assert!(matches!(kiosk.ask(RequestBody::NotMe(event)), Ok(ReplyBody::Done)));
    kiosk.wait_for("strike-out", |n| *n == Notice::StruckOut { event });
    let today =
        SystemClock::new().now().utc.to_zoned(jiff::tz::TimeZone::get("Europe/Berlin").unwrap()).date();
    let mut marks = 0;
    for day in [today.yesterday().unwrap(), today] {
        let reply = kiosk.ask(RequestBody::Host(session.clone(), HostRequest::Day(day)));
        let Ok(ReplyBody::Day(view)) = reply else { panic!("{reply:?}") };
        marks += view.marks.iter().filter(|m| m.event == event).count();
    }
    assert_eq!(marks, 0, "what was struck out no longer counts");
}

#[test]
fn a_stranger_is_unknown_and_an_erased_person_becomes_one() {
    let mut kiosk = Running::start(&[(BLUE, 120), (NOBODY, 90), (GREY, 90), (NOBODY, 90)]);
    let session = kiosk.set_up();
    let person = kiosk.add(&session, "Grace");
    kiosk.ask(RequestBody::Host(session.clone(), HostRequest::StartEnrolment { person })).unwrap();
    kiosk.wait_for("enrolment", |n| matches!(n, Notice::Enrolled { .. }));
    kiosk.wait_for("mark", |n| matches!(n, Notice::Recorded { .. }));
    kiosk.ask(RequestBody::Host(session.clone(), HostRequest::ErasePerson(person))).unwrap();
    while kiosk.link.notices.try_recv().is_ok() {}
    // A whole round of the scene without anybody recognised.
    std::thread::sleep(Duration::from_secs(14));
    let late: Vec<Notice> = kiosk.link.notices.try_iter().collect();
    assert!(late.is_empty(), "{late:?}");
}

#[test]
fn one_visit_is_one_mark_however_long_it_lasts() {
    let mut kiosk = Running::start(&[(RED, 300)]);
    let session = kiosk.set_up();
    let person = kiosk.add(&session, "Grace");
    kiosk.ask(RequestBody::Host(session, HostRequest::StartEnrolment { person })).unwrap();
    kiosk.wait_for("mark", |n| matches!(n, Notice::Recorded { .. }));
    std::thread::sleep(Duration::from_secs(8));
    let late: Vec<Notice> = kiosk.link.notices.try_iter().collect();
    assert!(late.is_empty(), "{late:?}");
}

#[test]
fn a_picture_enrols_nobody_marks_nobody_and_is_in_the_audit_log_without_a_name() {
    let mut kiosk = Running::start(&[(RED, 150), (NOBODY, 200)]);
    let session = kiosk.set_up();
    let person = kiosk.add(&session, "Grace");
    kiosk.pictures.store(true, Ordering::Relaxed);
    kiosk.ask(RequestBody::Host(session.clone(), HostRequest::StartEnrolment { person })).unwrap();
    kiosk.wait_until("refused while enrolling", |s| {
        s.enrolment.as_ref().is_some_and(|e| e.taken == 0 && e.advice == Some(EnrolmentAdvice::Refused))
    });
    kiosk.pictures.store(false, Ordering::Relaxed);
    kiosk.wait_for("enrolment", |n| matches!(n, Notice::Enrolled { .. }));
    kiosk.wait_for("mark", |n| matches!(n, Notice::Recorded { .. }));
    kiosk.wait_until("gone", |s| s.faces.is_empty());
    kiosk.pictures.store(true, Ordering::Relaxed);
    kiosk.wait_until("refused", |s| s.faces.iter().any(|face| face.state == FaceState::Refused));
    kiosk.wait_until("gone", |s| s.faces.is_empty());
    let late: Vec<Notice> = kiosk.link.notices.try_iter().collect();
    assert!(late.is_empty(), "{late:?}");
    let reply = kiosk.ask(RequestBody::Host(session, HostRequest::Audit { limit: 50 }));
    let Ok(ReplyBody::Audit(entries)) = reply else { panic!("{reply:?}") };
    let refused = entries.iter().filter(|e| e.action == AuditAction::PresentationRefused);
    assert_eq!(refused.map(|e| e.actor).collect::<Vec<_>>(), [Actor::Kiosk]);
}

#[test]
fn other_weights_know_nobody_until_a_pin_confirms_who_is_alone_before_the_camera() {
    let mut kiosk = Running::start(&[(RED, 150), (NOBODY, 60)]);
    let session = kiosk.set_up();
    let host = |request| RequestBody::Host(session.clone(), request);
    let name = PersonName::new("Grace").unwrap();
    let reply = kiosk.ask(host(HostRequest::AddPerson { name: name.clone(), badge: Some("7".into()) }));
    let Ok(ReplyBody::Added(person)) = reply else { panic!("{reply:?}") };
    let pin = Some(Hidden(Pin::new("274916").unwrap()));
    kiosk.ask(host(HostRequest::SetPersonPin { person, pin })).unwrap();
    kiosk.ask(host(HostRequest::StartEnrolment { person })).unwrap();
    kiosk.wait_for("mark", |n| matches!(n, Notice::Recorded { .. }));

    let mut kiosk = kiosk.restarted_with(weights("newer"));
    kiosk.wait_until("a stranger", |s| s.faces.iter().any(|face| face.state == FaceState::Unknown));
    let by_pin = || RequestBody::MarkByPin { badge: "7".into(), pin: PinAttempt::new("274916"), kind: None };
    kiosk.pictures.store(true, Ordering::Relaxed);
    kiosk.ask(by_pin()).unwrap();
    kiosk.wait_until("gone", |s| s.faces.is_empty());
    kiosk.pictures.store(false, Ordering::Relaxed);
    kiosk.wait_until("back", |s| s.faces.iter().any(|face| face.state == FaceState::Unknown));
    let notices: Vec<Notice> = kiosk.link.notices.try_iter().collect();
    assert!(notices.is_empty(), "a picture renews nothing: {notices:?}");

    kiosk.wait_until("gone", |s| s.faces.is_empty());
    kiosk.ask(by_pin()).unwrap();
    kiosk.wait_for("renewal", |n| *n == Notice::FaceRenewed { name: name.clone() });
    kiosk.wait_for("mark by face", |n| matches!(n, Notice::Recorded { name: by, .. } if *by == name));
}

#[test]
fn another_camera_is_seen_at_once() {
    let mut kiosk = Running::start(&[(RED, 120)]);
    let session = kiosk.set_up();
    kiosk.wait_until("ten seconds of pictures", |s| s.frame.as_ref().is_some_and(|f| f.number() > 300));
    paint(&kiosk.folder.path().join("other"), &[(BLUE, 60)]);
    let mut settings = kiosk.settings.clone();
    settings.camera = format!("{}@30", kiosk.folder.path().join("other").display()).parse().unwrap();
    let saved = Instant::now();
    kiosk.ask(RequestBody::Host(session, HostRequest::SaveSettings(Box::new(settings)))).unwrap();
    kiosk.wait_until("the other picture", |s| s.frame.as_ref().is_some_and(|f| f.rgb()[..3] == BLUE));
    assert!(saved.elapsed() < Duration::from_secs(8), "not when it has as many pictures as the first had");
}

#[test]
fn an_enrolment_ends_with_the_session_that_began_it_and_with_the_recogniser() {
    let mut kiosk = Running::start(&[(RED, 120)]);
    kiosk.settings.session_idle_secs = *Settings::SESSION_IDLE_SECS.start();
    let session = kiosk.set_up();
    let person = kiosk.add(&session, "Grace");
    let host = |request| RequestBody::Host(session.clone(), request);
    kiosk.pictures.store(true, Ordering::Relaxed); // whoever stands there gives no shot
    kiosk.ask(host(HostRequest::StartEnrolment { person })).unwrap();
    kiosk.wait_until("enrolling", |s| s.enrolment.is_some());
    kiosk.panic_once.store(true, Ordering::Relaxed);
    kiosk.wait_for("its end", |n| matches!(n, Notice::EnrolmentFailed { person: p, .. } if *p == person));
    kiosk.wait_until("well again", |s| s.faults.is_empty() && s.enrolment.is_none());

    kiosk.ask(host(HostRequest::StartEnrolment { person })).unwrap();
    kiosk.wait_until("enrolling", |s| s.enrolment.is_some());
    let logout = RequestBody::Logout { host: session.host(), timed_out: true };
    kiosk.ask(logout).unwrap();
    kiosk.wait_until("ended by the logout", |s| s.enrolment.is_none());

    kiosk.ask(host(HostRequest::StartEnrolment { person })).unwrap();
    kiosk.wait_until("enrolling", |s| s.enrolment.is_some());
    std::thread::sleep(Duration::from_secs(u64::from(*Settings::SESSION_IDLE_SECS.start()) + 1));
    assert!(kiosk.ask(host(HostRequest::StartEnrolment { person })).is_err(), "nothing begins any more");
    kiosk.ask(host(HostRequest::CancelEnrolment)).unwrap();
    kiosk.wait_until("ended by hand", |s| s.enrolment.is_none());
}

#[test]
fn a_host_who_was_removed_begins_neither_long_work_nor_an_enrolment() {
    let mut running = Running::start(&[(NOBODY, 10)]);
    let ada = running.set_up();
    let mary = running.add(&ada, "Mary");
    let (name, pin) = (PersonName::new("Grace").unwrap(), "908172");
    let add = HostRequest::AddHost { name, pin: Hidden(Pin::new(pin).unwrap()) };
    running.ask(RequestBody::Host(ada.clone(), add)).unwrap();
    let Ok(ReplyBody::Hosts(hosts)) = running.ask(RequestBody::Hosts) else { panic!("no hosts") };
    let grace = hosts.iter().find(|host| host.id != ada.host()).unwrap().id;
    let login = RequestBody::Login { host: grace, pin: PinAttempt::new(pin) };
    let Ok(ReplyBody::LoggedIn(grace)) = running.ask(login) else { panic!("not logged in") };
    running.ask(RequestBody::Host(grace.clone(), HostRequest::StartEnrolment { person: mary })).unwrap();
    running.ask(RequestBody::Host(grace.clone(), HostRequest::CancelEnrolment)).unwrap();
    running.ask(RequestBody::Host(ada, HostRequest::RemoveHost(grace.host()))).unwrap();
    for request in [
        HostRequest::StartEnrolment { person: mary },
        HostRequest::ExportAudit { folder: None },
        HostRequest::VerifyAudit { against: None },
    ] {
        let reply = running.ask(RequestBody::Host(grace.clone(), request));
        assert!(matches!(reply, Err(Refusal::SessionEnded)), "{reply:?}");
    }
    running.ask(RequestBody::Host(grace, HostRequest::CancelEnrolment)).unwrap();
}

#[test]
fn a_panic_in_the_recogniser_is_a_fault_that_passes_and_the_picture_goes_on() {
    let mut kiosk = Running::start(&[(RED, 120)]);
    kiosk.set_up();
    kiosk.wait_until("live", |s| s.camera == CameraStatus::Live && !s.faces.is_empty());
    kiosk.panic_once.store(true, Ordering::Relaxed);
    kiosk.wait_until("faulty", |s| s.faults.iter().any(|f| f.worker == Worker::Recogniser));
    let number = kiosk.link.snapshot.lock().unwrap().frame.as_ref().map(|f| f.number());
    kiosk.wait_until("a newer picture", |s| s.frame.as_ref().map(|f| f.number()) > number);
    kiosk.wait_until("well again", |s| s.faults.is_empty() && !s.faces.is_empty());
}

#[test]
fn somebody_unknown_is_heard() {
    use std::os::unix::fs::PermissionsExt as _;
    let programs = tempfile::tempdir().unwrap();
    let player = programs.path().join("aplay");
    std::fs::write(&player, "#!/bin/sh\nexec /bin/cat > \"$0.$$\"\n").unwrap();
    std::fs::set_permissions(&player, std::fs::Permissions::from_mode(0o755)).unwrap();
    let speaker = Speaker::start(Some(programs.path().as_os_str().to_owned()));
    let mut kiosk = Running::heard(&[(GREY, 60)], speaker);
    kiosk.set_up();
    let until = Instant::now() + Duration::from_secs(20);
    let heard = || {
        let files = std::fs::read_dir(programs.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|file| *file != player).any(|file| std::fs::read(file).unwrap().starts_with(b"RIFF"))
    };
    while !heard() {
        assert!(Instant::now() < until, "no tone for a stranger");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_report_is_written_beside_the_work_and_its_columns_are_kept() {
    let mut kiosk = Running::start(&[(NOBODY, 30)]);
    let session = kiosk.set_up();
    kiosk.add(&session, "Grace");
    let day = jiff::civil::date(2026, 3, 2);
    let (by, columns) = (ReportBy::Day, vec![Column::Name, Column::Worked]);
    let report = Box::new(ReportSpec { by, from: day, to: day, people: None, columns, order: None });
    let request = HostRequest::Export { report, format: ExportFormat::Csv, folder: None };
    let reply = kiosk.ask(RequestBody::Host(session.clone(), request));
    let Ok(ReplyBody::Exported { path, .. }) = reply else { panic!("{reply:?}") };
    assert!(std::fs::read_to_string(path).unwrap().starts_with("\u{feff}name,worked,audit_head"));
    assert_eq!(kiosk.link.snapshot.lock().unwrap().job, None, "nothing is under way any more");
    let reply = kiosk.ask(RequestBody::Host(session.clone(), HostRequest::Settings));
    let Ok(ReplyBody::Settings(settings)) = reply else { panic!("{reply:?}") };
    assert_eq!(settings.reports.day_csv, "name,worked");
    let saved = Settings::load(&kiosk.folder.path().join("data/settings.toml")).unwrap().unwrap();
    assert_eq!(saved.reports, settings.reports);
    let save = HostRequest::SaveSettings(Box::new(Settings { language: "fr".into(), ..saved }));
    let reply = kiosk.ask(RequestBody::Host(session, save));
    let Ok(ReplyBody::Settings(settings)) = reply else { panic!("{reply:?}") };
    assert_eq!(settings.language, "fr", "whoever saves is told what is in force now");
}

#[test]
fn a_camera_folder_that_vanishes_is_a_fault_and_comes_back_by_itself() {
    let kiosk = Running::start(&[(RED, 60)]);
    kiosk.wait_until("live", |s| s.camera == CameraStatus::Live && s.frame.is_some());
    let (here, away) = (kiosk.folder.path().join("frames"), kiosk.folder.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    kiosk.wait_until("a fault", |s| matches!(s.camera, CameraStatus::Fault { .. }) && s.frame.is_none());
    std::fs::rename(&away, &here).unwrap();
    kiosk.wait_until("live again", |s| s.camera == CameraStatus::Live && s.frame.is_some());
}

#[test]
fn a_wrong_pin_is_refused_and_a_stopped_kiosk_closes_its_store() {
    let mut kiosk = Running::start(&[(NOBODY, 30)]);
    kiosk.set_up();
    let Ok(ReplyBody::Hosts(hosts)) = kiosk.ask(RequestBody::Hosts) else { panic!() };
    let wrong = RequestBody::Login { host: hosts[0].id, pin: PinAttempt::new("000000") };
    assert!(matches!(kiosk.ask(wrong), Err(Refusal::WrongPin { .. })));
    let right = RequestBody::Login { host: hosts[0].id, pin: PinAttempt::new(PIN) };
    assert!(matches!(kiosk.ask(right), Ok(ReplyBody::LoggedIn(_))));
    drop(kiosk.kiosk.take());
    let paths = DataPaths::new(&kiosk.folder.path().join("data"), None);
    let key = KeySource::File(kiosk.folder.path().join("key"));
    let vault = faceprint::vault::Vault::open(&paths.store(), &key, SystemClock::new().now()).unwrap();
    assert_eq!(vault.open_note(), None, "closed in order: nothing to rebuild");
}

/// Whoever stands at the door waits for neither a backup nor a new master key.
#[test]
fn marks_are_acknowledged_while_a_backup_and_a_change_of_the_master_key_go_on() {
    let mut kiosk = Running::start(&[(NOBODY, 30)]);
    let session = kiosk.set_up();
    let person = kiosk.add(&session, "Red");
    let mark = |minute: i64| HostRequest::AddMark {
        person,
        kind: faceprint::domain::MarkKind::CheckIn,
        at: SystemClock::new().now().utc - jiff::SignedDuration::from_mins(minute),
        reason: "test".to_owned(),
    };
    let words = || Passphrase::new("a backup needs words").unwrap();
    let backup =
        HostRequest::Backup { folder: None, passphrase: Hidden(words()), pin: Hidden(PinAttempt::new(PIN)) };
    let send = |kiosk: &mut Running, request| {
        kiosk.next += 1;
        let body = RequestBody::Host(session.clone(), request);
        kiosk.link.requests.send(Request { number: kiosk.next, body }).unwrap();
        kiosk.next
    };
    let saving = send(&mut kiosk, backup);
    for minute in 1..=5 {
        send(&mut kiosk, mark(minute));
    }
    let mut marked_before = 0;
    let (path, records) = loop {
        let Reply { number, body } = kiosk.link.replies.recv_timeout(Duration::from_secs(20)).unwrap();
        match body {
            Ok(ReplyBody::BackedUp { path, records }) if number == saving => break (path, records),
            Ok(ReplyBody::Done) if number > saving => marked_before += 1,
            other => panic!("{number}: {other:?}"),
        }
    };
    assert!(marked_before > 0, "a mark was on disk and answered before the backup was");
    for _ in marked_before..5 {
        kiosk.link.replies.recv_timeout(Duration::from_secs(20)).unwrap();
    }

    let begun = kiosk.ask(RequestBody::Host(session.clone(), HostRequest::RotateKey));
    assert!(matches!(begun, Ok(ReplyBody::Done)), "{begun:?}");
    let log = |kiosk: &mut Running| {
        let asked = HostRequest::Audit { limit: 50 };
        let Ok(ReplyBody::Audit(entries)) = kiosk.ask(RequestBody::Host(session.clone(), asked)) else {
            panic!()
        };
        entries.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
    };
    let until = Instant::now() + Duration::from_secs(20);
    let mut marks = 5;
    while !log(&mut kiosk).contains(&AuditAction::KeyRotated) {
        assert!(Instant::now() < until, "it ends");
        marks += 1;
        let marked = kiosk.ask(RequestBody::Host(session.clone(), mark(marks)));
        assert!(matches!(marked, Ok(ReplyBody::Done)), "{marked:?}");
        std::thread::sleep(Duration::from_millis(15)); // a quiet moment
    }
    assert!(log(&mut kiosk).contains(&AuditAction::BackedUp(records)));
    kiosk.kiosk = None;

    let clock = SystemClock::new();
    let data = DataPaths::new(&kiosk.folder.path().join("data"), None);
    let key = KeySource::File(kiosk.folder.path().join("key"));
    let vault = Vault::open(&data.store(), &key, clock.now()).unwrap();
    let all = |vault: &Vault| vault.marks(jiff::Timestamp::MIN, jiff::Timestamp::MAX).unwrap().len() as i64;
    assert_eq!(all(&vault), marks);
    let (dir, key) =
        (kiosk.folder.path().join("other"), KeySource::File(kiosk.folder.path().join("other.key")));
    let (restored, _) = Vault::restore(&dir, &key, &path, &words(), clock.now(), |_, _| ()).unwrap();
    assert!(all(&restored) < 5, "what came after the backup began is not in it");
}
