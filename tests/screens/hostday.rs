//! The host's day, walked as a host would: Today, Attendance, Reports, People, Audit.

use super::{Bench, SIZES, host_request};
use crate::fake::{Fake, HOST, name, person};
use egui::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use faceprint::{
    domain::{
        Actor, AuditAction, AuditEntry, AuditHead, Clock as _, Consent, EventId, MarkKind, MarkSource,
        PersonId,
    },
    runtime::{
        ledger::LedgerError,
        messages::{
            AuditFault, AuditReport, BadMoment, Column, DayPerson, DayView, ExportFormat, FolderView,
            HistoryRow, HostRequest, ImportDeed, ImportPlan, ImportRow, Job, JobView, MarkRow, Notice, Order,
            Paper, PeriodView, PersonRow, PinState, Presence, Preview, Refusal, ReplyBody, ReportBy,
            RequestBody, RowFault,
        },
    },
    settings::Settings,
    ui::HostPage,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::{path::PathBuf, time::Duration};

impl Bench {
    /// Presses an entry of the navigation, which comes before anything on the page.
    fn open(&mut self, page: &str) {
        self.harness.get_all_by_role_and_label(Role::Button, page).next().unwrap().click();
        self.run();
    }

    /// Answers every waiting request that `wanted` picks, and those that the answers lead to.
    fn answer(&mut self, wanted: impl Fn(&HostRequest) -> Option<ReplyBody>) -> usize {
        let mut answered = 0;
        loop {
            self.run();
            let picked =
                |body: &RequestBody| host_request(body).is_some_and(|request| wanted(request).is_some());
            let Some(request) = self.fake.find(picked) else { return answered };
            let body = host_request(&request.body).and_then(&wanted).unwrap();
            self.fake.reply(&request, Ok(body));
            answered += 1;
        }
    }

    fn answer_people(&mut self) {
        let people = || vec![person(2, "Ada Lovelace", 3), person(3, "Alan Turing", 0), person(4, "Emmy", 3)];
        self.answer(|request| matches!(request, HostRequest::People).then(|| ReplyBody::People(people())));
    }

    /// What the oldest waiting request that `take` understands was about.
    fn asked<T>(&mut self, take: impl Fn(&HostRequest) -> Option<T>) -> Option<T> {
        let request =
            self.fake.find(|body| host_request(body).is_some_and(|request| take(request).is_some()))?;
        host_request(&request.body).and_then(take)
    }

    fn pick(&mut self, list: &str, entry: &str) {
        self.harness.get_by_role_and_label(Role::ComboBox, list).click();
        self.run();
        self.press_last(entry);
    }

    /// What lies above whatever else has this name: a list, or a dialog.
    fn press_last(&mut self, label: &str) {
        self.harness.get_all_by_role_and_label(Role::Button, label).last().unwrap().click();
        self.run();
    }

    /// A button whose name begins so.
    fn press_first(&mut self, beginning: &str) {
        let starts = |label: String| label.starts_with(beginning);
        let node = self
            .harness
            .get_all_by_role(Role::Button)
            .find(|node| node.accesskit_node().label().is_some_and(starts));
        node.unwrap_or_else(|| panic!("no button begins with {beginning}")).click();
        self.run();
    }

    fn tick(&mut self, label: &str) {
        self.harness.get_by_role_and_label(Role::CheckBox, label).click();
        self.run();
    }
}

fn now(fake: &Fake) -> Timestamp {
    fake.clock.now().utc
}

fn mark(event: u64, who: u8, text: &str, at: Timestamp, kind: MarkKind) -> MarkRow {
    MarkRow {
        event: EventId(event),
        date: at.to_zoned(Settings::for_site("x").zone.time_zone().clone()).date(),
        person: PersonId::from_bytes([who; 16]),
        name: Some(name(text)),
        badge: Some(format!("A-{who:03}")),
        kind,
        at,
        source: MarkSource::Face,
        reason: None,
    }
}

fn day_person(who: u8, text: &str, presence: Presence) -> DayPerson {
    DayPerson {
        person: PersonId::from_bytes([who; 16]),
        name: Some(name(text)),
        badge: None,
        presence,
        planned: None,
        first_in: None,
        last: None,
        late: None,
        worked: SignedDuration::ZERO,
        incomplete: false,
    }
}

fn day(date: Date, now: Timestamp) -> DayView {
    let hour = SignedDuration::from_hours(1);
    let late = DayPerson {
        late: Some(SignedDuration::from_mins(12)),
        first_in: Some(now - hour),
        last: Some(now - hour),
        planned: Some(now - hour - hour..now + hour),
        ..day_person(2, "Ada Lovelace", Presence::Inside)
    };
    DayView {
        date,
        range: now - hour * 6..now + hour * 18,
        holiday: None,
        expects: true,
        people: vec![
            late,
            day_person(3, "Alan Turing", Presence::Absent),
            day_person(4, "Emmy", Presence::Left),
            day_person(5, "Katherine", Presence::Free),
        ],
        marks: vec![
            mark(41, 2, "Ada Lovelace", now - hour, MarkKind::CheckIn),
            mark(43, 4, "Zoë", now, MarkKind::CheckOut),
        ],
        curve: vec![(now - hour, 1)],
        audit_head: AuditHead { number: 7, hash: [0xab; 32] },
        enrol_again: 0,
    }
}

pub fn at_today() -> Bench {
    let mut bench = Bench::host_mode();
    bench.answer_people();
    let now = now(&bench.fake);
    bench.answer(|request| match request {
        HostRequest::Day(date) => Some(ReplyBody::Day(Box::new(day(*date, now)))),
        _ => None,
    });
    bench
}

#[test]
fn today_says_who_is_here_late_and_missing() {
    let mut bench = at_today();
    for figure in ["Inside now: 1", "Late: 1", "Absent: 1", "Gone: 1"] {
        bench.harness.get_by_role_and_label(Role::Button, figure);
    }
    assert!(bench.says("Late 0:12") && bench.says("at most 1"), "state and chart");
    bench.press("Absent: 1");
    assert!(bench.says("Alan Turing") && !bench.says("Ada Lovelace") && !bench.says("Katherine"));
    bench.press("Absent: 1");
    assert!(bench.says("Ada Lovelace") && bench.says("Katherine"), "everybody again");
    // Somebody comes: the day is loaded again by itself.
    let at = now(&bench.fake);
    let notice = Notice::Recorded {
        event: EventId(42),
        track: None,
        name: name("Emmy"),
        kind: MarkKind::CheckIn,
        at,
        today: None,
    };
    bench.fake.notices.send(notice).unwrap();
    bench.run();
    assert!(bench.asked(|request| matches!(request, HostRequest::Day(_)).then_some(())).is_some());
    bench.press("Day before");
    assert!(bench.asked(|request| matches!(request, HostRequest::Day(_)).then_some(())).is_some());
    assert!(!bench.says("Ada Lovelace"), "the day that was left is gone");
}

#[test]
fn today_says_whom_the_network_in_use_does_not_know() {
    let mut bench = at_today();
    assert!(!bench.says("unknown to the network"));
    let now = now(&bench.fake);
    bench.press("Day before");
    bench.press("Next day");
    bench.answer(|request| match request {
        HostRequest::Day(date) => {
            Some(ReplyBody::Day(Box::new(DayView { enrol_again: 2, ..day(*date, now) })))
        }
        _ => None,
    });
    assert!(bench.says("2 people who agreed to be recognised are unknown to the network in use"));
}

#[test]
fn a_day_is_sorted_by_what_was_worked_and_expected_and_searched() {
    let mut bench = at_today();
    bench.press("Expected");
    assert!(bench.above("Ada Lovelace", "Katherine"), "whoever is expected first");
    bench.press("Expected");
    assert!(bench.above("Katherine", "Ada Lovelace"), "the other way round");
    bench.write("Search name or badge", "kath");
    assert!(bench.says("Katherine") && !bench.says("Ada Lovelace"));
    bench.write("Search name or badge", "x");
    assert!(bench.says("Nobody has this name or badge."));
}

#[test]
fn the_present_day_is_loaded_again_each_minute_and_a_refusal_goes_with_it() {
    let mut bench = Bench::host_mode();
    let loads = |request: &HostRequest| matches!(request, HostRequest::Day(_)).then_some(());
    let request = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::Day(_)))).unwrap();
    bench.fake.reply(&request, Err(Refusal::Failed("the store is closed".into())));
    bench.run();
    assert!(bench.says("The store is closed.") && !bench.says("One moment…"));
    bench.wait(Duration::from_secs(50));
    bench.press("Add a mark"); // or host mode would lock
    assert_eq!(bench.asked(loads), None);
    bench.wait(Duration::from_secs(11));
    let now = now(&bench.fake);
    let answered = bench.answer(|request| match request {
        HostRequest::Day(date) => Some(ReplyBody::Day(Box::new(day(*date, now)))),
        _ => None,
    });
    assert_eq!(answered, 1);
    assert!(bench.says("Late 0:12") && !bench.says("The store is closed."));
}

