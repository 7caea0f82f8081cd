//! The host's day over a real store: a week of marks, corrections, reports, a list of people; and the same from the
//! command line.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, not only tests, fail by panicking

mod common;

use common::{HOST, PIN, Site, json, ok, refused};
use faceprint::{
    crypto::{KeySource, Pin, PinAttempt},
    domain::{
        Actor, AuditAction, Clock as _, Embedding, EventId, Fingerprint, ManualClock, MarkKind, PersonId,
        PersonName, TrackId, WeightsId,
    },
    runtime::{
        ledger::{DataPaths, Ledger, steps::Steps},
        messages::{
            Column, DayView, ExportFormat, Hidden, HistoryRow, HostRequest, HostSession, MarkRow,
            NetworkKind, Notice, Order, Paper, PersonChange, Presence, Refusal, ReplyBody, ReportBy,
            ReportSpec, RequestBody,
        },
        pipeline::{SharedIndex, Sighted, Sighting},
        workers::LedgerSetup,
    },
    settings::{MarkMode, Settings, SiteZone},
    vault::{InitHost, NewTemplate},
};
use jiff::{SignedDuration, Timestamp, civil::date};
use std::{sync::Arc, time::Duration};

/// A store in a temporary folder, with a clock that the test owns and a host at the screen.
struct Kiosk {
    ledger: Ledger,
    clock: ManualClock,
    session: Arc<HostSession>,
    folder: tempfile::TempDir,
}

impl Kiosk {
    /// On Monday, 2 March 2026, at 07:00 in Berlin; work is from 8 to 5.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::at("2026-03-02T07:00:00+01:00".parse().unwrap());
        let mut settings = Settings::for_site("Werk Süd");
        settings.zone = SiteZone::new("Europe/Berlin").unwrap();
        settings.session_idle_secs = 3_600;
        settings.work.schedule = "mon-fri 08:00-17:00".parse().unwrap();
        settings.work.grace_minutes = 5;
        settings.work.breaks = vec!["30 after 6:00".parse().unwrap()];
        let setup = LedgerSetup {
            paths: DataPaths::new(&folder.path().join("data"), None),
            key: Arc::new(KeySource::File(folder.path().join("device.key"))),
            settings: settings.clone(),
            weights: WeightsId::new("colours").unwrap(),
            fingerprint: Fingerprint::default(),
            index: SharedIndex::default(),
            clock: Arc::new(clock.clone()),
        };
        let host = InitHost { name: name(HOST), pin: Pin::new(PIN).unwrap() };
        let mut ledger = setup.create(settings, host).unwrap();
        let id = ledger.vault().hosts().unwrap()[0].id;
        let session = ledger.login(id, &PinAttempt::new(PIN)).unwrap();
        Self { ledger, clock, session, folder }
    }

    fn ask(&mut self, request: HostRequest) -> Result<ReplyBody, Refusal> {
        if self.session.expired(self.clock.now()) {
            // Hours have gone by: the host comes back and types the PIN.
            self.session = self.ledger.login(self.session.host(), &PinAttempt::new(PIN)).unwrap();
        }
        self.ledger.answer(RequestBody::Host(self.session.clone(), request)).0
    }

    fn add(&mut self, text: &str, badge: Option<&str>) -> PersonId {
        let badge = badge.map(str::to_owned);
        let Ok(ReplyBody::Added(id)) = self.ask(HostRequest::AddPerson { name: name(text), badge }) else {
            panic!("{text} was not added")
        };
        id
    }

    /// Both clocks run on to a local time of March 2026.
    fn until(&self, day: i8, hour: i8, minute: i8) {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let at = date(2026, 3, day).at(hour, minute, 0, 0).to_zoned(zone).unwrap().timestamp();
        let wait = at.duration_since(self.clock.now().utc);
        self.clock.advance(Duration::try_from(wait).expect("the clock runs on"));
    }

    /// Somebody is recognised, who was away for so long.
    fn sight(&mut self, person: PersonId, away: Option<Duration>) -> Option<Notice> {
        let outcome = Sighted::Person { person, cosine: 0.9, margin: None, away };
        self.ledger.sighting(&Sighting { track: TrackId(1), at: self.clock.now(), outcome }).unwrap()
    }

    fn mark(&mut self, person: PersonId, kind: MarkKind) {
        let at = self.clock.now().utc;
        self.ask(HostRequest::AddMark { person, kind, at, reason: "test".into() }).unwrap();
    }

    fn day(&mut self, day: i8) -> DayView {
        match self.ask(HostRequest::Day(date(2026, 3, day))) {
            Ok(ReplyBody::Day(view)) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn attendance(&mut self, from: i8, to: i8) -> Vec<MarkRow> {
        let (from, to) = (date(2026, 3, from), date(2026, 3, to));
        match self.ask(HostRequest::Attendance { from, to }) {
            Ok(ReplyBody::Attendance(rows)) => rows,
            other => panic!("{other:?}"),
        }
    }

    fn history(&mut self, event: EventId) -> Vec<HistoryRow> {
        match self.ask(HostRequest::History(event)) {
            Ok(ReplyBody::History(rows)) => rows,
            other => panic!("{other:?}"),
        }
    }
}

fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

fn presence(view: &DayView, person: PersonId) -> Presence {
    view.people.iter().find(|row| row.person == person).unwrap().presence
}

use MarkKind::{BreakEnd as Back, BreakStart as Break, CheckIn as In, CheckOut as Out};

#[test]
fn a_day_goes_by_on_the_screen() {
    let mut kiosk = Kiosk::new();
    let (ada, bea, cy) = (kiosk.add("Ada", Some("1")), kiosk.add("Bea", None), kiosk.add("Cy", None));
    assert_eq!(presence(&kiosk.day(2), ada), Presence::Expected);
    kiosk.until(2, 7, 55);
    kiosk.mark(ada, In);
    kiosk.until(2, 8, 12);
    kiosk.mark(bea, In);
    let view = kiosk.day(2);
    assert_eq!(
        [ada, bea, cy].map(|who| presence(&view, who)),
        [Presence::Inside, Presence::Inside, Presence::Absent]
    );
    assert_eq!(view.people[1].late, Some(SignedDuration::from_mins(12)));
    assert_eq!(view.curve.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1, 2]);
    kiosk.until(2, 12, 0);
    kiosk.mark(ada, Break);
    assert_eq!(presence(&kiosk.day(2), ada), Presence::OnBreak);
    kiosk.until(2, 12, 20);
    kiosk.mark(ada, Back);
    kiosk.until(2, 17, 0);
    kiosk.mark(ada, Out);
    let view = kiosk.day(2);
    assert_eq!(presence(&view, ada), Presence::Left);
    assert_eq!(view.people[0].worked, SignedDuration::from_mins(9 * 60 + 5 - 20));
    // Bea never checks out: shown the day after, not invented.
    kiosk.until(3, 9, 0);
    let view = kiosk.day(2);
    let bea_row = view.people.iter().find(|row| row.person == bea).unwrap();
    assert!(bea_row.incomplete && bea_row.worked.is_zero());
}

