//! Reports from records, and into files: a file appears whole or not at all, and never without an audit entry.

use super::{Ledger, LedgerError, day::name_order};
use crate::{
    attendance::{WorkDay, totals, work_days},
    domain::{Actor, AuditAction, AuditEntry, Mark, Person, PersonId},
    reports::{
        AttendanceReport, Body, DayRow, DayState, ReportBy, ReportError, ReportWords, Row, Total,
        write_audit_csv, write_csv, write_pdf,
    },
    runtime::messages::{ExportFormat, Passphrase, Preview, ReplyBody, ReportSpec},
    settings::ReportColumns,
    vault::{BackupContents, BackupFault, BackupView, BackupWatch, VaultError},
};
use jiff::{Timestamp, Zoned, civil::Date};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, ErrorKind, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// How the name of a file begins that is not whole yet. What is left of it when the kiosk is killed goes at the next start.
pub(super) const UNFINISHED: &str = ".faceprint-";
/// How it goes on when it is a backup: another program may be writing that.
pub(super) const BACKUP: &str = "backup-";

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
        let body = match spec.by {
            ReportBy::Mark => Body::Marks(
                marks.into_iter().map(|(mark, date)| mark_row(mark, date, &names, &local)).collect(),
            ),
            ReportBy::Day => Body::Days(days.iter().map(|day| day_row(day, &names, &local)).collect()),
        };
        let mut report = AttendanceReport {
            site: self.settings.site_name.clone(),
            from: spec.from,
            to: spec.to,
            chosen_people: spec.people.is_some(),
            generated_at: local(now),
            audit_head: self.vault.audit_head(),
            locked_until: rules.locked_until(),
            columns: spec.columns.clone(),
            body,
            totals,
        };
        if let Some(order) = spec.order {
            report.sort(order);
        }
        Ok(report)
    }

    /// The beginning of a report, as it would be printed.
    pub fn preview(&self, spec: &ReportSpec) -> Result<Preview, LedgerError> {
        let words = ReportWords::of(&self.settings.language);
        let report = self.report(spec)?;
        Ok(Preview {
            columns: spec.columns.iter().map(|column| (*column, words.column(*column))).collect(),
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
        let content = self.content(spec, format)?;
        make_folder(folder_of(path))?;
        self.write_whole(actor, path, &content)?;
        Ok(content.rows())
    }

    /// What a report's file will hold.
    pub(super) fn content(&self, spec: &ReportSpec, format: ExportFormat) -> Result<Content, LedgerError> {
        let words = ReportWords::of(&self.settings.language);
        Ok(Content::Report { report: Box::new(self.report(spec)?), format, words })
    }

    /// Writes it, audits it, and lets it appear.
    pub(super) fn write_whole(
        &mut self,
        actor: Actor,
        path: &Path,
        content: &Content,
    ) -> Result<Written, LedgerError> {
        let (file, written) = content.write_beside(path, &|_, _| true)?;
        self.audit_file(actor, written.action())?;
        written.appear(file, path)?;
        Ok(written)
    }

    /// No file leaves the kiosk without an entry, so this comes before it appears.
    pub(super) fn audit_file(&mut self, actor: Actor, action: AuditAction) -> Result<(), LedgerError> {
        self.vault.audit(actor, action, self.clock.now())?;
        Ok(())
    }

    /// A file's place in a folder that a host chose, under a name that says what it is. The kiosk's own folder for it is
    /// made where it is missing; a stick is there or it is not.
    pub(super) fn export_path(&self, folder: Option<PathBuf>, name: &str) -> Result<PathBuf, LedgerError> {
        let folder = self.chosen_folder(folder)?;
        if folder == self.paths.exports() {
            make_folder(&folder)?;
        }
        Ok(folder.join(name))
    }

    /// The name of a report's file.
    pub(super) fn report_name(&self, spec: &ReportSpec, format: ExportFormat) -> String {
        let ending = match format {
            ExportFormat::Csv => "csv",
            ExportFormat::Pdf(_) => "pdf",
        };
        format!("attendance-{}-{}-{}.{ending}", spec.from, spec.to, self.stamp())
    }

    /// Local time as it stands in file names.
    pub(super) fn stamp(&self) -> String {
        let now = self.clock.now().utc.to_zoned(self.settings.zone.time_zone().clone());
        now.strftime("%Y%m%d-%H%M%S").to_string()
    }

    /// Keeps which columns were chosen, for the next report of this kind.
    pub(super) fn remember_columns(&mut self, spec: &ReportSpec, format: ExportFormat) {
        let list = spec.columns.iter().map(|column| column.id()).collect::<Vec<_>>().join(",");
        let (by, before) = (spec.by, &mut self.settings.reports);
        if *kept_columns(before, by, format) != list
            && let Err(error) =
                self.keep_setting(|settings| list.clone_into(kept_columns(&mut settings.reports, by, format)))
        {
            log::warn!("the chosen columns are forgotten: {error}");
        }
    }
}

fn kept_columns(kept: &mut ReportColumns, by: ReportBy, format: ExportFormat) -> &mut String {
    match (by, format) {
        (ReportBy::Day, ExportFormat::Csv) => &mut kept.day_csv,
        (ReportBy::Day, ExportFormat::Pdf(_)) => &mut kept.day_pdf,
        (ReportBy::Mark, ExportFormat::Csv) => &mut kept.mark_csv,
        (ReportBy::Mark, ExportFormat::Pdf(_)) => &mut kept.mark_pdf,
    }
}

/// What goes into a file.
pub(super) enum Content {
    /// A report.
    Report {
        /// Rows and totals.
        report: Box<AttendanceReport>,
        /// Kind of file.
        format: ExportFormat,
        /// Of a PDF.
        words: &'static ReportWords,
    },
    /// The whole audit log.
    Audit(Vec<AuditEntry>),
    /// Everything, sealed.
    Backup(Box<BackupView>, Passphrase),
}

/// What was written into a file.
pub(super) enum Written {
    /// So many rows.
    Rows(usize),
    /// A backup.
    Backup(BackupContents),
}

impl Written {
    /// What the audit log says about it.
    pub(super) fn action(&self) -> AuditAction {
        match self {
            Self::Rows(rows) => AuditAction::Exported(u32::try_from(*rows).unwrap_or(u32::MAX)),
            Self::Backup(contents) => AuditAction::BackedUp(contents.total()),
        }
    }

    /// What whoever asked for it is told.
    pub(super) fn reply(&self, path: PathBuf) -> ReplyBody {
        match self {
            Self::Rows(rows) => ReplyBody::Exported { path, rows: *rows },
            Self::Backup(contents) => ReplyBody::BackedUp { path, records: contents.total() },
        }
    }

    /// Gives the written file its name, and the name to the disk: a stick may be pulled out as soon as it is said to be
    /// saved. A backup never takes another file's place.
    pub(super) fn appear(&self, file: NamedTempFile, path: &Path) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::File { path: path.to_owned(), source };
        let named = match self {
            Self::Rows(_) => file.persist(path),
            Self::Backup(_) => file.persist_noclobber(path),
        };
        named.map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => VaultError::FileExists(path.to_owned()).into(),
            _ => failed(error.error),
        })?;
        match File::open(folder_of(path)).and_then(|folder| folder.sync_all()) {
            // Some file systems of sticks cannot sync a folder.
            Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                Err(failed(error))
            }
            _ => Ok(()),
        }
    }
}