#[test]
fn a_mark_is_corrected_with_a_reason() {
    let mut bench = at_today();
    bench.press("Marks");
    assert!(bench.above("Zoë", "Ada Lovelace"), "the newest on top");
    bench.press("Name");
    assert!(bench.above("Ada Lovelace", "Zoë"), "sorted by name");
    bench.write("Search name or badge", "ada");
    assert!(bench.says("Correct Ada") && !bench.says("Zoë"));
    bench.press_first("Correct Ada");
    bench.press("Strike it out");
    bench.press("Save");
    let struck = |request: &HostRequest| match request {
        HostRequest::CorrectMark { event: EventId(41), replacement: None, reason } => Some(reason.clone()),
        _ => None,
    };
    assert_eq!(bench.asked(struck), None, "not without a reason");
    bench.write("Reason", "Held the door");
    bench.press("Save");
    assert_eq!(bench.asked(struck).as_deref(), Some("Held the door"));
}

#[test]
fn a_mark_that_the_kiosk_missed_is_added_for_a_person_who_was_searched() {
    let mut bench = at_today();
    bench.press("Add a mark");
    bench.write("Person", "alan");
    bench.press_first("Alan Turing");
    bench.press("Break");
    bench.write("Reason", "Camera was covered");
    bench.press("Add");
    let added = bench.asked(|request| match request {
        HostRequest::AddMark { person, kind, at, reason } => Some((*person, *kind, *at, reason.clone())),
        _ => None,
    });
    let (who, kind, at, reason) = added.expect("a mark was added");
    assert_eq!((who, kind), (PersonId::from_bytes([3; 16]), MarkKind::BreakStart));
    assert!(now(&bench.fake).duration_since(at).as_secs() < 60, "to the minute");
    assert_eq!(reason, "Camera was covered");
}