#[test]
fn a_visit_that_was_not_marked_guards_nothing() {
    let mut kiosk = Kiosk::new();
    kiosk.settings(|settings| settings.mark_mode = MarkMode::Ask);
    let ada = kiosk.add("Ada", None);
    kiosk.until(2, 17, 0);
    kiosk.mark(ada, Out);
    kiosk.until(3, 8, 0);
    let a_moment = Some(Duration::from_secs(10));
    assert!(matches!(kiosk.sight(ada, None), Some(Notice::Ask { .. })));
    kiosk.clock.advance(Duration::from_secs(30));
    assert!(matches!(kiosk.sight(ada, a_moment), Some(Notice::Ask { .. })), "yesterday's mark is no answer");
    let choose = |kiosk: &mut Kiosk| {
        let chosen = RequestBody::ChooseKind { track: TrackId(1), person: ada, kind: In };
        match &kiosk.ledger.answer(chosen).1[..] {
            [Notice::Recorded { event, .. }] => *event,
            other => panic!("{other:?}"),
        }
    };
    let event = choose(&mut kiosk);
    kiosk.ledger.answer(RequestBody::NotMe(event)).0.unwrap();
    kiosk.clock.advance(Duration::from_secs(15));
    assert!(matches!(kiosk.sight(ada, a_moment), Some(Notice::Ask { .. })), "it was somebody else");
    choose(&mut kiosk);
    kiosk.clock.advance(Duration::from_secs(15));
    assert!(matches!(kiosk.sight(ada, a_moment), Some(Notice::Duplicate { .. })), "still the same visit");
}

#[test]
fn a_mark_under_a_clock_that_ran_ahead_does_not_stand_before_todays() {
    let mut kiosk = Kiosk::new();
    let ada = kiosk.add("Ada", None);
    let now = kiosk.clock.now().utc;
    kiosk.clock.set_utc(now + SignedDuration::from_hours(24 * 30));
    assert!(matches!(kiosk.sight(ada, None), Some(Notice::Recorded { kind: In, .. })));
    kiosk.clock.set_utc(now);
    assert!(matches!(kiosk.sight(ada, None), Some(Notice::Recorded { kind: In, .. })));
    kiosk.clock.advance(Duration::from_mins(1));
    assert!(matches!(kiosk.sight(ada, None), Some(Notice::Duplicate { .. })));
    kiosk.clock.advance(Duration::from_hours(8));
    assert!(matches!(kiosk.sight(ada, None), Some(Notice::Recorded { kind: Out, .. })), "and home again");
}