impl Content {
    /// How many, as far as it is known before they are written.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Report { report, .. } => report.body.len(),
            Self::Audit(entries) => entries.len(),
            Self::Backup(..) => 0,
        }
    }

    /// Writes all of it into a nameless file in the folder of `path`, and to the disk. Dropped, the file is gone.
    pub(super) fn write_beside(
        &self,
        path: &Path,
        watch: BackupWatch<'_>,
    ) -> Result<(NamedTempFile, Written), LedgerError> {
        let failed = |source| LedgerError::File { path: path.to_owned(), source };
        let total = self.rows();
        let rows_watch = |rows: usize| watch(rows.min(total) as u64, total as u64);
        let what = if matches!(self, Self::Backup(..)) { BACKUP } else { "" };
        let mut file = unfinished(folder_of(path), what).map_err(failed)?;
        let written;
        {
            let mut out = BufWriter::new(file.as_file_mut());
            written = match self {
                Self::Report { report, format: ExportFormat::Csv, .. } => {
                    write_csv(report, &mut out, &rows_watch).map(|()| Written::Rows(total))
                }
                Self::Report { report, format: ExportFormat::Pdf(paper), words } => {
                    write_pdf(report, words, *paper, &mut out, &rows_watch).map(|_| Written::Rows(total))
                }
                Self::Audit(entries) => {
                    write_audit_csv(entries, &mut out, &rows_watch).map(|()| Written::Rows(total))
                }
                Self::Backup(view, passphrase) => {
                    let contents = view.write(&mut out, path, passphrase, watch);
                    Ok(Written::Backup(contents.map_err(|error| match error {
                        VaultError::Backup(BackupFault::Stopped) => ReportError::Stopped.into(),
                        other => LedgerError::from(other),
                    })?))
                }
            }
            .map_err(|error| match error {
                ReportError::Write(source) => failed(source),
                other => other.into(),
            })?;
            out.flush().map_err(failed)?;
        }
        file.as_file().sync_all().map_err(failed)?;
        Ok((file, written))
    }
}

/// A new file, readable by its owner only, that goes when it is dropped without having been given its name.
pub(super) fn unfinished(folder: &Path, what: &str) -> std::io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(&format!("{UNFINISHED}{what}")).tempfile_in(folder)
}

pub(super) fn make_folder(folder: &Path) -> Result<(), LedgerError> {
    std::fs::create_dir_all(folder).map_err(|source| LedgerError::File { path: folder.to_owned(), source })
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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

fn day_row(day: &WorkDay, names: &HashMap<PersonId, Person>, local: &impl Fn(Timestamp) -> Zoned) -> DayRow {
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
        },
    }
}
