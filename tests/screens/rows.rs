//! Tables of ten thousand rows lay out only the rows that are seen, whichever table it is.

use super::{Bench, host_request};
use crate::fake::{HOST, name, person};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use faceprint::{
    domain::{
        Actor, AuditAction, AuditEntry, AuditHead, Clock as _, EventId, MarkKind, MarkSource, Person,
        PersonId,
    },
    runtime::messages::{
        DayPerson, DayView, FolderView, HostRequest, ImportDeed, ImportPlan, ImportRow, MarkRow, PersonRow,
        PinState, Presence, ReplyBody,
    },
};
use jiff::SignedDuration;

const ROWS: u64 = 10_000;

fn id(number: u64) -> PersonId {
    PersonId::from_bytes((u128::from(number) + 1).to_be_bytes())
}

fn call(number: u64) -> String {
    format!("Person {number:05}")
}

impl Bench {
    /// Answers whatever the page asks for as long as `reply` knows what to say.
    fn serve(&mut self, reply: impl Fn(&HostRequest) -> Option<ReplyBody>) {
        loop {
            self.run();
            let known = |body: &_| host_request(body).is_some_and(|request| reply(request).is_some());
            let Some(request) = self.fake.find(known) else { return };
            let body = host_request(&request.body).and_then(&reply).unwrap();
            self.fake.reply(&request, Ok(body));
        }
    }

    /// Rows of which something is laid out in a frame, and how long a frame takes.
    fn check_rows(&mut self, what: &str) {
        let rows = self.harness.query_all_by_label_contains("Person 0").count();
        let nodes = self.harness.root().children_recursive().count();
        let started = std::time::Instant::now();
        for _ in 0..10 {
            self.harness.step();
        }
        let milliseconds = started.elapsed().as_secs_f64() * 100.0;
        println!("{what}: {rows} names and {nodes} nodes of {ROWS} rows, {milliseconds:.1} ms a frame");
        assert!((3..150).contains(&rows), "{what}: {rows} names are laid out");
        assert!(nodes < 1_500, "{what}: {nodes} things are laid out");
    }
}

#[test]
fn every_table_lays_out_what_is_seen_of_ten_thousand_rows() {
    let mut bench = Bench::host_mode();
    let now = bench.fake.clock.now().utc;
    let mark = |number: u64| MarkRow {
        event: EventId(number),
        date: jiff::civil::date(2026, 11, 25),
        person: id(number),
        name: Some(name(&call(number))),
        badge: None,
        kind: MarkKind::CheckIn,
        at: now - SignedDuration::from_secs(i64::try_from(ROWS - number).unwrap()),
        source: MarkSource::Face,
        reason: None,
    };
    let day_person = |number: u64| DayPerson {
        person: id(number),
        name: Some(name(&call(number))),
        badge: None,
        presence: if number.is_multiple_of(3) { Presence::Inside } else { Presence::Left },
        planned: None,
        first_in: Some(now),
        last: Some(now),
        late: None,
        worked: SignedDuration::from_hours(1),
        incomplete: false,
    };
    bench.serve(|request| match request {
        HostRequest::Day(date) => Some(ReplyBody::Day(Box::new(DayView {
            date: *date,
            range: now - SignedDuration::from_hours(6)..now + SignedDuration::from_hours(18),
            holiday: None,
            expects: true,
            people: (0..ROWS).map(day_person).collect(),
            marks: (0..ROWS).map(mark).collect(),
            audit_head: AuditHead { number: 7, hash: [0xab; 32] },
            enrol_again: 0,
            curve: (0..ROWS).map(|n| (now - SignedDuration::from_secs(ROWS as i64 - n as i64), 1)).collect(),
        }))),
        _ => None,
    });
    bench.check_rows("today");
    bench.press("Marks");
    bench.check_rows("today, marks");

    bench.press("People");
    let template = person(1, "x", 3);
    let row = |number: u64| PersonRow {
        person: Person { id: id(number), name: name(&call(number)), ..template.person.clone() },
        templates: 3,
        pin: PinState::Unset,
    };
    bench.serve(|request| match request {
        HostRequest::People => Some(ReplyBody::People((0..ROWS).map(row).collect())),
        _ => None,
    });
    bench.check_rows("people");

    bench.press("Import list");
    let plan_row = |number: u64| ImportRow {
        line: number + 2,
        name: call(number),
        badge: None,
        deed: ImportDeed::Add(name(&call(number))),
    };
    bench.serve(|request| match request {
        HostRequest::Folders => Some(ReplyBody::Folders(vec![FolderView {
            path: "/media/usb".into(),
            removable: true,
            csv_files: vec!["/media/usb/people.csv".into()],
        }])),
        HostRequest::PlanImport(_) => {
            Some(ReplyBody::ImportPlan(Box::new(ImportPlan { rows: (0..ROWS).map(plan_row).collect() })))
        }
        _ => None,
    });
    bench.press("people.csv");
    bench.serve(|request| match request {
        HostRequest::PlanImport(_) => {
            Some(ReplyBody::ImportPlan(Box::new(ImportPlan { rows: (0..ROWS).map(plan_row).collect() })))
        }
        _ => None,
    });
    bench.check_rows("import");
    bench.press_escape();

    bench.press("Audit");
    let entry = |number: u64| AuditEntry {
        number: number + 1,
        at: now,
        actor: Actor::Host(HOST),
        action: AuditAction::PersonChanged(id(number)),
        hash: [0; 32],
    };
    bench.serve(|request| match request {
        HostRequest::People => Some(ReplyBody::People((0..ROWS).map(row).collect())),
        HostRequest::Audit { .. } => Some(ReplyBody::Audit((0..ROWS).map(entry).collect())),
        _ => None,
    });
    bench.check_rows("audit");
}