#[test]
fn whoever_works_at_night_is_inside_when_the_sites_day_has_changed() {
    let mut kiosk = Kiosk::new();
    let night = kiosk.add("Nora", None);
    let change = PersonChange {
        person: night,
        name: name("Nora"),
        badge: Some("N1".into()),
        active: true,
        schedule: Some("mon-fri 22:00-06:00".parse().unwrap()),
    };
    kiosk.ask(HostRequest::ChangePerson(Box::new(change))).unwrap();
    kiosk.until(2, 21, 55);
    kiosk.mark(night, In);
    kiosk.until(3, 5, 0);
    assert_eq!(presence(&kiosk.day(3), night), Presence::Inside, "the site's day began at four");
    kiosk.until(3, 6, 0);
    kiosk.mark(night, Out);
    kiosk.until(3, 12, 0);
    assert_eq!(presence(&kiosk.day(3), night), Presence::Expected);
    assert_eq!(presence(&kiosk.day(2), night), Presence::Left);
    let rows = kiosk.attendance(2, 2);
    assert_eq!(rows.iter().map(|row| row.kind).collect::<Vec<_>>(), [In, Out], "one day's work");
    assert!(kiosk.attendance(3, 3).is_empty());
    // By PIN it is the same day's work.
    let pin = Some(Hidden(Pin::new("605142").unwrap()));
    kiosk.ask(HostRequest::SetPersonPin { person: night, pin }).unwrap();
    for (day, hour, kind) in [(3, 21, In), (4, 6, Out)] {
        kiosk.until(day, hour, 30);
        let pin = PinAttempt::new("605142");
        let marked = RequestBody::MarkByPin { badge: "N1".into(), pin, kind: None };
        let Ok(ReplyBody::Marked(mark)) = kiosk.ledger.answer(marked).0 else { panic!("no mark") };
        assert_eq!((mark.kind, mark.recorded), (kind, true));
    }
    // The schedule is in the settings file, and gone with the person.
    let file = std::fs::read_to_string(kiosk.folder.path().join("data/settings.toml")).unwrap();
    assert!(file.contains(&night.to_string()) && file.contains("22:00-06:00"), "{file}");
    kiosk.ask(HostRequest::ErasePerson(night)).unwrap();
    let file = std::fs::read_to_string(kiosk.folder.path().join("data/settings.toml")).unwrap();
    assert!(!file.contains(&night.to_string()), "{file}");
}

#[test]
fn a_record_tells_its_history_and_when_each_word_was_said() {
    let mut kiosk = Kiosk::new();
    let ada = kiosk.add("Ada", None);
    kiosk.until(2, 8, 0);
    kiosk.mark(ada, In);
    let first = kiosk.clock.now().utc;
    for _ in 0..200 {
        kiosk
            .ledger
            .vault_mut()
            .audit(Actor::Kiosk, faceprint::domain::AuditAction::SettingsChanged, kiosk.clock.now())
            .unwrap();
    }
    kiosk.until(2, 9, 0);
    let event = kiosk.attendance(2, 2)[0].event;
    let moved: Timestamp = "2026-03-02T07:45:00+01:00".parse().unwrap();
    let replacement = Some((In, moved));
    kiosk.ask(HostRequest::CorrectMark { event, replacement, reason: "Door was open".into() }).unwrap();
    kiosk.until(2, 10, 0);
    let row = kiosk.attendance(2, 2).remove(0);
    assert_eq!((row.at, row.reason.as_deref()), (moved, Some("Door was open")));
    let history = kiosk.history(row.event);
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].says, Some((In, first)));
    assert_eq!(history[0].recorded, Some(first));
    assert_eq!(history[1].recorded, Some("2026-03-02T09:00:00+01:00".parse().unwrap()));
    assert_eq!(history[1].actor, Actor::Host(kiosk.session.host()));
    let event = row.event;
    kiosk
        .ask(HostRequest::CorrectMark { event, replacement: None, reason: "Was somebody else".into() })
        .unwrap();
    assert!(kiosk.attendance(2, 2).is_empty());
}

