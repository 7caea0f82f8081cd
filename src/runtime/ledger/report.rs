//! Reports from records, and into files: a file appears whole or not at all, and never without an audit entry.

use super::{Ledger, LedgerError, day::name_order};
use crate::{
    attendance::{WorkDay, totals, work_days},
    domain::{Actor, AuditAction, Mark, Person, PersonId},
    reports::{
        AttendanceReport, Body, DayRow, DayState, ReportBy, ReportError, ReportWords, Row, Total,
        write_audit_csv, write_csv, write_pdf,
    },
    runtime::messages::{ExportFormat, Preview, ReplyBody, ReportSpec},
};
use jiff::{Timestamp, Zoned, civil::Date};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

impl Ledger {
    /// A report as asked for.
    pub fn report(&self, spec: &ReportSpec) -> Result<AttendanceReport, LedgerError> {
        let zone = self.settings.zone.time_zone();
        let local = |at: Timestamp| at.to_zoned(zone.clone());
        let now = self.clock.now().utc;
        let names = self.names()?;
        let wanted = |person: PersonId| spec.people.as_ref().is_none_or(|people| people.contains(&person));
        let mut marks = self.marks_of_days(spec.from, spec.to)?;
        marks.retain(|(mark, _)| wanted(mark.person));

        let rules = self.rules();
        let mut expected: Vec<(PersonId, Date)> = names
            .values()
            .filter(|person| person.active && wanted(person.id))
            .map(|person| (person.id, rules.attendance_day(person.id, person.created)))
            .collect();
        expected.sort_by_cached_key(|(id, _)| name_order(names.get(id)));
        let plain: Vec<Mark> = marks.iter().map(|(mark, _)| mark.clone()).collect();
        let range = (spec.from, spec.to);
        let mut days = work_days(&rules, &expected, &plain, range, now);
        days.sort_by_cached_key(|day| (name_order(names.get(&day.facts.person)), day.facts.person, day.date));

        let sums = totals(&days).into_iter().map(|sum| {
            let person = names.get(&sum.person);
            Total {
                name: person.map(|person| person.name.clone()),
                badge: person.and_then(|person| person.badge.clone()),
                days: sum.days,
                worked: sum.worked,
                counted: sum.counted,
                late_days: sum.late_days,
                absent_days: sum.absent_days,
                incomplete_days: sum.incomplete_days,
            }
        });
        let totals = sums.collect();
        let locked = |day: &WorkDay| rules.locked_until().is_some_and(|until| day.date <= until);
        let body = match spec.by {
            ReportBy::Mark => Body::Marks(
                marks.into_iter().map(|(mark, date)| mark_row(mark, date, &names, &local)).collect(),
            ),
            ReportBy::Day => {
                Body::Days(days.iter().map(|day| day_row(day, &names, locked(day), &local)).collect())
            }
        };
        Ok(AttendanceReport {
            site: self.settings.site_name.clone(),
            from: spec.from,
            to: spec.to,
            chosen_people: spec.people.is_some(),
            generated_at: local(now),
            audit_head: self.vault.audit_head(),
            lock_note: AttendanceReport::lock_note(&self.settings.language, spec.from, rules.locked_until()),
            columns: spec.columns.clone(),
            body,
            totals,
        })
    }

    /// The beginning of a report, as it would be printed.
    pub fn preview(&self, spec: &ReportSpec) -> Result<Preview, LedgerError> {
        let words = ReportWords::of(&self.settings.language);
        let report = self.report(spec)?;
        Ok(Preview {
            columns: spec.columns.iter().map(|column| (words.column(*column), column.is_figure())).collect(),
            rows: report.worded(words, Preview::MOST),
            total_rows: report.body.len(),
            people: report.totals.len(),
        })
    }

    /// Writes a report to `path` and audits it. Returns its rows.
    pub fn export(
        &mut self,
        actor: Actor,
        spec: &ReportSpec,
        format: ExportFormat,
        path: &Path,
    ) -> Result<usize, LedgerError> {
        let report = self.report(spec)?;
        let words = ReportWords::of(&self.settings.language);
        self.write_file(actor, path, report.body.len(), |out| match format {
            ExportFormat::Csv => write_csv(&report, out),
            ExportFormat::Pdf(paper) => write_pdf(&report, words, paper, out).map(drop),
        })
    }

