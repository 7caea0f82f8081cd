//! Long work in short steps, so that nobody waits at the door while it goes on.
//!
//! Job: checking the audit chain and importing a list, a little at a time. It must not know who drives it: the ledger's
//! thread between two requests, or a command with a progress bar.

use super::{Ledger, LedgerError};
use crate::{
    domain::{Actor, AuditHead},
    runtime::{
        messages::{Job, JobView, ReplyBody},
        people_csv::{ImportDeed, ImportPlan, ImportRow},
    },
    vault::AuditWalk,
};
use std::vec::IntoIter;

/// Audit entries in one step; about ten milliseconds.
const ENTRIES: u64 = 1_000;
/// Rows of a list in one step; each is synced to disk.
const ROWS: usize = 20;

/// Work that is under way.
pub struct Steps {
    kind: Kind,
    view: JobView,
}

enum Kind {
    Verify(AuditWalk),
    Import(Import),
}

struct Import {
    actor: Actor,
    rows: IntoIter<ImportRow>,
    added: usize,
    changed: usize,
    refused: Option<String>,
}

impl Steps {
    /// A check of the whole audit chain, and against a head exported earlier.
    #[must_use]
    pub fn verify(ledger: &Ledger, against: Option<AuditHead>) -> Self {
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
                        return Ok(Some(ReplyBody::Imported {
                            added: import.added,
                            changed: import.changed,
                            refused: import.refused.take(),
                        }));
                    };
                    self.view.done += 1;
                    import.row(ledger, row)?;
                }
                Ok(None)
            }
        }
    }
}

impl Import {
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
                self.refused.get_or_insert_with(|| format!("line {}: {error}", row.line));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