#[test]
fn a_week_is_reported_by_day_and_by_mark() {
    let mut kiosk = Kiosk::new();
    let (ada, bea) = (kiosk.add("Ada", Some("1")), kiosk.add("Bea", Some("2")));
    for day in 2..=4 {
        kiosk.until(day, 8, 0);
        kiosk.mark(ada, In);
        kiosk.until(day, 17, 0);
        kiosk.mark(ada, Out);
    }
    kiosk.until(5, 8, 30);
    kiosk.mark(bea, In);
    kiosk.until(5, 18, 0);
    let spec = |by: ReportBy, people| ReportSpec {
        by,
        from: date(2026, 3, 2),
        to: date(2026, 3, 8),
        people,
        columns: by.usual().to_vec(),
        order: None,
    };
    let report = kiosk.ledger.report(&spec(ReportBy::Day, None)).unwrap();
    assert_eq!(report.body.len(), 8, "four days of two people, present or absent");
    let [of_ada, of_bea] = &report.totals[..] else { panic!("{:?}", report.totals) };
    assert_eq!((of_ada.days, of_ada.absent_days), (3, 1));
    assert_eq!(of_ada.worked, SignedDuration::from_hours(27));
    assert_eq!(of_ada.counted, SignedDuration::from_mins(27 * 60 - 90), "three breaks of half an hour");
    assert_eq!((of_bea.days, of_bea.absent_days, of_bea.late_days), (1, 3, 1));
    let marks = kiosk.ledger.report(&spec(ReportBy::Mark, Some(vec![ada]))).unwrap();
    assert_eq!((marks.body.len(), marks.totals.len()), (6, 1));
    assert!(marks.chosen_people);

    let Ok(ReplyBody::Preview(preview)) =
        kiosk.ask(HostRequest::Preview(Box::new(spec(ReportBy::Day, None))))
    else {
        panic!("no preview")
    };
    assert_eq!((preview.total_rows, preview.people), (8, 2));
    assert!(preview.rows[0].contains(&"Ada".to_owned()) && preview.rows[0].contains(&"9:00".to_owned()));

    let mut by_time = spec(ReportBy::Day, None);
    by_time.columns = vec![Column::Date, Column::Name];
    by_time.order = Some(Order { by: Column::FirstIn, descending: true });
    let out = kiosk.folder.path().join("by-time.csv");
    kiosk.ledger.export(Actor::Kiosk, &by_time, ExportFormat::Csv, &out).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let came = [r#"2026-03-05,"Bea""#, r#"2026-03-04,"Ada""#, r#"2026-03-03,"Ada""#, r#"2026-03-02,"Ada""#];
    let last = rows.iter().zip(came).all(|(row, came)| row.starts_with(&format!("{came},")));
    assert!(last, "whoever never came is last: {rows:?}");

    let request = |folder| HostRequest::Export {
        report: Box::new(spec(ReportBy::Day, None)),
        format: ExportFormat::Pdf(Paper::Letter),
        folder,
    };
    let Ok(ReplyBody::Exported { path, rows }) = kiosk.ask(request(None)) else { panic!("no file") };
    assert_eq!(rows, 8);
    assert!(std::fs::read(&path).unwrap().starts_with(b"%PDF"));
    let Err(Refusal::Failed(sentence)) = kiosk.ask(request(Some("/etc".into()))) else {
        panic!("a folder that was not offered was written to")
    };
    assert!(sentence.to_string().contains("plugged in"), "{sentence}");
    let Ok(ReplyBody::Exported { path, rows }) = kiosk.ask(HostRequest::ExportAudit { folder: None }) else {
        panic!("no audit file")
    };
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), rows + 1);
    assert!(text.contains("exported,8,"), "the report before it is in the log");
}

#[test]
fn somebody_switched_off_is_neither_expected_nor_absent() {
    let mut kiosk = Kiosk::new();
    let (ada, bea) = (kiosk.add("Ada", None), kiosk.add("Bea", None));
    let change = PersonChange {
        person: bea,
        name: name("Bea B."),
        badge: Some("9".into()),
        active: false,
        schedule: None,
    };
    kiosk.ask(HostRequest::ChangePerson(Box::new(change))).unwrap();
    kiosk.until(2, 10, 0);
    let view = kiosk.day(2);
    assert_eq!(view.people.iter().map(|row| row.person).collect::<Vec<_>>(), [ada]);
    let rows = kiosk.ledger.people().unwrap();
    assert_eq!((rows[1].person.name.as_str(), rows[1].person.badge.as_deref()), ("Bea B.", Some("9")));
    let taken = PersonChange {
        person: ada,
        name: name("Ada"),
        badge: Some("9".into()),
        active: true,
        schedule: None,
    };
    assert!(kiosk.ask(HostRequest::ChangePerson(Box::new(taken))).is_err(), "badges are unique");
}