fn at_attendance(rows: &[MarkRow], size: (f32, f32)) -> Bench {
    let mut bench = Bench::with(Settings::for_site("Main entrance"), size, None);
    bench.fake.answer_hosts();
    bench.run();
    bench.log_in();
    bench.open("Attendance");
    bench.answer_people();
    let answered = bench.answer(|request| {
        matches!(request, HostRequest::Attendance { .. }).then(|| ReplyBody::Attendance(rows.to_vec()))
    });
    assert_eq!(answered, 1);
    bench
}

#[test]
fn attendance_is_filtered_sorted_and_explained() {
    let base = now(&Bench::new().fake);
    let minute = SignedDuration::from_mins(1);
    let mut typed = mark(3, 4, "Emmy", base - minute, MarkKind::CheckIn);
    (typed.source, typed.reason) = (MarkSource::Host, Some("Forgot".into()));
    let rows = vec![
        mark(1, 2, "Ada Lovelace", base - minute * 9, MarkKind::CheckIn),
        mark(2, 3, "Alan Turing", base - minute * 5, MarkKind::CheckOut),
        typed,
    ];
    let mut bench = at_attendance(&rows, SIZES[0]);
    assert!(bench.says("3 of 3"));
    bench.pick("Source", "Entered by a host");
    assert!(bench.says("1 of 3") && bench.says("Emmy") && !bench.says("Ada Lovelace"));
    bench.pick("Source", "Any source");
    bench.pick("Mark", "Out");
    assert!(bench.says("Alan Turing") && !bench.says("Emmy"));
    bench.pick("Mark", "Any mark");
    bench.write("Search name or badge", "a-002");
    assert!(bench.says("1 of 3") && bench.says("Ada Lovelace"));

    bench.press_first("History of Ada");
    let event = bench.asked(|request| match request {
        HostRequest::History(event) => Some(*event),
        _ => None,
    });
    assert_eq!(event, Some(EventId(1)));
}

#[test]
fn a_history_shows_who_said_what_and_why() {
    let base = now(&Bench::new().fake);
    let mut bench = at_attendance(&[mark(7, 2, "Ada Lovelace", base, MarkKind::CheckOut)], SIZES[0]);
    bench.press_first("History of Ada");
    let row = |event, says, source, actor, reason: &str| HistoryRow {
        event: EventId(event),
        says,
        source,
        actor,
        recorded: Some(base),
        reason: reason.into(),
    };
    let rows = vec![
        row(4, Some((MarkKind::CheckIn, base)), MarkSource::Face, Actor::Kiosk, "At the door"),
        row(7, Some((MarkKind::CheckOut, base)), MarkSource::Host, Actor::Host(HOST), "Left early"),
    ];
    bench.answer(|request| {
        matches!(request, HostRequest::History(_)).then(|| ReplyBody::History(rows.clone()))
    });
    assert!(bench.says("Grace Hopper") && bench.says("Left early") && bench.says("Face"));
    assert!(bench.above("At the door", "Left early"), "as it came about");
    for title in ["Who", "Says", "Reason", "No."] {
        bench.press(title);
        assert!(bench.above("At the door", "Left early"), "{title}");
        bench.press(title);
        assert!(bench.above("Left early", "At the door"), "{title}, the other way round");
    }
    bench.press("Close");
    assert!(!bench.says("Left early"));
}

