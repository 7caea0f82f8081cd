//! Long work in short steps, so that nobody waits at the door while it goes on.
//!
//! Job: checking the audit chain, importing a list, writing a file or a backup, a little at a time. It must not know who drives it:
//! the ledger's thread between two requests, or a command with a progress bar.

use super::{Ledger, LedgerError, export::Export, report::Content};
use crate::{
    domain::{Actor, AuditEntry, EarlierHead},
    runtime::{
        messages::{ExportFormat, Job, JobView, Passphrase, ReplyBody, ReportSpec},
        people_csv::{ImportDeed, ImportPlan, ImportRow},
        trouble::{BadMoment, Trouble},
    },
    vault::AuditWalk,
};
use std::{path::PathBuf, time::Duration, vec::IntoIter};

/// Audit entries in one step; about ten milliseconds.
const ENTRIES: u64 = 1_000;
/// Rows of a list in one step; each is synced to disk.
const ROWS: usize = 20;
/// How often a thread that writes is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Work that is under way.
pub struct Steps {
    kind: Kind,
    view: JobView,
}

enum Kind {
    Verify(AuditWalk),
    Import(Import),
    Gather(Gather),
    Export(Export),
}

/// The audit log on its way into a file.
struct Gather {
    actor: Actor,
    path: PathBuf,
    entries: Vec<AuditEntry>,
    head: u64,
}

struct Import {
    actor: Actor,
    rows: IntoIter<ImportRow>,
    added: usize,
    changed: usize,
    refused: Option<Trouble>,
}

impl Steps {
    /// A check of the whole audit chain, and against a head exported earlier.
    #[must_use]
    pub fn verify(ledger: &Ledger, against: Option<EarlierHead>) -> Self {
        let total = ledger.vault().audit_head().number;
        let view = JobView { job: Job::VerifyAudit, done: 0, total };
        Self { kind: Kind::Verify(AuditWalk::new(against)), view }
    }

    /// Carrying out a plan.
    #[must_use]
    pub fn import(actor: Actor, plan: ImportPlan) -> Self {
        let view = JobView { job: Job::ImportPeople, done: 0, total: plan.rows.len() as u64 };
        let rows = plan.rows.into_iter();
        Self { kind: Kind::Import(Import { actor, rows, added: 0, changed: 0, refused: None }), view }
    }

    /// A report into a file in a folder that a host chose.
    pub fn export(
        ledger: &mut Ledger,
        actor: Actor,
        spec: &ReportSpec,
        format: ExportFormat,
        folder: Option<PathBuf>,
    ) -> Result<Self, LedgerError> {
        let path = ledger.export_path(folder, &ledger.report_name(spec, format))?;
        let content = ledger.content(spec, format)?;
        ledger.remember_columns(spec, format);
        let view = JobView { job: Job::Export, done: 0, total: content.rows() as u64 };
        Ok(Self { kind: Kind::Export(Export::begin(actor, path, content)?), view })
    }

    /// The whole audit log, likewise.
    pub fn export_audit(ledger: &Ledger, actor: Actor, folder: Option<PathBuf>) -> Result<Self, LedgerError> {
        let path = ledger.export_path(folder, &format!("audit-{}.csv", ledger.stamp()))?;
        let head = ledger.vault().audit_head().number;
        let view = JobView { job: Job::Export, done: 0, total: head };
        Ok(Self { kind: Kind::Gather(Gather { actor, path, entries: Vec::new(), head }), view })
    }

    /// Everything in one sealed file in a folder that a host chose.
    pub fn backup(
        ledger: &Ledger,
        actor: Actor,
        folder: Option<PathBuf>,
        passphrase: Passphrase,
    ) -> Result<Self, LedgerError> {
        let path = ledger.export_path(folder, &format!("faceprint-{}.backup", ledger.stamp()))?;
        let content = Content::Backup(Box::new(ledger.backup_view()?), passphrase);
        let view = JobView { job: Job::Backup, done: 0, total: 0 };
        Ok(Self { kind: Kind::Export(Export::begin(actor, path, content)?), view })
    }

    /// How long to wait before the next step: another thread may be at work.
    #[must_use]
    pub fn pause(&self) -> Duration {
        if matches!(self.kind, Kind::Export(_)) { LOOK } else { Duration::ZERO }
    }

    /// Ends it, with the answer to whoever began it. `None`: it ends by itself, with an answer of its own.
    pub fn stop(&mut self) -> Option<Result<ReplyBody, BadMoment>> {
        match &mut self.kind {
            Kind::Export(export) => {
                export.stop();
                None
            }
            Kind::Import(import) => Some(Ok(import.done())), // each of its rows is on disk
            Kind::Verify(_) | Kind::Gather(_) => Some(Err(BadMoment::Stopped)),
        }
    }

    /// Does all the steps that are left.
    pub fn finish(mut self, ledger: &mut Ledger) -> Result<ReplyBody, LedgerError> {
        loop {
            if let Some(body) = self.step(ledger)? {
                return Ok(body);
            }
            std::thread::sleep(self.pause());
        }
    }

    /// How far it is.
    #[must_use]
    pub fn view(&self) -> JobView {
        self.view
    }

    /// Does the next step. The answer comes with the last one.
    pub fn step(&mut self, ledger: &mut Ledger) -> Result<Option<ReplyBody>, LedgerError> {
        match &mut self.kind {
            Kind::Verify(walk) => {
                let report = ledger.vault().walk_audit(walk, ENTRIES)?;
                self.view.done = walk.done();
                Ok(report.map(ReplyBody::AuditVerified))
            }
            Kind::Import(import) => {
                for _ in 0..ROWS {
                    let Some(row) = import.rows.next() else {
                        return Ok(Some(import.done()));
                    };
                    self.view.done += 1;
                    import.row(ledger, row)?;
                }
                Ok(None)
            }
            Kind::Gather(gather) => {
                let from = gather.entries.len() as u64 + 1;
                let to = (from + ENTRIES - 1).min(gather.head);
                gather.entries.extend(ledger.vault().audit_entries(from..=to)?);
                if to == gather.head {
                    let content = Content::Audit(std::mem::take(&mut gather.entries));
                    self.kind = Kind::Export(Export::begin(gather.actor, gather.path.clone(), content)?);
                }
                Ok(None)
            }
            Kind::Export(export) => {
                (self.view.done, self.view.total) = export.progress();
                export.step(ledger)
            }
        }
    }
}

impl Import {
    /// What it did so far.
    fn done(&mut self) -> ReplyBody {
        ReplyBody::Imported { added: self.added, changed: self.changed, refused: self.refused.take() }
    }

    /// A person who changed since the plan was made may refuse a row; a store that cannot write ends the work.
    fn row(&mut self, ledger: &mut Ledger, row: ImportRow) -> Result<(), LedgerError> {
        let now = ledger.clock.now();
        let done = match row.deed {
            ImportDeed::Add(name) => {
                ledger.vault_mut().add_person(self.actor, name, row.badge, now).map(|_| self.added += 1)
            }
            ImportDeed::Rename(id, name) => ledger.vault().person(id).and_then(|person| {
                let person = crate::domain::Person { name, ..person };
                ledger.vault_mut().update_person(self.actor, person, now).map(|()| self.changed += 1)
            }),
            ImportDeed::Known | ImportDeed::Refuse(_) => Ok(()),
        };
        match done {
            Err(error) if ledger.vault().needs_reopening() => Err(error.into()),
            Err(error) => {
                self.refused.get_or_insert_with(|| Trouble::from(error).in_line(row.line));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
