//! A file on its way to a folder that a host chose, written by a thread of its own: neither a long report nor a slow
//! stick keeps anybody at the door waiting.
//!
//! Job: the thread writes a nameless file; the ledger's thread audits it; only then the thread gives it its name. Stopped,
//! or failed, nothing is left. It must not know what is in the file.

use super::{Ledger, LedgerError, report::Content};
use crate::{
    domain::{Actor, AuditAction},
    reports::ReportError,
    runtime::messages::ReplyBody,
};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

/// How long a stopped file may take to go; a stick that hangs is left to the system.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the end of the kiosk looks whether it is gone.
const TICK: Duration = Duration::from_millis(5);

/// A file that is being written.
pub(super) struct Export {
    actor: Actor,
    path: PathBuf,
    meter: Arc<Meter>,
    stop: Arc<AtomicBool>,
    stopped_at: Option<Instant>,
    said: Receiver<Result<Stage, LedgerError>>,
    go: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How far the thread is.
#[derive(Default)]
struct Meter {
    done: AtomicU64,
    total: AtomicU64,
}

/// What the thread has done.
enum Stage {
    /// All of it is on the disk, without a name; what the audit log shall say.
    Written(AuditAction),
    /// It has its name.
    There(ReplyBody),
}

impl Export {
    /// Begins.
    pub(super) fn begin(actor: Actor, path: PathBuf, content: Content) -> Result<Self, LedgerError> {
        let (meter, stop) = (Arc::new(Meter::default()), Arc::new(AtomicBool::new(false)));
        meter.total.store(content.rows() as u64, Ordering::Relaxed);
        let (say, said) = bounded(2);
        let (go, may_go) = bounded(1);
        let work = {
            let (path, meter, stop) = (path.clone(), meter.clone(), stop.clone());
            move || {
                let watch = |done, total| {
                    meter.total.store(total, Ordering::Relaxed);
                    meter.done.store(done, Ordering::Relaxed);
                    !stop.load(Ordering::Relaxed)
                };
                let ended = content.write_beside(&path, &watch).and_then(|(file, written)| {
                    let told = say.send(Ok(Stage::Written(written.action())));
                    match told.map_err(drop).and_then(|()| may_go.recv().map_err(drop)) {
                        Ok(()) => written.appear(file, &path).map(|()| written.reply(path.clone())),
                        Err(()) => Err(ReportError::Stopped.into()), // `file` goes with its last owner
                    }
                });
                let _ = say.send(ended.map(Stage::There)); // nobody listens: nobody needs to know
            }
        };
        let thread = Builder::new()
            .name("export".to_owned())
            .spawn(work)
            .map_err(|source| LedgerError::File { path: path.clone(), source })?;
        let (go, thread) = (Some(go), Some(thread));
        Ok(Self { actor, path, meter, stop, stopped_at: None, said, go, thread })
    }

    /// Rows written, and rows in all; 0 while that is not known.
    pub(super) fn progress(&self) -> (u64, u64) {
        let total = self.meter.total.load(Ordering::Relaxed);
        (self.meter.done.load(Ordering::Relaxed).min(total), total)
    }

    /// Asks it to end without a file. It does so as soon as the disk answers.
    pub(super) fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.stopped_at.get_or_insert_with(Instant::now);
        self.go = None;
    }

    /// Looks how far it is; never waits.
    pub(super) fn step(&mut self, ledger: &mut Ledger) -> Result<Option<ReplyBody>, LedgerError> {
        match self.said.try_recv() {
            Ok(Ok(Stage::Written(action))) => {
                if let Some(go) = &self.go {
                    ledger.audit_file(self.actor, action)?;
                    let _ = go.send(()); // a thread that died is noticed by the next look
                }
                Ok(None)
            }
            Ok(Ok(Stage::There(reply))) => Ok(Some(reply)),
            Ok(Err(error)) => Err(error),
            Err(TryRecvError::Disconnected) => {
                let source = io::Error::other("the thread that wrote it ended by an internal error");
                Err(LedgerError::File { path: self.path.clone(), source })
            }
            Err(TryRecvError::Empty) => match self.stopped_at {
                Some(at) if at.elapsed() > PATIENCE => Err(ReportError::Stopped.into()),
                _ => Ok(None),
            },
        }
    }
}