#[test]
fn on_a_small_screen_history_is_in_the_correction_and_who_before_what() {
    let base = now(&Bench::new().fake);
    let mut bench = at_attendance(&[mark(7, 2, "Ada Lovelace", base, MarkKind::CheckOut)], SIZES[1]);
    bench.press_first("Correct Ada");
    bench.write("Reason", "Left early");
    bench.press("History");
    let history = HistoryRow {
        event: EventId(7),
        says: None,
        source: MarkSource::Host,
        actor: Actor::Host(HOST),
        recorded: Some(base),
        reason: "Was away".into(),
    };
    bench.answer(|request| {
        matches!(request, HostRequest::History(EventId(7))).then(|| ReplyBody::History(vec![history.clone()]))
    });
    assert!(bench.says("Grace Hopper") && bench.says("Was away"));
    bench.press("Close");
    let reason = bench.harness.get_by_role_and_label(Role::TextInput, "Reason");
    assert_eq!(reason.accesskit_node().value().as_deref(), Some("Left early"), "back at the correction");
    bench.press("Cancel");

    bench.open("Audit");
    bench.answer_people();
    bench.answer(|request| {
        matches!(request, HostRequest::Audit { .. }).then(|| ReplyBody::Audit(entries(base)))
    });
    assert!(bench.says("Kiosk: Checked in Ada Lovelace"));
}

#[test]
fn ten_thousand_rows_lay_out_only_what_is_seen() {
    let base = now(&Bench::new().fake);
    let rows: Vec<MarkRow> = (0..10_000)
        .map(|n| {
            let at = base - SignedDuration::from_secs(10 * (10_000 - n as i64));
            mark(n + 1, (n % 200) as u8, &format!("Person {:03}", n % 200), at, MarkKind::CheckIn)
        })
        .collect();
    let mut bench = at_attendance(&rows, SIZES[0]);
    assert!(bench.says("10000 of 10000"));
    let laid_out = |bench: &Bench| bench.harness.query_all_by_label_contains("Person ").count();
    let seen = laid_out(&bench);
    assert!((5..120).contains(&seen), "{seen} names of 10,000 rows are laid out");
    bench.press("Name");
    assert!(bench.says("Person 000") && !bench.says("Person 199"), "sorted");
    bench.press("Name");
    assert!(bench.says("Person 199") && !bench.says("Person 000"));
    let started = std::time::Instant::now();
    for _ in 0..20 {
        bench.harness.step();
    }
    println!("a frame with 10,000 rows: {:.1} ms", started.elapsed().as_secs_f64() * 50.0);
}

#[test]
fn a_report_is_chosen_seen_and_saved_to_a_stick() {
    let mut bench = Bench::host_mode();
    bench.open("Reports");
    bench.answer_people();
    let folder = |path: &str, removable| FolderView { path: path.into(), removable, csv_files: Vec::new() };
    bench.answer(|request| {
        let folders = || vec![folder("/data/exports", false), folder("/media/usb/BACKUP", true)];
        matches!(request, HostRequest::Folders).then(|| ReplyBody::Folders(folders()))
    });
    let preview = |request: &HostRequest| match request {
        HostRequest::Preview(spec) => Some(ReplyBody::Preview(Preview {
            columns: spec.columns.iter().map(|column| (*column, column.id())).collect(),
            rows: vec![spec.columns.iter().map(|column| format!("cell {}", column.id())).collect()],
            total_rows: 42,
            people: 3,
        })),
        _ => None,
    };
    assert_eq!(bench.answer(preview), 1);
    assert!(bench.says("cell counted") && bench.says("42 rows, 3 people"));

    bench.press("Each mark");
    bench.answer(preview);
    bench.pick("Range", "Today");
    bench.answer(preview);
    bench.pick("Format", "PDF, Letter"); // paper has columns of its own
    bench.answer(preview);
    bench.press("7 columns");
    bench.tick("Source");
    bench.tick("Event");
    bench.press("Done");
    bench.answer(preview);
    bench.press("Everybody");
    bench.run(); // a list in a dialog knows its size from the frame before
    bench.tick("Ada Lovelace");
    bench.press("Done");
    bench.answer(preview);
    bench.press("event"); // a title sorts the preview and the file
    assert_eq!(bench.answer(preview), 1);
    bench.press("event");
    bench.answer(preview);
    bench.pick("Save to", "Stick BACKUP");
    bench.press("Save");
    let request = bench
        .fake
        .find(|body| matches!(host_request(body), Some(HostRequest::Export { .. })))
        .expect("a report was asked for");
    let Some(HostRequest::Export { report, format, folder }) = host_request(&request.body) else {
        unreachable!()
    };
    assert_eq!(
        (*format, folder.as_deref()),
        (ExportFormat::Pdf(Paper::Letter), Some("/media/usb/BACKUP".as_ref()))
    );
    assert_eq!((report.by, report.from), (ReportBy::Mark, report.to));
    assert_eq!(report.people, Some(vec![PersonId::from_bytes([2; 16])]));
    assert_eq!(report.order, Some(Order { by: Column::Event, descending: true }));
    assert!(report.columns.contains(&Column::Event) && !report.columns.contains(&Column::Source));
    bench.fake.snapshot.lock().unwrap().job = Some(JobView { job: Job::Export, done: 7, total: 42 });
    bench.run();
    assert!(bench.says("7 of 42"));
    bench.fake.snapshot.lock().unwrap().job = None;
    let path = PathBuf::from("/media/usb/BACKUP/attendance.pdf");
    bench.fake.reply(&request, Ok(ReplyBody::Exported { path, rows: 42 }));
    bench.run();
    assert!(bench.says("Saved 42 rows to /media/usb/BACKUP/attendance.pdf"));
    let settings = bench.asked(|request| matches!(request, HostRequest::Settings).then_some(()));
    assert!(settings.is_some(), "the columns are kept in the settings");

    bench.press("Save");
    bench.fake.snapshot.lock().unwrap().job = Some(JobView { job: Job::Export, done: 0, total: 42 });
    bench.run();
    bench.press("Stop");
    let request = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::Export { .. })));
    assert!(bench.asked(|request| matches!(request, HostRequest::CancelWork).then_some(())).is_some());
    bench.fake.snapshot.lock().unwrap().job = None;
    bench.fake.reply(&request.unwrap(), Err(Refusal::Failed(BadMoment::Stopped.into())));
    bench.run();
    assert!(bench.says("Stopped before its end."));
}