#[test]
fn a_list_is_planned_carried_out_in_steps_and_then_does_nothing_more() {
    let mut kiosk = Kiosk::new();
    kiosk.add("Ada", Some("1"));
    let list = kiosk.folder.path().join("people.csv");
    let mut text = "name;badge\nAda Lovelace;1\n;2\n".to_owned();
    text.extend((3..60).map(|n| format!("Person {n};{n}\n")));
    std::fs::write(&list, text).unwrap();
    let plan = kiosk.ledger.plan_import(&list).unwrap();
    assert_eq!(plan.counts(), [57, 1, 0, 1]);
    let mut steps = Steps::import(kiosk.session.actor(), plan);
    let mut rounds = 0;
    let done = loop {
        rounds += 1;
        if let Some(done) = steps.step(&mut kiosk.ledger).unwrap() {
            break done;
        }
    };
    assert!(matches!(done, ReplyBody::Imported { added: 57, changed: 1, refused: None }), "{done:?}");
    assert!(rounds > 2, "visitors are served between the steps");
    assert_eq!(kiosk.ledger.people().unwrap().len(), 58);
    assert_eq!(kiosk.ledger.plan_import(&list).unwrap().changes(), 0);

    // Stopped after its first step, it says what is on disk by then.
    std::fs::write(&list, (0..60).fold("name\n".to_owned(), |text, n| format!("{text}Guest {n}\n"))).unwrap();
    let plan = kiosk.ledger.plan_import(&list).unwrap();
    let mut steps = Steps::import(kiosk.session.actor(), plan);
    assert!(steps.step(&mut kiosk.ledger).unwrap().is_none());
    let kept = kiosk.ledger.people().unwrap().len() - 58;
    let told = steps.stop();
    assert!(
        matches!(told, Some(Ok(ReplyBody::Imported { added, .. })) if added == kept && kept > 0),
        "{told:?}"
    );

    let mut steps = Steps::verify(&kiosk.ledger, None);
    let verified = loop {
        if let Some(done) = steps.step(&mut kiosk.ledger).unwrap() {
            break done;
        }
    };
    let ReplyBody::AuditVerified(report) = verified else { panic!("{verified:?}") };
    assert_eq!((report.good, report.fault), (kiosk.ledger.vault().audit_head().number, None));
}

#[test]
fn the_command_line_imports_and_reports_what_was_chosen() {
    let site = Site::new();
    let list = site.folder.path().join("people.csv");
    std::fs::write(&list, "\u{feff}Name,Badge\r\nGrace Hopper,7\r\n\"=cmd()\",8\r\n,9\r\n").unwrap();
    let list = list.to_str().unwrap();
    let plan = ok(&mut site.command(&["people", "import", list, "--dry-run", "--json"]));
    let deeds: Vec<_> = plan.lines().map(|line| json(line)["deed"].as_str().unwrap().to_owned()).collect();
    assert_eq!(deeds, ["add", "add", "refuse"]);
    let people = || json(&ok(&mut site.command(&["people", "list", "--json"]))).as_array().unwrap().len();
    assert_eq!(people(), 0, "a dry run changes nothing");
    ok(site.command(&["people", "import", list]).args(site.host()));
    assert_eq!(people(), 2);

    let out = site.folder.path().join("out.csv");
    let out = out.to_str().unwrap();
    let (from, to) = common::around_today();
    let range = ["--from", &from, "--to", &to, "--out", out];
    let export = |more: &[&str]| site.command(&[&["export", "csv"][..], &range, more].concat());
    ok(&mut export(&["--by", "day", "--columns", "name,state", "--people", "7"]));
    let text = std::fs::read_to_string(out).unwrap();
    assert!(text.starts_with("\u{feff}name,state,audit_head "), "{text}");
    assert_eq!(text.lines().count(), 1, "without a schedule nobody is absent: {text}");
    let sentence = refused(&mut export(&["--columns", "name,shoe_size"]));
    assert!(sentence.contains("shoe_size") && sentence.contains("event, date, time"), "{sentence}");
    ok(&mut export(&["--by", "day", "--sort", "-worked"]));
    let sentence = refused(&mut export(&["--sort", "-shoe_size"]));
    assert!(sentence.contains("shoe_size"), "{sentence}");
    let sentence = refused(&mut export(&["--sort", "date,time"]));
    assert!(sentence.contains("one column"), "{sentence}");
    let sentence = refused(&mut export(&["--people", "77"]));
    assert!(sentence.contains("77") && sentence.contains("people list"), "{sentence}");
    let pdf = [&["export", "pdf"][..], &range, &["--paper", "letter"]].concat();
    ok(&mut site.command(&pdf));
    assert!(std::fs::read(out).unwrap().starts_with(b"%PDF"));
    std::fs::write(list, "first,last\nA,B\n").unwrap();
    let sentence = refused(&mut site.command(&["people", "import", list, "--dry-run"]));
    assert!(sentence.contains("'name'"), "{sentence}");
}

impl Kiosk {
    fn refused(&mut self, request: HostRequest) -> String {
        match self.ask(request) {
            Err(Refusal::Failed(sentence)) => sentence.to_string(),
            other => panic!("{other:?}"),
        }
    }

    fn settings(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.ledger.settings().clone();
        change(&mut settings);
        self.ask(HostRequest::SaveSettings(Box::new(settings))).unwrap();
    }