impl Drop for Export {
    /// Nothing half is left behind by a kiosk that ends: the thread is waited for, unless the disk hangs.
    fn drop(&mut self) {
        self.stop();
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + PATIENCE;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(TICK);
        }
        if !thread.is_finished() {
            log::warn!("a file that was being written does not end: its disk does not answer");
        } else if thread.join().is_err() {
            log::error!("the export thread ended by a panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::access::tests::site, *};
    use crate::{
        domain::{AuditAction, AuditEntry},
        runtime::messages::{BadMoment, Cause, Reason, Trouble},
        settings::MarkMode,
    };
    use std::path::Path;

    /// So many entries that their file takes a while.
    fn log(entries: u64) -> Content {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let entry = |number| AuditEntry {
            number,
            at,
            actor: Actor::Kiosk,
            action: AuditAction::Exported(1),
            hash: [7; 32],
        };
        Content::Audit((1..=entries).map(entry).collect())
    }

    fn ended(export: &mut Export, ledger: &mut Ledger) -> Result<ReplyBody, LedgerError> {
        let until = Instant::now() + Duration::from_mins(1);
        while Instant::now() < until {
            if let Some(body) = export.step(ledger)? {
                return Ok(body);
            }
            std::thread::sleep(TICK);
        }
        panic!("it does not end")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn exported(ledger: &Ledger) -> usize {
        let log = ledger.vault().audit_entries(1..=u64::MAX).unwrap();
        log.iter().filter(|entry| matches!(entry.action, AuditAction::Exported(_))).count()
    }

    #[test]
    fn a_file_appears_whole_and_with_an_entry() {
        let (folder, _, mut ledger, _) = site(MarkMode::AlwaysIn);
        let path = folder.path().join("log.csv");
        let mut export = Export::begin(Actor::Kiosk, path.clone(), log(2_000)).unwrap();
        let body = ended(&mut export, &mut ledger).unwrap();
        assert!(matches!(body, ReplyBody::Exported { path: there, rows: 2_000 } if there == path));
        assert_eq!(export.progress(), (2_000, 2_000));
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 2_001);
        assert_eq!(exported(&ledger), 1);
    }

    #[test]
    fn stopped_or_dropped_it_leaves_nothing_and_no_entry() {
        let (_site, _, mut ledger, _) = site(MarkMode::AlwaysIn);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let mut export = Export::begin(Actor::Kiosk, path.clone(), log(200_000)).unwrap();
        export.stop();
        let why = Trouble::from(ended(&mut export, &mut ledger).unwrap_err());
        assert_eq!(*why.cause(), Cause::Moment(BadMoment::Stopped));
        drop(Export::begin(Actor::Kiosk, path.clone(), log(200_000)).unwrap());
        // Written to its end before anybody looked, and stopped then: it still must not appear.
        let mut export = Export::begin(Actor::Kiosk, path, log(3)).unwrap();
        while export.said.is_empty() {
            std::thread::sleep(TICK);
        }
        export.stop();
        assert!(ended(&mut export, &mut ledger).is_err());
        drop(export);
        assert_eq!((names(folder.path()), exported(&ledger)), (Vec::new(), 0));
    }

    #[test]
    fn a_stick_that_was_pulled_out_or_is_full_is_said() {
        let (site, _, mut ledger, _) = site(MarkMode::AlwaysIn);
        let gone = site.path().join("stick");
        let mut export = Export::begin(Actor::Kiosk, gone.join("log.csv"), log(3)).unwrap();
        let why = Trouble::from(ended(&mut export, &mut ledger).unwrap_err());
        assert!(matches!(why.cause(), Cause::Unwritable(_, Reason::Missing)), "{why:?}");
        // Pulled out between writing and naming.
        std::fs::create_dir(&gone).unwrap();
        let mut export = Export::begin(Actor::Kiosk, gone.join("log.csv"), log(3)).unwrap();
        while export.said.is_empty() {
            std::thread::sleep(TICK);
        }
        std::fs::remove_dir_all(&gone).unwrap();
        let why = Trouble::from(ended(&mut export, &mut ledger).unwrap_err());
        assert!(matches!(why.cause(), Cause::Unwritable(_, Reason::Missing)), "{why:?}");

        let full = site.path().join("full");
        std::fs::create_dir(&full).unwrap();
        let mount = |program: &str, arguments: &[&str]| {
            let ran = std::process::Command::new(program).args(arguments).arg(&full).output();
            ran.is_ok_and(|output| output.status.success())
        };
        if !mount("mount", &["-t", "tmpfs", "-o", "size=64k", "stick"]) {
            eprintln!("skipped: a full stick needs the right to mount one");
            return;
        }
        let mut export = Export::begin(Actor::Kiosk, full.join("log.csv"), log(20_000)).unwrap();
        let why = Trouble::from(ended(&mut export, &mut ledger).unwrap_err());
        drop(export);
        let left = names(&full);
        assert!(mount("umount", &[]));
        assert!(matches!(why.cause(), Cause::Unwritable(_, Reason::Full)), "{why:?}");
        assert!(left.is_empty(), "{left:?}");
    }
}