#[test]
fn a_french_host_reads_in_french_why_the_stick_was_not_written() {
    let mut settings = Settings::for_site("Entrée");
    settings.language = "fr".into();
    let mut bench = Bench::with(settings, SIZES[0], None);
    bench.fake.answer_hosts();
    bench.run();
    bench.open_host_mode();
    bench.open("Journal");
    bench.press("Exporter");
    let request =
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::ExportAudit { .. }))).unwrap();
    let full = LedgerError::File {
        path: "/media/usb/audit.csv".into(),
        source: std::io::Error::from_raw_os_error(28), // no space left
    };
    bench.fake.reply(&request, Err(Refusal::Failed(full.into())));
    bench.run();
    assert!(bench.says("Impossible d’écrire /media/usb/audit.csv") && bench.says("il n’y a plus de place"));
}

#[test]
fn a_person_is_changed_and_gets_a_schedule_of_their_own() {
    let mut bench = Bench::host_mode();
    bench.open("People");
    bench.answer_people();
    bench.press("Edit Alan Turing");
    bench.write("Badge or number, if the site uses one", "77");
    bench.tick("Active: recognised and expected");
    bench.tick("A schedule of their own");
    bench.press("Add a shift");
    assert!(bench.harness.query_by_role_and_label(Role::TextInput, "Start of shift 1").is_some());
    bench.press("Mo 1"); // not on Mondays
    bench.press("Save");
    let asked = |body: &RequestBody| matches!(host_request(body), Some(HostRequest::ChangePerson(_)));
    let request = bench.fake.find(asked).expect("a change was asked for");
    let Some(HostRequest::ChangePerson(change)) = host_request(&request.body) else { unreachable!() };
    assert_eq!((change.person, change.active), (PersonId::from_bytes([3; 16]), false));
    assert_eq!(change.badge.as_deref(), Some("77"));
    let schedule = change.schedule.clone().unwrap();
    assert_eq!(schedule.to_string(), "tue-fri 08:00-17:00");

    // The host has gone elsewhere when the answer comes: the schedule is known all the same.
    bench.press_escape();
    bench.open("Today");
    let mut settings = Settings::for_site("Main entrance");
    settings.work.people.insert(change.person, schedule);
    bench.fake.reply(&request, Ok(ReplyBody::Settings(Box::new(settings))));
    bench.run();
    bench.open("People");
    bench.answer_people();
    bench.press("Edit Alan Turing");
    assert!(bench.harness.query_by_role_and_label(Role::TextInput, "Start of shift 1").is_some());
}

