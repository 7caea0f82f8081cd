//! Power cuts, simulated at the storage seam: what was not synced is gone, or half there.

use super::*;
use std::{collections::BTreeMap, sync::Mutex};

/// What a disk may do to what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It is gone. A synced file has its name.
    Strict,
    /// Of each 512-byte sector written since the last sync the old or the new version is there, files have any length
    /// in between, and a prefix of the changes of names.
    Torn,
    /// As strict, and a name is there only once its folder was synced.
    PosixFolder,
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let base = Site::new();
    let mut vault = base.create();
    let [ada, grace] = people_and_marks(&mut vault, &base);
    let first = vault.keys.newest();
    vault.close(base.now()).unwrap();
    let steps = {
        let site = base.copy();
        let disk = PowerDisk::new(&site, i64::MAX, Mode::Strict);
        day(&site, disk.clone(), ada, grace, &mut Told::default()).unwrap();
        i64::MAX - disk.lock().left
    };
    assert!(steps > 60, "the scenario has more steps than {steps}");
    let rounds = rounds(8, 200);
    for mode in [Mode::Strict, Mode::Torn, Mode::PosixFolder] {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ mode as u64);
        let mut acknowledged = 0;
        for round in 0..rounds {
            let site = base.copy();
            let cut_at = random.below(steps as u64) as i64;
            let disk = PowerDisk::new(&site, cut_at, mode);
            let mut told = Told::default();
            let _ = day(&site, disk.clone(), ada, grace, &mut told);
            let after = disk.survivors(&site, mode, &mut random);
            let case = format!("{mode:?}, round {round}, cut after {cut_at} of {steps} steps");
            let mut vault = after.try_open().unwrap_or_else(|e| panic!("{case}: {e}"));
            let log = vault.audit_entries(1..=u64::MAX).unwrap();
            let logged = |action| log.iter().any(|entry| entry.action == action);
            let (begun, ended) = (vault.is_rotating(), !vault.is_rotating() && vault.keys.newest() != first);
            assert!(
                !begun || logged(AuditAction::KeyRotationBegun),
                "{case}: a new key, and nothing on record"
            );
            assert!(
                !ended || logged(AuditAction::KeyRotated),
                "{case}: the old key gone, and nothing on record"
            );
            told.check(&vault, ada, &case);
            mark(&mut vault, &after, grace);
            if vault.is_rotating() {
                while !vault.rotate_step(40, after.now()).unwrap().finished {}
            }
            vault.close(after.now()).unwrap();
            told.check(&after.open(), ada, &case);
            acknowledged += told.marks.len();
        }
        println!("{mode:?}: {rounds} cuts, {acknowledged} acknowledged marks, none lost");
        assert!(acknowledged > 0);
    }
}

/// Marks, an enrolment, an erasure, a change of the master key, marks, a close. Ends at the first error.
fn day(
    site: &Site,
    disk: Arc<PowerDisk>,
    ada: PersonId,
    grace: PersonId,
    told: &mut Told,
) -> Result<(), VaultError> {
    let mut vault = Vault::open_on(disk, &site.dir(), &site.key(), site.now())?;
    let one = |vault: &mut Vault, told: &mut Told| {
        let now = site.now();
        vault.record_mark(check_in(grace, now.utc), now).map(|mark| told.marks.push(mark))
    };
    one(&mut vault, told)?;
    one(&mut vault, told)?;
    told.templates = vault.enrol(Actor::Kiosk, grace, consent(), &[template(3.0)], false, site.now())?;
    let erased = vault.erase_person(Actor::Kiosk, ada, site.now());
    told.erased = matches!(erased, Ok(()) | Err(VaultError::ErasurePending(_)));
    erased?;
    one(&mut vault, told)?;
    vault.begin_rotation(Actor::Kiosk, site.now())?;
    while !vault.rotate_step(10, site.now())?.finished {
        one(&mut vault, told)?;
    }
    one(&mut vault, told)?;
    vault.close(site.now())
}

/// The machine's file system, which remembers what of it would survive.
struct PowerDisk(Arc<Mutex<Platter>>);

/// Names and contents of the files below the store's folder, as a program sees them and as the platter holds them.
#[derive(Default)]
struct Platter {
    /// Changing operations until the power goes.
    left: i64,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    pending: Vec<NameChange>,
    files: Vec<Content>,
    /// Syncing a file settles the names changed before it, as ext4 does.
    files_settle_names: bool,
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Clone)]
enum NameChange {
    Put(PathBuf, usize),
    Gone(PathBuf),
}

impl NameChange {
    fn folder(&self) -> Option<&Path> {
        let (Self::Put(path, _) | Self::Gone(path)) = self;
        path.parent()
    }

    fn apply(self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Put(path, file) => drop(names.insert(path, file)),
            Self::Gone(path) => drop(names.remove(&path)),
        }
    }
}