    /// Hours that count on each day of the first week of March 2026, by date.
    fn counted(&self) -> Vec<(i8, i64)> {
        let spec = ReportSpec {
            by: ReportBy::Day,
            from: date(2026, 3, 1),
            to: date(2026, 3, 8),
            people: None,
            columns: ReportBy::Day.columns().to_vec(),
            order: None,
        };
        let report = self.ledger.report(&spec).unwrap();
        let place = |id: &str| spec.columns.iter().position(|column| column.id() == id).unwrap();
        let rows = report.worded(faceprint::reports::ReportWords::of("en"), 100);
        let minutes = |text: &str| {
            let (hours, minutes) = text.split_once(':').unwrap();
            hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()
        };
        let day = |row: &Vec<String>| row[place("date")].split(' ').next().unwrap().parse::<i8>().unwrap();
        rows.iter().map(|row| (day(row), minutes(&row[place("counted")]))).collect()
    }
}

#[test]
fn locked_days_take_no_change_and_keep_their_hours() {
    let mut kiosk = Kiosk::new();
    let ada = kiosk.add("Ada", None);
    for day in 2..=4 {
        kiosk.until(day, 8, 0);
        kiosk.mark(ada, In);
        kiosk.until(day, 17, 0);
        kiosk.mark(ada, Out);
    }
    kiosk.until(5, 8, 0);
    let before = kiosk.counted();
    assert_eq!(before, [(2, 510), (3, 510), (4, 510)], "nine hours less the break");
    let sentence = kiosk.refused(HostRequest::LockPeriod(date(2026, 3, 5)));
    assert!(sentence.contains("over"), "today: {sentence}");
    kiosk.refused(HostRequest::LockPeriod(date(2026, 4, 1)));
    let Ok(ReplyBody::Period(Some(lock))) = kiosk.ask(HostRequest::LockPeriod(date(2026, 3, 3))) else {
        panic!("not locked")
    };
    assert_eq!((lock.until, lock.by), (date(2026, 3, 3), Actor::Host(kiosk.session.host())));
    let sentence = kiosk.refused(HostRequest::LockPeriod(date(2026, 3, 2)));
    assert!(sentence.contains("2026-03-03 already"), "{sentence}");

    // Neither adding, nor correcting, nor moving into or out of a locked day.
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let add =
        |text: &str| HostRequest::AddMark { person: ada, kind: In, at: at(text), reason: "forgot".into() };
    let sentence = kiosk.refused(add("2026-03-03T12:00:00+01:00"));
    assert!(sentence.contains("up to and including 2026-03-03, by Ada Lovelace on 2026-03-05"), "{sentence}");
    // Until four in the morning it is still the locked day.
    kiosk.refused(add("2026-03-04T03:59:00+01:00"));
    let (locked, open) = (kiosk.attendance(3, 3)[0].event, kiosk.attendance(4, 4)[0].event);
    let correct =
        |event, replacement| HostRequest::CorrectMark { event, replacement, reason: "wrong".into() };
    kiosk.refused(correct(locked, None));
    kiosk.refused(correct(locked, Some((In, at("2026-03-04T07:00:00+01:00")))));
    kiosk.refused(correct(open, Some((In, at("2026-03-03T07:00:00+01:00")))));
    kiosk.ask(correct(open, Some((In, at("2026-03-04T08:30:00+01:00"))))).unwrap();
    kiosk.ask(add("2026-03-05T07:30:00+01:00")).unwrap();

    // Other rules of work move the open days only.
    kiosk.settings(|settings| {
        settings.work.breaks.clear();
        settings.work.rounding = "down 60".parse().unwrap();
        settings.work.schedule = "mon-fri 22:00-06:00".parse().unwrap();
        settings.day_start_hour = 12;
        settings.zone = SiteZone::new("America/New_York").unwrap();
    });
    let after = kiosk.counted();
    assert_eq!(after[..2], before[..2], "locked");
    assert!(after[2..].iter().any(|(day, counted)| *day >= 4 && *counted == 480), "{after:?}");
    let spec = ReportSpec {
        by: ReportBy::Day,
        from: date(2026, 3, 3),
        to: date(2026, 3, 4),
        people: None,
        columns: ReportBy::Day.parse_columns("date,locked").unwrap(),
        order: None,
    };
    let report = kiosk.ledger.report(&spec).unwrap();
    assert_eq!(report.locked_until, Some(date(2026, 3, 3)));
    let out = kiosk.folder.path().join("locked.csv");
    kiosk.ledger.export(Actor::Kiosk, &spec, ExportFormat::Csv, &out).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    let head = report.audit_head;
    let expected =
        format!("\u{feff}date,locked,audit_head\r\n2026-03-03,yes,{head}\r\n2026-03-04,no,{head}\r\n");
    assert_eq!(text, expected);
    let view = kiosk.day(3);
    assert_eq!(view.people[0].worked, SignedDuration::from_hours(9), "on the day's own page too");
    kiosk.settings(|settings| settings.zone = SiteZone::new("Europe/Berlin").unwrap());

    // All of it is there after a restart.
    let setup = LedgerSetup {
        paths: DataPaths::new(&kiosk.folder.path().join("data"), None),
        key: Arc::new(KeySource::File(kiosk.folder.path().join("device.key"))),
        settings: kiosk.ledger.settings().clone(),
        weights: WeightsId::new("colours").unwrap(),
        fingerprint: Fingerprint::default(),
        index: SharedIndex::default(),
        clock: Arc::new(kiosk.clock.clone()),
    };
    kiosk.ledger.close().unwrap();
    kiosk.ledger = setup.open().unwrap();
    assert_eq!(kiosk.ledger.period().unwrap().until, date(2026, 3, 3));
    assert_eq!(kiosk.counted()[..2], before[..2]);

    let unlock = |until, reason: &str| HostRequest::UnlockPeriod { until, reason: reason.into() };
    let sentence = kiosk.refused(unlock(None, " "));
    assert!(sentence.contains("reason"), "{sentence}");
    kiosk.ask(unlock(Some(date(2026, 3, 2)), "A shift was missing")).unwrap();
    kiosk.ask(add("2026-03-03T20:00:00+01:00")).unwrap();
    kiosk.refused(add("2026-03-02T20:00:00+01:00"));
    assert_eq!(kiosk.counted()[0], before[0], "what stays locked keeps its rules");
    kiosk.ask(unlock(None, "A mistake")).unwrap();
    kiosk.ask(add("2026-03-02T20:00:00+01:00")).unwrap();
    let entries = kiosk.ledger.vault().audit_entries(1..=10_000).unwrap();
    let told: Vec<String> = entries
        .iter()
        .filter(|entry| {
            matches!(entry.action, AuditAction::PeriodLocked(_) | AuditAction::PeriodUnlocked { .. })
        })
        .map(|entry| format!("{:?}", entry.action))
        .collect();
    assert_eq!(told.len(), 3);
    assert!(told[1].contains("A shift was missing") && told[2].contains("A mistake"));
}