#[test]
fn what_was_typed_about_a_person_outlives_an_export_an_unlocking_and_a_withdrawal() {
    let mut bench = Bench::host_mode();
    bench.open("People");
    let mut alan = person(3, "Alan Turing", 3);
    alan.person.consent = Some(Consent { version: "1".into(), at: now(&bench.fake) });
    alan.pin = PinState::Locked;
    let people = |bench: &mut Bench, row: &PersonRow| {
        bench.answer(|request| {
            matches!(request, HostRequest::People).then(|| ReplyBody::People(vec![row.clone()]))
        })
    };
    people(&mut bench, &alan);
    let badge = "Badge or number, if the site uses one";
    let typed = |bench: &Bench| {
        let field = bench.harness.get_by_role_and_label(Role::TextInput, badge);
        field.accesskit_node().value()
    };
    bench.press("Edit Alan Turing");
    bench.write(badge, "77");
    bench.press("Export this person’s data");
    bench.answer(|request| {
        let files = vec![PathBuf::from("/data/exports/alan.json")];
        matches!(request, HostRequest::ExportPerson { .. }).then_some(ReplyBody::PersonExported { files })
    });
    assert!(bench.says("/data/exports/alan.json"));

    bench.press("Unlock the PIN");
    let unlock = |body: &RequestBody| matches!(host_request(body), Some(HostRequest::UnlockPerson(_)));
    let request = bench.fake.find(unlock).unwrap();
    assert!(bench.says("locked after wrong tries"), "not before it is on disk");
    bench.fake.reply(&request, Err(Refusal::Failed("the disk is full".into())));
    bench.run();
    assert!(bench.says("The disk is full.") && bench.says("locked after wrong tries"));
    bench.press("Unlock the PIN");
    bench.answer(|request| matches!(request, HostRequest::UnlockPerson(_)).then_some(ReplyBody::Done));
    alan.pin = PinState::Set;
    assert_eq!(people(&mut bench, &alan), 1);
    assert!(bench.says("one is set") && !bench.says("The disk is full."));

    bench.press("Withdraw consent");
    bench.press("Destroy the face data now");
    bench.answer(|request| matches!(request, HostRequest::WithdrawConsent(_)).then_some(ReplyBody::Done));
    alan.person.consent = None;
    people(&mut bench, &alan);
    assert!(bench.says("No consent to face data is on record."));
    assert_eq!(typed(&bench).as_deref(), Some("77"));
    bench.press("Save");
    bench.answer(|request| matches!(request, HostRequest::ChangePerson(_)).then_some(ReplyBody::Done));
    assert!(!bench.says("Change Alan Turing"));
    bench.pick("Who is listed", "Inactive");
    assert!(bench.says("Nobody is in this list.") && !bench.says("Nobody has this name"));
}

#[test]
fn a_list_is_looked_at_before_it_is_imported() {
    let mut bench = Bench::host_mode();
    bench.open("People");
    bench.answer_people();
    bench.press("Import list");
    let folder = FolderView {
        path: "/media/usb/HR".into(),
        removable: true,
        csv_files: vec!["/media/usb/HR/people.csv".into()],
    };
    bench.answer(|request| {
        matches!(request, HostRequest::Folders).then(|| ReplyBody::Folders(vec![folder.clone()]))
    });
    bench.press("people.csv");
    let row = |line: u64, text: &str, deed| ImportRow {
        line,
        name: text.into(),
        badge: Some(["7", "9", "8"][line as usize - 2].into()),
        deed,
    };
    let plan = ImportPlan {
        rows: vec![
            row(2, "Katherine Johnson", ImportDeed::Add(name("Katherine Johnson"))),
            row(3, "Grace Hopper", ImportDeed::Rename(PersonId::from_bytes([4; 16]), name("Grace Hopper"))),
            row(4, "", ImportDeed::Refuse(RowFault::NameEmpty)),
        ],
    };
    bench.answer(|request| {
        matches!(request, HostRequest::PlanImport(_)).then(|| ReplyBody::ImportPlan(Box::new(plan.clone())))
    });
    assert!(bench.says("1 to add, 1 to rename, 0 known already, 1 refused") && bench.says("has no name"));
    assert!(bench.above("Katherine Johnson", "has no name"), "as in the file");
    bench.press("What it does");
    assert!(bench.above("has no name", "Katherine Johnson"), "what needs a look comes first");
    bench.press_last("Badge"); // the page behind has the same title
    assert!(bench.above("has no name", "New name"), "by badge");
    let field = |bench: &Bench, typed: Option<&str>| {
        let fields = bench.harness.get_all_by_role_and_label(Role::TextInput, "Search name or badge");
        let field = fields.last().unwrap();
        typed.map_or_else(|| field.click(), |text| field.type_text(text));
    };
    field(&bench, None);
    bench.run();
    field(&bench, Some("hop"));
    bench.run();
    assert!(bench.says("Grace Hopper") && !bench.says("Katherine Johnson") && !bench.says("has no name"));
    bench.press("Import 2 rows");
    let request = bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::Import(_)))).unwrap();
    bench.fake.snapshot.lock().unwrap().job = Some(JobView { job: Job::ImportPeople, done: 1, total: 3 });
    bench.run();
    assert!(bench.says("1 of 3"));
    bench.fake.reply(&request, Ok(ReplyBody::Imported { added: 1, changed: 1, refused: None }));
    bench.run();
    assert!(bench.says("1 added, 1 renamed."));
    bench.press("Close");
    assert!(bench.says("1 added, 1 renamed."), "the page says it too");
}