impl PowerDisk {
    /// The site's files, all synced.
    fn new(site: &Site, left: i64, mode: Mode) -> Arc<Self> {
        let files_settle_names = mode != Mode::PosixFolder;
        let mut platter = Platter { left, files_settle_names, ..Platter::default() };
        let sled = site.dir().join("sled");
        for (path, content) in site.bytes().into_iter().filter(|(path, _)| !path.starts_with(&sled)) {
            platter.files.push(Content { now: content.clone(), durable: content });
            platter.names.insert(path, platter.files.len() - 1);
        }
        platter.durable_names = platter.names.clone();
        Arc::new(Self(Arc::new(Mutex::new(platter))))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Platter> {
        self.0.lock().unwrap()
    }

    fn file(&self, number: usize, file: Box<dyn Append>) -> Box<dyn Append> {
        Box::new(PowerFile { number, file, platter: self.0.clone() })
    }

    /// A site with what the platter holds once the power is back. Its working copy is gone.
    fn survivors(&self, site: &Site, mode: Mode, random: &mut Random) -> Site {
        let mut platter = self.lock();
        if mode == Mode::Torn {
            let some = random.below(platter.pending.len() as u64 + 1) as usize;
            let names: Vec<_> = platter.pending.drain(..some).collect();
            for change in names {
                change.apply(&mut platter.durable_names);
            }
        }
        let after = Site { folder: tempfile::tempdir().unwrap(), clock: site.clock.clone() };
        copy_dir(&site.folder.path().join("etc"), &made(after.folder.path().join("etc")));
        made(after.dir().join("journal"));
        for (path, file) in &platter.durable_names {
            let content = &platter.files[*file];
            let kept = if mode == Mode::Torn { content.torn(random) } else { content.durable.clone() };
            let target = after.dir().join(path.strip_prefix(site.dir()).unwrap());
            fs::write(target, kept).unwrap();
        }
        after
    }
}

fn made(dir: PathBuf) -> PathBuf {
    fs::create_dir_all(&dir).unwrap();
    dir
}

impl Content {
    /// Old or new, sector by sector; any length in between.
    fn torn(&self, random: &mut Random) -> Vec<u8> {
        if self.now == self.durable {
            return self.durable.clone();
        }
        let (short, long) = (self.durable.len().min(self.now.len()), self.durable.len().max(self.now.len()));
        let len = short + random.below((long - short) as u64 + 1) as usize;
        let mut torn = vec![0; len];
        for (number, sector) in torn.chunks_mut(512).enumerate() {
            let from = if random.below(2) == 0 { &self.durable } else { &self.now };
            let from = from.get(number * 512..).unwrap_or_default();
            let len = sector.len().min(from.len());
            sector[..len].copy_from_slice(&from[..len]);
        }
        torn
    }
}

impl Platter {
    fn step(&mut self) -> io::Result<()> {
        self.left -= 1;
        if self.left < 0 { Err(io::Error::other("the power is gone")) } else { Ok(()) }
    }

    fn rename(&mut self, change: NameChange) {
        change.clone().apply(&mut self.names);
        self.pending.push(change);
    }

    /// Makes changes of names durable, those in `folder` or all.
    fn settle(&mut self, folder: Option<&Path>) {
        let (settled, pending): (Vec<_>, Vec<_>) =
            self.pending.drain(..).partition(|change| folder.is_none_or(|f| change.folder() == Some(f)));
        self.pending = pending;
        for change in settled {
            change.apply(&mut self.durable_names);
        }
    }
}

impl Storage for PowerDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        Disk.create_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        Disk.list(dir)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        Disk.read(path, limit)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Append>> {
        let number = {
            let mut platter = self.lock();
            platter.step()?;
            platter.files.push(Content::default());
            let number = platter.files.len() - 1;
            platter.rename(NameChange::Put(path.to_owned(), number));
            number
        };
        Ok(self.file(number, Disk.create(path)?))
    }

    fn resume(&self, path: &Path, len: u64) -> io::Result<Box<dyn Append>> {
        let number = {
            let mut platter = self.lock();
            platter.step()?;
            let number = platter.names[path];
            let content = &mut platter.files[number];
            content.now.truncate(len as usize);
            content.durable = content.now.clone();
            number
        };
        Ok(self.file(number, Disk.resume(path, len)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut platter = self.lock();
        platter.step()?;
        let number = platter.names[from];
        // One change of the folder: both names or neither.
        platter.rename(NameChange::Put(to.to_owned(), number));
        platter.rename(NameChange::Gone(from.to_owned()));
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut platter = self.lock();
        platter.step()?;
        platter.rename(NameChange::Gone(path.to_owned()));
        Disk.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut platter = self.lock();
        platter.step()?;
        platter.settle(Some(dir));
        Ok(())
    }
}

struct PowerFile {
    number: usize,
    file: Box<dyn Append>,
    platter: Arc<Mutex<Platter>>,
}

impl Append for PowerFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut platter = self.platter.lock().unwrap();
        platter.step()?;
        platter.files[self.number].now.extend_from_slice(bytes);
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut platter = self.platter.lock().unwrap();
        platter.step()?;
        let content = &mut platter.files[self.number];
        content.durable = content.now.clone();
        if platter.files_settle_names {
            platter.settle(None);
        }
        Ok(())
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut platter = self.platter.lock().unwrap();
        platter.step()?;
        let content = &mut platter.files[self.number];
        content.now.truncate(len as usize);
        content.durable = content.now.clone();
        self.file.cut(len)
    }
}