#[test]
fn a_live_mark_is_recorded_whatever_is_locked_and_an_erased_person_leaves_the_kept_rules() {
    let mut kiosk = Kiosk::new();
    let ada = kiosk.add("Ada", Some("1"));
    let change = PersonChange {
        person: ada,
        name: name("Ada"),
        badge: Some("1".into()),
        active: true,
        schedule: Some("mon-fri 22:00-06:00".parse().unwrap()),
    };
    kiosk.ask(HostRequest::ChangePerson(Box::new(change))).unwrap();
    let pin = Some(Hidden(Pin::new("605142").unwrap()));
    kiosk.ask(HostRequest::SetPersonPin { person: ada, pin }).unwrap();
    kiosk.until(3, 1, 0);
    kiosk.until(3, 5, 0);
    kiosk.ask(HostRequest::LockPeriod(date(2026, 3, 2))).unwrap();
    // Ada's night shift is of the locked day still; whoever stands at the kiosk is marked all the same.
    let attempt = PinAttempt::new("605142");
    let marked = RequestBody::MarkByPin { badge: "1".into(), pin: attempt, kind: None };
    assert!(matches!(kiosk.ledger.answer(marked).0, Ok(ReplyBody::Marked(mark)) if mark.recorded));
    let kept = kiosk.ledger.vault().period_locks()[0].rules.clone();
    assert!(kept.contains(&ada.to_string()) && kept.contains("22:00-06:00"), "{kept}");
    kiosk.ask(HostRequest::ErasePerson(ada)).unwrap();
    let kept = kiosk.ledger.vault().period_locks()[0].rules.clone();
    assert!(!kept.contains(&ada.to_string()) && kept.contains("08:00-17:00"), "{kept}");
}

#[test]
fn the_command_line_locks_shows_and_unlocks() {
    let site = Site::new();
    let show = || json(&ok(&mut site.command(&["period", "show", "--json"])));
    assert!(show()["locked_until"].is_null());
    let (yesterday, tomorrow) = common::around_today();
    let lock = |until: &str| {
        let mut command = site.command(&["period", "lock", "--until", until, "--json"]);
        command.args(site.host());
        command
    };
    let sentence = refused(&mut lock(&tomorrow));
    assert!(sentence.contains("over"), "{sentence}");
    let day: jiff::civil::Date = yesterday.parse().unwrap();
    let until = day.checked_sub(jiff::ToSpan::days(3)).unwrap().to_string(); // today in any zone
    assert_eq!(json(&ok(&mut lock(&until)))["locked_until"], until.as_str());
    assert_eq!(show()["by"], HOST);
    let unlock = |reason: &str| {
        let mut command = site.command(&["period", "unlock", "--all", "--reason", reason]);
        command.args(site.host());
        command
    };
    let sentence = refused(&mut unlock(" "));
    assert!(sentence.contains("reason"), "{sentence}");
    assert!(ok(&mut unlock("tested")).contains("No day is locked"));
    assert!(ok(&mut site.command(&["audit", "show", "--last", "20"])).contains("unlocked: tested"));
}