fn entries(at: Timestamp) -> Vec<AuditEntry> {
    let entry = |number, actor, action| AuditEntry { number, at, actor, action, hash: [0; 32] };
    vec![
        entry(3, Actor::Host(HOST), AuditAction::Exported(42)),
        entry(
            2,
            Actor::Kiosk,
            AuditAction::Marked(EventId(1), PersonId::from_bytes([2; 16]), MarkKind::CheckIn),
        ),
        entry(1, Actor::Kiosk, AuditAction::Login(HOST)),
    ]
}

#[test]
fn the_audit_log_is_searched_verified_and_exported() {
    let mut bench = Bench::host_mode();
    bench.open("Audit");
    bench.answer_people();
    let at = now(&bench.fake);
    bench.answer(|request| match request {
        HostRequest::Audit { .. } => Some(ReplyBody::Audit(entries(at))),
        _ => None,
    });
    assert!(bench.says("3 of 3") && bench.says("Checked in Ada Lovelace"));
    assert!(bench.above("Exported 42 rows", "Checked in Ada Lovelace"), "the newest first");
    bench.press("What");
    assert!(bench.above("Checked in Ada Lovelace", "Exported 42 rows"), "by what was done");
    bench.press("What");
    assert!(bench.above("Exported 42 rows", "Checked in Ada Lovelace"), "the other way round");
    bench.press("No.");
    assert!(bench.above("Checked in Ada Lovelace", "Exported 42 rows"), "the oldest first");
    bench.pick("Kind of entry", "Exports");
    assert!(bench.says("1 of 3") && bench.says("Exported 42 rows") && !bench.says("Checked in"));
    bench.pick("Kind of entry", "All entries");
    bench.write("Search the log", "lovelace");
    assert!(bench.says("1 of 3"));

    bench.press("Verify");
    let request =
        bench.fake.find(|body| matches!(host_request(body), Some(HostRequest::VerifyAudit { .. }))).unwrap();
    bench.fake.snapshot.lock().unwrap().job = Some(JobView { job: Job::VerifyAudit, done: 2, total: 3 });
    bench.run();
    assert!(bench.says("2 of 3"));
    bench.fake.snapshot.lock().unwrap().job = None;
    let head = AuditHead { number: 3, hash: [0xab; 32] };
    bench.fake.reply(&request, Ok(ReplyBody::AuditVerified(AuditReport { good: 3, head, fault: None })));
    bench.run();
    assert!(bench.says("All 3 entries are unbroken. Head 3:abab abab abab abab"));

    bench.write("Head from an earlier report", "2:abab");
    bench.press("Compare");
    assert!(bench.says("Not a head."));
    bench.write("Head from an earlier report", " cdcd cdcd cdcd");
    bench.press("Compare");
    let earlier = Some("2:ababcdcdcdcdcdcd".parse().unwrap());
    let answered = bench.answer(|request| {
        let report = AuditReport { good: 3, head, fault: None };
        matches!(request, HostRequest::VerifyAudit { against } if *against == earlier)
            .then_some(ReplyBody::AuditVerified(report))
    });
    assert_eq!(answered, 1);
    assert!(bench.says("Entry 2 is the one in that report."));
    bench.press("Compare");
    bench.answer(|request| {
        let report = AuditReport { good: 1, head, fault: Some(AuditFault::Replaced(2)) };
        matches!(request, HostRequest::VerifyAudit { .. }).then_some(ReplyBody::AuditVerified(report))
    });
    assert!(!bench.says("Entry 2 is the one in that report.") && !bench.says("are unbroken"));

    bench.press("Export");
    bench.answer(|request| {
        let path = PathBuf::from("/data/exports/audit.csv");
        matches!(request, HostRequest::ExportAudit { .. })
            .then(|| ReplyBody::Exported { path: path.clone(), rows: 3 })
    });
    assert!(bench.says("Saved the whole log to /data/exports/audit.csv"));
}

#[test]
fn leaving_the_log_ends_its_check() {
    let mut bench = Bench::host_mode();
    bench.open("Audit");
    // A change of the master key keeps no check waiting.
    bench.fake.snapshot.lock().unwrap().job = Some(JobView { job: Job::RotateKey, done: 2, total: 3 });
    bench.run();
    bench.press("Verify");
    bench.open("People");
    assert_eq!(bench.page(), Some(HostPage::People));
    let ended = |body: &RequestBody| matches!(host_request(body), Some(HostRequest::CancelWork));
    assert!(bench.fake.find(ended).is_some());
}