    /// The same into a folder that a host chose, under a name that says what it is.
    pub(super) fn export_into(
        &mut self,
        actor: Actor,
        spec: &ReportSpec,
        format: ExportFormat,
        folder: Option<PathBuf>,
    ) -> Result<ReplyBody, LedgerError> {
        let ending = match format {
            ExportFormat::Csv => "csv",
            ExportFormat::Pdf(_) => "pdf",
        };
        let name = format!("attendance-{}-{}-{}.{ending}", spec.from, spec.to, self.stamp());
        let path = self.chosen_folder(folder)?.join(name);
        let rows = self.export(actor, spec, format, &path)?;
        Ok(ReplyBody::Exported { path, rows })
    }

    /// Writes the audit log into a folder that a host chose.
    pub(super) fn export_audit(
        &mut self,
        actor: Actor,
        folder: Option<PathBuf>,
    ) -> Result<ReplyBody, LedgerError> {
        let path = self.chosen_folder(folder)?.join(format!("audit-{}.csv", self.stamp()));
        let entries = self.vault.audit_entries(1..=self.vault.audit_head().number)?;
        let rows = self.write_file(actor, &path, entries.len(), |out| write_audit_csv(&entries, out))?;
        Ok(ReplyBody::Exported { path, rows })
    }

    /// Local time as it stands in file names.
    fn stamp(&self) -> String {
        let now = self.clock.now().utc.to_zoned(self.settings.zone.time_zone().clone());
        now.strftime("%Y%m%d-%H%M%S").to_string()
    }

    fn write_file(
        &mut self,
        actor: Actor,
        path: &Path,
        rows: usize,
        write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), ReportError>,
    ) -> Result<usize, LedgerError> {
        let file_error = |source| LedgerError::File { path: path.to_owned(), source };
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(file_error)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(file_error)?;
        {
            let mut out = BufWriter::new(file.as_file_mut());
            write(&mut out)?;
            out.flush().map_err(file_error)?;
        }
        file.as_file().sync_all().map_err(file_error)?;
        // Audited before it appears: no report leaves the kiosk without an entry.
        let count = u32::try_from(rows).unwrap_or(u32::MAX);
        self.vault.audit(actor, AuditAction::Exported(count), self.clock.now())?;
        file.persist(path).map_err(|e| file_error(e.error))?;
        Ok(rows)
    }
}

fn mark_row(
    mark: Mark,
    date: Date,
    names: &HashMap<PersonId, Person>,
    local: &impl Fn(Timestamp) -> Zoned,
) -> Row {
    let person = names.get(&mark.person);
    Row {
        event: mark.id,
        date,
        person: mark.person,
        name: person.map(|person| person.name.clone()),
        badge: person.and_then(|person| person.badge.clone()),
        kind: mark.kind,
        at: local(mark.at),
        source: mark.source,
        corrected: mark.correction.is_some(),
        reason: mark.correction.map(|correction| correction.reason).unwrap_or_default(),
    }
}

fn day_row(
    day: &WorkDay,
    names: &HashMap<PersonId, Person>,
    locked: bool,
    local: &impl Fn(Timestamp) -> Zoned,
) -> DayRow {
    let person = names.get(&day.facts.person);
    DayRow {
        date: day.date,
        person: day.facts.person,
        name: person.map(|person| person.name.clone()),
        badge: person.and_then(|person| person.badge.clone()),
        planned: day.planned.map(|planned| (local(planned.start), local(planned.end))),
        first_in: day.facts.first_in.map(local),
        last_out: day.facts.last_out.map(local),
        worked: day.facts.worked,
        breaks: day.facts.breaks,
        counted: day.counted,
        late: day.late,
        early: day.early,
        state: DayState {
            absent: day.absent,
            missing_check_in: day.facts.missing_check_in,
            missing_check_out: day.facts.missing_check_out,
            holiday: day.holiday,
            locked,
        },
    }
}