#[test]
fn another_recogniser_says_whom_it_does_not_know_and_a_missing_one_is_refused() {
    let mut kiosk = Kiosk::new();
    let (ada, bea, _) = (kiosk.add("Ada", None), kiosk.add("Bea", None), kiosk.add("Cy", None));
    let id = |text: &str| WeightsId::new(text).unwrap();
    let shot = |weights: &str| {
        let mut values = [0.0; faceprint::domain::EMBEDDING_LEN];
        values[0] = 1.0;
        NewTemplate { embedding: Embedding::from_unit(&values).unwrap(), weights: id(weights), quality: 0.9 }
    };
    let actor = kiosk.session.actor();
    kiosk.ledger.enrol(actor, ada, "1", &[shot("colours"), shot("other")], false).unwrap();
    kiosk.ledger.enrol(actor, bea, "1", &[shot("other")], false).unwrap();
    let left_out = |kiosk: &Kiosk, weights: &str| {
        let people = kiosk.ledger.left_out(&id(weights), Fingerprint::default()).unwrap();
        people.iter().map(|person| person.name.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(left_out(&kiosk, "colours"), ["Bea"]);
    assert!(left_out(&kiosk, "other").is_empty(), "whoever never agreed is not waited for");
    assert_eq!(left_out(&kiosk, "third"), ["Ada", "Bea"]);
    let rows = kiosk.ledger.people().unwrap();
    let again: Vec<&str> =
        rows.iter().filter(|row| row.enrol_again()).map(|row| row.person.name.as_str()).collect();
    assert_eq!(again, ["Bea"], "the list says the same as the choice of the network");

    let Ok(ReplyBody::Networks(networks)) = kiosk.ask(HostRequest::Networks) else { panic!("no networks") };
    let built_in = networks.iter().find(|row| row.kind == NetworkKind::Recogniser && row.is_default).unwrap();
    assert!(built_in.built_in && built_in.left_out == 2 && !built_in.licence.is_empty());
    assert!(networks.iter().any(|row| row.kind == NetworkKind::Detector && row.left_out == 0));
    // What is not there, or is for something else, is not saved: the next start would fail.
    let save = |kiosk: &mut Kiosk, recogniser: &str| {
        let settings = Settings { recogniser: Some(id(recogniser)), ..kiosk.ledger.settings().clone() };
        kiosk.ask(HostRequest::SaveSettings(Box::new(settings)))
    };
    assert!(save(&mut kiosk, "third").is_err());
    let detector = networks.iter().find(|row| row.kind == NetworkKind::Detector).unwrap().id.to_string();
    assert!(save(&mut kiosk, &detector).is_err());
    let recogniser = built_in.id.to_string();
    assert!(save(&mut kiosk, &recogniser).is_ok());
}

/// The font on paper has Latin, Greek and Cyrillic. A name in another script is either printed or each of its letters is
/// counted on the paper, which says that the CSV has them: it never vanishes in silence.
#[test]
fn names_that_paper_cannot_show_are_counted_there_and_whole_in_the_csv() {
    let mut kiosk = Kiosk::new();
    let names = ["محمود رفيق", "שלום כהן"];
    for (number, text) in names.into_iter().enumerate() {
        let who = kiosk.add(text, Some(&number.to_string()));
        kiosk.mark(who, In);
    }
    let spec = ReportSpec {
        by: ReportBy::Mark,
        from: date(2026, 3, 2),
        to: date(2026, 3, 2),
        people: None,
        columns: ReportBy::Mark.usual().to_vec(),
        order: None,
    };
    let report = kiosk.ledger.report(&spec).unwrap();
    let words = faceprint::reports::ReportWords::of("en");
    let mut pages = Vec::new();
    let figures =
        faceprint::reports::write_pdf(&report, words, Paper::A4, &mut pages, &faceprint::reports::to_the_end)
            .unwrap();
    let letters: usize = names.iter().map(|name| name.chars().filter(|c| *c != ' ').count()).sum();
    assert!(figures.unprintable == 0 || figures.unprintable >= letters, "{figures:?} of {letters} letters");
    let mut csv = Vec::new();
    faceprint::reports::write_csv(&report, &mut csv, &faceprint::reports::to_the_end).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(names.iter().all(|name| csv.contains(name)), "{csv}");
    let path = kiosk.folder.path().join("report.pdf");
    std::fs::write(&path, pages).unwrap();
    let Ok(text) = std::process::Command::new("pdftotext")
        .args(["-layout".as_ref(), path.as_os_str(), "-".as_ref()])
        .output()
    else {
        eprintln!("skipped: pdftotext is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let told = text.contains("could not be printed") && text.contains(&figures.unprintable.to_string());
    assert!(figures.unprintable == 0 || told, "{text}");
}