#[test]
fn pages_full_of_rows_fit_small_screens() {
    for size in SIZES {
        let base = now(&Bench::new().fake);
        let rows = vec![mark(1, 2, "Ada Lovelace", base, MarkKind::BreakStart)];
        let mut bench = at_attendance(&rows, size);
        bench.check_buttons("attendance");
        bench.press_first("Correct Ada");
        bench.check_buttons("correcting");
        bench.press("Cancel");
        bench.open("Today");
        let now = now(&bench.fake);
        bench.answer(|request| match request {
            HostRequest::Day(date) => Some(ReplyBody::Day(Box::new(DayView {
                people: day(*date, now).people.into_iter().take(1).collect(),
                ..day(*date, now)
            }))),
            _ => None,
        });
        bench.check_buttons("today");
        bench.open("People");
        bench.answer(|request| {
            matches!(request, HostRequest::People).then(|| ReplyBody::People(vec![person(2, "Ada", 1)]))
        });
        bench.check_buttons("people");
        bench.press_first("Edit Ada");
        bench.wait(Duration::from_millis(200));
    }
}

#[test]
fn days_are_locked_and_unlocked_on_the_attendance_page() {
    let base = now(&Bench::new().fake);
    let rows = vec![
        mark(1, 2, "Ada Lovelace", base - SignedDuration::from_hours(48), MarkKind::CheckIn),
        mark(2, 3, "Alan Turing", base, MarkKind::CheckIn),
    ];
    let mut bench = at_attendance(&rows, SIZES[0]);
    bench.answer(|request| matches!(request, HostRequest::Period).then_some(ReplyBody::Period(None)));
    bench.press("Lock days");
    assert!(bench.says("No day is locked"));
    bench.press("Lock these days");
    let until = bench.asked(|request| match request {
        HostRequest::LockPeriod(until) => Some(*until),
        _ => None,
    });
    assert_eq!(until, Some(jiff::civil::date(2026, 10, 31)), "the month before");
    // As if two days ago was locked.
    bench.press_escape();
    bench.press("Lock days");
    bench.press("Lock these days");
    let lock = PeriodView { until: rows[0].date, by: Actor::Host(HOST), at: base };
    let reply = || ReplyBody::Period(Some(lock.clone()));
    bench.answer(|request| matches!(request, HostRequest::LockPeriod(_)).then(reply));
    assert!(bench.says("Locked up to and including Monday, 23 November 2026, by Grace Hopper"));
    bench.answer(|request| {
        matches!(request, HostRequest::Attendance { .. }).then(|| ReplyBody::Attendance(rows.clone()))
    });
    let buttons = |bench: &Bench, beginning: &str| {
        let starts = |label: String| label.starts_with(beginning);
        let all = bench.harness.get_all_by_role(Role::Button);
        all.filter(|node| node.accesskit_node().label().is_some_and(starts)).count()
    };
    assert_eq!((buttons(&bench, "Correct Ada"), buttons(&bench, "Correct Alan")), (0, 1));
    assert_eq!(buttons(&bench, "History of Ada"), 1);

    bench.press("Lock days");
    bench.press("Unlock all");
    bench.press("Unlock");
    let unlocked = |request: &HostRequest| match request {
        HostRequest::UnlockPeriod { until, reason } => Some((*until, reason.clone())),
        _ => None,
    };
    assert_eq!(bench.asked(unlocked), None, "not without a reason");
    bench.write("Reason", "A shift was missing");
    bench.press("Unlock");
    assert_eq!(bench.asked(unlocked), Some((None, "A shift was missing".to_owned())));
}

#[test]
fn a_locked_day_says_so_and_offers_no_correction() {
    let mut bench = at_today();
    bench.press("Marks");
    let base = now(&bench.fake);
    let offered = |bench: &Bench| {
        let corrects = |label: String| label.starts_with("Correct ");
        let mut buttons = bench.harness.get_all_by_role(Role::Button);
        buttons.any(|node| node.accesskit_node().label().is_some_and(corrects))
    };
    assert!(offered(&bench));
    // As if another host had locked today's page behind this one's back: the next look at the day knows.
    let lock = PeriodView { until: jiff::civil::date(2026, 11, 25), by: Actor::Host(HOST), at: base };
    bench.answer(|request| {
        matches!(request, HostRequest::Period).then(|| ReplyBody::Period(Some(lock.clone())))
    });
    assert!(!offered(&bench) && bench.says("Locked up to and including Wednesday, 25 November 2026"));
}
